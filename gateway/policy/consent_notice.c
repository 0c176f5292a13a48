/* consent_notice.c owns the records of consent that come in with a notice.
 * SECURITY: the notice comes from outside: it is valid by its schema, and what it says of an answer is taken down, not
 * believed further: a time after it was handed in is not. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "base/text.h"
#include "notice/xml.h"
#include "notice/xml_attr.h"
#include "policy/consent.h"

/* Characters of one text that a record keeps (xsd/consent.xsd); the notice has the whole. */
#define TEXT_MAX 3000
#define WORDS_MAX 2000
#define LINE_MAX_CHARACTERS 300

bool wg_consent_until(const char *day, int64_t *out)
{
	char part[3][8] = { "", "", "" };
	uint64_t n[3];
	int64_t last;
	if (strlen(day) != 10 || day[4] != '-' || day[7] != '-')
		return false;
	memcpy(part[0], day, 4);
	memcpy(part[1], day + 5, 2);
	memcpy(part[2], day + 8, 2);
	if (!wg_num_parse(part[0], 1900, 9998, &n[0]) || !wg_num_parse(part[1], 1, 12, &n[1]) ||
	    !wg_num_parse(part[2], 1, 31, &n[2]) ||
	    !wg_clock_london((int)n[0], (int)n[1], (int)n[2], 23, 59, 59, &last)) /* no clock changes in the last hour */
		return false;
	*out = last + 1000;
	return true;
}

/* 26 digits of an id: ten of the message's, which say when, and sixteen out of message, number and what was answered:
 * an answer that a person has put right is another record, so that the wrong reading does not stay in its place. */
static void make_id(const char *message, size_t number, const struct wg_consent *r, char out[WG_ID_TEXT])
{
	static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
	struct wg_sha256 hash;
	uint8_t sum[WG_SHA256_LEN];
	char text[256];
	int n = snprintf(text, sizeof text, "|consent|%zu|%s|%.64s|%" PRIx64 "|%" PRId64 "|%" PRId64, number,
	                 wg_consent_state_name(r->state), r->to, r->categories, r->at, r->until); /* it fits */
	wg_sha256_init(&hash);
	wg_sha256_update(&hash, message, strlen(message));
	wg_sha256_update(&hash, text, (size_t)n);
	wg_sha256_final(&hash, sum);
	for (size_t i = 0; i < WG_ID_LEN; i++)
		out[i] = digits[sum[i] & 31];
	if (wg_id_valid(message))
		memcpy(out, message, 10);
	out[WG_ID_LEN] = '\0';
}

/* Cut to so many characters, without blanks at the ends; NULL for nothing. Takes the text over. */
static char *kept(char *text, size_t most)
{
	if (text == NULL)
		return NULL;
	size_t start = strspn(text, " \t\r\n"), end = start;
	for (size_t n = 0; text[end] != '\0'; end++)
		if (((unsigned char)text[end] & 0xC0) != 0x80 && n++ == most)
			break;
	while (end > start && strchr(" \t\r\n", text[end - 1]) != NULL)
		end--;
	char *out = end > start ? strndup(text + start, end - start) : NULL;
	wg_wipe(text, strlen(text));
	free(text);
	return out;
}

static char *line_of(const struct _xmlNode *node, const char *attribute)
{
	return kept(wg_xml_attr(node, attribute), LINE_MAX_CHARACTERS);
}

/* Who answered: the code where the notice has one, or where its words are one; otherwise the words are a name. */
static void read_answerer(const struct _xmlNode *node, struct wg_consent *r)
{
	static const char codes[] = "child parental-responsibility carer nobody";
	r->answered_by = line_of(node, "answered-by");
	r->answered_name = line_of(node, "by");
	if (r->answered_name == NULL || !wg_list_has(codes, r->answered_name))
		return;
	if (r->answered_by == NULL)
		r->answered_by = wg_steal(&r->answered_name);
	free(wg_steal(&r->answered_name));
}

static void read_told(const struct _xmlNode *told, struct wg_consent *r)
{
	if (told == NULL)
		return;
	r->told = kept(wg_xml_text(told), TEXT_MAX);
	r->told_by = line_of(told, "by");
	r->told_at = line_of(told, "at");
}

