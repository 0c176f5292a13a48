/* client_process.c owns what process asks. */
#include <string.h>

#include "store/client_internal.h"

/* Of a request for a lease: two numbers. */
#define LEASE_BODY 8

static void put_lease(struct wg_buf *body, unsigned max, unsigned wait_ms)
{
	wg_buf_u32(body, wait_ms);
	wg_buf_u32(body, max);
}

enum wg_code wg_client_lease_messages(struct wg_client *client, unsigned max, unsigned wait_ms, struct wg_msg_job **out,
                                      unsigned *count, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_cur answer;
	put_lease(&body, max, wait_ms);
	enum wg_code code = wg_client_call(client, WG_OP_LEASE_MESSAGES, &body, &answer, err);
	if (code == WG_OK && !wg_codec_get_msg_jobs(&answer, out, count))
		code = wg_client_garbled(err);
	return code;
}

enum wg_code wg_client_lease_take(struct wg_client *client, struct wg_msg_job **out, unsigned *count,
                                  struct wg_err *err)
{
	struct wg_cur answer;
	enum wg_code code = wg_client_answer(client, client->lease, WG_OP_LEASE_MESSAGES, &answer, err);
	if (code == WG_OK && !wg_codec_get_msg_jobs(&answer, out, count))
		code = wg_client_garbled(err);
	return code;
}

static enum wg_code send_part(struct wg_client *client, const void *p, size_t len, struct wg_err *err)
{
	if (p == NULL || len < WG_CODEC_PART_MIN)
		return WG_OK;
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	wg_buf_bytes(&body, p, len);
	return wg_client_send(client, ++client->tag, WG_OP_PART, &body, err);
}

/* Judged before anything is sent: the store would drop the connection of who sends more. */
static enum wg_code check_parts(const struct wg_msg_done *done, struct wg_err *err)
{
	size_t left = WG_CODEC_PARTS_MAX;
	bool fits = done->notice_len <= WG_STORE_BLOB_MAX && done->report_len <= WG_STORE_BLOB_MAX;
	left -= fits ? done->notice_len + done->report_len : 0;
	for (unsigned i = 0; fits && i < done->delivery_count; i++) {
		size_t len = done->deliveries[i].envelope_len;
		fits = len <= WG_LIMIT_ENVELOPE && len <= left;
		left -= fits ? len : 0;
		fits = fits && strnlen(done->deliveries[i].disclosure != NULL ? done->deliveries[i].disclosure : "",
		                       WG_STORE_DISCLOSURE_MAX + 1) <= WG_STORE_DISCLOSURE_MAX;
	}
	for (unsigned i = 0; fits && i < done->part_count; i++) {
		fits = done->parts[i].blob_len <= left;
		left -= fits ? done->parts[i].blob_len : 0;
	}
	for (unsigned i = 0; fits && i < done->consent_count; i++) {
		fits = done->consents[i].blob_len <= WG_STORE_RECORD_MAX && done->consents[i].blob_len <= left;
		left -= fits ? done->consents[i].blob_len : 0;
	}
	fits = fits && done->consent_count <= WG_STORE_RECORDS_MAX &&
	       strnlen(done->concerns != NULL ? done->concerns : "", WG_CODEC_CONCERNS_MAX + 1) <= WG_CODEC_CONCERNS_MAX;
	fits = fits && done->receipt_count <= WG_STORE_RECEIPTS_MAX && done->delivery_count <= WG_LIMIT_RECIPIENTS &&
	       done->key_count <= WG_STORE_KEYS_MAX && done->part_count <= WG_LIMIT_DOCUMENTS;
	return fits
	           ? WG_OK
	           : wg_err_set(err, WG_LIMIT, "what was made of message %s is too large or too much to hand in", done->id);
}

