/* errands.c owns the short-lived processes of the deliver role: one webhook each, or one round of asking after MESH
 * messages. What an errand says of its outcome comes over a pipe and is as hostile as the server it met. */
#include "role/errands.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
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
#include "channel/mesh.h"
#include "channel/webhook.h"
#include "role/courier.h"
#include "sys/file.h"

/* Webhooks at once, and one round of tracking. */
#define WEBHOOKS 4
#define SLOTS (WEBHOOKS + 1)
#define TRACK WEBHOOKS
/* Asked of the store in one go; the rest comes in the next second. */
#define DUE 16
#define STEP_MS 1000
#define WEBHOOK_MS 60000
/* WG_STORE_AWAITED_MAX questions over one connection. */
#define TRACK_MS 300000
#define SAID_MAX ((size_t)256 * 1024)
#define RESULT_FD 3
/* A webhook that is not taken: from half a minute to an hour. */
#define AGAIN_FIRST_MS 30000u
#define AGAIN_MOST_MS 3600000u

struct errand {
	pid_t pid; /* 0: free */
	int fd;
	int64_t kill_at; /* monotonic ms */
	struct wg_hook hook;
	struct wg_awaited *awaited; /* of tracking: owned */
	unsigned count;
	struct wg_buf said;
};

struct wg_errands {
	const struct wg_config *config;
	const struct wg_directory *directory;
	struct errand slots[SLOTS];
	int64_t step_at, track_at;
	char after[WG_ID_TEXT]; /* tracking goes on behind this one */
};

/* ---- in the process of an errand */

static void send_webhook(const struct wg_errands *e, const struct wg_hook *hook, struct wg_buf *out)
{
	struct wg_webhook_result result = { .outcome = WG_HOOK_AGAIN };
	char name[2 * WG_LIMIT_NAME + 2];
	const struct wg_organisation *organisation = NULL;
	const struct wg_desk *desk = NULL;
	(void)snprintf(name, sizeof name, "%s/%s", hook->organisation, hook->desk); /* fits */
	if (!wg_directory_desk(e->directory, name, &organisation, &desk) || desk->webhook[0] == '\0') {
		result.outcome = WG_HOOK_GONE;
		(void)snprintf(result.detail, sizeof result.detail, "the desk has no webhook any more");
	} else {
		struct wg_peer_watch watch;
		const struct wg_webhook_target target = {
			.url = desk->webhook,
			.secret = desk->webhook_secret,
			.tls = wg_courier_https_tls(e->config, organisation, desk->webhook, &watch),
		};
		wg_webhook_send(&target, hook, wg_clock_now(), &result);
	}
	wg_buf_u8(out, (uint8_t)result.outcome);
	wg_buf_u8(out, result.tls_fault);
	wg_buf_u32(out, result.wait_ms);
	wg_buf_str(out, result.detail);
}

static void track(const struct wg_errands *e, const struct wg_awaited *list, unsigned count, struct wg_buf *out)
{
	struct wg_send_target target;
	struct wg_session *session = NULL;
	struct wg_err err = { 0 };
	struct wg_peer_watch watch;
	const struct wg_way *way = wg_courier_mesh_target(e->config, &target, &watch);
	enum wg_code code = way->open(&target, &session, &err);
	for (unsigned i = 0; i < count; i++) {
		char words[WG_STORE_DETAIL] = "";
		enum wg_mesh_track got = WG_MESH_UNKNOWN;
		if (code == WG_OK)
			got = wg_mesh_track(session, list[i].receipt, words, sizeof words);
		wg_buf_u8(out, (uint8_t)got);
		wg_buf_str(out, code == WG_OK ? words : err.text);
	}
	way->close(&session);
}

static _Noreturn void run(const struct wg_errands *e, const struct errand *errand, int result, pid_t parent)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(SAID_MAX);
	struct wg_err err;
	(void)signal(SIGTERM, SIG_DFL);         /* cannot fail */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* nobody to tell without the parent; cannot fail */
	if (getppid() != parent || dup2(result, RESULT_FD) != RESULT_FD || close_range(RESULT_FD + 1, ~0u, 0) != 0)
		_exit(1);
	if (errand->awaited != NULL)
		track(e, errand->awaited, errand->count, &out);
	else
		send_webhook(e, &errand->hook, &out);
	_exit(!out.failed && wg_fd_write(RESULT_FD, out.data, out.len, &err) == WG_OK ? 0 : 1);
}

/* ---- starting */

