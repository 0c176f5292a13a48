/* review_list.c owns the list of what a person must decide about. No personal data: ids, organisations, rules. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/review.h"

#define LIST_MOST 1000

const char *wg_review_due(const struct wg_row *row, int64_t now, char *out, size_t size)
{
	char age[32];
	if (row->due == 0)
		(void)snprintf(out, size, "no due time");
	else if (row->due <= now)
		(void)snprintf(out, size, "overdue by %s", wg_age(now - row->due, age, sizeof age));
	else
		(void)snprintf(out, size, "due in %s", wg_age(row->due - now, age, sizeof age));
	return out;
}

const char *wg_review_persons(const struct wg_row *row, char *out, size_t size)
{
	if (!row->second_person)
		(void)snprintf(out, size, "one person");
	else if (row->released_by[0] == '\0')
		(void)snprintf(out, size, "two people, one after the other");
	else
		(void)snprintf(out, size, "a second person: %s was the first", row->released_by);
	return out;
}

/* The overdue first, the longest overdue before the others; then by when it is due; then what has no due time, the
 * oldest first. */
static int by_due(const void *a, const void *b)
{
	const struct wg_row *x = a, *y = b;
	int64_t due_x = x->due != 0 ? x->due : INT64_MAX, due_y = y->due != 0 ? y->due : INT64_MAX;
	if (due_x != due_y)
		return due_x < due_y ? -1 : 1;
	if (x->since != y->since)
		return x->since < y->since ? -1 : 1;
	return strcmp(x->id, y->id);
}

static void put_json(const struct wg_row *r, const char *what, int64_t now, struct wg_buf *out)
{
	char since[WG_CLOCK_TEXT], due[WG_CLOCK_TEXT];
	wg_buf_printf(
		out,
		"{\"what\":\"%s\",\"id\":\"%s\",\"message\":\"%s\",\"kind\":\"%s\",\"organisation\":\"%s\",\"desk\":\"%s\","
		"\"role\":\"%s\",\"of\":\"%s\",\"state\":\"%s\",\"since\":\"%s\",\"due\":",
		what, r->id, r->message, r->kind, r->organisation, r->desk, r->role, r->of, r->state,
		wg_clock_format(r->since, since));
	if (r->due != 0)
		wg_buf_printf(out, "\"%s\"", wg_clock_format(r->due, due));
	else
		wg_buf_puts(out, "null");
	wg_buf_printf(out, ",\"overdue\":%s,\"second-person\":%s,\"released-by\":",
	              r->due != 0 && r->due <= now ? "true" : "false", r->second_person ? "true" : "false");
	wg_buf_put_json(out, r->released_by);
	wg_buf_puts(out, ",\"why\":");
	wg_buf_put_json(out, r->reason);
	wg_buf_puts(out, "}\n");
}

static void put_review(const struct wg_row *r, int64_t now, struct wg_buf *out)
{
	char due[64], age[32], persons[160];
	wg_buf_printf(out, "%s  %s  %s to %s/%s, as %s%s%s, for %s\n", r->id, wg_review_due(r, now, due, sizeof due),
	              r->kind[0] != '\0' ? r->kind : "notice", r->organisation, r->desk, r->role,
	              r->of[0] != '\0' ? " of " : "", r->of, wg_age(now - r->since, age, sizeof age));
	wg_buf_puts(out, "    why      ");
	wg_people_words(13, r->reason[0] != '\0' ? r->reason : "not said", out);
	wg_buf_puts(out, "    decides  ");
	wg_people_words(13, wg_review_persons(r, persons, sizeof persons), out);
}

static void put_override(const struct wg_row *r, int64_t now, struct wg_buf *out)
{
	char age[32];
	wg_buf_printf(out, "%s  %s to %s/%s, as %s%s%s: %s, for %s\n", r->id, r->kind[0] != '\0' ? r->kind : "notice",
	              r->organisation, r->desk, r->role, r->of[0] != '\0' ? " of " : "", r->of, r->state,
	              wg_age(now - r->since, age, sizeof age));
}

static void put_rows(const struct wg_cli *cli, const struct wg_row *rows, unsigned count, bool reviews, int64_t now,
                     struct wg_buf *out)
{
	for (unsigned i = 0; i < count; i++) {
		if (cli->json)
			put_json(&rows[i], reviews ? "review" : "override", now, out);
		else if (reviews)
			put_review(&rows[i], now, out);
		else
			put_override(&rows[i], now, out);
	}
}

enum wg_code wg_review_list(const struct wg_cli *cli, struct wg_admin *admin, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_FREE struct wg_row *reviews = NULL, *overrides = NULL;
	unsigned n_reviews = 0, n_overrides = 0;
	int64_t now = wg_clock_now();
	enum wg_code code = wg_client_list(admin->client, "deliveries", "review", "", LIST_MOST, &reviews, &n_reviews, err);
	if (code == WG_OK)
		code = wg_client_list(admin->client, "deliveries", "overrides", "", LIST_MOST, &overrides, &n_overrides, err);
	if (code != WG_OK)
		return code;
	if (n_reviews > 0)
		qsort(reviews, n_reviews, sizeof *reviews, by_due);
	put_rows(cli, reviews, n_reviews, true, now, out);
	if (!cli->json && n_overrides > 0)
		wg_buf_printf(out, "%sShared against a consent by a rule that names it; nobody has looked at it yet:\n",
		              n_reviews > 0 ? "\n" : "");
	put_rows(cli, overrides, n_overrides, false, now, out);
	if (cli->json)
		return WG_OK;
	if (n_reviews + n_overrides == 0)
		wg_buf_puts(out, "Nothing waits for a decision.\n");
	else if (n_reviews == LIST_MOST || n_overrides == LIST_MOST)
		wg_buf_printf(out, "\nOnly %d of each are shown.\n", LIST_MOST);
	if (n_reviews > 0)
		wg_buf_puts(out,
		            "\nLook, then decide: wardgate review show ID; wardgate review release|withhold ID --why TEXT\n");
	if (n_overrides > 0)
		wg_buf_puts(out, "Overrides: wardgate review show ID; wardgate review seen ID\n");
	return WG_OK;
}
