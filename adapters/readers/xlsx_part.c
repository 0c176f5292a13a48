/* xlsx_part.c owns the walk through one XML part of a workbook.
 * SECURITY: hostile XML. The bytes are scanned as notice/xml.c does before any parser sees them (no DOCTYPE, no other
 * encoding, bounded attributes); no tree is built, so that a sheet of any size costs one row of memory. */
#include <libxml/parser.h>
#include <stdint.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "notice/xml_scan.h"
#include "readers/xlsx_internal.h"

/* libxml2 refuses more than 10 MB in one piece. */
#define CHUNK ((size_t)65536)

static void stop(struct wg_xlsx_walk *walk)
{
	xmlStopParser(walk->parser);
}

static void on_start(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int n_ns,
                     const xmlChar **ns, int n_attributes, int n_default, const xmlChar **attributes)
{
	struct wg_xlsx_walk *walk = ctx;
	(void)prefix, (void)uri, (void)n_ns, (void)ns, (void)n_default;
	walk->attributes = attributes;
	walk->n_attributes = n_attributes;
	if (++walk->depth > WG_LIMIT_XML_DEPTH)
		walk->fault = "elements are nested too deeply";
	else if (walk->start != NULL)
		walk->start(walk, (const char *)name);
	if (walk->fault != NULL || walk->limit != NULL)
		stop(walk);
}

static void on_end(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct wg_xlsx_walk *walk = ctx;
	(void)prefix, (void)uri;
	walk->depth--;
	if (walk->end != NULL && walk->fault == NULL && walk->limit == NULL)
		walk->end(walk, (const char *)name);
	if (walk->fault != NULL || walk->limit != NULL)
		stop(walk);
}

static void on_text(void *ctx, const xmlChar *text, int len)
{
	struct wg_xlsx_walk *walk = ctx;
	if (walk->text == NULL || len <= 0)
		return;
	wg_buf_put(walk->text, text, (size_t)len);
	if (walk->text->failed && walk->limit == NULL) {
		walk->limit = "a cell holds more text than a spreadsheet's cell can";
		stop(walk);
	}
}

static void on_doctype(void *ctx, const xmlChar *name, const xmlChar *id, const xmlChar *url)
{
	struct wg_xlsx_walk *walk = ctx;
	(void)name, (void)id, (void)url;
	walk->fault = "a DOCTYPE is not accepted";
	stop(walk);
}

