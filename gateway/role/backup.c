/* backup.c owns the order in which a backup is taken: the store makes its copy; the copy goes into the first file; then
 * the heads into the second (a head that is destroyed in between is not taken along: what was purged stays purged);
 * both are read back from the disk and opened, the copy is held against the log, every blob against the heads that were
 * read back; then the keys get their name, then the store, then the log its entry. */
#include "role/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "role/backup_internal.h"
#include "sys/file.h"
#include "sys/file_new.h"

/* How often the store is asked how far its copy is. */
#define ASK_MS 50
/* Room in a folder beyond what is written: names, the head. */
#define SPARE ((uint64_t)1024 * 1024)

/* One of the two files being written. */
struct side {
	struct wg_file_new *file;
	struct wg_vault_out *vault;
	struct wg_sha256 sha, plain; /* of the file; of what went in behind the line */
	uint64_t bytes;
};

struct run {
	const struct wg_backup_job *job;
	struct wg_backup_result *out;
	struct wg_cert *certs[WG_CMS_RECIPIENTS];
	struct side store, keys;
	char copy[WG_PATH_TEXT];
	int64_t *gone; /* numbers of heads that were destroyed, rising */
	size_t gone_count, gone_cap;
	uint8_t plain[WG_SHA256_LEN]; /* of the copy */
	uint64_t size;                /* of the copy */
};

static void run_free(struct run *r)
{
	for (size_t i = 0; i < WG_COUNT(r->certs); i++)
		wg_cert_freep(&r->certs[i]);
	wg_vault_out_freep(&r->store.vault);
	wg_vault_out_freep(&r->keys.vault);
	wg_file_new_freep(&r->store.file);
	wg_file_new_freep(&r->keys.file);
	free(r->gone);
}

/* ---- before anything is asked of the store */

static enum wg_code load_certs(struct run *r, struct wg_err *err)
{
	const struct wg_config *c = r->job->config;
	enum wg_code code = WG_OK;
	if (c->backup.count == 0)
		return wg_err_set(err, WG_CONFIG,
		                  "%.200s names no certificate to encrypt a backup to: add <backup><certificate file=\"...\"/>"
		                  "</backup>; its private key belongs to those who restore, not here",
		                  c->file);
	for (unsigned i = 0; code == WG_OK && i < c->backup.count; i++) {
		struct wg_cert_facts facts;
		code = wg_cert_load(c->backup.certificates[i], &r->certs[i], err);
		if (code == WG_OK)
			code = wg_cert_facts(r->certs[i], &facts, err);
		if (code != WG_OK)
			break;
		if (!facts.can_encrypt || facts.weak)
			code = wg_err_set(err, WG_CONFIG, "%.300s: %s", c->backup.certificates[i],
			                  facts.weak ? "its key is too weak to protect a backup"
			                             : "it is not for encrypting: its key usage says so");
		else if (facts.sample && !c->samples)
			code = wg_err_set(err, WG_CONFIG, "%.300s is a sample: its private key is known to everybody",
			                  c->backup.certificates[i]);
		/* One that has expired still protects; whoever keeps its key is told by wardgate cert status. */
	}
	return code;
}

static enum wg_code two_places(const struct wg_backup_job *job, struct wg_err *err)
{
	struct stat a, b;
	if (stat(job->store_to, &a) != 0)
		return wg_err_errno(err, "%.300s", job->store_to);
	if (stat(job->keys_to, &b) != 0)
		return wg_err_errno(err, "%.300s", job->keys_to);
	if (!S_ISDIR(a.st_mode) || !S_ISDIR(b.st_mode))
		return wg_err_set(err, WG_REJECT, "name two folders: one for the store, one for its keys");
	if (a.st_dev == b.st_dev && a.st_ino == b.st_ino)
		return wg_err_set(err, WG_REJECT,
		                  "store and keys go into two folders, in two places that are kept for different times: who "
		                  "has both can read everything, and what is purged has to leave the keys");
	return WG_OK;
}

