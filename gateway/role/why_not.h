/* Everything that has to hold for a notice to reach one desk, held up one by one: for `wardgate why-not`. */
#ifndef WG_ROLE_WHY_NOT_H
#define WG_ROLE_WHY_NOT_H

#include "policy/directory.h"
#include "role/config.h"

enum wg_why_state {
	WG_WHY_GOOD,
	WG_WHY_NOTE, /* it does not stop anything now */
	WG_WHY_BAD   /* it stands in the way */
};

struct wg_why_step {
	enum wg_why_state state;
	char what[48];   /* "certificate smime.pem" */
	char words[400]; /* which certificate, which anchor, which check failed; or what is in order */
	char todo[200];  /* what to do; "" */
};

#define WG_WHY_MAX 48
struct wg_why {
	struct wg_why_step steps[WG_WHY_MAX];
	unsigned count;
	bool online; /* also tries a TLS connection to where copies go, sending nothing */
};

/* Adds the steps that files and (with online) the network tell. now: trusted wall time, ms. */
enum wg_code wg_why_not(const struct wg_config *config, const struct wg_directory *directory, int64_t now,
                        const struct wg_organisation *organisation, const struct wg_desk *desk, struct wg_why *why,
                        struct wg_err *err) WG_MUST;

/* Adds one step; what there is no room for is left out. */
void wg_why_add(struct wg_why *why, enum wg_why_state state, const char *what, const char *words, const char *todo);

#endif
