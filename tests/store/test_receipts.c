/* Reads the tables of RECEIPTS.md and performs every cell; and gives receipts in every order, doubled, late and
 * crossed: where the delivery ends does not depend on it. */
#include "confirm.h"

#define CELLS 8

struct table {
	char cells[64][CELLS][64];
	size_t count;
};

/* The table under the heading that begins with these words, without its head. */
static void read_table(const char *heading, struct table *out)
{
	char line[1024];
	bool inside = false, head = false;
	FILE *f = fopen(WG_SOURCE_DIR "/gateway/store/RECEIPTS.md", "r");
	assert_non_null(f);
	*out = (struct table){ .count = 0 };
	while (fgets(line, sizeof line, f) != NULL) {
		if (strncmp(line, "## ", 3) == 0)
			inside = strncmp(line + 3, heading, strlen(heading)) == 0;
		if (!inside || line[0] != '|' || strncmp(line, "|---", 4) == 0)
			continue;
		if (!head) {
			head = true;
			continue;
		}
		size_t n = 0;
		assert_true(out->count < WG_COUNT(out->cells));
		for (const char *p = line + 1; *p != '\n' && *p != '\0' && n < CELLS;
		     n++) { /* a blank on each side of a cell */
			size_t len = strcspn(p, "|");
			assert_true(len >= 2 && len < 64 && p[len] == '|');
			memcpy(out->cells[out->count][n], p + 1, len - 2);
			out->cells[out->count][n][len - 2] = '\0';
			p += len + 1;
		}
		out->count++;
	}
	assert_int_equal(fclose(f), 0);
}

/* "deferred, may have arrived": the delivery is put there. */
static void put_in(struct scene *s, const char *row, enum wg_delivery_state *state)
{
	char name[64], text[256];
	(void)snprintf(name, sizeof name, "%.*s", (int)strcspn(row, ","), row); /* short */
	if (!wg_delivery_state_find(name, state))
		fail_msg("RECEIPTS.md names a state that does not exist: %s", row);
	bool never = strstr(row, "not tried") != NULL, maybe = strstr(row, "may have arrived") != NULL;
	bool tried = maybe || strstr(row, ", tried") != NULL;
	if (*state == WG_DLV_SENDING) {
		(void)take_delivery(s);
		return;
	}
	if (*state == WG_DLV_SEALED || *state == WG_DLV_REVIEW || *state == WG_DLV_WITHHELD)
		never = true;
	(void)snprintf(text, sizeof text,
	               "UPDATE delivery SET state = '%s', held_from = 'deferred', attempts = %d, maybe = %d", name, !never,
	               maybe); /* short */
	assert_true(never || tried || wg_delivery_state_find(name, state));
	sql(s, text);
}

static void judge_cell(struct scene *s, const char *row, enum wg_receipt_level level, const char *want, bool known)
{
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	enum wg_delivery_state from = WG_DLV_SEALED, to = WG_DLV_SEALED;
	struct wg_receipt_result result = { .moved = false };
	const struct wg_dlv_new d = rig_delivery(MEADOW, "duty");
	mark(s);
	decided(s, 1, &d, 1, id);
	put_in(s, row, &from);
	int64_t log = number(s, "SELECT count(*) FROM log WHERE event = 'receipt-refused'");
	struct wg_receipt_new r = receipt_for(id, level);
	if (!known) {
		r.organisation[0] = '\0';
		r.delivery[0] = '\0';
		memcpy(r.reference, delivery_of(s, id).reference, sizeof r.reference);
	}
	enum wg_code code = give(s, &r, &result);
	bool moves = strcmp(want, "moves") == 0, waits = strcmp(want, "waits") == 0, kept = strcmp(want, "kept") == 0;
	bool refused = strcmp(want, "refused") == 0, theirs = strcmp(want, "not theirs") == 0;
	if (moves + waits + kept + refused + theirs != 1)
		fail_msg("RECEIPTS.md: what is \"%s\"?", want);
	if ((code == WG_OK) != (moves || waits || kept))
		fail_msg("%s, %s: %s instead of %s", row, wg_receipt_level_name(level), wg_code_name(code), want);
	if (moves)
		assert_true(wg_delivery_state_find(wg_receipt_level_name(level), &to));
	else
		to = from;
	if (delivery_of(s, id).state != to || result.moved != moves)
		fail_msg("%s, %s (%s): it is %s", row, wg_receipt_level_name(level), want,
		         wg_delivery_state_name(delivery_of(s, id).state));
	assert_int_equal(number(s, "SELECT count(*) FROM receipt"), code == WG_OK);
	assert_int_equal(number(s, "SELECT count(*) FROM receipt WHERE moved = 2"), waits);
	assert_int_equal(number(s, "SELECT count(*) FROM log WHERE event = 'receipt-refused'") - log, refused);
	OK(wg_store_undo(s->store, &err));
}

