/* sqlite_match.c owns the way from the keys of a message to its child: the evidence out of the tables, the verdict of
 * match.c, and what is learned from it. In the transaction that completes the message, so that two messages of one new
 * child make one child. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/match.h"
#include "store/sqlite_internal.h"

/* Children held against one message: a common name is shared by dozens, and one doubt among them is as good as all. */
#define CANDIDATES_MAX 256
/* Of them named to a person. */
#define NAMED_MAX 3
/* A key of a time when the store did not know what its keys stood for. */
#define KIND_OLD (-1)

struct candidates {
	struct wg_match_child list[CANDIDATES_MAX];
	unsigned sole[CANDIDATES_MAX]; /* kinds of which a key is this child's alone */
	size_t count;
};

static enum wg_key_kind kept_kind(enum wg_key_kind kind)
{
	return kind == WG_KEY_SWAPPED ? WG_KEY_NAME_BIRTH : kind;
}

static void note(struct candidates *c, int64_t child, unsigned kind, bool sole)
{
	size_t i = 0;
	while (i < c->count && c->list[i].child != child)
		i++;
	if (i == CANDIDATES_MAX)
		return;
	if (i == c->count)
		c->list[c->count++].child = child;
	c->list[i].agree |= kind;
	c->sole[i] |= sole ? kind : 0;
}

/* The children that have this key. A date of birth alone is shared by too many to say anything. */
static enum wg_code find(struct wg_store *store, const struct wg_match_key *key, struct candidates *c,
                         struct wg_err *err)
{
	WG_AUTO_FREE int64_t *children = NULL;
	size_t n = 0;
	enum wg_code code = WG_OK;
	if (key->kind == WG_KEY_BIRTH)
		return WG_OK;
	if (key->kind == WG_KEY_REFERENCE)
		code = wg_db_seqs(store, SQL_CHILD_BY_REFERENCE, WG_ARGS(wg_db_text(key->key)), CANDIDATES_MAX, &children, &n,
		                  err);
	else
		code = wg_db_seqs(store, SQL_CHILD_BY_KEY, WG_ARGS(wg_db_text(key->key), wg_db_int(kept_kind(key->kind))),
		                  CANDIDATES_MAX, &children, &n, err);
	for (size_t i = 0; code == WG_OK && i < n; i++)
		note(c, children[i], WG_KIND(key->kind), n == 1);
	return code;
}

/* What one child's own keys say to those of the message. */
struct comparison {
	bool matched[WG_STORE_KEYS_MAX], scoped[WG_STORE_KEYS_MAX];
	unsigned has;
};

/* The current row of SQL_CHILD_KEYS. */
static void compare_row(struct wg_store *store, const struct wg_msg_done *done, struct comparison *cmp)
{
	const char *key = wg_db_col_borrow(store, SQL_CHILD_KEYS, 0), *scope = wg_db_col_borrow(store, SQL_CHILD_KEYS, 2);
	int64_t kind = wg_db_col_int(store, SQL_CHILD_KEYS, 1);
	if (kind >= 0 && kind < WG_KEY_KINDS)
		cmp->has |= WG_KIND((unsigned)kind);
	for (unsigned i = 0; i < done->key_count; i++) {
		const struct wg_match_key *k = &done->keys[i];
		if ((kind == KIND_OLD || kind == (int64_t)kept_kind(k->kind)) && strcmp(key, k->key) == 0)
			cmp->matched[i] = true;
		if (kind == WG_KEY_LOCAL_ID && k->kind == WG_KEY_LOCAL_ID && strcmp(scope, k->scope) == 0)
			cmp->scoped[i] = true;
	}
}

static enum wg_code compare(struct wg_store *store, const struct wg_msg_done *done, struct wg_match_child *c,
                            struct wg_err *err)
{
	struct comparison cmp = { .has = 0 };
	unsigned differ = 0;
	bool row = true;
	enum wg_code code = wg_db_query(store, SQL_CHILD_KEYS, WG_ARGS(wg_db_int(c->child)), err);
	while (code == WG_OK) {
		code = wg_db_step(store, SQL_CHILD_KEYS, &row, err);
		if (code != WG_OK || !row)
			break;
		compare_row(store, done, &cmp);
	}
	wg_db_end(store, SQL_CHILD_KEYS);
	for (unsigned i = 0; i < done->key_count; i++) {
		enum wg_key_kind kind = done->keys[i].kind;
		if (cmp.matched[i])
			c->agree |= WG_KIND(kind);
		else if (kind == WG_KEY_LOCAL_ID)
			c->differ |= cmp.scoped[i] ? WG_KIND(kind) : 0;
		else if (kind != WG_KEY_REFERENCE && kind != WG_KEY_SWAPPED && (cmp.has & WG_KIND(kind)) != 0)
			differ |= WG_KIND(kind);
	}
	c->differ |= differ & ~c->agree; /* one that agrees is enough, but for local ids: each is of one system */
	return code;
}

