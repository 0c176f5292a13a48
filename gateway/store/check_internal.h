/* What the files of the check share. */
#ifndef WG_STORE_CHECK_INTERNAL_H
#define WG_STORE_CHECK_INTERNAL_H

#include "store/check.h"
#include "store/purge_internal.h"

#define WG_CHECK_LOOK                                                                                  \
	"look at it (wardgate queue show, wardgate explain) and decide with who knows it; was it changed " \
	"by nobody here, keep the folder for whoever looks into it"

void wg_check_tell(struct wg_check *check, const char *todo, const char *fmt, ...) WG_PRINTF(3, 4);

/* Each row of sql names by its first column what does not fit: told as "ROW WORDS", or "WORDS: ROW" when before. */
enum wg_code wg_check_rows(struct wg_store *store, struct wg_check *check, const char *sql, const char *words,
                           bool before, const char *todo, struct wg_err *err) WG_MUST;
/* A question whose rows each begin with what it is about: "ROW WORDS", and whoever knows it has to look. */
struct wg_check_question {
	const char *sql, *words;
};
enum wg_code wg_check_questions(struct wg_store *store, struct wg_check *check, const struct wg_check_question *list,
                                size_t count, struct wg_err *err) WG_MUST;
/* Whose a blob is, for people. */
void wg_check_owner(struct wg_store *store, int64_t blob, char *out, size_t size);

/* ---- purge_audit.c: every message is whole or purged, and the log says which. */
enum wg_code wg_purge_audit(struct wg_store *store, struct wg_check *check, struct wg_err *err) WG_MUST;
/* ---- sql_receipt_audit.c */
enum wg_code wg_receipt_audit(struct wg_store *store, struct wg_check *check, struct wg_err *err) WG_MUST;
/* ---- check_keys.c: heads and blobs that nothing names. */
enum wg_code wg_check_keys(struct wg_store *store, struct wg_check *check, struct wg_err *err) WG_MUST;
#endif
