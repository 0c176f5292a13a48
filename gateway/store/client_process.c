/* client_process.c owns what process asks. */
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "store/client_internal.h"

/* A request's head, and what its body has before the bytes that lie elsewhere: a length, or two numbers of a lease. */
#define HEAD_BYTES ((size_t)WG_WIRE_HEAD + 8)
/* What a message that is done takes beside blobs and disclosure records: names, keys, concerns. */
#define REST_BYTES ((size_t)4096)

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

/* Several requests that go out in one piece, from where they lie, so that the store has all of them when it looks. */
struct outgoing {
	struct iovec *iov;
	size_t count;
	struct wg_buf heads; /* never grows: what is in iov points into it */
};

static void drop_outgoing(struct outgoing *out)
{
	free(out->iov);
	wg_buf_free(&out->heads);
}

/* For so many requests. */
static enum wg_code make_outgoing(size_t requests, struct outgoing *out, struct wg_err *err)
{
	out->heads = WG_BUF(requests * HEAD_BYTES);
	out->iov = calloc(2 * requests, sizeof *out->iov);
	if (out->iov == NULL || wg_buf_room(&out->heads, requests * HEAD_BYTES) == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for requests to the store");
	return WG_OK;
}

/* A request whose body is what stands before, some bytes, and then p. */
static void add_request(struct wg_client *client, struct outgoing *out, enum wg_op op, const struct wg_buf *before,
                        const void *p, size_t len)
{
	uint8_t head[WG_WIRE_HEAD];
	size_t from = out->heads.len;
	wg_wire_head(head, ++client->tag, op, 0, before->len + len);
	wg_buf_put(&out->heads, head, sizeof head);
	wg_buf_put(&out->heads, before->data, before->len);
	out->iov[out->count++] = (struct iovec){ out->heads.data + from, out->heads.len - from };
	out->iov[out->count++] = (struct iovec){ (void *)(uintptr_t)p, len };
}

static void add_part(struct wg_client *client, struct outgoing *out, const void *p, size_t len)
{
	WG_AUTO_BUF struct wg_buf before = WG_BUF(HEAD_BYTES);
	if (p == NULL || len < WG_CODEC_PART_MIN)
		return;
	wg_buf_u32(&before, (uint32_t)len); /* checked: no part is that long */
	add_request(client, out, WG_OP_PART, &before, p, len);
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

static void add_parts(struct wg_client *client, const struct wg_msg_done *done, struct outgoing *out)
{
	add_part(client, out, done->notice, done->notice_len);
	add_part(client, out, done->report, done->report_len);
	for (unsigned i = 0; i < done->delivery_count; i++)
		add_part(client, out, done->deliveries[i].envelope, done->deliveries[i].envelope_len);
	for (unsigned i = 0; i < done->part_count; i++)
		add_part(client, out, done->parts[i].blob, done->parts[i].blob_len);
	for (unsigned i = 0; i < done->consent_count; i++)
		add_part(client, out, done->consents[i].blob, done->consents[i].blob_len);
}

/* About as many bytes as it takes, what goes as parts left out. */
static size_t size_of(const struct wg_msg_done *done)
{
	size_t size = REST_BYTES + (done->notice_len < WG_CODEC_PART_MIN ? done->notice_len : 0) +
	              (done->report_len < WG_CODEC_PART_MIN ? done->report_len : 0);
	for (unsigned i = 0; i < done->delivery_count; i++) {
		const struct wg_dlv_new *d = &done->deliveries[i];
		size += REST_BYTES / 4 + (d->disclosure != NULL ? strlen(d->disclosure) : 0) +
		        (d->envelope_len < WG_CODEC_PART_MIN ? d->envelope_len : 0);
	}
	return size < WG_LIMIT_FRAME / 2 ? size : WG_LIMIT_FRAME / 2;
}

/* The parts, the message that is done with them, and the lease of the next. *tag: of what is done. */
static enum wg_code send_done(struct wg_client *client, const struct wg_msg_done *done, const struct wg_buf *body,
                              unsigned lease, unsigned wait_ms, uint32_t *tag, struct wg_err *err)
{
	WG_CLEANUP(drop_outgoing) struct outgoing out = { 0 };
	WG_AUTO_BUF struct wg_buf next = WG_BUF(HEAD_BYTES), nothing = WG_BUF(HEAD_BYTES);
	enum wg_code code =
		make_outgoing((size_t)done->delivery_count + done->part_count + done->consent_count + 4, &out, err);
	if (code != WG_OK)
		return code;
	add_parts(client, done, &out);
	add_request(client, &out, WG_OP_DONE, &nothing, body->data, body->len);
	*tag = client->tag;
	if (lease > 0) {
		put_lease(&next, lease, wait_ms);
		add_request(client, &out, WG_OP_LEASE_MESSAGES, &next, NULL, 0);
		client->lease = client->tag;
	}
	code = wg_client_check(&next, "a request to the store", err);
	return code == WG_OK ? wg_wire_send_all(client->fd, out.iov, out.count, err) : code;
}

enum wg_code wg_client_done_lease(struct wg_client *client, const struct wg_msg_done *done, unsigned lease,
                                  unsigned wait_ms, struct wg_msg_done_result *out, bool *sent, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_msg_done_result result;
	struct wg_cur answer;
	uint32_t tag = 0;
	*sent = false;
	enum wg_code code = check_parts(done, err);
	if (code != WG_OK)
		return code;
	(void)wg_buf_room(&body, size_of(done)); /* at once; without it what follows grows or fails */
	wg_codec_put_done(&body, done);
	code = wg_client_check(&body, "a request to the store", err);
	if (code == WG_OK && body.len > WG_LIMIT_FRAME - WG_WIRE_HEAD)
		code = wg_err_set(err, WG_LIMIT, "a request to the store of %zu bytes", body.len);
	if (code == WG_OK)
		code = send_done(client, done, &body, lease, wait_ms, &tag, err);
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
