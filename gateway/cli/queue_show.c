/* queue_show.c owns one message or delivery for the command `queue`: its rows, what it has to do with others, what came
 * back, its history. SECURITY: receipts are the words of others: no control characters to a terminal. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/operator.h"
#include "cli/people.h"
#include "cli/queue.h"
#include "cli/related.h"
#include "policy/reasons.h"

/* What of an entry's detail is words: of whom was told, what stands behind the numbers; of a receipt that was refused,
 * why. */
static const char *words_of(const char *event, const char *detail)
{
	static const char refused[] = " refused: ";
	const char *words = strcmp(event, "told") == 0 ? strstr(detail, "notices=") : NULL;
	if (words != NULL) {
		words += strcspn(words, " ");
		return words + strspn(words, " ");
	}
	words = strcmp(event, "receipt-refused") == 0 ? strstr(detail, refused) : NULL;
	if (words != NULL)
		return words + sizeof refused - 1;
	return strchr(detail, '=') == NULL ? detail : "";
}

/* The log's entries for people: when, who, what. Hashes and what stands in the lists above are for --json. */
static enum wg_code put_history(const struct wg_buf *json, struct wg_buf *out, struct wg_err *err)
{
	json_error_t fault;
	json_t *rows = json_loadb(wg_buf_text(json), json->len, JSON_REJECT_DUPLICATES, &fault);
	if (!json_is_array(rows)) {
		json_decref(rows);
		return wg_err_set(err, WG_CORRUPT, "the history is not readable (line %d)", fault.line);
	}
	wg_buf_puts(out, "\nhistory:\n");
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);
		const char *detail = words_of(wg_people_text(row, "event"), wg_people_text(row, "detail"));
		char safe[256];
		const char *delivery = wg_people_text(row, "delivery");
		const size_t begun = out->len;
		wg_buf_printf(out, "  %s  %-10s %-12s %s", wg_people_text(row, "at"), wg_people_text(row, "actor"),
		              wg_people_text(row, "event"), delivery);
		detail = wg_defang(detail, safe, sizeof safe);
		if (detail[0] != '\0' && out->len - begun + 2 + strlen(detail) > WG_REASONS_WIDTH) {
			wg_buf_puts(out, "\n    ");
			wg_reasons_wrap(4, detail, out); /* ends its line */
			continue;
		}
		if (detail[0] != '\0')
			wg_buf_printf(out, "%s%s", delivery[0] != '\0' ? ": " : "", detail);
		wg_buf_putc(out, '\n');
	}
	json_decref(rows);
	return WG_OK;
}

/* What it has to do with other messages; nothing for a delivery. */
static enum wg_code put_related(const struct wg_queueing *q, const char *id, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf json = WG_BUF((size_t)1 << 20);
	enum wg_code code = wg_client_related(q->admin->client, id, &json, err);
	if (code == WG_NOT_FOUND)
		return WG_OK;
	if (code != WG_OK)
		return code;
	if (q->cli->json) {
		wg_buf_put(out, json.data, json.len);
		return WG_OK;
	}
	wg_buf_putc(out, '\n');
	return wg_related_text(&json, out, err);
}

/* Why they refuse, or why a server gave up, is for whoever has to ring; the words of what moves nothing (an answer of a
 * holiday) are not. */
static bool has_words(const char *level)
{
	return strcmp(level, "refused") == 0 || strcmp(level, "failed") == 0;
}

static void put_receipt_text(const json_t *r, struct wg_buf *out)
{
	char when[WG_CLOCK_WORDS], safe[256];
	const char *person = wg_people_text(r, "person"), *giver = wg_people_text(r, "organisation");
	const char *level = wg_people_text(r, "level"), *detail = wg_people_text(r, "detail");
	wg_buf_printf(out, "  %s  %-12s by %s", wg_people_stamp(wg_people_text(r, "at"), when), level,
	              wg_people_text(r, "way"));
	if (person[0] != '\0')
		wg_buf_printf(out, ", %s", wg_defang(person, safe, sizeof safe));
	wg_buf_printf(out, "%s%s%s\n      of %s\n", giver[0] != '\0' ? " of " : "", giver,
	              json_is_true(json_object_get(r, "moved")) ? "" : ", changed nothing", wg_people_text(r, "delivery"));
	if (detail[0] != '\0' && has_words(level)) {
		wg_buf_puts(out, "      ");
		wg_people_words(6, detail, out);
	}
}

