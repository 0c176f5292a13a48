/* What the deliver role does beside handing over: telling desks that fetch their copies that there is something to
 * fetch (webhooks), and asking MESH what became of copies that lie in its mailboxes. Each errand is a process of its
 * own, as the workers are, so that a server that does not answer holds up nothing. */
#ifndef WG_ROLE_ERRANDS_H
#define WG_ROLE_ERRANDS_H

#include "policy/directory.h"
#include "role/config.h"
#include "store/client.h"

struct wg_errands;

enum wg_code wg_errands_new(const struct wg_config *config, const struct wg_directory *directory,
                            struct wg_errands **out, struct wg_err *err) WG_MUST;
void wg_errands_freep(struct wg_errands **errands);

/* To be called about every second: asks the store what is due, starts errands, and tells the store what became of those
 * that ended. WG_AGAIN when the store is gone. */
enum wg_code wg_errands_step(struct wg_errands *errands, struct wg_client *client, struct wg_err *err) WG_MUST;

#endif
