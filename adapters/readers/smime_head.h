/* The header of a mail or of one of its parts, as far as S/MIME has to know it, read strictly: what two programs could
 * read in two ways is a fault. */
#ifndef WG_READERS_SMIME_HEAD_H
#define WG_READERS_SMIME_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/limits.h"

/* RFC 2046 5.1.1: a boundary has at most 70 characters. */
#define WG_SMIME_BOUNDARY 71
#define WG_SMIME_TYPE 128

struct wg_smime_head {
	size_t body;               /* offset of the body; 0: there is no end of the header */
	unsigned types, transfers; /* Content-Type, Content-Transfer-Encoding: how many of each */
	char type[WG_SMIME_TYPE];  /* of the last, lower case: "multipart/signed"; "" when it cannot be read */
	char protocol[WG_SMIME_TYPE], boundary[WG_SMIME_BOUNDARY];
	bool unclear; /* a parameter of it stands twice, is cut in pieces, or cannot be read */
	bool base64;
	unsigned froms, senders;
	char from[WG_LIMIT_ADDRESS + 1], sender[WG_LIMIT_ADDRESS + 1]; /* "" unless it is exactly one plain mailbox */
	bool trick; /* From's display name shows an address, and it is not the one behind it */
};

void wg_smime_head_read(const char *text, size_t len, struct wg_smime_head *out);

/* "application/pkcs7-mime" or the old "application/x-pkcs7-mime", and so on. */
bool wg_smime_type_is(const char *type, const char *pkcs7);

/* The one mailbox that value, a From or Sender field, is: false for none, several, a group, or what cannot be read.
 * *trick: as above. */
bool wg_smime_mailbox(const char *value, char address[WG_LIMIT_ADDRESS + 1], bool *trick);

#endif
