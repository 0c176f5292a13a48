/* ossl.c owns what the room needs around OpenSSL: words for its error queue, PEM files, BIOs over borrowed bytes. */
#include "crypto/crypto_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static void *take(size_t n, const char *file, int line)
{
	(void)file, (void)line;
	return n > 0 ? wg_mem_malloc(n) : NULL;
}

static void *take_more(void *p, size_t n, const char *file, int line)
{
	(void)file, (void)line;
	if (n > 0)
		return wg_mem_realloc(p, n);
	free(p);
	return NULL;
}

static void give_back(void *p, const char *file, int line)
{
	(void)file, (void)line;
	free(p);
}

void wg_crypto_memory(void)
{
	(void)CRYPTO_set_mem_functions(take, take_more, give_back); /* without, only less is known of its failures */
}

enum wg_code wg_ossl_err(struct wg_err *err, enum wg_code code, const char *fmt, ...)
{
	unsigned long first = ERR_get_error();
	const char *reason = first != 0 ? ERR_reason_error_string(first) : NULL;
	char words[WG_ERR_TEXT_MAX];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(words, sizeof words, fmt, ap); /* truncation is acceptable in words */
	va_end(ap);
	ERR_clear_error();
	if (reason == NULL)
		return wg_err_set(err, code, "%s", words);
	return wg_err_set(err, code, "%s: %s", words, reason);
}

void wg_ossl_forget(void)
{
	ERR_clear_error();
}

/* The check is made on the open descriptor, so that what was checked is what gets read. */
static enum wg_code check_file(int fd, const char *path, bool secret, struct wg_err *err)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return wg_err_errno(err, "%s", path);
	if (!S_ISREG(st.st_mode))
		return wg_err_set(err, WG_CONFIG, "%s is not a regular file", path);
	if (secret && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return wg_err_set(err, WG_CONFIG,
		                  "%s holds a private key, and others than its owner may open it (mode %04o): chmod 600 it",
		                  path, (unsigned)(st.st_mode & 07777));
	return WG_OK;
}

enum wg_code wg_pem_read(const char *path, bool secret, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return wg_err_errno(err, "%s", path);
	enum wg_code code = check_file(fd, path, secret, err);
	if (code != WG_OK)
		return code;
	char part[4096];
	ssize_t n;
	do {
		n = read(fd, part, sizeof part);
		if (n > 0)
			wg_buf_put(out, part, (size_t)n);
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0)
		code = wg_err_errno(err, "%s", path);
	wg_wipe(part, sizeof part);
	return code != WG_OK ? code : wg_buf_check(out, path, err);
}

BIO *wg_ossl_view(const void *p, size_t len)
{
	/* a NULL pointer would make OpenSSL refuse; an empty view is legal */
	return len <= INT_MAX ? BIO_new_mem_buf(p != NULL ? p : "", (int)len) : NULL;
}
