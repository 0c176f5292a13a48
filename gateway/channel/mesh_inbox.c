/* mesh_inbox.c owns fetching from the own MESH mailbox. What is fetched stays there until wg_mesh_keep. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "channel/mesh_internal.h"

static enum wg_code fault(struct wg_mesh *m, const struct wg_https_end *end, struct wg_err *err)
{
	char words[200];
	wg_mesh_words(m, end, words, sizeof words);
	return wg_err_set(err, end->status == 404 || end->status == 410 ? WG_NOT_FOUND : WG_AGAIN, "%s", words);
}

enum wg_code wg_mesh_list(struct wg_session *session, char (**ids)[WG_MESH_ID], unsigned *count, struct wg_err *err)
{
	struct wg_mesh *m = wg_mesh_of(session);
	struct wg_https_end end;
	size_t i;
	json_t *one;
	enum wg_code code = wg_mesh_ask(m, "GET", "/inbox", NULL, NULL, 0, &end, err);
	if (code == WG_OK && end.status != 200)
		code = fault(m, &end, err);
	if (code != WG_OK)
		return code;
	json_t *answer = json_loadb(wg_buf_text(&m->http.answer), m->http.answer.len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *all = json_object_get(answer, "messages");
	WG_AUTO_FREE char(*list)[WG_MESH_ID] = calloc(WG_MESH_INBOX_MAX, sizeof *list);
	unsigned n = 0;
	if (!json_is_array(all))
		code = wg_err_set(err, WG_AGAIN, "MESH answered something that is no list of messages");
	else if (list == NULL)
		code = wg_err_set(err, WG_SYSTEM, "no memory for a list of messages");
	json_array_foreach(code == WG_OK ? all : NULL, i, one)
	{
		const char *id = json_string_value(one);
		if (n < WG_MESH_INBOX_MAX && id != NULL && wg_mesh_id_valid(id))
			(void)snprintf(list[n++], WG_MESH_ID, "%s", id); /* fits: valid */
	}
	json_decref(answer);
	if (code != WG_OK)
		return code;
	*count = n;
	*ids = wg_steal(&list);
	return WG_OK;
}

/* *total: how many there are, which the first one says. */
static enum wg_code fetch_chunk(struct wg_mesh *m, const char *id, unsigned number, unsigned *total, struct wg_buf *out,
                                struct wg_err *err)
{
	char path[WG_MESH_ID + 32];
	struct wg_https_end end;
	if (number == 1)
		(void)snprintf(path, sizeof path, "/inbox/%s", id); /* both fit */
	else
		(void)snprintf(path, sizeof path, "/inbox/%s/%u", id, number);
	enum wg_code code = wg_mesh_ask(m, "GET", path, NULL, NULL, 0, &end, err);
	if (code != WG_OK) /* what no buffer of ours holds is too large at any other time too */
		return m->http.too_large ? err->code = WG_LIMIT : code;
	if (end.status != 200 && end.status != 206)
		return fault(m, &end, err);
	if (number == 1)
		*total = m->chunks;
	if (end.status == 206 && number >= *total) /* a part must not be kept for the whole: MESH would forget the rest */
		return wg_err_set(err, WG_AGAIN, "MESH gave a part of a message and did not say of how many");
	wg_buf_put(out, m->http.answer.data, m->http.answer.len);
	return wg_buf_check(out, "MESH message", err);
}

enum wg_code wg_mesh_fetch(struct wg_session *session, const char *id, struct wg_mesh_message *facts,
                           struct wg_buf *out, struct wg_err *err)
{
	struct wg_mesh *m = wg_mesh_of(session);
	if (!wg_mesh_id_valid(id))
		return wg_err_set(err, WG_REJECT, "this is not the id of a MESH message");
	unsigned chunks = 0;
	enum wg_code code = fetch_chunk(m, id, 1, &chunks, out, err);
	*facts = m->facts;
	(void)snprintf(facts->id, sizeof facts->id, "%s", id); /* fits: valid */
	for (unsigned i = 2; code == WG_OK && !facts->report && i <= chunks; i++)
		code = fetch_chunk(m, id, i, &chunks, out, err);
	if (code == WG_NOT_FOUND && chunks > 1 && out->len > 0) /* its first part is there: that is a fault, and is told */
		return err->code = WG_AGAIN;
	return code;
}

enum wg_code wg_mesh_keep(struct wg_session *session, const char *id, struct wg_err *err)
{
	struct wg_mesh *m = wg_mesh_of(session);
	char path[WG_MESH_ID + 48];
	struct wg_https_end end;
	if (!wg_mesh_id_valid(id))
		return wg_err_set(err, WG_REJECT, "this is not the id of a MESH message");
	(void)snprintf(path, sizeof path, "/inbox/%s/status/acknowledged", id); /* fits */
	static const char *const empty[] = { "Content-Length: 0", NULL };
	enum wg_code code = wg_mesh_ask(m, "PUT", path, empty, NULL, 0, &end, err);
	return code == WG_OK && end.status != 200 ? fault(m, &end, err) : code;
}
