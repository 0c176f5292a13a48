/* handle_read.c owns the way from a stored message's plaintext to what was read of it.
 * SECURITY: the bytes are a stranger's; confined readers see them first. */
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "role/mail_in.h"
#include "role/outcome.h"

/* The certificate that signed is one of those recorded for whoever handed the message in, and its chain may speak for
 * them: the channel, the signature and the anchors must name the same organisation. */
static enum wg_code check_signer(const struct wg_process *p, const char *organisation, const char *signer,
                                 const char *may_speak_for, struct wg_err *err)
{
	const struct wg_organisation *o = wg_directory_find(p->directory, organisation);
	if (o == NULL || o->signer_count == 0) /* ours to mend, not the sender's: it waits for a person */
		return wg_err_set(err, WG_CONFIG,
		                  "no signing certificate is recorded for %s: add <signer certificate=\"FILE\"/> to it in the "
		                  "directory, then wardgate queue retry",
		                  organisation);
	bool recorded = false;
	for (unsigned i = 0; !recorded && i < o->signer_count; i++) {
		struct wg_cert *cert = NULL;
		struct wg_cert_facts facts;
		enum wg_code code = wg_cert_load(o->signers[i], &cert, err);
		if (code == WG_OK)
			code = wg_cert_facts(cert, &facts, err);
		wg_cert_freep(&cert);
		if (code != WG_OK)
			return code;
		recorded = strcmp(facts.fingerprint, signer) == 0;
	}
	if (!recorded || !wg_name_valid(o->id) || !wg_list_has(may_speak_for, o->id))
		return wg_err_set(err, WG_REJECT, "the sealed message was not signed by %s, who handed it in", organisation);
	return WG_OK;
}

enum wg_code wg_handle_read(struct wg_process *p, const struct wg_msg_job *job, const struct wg_buf *original,
                            const struct wg_mail_in *mail, struct wg_read *out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf inner = WG_BUF(WG_LIMIT_MESSAGE);
	WG_AUTO_BUF struct wg_buf may_speak_for = WG_BUF(WG_LIMIT_CONFIG_FILE);
	char received[WG_CLOCK_TEXT], signer[WG_FINGERPRINT_TEXT];
	enum wg_document kind;
	const void *bytes = original->data;
	size_t len = original->len;
	struct wg_envelope_facts facts = {
		.id = job->id,
		.organisation = job->organisation[0] != '\0' ? job->organisation : WG_MAIL_UNKNOWN,
		.received = wg_clock_format(job->accepted_at, received),
	};
	struct wg_reading reading = { .paths = &p->config->paths, .schema = p->schema, .maps = p->maps };
	if (mail != NULL) {
		reading.sealed = mail->gateway; /* signed by a gateway: its words are the notice's own */
		return wg_read_document(&reading, WG_DOCUMENT_MAIL, mail->text.data, mail->text.len, &facts, out, err);
	}
	enum wg_code code = wg_document_kind(bytes, len, job->content_type, NULL, &kind, err);
	if (code == WG_OK && kind == WG_DOCUMENT_SEALED) {
		code = wg_read_sealed(&p->config->paths, &p->smime_keys, &p->smime_anchors, bytes, len, &inner, signer,
		                      &may_speak_for, err);
		if (code == WG_OK)
			code = check_signer(p, job->organisation, signer, wg_buf_text(&may_speak_for), err);
		kind = WG_DOCUMENT_MAIL;
		reading.sealed = true;
		bytes = inner.data;
		len = inner.len;
	}
	if (code == WG_OK)
		code = wg_read_document(&reading, kind, bytes, len, &facts, out, err);
	wg_buf_wipe(&inner);
	return code;
}
