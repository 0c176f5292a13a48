/* What in a copy looks like somebody: candidates for NHS numbers, dates of birth, names and addresses in its text, to
 * be held against what the gateway knows. Finds, does not judge. */
#ifndef WG_NOTICE_SEARCH_H
#define WG_NOTICE_SEARCH_H

#include "notice/notice.h"

enum wg_trace_kind { WG_TRACE_NHS, WG_TRACE_BIRTH, WG_TRACE_NAME, WG_TRACE_POSTCODE };

/* value is in the form in which match.c makes keys of names, dates and numbers (wg_value_*), a postcode in capitals
 * without blanks. Personal data. */
struct wg_trace {
	enum wg_trace_kind kind;
	char value[128];
	char path[192];    /* the place, no value: for the words to a person */
	unsigned category; /* of the place */
};

/* Every candidate in the text of a notice (a copy), once per value, kind and place: NHS numbers with a right check
 * digit anywhere; dates where the words before them speak of birth; two to four words in a row in free text that could
 * be a name; UK postcodes. Not looked at: administrative places. *more: there were more than WG_TRACES_MAX, so the text
 * was not searched to its end. The caller wipes and frees. */
#define WG_TRACES_MAX 20000
enum wg_code wg_notice_traces(const struct wg_notice *copy, struct wg_trace **out, unsigned *count, bool *more,
                              struct wg_err *err) WG_MUST;
void wg_traces_free(struct wg_trace *traces, unsigned count);

#endif
