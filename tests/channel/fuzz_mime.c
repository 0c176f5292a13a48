/* Any content, cut into the three parts of an entity: either refused, or plain lines that pass the rule of the wire.
 * The subject and addresses of a mail are taken from the same bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "channel/mime.h"
#include "channel/mime_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FIELD 300

static void must_be_plain(enum wg_code code, const struct wg_buf *out)
{
	if (code == WG_OK && wg_mime_wire_check(out->data, out->len, NULL) != WG_OK)
		abort();
	if (code != WG_OK && out->len != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wg_buf out WG_AUTO_BUF = WG_BUF(WG_LIMIT_ENVELOPE);
	char *text WG_AUTO_FREE = calloc(1, size + 1);
	char field[FIELD] = "";

	if (!text)
		return 0;
	memcpy(text, data, size);
	memcpy(field, data, size < FIELD ? size : FIELD - 1);
	must_be_plain(wg_mime_entity(text, "<p/>", data, size, "seed", &out, NULL), &out);
	wg_buf_reset(&out);
	must_be_plain(wg_mime_entity("", text, data, size, text, &out, NULL), &out);
	const struct wg_mail_head heads[] = {
		{ field, "a@b.example", "i@b.example", "s", NULL, 0, false },
		{ "a@b.example", field, "i@b.example", "s", field, 0, false },
		{ "a@b.example", "a@b.example", "i@b.example", field, NULL, (long long)size, false },
	};
	for (size_t i = 0; i < WG_COUNT(heads); i++) {
		wg_buf_reset(&out);
		must_be_plain(wg_mime_mail(&heads[i], data, size, "signed-data", &out, NULL), &out);
	}
	return 0;
}
