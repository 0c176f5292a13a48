/* kind.c owns the decision what a document is: what its content can be, and what was declared.
 * SECURITY: runs on hostile bytes outside the sandbox, so it compares bytes (kind_look.c) and parses nothing. */
#include "role/kind.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "role/kind_look.h"

/* Senders' programs declare what they know: a Word file by its old name or as the ZIP that it is, a table as whatever
 * opens it. None of these may stand for two kinds, but the ZIP's, where the content has decided. */
static const struct {
	const char *type, *reader, *words;
	const char *also;    /* other media types, separated by blanks */
	const char *endings; /* of file names, the first is the one to use */
} kinds[] = {
	[WG_DOCUMENT_XML] = { "application/xml", "wardgate-reader-xml", "XML", "text/xml", ".xml" },
	[WG_DOCUMENT_MAIL] = { "message/rfc822", "wardgate-reader-mail", "an e-mail", "", ".eml .mail .mht .mhtml .txt" },
	[WG_DOCUMENT_SEALED] = { "application/pkcs7-mime", "wardgate-reader-smime", "a sealed (S/MIME) object",
	                         "application/x-pkcs7-mime", ".p7m .p7" },
	[WG_DOCUMENT_DOCX] = { "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	                       "wardgate-reader-docx", "a Word document (.docx)",
	                       "application/msword application/vnd.ms-word.document.macroEnabled.12 "
	                       "application/vnd.openxmlformats-officedocument.wordprocessingml.template application/zip "
	                       "application/x-zip-compressed",
	                       ".docx .docm .dotx" },
	[WG_DOCUMENT_ODT] = { "application/vnd.oasis.opendocument.text", "wardgate-reader-odt",
	                      "an OpenDocument text (.odt)", "application/zip application/x-zip-compressed", ".odt" },
	[WG_DOCUMENT_XLSX] = { "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "wardgate-reader-xlsx",
	                       "an Excel workbook (.xlsx)",
	                       "application/vnd.ms-excel application/vnd.ms-excel.sheet.macroEnabled.12 application/zip "
	                       "application/x-zip-compressed",
	                       ".xlsx .xlsm" },
	[WG_DOCUMENT_PDF] = { "application/pdf", "wardgate-reader-pdf", "a PDF", "application/x-pdf", ".pdf" },
	[WG_DOCUMENT_CSV] = { "text/csv", "wardgate-reader-csv", "a table (.csv)",
	                      "application/csv text/comma-separated-values text/tab-separated-values "
	                      "application/vnd.ms-excel",
	                      ".csv .tsv .tab" },
	[WG_DOCUMENT_HTML] = { "text/html", "wardgate-reader-html", "a web page (HTML)", "application/xhtml+xml",
	                       ".html .htm .xhtml" },
};

/* Endings that are known and that no document of ours has. */
static const char foreign[] = ".doc .dot .xls .xlt .rtf .msg .ods .ppt .pptx .zip .7z .rar .jpg .jpeg .png .gif .bmp "
							  ".tif .tiff .heic .webp .ics .vcf .exe .js .bat .json .p7s";

const char *wg_document_type(enum wg_document kind)
{
	return kinds[kind].type;
}

const char *wg_document_reader(enum wg_document kind)
{
	return kinds[kind].reader;
}

const char *wg_document_words(enum wg_document kind)
{
	return kinds[kind].words;
}

/* Is the media type one of the list? */
static bool listed(const char *list, const char *type)
{
	size_t len = strlen(type);
	while (*list != '\0') {
		size_t n = strcspn(list, " ");
		if (n == len && strncasecmp(list, type, n) == 0)
			return true;
		list += n + strspn(list + n, " ");
	}
	return false;
}

/* Does the file name end with one of the list? */
static bool ends(const char *name, const char *list)
{
	size_t len = strlen(name);
	while (*list != '\0') {
		size_t n = strcspn(list, " ");
		if (len >= n && strncasecmp(name + len - n, list, n) == 0)
			return true;
		list += n + strspn(list + n, " ");
	}
	return false;
}

static bool ending_known(const char *name)
{
	bool known = ends(name, foreign);
	for (size_t k = 0; k < WG_COUNT(kinds); k++)
		known = known || ends(name, kinds[k].endings);
	return known;
}

enum vote { VOTE_AGAINST, VOTE_NONE, VOTE_FOR };

static enum vote vote_type(const char *declared, enum wg_document kind)
{
	if (declared == NULL)
		return VOTE_NONE;
	if (kind == WG_DOCUMENT_CSV && strcasecmp(declared, "text/plain") == 0)
		return VOTE_NONE;
	return strcasecmp(declared, kinds[kind].type) == 0 || listed(kinds[kind].also, declared) ? VOTE_FOR : VOTE_AGAINST;
}

static enum vote vote_name(const char *name, enum wg_document kind)
{
	if (name == NULL || !ending_known(name))
		return VOTE_NONE;
	if (kind == WG_DOCUMENT_CSV && ends(name, ".txt"))
		return VOTE_NONE;
	return ends(name, kinds[kind].endings) ? VOTE_FOR : VOTE_AGAINST;
}

/* Content alone may decide, or somebody has to have said so. */
static bool fits(const struct wg_kind_seen *seen, size_t i, const char *declared, const char *name)
{
	enum vote type = vote_type(declared, seen->can[i]), ending = vote_name(name, seen->can[i]);
	if (type == VOTE_AGAINST || ending == VOTE_AGAINST)
		return false;
	return i < seen->sure || type == VOTE_FOR || ending == VOTE_FOR;
}

/* Nothing that the content can be is what was said. */
static enum wg_code disagree(const struct wg_kind_seen *seen, const char *declared, struct wg_err *err)
{
	enum wg_document kind = seen->can[0];
	if (seen->sure == 0)
		return wg_err_set(err, WG_REJECT,
		                  "the document is plain text that is no form we can read: it is neither XML, HTML, a table "
		                  "(.csv), an e-mail (.eml), a Word, OpenDocument, Excel or PDF form, nor sealed with S/MIME; "
		                  "send one of these");
	if (vote_type(declared, kind) == VOTE_AGAINST)
		return wg_err_set(err, WG_REJECT, "the document is %s but was declared as another type; declare it as %s",
		                  kinds[kind].words, kinds[kind].type);
	return wg_err_set(err, WG_REJECT,
	                  "the document is %s but its file name has the ending of another type; rename it to end in %.*s",
	                  kinds[kind].words, (int)strcspn(kinds[kind].endings, " "), kinds[kind].endings);
}

enum wg_code wg_document_kind(const void *bytes, size_t len, const char *declared, const char *name,
                              enum wg_document *out, struct wg_err *err)
{
	struct wg_kind_seen seen = { 0 };
	if (len == 0)
		return wg_err_set(err, WG_REJECT, "the document is empty: save or export it again, and send that");
	wg_kind_look(bytes, len, &seen);
	if (seen.count == 0)
		return wg_err_set(err, WG_REJECT, "the document is %s", seen.words);
	for (size_t i = 0; i < seen.count; i++) {
		if (!fits(&seen, i, declared, name))
			continue;
		*out = seen.can[i];
		return WG_OK;
	}
	return disagree(&seen, declared, err);
}
