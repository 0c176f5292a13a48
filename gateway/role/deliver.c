/* deliver.c: the role that hands over. It reaches outward (SMTP, HTTPS), holds sealed envelopes and the TLS client key,
 * and can neither sign nor open anything. A worker serves one recipient at a time, so that a dead one delays nobody
 * else, and keeps its session open for the next. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypto/crypto.h"
#include "crypto/hsm.h"
#include "notice/xml.h"
#include "role/errands.h"
#include "role/peers.h"
#include "role/role.h"
#include "role/trust.h"
#include "role/worker.h"
#include "sys/file.h"
#include "sys/sandbox.h"

#define WORKERS 16
#define BATCH WG_WORKER_BATCH
#define WARM_MS 30000 /* how long a session stays open without work; Postfix and Exim close theirs after 5 minutes */
#define IDLE_WAIT_MS 1000
#define BUSY_WAIT_MS 20
/* How long a result may wait for others. */
#define GATHER_MS 10
#define STOP_WAIT_MS 20000 /* for workers to end by themselves when the role is told to stop */

struct deliver {
	const struct wg_config *config;
	struct wg_directory *directory;
	struct wg_client *client;
	struct wg_errands *errands;
	struct wg_worker workers[WORKERS];
	unsigned running; /* workers with a batch */
	bool more;        /* the last lease was all that was asked for: others may wait too */
	struct wg_dlv_report reports[(WORKERS + 1) * BATCH];
	unsigned report_count;
};

/* ---- reporting */

/* first * 2^attempts, at most `most`, a random half of it taken off so that an outage does not end in a stampede. */
static unsigned retry_wait_ms(const struct wg_config *config, unsigned attempts)
{
	uint64_t wait = (uint64_t)config->retry_first_s * 1000;
	uint64_t most = (uint64_t)config->retry_most_s * 1000;
	for (unsigned i = 0; i < attempts && wait < most; i++)
		wait *= 2;
	if (wait > most)
		wait = most;
	uint32_t dice = 0;
	if (wg_random(&dice, sizeof dice, NULL) != WG_OK)
		dice = 0; /* the full wait */
	return (unsigned)(wait - wait / 2 * (dice % 1000) / 1000);
}

/* What the server asks for counts when it is longer than ours, up to our longest. */
static unsigned wait_ms(const struct wg_config *config, const struct wg_dlv_job *job, const struct wg_send_result *r)
{
	unsigned ours = retry_wait_ms(config, job->attempts);
	unsigned theirs = r->wait_ms / 1000 > config->retry_most_s ? config->retry_most_s * 1000 : r->wait_ms;
	return theirs > ours ? theirs : ours;
}

static void log_result(const struct wg_dlv_job *job, const struct wg_send_result *r, enum wg_delivery_state state)
{
	enum wg_log_level level = state == WG_DLV_FAILED || r->tls_fault || r->login_fault ? WG_LOG_ERROR
	                          : state == WG_DLV_DEFERRED                               ? WG_LOG_WARNING
	                                                                                   : WG_LOG_INFO;
	wg_log(level, wg_delivery_state_name(state), "message", job->message, "delivery", job->id, "organisation",
	       job->organisation, "desk", job->desk, "channel", job->channel, "why", r->detail, "receipt",
	       r->receipt[0] != '\0' ? r->receipt : NULL, "alarm",
	       r->tls_fault     ? "tls"
	       : r->login_fault ? "login"
	                        : NULL,
	       NULL);
}

/* A job has its result: kept until flush, so that what came together is one transaction. */
static void tell(void *arg, const struct wg_dlv_job *job, const struct wg_send_result *result)
{
	struct deliver *d = arg;
	struct wg_dlv_report *out = &d->reports[d->report_count++]; /* room: one for each job that all workers can hold */
	*out = (struct wg_dlv_report){ .token = job->token, .maybe = result->maybe };
	memcpy(out->id, job->id, sizeof out->id);
	memcpy(out->detail, result->detail, sizeof out->detail);
	memcpy(out->receipt, result->receipt, sizeof out->receipt);
	/* a 200 alone may be anybody's page before the desk's machine: received is what gave its receipt */
	bool received = strcmp(job->channel, "https") == 0 && result->receipt[0] != '\0';
	if (result->what == WG_SENT_OK)
		out->state = received ? WG_DLV_RECEIVED : WG_DLV_HANDED_OVER;
	else
		out->state = result->what == WG_SENT_REFUSED ? WG_DLV_FAILED : WG_DLV_DEFERRED;
	out->wait_ms = out->state == WG_DLV_DEFERRED ? wait_ms(d->config, job, result) : 0;
	log_result(job, result, out->state);
}

