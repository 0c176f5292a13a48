/* What is read of an IMAP server's lines (RFC 3501 section 7): a line is understood whole or not at all. Lines come
 * with or without their CR LF. */
#ifndef WG_CHANNEL_IMAP_LINE_H
#define WG_CHANNEL_IMAP_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wg_imap_line {
	WG_IMAP_OTHER, /* it is something else, which need not be understood */
	WG_IMAP_READ,
	WG_IMAP_BAD /* it begins as what was looked for and goes on as it should not */
};

/* "* 23 EXISTS" */
enum wg_imap_line wg_imap_exists(const char *line, size_t len, uint32_t *count);

/* "* OK [UIDVALIDITY 3857529045] ..." */
enum wg_imap_line wg_imap_validity(const char *line, size_t len, uint32_t *validity);

/* "* OK [PERMANENTFLAGS (\Seen \*)] ...": *may when keyword, or any new one, can be set for good. */
enum wg_imap_line wg_imap_may_flag(const char *line, size_t len, const char *keyword, bool *may);

/* "* CAPABILITY IMAP4rev1 MOVE": *has when name is among them. */
enum wg_imap_line wg_imap_capability(const char *line, size_t len, const char *name, bool *has);

/* "* LIST (\Noselect) "/" name": *separator is 0 for NIL; *name is where the name begins, as the server quotes it. */
enum wg_imap_line wg_imap_list(const char *line, size_t len, char *separator, size_t *name);

/* "* SEARCH 2 84 882": appends to uids, which has room for max and holds *count. BAD also when there are more. */
enum wg_imap_line wg_imap_search(const char *line, size_t len, uint32_t *uids, size_t max, size_t *count);

/* "* 12 FETCH (UID 34 RFC822.SIZE 567 ...)": items in any order. OTHER when one of the two is missing. */
enum wg_imap_line wg_imap_size(const char *line, size_t len, uint32_t *uid, uint64_t *size);

/* "* 12 FETCH (UID 34 BODY[] {567}": the line before the bytes. OTHER for a FETCH without a literal at its end; *uid is
 * 0 when the server does not say it. */
enum wg_imap_line wg_imap_literal(const char *line, size_t len, uint32_t *uid, uint64_t *size);

#endif
