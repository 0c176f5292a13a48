/* seek.c owns the search of a text for whom it may betray. What looks like somebody is hashed as the store's keys are,
 * so that it can be held against all children that the gateway knows without naming one. */
#include "role/seek.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "notice/search.h"
#include "role/match.h"

/* How each kind of trace is looked up, and what a recipient must be given for it to stand in the copy; "" for nothing
 * that would do. */
static const struct {
	enum wg_key_kind key;
	const char *hashed, *words, *allowed_by;
} lookups[] = {
	[WG_TRACE_NHS] = { WG_KEY_NHS, "nhs-number", "another child's NHS number", "" },
	[WG_TRACE_BIRTH] = { WG_KEY_BIRTH, "birth", "another child's date of birth", "third-party" },
	[WG_TRACE_NAME] = { WG_KEY_NAME, "name", "another child's name", "third-party" },
	[WG_TRACE_POSTCODE] = { WG_KEY_CONFIDENTIAL, "confidential", "a confidential address", "confidential-address" },
};

/* Places that are listed of one copy: a person who reads these has to read it all anyway, and the record has to stay
 * within WG_STORE_DISCLOSURE_MAX. */
#define FOUND_MAX 256

struct found {
	struct wg_trace *traces;
	unsigned count;
	struct wg_match_key *keys; /* of each trace */
};

static void found_free(struct found *f)
{
	if (f->keys != NULL)
		wg_wipe(f->keys, f->count * sizeof *f->keys);
	free(f->keys);
	wg_traces_free(f->traces, f->count);
}

