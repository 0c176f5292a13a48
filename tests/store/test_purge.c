/* What is purged and what is not, what is left of it, who is forgotten, and what an audit says. */
#include "store/purge_internal.h"

#include "sharing.h"

/* Between what happened at first and what is asked later. */
#define MIDDLE (INT64_C(1700000000000) + 1000)
#define YEAR_MS (INT64_C(365) * 24 * 3600 * 1000)

static void purge(struct scene *s, const char *kind, int64_t before, bool dry, const char *after, struct wg_buf *out,
                  uint64_t *freed, bool *more)
{
	struct wg_err err = { 0 };
	const struct wg_purge what = {
		.kind = kind, .before = before, .dry = dry, .after = after, .who = "robin", .why = "kept 6 years by a test"
	};
	OK(wg_store_purge(s->store, s->now, &what, out, freed, more, &err));
}

/* The fate of a message if it were purged now; "" when it is not due. */
static const char *fate_of(struct scene *s, const char *id)
{
	static char fate[32];
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1u << 20);
	uint64_t freed;
	bool more;
	purge(s, "missing", MIDDLE, true, "", &out, &freed, &more);
	assert_false(more);
	const char *row = strstr(wg_buf_text(&out), id);
	fate[0] = '\0';
	if (row != NULL) {
		const char *at = strstr(row, "\"fate\":\"") + 8;
		(void)snprintf(fate, sizeof fate, "%.*s", (int)strcspn(at, "\""), at); /* short */
	}
	return fate;
}

/* Purges all that is due; how many went. */
static unsigned purge_due(struct scene *s, uint64_t *freed)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1u << 20);
	bool more;
	unsigned n = 0;
	purge(s, "missing", MIDDLE, false, "", &out, freed, &more);
	assert_false(more);
	for (const char *p = wg_buf_text(&out); (p = strstr(p, "\"fate\":\"purge\"")) != NULL; p++)
		n++;
	return n;
}

static void commit(struct scene *s)
{
	struct wg_err err = { 0 };
	OK(wg_store_commit(s->store, &err));
	OK(wg_store_begin(s->store, &err));
}

/* Sent to one desk and handed over. */
static void sent(struct scene *s, unsigned n, const struct notice *like, char id[WG_ID_TEXT])
{
	struct wg_dlv_new d = rig_delivery("meadowton", "front-door");
	struct notice notice = *like;
	notice.deliveries = &d;
	notice.delivery_count = 1;
	send_notice(s, n, &notice, id);
	const struct wg_dlv_job job = take_delivery(s);
	assert_int_equal(report(s, &job, WG_DLV_HANDED_OVER, 0), 0);
}

static void hold(struct scene *s, uint64_t child, const char *id, bool on, unsigned want)
{
	struct wg_err err = { 0 };
	unsigned changed = 77;
	OK(wg_store_legal_hold(s->store, s->now, child, id, on, "robin", "case review 12", &changed, &err));
	assert_int_equal(changed, want);
}

/* ---- what goes and what stays */

