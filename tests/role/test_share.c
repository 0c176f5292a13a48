/* What the process role does around a decision: alarms of reviews, records of consent, who was told, delays, the record
 * of what was shared. A real store, real keys; policy and directory are in share/. */
#include "share.h"

#include <time.h>

#include "base/clock.h"
#include "policy/consent.h"
#include "role/know.h"
#include "role/outcome.h"

#define HOUR ((int64_t)3600 * 1000)
#define SCHOOL "sample-academy/office"
#define HOST "staffordshire/front-door"
#define PLACING "derbyshire/front-door"
#define POLICE "derbyshire-police/missing"
#define NURSE "example-health/nurse"
#define HOME "specimen-house/office"
#define REVIEW_DESK "staffordshire/review"
#define AGREED "<consent to=\"school\" state=\"given\" answered-by=\"child\">Canaryyes</consent>"
#define REFUSED "<consent to=\"school\" state=\"refused\" answered-by=\"child\">Canaryno</consent>"

static struct gate gate;

static int setup(void **state)
{
	(void)state;
	return share_setup(&gate);
}

static int teardown(void **state)
{
	gate_close(&gate);
	return pki_teardown(state);
}

/* ---- alarms */

static void reload(const char *from, const char *to)
{
	char *text = share_directory(from, to);
	gate_reload(&gate, text);
	free(text);
}

