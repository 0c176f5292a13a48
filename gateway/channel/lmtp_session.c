/* lmtp_session.c owns what may be said over LMTP and in which order, and where a mail ends.
 * SECURITY: a mail ends at CR LF dot CR LF and nowhere else. What two programs could take for different ends (a dot
 * between line ends of which one is bare) is refused and the connection closed: whoever sends it wants to hide a second
 * mail in the first. */
#include "channel/lmtp_session.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"

/* Replies waiting to be sent: one reply to each command of a pipelined group, or to each recipient. */
#define OUT_MAX ((size_t)64 * 1024)

/* Where in a line of the content we are: what the bytes just before the next one were. */
enum at {
	AT_LINE,    /* CR LF, or the beginning */
	AT_TEXT,    /* anything else */
	AT_CR,      /* CR in a line */
	AT_DOT,     /* dot at the beginning of a line; it is not content yet */
	AT_DOT_CR,  /* and CR behind it */
	AT_BARE,    /* LF without CR */
	AT_BARE_DOT /* a bare LF or CR, and a dot: some program would see a line of its own */
};

static void reply(struct wg_lmtp_session *s, const char *line)
{
	wg_buf_puts(&s->out, line);
	wg_buf_puts(&s->out, "\r\n");
	if (s->out.failed)
		s->state = WG_LMTP_CLOSED; /* nobody reads our replies */
}

static void drop_mail(struct wg_lmtp_session *s)
{
	s->room->used -= s->mail.len;
	wg_buf_free(&s->mail);
	s->too_large = s->no_room = s->has_nul = false;
}

static void reset(struct wg_lmtp_session *s)
{
	drop_mail(s);
	s->sender = false;
	s->recipients = 0;
}

static void fault(struct wg_lmtp_session *s, const char *line)
{
	reply(s, line);
	if (++s->faults < WG_LMTP_FAULTS || s->state == WG_LMTP_CLOSED)
		return;
	reply(s, "421 4.7.0 too many errors");
	s->state = WG_LMTP_CLOSED;
}

static void idle_command(struct wg_lmtp_session *s, const char *line)
{
	reply(s, line);
	if (++s->idle_commands < WG_LMTP_IDLE_COMMANDS || s->state == WG_LMTP_CLOSED)
		return;
	reply(s, "421 4.7.0 too many commands without a mail");
	s->state = WG_LMTP_CLOSED;
}

/* ---- commands */

/* "<...>" with printable characters inside, or "<>" where that may be; *rest is what follows. Quoted local parts may
 * hold ">" and blanks (RFC 5321 4.1.2). */
static bool read_path(const char *s, bool may_be_empty, const char **rest)
{
	bool quoted = false;
	size_t len = 0;
	if (*s != '<')
		return false;
	for (s++; *s != '\0' && (quoted || *s != '>'); s++, len++) {
		if (*s == '\\' && quoted && s[1] != '\0')
			s++;
		else if (*s == '"')
			quoted = !quoted;
		else if (!quoted && (*s == ' ' || *s == '<'))
			return false;
	}
	if (*s != '>' || (len == 0 && !may_be_empty) || len > 2 * (size_t)WG_LIMIT_ADDRESS)
		return false;
	*rest = s + 1;
	return true;
}

/* Parameters of MAIL: SIZE and BODY. NULL when all are good, otherwise the reply. */
static const char *read_parameters(const struct wg_lmtp_session *s, const char *p)
{
	while (*p != '\0') {
		char word[64];
		uint64_t size;
		if (*p != ' ')
			return "501 5.5.4 a blank before each parameter";
		p += strspn(p, " ");
		size_t n = strcspn(p, " ");
		if (n == 0)
			return NULL;
		if (n >= sizeof word)
			return "555 5.5.4 this parameter is not known here";
		memcpy(word, p, n);
		word[n] = '\0';
		p += n;
		if (strncasecmp(word, "SIZE=", 5) == 0) {
			if (!wg_num_parse(word + 5, 0, UINT64_MAX, &size))
				return "501 5.5.4 SIZE is not a number";
			if (size > s->mail.max)
				return "552 5.3.4 larger than this gateway takes";
		} else if (strcasecmp(word, "BODY=7BIT") != 0 && strcasecmp(word, "BODY=8BITMIME") != 0) {
			return "555 5.5.4 this parameter is not known here";
		}
	}
	return NULL;
}

static void do_lhlo(struct wg_lmtp_session *s, const char *arg)
{
	char size[48];
	if (*arg == '\0') {
		fault(s, "501 5.5.4 LHLO and your name");
		return;
	}
	reset(s);
	s->greeted = true;
	(void)snprintf(size, sizeof size, "250-SIZE %zu", s->mail.max); /* fits */
	reply(s, "250-wardgate");
	reply(s, "250-PIPELINING");
	reply(s, "250-8BITMIME");
	reply(s, size);
	idle_command(s, "250 ENHANCEDSTATUSCODES");
}

