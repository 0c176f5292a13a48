/* The machine's clock is set while the store runs: nothing expires, and it says so. This program stands between the
 * store and the kernel's wall clock. */
#include "rig.h"
#include "set_clock.h"
#include "store/server.h"

static void ask(struct wg_client *admin, struct wg_buf *out)
{
	struct wg_err err = { 0 };
	wg_buf_reset(out);
	OK(wg_client_metrics(admin, out, &err));
}

/* Until metrics hold this; the store looks at the clock at least four times a second. */
static void wait_for(struct wg_client *admin, const char *piece)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1 << 20);
	for (int i = 0; i < 2400; i++) {
		ask(admin, &out);
		if (strstr(wg_buf_text(&out), piece) != NULL)
			return;
		(void)usleep(50000);
	}
	fail_msg("no %s in %s", piece, wg_buf_text(&out));
}

static unsigned in_log(struct wg_client *admin, const char *piece)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1 << 20);
	struct wg_err err = { 0 };
	unsigned n = 0;
	OK(wg_client_history(admin, "", 1000, &out, &err));
	for (const char *p = wg_buf_text(&out); (p = strstr(p, piece)) != NULL; p++)
		n++;
	return n;
}

/* One copy to fetch within a day, and one that waits for an hour. */
static void furnish(const struct rig_server *r)
{
	struct wg_err err = { 0 };
	struct wg_client *intake = rig_client(r, WG_ROLE_INTAKE), *process = rig_client(r, WG_ROLE_PROCESS);
	struct wg_dlv_new d[] = { rig_delivery("meadowton", "duty"), rig_delivery("meadowton", "night") };
	struct wg_msg_new m = rig_message(1);
	struct wg_msg_receipt receipt;
	struct wg_msg_job *jobs = NULL;
	struct wg_msg_done_result result;
	unsigned count = 0;
	memcpy(d[0].channel, "pull", 5);
	d[0].deadline = wg_clock_wall() + DAY_S * 1000;
	d[1].not_before = wg_clock_wall() + 3600 * 1000;
	OK(wg_client_add(intake, &m, &receipt, &err));
	OK(wg_client_epoch(process, "e1", &err));
	OK(wg_client_lease_messages(process, 1, 5000, &jobs, &count, &err));
	assert_int_equal(count, 1);
	const struct wg_msg_done done = rig_done(jobs[0].id, jobs[0].token, d, 2);
	wg_msg_jobs_free(jobs, count);
	OK(wg_client_done(process, &done, &result, &err));
	wg_client_freep(&intake);
	wg_client_freep(&process);
}

static unsigned deliveries_due(const struct rig_server *r)
{
	struct wg_err err = { 0 };
	struct wg_client *deliver = rig_client(r, WG_ROLE_DELIVER);
	struct wg_dlv_job *jobs = NULL;
	unsigned count = 0;
	OK(wg_client_lease_deliveries(deliver, "", 10, 10, 0, &jobs, &count, &err));
	wg_dlv_jobs_free(jobs, count);
	wg_client_freep(&deliver);
	return count;
}

/* How old anything is cannot be told now. */
static void purge_is_refused(struct wg_client *admin)
{
	WG_AUTO_BUF struct wg_buf rows = WG_BUF(1 << 20);
	struct wg_err err = { 0 };
	uint64_t freed = 0;
	bool more = false;
	struct wg_purge what = { .kind = "missing", .before = 1, .after = "", .who = "robin", .why = "kept 6 years" };
	FAILS(WG_REJECT, wg_client_purge(admin, &what, &rows, &freed, &more, &err));
	assert_non_null(strstr(err.text, "the clock was set forward by 3652 days"));
	what.dry = true;
	OK(wg_client_purge(admin, &what, &rows, &freed, &more, &err));
}

/* Until when the second copy waits, from now: some 3600 s. */
static int64_t waits_s(struct wg_client *admin)
{
	struct wg_row *rows = NULL;
	unsigned count = 0;
	struct wg_err err = { 0 };
	int64_t until = 0;
	OK(wg_client_list(admin, "deliveries", "", "", 10, &rows, &count, &err));
	for (unsigned i = 0; i < count; i++)
		until = rows[i].not_before > until ? rows[i].not_before : until;
	free(rows);
	return (until - wg_clock_now()) / 1000;
}

static void set_while_it_runs(void **state)
{
	struct rig_server r;
	struct wg_err err = { 0 };
	unsigned changed = 0;
	(void)state;
	rig_start(&r);
	struct wg_client *admin = rig_client(&r, WG_ROLE_ADMIN);
	furnish(&r);
	wait_for(admin, "\"clock\":\"ok\"");
	FAILS(WG_REJECT, wg_client_act(admin, "accept-clock", "", "robin", "by my watch", &changed, &err));
	atomic_store(&set_by_s, 3652 * DAY_S);
	wait_for(admin, "\"clock\":\"the clock was set forward by 3652 days\"");
	purge_is_refused(admin);
	assert_int_equal(deliveries_due(&r), 0);
	(void)usleep(1200000); /* longer than the store waits before it looks for what has ended */
	wait_for(admin, "\"deliveries\":{\"sealed\":2}");
	assert_int_equal(in_log(admin, "3652 days"), 1);
	atomic_store(&set_by_s, 0);
	wait_for(admin, "\"clock\":\"ok\"");
	atomic_store(&set_by_s, -DAY_S);
	wait_for(admin, "\"clock\":\"the clock was set back by 1 day\"");
	wg_client_freep(&admin);
	rig_stop(&r);
	OK(wg_server_open(r.folder, &r.server, &err)); /* another process: it is wrong still */
	rig_run(&r);
	admin = rig_client(&r, WG_ROLE_ADMIN);
	wait_for(admin, "\"clock\":\"the clock was set back by 1 day\"");
	FAILS(WG_REJECT, wg_client_act(admin, "accept-clock", "", "", "by my watch", &changed, &err));
	const int64_t left = waits_s(admin);
	OK(wg_client_act(admin, "accept-clock", "", "robin", "by my watch", &changed, &err));
	assert_int_equal(changed, 1);
	wait_for(admin, "\"clock\":\"ok\"");
	assert_in_range(waits_s(admin), left - 60, left); /* as long as before, and not for a day longer */
	assert_int_equal(deliveries_due(&r), 0);
	assert_int_equal(in_log(admin, "accept-clock"), 1);
	atomic_store(&set_by_s, 0); /* the other way it is a step like any other: a person said that it was right */
	wait_for(admin, "\"clock\":\"the clock was set forward by 1 day\"");
	uint64_t entries = 0;
	char head[WG_STORE_HASH];
	OK(wg_client_audit(admin, 0, "", &entries, head, &err));
	wg_client_freep(&admin);
	rig_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(set_while_it_runs) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
