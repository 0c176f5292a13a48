/* said.c owns the reading of what the store says of the whole. */
#include "cli/said.h"

#include "base/clock.h"
#include "cli/people.h"

/* Some 200 bytes a recipient. */
#define SAYS_MAX ((size_t)8 * 1024 * 1024)

static enum wg_code read_json(const struct wg_buf *text, const char *what, json_t **out, struct wg_err *err)
{
	enum wg_code code = wg_buf_check(text, what, err);
	json_t *got = code == WG_OK ? json_loadb(wg_buf_text(text), text->len, JSON_REJECT_DUPLICATES, NULL) : NULL;
	if (code == WG_OK && got == NULL)
		code = wg_err_set(err, WG_CORRUPT, "the store's %s cannot be read", what);
	if (code == WG_OK)
		*out = got;
	return code;
}

enum wg_code wg_said_metrics(struct wg_admin *admin, json_t **out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf text = WG_BUF(SAYS_MAX);
	enum wg_code code = wg_client_metrics(admin->client, &text, err);
	return code == WG_OK ? read_json(&text, "metrics", out, err) : code;
}

enum wg_code wg_said_silence(struct wg_admin *admin, json_t **out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf text = WG_BUF(SAYS_MAX);
	enum wg_code code = wg_client_silence(admin->client, &text, err);
	return code == WG_OK ? read_json(&text, "silence", out, err) : code;
}

int64_t wg_said_age(const char *then, int64_t now)
{
	int64_t at;
	return wg_clock_parse(then, &at) && at < now ? now - at : 0;
}

int64_t wg_said_now(const json_t *metrics)
{
	int64_t now;
	return wg_clock_parse(wg_people_text(metrics, "now"), &now) ? now : wg_clock_now();
}
