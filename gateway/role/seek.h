/* Whom the text of a notice may betray: other children that the gateway knows, and addresses that must not become
 * known. */
#ifndef WG_ROLE_SEEK_H
#define WG_ROLE_SEEK_H

#include "role/know.h"

/* Holds all that looks like somebody in the notice against the store: strangers and unsearched of known. Adds the keys
 * of the notice's own confidential addresses to outcome. */
enum wg_code wg_seek(struct wg_process *process, struct wg_client *client, const struct wg_notice *notice,
                     struct wg_outcome *outcome, struct wg_known *known, struct wg_err *err) WG_MUST;

/* What of that a copy still holds and its recipient should not have: an array of {"what": "another child's name",
 * "place": "..."} into json, and the same in words ("another child's name in missing/circumstances", behind each other)
 * into words, "" when there is nothing. Places, never values; two of a kind in one place are said once. Text that could
 * not be searched to its end counts as found. Names and dates of birth of others may stand where the recipient is given
 * third-party data, confidential postcodes where it is given confidential addresses; another child's NHS number never.
 */
enum wg_code wg_seek_copy(struct wg_process *process, const struct wg_known *known, const struct wg_notice *copy,
                          wg_categories may_have, struct wg_buf *json, char *words, size_t size, struct wg_err *err)
	WG_MUST;

#endif
