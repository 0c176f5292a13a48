/* hsm_asking.c owns keys that are somewhere else: to OpenSSL they look like any other, and what needs the private half
 * is asked for over a line. Methods of RSA and EC keys are deprecated in OpenSSL 3 as engines are; a provider of our
 * own would be ten times as much code, for the same questions. SECURITY: nothing raw is ever asked for: of RSA a
 * signature in PKCS#1 v1.5 and the content key of one recipient. OAEP is taken off by whoever holds the key, and put on
 * again here, since OpenSSL takes it off itself. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/hsm_internal.h"

static struct {
	RSA_METHOD *rsa;
	EC_KEY_METHOD *ec;
	int rsa_index, ec_index; /* where an OpenSSL key holds its wg_hsm_asking */
} methods;

/* What was asked for, into out; how many bytes, 0 for none. */
static size_t ask(struct wg_hsm_asking *asking, const struct wg_hsm_request *r, uint8_t *out, size_t max)
{
	WG_CLEANUP(wg_buf_wipe) struct wg_buf answer = WG_BUF(WG_HSM_TOLD_MAX);
	enum wg_hsm_status status;
	const uint8_t *p;
	size_t n;
	if (asking == NULL)
		return 0;
	if (!wg_hsm_ask_key(asking, r, &answer) || !wg_hsm_told(&answer, &status, &p, &n) || status != WG_HSM_DONE ||
	    n > max)
		return 0;
	if (n > 0)
		memcpy(out, p, n);
	return n;
}

static int rsa_sign(int len, const unsigned char *from, unsigned char *to, RSA *rsa, int padding)
{
	struct wg_hsm_request r = { .op = WG_HSM_SIGN, .data = from, .data_len = (size_t)len };
	if (padding != RSA_PKCS1_PADDING || len <= 0)
		return -1;
	size_t n = ask(RSA_get_ex_data(rsa, methods.rsa_index), &r, to, (size_t)RSA_size(rsa));
	return n == (size_t)RSA_size(rsa) ? (int)n : -1;
}

static int rsa_unwrap(int len, const unsigned char *from, unsigned char *to, RSA *rsa, int padding)
{
	struct wg_hsm_asking *asking = RSA_get_ex_data(rsa, methods.rsa_index);
	const struct wg_hsm_expected *e = asking != NULL ? &asking->expected : NULL;
	bool oaep = e != NULL && e->padding == WG_HSM_OAEP && padding == RSA_NO_PADDING;
	uint8_t key[32];
	if (len <= 0 || len != RSA_size(rsa) || e == NULL ||
	    (!oaep && (e->padding != WG_HSM_PKCS1 || padding != RSA_PKCS1_PADDING)))
		return -1;
	struct wg_hsm_request r = { .op = WG_HSM_UNWRAP,
		                        .padding = e->padding,
		                        .digest = e->digest,
		                        .mask = e->mask,
		                        .wanted = e->wanted,
		                        .label = e->label,
		                        .label_len = e->label_len,
		                        .data = from,
		                        .data_len = (size_t)len };
	int n = (int)ask(asking, &r, key, sizeof key);
	int size = RSA_size(rsa);
	if (n != e->wanted)
		n = -1;
	else if (!oaep)
		memcpy(to, key, (size_t)n);
	else
		n = RSA_padding_add_PKCS1_OAEP_mgf1(to, size, key, n, e->label, (int)e->label_len, wg_hsm_md(e->digest),
		                                    wg_hsm_md(e->mask)) == 1
		        ? size
		        : -1;
	OPENSSL_cleanse(key, sizeof key);
	return n;
}

static ECDSA_SIG *ec_sign(const unsigned char *digest, int len, const BIGNUM *inverse, const BIGNUM *r, EC_KEY *ec)
{
	uint8_t der[256]; /* two numbers of P-521 */
	const uint8_t *p = der;
	struct wg_hsm_request request = { .op = WG_HSM_SIGN, .data = digest, .data_len = (size_t)len };
	(void)inverse, (void)r; /* the signature is OpenSSL's */
	size_t n = len > 0 ? ask(EC_KEY_get_ex_data(ec, methods.ec_index), &request, der, sizeof der) : 0;
	return n > 0 ? d2i_ECDSA_SIG(NULL, &p, (long)n) : NULL;
}

