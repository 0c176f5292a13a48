/* handle_mail.c owns who is taken for the sender of a mail.
 * SECURITY: only a signature or a person names a sender; what the mail says of itself never does. */
#include "role/handle_mail.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "notice/resolution.h"

enum wg_code wg_handle_resolution(const struct wg_process *p, const struct wg_msg_job *job, struct wg_resolution **out,
                                  struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf text = WG_BUF(WG_STORE_RESOLUTION_MAX);
	if (job->resolution == NULL)
		return WG_OK;
	enum wg_code code =
		wg_cms_decrypt(p->storage_key, p->storage_cert, job->resolution, job->resolution_len, &text, err);
	if (code == WG_CRYPTO || code == WG_REJECT)
		code = wg_err_set(err, WG_CORRUPT, "what a person said of it cannot be opened with the storage key");
	if (code == WG_OK)
		code = wg_resolution_parse(wg_buf_text(&text), text.len, "resolution", out, err);
	wg_buf_wipe(&text);
	return code == WG_REJECT ? WG_OK : code; /* whoever applies it says what is wrong with it */
}

/* Who sent it, as a person says. A signature that says otherwise is believed more. */
static void take_word(const struct wg_process *p, const struct wg_resolution *r, struct wg_mail_in *mail)
{
	if (r == NULL || r->sender[0] == '\0')
		return;
	if (mail->organisation[0] != '\0' && strcmp(mail->organisation, r->sender) != 0) {
		(void)snprintf(mail->why, sizeof mail->why,
		               "a person says that %s sent it, and %s has signed it: take the line with sender away", r->sender,
		               mail->organisation); /* fits */
		mail->organisation[0] = '\0';
	} else if (wg_directory_find(p->directory, r->sender) == NULL) {
		(void)snprintf(mail->why, sizeof mail->why,
		               "a person says that %s sent it, and the directory has no such "
		               "organisation",
		               r->sender); /* fits */
	} else {
		(void)snprintf(mail->organisation, sizeof mail->organisation, "%s", r->sender); /* as long */
	}
}

enum wg_code wg_handle_mail(struct wg_process *p, const struct wg_msg_job *job, const struct wg_buf *original,
                            struct wg_mail_in *mail, struct wg_msg_job *known, struct wg_outcome *o, struct wg_err *err)
{
	WG_AUTO_RESOLUTION struct wg_resolution *resolution = NULL;
	enum wg_code code = wg_mail_in_open(p, job->way, original, mail, err);
	if (code == WG_OK)
		code = wg_handle_resolution(p, job, &resolution, err);
	if (code != WG_OK)
		return code;
	/* what was found once stays: the certificate may have expired since, and the mail is no less theirs */
	if (job->organisation[0] != '\0')
		memcpy(mail->organisation, job->organisation, sizeof mail->organisation);
	else
		take_word(p, resolution, mail);
	memcpy(known->organisation, mail->organisation, sizeof known->organisation);
	memcpy(o->done.organisation, mail->organisation, sizeof o->done.organisation);
	return WG_OK;
}

void wg_handle_unknown(const struct wg_mail_in *mail, const char *also, struct wg_outcome *o)
{
	char reason[sizeof o->reason];
	(void)snprintf(reason, sizeof reason, "%s%s%s", mail->why, mail->why[0] != '\0' && also[0] != '\0' ? "; " : "",
	               also); /* cut: words */
	wg_outcome_settle(o, WG_MSG_ATTENTION, reason);
}

/* The part of a Message-ID or an idempotency key that is a reference of a gateway's: behind a colon stands what tells a
 * later form of the same copy from an earlier one. */
static bool reference_of(const char *id, char out[static WG_REFERENCE_TEXT])
{
	size_t n = strcspn(id, "@:");
	if (n >= WG_REFERENCE_TEXT)
		return false;
	memcpy(out, id, n);
	out[n] = '\0';
	return wg_reference_valid(out);
}

void wg_handle_copy(const struct wg_process *p, const struct wg_msg_job *job, const struct wg_mail_in *mail,
                    const struct wg_read *read, struct wg_outcome *o)
{
	char reference[WG_REFERENCE_TEXT], made_for[WG_LIMIT_NAME + 1];
	const char *id = mail == NULL ? job->idempotency_key : read->fields->message_id;
	if (read->notice == NULL || read->fields->notice_xml == NULL || id == NULL || (mail != NULL && !mail->gateway))
		return;
	if (!wg_notice_get_into(read->notice, "header/copy-for/@organisation", made_for, sizeof made_for) ||
	    strcmp(made_for, p->config->organisation) != 0 || !reference_of(id, reference))
		return;
	memcpy(o->done.sender_reference, reference, sizeof o->done.sender_reference);
	wg_sha256_hex(read->fields->notice_xml, read->fields->notice_xml_len, o->done.sender_copy_hash);
}
