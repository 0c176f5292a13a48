/* Asks for the way to mail servers, for test_mail_route.py: one domain a line on standard input, one JSON object a line
 * on standard output. Arguments: trust anchor, resolver, anchors for MTA-STS, folder of remembered policies ("" none),
 * port of MTA-STS servers, domains whose names may pass ("" none), SMTP port; "confine" as an eighth confines the probe
 * as the deliver role is, before the first question. HEARD in the environment: the time (ms) that the store says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "channel/mail_route.h"
#include "sys/sandbox.h"

static unsigned number(const char *s)
{
	uint64_t n = 0;
	return wg_num_parse(s, 0, 65535, &n) ? (unsigned)n : 0;
}

static void put_hop(struct wg_buf *out, const struct wg_mail_hop *hop)
{
	wg_buf_printf(out, "{\"how\":\"%s\",\"host\":\"%s\",\"preference\":%u,\"port\":%u,\"names\":[",
	              wg_hop_how_name(hop->how), hop->host, hop->preference, hop->port);
	for (unsigned i = 0; i < hop->name_count; i++)
		wg_buf_printf(out, "%s\"%s\"", i > 0 ? "," : "", hop->names[i]);
	wg_buf_puts(out, "],\"addresses\":[");
	for (unsigned i = 0; i < hop->address_count; i++)
		wg_buf_printf(out, "%s\"%s\"", i > 0 ? "," : "", hop->addresses[i]);
	wg_buf_puts(out, "],\"tlsa\":[");
	for (unsigned i = 0; i < hop->tlsa_count; i++)
		wg_buf_printf(out, "%s\"%u %u %u\"", i > 0 ? "," : "", hop->tlsa[i].usage, hop->tlsa[i].selector,
		              hop->tlsa[i].matching);
	wg_buf_puts(out, "]}");
}

static void ask(const struct wg_send_target *target, const char *domain)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF((size_t)1 << 20);
	WG_AUTO_FREE struct wg_mail_route *route = NULL;
	struct wg_err err = { 0 };
	int64_t began = wg_clock_monotonic();
	enum wg_code code = wg_mail_route_find(target, domain, &route, &err);
	wg_buf_printf(&out, "{\"code\":\"%s\",\"ms\":%lld,\"words\":", wg_code_name(code),
	              (long long)(wg_clock_monotonic() - began));
	wg_buf_put_json(&out, code == WG_OK ? route->words : err.text);
	wg_buf_puts(&out, ",\"hops\":[");
	for (unsigned i = 0; code == WG_OK && i < route->count; i++) {
		wg_buf_puts(&out, i > 0 ? "," : "");
		put_hop(&out, &route->hops[i]);
	}
	wg_buf_puts(&out, "]}");
	(void)puts(wg_buf_text(&out)); /* flushed and looked at below */
}

static int confine(const struct wg_send_target *target)
{
	const char *const read[] = { target->dns_anchor, target->sts_ca, NULL };
	const char *const write[] = { target->sts_cache, NULL };
	const struct wg_sandbox box = { .kind = WG_SANDBOX_DELIVER, .read = read, .write = write };
	struct wg_err err = { 0 };
	if (wg_sandbox_harden(&err) == WG_OK && wg_sandbox_enter(&box, &err) == WG_OK)
		return 0;
	(void)fprintf(stderr, "route_probe: %s\n", err.text);
	return 1;
}

int main(int argc, char **argv)
{
	char line[512];
	if (argc < 8)
		return 64;
	struct wg_send_target target = {
		.dns_anchor = argv[1],
		.dns_resolver = argv[2],
		.sts_ca = argv[3],
		.sts_cache = argv[4][0] != '\0' ? argv[4] : NULL,
		.sts_port = number(argv[5]),
		.dns_names_for = argv[6][0] != '\0' ? argv[6] : NULL,
		.smtp_port = number(argv[7]),
	};
	const char *heard = getenv("HEARD");
	uint64_t now = 0;
	if (heard != NULL && wg_num_parse(heard, 1, INT64_MAX, &now))
		wg_clock_hear((int64_t)now);
	if (argc > 8 && confine(&target) != 0)
		return 1;
	while (fgets(line, sizeof line, stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		ask(&target, line);
		if (fflush(stdout) != 0)
			return 1;
	}
	return 0;
}
