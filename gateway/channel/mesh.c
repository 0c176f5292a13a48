/* mesh.c owns sending by MESH: a copy goes into the outbox in chunks, and the service is asked what became of it.
 * MESH has no key under which the same message sent twice is one: when the answer to the last chunk is lost, the next
 * try is a second message, with the same local id, and says so (maybe). An upload that broke off is never delivered. */
#include "channel/mesh.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "channel/mesh_internal.h"
#include "sys/file.h"

/* A password, a key. */
#define SECRET_MAX 512

struct wg_mesh *wg_mesh_of(struct wg_session *session)
{
	return (struct wg_mesh *)session; /* its first member */
}

static void finish(struct wg_send_item *item, enum wg_sent what, const char *words)
{
	item->result.what = what;
	(void)wg_defang(words, item->result.detail, sizeof item->result.detail); /* returns its argument */
}

/* Refused for good: what the service will say again of the same message. Who we are (401, 403) is for the operator to
 * mend. */
static bool is_final(long status)
{
	return status == 400 || status == 406 || status == 413 || status == 417 || status == 422;
}

static void judge(struct wg_mesh *m, struct wg_send_item *item, const struct wg_https_end *end)
{
	char words[200];
	wg_mesh_words(m, end, words, sizeof words);
	item->result.maybe = end->status == 502 || end->status == 504;
	item->result.wait_ms = end->wait_ms;
	item->result.login_fault = end->status == 401 || end->status == 403;
	finish(item, is_final(end->status) ? WG_SENT_REFUSED : WG_SENT_DEFER, words);
}

/* The id of the new message out of {"message_id": "..."}. */
static bool take_id(const struct wg_mesh *m, char id[WG_MESH_ID])
{
	json_t *answer = json_loadb(wg_buf_text(&m->http.answer), m->http.answer.len, JSON_REJECT_DUPLICATES, NULL);
	const char *text = json_string_value(json_object_get(answer, "message_id"));
	bool good = text != NULL && wg_mesh_id_valid(text);
	if (good)
		(void)snprintf(id, WG_MESH_ID, "%s", text); /* fits: valid */
	json_decref(answer);
	return good;
}

/* One chunk; true when the service has it. Otherwise the item has its result. */
static bool send_chunk(struct wg_mesh *m, struct wg_send_item *item, unsigned number, unsigned total,
                       char id[WG_MESH_ID])
{
	size_t at = (size_t)(number - 1) * m->target->mesh_chunk;
	size_t len = item->len - at < m->target->mesh_chunk ? item->len - at : m->target->mesh_chunk;
	char range[48], to[96], from[96], workflow[96], local[WG_REFERENCE_TEXT + 32], path[WG_MESH_ID + 32] = "/outbox";
	struct wg_https_end end;
	struct wg_err err = { 0 };
	(void)snprintf(range, sizeof range, "Mex-Chunk-Range: %u:%u", number, total); /* all fit: checked before */
	(void)snprintf(to, sizeof to, "Mex-To: %s", item->mesh_to);
	(void)snprintf(from, sizeof from, "Mex-From: %s", m->target->mesh_mailbox);
	(void)snprintf(workflow, sizeof workflow, "Mex-WorkflowID: %s", item->mesh_workflow);
	(void)snprintf(local, sizeof local, "Mex-LocalID: %s", item->message_id);
	const char *first[] = { "Content-Type: application/octet-stream",
		                    range,
		                    to,
		                    from,
		                    workflow,
		                    local,
		                    "Mex-FileName: notice.p7m",
		                    "Mex-Content-Encrypted: Y",
		                    NULL };
	const char *later[] = { "Content-Type: application/octet-stream", range, from, NULL };
	if (number > 1)
		(void)snprintf(path, sizeof path, "/outbox/%s/%u", id, number);
	if (wg_mesh_ask(m, "POST", path, number > 1 ? later : first, (const char *)item->bytes + at, len, &end, &err) !=
	    WG_OK) {
		item->result.tls_fault = end.tls_fault;
		item->result.maybe = number == total && end.went_out && !end.turned_away;
		finish(item, WG_SENT_DEFER, err.text);
		return false;
	}
	if (end.status != 202 && end.status != 200) {
		judge(m, item, &end);
		return false;
	}
	if (number == 1 && !take_id(m, id)) {
		item->result.maybe = total == 1;
		finish(item, WG_SENT_DEFER, "MESH took the message and gave no id that can be read");
		return false;
	}
	return true;
}

