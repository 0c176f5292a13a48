/* A role's connection to the store process: one Unix stream socket, frames of wg_buf wire form. What a role may ask is
 * decided by the socket it came in on (one listening socket per role, store-ROLE.sock); a question outside the role's
 * table ends the connection and is logged. */
#ifndef WG_STORE_CLIENT_H
#define WG_STORE_CLIENT_H

#include "store/backup.h"
#include "store/store.h" /* holds the structs that pass */

enum wg_store_role { WG_ROLE_INTAKE, WG_ROLE_PROCESS, WG_ROLE_DELIVER, WG_ROLE_ADMIN, WG_ROLE_MONITOR };
#define WG_STORE_ROLES 5
const char *wg_store_role_name(enum wg_store_role role);

struct wg_client;

/* Connects to folder/store-ROLE.sock; WG_AGAIN when nobody listens. Blocking. */
enum wg_code wg_client_open(const char *folder, enum wg_store_role role, struct wg_client **out, struct wg_err *err)
	WG_MUST;
/* Takes over a connected socket. */
enum wg_code wg_client_adopt(int fd, struct wg_client **out, struct wg_err *err) WG_MUST;
void wg_client_freep(struct wg_client **client);
int wg_client_fd(const struct wg_client *client);
/* Every answer tells this process the store's trusted time (wg_clock_now); this asks for nothing else. */
enum wg_code wg_client_time(struct wg_client *client, struct wg_err *err) WG_MUST;

/* When the store is gone every call gives WG_AGAIN with "the store closed the connection"; the role then ends and is
 * started again. True for that, and when its answer could not be read; every other error was the answer to one
 * question.
 */
bool wg_client_gone(const struct wg_err *err);
#define WG_CLIENT_NOT_YET "no answer yet" /* the store may still do what it was asked */
/* From now on each part of a question is written, and of an answer waited for, that long at most (ms, more than 0);
 * then the call gives WG_AGAIN with err->text WG_CLIENT_NOT_YET, and so does every later one, at once and without
 * asking, until that answer came. Not for a connection on which leases are asked for. */
enum wg_code wg_client_patience(struct wg_client *client, int ms, struct wg_err *err) WG_MUST;

/* ---- intake: may add, and ask about what its senders added */

/* Durable before it returns: group commit on the other side. WG_AGAIN: not accepting now (disk), say 503. WG_REJECT:
 * the key was used before with other content (say 422; the words hold the id of that message), or a member is not what
 * store.h says of it. The same key or the same content again: the first receipt, duplicate set. */
enum wg_code wg_client_add(struct wg_client *client, const struct wg_msg_new *msg, struct wg_msg_receipt *out,
                           struct wg_err *err) WG_MUST;
/* The same in two halves, so that many are under way at once: send, then, when the descriptor is readable, take answers
 * in the order they come; tag is the caller's. Take until there is none: one read may bring several. wg_client_add_take
 * gives WG_AGAIN with err->text WG_CLIENT_NOT_YET when none is whole yet; *failed holds the fate of that one message.
 * Neither waits: what the store has not read yet is kept here, a copy, and written by wg_client_flush when the
 * descriptor is writable, or before anything else is asked. The caller bounds how much that may be. */
enum wg_code wg_client_add_send(struct wg_client *client, uint32_t tag, const struct wg_msg_new *msg,
                                struct wg_err *err) WG_MUST;
enum wg_code wg_client_flush(struct wg_client *client, struct wg_err *err) WG_MUST;
size_t wg_client_unsent(const struct wg_client *client); /* bytes that are kept so */
enum wg_code wg_client_add_take(struct wg_client *client, uint32_t *tag, struct wg_msg_receipt *out,
                                struct wg_err *failed, struct wg_err *err) WG_MUST;
/* WG_OK when the store would take a message now; WG_AGAIN with the reason otherwise (disk, or it is gone). */
enum wg_code wg_client_ready(struct wg_client *client, struct wg_err *err) WG_MUST;
/* The same without waiting, on a connection that nothing else is asked on: one question at a time. The second gives
 * what wg_client_ready would, and WG_AGAIN with err->text WG_CLIENT_NOT_YET until the answer is whole. */