/* Sent to nobody before its time, to our own desk, with an id and a time in it and nothing of the child. */
static void test_alarm(void **state)
{
	(void)state;
	char id[WG_ID_TEXT];
	struct wg_buf xml = WG_BUF(WG_LIMIT_NOTICE);
	const struct said said = { .number = 1,
		                       .name = "Robin Canaryalarm",
		                       .born = "2012-08-01",
		                       .school = "Sample Academy",
		                       .text = "Canarytext",
		                       .sharing = AGREED };
	int64_t before = wg_clock_wall();
	share_notice(&gate, &said, id);
	int64_t after = wg_clock_wall();
	gate_is_message(&gate, id, "routed", "");
	share_is(&gate, id, SCHOOL, "review", "share/read-first");
	struct wg_row review = share_row(&gate, id, SCHOOL, false), alarm = share_row(&gate, id, REVIEW_DESK, true);
	assert_true(review.due >= before + 4 * HOUR && review.due <= after + 4 * HOUR);
	assert_true(review.second_person);
	assert_string_equal(alarm.state, "sealed");
	assert_string_equal(alarm.role, "review-lead");
	assert_true(alarm.not_before == review.due);

	share_copy(&gate, alarm.id, "staffordshire", &xml);
	WG_AUTO_NOTICE struct wg_notice *notice = NULL;
	char value[128];
	if (wg_notice_parse(gate.process.schema, xml.data, xml.len, "alarm", &notice, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	assert_true(wg_notice_get_into(notice, "@kind", value, sizeof value));
	assert_string_equal(value, "review-overdue");
	assert_true(wg_notice_get_into(notice, "header/concerns/@id", value, sizeof value));
	assert_string_equal(value, id);
	int64_t due = 0;
	assert_true(wg_notice_get_into(notice, "answer/due/@value", value, sizeof value));
	assert_true(wg_clock_parse(value, &due));
	assert_true(due / 1000 == review.due / 1000);
	assert_true(wg_notice_categories(notice) == wg_category_find("administrative"));
	assert_null(strstr(wg_buf_text(&xml), "anary"));
	assert_null(strstr(wg_buf_text(&xml), "2012"));
	wg_buf_free(&xml);

	json_t *record = share_record(&gate, id, alarm.id);
	assert_true(json_is_true(json_object_get(record, "alarm")));
	assert_string_equal(share_text(record, "desk"), "review");
	assert_string_equal(share_text(record, "role"), "review-lead");
	assert_string_equal(share_text(record, "policy"), wg_policy_version(gate.process.policy));
	json_decref(record);

	share_act(&gate, "release", review.id, "robin");
	assert_string_equal(share_row(&gate, id, REVIEW_DESK, true).state, "sealed"); /* one of two */
	share_act(&gate, "release", review.id, "alex");
	share_is(&gate, id, SCHOOL, "sealed", "");
	assert_string_equal(share_row(&gate, id, REVIEW_DESK, true).state, "recalled");
}

/* Nobody can be told: a person is, now; nobody waits for that, and what is in review stays there. */
static void test_alarm_to_nobody(void **state)
{
	(void)state;
	static const char desk[] = "review@staffordshire.example\" certificate=\"staffordshire/smime.pem\"";
	static const struct {
		const char *to, *words;
	} table[] = {
		{ "review@staffordshire.example\" certificate=\"staffordshire/smime.pem\" suspended=\"true\"",
		  "no desk of staffordshire has the role review-lead" },
		{ "review@staffordshire.example\" certificate=\"nowhere.pem\"",
		  "nobody can be told when its review is overdue" },
		{ "review@staffordshire.example\" certificate=\"hostile/expired-smime.pem\"", "expired" },
	};
	char id[WG_ID_TEXT], name[64];
	for (unsigned i = 0; i <= WG_COUNT(table); i++) {
		bool nobody = i == WG_COUNT(table);
		(void)snprintf(name, sizeof name, "Kit Canarynobody%c", 'a' + (char)i); /* fits */
		struct said said = { .number = 10 + i,
			                 .name = name,
			                 .born = "2011-02-03",
			                 .nhs = i == 0   ? "9990000204"
			                        : i == 1 ? "9990000212"
			                        : i == 2 ? "9990000220"
			                                 : "9990000239",
			                 .school = nobody ? NULL : "Sample Academy",
			                 .child = nobody ? "<placement><provider>Specimen House</provider></placement>" : NULL };
		if (!nobody)
			reload(desk, table[i].to);
		share_notice(&gate, &said, id);
		gate_is_message(&gate, id, "attention", nobody ? "no desk of staffordshire has the role duty" : table[i].words);
		share_is(&gate, id, nobody ? HOME : SCHOOL, "review", "");
		share_is(&gate, id, HOST, "sealed", "");
		share_is(&gate, id, PLACING, "sealed", "");
		assert_string_equal(share_row(&gate, id, REVIEW_DESK, true).id, "");
		if (nobody)
			break;
		reload("test", "test"); /* mended: all of it comes back, and now somebody is told */
		gate_handle_until_not(&gate, "attention", id);
		gate_handle_until_not(&gate, "normalised", id);
		gate_is_message(&gate, id, "routed", "");
		assert_string_equal(share_row(&gate, id, REVIEW_DESK, true).state, "sealed");
	}
}

/* Decided again, a review is due when it was due at first, and so is its alarm. */
static void test_due_stays(void **state)
{
	(void)state;
	char id[WG_ID_TEXT];
	struct wg_buf xml = WG_BUF(WG_LIMIT_NOTICE);
	const struct said said = {
		.number = 20, .name = "Sky Canarydue", .born = "2012-01-20", .school = "Sample Academy"
	};
	share_notice(&gate, &said, id);
	struct wg_row first = share_row(&gate, id, SCHOOL, false), alarm = share_row(&gate, id, REVIEW_DESK, true);
	assert_true(first.due > 0);
	for (unsigned i = 0; i < 2; i++) {
		char to[32];
		const struct timespec pause = { .tv_nsec = 5000000 }; /* so that now is another instant */
		(void)nanosleep(&pause, NULL);
		(void)snprintf(to, sizeof to, "version=\"again-%u\"", i); /* fits */
		reload("version=\"test\"", to);
		gate_handle_until_not(&gate, "routed", id);
		gate_handle_until_not(&gate, "normalised", id);
		struct wg_row review = share_row(&gate, id, SCHOOL, false), told = share_row(&gate, id, REVIEW_DESK, true);
		assert_string_not_equal(review.id, first.id);
		assert_string_not_equal(told.id, alarm.id);
		assert_true(review.due == first.due);
		assert_true(told.not_before == first.due);
		char when[WG_CLOCK_TEXT];
		xml = WG_BUF(WG_LIMIT_NOTICE);
		share_copy(&gate, told.id, "staffordshire", &xml);
		assert_non_null(strstr(wg_buf_text(&xml), wg_clock_format(first.due, when)));
		wg_buf_free(&xml);
	}
	/* released, and taken back by a change before it was sent: a new question, with a time of its own and an alarm */
	struct wg_row review = share_row(&gate, id, SCHOOL, false);
	share_act(&gate, "release", review.id, "robin");
	share_act(&gate, "release", review.id, "alex");
	reload("version=\"test\"", "version=\"once-more\"");
	gate_handle_until_not(&gate, "routed", id);
	gate_handle_until_not(&gate, "normalised", id);
	review = share_row(&gate, id, SCHOOL, false);
	assert_string_equal(review.state, "review");
	assert_true(review.due > first.due);
	assert_string_equal(share_row(&gate, id, REVIEW_DESK, true).state, "sealed");
	assert_true(share_row(&gate, id, REVIEW_DESK, true).not_before == review.due);
}

/* ---- consent */

static void test_consent_counts_later(void **state)
{
	(void)state;
	char first[WG_ID_TEXT], later[WG_ID_TEXT], other[WG_ID_TEXT];
	struct said kit = {
		.number = 30, .name = "Kit Canaryagreed", .born = "2012-03-01", .school = "Sample Academy", .sharing = AGREED
	};
	share_notice(&gate, &kit, first);
	json_t *record = share_record(&gate, first, share_row(&gate, first, SCHOOL, false).id);
	assert_true(share_lists(record, "granted", "circumstances"));
	json_decref(record);
	kit.number = 30;
	kit.id = "share-later-30";
	kit.text = "Left once more";
	kit.sharing = NULL;
	share_notice(&gate, &kit, later); /* says nothing of sharing */
	record = share_record(&gate, later, share_row(&gate, later, SCHOOL, false).id);
	assert_true(share_lists(record, "granted", "circumstances"));
	json_decref(record);
	const struct said lee = {
		.number = 31, .name = "Lee Canaryother", .born = "2012-03-02", .school = "Sample Academy"
	};
	share_notice(&gate, &lee, other); /* what another child said does not count */
	record = share_record(&gate, other, share_row(&gate, other, SCHOOL, false).id);
	assert_false(share_lists(record, "granted", "circumstances"));
	assert_true(share_lists(record, "withheld", "circumstances"));
	json_decref(record);
	/* a later refusal, and what waits is decided again */
	kit.id = "share-refused-30";
	kit.text = "Asked again";
	kit.sharing = REFUSED;
	share_notice(&gate, &kit, other);
	gate_handle_until_not(&gate, "normalised", later);
	record = share_record(&gate, later, share_row(&gate, later, SCHOOL, false).id);
	assert_false(share_lists(record, "granted", "circumstances"));
	json_decref(record);
}

static void put_record(const char *message, const char *text, const struct wg_cert *cert)
{
	struct wg_buf sealed = WG_BUF(WG_STORE_RECORD_MAX);
	struct wg_record_new record = { 0 };
	uint64_t child = 0;
	unsigned pulled = 0;
	if (wg_id_make(wg_clock_wall(), record.id, &pki_err) != WG_OK ||
	    wg_cms_encrypt(cert, WG_CIPHER_GCM, text, strlen(text), &sealed, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	record.blob = sealed.data;
	record.blob_len = sealed.len;
	if (wg_client_child(gate.store.admin, message, NULL, 0, &child, &pki_err) != WG_OK ||
	    wg_client_record(gate.store.admin, child, &record, "robin", "test", &pulled, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	assert_int_equal(pulled, 1);
	wg_buf_free(&sealed);
}

/* What cannot be read could be a refusal: nobody is sent anything, and what waited is taken back. */
static void test_consent_unreadable(void **state)
{
	(void)state;
	struct wg_cert *foreign = NULL;
	pki_pair("derbyshire/storage", NULL, &foreign);
	for (unsigned i = 0; i < 2; i++) {
		char first[WG_ID_TEXT], later[WG_ID_TEXT], other[WG_ID_TEXT], name[64], other_name[64];
		(void)snprintf(name, sizeof name, "Jo Canarysealed%c", 'a' + (char)i);            /* fits */
		(void)snprintf(other_name, sizeof other_name, "Vi Canaryapart%c", 'a' + (char)i); /* fits */
		struct said jo = { .number = 40 + i, .name = name, .born = i == 0 ? "2012-04-01" : "2012-04-02" };
		const struct said vi = { .number = 50 + i, .name = other_name, .born = i == 0 ? "2012-04-03" : "2012-04-04" };
		share_notice(&gate, &jo, first);
		gate_is_message(&gate, first, "routed", "");
		if (i == 0)
			put_record(first, "<consent/>", foreign);
		else
			put_record(first, "<consent>Canaryrecord", gate.process.storage_cert);
		gate_handle_until_not(&gate, "normalised", first);
		gate_is_message(&gate, first, "attention", "an answer about sharing");
		assert_int_equal(share_count(&gate, first, "sealed"), 0);
		jo.id = i == 0 ? "share-sealed-a" : "share-sealed-b";
		jo.text = "Once more";
		share_notice(&gate, &jo, later);
		gate_is_message(&gate, later, "attention", "cannot be read");
		assert_string_equal(gate_row(&gate.store, "deliveries", later, NULL).id, "");
		share_notice(&gate, &vi, other); /* another child's is nobody's trouble */
		gate_is_message(&gate, other, "routed", "");
	}
	wg_cert_freep(&foreign);
}

/* An answer that we cannot understand waits for a person; the police did nothing wrong by asking. */
static void test_consent_unknown_category(void **state)
{
	(void)state;
	char id[WG_ID_TEXT];
	const struct said said = {
		.number = 45,
		.name = "Bo Canaryunknown",
		.born = "2012-04-05",
		.sharing = "<consent to=\"school\" state=\"refused\" categories=\"canaryhobbies\">No</consent>"
	};
	share_notice(&gate, &said, id);
	gate_is_message(&gate, id, "attention", "sharing/consent[1]/@categories");
	assert_string_equal(gate_row(&gate.store, "deliveries", id, NULL).id, "");
}

/* ---- facts */

static void test_live(void **state)
{
	(void)state;
	char id[WG_ID_TEXT];
	struct said sam = { .number = 60, .kind = "profile", .name = "Sam Canarylive", .born = "2012-06-01" };
	share_notice(&gate, &sam, id);
	share_is(&gate, id, NURSE, "review", "share/is-not-live");
	sam.kind = "missing";
	share_notice(&gate, &sam, id);
	sam.kind = "profile";
	sam.id = "share-profile-60-b";
	sam.text = "Trusts people fast";
	share_notice(&gate, &sam, id);
	share_is(&gate, id, NURSE, "review", "share/is-live");
	sam.kind = "found";
	sam.id = NULL;
	share_notice(&gate, &sam, id);
	sam.kind = "profile";
	sam.id = "share-profile-60-c";
	sam.text = "Likes the canal";
	share_notice(&gate, &sam, id);
	share_is(&gate, id, NURSE, "review", "share/is-not-live");
}

/* In doubt about the child nothing is sent, so only the decision itself can be looked at. */
static void test_live_in_doubt(void **state)
{
	(void)state;
	static const char profile[] =
		"<notice xmlns=\"urn:wardgate:notice:1\" id=\"share-doubt\" kind=\"profile\" version=\"1\"><header><sender "
		"organisation=\"staffordshire-police\"/><received>2026-11-21T20:00:00Z</received></"
		"header><child><name><full>Sam "
		"Canarydoubt</full></name></child><authorities><placing>830</placing><host>860</host></authorities>"
		"<profile><vulnerability>Trusts</vulnerability></profile></notice>";
	struct wg_msg_job job = { .organisation = "staffordshire-police" };
	struct wg_notice *notice = NULL;
	assert_int_equal(wg_id_make(wg_clock_wall(), job.id, &pki_err), WG_OK);
	if (wg_notice_parse(gate.process.schema, profile, sizeof profile - 1, "profile", &notice, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	static const struct {
		bool known, doubt, live;
		const char *rule;
	} table[] = {
		{ true, true, false, "who-knows" },    { true, true, true, "who-knows" },    { true, false, true, "is-live" },
		{ true, false, false, "is-not-live" }, { false, false, false, "who-knows" },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		struct wg_known known = { .context = { .doubt = table[i].doubt, .live = table[i].live } };
		struct wg_outcome *o = wg_outcome_new(&gate.process, &job);
		assert_non_null(o);
		if (wg_handle_decide(&gate.process, &job, notice, table[i].known ? &known : NULL, o, &pki_err) != WG_OK)
			fail_msg("%s", pki_err.text);
		bool found = false;
		for (unsigned k = 0; k < o->done.delivery_count; k++)
			if (strcmp(o->deliveries[k].role, "nurse") == 0) {
				found = true;
				assert_non_null(strstr(o->deliveries[k].reason, table[i].rule));
			}
		assert_true(found);
		wg_outcome_freep(&o);
	}
	wg_notice_freep(&notice);
}

/* Who got the report gets what follows it, and nobody else: not those who wait for a person still. */
static void test_told(void **state)
{
	(void)state;
	char first[WG_ID_TEXT], found[WG_ID_TEXT], correction[WG_ID_TEXT], other[WG_ID_TEXT];
	char head[256];
	struct said kim = { .number = 70, .name = "Kim Canarytold", .born = "2012-07-01", .school = "Sample Academy" };
	share_notice(&gate, &kim, first);
	kim.kind = "found";
	kim.school = NULL;
	share_notice(&gate, &kim, found);
	gate_is_message(&gate, found, "routed", "");
	static const char *const told[] = { HOST, PLACING, POLICE };
	for (size_t i = 0; i < WG_COUNT(told); i++)
		share_is(&gate, found, told[i], "sealed", "");
	assert_int_equal(share_count(&gate, found, "sealed"), WG_COUNT(told));
	assert_string_equal(share_row(&gate, found, SCHOOL, false).id, "");

	/* a correction goes to those who got what it names, whatever else of the child they got */
	struct said lou = { .number = 71, .kind = "profile", .name = "Kim Canarytold", .born = "2012-07-01" };
	share_notice(&gate, &lou, other);
	(void)snprintf(head, sizeof head, "<concerns id=\"%s\" relation=\"corrects\"/>", other); /* fits */
	kim.kind = "correction";
	kim.head = head;
	share_notice(&gate, &kim, correction);
	gate_is_message(&gate, correction, "routed", "");
	share_is(&gate, correction, HOST, "sealed", "");
	share_is(&gate, correction, PLACING, "sealed", "");
	assert_int_equal(share_count(&gate, correction, "sealed"), 2);
	json_t *record = share_record(&gate, correction, share_row(&gate, correction, PLACING, false).id);
	assert_string_equal(share_text(record, "of"), "placing"); /* under the side under which it was told */
	json_decref(record);
}

/* A correction of what nobody here knows, and one that names more than can be followed, call a person. */
static void test_concerns(void **state)
{
	(void)state;
	char id[WG_ID_TEXT], first[WG_ID_TEXT], head[2048] = "";
	struct said ash = { .number = 75, .name = "Ash Canaryconcern", .born = "2012-07-05" };
	share_notice(&gate, &ash, first);
	ash.kind = "recall";
	ash.head = "<concerns id=\"nothing-like-it\" relation=\"recalls\"/>";
	share_notice(&gate, &ash, id);
	gate_is_message(&gate, id, "attention", "it names a notice that is not known here: header/concerns");
	assert_string_equal(gate_row(&gate.store, "deliveries", id, NULL).id, "");

	for (unsigned i = 0; i < WG_OUTCOME_CONCERNS + 1; i++) {
		size_t used = strlen(head);
		(void)snprintf(head + used, sizeof head - used, "<concerns id=\"%s\" relation=\"corrects\"/>",
		               first); /* fits */
	}
	ash.kind = "correction";
	ash.head = head;
	share_notice(&gate, &ash, id);
	gate_is_message(&gate, id, "attention", "names more than 9 notices");
	share_is(&gate, id, HOST, "sealed", ""); /* those of the first nine are told meanwhile */

	/* of another kind it is no address: a found report that names what is unknown goes on */
	ash.kind = "found";
	ash.head = "<concerns id=\"nothing-like-it\" relation=\"answers\"/>";
	share_notice(&gate, &ash, id);
	gate_is_message(&gate, id, "routed", "");
}

/* ---- the record, and what a decision asks for */

static void test_hash_of_copy(void **state)
{
	(void)state;
	char id[WG_ID_TEXT], hash[WG_HASH_TEXT], last[WG_HASH_TEXT] = "";
	const struct said said = { .number = 80, .name = "Eli Canaryhash", .born = "2012-08-08", .risk = "MEDIUM" };
	static const struct {
		const char *recipient, *who;
	} table[] = { { HOST, "staffordshire" }, { PLACING, "derbyshire" }, { POLICE, "derbyshire-police" } };
	share_notice(&gate, &said, id);
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		struct wg_buf xml = WG_BUF(WG_LIMIT_NOTICE);
		struct wg_row row = share_row(&gate, id, table[i].recipient, false);
		share_copy(&gate, row.id, table[i].who, &xml);
		wg_sha256_hex(xml.data, xml.len, hash);
		json_t *record = share_record(&gate, id, row.id);
		assert_string_equal(share_text(record, "copy_sha256"), hash);
		assert_string_not_equal(hash, last);
		memcpy(last, hash, sizeof last);
		json_decref(record);
		wg_buf_free(&xml);
	}
}

static void test_delay(void **state)
{
	(void)state;
	char id[WG_ID_TEXT];
	const struct said said = { .number = 81, .name = "Max Canarydelay", .born = "2012-08-11" };
	int64_t before = wg_clock_wall();
	share_notice(&gate, &said, id);
	int64_t after = wg_clock_wall();
	struct wg_row police = share_row(&gate, id, POLICE, false), host = share_row(&gate, id, HOST, false);
	assert_true(police.not_before >= before + 2 * HOUR && police.not_before <= after + 2 * HOUR);
	assert_true(host.not_before == 0);
	json_t *record = share_record(&gate, id, police.id);
	assert_int_equal(json_integer_value(json_object_get(record, "delay")), 120);
	json_decref(record);
}

/* The time in which a delivery may be tried begins when it may be sent. */
static void test_deadline(void **state)
{
	(void)state;
	static const char missing[] =
		"<notice xmlns=\"urn:wardgate:notice:1\" id=\"share-deadline\" kind=\"missing\" version=\"1\"><header><sender "
		"organisation=\"staffordshire-police\"/><received>2026-11-21T20:00:00Z</received></"
		"header><child><name><full>Sam "
		"Canarydeadline</full></name><school>Sample Academy</school></child><authorities><placing>830</placing>"
		"<host>860</host></authorities><missing/></notice>";
	struct wg_msg_job job = { .organisation = "staffordshire-police" };
	struct wg_notice *notice = NULL;
	struct wg_outcome *o = wg_outcome_new(&gate.process, &job);
	assert_non_null(o);
	assert_int_equal(wg_id_make(wg_clock_wall(), job.id, &pki_err), WG_OK);
	if (wg_notice_parse(gate.process.schema, missing, sizeof missing - 1, "missing", &notice, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	int64_t before = wg_clock_now(), give_up = (int64_t)gate.config->give_up_s * 1000;
	if (wg_handle_decide(&gate.process, &job, notice, NULL, o, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	int64_t after = wg_clock_now();
	unsigned delayed = 0, alarms = 0;
	for (unsigned i = 0; i < o->done.delivery_count; i++) {
		const struct wg_dlv_new *d = &o->deliveries[i];
		delayed += d->not_before > 0;
		alarms += d->alarm_of != 0;
		if (d->not_before > 0)
			assert_true(d->deadline == d->not_before + give_up);
		else
			assert_true(d->deadline >= before + give_up && d->deadline <= after + give_up);
		if (d->alarm_of != 0)
			assert_true(o->deliveries[d->alarm_of - 1].due == d->not_before);
	}
	assert_int_equal(delayed, 2); /* the police's, and the alarm */
	assert_int_equal(alarms, 1);
	wg_notice_freep(&notice);
	wg_outcome_freep(&o);
}

/* Listed to be looked at only where something went that nobody agreed to. */
static void test_overrides(void **state)
{
	(void)state;
	static const struct {
		const char *name, *born, *risk, *sharing, *answer, *state;
		bool overrides, second_person;
	} table[] = {
		{ "Ida Canaryover", "2012-09-01", "MEDIUM", NULL, "true", "sealed", true, false },
		{ "Ivy Canaryagree", "2012-09-02", "MEDIUM", "<consent to=\"police-missing\" state=\"given\"/>", "true",
		  "sealed", false, false },
		{ "Una Canaryplain", "2012-09-03", NULL, NULL, "true", "sealed", false, false },
		{ "Oda Canarydenied", "2012-09-04", "MEDIUM", NULL, "false", "withheld", false, false },
	};
	for (unsigned i = 0; i < WG_COUNT(table); i++) {
		char id[WG_ID_TEXT];
		const struct said said = { .number = 90 + i,
			                       .name = table[i].name,
			                       .born = table[i].born,
			                       .risk = table[i].risk,
			                       .sharing = table[i].sharing,
			                       .answer = table[i].answer };
		share_notice(&gate, &said, id);
		struct wg_row row = share_row(&gate, id, POLICE, false);
		if (strcmp(row.state, table[i].state) != 0 || row.overrides != table[i].overrides ||
		    row.second_person != table[i].second_person)
			fail_msg("%u: %s, overrides %d, second person %d", i, row.state, row.overrides, row.second_person);
		json_t *record = share_record(&gate, id, row.id);
		if (strcmp(row.state, "withheld") != 0)
			assert_true(share_lists(record, "overridden", "risk") == table[i].overrides);
		json_decref(record);
		assert_false(share_row(&gate, id, HOST, false).overrides);
	}
}

/* It is on no way out; the child is looked for meanwhile. */
static void test_password(void **state)
{
	(void)state;
	struct wg_buf bytes = WG_BUF(WG_LIMIT_MESSAGE), xml = WG_BUF(WG_LIMIT_NOTICE);
	char id[WG_ID_TEXT];
	gate_report(&bytes, "SHARE-SECRET", "Derbyshire", "Social media: invented-robin\nPassword: Canarysecret9\n");
	memcpy(id, gate_submit(&gate, bytes.data, bytes.len, "staffordshire-police", "message/rfc822"), sizeof id);
	wg_buf_free(&bytes);
	gate_handle_until_not(&gate, "accepted", id);
	gate_is_message(&gate, id, "attention", "it came with a password");
	share_is(&gate, id, HOST, "sealed", "");
	share_is(&gate, id, PLACING, "sealed", "");
	share_copy(&gate, share_row(&gate, id, PLACING, false).id, "derbyshire", &xml);
	assert_null(strstr(wg_buf_text(&xml), "Canarysecret"));
	wg_buf_free(&xml);
}

static void test_log(void **state)
{
	(void)state;
	struct wg_buf log = WG_BUF(WG_LIMIT_MESSAGE);
	static const char *const never[] = { "anary", "2012-", "Sample Academy", "99900" };
	gate_never_logged(never, WG_COUNT(never), &log);
	wg_buf_free(&log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_due_stays), /* early: a reload brings back all that waits */
		cmocka_unit_test(test_alarm_to_nobody),
		cmocka_unit_test(test_alarm),
		cmocka_unit_test(test_consent_counts_later),
		cmocka_unit_test(test_consent_unreadable),
		cmocka_unit_test(test_consent_unknown_category),
		cmocka_unit_test(test_live),
		cmocka_unit_test(test_live_in_doubt),
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_concerns),
		cmocka_unit_test(test_hash_of_copy),
		cmocka_unit_test(test_delay),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_overrides),
		cmocka_unit_test(test_password),
		cmocka_unit_test(test_log),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
