/* render_words.c owns the plain English of a page: its titles, its labels, and in which part of it a field stands. What
 * is in none of these lists stands under its own name, so that a new element of the schema is never left out in
 * silence. */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "notice/render_internal.h"

/* What an element is called: the first line that fits it. parent NULL: wherever it stands. */
struct called {
	const char *name, *parent, *words;
};

static const char *find(const struct called *list, size_t count, const xmlNode *node)
{
	for (size_t i = 0; i < count; i++)
		if (wg_render_is(node, list[i].parent, list[i].name))
			return list[i].words;
	return NULL;
}

void wg_render_words(const char *name, struct wg_buf *out)
{
	char first = *name >= 'a' && *name <= 'z' ? (char)(*name - 'a' + 'A') : *name;
	if (first == '\0')
		return;
	wg_buf_putc(out, first);
	wg_render_blanks(name + 1, out);
}

void wg_render_blanks(const char *name, struct wg_buf *out)
{
	for (const char *p = name;; p++) {
		size_t n = strcspn(p, "-");
		wg_buf_put(out, p, n);
		p += n;
		if (*p == '\0')
			return;
		wg_buf_putc(out, ' ');
	}
}

/* ---- titles */

static const struct {
	const char *kind, *title;
} titles[] = {
	{ "missing", "Missing child report" },
	{ "missing-onward", "Missing child: told on to the responsible authority" },
	{ "high-risk", "HIGH RISK missing child" },
	{ "found", "Child found" },
	{ "found-onward", "Child found: told on to the responsible authority" },
	{ "absence", "Child away without authorisation" },
	{ "return-interview", "Return home interview" },
	{ "return-interview-request", "Return home interview: request" },
	{ "return-interview-outcome", "Return home interview: outcome" },
	{ "home-admission", "Admission to a children's home" },
	{ "home-discharge", "Discharge from a children's home" },
	{ "nrm", "Referral to the National Referral Mechanism" },
	{ "home-office", "Notice to the Home Office" },
	{ "recall", "RECALL: do not use the earlier notice" },
	{ "form-return", "Form returned to be completed" },
	{ "review-overdue", "OVERDUE: nobody has decided about a notice" },
	{ "not-confirmed", "NOT CONFIRMED: ring, somebody may not have a notice" },
	{ "receipt", "How far a notice has come" },
	{ "alert", "ALERT: something is wrong with the gateway" },
};

static bool cleared(const xmlNode *operation)
{
	const xmlNode *state = operation != NULL ? wg_xml_first(operation, "state") : NULL;
	return state != NULL && state->children != NULL &&
	       wg_render_same((const char *)state->children->content, "cleared");
}

void wg_render_title(const xmlNode *root, const char *kind, struct wg_buf *out)
{
	if (wg_render_same(kind, "alert") && cleared(wg_xml_first(root, "operation"))) {
		wg_buf_puts(out, "CLEARED: an alert of the gateway is over");
		return;
	}
	for (size_t i = 0; i < WG_COUNT(titles); i++)
		if (wg_render_same(titles[i].kind, kind)) {
			wg_buf_puts(out, titles[i].title);
			return;
		}
	wg_render_words(kind, out);
}

static const struct called holders[] = {
	{ "episode", "escalation", "Earlier episodes" },
	{ "safety", "found", "Vulnerability" },
	{ "back", "found", "Reasons for returning" },
	{ "away", "found", "While away" },
	{ "why", "found", "Reasons for going" },
	{ "plan", NULL, "Plan for going missing" },
	{ "unborn", NULL, "Unborn child" },
	{ "status", NULL, "Groups the child belongs to" },
	{ "relative", NULL, "Family" },
	{ "item", NULL, "Places in the notice" },
	{ "entry", NULL, "Children" },
	{ "attendee", NULL, "People at the meeting" },
	{ "action", NULL, "Actions" },
	{ "check", NULL, "Checks in this episode" },
	{ "place", NULL, "Places" },
	{ "vehicle", NULL, "Vehicles" },
	{ "suspect", NULL, "People of concern" },
	{ "associate", NULL, "Friends and associates" },
	{ "agency", NULL, "Agencies" },
	{ "held", NULL, "The interview" },
	{ "sexual-activity", NULL, "Sexual activity: for named people only" },
	{ "carer-account", NULL, "The carer's account" },
	{ "return", NULL, "Coming back" },
	{ "account", NULL, "The child's account" },
};

