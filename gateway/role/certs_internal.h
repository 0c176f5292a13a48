/* What the files of the list of certificates share. */
#ifndef WG_ROLE_CERTS_INTERNAL_H
#define WG_ROLE_CERTS_INTERNAL_H

#include "role/certs.h"
#include "role/desk_certs.h"

struct wg_certs_list {
	const struct wg_config *config;
	const struct wg_directory *directory;
	struct wg_held held;
	int64_t now;
	bool keys;
	struct wg_cert_item *items;
	unsigned count, cap;
	enum wg_code code; /* the first fault sticks */
	struct wg_err *err;
};

/* One item more; NULL when there is no room: the fault sticks in the list. Valid until the next. */
struct wg_cert_item *wg_certs_add(struct wg_certs_list *list, const char *what, const char *whose, const char *file);

/* One thing more that a person has to hear; the level only rises. */
void wg_certs_say(struct wg_cert_item *item, enum wg_cert_level level, const char *fmt, ...) WG_PRINTF(3, 4);

/* Name, key, times, days, stage. */
void wg_certs_fill(const struct wg_certs_list *list, struct wg_cert_item *item, const struct wg_cert_facts *facts);

/* Those that were seen on TLS connections (role/peers.h). */
void wg_certs_add_peers(struct wg_certs_list *list);

#endif
