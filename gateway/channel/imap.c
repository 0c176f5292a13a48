/* imap.c owns one poll of a mailbox: libcurl on one connection.
 * SECURITY: meets another site's answers, and holds a password. libcurl logs in only after TLS and the name are
 * verified (CURLUSESSL_ALL, our own trust policy). Mails are fetched by URL only: a custom FETCH loses data in libcurl.
 * Of all other answers libcurl passes on the lines, which imap_line.c reads. */
#include "channel/imap.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "channel/imap_line.h"
#include "crypto/peer.h"
#include "crypto/tls.h"
#include "sys/file.h"

#define KEYWORD "$Wardgate"
#define SECRET_MAX ((size_t)16 * 1024) /* an OAuth token has up to 4 KB */
#define CONNECT_MS 20000L
#define COMMAND_MS 40000L
/* A mail may take long, but not stand still: 16 MB at this speed take over an hour, which is more than anybody waits.
 */
#define FETCH_MS 600000L
#define SLOW_BYTES 4096L
#define SLOW_SECONDS 20L
#define ANSWER_S 30L
/* Lines of one command: the largest is a list of UIDs. */
#define LINES_MAX ((size_t)1024 * 1024)
/* libcurl drops the middle of a line longer than half of its buffer: a list of so many UIDs stays far below. */
#define BUFFER 524288L
#define WINDOW 10000u
/* Mails in one mailbox: more are looked through in minutes, not seconds, at every poll. */
#define BOX_MAX 2000000u
#define URL_MAX 1024
/* Mails of one poll that could not be had before it gives up until the next. */
#define FAULTS 4

struct session {
	CURL *curl;
	const struct wg_imap_box *box;
	struct wg_err tls; /* why our own TLS could not be set up; code WG_OK when it could */
	char words[CURL_ERROR_SIZE];
	char folder[3 * 136]; /* percent-encoded */
	/* what the mailbox said */
	uint32_t exists, validity;
	bool may_mark, can_move, offers_login;
	char separator;
	char taken[32]; /* name of the folder to move to; "" when there is none */
	/* of the command under way */
	size_t line_bytes;
	bool bad, too_many, listed;
	uint32_t *uids;
	size_t uid_count;
	uint64_t *sizes; /* beside the uids of a batch, 0: not said */
	const uint32_t *batch;
	unsigned batch_count;
	/* of the mail under way */
	struct wg_buf mail;
	uint32_t literal_uid;
	uint64_t literal;
	unsigned behind; /* lines behind the literal */
	bool have_literal, too_large;
	bool closed;  /* the answer ended behind the literal as it should */
	bool private; /* what is said now is said within TLS */
};

/* ---- what libcurl calls */

static CURLcode set_tls(CURL *curl, void *ctx, void *arg)
{
	(void)curl; /* the signature is libcurl's */
	struct session *s = arg;
	const struct wg_tls tls = { .ca = s->box->ca, .peer = s->box->peer };
	if (wg_tls_client_setup(&tls, s->box->host, ctx, &s->tls) != WG_OK)
		return CURLE_SSL_CERTPROBLEM;
	s->tls.code = WG_OK;
	s->private = true;
	return CURLE_OK;
}

/* A new connection: nothing that comes before TLS is believed. */
static int opened(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	struct session *s = arg;
	(void)fd, (void)purpose; /* the signature is libcurl's */
	s->private = false;
	return CURL_SOCKOPT_OK;
}

static void read_sizes(struct session *s, const char *line, size_t len)
{
	uint32_t uid;
	uint64_t size;
	if (wg_imap_size(line, len, &uid, &size) != WG_IMAP_READ)
		return;
	for (unsigned i = 0; i < s->batch_count; i++)
		if (s->batch[i] == uid)
			s->sizes[i] = size > 0 ? size : 1; /* 0 stands for not said */
}

/* Is there a way to log in that we may use? Said anew within TLS. */
static void read_login(struct session *s, const char *line, size_t len)
{
	bool first = false, second = false;
	if (wg_imap_capability(line, len, s->box->xoauth2 ? "AUTH=XOAUTH2" : "AUTH=PLAIN", &first) == WG_IMAP_READ &&
	    wg_imap_capability(line, len, "AUTH=LOGIN", &second) == WG_IMAP_READ)
		s->offers_login = first || (second && !s->box->xoauth2);
}

