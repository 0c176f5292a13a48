/* intake.c: the role that takes in. It talks to strangers: it can add to the store and nothing else, encrypts each
 * original to the storage certificate before it hands it over, and holds no key that opens one. */
#include "role/intake.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "channel/loop.h"
#include "role/intake_confirm.h"
#include "role/kind.h"
#include "role/role.h"
#include "role/trust.h"
#include "sys/file.h"
#include "sys/sandbox.h"

/* Requests have to be whole in this time, and a connection may idle that long: a mobile link sends 16 MB in about two
 * minutes. */
#define REQUEST_MS 120000
#define IDLE_MS 60000
/* A store that has not said for so long whether it takes anything takes nothing, and what it is asked is not waited for
 * any longer: twice what it waits itself for a PostgreSQL that stands still. */
#define SILENT_MS 10000
#define CONNECTIONS 512
#define HEADER_MAX ((size_t)16 * 1024)
/* Documents of all connections that are on their way or wait for the store: four of the largest, or thousands of what
 * is usual. What more is sent has to come again, and is refused before it takes memory. */
#define HELD_MAX ((size_t)4 * WG_LIMIT_MESSAGE)
/* inotify tells of what is renamed in; this look finds what came while nobody watched, and what could not be taken
 * before. */
#define SCAN_MS 2000
/* What is in hand when the role is told to stop has so long to be answered, and the last answers so long to leave. */
#define DRAIN_MS 3000
#define ANSWER_US 50000
/* The description of the interface has some 40 KB. */
#define OPENAPI_MAX ((size_t)512 * 1024)

static enum wg_code seal(struct wg_intake *intake, const char *way, enum wg_document kind, const void *bytes,
                         size_t len, struct wg_buf *blob, struct wg_msg_new *msg, struct wg_err *err)
{
	*msg = (struct wg_msg_new){ 0 };
	enum wg_code code = wg_id_make(wg_clock_now(), msg->id, err);
	if (code == WG_OK)
		code = wg_rest_seal(intake->rest, bytes, len, blob, err);
	if (code != WG_OK)
		return code;
	(void)snprintf(msg->way, sizeof msg->way, "%s", way);
	(void)snprintf(msg->content_type, sizeof msg->content_type, "%s", wg_document_type(kind));
	wg_sha256_hex(bytes, len, msg->content_hash);
	msg->blob = blob->data;
	msg->blob_len = blob->len;
	return WG_OK;
}

enum wg_code wg_intake_seal(struct wg_intake *intake, const char *organisation, const char *key, const char *way,
                            const void *bytes, size_t len, const char *declared, const char *name, struct wg_buf *blob,
                            struct wg_msg_new *msg, struct wg_err *err)
{
	enum wg_document kind;
	enum wg_code code = wg_document_kind(bytes, len, declared, name, &kind, err);
	if (code == WG_OK)
		code = seal(intake, way, kind, bytes, len, blob, msg, err);
	if (code != WG_OK)
		return code;
	(void)snprintf(msg->organisation, sizeof msg->organisation, "%s", organisation);
	(void)snprintf(msg->idempotency_key, sizeof msg->idempotency_key, "%s", key);
	return WG_OK;
}

enum wg_code wg_intake_seal_mail(struct wg_intake *intake, const char *way, const void *bytes, size_t len,
                                 struct wg_buf *blob, struct wg_msg_new *msg, struct wg_err *err)
{
	enum wg_document kind;
	struct wg_err ignored; /* what is nothing known is a mail too */
	bool sealed = strcmp(way, "mesh") == 0 && wg_document_kind(bytes, len, NULL, NULL, &kind, &ignored) == WG_OK &&
	              kind == WG_DOCUMENT_SEALED;
	return seal(intake, way, sealed ? WG_DOCUMENT_SEALED : WG_DOCUMENT_MAIL, bytes, len, blob, msg, err);
}

void wg_intake_receipt(const struct wg_msg_receipt *receipt, struct wg_buf *out)
{
	char when[WG_CLOCK_TEXT];
	wg_buf_printf(out, "{\"id\":\"%s\",\"sha256\":\"%s\",\"accepted\":\"%s\",\"state\":\"%s\"}\n", receipt->id,
	              receipt->content_hash, wg_clock_format(receipt->accepted_at, when),
	              wg_message_state_name(receipt->state));
}

bool wg_intake_laden(const struct wg_intake *intake)
{
	return intake->pending_count == WG_INTAKE_PENDING || wg_client_unsent(intake->adds) >= HELD_MAX;
}

