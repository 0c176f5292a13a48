/* Owns the socket and the TLS of a mail connection. The socket never blocks: each wait is a poll that ends at the
 * deadline. SIGPIPE is the caller's to ignore: OpenSSL writes with write(). */
#include "channel/smtp_link.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "crypto/tls.h"

/* What may wait in the kernel: so that "written" does not mean megabytes that never left, and a refusal in the middle
 * of them is seen. */
#define UNSENT_MAX (128 * 1024)

static enum wg_code lost(struct wg_smtp_link *link, struct wg_err *err, const char *words)
{
	link->broken = true;
	return wg_err_set(err, WG_AGAIN, "%s", words);
}

static enum wg_code lost_errno(struct wg_smtp_link *link, struct wg_err *err)
{
	char words[128];
	(void)snprintf(words, sizeof words, "connection lost: %s", strerrordesc_np(errno)); /* cut is fine */
	return lost(link, err, words);
}

/* Until the socket is ready for events, or the deadline. */
static enum wg_code wait_for(struct wg_smtp_link *link, short events, struct wg_err *err)
{
	struct pollfd fd = { .fd = link->fd, .events = events };

	for (;;) {
		int64_t left = link->until - wg_clock_monotonic();
		if (left <= 0)
			return lost(link, err, "no answer in time");
		int ready = poll(&fd, 1, left > INT_MAX ? INT_MAX : (int)left);
		if (ready > 0)
			return WG_OK;
		if (ready < 0 && errno != EINTR)
			return lost_errno(link, err);
	}
}

enum wg_code wg_smtp_link_connect(struct wg_smtp_link *link, const char *address, unsigned port, struct wg_err *err)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
	struct addrinfo *to = NULL;
	char service[12];
	int on = 1, unsent = UNSENT_MAX, error = 0;
	socklen_t size = sizeof error;

	(void)snprintf(service, sizeof service, "%u", port); /* fits */
	if (getaddrinfo(address, service, &hints, &to) != 0)
		return wg_err_set(err, WG_CONFIG, "not a numeric address and a port");
	link->broken = false;
	link->at = link->end = 0;
	link->fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int rc = link->fd >= 0 ? connect(link->fd, to->ai_addr, to->ai_addrlen) : -1;
	freeaddrinfo(to);
	if (link->fd < 0)
		return wg_err_errno(err, "socket");
	if (rc != 0 && errno != EINPROGRESS)
		return lost_errno(link, err);
	enum wg_code code = wait_for(link, POLLOUT, err);
	if (code != WG_OK)
		return code;
	if (getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
		errno = error;
		return lost_errno(link, err);
	}
	/* commands are small and each waits for its answer; without it they would only be slower */
	(void)setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	(void)setsockopt(link->fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
	return WG_OK;
}

/* What OpenSSL said to a call that did not succeed: waits where it wants that, and WG_OK means "once more". */
static enum wg_code settle(struct wg_smtp_link *link, int rc, struct wg_err *err)
{
	switch (SSL_get_error(link->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		return wait_for(link, POLLIN, err);
	case SSL_ERROR_WANT_WRITE:
		return wait_for(link, POLLOUT, err);
	case SSL_ERROR_ZERO_RETURN:
		return lost(link, err, "the server closed the connection");
	case SSL_ERROR_SYSCALL:
		ERR_clear_error();
		return errno != 0 ? lost_errno(link, err) : lost(link, err, "the server closed the connection");
	default:
		break;
	}
	link->broken = true;
	if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
		ERR_clear_error();
		return wg_err_set(err, WG_AGAIN, "the server cut the connection");
	}
	link->faulty = true;
	return wg_tls_failed(link->ssl, err);
}

enum wg_code wg_smtp_link_tls(struct wg_smtp_link *link, struct ssl_st *ssl, struct wg_err *err)
{
	int rc;

	link->ssl = ssl;
	(void)SSL_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER); /* the new modes */
	SSL_set_read_ahead(ssl, 1); /* a record in one read instead of two: reading always asks OpenSSL before it waits */
	if (link->at != link->end || SSL_set_fd(ssl, link->fd) != 1) {
		link->broken = true;
		ERR_clear_error();
		return wg_err_set(err, WG_CRYPTO, "TLS cannot begin on this connection");
	}
	ERR_clear_error(); /* what lies in its queue would be taken for this call's */
	errno = 0;
	while ((rc = SSL_connect(ssl)) != 1) {
		if (settle(link, rc, err) != WG_OK) {
			(void)wg_err_add(err, "TLS handshake"); /* returns the code that is there */
			/* whoever cuts or stalls a handshake keeps TLS from us: that is TLS's fault, for the operator to see */
			return err->code = WG_CRYPTO;
		}
		errno = 0;
	}
	return WG_OK;
}

