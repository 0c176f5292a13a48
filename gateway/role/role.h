/* The processes of the gateway. Each entry runs one role until it is told to stop (SIGTERM, SIGINT) or cannot go on;
 * the supervisor starts it again. */
#ifndef WG_ROLE_ROLE_H
#define WG_ROLE_ROLE_H

#include "base/err.h"
#include "role/config.h"
#include "store/client.h"

/* Set by SIGTERM and SIGINT once wg_role_signals was called. */
extern volatile int wg_role_stop;
void wg_role_signals(void);

/* For wg_loop_faults of channel/loop.h: logged, at most once a minute. */
void wg_role_loop_fault(const char *words);

/* Connects to the store, waiting up to 10 s for it to come up. */
enum wg_code wg_role_connect(const struct wg_config *config, enum wg_store_role role, struct wg_client **out,
                             struct wg_err *err) WG_MUST;

/* Confines this process; logs a warning when the kernel lacks Landlock. */
struct wg_sandbox;
enum wg_code wg_role_confine(const struct wg_sandbox *sandbox, struct wg_err *err) WG_MUST;

/* name: "store", "intake", "process", "deliver" or "monitor". WG_NOT_FOUND for another name. */
enum wg_code wg_role_run(const char *name, const struct wg_config *config, struct wg_err *err) WG_MUST;

enum wg_code wg_role_store(const struct wg_config *config, struct wg_err *err) WG_MUST;
enum wg_code wg_role_intake(const struct wg_config *config, struct wg_err *err) WG_MUST;
enum wg_code wg_role_process(const struct wg_config *config, struct wg_err *err) WG_MUST;
enum wg_code wg_role_deliver(const struct wg_config *config, struct wg_err *err) WG_MUST;
enum wg_code wg_role_monitor(const struct wg_config *config, struct wg_err *err) WG_MUST;

/* Runs all roles as children, starts again with back-off what dies, reloads at SIGHUP (checks the configuration first;
 * a bad one leaves the old running), ends them at SIGTERM. */
enum wg_code wg_supervise(const struct wg_config *config, struct wg_err *err) WG_MUST;

#endif