static void in_each_state(void **state)
{
	/* what becomes of the one delivery of a message; the fate then */
	static const struct {
		const char *to, *fate;
	} rows[] = {
		{ "sealed", "undelivered" }, { "sending", "undelivered" }, { "deferred", "undelivered" },
		{ "failed", "undelivered" }, { "held", "undelivered" },    { "review", "review" },
		{ "handed-over", "purge" },  { "received", "purge" },      { "recalled", "purge" },
		{ "withheld", "purge" },     { "override", "review" },
	};
	struct scene *s = *state;
	for (unsigned i = 0; i < WG_COUNT(rows); i++) {
		char id[WG_ID_TEXT];
		struct wg_err err = { 0 };
		struct wg_dlv_new d = rig_delivery("meadowton", "front-door");
		const char *to = rows[i].to;
		mark(s);
		if (strcmp(to, "review") == 0)
			d.state = WG_DLV_REVIEW;
		d.overrides = strcmp(to, "override") == 0;
		if (strcmp(to, "withheld") == 0) {
			d.state = WG_DLV_WITHHELD;
			d.envelope = NULL;
			d.envelope_len = 0;
		}
		const struct notice n = { .deliveries = &d, .delivery_count = 1 };
		send_notice(s, 1, &n, id);
		const struct wg_dlv_rec rec = delivery_to(s, id, "front-door");
		if (strcmp(to, "held") == 0)
			act(s, "hold", rec.id, 1);
		if (strcmp(to, "recalled") == 0)
			act(s, "cancel", rec.id, 1);
		if (wg_list_has("sending deferred failed handed-over received override", to)) {
			const struct wg_dlv_job job = take_delivery(s);
			enum wg_delivery_state as = WG_DLV_HANDED_OVER;
			if (strcmp(to, "override") != 0)
				assert_true(wg_delivery_state_find(to, &as));
			if (as != WG_DLV_SENDING)
				assert_int_equal(report(s, &job, as, 1000), 0);
		}
		if (strcmp(fate_of(s, id), rows[i].fate) != 0)
			fail_msg("%s: %s instead of %s", to, fate_of(s, id), rows[i].fate);
		if (strcmp(to, "override") == 0) { /* somebody has looked at it */
			act(s, "seen", rec.id, 1);
			assert_string_equal(fate_of(s, id), "purge");
		}
		bool goes = strcmp(fate_of(s, id), "purge") == 0;
		uint64_t freed = 0;
		s->now.wall += YEAR_MS;
		assert_int_equal(purge_due(s, &freed), goes);
		s->now.wall -= YEAR_MS;
		OK(wg_store_undo(s->store, &err));
	}
}

static void not_at_its_end(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char waits[WG_ID_TEXT], asks[WG_ID_TEXT];
	const struct notice n = { .nhs = "tess" };
	accept_notice(s, 1, &n, asks);
	struct wg_msg_job job = take_message(s);
	struct wg_msg_done done = rig_done(job.id, job.token, NULL, 0);
	struct wg_msg_done_result r;
	done.state = WG_MSG_ATTENTION;
	OK(wg_store_done(s->store, s->now, &done, &r, &err));
	assert_string_equal(fate_of(s, asks), "attention");
	accept_notice(s, 2, &n, waits);
	OK(wg_db_exec(s->store, "UPDATE message SET kind = 'missing' WHERE seq = 2", &err));
	assert_string_equal(fate_of(s, waits), "undelivered");
	s->now.wall += YEAR_MS;
	uint64_t freed = 0;
	assert_int_equal(purge_due(s, &freed), 0);
}

/* "Last" is the last thing that happened; that somebody looked, or held it, is no such thing. */
static void counted_from_the_last_event(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	uint8_t *bytes = NULL;
	size_t len;
	const struct notice n = { .nhs = "tess" };
	sent(s, 1, &n, id);
	assert_string_equal(fate_of(s, id), "purge");
	s->now.wall += YEAR_MS;
	OK(wg_store_blob(s->store, s->now, id, "notice", "robin", &bytes, &len, &err));
	free(bytes);
	hold(s, 0, id, true, 1);
	assert_string_equal(fate_of(s, id), "legal-hold");
	hold(s, 0, id, true, 0);
	hold(s, 0, id, false, 1);
	hold(s, 0, id, false, 0);
	assert_string_equal(fate_of(s, id), "purge");
	const struct wg_dlv_rec rec = delivery_to(s, id, "front-door");
	OK(wg_store_exempt(s->store, s->now, rec.id, "health", "robin", "why", &err)); /* somebody worked on it */
	assert_string_equal(fate_of(s, id), "");
}

/* Somebody said that the clock had been wrong by years: what came before that is not as old as it says. */
static void counted_with_what_was_lost(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char before[WG_ID_TEXT], after[WG_ID_TEXT];
	const struct notice n = { .nhs = "tess" }, other = { .nhs = "sam" };
	sent(s, 1, &n, before);
	s->now.wall += 500;
	OK(wg_store_time_moved(s->store, s->now, YEAR_MS, INT64_MIN, &err));
	assert_string_equal(fate_of(s, before), "");
	s->now.wall += 5;
	sent(s, 2, &other, after);
	assert_string_equal(fate_of(s, after), "purge");
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1u << 20);
	uint64_t freed;
	bool more;
	purge(s, "missing", MIDDLE + YEAR_MS, true, "", &out, &freed, &more);
	assert_non_null(strstr(wg_buf_text(&out), before));
}

