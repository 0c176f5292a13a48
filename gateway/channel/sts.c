/* sts.c owns the words of MTA-STS: the TXT record, the policy, and which host a policy names. SECURITY: both texts are
 * a stranger's; a policy that cannot be read whole is none. */
#include "channel/sts.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define LINE_MAX_BYTES 512

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* [*p, *end) without blanks around it. */
static void trim(const char **p, const char **end)
{
	while (*p < *end && is_blank(**p))
		(*p)++;
	while (*p < *end && is_blank((*end)[-1]))
		(*end)--;
}

static bool is_word(const char *p, const char *end, const char *word)
{
	return (size_t)(end - p) == strlen(word) && memcmp(p, word, (size_t)(end - p)) == 0;
}

static bool read_id(const char *p, const char *end, char id[WG_STS_ID])
{
	size_t len = (size_t)(end - p);
	if (len == 0 || len >= WG_STS_ID)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!((p[i] >= '0' && p[i] <= '9') || (p[i] >= 'a' && p[i] <= 'z') || (p[i] >= 'A' && p[i] <= 'Z')))
			return false;
	memcpy(id, p, len);
	id[len] = '\0';
	return true;
}

bool wg_sts_read_txt(const char *txt, char id[WG_STS_ID])
{
	char found[WG_STS_ID] = "";
	bool first = true;
	for (const char *p = txt; *p != '\0';) {
		const char *semicolon = strchr(p, ';'), *end = semicolon != NULL ? semicolon : p + strlen(p);
		const char *next = semicolon != NULL ? semicolon + 1 : end, *from = p;
		trim(&from, &end);
		if (first && !is_word(from, end, "v=STSv1"))
			return false;
		if (!first && end - from >= 3 && memcmp(from, "id=", 3) == 0)
			if (found[0] != '\0' || !read_id(from + 3, end, found))
				return false;
		first = false;
		p = next;
	}
	if (found[0] == '\0')
		return false;
	memcpy(id, found, sizeof found);
	return true;
}

/* ---- the policy */

struct reading {
	struct wg_sts_policy policy;
	bool version, mode, max_age;
	const char *fault;
};

static void read_mode(struct reading *r, const char *p, const char *end)
{
	static const char *const modes[] = {
		[WG_STS_MODE_ENFORCE] = "enforce", [WG_STS_MODE_TESTING] = "testing", [WG_STS_MODE_NONE] = "none"
	};
	for (size_t i = 0; i < WG_COUNT(modes); i++) {
		if (is_word(p, end, modes[i])) {
			r->policy.mode = (enum wg_sts_mode)i;
			r->mode = true;
			return;
		}
	}
	r->fault = "its mode is none that there is";
}

static void read_age(struct reading *r, const char *p, const char *end)
{
	char text[16];
	uint64_t age = 0;
	size_t len = (size_t)(end - p);
	if (len == 0 || len > 10) {
		r->fault = "its max_age is no number of seconds";
		return;
	}
	memcpy(text, p, len);
	text[len] = '\0';
	if (!wg_num_parse(text, 0, UINT64_MAX, &age))
		r->fault = "its max_age is no number of seconds";
	r->policy.max_age = age > WG_STS_AGE_MAX ? WG_STS_AGE_MAX : (uint32_t)age;
	r->max_age = true;
}

static void read_mx(struct reading *r, const char *p, const char *end)
{
	size_t len = (size_t)(end - p);
	if (len == 0 || len >= WG_HOST_TEXT || r->policy.mx_count == WG_STS_MX) {
		r->fault = "it names too many servers, or one that cannot be";
		return;
	}
	char *mx = r->policy.mx[r->policy.mx_count++];
	for (size_t i = 0; i < len; i++)
		mx[i] = (char)(p[i] >= 'A' && p[i] <= 'Z' ? p[i] + ('a' - 'A') : p[i]);
	mx[len] = '\0';
	if (!wg_hostname_valid(strncmp(mx, "*.", 2) == 0 ? mx + 2 : mx))
		r->fault = "it names a server that cannot be";
}

/* Section 3.2: of a field that comes twice the first counts, except mx; unknown fields are for later versions. */
static void read_line(struct reading *r, const char *p, const char *end)
{
	const char *colon = memchr(p, ':', (size_t)(end - p));
	if (colon == NULL) {
		r->fault = "it has a line that is no field";
		return;
	}
	const char *name = p, *name_end = colon, *value = colon + 1, *value_end = end;
	trim(&name, &name_end);
	trim(&value, &value_end);
	if (is_word(name, name_end, "version") && !r->version) {
		r->version = is_word(value, value_end, "STSv1");
		r->fault = r->version ? NULL : "its version is not STSv1";
	} else if (is_word(name, name_end, "mode") && !r->mode) {
		read_mode(r, value, value_end);
	} else if (is_word(name, name_end, "max_age") && !r->max_age) {
		read_age(r, value, value_end);
	} else if (is_word(name, name_end, "mx")) {
		read_mx(r, value, value_end);
	}
}

static const char *missing(const struct reading *r)
{
	if (!r->version || !r->mode || !r->max_age)
		return "version, mode or max_age is missing";
	if (r->policy.mode != WG_STS_MODE_NONE && r->policy.mx_count == 0)
		return "it names no server";
	return NULL;
}

enum wg_code wg_sts_read(const void *p, size_t len, struct wg_sts_policy *out, struct wg_err *err)
{
	WG_AUTO_FREE struct reading *r = calloc(1, sizeof *r);
	if (r == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for an MTA-STS policy");
	const char *at = p, *stop = at + len;
	if (len > WG_STS_BODY_MAX)
		r->fault = "it is too long";
	for (size_t i = 0; i < len && r->fault == NULL; i++)
		if ((at[i] < 0x20 || at[i] > 0x7e) && strchr("\r\n\t", at[i]) == NULL)
			r->fault = "it is not plain text";
	while (r->fault == NULL && at < stop) {
		const char *newline = memchr(at, '\n', (size_t)(stop - at)), *end = newline != NULL ? newline : stop;
		const char *next = newline != NULL ? newline + 1 : stop;
		if (end > at && end[-1] == '\r')
			end--;
		trim(&at, &end);
		if (end - at > LINE_MAX_BYTES || memchr(at, '\r', (size_t)(end - at)) != NULL)
			r->fault = "a line is too long";
		else if (end > at)
			read_line(r, at, end);
		at = next;
	}
	if (r->fault == NULL)
		r->fault = missing(r);
	if (r->fault != NULL)
		return wg_err_set(err, WG_REJECT, "not an MTA-STS policy: %s", r->fault);
	*out = r->policy;
	return WG_OK;
}

bool wg_sts_match(const struct wg_sts_policy *policy, const char *host)
{
	const char *dot = strchr(host, '.');
	for (unsigned i = 0; i < policy->mx_count; i++) {
		const char *mx = policy->mx[i];
		bool wild = strncmp(mx, "*.", 2) == 0;
		if (!wild && strcasecmp(mx, host) == 0)
			return true;
		if (wild && dot != NULL && dot > host && strcasecmp(mx + 1, dot) == 0)
			return true;
	}
	return false;
}