static enum wg_code walk_bytes(const struct wg_buf *bytes, const char *what, struct wg_xlsx_walk *walk,
                               struct wg_err *err)
{
	const char *fault = wg_xml_scan(wg_buf_text(bytes), bytes->len);
	if (fault != NULL)
		return wg_err_set(err, WG_REJECT, "%s: %s", what, fault);
	xmlSAXHandler sax = { .initialized = XML_SAX2_MAGIC,
		                  .startElementNs = on_start,
		                  .endElementNs = on_end,
		                  .characters = on_text,
		                  .ignorableWhitespace = on_text,
		                  .cdataBlock = on_text,
		                  .internalSubset = on_doctype };
	xmlParserCtxt *parser = xmlCreatePushParserCtxt(&sax, walk, NULL, 0, NULL);
	if (parser == NULL)
		return wg_err_set(err, WG_SYSTEM, "%s: no memory for an XML parser", what);
	walk->parser = parser;
	(void)xmlCtxtUseOptions(parser, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	for (size_t at = 0; at < bytes->len && walk->fault == NULL && walk->limit == NULL; at += CHUNK) {
		size_t n = bytes->len - at < CHUNK ? bytes->len - at : CHUNK;
		(void)xmlParseChunk(parser, wg_buf_text(bytes) + at, (int)n, at + n == bytes->len);
	}
	enum wg_code code = WG_OK;
	if (walk->limit != NULL)
		code = wg_err_set(err, WG_LIMIT, "%s: %s", what, walk->limit);
	else if (walk->fault != NULL)
		code = wg_err_set(err, WG_REJECT, "%s: %s", what, walk->fault);
	else if (!parser->wellFormed || bytes->len == 0)
		code =
			wg_err_set(err, WG_REJECT, "%s: line %d is not well-formed XML: save it again with a spreadsheet program",
		               what, parser->lastError.line);
	xmlDoc *doc = parser->myDoc;
	xmlFreeParserCtxt(parser);
	xmlFreeDoc(doc);
	walk->parser = NULL;
	return code;
}

enum wg_code wg_xlsx_walk(struct wg_zip *zip, const char *path, const char *what, struct wg_xlsx_walk *walk,
                          struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(WG_LIMIT_READER_OUTPUT);
	enum wg_code code = wg_zip_read(zip, path, &bytes, err);
	if (code == WG_NOT_FOUND)
		return wg_err_set(err, WG_REJECT, "%s is missing from the workbook: save it again with a spreadsheet program",
		                  what);
	return code == WG_OK ? walk_bytes(&bytes, what, walk, err) : code;
}

/* libxml2 leaves an ampersand in an attribute written out while it does not build a tree. */
static size_t copy_value(const char *p, size_t n, char *out)
{
	static const char ampersand[] = "&#38;";
	size_t len = 0;
	for (size_t i = 0; i < n; i++) {
		bool written = n - i >= 5 && memcmp(p + i, ampersand, 5) == 0;
		out[len++] = p[i];
		i += written ? 4 : 0;
	}
	return len;
}

bool wg_xlsx_attribute(const struct wg_xlsx_walk *walk, const char *name, char *out, size_t size)
{
	out[0] = '\0';
	for (int i = 0; i < walk->n_attributes; i++) {
		const unsigned char *const *a = walk->attributes + (size_t)i * 5; /* name, prefix, namespace, value, its end */
		size_t n = (size_t)(a[4] - a[3]);
		if (strcmp((const char *)a[0], name) != 0)
			continue;
		if (n >= size)
			return false;
		out[copy_value((const char *)a[3], n, out)] = '\0';
		return true;
	}
	return false;
}

bool wg_xlsx_number(const struct wg_xlsx_walk *walk, const char *name, unsigned max, unsigned *out)
{
	char text[24];
	uint64_t n;
	if (!wg_xlsx_attribute(walk, name, text, sizeof text) || !wg_num_parse(text, 0, max, &n))
		return false;
	*out = (unsigned)n;
	return true;
}

bool wg_xlsx_flag(const struct wg_xlsx_walk *walk, const char *name)
{
	char text[8];
	return wg_xlsx_attribute(walk, name, text, sizeof text) && (strcmp(text, "1") == 0 || strcmp(text, "true") == 0);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* "_xHHHH_" at s: the number, or -1. */
static int escaped(const char *s)
{
	int value = 0;
	if (s[0] != '_' || s[1] != 'x')
		return -1;
	for (int i = 2; i < 6; i++) {
		int digit = hex_digit(s[i]);
		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return s[6] == '_' ? value : -1;
}

void wg_xlsx_unescape(char *text)
{
	char *to = text;
	for (const char *s = text; *s != '\0';) {
		int c = escaped(s);
		if (c < 0 || c >= 0x80) {
			*to++ = *s++;
			continue;
		}
		if (c != '\r') /* a line end has its \n beside it */
			*to++ = c < ' ' && c != '\n' && c != '\t' ? ' ' : (char)c;
		s += 7;
	}
	*to = '\0';
}

/* The folder of part, with its slash. */
static size_t folder(const char *part)
{
	const char *slash = strrchr(part, '/');
	return slash != NULL ? (size_t)(slash - part) + 1 : 0;
}

struct target {
	const char *part, *type, *id;
	char *out;
	bool found;
};

/* A target is a path from the part's folder, or from the root of the archive; none leads up further than the root. */
static bool resolve(const char *part, const char *target, char out[WG_XLSX_PATH_BYTES])
{
	size_t base = *target == '/' ? 0 : folder(part);
	target += *target == '/';
	while (strncmp(target, "../", 3) == 0) {
		if (base == 0)
			return false;
		base--;
		while (base > 0 && part[base - 1] != '/')
			base--;
		target += 3;
	}
	size_t n = strlen(target);
	if (n == 0 || base + n >= WG_XLSX_PATH_BYTES || strstr(target, "..") != NULL || strchr(target, ':') != NULL)
		return false;
	memcpy(out, part, base);
	memcpy(out + base, target, n + 1);
	return true;
}

static void on_relationship(struct wg_xlsx_walk *walk, const char *name)
{
	struct target *t = walk->of;
	char type[200], id[100], target[WG_XLSX_PATH_BYTES], mode[20];
	if (t->found || strcmp(name, "Relationship") != 0)
		return;
	if (wg_xlsx_attribute(walk, "TargetMode", mode, sizeof mode) && strcmp(mode, "External") == 0)
		return;
	if (!wg_xlsx_attribute(walk, "Type", type, sizeof type) ||
	    !wg_xlsx_attribute(walk, "Target", target, sizeof target))
		return;
	const char *last = strrchr(type, '/');
	bool wanted = t->id != NULL ? wg_xlsx_attribute(walk, "Id", id, sizeof id) && strcmp(id, t->id) == 0
	                            : last != NULL && strcmp(last + 1, t->type) == 0;
	t->found = wanted && resolve(t->part, target, t->out);
}

bool wg_xlsx_target(struct wg_zip *zip, const char *part, const char *type, const char *id,
                    char out[WG_XLSX_PATH_BYTES])
{
	struct target t = { .part = part, .type = type, .id = id, .out = out };
	struct wg_xlsx_walk walk = { .start = on_relationship, .of = &t };
	struct wg_err ignored;
	size_t base = folder(part);
	WG_AUTO_BUF struct wg_buf name = WG_BUF(WG_XLSX_PATH_BYTES);
	wg_buf_put(&name, part, base);
	wg_buf_printf(&name, "_rels/%s.rels", part + base);
	out[0] = '\0';
	return !name.failed && wg_xlsx_walk(zip, wg_buf_text(&name), "relationships", &walk, &ignored) == WG_OK && t.found;
}
