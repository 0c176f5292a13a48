/* What comes back from recipients, and what follows when nothing does: receipts, tasks, the pull inbox, webhooks,
 * alerts. RECEIPTS.md has the table of what a receipt does to a delivery in each state; a test reads it. */
#ifndef WG_STORE_CONFIRM_H
#define WG_STORE_CONFIRM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/id.h"
#include "base/limits.h"
#include "store/states.h"

struct wg_msg_new; /* store.h */

#define WG_STORE_PERSON 129
#define WG_STORE_DETAIL 256
#define WG_STORE_HASH_TEXT 65 /* WG_STORE_HASH of store.h */

/* ---- receipts */

enum wg_receipt_level {
	WG_RECEIPT_NOTED,        /* an auto-reply, a report of delay: kept with the delivery, moves nothing */
	WG_RECEIPT_RECEIVED,     /* the other side's machine has it for good */
	WG_RECEIPT_OPENED,       /* it was displayed to, or fetched by, somebody */
	WG_RECEIPT_ACKNOWLEDGED, /* a named person has it */
	WG_RECEIPT_REFUSED,      /* the recipient will not act on it; detail says why */
	WG_RECEIPT_FAILED        /* a mail server gave up: it did not arrive */
};
#define WG_RECEIPT_LEVELS 6
const char *wg_receipt_level_name(enum wg_receipt_level level); /* "noted", "received", "opened", ... */
bool wg_receipt_level_find(const char *name, enum wg_receipt_level *out);

struct wg_receipt_new {
	/* Which delivery: exactly one of the three is not "". token_hash: SHA-256 of the single-use token, hex. */
	char reference[WG_REFERENCE_TEXT], delivery[WG_ID_TEXT], token_hash[WG_STORE_HASH_TEXT];
	enum wg_receipt_level level;
	char id[129];                         /* the giver's own id of this receipt: the same again is the same */
	char organisation[WG_LIMIT_NAME + 1]; /* who gives it, as authenticated by signature or client certificate; "" */
	char way[16];                         /* "https", "pull", "mesh", "dsn", "mdn", "reply", "link", "notice" */
	char person[WG_STORE_PERSON];         /* ACKNOWLEDGED: who */
	char detail[WG_STORE_DETAIL];         /* words, defanged; REFUSED and FAILED: why */
	char copy_hash[WG_STORE_HASH_TEXT];   /* SHA-256 of the copy's notice.xml as the other side has it; "" not said */
	char log_head[WG_STORE_HASH_TEXT];    /* the head of the other side's log; "" not said */
	char message[WG_ID_TEXT];             /* the message that brought it; "" */
	int64_t said_at;                      /* wall ms, as the other side says; 0 not said */
};

/* Receipts in one message: a delivery report to all recipients of a notice. */
#define WG_STORE_RECEIPTS_MAX 256
/* Receipts of one delivery from one giver that are kept; from nobody that is known, fewer. */
#define WG_STORE_RECEIPTS_KEPT 256
#define WG_STORE_RECEIPTS_UNSIGNED 32

struct wg_receipt_result {
	char delivery[WG_ID_TEXT], message[WG_ID_TEXT];
	enum wg_delivery_state state; /* where it is now */
	bool moved;                   /* by this receipt */
	bool again;                   /* this receipt was there already */
};

/* What a token stands for, for whoever has it: which copy, and what was said with it. Asking says nothing. */
struct wg_token_view {
	char reference[WG_REFERENCE_TEXT], organisation[WG_LIMIT_NAME + 1], desk[WG_LIMIT_NAME + 1];
	enum wg_delivery_state state;
	int64_t sent; /* wall ms at which it was first handed over; 0: not yet */
	/* The first answer that was given with it: ACKNOWLEDGED or REFUSED, by whom and when; NOTED: none yet. */
	enum wg_receipt_level said;
	char person[WG_STORE_PERSON];
	int64_t said_at; /* wall ms at which it came */
};

/* ---- tasks: what the process role does on its own account, when its time has come */

enum wg_task_kind {
	WG_TASK_CONFIRM, /* a delivery is not confirmed yet: is a step of its rule due, and when is the next look? */
	WG_TASK_ANSWER,  /* a delivery of a message that a partner gateway sent has come further: tell that gateway */
	WG_TASK_ALERT    /* an alert has started or cleared: tell the operator */
};