/* False: it could not be started; it stays due. */
static bool start(struct wg_errands *e, struct errand *errand, int64_t time_ms)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	pid_t parent = getpid(), pid = fork();
	if (pid == 0)
		run(e, errand, ends[1], parent);
	wg_closep(&ends[1]);
	if (pid < 0) {
		wg_closep(&ends[0]);
		return false;
	}
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK); /* a read is only made when there is something */
	errand->pid = pid;
	errand->fd = ends[0];
	errand->kill_at = wg_clock_monotonic() + time_ms;
	errand->said = WG_BUF(SAID_MAX);
	return true;
}

static bool under_way(const struct wg_errands *e, const char *delivery)
{
	for (unsigned i = 0; i < WEBHOOKS; i++)
		if (e->slots[i].pid != 0 && strcmp(e->slots[i].hook.delivery, delivery) == 0)
			return true;
	return false;
}

static struct errand *free_webhook(struct wg_errands *e)
{
	for (unsigned i = 0; i < WEBHOOKS; i++)
		if (e->slots[i].pid == 0)
			return &e->slots[i];
	return NULL;
}

static enum wg_code start_webhooks(struct wg_errands *e, struct wg_client *client, struct wg_err *err)
{
	WG_AUTO_FREE struct wg_hook *hooks = NULL;
	unsigned count = 0;
	if (free_webhook(e) == NULL)
		return WG_OK;
	enum wg_code code = wg_client_hooks(client, DUE, &hooks, &count, err);
	for (unsigned i = 0; code == WG_OK && i < count; i++) {
		struct errand *slot = free_webhook(e);
		if (slot == NULL || under_way(e, hooks[i].delivery))
			continue;
		*slot = (struct errand){ .hook = hooks[i] };
		if (!start(e, slot, WEBHOOK_MS))
			*slot = (struct errand){ .pid = 0 };
	}
	return code;
}

/* A round after another through all that lie in mailboxes, as often as the own mailbox is polled. */
static enum wg_code start_tracking(struct wg_errands *e, struct wg_client *client, int64_t now, struct wg_err *err)
{
	struct errand *slot = &e->slots[TRACK];
	if (e->config->mesh.mailbox[0] == '\0' || slot->pid != 0 || now < e->track_at)
		return WG_OK;
	WG_AUTO_FREE struct wg_awaited *list = NULL;
	unsigned count = 0;
	enum wg_code code = wg_client_awaited(client, "mesh", e->after, WG_STORE_AWAITED_MAX, &list, &count, err);
	if (code != WG_OK)
		return code;
	if (count < WG_STORE_AWAITED_MAX) { /* once through: from the start after a pause */
		e->after[0] = '\0';
		e->track_at = now + (int64_t)e->config->mesh.poll_s * 1000;
	} else {
		memcpy(e->after, list[count - 1].delivery, sizeof e->after);
	}
	if (count == 0)
		return WG_OK;
	*slot = (struct errand){ .awaited = wg_steal(&list), .count = count };
	if (!start(e, slot, TRACK_MS)) {
		free(slot->awaited);
		*slot = (struct errand){ .pid = 0 };
	}
	return WG_OK;
}

/* ---- ending */

static unsigned again_ms(unsigned attempts, unsigned asked)
{
	unsigned wait = AGAIN_FIRST_MS;
	for (unsigned i = 0; i < attempts && wait < AGAIN_MOST_MS; i++)
		wait *= 2;
	if (wait < asked)
		wait = asked;
	return wait < AGAIN_MOST_MS ? wait : AGAIN_MOST_MS;
}

static enum wg_code webhook_ended(const struct errand *errand, struct wg_client *client, struct wg_err *err)
{
	struct wg_cur cur = WG_CUR(errand->said.data, errand->said.len);
	char detail[WG_STORE_DETAIL];
	uint8_t outcome = wg_cur_u8(&cur);
	bool tls_fault = wg_cur_u8(&cur) != 0;
	unsigned asked = wg_cur_u32(&cur);
	wg_cur_name(&cur, detail, sizeof detail);
	if (!wg_cur_end(&cur) || outcome > WG_HOOK_GONE) {
		outcome = WG_HOOK_AGAIN;
		asked = 0;
		(void)snprintf(detail, sizeof detail, "the telling process ended without a word");
	}
	const struct wg_hook *h = &errand->hook;
	wg_log(outcome == WG_HOOK_TOLD ? WG_LOG_INFO : WG_LOG_WARNING, "webhook", "delivery", h->delivery, "organisation",
	       h->organisation, "desk", h->desk, "outcome",
	       outcome == WG_HOOK_TOLD   ? "told"
	       : outcome == WG_HOOK_GONE ? "gone"
	                                 : "again",
	       "why", detail, "alarm", tls_fault ? "tls" : NULL, NULL);
	enum wg_code code =
		wg_client_hook_done(client, h, (enum wg_hook_outcome)outcome, again_ms(h->attempts, asked), err);
	return code == WG_NOT_FOUND ? WG_OK : code; /* fetched meanwhile */
}

