/* Foreign programs that are ready before their input comes. A nest is such a program, started once: it has loaded its
 * libraries and tables, confines itself, meets no input, and forks a child of its own for each run, which gives up what
 * a nest may and a reader may not, gets one input, answers and is gone. Nothing carries over from one input to the
 * next, since each child is a copy of a nest that has seen none. What is saved is the start of the program. */
#ifndef WG_SYS_NEST_H
#define WG_SYS_NEST_H

#include <stdbool.h>

#include "sys/child.h"

/* Programs that have a nest at the same time: one for each format. */
#define WG_NESTS_MAX 16
/* Children out of one nest; then it is started anew, so that what is where in its memory is drawn by lot again. */
#define WG_NEST_RUNS 1000

/* ---- for who runs programs: wg_child_run with spec.nests ---- */

/* None is started yet: each is with the first run of its program. WG_SYSTEM: no memory. */
enum wg_code wg_nests_new(struct wg_nests **out, struct wg_err *err) WG_MUST;
/* Ends all of them and the children that wait in them. */
void wg_nests_freep(struct wg_nests **nests);

/* How many runs of one program in a row found none that waits, so that it was started for each (wg_child_run does that
 * by itself); the most of all programs, and *words why: "" when it is 0, valid until the next run. */
unsigned wg_nests_failing(const struct wg_nests *nests, const char **words);

/* ---- for the programs ---- */

/* Whether this program was started as a nest: its descriptor 3 is a socket. */
bool wg_nest_is(void);

/* Waits for runs, confined as WG_SANDBOX_NEST. Returns in each child only, once: confined as WG_SANDBOX_READER, with
 * its input, answer and complaints as descriptors 0 to 2 and no others, with the limits of the run, tied to who runs it
 * (whose child it is, not the nest's), in a process group of its own before the input comes. Not WG_OK: it must not go
 * on. The nest itself ends here when nobody asks it any more. Call it from the only thread, before the first byte of
 * input, with everything loaded. leave: NULL, or libraries that the program loads and never calls from here on, by the
 * beginnings of their file names ("libfoo.so"; NULL at the end): no child has them, and one that calls them all the
 * same crashes. A child leaves by _exit: handlers of the end are among what is gone. */
enum wg_code wg_nest_serve(const char *const *leave, struct wg_err *err) WG_MUST;

#endif
