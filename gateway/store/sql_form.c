/* sql_form.c owns later forms of a copy: a partner's gateway sends one copy twice in two forms when the answer to
 * the first was lost and its policy has changed since. Both are kept and linked. What is unsent of the earlier one to a
 * desk that gets the later one is recalled, so that nobody is shown the same notice twice. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "store/sql_internal.h"

/* Whether the later form goes, or may go, to that desk: what was withheld from it takes nothing's place. */
static bool gets_later(const struct wg_msg_done *done, const struct wg_dlv_rec *d)
{
	for (unsigned i = 0; i < done->delivery_count; i++) {
		const struct wg_dlv_new *n = &done->deliveries[i];
		if (n->alarm_of == 0 && n->state != WG_DLV_WITHHELD && strcmp(n->organisation, d->organisation) == 0 &&
		    strcmp(n->desk, d->desk) == 0)
			return true;
	}
	return false;
}

static enum wg_code recall_unsent(struct wg_store *store, struct wg_now now, int64_t earlier,
                                  const struct wg_msg_done *done, struct wg_err *err)
{
	WG_AUTO_FREE int64_t *seqs = NULL;
	size_t n = 0;
	char why[WG_STORE_REASON];
	(void)snprintf(why, sizeof why, "a later form of the same copy came as message %s", done->id); /* it fits */
	enum wg_code code = wg_db_seqs(store, SQL_DLV_OF_MESSAGE, WG_ARGS(wg_db_int(earlier)), SIZE_MAX, &seqs, &n, err);
	for (size_t i = 0; code == WG_OK && i < n; i++) {
		struct wg_dlv_rec d;
		code = wg_delivery_by_seq(store, seqs[i], &d, err);
		if (code == WG_OK && d.alarm_of == 0 && gets_later(done, &d) &&
		    wg_delivery_may((int)d.state, WG_DLV_RECALLED, WG_WHO_PROCESS))
			code = wg_delivery_move(store, now, &d, WG_DLV_RECALLED, WG_WHO_PROCESS, NULL, why, err);
	}
	return code;
}

enum wg_code wg_form_replaces(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                              const struct wg_msg_done *done, struct wg_err *err)
{
	WG_AUTO_FREE int64_t *seqs = NULL;
	size_t n = 0;
	if (*done->sender_reference == '\0')
		return WG_OK;
	enum wg_code code = wg_db_seqs(store, SQL_EARLIER_FORMS, WG_ARGS(wg_db_int(msg->seq)), SIZE_MAX, &seqs, &n, err);
	for (size_t i = 0; code == WG_OK && i < n; i++)
		code = recall_unsent(store, now, seqs[i], done, err);
	return code;
}
