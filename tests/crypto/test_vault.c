/* A vault gives back what was put in, and of what was changed, cut, moved or mixed nothing but what came before. */
#include "pki.h"

#include "base/mem.h"
#include "crypto/vault.h"

#define PIECE WG_VAULT_PIECE
#define SEALED (PIECE + 16)
#define MOST (3 * SEALED + 70000)

struct file {
	uint8_t bytes[MOST];
	size_t len, at;
};

static struct wg_key *key, *other_key;
static struct wg_cert *cert, *other_cert;
static uint8_t plain[3 * PIECE], back[3 * PIECE + 1];
static struct file whole, bad, second;

static enum wg_code sink(void *arg, const void *p, size_t len, struct wg_err *err)
{
	struct file *f = arg;
	(void)err;
	assert_true(len <= MOST - f->len);
	memcpy(f->bytes + f->len, p, len);
	f->len += len;
	return WG_OK;
}

static enum wg_code source(void *arg, void *p, size_t len, size_t *got, struct wg_err *err)
{
	struct file *f = arg;
	(void)err;
	*got = len < f->len - f->at ? len : f->len - f->at;
	memcpy(p, f->bytes + f->at, *got);
	f->at += *got;
	return WG_OK;
}

static int begin(void **state)
{
	if (pki_setup(state) != 0)
		return -1;
	pki_pair("derbyshire/smime", &key, &cert);
	pki_pair("staffordshire/smime", &other_key, &other_cert);
	for (size_t i = 0; i < sizeof plain; i++)
		plain[i] = (uint8_t)(i * 31 + i / 251);
	return 0;
}

static int end(void **state)
{
	wg_key_freep(&key);
	wg_key_freep(&other_key);
	wg_cert_freep(&cert);
	wg_cert_freep(&other_cert);
	return pki_teardown(state);
}

/* Puts len bytes in by steps of step. */
static void seal(struct file *f, size_t len, size_t step, uint8_t own[WG_VAULT_KEY])
{
	WG_CLEANUP(wg_vault_out_freep) struct wg_vault_out *out = NULL;
	const struct wg_cert *const certs[] = { cert };
	f->len = f->at = 0;
	assert_int_equal(wg_vault_seal(certs, 1, sink, f, &out, &pki_err), WG_OK);
	for (size_t at = 0; at < len; at += step)
		assert_int_equal(wg_vault_put(out, plain + at, step < len - at ? step : len - at, &pki_err), WG_OK);
	assert_int_equal(wg_vault_end(out, &pki_err), WG_OK);
	wg_vault_own_key(out, own);
}

/* What it gives until its end or until it does not open; *got of it is in back. */
static enum wg_code open_all(struct file *f, const uint8_t *own, size_t step, size_t *got)
{
	WG_CLEANUP(wg_vault_in_freep) struct wg_vault_in *in = NULL;
	f->at = *got = 0;
	enum wg_code code =
		wg_vault_open(own != NULL ? NULL : key, own != NULL ? NULL : cert, own, source, f, &in, &pki_err);
	for (size_t n = 1; code == WG_OK && n > 0;) {
		n = 0;
		code = wg_vault_get(in, back + *got, step < sizeof back - *got ? step : sizeof back - *got, &n, &pki_err);
		*got += code == WG_OK ? n : 0;
	}
	return code;
}

static size_t head_of(const struct file *f)
{
	return 12 + ((size_t)f->bytes[8] << 24 | (size_t)f->bytes[9] << 16 | (size_t)f->bytes[10] << 8 | f->bytes[11]);
}

static void there_and_back(void **state)
{
	(void)state;
	static const size_t lengths[] = { 0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE };
	static const size_t steps[] = { 4096, PIECE, 3 * PIECE };
	uint8_t own[WG_VAULT_KEY];
	size_t got = 0;
	for (size_t i = 0; i < WG_COUNT(lengths); i++)
		for (size_t j = 0; j < WG_COUNT(steps); j++) {
			seal(&whole, lengths[i], steps[j], own);
			assert_int_equal(open_all(&whole, NULL, steps[j], &got), WG_OK);
			assert_int_equal(got, lengths[i]);
			assert_memory_equal(back, plain, got);
			assert_int_equal(open_all(&whole, own, 1000, &got), WG_OK);
			assert_int_equal(got, lengths[i]);
			assert_memory_equal(back, plain, got);
			assert_null(memmem(whole.bytes, whole.len, own, sizeof own));
		}
	assert_null(memmem(whole.bytes, whole.len, plain, 64));
}

