/* pick_look.c owns what the reading of a body's items has to look ahead for.
 * SECURITY: the items are outside text; nothing looks further ahead than a fixed number of them. */
#include <string.h>

#include "readers/label.h"
#include "readers/pick_internal.h"
#include "readers/tick.h"

#define FORM_LINES 12
/* A document is laid out with dashes when it has so many such lines. */
#define DASH_LINES 3
/* How far anything looks ahead, so that no document makes the reading quadratic. */
#define LOOK_AHEAD 200
#define HEADER_LINES 40
#define COLUMNS_BYTES 2000

const struct wg_item *wg_pick_line(const struct wg_pick *p, size_t i)
{
	const struct wg_item *item = i < p->items->count ? &p->items->list[i] : NULL;
	return item != NULL && item->kind == WG_ITEM_LINE ? item : NULL;
}

bool wg_pick_is_label(const struct wg_pick *p, const struct wg_item *item)
{
	size_t start;
	struct wg_label l;
	return wg_label_split(item->text, &start, &l) || (p->dashes && wg_label_split_dash(item->text, &l));
}

size_t wg_pick_header(const struct wg_pick *p, size_t i)
{
	enum { FROM = 1, SENT, DATE, TO, SUBJECT };
	unsigned seen = 0;
	size_t n = 0, known = 0, folded = 0;
	const struct wg_item *item;
	while (n < HEADER_LINES && (item = wg_pick_line(p, i + n)) != NULL && item->text[0] != '\0') {
		size_t start;
		struct wg_label l = { 0 };
		unsigned which =
			wg_label_split(item->text, &start, &l) ? wg_label_mail_header(item->text + start, l.label_len) : 0;
		if (which == 0 && (known == 0 || l.label_len > 0 || ++folded > 5))
			break;
		if (which != 0)
			known = n + 1, seen |= 1u << which;
		n++;
	}
	bool when = (seen & (1u << SENT | 1u << DATE)) != 0, what = (seen & (1u << TO | 1u << SUBJECT)) != 0;
	return (seen & 1u << FROM) != 0 && when && what ? known : 0;
}

size_t wg_pick_labels_ahead(const struct wg_pick *p, size_t i)
{
	size_t labels = 0;
	for (size_t n = 0; n < FORM_LINES && i + n < p->items->count; n++) {
		const struct wg_item *item = &p->items->list[i + n];
		size_t start;
		struct wg_label l;
		if (item->kind == WG_ITEM_PAIR)
			labels++;
		else if (wg_label_split(item->text, &start, &l) && !wg_label_is_contact(item->text + start, l.label_len))
			labels++;
	}
	return labels;
}

size_t wg_pick_second(const char *value)
{
	if (strnlen(value, COLUMNS_BYTES) == COLUMNS_BYTES)
		return 0;
	for (size_t i = 0; value[i] != '\0'; i++) {
		bool gap = value[i] == '\t' || strncmp(value + i, "   ", 3) == 0;
		if (!gap)
			continue;
		size_t next = i + strspn(value + i, " \t"), start;
		struct wg_label l;
		if (value[next] != '\0' && wg_label_split(value + next, &start, &l) && value[next + start + l.label_len] == ':')
			return next;
		if (value[next] == '\0')
			break;
		i = next - 1;
	}
	return 0;
}

bool wg_pick_bold(const struct wg_pick *p, size_t i)
{
	const struct wg_item *item = &p->items->list[i], *below = wg_pick_line(p, i + 1);
	return item->bold && strlen(item->text) <= WG_PICK_BOLD_BYTES && !wg_label_is_heading(item->text) &&
	       below != NULL && below->text[0] != '\0' && !below->bold && !wg_pick_is_label(p, below);
}

bool wg_pick_asks_below(const struct wg_pick *p, size_t i)
{
	const struct wg_item *item = &p->items->list[i], *below = wg_pick_line(p, i + 1);
	size_t n = strlen(item->text);
	if (below != NULL && below->text[0] == '\0')
		below = wg_pick_line(p, i + 2);
	return below != NULL && below->quote == item->quote && n > 0 && n <= WG_PICK_ASKS_BYTES &&
	       item->text[n - 1] != '.' && !wg_label_is_rule(item->text) && wg_tick_begins(below->text);
}

bool wg_pick_later(const struct wg_pick *p, size_t i)
{
	for (size_t end = i + LOOK_AHEAD; i < p->items->count && i < end; i++) {
		const struct wg_item *item = &p->items->list[i];
		if (item->quote != p->quote || (item->kind == WG_ITEM_LINE && wg_label_is_sign_off(item->text)))
			return false;
		if (item->kind == WG_ITEM_PAIR || (item->kind == WG_ITEM_LINE && wg_pick_is_label(p, item)))
			return true;
	}
	return false;
}

bool wg_pick_dashes(const struct wg_items *items)
{
	size_t dashed = 0, colons = 0;
	for (size_t i = 0; i < items->count; i++) {
		size_t start;
		struct wg_label l;
		if (items->list[i].kind != WG_ITEM_LINE)
			continue;
		if (wg_label_split(items->list[i].text, &start, &l))
			colons++;
		else if (wg_label_split_dash(items->list[i].text, &l))
			dashed++;
	}
	return dashed >= DASH_LINES && dashed > colons;
}
