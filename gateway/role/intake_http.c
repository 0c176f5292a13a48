/* intake_http.c owns the HTTPS interface: POST /v1/notices, GET /v1/notices/{id}, health. Errors are RFC 9457
 * problem+json. SECURITY: who submits is decided by the client certificate's SAN or key against the directory, never by
 * its CN nor by anything in the request. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/intake.h"

/* draft-ietf-httpapi-idempotency-key-header-07: the server says what it takes; we take printable ASCII of this length.
 */
#define IDEMPOTENCY_KEY_MAX 128

static const struct wg_organisation *who(const struct wg_intake *intake, const struct wg_cert_facts *client)
{
	return wg_directory_client(intake->directory, client->dns, WG_COUNT(client->dns), client->uris,
	                           WG_COUNT(client->uris), client->key_pin);
}

bool wg_intake_admit(void *arg, const struct wg_cert_facts *client)
{
	const struct wg_intake *intake = arg;
	bool known = who(intake, client) != NULL;
	if (!known)
		/* the subject may be a person's name: the machine's names and the key say who it is */
		wg_log(WG_LOG_WARNING, "unknown-client", "dns", client->dns[0][0] != '\0' ? client->dns[0] : NULL, "uri",
		       client->uris[0][0] != '\0' ? client->uris[0] : NULL, "key", client->key_pin, NULL);
	return known;
}

static void refuse(struct wg_http_request *r, const struct wg_err *err)
{
	if (err->code == WG_REJECT)
		wg_http_problem(r, 415, "unsupported-document", "The document cannot be taken", err->text);
	else if (err->code == WG_LIMIT)
		wg_http_problem(r, 413, "too-large", "The document is too large", err->text);
	else
		wg_http_problem(r, 503, "not-now", "The gateway cannot take this now",
		                "Nothing was accepted. Send the same request again later.");
}

/* ---- POST /v1/notices */

/* The media type without parameters, lower case not needed: compared without case later. */
static const char *media_type(const struct wg_http_request *r, char *out, size_t size)
{
	const char *declared = wg_http_header(r, "Content-Type");
	if (declared == NULL)
		return NULL;
	size_t n = strcspn(declared, "; \t");
	if (n >= size)
		n = size - 1;
	memcpy(out, declared, n);
	out[n] = '\0';
	return out;
}

static bool key_valid(const char *key)
{
	size_t n = strnlen(key, IDEMPOTENCY_KEY_MAX + 1);
	if (n == 0 || n > IDEMPOTENCY_KEY_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if (key[i] < 0x21 || key[i] > 0x7e)
			return false;
	return true;
}

static void answer_added(struct wg_intake *intake, void *arg, uint32_t number, const struct wg_msg_receipt *receipt,
                         const struct wg_err *failed)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(1024);
	struct wg_http_request *r = arg;
	char location[64];
	(void)intake, (void)number; /* the signature is wg_intake_told's */
	if (failed->code == WG_OK)
		wg_log(WG_LOG_INFO, receipt->duplicate ? "accepted-again" : "accepted", "message", receipt->id, "way", "https",
		       NULL);
	else
		wg_log_err(WG_LOG_WARNING, "not-accepted", failed, "way", "https", NULL);
	if (failed->code == WG_REJECT) {
		wg_http_problem(r, 422, "key-reused", "The Idempotency-Key was used for another document", failed->text);
		return;
	}
	if (failed->code != WG_OK) {
		refuse(r, &(struct wg_err){ .code = WG_AGAIN });
		return;
	}
	wg_intake_receipt(receipt, &body);
	(void)snprintf(location, sizeof location, "/v1/notices/%s", receipt->id);
	const struct wg_http_header headers[] = { { "Location", location }, { NULL, NULL } };
	wg_http_answer(r, 202, "application/json", body.data, body.len, headers);
}

static void submit(struct wg_intake *intake, struct wg_http_request *r, const struct wg_organisation *organisation)
{
	WG_AUTO_BUF struct wg_buf blob = WG_BUF(WG_LIMIT_ENVELOPE);
	struct wg_msg_new msg;
	struct wg_err err = { 0 };
	char type[128]; /* the longest we take has 71 */
	size_t len;
	const uint8_t *body = wg_http_body(r, &len);
	const char *key = wg_http_header(r, "Idempotency-Key"), *declared = media_type(r, type, sizeof type);
	if (declared == NULL) {
		wg_http_problem(r, 415, "no-content-type", "Content-Type is missing",
		                "Say what you send: message/rfc822, application/pdf, text/csv, text/html, application/xml, "
		                "application/pkcs7-mime, or the type of a Word, OpenDocument or Excel file.");
		return;
	}
	if (key != NULL && !key_valid(key)) {
		wg_http_problem(r, 400, "bad-idempotency-key", "Idempotency-Key is not usable",
		                "Use 1 to 128 printable ASCII characters without blanks.");
		return;
	}
	enum wg_code code = wg_intake_seal(intake, organisation->id, key != NULL ? key : "", "https", body, len, declared,
	                                   NULL, &blob, &msg, &err);
	if (code != WG_OK) {
		wg_log_err(WG_LOG_WARNING, "refused", &err, "organisation", organisation->id, "way", "https", NULL);
		refuse(r, &err);
		return;
	}
	if (wg_intake_add(intake, &msg, answer_added, r, 0, &err) != WG_OK)
		refuse(r, &err);
}

