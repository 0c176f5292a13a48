/* smime_mail.c owns the layers of a mail: signed, encrypted, or both in an order that means something. Taken are: a
 * signature; a signature inside encryption; and that inside a signature of the same signer (triple wrap, RFC 2634 1.1).
 * SECURITY: this process holds our decryption keys and meets hostile bytes; it can reach nothing. What was decrypted
 * and not signed may have been changed on its way (EFAIL), and a signature over ciphertext proves nothing of what is in
 * it: neither is ever told as signed. */
#include "readers/smime_mail.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/mem.h"
#include "crypto/cms_mail.h"
#include "readers/smime.h"
#include "readers/smime_entity.h"
#include "readers/smime_head.h"
#include "readers/smime_split.h"

enum layer { LAYER_NONE, LAYER_SIGNED, LAYER_SEALED, LAYER_BROKEN };

struct opening {
	enum wg_smime_found found;
	char words[256];
	char signer[WG_FINGERPRINT_TEXT];
	struct wg_cert_facts facts;
	struct wg_buf organisations, certificate;
	struct wg_buf content; /* of the innermost layer reached */
	bool inside;           /* content holds something */
};

static enum layer fault(struct opening *o, const char *words)
{
	o->found = WG_SMIME_FAULT;
	if (o->words[0] == '\0') /* the first is the reason, the others follow from it */
		(void)snprintf(o->words, sizeof o->words, "%.250s", words); /* cut: words */
	return LAYER_BROKEN;
}

/* What the entity is, and its object; beside: what a multipart/signed has next to its signature. */
static enum layer look(struct opening *o, const char *text, size_t len, struct wg_buf *der, struct wg_buf *beside,
                       bool *detached)
{
	struct wg_smime_head h;
	wg_smime_head_read(text, len, &h);
	*detached = false;
	if (h.types != 1 || h.body == 0)
		return LAYER_NONE;
	if (strcmp(h.type, "multipart/signed") == 0 && strcmp(h.protocol, "application/pgp-signature") != 0) {
		const char *words = wg_smime_split(&h, text + h.body, len - h.body, beside, der);
		*detached = true;
		if (words != NULL)
			return fault(o, words);
		return wg_cms_kind_of(der->data, der->len) == WG_CMS_SIGNED
		           ? LAYER_SIGNED
		           : fault(o, "the part beside what is signed is no signature");
	}
	if (!wg_smime_type_is(h.type, "pkcs7-mime"))
		return LAYER_NONE;
	if (!wg_smime_body(&h, text, len, der))
		return fault(o, "could not be opened");
	switch (wg_cms_kind_of(der->data, der->len)) {
	case WG_CMS_SIGNED:
		return LAYER_SIGNED;
	case WG_CMS_SEALED:
		return LAYER_SEALED;
	case WG_CMS_NONE:
		return fault(o, "could not be opened");
	case WG_CMS_OTHER:
		break;
	}
	return fault(o, "it is neither signed nor encrypted but compressed, or in another wrapping that is not opened");
}

/* Takes off a signature: what it covers becomes the content. The second of two has to be by the same certificate. */
static bool take_signature(struct opening *o, const struct wg_buf *der, const struct wg_buf *beside)
{
	WG_CLEANUP(wg_cert_freep) struct wg_cert *signer = NULL;
	WG_AUTO_BUF struct wg_buf inner = WG_BUF(WG_LIMIT_ENVELOPE);
	WG_AUTO_BUF struct wg_buf organisations = WG_BUF(WG_LIMIT_CONFIG_FILE);
	WG_AUTO_BUF struct wg_buf certificate = WG_BUF(WG_LIMIT_CONFIG_FILE);
	struct wg_cert_facts facts;
	struct wg_err err = { 0 };
	bool valid = wg_cms_verify_mail(wg_smime_anchors(), der->data, der->len, beside, &inner, &signer, &organisations,
	                                &err) == WG_OK &&
	             wg_cert_facts(signer, &facts, &err) == WG_OK && wg_cert_pem(signer, &certificate, &err) == WG_OK;
	if (!valid) {
		wg_buf_reset(&inner);
		if (beside != NULL)
			wg_buf_put(&inner, beside->data, beside->len);
		else
			wg_cms_peek(der->data, der->len, &inner);
		(void)fault(o, err.text);
	} else if (o->signer[0] != '\0' && strcmp(o->signer, facts.fingerprint) != 0) {
		(void)fault(o, "it is signed twice, by two different certificates");
		valid = false;
	} else {
		o->facts = facts;
		memcpy(o->signer, facts.fingerprint, sizeof o->signer);
		wg_buf_reset(&o->organisations);
		wg_buf_puts(&o->organisations, wg_buf_text(&organisations));
		wg_buf_reset(&o->certificate);
		wg_buf_put(&o->certificate, certificate.data, certificate.len);
	}
	wg_buf_wipe(&o->content);
	wg_buf_put(&o->content, inner.data, inner.len);
	o->inside = inner.len > 0;
	wg_buf_wipe(&inner);
	return valid;
}

