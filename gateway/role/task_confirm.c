/* task_confirm.c owns what is said when a copy was not confirmed: what to do, whom to ring, what has not come. It is
 * read by somebody who was woken for it. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/task.h"

/* A sentence or three, with two names and two telephones in them. */
#define WORDS 1024
#define RING 512
/* So long it is looked whether somebody can be told after all; then it is history. */
#define IN_VAIN_MS (INT64_C(7) * 24 * 3600 * 1000)

static struct wg_confirm_facts facts_of(const struct wg_process *p, const struct wg_task *task)
{
	struct wg_confirm_facts facts = {
		.rule = task->confirm,
		.kind = task->notice_kind,
		.organisation = task->organisation,
		.desk = task->desk,
		.role = task->role,
		.of = task->of,
		.sender = task->sender,
		.self = p->config->organisation,
		.since = task->since,
		.handed_over = task->handed_over,
		.received = task->received,
		.opened = task->opened,
		.acknowledged = task->acknowledged,
		.steps = task->steps,
		.hidden = !task->known,
	};
	switch (task->state) {
	case WG_DLV_FAILED:
	case WG_DLV_REFUSED:
		facts.failed = true;
		break;
	case WG_DLV_RECALLED:
	case WG_DLV_SUPERSEDED:
	case WG_DLV_WITHHELD:
	case WG_DLV_REVIEW:
	case WG_DLV_HELD:
	case WG_DLV_ACKNOWLEDGED:
		facts.ended = true;
		break;
	case WG_DLV_DECIDED:
	case WG_DLV_SEALED:
	case WG_DLV_SENDING:
	case WG_DLV_DEFERRED:
	case WG_DLV_HANDED_OVER:
	case WG_DLV_RECEIVED:
	case WG_DLV_OPENED:
		break;
	}
	return facts;
}

/* ---- in words */

/* "Staffordshire County Council, desk front-door" */
static const char *name_of(const struct wg_confirm_desk *desk, char *out, size_t size)
{
	(void)snprintf(out, size, "%s, desk %s", desk->organisation->name, desk->desk->name); /* cut: a long name */
	return out;
}

/* How far it has got; "" for not at all. */
static const char *level_of(const struct wg_task *task)
{
	if (task->state == WG_DLV_FAILED)
		return "failed";
	if (task->state == WG_DLV_REFUSED)
		return "refused";
	if (task->acknowledged != 0)
		return wg_confirm_level_name(WG_CONFIRM_ACKNOWLEDGED);
	if (task->opened != 0)
		return wg_confirm_level_name(WG_CONFIRM_OPENED);
	if (task->received != 0)
		return wg_confirm_level_name(WG_CONFIRM_RECEIVED);
	return task->handed_over != 0 ? wg_confirm_level_name(WG_CONFIRM_HANDED_OVER) : "";
}

static const char *what_is_wrong(const struct wg_task *task, const struct wg_confirm_next *next)
{
	static const char *const words[WG_CONFIRM_LEVELS] = {
		[WG_CONFIRM_HANDED_OVER] = "could not be handed over to their system yet",
		[WG_CONFIRM_RECEIVED] = "is not known to have arrived there",
		[WG_CONFIRM_OPENED] = "is not known to have been opened by anybody there",
		[WG_CONFIRM_ACKNOWLEDGED] = "has not been acknowledged by any person there",
	};
	if (task->state == WG_DLV_FAILED)
		return "could not be delivered to them";
	if (task->state == WG_DLV_REFUSED)
		return "was refused by them";
	return words[next->missing];
}

/* What the one who reads it can do about it. */
static const char *what_to_do(const struct wg_task *task, const struct wg_confirm_next *next, char *out, size_t size)
{
	bool in_its_place = next->whom == WG_CONFIRM_SENDER && strcmp(next->to.organisation->id, task->sender) != 0;
	switch (in_its_place ? WG_CONFIRM_OPERATOR : next->whom) {
	case WG_CONFIRM_ALTERNATE:
	case WG_CONFIRM_OUT_OF_HOURS:
		return "You stand in for that desk: see that a person there, or you, has the notice. If you do not have it, "
			   "ring whoever sent it.";
	case WG_CONFIRM_SENDER:
		return "You sent it: tell them by telephone what they need to know now, and write down whom you spoke to.";
	case WG_CONFIRM_OPERATOR:
	case WG_CONFIRM_ROLE:
		break;
	}
	(void)snprintf(out, size,
	               "See that a person there has it, and find out why it did not get through: wardgate queue show %s",
	               task->message); /* fits */
	return out;
}

static void write_words(const struct wg_task *task, const struct wg_confirm_next *next,
                        const struct wg_confirm_desk *recipient, char *out, size_t size)
{
	char name[RING], kind[WG_LIMIT_NAME + 1], operator[160];
	size_t n = 0;
	for (; task->notice_kind[n] != '\0'; n++)
		kind[n] = task->notice_kind[n] == '-' ? ' ' : task->notice_kind[n];
	kind[n] = '\0';
	const char *telephone = recipient->desk != NULL ? recipient->desk->telephone : "";
	(void)snprintf(out, size, "Ring %s%s%s%s now. A notice of kind \"%s\" for them %s. %s", telephone,
	               telephone[0] != '\0' ? " (" : "",
	               recipient->desk != NULL ? name_of(recipient, name, sizeof name) : task->organisation,
	               telephone[0] != '\0' ? ")" : "", kind, what_is_wrong(task, next),
	               what_to_do(task, next, operator, sizeof operator)); /* cut: a long name */
}

/* ---- whom to ring */

