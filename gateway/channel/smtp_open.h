/* Opening a session with a mail server: who it is, TLS that proves it, EHLO, login. */
#ifndef WG_CHANNEL_SMTP_OPEN_H
#define WG_CHANNEL_SMTP_OPEN_H

#include "channel/mail_route.h"
#include "channel/session.h"
#include "channel/smtp_talk.h"

/* Addresses of a smarthost that are tried. */
#define WG_SMTP_ADDRESSES 8

/* What is kept from one connection to the next. Starts zeroed; free with wg_smtp_known_free. */
struct wg_smtp_known {
	char domain[WG_HOST_TEXT];   /* direct: whose servers route is for */
	struct wg_mail_route *route; /* or NULL */
	int64_t route_until;         /* monotonic ms */
	char host[WG_HOST_TEXT];     /* with port: whose the memory is */
	unsigned port;
	struct wg_tls_memory memory;
};
void wg_smtp_known_free(struct wg_smtp_known *known);

/* How an opening went wrong. */
struct wg_smtp_fault {
	bool tls;     /* for wg_send_result.tls_fault */
	bool login;   /* for wg_send_result.login_fault */
	bool refused; /* the domain takes no mail at all, ever */
	char words[256];
};

/* Tries the servers in their order, and the addresses of each, until one is verified and has taken the login; talk is
 * then ready for MAIL. target->smtp_host NULL: the servers of domain. Takes at most connect_ms for each connection and
 * total_ms (and 40 seconds for DNS) in all; a smarthost's name is looked up by the resolver of the system, which the
 * limit on the worker bounds. connections and resumed are counted in counts. False: fault says why, talk is closed. */
bool wg_smtp_open(struct wg_smtp_talk *talk, const struct wg_send_target *target, const char *domain,
                  struct wg_smtp_known *known, struct wg_session_counts *counts, struct wg_smtp_fault *fault);

/* WG_CONFIG when the target can never be reached as it is described. */
enum wg_code wg_smtp_target_check(const struct wg_send_target *target, struct wg_err *err) WG_MUST;

#endif
