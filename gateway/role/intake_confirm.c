/* intake_confirm.c owns the page on which a person confirms by the link of a mail: its listener, who may try how often,
 * and the receipt that comes of it. Opening the link confirms nothing: programs that scan mails open links too.
 * SECURITY: strangers reach it. A token is 128 random bits, known to the store by its hash only; it is never logged.
 * Whoever has it sees which copy it is of and whether it was answered; whatever is wrong about another gets one and the
 * same page, after one and the same question to the store, and costs its address a try. */
#include "role/intake_confirm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/token.h"
#include "role/ask.h"

/* One page and one form of two short fields. */
#define HEADER_MAX ((size_t)8 * 1024)
#define BODY_MAX ((size_t)4 * 1024)
#define CONNECTIONS 64
#define REQUEST_MS 10000
#define IDLE_MS 5000
#define PAGE_MAX ((size_t)16 * 1024)

struct tried {
	char address[46]; /* "" free */
	unsigned wrong;
	int64_t since; /* monotonic ms of the first of them */
};

struct wg_confirm {
	const struct wg_directory *directory;
	const char *us, *telephone;
	struct wg_client *asks;
	void (*lost)(void *arg, const struct wg_err *err);
	void *arg;
	char base[512], style[544]; /* path of the URL, without a slash at its end; and of the style sheet */
	struct ssl_ctx_st *tls;
	struct wg_httpd *httpd;
	struct tried tried[WG_CONFIRM_ADDRESSES];
};

/* ---- who may try */

static struct tried *find_tried(struct wg_confirm *c, const char *address, int64_t now)
{
	for (size_t i = 0; i < WG_COUNT(c->tried); i++) {
		if (strcmp(c->tried[i].address, address) != 0)
			continue;
		if (now - c->tried[i].since >= WG_CONFIRM_WINDOW_MS)
			c->tried[i] = (struct tried){ 0 };
		return c->tried[i].address[0] != '\0' ? &c->tried[i] : NULL;
	}
	return NULL;
}

static bool may_try(struct wg_confirm *c, const char *address)
{
	const struct tried *t = find_tried(c, address, wg_clock_monotonic());
	return t == NULL || t->wrong < WG_CONFIRM_TRIES;
}

static void count_wrong(struct wg_confirm *c, const char *address)
{
	int64_t now = wg_clock_monotonic();
	struct tried *t = find_tried(c, address, now);
	if (t == NULL) {
		t = &c->tried[0];
		for (size_t i = 0; i < WG_COUNT(c->tried) && t->address[0] != '\0'; i++)
			if (c->tried[i].address[0] == '\0' || c->tried[i].since < t->since)
				t = &c->tried[i];
		*t = (struct tried){ .since = now };
		(void)snprintf(t->address, sizeof t->address, "%s", address); /* the same size */
	}
	if (++t->wrong == WG_CONFIRM_TRIES)
		wg_log(WG_LOG_WARNING, "confirm-too-many", "from", t->address, NULL);
}

/* ---- the answers */

/* What the page says of a copy. */
struct facts {
	char sent[WG_CLOCK_WORDS], to[512], said_at[WG_CLOCK_WORDS];
	struct wg_confirm_shown shown;
};

static const char *words_of(enum wg_receipt_level said)
{
	if (said == WG_RECEIPT_ACKNOWLEDGED)
		return "a person has this notice and will act on it";
	return said == WG_RECEIPT_REFUSED ? "this notice is not for that desk" : "";
}

/* view NULL: nothing is known. */
static void set_facts(const struct wg_confirm *c, const struct wg_token_view *view, struct facts *f)
{
	*f = (struct facts){ .shown = { .us = c->us,
		                            .telephone = c->telephone,
		                            .reference = "",
		                            .sent = f->sent,
		                            .to = f->to,
		                            .said = "",
		                            .said_at = f->said_at,
		                            .person = "",
		                            .style = c->style } };
	if (view == NULL)
		return;
	const struct wg_organisation *o = wg_directory_find(c->directory, view->organisation);
	(void)snprintf(f->to, sizeof f->to, "%s, desk %s", o != NULL ? o->name : view->organisation,
	               view->desk); /* cut: a long name */
	if (view->sent > 0)
		(void)wg_clock_words(view->sent, f->sent); /* gives back its buffer */
	if (view->said_at > 0)
		(void)wg_clock_words(view->said_at, f->said_at); /* the same */
	f->shown.reference = view->reference;
	f->shown.said = words_of(view->said);
}

