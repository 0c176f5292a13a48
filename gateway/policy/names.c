/* names.c owns the words for a name that nobody knows: the check of an operator's file, and the guess at what was
 * meant. */
#include "policy/names_internal.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "notice/schema_nearest.h"
#include "notice/xml_attr.h"
#include "sys/file.h"

/* The words of a row, or NULL when there is none. */
static const char *row_words(const struct wg_names_row *language, const char *element, const char *attribute)
{
	for (; language->element != NULL; language++) {
		bool same = attribute == NULL ? language->attribute == NULL
		                              : language->attribute != NULL && strcmp(language->attribute, attribute) == 0;
		if (same && strcmp(language->element, element) == 0)
			return language->words;
	}
	return NULL;
}

static enum wg_code unknown_element(const struct wg_xml *doc, const struct _xmlNode *node,
                                    const struct wg_names_row *language, struct wg_err *err)
{
	char safe[WG_LIMIT_NAME], hint[WG_HINT];
	WG_AUTO_BUF struct wg_buf known = WG_BUF(4096);
	for (; language->element != NULL; language++)
		if (language->attribute == NULL)
			wg_buf_printf(&known, "%s ", language->element);
	return wg_xml_complain(doc, node, err, "element <%s> is not known%s",
	                       wg_defang(wg_xml_name(node), safe, sizeof safe),
	                       wg_hint(wg_xml_name(node), wg_buf_text(&known), hint));
}

static enum wg_code check_attributes(const struct wg_xml *doc, const struct _xmlNode *node,
                                     const struct wg_names_row *language, const char *known, struct wg_err *err)
{
	const char *element = wg_xml_name(node), *attribute;
	char safe[WG_LIMIT_NAME], hint[WG_HINT];
	for (unsigned i = 0; (attribute = wg_xml_attr_name(node, i)) != NULL; i++) {
		if (!wg_list_has(known, attribute))
			return wg_xml_complain(doc, node, err, "<%s> has no attribute %s%s", element,
			                       wg_defang(attribute, safe, sizeof safe), wg_hint(attribute, known, hint));
		const char *words = row_words(language, element, attribute);
		WG_AUTO_FREE char *value = words != NULL ? wg_xml_attr(node, attribute) : NULL;
		if (words != NULL && value == NULL)
			return wg_err_set(err, WG_SYSTEM, "no memory for attribute %s", attribute);
		if (value != NULL && !wg_list_has(words, value))
			return wg_xml_complain(doc, node, err, "%s=\"%s\" is not known%s", attribute,
			                       wg_defang(value, safe, sizeof safe), wg_hint(value, words, hint));
	}
	return WG_OK;
}

/* Depth is bounded by the parser (WG_LIMIT_XML_DEPTH). */
static enum wg_code check_below(const struct wg_xml *doc, const struct _xmlNode *node,
                                const struct wg_names_row *language, struct wg_err *err)
{
	const char *known = row_words(language, wg_xml_name(node), NULL);
	if (known == NULL)
		return unknown_element(doc, node, language, err);
	enum wg_code code = check_attributes(doc, node, language, known, err);
	for (struct _xmlNode *child = wg_xml_first(node, NULL); child != NULL && code == WG_OK;
	     child = wg_xml_next(child, NULL))
		code = check_below(doc, child, language, err);
	return code;
}

static enum wg_code as_config(enum wg_code code, enum wg_code from, struct wg_err *err)
{
	if (code != from)
		return code;
	if (err != NULL)
		err->code = WG_CONFIG;
	return WG_CONFIG;
}

enum wg_code wg_names_validate(const struct wg_xml *doc, const struct wg_xml_xsd *xsd,
                               const struct wg_names_row *language, struct wg_err *err)
{
	enum wg_code code = check_below(doc, wg_xml_root(doc), language, err);
	return code == WG_OK ? as_config(wg_xml_validate(doc, xsd, err), WG_REJECT, err) : code;
}

void wg_names_hash(const void *p, size_t len, char out[WG_NAMES_HASH])
{
	uint8_t hash[WG_SHA256_LEN];
	wg_sha256(p, len, hash);
	wg_hex(hash, sizeof hash, out);
}

enum wg_code wg_names_read(const char *path, struct wg_buf *out, struct wg_err *err)
{
	return as_config(wg_file_read(path, out, err), WG_NOT_FOUND, err);
}

enum wg_code wg_names_parse(const void *bytes, size_t len, const char *path, struct wg_xml **out, struct wg_err *err)
{
	return as_config(wg_xml_parse(bytes, len, path, out, err), WG_REJECT, err);
}

bool wg_names_has_attr(const struct _xmlNode *node, const char *attribute)
{
	const char *name;
	for (unsigned i = 0; (name = wg_xml_attr_name(node, i)) != NULL; i++)
		if (strcmp(name, attribute) == 0)
			return true;
	return false;
}

enum wg_code wg_names_attr(const struct wg_xml *doc, const struct _xmlNode *node, const char *attribute, char *out,
                           size_t size, struct wg_err *err)
{
	out[0] = '\0';
	if (!wg_names_has_attr(node, attribute))
		return WG_OK;
	WG_AUTO_FREE char *value = wg_xml_attr(node, attribute);
	if (value == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for attribute %s", attribute);
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

enum wg_code wg_names_each(const char *list, enum wg_code (*each)(void *arg, const char *name, struct wg_err *err),
                           void *arg, struct wg_err *err)
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
