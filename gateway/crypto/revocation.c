/* revocation.c owns what is known of revoked certificates: lists and OCSP answers, and the verdict on a chain.
 * SECURITY: lists and answers come over plain HTTP and from files: nothing counts before its signature, its issuer, its
 * time and its scope were checked, here, each time it is used. */
#include <openssl/pem.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "crypto/revocation_internal.h"

/* Clocks of authorities run a little ahead of ours. */
#define SKEW_MS ((int64_t)5 * 60 * 1000)
/* An OCSP answer that does not say when the next one comes (RFC 6960 2.4: always available newer) is good for: */
#define OCSP_NO_NEXT_MS ((int64_t)24 * 3600 * 1000)

const char *wg_revocation_state_name(enum wg_revocation_state state)
{
	static const char *const names[] = { "good", "revoked", "stale", "missing", "nowhere" };
	return state <= WG_REVOCATION_NOWHERE ? names[state] : "";
}

/* ---- holding */

enum wg_code wg_revocations_new(struct wg_revocations **out, struct wg_err *err)
{
	WG_CLEANUP(wg_revocations_freep) struct wg_revocations *r = calloc(1, sizeof *r);
	if (r == NULL || (r->crls = sk_X509_CRL_new_null()) == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for lists of revoked certificates");
	*out = wg_steal(&r);
	return WG_OK;
}

void wg_revocations_freep(struct wg_revocations **revocations)
{
	struct wg_revocations *r = *revocations;
	if (r == NULL)
		return;
	sk_X509_CRL_pop_free(r->crls, X509_CRL_free);
	for (size_t i = 0; i < r->answer_count; i++)
		OCSP_BASICRESP_free(r->answers[i]);
	free(r->answers);
	free(r);
	*revocations = NULL;
}

static enum wg_code has_room(const struct wg_revocations *r, struct wg_err *err)
{
	if ((size_t)sk_X509_CRL_num(r->crls) + r->answer_count >= WG_REVOCATION_ITEMS_MAX)
		return wg_err_set(err, WG_LIMIT, "more than %d lists of and answers about revoked certificates",
		                  WG_REVOCATION_ITEMS_MAX);
	return WG_OK;
}

static enum wg_code add_crl(struct wg_revocations *r, X509_CRL **crl, struct wg_err *err)
{
	enum wg_code code = has_room(r, err);
	if (code == WG_OK && sk_X509_CRL_push(r->crls, *crl) <= 0)
		code = wg_err_set(err, WG_SYSTEM, "no memory for a list of revoked certificates");
	if (code == WG_OK)
		*crl = NULL; /* the stack owns it */
	return code;
}

static enum wg_code add_answer(struct wg_revocations *r, OCSP_BASICRESP **basic, struct wg_err *err)
{
	enum wg_code code = has_room(r, err);
	if (code != WG_OK)
		return code;
	OCSP_BASICRESP **more = reallocarray(r->answers, r->answer_count + 1, sizeof(void *));
	if (more == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for an OCSP answer");
	r->answers = more;
	r->answers[r->answer_count++] = wg_steal(basic);
	return WG_OK;
}

static enum wg_code add_pem(struct wg_revocations *r, const void *p, size_t len, struct wg_err *err)
{
	WG_CLEANUP(wg_auto_bio) BIO *bio = wg_ossl_view(p, len);
	enum wg_code code = WG_OK;
	bool any = false;
	while (code == WG_OK && bio != NULL) {
		WG_CLEANUP(wg_auto_crl) X509_CRL *crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);
		if (crl == NULL)
			break;
		any = true;
		code = add_crl(r, &crl, err);
	}
	wg_ossl_forget();
	if (code == WG_OK && !any)
		code = wg_err_set(err, WG_CRYPTO, "this holds no list of revoked certificates that can be read");
	return code;
}

/* One value in DER, and nothing behind it. */
static enum wg_code add_der(struct wg_revocations *r, const unsigned char *der, size_t len, struct wg_err *err)
{
	const unsigned char *p = der;
	WG_CLEANUP(wg_auto_crl) X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)len);
	if (crl != NULL && p == der + len) {
		wg_ossl_forget();
		return add_crl(r, &crl, err);
	}
	p = der;
	WG_CLEANUP(wg_auto_ocsp_response) OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &p, (long)len);
	WG_CLEANUP(wg_auto_ocsp_basic)
	OCSP_BASICRESP *basic =
		response != NULL && p == der + len && OCSP_response_status(response) == OCSP_RESPONSE_STATUS_SUCCESSFUL
			? OCSP_response_get1_basic(response)
			: NULL;
	wg_ossl_forget();
	if (basic == NULL)
		return wg_err_set(err, WG_CRYPTO, "this is no list of revoked certificates and no OCSP answer");
	return add_answer(r, &basic, err);
}

