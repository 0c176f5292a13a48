/* handle_read.c owns the way from a stored message's plaintext to what was read of it.
 * SECURITY: the bytes are a stranger's; confined readers see them first. */
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "role/outcome.h"

/* The certificate that signed belongs to whoever handed the message in: the channel and the signature must name the
 * same organisation. */
static enum wg_code check_signer(const struct wg_process *p, const char *organisation, const char *signer,
                                 struct wg_err *err)
{
	const struct wg_organisation *o = wg_directory_find(p->directory, organisation);
	struct wg_cert *cert = NULL;
	struct wg_cert_facts facts;
	if (o == NULL || o->signer[0] == '\0') /* ours to mend, not the sender's: it waits for a person */
		return wg_err_set(err, WG_CONFIG,
		                  "no signing certificate is recorded for %s: add <signer certificate=\"FILE\"/> to it in the "
		                  "directory, then wardgate queue retry",
		                  organisation);
	enum wg_code code = wg_cert_load(o->signer, &cert, err);
	if (code == WG_OK)
		code = wg_cert_facts(cert, &facts, err);
	wg_cert_freep(&cert);
	if (code == WG_OK && strcmp(facts.fingerprint, signer) != 0)
		code = wg_err_set(err, WG_REJECT, "the sealed message was not signed by %s, who handed it in", organisation);
	return code;
}

enum wg_code wg_handle_read(struct wg_process *p, const struct wg_msg_job *job, const struct wg_buf *original,
                            struct wg_read *out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf inner = WG_BUF(WG_LIMIT_MESSAGE);
	char received[WG_CLOCK_TEXT], signer[WG_FINGERPRINT_TEXT];
	enum wg_document kind;
	const void *bytes = original->data;
	size_t len = original->len;
	struct wg_envelope_facts facts = {
		.id = job->id,
		.organisation = job->organisation,
		.received = wg_clock_format(job->accepted_at, received),
	};
	struct wg_reading reading = { .paths = &p->config->paths, .schema = p->schema, .maps = p->maps };
	enum wg_code code = wg_document_kind(bytes, len, job->content_type, NULL, &kind, err);
	if (code == WG_OK && kind == WG_DOCUMENT_SEALED) {
		code = wg_read_sealed(&p->config->paths, &p->smime_key_pem, &p->smime_cert_pem, &p->smime_ca_pem, bytes, len,
		                      &inner, signer, err);
		if (code == WG_OK)
			code = check_signer(p, job->organisation, signer, err);
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
