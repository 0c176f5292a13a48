/* A backup of the gateway while it works, and the way back. Two files, each encrypted for itself to the certificates of
 * the configuration: of store.db, and of the keys without which nothing of it can be read. They are kept in two places:
 * whoever has one of them has nothing, and a purged message is gone from every backup once the keys of that time are.
 */
#ifndef WG_ROLE_BACKUP_H
#define WG_ROLE_BACKUP_H

#include "role/config.h"
#include "store/check.h"
#include "store/client.h"

/* What stands at the beginning of each of the two, inside: which backup it is of. */
struct wg_backup_head {
	bool keys;
	char organisation[WG_LIMIT_NAME + 1];
	struct wg_copy_state at; /* name, done and pages say nothing */
};

struct wg_backup_job {
	const struct wg_config *config;
	struct wg_client *client;       /* admin */
	const char *store_to, *keys_to; /* two different folders */
	const char *who;                /* for the log */
	/* Told now and then: what is being done, and how much of it; in bytes. */
	void (*progress)(void *arg, const char *what, uint64_t done, uint64_t all);
	/* What of the store is not as it was written: the backup is one of a damaged store. */
	void (*finding)(void *arg, const char *words, const char *todo);
	void *arg;
};

struct wg_backup_result {
	char store_file[WG_PATH_TEXT], keys_file[WG_PATH_TEXT];
	char store_hash[WG_STORE_HASH], keys_hash[WG_STORE_HASH]; /* of the files as they lie there */
	uint64_t store_bytes, keys_bytes, blobs, findings;
	struct wg_copy_state at;
};

/* Takes it, reads both files back and holds them against the store; only then they get their names, and the log its
 * entry. WG_CONFIG without certificates, WG_AGAIN when there is no room or another is under way, WG_REJECT for one and
 * the same folder twice or a name that is taken. */
enum wg_code wg_backup_take(const struct wg_backup_job *job, struct wg_backup_result *out, struct wg_err *err) WG_MUST;

struct wg_restore_job {
	const char *store_file, *keys_file, *into;
	const char *key, *certificate; /* one that the backup was encrypted to, PEM */
	const char *who;
	void (*progress)(void *arg, const char *what, uint64_t done, uint64_t all);
	void (*finding)(void *arg, const char *words, const char *todo);
	void *arg;
};

struct wg_restore_result {
	struct wg_backup_head store, keys;
	uint64_t findings, held;
	uint64_t entries; /* of the log in the backup, and its end */
	char head[WG_STORE_HASH];
};

/* Reads both files whole before it writes anything; what it writes gets its names in the folder when it was checked.
 * WG_REJECT: the folder is not empty, the two are not of one gateway, or the keys are older than the store. */
enum wg_code wg_restore(const struct wg_restore_job *job, struct wg_restore_result *out, struct wg_err *err) WG_MUST;

#endif
