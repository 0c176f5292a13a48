/* worker.c owns the worker processes of the deliver role. A worker holds sealed envelopes and the TLS client key, talks
 * to one host, and is killed when its time is over: libesmtp can hang, and a hung server must cost one recipient only.
 */
#include "role/worker.h"

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
#include "base/limits.h"
#include "base/mem.h"
#include "role/seal.h"
#include "sys/file.h"

/* RFC 5321 4.5.3.2 allows a server 10 minutes after the final dot; we give one envelope one, and a worker a minute more
 * for all the rest, so that the batch ends long before its lease does (WG_STORE_LEASE_DELIVERY_MS). */
#define WORKER_BASE_MS 60000
#define WORKER_PER_ITEM_MS 60000
#define CONNECT_MS 20000
/* From the last word to the exit. */
#define EXIT_MS 1000
/* Where a worker's results go, behind the standard descriptors. */
#define RESULT_FD 3
#define SAID_MAX ((size_t)1 << 20)

static void put_result(struct wg_buf *b, const struct wg_send_result *r)
{
	wg_buf_u8(b, (uint8_t)r->what);
	wg_buf_u8(b, r->tls_fault);
	wg_buf_u8(b, r->maybe);
	wg_buf_str(b, r->detail);
	wg_buf_str(b, r->receipt);
}

static bool get_result(struct wg_cur *c, struct wg_send_result *r)
{
	struct wg_send_result got = { 0 };
	uint8_t what = wg_cur_u8(c);
	got.tls_fault = wg_cur_u8(c) != 0;
	got.maybe = wg_cur_u8(c) != 0;
	wg_cur_name(c, got.detail, sizeof got.detail);
	wg_cur_name(c, got.receipt, sizeof got.receipt);
	if (c->failed || what > WG_SENT_REFUSED)
		return false;
	got.what = (enum wg_sent)what;
	*r = got;
	return true;
}

static struct wg_tls tls_of(const struct wg_pair *pair, const char *ca)
{
	bool have = pair->certificate[0] != '\0';
	return (struct wg_tls){ .certificate = have ? pair->certificate : NULL, .key = have ? pair->key : NULL, .ca = ca };
}

/* In the worker. Every envelope is offered once; the results go to fd in order. */
static void work(int fd, const struct wg_config *config, const struct wg_organisation *organisation,
                 const struct wg_desk *desk, const struct wg_dlv_job *jobs, unsigned count)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(SAID_MAX);
	struct wg_send_item *items = calloc(count, sizeof *items);
	char(*references)[WG_REFERENCE_TEXT] = calloc(count, sizeof *references);
	if (items == NULL || references == NULL)
		_exit(1);
	for (unsigned i = 0; i < count; i++) {
		wg_reference(jobs[i].message, organisation->id, desk->name, references[i]);
		items[i] = (struct wg_send_item){
			.message_id = references[i],
			.idempotency_key = references[i],
			.bytes = jobs[i].envelope,
			.len = jobs[i].envelope_len,
			.to = desk->address,
			.result = { .what = WG_SENT_DEFER, .detail = "not tried" },
		};
	}
	struct wg_send_target target = { .connect_ms = CONNECT_MS, .total_ms = WORKER_PER_ITEM_MS };
	const char *at = strchr(config->mail_out.from, '@');
	if (desk->channel == WG_CHANNEL_MAIL) {
		target.smtp_host = config->mail_out.host;
		target.smtp_port = config->mail_out.port;
		target.from = config->mail_out.from;
		target.to = desk->address;
		target.helo = at != NULL ? at + 1 : "localhost";
		target.tls = tls_of(&config->mail_out.tls, config->mail_out.ca);
		wg_channel_smtp.send(&target, items, count);
	} else {
		target.url = desk->url;
		target.content_type = desk->format == WG_FORMAT_XML ? "application/xml" : "application/pkcs7-mime";
		target.tls = tls_of(&config->https_out.tls, config->https_out.ca);
		wg_channel_https.send(&target, items, count);
	}
	for (unsigned i = 0; i < count; i++)
		put_result(&out, &items[i].result);
	struct wg_err err;
	_exit(!out.failed && wg_fd_write(fd, out.data, out.len, &err) == WG_OK ? 0 : 1);
}

