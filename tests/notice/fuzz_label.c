/* Any bytes as a label: what is compared of it is bounded, in folded words, and stays the same when it is folded again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "notice/map_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int good)
{
	if (!good)
		abort();
}

/* Words of small letters, digits and what is beyond ASCII, with single blanks between. */
static void folded(const char *s)
{
	size_t n = strlen(s);
	must(n < WG_MAP_LABEL_MAX && s[0] != ' ' && (n == 0 || s[n - 1] != ' ') && strstr(s, "  ") == NULL);
	for (; *s != '\0'; s++)
		must((*s >= 'a' && *s <= 'z') || (*s >= '0' && *s <= '9') || *s == ' ' || (unsigned char)*s >= 0x80);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wg_map_keys keys, again;
	struct wg_map_labels labels = { 0 };
	struct wg_err err;
	char *s = malloc(size + 1);
	if (s == NULL)
		return 0;
	memcpy(s, data, size);
	s[size] = '\0';
	wg_map_label_keys(s, &keys);
	folded(keys.key);
	folded(keys.bare);
	must(strlen(keys.bare) <= strlen(keys.key));
	/* a label that is a spelling is found by itself, and by a list of it alone */
	if (strchr(s, '|') == NULL && strchr(s, '*') == NULL && wg_map_labels_add(&labels, s, 7, NULL, &err) == WG_OK) {
		const struct wg_map_label *found = wg_map_labels_find(&labels, &keys);
		must(found != NULL && found->field == 7);
		wg_map_label_keys(labels.list[0].text, &again);
		must(wg_map_phrase_in(&labels, labels.list[0].text) > 0 || again.key[0] == '\0' ||
		     strcmp(again.key, keys.key) != 0);
	}
	wg_map_labels_free(&labels);
	free(s);
	return 0;
}
