/* readers.c measures how many documents a reader program reads in a second, started anew for each as the gateway does,
 * and what its confinement costs: the same reader without it takes turns with it, so that both see the same machine. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "sys/child.h"
#include "sys/file.h"

/* Documents of one turn. */
#define TURN 20

/* *least: the shortest turn so far, the one that other programs disturbed least. */
static enum wg_code turn(const char *program, const struct wg_buf *document, int64_t *least, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_READER_OUTPUT);
	const char *const argv[] = { "reader", NULL };
	const struct wg_child child = {
		.program = program,
		.argv = argv,
		.in = document->data,
		.in_len = document->len,
		.wall_ms = 10000,
		.cpu_s = 2,
		.memory = (uint64_t)256 << 20,
	};
	enum wg_code code = WG_OK;
	int64_t start = wg_clock_monotonic();
	for (int i = 0; i < TURN && code == WG_OK; i++) {
		wg_buf_reset(&out);
		code = wg_child_run(&child, &out, err);
	}
	int64_t took = wg_clock_monotonic() - start;
	if (took < *least)
		*least = took;
	return code == WG_OK ? WG_OK : wg_err_add(err, "%s", program);
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
	if (argc != 6 || !wg_num_parse(argv[5], 1, 600000, &ms)) {
		(void)fputs("usage: readers NAME CONFINED-PROGRAM BARE-PROGRAM DOCUMENT MILLISECONDS\n", stderr);
		return EX_USAGE;
	}
	enum wg_code code = wg_file_read(argv[4], &document, &err);
	if (code == WG_OK)
		code = measure(argv[1], argv[2], argv[3], &document, (int64_t)ms, &err);
	if (code != WG_OK) {
		(void)fprintf(stderr, "readers: %s\n", err.text);
		return EX_SOFTWARE;
	}
	return EX_OK;
}
