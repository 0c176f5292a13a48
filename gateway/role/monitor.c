/* monitor.c: the role that watches. It asks the store for counts, looks at certificates, fetches what says that one was
 * revoked, and tells machines (metrics, health) and people (alerts). It holds no key and no message. */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "channel/plain_httpd.h"
#include "role/monitor.h"
#include "role/role.h"
#include "sys/sandbox.h"

/* How often it looks: an alert is said within a minute of its cause. */
#define LOOK_S 10
/* Silence is a matter of hours: every tenth look. */
#define SILENCE_LOOKS 10
/* What the store says of itself: some 200 bytes a recipient. */
#define SAYS_MAX ((size_t)8 * 1024 * 1024)

struct monitor {
	const struct wg_config *config;
	struct wg_client *client;
	struct event_base *base;
	struct wg_plain_httpd *httpd;
	json_t *metrics, *silence, *watched;
	unsigned looks;
	struct wg_err fatal; /* why the loop was left */
};

static void fail(struct monitor *m, const struct wg_err *err)
{
	m->fatal = *err;
	(void)event_base_loopbreak(m->base); /* the loop is running: called from its callbacks only */
}

/* Takes the place of what was there when the store's words can be read. */
static enum wg_code take(struct wg_buf *text, const char *what, json_t **out, struct wg_err *err)
{
	enum wg_code code = wg_buf_check(text, what, err);
	json_t *got = code == WG_OK ? json_loadb((const char *)text->data, text->len, JSON_REJECT_DUPLICATES, NULL) : NULL;
	if (code == WG_OK && got == NULL)
		code = wg_err_set(err, WG_CORRUPT, "the store's %s cannot be read", what);
	if (code != WG_OK)
		return code;
	json_decref(*out);
	*out = got;
	return WG_OK;
}

static struct wg_monitor_view view_of(const struct monitor *m)
{
	return (struct wg_monitor_view){
		.metrics = m->metrics, .silence = m->silence, .watched = m->watched, .oldest_s = m->config->monitor.oldest_s
	};
}

/* Tells the store all that holds; what is new or over is said once, here and to the operator's desk. */
static enum wg_code tell(struct monitor *m, struct wg_err *err)
{
	struct wg_monitor_view view = view_of(m);
	WG_AUTO_FREE struct wg_alert *now = calloc(WG_STORE_ALERTS_MAX, sizeof *now);
	WG_AUTO_FREE struct wg_alert *changed = NULL;
	unsigned count = 0;
	if (now == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for alerts");
	unsigned holding = wg_monitor_alerts(&view, now, WG_STORE_ALERTS_MAX);
	enum wg_code code = wg_client_alerts(m->client, now, holding, &changed, &count, err);
	for (unsigned i = 0; code == WG_OK && i < count; i++)
		wg_log(changed[i].cleared ? WG_LOG_INFO : WG_LOG_ERROR, changed[i].cleared ? "alert-cleared" : "alert", "alert",
		       changed[i].key, "why", changed[i].words, NULL);
	return code;
}

static enum wg_code look(struct monitor *m, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf text = WG_BUF(SAYS_MAX);
	enum wg_code code = wg_client_metrics(m->client, &text, err);
	if (code == WG_OK)
		code = take(&text, "metrics", &m->metrics, err);
	if (code == WG_OK && m->looks % SILENCE_LOOKS == 0) {
		wg_buf_reset(&text);
		code = wg_client_silence(m->client, &text, err);
		if (code == WG_OK)
			code = take(&text, "silence", &m->silence, err);
	}
	m->looks++;
	return code == WG_OK ? tell(m, err) : code;
}

static void on_look(evutil_socket_t fd, short what, void *arg)
{
	struct monitor *m = arg;
	struct wg_err err = { 0 };
	(void)fd, (void)what;
	if (look(m, &err) != WG_OK)
		fail(m, &err);
}

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	(void)number, (void)what;
	(void)event_base_loopbreak(arg); /* cannot fail with a valid base */
}

