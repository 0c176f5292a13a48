/* states.c owns the tables of states and of who may move what where. */
#include "store/states.h"

#include <stddef.h>
#include <string.h>

#include "base/mem.h"

static const char *const message_names[WG_MSG_STATES] = {
	[WG_MSG_ACCEPTED] = "accepted",   [WG_MSG_NORMALISED] = "normalised", [WG_MSG_ROUTED] = "routed",
	[WG_MSG_ATTENTION] = "attention", [WG_MSG_REJECTED] = "rejected",     [WG_MSG_DUPLICATE] = "duplicate",
	[WG_MSG_RETURNED] = "returned",   [WG_MSG_DIVIDED] = "divided",       [WG_MSG_ANSWER] = "answer",
};

static const char *const delivery_names[WG_DLV_STATES] = {
	[WG_DLV_DECIDED] = "decided",   [WG_DLV_SEALED] = "sealed",
	[WG_DLV_SENDING] = "sending",   [WG_DLV_HANDED_OVER] = "handed-over",
	[WG_DLV_RECEIVED] = "received", [WG_DLV_ACKNOWLEDGED] = "acknowledged",
	[WG_DLV_REVIEW] = "review",     [WG_DLV_WITHHELD] = "withheld",
	[WG_DLV_DEFERRED] = "deferred", [WG_DLV_FAILED] = "failed",
	[WG_DLV_RECALLED] = "recalled", [WG_DLV_SUPERSEDED] = "superseded",
	[WG_DLV_HELD] = "held",         [WG_DLV_OPENED] = "opened",
	[WG_DLV_REFUSED] = "refused",
};

struct move {
	int from, to;
	unsigned who; /* of enum wg_states_who */
};

static const struct move message_moves[] = {
	{ WG_STATES_NEW, WG_MSG_ACCEPTED, WG_WHO_INTAKE | WG_WHO_PROCESS },
	{ WG_MSG_ACCEPTED, WG_MSG_ROUTED, WG_WHO_PROCESS },
	{ WG_MSG_ACCEPTED, WG_MSG_ATTENTION, WG_WHO_PROCESS | WG_WHO_STORE },
	{ WG_MSG_ACCEPTED, WG_MSG_REJECTED, WG_WHO_PROCESS },
	{ WG_MSG_ACCEPTED, WG_MSG_DUPLICATE, WG_WHO_PROCESS },
	{ WG_MSG_NORMALISED, WG_MSG_ROUTED, WG_WHO_PROCESS },
	{ WG_MSG_NORMALISED, WG_MSG_ATTENTION, WG_WHO_PROCESS | WG_WHO_STORE },
	{ WG_MSG_NORMALISED, WG_MSG_REJECTED, WG_WHO_PROCESS },
	{ WG_MSG_ACCEPTED, WG_MSG_RETURNED, WG_WHO_PROCESS },
	{ WG_MSG_ACCEPTED, WG_MSG_DIVIDED, WG_WHO_PROCESS },
	{ WG_MSG_ACCEPTED, WG_MSG_ANSWER, WG_WHO_PROCESS },
	{ WG_MSG_NORMALISED, WG_MSG_ANSWER, WG_WHO_PROCESS },
	{ WG_MSG_NORMALISED, WG_MSG_RETURNED, WG_WHO_PROCESS },
	{ WG_MSG_NORMALISED, WG_MSG_DIVIDED, WG_WHO_PROCESS },
	{ WG_MSG_ROUTED, WG_MSG_NORMALISED, WG_WHO_STORE },
	{ WG_MSG_RETURNED, WG_MSG_NORMALISED, WG_WHO_STORE },
	{ WG_MSG_ATTENTION, WG_MSG_NORMALISED, WG_WHO_STORE },
	{ WG_MSG_ATTENTION, WG_MSG_ACCEPTED, WG_WHO_ADMIN },
	{ WG_MSG_ATTENTION, WG_MSG_REJECTED, WG_WHO_ADMIN },
};

/* By a receipt: of whoever brings it, or of the store when it came while an attempt was under way. */
#define WITNESS (WG_WHO_INTAKE | WG_WHO_PROCESS | WG_WHO_DELIVER | WG_WHO_STORE)

