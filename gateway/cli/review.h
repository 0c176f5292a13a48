/* The command `review`: one delivery that a person decides about, as its files share it. */
#ifndef WG_CLI_REVIEW_H
#define WG_CLI_REVIEW_H

#include "cli/people.h"
#include "role/review.h"

struct wg_reviewing {
	const struct wg_config *config;
	struct wg_admin *admin;
	struct wg_process process;
	struct wg_row row;    /* the delivery */
	json_t *decisions;    /* the answer of wg_client_explain */
	const json_t *record; /* within them: the disclosure record of the delivery */
	struct wg_review review;
};

/* Opens the copy and the original of delivery id. wg_reviewing_close also after a failure. */
enum wg_code wg_reviewing_open(struct wg_reviewing *r, const char *id, struct wg_err *err) WG_MUST;
void wg_reviewing_close(struct wg_reviewing *r);
#define WG_AUTO_REVIEWING __attribute__((cleanup(wg_reviewing_close)))

/* review_list.c: what waits, the overdue first, and behind it the overrides of consent that nobody has looked at. */
enum wg_code wg_review_list(const struct wg_cli *cli, struct wg_admin *admin, struct wg_buf *out, struct wg_err *err)
	WG_MUST;
/* "overdue by 2 h 5 min", "due in 40 min", "no due time" into out. */
const char *wg_review_due(const struct wg_row *row, int64_t now, char *out, size_t size);
/* "two people must release it, ... was the first" and such; "" when one person may. */
const char *wg_review_persons(const struct wg_row *row, char *out, size_t size);

/* review_show.c: copy and original, for a terminal of so many columns, as a page, or for programs. */
enum wg_code wg_review_text(struct wg_reviewing *r, unsigned columns, struct wg_buf *out, struct wg_err *err) WG_MUST;
enum wg_code wg_review_json(struct wg_reviewing *r, struct wg_buf *out, struct wg_err *err) WG_MUST;
/* review_page.c */
enum wg_code wg_review_html(struct wg_reviewing *r, struct wg_buf *out, struct wg_err *err) WG_MUST;

/* The next reason of a record, from *at on, that goes against a consent, in words; *at is where it stands. False when
 * there is no other. */
bool wg_review_override(const json_t *record, size_t *at, struct wg_buf *out);
/* "health, placement" of the categories for want of which a line stays behind; "" when it does not. */
const char *wg_review_missing(const struct wg_review_line *line, char *out, size_t size);
/* A value as it may be shown: a picture is named, not printed. */
const char *wg_review_value(const struct wg_review_line *line);

#endif
