/* What the session of every way begins with: its own struct has one of these as its first member. Only for the files of
 * the ways. */
#ifndef WG_CHANNEL_SESSION_INTERNAL_H
#define WG_CHANNEL_SESSION_INTERNAL_H

#include "channel/session.h"

struct wg_session {
	const struct wg_way *way;
	struct wg_session_counts counts;
};

#endif
