/* names.c owns the words for a name that nobody knows: the check of an operator's file, and the guess at what was meant. */
#include "policy/names_internal.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "notice/schema_nearest.h"
#include "sys/file.h"

const char *wg_names_hint(const char *name, const char *const *known, char *out)
{
	out[0] = '\0';
	size_t len = strlen(name);
	if (len == 0 || len > WG_LIMIT_NAME)
		return out;
	size_t best = 2 + len / 4; /* one slip in a short name, a few in a long one; further off is no guess but noise */
	for (size_t i = 0; known[i] != NULL; i++) {
		size_t d = strlen(known[i]) <= WG_LIMIT_NAME ? wg_distance(name, known[i]) : best;
		if (d < best) {
			best = d;
			(void)snprintf(out, WG_NAMES_HINT, "; did you mean \"%s\"?", known[i]); /* at most 64 + 18 */
		}
	}
	return out;
}

static bool listed(const char *name, const char *const *list)
{
	for (size_t i = 0; list[i] != NULL; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

static enum wg_code check_closed(const struct wg_xml *doc, const struct _xmlNode *node,
				 const struct wg_names_closed *closed, struct wg_err *err)
{
	for (; closed->element != NULL; closed++) {
		if (strcmp(closed->element, wg_xml_name(node)) != 0)
			continue;
		WG_AUTO_FREE char *value = wg_xml_attr(node, closed->attribute);
		if (value == NULL || listed(value, closed->values))
			continue;
		char safe[WG_LIMIT_NAME], hint[WG_NAMES_HINT];
		return wg_xml_complain(doc, node, err, "%s=\"%s\" is not known%s", closed->attribute,
				       wg_defang(value, safe, sizeof safe), wg_names_hint(value, closed->values, hint));
	}
	return WG_OK;
}

/* Depth is bounded by the parser (WG_LIMIT_XML_DEPTH). */
static enum wg_code check_below(const struct wg_xml *doc, const struct _xmlNode *node,
				const struct wg_names_language *language, struct wg_err *err)
{
	if (!listed(wg_xml_name(node), language->elements)) {
		char safe[WG_LIMIT_NAME], hint[WG_NAMES_HINT];
		return wg_xml_complain(doc, node, err, "element <%s> is not known%s",
				       wg_defang(wg_xml_name(node), safe, sizeof safe),
				       wg_names_hint(wg_xml_name(node), language->elements, hint));
	}
	enum wg_code code = check_closed(doc, node, language->closed, err);
	for (struct _xmlNode *child = wg_xml_first(node, NULL); child != NULL && code == WG_OK; child = wg_xml_next(child, NULL))
		code = check_below(doc, child, language, err);
	return code;
}

/* The schema refuses an attribute as "... attribute 'efect' is not allowed": adds what may have been meant. */
static void hint_attribute(const struct wg_names_language *language, struct wg_err *err)
{
	static const char lead[] = "attribute '";
	const char *at = strstr(err->text, lead);
	if (at == NULL || strstr(at, "not allowed") == NULL)
		return;
	char name[WG_LIMIT_NAME + 1], hint[WG_NAMES_HINT], words[WG_ERR_TEXT_MAX];
	at += sizeof lead - 1;
	size_t n = strcspn(at, "'");
	if (n >= sizeof name)
		return;
	memcpy(name, at, n);
	name[n] = '\0';
	memcpy(words, err->text, sizeof words);
	(void)wg_err_set(err, WG_CONFIG, "%s%s", words, wg_names_hint(name, language->attributes, hint));
}

enum wg_code wg_names_validate(const struct wg_xml *doc, const struct wg_xml_xsd *xsd,
			       const struct wg_names_language *language, struct wg_err *err)
{
	struct wg_err local = { 0 };
	struct wg_err *e = err != NULL ? err : &local;
	enum wg_code code = check_below(doc, wg_xml_root(doc), language, e);
	if (code != WG_OK)
		return code;
	code = wg_xml_validate(doc, xsd, e);
	if (code != WG_REJECT)
		return code;
	e->code = WG_CONFIG;
	hint_attribute(language, e);
	return WG_CONFIG;
}

static enum wg_code as_config(enum wg_code code, enum wg_code from, struct wg_err *err)
{
	if (code != from)
		return code;
	if (err != NULL)
		err->code = WG_CONFIG;
	return WG_CONFIG;
}

enum wg_code wg_names_read(const char *path, struct wg_buf *out, struct wg_err *err)
{
	return as_config(wg_file_read(path, out, err), WG_NOT_FOUND, err);
}

enum wg_code wg_names_parse(const void *bytes, size_t len, const char *path, struct wg_xml **out, struct wg_err *err)
{
	return as_config(wg_xml_parse(bytes, len, path, out, err), WG_REJECT, err);
}

enum wg_code wg_names_attr(const struct wg_xml *doc, const struct _xmlNode *node, const char *attribute, char *out,
			   size_t size, struct wg_err *err)
{
	out[0] = '\0';
	WG_AUTO_FREE char *value = wg_xml_attr(node, attribute);
	if (value == NULL)
		return WG_OK;
	const char *start = value + strspn(value, " \t\r\n");
	size_t n = strlen(start);
	while (n > 0 && strchr(" \t\r\n", start[n - 1]) != NULL)
		n--;
	if (n >= size)
		return wg_xml_complain(doc, node, err, "attribute %s is longer than %zu characters", attribute, size - 1);
	memcpy(out, start, n);
	out[n] = '\0';
	return WG_OK;
}

enum wg_code wg_names_each(const char *list, enum wg_code (*each)(void *arg, const char *name, struct wg_err *err), void *arg,
			   struct wg_err *err)
{
	enum wg_code code = WG_OK;
	while (code == WG_OK) {
		list += strspn(list, " \t\r\n");
		size_t n = strcspn(list, " \t\r\n");
		if (n == 0)
			return WG_OK;
		WG_AUTO_FREE char *name = strndup(list, n);
		code = name != NULL ? each(arg, name, err) : wg_err_set(err, WG_SYSTEM, "no memory for a name");
		list += n;
	}
	return code;
}

enum wg_code wg_names_beside(const char *path, const char *name, char *out, size_t size, struct wg_err *err)
{
	const char *slash = name[0] != '/' ? strrchr(path, '/') : NULL;
	size_t folder = slash != NULL ? (size_t)(slash - path) + 1 : 0, n = strlen(name);
	if (folder >= size || n >= size - folder)
		return wg_err_set(err, WG_LIMIT, "the path of %s is longer than %zu characters", name, size - 1);
	memcpy(out, path, folder);
	memcpy(out + folder, name, n + 1);
	return WG_OK;
}
