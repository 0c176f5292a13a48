/* sql_related.c owns what a message has to do with others: the same child, the same episode, parts. Ids only. */
#include "store/sql_internal.h"

/* ,"name":[...] of a statement that gives id and state. */
static enum wg_code list(struct wg_store *store, enum wg_sql sql, const char *name, const struct wg_arg *args,
                         size_t count, bool states, struct wg_buf *out, struct wg_err *err)
{
	const char *between = "";
	bool row = true;
	enum wg_code code = wg_db_query(store, sql, args, count, err);
	wg_buf_printf(out, ",\"%s\":[", name);
	while (code == WG_OK && !out->failed) {
		code = wg_db_step(store, sql, &row, err);
		if (code != WG_OK || !row)
			break;
		if (states) /* both are words of our own */
			wg_buf_printf(out, "%s{\"id\":\"%s\",\"state\":\"%s\"}", between, wg_db_col_borrow(store, sql, 0),
			              wg_db_col_borrow(store, sql, 1));
		else
			wg_buf_printf(out, "%s\"%s\"", between, wg_db_col_borrow(store, sql, 0));
		between = ",";
	}
	wg_buf_putc(out, ']');
	wg_db_end(store, sql);
	return code;
}

enum wg_code wg_store_related(struct wg_store *store, const char *id, struct wg_buf *out, struct wg_err *err)
{
	struct wg_msg_rec m;
	enum wg_code code = wg_message_by_id(store, id, &m, err);
	if (code != WG_OK)
		return code;
	const struct wg_arg seq = wg_db_int(m.seq), most = wg_db_int(WG_STORE_RELATED_MAX);
	wg_buf_printf(out, "{\"child\":\"%s\"", m.child_how);
	code = list(store, SQL_SAME_CHILD, "same-child", WG_ARGS(wg_db_ref(m.child), seq, most), false, out, err);
	if (code == WG_OK)
		code = list(store, SQL_SAME_EPISODE, "same-episode", WG_ARGS(wg_db_ref(m.episode), seq, most), false, out, err);
	if (code == WG_OK)
		code = list(store, SQL_PARENTS, "part-of", WG_ARGS(seq), true, out, err);
	if (code == WG_OK)
		code = list(store, SQL_PARTS, "parts", WG_ARGS(seq), true, out, err);
	if (code == WG_OK)
		code = list(store, SQL_SAME_COPY, "same-copy", WG_ARGS(seq), true, out, err);
	wg_buf_puts(out, "}\n");
	return code == WG_OK ? wg_buf_check(out, "the answer", err) : code;
}
