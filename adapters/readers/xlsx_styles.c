/* xlsx_styles.c owns the question what a number in a cell is: its style's number format says.
 * SECURITY: hostile XML, walked through; numbers of styles are bounded. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "readers/xlsx_internal.h"

/* Excel itself stops at 65,490 styles; a workbook of an office has some hundred. */
#define FORMATS_MAX 70000
#define CUSTOM_MAX 2000
#define FONTS_MAX 20000
#define CODE_BYTES 300

/* ECMA-376 18.8.30; 27 to 36 and 50 to 58 are dates of East Asian programs. */
void wg_xlsx_format_builtin(unsigned id, struct wg_xlsx_format *out)
{
	out->zeros = 0;
	if ((id >= 14 && id <= 17) || (id >= 27 && id <= 31) || id == 36 || (id >= 50 && id <= 54) ||
	    (id >= 57 && id <= 58))
		out->kind = WG_XLSX_DATE;
	else if ((id >= 18 && id <= 21) || (id >= 32 && id <= 35) || id == 45 || id == 47 || id == 55 || id == 56)
		out->kind = WG_XLSX_TIME;
	else if (id == 22)
		out->kind = WG_XLSX_DATE_TIME;
	else if (id == 46)
		out->kind = WG_XLSX_ELAPSED;
	else
		out->kind = id == 9 || id == 10 ? WG_XLSX_PERCENT : WG_XLSX_NUMBER;
}

/* Behind what is written as it is at p: "text", \c, _c, *c, [colour]; p itself when nothing is. */
static const char *skip_literal(const char *p, bool *elapsed)
{
	if (*p == '"') {
		const char *end = strchr(p + 1, '"');
		return end != NULL ? end + 1 : p + strlen(p);
	}
	if ((*p == '\\' || *p == '_' || *p == '*') && p[1] != '\0')
		return p + 2;
	if (*p == '[') {
		const char *end = strchr(p, ']');
		size_t n = strspn(p + 1, "hmsHMS");
		*elapsed = *elapsed || (n > 0 && p[1 + n] == ']');
		return end != NULL ? end + 1 : p + strlen(p);
	}
	return p;
}

void wg_xlsx_format_code(const char *code, struct wg_xlsx_format *out)
{
	bool day = false, hour = false, percent = false, elapsed = false;
	size_t zeros = strspn(code, "0");
	for (const char *p = code; *p != '\0' && *p != ';';) { /* the part for positive numbers */
		const char *behind = skip_literal(p, &elapsed);
		if (behind != p) {
			p = behind;
			continue;
		}
		char c = (char)tolower((unsigned char)*p);
		if (strncasecmp(p, "general", 7) == 0) {
			p += 7;
			continue;
		}
		day = day || c == 'd' || c == 'y';
		hour = hour || c == 'h' || c == 's';
		percent = percent || c == '%';
		p++;
	}
	out->zeros = code[zeros] == '\0' && zeros < 20 ? (unsigned)zeros : 0;
	out->kind = elapsed       ? WG_XLSX_ELAPSED
	            : day && hour ? WG_XLSX_DATE_TIME
	            : day         ? WG_XLSX_DATE
	            : hour        ? WG_XLSX_TIME
	            : percent     ? WG_XLSX_PERCENT
	                          : WG_XLSX_NUMBER;
	if (out->kind == WG_XLSX_NUMBER && strncasecmp(code, "mmm", 3) == 0)
		out->kind = WG_XLSX_DATE;
}

struct custom {
	unsigned id;
	struct wg_xlsx_format format;
};

struct reading {
	struct wg_xlsx_styles *out;
	struct custom *custom;
	size_t n_custom;
	bool *bold;
	size_t n_fonts;
	bool in_fonts, in_cell_formats, no_memory;
};