static const struct move delivery_moves[] = {
	{ WG_STATES_NEW, WG_DLV_SEALED, WG_WHO_PROCESS },
	{ WG_STATES_NEW, WG_DLV_REVIEW, WG_WHO_PROCESS },
	{ WG_STATES_NEW, WG_DLV_WITHHELD, WG_WHO_PROCESS },
	{ WG_STATES_NEW, WG_DLV_HELD, WG_WHO_PROCESS },
	{ WG_STATES_NEW, WG_DLV_RECALLED, WG_WHO_PROCESS },

	{ WG_DLV_SEALED, WG_DLV_SENDING, WG_WHO_DELIVER },
	{ WG_DLV_DEFERRED, WG_DLV_SENDING, WG_WHO_DELIVER },
	{ WG_DLV_SENDING, WG_DLV_HANDED_OVER, WG_WHO_DELIVER },
	{ WG_DLV_SENDING, WG_DLV_RECEIVED, WG_WHO_DELIVER },
	{ WG_DLV_SENDING, WG_DLV_DEFERRED, WG_WHO_DELIVER | WG_WHO_STORE },
	{ WG_DLV_SENDING, WG_DLV_FAILED, WG_WHO_DELIVER | WG_WHO_STORE },

	{ WG_DLV_SEALED, WG_DLV_HANDED_OVER, WG_WHO_INTAKE },
	{ WG_DLV_DEFERRED, WG_DLV_HANDED_OVER, WG_WHO_INTAKE },
	{ WG_DLV_SEALED, WG_DLV_FAILED, WG_WHO_STORE },
	{ WG_DLV_DEFERRED, WG_DLV_FAILED, WG_WHO_STORE },

	{ WG_DLV_HANDED_OVER, WG_DLV_FAILED, WITNESS },
	{ WG_DLV_HANDED_OVER, WG_DLV_RECEIVED, WITNESS },
	{ WG_DLV_HANDED_OVER, WG_DLV_OPENED, WITNESS },
	{ WG_DLV_HANDED_OVER, WG_DLV_REFUSED, WITNESS },
	{ WG_DLV_HANDED_OVER, WG_DLV_ACKNOWLEDGED, WITNESS },
	{ WG_DLV_FAILED, WG_DLV_RECEIVED, WITNESS },
	{ WG_DLV_FAILED, WG_DLV_OPENED, WITNESS },
	{ WG_DLV_FAILED, WG_DLV_REFUSED, WITNESS },
	{ WG_DLV_FAILED, WG_DLV_ACKNOWLEDGED, WITNESS },
	{ WG_DLV_RECEIVED, WG_DLV_OPENED, WITNESS },
	{ WG_DLV_RECEIVED, WG_DLV_REFUSED, WITNESS },
	{ WG_DLV_RECEIVED, WG_DLV_ACKNOWLEDGED, WITNESS },
	{ WG_DLV_OPENED, WG_DLV_REFUSED, WITNESS },
	{ WG_DLV_OPENED, WG_DLV_ACKNOWLEDGED, WITNESS },
	{ WG_DLV_REFUSED, WG_DLV_ACKNOWLEDGED, WITNESS },
	{ WG_DLV_DEFERRED, WG_DLV_RECEIVED, WITNESS },
	{ WG_DLV_DEFERRED, WG_DLV_OPENED, WITNESS },
	{ WG_DLV_DEFERRED, WG_DLV_REFUSED, WITNESS },
	{ WG_DLV_DEFERRED, WG_DLV_ACKNOWLEDGED, WITNESS },
	{ WG_DLV_HELD, WG_DLV_RECEIVED, WITNESS },
	{ WG_DLV_HELD, WG_DLV_OPENED, WITNESS },
	{ WG_DLV_HELD, WG_DLV_REFUSED, WITNESS },
	{ WG_DLV_HELD, WG_DLV_ACKNOWLEDGED, WITNESS },
	{ WG_DLV_DECIDED, WG_DLV_RECEIVED, WITNESS },
	{ WG_DLV_DECIDED, WG_DLV_OPENED, WITNESS },
	{ WG_DLV_DECIDED, WG_DLV_REFUSED, WITNESS },
	{ WG_DLV_DECIDED, WG_DLV_ACKNOWLEDGED, WITNESS },

	{ WG_DLV_SEALED, WG_DLV_DECIDED, WG_WHO_STORE },
	{ WG_DLV_DEFERRED, WG_DLV_DECIDED, WG_WHO_STORE },

	{ WG_DLV_DECIDED, WG_DLV_SUPERSEDED, WG_WHO_PROCESS },
	{ WG_DLV_SEALED, WG_DLV_SUPERSEDED, WG_WHO_PROCESS },
	{ WG_DLV_REVIEW, WG_DLV_SUPERSEDED, WG_WHO_PROCESS },
	{ WG_DLV_WITHHELD, WG_DLV_SUPERSEDED, WG_WHO_PROCESS },
	{ WG_DLV_DEFERRED, WG_DLV_SUPERSEDED, WG_WHO_PROCESS },
	{ WG_DLV_HELD, WG_DLV_SUPERSEDED, WG_WHO_PROCESS },

	{ WG_DLV_DECIDED, WG_DLV_HELD, WG_WHO_ADMIN },
	{ WG_DLV_SEALED, WG_DLV_HELD, WG_WHO_ADMIN },
	{ WG_DLV_REVIEW, WG_DLV_HELD, WG_WHO_ADMIN },
	{ WG_DLV_DEFERRED, WG_DLV_HELD, WG_WHO_ADMIN },
	{ WG_DLV_HELD, WG_DLV_DECIDED, WG_WHO_ADMIN },
	{ WG_DLV_HELD, WG_DLV_SEALED, WG_WHO_ADMIN },
	{ WG_DLV_HELD, WG_DLV_REVIEW, WG_WHO_ADMIN },
	{ WG_DLV_HELD, WG_DLV_DEFERRED, WG_WHO_ADMIN },
	{ WG_DLV_REVIEW, WG_DLV_SEALED, WG_WHO_ADMIN },
	{ WG_DLV_REVIEW, WG_DLV_WITHHELD, WG_WHO_ADMIN },
	{ WG_DLV_FAILED, WG_DLV_DEFERRED, WG_WHO_ADMIN },

	{ WG_DLV_DECIDED, WG_DLV_RECALLED, WG_WHO_ADMIN | WG_WHO_PROCESS | WG_WHO_STORE },
	{ WG_DLV_SEALED, WG_DLV_RECALLED, WG_WHO_ADMIN | WG_WHO_PROCESS | WG_WHO_STORE },
	{ WG_DLV_REVIEW, WG_DLV_RECALLED, WG_WHO_ADMIN | WG_WHO_PROCESS },
	{ WG_DLV_DEFERRED, WG_DLV_RECALLED, WG_WHO_ADMIN | WG_WHO_PROCESS | WG_WHO_STORE },
	{ WG_DLV_HELD, WG_DLV_RECALLED, WG_WHO_ADMIN | WG_WHO_PROCESS | WG_WHO_STORE },
	{ WG_DLV_FAILED, WG_DLV_RECALLED, WG_WHO_ADMIN | WG_WHO_PROCESS },
};

