/* What the process role does when its time has come, against a real store: whom it tells that a copy is not confirmed,
 * in which order and how often; what a partner's gateway is told of the copy that it sent, and what it makes of being
 * told; what the operator hears. */
#include "gate.h"

#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "role/role.h"
#include "role/task.h"
#include "sys/file.h"

#define PATIENCE_MS 120000 /* for what comes; a machine that does much else is slow */

static struct gate gate;
static struct wg_client *deliver, *monitor;

#define SIGNED(who) "<signer certificate=\"" who "/smime.pem\"/>"
#define DESK(name, roles, who, more)                                                       \
	"<desk name=\"" name "\" roles=\"" roles "\" channel=\"mail\" address=\"" name "@" who \
	".example\" certificate=\"" who "/smime.pem\" telephone=\"01632 960" more "/>"
static const char directory_text[] =
	"<directory xmlns=\"urn:wardgate:directory:1\" version=\"test\">"
	"<organisation id=\"derbyshire\" kind=\"council\" code=\"830\"><name>Derbyshire County Council</name>"
	"<client dns=\"derbyshire.example\"/>" SIGNED("derbyshire") DESK(
		"front-door", "front-door", "derbyshire",
		"001\" alternate=\"derbyshire/second\" out-of-hours=\"derbyshire/night\"")
		DESK("second", "missing-lead", "derbyshire", "002\"") DESK("night", "emergency-duty", "derbyshire", "003\"")
			DESK("desk-of-notices", "notifications", "derbyshire",
                 "004\"") "</organisation>"
						  "<organisation id=\"staffordshire\" kind=\"council\" code=\"860\"><name>Staffordshire County "
						  "Council</name>"
						  "<client dns=\"staffordshire.example\"/>" SIGNED("staffordshire")
							  DESK("front-door", "front-door", "staffordshire", "005\"") DESK(
								  "ops", "operator", "staffordshire",
								  "006\"") "</organisation>"
										   "<organisation id=\"derbyshire-police\" kind=\"police\" code=\"E23000018\" "
										   "areas=\"830 831\"><name>Derbyshire Constabulary</name>"
										   "<client dns=\"derbyshire-police.example\"/>" SIGNED("derbyshire-police")
											   DESK("missing", "police-missing", "derbyshire-police",
                                                    "007\"") "</organisation>"
															 "<organisation id=\"staffordshire-police\" "
															 "kind=\"police\" code=\"E23000015\" areas=\"860 "
															 "861\"><name>Staffordshire Police</name>"
															 "<client dns=\"staffordshire-police.example\"/>" SIGNED(
																 "staffordshire-police")
																 DESK("missing", "police-missing",
                                                                      "staffordshire-police",
                                                                      "008\"") "</organisation></directory>";

/* Steps of seconds, for the placing authority's front door. */
static const char policy_text[] =
	"<policy xmlns=\"urn:wardgate:policy:1\" id=\"test\" extends=\"staffordshire-stoke\" version=\"1\">"
	"<deadline id=\"soon\" kind=\"missing\" to=\"front-door\" of=\"placing\"><when>not(@kind = 'found')</when>"
	"<step not=\"received\" after=\"PT1S\" tell=\"alternate\"/><step not=\"acknowledged\" after=\"PT2S\" "
	"tell=\"out-of-hours\"/>"
	"<step not=\"acknowledged\" after=\"PT3S\" tell=\"sender\"/><step not=\"acknowledged\" after=\"PT4S\" "
	"tell=\"operator\"/>"
	"<source>S-01</source></deadline></policy>";

static void copy_policy(const char *name)
{
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(WG_LIMIT_CONFIG_FILE);
	char path[PATH_MAX];
	(void)snprintf(path, sizeof path, WG_SOURCE_DIR "/policy/%s", name);
	assert_int_equal(wg_file_read(path, &bytes, &pki_err), WG_OK);
	(void)gate_write(name, wg_buf_text(&bytes));
}

