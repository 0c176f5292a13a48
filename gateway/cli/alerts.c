/* alerts.c owns the commands `alerts` and `metrics`: what is wrong with the whole now, and the numbers behind it. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/people.h"
#include "cli/said.h"
#include "role/monitor.h"

static void put_alert(const struct wg_cli *cli, const json_t *alert, int64_t now, struct wg_buf *out)
{
	char age[32], when[WG_CLOCK_WORDS];
	const char *since = wg_people_text(alert, "since");
	if (cli->json) {
		wg_buf_puts(out, "{\"key\":");
		wg_buf_put_json(out, wg_people_text(alert, "key"));
		wg_buf_puts(out, ",\"since\":");
		wg_buf_put_json(out, since);
		wg_buf_puts(out, ",\"words\":");
		wg_buf_put_json(out, wg_people_text(alert, "words"));
		wg_buf_puts(out, "}\n");
		return;
	}
	wg_people_words(0, wg_people_text(alert, "key"), out);
	wg_buf_printf(out, "    since %s, for %s\n    ", wg_people_stamp(since, when),
	              wg_age(wg_said_age(since, now), age, sizeof age));
	wg_people_words(4, wg_people_text(alert, "words"), out);
}

static int run_alerts(const struct wg_cli *cli, int argc, char **argv)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF((size_t)1 << 20);
	WG_AUTO_FREE struct wg_config *config = NULL;
	WG_AUTO_ADMIN struct wg_admin admin = { 0 };
	struct wg_err err = { 0 };
	json_t *metrics = NULL, *alert;
	size_t i, n = 0;
	(void)argv;
	if (argc != 1)
		return wg_misuse(&wg_command_alerts, "it takes no operands");
	enum wg_code code = wg_cli_config(cli, &config, &err);
	if (code == WG_OK)
		code = wg_admin_open(config, &admin, &err);
	if (code == WG_OK)
		code = wg_said_metrics(&admin, &metrics, &err);
	if (code == WG_OK) {
		const json_t *alerts = json_object_get(metrics, "alerts");
		n = json_array_size(alerts);
		json_array_foreach(alerts, i, alert) put_alert(cli, alert, wg_said_now(metrics), &out);
		if (n == 0 && !cli->json)
			wg_buf_printf(&out, "No alert holds now.%s\n",
			              admin.store != 0 ? " The gateway does not run, so nobody looks." : "");
		code = wg_buf_check(&out, "list", &err);
	}
	json_decref(metrics);
	if (code != WG_OK)
		return wg_fail("alerts", &err);
	return !wg_print(&out) ? EX_IOERR : n > 0 ? WG_EXIT_ATTENTION : EX_OK;
}

const struct wg_command wg_command_alerts = {
	.name = "alerts",
	.summary = "what is wrong with the whole now, since when",
	.help =
		"usage: wardgate alerts [--json]\n\n"
		"What the monitor role found wrong and what is so still: copies that are not handed over, certificates near\n"
		"their end, silence, a clock that jumped, a full disk. Each was said once when it started, and is said once\n"
		"when it clears. wardgate stuck has the copies themselves.\n"
		"Exit 0 when nothing is wrong, 10 when something is.\n\n"
		"examples:\n"
		"  wardgate alerts\n"
		"  wardgate --json alerts | jq -r .words\n",
	.run = run_alerts,
};

/* ---- metrics */

static int run_metrics(const struct wg_cli *cli, int argc, char **argv)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF((size_t)16 << 20);
	WG_AUTO_FREE struct wg_config *config = NULL;
	WG_AUTO_ADMIN struct wg_admin admin = { 0 };
	struct wg_err err = { 0 };
	struct wg_directory *directory = NULL;
	json_t *metrics = NULL, *watched = NULL;
	(void)argv;
	if (argc != 1)
		return wg_misuse(&wg_command_metrics, "it takes no operands");
	enum wg_code code = wg_cli_config(cli, &config, &err);
	if (code == WG_OK)
		code = wg_directory_load(config->directory, config->paths.xsd, &directory, &err);
	if (code == WG_OK)
		code = wg_monitor_watched(config, directory, wg_clock_now(), &watched, &err);
	if (code == WG_OK)
		code = wg_admin_open(config, &admin, &err);
	if (code == WG_OK)
		code = wg_said_metrics(&admin, &metrics, &err);
	if (code == WG_OK) {
		const struct wg_monitor_view view = { .metrics = metrics,
			                                  .watched = watched,
			                                  .oldest_s = config->monitor.oldest_s,
			                                  .backup_s = config->backup.warn_s,
			                                  .fault_s = config->monitor.fault_s };
		wg_monitor_text(&view, &out);
		code = wg_buf_check(&out, "text", &err);
	}
	json_decref(metrics);
	json_decref(watched);
	wg_directory_freep(&directory);
	return code != WG_OK ? wg_fail("metrics", &err) : wg_print(&out) ? EX_OK : EX_IOERR;
}

const struct wg_command wg_command_metrics = {
	.name = "metrics",
	.summary = "the gateway's numbers, as Prometheus reads them",
	.help = "usage: wardgate metrics\n\n"
			"What the monitor role serves on its socket, once, for who has no access to that.\n\n"
			"examples:\n"
			"  wardgate metrics > /var/lib/prometheus/node-exporter/wardgate.prom\n",
	.run = run_metrics,
};
