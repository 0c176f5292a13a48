/* sql_episode.c owns the missing episodes of a child, and which of them a message belongs to. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "store/match.h"
#include "store/sql_internal.h"

/* What there is to choose from. */
struct choice {
	struct wg_match_view view;
	const char *reference; /* the message's, or NULL */
	int64_t known, open, closed;
};

static enum wg_code id_of(struct wg_store *store, enum wg_sql sql, const struct wg_arg *args, size_t count, int64_t *id,
                          struct wg_err *err)
{
	bool row = false;
	enum wg_code code = wg_db_row(store, sql, args, count, &row, err);
	*id = code == WG_OK && row ? wg_db_col_int(store, sql, 0) : 0;
	wg_db_end(store, sql);
	return code;
}

/* before_end: msg was accepted before the message that ended this episode. */
static enum wg_code facts_of(struct wg_store *store, int64_t episode, const struct wg_msg_rec *msg, bool *ended,
                             bool *referenced, bool *before_end, struct wg_err *err)
{
	bool row = false;
	enum wg_code code = wg_db_row(store, SQL_EPISODE_GET, WG_ARGS(wg_db_int(episode)), &row, err);
	if (code == WG_OK && row) {
		*ended = wg_db_col_int(store, SQL_EPISODE_GET, 0) != 0;
		*referenced = wg_db_col_int(store, SQL_EPISODE_GET, 1) != 0;
		*before_end = *ended && msg->turn < wg_db_col_int(store, SQL_EPISODE_GET, 2);
	}
	wg_db_end(store, SQL_EPISODE_GET);
	return code;
}

static enum wg_code look(struct wg_store *store, const struct wg_msg_rec *msg, const struct wg_msg_done *done,
                         int64_t child, bool fresh, struct choice *c, struct wg_err *err)
{
	bool ended = false, unused = false;
	for (unsigned i = 0; i < done->key_count && c->reference == NULL; i++)
		if (done->keys[i].kind == WG_KEY_REFERENCE)
			c->reference = done->keys[i].key;
	c->view.reference = c->reference != NULL;
	if (fresh)
		return WG_OK;
	enum wg_code code = id_of(store, SQL_EPISODE_LAST, WG_ARGS(wg_db_int(child), wg_db_int(0)), &c->open, err);
	if (code == WG_OK)
		code = id_of(store, SQL_EPISODE_LAST, WG_ARGS(wg_db_int(child), wg_db_int(1)), &c->closed, err);
	if (code == WG_OK && c->reference != NULL)
		code = id_of(store, SQL_EPISODE_KNOWN, WG_ARGS(wg_db_text(c->reference), wg_db_int(child)), &c->known, err);
	c->view.known = c->known != 0;
	c->view.open = c->open != 0;
	c->view.closed = c->closed != 0;
	if (code == WG_OK && c->open != 0)
		code = facts_of(store, c->open, msg, &ended, &c->view.open_referenced, &unused, err);
	if (code == WG_OK && c->closed != 0)
		code = facts_of(store, c->closed, msg, &ended, &c->view.closed_referenced, &c->view.before_end, err);
	if (code == WG_OK && c->known != 0) {
		code = facts_of(store, c->known, msg, &ended, &unused, &c->view.before_end, err);
		c->view.known_open = !ended;
	}
	return code;
}

/* A new episode; whatever of the child was open has ended with it: a child has one open episode. */
static enum wg_code make(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg, bool opens, bool ends,
                         struct wg_matched *m, struct wg_err *err)
{
	bool row = false;
	enum wg_code code = WG_OK;
	if (!ends && !m->fresh)
		code = wg_db_run(store, SQL_EPISODE_END_OPEN, WG_ARGS(wg_db_int(m->child), wg_db_int(msg->seq)), err);
	if (code == WG_OK)
		code = wg_db_row(store, SQL_EPISODE_PUT,
		                 WG_ARGS(wg_db_int(now.wall), wg_db_int(m->child), wg_db_ref(opens ? msg->seq : 0),
		                         wg_db_ref(ends ? msg->seq : 0), wg_db_int(ends)),
		                 &row, err);
	if (code == WG_OK && row)
		m->episode = wg_db_col_int(store, SQL_EPISODE_PUT, 0);
	wg_db_end(store, SQL_EPISODE_PUT);
	return code;
}

/* 0 for none, and for one that has to be made. */
static int64_t chosen(const struct choice *c, enum wg_match_to to)
{
	return to == WG_EPISODE_KNOWN    ? c->known
	       : to == WG_EPISODE_OPEN   ? c->open
	       : to == WG_EPISODE_CLOSED ? c->closed
	                                 : 0;
}

