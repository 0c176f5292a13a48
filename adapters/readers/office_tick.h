/* Tick boxes of office documents: drawn with symbol fonts and in many shapes, they become WG_TICK_ON and WG_TICK_OFF.
 * What they say, tick.h knows. */
#ifndef WG_READERS_OFFICE_TICK_H
#define WG_READERS_OFFICE_TICK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "readers/tick.h"

/* Of WG_TICK_ON and WG_TICK_OFF. */
#define WG_OFFICE_TICK_BYTES 3

enum wg_office_tick { WG_OFFICE_TICK_NONE, WG_OFFICE_TICK_ON, WG_OFFICE_TICK_OFF };

/* A character of a symbol font by the font's name ("Wingdings", "Wingdings 2"), as 00xx or F0xx. */
enum wg_office_tick wg_office_tick_of_symbol(const char *font, uint32_t c);

/* Appends text with every box as WG_TICK_ON or WG_TICK_OFF, also "[x]" and "[ ]". */
void wg_office_tick_normalise(struct wg_buf *out, const char *text, size_t len);

/* Which box begins at s; boxes as they are after normalising. */
enum wg_office_tick wg_office_tick_at(const char *s);
bool wg_office_tick_has(const char *s);

#endif
