/* What another policy would change, counted: which recipient gains or loses which category, for which kind of notice.
 */
#ifndef WG_CLI_POLICY_GAIN_H
#define WG_CLI_POLICY_GAIN_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "policy/decide.h"

/* Lines of one comparison: kinds times recipients times categories that really occur. */
#define WG_POLICY_GAINS_MAX 20000

enum wg_policy_gain_kind {
	WG_GAIN_RECIPIENT, /* is a recipient now */
	WG_GAIN_NO_RECIPIENT,
	WG_GAIN_VERDICT,
	WG_GAIN_GAINS,
	WG_GAIN_LOSES
};

struct wg_policy_gain {
	char kind[WG_LIMIT_NAME + 1];
	char who[4 * WG_LIMIT_NAME + 16];
	enum wg_policy_gain_kind what;
	unsigned category;               /* gains, loses */
	enum wg_verdict was, is;         /* verdict */
	unsigned count;                  /* notices */
	char example[4 * WG_LIMIT_NAME]; /* the first of them */
};

struct wg_policy_gains {
	struct wg_policy_gain *list;
	unsigned count;
	bool failed;           /* memory, or more than WG_POLICY_GAINS_MAX */
	unsigned gained, lost; /* categories, over all notices and recipients */
};
void wg_policy_gains_free(struct wg_policy_gains *gains);
#define WG_AUTO_GAINS __attribute__((cleanup(wg_policy_gains_free)))

/* How one recipient stands under one policy. */
struct wg_policy_stand {
	bool recipient;
	enum wg_verdict verdict;
	wg_categories given;
};
struct wg_policy_stand wg_policy_stand(const struct wg_decision *decision); /* NULL: no recipient */

/* Counts what differs for one recipient of one notice. True when anything does. */
bool wg_policy_gains_add(struct wg_policy_gains *gains, const char *kind, const char *who, const char *example,
                         const struct wg_policy_stand *was, const struct wg_policy_stand *is);
/* Every recipient of one notice under two policies. True when anything differs. */
bool wg_policy_gains_compare(struct wg_policy_gains *gains, const char *kind, const char *example,
                             const struct wg_decisions *was, const struct wg_decisions *is);

/* Lines for people, by kind and recipient; or a JSON array. WG_LIMIT when not everything could be counted. */
enum wg_code wg_policy_gains_print(struct wg_policy_gains *gains, bool json, struct wg_buf *out, struct wg_err *err)
	WG_MUST;

#endif
