/* The rules by which a message finds its child and its episode: evidence in, verdict out; no store, no clock.
 * MATCHING.md says the same in tables; a test compares the two. */
#ifndef WG_STORE_MATCH_H
#define WG_STORE_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "store/store.h"

/* A set of enum wg_key_kind. */
#define WG_KIND(kind) (1u << (kind))

/* One child that the store knows, held against the keys of a message. */
struct wg_match_child {
	int64_t child;
	char message[WG_ID_TEXT]; /* the last message about the child: what a person is shown */
	unsigned agree;           /* kinds of which a key is the child's too */
	unsigned differ;          /* kinds of which the child has other keys only (a local id: in the same scheme) */
	unsigned shared;          /* of agree: kinds whose keys a person has given to several children */
};

enum wg_match_verdict {
	WG_MATCH_NEW,  /* nobody is like that: a child that the store does not know yet */
	WG_MATCH_SAME, /* certainly this child */
	WG_MATCH_DOUBT /* a person has to say */
};

/* *which: the index of the child for SAME. */
enum wg_match_verdict wg_match_judge(const struct wg_match_child *list, size_t count, size_t *which);
/* True when this child is one of those that a verdict of DOUBT is about. */
bool wg_match_doubtful(const struct wg_match_child *child);
/* "the same NHS number, but another date of birth": what agrees and what differs, of no person. */
void wg_match_words(const struct wg_match_child *child, char *out, size_t size);

/* What is known of the episodes of the child that a message is about. */
struct wg_match_view {
	bool reference;         /* the message has a police reference */
	bool known, known_open; /* ... by which an episode of the child is known; it is still open */
	bool open;              /* the child has an open episode */
	bool open_referenced;   /* ... which has a police reference */
	bool closed;            /* the child has an episode that has ended: the last of them is meant */
	bool closed_referenced;
	bool before_end; /* the message was accepted before the one that ended it (the known one, else the last) */
};

enum wg_match_to { WG_EPISODE_NONE, WG_EPISODE_KNOWN, WG_EPISODE_OPEN, WG_EPISODE_CLOSED, WG_EPISODE_NEW };

struct wg_match_episode {
	enum wg_match_to to;
	bool ends;         /* the episode has ended now */
	bool attach;       /* the reference of the message is the episode's from now on */
	const char *doubt; /* what a person should look at, though the message goes on; NULL for nothing */
};

struct wg_match_episode wg_match_episode(enum wg_relation relation, const struct wg_match_view *view);

#endif
