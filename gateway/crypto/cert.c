/* cert.c owns struct wg_cert and the facts that are read from one certificate.
 * SECURITY: meets certificates of strangers, before and after their chain was verified; names with a NUL, a control
 * character or too many bytes make the whole certificate unusable. */
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/cms_parts.h"

/* A certificate with its chain: some 2 KB each. */
#define CERT_FILE_MAX ((size_t)256 * 1024)
/* Intermediates that are sent along; public hierarchies have one or two. */
#define CERT_CHAIN_MAX 4
/* certs-example/make writes it into every subject. */
#define SAMPLE_MARKER "wardgate EXAMPLE"

enum wg_code wg_cert_wrap(X509 *x509, struct wg_cert **out, struct wg_err *err)
{
	/* parses and caches the extensions; a malformed one says so only here */
	if ((X509_get_extension_flags(x509) & EXFLAG_INVALID) != 0)
		return wg_err_set(err, WG_CRYPTO, "the certificate has a malformed extension");
	struct wg_cert *cert = calloc(1, sizeof *cert);
	if (cert == NULL || X509_up_ref(x509) != 1) {
		free(cert);
		return wg_err_set(err, WG_SYSTEM, "no memory for a certificate");
	}
	cert->x509 = x509;
	cert->parts = wg_cert_parts_new(); /* without, OpenSSL does everything */
	*out = cert;
	return WG_OK;
}

/* What stands behind the first certificate in the file. */
static enum wg_code read_chain(BIO *bio, struct wg_cert *cert, struct wg_err *err)
{
	cert->chain = sk_X509_new_null();
	if (cert->chain == NULL)
		return wg_ossl_err(err, WG_SYSTEM, "no memory for a certificate");
	for (;;) {
		WG_CLEANUP(wg_auto_x509) X509 *next = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		if (next == NULL)
			break;
		if (sk_X509_num(cert->chain) >= CERT_CHAIN_MAX)
			return wg_err_set(err, WG_LIMIT, "more than %d certificates behind the first one", CERT_CHAIN_MAX);
		if (sk_X509_push(cert->chain, next) <= 0)
			return wg_ossl_err(err, WG_SYSTEM, "no memory for a certificate");
		next = NULL; /* the chain owns it */
	}
	return WG_OK;
}

enum wg_code wg_cert_parse(const void *pem, size_t len, struct wg_cert **out, struct wg_err *err)
{
	WG_CLEANUP(wg_auto_bio) BIO *bio = wg_ossl_view(pem, len);
	if (bio == NULL)
		return wg_ossl_err(err, WG_SYSTEM, "no memory for a certificate");
	WG_CLEANUP(wg_auto_x509) X509 *first = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	if (first == NULL)
		return wg_ossl_err(err, WG_CONFIG, "no certificate that can be read (PEM)");
	WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL;
	enum wg_code code = wg_cert_wrap(first, &cert, err);
	if (code == WG_OK)
		code = read_chain(bio, cert, err);
	if (code == WG_OK) {
		wg_ossl_forget(); /* the end of the file is an error to OpenSSL */
		*out = wg_steal(&cert);
	}
	return code;
}

enum wg_code wg_cert_load(const char *path, struct wg_cert **out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf pem = WG_BUF(CERT_FILE_MAX);
	enum wg_code code = wg_pem_read(path, false, &pem, err);
	if (code != WG_OK)
		return code;
	code = wg_cert_parse(pem.data, pem.len, out, err);
	return code == WG_OK ? WG_OK : wg_err_add(err, "%s", path);
}

enum wg_code wg_cert_parse_all(const void *pem, size_t len, struct wg_cert **out, unsigned max, unsigned *count,
                               struct wg_err *err)
{
	WG_CLEANUP(wg_auto_bio) BIO *bio = wg_ossl_view(pem, len);
	enum wg_code code = bio != NULL ? WG_OK : wg_ossl_err(err, WG_SYSTEM, "no memory for a certificate");
	unsigned n = 0;
	while (code == WG_OK && n < max) {
		WG_CLEANUP(wg_auto_x509) X509 *x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		if (x509 == NULL)
			break;
		code = wg_cert_wrap(x509, &out[n], err);
		n += code == WG_OK;
	}
	wg_ossl_forget(); /* the end of the file is an error to OpenSSL */
	if (code == WG_OK && n == 0)
		code = wg_err_set(err, WG_CONFIG, "no certificate that can be read (PEM)");
	if (code == WG_OK)
		*count = n;
	while (code != WG_OK && n > 0)
		wg_cert_freep(&out[--n]);
	return code;
}