struct wg_task {
	enum wg_task_kind kind;
	uint64_t id, token; /* token: rises with whatever changes the task; done under an older one is refused */
	int64_t now;        /* wall ms by the store's trusted time: judge what is due by this, not by the machine's clock */
	/* CONFIRM and ANSWER: the delivery, its message and who handed that in. "" for ALERT. */
	char message[WG_ID_TEXT], delivery[WG_ID_TEXT], reference[WG_REFERENCE_TEXT];
	char sender[WG_LIMIT_NAME + 1], sender_reference[WG_REFERENCE_TEXT]; /* under which the sender knows the message */
	char sender_copy_hash[WG_STORE_HASH_TEXT];                           /* of the notice as the sender sent it */
	char notice_kind[WG_LIMIT_NAME + 1];
	char organisation[WG_LIMIT_NAME + 1], desk[WG_LIMIT_NAME + 1], role[WG_LIMIT_NAME + 1], of[WG_LIMIT_NAME + 1];
	char confirm[WG_LIMIT_NAME + 1]; /* id of the confirm rule it was decided under */
	/* CONFIRM: where it is now: never one at whose end nothing is asked any more, but REFUSED and FAILED once, so that
	 * somebody is told. ANSWER: how far it came. */
	enum wg_delivery_state state;
	bool known;                   /* the sender may know of this recipient */
	char person[WG_STORE_PERSON]; /* who acknowledged */
	char detail[WG_STORE_DETAIL]; /* ALERT: its words; otherwise the last reason */
	int64_t since;                /* wall ms from when its time counts: sealed, released, or not before */
	int64_t handed_over, received, opened, acknowledged; /* wall ms; 0: not yet */
	unsigned steps;                                      /* CONFIRM: told so far */
	char log_head[WG_STORE_HASH_TEXT];                   /* of this store, when the task was given */
	char alert[WG_LIMIT_NAME * 2 + 2];                   /* ALERT: its key */
	bool cleared;                                        /* ALERT */
};

struct wg_task_done {
	uint64_t id, token;
	unsigned steps; /* CONFIRM: told now, these included */
	int64_t next;   /* wall ms of the next look, which comes within WG_STORE_LOOK_MAX_MS; 0: it is done (CONFIRM: until
	                   the delivery moves) */
	/* What is said to people and partners: notices of our own, encrypted to the storage key. They become messages (way
	 * "self") in the same transaction. */
	const struct wg_msg_new *notices;
	unsigned notice_count;
	char detail[WG_STORE_DETAIL]; /* for the log: who was told */
};
#define WG_STORE_TASK_NOTICES 8
/* Tasks in one answer. A look is never further away than this, so that a next look that was reckoned with a wrong clock
 * does no harm; nor nearer than that, so that nobody runs in circles. */
#define WG_STORE_TASKS_MAX 256
#define WG_STORE_LOOK_MAX_MS (3600 * 1000)
#define WG_STORE_LOOK_MIN_MS 1000

/* ---- the pull inbox */

struct wg_inbox_item {
	char delivery[WG_ID_TEXT], reference[WG_REFERENCE_TEXT], desk[WG_LIMIT_NAME + 1], kind[WG_LIMIT_NAME + 1];
	char copy_hash[WG_STORE_HASH_TEXT];
	enum wg_delivery_state state; /* SEALED, DEFERRED: not fetched yet; HANDED_OVER: fetched, not acknowledged */
	int64_t since;                /* wall ms */
	uint64_t size;                /* of the sealed object, bytes */
};
#define WG_STORE_INBOX_MAX 500

/* ---- webhooks of pull desks */

struct wg_hook {
	char organisation[WG_LIMIT_NAME + 1], desk[WG_LIMIT_NAME + 1];
	char delivery[WG_ID_TEXT], reference[WG_REFERENCE_TEXT], kind[WG_LIMIT_NAME + 1];
	uint64_t token;
	unsigned attempts;
};
#define WG_STORE_HOOKS_MAX 256
enum wg_hook_outcome { WG_HOOK_TOLD, WG_HOOK_AGAIN, WG_HOOK_GONE /* 410: no more for this delivery */ };

/* ---- copies that lie somewhere on the way, where one can ask after them */

struct wg_awaited {
	char delivery[WG_ID_TEXT], reference[WG_REFERENCE_TEXT];
	char receipt[256]; /* what the way gave when it took the copy: a MESH message id */
};
#define WG_STORE_AWAITED_MAX 256

/* ---- alerts: what is wrong with the whole, said once when it starts and once when it clears. A first word of the key
 * that ends in "-" and digits has a level ("certificate-30 NAME"): when another level of the same holds now, that is
 * told as one that started, and the former is gone without being called over. */

struct wg_alert {
	char key[WG_LIMIT_NAME * 2 + 2]; /* "oldest ORGANISATION/DESK", "certificate NAME", "disk", "clock", ... */
	char words[WG_STORE_DETAIL];     /* for people; no personal data */
	int64_t since;                   /* wall ms; filled in by the store */
	bool cleared;                    /* in the answer: it ended now; otherwise it started now */
};
#define WG_STORE_ALERTS_MAX 512

/* ---- troubles: what is in the way of a way in */

/* The name of one, as the key of an alert has it behind its first word; and the names of all, a line each. */
#define WG_STORE_WAY 112
#define WG_STORE_WAYS_MAX 2048

#endif