void wg_render_holder(const xmlNode *holder, struct wg_buf *out)
{
	const char *words = find(holders, WG_COUNT(holders), holder);
	if (words != NULL)
		wg_buf_puts(out, words);
	else
		wg_render_words(wg_render_name(holder), out);
}

/* ---- labels */

static const struct called labels[] = {
	{ "to", "header", "Addressed to" },
	{ "name", "operation", "Name of the alert" },
	{ "what", "operation", "What is wrong" },
	{ "log-head", "delivery", "Head of the log there" },
	{ "copy-hash", "delivery", "Hash of that notice" },
	{ "reason", "delivery", "What was said" },
	{ "by", "delivery", "Acknowledged by" },
	{ "since", "delivery", "Ready since" },
	{ "recipient", "delivery", "It is for" },
	{ "kind", "delivery", "Kind of notice" },
	{ "level", "delivery", "How far it has got" },
	{ "missing", "delivery", "Not confirmed that" },
	{ "do", "delivery", "Do this" },
	{ "do", "operation", "Do this" },
	{ "count", "escalation", "Episodes" },
	{ "window", "escalation", "In days" },
	{ "kind", "episode", "Counted as" },
	{ "kind", "absence", "Counted as" },
	{ "toolkit", "purposes", "Exploitation toolkit used" },
	{ "own-life", "safety", "Thought of taking its life" },
	{ "sooner", "back", "Would have returned sooner" },
	{ "confide", "return", "Could have spoken to" },
	{ "treatment", "return", "Treated since" },
	{ "prevent", "return", "What would stop it" },
	{ "self-harm-ever", "account", "Self-harm at any time" },
	{ "could-leave", "account", "Could have left" },
	{ "met", "account", "Met or spoke to" },
	{ "led-to", "account", "What led to being missing" },
	{ "concerns", "header", "Earlier notice" },
	{ "source", "header", "Sender's reference" },
	{ "keep", "header", "How long to keep it" },
	{ "wishes", "sharing", "Child's wishes" },
	{ "consent", "sharing", "Consent to share" },
	{ "told", "sharing", "Told about sharing" },
	{ "telephone", "informant", "Their telephone" },
	{ "address", "informant", "Their address" },
	{ "relationship", "informant", "Who is (to the child)" },
	{ "name", "informant", "Reported by" },
	{ "telephone", "placement", "Placement telephone" },
	{ "address", "placement", "Placement address" },
	{ "type", "placement", "Kind of placement" },
	{ "reported", "episode", "Reported to police" },
	{ "places", "missing", "Places the child may go" },
	{ "money", "missing", "Access to money" },
	{ "reasons", "found", "Reasons the child gave" },
	{ "whereabouts", "found", "Where the child had been" },
	{ "condition", "found", "Condition when found" },
	{ "how", "found", "How found" },
	{ "by", "found", "Found by" },
	{ "where", "found", "Found at" },
	{ "when", "found", "Found" },
	{ "with", "last-seen", "Was with" },
	{ "by", "last-seen", "Last seen by" },
	{ "where", "last-seen", "Last seen at" },
	{ "when", "last-seen", "Last seen" },
	{ "risk-reason", "episode", "Why this level" },
	{ "risk", "episode", "Risk level" },
	{ "risk", "entry", "Risk level" },
	{ "full", "name", "Name" },
	{ "police", "authorities", "Police, where child lives" },
	{ "marking", NULL, "Handling" },
	{ "rag", NULL, "Grade of the safeguarding hub" },
	{ "turned-18", NULL, "Turned 18 while missing" },
	{ "other-authority", NULL, "Child of another authority" },
	{ "unaccompanied", NULL, "Unaccompanied asylum seeker" },
	{ "referred-to-nrm", NULL, "Referred to NRM" },
	{ "forced-marriage", NULL, "Forced marriage or honour violence" },
	{ "genital-mutilation", NULL, "Female genital mutilation" },
	{ "need", NULL, "Category of need" },
	{ "ofsted-urn", NULL, "Ofsted number (URN)" },
	{ "ehc-plan-authority", NULL, "EHC plan kept by" },
	{ "ehc-plan", NULL, "EHC plan" },
	{ "mother-nhs-number", NULL, "Mother's NHS number" },
	{ "pupil-number", NULL, "Unique pupil number" },
	{ "professional", NULL, "Professional" },
	{ "new-gp", NULL, "New GP" },
	{ "gp", NULL, "GP" },
	{ "iro", NULL, "Independent reviewing officer" },
	{ "sender", NULL, "Sent by" },
	{ "copy-for", NULL, "This copy is for" },
	{ "host", NULL, "Authority of the area" },
	{ "placing", NULL, "Responsible authority" },
	{ "mental-health-section", NULL, "Under Mental Health Act" },
	{ "child-protection", NULL, "Child protection plan" },
	{ "online-identity", NULL, "Online name" },
	{ "attachment", NULL, "Photograph attached" },
	{ "confidential-address", NULL, "CONFIDENTIAL address" },
	{ "local-id", NULL, "Number in own records" },
	{ "nhs-number", NULL, "NHS number" },
	{ "associates", NULL, "Friends and associates" },
	{ "concern", NULL, "Particular concern" },
	{ "not-interviewed-reason", NULL, "Why not interviewed" },
	{ "refused-return", NULL, "Refused to return" },
	{ "returned-at", NULL, "Returned" },
};

