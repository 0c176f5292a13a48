/* The bodies of frames: what is put is what is got. Getting allocates what the header of each struct says; a body that
 * is not whole, too long or has anything behind it gives false and leaves nothing to free. Texts and blobs of requests
 * are borrowed. */
#ifndef WG_STORE_CODEC_H
#define WG_STORE_CODEC_H

#include "base/buf.h"
#include "base/sha256.h"
#include "store/backup.h"
#include "store/store.h"

/* A blob at least this large goes ahead of the WG_OP_DONE that names it, as a part: a notice to many recipients does
 * not fit one frame. */
#define WG_CODEC_PART_MIN ((size_t)64 * 1024)
/* Parts held for one connection: the largest message to eight recipients that each need their own envelope. */
#define WG_CODEC_PARTS_MAX ((size_t)256 * 1024 * 1024)

/* Words for a person, cut at max bytes; NULL is written as "". */
void wg_codec_put_words(struct wg_buf *b, const char *s, size_t max);
void wg_codec_put_msg_new(struct wg_buf *b, const struct wg_msg_new *m);
bool wg_codec_get_msg_new(struct wg_cur *c, struct wg_msg_new *m);
void wg_codec_put_receipt(struct wg_buf *b, const struct wg_msg_receipt *r);
bool wg_codec_get_receipt(struct wg_cur *c, struct wg_msg_receipt *r);
void wg_codec_put_token_view(struct wg_buf *b, const struct wg_token_view *v);
bool wg_codec_get_token_view(struct wg_cur *c, struct wg_token_view *v);
void wg_codec_put_status(struct wg_buf *b, const struct wg_msg_status *s);
bool wg_codec_get_status(struct wg_cur *c, struct wg_msg_status *s);
void wg_codec_put_msg_jobs(struct wg_buf *b, const struct wg_msg_job *jobs, unsigned count);
bool wg_codec_get_msg_jobs(struct wg_cur *c, struct wg_msg_job **jobs, unsigned *count);
void wg_codec_put_dlv_jobs(struct wg_buf *b, const struct wg_dlv_job *jobs, unsigned count);
bool wg_codec_get_dlv_jobs(struct wg_cur *c, struct wg_dlv_job **jobs, unsigned *count);
void wg_codec_put_reports(struct wg_buf *b, const struct wg_dlv_report *reports, unsigned count);
bool wg_codec_get_reports(struct wg_cur *c, struct wg_dlv_report **reports, unsigned *count);
void wg_codec_put_rows(struct wg_buf *b, const struct wg_row *rows, unsigned count);
bool wg_codec_get_rows(struct wg_cur *c, struct wg_row **rows, unsigned *count);
void wg_codec_put_result(struct wg_buf *b, const struct wg_msg_done_result *r);
bool wg_codec_get_result(struct wg_cur *c, struct wg_msg_done_result *r);

/* header/concerns: ids and a blank between them. */
#define WG_CODEC_CONCERNS_MAX ((size_t)WG_STORE_CONCERNS_MAX * (WG_LIMIT_NAME + 1))
/* The longest name of an exemption has 16. */
#define WG_CODEC_EXEMPTION_MAX 31
void wg_codec_put_keys(struct wg_buf *b, const struct wg_match_key *keys, unsigned count);
/* A list that the caller frees; NULL with the cursor failed. */
struct wg_match_key *wg_codec_get_keys(struct wg_cur *c, unsigned max, unsigned *count);
void wg_codec_put_records(struct wg_buf *b, const struct wg_record *records, unsigned count);
bool wg_codec_get_records(struct wg_cur *c, struct wg_record **records, unsigned *count);
void wg_codec_put_context(struct wg_buf *b, const struct wg_context *context);
bool wg_codec_get_context(struct wg_cur *c, struct wg_context *out);
/* A list of *n members of size each, zeroed, when a count that comes next is at most max, and what is left has `least`
 * bytes for each; NULL with the cursor failed and *n 0 otherwise. The caller frees. */
void *wg_codec_get_list(struct wg_cur *c, unsigned max, size_t least, size_t size, unsigned *n);

/* Blobs of WG_CODEC_PART_MIN or more are put as their hash. Getting asks `part` for them; NULL from it refuses the
 * body. The lists inside are allocated: free them with wg_codec_done_free, after success only. */
typedef const uint8_t *wg_codec_part(void *arg, const uint8_t hash[WG_SHA256_LEN], size_t *len);
void wg_codec_put_done(struct wg_buf *b, const struct wg_msg_done *d);
bool wg_codec_get_done(struct wg_cur *c, wg_codec_part *part, void *arg, struct wg_msg_done *d);
void wg_codec_done_free(struct wg_msg_done *d);

/* ---- codec_backup.c */
void wg_codec_put_copy(struct wg_buf *b, const struct wg_copy_state *s);
bool wg_codec_get_copy(struct wg_cur *c, struct wg_copy_state *s);

/* ---- codec_confirm.c: what comes back, and what follows */
/* The fewest bytes that a receipt takes on the wire. */
#define WG_CODEC_RECEIPT_LEAST 53
void wg_codec_put_receipt_new(struct wg_buf *b, const struct wg_receipt_new *r);
/* One of several: the end is not looked for. */
void wg_codec_get_receipt_new(struct wg_cur *c, struct wg_receipt_new *r);
void wg_codec_put_receipt_result(struct wg_buf *b, const struct wg_receipt_result *r);
bool wg_codec_get_receipt_result(struct wg_cur *c, struct wg_receipt_result *r);
/* One of several messages. */
void wg_codec_get_msg_new_of(struct wg_cur *c, struct wg_msg_new *m);
void wg_codec_put_tasks(struct wg_buf *b, const struct wg_task *tasks, unsigned count);
bool wg_codec_get_tasks(struct wg_cur *c, struct wg_task **tasks, unsigned *count);
void wg_codec_put_task_done(struct wg_buf *b, const struct wg_task_done *d);
/* notices: WG_STORE_TASK_NOTICES of them, for d->notices to point at; their blobs are borrowed. */
bool wg_codec_get_task_done(struct wg_cur *c, struct wg_msg_new *notices, struct wg_task_done *d);
void wg_codec_put_items(struct wg_buf *b, const struct wg_inbox_item *items, unsigned count);
/* Of several things that follow: the end is not looked for. *count is at most max. The caller frees; NULL: failed. */
struct wg_inbox_item *wg_codec_get_items(struct wg_cur *c, unsigned *count);
void wg_codec_put_hooks(struct wg_buf *b, const struct wg_hook *hooks, unsigned count);
bool wg_codec_get_hooks(struct wg_cur *c, struct wg_hook **hooks, unsigned *count);
void wg_codec_put_awaited(struct wg_buf *b, const struct wg_awaited *list, unsigned count);
bool wg_codec_get_awaited(struct wg_cur *c, struct wg_awaited **list, unsigned *count);
/* max: those that held before can clear while as many others start. */
void wg_codec_put_alerts(struct wg_buf *b, const struct wg_alert *alerts, unsigned count);
bool wg_codec_get_alerts(struct wg_cur *c, unsigned max, struct wg_alert **alerts, unsigned *count);

#endif
