/* policy_past.c owns reading what was decided: the register in pieces that the store gives at once, and what an episode
 * was at the time. Asking is logged by the store. */
#include "cli/policy_past.h"

#include <jansson.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "role/match.h"

/* One answer of the store. */
#define PAST_ANSWER ((size_t)WG_LIMIT_FRAME)
/* The shortest time that is asked for: if it holds more than the store lists, the replay has to begin later. */
#define PAST_SHORTEST_MS 1000
/* Pieces of time that wait to be asked for: each may be halved until it is the shortest. */
#define PAST_PIECES 64

void wg_pasts_free(struct wg_pasts *pasts)
{
	free(pasts->list);
	*pasts = (struct wg_pasts){ 0 };
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *s = json_string_value(json_object_get(object, name));
	return s != NULL ? s : "";
}

static bool copy_text(const json_t *object, const char *name, char *out, size_t size)
{
	const char *s = text_of(object, name);
	size_t n = strlen(s);
	if (n >= size)
		return false;
	memcpy(out, s, n + 1);
	return true;
}

static bool verdict_of(const char *name, enum wg_verdict *out)
{
	static const char *const names[] = { "send", "review", "deny" };
	for (size_t i = 0; i < WG_COUNT(names); i++)
		if (strcmp(name, names[i]) == 0) {
			*out = (enum wg_verdict)i;
			return true;
		}
	return false;
}

/* The categories given; false when one of them is none that this program knows. */
static bool given_of(const json_t *record, wg_categories *out)
{
	const json_t *list = json_object_get(record, "granted");
	*out = WG_CATEGORIES_NONE;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));
		wg_categories one = name != NULL ? wg_category_find(name) : WG_CATEGORIES_NONE;
		if (one == WG_CATEGORIES_NONE)
			return false;
		*out |= one;
	}
	return json_is_array(list);
}

/* False when the entry is not as the store writes it. */
static bool read_entry(const json_t *entry, struct wg_past *out)
{
	const json_t *record = json_object_get(entry, "record");
	bool fits = copy_text(entry, "message", out->message, sizeof out->message) &&
	            copy_text(entry, "sender", out->sender, sizeof out->sender) &&
	            copy_text(entry, "kind", out->kind, sizeof out->kind) &&
	            copy_text(entry, "organisation", out->organisation, sizeof out->organisation) &&
	            copy_text(entry, "desk", out->desk, sizeof out->desk) &&
	            copy_text(entry, "role", out->role, sizeof out->role) &&
	            copy_text(entry, "of", out->of, sizeof out->of);
	out->superseded = strcmp(text_of(entry, "state"), "superseded") == 0;
	out->unreadable = !verdict_of(text_of(record, "verdict"), &out->verdict) || !given_of(record, &out->given);
	if (out->verdict == WG_VERDICT_DENY)
		out->given = WG_CATEGORIES_NONE;
	return fits && wg_clock_parse(text_of(entry, "decided"), &out->decided);
}

static enum wg_code add_entry(struct wg_pasts *pasts, const json_t *entry, struct wg_err *err)
{
	struct wg_past one = { 0 };
	if (json_is_true(json_object_get(json_object_get(entry, "record"), "alarm")))
		return WG_OK;
	if (!read_entry(entry, &one))
		return wg_err_set(err, WG_CORRUPT, "the store's register has an entry that is not as it writes them");
	if (pasts->count == WG_PAST_MAX)
		return wg_err_set(err, WG_LIMIT, "more than %d decisions: begin later, or end sooner with --until",
		                  WG_PAST_MAX);
	if ((pasts->count & (pasts->count - 1)) == 0) { /* at every power of two twice the room */
		size_t room = pasts->count > 0 ? pasts->count * 2 : 1;
		struct wg_past *more = reallocarray(pasts->list, room, sizeof *more);
		if (more == NULL)
			return wg_err_set(err, WG_SYSTEM, "no memory for what was decided");
		pasts->list = more;
	}
	pasts->list[pasts->count++] = one;
	return WG_OK;
}

static enum wg_code read_piece(struct wg_client *client, const char *who, int64_t from, int64_t until,
                               struct wg_pasts *pasts, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf answer = WG_BUF(PAST_ANSWER);
	enum wg_code code = wg_client_register(client, 0, from, until, who, &answer, err);
	if (code != WG_OK)
		return code;
	json_t *list = json_loadb(wg_buf_text(&answer), answer.len, 0, NULL);
	if (!json_is_array(list))
		code = wg_err_set(err, WG_CORRUPT, "the store's register is not JSON");
	for (size_t i = 0; code == WG_OK && i < json_array_size(list); i++)
		code = add_entry(pasts, json_array_get(list, i), err);
	json_decref(list);
	return code;
}

