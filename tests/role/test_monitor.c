/* What the monitor says: metrics that Prometheus's own checker takes, and alerts under keys that stay the same. */
#include "../crypto/pki.h"

#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "role/monitor.h"

static const char calm[] =
	"{\"states\":{\"messages\":{\"routed\":7},\"deliveries\":{\"acknowledged\":5,\"sealed\":2}},"
	"\"recipients\":[{\"organisation\":\"derby\",\"desk\":\"front-door\",\"open\":2,\"oldest_s\":60,\"unconfirmed\":1,"
	"\"oldest_unconfirmed_s\":30}],"
	"\"outcomes\":[{\"channel\":\"mail\",\"state\":\"handed-over\",\"count\":5},{\"channel\":\"https\",\"state\":"
	"\"failed\",\"count\":1}],"
	"\"receipts\":{\"acknowledged\":4,\"received\":8},\"attention\":0,\"reviews\":1,\"reviews_overdue\":0,"
	"\"tasks_overdue\":0,\"accepting\":true,\"clock\":\"ok\",\"alerts\":[]}";

static json_t *load(const char *text)
{
	json_error_t error;
	json_t *got = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (got == NULL)
		fail_msg("%s at %d: %s", error.text, error.position, text);
	return got;
}

struct scene {
	json_t *metrics, *silence, *watched;
	struct wg_monitor_view view;
	struct wg_alert alerts[16];
	unsigned count;
};

static void look(struct scene *s, const char *metrics, const char *silence, const char *watched)
{
	*s = (struct scene){ .metrics = load(metrics), .silence = load(silence), .watched = load(watched) };
	s->view = (struct wg_monitor_view){
		.metrics = s->metrics, .silence = s->silence, .watched = s->watched, .oldest_s = 1800, .fault_s = 30
	};
	s->count = wg_monitor_alerts(&s->view, s->alerts, WG_COUNT(s->alerts));
}

static void leave(struct scene *s)
{
	json_decref(s->metrics);
	json_decref(s->silence);
	json_decref(s->watched);
}

static void has(const struct scene *s, const char *key, const char *words)
{
	for (unsigned i = 0; i < s->count; i++)
		if (strcmp(s->alerts[i].key, key) == 0) {
			if (strstr(s->alerts[i].words, words) == NULL)
				fail_msg("%s: %s", key, s->alerts[i].words);
			return;
		}
	fail_msg("no alert \"%s\"", key);
}

static void test_calm(void **state)
{
	(void)state;
	struct scene s;
	look(&s, calm, "[]", "[{\"name\":\"smime\",\"use\":\"signs\",\"days\":200,\"words\":\"\",\"stale\":false}]");
	assert_int_equal(s.count, 0);
	leave(&s);
}

