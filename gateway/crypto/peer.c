/* peer.c owns the judgement of the other side of a TLS connection by what is held about revoked certificates.
 * SECURITY: inside the handshake, with a chain that was verified, and files that were written by another process; each
 * signature is checked here. */
#include "crypto/peer.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "crypto/revocation_internal.h"
#include "sys/file.h"

/* A chain as its owner sent it: tls.c takes no more than 32 KB of it, base64 adds a third. */
#define PEM_MAX ((size_t)48 * 1024)
/* What a judgement rests on, to be recognised: digests of the chain, names and times of at most 16 files and the lists.
 */
#define KEY_MAX ((size_t)32 * 1024)
#define PATH_MAX_HERE 1024

/* ---- the files that speak of a chain */

/* False: there is no such name. */
static bool path_of(const char *folder, const char *file, char out[PATH_MAX_HERE])
{
	int n = snprintf(out, PATH_MAX_HERE, "%s/%s", folder, file);
	return n > 0 && n < PATH_MAX_HERE;
}

static void mix_file(struct wg_buf *key, const char *path)
{
	struct stat st = { 0 };
	bool there = stat(path, &st) == 0;
	wg_buf_str(key, path);
	wg_buf_u8(key, there);
	wg_buf_put(key, &st.st_ino, sizeof st.st_ino);
	wg_buf_put(key, &st.st_size, sizeof st.st_size);
	wg_buf_put(key, &st.st_mtim.tv_sec, sizeof st.st_mtim.tv_sec);
	wg_buf_put(key, &st.st_mtim.tv_nsec, sizeof st.st_mtim.tv_nsec);
}

/* The same chain, files and strictness give the same key. */
static bool key_of(const struct wg_peer *peer, STACK_OF(X509) * chain, const struct wg_revocation_source *sources,
                   unsigned count, uint8_t out[32])
{
	WG_AUTO_BUF struct wg_buf key = WG_BUF(KEY_MAX);
	for (int i = 0; i < sk_X509_num(chain); i++) {
		unsigned char digest[EVP_MAX_MD_SIZE];
		unsigned len = 0;
		if (X509_digest(sk_X509_value(chain, i), EVP_sha256(), digest, &len) != 1)
			return false;
		wg_buf_bytes(&key, digest, len);
	}
	for (unsigned i = 0; peer->held != NULL && i < count; i++) {
		char path[PATH_MAX_HERE];
		if (path_of(peer->held, sources[i].file, path))
			mix_file(&key, path);
	}
	for (const char *const *p = peer->lists; p != NULL && *p != NULL; p++)
		mix_file(&key, *p);
	wg_buf_u8(&key, (uint8_t)peer->need);
	if (key.failed)
		return false;
	wg_sha256(key.data, key.len, out);
	return true;
}

/* FNV-1a, 64 bits: it has to notice a change, not to withstand anybody. Whatever is fetched is renamed into the folder,
 * which touches it. */
static uint64_t stamp_of(const struct wg_peer *peer)
{
	WG_AUTO_BUF struct wg_buf files = WG_BUF(KEY_MAX);
	uint64_t stamp = 0xcbf29ce484222325u;
	if (peer->held != NULL)
		mix_file(&files, peer->held);
	for (const char *const *p = peer->lists; p != NULL && *p != NULL; p++)
		mix_file(&files, *p);
	for (size_t i = 0; i < files.len; i++)
		stamp = (stamp ^ files.data[i]) * 0x100000001b3u;
	return stamp != 0 ? stamp : 1;
}

bool wg_peer_news(const struct wg_peer *peer)
{
	return peer != NULL && peer->stamp != 0 && stamp_of(peer) != peer->stamp;
}

/* One that cannot be read says nothing: what it would have answered is missing then. */
static void add_file(struct wg_revocations *r, const char *path)
{
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(WG_REVOCATION_FILE_MAX);
	if (wg_file_read(path, &bytes, NULL) == WG_OK && wg_revocations_add(r, bytes.data, bytes.len, NULL) != WG_OK)
		wg_ossl_forget();
}

static enum wg_code read_all(const struct wg_peer *peer, const struct wg_revocation_source *sources, unsigned count,
                             struct wg_revocations **out, struct wg_err *err)
{
	enum wg_code code = wg_revocations_new(out, err);
	for (unsigned i = 0; code == WG_OK && peer->held != NULL && i < count; i++) {
		char path[PATH_MAX_HERE];
		if (path_of(peer->held, sources[i].file, path))
			add_file(*out, path);
	}
	for (const char *const *p = peer->lists; code == WG_OK && p != NULL && *p != NULL; p++)
		add_file(*out, *p);
	return code;
}

/* ---- what is known */

static bool is_known(const struct wg_peer *peer, const uint8_t key[32], int64_t now)
{
	for (size_t i = 0; i < WG_PEER_KNOWN; i++)
		if (now < peer->known[i].until && peer->known[i].until - now <= WG_PEER_KNOWN_MS &&
		    memcmp(peer->known[i].key, key, 32) == 0)
			return true;
	return false;
}

