/* Answers to copies as they come in by mail, against the real readers and a real store: what each does to its delivery,
 * and which of them a person has to read. */
#include "gate.h"

#include <unistd.h>

#include "base/limits.h"
#include "base/text.h"
#include "base/token.h"
#include "role/answer.h"
#include "role/role.h"
#include "sys/file.h"

#define TO "derbyshire-police"
#define FROM "missing@derbyshire-police.example"

static struct gate gate;
static struct wg_client *deliver;

static int setup(void **state)
{
	if (gate_setup(state) != 0)
		return -1;
	char *text = gate_config("<drop folder", "<lmtp socket=\"lmtp.sock\"/>\n    <drop folder");
	(void)gate_write("gateway.xml", text);
	free(text);
	if (gate_open(&gate) != 0)
		return -1;
	struct wg_config config = { 0 };
	(void)snprintf(config.state, sizeof config.state, "%s/%s", pki_dir, GATE_STORE); /* fits */
	return wg_role_connect(&config, WG_ROLE_DELIVER, &deliver, &pki_err) == WG_OK ? 0 : -1;
}

static int teardown(void **state)
{
	wg_client_freep(&deliver);
	gate_close(&gate);
	return pki_teardown(state);
}

/* A copy that was handed over to the partner's mail server, and what its reader sees of it. */
struct copy {
	char message[WG_ID_TEXT], reference[WG_REFERENCE_TEXT], token[WG_TOKEN_TEXT];
};

/* The token out of the opened copy. */
static void find_token(const char *inner, char token[static WG_TOKEN_TEXT])
{
	WG_AUTO_BUF struct wg_buf text = WG_BUF(WG_LIMIT_ENVELOPE);
	size_t at = 0;
	gate_unquoted(inner, strlen(inner), &text);
	assert_true(wg_token_find(wg_buf_text(&text), text.len, &at, token));
	/* by when stands beside it, out of the policy's deadline for the kind and role */
	assert_non_null(strstr(wg_buf_text(&text), "After that somebody else is told"));
}

/* Everything that is due is handed over; the copy of message for the partner is looked into. */
static void hand_over(struct copy *c)
{
	static char inner[262144];
	struct wg_dlv_job *jobs = NULL;
	unsigned count = 0, stale = 0;
	assert_int_equal(wg_client_lease_deliveries(deliver, "", 16, 16, 5000, &jobs, &count, &pki_err), WG_OK);
	assert_true(count > 0);
	for (unsigned i = 0; i < count; i++) {
		struct wg_dlv_report report = { .token = jobs[i].token, .state = WG_DLV_HANDED_OVER };
		memcpy(report.id, jobs[i].id, sizeof report.id);
		assert_int_equal(wg_client_report(deliver, &report, 1, &stale, &pki_err), WG_OK);
		if (strcmp(jobs[i].organisation, TO) != 0 || strcmp(jobs[i].message, c->message) != 0)
			continue;
		memcpy(c->reference, jobs[i].reference, sizeof c->reference);
		pki_write("copy.eml", jobs[i].envelope, jobs[i].envelope_len);
		assert_int_equal(gate_opened("copy.eml", "SMIME", TO, inner, sizeof inner), 0);
		find_token(inner, c->token);
	}
	wg_dlv_jobs_free(jobs, count);
	assert_int_not_equal(c->reference[0], '\0');
}

static void send_copy(struct copy *c, const char *name)
{
	struct wg_buf bytes = WG_BUF(WG_LIMIT_MESSAGE);
	*c = (struct copy){ 0 };
	gate_report(&bytes, name, "Derbyshire", "");
	memcpy(c->message, gate_submit(&gate, bytes.data, bytes.len, "staffordshire-police", "message/rfc822"),
	       sizeof c->message);
	wg_buf_free(&bytes);
	gate_handle(&gate, false);
	gate_is_message(&gate, c->message, "routed", "");
	hand_over(c);
}

/* Writes format with %R and %T as the copy's reference and token. */
static void fill(const char *format, const struct copy *c, struct wg_buf *out)
{
	for (const char *p = format; *p != '\0'; p++) {
		if (*p == '\n')
			wg_buf_puts(out, "\r\n");
		else if (p[0] == '%' && (p[1] == 'R' || p[1] == 'T'))
			wg_buf_puts(out, *++p == 'R' ? c->reference : c->token);
		else
			wg_buf_putc(out, *p);
	}
	assert_false(out->failed);
}

static void come_in(const char *mail, const struct copy *c, char id[WG_ID_TEXT])
{
	struct wg_buf bytes = WG_BUF(WG_LIMIT_MESSAGE);
	fill(mail, c, &bytes);
	memcpy(id, gate_submit_mail(&gate, bytes.data, bytes.len), WG_ID_TEXT);
	wg_buf_free(&bytes);
	gate_handle(&gate, false);
}

