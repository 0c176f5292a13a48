/* sql_context.c owns what the store knows that a decision needs: whose child it is, whether it is missing now, who
 * was told, what was agreed; whose a key is; and the child that a person means. Nothing is changed by asking. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/sql_internal.h"

void wg_context_free(struct wg_context *context)
{
	free(context->told);
	free(context->dues);
	wg_records_free(context->records, context->record_count);
	*context = (struct wg_context){ 0 };
}

static enum wg_code check_keys(const struct wg_match_key *keys, unsigned count, unsigned max, struct wg_err *err)
{
	if (count > max)
		return wg_err_set(err, WG_LIMIT, "more than %u keys", max);
	return wg_keys_check(keys, count, err);
}

/* ---- who was told */

/* The current row of SQL_TOLD; each once. */
static enum wg_code note(struct wg_store *store, struct wg_context *c, struct wg_err *err)
{
	struct wg_told t = { 0 };
	wg_db_col_text(store, SQL_TOLD, 0, t.organisation, sizeof t.organisation);
	wg_db_col_text(store, SQL_TOLD, 1, t.desk, sizeof t.desk);
	wg_db_col_text(store, SQL_TOLD, 2, t.role, sizeof t.role);
	wg_db_col_text(store, SQL_TOLD, 3, t.of, sizeof t.of);
	for (unsigned i = 0; i < c->told_count; i++) {
		const struct wg_told *o = &c->told[i];
		if (strcmp(o->organisation, t.organisation) == 0 && strcmp(o->desk, t.desk) == 0 &&
		    strcmp(o->role, t.role) == 0 && strcmp(o->of, t.of) == 0)
			return WG_OK;
	}
	if (c->told_count == WG_STORE_TOLD_MAX)
		return wg_err_set(err, WG_LIMIT, "more than %d recipients were told before: a person has to look",
		                  WG_STORE_TOLD_MAX);
	if (c->told == NULL && (c->told = calloc(WG_STORE_TOLD_MAX, sizeof *c->told)) == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	c->told[c->told_count++] = t;
	return WG_OK;
}

static enum wg_code told_of_message(struct wg_store *store, int64_t seq, struct wg_context *c, struct wg_err *err)
{
	bool row = true;
	enum wg_code code = wg_db_query(store, SQL_TOLD, WG_ARGS(wg_db_int(seq)), err);
	while (code == WG_OK) {
		code = wg_db_step(store, SQL_TOLD, &row, err);
		if (code != WG_OK || !row)
			break;
		code = note(store, c, err);
	}
	wg_db_end(store, SQL_TOLD);
	return code;
}

/* Whether the message named is meant. One about another child is not: its recipients would be told of this one. Nor is
 * another agency's that happens to count alike. */
static bool is_meant(const struct wg_msg_rec *msg, const struct wg_msg_rec *named, const char *id, uint64_t child)
{
	if (child != 0 && named->child != 0)
		return (uint64_t)named->child == child;
	bool same = msg->organisation[0] != '\0' && strcmp(named->organisation, msg->organisation) == 0;
	return same || strcmp(named->id, id) == 0;
}

static enum wg_code told_of_named(struct wg_store *store, const struct wg_msg_rec *msg, const char *id,
                                  struct wg_context *c, bool *known, struct wg_err *err)
{
	WG_AUTO_FREE int64_t *seqs = NULL;
	size_t n = 0;
	*known = false;
	enum wg_code code = wg_db_seqs(store, SQL_CONCERNED, WG_ARGS(wg_db_text(id)), SIZE_MAX, &seqs, &n, err);
	for (size_t i = 0; code == WG_OK && i < n; i++) {
		struct wg_msg_rec named;
		code = wg_message_by_seq(store, seqs[i], &named, err);
		if (code != WG_OK || !is_meant(msg, &named, id, c->child))
			continue;
		*known = true;
		if (named.seq != msg->seq) /* itself counts nothing */
			code = told_of_message(store, named.seq, c, err);
	}
	return code;
}

static enum wg_code told_of_concerned(struct wg_store *store, const struct wg_msg_rec *msg, const char *concerns,
                                      struct wg_context *c, struct wg_err *err)
{
	char id[WG_CONCERN_TEXT];
	enum wg_code code = WG_OK;
	while (code == WG_OK && wg_concern_next(&concerns, id)) {
		bool known = false;
		if (id[0] != '\0')
			code = told_of_named(store, msg, id, c, &known, err);
		c->concerns_unknown = c->concerns_unknown || !known;
	}
	return code;
}

static enum wg_code told_of_episode(struct wg_store *store, const struct wg_msg_rec *msg,
                                    const struct wg_msg_done *done, struct wg_context *c, struct wg_err *err)
{
	WG_AUTO_FREE int64_t *seqs = NULL;
	int64_t episode = 0;
	size_t n = 0;
	enum wg_code code = wg_episode_look(store, msg, done, (int64_t)c->child, &episode, err);
	if (code == WG_OK && episode != 0)
		code = wg_db_seqs(store, SQL_EPISODE_MESSAGES, WG_ARGS(wg_db_int(episode), wg_db_int(msg->seq)), SIZE_MAX,
		                  &seqs, &n, err);
	for (size_t i = 0; code == WG_OK && i < n; i++)
		code = told_of_message(store, seqs[i], c, err);
	return code;
}

static bool names_others(const char *concerns)
{
	return concerns != NULL && concerns[strspn(concerns, " ")] != '\0';
}

static enum wg_code told(struct wg_store *store, const struct wg_msg_rec *msg, const struct wg_msg_done *done,
                         struct wg_context *c, struct wg_err *err)
{
	if (names_others(done->concerns))
		return told_of_concerned(store, msg, done->concerns, c, err);
	if (c->child == 0 || (done->relation != WG_RELATION_CLOSES && done->relation != WG_RELATION_WITHIN))
		return WG_OK;
	return told_of_episode(store, msg, done, c, err);
}

/* ---- what waits for a person */

/* A review, or one that a person holds, with a time. */
static bool is_due(const struct wg_dlv_rec *d)
{
	return d->due != 0 && d->alarm_of == 0 &&
	       (d->state == WG_DLV_REVIEW || (d->state == WG_DLV_HELD && d->held_from == WG_DLV_REVIEW));
}

static enum wg_code dues(struct wg_store *store, const struct wg_msg_rec *msg, struct wg_context *c, struct wg_err *err)
{
	WG_AUTO_FREE int64_t *seqs = NULL;
	size_t n = 0;
	if (wg_message_first(msg))
		return WG_OK;
	enum wg_code code = wg_db_seqs(store, SQL_DLV_OF_MESSAGE, WG_ARGS(wg_db_int(msg->seq)), SIZE_MAX, &seqs, &n, err);
	if (code == WG_OK && n > 0 && (c->dues = calloc(WG_LIMIT_RECIPIENTS, sizeof *c->dues)) == NULL)
		code = wg_err_set(err, WG_SYSTEM, "out of memory");
	for (size_t i = 0; code == WG_OK && i < n && c->due_count < WG_LIMIT_RECIPIENTS; i++) {
		struct wg_dlv_rec d;
		code = wg_delivery_by_seq(store, seqs[i], &d, err);
		if (code != WG_OK || !is_due(&d))
			continue;
		struct wg_review_due *due = &c->dues[c->due_count++];
		memcpy(due->organisation, d.organisation, sizeof due->organisation);
		memcpy(due->desk, d.desk, sizeof due->desk);
		memcpy(due->role, d.role, sizeof due->role);
		due->due = d.due;
	}
	return code;
}

/* ---- the context */

static enum wg_code live(struct wg_store *store, const struct wg_msg_rec *msg, struct wg_context *c, struct wg_err *err)
{
	bool row = false;
	enum wg_code code = wg_db_row(store, SQL_LIVE,
	                              WG_ARGS(wg_db_int((int64_t)c->child), wg_db_int(msg->seq),
	                                      wg_db_int(WG_RELATION_OPENS), wg_db_int(WG_RELATION_CLOSES)),
	                              &row, err);
	c->live = code == WG_OK && row && wg_db_col_int(store, SQL_LIVE, 0) != 0;
	wg_db_end(store, SQL_LIVE);
	return code;
}

static enum wg_code fill(struct wg_store *store, const struct wg_msg_rec *msg, const struct wg_msg_done *done,
                         struct wg_context *c, struct wg_about *about, struct wg_err *err)
{
	int64_t child = 0;
	enum wg_code code = wg_match_look(store, msg, done, &child, &c->doubt, about, err);
	c->child = (uint64_t)child;
	if (code == WG_OK && child != 0)
		code = live(store, msg, c, err);
	if (code == WG_OK)
		code = told(store, msg, done, c, err);
	if (code == WG_OK)
		code = dues(store, msg, c, err);
	if (code == WG_OK && child != 0)
		code = wg_records_of(store, child, &c->records, &c->record_count, err);
	return code;
}

/* Whether it is its turn as far as its keys say: many wait, and are asked again whenever another is done. */
static enum wg_code by_its_keys(struct wg_store *store, const struct wg_msg_rec *msg, const struct wg_msg_done *asked,
                                struct wg_about *about, bool *turn, struct wg_err *err)
{
	enum wg_code code = wg_about_keys(about, asked->keys, asked->key_count, err);
	return code == WG_OK ? wg_work_free(store, msg, about, turn, err) : code;
}

/* turn: NULL, or whether it was its turn: *out is as it was otherwise. */
static enum wg_code context(struct wg_store *store, const char *message, const struct wg_msg_done *asked, bool *turn,
                            struct wg_context *out, struct wg_err *err)
{
	WG_CLEANUP(wg_context_free) struct wg_context c = { 0 };
	WG_CLEANUP(wg_about_free) struct wg_about about = { .all = names_others(asked->concerns) };
	struct wg_msg_rec msg;
	enum wg_code code = check_keys(asked->keys, asked->key_count, WG_STORE_KEYS_MAX, err);
	if (code == WG_OK)
		code = wg_concern_check(asked->concerns, err);
	if (code == WG_OK && turn != NULL) { /* mostly of a message in work that has no child yet */
		wg_work_ahead(store, message);
		wg_evidence_ahead(store, asked);
	}
	if (code == WG_OK)
		code = wg_message_by_id(store, message, &msg, err);
	if (code == WG_OK && !wg_message_first(&msg))
		wg_db_ahead(store, SQL_DLV_OF_MESSAGE, WG_ARGS(wg_db_int(msg.seq)));
	if (code == WG_OK && turn != NULL)
		code = by_its_keys(store, &msg, asked, &about, turn, err);
	if (code != WG_OK || (turn != NULL && !*turn))
		return code;
	const size_t known = about.count;
	code = fill(store, &msg, asked, &c, &about, err);
	if (code == WG_OK && turn != NULL && about.count > known) /* children that are meant by them */
		code = wg_work_free(store, &msg, &about, turn, err);
	if (code == WG_OK && turn != NULL && !*turn)
		return WG_OK;
	if (code == WG_OK && turn != NULL)
		code = wg_work_take(store, &msg, &about, err);
	if (code == WG_OK)
		code = wg_records_seen(store, &msg, (int64_t)c.child, err);
	if (code != WG_OK)
		return code;
	*out = c;
	c = (struct wg_context){ 0 };
	return WG_OK;
}

static struct wg_msg_done asked_with(enum wg_relation relation, const struct wg_match_key *keys, unsigned key_count,
                                     enum wg_child_choice choice, const char *child_as, const char *concerns)
{
	struct wg_msg_done done = {
		.relation = relation, .keys = keys, .key_count = key_count, .child_choice = choice, .concerns = concerns
	};
	if (wg_id_valid(child_as))
		memcpy(done.child_as, child_as, WG_ID_TEXT);
	return done;
}

enum wg_code wg_store_context(struct wg_store *store, const char *message, enum wg_relation relation,
                              const struct wg_match_key *keys, unsigned key_count, enum wg_child_choice choice,
                              const char *child_as, const char *concerns, struct wg_context *out, struct wg_err *err)
{
	const struct wg_msg_done done = asked_with(relation, keys, key_count, choice, child_as, concerns);
	return context(store, message, &done, NULL, out, err);
}

enum wg_code wg_store_context_in_turn(struct wg_store *store, const char *message, enum wg_relation relation,
                                      const struct wg_match_key *keys, unsigned key_count, enum wg_child_choice choice,
                                      const char *child_as, const char *concerns, bool *turn, struct wg_context *out,
                                      struct wg_err *err)
{
	const struct wg_msg_done done = asked_with(relation, keys, key_count, choice, child_as, concerns);
	return context(store, message, &done, turn, out, err);
}

/* ---- whose a key is */

static void judge(const struct wg_match_key *key, bool own, bool *hit)
{
	*hit = !own || key->kind == WG_KEY_CONFIDENTIAL; /* where it may not be known: nobody is told, whose ever */
}

static enum wg_code by_reference(struct wg_store *store, uint64_t child, const struct wg_match_key *key, bool *hit,
                                 struct wg_err *err)
{
	bool row = false;
	enum wg_code code =
		wg_db_row(store, SQL_STRANGER_REFERENCE, WG_ARGS(wg_db_text(key->key), wg_db_int((int64_t)child)), &row, err);
	if (code == WG_OK && row && wg_db_col_int(store, SQL_STRANGER_REFERENCE, 0) != 0)
		judge(key, wg_db_col_int(store, SQL_STRANGER_REFERENCE, 1) != 0, hit);
	wg_db_end(store, SQL_STRANGER_REFERENCE);
	return code;
}

_Static_assert(WG_KEY_KINDS <= 100, "a kind is two digits");

/* All keys that are no references, in one question; in the place of those stands a key that nobody has. */
static enum wg_code by_keys_of_children(struct wg_store *store, uint64_t child, const struct wg_match_key *keys,
                                        unsigned key_count, bool *hit, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf list = WG_BUF((size_t)key_count * (WG_STORE_KEY + 8) + 16);
	unsigned n = 0;
	bool row = true;
	for (unsigned i = 0; i < key_count; i++) { /* hashes: nothing to be quoted in them */
		const bool asked = keys[i].kind != WG_KEY_REFERENCE;
		const unsigned kind = keys[i].kind == WG_KEY_SWAPPED ? WG_KEY_NAME_BIRTH : keys[i].kind;
		wg_buf_printf(&list, "%s\"%02u%s\"", i == 0 ? "[" : ",", kind, asked ? keys[i].key : "");
		n += asked;
	}
	if (n == 0)
		return WG_OK;
	wg_buf_put(&list, "]", 2); /* with its NUL */
	enum wg_code code = wg_buf_check(&list, "the keys", err);
	if (code == WG_OK)
		code = wg_db_query(store, SQL_STRANGERS,
		                   WG_ARGS(wg_db_text((const char *)list.data), wg_db_int((int64_t)child)), err);
	while (code == WG_OK) {
		code = wg_db_step(store, SQL_STRANGERS, &row, err);
		if (code != WG_OK || !row)
			break;
		const int64_t i = wg_db_col_int(store, SQL_STRANGERS, 0);
		if (i >= 0 && i < (int64_t)key_count)
			judge(&keys[i], wg_db_col_int(store, SQL_STRANGERS, 1) != 0, &hit[i]);
	}
	wg_db_end(store, SQL_STRANGERS);
	return code;
}

enum wg_code wg_store_strangers(struct wg_store *store, uint64_t child, const struct wg_match_key *keys,
                                unsigned key_count, bool *hit, struct wg_err *err)
{
	enum wg_code code = check_keys(keys, key_count, WG_STORE_SEARCH_MAX, err);
	for (unsigned i = 0; code == WG_OK && i < key_count; i++) {
		hit[i] = false;
		if (keys[i].kind == WG_KEY_REFERENCE)
			code = by_reference(store, child, &keys[i], &hit[i], err);
	}
	return code == WG_OK ? by_keys_of_children(store, child, keys, key_count, hit, err) : code;
}

/* ---- the child that a person means */

static enum wg_code by_message(struct wg_store *store, const char *id, uint64_t *child, struct wg_err *err)
{
	struct wg_msg_rec msg;
	enum wg_code code = wg_message_by_id(store, id, &msg, err);
	if (code == WG_OK && msg.child == 0)
		code = wg_err_set(err, WG_NOT_FOUND, "which child message %s is about is not known", id);
	if (code == WG_OK)
		*child = (uint64_t)msg.child;
	return code;
}

/* Only what tells one child from every other counts: whose records are shown is no guess. */
static enum wg_code by_keys(struct wg_store *store, const struct wg_match_key *keys, unsigned count, uint64_t *child,
                            struct wg_err *err)
{
	static const unsigned strong =
		WG_KIND(WG_KEY_REFERENCE) | WG_KIND(WG_KEY_LOCAL_ID) | WG_KIND(WG_KEY_NHS) | WG_KIND(WG_KEY_NAME_BIRTH);
	WG_AUTO_FREE struct wg_evidence *found = calloc(1, sizeof *found);
	const struct wg_msg_rec nobody = { .seq = 0 };
	const struct wg_msg_done asked = { .keys = keys, .key_count = count };
	size_t deciding = 0, at = 0;
	if (found == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	enum wg_code code = wg_evidence_gather(store, &nobody, &asked, found, err);
	if (code != WG_OK)
		return code;
	for (size_t i = 0; i < found->count; i++)
		if ((found->list[i].agree & strong) != 0) {
			deciding++;
			at = i;
		}
	if (deciding == 0)
		return wg_err_set(err, WG_NOT_FOUND, "no child is known by that");
	if (deciding > 1)
		return wg_err_set(err, WG_REJECT, "%zu children are known by that: name a message about the child", deciding);
	*child = (uint64_t)found->list[at].child;
	return WG_OK;
}

enum wg_code wg_store_child(struct wg_store *store, const char *id, const struct wg_match_key *keys, unsigned key_count,
                            uint64_t *child, struct wg_err *err)
{
	enum wg_code code = check_keys(keys, key_count, WG_STORE_KEYS_MAX, err);
	if (code != WG_OK)
		return code;
	return id[0] != '\0' ? by_message(store, id, child, err) : by_keys(store, keys, key_count, child, err);
}
