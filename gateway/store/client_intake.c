/* client_intake.c owns what intake asks. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/client_internal.h"

enum wg_code wg_client_add(struct wg_client *client, const struct wg_msg_new *msg, struct wg_msg_receipt *out,
                           struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_msg_receipt receipt;
	struct wg_cur answer;
	wg_codec_put_msg_new(&body, msg);
	enum wg_code code = wg_client_call(client, WG_OP_ADD, &body, &answer, err);
	if (code == WG_OK && !wg_codec_get_receipt(&answer, &receipt))
		code = wg_client_garbled(err);
	if (code == WG_OK)
		*out = receipt;
	return code;
}

enum wg_code wg_client_add_send(struct wg_client *client, uint32_t tag, const struct wg_msg_new *msg,
                                struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf frame = WG_BUF(WG_LIMIT_FRAME);
	uint8_t head[WG_WIRE_HEAD] = { 0 };
	wg_buf_put(&frame, head, sizeof head);
	wg_codec_put_msg_new(&frame, msg);
	enum wg_code code = wg_client_check(&frame, "a message for the store", err);
	if (code != WG_OK)
		return code;
	wg_wire_head(frame.data, tag, WG_OP_ADD_LATER, 0, frame.len - WG_WIRE_HEAD);
	return wg_client_send_later(client, &frame, err);
}

static enum wg_code take(unsigned fate, const uint8_t *body, size_t len, struct wg_msg_receipt *out,
                         struct wg_err *failed, struct wg_err *err)
{
	*failed = (struct wg_err){ .code = WG_OK };
	if (fate != WG_OK) {
		(void)wg_client_refusal(fate, body, len, failed); /* the fate of that message, not of this call */
		return WG_OK;
	}
	struct wg_cur cur = WG_CUR(body, len);
	return wg_codec_get_receipt(&cur, out) ? WG_OK : wg_client_garbled(err);
}

static enum wg_code take_late(struct wg_client *client, uint32_t *tag, struct wg_msg_receipt *out,
                              struct wg_err *failed, struct wg_err *err)
{
	WG_AUTO_FREE struct wg_late *late = client->late;
	client->late = late->next;
	if (client->late == NULL)
		client->late_end = &client->late;
	*tag = late->tag;
	return take(late->code, late->body, late->len, out, failed, err);
}

/* The next answer, if it is there, to a question of that kind. */
static enum wg_code take_frame(struct wg_client *client, enum wg_op op, struct wg_frame *frame, struct wg_err *err)
{
	enum wg_code code = wg_client_take(client, frame, err);
	return code == WG_OK && frame->op != op ? wg_client_garbled(err) : code;
}

enum wg_code wg_client_add_take(struct wg_client *client, uint32_t *tag, struct wg_msg_receipt *out,
                                struct wg_err *failed, struct wg_err *err)
{
	struct wg_frame frame;
	if (client->late != NULL)
		return take_late(client, tag, out, failed, err);
	enum wg_code code = take_frame(client, WG_OP_ADD_LATER, &frame, err);
	if (code != WG_OK)
		return code;
	*tag = frame.tag;
	return take(frame.code, frame.body, frame.len, out, failed, err);
}

enum wg_code wg_client_ready(struct wg_client *client, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(16);
	struct wg_cur answer;
	wg_buf_put(&body, "", 0);
	enum wg_code code = wg_client_call(client, WG_OP_READY, &body, &answer, err);
	return code == WG_OK && !wg_cur_end(&answer) ? wg_client_garbled(err) : code;
}

enum wg_code wg_client_ready_send(struct wg_client *client, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(16);
	wg_buf_put(&body, "", 0);
	return wg_client_send(client, 0, WG_OP_READY, &body, err);
}

enum wg_code wg_client_ready_take(struct wg_client *client, struct wg_err *err)
{
	struct wg_frame frame;
	enum wg_code code = take_frame(client, WG_OP_READY, &frame, err);
	if (code != WG_OK)
		return code;
	if (frame.code != WG_OK)
		return wg_client_refusal(frame.code, frame.body, frame.len, err);
	return frame.len == 0 ? WG_OK : wg_client_garbled(err);
}

enum wg_code wg_client_status(struct wg_client *client, const char *id, const char *organisation,
                              struct wg_msg_status *out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_msg_status status = { .deliveries = NULL };
	struct wg_cur answer;
	wg_buf_str(&body, id);
	wg_buf_str(&body, organisation);
	enum wg_code code = wg_client_check_id(id, err);
	if (code == WG_OK)
		code = wg_client_check_text(organisation, WG_LIMIT_NAME, err);
	if (code == WG_OK)
		code = wg_client_call(client, WG_OP_STATUS, &body, &answer, err);
	if (code == WG_OK && !wg_codec_get_status(&answer, &status))
		code = wg_client_garbled(err);
	if (code == WG_OK)
		*out = status;
	return code;
}
