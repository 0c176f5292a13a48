/* fill.c: puts messages into a store without a gateway around it: makes a store of a million for measurements, and
 * measures the store alone.
 *
 * usage: fill FOLDER COUNT GROUP [FIRST]
 * COUNT messages of 5 KiB from number FIRST (0) on, GROUP in each transaction. Prints `NAME value unit` lines:
 * processor time for each and how many a second; exit 1 when one was not taken. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "base/text.h"
#include "store/store.h"

#define SIZE 5120

static uint8_t blob[SIZE];

static double cpu_ms(void)
{
	struct rusage use;
	(void)getrusage(RUSAGE_SELF, &use); /* cannot fail for oneself */
	return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000 +
	       (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1000;
}

static enum wg_code add(struct wg_store *store, struct wg_now now, uint64_t number, struct wg_err *err)
{
	struct wg_msg_new msg = { .organisation = "staffordshire-police",
		                      .content_type = "application/xml",
		                      .way = "https" };
	struct wg_msg_receipt receipt;
	(void)snprintf((char *)blob, 32, "%llu", (unsigned long long)number); /* it fits */
	msg.blob = blob;
	msg.blob_len = sizeof blob;
	(void)snprintf(msg.idempotency_key, sizeof msg.idempotency_key, "fill-%llu",
	               (unsigned long long)number); /* so does this */
	uint8_t raw[WG_SHA256_LEN];
	wg_sha256(blob, 32, raw);
	wg_hex(raw, sizeof raw, msg.content_hash);
	enum wg_code code = wg_id_make(now.wall, msg.id, err);
	if (code == WG_OK)
		code = wg_store_mark(store, err);
	if (code == WG_OK)
		code = wg_store_add(store, now, &msg, &receipt, err);
	return code == WG_OK ? wg_store_keep(store, err) : code;
}

static int64_t now_us(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* took: how long each transaction took, in us. */
static enum wg_code fill(struct wg_store *store, uint64_t first, uint64_t count, uint64_t group, int64_t *took,
                         struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (uint64_t i = 0; code == WG_OK && i < count;) {
		const struct wg_now now = { .wall = wg_clock_wall(), .steady = wg_clock_monotonic() };
		const int64_t start = now_us();
		code = wg_store_begin(store, err);
		for (uint64_t k = 0; code == WG_OK && k < group && i < count; k++, i++)
			code = add(store, now, first + i, err);
		if (code == WG_OK)
			code = wg_store_commit(store, err);
		*took++ = now_us() - start;
	}
	return code;
}

static int shorter_first(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	uint64_t count, group, first = 0;
	struct wg_store *store = NULL;
	struct wg_err err = { 0 };
	if (argc < 4 || argc > 5 || !wg_num_parse(argv[2], 1, 100000000, &count) ||
	    !wg_num_parse(argv[3], 1, 100000, &group) || (argc > 4 && !wg_num_parse(argv[4], 0, 1000000000, &first))) {
		(void)fprintf(stderr, "usage: fill FOLDER COUNT GROUP [FIRST]\n");
		return 64;
	}
	const size_t groups = (size_t)((count + group - 1) / group);
	WG_AUTO_FREE int64_t *each = calloc(groups, sizeof *each);
	if (each == NULL)
		return 1;
	int64_t start = wg_clock_monotonic();
	enum wg_code code = wg_store_open(argv[1], &store, &err);
	int64_t open = wg_clock_monotonic();
	double before = cpu_ms();
	if (code == WG_OK)
		code = fill(store, first, count, group, each, &err);
	double used = cpu_ms() - before;
	int64_t took = wg_clock_monotonic() - open;
	wg_store_closep(&store);
	if (code != WG_OK) {
		(void)fprintf(stderr, "fill: %s\n", err.text);
		return 1;
	}
	qsort(each, groups, sizeof *each, shorter_first);
	(void)printf("open %lld ms\nadd-cpu %.4f ms\nadded %.0f messages/s\n", (long long)(open - start),
	             used / (double)count, (double)count * 1000 / (double)(took > 0 ? took : 1));
	(void)printf("transaction-p99 %.3f ms\ntransaction-most %.3f ms\n", (double)each[(groups * 99 - 1) / 100] / 1000,
	             (double)each[groups - 1] / 1000);
	return 0;
}