bool wg_cert_names_host(const struct wg_cert *cert, const char *host)
{
	unsigned flags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
	bool names = X509_check_ip_asc(cert->x509, host, 0) == 1 || X509_check_host(cert->x509, host, 0, flags, NULL) == 1;
	wg_ossl_forget();
	return names;
}

void wg_cert_freep(struct wg_cert **cert)
{
	if (*cert == NULL)
		return;
	X509_free((*cert)->x509);
	sk_X509_pop_free((*cert)->chain, X509_free);
	wg_cert_parts_freep(&(*cert)->parts);
	free(*cert);
	*cert = NULL;
}

/* For people only: cut where it is long. */
void wg_name_text(const X509_NAME *name, char *out, size_t size)
{
	WG_CLEANUP(wg_auto_bio) BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL, whole[1024] = "";
	long n = 0;
	if (bio != NULL && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0)
		n = BIO_get_mem_data(bio, &text);
	if (n > 0)
		(void)snprintf(whole, sizeof whole, "%.*s", (int)(n < (long)sizeof whole ? n : (long)sizeof whole - 1), text);
	wg_ossl_forget();
	(void)wg_defang(whole, out, size); /* returns its argument */
}

/* The marker stands in the issuer's or the subject's organisation. */
static bool is_sample(const X509_NAME *name)
{
	for (int i = -1; (i = X509_NAME_get_index_by_NID(name, NID_organizationName, i)) >= 0;) {
		const ASN1_STRING *value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i));
		if (memmem(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value), SAMPLE_MARKER,
		           strlen(SAMPLE_MARKER)) != NULL)
			return true;
	}
	return false;
}

/* The lists of the facts have room for four; a fifth name is left out, and so can grant nothing. */
static enum wg_code put_name(const ASN1_STRING *value, char list[4][256], struct wg_err *err)
{
	const unsigned char *p = ASN1_STRING_get0_data(value);
	size_t len = (size_t)ASN1_STRING_length(value);
	if (len == 0 || len > 255)
		return wg_err_set(err, WG_CRYPTO, "a name in the certificate has %zu bytes", len);
	for (size_t i = 0; i < len; i++)
		if (p[i] <= 0x20 || p[i] >= 0x7f)
			return wg_err_set(err, WG_CRYPTO, "a name in the certificate holds a character that names do not have");
	for (size_t i = 0; i < 4; i++) {
		if (list[i][0] != '\0')
			continue;
		memcpy(list[i], p, len);
		list[i][len] = '\0';
		break;
	}
	return WG_OK;
}

static enum wg_code read_names(const X509 *x509, struct wg_cert_facts *out, struct wg_err *err)
{
	int critical = -1;
	WG_CLEANUP(wg_auto_names) GENERAL_NAMES *names = X509_get_ext_d2i(x509, NID_subject_alt_name, &critical, NULL);
	if (names == NULL && critical != -1)
		return wg_ossl_err(err, WG_CRYPTO, "the certificate's alternative names cannot be read, or stand there twice");
	enum wg_code code = WG_OK;
	for (int i = 0; code == WG_OK && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		if (name->type == GEN_EMAIL)
			code = put_name(name->d.rfc822Name, out->emails, err);
		else if (name->type == GEN_DNS)
			code = put_name(name->d.dNSName, out->dns, err);
		else if (name->type == GEN_URI)
			code = put_name(name->d.uniformResourceIdentifier, out->uris, err);
	}
	return code;
}

enum wg_code wg_asn1_time(const ASN1_TIME *time, int64_t *out, struct wg_err *err)
{
	struct tm tm;
	int64_t days;
	if (ASN1_TIME_to_tm(time, &tm) != 1 || !wg_clock_days(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, &days))
		return wg_ossl_err(err, WG_CRYPTO, "a date cannot be read");
	*out = (((days * 24 + tm.tm_hour) * 60 + tm.tm_min) * 60 + tm.tm_sec) * 1000;
	return WG_OK;
}