static void missing_and_concerned(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char missing[WG_ID_TEXT], found[WG_ID_TEXT], corrected[WG_ID_TEXT], correction[WG_ID_TEXT];
	const struct notice opens = { .relation = WG_RELATION_OPENS, .nhs = "tess" },
						closes = { .relation = WG_RELATION_CLOSES, .nhs = "tess" }, about = { .nhs = "kit" };
	sent(s, 1, &opens, missing);
	assert_string_equal(fate_of(s, missing), "missing");
	sent(s, 2, &closes, found);
	assert_string_equal(fate_of(s, missing), "purge");
	assert_string_equal(fate_of(s, found), "purge");

	sent(s, 3, &about, corrected);
	assert_string_equal(fate_of(s, corrected), "purge");
	struct wg_dlv_new d = rig_delivery("meadowton", "front-door");
	const struct notice corrects = { .nhs = "kit", .concerns = corrected, .deliveries = &d, .delivery_count = 1 };
	s->now.wall += YEAR_MS;
	send_notice(s, 4, &corrects, correction);
	assert_string_equal(fate_of(s, corrected), "concerned");
	uint64_t freed = 0;
	assert_int_equal(purge_due(s, &freed), 2);
	const struct wg_dlv_job job = take_delivery(s);
	assert_int_equal(report(s, &job, WG_DLV_RECEIVED, 0), 0);
	assert_string_equal(fate_of(s, corrected), "purge");
	mark(s);
	assert_int_equal(purge_due(s, &freed), 1);
	OK(wg_store_keep(s->store, &err));
}

/* ---- what is left */

static void what_stays(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT], young[WG_ID_TEXT];
	WG_AUTO_BUF struct wg_buf all = WG_BUF(1u << 20);
	uint8_t *bytes = NULL;
	size_t len = 0;
	uint64_t freed = 0;
	const struct notice n = { .nhs = "tess" };
	sent(s, 1, &n, id);
	const struct wg_dlv_rec rec = delivery_to(s, id, "front-door");
	s->now.wall += YEAR_MS;
	sent(s, 2, &n, young);
	assert_int_equal(purge_due(s, &freed), 1);
	commit(s);
	static const char *const which[] = { "original", "notice", "report" };
	for (size_t i = 0; i < WG_COUNT(which); i++) {
		FAILS(WG_NOT_FOUND, wg_store_blob(s->store, s->now, id, which[i], "robin", &bytes, &len, &err));
		assert_non_null(strstr(err.text, "was destroyed on 2024-11-13 under the retention rule"));
	}
	FAILS(WG_NOT_FOUND, wg_store_blob(s->store, s->now, rec.id, "envelope", "robin", &bytes, &len, &err));
	OK(wg_store_blob(s->store, s->now, young, "original", "robin", &bytes, &len, &err));
	free(bytes);
	/* the register, the log and the row */
	OK(wg_store_register(s->store, s->now, 1, 0, INT64_MAX, "robin", &all, &err));
	assert_non_null(strstr(wg_buf_text(&all), rec.id));
	OK(wg_store_explain(s->store, id, &all, &err));
	wg_buf_reset(&all);
	OK(wg_store_history(s->store, id, 100, &all, &err));
	assert_non_null(strstr(wg_buf_text(&all), "\"event\":\"purged\""));
	assert_non_null(strstr(wg_buf_text(&all), "kind=missing: kept 6 years by a test"));
	struct wg_row *rows = NULL;
	unsigned count = 0;
	OK(wg_store_list(s->store, "messages", "*", id, 10, &rows, &count, &err));
	assert_int_equal(count, 1);
	assert_string_equal(rows[0].state, "routed");
	free(rows);
	/* purged once */
	assert_int_equal(purge_due(s, &freed), 0);
	FAILS(WG_REJECT, wg_store_legal_hold(s->store, s->now, 0, id, true, "robin", "too late", &count, &err));
	/* a new policy does not wake it */
	OK(wg_store_epoch(s->store, s->now, "e2", &err));
	assert_int_equal(messages_waiting(s), 0);
}

