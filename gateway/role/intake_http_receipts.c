/* intake_http_receipts.c owns what recipients say over HTTPS of what they were sent: POST /v1/receipts by reference,
 * and POST /v1/inbox/{delivery}/ack. SECURITY: an agency speaks for its own deliveries only; the store checks that by
 * the organisation of the client certificate. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "role/intake_http.h"

/* What an agency may say; the other levels are what machines on the way say. */
static bool find_level(const char *name, enum wg_receipt_level *out)
{
	return wg_receipt_level_find(name, out) && (*out == WG_RECEIPT_RECEIVED || *out == WG_RECEIPT_OPENED ||
	                                            *out == WG_RECEIPT_ACKNOWLEDGED || *out == WG_RECEIPT_REFUSED);
}

static bool is_hash(const char *s)
{
	return strlen(s) == WG_STORE_HASH_TEXT - 1 && strspn(s, "0123456789abcdef") == WG_STORE_HASH_TEXT - 1;
}

static void read_hash(struct wg_body *body, const char *name, char out[WG_STORE_HASH_TEXT])
{
	wg_body_text(body, name, false, out, WG_STORE_HASH_TEXT);
	if (out[0] != '\0' && !is_hash(out))
		wg_body_fault(body, name, "This is SHA-256 as 64 lower-case hexadecimal digits.");
}

/* An acknowledgement names a person, a refusal its reason. */
static void read_level(struct wg_body *body, bool pull, struct wg_receipt_new *out)
{
	char level[16];
	wg_body_text(body, "level", !pull, level, sizeof level);
	out->level = WG_RECEIPT_ACKNOWLEDGED; /* what an ack is when it does not say */
	if (level[0] != '\0' && !find_level(level, &out->level))
		wg_body_fault(body, "level", "This is received, opened, acknowledged or refused.");
	wg_body_text(body, "person", out->level == WG_RECEIPT_ACKNOWLEDGED, out->person, sizeof out->person);
	wg_body_text(body, "reason", out->level == WG_RECEIPT_REFUSED, out->detail, sizeof out->detail);
}

static void read_receipt(struct wg_body *body, const struct wg_organisation *organisation, const char *delivery,
                         struct wg_receipt_new *out)
{
	char at[WG_CLOCK_TEXT + 16];
	*out = (struct wg_receipt_new){ 0 };
	(void)snprintf(out->organisation, sizeof out->organisation, "%s", organisation->id);  /* the same size */
	(void)snprintf(out->way, sizeof out->way, "%s", delivery != NULL ? "pull" : "https"); /* fits */
	if (delivery != NULL)
		(void)snprintf(out->delivery, sizeof out->delivery, "%s", delivery); /* checked by the caller */
	else
		wg_body_text(body, "reference", true, out->reference, sizeof out->reference);
	read_level(body, delivery != NULL, out);
	wg_body_text(body, "id", false, out->id, sizeof out->id);
	read_hash(body, "sha256", out->copy_hash);
	read_hash(body, "log_head", out->log_head);
	wg_body_text(body, "at", false, at, sizeof at);
	if (at[0] != '\0' && !wg_clock_parse(at, &out->said_at))
		wg_body_fault(body, "at", "This is a time as RFC 3339 writes it, with its zone.");
}

static void answer(struct wg_http_request *r, const struct wg_receipt_result *result)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(512);
	wg_buf_printf(&body, "{\"delivery\":\"%s\",\"state\":\"%s\",\"moved\":%s,\"again\":%s}\n", result->delivery,
	              wg_delivery_state_name(result->state), result->moved ? "true" : "false",
	              result->again ? "true" : "false");
	wg_http_answer(r, 200, "application/json", body.data, body.len, NULL);
}

static void tell(struct wg_intake *intake, struct wg_http_request *r, const struct wg_receipt_new *receipt)
{
	struct wg_receipt_result result;
	struct wg_err err = { 0 };
	char trace[WG_TRACE_TEXT];
	enum wg_code code = wg_client_receipt(intake->asks, receipt, &result, &err);
	wg_intake_trace(r, trace);
	if (code == WG_OK) {
		wg_log(WG_LOG_INFO, "receipt", "delivery", result.delivery, "level", wg_receipt_level_name(receipt->level),
		       "organisation", receipt->organisation, "way", receipt->way, "state",
		       wg_delivery_state_name(result.state), "again", result.again ? "yes" : NULL, "trace",
		       trace[0] != '\0' ? trace : NULL, NULL);
		answer(r, &result);
		return;
	}
	wg_log_err(WG_LOG_WARNING, "receipt-refused", &err, "organisation", receipt->organisation, "way", receipt->way,
	           "trace", trace[0] != '\0' ? trace : NULL, NULL);
	if (code == WG_NOT_FOUND)
		wg_http_problem(r, 404, "no-such-delivery", "No such delivery",
		                "Nothing with this reference or id was sent to your organisation.");
	else if (code == WG_REJECT || code == WG_LIMIT)
		wg_http_problem(r, 409, "receipt-contradicts", "The receipt does not fit what was sent", err.text);
	else
		wg_intake_no_store(intake, r, &err);
}

void wg_intake_receipts(struct wg_intake *intake, struct wg_http_request *r, const struct wg_organisation *organisation,
                        const char *delivery)
{
	struct wg_body body;
	struct wg_receipt_new receipt;
	if (delivery != NULL && !wg_id_valid(delivery)) {
		wg_http_problem(r, 404, "no-such-delivery", "No such delivery", "Nothing lies here for your organisation.");
		return;
	}
	wg_body_read(r, &body);
	if (body.root != NULL) {
		read_receipt(&body, organisation, delivery, &receipt);
		if (!wg_body_refused(&body, r))
			tell(intake, r, &receipt);
	}
	wg_body_free(&body);
}
