/* sql_work.c owns the turns of messages that are in work at the same time: what a decision is told of a child, and what
 * the decision then changes, are one step for whoever else decides about that child.
 *
 * A message is in work while it is leased. Its context is given when every message in work that goes before it has been
 * given its own, and none that was given one may be about the same child. So for one child everything from the context
 * to the end is done one message after the other, in their order, and what is about others goes on beside it. Whether
 * two may be about the same child is judged by what decides that (MATCHING.md): a key of both, or a child that shares a
 * key with both.
 *
 * The notes are this process's own and not durable: they count together with the lease that they name, by its token, so
 * that one of a lease that came to nothing says nothing; those of a transaction that is rolled back go with it. Where
 * several nodes share the database each leaves its notes there for the others (driver.h, note), under the same rule. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/driver.h"
#include "store/sql_internal.h"

/* Contexts given and not done. A process asks for one at a time; more than there are connections (server_internal.h) is
 * somebody who only asks. */
#define WORKS_MAX 256
/* Digits of a key, in hexadecimal, that tell it from others here: chance makes two wait for each other once in 2^64. */
#define KEY_DIGITS 16

struct work {
	int64_t seq, token;
	bool fresh; /* of the transaction that is running */
	struct wg_about about;
};

struct wg_works {
	struct work list[WORKS_MAX];
	size_t count;
};

/* ---- what a message may be about */

void wg_about_free(struct wg_about *about)
{
	free(about->list);
	*about = (struct wg_about){ 0 };
}

static enum wg_code add(struct wg_about *about, uint64_t number, struct wg_err *err)
{
	if (about->count == about->room) {
		size_t room = about->room > 0 ? 2 * about->room : 32;
		uint64_t *more = realloc(about->list, room * sizeof *more);
		if (more == NULL)
			return wg_err_set(err, WG_SYSTEM, "out of memory");
		about->list = more;
		about->room = room;
	}
	about->list[about->count++] = number;
	return WG_OK;
}

enum wg_code wg_about_child(struct wg_about *about, int64_t child, struct wg_err *err)
{
	return child != 0 ? add(about, (uint64_t)child, err) : WG_OK;
}

/* A hash is known to be one here. */
static uint64_t number_of(const char *key)
{
	uint64_t number = 0;
	for (unsigned i = 0; i < KEY_DIGITS; i++)
		number = number << 4 | (uint64_t)(key[i] <= '9' ? key[i] - '0' : key[i] - 'a' + 10);
	return number;
}

enum wg_code wg_about_keys(struct wg_about *about, const struct wg_match_key *keys, unsigned count, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (unsigned i = 0; code == WG_OK && i < count; i++)
		if (wg_key_finds(keys[i].kind))
			code = add(about, number_of(keys[i].key), err);
	return code;
}

static bool may_be_same(const struct wg_about *a, const struct wg_about *b)
{
	if (a->all || b->all)
		return true;
	for (size_t i = 0; i < a->count; i++)
		for (size_t k = 0; k < b->count; k++)
			if (a->list[i] == b->list[k])
				return true;
	return false;
}

/* ---- what is in work */

void wg_works_freep(struct wg_works **works)
{
	for (size_t i = 0; *works != NULL && i < (*works)->count; i++)
		wg_about_free(&(*works)->list[i].about);
	free(*works);
	*works = NULL;
}

void wg_works_settle(struct wg_works *works, bool committed)
{
	size_t kept = 0;
	for (size_t i = 0; works != NULL && i < works->count; i++) {
		struct work *w = &works->list[i];
		if (w->fresh && !committed) {
			wg_about_free(&w->about);
			continue;
		}
		w->fresh = false;
		works->list[kept++] = *w;
	}
	if (works != NULL)
		works->count = kept;
}

static struct work *find(struct wg_works *works, int64_t seq, int64_t token)
{
	for (size_t i = 0; i < works->count; i++)
		if (works->list[i].seq == seq && works->list[i].token == token)
			return &works->list[i];
	return NULL;
}

/* ---- for other nodes, as text: ":" and the numbers, or "*" for anybody */

#define TEXT_MAX ((size_t)64 * 1024)

