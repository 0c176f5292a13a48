/* disclosures_print.c owns how an entry of the register is told, as text and as a page: the same facts in both.
 * SECURITY: reasons and words of people stand in it; every one is defanged or escaped. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/disclosures.h"

/* Where the words of a fact begin in text. */
#define LABEL 16
/* Different reasons of one decision: at most one a category. */
#define GROUPS_MAX 64

/* ---- one fact, in either form */

static void put_fact(const struct wg_disclosing *d, const char *label, const char *words, struct wg_buf *out)
{
	if (words[0] == '\0')
		return;
	if (d->html) {
		wg_buf_printf(out, "<tr><th scope=\"row\">%s</th><td>", label);
		wg_people_html(words, out);
		wg_buf_puts(out, "</td></tr>\n");
		return;
	}
	wg_buf_printf(out, "    %-*s", LABEL - 4, label);
	wg_people_words(LABEL, words, out);
}

static const char *organisation(const struct wg_disclosing *d, const char *id)
{
	const struct wg_organisation *o = d->directory != NULL ? wg_directory_find(d->directory, id) : NULL;
	return o != NULL && o->name[0] != '\0' ? o->name : id;
}

/* "a, b, c" of a list of texts. */
static void put_list(const json_t *list, struct wg_buf *out)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *one = json_string_value(json_array_get(list, i));
		wg_buf_printf(out, "%s%s", i > 0 ? ", " : "", one != NULL ? one : "?");
	}
}

/* ---- why */

/* Reasons that differ in nothing but the category. */
static bool same_reason(const json_t *a, const json_t *b)
{
	static const char *const members[] = { "effect", "rule", "basis", "source", "consent", "kept_back" };
	for (size_t i = 0; i < WG_COUNT(members); i++)
		if (strcmp(wg_people_text(a, members[i]), wg_people_text(b, members[i])) != 0)
			return false;
	return json_is_true(json_object_get(a, "override")) == json_is_true(json_object_get(b, "override"));
}

static void put_reason(const struct wg_disclosing *d, const json_t *reasons, const json_t *first, const char *label,
                       struct wg_buf *out)
{
	WG_AUTO_BUF struct wg_buf line = WG_BUF((size_t)64 * 1024);
	const char *between = "";
	for (size_t i = 0; i < json_array_size(reasons); i++)
		if (same_reason(first, json_array_get(reasons, i))) {
			wg_buf_printf(&line, "%s%s", between, wg_people_text(json_array_get(reasons, i), "category"));
			between = ", ";
		}
	const char *rule = wg_people_text(first, "rule");
	wg_buf_printf(&line, rule[0] != '\0' ? ": by rule %s" : ": no rule gives it%s", rule);
	if (wg_people_text(first, "source")[0] != '\0')
		wg_buf_printf(&line, " (%s)", wg_people_text(first, "source"));
	if (wg_people_text(first, "basis")[0] != '\0')
		wg_buf_printf(&line, "; lawful basis %s", wg_people_text(first, "basis"));
	if (wg_people_text(first, "consent")[0] != '\0')
		wg_buf_printf(&line, "; consent %s", wg_people_text(first, "consent"));
	if (json_is_true(json_object_get(first, "override")))
		wg_buf_puts(&line, ", which this rule overrides");
	if (wg_people_text(first, "kept_back")[0] != '\0')
		wg_buf_printf(&line, " (%s would have kept it back)", wg_people_text(first, "kept_back"));
	put_fact(d, label, wg_buf_text(&line), out);
}

static void put_side(const struct wg_disclosing *d, const json_t *record, const char *effect, const char *label,
                     struct wg_buf *out)
{
	const json_t *reasons = json_object_get(record, "reasons"), *told[GROUPS_MAX];
	unsigned n = 0;
	for (size_t i = 0; i < json_array_size(reasons) && n < GROUPS_MAX; i++) {
		const json_t *r = json_array_get(reasons, i);
		unsigned at = 0;
		while (at < n && !same_reason(told[at], r))
			at++;
		if (at < n || strcmp(wg_people_text(r, "effect"), effect) != 0)
			continue;
		told[n++] = r;
		put_reason(d, reasons, r, label, out);
	}
}

