/* sql_form.c owns later forms of a copy: a partner's gateway sends one copy twice in two forms when the answer to
 * the first was lost and its policy has changed since. Both are kept and linked. What is unsent of the earlier one to a
 * desk that gets the later one is recalled, so that nobody is shown the same notice twice. */
#include <stdio.h>

#include "base/mem.h"
#include "store/sql_internal.h"

enum wg_code wg_form_replaces(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                              const struct wg_msg_done *done, struct wg_err *err)
{
	WG_AUTO_FREE int64_t *seqs = NULL;
	size_t n = 0;
	char why[WG_STORE_REASON];
	if (*done->sender_reference == '\0')
		return WG_OK;
	(void)snprintf(why, sizeof why, "a later form of the same copy came as message %s", done->id); /* it fits */
	enum wg_code code = wg_db_seqs(store, SQL_EARLIER_FORMS, WG_ARGS(wg_db_int(msg->seq)), SIZE_MAX, &seqs, &n, err);
	for (size_t i = 0; code == WG_OK && i < n; i++)
		code = wg_concern_recall_unsent(store, now, seqs[i], done, why, err);
	return code;
}
