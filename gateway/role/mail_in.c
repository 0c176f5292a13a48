/* mail_in.c owns the question who a mail is really from.
 * SECURITY: the mail is a stranger's; a confined reader opens it, and what that says is parsed as hostile too. An
 * organisation is named only by a certificate: one that the directory records for it, or one with an address in a
 * domain that only this organisation has, and in both cases its chain must end in that organisation's own anchors. */
#include "role/mail_in.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "role/signer.h"
#include "role/trust.h"

bool wg_mail_in_is(const struct wg_msg_job *job)
{
	return strcmp(job->way, "imap") == 0 || strcmp(job->way, "lmtp") == 0 || strcmp(job->way, "mesh") == 0;
}

void wg_mail_in_free(struct wg_mail_in *mail)
{
	wg_buf_wipe(&mail->text);
}

/* ---- who signed */

/* Names of organisations that the evidence points to. */
struct finding {
	const struct wg_organisation *found;
	bool other;    /* and to another one */
	bool recorded; /* the certificate is recorded for it */
};

static void point_to(struct finding *f, const struct wg_organisation *o, bool recorded)
{
	if (f->found != NULL && f->found != o)
		f->other = true;
	if (f->found == NULL)
		f->found = o;
	f->recorded = f->recorded || (recorded && f->found == o);
}

static bool list_has_domain(const char *list, const char *domain)
{
	size_t n, m = strlen(domain);
	for (const char *p = list + strspn(list, " \t\r\n"); *p != '\0'; p += n, p += strspn(p, " \t\r\n")) {
		n = strcspn(p, " \t\r\n");
		if (n == m && strncasecmp(p, domain, n) == 0)
			return true;
	}
	return false;
}

/* The address is in a domain of the organisation, or a desk of it. */
static bool owns(const struct wg_organisation *o, const char *address)
{
	const char *at = strrchr(address, '@');
	for (unsigned i = 0; i < o->desk_count; i++)
		if (o->desks[i].channel == WG_CHANNEL_MAIL && strcasecmp(o->desks[i].address, address) == 0)
			return true;
	return o->domains != NULL && list_has_domain(o->domains, at + 1);
}

/* An address of the certificate that means one mailbox: no wildcard, nothing that is no address. */
static bool plain_address(const char *s)
{
	return wg_address_valid(s) && strchr(s, '*') == NULL;
}

/* The only organisation that owns the address; NULL when none or several do. */
static const struct wg_organisation *owner(const struct wg_directory *directory, const char *address)
{
	const struct wg_organisation *found = NULL;
	for (unsigned i = 0; i < wg_directory_count(directory); i++) {
		const struct wg_organisation *o = wg_directory_at(directory, i);
		if (!owns(o, address))
			continue;
		if (found != NULL)
			return NULL;
		found = o;
	}
	return found;
}

/* The directory names the certificate as a signer of the organisation. A file that cannot be read names nobody; `check`
 * tells the operator. */
static bool recorded(const struct wg_organisation *o, const char *fingerprint)
{
	for (unsigned i = 0; i < o->signer_count; i++) {
		struct wg_cert *cert = NULL;
		struct wg_cert_facts facts;
		struct wg_err ignored;
		bool same = wg_cert_load(o->signers[i], &cert, &ignored) == WG_OK &&
		            wg_cert_facts(cert, &facts, &ignored) == WG_OK && strcmp(facts.fingerprint, fingerprint) == 0;
		wg_cert_freep(&cert);
		if (same)
			return true;
	}
	return false;
}

static struct finding look_up(const struct wg_process *p, const struct wg_mail_signature *s)
{
	struct finding f = { 0 };
	for (unsigned i = 0; i < wg_directory_count(p->directory); i++)
		if (recorded(wg_directory_at(p->directory, i), s->signer))
			point_to(&f, wg_directory_at(p->directory, i), true);
	for (size_t i = 0; i < 4 && s->emails[i][0] != '\0'; i++) {
		const struct wg_organisation *o = plain_address(s->emails[i]) ? owner(p->directory, s->emails[i]) : NULL;
		if (o != NULL)
			point_to(&f, o, false);
	}
	return f;
}

