/* A disk that fills up, for real: a small tmpfs in a mount namespace of this test's own. New messages are refused while
 * a reserve is left, what was accepted goes on, and room that comes back is used; without any room the store waits for
 * it, and has lost nothing. */
#include "store/server.h"

#include <sched.h>
#include <stdatomic.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "rig.h"
#include "sys/file.h"

#define DISK_SIZE "size=192m"
#define MESSAGE ((size_t)4 << 20)
#define MANY 100 /* more than the server has places for */

static char mount_point[] = "/tmp/wg-disk-XXXXXX";

static void put_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	if (fd < 0)
		return; /* an old kernel has no setgroups: the map below then works without */
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(close(fd), 0);
}

/* Root takes a mount namespace; anybody else a user namespace with it. A machine that gives neither fails this test:
 * there is no disk to fill. */
static int make_disk(void **state)
{
	(void)state;
	char map[64];
	uid_t uid = getuid();
	assert_non_null(mkdtemp(mount_point));
	if (uid == 0) {
		assert_int_equal(unshare(CLONE_NEWNS), 0);
	} else {
		assert_int_equal(unshare(CLONE_NEWUSER | CLONE_NEWNS), 0);
		put_file("/proc/self/setgroups", "deny");
		(void)snprintf(map, sizeof map, "0 %u 1", (unsigned)uid); /* short */
		put_file("/proc/self/uid_map", map);
	}
	assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	assert_int_equal(mount("none", mount_point, "tmpfs", 0, DISK_SIZE), 0);
	return 0;
}

static int remove_disk(void **state)
{
	(void)state;
	assert_int_equal(umount2(mount_point, MNT_DETACH), 0);
	assert_int_equal(rmdir(mount_point), 0);
	return 0;
}

static void start(struct rig_server *r, const char *name)
{
	struct wg_err err = { 0 };
	char path[128];
	(void)snprintf(path, sizeof path, "%s/%s", mount_point, name); /* short */
	*r = (struct rig_server){ .folder = strdup(path), .close_after = true };
	assert_int_equal(mkdir(path, 0700), 0);
	OK(wg_server_open(r->folder, &r->server, &err));
	wg_server_on_event(r->server, rig_event, r);
	rig_run(r);
}

static uint64_t room(void)
{
	struct wg_err err = { 0 };
	uint64_t bytes = 0;
	OK(wg_file_free(mount_point, &bytes, &err));
	return bytes;
}

/* Takes room away until `leave` bytes are left. */
static void fill(uint64_t leave)
{
	char path[128];
	uint64_t bytes = room();
	(void)snprintf(path, sizeof path, "%s/ballast", mount_point); /* short */
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0 && bytes > leave);
	assert_int_equal(posix_fallocate(fd, 0, (off_t)(bytes - leave)), 0);
	assert_int_equal(close(fd), 0);
}

static void empty(void)
{
	char path[128];
	(void)snprintf(path, sizeof path, "%s/ballast", mount_point); /* short */
	assert_int_equal(unlink(path), 0);
}

static uint8_t *noise(void)
{
	uint8_t *bytes = malloc(MESSAGE);
	assert_non_null(bytes);
	for (size_t i = 0; i < MESSAGE; i++)
		bytes[i] = (uint8_t)(i * 2654435761u >> 11);
	return bytes;
}

/* Adds message n of MESSAGE bytes that are its own. */
static enum wg_code add(struct wg_client *client, uint8_t *bytes, unsigned n, struct wg_msg_receipt *receipt,
                        struct wg_err *err)
{
	struct wg_msg_new m = rig_message(n);
	memcpy(bytes, &n, sizeof n);
	m.blob = bytes;
	m.blob_len = MESSAGE;
	return wg_client_add(client, &m, receipt, err);
}

static void work_one(struct wg_client *process, struct wg_client *deliver)
{
	struct wg_err err = { 0 };
	struct wg_msg_job *jobs = NULL;
	struct wg_dlv_job *sent = NULL;
	struct wg_msg_done_result result;
	unsigned count = 0, stale = 0;
	OK(wg_client_lease_messages(process, 1, 60000, &jobs, &count, &err));
	assert_int_equal(count, 1);
	struct wg_dlv_new d = rig_delivery("meadowton", "front-door");
	struct wg_msg_done done = rig_done(jobs[0].id, jobs[0].token, &d, 1);
	OK(wg_client_done(process, &done, &result, &err));
	wg_msg_jobs_free(jobs, count);
	OK(wg_client_lease_deliveries(deliver, "", 1, 1, 60000, &sent, &count, &err));
	assert_int_equal(count, 1);
	struct wg_dlv_report report = { .token = sent[0].token, .state = WG_DLV_HANDED_OVER };
	memcpy(report.id, sent[0].id, sizeof report.id);
	OK(wg_client_report(deliver, &report, 1, &stale, &err));
	assert_int_equal(stale, 0);
	wg_dlv_jobs_free(sent, count);
}

