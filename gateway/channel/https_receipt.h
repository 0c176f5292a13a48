/* Single members out of the other side's JSON answer. */
#ifndef WG_CHANNEL_HTTPS_RECEIPT_H
#define WG_CHANNEL_HTTPS_RECEIPT_H

#include <stddef.h>

/* The string member "id" of the one object that len bytes hold, into out; "" when the text is not one whole JSON
 * object, when there is no such member or it comes twice, or when its value is not 1 to size - 1 letters, digits or
 * "._:-". */
void wg_https_receipt(const char *json, size_t len, char *out, size_t size);

/* The string member `name` of the same object, its escapes read, defanged and cut to fit (base/text.h); "" when there
 * is none, or it comes twice, or the text is not one whole object. Words of a stranger: for people only. */
void wg_https_member(const char *json, size_t len, const char *name, char *out, size_t size);

#endif
