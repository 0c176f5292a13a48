/* A mail that came in by itself, from whoever wrote it: opened in a confined reader, and bound to the organisation that
 * signed it. Headers name nobody: From, Sender and Reply-To are what a stranger typed. */
#ifndef WG_ROLE_MAIL_IN_H
#define WG_ROLE_MAIL_IN_H

#include "role/process.h"

enum wg_mail_found {
	WG_MAIL_PLAIN,  /* neither signed nor encrypted as a whole */
	WG_MAIL_SIGNED, /* one valid signature over everything */
	WG_MAIL_SEALED, /* encrypted, and nobody signed it */
	WG_MAIL_FAULT   /* signed or encrypted, and wrong */
};

struct wg_mail_in {
	enum wg_mail_found found;
	char organisation[WG_LIMIT_NAME + 1]; /* who signed it; "" when that is not known: */
	char why[400];                        /* why not, for a person; "" otherwise */
	bool gateway;                         /* by a certificate that is recorded for the organisation: its gateway's */
	char from[WG_LIMIT_ADDRESS + 1];      /* what From says; "" when it is not one plain address */
	struct wg_buf text;                   /* the mail to be read: its own headers over what was inside */
};

/* What stands for the sender in a notice made of a mail of which that is not known; such a notice goes to nobody. */
#define WG_MAIL_UNKNOWN "unknown"

/* Whether a message came by a way on which only its signature tells who sent it: a mail server's, or MESH. */
bool wg_mail_in_is(const struct wg_msg_job *job);

/* Opens it, and finds who sent it: a mail, or by MESH (way) a sealed object without a mail around it, which has no From
 * and is bound by a recorded certificate alone. WG_OK also when nobody is found; what fails is this machine, or a
 * limit. */
enum wg_code wg_mail_in_open(const struct wg_process *process, const char *way, const struct wg_buf *original,
                             struct wg_mail_in *out, struct wg_err *err) WG_MUST;
void wg_mail_in_free(struct wg_mail_in *mail);
#define WG_AUTO_MAIL_IN __attribute__((cleanup(wg_mail_in_free)))

/* Beneath it, for tests: what the reader says of a mail's signature. */
struct wg_mail_signature {
	enum wg_mail_found found;
	char words[256];
	char signer[WG_FINGERPRINT_TEXT];
	struct wg_buf organisations; /* for which the signer's chain may speak, separated by blanks */
	struct wg_buf certificate;   /* the signer's with its chain, PEM */
	char emails[4][256];         /* of the signer's certificate */
	unsigned froms;              /* From fields */
	char from[WG_LIMIT_ADDRESS + 1];
	bool trick;  /* From shows another address as its display name */
	bool sender; /* there is a Sender, and it is somebody else */
};
/* The one organisation that signed, into out->organisation; or "" there and the reason in out->why. */
void wg_mail_in_bind(const struct wg_process *process, const struct wg_mail_signature *signature,
                     struct wg_mail_in *out);

#endif