static void every_cell(void **state)
{
	static const enum wg_receipt_level columns[] = { WG_RECEIPT_NOTED,        WG_RECEIPT_RECEIVED, WG_RECEIPT_OPENED,
		                                             WG_RECEIPT_ACKNOWLEDGED, WG_RECEIPT_REFUSED,  WG_RECEIPT_FAILED };
	static const char *const headings[] = { "From the recipient", "From nobody" };
	struct table t;
	for (size_t h = 0; h < WG_COUNT(headings); h++) {
		bool seen[WG_DLV_STATES] = { false };
		read_table(headings[h], &t);
		for (size_t row = 0; row < t.count; row++) {
			enum wg_delivery_state of = WG_DLV_SEALED;
			char name[64];
			(void)snprintf(name, sizeof name, "%.*s", (int)strcspn(t.cells[row][0], ","), t.cells[row][0]); /* short */
			for (size_t i = 0; i < WG_COUNT(columns); i++)
				judge_cell(*state, t.cells[row][0], columns[i], t.cells[row][i + 1], h == 0);
			assert_true(wg_delivery_state_find(name, &of));
			seen[of] = true;
		}
		for (int i = 0; i < WG_DLV_STATES; i++)
			if (!seen[i])
				fail_msg("%s: no row of %s", headings[h], wg_delivery_state_name((enum wg_delivery_state)i));
	}
}

/* What comes while it is being sent, and what the attempt says then. */
static void while_it_is_sent(void **state)
{
	static const enum wg_receipt_level columns[] = { WG_RECEIPT_RECEIVED, WG_RECEIPT_OPENED, WG_RECEIPT_ACKNOWLEDGED,
		                                             WG_RECEIPT_REFUSED, WG_RECEIPT_FAILED };
	struct scene *s = *state;
	struct table t;
	read_table("When an attempt ends", &t);
	assert_int_equal(t.count, 5);
	for (size_t row = 0; row < t.count; row++)
		for (size_t i = 0; i < WG_COUNT(columns); i++) {
			struct wg_err err = { 0 };
			char id[WG_ID_TEXT];
			struct wg_receipt_result result;
			enum wg_delivery_state says = WG_DLV_DEFERRED;
			const struct wg_dlv_new d = rig_delivery(MEADOW, "duty");
			unsigned lost = 0;
			mark(s);
			decided(s, 1, &d, 1, id);
			struct wg_dlv_job job = take_delivery(s);
			struct wg_receipt_new r = receipt_for(id, columns[i]);
			assert_int_equal(give(s, &r, &result), WG_OK);
			assert_int_equal(result.state, WG_DLV_SENDING);
			if (strncmp(t.cells[row][0], "nothing", 7) == 0) {
				OK(wg_store_leases_end(s->store, s->now, ME, &lost, &err));
				assert_int_equal(lost, 1);
			} else {
				assert_true(wg_delivery_state_find(t.cells[row][0], &says));
				assert_int_equal(report(s, &job, says, 1000), 0);
			}
			if (strcmp(wg_delivery_state_name(delivery_of(s, id).state), t.cells[row][i + 1]) != 0)
				fail_msg("the attempt said %s, the receipt %s: it is %s", t.cells[row][0],
				         wg_receipt_level_name(columns[i]), wg_delivery_state_name(delivery_of(s, id).state));
			assert_int_equal(number(s, "SELECT count(*) FROM receipt WHERE moved = 2"), 0);
			assert_int_equal(number(s, "SELECT pending FROM delivery"), 0);
			OK(wg_store_undo(s->store, &err));
		}
}