static void send_one(struct wg_mesh *m, struct wg_send_item *item)
{
	char id[WG_MESH_ID] = "";
	size_t chunk = m->target->mesh_chunk;
	if (item->len == 0 || item->len > WG_LIMIT_ENVELOPE || item->mesh_to == NULL || item->mesh_workflow == NULL ||
	    !wg_mesh_id_valid(item->mesh_to) || !wg_mesh_id_valid(item->mesh_workflow)) {
		finish(item, WG_SENT_REFUSED, "the envelope is empty or too large, or the mailbox or workflow is not one");
		return;
	}
	unsigned total = (unsigned)((item->len + chunk - 1) / chunk); /* at most 48 MiB in chunks of 1 KiB */
	bool good = true;
	for (unsigned i = 1; good && i <= total; i++)
		good = send_chunk(m, item, i, total, id);
	if (good) {
		memcpy(item->result.receipt, id, sizeof id);
		finish(item, WG_SENT_OK, "in the recipient's MESH mailbox");
	}
}

static void mesh_offer(struct wg_session *session, struct wg_send_item *items, size_t count, wg_session_told *told,
                       void *arg)
{
	struct wg_mesh *m = wg_mesh_of(session);
	for (size_t i = 0; i < count; i++) {
		items[i].result = (struct wg_send_result){ .what = WG_SENT_DEFER };
		send_one(m, &items[i]);
		if (told != NULL)
			told(arg, &items[i]);
	}
}

/* ---- what became of it */

enum wg_mesh_track wg_mesh_track(struct wg_session *session, const char *message_id, char *words, size_t size)
{
	struct wg_mesh *m = wg_mesh_of(session);
	char path[WG_MESH_ID + 48];
	struct wg_https_end end;
	struct wg_err err = { 0 };
	if (!wg_mesh_id_valid(message_id)) {
		(void)snprintf(words, size, "this was never the id of a MESH message");
		return WG_MESH_UNKNOWN;
	}
	(void)snprintf(path, sizeof path, "/outbox/tracking?messageID=%s", message_id); /* fits */
	if (wg_mesh_ask(m, "GET", path, NULL, NULL, 0, &end, &err) != WG_OK) {
		(void)snprintf(words, size, "%s", err.text); /* cut is fine */
		return WG_MESH_UNKNOWN;
	}
	wg_mesh_words(m, &end, words, size);
	if (end.status != 200)
		return WG_MESH_UNKNOWN;
	json_t *answer = json_loadb(wg_buf_text(&m->http.answer), m->http.answer.len, JSON_REJECT_DUPLICATES, NULL);
	const char *status = json_string_value(json_object_get(answer, "status"));
	const char *said = json_string_value(json_object_get(answer, "status_description"));
	char text[200];
	(void)snprintf(text, sizeof text, "MESH says: %s%s%s", status != NULL ? status : "nothing",
	               said != NULL ? ", " : "", said != NULL ? said : ""); /* cut is fine */
	(void)wg_defang(text, words, size);                                 /* returns its buffer */
	enum wg_mesh_track got = WG_MESH_UNKNOWN;
	if (status != NULL && strcasecmp(status, "acknowledged") == 0)
		got = WG_MESH_ACKNOWLEDGED;
	else if (status != NULL && (strcasecmp(status, "accepted") == 0 || strcasecmp(status, "uploading") == 0))
		got = WG_MESH_WAITING;
	else if (status != NULL && (strcasecmp(status, "error") == 0 || strcasecmp(status, "undeliverable") == 0))
		got = WG_MESH_UNDELIVERED;
	json_decref(answer);
	return got;
}

/* ---- the session */

