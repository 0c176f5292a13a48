/* Fuzz target: replies of mail servers one after the other, and what is read out of each. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "channel/smtp_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const struct wg_smtp_reply *reply)
{
	struct wg_smtp_offers offers;
	char words[64], receipt[32];

	assert(reply->code >= 200 && reply->code <= 559 && reply->lines >= 1 && reply->lines <= WG_SMTP_REPLY_LINES);
	assert(reply->text_len < sizeof reply->text && strlen(reply->text) == reply->text_len);
	wg_smtp_offers_read(reply, &offers);
	assert(offers.size || offers.size_max == 0);
	assert(strlen(wg_smtp_reply_words(reply, words, sizeof words)) < sizeof words);
	for (const char *p = words; *p; p++)
		assert((unsigned char)*p >= 0x20 && *p != 0x7f);
	wg_smtp_receipt(reply->text, receipt, sizeof receipt);
	assert(strlen(receipt) < sizeof receipt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct wg_smtp_reply reply;
	struct wg_err err;

	wg_smtp_reply_reset(&reply);
	for (size_t i = 0; i < size; i++) {
		if (wg_smtp_reply_take(&reply, (char)data[i], &err) != WG_OK)
			return 0;
		if (reply.done) {
			look(&reply);
			wg_smtp_reply_reset(&reply);
		}
	}
	return 0;
}