/* Letters of either case are one in the domain (RFC 1035 2.3.3) and, wherever people have mailboxes, before the @. */
static bool from_agrees(const struct wg_mail_signature *s)
{
	for (size_t i = 0; i < 4 && s->emails[i][0] != '\0'; i++)
		if (plain_address(s->emails[i]) && strcasecmp(s->emails[i], s->from) == 0)
			return true;
	return false;
}

/* Why a person has to look at a mail whose signature is good; NULL: nobody has to. */
static const char *bind_fault(const struct wg_mail_signature *s, const struct finding *f)
{
	if (f->found == NULL)
		return "its signature is good, and its certificate belongs to nobody in the directory";
	if (f->other)
		return "its certificate belongs to several organisations of the directory";
	if (!wg_name_valid(f->found->id) || !wg_list_has(wg_buf_text(&s->organisations), f->found->id))
		return "its certificate has an address of an organisation for whom its authority may not speak";
	if (s->froms != 1 || s->from[0] == '\0')
		return "it is signed, and does not say once and plainly whom it is from";
	if (!from_agrees(s))
		return "it is signed, and From names an address that the certificate does not have";
	if (s->trick)
		return "it is signed, and From shows one address and means another";
	if (s->sender)
		return "it is signed, and Sender is somebody else than From";
	return NULL;
}

/* "from somebody at a.example": a domain, no mailbox. */
static void say_from(const struct wg_mail_signature *s, const char *words, struct wg_mail_in *out)
{
	char safe[128];
	const char *at = strrchr(s->from, '@');
	if (at != NULL)
		(void)snprintf(out->why, sizeof out->why, "not authenticated: %.300s; From says %s", words,
		               wg_defang(at + 1, safe, sizeof safe)); /* cut: words */
	else
		(void)snprintf(out->why, sizeof out->why, "not authenticated: %.300s; From says nobody that can be read",
		               words);
}

/* Why a certificate is not believed now, asked about as its organisation wants it; NULL: it is. Its chain was verified
 * in the reader, so that it comes from an authority that is known, and may be parsed here. */
static const char *revocation_fault(const struct wg_process *p, const struct wg_mail_signature *s,
                                    const struct wg_organisation *o, struct wg_err *err)
{
	WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL;
	struct wg_cert_judgement judgement;
	const struct wg_judge judge = {
		.trust = wg_trust_set_of(p->anchors, o->id),
		.revocations = p->revocations,
		.need = wg_trust_need(o),
		.now = wg_clock_now(),
		.purpose = WG_PURPOSE_SMIME_SIGN,
	};
	if (judge.trust == NULL || wg_cert_parse(s->certificate.data, s->certificate.len, &cert, err) != WG_OK)
		return "the signer's certificate cannot be read";
	wg_cert_judge(&judge, cert, &judgement);
	if (judgement.fault != WG_CERT_FINE) {
		(void)wg_err_set(err, WG_CRYPTO, "the signer's certificate cannot be believed now: %s", judgement.words);
		return err->text;
	}
	if (judgement.doubt && judgement.revocation != WG_REVOCATION_NOWHERE)
		wg_log(WG_LOG_WARNING, "revocation-unknown", "organisation", o->id, "why", judgement.words, "alarm", "trust",
		       NULL);
	return NULL;
}

void wg_mail_in_bind(const struct wg_process *p, const struct wg_mail_signature *s, struct wg_mail_in *out)
{
	struct finding f = { 0 };
	struct wg_err err = { 0 };
	const char *fault = s->words;
	out->organisation[0] = out->why[0] = '\0';
	out->found = s->found;
	(void)snprintf(out->from, sizeof out->from, "%s", s->from); /* fits */
	switch (s->found) {
	case WG_MAIL_PLAIN:
		fault = s->words[0] != '\0' ? s->words : "nobody signed it";
		break;
	case WG_MAIL_SEALED:
		fault = "it is encrypted, and nobody signed it";
		break;
	case WG_MAIL_FAULT:
		break;
	case WG_MAIL_SIGNED:
		f = look_up(p, s);
		fault = bind_fault(s, &f);
		if (fault == NULL)
			fault = revocation_fault(p, s, f.found, &err);
		break;
	}
	if (fault != NULL) {
		say_from(s, fault, out);
		return;
	}
	out->gateway = f.recorded;
	memcpy(out->organisation, f.found->id, sizeof out->organisation);
}

