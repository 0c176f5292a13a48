/* Any words in a notice, searched: the search ends, what it finds is in its form, and finding it there again finds it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "notice/search.h"
#include "notice/value.h"
#include "notice/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

static struct wg_schema *loaded(void)
{
	static struct wg_schema *schema;
	struct wg_err err = { 0 };
	if (schema == NULL) {
		wg_xml_init();
		must(wg_schema_load(WG_SOURCE_DIR "/xsd", &schema, &err) == WG_OK);
	}
	return schema;
}

/* Candidates in the words; false when no notice can hold them. */
static bool search(const char *words, struct wg_trace **traces, unsigned *count)
{
	struct wg_err err = { 0 };
	bool more = false;
	WG_AUTO_NOTICE struct wg_notice *notice = NULL;
	must(wg_notice_new(loaded(), "missing", "01k9tess00examp1e0fuzz0001", &notice, &err) == WG_OK);
	if (wg_notice_set(notice, "missing/circumstances", words, &err) != WG_OK)
		return false;
	must(wg_notice_traces(notice, traces, count, &more, &err) == WG_OK);
	must(*count <= WG_TRACES_MAX);
	return true;
}

static void check(const struct wg_trace *trace)
{
	static const char *const before[] = { "", "born ", "", "" };
	char words[sizeof trace->value + 8], nhs[WG_VALUE_NHS];
	struct wg_trace *again = NULL;
	unsigned count = 0;
	bool found = false;
	must(trace->value[0] != '\0' && strcmp(trace->path, "missing/circumstances") == 0);
	must(trace->kind != WG_TRACE_NHS || wg_value_nhs(trace->value, nhs));
	must(strlen(trace->value) < sizeof trace->value - 1);
	(void)strncpy(words, before[trace->kind], sizeof words - 1); /* it fits, as does what follows */
	memcpy(words + strlen(words), trace->value, strlen(trace->value) + 1);
	must(search(words, &again, &count));
	for (unsigned i = 0; i < count; i++)
		found = found || (again[i].kind == trace->kind && strcmp(again[i].value, trace->value) == 0);
	must(found || trace->kind == WG_TRACE_NAME); /* "o'f x" folds to a word that is no name */
	wg_traces_free(again, count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wg_trace *traces = NULL;
	unsigned count = 0;
	char *words = malloc(size + 1);
	must(words != NULL);
	memcpy(words, data, size);
	words[size] = '\0';
	if (size < 20000 && wg_utf8_valid(words, strlen(words)) && search(words, &traces, &count)) {
		for (unsigned i = 0; i < count && i < 20; i++)
			check(&traces[i]);
		wg_traces_free(traces, count);
	}
	free(words);
	return 0;
}
