/* answer.c owns what an answer does to a delivery: which receipt each kind of answer is, which copy it is of, and when
 * a person has to read it. SECURITY: a report is believed as far as the store believes whoever knows a copy's
 * reference; a person's name counts only with the token out of the sealed copy, or under the signature of the
 * organisation that was written to. */
#include "role/answer.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "notice/resolution.h"
#include "role/handle_mail.h"
#include "store/client.h"

enum wg_code wg_answer_look(const struct wg_paths *paths, const struct wg_buf *mail, struct wg_answer *out,
                            struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf said = WG_BUF(WG_LIMIT_READER_OUTPUT);
	enum wg_code code = wg_read_answer(paths, mail->data, mail->len, &said, err);
	return code == WG_OK ? wg_answer_parse(said.data, said.len, out, err) : code;
}

/* ---- which receipt it is */

static void receipt(struct wg_receipt_new *r, enum wg_receipt_level level, const char *way, const char *organisation,
                    const char *words, const char *also)
{
	*r = (struct wg_receipt_new){ .level = level };
	(void)snprintf(r->way, sizeof r->way, "%s", way);                            /* fits */
	(void)snprintf(r->organisation, sizeof r->organisation, "%s", organisation); /* as long */
	(void)snprintf(r->detail, sizeof r->detail, "%s%s%s", words, words[0] != '\0' && also[0] != '\0' ? ": " : "",
	               also); /* cut: words */
}

/* RFC 3464 2.3.3: "relayed" and "expanded" went to where nobody reports, "delivered" is the last server's word. */
static void of_report(const struct wg_answer *a, unsigned i, const char *organisation, struct wg_receipt_new *r)
{
	static const struct {
		enum wg_receipt_level level;
		const char *words;
	} table[WG_ANSWER_ACTIONS] = {
		[WG_ACTION_OTHER] = { WG_RECEIPT_NOTED, "a delivery report that says nothing known" },
		[WG_ACTION_FAILED] = { WG_RECEIPT_FAILED, "it could not be delivered" },
		[WG_ACTION_DELAYED] = { WG_RECEIPT_NOTED, "its delivery is delayed; it is still being tried" },
		[WG_ACTION_DELIVERED] = { WG_RECEIPT_RECEIVED, "delivered" },
		[WG_ACTION_RELAYED] = { WG_RECEIPT_NOTED, "passed on to a server that reports no further" },
		[WG_ACTION_EXPANDED] = { WG_RECEIPT_NOTED, "passed on to several mailboxes" },
	};
	const enum wg_answer_action action = a->recipients[i].action;
	receipt(r, table[action].level, "dsn", organisation, table[action].words, a->recipients[i].words);
}

/* RFC 8098 3.2.6. What a program did by itself was seen by nobody. */
static void of_read(const struct wg_answer *a, const char *organisation, struct wg_receipt_new *r)
{
	static const char *const words[WG_ANSWER_DISPOSITIONS] = {
		[WG_DISPOSITION_OTHER] = "a read receipt that says nothing known",
		[WG_DISPOSITION_DISPLAYED] = "displayed",
		[WG_DISPOSITION_DELETED] = "deleted, perhaps without being read",
		[WG_DISPOSITION_DISPATCHED] = "passed on by its recipient's program",
		[WG_DISPOSITION_PROCESSED] = "processed by its recipient's program, and not shown to anybody",
		[WG_DISPOSITION_DENIED] = "its recipient does not want to say whether it was read",
		[WG_DISPOSITION_FAILED] = "its recipient's program could not say whether it was read",
	};
	bool seen = a->disposition == WG_DISPOSITION_DISPLAYED && !a->automatic;
	bool unseen = a->disposition == WG_DISPOSITION_DISPLAYED && a->automatic;
	receipt(r, seen ? WG_RECEIPT_OPENED : WG_RECEIPT_NOTED, "mdn", organisation,
	        unseen ? "displayed by a program, and not to a person" : words[a->disposition], "");
}

static void of_reply(const struct wg_answer *a, const char *organisation, bool token, struct wg_receipt_new *r)
{
	bool believed = token || organisation[0] != '\0';
	if (believed && a->refused) {
		receipt(r, WG_RECEIPT_REFUSED, "reply", organisation, a->words, "");
	} else if (believed && a->person[0] != '\0') {
		/* what its signature says stands with it: whoever rings that person wants the number */
		receipt(r, WG_RECEIPT_ACKNOWLEDGED, "reply", organisation, a->more ? "" : a->words, "");
		(void)snprintf(r->person, sizeof r->person, "%s", a->person); /* as long */
	} else {
		receipt(r, WG_RECEIPT_NOTED, "reply", organisation, "somebody wrote back; a person has to read it", "");
	}
}

