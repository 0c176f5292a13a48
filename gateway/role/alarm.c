/* alarm.c owns the notice that a review is overdue: ids and times, nothing of the child. */
#include "role/alarm.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "role/seal.h"

/* What the alarm says: which message waits, and by when somebody should have decided. */
static enum wg_code write_alarm(struct wg_process *p, const struct wg_msg_job *job, const char *id,
                                const struct wg_desk *desk, int64_t due, struct wg_notice **out, struct wg_err *err)
{
	char when[WG_CLOCK_TEXT], now[WG_CLOCK_TEXT];
	const struct {
		const char *place, *value;
	} says[] = {
		{ "header/sender/@organisation", p->config->organisation },
		{ "header/sent", wg_clock_format(wg_clock_now(), now) },
		{ "header/concerns[+]/@id", job->id },
		{ "header/concerns[last]/@relation", "answers" },
		{ "header/copy-for/@organisation", p->config->organisation },
		{ "header/copy-for/@desk", desk->name },
		{ "answer/reason", "REVIEW_OVERDUE" },
		{ "answer/due", wg_clock_format(due, when) },
		{ "answer/due/@value", when },
	};
	enum wg_code code = wg_notice_new(p->schema, "review-overdue", id, out, err);
	for (size_t i = 0; i < WG_COUNT(says) && code == WG_OK; i++)
		code = wg_notice_set(*out, says[i].place, says[i].value, err);
	return code == WG_OK ? wg_notice_validate(*out, err) : code;
}

/* No record, no send: the alarm too says why it is sent and what it holds. */
static enum wg_code write_record(const struct wg_process *p, const struct wg_desk *desk, const char *role,
                                 struct wg_buf *out, struct wg_err *err)
{
	wg_buf_puts(out, "{\"alarm\":true,\"organisation\":");
	wg_buf_put_json(out, p->config->organisation);
	wg_buf_puts(out, ",\"desk\":");
	wg_buf_put_json(out, desk->name);
	wg_buf_puts(out, ",\"role\":");
	wg_buf_put_json(out, role);
	wg_buf_puts(out, ",\"of\":\"self\",\"verdict\":\"send\",\"verdict_rule\":\"sent when a review is overdue\","
	                 "\"granted\":[\"administrative\"],\"withheld\":[],\"marked\":[],\"overridden\":[],"
	                 "\"in_text\":[],\"reasons\":[],\"policy\":");
	wg_buf_put_json(out, wg_policy_version(p->policy));
	wg_buf_puts(out, ",\"policy_hash\":");
	wg_buf_put_json(out, wg_policy_hash(p->policy));
	wg_buf_putc(out, '}');
	return wg_buf_check(out, "disclosure record", err);
}

static void fill(struct wg_outcome *o, const struct wg_process *p, const struct wg_desk *desk, const char *role,
                 int64_t due, const char *reference)
{
	int64_t now = wg_clock_now();
	unsigned i = o->done.delivery_count;
	struct wg_dlv_new *alarm = &o->deliveries[i];
	*alarm = (struct wg_dlv_new){
		.state = WG_DLV_SEALED,
		.of = "self",
		.disclosure = wg_buf_text(&o->disclosures[i]),
		.envelope = o->envelopes[i].data,
		.envelope_len = o->envelopes[i].len,
		.not_before = due,
		.deadline = (due > now ? due : now) + (int64_t)p->config->give_up_s * 1000, /* overdue already: decided again */
		.alarm_of = i,
	};
	(void)snprintf(alarm->organisation, sizeof alarm->organisation, "%s", p->config->organisation);
	memcpy(alarm->desk, desk->name, sizeof alarm->desk);
	memcpy(alarm->reference, reference, sizeof alarm->reference);
	(void)snprintf(alarm->role, sizeof alarm->role, "%s", role);
	(void)snprintf(alarm->channel, sizeof alarm->channel, "%s", wg_channel_name(desk->channel));
	o->done.delivery_count = i + 1;
}

static enum wg_code seal(struct wg_process *p, const struct wg_msg_job *job, const struct wg_desk *desk,
                         const char *role, int64_t due, char reference[static WG_REFERENCE_TEXT], struct wg_outcome *o,
                         struct wg_err *err)
{
	WG_AUTO_NOTICE struct wg_notice *notice = NULL;
	unsigned i = o->done.delivery_count;
	struct wg_sealing sealing = wg_process_sealing(p);
	const struct wg_organisation *self = wg_directory_find(p->directory, p->config->organisation);
	char id[WG_ID_TEXT]; /* of its own: it must not be taken for the copy that the same desk may get */
	enum wg_code code = wg_id_make(wg_clock_now(), id, err);
	if (code == WG_OK)
		code = write_alarm(p, job, id, desk, due, &notice, err);
	if (code == WG_OK) {
		wg_reference(id, self->id, desk->name, reference);
		/* dated when it goes out: a mailbox would sort it away otherwise */
		const struct wg_sending sending = {
			.reference = reference, .date_ms = due, .organisation = self, .desk = desk
		};
		code = wg_seal(&sealing, notice, &sending, &o->envelopes[i], err);
	}
	return code == WG_OK ? write_record(p, desk, role, &o->disclosures[i], err) : code;
}

enum wg_code wg_alarm_add(struct wg_process *p, const struct wg_msg_job *job, const char *role, int64_t due,
                          struct wg_outcome *o, struct wg_err *err)
{
	const struct wg_organisation *self = wg_directory_find(p->directory, p->config->organisation);
	const struct wg_desk *desk = self != NULL ? wg_organisation_role(self, role) : NULL;
	struct wg_err fault = { 0 };
	char reference[WG_REFERENCE_TEXT] = "";
	enum wg_code code = WG_OK;
	if (o->done.delivery_count == WG_LIMIT_RECIPIENTS)
		return wg_err_set(err, WG_LIMIT, "more than %d recipients and alarms", WG_LIMIT_RECIPIENTS);
	if (desk == NULL || desk->suspended) {
		wg_outcome_need_person(o, "a review of it may become overdue, and no desk of %s has the role %s to be told",
		                       p->config->organisation, role);
		return WG_OK;
	}
	code = seal(p, job, desk, role, due, reference, o, &fault);
	if (code == WG_OK) {
		fill(o, p, desk, role, due, reference);
	} else if (code == WG_SYSTEM) {
		*err = fault;
		return code;
	} else {
		wg_buf_free(&o->envelopes[o->done.delivery_count]); /* the next delivery's place */
		wg_buf_free(&o->disclosures[o->done.delivery_count]);
		wg_outcome_need_person(o, "nobody can be told when its review is overdue: %.200s", fault.text);
	}
	return WG_OK;
}
