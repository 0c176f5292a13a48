/* Places of the first two kinds with their category, written down by hand from the agreed shape before the schema was:
 * the tests hold the schema against this list. All places of all kinds: tests/corpora/notice-places.txt. */
#ifndef WG_TESTS_NOTICE_PLACES_H
#define WG_TESTS_NOTICE_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "pictures.h"

#define PAIRS_MAX 4

/* Places that must be there together share an entry; all of an entry have its category. A value "%" stands for words
 * made by the test. */
struct entry {
	const char *category;
	const char *kind; /* "missing", "found", or NULL for both */
	bool repeats;     /* the first path may be added once more */
	struct {
		const char *path, *value;
	} pairs[PAIRS_MAX];
};

#define BOTH NULL, false
#define MANY NULL, true
#define MISSING "missing", false
#define FOUND "found", false

static const struct entry entries[] = {
	{ "administrative",
	  MANY,
	  { { "header/concerns/@id", "01k9tess00examp1e0000000ld" }, { "header/concerns/@relation", "corrects" } } },
	{ "administrative", BOTH, { { "header/source/@system", "mail" }, { "header/source/@reference", "A-1" } } },
	{ "administrative", BOTH, { { "header/sent", "2026-11-20T22:41:00Z" } } },
	{ "administrative", BOTH, { { "header/marking", "OFFICIAL" } } },
	{ "administrative", BOTH, { { "header/sender/@desk", "front-door" } } },
	{ "administrative", BOTH, { { "authorities/placing", "830" }, { "authorities/placing/@name", "Derbyshire" } } },
	{ "administrative", BOTH, { { "authorities/host", "860" }, { "authorities/host/@name", "Staffordshire" } } },
	{ "administrative",
	  BOTH,
	  { { "authorities/police", "E23000015" },
	    { "authorities/police/@area", "host" },
	    { "authorities/police/@name", "x" } } },
	{ "episode", BOTH, { { "episode/police-reference", "%" }, { "episode/police-reference/@force", "%" } } },
	{ "risk", BOTH, { { "episode/risk", "HIGH" }, { "episode/risk/@scheme", "%" }, { "episode/risk/@said", "%" } } },
	{ "risk", BOTH, { { "episode/risk-reason", "%" } } },
	{ "episode", BOTH, { { "episode/previous-episodes", "%" } } },
	{ "episode",
	  BOTH,
	  { { "episode/reported", "%" },
	    { "episode/reported/@value", "2026-11-20T22:15:00+00:00" },
	    { "episode/reported/@precision", "day" } } },
	{ "legal-status", BOTH, { { "child/@looked-after", "true" } } },
	{ "identity", BOTH, { { "child/name/full", "%" }, { "child/name/known-as", "%" } } },
	{ "identity", BOTH, { { "child/date-of-birth", "2011-03-14" }, { "child/date-of-birth/@said", "%" } } },
	{ "identity", BOTH, { { "child/age", "%" } } },
	{ "identity", BOTH, { { "child/nhs-number", "9990000018" } } },
	{ "identity", MANY, { { "child/local-id", "%" }, { "child/local-id/@scheme", "%" } } },
	{ "description", BOTH, { { "child/sex", "F" } } },
	{ "description", BOTH, { { "child/gender", "%" } } },
	{ "equality", BOTH, { { "child/ethnicity", "%" }, { "child/ethnicity/@code", "WROM" } } },
	{ "equality", BOTH, { { "child/religion", "%" } } },
	{ "equality", BOTH, { { "child/sexual-orientation", "%" } } },
	{ "description", BOTH, { { "child/languages", "%" } } },
	{ "contact", BOTH, { { "child/home-address", "%" }, { "child/home-address/@postcode", "DE99 9ZZ" } } },
	{ "confidential-address",
	  BOTH,
	  { { "child/confidential-address", "%" }, { "child/confidential-address/@postcode", "DE99 8ZZ" } } },
	{ "contact", MANY, { { "child/telephone", "%" }, { "child/telephone/@network", "%" } } },
	{ "contact", MANY, { { "child/email", "%" } } },
	{ "description",
	  BOTH,
	  { { "child/description/build", "%" },
	    { "child/description/height", "%" },
	    { "child/description/hair", "%" },
	    { "child/description/eyes", "%" } } },
	{ "description",
	  BOTH,
	  { { "child/description/complexion", "%" },
	    { "child/description/marks", "%" },
	    { "child/description/clothing", "%" } } },
	{ "description",
	  BOTH,
	  { { "child/description/footwear", "%" },
	    { "child/description/accessories", "%" },
	    { "child/description/other", "%" } } },
	{ "photograph", BOTH, { { "child/photograph", "%" }, { "child/photograph/@answer", "yes" } } },
	{ "legal-status", BOTH, { { "child/legal-status", "%" }, { "child/legal-status/@code", "C2" } } },
	{ "care-plan", BOTH, { { "child/child-protection", "%" }, { "child/child-protection/@answer", "no" } } },
	{ "care-plan", BOTH, { { "child/care-plan", "%" } } },
	{ "disability", BOTH, { { "child/disability", "%" }, { "child/disability/@answer", "yes" } } },
	{ "health", BOTH, { { "child/health/conditions", "%" }, { "child/health/medication", "%" } } },
	{ "health",
	  BOTH,
	  { { "child/health/mental-health-section", "%" }, { "child/health/mental-health-section/@answer", "no" } } },
	{ "health", BOTH, { { "child/health/pregnancy", "%" }, { "child/health/pregnancy/@answer", "yes" } } },
	{ "online-identity", MANY, { { "child/online-identity", "%" } } },
	{ "placement",
	  BOTH,
	  { { "child/placement/type", "%" },
	    { "child/placement/type/@code", "K2" },
	    { "child/placement/provider", "%" } } },
	{ "placement", BOTH, { { "child/placement/address", "%" }, { "child/placement/address/@postcode", "ST99 9ZZ" } } },
	{ "placement", BOTH, { { "child/placement/telephone", "%" }, { "child/placement/telephone/@network", "%" } } },
	{ "professional-contact",
	  BOTH,
	  { { "child/social-worker/name", "%" },
	    { "child/social-worker/telephone", "%" },
	    { "child/social-worker/email", "%" },
	    { "child/social-worker/team", "%" } } },
	{ "contact", BOTH, { { "child/school", "%" } } },
	{ "last-seen",
	  MISSING,
	  { { "missing/last-seen/when", "%" },
	    { "missing/last-seen/when/@value", "2026-11-20T20:30:00Z" },
	    { "missing/last-seen/when/@precision", "minute" } } },
	{ "last-seen", MISSING, { { "missing/last-seen/where", "%" } } },
	{ "third-party", MISSING, { { "missing/last-seen/by", "%" }, { "missing/last-seen/with", "%" } } },
	{ "last-seen", MISSING, { { "missing/missing-from", "%" }, { "missing/missing-from/@postcode", "ST99 8ZZ" } } },
	{ "circumstances",
	  MISSING,
	  { { "missing/circumstances", "%" }, { "missing/intentions", "%" }, { "missing/items-taken", "%" } } },
	{ "circumstances", MISSING, { { "missing/out-of-character", "%" }, { "missing/out-of-character/@answer", "no" } } },
	{ "circumstances",
	  MISSING,
	  { { "missing/places", "%" }, { "missing/transport", "%" }, { "missing/steps-taken", "%" } } },
	{ "circumstances",
	  MISSING,
	  { { "missing/money", "%" }, { "missing/money/@answer", "no" }, { "missing/other", "%" } } },
	{ "risk", MISSING, { { "missing/concern", "%" }, { "missing/concern/@answer", "yes" } } },
	{ "risk",
	  MISSING,
	  { { "missing/victim-of-crime", "%" },
	    { "missing/victim-of-crime/@answer", "yes" },
	    { "missing/victim-of-abuse", "%" },
	    { "missing/victim-of-abuse/@answer", "yes" } } },
	{ "risk",
	  MISSING,
	  { { "missing/danger-to-others", "%" },
	    { "missing/danger-to-others/@answer", "yes" },
	    { "missing/previous-harm", "%" },
	    { "missing/previous-harm/@answer", "yes" } } },
	{ "exploitation", MISSING, { { "missing/exploitation", "%" }, { "missing/exploitation/@answer", "yes" } } },
	{ "self-harm", MISSING, { { "missing/self-harm", "%" }, { "missing/self-harm/@answer", "yes" } } },
	{ "substance-use", MISSING, { { "missing/substance-use", "%" }, { "missing/substance-use/@answer", "no" } } },
	{ "offending", MISSING, { { "missing/offending", "%" }, { "missing/offending/@answer", "no" } } },
	{ "health", MISSING, { { "missing/medical-needs", "%" }, { "missing/medical-needs/@answer", "no" } } },
	{ "third-party", MISSING, { { "missing/associates", "%" } } },
	{ "family", MISSING, { { "missing/family", "%" } } },
	{ "third-party", MISSING, { { "missing/informant/name", "%" }, { "missing/informant/relationship", "%" } } },
	{ "third-party",
	  MISSING,
	  { { "missing/informant/address", "%" },
	    { "missing/informant/address/@postcode", "ST99 7ZZ" },
	    { "missing/informant/telephone", "%" },
	    { "missing/informant/telephone/@network", "%" } } },
	{ "alleged-perpetrator", MISSING, { { "missing/alleged-perpetrator", "%" } } },
	{ "episode",
	  FOUND,
	  { { "found/when", "%" },
	    { "found/when/@value", "2026-11-21T01:30:00Z" },
	    { "found/when/@precision", "hour" },
	    { "found/how", "%" } } },
	{ "last-seen", FOUND, { { "found/where", "%" }, { "found/where/@postcode", "ST99 6ZZ" } } },
	{ "third-party", FOUND, { { "found/by", "%" }, { "found/companions", "%" } } },
	{ "placement", FOUND, { { "found/returned-to", "%" } } },
	{ "episode",
	  FOUND,
	  { { "found/returned-at", "%" },
	    { "found/returned-at/@value", "2026-11-21T02:30:00Z" },
	    { "found/returned-at/@precision", "hour" } } },
	{ "circumstances",
	  FOUND,
	  { { "found/refused-return", "%" }, { "found/refused-return/@answer", "no" }, { "found/whereabouts", "%" } } },
	{ "health", FOUND, { { "found/condition", "%" } } },
	{ "risk", FOUND, { { "found/harm", "%" }, { "found/harm/@answer", "no" } } },
	{ "offending", FOUND, { { "found/crime", "%" }, { "found/crime/@answer", "no" } } },
	{ "child-account", FOUND, { { "found/reasons", "%" } } },
	{ "exploitation", FOUND, { { "found/exploitation", "%" }, { "found/exploitation/@answer", "yes" } } },
	{ "self-harm", FOUND, { { "found/self-harm", "%" }, { "found/self-harm/@answer", "yes" } } },
	{ "substance-use", FOUND, { { "found/substance-use", "%" }, { "found/substance-use/@answer", "yes" } } },
	{ "circumstances",
	  FOUND,
	  { { "found/prevention-interview", "%" },
	    { "found/prevention-interview/@answer", "no" },
	    { "found/not-interviewed-reason", "%" },
	    { "found/other", "%" } } },
	{ "recommendation", FOUND, { { "found/next-steps", "%" } } },
	{ "sharing", BOTH, { { "sharing/told", "%" }, { "sharing/told/@by", "%" }, { "sharing/told/@at", "%" } } },
	{ "sharing",
	  BOTH,
	  { { "sharing/consent", "%" },
	    { "sharing/consent/@to", "school" },
	    { "sharing/consent/@state", "refused" },
	    { "sharing/consent/@by", "%" } } },
	{ "wishes", BOTH, { { "sharing/wishes", "%" } } },
	{ "photograph",
	  BOTH,
	  { { "attachment", PNG_BASE64 },
	    { "attachment/@name", "%" },
	    { "attachment/@type", "image/png" },
	    { "attachment/@sha256", PNG_SHA256 } } },
};

/* The words of one place; no two places share them, and none is part of another. */
static inline const char *words_of(size_t entry, size_t pair, char *out, size_t size)
{
	const char *value = entries[entry].pairs[pair].value;
	if (value[0] != '%')
		return value;
	(void)snprintf(out, size, "Zq%03zu%zu & <Specimen>", entry, pair);
	return out;
}

#endif
