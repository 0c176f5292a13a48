/* load.c: submits notices to a gateway over HTTPS on loopback with mutual TLS, from several processes at once, each
 * over one kept connection.
 *
 * usage: load PORT CERTIFICATE KEY CA TEMPLATE COUNT PROCESSES [FIRST [PER-MINUTE]]
 * TEMPLATE is a notice in which every "@N@" becomes the notice's number, from FIRST (0) on, and every "@0N@" that
 * number of eight digits. With PER-MINUTE each goes at its own time, whatever became of those before, and at once when
 * that time is past; else as fast as can be. Prints `submitted N seconds S cpu C p50 A p99 B`: C the processor seconds
 * of this program, A and B the seconds until a receipt was there, from the time at which the notice was due (with
 * PER-MINUTE) or was begun. Exit 1 when one was not accepted. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/text.h"
#include "sys/file.h"
#include "talk.h"

#define PROCESSES_MAX 64

struct load {
	char **argv;
	struct wg_buf template;
	uint64_t total, processes, first, per_minute; /* per_minute 0: as fast as can be */
	unsigned short port;
	double start; /* seconds, as now() has them */
	double *took; /* of each notice, in seconds; shared with the processes */
};

static void fill(const struct wg_buf *template, unsigned number, struct wg_buf *out)
{
	const char *at = wg_buf_text(template), *mark;
	while ((mark = strchr(at, '@')) != NULL) {
		bool wide = strncmp(mark, "@0N@", 4) == 0, plain = strncmp(mark, "@N@", 3) == 0;
		wg_buf_put(out, at, (size_t)(mark - at) + (wide || plain ? 0 : 1));
		if (wide || plain)
			wg_buf_printf(out, wide ? "%08u" : "%u", number);
		at = mark + (wide ? 4 : plain ? 3 : 1);
	}
	wg_buf_puts(out, at);
}

/* When the notice is to go, and waits until then. */
static double due_at(const struct load *l, uint64_t number)
{
	double at = now();
	if (l->per_minute == 0)
		return at;
	double wait = l->start + (double)number * 60 / (double)l->per_minute - at;
	if (wait > 0)
		(void)poll(NULL, 0, (int)(wait * 1000 + 1)); /* a signal only makes it early; 1: never by rounding */
	return at + wait;
}

/* One notice over the connection; false when it was not accepted. */
static bool submit(const struct load *l, struct talk *t, uint64_t number)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_NOTICE), request = WG_BUF(WG_LIMIT_NOTICE + 1024);
	char answer[512];
	unsigned long long n = l->first + number;
	fill(&l->template, (unsigned)n, &body);
	wg_buf_printf(&request,
	              "POST /v1/notices HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/xml\r\n"
	              "Idempotency-Key: load-%llu\r\nContent-Length: %zu\r\n\r\n",
	              n, body.len);
	wg_buf_put(&request, body.data, body.len);
	must(!request.failed, "memory");
	double due = due_at(l, number);
	put(t, (const char *)request.data, request.len);
	int status = http_answer(t, answer, sizeof answer);
	l->took[number] = now() - due;
	if (status != 202 && status != 200)
		(void)fprintf(stderr, "load: notice %llu: status %d: %s\n", n, status, answer);
	return status == 202 || status == 200;
}

static int work(const struct load *l, uint64_t self)
{
	struct talk t = { 0 };
	SSL_CTX *context = client_context(l->argv[4], l->argv[2], l->argv[3]);
	connect_to(&t, l->port);
	secure(&t, context);
	bool good = true;
	for (uint64_t n = self; good && n < l->total; n += l->processes)
		good = submit(l, &t, n);
	BIO_free_all(t.bio);
	SSL_CTX_free(context);
	return good ? 0 : 1;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* The least of the sorted times that at least that part of all (in percent) do not exceed. */
static double percentile(const struct load *l, uint64_t part)
{
	return l->took[(l->total * part + 99) / 100 - 1];
}

static void report(struct load *l, double seconds)
{
	struct rusage use;
	double cpu = 0;
	if (getrusage(RUSAGE_CHILDREN, &use) == 0)
		cpu = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
		      (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
	qsort(l->took, l->total, sizeof *l->took, by_size);
	(void)printf("submitted %llu seconds %.3f cpu %.3f p50 %.6f p99 %.6f\n", (unsigned long long)l->total, seconds, cpu,
	             percentile(l, 50), percentile(l, 99));
}

int main(int argc, char **argv)
{
	struct load l = { .argv = argv, .template = WG_BUF(WG_LIMIT_NOTICE) };
	struct wg_err err = { 0 };
	uint64_t port = 0;
	if (argc < 8 || argc > 10 || !wg_num_parse(argv[1], 1, 65535, &port) ||
	    !wg_num_parse(argv[6], 1, 10000000, &l.total) || !wg_num_parse(argv[7], 1, PROCESSES_MAX, &l.processes) ||
	    (argc > 8 && !wg_num_parse(argv[8], 0, 10000000, &l.first)) ||
	    (argc > 9 && !wg_num_parse(argv[9], 1, 1000000, &l.per_minute))) {
		(void)fprintf(stderr, "usage: load PORT CERTIFICATE KEY CA TEMPLATE COUNT PROCESSES [FIRST [PER-MINUTE]]\n");
		return 64;
	}
	l.port = (unsigned short)port;
	if (wg_file_read(argv[5], &l.template, &err) != WG_OK) {
		(void)fprintf(stderr, "load: %s\n", err.text);
		return 66;
	}
	void *shared = mmap(NULL, l.total * sizeof *l.took, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		(void)fprintf(stderr, "load: no memory for %llu times\n", (unsigned long long)l.total);
		return 70;
	}
	l.took = shared;
	l.start = now();
	int failed = 0, status;
	for (uint64_t i = 0; i < l.processes; i++) {
		pid_t pid = fork();
		if (pid == 0)
			_exit(work(&l, i));
		failed += pid < 0;
	}
	while (wait(&status) > 0)
		failed += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	report(&l, now() - l.start);
	wg_buf_free(&l.template);
	return failed > 0;
}