static void read_line(struct session *s, const char *p, size_t len)
{
	uint32_t number;
	bool flag;
	size_t name;
	if (wg_imap_exists(p, len, &number) == WG_IMAP_READ)
		s->exists = number;
	if (wg_imap_validity(p, len, &number) == WG_IMAP_READ && s->validity == 0)
		s->validity = number;
	if (wg_imap_may_flag(p, len, KEYWORD, &flag) == WG_IMAP_READ)
		s->may_mark = flag;
	if (wg_imap_capability(p, len, "MOVE", &flag) == WG_IMAP_READ)
		s->can_move = flag;
	read_login(s, p, len);
	if (wg_imap_list(p, len, &s->separator, &name) == WG_IMAP_READ)
		s->listed = true;
	if (s->uids != NULL && wg_imap_search(p, len, s->uids, WINDOW, &s->uid_count) == WG_IMAP_BAD)
		s->bad = true;
	if (s->sizes != NULL)
		read_sizes(s, p, len);
}

/* Every line of the server, tagged or not, of whatever command. */
static size_t take_line(char *p, size_t size, size_t count, void *arg)
{
	struct session *s = arg;
	size_t len = size * count;
	uint32_t number;
	uint64_t literal;
	if (len > LINES_MAX - s->line_bytes) {
		s->too_many = true;
		return 0; /* ends the command */
	}
	s->line_bytes += len;
	if (!s->private)
		return len;
	if (s->have_literal && s->mail.len == s->literal && s->behind++ == 0)
		s->closed = len > 2 && (p[0] == ')' || p[0] == ' ') && memchr(p, ')', len) != NULL;
	if (!s->have_literal && wg_imap_literal(p, len, &number, &literal) == WG_IMAP_READ) {
		s->have_literal = true;
		s->literal_uid = number;
		s->literal = literal;
	}
	read_line(s, p, len);
	return len;
}

static size_t take_body(char *p, size_t size, size_t count, void *arg)
{
	struct session *s = arg;
	size_t len = size * count;
	if (len > s->mail.max - s->mail.len) {
		s->too_large = true;
		return 0; /* ends the transfer */
	}
	wg_buf_put(&s->mail, p, len);
	return s->mail.failed ? 0 : len;
}

/* The lines of a command come here once more. */
static size_t ignore(char *p, size_t size, size_t count, void *arg)
{
	(void)p, (void)arg;
	return size * count;
}

/* ---- words */

static enum wg_code explain(const struct session *s, CURLcode rc, const char *what, struct wg_err *err)
{
	char words[WG_PEER_WORDS];
	const char *host = s->box->host, *said = s->words[0] != '\0' ? s->words : curl_easy_strerror(rc);
	if (rc == CURLE_PEER_FAILED_VERIFICATION && s->box->peer != NULL && s->box->peer->words[0] != '\0')
		said = s->box->peer->words;
	(void)wg_defang(said, words, sizeof words);
	/* libcurl has a limit of its own, which has no code of its own */
	if (s->too_many || strstr(words, "Too large response headers") != NULL)
		return wg_err_set(err, WG_REJECT, "%s: %s: its answer does not end", host, what);
	if (s->tls.code != WG_OK)
		return wg_err_set(err, WG_CONFIG, "%s: %s", host, s->tls.text);
	switch ((int)rc) {
	case CURLE_USE_SSL_FAILED:
		return wg_err_set(err, WG_CRYPTO, "%s: it offers no STARTTLS, or refused it: nothing was said to it", host);
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
		return wg_err_set(err, WG_CRYPTO, "%s: TLS cannot be verified, so there was no login: %s", host, words);
	case CURLE_LOGIN_DENIED:
		if (strstr(words, "Select") != NULL)
			return wg_err_set(err, WG_CONFIG, "%s: the folder %s cannot be opened: check folder=", host,
			                  s->box->folder);
		if (!s->offers_login)
			return wg_err_set(err, WG_CONFIG, "%s: it offers no login by %s: check auth=, or ask for it there", host,
			                  s->box->xoauth2 ? "XOAUTH2" : "PLAIN or LOGIN");
		return wg_err_set(err, WG_CONFIG, "%s: it did not let %s in: check user=, secret= and auth=", host,
		                  s->box->user);
	case CURLE_OPERATION_TIMEDOUT:
		return wg_err_set(err, WG_AGAIN, "%s: %s: it took too long: %s", host, what, words);
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
		return wg_err_set(err, WG_AGAIN, "%s: cannot be reached: %s", host, words);
	case CURLE_QUOTE_ERROR:
		return wg_err_set(err, WG_CONFIG, "%s: %s: it refused", host, what);
	case CURLE_WEIRD_SERVER_REPLY:
		return wg_err_set(err, WG_REJECT, "%s: %s: it answered what no server should: %s", host, what, words);
	default:
		return wg_err_set(err, WG_AGAIN, "%s: %s: %s", host, what, words);
	}
}