enum wg_code wg_client_ready_send(struct wg_client *client, struct wg_err *err) WG_MUST;
enum wg_code wg_client_ready_take(struct wg_client *client, struct wg_err *err) WG_MUST;
/* Where a message stands, only for the organisation that submitted it; WG_NOT_FOUND otherwise. What it may not know
 * of its recipients is left out. */
enum wg_code wg_client_status(struct wg_client *client, const char *id, const char *organisation,
                              struct wg_msg_status *out, struct wg_err *err) WG_MUST;

/* ---- process: may lease messages, complete them, tell the epoch */

/* Up to max messages, oldest first, waiting up to wait_ms for the first. *count may be 0. Free with wg_msg_jobs_free.
 */
enum wg_code wg_client_lease_messages(struct wg_client *client, unsigned max, unsigned wait_ms, struct wg_msg_job **out,
                                      unsigned *count, struct wg_err *err) WG_MUST;

/* What the store knows of the child of a leased message, before it is decided. Waits for the message's turn (STATES.md,
 * "Several at a time"): from the answer on nothing else is decided about this child until wg_client_done, put_back, or
 * the end of the lease. The arguments are those that wg_client_done will be given; nothing is changed. message: its own
 * id, which counts nothing. Free with wg_context_free. */
enum wg_code wg_client_context(struct wg_client *client, const char *message, enum wg_relation relation,
                               const struct wg_match_key *keys, unsigned key_count, enum wg_child_choice choice,
                               const char *child_as, const char *concerns, struct wg_context *out, struct wg_err *err)
	WG_MUST;
/* Which of these keys belong to a child, and to no child that also is child (0: any child counts; CONFIDENTIAL: also
 * when it is the child's own): hit[i] is set for them. At most WG_STORE_SEARCH_MAX keys a call. */
enum wg_code wg_client_strangers(struct wg_client *client, uint64_t child, const struct wg_match_key *keys,
                                 unsigned key_count, bool *hit, struct wg_err *err) WG_MUST;

/* One transaction: state, notice, episode, deliveries, disclosures, log. WG_NOT_FOUND when the lease was lost. Unsent
 * deliveries that this message has already become superseded (what a person holds stays held in the new one); a
 * recipient who was sent to already, or whose delivery failed or was cancelled, is left alone. */
enum wg_code wg_client_done(struct wg_client *client, const struct wg_msg_done *done, struct wg_msg_done_result *out,
                            struct wg_err *err) WG_MUST;
/* The same, and asks for the next lease with it, so that both are one transaction: take its answer with
 * wg_client_lease_take before anything else is asked. *sent: whether it was asked for; not when the parts are too
 * large, and with lease 0. The answer to done alone decides what is returned. */
enum wg_code wg_client_done_lease(struct wg_client *client, const struct wg_msg_done *done, unsigned lease,
                                  unsigned wait_ms, struct wg_msg_done_result *out, bool *sent, struct wg_err *err)
	WG_MUST;
/* As wg_client_lease_messages. */
enum wg_code wg_client_lease_take(struct wg_client *client, struct wg_msg_job **out, unsigned *count,
                                  struct wg_err *err) WG_MUST;
/* The processing failed for now: back to the queue, not before wait_ms. After WG_STORE_TRIES it goes to attention with
 * the reason. */
enum wg_code wg_client_put_back(struct wg_client *client, const char *id, uint64_t token, unsigned wait_ms,
                                const char *reason, struct wg_err *err) WG_MUST;
/* The epoch (hash of policy and directory) that decisions are now taken under: unsent deliveries of another epoch are
 * no longer leased, and their messages go back to be decided again. Say it before the first wg_client_done: that
 * refuses (WG_AGAIN) what was decided under another. */
enum wg_code wg_client_epoch(struct wg_client *client, const char *epoch, struct wg_err *err) WG_MUST;

/* ---- deliver: may lease and report */

/* Up to max deliveries that are due, for recipients ("org/desk") not in busy (names separated by blanks), at most
 * per_recipient of each, oldest first; never one while an earlier one of the same episode and recipient is not at its
 * end. Waits up to wait_ms for the first. State becomes SENDING. */
enum wg_code wg_client_lease_deliveries(struct wg_client *client, const char *busy, unsigned max,
                                        unsigned per_recipient, unsigned wait_ms, struct wg_dlv_job **out,
                                        unsigned *count, struct wg_err *err) WG_MUST;

