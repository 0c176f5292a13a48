/* log.c owns the log line. */
#include "base/log.h"

#include <stdarg.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"

static const char *log_role = "wardgate";
static enum wg_log_level log_least = WG_LOG_INFO;

void wg_log_role(const char *role)
{
	log_role = role;
}

void wg_log_threshold(enum wg_log_level least)
{
	log_least = least;
}

static void put_pair(struct wg_buf *b, const char *name, const char *value)
{
	char safe[512];
	wg_buf_putc(b, ',');
	wg_buf_put_json(b, name);
	wg_buf_putc(b, ':');
	wg_buf_put_json(b, wg_defang(value, safe, sizeof safe));
}

static void log_line(enum wg_log_level level, const char *event, const struct wg_err *err, va_list ap)
{
	static const char *const names[] = { "debug", "info", "warning", "error" };
	char when[WG_CLOCK_TEXT];
	if (level < log_least)
		return;
	WG_AUTO_BUF struct wg_buf b = WG_BUF(16384);
	wg_buf_printf(&b, "{\"time\":\"%s\",\"level\":\"%s\"", wg_clock_format(wg_clock_wall(), when), names[level]);
	put_pair(&b, "role", log_role);
	put_pair(&b, "event", event);
	for (const char *name = va_arg(ap, const char *); name != NULL; name = va_arg(ap, const char *)) {
		const char *value = va_arg(ap, const char *);
		if (value != NULL)
			put_pair(&b, name, value);
	}
	if (err != NULL) {
		put_pair(&b, "code", wg_code_name(err->code));
		put_pair(&b, "error", err->text);
	}
	wg_buf_puts(&b, "}\n");
	if (!b.failed)
		(void)!write(STDERR_FILENO, b.data, b.len); /* a log that cannot be written has nowhere to say so */
}

void wg_log(enum wg_log_level level, const char *event, ...)
{
	va_list ap;
	va_start(ap, event);
	log_line(level, event, NULL, ap);
	va_end(ap);
}

void wg_log_err(enum wg_log_level level, const char *event, const struct wg_err *err, ...)
{
	va_list ap;
	va_start(ap, err);
	log_line(level, event, err, ap);
	va_end(ap);
}
