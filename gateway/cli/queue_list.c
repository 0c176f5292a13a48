/* queue_list.c owns the rows of the command `queue`: where each message and delivery is, why, since when, whom to ring.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/queue.h"
#include "cli/ring.h"
#include "policy/reasons.h"

void wg_queue_instant(struct wg_buf *out, const char *name, int64_t at)
{
	char text[WG_CLOCK_TEXT];
	if (at != 0)
		wg_buf_printf(out, ",\"%s\":\"%s\"", name, wg_clock_format(at, text));
	else
		wg_buf_printf(out, ",\"%s\":null", name);
}

static void put_row_json(const struct wg_queueing *q, const struct wg_row *r, struct wg_buf *out)
{
	char since[WG_CLOCK_TEXT];
	wg_buf_printf(out,
	              "{\"id\":\"%s\",\"message\":\"%s\",\"state\":\"%s\",\"organisation\":\"%s\",\"desk\":\"%s\","
	              "\"channel\":\"%s\",\"kind\":\"%s\","
	              "\"way\":\"%s\",\"since\":\"%s\"",
	              r->id, r->message, r->state, r->organisation, r->desk, r->channel, r->kind, r->way,
	              wg_clock_format(r->since, since));
	wg_queue_instant(out, "next", r->next);
	wg_buf_printf(out, ",\"attempts\":%u,\"may-have-arrived\":%s,\"reason\":", r->attempts,
	              r->maybe ? "true" : "false");
	wg_buf_put_json(out, r->reason);
	wg_buf_puts(out, ",\"assigned\":");
	wg_buf_put_json(out, r->assigned);
	wg_buf_printf(out, ",\"role\":\"%s\",\"of\":\"%s\",\"alarm\":%s", r->role, r->of, r->alarm ? "true" : "false");
	wg_queue_instant(out, "due", r->due);
	wg_queue_instant(out, "not-before", r->not_before);
	wg_buf_printf(out, ",\"part-of\":\"%s\"", r->parent);
	if (r->desk[0] != '\0') {
		wg_queue_instant(out, "ready", r->ready);
		wg_queue_instant(out, "handed-over", r->handed);
		wg_buf_printf(out, ",\"unconfirmed\":%s,\"told\":%u", r->unconfirmed ? "true" : "false", r->told);
		wg_ring_json(q->directory, r->organisation, r->desk, out);
	}
	wg_buf_puts(out, "}\n");
}

/* What a person can do about a row by its state; NULL when nobody has to. */
static const char *what_to_do(const struct wg_row *r)
{
	static const struct {
		const char *state, *words;
	} hints[] = {
		{ "attention",
		  "look and answer: wardgate attention show %s; or read it anew (wardgate queue retry), or cancel" },
		{ "review", "look, then release or withhold it: wardgate review show %s" },
		{ "held", "let it go: wardgate queue release %s --why TEXT; or cancel" },
		{ "failed", "try again: wardgate queue retry %s; or cancel" },
		{ "refused", "they will not act on it: ring them; wardgate queue show %s has what came back" },
	};
	for (size_t i = 0; i < WG_COUNT(hints); i++)
		if (strcmp(hints[i].state, r->state) == 0)
			return hints[i].words;
	return NULL;
}

static void put_indented(struct wg_buf *out, const char *words)
{
	wg_buf_puts(out, "    ");
	wg_reasons_wrap(4, words, out);
}

static void put_what_to_do(struct wg_buf *out, const struct wg_row *r)
{
	char words[256];
	const char *hint =
		r->unconfirmed ? "ring them and ask who has it; wardgate queue show %s has what came back" : what_to_do(r);
	const char *at = hint != NULL ? strstr(hint, "%s") : NULL;
	if (at == NULL)
		return;
	(void)snprintf(words, sizeof words, "%.*s%s%s", (int)(at - hint), hint, r->id, at + 2); /* fits */
	put_indented(out, words);
}

static void put_delivery_facts(struct wg_buf *out, const struct wg_row *r, int64_t now)
{
	char next[32];
	wg_buf_printf(out, "    of message %s", r->message);
	if (r->attempts > 0)
		wg_buf_printf(out, ", tried %u %s", r->attempts, r->attempts == 1 ? "time" : "times");
	if (r->next > now)
		wg_buf_printf(out, ", next try in %s", wg_age(r->next - now, next, sizeof next));
	if (r->alarm)
		wg_buf_puts(out, ", an alarm: sent only when a review of it is overdue");
	if (r->not_before > now && strcmp(r->state, "sealed") == 0)
		wg_buf_printf(out, ", not before %s", wg_clock_format(r->not_before, next));
	wg_buf_puts(out, r->maybe ? ", may have arrived already\n" : "\n");
}

