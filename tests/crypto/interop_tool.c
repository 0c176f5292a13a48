/* interop_tool.c does for test_matrix.py what the gateway does with mail: signs and seals by its own library, and opens
 * in the confined reader.
 *   sign KEY CERT IN OUT
 *   seal cbc|gcm CERT IN OUT
 *   open KEY CERT CA IN     prints "signed FINGERPRINT", "sealed", "plain" or the fault's words */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "crypto/crypto.h"
#include "crypto/keyring.h"
#include "crypto/trust_set.h"
#include "sys/child.h"
#include "sys/file.h"

#define READER WG_BINARY_DIR "/bin/wardgate-reader-smime-mail"

static enum wg_code sign(char **a, struct wg_err *err)
{
	WG_CLEANUP(wg_key_freep) struct wg_key *key = NULL;
	WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL;
	WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE), out = WG_BUF(WG_LIMIT_ENVELOPE);
	enum wg_code code = wg_key_load(a[0], &key, err);
	if (code == WG_OK)
		code = wg_cert_load(a[1], &cert, err);
	if (code == WG_OK)
		code = wg_file_read(a[2], &in, err);
	if (code == WG_OK)
		code = wg_cms_sign(key, cert, in.data, in.len, &out, err);
	return code == WG_OK ? wg_file_write(a[3], out.data, out.len, 0600, err) : code;
}

static enum wg_code seal(char **a, struct wg_err *err)
{
	WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL;
	WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE), out = WG_BUF(WG_LIMIT_ENVELOPE);
	enum wg_cipher cipher = strcmp(a[0], "gcm") == 0 ? WG_CIPHER_GCM : WG_CIPHER_CBC;
	enum wg_code code = wg_cert_load(a[1], &cert, err);
	if (code == WG_OK)
		code = wg_file_read(a[2], &in, err);
	if (code == WG_OK)
		code = wg_cms_encrypt(cert, cipher, in.data, in.len, &out, err);
	return code == WG_OK ? wg_file_write(a[3], out.data, out.len, 0600, err) : code;
}

static enum wg_code hand_over(char **a, struct wg_buf *keys, struct wg_buf *anchors, struct wg_err *err)
{
	WG_CLEANUP(wg_key_freep) struct wg_key *key = NULL;
	WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL;
	WG_CLEANUP(wg_trust_set_freep) struct wg_trust_set *set = NULL;
	WG_AUTO_BUF struct wg_buf ca = WG_BUF(WG_LIMIT_CONFIG_FILE), wire = WG_BUF(WG_LIMIT_CONFIG_FILE);
	struct wg_keyring ring = { 0 };
	enum wg_code code = wg_key_load(a[0], &key, err);
	if (code == WG_OK)
		code = wg_cert_load(a[1], &cert, err);
	if (code == WG_OK)
		code = wg_keyring_add(&ring, &key, &cert, err);
	if (code == WG_OK)
		code = wg_keyring_write(&ring, keys, err);
	if (code == WG_OK)
		code = wg_file_read(a[2], &ca, err);
	if (code == WG_OK)
		code = wg_trust_set_new(&set, err);
	if (code == WG_OK)
		code = wg_trust_set_add(set, "everybody", ca.data, ca.len, err);
	if (code == WG_OK) {
		wg_trust_set_write(set, &wire);
		wg_buf_bytes(anchors, wire.data, wire.len);
		code = wg_buf_check(anchors, "anchors", err);
	}
	wg_keyring_free(&ring);
	return code;
}

static enum wg_code open_mail(char **a, struct wg_err *err)
{
	static const char *const found[] = { "plain", "signed", "sealed", "fault" };
	static const char *const argv[] = { "wardgate-reader-smime-mail", NULL };
	WG_CLEANUP(wg_buf_wipe) struct wg_buf keys = WG_BUF(WG_LIMIT_CONFIG_FILE);
	WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_ENVELOPE), out = WG_BUF(WG_LIMIT_READER_OUTPUT);
	char words[256], signer[WG_FINGERPRINT_TEXT];
	enum wg_code code = hand_over(a, &keys, &in, err);
	if (code == WG_OK)
		code = wg_file_read(a[3], &in, err);
	struct wg_child child = { .program = READER,
		                      .argv = argv,
		                      .in = in.data,
		                      .in_len = in.len,
		                      .secret = keys.data,
		                      .secret_len = keys.len,
		                      .wall_ms = 60000,
		                      .cpu_s = 20,
		                      .memory = (uint64_t)256 * 1024 * 1024 };
	if (code == WG_OK)
		code = wg_child_run(&child, &out, err);
	if (code != WG_OK)
		return code;
	struct wg_cur cur = WG_CUR(out.data, out.len);
	uint8_t what = wg_cur_u8(&cur);
	wg_cur_name(&cur, words, sizeof words);
	wg_cur_name(&cur, signer, sizeof signer);
	if (cur.failed || what >= WG_COUNT(found))
		return wg_err_set(err, WG_REJECT, "the reader said nothing that can be used");
	(void)printf("%s %s\n", found[what], what == 1 ? signer : words);
	return WG_OK;
}

int main(int argc, char **argv)
{
	struct wg_err err = { 0 };
	enum wg_code code = argc != 6                      ? wg_err_set(&err, WG_REJECT, "usage: see the file's head")
	                    : strcmp(argv[1], "sign") == 0 ? sign(argv + 2, &err)
	                    : strcmp(argv[1], "seal") == 0 ? seal(argv + 2, &err)
	                                                   : open_mail(argv + 2, &err);
	if (code != WG_OK)
		(void)fprintf(stderr, "%s\n", err.text);
	return code == WG_OK ? 0 : 1;
}
