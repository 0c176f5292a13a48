/* intake_http_inbox.c owns the pull inbox: what lies ready for an organisation that hosts no endpoint of its own, and
 * the fetching of it. What is fetched stays until a named person has confirmed it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "base/text.h"
#include "crypto/lock.h"
#include "role/intake_http.h"

#define PAGE 50
/* Some 300 bytes an item. */
#define LIST_MAX ((size_t)512 * 1024)

static bool wants_xml(const struct wg_organisation *organisation, const struct wg_inbox_item *item)
{
	const struct wg_desk *desk = wg_organisation_desk(organisation, item->desk);
	return desk != NULL && desk->format == WG_FORMAT_XML;
}

static void put_item(struct wg_buf *out, const struct wg_organisation *organisation, const struct wg_inbox_item *item)
{
	uint64_t size = wants_xml(organisation, item) && item->size > WG_LOCK_HEAD ? item->size - WG_LOCK_HEAD : item->size;
	char since[WG_CLOCK_TEXT];
	wg_buf_printf(out,
	              "{\"delivery\":\"%s\",\"reference\":\"%s\",\"desk\":\"%s\",\"kind\":\"%s\",\"state\":\"%s\","
	              "\"since\":\"%s\",\"size\":%llu",
	              item->delivery, item->reference, item->desk, item->kind, wg_delivery_state_name(item->state),
	              wg_clock_format(item->since, since), (unsigned long long)size);
	if (item->copy_hash[0] != '\0')
		wg_buf_printf(out, ",\"sha256\":\"%s\"", item->copy_hash);
	wg_buf_putc(out, '}');
}

static void bad_query(struct wg_http_request *r)
{
	wg_http_problem(r, 400, "bad-query", "The query cannot be read",
	                "after is the id of a delivery of this list, limit a number from 1 to 500; each comes once.");
}

/* Reads after= and limit=; false when it has answered. */
static bool read_page(struct wg_http_request *r, char after[WG_ID_TEXT], unsigned *limit)
{
	char number[8];
	uint64_t n = PAGE;
	int has_after = wg_http_query(r, "after", after, WG_ID_TEXT),
		has_limit = wg_http_query(r, "limit", number, sizeof number);
	bool fine = has_after >= 0 && has_limit >= 0 && (has_after == 0 || wg_id_valid(after)) &&
	            (has_limit == 0 || wg_num_parse(number, 1, WG_STORE_INBOX_MAX, &n));
	if (!fine)
		bad_query(r);
	*limit = (unsigned)n;
	return fine;
}

void wg_intake_inbox(struct wg_intake *intake, struct wg_http_request *r, const struct wg_organisation *organisation)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(LIST_MAX);
	WG_AUTO_FREE struct wg_inbox_item *items = NULL;
	struct wg_err err = { 0 };
	char after[WG_ID_TEXT];
	unsigned limit, count = 0;
	if (!read_page(r, after, &limit))
		return;
	enum wg_code code = wg_client_inbox(intake->asks, organisation->id, after, limit, &items, &count, &err);
	if (code == WG_NOT_FOUND) { /* after= is nothing of theirs */
		bad_query(r);
		return;
	}
	if (code != WG_OK) {
		wg_intake_no_store(intake, r, &err);
		return;
	}
	wg_buf_puts(&body, "{\"items\":[");
	for (unsigned i = 0; i < count; i++) {
		if (i > 0)
			wg_buf_putc(&body, ',');
		put_item(&body, organisation, &items[i]);
	}
	wg_buf_puts(&body, "],\"next\":");
	if (count == limit) /* there may be more */
		wg_buf_printf(&body, "\"/v1/inbox?after=%s&limit=%u\"}\n", items[count - 1].delivery, limit);
	else
		wg_buf_puts(&body, "null}\n");
	if (body.failed)
		wg_intake_refuse(r, &(struct wg_err){ .code = WG_AGAIN });
	else
		wg_http_answer(r, 200, "application/json", body.data, body.len, NULL);
}

static const char *type_of(const struct wg_organisation *organisation, const struct wg_inbox_item *item)
{
	return wants_xml(organisation, item) ? "application/xml" : "application/pkcs7-mime";
}

static void answer_object(struct wg_http_request *r, const struct wg_organisation *organisation,
                          const struct wg_inbox_item *item, const struct wg_buf *envelope)
{
	uint8_t hash[WG_SHA256_LEN];
	char hex[2 * WG_SHA256_LEN + 1], etag[sizeof hex + 2], digest[80] = "";
	wg_sha256(envelope->data, envelope->len, hash);
	wg_hex(hash, sizeof hash, hex);
	(void)snprintf(etag, sizeof etag, "\"%s\"", hex); /* fits */
	WG_AUTO_FREE char *base64 = wg_base64_encode(hash, sizeof hash);
	if (base64 != NULL)
		(void)snprintf(digest, sizeof digest, "sha-256=:%s:", base64); /* RFC 9530; fits */
	const struct wg_http_header headers[] = {
		{ "ETag", etag }, { "Wardgate-Reference", item->reference }, { "Content-Digest", digest }, { NULL, NULL }
	};
	wg_http_answer(r, 200, type_of(organisation, item), envelope->data, envelope->len, headers);
}

void wg_intake_fetch(struct wg_intake *intake, struct wg_http_request *r, const struct wg_organisation *organisation,
                     const char *delivery)
{
	WG_CLEANUP(wg_buf_wipe) struct wg_buf envelope = WG_BUF(WG_LIMIT_ENVELOPE);
	struct wg_inbox_item item = { 0 };
	struct wg_err err = { 0 };
	enum wg_code code = wg_id_valid(delivery)
	                        ? wg_client_inbox_take(intake->asks, organisation->id, delivery, &item, &envelope, &err)
	                        : WG_NOT_FOUND;
	if (code == WG_OK && wg_locked(envelope.data, envelope.len)) {
		WG_CLEANUP(wg_buf_wipe) struct wg_buf locked = envelope;
		envelope = WG_BUF(WG_LIMIT_ENVELOPE);
		code = wg_unlock(locked.data, locked.len, &envelope, &err);
	}
	if (code == WG_OK) {
		wg_log(WG_LOG_INFO, "fetched", "delivery", delivery, "organisation", organisation->id, "desk", item.desk, NULL);
		answer_object(r, organisation, &item, &envelope);
	} else if (code == WG_NOT_FOUND || code == WG_REJECT) {
		wg_http_problem(r, 404, "no-such-delivery", "No such delivery", "Nothing lies here for your organisation.");
	} else {
		wg_intake_no_store(intake, r, &err);
	}
}
