/* Reads the tables of STATES.md and holds the code to them: who may move what where, by asking states.c for every
 * combination, and what each event does, by performing it on a row in each state. */
#include "store/states.h"

#include "rig.h"
#include "store/sql_internal.h"

struct row {
	int from;
	int to;
	unsigned who;
	char when[512];
	bool seen; /* some event made this move */
};

struct table {
	struct row rows[128];
	size_t count;
};

static int state_of(const char *name, bool messages)
{
	enum wg_message_state m;
	enum wg_delivery_state d;
	if (strcmp(name, "new") == 0)
		return WG_STATES_NEW;
	if (messages && wg_message_state_find(name, &m))
		return (int)m;
	if (!messages && wg_delivery_state_find(name, &d))
		return (int)d;
	fail_msg("STATES.md names a state that does not exist: %s", name);
	return 0;
}

static unsigned who_of(const char *names)
{
	static const enum wg_states_who all[] = { WG_WHO_INTAKE, WG_WHO_PROCESS, WG_WHO_DELIVER, WG_WHO_ADMIN,
		                                      WG_WHO_STORE };
	unsigned who = 0;
	for (size_t i = 0; i < WG_COUNT(all); i++)
		if (strstr(names, wg_states_who_name(all[i])) != NULL)
			who |= all[i];
	assert_int_not_equal(who, 0);
	return who;
}

/* Cuts "| a | b | c | d |" into its cells, in place. */
static size_t cells_of(char *line, char *cells[], size_t max)
{
	size_t n = 0;
	for (char *p = strchr(line, '|'); p != NULL && n < max;) {
		char *end = strchr(p + 1, '|');
		if (end == NULL)
			break;
		*end = '\0';
		for (p++; *p == ' '; p++)
			;
		for (char *q = end - 1; q > p && *q == ' '; q--)
			*q = '\0';
		cells[n++] = p;
		p = end;
	}
	return n;
}

/* The table under the heading. */
static void read_table(const char *heading, bool messages, struct table *out)
{
	char line[1024];
	bool inside = false;
	FILE *f = fopen(WG_SOURCE_DIR "/gateway/store/STATES.md", "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL) {
		char *cells[4];
		if (strncmp(line, "## ", 3) == 0)
			inside = strncmp(line + 3, heading, strlen(heading)) == 0;
		if (!inside || line[0] != '|' || strncmp(line, "|---", 4) == 0 || strncmp(line, "| from", 6) == 0)
			continue;
		assert_int_equal(cells_of(line, cells, 4), 4);
		assert_true(out->count < WG_COUNT(out->rows));
		struct row *r = &out->rows[out->count++];
		*r = (struct row){ .from = state_of(cells[0], messages),
			               .to = state_of(cells[1], messages),
			               .who = who_of(cells[2]) };
		(void)snprintf(r->when, sizeof r->when, "%s", cells[3]); /* as long as the line at most */
	}
	(void)fclose(f); /* was only read */
	assert_true(out->count > 5);
}

static const struct row *find(const struct table *t, int from, int to)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->rows[i].from == from && t->rows[i].to == to)
			return &t->rows[i];
	return NULL;
}

static void compare(const char *heading, bool messages)
{
	struct table t = { .count = 0 };
	int states = messages ? WG_MSG_STATES : WG_DLV_STATES;
	read_table(heading, messages, &t);
	for (int from = WG_STATES_NEW; from < states; from++)
		for (int to = 0; to < states; to++)
			for (unsigned who = 1; who <= WG_WHO_STORE; who *= 2) {
				const struct row *r = find(&t, from, to);
				bool want = r != NULL && (r->who & who) != 0;
				bool may = messages ? wg_message_may(from, (enum wg_message_state)to, (enum wg_states_who)who)
				                    : wg_delivery_may(from, (enum wg_delivery_state)to, (enum wg_states_who)who);
				if (want != may)
					fail_msg("%s: %d to %d by %s: %s in STATES.md, %s in the code", heading, from, to,
					         wg_states_who_name((enum wg_states_who)who), want ? "allowed" : "refused",
					         may ? "allowed" : "refused");
			}
}