/* Reports, and asks for the next lease in one piece with that, so that both are one transaction of the store's. As the
 * two beside this; nothing is given when it fails, and then the connection has to be closed. */
enum wg_code wg_client_report_lease(struct wg_client *client, const struct wg_dlv_report *reports,
                                    unsigned report_count, unsigned *stale, const char *busy, unsigned max,
                                    unsigned per_recipient, struct wg_dlv_job **out, unsigned *count,
                                    struct wg_err *err) WG_MUST;
/* All in one transaction. Reports under a lost lease are counted in *stale, not an error. */
enum wg_code wg_client_report(struct wg_client *client, const struct wg_dlv_report *reports, unsigned count,
                              unsigned *stale, struct wg_err *err) WG_MUST;

/* ---- what comes back (confirm.h): intake (https, pull, link), process (mail, notices), deliver (mesh) */

/* Keeps a receipt and moves its delivery as RECEIPTS.md says. WG_NOT_FOUND: no delivery of that reference, id or token
 * that organisation may speak for; WG_REJECT: it contradicts what was sent (another copy's hash), it needs a person's
 * name, the token was used by somebody else before, or nothing of it was sent. The same again (same id and level from
 * the same giver): the first answer, out->again. deliver gives neither organisation nor token: the store drops it. */
enum wg_code wg_client_receipt(struct wg_client *client, const struct wg_receipt_new *receipt,
                               struct wg_receipt_result *out, struct wg_err *err) WG_MUST;

/* intake: what the token with that hash stands for; nothing is recorded by it. WG_NOT_FOUND: there is no such token, or
 * what it stood for was purged: the same words. */
enum wg_code wg_client_token(struct wg_client *client, const char *token_hash, struct wg_token_view *out,
                             struct wg_err *err) WG_MUST;

/* intake: what lies ready for the pull desks of an organisation, oldest first, after the delivery with that id ("" from
 * the start); never one while an earlier one of the same episode and desk has not been fetched. The caller frees *out.
 */
enum wg_code wg_client_inbox(struct wg_client *client, const char *organisation, const char *after, unsigned max,
                             struct wg_inbox_item **out, unsigned *count, struct wg_err *err) WG_MUST;
/* The sealed object of one of them; it is handed over from the commit of this on. */
enum wg_code wg_client_inbox_take(struct wg_client *client, const char *organisation, const char *delivery,
                                  struct wg_inbox_item *item, struct wg_buf *envelope, struct wg_err *err) WG_MUST;

/* intake: what is in the way of one of its ways in (words; "": nothing, or no longer), and for how long it has been, so
 * that somebody is told. all: the names of those there are, a line each: what is known of others is forgotten. The
 * words are defanged by the store and hold nothing personal. */
enum wg_code wg_client_trouble(struct wg_client *client, const char *all, const char *name, const char *words,
                               unsigned age_s, struct wg_err *err) WG_MUST;

/* deliver: webhooks that are due, and what became of one. AGAIN: not before wait_ms from now. The caller frees *out. */
enum wg_code wg_client_hooks(struct wg_client *client, unsigned max, struct wg_hook **out, unsigned *count,
                             struct wg_err *err) WG_MUST;
enum wg_code wg_client_hook_done(struct wg_client *client, const struct wg_hook *hook, enum wg_hook_outcome outcome,
                                 unsigned wait_ms, struct wg_err *err) WG_MUST;

/* deliver: what was handed over to a channel and is not received yet, the oldest first, after the delivery with that id
 * ("" from the start). The caller frees *out. */
enum wg_code wg_client_awaited(struct wg_client *client, const char *channel, const char *after, unsigned max,
                               struct wg_awaited **out, unsigned *count, struct wg_err *err) WG_MUST;

/* process: tasks that are due, oldest first; they stay due until they are done. The caller frees *out. */
enum wg_code wg_client_tasks(struct wg_client *client, unsigned max, struct wg_task **out, unsigned *count,
                             struct wg_err *err) WG_MUST;
/* In two halves, so that several are settled by one transaction of the store: send them, then take the answers, in the
 * same order, before anything else is asked. WG_NOT_FOUND when the task has changed since: ask again. */
