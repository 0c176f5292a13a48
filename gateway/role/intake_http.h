/* What the files of the HTTPS interface share. Private to gateway/role/intake_http*.c and intake_confirm*.c. */
#ifndef WG_ROLE_INTAKE_HTTP_H
#define WG_ROLE_INTAKE_HTTP_H

#include <jansson.h>

#include "role/intake.h"

/* A trace id of W3C Trace Context, with its NUL. */
#define WG_TRACE_TEXT 33

/* The trace id of a traceparent header that is valid; "" otherwise. For the log. */
const char *wg_intake_trace(const struct wg_http_request *r, char out[WG_TRACE_TEXT]);
/* 415, 413 or 503 for what could not be taken. */
void wg_intake_refuse(struct wg_http_request *r, const struct wg_err *err);
/* The store did not answer as it should: 503; and when it is gone the role ends too. */
void wg_intake_no_store(struct wg_intake *intake, struct wg_http_request *r, const struct wg_err *err);

/* ---- JSON bodies */

/* An object that came in, and what is wrong with it: every fault is found, not only the first. */
struct wg_body {
	json_t *root;         /* NULL: it was answered already */
	struct wg_buf errors; /* objects with pointer and detail, separated by commas */
};
/* Answers 413, 415 or 400 itself when there is no JSON object; then root is NULL. Free in any case. */
void wg_body_read(struct wg_http_request *r, struct wg_body *out);
void wg_body_free(struct wg_body *body);
/* A string member of at most size - 1 bytes, one line without control characters, into out; "" when it is not there. */
void wg_body_text(struct wg_body *body, const char *name, bool required, char *out, size_t size);
void wg_body_fault(struct wg_body *body, const char *name, const char *detail);
/* When faults were found: answers 422 with all of them. Returns whether it did. */
bool wg_body_refused(struct wg_body *body, struct wg_http_request *r);

/* ---- the places; each answers */

void wg_intake_submit(struct wg_intake *intake, struct wg_http_request *r, const struct wg_organisation *organisation);
void wg_intake_status(struct wg_intake *intake, struct wg_http_request *r, const struct wg_organisation *organisation,
                      const char *id);
/* GET /v1/inbox and GET /v1/inbox/{delivery} */
void wg_intake_inbox(struct wg_intake *intake, struct wg_http_request *r, const struct wg_organisation *organisation);
void wg_intake_fetch(struct wg_intake *intake, struct wg_http_request *r, const struct wg_organisation *organisation,
                     const char *delivery);
/* POST /v1/receipts, and POST /v1/inbox/{delivery}/ack; delivery NULL for the first. */
void wg_intake_receipts(struct wg_intake *intake, struct wg_http_request *r, const struct wg_organisation *organisation,
                        const char *delivery);

#endif
