/* sql_match.c owns the way from the keys of a message to its child: the verdict of match.c on the evidence, and what
 * is learned from it. In the transaction that completes the message, so that two messages of one new
 * child make one child. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/match.h"
#include "store/sql_internal.h"

/* Of them named to a person. */
#define NAMED_MAX 3

/* "may be the same child as message X (the same name, but another date of birth)": ids and kinds of evidence only. */
static void doubt_words(const struct wg_evidence *c, char *out, size_t size)
{
	unsigned named = 0, more = 0;
	(void)snprintf(out, size, "may be the same child as"); /* it fits */
	for (size_t i = 0; i < c->count; i++) {
		char why[160];
		size_t used = strlen(out);
		if (!wg_match_doubtful(&c->list[i]))
			continue;
		if (named == NAMED_MAX) {
			more++;
			continue;
		}
		wg_match_words(&c->list[i], why, sizeof why);
		(void)snprintf(out + used, size - used, "%s message %s (%s)", named > 0 ? ", or" : "", c->list[i].message,
		               why); /* cut is acceptable in words */
		named++;
	}
	size_t used = strlen(out);
	if (more > 0)
		(void)snprintf(out + used, size - used, ", or %u more", more); /* likewise */
}

/* ---- learning */

static enum wg_code learn(struct wg_store *store, const struct wg_msg_rec *msg, const struct wg_msg_done *done,
                          int64_t child, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (unsigned i = 0; code == WG_OK && i < done->key_count; i++) {
		const struct wg_match_key *k = &done->keys[i];
		if (k->kind != WG_KEY_REFERENCE && k->kind != WG_KEY_SWAPPED) /* an episode's; only looked for */
			code = wg_db_run(store, SQL_CHILD_KEY,
			                 WG_ARGS(wg_db_text(k->key), wg_db_int(child), wg_db_int(k->kind), wg_db_text(k->scope),
			                         wg_db_int(msg->seq)),
			                 err);
	}
	return code;
}

static enum wg_code make_child(struct wg_store *store, struct wg_now now, struct wg_matched *m, struct wg_err *err)
{
	bool row = false;
	enum wg_code code = wg_db_row(store, SQL_CHILD_PUT, WG_ARGS(wg_db_int(now.wall)), &row, err);
	m->fresh = m->child == 0; /* else it leaves another, of which more is asked */
	if (code == WG_OK && row)
		m->child = wg_db_col_int(store, SQL_CHILD_PUT, 0);
	wg_db_end(store, SQL_CHILD_PUT);
	return code;
}

/* From now on the message is about another child: what was learned from it about this one is forgotten. */
static enum wg_code leave(struct wg_store *store, const struct wg_msg_rec *msg, struct wg_err *err)
{
	enum wg_code code = wg_db_run(store, SQL_CHILD_UNLEARN, WG_ARGS(wg_db_int(msg->child), wg_db_int(msg->seq)), err);
	return code == WG_OK ? wg_episode_leave(store, msg, err) : code;
}

/* ---- the three ways to a child; each leaves *how NULL when the message keeps the one it has */

