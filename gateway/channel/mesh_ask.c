/* mesh_ask.c owns one request to MESH: its token, its headers, and the words of a refusal. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "base/text.h"
#include "channel/mesh_internal.h"

bool wg_mesh_id_valid(const char *id)
{
	size_t len = strnlen(id, WG_MESH_ID);
	return len > 0 && len < WG_MESH_ID &&
	       strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

static enum wg_code put_token(struct wg_mesh *m, struct wg_buf *out, struct wg_err *err)
{
	if (m->nonce[0] == '\0') {
		uint8_t random[16];
		enum wg_code code = wg_random(random, sizeof random, err);
		if (code != WG_OK)
			return code;
		wg_hex(random, sizeof random, m->nonce);
	}
	return wg_mesh_token(m->target->mesh_mailbox, wg_buf_text(&m->password), wg_buf_text(&m->key), m->nonce, ++m->count,
	                     wg_clock_now(), out, err);
}

/* The description asks every client to say what it is. */
static bool put_headers(struct curl_slist **list, const char *token, const char *const *extra)
{
	bool ok = wg_https_header(list, "Authorization: ", token) &&
	          wg_https_header(list, "Accept: ", "application/vnd.mesh.v2+json") && wg_https_header(list, "Expect:", "");
	for (; ok && extra != NULL && *extra != NULL; extra++)
		ok = wg_https_header(list, *extra, "");
	return ok;
}

enum wg_code wg_mesh_ask(struct wg_mesh *m, const char *method, const char *path, const char *const *extra,
                         const void *body, size_t len, struct wg_https_end *end, struct wg_err *err)
{
	WG_CLEANUP(wg_https_headers_freep) struct curl_slist *headers = NULL;
	WG_AUTO_BUF struct wg_buf token = WG_BUF(1024), url = WG_BUF(1024);
	unsigned resumed = m->http.resumed;
	*end = (struct wg_https_end){ .rc = CURLE_OUT_OF_MEMORY };
	m->http.too_large = false; /* of the request before */
	enum wg_code code = put_token(m, &token, err);
	wg_buf_printf(&url, "%s%s", m->base_url, path);
	if (code == WG_OK)
		code = wg_buf_check(&url, "URL", err);
	if (code != WG_OK)
		return code;
	bool ok = put_headers(&headers, wg_buf_text(&token), extra);
	wg_buf_wipe(&token);
	if (!ok)
		return wg_err_set(err, WG_SYSTEM, "no memory for a request");
	m->facts = (struct wg_mesh_message){ 0 };
	m->chunks = 0;
	wg_https_ask(&m->http, method, wg_buf_text(&url), headers, body, len, end);
	m->base.counts.connections += (unsigned)end->connections;
	m->base.counts.resumed += m->http.resumed - resumed;
	m->base.counts.reused += end->connections == 0 && end->status != 0;
	return end->rc == CURLE_OK ? WG_OK : wg_err_set(err, WG_AGAIN, "%s", wg_https_words(&m->http, end));
}

/* {"detail": [{"event", "code", "msg"}]} of version 2, {"errorDescription"} of version 1, {"detail": "..."} of both. */
static const char *described(const json_t *answer)
{
	const json_t *detail = json_object_get(answer, "detail");
	if (json_is_array(detail))
		detail = json_object_get(json_array_get(detail, 0), "msg");
	if (!json_is_string(detail))
		detail = json_object_get(answer, "errorDescription");
	return json_is_string(detail) ? json_string_value(detail) : NULL;
}

void wg_mesh_words(const struct wg_mesh *m, const struct wg_https_end *end, char *out, size_t size)
{
	char words[200];
	json_t *answer = json_loadb(wg_buf_text(&m->http.answer), m->http.answer.len, JSON_REJECT_DUPLICATES, NULL);
	const char *said = answer != NULL ? described(answer) : NULL;
	(void)snprintf(words, sizeof words, "MESH answered %ld%s%s", end->status, said != NULL ? ": " : "",
	               said != NULL ? said : ""); /* cut is fine */
	(void)wg_defang(words, out, size);        /* returns its buffer */
	json_decref(answer);
}
