/* judge.c owns the question whether a certificate may be used for something now, and the words for why not.
 * SECURITY: certificates of strangers and of partners; every doubt is a no but the one that the directory allows. */
#include "crypto/judge.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/crypto_internal.h"

/* RFC 3183 3.1: the mailbox of a certificate that stands for a whole domain. */
#define DOMAIN_AUTHORITY "domain-confidentiality-authority"

const char *wg_cert_fault_name(enum wg_cert_fault fault)
{
	static const char *const names[] = { "", "use", "address", "early", "expired", "chain", "revoked", "unknown" };
	return fault <= WG_CERT_UNKNOWN ? names[fault] : "";
}

static void refuse(struct wg_cert_judgement *out, enum wg_cert_fault fault, const char *words)
{
	out->fault = fault;
	(void)snprintf(out->words, sizeof out->words, "%.250s", words); /* cut: words */
}

static const char *domain_of(const char *address)
{
	const char *at = strrchr(address, '@');
	return at != NULL ? at + 1 : "";
}

/* The local part too without case: no mail server that is in use tells mailboxes apart by it. */
static bool is_for_mailbox(const struct wg_cert_facts *facts, const char *address)
{
	const char *domain = domain_of(address);
	char authority[320];
	(void)snprintf(authority, sizeof authority, DOMAIN_AUTHORITY "@%s", domain); /* fits */
	for (size_t i = 0; i < WG_COUNT(facts->emails); i++)
		if (facts->emails[i][0] != '\0' &&
		    (strcasecmp(facts->emails[i], address) == 0 || strcasecmp(facts->emails[i], authority) == 0))
			return true;
	for (size_t i = 0; i < WG_COUNT(facts->dns); i++)
		if (facts->dns[i][0] != '\0' && strcasecmp(facts->dns[i], domain) == 0)
			return true;
	return facts->emails[0][0] == '\0' && facts->dns[0][0] == '\0';
}

static bool in_domains(const char *name, const char *domains)
{
	size_t n;
	for (const char *p = domains + strspn(domains, " "); *p != '\0'; p += n, p += strspn(p, " ")) {
		n = strcspn(p, " ");
		size_t len = strlen(name);
		if (len >= n && strncasecmp(name + len - n, p, n) == 0 && (len == n || name[len - n - 1] == '.'))
			return true;
	}
	return false;
}

static bool is_of_domains(const struct wg_cert_facts *facts, const char *domains)
{
	bool named = false;
	for (size_t i = 0; i < WG_COUNT(facts->emails); i++) {
		named = named || facts->emails[i][0] != '\0' || facts->dns[i][0] != '\0';
		if ((facts->emails[i][0] != '\0' && in_domains(domain_of(facts->emails[i]), domains)) ||
		    (facts->dns[i][0] != '\0' && in_domains(facts->dns[i], domains)))
			return true;
	}
	return !named;
}

static bool check_address(const struct wg_judge *judge, const struct wg_cert_facts *facts,
                          struct wg_cert_judgement *out)
{
	char words[256];
	const char *named = facts->emails[0][0] != '\0' ? facts->emails[0] : facts->dns[0];
	bool mailbox = judge->address != NULL;
	if (mailbox ? is_for_mailbox(facts, judge->address)
	            : judge->domains == NULL || judge->domains[0] == '\0' || is_of_domains(facts, judge->domains))
		return true;
	(void)snprintf(words, sizeof words, "it is for %.100s, and not for %.100s", named,
	               mailbox ? judge->address : judge->domains); /* cut: words */
	refuse(out, WG_CERT_ADDRESS, words);
	return false;
}

static bool check_use(const struct wg_judge *judge, const struct wg_cert_facts *facts, struct wg_cert_judgement *out)
{
	static const char *const words[] = {
		[WG_PURPOSE_SMIME_SIGN] = "it is not made for signing mail (key usage digitalSignature, extended key usage "
								  "emailProtection)",
		[WG_PURPOSE_SMIME_ENCRYPT] = "it is not made for encrypting mail (key usage keyEncipherment or keyAgreement, "
									 "extended key usage emailProtection)",
		[WG_PURPOSE_TLS_SERVER] = "it is not made for a TLS server (extended key usage serverAuth)",
		[WG_PURPOSE_TLS_CLIENT] = "it is not made for a TLS client (extended key usage clientAuth)",
	};
	const bool allowed[] = {
		[WG_PURPOSE_SMIME_SIGN] = facts->can_sign,
		[WG_PURPOSE_SMIME_ENCRYPT] = facts->can_encrypt,
		[WG_PURPOSE_TLS_SERVER] = facts->server_auth,
		[WG_PURPOSE_TLS_CLIENT] = facts->client_auth,
	};
	if (!allowed[judge->purpose])
		refuse(out, WG_CERT_USE, words[judge->purpose]);
	return allowed[judge->purpose];
}

static bool check_dates(const struct wg_judge *judge, const struct wg_cert_facts *facts, struct wg_cert_judgement *out)
{
	char words[128], when[WG_CLOCK_TEXT];
	if (judge->now < facts->not_before) {
		(void)snprintf(words, sizeof words, "it is not valid before %s", wg_clock_format(facts->not_before, when));
		refuse(out, WG_CERT_EARLY, words);
	} else if (judge->now > facts->not_after) {
		(void)snprintf(words, sizeof words, "it expired at %s", wg_clock_format(facts->not_after, when));
		refuse(out, WG_CERT_EXPIRED, words);
	}
	return out->fault == WG_CERT_FINE;
}

static bool check_revocation(const struct wg_judge *judge, const struct wg_cert *cert, struct wg_cert_judgement *out)
{
	struct wg_revocation_verdict verdict;
	struct wg_err err = { 0 };
	if (judge->need == WG_NEED_NOTHING)
		return true;
	if (wg_revocation_judge(judge->revocations, judge->trust, cert, judge->now, &verdict, &err) != WG_OK) {
		refuse(out, WG_CERT_CHAIN, err.text);
		return false;
	}
	out->asked = true;
	out->revocation = verdict.state;
	if (verdict.state == WG_REVOCATION_GOOD)
		return true;
	bool revoked = verdict.state == WG_REVOCATION_REVOKED;
	refuse(out, revoked ? WG_CERT_REVOKED : WG_CERT_UNKNOWN, verdict.words);
	if (!revoked && judge->need == WG_NEED_ANSWER_IF_ANY) {
		out->fault = WG_CERT_FINE;
		out->doubt = true;
	}
	return out->fault == WG_CERT_FINE;
}

void wg_cert_judge(const struct wg_judge *judge, const struct wg_cert *cert, struct wg_cert_judgement *out)
{
	struct wg_cert_facts facts;
	struct wg_err err = { 0 };
	*out = (struct wg_cert_judgement){ .revocation = WG_REVOCATION_NOWHERE };
	if (wg_cert_facts(cert, &facts, &err) != WG_OK) {
		refuse(out, WG_CERT_CHAIN, err.text);
		return;
	}
	if (!check_use(judge, &facts, out) || !check_address(judge, &facts, out) || !check_dates(judge, &facts, out))
		return;
	if (judge->trust == NULL)
		refuse(out, WG_CERT_CHAIN, "there are no anchors to hold it against");
	else if (wg_trust_check_at(judge->trust, cert, judge->purpose, judge->now, &err) != WG_OK)
		refuse(out, WG_CERT_CHAIN, err.text);
	else
		(void)check_revocation(judge, cert, out); /* says it all in out */
}