struct ring {
	struct wg_task_says says[2 * 3];
	char names[3][RING];
	size_t count;
};

static void add_ring(struct ring *ring, const struct wg_confirm_desk *desk, const struct wg_confirm_desk *reader,
                     const char *why)
{
	char name[RING - 64];
	if (desk->desk == NULL || desk->desk == reader->desk || ring->count + 2 > WG_COUNT(ring->says))
		return;
	char *text = ring->names[ring->count / 2];
	(void)snprintf(text, RING, "%s: %s%s", name_of(desk, name, sizeof name), why,
	               desk->desk->telephone[0] != '\0' ? "" : "; the directory has no telephone"); /* fits */
	ring->says[ring->count++] = (struct wg_task_says){ "delivery/ring[+]", text };
	ring->says[ring->count++] = (struct wg_task_says){ "delivery/ring[last]/@telephone", desk->desk->telephone };
}

static struct wg_confirm_desk find_desk(const struct wg_process *p, const char *organisation, const char *desk)
{
	const struct wg_organisation *o = wg_directory_find(p->directory, organisation);
	const struct wg_desk *d = o != NULL ? wg_organisation_desk(o, desk) : NULL;
	return (struct wg_confirm_desk){ d != NULL ? o : NULL, d };
}

static void find_ring(const struct wg_process *p, const struct wg_task *task, const struct wg_confirm_desk *recipient,
                      const struct wg_confirm_desk *reader, struct ring *ring)
{
	struct wg_confirm_desk alternate = { NULL, NULL };
	struct wg_confirm_desk sender = wg_confirm_sender(p->policy, p->directory, task->sender);
	if (recipient->desk != NULL && recipient->desk->alternate[0] != '\0')
		(void)wg_directory_desk(p->directory, recipient->desk->alternate, &alternate.organisation,
		                        &alternate.desk); /* not there: nobody to ring */
	add_ring(ring, recipient, reader, "whom the notice is for");
	add_ring(ring, &alternate, reader, "stands in for them");
	add_ring(ring, &sender, reader, "sent it");
}

/* ---- one look */

static enum wg_code tell(struct wg_process *p, const struct wg_task *task, const struct wg_confirm_next *next,
                         struct wg_task_out *out, struct wg_err *err)
{
	struct wg_confirm_desk recipient = find_desk(p, task->organisation, task->desk);
	const struct wg_organisation *o = wg_directory_find(p->directory, task->organisation);
	struct ring ring = { .count = 0 };
	char words[WORDS], since[WG_CLOCK_TEXT], handed[WG_CLOCK_TEXT], received[WG_CLOCK_TEXT], opened[WG_CLOCK_TEXT];
	write_words(task, next, &recipient, words, sizeof words);
	find_ring(p, task, &recipient, &next->to, &ring);
	const struct wg_task_says before[] = { { "delivery/do", words } };
	const struct wg_task_says after[] = {
		{ "delivery/missing", wg_confirm_level_name(next->missing) },
		{ "delivery/level", level_of(task) },
		{ "delivery/kind", task->notice_kind },
		{ "delivery/reference", task->reference },
		{ "delivery/recipient", o != NULL ? o->name : task->organisation },
		{ "delivery/recipient/@organisation", task->organisation },
		{ "delivery/recipient/@desk", task->desk },
		{ "delivery/since", wg_task_time(task->since, since) },
		{ "delivery/handed-over", wg_task_time(task->handed_over, handed) },
		{ "delivery/received", wg_task_time(task->received, received) },
		{ "delivery/opened", wg_task_time(task->opened, opened) },
		/* of a refusal only that there was one: its words may speak of the child */
		{ "delivery/reason", task->state == WG_DLV_FAILED ? task->detail : "" },
	};
	struct wg_task_says all[WG_COUNT(before) + WG_COUNT(ring.says) + WG_COUNT(after)];
	memcpy(all, before, sizeof before);
	memcpy(all + WG_COUNT(before), ring.says, ring.count * sizeof *all);
	memcpy(all + WG_COUNT(before) + ring.count, after, sizeof after);
	(void)snprintf(out->done.detail, sizeof out->done.detail, "not %s: %s/%s", wg_confirm_level_name(next->missing),
	               next->to.organisation->id, next->to.desk->name); /* fits */
	return wg_task_say(p, "not-confirmed", &next->to, task->now, all, WG_COUNT(before) + ring.count + WG_COUNT(after),
	                   out, err);
}

enum wg_code wg_task_confirm(struct wg_process *p, const struct wg_task *task, struct wg_task_out *out,
                             struct wg_err *err)
{
	struct wg_confirm_facts facts = facts_of(p, task);
	struct wg_confirm_next next;
	wg_confirm_next(p->policy, p->directory, &facts, task->now, &next);
	out->done.steps = next.steps;
	switch (next.what) {
	case WG_CONFIRM_TELL:
		out->done.next = task->now; /* the next step may be due as well: one at a look */
		return tell(p, task, &next, out, err);
	case WG_CONFIRM_WAIT:
		out->done.next = next.at;
		return WG_OK;
	case WG_CONFIRM_OVER:
		break;
	}
	bool again = next.in_vain && task->now - task->since < IN_VAIN_MS;
	if (again)
		wg_log(WG_LOG_ERROR, "not-confirmed-to-nobody", "message", task->message, "delivery", task->delivery, "do",
		       "there is no deadline for it in the policy, or no desk in the directory that could be told: wardgate "
		       "check",
		       NULL);
	out->done.next = again ? task->now + WG_STORE_LOOK_MAX_MS : 0;
	return WG_OK;
}
