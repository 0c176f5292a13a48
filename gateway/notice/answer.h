/* What a mail says of copies that we sent: as its reader found it (adapters/readers/answer.c), in the form in which it
 * comes out of the confined process. Nothing of it is believed yet: which delivery it means, and who may say so, is
 * decided by the role and the store. */
#ifndef WG_NOTICE_ANSWER_H
#define WG_NOTICE_ANSWER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/id.h"
#include "base/token.h"

enum wg_answer_kind {
	WG_ANSWER_NONE,   /* it speaks of no copy of ours: perhaps a notice */
	WG_ANSWER_AUTO,   /* a machine answered (RFC 3834): out of the office */
	WG_ANSWER_REPORT, /* a delivery report (RFC 3464) */
	WG_ANSWER_READ,   /* a read receipt (RFC 8098) */
	WG_ANSWER_BOUNCE, /* a mail server's own words that something did not arrive */
	WG_ANSWER_REPLY,  /* somebody wrote back */
	WG_ANSWER_PORTAL  /* "you have an encrypted message, click here" */
};
#define WG_ANSWER_KINDS 7

enum wg_answer_action {
	WG_ACTION_OTHER,
	WG_ACTION_FAILED,
	WG_ACTION_DELAYED,
	WG_ACTION_DELIVERED,
	WG_ACTION_RELAYED,
	WG_ACTION_EXPANDED
};
#define WG_ANSWER_ACTIONS 6

enum wg_answer_disposition {
	WG_DISPOSITION_OTHER,
	WG_DISPOSITION_DISPLAYED,
	WG_DISPOSITION_DELETED,
	WG_DISPOSITION_DISPATCHED,
	WG_DISPOSITION_PROCESSED,
	WG_DISPOSITION_DENIED,
	WG_DISPOSITION_FAILED
};
#define WG_ANSWER_DISPOSITIONS 7

/* A copy has one recipient, whose server may tell of several behind an alias. */
#define WG_ANSWER_RECIPIENTS 8
/* A thread of answers quotes the ids of all before it. */
#define WG_ANSWER_REFERENCES 16
#define WG_ANSWER_TOKENS 4
#define WG_ANSWER_WORDS 256
#define WG_ANSWER_PERSON 129

struct wg_answer {
	enum wg_answer_kind kind;
	/* Our references that it names, with "@domain" where that stood behind them; the likeliest first. firm of them
	 * stood where a program writes what it answers, the others within words. */
	char references[WG_ANSWER_REFERENCES][WG_REFERENCE_TEXT + 256];
	unsigned reference_count, firm;
	char tokens[WG_ANSWER_TOKENS][WG_TOKEN_TEXT]; /* that stand in it, each once */
	unsigned token_count;
	struct {
		enum wg_answer_action action;
		char words[WG_ANSWER_WORDS]; /* "5.1.1: no such mailbox" */
	} recipients[WG_ANSWER_RECIPIENTS];
	unsigned recipient_count;
	enum wg_answer_disposition disposition;
	bool automatic; /* the disposition was a program's doing, not a person's */
	/* REPLY */
	char person[WG_ANSWER_PERSON]; /* the name on its first line, "" when there is none */
	char words[WG_ANSWER_WORDS];   /* what it says itself, on one line, cut; a signature without its disclaimer too */
	bool refused;                  /* "not for us" */
	bool more;                     /* it says more than name or refusal, and that is not plainly a signature */
	bool documents, notice;        /* something is attached; and one of that is a notice */
};

void wg_answer_write(const struct wg_answer *answer, struct wg_buf *out);
/* WG_REJECT when it is not that; *out is untouched then. */
enum wg_code wg_answer_parse(const void *p, size_t len, struct wg_answer *out, struct wg_err *err) WG_MUST;

#endif
