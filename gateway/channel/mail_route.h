/* The way to the mail servers of a domain: who they are, and what each must prove before it is given a message. DANE
 * (RFC 7672) decides first; where the domain has none, an enforced MTA-STS policy (RFC 8461) does; where it has
 * neither, a server's certificate proves something only if its name is known for certain. Nothing is ever taken in the
 * clear or on a name that anybody could have put into an answer. */
#ifndef WG_CHANNEL_MAIL_ROUTE_H
#define WG_CHANNEL_MAIL_ROUTE_H

#include <stdbool.h>

#include "channel/dns.h"
#include "channel/send.h"
#include "crypto/dane.h"

/* Servers of one domain that are looked at, best preference first: large domains have five. */
#define WG_MAIL_HOPS 10
#define WG_HOP_ADDRESSES 8
/* RFC 7672 section 3.2.2: the TLSA base domain, the domain, and what the domain is an alias of. */
#define WG_HOP_NAMES 3

enum wg_hop_how {
	WG_HOP_DANE, /* wg_tls_dane with names and tlsa; no anchor, no name beside them */
	WG_HOP_STS,  /* PKIX with the gateway's anchors; the certificate carries names[0]; the policy names the host */
	WG_HOP_NAME  /* PKIX with the gateway's anchors; the certificate carries names[0]; the host is known by a secure MX
	                record, is the domain itself, or the configuration lets it pass */
};
const char *wg_hop_how_name(enum wg_hop_how how); /* "DANE", "MTA-STS", "name" */

/* One server. TLS is mandatory with each, verified as how says: what fails is not tried in another way, only the next
 * hop is. */
struct wg_mail_hop {
	char host[WG_HOST_TEXT]; /* as the MX record has it; for people */
	unsigned preference;
	unsigned short port;
	char addresses[WG_HOP_ADDRESSES][WG_ADDRESS_TEXT]; /* numeric; IPv6 and IPv4 in turn */
	unsigned address_count;
	enum wg_hop_how how;
	/* names[0]: what is sent as the server's name (SNI) and stands in the certificate. DANE: names and name_count go to
	 * wg_tls_dane. */
	char names[WG_HOP_NAMES][WG_HOST_TEXT];
	unsigned name_count;
	struct wg_tlsa tlsa[WG_TLSA_MAX]; /* DANE: the usable ones */
	unsigned tlsa_count;
};

struct wg_mail_route {
	struct wg_mail_hop hops[WG_MAIL_HOPS]; /* to be tried in this order */
	unsigned count;                        /* 1 at least */
	char words[256];                       /* for people: on what it rests, and which servers were passed over */
};

/* Finds the way to the servers of domain (the part behind the @; ASCII), port target->smtp_port or 25. Uses
 * target->dns_anchor, dns_resolver, sts_ca, sts_cache, sts_port and dns_names_for. Takes up to 40 seconds. The caller
 * frees *out with free(). Otherwise, with words for the operator:
 *   WG_AGAIN   DNS did not answer (or, unproven, that there is no such domain), or a policy could not be fetched: defer
 *   WG_CRYPTO  what was found contradicts itself: a bogus signature, no server that the enforced policy names: defer,
 * and it is a TLS fault (an alarm) WG_CONFIG  the domain publishes neither DANE nor an enforced MTA-STS policy, and
 * nothing else proves its servers; or our own settings are wrong: defer; a person has to act WG_REJECT  the domain
 * takes no mail (RFC 7505), or provably does not exist: never WG_SYSTEM  this machine is at fault: defer */
enum wg_code wg_mail_route_find(const struct wg_send_target *target, const char *domain, struct wg_mail_route **out,
                                struct wg_err *err) WG_MUST;

/* ---- what it is decided from; pure, for its table of tests */

enum wg_sts_state {
	WG_STS_NONE, /* no policy is announced, and none is remembered */
	WG_STS_ENFORCE,
	WG_STS_TESTING,
	WG_STS_OFF,       /* mode none */
	WG_STS_UNFETCHED, /* announced; it could not be fetched or is not one, and none is remembered */
	WG_STS_UNKNOWN    /* whether one is announced could not be asked, and none is remembered */
};

struct wg_host_facts {
	char host[WG_HOST_TEXT];
	unsigned preference;
	struct wg_dns_fact address; /* of A and AAAA together */
	char addresses[WG_HOP_ADDRESSES][WG_ADDRESS_TEXT];
	unsigned address_count;
	struct wg_dns_fact tlsa; /* NO_DATA, insecure, where it was not asked because the host's zone is not signed */
	char base[WG_HOST_TEXT]; /* where the records stand: host, or what host is an alias of */
	struct wg_tlsa records[WG_TLSA_MAX];
	unsigned record_count; /* the usable ones only; FOUND with 0: all are unusable */
	bool sts_match;        /* the policy's mx names the host */
};

struct wg_mail_facts {
	char domain[WG_HOST_TEXT], expanded[WG_HOST_TEXT]; /* expanded: what domain is an alias of, or domain */
	unsigned short port;
	struct wg_dns_fact mx;
	bool null_mx;                             /* "MX 0 ." and nothing else */
	struct wg_host_facts hosts[WG_MAIL_HOPS]; /* with NO_DATA for mx: the domain itself */
	unsigned host_count;
	enum wg_sts_state sts;
	bool name_allowed; /* the configuration lets a name pass that nothing proves */
};

/* WG_OK with *out filled in, or the code and words that wg_mail_route_find gives. Hosts of equal preference stay in
 * their order. */
enum wg_code wg_mail_route_decide(const struct wg_mail_facts *facts, struct wg_mail_route *out, struct wg_err *err)
	WG_MUST;
/* Whether the MTA-STS policy has a say: false when the servers are settled by DANE or by a failure, so that it need not
 * be fetched. Reads all of facts but sts and sts_match. */
bool wg_mail_route_asks_sts(const struct wg_mail_facts *facts);

#endif