/* The places of a notice that were in the copy, and, but not for the subject, those that were not. */
static void put_places(const struct wg_disclosing *d, const json_t *record, const char *member, const char *label,
                       struct wg_buf *out)
{
	const json_t *list = json_object_get(json_object_get(record, "elements"), member);
	WG_AUTO_BUF struct wg_buf line = WG_BUF((size_t)1 << 20);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);
		json_int_t count = json_integer_value(json_object_get(one, "count"));
		wg_buf_printf(&line, "%s%s", i > 0 ? ", " : "", wg_people_text(one, "place"));
		if (count > 1)
			wg_buf_printf(&line, " (%lld)", (long long)count);
	}
	put_fact(d, label, wg_buf_text(&line), out);
}

/* ---- who decided, and what became of it */

void wg_disclosures_outcome(const json_t *entry, struct wg_buf *out)
{
	static const struct {
		const char *state, *words;
		bool sent;
	} known[] = {
		{ "decided", "not sent yet", false },
		{ "sealed", "not sent yet", false },
		{ "sending", "being sent", false },
		{ "deferred", "not delivered yet; it is tried again", false },
		{ "handed-over", "handed over, not confirmed by a person", true },
		{ "received", "received, not confirmed by a person", true },
		{ "opened", "received and opened, not confirmed by a person", true },
		{ "refused", "received, and refused by the recipient", true },
		{ "acknowledged", "confirmed by a person", true },
		{ "review", "waits for a person's decision", false },
		{ "held", "held back by a person for now", false },
		{ "withheld", "not shared", false },
		{ "failed", "could not be delivered", false },
		{ "recalled", "taken back before it was sent", false },
		{ "superseded", "decided anew before it was sent", false },
	};
	const char *state = wg_people_text(entry, "state"), *words = state;
	char when[WG_CLOCK_WORDS];
	bool sent = false;
	for (size_t i = 0; i < WG_COUNT(known); i++)
		if (strcmp(known[i].state, state) == 0) {
			words = known[i].words;
			sent = known[i].sent;
		}
	wg_buf_puts(out, words);
	if (sent && wg_people_stamp(wg_people_text(entry, "sent"), when)[0] != '\0')
		wg_buf_printf(out, ", %s", when);
	if (!sent && json_is_true(json_object_get(entry, "maybe")))
		wg_buf_puts(out, "; it may have arrived all the same");
	if (wg_people_text(entry, "reason")[0] != '\0')
		wg_buf_printf(out, ": %s", wg_people_text(entry, "reason"));
}

static const char *verb_of(const char *event)
{
	static const struct {
		const char *event, *verb;
	} verbs[] = { { "release", "released it" },
		          { "withhold", "decided not to share it" },
		          { "hold", "held it back" },
		          { "cancel", "gave it up" },
		          { "retry", "had it tried again" },
		          { "seen", "looked at the override of consent" },
		          { "exempt", "marked it for a subject's access" } };
	for (size_t i = 0; i < WG_COUNT(verbs); i++)
		if (strcmp(verbs[i].event, event) == 0)
			return verbs[i].verb;
	return event;
}

static void put_deciders(const struct wg_disclosing *d, const json_t *entry, struct wg_buf *out)
{
	const json_t *record = json_object_get(entry, "record"), *acts = json_object_get(entry, "acts");
	WG_AUTO_BUF struct wg_buf line = WG_BUF((size_t)8192);
	const char *verdict = wg_people_text(record, "verdict"), *rule = wg_people_text(record, "verdict_rule");
	wg_buf_printf(&line, "rule: %s%s%s",
	              strcmp(verdict, "send") == 0     ? "to be sent"
	              : strcmp(verdict, "review") == 0 ? "a person must decide"
	              : strcmp(verdict, "deny") == 0   ? "not to be sent"
	                                               : "as recorded",
	              rule[0] != '\0' ? ", by " : "", rule);
	put_fact(d, "decided by", wg_buf_text(&line), out);
	for (size_t i = 0; i < json_array_size(acts); i++) {
		const json_t *act = json_array_get(acts, i);
		char when[WG_CLOCK_WORDS];
		wg_buf_reset(&line);
		wg_buf_printf(&line, "%s %s, %s", wg_people_text(act, "who"), verb_of(wg_people_text(act, "event")),
		              wg_people_stamp(wg_people_text(act, "at"), when));
		if (wg_people_text(act, "detail")[0] != '\0')
			wg_buf_printf(&line, ": %s", wg_people_text(act, "detail"));
		put_fact(d, "and by", wg_buf_text(&line), out);
	}
}

