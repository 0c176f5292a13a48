/* monitor.c: the role that watches. It asks the store for counts, looks at certificates, fetches what says that one was
 * revoked, and tells machines (metrics, health) and people (alerts). It holds no key and no message. */
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "channel/loop.h"
#include "channel/plain_httpd.h"
#include "role/certs.h"
#include "role/files.h"
#include "role/monitor.h"
#include "role/peers.h"
#include "role/role.h"
#include "role/trust.h"
#include "sys/file.h"
#include "sys/sandbox.h"

/* How often it looks. An alert is said within a minute of its cause: half of that is for faults that pass by themselves
 * (fault_s of the configuration), the rest for this and for the mail. */
#define LOOK_S 5
/* Silence is a matter of hours, certificates one of days: every twelfth look. */
#define SLOW_LOOKS 12
/* How often the end of the log is said: on a journal that is kept elsewhere it proves later that nothing was put back.
 */
#define END_MS (60 * 60 * 1000)
/* What the store says of itself: some 200 bytes a recipient. */
#define SAYS_MAX ((size_t)8 * 1024 * 1024)

/* After a round in which somebody did not answer, so that one bad minute of theirs is not an hour of ours. */
#define AGAIN_MS (5 * 60 * 1000)
/* How such a round ends. */
#define EXIT_UNANSWERED 3

struct monitor {
	const struct wg_config *config;
	struct wg_client *client;
	struct event_base *base;
	struct wg_plain_httpd *httpd;
	struct wg_directory *directory;
	pid_t fetcher;    /* 0: none runs */
	int64_t fetch_at; /* monotonic ms */
	uint64_t seen;    /* chains of TLS connections, when the last round began */
	bool asking;      /* when `watched` was made, somebody was being asked, or was met since and is asked next */
	json_t *metrics, *silence, *watched;
	unsigned looks;
	int64_t end_at;      /* monotonic ms: when the end of the log is said next */
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
		.metrics = m->metrics,
		.silence = m->silence,
		.watched = m->watched,
		.asking = m->asking,
		.oldest_s = m->config->monitor.oldest_s,
		.backup_s = m->config->backup.warn_s,
		.fault_s = m->config->monitor.fault_s,
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

/* ---- certificates */

static enum wg_code look_at_certificates(struct monitor *m, struct wg_err *err)
{
	json_t *all = NULL;
	enum wg_code code = wg_monitor_watched(m->config, m->directory, wg_clock_now(), &all, err);
	if (code != WG_OK)
		return code;
	m->asking = m->fetcher != 0 || wg_peers_stamp(m->config) != m->seen; /* after all were looked at */
	json_decref(m->watched);
	m->watched = all;
	return WG_OK;
}

/* That they cannot be looked at is an alert like the others, beside what was seen last: nobody would hear of those
 * either if the role ended for it. */
static void cannot_look(struct monitor *m, const struct wg_err *why)
{
	static const char name[] = "all";
	char words[WG_CERT_ITEM_WORDS];
	size_t count = json_array_size(m->watched);
	const char *last =
		count > 0 ? json_string_value(json_object_get(json_array_get(m->watched, count - 1), "name")) : NULL;
	if (last != NULL && strcmp(last, name) == 0)
		(void)json_array_remove(m->watched, count - 1); /* it is there */
	(void)json_array_append_new(
		m->watched, /* without memory it is said at the next look */
		json_pack("{s:s, s:s, s:s}", "name", name, "use", name, "words", wg_defang(why->text, words, sizeof words)));
}

static void told(void *arg, const char *url, const char *certificate, enum wg_code code, const char *words)
{
	unsigned *unanswered = arg;
	*unanswered += code != WG_OK;
	if (code != WG_OK)
		wg_log(WG_LOG_WARNING, "revocation-not-fetched", "url", url, "certificate", certificate, "why", words, NULL);
}

/* It holds neither the store's connection nor the listener of the metrics, and ends with the role: the next one needs
 * both at once. */
static _Noreturn void fetch_in_child(const struct monitor *m, pid_t parent)
{
	unsigned kept = 0, unanswered = 0;
	struct wg_err err = { 0 };
	(void)signal(SIGTERM, SIG_DFL);         /* cannot fail */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* cannot fail */
	if (getppid() != parent || close_range(STDERR_FILENO + 1, ~0u, 0) != 0)
		_exit(1);
	enum wg_code code =
		wg_revocation_round(m->config, m->directory, wg_clock_now(), false, told, &unanswered, &kept, &err);
	if (code != WG_OK)
		wg_log_err(WG_LOG_ERROR, "revocation-round", &err, NULL);
	_exit(code != WG_OK ? 1 : unanswered > 0 ? EXIT_UNANSWERED : 0);
}

/* In a child, since sources may be slow: what it fetched is in files afterwards, where everybody reads it. */
static void fetch(struct monitor *m)
{
	int64_t now = wg_clock_monotonic();
	pid_t parent = getpid();
	int status = 0;
	if (m->fetcher != 0 && waitpid(m->fetcher, &status, WNOHANG) != 0) {
		m->fetcher = 0;
		m->looks = 0; /* what it found is looked at now */
		if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_UNANSWERED && m->fetch_at > now + AGAIN_MS)
			m->fetch_at = now + AGAIN_MS;
		return; /* and only then somebody is asked again */
	}
	uint64_t seen = wg_peers_stamp(m->config);
	if (m->fetcher != 0 || (now < m->fetch_at && seen == m->seen)) /* who was never met before is asked about at once */
		return;
	pid_t child = fork();
	if (child == 0)
		fetch_in_child(m, parent);
	if (child < 0)
		return; /* tried again at the next look */
	if (now >= m->fetch_at)
		m->fetch_at = now + (int64_t)m->config->monitor.revocation_s * 1000;
	m->seen = seen;
	m->fetcher = child;
}

