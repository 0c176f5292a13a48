/* What the tests of receipts and of what follows share: a message with one delivery, put where a test wants it. */
#ifndef TESTS_STORE_CONFIRM_H
#define TESTS_STORE_CONFIRM_H

#include "scene.h"

#define MEADOW "meadowton"

static inline void sql(struct scene *s, const char *text)
{
	struct wg_err err = { 0 };
	OK(wg_db_exec(s->store, text, &err));
}

/* Message n about a child of its own, decided as given: the id of its first delivery. */
static inline void decided(struct scene *s, unsigned n, const struct wg_dlv_new *d, unsigned count,
                           char delivery[WG_ID_TEXT])
{
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	add(s, n, id);
	struct wg_msg_job job = take_message(s);
	struct wg_msg_done done = rig_done(job.id, job.token, d, count);
	struct wg_msg_done_result result;
	OK(wg_store_done(s->store, s->now, &done, &result, &err));
	struct wg_row *rows = NULL;
	unsigned found = 0;
	OK(wg_store_list(s->store, "deliveries", "*", id, 100, &rows, &found, &err));
	assert_true(found >= 1);
	memcpy(delivery, rows[0].id, WG_ID_TEXT);
	free(rows);
}

static inline struct wg_dlv_rec delivery_of(struct scene *s, const char *id)
{
	struct wg_err err = { 0 };
	struct wg_dlv_rec d = { 0 };
	OK(wg_delivery_by_id(s->store, id, &d, &err));
	return d;
}

/* From the recipient, by the delivery's id. */
static inline struct wg_receipt_new receipt_for(const char *delivery, enum wg_receipt_level level)
{
	struct wg_receipt_new r = { .level = level, .organisation = MEADOW, .way = "https", .person = "Sam Duty" };
	memcpy(r.delivery, delivery, WG_ID_TEXT);
	return r;
}

/* WG_OK when it was kept. */
static inline enum wg_code give(struct scene *s, const struct wg_receipt_new *r, struct wg_receipt_result *out)
{
	struct wg_err err = { 0 }, refused = { 0 };
	enum wg_code code = wg_store_receipt(s->store, s->now, WG_WHO_INTAKE, r, out, &refused, &err);
	return code == WG_OK ? refused.code : code;
}

#endif