enum wg_code wg_revocations_add(struct wg_revocations *revocations, const void *p, size_t len, struct wg_err *err)
{
	static const char mark[] = "-----BEGIN";
	if (len > WG_REVOCATION_FILE_MAX)
		return wg_err_set(err, WG_LIMIT, "a list of revoked certificates has more than %zu MB",
		                  WG_REVOCATION_FILE_MAX >> 20);
	if (len > 0 && memmem(p, len < 4096 ? len : 4096, mark, sizeof mark - 1) != NULL)
		return add_pem(revocations, p, len, err);
	return len > 0 ? add_der(revocations, p, len, err) : wg_err_set(err, WG_CRYPTO, "the answer is empty");
}

/* ---- the chain */

enum wg_code wg_revocation_chain(const struct wg_trust *trust, const struct wg_cert *cert, STACK_OF(X509) * *out,
                                 struct wg_err *err)
{
	WG_CLEANUP(wg_auto_store_ctx) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	if (ctx == NULL || X509_STORE_CTX_init(ctx, trust->store, cert->x509, cert->chain) != 1)
		return wg_ossl_err(err, WG_SYSTEM, "no memory to check a certificate");
	X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_NO_CHECK_TIME);
	X509_VERIFY_PARAM_clear_flags(X509_STORE_CTX_get0_param(ctx),
	                              X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL); /* asked below */
	int valid = X509_verify_cert(ctx);
	wg_ossl_forget();
	STACK_OF(X509) *chain = valid == 1 ? X509_STORE_CTX_get1_chain(ctx) : NULL;
	if (chain == NULL || sk_X509_num(chain) > WG_CHAIN_MAX) {
		sk_X509_pop_free(chain, X509_free);
		return wg_err_set(err, WG_CRYPTO, "there is no chain from the certificate to the anchors");
	}
	*out = chain;
	return WG_OK;
}

/* ---- lists: OpenSSL finds, checks and scopes them; what it complains of is sorted here */

struct complaints {
	struct {
		bool revoked, stale, missing;
		int64_t stale_since, revoked_at; /* wall ms; revoked_at 0: not said */
	} at[WG_CHAIN_MAX];
};

/* When the list says that it was; 0 when that cannot be read. */
static int64_t revoked_at(const X509_CRL *crl, const X509 *x509)
{
	X509_REVOKED *entry = NULL;
	int64_t at = 0;
	/* neither is changed: only OpenSSL's signature lacks the const */
	if (crl == NULL || x509 == NULL ||
	    X509_CRL_get0_by_cert((X509_CRL *)(uintptr_t)crl, &entry, (X509 *)(uintptr_t)x509) <= 0 || entry == NULL ||
	    wg_asn1_time(X509_REVOKED_get0_revocationDate(entry), &at, NULL) != WG_OK)
		return 0;
	return at;
}

static int sort_complaint(int ok, X509_STORE_CTX *ctx)
{
	struct complaints *c = X509_STORE_CTX_get_app_data(ctx);
	int depth = X509_STORE_CTX_get_error_depth(ctx), why = X509_STORE_CTX_get_error(ctx);
	const X509_CRL *crl = X509_STORE_CTX_get0_current_crl(ctx);
	if (ok == 1 || depth < 0 || depth >= WG_CHAIN_MAX)
		return 1;
	switch (why) {
	case X509_V_ERR_CERT_REVOKED:
		c->at[depth].revoked = true;
		c->at[depth].revoked_at = revoked_at(crl, X509_STORE_CTX_get_current_cert(ctx));
		break;
	case X509_V_ERR_CRL_HAS_EXPIRED:
		c->at[depth].stale = true;
		if (crl == NULL || wg_asn1_time(X509_CRL_get0_nextUpdate(crl), &c->at[depth].stale_since, NULL) != WG_OK)
			c->at[depth].stale_since = 0;
		break;
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		break; /* another question than whether it was revoked */
	default:   /* not there, not signed by whom it should be, of another scope, not valid yet: no list at all */
		c->at[depth].missing = true;
		break;
	}
	return 1; /* the chain itself was verified before */
}