unsigned wg_answer_receipts(const struct wg_answer *a, const char *organisation, bool token, struct wg_receipt_new *out)
{
	switch (a->kind) {
	case WG_ANSWER_REPORT:
		for (unsigned i = 0; i < a->recipient_count; i++)
			of_report(a, i, organisation, &out[i]);
		return a->recipient_count;
	case WG_ANSWER_READ:
		of_read(a, organisation, out);
		return 1;
	case WG_ANSWER_AUTO:
		receipt(out, WG_RECEIPT_NOTED, "reply", organisation, "an automatic answer: nobody has seen it for that", "");
		return 1;
	case WG_ANSWER_BOUNCE:
		receipt(out, WG_RECEIPT_NOTED, "dsn", organisation,
		        "a mail server wrote that something is wrong; a person has "
		        "to read it",
		        "");
		return 1;
	case WG_ANSWER_REPLY:
		of_reply(a, organisation, token, out);
		return 1;
	case WG_ANSWER_NONE:
	case WG_ANSWER_PORTAL:
		break;
	}
	return 0;
}

/* ---- which copy it is of */

/* Our own reference out of "REFERENCE@domain", where the domain is the one we write from. */
static bool own_reference(const struct wg_process *p, const char *text, char out[static WG_REFERENCE_TEXT])
{
	size_t n = strcspn(text, "@");
	const char *domain = strchr(p->config->mail_out.from, '@');
	if (n >= WG_REFERENCE_TEXT || (text[n] == '@' && (domain == NULL || strcasecmp(text + n, domain) != 0)))
		return false;
	memcpy(out, text, n);
	out[n] = '\0';
	return wg_reference_valid(out);
}

/* WG_OK with *known: the store has kept it. *why: what it says against it. */
static enum wg_code offer(struct wg_client *client, const struct wg_receipt_new *r, bool *known, struct wg_err *why,
                          struct wg_err *err)
{
	struct wg_receipt_result result;
	struct wg_err fault = { 0 };
	enum wg_code code = wg_client_receipt(client, r, &result, &fault);
	if (code == WG_OK) {
		*known = true;
		return WG_OK;
	}
	if (code != WG_NOT_FOUND && code != WG_REJECT && code != WG_DENIED) {
		*err = fault;
		return code;
	}
	if (code == WG_REJECT)
		*why = fault;
	return WG_OK;
}

/* Offers a receipt for the token, or for the likeliest reference that the store knows. */
static enum wg_code keep(const struct wg_process *p, struct wg_client *client, const struct wg_answer *a,
                         struct wg_receipt_new *r, bool *known, struct wg_err *why, struct wg_err *err)
{
	bool by_words = a->kind == WG_ANSWER_BOUNCE;
	enum wg_code code = WG_OK;
	bool person = r->level == WG_RECEIPT_ACKNOWLEDGED || r->level == WG_RECEIPT_REFUSED;
	*known = false;
	if (a->token_count > 0 && person) {
		wg_token_hash(a->tokens[0], r->token_hash);
		return offer(client, r, known, why, err);
	}
	for (unsigned i = 0; code == WG_OK && !*known && i < (by_words ? a->reference_count : a->firm); i++)
		if (own_reference(p, a->references[i], r->reference))
			code = offer(client, r, known, why, err);
	if (code == WG_OK && !*known && a->token_count > 0) {
		r->reference[0] = '\0';
		wg_token_hash(a->tokens[0], r->token_hash);
		code = offer(client, r, known, why, err);
	}
	return code;
}

/* ---- what a person has to do about it */

