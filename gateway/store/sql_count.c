/* sql_count.c owns the table counter: how many messages, deliveries and receipts there are in each state, and of each
 * recipient's copies how many are open and how many are not confirmed, so that nobody counts a million rows. Whatever
 * moves a row says so here. A transaction's changes are summed up in memory and written before its commit, and before
 * anybody reads the table: what goes through four states in one transaction is one row written, or none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/driver.h"

#define NAME_MAX (2 * WG_LIMIT_NAME + 2)

struct counted {
	const char *kind; /* a constant */
	char name[NAME_MAX];
	int64_t n;    /* not written yet */
	bool touched; /* since it was written: of an open one the row is made, though it be 0, for it names the recipient */
	int64_t marked_n; /* both at the last mark */
	bool marked_touched;
};

static const char open_kind[] = "open";

struct wg_counts {
	struct counted *list;
	size_t count, room;
};

static enum wg_code entry_of(struct wg_counts *c, const char *kind, const char *name, struct counted **out,
                             struct wg_err *err)
{
	for (size_t i = 0; i < c->count; i++)
		if (strcmp(c->list[i].kind, kind) == 0 && strcmp(c->list[i].name, name) == 0) {
			*out = &c->list[i];
			return WG_OK;
		}
	if (c->count == c->room) {
		const size_t room = c->room > 0 ? 2 * c->room : 32;
		struct counted *more = reallocarray(c->list, room, sizeof *more);
		if (more == NULL)
			return wg_err_set(err, WG_SYSTEM, "out of memory");
		c->list = more;
		c->room = room;
	}
	*out = &c->list[c->count++];
	**out = (struct counted){ .kind = kind };
	(void)snprintf((*out)->name, sizeof(*out)->name, "%s", name); /* it fits: names are bounded */
	return WG_OK;
}

static enum wg_code add(struct wg_store *store, const char *kind, const char *name, int64_t n, struct wg_err *err)
{
	struct counted *found = NULL;
	if (n == 0)
		return WG_OK;
	if (store->counts == NULL && (store->counts = calloc(1, sizeof *store->counts)) == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	enum wg_code code = entry_of(store->counts, kind, name, &found, err);
	if (code == WG_OK) {
		found->n += n;
		found->touched = true;
	}
	return code;
}

/* Outside of a transaction no commit would write it. */
static enum wg_code settle(struct wg_store *store, struct wg_err *err)
{
	return store->driver->in_transaction(store) ? WG_OK : wg_counts_seal(store, err);
}

enum wg_code wg_count_message(struct wg_store *store, int from, enum wg_message_state to, struct wg_err *err)
{
	if (from == (int)to)
		return WG_OK;
	enum wg_code code = add(store, "message", wg_message_state_name(to), 1, err);
	if (code == WG_OK && from != WG_STATES_NEW)
		code = add(store, "message", wg_message_state_name((enum wg_message_state)from), -1, err);
	return code == WG_OK ? settle(store, err) : code;
}

/* WG_SQL_DLV_UNCONFIRMED */
static bool is_unconfirmed(const struct wg_counted_dlv *d, int state)
{
	const bool got = state == WG_DLV_HANDED_OVER || state == WG_DLV_RECEIVED || state == WG_DLV_OPENED;
	return (d->confirm && got) || (strcmp(d->channel, "pull") == 0 && state == WG_DLV_HANDED_OVER);
}

static bool is_open(int state)
{
	return state != WG_STATES_NEW && wg_delivery_open((enum wg_delivery_state)state);
}

enum wg_code wg_count_delivery(struct wg_store *store, const struct wg_counted_dlv *d, int from,
                               enum wg_delivery_state to, struct wg_err *err)
{
	char recipient[NAME_MAX], outcome[NAME_MAX];
	const char *name = wg_delivery_state_name(to);
	if (from == (int)to)
		return WG_OK;
	(void)snprintf(recipient, sizeof recipient, "%s/%s", d->organisation, d->desk); /* it fits: both are bounded */
	(void)snprintf(outcome, sizeof outcome, "%s %s", d->channel, name);             /* likewise */
	enum wg_code code = add(store, "delivery", name, 1, err);
	if (code == WG_OK && from != WG_STATES_NEW)
		code = add(store, "delivery", wg_delivery_state_name((enum wg_delivery_state)from), -1, err);
	if (code == WG_OK && !wg_delivery_open(to))
		code = add(store, "outcome", outcome, 1, err);
	if (code == WG_OK)
		code = add(store, open_kind, recipient, is_open((int)to) - is_open(from), err);
	if (code == WG_OK)
		code = add(store, "unconfirmed", recipient, is_unconfirmed(d, (int)to) - is_unconfirmed(d, from), err);
	return code == WG_OK ? settle(store, err) : code;
}

enum wg_code wg_count_receipt(struct wg_store *store, const char *level, struct wg_err *err)
{
	enum wg_code code = add(store, "receipt", level, 1, err);
	return code == WG_OK ? settle(store, err) : code;
}

enum wg_code wg_counts_seal(struct wg_store *store, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (size_t i = 0; store->counts != NULL && code == WG_OK && i < store->counts->count; i++) {
		struct counted *c = &store->counts->list[i];
		if (c->n == 0 && !(c->touched && c->kind == open_kind))
			continue;
		code = wg_db_run(store, SQL_COUNT_ADD, WG_ARGS(wg_db_text(c->kind), wg_db_text(c->name), wg_db_int(c->n)), err);
		if (code == WG_OK) {
			c->n = 0;
			c->touched = false;
		}
	}
	return code;
}

void wg_counts_mark(struct wg_counts *counts)
{
	for (size_t i = 0; counts != NULL && i < counts->count; i++) {
		counts->list[i].marked_n = counts->list[i].n;
		counts->list[i].marked_touched = counts->list[i].touched;
	}
}

/* What was written since the mark is undone in the table too. */
void wg_counts_undo(struct wg_counts *counts)
{
	for (size_t i = 0; counts != NULL && i < counts->count; i++) {
		counts->list[i].n = counts->list[i].marked_n;
		counts->list[i].touched = counts->list[i].marked_touched;
	}
}

void wg_counts_forget(struct wg_counts *counts)
{
	if (counts != NULL)
		counts->count = 0;
}

void wg_counts_freep(struct wg_counts **counts)
{
	if (*counts != NULL)
		free((*counts)->list);
	free(*counts);
	*counts = NULL;
}
