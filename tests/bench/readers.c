/* readers.c measures how many documents a reader program reads in a second, started anew for each, and what its
 * confinement costs: the same reader without it takes turns with it, so that both see the same machine. And what a
 * document costs as the gateway has it read, by the child of a program that waits (sys/nest.h), all processes together:
 * beside it the least there can be, a child of a program that does nothing with what it reads (least.c). */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "sys/child.h"
#include "sys/file.h"
#include "sys/nest.h"

/* Documents of one turn; of a turn of those that wait, which holds the start of the one they come from as well. */
#define TURN 20
#define WAITING_TURN 200

static enum wg_code read_some(const char *program, const struct wg_buf *document, struct wg_nests *nests, int count,
                              struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_READER_OUTPUT);
	const char *const argv[] = { "reader", NULL };
	const struct wg_child child = {
		.nests = nests,
		.program = program,
		.argv = argv,
		.in = document->data,
		.in_len = document->len,
		.wall_ms = 10000,
		.cpu_s = 2,
		.memory = (uint64_t)256 << 20,
	};
	enum wg_code code = WG_OK;
	for (int i = 0; i < count && code == WG_OK; i++) {
		wg_buf_reset(&out);
		code = wg_child_run(&child, &out, err);
	}
	return code == WG_OK ? WG_OK : wg_err_add(err, "%s", program);
}

/* *least: the shortest turn so far, the one that other programs disturbed least. */
static enum wg_code turn(const char *program, const struct wg_buf *document, int64_t *least, struct wg_err *err)
{
	int64_t start = wg_clock_monotonic();
	enum wg_code code = read_some(program, document, NULL, TURN, err);
	int64_t took = wg_clock_monotonic() - start;
	if (took < *least)
		*least = took;
	return code;
}

/* Microseconds of this process and of all that it has waited for. */
static int64_t spent(void)
{
	int64_t sum = 0;
	for (int i = 0; i < 2; i++) {
		struct rusage use;
		(void)getrusage(i == 0 ? RUSAGE_SELF : RUSAGE_CHILDREN, &use); /* cannot fail with valid arguments */
		sum += (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000L + use.ru_utime.tv_usec + use.ru_stime.tv_usec;
	}
	return sum;
}

/* As turn, in microseconds of processor time, where the program waits. */
static enum wg_code waiting_turn(const char *program, const struct wg_buf *document, int64_t *least, struct wg_err *err)
{
	struct wg_nests *nests = NULL;
	const char *why = "";
	int64_t start = spent();
	enum wg_code code = wg_nests_new(&nests, err);
	if (code == WG_OK)
		code = read_some(program, document, nests, WAITING_TURN, err);
	if (code == WG_OK && wg_nests_failing(nests, &why) > 0)
		code = wg_err_set(err, WG_SYSTEM, "%s", why);
	wg_nests_freep(&nests);
	int64_t took = spent() - start;
	if (took < *least)
		*least = took;
	return code;
}

static enum wg_code measure_waiting(const char *name, const char *program, const char *idle,
                                    const struct wg_buf *document, int64_t ms, struct wg_err *err)
{
	int64_t took = INT64_MAX, least = INT64_MAX, end = wg_clock_monotonic() + ms;
	enum wg_code code = WG_OK;
	do {
		code = waiting_turn(program, document, &took, err);
		if (code == WG_OK)
			code = waiting_turn(idle, document, &least, err);
	} while (code == WG_OK && wg_clock_monotonic() < end);
	if (code == WG_OK)
		(void)printf("reader-%s-cpu %.3f ms/document\nreader-%s-least %.3f ms/document\n", name,
		             (double)took / 1000 / WAITING_TURN, name, (double)least / 1000 / WAITING_TURN);
	return code;
}

static enum wg_code measure(const char *name, const char *confined, const char *bare, const struct wg_buf *document,
                            int64_t ms, struct wg_err *err)
{
	int64_t with = INT64_MAX, without = INT64_MAX, end = wg_clock_monotonic() + ms;
	enum wg_code code = WG_OK;
	do {
		code = turn(confined, document, &with, err);
		if (code == WG_OK)
			code = turn(bare, document, &without, err);
	} while (code == WG_OK && wg_clock_monotonic() < end);
	if (code != WG_OK)
		return code;
	double rate = (double)TURN * 1000 / (double)(with > 0 ? with : 1);
	double share = with > 0 ? 1 - (double)without / (double)with : 0;
	(void)printf("reader-%s %.1f documents/s\nreader-%s-sandbox %.3f share\n", name, rate, name, share);
	return WG_OK;
}

int main(int argc, char **argv)
{
	WG_AUTO_BUF struct wg_buf document = WG_BUF(WG_LIMIT_MESSAGE);
	struct wg_err err = { 0 };
	uint64_t ms;
	if (argc != 7 || !wg_num_parse(argv[6], 1, 600000, &ms)) {
		(void)fputs("usage: readers NAME CONFINED-PROGRAM BARE-PROGRAM IDLE-PROGRAM DOCUMENT MILLISECONDS\n", stderr);
		return EX_USAGE;
	}
	enum wg_code code = wg_file_read(argv[5], &document, &err);
	if (code == WG_OK)
		code = measure(argv[1], argv[2], argv[3], &document, (int64_t)ms, &err);
	if (code == WG_OK)
		code = measure_waiting(argv[1], argv[2], argv[4], &document, (int64_t)ms, &err);
	if (code != WG_OK) {
		(void)fprintf(stderr, "readers: %s\n", err.text);
		return EX_SOFTWARE;
	}
	return EX_OK;
}
