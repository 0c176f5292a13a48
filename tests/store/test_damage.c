/* Damage: rows and pages that are not what was written. Whatever it hits, nothing wrong is given away, and what it did
 * not hit goes on. */
#include "store/check.h"

#include "rig.h"
#include "store/sql_internal.h"
#include "sys/file.h"

static const struct wg_now now = { .wall = 1700000000000, .steady = 5000 };

#define TEXT_MAX (WG_STORE_HEAD + 256)
#define ROUTED 3 /* messages with a delivery to each of the desks */
#define WAITING 2
static const char *const desks[] = { "a", "b", "c" };

/* What a delivery of message i to a desk holds: so that it is known wherever it turns up. */
static void envelope_of(unsigned i, const char *desk, char out[TEXT_MAX])
{
	(void)snprintf(out, TEXT_MAX, RIG_HEAD "envelope of %u for desk %s", i, desk); /* it fits */
}

static void original_of(unsigned i, char out[TEXT_MAX])
{
	(void)snprintf(out, TEXT_MAX, RIG_HEAD "original %u", i); /* it fits */
}

static void add(struct wg_store *store, unsigned i, char id[WG_ID_TEXT])
{
	struct wg_err err = { 0 };
	struct wg_msg_receipt receipt;
	struct wg_msg_new m = rig_message(i);
	char text[TEXT_MAX];
	original_of(i, text);
	m.blob = text;
	m.blob_len = strlen(text);
	OK(wg_store_add(store, now, &m, &receipt, &err));
	memcpy(id, receipt.id, WG_ID_TEXT);
}

/* ROUTED messages with three sealed deliveries each, the very first of them handed over; WAITING messages behind. */
static void fill(struct wg_store *store, char ids[ROUTED + WAITING][WG_ID_TEXT])
{
	struct wg_err err = { 0 };
	unsigned count = 0, stale = 0;
	OK(wg_store_begin(store, &err));
	OK(wg_store_epoch(store, now, "e1", &err));
	for (unsigned i = 0; i < ROUTED; i++) {
		struct wg_msg_job *jobs = NULL;
		struct wg_msg_done_result result;
		struct wg_dlv_new d[3];
		char text[3][TEXT_MAX];
		add(store, i, ids[i]);
		OK(wg_store_lease_messages(store, now, 1, 1, &jobs, &count, &err));
		for (unsigned k = 0; k < 3; k++) {
			envelope_of(i, desks[k], text[k]);
			d[k] = rig_delivery("meadowton", desks[k]);
			d[k].envelope = text[k];
			d[k].envelope_len = strlen(text[k]);
		}
		const struct wg_msg_done done = rig_done(jobs[0].id, jobs[0].token, d, 3);
		OK(wg_store_done(store, now, &done, &result, &err));
		wg_msg_jobs_free(jobs, count);
	}
	struct wg_dlv_job *sent = NULL;
	OK(wg_store_lease_deliveries(store, now, 1, "", 1, 1, &sent, &count, &err));
	struct wg_dlv_report report = { .token = sent[0].token, .state = WG_DLV_HANDED_OVER };
	memcpy(report.id, sent[0].id, sizeof report.id);
	OK(wg_store_report(store, now, &report, 1, &stale, &err));
	wg_dlv_jobs_free(sent, count);
	for (unsigned i = ROUTED; i < ROUTED + WAITING; i++)
		add(store, i, ids[i]);
	OK(wg_store_commit(store, &err));
}

/* What is leased now: each delivery is one that was decided, with its own envelope, and is not the one that was handed
 * over; each message is one that waits. *deliveries, *messages count them. False when the store is not to be trusted.
 */
