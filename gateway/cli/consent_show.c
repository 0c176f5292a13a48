/* consent_show.c owns how answers about sharing are shown: what is in force, and all that was ever answered. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cli/consent.h"

/* Roles that records of one child may name, each once; more are not to be told apart by people. */
#define ROLES_MAX 128

struct roles {
	char names[ROLES_MAX][WG_LIMIT_NAME + 1];
	unsigned count;
};

static void add_role(struct roles *roles, const char *name, size_t n)
{
	if (n == 0 || n > WG_LIMIT_NAME || roles->count == ROLES_MAX)
		return;
	for (unsigned i = 0; i < roles->count; i++)
		if (strlen(roles->names[i]) == n && memcmp(roles->names[i], name, n) == 0)
			return;
	memcpy(roles->names[roles->count], name, n);
	roles->names[roles->count++][n] = '\0';
}

/* Those that are named, in the order in which they were; "*", for everybody else, is the last. */
static void find_roles(const struct wg_consents *consents, struct roles *roles)
{
	roles->count = 0;
	for (size_t i = 0; i < wg_consents_count(consents); i++) {
		const char *to = wg_consents_at(consents, i)->to;
		for (size_t n; *to != '\0'; to += n + strspn(to + n, " ")) {
			n = strcspn(to, " ");
			if (n != 1 || *to != '*')
				add_role(roles, to, n);
		}
	}
	if (roles->count == ROLES_MAX)
		roles->count--;
	add_role(roles, "*", 1);
}

/* Categories that one record decides for one role. */
struct group {
	const struct wg_consent *which;
	enum wg_consent_state state;
	wg_categories categories;
};

static unsigned group_role(const struct wg_consents *consents, const char *role, int64_t now, struct group *out)
{
	unsigned count = 0;
	for (unsigned c = 0; c < wg_category_count(); c++) {
		const struct wg_consent *which = NULL;
		enum wg_consent_state state = wg_consents_state(consents, role, c, now, &which);
		unsigned at = 0;
		while (at < count && out[at].which != which)
			at++;
		if (at == count)
			out[count++] = (struct group){ .which = which, .state = state };
		out[at].categories |= (wg_categories)1 << c;
	}
	return count;
}

/* At most one group a category, and there are at most 64 of those. */
#define GROUPS_MAX 64

/* ---- text */

static const char *about(wg_categories categories, char *out, unsigned size)
{
	return categories == wg_categories_all() ? "everything" : wg_categories_format(categories, out, size);
}

void wg_consent_in_force(const struct wg_consents *consents, int64_t now, struct wg_buf *out)
{
	struct roles roles;
	struct group groups[GROUPS_MAX];
	char names[WG_CATEGORIES_TEXT], line[WG_CATEGORIES_TEXT + 128];
	find_roles(consents, &roles);
	for (unsigned i = 0; i < roles.count; i++) {
		const char *role = roles.names[i];
		unsigned n = group_role(consents, role, now, groups);
		for (unsigned g = 0; g < n; g++) {
			(void)snprintf(line, sizeof line, "%s: %s, about %s%s%s%s",
			               strcmp(role, "*") != 0 ? role
			               : roles.count > 1      ? "everybody else"
			                                      : "everybody",
			               wg_consent_state_name(groups[g].state), about(groups[g].categories, names, sizeof names),
			               groups[g].which != NULL ? " (" : "", groups[g].which != NULL ? groups[g].which->id : "",
			               groups[g].which != NULL ? ")" : ""); /* it fits */
			wg_buf_puts(out, "  ");
			wg_people_words(6, line, out);
		}
	}
}

static void put_words(struct wg_buf *out, const char *label, const char *words)
{
	if (words == NULL || words[0] == '\0')
		return;
	wg_buf_printf(out, "    %-12s ", label);
	wg_people_words(17, words, out);
}

static void put_answerer(const struct wg_consent *r, struct wg_buf *out)
{
	WG_AUTO_BUF struct wg_buf line = WG_BUF((size_t)4096);
	static const struct {
		const char *code, *words;
	} by[] = { { "child", "the child" },
		       { "parental-responsibility", "a person with parental responsibility" },
		       { "carer", "a carer" },
		       { "nobody", "nobody" } },
	  able[] = { { "yes", ", judged able to decide this" },
		         { "no", ", judged not able to decide this" },
		         { "not-judged", ", nobody judged whether able to decide this" } };
	for (size_t i = 0; i < WG_COUNT(by); i++)
		if (r->answered_by != NULL && strcmp(r->answered_by, by[i].code) == 0)
			wg_buf_puts(&line, by[i].words);
	if (r->answered_name != NULL)
		wg_buf_printf(&line, line.len > 0 ? " (%s)" : "%s", r->answered_name);
	for (size_t i = 0; i < WG_COUNT(able); i++)
		if (r->competent != NULL && strcmp(r->competent, able[i].code) == 0)
			wg_buf_puts(&line, able[i].words);
	if (r->form != NULL && strcmp(r->form, "not-known") != 0)
		wg_buf_printf(&line, ", %s", strcmp(r->form, "form") == 0 ? "on a form" : r->form);
	put_words(out, "answered by", wg_buf_text(&line));
	wg_buf_wipe(&line);
}

