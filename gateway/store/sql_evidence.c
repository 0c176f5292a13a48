/* sql_evidence.c owns what the tables say of the keys of a message: every child that shares one with it, and how its
 * own keys stand to them. */
#include <string.h>

#include "base/mem.h"
#include "store/sql_internal.h"

/* A key of a time when the store did not know what its keys stood for. */
#define KIND_OLD (-1)

static enum wg_key_kind kept_kind(enum wg_key_kind kind)
{
	return kind == WG_KEY_SWAPPED ? WG_KEY_NAME_BIRTH : kind;
}

static void note(struct wg_evidence *c, int64_t child, unsigned kind, bool sole)
{
	size_t i = 0;
	while (i < c->count && c->list[i].child != child)
		i++;
	if (i == WG_EVIDENCE_MAX)
		return;
	if (i == c->count)
		c->list[c->count++].child = child;
	c->list[i].agree |= kind;
	c->sole[i] |= sole ? kind : 0;
}

/* How the children that have a key are asked for. */
struct question {
	enum wg_sql id;
	struct wg_arg args[2];
	size_t count; /* 0: they are not */
};

bool wg_key_finds(enum wg_key_kind kind)
{
	return kind != WG_KEY_BIRTH && kind != WG_KEY_CONFIDENTIAL && kind != WG_KEY_FORENAME_BIRTH;
}

static struct question question_of(const struct wg_match_key *key)
{
	if (!wg_key_finds(key->kind))
		return (struct question){ .count = 0 };
	const bool reference = key->kind == WG_KEY_REFERENCE;
	return (struct question){ .id = reference ? SQL_CHILD_BY_REFERENCE : SQL_CHILD_BY_KEY,
		                      .args = { wg_db_text(key->key), wg_db_int(kept_kind(key->kind)) },
		                      .count = reference ? 1 : 2 };
}

/* The children that have this key. */
static enum wg_code find(struct wg_store *store, const struct wg_match_key *key, struct wg_evidence *c,
                         struct wg_err *err)
{
	WG_AUTO_FREE int64_t *children = NULL;
	size_t n = 0;
	const struct question q = question_of(key);
	if (q.count == 0)
		return WG_OK;
	enum wg_code code = wg_db_seqs(store, q.id, q.args, q.count, WG_EVIDENCE_MAX, &children, &n, err);
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
		if (kind == WG_KEY_CONFIDENTIAL)
			continue;
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

void wg_evidence_ahead(struct wg_store *store, const struct wg_msg_done *done)
{
	for (unsigned i = 0; i < done->key_count; i++) {
		const struct question q = question_of(&done->keys[i]);
		if (q.count > 0)
			wg_db_ahead(store, q.id, q.args, q.count);
	}
}

enum wg_code wg_evidence_gather(struct wg_store *store, const struct wg_msg_rec *msg, const struct wg_msg_done *done,
                                struct wg_evidence *c, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	wg_evidence_ahead(store, done);
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
