/* sql_register.c owns the disclosure register: who was told what, under which decision, with what outcome, and what
 * of it a person has marked as exempt from a subject's access. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/sql_internal.h"

static void member(struct wg_buf *out, bool first, const char *name, const char *text)
{
	wg_buf_printf(out, "%s\"%s\":", first ? "" : ",", name);
	wg_buf_put_json(out, text);
}

/* "" for 0. */
static void member_time(struct wg_buf *out, const char *name, int64_t wall)
{
	char text[WG_CLOCK_TEXT];
	member(out, false, name, wall != 0 ? wg_clock_format(wall, text) : "");
}

/* What people did with it. */
static enum wg_code put_acts(struct wg_store *store, const char *delivery, struct wg_buf *out, struct wg_err *err)
{
	static const char *const names[] = { "who", "event", "detail" };
	bool row = true, first = true;
	enum wg_code code = wg_db_query(store, SQL_REGISTER_ACTS, WG_ARGS(wg_db_text(delivery)), err);
	wg_buf_puts(out, ",\"acts\":[");
	while (code == WG_OK && !out->failed) {
		char at[WG_CLOCK_TEXT];
		code = wg_db_step(store, SQL_REGISTER_ACTS, &row, err);
		if (code != WG_OK || !row)
			break;
		wg_buf_puts(out, first ? "{" : ",{");
		first = false;
		member(out, true, "at", wg_clock_format(wg_db_col_int(store, SQL_REGISTER_ACTS, 0), at));
		for (int i = 0; i < (int)WG_COUNT(names); i++)
			member(out, false, names[i], wg_db_col_borrow(store, SQL_REGISTER_ACTS, i + 1));
		wg_buf_putc(out, '}');
	}
	wg_db_end(store, SQL_REGISTER_ACTS);
	wg_buf_putc(out, ']');
	return code;
}

/* The last mark, or null when there is none or it was taken away. */
static enum wg_code put_exemption(struct wg_store *store, int64_t seq, struct wg_buf *out, struct wg_err *err)
{
	static const char *const names[] = { "code", "who", "why" };
	bool row = false;
	enum wg_code code = wg_db_row(store, SQL_EXEMPTION, WG_ARGS(wg_db_int(seq)), &row, err);
	bool marked = code == WG_OK && row && *wg_db_col_borrow(store, SQL_EXEMPTION, 0) != '\0';
	wg_buf_puts(out, marked ? ",\"exemption\":{" : ",\"exemption\":null");
	if (marked) {
		for (int i = 0; i < (int)WG_COUNT(names); i++)
			member(out, i == 0, names[i], wg_db_col_borrow(store, SQL_EXEMPTION, i));
		member_time(out, "at", wg_db_col_int(store, SQL_EXEMPTION, 3));
		wg_buf_putc(out, '}');
	}
	wg_db_end(store, SQL_EXEMPTION);
	return code;
}

static enum wg_code put_entry(struct wg_store *store, enum wg_sql sql, struct wg_buf *out, struct wg_err *err)
{
	static const char *const names[] = { "message", "kind", "sender" };
	static const char *const more[] = { "delivery", "organisation", "desk",   "role", "of",
		                                "channel",  "state",        "reason", "epoch" };
	wg_buf_putc(out, '{');
	for (int i = 0; i < (int)WG_COUNT(names); i++)
		member(out, i == 0, names[i], wg_db_col_borrow(store, sql, i));
	member_time(out, "accepted", wg_db_col_int(store, sql, 3));
	for (int i = 0; i < (int)WG_COUNT(more); i++)
		member(out, false, more[i], wg_db_col_borrow(store, sql, i + 4));
	member_time(out, "decided", wg_db_col_int(store, sql, 13));
	member_time(out, "sent", wg_db_col_int(store, sql, 14));
	member(out, false, "receipt", wg_db_col_borrow(store, sql, 15));
	wg_buf_printf(out,
	              ",\"maybe\":%s,\"overrides\":%s,\"record\":", wg_db_col_int(store, sql, 16) != 0 ? "true" : "false",
	              wg_db_col_int(store, sql, 17) != 0 ? "true" : "false");
	enum wg_code code =
		wg_disclosure_show(store, wg_db_col_borrow(store, sql, 18), wg_db_col_int(store, sql, 20) != 0, out, err);
	if (code == WG_OK)
		code = put_acts(store, wg_db_col_borrow(store, sql, 4), out, err);
	if (code == WG_OK)
		code = put_exemption(store, wg_db_col_int(store, sql, 19), out, err);
	wg_buf_putc(out, '}');
	return code;
}

