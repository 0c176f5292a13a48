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

/* text with the first `from` replaced by `to`; the caller frees. Fails when `from` is not there. */
char *gate_replaced(const char *text, const char *from, const char *to);
/* The same of the text of gateway.xml. */
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

/* The process role of gateway.xml, with a store of its own in pki_dir/state. What it logs goes to pki_dir/log. */
struct gate {
	struct gate_store store;
	struct wg_config *config;
	struct wg_process process;
	int real_stderr, log;
};
#define GATE_STORE "state"
/* After gate_setup. */
int gate_open(struct gate *gate);
void gate_close(struct gate *gate);
/* Loads the configuration anew, and tells the store the epoch; directory: what directory.xml becomes, NULL: as it is.
 */
void gate_reload(struct gate *gate, const char *directory);

/* As intake does. Returns the message's id, good until the next call. */
const char *gate_submit(struct gate *gate, const void *bytes, size_t len, const char *organisation, const char *type);
/* A mail that came by IMAP: from nobody who is known yet. */
const char *gate_submit_mail(struct gate *gate, const void *bytes, size_t len);
/* Handles one leased job. */
enum wg_code gate_logged(struct gate *gate, const struct wg_msg_job *job);
/* Takes the message that waits longest and handles it. first_try: as if it had not been tried before, so that it does
 * not wait longer each time. */
void gate_handle(struct gate *gate, bool first_try);
/* Handles until this message is no longer in that state. After a change of the directory others come back first: all
 * that was not sent, and what waited for a person. */
void gate_handle_until_not(struct gate *gate, const char *state, const char *id);
/* Fails unless the message, or its first delivery to the organisation, is in that state, for a reason with these words
 * in it and no canary. */
void gate_is_message(struct gate *gate, const char *id, const char *state, const char *words);
void gate_is_delivery(struct gate *gate, const char *id, const char *organisation, const char *state,
                      const char *words);
/* Fails unless pki_dir/log holds none of these outside its ids and hashes; what it does hold, without those, for the
 * caller to look at. */
void gate_never_logged(const char *const *never, size_t count, struct wg_buf *log);

/* pki_dir/file, an envelope in that form ("SMIME", "DER"), as who opens it with openssl and its own key; the inner
 * entity into out. -1 when it cannot be opened, or was not signed by somebody whom the authority knows. */
int gate_opened(const char *file, const char *form, const char *who, char *out, size_t max);
/* An opened copy, or a part of it, whose parts are quoted-printable: with those decoded. */
void gate_unquoted(const char *inner, size_t len, struct wg_buf *out);

/* A missing report as a police force mails it. reference tells the episodes, and the children, apart; extra is put at
 * the end. */
void gate_report(struct wg_buf *out, const char *reference, const char *placing, const char *extra);

#endif