#define HEAD "From: " FROM "\nTo: gateway@staffordshire.example\nSubject: Re: notice\nMIME-Version: 1.0\n"
#define ANSWERS "In-Reply-To: <%R@staffordshire.example>\n"
#define TEXT "Content-Type: text/plain\n\n"
#define DSN(action, more)                                                                                           \
	"Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nSubject: Report\nContent-Type: multipart/report; "            \
	"report-type=delivery-status; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; " \
	"mx.example\nOriginal-Envelope-Id: %R\n\nFinal-Recipient: rfc822; " FROM "\nAction: " action "\n" more "\n--b--\n"
#define MDN(disposition)                                                                             \
	HEAD "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b\n" \
		 "Content-Type: message/disposition-notification\n\nOriginal-Message-ID: "                   \
		 "<%R@staffordshire.example>\nDisposition: " disposition "\n\n--b--\n"

static const struct {
	const char *name, *mail;
	const char *delivery; /* its state afterwards */
	const char *state;    /* of the mail */
	const char *words;    /* in its reason */
} table[] = {
	{ "DELIVERED", DSN("delivered", "Status: 2.0.0\n"), "received", "answer", "" },
	{ "RELAYED", DSN("relayed", ""), "handed-over", "answer", "" },
	{ "DELAYED", DSN("delayed", "Status: 4.0.0\n"), "handed-over", "answer", "" },
	{ "FAILED", DSN("failed", "Status: 5.1.1\nDiagnostic-Code: smtp; 550 no\n"), "failed", "answer", "" },
	{ "DISPLAYED", MDN("manual-action/MDN-sent-manually; displayed"), "opened", "answer", "" },
	{ "BYRULE", MDN("automatic-action/MDN-sent-automatically; displayed"), "handed-over", "answer", "" },
	{ "DELETED", MDN("manual-action/MDN-sent-manually; deleted"), "handed-over", "answer", "" },
	{ "DENIED", MDN("manual-action/MDN-sent-manually; denied"), "handed-over", "answer", "" },
	{ "MDNFAILED", MDN("automatic-action/MDN-sent-automatically; failed"), "handed-over", "answer", "" },
	{ "AUTO", HEAD ANSWERS "Auto-Submitted: auto-replied\n" TEXT "Robin Specimen\n\n> Code: %T\n", "handed-over",
	  "answer", "" },
	{ "AUTOCODE", HEAD "Auto-Submitted: auto-replied\n" TEXT "Robin Specimen\n\n> Code: %T\n", "handed-over", "answer",
	  "" },
	{ "BOUNCE",
	  "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nSubject: failure notice\n\nHi. This is the qmail-send "
	  "program at mx.example.\n\nMessage-ID: <%R@staffordshire.example>\n",
	  "handed-over", "attention", "a mail server wrote" },
	{ "NAMED", HEAD ANSWERS TEXT "Sam Example\n\n> Code: %T\n", "acknowledged", "answer", "" },
	{ "CODEONLY", HEAD TEXT "Sam Example\n%T\n", "acknowledged", "answer", "" },
	{ "MORE", HEAD ANSWERS TEXT "Sam Example\nShe is with us.\n\n> Code: %T\n", "acknowledged", "attention",
	  "says more" },
	{ "SIGNATURE",
	  HEAD ANSWERS TEXT "Sam Example\n\nKind regards\nSam Example\nDuty Social Worker\nTel: 01632 960123\n\n"
	                    "This email and any attachments are confidential.\n\n> Code: %T\n",
	  "acknowledged", "answer", "" },
	{ "SIGNEDMORE",
	  HEAD ANSWERS TEXT "Sam Example\nDuty Social Worker\nHe is not here any more\n01632 960123\n\n> Code: "
	                    "%T\n",
	  "acknowledged", "attention", "says more" },
	{ "NAMEBUT", HEAD ANSWERS TEXT "Confirmed by Sam Example, but he is not here any more\n\n> Code: %T\n",
	  "acknowledged", "attention", "says more" },
	{ "REFUSED", HEAD ANSWERS TEXT "Not for us: another force\n\n> Code: %T\n", "refused", "answer", "" },
	{ "NONAME", HEAD ANSWERS TEXT "will look at it\n\n> Code: %T\n", "handed-over", "attention",
	  "does not say plainly" },
	{ "NOCODE", HEAD ANSWERS TEXT "Sam Example\n", "handed-over", "attention", "neither the code" },
	{ "OTHERCODE", HEAD TEXT "Sam Example\nwgc-7k3m0q8r5tzvwxy1a2b4c6d9ef\n", "handed-over", "attention", "not known" },
	{ "OTHERDOMAIN", HEAD "In-Reply-To: <%R@elsewhere.example>\n" TEXT "Sam Example\n", "handed-over", "attention",
	  "not known" },
	{ "STRANGER",
	  "From: MAILER-DAEMON@mx.example\nContent-Type: multipart/report; boundary=b\n\n--b\nContent-Type: "
	  "message/delivery-status\n\nOriginal-Envelope-Id: abc\n\nAction: failed\n\n--b--\n",
	  "handed-over", "attention", "not known" },
	{ "PORTAL", HEAD TEXT "You have received an encrypted message. Click here to read it.\n", "handed-over",
	  "attention", "web portal" },
};

