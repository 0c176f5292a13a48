/* The store process's loop: answers roles by the table of who may ask for what. */
#ifndef WG_STORE_SERVER_H
#define WG_STORE_SERVER_H

#include "store/client.h"

struct wg_server;

/* Listens on folder/store-ROLE.sock for every role (0600) and opens the database in folder, alone (a lock file;
 * WG_AGAIN when another process has it). Every lease that an earlier process gave is void from here on. */
enum wg_code wg_server_open(const char *folder, struct wg_server **out, struct wg_err *err) WG_MUST;
/* The same, of another database. */
enum wg_code wg_server_open_at(const struct wg_store_place *place, struct wg_server **out, struct wg_err *err) WG_MUST;

/* What the caller may want to log: "peer-dropped" (what says why), "leases-lost", "damaged", "not-accepting",
 * "accepting", "accept-failed", "clock-set", "clock-right", "disk-full" and "disk-has-room" (nothing, and again
 * something can be stored), "keys-not-destroyed" and "keys-destroyed" (of what was purged), of a shared database
 * "database-lost", "database-away", "database-back", "node-given-up". No personal data. Called from within
 * wg_server_run; it must not call back into the server. */
typedef void wg_server_event(void *arg, const char *event, enum wg_store_role role, const struct wg_err *what);
void wg_server_on_event(struct wg_server *server, wg_server_event *event, void *arg);

/* Serves until *stop becomes true (set from a signal handler) or the store can no longer be trusted (WG_SYSTEM,
 * WG_CORRUPT: the caller exits). Whatever arrived while the last commit ran shares the next one. Answers leave only
 * after their commit. A role's leases end when its connection ends. */
enum wg_code wg_server_run(struct wg_server *server, const volatile int *stop, struct wg_err *err) WG_MUST;
/* Serves one connected socket as role besides the listening ones (for the command line when no gateway runs, and for
 * tests). The server closes fd, also when this fails. */
enum wg_code wg_server_attach(struct wg_server *server, int fd, enum wg_store_role role, struct wg_err *err) WG_MUST;
void wg_server_freep(struct wg_server **server);

#endif
