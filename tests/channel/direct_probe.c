/* Sends one mail to each recipient named on standard input, to the servers of its domain, for test_mail_direct.py; one
 * JSON object a line on standard output. Arguments: trust anchor, resolver, anchors, port of MTA-STS servers, SMTP
 * port. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "channel/session.h"

#define MAIL                                                              \
	"From: gateway@derbyshire.example\r\nSubject: Notice\r\nMessage-ID: " \
	"<specimen@derbyshire.example>\r\n\r\nCANARY-0815\r\n"

static unsigned number(const char *s)
{
	uint64_t n = 0;
	return wg_num_parse(s, 0, 65535, &n) ? (unsigned)n : 0;
}

static void tell(const struct wg_send_result *result)
{
	static const char *const whats[] = {
		[WG_SENT_OK] = "ok", [WG_SENT_DEFER] = "defer", [WG_SENT_REFUSED] = "refused"
	};
	WG_AUTO_BUF struct wg_buf out = WG_BUF((size_t)65536);
	wg_buf_printf(&out, "{\"what\":\"%s\",\"tls\":%s,\"maybe\":%s,\"detail\":", whats[result->what],
	              result->tls_fault ? "true" : "false", result->maybe ? "true" : "false");
	wg_buf_put_json(&out, result->detail);
	wg_buf_puts(&out, "}");
	(void)puts(wg_buf_text(&out)); /* flushed and looked at below */
}

int main(int argc, char **argv)
{
	char line[512];
	if (argc != 6)
		return 64;
	while (fgets(line, sizeof line, stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		const struct wg_send_target target = {
			.dns_anchor = argv[1],
			.dns_resolver = argv[2],
			.sts_ca = argv[3],
			.sts_port = number(argv[4]),
			.smtp_port = number(argv[5]),
			.helo = "derbyshire.example",
			.from = "gateway@derbyshire.example",
			.to = line,
			.tls = { .ca = argv[3] },
			.connect_ms = 5000,
			.total_ms = 20000,
		};
		struct wg_send_item item = { .message_id = "specimen", .bytes = MAIL, .len = strlen(MAIL), .to = line };
		struct wg_session *session = NULL;
		struct wg_err err = { 0 };
		if (wg_way_smtp.open(&target, &session, &err) != WG_OK) {
			(void)fprintf(stderr, "direct_probe: %s\n", err.text);
			return 1;
		}
		wg_way_smtp.offer(session, &item, 1, NULL, NULL);
		wg_way_smtp.close(&session);
		tell(&item.result);
		if (fflush(stdout) != 0)
			return 1;
	}
	return 0;
}
