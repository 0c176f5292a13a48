/* Where S/MIME certificates of an address may be found: in the DNS (SMIMEA, RFC 8162) and in directories of partners
 * (LDAP). What is found is a hint, never trusted by itself: it is held against the partner's anchors and the desk's
 * address like any other certificate, and a person puts it into the directory. */
#ifndef WG_CHANNEL_DISCOVER_H
#define WG_CHANNEL_DISCOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* Old and new, for signing and for encrypting: more of one address is a mistake, or somebody's game. */
#define WG_FOUND_MAX 8
/* RSA-4096 with many names has some 3 KB. */
#define WG_FOUND_DER_MAX 8192

struct wg_found {
	uint8_t der[WG_FOUND_DER_MAX];
	size_t len;
	char source[160]; /* for people: "SMIMEA of ADDRESS's domain, secure DNSSEC", "LDAP HOST" */
};

struct wg_findings {
	struct wg_found found[WG_FOUND_MAX];
	unsigned count;
	unsigned others; /* records that hold no whole certificate of the address itself, or are too many or too large */
};

/* SMIMEA records of address: hash of the local part as it is written (section 3), below _smimecert. in its domain. Only
 * a secure answer counts. anchor, resolver: as wg_dns_open. Adds to *out. WG_OK also when nothing is there. WG_AGAIN:
 * DNS did not answer; WG_CRYPTO: the answer is bogus, or there are records without a signature. */
enum wg_code wg_discover_smimea(const char *anchor, const char *resolver, const char *address, struct wg_findings *out,
                                struct wg_err *err) WG_MUST;

struct wg_discover_ldap {
	const char *url;       /* ldaps://HOST[:PORT]/BASE, no more; the base as in RFC 4516 */
	const char *ca;        /* the anchors that its server is held against */
	const char *expect_ip; /* tests: connect here instead of resolving the host; NULL */
};
/* userCertificate;binary of the entries whose mail is address, without a login. WG_CONFIG: the URL is not of that form.
 * WG_CRYPTO: the server did not prove its name. WG_AGAIN otherwise. 15 seconds at most. Adds to *out. */
enum wg_code wg_discover_ldap(const struct wg_discover_ldap *how, const char *address, struct wg_findings *out,
                              struct wg_err *err) WG_MUST;

/* ---- parts, for tests */

/* "HASH._smimecert.DOMAIN" (RFC 8162 section 3) into out; false when the address is none, or the name too long. */
bool wg_smimea_name(const char *address, char *out, size_t size);
/* The URL that asks for address (RFC 4516, RFC 4515): what has a meaning in filters or URLs is escaped. */
enum wg_code wg_ldap_url(const char *url, const char *address, struct wg_buf *out, struct wg_err *err) WG_MUST;
/* Reads certificates out of what libcurl makes of an LDAP answer: "\tuserCertificate;binary:: BASE64" lines. */
void wg_ldap_read(const char *text, size_t len, const char *source, struct wg_findings *out);

/* The certificate as PEM, for wg_cert_parse and for a file. */
void wg_found_pem(const struct wg_found *found, struct wg_buf *out);

#endif
