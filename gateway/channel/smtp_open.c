/* Owns how a session with a mail server comes about. Each server is verified in its own way, once; what fails is not
 * tried in another way, only the next server is. SECURITY: nothing of a message and no login is at hand here before the
 * server has proven its name. */
#include "channel/smtp_open.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "channel/smtp_login.h"
#include "crypto/dane.h"
#include "crypto/peer.h"
#include "crypto/tls.h"

/* How long the way to a domain's servers is believed: names change slowly, and each use is verified by TLS anyway. */
#define ROUTE_MS (5 * 60 * 1000)
/* The port of mail between servers (RFC 5321 4.5.4.2), where a route names none. */
#define SMTP_PORT 25

/* One server at one address. */
struct place {
	const struct wg_mail_hop *hop; /* NULL: the smarthost */
	const char *name;              /* SNI, and what the certificate carries */
	const char *address;           /* numeric */
	unsigned port;
};

void wg_smtp_known_free(struct wg_smtp_known *known)
{
	free(known->route);
	wg_tls_forget(&known->memory);
	*known = (struct wg_smtp_known){ 0 };
}

static bool numeric(const char *address)
{
	unsigned char bytes[sizeof(struct in6_addr)];
	return inet_pton(AF_INET, address, bytes) == 1 || inet_pton(AF_INET6, address, bytes) == 1;
}

enum wg_code wg_smtp_target_check(const struct wg_send_target *target, struct wg_err *err)
{
	if (target->smtp_host &&
	    (!wg_hostname_valid(target->smtp_host) || strlen(target->smtp_host) >= WG_HOST_TEXT || target->smtp_port == 0))
		return wg_err_set(err, WG_CONFIG, "smarthost: no valid host name and port");
	if (target->smtp_port > 65535)
		return wg_err_set(err, WG_CONFIG, "smarthost: no valid port");
	if (!target->helo || !wg_hostname_valid(target->helo) || strlen(target->helo) >= WG_HOST_TEXT)
		return wg_err_set(err, WG_CONFIG, "own name for EHLO is not a host name");
	if (!target->from || !wg_address_valid(target->from))
		return wg_err_set(err, WG_CONFIG, "own address is not an e-mail address");
	if (target->expect_ip && !numeric(target->expect_ip))
		return wg_err_set(err, WG_CONFIG, "expected address is not a numeric IP address");
	if (target->connect_ms <= 0 || target->total_ms <= 0)
		return wg_err_set(err, WG_CONFIG, "time limits are missing");
	if (!target->smtp_host && target->auth != WG_SEND_AUTH_NONE)
		return wg_err_set(err, WG_CONFIG, "a login is for a smarthost, never for a domain's own servers");
	return WG_OK;
}

/* ---- TLS */

static enum wg_code make_context(const struct wg_send_target *target, const struct place *place, SSL_CTX **out,
                                 struct wg_err *err)
{
	struct wg_tls tls = target->tls;

	if (place->hop)
		tls.crl = NULL; /* that list is of the smarthost's authority */
	if (place->hop && place->hop->how == WG_HOP_DANE)
		tls.peer = NULL; /* RFC 7672 3.1: the records decide, no authority does */
	return wg_tls_client(&tls, out, err);
}

/* The memory of another server is nothing to this one; nor is one from before something new was heard of who was
 * revoked. */
static struct wg_tls_memory *memory_of(struct wg_smtp_known *known, const struct place *place, bool news)
{
	if (strcmp(known->host, place->name) != 0 || known->port != place->port || news)
		wg_tls_forget(&known->memory);
	(void)snprintf(known->host, sizeof known->host, "%s", place->name); /* fits: checked, or a host of a route */
	known->port = place->port;
	return &known->memory;
}

/* Sets ssl up to accept this server and no other. */
static enum wg_code expect(SSL *ssl, const struct wg_send_target *target, const struct place *place,
                           struct wg_smtp_known *known, struct wg_err *err)
{
	if (place->hop && place->hop->how == WG_HOP_DANE) {
		const char *names[WG_HOP_NAMES];
		for (unsigned i = 0; i < place->hop->name_count; i++)
			names[i] = place->hop->names[i];
		return wg_tls_dane(ssl, names, place->hop->name_count, place->hop->tlsa, place->hop->tlsa_count, err);
	}
	enum wg_code code = wg_tls_expect(ssl, place->name, err);
	return code == WG_OK ? wg_tls_remember(ssl, memory_of(known, place, wg_peer_news(target->tls.peer)), err) : code;
}

static enum wg_code proven(SSL *ssl, const struct place *place, struct wg_err *err)
{
	char words[128];

