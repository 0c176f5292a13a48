/* Errors: few codes, each a decision for the caller; the words ride in struct wg_err. */
#ifndef WG_BASE_ERR_H
#define WG_BASE_ERR_H

#include <stdlib.h>

#define WG_MUST __attribute__((warn_unused_result))
#define WG_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define WG_CLEANUP(fn) __attribute__((cleanup(fn)))

enum wg_code {
	WG_OK = 0,
	WG_AGAIN,   /* a passing fault: try the same again later */
	WG_REJECT,  /* the input is at fault: answer its sender with the reason */
	WG_CORRUPT, /* our own stored data is not what we wrote: quarantine, alarm */
	WG_LIMIT,   /* a named maximum was exceeded */
	WG_CONFIG,  /* configuration, policy or directory is at fault: tell the operator */
	WG_CRYPTO,  /* signature, key or certificate is at fault; no details to the peer */
	WG_SYSTEM,  /* the machine is at fault: memory, disk, descriptors */
	WG_NOT_FOUND,
	WG_DENIED /* the asker may not */
};

#define WG_ERR_TEXT_MAX 1024

/* The words of one failure, outermost context first. Never holds personal data: values from a message stay out. */
struct wg_err {
	enum wg_code code;
	char text[WG_ERR_TEXT_MAX];
};

/* A failure that says WG_OK would be taken for success somewhere above: our own bug, which ends this process. It also
 * lets static analysis see that what failed does not go on. */
static inline enum wg_code wg_err_sure(enum wg_code code)
{
	if (code == WG_OK)
		abort();
	return code;
}

/* Sets code and words; wg_err_put is for a note beside WG_OK, wg_err_set for failures: never WG_OK. Returns code, for
 * `return wg_err_set(err, WG_LIMIT, ...)`. err may be NULL. */
#define wg_err_set(...) wg_err_sure(wg_err_put(__VA_ARGS__))
enum wg_code wg_err_put(struct wg_err *err, enum wg_code code, const char *fmt, ...) WG_PRINTF(3, 4);

/* The same for a failed system call: appends ": " and the words for errno as it stood at the call. Code WG_SYSTEM, or
 * WG_NOT_FOUND when errno is ENOENT. */
#define wg_err_errno(...) wg_err_sure(wg_err_put_errno(__VA_ARGS__))
enum wg_code wg_err_put_errno(struct wg_err *err, const char *fmt, ...) WG_PRINTF(2, 3);

/* Puts context before the words that are there: "context: words". Returns the code that is there. */
#define wg_err_add(...) wg_err_sure(wg_err_put_before(__VA_ARGS__))
enum wg_code wg_err_put_before(struct wg_err *err, const char *fmt, ...) WG_PRINTF(2, 3);

/* A short stable name of the code for logs and JSON: "reject", "limit", ... */
const char *wg_code_name(enum wg_code code);

/* The exit status of a command that failed with code, from sysexits.h. */
int wg_code_exit(enum wg_code code);

#endif