/* Gives the levels of a set in this order, each twice; where the delivery ends. when: before the attempt ends, after it
 * was handed over, or after it failed. */
static enum wg_delivery_state after(struct scene *s, const enum wg_receipt_level *order, size_t n, int when)
{
	struct wg_err err = { 0 };
	struct wg_receipt_result result;
	char id[WG_ID_TEXT];
	const struct wg_dlv_new d = rig_delivery(MEADOW, "duty");
	mark(s);
	decided(s, 1, &d, 1, id);
	struct wg_dlv_job job = take_delivery(s);
	if (when > 0)
		assert_int_equal(report(s, &job, when == 1 ? WG_DLV_HANDED_OVER : WG_DLV_FAILED, 0), 0);
	for (size_t i = 0; i < n; i++)
		for (int twice = 0; twice < 2; twice++) {
			struct wg_receipt_new r = receipt_for(id, order[i]);
			(void)snprintf(r.id, sizeof r.id, "of-%d", (int)order[i]); /* short */
			assert_int_equal(give(s, &r, &result), WG_OK);
			assert_int_equal(result.again, twice == 1);
		}
	if (when == 0)
		assert_int_equal(report(s, &job, WG_DLV_HANDED_OVER, 0), 0);
	enum wg_delivery_state end = delivery_of(s, id).state;
	assert_int_equal(number(s, "SELECT count(*) FROM receipt"), (int64_t)n);
	OK(wg_store_undo(s->store, &err));
	return end;
}

static unsigned tried;

static void permute(struct scene *s, enum wg_receipt_level *set, size_t n, size_t at, int when, int *want)
{
	if (at == n) {
		int end = (int)after(s, set, n, when);
		tried++;
		if (*want < 0)
			*want = end;
		if (end != *want)
			fail_msg("%s first of %zu: %s, in another order %s", wg_receipt_level_name(set[0]), n,
			         wg_delivery_state_name((enum wg_delivery_state)end),
			         wg_delivery_state_name((enum wg_delivery_state) * want));
		return;
	}
	for (size_t i = at; i < n; i++) {
		enum wg_receipt_level keep = set[at];
		set[at] = set[i];
		set[i] = keep;
		permute(s, set, n, at + 1, when, want);
		set[i] = set[at];
		set[at] = keep;
	}
}

/* Every set of up to four levels, in every order, each given twice. */
static void any_order(void **state)
{
	for (int when = 0; when < 3; when++)
		for (unsigned bits = 1; bits < 1u << WG_RECEIPT_LEVELS; bits++) {
			enum wg_receipt_level set[WG_RECEIPT_LEVELS];
			size_t n = 0;
			int want = -1;
			for (int l = 0; l < WG_RECEIPT_LEVELS; l++)
				if ((bits & 1u << l) != 0)
					set[n++] = (enum wg_receipt_level)l;
			if (n <= 4)
				permute(*state, set, n, 0, when, &want);
		}
	assert_int_equal(tried, 3 * (6 + 15 * 2 + 20 * 6 + 15 * 24));
}

/* ---- whose word counts */

