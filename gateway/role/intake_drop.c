/* intake_drop.c owns the drop folders: FOLDER/tmp is written to, a rename into FOLDER/new hands a file over,
 * NAME.receipt.json or NAME.refused.json is the answer beside it. A file is removed only after its receipt is on disk.
 * SECURITY: whoever can write into the folder submits as its organisation; the folder's permissions are the
 * authentication. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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

/* Files offered in one look, so that HTTPS is not kept waiting; the next look goes on. What was in the way before does
 * not count, but that many more are all that the store has in hand: the other ways in have half of WG_INTAKE_PENDING.
 */
#define TAKE_MOST 64
#define IN_HAND_MOST (TAKE_MOST + WG_INTAKE_FAULTS)
/* Bytes of a file's name: with "~99.refused.json" behind it, it still is one (NAME_MAX is 255). */
#define NAME_MOST 200
/* Refused files of one name that are kept apart. */
#define SAME_NAME_MOST 99

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

/* ---- one file */

/* A file under new/, from when it is looked at until its fate is known. */
struct wg_dropped {
	struct wg_dropped *next;
	const struct wg_drop *drop;
	unsigned number; /* of that folder */
	ino_t inode;     /* as the folder says */
	char name[NAME_MAX + 1];
	char path[WG_PATH_TEXT];
	struct stat st; /* as it was when it was read */
};

/* Our own words for a fault of wg_file_*, whose texts name the file: that name may hold the name of a person. What
 * stands behind the last colon is the reason. */
static enum wg_code without_name(struct wg_err *err, const char *what)
{
	char why[128];
	const char *colon = strrchr(err->text, ':');
	(void)snprintf(why, sizeof why, "%s", colon != NULL ? colon + 1 : " unknown"); /* cut is acceptable in words */
	return wg_err_set(err, err->code, "%s:%s", what, why);
}

/* The whole file; WG_AGAIN while somebody has it open for writing: it was not renamed in but is being written in place.
 */
static enum wg_code read_whole(struct wg_dropped *d, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_CLOSE int fd = open(d->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && (errno == ELOOP || errno == ENXIO))
		return wg_err_set(err, WG_REJECT, "a link or a socket, not a file: hand over the file itself");
	if (fd < 0 || fstat(fd, &d->st) != 0)
		return wg_err_errno(err, "a file cannot be opened");
	if (!S_ISREG(d->st.st_mode))
		return wg_err_set(err, WG_REJECT, "not a regular file");
	if (fcntl(fd, F_SETLEASE, F_RDLCK) != 0 && errno == EAGAIN)
		return wg_err_set(err, WG_AGAIN, "somebody is still writing it: write under tmp/ and rename into new/");
	uint8_t chunk[65536];
	while (!out->failed) {
		ssize_t n = read(fd, chunk, sizeof chunk);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return wg_err_errno(err, "a file cannot be read");
		if (n == 0)
			break;
		wg_buf_put(out, chunk, (size_t)n);
	}
	return wg_buf_check(out, "the file", err);
}

/* What stands at the path now is what was read, not something that was renamed over it meanwhile. */
static bool still_the_same(const struct wg_dropped *d)
{
	struct stat now;
	return lstat(d->path, &now) == 0 && now.st_dev == d->st.st_dev && now.st_ino == d->st.st_ino &&
	       now.st_size == d->st.st_size && now.st_mtim.tv_sec == d->st.st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == d->st.st_mtim.tv_nsec;
}

/* NAME.receipt.json, durably, then the file itself goes. Stopped between the two, the file is met again and gets the
 * same receipt. */
static enum wg_code answer_taken(const struct wg_dropped *d, const struct wg_msg_receipt *receipt, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(1024);
	char answer[WG_PATH_TEXT + 32];
	(void)snprintf(answer, sizeof answer, "%s.receipt.json", d->path); /* fits */
	wg_intake_receipt(receipt, &body);
	if (wg_file_write(answer, body.data, body.len, 0640, err) != WG_OK)
		return without_name(err, "taken, but the receipt cannot be written");
	if (still_the_same(d) && wg_file_remove(d->path, err) != WG_OK)
		return without_name(err, "taken, but the file cannot be removed");
	return WG_OK;
}

