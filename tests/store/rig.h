/* What the tests of this room share: a folder, a store or a server in it, messages and deliveries of invented people.
 */
#ifndef TESTS_STORE_RIG_H
#define TESTS_STORE_RIG_H

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "base/text.h"
#include "pg.h"
#include "store/server.h"

/* What stands before the words of every stored document here, so that the words themselves lie behind the head that
 * keys.db takes: as they do in a real one, of which the head tells nothing. */
#define RIG_16(s) s s s s s s s s s s s s s s s s
#define RIG_HEAD RIG_16(RIG_16("xxxxxxxx"))
_Static_assert(sizeof RIG_HEAD == WG_STORE_HEAD + 1, "as long as a head");
#define RIG_BLOB(words) .blob = RIG_HEAD words, .blob_len = WG_STORE_HEAD + sizeof words - 1

#define OK(call) rig_ok(call, &err, #call, __LINE__)
#define FAILS(code, call) rig_fails(code, call, &err, #call, __LINE__)

static inline void rig_ok(enum wg_code code, const struct wg_err *err, const char *what, int line)
{
	if (code != WG_OK)
		fail_msg("line %d: %s: %s: %s", line, what, wg_code_name(code), err->text);
}

static inline void rig_fails(enum wg_code want, enum wg_code code, const struct wg_err *err, const char *what, int line)
{
	if (code != want)
		fail_msg("line %d: %s: %s instead of %s: %s", line, what, wg_code_name(code), wg_code_name(want), err->text);
}

/* A new folder; its name is the caller's to free by rig_remove. */
static inline char *rig_folder(void)
{
	char *path = strdup("/tmp/wg-store-XXXXXX");
	assert_non_null(path);
	assert_non_null(mkdtemp(path));
	return path;
}

static inline void rig_remove(char *folder)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	while (d != NULL && (e = readdir(d)) != NULL)
		(void)unlinkat(dirfd(d), e->d_name, 0); /* "." and ".." refuse */
	if (d != NULL)
		(void)closedir(d); /* was only read */
	(void)rmdir(folder);   /* what is left over shows in /tmp */
	free(folder);
}

/* 64 hex digits that differ with n. */
static inline void rig_hash(unsigned n, char out[WG_STORE_HASH])
{
	(void)snprintf(out, WG_STORE_HASH, "%064x", n); /* exactly its size */
}

#define RIG_KEY_BYTES ((WG_STORE_KEY - 1) / 2)
/* The hash of a word: a key of that kind. "scheme:number" of a local id. */
static inline struct wg_match_key rig_key(enum wg_key_kind kind, const char *word)
{
	struct wg_match_key k = { .kind = kind };
	uint8_t raw[WG_SHA256_LEN];
	wg_sha256(word, strlen(word), raw);
	wg_hex(raw, RIG_KEY_BYTES, k.key);
	if (kind == WG_KEY_LOCAL_ID) {
		wg_sha256(word, strcspn(word, ":"), raw);
		wg_hex(raw, RIG_KEY_BYTES, k.scope);
	}
	return k;
}

/* A message of organisation "oatshire-police" whose content is number n. */
static inline struct wg_msg_new rig_message(unsigned n)
{
	struct wg_err err = { 0 };
	struct wg_msg_new m = { .organisation = "oatshire-police",
		                    .content_type = "application/xml",
		                    .way = "https",
		                    RIG_BLOB("ciphertext of a report") };
	rig_hash(n, m.content_hash);
	OK(wg_id_make(wg_clock_wall(), m.id, &err));
	return m;
}

/* A sealed delivery to organisation/desk. */
static inline struct wg_dlv_new rig_delivery(const char *organisation, const char *desk)
{
	struct wg_dlv_new d = { .role = "front-door",
		                    .channel = "https",
		                    .state = WG_DLV_SEALED,
		                    .disclosure = "{\"rule\":\"share\"}",
		                    .envelope = RIG_HEAD "sealed",
		                    .envelope_len = WG_STORE_HEAD + 6,
		                    .deadline = INT64_MAX / 2,
		                    .known = true };
	(void)snprintf(d.organisation, sizeof d.organisation, "%s", organisation); /* short */
	(void)snprintf(d.desk, sizeof d.desk, "%s", desk);                         /* short */
	return d;
}