static bool take_encryption(struct opening *o, const struct wg_buf *der)
{
	WG_AUTO_BUF struct wg_buf inner = WG_BUF(WG_LIMIT_ENVELOPE);
	struct wg_err err;
	bool opened = wg_keyring_decrypt(wg_smime_keys(), der->data, der->len, &inner, &err) == WG_OK;
	if (!opened)
		(void)fault(
			o, "could not be opened: it is sealed to none of our keys, or was changed on its way: ask its sender to "
			   "seal it anew, to the certificate of ours that wardgate cert status shows");
	wg_buf_wipe(&o->content);
	if (opened)
		wg_buf_put(&o->content, inner.data, inner.len);
	o->inside = opened && inner.len > 0;
	wg_buf_wipe(&inner);
	return opened;
}

/* The orders of layers that mean something. */
static void judge(struct opening *o, const char *layers)
{
	if (o->found == WG_SMIME_FAULT)
		return;
	if (layers[0] == '\0')
		o->found = WG_SMIME_PLAIN;
	else if (strcmp(layers, "s") == 0 || strcmp(layers, "es") == 0 || strcmp(layers, "ses") == 0)
		o->found = WG_SMIME_SIGNED;
	else if (strcmp(layers, "e") == 0)
		o->found = WG_SMIME_SEALED;
	else if (strcmp(layers, "se") == 0)
		(void)fault(o, "its signature is over what was encrypted already, and nobody signed what is in it");
	else
		(void)fault(o, "it is signed or encrypted several times over, in an order that proves nothing");
}

/* A whole mail inside a signature has senders of its own, who signed nothing. The outer From may be repeated in there
 * (RFC 9788). */
static void check_inside(struct opening *o, const struct wg_buf *in)
{
	struct wg_smime_head h, outer;
	if (o->found != WG_SMIME_SIGNED)
		return;
	wg_smime_head_read(wg_buf_text(&o->content), o->content.len, &h);
	if (h.body == 0 || h.types > 1)
		(void)fault(o, "what is signed has no header that can be read");
	wg_smime_head_read(wg_buf_text(in), in->len, &outer);
	bool same = h.froms == 1 && h.from[0] != '\0' && strcasecmp(h.from, outer.from) == 0;
	if (strncmp(h.type, "message/", 8) == 0 || (h.froms > 0 && !same) || h.senders > 0)
		(void)fault(o, "what is signed is a whole mail that was passed on");
}

static void open_mail(struct opening *o, const struct wg_buf *in)
{
	char layers[5] = "";
	for (size_t depth = 0; o->found != WG_SMIME_FAULT; depth++) {
		WG_AUTO_BUF struct wg_buf der = WG_BUF(WG_LIMIT_ENVELOPE), beside = WG_BUF(WG_LIMIT_ENVELOPE);
		const struct wg_buf *at = depth == 0 ? in : &o->content;
		bool detached;
		enum layer layer = look(o, wg_buf_text(at), at->len, &der, &beside, &detached);
		if (layer == LAYER_NONE || layer == LAYER_BROKEN)
			break;
		if (depth + 1 >= sizeof layers) {
			(void)fault(o, "it is signed or encrypted more often than makes sense");
			break;
		}
		layers[depth] = layer == LAYER_SIGNED ? 's' : 'e';
		bool taken =
			layer == LAYER_SIGNED ? take_signature(o, &der, detached ? &beside : NULL) : take_encryption(o, &der);
		wg_buf_wipe(&beside);
		if (!taken)
			break;
	}
	judge(o, layers);
	check_inside(o, in);
}

static void put_from(const struct wg_buf *in, struct wg_buf *out)
{
	struct wg_smime_head h;
	wg_smime_head_read(wg_buf_text(in), in->len, &h);
	wg_buf_u8(out, h.froms < 9 ? (uint8_t)h.froms : 9);
	wg_buf_str(out, h.froms == 1 ? h.from : "");
	wg_buf_u8(out, h.trick);
	wg_buf_u8(out, h.senders > 1 || (h.senders == 1 && strcasecmp(h.sender, h.from) != 0));
}

enum wg_code wg_smime_mail_read(const struct wg_buf *in, struct wg_buf *out, struct wg_err *err)
{
	struct opening o = { .organisations = WG_BUF(WG_LIMIT_CONFIG_FILE),
		                 .certificate = WG_BUF(WG_LIMIT_CONFIG_FILE),
		                 .content = WG_BUF(WG_LIMIT_ENVELOPE) };
	unsigned emails = 0;
	open_mail(&o, in);
	bool whole = o.found == WG_SMIME_SIGNED;
	while (whole && emails < WG_COUNT(o.facts.emails) && o.facts.emails[emails][0] != '\0')
		emails++;
	wg_buf_u8(out, (uint8_t)o.found);
	wg_buf_str(out, o.words);
	wg_buf_str(out, whole ? o.signer : "");
	wg_buf_str(out, whole ? wg_buf_text(&o.organisations) : "");
	wg_buf_bytes(out, o.certificate.data, whole ? o.certificate.len : 0);
	wg_buf_u8(out, (uint8_t)emails);
	for (unsigned i = 0; i < emails; i++)
		wg_buf_str(out, o.facts.emails[i]);
	put_from(in, out);
	wg_buf_bytes(out, o.content.data, o.inside ? o.content.len : 0);
	wg_buf_wipe(&o.content);
	wg_buf_free(&o.organisations);
	wg_buf_free(&o.certificate);
	return wg_buf_check(out, "opened mail", err);
}
