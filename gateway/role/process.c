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
#include "role/trust.h"
#include "sys/file.h"
#include "sys/nest.h"
#include "sys/sandbox.h"

/* Messages are taken few at a time: a lease that ends with the process is then soon taken again. */
#define LEASE_MOST 16
#define LEASE_WAIT_MS 1000
/* How soon it counts here that a certificate was revoked, once the answer is on disk. */
#define TRUST_LOOK_MS 10000

/* After the start: the signers' certificates and the readers; what a dynamically linked program needs to start comes
 * with the kind of confinement. */
static enum wg_code confine(const struct wg_process *p, struct wg_err *err)
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
	struct wg_sandbox sandbox = { .kind = WG_SANDBOX_PROCESS, .read = read, .execute = execute };
	enum wg_code code = wg_role_confine(&sandbox, err);
	free(read);
	return code;
}

static enum wg_code serve(struct wg_process *p, struct wg_client *client, struct wg_err *err)
{
	enum wg_code code = wg_client_epoch(client, p->epoch, err);
	int64_t look = wg_clock_monotonic() + TRUST_LOOK_MS;
	struct wg_nest_watch nests = { 0 };
	while (code == WG_OK && !wg_role_stop) {
		if (wg_clock_monotonic() >= look) {
			look = wg_clock_monotonic() + TRUST_LOOK_MS;
			code = wg_process_refresh(p, err);
			if (code != WG_OK)
				break;
		}
		struct wg_msg_job *jobs = NULL;
		unsigned count = 0;
		bool more = false; /* tasks: then nobody waits for messages */
		code = wg_tasks_do(p, client, &more, err);
		if (code == WG_OK)
			code = wg_client_lease_messages(client, LEASE_MOST, more ? 0 : LEASE_WAIT_MS, &jobs, &count, err);
		/* what was leased is finished even when told to stop: a lease that comes to nothing costs the message a try */
		for (unsigned i = 0; code == WG_OK && i < count; i++)
			code = wg_process_handle(p, client, &jobs[i], err);
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

enum wg_code wg_role_process(const struct wg_config *config, struct wg_err *err)
{
	struct wg_config with_nests = *config; /* borrows what config owns */
	struct wg_process p = { .config = &with_nests };
	(void)mallopt(M_MMAP_THRESHOLD, KEEP_BYTES); /* 0 would only mean that it stays slower */
	(void)mallopt(M_TRIM_THRESHOLD, KEEP_BYTES);
	struct wg_client *client = NULL;
	enum wg_code code = wg_hsm_keeper_start(config, err);
	/* before anything is loaded: which certificates are good depends on what time it is */
	if (code == WG_OK)
		code = wg_role_connect(config, WG_ROLE_PROCESS, &client, err);
	if (code == WG_OK)
		code = wg_process_load(&with_nests, &p, err);
	for (unsigned i = 0; code == WG_OK && i < p.cert_count; i++)
		for (unsigned k = 0; k < p.certs[i].count; k++)
			if (p.certs[i].certs[k] == NULL)
				wg_log(WG_LOG_WARNING, "desk-without-certificate", "organisation", p.certs[i].organisation->id, "desk",
				       p.certs[i].desk->name, "why", p.certs[i].faults[k], NULL);
	if (code == WG_OK)
		code = confine(&p, err);
	if (code == WG_OK)
		code = wg_nests_new(&with_nests.paths.nests, err);
	if (code == WG_OK) {
		wg_log(WG_LOG_INFO, "ready", "policy", wg_policy_version(p.policy), NULL);
		code = serve(&p, client, err);
	}
	wg_client_freep(&client);
	wg_process_free(&p);
	wg_nests_freep(&with_nests.paths.nests);
	return code;
}
