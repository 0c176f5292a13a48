/* load.c: submits notices to a gateway over HTTPS with mutual TLS, from several processes at once, each over one kept
 * connection.
 *
 * usage: load URL CERTIFICATE KEY CA TEMPLATE COUNT PROCESSES [FIRST [PER-MINUTE]]
 * TEMPLATE is a notice in which every "@N@" becomes the notice's number, from FIRST (0) on. With PER-MINUTE each goes
 * at its own time, whatever became of those before, and at once when that time is past; else as fast as can be. Prints
 * `submitted N seconds S`; exit 1 when one was not accepted. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "channel/session.h"
#include "sys/file.h"

#define PROCESSES_MAX 64

struct load {
	char **argv;
	struct wg_buf template;
	uint64_t total, processes, first, per_minute; /* per_minute 0: as fast as can be */
	int64_t start;                                /* monotonic ms */
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

/* Notices that go over one connection, each offered when it is due; false when one was not accepted. */
static bool submit(const struct load *l, struct wg_session *session, uint64_t number)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_NOTICE);
	char key[32];
	fill(&l->template, (unsigned)(l->first + number), &body);
	(void)snprintf(key, sizeof key, "load-%llu", (unsigned long long)(l->first + number)); /* fits */
	struct wg_send_item item = { .message_id = key, .idempotency_key = key, .bytes = body.data, .len = body.len };
	if (l->per_minute != 0) {
		int64_t wait = l->start + (int64_t)(number * 60000 / l->per_minute) - wg_clock_monotonic();
		if (wait > 0)
			(void)poll(NULL, 0, (int)wait); /* a signal only makes it early */
	}
	wg_way_https.offer(session, &item, 1, NULL, NULL);
	if (item.result.what != WG_SENT_OK)
		(void)fprintf(stderr, "load: %s: %s\n", key, item.result.detail);
	return item.result.what == WG_SENT_OK;
}

static int work(const struct load *l, uint64_t self)
{
	const struct wg_send_target target = {
		.url = l->argv[1],
		.content_type = "application/xml",
		.tls = { .certificate = l->argv[2], .key = l->argv[3], .ca = l->argv[4] },
		.connect_ms = 10000,
		.total_ms = 60000,
	};
	struct wg_session *session = NULL;
	struct wg_err err = { 0 };
	if (wg_way_https.open(&target, &session, &err) != WG_OK) {
		(void)fprintf(stderr, "load: %s\n", err.text);
		return 1;
	}
	bool good = true;
	for (uint64_t n = self; good && n < l->total; n += l->processes)
		good = submit(l, session, n);
	wg_way_https.close(&session);
	return good ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct load l = { .argv = argv, .template = WG_BUF(WG_LIMIT_NOTICE) };
	struct wg_err err = { 0 };
	if (argc < 8 || argc > 10 || !wg_num_parse(argv[6], 1, 10000000, &l.total) ||
	    !wg_num_parse(argv[7], 1, PROCESSES_MAX, &l.processes) ||
	    (argc > 8 && !wg_num_parse(argv[8], 0, 10000000, &l.first)) ||
	    (argc > 9 && !wg_num_parse(argv[9], 1, 1000000, &l.per_minute))) {
		(void)fprintf(stderr, "usage: load URL CERTIFICATE KEY CA TEMPLATE COUNT PROCESSES [FIRST [PER-MINUTE]]\n");
		return 64;
	}
	if (wg_file_read(argv[5], &l.template, &err) != WG_OK) {
		(void)fprintf(stderr, "load: %s\n", err.text);
		return 66;
	}
	l.start = wg_clock_monotonic();
	int failed = 0, status;
	for (uint64_t i = 0; i < l.processes; i++) {
		pid_t pid = fork();
		if (pid == 0)
			_exit(work(&l, i));
		failed += pid < 0;
	}
	while (wait(&status) > 0)
		failed += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	(void)printf("submitted %llu seconds %.3f\n", (unsigned long long)l.total,
	             (double)(wg_clock_monotonic() - l.start) / 1000);
	wg_buf_free(&l.template);
	return failed > 0;
}
