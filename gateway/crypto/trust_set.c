/* trust_set.c owns the anchors of all partners, kept apart from one another.
 * SECURITY: decides for whom a stranger's signature may speak at all. */
#include "crypto/trust_set.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/crypto_internal.h"

/* Names of the organisations of one group: some 3,000 of the longest. */
#define NAMES_MAX ((size_t)256 * 1024)

struct group {
	char *names; /* separated by blanks */
	struct wg_buf pem;
	struct wg_trust *trust;
};

struct wg_trust_set {
	struct group groups[WG_TRUST_SET_MAX];
	size_t count;
};

enum wg_code wg_trust_set_new(struct wg_trust_set **out, struct wg_err *err)
{
	struct wg_trust_set *set = calloc(1, sizeof *set);
	if (set == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a trust store");
	*out = set;
	return WG_OK;
}

void wg_trust_set_freep(struct wg_trust_set **set)
{
	if (*set == NULL)
		return;
	for (size_t i = 0; i < (*set)->count; i++) {
		free((*set)->groups[i].names);
		wg_buf_free(&(*set)->groups[i].pem);
		wg_trust_freep(&(*set)->groups[i].trust);
	}
	free(*set);
	*set = NULL;
}

/* Names that are ours, and none that has anchors already: which ones would count must never be a matter of order. */
static enum wg_code check_names(const struct wg_trust_set *set, const char *names, struct wg_err *err)
{
	char name[WG_LIMIT_NAME + 1];
	size_t n;
	if (strlen(names) > NAMES_MAX)
		return wg_err_set(err, WG_LIMIT, "too many organisations share one set of anchors");
	for (const char *p = names + strspn(names, " "); *p != '\0'; p += n, p += strspn(p, " ")) {
		n = strcspn(p, " ");
		if (n >= sizeof name)
			return wg_err_set(err, WG_CONFIG, "the name of an organisation is longer than %d bytes", WG_LIMIT_NAME);
		memcpy(name, p, n);
		name[n] = '\0';
		if (!wg_name_valid(name))
			return wg_err_set(err, WG_CONFIG, "a trust store is for organisations with a name of [a-z0-9-]");
		if (wg_trust_set_of(set, name) != NULL)
			return wg_err_set(err, WG_CONFIG, "%s has anchors already", name);
	}
	return WG_OK;
}

enum wg_code wg_trust_set_add(struct wg_trust_set *set, const char *organisations, const void *pem, size_t len,
                              struct wg_err *err)
{
	struct group group = { .pem = WG_BUF(WG_LIMIT_CONFIG_FILE) };
	if (set->count >= WG_TRUST_SET_MAX)
		return wg_err_set(err, WG_LIMIT, "more than %d organisations with anchors of their own", WG_TRUST_SET_MAX);
	enum wg_code code = check_names(set, organisations, err);
	if (code != WG_OK)
		return code;
	wg_buf_put(&group.pem, pem, len);
	code = wg_buf_check(&group.pem, "anchors", err);
	if (code == WG_OK)
		code = wg_trust_anchors(pem, len, &group.trust, err);
	if (code == WG_OK && (group.names = strdup(organisations)) == NULL)
		code = wg_err_set(err, WG_SYSTEM, "no memory for a trust store");
	if (code == WG_OK) {
		set->groups[set->count++] = group;
		return WG_OK;
	}
	wg_buf_free(&group.pem);
	wg_trust_freep(&group.trust);
	return code;
}

const struct wg_trust *wg_trust_set_of(const struct wg_trust_set *set, const char *organisation)
{
	for (size_t i = 0; i < set->count; i++)
		if (wg_name_valid(organisation) && wg_list_has(set->groups[i].names, organisation))
			return set->groups[i].trust;
	return NULL;
}

void wg_trust_set_write(const struct wg_trust_set *set, struct wg_buf *out)
{
	wg_buf_u32(out, (uint32_t)set->count);
	for (size_t i = 0; i < set->count; i++) {
		wg_buf_str(out, set->groups[i].names);
		wg_buf_bytes(out, set->groups[i].pem.data, set->groups[i].pem.len);
	}
}

enum wg_code wg_trust_set_read(const void *p, size_t len, struct wg_trust_set **out, struct wg_err *err)
{
	WG_CLEANUP(wg_trust_set_freep) struct wg_trust_set *set = NULL;
	struct wg_cur cur = WG_CUR(p, len);
	uint32_t count = wg_cur_u32(&cur);
	enum wg_code code = wg_trust_set_new(&set, err);
	for (uint32_t i = 0; code == WG_OK && i < count && !cur.failed; i++) {
		size_t pem_len;
		WG_AUTO_FREE char *names = wg_cur_str(&cur, NAMES_MAX);
		const uint8_t *pem = wg_cur_bytes(&cur, &pem_len);
		if (!cur.failed)
			code = wg_trust_set_add(set, names, pem, pem_len, err);
	}
	if (code == WG_OK && !wg_cur_end(&cur))
		code = wg_err_set(err, WG_CORRUPT, "a trust store that was handed over is not whole");
	if (code == WG_OK)
		*out = wg_steal(&set);
	return code;
}

static void add_names(struct wg_buf *out, const char *names)
{
	wg_buf_printf(out, "%s%s", out->len > 0 ? " " : "", names);
}

enum wg_code wg_trust_set_match(const struct wg_trust_set *set, const struct wg_cert *cert, enum wg_purpose purpose,
                                struct wg_buf *out, struct wg_err *err)
{
	for (size_t i = 0; i < set->count; i++)
		if (wg_trust_check(set->groups[i].trust, cert, purpose, NULL) == WG_OK)
			add_names(out, set->groups[i].names);
	return wg_buf_check(out, "names of organisations", err);
}

enum wg_code wg_cms_verify_set(const struct wg_trust_set *set, const void *der, size_t len, struct wg_buf *out,
                               struct wg_cert **signer, struct wg_buf *organisations, struct wg_err *err)
{
	WG_CLEANUP(wg_cert_freep) struct wg_cert *by = NULL;
	WG_AUTO_BUF struct wg_buf names = WG_BUF(organisations->max);
	/* the signer comes with the intermediates that the message carries, so that its chain can be built below */
	enum wg_code code = wg_cms_verify_any(der, len, out, &by, err);
	if (code == WG_OK)
		code = wg_trust_set_match(set, by, WG_PURPOSE_SMIME_SIGN, &names, err);
	if (code == WG_OK && names.len == 0)
		code = wg_err_set(err, WG_CRYPTO, "could not be opened");
	if (code == WG_OK) {
		add_names(organisations, wg_buf_text(&names));
		code = wg_buf_check(organisations, "names of organisations", err);
	}
	if (code == WG_OK)
		*signer = wg_steal(&by);
	else
		wg_buf_wipe(out);
	return code;
}
