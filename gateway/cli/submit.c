/* submit.c owns the command `submit`: hands a document to a gateway over HTTPS with mutual TLS. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "channel/send.h"
#include "cli/cli.h"
#include "crypto/crypto.h"
#include "role/kind.h"
#include "sys/file.h"

#define CONNECT_MS 10000
#define TOTAL_MS 120000

/* Where and as whom: what was said on the command line, else the configuration's own HTTPS client. */
struct submit {
	const char *file, *url, *certificate, *key, *ca, *idempotency;
	struct wg_config *config;
};

static enum wg_code fill_in(const struct wg_cli *cli, struct submit *s, struct wg_err *err)
{
	if (s->certificate != NULL && s->key != NULL && s->ca != NULL)
		return WG_OK;
	enum wg_code code = wg_cli_config(cli, &s->config, err);
	if (code != WG_OK)
		return wg_err_add(err, "--certificate, --key and --ca were not all given, and no configuration");
	if (s->config->https_out.tls.certificate[0] == '\0')
		return wg_err_set(err, WG_CONFIG, "%s has no <https> in <deliver>: give --certificate, --key and --ca",
		                  s->config->file);
	s->certificate = s->certificate != NULL ? s->certificate : s->config->https_out.tls.certificate;
	s->key = s->key != NULL ? s->key : s->config->https_out.tls.key;
	s->ca = s->ca != NULL ? s->ca : s->config->https_out.ca;
	return WG_OK;
}

/* The default key is the content's hash: the same document handed in twice is one submission. */
static enum wg_code send_it(const struct submit *s, struct wg_send_item *item, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(WG_LIMIT_MESSAGE);
	char hash[WG_HASH_TEXT];
	enum wg_document kind;
	enum wg_code code = wg_file_read(s->file, &bytes, err);
	if (code == WG_OK)
		code = wg_document_kind(bytes.data, bytes.len, NULL, strcmp(s->file, "-") == 0 ? NULL : s->file, &kind, err);
	if (code != WG_OK)
		return code;
	wg_sha256_hex(bytes.data, bytes.len, hash);
	struct wg_send_target target = {
		.url = s->url,
		.content_type = wg_document_type(kind),
		.tls = { .certificate = s->certificate, .key = s->key, .ca = s->ca },
		.connect_ms = CONNECT_MS,
		.total_ms = TOTAL_MS,
	};
	*item = (struct wg_send_item){
		.message_id = hash,
		.bytes = bytes.data,
		.len = bytes.len,
		.idempotency_key = s->idempotency != NULL ? s->idempotency : hash,
	};
	wg_channel_https.send(&target, item, 1);
	item->bytes = NULL;
	return WG_OK;
}

/* The other side's words: escaped or defanged. */
static int print_receipt(const struct wg_cli *cli, const char *receipt)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(4096);
	char safe[256];
	wg_buf_puts(&out, cli->json ? "{\"accepted\":" : "accepted: ");
	if (cli->json)
		wg_buf_put_json(&out, receipt);
	else
		wg_buf_puts(&out, wg_defang(receipt, safe, sizeof safe));
	wg_buf_puts(&out, cli->json ? "}\n" : "\n");
	return wg_print(&out) ? EX_OK : EX_IOERR;
}

static int run_submit(const struct wg_cli *cli, int argc, char **argv)
{
	struct submit s = { 0 };
	struct wg_send_item item = { 0 };
	struct wg_err err = { 0 };
	const struct wg_option options[] = {
		{ "url", &s.url, NULL }, { "certificate", &s.certificate, NULL },     { "key", &s.key, NULL },
		{ "ca", &s.ca, NULL },   { "idempotency-key", &s.idempotency, NULL }, { NULL, NULL, NULL }
	};
	int operands;
	if (!wg_options(options, argc, argv, &operands))
		return EX_USAGE;
	if (operands != 1 || s.url == NULL)
		return wg_misuse(&wg_command_submit, "name one FILE, and the gateway with --url");
	s.file = argv[1];
	enum wg_code code = fill_in(cli, &s, &err);
	if (code == WG_OK)
		code = send_it(&s, &item, &err);
	free(s.config);
	if (code != WG_OK)
		return wg_fail("submit", &err);
	if (item.result.what == WG_SENT_OK)
		return print_receipt(cli, item.result.receipt);
	(void)fprintf(stderr, "wardgate submit: not accepted%s: %s\n",
	              item.result.maybe ? " as far as is known (sending again is safe)" : "", item.result.detail);
	return item.result.what == WG_SENT_REFUSED ? EX_DATAERR : EX_TEMPFAIL;
}

const struct wg_command wg_command_submit = {
	.name = "submit",
	.summary = "hand a document to a gateway over HTTPS",
	.help = "usage: wardgate submit --url URL [--certificate FILE --key FILE --ca FILE] [--idempotency-key KEY] "
			"[--json] FILE\n\n"
			"FILE is an e-mail (.eml), a Word, OpenDocument or PDF form, an Excel or CSV table, a web page, XML, or a "
			"sealed\nobject; - is standard input. The client certificate says who submits.\n"
			"Without --certificate, --key and --ca those of the configuration's <deliver><https> are used.\n"
			"Handing in the same document twice is safe: it gets the same receipt.\n"
			"Exit status: 0 accepted, 65 refused, 75 try again later.\n\n"
			"example:\n"
			"  wardgate submit --url https://gateway.example/v1/notices --certificate me.crt --key me.key --ca ca.crt "
			"report.eml\n",
	.run = run_submit,
};