static void reported(struct deliver *d, unsigned stale)
{
	d->report_count = 0;
	if (stale > 0)
		wg_log(WG_LOG_WARNING, "stale-report", NULL);
}

static enum wg_code flush(struct deliver *d, struct wg_err *err)
{
	unsigned stale = 0;
	if (d->report_count == 0)
		return WG_OK;
	enum wg_code code = wg_client_report(d->client, d->reports, d->report_count, &stale, err);
	reported(d, stale);
	return code;
}

/* Deliveries that cannot even be tried now. */
static void defer_all(struct deliver *d, struct wg_dlv_job *jobs, unsigned count, const char *why)
{
	for (unsigned i = 0; i < count; i++) {
		struct wg_send_result result = { .what = WG_SENT_DEFER, .maybe = jobs[i].maybe };
		(void)snprintf(result.detail, sizeof result.detail, "%s", why);
		tell(d, &jobs[i], &result);
	}
	wg_dlv_jobs_free(jobs, count);
}

/* ---- starting */

static const char *cannot_send(const struct wg_config *config, const struct wg_organisation *organisation,
                               const struct wg_desk *desk)
{
	if (organisation == NULL || desk == NULL)
		return "the desk is no longer in the directory";
	if (desk->suspended)
		return "the desk is suspended in the directory";
	switch (desk->channel) {
	case WG_CHANNEL_MAIL:
		return config->mail_out.port == 0 ? "no mail server is configured: add <mail> to <deliver>" : NULL;
	case WG_CHANNEL_HTTPS:
		return config->https_out.tls.certificate[0] == '\0'
		           ? "no HTTPS client certificate is configured: add <https> to <deliver>"
		           : NULL;
	case WG_CHANNEL_MESH:
		return config->mesh.mailbox[0] == '\0' ? "no MESH mailbox is configured: add <mesh>" : NULL;
	case WG_CHANNEL_PULL:
		return "the desk fetches its copies itself since the directory was changed";
	}
	return NULL;
}

/* An idle worker whose session is with that target; else a free slot; else the one that is idle longest, dismissed. */
static struct wg_worker *choose(struct deliver *d, const char *target)
{
	struct wg_worker *free_slot = NULL, *oldest = NULL;
	for (unsigned i = 0; i < WORKERS; i++) {
		struct wg_worker *w = &d->workers[i];
		if (w->pid == 0)
			free_slot = w;
		else if (w->count == 0 && strcmp(w->target, target) == 0)
			return w;
		else if (w->count == 0 && (oldest == NULL || w->idle_since < oldest->idle_since))
			oldest = w;
	}
	if (free_slot == NULL && oldest != NULL)
		wg_worker_dismiss(oldest);
	return free_slot != NULL ? free_slot : oldest;
}

/* A batch for one recipient to a worker. Takes jobs over. */
static void start_batch(struct deliver *d, struct wg_dlv_job *jobs, unsigned count)
{
	const struct wg_organisation *organisation = wg_directory_find(d->directory, jobs[0].organisation);
	const struct wg_desk *desk = organisation != NULL ? wg_organisation_desk(organisation, jobs[0].desk) : NULL;
	char target[WG_WORKER_TARGET];
	struct wg_err fault = { 0 };
	const char *why = cannot_send(d->config, organisation, desk);
	if (why != NULL) {
		defer_all(d, jobs, count, why);
		return;
	}
	wg_worker_target(d->config, organisation, desk, target);
	struct wg_worker *w = choose(d, target); /* there is one: no more batches are leased than workers are idle */
	if (w->pid == 0 && wg_worker_start(w, d->config, organisation, desk, &fault) != WG_OK) {
		defer_all(d, jobs, count, fault.text);
		return;
	}
	wg_worker_give(w, organisation, desk, jobs, count, WG_WORKER_TIME_MS);
	d->running++;
}

/* Splits what was leased into batches, each of one recipient; a batch owns a copy of its jobs' structs. */
static enum wg_code start_all(struct deliver *d, struct wg_dlv_job *jobs, unsigned count, struct wg_err *err)
{
	for (unsigned i = 0; i < count; i++) {
		if (jobs[i].id[0] == '\0')
			continue; /* went with an earlier batch */
		struct wg_dlv_job *batch = calloc(BATCH, sizeof *batch);
		unsigned n = 0;
		if (batch == NULL)
			return wg_err_set(err, WG_SYSTEM, "no memory for a batch");
		char organisation[sizeof jobs[i].organisation], desk[sizeof jobs[i].desk];
		memcpy(organisation, jobs[i].organisation, sizeof organisation);
		memcpy(desk, jobs[i].desk, sizeof desk);
		for (unsigned k = i; k < count && n < BATCH; k++) {
			if (jobs[k].id[0] == '\0' || strcmp(jobs[k].organisation, organisation) != 0 ||
			    strcmp(jobs[k].desk, desk) != 0)
				continue;
			batch[n++] = jobs[k];
			jobs[k] = (struct wg_dlv_job){ 0 };
		}
		start_batch(d, batch, n);
	}
	return WG_OK;
}