static enum wg_code send_parts(struct wg_client *client, const struct wg_msg_done *done, struct wg_err *err)
{
	enum wg_code code = check_parts(done, err);
	if (code == WG_OK)
		code = send_part(client, done->notice, done->notice_len, err);
	if (code == WG_OK)
		code = send_part(client, done->report, done->report_len, err);
	for (unsigned i = 0; code == WG_OK && i < done->delivery_count; i++)
		code = send_part(client, done->deliveries[i].envelope, done->deliveries[i].envelope_len, err);
	for (unsigned i = 0; code == WG_OK && i < done->part_count; i++)
		code = send_part(client, done->parts[i].blob, done->parts[i].blob_len, err);
	for (unsigned i = 0; code == WG_OK && i < done->consent_count; i++)
		code = send_part(client, done->consents[i].blob, done->consents[i].blob_len, err);
	return code;
}

/* Both requests in one piece, so that the store has both when it looks. */
static enum wg_code send_with_lease(struct wg_client *client, uint32_t tag, struct wg_buf *body, unsigned lease,
                                    unsigned wait_ms, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf next = WG_BUF(WG_LIMIT_FRAME);
	uint8_t head[WG_WIRE_HEAD];
	const size_t len = body->len;
	put_lease(&next, lease, wait_ms);
	client->lease = ++client->tag;
	wg_wire_head(head, client->lease, WG_OP_LEASE_MESSAGES, 0, next.len);
	wg_buf_put(body, head, sizeof head);
	wg_buf_put(body, next.data, next.len);
	enum wg_code code = wg_buf_check(body, "a request to the store", err);
	if (code != WG_OK)
		return code;
	wg_wire_head(head, tag, WG_OP_DONE, 0, len);
	return wg_wire_send(client->fd, head, sizeof head, body->data, body->len, err);
}

enum wg_code wg_client_done_lease(struct wg_client *client, const struct wg_msg_done *done, unsigned lease,
                                  unsigned wait_ms, struct wg_msg_done_result *out, bool *sent, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_msg_done_result result;
	struct wg_cur answer;
	*sent = false;
	enum wg_code code = send_parts(client, done, err);
	if (code != WG_OK)
		return code;
	const uint32_t tag = ++client->tag;
	wg_codec_put_done(&body, done);
	code = wg_buf_check(&body, "a request to the store", err);
	if (code == WG_OK && body.len > WG_LIMIT_FRAME - 2 * WG_WIRE_HEAD - LEASE_BODY)
		code = wg_err_set(err, WG_LIMIT, "a request to the store of %zu bytes", body.len);
	if (code == WG_OK)
		code = lease > 0 ? send_with_lease(client, tag, &body, lease, wait_ms, err)
		                 : wg_client_send(client, tag, WG_OP_DONE, &body, err);
	*sent = code == WG_OK && lease > 0;
	if (code == WG_OK)
		code = wg_client_answer(client, tag, WG_OP_DONE, &answer, err);
	if (code == WG_OK && !wg_codec_get_result(&answer, &result))
		code = wg_client_garbled(err);
	if (code == WG_OK)
		*out = result;
	return code;
}

enum wg_code wg_client_done(struct wg_client *client, const struct wg_msg_done *done, struct wg_msg_done_result *out,
                            struct wg_err *err)
{
	bool sent;
	return wg_client_done_lease(client, done, 0, 0, out, &sent, err);
}

enum wg_code wg_client_put_back(struct wg_client *client, const char *id, uint64_t token, unsigned wait_ms,
                                const char *reason, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_cur answer;
	wg_buf_str(&body, id);
	wg_buf_u64(&body, token);
	wg_buf_u32(&body, wait_ms);
	wg_codec_put_words(&body, reason, WG_STORE_REASON - 1);
	enum wg_code code = wg_client_check_id(id, err);
	return code == WG_OK ? wg_client_call(client, WG_OP_PUT_BACK, &body, &answer, err) : code;
}

enum wg_code wg_client_epoch(struct wg_client *client, const char *epoch, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_cur answer;
	wg_buf_str(&body, epoch);
	enum wg_code code = wg_client_check_text(epoch, WG_STORE_HASH - 1, err);
	return code == WG_OK ? wg_client_call(client, WG_OP_EPOCH, &body, &answer, err) : code;
}