/* NULL: nothing. */
static const char *needs_person(const struct wg_answer *a, const struct wg_receipt_new *r, bool known)
{
	if (!known)
		return a->kind == WG_ANSWER_REPLY ? "somebody writes back about a copy that is not known here"
		                                  : "a mail server or program answers a mail that is not known here";
	if (a->kind == WG_ANSWER_BOUNCE)
		return "a mail server wrote that a copy may not have arrived: read its words, and ring the recipient";
	if (a->kind != WG_ANSWER_REPLY)
		return NULL;
	if (r->level == WG_RECEIPT_NOTED && a->person[0] != '\0')
		return "somebody writes back and gives a name, with neither the code of the copy nor a signature: ring them";
	if (r->level == WG_RECEIPT_NOTED)
		return "somebody writes back about a copy, and does not say plainly who: read it, and answer them";
	if (a->documents)
		return "a reply to a copy has something attached";
	if (a->more)
		return "a reply to a copy says more than that it arrived";
	return NULL;
}

static enum wg_code settle(const struct wg_process *p, struct wg_client *client, const struct wg_msg_job *job,
                           const struct wg_mail_in *mail, const struct wg_answer *a, struct wg_outcome *o,
                           struct wg_err *err)
{
	struct wg_receipt_new receipts[WG_ANSWER_RECIPIENTS];
	struct wg_err why = { 0 };
	unsigned count = wg_answer_receipts(a, mail->organisation, a->token_count > 0, receipts), kept = 0;
	for (unsigned i = 0; i < count; i++) {
		bool known = false;
		(void)snprintf(receipts[i].id, sizeof receipts[i].id, "mail.%s.%u", job->id, i); /* fits */
		memcpy(receipts[i].message, job->id, sizeof receipts[i].message);
		enum wg_code code = keep(p, client, a, &receipts[i], &known, &why, err);
		if (code != WG_OK)
			return code;
		kept += known;
	}
	const char *words = needs_person(a, receipts, count > 0 && kept > 0);
	if (words == NULL) {
		wg_outcome_settle(o, WG_MSG_ANSWER, "");
		return WG_OK;
	}
	char reason[640];
	(void)snprintf(reason, sizeof reason, "%s%s%.300s", words, why.text[0] != '\0' ? ": " : "", why.text); /* fits */
	wg_outcome_settle(o, WG_MSG_ATTENTION, reason);
	return WG_OK;
}

static void advise(const struct wg_process *p, const struct wg_mail_in *mail, struct wg_outcome *o)
{
	char reason[800];
	(void)snprintf(reason, sizeof reason,
	               "it lies in a web portal, where this gateway does not go: ring the sender, and ask for it as an "
	               "ordinary mail to %s over TLS, or signed and encrypted with S/MIME to our certificate",
	               p->config->mail_out.from[0] != '\0' ? p->config->mail_out.from : "us"); /* fits */
	if (mail->organisation[0] == '\0')
		wg_handle_unknown(mail, reason, o);
	else
		wg_outcome_settle(o, WG_MSG_ATTENTION, reason);
}

/* A person has read it and says nothing but that: then it is an answer. *document: it is to be read as a notice. */
static enum wg_code judged(const struct wg_process *p, const struct wg_msg_job *job, bool *read, bool *document,
                           struct wg_err *err)
{
	WG_AUTO_RESOLUTION struct wg_resolution *r = NULL;
	enum wg_code code = wg_handle_resolution(p, job, &r, err);
	*read = *document = false;
	if (code != WG_OK || r == NULL)
		return code;
	*document = r->count > 0 || r->kind[0] != '\0' || r->give_back != NULL;
	*read = r->text_read && !*document;
	return WG_OK;
}

enum wg_code wg_answer_handle(struct wg_process *p, struct wg_client *client, const struct wg_msg_job *job,
                              const struct wg_mail_in *mail, struct wg_outcome *o, bool *settled, struct wg_err *err)
{
	struct wg_answer a = { 0 };
	bool read = false, document = false;
	enum wg_code code = wg_answer_look(&p->config->paths, &mail->text, &a, err);
	if (code == WG_REJECT || code == WG_LIMIT) /* the mail reader will say it better */
		return WG_OK;
	if (code == WG_OK && a.kind != WG_ANSWER_NONE)
		code = judged(p, job, &read, &document, err);
	if (code != WG_OK || a.kind == WG_ANSWER_NONE || document)
		return code;
	if (a.kind == WG_ANSWER_PORTAL) {
		*settled = job->resolution == NULL;
		if (*settled)
			advise(p, mail, o);
		return WG_OK;
	}
	*settled = true;
	code = settle(p, client, job, mail, &a, o, err);
	if (code == WG_OK && read)
		wg_outcome_settle(o, WG_MSG_ANSWER, "a person has read it");
	return code;
}
