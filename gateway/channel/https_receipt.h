/* The other side's reference out of its JSON answer. */
#ifndef WG_CHANNEL_HTTPS_RECEIPT_H
#define WG_CHANNEL_HTTPS_RECEIPT_H

#include <stddef.h>

/* The string member "id" of the one object that len bytes hold, into out; "" when the text is not one whole JSON
 * object, when there is no such member or it comes twice, or when its value is not 1 to size - 1 letters, digits or
 * "._:-". */
void wg_https_receipt(const char *json, size_t len, char *out, size_t size);

#endif
