/* imap_probe HOST PORT implicit|starttls CA USER SECRET plain|xoauth2 FOLDER [AT [keep|leave]]: one poll of a mailbox,
 * without a gateway behind it. Prints "mail UID BYTES SHA256" and "large UID SIZE MESSAGE-ID" for what it got, each
 * when it got it, then "end CODE KEPT MORE AT WORDS". leave: says of every mail that it was not kept. */
#include <stdio.h>
#include <string.h>

#include "base/sha256.h"
#include "base/text.h"
#include "channel/imap.h"

static bool keep = true;

static enum wg_code give(void *arg, const struct wg_imap_mail *mail, struct wg_err *err)
{
	uint8_t hash[WG_SHA256_LEN];
	char text[2 * WG_SHA256_LEN + 1];
	(void)arg, (void)err;
	if (mail->bytes == NULL) {
		(void)printf("large %u %llu %s\n", mail->uid, (unsigned long long)mail->size, mail->message_id);
	} else {
		wg_sha256(mail->bytes, mail->len, hash);
		wg_hex(hash, sizeof hash, text);
		(void)printf("mail %u %zu %s\n", mail->uid, mail->len, text);
	}
	(void)fflush(stdout);
	return WG_OK;
}

static enum wg_code settle(void *arg, bool *kept, unsigned count, struct wg_err *err)
{
	(void)arg, (void)err;
	for (unsigned i = 0; i < count; i++)
		kept[i] = keep;
	return WG_OK;
}

int main(int argc, char **argv)
{
	uint64_t port = 0, at = 0;
	struct wg_err err = { 0 };
	if (argc < 9 || argc > 11 || !wg_num_parse(argv[2], 1, 65535, &port) ||
	    (argc > 9 && !wg_num_parse(argv[9], 0, UINT32_MAX, &at)))
		return 64;
	keep = argc < 11 || strcmp(argv[10], "leave") != 0;
	const struct wg_imap_box box = { .host = argv[1],
		                             .port = (unsigned short)port,
		                             .implicit = strcmp(argv[3], "implicit") == 0,
		                             .ca = argv[4],
		                             .user = argv[5],
		                             .secret = argv[6],
		                             .xoauth2 = strcmp(argv[7], "xoauth2") == 0,
		                             .folder = argv[8] };
	const struct wg_imap_sink sink = { .give = give, .settle = settle };
	struct wg_imap_progress progress = { .at = (uint32_t)at };
	enum wg_code code = wg_imap_poll(&box, &sink, &progress, &err);
	(void)printf("end %s %u %d %u %s\n", wg_code_name(code), progress.kept, progress.more, progress.at, err.text);
	return 0;
}
