/* handle_receipt.c owns what a partner's gateway says of a copy that we sent it.
 * SECURITY: the words are a stranger's; whose they are was authenticated, and the store lets each speak of its own
 * deliveries only. */
#include "role/handle_receipt.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

bool wg_handle_receipt_is(const struct wg_msg_job *job, const char *kind)
{
	return strcmp(kind, "receipt") == 0 && strcmp(job->way, "self") != 0;
}

/* A place of the notice, defanged; "" when it is not there. */
static void take(const struct wg_notice *notice, const char *place, char *out, size_t size)
{
	char text[1024];
	bool there = wg_notice_get_into(notice, place, text, sizeof text);
	(void)wg_defang(there ? text : "", out, size);
}

/* What a level is called in a notice, and as a receipt. What was handed over is our own business. */
static bool level_of(const struct wg_notice *notice, enum wg_receipt_level *out)
{
	char level[32];
	take(notice, "delivery/level", level, sizeof level);
	return strcmp(level, "noted") != 0 && wg_receipt_level_find(level, out);
}

static int64_t said_at(const struct wg_notice *notice)
{
	static const char *const places[] = { "delivery/acknowledged", "delivery/opened", "delivery/received",
		                                  "header/sent" };
	char text[WG_CLOCK_TEXT];
	int64_t at = 0;
	for (size_t i = 0; i < WG_COUNT(places); i++) {
		take(notice, places[i], text, sizeof text);
		if (text[0] != '\0' && wg_clock_parse(text, &at))
			return at > 0 ? at : 0;
	}
	return 0;
}

/* NULL: it can be kept. */
static const char *fault_of(const struct wg_process *p, const struct wg_msg_job *job, const struct wg_mail_in *mail,
                            const struct wg_notice *notice, struct wg_receipt_new *r)
{
	char made_for[WG_LIMIT_NAME + 1];
	if (job->organisation[0] == '\0' || (mail != NULL && !mail->gateway))
		return "it says that a copy has arrived, and no gateway has signed it: ring whoever it names";
	take(notice, "header/copy-for/@organisation", made_for, sizeof made_for);
	if (strcmp(made_for, p->config->organisation) != 0)
		return "it says that a copy has arrived, to somebody else";
	if (!level_of(notice, &r->level))
		return "it says of a copy how far it has come, in words that are not known here";
	if (!wg_reference_valid(r->reference))
		return "it says of a copy how far it has come, and not of which one";
	if (r->level == WG_RECEIPT_ACKNOWLEDGED && r->person[0] == '\0')
		return "it says that somebody has a copy, and not who: ring them";
	return NULL;
}

void wg_handle_receipt(const struct wg_process *p, const struct wg_msg_job *job, const struct wg_mail_in *mail,
                       const struct wg_notice *notice, struct wg_outcome *o)
{
	struct wg_receipt_new *r = &o->receipt;
	char id[WG_LIMIT_NAME + 1];
	*r = (struct wg_receipt_new){ .way = "notice", .said_at = said_at(notice) };
	take(notice, "@id", id, sizeof id);
	(void)snprintf(r->id, sizeof r->id, "notice.%s", id); /* fits */
	take(notice, "delivery/reference", r->reference, sizeof r->reference);
	take(notice, "delivery/by", r->person, sizeof r->person);
	take(notice, "delivery/reason", r->detail, sizeof r->detail);
	take(notice, "delivery/copy-hash", r->copy_hash, sizeof r->copy_hash);
	take(notice, "delivery/log-head", r->log_head, sizeof r->log_head);
	memcpy(r->organisation, job->organisation, sizeof r->organisation);
	memcpy(r->message, job->id, sizeof r->message);
	const char *fault = fault_of(p, job, mail, notice, r);
	o->done.sender_reference[0] = '\0'; /* a receipt gets none */
	o->done.sender_copy_hash[0] = '\0';
	if (fault != NULL) {
		wg_outcome_settle(o, WG_MSG_ATTENTION, fault);
		return;
	}
	o->done.receipts = r;
	o->done.receipt_count = 1;
	wg_outcome_settle(o, WG_MSG_ANSWER, "");
}
