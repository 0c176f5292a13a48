/* cert.c owns the command `cert`: every certificate that the gateway knows, and one round of asking about revoked ones
 * by hand. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/cli.h"
#include "policy/directory.h"
#include "policy/reasons.h"
#include "role/admin.h"
#include "role/certs.h"
#include "role/trust.h"

static void put_json(struct wg_buf *out, const struct wg_cert_item *i)
{
	char when[WG_CLOCK_TEXT];
	wg_buf_printf(out, "{\"what\":\"%s\",\"whose\":\"%s\",\"file\":", i->what, i->whose);
	wg_buf_put_json(out, i->file);
	wg_buf_puts(out, ",\"subject\":");
	wg_buf_put_json(out, i->subject);
	wg_buf_printf(out, ",\"fingerprint\":\"%s\",\"key\":\"%s\"", i->fingerprint, i->key_type);
	if (i->not_after != 0) {
		wg_buf_printf(out, ",\"from\":\"%s\"", wg_clock_format(i->not_before, when));
		wg_buf_printf(out, ",\"until\":\"%s\",\"days\":%d", wg_clock_format(i->not_after, when), i->days);
	} else {
		wg_buf_puts(out, ",\"from\":null,\"until\":null,\"days\":null");
	}
	wg_buf_printf(out, ",\"stage\":%d,\"used\":%s,\"revocation\":", i->stage, i->used ? "true" : "false");
	if (i->asked)
		wg_buf_printf(out, "\"%s\"", wg_revocation_state_name(i->revocation));
	else
		wg_buf_puts(out, "null");
	wg_buf_printf(out, ",\"level\":\"%s\",\"words\":", wg_cert_level_name(i->level));
	wg_buf_put_json(out, i->words);
	wg_buf_puts(out, "}\n");
}

/* "12 days", "over", "?": what stands in the column. */
static void put_left(const struct wg_cert_item *i, char out[static 24])
{
	if (i->not_after == 0)
		(void)snprintf(out, 24, "?");
	else if (i->days < 0)
		(void)snprintf(out, 24, "over");
	else
		(void)snprintf(out, 24, "%d %s", i->days, i->days == 1 ? "day" : "days");
}

static void put_text(struct wg_buf *out, const struct wg_cert_item *i)
{
	char left[24], when[WG_CLOCK_TEXT], words[WG_CERT_ITEM_WORDS + 80] = "", safe[sizeof words];
	const char *slash = strrchr(i->file, '/');
	bool over = i->not_after != 0 && i->days < 0;
	put_left(i, left);
	wg_buf_printf(out, "%-8s %-13s %-36s %10s  %-9s %-8s %s\n", wg_cert_level_name(i->level), i->what, i->whose, left,
	              i->key_type, i->asked ? wg_revocation_state_name(i->revocation) : "",
	              slash != NULL ? slash + 1 : i->file);
	if (over)
		(void)snprintf(words, sizeof words, "%s %d %s ago (%.10s)%s",
		               strcmp(i->what, "list") == 0 ? "ran out" : "expired", -i->days, i->days == -1 ? "day" : "days",
		               wg_clock_format(i->not_after, when), i->words[0] != '\0' ? "; " : ""); /* fits */
	size_t used = strlen(words);
	(void)snprintf(words + used, sizeof words - used, "%s", i->words); /* fits */
	if (words[0] != '\0') {
		wg_buf_puts(out, "         ");
		wg_reasons_wrap(9, wg_defang(words, safe, sizeof safe), out);
	}
}

static enum wg_code load(const struct wg_cli *cli, struct wg_config **config, struct wg_directory **directory,
                         struct wg_err *err)
{
	enum wg_code code = wg_cli_config(cli, config, err);
	return code == WG_OK ? wg_directory_load((*config)->directory, (*config)->paths.xsd, directory, err) : code;
}