/* The same content again is a duplicate of what was purged: a replayed archive brings nothing back, and says so. */
static void handed_in_again(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	uint64_t freed = 0;
	const struct notice n = { .nhs = "tess" };
	sent(s, 1, &n, id);
	s->now.wall += YEAR_MS;
	assert_int_equal(purge_due(s, &freed), 1);
	commit(s);
	struct wg_msg_new m = rig_message(1);
	struct wg_msg_receipt r;
	OK(wg_store_add(s->store, s->now, &m, &r, &err));
	assert_true(r.duplicate);
	assert_string_equal(r.id, id);
	assert_int_equal(number(s, "SELECT count(*) FROM blob WHERE head <> 0"), 0);
	assert_int_equal(messages_waiting(s), 0);
}

/* What was withheld cannot be decided anew from what is no longer there. */
static void asked_for_again(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	uint64_t freed = 0;
	unsigned changed = 0;
	struct wg_dlv_new d = to_desk("parent", "placing", WG_DLV_WITHHELD);
	const struct notice n = { .nhs = "tess", .deliveries = &d, .delivery_count = 1 };
	send_notice(s, 1, &n, id);
	s->now.wall += YEAR_MS;
	assert_int_equal(purge_due(s, &freed), 1);
	commit(s);
	FAILS(WG_NOT_FOUND,
	      wg_store_act(s->store, s->now, "retry", delivery_to(s, id, "parent").id, "robin", "why", &changed, &err));
	assert_non_null(strstr(err.text, "under the retention rule"));
	assert_int_equal(state_of(s, id), WG_MSG_ROUTED);
	assert_int_equal(messages_waiting(s), 0);
}

/* What was replaced by another decision goes too. */
static void replaced_documents(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	uint64_t freed = 0;
	struct wg_dlv_new d = rig_delivery("meadowton", "front-door");
	const struct notice n = { .nhs = "tess", .deliveries = &d, .delivery_count = 1 };
	send_notice(s, 1, &n, id);
	OK(wg_store_epoch(s->store, s->now, "e2", &err));
	const struct wg_msg_job job = take_message(s);
	struct wg_msg_done done = rig_done(job.id, job.token, &d, 1);
	struct wg_msg_done_result r;
	memcpy(done.epoch, "e2", 3);
	done.notice = "another notice";
	done.notice_len = 14;
	OK(wg_store_done(s->store, s->now, &done, &r, &err));
	assert_int_equal(number(s, "SELECT count(*) FROM replaced"), 2); /* notice and report */
	const struct wg_dlv_job sending = take_delivery(s);
	assert_int_equal(report(s, &sending, WG_DLV_HANDED_OVER, 0), 0);
	assert_int_equal(number(s, "SELECT count(*) FROM blob WHERE head <> 0"), 7);
	s->now.wall += YEAR_MS;
	assert_int_equal(purge_due(s, &freed), 1);
	commit(s);
	assert_int_equal(number(s, "SELECT count(*) FROM blob WHERE head <> 0 OR length(bytes) > 0"), 0);
	assert_int_equal(number(s, "SELECT count(*) FROM replaced"), 0);
}

/* ---- children */

