/* Fuzz target: bytes as a vault, opened by the key that the corpus was made with. What it gives is never longer than
 * what lies there, and after it refused once it gives nothing. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/vault.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bytes {
	const uint8_t *p;
	size_t len;
};

static enum wg_code source(void *arg, void *p, size_t len, size_t *got, struct wg_err *err)
{
	struct bytes *b = arg;
	(void)err;
	*got = len < b->len ? len : b->len;
	if (*got > 0)
		memcpy(p, b->p, *got);
	b->p += *got;
	b->len -= *got;
	return WG_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t own[WG_VAULT_KEY] = { 0 };
	static uint8_t out[8192];
	WG_CLEANUP(wg_vault_in_freep) struct wg_vault_in *in = NULL;
	struct bytes b = { .p = data, .len = size };
	size_t got = 1, all = 0;
	enum wg_code code = wg_vault_open(NULL, NULL, own, source, &b, &in, NULL);
	if (code != WG_OK)
		return 0;
	while (code == WG_OK && got > 0) {
		code = wg_vault_get(in, out, sizeof out, &got, NULL);
		all += code == WG_OK ? got : 0;
	}
	if (all > size || (code != WG_OK && wg_vault_get(in, out, sizeof out, &got, NULL) == WG_OK))
		abort();
	return 0;
}
