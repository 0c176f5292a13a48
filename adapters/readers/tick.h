/* Tick boxes as text has them: "[x] Yes [ ] No", "Yes ☐ No ☒". */
#ifndef WG_READERS_TICK_H
#define WG_READERS_TICK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* What a reader writes for a box that its format knows as one. */
#define WG_TICK_ON "\xE2\x98\x92"  /* U+2612, a box with a cross */
#define WG_TICK_OFF "\xE2\x98\x90" /* U+2610, an empty box */

/* Does the text hold a tick box? Round brackets and bullets count as boxes only where there are ticked and empty ones.
 */
bool wg_tick_any(const char *text);
/* Does the text (behind blanks) begin with one? */
bool wg_tick_begins(const char *text);

/* How many boxes the text has; *first: where the first begins; *ends: nothing stands behind the last. */
size_t wg_tick_count(const char *text, size_t *first, bool *ends);

/* Appends what the boxes say: the words of the ticked ones, joined by "; " ("Yes"), whether the words stand behind the
 * boxes or before them; "yes" when one is ticked that has no words; nothing when none is ticked. Words that belong to
 * no box, and what somebody wrote behind the words of an empty one ("No  If so, why: ..."), are kept. Text without a
 * box is appended as it is. Never a box itself. */
void wg_tick_value(const char *text, struct wg_buf *out);

/* Appends the text without its boxes, whatever they say. */
void wg_tick_words(const char *text, struct wg_buf *out);

#endif
