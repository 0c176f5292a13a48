/* What the files of the answer reader share. */
#ifndef WG_READERS_ANSWER_INTERNAL_H
#define WG_READERS_ANSWER_INTERNAL_H

#include "notice/answer.h"

/* Adds the references of ours that stand in text, each once; firm: a program wrote them there. */
void wg_answer_references(struct wg_answer *a, const char *text, size_t len, bool firm);
void wg_answer_tokens(struct wg_answer *a, const char *text, size_t len);

/* answer_report.c: the machine-readable part of a report. */
void wg_answer_delivery(struct wg_answer *a, const char *text, size_t len);    /* message/delivery-status */
void wg_answer_disposition(struct wg_answer *a, const char *text, size_t len); /* message/disposition-notification */

/* answer_text.c: what somebody wrote above, below or between what is quoted: person, words, refused, more. */
void wg_answer_text(struct wg_answer *a, const char *text, size_t len);

/* answer_signature.c: whether a line is plainly of a signature and says nothing else: a post or an organisation, a
 * number or an address; whether words are a post alone; whether a line begins a disclaimer, which goes on to the next
 * empty line. */
bool wg_answer_signature(const char *line);
bool wg_answer_title(const char *words);
bool wg_answer_disclaimer(const char *line);

/* answer_page.c: a page as text: its quotes begin with ">", its lines end where they are shown to end. */
void wg_answer_page(const char *html, size_t len, struct wg_buf *out);

#endif
