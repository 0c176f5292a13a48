/* wg_way_smtp against every server of tests/peers/smtp_hostile.py: what each row of smtp_hostile.table says must be
 * what happens, and not a byte of a mail or a login may be seen outside verified TLS. WG_ZOO_TABLE=1 prints the table
 * as it was lived through. */
#include <dirent.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "channel/session.h"
#include "smtp_peer.h"

#define ITEMS 3
#define SMALL 4000
#define LARGE ((size_t)6 * 1024 * 1024)
/* No test waits for this: it only turns a hang into a failure. */
#define LONG_MS 60000
/* How long the other side may take to notice or to close. */
#define GONE_MS 5000
#define ROWS_MIN 60
#define SECRET "CANARY-secret-01632"
#define CANARY "CANARY-of-the-content"

struct row {
	char name[40], tls[12], login[12], mails[8], size[4], results[40], alarm[8], reached[12], words[80];
	uint64_t ms, accepted;
	unsigned count;
};

/* What a worker does and what it found. Lies in shared memory. */
struct job {
	struct wg_send_target target;
	struct wg_send_item items[ITEMS];
	size_t count, told;
	bool apart; /* one offer for each, once the connection is gone or has answered */
	struct wg_session_counts counts;
};

static void told(void *arg, struct wg_send_item *item)
{
	struct job *job = arg;

	if (item == &job->items[job->told])
		job->told++;
}

/* Until keep has noticed that the other side closed. */
static void wait_gone(struct wg_session *session)
{
	for (int64_t end = wg_clock_monotonic() + GONE_MS; wg_way_smtp.keep(session) && wg_clock_monotonic() < end;)
		(void)poll(NULL, 0, 5); /* only a pause */
}

static void session(void *arg)
{
	struct job *job = arg;
	struct wg_session *s = NULL;
	struct wg_err err;

	if (wg_way_smtp.open(&job->target, &s, &err) != WG_OK)
		_exit(3);
	if (!job->apart)
		wg_way_smtp.offer(s, job->items, job->count, told, job);
	for (size_t i = 0; job->apart && i < job->count; i++) {
		wg_way_smtp.offer(s, &job->items[i], 1, told, job);
		wait_gone(s);
	}
	job->counts = *wg_session_counts(s);
	wg_way_smtp.close(&s);
	wg_way_smtp.close(&s); /* takes NULL */
}

static enum wg_send_auth auth_of(const char *login)
{
	static const struct {
		const char *name;
		enum wg_send_auth auth;
	} names[] = { { "none", WG_SEND_AUTH_NONE },
		          { "plain", WG_SEND_AUTH_PLAIN },
		          { "scram", WG_SEND_AUTH_SCRAM_SHA_256 },
		          { "xoauth2", WG_SEND_AUTH_XOAUTH2 } };

	for (size_t i = 0; i < WG_COUNT(names); i++)
		if (strcmp(names[i].name, login) == 0)
			return names[i].auth;
	fail_msg("no such login: %s", login);
	return WG_SEND_AUTH_NONE;
}

static struct job *new_job(const struct row *row, unsigned port, const struct wg_buf *mail)
{
	struct job *job = smtp_shared(sizeof *job);

	job->target = (struct wg_send_target){
		.smtp_host = "localhost",
		.smtp_port = port,
		.helo = "gateway.wardgate.example",
		.from = "gateway@wardgate.example",
		.to = "desk@front-door.example",
		.implicit_tls = strcmp(row->tls, "implicit") == 0,
		.auth = auth_of(row->login),
		.user = "gateway",
		.secret = smtp_secret(SECRET "\n"),
		.require_tls = true,
		.reports = true,
		.expect_ip = "127.0.0.1",
		.tls = { .ca = smtp_path("pki/ca.pem"), .crl = smtp_path("pki/crl.pem") },
		.connect_ms = row->ms ? (int)row->ms : LONG_MS,
		.total_ms = row->ms ? (int)row->ms : LONG_MS,
	};
	job->count = row->count;
	job->apart = strchr(row->mails, ',') != NULL;
	for (size_t i = 0; i < job->count; i++)
		job->items[i] =
			(struct wg_send_item){ .message_id = "01h=reference+1/front-door", .bytes = mail->data, .len = mail->len };
	return job;
}

