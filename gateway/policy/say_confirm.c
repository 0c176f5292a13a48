/* say_confirm.c owns the sentences of a deadline. */
#include "policy/confirm_internal.h"

#include <string.h>

#include "policy/say_internal.h"

static void say_whom(const struct wg_policy *policy, const struct wg_confirm_step *step, struct wg_buf *out)
{
	static const char *const words[WG_CONFIRM_WHOMS] = {
		[WG_CONFIRM_ALTERNATE] = "the desk that stands in for it",
		[WG_CONFIRM_OUT_OF_HOURS] = "its team outside office hours",
		[WG_CONFIRM_SENDER] = "whoever sent the notice",
		[WG_CONFIRM_OPERATOR] = "the operator of the gateway",
	};
	if (step->whom == WG_CONFIRM_ROLE)
		wg_say_role(policy, wg_policy_role(policy, step->role), out);
	else
		wg_buf_puts(out, words[step->whom]);
}

static void say_hours(const struct wg_confirm_step *step, struct wg_buf *out)
{
	if (step->in[0] == '\0')
		return;
	wg_buf_puts(out, step->after.days > 0 ? " on which " : " in which ");
	if (strcmp(step->in, WG_CONFIRM_IN_DESK) == 0)
		wg_buf_puts(out, "the desk is open");
	else
		wg_buf_printf(out, "the office with the hours of %s is open", step->in);
}

static void say_step(const struct wg_policy *policy, const struct wg_confirm_step *step, struct wg_buf *out)
{
	static const char *const words[WG_CONFIRM_LEVELS] = {
		[WG_CONFIRM_HANDED_OVER] = "handed over",
		[WG_CONFIRM_RECEIVED] = "received",
		[WG_CONFIRM_OPENED] = "opened",
		[WG_CONFIRM_ACKNOWLEDGED] = "acknowledged by a named person",
	};
	wg_buf_printf(out, " not %s after ", words[step->missing]);
	wg_say_time(step->after.text, out);
	say_hours(step, out);
	wg_buf_puts(out, ", ");
	say_whom(policy, step, out);
	wg_buf_puts(out, " is told");
}

void wg_say_deadline(const struct wg_policy *policy, const struct wg_deadline *one, struct wg_buf *out)
{
	static const struct wg_span always = { .from = INT64_MIN, .until = INT64_MAX };
	wg_buf_puts(out, "Of what is sent of notices of ");
	wg_say_kinds(policy, &one->kinds, out);
	wg_buf_puts(out, " to ");
	if (wg_set_full(&one->to))
		wg_buf_puts(out, "anybody");
	else
		wg_say_roles(policy, &one->to, out);
	wg_say_sides(one->sides, out);
	if (one->at[0] != '\0')
		wg_buf_printf(out, " at an organisation of kind %s", one->at);
	wg_say_bounds(&always, &one->when, out);
	wg_buf_putc(out, ':');
	for (unsigned i = 0; i < one->step_count; i++) {
		wg_buf_puts(out, i > 0 ? ";" : "");
		say_step(policy, &one->steps[i], out);
	}
	wg_buf_putc(out, '.');
	wg_say_areas(&policy->layers[one->layer], out);
}
