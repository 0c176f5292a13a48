/* handle.c owns one message's way through the process role: open, read, match, decide, keep, and one transaction at the
 * end. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "role/answer.h"
#include "role/handle_mail.h"
#include "role/handle_receipt.h"
#include "role/know.h"
#include "role/outcome.h"
#include "role/resolve.h"

static enum wg_code keep_notice(struct wg_process *p, const struct wg_read *read, struct wg_outcome *o,
                                struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf xml = WG_BUF(WG_LIMIT_NOTICE), report = WG_BUF(WG_LIMIT_READER_OUTPUT);
	enum wg_code code = WG_OK;
	if (read->notice != NULL) {
		code = wg_notice_serialise(read->notice, &xml, err);
		if (code == WG_OK)
			code = wg_rest_seal(p->rest, xml.data, xml.len, &o->notice, err);
	}
	if (code == WG_OK && read->report != NULL) {
		code = wg_report_write(read->report, read->fields, &report, err);
		if (code == WG_OK)
			code = wg_rest_seal(p->rest, report.data, report.len, &o->report, err);
	}
	wg_buf_wipe(&xml);
	wg_buf_wipe(&report);
	o->done.notice = o->notice.data;
	o->done.notice_len = o->notice.len;
	o->done.report = o->report.data;
	o->done.report_len = o->report.len;
	return code;
}

/* What a person said of the message changes what was read; *out is NULL when nobody said anything. */
static enum wg_code resolve(const struct wg_process *p, const struct wg_msg_job *job, struct wg_read *read,
                            struct wg_resolution **out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf text = WG_BUF(WG_STORE_RESOLUTION_MAX);
	if (job->resolution == NULL || read->divided)
		return WG_OK;
	enum wg_code code =
		wg_cms_decrypt(p->storage_key, p->storage_cert, job->resolution, job->resolution_len, &text, err);
	if (code == WG_CRYPTO || code == WG_REJECT)
		code = wg_err_set(err, WG_CORRUPT, "what a person said of it cannot be opened with the storage key");
	if (code == WG_OK)
		code = wg_resolve(p, job, &text, read, out, err);
	wg_buf_wipe(&text);
	return code;
}

static void take_choices(const struct wg_resolution *r, struct wg_outcome *o)
{
	o->done.child_choice = r->new_child ? WG_CHILD_NEW : r->same_child[0] != '\0' ? WG_CHILD_SAME : WG_CHILD_BY_KEYS;
	if (o->done.child_choice == WG_CHILD_SAME) /* what is no id is refused as one that nothing has */
		(void)snprintf(o->done.child_as, sizeof o->done.child_as, "%.26s", r->same_child);
	o->done.episode_new = r->new_episode;
}

/* The grade that a notice gives the child is one that the region has; otherwise somebody has to ask. */
static void check_grade(const struct wg_process *p, const struct wg_notice *notice, struct wg_outcome *o)
{
	char why[WG_POLICY_GRADE_TEXT], now[WG_CLOCK_TEXT];
	if (!wg_policy_grade(p->policy, notice, wg_clock_format(wg_clock_now(), now), why, sizeof why))
		wg_outcome_need_person(o, "%s", why);
}

/* Whoever wrote a password into a form has given it away to all who saw the form on its way here: somebody has to tell
 * them (S-30). The notice goes on without it. */
static void warn_of_password(const struct wg_report *report, struct wg_outcome *o)
{
	for (size_t i = 0; report != NULL && i < report->count; i++)
		if (report->placements[i].what == WG_NOT_CARRIED) {
			wg_outcome_need_person(o, "it came with a password, which was not carried: ask whoever sent it to have it "
			                          "changed, and never to write one into a form");
			return;
		}
}

/* What gateways say of their own work: about no child. */
static bool of_gateways(const char *kind)
{
	return wg_list_has("not-confirmed receipt alert", kind);
}

