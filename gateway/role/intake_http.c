/* intake_http.c owns the HTTPS interface: who may come in, which place answers what, health. Errors are RFC 9457
 * problem+json. ops/openapi.yaml describes all of it. SECURITY: who submits is decided by the client certificate's SAN
 * or key against the directory, never by its CN nor by anything in the request. */
#include "role/intake_http.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"

static const struct wg_organisation *who(const struct wg_intake *intake, const struct wg_cert_facts *client)
{
	return wg_directory_client(intake->directory, client->dns, WG_COUNT(client->dns), client->uris,
	                           WG_COUNT(client->uris), client->key_pin);
}

bool wg_intake_admit(void *arg, const struct wg_cert_facts *client)
{
	struct wg_intake *intake = arg;
	const struct wg_organisation *known = who(intake, client);
	wg_peer_watch_whom(&intake->clients, intake->config, known);
	if (known == NULL)
		/* the subject may be a person's name: the machine's names and the key say who it is */
		wg_log(WG_LOG_WARNING, "unknown-client", "dns", client->dns[0][0] != '\0' ? client->dns[0] : NULL, "uri",
		       client->uris[0][0] != '\0' ? client->uris[0] : NULL, "key", client->key_pin, NULL);
	return known != NULL;
}

void wg_intake_met(void *arg, const struct wg_peer_look *look)
{
	const struct wg_intake *intake = arg;
	const struct wg_peer_watch *watch = &intake->clients;
	wg_peer_note(&watch->place, watch->seen, look->pem, look->len, look->fault != WG_CERT_FINE);
	if (look->fault != WG_CERT_FINE)
		wg_log(WG_LOG_ERROR, "client-refused", "organisation", watch->place.organisation, "why", look->words, "alarm",
		       "revocation", NULL);
}

const char *wg_intake_trace(const struct wg_http_request *r, char out[WG_TRACE_TEXT])
{
	/* version "-" trace id "-" parent id "-" flags; a later version may go on behind them */
	static const char hex[] = "0123456789abcdef", none[] = "00000000000000000000000000000000";
	const char *p = wg_http_header(r, "traceparent");
	out[0] = '\0';
	if (p == NULL || strlen(p) < 55 || strspn(p, hex) != 2 || strncmp(p, "ff", 2) == 0 || p[2] != '-' ||
	    strspn(p + 3, hex) != 32 || p[35] != '-' || strspn(p + 36, hex) != 16 || p[52] != '-' ||
	    strncmp(p + 3, none, 32) == 0)
		return out;
	memcpy(out, p + 3, 32);
	out[32] = '\0';
	return out;
}

void wg_intake_refuse(struct wg_http_request *r, const struct wg_err *err)
{
	if (err->code == WG_REJECT)
		wg_http_problem(r, 415, "unsupported-document", "The document cannot be taken", err->text);
	else if (err->code == WG_LIMIT)
		wg_http_problem(r, 413, "too-large", "The document is too large", err->text);
	else
		wg_http_problem(r, 503, "not-now", "The gateway cannot take this now",
		                "Nothing was accepted. Send the same request again later.");
}

void wg_intake_no_store(struct wg_intake *intake, struct wg_http_request *r, const struct wg_err *err)
{
	if (wg_client_gone(err))
		wg_intake_fail(intake, err);
	else
		wg_log_err(WG_LOG_WARNING, "not-answered", err, "path", wg_http_path(r), NULL);
	wg_http_problem(r, 503, "not-now", "The gateway cannot answer this now",
	                "Send the same request again later: what it asks for is done once.");
}

/* ---- health */

const char *wg_intake_busy(void *arg)
{
	const struct wg_intake *intake = arg;
	if (intake->draining)
		return "The gateway is stopping. Nothing was accepted: send the same request again.";
	if (wg_intake_laden(intake))
		return "As much waits to be stored as may. Nothing was accepted: send the same request again later.";
	if (intake->crowded)
		return "Too much waits to be worked off. Nothing was accepted: send the same request again later.";
	if (intake->apart)
		return "The database cannot be reached. Nothing was accepted: send the same request again later.";
	return intake->full ? "The disk is full. Nothing was accepted: send the same request again later." : NULL;
}

static void health(const struct wg_intake *intake, struct wg_http_request *r, bool ready)
{
	static const char fine[] = "{\"status\":\"ok\"}\n", draining[] = "{\"status\":\"stopping\"}\n",
					  full[] = "{\"status\":\"not accepting: disk\"}\n",
					  apart[] = "{\"status\":\"not accepting: database\"}\n",
					  crowded[] = "{\"status\":\"not accepting: queue\"}\n";
	if (ready && intake->draining)
		wg_http_answer(r, 503, "application/json", draining, sizeof draining - 1, NULL);
	else if (ready && intake->crowded)
		wg_http_answer(r, 503, "application/json", crowded, sizeof crowded - 1, NULL);
	else if (ready && intake->apart)
		wg_http_answer(r, 503, "application/json", apart, sizeof apart - 1, NULL);
	else if (ready && intake->full)
		wg_http_answer(r, 503, "application/json", full, sizeof full - 1, NULL);
	else
		wg_http_answer(r, 200, "application/json", fine, sizeof fine - 1, NULL);
}