static void moves_of_messages(void **state)
{
	(void)state;
	compare("Messages", true);
}

static void moves_of_deliveries(void **state)
{
	(void)state;
	compare("Deliveries", false);
}

/* ---- events, performed */

#define OWNER 7
static const struct wg_now now = { .wall = 1000000, .steady = 1000000 };

/* One store with one message and one delivery of it. All scenes play in one store, each in a transaction that is rolled
 * back: to make a store costs more than the scene. */
static char *folder;
static struct wg_store *stage;

struct scene {
	struct wg_store *store;
	struct wg_msg_rec msg;
	struct wg_dlv_rec dlv;
};

static void sql(struct wg_store *store, const char *text)
{
	struct wg_err err = { 0 };
	OK(wg_db_exec(store, text, &err));
}

static void look(struct scene *s)
{
	struct wg_err err = { 0 };
	OK(wg_message_by_seq(s->store, 1, &s->msg, &err));
	if (s->dlv.seq != 0 || s->msg.state == WG_MSG_ROUTED)
		OK(wg_delivery_by_seq(s->store, 1, &s->dlv, &err));
}

/* channel: of its delivery. */
static void set_up_by(struct scene *s, bool routed, const char *channel)
{
	struct wg_err err = { 0 };
	struct wg_msg_new m = rig_message(1);
	struct wg_msg_receipt receipt;
	*s = (struct scene){ .store = stage };
	OK(wg_store_begin(s->store, &err));
	OK(wg_store_add(s->store, now, &m, &receipt, &err));
	if (routed) {
		struct wg_msg_job *jobs = NULL;
		unsigned count = 0;
		struct wg_dlv_new d = rig_delivery("meadowton", "front-door");
		struct wg_msg_done_result result;
		(void)snprintf(d.channel, sizeof d.channel, "%s", channel); /* short */
		OK(wg_store_lease_messages(s->store, now, OWNER, 1, &jobs, &count, &err));
		assert_int_equal(count, 1);
		struct wg_msg_done done = rig_done(jobs[0].id, jobs[0].token, &d, 1);
		OK(wg_store_done(s->store, now, &done, &result, &err));
		wg_msg_jobs_free(jobs, count);
	}
	look(s);
}

static void set_up(struct scene *s, bool routed)
{
	set_up_by(s, routed, "https");
}

static void tear_down(struct scene *s)
{
	wg_store_rollback(s->store);
}

static int open_stage(void **state)
{
	struct wg_err err = { 0 };
	(void)state;
	folder = rig_folder();
	OK(wg_store_open(folder, &stage, &err));
	return 0;
}

static int close_stage(void **state)
{
	(void)state;
	wg_store_closep(&stage);
	rig_remove(folder);
	return 0;
}

static void lease_delivery(struct scene *s)
{
	struct wg_err err = { 0 };
	struct wg_dlv_job *jobs = NULL;
	unsigned count = 0;
	OK(wg_store_lease_deliveries(s->store, now, OWNER, "", 1, 1, &jobs, &count, &err));
	wg_dlv_jobs_free(jobs, count);
	look(s);
}

/* As the gateway does it: a row whose state the log does not know is damaged. */
static void log_state(struct wg_store *store, const char *message, const char *delivery, const char *state)
{
	struct wg_err err = { 0 };
	const struct wg_entry entry = {
		.who = WG_WHO_STORE, .event = state, .message = message, .delivery = delivery, .state = state
	};
	OK(wg_chain_append(store, now, &entry, &err));
}

/* The delivery into a state. What the driver can do is done by it; the rest is written. */
static void put_delivery_in(struct scene *s, enum wg_delivery_state state, enum wg_delivery_state held_from)
{
	struct wg_err err = { 0 };
	char text[256];
	unsigned changed;
	enum wg_delivery_state first = state == WG_DLV_HELD ? held_from : state;
	if (first == WG_DLV_SENDING && strcmp(s->dlv.channel, "pull") != 0) { /* what is fetched is never leased */
		lease_delivery(s);
	} else {
		(void)snprintf(text, sizeof text, "UPDATE delivery SET state = '%s'",
		               wg_delivery_state_name(first)); /* short */
		sql(s->store, text);
		log_state(s->store, s->dlv.message_id, s->dlv.id, wg_delivery_state_name(first));
	}
	if (state == WG_DLV_HELD)
		OK(wg_store_act(s->store, now, "hold", s->dlv.id, "robin", "a test", &changed, &err));
	look(s);
	assert_int_equal(s->dlv.state, state);
}

