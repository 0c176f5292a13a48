/* A role's connection, from inside. Invariant: between calls every answer has been taken but those to WG_OP_ADD_LATER
 * and the one that was given up. */
#ifndef WG_STORE_CLIENT_INTERNAL_H
#define WG_STORE_CLIENT_INTERNAL_H

#include "store/client.h"
#include "store/codec.h"
#include "store/wire.h"

/* An answer to WG_OP_ADD_LATER that came while another was awaited. */
struct wg_late {
	struct wg_late *next;
	uint32_t tag;
	unsigned code;
	size_t len;
	uint8_t body[];
};

/* A request that the store has not read the whole of. */
struct wg_unsent {
	struct wg_unsent *next;
	struct wg_buf frame;
	size_t sent; /* less than frame.len */
};

struct wg_client {
	int fd;
	uint32_t tag;      /* of the last call */
	uint32_t lease;    /* of a lease that was asked for with wg_client_done_lease */
	uint32_t given_up; /* of the answer that nobody waits for any more (wg_client_patience); 0: none */
	int patience;      /* ms that each part of a question or an answer is waited for; 0: without end */
	struct wg_wire_in in;
	struct wg_late *late, **late_end;
	struct wg_unsent *unsent, **unsent_end; /* in the order of their sending */
	size_t unsent_len;                      /* of all of them, what is left */
};

/* Sends a request, and does not wait for its answer. WG_AGAIN with WG_CLIENT_NOT_YET: what is left of it goes with what
 * is asked next. */
enum wg_code wg_client_send(struct wg_client *client, uint32_t tag, enum wg_op op, const struct wg_buf *body,
                            struct wg_err *err) WG_MUST;
/* Sends a frame, whole with its head, without waiting at all: what the socket does not take now is kept (client.h). The
 * frame is taken over, when WG_OK. */
enum wg_code wg_client_send_later(struct wg_client *client, struct wg_buf *frame, struct wg_err *err) WG_MUST;
/* The next answer, if it is there: WG_AGAIN with WG_CLIENT_NOT_YET if not. */
enum wg_code wg_client_take(struct wg_client *client, struct wg_frame *frame, struct wg_err *err) WG_MUST;
/* Sends a request and waits for its answer, whose body is borrowed until the next call. An answer that is an error is
 * given as one. */
enum wg_code wg_client_call(struct wg_client *client, enum wg_op op, const struct wg_buf *body, struct wg_cur *answer,
                            struct wg_err *err) WG_MUST;
/* Waits for the answer to what was sent so; as wg_client_call gives it. */
enum wg_code wg_client_answer(struct wg_client *client, uint32_t tag, enum wg_op op, struct wg_cur *answer,
                              struct wg_err *err) WG_MUST;
/* wg_buf_check of a question or an answer. Refused memory is WG_AGAIN: the connection is as good as before, and
 * WG_SYSTEM would say that it is not (wg_client_gone). */
enum wg_code wg_client_check(const struct wg_buf *b, const char *what, struct wg_err *err) WG_MUST;
/* WG_REJECT for a text of a person that is longer than the store reads: it would drop us. WG_NOT_FOUND for what cannot
 * be an id. */
enum wg_code wg_client_check_text(const char *s, size_t max, struct wg_err *err) WG_MUST;
enum wg_code wg_client_check_id(const char *id, struct wg_err *err) WG_MUST;
/* Takes the time from an answer, for all of this process to judge by. False when the answer has none. */
bool wg_client_hear(struct wg_frame *answer);
/* For an answer that does not read as it should. */
enum wg_code wg_client_garbled(struct wg_err *err);
/* The error that an answer's body holds. */
enum wg_code wg_client_refusal(unsigned code, const uint8_t *body, size_t len, struct wg_err *err);

#endif