enum wg_code wg_client_task_done_send(struct wg_client *client, const struct wg_task_done *done, uint32_t *tag,
                                      struct wg_err *err) WG_MUST;
enum wg_code wg_client_task_done_take(struct wg_client *client, uint32_t tag, struct wg_err *err) WG_MUST;

/* monitor: all alerts that hold now. The store keeps which are known, logs each once when it starts and once when it
 * clears, makes a task of each, and gives those back that changed. The caller frees *out. */
enum wg_code wg_client_alerts(struct wg_client *client, const struct wg_alert *now, unsigned count,
                              struct wg_alert **out, unsigned *changed, struct wg_err *err) WG_MUST;
/* monitor and admin: a JSON object for metrics: accepting, why, clock ("ok" or what is wrong with it), now (RFC 3339,
 * by trusted time), machine (RFC 3339: what the clock says that feeds it), states (messages and deliveries: an object
 * each of how many are in each state; none, no member), receipts (an object: how many of each level, ever), outcomes
 * (an array of channel, state, count: how often a delivery came to an end state, ever), recipients (an array of
 * organisation, desk, open, oldest_s of what is not handed over, unconfirmed, oldest_unconfirmed_s, fault_s (how long
 * something for it has been tried in vain; 0: nothing is), stalled_s (how long something for it has been under way, and
 * nothing was handed over meanwhile), failed (something for it was given up and nobody has dealt with that), why (the
 * words of the fault or the failure, defanged): every recipient there ever was), attention, attention_oldest_s,
 * reviews, reviews_overdue, tasks_overdue, log_entries and log_head (the end of the log), backup_age_s (since the last
 * verified backup), damage_age_s (since something stored was found damaged; -1, both: never), troubles (an array of
 * name, words, since_s: wg_client_trouble), alerts (an array of key, words, since as RFC 3339). */
enum wg_code wg_client_metrics(struct wg_client *client, struct wg_buf *out, struct wg_err *err) WG_MUST;
/* monitor and admin: from whom and to whom nothing was heard for how long: a JSON array of {organisation, desk ("" for
 * senders), direction "from" or "to", last (RFC 3339), gap_s, usual_s (the longest of its usual gaps), silent}. */
enum wg_code wg_client_silence(struct wg_client *client, struct wg_buf *out, struct wg_err *err) WG_MUST;
/* admin: the receipts of a message's or delivery's id: a JSON array of {delivery, level, way, organisation, person,
 * detail, copy_hash, log_head, message, at, said_at, moved}; times RFC 3339, said_at may be "". */
enum wg_code wg_client_receipts(struct wg_client *client, const char *id, struct wg_buf *out, struct wg_err *err)
	WG_MUST;

/* ---- admin: the command line */

/* what: "messages" or "deliveries"; state "" for all that still needs a machine's turn or a person's (attention and
 * failed too), "*" for all, or a state's name; of deliveries also "overrides": those against a consent that nobody has
 * looked at, and "unconfirmed": those that the other side has and that nobody there has said they have. id "" or a
 * message id. At most max rows. */
enum wg_code wg_client_list(struct wg_client *client, const char *what, const char *state, const char *id, unsigned max,
                            struct wg_row **out, unsigned *count, struct wg_err *err) WG_MUST;
/* The same of all of them, in their order, behind the row with that id ("" from the start): page after page, so that
 * whoever wants all of them gets all of them. WG_NOT_FOUND when there is no such row. */
enum wg_code wg_client_list_after(struct wg_client *client, const char *what, const char *state, const char *after,
                                  unsigned max, struct wg_row **out, unsigned *count, struct wg_err *err) WG_MUST;
/* action: "hold", "release", "retry", "cancel" on a delivery id (WG_REJECT when its state does not allow it), or on a
 * message id: on every delivery of it that allows it, and on the message: "retry" reads one in attention anew, "cancel"
 * closes one in attention. who and why go to the log; neither may be "". *changed says how many. */
enum wg_code wg_client_act(struct wg_client *client, const char *action, const char *id, const char *who,
                           const char *why, unsigned *changed, struct wg_err *err) WG_MUST;