void wg_render_label(const xmlNode *node, struct wg_buf *out)
{
	const char *words = find(labels, WG_COUNT(labels), node);
	if (wg_render_is(node, NULL, "withheld"))
		wg_render_words(wg_render_attribute_or(node, "category"), out);
	else if (wg_render_is(node, "authorities", "police") &&
	         wg_render_same(wg_render_attribute_or(node, "area"), "placing"))
		wg_buf_puts(out, "Police, responsible area");
	else if (wg_render_is(node, "operation", "what") && cleared(node->parent))
		wg_buf_puts(out, "What was wrong");
	else if (words != NULL)
		wg_buf_puts(out, words);
	else
		wg_render_words(wg_render_name(node), out);
}

/* ---- parts */

/* Elements of these names (NULL: all) below parent, below above. */
static const struct {
	enum wg_part part;
	const char *parent, *above, *names;
} parts[] = {
	{ WG_PART_ABOUT, "header", NULL, "marking" },
	{ WG_PART_KEY_1, "child", NULL, "date-of-birth age" },
	{ WG_PART_KEY_1, "name", "child", NULL },
	{ WG_PART_KEY_2, "episode", "notice", "risk" },
	{ WG_PART_KEY_3, "answer", NULL, "state reason" },
	{ WG_PART_KEY_3, "alert", NULL, "cancelled" },
	{ WG_PART_KEY_3, "escalation", NULL, "trigger count missing-since" },
	{ WG_PART_KEY_3, "meeting", NULL, "type when" },
	{ WG_PART_KEY_3, "placement-notice", NULL, "change starts ends" },
	{ WG_PART_KEY_3, "interview", NULL, "outcome" },
	{ WG_PART_KEY_3, "update", NULL, "new-risk" },
	{ WG_PART_KEY_3, "absence", NULL, "since whereabouts" },
	{ WG_PART_KEY_3, "found", "notice", "when where how returned-to returned-at" },
	{ WG_PART_KEY_3, "missing", "notice", "missing-from" },
	{ WG_PART_KEY_3, "last-seen", "missing", "when where" },
	{ WG_PART_KEY_3, "episode", "notice", "police-reference" },
	{ WG_PART_DO, "operation", NULL, "do" },
	{ WG_PART_DO, "delivery", NULL, "do" },
	{ WG_PART_RING, "delivery", NULL, "ring" },
	{ WG_PART_ABOUT, "operation", NULL, "name" },
	{ WG_PART_ABOUT, "delivery", NULL, "log-head copy-hash" },
	{ WG_PART_RISK_1, "episode", "notice", "risk-reason rag" },
	{ WG_PART_RISK_2, "found", "notice", "harm crime exploitation self-harm substance-use" },
	{ WG_PART_RISK_2, "missing", NULL,
	  "concern vulnerability victim-of-crime victim-of-abuse danger-to-others previous-harm abduction offending "
	  "exploitation self-harm substance-use" },
	{ WG_PART_DESCRIPTION_1, "child", NULL, "sex gender languages interpreter" },
	{ WG_PART_DESCRIPTION_2, "description", "child", NULL },
	{ WG_PART_PHOTOGRAPH, "child", NULL, "photograph" },
	{ WG_PART_HEALTH, "child", NULL, "disability disability-kind" },
	{ WG_PART_HEALTH, "health", "child", NULL },
	{ WG_PART_HEALTH, "found", "notice", "condition" },
	{ WG_PART_HEALTH, "missing", NULL, "medical-needs" },
	{ WG_PART_CONTACT, "child", NULL,
	  "home-address previous-address confidential-address telephone email online-identity school school-address "
	  "school-telephone" },
	{ WG_PART_CARE, "child", NULL,
	  "legal-status immigration-status child-protection care-plan need ehc-plan ehc-plan-authority" },
	{ WG_PART_PLACEMENT, "placement", "child", NULL },
	{ WG_PART_WORKERS, "officer", "episode", NULL },
	{ WG_PART_WORKERS, "school-contact", "child", NULL },
	{ WG_PART_WORKERS, "professional", "child", NULL },
	{ WG_PART_WORKERS, "gp", "child", NULL },
	{ WG_PART_WORKERS, "iro", "child", NULL },
	{ WG_PART_WORKERS, "personal-adviser", "child", NULL },
	{ WG_PART_WORKERS, "social-worker", "child", NULL },
	{ WG_PART_PEOPLE_1, "found", "notice", "by companions" },
	{ WG_PART_PEOPLE_1, "last-seen", "missing", "by with" },
	{ WG_PART_PEOPLE_2, "informant", "missing", NULL },
	{ WG_PART_PEOPLE_2, "missing", NULL, "associates family alleged-perpetrator" },
};

