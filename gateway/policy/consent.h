/* Consent and wishes as records: who was told what and answered what about sharing, for which recipients and
 * categories, and until when. xsd/consent.xsd (urn:wardgate:consent:1) has the fields of ISO/IEC TS 27560 and the
 * states of the Data Privacy Vocabulary. A record says what somebody agreed to; what follows from it is the policy's to
 * say. */
#ifndef WG_POLICY_CONSENT_H
#define WG_POLICY_CONSENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/id.h"
#include "base/limits.h"
#include "notice/category.h"
#include "notice/notice.h"

/* From the one that allows sharing to the one that holds it back most: of two that say different things at the same
 * instant the later in this list counts. */
enum wg_consent_state {
	WG_CONSENT_GIVEN,
	WG_CONSENT_NOT_KNOWN,
	WG_CONSENT_NOT_SOUGHT,
	WG_CONSENT_EXPIRED, /* given once, its time is over: never recorded, only found */
	WG_CONSENT_REFUSED,
	WG_CONSENT_WITHDRAWN
};
#define WG_CONSENT_STATES 6
/* "given", "not-known", "not-sought", "expired", "refused", "withdrawn" */
const char *wg_consent_state_name(enum wg_consent_state state);
bool wg_consent_state_find(const char *name, enum wg_consent_state *out);

/* Texts are owned by the record; NULL where nothing was said. */
struct wg_consent {
	char id[WG_ID_TEXT];
	enum wg_consent_state state;
	int64_t at;                                /* when it was answered, wall ms */
	int64_t until;                             /* first instant at which it no longer holds; INT64_MAX without an end */
	char *to;                                  /* roles separated by blanks, or "*" */
	wg_categories categories;                  /* what it is about; all categories when none were named */
	char *answered_by;                         /* "child", "parental-responsibility", "carer", "nobody" */
	char *answered_name;                       /* personal data */
	char *competent;                           /* of a child: "yes", "no", "not-judged" */
	char *form;                                /* "spoken", "written", "form", "not-known" */
	char *told, *told_by, *told_at, *language; /* what the child was told, by whom, when as it was said */
	char *purpose, *limits, *reason;           /* reason: why it was not sought, or why it ended */
	char *message;     /* id of the notice that it came in with; NULL when it was recorded by hand */
	char *recorded_by; /* who put it in */
};

/* The records of one child, in any order. */
struct wg_consents;
enum wg_code wg_consents_new(struct wg_consents **out, struct wg_err *err) WG_MUST;
void wg_consents_freep(struct wg_consents **consents);
/* Takes over the record whether it works or not; one with the same id that is there already makes room for it. WG_LIMIT
 * above WG_CONSENTS_MAX. */
#define WG_CONSENTS_MAX 256
enum wg_code wg_consents_add(struct wg_consents *consents, struct wg_consent *record, struct wg_err *err) WG_MUST;
size_t wg_consents_count(const struct wg_consents *consents);
const struct wg_consent *wg_consents_at(const struct wg_consents *consents, size_t i);

/* What is in force at now (wall ms) for a role and one category (its number). Records of at > now count nothing. An
 * entry that names the role counts before one for "*", unless that one is later and refuses or withdraws: "nobody any
 * more" means everybody. Of those left the latest answer counts; of the same instant the one that holds back more. That
 * nobody asked, or that nobody knows, is no answer: it undoes none of an earlier instant. A given one whose until has
 * come is WG_CONSENT_EXPIRED. WG_CONSENT_NOT_KNOWN when there is none; consents may be NULL. *which (may be NULL): the
 * record that counted, or NULL. */
enum wg_consent_state wg_consents_state(const struct wg_consents *consents, const char *role, unsigned category,
                                        int64_t now, const struct wg_consent **which);
/* The first instant after now at which something that was given to a role, by name or to everybody, ends: what is in
 * force for it stays as it is until then. INT64_MAX when nothing given ends. */
int64_t wg_consents_until(const struct wg_consents *consents, const char *role, int64_t now);

/* One record as XML and back. WG_REJECT with the reason for what does not fit xsd/consent.xsd. xsd_dir: where it is; it
 * is read once and kept: wg_consent_ready does that for a process that cannot open files later. */
enum wg_code wg_consent_ready(const char *xsd_dir, struct wg_err *err) WG_MUST;
enum wg_code wg_consent_write(const struct wg_consent *record, struct wg_buf *out, struct wg_err *err) WG_MUST;
enum wg_code wg_consent_parse(const void *bytes, size_t len, const char *xsd_dir, struct wg_consent **out,
                              struct wg_err *err) WG_MUST;
void wg_consent_freep(struct wg_consent **record);

/* The first instant at which what holds until the end of a day ("2026-12-31", in London) no longer holds. */
bool wg_consent_until(const char *day, int64_t *out);

/* Adds a record for each sharing/consent of a notice, with what sharing/told says beside it. message: the id of the
 * message it came in with; at: the instant it was answered where the notice does not say (or says a later one), wall
 * ms. The ids of the records are made from message, number and answer: the same notice read again gives the same
 * records, one that a person has put right other ones. */
enum wg_code wg_consents_from_notice(struct wg_consents *consents, struct wg_notice *notice, const char *message,
                                     int64_t at, struct wg_err *err) WG_MUST;

#endif
