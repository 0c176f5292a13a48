/* smime_entity.c owns the unwrapping of application/pkcs7-mime.
 * SECURITY: the bytes are hostile, the inner ones as much as the outer (whoever has our certificate can encrypt to us).
 * One shape is taken and everything else refused, so that no part can stand beside the sealed one. */
#include "readers/smime_entity.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"

/* First byte of every CMS object: SEQUENCE. */
#define DER_SEQUENCE 0x30

bool wg_smime_body(const struct wg_smime_head *head, const char *text, size_t len, struct wg_buf *der)
{
	WG_AUTO_FREE uint8_t *plain = NULL;
	size_t plain_len = 0;
	struct wg_err ignored; /* the answer is the same for every fault */
	if (head->body == 0 || head->transfers != 1 || !head->base64)
		return false;
	if (wg_base64_decode(text + head->body, len - head->body, &plain, &plain_len, &ignored) != WG_OK)
		return false;
	wg_buf_put(der, plain, plain_len);
	return !der->failed;
}

bool wg_smime_entity(const void *bytes, size_t len, struct wg_buf *der)
{
	struct wg_smime_head head;
	if (len > 0 && ((const uint8_t *)bytes)[0] == DER_SEQUENCE) {
		wg_buf_put(der, bytes, len);
		return !der->failed;
	}
	wg_smime_head_read(bytes, len, &head);
	return head.types == 1 && wg_smime_type_is(head.type, "pkcs7-mime") && wg_smime_body(&head, bytes, len, der);
}