/* ---- the table */

static bool read_row(char *line, struct row *row)
{
	char *words[11];
	size_t n = 0;

	line[strcspn(line, "\n")] = '\0';
	for (char *save = NULL, *w = strtok_r(line, " ", &save); w && n < WG_COUNT(words); w = strtok_r(NULL, " ", &save))
		words[n++] = w;
	if (n == 0 || words[0][0] == '#')
		return false;
	assert_int_equal(n, WG_COUNT(words));
	char *const texts[] = { row->name,    row->tls,   row->login,   row->mails, row->size,
		                    row->results, row->alarm, row->reached, row->words };
	const size_t sizes[] = { sizeof row->name,  sizeof row->tls,     sizeof row->login,
		                     sizeof row->mails, sizeof row->size,    sizeof row->results,
		                     sizeof row->alarm, sizeof row->reached, sizeof row->words };
	const size_t from[] = { 0, 1, 2, 3, 4, 6, 7, 9, 10 };
	for (size_t i = 0; i < WG_COUNT(texts); i++) {
		assert_true(strlen(words[from[i]]) < sizes[i]);
		(void)snprintf(texts[i], sizes[i], "%s", words[from[i]]); /* fits */
	}
	for (char *p = row->words; *p; p++)
		*p = *p == '_' ? ' ' : *p;
	assert_true(wg_num_parse(words[5], 0, LONG_MS, &row->ms) && wg_num_parse(words[8], 0, ITEMS, &row->accepted));
	row->count = (unsigned)(row->mails[0] - '0');
	assert_true(row->count >= 1 && row->count <= ITEMS);
	return true;
}

/* ---- what must hold */

/* "ok", "defer?" ... of the row's i-th mail. */
static void expected(const struct row *row, size_t i, char *out, size_t size)
{
	const char *p = row->results;

	for (; i > 0; i--)
		p = strchr(p, ',') + 1;
	(void)snprintf(out, size, "%.*s", (int)strcspn(p, ","), p); /* fits */
}

static bool results_right(const struct row *row, const struct job *job)
{
	static const char *const names[] = {
		[WG_SENT_OK] = "ok", [WG_SENT_DEFER] = "defer", [WG_SENT_REFUSED] = "refused"
	};
	bool alarmed = false;

	for (size_t i = 0; i < job->count; i++) {
		const struct wg_send_result *r = &job->items[i].result;
		char want[12], got[12];
		expected(row, i, want, sizeof want);
		(void)snprintf(got, sizeof got, "%s%s", names[r->what], r->maybe ? "?" : ""); /* fits */
		if (strcmp(want, got) != 0 || (r->receipt[0] != '\0') != (r->what == WG_SENT_OK))
			return false;
		if (r->what == WG_SENT_OK || alarmed)
			continue;
		alarmed = true;
		if (r->tls_fault != (strcmp(row->alarm, "tls") == 0) || r->login_fault != (strcmp(row->alarm, "login") == 0) ||
		    (strcmp(row->words, "-") != 0 && !strstr(r->detail, row->words)) || r->detail[0] == '\0')
			return false;
	}
	if (!alarmed)
		return strstr(job->items[0].result.detail, row->words) != NULL && strcmp(row->alarm, "none") == 0;
	return true;
}

/* The secret as it is and as PLAIN and XOAUTH2 would carry it, and words of the mail. */
static bool clear_clean(const struct smtp_peer *peer)
{
	WG_AUTO_FREE char *plain = wg_base64_encode("\0gateway\0" SECRET, 9 + strlen(SECRET));
	WG_AUTO_FREE char *token = wg_base64_encode("user=gateway\001auth=Bearer " SECRET, 25 + strlen(SECRET));
	const char *const canaries[] = { SECRET, CANARY, "desk@front-door.example", "AUTH", plain, token };
	bool clean = true;
	unsigned files = 0;
	DIR *dir = opendir(peer->folder);

	assert_non_null(dir);
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		char path[1024];
		struct wg_buf raw WG_AUTO_BUF = WG_BUF(0);
		if (strncmp(entry->d_name, "clear-", 6) != 0)
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", peer->folder, entry->d_name); /* fits */
		smtp_read(path, &raw);
		files++;
		for (size_t i = 0; raw.len > 0 && i < WG_COUNT(canaries); i++)
			clean = clean && !memmem(raw.data, raw.len, canaries[i], strlen(canaries[i]));
	}
	(void)closedir(dir);
	return clean && files > 0;
}