static void who_may(void **state)
{
	static const char other[] = "5555555555555555555555555555555555555555555555555555555555555555";
	struct scene *s = *state;
	char id[WG_ID_TEXT];
	struct wg_receipt_result result;
	struct wg_dlv_new d = rig_delivery(MEADOW, "duty");
	rig_hash(7, d.token_hash);
	rig_hash(8, d.copy_hash);
	memcpy(d.reference, "mine.1", 7);
	decided(s, 1, &d, 1, id);
	struct wg_dlv_job job = take_delivery(s);
	assert_string_equal(job.reference, "mine.1");
	(void)report(s, &job, WG_DLV_HANDED_OVER, 0);
	const struct wg_receipt_new good = receipt_for(id, WG_RECEIPT_RECEIVED);
	struct wg_receipt_new r = good;
	memcpy(r.organisation, "oatshire", 9); /* somebody else */
	assert_int_equal(give(s, &r, &result), WG_NOT_FOUND);
	r = good;
	memcpy(r.reference, "mine.1", 7); /* named twice */
	assert_int_equal(give(s, &r, &result), WG_REJECT);
	r.delivery[0] = '\0';
	memcpy(r.copy_hash, other, sizeof other); /* of another copy */
	assert_int_equal(give(s, &r, &result), WG_REJECT);
	assert_int_equal(number(s, "SELECT count(*) FROM log WHERE event = 'receipt-refused'"), 1);
	memcpy(r.copy_hash, d.copy_hash, sizeof r.copy_hash);
	assert_int_equal(give(s, &r, &result), WG_OK);
	assert_true(result.moved && result.state == WG_DLV_RECEIVED);
	r = good;
	r.level = WG_RECEIPT_ACKNOWLEDGED;
	memcpy(r.person, "   ", 4); /* nobody */
	assert_int_equal(give(s, &r, &result), WG_REJECT);
	r = good;
	memcpy(r.delivery, "0123456789abcdefghjkmnpqrs", WG_ID_TEXT);
	assert_int_equal(give(s, &r, &result), WG_NOT_FOUND);
}

static void a_token_is_one_persons(void **state)
{
	struct scene *s = *state;
	char id[WG_ID_TEXT];
	struct wg_receipt_result result;
	struct wg_dlv_new d = rig_delivery(MEADOW, "duty");
	rig_hash(7, d.token_hash);
	decided(s, 1, &d, 1, id);
	struct wg_dlv_job job = take_delivery(s);
	(void)report(s, &job, WG_DLV_HANDED_OVER, 0);
	struct wg_receipt_new r = { .level = WG_RECEIPT_OPENED, .way = "link" };
	memcpy(r.token_hash, d.token_hash, sizeof r.token_hash);
	assert_int_equal(give(s, &r, &result), WG_OK); /* looked at: it is not used up */
	r.level = WG_RECEIPT_ACKNOWLEDGED;
	memcpy(r.person, "Sam\r\nDuty", 10);
	assert_int_equal(give(s, &r, &result), WG_OK);
	assert_true(result.moved && !result.again && result.state == WG_DLV_ACKNOWLEDGED);
	assert_int_equal(number(s, "SELECT count(*) FROM receipt WHERE person = 'Sam??Duty'"), 1);
	assert_int_equal(number(s, "SELECT count(*) FROM log WHERE instr(detail, 'Duty') > 0"), 0);
	assert_int_equal(give(s, &r, &result), WG_OK);
	assert_true(result.again && result.moved);
	memcpy(r.id, "another try", 12);
	assert_int_equal(give(s, &r, &result), WG_OK); /* the same person, by another browser */
	assert_true(result.again);
	memcpy(r.person, "Alex Else", 10);
	assert_int_equal(give(s, &r, &result), WG_REJECT);
	r.level = WG_RECEIPT_REFUSED;
	assert_int_equal(give(s, &r, &result), WG_REJECT);
	assert_int_equal(number(s, "SELECT count(*) FROM log WHERE event = 'receipt-refused'"), 2);
	assert_int_equal(number(s, "SELECT count(*) FROM receipt"), 2);
	memset(r.token_hash, 'a', sizeof r.token_hash - 1);
	assert_int_equal(give(s, &r, &result), WG_NOT_FOUND);
}

/* A flood of what anybody may send does not keep out the recipient's own word. */
static void a_flood_ends(void **state)
{
	struct scene *s = *state;
	char id[WG_ID_TEXT];
	struct wg_receipt_result result;
	const struct wg_dlv_new d = rig_delivery(MEADOW, "duty");
	decided(s, 1, &d, 1, id);
	struct wg_dlv_job job = take_delivery(s);
	(void)report(s, &job, WG_DLV_HANDED_OVER, 0);
	struct wg_receipt_new r = { .level = WG_RECEIPT_NOTED, .way = "reply" };
	memcpy(r.reference, job.reference, sizeof r.reference);
	for (int i = 0; i <= WG_STORE_RECEIPTS_UNSIGNED; i++) {
		(void)snprintf(r.id, sizeof r.id, "%d", i); /* short */
		assert_int_equal(give(s, &r, &result), i < WG_STORE_RECEIPTS_UNSIGNED ? WG_OK : WG_REJECT);
	}
	r = receipt_for(id, WG_RECEIPT_ACKNOWLEDGED);
	assert_int_equal(give(s, &r, &result), WG_OK);
	assert_int_equal(result.state, WG_DLV_ACKNOWLEDGED);
}

