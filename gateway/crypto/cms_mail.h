/* Signatures of mails: opaque or beside their content, by whoever wrote. What fails is told in words, for the person
 * who has to look at such a mail; nobody else ever sees them. */
#ifndef WG_CRYPTO_CMS_MAIL_H
#define WG_CRYPTO_CMS_MAIL_H

#include "crypto/trust_set.h"

enum wg_cms_kind {
	WG_CMS_NONE,   /* no CMS object, or bytes behind it */
	WG_CMS_SIGNED, /* signed-data, with or without signatures in it */
	WG_CMS_SEALED, /* enveloped-data or authEnveloped-data */
	WG_CMS_OTHER   /* compressed, digested, ... */
};
enum wg_cms_kind wg_cms_kind_of(const void *der, size_t len);

/* beside: what was signed, as a part of the mail (then nothing may be inside the object); NULL: it is inside. Exactly
 * one signer, with signed attributes (RFC 5652 5.3), SHA-256 or better, over the whole of the content, with a
 * certificate made for signing mail that the anchors of at least one organisation accept now.
 * Content into out, the certificate to *signer (the caller frees), the organisations for which its chain may speak,
 * separated by blanks, into organisations. Everything else is WG_CRYPTO with the reason. */
enum wg_code wg_cms_verify_mail(const struct wg_trust_set *set, const void *der, size_t len,
                                const struct wg_buf *beside, struct wg_buf *out, struct wg_cert **signer,
                                struct wg_buf *organisations, struct wg_err *err) WG_MUST;

/* The certificate and, behind it, its chain, as PEM text: for whoever has to ask whether it was revoked. */
enum wg_code wg_cert_pem(const struct wg_cert *cert, struct wg_buf *out, struct wg_err *err) WG_MUST;

/* What signed-data has inside, believed by nobody: for a person to see. Nothing when there is nothing. */
void wg_cms_peek(const void *der, size_t len, struct wg_buf *out);

#endif
