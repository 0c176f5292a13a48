/* All that is decided about one message, before it goes to the store. Inside the process role only. */
#ifndef WG_ROLE_OUTCOME_H
#define WG_ROLE_OUTCOME_H

#include "role/process.h"

/* Keys that one notice may give: MATCHING.md. */
#define WG_OUTCOME_KEYS 48
/* Earlier notices that one may name. */
#define WG_OUTCOME_CONCERNS 9

/* Owns what it points to. */
struct wg_outcome {
	struct wg_msg_done done;
	bool readable; /* the reader and its map came to an end: what fails after that is not the document's fault */
	char reason[1536];
	struct wg_buf notice, report; /* ciphertext */
	struct wg_match_key keys[WG_OUTCOME_KEYS];
	struct wg_part_new *parts;      /* done.part_count of them */
	struct wg_record_new *consents; /* done.consent_count of them, each with its blob */
	char concerns[WG_OUTCOME_CONCERNS * (WG_LIMIT_NAME + 1)];
	struct wg_dlv_new deliveries[WG_LIMIT_RECIPIENTS];
	struct wg_buf envelopes[WG_LIMIT_RECIPIENTS], disclosures[WG_LIMIT_RECIPIENTS];
	char reasons[WG_LIMIT_RECIPIENTS][320];
	struct wg_receipt_new receipt; /* where it is a receipt of a partner's gateway; done.receipts points here */
};

/* NULL when memory runs out. */
struct wg_outcome *wg_outcome_new(const struct wg_process *process, const struct wg_msg_job *job);
void wg_outcome_freep(struct wg_outcome **outcome);

/* The message ends here for now; whatever was decided about recipients is not sent. */
void wg_outcome_settle(struct wg_outcome *outcome, enum wg_message_state state, const char *reason);
/* A person must look, for one more reason; what was decided about recipients goes on. */
void wg_outcome_need_person(struct wg_outcome *outcome, const char *fmt, ...) WG_PRINTF(2, 3);

struct wg_known;
/* handle_decide.c: a delivery for each recipient, sealed where it is to be sent. known: NULL for a notice that is about
 * no child that the gateway knows. */
enum wg_code wg_handle_decide(struct wg_process *process, const struct wg_msg_job *job, struct wg_notice *notice,
                              const struct wg_known *known, struct wg_outcome *outcome, struct wg_err *err) WG_MUST;
/* divide.c: the parts of a document that is several notices, each to become a message of its own. */
enum wg_code wg_handle_divide(struct wg_process *process, const struct wg_msg_job *job, const struct wg_read *read,
                              struct wg_outcome *outcome, struct wg_err *err) WG_MUST;
/* match.c: the keyed hashes by which the store finds child and episode, and the one of the whole content. */
enum wg_code wg_match_keys(struct wg_process *process, const struct wg_msg_job *job, const struct wg_notice *notice,
                           struct wg_outcome *outcome, struct wg_err *err) WG_MUST;
enum wg_code wg_match_content(struct wg_process *process, const struct wg_notice *notice, struct wg_outcome *outcome,
                              struct wg_err *err) WG_MUST;

#endif