/* The part of what stands in none of those lists: of the innermost that says so. */
static enum wg_part part_by_holder(const xmlNode *node)
{
	const char *parent = wg_render_name(node->parent);
	bool header = false, child = false, episode = false;
	size_t depth = 0; /* elements above */
	for (const xmlNode *n = node->parent; n != NULL && n->type == XML_ELEMENT_NODE; n = n->parent, depth++) {
		header = header || wg_render_same(wg_render_name(n), "header");
		child = child || wg_render_same(wg_render_name(n), "child");
		episode = episode || wg_render_is(n, "notice", "episode");
	}
	if (episode)
		return WG_PART_EPISODE;
	if (wg_render_is(node, NULL, "attachment"))
		return WG_PART_PHOTOGRAPH;
	if (wg_render_is(node, NULL, "withheld"))
		return WG_PART_WITHHELD;
	if (wg_render_same(parent, "sharing"))
		return WG_PART_SHARING;
	if (wg_render_same(parent, "authorities"))
		return WG_PART_AUTHORITIES;
	if (header || child)
		return header ? WG_PART_ABOUT : WG_PART_IDENTITY;
	if (depth == 2 && wg_render_is(node, NULL, "other"))
		return WG_PART_OTHER;
	return depth >= 2 ? WG_PART_WHAT : WG_PART_IDENTITY;
}

enum wg_part wg_render_part(const xmlNode *node)
{
	const char *parent = wg_render_name(node->parent),
			   *above = parent[0] != '\0' ? wg_render_name(node->parent->parent) : "";
	for (size_t i = 0; i < WG_COUNT(parts); i++)
		if (wg_render_same(parts[i].parent, parent) &&
		    (parts[i].above == NULL || wg_render_same(parts[i].above, above)) &&
		    (parts[i].names == NULL || wg_list_has(parts[i].names, wg_render_name(node))))
			return parts[i].part;
	if (wg_render_same(parent, "delivery") || wg_render_same(parent, "operation"))
		return WG_PART_KEY_3;
	return part_by_holder(node);
}