/* What the store has not read yet is written when it reads. */
static bool watch_unsent(struct wg_intake *intake, struct wg_err *err)
{
	if (wg_client_unsent(intake->adds) == 0 || event_add(intake->unsent, NULL) == 0)
		return true;
	(void)wg_err_set(err, WG_SYSTEM, "the event loop cannot watch for the store"); /* who asked gives it on */
	return false;
}

enum wg_code wg_intake_add(struct wg_intake *intake, const struct wg_msg_new *msg, wg_intake_told *told, void *arg,
                           uint32_t number, int64_t patience, struct wg_err *err)
{
	uint32_t tag = 0;
	if (wg_intake_laden(intake))
		return wg_err_set(err, WG_AGAIN, "%u messages wait for the store already", intake->pending_count);
	while (intake->pending[tag].told != NULL)
		tag++;
	enum wg_code code = wg_client_add_send(intake->adds, tag, msg, err);
	if (code == WG_OK && !watch_unsent(intake, err))
		code = err->code;
	if (code != WG_OK && !wg_client_gone(err))
		return code; /* nothing of it was sent */
	if (code != WG_OK) {
		wg_intake_fail(intake, err);
		return err->code = WG_AGAIN;
	}
	intake->pending[tag] = (struct wg_pending){
		.told = told, .arg = arg, .number = number, .until = patience > 0 ? wg_clock_monotonic() + patience : 0
	};
	intake->pending_count++;
	return WG_OK;
}

void wg_intake_take(struct wg_intake *intake)
{
	for (;;) {
		uint32_t tag = 0;
		struct wg_msg_receipt receipt = { 0 };
		struct wg_err failed = { 0 }, err = { 0 };
		enum wg_code code = wg_client_add_take(intake->adds, &tag, &receipt, &failed, &err);
		if (code == WG_AGAIN && strcmp(err.text, WG_CLIENT_NOT_YET) == 0)
			return;
		if (code != WG_OK || tag >= WG_INTAKE_PENDING || intake->pending[tag].told == NULL) {
			if (code == WG_OK)
				(void)wg_err_set(&err, WG_CORRUPT, "the store answered a question nobody asked");
			wg_intake_fail(intake, &err);
			return;
		}
		struct wg_pending p = intake->pending[tag];
		intake->pending[tag] = (struct wg_pending){ 0 };
		intake->pending_count--;
		p.told(intake, p.arg, p.number, &receipt, &failed);
	}
}

void wg_intake_drop_pending(struct wg_intake *intake)
{
	const struct wg_err failed = { .code = WG_AGAIN, .text = "the gateway is stopping" };
	const struct wg_msg_receipt none = { 0 };
	for (uint32_t i = 0; i < WG_INTAKE_PENDING; i++) {
		struct wg_pending p = intake->pending[i];
		intake->pending[i] = (struct wg_pending){ 0 };
		intake->pending_count -= p.told != NULL;
		if (p.told != NULL)
			p.told(intake, p.arg, p.number, &none, &failed);
	}
}

/* In the place of who was told already. */
static void told_nobody(struct wg_intake *intake, void *arg, uint32_t number, const struct wg_msg_receipt *receipt,
                        const struct wg_err *failed)
{
	(void)intake, (void)arg, (void)number, (void)receipt, (void)failed; /* the signature is wg_intake_told's */
}

/* The place stays taken: the store answers later, and has enough to do until then. */
static void tell_late(struct wg_intake *intake)
{
	const struct wg_err late = { .code = WG_AGAIN, .text = WG_INTAKE_LATE };
	const struct wg_msg_receipt none = { 0 };
	const int64_t now = wg_clock_monotonic();
	for (uint32_t i = 0; i < WG_INTAKE_PENDING; i++) {
		struct wg_pending p = intake->pending[i];
		if (p.told == NULL || p.until == 0 || p.until > now)
			continue;
		intake->pending[i] = (struct wg_pending){ .told = told_nobody };
		p.told(intake, p.arg, p.number, &none, &late);
	}
}

void wg_intake_fail(struct wg_intake *intake, const struct wg_err *err)
{
	if (!intake->failed)
		intake->fatal = *err;
	intake->failed = true;
	(void)event_base_loopbreak(intake->base); /* the loop is running: called from its callbacks only */
}

static void on_store(evutil_socket_t fd, short what, void *arg)
{
	struct wg_intake *intake = arg;
	(void)fd, (void)what;
	wg_intake_take(intake);
	if (intake->draining && intake->pending_count == 0)
		(void)event_base_loopexit(intake->base, &(struct timeval){ .tv_usec = ANSWER_US }); /* else DRAIN_MS ends it */
}