/* Decided again while the first copy had gone out nowhere: the reference is that of both. */
static void the_one_that_was_sent(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	struct wg_receipt_result result;
	const struct wg_dlv_new d = rig_delivery(MEADOW, "duty");
	decided(s, 1, &d, 1, id);
	OK(wg_store_epoch(s->store, s->now, "e2", &err));
	struct wg_msg_job again = take_message(s);
	struct wg_msg_done done = rig_done(again.id, again.token, &d, 1);
	memcpy(done.epoch, "e2", 3);
	struct wg_msg_done_result r2;
	OK(wg_store_done(s->store, s->now, &done, &r2, &err));
	struct wg_dlv_job job = take_delivery(s);
	assert_string_not_equal(job.id, id);
	(void)report(s, &job, WG_DLV_HANDED_OVER, 0);
	struct wg_receipt_new r = { .level = WG_RECEIPT_RECEIVED, .way = "dsn" };
	memcpy(r.reference, job.reference, sizeof r.reference);
	assert_int_equal(give(s, &r, &result), WG_OK);
	assert_string_equal(result.delivery, job.id);
	assert_true(result.moved);
	r = receipt_for(id, WG_RECEIPT_RECEIVED); /* the first was never sent */
	assert_int_equal(give(s, &r, &result), WG_REJECT);
}

/* ---- with a message */

static void with_a_message(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	const struct wg_dlv_new d = rig_delivery(MEADOW, "duty");
	decided(s, 1, &d, 1, id);
	struct wg_dlv_job job = take_delivery(s);
	(void)report(s, &job, WG_DLV_HANDED_OVER, 0);
	struct wg_receipt_new r[3] = { { .level = WG_RECEIPT_RECEIVED, .way = "dsn" },
		                           { .level = WG_RECEIPT_RECEIVED, .way = "dsn", .reference = "of nobody" },
		                           { .level = WG_RECEIPT_ACKNOWLEDGED, .way = "reply" } };
	memcpy(r[0].reference, job.reference, sizeof r[0].reference);
	memcpy(r[2].reference, job.reference, sizeof r[2].reference); /* and nobody named */
	struct wg_msg_new m = rig_message(2);
	m.organisation[0] = '\0';
	memcpy(m.way, "imap", 5);
	struct wg_msg_receipt receipt;
	OK(wg_store_add(s->store, s->now, &m, &receipt, &err));
	struct wg_msg_job mail = take_message(s);
	assert_string_equal(mail.way, "imap");
	assert_string_equal(mail.organisation, "");
	struct wg_msg_done done = rig_done(mail.id, mail.token, NULL, 0);
	struct wg_msg_done_result result;
	done.state = WG_MSG_ANSWER;
	done.receipts = r;
	done.receipt_count = 3;
	OK(wg_store_done(s->store, s->now, &done, &result, &err));
	assert_int_equal(result.state, WG_MSG_ANSWER);
	assert_int_equal(result.receipts_unknown, 2);
	assert_int_equal(delivery_of(s, id).state, WG_DLV_RECEIVED);
	assert_int_equal(state_of(s, mail.id), WG_MSG_ANSWER);
	assert_int_equal(number(s, "SELECT count(*) FROM receipt r JOIN message m ON m.id = r.message WHERE m.seq = 2"), 1);
}