static void test_table(void **state)
{
	(void)state;
	unsigned bad = 0;
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		struct copy c;
		char id[WG_ID_TEXT];
		send_copy(&c, table[i].name);
		come_in(table[i].mail, &c, id);
		struct wg_row mail = gate_row(&gate.store, "messages", id, NULL);
		struct wg_row delivery = gate_row(&gate.store, "deliveries", c.message, TO);
		bool fine = strcmp(mail.state, table[i].state) == 0 && strcmp(delivery.state, table[i].delivery) == 0 &&
		            strstr(mail.reason, table[i].words) != NULL;
		bad += !fine;
		printf("%-4s %-12s delivery %-13s mail %-10s %.90s\n", fine ? "ok" : "BAD", table[i].name, delivery.state,
		       mail.state, mail.reason);
		assert_null(strstr(mail.reason, c.token));
	}
	assert_int_equal(bad, 0);
}

/* The reply of somebody whose mail program signs: no code is needed. From the organisation that was written to it is a
 * person's word; from another partner it is nothing. */
static void signed_reply(const char *who, const char *from, const struct copy *c, char id[WG_ID_TEXT])
{
	char cert[64], key[64];
	static uint8_t mail[262144];
	struct wg_buf head = WG_BUF(WG_LIMIT_MESSAGE);
	(void)snprintf(cert, sizeof cert, "%s/smime.pem", who); /* fits */
	(void)snprintf(key, sizeof key, "%s/smime.key", who);   /* fits */
	(void)gate_write("reply", "Content-Type: text/plain\r\n\r\nSam Example\r\n");
	const char *const argv[] = { "openssl", "cms",      "-sign",    "-in",  pki("reply"),  "-signer",
		                         pki(cert), "-inkey",   pki(key),   "-out", pki("signed"), "-from",
		                         from,      "-subject", "Re: this", NULL };
	assert_int_equal(pki_run("sign.log", argv), 0);
	fill("In-Reply-To: <%R@staffordshire.example>\n", c, &head);
	size_t n = pki_read("signed", mail, sizeof mail);
	wg_buf_put(&head, mail, n);
	memcpy(id, gate_submit_mail(&gate, head.data, head.len), WG_ID_TEXT);
	wg_buf_free(&head);
	gate_handle(&gate, false);
}

static void test_signed(void **state)
{
	(void)state;
	struct copy c;
	char id[WG_ID_TEXT];
	send_copy(&c, "SIGNEDOTHER");
	signed_reply("derbyshire", "front-door@derbyshire.example", &c, id);
	gate_is_delivery(&gate, c.message, TO, "handed-over", "");
	gate_is_message(&gate, id, "attention", "not known");
	send_copy(&c, "SIGNED");
	signed_reply(TO, FROM, &c, id);
	gate_is_delivery(&gate, c.message, TO, "acknowledged", "");
	gate_is_message(&gate, id, "answer", "");
	assert_string_equal(gate_row(&gate.store, "messages", id, NULL).organisation, TO);
}

/* A person has read what a reply says, and that is all that was to do. */
static void test_read(void **state)
{
	(void)state;
	struct copy c;
	char id[WG_ID_TEXT];
	struct wg_buf sealed = WG_BUF(WG_STORE_RESOLUTION_MAX);
	send_copy(&c, "READ");
	come_in(HEAD ANSWERS TEXT "Sam Example\nShe is with us.\n\n> Code: %T\n", &c, id);
	gate_is_message(&gate, id, "attention", "says more");
	assert_int_equal(wg_cms_encrypt(gate.process.storage_cert, WG_CIPHER_GCM, "text is read\n", 13, &sealed, &pki_err),
	                 WG_OK);
	assert_int_equal(wg_client_resolve(gate.store.admin, id, "robin", "seen", sealed.data, sealed.len, &pki_err),
	                 WG_OK);
	wg_buf_free(&sealed);
	gate_handle(&gate, false);
	gate_is_message(&gate, id, "answer", "");
	gate_is_delivery(&gate, c.message, TO, "acknowledged", "");
}

/* Tokens are nowhere but in the copies. */
static void test_never_logged(void **state)
{
	(void)state;
	static const char *const never[] = { "wgc-", "Canary" };
	struct wg_buf log = WG_BUF(WG_LIMIT_MESSAGE);
	gate_never_logged(never, WG_COUNT(never), &log);
	wg_buf_free(&log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_signed),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_never_logged),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
