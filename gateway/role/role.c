/* role.c owns what all roles share: signals, the store's connection, confinement. */
#include "role/role.h"

#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "sys/sandbox.h"

#define CONNECT_TRIES 200
#define CONNECT_PAUSE_MS 50
/* What keeps a loop from working comes with every connection: how often it is said. */
#define LOOP_FAULT_MS 60000

volatile int wg_role_stop;

static void on_stop(int number)
{
	(void)number;
	wg_role_stop = 1;
}

void wg_role_signals(void)
{
	struct sigaction stop = { .sa_handler = on_stop };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	(void)sigaction(SIGTERM, &stop, NULL); /* cannot fail for these signals */
	(void)sigaction(SIGINT, &stop, NULL);
	(void)sigaction(SIGPIPE, &ignore, NULL);
	(void)sigaction(SIGIO, &ignore, NULL); /* somebody opens a file in a drop folder while it is being read */
}

void wg_role_loop_fault(const char *words)
{
	static int64_t quiet_until; /* monotonic ms */
	int64_t now = wg_clock_monotonic();
	if (now < quiet_until)
		return;
	quiet_until = now + LOOP_FAULT_MS;
	wg_log(WG_LOG_ERROR, "cannot-serve", "why", words, "do",
	       "look at this machine's memory and open files; it goes on by itself when there is room", NULL);
}

enum wg_code wg_role_connect(const struct wg_config *config, enum wg_store_role role, struct wg_client **out,
                             struct wg_err *err)
{
	enum wg_code code = wg_err_set(err, WG_AGAIN, "told to stop");
	struct wg_client *client = NULL;
	for (int i = 0; i < CONNECT_TRIES && code == WG_AGAIN && !wg_role_stop; i++) {
		code = wg_client_open(config->state, role, &client, err);
		if (code == WG_OK)
			code = wg_client_time(client, err); /* before anything is judged by the machine's clock */
		if (code == WG_OK)
			*out = wg_steal(&client);
		wg_client_freep(&client);
		struct timespec pause = { .tv_nsec = CONNECT_PAUSE_MS * 1000000L };
		if (code == WG_AGAIN)
			(void)nanosleep(&pause, NULL); /* a signal only makes the pause shorter */
	}
	return code == WG_OK ? WG_OK : wg_err_add(err, "the store cannot be reached");
}

enum wg_code wg_role_confine(const struct wg_sandbox *sandbox, struct wg_err *err)
{
	struct wg_err note = { 0 };
	enum wg_code code = wg_sandbox_enter(sandbox, &note);
	if (code == WG_OK && note.text[0] != '\0')
		wg_log(WG_LOG_WARNING, "confined-in-part", "why", note.text, NULL);
	if (code != WG_OK && err != NULL)
		*err = note;
	return code;
}

enum wg_code wg_role_run(const char *name, const struct wg_config *config, struct wg_err *err)
{
	static const struct {
		const char *name;
		enum wg_code (*run)(const struct wg_config *, struct wg_err *);
	} roles[] = {
		{ "store", wg_role_store },     { "intake", wg_role_intake },   { "process", wg_role_process },
		{ "deliver", wg_role_deliver }, { "monitor", wg_role_monitor },
	};
	for (size_t i = 0; i < WG_COUNT(roles); i++) {
		if (strcmp(roles[i].name, name) != 0)
			continue;
		wg_log_role(roles[i].name);
		wg_role_signals();
		enum wg_code code = wg_sandbox_harden(err);
		if (code == WG_OK)
			code = roles[i].run(config, err);
		/* the store may be gone first when all are told to stop at once: no fault then */
		return code == WG_AGAIN && wg_role_stop ? WG_OK : code;
	}
	return wg_err_set(err, WG_NOT_FOUND, "there is no role \"%s\": store, intake, process, deliver or monitor", name);
}