static enum wg_code write_some(struct wg_smtp_link *link, const char *bytes, size_t len, size_t *done,
                               struct wg_err *err)
{
	int part = len > INT_MAX ? INT_MAX : (int)len;

	*done = 0;
	errno = 0;
	if (link->ssl) {
		int rc = SSL_write(link->ssl, bytes, part);
		if (rc <= 0)
			return settle(link, rc, err);
		*done = (size_t)rc;
		return WG_OK;
	}
	ssize_t n = send(link->fd, bytes, (size_t)part, MSG_NOSIGNAL);
	if (n >= 0)
		*done = (size_t)n;
	else if (errno == EAGAIN)
		return wait_for(link, POLLOUT, err);
	else if (errno != EINTR)
		return lost_errno(link, err);
	return WG_OK;
}

enum wg_code wg_smtp_link_write(struct wg_smtp_link *link, const void *bytes, size_t len, struct wg_err *err)
{
	const char *p = bytes;
	enum wg_code code = WG_OK;

	if (link->fd < 0 || link->broken)
		return wg_err_set(err, WG_AGAIN, "there is no connection");
	while (code == WG_OK && len > 0) {
		size_t done;
		if (wg_clock_monotonic() >= link->until)
			return lost(link, err, "the server does not take what is sent in time");
		code = write_some(link, p, len, &done, err);
		p += done;
		len -= done;
	}
	return code;
}

/* One attempt to read, without waiting. *again: nothing is there yet. */
static enum wg_code read_some(struct wg_smtp_link *link, bool *again, short *events, struct wg_err *err)
{
	*again = false;
	*events = POLLIN;
	errno = 0;
	link->at = link->end = 0;
	if (!link->ssl) {
		ssize_t n = recv(link->fd, link->in, sizeof link->in, 0);
		*again = n < 0 && (errno == EAGAIN || errno == EINTR);
		if (n > 0)
			link->end = (size_t)n;
		else if (!*again)
			return n == 0 ? lost(link, err, "the server closed the connection") : lost_errno(link, err);
		return WG_OK;
	}
	int rc = SSL_read(link->ssl, link->in, sizeof link->in);
	if (rc > 0) {
		link->end = (size_t)rc;
		return WG_OK;
	}
	int why = SSL_get_error(link->ssl, rc);
	*again = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
	*events = why == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN;
	return *again ? WG_OK : settle(link, rc, err);
}

enum wg_code wg_smtp_link_byte(struct wg_smtp_link *link, char *out, struct wg_err *err)
{
	bool again = false;
	short events = POLLIN;

	if (link->fd < 0 || link->broken)
		return wg_err_set(err, WG_AGAIN, "there is no connection");
	while (link->at == link->end) {
		enum wg_code code = read_some(link, &again, &events, err);
		if (code == WG_OK && again)
			code = wait_for(link, events, err);
		if (code != WG_OK)
			return code;
	}
	*out = link->in[link->at++];
	return WG_OK;
}

enum wg_code wg_smtp_link_quiet(struct wg_smtp_link *link, struct wg_err *err)
{
	bool again = false;
	short events;

	if (link->fd < 0 || link->broken)
		return wg_err_set(err, WG_AGAIN, "there is no connection");
	if (link->at == link->end) {
		enum wg_code code = read_some(link, &again, &events, err);
		if (code != WG_OK)
			return code;
	}
	return link->at == link->end ? WG_OK : wg_err_set(err, WG_REJECT, "the server spoke without being asked");
}

void wg_smtp_link_close(struct wg_smtp_link *link)
{
	if (link->ssl && !link->broken)
		(void)SSL_shutdown(link->ssl); /* only says good-bye; what the other side makes of it changes nothing */
	/* without this OpenSSL lets nobody resume the session: right after a fault, wrong when the server only went away */
	if (link->ssl && link->broken && !link->faulty)
		SSL_set_shutdown(link->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(link->ssl);
	ERR_clear_error();
	wg_closep(&link->fd);
	wg_wipe(link->in, sizeof link->in);
	*link = WG_SMTP_LINK;
}
