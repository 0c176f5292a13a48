/* sql_turn.c owns what changes by itself under a decision: a consent that ends while a copy waits, and an episode
 * that opens or ends. What is unsent of it is not leased any more, and its message is decided again. */
#include "base/mem.h"
#include "store/sql_internal.h"

static enum wg_code again_all(struct wg_store *store, struct wg_now now, const int64_t *seqs, size_t n, const char *why,
                              struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (size_t i = 0; code == WG_OK && i < n; i++)
		code = wg_message_again(store, now, seqs[i], why, err);
	return code;
}

enum wg_code wg_store_consents_end(struct wg_store *store, struct wg_now now, unsigned *ended, struct wg_err *err)
{
	WG_AUTO_FREE int64_t *seqs = NULL;
	size_t n = 0;
	enum wg_code code = wg_db_seqs(store, SQL_DLV_ENDED, WG_ARGS(wg_db_int(now.wall)), SIZE_MAX, &seqs, &n, err);
	if (code == WG_OK && n > 0)
		code = wg_db_run(store, SQL_DLV_ENDED_STALE, WG_ARGS(wg_db_int(now.wall)), err);
	if (code == WG_OK)
		code = again_all(store, now, seqs, n, "consent ended", err);
	*ended = code == WG_OK ? (unsigned)n : 0;
	return code;
}

/* Each decision knows what it was told of the episode, so whoever comes last finds the other: the message that opened
 * one, or the one that was decided meanwhile. */
enum wg_code wg_turn_live(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg, bool *itself,
                          struct wg_err *err)
{
	WG_AUTO_FREE int64_t *seqs = NULL;
	size_t n = 0;
	enum wg_code code = wg_db_seqs(store, SQL_LIVE_TURNED,
	                               WG_ARGS(wg_db_int(msg->seq), wg_db_ref(msg->child), wg_db_int(WG_RELATION_OPENS),
	                                       wg_db_int(WG_RELATION_CLOSES)),
	                               SIZE_MAX, &seqs, &n, err);
	*itself = false;
	for (size_t i = 0; code == WG_OK && i < n; i++) {
		*itself = *itself || seqs[i] == msg->seq;
		code = wg_db_run(store, SQL_DLV_STALE_OF, WG_ARGS(wg_db_int(seqs[i])), err);
	}
	return code == WG_OK ? again_all(store, now, seqs, n, "episode changed", err) : code;
}
