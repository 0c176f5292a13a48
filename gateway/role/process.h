/* What the process role holds: everything that is read once, before the first message. Also used by the commands
 * `decide` and `check`. */
#ifndef WG_ROLE_PROCESS_H
#define WG_ROLE_PROCESS_H

#include "crypto/keyring.h"
#include "crypto/rest.h"
#include "crypto/trust_set.h"
#include "policy/decide.h"
#include "role/config.h"
#include "role/read.h"
#include "role/seal.h"
#include "store/client.h"

struct wg_process {
	const struct wg_config *config;
	struct wg_schema *schema;
	struct wg_maps *maps;
	struct wg_policy *policy;
	struct wg_directory *directory;
	struct wg_key *storage_key;
	struct wg_cert *storage_cert;
	struct wg_rest *rest;         /* seals to it */
	struct wg_keyring smime;      /* all of them open what comes in; the newest valid one signs */
	struct wg_trust_set *anchors; /* of every organisation of the directory */
	struct wg_revocations *revocations;
	uint64_t trust_stamp; /* of the files behind revocations */
	struct wg_desk_cert *certs;
	unsigned cert_count;
	struct wg_buf smime_keys, smime_anchors; /* wire form, for the reader that opens sealed messages */
	struct wg_buf lookup_key;
	char epoch[WG_HASH_TEXT];
};

/* Loads all of it. WG_CONFIG says which file, where, what to do. wg_process_free also after a failure. */
enum wg_code wg_process_load(const struct wg_config *config, struct wg_process *out, struct wg_err *err) WG_MUST;
void wg_process_free(struct wg_process *process);
/* Takes in what was fetched about revoked certificates since. WG_AGAIN when that changes which of the desks'
 * certificates may be used: what was decided and sealed has to be decided again, under another epoch, so that the role
 * ends and is started anew. Otherwise nothing changes but what is held. */
enum wg_code wg_process_refresh(struct wg_process *process, struct wg_err *err) WG_MUST;
/* What opens sealed mail: borrowed from process. */
struct wg_opener wg_process_opener(const struct wg_process *process);
/* How this gateway seals: borrowed from process. */
struct wg_sealing wg_process_sealing(const struct wg_process *process);

/* Reads a message's plaintext: opens what is sealed, runs the reader and the map. mail: what mail_in.h made of it, for
 * a message that came by mail; otherwise NULL. */
struct wg_mail_in;
enum wg_code wg_handle_read(struct wg_process *process, const struct wg_msg_job *job, const struct wg_buf *original,
                            const struct wg_mail_in *mail, struct wg_read *out, struct wg_err *err) WG_MUST;

/* Takes one leased message to its next state: WG_OK when the store has it, whatever became of it; otherwise the
 * connection to the store is gone. */
enum wg_code wg_process_handle(struct wg_process *process, struct wg_client *client, const struct wg_msg_job *job,
                               struct wg_err *err) WG_MUST;
/* The same; the next lease is asked for in the transaction that completes this one: see wg_client_done_lease. */
struct wg_process_next {
	unsigned lease, wait_ms; /* 0: none is asked for */
	bool asked;              /* out: take it; false when the message was put back */
};
enum wg_code wg_process_handle_next(struct wg_process *process, struct wg_client *client, const struct wg_msg_job *job,
                                    struct wg_process_next *next, struct wg_err *err) WG_MUST;

#endif
