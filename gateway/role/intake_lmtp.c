/* intake_lmtp.c owns what comes in over LMTP: each mail goes to the store, and the mail server hears of it when the
 * store has it for good. The same mail handed over again has other Received lines, so it is another message here;
 * process folds it by what its notice says. */
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "role/intake.h"

/* A mail server hands over a few at a time: Postfix has 20 deliveries to one destination. */
#define CONNECTIONS 64
/* Of all mails that are being received or wait for the store. */
#define UNDER_WAY (4 * WG_LIMIT_MESSAGE)
/* RFC 5321 4.5.3.2: 5 minutes between commands, 10 for the content. */
#define COMMAND_MS (5 * 60 * 1000)
#define DATA_MS (10 * 60 * 1000)
/* The mail server runs as a user of its own, which is in the group of the socket. */
#define SOCKET_MODE 0660

static void told(struct wg_intake *intake, void *arg, uint32_t number, const struct wg_msg_receipt *receipt,
                 const struct wg_err *failed)
{
	(void)intake, (void)number; /* the signature is wg_intake_told's */
	if (failed->code == WG_OK)
		wg_log(WG_LOG_INFO, receipt->duplicate ? "accepted-again" : "accepted", "message", receipt->id, "way", "lmtp",
		       NULL);
	else
		wg_log_err(WG_LOG_WARNING, "not-accepted", failed, "way", "lmtp", NULL);
	wg_lmtp_answer(arg, failed->code == WG_OK ? WG_LMTP_KEPT : WG_LMTP_LATER, receipt->id);
}

static void came(void *arg, struct wg_lmtp_mail *mail)
{
	WG_AUTO_BUF struct wg_buf blob = WG_BUF(WG_LIMIT_ENVELOPE);
	struct wg_intake *intake = arg;
	struct wg_msg_new msg;
	struct wg_err err = { 0 };
	size_t len;
	const uint8_t *bytes = wg_lmtp_mail_bytes(mail, &len);
	enum wg_code code = wg_intake_seal_mail(intake, "lmtp", bytes, len, &blob, &msg, &err);
	if (code == WG_OK)
		code = wg_intake_add(intake, &msg, told, mail, 0, 0, &err);
	if (code == WG_OK)
		return;
	wg_log_err(WG_LOG_WARNING, "not-accepted", &err, "way", "lmtp", NULL);
	wg_lmtp_answer(mail, code == WG_AGAIN ? WG_LMTP_FULL : WG_LMTP_LATER, "");
}

enum wg_code wg_intake_lmtp_start(struct wg_intake *intake, struct wg_err *err)
{
	const struct wg_lmtp_spec spec = {
		.path = intake->config->lmtp,
		.mode = SOCKET_MODE,
		.max_mail = WG_LIMIT_MESSAGE,
		.max_under_way = UNDER_WAY,
		.max_connections = CONNECTIONS,
		.command_ms = COMMAND_MS,
		.data_ms = DATA_MS,
	};
	return spec.path[0] == '\0' ? WG_OK : wg_lmtp_start(intake->base, &spec, came, intake, &intake->lmtp, err);
}