static enum wg_code sink(void *arg, const void *p, size_t len, struct wg_err *err)
{
	struct side *s = arg;
	wg_sha256_update(&s->sha, p, len);
	s->bytes += len;
	return wg_file_new_put(s->file, p, len, err);
}

static enum wg_code open_side(struct run *r, struct side *s, const char *folder, const char *what,
                              char path[WG_PATH_TEXT], struct wg_err *err)
{
	char name[WG_LIMIT_NAME + 64], when[WG_CLOCK_TEXT], stamp[WG_CLOCK_TEXT];
	size_t n = 0;
	(void)wg_clock_format(wg_clock_now(), when); /* returns its buffer */
	for (const char *c = when; *c != '\0'; c++)
		if (*c != '-' && *c != ':')
			stamp[n++] = *c;
	stamp[n] = '\0';
	(void)snprintf(name, sizeof name, "wardgate-%s-%s.%s", r->job->config->organisation, stamp, what); /* it fits */
	wg_sha256_init(&s->sha);
	wg_sha256_init(&s->plain);
	enum wg_code code = wg_path_join(folder, name, path, err);
	return code == WG_OK ? wg_file_new_open(path, &s->file, err) : code;
}

/* ---- the store's copy */

static enum wg_code wait_for_copy(struct run *r, struct wg_err *err)
{
	const struct timespec pause = { .tv_nsec = ASK_MS * 1000L * 1000L };
	struct wg_copy_state *at = &r->out->at;
	enum wg_code code = wg_client_backup_begin(r->job->client, r->job->who, err);
	while (code == WG_OK) {
		code = wg_client_backup_state(r->job->client, at, err);
		if (code != WG_OK || at->ready)
			break;
		r->job->progress(r->job->arg, "copying the store (pages)", at->done, at->pages);
		(void)nanosleep(&pause, NULL); /* woken early, it is asked early */
	}
	return code == WG_OK ? wg_path_join(r->job->config->state, at->name, r->copy, err) : code;
}

static enum wg_code begin_vault(struct run *r, struct side *s, bool keys, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf line = WG_BUF(WG_BACKUP_LINE);
	struct wg_backup_head head = { .keys = keys, .at = r->out->at };
	const struct wg_cert *certs[WG_CMS_RECIPIENTS] = { NULL };
	for (size_t i = 0; i < WG_COUNT(certs); i++)
		certs[i] = r->certs[i];
	(void)snprintf(head.organisation, sizeof head.organisation, "%s", r->job->config->organisation); /* it fits */
	enum wg_code code = wg_vault_seal(certs, r->job->config->backup.count, sink, s, &s->vault, err);
	if (code == WG_OK)
		code = wg_backup_line_put(&head, &line, err);
	return code == WG_OK ? wg_vault_put(s->vault, line.data, line.len, err) : code;
}

static enum wg_code check_room(struct run *r, int fd, struct wg_err *err)
{
	struct stat st;
	uint64_t room = 0;
	if (fstat(fd, &st) != 0)
		return wg_err_errno(err, "%.300s", r->copy);
	r->size = (uint64_t)st.st_size;
	enum wg_code code = wg_file_free(r->job->store_to, &room, err);
	if (code == WG_OK && room < r->size + SPARE)
		return wg_err_set(err, WG_AGAIN, "%.200s: the store takes %" PRIu64 " MiB, and %" PRIu64 " MiB are free",
		                  r->job->store_to, r->size >> 20, room >> 20);
	return code;
}