static int run_status(const struct wg_cli *cli)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF((size_t)16 << 20);
	WG_AUTO_FREE struct wg_config *config = NULL;
	WG_AUTO_FREE struct wg_cert_item *items = NULL;
	struct wg_directory *directory = NULL;
	struct wg_err err = { 0 };
	unsigned count = 0, levels[3] = { 0 };
	enum wg_code code = load(cli, &config, &directory, &err);
	if (code == WG_OK)
		wg_admin_time(config);
	if (code == WG_OK)
		code = wg_certs_list(config, directory, wg_clock_now(), true, &items, &count, &err);
	if (code == WG_OK && !cli->json)
		wg_buf_printf(&out, "%-8s %-13s %-36s %10s  %-9s %-8s %s\n", "", "what", "whose", "left", "key", "revoked?",
		              "file");
	for (unsigned i = 0; code == WG_OK && i < count; i++) {
		levels[items[i].level]++;
		if (cli->json)
			put_json(&out, &items[i]);
		else
			put_text(&out, &items[i]);
	}
	if (code == WG_OK && !cli->json)
		wg_buf_printf(&out, "\n%u in all: %u in order, %u with a warning, %u broken\n", count, levels[0], levels[1],
		              levels[2]);
	if (code == WG_OK)
		code = wg_buf_check(&out, "list", &err);
	wg_directory_freep(&directory);
	if (code != WG_OK)
		return wg_fail("cert", &err);
	return wg_print(&out) ? (int)wg_certs_worst(items, count) : EX_IOERR;
}

struct told {
	bool json;
	unsigned asked, faults;
};

static void tell(void *arg, const char *url, const char *certificate, enum wg_code code, const char *words)
{
	struct told *t = arg;
	struct wg_buf out = WG_BUF(8192);
	char safe[512];
	t->asked++;
	t->faults += code != WG_OK;
	if (t->json) {
		wg_buf_puts(&out, "{\"url\":");
		wg_buf_put_json(&out, url);
		wg_buf_puts(&out, ",\"certificate\":");
		wg_buf_put_json(&out, certificate);
		wg_buf_printf(&out, ",\"kept\":%s,\"why\":", code == WG_OK ? "true" : "false");
		wg_buf_put_json(&out, words);
		wg_buf_puts(&out, "}\n");
	} else {
		wg_buf_printf(&out, "%-6s %s (for %s)%s%s\n", code == WG_OK ? "kept" : "failed", url, certificate,
		              code == WG_OK ? "" : ": ", code == WG_OK ? "" : wg_defang(words, safe, sizeof safe));
	}
	(void)wg_print(&out); /* said on stderr; the round goes on */
	wg_buf_free(&out);
}

static int run_fetch(const struct wg_cli *cli, bool all)
{
	WG_AUTO_FREE struct wg_config *config = NULL;
	struct wg_directory *directory = NULL;
	struct wg_err err = { 0 };
	struct told t = { .json = cli->json };
	unsigned kept = 0;
	enum wg_code code = load(cli, &config, &directory, &err);
	if (code == WG_OK)
		wg_admin_time(config);
	if (code == WG_OK)
		code = wg_revocation_round(config, directory, wg_clock_now(), all, tell, &t, &kept, &err);
	wg_directory_freep(&directory);
	if (code != WG_OK)
		return wg_fail("cert", &err);
	if (!cli->json)
		(void)printf("%u asked, %u kept, %u failed%s\n", t.asked, kept, t.faults,
		             t.asked == 0 && !all ? "; nothing was due (--all asks everybody)" : "");
	return t.faults > 0 ? 1 : EX_OK;
}

static int run_cert(const struct wg_cli *cli, int argc, char **argv)
{
	bool all = false;
	int count = 0;
	const struct wg_option options[] = { { "all", NULL, &all }, { NULL, NULL, NULL } };
	if (!wg_options(options, argc, argv, &count))
		return EX_USAGE;
	if (count == 1 && strcmp(argv[1], "status") == 0 && !all)
		return run_status(cli);
	if (count == 1 && strcmp(argv[1], "fetch") == 0)
		return run_fetch(cli, all);
	return wg_misuse_word(&wg_command_cert, count > 0 ? argv[1] : NULL, "say what to do: status or fetch");
}

const struct wg_command wg_command_cert = {
	.name = "cert",
	.words = "status fetch",
	.summary = "every certificate: what for, how long, what is wrong",
	.help =
		"usage: wardgate cert status [--json]\n"
		"       wardgate cert fetch [--all] [--json]\n\n"
		"  status  every certificate that the gateway knows: its own, those of partners' desks, signers, anchors, "
		"lists\n"
		"          of revoked ones; warnings from 60 days before the end. Exit 0 all in order, 1 warnings, 2 broken\n"
		"  fetch   ask the authorities now about revoked certificates (the monitor role does so by itself); --all "
		"also\n"
		"          those whose last answer is still fresh. Exit 1 when one did not answer\n\n"
		"examples:\n"
		"  wardgate cert status\n"
		"  wardgate --json cert status | jq 'select(.level != \"ok\")'\n",
	.run = run_cert,
};