static void the_last_of_a_child(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char first[WG_ID_TEXT], second[WG_ID_TEXT], other[WG_ID_TEXT], again[WG_ID_TEXT];
	struct wg_record *records = NULL;
	unsigned count = 0;
	uint64_t freed = 0, child = 0;
	const struct wg_record_new r = new_record("refused by Tess Example");
	const struct notice tess = { .nhs = "tess", .reference = "OP-1", .consents = &r, .consent_count = 1 };
	const struct notice tess_2 = { .nhs = "tess" }, kit = { .nhs = "kit" };
	sent(s, 1, &tess, first);
	sent(s, 2, &kit, other);
	hold(s, 0, other, true, 1);
	s->now.wall += YEAR_MS;
	sent(s, 3, &tess_2, second);
	assert_int_equal(purge_due(s, &freed), 1); /* the first; the second is young */
	commit(s);
	assert_int_equal(number(s, "SELECT count(*) FROM child_key WHERE child = 1"), 1);
	OK(wg_store_records(s->store, s->now, 1, "robin", &records, &count, &err));
	assert_int_equal(count, 1);
	wg_records_free(records, count);

	/* its last goes: nobody is found by its keys any more, and its answers are destroyed */
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1u << 20);
	bool more;
	int64_t keys = number(s, "SELECT count(*) FROM child_key");
	s->now.wall += YEAR_MS;
	purge(s, "missing", s->now.wall - 1000, false, "", &out, &freed, &more);
	commit(s);
	assert_int_equal(number(s, "SELECT count(*) FROM child_key WHERE child = 1"), 0);
	assert_int_equal(number(s, "SELECT count(*) FROM child_key"), keys - 1); /* the other one is held */
	assert_int_equal(number(s, "SELECT count(*) FROM episode_reference"), 0);
	OK(wg_store_records(s->store, s->now, 1, "robin", &records, &count, &err));
	assert_int_equal(count, 0);
	wg_records_free(records, count);
	const struct wg_match_key key = rig_key(WG_KEY_NHS, "tess");
	FAILS(WG_NOT_FOUND, wg_store_child(s->store, "", &key, 1, &child, &err));
	OK(wg_store_child(s->store, first, NULL, 0, &child, &err)); /* the register is still asked by a message */
	assert_int_equal(child, 1);
	/* heard of again: another child for all that is known */
	sent(s, 4, &tess_2, again);
	OK(wg_store_child(s->store, again, NULL, 0, &child, &err));
	assert_int_equal(child, 3);
}

/* An answer that is younger keeps the child known until it has grown old too. */
static void a_young_record(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	unsigned pulled;
	uint64_t freed = 0;
	bool more;
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1u << 20);
	const struct wg_record_new r = new_record("given by Tess Example");
	const struct notice tess = { .nhs = "tess" };
	sent(s, 1, &tess, id);
	s->now.wall += YEAR_MS;
	OK(wg_store_record(s->store, s->now, 1, &r, "robin", "rang", &pulled, &err));
	assert_int_equal(purge_due(s, &freed), 1);
	assert_int_equal(number(s, "SELECT count(*) FROM child_key"), 1);
	assert_int_equal(number(s, "SELECT count(*) FROM record WHERE blob IS NOT NULL"), 1);
	s->now.wall += YEAR_MS;
	purge(s, "missing", s->now.wall - 1000, false, "", &out, &freed, &more);
	assert_int_equal(number(s, "SELECT count(*) FROM child_key"), 0);
	assert_int_equal(number(s, "SELECT count(*) FROM record WHERE blob IS NOT NULL"), 0);
	commit(s);
}

/* A hold on a child: what is there, what comes, and its keys. */
static void a_child_held(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[2][WG_ID_TEXT], late[WG_ID_TEXT];
	uint64_t freed = 0;
	unsigned changed = 0;
	WG_AUTO_BUF struct wg_buf all = WG_BUF(1u << 20);
	const struct notice n = { .nhs = "tess" };
	sent(s, 1, &n, id[0]);
	sent(s, 2, &n, id[1]);
	hold(s, 1, "", true, 2);
	hold(s, 1, "", true, 0);
	sent(s, 3, &n, late);
	assert_string_equal(fate_of(s, id[0]), "legal-hold");
	assert_string_equal(fate_of(s, late), "legal-hold");
	OK(wg_store_history(s->store, id[0], 100, &all, &err));
	assert_non_null(strstr(wg_buf_text(&all), "child-hold"));
	s->now.wall += YEAR_MS;
	assert_int_equal(purge_due(s, &freed), 0);
	hold(s, 1, "", false, 3);
	assert_int_equal(purge_due(s, &freed), 3);
	FAILS(WG_NOT_FOUND, wg_store_legal_hold(s->store, s->now, 77, "", true, "robin", "why", &changed, &err));
	FAILS(WG_NOT_FOUND,
	      wg_store_legal_hold(s->store, s->now, 0, "01hf7yat00000000000000000z", true, "robin", "why", &changed, &err));
	FAILS(WG_REJECT, wg_store_legal_hold(s->store, s->now, 1, "", true, "robin", "", &changed, &err));
	FAILS(WG_REJECT, wg_store_legal_hold(s->store, s->now, 1, "", true, "", "why", &changed, &err));
}

/* ---- asking */