static void free_lists(STACK_OF(X509_CRL) * *p)
{
	sk_X509_CRL_free(*p); /* borrows them */
	*p = NULL;
}

/* Those that somebody of the chain made, by name and signature: OpenSSL picks by name first, so that a list of another
 * authority of the same name would hide the right one. */
static STACK_OF(X509_CRL) * lists_of(const struct wg_revocations *r, STACK_OF(X509) * chain)
{
	STACK_OF(X509_CRL) *out = sk_X509_CRL_new_null();
	for (int i = 0; out != NULL && i < sk_X509_CRL_num(r->crls); i++) {
		X509_CRL *crl = sk_X509_CRL_value(r->crls, i);
		bool theirs = false;
		for (int k = 1; !theirs && k < sk_X509_num(chain); k++) {
			X509 *issuer = sk_X509_value(chain, k);
			EVP_PKEY *key = X509_get0_pubkey(issuer);
			theirs = X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(issuer)) == 0 && key != NULL &&
			         X509_CRL_verify(crl, key) == 1;
		}
		if (theirs && sk_X509_CRL_push(out, crl) <= 0)
			free_lists(&out);
	}
	wg_ossl_forget();
	return out;
}

static enum wg_code ask_lists(const struct wg_revocations *r, const struct wg_trust *trust, STACK_OF(X509) * chain,
                              int64_t now, struct complaints *out, struct wg_err *err)
{
	WG_CLEANUP(wg_auto_store_ctx) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	WG_CLEANUP(free_lists) STACK_OF(X509_CRL) *lists = lists_of(r, chain);
	if (lists == NULL || ctx == NULL || X509_STORE_CTX_init(ctx, trust->store, sk_X509_value(chain, 0), chain) != 1 ||
	    X509_STORE_CTX_set_app_data(ctx, out) != 1)
		return wg_ossl_err(err, WG_SYSTEM, "no memory to check a certificate");
	X509_STORE_CTX_set0_crls(ctx, lists);
	X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
	X509_STORE_CTX_set_time(ctx, 0, (time_t)(now / 1000));
	X509_STORE_CTX_set_verify_cb(ctx, sort_complaint);
	int verified = X509_verify_cert(ctx); /* every complaint was sorted, and stops nothing */
	wg_ossl_forget();
	return verified == 1 ? WG_OK : wg_err_set(err, WG_SYSTEM, "lists of revoked certificates cannot be asked");
}

/* ---- OCSP */

OCSP_CERTID *wg_revocation_id(const X509 *x509, const X509 *issuer)
{
	return OCSP_cert_to_id(EVP_sha1(), x509, issuer);
}

/* A responder that the issuer delegated says of itself that nobody need ask about it (RFC 6960 4.2.2.2.1), or a list
 * that we hold says that it was not revoked. */
static bool responder_stands(const struct wg_revocations *r, const struct wg_trust *trust, OCSP_BASICRESP *basic,
                             X509 *issuer, STACK_OF(X509) * issuers, int64_t now)
{
	X509 *signer = NULL;
	if (OCSP_resp_get0_signer(basic, &signer, issuers) != 1 || signer == NULL)
		return false;
	if (X509_cmp(signer, issuer) == 0 || X509_get_ext_by_NID(signer, NID_id_pkix_OCSP_noCheck, -1) >= 0)
		return true;
	struct complaints said = { 0 };
	WG_CLEANUP(wg_auto_chain) STACK_OF(X509) *chain = X509_chain_up_ref(issuers);
	if (chain == NULL || X509_up_ref(signer) != 1)
		return false;
	if (sk_X509_unshift(chain, signer) <= 0) {
		X509_free(signer);
		return false;
	}
	return ask_lists(r, trust, chain, now, &said, NULL) == WG_OK && !said.at[0].revoked && !said.at[0].stale &&
	       !said.at[0].missing;
}

/* What one answer says of one certificate; MISSING when it is about another, or is not to be believed. *until: when its
 * time is over, or, when it says revoked, since when (0: that cannot be read). */
