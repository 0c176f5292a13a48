/* err.c owns struct wg_err. */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

enum wg_code wg_err_put(struct wg_err *err, enum wg_code code, const char *fmt, ...)
{
	if (err == NULL)
		return code;
	err->code = code;
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof err->text, fmt, ap); /* truncation is acceptable in words */
	va_end(ap);
	return code;
}

enum wg_code wg_err_put_errno(struct wg_err *err, const char *fmt, ...)
{
	int saved = errno;
	enum wg_code code = saved == ENOENT ? WG_NOT_FOUND : WG_SYSTEM;
	if (err == NULL)
		return code;
	err->code = code;
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(err->text, sizeof err->text, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof err->text)
		(void)snprintf(err->text + n, sizeof err->text - (size_t)n, ": %s", strerror(saved));
	return code;
}

enum wg_code wg_err_put_before(struct wg_err *err, const char *fmt, ...)
{
	if (err == NULL)
		return WG_SYSTEM;
	char old[WG_ERR_TEXT_MAX];
	memcpy(old, err->text, sizeof old);
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(err->text, sizeof err->text, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof err->text)
		(void)snprintf(err->text + n, sizeof err->text - (size_t)n, ": %s", old);
	return err->code;
}

const char *wg_code_name(enum wg_code code)
{
	static const char *const names[] = {
		[WG_OK] = "ok",           [WG_AGAIN] = "again",   [WG_REJECT] = "reject",
		[WG_CORRUPT] = "corrupt", [WG_LIMIT] = "limit",   [WG_CONFIG] = "config",
		[WG_CRYPTO] = "crypto",   [WG_SYSTEM] = "system", [WG_NOT_FOUND] = "not-found",
		[WG_DENIED] = "denied",
	};
	return (size_t)code < sizeof names / sizeof names[0] ? names[code] : "unknown";
}

int wg_code_exit(enum wg_code code)
{
	switch (code) {
	case WG_OK:
		return EX_OK;
	case WG_AGAIN:
		return EX_TEMPFAIL;
	case WG_REJECT:
	case WG_LIMIT:
	case WG_CORRUPT:
		return EX_DATAERR;
	case WG_CONFIG:
		return EX_CONFIG;
	case WG_CRYPTO:
	case WG_DENIED:
		return EX_NOPERM;
	case WG_NOT_FOUND:
		return EX_NOINPUT;
	case WG_SYSTEM:
		return EX_OSERR;
	}
	return EX_SOFTWARE;
}
