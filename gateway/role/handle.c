/* handle.c owns one message's way through the process role: open, read, match, decide, project, seal, and one
 * transaction at the end. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/process.h"

#define EPISODE_KEYS 3

/* All that is decided about one message, before it goes to the store. Owns what it points to. */
struct outcome {
	struct wg_msg_done done;
	bool readable; /* the reader and its map came to an end: what fails after that is not the document's fault */
	char reason[1536];
	struct wg_buf notice, report; /* ciphertext */
	char keys[EPISODE_KEYS][WG_HASH_TEXT];
	const char *key_list[EPISODE_KEYS];
	struct wg_dlv_new deliveries[WG_LIMIT_RECIPIENTS];
	struct wg_buf envelopes[WG_LIMIT_RECIPIENTS], disclosures[WG_LIMIT_RECIPIENTS];
	char reasons[WG_LIMIT_RECIPIENTS][320];
};

static struct outcome *outcome_new(const struct wg_process *p, const struct wg_msg_job *job)
{
	struct outcome *o = calloc(1, sizeof *o);
	if (o == NULL)
		return NULL;
	o->notice = WG_BUF(WG_LIMIT_ENVELOPE);
	o->report = WG_BUF(WG_LIMIT_ENVELOPE);
	for (unsigned i = 0; i < WG_LIMIT_RECIPIENTS; i++) {
		o->envelopes[i] = WG_BUF(WG_LIMIT_ENVELOPE);
		o->disclosures[i] = WG_BUF(WG_LIMIT_NOTICE);
	}
	memcpy(o->done.id, job->id, sizeof o->done.id);
	memcpy(o->done.epoch, p->epoch, sizeof o->done.epoch);
	o->done.token = job->token;
	o->done.state = WG_MSG_ROUTED;
	o->done.deliveries = o->deliveries;
	o->done.episode_keys = o->key_list;
	return o;
}

static void outcome_freep(struct outcome **o)
{
	if (*o == NULL)
		return;
	wg_buf_free(&(*o)->notice);
	wg_buf_free(&(*o)->report);
	for (unsigned i = 0; i < WG_LIMIT_RECIPIENTS; i++) {
		wg_buf_free(&(*o)->envelopes[i]);
		wg_buf_free(&(*o)->disclosures[i]);
	}
	free(*o);
	*o = NULL;
}

/* The message ends here for now; whatever was decided about recipients is not sent. */
static void settle(struct outcome *o, enum wg_message_state state, const char *reason)
{
	o->done.state = state;
	(void)snprintf(o->reason, sizeof o->reason, "%s", reason);
	o->done.reason = o->reason;
	o->done.delivery_count = 0;
}

/* ---- reading */

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