/* A name under refused/ that nothing has yet: what was refused before under the same name stays. */
static enum wg_code refused_path(const struct wg_dropped *d, char out[WG_PATH_TEXT], struct wg_err *err)
{
	for (unsigned i = 1; i <= SAME_NAME_MOST; i++) {
		char number[16] = "";
		struct stat st;
		if (i > 1)
			(void)snprintf(number, sizeof number, "~%u", i); /* fits */
		int n = snprintf(out, WG_PATH_TEXT, "%s/refused/%.*s%s", d->drop->folder, NAME_MOST, d->name, number);
		if (n < 0 || n >= WG_PATH_TEXT)
			return wg_err_set(err, WG_LIMIT, "the path of a refused file is too long: shorten the folder's");
		if (lstat(out, &st) != 0 && errno == ENOENT)
			return WG_OK;
	}
	return wg_err_set(err, WG_LIMIT, "%d files of one name were refused already: empty refused/", SAME_NAME_MOST);
}

/* A refused file moves to refused/ with the reason beside it: nothing is thrown away, and it is not met again. */
static enum wg_code answer_refused(const struct wg_dropped *d, const struct wg_err *why, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(4096);
	char moved[WG_PATH_TEXT], answer[WG_PATH_TEXT + 32];
	enum wg_code code = refused_path(d, moved, err);
	if (code != WG_OK)
		return code;
	(void)snprintf(answer, sizeof answer, "%s.refused.json", moved); /* fits */
	wg_buf_puts(&body, "{\"refused\":");
	wg_buf_put_json(&body, why->text);
	wg_buf_puts(&body, "}\n");
	if (wg_file_write(answer, body.data, body.len, 0640, err) != WG_OK)
		return without_name(err, "refused, but the answer cannot be written");
	if (rename(d->path, moved) != 0)
		return wg_err_errno(err, "refused, but the file cannot be moved");
	return WG_OK;
}

/* The fate of the file, which nobody has in hand any more. */
static void settle(struct wg_intake *intake, const struct wg_dropped *d, const struct wg_msg_receipt *receipt,
                   const struct wg_err *fate)
{
	struct wg_err err = *fate;
	enum wg_code code = fate->code;
	if (code == WG_OK) {
		code = answer_taken(d, receipt, &err);
		if (code == WG_OK || !receipt->duplicate) /* met again for want of a receipt: said before */
			wg_log(WG_LOG_INFO, receipt->duplicate ? "accepted-again" : "accepted", "message", receipt->id, "way",
			       "drop", "organisation", d->drop->organisation, NULL);
	} else if (code == WG_REJECT || code == WG_LIMIT) {
		code = answer_refused(d, fate, &err);
		if (code == WG_OK)
			wg_log_err(WG_LOG_WARNING, "refused", fate, "organisation", d->drop->organisation, "way", "drop", NULL);
	}
	if (code != WG_OK && code != WG_NOT_FOUND)
		wg_drop_fault_note(intake, d->number, d->inode, &err);
	else
		wg_drop_fault_over(intake, d->number, d->inode);
}

static void told(struct wg_intake *intake, void *arg, uint32_t number, const struct wg_msg_receipt *receipt,
                 const struct wg_err *failed)
{
	WG_AUTO_FREE struct wg_dropped *d = arg;
	struct wg_dropped **at = &intake->dropped;
	(void)number; /* the signature is wg_intake_told's */
	while (*at != d)
		at = &(*at)->next;
	*at = d->next;
	intake->dropped_count--;
	const bool ends = intake->draining || intake->failed; /* the next process meets it */
	if (failed->code == WG_OK || (!ends && still_the_same(d)))
		settle(intake, d, receipt, failed);
}

