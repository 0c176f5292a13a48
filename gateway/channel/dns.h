/* Questions to the DNS, validated here (DNSSEC, RFC 4033) whatever the resolver that is asked says of itself. One
 * thread belongs to it: open it after a fork, not before. */
#ifndef WG_CHANNEL_DNS_H
#define WG_CHANNEL_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define WG_HOST_TEXT 256
#define WG_ADDRESS_TEXT 46 /* INET6_ADDRSTRLEN */
/* Records of one answer that are looked at. */
#define WG_DNS_RECORDS 64

enum wg_dns_type {
	WG_DNS_A = 1,
	WG_DNS_CNAME = 5,
	WG_DNS_MX = 15,
	WG_DNS_TXT = 16,
	WG_DNS_AAAA = 28,
	WG_DNS_TLSA = 52,
	WG_DNS_SMIMEA = 53
};

enum wg_dns_what {
	WG_DNS_FOUND,
	WG_DNS_NO_DATA, /* the name is there, records of this type are not */
	WG_DNS_NO_NAME, /* NXDOMAIN */
	WG_DNS_FAILED,  /* no answer, or SERVFAIL and its like */
	WG_DNS_BOGUS    /* an answer whose signatures are wrong */
};

/* What came back for one question. secure: validated up to the trust anchor, a denial too. */
struct wg_dns_fact {
	enum wg_dns_what what;
	bool secure;
};

struct ub_result;

struct wg_dns_question {
	char name[WG_HOST_TEXT];
	enum wg_dns_type type;
	/* the answer */
	struct wg_dns_fact fact;
	char canonical[WG_HOST_TEXT]; /* what name is an alias of, lower case; name itself when it is none */
	char why[128];                /* FAILED and BOGUS: words, defanged */
	struct ub_result *result;     /* wg_dns_record reads it */
};

struct wg_dns;

/* anchor: file of DS or DNSKEY records of the root, as unbound-anchor and dns-root-data have it. resolver: "ADDRESS" or
 * "ADDRESS@PORT" to ask, or NULL to ask the world from the root on. WG_CONFIG when either is no such thing. */
enum wg_code wg_dns_open(const char *anchor, const char *resolver, struct wg_dns **out, struct wg_err *err) WG_MUST;
void wg_dns_freep(struct wg_dns **dns);

/* Asks all of them at once and waits for the answers, wait_ms at most: those that have none by then FAILED. WG_SYSTEM
 * only when asking itself is not possible; no answer, or a wrong one, is an answer. Every question is left with its
 * answer; free it with wg_dns_forget. */
enum wg_code wg_dns_ask(struct wg_dns *dns, struct wg_dns_question *questions, unsigned count, int wait_ms,
                        struct wg_err *err) WG_MUST;
void wg_dns_forget(struct wg_dns_question *questions, unsigned count);
/* Record i of a FOUND answer, in wire form; NULL when there is no such record. Borrowed from the question. */
const uint8_t *wg_dns_record(const struct wg_dns_question *question, unsigned i, size_t *len);

/* ---- records, read from their wire form; false when they are malformed */

/* A host name, uncompressed, into out in lower case, without the final dot ("" for the root). Only letters, digits,
 * hyphens and underscores; *used bytes were read. */
bool wg_dns_read_name(const uint8_t *p, size_t len, char out[WG_HOST_TEXT], size_t *used);
bool wg_dns_read_mx(const uint8_t *p, size_t len, unsigned *preference, char host[WG_HOST_TEXT]);
bool wg_dns_read_address(enum wg_dns_type type, const uint8_t *p, size_t len, char out[WG_ADDRESS_TEXT]);
/* The strings of a TXT record put together (RFC 7208 3.3, RFC 8461 3.1), printable ASCII only; size - 1 bytes at most.
 */
bool wg_dns_read_txt(const uint8_t *p, size_t len, char *out, size_t size);
/* TLSA and SMIMEA: the same form. The data is borrowed from p. */
struct wg_dns_association {
	uint8_t usage, selector, matching;
	const uint8_t *data;
	size_t len;
};
bool wg_dns_read_association(const uint8_t *p, size_t len, struct wg_dns_association *out);

#endif