/* ---- opening */

static enum wg_code take_said(const struct wg_buf *said, struct wg_mail_signature *s, const uint8_t **inner,
                              size_t *inner_len, struct wg_err *err)
{
	struct wg_cur cur = WG_CUR(said->data, said->len);
	uint8_t found = wg_cur_u8(&cur);
	size_t n;
	wg_cur_name(&cur, s->words, sizeof s->words);
	wg_cur_name(&cur, s->signer, sizeof s->signer);
	const uint8_t *names = wg_cur_bytes(&cur, &n);
	wg_buf_put(&s->organisations, names, n);
	const uint8_t *pem = wg_cur_bytes(&cur, &n);
	wg_buf_put(&s->certificate, pem, n);
	uint8_t emails = wg_cur_u8(&cur);
	for (uint8_t i = 0; i < emails && i < 4 && !cur.failed; i++)
		wg_cur_name(&cur, s->emails[i], sizeof s->emails[i]);
	s->froms = wg_cur_u8(&cur);
	wg_cur_name(&cur, s->from, sizeof s->from);
	s->trick = wg_cur_u8(&cur) != 0;
	s->sender = wg_cur_u8(&cur) != 0;
	*inner = wg_cur_bytes(&cur, inner_len);
	bool sure = found != WG_MAIL_SIGNED || strlen(s->signer) == WG_FINGERPRINT_TEXT - 1;
	if (!wg_cur_end(&cur) || found > WG_MAIL_FAULT || emails > 4 || !sure)
		return wg_err_set(err, WG_REJECT, "what the reader made of the mail cannot be used");
	s->found = (enum wg_mail_found)found;
	enum wg_code code = wg_buf_check(&s->organisations, "names of organisations", err);
	return code == WG_OK ? wg_buf_check(&s->certificate, "certificate", err) : code;
}

static bool describes_content(const char *field, size_t n)
{
	static const char content[] = "content-", version[] = "mime-version:";
	return (n >= sizeof content - 1 && strncasecmp(field, content, sizeof content - 1) == 0) ||
	       (n >= sizeof version - 1 && strncasecmp(field, version, sizeof version - 1) == 0);
}

/* The mail's own header, but for what describes its content, over the entity that was inside. */
static void put_opened(const struct wg_buf *original, const uint8_t *inner, size_t inner_len, struct wg_buf *out)
{
	const char *text = wg_buf_text(original);
	bool skip = false;
	for (size_t at = 0, n; at < original->len; at += n) {
		const char *end = memchr(text + at, '\n', original->len - at);
		n = end != NULL ? (size_t)(end - (text + at)) + 1 : original->len - at;
		if (n == 1 || (n == 2 && text[at] == '\r'))
			break;
		if (text[at] != ' ' && text[at] != '\t')
			skip = describes_content(text + at, n);
		if (!skip)
			wg_buf_put(out, text + at, n);
	}
	wg_buf_puts(out, "MIME-Version: 1.0\r\n");
	wg_buf_put(out, inner, inner_len);
}

/* In a mail that is not signed as a whole: is a part of it? */
static bool holds_smime(const struct wg_buf *original)
{
	static const char *const marks[] = { "application/pkcs7-", "application/x-pkcs7-" };
	const char *text = wg_buf_text(original);
	for (size_t i = 0; i < 2; i++)
		if (strcasestr(text, marks[i]) != NULL)
			return true;
	return false;
}

