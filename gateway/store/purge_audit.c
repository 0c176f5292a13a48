/* purge_audit.c owns the questions that tell a purged message from one that somebody emptied, and a legal hold from one
 * that somebody lifted past the log. */
#include "base/mem.h"
#include "store/check_internal.h"

#define CONTENT(id)                                                                                          \
	"EXISTS (SELECT 1 FROM blob b WHERE b.id IN (m.original, m.notice, m.report, m.resolution) AND " id      \
	") OR EXISTS (SELECT 1 FROM delivery d JOIN blob b ON b.id = d.envelope WHERE d.message = m.seq AND " id \
	") OR EXISTS (SELECT 1 FROM replaced p JOIN blob b ON b.id = p.blob WHERE p.message = m.seq AND " id ")"

/* Each gives the ids of what does not fit. */
static const struct wg_check_question questions[] = {
	{ "SELECT m.id FROM message m WHERE m.purged_at <> 0 AND NOT EXISTS (SELECT 1 FROM log l WHERE l.message = m.id AND"
	  " l.event = 'purged' AND l.at = m.purged_at)",
	  "is marked as purged, and the log knows nothing of it" },
	{ "SELECT m.id FROM log l JOIN message m ON m.id = l.message WHERE l.event = 'purged' AND m.purged_at = 0",
	  "was purged by the log, and is not marked so" },
	{ "SELECT m.id FROM message m WHERE m.purged_at = 0 AND (" CONTENT("b.head = 0") ")",
	  "was not purged, and content of it is gone" },
	{ "SELECT m.id FROM message m WHERE m.purged_at <> 0 AND (" CONTENT("(b.head <> 0 OR length(b.bytes) > 0)") ")",
	  "was purged, and has content" },
	{ "SELECT m.id FROM message m WHERE (m.legal_hold <> 0) <> coalesce((SELECT l.event = 'legal-hold' FROM log l WHERE"
	  " l.message = m.id AND l.event IN ('legal-hold','legal-release') ORDER BY l.seq DESC LIMIT 1), FALSE)",
	  "has a legal hold that is not the one that was logged last" },
	{ "SELECT 'child ' || c.id FROM child c WHERE (c.legal_hold <> 0) <> coalesce((SELECT l.event = 'child-hold' FROM"
	  " log l WHERE l.message = '' AND l.event IN ('child-hold','child-release') AND"
	  " l.detail LIKE 'child=' || c.id || ' %' ORDER BY l.seq DESC LIMIT 1), FALSE)",
	  "has a legal hold that is not the one that was logged last" },
	{ "SELECT 'record ' || r.id FROM record r LEFT JOIN blob b ON b.id = r.blob WHERE coalesce(b.head, 0) = 0 AND NOT"
	  " EXISTS (SELECT 1 FROM log l WHERE l.message = '' AND l.event = 'forgotten' AND"
	  " l.detail LIKE 'child=' || r.child || ' %')",
	  "is gone, and the log knows nothing of it" },
};

enum wg_code wg_purge_audit(struct wg_store *store, struct wg_check *check, struct wg_err *err)
{
	return wg_check_questions(store, check, questions, WG_COUNT(questions), err);
}
