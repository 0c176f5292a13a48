/* kill -9 of the store process at random moments under load, again and again on the same folder. Three threads of this
 * process submit, process and deliver; each writes down what the store acknowledged. The checker is another program
 * (the sqlite3 command) and knows nothing of the driver: everything acknowledged is there, once, and the database is
 * whole; then the audit says the same of the log. A negative control shows that the checker would notice a loss. */
#include "store/server.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "rig.h"

#define KILLS 60
/* A machine on which that many were not enough does nothing but other things. */
#define KILLS_MAX 600
#define ACKS_MAX 200000

static char *folder;
static atomic_bool over;
static atomic_uint next_content;

/* What was acknowledged; each list has one writer. */
struct acks {
	char (*ids)[WG_ID_TEXT];
	atomic_uint count;
};
static struct acks accepted, routed, divided, handed;

/* Of a table, which two submissions in sixteen are: in questions[] too. */
#define ROWS 3

static void acknowledge(struct acks *acks, const char *id)
{
	unsigned n = atomic_load(&acks->count);
	assert_true(n < ACKS_MAX);
	memcpy(acks->ids[n], id, WG_ID_TEXT);
	atomic_store(&acks->count, n + 1);
}

static struct wg_client *connect_as(enum wg_store_role role)
{
	struct wg_err err = { 0 };
	struct wg_client *client = NULL;
	while (!atomic_load(&over) && wg_client_open(folder, role, &client, &err) != WG_OK)
		(void)usleep(1000); /* the store is starting; a signal in between does no harm */
	return client;
}

/* Each submission under its own key; what was not answered is sent again with the same key, as senders do. */
static void *submit(void *arg)
{
	(void)arg;
	struct wg_client *client = connect_as(WG_ROLE_INTAKE);
	unsigned n = 0;
	struct wg_msg_new m = { .id = "" };
	bool fresh = true;
	while (client != NULL && !atomic_load(&over)) {
		struct wg_err err = { 0 };
		struct wg_msg_receipt receipt;
		if (fresh) {
			n = atomic_fetch_add(&next_content, 1);
			m = rig_message(n);
			(void)snprintf(m.idempotency_key, sizeof m.idempotency_key, "key-%u", n); /* short */
		}
		fresh = wg_client_add(client, &m, &receipt, &err) == WG_OK;
		if (fresh) {
			acknowledge(&accepted, receipt.id);
		} else {
			wg_client_freep(&client);
			client = connect_as(WG_ROLE_INTAKE);
		}
	}
	wg_client_freep(&client);
	return NULL;
}

/* Row i of a table: the same however often the table is divided. */
static struct wg_part_new row_of(const struct wg_msg_job *job, unsigned i)
{
	struct wg_part_new p = { .content_type = "text/csv", RIG_BLOB("ciphertext of a report") };
	char text[WG_STORE_HASH + 16];
	uint8_t raw[WG_SHA256_LEN];
	(void)snprintf(text, sizeof text, "%s %u", job->content_hash, i); /* it fits */
	wg_sha256(text, strlen(text), raw);
	wg_hex(raw, sizeof raw, p.content_hash);
	return p;
}

/* False when the store is gone. */
static bool divide(struct wg_client *client, const struct wg_msg_job *job)
{
	struct wg_err err = { 0 };
	struct wg_part_new rows[ROWS];
	struct wg_msg_done done = rig_done(job->id, job->token, NULL, 0);
	struct wg_msg_done_result result;
	for (unsigned i = 0; i < ROWS; i++)
		rows[i] = row_of(job, i);
	done.state = WG_MSG_DIVIDED;
	done.parts = rows;
	done.part_count = ROWS;
	enum wg_code code = wg_client_done(client, &done, &result, &err);
	if (code == WG_OK)
		acknowledge(&divided, job->id);
	return code != WG_AGAIN;
}

static bool is_table(const struct wg_msg_job *job)
{
	return strcmp(job->content_type, "text/csv") != 0 && strchr("07", job->content_hash[WG_STORE_HASH - 2]) != NULL;
}

