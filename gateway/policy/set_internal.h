/* Small sets of numbers, for kinds of notice and roles: asked for in a few instructions. */
#ifndef WG_POLICY_SET_INTERNAL_H
#define WG_POLICY_SET_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

/* More roles and kinds than any protocol has: the five together name some 55 roles and 43 kinds. */
#define WG_SET_MAX 256
/* The number of what no list has: only a set of all has it. */
#define WG_SET_OTHER (WG_SET_MAX - 1)

struct wg_set {
	uint64_t word[WG_SET_MAX / 64];
};

static inline bool wg_set_has(const struct wg_set *set, unsigned i)
{
	return (set->word[i / 64] >> (i % 64) & 1) != 0;
}

static inline void wg_set_add(struct wg_set *set, unsigned i)
{
	set->word[i / 64] |= (uint64_t)1 << (i % 64);
}

/* All: what "*" means, WG_SET_OTHER too. */
static inline void wg_set_fill(struct wg_set *set)
{
	for (unsigned i = 0; i < WG_SET_MAX / 64; i++)
		set->word[i] = UINT64_MAX;
}

static inline bool wg_set_full(const struct wg_set *set)
{
	return wg_set_has(set, WG_SET_OTHER);
}

static inline void wg_set_remove(struct wg_set *set, const struct wg_set *what)
{
	for (unsigned i = 0; i < WG_SET_MAX / 64; i++)
		set->word[i] &= ~what->word[i];
}

#endif