static void test_alerts(void **state)
{
	(void)state;
	struct scene s;
	look(&s,
	     "{\"recipients\":[{\"organisation\":\"derby\",\"desk\":\"front-door\",\"open\":2,\"oldest_s\":1801},"
	     "{\"organisation\":\"derby\",\"desk\":\"night\",\"open\":1,\"oldest_s\":1800}],"
	     "\"attention\":3,\"attention_oldest_s\":9000,\"reviews_overdue\":2,\"tasks_overdue\":4,\"accepting\":false,"
	     "\"why\":\"disk: 5 MB left\",\"clock\":\"the clock was set back by 1 day\"}",
	     "[{\"organisation\":\"stoke\",\"desk\":\"\",\"direction\":\"from\",\"gap_s\":260000,\"usual_s\":7200,"
	     "\"silent\":true},"
	     "{\"organisation\":\"derby\",\"desk\":\"night\",\"direction\":\"to\",\"gap_s\":9000,\"usual_s\":3000,"
	     "\"silent\":true},"
	     "{\"organisation\":\"leicester\",\"desk\":\"\",\"direction\":\"from\",\"gap_s\":9,\"usual_s\":7200,\"silent\":"
	     "false}]",
	     "[{\"name\":\"derby/front-door smime\",\"use\":\"encrypt\",\"days\":13,\"words\":\"\",\"stale\":false},"
	     "{\"name\":\"old\",\"use\":\"x\",\"days\":61,\"words\":\"the list of revoked ones is 3 days "
	     "old\",\"stale\":true},"
	     "{\"name\":\"list\",\"use\":\"x\",\"days\":null,\"words\":\"revoked\",\"stale\":false}]");
	has(&s, "undelivered derby/front-door", "2 copies for derby/front-door are not handed over, the oldest for 30 min");
	has(&s, "not-accepting", "disk: 5 MB left");
	has(&s, "clock", "set back by 1 day");
	has(&s, "attention", "3 messages wait");
	has(&s, "reviews-overdue", "2 copies");
	has(&s, "tasks-overdue", "4 unconfirmed");
	has(&s, "silence-from stoke", "nothing came from stoke for 3 days; usual is at most 2 h 0 min");
	has(&s, "silence-to derby/night", "nothing was confirmed by derby/night for 2 h 30 min; usual is at most 50 min");
	has(&s, "certificate-14 derby/front-door smime", "ends in 13 days");
	has(&s, "revocation old", "3 days old");
	has(&s, "certificate list", "revoked");
	assert_int_equal(s.count, 11);
	/* too many for the room: the first ones are there, and nothing is written behind it */
	struct wg_alert few[3] = { { .key = "" }, { .key = "" }, { .key = "untouched" } };
	assert_int_equal(wg_monitor_alerts(&s.view, few, 2), 2);
	assert_string_equal(few[2].key, "untouched");
	leave(&s);
}

/* Who was met while others were asked is asked next: no reason to wake anybody, unless nobody answered before. */
static void test_unheard(void **state)
{
	(void)state;
	static const char met[] = "[{\"name\":\"server\",\"use\":\"x\",\"words\":\"nobody knows\",\"stale\":true,"
							  "\"unheard\":true}]",
					  over[] = "[{\"name\":\"server\",\"use\":\"x\",\"words\":\"ran out\",\"stale\":true,"
							   "\"unheard\":false}]";
	static const struct {
		const char *metrics, *watched;
		bool asking;
		unsigned count;
	} rows[] = {
		{ "{\"accepting\":true,\"alerts\":[]}", met, true, 0 },
		{ "{\"accepting\":true,\"alerts\":[]}", met, false, 1 },
		{ "{\"accepting\":true,\"alerts\":[]}", over, true, 1 },
		{ "{\"accepting\":true,\"alerts\":[{\"key\":\"revocation server\"}]}", met, true, 1 },
	};
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		struct scene s;
		look(&s, rows[i].metrics, "[]", rows[i].watched);
		s.view.asking = rows[i].asking;
		assert_int_equal(wg_monitor_alerts(&s.view, s.alerts, WG_COUNT(s.alerts)), rows[i].count);
		leave(&s);
	}
}

/* The store refuses two of the same key, and then nobody is told of anything. */
static void test_each_key_once(void **state)
{
	(void)state;
	struct scene s;
	char long_name[200], watched[1024];
	memset(long_name, 'x', sizeof long_name);
	long_name[180] = '\0';
	(void)snprintf(watched, sizeof watched,
	               "[{\"name\":\"anchor 0a1b2c3d\",\"days\":13,\"words\":\"\"},"
	               "{\"name\":\"anchor 0a1b2c3d\",\"days\":13,\"words\":\"\"},"
	               "{\"name\":\"list \",\"words\":\"ran out\"},{\"name\":\"list \",\"words\":\"ran out\"},"
	               "{\"name\":\"%s 11111111\",\"days\":6},{\"name\":\"%s 22222222\",\"days\":6},"
	               "{\"name\":\"list a\\u0007b\",\"words\":\"no file\"}]",
	               long_name, long_name);
	look(&s, calm, "[]", watched);
	for (unsigned i = 0; i < s.count; i++) {
		char clean[sizeof s.alerts[i].key];
		assert_string_equal(wg_defang(s.alerts[i].key, clean, sizeof clean), s.alerts[i].key);
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(s.alerts[i].key, s.alerts[k].key);
	}
	has(&s, "certificate-14 anchor 0a1b2c3d", "13 days");
	has(&s, "certificate list ", "ran out");
	has(&s, "certificate list a?b", "no file");
	assert_int_equal(s.count, 5); /* both of the long names */
	leave(&s);
}