static bool process_some(struct wg_client *client)
{
	struct wg_err err = { 0 };
	struct wg_msg_job *jobs = NULL;
	unsigned count = 0;
	bool alive = wg_client_epoch(client, "e1", &err) == WG_OK &&
	             wg_client_lease_messages(client, 8, 20, &jobs, &count, &err) == WG_OK;
	for (unsigned i = 0; alive && i < count; i++) {
		struct wg_dlv_new d[2] = { rig_delivery("meadowton", "front-door"), rig_delivery("oatshire", "night-desk") };
		struct wg_msg_done done = rig_done(jobs[i].id, jobs[i].token, d, 2);
		struct wg_msg_done_result result;
		const struct wg_match_key key = rig_key(WG_KEY_NAME_BIRTH, jobs[i].content_hash + 62); /* 256 children */
		done.relation = (enum wg_relation)(i % 3);
		done.keys = &key;
		done.key_count = 1;
		if (is_table(&jobs[i])) {
			alive = divide(client, &jobs[i]);
			continue;
		}
		enum wg_code code = wg_client_done(client, &done, &result, &err);
		alive = code != WG_AGAIN;
		if (code == WG_OK)
			acknowledge(&routed, jobs[i].id);
	}
	wg_msg_jobs_free(jobs, count);
	return alive;
}

static bool deliver_some(struct wg_client *client)
{
	struct wg_err err = { 0 };
	struct wg_dlv_job *jobs = NULL;
	struct wg_dlv_report reports[16];
	unsigned count = 0, stale = 0;
	if (wg_client_lease_deliveries(client, "", 16, 8, 20, &jobs, &count, &err) != WG_OK)
		return false;
	for (unsigned i = 0; i < count; i++) {
		reports[i] = (struct wg_dlv_report){ .token = jobs[i].token, .state = WG_DLV_HANDED_OVER, .detail = "taken" };
		memcpy(reports[i].id, jobs[i].id, sizeof reports[i].id);
	}
	bool alive = wg_client_report(client, reports, count, &stale, &err) == WG_OK;
	for (unsigned i = 0; alive && stale == 0 && i < count; i++)
		acknowledge(&handed, jobs[i].id);
	wg_dlv_jobs_free(jobs, count);
	return alive;
}

static void *process(void *arg)
{
	(void)arg;
	struct wg_client *client = connect_as(WG_ROLE_PROCESS);
	while (client != NULL && !atomic_load(&over))
		if (!process_some(client)) {
			wg_client_freep(&client);
			client = connect_as(WG_ROLE_PROCESS);
		}
	wg_client_freep(&client);
	return NULL;
}

static void *deliver(void *arg)
{
	(void)arg;
	struct wg_client *client = connect_as(WG_ROLE_DELIVER);
	while (client != NULL && !atomic_load(&over))
		if (!deliver_some(client)) {
			wg_client_freep(&client);
			client = connect_as(WG_ROLE_DELIVER);
		}
	wg_client_freep(&client);
	return NULL;
}

static pid_t start_store(void)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	struct wg_err err = { 0 };
	struct wg_server *server = NULL;
	int stop = 0;
	if (wg_server_open(folder, &server, &err) == WG_OK && wg_server_run(server, &stop, &err) == WG_OK)
		_exit(0);                              /* nobody stops it */
	(void)dprintf(2, "store: %s\n", err.text); /* nowhere to report a failing stderr */
	_exit(3);
}

/* Waits until the store takes requests, so that a kill does not only ever hit the start. */
static void wait_until_up(pid_t pid)
{
	struct wg_err err = { 0 };
	struct wg_client *client = NULL;
	while (wg_client_open(folder, WG_ROLE_ADMIN, &client, &err) != WG_OK) {
		assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
		(void)usleep(500); /* a signal in between does no harm */
	}
	wg_client_freep(&client);
}

