/* Whom to ring: the telephones that the directory has of a desk, and of those that stand in for it. */
#ifndef WG_CLI_RING_H
#define WG_CLI_RING_H

#include "base/buf.h"
#include "policy/directory.h"
#include "role/config.h"

/* The directory, or NULL after saying on stderr why there is none: what is stuck is told all the same. The caller frees
 * with wg_directory_freep. */
struct wg_directory *wg_ring_load(const char *command, const struct wg_config *config);

/* "01632 960001; otherwise derbyshire/duty 01632 960002; ..." or that there is no number; desk "": the first desk of
 * the organisation that has one. One line, no line end. directory may be NULL. */
void wg_ring_text(const struct wg_directory *directory, const char *organisation, const char *desk, struct wg_buf *out);
/* ,"telephone":"...","otherwise":[{"desk":"organisation/desk","telephone":"..."}] */
void wg_ring_json(const struct wg_directory *directory, const char *organisation, const char *desk, struct wg_buf *out);

#endif