static enum wg_code find(struct wg_process *p, const struct wg_notice *notice, struct found *out, bool *more,
                         struct wg_err *err)
{
	enum wg_code code = wg_notice_traces(notice, &out->traces, &out->count, more, err);
	if (code != WG_OK)
		return code;
	out->keys = calloc(out->count + 1, sizeof *out->keys);
	if (out->keys == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory to search %u words", out->count);
	for (unsigned i = 0; i < out->count && code == WG_OK; i++) {
		const struct wg_trace *t = &out->traces[i];
		out->keys[i].kind = lookups[t->kind].key;
		code = wg_match_hash(&p->lookup_key, lookups[t->kind].hashed, t->value, "", out->keys[i].key, err);
	}
	return code;
}

static bool holds(const struct wg_match_key *list, unsigned count, const struct wg_match_key *key)
{
	for (unsigned i = 0; i < count; i++)
		if (list[i].kind == key->kind && strcmp(list[i].key, key->key) == 0)
			return true;
	return false;
}

/* The notice's own confidential addresses: kept with the child, and sought from now on, in this notice too. Those that
 * are too many to be kept are a person's to look after. */
static void keep_confidential(const struct found *f, struct wg_outcome *o)
{
	bool all = true;
	for (unsigned i = 0; i < f->count; i++) {
		bool confidential = wg_category_find("confidential-address") == (wg_categories)1 << f->traces[i].category;
		if (f->traces[i].kind != WG_TRACE_POSTCODE || !confidential || holds(o->keys, o->done.key_count, &f->keys[i]))
			continue;
		if (o->done.key_count < WG_OUTCOME_KEYS)
			o->keys[o->done.key_count++] = f->keys[i];
		else
			all = false;
	}
	if (!all)
		wg_outcome_need_person(o, "it has more confidential addresses than texts can be searched for");
}

static enum wg_code take(struct wg_known *known, const struct wg_match_key *key, struct wg_err *err)
{
	if (holds(known->strangers, known->stranger_count, key))
		return WG_OK;
	struct wg_match_key *list = realloc(known->strangers, (known->stranger_count + 1) * sizeof *list);
	if (list == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for what was found");
	known->strangers = list;
	list[known->stranger_count++] = *key;
	return WG_OK;
}

/* Own keys are no strangers, but for confidential addresses: those are sought whosever they are. */
static enum wg_code ask(struct wg_client *client, const struct found *f, const struct wg_outcome *o,
                        struct wg_known *known, struct wg_err *err)
{
	bool hit[WG_STORE_SEARCH_MAX];
	enum wg_code code = WG_OK;
	for (unsigned from = 0; from < f->count && code == WG_OK; from += WG_STORE_SEARCH_MAX) {
		unsigned n = f->count - from < WG_STORE_SEARCH_MAX ? f->count - from : WG_STORE_SEARCH_MAX;
		memset(hit, 0, sizeof hit);
		code = wg_client_strangers(client, known->context.child, f->keys + from, n, hit, err);
		for (unsigned i = 0; i < n && code == WG_OK; i++) {
			const struct wg_match_key *key = &f->keys[from + i];
			bool own = holds(o->keys, o->done.key_count, key), confidential = key->kind == WG_KEY_CONFIDENTIAL;
			if (own ? confidential : hit[i])
				code = take(known, key, err);
		}
	}
	return code;
}

enum wg_code wg_seek(struct wg_process *p, struct wg_client *client, const struct wg_notice *notice,
                     struct wg_outcome *o, struct wg_known *known, struct wg_err *err)
{
	WG_CLEANUP(found_free) struct found f = { 0 };
	enum wg_code code = find(p, notice, &f, &known->unsearched, err);
	if (code != WG_OK)
		return code;
	keep_confidential(&f, o);
	return ask(client, &f, o, known, err);
}

/* One more place, as JSON and in words. */
static void put_found(const char *what, const char *place, struct wg_buf *json, char *words, size_t size)
{
	size_t used = strlen(words);
	wg_buf_puts(json, used > 0 ? ",{\"what\":" : "{\"what\":");
	wg_buf_put_json(json, what);
	wg_buf_puts(json, ",\"place\":");
	wg_buf_put_json(json, place);
	wg_buf_putc(json, '}');
	(void)snprintf(words + used, size - used, "%s%s in %s", used > 0 ? "; " : "", what,
	               place); /* words for a person may be cut: all stands in the record */
}

static bool allowed(const struct wg_trace *trace, wg_categories may_have)
{
	const char *by = lookups[trace->kind].allowed_by;
	return by[0] != '\0' && (wg_category_find(by) & may_have) != 0;
}

/* Whether one of these is of the same kind and in the same place. */
static bool is_listed(const struct wg_trace *const *listed, unsigned count, const struct wg_trace *trace)
{
	for (unsigned i = 0; i < count; i++)
		if (listed[i]->kind == trace->kind && strcmp(listed[i]->path, trace->path) == 0)
			return true;
	return false;
}

static void put_all(const struct wg_known *known, const struct found *f, wg_categories may_have, struct wg_buf *json,
                    char *words, size_t size)
{
	const struct wg_trace *listed[FOUND_MAX];
	unsigned n = 0;
	for (unsigned i = 0; i < f->count && n < FOUND_MAX; i++) {
		const struct wg_trace *trace = &f->traces[i];
		if (!holds(known->strangers, known->stranger_count, &f->keys[i]) || allowed(trace, may_have) ||
		    is_listed(listed, n, trace))
			continue;
		listed[n++] = trace;
		put_found(lookups[trace->kind].words, trace->path, json, words, size);
	}
}

enum wg_code wg_seek_copy(struct wg_process *p, const struct wg_known *known, const struct wg_notice *copy,
                          wg_categories may_have, struct wg_buf *json, char *words, size_t size, struct wg_err *err)
{
	WG_CLEANUP(found_free) struct found f = { 0 };
	bool more = false;
	words[0] = '\0';
	wg_buf_putc(json, '[');
	enum wg_code code = known->stranger_count > 0 ? find(p, copy, &f, &more, err) : WG_OK;
	if (code == WG_OK)
		put_all(known, &f, may_have, json, words, size);
	if (code == WG_OK && known->unsearched)
		put_found("more than can be searched", "the notice", json, words, size);
	wg_buf_putc(json, ']');
	return code == WG_OK ? wg_buf_check(json, "what was found", err) : code;
}