static void on_store_reads(evutil_socket_t fd, short what, void *arg)
{
	struct wg_intake *intake = arg;
	struct wg_err err = { 0 };
	(void)fd, (void)what;
	if (wg_client_flush(intake->adds, &err) != WG_OK || !watch_unsent(intake, &err))
		wg_intake_fail(intake, &err);
}

/* What lies there is waited for until it is taken, so only while the store answers: whatever it was asked last. */
static void look_through_drops(struct wg_intake *intake)
{
	if (!intake->apart && !intake->draining && intake->looked_at == 0)
		wg_intake_drops_scan(intake);
}

/* What the store said of whether it takes anything, for those who ask before they send. A store that waits for its
 * database may say nothing for long: nobody here waits with it, and after a while that is an answer too. */
static void hear_of_store(struct wg_intake *intake)
{
	struct wg_err err = { 0 };
	enum wg_code code = wg_client_ready_take(intake->looks, &err);
	const bool silent = code == WG_AGAIN && strcmp(err.text, WG_CLIENT_NOT_YET) == 0;
	if (silent && (intake->looked_at == 0 || wg_clock_monotonic() - intake->looked_at < SILENT_MS))
		return;
	if (!silent)
		intake->looked_at = 0;
	intake->full = silent || (code == WG_AGAIN && strncmp(err.text, "not accepting", 13) == 0);
	intake->crowded = intake->full && strncmp(err.text, "not accepting: queue", 20) == 0;
	intake->apart = silent || (intake->full && strncmp(err.text, "not accepting: the database", 27) == 0);
	if (code != WG_OK && !intake->full)
		wg_intake_fail(intake, &err);
	look_through_drops(intake);
}

static void on_word(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	hear_of_store(arg);
}

static void look_at_store(struct wg_intake *intake)
{
	struct wg_err err = { 0 };
	if (intake->looked_at != 0) {
		hear_of_store(intake);
		return;
	}
	intake->looked_at = wg_clock_monotonic();
	if (wg_client_ready_send(intake->looks, &err) != WG_OK)
		wg_intake_fail(intake, &err);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct wg_intake *intake = arg;
	(void)fd, (void)what;
	look_at_store(intake);
	tell_late(intake);
	wg_rest_forget(intake->rest);
}

static void on_renamed(evutil_socket_t fd, short what, void *arg)
{
	struct wg_intake *intake = arg;
	char events[4096];
	(void)what;
	while (read(fd, events, sizeof events) > 0)
		; /* which file it was does not matter: the folders are looked through */
	look_through_drops(intake);
}

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	struct wg_intake *intake = arg;
	const struct timeval drain = { .tv_sec = DRAIN_MS / 1000 };
	(void)number, (void)what;
	/* a second signal does not wait; neither does a loop that cannot set a timer */
	if (intake->draining || intake->pending_count == 0 || event_base_loopexit(intake->base, &drain) != 0)
		(void)event_base_loopbreak(intake->base); /* cannot fail with a valid base */
	intake->draining = true;
}

/* The events of the loop; all live as long as the base. */
struct watching {
	struct event *store, *word, *tick, *renamed, *term, *interrupt;
	int inotify;
};

static void unwatch(struct wg_intake *intake, struct watching *w)
{
	struct event *all[] = { intake->unsent, w->store, w->word, w->tick, w->renamed, w->term, w->interrupt };
	for (size_t i = 0; i < WG_COUNT(all); i++)
		if (all[i] != NULL)
			event_free(all[i]);
	wg_closep(&w->inotify);
}

static enum wg_code watch_folders(struct wg_intake *intake, struct watching *w, struct wg_err *err)
{
	char path[WG_PATH_TEXT];
	if (intake->config->drop_count == 0)
		return WG_OK;
	w->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->inotify < 0)
		return wg_err_errno(err, "inotify");
	for (unsigned i = 0; i < intake->config->drop_count; i++) {
		enum wg_code code = wg_path_join(intake->config->drops[i].folder, "new", path, err);
		if (code != WG_OK)
			return code;
		if (inotify_add_watch(w->inotify, path, IN_MOVED_TO) < 0)
			return wg_err_errno(err, "watching %s", path);
	}
	return WG_OK;
}

