/* sql_task.c owns what the process role does on its own account when its time has come: looks at deliveries that are
 * not confirmed, answers to partner gateways, words about alerts. Tasks are made by sql_follow.c and sql_alert.c;
 * here they are handed out and ended. Nothing is leased: a task that was done under an older token is refused. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/purge_internal.h"

static const char *const kinds[] = { "confirm", "answer", "alert" };

static enum wg_code read_task(struct wg_store *store, struct wg_now now, struct wg_task *out, struct wg_err *err)
{
	const enum wg_sql id = SQL_TASKS;
	struct wg_task t = { .id = (uint64_t)wg_db_col_int(store, id, 0),
		                 .token = (uint64_t)wg_db_col_int(store, id, 1),
		                 .now = now.wall,
		                 .since = wg_db_col_int(store, id, 18),
		                 .handed_over = wg_db_col_int(store, id, 19),
		                 .received = wg_db_col_int(store, id, 20),
		                 .acknowledged = wg_db_col_int(store, id, 21),
		                 .opened = wg_db_col_int(store, id, 25),
		                 .steps = (unsigned)wg_db_col_int(store, id, 22),
		                 .cleared = wg_db_col_int(store, id, 24) != 0,
		                 .known = wg_db_col_int(store, id, 26) != 0 };
	const struct {
		char *out;
		size_t size;
		int col;
	} texts[] = { { t.message, sizeof t.message, 3 },
		          { t.delivery, sizeof t.delivery, 4 },
		          { t.reference, sizeof t.reference, 5 },
		          { t.sender, sizeof t.sender, 6 },
		          { t.sender_reference, sizeof t.sender_reference, 7 },
		          { t.sender_copy_hash, sizeof t.sender_copy_hash, 8 },
		          { t.notice_kind, sizeof t.notice_kind, 9 },
		          { t.organisation, sizeof t.organisation, 10 },
		          { t.desk, sizeof t.desk, 11 },
		          { t.role, sizeof t.role, 12 },
		          { t.of, sizeof t.of, 13 },
		          { t.confirm, sizeof t.confirm, 14 },
		          { t.person, sizeof t.person, 16 },
		          { t.detail, sizeof t.detail, 17 },
		          { t.alert, sizeof t.alert, 23 } };
	for (size_t i = 0; i < WG_COUNT(texts); i++)
		wg_db_col_text(store, id, texts[i].col, texts[i].out, texts[i].size);
	const char *kind = wg_db_col_borrow(store, id, 2), *state = wg_db_col_borrow(store, id, 15);
	size_t k = 0;
	while (k < WG_COUNT(kinds) && strcmp(kind, kinds[k]) != 0)
		k++;
	if (k == WG_COUNT(kinds) || (*state != '\0' && !wg_delivery_state_find(state, &t.state)))
		return wg_err_set(err, WG_CORRUPT, "task %" PRIu64 " is of a kind or in a state that does not exist", t.id);
	t.kind = (enum wg_task_kind)k;
	*out = t;
	return WG_OK;
}

enum wg_code wg_store_tasks(struct wg_store *store, struct wg_now now, unsigned max, struct wg_task **out,
                            unsigned *count, struct wg_err *err)
{
	char head[WG_STORE_HASH + 24] = "";
	unsigned n = 0, want = max < WG_STORE_TASKS_MAX ? max : WG_STORE_TASKS_MAX;
	bool row = true;
	WG_AUTO_FREE struct wg_task *list = calloc((size_t)want + 1, sizeof *list);
	if (list == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	enum wg_code code = wg_chain_seal(store, err);
	if (code == WG_OK)
		code = wg_db_meta(store, "log-head", head, sizeof head, err);
	const char *hash = strchr(head, ' '); /* "NUMBER HASH" */
	if (code == WG_OK)
		code = wg_db_query(store, SQL_TASKS, WG_ARGS(wg_db_int(now.wall), wg_db_int(want)), err);
	while (code == WG_OK && n < want) {
		code = wg_db_step(store, SQL_TASKS, &row, err);
		if (code != WG_OK || !row)
			break;
		code = read_task(store, now, &list[n], err);
		if (hash != NULL && wg_is_hash(hash + 1))
			memcpy(list[n].log_head, hash + 1, sizeof list[n].log_head);
		n += code == WG_OK;
	}
	wg_db_end(store, SQL_TASKS);
	if (code != WG_OK)
		return code;
	*out = wg_steal(&list);
	*count = n;
	return WG_OK;
}

/* ---- done */

struct found {
	enum wg_task_kind kind;
	int64_t delivery;
	unsigned steps;
	char alert[2 * WG_LIMIT_NAME + 2];
};

#define FIND_ARGS(id, token) WG_ARGS(wg_db_int((int64_t)(id)), wg_db_int((int64_t)(token)))

