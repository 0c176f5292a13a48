/* The states of messages and deliveries and who may move what where. STATES.md is the same table in words; a test
 * compares the two. Names as text are those of the enum in lower case with hyphens. */
#ifndef WG_STORE_STATES_H
#define WG_STORE_STATES_H

#include <stdbool.h>

enum wg_message_state {
	WG_MSG_ACCEPTED,
	WG_MSG_NORMALISED,
	WG_MSG_ROUTED,
	WG_MSG_ATTENTION,
	WG_MSG_REJECTED,
	WG_MSG_DUPLICATE,
	WG_MSG_RETURNED,
	WG_MSG_DIVIDED,
	WG_MSG_ANSWER /* it was no notice but a report, a receipt or a reply, and what it answers was found */
};
enum wg_delivery_state {
	WG_DLV_DECIDED,
	WG_DLV_SEALED,
	WG_DLV_SENDING,
	WG_DLV_HANDED_OVER,
	WG_DLV_RECEIVED,
	WG_DLV_ACKNOWLEDGED,
	WG_DLV_REVIEW,
	WG_DLV_WITHHELD,
	WG_DLV_DEFERRED,
	WG_DLV_FAILED,
	WG_DLV_RECALLED,
	WG_DLV_SUPERSEDED,
	WG_DLV_HELD,
	WG_DLV_OPENED,
	WG_DLV_REFUSED /* by the recipient */
};
#define WG_MSG_STATES 9
#define WG_DLV_STATES 15

const char *wg_message_state_name(enum wg_message_state state);
const char *wg_delivery_state_name(enum wg_delivery_state state);
bool wg_message_state_find(const char *name, enum wg_message_state *out);
bool wg_delivery_state_find(const char *name, enum wg_delivery_state *out);

/* Who moves something: a role that asked, or the store on its own (a lost lease, an epoch, damage). */
enum wg_states_who {
	WG_WHO_INTAKE = 1,
	WG_WHO_PROCESS = 2,
	WG_WHO_DELIVER = 4,
	WG_WHO_ADMIN = 8,
	WG_WHO_STORE = 16,
	/* in the log only: it moves nothing */
	WG_WHO_MONITOR = 32
};
const char *wg_states_who_name(enum wg_states_who who);

/* from is a state, or WG_STATES_NEW for a row that is just made. */
#define WG_STATES_NEW (-1)
bool wg_message_may(int from, enum wg_message_state to, enum wg_states_who who);
bool wg_delivery_may(int from, enum wg_delivery_state to, enum wg_states_who who);

/* Not at its end: a later delivery of the same episode to the same recipient has to wait for it. */
bool wg_delivery_open(enum wg_delivery_state state);

#endif
