/* vault.c owns files that are encrypted in pieces.
 * SECURITY: wg_vault_get meets bytes that lay elsewhere for months; nothing of a piece is given before its tag is
 * right, and no length is believed that is not the layout's own. */
#include "crypto/vault.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/crypto_internal.h"

#define MAGIC "WGVAULT1"
#define MAGIC_LEN ((size_t)8)
#define TAG ((size_t)16)
#define NONCE 12
/* The head: four recipients with keys of 4096 bits have some 4 KiB. */
#define HEAD_MAX ((size_t)64 * 1024)

struct wg_vault_out {
	wg_vault_sink *sink;
	void *arg;
	EVP_CIPHER_CTX *ctx;
	uint64_t number;
	size_t len;
	uint8_t key[WG_VAULT_KEY];
	uint8_t plain[WG_VAULT_PIECE], sealed[WG_VAULT_PIECE + TAG];
};

struct wg_vault_in {
	wg_vault_source *source;
	void *arg;
	EVP_CIPHER_CTX *ctx;
	uint64_t number;
	size_t have;    /* of next */
	size_t len, at; /* of plain */
	bool over;      /* the last piece was opened */
	bool failed;    /* one did not open: nothing is given any more */
	uint8_t key[WG_VAULT_KEY];
	uint8_t plain[WG_VAULT_PIECE];
	uint8_t next[WG_VAULT_PIECE + TAG], after[WG_VAULT_PIECE + TAG];
};

static void nonce_of(uint64_t number, bool last, uint8_t out[NONCE])
{
	memset(out, 0, NONCE);
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)(number >> (56 - 8 * i));
	out[NONCE - 1] = last;
}

static enum wg_code flush(struct wg_vault_out *v, bool last, struct wg_err *err)
{
	uint8_t nonce[NONCE];
	int n = 0, rest = 0;
	nonce_of(v->number++, last, nonce);
	if (EVP_CipherInit_ex(v->ctx, EVP_aes_256_gcm(), NULL, v->key, nonce, 1) != 1 ||
	    EVP_CipherUpdate(v->ctx, v->sealed, &n, v->plain, (int)v->len) != 1 || (size_t)n != v->len ||
	    EVP_CipherFinal_ex(v->ctx, v->sealed + n, &rest) != 1 || rest != 0 ||
	    EVP_CIPHER_CTX_ctrl(v->ctx, EVP_CTRL_GCM_GET_TAG, (int)TAG, v->sealed + n) != 1)
		return wg_ossl_err(err, WG_SYSTEM, "encrypting");
	v->len = 0;
	return v->sink(v->arg, v->sealed, (size_t)n + TAG, err);
}

static enum wg_code put_head(struct wg_vault_out *v, const struct wg_cert *const *certs, size_t count,
                             struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf cms = WG_BUF(HEAD_MAX), head = WG_BUF(HEAD_MAX + MAGIC_LEN + 4);
	enum wg_code code = wg_cms_encrypt_all(certs, count, WG_CIPHER_GCM, v->key, sizeof v->key, &cms, err);
	if (code != WG_OK)
		return code;
	wg_buf_puts(&head, MAGIC);
	wg_buf_bytes(&head, cms.data, cms.len);
	code = wg_buf_check(&head, "the head of an encrypted file", err);
	return code == WG_OK ? v->sink(v->arg, head.data, head.len, err) : code;
}