void wg_store_task_ahead(struct wg_store *store, uint64_t id, uint64_t token)
{
	wg_db_ahead(store, SQL_TASK_FIND, FIND_ARGS(id, token));
}

static enum wg_code find(struct wg_store *store, const struct wg_task_done *done, struct found *out, struct wg_err *err)
{
	bool row = false;
	enum wg_code code = wg_db_row(store, SQL_TASK_FIND, FIND_ARGS(done->id, done->token), &row, err);
	*out = (struct found){ .kind = WG_TASK_CONFIRM };
	if (code == WG_OK && row) {
		const char *kind = wg_db_col_borrow(store, SQL_TASK_FIND, 1);
		for (size_t k = 0; k < WG_COUNT(kinds); k++)
			if (strcmp(kind, kinds[k]) == 0)
				out->kind = (enum wg_task_kind)k;
		out->delivery = wg_db_col_int(store, SQL_TASK_FIND, 2);
		out->steps = (unsigned)wg_db_col_int(store, SQL_TASK_FIND, 3);
		wg_db_col_text(store, SQL_TASK_FIND, 4, out->alert, sizeof out->alert);
	}
	wg_db_end(store, SQL_TASK_FIND);
	if (code == WG_OK && !row)
		code = wg_err_set(err, WG_NOT_FOUND, "the task has changed since it was given");
	return code;
}

/* Each becomes a message; one that is there already, from an earlier try, is that one. */
static enum wg_code put_notices(struct wg_store *store, struct wg_now now, const struct wg_task_done *done,
                                struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (unsigned i = 0; code == WG_OK && i < done->notice_count; i++) {
		struct wg_msg_receipt receipt;
		if (strcmp(done->notices[i].way, "self") != 0)
			return wg_err_set(err, WG_REJECT, "a notice of our own comes by way \"self\"");
		code = wg_store_add(store, now, &done->notices[i], &receipt, err);
	}
	return code;
}

static enum wg_code log_done(struct wg_store *store, struct wg_now now, const struct wg_task_done *done,
                             const struct found *f, struct wg_err *err)
{
	struct wg_dlv_rec dlv = { .id = "" };
	char detail[WG_STORE_REASON + WG_STORE_DETAIL], words[WG_STORE_DETAIL];
	if (done->notice_count == 0 && done->detail[0] == '\0')
		return WG_OK; /* a look, nothing more */
	enum wg_code code = f->delivery != 0 ? wg_delivery_by_seq(store, f->delivery, &dlv, err) : WG_OK;
	if (code != WG_OK)
		return code;
	(void)snprintf(detail, sizeof detail, "%s%s%s steps=%u notices=%u %s", kinds[f->kind],
	               f->alert[0] != '\0' ? " " : "", f->alert, done->steps, done->notice_count,
	               wg_defang(done->detail, words, sizeof words)); /* it fits */
	const struct wg_entry entry = {
		.who = WG_WHO_PROCESS, .event = "told", .message = dlv.message_id, .delivery = dlv.id, .detail = detail
	};
	return wg_chain_append(store, now, &entry, err);
}

enum wg_code wg_store_task_done(struct wg_store *store, struct wg_now now, const struct wg_task_done *done,
                                struct wg_err *err)
{
	struct found f;
	int64_t next = 0;
	if (done->notice_count > WG_STORE_TASK_NOTICES)
		return wg_err_set(err, WG_LIMIT, "more than %d notices for one task", WG_STORE_TASK_NOTICES);
	enum wg_code code = find(store, done, &f, err);
	if (code == WG_OK && f.kind == WG_TASK_CONFIRM && done->steps < f.steps)
		code = wg_err_set(err, WG_REJECT, "who was told cannot be untold");
	if (code == WG_OK)
		code = put_notices(store, now, done, err);
	if (code != WG_OK)
		return code;
	if (done->next != 0) {
		next = done->next < now.wall + WG_STORE_LOOK_MAX_MS ? done->next : now.wall + WG_STORE_LOOK_MAX_MS;
		next = next > now.wall + WG_STORE_LOOK_MIN_MS ? next : now.wall + WG_STORE_LOOK_MIN_MS;
	}
	if (f.kind == WG_TASK_ALERT && next == 0) /* nothing asks for it any more */
		code = wg_query_run(store, "DELETE FROM task WHERE id = ?1", WG_ARGS(wg_db_int((int64_t)done->id)), err);
	else
		code = wg_db_run(store, SQL_TASK_DONE,
		                 WG_ARGS(wg_db_int((int64_t)done->id), wg_db_int(done->steps), wg_db_ref(next)), err);
	return code == WG_OK ? log_done(store, now, done, &f, err) : code;
}