static void do_mail(struct wg_lmtp_session *s, const char *arg)
{
	const char *rest = NULL, *why = NULL;
	if (!s->greeted || s->sender) {
		fault(s, s->greeted ? "503 5.5.1 one MAIL at a time: RSET first" : "503 5.5.1 LHLO first");
		return;
	}
	if (strncasecmp(arg, "FROM:", 5) != 0 || !read_path(arg + 5 + strspn(arg + 5, " "), true, &rest)) {
		fault(s, "501 5.5.4 MAIL FROM:<address>");
		return;
	}
	why = read_parameters(s, rest);
	if (why != NULL) {
		fault(s, why);
		return;
	}
	s->sender = true;
	reply(s, "250 2.1.0 ok");
}

static void do_rcpt(struct wg_lmtp_session *s, const char *arg)
{
	const char *rest = NULL;
	if (!s->sender) {
		fault(s, "503 5.5.1 MAIL first");
	} else if (strncasecmp(arg, "TO:", 3) != 0 || !read_path(arg + 3 + strspn(arg + 3, " "), false, &rest)) {
		fault(s, "501 5.5.4 RCPT TO:<address>");
	} else if (rest[strspn(rest, " ")] != '\0') {
		fault(s, "555 5.5.4 no parameters of RCPT are known here");
	} else if (s->recipients == WG_LMTP_RECIPIENTS) {
		reply(s, "452 4.5.3 too many recipients: send again to the others");
	} else {
		s->recipients++;
		reply(s, "250 2.1.5 ok");
	}
}

static void do_data(struct wg_lmtp_session *s, const char *arg)
{
	if (*arg != '\0') {
		fault(s, "501 5.5.4 DATA alone");
	} else if (s->recipients == 0) {
		fault(s, "503 5.5.1 RCPT first"); /* RFC 2033 4.2: also when every RCPT was refused */
	} else if (s->room->used >= s->room->most) {
		reply(s, "452 4.3.1 too much is under way: try again");
	} else {
		s->state = WG_LMTP_DATA;
		s->at = AT_LINE;
		reply(s, "354 go ahead, CR LF dot CR LF at the end");
	}
}

static bool is_verb(const char *line, const char *verb, const char **arg)
{
	size_t n = strlen(verb);
	if (strncasecmp(line, verb, n) != 0 || (line[n] != '\0' && line[n] != ' '))
		return false;
	*arg = line + n + strspn(line + n, " ");
	return true;
}

static void command(struct wg_lmtp_session *s, const char *line)
{
	const char *arg = NULL;
	if (is_verb(line, "LHLO", &arg)) {
		do_lhlo(s, arg);
	} else if (is_verb(line, "MAIL", &arg)) {
		do_mail(s, arg);
	} else if (is_verb(line, "RCPT", &arg)) {
		do_rcpt(s, arg);
	} else if (is_verb(line, "DATA", &arg)) {
		do_data(s, arg);
	} else if (is_verb(line, "RSET", &arg)) {
		reset(s);
		idle_command(s, "250 2.0.0 ok");
	} else if (is_verb(line, "NOOP", &arg)) {
		idle_command(s, "250 2.0.0 ok");
	} else if (is_verb(line, "VRFY", &arg)) {
		idle_command(s, "252 2.5.0 send it, and it will be taken");
	} else if (is_verb(line, "QUIT", &arg)) {
		reply(s, "221 2.0.0 bye");
		s->state = WG_LMTP_CLOSED;
	} else if (is_verb(line, "HELO", &arg) || is_verb(line, "EHLO", &arg)) {
		fault(s, "500 5.5.1 this is LMTP: LHLO"); /* RFC 2033 4.1 */
	} else {
		fault(s, "500 5.5.1 this command is not known here");
	}
}

/* A line may end with LF alone here: between commands nothing can hide behind it. */
static void end_line(struct wg_lmtp_session *s)
{
	size_t n = s->line_len;
	s->line_len = 0;
	if (n > 0 && s->line[n - 1] == '\r')
		n--;
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)s->line[i] < 0x20 || s->line[i] == 0x7f) {
			fault(s, "500 5.5.2 control characters in a command");
			return;
		}
	}
	while (n > 0 && s->line[n - 1] == ' ')
		n--;
	s->line[n] = '\0';
	command(s, s->line);
}

static void command_byte(struct wg_lmtp_session *s, char c)
{
	if (c == '\n') {
		end_line(s);
	} else if (s->line_len == sizeof s->line - 1) {
		reply(s, "500 5.5.2 line too long");
		s->state = WG_LMTP_CLOSED; /* what follows would be read as commands */
	} else {
		s->line[s->line_len++] = c;
	}
}

/* ---- content */

