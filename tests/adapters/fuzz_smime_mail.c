/* fuzz_smime_mail.c feeds the layers of a mail to their reader, without its confinement, keys and anchors: nothing is
 * ever signed for it, and it never fails. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/limits.h"
#include "readers/smime.h"
#include "readers/smime_mail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct wg_trust_set *anchors;
	struct wg_err err = { 0 };
	WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE), out = WG_BUF(WG_LIMIT_ENVELOPE);
	if (anchors == NULL) {
		if (wg_trust_set_new(&anchors, &err) != WG_OK)
			abort();
		wg_smime_hand_over(&(struct wg_keyring){ .count = 0 }, anchors);
	}
	wg_buf_put(&in, data, size);
	if (wg_smime_mail_read(&in, &out, &err) != WG_OK || out.len == 0 || out.data[0] == WG_SMIME_SIGNED)
		abort();
	return 0;
}
