/* deliver.c: the role that hands over. It reaches outward (SMTP, HTTPS), holds sealed envelopes and the TLS client key,
 * and can neither sign nor open anything. A worker per recipient, so that a dead recipient delays nobody else. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "notice/xml.h"
#include "role/role.h"
#include "role/worker.h"
#include "sys/sandbox.h"

#define WORKERS 16
#define BATCH 16 /* envelopes of one recipient over one session */
#define IDLE_WAIT_MS 1000
#define BUSY_WAIT_MS 20
#define STOP_WAIT_MS 20000 /* for workers to end by themselves when the role is told to stop */

struct deliver {
	const struct wg_config *config;
	struct wg_directory *directory;
	struct wg_client *client;
	struct wg_worker workers[WORKERS];
	unsigned running;
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

static void report_one(const struct deliver *d, const struct wg_dlv_job *job, const struct wg_send_result *result,
                       struct wg_dlv_report *out)
{
	*out = (struct wg_dlv_report){ .token = job->token, .maybe = result->maybe };
	memcpy(out->id, job->id, sizeof out->id);
	memcpy(out->detail, result->detail, sizeof out->detail);
	memcpy(out->receipt, result->receipt, sizeof out->receipt);
	if (result->what == WG_SENT_OK)
		out->state = strcmp(job->channel, "https") == 0 ? WG_DLV_RECEIVED : WG_DLV_HANDED_OVER;
	else if (result->what == WG_SENT_REFUSED || wg_clock_wall() >= job->deadline)
		out->state = WG_DLV_FAILED;
	else
		out->state = WG_DLV_DEFERRED;
	out->wait_ms = out->state == WG_DLV_DEFERRED ? retry_wait_ms(d->config, job->attempts) : 0;
	enum wg_log_level level = out->state == WG_DLV_FAILED || result->tls_fault ? WG_LOG_ERROR
	                          : out->state == WG_DLV_DEFERRED                  ? WG_LOG_WARNING
	                                                                           : WG_LOG_INFO;
	wg_log(level, wg_delivery_state_name(out->state), "message", job->message, "delivery", job->id, "organisation",
	       job->organisation, "desk", job->desk, "channel", job->channel, "why", result->detail, "receipt",
	       result->receipt[0] != '\0' ? result->receipt : NULL, "alarm", result->tls_fault ? "tls" : NULL, NULL);
}

static enum wg_code report_all(struct deliver *d, const struct wg_dlv_job *jobs, unsigned count,
                               const struct wg_send_result *results, struct wg_err *err)
{
	struct wg_dlv_report reports[BATCH];
	unsigned stale = 0;
	for (unsigned i = 0; i < count; i++)
		report_one(d, &jobs[i], &results[i], &reports[i]);
	enum wg_code code = wg_client_report(d->client, reports, count, &stale, err);
	if (code == WG_OK && stale > 0)
		wg_log(WG_LOG_WARNING, "stale-report", "organisation", jobs[0].organisation, "desk", jobs[0].desk, NULL);
	return code;
}

/* Deliveries that cannot even be tried now. */
static enum wg_code defer_all(struct deliver *d, struct wg_dlv_job *jobs, unsigned count, const char *why,
                              struct wg_err *err)
{
	struct wg_send_result results[BATCH] = { 0 };
	for (unsigned i = 0; i < count; i++) {
		results[i].what = WG_SENT_DEFER;
		results[i].maybe = jobs[i].maybe;
		(void)snprintf(results[i].detail, sizeof results[i].detail, "%s", why);
	}
	enum wg_code code = report_all(d, jobs, count, results, err);
	wg_dlv_jobs_free(jobs, count);
	return code;
}

/* ---- starting */

static const char *cannot_send(const struct wg_config *config, const struct wg_organisation *organisation,
                               const struct wg_desk *desk)
{
	if (organisation == NULL || desk == NULL)
		return "the desk is no longer in the directory";
	if (desk->suspended)
		return "the desk is suspended in the directory";
	if (desk->channel == WG_CHANNEL_MAIL && config->mail_out.port == 0)
		return "no mail server is configured: add <mail> to <deliver>";
	if (desk->channel == WG_CHANNEL_HTTPS && config->https_out.tls.certificate[0] == '\0')
		return "no HTTPS client certificate is configured: add <https> to <deliver>";
	return NULL;
}

/* A batch for one recipient to a free worker. Takes jobs over. */
static enum wg_code start_batch(struct deliver *d, struct wg_dlv_job *jobs, unsigned count, struct wg_err *err)
{
	const struct wg_organisation *organisation = wg_directory_find(d->directory, jobs[0].organisation);
	const struct wg_desk *desk = organisation != NULL ? wg_organisation_desk(organisation, jobs[0].desk) : NULL;
	const char *why = cannot_send(d->config, organisation, desk);
	if (why != NULL)
		return defer_all(d, jobs, count, why, err);
	for (unsigned i = 0; i < WORKERS; i++) {
		if (d->workers[i].pid != 0)
			continue;
		struct wg_err fault = { 0 };
		if (wg_worker_start(&d->workers[i], d->config, organisation, desk, jobs, count, wg_worker_time(count),
		                    &fault) != WG_OK)
			return defer_all(d, jobs, count, fault.text, err);
		d->running++;
		return WG_OK;
	}
	return defer_all(d, jobs, count, "all workers are busy", err);
}

/* Splits what was leased into batches, each of one recipient; a batch owns a copy of its jobs' structs. */
static enum wg_code start_all(struct deliver *d, struct wg_dlv_job *jobs, unsigned count, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (unsigned i = 0; code == WG_OK && i < count; i++) {
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
		code = start_batch(d, batch, n, err);
	}
	return code;
}

static enum wg_code lease(struct deliver *d, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf busy = WG_BUF(WORKERS * (2 * WG_LIMIT_NAME + 4));
	struct wg_dlv_job *jobs = NULL;
	unsigned count = 0, idle = WORKERS - d->running;
	if (idle == 0)
		return WG_OK;
	for (unsigned i = 0; i < WORKERS; i++)
		if (d->workers[i].pid != 0)
			wg_buf_printf(&busy, "%s ", d->workers[i].recipient);
	/* at most one batch for each idle worker, even if every job is for another recipient */
	enum wg_code code = wg_client_lease_deliveries(d->client, wg_buf_text(&busy), idle, BATCH,
	                                               d->running > 0 ? 0 : IDLE_WAIT_MS, &jobs, &count, err);
	if (code == WG_OK)
		code = start_all(d, jobs, count, err);
	wg_dlv_jobs_free(jobs, count);
	return code;
}

/* ---- ending */

static enum wg_code finish_workers(struct deliver *d, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	int64_t now = wg_clock_monotonic();
	for (unsigned i = 0; code == WG_OK && i < WORKERS; i++) {
		struct wg_worker *w = &d->workers[i];
		struct wg_send_result results[BATCH];
		if (w->pid == 0 || !wg_worker_poll(w, now))
			continue;
		struct wg_dlv_job *jobs = w->jobs;
		unsigned count = w->count;
		wg_worker_finish(w, results);
		d->running--;
		code = report_all(d, jobs, count, results, err);
		wg_dlv_jobs_free(jobs, count);
	}
	return code;
}

static void wait_for_workers(const struct deliver *d, int wait_ms)
{
	struct pollfd fds[WORKERS];
	nfds_t n = 0;
	for (unsigned i = 0; i < WORKERS; i++)
		if (d->workers[i].pid != 0)
			fds[n++] = (struct pollfd){ .fd = d->workers[i].fd, .events = POLLIN };
	(void)poll(fds, n, wait_ms); /* a signal or an error only makes the wait shorter */
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
		if (!wg_role_stop)
			code = lease(d, err);
		if (code == WG_OK && d->running > 0) {
			wait_for_workers(d, BUSY_WAIT_MS);
			code = finish_workers(d, err);
		}
	}
	return code;
}

