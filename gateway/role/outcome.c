/* outcome.c owns what is decided about one message until the store has it. */
#include "role/outcome.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

struct wg_outcome *wg_outcome_new(const struct wg_process *p, const struct wg_msg_job *job)
{
	struct wg_outcome *o = calloc(1, sizeof *o);
	if (o == NULL)
		return NULL;
	o->notice = WG_BUF(WG_LIMIT_ENVELOPE);
	o->report = WG_BUF(WG_LIMIT_ENVELOPE);
	for (unsigned i = 0; i < WG_LIMIT_RECIPIENTS; i++) {
		o->envelopes[i] = WG_BUF(WG_LIMIT_ENVELOPE);
		o->disclosures[i] = WG_BUF(WG_STORE_DISCLOSURE_MAX); /* the store takes no longer one */
	}
	memcpy(o->done.id, job->id, sizeof o->done.id);
	memcpy(o->done.epoch, p->epoch, sizeof o->done.epoch);
	o->done.token = job->token;
	o->done.state = WG_MSG_ROUTED;
	o->done.deliveries = o->deliveries;
	o->done.keys = o->keys;
	return o;
}

void wg_outcome_freep(struct wg_outcome **o)
{
	if (*o == NULL)
		return;
	wg_buf_free(&(*o)->notice);
	wg_buf_free(&(*o)->report);
	for (unsigned i = 0; i < WG_LIMIT_RECIPIENTS; i++) {
		wg_buf_free(&(*o)->envelopes[i]);
		wg_buf_free(&(*o)->disclosures[i]);
	}
	for (unsigned i = 0; i < (*o)->done.part_count; i++)
		free((void *)(uintptr_t)(*o)->parts[i].blob); /* const in the struct, because the store's reader borrows */
	free((*o)->parts);
	for (unsigned i = 0; i < (*o)->done.consent_count; i++)
		free((void *)(uintptr_t)(*o)->consents[i].blob); /* likewise */
	free((*o)->consents);
	free(*o);
	*o = NULL;
}

void wg_outcome_settle(struct wg_outcome *o, enum wg_message_state state, const char *reason)
{
	o->done.state = state;
	(void)snprintf(o->reason, sizeof o->reason, "%s", reason);
	o->done.reason = o->reason[0] != '\0' ? o->reason : NULL;
	o->done.delivery_count = 0;
}

void wg_outcome_need_person(struct wg_outcome *o, const char *fmt, ...)
{
	size_t used = strlen(o->reason);
	va_list ap;
	va_start(ap, fmt);
	if (used > 0 && used < sizeof o->reason - 2) {
		memcpy(o->reason + used, "; ", 3);
		used += 2;
	}
	(void)vsnprintf(o->reason + used, sizeof o->reason - used, fmt, ap); /* cut is acceptable in words */
	va_end(ap);
	o->done.state = WG_MSG_ATTENTION;
	o->done.reason = o->reason;
}