static enum wg_code put_note(struct wg_store *store, const struct work *w, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf text = WG_BUF(TEXT_MAX);
	if (store->driver->note == NULL)
		return WG_OK;
	wg_buf_puts(&text, w->about.all ? ":*" : ":");
	for (size_t i = 0; !w->about.all && i < w->about.count; i++)
		wg_buf_printf(&text, "%016" PRIx64, w->about.list[i]);
	return store->driver->note(store, w->seq, w->token, text.failed ? ":*" : wg_buf_text(&text), err);
}

static bool is_in(const struct wg_about *about, uint64_t number)
{
	for (size_t i = 0; i < about->count; i++)
		if (about->list[i] == number)
			return true;
	return false;
}

/* Of the row that is read: one that another node has in work. Without a note it was not given its context. */
static bool another_is_in_the_way(struct wg_store *store, const struct wg_about *about, bool before)
{
	const char *text = store->driver->col_text(store, SQL_MSG_WORK, 4);
	const size_t digits = *text == ':' ? strlen(text + 1) : 0;
	bool way = *text != ':' ? before : about->all || strcmp(text, ":*") == 0 || digits % KEY_DIGITS != 0;
	for (size_t i = 0; !way && i < digits; i += KEY_DIGITS)
		way = is_in(about, number_of(text + 1 + i));
	store->elsewhere = store->elsewhere || way;
	return way;
}

/* One that is in work, seen from msg: its note is among the first *kept from here on. */
static bool in_the_way(struct wg_store *store, const struct wg_about *about, size_t *kept)
{
	struct wg_works *works = store->works;
	const int64_t owner = wg_db_col_int(store, SQL_MSG_WORK, 2);
	const bool before = wg_db_col_int(store, SQL_MSG_WORK, 3) != 0;
	if (store->driver->shared && owner >> WG_NODE_SHIFT != store->node)
		return another_is_in_the_way(store, about, before);
	struct work *other = find(works, wg_db_col_int(store, SQL_MSG_WORK, 0), wg_db_col_int(store, SQL_MSG_WORK, 1));
	if (other == NULL)
		return before;
	const struct work note = *other;
	*other = works->list[*kept];
	works->list[(*kept)++] = note;
	return may_be_same(&note.about, about);
}

/* The notes of what is not in work any more are forgotten, that of msg too. */
static enum wg_code look(struct wg_store *store, const struct wg_msg_rec *msg, const struct wg_about *about,
                         bool *free_way, struct wg_err *err)
{
	size_t kept = 0;
	bool row = true;
	*free_way = true;
	enum wg_code code = wg_db_query(store, SQL_MSG_WORK, WG_ARGS(wg_db_text(msg->id)), err);
	while (code == WG_OK) {
		code = wg_db_step(store, SQL_MSG_WORK, &row, err);
		if (code != WG_OK || !row)
			break;
		if (in_the_way(store, about, &kept))
			*free_way = false;
	}
	wg_db_end(store, SQL_MSG_WORK);
	while (code == WG_OK && store->works->count > kept)
		wg_about_free(&store->works->list[--store->works->count].about);
	return code;
}

void wg_work_ahead(struct wg_store *store, const char *message)
{
	wg_db_ahead(store, SQL_MSG_WORK, WG_ARGS(wg_db_text(message)));
}

enum wg_code wg_work_free(struct wg_store *store, const struct wg_msg_rec *msg, const struct wg_about *about,
                          bool *turn, struct wg_err *err)
{
	*turn = true;
	if (msg->owner == 0) /* nobody will complete it under a lease */
		return WG_OK;
	if (store->works == NULL && (store->works = calloc(1, sizeof *store->works)) == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	return look(store, msg, about, turn, err);
}

enum wg_code wg_work_take(struct wg_store *store, const struct wg_msg_rec *msg, struct wg_about *about,
                          struct wg_err *err)
{
	enum wg_code code = WG_OK;
	if (msg->owner == 0)
		return WG_OK;
	if (store->works->count == WORKS_MAX)
		return wg_err_set(err, WG_LIMIT, "more than %d messages are being decided", WORKS_MAX);
	const struct work note = { .seq = msg->seq, .token = (int64_t)msg->token, .fresh = true, .about = *about };
	code = put_note(store, &note, err);
	if (code != WG_OK)
		return code;
	store->works->list[store->works->count++] = note;
	*about = (struct wg_about){ 0 };
	return WG_OK;
}
