/* Rows that are not what was logged: a page that went back to an older one, a bit that flipped. What a lease would give
 * away is held against the log first, so that one damaged row harms nobody but itself, and the rest goes on. */
#ifndef WG_STORE_DAMAGE_H
#define WG_STORE_DAMAGE_H

#include "store/sql_internal.h"

/* Whether the row may be leased as it is. *sound false: it was dealt with, and counts as damaged. A state that is not
 * the one logged last is put right by the log (what was being sent has perhaps arrived); a message whose original is
 * not the one that was accepted, or that is another sender's than was logged, goes to ATTENTION; a delivery with
 * another recipient, channel, envelope or record than was decided is decided again. rec NULL: it could not even be
 * read. */
enum wg_code wg_message_sound(struct wg_store *store, struct wg_now now, int64_t seq, const struct wg_msg_rec *rec,
                              bool *sound, struct wg_err *err) WG_MUST;
enum wg_code wg_delivery_sound(struct wg_store *store, struct wg_now now, int64_t seq, const struct wg_dlv_rec *rec,
                               bool *sound, struct wg_err *err) WG_MUST;
/* Something was found damaged just now: kept for the operator's alarm. */
enum wg_code wg_damage_count(struct wg_store *store, struct wg_now now, struct wg_err *err) WG_MUST;

#endif