static bool take_all(struct wg_store *store, char ids[ROUTED + WAITING][WG_ID_TEXT], unsigned *deliveries,
                     unsigned *messages)
{
	struct wg_err err = { 0 };
	struct wg_dlv_job *jobs = NULL;
	struct wg_msg_job *read = NULL;
	unsigned count = 0, read_count = 0;
	*deliveries = *messages = 0;
	if (wg_store_begin(store, &err) != WG_OK)
		return false;
	enum wg_code code = wg_store_lease_deliveries(store, now, 2, "", 100, 100, &jobs, &count, &err);
	if (code == WG_OK)
		code = wg_store_lease_messages(store, now, 2, 100, &read, &read_count, &err);
	if (wg_store_fault(store, NULL) != WG_OK) {
		wg_dlv_jobs_free(jobs, count);
		return false;
	}
	if (code != WG_OK)
		fail_msg("one damaged row stops the others: %s", err.text);
	for (unsigned n = 0; n < count; n++) {
		char want[TEXT_MAX];
		unsigned i = 0;
		while (i < ROUTED && strcmp(ids[i], jobs[n].message) != 0)
			i++;
		assert_true(i < ROUTED);
		assert_string_equal(jobs[n].organisation, "meadowton");
		envelope_of(i, jobs[n].desk, want);
		assert_int_equal(jobs[n].envelope_len, strlen(want));
		assert_memory_equal(jobs[n].envelope, want, jobs[n].envelope_len);
		if (i == 0 && strcmp(jobs[n].desk, "a") == 0)
			fail_msg("what was handed over is sent again");
	}
	for (unsigned n = 0; n < read_count; n++) { /* or one whose copies are made again: of the same bytes */
		char want[TEXT_MAX];
		unsigned i = 0;
		while (i < ROUTED + WAITING && strcmp(ids[i], read[n].id) != 0)
			i++;
		if (i == ROUTED + WAITING) /* its id is what was hit: it is in no log */
			fail_msg("a message is given away under another id");
		original_of(i, want);
		assert_int_equal(read[n].blob_len, strlen(want));
		assert_memory_equal(read[n].blob, want, read[n].blob_len);
		assert_string_equal(read[n].organisation, "oatshire-police");
		*messages += i >= ROUTED;
	}
	*deliveries = count;
	wg_dlv_jobs_free(jobs, count);
	wg_msg_jobs_free(read, read_count);
	OK(wg_store_commit(store, &err));
	return true;
}

/* ---- one row changed behind the store's back */

static const struct {
	const char *sql;
	unsigned deliveries, messages; /* that are leased all the same */
	bool found;                    /* by the lease; otherwise nothing that is leased was hit */
} changes[] = {
	{ "UPDATE delivery SET lease_owner = 0 WHERE seq = 1", 8, 2, false },
	{ "UPDATE delivery SET state = 'sealed' WHERE seq = 1", 8, 2, true }, /* an older page came back */
	{ "UPDATE delivery SET desk = 'c' WHERE seq = 5", 7, 2, true },       /* to somebody else */
	{ "UPDATE delivery SET organisation = 'meadowtoo' WHERE seq = 5", 7, 2, true },
	{ "UPDATE delivery SET channel = 'mail' WHERE seq = 5", 7, 2, true },
	{ "UPDATE delivery SET envelope = (SELECT envelope FROM delivery WHERE seq = 6) WHERE seq = 5", 7, 2, true },
	{ "UPDATE disclosure SET record = '{}' WHERE delivery = 5", 7, 2, true },
	{ "UPDATE blob SET bytes = CAST('envelope of 1 for desk x' AS BLOB) WHERE id = (SELECT envelope FROM delivery "
	  "WHERE seq = 5)",
	  7, 2, true },
	{ "UPDATE delivery SET message = 2 WHERE seq = 8", 7, 2, true }, /* another's: put right, and given next time */
	{ "UPDATE message SET id = substr(id, 1, 25) || CASE substr(id, 26) WHEN '0' THEN '1' ELSE '0' END WHERE seq = 2",
	  5, 2, true }, /* a person has to look at it */
	{ "UPDATE message SET original = (SELECT original FROM message WHERE seq = 5) WHERE seq = 4", 8, 1, true },
	{ "UPDATE message SET organisation = 'rye-police' WHERE seq = 4", 8, 1, true },
	{ "UPDATE message SET content_hash = printf('%064d', 7) WHERE seq = 4", 8, 1, true },
	{ "UPDATE message SET state = 'accepted' WHERE seq = 2", 5, 2, true }, /* later ones wait for it, once */
	{ "UPDATE blob SET bytes = CAST('original 9' AS BLOB) WHERE id = (SELECT original FROM message WHERE seq = 4)", 8,
	  1, true },
};