/* Completes job as ROUTED under epoch "e1". */
static inline struct wg_msg_done rig_done(const char *id, uint64_t token, const struct wg_dlv_new *deliveries,
                                          unsigned count)
{
	struct wg_msg_done d = { .token = token,
		                     .state = WG_MSG_ROUTED,
		                     .kind = "missing",
		                     .notice = RIG_HEAD "notice",
		                     .notice_len = WG_STORE_HEAD + 6,
		                     .report = RIG_HEAD "report",
		                     .report_len = WG_STORE_HEAD + 6,
		                     .epoch = "e1",
		                     .deliveries = deliveries,
		                     .delivery_count = count };
	memcpy(d.id, id, sizeof d.id);
	return d;
}

/* ---- a server in a thread of its own */

struct rig_server {
	char *folder;
	struct wg_server *server;
	pthread_t thread;
	volatile int stop;
	bool running;
	bool close_after; /* as the store process does: who ends with a fault closes every connection */
	enum wg_code code;
	struct wg_err err;
	unsigned dropped, lost, damaged, away, back, given_up, full, room, undestroyed,
		destroyed; /* events; read after rig_stop, or where the test has waited for them */
	char last[2 * WG_ERR_TEXT_MAX];
};

static inline void rig_event(void *arg, const char *event, enum wg_store_role role, const struct wg_err *what)
{
	struct rig_server *r = arg;
	(void)role;
	r->dropped += strcmp(event, "peer-dropped") == 0;
	r->lost += strcmp(event, "leases-lost") == 0;
	r->damaged += strcmp(event, "damaged") == 0;
	r->away += strcmp(event, "database-lost") == 0;
	r->back += strcmp(event, "database-back") == 0;
	r->full += strcmp(event, "disk-full") == 0;
	r->room += strcmp(event, "disk-has-room") == 0;
	r->undestroyed += strcmp(event, "keys-not-destroyed") == 0;
	r->destroyed += strcmp(event, "keys-destroyed") == 0;
	r->given_up += strcmp(event, "node-given-up") == 0;
	(void)snprintf(r->last, sizeof r->last, "%s: %s", event, what->text); /* cut is fine */
}

static inline void *rig_thread(void *arg)
{
	struct rig_server *r = arg;
	r->code = wg_server_run(r->server, &r->stop, &r->err);
	if (r->close_after)
		wg_server_freep(&r->server);
	return NULL;
}

static inline void rig_run(struct rig_server *r)
{
	r->stop = 0;
	assert_int_equal(pthread_create(&r->thread, NULL, rig_thread, r), 0);
	r->running = true;
}

static inline void rig_start(struct rig_server *r)
{
	struct wg_err err = { 0 };
	*r = (struct rig_server){ .folder = rig_folder() };
	OK(wg_server_open(r->folder, &r->server, &err));
	wg_server_on_event(r->server, rig_event, r);
	rig_run(r);
}

/* Ends the thread and closes the store; the folder stays. */
static inline void rig_stop(struct rig_server *r)
{
	r->stop = 1;
	if (r->running)
		assert_int_equal(pthread_join(r->thread, NULL), 0);
	r->running = false;
	wg_server_freep(&r->server);
}

static inline void rig_end(struct rig_server *r)
{
	rig_stop(r);
	rig_remove(r->folder);
	r->folder = NULL;
}

static inline struct wg_client *rig_client(const struct rig_server *r, enum wg_store_role role)
{
	struct wg_err err = { 0 };
	struct wg_client *client = NULL;
	OK(wg_client_open(r->folder, role, &client, &err));
	return client;
}

#endif
