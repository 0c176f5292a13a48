/* The page on which a person confirms a notice by the link of a mail: the one place that strangers reach. Private to
 * gateway/role/intake*.c. */
#ifndef WG_ROLE_INTAKE_CONFIRM_H
#define WG_ROLE_INTAKE_CONFIRM_H

#include "channel/httpd.h"
#include "policy/directory.h"
#include "role/config.h"
#include "store/client.h"

struct wg_confirm;

/* A wrong link costs its address a try; so many in so long, and nothing more is looked up for it. The table of
 * addresses is small: when it is full, the one that was quiet longest is forgotten. */
#define WG_CONFIRM_TRIES 10
#define WG_CONFIRM_WINDOW_MS (10 * 60 * 1000)
#define WG_CONFIRM_ADDRESSES 256

/* Listens, when the configuration has <acknowledge>; *out stays NULL otherwise. config and directory: borrowed. asks:
 * where receipts go, borrowed. lost is called when the store is gone. */
enum wg_code wg_confirm_start(struct event_base *base, const struct wg_config *config,
                              const struct wg_directory *directory, struct wg_client *asks,
                              void (*lost)(void *arg, const struct wg_err *err), void *arg, struct wg_confirm **out,
                              struct wg_err *err) WG_MUST;
void wg_confirm_freep(struct wg_confirm **confirm);

/* ---- the pages */

/* What the page says above its form, or instead of it. */
enum wg_confirm_page {
	WG_CONFIRM_ASK,     /* the form */
	WG_CONFIRM_MISSING, /* the form again: a name is needed, or a reason */
	WG_CONFIRM_DONE,    /* recorded: this person has it */
	WG_CONFIRM_NOT_US,  /* recorded: it is not for them */
	WG_CONFIRM_AGAIN,   /* this person had said it before */
	WG_CONFIRM_USED,    /* somebody had: by this link, or by a reply with its code */
	WG_CONFIRM_GONE,    /* its sender has recalled it, or another copy has taken its place */
	WG_CONFIRM_WRONG,   /* no such link; says nothing about why */
	WG_CONFIRM_TOO_MANY,
	WG_CONFIRM_LATER /* cannot be recorded now */
};
#define WG_CONFIRM_PAGES (WG_CONFIRM_LATER + 1)

/* What is shown; all borrowed, none NULL, "" for nothing; shown escaped. Nothing of the child is among it: the page is
 * shown to whoever opens the link. */
struct wg_confirm_shown {
	const char *us, *telephone;          /* our organisation, and its number */
	const char *reference, *sent, *to;   /* the copy: our reference, when it was sent, to which desk */
	const char *said, *said_at, *person; /* what was recorded, when, by whom */
	const char *style;                   /* path of the style sheet */
};

/* HTML5 without script, readable without its style sheet. */
void wg_confirm_html(enum wg_confirm_page page, const struct wg_confirm_shown *shown, struct wg_buf *out);
extern const char wg_confirm_css[];

/* The value of a field of an application/x-www-form-urlencoded body, decoded, blanks around it taken off, into out. 1:
 * it is there; 0: it is not, or is empty; -1: it comes twice, is too long, or is not one line of UTF-8. */
int wg_confirm_field(const char *body, size_t len, const char *name, char *out, size_t size);

#endif