/* The answer of the sqlite3 command to a script. */
static void ask_sqlite(const char *script, char *out, size_t size)
{
	int in[2], back[2];
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(back, O_CLOEXEC), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char path[128];
		(void)snprintf(path, sizeof path, "%s/store.db", folder); /* short */
		if (dup2(in[0], 0) == 0 && dup2(back[1], 1) == 1)
			(void)execlp("sqlite3", "sqlite3", "-bail", "-batch", path,
			             (char *)NULL); /* returns only when it is not there */
		_exit(127);
	}
	assert_int_equal(close(in[0]), 0);
	assert_int_equal(close(back[1]), 0);
	for (size_t at = 0, len = strlen(script); at < len;) {
		ssize_t n = write(in[1], script + at, len - at);
		assert_true(n > 0);
		at += (size_t)n;
	}
	assert_int_equal(close(in[1]), 0);
	size_t have = 0;
	for (ssize_t n; have < size - 1 && (n = read(back[0], out + have, size - 1 - have)) > 0;)
		have += (size_t)n;
	out[have] = '\0';
	assert_int_equal(close(back[0]), 0);
	int status = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void put_table(struct wg_buf *b, const char *name, const struct acks *acks)
{
	wg_buf_printf(b, "CREATE TEMP TABLE %s(id TEXT);\nBEGIN;\n", name);
	for (unsigned i = 0; i < atomic_load(&acks->count); i++)
		wg_buf_printf(b, "INSERT INTO %s VALUES('%s');\n", name, acks->ids[i]);
	wg_buf_puts(b, "COMMIT;\n");
}

/* One line per question; each must be what stands beside it. */
static const struct {
	const char *sql, *want, *what;
} questions[] = {
	{ "PRAGMA integrity_check", "ok", "the database is whole" },
	{ "SELECT count(*) FROM (PRAGMA_FOREIGN_KEY_CHECK)", "0", "every reference points at something" },
	{ "SELECT count(*) FROM acked a LEFT JOIN message m ON m.id = a.id WHERE m.id IS NULL", "0",
	  "acknowledged messages that are gone" },
	{ "SELECT count(*) - count(DISTINCT id) FROM acked", "0", "a receipt given for two submissions" },
	{ "SELECT count(*) FROM (SELECT 1 FROM submission GROUP BY organisation, key HAVING count(*) <> 1)", "0",
	  "a key with several messages" },
	{ "SELECT count(*) FROM message m JOIN blob b ON b.id = m.original WHERE substr(b.bytes, 2049) <> CAST('ciphertext "
	  "of a report' "
	  "AS BLOB)",
	  "0", "originals that are not what was sent" },
	{ "SELECT count(*) FROM done d LEFT JOIN message m ON m.id = d.id WHERE m.state IS NOT 'routed'", "0",
	  "completions that are gone" },
	{ "SELECT count(*) FROM message m WHERE (SELECT count(*) FROM delivery d WHERE d.message = m.seq) <> (m.state = "
	  "'routed') * 2",
	  "0", "messages with half of their deliveries" },
	{ "SELECT count(*) FROM delivery d LEFT JOIN disclosure x ON x.delivery = d.seq WHERE x.delivery IS NULL OR "
	  "d.envelope IS NULL",
	  "0", "deliveries without record or envelope" },
	{ "SELECT count(*) FROM handed h LEFT JOIN delivery d ON d.id = h.id WHERE d.state IS NOT 'handed-over'", "0",
	  "reports that are gone" },
	{ "SELECT count(*) FROM split s LEFT JOIN message m ON m.id = s.id WHERE m.state IS NOT 'divided'", "0",
	  "divisions that are gone" },
	{ "SELECT count(*) FROM message m WHERE (SELECT count(*) FROM part p WHERE p.parent = m.seq) <> (m.state = "
	  "'divided') "
	  "* 3",
	  "0", "tables with some of their rows" },
	{ "SELECT (SELECT count(*) FROM message WHERE bulk = 1) - (SELECT count(*) FROM part)", "0", "rows there twice" },
	{ "SELECT count(*) FROM message WHERE state NOT IN ('accepted', 'routed', 'divided')", "0",
	  "states that nothing here leads to" },
	{ "SELECT count(*) FROM delivery WHERE state NOT IN ('sealed', 'sending', 'deferred', 'handed-over')", "0",
	  "states that nothing here leads to" },
	{ "SELECT count(*) FROM delivery d JOIN delivery e ON e.recipient = d.recipient AND e.episode = d.episode AND "
	  "(e.turn, e.message) < (d.turn, d.message) WHERE"
	  " d.state = 'handed-over' AND e.state <> 'handed-over'",
	  "0", "deliveries that overtook an earlier one" },
	{ "SELECT max(seq) - count(*) FROM log", "0", "gaps in the log" },
};

