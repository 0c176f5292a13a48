/* What backup and restore share: reading an encrypted file, and the line at its beginning. */
#ifndef WG_ROLE_BACKUP_INTERNAL_H
#define WG_ROLE_BACKUP_INTERNAL_H

#include "base/sha256.h"
#include "crypto/vault.h"
#include "role/backup.h"

/* Bytes at a time between file, vault and database. */
#define WG_BACKUP_CHUNK ((size_t)1024 * 1024)
/* The line at the beginning. */
#define WG_BACKUP_LINE 1024

/* One of the two files being read. */
struct wg_backup_in {
	int fd; /* borrowed, or its own */
	bool own;
	off_t at;
	struct wg_sha256 sha; /* of what was read of the file as it lies there */
	struct wg_vault_in *vault;
	struct wg_backup_head head;
};

/* Opens by key and certificate, or by the file's own key; reads the line. */
enum wg_code wg_backup_in_open(int fd, bool own, const struct wg_key *key, const struct wg_cert *cert,
                               const uint8_t *own_key, struct wg_backup_in *out, struct wg_err *err) WG_MUST;
void wg_backup_in_close(struct wg_backup_in *in);
/* As wg_vault_get. */
enum wg_code wg_backup_in_get(struct wg_backup_in *in, void *p, size_t len, size_t *got, struct wg_err *err) WG_MUST;
/* The next row of keys; *id 0 at the end of the heads (then come those that were destroyed: bytes NULL, *gone the
 * instant), and at the very end. */
enum wg_code wg_backup_in_row(struct wg_backup_in *in, bool destroyed, int64_t *id, uint8_t head[WG_STORE_HEAD],
                              size_t *len, int64_t *gone, struct wg_err *err) WG_MUST;

enum wg_code wg_backup_line_put(const struct wg_backup_head *head, struct wg_buf *out, struct wg_err *err) WG_MUST;

#endif
