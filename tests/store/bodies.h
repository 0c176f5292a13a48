/* A body that reads as it should, for every question that the store is asked. */
#ifndef TESTS_STORE_BODIES_H
#define TESTS_STORE_BODIES_H

#include "rig.h"
#include "store/codec.h"
#include "store/wire.h"

/* The questions about sharing. */
static inline void put_sharing(unsigned op, const char *id, struct wg_buf *b)
{
	switch (op) {
	case WG_OP_CONTEXT:
		wg_buf_str(b, id);
		wg_buf_u8(b, WG_RELATION_CLOSES);
		wg_buf_u8(b, WG_CHILD_BY_KEYS);
		wg_buf_str(b, "");
		wg_buf_str(b, "");
		wg_buf_u32(b, 0);
		break;
	case WG_OP_STRANGERS:
		wg_buf_u64(b, 1);
		wg_buf_u32(b, 0);
		break;
	case WG_OP_CHILD:
		wg_buf_str(b, id);
		wg_buf_u32(b, 0);
		break;
	case WG_OP_RECORD:
		wg_buf_u64(b, 1);
		wg_buf_str(b, id);
		wg_buf_str(b, "robin");
		wg_buf_str(b, "why");
		wg_buf_bytes(b, "record", 6);
		break;
	case WG_OP_RECORDS:
		wg_buf_u64(b, 1);
		wg_buf_str(b, "robin");
		break;
	case WG_OP_REGISTER:
		wg_buf_u64(b, 0);
		wg_buf_u64(b, 0);
		wg_buf_u64(b, INT64_MAX);
		wg_buf_str(b, "robin");
		break;
	case WG_OP_EXEMPT:
		wg_buf_str(b, id);
		wg_buf_str(b, "health");
		wg_buf_str(b, "robin");
		wg_buf_str(b, "why");
		break;
	default:
		break;
	}
}

/* The questions about retention. */
static inline void put_retention(unsigned op, const char *id, struct wg_buf *b)
{
	if (op == WG_OP_LEGAL_HOLD) {
		wg_buf_u64(b, 0);
		wg_buf_str(b, id);
		wg_buf_u8(b, 1);
	} else {
		wg_buf_str(b, "missing");
		wg_buf_u64(b, 1);
		wg_buf_u8(b, 1);
		wg_buf_str(b, "");
	}
	wg_buf_str(b, "robin");
	wg_buf_str(b, "why");
}

/* The questions about what comes back. */
static inline void put_confirm(unsigned op, const char *id, struct wg_buf *b)
{
	switch (op) {
	case WG_OP_RECEIPT:
		wg_codec_put_receipt_new(b, &(struct wg_receipt_new){ .reference = "nothing" });
		break;
	case WG_OP_TASKS:
		wg_buf_u32(b, 1);
		break;
	case WG_OP_TASK_DONE:
		wg_codec_put_task_done(b, &(struct wg_task_done){ .id = 1, .token = 1 });
		break;
	case WG_OP_INBOX:
	case WG_OP_INBOX_TAKE:
		wg_buf_str(b, "meadowton");
		wg_buf_str(b, "");
		if (op == WG_OP_INBOX)
			wg_buf_u32(b, 1);
		break;
	case WG_OP_ALERTS:
		wg_buf_u32(b, 0);
		break;
	case WG_OP_RECEIPTS:
	case WG_OP_TOKEN:
		wg_buf_str(b, id);
		break;
	case WG_OP_TROUBLE:
		wg_buf_str(b, "a mailbox");
		wg_buf_str(b, "a mailbox");
		wg_buf_str(b, "no answer");
		wg_buf_u32(b, 1);
		break;
	case WG_OP_HOOKS:
		wg_buf_u32(b, 1);
		break;
	case WG_OP_AWAITED:
		wg_buf_str(b, "mesh");
		wg_buf_str(b, "");
		wg_buf_u32(b, 1);
		break;
	case WG_OP_HOOK_DONE:
		wg_buf_str(b, id);
		wg_buf_u64(b, 1);
		wg_buf_u8(b, WG_HOOK_TOLD);
		wg_buf_u32(b, 0);
		break;
	default:
		break;
	}
}

static inline void put_body(unsigned op, struct wg_buf *b)
{
	struct wg_msg_new m = rig_message(1);
	struct wg_msg_done done = rig_done(m.id, 1, NULL, 0);
	switch (op) {
	case WG_OP_ADD:
	case WG_OP_ADD_LATER:
		wg_codec_put_msg_new(b, &m);
		break;
	case WG_OP_STATUS:
	case WG_OP_EXPLAIN:
	case WG_OP_RELATED:
	case WG_OP_EPOCH:
		wg_buf_str(b, m.id);
		if (op == WG_OP_STATUS)
			wg_buf_str(b, "oatshire-police");
		break;
	case WG_OP_LEASE_DELIVERIES:
	case WG_OP_LEASE_MESSAGES:
		wg_buf_u32(b, 0);
		wg_buf_u32(b, 1);
		if (op == WG_OP_LEASE_DELIVERIES) {
			wg_buf_u32(b, 1);
			wg_buf_str(b, "");
		}
		break;
	case WG_OP_PART:
		wg_buf_bytes(b, "part", 4);
		break;
	case WG_OP_DONE:
		wg_codec_put_done(b, &done);
		break;
	case WG_OP_PUT_BACK:
		wg_buf_str(b, m.id);
		wg_buf_u64(b, 1);
		wg_buf_u32(b, 0);
		wg_buf_str(b, "why");
		break;
	case WG_OP_REPORT:
		wg_buf_u32(b, 0);
		break;
	case WG_OP_LIST:
		wg_buf_str(b, "messages");
		wg_buf_str(b, "*");
		wg_buf_str(b, "");
		wg_buf_str(b, "");
		wg_buf_u32(b, 10);
		break;
	case WG_OP_ACT:
		wg_buf_str(b, "hold");
		wg_buf_str(b, m.id);
		wg_buf_str(b, "robin");
		wg_buf_str(b, "why");
		break;
	case WG_OP_ASSIGN:
	case WG_OP_RESOLVE:
		wg_buf_str(b, m.id);
		wg_buf_str(b, "robin");
		wg_buf_str(b, "robin");
		wg_buf_str(b, "why");
		break;
	case WG_OP_BLOB:
		wg_buf_str(b, m.id);
		wg_buf_str(b, "original");
		wg_buf_str(b, "robin");
		break;
	case WG_OP_AUDIT:
		wg_buf_u64(b, 0);
		wg_buf_str(b, "");
		break;
	case WG_OP_BACKUP_BEGIN:
		wg_buf_str(b, "robin");
		break;
	case WG_OP_BACKUP_HEADS:
		wg_buf_u64(b, 0);
		wg_buf_u8(b, 0);
		break;
	case WG_OP_BACKUP_END:
		wg_buf_str(b, "robin");
		wg_buf_str(b, "verified");
		break;
	case WG_OP_HISTORY:
		wg_buf_str(b, "");
		wg_buf_u32(b, 10);
		break;
	case WG_OP_LEGAL_HOLD:
	case WG_OP_PURGE:
		put_retention(op, m.id, b);
		break;
	default: /* audit, health and what does not exist have no body */
		put_sharing(op, m.id, b);
		put_confirm(op, m.id, b);
		break;
	}
}

#endif