/* Whether somebody there has it, and whom to ring while that is not known; at an end nobody is rung. */
static void put_confirmation(const struct wg_queueing *q, const struct wg_row *r, int64_t now, struct wg_buf *out)
{
	static const char *const ends[] = { "handed-over", "received", "opened",    "acknowledged",
		                                "recalled",    "withheld", "superseded" };
	char age[32];
	bool end = false;
	for (size_t i = 0; i < WG_COUNT(ends); i++)
		end = end || strcmp(r->state, ends[i]) == 0;
	if (r->unconfirmed) {
		wg_buf_printf(out, "    not confirmed by a person, handed over %s ago",
		              wg_age(now - r->handed, age, sizeof age));
		if (r->told > 0)
			wg_buf_printf(out, ", told %u %s", r->told, r->told == 1 ? "time" : "times");
		wg_buf_putc(out, '\n');
	}
	if (end && !r->unconfirmed)
		return;
	WG_AUTO_BUF struct wg_buf words = WG_BUF((size_t)2048);
	wg_buf_puts(&words, "ring ");
	wg_ring_text(q->directory, r->organisation, r->desk, &words);
	put_indented(out, wg_buf_text(&words));
}

static void put_row_text(const struct wg_queueing *q, const struct wg_row *r, struct wg_buf *out)
{
	char age[32], safe[sizeof r->reason + 1];
	int64_t now = wg_clock_now();
	bool delivery = r->desk[0] != '\0';
	const char *kind = r->alarm ? "alarm" : r->kind[0] != '\0' ? r->kind : delivery ? r->channel : "?";
	wg_buf_printf(out, "%s  %-12s %-8s ", r->id, r->state, kind);
	if (delivery)
		wg_buf_printf(out, "to %s/%s by %s", r->organisation, r->desk, r->channel);
	else
		wg_buf_printf(out, "from %s by %s", r->organisation, r->way);
	wg_buf_printf(out, ", for %s", wg_age(now - r->since, age, sizeof age));
	if (r->assigned[0] != '\0')
		wg_buf_printf(out, ", %s looks after it", wg_defang(r->assigned, safe, sizeof safe));
	if (r->parent[0] != '\0')
		wg_buf_printf(out, ", part of %s", r->parent);
	wg_buf_putc(out, '\n');
	if (delivery)
		put_delivery_facts(out, r, now);
	if (r->reason[0] != '\0')
		put_indented(out, wg_defang(r->reason, safe, sizeof safe));
	if (delivery)
		put_confirmation(q, r, now, out);
	put_what_to_do(out, r);
}

enum wg_code wg_queue_rows(const struct wg_queueing *q, const char *what, const char *state, const char *id,
                           struct wg_buf *out, unsigned *count, struct wg_err *err)
{
	struct wg_row *rows = NULL;
	enum wg_code code = wg_client_list(q->admin->client, what, state, id, WG_QUEUE_MOST, &rows, count, err);
	if (code == WG_OK && *count > 0 && !q->cli->json)
		wg_buf_printf(out, "%s%s:\n", out->len > 0 ? "\n" : "", what);
	for (unsigned i = 0; code == WG_OK && i < *count; i++) {
		if (q->cli->json)
			put_row_json(q, &rows[i], out);
		else
			put_row_text(q, &rows[i], out);
	}
	free(rows);
	return code;
}

/* What is with the other side, so that its list is not searched for here. */
static enum wg_code put_unconfirmed(const struct wg_queueing *q, struct wg_buf *out, struct wg_err *err)
{
	struct wg_row *rows = NULL;
	unsigned n = 0;
	enum wg_code code =
		wg_client_list(q->admin->client, "deliveries", "unconfirmed", "", WG_QUEUE_MOST, &rows, &n, err);
	free(rows);
	if (code == WG_OK && n > 0)
		wg_buf_printf(out,
		              "\n%u%s handed over and not confirmed by a person: wardgate queue list --state unconfirmed\n", n,
		              n == WG_QUEUE_MOST ? " or more are"
		              : n == 1           ? " is"
		                                 : " are");
	return code;
}

int wg_queue_list(const struct wg_queueing *q, const char *state)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF((size_t)16 << 20);
	struct wg_err err = { 0 };
	unsigned messages = 0, deliveries = 0;
	enum wg_message_state message;
	enum wg_delivery_state delivery;
	bool every = state[0] == '\0' || strcmp(state, "*") == 0; /* most states are of one of the two only */
	bool of_messages = every || wg_message_state_find(state, &message);
	bool of_deliveries = every || wg_delivery_state_find(state, &delivery) || strcmp(state, "unconfirmed") == 0;
	enum wg_code code = WG_OK;
	if (!of_messages && !of_deliveries)
		return wg_misuse(&wg_command_queue, "--state: there is no such state; wardgate queue list --all shows states");
	if (of_messages)
		code = wg_queue_rows(q, "messages", state, "", &out, &messages, &err);
	if (code == WG_OK && of_deliveries)
		code = wg_queue_rows(q, "deliveries", state, "", &out, &deliveries, &err);
	if (code == WG_OK && !q->cli->json && messages + deliveries == 0)
		wg_buf_puts(&out, state[0] == '\0' ? "Nothing is unfinished.\n" : "Nothing is in that state.\n");
	if (code == WG_OK && (messages == WG_QUEUE_MOST || deliveries == WG_QUEUE_MOST) && !q->cli->json)
		wg_buf_printf(&out, "Only the first %d are shown.\n", WG_QUEUE_MOST);
	if (code == WG_OK && !q->cli->json && state[0] == '\0')
		code = put_unconfirmed(q, &out, &err);
	if (code == WG_OK)
		code = wg_buf_check(&out, "list", &err);
	return code != WG_OK ? wg_fail("queue", &err) : wg_print(&out) ? EX_OK : EX_IOERR;
}