/* What came to its end is reported with it. */
static enum wg_code lease(struct deliver *d, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf busy = WG_BUF(WORKERS * (2 * WG_LIMIT_NAME + 4));
	struct wg_dlv_job *jobs = NULL;
	unsigned count = 0, stale = 0, idle = WORKERS - d->running;
	enum wg_code code;
	d->more = false;
	if (idle == 0)
		return flush(d, err);
	for (unsigned i = 0; i < WORKERS; i++)
		if (d->workers[i].pid != 0 && d->workers[i].count > 0)
			wg_buf_printf(&busy, "%s ", d->workers[i].recipient);
	/* at most one batch for each idle worker, even if every job is for another recipient */
	if (d->report_count > 0)
		code = wg_client_report_lease(d->client, d->reports, d->report_count, &stale, wg_buf_text(&busy), idle, BATCH,
		                              &jobs, &count, err);
	else
		code = wg_client_lease_deliveries(d->client, wg_buf_text(&busy), idle, BATCH, d->running > 0 ? 0 : IDLE_WAIT_MS,
		                                  &jobs, &count, err);
	reported(d, stale);
	d->more = code == WG_OK && count == idle;
	if (code == WG_OK)
		code = start_all(d, jobs, count, err);
	wg_dlv_jobs_free(jobs, count);
	return code;
}

/* ---- ending */

/* Every worker does what it can; those that have been idle for long go. */
static void step_workers(struct deliver *d)
{
	int64_t now = wg_clock_monotonic();
	for (unsigned i = 0; i < WORKERS; i++) {
		struct wg_worker *w = &d->workers[i];
		if (w->pid == 0)
			continue;
		bool busy = w->count > 0;
		wg_worker_step(w, now, tell, d);
		if (busy && w->count == 0)
			d->running--;
		if (w->pid != 0 && w->count == 0 && now - w->idle_since >= WARM_MS)
			wg_worker_dismiss(w);
	}
	wg_workers_reap(now);
}

static void wait_for_workers(const struct deliver *d, int ms)
{
	struct pollfd fds[WORKERS];
	nfds_t n = 0;
	for (unsigned i = 0; i < WORKERS; i++) {
		const struct wg_worker *w = &d->workers[i];
		if (w->pid != 0 && w->count > 0)
			fds[n++] = (struct pollfd){ .fd = w->fd, .events = (short)(POLLIN | (wg_worker_writes(w) ? POLLOUT : 0)) };
	}
	(void)poll(fds, n, ms); /* a signal or an error only makes the wait shorter */
}

/* Waits for results, and for those that come right behind them as long as no worker is out of work for it: what is
 * reported together is one transaction. */
static void gather(struct deliver *d)
{
	const unsigned running = d->running;
	bool some = d->report_count > 0;
	int64_t now = wg_clock_monotonic(), until = now + (some ? GATHER_MS : BUSY_WAIT_MS);
	while (running > 0 && d->running == running && now < until) {
		wait_for_workers(d, (int)(until - now));
		step_workers(d);
		now = wg_clock_monotonic();
		if (!some && d->report_count > 0)
			until = now + GATHER_MS;
		some = d->report_count > 0;
	}
}

static enum wg_code serve(struct deliver *d, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	int64_t stop_at = 0;
	while (code == WG_OK) {
		if (wg_role_stop && stop_at == 0)
			stop_at = wg_clock_monotonic() + STOP_WAIT_MS;
		if (wg_role_stop && (d->running == 0 || wg_clock_monotonic() >= stop_at))
			break;
		code = wg_role_stop ? flush(d, err) : lease(d, err);
		step_workers(d); /* what was leased goes out at once */
		if (!d->more)
			gather(d);
		if (code == WG_OK && !wg_role_stop)
			code = wg_errands_step(d->errands, d->client, err);
	}
	return code == WG_OK ? flush(d, err) : code;
}

/* What configuration and directory name. The public files of the system that resolving a name needs come with the kind
 * of confinement, which passes over those that a small system lacks. */
static unsigned add_path(const char **list, unsigned n, const char *path)
{
	if (path[0] == '\0' || wg_hsm_named(path))
		return n;
	if (access(path, R_OK) == 0)
		list[n++] = path;
	else /* whoever needs it will say so of each copy; the others are not kept waiting */
		wg_log(WG_LOG_WARNING, "file-not-there", "file", path, "why", strerror(errno), NULL);
	return n;
}