static enum wg_code watch(struct wg_intake *intake, struct watching *w, struct wg_err *err)
{
	const struct timeval tick = { .tv_sec = SCAN_MS / 1000, .tv_usec = SCAN_MS % 1000 * 1000 };
	enum wg_code code = watch_folders(intake, w, err);
	if (code != WG_OK)
		return code;
	w->store = event_new(intake->base, wg_client_fd(intake->adds), EV_READ | EV_PERSIST, on_store, intake);
	intake->unsent = event_new(intake->base, wg_client_fd(intake->adds), EV_WRITE, on_store_reads, intake);
	w->word = event_new(intake->base, wg_client_fd(intake->looks), EV_READ | EV_PERSIST, on_word, intake);
	w->tick = event_new(intake->base, -1, EV_PERSIST, on_tick, intake);
	w->term = event_new(intake->base, SIGTERM, EV_SIGNAL | EV_PERSIST, on_signal, intake);
	w->interrupt = event_new(intake->base, SIGINT, EV_SIGNAL | EV_PERSIST, on_signal, intake);
	bool ok = w->store != NULL && intake->unsent != NULL && w->word != NULL && w->tick != NULL && w->term != NULL &&
	          w->interrupt != NULL && event_add(w->store, NULL) == 0 && event_add(w->word, NULL) == 0 &&
	          event_add(w->tick, &tick) == 0 && event_add(w->term, NULL) == 0 && event_add(w->interrupt, NULL) == 0;
	if (ok && w->inotify >= 0) {
		w->renamed = event_new(intake->base, w->inotify, EV_READ | EV_PERSIST, on_renamed, intake);
		ok = w->renamed != NULL && event_add(w->renamed, NULL) == 0;
	}
	return ok ? WG_OK : wg_err_set(err, WG_SYSTEM, "the event loop cannot be set up");
}

static enum wg_code listen_https(struct wg_intake *intake, struct wg_err *err)
{
	const struct wg_config *c = intake->config;
	if (c->https_in.tls.certificate[0] == '\0')
		return WG_OK;
	struct wg_tls tls = {
		.certificate = c->https_in.tls.certificate,
		.key = c->https_in.tls.key,
		.ca = c->https_in.client_ca,
		.peer = &intake->clients.peer, /* with crl= as one of its lists */
	};
	struct wg_httpd_spec spec = {
		.address = c->https_in.address,
		.port = c->https_in.port,
		.max_header = HEADER_MAX,
		.max_body = WG_LIMIT_MESSAGE,
		.max_held = HELD_MAX,
		.max_connections = CONNECTIONS,
		.request_ms = REQUEST_MS,
		.idle_ms = IDLE_MS,
		.busy = wg_intake_busy,
	};
	wg_peer_watch(&intake->clients, c, NULL, WG_PEER_CLIENT, NULL);
	intake->clients.peer.told = wg_intake_met;
	intake->clients.peer.arg = intake;
	enum wg_code code = wg_tls_server(&tls, wg_intake_admit, intake, &intake->tls, err);
	if (code == WG_OK)
		code = wg_httpd_start(intake->base, &spec, intake->tls, wg_intake_http, intake, &intake->httpd, err);
	return code;
}

static void on_store_lost(void *arg, const struct wg_err *err)
{
	wg_intake_fail(arg, err);
}

static enum wg_code listen_confirm(struct wg_intake *intake, struct wg_err *err)
{
	return wg_confirm_start(intake->base, intake->config, intake->directory, intake->asks, on_store_lost, intake,
	                        &intake->confirm, err);
}

static enum wg_code confine(const struct wg_config *c, const struct wg_directory *directory, struct wg_err *err)
{
	const char *folders[WG_CONFIG_DROPS + 3] = { NULL };
	char trust[WG_PATH_TEXT], seen[WG_PATH_TEXT];
	unsigned n = 0, lists = 0;
	enum wg_code code = wg_trust_folder(c, trust, err);
	if (code == WG_OK)
		code = wg_peers_folder(c, seen, err);
	WG_AUTO_FREE const char **read = calloc((size_t)wg_directory_count(directory) + 3, sizeof *read);
	if (code == WG_OK && read == NULL)
		code = wg_err_set(err, WG_SYSTEM, "no memory");
	if (code != WG_OK)
		return code;
	for (unsigned i = 0; i < c->drop_count; i++)
		folders[n++] = c->drops[i].folder;
	if (c->hsm.folder[0] != '\0')
		folders[n++] = c->hsm.folder;
	folders[n++] = seen;
	/* what says that a client was revoked; a list that is not there is told of by wardgate cert status */
	read[lists++] = trust;
	if (access(c->https_in.crl, R_OK) == 0)
		read[lists++] = c->https_in.crl;
	for (unsigned i = 0; i < wg_directory_count(directory); i++)
		if (access(wg_directory_at(directory, i)->trust_crl, R_OK) == 0)
			read[lists++] = wg_directory_at(directory, i)->trust_crl;
	struct wg_sandbox sandbox = { .kind = WG_SANDBOX_INTAKE, .read = read, .write = folders };
	return wg_role_confine(&sandbox, err);
}

