/* Sealing at rest: many contents, one after the other, to one certificate of our own (RFC 5083 AuthEnvelopedData,
 * AES-256-GCM; wg_cms_decrypt opens them). Each has a content key of its own, random, which stands nowhere but wrapped
 * in its own head, so that each can be destroyed alone: whoever takes its head away has closed it, whatever else of the
 * same second is still there.
 * For an EC key what wraps the content keys comes out of an agreement with a key pair that is made anew after
 * WG_REST_MS and used for nothing else (RFC 5753 section 3.1.1, ephemeral-static). Once a second is enough, because it
 * guards against one thing only: somebody who reads this process's memory, through which the contents of that second
 * pass in the clear anyway. For each content alone it costs more than all else that is done to it. */
#ifndef WG_CRYPTO_REST_H
#define WG_CRYPTO_REST_H

#include "crypto/crypto.h"

/* How long one agreement is used, by the steady clock. */
#define WG_REST_MS 1000

struct wg_rest;
/* cert is borrowed and has to live longer. One owner, one thread. */
enum wg_code wg_rest_new(const struct wg_cert *cert, struct wg_rest **out, struct wg_err *err) WG_MUST;
/* DER into out. */
enum wg_code wg_rest_seal(struct wg_rest *rest, const void *content, size_t len, struct wg_buf *out, struct wg_err *err)
	WG_MUST;
/* Wipes an agreement whose time is over, so that none stays when nothing is sealed for long. */
void wg_rest_forget(struct wg_rest *rest);
void wg_rest_freep(struct wg_rest **rest);

#endif
