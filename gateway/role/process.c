/* process.c: the role that reads, decides and seals. It talks to the store only, holds the storage and S/MIME keys,
 * starts one confined reader per document, and can never reach the network. */
#include "role/process.h"

#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/hsm.h"
#include "notice/xml.h"
#include "role/hsm_keeper.h"
#include "role/nest_watch.h"
#include "role/role.h"
#include "role/task.h"
#include "role/team.h"
#include "role/trust.h"
#include "sys/file.h"
#include "sys/nest.h"
#include "sys/sandbox.h"

/* Messages are taken one at a time: what is leased and not begun would hold up what others have begun, for that may be
 * about the same child (STATES.md). The next lease rides with what is done. */
#define LEASE_MOST 1
#define LEASE_WAIT_MS 1000
/* How often tasks are asked for while there is no lack of messages. */
#define TASKS_MS 250
/* How soon it counts here that a certificate was revoked, once the answer is on disk. */
#define TRUST_LOOK_MS 10000

/* After the start: the signers' certificates and the readers; what a dynamically linked program needs to start comes
 * with the kind of confinement. */
static enum wg_code confine(const struct wg_process *p, enum wg_sandbox_kind kind, struct wg_err *err)
{
	unsigned organisations = wg_directory_count(p->directory), n = 0;
	char trust[WG_PATH_TEXT];
	const char **read = calloc((size_t)organisations * (WG_DESK_CERTIFICATES + 1) + 3, sizeof *read);
	if (read == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory");
	/* one that is not there has been told of already, and stops nobody else; lists of revoked certificates are read
	 * again when something was fetched */
	for (unsigned i = 0; i < organisations; i++) {
		const struct wg_organisation *o = wg_directory_at(p->directory, i);
		for (unsigned k = 0; k < o->signer_count; k++)
			if (access(o->signers[k], R_OK) == 0)
				read[n++] = o->signers[k];
		if (access(o->trust_crl, R_OK) == 0)
			read[n++] = o->trust_crl;
	}
	if (access(p->config->smime_crl, R_OK) == 0)
		read[n++] = p->config->smime_crl;
	if (wg_trust_folder(p->config, trust, err) == WG_OK &&
	    (wg_file_mkdir(trust, err) == WG_OK || access(trust, R_OK) == 0))
		read[n++] = trust;
	const char *const execute[] = { p->config->paths.readers, NULL };
	struct wg_sandbox sandbox = { .kind = kind, .read = read, .execute = execute };
	enum wg_code code = wg_role_confine(&sandbox, err);
	free(read);
	return code;
}

/* Jobs: those that were asked for with the last message, or asked for now. */
static enum wg_code lease(struct wg_client *client, bool asked, bool more, struct wg_msg_job **jobs, unsigned *count,
                          struct wg_err *err)
{
	return asked ? wg_client_lease_take(client, jobs, count, err)
	             : wg_client_lease_messages(client, LEASE_MOST, more ? 0 : LEASE_WAIT_MS, jobs, count, err);
}

/* tasks: one of several does them. */
static enum wg_code serve(struct wg_process *p, struct wg_client *client, bool tasks, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	int64_t look_at = wg_clock_monotonic() + TRUST_LOOK_MS, tasks_at = 0;
	struct wg_nest_watch nests = { 0 };
	bool asked = false; /* a lease is on its way: nothing else may be asked before it is taken, nor may it be lost */
	while (code == WG_OK && (!wg_role_stop || asked)) {
		struct wg_msg_job *jobs = NULL;
		unsigned count = 0;
		bool more = false; /* tasks: then nobody waits for messages */
		if (!asked && wg_clock_monotonic() >= look_at) {
			look_at = wg_clock_monotonic() + TRUST_LOOK_MS;
			code = wg_process_refresh(p, err);
		}
		if (code == WG_OK && tasks && !asked) {
			tasks_at = wg_clock_monotonic() + TASKS_MS;
			code = wg_tasks_do(p, client, &more, err);
		}
		if (code == WG_OK)
			code = lease(client, asked, more, &jobs, &count, err);
		asked = false;
		/* what was leased is finished even when told to stop: a lease that comes to nothing costs the message a try */
		for (unsigned i = 0; code == WG_OK && i < count; i++) {
			const int64_t now = wg_clock_monotonic();
			bool go_on = i + 1 == count && !wg_role_stop && now < look_at && (!tasks || now < tasks_at);
			struct wg_process_next next = { .lease = go_on ? LEASE_MOST : 0, .wait_ms = LEASE_WAIT_MS };
			code = wg_process_handle_next(p, client, &jobs[i], &next, err);
			asked = next.asked;
		}
		wg_msg_jobs_free(jobs, count);
		wg_nest_watch(&nests, p->config->paths.nests, wg_clock_monotonic());
		if (code == WG_OK && wg_hsm_lost()) /* nobody can begin anew but whoever starts this role again */
			code = wg_err_set(err, WG_SYSTEM, "the HSM does not answer, or the process that holds it ended");
	}
	return code;
}

/* Notices, renderings and envelopes come and go by the hundred kilobytes: memory of that size is kept for the next one
 * instead of being asked of the kernel, page by page, for each. */
#define KEEP_BYTES (8 * 1024 * 1024)

static void say_faults(const struct wg_process *p)
{
	for (unsigned i = 0; i < p->cert_count; i++)
		for (unsigned k = 0; k < p->certs[i].count; k++)
			if (p->certs[i].certs[k] == NULL)
				wg_log(WG_LOG_WARNING, "desk-without-certificate", "organisation", p->certs[i].organisation->id, "desk",
				       p->certs[i].desk->name, "why", p->certs[i].faults[k], NULL);
}

static void say_ready(void *arg)
{
	const struct wg_process *p = arg;
	wg_log(WG_LOG_INFO, "ready", "policy", wg_policy_version(p->policy), NULL);
}

/* One worker: with its own connection to the store and its own readers. */
static enum wg_code work_with(struct wg_process *p, struct wg_client *client, unsigned number, void (*ready)(void *),
                              struct wg_err *err)
{
	const struct wg_config *config = p->config;
	struct wg_config with_nests = *config; /* borrows what config owns */
	p->config = &with_nests;
	enum wg_code code = confine(p, WG_SANDBOX_PROCESS, err);
	if (code == WG_OK)
		code = wg_nests_new(&with_nests.paths.nests, err);
	if (code == WG_OK)
		code = wg_client_epoch(client, p->epoch, err);
	if (code == WG_OK) {
		ready(p);
		code = serve(p, client, number == 0, err);
	}
	wg_nests_freep(&with_nests.paths.nests);
	p->config = config;
	return code;
}

static void at_work(void *arg)
{
	(void)arg;
	wg_team_ready();
}

static enum wg_code work(void *arg, unsigned number, struct wg_err *err)
{
	struct wg_process *p = arg;
	struct wg_client *client = NULL;
	enum wg_code code = wg_role_connect(p->config, WG_ROLE_PROCESS, &client, err);
	if (code == WG_OK)
		code = wg_process_refresh(p, err); /* what was loaded may be older than this worker */
	if (code == WG_OK)
		code = work_with(p, client, number, at_work, err);
	wg_client_freep(&client);
	wg_process_free(p);
	return code;
}

static enum wg_code look(void *arg, struct wg_err *err)
{
	return wg_process_refresh(arg, err);
}

/* With one worker there is nobody to keep, and with keys in an HSM there is one who asks it. */
static enum wg_code alone(struct wg_process *p, struct wg_client *client, struct wg_err *err)
{
	return work_with(p, client, 0, say_ready, err);
}

static enum wg_code together(struct wg_process *p, struct wg_client **client, struct wg_err *err)
{
	const struct wg_team team = {
		.count = p->config->process_workers, .work = work, .look = look, .ready = say_ready, .arg = p
	};
	wg_client_freep(client); /* each has its own */
	/* who keeps them holds the keys as well: it may do what each of them may before it confines itself further */
	enum wg_code code = confine(p, WG_SANDBOX_TEAM, err);
	return code == WG_OK ? wg_team_run(&team, err) : code;
}

enum wg_code wg_role_process(const struct wg_config *config, struct wg_err *err)
{
	struct wg_process p = { .config = config };
	(void)mallopt(M_MMAP_THRESHOLD, KEEP_BYTES); /* 0 would only mean that it stays slower */
	(void)mallopt(M_TRIM_THRESHOLD, KEEP_BYTES);
	struct wg_client *client = NULL;
	enum wg_code code = wg_hsm_keeper_start(config, err);
	/* before anything is loaded: which certificates are good depends on what time it is */
	if (code == WG_OK)
		code = wg_role_connect(config, WG_ROLE_PROCESS, &client, err);
	if (code == WG_OK)
		code = wg_process_load(config, &p, err);
	if (code == WG_OK) {
		say_faults(&p);
		code = config->process_workers > 1 && !wg_hsm_keeper_needed(config) ? together(&p, &client, err)
		                                                                    : alone(&p, client, err);
	}
	wg_client_freep(&client);
	wg_process_free(&p);
	return code;
}
