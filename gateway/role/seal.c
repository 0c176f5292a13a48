/* seal.c owns the envelope: rendered, signed once over the whole content, then encrypted. */
#include "role/seal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "channel/mime.h"

void wg_reference(const char *message_id, const char *organisation, const char *desk,
                  char out[static WG_REFERENCE_TEXT])
{
	(void)snprintf(out, WG_REFERENCE_TEXT, "%s.%s.%s", message_id, organisation, desk); /* fits */
}

/* The signed MIME entity: text and HTML for people, the XML for machines. */
static enum wg_code sign_copy(const struct wg_sealing *s, const struct wg_notice *copy, struct wg_buf *out,
                              struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf xml = WG_BUF(WG_LIMIT_NOTICE), text = WG_BUF(WG_LIMIT_NOTICE),
							  html = WG_BUF(WG_LIMIT_NOTICE);
	WG_AUTO_BUF struct wg_buf entity = WG_BUF(WG_LIMIT_ENVELOPE), der = WG_BUF(WG_LIMIT_ENVELOPE);
	char seed[WG_HASH_TEXT];
	enum wg_code code = wg_notice_serialise(copy, &xml, err);
	if (code == WG_OK)
		code = wg_render_both(s->render, copy, &html, &text, err);
	if (code == WG_OK) {
		wg_sha256_hex(xml.data, xml.len, seed);
		code = wg_mime_entity(wg_buf_text(&text), wg_buf_text(&html), xml.data, xml.len, seed, &entity, err);
	}
	if (code == WG_OK)
		code = wg_cms_sign(s->key, s->cert, entity.data, entity.len, &der, err);
	if (code == WG_OK)
		code = wg_mime_pkcs7(der.data, der.len, "signed-data", out, err);
	wg_buf_wipe(&xml);
	wg_buf_wipe(&text);
	wg_buf_wipe(&html);
	wg_buf_wipe(&entity);
	wg_buf_wipe(&der);
	return code;
}

static enum wg_code encrypt_for(const struct wg_sealing *s, const struct wg_desk *desk, const struct wg_buf *content,
                                struct wg_buf *out, struct wg_err *err)
{
	const struct wg_desk_cert *found = NULL;
	for (unsigned i = 0; i < s->cert_count; i++)
		if (s->certs[i].desk == desk)
			found = &s->certs[i];
	if (found == NULL || found->cert == NULL)
		return wg_err_set(err, WG_CONFIG, "no usable certificate: %s", found != NULL ? found->fault : "unknown desk");
	enum wg_code code = wg_trust_check(s->trust, found->cert, WG_PURPOSE_SMIME_ENCRYPT, err);
	if (code == WG_OK)
		code = wg_cms_encrypt(found->cert, desk->gcm ? WG_CIPHER_GCM : WG_CIPHER_CBC, content->data, content->len, out,
		                      err);
	return code;
}

enum wg_code wg_desk_certs_load(const struct wg_directory *directory, struct wg_desk_cert **out, unsigned *count,
                                struct wg_err *err)
{
	unsigned desks = 0, n = 0;
	for (unsigned i = 0; i < wg_directory_count(directory); i++)
		desks += wg_directory_at(directory, i)->desk_count;
	struct wg_desk_cert *certs = calloc(desks + 1, sizeof *certs);
	if (certs == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for %u certificates", desks);
	for (unsigned i = 0; i < wg_directory_count(directory); i++) {
		const struct wg_organisation *o = wg_directory_at(directory, i);
		for (unsigned d = 0; d < o->desk_count; d++, n++) {
			struct wg_err fault = { 0 };
			certs[n].desk = &o->desks[d];
			if (wg_cert_load(o->desks[d].certificate, &certs[n].cert, &fault) != WG_OK)
				(void)snprintf(certs[n].fault, sizeof certs[n].fault, "%.250s", fault.text);
		}
	}
	*out = certs;
	*count = n;
	return WG_OK;
}

void wg_desk_certs_free(struct wg_desk_cert *certs, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		wg_cert_freep(&certs[i].cert);
	free(certs);
}

static enum wg_code as_mail(const struct wg_sealing *s, const struct wg_buf *der, const char *reference,
                            long long date_ms, const struct wg_desk *desk, struct wg_buf *out, struct wg_err *err)
{
	if (s->from == NULL)
		return wg_err_set(err, WG_CONFIG, "this gateway sends no mail: add <mail> to <deliver>");
	char id[WG_REFERENCE_TEXT + WG_LIMIT_ADDRESS];
	const char *at = strchr(s->from, '@');
	(void)snprintf(id, sizeof id, "%s@%s", reference, at != NULL ? at + 1 : "localhost");
	struct wg_mail_head head = {
		.from = s->from,
		.to = desk->address,
		.message_id = id,
		.subject = "OFFICIAL-SENSITIVE: a safeguarding notice for your desk",
		.date_ms = date_ms,
	};
	return wg_mime_mail(&head, der->data, der->len, desk->gcm ? "authEnveloped-data" : "enveloped-data", out, err);
}

enum wg_code wg_seal(const struct wg_sealing *s, const struct wg_notice *copy, const char *message_id,
                     long long date_ms, const struct wg_organisation *organisation, const struct wg_desk *desk,
                     struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf content = WG_BUF(WG_LIMIT_ENVELOPE), der = WG_BUF(WG_LIMIT_ENVELOPE);
	char reference[WG_REFERENCE_TEXT];
	wg_reference(message_id, organisation->id, desk->name, reference);
	enum wg_code code = sign_copy(s, copy, &content, err);
	if (code == WG_OK)
		code = encrypt_for(s, desk, &content, &der, err);
	wg_buf_wipe(&content);
	if (code == WG_OK && desk->channel == WG_CHANNEL_MAIL) {
		code = as_mail(s, &der, reference, date_ms, desk, out, err);
	} else if (code == WG_OK) {
		wg_buf_put(out, der.data, der.len);
		code = wg_buf_check(out, "envelope", err);
	}
	return code == WG_OK ? WG_OK : wg_err_add(err, "%s/%s", organisation->id, desk->name);
}