static enum wg_code put_all(struct wg_store *store, int64_t child, int64_t from, int64_t until, struct wg_buf *out,
                            struct wg_err *err)
{
	enum wg_sql sql = child != 0 ? SQL_REGISTER_CHILD : SQL_REGISTER_ALL;
	unsigned n = 0;
	bool row = true;
	enum wg_code code = wg_db_query(
		store, sql, WG_ARGS(wg_db_int(child), wg_db_int(from), wg_db_int(until), wg_db_int(WG_STORE_LIST_MAX + 1)),
		err);
	wg_buf_putc(out, '[');
	while (code == WG_OK && !out->failed) {
		code = wg_db_step(store, sql, &row, err);
		if (code != WG_OK || !row)
			break;
		if (n == WG_STORE_LIST_MAX) {
			code = wg_err_set(err, WG_LIMIT, "more than %d entries: ask for a shorter time", WG_STORE_LIST_MAX);
			break;
		}
		wg_buf_puts(out, n++ == 0 ? "\n" : ",\n");
		code = put_entry(store, sql, out, err);
	}
	wg_db_end(store, sql);
	wg_buf_puts(out, "]\n");
	if (code == WG_OK && out->failed)
		code = wg_err_set(err, WG_LIMIT, "more entries than one answer holds: ask for a shorter time");
	return code;
}

enum wg_code wg_store_register(struct wg_store *store, struct wg_now now, uint64_t child, int64_t from, int64_t until,
                               const char *who, struct wg_buf *out, struct wg_err *err)
{
	char detail[128];
	if (*who == '\0')
		return wg_err_set(err, WG_REJECT, "say who reads: it goes into the log");
	enum wg_code code = put_all(store, (int64_t)child, from, until, out, err);
	(void)snprintf(detail, sizeof detail, "child=%" PRId64 " from=%" PRId64 " until=%" PRId64, (int64_t)child, from,
	               until); /* it fits */
	const struct wg_entry entry = { .who = WG_WHO_ADMIN, .person = who, .event = "register", .detail = detail };
	return code == WG_OK ? wg_chain_append(store, now, &entry, err) : code;
}

enum wg_code wg_store_exempt(struct wg_store *store, struct wg_now now, const char *delivery, const char *code,
                             const char *who, const char *why, struct wg_err *err)
{
	const struct wg_act act = { "exempt", who, why };
	struct wg_dlv_rec dlv;
	char detail[WG_STORE_REASON + 64];
	if (*who == '\0' || *why == '\0')
		return wg_err_set(err, WG_REJECT, "say who marks it and why: it goes into the log");
	if (*code != '\0' && (*code == '*' || !wg_list_has(WG_STORE_EXEMPTIONS, code)))
		return wg_err_set(err, WG_REJECT, "there is no such exemption: %s", WG_STORE_EXEMPTIONS);
	enum wg_code fate = wg_delivery_by_id(store, delivery, &dlv, err);
	if (fate == WG_OK)
		fate = wg_db_run(
			store, SQL_EXEMPTION_PUT,
			WG_ARGS(wg_db_int(dlv.seq), wg_db_int(now.wall), wg_db_text(code), wg_db_text(who), wg_db_text(why)), err);
	(void)snprintf(detail, sizeof detail, "code=%s %s", code, why); /* it fits */
	return fate == WG_OK ? wg_act_log(store, now, &act, &dlv, detail, err) : fate;
}
