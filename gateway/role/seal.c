/* seal.c owns the envelope: rendered, signed once over the whole content, then encrypted. */
#include "role/seal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "channel/mime.h"
#include "crypto/lock.h"

void wg_reference(const char *message_id, const char *organisation, const char *desk,
                  char out[static WG_REFERENCE_TEXT])
{
	(void)snprintf(out, WG_REFERENCE_TEXT, "%s.%s.%s", message_id, organisation, desk); /* fits */
}

bool wg_reference_valid(const char *s)
{
	char id[WG_ID_TEXT], name[WG_LIMIT_NAME + 1];
	if (strlen(s) >= WG_REFERENCE_TEXT || strcspn(s, ".") != WG_ID_LEN)
		return false;
	memcpy(id, s, WG_ID_LEN);
	id[WG_ID_LEN] = '\0';
	const char *organisation = s + WG_ID_LEN + 1, *dot = strchr(organisation, '.');
	if (dot == NULL || (size_t)(dot - organisation) >= sizeof name)
		return false;
	memcpy(name, organisation, (size_t)(dot - organisation));
	name[dot - organisation] = '\0';
	return wg_id_valid(id) && wg_name_valid(name) && wg_name_valid(dot + 1);
}

/* For people, with what is asked of them above it. html, text: NULL where it is not wanted. */
static enum wg_code render(const struct wg_notice *copy, const struct wg_ask *ask, struct wg_buf *html,
                           struct wg_buf *text, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf page = WG_BUF(WG_LIMIT_NOTICE);
	if (html == NULL && text == NULL)
		return WG_OK;
	if (ask == NULL)
		return wg_render_both(copy, html, text, err);
	if (text != NULL)
		wg_ask_text(ask, text);
	enum wg_code code = wg_render_both(copy, html != NULL ? &page : NULL, text, err);
	if (code == WG_OK && html != NULL)
		code = wg_ask_html(ask, wg_buf_text(&page), html, err);
	wg_buf_wipe(&page);
	return code;
}

/* The signed MIME entity: text and HTML for people, the XML for machines. A desk that wants none of them gets all. */
static enum wg_code sign_copy(const struct wg_sealing *s, const struct wg_notice *copy,
                              const struct wg_sending *sending, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf xml = WG_BUF(WG_LIMIT_NOTICE), text = WG_BUF(WG_LIMIT_NOTICE),
							  html = WG_BUF(WG_LIMIT_NOTICE);
	WG_AUTO_BUF struct wg_buf entity = WG_BUF(WG_LIMIT_ENVELOPE), der = WG_BUF(WG_LIMIT_ENVELOPE);
	const struct wg_desk *desk = sending->desk;
	bool all = !desk->wants_text && !desk->wants_html && !desk->wants_xml;
	bool as_text = all || desk->wants_text, as_html = all || desk->wants_html;
	char seed[WG_HASH_TEXT];
	enum wg_code code = wg_notice_serialise(copy, &xml, err);
	if (code == WG_OK)
		code = render(copy, sending->ask, as_html ? &html : NULL, as_text ? &text : NULL, err);
	if (code == WG_OK) {
		wg_sha256_hex(xml.data, xml.len, seed);
		code = wg_mime_entity(as_text ? wg_buf_text(&text) : NULL, as_html ? wg_buf_text(&html) : NULL,
		                      all || desk->wants_xml ? xml.data : NULL, xml.len, seed, &entity, err);
	}
	size_t signer = 0;
	if (code == WG_OK)
		code = wg_keyring_signer(s->ring, wg_clock_now(), &signer, err);
	if (code == WG_OK)
		code = wg_cms_sign(s->ring->keys[signer], s->ring->certs[signer], entity.data, entity.len, &der, err);
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
	const struct wg_cert *to[WG_DESK_CERTIFICATES];
	unsigned count = 0;
	char doubt[256];
	enum wg_code code = wg_desk_certs_choose(&s->held, s->certs, s->cert_count, desk, wg_clock_now(), to, &count, doubt,
	                                         sizeof doubt, err);
	if (code == WG_OK && doubt[0] != '\0')
		wg_log(WG_LOG_WARNING, "revocation-unknown", "desk", desk->name, "why", doubt, "alarm", "trust", NULL);
	if (code == WG_OK)
		code = wg_cms_encrypt_all(to, count, desk->gcm ? WG_CIPHER_GCM : WG_CIPHER_CBC, content->data, content->len,
		                          out, err);
	return code;
}

static enum wg_code as_mail(const struct wg_sealing *s, const struct wg_buf *der, const struct wg_sending *sending,
                            struct wg_buf *out, struct wg_err *err)
{
	const struct wg_desk *desk = sending->desk;
	if (s->from == NULL)
		return wg_err_set(err, WG_CONFIG, "this gateway sends no mail: add <mail> to <deliver>");
	char id[WG_REFERENCE_TEXT + WG_LIMIT_ADDRESS];
	const char *at = strchr(s->from, '@');
	(void)snprintf(id, sizeof id, "%s@%s", sending->reference, at != NULL ? at + 1 : "localhost");
	struct wg_mail_head head = {
		.from = s->from,
		.to = desk->address,
		.message_id = id,
		.subject = "OFFICIAL-SENSITIVE: a safeguarding notice for your desk",
		.date_ms = sending->date_ms,
		.read_receipt = sending->ask != NULL && sending->ask->reply,
	};
	return wg_mime_mail(&head, der->data, der->len, desk->gcm ? "authEnveloped-data" : "enveloped-data", out, err);
}

/* For desks whose directory entry says format="xml": mutual TLS is all that protects it on its way. In the store it
 * rests locked; whoever hands it over unlocks it. */
static enum wg_code as_xml(const struct wg_notice *copy, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf xml = WG_BUF(WG_LIMIT_ENVELOPE);
	enum wg_code code = wg_notice_serialise(copy, &xml, err);
	if (code == WG_OK)
		code = wg_lock(xml.data, xml.len, out, err);
	wg_buf_wipe(&xml);
	return code;
}

enum wg_code wg_seal(const struct wg_sealing *s, const struct wg_notice *copy, const struct wg_sending *sending,
                     struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf content = WG_BUF(WG_LIMIT_ENVELOPE), der = WG_BUF(WG_LIMIT_ENVELOPE);
	const struct wg_desk *desk = sending->desk;
	enum wg_code code;
	if (desk->format == WG_FORMAT_XML && (desk->channel == WG_CHANNEL_HTTPS || desk->channel == WG_CHANNEL_PULL)) {
		code = as_xml(copy, out, err);
		return code == WG_OK ? WG_OK : wg_err_add(err, "%s/%s", sending->organisation->id, desk->name);
	}
	code = sign_copy(s, copy, sending, &content, err);
	if (code == WG_OK)
		code = encrypt_for(s, desk, &content, &der, err);
	wg_buf_wipe(&content);
	if (code == WG_OK && desk->channel == WG_CHANNEL_MAIL) {
		code = as_mail(s, &der, sending, out, err);
	} else if (code == WG_OK) {
		wg_buf_put(out, der.data, der.len);
		code = wg_buf_check(out, "envelope", err);
	}
	return code == WG_OK ? WG_OK : wg_err_add(err, "%s/%s", sending->organisation->id, desk->name);
}
