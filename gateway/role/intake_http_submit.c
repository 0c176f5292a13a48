/* intake_http_submit.c owns POST /v1/notices: a document comes in, a receipt goes out once it is on disk.
 * SECURITY: meets documents of admitted agencies; they are encrypted to the storage certificate before they leave here.
 */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "role/intake_http.h"

/* How long a sender waits for the store, which does not answer while nobody knows what became of a commit: less than
 * clients of HTTP wait. */
#define LATE_MS 20000

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

/* draft-ietf-httpapi-idempotency-key-header-07: the server says what it takes; we take printable ASCII. */
static bool key_valid(const char *key)
{
	size_t n = strnlen(key, WG_LIMIT_KEY + 1);
	if (n == 0 || n > WG_LIMIT_KEY)
		return false;
	for (size_t i = 0; i < n; i++)
		if (key[i] < 0x21 || key[i] > 0x7e)
			return false;
	return true;
}

/* The sender learns which message was taken under its key: when the answer to that was lost, it does not know. The
 * store's words name it. */
static void refuse_key(struct wg_http_request *r, const struct wg_err *failed)
{
	static const char mark[] = "message ";
	char id[WG_ID_TEXT] = "", more[128] = "";
	const char *at = strstr(failed->text, mark);
	if (at != NULL)
		(void)snprintf(id, sizeof id, "%s", at + sizeof mark - 1); /* cut behind the id on purpose */
	if (wg_id_valid(id))
		(void)snprintf(more, sizeof more, ",\"receipt-id\":\"%s\"", id); /* fits */
	wg_http_problem_more(r, 422, "key-reused", "The Idempotency-Key was used for another document", failed->text, more,
	                     NULL);
}

static void answer_added(struct wg_intake *intake, void *arg, uint32_t number, const struct wg_msg_receipt *receipt,
                         const struct wg_err *failed)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(1024);
	struct wg_http_request *r = arg;
	char location[64], trace[WG_TRACE_TEXT];
	(void)intake, (void)number; /* the signature is wg_intake_told's */
	wg_intake_trace(r, trace);
	if (failed->code == WG_OK)
		wg_log(WG_LOG_INFO, receipt->duplicate ? "accepted-again" : "accepted", "message", receipt->id, "way", "https",
		       "trace", trace[0] != '\0' ? trace : NULL, NULL);
	else
		wg_log_err(WG_LOG_WARNING, "not-accepted", failed, "way", "https", "trace", trace[0] != '\0' ? trace : NULL,
		           NULL);
	if (failed->code == WG_REJECT) {
		refuse_key(r, failed);
		return;
	}
	if (failed->code == WG_AGAIN && strcmp(failed->text, WG_INTAKE_LATE) == 0) {
		wg_http_problem(r, 503, "not-now", "The gateway cannot say yet whether it has taken this",
		                "Send the same request again later: it is taken once, and the answer will be its receipt.");
		return;
	}
	if (failed->code != WG_OK) {
		wg_intake_refuse(r, &(struct wg_err){ .code = WG_AGAIN });
		return;
	}
	wg_intake_receipt(receipt, &body);
	(void)snprintf(location, sizeof location, "/v1/notices/%s", receipt->id);
	const struct wg_http_header headers[] = { { "Location", location }, { NULL, NULL } };
	wg_http_answer(r, 202, "application/json", body.data, body.len, headers);
}

void wg_intake_submit(struct wg_intake *intake, struct wg_http_request *r, const struct wg_organisation *organisation)
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
		                "Use 1 to 200 printable ASCII characters without blanks.");
		return;
	}
	enum wg_code code = wg_intake_seal(intake, organisation->id, key != NULL ? key : "", "https", body, len, declared,
	                                   NULL, &blob, &msg, &err);
	if (code != WG_OK) {
		wg_log_err(WG_LOG_WARNING, "refused", &err, "organisation", organisation->id, "way", "https", NULL);
		wg_intake_refuse(r, &err);
		return;
	}
	if (wg_intake_add(intake, &msg, answer_added, r, 0, LATE_MS, &err) != WG_OK)
		wg_intake_refuse(r, &err);
}