static enum wg_code by_keys(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                            const struct wg_msg_done *done, struct wg_matched *m, const char **how, struct wg_err *err)
{
	WG_AUTO_FREE struct wg_evidence *c = calloc(1, sizeof *c);
	size_t at = 0;
	char why[160];
	if (c == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	enum wg_code code = wg_evidence_gather(store, msg, done, c, err);
	if (code != WG_OK)
		return code;
	switch (wg_match_judge(c->list, c->count, &at)) {
	case WG_MATCH_NEW:
		*how = "new";
		(void)snprintf(m->log, sizeof m->log, "a new child"); /* it fits */
		return make_child(store, now, m, err);
	case WG_MATCH_SAME:
		*how = "keys";
		m->child = c->list[at].child;
		wg_match_words(&c->list[at], why, sizeof why);
		(void)snprintf(m->log, sizeof m->log, "the same child as message %s (%s)", c->list[at].message, why); /* fits */
		return WG_OK;
	case WG_MATCH_DOUBT:
		break;
	}
	m->doubt = true;
	doubt_words(c, m->words, sizeof m->words);
	return WG_OK;
}

static enum wg_code as_message(struct wg_store *store, const struct wg_msg_rec *msg, const struct wg_msg_done *done,
                               struct wg_matched *m, const char **how, struct wg_err *err)
{
	struct wg_msg_rec other;
	enum wg_code code = wg_message_by_id(store, done->child_as, &other, err);
	if (code != WG_OK && code != WG_NOT_FOUND)
		return code;
	m->doubt = code == WG_NOT_FOUND || other.child == 0 || other.seq == msg->seq;
	if (m->doubt) {
		(void)snprintf(m->words, sizeof m->words, "cannot be the same child as message %s: %s",
		               wg_id_valid(done->child_as) ? done->child_as : "(no id)",
		               code == WG_NOT_FOUND ? "there is no such message"
		                                    : "whom that one is about is not settled itself"); /* it fits */
		return WG_OK;
	}
	m->child = other.child;
	if (msg->child == m->child)
		return WG_OK;
	*how = "person";
	(void)snprintf(m->log, sizeof m->log, "the same child as message %s (a person said so)", done->child_as); /* fits */
	return WG_OK;
}

static enum wg_code as_new(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                           struct wg_matched *m, const char **how, struct wg_err *err)
{
	if (msg->child != 0 && strcmp(msg->child_how, "person-new") == 0)
		return WG_OK; /* said before, and made then */
	*how = "person-new";
	(void)snprintf(m->log, sizeof m->log, "a new child (a person said so)"); /* it fits */
	return make_child(store, now, m, err);
}

/* By the same rules, without writing: what is not certain is nobody. */
static enum wg_code look_by_keys(struct wg_store *store, const struct wg_msg_rec *msg, const struct wg_msg_done *done,
                                 int64_t *child, bool *doubt, struct wg_about *about, struct wg_err *err)
{
	WG_AUTO_FREE struct wg_evidence *c = calloc(1, sizeof *c);
	size_t at = 0;
	if (c == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	enum wg_code code = wg_evidence_gather(store, msg, done, c, err);
	for (size_t i = 0; code == WG_OK && i < c->count; i++) /* what becomes of any of them may change the verdict */
		code = wg_about_child(about, c->list[i].child, err);
	if (code != WG_OK)
		return code;
	enum wg_match_verdict verdict = wg_match_judge(c->list, c->count, &at);
	*child = verdict == WG_MATCH_SAME ? c->list[at].child : 0;
	*doubt = verdict == WG_MATCH_DOUBT;
	return WG_OK;
}

enum wg_code wg_match_look(struct wg_store *store, const struct wg_msg_rec *msg, const struct wg_msg_done *done,
                           int64_t *child, bool *doubt, struct wg_about *about, struct wg_err *err)
{
	struct wg_matched m = { .child = msg->child };
	const char *how = NULL;
	enum wg_code code = WG_OK;
	bool made = strcmp(msg->child_how, "person-new") == 0; /* said before, and made then */
	if (done->child_choice == WG_CHILD_SAME)
		code = as_message(store, msg, done, &m, &how, err);
	else if (done->child_choice == WG_CHILD_NEW)
		m.child = made ? msg->child : 0;
	else if (msg->child == 0 && done->key_count > 0)
		code = look_by_keys(store, msg, done, &m.child, &m.doubt, about, err);
	if (code == WG_OK)
		code = wg_about_child(about, m.child, err);
	if (code == WG_OK)
		code = wg_about_child(about, msg->child, err);
	if (code == WG_OK) {
		*child = m.doubt ? 0 : m.child;
		*doubt = m.doubt;
	}
	return code;
}

void wg_matched_start(const struct wg_msg_rec *msg, struct wg_matched *out)
{
	*out = (struct wg_matched){ .child = msg->child, .episode = msg->episode, .episode_new = msg->episode_new };
	memcpy(out->child_how, msg->child_how, sizeof out->child_how);
	memcpy(out->unlooked, msg->doubt, sizeof out->unlooked);
}

enum wg_code wg_match_run(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                          const struct wg_msg_done *done, struct wg_matched *out, struct wg_err *err)
{
	struct wg_matched m;
	const char *how = NULL;
	enum wg_code code = WG_OK;
	wg_matched_start(msg, &m);
	if (done->child_choice == WG_CHILD_SAME)
		code = as_message(store, msg, done, &m, &how, err);
	else if (done->child_choice == WG_CHILD_NEW)
		code = as_new(store, now, msg, &m, &how, err);
	else if (msg->child == 0 && done->key_count > 0) /* one that was found once stays */
		code = by_keys(store, now, msg, done, &m, &how, err);
	if (code == WG_OK && !m.doubt && msg->child != 0 && msg->child != m.child)
		code = leave(store, msg, err);
	if (code == WG_OK && !m.doubt && how != NULL)
		(void)snprintf(m.child_how, sizeof m.child_how, "%s", how); /* it fits */
	if (code == WG_OK && !m.doubt && m.child != 0)
		code = learn(store, msg, done, m.child, err);
	if (code == WG_OK && !m.doubt && m.child != 0)
		code = wg_episode_run(store, now, msg, done, &m, err);
	if (code == WG_OK)
		*out = m;
	return code;
}