static void report(struct scene *s, enum wg_delivery_state state)
{
	struct wg_err err = { 0 };
	unsigned stale = 0;
	struct wg_dlv_report r = { .token = s->dlv.token, .state = state, .wait_ms = 1000 };
	bool sending = s->dlv.state == WG_DLV_SENDING;
	memcpy(r.id, s->dlv.id, sizeof r.id);
	OK(wg_store_report(s->store, now, &r, 1, &stale, &err));
	assert_int_equal(stale, sending ? 0 : 1);
}

/* A receipt of that level from the recipient, of what was tried. */
static void receive(struct scene *s, const char *level)
{
	struct wg_err err = { 0 }, refused = { 0 };
	struct wg_receipt_result result;
	struct wg_receipt_new r = { .organisation = "meadowton", .way = "https", .person = "Sam Duty" };
	assert_true(wg_receipt_level_find(level, &r.level));
	memcpy(r.delivery, s->dlv.id, sizeof r.delivery);
	sql(s->store, "UPDATE delivery SET attempts = 1");
	OK(wg_store_receipt(s->store, now, WG_WHO_INTAKE, &r, &result, &refused, &err));
}

/* Its desk fetches its copies: it comes. */
static void fetch(struct scene *s)
{
	struct wg_err err = { 0 }, refused = { 0 };
	struct wg_inbox_item item;
	uint8_t *bytes = NULL;
	size_t len = 0;
	enum wg_code code = wg_store_inbox_take(s->store, now, "meadowton", s->dlv.id, &item, &bytes, &len, &refused, &err);
	assert_true(code == WG_OK || code == WG_NOT_FOUND);
	free(bytes);
}

static void decide_again(struct scene *s)
{
	struct wg_err err = { 0 };
	struct wg_dlv_new d = rig_delivery("meadowton", "front-door");
	struct wg_msg_done_result result;
	sql(s->store, "UPDATE message SET state = 'normalised', again = 1, lease_owner = 7, lease_token = 99");
	log_state(s->store, s->msg.id, "", "normalised");
	struct wg_msg_done done = rig_done(s->msg.id, 99, &d, 1);
	OK(wg_store_done(s->store, now, &done, &result, &err));
}

static void act(struct scene *s, const char *action, const char *id)
{
	struct wg_err err = { 0 };
	unsigned changed = 0;
	enum wg_code code = wg_store_act(s->store, now, action, id, "robin", "a test", &changed, &err);
	if (code != WG_OK && code != WG_REJECT)
		fail_msg("%s: %s", action, err.text);
}

/* Its sender takes the message back with another one. */
static void recall(struct scene *s)
{
	struct wg_err err = { 0 };
	struct wg_msg_new m = rig_message(2);
	struct wg_msg_receipt receipt;
	struct wg_msg_job *jobs = NULL;
	struct wg_msg_done_result result;
	unsigned count = 0;
	OK(wg_store_add(s->store, now, &m, &receipt, &err));
	OK(wg_store_lease_messages(s->store, now, OWNER, 1, &jobs, &count, &err));
	assert_int_equal(count, 1);
	struct wg_msg_done done = rig_done(jobs[0].id, jobs[0].token, NULL, 0);
	wg_msg_jobs_free(jobs, count);
	done.concerns = s->msg.id;
	done.recalls = true;
	OK(wg_store_done(s->store, now, &done, &result, &err));
}

