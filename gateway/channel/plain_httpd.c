/* plain_httpd.c owns the server of metrics and health: libevent's evhttp with everything that is not needed turned off.
 */
#include "channel/plain_httpd.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"

/* A scraper sends a few headers and no body. */
#define HEADERS_MAX 8192
/* From the first byte of a request to the last of its answer. */
#define TIMEOUT_S 10
#define BACKLOG 16
/* A gateway with a thousand recipients says some 400 bytes of each. */
#define BODY_MAX ((size_t)4 * 1024 * 1024)

struct wg_plain_httpd {
	struct evhttp *http;
	wg_plain_handler handler;
	void *arg;
	char socket[sizeof((struct sockaddr_un *)0)->sun_path]; /* removed at the end; "" for an address */
};

static void answer(struct evhttp_request *r, void *arg)
{
	const struct wg_plain_httpd *h = arg;
	WG_AUTO_BUF struct wg_buf body = WG_BUF(BODY_MAX);
	const char *type = "text/plain; charset=utf-8";
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(r);
	const char *path = uri != NULL ? evhttp_uri_get_path(uri) : NULL;
	int status = h->handler(h->arg, path != NULL ? path : "", &body, &type);
	if (body.failed) {
		wg_buf_reset(&body);
		status = 503;
	}
	struct evkeyvalq *headers = evhttp_request_get_output_headers(r);
	(void)evhttp_add_header(headers, "Content-Type", type); /* without memory the answer lacks its type */
	(void)evhttp_add_header(headers, "Cache-Control", "no-store");
	(void)evhttp_add_header(headers, "Connection", "close");
	struct evbuffer *out = evbuffer_new();
	if (out == NULL || evbuffer_add(out, body.data, body.len) != 0)
		status = 503;
	evhttp_send_reply(r, status, status == 200 ? "OK" : status == 404 ? "Not Found" : "Service Unavailable", out);
	if (out != NULL)
		evbuffer_free(out);
}

/* Whether a process answers on the socket. */
static bool lives(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool alive = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) == 0;
	wg_closep(&fd);
	return alive;
}

static enum wg_code listen_unix(struct wg_plain_httpd *h, struct event_base *base, const char *path, struct wg_err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat st;
	if (strlen(path) >= sizeof address.sun_path)
		return wg_err_set(err, WG_CONFIG, "monitor socket: the path is longer than %zu bytes",
		                  sizeof address.sun_path - 1);
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
		return wg_err_set(err, WG_CONFIG, "monitor socket %s: something else is there", path);
	if (lives(&address))
		return wg_err_set(err, WG_CONFIG, "monitor socket %s: another process listens there", path);
	if (unlink(path) != 0 && errno != ENOENT)
		return wg_err_errno(err, "monitor socket %s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 || chmod(path, 0660) != 0 ||
	    listen(fd, BACKLOG) != 0) {
		enum wg_code code = wg_err_errno(err, "monitor socket %s", path);
		wg_closep(&fd);
		return code;
	}
	memcpy(h->socket, address.sun_path, sizeof h->socket);
	struct evconnlistener *listener = evconnlistener_new(base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE, 0, fd);
	if (listener != NULL && evhttp_bind_listener(h->http, listener) != NULL)
		return WG_OK;
	if (listener != NULL)
		evconnlistener_free(listener);
	else
		wg_closep(&fd);
	return wg_err_set(err, WG_SYSTEM, "monitor socket %s: no memory", path);
}

enum wg_code wg_plain_httpd_start(struct event_base *base, const char *path, const char *address, unsigned short port,
                                  wg_plain_handler handler, void *arg, struct wg_plain_httpd **out, struct wg_err *err)
{
	WG_CLEANUP(wg_plain_httpd_freep) struct wg_plain_httpd *h = calloc(1, sizeof *h);
	if (h == NULL || (h->http = evhttp_new(base)) == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the monitor's server");
	h->handler = handler;
	h->arg = arg;
	evhttp_set_allowed_methods(h->http, EVHTTP_REQ_GET);
	evhttp_set_max_headers_size(h->http, HEADERS_MAX);
	evhttp_set_max_body_size(h->http, 0);
	evhttp_set_timeout(h->http, TIMEOUT_S);
	evhttp_set_gencb(h->http, answer, h);
	enum wg_code code = WG_OK;
	if (path != NULL)
		code = listen_unix(h, base, path, err);
	else if (evhttp_bind_socket(h->http, address, port) != 0)
		code = wg_err_errno(err, "monitor %s port %u: cannot listen there", address, port);
	if (code == WG_OK)
		*out = wg_steal(&h);
	return code;
}

void wg_plain_httpd_freep(struct wg_plain_httpd **httpd)
{
	struct wg_plain_httpd *h = *httpd;
	if (h == NULL)
		return;
	if (h->http != NULL)
		evhttp_free(h->http);
	if (h->socket[0] != '\0')
		(void)unlink(h->socket); /* the next start finds it stale otherwise */
	free(h);
	*httpd = NULL;
}