static void say_end(struct monitor *m)
{
	char entries[24];
	const char *head = json_string_value(json_object_get(m->metrics, "log_head"));
	if (head == NULL || wg_clock_monotonic() < m->end_at)
		return;
	m->end_at = wg_clock_monotonic() + END_MS;
	(void)snprintf(entries, sizeof entries, "%lld",
	               (long long)json_integer_value(json_object_get(m->metrics, "log_entries"))); /* it fits */
	wg_log(WG_LOG_INFO, "log-end", "entries", entries, "head", head, NULL);
}

static enum wg_code look(struct monitor *m, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf text = WG_BUF(SAYS_MAX);
	struct wg_err blind = { 0 };
	enum wg_code code = wg_client_metrics(m->client, &text, err);
	if (code == WG_OK)
		code = take(&text, "metrics", &m->metrics, err);
	if (code == WG_OK)
		say_end(m);
	fetch(m);
	if (code == WG_OK && m->looks % SLOW_LOOKS == 0 && look_at_certificates(m, &blind) != WG_OK)
		cannot_look(m, &blind);
	if (code == WG_OK && m->looks % SLOW_LOOKS == 0) {
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
	wg_loop_faults(wg_role_loop_fault);
	m->base = event_base_new();
	if (m->base == NULL || m->watched == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the monitor");
	enum wg_code code = wg_directory_load(c->directory, c->paths.xsd, &m->directory, err);
	if (code == WG_OK)
		code = wg_role_connect(c, WG_ROLE_MONITOR, &m->client, err);
	if (code == WG_OK && (c->monitor.port != 0 || c->monitor.socket[0] != '\0'))
		code = wg_plain_httpd_start(m->base, c->monitor.socket[0] != '\0' ? c->monitor.socket : NULL,
		                            c->monitor.address, c->monitor.port, serve, m, &m->httpd, err);
	return code;
}

struct paths {
	const char **list;
	unsigned count, room;
};

static void add_path(void *arg, const char *path, bool secret)
{
	struct paths *p = arg;
	if (!secret && p->count < p->room && access(path, R_OK) == 0) /* one that is not there is told of as such */
		p->list[p->count++] = path;
}

static void count_path(void *arg, const char *path, bool secret)
{
	unsigned *count = arg;
	(void)path, (void)secret;
	(*count)++;
}

/* It may read what is public, and write what it fetches. */
static enum wg_code confine(const struct wg_config *c, const struct wg_directory *directory, struct wg_err *err)
{
	char folder[WG_PATH_TEXT], seen[WG_PATH_TEXT];
	unsigned all = 0;
	enum wg_code code = wg_peers_prepare(c, err);
	if (code == WG_OK)
		code = wg_trust_folder(c, folder, err);
	if (code == WG_OK)
		code = wg_peers_folder(c, seen, err);
	wg_files(c, directory, count_path, &all);
	WG_AUTO_FREE const char **read = calloc(all + 1, sizeof *read);
	if (code == WG_OK && read == NULL)
		code = wg_err_set(err, WG_SYSTEM, "no memory");
	if (code != WG_OK)
		return code;
	struct paths paths = { .list = read, .room = all };
	wg_files(c, directory, add_path, &paths);
	const char *const write[] = { folder, seen, NULL };
	struct wg_sandbox sandbox = { .kind = WG_SANDBOX_MONITOR, .read = read, .write = write };
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
		code = confine(config, m.directory, err);
	if (code == WG_OK)
		code = run(&m, err);
	wg_plain_httpd_freep(&m.httpd);
	if (m.base != NULL)
		event_base_free(m.base);
	wg_client_freep(&m.client);
	wg_directory_freep(&m.directory);
	json_decref(m.metrics);
	json_decref(m.silence);
	json_decref(m.watched);
	return code;
}