/* The delivery is the alarm of a review that a person settles. */
static void settle(struct scene *s)
{
	struct wg_err err = { 0 };
	struct wg_dlv_rec review;
	sql(s->store,
	    "INSERT INTO delivery(seq, id, message, recipient, organisation, desk, role, channel, state, since, epoch,"
	    " deadline) VALUES(2, 'review', 1, 'x/x', 'x', 'x', 'x', 'mail', 'review', 1, 'e1', 1);"
	    "UPDATE delivery SET alarm_of = 2 WHERE seq = 1");
	OK(wg_delivery_by_seq(s->store, 2, &review, &err));
	OK(wg_delivery_move(s->store, now, &review, WG_DLV_WITHHELD, WG_WHO_ADMIN, "robin", "a test", &err));
}

static void perform_on_delivery(struct scene *s, const char *event)
{
	struct wg_err err = { 0 };
	unsigned lost = 0;
	enum wg_delivery_state told;
	if (strcmp(event, "lease") == 0) {
		lease_delivery(s);
	} else if (strcmp(event, "damage") == 0) {
		sql(s->store, "UPDATE blob SET bytes = x'00' WHERE id = (SELECT envelope FROM delivery WHERE seq = 1)");
		lease_delivery(s);
	} else if (strncmp(event, "receipt ", 8) == 0) {
		receive(s, event + 8);
	} else if (strncmp(event, "fetch", 5) == 0) {
		if (strcmp(event, "fetch damaged") == 0)
			sql(s->store, "UPDATE delivery SET role = 'nobody'");
		fetch(s);
	} else if (strcmp(event, "unfetched") == 0) {
		sql(s->store, "UPDATE delivery SET channel = 'pull', deadline = 1");
		OK(wg_store_deadlines_end(s->store, now, &lost, &err));
	} else if (strcmp(event, "report late") == 0) {
		sql(s->store, "UPDATE delivery SET deadline = 1");
		look(s);
		report(s, WG_DLV_DEFERRED);
	} else if (strncmp(event, "report ", 7) == 0) {
		assert_true(wg_delivery_state_find(event + 7, &told));
		report(s, told);
	} else if (strcmp(event, "lost") == 0) {
		OK(wg_store_leases_end(s->store, now, OWNER, &lost, &err));
	} else if (strcmp(event, "again") == 0) {
		decide_again(s);
	} else if (strcmp(event, "recall") == 0) {
		recall(s);
	} else if (strcmp(event, "settled") == 0) {
		settle(s);
	} else {
		act(s, event, s->dlv.id);
	}
	look(s);
}

/* Where `from` went by the event: either as a row says that names it, or nowhere. */
static void judge(struct table *t, const char *what, int from, int to, const char *event)
{
	char quoted[64];
	bool named = false;
	(void)snprintf(quoted, sizeof quoted, "`%s`", event); /* short */
	for (size_t i = 0; i < t->count; i++) {
		struct row *r = &t->rows[i];
		if (r->from != from || strstr(r->when, quoted) == NULL)
			continue;
		named = true;
		if (r->to == to) {
			r->seen = true;
			return;
		}
	}
	if (named || from != to)
		fail_msg("%s in state %d: `%s` made it %d, which STATES.md does not say", what, from, event, to);
}

static void all_seen(const struct table *t, const char *what)
{
	for (size_t i = 0; i < t->count; i++)
		if (!t->rows[i].seen && t->rows[i].from != WG_STATES_NEW)
			fail_msg("%s: no event made the move %d to %d of STATES.md", what, t->rows[i].from, t->rows[i].to);
}

static void events_of_deliveries(void **state)
{
	static const char *const events[] = { "lease",
		                                  "report handed-over",
		                                  "report received",
		                                  "report deferred",
		                                  "report failed",
		                                  "report late",
		                                  "fetch",
		                                  "fetch damaged",
		                                  "unfetched",
		                                  "receipt noted",
		                                  "receipt received",
		                                  "receipt opened",
		                                  "receipt acknowledged",
		                                  "receipt refused",
		                                  "receipt failed",
		                                  "lost",
		                                  "damage",
		                                  "again",
		                                  "hold",
		                                  "release",
		                                  "retry",
		                                  "cancel",
		                                  "withhold",
		                                  "seen",
		                                  "recall",
		                                  "settled" };
	static const enum wg_delivery_state held[] = { WG_DLV_SEALED, WG_DLV_DECIDED, WG_DLV_REVIEW, WG_DLV_DEFERRED };
	struct table t = { .count = 0 };
	(void)state;
	read_table("Deliveries", false, &t);
	for (int from = 0; from < WG_DLV_STATES; from++)
		for (size_t e = 0; e < WG_COUNT(events); e++)
			for (size_t h = 0; h < (from == WG_DLV_HELD ? WG_COUNT(held) : 1); h++) {
				struct scene s;
				set_up_by(&s, true, strncmp(events[e], "fetch", 5) == 0 ? "pull" : "https");
				put_delivery_in(&s, (enum wg_delivery_state)from, held[h]);
				perform_on_delivery(&s, events[e]);
				if (from == WG_DLV_HELD && strcmp(events[e], "release") == 0)
					assert_int_equal(s.dlv.state, held[h]);
				judge(&t, "delivery", from, (int)s.dlv.state, events[e]);
				tear_down(&s);
			}
	all_seen(&t, "deliveries");
}

