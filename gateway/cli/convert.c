/* convert.c owns the command `convert`: what the gateway would make of a document, without sending anything.
 * SECURITY: where something stood in a document is the document's words: defanged before it reaches a terminal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/cli.h"
#include "role/read.h"
#include "sys/file.h"

struct convert {
	const char *file, *report, *into, *organisation, *id, *received, *type;
	struct wg_paths paths;
	struct wg_schema *schema;
	struct wg_maps *maps;
	struct wg_buf reports; /* of all that was converted, one behind the other */
	size_t attention;      /* how many a person must look at */
	size_t refused;        /* how many rows could not be read */
};

static enum wg_code convert_load(struct convert *c, struct wg_err *err)
{
	enum wg_code code = wg_paths_find(NULL, NULL, &c->paths, err);
	if (code == WG_OK)
		code = wg_schema_load(c->paths.xsd, &c->schema, err);
	if (code == WG_OK)
		code = wg_maps_load(c->paths.maps, c->paths.xsd, c->schema, &c->maps, err);
	if (code == WG_OK && c->into != NULL)
		code = wg_file_mkdir(c->into, err);
	return code;
}

static enum wg_code read_one(const struct convert *c, enum wg_document kind, const void *bytes, size_t len,
                             struct wg_read *out, struct wg_err *err)
{
	char id[WG_ID_TEXT], now[WG_CLOCK_TEXT];
	int64_t wall = wg_clock_now();
	struct wg_reading reading = { .paths = &c->paths, .schema = c->schema, .maps = c->maps };
	enum wg_code code = wg_id_make(wall, id, err);
	if (code != WG_OK)
		return code;
	struct wg_envelope_facts facts = {
		.id = c->id != NULL ? c->id : id,
		.organisation = c->organisation != NULL ? c->organisation : "not-stated",
		.received = c->received != NULL ? c->received : wg_clock_format(wall, now),
	};
	return wg_read_document(&reading, kind, bytes, len, &facts, out, err);
}

static enum wg_code convert_read(const struct convert *c, struct wg_read *out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(WG_LIMIT_MESSAGE);
	enum wg_document kind;
	enum wg_code code = wg_file_read(c->file, &bytes, err);
	if (code == WG_OK)
		code = wg_document_kind(bytes.data, bytes.len, c->type, strcmp(c->file, "-") == 0 ? NULL : c->file, &kind, err);
	if (code == WG_OK && kind == WG_DOCUMENT_SEALED)
		code =
			wg_err_set(err, WG_REJECT,
		               "a sealed document needs the gateway's keys: hand it to a running gateway with wardgate submit");
	return code == WG_OK ? read_one(c, kind, bytes.data, bytes.len, out, err) : code;
}

/* To standard output, or to a file of its own. */
static enum wg_code put(const struct convert *c, size_t number, const char *ending, const struct wg_buf *xml,
                        struct wg_err *err)
{
	char path[WG_PATH_TEXT];
	if (c->into == NULL)
		return wg_print(xml) ? WG_OK : wg_err_set(err, WG_SYSTEM, "the notice could not be written");
	int n = snprintf(path, sizeof path, "%s/%03zu%s", c->into, number, ending);
	if (n < 0 || (size_t)n >= sizeof path)
		return wg_err_set(err, WG_CONFIG, "--into: the path is too long");
	return wg_file_write(path, xml->data, xml->len, 0600, err);
}

/* number: of the row from 1, 0 when the document is one notice. at: where the row stood. */
static enum wg_code convert_write(struct convert *c, const struct wg_read *read, size_t number, const char *at,
                                  struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf xml = WG_BUF(WG_LIMIT_NOTICE), report = WG_BUF(WG_LIMIT_READER_OUTPUT);
	char safe[128];
	enum wg_code code = WG_OK;
	if (read->notice != NULL) {
		code = wg_notice_serialise(read->notice, &xml, err);
		if (code == WG_OK)
			code = put(c, number > 0 ? number : 1, ".xml", &xml, err);
	}
	if (code == WG_OK && read->report != NULL) {
		code = wg_report_write(read->report, read->fields, &report, err);
		wg_buf_put(&c->reports, report.data, report.len);
		if (code == WG_OK && c->into != NULL && read->attention)
			code = put(c, number > 0 ? number : 1, ".report.xml", &report, err);
	}
	if (code == WG_OK && read->attention) {
		c->attention++;
		(void)fprintf(stderr, "wardgate convert: %s%sa person must look: %s%s\n",
		              number > 0 ? wg_defang(at, safe, sizeof safe) : "", number > 0 ? ": " : "", read->reason,
		              c->report == NULL && c->into == NULL ? " (--report FILE lists every field)" : "");
	}
	return code;
}

