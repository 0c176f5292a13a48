/* What the tests of this room share: a folder with the throwaway authority, a directory and a configuration that uses
 * both. Cases and people are invented. */
#ifndef WG_TESTS_ROLE_GATE_H
#define WG_TESTS_ROLE_GATE_H

#include "../crypto/pki.h"

#include "base/mem.h"
#include "notice/xml.h"
#include "role/process.h"
#include "store/server.h"

/* pki_dir with gateway.xml (organisation "staffordshire"), directory.xml and lookup.key in it. */
int gate_setup(void **state);

/* Writes text as pki_dir/name, readable by the owner only; returns the path. */
const char *gate_write(const char *name, const char *text);

/* The text of gateway.xml with the first `from` replaced by `to`; the caller frees. Fails when `from` is not there. */
char *gate_config(const char *from, const char *to);
/* The same of directory.xml. */
char *gate_directory(const char *from, const char *to);

/* Loads gateway.xml as it is now. */
struct wg_config *gate_load(void);

/* A store process of its own, in pki_dir/name, and a client of each of these roles. */
struct gate_store {
	pid_t pid;
	struct wg_client *intake, *process, *admin;
};
void gate_store_open(struct gate_store *store, const char *name);
void gate_store_close(struct gate_store *store);
/* Loses the process role's connection, as when that role was killed, and connects anew. */
void gate_store_lose(struct gate_store *store, const char *name);

/* The first row of what ("messages" or "deliveries") for the message id and, unless NULL, the organisation. */
struct wg_row gate_row(struct gate_store *store, const char *what, const char *id, const char *organisation);

/* A missing report as a police force mails it. reference tells the episodes, and the children, apart; extra is put at
 * the end. */
void gate_report(struct wg_buf *out, const char *reference, const char *placing, const char *extra);

#endif