static void complete(struct scene *s, enum wg_message_state as, const char *what)
{
	struct wg_err err = { 0 };
	struct wg_msg_done_result result;
	const struct wg_match_key keys[] = { rig_key(WG_KEY_NHS, "a"), rig_key(WG_KEY_LOCAL_ID, "s:b") };
	struct wg_part_new part = { .content_type = "text/csv", .blob = "ciphertext of a row", .blob_len = 19 };
	struct wg_msg_done done = rig_done(s->msg.id, s->msg.token, NULL, 0);
	done.state = as;
	if (strcmp(what, "duplicate") == 0) {
		sql(s->store, "INSERT INTO message(id, organisation, content_hash, content_type, way, accepted_at, state, "
		              "since, original, content_key)"
		              " VALUES('other', 'oatshire-police', 'x', 'x', 'x', 1, 'routed', 1, 1, 'same')");
		memcpy(done.content_key, "same", 5);
	}
	if (strcmp(what, "doubt") == 0) {
		char text[512];
		(void)snprintf(text, sizeof text,
		               "INSERT INTO child(id, made_at) VALUES(1, 1), (2, 1);"
		               "INSERT INTO child_key(key, child, kind, scope) VALUES('%s', 1, %d, ''), ('%s', 2, %d, '%s')",
		               keys[0].key, WG_KEY_NHS, keys[1].key, WG_KEY_LOCAL_ID, keys[1].scope); /* it fits */
		sql(s->store, text);
		done.keys = keys;
		done.key_count = 2;
	}
	if (as == WG_MSG_DIVIDED) {
		rig_hash(77, part.content_hash);
		done.parts = &part;
		done.part_count = 1;
	}
	if (s->msg.owner == 0)
		FAILS(WG_NOT_FOUND, wg_store_done(s->store, now, &done, &result, &err));
	else
		OK(wg_store_done(s->store, now, &done, &result, &err));
}

/* Its child, which was not missing when it was decided, is. */
static void open_episode(struct scene *s)
{
	sql(s->store,
	    "INSERT INTO child(id, made_at) VALUES(1, 1); INSERT INTO episode(id, made_at, child) VALUES(1, 1, 1);"
	    "INSERT INTO message(id, organisation, content_hash, content_type, way, accepted_at, state, since, original,"
	    " child, episode) VALUES('other', 'oatshire-police', 'x', 'x', 'x', 1, 'routed', 1, 1, 1, 1);"
	    "UPDATE message SET child = 1, watches = 1 WHERE seq = 1");
}

