/* sts_cache.c owns the remembered policies: FOLDER/SHA-256 OF DOMAIN.sts, a line of ours and the policy as it was
 * fetched. SECURITY: a policy that is lost is only asked for again, so that a file that does not fit is passed over. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "channel/sts.h"
#include "crypto/crypto.h"
#include "sys/file.h"

#define PATH_MAX_BYTES 1100
#define HEAD_MAX 512
#define MS_PER_S 1000

static bool path_of(const char *folder, const char *domain, char path[PATH_MAX_BYTES])
{
	char hash[WG_HASH_TEXT];
	wg_sha256_hex(domain, strlen(domain), hash);
	int n = snprintf(path, PATH_MAX_BYTES, "%s/%s.sts", folder, hash);
	return n > 0 && n < PATH_MAX_BYTES;
}

/* "wardgate-sts-1 DOMAIN ID FETCHED\n" */
static bool read_head(char *line, const char *domain, struct wg_sts_kept *out)
{
	char *save = NULL, *words[4];
	for (size_t i = 0; i < WG_COUNT(words); i++)
		if ((words[i] = strtok_r(i == 0 ? line : NULL, " ", &save)) == NULL)
			return false;
	uint64_t fetched = 0;
	size_t id = strlen(words[2]);
	if (strcmp(words[0], "wardgate-sts-1") != 0 || strcmp(words[1], domain) != 0 || id >= WG_STS_ID ||
	    !wg_num_parse(words[3], 0, INT64_MAX, &fetched))
		return false;
	memcpy(out->id, words[2], id + 1);
	out->fetched = (int64_t)fetched;
	return true;
}

bool wg_sts_recall(const char *folder, const char *domain, int64_t now, struct wg_sts_kept *out)
{
	char path[PATH_MAX_BYTES], head[HEAD_MAX];
	WG_AUTO_BUF struct wg_buf file = WG_BUF(WG_STS_BODY_MAX + HEAD_MAX);
	if (!path_of(folder, domain, path) || wg_file_read(path, &file, NULL) != WG_OK)
		return false;
	const char *text = wg_buf_text(&file), *newline = memchr(text, '\n', file.len);
	size_t len = newline != NULL ? (size_t)(newline - text) : HEAD_MAX;
	if (len >= HEAD_MAX)
		return false;
	memcpy(head, text, len);
	head[len] = '\0';
	if (!read_head(head, domain, out) || wg_sts_read(text + len + 1, file.len - len - 1, &out->policy, NULL) != WG_OK)
		return false;
	return now - out->fetched < (int64_t)out->policy.max_age * MS_PER_S;
}

enum wg_code wg_sts_remember(const char *folder, const char *domain, const char *id, int64_t fetched, const void *body,
                             size_t len, struct wg_err *err)
{
	char path[PATH_MAX_BYTES];
	WG_AUTO_BUF struct wg_buf file = WG_BUF(WG_STS_BODY_MAX + HEAD_MAX);
	if (!path_of(folder, domain, path))
		return wg_err_set(err, WG_CONFIG, "the folder for MTA-STS policies has too long a name");
	wg_buf_printf(&file, "wardgate-sts-1 %s %s %lld\n", domain, id, (long long)fetched);
	wg_buf_put(&file, body, len);
	enum wg_code code = wg_buf_check(&file, "an MTA-STS policy", err);
	if (code == WG_OK)
		code = wg_file_write(path, file.data, file.len, 0600, err);
	return code;
}