static void answer(const struct wg_confirm *c, struct wg_http_request *r, int status, enum wg_confirm_page page,
                   const struct wg_token_view *view, bool with_name)
{
	/* nothing but our own style sheet is loaded, nobody may frame it, and the link goes to nobody as a referrer */
	static const struct wg_http_header headers[] = {
		{ "Content-Security-Policy",
		  "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; "
		  "base-uri 'none'" },
		{ "Referrer-Policy", "no-referrer" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "X-Robots-Tag", "noindex, nofollow" },
		{ "Strict-Transport-Security", "max-age=31536000" },
		{ NULL, NULL }
	};
	WG_AUTO_BUF struct wg_buf html = WG_BUF(PAGE_MAX);
	struct facts facts;
	set_facts(c, view, &facts);
	if (with_name)
		facts.shown.person = view->person;
	wg_confirm_html(page, &facts.shown, &html);
	wg_http_answer(r, status, "text/html; charset=utf-8", html.failed ? "" : wg_buf_text(&html),
	               html.failed ? 0 : html.len, headers);
}

static void answer_style(struct wg_http_request *r)
{
	static const struct wg_http_header headers[] = { { "X-Content-Type-Options", "nosniff" }, { NULL, NULL } };
	wg_http_answer(r, 200, "text/css; charset=utf-8", wg_confirm_css, strlen(wg_confirm_css), headers);
}

static void wrong(struct wg_confirm *c, struct wg_http_request *r)
{
	count_wrong(c, wg_http_address(r));
	answer(c, r, 404, WG_CONFIRM_WRONG, NULL, false);
}

static void later(struct wg_confirm *c, struct wg_http_request *r, const struct wg_err *err)
{
	answer(c, r, 503, WG_CONFIRM_LATER, NULL, false);
	if (wg_client_gone(err))
		c->lost(c->arg, err);
}

/* What the token stands for; false when it has answered. */
static bool look(struct wg_confirm *c, struct wg_http_request *r, const char *hash, struct wg_token_view *view)
{
	struct wg_err err = { 0 };
	enum wg_code code = wg_client_token(c->asks, hash, view, &err);
	if (code == WG_NOT_FOUND)
		wrong(c, r);
	else if (code != WG_OK)
		later(c, r, &err);
	return code == WG_OK;
}

/* What stands against asking: somebody has answered, or there is nothing to be answered any more. */
static enum wg_confirm_page page_of(const struct wg_token_view *view)
{
	bool gone = view->state == WG_DLV_RECALLED || view->state == WG_DLV_SUPERSEDED || view->state == WG_DLV_WITHHELD;
	if (view->said != WG_RECEIPT_NOTED)
		return WG_CONFIRM_USED;
	return gone ? WG_CONFIRM_GONE : WG_CONFIRM_ASK;
}

static void record(struct wg_confirm *c, struct wg_http_request *r, const struct wg_receipt_new *receipt)
{
	struct wg_receipt_result result;
	struct wg_token_view view;
	struct wg_err err = { 0 };
	bool refused = receipt->level == WG_RECEIPT_REFUSED;
	enum wg_code code = wg_client_receipt(c->asks, receipt, &result, &err);
	if (code == WG_OK)
		wg_log(WG_LOG_INFO, "receipt", "delivery", result.delivery, "level", wg_receipt_level_name(receipt->level),
		       "way", "link", "again", result.again ? "yes" : NULL, NULL);
	if (code == WG_REJECT)
		wg_log_err(WG_LOG_WARNING, "receipt-refused", &err, "way", "link", NULL);
	if (code == WG_NOT_FOUND)
		wrong(c, r);
	else if (code != WG_OK && code != WG_REJECT)
		later(c, r, &err);
	else if (!look(c, r, receipt->token_hash, &view)) /* as it stands in the store now */
		return;
	else if (code == WG_REJECT)
		answer(c, r, 409, view.said != WG_RECEIPT_NOTED ? WG_CONFIRM_USED : WG_CONFIRM_GONE, &view, false);
	else
		answer(c, r, 200, result.again ? WG_CONFIRM_AGAIN : refused ? WG_CONFIRM_NOT_US : WG_CONFIRM_DONE, &view, true);
}

static bool is_form(const struct wg_http_request *r)
{
	static const char form[] = "application/x-www-form-urlencoded";
	const char *type = wg_http_header(r, "Content-Type");
	return type != NULL && strncasecmp(type, form, sizeof form - 1) == 0 &&
	       strchr("; \t", type[sizeof form - 1]) != NULL; /* strchr finds the end of the text too */
}