static enum wg_code hand_over(struct wg_intake *intake, struct wg_dropped *d, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(WG_LIMIT_MESSAGE), blob = WG_BUF(WG_LIMIT_ENVELOPE);
	struct wg_msg_new msg;
	int n = snprintf(d->path, sizeof d->path, "%s/new/%s", d->drop->folder, d->name);
	if (n < 0 || (size_t)n >= sizeof d->path)
		return wg_err_set(err, WG_CONFIG, "the path of the drop folder is too long");
	if (strlen(d->name) > NAME_MOST)
		return wg_err_set(err, WG_REJECT, "the file's name is longer than %d bytes: rename it", NAME_MOST);
	enum wg_code code = read_whole(d, &bytes, err);
	if (code == WG_OK)
		code = wg_intake_seal(intake, d->drop->organisation, "", "drop", bytes.data, bytes.len, NULL, d->name, &blob,
		                      &msg, err);
	wg_buf_wipe(&bytes);
	return code == WG_OK ? wg_intake_add(intake, &msg, told, d, 0, 0, err) : code;
}

static bool in_hand(const struct wg_intake *intake, unsigned number, ino_t inode)
{
	const struct wg_dropped *d = intake->dropped;
	while (d != NULL && (d->number != number || d->inode != inode))
		d = d->next;
	return d != NULL;
}

/* True when one more is dealt with, or offered to the store, that was not in the way before. */
static bool take(struct wg_intake *intake, unsigned number, const struct dirent *e)
{
	static const struct wg_msg_receipt none = { 0 };
	struct wg_err err = { 0 };
	const bool before = wg_drop_fault_keep(intake, number, e->d_ino);
	if (in_hand(intake, number, e->d_ino))
		return false;
	WG_AUTO_FREE struct wg_dropped *d = calloc(1, sizeof *d);
	if (d == NULL)
		return false;
	d->drop = &intake->config->drops[number];
	d->number = number;
	d->inode = e->d_ino;
	(void)snprintf(d->name, sizeof d->name, "%s", e->d_name); /* fits */
	enum wg_code code = hand_over(intake, d, &err);
	if (code != WG_OK) {
		settle(intake, d, &none, &err);
		return code == WG_REJECT || code == WG_LIMIT || code == WG_NOT_FOUND;
	}
	d->next = intake->dropped;
	intake->dropped = wg_steal(&d);
	intake->dropped_count++;
	return !before;
}

/* ---- looking through */

static bool ends_with(const char *s, const char *ending)
{
	size_t n = strlen(s), m = strlen(ending);
	return n >= m && strcmp(s + n - m, ending) == 0;
}

/* Neither our answers nor what begins with a dot: a temporary file of ours or of who copies. */
static int is_document(const struct dirent *e)
{
	return e->d_name[0] != '.' && !ends_with(e->d_name, ".receipt.json");
}

void wg_intake_drops_scan(struct wg_intake *intake)
{
	for (unsigned i = 0; i < intake->config->drop_count && !intake->failed; i++) {
		char path[WG_PATH_TEXT];
		struct dirent **names = NULL;
		struct wg_err err = { 0 };
		int n = -1, taken = 0;
		if (wg_path_join(intake->config->drops[i].folder, "new", path, &err) == WG_OK)
			n = scandir(path, &names, is_document,
			            alphasort); /* in the order of names, so that a sender can give one */
		if (n < 0 && err.code == WG_OK)
			(void)wg_err_errno(&err, "the folder new/ cannot be looked through"); /* said below */
		if (n < 0)
			wg_drop_fault_note(intake, i, 0, &err);
		bool all = true;
		for (int k = 0; k < n; k++) {
			/* what is in the way does not count: however much of it, the others have their turn */
			all = all && taken < TAKE_MOST && intake->dropped_count < IN_HAND_MOST && !intake->failed &&
			      !wg_intake_laden(intake);
			taken += all && take(intake, i, names[k]);
			free(names[k]);
		}
		free(names);
		if (all)
			wg_drop_fault_sweep(intake, i);
	}
}