static void put_exemption(const struct wg_disclosing *d, const json_t *entry, struct wg_buf *out)
{
	const json_t *mark = json_object_get(entry, "exemption");
	WG_AUTO_BUF struct wg_buf line = WG_BUF((size_t)4096);
	if (!json_is_object(mark) || d->purpose == WG_FOR_SUBJECT_ACCESS)
		return;
	wg_buf_printf(&line, "%s, by %s: %s", wg_people_text(mark, "code"), wg_people_text(mark, "who"),
	              wg_people_text(mark, "why"));
	put_fact(d, "exempt", wg_buf_text(&line), out);
}

/* ---- one entry */

static void put_title(const struct wg_disclosing *d, const json_t *entry, struct wg_buf *out)
{
	WG_AUTO_BUF struct wg_buf line = WG_BUF((size_t)8192);
	char when[WG_CLOCK_WORDS];
	const char *kind = wg_people_text(entry, "kind");
	wg_buf_printf(&line, "%s: %s to %s", wg_people_stamp(wg_people_text(entry, "decided"), when),
	              kind[0] != '\0' ? kind : "notice", organisation(d, wg_people_text(entry, "organisation")));
	if (json_is_true(json_object_get(json_object_get(entry, "record"), "alarm")))
		wg_buf_puts(&line, ", that a decision is overdue");
	if (!d->html) {
		wg_people_words(2, wg_buf_text(&line), out);
		return;
	}
	wg_buf_puts(out, "<section>\n<table>\n<caption>");
	wg_people_html(wg_buf_text(&line), out);
	wg_buf_puts(out, "</caption>\n");
}

static void put_recipient(const struct wg_disclosing *d, const json_t *entry, struct wg_buf *out)
{
	const json_t *record = json_object_get(entry, "record");
	WG_AUTO_BUF struct wg_buf line = WG_BUF((size_t)8192);
	char when[WG_CLOCK_WORDS];
	wg_buf_printf(&line, "%s/%s, as %s", wg_people_text(entry, "organisation"), wg_people_text(entry, "desk"),
	              wg_people_text(entry, "role"));
	const char *of = wg_people_text(entry, "of");
	if (of[0] == '\0')
		of = wg_people_text(record, "of");
	wg_buf_printf(&line, "%s%s, by %s", of[0] != '\0' ? " of " : "", of, wg_people_text(entry, "channel"));
	if (wg_people_text(record, "also")[0] != '\0')
		wg_buf_printf(&line, "; also as %s", wg_people_text(record, "also"));
	put_fact(d, "to", wg_buf_text(&line), out);
	put_fact(d, "because of", wg_people_text(record, "route_source"), out);
	wg_buf_reset(&line);
	wg_buf_printf(&line, "message %s from %s, accepted %s; delivery %s", wg_people_text(entry, "message"),
	              organisation(d, wg_people_text(entry, "sender")),
	              wg_people_stamp(wg_people_text(entry, "accepted"), when), wg_people_text(entry, "delivery"));
	put_fact(d, "what", wg_buf_text(&line), out);
}

static bool went_out(const json_t *entry)
{
	return wg_list_has("handed-over received opened acknowledged refused", wg_people_text(entry, "state"));
}

static void put_entry(const struct wg_disclosing *d, const json_t *entry, struct wg_buf *out)
{
	const json_t *record = json_object_get(entry, "record");
	WG_AUTO_BUF struct wg_buf line = WG_BUF((size_t)8192);
	bool sent = went_out(entry);
	put_title(d, entry, out);
	put_recipient(d, entry, out);
	wg_disclosures_outcome(entry, &line);
	put_fact(d, "outcome", wg_buf_text(&line), out);
	put_deciders(d, entry, out);
	put_side(d, record, "share", sent ? "shared" : "would share", out);
	put_places(d, record, "given", sent ? "places" : "would give", out);
	wg_buf_reset(&line);
	if (json_integer_value(json_object_get(record, "photographs_left_out")) > 0)
		wg_buf_printf(&line, "%lld left out: could not be cleaned of what a camera writes into a picture",
		              (long long)json_integer_value(json_object_get(record, "photographs_left_out")));
	put_fact(d, "photographs", wg_buf_text(&line), out);
	put_side(d, record, "withhold", "not shared", out);
	if (d->purpose != WG_FOR_SUBJECT_ACCESS)
		put_places(d, record, "withheld", "left out", out);
	wg_buf_reset(&line);
	put_list(json_object_get(record, "marked"), &line);
	put_fact(d, "named in it", wg_buf_text(&line), out);
	wg_buf_reset(&line);
	if (wg_people_text(record, "policy")[0] != '\0')
		wg_buf_printf(&line, "%s, %.12s", wg_people_text(record, "policy"), wg_people_text(record, "policy_hash"));
	put_fact(d, "policy", wg_buf_text(&line), out);
	put_exemption(d, entry, out);
	wg_buf_puts(out, d->html ? "</table>\n</section>\n" : "\n");
}

