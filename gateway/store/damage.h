/* Rows that are not what was logged: a page that went back to an older one, a bit that flipped. What a lease would give
 * away is held against the log first, so that one damaged row harms nobody but itself, and the rest goes on. */
#ifndef WG_STORE_DAMAGE_H
#define WG_STORE_DAMAGE_H

#include "store/sql_internal.h"

/* Whether the row may be leased, or given to who fetches it, as it is. *sound false: it was dealt with, and counts as
 * damaged. A state that is not the one logged last is put right by the log (what was being sent has perhaps arrived); a
 * message whose original is not the one that was accepted, or that is another sender's than was logged, goes to
 * ATTENTION; a delivery with another recipient, channel, epoch, reference, envelope or record than was decided is
 * decided again, and one that was fetched before is not given again. rec NULL: it could not even be read. *len: the
 * bytes of its original, or of its envelope.
 *
 * Not bound by the log are the instants of a delivery: not_before, deadline, valid_until, due, next_try. They move when
 * a person accepts a clock that was wrong (wg_store_time_moved), which is logged once and not for each row, so that the
 * log does not know what they are. A bit that flips in one can send a copy before its delay is over or after a
 * consent's end, or keep it back: the last is told as the age of the oldest copy. Against the others there is `store
 * check`'s look at the pages, and a disk that checks what it reads. */
enum wg_code wg_message_sound(struct wg_store *store, struct wg_now now, int64_t seq, const struct wg_msg_rec *rec,
                              bool *sound, size_t *len, struct wg_err *err) WG_MUST;
enum wg_code wg_delivery_sound(struct wg_store *store, struct wg_now now, int64_t seq, const struct wg_dlv_rec *rec,
                               bool *sound, size_t *len, struct wg_err *err) WG_MUST;
/* That will be asked of it: wg_db_ahead. */
void wg_message_sound_ahead(struct wg_store *store, int64_t seq);
void wg_delivery_sound_ahead(struct wg_store *store, int64_t seq);
/* Something was found damaged just now: kept for the operator's alarm. */
enum wg_code wg_damage_count(struct wg_store *store, struct wg_now now, struct wg_err *err) WG_MUST;

/* " reference=HASH " as the log has it: the first 16 digits of its SHA-256 tell a flipped bit, and keep an entry short.
 */
#define WG_DAMAGE_REFERENCE 29
void wg_damage_reference(const char *reference, char out[WG_DAMAGE_REFERENCE]);

#endif
