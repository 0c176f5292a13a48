/* A mail as it came in: is it signed, by whom, and over what. Unlike smime.h it never refuses: what is wrong is told in
 * words, and what can be seen of the mail is handed on for a person. */
#ifndef WG_READERS_SMIME_MAIL_H
#define WG_READERS_SMIME_MAIL_H

#include "base/buf.h"
#include "base/err.h"

enum wg_smime_found {
	WG_SMIME_PLAIN,  /* neither signed nor encrypted as a whole */
	WG_SMIME_SIGNED, /* one valid signature over everything */
	WG_SMIME_SEALED, /* encrypted, and nobody signed it: whoever had it on the way could have changed it */
	WG_SMIME_FAULT   /* signed or encrypted, and wrong; words says what */
};

/* in: the mail. out, in wire form: found (u8), words (string, "" when there is nothing to say), fingerprint of the
 * signer's certificate and the organisations for which its chain may speak (strings), the certificate with its chain
 * (PEM, bytes), how many addresses it has (u8) and these (strings); From: how many fields (u8), the one address
 * (string, "" when it is not exactly one), whether its display name shows another (u8), whether a Sender differs from
 * it (u8); and what was inside (bytes): the MIME entity that was signed, or what there is to see; empty when the mail
 * itself is all. */
enum wg_code wg_smime_mail_read(const struct wg_buf *in, struct wg_buf *out, struct wg_err *err) WG_MUST;

#endif