enum wg_code wg_vault_seal(const struct wg_cert *const *certs, size_t count, wg_vault_sink *sink, void *arg,
                           struct wg_vault_out **out, struct wg_err *err)
{
	WG_CLEANUP(wg_vault_out_freep) struct wg_vault_out *v = calloc(1, sizeof *v);
	if (v == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	v->sink = sink;
	v->arg = arg;
	v->ctx = EVP_CIPHER_CTX_new();
	if (v->ctx == NULL || RAND_priv_bytes(v->key, (int)sizeof v->key) != 1)
		return wg_ossl_err(err, WG_SYSTEM, "encrypting");
	enum wg_code code = put_head(v, certs, count, err);
	if (code == WG_OK)
		*out = wg_steal(&v);
	return code;
}

enum wg_code wg_vault_put(struct wg_vault_out *out, const void *p, size_t len, struct wg_err *err)
{
	const uint8_t *at = p;
	enum wg_code code = WG_OK;
	while (code == WG_OK && len > 0) {
		if (out->len == WG_VAULT_PIECE) /* more comes, so this is not the last */
			code = flush(out, false, err);
		const size_t n = len < WG_VAULT_PIECE - out->len ? len : WG_VAULT_PIECE - out->len;
		memcpy(out->plain + out->len, at, n);
		out->len += n;
		at += n;
		len -= n;
	}
	return code;
}

enum wg_code wg_vault_end(struct wg_vault_out *out, struct wg_err *err)
{
	return flush(out, true, err);
}

void wg_vault_own_key(const struct wg_vault_out *out, uint8_t key[WG_VAULT_KEY])
{
	memcpy(key, out->key, WG_VAULT_KEY);
}

void wg_vault_out_freep(struct wg_vault_out **out)
{
	struct wg_vault_out *v = *out;
	if (v == NULL)
		return;
	EVP_CIPHER_CTX_free(v->ctx);
	wg_wipe(v, sizeof *v);
	free(v);
	*out = NULL;
}

/* ---- opening */

static enum wg_code take_key(struct wg_vault_in *v, const struct wg_key *key, const struct wg_cert *cert,
                             const uint8_t *own_key, const uint8_t *cms, size_t len, struct wg_err *err)
{
	if (own_key != NULL) {
		memcpy(v->key, own_key, sizeof v->key);
		return WG_OK;
	}
	struct wg_buf plain = WG_BUF(HEAD_MAX);
	enum wg_code code = wg_cms_decrypt(key, cert, cms, len, &plain, err);
	if (code == WG_OK && plain.len != sizeof v->key)
		code = wg_err_set(err, WG_CRYPTO, "could not be opened");
	if (code == WG_OK)
		memcpy(v->key, plain.data, sizeof v->key);
	wg_buf_wipe(&plain);
	return code;
}

static enum wg_code take_head(struct wg_vault_in *v, const struct wg_key *key, const struct wg_cert *cert,
                              const uint8_t *own_key, struct wg_err *err)
{
	uint8_t fixed[MAGIC_LEN + 4];
	size_t got = 0;
	enum wg_code code = v->source(v->arg, fixed, sizeof fixed, &got, err);
	if (code != WG_OK)
		return code;
	struct wg_cur cur = WG_CUR(fixed + MAGIC_LEN, 4);
	const size_t len = wg_cur_u32(&cur);
	if (got != sizeof fixed || memcmp(fixed, MAGIC, MAGIC_LEN) != 0 || len == 0 || len > HEAD_MAX)
		return wg_err_set(err, WG_REJECT, "this is not a file that wardgate backup made, or its beginning is damaged");
	WG_AUTO_FREE uint8_t *cms = malloc(len);
	if (cms == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	code = v->source(v->arg, cms, len, &got, err);
	if (code == WG_OK && got != len)
		code = wg_err_set(err, WG_REJECT, "the file ends within its head");
	return code == WG_OK ? take_key(v, key, cert, own_key, cms, len, err) : code;
}

enum wg_code wg_vault_open(const struct wg_key *key, const struct wg_cert *cert, const uint8_t *own_key,
                           wg_vault_source *source, void *arg, struct wg_vault_in **out, struct wg_err *err)
{
	WG_CLEANUP(wg_vault_in_freep) struct wg_vault_in *v = calloc(1, sizeof *v);
	if (v == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	v->source = source;
	v->arg = arg;
	v->ctx = EVP_CIPHER_CTX_new();
	enum wg_code code = v->ctx != NULL ? take_head(v, key, cert, own_key, err) : wg_ossl_err(err, WG_SYSTEM, "opening");
	if (code == WG_OK)
		code = source(arg, v->next, sizeof v->next, &v->have, err);
	if (code == WG_OK)
		*out = wg_steal(&v);
	return code;
}

static enum wg_code next_piece(struct wg_vault_in *v, struct wg_err *err)
{
	uint8_t nonce[NONCE];
	size_t after = 0;
	int n = 0, rest = 0;
	enum wg_code code = WG_OK;
	if (v->have == sizeof v->next)
		code = v->source(v->arg, v->after, sizeof v->after, &after, err);
	if (code != WG_OK)
		return code;
	v->over = after == 0;
	nonce_of(v->number++, v->over, nonce);
	const bool opened = v->have >= TAG && EVP_CipherInit_ex(v->ctx, EVP_aes_256_gcm(), NULL, v->key, nonce, 0) == 1 &&
	                    EVP_CipherUpdate(v->ctx, v->plain, &n, v->next, (int)(v->have - TAG)) == 1 &&
	                    EVP_CIPHER_CTX_ctrl(v->ctx, EVP_CTRL_GCM_SET_TAG, (int)TAG, v->next + (v->have - TAG)) == 1 &&
	                    EVP_CipherFinal_ex(v->ctx, v->plain + n, &rest) == 1;
	wg_ossl_forget();
	if (!opened) {
		wg_wipe(v->plain, sizeof v->plain);
		v->failed = true;
		v->len = v->at = 0;
		return wg_err_set(err, WG_CRYPTO, "piece %llu does not open: the file was changed, cut or damaged",
		                  (unsigned long long)v->number);
	}
	v->len = (size_t)n;
	v->at = 0;
	v->have = after;
	memcpy(v->next, v->after, after);
	return WG_OK;
}

enum wg_code wg_vault_get(struct wg_vault_in *in, void *p, size_t len, size_t *got, struct wg_err *err)
{
	uint8_t *at = p;
	size_t done = 0;
	enum wg_code code = in->failed ? wg_err_set(err, WG_CRYPTO, "could not be opened") : WG_OK;
	while (code == WG_OK && done < len) {
		if (in->at == in->len) {
			if (in->over)
				break;
			code = next_piece(in, err);
			continue;
		}
		const size_t n = len - done < in->len - in->at ? len - done : in->len - in->at;
		memcpy(at + done, in->plain + in->at, n);
		in->at += n;
		done += n;
	}
	if (code == WG_OK)
		*got = done;
	return code;
}

void wg_vault_in_freep(struct wg_vault_in **in)
{
	struct wg_vault_in *v = *in;
	if (v == NULL)
		return;
	EVP_CIPHER_CTX_free(v->ctx);
	wg_wipe(v, sizeof *v);
	free(v);
	*in = NULL;
}