/* The same mail twice: whose it is, is known when it was opened. */
static void whose_mail(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char first[WG_ID_TEXT] = "";
	struct wg_msg_done_result result;
	for (int i = 0; i < 3; i++) {
		struct wg_msg_new m = rig_message(5);
		struct wg_msg_receipt receipt;
		m.organisation[0] = '\0';
		memcpy(m.way, i == 0 ? "imap" : "lmtp", 5);
		memcpy(m.idempotency_key, "mesh-1", 7);
		OK(wg_store_add(s->store, s->now, &m, &receipt, &err));
		assert_int_equal(receipt.duplicate, i > 0); /* by the key */
		if (i > 0)
			continue;
		memcpy(first, receipt.id, sizeof first);
		struct wg_msg_job job = take_message(s);
		assert_string_equal(job.idempotency_key, "mesh-1");
		struct wg_msg_done done = rig_done(job.id, job.token, NULL, 0);
		memcpy(done.organisation, "oatshire-police", 16);
		OK(wg_store_done(s->store, s->now, &done, &result, &err));
	}
	struct wg_msg_new m = rig_message(5);
	struct wg_msg_receipt receipt;
	m.organisation[0] = '\0';
	memcpy(m.way, "lmtp", 5);
	OK(wg_store_add(s->store, s->now, &m, &receipt, &err)); /* without a key: nobody's yet, so it is new */
	assert_false(receipt.duplicate);
	struct wg_msg_job job = take_message(s);
	struct wg_msg_done done = rig_done(job.id, job.token, NULL, 0);
	memcpy(done.organisation, "oatshire-police", 16);
	OK(wg_store_done(s->store, s->now, &done, &result, &err));
	assert_true(result.duplicate);
	assert_string_equal(result.duplicate_of, first);
	struct wg_msg_status status;
	FAILS(WG_NOT_FOUND, wg_store_status(s->store, job.id, "", &status, &err));
	m = rig_message(6);
	m.organisation[0] = '\0'; /* over HTTPS everybody has a name */
	FAILS(WG_REJECT, wg_store_add(s->store, s->now, &m, &receipt, &err));
}

/* ---- purge, audit */

static struct wg_token_view view_of(struct scene *s, const char *hash)
{
	struct wg_err err = { 0 };
	struct wg_token_view view = { .sent = -1 };
	OK(wg_store_token(s->store, hash, &view, &err));
	return view;
}

/* What whoever has a token sees: never more than which copy and what was said with it; and looking changes nothing. */
static void what_a_token_shows(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	struct wg_receipt_result result;
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1 << 16);
	uint64_t freed = 0;
	bool more = false;
	struct wg_dlv_new d = rig_delivery(MEADOW, "duty");
	rig_hash(7, d.token_hash);
	decided(s, 1, &d, 1, id);
	assert_int_equal(view_of(s, d.token_hash).sent, 0);
	struct wg_dlv_job job = take_delivery(s);
	(void)report(s, &job, WG_DLV_HANDED_OVER, 0);
	int64_t log = number(s, "SELECT count(*) FROM log");
	struct wg_token_view view = view_of(s, d.token_hash);
	assert_string_equal(view.reference, delivery_of(s, id).reference);
	assert_string_equal(view.organisation, MEADOW);
	assert_string_equal(view.desk, "duty");
	assert_int_equal(view.sent, s->now.wall);
	assert_int_equal(view.said, WG_RECEIPT_NOTED);
	assert_int_equal(view.state, WG_DLV_HANDED_OVER);
	assert_int_equal(number(s, "SELECT count(*) FROM log"), log);
	struct wg_receipt_new r = { .level = WG_RECEIPT_OPENED, .way = "link" };
	memcpy(r.token_hash, d.token_hash, sizeof r.token_hash);
	assert_int_equal(give(s, &r, &result), WG_OK);
	assert_int_equal(view_of(s, d.token_hash).said, WG_RECEIPT_NOTED); /* that it was opened uses nothing up */
	s->now.wall += 60000;
	r.level = WG_RECEIPT_ACKNOWLEDGED;
	memcpy(r.person, "Sam Duty", 9);
	assert_int_equal(give(s, &r, &result), WG_OK);
	view = view_of(s, d.token_hash);
	assert_int_equal(view.said, WG_RECEIPT_ACKNOWLEDGED);
	assert_string_equal(view.person, "Sam Duty");
	assert_int_equal(view.said_at, s->now.wall);
	assert_int_equal(view.sent, s->now.wall - 60000);
	struct wg_token_view none = { .sent = -1 };
	FAILS(WG_NOT_FOUND, wg_store_token(s->store, r.copy_hash, &none, &err)); /* "" is no token */
	memset(r.token_hash, 'a', sizeof r.token_hash - 1);
	FAILS(WG_NOT_FOUND, wg_store_token(s->store, r.token_hash, &none, &err));
	s->now.wall += 86400000;
	const struct wg_purge what = {
		.kind = "missing", .before = s->now.wall, .after = "", .who = "robin", .why = "old"
	};
	OK(wg_store_purge(s->store, s->now, &what, &out, &freed, &more, &err));
	FAILS(WG_NOT_FOUND, wg_store_token(s->store, d.token_hash, &none, &err));
	assert_int_equal(none.sent, -1);
}