/* ---- GET /v1/notices/{id} */

/* The states of as many parts as a document may have, some 70 bytes each. */
#define STATUS_MAX ((size_t)256 * 1024)

/* "WHAT STATE" lines to a JSON array of objects, WHAT under `what`. */
static void put_states(const char *name, const char *what, const char *lines, struct wg_buf *out)
{
	wg_buf_printf(out, ",\"%s\":[", name);
	const char *between = "";
	for (const char *line = lines; *line != '\0';) {
		size_t n = strcspn(line, "\n"), to = strcspn(line, " \n");
		if (to < n) {
			wg_buf_printf(out, "%s{\"%s\":\"%.*s\",\"state\":\"%.*s\"}", between, what, (int)to, line,
			              (int)(n - to - 1), line + to + 1);
			between = ",";
		}
		line += n + (line[n] == '\n');
	}
	wg_buf_puts(out, "]");
}

static void status(struct wg_intake *intake, struct wg_http_request *r, const struct wg_organisation *organisation,
                   const char *id)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(STATUS_MAX);
	struct wg_msg_status found = { 0 };
	struct wg_err err = { 0 };
	enum wg_code code =
		wg_id_valid(id) ? wg_client_status(intake->asks, id, organisation->id, &found, &err) : WG_NOT_FOUND;
	if (code == WG_NOT_FOUND) {
		wg_http_problem(r, 404, "no-such-notice", "No such notice",
		                "No notice with this id was submitted by your organisation.");
		return;
	}
	if (code != WG_OK) {
		refuse(r, &(struct wg_err){ .code = WG_AGAIN });
		wg_intake_fail(intake, &err);
		return;
	}
	wg_intake_receipt(&found.receipt, &body);
	body.len -= strlen("}\n"); /* goes on */
	if (found.reason[0] != '\0') {
		wg_buf_puts(&body, ",\"reason\":");
		wg_buf_put_json(&body, found.reason);
	}
	put_states("deliveries", "to", found.deliveries != NULL ? found.deliveries : "", &body);
	if (found.parts != NULL && found.parts[0] != '\0')
		put_states("parts", "id", found.parts, &body);
	wg_buf_puts(&body, "}\n");
	free(found.deliveries);
	free(found.parts);
	if (body.failed)
		refuse(r, &(struct wg_err){ .code = WG_AGAIN });
	else
		wg_http_answer(r, 200, "application/json", body.data, body.len, NULL);
}

/* ---- the table */

void wg_intake_http(void *arg, struct wg_http_request *r)
{
	static const char notices[] = "/v1/notices";
	struct wg_intake *intake = arg;
	const char *path = wg_http_path(r), *method = wg_http_method(r);
	const struct wg_organisation *organisation = who(intake, wg_http_client(r));
	bool get = strcmp(method, "GET") == 0, post = strcmp(method, "POST") == 0;
	if (organisation == NULL) {
		wg_http_problem(r, 403, "unknown-agency", "Your certificate is not known here",
		                "Ask the operator of this gateway to record your certificate's SAN or key in its directory.");
	} else if (strcmp(path, notices) == 0 && post) {
		submit(intake, r, organisation);
	} else if (strncmp(path, notices, sizeof notices - 1) == 0 && path[sizeof notices - 1] == '/' && get) {
		status(intake, r, organisation, path + sizeof notices);
	} else if (get && (strcmp(path, "/health/live") == 0 || strcmp(path, "/health/ready") == 0)) {
		wg_http_answer(r, 200, "application/json", "{\"status\":\"ok\"}\n", 16, NULL);
	} else if (strcmp(path, notices) == 0 || strncmp(path, "/v1/notices/", 12) == 0) {
		const struct wg_http_header allow[] = { { "Allow", strcmp(path, notices) == 0 ? "POST" : "GET" },
			                                    { NULL, NULL } };
		static const char body[] =
			"{\"type\":\"urn:wardgate:problem:method\",\"title\":\"This method is not served here\",\"status\":405}\n";
		wg_http_answer(r, 405, "application/problem+json", body, sizeof body - 1, allow);
	} else {
		wg_http_problem(r, 404, "no-such-place", "There is nothing here",
		                "Submit with POST /v1/notices; ask with GET /v1/notices/{id}.");
	}
}