/* One that goes on is not called over because there are too many others. */
static void test_those_that_go_on_come_first(void **state)
{
	(void)state;
	struct scene s;
	struct wg_alert one[1];
	look(&s,
	     "{\"recipients\":[{\"organisation\":\"a\",\"desk\":\"y\",\"open\":1,\"oldest_s\":2000},"
	     "{\"organisation\":\"b\",\"desk\":\"y\",\"open\":1,\"oldest_s\":2000}],\"accepting\":true,"
	     "\"alerts\":[{\"key\":\"undelivered b/y\"}]}",
	     "[]", "[]");
	assert_int_equal(s.count, 2);
	assert_int_equal(wg_monitor_alerts(&s.view, one, 1), 1);
	assert_string_equal(one[0].key, "undelivered b/y");
	leave(&s);
}

/* One alert for a recipient, whatever is wrong there; and one for each mailbox. */
static void test_faults(void **state)
{
	(void)state;
	struct scene s;
	look(&s,
	     "{\"recipients\":[{\"organisation\":\"a\",\"desk\":\"a\",\"open\":2,\"fault_s\":30,\"why\":\"451 later\"},"
	     "{\"organisation\":\"b\",\"desk\":\"b\",\"open\":2,\"fault_s\":29,\"stalled_s\":29,\"why\":\"451\"},"
	     "{\"organisation\":\"c\",\"desk\":\"c\",\"open\":0,\"failed\":true,\"why\":\"550 no such desk\"},"
	     "{\"organisation\":\"d\",\"desk\":\"d\",\"open\":1,\"stalled_s\":61},"
	     "{\"organisation\":\"e\",\"desk\":\"e\",\"open\":7,\"failed\":true,\"fault_s\":90,\"stalled_s\":90,"
	     "\"oldest_s\":9000,\"why\":\"no\"}],\"troubles\":[{\"name\":\"x at y\",\"words\":\"expired\",\"since_s\":30},"
	     "{\"name\":\"z at y\",\"words\":\"blip\",\"since_s\":29}],\"accepting\":true}",
	     "[]", "[]");
	has(&s, "undelivered a/a", "2 copies for a/a are not handed over, tried in vain for 30 s: 451 later");
	has(&s, "undelivered c/c", "a copy for c/c was given up, and 0 are not handed over: 550 no such desk");
	has(&s, "undelivered d/d", "the other side has not answered for 1 min");
	has(&s, "undelivered e/e", "given up");
	has(&s, "mailbox x at y", "no mail is taken from it for 30 s: expired");
	assert_int_equal(s.count, 5);
	leave(&s);
}

/* The same fault has the same key whatever its numbers are. */
static void test_keys(void **state)
{
	(void)state;
	struct scene a, b;
	look(&a,
	     "{\"recipients\":[{\"organisation\":\"x\",\"desk\":\"y\",\"open\":1,\"oldest_s\":2000}],\"accepting\":true}",
	     "[]", "[]");
	look(&b,
	     "{\"recipients\":[{\"organisation\":\"x\",\"desk\":\"y\",\"open\":9,\"oldest_s\":90000}],\"accepting\":true}",
	     "[]", "[]");
	assert_int_equal(a.count, 1);
	assert_int_equal(b.count, 1);
	assert_string_equal(a.alerts[0].key, b.alerts[0].key);
	leave(&a);
	leave(&b);
}