static void keep(struct wg_lmtp_session *s, const void *p, size_t len)
{
	size_t before = s->mail.len;
	if (s->too_large || s->no_room)
		return;
	s->too_large = len > s->mail.max - s->mail.len;
	s->no_room = !s->too_large && len > s->room->most - s->room->used;
	if (!s->too_large && !s->no_room)
		wg_buf_put(&s->mail, p, len);
	s->no_room = s->no_room || s->mail.failed;
	s->room->used += s->mail.len - before;
	if (!s->too_large && !s->no_room)
		return;
	s->room->used -= s->mail.len; /* what is refused in the end need not be held until then */
	wg_buf_free(&s->mail);
}

/* The same reply for each recipient, and the transaction is over. */
static void reply_all(struct wg_lmtp_session *s, const char *line)
{
	unsigned n = s->recipients;
	reset(s);
	s->state = WG_LMTP_COMMANDS;
	for (unsigned i = 0; i < n; i++)
		reply(s, line);
}

static void end_of_content(struct wg_lmtp_session *s)
{
	if (s->too_large)
		reply_all(s, "552 5.3.4 larger than this gateway takes");
	else if (s->no_room)
		reply_all(s, "452 4.3.1 too much is under way: try again");
	else if (s->has_nul)
		reply_all(s, "550 5.6.0 a mail holds no NUL");
	else
		s->state = WG_LMTP_HELD;
}

static void smuggled(struct wg_lmtp_session *s)
{
	reply_all(s, "550 5.6.11 a dot beside a bare CR or LF: the end of the mail would be a guess");
	s->state = WG_LMTP_CLOSED;
}

static enum at after(char c)
{
	return c == '\r' ? AT_CR : c == '\n' ? AT_BARE : AT_TEXT;
}

/* One byte where the line's state matters; the content it stands for is kept. */
static void content_byte(struct wg_lmtp_session *s, char c)
{
	enum at at = (enum at)s->at;
	s->has_nul = s->has_nul || c == '\0';
	if ((at == AT_BARE_DOT && (c == '\r' || c == '\n')) || (at == AT_DOT && c == '\n')) {
		smuggled(s);
		return;
	}
	if (at == AT_DOT_CR && c == '\n') {
		end_of_content(s);
		return;
	}
	if (at == AT_DOT_CR)
		keep(s, "\r", 1); /* dot CR and no LF: a line that begins with a stuffed dot and goes on with a CR */
	if ((at == AT_LINE && c == '.') || (at == AT_DOT && c == '\r')) {
		s->at = at == AT_LINE ? AT_DOT : AT_DOT_CR; /* held back */
		return;
	}
	keep(s, &c, 1);
	if ((at == AT_CR || at == AT_DOT_CR) && c == '\n')
		s->at = AT_LINE;
	else if ((at == AT_BARE || at == AT_CR || at == AT_DOT_CR) && c == '.')
		s->at = AT_BARE_DOT;
	else
		s->at = (unsigned char)after(c);
}

/* Runs of ordinary bytes are kept at once. */
static size_t content(struct wg_lmtp_session *s, const char *p, size_t len)
{
	size_t n = 0;
	if (s->at == AT_TEXT)
		while (n < len && p[n] != '\r' && p[n] != '\n' && p[n] != '\0')
			n++;
	if (n == 0) {
		content_byte(s, *p);
		return 1;
	}
	keep(s, p, n);
	return n;
}

/* ---- the session */

void wg_lmtp_session_start(struct wg_lmtp_session *s, size_t max_mail, struct wg_lmtp_room *room)
{
	*s = (struct wg_lmtp_session){ .out = WG_BUF(OUT_MAX), .mail = WG_BUF(max_mail), .room = room };
	reply(s, "220 wardgate LMTP");
}

void wg_lmtp_session_free(struct wg_lmtp_session *s)
{
	drop_mail(s);
	wg_buf_free(&s->out);
}

size_t wg_lmtp_session_feed(struct wg_lmtp_session *s, const void *bytes, size_t len)
{
	const char *p = bytes;
	size_t n = 0;
	while (n < len && (s->state == WG_LMTP_COMMANDS || s->state == WG_LMTP_DATA)) {
		if (s->state == WG_LMTP_DATA)
			n += content(s, p + n, len - n);
		else
			command_byte(s, p[n++]);
	}
	return n;
}

void wg_lmtp_session_answer(struct wg_lmtp_session *s, enum wg_lmtp_fate fate, const char *id)
{
	char line[128];
	if (s->state != WG_LMTP_HELD)
		return;
	if (fate == WG_LMTP_KEPT)
		(void)snprintf(line, sizeof line, "250 2.0.0 %.64s kept", id); /* fits */
	else
		(void)snprintf(line, sizeof line, "%s",
		               fate == WG_LMTP_FULL ? "452 4.3.1 no room now: try again" : "451 4.3.0 not now: try again");
	s->idle_commands = 0;
	reply_all(s, line);
}

void wg_lmtp_session_end(struct wg_lmtp_session *s, const char *words)
{
	char line[128];
	if (s->state == WG_LMTP_CLOSED)
		return;
	(void)snprintf(line, sizeof line, "421 4.3.2 %.100s", words); /* fits */
	reply(s, line);
	s->state = WG_LMTP_CLOSED;
}