const char *wg_message_state_name(enum wg_message_state state)
{
	return (size_t)state < WG_MSG_STATES ? message_names[state] : "unknown";
}

const char *wg_delivery_state_name(enum wg_delivery_state state)
{
	return (size_t)state < WG_DLV_STATES ? delivery_names[state] : "unknown";
}

static int find(const char *name, const char *const *names, int count)
{
	for (int i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

bool wg_message_state_find(const char *name, enum wg_message_state *out)
{
	int i = find(name, message_names, WG_MSG_STATES);
	if (i >= 0)
		*out = (enum wg_message_state)i;
	return i >= 0;
}

bool wg_delivery_state_find(const char *name, enum wg_delivery_state *out)
{
	int i = find(name, delivery_names, WG_DLV_STATES);
	if (i >= 0)
		*out = (enum wg_delivery_state)i;
	return i >= 0;
}

const char *wg_states_who_name(enum wg_states_who who)
{
	switch (who) {
	case WG_WHO_INTAKE:
		return "intake";
	case WG_WHO_PROCESS:
		return "process";
	case WG_WHO_DELIVER:
		return "deliver";
	case WG_WHO_ADMIN:
		return "admin";
	case WG_WHO_STORE:
		return "store";
	case WG_WHO_MONITOR:
		return "monitor";
	}
	return "unknown";
}

static bool may(const struct move *moves, size_t count, int from, int to, enum wg_states_who who)
{
	for (size_t i = 0; i < count; i++)
		if (moves[i].from == from && moves[i].to == to)
			return (moves[i].who & who) != 0;
	return false;
}

bool wg_message_may(int from, enum wg_message_state to, enum wg_states_who who)
{
	return may(message_moves, WG_COUNT(message_moves), from, (int)to, who);
}

bool wg_delivery_may(int from, enum wg_delivery_state to, enum wg_states_who who)
{
	return may(delivery_moves, WG_COUNT(delivery_moves), from, (int)to, who);
}

bool wg_delivery_open(enum wg_delivery_state state)
{
	switch (state) {
	case WG_DLV_DECIDED:
	case WG_DLV_SEALED:
	case WG_DLV_SENDING:
	case WG_DLV_REVIEW:
	case WG_DLV_DEFERRED:
	case WG_DLV_HELD:
		return true;
	case WG_DLV_HANDED_OVER:
	case WG_DLV_RECEIVED:
	case WG_DLV_ACKNOWLEDGED:
	case WG_DLV_WITHHELD:
	case WG_DLV_FAILED:
	case WG_DLV_RECALLED:
	case WG_DLV_SUPERSEDED:
	case WG_DLV_OPENED:
	case WG_DLV_REFUSED:
		return false;
	}
	return false;
}