static struct wg_client *connect_as(enum wg_store_role role)
{
	struct wg_client *client = NULL;
	struct wg_config config = { 0 };
	(void)snprintf(config.state, sizeof config.state, "%s/" GATE_STORE, pki_dir);
	if (wg_role_connect(&config, role, &client, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	return client;
}

static int setup(void **state)
{
	if (gate_setup(state) != 0)
		return -1;
	copy_policy("england.xml");
	copy_policy("staffordshire-stoke.xml");
	(void)gate_write("test.xml", policy_text);
	(void)gate_write("directory.xml", directory_text);
	char *config = gate_config(WG_SOURCE_DIR "/policy/staffordshire-stoke.xml", "test.xml");
	(void)gate_write("gateway.xml", config);
	free(config);
	if (gate_open(&gate) != 0)
		return -1;
	deliver = connect_as(WG_ROLE_DELIVER);
	monitor = connect_as(WG_ROLE_MONITOR);
	return 0;
}

static int teardown(void **state)
{
	wg_client_freep(&deliver);
	wg_client_freep(&monitor);
	gate_close(&gate);
	return pki_teardown(state);
}

static const char *submit_report(const char *reference)
{
	struct wg_buf bytes = WG_BUF(WG_LIMIT_MESSAGE);
	gate_report(&bytes, reference, "Derbyshire", "");
	const char *id = gate_submit(&gate, bytes.data, bytes.len, "staffordshire-police", "message/rfc822");
	wg_buf_free(&bytes);
	return id;
}

/* ---- what was told */

#define TOLD_MAX 16
struct told {
	char message[WG_ID_TEXT], kind[WG_LIMIT_NAME + 1], to[2 * WG_LIMIT_NAME + 64], state[24];
};

/* All messages of our own, in the order in which they were made; those that wait are handled. */
static unsigned told(struct told *out)
{
	struct wg_row *rows = NULL;
	unsigned count = 0, n = 0;
	if (wg_client_list(gate.store.admin, "messages", "*", "", 1000, &rows, &count, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	for (unsigned i = 0; i < count; i++) {
		if (strcmp(rows[i].way, "self") != 0)
			continue;
		if (strcmp(rows[i].state, "accepted") == 0)
			gate_handle_until_not(&gate, "accepted", rows[i].id);
		assert_true(n < TOLD_MAX);
		struct wg_row row = gate_row(&gate.store, "messages", rows[i].id, NULL);
		struct wg_row dlv = gate_row(&gate.store, "deliveries", rows[i].id, NULL);
		struct told *one = &out[n++];
		memcpy(one->message, row.id, sizeof one->message);
		memcpy(one->kind, row.kind, sizeof one->kind);
		memcpy(one->state, row.state, sizeof one->state);
		(void)snprintf(one->to, sizeof one->to, "%s/%s %s", dlv.organisation, dlv.desk, dlv.state);
		if (strcmp(row.state, "routed") != 0)
			fail_msg("%s of kind %s is %s: %s", row.id, row.kind, row.state, row.reason);
	}
	free(rows);
	for (unsigned i = 0; i + 1 < n; i++) /* ids are made in the order of time; rows may come in another */
		for (unsigned k = i + 1; k < n; k++)
			if (strcmp(out[k].message, out[i].message) < 0) {
				struct told swap = out[i];
				out[i] = out[k];
				out[k] = swap;
			}
	return n;
}

static void do_tasks(void)
{
	bool more = true;
	while (more)
		if (wg_tasks_do(&gate.process, gate.store.process, &more, &pki_err) != WG_OK)
			fail_msg("%s", pki_err.text);
}

/* Does tasks until there are that many notices of our own, or more: on a slow machine several steps are due at once. */
static unsigned at_least(unsigned wanted, struct told *out)
{
	int64_t end = wg_clock_monotonic() + PATIENCE_MS;
	unsigned n = told(out);
	while (n < wanted && wg_clock_monotonic() < end) {
		do_tasks();
		n = told(out);
		(void)usleep(50000);
	}
	assert_true(n >= wanted);
	return n;
}

static void until(unsigned wanted, struct told *out)
{
	assert_int_equal(at_least(wanted, out), wanted);
}

/* What was said, and that a copy of it can be opened by whom it is for. */
static void open_copy(const char *message, const char *who, char *out, size_t size)
{
	WG_AUTO_BUF struct wg_buf envelope = WG_BUF(WG_LIMIT_ENVELOPE), sealed = WG_BUF(WG_LIMIT_ENVELOPE),
							  notice = WG_BUF(WG_LIMIT_NOTICE);
	static char mail[1 << 20];
	struct wg_row row = gate_row(&gate.store, "deliveries", message, NULL);
	assert_int_equal(wg_client_blob(gate.store.admin, row.id, "envelope", "test", &envelope, &pki_err), WG_OK);
	pki_write("copy", envelope.data, envelope.len);
	assert_int_equal(gate_opened("copy", "SMIME", who, mail, sizeof mail), 0);
	assert_int_equal(wg_client_blob(gate.store.admin, message, "notice", "test", &sealed, &pki_err), WG_OK);
	assert_int_equal(
		wg_cms_decrypt(gate.process.storage_key, gate.process.storage_cert, sealed.data, sealed.len, &notice, &pki_err),
		WG_OK);
	(void)snprintf(out, size, "%s", wg_buf_text(&notice));
}

/* ---- the deliver role's part */

/* Takes whatever is due and hands over that which is of this message and for this desk. The reference of it. */
static const char *hand_over(const char *message, const char *organisation, const char *desk)
{
	static char reference[WG_REFERENCE_TEXT];
	int64_t end = wg_clock_monotonic() + PATIENCE_MS;
	reference[0] = '\0';
	while (reference[0] == '\0' && wg_clock_monotonic() < end) {
		struct wg_dlv_job *jobs = NULL;
		unsigned count = 0, stale = 0;
		assert_int_equal(wg_client_lease_deliveries(deliver, "", 64, 64, 200, &jobs, &count, &pki_err), WG_OK);
		for (unsigned i = 0; i < count; i++) {
			bool it = strcmp(jobs[i].message, message) == 0 && strcmp(jobs[i].organisation, organisation) == 0 &&
			          strcmp(jobs[i].desk, desk) == 0;
			struct wg_dlv_report report = { .token = jobs[i].token,
				                            .state = it ? WG_DLV_HANDED_OVER : WG_DLV_DEFERRED,
				                            .wait_ms = it ? 0 : 1000 };
			memcpy(report.id, jobs[i].id, sizeof report.id);
			assert_int_equal(wg_client_report(deliver, &report, 1, &stale, &pki_err), WG_OK);
			if (it)
				memcpy(reference, jobs[i].reference, sizeof reference);
		}
		wg_dlv_jobs_free(jobs, count);
	}
	assert_string_not_equal(reference, "");
	return reference;
}

static void receipt(const char *reference, const char *organisation, enum wg_receipt_level level, const char *person)
{
	struct wg_receipt_new r = { .level = level, .way = "https" };
	struct wg_receipt_result result;
	(void)snprintf(r.reference, sizeof r.reference, "%s", reference);
	(void)snprintf(r.organisation, sizeof r.organisation, "%s", organisation);
	(void)snprintf(r.person, sizeof r.person, "%s", person);
	if (wg_client_receipt(gate.store.intake, &r, &result, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
}

/* ---- not confirmed */

static void test_each_once_in_order(void **state)
{
	(void)state;
	static const char *const desks[] = { "derbyshire/second sealed", "derbyshire/night sealed",
		                                 "staffordshire-police/missing sealed", "staffordshire/ops sealed" };
	static const char *const who[] = { "derbyshire", "derbyshire", "staffordshire-police", "staffordshire" };
	struct told list[TOLD_MAX];
	char id[WG_ID_TEXT], text[65536];
	memcpy(id, submit_report("TASK-NOBODY"), sizeof id);
	gate_handle(&gate, false);
	gate_is_message(&gate, id, "routed", "");
	until(4, list);
	for (unsigned i = 0; i < 4; i++) {
		assert_string_equal(list[i].kind, "not-confirmed");
		assert_string_equal(list[i].to, desks[i]);
		open_copy(list[i].message, who[i], text, sizeof text);
		assert_non_null(strstr(text, id)); /* the reference begins with it */
		assert_non_null(strstr(text, "01632 960001"));
		assert_null(strstr(text, "Tess"));
		assert_null(strstr(text, "Canary"));
	}
	assert_non_null(strstr(text, "wardgate queue show"));
	for (unsigned i = 0; i < 30; i++) { /* nothing more comes, not when the role is killed and asks again either */
		do_tasks();
		(void)usleep(50000);
	}
	gate_store_lose(&gate.store, GATE_STORE);
	assert_int_equal(wg_client_epoch(gate.store.process, gate.process.epoch, &pki_err), WG_OK);
	until(4, list);
	/* each stands in the log of the message */
	WG_AUTO_BUF struct wg_buf history = WG_BUF(1 << 20);
	assert_int_equal(wg_client_history(gate.store.admin, id, 100, &history, &pki_err), WG_OK);
	assert_non_null(strstr(wg_buf_text(&history), "not received: derbyshire/second"));
	assert_non_null(strstr(wg_buf_text(&history), "not acknowledged: staffordshire/ops"));
}

/* Nobody can be told now; when the directory is mended somebody is. */
static void test_nobody_to_tell(void **state)
{
	(void)state;
	struct wg_task task = { .kind = WG_TASK_CONFIRM,
		                    .now = (int64_t)1800000000000,
		                    .since = (int64_t)1799990000000,
		                    .message = "m",
		                    .delivery = "d",
		                    .notice_kind = "missing",
		                    .organisation = "derbyshire",
		                    .desk = "second",
		                    .role = "missing-lead",
		                    .of = "placing",
		                    .confirm = "test/soon",
		                    .state = WG_DLV_HANDED_OVER,
		                    .handed_over = (int64_t)1799990000000 };
	struct wg_task_out out = { .done = { .id = 1 } };
	char *text = gate_replaced(directory_text, " roles=\"operator\"", " roles=\"night\"");
	gate_reload(&gate, text);
	free(text);
	assert_int_equal(wg_task_confirm(&gate.process, &task, &out, &pki_err), WG_OK);
	assert_true(out.done.notice_count == 0 && out.done.steps == 0);
	assert_true(out.done.next == task.now + WG_STORE_LOOK_MAX_MS); /* looked at again */
	task.since -= (int64_t)7 * 24 * 3600 * 1000;
	assert_int_equal(wg_task_confirm(&gate.process, &task, &out, &pki_err), WG_OK);
	assert_true(out.done.next == 0); /* but not for ever */
	task.since += (int64_t)7 * 24 * 3600 * 1000;
	gate_reload(&gate, directory_text);
	assert_int_equal(wg_task_confirm(&gate.process, &task, &out, &pki_err), WG_OK);
	assert_int_equal(out.done.notice_count, 1);
	for (unsigned i = 0; i < WG_STORE_TASK_NOTICES; i++)
		wg_buf_free(&out.blobs[i]);
}

static void test_an_acknowledgement_ends_it(void **state)
{
	(void)state;
	struct told list[TOLD_MAX];
	char id[WG_ID_TEXT];
	unsigned before = told(list);
	memcpy(id, submit_report("TASK-ACKNOWLEDGED"), sizeof id);
	gate_handle_until_not(&gate, "accepted", id);
	const char *reference = hand_over(id, "derbyshire", "front-door");
	receipt(reference, "derbyshire", WG_RECEIPT_ACKNOWLEDGED, "Alex Sample");
	for (unsigned i = 0; i < 60; i++) {
		do_tasks();
		(void)usleep(100000);
	}
	assert_int_equal(told(list), before);
}

/* Received in between: the step for that is passed over, the others come. */
static void test_received_in_between(void **state)
{
	(void)state;
	struct told list[TOLD_MAX];
	char id[WG_ID_TEXT], text[65536];
	unsigned before = told(list);
	memcpy(id, submit_report("TASK-RECEIVED"), sizeof id);
	gate_handle_until_not(&gate, "accepted", id);
	const char *reference = hand_over(id, "derbyshire", "front-door");
	receipt(reference, "derbyshire", WG_RECEIPT_RECEIVED, "");
	const unsigned now = at_least(before + 1, list);
	assert_string_equal(list[before].to, "derbyshire/night sealed");
	open_copy(list[before].message, "derbyshire", text, sizeof text);
	assert_non_null(strstr(text, "<level>received</level>"));
	receipt(reference, "derbyshire", WG_RECEIPT_ACKNOWLEDGED, "Alex Sample");
	for (unsigned i = 0; i < 40; i++) {
		do_tasks();
		(void)usleep(100000);
	}
	assert_int_equal(told(list), now);
}

/* ---- receipts between gateways */

static const char found_text[] =
	"<notice xmlns=\"urn:wardgate:notice:1\" id=\"01k9tess00examp1e0task%s\" kind=\"found\" version=\"1\"><header>"
	"<sender organisation=\"derbyshire\"/><copy-for organisation=\"staffordshire\" "
	"desk=\"front-door\"/></header><child>"
	"<name><full>Tess %s "
	"Task</full></name><date-of-birth>2012-08-07</date-of-birth></child><authorities><placing>830</placing>"
	"<host>860</host></authorities><found><when>now</when></found></notice>";

/* As the intake role adds what a partner's gateway posts. */
static void post(const char *text, const char *organisation, const char *key, char id[WG_ID_TEXT])
{
	WG_AUTO_BUF struct wg_buf blob = WG_BUF(WG_LIMIT_ENVELOPE);
	struct wg_msg_new msg = { .way = "https", .content_type = "application/xml" };
	struct wg_msg_receipt answer;
	(void)snprintf(msg.organisation, sizeof msg.organisation, "%s", organisation);
	(void)snprintf(msg.idempotency_key, sizeof msg.idempotency_key, "%s", key);
	wg_sha256_hex(text, strlen(text), msg.content_hash);
	assert_int_equal(wg_id_make(wg_clock_wall(), msg.id, &pki_err), WG_OK);
	assert_int_equal(wg_cms_encrypt(gate.process.storage_cert, WG_CIPHER_GCM, text, strlen(text), &blob, &pki_err),
	                 WG_OK);
	msg.blob = blob.data;
	msg.blob_len = blob.len;
	if (wg_client_add(gate.store.intake, &msg, &answer, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	memcpy(id, answer.id, WG_ID_TEXT);
	gate_handle_until_not(&gate, "accepted", id);
}

/* A partner's copy that comes further here: its gateway is told, once for each level. */
static void test_the_partner_is_told(void **state)
{
	(void)state;
	static const char key[] = "01k9tess00examp1e0task0001.staffordshire.front-door";
	struct told list[TOLD_MAX];
	char id[WG_ID_TEXT], text[65536], notice[4096], hash[WG_HASH_TEXT];
	unsigned before = told(list);
	(void)snprintf(notice, sizeof notice, found_text, "0001", "One");
	wg_sha256_hex(notice, strlen(notice), hash);
	post(notice, "derbyshire", key, id);
	const char *reference = hand_over(id, "staffordshire", "front-door");
	do_tasks();
	assert_int_equal(told(list), before); /* that it was handed on is our own business */
	receipt(reference, "staffordshire", WG_RECEIPT_ACKNOWLEDGED,
	        "Jo \xEF\xBF\xBE Specimen"); /* no XML has that letter */
	until(before + 1, list);
	assert_string_equal(list[before].kind, "receipt");
	assert_string_equal(list[before].to, "derbyshire/desk-of-notices sealed");
	open_copy(list[before].message, "derbyshire", text, sizeof text);
	assert_non_null(strstr(text, "<level>acknowledged</level>"));
	assert_non_null(strstr(text, key));
	assert_non_null(strstr(text, "<by>Jo ? Specimen</by>"));
	assert_non_null(strstr(text, "<log-head>"));
	assert_non_null(strstr(text, hash));
	receipt(reference, "staffordshire", WG_RECEIPT_ACKNOWLEDGED, "Jo \xEF\xBF\xBE Specimen"); /* the same again */
	for (unsigned i = 0; i < 20; i++) {
		do_tasks();
		(void)usleep(50000);
	}
	assert_int_equal(told(list), before + 1);
}

/* Of a recipient that the partner may not know of: that somebody has it, or will not, and whom to ask. */
static void test_the_partner_is_not_told_of_whom(void **state)
{
	(void)state;
	static const struct {
		enum wg_delivery_state level;
		const char *says;
	} cases[] = { { WG_DLV_ACKNOWLEDGED, "<by>a person whose name Staffordshire County Council keeps</by>" },
		          { WG_DLV_REFUSED, "<reason>one of several recipients; ask Staffordshire County Council</reason>" },
		          { WG_DLV_FAILED, "<reason>one of several recipients; ask Staffordshire County Council</reason>" },
		          { WG_DLV_RECEIVED, "<level>received</level>" } };
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		WG_AUTO_BUF struct wg_buf notice = WG_BUF(WG_LIMIT_NOTICE);
		struct wg_task_out out = { .done = { .id = 1 } };
		const struct wg_task task = { .kind = WG_TASK_ANSWER,
			                          .now = 1795600000000,
			                          .sender = "derbyshire",
			                          .sender_reference = "m.staffordshire.front-door",
			                          .organisation = "trust",
			                          .desk = "safeguarding",
			                          .state = cases[i].level,
			                          .acknowledged = 1795600000000,
			                          .person = "Nurse Specimen",
			                          .detail = "the safeguarding nurse is away" };
		assert_int_equal(wg_task_answer(&gate.process, &task, &out, &pki_err), WG_OK);
		assert_int_equal(out.done.notice_count, 1);
		assert_int_equal(wg_cms_decrypt(gate.process.storage_key, gate.process.storage_cert, out.blobs[0].data,
		                                out.blobs[0].len, &notice, &pki_err),
		                 WG_OK);
		wg_buf_free(&out.blobs[0]);
		assert_non_null(strstr(wg_buf_text(&notice), cases[i].says));
		assert_null(strstr(wg_buf_text(&notice), "urse"));
		assert_null(strstr(wg_buf_text(&notice), "trust"));
	}
}

static const char receipt_text[] = "<notice xmlns=\"urn:wardgate:notice:1\" id=\"%s\" kind=\"receipt\" "
								   "version=\"1\"><header><sender organisation=\"derbyshire\"/>"
								   "<to "
								   "organisation=\"staffordshire\"/>%s</header><child/><authorities/"
								   "><delivery><level>%s</level><reference>%s</reference>"
								   "<acknowledged>2026-11-22T10:00:00Z</acknowledged>%s</delivery></notice>";
#define FOR_US "<copy-for organisation=\"staffordshire\" desk=\"ops\"/>"

static void test_what_a_partner_says(void **state)
{
	(void)state;
	struct told list[TOLD_MAX];
	char id[WG_ID_TEXT], answer[WG_ID_TEXT], text[4096], reference[WG_REFERENCE_TEXT];
	unsigned before;
	memcpy(id, submit_report("TASK-PARTNER"), sizeof id);
	gate_handle_until_not(&gate, "accepted", id);
	(void)snprintf(reference, sizeof reference, "%s", hand_over(id, "derbyshire", "front-door"));
	const struct {
		const char *id, *copy, *level, *reference, *more, *giver, *state, *words;
	} cases[] = {
		{ "receipt-1", FOR_US, "received", reference, "", "derbyshire", "answer", "" },
		{ "receipt-1", FOR_US, "received", reference, "", "derbyshire", "answer", "" }, /* the same again */
		{ "receipt-2", FOR_US, "acknowledged", reference, "<by>Sam Example</by>", "staffordshire-police", "answer",
		  "" },
		{ "receipt-3", FOR_US, "acknowledged", reference, "", "derbyshire", "attention", "and not who" },
		{ "receipt-4", "", "acknowledged", reference, "<by>Sam Example</by>", "derbyshire", "attention",
		  "to somebody else" },
		{ "receipt-5", FOR_US, "acknowledged", "no reference", "<by>Sam Example</by>", "derbyshire", "attention",
		  "not of which one" },
		{ "receipt-6", FOR_US, "acknowledged", reference, "<by>Sam Example</by>", "derbyshire", "answer", "" },
		{ "receipt-7", FOR_US, "received", reference, "", "derbyshire", "answer", "" }, /* late */
	};
	static const char *const after[] = { "received", "received", "received",     "received",
		                                 "received", "received", "acknowledged", "acknowledged" };
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		char key[64];
		(void)snprintf(text, sizeof text, receipt_text, cases[i].id, cases[i].copy, cases[i].level, cases[i].reference,
		               cases[i].more);
		(void)snprintf(text + strlen(text), sizeof text - strlen(text), "<!-- %zu -->",
		               i); /* each a message of its own */
		(void)snprintf(key, sizeof key, "01k9tess00examp1e0task100%zu.staffordshire.ops", i);
		post(text, cases[i].giver, key, answer);
		struct wg_row row = gate_row(&gate.store, "messages", answer, NULL);
		if (strcmp(row.state, cases[i].state) != 0 || strstr(row.reason, cases[i].words) == NULL)
			fail_msg("case %zu: %s: %s", i, row.state, row.reason);
		gate_is_delivery(&gate, id, "derbyshire", after[i], "");
	}
	/* a receipt gets none */
	before = told(list);
	do_tasks();
	assert_int_equal(told(list), before);
}

/* Whom such a notice is for counts only when we wrote it. */
static void test_alerts_of_strangers(void **state)
{
	(void)state;
	static const char alert[] = "<notice xmlns=\"urn:wardgate:notice:1\" id=\"stranger\" kind=\"alert\" "
								"version=\"1\"><header><sender organisation=\"derbyshire\"/>"
								"<to organisation=\"derbyshire-police\" "
								"desk=\"missing\"/></header><child/><authorities/><operation><state>started</state>"
								"<what>Canary</what></operation></notice>";
	char id[WG_ID_TEXT];
	post(alert, "derbyshire", "", id);
	gate_is_message(&gate, id, "attention", "cannot be reached: addressed");
	assert_string_equal(gate_row(&gate.store, "deliveries", id, NULL).id, "");
}

/* ---- alerts */

static void test_alerts(void **state)
{
	(void)state;
	static const struct wg_alert alert = { .key = "oldest derbyshire/front-door",
		                                   .words = "The oldest copy has waited for two hours." };
	struct told list[TOLD_MAX];
	struct wg_alert *changed = NULL;
	char text[65536];
	unsigned count, before = told(list);
	assert_int_equal(wg_client_alerts(monitor, &alert, 1, &changed, &count, &pki_err), WG_OK);
	free(changed);
	until(before + 1, list);
	assert_int_equal(wg_client_alerts(monitor, &alert, 1, &changed, &count, &pki_err), WG_OK); /* it lasts */
	free(changed);
	do_tasks();
	assert_int_equal(told(list), before + 1);
	assert_string_equal(list[before].kind, "alert");
	assert_string_equal(list[before].to, "staffordshire/ops sealed");
	open_copy(list[before].message, "staffordshire", text, sizeof text);
	assert_non_null(strstr(text, "<state>started</state>"));
	assert_non_null(strstr(text, "waited for two hours"));
	assert_int_equal(wg_client_alerts(monitor, NULL, 0, &changed, &count, &pki_err), WG_OK);
	free(changed);
	until(before + 2, list);
	open_copy(list[before + 1].message, "staffordshire", text, sizeof text);
	assert_non_null(strstr(text, "<state>cleared</state>"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_once_in_order),
		cmocka_unit_test(test_an_acknowledgement_ends_it),
		cmocka_unit_test(test_received_in_between),
		cmocka_unit_test(test_the_partner_is_told),
		cmocka_unit_test(test_the_partner_is_not_told_of_whom),
		cmocka_unit_test(test_what_a_partner_says),
		cmocka_unit_test(test_alerts_of_strangers),
		cmocka_unit_test(test_alerts),
		cmocka_unit_test(test_nobody_to_tell),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
