/* signer.c owns the binding of a signature to the organisation that handed a message in: the channel, the recorded
 * certificate, and the anchors must all name the same one.
 * SECURITY: what a stranger says of himself counts nowhere here; only what the directory has of him. */
#include "role/signer.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "role/trust.h"

/* The recorded one with that fingerprint; NULL when there is none. One that cannot be read says nothing of the others:
 * it counts when none of them is meant. */
static enum wg_code find(const struct wg_organisation *o, const char *fingerprint, struct wg_cert **out,
                         struct wg_err *err)
{
	struct wg_err fault = { 0 };
	for (unsigned i = 0; i < o->signer_count; i++) {
		WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL;
		struct wg_cert_facts facts;
		enum wg_code code = wg_cert_load(o->signers[i], &cert, &fault);
		if (code == WG_OK)
			code = wg_cert_facts(cert, &facts, &fault);
		if (code == WG_OK && strcmp(facts.fingerprint, fingerprint) == 0) {
			*out = wg_steal(&cert);
			return WG_OK;
		}
	}
	if (fault.code != WG_OK)
		*err = fault;
	return fault.code;
}

enum wg_code wg_signer_check(const struct wg_process *p, const char *organisation, const char *fingerprint,
                             const char *may_speak_for, struct wg_err *err)
{
	const struct wg_organisation *o = wg_directory_find(p->directory, organisation);
	WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL;
	struct wg_cert_judgement judgement;
	if (o == NULL || o->signer_count == 0)
		return wg_err_set(err, WG_CONFIG,
		                  "no signing certificate is recorded for %s: add <signer certificate=\"FILE\"/> to it in the "
		                  "directory, then wardgate queue retry",
		                  organisation);
	enum wg_code code = find(o, fingerprint, &cert, err);
	if (code != WG_OK)
		return code;
	if (cert == NULL || !wg_name_valid(o->id) || !wg_list_has(may_speak_for, o->id))
		return wg_err_set(err, WG_REJECT, "the sealed message was not signed by %s, who handed it in", organisation);
	const struct wg_judge judge = {
		.trust = wg_trust_set_of(p->anchors, o->id),
		.revocations = p->revocations,
		.need = wg_trust_need(o),
		.now = wg_clock_now(),
		.purpose = WG_PURPOSE_SMIME_SIGN,
	};
	wg_cert_judge(&judge, cert, &judgement);
	if (judgement.fault != WG_CERT_FINE)
		return wg_err_set(err, WG_CONFIG, "the certificate with which %s signed cannot be believed now: %s",
		                  organisation, judgement.words);
	if (judgement.doubt && judgement.revocation != WG_REVOCATION_NOWHERE)
		wg_log(WG_LOG_WARNING, "revocation-unknown", "organisation", organisation, "why", judgement.words, "alarm",
		       "trust", NULL);
	return WG_OK;
}
