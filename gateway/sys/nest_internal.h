/* Between the one who runs programs and a nest, and what child.c needs of nest.c. */
#ifndef WG_SYS_NEST_INTERNAL_H
#define WG_SYS_NEST_INTERNAL_H

#include "sys/child_internal.h"
#include "sys/nest.h"

/* Input, answer, complaints: they ride with the order, a packet of one byte, and are descriptors 0 to 2 where they
 * arrive, for nothing else has these numbers there. The nest answers with one packet, the child's process id as
 * int32_t. */
#define WG_NEST_PIPES 3

/* A child for this run, ready since the last one where there was one. WG_SYSTEM: none could be had; start the program
 * anew. */
enum wg_code wg_nests_take(struct wg_nests *nests, const struct wg_child *spec, struct wg_child_proc *proc,
                           struct wg_err *err) WG_MUST;

/* Takes these libraries away, the beginnings of whose file names are listed (NULL at the end; or none), and what sys
 * itself needs no more. No call may be made into them from here on, nor the dynamic loader be asked for anything, which
 * looks into all of them: calls between the others are bound at the start of a nest. */
void wg_nest_leave(const char *const *libraries);

/* Has the nest make the next child while nobody waits for it. */
void wg_nests_ask(struct wg_nests *nests, const struct wg_child *spec);

#endif
