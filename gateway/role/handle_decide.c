/* handle_decide.c owns the deliveries of one message: decided by policy, projected and sealed for each recipient. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "role/outcome.h"

static enum wg_code seal_copy(struct wg_process *p, const struct wg_msg_job *job, const struct wg_notice *notice,
                              const struct wg_decision *d, struct wg_buf *envelope, struct wg_err *err)
{
	WG_AUTO_NOTICE struct wg_notice *copy = NULL;
	struct wg_copy want = {
		.organisation = d->organisation->id,
		.desk = d->desk->name,
		.granted = d->granted,
		.mark = d->mark,
		.reason = WG_COPY_REASON,
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
                                  const struct wg_decision *d, struct wg_outcome *o, struct wg_err *err)
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
	wg_outcome_need_person(o, "%s", o->reasons[i]);
	return WG_OK;
}

static enum wg_code add_delivery(struct wg_process *p, const struct wg_msg_job *job, const struct wg_notice *notice,
                                 const struct wg_decision *d, struct wg_outcome *o, struct wg_err *err)
{
	unsigned i = o->done.delivery_count;
	struct wg_dlv_new *dlv = &o->deliveries[i];
	memcpy(dlv->organisation, d->organisation->id, sizeof dlv->organisation);
	memcpy(dlv->desk, d->desk->name, sizeof dlv->desk);
	memcpy(dlv->role, d->role, sizeof dlv->role);
	(void)snprintf(dlv->channel, sizeof dlv->channel, "%s", d->desk->channel == WG_CHANNEL_MAIL ? "mail" : "https");
	wg_decision_json(p->policy, d, notice, &o->disclosures[i]);
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

enum wg_code wg_handle_decide(struct wg_process *p, const struct wg_msg_job *job, struct wg_notice *notice,
                              struct wg_outcome *o, struct wg_err *err)
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
		wg_outcome_need_person(o, "cannot be reached: %s", decisions->unreachable);
	else if (code == WG_OK && decisions->count == 0)
		wg_outcome_need_person(o, "policy and directory give no recipient");
	wg_decisions_freep(&decisions);
	return code;
}
