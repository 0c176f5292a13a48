/* handle_decide.c owns the deliveries of one message: decided by policy, projected and sealed for each recipient. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "policy/confirm.h"
#include "role/alarm.h"
#include "role/seek.h"

/* A hit of the search may hold a report of a missing child back: soon, then. */
#define SEARCH_DUE_MINUTES 60

/* One recipient: the decision, the copy that it makes, and what the search of its text found. */
struct share {
	struct wg_process *p;
	const struct wg_msg_job *job;
	const struct wg_notice *notice;
	const struct wg_known *known;
	const struct wg_decision *d;
	struct wg_buf found; /* JSON */
	char hit[256];       /* the same in words; "" for nothing */
	char hash[WG_HASH_TEXT];
	unsigned left_out;                                       /* photographs that are granted and could not be cleaned */
	char reference[WG_REFERENCE_TEXT], token[WG_TOKEN_TEXT]; /* token: "" when nobody is asked to confirm */
};

/* By when a named person must have it before somebody else is told: the first step of its rule that waits for one. 0
 * when there is none. since: when it can leave. */
static int64_t confirm_by(const struct share *s, int64_t since)
{
	struct wg_confirm_step_view step;
	for (unsigned i = 0; wg_confirm_step(s->p->policy, s->d->confirm, i, &step); i++) {
		int64_t due = wg_confirm_step_due(s->p->policy, s->d->confirm, i, s->d->desk, since);
		if (step.missing == WG_CONFIRM_ACKNOWLEDGED)
			return due != INT64_MAX ? due : 0;
	}
	return 0;
}

/* How the copy is to be confirmed, with a token of its own; *use is false when there is no way to: no page, and no
 * mail that would reach us. */
static enum wg_code make_ask(struct share *s, const char *kind, struct wg_ask *ask, bool *use, struct wg_err *err)
{
	const struct wg_config *c = s->p->config;
	const struct wg_organisation *self = wg_directory_find(s->p->directory, c->organisation);
	int64_t since = wg_clock_now() + (int64_t)s->d->delay_minutes * 60 * 1000;
	*ask = (struct wg_ask){
		.token = s->token,
		.reference = s->reference,
		.reply = s->d->desk->channel == WG_CHANNEL_MAIL && (c->imap_count > 0 || c->lmtp[0] != '\0'),
		.url = c->acknowledge.url,
		/* what waits for a person leaves nobody knows when */
		.until = s->d->verdict == WG_VERDICT_SEND ? confirm_by(s, since) : 0,
		.ask_whom = self != NULL ? self->name : c->organisation,
		.telephone = wg_organisation_telephone(self),
	};
	*use = !wg_confirm_exempt(kind) && (ask->reply || ask->url[0] != '\0');
	return *use ? wg_token_make(s->token, err) : WG_OK;
}

/* The copy, and whether it holds what its recipient should not have. Its hash stands in the record: what a person is
 * shown in a review is held against it. */
static enum wg_code make_copy(struct share *s, struct wg_notice **out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf xml = WG_BUF(WG_LIMIT_NOTICE + WG_LIMIT_MESSAGE);
	const struct wg_decision *d = s->d;
	struct wg_copy want = {
		.organisation = d->organisation->id,
		.desk = d->desk->name,
		.granted = d->granted,
		.mark = d->mark,
		.reason = "not shared with this recipient",
		.keep = d->keep,
	};
	enum wg_code code = wg_notice_project(s->notice, &want, out, err);
	if (code == WG_OK)
		code = wg_notice_serialise(*out, &xml, err);
	if (code == WG_OK) {
		wg_sha256_hex(xml.data, xml.len, s->hash);
		if ((d->granted & wg_category_find("photograph")) != 0)
			s->left_out = wg_notice_pictures(s->notice) - wg_notice_pictures(*out);
	}
	wg_buf_wipe(&xml);
	if (code == WG_OK && s->known != NULL)
		code = wg_seek_copy(s->p, s->known, *out, d->allowed, &s->found, s->hit, sizeof s->hit, err);
	return code;
}