static enum wg_revocation_state ask_answer(const struct wg_revocations *r, const struct wg_trust *trust,
                                           OCSP_BASICRESP *basic, STACK_OF(X509) * chain, int depth, int64_t now,
                                           int64_t *until)
{
	X509 *issuer = sk_X509_value(chain, depth + 1);
	OCSP_CERTID *id = wg_revocation_id(sk_X509_value(chain, depth), issuer);
	STACK_OF(X509) *issuers = sk_X509_new_null();
	ASN1_GENERALIZEDTIME *made = NULL, *next = NULL, *since = NULL;
	enum wg_revocation_state state = WG_REVOCATION_MISSING;
	int status = V_OCSP_CERTSTATUS_UNKNOWN, reason = 0;
	int64_t made_ms = 0;
	bool told = id != NULL && issuers != NULL &&
	            OCSP_resp_find_status(basic, id, &status, &reason, &since, &made, &next) == 1 &&
	            status != V_OCSP_CERTSTATUS_UNKNOWN && wg_asn1_time(made, &made_ms, NULL) == WG_OK &&
	            made_ms <= now + SKEW_MS;
	for (int i = depth + 1; told && i < sk_X509_num(chain); i++)
		told = sk_X509_push(issuers, sk_X509_value(chain, i)) > 0;
	told = told && OCSP_basic_verify(basic, issuers, trust->store, OCSP_NOEXPLICIT) == 1 &&
	       responder_stands(r, trust, basic, issuer, issuers, now);
	*until = made_ms + OCSP_NO_NEXT_MS;
	if (told && next != NULL)
		told = wg_asn1_time(next, until, NULL) == WG_OK;
	if (told)
		state = status == V_OCSP_CERTSTATUS_REVOKED ? WG_REVOCATION_REVOKED /* for good, whenever it was said */
		        : *until < now                      ? WG_REVOCATION_STALE
		                                            : WG_REVOCATION_GOOD;
	if (state == WG_REVOCATION_REVOKED && (since == NULL || wg_asn1_time(since, until, NULL) != WG_OK))
		*until = 0;
	OCSP_CERTID_free(id);
	sk_X509_free(issuers);
	wg_ossl_forget();
	return state;
}

/* The best that the answers say: revoked, else good, else stale. */
static enum wg_revocation_state ask_answers(const struct wg_revocations *r, const struct wg_trust *trust,
                                            STACK_OF(X509) * chain, int depth, int64_t now, int64_t *until)
{
	enum wg_revocation_state best = WG_REVOCATION_MISSING;
	for (size_t i = 0; i < r->answer_count; i++) {
		int64_t to = 0;
		enum wg_revocation_state state = ask_answer(r, trust, r->answers[i], chain, depth, now, &to);
		bool better = state == WG_REVOCATION_REVOKED ||
		              (state == WG_REVOCATION_GOOD && best != WG_REVOCATION_REVOKED) ||
		              (state == WG_REVOCATION_STALE && best == WG_REVOCATION_MISSING);
		if (better) {
			best = state;
			*until = to;
		}
	}
	return best;
}

/* ---- the verdict */

/* since: revoked: from when, 0 not known; stale: from when the last answer does not count any more. */
static void say(struct wg_revocation_depth *out, const X509 *x509, int64_t since)
{
	char subject[90], issuer[90], when[WG_CLOCK_TEXT];
	wg_name_text(X509_get_subject_name(x509), subject, sizeof subject);
	wg_name_text(X509_get_issuer_name(x509), issuer, sizeof issuer);
	switch (out->state) {
	case WG_REVOCATION_GOOD:
		out->words[0] = '\0';
		break;
	case WG_REVOCATION_REVOKED:
		(void)snprintf(out->words, sizeof out->words, "\"%s\" was revoked by \"%s\"%s%s", subject, issuer,
		               since != 0 ? ", since " : "", since != 0 ? wg_clock_format(since, when) : "");
		break;
	case WG_REVOCATION_STALE:
		(void)snprintf(out->words, sizeof out->words,
		               "nobody knows now whether \"%s\" was revoked: the last answer ran out at %s", subject,
		               wg_clock_format(since, when));
		break;
	case WG_REVOCATION_MISSING:
		(void)snprintf(out->words, sizeof out->words,
		               "nobody knows whether \"%s\" was revoked: \"%.60s\" has not answered yet", subject, issuer);
		break;
	case WG_REVOCATION_NOWHERE:
		(void)snprintf(out->words, sizeof out->words,
		               "nobody can know whether \"%s\" was revoked: it names nobody to ask, and no list is configured",
		               subject);
		break;
	}
}