static int ec_derive(unsigned char **out, size_t *out_len, const EC_POINT *point, const EC_KEY *ec)
{
	uint8_t *octets = NULL, got[72]; /* P-521 has 66 */
	struct wg_hsm_request r = { .op = WG_HSM_DERIVE };
	r.data_len = EC_POINT_point2buf(EC_KEY_get0_group(ec), point, POINT_CONVERSION_UNCOMPRESSED, &octets, NULL);
	r.data = octets;
	size_t n = r.data_len > 0 ? ask(EC_KEY_get_ex_data(ec, methods.ec_index), &r, got, sizeof got) : 0;
	OPENSSL_free(octets);
	*out = n > 0 ? OPENSSL_memdup(got, n) : NULL;
	*out_len = *out != NULL ? n : 0;
	OPENSSL_cleanse(got, sizeof got);
	return *out != NULL;
}

static bool make_methods(void)
{
	if (methods.ec != NULL)
		return true;
	methods.rsa_index = RSA_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	methods.ec_index = EC_KEY_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	methods.rsa = RSA_meth_dup(RSA_PKCS1_OpenSSL());
	methods.ec = methods.rsa != NULL ? EC_KEY_METHOD_new(EC_KEY_OpenSSL()) : NULL;
	if (methods.ec == NULL || methods.rsa_index < 0 || methods.ec_index < 0 ||
	    RSA_meth_set1_name(methods.rsa, "asked for") != 1 || RSA_meth_set_priv_enc(methods.rsa, rsa_sign) != 1 ||
	    RSA_meth_set_priv_dec(methods.rsa, rsa_unwrap) != 1)
		return false;
	int (*sign)(int, const unsigned char *, int, unsigned char *, unsigned *, const BIGNUM *, const BIGNUM *, EC_KEY *);
	int (*setup)(EC_KEY *, BN_CTX *, BIGNUM **, BIGNUM **);
	EC_KEY_METHOD_get_sign(EC_KEY_OpenSSL(), &sign, &setup, NULL);
	EC_KEY_METHOD_set_sign(methods.ec, sign, setup, ec_sign);
	EC_KEY_METHOD_set_compute_key(methods.ec, ec_derive);
	return true;
}

static bool take_rsa(EVP_PKEY *pkey, EVP_PKEY *public, struct wg_hsm_asking *asking)
{
	const RSA *from = EVP_PKEY_get0_RSA(public);
	const BIGNUM *n = NULL, *e = NULL;
	RSA *rsa = from != NULL ? RSA_new() : NULL;
	if (from != NULL)
		RSA_get0_key(from, &n, &e, NULL);
	BIGNUM *n_own = BN_dup(n), *e_own = BN_dup(e);
	bool numbers = rsa != NULL && n_own != NULL && e_own != NULL && RSA_set0_key(rsa, n_own, e_own, NULL) == 1;
	if (!numbers) {
		BN_free(n_own);
		BN_free(e_own);
	}
	/* the method before the key is given away: OpenSSL looks then whether it may take it for one of its own */
	bool taken = numbers && RSA_set_method(rsa, methods.rsa) == 1 &&
	             RSA_set_ex_data(rsa, methods.rsa_index, asking) == 1 && EVP_PKEY_assign_RSA(pkey, rsa) == 1;
	if (!taken)
		RSA_free(rsa);
	return taken;
}

static bool take_ec(EVP_PKEY *pkey, EVP_PKEY *public, struct wg_hsm_asking *asking)
{
	const EC_KEY *from = EVP_PKEY_get0_EC_KEY(public);
	EC_KEY *ec = from != NULL ? EC_KEY_dup(from) : NULL;
	bool taken = ec != NULL && EC_KEY_set_method(ec, methods.ec) == 1 &&
	             EC_KEY_set_ex_data(ec, methods.ec_index, asking) == 1 && EVP_PKEY_assign_EC_KEY(pkey, ec) == 1;
	if (!taken)
		EC_KEY_free(ec);
	return taken;
}

EVP_PKEY *wg_hsm_asking_key(EVP_PKEY *public, struct wg_hsm_asking *asking)
{
	EVP_PKEY *pkey = make_methods() ? EVP_PKEY_new() : NULL;
	int kind = EVP_PKEY_get_base_id(public);
	bool taken = pkey != NULL && ((kind == EVP_PKEY_RSA && take_rsa(pkey, public, asking)) ||
	                              (kind == EVP_PKEY_EC && take_ec(pkey, public, asking)));
	if (taken)
		return pkey;
	EVP_PKEY_free(pkey);
	return NULL;
}
