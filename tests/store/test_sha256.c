/* The vectors that NIST gives for SHA-256 (FIPS 180-4 examples and the long message), whole and byte by byte. */
#include "base/sha256.h"

#include "base/sha256_internal.h"

#include "rig.h"

static const struct {
	const char *text, *hash;
} vectors[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	{ "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrst"
	  "u",
	  "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
};

static void expect(const uint8_t *raw, const char *hash)
{
	char hex[2 * WG_SHA256_LEN + 1];
	wg_hex(raw, WG_SHA256_LEN, hex);
	assert_string_equal(hex, hash);
}

static void whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(vectors); i++) {
		uint8_t raw[WG_SHA256_LEN];
		wg_sha256(vectors[i].text, strlen(vectors[i].text), raw);
		expect(raw, vectors[i].hash);
	}
}

static void in_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(vectors); i++)
		for (size_t piece = 1; piece < 70; piece++) {
			uint8_t raw[WG_SHA256_LEN];
			struct wg_sha256 s;
			size_t len = strlen(vectors[i].text);
			wg_sha256_init(&s);
			for (size_t at = 0; at < len; at += piece)
				wg_sha256_update(&s, vectors[i].text + at, len - at < piece ? len - at : piece);
			wg_sha256_final(&s, raw);
			expect(raw, vectors[i].hash);
		}
}

/* What is short goes another way. */
static void short_ones(void **state)
{
	uint8_t bytes[130], raw[WG_SHA256_LEN], want[WG_SHA256_LEN];
	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 37 + 1);
	for (size_t len = 0; len <= sizeof bytes; len++) {
		struct wg_sha256 s;
		wg_sha256_init(&s);
		wg_sha256_update(&s, bytes, len);
		wg_sha256_final(&s, want);
		wg_sha256(bytes, len, raw);
		assert_memory_equal(raw, want, sizeof raw);
	}
}

static void a_million(void **state)
{
	(void)state;
	uint8_t raw[WG_SHA256_LEN];
	char block[1000];
	struct wg_sha256 s;
	memset(block, 'a', sizeof block);
	wg_sha256_init(&s);
	for (int i = 0; i < 1000; i++)
		wg_sha256_update(&s, block, sizeof block);
	wg_sha256_final(&s, raw);
	expect(raw, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* Both ways of the inner step, on blocks that nothing was chosen about. */
static void ways_agree(void **state)
{
	(void)state;
	uint8_t bytes[64 * 37];
	uint32_t seed = 1;
	if (!wg_sha256_x86_there()) {
		print_message("this processor has no SHA instructions: there is one way only\n");
		return;
	}
	for (size_t count = 0; count <= 37; count++) {
		uint32_t a[8], b[8];
		for (size_t i = 0; i < sizeof bytes; i++)
			bytes[i] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
		for (size_t i = 0; i < 8; i++)
			a[i] = b[i] = seed = seed * 1664525 + 1013904223;
		wg_sha256_blocks(a, bytes, count);
		wg_sha256_x86_blocks(b, bytes, count);
		assert_memory_equal(a, b, sizeof a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(whole), cmocka_unit_test(in_pieces),
		                                cmocka_unit_test(short_ones), cmocka_unit_test(a_million),
		                                cmocka_unit_test(ways_agree) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
