/* match.c owns the keyed hashes of a notice: by them the store finds the child and the episode, without a name. */
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "role/outcome.h"

/* One keyed hash over what identifies an episode or a child, written without case and blanks, so that spellings meet.
 */
static enum wg_code add_key(struct wg_process *p, struct wg_outcome *o, const char *what, const char *a, const char *b,
                            struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf text = WG_BUF(4096);
	const char *parts[] = { what, a, b };
	for (size_t i = 0; i < WG_COUNT(parts); i++) {
		for (const char *s = parts[i]; *s != '\0'; s++)
			if (*s != ' ' && *s != '/' && *s != '-')
				wg_buf_putc(&text, *s >= 'A' && *s <= 'Z' ? (char)(*s + 32) : *s);
		wg_buf_putc(&text, '|');
	}
	char *out = o->keys[o->done.episode_key_count];
	enum wg_code code = wg_buf_check(&text, "episode key", err);
	if (code == WG_OK)
		code = wg_hmac_hex(p->lookup_key.data, p->lookup_key.len, text.data, text.len, out, err);
	if (code == WG_OK)
		o->key_list[o->done.episode_key_count++] = out;
	wg_buf_wipe(&text);
	return code;
}

enum wg_code wg_match_keys(struct wg_process *p, const struct wg_msg_job *job, const struct wg_notice *notice,
                           struct wg_outcome *o, struct wg_err *err)
{
	char a[256], b[256];
	enum wg_code code = WG_OK;
	if (wg_notice_get_into(notice, "episode/police-reference", a, sizeof a)) {
		bool force = wg_notice_get_into(notice, "episode/police-reference/@force", b, sizeof b);
		code = add_key(p, o, "police-reference", a, force ? b : job->organisation, err);
	}
	if (code == WG_OK && wg_notice_get_into(notice, "child/nhs-number", a, sizeof a))
		code = add_key(p, o, "nhs-number", a, "", err);
	if (code == WG_OK && wg_notice_get_into(notice, "child/name/full", a, sizeof a) &&
	    wg_notice_get_into(notice, "child/date-of-birth", b, sizeof b))
		code = add_key(p, o, "child", a, b, err);
	wg_wipe(a, sizeof a);
	wg_wipe(b, sizeof b);
	return code;
}

enum wg_code wg_match_content(struct wg_process *p, const struct wg_notice *notice, struct wg_outcome *o,
                              struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf content = WG_BUF(WG_LIMIT_NOTICE);
	enum wg_code code = wg_notice_content(notice, &content, err);
	if (code == WG_OK)
		code = wg_hmac_hex(p->lookup_key.data, p->lookup_key.len, content.data, content.len, o->done.content_key, err);
	wg_buf_wipe(&content);
	return code;
}