/* Whether memory ran out on an attribute that is there: without it an answer would say more than it does. */
static bool lost(const struct _xmlNode *node, const char *attribute, const char *value)
{
	const char *name;
	for (unsigned i = 0; value == NULL && (name = wg_xml_attr_name(node, i)) != NULL; i++)
		if (strcmp(name, attribute) == 0)
			return true;
	return false;
}

static void read_times(const char *when, const char *until, int64_t at, struct wg_consent *r)
{
	r->at = at;
	if (when != NULL && (!wg_clock_parse(when, &r->at) || r->at > at))
		r->at = at;
	r->until = INT64_MAX;
	if (until != NULL && until[0] != '\0' && !wg_consent_until(until, &r->until))
		r->until = r->at; /* an end on a day that never was: it does not hold at all */
}

/* The state, the categories and the times. */
static enum wg_code read_facts(const struct _xmlNode *node, int64_t at, size_t number, struct wg_consent *r,
                               struct wg_err *err)
{
	struct wg_err unused; /* it repeats the name, which comes from outside */
	WG_AUTO_FREE char *state = line_of(node, "state");
	WG_AUTO_FREE char *categories = wg_xml_attr(node, "categories");
	WG_AUTO_FREE char *until = wg_xml_attr(node, "until");
	WG_AUTO_FREE char *when = wg_xml_attr(node, "at");
	int gone = lost(node, "state", state) + lost(node, "categories", categories) + lost(node, "until", until) +
	           lost(node, "at", when);
	if (gone > 0)
		return wg_err_set(err, WG_SYSTEM, "no memory for a record of consent");
	if (state == NULL || !wg_consent_state_find(state, &r->state) || r->state == WG_CONSENT_EXPIRED)
		r->state = WG_CONSENT_NOT_KNOWN; /* a state of a later schema is none that allows anything */
	read_times(when, until, at, r);
	r->categories = wg_categories_all();
	if (categories != NULL && wg_categories_parse(categories, &r->categories, &unused) != WG_OK)
		return wg_err_set(err, WG_REJECT, "sharing/consent[%zu]/@categories: there is no such category of data",
		                  number);
	return WG_OK;
}

static enum wg_code add_one(struct wg_consents *consents, const struct _xmlNode *node, const struct _xmlNode *told,
                            const char *message, int64_t at, size_t number, struct wg_err *err)
{
	WG_CLEANUP(wg_consent_freep) struct wg_consent *r = calloc(1, sizeof *r);
	if (r == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a record of consent");
	enum wg_code code = read_facts(node, at, number, r, err);
	if (code != WG_OK)
		return code;
	read_answerer(node, r);
	read_told(told, r);
	r->to = line_of(node, "to");
	r->competent = line_of(node, "competent");
	r->form = line_of(node, "form");
	r->reason = kept(wg_xml_attr(node, "reason"), WORDS_MAX);
	r->limits = kept(wg_xml_text(node), TEXT_MAX);
	r->message = strdup(message);
	if (r->to == NULL || r->message == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a record of consent");
	make_id(message, number, r, r->id);
	return wg_consents_add(consents, wg_steal(&r), err);
}

enum wg_code wg_consents_from_notice(struct wg_consents *consents, struct wg_notice *notice, const char *message,
                                     int64_t at, struct wg_err *err)
{
	struct _xmlDoc *facts = wg_notice_facts(notice, err);
	if (facts == NULL)
		return WG_SYSTEM; /* its words are there already */
	/* a document is the parent of its root like any node */
	const struct _xmlNode *root = wg_xml_first((const struct _xmlNode *)(const void *)facts, "notice");
	const struct _xmlNode *sharing = wg_xml_first(root, "sharing");
	if (sharing == NULL)
		return WG_OK;
	size_t number = 0;
	for (const struct _xmlNode *c = wg_xml_first(sharing, "consent"); c != NULL; c = wg_xml_next(c, "consent")) {
		enum wg_code code = add_one(consents, c, wg_xml_first(sharing, "told"), message, at, ++number, err);
		if (code != WG_OK)
			return code;
	}
	return WG_OK;
}