static void put_record(const struct wg_consent *r, int64_t now, struct wg_buf *out)
{
	char when[WG_CLOCK_WORDS], until[WG_CLOCK_WORDS], names[WG_CATEGORIES_TEXT];
	wg_buf_printf(out, "\n  %s  %s: %s\n", r->id, wg_clock_words(r->at, when), wg_consent_state_name(r->state));
	put_words(out, "to", strcmp(r->to, "*") == 0 ? "everybody" : r->to);
	put_words(out, "about", about(r->categories, names, sizeof names));
	if (r->until != INT64_MAX)
		wg_buf_printf(out, "    %-12s %s%s\n", "until", wg_clock_words(r->until, until),
		              r->until <= now ? " (over)" : "");
	put_answerer(r, out);
	put_words(out, "told", r->told);
	put_words(out, "told by", r->told_by);
	put_words(out, "told when", r->told_at);
	put_words(out, "language", r->language);
	put_words(out, "purpose", r->purpose);
	put_words(out, "in words", r->limits);
	put_words(out, "reason", r->reason);
	put_words(out, "recorded by", r->recorded_by);
	put_words(out, "came with", r->message);
}

/* The next record in the order of when it was answered, the newest first: the one before `last`, or the newest. */
static const struct wg_consent *next_older(const struct wg_consents *consents, const struct wg_consent *last)
{
	const struct wg_consent *best = NULL;
	for (size_t i = 0; i < wg_consents_count(consents); i++) {
		const struct wg_consent *r = consents != NULL ? wg_consents_at(consents, i) : NULL;
		bool older = last == NULL || r->at < last->at || (r->at == last->at && strcmp(r->id, last->id) < 0);
		if (older && (best == NULL || r->at > best->at || (r->at == best->at && strcmp(r->id, best->id) > 0)))
			best = r;
	}
	return best;
}

void wg_consent_print(const struct wg_consents *consents, int64_t now, struct wg_buf *out)
{
	if (wg_consents_count(consents) == 0) {
		wg_buf_puts(out, "Nothing is recorded of what anybody answered about sharing: it counts as not known.\n");
		return;
	}
	wg_buf_puts(out, "In force now (what follows from it is the policy's to say):\n");
	wg_consent_in_force(consents, now, out);
	wg_buf_puts(out, "\nWhat was answered, the newest first:\n");
	for (const struct wg_consent *r = NULL; (r = next_older(consents, r)) != NULL;)
		put_record(r, now, out);
}

/* ---- JSON */

static void put_list(struct wg_buf *out, const char *name, const char *list)
{
	wg_buf_printf(out, ",\"%s\":[", name);
	for (size_t n, i = 0; *list != '\0'; list += n + strspn(list + n, " "), i++) {
		char one[WG_LIMIT_NAME + 1];
		n = strcspn(list, " ");
		(void)snprintf(one, sizeof one, "%.*s", (int)(n < sizeof one ? n : sizeof one - 1), list);
		wg_buf_puts(out, i > 0 ? "," : "");
		wg_buf_put_json(out, one);
	}
	wg_buf_putc(out, ']');
}

static void put_member(struct wg_buf *out, const char *name, const char *value)
{
	wg_buf_printf(out, ",\"%s\":", name);
	if (value != NULL)
		wg_buf_put_json(out, value);
	else
		wg_buf_puts(out, "null");
}

static void put_record_json(const struct wg_consent *r, struct wg_buf *out)
{
	char text[WG_CLOCK_TEXT], names[WG_CATEGORIES_TEXT];
	wg_buf_printf(out, "{\"id\":\"%s\",\"state\":\"%s\",\"at\":\"%s\",\"until\":", r->id,
	              wg_consent_state_name(r->state), wg_clock_format(r->at, text));
	if (r->until != INT64_MAX)
		wg_buf_printf(out, "\"%s\"", wg_clock_format(r->until, text));
	else
		wg_buf_puts(out, "null");
	put_list(out, "to", r->to);
	put_list(out, "categories", wg_categories_format(r->categories, names, sizeof names));
	put_member(out, "answered-by", r->answered_by);
	put_member(out, "name", r->answered_name);
	put_member(out, "competent", r->competent);
	put_member(out, "form", r->form);
	put_member(out, "told", r->told);
	put_member(out, "told-by", r->told_by);
	put_member(out, "told-at", r->told_at);
	put_member(out, "language", r->language);
	put_member(out, "purpose", r->purpose);
	put_member(out, "limits", r->limits);
	put_member(out, "reason", r->reason);
	put_member(out, "recorded-by", r->recorded_by);
	put_member(out, "message", r->message);
	wg_buf_putc(out, '}');
}

void wg_consent_json(const struct wg_consents *consents, int64_t now, struct wg_buf *out)
{
	struct roles roles;
	struct group groups[GROUPS_MAX];
	char names[WG_CATEGORIES_TEXT];
	bool first = true;
	find_roles(consents, &roles);
	wg_buf_puts(out, "{\"in-force\":[");
	for (unsigned i = 0; i < roles.count; i++) {
		unsigned n = group_role(consents, roles.names[i], now, groups);
		for (unsigned g = 0; g < n; g++, first = false) {
			wg_buf_printf(out, "%s{\"role\":\"%s\",\"state\":\"%s\"", first ? "" : ",", roles.names[i],
			              wg_consent_state_name(groups[g].state));
			put_list(out, "categories", wg_categories_format(groups[g].categories, names, sizeof names));
			put_member(out, "record", groups[g].which != NULL ? groups[g].which->id : NULL);
			wg_buf_putc(out, '}');
		}
	}
	wg_buf_puts(out, "],\"records\":[");
	first = true;
	for (const struct wg_consent *r = NULL; (r = next_older(consents, r)) != NULL; first = false) {
		wg_buf_puts(out, first ? "" : ",");
		put_record_json(r, out);
	}
	wg_buf_puts(out, "]}\n");
}
