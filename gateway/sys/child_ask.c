/* child_ask.c owns the questions of a program that is run: one frame in, one frame out, one at a time.
 * SECURITY: the program may have been taken over by what it reads; what it asks is bounded here, and judged by whoever
 * answers. */
#include <errno.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/child_internal.h"

#define HEAD 4

void wg_child_asking_free(struct wg_child_asking *a)
{
	wg_buf_wipe(&a->question);
	wg_buf_wipe(&a->answer);
	wg_buf_wipe(&a->frame);
}

/* False when there is nothing more to read now. */
static bool read_some(struct wg_child_proc *proc, struct wg_child_asking *a)
{
	uint8_t part[1024];
	ssize_t n;
	do
		n = read(proc->ask, part, sizeof part);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		wg_buf_put(&a->question, part, (size_t)n);
	else if (n == 0 || errno != EAGAIN)
		wg_closep(&proc->ask);
	return n > 0;
}

/* An answer is smaller than a pipe, and the pipe is empty: whoever asked read the last answer first. */
static bool write_answer(struct wg_child_proc *proc, struct wg_child_asking *a)
{
	ssize_t n;
	do
		n = write(proc->told, a->frame.data, a->frame.len);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)a->frame.len || (n < 0 && errno == EPIPE); /* gone: its end says the rest */
}

enum wg_code wg_child_ask(const struct wg_child *spec, struct wg_child_proc *proc, struct wg_child_asking *a,
                          struct wg_err *err)
{
	if (a->question.max == 0)
		*a = (struct wg_child_asking){ .question = WG_BUF(HEAD + WG_CHILD_FRAME_MAX),
			                           .answer = WG_BUF(WG_CHILD_FRAME_MAX),
			                           .frame = WG_BUF(HEAD + WG_CHILD_FRAME_MAX) };
	if (!read_some(proc, a))
		return WG_OK;
	if (a->question.failed)
		return wg_err_set(err, WG_REJECT, "the program that reads it asks for more than it may");
	if (a->question.len < HEAD)
		return WG_OK;
	struct wg_cur cur = WG_CUR(a->question.data, HEAD);
	size_t len = wg_cur_u32(&cur);
	if (len > WG_CHILD_FRAME_MAX || a->question.len - HEAD > len)
		return wg_err_set(err, WG_REJECT, "the program that reads it asks for what it may not");
	if (a->question.len - HEAD < len)
		return WG_OK;
	enum wg_code code = spec->answer(spec->answer_arg, a->question.data + HEAD, len, &a->answer, err);
	if (code != WG_OK)
		return code;
	wg_buf_bytes(&a->frame, a->answer.data, a->answer.len);
	code = wg_buf_check(&a->frame, "an answer to the program", err);
	if (code == WG_OK && !write_answer(proc, a))
		code = wg_err_set(err, WG_REJECT, "the program that reads it asks and does not listen");
	wg_buf_reset(&a->question);
	wg_buf_wipe(&a->answer);
	wg_buf_wipe(&a->frame);
	return code;
}