/* OpenSSL answers UINT32_MAX for an extension that is absent, which allows everything. */
static void read_usage(X509 *x509, struct wg_cert_facts *out)
{
	uint32_t usage = X509_get_key_usage(x509), extended = X509_get_extended_key_usage(x509);
	bool mail = (extended & XKU_SMIME) != 0;
	out->can_sign = mail && (usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) != 0;
	out->can_encrypt = mail && (usage & (KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT)) != 0;
	out->server_auth = (extended & XKU_SSL_SERVER) != 0;
	out->client_auth = (extended & XKU_SSL_CLIENT) != 0;
	out->ca = X509_check_ca(x509) == 1;
}

static enum wg_code read_key(X509 *x509, struct wg_cert_facts *out, struct wg_err *err)
{
	const EVP_PKEY *pkey = X509_get0_pubkey(x509);
	if (pkey == NULL)
		return wg_ossl_err(err, WG_CRYPTO, "the certificate's public key cannot be read");
	char group[32] = "";
	int kind = EVP_PKEY_get_base_id(pkey);
	if (kind == EVP_PKEY_EC && EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL) == 1) {
		const char *nist = EC_curve_nid2nist(OBJ_sn2nid(group));
		(void)snprintf(out->key_type, sizeof out->key_type, "EC-%.20s",
		               nist != NULL ? nist : group); /* cut: for people */
	} else {
		const char *name = kind == EVP_PKEY_RSA ? "RSA" : OBJ_nid2sn(kind);
		(void)snprintf(out->key_type, sizeof out->key_type, "%.12s-%d", name,
		               EVP_PKEY_get_bits(pkey)); /* cut: for people */
	}
	return WG_OK;
}

/* NIST SP 800-57: 112 bits. What an anchor signed itself with proves nothing, so that its strength is nothing either.
 */
static bool is_weak(X509 *x509)
{
	int bits = 0;
	const EVP_PKEY *pkey = X509_get0_pubkey(x509);
	bool self = (X509_get_extension_flags(x509) & EXFLAG_SS) != 0;
	bool known = X509_get_signature_info(x509, NULL, NULL, &bits, NULL) == 1;
	wg_ossl_forget();
	return (pkey != NULL && EVP_PKEY_get_security_bits(pkey) < 112) || (!self && (!known || bits < 112));
}

static enum wg_code read_prints(const X509 *x509, struct wg_cert_facts *out, struct wg_err *err)
{
	unsigned char *der = NULL, *spki = NULL;
	int der_len = i2d_X509(x509, &der);
	int spki_len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &spki);
	enum wg_code code = WG_OK;
	if (der_len > 0 && spki_len > 0) {
		wg_sha256_hex(der, (size_t)der_len, out->fingerprint);
		wg_sha256_hex(spki, (size_t)spki_len, out->key_pin);
	} else {
		code = wg_ossl_err(err, WG_SYSTEM, "the certificate cannot be encoded");
	}
	OPENSSL_free(der);
	OPENSSL_free(spki);
	return code;
}

enum wg_code wg_cert_facts_of(X509 *x509, struct wg_cert_facts *out, struct wg_err *err)
{
	struct wg_cert_facts facts = { 0 };
	enum wg_code code = read_names(x509, &facts, err);
	if (code == WG_OK)
		code = wg_asn1_time(X509_get0_notBefore(x509), &facts.not_before, err);
	if (code == WG_OK)
		code = wg_asn1_time(X509_get0_notAfter(x509), &facts.not_after, err);
	if (code == WG_OK)
		code = read_key(x509, &facts, err);
	if (code == WG_OK)
		code = read_prints(x509, &facts, err);
	if (code != WG_OK)
		return code;
	wg_name_text(X509_get_subject_name(x509), facts.subject, sizeof facts.subject);
	facts.weak = is_weak(x509);
	read_usage(x509, &facts);
	facts.sample = is_sample(X509_get_issuer_name(x509)) || is_sample(X509_get_subject_name(x509));
	*out = facts;
	return WG_OK;
}

enum wg_code wg_cert_facts(const struct wg_cert *cert, struct wg_cert_facts *out, struct wg_err *err)
{
	return wg_cert_facts_of(cert->x509, out, err);
}