static void remember(struct wg_peer *peer, const uint8_t key[32], int64_t now)
{
	unsigned at = peer->next++ % WG_PEER_KNOWN;
	memcpy(peer->known[at].key, key, 32);
	peer->known[at].until = now + WG_PEER_KNOWN_MS;
}

/* ---- telling */

static void put_chain(STACK_OF(X509) * chain, struct wg_buf *out)
{
	WG_CLEANUP(wg_auto_bio) BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	int last = sk_X509_num(chain) > 1 ? sk_X509_num(chain) - 1 : 1; /* one that is its own anchor is all there is */
	bool ok = bio != NULL;
	for (int i = 0; ok && i < last; i++)
		ok = PEM_write_bio_X509(bio, sk_X509_value(chain, i)) == 1;
	long len = ok ? BIO_get_mem_data(bio, &text) : 0;
	if (len > 0)
		wg_buf_put(out, text, (size_t)len);
	wg_ossl_forget();
}

static void tell(const struct wg_peer *peer, STACK_OF(X509) * chain, struct wg_peer_look *look)
{
	WG_AUTO_BUF struct wg_buf pem = WG_BUF(PEM_MAX);
	struct wg_cert_facts facts;
	if (peer->told == NULL || wg_cert_facts_of(sk_X509_value(chain, 0), &facts, NULL) != WG_OK)
		return;
	put_chain(chain, &pem);
	look->pem = wg_buf_text(&pem);
	look->len = pem.failed ? 0 : pem.len;
	look->fingerprint = facts.fingerprint;
	peer->told(peer->arg, look);
}

/* What is wrong, and what somebody can do about it. */
static void say(struct wg_peer *peer, const struct wg_revocation_verdict *v, const char *whose,
                struct wg_peer_look *look)
{
	if (v->state == WG_REVOCATION_REVOKED)
		(void)snprintf(peer->words, sizeof peer->words, "the %s has to replace its certificate: %.250s", whose,
		               v->words); /* fits */
	else
		(void)snprintf(peer->words, sizeof peer->words,
		               "%.230s; revocation is required (wardgate cert fetch asks now, and says why not)",
		               v->words); /* fits */
	look->words = peer->words;
}

static enum wg_code look_at(struct wg_peer *peer, const struct wg_trust *trust, STACK_OF(X509) * chain, int64_t now,
                            struct wg_revocation_verdict *v, bool *known, struct wg_err *err)
{
	WG_CLEANUP(wg_revocations_freep) struct wg_revocations *held = NULL;
	struct wg_revocation_source sources[WG_REVOCATION_SOURCES_MAX];
	unsigned count = 0;
	uint8_t key[32];
	enum wg_code code = wg_revocation_sources_of(chain, sources, &count, err);
	bool named = code == WG_OK && key_of(peer, chain, sources, count, key);
	*known = named && is_known(peer, key, now);
	if (*known) {
		*v = (struct wg_revocation_verdict){ .state = WG_REVOCATION_GOOD };
		return WG_OK;
	}
	if (code == WG_OK)
		code = read_all(peer, sources, count, &held, err);
	if (code == WG_OK)
		code = wg_revocation_judge_chain(held, trust, chain, now, v, err);
	/* one that names nobody to ask is as it is, unless that is not enough */
	bool stays =
		v->state == WG_REVOCATION_GOOD || (v->state == WG_REVOCATION_NOWHERE && peer->need != WG_NEED_FRESH_ANSWER);
	if (code == WG_OK && named && stays)
		remember(peer, key, now);
	return code;
}

enum wg_cert_fault wg_peer_judge(struct wg_peer *peer, const struct wg_trust *trust, STACK_OF(X509) * chain,
                                 const char *whose)
{
	struct wg_peer_look look = { .fault = WG_CERT_FINE, .words = "" };
	struct wg_revocation_verdict v = { .state = WG_REVOCATION_MISSING };
	struct wg_err err = { 0 };
	bool known = false;
	peer->words[0] = '\0';
	if (peer->need == WG_NEED_NOTHING)
		return WG_CERT_FINE;
	peer->stamp = stamp_of(peer);
	if (look_at(peer, trust, chain, wg_clock_now(), &v, &known, &err) != WG_OK)
		(void)snprintf(v.words, sizeof v.words, "nobody knows whether it was revoked: %.180s", err.text); /* fits */
	if (v.state == WG_REVOCATION_REVOKED)
		look.fault = WG_CERT_REVOKED;
	else if (v.state != WG_REVOCATION_GOOD && peer->need == WG_NEED_FRESH_ANSWER)
		look.fault = WG_CERT_UNKNOWN;
	look.doubt = look.fault == WG_CERT_FINE && v.state != WG_REVOCATION_GOOD;
	if (look.fault != WG_CERT_FINE)
		say(peer, &v, whose, &look);
	else
		look.words = v.words;
	if (!known)
		tell(peer, chain, &look);
	return look.fault;
}