static void mesh_close(struct wg_session **session)
{
	if (*session == NULL)
		return;
	struct wg_mesh *m = wg_mesh_of(*session);
	wg_https_close(&m->http);
	wg_buf_wipe(&m->password);
	wg_buf_wipe(&m->key);
	wg_buf_free(&m->password);
	wg_buf_free(&m->key);
	free(m);
	*session = NULL;
}

/* "Mex-From: X" and the like of an answer. */
static void take_header(void *arg, const char *line, size_t len)
{
	struct wg_mesh *m = arg;
	const struct {
		const char *name;
		char *out;
		size_t size;
	} wanted[] = {
		{ "Mex-MessageID:", m->facts.id, sizeof m->facts.id },
		{ "Mex-From:", m->facts.from, sizeof m->facts.from },
		{ "Mex-WorkflowID:", m->facts.workflow, sizeof m->facts.workflow },
		{ "Mex-LocalID:", m->facts.local_id, sizeof m->facts.local_id },
		{ "Mex-LinkedMsgID:", m->facts.linked, sizeof m->facts.linked },
		{ "Mex-StatusCode:", m->facts.status, sizeof m->facts.status },
		{ "Mex-StatusDescription:", m->facts.said, sizeof m->facts.said },
	};
	char value[256];
	for (size_t i = 0; i < WG_COUNT(wanted); i++) {
		size_t name = strlen(wanted[i].name);
		if (len < name || strncasecmp(line, wanted[i].name, name) != 0)
			continue;
		while (name < len && line[name] == ' ')
			name++;
		(void)snprintf(value, sizeof value, "%.*s", (int)(len - name < 255 ? len - name : 255), line + name);
		(void)wg_defang(value, wanted[i].out, wanted[i].size); /* returns its buffer */
	}
	if (len >= 16 && strncasecmp(line, "Mex-MessageType:", 16) == 0)
		m->facts.report = memmem(line, len, "REPORT", 6) != NULL;
	if (len >= 16 && strncasecmp(line, "Mex-Chunk-Range:", 16) == 0) {
		const char *colon = memchr(line + 16, ':', len - 16);
		uint64_t total = 0;
		char digits[12] = "";
		if (colon != NULL)
			(void)snprintf(digits, sizeof digits, "%.*s", (int)(line + len - colon - 1),
			               colon + 1); /* cut is no number */
		m->chunks = wg_num_parse(digits, 1, 1000000, &total) ? (unsigned)total : 0;
	}
}

static enum wg_code mesh_open(const struct wg_send_target *target, struct wg_session **out, struct wg_err *err)
{
	struct wg_mesh *m = calloc(1, sizeof *m);
	if (m == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a session");
	struct wg_session *session = &m->base;
	m->base.way = &wg_way_mesh;
	m->target = target;
	m->password = WG_BUF(SECRET_MAX);
	m->key = WG_BUF(SECRET_MAX);
	const struct wg_https_spec spec = {
		.url = target->url,
		.expect_ip = target->expect_ip,
		.tls = &target->tls,
		.connect_ms = target->connect_ms,
		.total_ms = target->total_ms,
		.once = true,
		.answer_max = WG_LIMIT_ENVELOPE,
		.header = take_header,
		.header_arg = m,
	};
	size_t root = strlen(target->url);
	while (root > 0 && target->url[root - 1] == '/')
		root--;
	enum wg_code code = WG_OK;
	if (!wg_mesh_id_valid(target->mesh_mailbox) || target->mesh_chunk == 0 ||
	    snprintf(m->base_url, sizeof m->base_url, "%.*s/messageexchange/%s", (int)root, target->url,
	             target->mesh_mailbox) >= (int)sizeof m->base_url)
		code = wg_err_set(err, WG_CONFIG, "MESH: url or mailbox is not usable");
	if (code == WG_OK)
		code = wg_file_secret(target->mesh_password, &m->password, err);
	if (code == WG_OK)
		code = wg_file_secret(target->mesh_key, &m->key, err);
	if (code == WG_OK)
		code = wg_https_open(&m->http, &spec, err);
	if (code == WG_OK)
		*out = session;
	else
		mesh_close(&session);
	return code;
}

const struct wg_way wg_way_mesh = { .name = "mesh", .open = mesh_open, .offer = mesh_offer, .close = mesh_close };