static enum wg_code give_receipt(const struct wg_awaited *a, enum wg_mesh_track got, const char *words,
                                 struct wg_client *client, struct wg_err *err)
{
	struct wg_receipt_new receipt = { .level = got == WG_MESH_ACKNOWLEDGED ? WG_RECEIPT_RECEIVED : WG_RECEIPT_FAILED,
		                              .way = "mesh" };
	struct wg_receipt_result result;
	memcpy(receipt.delivery, a->delivery, sizeof receipt.delivery);
	(void)snprintf(receipt.id, sizeof receipt.id, "%.128s", a->receipt);
	(void)snprintf(receipt.detail, sizeof receipt.detail, "%s", words);
	enum wg_code code = wg_client_receipt(client, &receipt, &result, err);
	if (code == WG_OK)
		wg_log(got == WG_MESH_ACKNOWLEDGED ? WG_LOG_INFO : WG_LOG_ERROR, wg_delivery_state_name(result.state),
		       "delivery", a->delivery, "channel", "mesh", "why", words, NULL);
	return code == WG_NOT_FOUND || code == WG_REJECT ? WG_OK : code;
}

static enum wg_code tracking_ended(const struct errand *errand, struct wg_client *client, struct wg_err *err)
{
	struct wg_cur cur = WG_CUR(errand->said.data, errand->said.len);
	enum wg_code code = WG_OK;
	for (unsigned i = 0; code == WG_OK && i < errand->count; i++) {
		char words[WG_STORE_DETAIL];
		uint8_t got = wg_cur_u8(&cur);
		wg_cur_name(&cur, words, sizeof words);
		if (cur.failed)
			break;
		if (got == WG_MESH_ACKNOWLEDGED || got == WG_MESH_UNDELIVERED)
			code = give_receipt(&errand->awaited[i], (enum wg_mesh_track)got, words, client, err);
	}
	return code;
}

/* True at its end: it said all, or was killed for time or for saying too much. */
static bool at_end(struct errand *errand, int64_t now)
{
	uint8_t chunk[4096];
	while (!errand->said.failed) {
		ssize_t n = read(errand->fd, chunk, sizeof chunk);
		if (n > 0)
			wg_buf_put(&errand->said, chunk, (size_t)n);
		else if (n == 0)
			return true;
		else if (errno != EINTR)
			break;
	}
	return errand->said.failed || errno != EAGAIN || now >= errand->kill_at;
}

static void clear(struct errand *errand)
{
	(void)kill(errand->pid, SIGKILL); /* ours and not reaped: it is there, mostly as a zombie */
	while (waitpid(errand->pid, NULL, 0) < 0 && errno == EINTR)
		;
	wg_closep(&errand->fd);
	wg_buf_free(&errand->said);
	free(errand->awaited);
	*errand = (struct errand){ .pid = 0 };
}

static enum wg_code finish(struct wg_errands *e, struct wg_client *client, int64_t now, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (unsigned i = 0; code == WG_OK && i < SLOTS; i++) {
		struct errand *errand = &e->slots[i];
		if (errand->pid == 0 || !at_end(errand, now))
			continue;
		code = errand->awaited != NULL ? tracking_ended(errand, client, err) : webhook_ended(errand, client, err);
		clear(errand);
	}
	return code;
}

enum wg_code wg_errands_step(struct wg_errands *e, struct wg_client *client, struct wg_err *err)
{
	int64_t now = wg_clock_monotonic();
	enum wg_code code = finish(e, client, now, err);
	if (code != WG_OK || now < e->step_at)
		return code;
	e->step_at = now + STEP_MS;
	code = start_webhooks(e, client, err);
	return code == WG_OK ? start_tracking(e, client, now, err) : code;
}

enum wg_code wg_errands_new(const struct wg_config *config, const struct wg_directory *directory,
                            struct wg_errands **out, struct wg_err *err)
{
	struct wg_errands *e = calloc(1, sizeof *e);
	if (e == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for errands");
	e->config = config;
	e->directory = directory;
	*out = e;
	return WG_OK;
}

void wg_errands_freep(struct wg_errands **errands)
{
	if (*errands == NULL)
		return;
	for (unsigned i = 0; i < SLOTS; i++)
		if ((*errands)->slots[i].pid != 0)
			clear(&(*errands)->slots[i]);
	free(*errands);
	*errands = NULL;
}