static void put_receipt_json(const json_t *r, bool first, struct wg_buf *out)
{
	static const char *const names[] = { "delivery", "level", "way", "organisation", "person", "at", "said_at" };
	for (size_t i = 0; i < WG_COUNT(names); i++) {
		wg_buf_printf(out, "%s\"%s\":", i > 0 ? "," : first ? "{" : ",{", names[i]);
		wg_buf_put_json(out, wg_people_text(r, names[i]));
	}
	wg_buf_puts(out, ",\"detail\":");
	wg_buf_put_json(out, has_words(wg_people_text(r, "level")) ? wg_people_text(r, "detail") : "");
	wg_buf_printf(out, ",\"moved\":%s}", json_is_true(json_object_get(r, "moved")) ? "true" : "false");
}

/* What came back of its copies; nothing when nothing did. */
static enum wg_code put_receipts(const struct wg_queueing *q, const char *id, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf json = WG_BUF((size_t)8 << 20);
	json_error_t fault;
	enum wg_code code = wg_client_receipts(q->admin->client, id, &json, err);
	if (code != WG_OK)
		return code;
	json_t *rows = json_loadb(wg_buf_text(&json), json.len, JSON_REJECT_DUPLICATES, &fault), *row;
	size_t i;
	if (!json_is_array(rows)) {
		json_decref(rows);
		return wg_err_set(err, WG_CORRUPT, "the receipts are not readable (line %d)", fault.line);
	}
	if (q->cli->json || json_array_size(rows) > 0)
		wg_buf_puts(out, q->cli->json ? "{\"receipts\":[" : "\nwhat came back:\n");
	json_array_foreach(rows, i, row)
	{
		if (q->cli->json)
			put_receipt_json(row, i == 0, out);
		else
			put_receipt_text(row, out);
	}
	if (q->cli->json)
		wg_buf_puts(out, "]}\n");
	json_decref(rows);
	return WG_OK;
}

static enum wg_code show_facts(const struct wg_queueing *q, const char *id, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf history = WG_BUF((size_t)8 << 20);
	unsigned messages = 0, deliveries = 0;
	enum wg_code code = wg_queue_rows(q, "messages", "*", id, out, &messages, err);
	if (code == WG_OK)
		code = wg_queue_rows(q, "deliveries", "*", id, out, &deliveries, err);
	if (code == WG_OK && messages + deliveries == 0)
		code = wg_err_set(err, WG_NOT_FOUND,
		                  "there is no message or delivery %s; wardgate queue list shows what is unfinished", id);
	if (code == WG_OK)
		code = put_related(q, id, out, err);
	if (code == WG_OK)
		code = put_receipts(q, id, out, err);
	if (code == WG_OK)
		code = wg_client_history(q->admin->client, id, WG_QUEUE_MOST, &history, err);
	if (code == WG_OK) {
		if (q->cli->json)
			wg_buf_put(out, history.data, history.len);
		else
			code = put_history(&history, out, err);
		wg_buf_putc(out, '\n');
	}
	return code;
}

int wg_queue_show(const struct wg_queueing *q, const char *id, const char *which, bool unmask)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_ENVELOPE);
	struct wg_err err = { 0 };
	enum wg_code code =
		unmask ? wg_operator_open(q->config, q->admin, id, which, &out, &err) : show_facts(q, id, &out, &err);
	int status = code != WG_OK ? wg_fail("queue", &err) : wg_print(&out) ? EX_OK : EX_IOERR;
	wg_buf_wipe(&out);
	return status;
}
