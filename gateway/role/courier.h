/* The inside of a worker process: copies come in over a socket, are offered one by one over one session, and each
 * result goes back. */
#ifndef WG_ROLE_COURIER_H
#define WG_ROLE_COURIER_H

#include "channel/session.h"
#include "policy/directory.h"
#include "role/config.h"
#include "role/peers.h"

/* A copy on its way to the worker: a 4-byte length, then reference, address, mailbox, workflow (texts) and the bytes.
 * An answer: a 4-byte length, then wg_courier_put_result. */
#define WG_COURIER_ANSWER_MAX 2048

void wg_courier_put_result(struct wg_buf *out, const struct wg_send_result *result,
                           const struct wg_session_counts *counts);
bool wg_courier_get_result(struct wg_cur *cur, struct wg_send_result *result, struct wg_session_counts *counts);

/* The TLS of what goes over HTTPS to a URL of an organisation, and the target of MESH; both point into config and
 * watch, which is made for them. */
struct wg_tls wg_courier_https_tls(const struct wg_config *config, const struct wg_organisation *organisation,
                                   const char *url, struct wg_peer_watch *watch);
const struct wg_way *wg_courier_mesh_target(const struct wg_config *config, struct wg_send_target *target,
                                            struct wg_peer_watch *watch);

/* Runs until the other end of fd is closed, then ends the process. */
_Noreturn void wg_courier(int fd, const struct wg_config *config, const struct wg_organisation *organisation,
                          const struct wg_desk *desk);

#endif