static enum wg_code read_original(struct wg_process *p, const struct wg_msg_job *job, const struct wg_buf *original,
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

/* ---- matching */

/* One keyed hash over what identifies an episode or a child, written without case and blanks, so that spellings meet.
 */
static enum wg_code add_key(struct wg_process *p, struct outcome *o, const char *what, const char *a, const char *b,
                            struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf text = WG_BUF(4096);
	const char *parts[] = { what, a, b };
	for (size_t i = 0; i < WG_COUNT(parts); i++) {
		for (const char *s = parts[i]; *s != '\0'; s++)
			if (*s != ' ' && *s != '/' && *s != '-')
				wg_buf_putc(&text, *s >= 'A' && *s <= 'Z' ? (char)(*s + 32) : *s);
		wg_buf_putc(&text, '|');
	}
	char *out = o->keys[o->done.episode_key_count];
	enum wg_code code = wg_buf_check(&text, "episode key", err);
	if (code == WG_OK)
		code = wg_hmac_hex(p->lookup_key.data, p->lookup_key.len, text.data, text.len, out, err);
	if (code == WG_OK)
		o->key_list[o->done.episode_key_count++] = out;
	wg_buf_wipe(&text);
	return code;
}

static enum wg_code find_keys(struct wg_process *p, const struct wg_msg_job *job, const struct wg_notice *notice,
                              struct outcome *o, struct wg_err *err)
{
	char a[256], b[256];
	enum wg_code code = WG_OK;
	if (wg_notice_get_into(notice, "episode/police-reference", a, sizeof a)) {
		bool force = wg_notice_get_into(notice, "episode/police-reference/@force", b, sizeof b);
		code = add_key(p, o, "police-reference", a, force ? b : job->organisation, err);
	}
	if (code == WG_OK && wg_notice_get_into(notice, "child/nhs-number", a, sizeof a))
		code = add_key(p, o, "nhs-number", a, "", err);
	if (code == WG_OK && wg_notice_get_into(notice, "child/name/full", a, sizeof a) &&
	    wg_notice_get_into(notice, "child/date-of-birth", b, sizeof b))
		code = add_key(p, o, "child", a, b, err);
	wg_wipe(a, sizeof a);
	wg_wipe(b, sizeof b);
	return code;
}

static enum wg_code find_content(struct wg_process *p, const struct wg_notice *notice, struct outcome *o,
                                 struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf content = WG_BUF(WG_LIMIT_NOTICE);
	enum wg_code code = wg_notice_content(notice, &content, err);
	if (code == WG_OK)
		code = wg_hmac_hex(p->lookup_key.data, p->lookup_key.len, content.data, content.len, o->done.content_key, err);
	wg_buf_wipe(&content);
	return code;
}

/* ---- deciding and sealing */

static enum wg_code seal_copy(struct wg_process *p, const struct wg_msg_job *job, const struct wg_notice *notice,
                              const struct wg_decision *d, struct wg_buf *envelope, struct wg_err *err)
{
	WG_AUTO_NOTICE struct wg_notice *copy = NULL;
	struct wg_copy want = {
		.organisation = d->organisation->id,
		.desk = d->desk->name,
		.granted = d->granted,
		.mark = d->mark,
		.reason = "not shared with this recipient",
	};
	struct wg_sealing sealing = {
		.render = p->render,
		.key = p->smime_key,
		.cert = p->smime_cert,
		.trust = p->trust,
		.certs = p->certs,
		.cert_count = p->cert_count,
		.from = p->config->mail_out.port != 0 ? p->config->mail_out.from : NULL,
	};
	enum wg_code code = wg_notice_project(notice, &want, &copy, err);
	if (code == WG_OK)
		code = wg_seal(&sealing, copy, job->id, job->accepted_at, d->organisation, d->desk, envelope, err);
	return code;
}

/* A person must look, for one more reason; what was decided about recipients goes on. */
static WG_PRINTF(2, 3) void need_person(struct outcome *o, const char *fmt, ...)
{
	size_t used = strlen(o->reason);
	va_list ap;
	va_start(ap, fmt);
	if (used > 0 && used < sizeof o->reason - 2) {
		memcpy(o->reason + used, "; ", 3);
		used += 2;
	}
	(void)vsnprintf(o->reason + used, sizeof o->reason - used, fmt, ap); /* cut is acceptable in words */
	va_end(ap);
	o->done.state = WG_MSG_ATTENTION;
	o->done.reason = o->reason;
}

static enum wg_delivery_state state_of(enum wg_verdict verdict)
{
	switch (verdict) {
	case WG_VERDICT_SEND:
		return WG_DLV_SEALED;
	case WG_VERDICT_REVIEW:
		return WG_DLV_REVIEW;
	case WG_VERDICT_DENY:
		break;
	}
	return WG_DLV_WITHHELD;
}

/* The envelope, unless nothing is to be sent. What cannot be sealed is withheld with the reason, and the message waits
 * for a person: it is decided again when policy, directory or certificates change, or at `queue retry`. (Not review:
 * a person who releases it would release an envelope that is not there.) WG_SYSTEM: the whole message is tried again.
 */
static enum wg_code seal_delivery(struct wg_process *p, const struct wg_msg_job *job, const struct wg_notice *notice,
                                  const struct wg_decision *d, struct outcome *o, struct wg_err *err)
{
	unsigned i = o->done.delivery_count;
	struct wg_dlv_new *dlv = &o->deliveries[i];
	struct wg_err fault = { 0 };
	enum wg_code code = seal_copy(p, job, notice, d, &o->envelopes[i], &fault);
	if (code == WG_OK) {
		dlv->envelope = o->envelopes[i].data;
		dlv->envelope_len = o->envelopes[i].len;
		return WG_OK;
	}
	if (code == WG_SYSTEM) {
		*err = fault;
		return code;
	}
	wg_log_err(WG_LOG_ERROR, "cannot-seal", &fault, "message", job->id, "organisation", d->organisation->id, "desk",
	           d->desk->name, NULL);
	dlv->state = WG_DLV_WITHHELD;
	(void)snprintf(o->reasons[i], sizeof o->reasons[i], "cannot be sealed: %.290s", fault.text); /* cut: words */
	need_person(o, "%s", o->reasons[i]);
	return WG_OK;
}

static enum wg_code add_delivery(struct wg_process *p, const struct wg_msg_job *job, const struct wg_notice *notice,
                                 const struct wg_decision *d, struct outcome *o, struct wg_err *err)
{
	unsigned i = o->done.delivery_count;
	struct wg_dlv_new *dlv = &o->deliveries[i];
	memcpy(dlv->organisation, d->organisation->id, sizeof dlv->organisation);
	memcpy(dlv->desk, d->desk->name, sizeof dlv->desk);
	memcpy(dlv->role, d->role, sizeof dlv->role);
	(void)snprintf(dlv->channel, sizeof dlv->channel, "%s", d->desk->channel == WG_CHANNEL_MAIL ? "mail" : "https");
	wg_decision_json(p->policy, d, &o->disclosures[i]);
	enum wg_code code = wg_buf_check(&o->disclosures[i], "disclosure record", err);
	if (code != WG_OK)
		return code;
	dlv->disclosure = wg_buf_text(&o->disclosures[i]);
	dlv->deadline = wg_clock_wall() + (int64_t)p->config->give_up_s * 1000;
	dlv->state = state_of(d->verdict);
	if (d->verdict != WG_VERDICT_SEND)
		(void)snprintf(o->reasons[i], sizeof o->reasons[i], "%s", d->verdict_rule); /* fits */
	if (d->verdict != WG_VERDICT_DENY)
		code = seal_delivery(p, job, notice, d, o, err);
	dlv->reason = o->reasons[i][0] != '\0' ? o->reasons[i] : NULL;
	if (code == WG_OK)
		o->done.delivery_count = i + 1;
	return code;
}

static enum wg_code decide_all(struct wg_process *p, const struct wg_msg_job *job, struct wg_notice *notice,
                               struct outcome *o, struct wg_err *err)
{
	struct wg_decisions *decisions = NULL;
	char now[WG_CLOCK_TEXT];
	struct wg_facts facts = {
		.self = p->config->organisation,
		.submitter = job->organisation,
		.now = wg_clock_format(wg_clock_wall(), now),
	};
	enum wg_code code = wg_decide(p->policy, p->directory, notice, &facts, &decisions, err);
	if (code == WG_OK && decisions->count > WG_LIMIT_RECIPIENTS)
		code = wg_err_set(err, WG_LIMIT, "more than %d recipients", WG_LIMIT_RECIPIENTS);
	for (unsigned i = 0; code == WG_OK && i < decisions->count; i++)
		code = add_delivery(p, job, notice, &decisions->list[i], o, err);
	/* those who can be reached are not kept waiting; a person looks after the others */
	if (code == WG_OK && decisions->unreachable[0] != '\0')
		need_person(o, "cannot be reached: %s", decisions->unreachable);
	else if (code == WG_OK && decisions->count == 0)
		need_person(o, "policy and directory give no recipient");
	wg_decisions_freep(&decisions);
	return code;
}

/* ---- keeping */

static enum wg_code keep_notice(struct wg_process *p, const struct wg_read *read, struct outcome *o, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf xml = WG_BUF(WG_LIMIT_NOTICE), report = WG_BUF(WG_LIMIT_READER_OUTPUT);
	enum wg_code code = WG_OK;
	if (read->notice != NULL) {
		code = wg_notice_serialise(read->notice, &xml, err);
		if (code == WG_OK)
			code = wg_cms_encrypt(p->storage_cert, WG_CIPHER_GCM, xml.data, xml.len, &o->notice, err);
	}
	if (code == WG_OK && read->report != NULL) {
		code = wg_report_write(read->report, read->fields, &report, err);
		if (code == WG_OK)
			code = wg_cms_encrypt(p->storage_cert, WG_CIPHER_GCM, report.data, report.len, &o->report, err);
	}
	wg_buf_wipe(&xml);
	wg_buf_wipe(&report);
	o->done.notice = o->notice.data;
	o->done.notice_len = o->notice.len;
	o->done.report = o->report.data;
	o->done.report_len = o->report.len;
	return code;
}

/* From plaintext to outcome. WG_OK: settled, one way or the other. */
static enum wg_code work(struct wg_process *p, const struct wg_msg_job *job, const struct wg_buf *original,
                         struct outcome *o, struct wg_err *err)
{
	WG_AUTO_READ struct wg_read read = { 0 };
	enum wg_code code = read_original(p, job, original, &read, err);
	if (code != WG_OK)
		return code;
	o->readable = true;
	if (read.notice != NULL)
		(void)wg_notice_get_into(read.notice, "@kind", o->done.kind, sizeof o->done.kind); /* a notice always has one */
	code = keep_notice(p, &read, o, err);
	if (code == WG_OK && read.attention) {
		settle(o, WG_MSG_ATTENTION, read.reason);
		return WG_OK;
	}
	if (code == WG_OK)
		code = find_keys(p, job, read.notice, o, err);
	if (code == WG_OK)
		code = find_content(p, read.notice, o, err);
	if (code == WG_OK)
		code = decide_all(p, job, read.notice, o, err);
	return code;
}

/* WG_OK for a lease that went to somebody else, who settles the message. */
static enum wg_code unless_lost(const struct wg_msg_job *job, enum wg_code code)
{
	if (code != WG_NOT_FOUND)
		return code;
	wg_log(WG_LOG_WARNING, "lease-lost", "message", job->id, NULL);
	return WG_OK;
}

static enum wg_code put_back(struct wg_client *client, const struct wg_msg_job *job, const struct wg_err *fault,
                             struct wg_err *err)
{
	unsigned wait_ms = 200u << (job->tries < 8 ? job->tries : 8);
	wg_log_err(WG_LOG_WARNING, "put-back", fault, "message", job->id, NULL);
	return unless_lost(job, wg_client_put_back(client, job->id, job->token, wait_ms, fault->text, err));
}

static void log_settled(const struct wg_msg_job *job, const struct outcome *o, const struct wg_msg_done_result *result)
{
	char count[16];
	(void)snprintf(count, sizeof count, "%u", o->done.delivery_count);
	const char *state = result->duplicate   ? "duplicate"
	                    : result->ambiguous ? "attention"
	                                        : wg_message_state_name(o->done.state);
	wg_log(WG_LOG_INFO, state, "message", job->id, "organisation", job->organisation, "kind", o->done.kind,
	       "deliveries", count, "reason", o->done.reason, "duplicate-of",
	       result->duplicate ? result->duplicate_of : NULL, NULL);
}

/* What a fault means for the message: its sender hears of a document that cannot be read. All else is for a person,
 * a reader that ran out of time or memory too: whether the document or the machine was at fault cannot be told, and a
 * report of a missing child is not turned away on a guess. */
static void settle_fault(struct outcome *o, const struct wg_err *fault)
{
	bool senders = !o->readable && fault->code == WG_REJECT;
	settle(o, senders ? WG_MSG_REJECTED : WG_MSG_ATTENTION, fault->text);
}

/* A passing fault. A limit of time may be this machine's, when it has much to do: once more before a person is
 * told. */
static bool try_again(const struct outcome *o, const struct wg_msg_job *job, enum wg_code code)
{
	return code == WG_SYSTEM || code == WG_AGAIN || (code == WG_LIMIT && !o->readable && job->tries == 0);
}

static enum wg_code open_original(const struct wg_process *p, const struct wg_msg_job *job, struct wg_buf *out,
                                  struct wg_err *err)
{
	enum wg_code code = wg_cms_decrypt(p->storage_key, p->storage_cert, job->blob, job->blob_len, out, err);
	if (code == WG_CRYPTO || code == WG_REJECT)
		code = wg_err_set(err, WG_CORRUPT, "the stored original cannot be opened with the storage key");
	return code;
}

enum wg_code wg_process_handle(struct wg_process *p, struct wg_client *client, const struct wg_msg_job *job,
                               struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf original = WG_BUF(WG_LIMIT_MESSAGE);
	WG_CLEANUP(outcome_freep) struct outcome *o = outcome_new(p, job);
	struct wg_msg_done_result result = { 0 };
	struct wg_err fault = { 0 };
	if (o == NULL)
		return put_back(client, job, &(struct wg_err){ .code = WG_SYSTEM, .text = "out of memory" }, err);
	enum wg_code code = open_original(p, job, &original, &fault);
	if (code == WG_OK)
		code = work(p, job, &original, o, &fault);
	wg_buf_wipe(&original);
	if (try_again(o, job, code))
		return put_back(client, job, &fault, err);
	if (code != WG_OK)
		settle_fault(o, &fault);
	code = wg_client_done(client, &o->done, &result, err);
	if (code == WG_OK)
		log_settled(job, o, &result);
	return unless_lost(job, code);
}
