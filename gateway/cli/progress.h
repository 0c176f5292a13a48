/* What a person who waits for something long is told, on standard error. */
#ifndef WG_CLI_PROGRESS_H
#define WG_CLI_PROGRESS_H

#include <stdint.h>

struct wg_progress {
	const char *command;
	int64_t told; /* monotonic ms; 0: nothing yet */
	int64_t began;
};
#define WG_PROGRESS(name) ((struct wg_progress){ .command = (name) })

/* arg: a struct wg_progress. A line every two seconds, none of what is over before. all 0: nobody knows. */
void wg_progress_tell(void *arg, const char *what, uint64_t done, uint64_t all);
/* A thing that is not as it should be, and what to do. */
void wg_progress_finding(void *arg, const char *words, const char *todo);

#endif
