/* JSON as a text that is kept: whether it is one, and where its small parts stand. Nothing is built of it. */
#ifndef WG_BASE_JSON_H
#define WG_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>

/* Arrays and objects within each other. What the gateway writes has 4; a limit keeps the stack bounded. */
#define WG_JSON_DEPTH 32

/* A member of an array, len bytes from byte at of the text: an object without arrays and objects in it, or a number. */
struct wg_json_member {
	size_t at, len;
	bool number;
};
typedef void wg_json_on(void *arg, const struct wg_json_member *member);

/* Whether the len bytes are one JSON text (RFC 8259), nested no deeper than WG_JSON_DEPTH. That they are UTF-8 is not
 * looked at. on, unless NULL, is told of such members from the first to the last, before it is known how the text ends.
 */
bool wg_json_walk(const char *text, size_t len, wg_json_on *on, void *arg);

#endif