/* What the configuration names. The public files of the system that resolving a name needs come with the kind of
 * confinement, which passes over those that a small system lacks. */
static enum wg_code confine(const struct wg_config *c, struct wg_err *err)
{
	const char *read[7];
	unsigned n = 0;
	if (c->mail_out.port != 0)
		read[n++] = c->mail_out.ca;
	if (c->mail_out.tls.key[0] != '\0') {
		read[n++] = c->mail_out.tls.key;
		read[n++] = c->mail_out.tls.certificate;
	}
	if (c->https_out.tls.key[0] != '\0') {
		read[n++] = c->https_out.ca;
		read[n++] = c->https_out.tls.key;
		read[n++] = c->https_out.tls.certificate;
	}
	read[n] = NULL;
	struct wg_sandbox sandbox = { .kind = WG_SANDBOX_DELIVER, .read = read };
	return wg_role_confine(&sandbox, err);
}

/* At the end of the role: what still runs is ended, and counts as possibly arrived once the store sees us go. */
static void abandon(struct deliver *d)
{
	struct wg_send_result results[BATCH];
	for (unsigned i = 0; i < WORKERS; i++) {
		struct wg_worker *w = &d->workers[i];
		if (w->pid == 0)
			continue;
		struct wg_dlv_job *jobs = w->jobs;
		unsigned count = w->count;
		(void)kill(w->pid, SIGKILL); /* it is ours and not reaped: it is there */
		wg_worker_finish(w, results);
		wg_dlv_jobs_free(jobs, count);
	}
}

enum wg_code wg_role_deliver(const struct wg_config *config, struct wg_err *err)
{
	struct deliver d = { .config = config };
	enum wg_code code = wg_directory_load(config->directory, config->paths.xsd, &d.directory, err);
	if (code == WG_OK)
		code = wg_role_connect(config, WG_ROLE_DELIVER, &d.client, err);
	if (code == WG_OK)
		code = confine(config, err);
	if (code == WG_OK) {
		wg_log(WG_LOG_INFO, "ready", NULL);
		code = serve(&d, err);
	}
	abandon(&d);
	wg_client_freep(&d.client);
	wg_directory_freep(&d.directory);
	return code;
}