/* A table: each of its rows is a notice. One that cannot be read does not keep the others back. */
static enum wg_code convert_rows(struct convert *c, const struct wg_read *table, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	char safe[128];
	for (size_t i = 0; i < table->n_parts && code == WG_OK; i++) {
		WG_AUTO_READ struct wg_read row = { 0 };
		const struct wg_part *part = &table->parts[i];
		code = read_one(c, WG_DOCUMENT_CSV, part->bytes, part->len, &row, err);
		if (code == WG_REJECT || code == WG_LIMIT) {
			c->refused++;
			(void)fprintf(stderr, "wardgate convert: %s: %s\n", wg_defang(part->at, safe, sizeof safe), err->text);
			code = WG_OK;
		} else if (code == WG_OK) {
			code = convert_write(c, &row, i + 1, part->at, err);
		}
	}
	if (code == WG_OK && table->attention) {
		c->attention++;
		(void)fprintf(stderr, "wardgate convert: a person must look: %s\n", table->reason);
	}
	if (code == WG_OK)
		(void)fprintf(
			stderr,
			"wardgate convert: %zu rows, each a notice of its own; for a person to look at: %zu, refused: %zu%s\n",
			table->n_parts, c->attention, c->refused, c->into == NULL ? " (--into FOLDER writes each to a file)" : "");
	return code;
}

static enum wg_code convert_all(struct convert *c, struct wg_err *err)
{
	WG_AUTO_READ struct wg_read read = { 0 };
	enum wg_code code = convert_load(c, err);
	if (code == WG_OK)
		code = convert_read(c, &read, err);
	if (code == WG_OK)
		code = read.divided ? convert_rows(c, &read, err) : convert_write(c, &read, 0, "", err);
	if (code == WG_OK && c->report != NULL && c->reports.len == 0)
		(void)fprintf(stderr, "wardgate convert: %s was a notice already: there is nothing to report\n", c->file);
	else if (code == WG_OK && c->report != NULL)
		code = wg_buf_check(&c->reports, "reports", err);
	if (code == WG_OK && c->report != NULL && c->reports.len > 0)
		code = wg_file_write(c->report, c->reports.data, c->reports.len, 0600, err);
	return code;
}

static int run_convert(const struct wg_cli *cli, int argc, char **argv)
{
	(void)cli;
	struct convert c = { .reports = WG_BUF(WG_LIMIT_ENVELOPE) };
	struct wg_err err = { 0 };
	const struct wg_option options[] = { { "report", &c.report, NULL }, { "organisation", &c.organisation, NULL },
		                                 { "id", &c.id, NULL },         { "received", &c.received, NULL },
		                                 { "type", &c.type, NULL },     { "into", &c.into, NULL },
		                                 { NULL, NULL, NULL } };
	int operands;
	int64_t when;
	if (!wg_options(options, argc, argv, &operands))
		return EX_USAGE;
	if (operands != 1)
		return wg_misuse(&wg_command_convert, "name one FILE, or - for standard input");
	if ((c.id != NULL && !wg_id_valid(c.id)) || (c.organisation != NULL && !wg_name_valid(c.organisation)) ||
	    (c.received != NULL && !wg_clock_parse(c.received, &when)))
		return wg_misuse(&wg_command_convert, "--id, --organisation or --received is not of its form");
	c.file = argv[1];
	enum wg_code code = convert_all(&c, &err);
	int status = code != WG_OK                      ? wg_fail("convert", &err)
	             : c.attention > 0 || c.refused > 0 ? WG_EXIT_ATTENTION
	                                                : EX_OK;
	wg_buf_free(&c.reports);
	wg_maps_freep(&c.maps);
	wg_schema_freep(&c.schema);
	return status;
}

const struct wg_command wg_command_convert = {
	.name = "convert",
	.summary = "read a document and print the notice made of it",
	.help =
		"usage: wardgate convert [--report FILE] [--into FOLDER] [--organisation NAME] [--type TYPE] [--id ID]\n"
		"                        [--received TIME] FILE\n\n"
		"Reads FILE in a confined reader, maps it, and prints the notice. FILE is an e-mail (.eml), a Word, "
		"OpenDocument\n"
		"or PDF form, an Excel or CSV table, a web page or XML; - is standard input. What is attached to an e-mail is\n"
		"read too. A table of several rows gives a notice for each, printed one behind the other.\n"
		"  --report FILE        write what became of every field: where it stood, where it went, or why not\n"
		"  --into FOLDER        write each notice to a file of its own, 001.xml and so on, and 001.report.xml beside\n"
		"                       it where a person must look\n"
		"  --organisation NAME  who sent it, for the notice's header\n"
		"  --type TYPE          what it was declared as, e.g. message/rfc822; a disagreement is refused\n"
		"  --id ID, --received TIME  instead of a new id and the present time\n\n"
		"Exit status: 0 everything was placed, 10 a person must look, 65 the document is refused.\n\n"
		"examples:\n"
		"  wardgate convert report.eml\n"
		"  wardgate convert --report fields.xml --organisation staffordshire-police form.docx > notice.xml\n"
		"  wardgate convert --into notices episodes.xlsx\n",
	.run = run_convert,
};
