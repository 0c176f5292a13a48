/* What was decided: the disclosure register, read for `wardgate policy replay`. */
#ifndef WG_CLI_POLICY_PAST_H
#define WG_CLI_POLICY_PAST_H

#include "policy/decide.h"
#include "store/client.h"

/* Deliveries of one replay: a year of a large council is some 100,000; each takes half a kilobyte. */
#define WG_PAST_MAX 2000000

/* One decision about one recipient of one message. */
struct wg_past {
	char message[WG_ID_TEXT], sender[WG_LIMIT_NAME + 1], kind[WG_LIMIT_NAME + 1];
	char organisation[WG_LIMIT_NAME + 1], desk[WG_LIMIT_NAME + 1], role[WG_LIMIT_NAME + 1], of[WG_LIMIT_NAME + 1];
	int64_t decided;
	enum wg_verdict verdict;
	wg_categories given;
	bool superseded; /* decided again since */
	bool unreadable; /* its record is not as this program writes it */
};

struct wg_pasts {
	struct wg_past *list;
	size_t count;
};

/* Everything decided from <= decided < until, by message, then recipient, then time; alarms are left out. */
enum wg_code wg_pasts_read(struct wg_client *client, const char *who, int64_t from, int64_t until, struct wg_pasts *out,
                           struct wg_err *err) WG_MUST;
void wg_pasts_free(struct wg_pasts *pasts);

/* Who had, or was about to have, a message: adds to told, of which there are *count and never more than max. before:
 * only what was decided until then. WG_NOT_FOUND when there is no such message. */
enum wg_code wg_past_told(struct wg_client *client, const char *message, int64_t before, struct wg_told *told,
                          unsigned *count, unsigned max, struct wg_err *err) WG_MUST;

/* Whether the child was missing when a message came, by the messages of the same episode that came before: "yes", "no",
 * or NULL when it has no episode. ids of those messages into episode, each WG_ID_TEXT bytes. */
enum wg_code wg_past_episode(struct wg_client *client, const char *message, char (*episode)[WG_ID_TEXT],
                             unsigned *count, const char **live, struct wg_err *err) WG_MUST;

#endif
