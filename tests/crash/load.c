/* What power.py cuts the power under: a process that works on a file system while another, this program's parent part,
 * which has nothing of it open, remembers what was acknowledged. Commands on standard input:
 *
 *	store FOLDER   a new life (life.h) on a store in FOLDER
 *	files FOLDER   a new row of files, each of which is acknowledged when wg_file_write says that it is there
 *	load N         N more messages or files, in a process of their own: answers "loading PID", and when that has ended
 *	               its events and "down STATUS"
 *	cut NS         the power went at that instant (CLOCK_MONOTONIC): what was seen after it nobody saw
 *	finish         what is left is done and looked at, likewise
 *	history        all events since the beginning of this life; "end"
 */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "life.h"
#include "sys/file.h"

#define FILE_SIZE 700

static struct life *life;
static bool files;

/* ---- files */

static void file_of(unsigned n, char path[192], char content[FILE_SIZE])
{
	(void)snprintf(path, 192, "%s/receipt-%u", life->folder, n); /* it fits */
	memset(content, 'a' + (int)(n % 26), FILE_SIZE);
	(void)snprintf(content, 32, "receipt %u", n); /* it fits */
}

static int write_files(unsigned first)
{
	struct wg_err err = { 0 };
	(void)life_put(life, LIFE_START, 0, life->folder);
	if (wg_file_mkdir(life->folder, &err) != WG_OK)
		return 3;
	for (unsigned n = first; n < life->messages; n++) {
		char path[192], content[FILE_SIZE], body[24];
		file_of(n, path, content);
		struct life_event *e = life_put(life, LIFE_SUBMIT, n, path);
		(void)snprintf(body, sizeof body, "receipt %u", n);
		memcpy(e->digest, body, strlen(body) + 1);
		if (wg_file_write(path, content, sizeof content, 0640, &err) != WG_OK) {
			(void)life_put(life, LIFE_REFUSED, n, err.text);
			return 3;
		}
		(void)life_put(life, LIFE_ACK, n, path);
	}
	return 0;
}

/* What a reader of the folder finds. */
static int read_files(void)
{
	for (unsigned n = 0; n < life->messages; n++) {
		WG_AUTO_BUF struct wg_buf have = WG_BUF(2 * FILE_SIZE);
		char path[192], content[FILE_SIZE];
		struct wg_err err = { 0 };
		file_of(n, path, content);
		if (wg_file_read(path, &have, &err) != WG_OK)
			continue;
		struct life_event *e = life_put(life, LIFE_GOT, 0, path);
		e->maybe = true; /* it may have been read before */
		bool same = have.len == sizeof content && memcmp(have.data, content, sizeof content) == 0;
		(void)snprintf(e->digest, sizeof e->digest, same ? "receipt %u" : "altered %u", n); /* short */
	}
	return 0;
}

static int finish_files(unsigned first)
{
	unsigned acked = 0; /* the writer writes what it has no answer for again */
	(void)first;
	for (unsigned i = 0; i < life->count; i++)
		acked += life->events[i].kind == LIFE_ACK;
	int code = write_files(acked);
	return code == 0 ? read_files() : code;
}

/* ---- commands */

static int work(bool finish, unsigned first)
{
	if (files)
		return finish ? finish_files(first) : write_files(first);
	struct wg_err err = { 0 };
	if (wg_file_mkdir(life->folder, &err) != WG_OK)
		return 3;
	return finish ? life_finish(life) : life_run(life);
}

static void run_child(bool finish, unsigned first)
{
	int status = 0;
	(void)fflush(NULL); /* so that the child has nothing to say twice */
	pid_t pid = fork();
	if (pid < 0) {
		perror("crash_load: fork");
		exit(70);
	}
	if (pid == 0)
		_exit(work(finish, first));
	(void)printf("loading %d\n", (int)pid);
	(void)fflush(stdout);
	if (waitpid(pid, &status, 0) != pid)
		exit(70);
	(void)printf("down %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void begin(bool of_files, const char *folder)
{
	files = life->one = of_files;
	life_reset(life, 0);
	(void)snprintf(life->folder, sizeof life->folder, "%.127s", folder); /* the caller's are short */
}

int main(void)
{
	char line[256];
	uint64_t n = 0;
	life = life_new();
	life->timed = true;
	while (fgets(line, sizeof line, stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "store ", 6) == 0 || strncmp(line, "files ", 6) == 0) {
			begin(line[0] == 'f', line + 6);
		} else if (strncmp(line, "load ", 5) == 0 && wg_num_parse(line + 5, 0, LIFE_MESSAGES_MAX, &n)) {
			unsigned first = life->messages;
			life->messages += (unsigned)n;
			run_child(false, first);
		} else if (strncmp(line, "cut ", 4) == 0 && wg_num_parse(line + 4, 0, INT64_MAX, &n)) {
			life_cut(life, (int64_t)n);
		} else if (strcmp(line, "finish") == 0) {
			run_child(true, 0);
		} else if (strcmp(line, "history") == 0) {
			life_print(life, 0, stdout);
			(void)puts("end"); /* a failing stdout is seen by its reader */
		} else {
			(void)fprintf(stderr, "crash_load: %s?\n", line);
			return 64;
		}
		(void)fflush(stdout); /* a failing stdout is seen by its reader */
	}
	return 0;
}
