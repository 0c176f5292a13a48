/* Mail bodies: written directly, outside the sandbox, from our own, already redacted text. GMime, which reads what
 * comes from outside, took ten times as long over the few headers that there are. All output is CRLF and 7-bit. */
#ifndef WG_CHANNEL_MIME_H
#define WG_CHANNEL_MIME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* The inner entity that gets signed: multipart/mixed of multipart/alternative (text, html) and notice.xml. Any of the
 * three may be NULL, not all: of text and html the one that is there stands alone, without the alternative. Each is
 * quoted-printable, or base64 where that is shorter: 7-bit, as RFC 8551 3.1.2 wants what is inside too, since a gateway
 * on the other side may open the seal and pass the signed part on. Deterministic for the same input (boundaries derived
 * from the content's hash given as seed, so one projection signs once). */
enum wg_code wg_mime_entity(const char *text, const char *html, const void *xml, size_t xml_len, const char *seed,
                            struct wg_buf *out, struct wg_err *err) WG_MUST;

/* A DER CMS object as MIME entity: Content-Type: application/pkcs7-mime; smime-type=...; name=smime.p7m, base64.
 * smime_type: "signed-data", "enveloped-data" or "authEnveloped-data". Beside these only Content-Disposition with the
 * same name (RFC 8551 3.2.1). */
enum wg_code wg_mime_pkcs7(const void *der, size_t len, const char *smime_type, struct wg_buf *out, struct wg_err *err)
	WG_MUST;

/* The whole mail: From, To, Date, Message-ID: <id@domain>, Subject (neutral, given), Auto-Submitted, MIME-Version, and
 * the pkcs7 entity. Every value is checked (wg_address_valid, wg_message_id_valid, no CR LF); WG_REJECT otherwise. */
struct wg_mail_head {
	const char *from, *to, *message_id /* without <> */, *subject, *in_reply_to /* or NULL */;
	long long date_ms;
	bool read_receipt; /* one is asked for (RFC 8098 2.1), to from */
};
enum wg_code wg_mime_mail(const struct wg_mail_head *head, const void *der, size_t len, const char *smime_type,
                          struct wg_buf *out, struct wg_err *err) WG_MUST;

#endif