	if (place->hop && place->hop->how == WG_HOP_DANE)
		return wg_tls_dane_proven(ssl, words, sizeof words, err);
	return wg_tls_checked(ssl, place->name, err);
}

/* A WG_SYSTEM or WG_CONFIG of setting up is not the server's doing; all the rest is a TLS fault. */
static enum wg_code start_tls(struct wg_smtp_talk *talk, const struct wg_send_target *target, const struct place *place,
                              struct wg_smtp_known *known, struct wg_session_counts *counts, struct wg_err *err)
{
	WG_CLEANUP(wg_tls_freep) SSL_CTX *ctx = NULL; /* made anew: revoked certificates and our own may have changed */
	enum wg_code code = make_context(target, place, &ctx, err);
	if (code != WG_OK)
		return code;
	SSL *ssl = SSL_new(ctx);
	if (ssl == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for TLS");
	code = expect(ssl, target, place, known, err);
	if (code != WG_OK) {
		SSL_free(ssl);
		return code == WG_NOT_FOUND ? wg_err_set(err, WG_CRYPTO, "no TLSA record can be used") : code;
	}
	wg_smtp_talk_step(talk, WG_SMTP_STEP_MS);
	code = wg_smtp_link_tls(&talk->link, ssl, err);
	if (code == WG_OK)
		code = proven(ssl, place, err);
	if (code != WG_OK) {
		talk->over = true;
		wg_tls_forget(&known->memory);
		return code;
	}
	counts->resumed += SSL_session_reused(ssl) != 0;
	wg_smtp_talk_verified(talk);
	return WG_OK;
}

/* ---- one server */

static enum wg_code greet(struct wg_smtp_talk *talk, struct wg_err *err)
{
	char words[200];
	enum wg_code code = wg_smtp_talk_hear(talk, "greeting", WG_SMTP_STEP_MS, err);

	if (code == WG_OK && talk->reply.code != 220)
		return wg_err_set(err, WG_AGAIN, "the server turns us away: %s",
		                  wg_smtp_reply_words(&talk->reply, words, sizeof words));
	return code;
}

/* From the connection to EHLO inside verified TLS. */
static enum wg_code reach(struct wg_smtp_talk *talk, const struct wg_send_target *target, const struct place *place,
                          struct wg_smtp_known *known, struct wg_session_counts *counts, struct wg_err *err)
{
	bool implicit = target->implicit_tls && !place->hop; /* RFC 8314 is for smarthosts */

	wg_smtp_talk_step(talk, target->connect_ms);
	enum wg_code code = wg_smtp_link_connect(&talk->link, place->address, place->port, err);
	if (code != WG_OK)
		return code;
	counts->connections++;
	if (implicit)
		code = start_tls(talk, target, place, known, counts, err);
	if (code == WG_OK)
		code = greet(talk, err);
	if (code != WG_OK)
		return code;
	code = wg_smtp_talk_ehlo(talk, target->helo, err);
	/* without EHLO there is no STARTTLS either: whoever refuses it takes TLS from us */
	if (code == WG_AGAIN && !talk->verified && talk->reply.done && talk->reply.code / 100 == 5)
		return wg_err_set(err, WG_CRYPTO, "the server offers no STARTTLS: it does not even know EHLO");
	if (code == WG_OK && !implicit) {
		code = wg_smtp_talk_starttls(talk, err);
		if (code == WG_OK)
			code = start_tls(talk, target, place, known, counts, err);
		if (code == WG_OK)
			code = wg_smtp_talk_ehlo(talk, target->helo, err);
	}
	return code;
}

/* Keeps the first TLS fault over what came later: it is what somebody has to look at. */
static void note(struct wg_smtp_fault *fault, const struct place *place, enum wg_code code, const char *words)
{
	char text[WG_ERR_TEXT_MAX + WG_HOST_TEXT];

	if (fault->tls && code != WG_CRYPTO)
		return;
	(void)snprintf(text, sizeof text, "%s: %s", place->name, words); /* cut is fine */
	(void)wg_defang(text, fault->words, sizeof fault->words);        /* returns its buffer */
	fault->tls = code == WG_CRYPTO;
}

/* True: ready. *stop: and the next server would not do either. */
static bool try_place(struct wg_smtp_talk *talk, const struct wg_send_target *target, const struct place *place,
                      struct wg_smtp_known *known, struct wg_session_counts *counts, struct wg_smtp_fault *fault,
                      bool *stop)
{
	struct wg_err err = { .code = WG_OK };
	int64_t until = talk->until;
	enum wg_code code = reach(talk, target, place, known, counts, &err);

	if (code == WG_OK) {
		code = wg_smtp_login(talk, target, &err);
		if (code == WG_OK)
			return true;
		fault->login = code == WG_CONFIG;
		*stop = true; /* a second server is told the same, and locks the account */
	}
	note(fault, place, code, err.text);
	wg_smtp_talk_close(talk, 0);
	talk->until = until;
	*stop = *stop || wg_clock_monotonic() >= until;
	return false;
}

/* ---- who they are */

static void resolve(const struct wg_send_target *target, char (*out)[WG_ADDRESS_TEXT], unsigned *count,
                    struct wg_smtp_fault *fault)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;