/* Number of findings. */
static unsigned check(bool tell)
{
	WG_AUTO_BUF struct wg_buf script = WG_BUF(64u << 20);
	char out[4096], *line = out;
	unsigned findings = 0;
	put_table(&script, "acked", &accepted);
	put_table(&script, "done", &routed);
	put_table(&script, "split", &divided);
	put_table(&script, "handed", &handed);
	for (size_t i = 0; i < WG_COUNT(questions); i++)
		wg_buf_printf(&script, "%s;\n", questions[i].sql);
	assert_false(script.failed);
	ask_sqlite(wg_buf_text(&script), out, sizeof out);
	for (size_t i = 0; i < WG_COUNT(questions); i++) {
		size_t len = strcspn(line, "\n");
		if (strncmp(line, questions[i].want, len) != 0 || len != strlen(questions[i].want)) {
			findings++;
			if (tell)
				(void)fprintf(stderr, "%s: %.*s\n", questions[i].what, (int)len, line); /* the count fails the test */
		}
		line += len + (line[len] == '\n');
	}
	return findings;
}

static void audit(void)
{
	struct wg_err err = { 0 };
	uint64_t entries = 0;
	char head[WG_STORE_HASH];
	pid_t pid = start_store();
	wait_until_up(pid);
	struct wg_client *admin = NULL;
	OK(wg_client_open(folder, WG_ROLE_ADMIN, &admin, &err));
	OK(wg_client_audit(admin, 0, "", &entries, head, &err));
	assert_true(entries > KILLS);
	wg_client_freep(&admin);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* Whether there was a load; what a machine does between two kills depends on what else it does. */
static bool was_loaded(void)
{
	return divided.count > 5 && accepted.count > KILLS && routed.count > KILLS / 2 && handed.count > KILLS / 2;
}

/* Until the store has answered the deliverer once, or clearly has nothing for it. */
static void wait_for_work(void)
{
	unsigned before = atomic_load(&handed.count);
	for (int i = 0; i < 500 && atomic_load(&handed.count) == before; i++)
		(void)usleep(1000); /* a signal in between does no harm */
}

static void killed_at_any_moment(void **state)
{
	(void)state;
	pthread_t threads[3];
	struct acks *lists[] = { &accepted, &routed, &divided, &handed };
	folder = rig_folder();
	for (size_t i = 0; i < WG_COUNT(lists); i++) {
		lists[i]->ids = calloc(ACKS_MAX, WG_ID_TEXT);
		assert_non_null(lists[i]->ids);
	}
	assert_int_equal(pthread_create(&threads[0], NULL, submit, NULL), 0);
	assert_int_equal(pthread_create(&threads[1], NULL, process, NULL), 0);
	assert_int_equal(pthread_create(&threads[2], NULL, deliver, NULL), 0);
	unsigned kills = 0;
	for (unsigned i = 0; i < KILLS || (i < KILLS_MAX && !was_loaded()); i++, kills++) {
		struct wg_err err = { 0 };
		uint16_t random;
		pid_t pid = start_store();
		if (i % 4 != 0) /* every fourth is hit while it starts and recovers */
			wait_until_up(pid);
		if (i % 4 == 3)
			wait_for_work();
		OK(wg_random(&random, sizeof random, &err));
		(void)usleep(random % (i % 4 != 0 ? 60000u : 8000u)); /* a signal in between does no harm */
		assert_int_equal(kill(pid, SIGKILL), 0);
		int status = 0;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status)); /* it ended by us, not by itself */
	}
	atomic_store(&over, true);
	for (size_t i = 0; i < WG_COUNT(threads); i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	(void)printf("%u kills; acknowledged: %u accepted, %u routed, %u divided, %u handed over\n", kills, accepted.count,
	             routed.count, divided.count, handed.count);
	assert_true(was_loaded());
	assert_int_equal(check(true), 0);
	audit();
	assert_int_equal(check(true), 0);

	/* The negative control: one acknowledgement that the store never gave. */
	acknowledge(&accepted, "00000000000000000000000000");
	assert_int_equal(check(false), 1);
	for (size_t i = 0; i < WG_COUNT(lists); i++)
		free(lists[i]->ids);
	rig_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(killed_at_any_moment) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