/* "accept-clock" with id "": the machine's clock is right, whatever the store makes of it (health says what): from now
 * on waits and deadlines go by it. WG_REJECT when nothing is wrong with it. Of reviews, "release" with two people: the
 * first leaves it in review and is remembered (WG_REJECT for the same person again); the second moves it. Neither may
 * once a consent has ended that it was decided under: WG_REJECT, and it is decided again. One more action, on a
 * delivery in review only: "withhold": decided by a person not to share (final, recorded with who and why; decided
 * again only when policy or consent change, and then it stays with the person: review). "seen" on a delivery that
 * overrides a consent: a person has looked at it. All of these settle the review: its alarm is recalled. */

/* The child of a message, or of keys made of a reference that a person gave (a message id in id, or "" and keys).
 * WG_NOT_FOUND when nobody is known by it; WG_REJECT when more than one child is. */
enum wg_code wg_client_child(struct wg_client *client, const char *id, const struct wg_match_key *keys,
                             unsigned key_count, uint64_t *child, struct wg_err *err) WG_MUST;
/* Keeps a record of the child; in the same transaction every message of the child that has unsent deliveries goes back
 * to be decided again, so nothing more is leased under the old answer. *pulled: how many messages. The same id again
 * changes nothing. */
enum wg_code wg_client_record(struct wg_client *client, uint64_t child, const struct wg_record_new *record,
                              const char *who, const char *why, unsigned *pulled, struct wg_err *err) WG_MUST;
/* The records of a child, the oldest first; reading is logged with who. Free with wg_records_free. */
enum wg_code wg_client_records(struct wg_client *client, uint64_t child, const char *who, struct wg_record **out,
                               unsigned *count, struct wg_err *err) WG_MUST;

/* The disclosure register of a child (0: of everybody), of decisions from <= decided < until (wall ms), the oldest
 * first: a JSON array, an object each: message, kind, sender (organisation), accepted (RFC 3339), delivery,
 * organisation, desk, role, of, channel, state, reason, epoch, decided, sent (RFC 3339 of handed-over or received, or
 * ""), receipt, maybe, overrides, record (the decision as process gave it), acts (what people did: at, who, event,
 * detail), exemption (null, or code, who, why, at). Superseded decisions and those not to share are there too. Asking
 * is logged with who. WG_LIMIT when there are more than WG_STORE_LIST_MAX: narrow from and until. */
enum wg_code wg_client_register(struct wg_client *client, uint64_t child, int64_t from, int64_t until, const char *who,
                                struct wg_buf *out, struct wg_err *err) WG_MUST;
/* Marks one entry of the register as exempt from a subject's access, code one of WG_STORE_EXEMPTIONS; code "" takes the
 * mark away. */
enum wg_code wg_client_exempt(struct wg_client *client, const char *delivery, const char *code, const char *who,
                              const char *why, struct wg_err *err) WG_MUST;

/* Legal hold on all messages of a child, those to come too (id ""), or on one message: while it stands nothing of them
 * is purged. *changed: how many messages; 0 when it stood, or did not stand, already. */
enum wg_code wg_client_legal_hold(struct wg_client *client, uint64_t child, const char *id, bool on, const char *who,
                                  const char *why, unsigned *changed, struct wg_err *err) WG_MUST;
/* What of one kind of notice has had nothing happen to it for long enough: a JSON array, an object each: message, kind,
 * organisation, accepted, last (RFC 3339: the latest entry of its log, but for those that say only that somebody looked
 * or that it is not to be purged), fate: "purge", or why it stays: "undelivered", "review", "attention", "legal-hold",
 * "missing" (of an episode that has not ended), "concerned" (a message that concerns it, or a part of it, is not at its
 * end). dry: only says so. Otherwise those of fate purge lose their content: originals, notices, reports, answers,
 * envelopes and their data keys are destroyed, and what a child is found by with the answers about sharing when it was
 * its last; the message's row, its register and its log stay. Content handed in again later is a duplicate of what was
 * purged: nothing comes back. When this returns the keys are in no file of the live system. At most
 * WG_STORE_REPORTS_MAX messages a call, fewer when they are large; *more: ask again, after the last of these. *freed:
 * with dry the bytes of the content, otherwise those that went back to the disk. */