static void pages(void **state)
{
	enum { COUNT = WG_STORE_REPORTS_MAX + 20 };
	struct scene *s = *state;
	struct wg_err err = { 0 };
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1u << 20);
	char after[WG_ID_TEXT] = "", id[WG_ID_TEXT];
	unsigned seen = 0, calls = 0;
	uint64_t freed, dry_bytes = 0;
	bool more = true;
	for (unsigned i = 0; i < COUNT; i++) {
		const struct notice n = { .nhs = "tess" };
		send_notice(s, i, &n, id);
		if (i < 5)
			hold(s, 0, id, true, 1); /* what stays does not stand in the way of what goes */
	}
	s->now.wall += YEAR_MS;
	for (int dry = 1; dry >= 0; dry--) {
		more = true;
		after[0] = '\0';
		for (seen = calls = 0; more; calls++) {
			wg_buf_reset(&out);
			purge(s, "missing", MIDDLE, dry == 1, after, &out, &freed, &more);
			dry_bytes += dry == 1 ? freed : 0;
			for (const char *p = wg_buf_text(&out); (p = strstr(p, "{\"message\":\"")) != NULL; p++) {
				memcpy(after, p + 12, WG_ID_TEXT - 1);
				after[WG_ID_TEXT - 1] = '\0';
				seen++;
			}
		}
		assert_int_equal(seen, COUNT);
		assert_int_equal(calls, 2);
	}
	assert_int_equal(dry_bytes, (COUNT - 5) * (3 * WG_STORE_HEAD + 22 + 6 + 6));
	assert_int_equal(number(s, "SELECT count(*) FROM message WHERE purged_at = 0"), 5);
	assert_int_equal(number(s, "SELECT count(*) FROM log WHERE event = 'purged'"), COUNT - 5);
	/* of another kind, of none, and nonsense */
	wg_buf_reset(&out);
	purge(s, "found", MIDDLE, true, "", &out, &freed, &more);
	assert_string_equal(wg_buf_text(&out), "[]");
	const struct wg_purge future = {
		.kind = "missing", .before = s->now.wall + 1, .after = "", .who = "robin", .why = "why"
	};
	FAILS(WG_REJECT, wg_store_purge(s->store, s->now, &future, &out, &freed, &more, &err));
	const struct wg_purge silent = { .kind = "missing", .before = MIDDLE, .after = "", .who = "robin", .why = "" };
	FAILS(WG_REJECT, wg_store_purge(s->store, s->now, &silent, &out, &freed, &more, &err));
	const struct wg_purge nowhere = {
		.kind = "missing", .before = MIDDLE, .after = "01hf7yat00000000000000000z", .who = "robin", .why = "why"
	};
	FAILS(WG_NOT_FOUND, wg_store_purge(s->store, s->now, &nowhere, &out, &freed, &more, &err));
}

/* Room goes back to the disk, in steps that the write-ahead log has room for. */
static void room(void **state)
{
	if (of_sqlite_only())
		return;
	struct scene *s = *state;
	struct wg_err err = { 0 };
	enum { LARGE = 9 << 20, COUNT = 5 };
	WG_AUTO_FREE uint8_t *bytes = calloc(1, LARGE);
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1u << 20);
	char after[WG_ID_TEXT] = "";
	uint64_t freed = 0, total = 0;
	bool more = true;
	assert_non_null(bytes);
	for (unsigned i = 0; i < COUNT; i++) {
		struct wg_msg_new m = rig_message(i);
		struct wg_msg_receipt r;
		memset(bytes, (int)i, LARGE);
		m.blob = bytes;
		m.blob_len = LARGE;
		OK(wg_store_add(s->store, s->now, &m, &r, &err));
		const struct notice n = { .nhs = "tess" };
		(void)decide_notice(s, r.id, &n);
	}
	commit(s);
	int64_t before = number(s, "PRAGMA page_count");
	unsigned calls = 0;
	s->now.wall += YEAR_MS;
	for (; more; calls++) {
		wg_buf_reset(&out);
		purge(s, "missing", MIDDLE, false, after, &out, &freed, &more);
		commit(s);
		total += freed;
		const char *last = wg_buf_text(&out);
		for (const char *p = last; (p = strstr(p, "{\"message\":\"")) != NULL; p++)
			last = p;
		(void)snprintf(after, sizeof after, "%.*s", WG_ID_TEXT - 1, last + 12);
	}
	assert_int_equal(calls, 2); /* four, then one */
	assert_true(before - number(s, "PRAGMA page_count") >= COUNT * (LARGE / 8192 - 1));
	assert_in_range(total, COUNT * (uint64_t)(LARGE - 8192), COUNT * (uint64_t)(LARGE + 65536));
	assert_int_equal(number(s, "PRAGMA freelist_count"), 0);
}

