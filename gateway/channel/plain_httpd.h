/* A small HTTP server for the machine's own monitoring: without TLS, GET only, on a numeric address or a Unix socket.
 * It carries counts and names of organisations, never anything of a child. */
#ifndef WG_CHANNEL_PLAIN_HTTPD_H
#define WG_CHANNEL_PLAIN_HTTPD_H

#include "base/buf.h"
#include "base/err.h"

struct event_base;
struct wg_plain_httpd;

/* Fills body with the answer to a path and names its type; returns the status: 200, 503, or 404 for a path that it does
 * not serve. */
typedef int (*wg_plain_handler)(void *arg, const char *path, struct wg_buf *body, const char **content_type);

/* Listens on socket (a path; replaced when nobody lives there any more, mode 0660) or, when that is NULL, on address
 * and port. WG_CONFIG when another process listens there. */
enum wg_code wg_plain_httpd_start(struct event_base *base, const char *socket, const char *address, unsigned short port,
                                  wg_plain_handler handler, void *arg, struct wg_plain_httpd **out, struct wg_err *err)
	WG_MUST;
void wg_plain_httpd_freep(struct wg_plain_httpd **httpd);

#endif