static int serve(void *arg, const char *path, struct wg_buf *body, const char **content_type)
{
	struct monitor *m = arg;
	if (strcmp(path, "/metrics") == 0) {
		struct wg_monitor_view view = view_of(m);
		*content_type = "text/plain; version=0.0.4; charset=utf-8";
		wg_monitor_text(&view, body);
		return 200;
	}
	*content_type = "application/json";
	if (strcmp(path, "/health/live") == 0) {
		wg_buf_puts(body, "{\"status\":\"ok\"}\n");
		return 200;
	}
	if (strcmp(path, "/health/ready") == 0) {
		bool ready = json_is_true(json_object_get(m->metrics, "accepting"));
		wg_buf_printf(body, "{\"status\":\"%s\"}\n", ready ? "ok" : "not accepting");
		return ready ? 200 : 503;
	}
	wg_buf_puts(body, "{\"status\":\"nothing here: /metrics, /health/live, /health/ready\"}\n");
	return 404;
}

static enum wg_code prepare(struct monitor *m, struct wg_err *err)
{
	const struct wg_config *c = m->config;
	m->watched = json_array();
	m->base = event_base_new();
	if (m->base == NULL || m->watched == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the monitor");
	enum wg_code code = wg_role_connect(c, WG_ROLE_MONITOR, &m->client, err);
	if (code == WG_OK && (c->monitor.port != 0 || c->monitor.socket[0] != '\0'))
		code = wg_plain_httpd_start(m->base, c->monitor.socket[0] != '\0' ? c->monitor.socket : NULL,
		                            c->monitor.address, c->monitor.port, serve, m, &m->httpd, err);
	return code;
}

static enum wg_code confine(const struct wg_config *c, struct wg_err *err)
{
	(void)c;
	struct wg_sandbox sandbox = { .kind = WG_SANDBOX_MONITOR };
	return wg_role_confine(&sandbox, err);
}

static enum wg_code run(struct monitor *m, struct wg_err *err)
{
	const struct timeval every = { .tv_sec = LOOK_S };
	struct event *tick = event_new(m->base, -1, EV_PERSIST, on_look, m);
	struct event *term = event_new(m->base, SIGTERM, EV_SIGNAL | EV_PERSIST, on_signal, m->base);
	struct event *interrupt = event_new(m->base, SIGINT, EV_SIGNAL | EV_PERSIST, on_signal, m->base);
	enum wg_code code = WG_OK;
	if (tick == NULL || term == NULL || interrupt == NULL || event_add(tick, &every) != 0 ||
	    event_add(term, NULL) != 0 || event_add(interrupt, NULL) != 0)
		code = wg_err_set(err, WG_SYSTEM, "the event loop cannot be set up");
	if (code == WG_OK)
		code = look(m, err);
	if (code == WG_OK && !wg_role_stop) {
		wg_log(WG_LOG_INFO, "ready", NULL);
		if (event_base_dispatch(m->base) < 0)
			code = wg_err_set(err, WG_SYSTEM, "the event loop failed");
	}
	if (code == WG_OK && m->fatal.code != WG_OK) {
		*err = m->fatal;
		code = err->code;
	}
	struct event *all[] = { tick, term, interrupt };
	for (size_t i = 0; i < WG_COUNT(all); i++)
		if (all[i] != NULL)
			event_free(all[i]);
	return code;
}

enum wg_code wg_role_monitor(const struct wg_config *config, struct wg_err *err)
{
	struct monitor m = { .config = config };
	enum wg_code code = prepare(&m, err);
	if (code == WG_OK)
		code = confine(config, err);
	if (code == WG_OK)
		code = run(&m, err);
	wg_plain_httpd_freep(&m.httpd);
	if (m.base != NULL)
		event_base_free(m.base);
	wg_client_freep(&m.client);
	json_decref(m.metrics);
	json_decref(m.silence);
	json_decref(m.watched);
	return code;
}