static enum wg_code put_store(struct run *r, struct wg_err *err)
{
	WG_AUTO_FREE uint8_t *chunk = malloc(WG_BACKUP_CHUNK);
	WG_AUTO_CLOSE int fd = open(r->copy, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return wg_err_errno(err, "open the store's copy %.300s", r->copy);
	if (chunk == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	uint64_t done = 0;
	ssize_t n = 1;
	enum wg_code code = check_room(r, fd, err);
	if (code == WG_OK)
		code = begin_vault(r, &r->store, false, err);
	while (code == WG_OK && n > 0) {
		n = read(fd, chunk, WG_BACKUP_CHUNK);
		if (n < 0 && errno == EINTR) {
			n = 1;
			continue;
		}
		if (n < 0)
			return wg_err_errno(err, "read the store's copy");
		wg_sha256_update(&r->store.plain, chunk, (size_t)n);
		code = wg_vault_put(r->store.vault, chunk, (size_t)n, err);
		done += (uint64_t)n;
		r->job->progress(r->job->arg, "encrypting the store", done, r->size);
	}
	wg_sha256_final(&r->store.plain, r->plain);
	if (code == WG_OK)
		code = wg_vault_end(r->store.vault, err);
	return code == WG_OK ? wg_file_new_sync(r->store.file, err) : code;
}

/* ---- the keys */

static enum wg_code put_numbers(struct side *s, uint64_t id, uint64_t second, bool both, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf b = WG_BUF(16);
	wg_buf_u64(&b, id);
	if (both)
		wg_buf_u64(&b, second);
	enum wg_code code = wg_buf_check(&b, "a row", err);
	return code == WG_OK ? wg_vault_put(s->vault, b.data, b.len, err) : code;
}

static enum wg_code put_head(struct run *r, uint64_t id, const uint8_t *p, size_t len, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf b = WG_BUF(WG_STORE_HEAD + 16);
	wg_buf_u64(&b, id);
	wg_buf_bytes(&b, p, len);
	enum wg_code code = wg_buf_check(&b, "a head", err);
	return code == WG_OK ? wg_vault_put(r->keys.vault, b.data, b.len, err) : code;
}

static enum wg_code remember_gone(struct run *r, int64_t id, struct wg_err *err)
{
	if (r->gone_count == r->gone_cap) {
		const size_t cap = r->gone_cap == 0 ? 1024 : 2 * r->gone_cap;
		int64_t *more = reallocarray(r->gone, cap, sizeof *more);
		if (more == NULL)
			return wg_err_set(err, WG_SYSTEM, "out of memory");
		r->gone = more;
		r->gone_cap = cap;
	}
	r->gone[r->gone_count++] = id;
	return WG_OK;
}

/* One answer of the store. Heads beyond those that the copy may name belong to what came after it. */
static enum wg_code put_rows(struct run *r, struct wg_buf *rows, bool gone, int64_t *after, bool *more,
                             struct wg_err *err)
{
	struct wg_cur cur = WG_CUR(rows->data, rows->len);
	enum wg_code code = WG_OK;
	const uint32_t n = wg_cur_u32(&cur);
	*more = n > 0;
	for (uint32_t i = 0; code == WG_OK && *more && i < n; i++) {
		size_t len = 0;
		const int64_t id = (int64_t)wg_cur_u64(&cur);
		const uint8_t *p = gone ? NULL : wg_cur_bytes(&cur, &len);
		const uint64_t at = gone ? wg_cur_u64(&cur) : 0;
		if (cur.failed || id <= *after || len > WG_STORE_HEAD)
			return wg_err_set(err, WG_SYSTEM, "the store's rows of keys do not read as they should");
		*after = id;
		if (!gone && id > r->out->at.last) {
			*more = false;
			break;
		}
		code = gone ? put_numbers(&r->keys, (uint64_t)id, at, true, err) : put_head(r, (uint64_t)id, p, len, err);
		if (code == WG_OK && gone)
			code = remember_gone(r, id, err);
	}
	return code;
}

static enum wg_code put_all(struct run *r, bool gone, struct wg_err *err)
{
	int64_t after = 0;
	bool more = true;
	enum wg_code code = WG_OK;
	while (code == WG_OK && more) {
		struct wg_buf rows = WG_BUF(WG_LIMIT_FRAME);
		code = wg_client_backup_heads(r->job->client, after, gone, &rows, err);
		if (code == WG_OK)
			code = put_rows(r, &rows, gone, &after, &more, err);
		wg_buf_wipe(&rows);
		if (!gone)
			r->job->progress(r->job->arg, "encrypting the keys (numbers)", (uint64_t)after, (uint64_t)r->out->at.last);
	}
	return code == WG_OK ? put_numbers(&r->keys, 0, 0, false, err) : code;
}

static enum wg_code put_keys(struct run *r, struct wg_err *err)
{
	enum wg_code code = begin_vault(r, &r->keys, true, err);
	if (code == WG_OK)
		code = put_all(r, false, err);
	if (code == WG_OK)
		code = put_all(r, true, err);
	if (code == WG_OK)
		code = wg_vault_end(r->keys.vault, err);
	return code == WG_OK ? wg_file_new_sync(r->keys.file, err) : code;
}

/* ---- proof */

static enum wg_code open_back(struct side *s, struct wg_backup_in *in, struct wg_err *err)
{
	uint8_t own[WG_VAULT_KEY];
	wg_vault_own_key(s->vault, own);
	enum wg_code code = wg_backup_in_open(wg_file_new_fd(s->file), false, NULL, NULL, own, in, err);
	wg_wipe(own, sizeof own);
	return code;
}

/* What was read back is what was written, as it lies there. */
static enum wg_code same_file(const struct side *s, struct wg_backup_in *in, char hash[WG_STORE_HASH],
                              struct wg_err *err)
{
	uint8_t written[WG_SHA256_LEN], back[WG_SHA256_LEN];
	struct wg_sha256 a = s->sha;
	wg_sha256_final(&a, written);
	wg_sha256_final(&in->sha, back);
	wg_hex(written, sizeof written, hash);
	if (memcmp(written, back, sizeof back) != 0 || (uint64_t)in->at != s->bytes)
		return wg_err_set(err, WG_CORRUPT, "what was read back is not what was written: look at that disk");
	return WG_OK;
}

static enum wg_code prove_store(struct run *r, struct wg_err *err)
{
	WG_CLEANUP(wg_backup_in_close) struct wg_backup_in in = { .fd = -1 };
	WG_AUTO_FREE uint8_t *chunk = malloc(WG_BACKUP_CHUNK);
	struct wg_sha256 plain;
	uint8_t raw[WG_SHA256_LEN];
	uint64_t done = 0;
	size_t got = 1;
	if (chunk == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	wg_sha256_init(&plain);
	enum wg_code code = open_back(&r->store, &in, err);
	while (code == WG_OK && got > 0) {
		code = wg_backup_in_get(&in, chunk, WG_BACKUP_CHUNK, &got, err);
		if (code == WG_OK)
			wg_sha256_update(&plain, chunk, got);
		done += got;
		r->job->progress(r->job->arg, "reading the store back", done, r->size);
	}
	wg_sha256_final(&plain, raw);
	if (code == WG_OK && memcmp(raw, r->plain, sizeof raw) != 0)
		code = wg_err_set(err, WG_CORRUPT, "what was read back does not open to what was encrypted");
	return code == WG_OK ? same_file(&r->store, &in, r->out->store_hash, err) : code;
}

struct heads {
	struct run *run;
	struct wg_backup_in in;
	bool end;
	uint8_t bytes[WG_STORE_HEAD];
};

static enum wg_code next_head(void *arg, int64_t *id, const uint8_t **bytes, size_t *len, struct wg_err *err)
{
	struct heads *h = arg;
	int64_t gone = 0;
	*id = 0;
	*bytes = h->bytes;
	if (h->end)
		return WG_OK;
	enum wg_code code = wg_backup_in_row(&h->in, false, id, h->bytes, len, &gone, err);
	h->end = code == WG_OK && *id == 0;
	if (code == WG_OK)
		h->run->job->progress(h->run->job->arg, "holding the store against its keys (numbers)", (uint64_t)*id,
		                      (uint64_t)h->run->out->at.last);
	return code;
}

static int compare(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

static bool is_gone(void *arg, int64_t id)
{
	const struct heads *h = arg;
	const struct run *r = h->run;
	return r->gone_count > 0 && bsearch(&id, r->gone, r->gone_count, sizeof *r->gone, compare) != NULL;
}

/* The rest of the keys' file: those that were destroyed, to the very end. */
static enum wg_code read_gone(struct heads *h, struct wg_err *err)
{
	uint8_t none[WG_STORE_HEAD];
	int64_t id = 1, at = 0;
	size_t len = 0, got = 0;
	uint64_t n = 0;
	enum wg_code code = WG_OK;
	while (code == WG_OK && id != 0) {
		code = wg_backup_in_row(&h->in, true, &id, none, &len, &at, err);
		n += id != 0;
	}
	if (code == WG_OK)
		code = wg_backup_in_get(&h->in, none, 1, &got, err);
	if (code == WG_OK && (got != 0 || n != h->run->gone_count))
		code = wg_err_set(err, WG_CORRUPT, "the keys that were read back do not end where they should");
	return code;
}

static enum wg_code prove_keys(struct run *r, struct wg_store *copy, struct wg_check *check, struct wg_err *err)
{
	struct heads *h = calloc(1, sizeof *h);
	if (h == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	h->run = r;
	h->in.fd = -1;
	enum wg_code code = open_back(&r->keys, &h->in, err);
	if (code == WG_OK)
		code = wg_store_check_copy(copy, check, next_head, h, is_gone, &r->out->blobs, err);
	if (code == WG_OK)
		code = read_gone(h, err);
	if (code == WG_OK)
		code = same_file(&r->keys, &h->in, r->out->keys_hash, err);
	wg_backup_in_close(&h->in);
	wg_wipe(h, sizeof *h);
	free(h);
	return code;
}

static enum wg_code prove(struct run *r, struct wg_err *err)
{
	WG_CLEANUP(wg_store_closep) struct wg_store *copy = NULL;
	struct wg_check check = { .pages = true, .on = r->job->finding, .arg = r->job->arg };
	enum wg_code code = prove_store(r, err);
	if (code == WG_OK)
		code = wg_store_open_copy(r->copy, &copy, err);
	if (code == WG_OK)
		code = wg_store_check(copy, &check, err);
	if (code == WG_OK && (check.entries != r->out->at.entries || strcmp(check.head, r->out->at.head) != 0) &&
	    check.findings == 0)
		code = wg_err_set(err, WG_CORRUPT, "the log in the backup does not end where the store said");
	if (code == WG_OK)
		code = prove_keys(r, copy, &check, err);
	r->out->findings = check.findings;
	return code;
}

static enum wg_code name_both(struct run *r, struct wg_err *err)
{
	char words[WG_COPY_WORDS];
	enum wg_code code = wg_file_new_name(r->keys.file, err); /* first: a store without its keys is none */
	if (code == WG_OK)
		code = wg_file_new_name(r->store.file, err);
	(void)snprintf(words, sizeof words, "entries=%" PRIu64 " head=%s store=%s keys=%s findings=%" PRIu64,
	               r->out->at.entries, r->out->at.head, r->out->store_hash, r->out->keys_hash,
	               r->out->findings); /* it fits */
	return code == WG_OK ? wg_client_backup_end(r->job->client, r->job->who, words, err) : code;
}

enum wg_code wg_backup_take(const struct wg_backup_job *job, struct wg_backup_result *out, struct wg_err *err)
{
	WG_CLEANUP(run_free) struct run r = { .job = job, .out = out };
	*out = (struct wg_backup_result){ .findings = 0 };
	enum wg_code code = load_certs(&r, err);
	if (code == WG_OK)
		code = two_places(job, err);
	if (code == WG_OK)
		code = open_side(&r, &r.store, job->store_to, "store", out->store_file, err);
	if (code == WG_OK)
		code = open_side(&r, &r.keys, job->keys_to, "keys", out->keys_file, err);
	if (code == WG_OK)
		code = wait_for_copy(&r, err);
	if (code == WG_OK)
		code = put_store(&r, err);
	if (code == WG_OK)
		code = put_keys(&r, err);
	if (code == WG_OK)
		code = prove(&r, err);
	if (code == WG_OK)
		code = name_both(&r, err);
	out->store_bytes = r.store.bytes;
	out->keys_bytes = r.keys.bytes;
	return code;
}