/* Faults of one mail; after others there is nothing more to be had in this poll. */
static bool of_one_mail(const struct session *s, CURLcode rc)
{
	return !s->too_many && (rc == CURLE_OK || rc == CURLE_WEIRD_SERVER_REPLY || rc == CURLE_PARTIAL_FILE ||
	                        rc == CURLE_RECV_ERROR || rc == CURLE_OPERATION_TIMEDOUT || rc == CURLE_WRITE_ERROR);
}

/* ---- commands */

#define SET(option, value) (ok = ok && curl_easy_setopt(s->curl, (option), (value)) == CURLE_OK)

/* tail: ";UID=..." or "". The number that the mailbox gave itself goes with every URL once it is known: libcurl refuses
 * when it has another one after a reconnect. */
static bool set_url(struct session *s, const char *tail)
{
	char url[URL_MAX], validity[32] = "";
	bool ok = true;
	if (s->validity != 0)
		(void)snprintf(validity, sizeof validity, ";UIDVALIDITY=%u%s", s->validity,
		               tail[0] != '\0' ? "/" : ""); /* fits */
	int n = snprintf(url, sizeof url, "%s://%s:%u/%s%s%s", s->box->implicit ? "imaps" : "imap", s->box->host,
	                 (unsigned)s->box->port, s->folder, validity, tail);
	ok = n > 0 && (size_t)n < sizeof url;
	SET(CURLOPT_URL, url);
	return ok;
}

static CURLcode perform(struct session *s)
{
	s->line_bytes = 0;
	s->bad = s->too_many = false;
	s->words[0] = '\0';
	return curl_easy_perform(s->curl);
}

/* A command of our own in the mailbox; its untagged lines go to take_line. */
static CURLcode command(struct session *s, const char *text)
{
	bool ok = set_url(s, "");
	SET(CURLOPT_CUSTOMREQUEST, text);
	SET(CURLOPT_WRITEFUNCTION, ignore);
	SET(CURLOPT_TIMEOUT_MS, COMMAND_MS);
	SET(CURLOPT_LOW_SPEED_LIMIT, 0L);
	return ok ? perform(s) : CURLE_OUT_OF_MEMORY;
}

/* The bytes of a section of a mail into s->mail, which may hold max. */
static CURLcode fetch(struct session *s, uint32_t uid, const char *section, size_t max)
{
	char tail[128];
	bool ok = true;
	(void)snprintf(tail, sizeof tail, ";UID=%u%s%s", uid, section[0] != '\0' ? "/;SECTION=" : "", section); /* fits */
	s->have_literal = s->too_large = s->closed = false;
	s->behind = 0;
	wg_buf_reset(&s->mail);
	s->mail.max = max;
	ok = set_url(s, tail);
	SET(CURLOPT_CUSTOMREQUEST, NULL);
	SET(CURLOPT_WRITEFUNCTION, take_body);
	SET(CURLOPT_WRITEDATA, s);
	SET(CURLOPT_TIMEOUT_MS, FETCH_MS);
	SET(CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES);
	SET(CURLOPT_LOW_SPEED_TIME, SLOW_SECONDS);
	return ok ? perform(s) : CURLE_OUT_OF_MEMORY;
}