/* A notice that is whole: matched, decided, sealed. */
static enum wg_code decide(struct wg_process *p, struct wg_client *client, const struct wg_msg_job *job,
                           struct wg_notice *notice, const struct wg_resolution *resolution, struct wg_outcome *o,
                           struct wg_err *err)
{
	WG_AUTO_KNOWN struct wg_known known = { 0 };
	bool back = resolution != NULL && resolution->give_back != NULL;
	enum wg_code code = WG_OK;
	if (back) { /* to the owner of the form: about no child yet */
		o->done.state = WG_MSG_RETURNED;
		return wg_handle_decide(p, job, notice, NULL, o, err);
	}
	if (of_gateways(o->done.kind))
		return wg_handle_decide(p, job, notice, NULL, o, err);
	if (resolution != NULL)
		take_choices(resolution, o);
	code = wg_match_keys(p, job, notice, o, err);
	if (code == WG_OK)
		code = wg_match_content(p, notice, o, err);
	if (code == WG_OK)
		code = wg_know(p, client, job, notice, o, &known, err);
	if (code == WG_OK)
		code = wg_handle_decide(p, job, notice, &known, o, err);
	if (code == WG_OK && known.context.concerns_unknown)
		wg_outcome_need_person(o, "it names a notice that is not known here: header/concerns");
	if (code == WG_OK && resolution == NULL) /* a person who answered has seen the grade */
		check_grade(p, notice, o);
	return code;
}

/* Nobody knows who sent it: what it says is kept for the person who has to find out. */
static enum wg_code unknown(struct wg_process *p, const struct wg_mail_in *mail, const struct wg_read *read,
                            struct wg_outcome *o, struct wg_err *err)
{
	if (read->notice != NULL)
		(void)wg_notice_get_into(read->notice, "@kind", o->done.kind,
		                         sizeof o->done.kind); /* a notice always has one */
	enum wg_code code = read->divided ? WG_OK : keep_notice(p, read, o, err);
	wg_handle_unknown(mail, read->reason, o);
	return code;
}

/* From plaintext to outcome. WG_OK: settled, one way or the other. mail: NULL unless it came by mail. */
static enum wg_code work_on(struct wg_process *p, struct wg_client *client, const struct wg_msg_job *job,
                            const struct wg_buf *original, const struct wg_mail_in *mail, struct wg_outcome *o,
                            struct wg_err *err)
{
	WG_AUTO_READ struct wg_read read = { 0 };
	WG_AUTO_RESOLUTION struct wg_resolution *resolution = NULL;
	enum wg_code code = wg_handle_read(p, job, original, mail, &read, err);
	if (code != WG_OK)
		return code;
	o->readable = true;
	wg_handle_copy(p, job, mail, &read, o);
	if (job->organisation[0] == '\0' && mail != NULL)
		return unknown(p, mail, &read, o, err);
	if (read.divided)
		return wg_handle_divide(p, job, &read, o, err);
	code = resolve(p, job, &read, &resolution, err);
	if (code != WG_OK)
		return code;
	if (read.notice != NULL)
		(void)wg_notice_get_into(read.notice, "@kind", o->done.kind, sizeof o->done.kind); /* a notice always has one */
	code = keep_notice(p, &read, o, err);
	if (code == WG_OK && read.attention) {
		wg_outcome_settle(o, WG_MSG_ATTENTION, read.reason);
		return WG_OK;
	}
	if (code == WG_OK && wg_handle_receipt_is(job, o->done.kind)) {
		wg_handle_receipt(p, job, mail, read.notice, o);
		return WG_OK;
	}
	if (code == WG_OK)
		code = decide(p, client, job, read.notice, resolution, o, err);
	if (code == WG_OK && resolution == NULL) /* a person who answered has seen it */
		warn_of_password(read.report, o);
	return code;
}