/* The last message about the child but for this one. */
static enum wg_code last_message(struct wg_store *store, int64_t child, int64_t but, char out[WG_ID_TEXT],
                                 struct wg_err *err)
{
	bool row = false;
	out[0] = '\0';
	enum wg_code code = wg_db_row(store, SQL_CHILD_LAST, WG_ARGS(wg_db_int(child), wg_db_int(but)), &row, err);
	if (code == WG_OK && row)
		wg_db_col_text(store, SQL_CHILD_LAST, 0, out, WG_ID_TEXT);
	wg_db_end(store, SQL_CHILD_LAST);
	return code;
}

static enum wg_code gather(struct wg_store *store, const struct wg_msg_rec *msg, const struct wg_msg_done *done,
                           struct candidates *c, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (unsigned i = 0; code == WG_OK && i < done->key_count; i++)
		code = find(store, &done->keys[i], c, err);
	for (size_t i = 0; code == WG_OK && i < c->count; i++) {
		code = compare(store, done, &c->list[i], err);
		c->list[i].shared = c->list[i].agree & ~c->sole[i];
		if (code == WG_OK)
			code = last_message(store, c->list[i].child, msg->seq, c->list[i].message, err);
	}
	return code;
}

/* "may be the same child as message X (the same name, but another date of birth)": ids and kinds of evidence only. */
static void doubt_words(const struct candidates *c, char *out, size_t size)
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

static enum wg_code make_child(struct wg_store *store, struct wg_now now, int64_t *child, struct wg_err *err)
{
	bool row = false;
	enum wg_code code = wg_db_row(store, SQL_CHILD_PUT, WG_ARGS(wg_db_int(now.wall)), &row, err);
	if (code == WG_OK && row)
		*child = wg_db_col_int(store, SQL_CHILD_PUT, 0);
	wg_db_end(store, SQL_CHILD_PUT);
	return code;
}

/* From now on the message is about child; what was learned from it about another is forgotten. */
static enum wg_code settle(struct wg_store *store, const struct wg_msg_rec *msg, int64_t child, const char *how,
                           struct wg_err *err)
{
	enum wg_code code = WG_OK;
	if (msg->child != 0 && msg->child != child) {
		code = wg_db_run(store, SQL_CHILD_UNLEARN, WG_ARGS(wg_db_int(msg->child), wg_db_int(msg->seq)), err);
		if (code == WG_OK)
			code = wg_episode_leave(store, msg, err);
	}
	if (code == WG_OK && (msg->child != child || strcmp(msg->child_how, how) != 0))
		code = wg_db_run(store, SQL_MSG_CHILD, WG_ARGS(wg_db_int(msg->seq), wg_db_int(child), wg_db_text(how)), err);
	return code;
}

/* ---- the three ways to a child; each leaves *how NULL when the message keeps the one it has */

static enum wg_code by_keys(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                            const struct wg_msg_done *done, struct wg_matched *m, const char **how, struct wg_err *err)
{
	WG_AUTO_FREE struct candidates *c = calloc(1, sizeof *c);
	size_t at = 0;
	char why[160];
	if (c == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	enum wg_code code = gather(store, msg, done, c, err);
	if (code != WG_OK)
		return code;
	switch (wg_match_judge(c->list, c->count, &at)) {
	case WG_MATCH_NEW:
		*how = "new";
		(void)snprintf(m->log, sizeof m->log, "a new child"); /* it fits */
		return make_child(store, now, &m->child, err);
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
	return make_child(store, now, &m->child, err);
}

enum wg_code wg_match_run(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                          const struct wg_msg_done *done, struct wg_matched *out, struct wg_err *err)
{
	struct wg_matched m = { .child = msg->child, .episode = msg->episode };
	const char *how = NULL;
	enum wg_code code = WG_OK;
	if (done->child_choice == WG_CHILD_SAME)
		code = as_message(store, msg, done, &m, &how, err);
	else if (done->child_choice == WG_CHILD_NEW)
		code = as_new(store, now, msg, &m, &how, err);
	else if (msg->child == 0 && done->key_count > 0) /* one that was found once stays */
		code = by_keys(store, now, msg, done, &m, &how, err);
	if (code == WG_OK && !m.doubt && how != NULL)
		code = settle(store, msg, m.child, how, err);
	if (code == WG_OK && !m.doubt && m.child != 0)
		code = learn(store, msg, done, m.child, err);
	if (code == WG_OK && !m.doubt && m.child != 0)
		code = wg_episode_run(store, now, msg, done, &m, err);
	if (code == WG_OK)
		*out = m;
	return code;
}
