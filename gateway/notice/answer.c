/* answer.c owns the wire form of what a reader found in a mail about our copies.
 * SECURITY: the process that wrote it may have been taken over by the mail: every number is checked. */
#include "notice/answer.h"

#include <string.h>

void wg_answer_write(const struct wg_answer *a, struct wg_buf *out)
{
	wg_buf_u8(out, (uint8_t)a->kind);
	wg_buf_u32(out, a->reference_count);
	for (unsigned i = 0; i < a->reference_count; i++)
		wg_buf_str(out, a->references[i]);
	wg_buf_u32(out, a->firm);
	wg_buf_u32(out, a->token_count);
	for (unsigned i = 0; i < a->token_count; i++)
		wg_buf_str(out, a->tokens[i]);
	wg_buf_u32(out, a->recipient_count);
	for (unsigned i = 0; i < a->recipient_count; i++) {
		wg_buf_u8(out, (uint8_t)a->recipients[i].action);
		wg_buf_str(out, a->recipients[i].words);
	}
	wg_buf_u8(out, (uint8_t)a->disposition);
	wg_buf_u8(out, a->automatic);
	wg_buf_str(out, a->person);
	wg_buf_str(out, a->words);
	wg_buf_u8(out, a->refused);
	wg_buf_u8(out, a->more);
	wg_buf_u8(out, a->documents);
	wg_buf_u8(out, a->notice);
}

/* A count of at most max; the cursor fails otherwise. */
static unsigned take_count(struct wg_cur *cur, unsigned max)
{
	uint32_t n = wg_cur_u32(cur);
	if (n > max)
		cur->failed = true;
	return cur->failed ? 0 : n;
}

static uint8_t take_enum(struct wg_cur *cur, uint8_t count)
{
	uint8_t v = wg_cur_u8(cur);
	if (v >= count)
		cur->failed = true;
	return cur->failed ? 0 : v;
}

enum wg_code wg_answer_parse(const void *p, size_t len, struct wg_answer *out, struct wg_err *err)
{
	struct wg_cur cur = WG_CUR(p, len);
	struct wg_answer a = { .kind = (enum wg_answer_kind)take_enum(&cur, WG_ANSWER_KINDS) };
	a.reference_count = take_count(&cur, WG_ANSWER_REFERENCES);
	for (unsigned i = 0; i < a.reference_count; i++)
		wg_cur_name(&cur, a.references[i], sizeof a.references[i]);
	a.firm = take_count(&cur, a.reference_count);
	a.token_count = take_count(&cur, WG_ANSWER_TOKENS);
	for (unsigned i = 0; i < a.token_count; i++)
		wg_cur_name(&cur, a.tokens[i], sizeof a.tokens[i]);
	a.recipient_count = take_count(&cur, WG_ANSWER_RECIPIENTS);
	for (unsigned i = 0; i < a.recipient_count; i++) {
		a.recipients[i].action = (enum wg_answer_action)take_enum(&cur, WG_ANSWER_ACTIONS);
		wg_cur_name(&cur, a.recipients[i].words, sizeof a.recipients[i].words);
	}
	a.disposition = (enum wg_answer_disposition)take_enum(&cur, WG_ANSWER_DISPOSITIONS);
	a.automatic = take_enum(&cur, 2) != 0;
	wg_cur_name(&cur, a.person, sizeof a.person);
	wg_cur_name(&cur, a.words, sizeof a.words);
	a.refused = take_enum(&cur, 2) != 0;
	a.more = take_enum(&cur, 2) != 0;
	a.documents = take_enum(&cur, 2) != 0;
	a.notice = take_enum(&cur, 2) != 0;
	if (!wg_cur_end(&cur))
		return wg_err_set(err, WG_REJECT, "what the reader made of the mail cannot be used");
	*out = a;
	return WG_OK;
}
