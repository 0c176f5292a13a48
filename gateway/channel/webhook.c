/* webhook.c owns the webhook: its body, its signature, and what the answer means.
 * SECURITY: holds the secret that it shares with one desk, for as long as one webhook takes. */
#include "channel/webhook.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "channel/https_internal.h"
#include "crypto/crypto.h"
#include "sys/file.h"

#define TOTAL_MS 30000
/* "whsec_", 64 bytes in base64, a line end. */
#define SECRET_FILE_MAX ((size_t)256)
#define SECRET_PREFIX "whsec_"
/* Standard Webhooks 1.0: 24 to 64 bytes. */
#define SECRET_MIN 24
#define SECRET_MAX 64
/* type, timestamp, reference, delivery and kind, each of them short. */
#define BODY_MAX ((size_t)1024)

/* ---- the signature */

static enum wg_code mac(const uint8_t *key, size_t key_len, const struct wg_buf *text, char **out, struct wg_err *err)
{
	char hex[WG_HASH_TEXT];
	uint8_t raw[WG_HASH_LEN];
	enum wg_code code = wg_hmac_hex(key, key_len, text->data, text->len, hex, err);
	if (code != WG_OK)
		return code;
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < sizeof raw; i++)
		raw[i] = (uint8_t)((strchr(digits, hex[2 * i]) - digits) * 16 + (strchr(digits, hex[2 * i + 1]) - digits));
	WG_AUTO_FREE char *text64 = wg_base64_encode(raw, sizeof raw);
	if (text64 == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a signature");
	size_t size = strlen(text64) + sizeof "v1,";
	char *signature = malloc(size);
	if (signature == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a signature");
	(void)snprintf(signature, size, "v1,%s", text64); /* it fits */
	*out = signature;
	return WG_OK;
}

enum wg_code wg_webhook_sign(const char *secret, const char *id, const char *timestamp, const char *body, char **out,
                             struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf text = WG_BUF(BODY_MAX + 256);
	uint8_t *key = NULL;
	size_t len = 0;
	if (strncmp(secret, SECRET_PREFIX, sizeof SECRET_PREFIX - 1) != 0)
		return wg_err_set(err, WG_CONFIG, "a webhook secret begins with " SECRET_PREFIX);
	const char *base64 = secret + sizeof SECRET_PREFIX - 1;
	enum wg_code code = wg_base64_decode(base64, strlen(base64), &key, &len, err);
	if (code != WG_OK || len < SECRET_MIN || len > SECRET_MAX)
		code = wg_err_set(err, WG_CONFIG, "a webhook secret is " SECRET_PREFIX " and base64 of %d to %d bytes",
		                  SECRET_MIN, SECRET_MAX);
	wg_buf_printf(&text, "%s.%s.%s", id, timestamp, body);
	if (code == WG_OK)
		code = wg_buf_check(&text, "a webhook", err);
	if (code == WG_OK)
		code = mac(key, len, &text, out, err);
	if (key != NULL)
		wg_wipe(key, len);
	free(key);
	return code;
}

/* ---- the request */

static enum wg_code make_body(const struct wg_hook *hook, int64_t wall_ms, struct wg_buf *out, struct wg_err *err)
{
	char when[WG_CLOCK_TEXT];
	wg_buf_printf(out, "{\"type\":\"notice.available\",\"timestamp\":\"%s\",\"data\":{\"reference\":",
	              wg_clock_format(wall_ms, when));
	wg_buf_put_json(out, hook->reference);
	wg_buf_puts(out, ",\"delivery\":");
	wg_buf_put_json(out, hook->delivery);
	wg_buf_puts(out, ",\"kind\":");
	wg_buf_put_json(out, hook->kind);
	wg_buf_puts(out, "}}");
	return wg_buf_check(out, "a webhook", err);
}

static enum wg_code make_headers(const struct wg_webhook_target *target, const struct wg_hook *hook, int64_t wall_ms,
                                 const char *body, struct curl_slist **headers, struct wg_err *err)
{
	WG_CLEANUP(wg_buf_wipe) struct wg_buf secret = WG_BUF(SECRET_FILE_MAX);
	WG_AUTO_FREE char *signature = NULL;
	char timestamp[24];
	(void)snprintf(timestamp, sizeof timestamp, "%" PRId64, wall_ms / 1000); /* 20 characters at most */
	enum wg_code code = wg_file_secret(target->secret, &secret, err);
	if (code != WG_OK)
		code = wg_err_add(err, "webhook secret");
	if (code == WG_OK)
		code = wg_webhook_sign(wg_buf_text(&secret), hook->delivery, timestamp, body, &signature, err);
	if (code != WG_OK)
		return code;
	if (!wg_https_header(headers, "Content-Type: ", "application/json") ||
	    !wg_https_header(headers, "webhook-id: ", hook->delivery) ||
	    !wg_https_header(headers, "webhook-timestamp: ", timestamp) ||
	    !wg_https_header(headers, "webhook-signature: ", signature) || !wg_https_header(headers, "Expect:", ""))
		return wg_err_set(err, WG_SYSTEM, "no memory for a webhook");
	return WG_OK;
}

static void judge(const struct wg_https *h, const struct wg_https_end *end, struct wg_webhook_result *out)
{
	out->tls_fault = end->tls_fault;
	out->wait_ms = end->wait_ms;
	if (end->rc != CURLE_OK) {
		/* a refusal's alert or libcurl's words; never the other side's body, which nobody here needs */
		(void)wg_defang(wg_https_words(h, end), out->detail, sizeof out->detail); /* returns its argument */
		return;
	}
	(void)snprintf(out->detail, sizeof out->detail, "answered %ld", end->status); /* fits */
	if (end->status >= 200 && end->status < 300)
		out->outcome = WG_HOOK_TOLD;
	else if (end->status == 410)
		out->outcome = WG_HOOK_GONE;
}

void wg_webhook_send(const struct wg_webhook_target *target, const struct wg_hook *hook, int64_t wall_ms,
                     struct wg_webhook_result *out)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(BODY_MAX);
	WG_CLEANUP(wg_https_headers_freep) struct curl_slist *headers = NULL;
	struct wg_https http = { 0 };
	struct wg_https_end end;
	struct wg_err err = { 0 };
	const struct wg_https_spec spec = { .url = target->url,
		                                .expect_ip = target->expect_ip,
		                                .tls = &target->tls,
		                                .connect_ms = target->connect_ms,
		                                .total_ms = target->total_ms > 0 ? target->total_ms : TOTAL_MS };
	*out = (struct wg_webhook_result){ .outcome = WG_HOOK_AGAIN };
	enum wg_code code = make_body(hook, wall_ms, &body, &err);
	if (code == WG_OK)
		code = make_headers(target, hook, wall_ms, wg_buf_text(&body), &headers, &err);
	if (code == WG_OK)
		code = wg_https_open(&http, &spec, &err);
	if (code == WG_OK) {
		wg_https_post(&http, headers, body.data, body.len, &end);
		judge(&http, &end, out);
	} else {
		(void)wg_defang(err.text, out->detail, sizeof out->detail); /* returns its argument */
	}
	wg_https_close(&http);
}