enum wg_code wg_client_purge(struct wg_client *client, const struct wg_purge *what, struct wg_buf *out, uint64_t *freed,
                             bool *more, struct wg_err *err) WG_MUST;

/* Who looks after a message in attention: a name, "" for nobody any more. It stays with the message when it comes back
 * to attention. WG_REJECT when the message is in another state, or `to` is not one line of text of at most
 * WG_LIMIT_NAME bytes. who and why go to the log, here and below: no personal data of a child. */
enum wg_code wg_client_assign(struct wg_client *client, const char *id, const char *to, const char *who,
                              const char *why, struct wg_err *err) WG_MUST;
/* What a person said of a message in attention: ciphertext that the store cannot open. Kept with the message in the
 * place of an earlier one; the message becomes accepted and is processed with it, now and every later time
 * (wg_msg_job.resolution), until another resolution takes its place. WG_REJECT when the message is not in attention,
 * WG_LIMIT above WG_STORE_RESOLUTION_MAX. */
enum wg_code wg_client_resolve(struct wg_client *client, const char *id, const char *who, const char *why,
                               const void *blob, size_t len, struct wg_err *err) WG_MUST;
/* The disclosure records of a message: a JSON array, one object a delivery: delivery, organisation, desk, role, of,
 * channel, state, reason, epoch, decided and due (RFC 3339; due may be ""), second_person, overrides, record (the
 * disclosure as process gave it). Superseded ones are there too. */
enum wg_code wg_client_explain(struct wg_client *client, const char *id, struct wg_buf *out, struct wg_err *err)
	WG_MUST;
/* What a message has to do with others: a JSON object: child ("", "new", "keys" or "person": how its child was found),
 * same-child and same-episode (ids of messages, the newest first, at most WG_STORE_RELATED_MAX), part-of, parts and
 * same-copy: other forms of the copy that it is (objects with id and state). */
enum wg_code wg_client_related(struct wg_client *client, const char *id, struct wg_buf *out, struct wg_err *err)
	WG_MUST;
/* A ciphertext blob: which is "original", "notice", "report", "resolution" of a message, or "envelope" of a delivery.
 * Reading is logged with who. */
enum wg_code wg_client_blob(struct wg_client *client, const char *id, const char *which, const char *who,
                            struct wg_buf *out, struct wg_err *err) WG_MUST;
/* Walks the whole log. WG_OK and the number of entries and the head's hash, or WG_CORRUPT saying which entry does not
 * fit. */
/* kept, kept_head: an end of the log that was noted elsewhere before ("" for none): WG_CORRUPT when it is not in it. */
enum wg_code wg_client_audit(struct wg_client *client, uint64_t kept, const char *kept_head, uint64_t *entries,
                             char head[WG_STORE_HASH], struct wg_err *err) WG_MUST;
/* The log entries of a message or of one delivery, by id ("" for the last max): a JSON array. */
enum wg_code wg_client_history(struct wg_client *client, const char *id, unsigned max, struct wg_buf *out,
                               struct wg_err *err) WG_MUST;
/* Counts per state, age of the oldest unsent, whether it is accepting and why not; reviews, reviews_overdue (past their
 * due time), review_oldest_due (RFC 3339 or ""), overrides_unseen: a JSON object. */
enum wg_code wg_client_health(struct wg_client *client, struct wg_buf *out, struct wg_err *err) WG_MUST;

/* ---- admin: a backup (backup.h). It ends with the connection: the copy is removed then. */

/* Begins it; who goes into the log. WG_AGAIN: another is being taken, or the disk has no room for the copy. */
enum wg_code wg_client_backup_begin(struct wg_client *client, const char *who, struct wg_err *err) WG_MUST;
/* How far it is, or why it failed. */
enum wg_code wg_client_backup_state(struct wg_client *client, struct wg_copy_state *out, struct wg_err *err) WG_MUST;
/* Once the copy is ready: heads after that number, appended to out as wg_store_heads gives them. */
enum wg_code wg_client_backup_heads(struct wg_client *client, int64_t after, bool gone, struct wg_buf *out,
                                    struct wg_err *err) WG_MUST;
/* It was verified: into the log, with words; from now on it is the last backup. */
enum wg_code wg_client_backup_end(struct wg_client *client, const char *who, const char *words, struct wg_err *err)
	WG_MUST;

#endif