static void perform_on_message(struct scene *s, const char *event)
{
	struct wg_err err = { 0 };
	struct wg_msg_job *jobs = NULL;
	unsigned count = 0, lost = 0;
	enum wg_message_state as;
	bool waits = s->msg.state == WG_MSG_ACCEPTED || s->msg.state == WG_MSG_NORMALISED;
	bool itself = false;
	if (strcmp(event, "damage") == 0)
		sql(s->store, "UPDATE blob SET bytes = x'00' WHERE id = (SELECT original FROM message WHERE seq = 1)");
	bool person = strcmp(event, "retry") == 0 || strcmp(event, "cancel") == 0 || strcmp(event, "resolve") == 0;
	if (waits && strcmp(event, "epoch") != 0 && strcmp(event, "consent") != 0 && !person)
		OK(wg_store_lease_messages(s->store, now, OWNER, 1, &jobs, &count, &err));
	wg_msg_jobs_free(jobs, count);
	look(s);
	if (strncmp(event, "done ", 5) == 0) {
		if (!wg_message_state_find(event + 5, &as) || as == WG_MSG_DUPLICATE)
			as = WG_MSG_ROUTED;
		complete(s, as, event + 5);
	} else if (strcmp(event, "tries") == 0) {
		sql(s->store, "UPDATE message SET tries = 7");
		OK(wg_store_leases_end(s->store, now, OWNER, &lost, &err));
	} else if (strcmp(event, "epoch") == 0) {
		OK(wg_store_epoch(s->store, now, "e2", &err));
	} else if (strcmp(event, "consent") == 0) {
		const struct wg_record_new record = { .id = "0123456789abcdefghjkmnpqrs", .blob = "withdrawn", .blob_len = 9 };
		sql(s->store, "INSERT INTO child(id, made_at) VALUES(1, 1); UPDATE message SET child = 1");
		OK(wg_store_record(s->store, now, 1, &record, "robin", "a test", &count, &err));
	} else if (strcmp(event, "ended") == 0) {
		sql(s->store, "UPDATE delivery SET valid_until = 1");
		OK(wg_store_consents_end(s->store, now, &count, &err));
		assert_int_equal(count, 1);
	} else if (strcmp(event, "episode") == 0) {
		open_episode(s);
		OK(wg_turn_live(s->store, now, &s->msg, &itself, &err));
	} else if (strcmp(event, "resolve") == 0) {
		enum wg_code want = s->msg.state == WG_MSG_ATTENTION ? WG_OK : WG_REJECT;
		FAILS(want, wg_store_resolve(s->store, now, s->msg.id, "robin", "a test", "ciphertext", 10, &err));
	} else if (strcmp(event, "damage") != 0) {
		act(s, event, s->msg.id);
	}
	look(s);
}

static void events_of_messages(void **state)
{
	static const char *const events[] = { "done routed",   "done attention", "done rejected", "done duplicate",
		                                  "done returned", "done divided",   "done answer",   "done doubt",
		                                  "tries",         "damage",         "epoch",         "retry",
		                                  "resolve",       "cancel",         "consent",       "ended",
		                                  "episode" };
	struct table t = { .count = 0 };
	(void)state;
	read_table("Messages", true, &t);
	for (int from = 0; from < WG_MSG_STATES; from++)
		for (size_t e = 0; e < WG_COUNT(events); e++) {
			struct scene s;
			char text[256];
			set_up(&s, true); /* with a sealed delivery under e1 */
			(void)snprintf(text, sizeof text, "UPDATE message SET state = '%s'",
			               wg_message_state_name((enum wg_message_state)from)); /* short */
			sql(s.store, text);
			log_state(s.store, s.msg.id, "", wg_message_state_name((enum wg_message_state)from));
			look(&s);
			perform_on_message(&s, events[e]);
			judge(&t, "message", from, (int)s.msg.state, events[e]);
			tear_down(&s);
		}
	all_seen(&t, "messages");
}

static void open_states(void **state)
{
	struct table t = { .count = 0 };
	(void)state;
	/* A state that the driver treats as open is one that some row leaves or waits in, never an end. */
	read_table("Deliveries", false, &t);
	for (int s = 0; s < WG_DLV_STATES; s++) {
		bool want = s == WG_DLV_DECIDED || s == WG_DLV_SEALED || s == WG_DLV_SENDING || s == WG_DLV_REVIEW ||
		            s == WG_DLV_DEFERRED || s == WG_DLV_HELD;
		assert_int_equal(wg_delivery_open((enum wg_delivery_state)s), want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moves_of_messages),    cmocka_unit_test(moves_of_deliveries),
		cmocka_unit_test(events_of_deliveries), cmocka_unit_test(events_of_messages),
		cmocka_unit_test(open_states),
	};
	return cmocka_run_group_tests(tests, open_stage, close_stage);
}