void wg_disclosures_print(const struct wg_disclosing *d, const json_t *entries, struct wg_buf *out)
{
	static const char title[] = "Who was told what, and why";
	static const char none[] = "Nothing is recorded as shared, or as decided not to be.";
	if (d->html) {
		wg_people_page(title, out);
		wg_buf_printf(out, "<main>\n<h1>%s</h1>\n", title);
	}
	for (size_t i = 0; i < json_array_size(entries); i++)
		put_entry(d, json_array_get(entries, i), out);
	if (json_array_size(entries) == 0)
		wg_buf_printf(out, d->html ? "<p>%s</p>\n" : "%s\n", none);
	if (d->html)
		wg_buf_puts(out, "</main>\n</body>\n</html>\n");
}

/* ---- who has not confirmed */

static bool waits_for(const json_t *entry)
{
	static const char *const kinds[] = { "correction", "recall", "found", "found-onward" };
	/* That a machine has it, or that somebody opened it, is not a person's word. */
	static const char *const done[] = { "acknowledged", "superseded" };
	bool ours = false;
	for (size_t i = 0; i < WG_COUNT(kinds); i++)
		ours = ours || strcmp(wg_people_text(entry, "kind"), kinds[i]) == 0;
	for (size_t i = 0; i < WG_COUNT(done); i++)
		ours = ours && strcmp(wg_people_text(entry, "state"), done[i]) != 0;
	return ours && !json_is_true(json_object_get(json_object_get(entry, "record"), "alarm"));
}

static void put_unconfirmed_json(const json_t *entry, const char *telephone, struct wg_buf *out)
{
	static const char *const members[] = { "delivery", "message", "kind",  "organisation", "desk",
		                                   "role",     "of",      "state", "reason",       "decided" };
	for (size_t i = 0; i < WG_COUNT(members); i++) {
		wg_buf_printf(out, "%s\"%s\":", i == 0 ? "{" : ",", members[i]);
		wg_buf_put_json(out, wg_people_text(entry, members[i]));
	}
	wg_buf_puts(out, ",\"telephone\":");
	wg_buf_put_json(out, telephone);
	wg_buf_puts(out, "}\n");
}

void wg_disclosures_unconfirmed(const struct wg_disclosing *d, const json_t *entries, bool json, struct wg_buf *out)
{
	unsigned count = 0;
	for (size_t i = 0; i < json_array_size(entries); i++) {
		const json_t *entry = json_array_get(entries, i);
		if (!waits_for(entry))
			continue;
		count++;
		const struct wg_organisation *o =
			d->directory != NULL ? wg_directory_find(d->directory, wg_people_text(entry, "organisation")) : NULL;
		const struct wg_desk *desk = o != NULL ? wg_organisation_desk(o, wg_people_text(entry, "desk")) : NULL;
		const char *telephone = desk != NULL ? desk->telephone : "";
		if (json) {
			put_unconfirmed_json(entry, telephone, out);
			continue;
		}
		WG_AUTO_BUF struct wg_buf line = WG_BUF((size_t)8192);
		put_title(d, entry, out);
		put_recipient(d, entry, out);
		wg_disclosures_outcome(entry, &line);
		put_fact(d, "outcome", wg_buf_text(&line), out);
		put_fact(d, "ring", telephone[0] != '\0' ? telephone : "the directory has no telephone number of this desk",
		         out);
		wg_buf_putc(out, '\n');
	}
	if (count == 0 && !json)
		wg_buf_puts(out, "Everybody who was to get a correction, a recall or a found notice has confirmed it.\n");
}
