/* related.c owns the words for what a message has to do with others. Ids and states only. */
#include "cli/related.h"

#include <jansson.h>
#include <string.h>

#include "base/mem.h"

/* Ids on one line; the rest is a number. */
#define SHOWN 5
/* Different states of parts: there are not so many states. */
#define STATES_MAX 16

static const char *text_of(const json_t *object, const char *name)
{
	const char *s = json_string_value(json_object_get(object, name));
	return s != NULL ? s : "";
}

static void put_ids(const char *words, const json_t *list, struct wg_buf *out)
{
	size_t n = json_array_size(list);
	if (n == 0)
		return;
	wg_buf_puts(out, words);
	for (size_t i = 0; i < n && i < SHOWN; i++) {
		const char *id = json_string_value(json_array_get(list, i));
		wg_buf_printf(out, "%s %s", i > 0 ? "," : "", id != NULL ? id : "?");
	}
	if (n > SHOWN)
		wg_buf_printf(out, " and %zu more", n - SHOWN);
	wg_buf_putc(out, '\n');
}

/* How its child was found, where a message has one. */
static const char *how(const char *word)
{
	static const struct {
		const char *word, *words;
	} names[] = {
		{ "new", "the first message about this child\n" },
		{ "keys", "its child was found by what the notice says\n" },
		{ "person", "its child is one that a person named\n" },
		{ "person-new", "a person said that it is about a new child\n" },
	};
	for (size_t i = 0; i < WG_COUNT(names); i++)
		if (strcmp(names[i].word, word) == 0)
			return names[i].words;
	return "";
}

/* "divided into 12 messages: 10 routed, 2 attention", and those that wait for a person by their ids. */
static void put_parts(const json_t *parts, struct wg_buf *out)
{
	const char *states[STATES_MAX];
	size_t counts[STATES_MAX], n = 0, all = json_array_size(parts);
	if (all == 0)
		return;
	for (size_t i = 0; i < all; i++) {
		const char *state = text_of(json_array_get(parts, i), "state");
		size_t at = 0;
		while (at < n && strcmp(states[at], state) != 0)
			at++;
		if (at == STATES_MAX)
			continue;
		if (at == n) {
			states[n] = state;
			counts[n++] = 0;
		}
		counts[at]++;
	}
	wg_buf_printf(out, "divided into %zu messages:", all);
	for (size_t i = 0; i < n; i++)
		wg_buf_printf(out, "%s %zu %s", i > 0 ? "," : "", counts[i], states[i]);
	wg_buf_putc(out, '\n');
	for (size_t i = 0; i < all; i++) {
		const json_t *part = json_array_get(parts, i);
		if (strcmp(text_of(part, "state"), "attention") == 0 || strcmp(text_of(part, "state"), "rejected") == 0)
			wg_buf_printf(out, "  %s %s\n", text_of(part, "id"), text_of(part, "state"));
	}
}

enum wg_code wg_related_text(const struct wg_buf *json, struct wg_buf *out, struct wg_err *err)
{
	json_error_t fault;
	json_t *related = json_loadb(wg_buf_text(json), json->len, JSON_REJECT_DUPLICATES, &fault);
	if (!json_is_object(related)) {
		json_decref(related);
		return wg_err_set(err, WG_CORRUPT, "what the store says of other messages is not readable (line %d)",
		                  fault.line);
	}
	const json_t *from = json_object_get(related, "part-of");
	for (size_t i = 0; i < json_array_size(from); i++)
		wg_buf_printf(out, "part of message %s\n", text_of(json_array_get(from, i), "id"));
	put_parts(json_object_get(related, "parts"), out);
	const json_t *forms = json_object_get(related, "same-copy");
	for (size_t i = 0; i < json_array_size(forms); i++)
		wg_buf_printf(out, "another form of the same copy as message %s\n", text_of(json_array_get(forms, i), "id"));
	wg_buf_puts(out, how(text_of(related, "child")));
	put_ids("same episode as", json_object_get(related, "same-episode"), out);
	put_ids("same child as", json_object_get(related, "same-child"), out);
	json_decref(related);
	return WG_OK;
}
