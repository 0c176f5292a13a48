/* Owns what all ways out have in common as sessions: the counts. */
#include "channel/session_internal.h"

const struct wg_session_counts *wg_session_counts(const struct wg_session *session)
{
	return &session->counts;
}