static void add_custom(struct wg_xlsx_walk *walk, struct reading *r)
{
	char code[CODE_BYTES];
	struct custom c = { 0 };
	if (!wg_xlsx_number(walk, "numFmtId", 1000000, &c.id) || r->n_custom >= CUSTOM_MAX)
		return;
	if (!wg_xlsx_attribute(walk, "formatCode", code, sizeof code)) {
		walk->fault = "a number format is longer than any that a spreadsheet program writes";
		return;
	}
	wg_xlsx_format_code(code, &c.format);
	r->custom[r->n_custom++] = c;
}

static void add_format(struct wg_xlsx_walk *walk, struct reading *r)
{
	struct wg_xlsx_styles *s = r->out;
	struct wg_xlsx_format f = { 0 };
	unsigned id = 0, font = 0;
	if (s->count >= FORMATS_MAX) {
		walk->limit = "there are more cell styles than a spreadsheet program knows";
		return;
	}
	if (s->count == s->cap) {
		size_t cap = s->cap == 0 ? 64 : s->cap * 2;
		struct wg_xlsx_format *bigger = reallocarray(s->formats, cap, sizeof *bigger);
		if (bigger == NULL) {
			r->no_memory = true;
			return;
		}
		s->formats = bigger;
		s->cap = cap;
	}
	(void)wg_xlsx_number(walk, "numFmtId", 1000000, &id); /* 0: General */
	(void)wg_xlsx_number(walk, "fontId", FONTS_MAX, &font);
	wg_xlsx_format_builtin(id, &f);
	for (size_t i = 0; i < r->n_custom; i++)
		if (r->custom[i].id == id)
			f = r->custom[i].format;
	f.bold = font < r->n_fonts && r->bold[font];
	s->formats[s->count++] = f;
}

static void on_start(struct wg_xlsx_walk *walk, const char *name)
{
	struct reading *r = walk->of;
	if (strcmp(name, "fonts") == 0)
		r->in_fonts = true;
	else if (strcmp(name, "cellXfs") == 0)
		r->in_cell_formats = true;
	else if (r->in_fonts && strcmp(name, "font") == 0 && r->n_fonts < FONTS_MAX)
		r->n_fonts++;
	else if (r->in_fonts && strcmp(name, "b") == 0 && r->n_fonts > 0) {
		char val[8];
		bool off = wg_xlsx_attribute(walk, "val", val, sizeof val) && (val[0] == '0' || val[0] == 'f');
		r->bold[r->n_fonts - 1] = !off;
	} else if (strcmp(name, "numFmt") == 0 && walk->depth == 3)
		add_custom(walk, r);
	else if (r->in_cell_formats && strcmp(name, "xf") == 0)
		add_format(walk, r);
}

static void on_end(struct wg_xlsx_walk *walk, const char *name)
{
	struct reading *r = walk->of;
	if (strcmp(name, "fonts") == 0)
		r->in_fonts = false;
	else if (strcmp(name, "cellXfs") == 0)
		r->in_cell_formats = false;
}

enum wg_code wg_xlsx_styles_read(struct wg_zip *zip, const char *path, struct wg_xlsx_styles *out, struct wg_err *err)
{
	WG_AUTO_FREE void *custom = calloc(CUSTOM_MAX, sizeof(struct custom));
	WG_AUTO_FREE void *bold = calloc(FONTS_MAX, sizeof(bool));
	struct reading r = { .out = out, .custom = custom, .bold = bold };
	struct wg_xlsx_walk walk = { .start = on_start, .end = on_end, .of = &r };
	if (custom == NULL || bold == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for cell styles");
	enum wg_code code = wg_xlsx_walk(zip, path, "the workbook's styles", &walk, err);
	return code == WG_OK && r.no_memory ? wg_err_set(err, WG_SYSTEM, "no memory for cell styles") : code;
}

void wg_xlsx_styles_free(struct wg_xlsx_styles *styles)
{
	free(styles->formats);
	*styles = (struct wg_xlsx_styles){ 0 };
}
