/* office_tick.c owns the many shapes of tick boxes.
 * SECURITY: the text is outside text; every loop stops at its end, and all is linear in it. */
#include "readers/office_tick.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"

struct sign {
	uint32_t c;
	enum wg_office_tick tick;
};

/* Ballot boxes, squares, ticks and their kin. */
static const struct sign signs[] = {
	{ 0x2610, WG_OFFICE_TICK_OFF },  { 0x2611, WG_OFFICE_TICK_ON },  { 0x2612, WG_OFFICE_TICK_ON },
	{ 0x25A0, WG_OFFICE_TICK_ON },   { 0x25A1, WG_OFFICE_TICK_OFF }, { 0x25A2, WG_OFFICE_TICK_OFF },
	{ 0x25A3, WG_OFFICE_TICK_ON },   { 0x25FB, WG_OFFICE_TICK_OFF }, { 0x25FC, WG_OFFICE_TICK_ON },
	{ 0x25FD, WG_OFFICE_TICK_OFF },  { 0x25FE, WG_OFFICE_TICK_ON },  { 0x22A0, WG_OFFICE_TICK_ON },
	{ 0x2705, WG_OFFICE_TICK_ON },   { 0x2713, WG_OFFICE_TICK_ON },  { 0x2714, WG_OFFICE_TICK_ON },
	{ 0x274F, WG_OFFICE_TICK_OFF },  { 0x2751, WG_OFFICE_TICK_OFF }, { 0x2752, WG_OFFICE_TICK_OFF },
	{ 0x2B1C, WG_OFFICE_TICK_OFF },  { 0x2B1B, WG_OFFICE_TICK_ON },  { 0xF052, WG_OFFICE_TICK_ON },
	{ 0xF0A3, WG_OFFICE_TICK_OFF },  { 0xF06F, WG_OFFICE_TICK_OFF }, { 0xF071, WG_OFFICE_TICK_OFF },
	{ 0xF072, WG_OFFICE_TICK_OFF },  { 0xF0A8, WG_OFFICE_TICK_OFF }, { 0xF078, WG_OFFICE_TICK_ON },
	{ 0xF0FC, WG_OFFICE_TICK_ON },   { 0xF0FD, WG_OFFICE_TICK_ON },  { 0xF0FE, WG_OFFICE_TICK_ON },
	{ 0x1F5F5, WG_OFFICE_TICK_ON },  { 0x1F5F7, WG_OFFICE_TICK_ON }, { 0x1F5F9, WG_OFFICE_TICK_ON },
	{ 0x1F78E, WG_OFFICE_TICK_OFF },
};

/* Wingdings 2 has its boxes elsewhere. */
static const struct sign signs_2[] = {
	{ 0x50, WG_OFFICE_TICK_ON },  { 0x52, WG_OFFICE_TICK_ON },  { 0x53, WG_OFFICE_TICK_ON },
	{ 0x54, WG_OFFICE_TICK_ON },  { 0xA2, WG_OFFICE_TICK_ON },  { 0xA3, WG_OFFICE_TICK_OFF },
	{ 0x2A, WG_OFFICE_TICK_OFF }, { 0x35, WG_OFFICE_TICK_OFF },
};

static enum wg_office_tick look_up(const struct sign *list, size_t n, uint32_t c)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].c == c)
			return list[i].tick;
	return WG_OFFICE_TICK_NONE;
}

static enum wg_office_tick of_unicode(uint32_t c)
{
	return c < 0x2000 ? WG_OFFICE_TICK_NONE : look_up(signs, WG_COUNT(signs), c);
}

enum wg_office_tick wg_office_tick_of_symbol(const char *font, uint32_t c)
{
	uint32_t low = c & 0xFF;
	if (c > 0xFF && (c & 0xFF00) != 0xF000)
		return of_unicode(c);
	if (strcasecmp(font, "Wingdings 2") == 0)
		return look_up(signs_2, WG_COUNT(signs_2), low);
	return strcasecmp(font, "Wingdings") == 0 ? of_unicode(0xF000 | low) : WG_OFFICE_TICK_NONE;
}

/* "[x]", "[X]", "[ ]", "[]": bytes used, 0 when it is none. */
static size_t typed_box(const char *s, size_t len, bool *ticked)
{
	size_t n = 1;
	if (len < 2 || s[0] != '[')
		return 0;
	*ticked = s[1] == 'x' || s[1] == 'X';
	if (*ticked)
		n++;
	else
		while (n < len && n < 6 && s[n] == ' ')
			n++;
	return n < len && s[n] == ']' ? n + 1 : 0;
}

void wg_office_tick_normalise(struct wg_buf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		bool ticked = false;
		uint32_t c = 0;
		size_t n = typed_box(text + i, len - i, &ticked);
		if (n > 0) {
			wg_buf_puts(out, ticked ? WG_TICK_ON : WG_TICK_OFF);
		} else {
			n = wg_utf8_decode(text + i, len - i, &c);
			n = n > 0 ? n : 1;
			enum wg_office_tick tick = of_unicode(c);
			if (tick == WG_OFFICE_TICK_NONE)
				wg_buf_put(out, text + i, n);
			else
				wg_buf_puts(out, tick == WG_OFFICE_TICK_ON ? WG_TICK_ON : WG_TICK_OFF);
		}
		i += n;
	}
}

enum wg_office_tick wg_office_tick_at(const char *s)
{
	if (strncmp(s, WG_TICK_ON, WG_OFFICE_TICK_BYTES) == 0)
		return WG_OFFICE_TICK_ON;
	return strncmp(s, WG_TICK_OFF, WG_OFFICE_TICK_BYTES) == 0 ? WG_OFFICE_TICK_OFF : WG_OFFICE_TICK_NONE;
}

bool wg_office_tick_has(const char *s)
{
	return strstr(s, WG_TICK_ON) != NULL || strstr(s, WG_TICK_OFF) != NULL;
}