/* However it is opened, it is refused, and what came before is what was put in. */
static void refused(const uint8_t *own, size_t most)
{
	size_t got = 0;
	assert_int_equal(open_all(&bad, NULL, 5000, &got), WG_CRYPTO);
	assert_true(got <= most);
	assert_memory_equal(back, plain, got);
	assert_int_equal(open_all(&bad, own, 5000, &got), WG_CRYPTO);
	assert_memory_equal(back, plain, got);
}

static void what_was_changed_does_not_open(void **state)
{
	(void)state;
	uint8_t own[WG_VAULT_KEY], others[WG_VAULT_KEY];
	seal(&whole, 2 * PIECE + 100, 4096, own);
	seal(&second, 2 * PIECE + 100, 4096, others);
	const size_t head = head_of(&whole);
	const size_t flips[] = { head, head + SEALED - 1, head + SEALED, head + 2 * SEALED + 50, whole.len - 1 };
	for (size_t i = 0; i < WG_COUNT(flips); i++) {
		bad = whole;
		bad.bytes[flips[i]] ^= 0x10;
		refused(own, (flips[i] - head) / SEALED * PIECE);
	}
	bad = whole; /* two pieces the other way round */
	memcpy(bad.bytes + head, whole.bytes + head + SEALED, SEALED);
	memcpy(bad.bytes + head + SEALED, whole.bytes + head, SEALED);
	refused(own, 0);
	bad = whole; /* one of another file of the same content */
	memcpy(bad.bytes + head + SEALED, second.bytes + head_of(&second) + SEALED, SEALED);
	refused(own, PIECE);
	bad = whole; /* one missing */
	memmove(bad.bytes + head + SEALED, bad.bytes + head + 2 * SEALED, whole.len - head - 2 * SEALED);
	bad.len -= SEALED;
	refused(own, PIECE);
	bad = whole; /* more behind it */
	bad.len += 40;
	refused(own, 2 * PIECE);
}

static void what_was_cut_does_not_open(void **state)
{
	(void)state;
	uint8_t own[WG_VAULT_KEY];
	size_t got = 0;
	seal(&whole, 2 * PIECE, 4096, own);
	const size_t head = head_of(&whole);
	const size_t ends[] = { head,          head + 1,           head + 15,    head + SEALED - 1,
		                    head + SEALED, head + SEALED + 16, whole.len - 1 };
	for (size_t i = 0; i < WG_COUNT(ends); i++) {
		bad = whole;
		bad.len = ends[i];
		refused(own, (ends[i] - head) / SEALED * PIECE);
	}
	for (size_t n = 0; n < head; n += n < 16 ? 1 : 37) {
		bad = whole;
		bad.len = n;
		assert_int_equal(open_all(&bad, NULL, 5000, &got), WG_REJECT);
	}
}

static void for_whom_it_is(void **state)
{
	(void)state;
	WG_CLEANUP(wg_vault_in_freep) struct wg_vault_in *in = NULL;
	uint8_t own[WG_VAULT_KEY];
	size_t got = 0;
	seal(&whole, 100, 100, own);
	assert_int_equal(wg_vault_open(other_key, other_cert, NULL, source, &whole, &in, &pki_err), WG_CRYPTO);
	assert_null(in);
	for (size_t at = 12; at < head_of(&whole); at++) { /* nothing in the head makes it give anything else */
		bad = whole;
		bad.bytes[at] ^= 1;
		if (open_all(&bad, NULL, 5000, &got) == WG_OK) {
			assert_int_equal(got, 100);
			assert_memory_equal(back, plain, got);
		}
	}
	own[0] ^= 1;
	assert_int_equal(open_all(&whole, own, 5000, &got), WG_CRYPTO);
	assert_int_equal(got, 0);
	bad.len = 12;
	memcpy(bad.bytes, "WGVAULT1\xff\xff\xff\xff", 12); /* a length that nobody has */
	assert_int_equal(open_all(&bad, NULL, 5000, &got), WG_REJECT);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(there_and_back),
		                                cmocka_unit_test(what_was_changed_does_not_open),
		                                cmocka_unit_test(what_was_cut_does_not_open),
		                                cmocka_unit_test(for_whom_it_is) };
	return cmocka_run_group_tests(tests, begin, end);
}