static int by_message(const void *a, const void *b)
{
	const struct wg_past *x = a, *y = b;
	int by = strcmp(x->message, y->message);
	by = by != 0 ? by : strcmp(x->organisation, y->organisation);
	by = by != 0 ? by : strcmp(x->desk, y->desk);
	return by != 0 ? by : (x->decided > y->decided) - (x->decided < y->decided);
}

enum wg_code wg_pasts_read(struct wg_client *client, const char *who, int64_t from, int64_t until, struct wg_pasts *out,
                           struct wg_err *err)
{
	int64_t ends[PAST_PIECES] = { until };
	unsigned waiting = from < until ? 1 : 0;
	enum wg_code code = WG_OK;
	while (waiting > 0 && code == WG_OK) {
		int64_t end = ends[waiting - 1];
		code = read_piece(client, who, from, end, out, err);
		if (code == WG_LIMIT && end - from > PAST_SHORTEST_MS && waiting < PAST_PIECES && out->count < WG_PAST_MAX) {
			ends[waiting++] = from + (end - from) / 2; /* the earlier half first */
			code = WG_OK;
		} else if (code == WG_OK) {
			from = end;
			waiting--;
		}
	}
	if (code == WG_OK && out->count > 0)
		qsort(out->list, out->count, sizeof *out->list, by_message);
	return code;
}

/* ---- what was known at the time */

static void add_told(const json_t *row, int64_t before, struct wg_told *told, unsigned *count, unsigned max)
{
	/* as the store counts who has it or will have it */
	static const char has[] = "decided sealed sending deferred handed-over received opened acknowledged refused held";
	struct wg_told one = { 0 };
	int64_t decided = 0;
	bool fits = copy_text(row, "organisation", one.organisation, sizeof one.organisation) &&
	            copy_text(row, "desk", one.desk, sizeof one.desk) &&
	            copy_text(row, "role", one.role, sizeof one.role) &&
	            copy_text(json_object_get(row, "record"), "of", one.of, sizeof one.of) &&
	            wg_clock_parse(text_of(row, "decided"), &decided);
	bool had = fits && decided <= before && *count < max && wg_list_has(has, text_of(row, "state"));
	for (unsigned i = 0; had && i < *count; i++)
		had = strcmp(told[i].organisation, one.organisation) != 0 || strcmp(told[i].desk, one.desk) != 0;
	if (had)
		told[(*count)++] = one;
}

enum wg_code wg_past_told(struct wg_client *client, const char *message, int64_t before, struct wg_told *told,
                          unsigned *count, unsigned max, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf answer = WG_BUF(PAST_ANSWER);
	enum wg_code code = wg_client_explain(client, message, &answer, err);
	if (code != WG_OK)
		return code;
	json_t *list = json_loadb(wg_buf_text(&answer), answer.len, 0, NULL);
	for (size_t i = 0; i < json_array_size(list); i++)
		add_told(json_array_get(list, i), before, told, count, max);
	json_decref(list);
	return WG_OK;
}

/* What a message did to its episode. */
static enum wg_code relation_of(struct wg_client *client, const char *message, enum wg_relation *out,
                                struct wg_err *err)
{
	struct wg_row *rows = NULL;
	unsigned count = 0;
	*out = WG_RELATION_NONE;
	enum wg_code code = wg_client_list(client, "messages", "*", message, 1, &rows, &count, err);
	if (code == WG_OK && count == 1 && !wg_match_relation(rows[0].kind, out))
		*out = WG_RELATION_NONE;
	free(rows);
	return code;
}

enum wg_code wg_past_episode(struct wg_client *client, const char *message, char (*episode)[WG_ID_TEXT],
                             unsigned *count, const char **live, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf answer = WG_BUF(PAST_ANSWER);
	bool opened = false, closed = false;
	*count = 0;
	*live = NULL;
	enum wg_code code = wg_client_related(client, message, &answer, err);
	if (code != WG_OK)
		return code;
	json_t *related = json_loadb(wg_buf_text(&answer), answer.len, 0, NULL);
	const json_t *same = json_object_get(related, "same-episode");
	for (size_t i = 0; code == WG_OK && i < json_array_size(same) && *count < WG_STORE_RELATED_MAX; i++) {
		const char *id = json_string_value(json_array_get(same, i));
		enum wg_relation relation;
		if (id == NULL || strlen(id) >= WG_ID_TEXT || strcmp(id, message) >= 0) /* ids begin with their time */
			continue;
		memcpy(episode[(*count)++], id, strlen(id) + 1);
		code = relation_of(client, id, &relation, err);
		opened = opened || relation == WG_RELATION_OPENS;
		closed = closed || relation == WG_RELATION_CLOSES;
	}
	if (text_of(related, "child")[0] != '\0')
		*live = opened && !closed ? "yes" : "no";
	json_decref(related);
	return code;
}
