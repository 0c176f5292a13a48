/* handle_read.c owns the way from a stored message's plaintext to what was read of it.
 * SECURITY: the bytes are a stranger's; confined readers see them first. */
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "role/mail_in.h"
#include "role/outcome.h"
#include "role/signer.h"

enum wg_code wg_handle_read(struct wg_process *p, const struct wg_msg_job *job, const struct wg_buf *original,
                            const struct wg_mail_in *mail, struct wg_read *out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf inner = WG_BUF(WG_LIMIT_MESSAGE);
	WG_AUTO_BUF struct wg_buf may_speak_for = WG_BUF(WG_LIMIT_CONFIG_FILE);
	const struct wg_opener opener = wg_process_opener(p);
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
		code = wg_read_sealed(&p->config->paths, &opener, bytes, len, &inner, signer, &may_speak_for, err);
		if (code == WG_OK)
			code = wg_signer_check(p, job->organisation, signer, wg_buf_text(&may_speak_for), err);
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
