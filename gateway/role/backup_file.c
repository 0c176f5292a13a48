/* backup_file.c owns the inside of a backup's two files: one line of JSON that says what it is, then the bytes of
 * store.db, or the rows of keys: number (u64), length (u32), bytes; number 0; then number and instant (u64, wall ms) of
 * those that were destroyed; number 0.
 * SECURITY: what is read lay elsewhere; the vault proves that nobody changed it, not who made it, so every length is
 * judged. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "role/backup_internal.h"

#define FORMAT 1

static enum wg_code read_file(void *arg, void *p, size_t len, size_t *got, struct wg_err *err)
{
	struct wg_backup_in *in = arg;
	uint8_t *at = p;
	size_t done = 0;
	while (done < len) {
		const ssize_t n = pread(in->fd, at + done, len - done, in->at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return wg_err_errno(err, "read");
		if (n == 0)
			break;
		wg_sha256_update(&in->sha, at + done, (size_t)n);
		in->at += n;
		done += (size_t)n;
	}
	*got = done;
	return WG_OK;
}

enum wg_code wg_backup_line_put(const struct wg_backup_head *head, struct wg_buf *out, struct wg_err *err)
{
	json_t *line = json_pack("{s:s, s:i, s:s, s:I, s:I, s:s, s:I, s:s}", "wardgate-backup",
	                         head->keys ? "keys" : "store", "format", FORMAT, "organisation", head->organisation, "at",
	                         (json_int_t)head->at.at, "entries", (json_int_t)head->at.entries, "head", head->at.head,
	                         "last", (json_int_t)head->at.last, "pair", head->at.pair);
	WG_AUTO_FREE char *text = line != NULL ? json_dumps(line, JSON_COMPACT) : NULL;
	json_decref(line);
	if (text == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	wg_buf_puts(out, text);
	wg_buf_putc(out, '\n');
	return wg_buf_check(out, "the line of a backup", err);
}

static bool copy_text(char *out, size_t size, const json_t *line, const char *name)
{
	const char *s = json_string_value(json_object_get(line, name));
	return s != NULL && (size_t)snprintf(out, size, "%s", s) < size;
}

static bool copy_number(int64_t *out, const json_t *line, const char *name)
{
	const json_t *n = json_object_get(line, name);
	*out = json_is_integer(n) ? json_integer_value(n) : -1;
	return *out >= 0;
}

static bool take_line(const char *text, struct wg_backup_head *out, int64_t *format)
{
	json_t *line = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	char kind[8];
	int64_t entries = 0;
	*format = 0;
	bool read = copy_text(kind, sizeof kind, line, "wardgate-backup") && copy_number(format, line, "format") &&
	            copy_text(out->organisation, sizeof out->organisation, line, "organisation") &&
	            copy_number(&out->at.at, line, "at") && copy_number(&entries, line, "entries") &&
	            copy_text(out->at.head, sizeof out->at.head, line, "head") &&
	            copy_number(&out->at.last, line, "last") &&
	            copy_text(out->at.pair, sizeof out->at.pair, line, "pair") && wg_id_valid(out->at.pair);
	out->at.entries = (uint64_t)entries;
	out->keys = read && strcmp(kind, "keys") == 0;
	read = read && (out->keys || strcmp(kind, "store") == 0);
	json_decref(line);
	return read;
}

static enum wg_code read_line(struct wg_backup_in *in, struct wg_err *err)
{
	char text[WG_BACKUP_LINE];
	size_t n = 0, got = 0;
	int64_t format = 0;
	enum wg_code code = WG_OK;
	do {
		code = wg_vault_get(in->vault, text + n, 1, &got, err);
		n += got;
	} while (code == WG_OK && got == 1 && text[n - 1] != '\n' && n < sizeof text);
	if (code != WG_OK)
		return code;
	text[n > 0 ? n - 1 : 0] = '\0';
	if (take_line(text, &in->head, &format) && format == FORMAT)
		return WG_OK;
	return wg_err_set(err, WG_REJECT, "%s",
	                  format > FORMAT ? "it was made by a newer program: use that" : "it is no backup of a gateway");
}

enum wg_code wg_backup_in_open(int fd, bool own, const struct wg_key *key, const struct wg_cert *cert,
                               const uint8_t *own_key, struct wg_backup_in *out, struct wg_err *err)
{
	*out = (struct wg_backup_in){ .fd = fd, .own = own };
	wg_sha256_init(&out->sha);
	enum wg_code code = wg_vault_open(key, cert, own_key, read_file, out, &out->vault, err);
	return code == WG_OK ? read_line(out, err) : code;
}

void wg_backup_in_close(struct wg_backup_in *in)
{
	wg_vault_in_freep(&in->vault);
	if (in->own)
		wg_closep(&in->fd);
	*in = (struct wg_backup_in){ .fd = -1 };
}

enum wg_code wg_backup_in_get(struct wg_backup_in *in, void *p, size_t len, size_t *got, struct wg_err *err)
{
	return wg_vault_get(in->vault, p, len, got, err);
}

static enum wg_code get_all(struct wg_backup_in *in, void *p, size_t len, struct wg_err *err)
{
	size_t got = 0;
	enum wg_code code = wg_vault_get(in->vault, p, len, &got, err);
	return code == WG_OK && got != len ? wg_err_set(err, WG_CORRUPT, "the rows of keys end too early") : code;
}

enum wg_code wg_backup_in_row(struct wg_backup_in *in, bool destroyed, int64_t *id, uint8_t head[WG_STORE_HEAD],
                              size_t *len, int64_t *gone, struct wg_err *err)
{
	uint8_t number[8], more[8];
	enum wg_code code = get_all(in, number, sizeof number, err);
	struct wg_cur cur = WG_CUR(number, sizeof number);
	*id = (int64_t)wg_cur_u64(&cur);
	*len = 0;
	*gone = 0;
	if (code != WG_OK || *id == 0)
		return code;
	if (*id < 0)
		return wg_err_set(err, WG_CORRUPT, "a row of keys has no number");
	code = get_all(in, more, destroyed ? 8 : 4, err);
	cur = WG_CUR(more, destroyed ? 8 : 4);
	if (code == WG_OK && destroyed) {
		*gone = (int64_t)wg_cur_u64(&cur);
		return WG_OK;
	}
	const uint32_t n = code == WG_OK ? wg_cur_u32(&cur) : 0;
	if (n > WG_STORE_HEAD)
		return wg_err_set(err, WG_CORRUPT, "a row of keys is longer than any that was written");
	*len = n;
	return code == WG_OK ? get_all(in, head, n, err) : code;
}
