/* load.c: submits notices to a gateway over HTTPS with mutual TLS, from several processes at once, each over one kept
 * connection.
 *
 * usage: load URL CERTIFICATE KEY CA TEMPLATE COUNT PROCESSES
 * TEMPLATE is a notice in which every "@N@" becomes the notice's number. Prints `submitted N seconds S`; exit 1 when
 * one was not accepted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "channel/send.h"
#include "sys/file.h"

#define BATCH 64
#define PROCESSES_MAX 64

struct load {
	char **argv;
	struct wg_buf template;
};

static void fill(const struct wg_buf *template, unsigned number, struct wg_buf *out)
{
	const char *at = wg_buf_text(template), *mark;
	while ((mark = strstr(at, "@N@")) != NULL) {
		wg_buf_put(out, at, (size_t)(mark - at));
		wg_buf_printf(out, "%u", number);
		at = mark + 3;
	}
	wg_buf_puts(out, at);
}

/* One batch over one connection; false when one was not accepted. */
static bool batch(const struct load *l, unsigned first, unsigned step, unsigned count)
{
	struct wg_send_item items[BATCH] = { 0 };
	struct wg_buf bodies[BATCH];
	char keys[BATCH][32];
	struct wg_send_target target = {
		.url = l->argv[1],
		.content_type = "application/xml",
		.tls = { .certificate = l->argv[2], .key = l->argv[3], .ca = l->argv[4] },
		.connect_ms = 10000,
		.total_ms = 60000,
	};
	for (unsigned i = 0; i < count; i++) {
		bodies[i] = WG_BUF(WG_LIMIT_NOTICE);
		fill(&l->template, first + i * step, &bodies[i]);
		(void)snprintf(keys[i], sizeof keys[i], "load-%u", first + i * step);
		items[i] = (struct wg_send_item){
			.message_id = keys[i], .idempotency_key = keys[i], .bytes = bodies[i].data, .len = bodies[i].len
		};
	}
	wg_channel_https.send(&target, items, count);
	bool ok = true;
	for (unsigned i = 0; i < count; i++) {
		if (ok && items[i].result.what != WG_SENT_OK) {
			(void)fprintf(stderr, "load: %s: %s\n", keys[i], items[i].result.detail);
			ok = false;
		}
		wg_buf_free(&bodies[i]);
	}
	return ok;
}

static int work(const struct load *l, unsigned self, unsigned processes, unsigned total)
{
	for (unsigned n = self; n < total;) {
		unsigned left = (total - n + processes - 1) / processes, count = left < BATCH ? left : BATCH;
		if (!batch(l, n, processes, count))
			return 1;
		n += count * processes;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct load l = { .argv = argv, .template = WG_BUF(WG_LIMIT_NOTICE) };
	struct wg_err err = { 0 };
	uint64_t total, processes;
	if (argc != 8 || !wg_num_parse(argv[6], 1, 10000000, &total) ||
	    !wg_num_parse(argv[7], 1, PROCESSES_MAX, &processes)) {
		(void)fprintf(stderr, "usage: load URL CERTIFICATE KEY CA TEMPLATE COUNT PROCESSES\n");
		return 64;
	}
	if (wg_file_read(argv[5], &l.template, &err) != WG_OK) {
		(void)fprintf(stderr, "load: %s\n", err.text);
		return 66;
	}
	int64_t start = wg_clock_monotonic();
	int failed = 0, status;
	for (unsigned i = 0; i < processes; i++) {
		pid_t pid = fork();
		if (pid == 0)
			_exit(work(&l, i, (unsigned)processes, (unsigned)total));
		failed += pid < 0;
	}
	while (wait(&status) > 0)
		failed += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	(void)printf("submitted %llu seconds %.3f\n", (unsigned long long)total,
	             (double)(wg_clock_monotonic() - start) / 1000);
	wg_buf_free(&l.template);
	return failed > 0;
}
