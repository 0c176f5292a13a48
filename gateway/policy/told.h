/* Somebody who has, or is about to have, a copy of an earlier notice: as the disclosure register knows it. */
#ifndef WG_POLICY_TOLD_H
#define WG_POLICY_TOLD_H

#include "base/limits.h"

struct wg_told {
	char organisation[WG_LIMIT_NAME + 1], desk[WG_LIMIT_NAME + 1];
	char role[WG_LIMIT_NAME + 1], of[WG_LIMIT_NAME + 1]; /* under which it was told; of "" in records made before */
};

#endif
