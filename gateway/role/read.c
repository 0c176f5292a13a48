/* read.c owns the way from a document's bytes to a notice.
 * SECURITY: hostile bytes go to a confined reader unread; what the reader says is parsed as hostile too. */
#include "role/read_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "notice/value.h"
#include "sys/child.h"

/* One document: an ordinary report takes milliseconds; these are what a hostile one may cost (faults.md: 2 s CPU, 256
 * MiB). */
#define READ_WALL_MS 10000
#define READ_CPU_S 2
#define READ_MEMORY ((uint64_t)256 * 1024 * 1024)

/* Why a person must look, for a list: five counts, and the first of the places that are missing. */
#define COUNTS_TEXT 200
#define MISSING_TEXT 500

static enum wg_code run_reader(const struct wg_paths *paths, const char *name, const void *in, size_t in_len,
                               const struct wg_opener *opener, struct wg_buf *out, struct wg_err *err)
{
	const struct wg_buf *secret = opener != NULL ? opener->keys : NULL;
	struct wg_keyring_asks asks = { .ring = opener != NULL ? opener->ring : NULL };
	bool may_ask = asks.ring != NULL && wg_keyring_in_hsm(asks.ring);
	char program[WG_PATH_TEXT];
	enum wg_code code = wg_path_join(paths->readers, name, program, err);
	if (code != WG_OK)
		return code;
	char now[24];
	(void)snprintf(now, sizeof now, "%" PRId64, wg_clock_now());            /* 20 digits at most */
	const char *const argv[] = { name, secret != NULL ? now : NULL, NULL }; /* who has keys judges certificates */
	struct wg_child child = {
		.nests = secret == NULL ? paths->nests : NULL, /* who has keys is given them for one document */
		.program = program,
		.argv = argv,
		.in = in,
		.in_len = in_len,
		.secret = secret != NULL ? secret->data : NULL,
		.secret_len = secret != NULL ? secret->len : 0,
		.answer = may_ask ? wg_keyring_answer : NULL,
		.answer_arg = &asks,
		.wall_ms = READ_WALL_MS,
		.cpu_s = READ_CPU_S,
		.memory = READ_MEMORY,
	};
	return wg_child_run(&child, out, err);
}

/* A notice that came as a notice: parsed and validated; what it lacks is its sender's fault, but for the time at which
 * the first gateway had it. */
static enum wg_code take_notice(const struct wg_reading *reading, const struct wg_envelope_facts *facts,
                                struct wg_read *read, struct wg_err *err)
{
	char there[WG_CLOCK_TEXT * 2];
	enum wg_code code = wg_notice_parse(reading->schema, read->fields->notice_xml, read->fields->notice_xml_len,
	                                    "notice", &read->notice, err);
	for (size_t i = 0; code == WG_OK && i < read->fields->count; i++) {
		if (strstr(read->fields->fields[i].label, "(not read)") == NULL)
			continue;           /* the words of the mail around the notice: the notice says it all */
		read->attention = true; /* labels come from the document: they stay out of the reason */
		(void)snprintf(read->reason, sizeof read->reason,
		               "beside the notice there is something that was not read: an attachment, or a second notice");
	}
	if (code == WG_OK && wg_read_beside_notice(read->fields))
		wg_read_attend(read, "beside the notice there is an attachment that was not read");
	if (code == WG_OK && !read->attention && !reading->sealed &&
	    (read->fields->count > 0 || wg_maps_sentences(reading->maps, read->fields->text) > 0)) {
		read->attention = true;
		(void)snprintf(read->reason, sizeof read->reason, "beside the notice the mail says something of its own");
	}
	if (code == WG_OK && facts->received != NULL &&
	    !wg_notice_get_into(read->notice, "header/received", there, sizeof there))
		code = wg_notice_set(read->notice, "header/received", facts->received, err);
	return code;
}

/* "1 field unmapped, 2 values not read": what there is none of is not said. */
static void tell_count(char text[COUNTS_TEXT], unsigned n, const char *one, const char *many)
{
	size_t len = strlen(text);
	if (n > 0)
		(void)snprintf(text + len, COUNTS_TEXT - len, "%s%u %s", len > 0 ? ", " : "", n, n == 1 ? one : many);
}

/* "a b|c" as people say it: "a, b or c"; what does not fit is cut. */
static void tell_missing(const char *places, char text[MISSING_TEXT])
{
	size_t len = 0;
	for (; *places != '\0' && len + sizeof " or " < MISSING_TEXT; places++) {
		const char *as = *places == ' ' ? ", " : *places == '|' ? " or " : NULL;
		len += (size_t)snprintf(text + len, MISSING_TEXT - len, as != NULL ? "%s" : "%.1s", as != NULL ? as : places);
	}
	text[len] = '\0';
}

static void why_attention(struct wg_read *read)
{
	const struct wg_report *report = read->report;
	unsigned of[WG_NOT_CARRIED + 1] = { 0 };
	char counts[COUNTS_TEXT] = "", missing[MISSING_TEXT];
	for (size_t i = 0; i < report->count; i++)
		if (report->placements[i].what != WG_UNMAPPED || !wg_value_blank(read->fields->fields[i].value))
			of[report->placements[i].what]++; /* an unknown box with nothing in it calls nobody */
	tell_count(counts, of[WG_UNMAPPED], "field unmapped", "fields unmapped");
	tell_count(counts, of[WG_UNREAD], "value not read", "values not read");
	tell_count(counts, of[WG_AMBIGUOUS], "field ambiguous", "fields ambiguous");
	tell_count(counts, of[WG_NOT_CARRIED], "field not carried", "fields not carried");
	tell_count(counts, report->prose, "sentence outside any field", "sentences outside any field");
	tell_missing(report->missing, missing);
	if (report->map[0] == '\0')
		wg_read_attend(read, "no map recognised this form: %zu fields kept", report->count);
	else
		wg_read_attend(read, "map %s: %s%s%s%s", report->map, counts,
		               counts[0] != '\0' && missing[0] != '\0' ? "; " : "", missing[0] != '\0' ? "missing: " : "",
		               missing);
}

