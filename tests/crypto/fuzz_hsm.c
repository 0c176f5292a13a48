/* Fuzz target: what a reader that was taken over asks of keys in an HSM. The first byte says what: 0 the bytes are a
 * question; 1 a question to a ring of two keys, answered; 2 an answer. What is taken for a question is written again as
 * the same bytes. */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/hsm_internal.h"
#include "crypto/keyring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct wg_keyring ring;

static void must(bool right)
{
	if (!right)
		abort();
}

/* Keys of this process that pass for keys of an HSM; without certificates, which nobody looks at here. */
static void make_ring(void)
{
	EVP_PKEY *made[] = { EVP_RSA_gen(2048), EVP_EC_gen("P-256") };
	for (size_t i = 0; i < WG_COUNT(made); i++) {
		ring.keys[i] = calloc(1, sizeof *ring.keys[i]);
		must(ring.keys[i] != NULL && made[i] != NULL);
		ring.keys[i]->pkey = made[i];
		ring.keys[i]->hsm = true;
		ring.keys[i]->does = wg_hsm_does(made[i]);
		must(ring.keys[i]->does != 0);
		ring.count++;
	}
}

static void parse(const uint8_t *p, size_t len)
{
	struct wg_hsm_request r;
	WG_AUTO_BUF struct wg_buf again = WG_BUF(WG_HSM_ASK_MAX);
	if (!wg_hsm_get(p, len, &r))
		return;
	wg_hsm_put(&r, &again);
	must(!again.failed && again.len == len && memcmp(again.data, p, len) == 0);
}

static void answer(const uint8_t *p, size_t len)
{
	struct wg_keyring_asks asks = { .ring = &ring };
	struct wg_hsm_request r;
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_HSM_TOLD_MAX);
	enum wg_hsm_status status;
	const uint8_t *told;
	size_t n;
	enum wg_code code = wg_keyring_answer(&asks, p, len, &out, NULL);
	must(code == WG_OK || code == WG_REJECT || code == WG_CONFIG);
	if (code != WG_OK)
		return;
	must(wg_hsm_get(p, len, &r) && (r.op == WG_HSM_UNWRAP || r.op == WG_HSM_DERIVE));
	must(wg_hsm_told(&out, &status, &told, &n) && status == WG_HSM_DONE &&
	     n == (r.op == WG_HSM_UNWRAP ? r.wanted : 32));
	must(asks.asked == 1U << r.key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (ring.count == 0)
		make_ring();
	if (size == 0)
		return 0;
	struct wg_buf said = { .data = (uint8_t *)(uintptr_t)(data + 1), .len = size - 1 }; /* only read */
	enum wg_hsm_status status;
	const uint8_t *p;
	size_t n;
	switch (data[0] % 3) {
	case 0:
		parse(data + 1, size - 1);
		break;
	case 1:
		answer(data + 1, size - 1);
		break;
	default:
		if (wg_hsm_told(&said, &status, &p, &n))
			must(n == size - 6);
	}
	return 0;
}