static void purged_words(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	struct wg_receipt_result result;
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1 << 16);
	uint64_t freed = 0;
	bool more = false;
	const struct wg_dlv_new d = rig_delivery(MEADOW, "duty");
	decided(s, 1, &d, 1, id);
	struct wg_dlv_job job = take_delivery(s);
	(void)report(s, &job, WG_DLV_HANDED_OVER, 0);
	struct wg_receipt_new r = receipt_for(id, WG_RECEIPT_REFUSED);
	memcpy(r.detail, "not a child of ours", 20);
	assert_int_equal(give(s, &r, &result), WG_OK);
	assert_string_equal(delivery_of(s, id).reason, "not a child of ours");
	assert_int_equal(number(s, "SELECT count(*) FROM log WHERE detail LIKE '%of ours%'"), 0);
	s->now.wall += 86400000;
	const struct wg_purge what = {
		.kind = "missing", .before = s->now.wall, .after = "", .who = "robin", .why = "old"
	};
	OK(wg_store_purge(s->store, s->now, &what, &out, &freed, &more, &err));
	assert_int_equal(number(s, "SELECT count(*) FROM receipt WHERE person = '' AND detail = '' AND salt = ''"), 1);
	assert_string_equal(delivery_of(s, id).reason, "");
	assert_int_equal(delivery_of(s, id).state, WG_DLV_REFUSED);
	r = receipt_for(id, WG_RECEIPT_ACKNOWLEDGED);
	assert_int_equal(give(s, &r, &result), WG_NOT_FOUND);
}

static void audited(void **state)
{
	static const char *const wrongs[] = {
		"UPDATE receipt SET person = 'Somebody Else'",
		"UPDATE receipt SET level = 'received'",
		"UPDATE receipt SET at = 1, delivery = 2",
		"UPDATE receipt SET salt = ''",
		"DROP TRIGGER receipt_kept; DELETE FROM receipt",
		"UPDATE counter SET n = n + 1 WHERE kind = 'delivery' AND name = 'acknowledged'",
	};
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT], head[WG_STORE_HASH];
	uint64_t entries = 0;
	struct wg_receipt_result result;
	const struct wg_dlv_new d[] = { rig_delivery(MEADOW, "duty"), rig_delivery(MEADOW, "front-door") };
	decided(s, 1, d, 2, id);
	struct wg_dlv_job job = take_delivery(s);
	assert_string_equal(job.id, id);
	(void)report(s, &job, WG_DLV_HANDED_OVER, 0);
	const struct wg_receipt_new r = receipt_for(id, WG_RECEIPT_ACKNOWLEDGED);
	assert_int_equal(give(s, &r, &result), WG_OK);
	OK(wg_store_audit(s->store, &entries, head, &err));
	for (size_t i = 0; i < WG_COUNT(wrongs); i++) {
		mark(s);
		sql(s, wrongs[i]);
		FAILS(WG_CORRUPT, wg_store_audit(s->store, &entries, head, &err));
		OK(wg_store_undo(s->store, &err));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_cell, set_up, tear_down),
		cmocka_unit_test_setup_teardown(while_it_is_sent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(any_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_may, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_token_is_one_persons, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_a_token_shows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_flood_ends, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_one_that_was_sent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(with_a_message, set_up, tear_down),
		cmocka_unit_test_setup_teardown(whose_mail, set_up, tear_down),
		cmocka_unit_test_setup_teardown(purged_words, set_up, tear_down),
		cmocka_unit_test_setup_teardown(audited, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
