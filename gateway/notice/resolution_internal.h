/* What resolution.c and resolution_apply.c share. */
#ifndef WG_NOTICE_RESOLUTION_INTERNAL_H
#define WG_NOTICE_RESOLUTION_INTERNAL_H

#include "notice/resolution.h"

/* True when a person has to say something about field i (from 0) of the report. */
bool wg_resolution_needs(const struct wg_resolving *r, size_t i);

#endif