/* ---- under audit */

static void audited(void **state)
{
	/* what somebody with the sqlite3 command might do, and words of the finding; message 1 is purged, 2 is not */
	static const struct {
		const char *sql, *words;
	} rows[] = {
		{ "UPDATE message SET purged_at = 0 WHERE seq = 1", "is not marked so" },
		{ "UPDATE message SET purged_at = purged_at - 1 WHERE seq = 1", "the log knows nothing" },
		{ "UPDATE message SET purged_at = 5 WHERE seq = 2", "the log knows nothing" },
		{ "UPDATE blob SET head = 0, bytes = x'' WHERE id = (SELECT original FROM message WHERE seq = 2)",
		  "content of it is gone" },
		{ "UPDATE blob SET head = 0, bytes = x'' WHERE id = (SELECT envelope FROM delivery WHERE message = 2)",
		  "content of it is gone" },
		{ "UPDATE blob SET bytes = x'00' WHERE id = (SELECT notice FROM message WHERE seq = 1)", "has content" },
		{ "UPDATE blob SET hash = 'aa' WHERE id = (SELECT original FROM message WHERE seq = 1)",
		  "original of a message" },
		{ "UPDATE message SET notice = original WHERE seq = 1", "notice of a message" },
		{ "UPDATE message SET legal_hold = 0 WHERE seq = 2", "legal hold" },
		{ "UPDATE message SET legal_hold = 1 WHERE seq = 1", "legal hold" },
		{ "UPDATE child SET legal_hold = 1 - legal_hold WHERE id = 1", "legal hold" },
		{ "UPDATE record SET blob = NULL", "record" },
		{ "UPDATE blob SET head = 0, bytes = x'' WHERE id = (SELECT blob FROM record)", "record" },
	};
	struct scene *s = *state;
	char id[2][WG_ID_TEXT], head[WG_STORE_HASH];
	uint64_t entries, freed;
	const struct wg_record_new r = new_record("refused by Tess Example");
	const struct notice n = { .nhs = "tess", .consents = &r, .consent_count = 1 }, plain = { .nhs = "tess" };
	struct wg_err err = { 0 };
	sent(s, 1, &n, id[0]);
	sent(s, 2, &plain, id[1]);
	hold(s, 0, id[1], true, 1);
	hold(s, 1, "", true, 2);
	hold(s, 1, "", false, 2);
	s->now.wall += YEAR_MS;
	assert_int_equal(purge_due(s, &freed), 1);
	commit(s);
	OK(wg_store_audit(s->store, &entries, head, &err));
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		mark(s);
		OK(wg_db_exec(s->store, rows[i].sql, &err));
		enum wg_code code = wg_store_audit(s->store, &entries, head, &err);
		if (code != WG_CORRUPT || strstr(err.text, rows[i].words) == NULL)
			fail_msg("%s: %s: %s", rows[i].sql, wg_code_name(code), err.text);
		OK(wg_store_undo(s->store, &err));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(in_each_state, set_up, tear_down),
		cmocka_unit_test_setup_teardown(not_at_its_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(counted_from_the_last_event, set_up, tear_down),
		cmocka_unit_test_setup_teardown(counted_with_what_was_lost, set_up, tear_down),
		cmocka_unit_test_setup_teardown(missing_and_concerned, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(handed_in_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(asked_for_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(replaced_documents, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_last_of_a_child, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_young_record, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_child_held, set_up, tear_down),
		cmocka_unit_test_setup_teardown(pages, set_up, tear_down),
		cmocka_unit_test_setup_teardown(room, set_up, tear_down),
		cmocka_unit_test_setup_teardown(audited, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
