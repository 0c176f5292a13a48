/* Tests of sys/listen.h: the mode, and whose place a socket takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "scratch.h"
#include "sys/file.h"
#include "sys/listen.h"

static int begin(void **state)
{
	(void)state;
	return scratch_make() ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	return scratch_remove() ? 0 : -1;
}

/* True when the connection stands or waits in the backlog. */
static bool connects(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	WG_AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)snprintf(at.sun_path, sizeof at.sun_path, "%s", path); /* a scratch path fits */
	return connect(fd, (const struct sockaddr *)&at, sizeof at) == 0;
}

static void it_listens_with_its_mode(void **state)
{
	(void)state;
	WG_AUTO_CLOSE int fd = -1;
	struct stat st;
	mode_t before = umask(0);
	assert_int_equal(wg_listen_unix(scratch_path("s"), 0620, 4, &fd, NULL), WG_OK);
	assert_int_equal(umask(before), 0); /* as it was */
	assert_int_equal(stat(scratch_path("s"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0620);
	assert_true(connects(scratch_path("s")));
}

static void a_dead_socket_is_replaced(void **state)
{
	(void)state;
	int fd = -1;
	assert_int_equal(wg_listen_unix(scratch_path("s"), 0600, 4, &fd, NULL), WG_OK);
	wg_closep(&fd); /* as if killed: the file stays */
	assert_false(connects(scratch_path("s")));
	assert_int_equal(wg_listen_unix(scratch_path("s"), 0600, 4, &fd, NULL), WG_OK);
	assert_true(connects(scratch_path("s")));
	wg_closep(&fd);
}

static void what_lives_keeps_its_place(void **state)
{
	(void)state;
	WG_AUTO_CLOSE int fd = -1;
	int second = -1;
	struct wg_err err = { 0 };
	assert_int_equal(wg_listen_unix(scratch_path("s"), 0600, 0, &fd, NULL), WG_OK);
	for (int i = 0; i < 2; i++) { /* the second time its backlog is full */
		assert_int_equal(wg_listen_unix(scratch_path("s"), 0600, 4, &second, &err), WG_CONFIG);
		assert_non_null(strstr(err.text, "another process listens there"));
		assert_int_equal(second, -1);
	}
	wg_closep(&fd);
	assert_int_equal(wg_file_write(scratch_path("f"), "kept", 4, 0600, NULL), WG_OK);
	assert_int_equal(wg_listen_unix(scratch_path("f"), 0600, 4, &second, &err), WG_CONFIG);
	assert_non_null(strstr(err.text, "is no socket"));
	struct stat st;
	assert_int_equal(stat(scratch_path("f"), &st), 0);
	assert_int_equal(st.st_size, 4);
}

static void a_path_has_an_end(void **state)
{
	(void)state;
	int fd = -1;
	struct wg_err err = { 0 };
	char path[sizeof((struct sockaddr_un *)0)->sun_path + 1];
	memset(path, 'x', sizeof path - 1);
	path[sizeof path - 1] = '\0';
	assert_int_equal(wg_listen_unix(path, 0600, 4, &fd, &err), WG_CONFIG);
	assert_non_null(strstr(err.text, "at most 107 bytes"));
	assert_int_equal(wg_listen_unix(scratch_path("none/s"), 0600, 4, &fd, &err), WG_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_listens_with_its_mode, begin, end),
		cmocka_unit_test_setup_teardown(a_dead_socket_is_replaced, begin, end),
		cmocka_unit_test_setup_teardown(what_lives_keeps_its_place, begin, end),
		cmocka_unit_test_setup_teardown(a_path_has_an_end, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