static void confirm(struct wg_confirm *c, struct wg_http_request *r, const char *hash)
{
	struct wg_receipt_new receipt = { .level = WG_RECEIPT_ACKNOWLEDGED, .way = "link" };
	char what[8];
	size_t len;
	const char *body = (const char *)wg_http_body(r, &len);
	bool fine = is_form(r) && wg_confirm_field(body, len, "name", receipt.person, sizeof receipt.person) == 1 &&
	            wg_confirm_field(body, len, "answer", what, sizeof what) == 1;
	if (fine && strcmp(what, "refuse") == 0) {
		receipt.level = WG_RECEIPT_REFUSED;
		fine = wg_confirm_field(body, len, "reason", receipt.detail, sizeof receipt.detail) == 1;
	} else if (fine) {
		fine = strcmp(what, "have") == 0;
	}
	struct wg_token_view view;
	memcpy(receipt.token_hash, hash, sizeof receipt.token_hash);
	if (fine)
		record(c, r, &receipt);
	else if (look(c, r, hash, &view))
		answer(c, r, 422, WG_CONFIRM_MISSING, &view, false);
}

/* The hash of the token of BASE/TOKEN. Of a path that is none of ours, the hash of something that no token is: the
 * store is asked all the same, so that the time of the answer says nothing either. */
static void hash_of(const struct wg_confirm *c, const char *path, char hash[WG_STORE_HASH_TEXT])
{
	char token[WG_TOKEN_TEXT];
	size_t n = strlen(c->base);
	if (strncmp(path, c->base, n) != 0 || path[n] != '/' || !wg_token_parse(path + n + 1, strlen(path + n + 1), token))
		token[0] = '\0';
	wg_token_hash(token, hash);
	wg_wipe(token, sizeof token);
}

static void handle(void *arg, struct wg_http_request *r)
{
	struct wg_confirm *c = arg;
	char hash[WG_STORE_HASH_TEXT];
	struct wg_token_view view;
	bool get = strcmp(wg_http_method(r), "GET") == 0;
	if (get && strcmp(wg_http_path(r), c->style) == 0) {
		answer_style(r);
		return;
	}
	if (!may_try(c, wg_http_address(r))) {
		answer(c, r, 429, WG_CONFIRM_TOO_MANY, NULL, false);
		return;
	}
	hash_of(c, wg_http_path(r), hash);
	if (!get)
		confirm(c, r, hash);
	else if (look(c, r, hash, &view))
		answer(c, r, 200, page_of(&view), &view, false);
}

/* ---- the listener */

static void read_base(struct wg_confirm *c, const char *url)
{
	const char *host = strstr(url, "://"), *path = strchr(host != NULL ? host + 3 : url, '/');
	(void)snprintf(c->base, sizeof c->base, "%s", path != NULL ? path : ""); /* the URL has the same size */
	size_t n = strlen(c->base);
	while (n > 0 && c->base[n - 1] == '/')
		c->base[--n] = '\0';
	(void)snprintf(c->style, sizeof c->style, "%s/style.css", c->base); /* fits */
}

enum wg_code wg_confirm_start(struct event_base *base, const struct wg_config *config,
                              const struct wg_directory *directory, struct wg_client *asks,
                              void (*lost)(void *arg, const struct wg_err *err), void *arg, struct wg_confirm **out,
                              struct wg_err *err)
{
	const struct wg_tls tls = { .certificate = config->acknowledge.tls.certificate,
		                        .key = config->acknowledge.tls.key };
	const struct wg_httpd_spec spec = {
		.address = config->acknowledge.address,
		.port = config->acknowledge.port,
		.max_header = HEADER_MAX,
		.max_body = BODY_MAX,
		.max_connections = CONNECTIONS,
		.request_ms = REQUEST_MS,
		.idle_ms = IDLE_MS,
		.strangers = true,
	};
	if (tls.certificate[0] == '\0')
		return WG_OK;
	WG_CLEANUP(wg_confirm_freep) struct wg_confirm *c = calloc(1, sizeof *c);
	if (c == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the confirm page");
	const struct wg_organisation *us = wg_directory_find(directory, config->organisation);
	c->directory = directory;
	c->us = us != NULL ? us->name : config->organisation;
	c->telephone = wg_organisation_telephone(us);
	c->asks = asks;
	c->lost = lost;
	c->arg = arg;
	read_base(c, config->acknowledge.url);
	enum wg_code code = wg_tls_server_open(&tls, &c->tls, err);
	if (code == WG_OK)
		code = wg_httpd_start(base, &spec, c->tls, handle, c, &c->httpd, err);
	if (code == WG_OK)
		*out = wg_steal(&c);
	return code == WG_OK ? WG_OK : wg_err_add(err, "confirm page");
}

void wg_confirm_freep(struct wg_confirm **confirm)
{
	struct wg_confirm *c = *confirm;
	if (c == NULL)
		return;
	wg_httpd_freep(&c->httpd);
	wg_tls_freep(&c->tls);
	free(c);
	*confirm = NULL;
}