/* A worker holds what it needs and no more: not the store's socket, over which it could say anything about anybody's
 * deliveries, and not the other workers' pipes. Returns where the results go. */
static int let_go(int result, pid_t parent)
{
	(void)signal(SIGTERM, SIG_DFL);         /* cannot fail */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a worker without its parent has nobody to report to; cannot fail */
	if (getppid() != parent || dup2(result, RESULT_FD) != RESULT_FD || close_range(RESULT_FD + 1, ~0u, 0) != 0)
		_exit(1);
	return RESULT_FD;
}

int64_t wg_worker_time(unsigned count)
{
	return WORKER_BASE_MS + (int64_t)count * WORKER_PER_ITEM_MS;
}

enum wg_code wg_worker_start(struct wg_worker *worker, const struct wg_config *config,
                             const struct wg_organisation *organisation, const struct wg_desk *desk,
                             struct wg_dlv_job *jobs, unsigned count, int64_t time_ms, struct wg_err *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return wg_err_errno(err, "pipe for a worker");
	pid_t parent = getpid(), pid = fork();
	if (pid < 0) {
		enum wg_code code = wg_err_errno(err, "fork of a worker");
		wg_closep(&ends[0]);
		wg_closep(&ends[1]);
		return code;
	}
	if (pid == 0)
		work(let_go(ends[1], parent), config, organisation, desk, jobs, count);
	wg_closep(&ends[1]);
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK); /* poll still works without, only less smoothly */
	*worker = (struct wg_worker){
		.pid = pid,
		.fd = ends[0],
		.kill_at = wg_clock_monotonic() + time_ms,
		.jobs = jobs,
		.count = count,
		.said = WG_BUF(SAID_MAX),
	};
	(void)snprintf(worker->recipient, sizeof worker->recipient, "%s/%s", organisation->id, desk->name);
	return WG_OK;
}

bool wg_worker_poll(struct wg_worker *worker, int64_t now)
{
	uint8_t chunk[4096];
	while (!worker->said.failed) {
		ssize_t n = read(worker->fd, chunk, sizeof chunk);
		if (n > 0)
			wg_buf_put(&worker->said, chunk, (size_t)n);
		else if (n == 0)
			return true;
		else if (errno != EINTR)
			break;
	}
	if (!worker->said.failed && errno == EAGAIN && now < worker->kill_at)
		return false;
	(void)kill(worker->pid, SIGKILL); /* out of time, or it says more than there is to say; its exit status tells */
	return true;
}

/* Reaps the worker, which has said its last word; one that does not go by itself is helped. Returns its status. */
static int reap(pid_t pid)
{
	int status = 0;
	int64_t until = wg_clock_monotonic() + EXIT_MS;
	pid_t got;
	while ((got = waitpid(pid, &status, WNOHANG)) == 0 && wg_clock_monotonic() < until)
		(void)poll(NULL, 0, 5); /* only a pause */
	if (got == 0)
		(void)kill(pid, SIGKILL); /* it is ours and not reaped: it is there */
	while (got != pid && (got = waitpid(pid, &status, 0)) < 0 && errno == EINTR)
		;
	return status;
}

/* All results or none: a reply that did not end, or an exit status that is not 0, has said nothing. */
static bool get_all(const struct wg_worker *worker, int status, struct wg_send_result *results)
{
	struct wg_cur cur = WG_CUR(worker->said.data, worker->said.len);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || worker->said.failed)
		return false;
	for (unsigned i = 0; i < worker->count; i++)
		if (!get_result(&cur, &results[i]))
			return false;
	return wg_cur_end(&cur);
}

void wg_worker_finish(struct wg_worker *worker, struct wg_send_result *results)
{
	wg_closep(&worker->fd);
	int status = reap(worker->pid);
	bool whole = get_all(worker, status, results);
	for (unsigned i = 0; !whole && i < worker->count; i++) {
		results[i] = (struct wg_send_result){ .what = WG_SENT_DEFER, .maybe = true };
		(void)snprintf(results[i].detail, sizeof results[i].detail,
		               "the sending process ended without a whole result (%s %d)",
		               WIFSIGNALED(status) ? "signal" : "exit", /* fits */
		               WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	}
	wg_buf_free(&worker->said);
	*worker = (struct wg_worker){ .fd = -1 };
}