static bool reached_right(const struct row *row, const struct smtp_peer *peer)
{
	long inside = smtp_peer_number(peer, "inside"), taken = smtp_peer_number(peer, "taken");

	if (strcmp(row->reached, "nothing") == 0)
		return inside == 0 && taken == 0;
	if (strcmp(row->reached, "session") == 0)
		return taken == 0;
	return strcmp(row->reached, "mail") == 0;
}

static bool accepted_right(const struct row *row, const struct smtp_peer *peer, const struct wg_buf *mail)
{
	if (smtp_peer_number(peer, "accepted") != (long)row->accepted)
		return false;
	for (int i = 1; i <= (int)row->accepted; i++) {
		struct wg_buf got WG_AUTO_BUF = WG_BUF(0);
		smtp_peer_accepted(peer, i, &got);
		if (got.len != mail->len || memcmp(got.data, mail->data, mail->len) != 0)
			return false;
	}
	return true;
}

static bool live_through(const struct row *row, const struct wg_buf *mail)
{
	struct smtp_peer peer;
	int64_t start = wg_clock_monotonic();

	smtp_peer_start_in(&peer, "smtp_hostile.py", row->name);
	struct job *job = new_job(row, peer.port, mail);
	enum smtp_ended ended = smtp_work(session, job, LONG_MS);
	smtp_peer_stop(&peer);
	const struct wg_send_result *r = &job->items[0].result;
	if (getenv("WG_ZOO_TABLE"))
		for (size_t i = 0; i < job->count; i++)
			print_message("%-26s %-8s %-7s %-8s%s %-5s %5lld ms  %s\n", i ? "" : row->name, row->tls, row->login,
			              job->items[i].result.what == WG_SENT_OK      ? "ok"
			              : job->items[i].result.what == WG_SENT_DEFER ? "defer"
			                                                           : "refused",
			              job->items[i].result.maybe ? "?" : " ",
			              job->items[i].result.tls_fault     ? "tls"
			              : job->items[i].result.login_fault ? "login"
			                                                 : "",
			              (long long)(wg_clock_monotonic() - start), job->items[i].result.detail);
	bool right = ended == SMTP_RAN && job->told == job->count && results_right(row, job);
	bool clean = smtp_peer_number(&peer, "clear") == 0 && clear_clean(&peer);
	if (right && clean && reached_right(row, &peer) && accepted_right(row, &peer, mail))
		return true;
	print_error("%s (%s, %s): ended %d, results %s, clear %s; first: what %d, tls %d, login %d, maybe %d, \"%s\"; "
	            "the peer saw:\n%s\n",
	            row->name, row->tls, row->login, ended, right ? "right" : "WRONG", clean ? "clean" : "NOT CLEAN",
	            r->what, r->tls_fault, r->login_fault, r->maybe, r->detail, peer.report);
	return false;
}

/* Every scenario that resists, and those that behave as the control. */
static void test_table(void **state)
{
	struct wg_buf small WG_AUTO_BUF = WG_BUF(0), large WG_AUTO_BUF = WG_BUF(0);
	FILE *table = fopen(WG_SOURCE_DIR "/tests/peers/smtp_hostile.table", "re");
	const char *only = getenv("WG_ZOO_ONLY");
	char line[512];
	unsigned rows = 0, wrong = 0;

	(void)state; /* nothing of the group's */
	assert_non_null(table);
	smtp_mail(&small, SMALL);
	smtp_mail(&large, LARGE);
	wg_buf_puts(&small, CANARY "\r\n");
	wg_buf_puts(&large, CANARY "\r\n");
	while (fgets(line, sizeof line, table)) {
		struct row row = { 0 };
		if (!read_row(line, &row) || (only && strcmp(only, row.name) != 0))
			continue;
		wrong += !live_through(&row, row.size[0] == 'l' ? &large : &small);
		rows++;
	}
	assert_int_equal(fclose(table), 0);
	assert_true(only || rows >= ROWS_MIN);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests_name("smtp sessions", tests, smtp_setup, smtp_teardown);
}