static enum wg_code seal_copy(struct share *s, const char *kind, struct wg_buf *envelope, struct wg_err *err)
{
	WG_AUTO_NOTICE struct wg_notice *copy = NULL;
	struct wg_sealing sealing = wg_process_sealing(s->p);
	struct wg_ask ask;
	bool use = false;
	enum wg_code code = make_copy(s, &copy, err);
	if (code == WG_OK)
		code = make_ask(s, kind, &ask, &use, err);
	if (code == WG_OK) {
		wg_reference(s->job->id, s->d->organisation->id, s->d->desk->name, s->reference);
		const struct wg_sending sending = { .reference = s->reference,
			                                .date_ms = s->job->accepted_at,
			                                .organisation = s->d->organisation,
			                                .desk = s->d->desk,
			                                .ask = use ? &ask : NULL };
		code = wg_seal(&sealing, copy, &sending, envelope, err);
	}
	return code;
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

/* What its answers will name the copy by. */
static void name_copy(struct share *s, struct wg_dlv_new *dlv)
{
	const struct wg_desk *desk = s->d->desk;
	bool xml = desk->wants_xml || (!desk->wants_text && !desk->wants_html);
	memcpy(dlv->reference, s->reference, sizeof dlv->reference);
	if (xml)
		memcpy(dlv->copy_hash, s->hash, sizeof dlv->copy_hash);
	if (s->token[0] != '\0')
		wg_token_hash(s->token, dlv->token_hash);
	wg_wipe(s->token, sizeof s->token);
	dlv->hook = desk->channel == WG_CHANNEL_PULL && desk->webhook[0] != '\0';
}

/* The envelope, unless nothing is to be sent. What cannot be sealed is withheld with the reason, and the message waits
 * for a person: it is decided again when policy, directory or certificates change, or at `queue retry`. (Not review:
 * a person who releases it would release an envelope that is not there.) WG_SYSTEM: the whole message is tried again.
 */
static enum wg_code seal_delivery(struct share *s, struct wg_outcome *o, struct wg_err *err)
{
	unsigned i = o->done.delivery_count;
	struct wg_dlv_new *dlv = &o->deliveries[i];
	struct wg_err fault = { 0 };
	enum wg_code code = seal_copy(s, o->done.kind, &o->envelopes[i], &fault);
	if (code == WG_OK) {
		dlv->envelope = o->envelopes[i].data;
		dlv->envelope_len = o->envelopes[i].len;
		name_copy(s, dlv);
		return WG_OK;
	}
	if (code == WG_SYSTEM) {
		*err = fault;
		return code;
	}
	wg_log_err(WG_LOG_ERROR, "cannot-seal", &fault, "message", s->job->id, "organisation", s->d->organisation->id,
	           "desk", s->d->desk->name, NULL);
	dlv->state = WG_DLV_WITHHELD;
	(void)snprintf(o->reasons[i], sizeof o->reasons[i], "cannot be sealed: %.290s", fault.text); /* cut: words */
	wg_outcome_need_person(o, "%s", o->reasons[i]);
	return WG_OK;
}

/* The record: the decision, what the search found, which photographs stayed behind, and which copy it was. */
static enum wg_code write_record(const struct share *s, struct wg_buf *out, struct wg_err *err)
{
	wg_decision_json(s->p->policy, s->d, s->notice, out);
	enum wg_code code = wg_buf_check(out, "disclosure record", err);
	if (code != WG_OK)
		return code;
	out->len--; /* the brace that closes it: there is more to say */
	if (s->left_out > 0)
		wg_buf_printf(out, ",\"photographs_left_out\":%u", s->left_out);
	wg_buf_printf(out, ",\"found\":%s,\"copy_sha256\":\"%s\"}", s->found.len > 0 ? wg_buf_text(&s->found) : "[]",
	              s->hash);
	return wg_buf_check(out, "disclosure record", err);
}

/* When it was due already, as the same recipient's review, before it was decided again; 0 when it was not. */
static int64_t due_before(const struct share *s, const struct wg_dlv_new *dlv)
{
	for (unsigned i = 0; s->known != NULL && i < s->known->context.due_count; i++) {
		const struct wg_review_due *d = &s->known->context.dues[i];
		if (strcmp(d->organisation, dlv->organisation) == 0 && strcmp(d->desk, dlv->desk) == 0 &&
		    strcmp(d->role, dlv->role) == 0)
			return d->due;
	}
	return 0;
}

/* What a person has to release, and by when: never later than was said before. A hit of the search interrupts whatever
 * the policy said. */
static void set_review(const struct share *s, struct wg_outcome *o, int64_t now)
{
	unsigned i = o->done.delivery_count;
	struct wg_dlv_new *dlv = &o->deliveries[i];
	bool by_policy = s->d->verdict == WG_VERDICT_REVIEW;
	unsigned minutes = by_policy && s->d->due_minutes > 0 ? s->d->due_minutes : 0;
	if (s->hit[0] != '\0' && dlv->state != WG_DLV_WITHHELD) {
		dlv->state = WG_DLV_REVIEW;
		minutes = minutes > 0 && minutes < SEARCH_DUE_MINUTES ? minutes : SEARCH_DUE_MINUTES;
		size_t used = strlen(o->reasons[i]);
		(void)snprintf(o->reasons[i] + used, sizeof o->reasons[i] - used, "%sits text holds %s", used > 0 ? "; " : "",
		               s->hit); /* cut: all stands in the record */
	}
	int64_t due = minutes > 0 ? now + (int64_t)minutes * 60 * 1000 : 0, before = due_before(s, dlv);
	if (before > 0 && (due == 0 || before < due))
		due = before;
	dlv->due = dlv->state == WG_DLV_REVIEW ? due : 0;
	dlv->second_person = dlv->state == WG_DLV_REVIEW && s->d->second_person;
}

/* The role that is told when the review is overdue: as the policy's rule says; where the search alone asks for it, who
 * answers for text that has to be read. "" for nobody. */
static const char *who_is_told(const struct share *s, const struct wg_dlv_new *dlv)
{
	if (dlv->state != WG_DLV_REVIEW || dlv->due == 0)
		return "";
	return s->d->escalate[0] == '\0' && s->hit[0] != '\0' ? s->d->reader : s->d->escalate;
}

static void set_recipient(const struct share *s, struct wg_outcome *o, int64_t now)
{
	unsigned i = o->done.delivery_count;
	const struct wg_decision *d = s->d;
	struct wg_dlv_new *dlv = &o->deliveries[i];
	*dlv = (struct wg_dlv_new){ .state = state_of(d->verdict),
		                        .overrides = d->overridden != 0,
		                        .known = d->known_to_sender };
	memcpy(dlv->organisation, d->organisation->id, sizeof dlv->organisation);
	memcpy(dlv->desk, d->desk->name, sizeof dlv->desk);
	memcpy(dlv->role, d->role, sizeof dlv->role);
	memcpy(dlv->of, d->of, sizeof dlv->of);
	memcpy(dlv->confirm, d->confirm, sizeof dlv->confirm);
	(void)snprintf(dlv->channel, sizeof dlv->channel, "%s", wg_channel_name(d->desk->channel));
	dlv->not_before = d->delay_minutes > 0 ? now + (int64_t)d->delay_minutes * 60 * 1000 : 0;
	dlv->valid_until = d->valid_until != INT64_MAX ? d->valid_until : 0;
	dlv->deadline = (dlv->not_before > 0 ? dlv->not_before : now) + (int64_t)s->p->config->give_up_s * 1000;
	if (d->verdict != WG_VERDICT_SEND)
		(void)snprintf(o->reasons[i], sizeof o->reasons[i], "%s", d->verdict_rule); /* fits */
}

static enum wg_code add_delivery(struct share *s, struct wg_outcome *o, struct wg_err *err)
{
	unsigned i = o->done.delivery_count;
	struct wg_dlv_new *dlv = &o->deliveries[i];
	int64_t now = wg_clock_now();
	enum wg_code code = WG_OK;
	set_recipient(s, o, now);
	if (s->d->verdict != WG_VERDICT_DENY)
		code = seal_delivery(s, o, err);
	if (code == WG_OK)
		code = write_record(s, &o->disclosures[i], err);
	if (code != WG_OK)
		return code;
	set_review(s, o, now);
	dlv->overrides = dlv->overrides && dlv->state != WG_DLV_WITHHELD;
	dlv->disclosure = wg_buf_text(&o->disclosures[i]);
	dlv->reason = o->reasons[i][0] != '\0' ? o->reasons[i] : NULL;
	o->done.delivery_count = i + 1;
	const char *told = who_is_told(s, dlv);
	if (told[0] != '\0')
		code = wg_alarm_add(s->p, s->job, told, dlv->due, o, err);
	return code;
}

/* The facts beside the notice. */
static struct wg_facts facts_of(const struct wg_process *p, const struct wg_msg_job *job, const struct wg_known *known,
                                char now[static WG_CLOCK_TEXT])
{
	struct wg_facts facts = {
		.self = p->config->organisation,
		.submitter = job->organisation,
		.own = strcmp(job->way, "self") == 0,
		/* to the end of this second: what was answered within it counts */
		.now = wg_clock_format(wg_clock_now() + 999, now),
	};
	if (known != NULL) {
		facts.consents = known->consents;
		facts.told = known->context.told;
		facts.told_count = known->context.told_count;
		facts.live_episode = known->context.doubt ? NULL : known->context.live ? "yes" : "no";
	}
	return facts;
}

enum wg_code wg_handle_decide(struct wg_process *p, const struct wg_msg_job *job, struct wg_notice *notice,
                              const struct wg_known *known, struct wg_outcome *o, struct wg_err *err)
{
	struct wg_decisions *decisions = NULL;
	char now[WG_CLOCK_TEXT];
	bool left_out = false;
	struct wg_facts facts = facts_of(p, job, known, now);
	o->done.watches_live = wg_policy_watches_live(p->policy, o->done.kind);
	o->done.live = known != NULL && known->context.live;
	enum wg_code code = wg_decide(p->policy, p->directory, notice, &facts, &decisions, err);
	for (unsigned i = 0; code == WG_OK && i < decisions->count; i++) {
		struct share share = { .p = p, .job = job, .notice = notice, .known = known, .d = &decisions->list[i] };
		share.found = WG_BUF(WG_STORE_DISCLOSURE_MAX);
		code = o->done.delivery_count < WG_LIMIT_RECIPIENTS
		           ? add_delivery(&share, o, err)
		           : wg_err_set(err, WG_LIMIT, "more than %d recipients and alarms", WG_LIMIT_RECIPIENTS);
		left_out = left_out || share.left_out > 0;
		wg_buf_free(&share.found);
	}
	/* nobody waits for the picture */
	if (code == WG_OK && left_out)
		wg_outcome_need_person(o, "a photograph was left out of what is sent, because what the camera may have written "
		                          "into it could not be taken away: save it anew as a JPEG and send that");
	/* those who can be reached are not kept waiting; a person looks after the others */
	if (code == WG_OK && decisions->unreachable[0] != '\0')
		wg_outcome_need_person(o, "cannot be reached: %s", decisions->unreachable);
	else if (code == WG_OK && decisions->count == 0)
		wg_outcome_need_person(o, "policy and directory give no recipient");
	wg_decisions_freep(&decisions);
	return code;
}