/* The PKCS#11 module is loaded while files can still be opened; workers find it there when they load their key. */
static enum wg_code wake_hsm(const struct wg_config *c, struct wg_err *err)
{
	const char *const own[] = { c->mail_out.tls.key, c->https_out.tls.key, c->mesh.tls.key };
	enum wg_code code = WG_OK;
	for (size_t i = 0; code == WG_OK && i < WG_COUNT(own); i++) {
		WG_CLEANUP(wg_key_freep) struct wg_key *key = NULL;
		if (wg_hsm_named(own[i]))
			code = wg_key_load(own[i], &key, err);
	}
	return code;
}

static enum wg_code confine(const struct wg_config *c, const struct wg_directory *directory, struct wg_err *err)
{
	const char *own[] = {
		c->mail_out.ca,   c->mail_out.tls.key, c->mail_out.tls.certificate,
		c->mail_out.crl,  c->mail_out.secret,  c->dns.trust_anchor,
		c->dns.sts_ca,    c->https_out.ca,     c->https_out.tls.key,
		c->mesh.ca,       c->mesh.tls.key,     c->mesh.tls.certificate,
		c->mesh.password, c->mesh.shared_key,  c->https_out.tls.certificate,
		c->hsm.pin,
	};
	size_t most = WG_COUNT(own) + 2;
	for (unsigned i = 0; i < wg_directory_count(directory); i++)
		most += 2 + wg_directory_at(directory, i)->desk_count;
	WG_AUTO_FREE const char **read = calloc(most, sizeof *read);
	if (read == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory");
	unsigned n = 0;
	for (size_t i = 0; i < WG_COUNT(own); i++)
		n = add_path(read, n, own[i]);
	for (unsigned i = 0; i < wg_directory_count(directory); i++) {
		const struct wg_organisation *o = wg_directory_at(directory, i);
		n = add_path(read, n, o->trust_ca);
		if (access(o->trust_crl, R_OK) == 0) /* one that is not there is told of by wardgate cert status */
			n = add_path(read, n, o->trust_crl);
		for (unsigned k = 0; k < o->desk_count; k++)
			n = add_path(read, n, o->desks[k].webhook_secret);
	}
	const char *write[4] = { NULL };
	char trust[WG_PATH_TEXT], seen[WG_PATH_TEXT];
	bool remembers = c->mail_out.direct;
	unsigned writes = 0;
	enum wg_code code = wg_peers_prepare(c, err);
	if (code == WG_OK)
		code = wg_trust_folder(c, trust, err);
	if (code == WG_OK)
		code = wg_peers_folder(c, seen, err);
	if (code != WG_OK)
		return code;
	read[n++] = trust;
	write[writes++] = seen;
	if (remembers)
		write[writes++] = c->dns.sts_cache;
	if (c->hsm.folder[0] != '\0')
		write[writes++] = c->hsm.folder;
	code = remembers ? wg_file_mkdir(c->dns.sts_cache, err) : WG_OK;
	struct wg_sandbox sandbox = { .kind = WG_SANDBOX_DELIVER, .read = read, .write = write };
	return code == WG_OK ? wg_role_confine(&sandbox, err) : code;
}

static void forget(void *arg, const struct wg_dlv_job *job, const struct wg_send_result *result)
{
	(void)arg, (void)job, (void)result;
}

/* At the end of the role: what still runs is ended, and counts as possibly arrived once the store sees us go. */
static void abandon(struct deliver *d)
{
	for (unsigned i = 0; i < WORKERS; i++)
		if (d->workers[i].pid != 0)
			wg_worker_kill(&d->workers[i], forget, NULL);
}

enum wg_code wg_role_deliver(const struct wg_config *config, struct wg_err *err)
{
	static struct deliver d; /* large, and one a process */
	d.config = config;
	enum wg_code code = wg_directory_load(config->directory, config->paths.xsd, &d.directory, err);
	if (code == WG_OK)
		code = wg_role_connect(config, WG_ROLE_DELIVER, &d.client, err);
	if (code == WG_OK)
		code = wg_errands_new(config, d.directory, &d.errands, err);
	if (code == WG_OK)
		code = wake_hsm(config, err);
	if (code == WG_OK)
		code = confine(config, d.directory, err);
	if (code == WG_OK) {
		wg_log(WG_LOG_INFO, "ready", NULL);
		code = serve(&d, err);
	}
	abandon(&d);
	wg_errands_freep(&d.errands);
	wg_client_freep(&d.client);
	wg_directory_freep(&d.directory);
	return code;
}