static void refuses_then_recovers(void **state)
{
	struct rig_server r;
	struct wg_err err = { 0 };
	struct wg_msg_receipt receipt;
	WG_AUTO_BUF struct wg_buf health = WG_BUF(1 << 16);
	WG_AUTO_FREE uint8_t *bytes = noise();
	unsigned n = 0;
	(void)state;
	start(&r, "recovers");
	struct wg_client *intake = rig_client(&r, WG_ROLE_INTAKE), *process = rig_client(&r, WG_ROLE_PROCESS),
					 *deliver = rig_client(&r, WG_ROLE_DELIVER), *admin = rig_client(&r, WG_ROLE_ADMIN);
	while (add(intake, bytes, n, &receipt, &err) == WG_OK)
		n++;
	assert_int_equal(err.code, WG_AGAIN);
	assert_non_null(strstr(err.text, "not accepting: disk"));
	assert_in_range(n, 2, 20);
	assert_true(room() + ((uint64_t)64 << 20) >=
	            WG_STORE_RESERVE); /* the reserve is still there, but for the write-ahead log */

	fill(WG_STORE_RESERVE / 2); /* somebody else takes half of it */
	FAILS(WG_AGAIN, add(intake, bytes, n, &receipt, &err));
	FAILS(WG_AGAIN, wg_client_ready(intake, &err));
	OK(wg_client_health(admin, &health, &err));
	assert_non_null(strstr(wg_buf_text(&health), "\"accepting\":false"));
	for (unsigned i = 0; i < n; i++) /* what was accepted goes on */
		work_one(process, deliver);

	empty();
	while (room() < WG_STORE_RESERVE + 3 * MESSAGE) { /* people make room: here, the disk grows */
		char bigger[] = "size=512m";
		assert_int_equal(mount(NULL, mount_point, NULL, MS_REMOUNT, bigger), 0);
	}
	OK(add(intake, bytes, n, &receipt, &err));
	OK(wg_client_ready(intake, &err));
	wg_buf_reset(&health);
	OK(wg_client_health(admin, &health, &err));
	assert_non_null(strstr(wg_buf_text(&health), "\"accepting\":true"));
	wg_client_freep(&intake);
	wg_client_freep(&process);
	wg_client_freep(&deliver);
	wg_client_freep(&admin);
	rig_stop(&r);
	assert_int_equal(r.code, WG_OK);
	rig_remove(r.folder);
}

/* A role that asks for leases, and whose connection ends them, until it is told to stop. */
struct asker {
	struct rig_server *server;
	atomic_bool stop;
};

static void *keep_asking(void *arg)
{
	struct asker *a = arg;
	while (!atomic_load(&a->stop)) {
		struct wg_client *process = rig_client(a->server, WG_ROLE_PROCESS);
		struct wg_err err = { 0 };
		struct wg_msg_job *jobs = NULL;
		unsigned count = 0;
		OK(wg_client_lease_messages(process, 1, 1, &jobs, &count, &err));
		wg_msg_jobs_free(jobs, count);
		wg_client_freep(&process);
	}
	return NULL;
}

/* Whether the store takes something, or waits for room; neither as long as it only keeps the reserve. */
static bool is_ready(struct wg_client *intake, bool *waits)
{
	struct wg_err err = { 0 };
	const enum wg_code code = wg_client_ready(intake, &err);
	*waits = code == WG_AGAIN && strstr(err.text, "of the database is full") != NULL;
	return code == WG_OK;
}

/* No room at all, not even for a lease: who hands in is told to come again, who works waits; with room again everything
 * acknowledged is there, and the work goes on. */
static void waits_for_room(void **state)
{
	struct rig_server r;
	struct wg_err err = { 0 };
	struct wg_msg_receipt receipts[2], none;
	pthread_t thread;
	unsigned count = 0;
	bool waits = false;
	uint64_t entries;
	char head[WG_STORE_HASH];
	WG_AUTO_FREE uint8_t *bytes = noise();
	(void)state;
	start(&r, "waits");
	struct asker asker = { .server = &r };
	struct wg_client *intake = rig_client(&r, WG_ROLE_INTAKE), *admin = rig_client(&r, WG_ROLE_ADMIN);
	for (unsigned i = 0; i < WG_COUNT(receipts); i++)
		OK(add(intake, bytes, i, &receipts[i], &err));
	fill(0);
	assert_int_equal(pthread_create(&thread, NULL, keep_asking, &asker), 0);
	while (!waits) { /* what the log has preallocated may do for some leases */
		assert_false(is_ready(intake, &waits));
		(void)usleep(1000); /* only to let the others work */
	}
	FAILS(WG_AGAIN, add(intake, bytes, 7, &none, &err));
	for (unsigned i = 0; i < MANY; i++) { /* who only looks is answered, however many have been there before */
		WG_AUTO_BUF struct wg_buf health = WG_BUF(1 << 16);
		struct wg_client *person = rig_client(&r, WG_ROLE_ADMIN);
		OK(wg_client_health(person, &health, &err));
		assert_non_null(strstr(wg_buf_text(&health), "\"accepting\":false"));
		wg_client_freep(&person);
	}

	empty();
	while (!is_ready(intake, &waits))
		(void)usleep(1000);
	atomic_store(&asker.stop, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	OK(wg_client_audit(admin, 0, "", &entries, head, &err));
	for (unsigned i = 0; i < WG_COUNT(receipts); i++) {
		WG_AUTO_FREE struct wg_row *rows = NULL;
		OK(wg_client_list(admin, "messages", "*", receipts[i].id, 10, &rows, &count, &err));
		assert_int_equal(count, 1);
	}
	wg_client_freep(&intake);
	wg_client_freep(&admin);
	rig_stop(&r);
	assert_int_equal(r.code, WG_OK);
	assert_true(r.away == 0 && r.full > 0 && r.full == r.room);
	rig_remove(r.folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(refuses_then_recovers), cmocka_unit_test(waits_for_room) };
	return cmocka_run_group_tests(tests, make_disk, remove_disk);
}
