/* JSON texts of a peer or a damaged file. What is told lies within the text, one behind the other, and is JSON itself.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/json.h"

struct seen {
	const char *text;
	size_t len, end;
};

static void note(void *arg, const struct wg_json_member *m)
{
	struct seen *s = arg;
	if (m->at < s->end || m->len == 0 || m->len > s->len - m->at || !wg_json_walk(s->text + m->at, m->len, NULL, NULL))
		abort();
	s->end = m->at + m->len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen s = { .text = (const char *)data, .len = size };
	(void)wg_json_walk(s.text, size, note, &s); /* true or false */
	return 0;
}
