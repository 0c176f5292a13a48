/* What tests of the server on real sockets share. */
#ifndef TESTS_STORE_SERVED_H
#define TESTS_STORE_SERVED_H

#include "bodies.h"
#include "frames.h"

#define WAIT_MS 60000 /* longer than the test may take: who waits that long has waited in vain */

static inline void add(struct wg_client *client, unsigned n, struct wg_msg_receipt *r)
{
	struct wg_err err = { 0 };
	struct wg_msg_new m = rig_message(n);
	OK(wg_client_add(client, &m, r, &err));
}

/* Leases one message, waiting. */
static inline struct wg_msg_job take_message(struct wg_client *client)
{
	struct wg_err err = { 0 };
	struct wg_msg_job *jobs = NULL;
	unsigned count = 0;
	OK(wg_client_lease_messages(client, 1, WAIT_MS, &jobs, &count, &err));
	assert_int_equal(count, 1);
	struct wg_msg_job job = jobs[0];
	free(job.blob);
	job.blob = NULL;
	free(jobs);
	return job;
}

#endif
