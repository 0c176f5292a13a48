/* discover.c owns what was found, and the finding by DNS. SECURITY: a record says only what the owner of a domain says
 * of an address; here nothing is believed. */
#include "channel/discover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/sha256.h"
#include "base/text.h"
#include "channel/dns.h"

#define ASK_MS 10000
/* RFC 8162 section 3: the hash is cut to 28 octets, so that it fits a label. */
#define HASH_OCTETS 28
/* RFC 6698 2.1: usages that name the certificate itself, not its authority; whole, not a digest. */
enum { USAGE_EE = 1, USAGE_DANE_EE = 3, SELECTOR_CERT = 0, MATCH_WHOLE = 0 };

static void add(struct wg_findings *out, const uint8_t *der, size_t len, const char *source)
{
	for (unsigned i = 0; i < out->count; i++)
		if (out->found[i].len == len && memcmp(out->found[i].der, der, len) == 0)
			return;
	if (out->count == WG_FOUND_MAX || len == 0 || len > WG_FOUND_DER_MAX) {
		out->others++;
		return;
	}
	struct wg_found *found = &out->found[out->count++];
	memcpy(found->der, der, len);
	found->len = len;
	(void)wg_defang(source, found->source, sizeof found->source); /* returns its buffer */
}

bool wg_smimea_name(const char *address, char *out, size_t size)
{
	uint8_t digest[WG_SHA256_LEN];
	char hex[2 * HASH_OCTETS + 1];
	const char *at = wg_address_valid(address) ? strchr(address, '@') : NULL;
	if (at == NULL)
		return false;
	wg_sha256(address, (size_t)(at - address), digest);
	wg_hex(digest, HASH_OCTETS, hex);
	int n = snprintf(out, size, "%s._smimecert.%s", hex, at + 1);
	return n > 0 && (size_t)n < size;
}

static void take_records(const struct wg_dns_question *q, const char *source, struct wg_findings *out)
{
	size_t len = 0;
	const uint8_t *p;
	for (unsigned i = 0; (p = wg_dns_record(q, i, &len)) != NULL; i++) {
		struct wg_dns_association a;
		if (wg_dns_read_association(p, len, &a) && (a.usage == USAGE_EE || a.usage == USAGE_DANE_EE) &&
		    a.selector == SELECTOR_CERT && a.matching == MATCH_WHOLE)
			add(out, a.data, a.len, source);
		else
			out->others++;
	}
}

static enum wg_code judge(const struct wg_dns_question *q, const char *domain, struct wg_findings *out,
                          struct wg_err *err)
{
	char source[128 + WG_HOST_TEXT];
	switch (q->fact.what) {
	case WG_DNS_FAILED:
		return wg_err_set(err, WG_AGAIN, "DNS did not answer for certificates in %s: %s", domain, q->why);
	case WG_DNS_BOGUS:
		return wg_err_set(err, WG_CRYPTO, "the DNS answer about certificates in %s does not fit its signatures",
		                  domain);
	case WG_DNS_NO_DATA:
	case WG_DNS_NO_NAME:
		return WG_OK;
	case WG_DNS_FOUND:
		break;
	}
	if (!q->fact.secure)
		return wg_err_set(err, WG_CRYPTO, "%s is not signed: its SMIMEA records say nothing (RFC 8162)", domain);
	(void)snprintf(source, sizeof source, "SMIMEA of %s, secure DNSSEC", domain);
	take_records(q, source, out);
	return WG_OK;
}

enum wg_code wg_discover_smimea(const char *anchor, const char *resolver, const char *address, struct wg_findings *out,
                                struct wg_err *err)
{
	struct wg_dns_question q = { .type = WG_DNS_SMIMEA };
	if (!wg_smimea_name(address, q.name, sizeof q.name))
		return wg_err_set(err, WG_REJECT, "this is no address that can be asked for");
	WG_CLEANUP(wg_dns_freep) struct wg_dns *dns = NULL;
	enum wg_code code = wg_dns_open(anchor, resolver, &dns, err);
	if (code == WG_OK)
		code = wg_dns_ask(dns, &q, 1, ASK_MS, err);
	if (code == WG_OK)
		code = judge(&q, strchr(address, '@') + 1, out, err);
	wg_dns_forget(&q, 1);
	return code;
}

/* ---- LDAP answers */

static bool is_certificate(const char *p, size_t len)
{
	static const char name[] = "usercertificate;binary:: ";
	return len > sizeof name - 1 && strncasecmp(p, name, sizeof name - 1) == 0;
}

void wg_ldap_read(const char *text, size_t len, const char *source, struct wg_findings *out)
{
	static const size_t name = sizeof "usercertificate;binary:: " - 1;
	for (const char *p = text, *stop = text + len; p < stop;) {
		const char *newline = memchr(p, '\n', (size_t)(stop - p)), *end = newline != NULL ? newline : stop;
		const char *next = newline != NULL ? newline + 1 : stop;
		if (*p == '\t' && is_certificate(p + 1, (size_t)(end - p - 1))) {
			WG_AUTO_FREE uint8_t *der = NULL;
			size_t der_len = 0, from = name + 1;
			if (wg_base64_decode(p + from, (size_t)(end - p) - from, &der, &der_len, NULL) == WG_OK)
				add(out, der, der_len, source);
			else
				out->others++;
		}
		p = next;
	}
}

/* ---- PEM */

void wg_found_pem(const struct wg_found *found, struct wg_buf *out)
{
	WG_AUTO_FREE char *text = wg_base64_encode(found->der, found->len);
	if (text == NULL) {
		wg_buf_fail(out);
		return;
	}
	wg_buf_puts(out, "-----BEGIN CERTIFICATE-----\n");
	for (size_t at = 0, len = strlen(text); at < len; at += 64) {
		wg_buf_put(out, text + at, len - at < 64 ? len - at : 64);
		wg_buf_putc(out, '\n');
	}
	wg_buf_puts(out, "-----END CERTIFICATE-----\n");
}