/* ---- the table */

static void description(const struct wg_intake *intake, struct wg_http_request *r)
{
	if (intake->openapi.len > 0)
		wg_http_answer(r, 200, "application/yaml", intake->openapi.data, intake->openapi.len, NULL);
	else
		wg_http_problem(r, 404, "no-such-place", "There is nothing here",
		                "This gateway was installed without ops/openapi.yaml.");
}

static void wrong_method(struct wg_http_request *r, const char *allow)
{
	const struct wg_http_header headers[] = { { "Allow", allow }, { NULL, NULL } };
	wg_http_problem_more(r, 405, "method", "This method is not served here", "Allow says which are.", "", headers);
}

/* /v1/inbox/{delivery} and /v1/inbox/{delivery}/ack; rest: behind "/v1/inbox/". */
static void one_of_inbox(struct wg_intake *intake, struct wg_http_request *r,
                         const struct wg_organisation *organisation, const char *rest, bool get)
{
	char id[WG_ID_TEXT];
	size_t len = strcspn(rest, "/");
	bool ack = strcmp(rest + len, "/ack") == 0;
	if (len >= sizeof id || (rest[len] != '\0' && !ack)) {
		wg_http_problem(r, 404, "no-such-delivery", "No such delivery", "Nothing lies here for your organisation.");
		return;
	}
	memcpy(id, rest, len);
	id[len] = '\0';
	if (get == ack)
		wrong_method(r, ack ? "POST" : "GET");
	else if (ack)
		wg_intake_receipts(intake, r, organisation, id);
	else
		wg_intake_fetch(intake, r, organisation, id);
}

static const char *behind(const char *path, const char *folder)
{
	size_t n = strlen(folder);
	return strncmp(path, folder, n) == 0 && path[n] != '\0' ? path + n : NULL;
}

static void route(struct wg_intake *intake, struct wg_http_request *r, const struct wg_organisation *organisation)
{
	const char *path = wg_http_path(r), *rest;
	bool get = strcmp(wg_http_method(r), "GET") == 0;
	/* answers to these are waited for, and everybody with them; a POST was refused before its body was read */
	if (get && intake->apart && (behind(path, "/v1/notices/") != NULL || strncmp(path, "/v1/inbox", 9) == 0)) {
		wg_intake_refuse(r, &(struct wg_err){ .code = WG_AGAIN });
		return;
	}
	if (strcmp(path, "/v1/notices") == 0) {
		if (get)
			wrong_method(r, "POST");
		else
			wg_intake_submit(intake, r, organisation);
	} else if ((rest = behind(path, "/v1/notices/")) != NULL) {
		if (get)
			wg_intake_status(intake, r, organisation, rest);
		else
			wrong_method(r, "GET");
	} else if ((rest = behind(path, "/v1/inbox/")) != NULL) {
		one_of_inbox(intake, r, organisation, rest, get);
	} else if (strcmp(path, "/v1/receipts") == 0) {
		if (get)
			wrong_method(r, "POST");
		else
			wg_intake_receipts(intake, r, organisation, NULL);
	} else if (!get && (strcmp(path, "/v1/inbox") == 0 || strcmp(path, "/v1/openapi.yaml") == 0)) {
		wrong_method(r, "GET");
	} else if (strcmp(path, "/v1/inbox") == 0) {
		wg_intake_inbox(intake, r, organisation);
	} else if (strcmp(path, "/v1/openapi.yaml") == 0) {
		description(intake, r);
	} else if (get && (strcmp(path, "/health/live") == 0 || strcmp(path, "/health/ready") == 0)) {
		health(intake, r, strcmp(path, "/health/ready") == 0);
	} else {
		wg_http_problem(r, 404, "no-such-place", "There is nothing here",
		                "GET /v1/openapi.yaml describes all there is.");
	}
}

void wg_intake_http(void *arg, struct wg_http_request *r)
{
	struct wg_intake *intake = arg;
	const struct wg_organisation *organisation = who(intake, wg_http_client(r));
	if (organisation == NULL)
		wg_http_problem(r, 403, "unknown-agency", "Your certificate is not known here",
		                "Ask the operator of this gateway to record your certificate's SAN or key in its directory.");
	else
		route(intake, r, organisation);
}