	*count = 0;
	int rc = getaddrinfo(target->smtp_host, NULL, &hints, &list);
	for (const struct addrinfo *a = list; a && *count < WG_SMTP_ADDRESSES; a = a->ai_next)
		if (getnameinfo(a->ai_addr, a->ai_addrlen, out[*count], WG_ADDRESS_TEXT, NULL, 0, NI_NUMERICHOST) == 0)
			(*count)++;
	if (list)
		freeaddrinfo(list);
	if (*count == 0)
		(void)snprintf(fault->words, sizeof fault->words, "%s: no address is known: %s", target->smtp_host,
		               rc != 0 ? gai_strerror(rc) : "none"); /* cut is fine */
}

static bool open_smarthost(struct wg_smtp_talk *talk, const struct wg_send_target *target, struct wg_smtp_known *known,
                           struct wg_session_counts *counts, struct wg_smtp_fault *fault)
{
	char addresses[WG_SMTP_ADDRESSES][WG_ADDRESS_TEXT];
	unsigned count = 1;
	bool stop = false, ready = false;

	if (target->expect_ip)
		(void)snprintf(addresses[0], sizeof addresses[0], "%s", target->expect_ip); /* fits: numeric */
	else
		resolve(target, addresses, &count, fault);
	talk->until = wg_clock_monotonic() + target->total_ms;
	for (unsigned i = 0; i < count && !stop && !ready; i++) {
		const struct place place = { .name = target->smtp_host, .address = addresses[i], .port = target->smtp_port };
		ready = try_place(talk, target, &place, known, counts, fault, &stop);
	}
	return ready;
}

/* The way to the servers of domain, from memory while it is fresh. */
static enum wg_code find_route(const struct wg_send_target *target, const char *domain, struct wg_smtp_known *known,
                               struct wg_err *err)
{
	struct wg_mail_route *route = NULL;
	int64_t now = wg_clock_monotonic();

	if (known->route && strcmp(known->domain, domain) == 0 && now < known->route_until)
		return WG_OK;
	enum wg_code code = wg_mail_route_find(target, domain, &route, err);
	if (code != WG_OK)
		return code;
	free(known->route);
	known->route = wg_steal(&route);
	known->route_until = now + ROUTE_MS;
	(void)snprintf(known->domain, sizeof known->domain, "%s", domain); /* fits: part of an address that was checked */
	return WG_OK;
}

static bool open_direct(struct wg_smtp_talk *talk, const struct wg_send_target *target, const char *domain,
                        struct wg_smtp_known *known, struct wg_session_counts *counts, struct wg_smtp_fault *fault)
{
	struct wg_err err = { .code = WG_OK };
	bool stop = false, ready = false;
	enum wg_code code = find_route(target, domain, known, &err);

	if (code != WG_OK) {
		(void)wg_defang(err.text, fault->words, sizeof fault->words); /* returns its buffer */
		fault->tls = code == WG_CRYPTO;
		fault->refused = code == WG_REJECT;
		return false;
	}
	talk->until = wg_clock_monotonic() + target->total_ms;
	for (unsigned i = 0; i < known->route->count && !stop && !ready; i++) {
		const struct wg_mail_hop *hop = &known->route->hops[i];
		for (unsigned k = 0; k < hop->address_count && !stop && !ready; k++) {
			const struct place place = {
				.hop = hop,
				.name = hop->names[0],
				.address = target->expect_ip ? target->expect_ip : hop->addresses[k],
				.port = hop->port ? hop->port : SMTP_PORT,
			};
			ready = try_place(talk, target, &place, known, counts, fault, &stop);
		}
	}
	if (!ready)
		known->route_until = 0; /* asked anew for the next try: a record may have changed under us */
	return ready;
}

bool wg_smtp_open(struct wg_smtp_talk *talk, const struct wg_send_target *target, const char *domain,
                  struct wg_smtp_known *known, struct wg_session_counts *counts, struct wg_smtp_fault *fault)
{
	*fault = (struct wg_smtp_fault){ .words = "no server could be reached" };
	return target->smtp_host ? open_smarthost(talk, target, known, counts, fault)
	                         : open_direct(talk, target, domain, known, counts, fault);
}