/* One alert, at the step that is reached. */
static void test_ageing(void **state)
{
	(void)state;
	static const struct {
		const char *known;
		int days;
		const char *key, *words; /* NULL: none */
	} rows[] = {
		{ "", 61, NULL, "" },
		{ "", 60, "certificate-60 x", "ends in 60 days" },
		{ "{\"key\":\"certificate-60 x\"}", 30, "certificate-30 x", "ends in 30 days" },
		{ "{\"key\":\"certificate-60 x\"}", 29, "certificate-30 x", "ends in 29 days" },
		{ "{\"key\":\"certificate-60 x\"}", 1, "certificate-1 x", "ends in 1 day:" },
		{ "{\"key\":\"certificate-60 x\"}", 0, "certificate-1 x", "ends in 0 days:" },
		{ "{\"key\":\"certificate-1 x\"}", -1, "certificate-0 x", "expired 1 day ago" },
		{ "", -2152, "certificate-0 x", "expired 2152 days ago" },
		{ "{\"key\":\"certificate-60 x\"}", 365, NULL, "" }, /* renewed */
	};
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		struct scene s;
		char metrics[200], watched[100];
		(void)snprintf(metrics, sizeof metrics, "{\"accepting\":true,\"alerts\":[%s]}", rows[i].known);
		(void)snprintf(watched, sizeof watched, "[{\"name\":\"x\",\"use\":\"u\",\"days\":%d,\"warn\":true}]",
		               rows[i].days);
		look(&s, metrics, "[]", watched);
		if (s.count != (rows[i].key != NULL))
			fail_msg("row %zu: %u alerts", i, s.count);
		if (rows[i].key != NULL)
			has(&s, rows[i].key, rows[i].words);
		leave(&s);
	}
}

static void test_text(void **state)
{
	(void)state;
	struct scene s;
	struct wg_buf text = WG_BUF(65536);
	char metrics[4096];
	(void)snprintf(metrics, sizeof metrics,
	               "{\"troubles\":[{\"name\":\"in@gateway.example at localhost\",\"since_s\":90,\"words\":\"x\"}],%s",
	               calm + 1);
	look(&s, metrics, "[]",
	     "[{\"name\":\"a \\\"quoted\\\" \\\\ name\",\"use\":\"signs\",\"days\":-3},{\"name\":\"b\",\"days\":null}]");
	wg_monitor_text(&s.view, &text);
	assert_int_equal(wg_buf_check(&text, "metrics", &pki_err), WG_OK);
	static const char *const lines[] = {
		"wardgate_deliveries{state=\"sealed\"} 2\n",
		"wardgate_deliveries_total{channel=\"https\",outcome=\"failed\"} 1\n",
		"wardgate_recipient_oldest_seconds{recipient=\"derby/front-door\"} 60\n",
		"wardgate_receipts_total{level=\"received\"} 8\n",
		"wardgate_accepting 1\n",
		"wardgate_clock_ok 1\n",
		"wardgate_mailbox_failing_seconds{mailbox=\"in@gateway.example at localhost\"} 90\n",
		"wardgate_certificate_left_seconds{name=\"a \\\"quoted\\\" \\\\ name\",use=\"signs\"} -259200\n",
	};
	for (size_t i = 0; i < WG_COUNT(lines); i++)
		if (strstr(wg_buf_text(&text), lines[i]) == NULL)
			fail_msg("%s not in\n%s", lines[i], wg_buf_text(&text));
	pki_write("stdin", text.data, text.len);
	if (pki_run("promtool.log",
	            (const char *const[]){ WG_SOURCE_DIR "/tests/peers/promtool.sh", "check", "metrics", NULL }) != 0) {
		char log[2000];
		log[pki_read("promtool.log", log, sizeof log - 1)] = '\0';
		fail_msg("promtool: %s", log);
	}
	char said[16];
	assert_int_equal(pki_read("promtool.log", said, sizeof said), 0); /* not even a hint */
	wg_buf_free(&text);
	leave(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calm),
		cmocka_unit_test(test_unheard),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_alerts),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_ageing),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_each_key_once),
		cmocka_unit_test(test_those_that_go_on_come_first),
	};
	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