static enum wg_code work(struct wg_process *p, struct wg_client *client, const struct wg_msg_job *job,
                         const struct wg_buf *original, struct wg_outcome *o, struct wg_err *err)
{
	WG_AUTO_MAIL_IN struct wg_mail_in mail = { 0 };
	struct wg_msg_job known = *job; /* borrows what the job owns */
	if (!wg_mail_in_is(job))
		return work_on(p, client, job, original, NULL, o, err);
	enum wg_code code = wg_handle_mail(p, job, original, &mail, &known, o, err);
	bool settled = false;
	if (code == WG_OK)
		code = wg_answer_handle(p, client, &known, &mail, o, &settled, err);
	if (code == WG_OK && !settled)
		code = work_on(p, client, &known, original, &mail, o, err);
	if (code == WG_REJECT && !o->readable) { /* nobody to answer: it is never bounced */
		wg_handle_unknown(&mail, err->text, o);
		code = WG_OK;
	}
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

static void log_settled(const struct wg_msg_job *job, const struct wg_outcome *o,
                        const struct wg_msg_done_result *result)
{
	char count[16];
	(void)snprintf(count, sizeof count, "%u", o->done.delivery_count);
	wg_log(WG_LOG_INFO, wg_message_state_name(result->state), "message", job->id, "organisation",
	       o->done.organisation[0] != '\0' ? o->done.organisation : job->organisation, "kind", o->done.kind,
	       "deliveries", result->doubt || result->duplicate ? "0" : count, "reason", result->reason, "duplicate-of",
	       result->duplicate ? result->duplicate_of : NULL, NULL);
	if (result->receipts_unknown > 0)
		wg_log(WG_LOG_WARNING, "receipt-of-nothing", "message", job->id, "organisation", job->organisation, "do",
		       "it fits no copy that this organisation was sent: ask its operator", NULL);
}

/* What a fault means for the message: its sender hears of a document that cannot be read. All else is for a person,
 * a reader that ran out of time or memory too: whether the document or the machine was at fault cannot be told, and a
 * report of a missing child is not turned away on a guess. */
static void settle_fault(struct wg_outcome *o, const struct wg_err *fault)
{
	bool senders = !o->readable && fault->code == WG_REJECT;
	wg_outcome_settle(o, senders ? WG_MSG_REJECTED : WG_MSG_ATTENTION, fault->text);
}

/* A passing fault. A limit of time may be this machine's, when it has much to do: once more before a person is
 * told. */
static bool try_again(const struct wg_outcome *o, const struct wg_msg_job *job, enum wg_code code)
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
	struct wg_process_next next = { .lease = 0 };
	return wg_process_handle_next(p, client, job, &next, err);
}

enum wg_code wg_process_handle_next(struct wg_process *p, struct wg_client *client, const struct wg_msg_job *job,
                                    struct wg_process_next *next, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf original = WG_BUF(WG_LIMIT_MESSAGE);
	WG_CLEANUP(wg_outcome_freep) struct wg_outcome *o = wg_outcome_new(p, job);
	struct wg_msg_done_result result = { 0 };
	struct wg_err fault = { 0 };
	next->asked = false;
	if (o == NULL)
		return put_back(client, job, &(struct wg_err){ .code = WG_SYSTEM, .text = "out of memory" }, err);
	(void)wg_mem_refused(); /* that was somebody else's */
	enum wg_code code = open_original(p, job, &original, &fault);
	if (code == WG_OK)
		code = work(p, client, job, &original, o, &fault);
	wg_buf_wipe(&original);
	if (wg_mem_refused()) /* whatever a library made of it */
		code = wg_err_set(&fault, WG_SYSTEM, "out of memory");
	if (try_again(o, job, code))
		return put_back(client, job, &fault, err);
	if (code != WG_OK)
		settle_fault(o, &fault);
	code = wg_client_done_lease(client, &o->done, next->lease, next->wait_ms, &result, &next->asked, err);
	if (code == WG_OK)
		log_settled(job, o, &result);
	return unless_lost(job, code);
}
