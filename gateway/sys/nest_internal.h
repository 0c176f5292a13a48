/* Between the one who runs programs and a nest, and what child.c needs of nest.c. */
#ifndef WG_SYS_NEST_INTERNAL_H
#define WG_SYS_NEST_INTERNAL_H

#include "sys/child_internal.h"
#include "sys/nest.h"

#define WG_NEST_FD 3
/* Input, answer, complaints: they ride with the order. */
#define WG_NEST_PIPES 3

/* One packet to the nest; it answers with one packet, the child's process id as int32_t. */
struct wg_nest_order {
	uint32_t cpu_s;
	uint64_t memory;
};

/* A child for this run, ready since the last one where there was one. WG_SYSTEM: none could be had; start the program
 * anew. */
enum wg_code wg_nests_take(struct wg_nests *nests, const struct wg_child *spec, struct wg_child_proc *proc,
                           struct wg_err *err) WG_MUST;

/* Has the nest make the next child while nobody waits for it. */
void wg_nests_ask(struct wg_nests *nests, const struct wg_child *spec);

#endif
