/* intake_drop.c owns the drop folders: FOLDER/tmp is written to, a rename into FOLDER/new hands a file over,
 * NAME.receipt.json or NAME.refused.json is the answer beside it. A file is removed only after its receipt is on disk.
 * SECURITY: whoever can write into the folder submits as its organisation; the folder's permissions are the
 * authentication. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/intake.h"
#include "sys/file.h"

/* Files taken in one look, so that HTTPS is not kept waiting; the next look goes on. */
#define TAKE_MOST 64

enum wg_code wg_intake_drops_prepare(const struct wg_config *config, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (unsigned i = 0; code == WG_OK && i < config->drop_count; i++) {
		char path[WG_PATH_TEXT];
		static const char *const parts[] = { "tmp", "new", "refused" };
		for (size_t k = 0; code == WG_OK && k < WG_COUNT(parts); k++) {
			code = wg_path_join(config->drops[i].folder, parts[k], path, err);
			if (code == WG_OK)
				code = wg_file_mkdir(path, err);
		}
	}
	return code;
}

static bool ends_with(const char *s, const char *ending)
{
	size_t n = strlen(s), m = strlen(ending);
	return n >= m && strcmp(s + n - m, ending) == 0;
}

static bool is_answer(const char *name)
{
	return name[0] == '.' || ends_with(name, ".receipt.json");
}

/* The whole file; WG_AGAIN while somebody has it open for writing: it was not renamed in but is being written in place.
 */
static enum wg_code read_whole(const char *path, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_CLOSE int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) != 0)
		return wg_err_errno(err, "open");
	if (!S_ISREG(st.st_mode))
		return wg_err_set(err, WG_REJECT, "not a regular file");
	if (fcntl(fd, F_SETLEASE, F_RDLCK) != 0 && errno == EAGAIN)
		return wg_err_set(err, WG_AGAIN, "somebody is still writing it: write under tmp/ and rename into new/");
	uint8_t chunk[65536];
	for (;;) {
		ssize_t n = read(fd, chunk, sizeof chunk);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return wg_err_errno(err, "read");
		if (n == 0)
			break;
		wg_buf_put(out, chunk, (size_t)n);
	}
	return wg_buf_check(out, "the file", err);
}

/* NAME.receipt.json, durably, then the file itself goes. Stopped between the two, the file is met again and gets the
 * same receipt. */
static enum wg_code answer_taken(const char *path, const struct wg_msg_receipt *receipt, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(1024);
	char answer[WG_PATH_TEXT + 32];
	(void)snprintf(answer, sizeof answer, "%s.receipt.json", path);
	wg_intake_receipt(receipt, &body);
	enum wg_code code = wg_file_write(answer, body.data, body.len, 0640, err);
	return code == WG_OK ? wg_file_remove(path, err) : code;
}

/* A refused file moves to refused/ with the reason beside it: nothing is thrown away, and it is not met again. */
static enum wg_code answer_refused(const char *folder, const char *name, const char *path, const struct wg_err *why,
                                   struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(4096);
	char moved[WG_PATH_TEXT], answer[WG_PATH_TEXT + 32];
	int n = snprintf(moved, sizeof moved, "%s/refused/%s", folder, name);
	if (n < 0 || (size_t)n >= sizeof moved)
		return wg_err_set(err, WG_LIMIT, "path too long");
	(void)snprintf(answer, sizeof answer, "%s.refused.json", moved);
	wg_buf_puts(&body, "{\"refused\":");
	wg_buf_put_json(&body, why->text);
	wg_buf_puts(&body, "}\n");
	enum wg_code code = wg_file_write(answer, body.data, body.len, 0640, err);
	if (code == WG_OK && rename(path, moved) != 0)
		code = wg_err_errno(err, "moving a refused file");
	return code;
}

static void take(struct wg_intake *intake, const struct wg_drop *drop, const char *name)
{
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(WG_LIMIT_MESSAGE), blob = WG_BUF(WG_LIMIT_ENVELOPE);
	struct wg_msg_new msg;
	struct wg_msg_receipt receipt = { 0 };
	struct wg_err err = { 0 }, second = { 0 };
	char path[WG_PATH_TEXT];
	int n = snprintf(path, sizeof path, "%s/new/%s", drop->folder, name);
	if (n < 0 || (size_t)n >= sizeof path)
		return;
	enum wg_code code = read_whole(path, &bytes, &err);
	if (code == WG_OK)
		code = wg_intake_seal(intake, drop->organisation, "", "drop", bytes.data, bytes.len, NULL, name, &blob, &msg,
		                      &err);
	wg_buf_wipe(&bytes);
	if (code == WG_OK)
		code = wg_client_add(intake->asks, &msg, &receipt, &err);
	if (code == WG_OK) {
		wg_log(WG_LOG_INFO, receipt.duplicate ? "accepted-again" : "accepted", "message", receipt.id, "way", "drop",
		       "organisation", drop->organisation, NULL);
		code = answer_taken(path, &receipt, &err);
	} else if (code == WG_REJECT || code == WG_LIMIT) {
		wg_log_err(WG_LOG_WARNING, "refused", &err, "organisation", drop->organisation, "way", "drop", NULL);
		code = answer_refused(drop->folder, name, path, &err, &second);
		err = second;
	}
	/* file names may hold names of people: never logged */
	if (code != WG_OK && code != WG_NOT_FOUND)
		wg_log_err(WG_LOG_WARNING, "drop-not-taken", &err, "organisation", drop->organisation, NULL);
	if (code == WG_AGAIN && strstr(err.text, "store closed") != NULL)
		wg_intake_fail(intake, &err);
}

void wg_intake_drops_scan(struct wg_intake *intake)
{
	for (unsigned i = 0; i < intake->config->drop_count && !intake->failed; i++) {
		const struct wg_drop *drop = &intake->config->drops[i];
		char path[WG_PATH_TEXT];
		if (wg_path_join(drop->folder, "new", path, NULL) != WG_OK)
			continue;
		struct dirent **names = NULL;
		int n = scandir(path, &names, NULL, alphasort); /* in the order of names, so that a sender can give one */
		int taken = 0;
		for (int k = 0; k < n; k++) {
			if (!is_answer(names[k]->d_name) && taken < TAKE_MOST && !intake->failed) {
				take(intake, drop, names[k]->d_name);
				taken++;
			}
			free(names[k]);
		}
		free(names);
	}
}