/* A gateway without its description serves all the same. */
static void load_openapi(struct wg_intake *intake)
{
	struct wg_err err = { 0 };
	intake->openapi = WG_BUF(OPENAPI_MAX);
	if (intake->config->paths.openapi[0] == '\0' ||
	    wg_file_read(intake->config->paths.openapi, &intake->openapi, &err) != WG_OK)
		wg_buf_reset(&intake->openapi);
}

static enum wg_code prepare(struct wg_intake *intake, struct wg_err *err)
{
	const struct wg_config *c = intake->config;
	enum wg_code code = wg_directory_load(c->directory, c->paths.xsd, &intake->directory, err);
	if (code == WG_OK)
		code = wg_cert_load(c->storage.certificate, &intake->storage_cert, err);
	if (code == WG_OK && wg_cms_head_check(intake->storage_cert, WG_STORE_HEAD, err) != WG_OK)
		code = wg_err_add(err, "%s", c->storage.certificate);
	if (code == WG_OK)
		code = wg_rest_new(intake->storage_cert, &intake->rest, err);
	if (code == WG_OK)
		code = wg_intake_drops_prepare(c, err);
	if (code == WG_OK)
		code = wg_role_connect(c, WG_ROLE_INTAKE, &intake->adds, err);
	if (code == WG_OK)
		code = wg_role_connect(c, WG_ROLE_INTAKE, &intake->asks, err);
	if (code == WG_OK)
		code = wg_client_patience(intake->asks, SILENT_MS, err);
	if (code == WG_OK)
		code = wg_role_connect(c, WG_ROLE_INTAKE, &intake->looks, err);
	if (code != WG_OK)
		return code;
	load_openapi(intake);
	wg_loop_faults(wg_role_loop_fault);
	intake->base = event_base_new();
	return intake->base != NULL ? WG_OK : wg_err_set(err, WG_SYSTEM, "the event loop cannot be made");
}

enum wg_code wg_role_intake(const struct wg_config *config, struct wg_err *err)
{
	struct wg_intake intake = { .config = config };
	struct watching w = { .inotify = -1 };
	enum wg_code code = wg_peers_prepare(config, err);
	if (code == WG_OK)
		code = wg_intake_mailbox_start(&intake, err);
	if (code == WG_OK)
		code = prepare(&intake, err);
	if (code == WG_OK)
		code = listen_https(&intake, err);
	if (code == WG_OK)
		code = listen_confirm(&intake, err);
	if (code == WG_OK)
		code = wg_intake_lmtp_start(&intake, err);
	if (code == WG_OK)
		code = wg_intake_mailbox_watch(&intake, err);
	if (code == WG_OK)
		code = watch(&intake, &w, err);
	if (code == WG_OK)
		code = confine(config, intake.directory, err);
	if (code == WG_OK && !wg_role_stop) { /* a signal before the loop watched for it has only set the flag */
		wg_log(WG_LOG_INFO, "ready", NULL);
		wg_intake_drops_scan(&intake);
		if (!intake.failed && event_base_dispatch(intake.base) < 0)
			code = wg_err_set(err, WG_SYSTEM, "the event loop failed");
		if (intake.failed) {
			*err = intake.fatal;
			code = err->code;
		}
	}
	wg_httpd_freep(&intake.httpd);
	wg_confirm_freep(&intake.confirm);
	wg_intake_drop_pending(&intake);
	wg_lmtp_freep(&intake.lmtp);
	wg_intake_mailbox_stop(&intake);
	unwatch(&intake, &w);
	if (intake.base != NULL)
		event_base_free(intake.base);
	wg_tls_freep(&intake.tls);
	wg_buf_free(&intake.openapi);
	wg_client_freep(&intake.adds);
	wg_client_freep(&intake.asks);
	wg_client_freep(&intake.looks);
	wg_rest_freep(&intake.rest);
	wg_cert_freep(&intake.storage_cert);
	wg_directory_freep(&intake.directory);
	return code;
}