static enum wg_code join(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                         const struct wg_msg_done *done, const struct choice *c, const struct wg_match_episode *verdict,
                         struct wg_matched *m, struct wg_err *err)
{
	bool opens = done->relation == WG_RELATION_OPENS;
	enum wg_code code = WG_OK;
	m->episode = chosen(c, verdict->to);
	if (verdict->to == WG_EPISODE_NEW)
		code = make(store, now, msg, opens, verdict->ends, m, err);
	else if (opens && m->episode != 0)
		code = wg_db_run(store, SQL_EPISODE_OPENED, WG_ARGS(wg_db_int(m->episode), wg_db_int(msg->seq)), err);
	if (code == WG_OK && verdict->ends && m->episode != 0)
		code = wg_db_run(store, SQL_EPISODE_END, WG_ARGS(wg_db_int(m->episode), wg_db_int(msg->seq)), err);
	if (code == WG_OK && verdict->attach && c->reference != NULL && m->episode != 0)
		code = wg_db_run(store, SQL_EPISODE_REFERENCE,
		                 WG_ARGS(wg_db_text(c->reference), wg_db_int(m->episode), wg_db_int(msg->seq)), err);
	return code;
}

/* ", the same episode as message X" behind what is said of the child. */
static enum wg_code tell(struct wg_store *store, const struct wg_msg_rec *msg, const struct wg_match_episode *verdict,
                         struct wg_matched *m, struct wg_err *err)
{
	bool row = false;
	size_t used = strlen(m->log);
	const char *between = used > 0 ? "; " : "";
	enum wg_code code = WG_OK;
	if (m->episode == 0)
		return WG_OK;
	if (verdict->to != WG_EPISODE_NEW) /* which nobody else is in */
		code = wg_db_row(store, SQL_EPISODE_FIRST, WG_ARGS(wg_db_int(m->episode), wg_db_int(msg->seq)), &row, err);
	if (code == WG_OK && row)
		(void)snprintf(m->log + used, sizeof m->log - used, "%sthe same episode as message %s", between,
		               wg_db_col_borrow(store, SQL_EPISODE_FIRST, 0)); /* it fits */
	else if (code == WG_OK)
		(void)snprintf(m->log + used, sizeof m->log - used, "%sa new episode", between); /* likewise */
	if (row)
		wg_db_end(store, SQL_EPISODE_FIRST);
	return code;
}

enum wg_code wg_episode_look(struct wg_store *store, const struct wg_msg_rec *msg, const struct wg_msg_done *done,
                             int64_t child, int64_t *episode, struct wg_err *err)
{
	struct choice c = { .reference = NULL };
	*episode = msg->child == child ? msg->episode : 0;
	if (*episode != 0) /* one that was found once stays */
		return WG_OK;
	enum wg_code code = look(store, msg, done, child, false, &c, err);
	if (code == WG_OK)
		*episode = chosen(&c, wg_match_episode(done->relation, &c.view).to);
	return code;
}

enum wg_code wg_episode_run(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                            const struct wg_msg_done *done, struct wg_matched *m, struct wg_err *err)
{
	struct choice c = { .reference = NULL };
	bool moved = msg->child != m->child, own = done->episode_new && done->relation != WG_RELATION_NONE;
	enum wg_code code = WG_OK;
	/* One that was found once stays, with the doubt that nobody has looked at yet. */
	if (!moved && ((msg->episode != 0 && own == msg->episode_new) || (msg->episode_new && own))) {
		(void)snprintf(m->words, sizeof m->words, "%s", msg->doubt); /* it fits */
		return WG_OK;
	}
	m->episode = 0;
	if (!moved && msg->episode != 0)
		code = wg_episode_leave(store, msg, err);
	if (code == WG_OK)
		code = look(store, msg, done, m->child, m->fresh, &c, err);
	if (code != WG_OK)
		return code;
	struct wg_match_episode verdict = wg_match_episode(done->relation, &c.view);
	if (own)
		verdict = (struct wg_match_episode){ .to = WG_EPISODE_NEW,
			                                 .ends = done->relation == WG_RELATION_CLOSES ||
			                                         done->relation == WG_RELATION_AFTER,
			                                 .attach = true };
	code = join(store, now, msg, done, &c, &verdict, m, err);
	m->episode_new = own;
	(void)snprintf(m->unlooked, sizeof m->unlooked, "%s", verdict.doubt != NULL ? verdict.doubt : ""); /* it fits */
	if (verdict.doubt != NULL)
		(void)snprintf(m->words, sizeof m->words, "%s", verdict.doubt); /* it fits */
	return code == WG_OK ? tell(store, msg, &verdict, m, err) : code;
}

enum wg_code wg_episode_leave(struct wg_store *store, const struct wg_msg_rec *msg, struct wg_err *err)
{
	static const enum wg_sql undo[] = { SQL_EPISODE_REOPEN, SQL_EPISODE_EMPTY, SQL_EPISODE_UNLEARN };
	enum wg_code code = WG_OK;
	for (size_t i = 0; code == WG_OK && i < WG_COUNT(undo); i++)
		code = wg_db_run(store, undo[i], WG_ARGS(wg_db_int(msg->seq)), err);
	return code;
}
