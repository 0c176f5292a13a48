/* Frames on the store's sockets. A frame: u32 length of what follows, u32 tag, u16 op, u16 code, body; big endian. A
 * request's code is 0. An answer repeats tag and op; its body is the store's trusted time in ms (u64), so that all
 * processes judge by the same, and then the op's answer when the code is WG_OK, otherwise the words of the error. */
#ifndef WG_STORE_WIRE_H
#define WG_STORE_WIRE_H

#include "base/buf.h"
#include "base/err.h"

#define WG_WIRE_HEAD 12
#define WG_WIRE_FIXED 8 /* of those 12, what the length counts */
#define WG_WIRE_NOW 8   /* in front of each answer */

enum wg_op {
	WG_OP_ADD = 1,
	WG_OP_ADD_LATER, /* the same, asked without waiting for the answer */
	WG_OP_STATUS,
	WG_OP_LEASE_MESSAGES,
	WG_OP_PART, /* bytes that the next WG_OP_DONE names by their hash; not answered */
	WG_OP_DONE,
	WG_OP_PUT_BACK,
	WG_OP_EPOCH,
	WG_OP_LEASE_DELIVERIES,
	WG_OP_REPORT,
	WG_OP_LIST,
	WG_OP_ACT,
	WG_OP_ASSIGN,
	WG_OP_RESOLVE,
	WG_OP_EXPLAIN,
	WG_OP_RELATED,
	WG_OP_BLOB,
	WG_OP_AUDIT,
	WG_OP_HISTORY,
	WG_OP_HEALTH,
	WG_OP_CONTEXT,
	WG_OP_STRANGERS,
	WG_OP_CHILD,
	WG_OP_RECORD,
	WG_OP_RECORDS,
	WG_OP_REGISTER,
	WG_OP_EXEMPT,
	WG_OP_LEGAL_HOLD,
	WG_OP_PURGE,
	WG_OP_RECEIPT,
	WG_OP_TASKS,
	WG_OP_TASK_DONE,
	WG_OP_READY,
	WG_OP_INBOX,
	WG_OP_INBOX_TAKE,
	WG_OP_HOOKS,
	WG_OP_HOOK_DONE,
	WG_OP_AWAITED,
	WG_OP_ALERTS,
	WG_OP_METRICS,
	WG_OP_SILENCE,
	WG_OP_RECEIPTS,
	WG_OP_TOKEN,
	WG_OP_TROUBLE,
	WG_OP_TIME, /* nothing but the time */
	WG_OP_BACKUP_BEGIN,
	WG_OP_BACKUP_STATE,
	WG_OP_BACKUP_HEADS,
	WG_OP_BACKUP_END,
	WG_OP_END /* not an op: one more than the last */
};

struct wg_frame {
	uint32_t tag;
	unsigned op, code;
	const uint8_t *body; /* borrowed from the input until the next fill */
	size_t len;
};

void wg_wire_head(uint8_t out[WG_WIRE_HEAD], uint32_t tag, unsigned op, unsigned code, size_t body_len);
/* An answer to that request. */
void wg_wire_answer(struct wg_buf *out, const struct wg_frame *to, unsigned code, int64_t now, const void *body,
                    size_t len);
/* Takes the time from the front of an answer's body. False when it is too short for one. */
bool wg_wire_now(struct wg_frame *answer, int64_t *now);

/* What came in and was not taken yet. Invariants: start <= len <= cap; no frame longer than max is ever held. */
struct wg_wire_in {
	uint8_t *data;
	size_t start, len, cap, max;
};

void wg_wire_free(struct wg_wire_in *in);
/* One read of the descriptor, with flags for recv. WG_OK: something came. WG_AGAIN: nothing now. WG_NOT_FOUND: the peer
 * is gone. */
enum wg_code wg_wire_fill(struct wg_wire_in *in, int fd, int flags, struct wg_err *err) WG_MUST;
/* The same from memory. */
enum wg_code wg_wire_feed(struct wg_wire_in *in, const void *p, size_t len, struct wg_err *err) WG_MUST;
/* The next whole frame, without taking it. WG_AGAIN: none is whole. WG_LIMIT or WG_REJECT: this peer does not speak the
 * protocol. */
enum wg_code wg_wire_peek(const struct wg_wire_in *in, struct wg_frame *out, struct wg_err *err) WG_MUST;
/* Takes the frame that peek showed; its body stays valid until the next fill. */
void wg_wire_take(struct wg_wire_in *in, const struct wg_frame *frame);

#define WG_CLIENT_GONE "the store closed the connection"
struct iovec;
/* All pieces, in their order, to a blocking socket; iov changes. WG_AGAIN with these words when the peer is gone. */
enum wg_code wg_wire_send_all(int fd, struct iovec *iov, size_t count, struct wg_err *err) WG_MUST;
/* As much as the socket takes now, none of it perhaps: how much, in *sent. The same when the peer is gone. */
enum wg_code wg_wire_send_some(int fd, const void *p, size_t len, size_t *sent, struct wg_err *err) WG_MUST;
/* The same of two. */
enum wg_code wg_wire_send(int fd, const void *head, size_t head_len, const void *body, size_t len, struct wg_err *err)
	WG_MUST;

#endif