/* The one organisation whose recorded certificate signed a sealed object, which names nobody itself. */
static enum wg_code bind_sealed(const struct wg_process *p, const char *signer, const char *may_speak_for,
                                struct wg_mail_in *out, struct wg_err *err)
{
	struct finding f = { 0 };
	struct wg_err fault = { 0 };
	const char *why = NULL;
	for (unsigned i = 0; i < wg_directory_count(p->directory); i++)
		if (recorded(wg_directory_at(p->directory, i), signer))
			point_to(&f, wg_directory_at(p->directory, i), true);
	if (f.found == NULL)
		why = "its signature is good, and its certificate is recorded for nobody in the directory";
	else if (f.other)
		why = "its certificate belongs to several organisations of the directory";
	else if (!wg_name_valid(f.found->id) || !wg_list_has(may_speak_for, f.found->id))
		why = "its certificate is recorded for an organisation for whom its authority may not speak";
	else if (wg_signer_check(p, f.found->id, signer, may_speak_for, &fault) == WG_OK)
		memcpy(out->organisation, f.found->id, sizeof out->organisation);
	else if (fault.code == WG_REJECT || fault.code == WG_CONFIG)
		why = fault.text;
	else
		return wg_err_set(err, fault.code, "%s", fault.text);
	out->gateway = why == NULL;
	if (why != NULL)
		(void)snprintf(out->why, sizeof out->why, "not authenticated: %.300s", why); /* cut: words */
	return WG_OK;
}

static enum wg_code open_sealed(const struct wg_process *p, const struct wg_buf *original, struct wg_mail_in *out,
                                struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf may_speak_for = WG_BUF(WG_LIMIT_CONFIG_FILE);
	char signer[WG_FINGERPRINT_TEXT];
	const struct wg_opener opener = wg_process_opener(p);
	enum wg_code code = wg_read_sealed(&p->config->paths, &opener, original->data, original->len, &out->text, signer,
	                                   &may_speak_for, err);
	out->found = WG_MAIL_SIGNED;
	return code == WG_OK ? bind_sealed(p, signer, wg_buf_text(&may_speak_for), out, err) : code;
}

static bool is_sealed(const char *way, const struct wg_buf *original)
{
	enum wg_document kind;
	struct wg_err ignored; /* what is nothing known is no sealed object */
	return strcmp(way, "mesh") == 0 &&
	       wg_document_kind(original->data, original->len, NULL, NULL, &kind, &ignored) == WG_OK &&
	       kind == WG_DOCUMENT_SEALED;
}

enum wg_code wg_mail_in_open(const struct wg_process *p, const char *way, const struct wg_buf *original,
                             struct wg_mail_in *out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf said = WG_BUF(WG_LIMIT_READER_OUTPUT);
	struct wg_mail_signature s = { .organisations = WG_BUF(WG_LIMIT_CONFIG_FILE),
		                           .certificate = WG_BUF(WG_LIMIT_CONFIG_FILE) };
	const uint8_t *inner = NULL;
	size_t inner_len = 0;
	const struct wg_opener opener = wg_process_opener(p);
	*out = (struct wg_mail_in){ .text = WG_BUF(WG_LIMIT_READER_OUTPUT) };
	if (is_sealed(way, original))
		return open_sealed(p, original, out, err);
	enum wg_code code = wg_read_signed_mail(&p->config->paths, &opener, original->data, original->len, &said, err);
	if (code == WG_OK)
		code = take_said(&said, &s, &inner, &inner_len, err);
	if (code == WG_OK && s.found == WG_MAIL_PLAIN && holds_smime(original))
		(void)snprintf(s.words, sizeof s.words,
		               "nobody signed it as a whole: something signed or encrypted is only a part of it"); /* fits */
	if (code == WG_OK && inner_len > 0)
		put_opened(original, inner, inner_len, &out->text);
	else if (code == WG_OK)
		wg_buf_put(&out->text, original->data, original->len);
	if (code == WG_OK)
		code = wg_buf_check(&out->text, "opened mail", err);
	if (code == WG_OK)
		wg_mail_in_bind(p, &s, out);
	wg_buf_free(&s.organisations);
	wg_buf_free(&s.certificate);
	wg_buf_wipe(&said);
	return code;
}
