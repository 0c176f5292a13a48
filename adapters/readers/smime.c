/* smime.c owns the opening of sealed mail: decrypt, then verify, in this order and never one without the other.
 * SECURITY: this process holds our decryption keys and meets hostile bytes; it can reach nothing, and answers every
 * fault in the same words, so that nobody learns from the answer which step failed. */
#include "readers/smime.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "crypto/keyring.h"
#include "crypto/trust_set.h"
#include "readers/reader.h"
#include "readers/smime_entity.h"
#include "sys/child.h"

#define KEY_FD WG_CHILD_SECRET_FD

/* Handed over before confinement; the kernel takes them back. */
static struct wg_keyring ours;
static struct wg_trust_set *anchors;

/* Exactly len bytes of standard input, not one more: what follows is from outside. */
static enum wg_code read_exactly(uint8_t *out, size_t len, struct wg_err *err)
{
	while (len > 0) {
		ssize_t n = read(STDIN_FILENO, out, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return wg_err_errno(err, "what the gateway hands over cannot be read");
		if (n == 0)
			return wg_err_set(err, WG_SYSTEM, "what the gateway hands over is not whole");
		out += n;
		len -= (size_t)n;
	}
	return WG_OK;
}

static enum wg_code read_block(struct wg_buf *out, const char *what, struct wg_err *err)
{
	uint8_t head[4];
	enum wg_code code = read_exactly(head, sizeof head, err);
	if (code != WG_OK)
		return code;
	struct wg_cur cur = WG_CUR(head, sizeof head);
	size_t left = wg_cur_u32(&cur);
	if (left > out->max)
		return wg_err_set(err, WG_SYSTEM, "%s: larger than the limit", what);
	while (left > 0 && code == WG_OK) {
		uint8_t part[4096];
		size_t n = left < sizeof part ? left : sizeof part;
		code = read_exactly(part, n, err);
		if (code == WG_OK)
			wg_buf_put(out, part, n);
		left -= n;
	}
	return code != WG_OK ? code : wg_buf_check(out, what, err);
}

enum wg_code wg_smime_prepare(struct wg_err *err)
{
	struct wg_buf keys = WG_BUF(WG_LIMIT_CONFIG_FILE);
	WG_AUTO_BUF struct wg_buf ca = WG_BUF(WG_LIMIT_MESSAGE);
	static const struct wg_hsm_line line = { .to = WG_CHILD_ASK_FD, .from = WG_CHILD_TOLD_FD, .once = true };
	enum wg_code code = wg_reader_slurp(KEY_FD, &keys, "keys", err);
	if (code == WG_OK)
		code = wg_keyring_read(keys.data, keys.len, &line, &ours, err);
	wg_buf_wipe(&keys);
	if (code == WG_OK)
		code = read_block(&ca, "anchors", err);
	if (code == WG_OK)
		code = wg_trust_set_read(ca.data, ca.len, &anchors, err);
	if (code != WG_OK)
		err->code = code = WG_SYSTEM; /* the gateway's own fault, never the document's */
	return code;
}

const struct wg_keyring *wg_smime_keys(void)
{
	return &ours;
}

const struct wg_trust_set *wg_smime_anchors(void)
{
	return anchors;
}

void wg_smime_hand_over(const struct wg_keyring *keys, struct wg_trust_set *set)
{
	ours = *keys;
	anchors = set;
}

/* The words that every fault of the document gets. */
static enum wg_code refuse(struct wg_err *err)
{
	return wg_err_set(err, WG_CRYPTO, "could not be opened");
}

static enum wg_code open_sealed(const struct wg_buf *in, struct wg_buf *plain, struct wg_buf *content,
                                struct wg_cert **signer, struct wg_buf *organisations, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf outer = WG_BUF(WG_LIMIT_ENVELOPE);
	WG_AUTO_BUF struct wg_buf inner = WG_BUF(WG_LIMIT_ENVELOPE);
	if (!wg_smime_entity(wg_buf_text(in), in->len, &outer) ||
	    wg_keyring_decrypt(&ours, outer.data, outer.len, plain, err) != WG_OK)
		return refuse(err);
	if (!wg_smime_entity(wg_buf_text(plain), plain->len, &inner) ||
	    wg_cms_verify_set(anchors, inner.data, inner.len, content, signer, organisations, err) != WG_OK)
		return refuse(err);
	return WG_OK;
}

enum wg_code wg_smime_read(const struct wg_buf *in, struct wg_buf *out, struct wg_err *err)
{
	struct wg_buf plain = WG_BUF(WG_LIMIT_ENVELOPE), content = WG_BUF(WG_LIMIT_READER_OUTPUT);
	WG_AUTO_BUF struct wg_buf organisations = WG_BUF(WG_LIMIT_CONFIG_FILE);
	WG_CLEANUP(wg_cert_freep) struct wg_cert *signer = NULL;
	struct wg_cert_facts facts;
	enum wg_code code = open_sealed(in, &plain, &content, &signer, &organisations, err);
	if (code == WG_OK && wg_cert_facts(signer, &facts, err) != WG_OK)
		code = refuse(err);
	if (code == WG_OK) {
		wg_buf_str(out, facts.fingerprint);
		wg_buf_str(out, wg_buf_text(&organisations));
		wg_buf_bytes(out, content.data, content.len);
		code = wg_buf_check(out, "opened message", err);
	}
	wg_buf_wipe(&plain);
	wg_buf_wipe(&content);
	return code;
}