static void judge_depth(const struct wg_revocations *r, const struct wg_trust *trust, STACK_OF(X509) * chain, int depth,
                        const struct complaints *lists, int64_t now, struct wg_revocation_depth *out)
{
	const X509 *x509 = sk_X509_value(chain, depth);
	int64_t until = 0;
	enum wg_revocation_state list = lists->at[depth].revoked   ? WG_REVOCATION_REVOKED
	                                : lists->at[depth].missing ? WG_REVOCATION_MISSING
	                                : lists->at[depth].stale   ? WG_REVOCATION_STALE
	                                                           : WG_REVOCATION_GOOD;
	enum wg_revocation_state answer = ask_answers(r, trust, chain, depth, now, &until);
	struct wg_revocation_source named[1];
	if (list == WG_REVOCATION_REVOKED || answer == WG_REVOCATION_REVOKED)
		out->state = WG_REVOCATION_REVOKED;
	else if (list == WG_REVOCATION_GOOD || answer == WG_REVOCATION_GOOD)
		out->state = WG_REVOCATION_GOOD;
	else if (list == WG_REVOCATION_STALE || answer == WG_REVOCATION_STALE)
		out->state = WG_REVOCATION_STALE;
	else
		out->state = wg_revocation_urls(x509, named, 1) > 0 ? WG_REVOCATION_MISSING : WG_REVOCATION_NOWHERE;
	if (list == WG_REVOCATION_REVOKED)
		until = lists->at[depth].revoked_at;
	else if (list == WG_REVOCATION_STALE && answer != WG_REVOCATION_REVOKED)
		until = lists->at[depth].stale_since;
	say(out, x509, until);
}

enum wg_code wg_revocation_depths(const struct wg_revocations *r, const struct wg_trust *trust, STACK_OF(X509) * chain,
                                  int64_t now, struct wg_revocation_depth out[WG_CHAIN_MAX], struct wg_err *err)
{
	struct complaints lists = { 0 };
	enum wg_code code = ask_lists(r, trust, chain, now, &lists, err);
	for (int i = 0; code == WG_OK && i + 1 < sk_X509_num(chain); i++)
		judge_depth(r, trust, chain, i, &lists, now, &out[i]);
	return code;
}

enum wg_code wg_revocation_judge_chain(const struct wg_revocations *r, const struct wg_trust *trust,
                                       STACK_OF(X509) * chain, int64_t now, struct wg_revocation_verdict *out,
                                       struct wg_err *err)
{
	/* the worst first: what a person has to hear */
	static const enum wg_revocation_state order[] = { WG_REVOCATION_REVOKED, WG_REVOCATION_STALE, WG_REVOCATION_MISSING,
		                                              WG_REVOCATION_NOWHERE };
	struct wg_revocation_depth depths[WG_CHAIN_MAX] = { 0 };
	if (sk_X509_num(chain) > WG_CHAIN_MAX)
		return wg_err_set(err, WG_CRYPTO, "the chain has more than %d certificates", WG_CHAIN_MAX);
	enum wg_code code = wg_revocation_depths(r, trust, chain, now, depths, err);
	if (code != WG_OK)
		return code;
	*out = (struct wg_revocation_verdict){ .state = WG_REVOCATION_GOOD };
	for (size_t k = 0; k < WG_COUNT(order); k++)
		for (int i = 0; out->state == WG_REVOCATION_GOOD && i + 1 < sk_X509_num(chain); i++)
			if (depths[i].state == order[k]) {
				out->state = depths[i].state;
				memcpy(out->words, depths[i].words, sizeof out->words);
			}
	return WG_OK;
}

enum wg_code wg_revocation_judge(const struct wg_revocations *revocations, const struct wg_trust *trust,
                                 const struct wg_cert *cert, int64_t now, struct wg_revocation_verdict *out,
                                 struct wg_err *err)
{
	WG_CLEANUP(wg_revocations_freep) struct wg_revocations *none = NULL;
	WG_CLEANUP(wg_auto_chain) STACK_OF(X509) *chain = NULL;
	enum wg_code code = wg_revocation_chain(trust, cert, &chain, err);
	if (code == WG_OK && revocations == NULL)
		code = wg_revocations_new(&none, err);
	return code == WG_OK
	           ? wg_revocation_judge_chain(revocations != NULL ? revocations : none, trust, chain, now, out, err)
	           : code;
}