static bool set_policy(struct session *s, const char *secret)
{
	const struct wg_imap_box *b = s->box;
	bool ok = true;
	SET(CURLOPT_PROTOCOLS_STR, b->implicit ? "imaps" : "imap");
	SET(CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
	SET(CURLOPT_CAINFO, NULL); /* not the machine's anchors: set_tls brings ours */
	SET(CURLOPT_CAPATH, NULL);
	SET(CURLOPT_SSL_CTX_FUNCTION, set_tls);
	SET(CURLOPT_SSL_CTX_DATA, s);
	SET(CURLOPT_SOCKOPTFUNCTION, opened);
	SET(CURLOPT_SOCKOPTDATA, s);
	SET(CURLOPT_HEADERFUNCTION, take_line);
	SET(CURLOPT_HEADERDATA, s);
	SET(CURLOPT_ERRORBUFFER, s->words);
	SET(CURLOPT_BUFFERSIZE, BUFFER);
	SET(CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	SET(CURLOPT_SERVER_RESPONSE_TIMEOUT, ANSWER_S);
	SET(CURLOPT_USERNAME, b->user);
	SET(b->xoauth2 ? CURLOPT_XOAUTH2_BEARER : CURLOPT_PASSWORD, secret);
	SET(CURLOPT_LOGIN_OPTIONS, b->xoauth2 ? "AUTH=XOAUTH2" : "AUTH=PLAIN;AUTH=LOGIN");
	return ok;
}

/* A folder's name may hold letters, digits and . _ / - and blanks (config.xsd). */
static bool encode_folder(const char *folder, char *out, size_t size)
{
	size_t n = 0;
	for (; *folder != '\0' && n + 4 < size; folder++) {
		if (*folder == ' ') {
			memcpy(out + n, "%20", 3);
			n += 3;
		} else {
			out[n++] = *folder;
		}
	}
	out[n] = '\0';
	return *folder == '\0';
}

/* ---- the mailbox */

/* Connects, logs in, opens the mailbox. */
static enum wg_code open_box(struct session *s, struct wg_err *err)
{
	s->may_mark = true; /* RFC 3501 7.1: without PERMANENTFLAGS every flag can be set */
	CURLcode rc = command(s, "CAPABILITY");
	if (rc != CURLE_OK)
		return explain(s, rc, "opening the mailbox", err);
	if (s->validity == 0)
		return wg_err_set(err, WG_REJECT, "%s: it does not say the UIDVALIDITY of %s", s->box->host, s->box->folder);
	if (s->exists > BOX_MAX)
		return wg_err_set(err, WG_CONFIG, "%s: %s holds %u mails, more than %u: move those that were taken elsewhere",
		                  s->box->host, s->box->folder, s->exists, BOX_MAX);
	if (!s->may_mark && !s->can_move)
		return wg_err_set(
			err, WG_CONFIG,
			"%s: %s keeps no keywords and mails cannot be moved, so nothing could be marked as taken: use "
			"another mailbox",
			s->box->host, s->box->folder);
	return WG_OK;
}

static int compare_uids(const void *a, const void *b)
{
	uint32_t x, y;
	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return (x > y) - (x < y);
}

/* UIDs of what is not marked, the oldest first, at most one more than a poll takes. Asked for in windows of the
 * mailbox's numbering, so that no answer gets long. */
static enum wg_code find(struct session *s, uint32_t *uids, size_t *count, struct wg_err *err)
{
	uint32_t *window = calloc(WINDOW, sizeof *window);
	enum wg_code code = WG_OK;
	if (window == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory");
	*count = 0;
	s->uids = window;
	for (uint64_t low = 1; code == WG_OK && low <= s->exists && *count <= WG_IMAP_TAKE_MOST; low += WINDOW) {
		char text[96];
		uint64_t high = low + WINDOW - 1 < s->exists ? low + WINDOW - 1 : s->exists;
		(void)snprintf(text, sizeof text, "UID SEARCH %llu:%llu %s", (unsigned long long)low, (unsigned long long)high,
		               s->may_mark ? "UNKEYWORD " KEYWORD : "ALL"); /* fits */
		s->uid_count = 0;
		CURLcode rc = command(s, text);
		if (rc != CURLE_OK)
			code = explain(s, rc, "looking for mails", err);
		else if (s->bad)
			code = wg_err_set(err, WG_REJECT, "%s: its list of mails is none", s->box->host);
		for (size_t i = 0; code == WG_OK && i < s->uid_count && *count <= WG_IMAP_TAKE_MOST; i++)
			uids[(*count)++] = window[i];
	}
	s->uids = NULL;
	free(window);
	qsort(uids, *count, sizeof *uids, compare_uids);
	return code;
}

static void put_set(char *out, size_t size, const uint32_t *uids, unsigned count)
{
	size_t n = 0;
	for (unsigned i = 0; i < count; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%u", i > 0 ? "," : "", uids[i]); /* 11 bytes each: fits */
}

/* Where marked mails go: made when it is missing; "" when that cannot be. Faults are none: the mark alone does. */
static void find_taken(struct session *s)
{
	char text[80];
	s->taken[0] = '\0';
	s->separator = '\0';
	if (!s->can_move || command(s, "LIST \"\" \"\"") != CURLE_OK || s->separator == '\0' || s->separator == '"' ||
	    s->separator == '\\' || s->separator == '%')
		return;
	char name[sizeof s->taken];
	(void)snprintf(name, sizeof name, "wardgate%ctaken", s->separator); /* fits */
	(void)snprintf(text, sizeof text, "LIST \"\" \"%s\"", name);
	s->listed = false;
	bool there = command(s, text) == CURLE_OK && s->listed;
	(void)snprintf(text, sizeof text, "CREATE \"%s\"", name);
	if (there || command(s, text) == CURLE_OK)
		memcpy(s->taken, name, sizeof name);
}

/* The mark first, then the move: stopped between the two, a mail stays where it was, marked. */
static enum wg_code mark(struct session *s, const uint32_t *uids, unsigned count, bool large, struct wg_err *err)
{
	char set[WG_IMAP_BATCH * 12], text[sizeof set + 96];
	if (count == 0)
		return WG_OK;
	put_set(set, sizeof set, uids, count);
	CURLcode rc = CURLE_OK;
	if (s->may_mark) {
		(void)snprintf(text, sizeof text, "UID STORE %s +FLAGS.SILENT (%s %s)", set, large ? "\\Flagged" : "\\Seen",
		               KEYWORD);
		rc = command(s, text);
		if (rc != CURLE_OK)
			return explain(s, rc, "marking mails as taken", err);
	}
	if (s->taken[0] == '\0' || (large && s->may_mark))
		return WG_OK; /* what is too large stays in sight */
	(void)snprintf(text, sizeof text, "UID MOVE %s \"%s\"", set, s->taken);
	rc = command(s, text);
	if (rc == CURLE_OK)
		return WG_OK;
	if (!s->may_mark)
		return explain(s, rc, "moving mails that were taken", err);
	s->taken[0] = '\0'; /* not again in this poll */
	return WG_OK;
}

/* ---- mails */

/* How the batch stands. */
struct batch {
	uint32_t uids[WG_IMAP_BATCH];
	uint64_t sizes[WG_IMAP_BATCH];
	unsigned count;
	uint32_t given[WG_IMAP_BATCH];
	bool large[WG_IMAP_BATCH];
	unsigned given_count;
};

static enum wg_code ask_sizes(struct session *s, struct batch *b, struct wg_err *err)
{
	char set[WG_IMAP_BATCH * 12], text[sizeof set + 64];
	put_set(set, sizeof set, b->uids, b->count);
	(void)snprintf(text, sizeof text, "UID FETCH %s (UID RFC822.SIZE)", set); /* fits */
	memset(b->sizes, 0, sizeof b->sizes);
	s->sizes = b->sizes;
	s->batch = b->uids;
	s->batch_count = b->count;
	CURLcode rc = command(s, text);
	s->sizes = NULL;
	return rc == CURLE_OK ? WG_OK : explain(s, rc, "asking for sizes", err);
}

static enum wg_code give_large(struct session *s, const struct wg_imap_sink *sink, uint32_t uid, uint64_t size,
                               struct wg_err *err)
{
	struct wg_imap_mail mail = { .uid = uid, .size = size };
	if (fetch(s, uid, "HEADER.FIELDS%20(MESSAGE-ID)", 4096) == CURLE_OK) {
		const char *id = strchr(wg_buf_text(&s->mail), '<');
		size_t n = id != NULL ? strcspn(id, "> \t\r\n") : 0;
		if (n > 1 && n < sizeof mail.message_id - 1 && id[n] == '>') {
			char text[sizeof mail.message_id];
			memcpy(text, id, n + 1);
			text[n + 1] = '\0';
			(void)wg_defang(text, mail.message_id, sizeof mail.message_id);
		}
	}
	return sink->give(sink->arg, &mail, err);
}

/* Nothing came: somebody moved or deleted it. One that is still listed would never be taken, and nobody would know. */
static enum wg_code check_gone(struct session *s, uint32_t uid, struct wg_err *fault, struct wg_err *err)
{
	char text[64];
	uint32_t window[WINDOW];
	s->uids = window;
	s->uid_count = 0;
	(void)snprintf(text, sizeof text, "UID SEARCH UID %u", uid); /* fits */
	CURLcode rc = command(s, text);
	s->uids = NULL;
	if (rc != CURLE_OK)
		return explain(s, rc, "looking for a mail that did not come", err);
	for (size_t i = 0; i < s->uid_count; i++)
		if (window[i] == uid)
			(void)wg_err_set(fault, WG_REJECT, "%s: it lists the mail and does not give it", s->box->host);
	return WG_OK;
}

/* One mail: *skip when it is gone or could not be had, with *fault saying why in the latter case. */
static enum wg_code take_mail(struct session *s, const struct wg_imap_sink *sink, uint32_t uid, uint64_t size,
                              bool *large, bool *skip, struct wg_err *fault, struct wg_err *err)
{
	*large = size > WG_LIMIT_MESSAGE;
	*skip = false;
	if (*large)
		return give_large(s, sink, uid, size, err);
	CURLcode rc = fetch(s, uid, "", WG_LIMIT_MESSAGE);
	if (s->too_large) {
		*large = true;
		return give_large(s, sink, uid, s->have_literal ? s->literal : size, err);
	}
	*skip = true;
	if (rc == CURLE_REMOTE_FILE_NOT_FOUND)
		return check_gone(s, uid, fault, err);
	if (rc != CURLE_OK && !of_one_mail(s, rc))
		return explain(s, rc, "fetching a mail", err);
	if (rc != CURLE_OK)
		(void)explain(s, rc, "fetching a mail", fault);
	else if (!s->have_literal || s->literal_uid != uid)
		(void)wg_err_set(fault, WG_REJECT, "%s: it gave another mail than the one that was asked for", s->box->host);
	else if (s->literal != s->mail.len || !s->closed)
		(void)wg_err_set(fault, WG_REJECT, "%s: it gave %zu bytes of a mail of %llu", s->box->host, s->mail.len,
		                 (unsigned long long)s->literal);
	if (fault->code != WG_OK)
		return WG_OK;
	*skip = false;
	const struct wg_imap_mail mail = {
		.uid = uid, .bytes = (const uint8_t *)wg_buf_text(&s->mail), .len = s->mail.len, .size = size
	};
	return sink->give(sink->arg, &mail, err);
}

/* What was given is settled and marked, also when the poll ends with a fault. */
static enum wg_code settle(struct session *s, const struct wg_imap_sink *sink, struct batch *b,
                           struct wg_imap_progress *progress, struct wg_err *err)
{
	bool kept[WG_IMAP_BATCH] = { false };
	uint32_t normal[WG_IMAP_BATCH], large[WG_IMAP_BATCH];
	unsigned normals = 0, larges = 0;
	if (b->given_count == 0)
		return WG_OK;
	enum wg_code code = sink->settle(sink->arg, kept, b->given_count, err);
	for (unsigned i = 0; code == WG_OK && i < b->given_count; i++) {
		progress->kept += kept[i];
		if (kept[i] && b->large[i])
			large[larges++] = b->given[i];
		else if (kept[i])
			normal[normals++] = b->given[i];
	}
	if (code == WG_OK)
		code = mark(s, normal, normals, false, err);
	if (code == WG_OK)
		code = mark(s, large, larges, true, err);
	if (code == WG_OK && normals + larges < b->given_count)
		code = wg_err_set(err, WG_AGAIN, "%u mails of %s were not accepted: they are taken later",
		                  b->given_count - normals - larges, s->box->host);
	return code;
}

static enum wg_code take_batch(struct session *s, const struct wg_imap_sink *sink, struct batch *b,
                               struct wg_imap_progress *progress, unsigned *faults, struct wg_err *fault,
                               struct wg_err *err)
{
	struct wg_err ending = { 0 };
	enum wg_code code = ask_sizes(s, b, err);
	b->given_count = 0;
	for (unsigned i = 0; code == WG_OK && i < b->count && *faults < FAULTS; i++) {
		struct wg_err one = { 0 };
		bool large, skip;
		progress->at = b->uids[i];
		code = take_mail(s, sink, b->uids[i], b->sizes[i], &large, &skip, &one, err);
		if (one.code != WG_OK) {
			if ((*faults)++ == 0)
				(void)wg_err_put(fault, one.code, "mail %u: %s", b->uids[i], one.text);
			continue;
		}
		if (code != WG_OK || skip)
			continue;
		b->large[b->given_count] = large;
		b->given[b->given_count++] = b->uids[i];
	}
	if (code == WG_OK)
		return settle(s, sink, b, progress, err);
	(void)settle(s, sink, b, progress, &ending); /* what ended the poll is said, not this */
	return code;
}

static enum wg_code take_all(struct session *s, const struct wg_imap_sink *sink, struct wg_imap_progress *progress,
                             struct wg_err *err)
{
	uint32_t uids[WG_IMAP_TAKE_MOST + 1];
	size_t count = 0, first = 0;
	unsigned faults = 0;
	struct wg_err fault = { 0 };
	enum wg_code code = find(s, uids, &count, err);
	if (code != WG_OK || count == 0) {
		progress->at = code == WG_OK ? 0 : progress->at;
		return code;
	}
	progress->more = count > WG_IMAP_TAKE_MOST;
	if (progress->more)
		count = WG_IMAP_TAKE_MOST;
	find_taken(s);
	while (first < count && uids[first] <= progress->at)
		first++; /* behind the one at which the last poll failed; round to the start */
	for (size_t done = 0; code == WG_OK && done < count && faults < FAULTS;) {
		struct batch b = { .count = 0 };
		while (b.count < WG_IMAP_BATCH && done < count)
			b.uids[b.count++] = uids[(first + done++) % count];
		code = take_batch(s, sink, &b, progress, &faults, &fault, err);
	}
	if (code == WG_OK && fault.code != WG_OK) {
		*err = fault;
		code = fault.code;
	}
	if (code == WG_OK)
		progress->at = 0;
	return code;
}

enum wg_code wg_imap_poll(const struct wg_imap_box *box, const struct wg_imap_sink *sink,
                          struct wg_imap_progress *progress, struct wg_err *err)
{
	struct session s = { .box = box, .mail = WG_BUF(WG_LIMIT_MESSAGE) };
	struct wg_buf secret = WG_BUF(SECRET_MAX);
	progress->kept = 0;
	progress->more = false;
	enum wg_code code = wg_file_secret(box->secret, &secret, err);
	if (code != WG_OK)
		code = wg_err_add(err, "the secret of a mailbox");
	if (code == WG_OK && !encode_folder(box->folder, s.folder, sizeof s.folder))
		code = wg_err_set(err, WG_CONFIG, "the folder's name is too long");
	if (code == WG_OK && (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || (s.curl = curl_easy_init()) == NULL ||
	                      !set_policy(&s, wg_buf_text(&secret))))
		code = wg_err_set(err, WG_SYSTEM, "libcurl could not be set up");
	wg_buf_wipe(&secret); /* libcurl has a copy, which goes with the process */
	if (code == WG_OK)
		code = open_box(&s, err);
	if (code == WG_OK)
		code = take_all(&s, sink, progress, err);
	curl_easy_cleanup(s.curl);
	wg_buf_free(&s.mail);
	return code;
}