static void rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(changes); i++) {
		char *folder = rig_folder(), ids[ROUTED + WAITING][WG_ID_TEXT];
		struct wg_store *store = NULL;
		struct wg_err err = { 0 };
		unsigned deliveries = 0, messages = 0;
		OK(wg_store_open(folder, &store, &err));
		fill(store, ids);
		OK(wg_db_exec(store, "DROP TRIGGER disclosure_kept; DROP TRIGGER disclosure_fixed", &err));
		if (wg_db_exec(store, changes[i].sql, &err) != WG_OK)
			fail_msg("change %zu: %s", i, err.text);
		assert_true(take_all(store, ids, &deliveries, &messages));
		if (deliveries != changes[i].deliveries || messages != changes[i].messages)
			fail_msg("change %zu: %u deliveries and %u messages go on", i, deliveries, messages);
		assert_int_equal(wg_store_damaged(store) > 0, changes[i].found);
		assert_true(take_all(store, ids, &deliveries, &messages)); /* once is enough */
		assert_int_equal(wg_store_damaged(store), 0);
		wg_store_closep(&store);
		rig_remove(folder);
	}
}

/* ---- a byte flipped anywhere in the file */

#define FLIPS 120

static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX */
	return *seed >> 33;
}

/* Over what is there; a store that stopped leaves its write-ahead log behind. */
static void copy_file(const char *from, const char *to)
{
	struct wg_err err = { 0 };
	char log[80];
	(void)snprintf(log, sizeof log, "%s-wal", to); /* short */
	(void)unlink(log);                             /* mostly there is none */
	WG_AUTO_BUF struct wg_buf b = WG_BUF((size_t)16 << 20);
	OK(wg_file_read(from, &b, &err));
	OK(wg_file_write(to, b.data, b.len, 0600, &err));
}

static void flip(const char *path, uint64_t *seed)
{
	struct wg_err err = { 0 };
	WG_AUTO_BUF struct wg_buf b = WG_BUF((size_t)16 << 20);
	OK(wg_file_read(path, &b, &err));
	size_t at;
	do /* empty room tells nothing */
		at = (size_t)(next_random(seed) % b.len);
	while (b.data[at] == 0);
	b.data[at] ^= (uint8_t)(1u << next_random(seed) % 8);
	OK(wg_file_write(path, b.data, b.len, 0600, &err));
}

static void nothing(void *arg, const char *words, const char *todo)
{
	(void)arg;
	assert_true(words[0] != '\0' && todo[0] != '\0');
}

static void bytes(void **state)
{
	char *folder = rig_folder(), *aside = rig_folder(), ids[ROUTED + WAITING][WG_ID_TEXT];
	char path[2][64], kept[2][64];
	struct wg_store *store = NULL;
	struct wg_err err = { 0 };
	uint64_t seed = 20261122;
	unsigned whole = 0, stopped = 0, found = 0, few = 0;
	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		(void)snprintf(path[k], sizeof path[k], "%s/%s", folder, k == 0 ? "store.db" : "keys.db"); /* short */
		(void)snprintf(kept[k], sizeof kept[k], "%s/%s", aside, k == 0 ? "store.db" : "keys.db");
	}
	OK(wg_store_open(folder, &store, &err));
	fill(store, ids);
	wg_store_closep(&store);
	copy_file(path[0], kept[0]);
	copy_file(path[1], kept[1]);
	for (unsigned i = 0; i < FLIPS; i++) {
		unsigned deliveries = 0, messages = 0;
		struct wg_check check = { .pages = true, .blobs = true, .keys = true, .on = nothing };
		copy_file(kept[0], path[0]);
		copy_file(kept[1], path[1]);
		flip(path[i % 8 == 7], &seed); /* mostly in store.db */
		enum wg_code code = wg_store_open(folder, &store, &err);
		if (code != WG_OK || !take_all(store, ids, &deliveries, &messages)) {
			assert_true(code != WG_OK || wg_store_fault(store, &err) != WG_OK);
			assert_true(err.text[0] != '\0');
			stopped++; /* the file is not to be trusted, and that was said */
		} else {
			unsigned more = 0, again = 0;
			whole += deliveries == 8 && messages == 2;
			if (take_all(store, ids, &more, &again)) /* what waited for something that was put right */
				few += deliveries + messages + more + again < 6;
			if (wg_store_check(store, &check, &err) == WG_OK)
				found += check.findings > 0;
		}
		wg_store_closep(&store);
	}
	print_message(
		"%u flips: %u stopped the store, %u times all went on, %u times less than most, %u times the check found it\n",
		FLIPS, stopped, whole, few, found);
	assert_true(stopped < FLIPS / 2);
	assert_true(few <= FLIPS / 20); /* the epoch is one for all; it is said anew at each start of the process role */
	assert_true(found > 0);
	rig_remove(folder);
	rig_remove(aside);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(rows), cmocka_unit_test(bytes) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