enum wg_code wg_read_form(const struct wg_reading *reading, const struct wg_envelope_facts *facts, struct wg_read *read,
                          struct wg_err *err)
{
	struct wg_err invalid = { 0 };
	enum wg_code code = wg_map_apply(reading->maps, read->fields, facts, &read->notice, &read->report, err);
	if (code != WG_OK)
		return code;
	if (read->report->attention || read->notice == NULL) {
		why_attention(read);
	} else if ((code = wg_notice_validate(read->notice, &invalid)) == WG_SYSTEM) {
		*err = invalid; /* the machine's fault, not the form's */
		return code;
	} else if (code != WG_OK) {
		wg_read_attend(read, "the notice made from this form is not valid: %.400s", invalid.text);
	}
	return WG_OK;
}

enum wg_code wg_read_fields(const struct wg_paths *paths, enum wg_document kind, const void *bytes, size_t len,
                            struct wg_fields **out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf said = WG_BUF(WG_LIMIT_READER_OUTPUT);
	enum wg_code code = run_reader(paths, wg_document_reader(kind), bytes, len, NULL, &said, err);
	if (code != WG_OK)
		return code;
	code = kind == WG_DOCUMENT_XML && said.len == 0 ? wg_fields_of_notice(bytes, len, out, err)
	                                                : wg_fields_parse(said.data, said.len, out, err);
	if (code == WG_OK || code == WG_SYSTEM)
		return code;
	err->code = code = WG_REJECT; /* a reader that speaks nonsense was led astray by its document */
	return wg_err_add(err, "what the reader made of the document cannot be used");
}

/* A table whose rows are messages of their own. */
static void take_table(struct wg_read *read)
{
	read->divided = true;
	read->parts = read->fields->parts;
	read->n_parts = read->fields->n_parts;
	if (read->fields->count > 0) /* remarks of the reader: rows have none else */
		wg_read_attend(read, "beside the rows of the table there is something that was not read");
}

enum wg_code wg_read_document(const struct wg_reading *reading, enum wg_document kind, const void *bytes, size_t len,
                              const struct wg_envelope_facts *facts, struct wg_read *out, struct wg_err *err)
{
	WG_AUTO_READ struct wg_read read = { 0 };
	enum wg_code code = wg_read_fields(reading->paths, kind, bytes, len, &read.fields, err);
	if (code != WG_OK)
		return code;
	if (read.fields->notice_xml != NULL)
		code = take_notice(reading, facts, &read, err);
	else if (read.fields->divided)
		take_table(&read);
	else if (read.fields->n_parts > 0)
		code = wg_read_mail(reading, facts, &read, err);
	else
		code = wg_read_form(reading, facts, &read, err);
	if (code == WG_OK) {
		*out = read;
		read = (struct wg_read){ 0 };
	}
	return code;
}

void wg_read_free(struct wg_read *read)
{
	wg_fields_freep(&read->fields);
	wg_fields_freep(&read->attached);
	wg_notice_freep(&read->notice);
	wg_report_freep(&read->report);
}

enum wg_code wg_read_sealed(const struct wg_paths *paths, const struct wg_opener *opener, const void *bytes, size_t len,
                            struct wg_buf *out, char signer[WG_FINGERPRINT_TEXT], struct wg_buf *organisations,
                            struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_ENVELOPE + WG_LIMIT_MESSAGE);
	WG_AUTO_BUF struct wg_buf said = WG_BUF(WG_LIMIT_READER_OUTPUT);
	wg_buf_bytes(&in, opener->anchors->data, opener->anchors->len);
	wg_buf_put(&in, bytes, len);
	enum wg_code code = wg_buf_check(&in, "sealed message", err);
	if (code == WG_OK)
		code = run_reader(paths, "wardgate-reader-smime", in.data, in.len, opener, &said, err);
	if (code != WG_OK)
		return code;
	struct wg_cur cur = WG_CUR(said.data, said.len);
	size_t inner_len, names_len;
	wg_cur_name(&cur, signer, WG_FINGERPRINT_TEXT);
	const uint8_t *names = wg_cur_bytes(&cur, &names_len), *inner = wg_cur_bytes(&cur, &inner_len);
	if (!wg_cur_end(&cur) || strlen(signer) != WG_FINGERPRINT_TEXT - 1)
		return wg_err_set(err, WG_REJECT, "the sealed message could not be opened");
	wg_buf_put(organisations, names, names_len);
	wg_buf_put(out, inner, inner_len);
	code = wg_buf_check(organisations, "names of organisations", err);
	return code == WG_OK ? wg_buf_check(out, "opened message", err) : code;
}

enum wg_code wg_read_signed_mail(const struct wg_paths *paths, const struct wg_opener *opener, const void *bytes,
                                 size_t len, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_ENVELOPE);
	wg_buf_bytes(&in, opener->anchors->data, opener->anchors->len);
	wg_buf_put(&in, bytes, len);
	enum wg_code code = wg_buf_check(&in, "mail", err);
	return code == WG_OK ? run_reader(paths, "wardgate-reader-smime-mail", in.data, in.len, opener, out, err) : code;
}

enum wg_code wg_read_answer(const struct wg_paths *paths, const void *bytes, size_t len, struct wg_buf *out,
                            struct wg_err *err)
{
	return run_reader(paths, "wardgate-reader-answer", bytes, len, NULL, out, err);
}
