/* certs.c owns the list of all certificates that the gateway knows, and what a person has to hear of each. */
#include "role/certs_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "role/trust.h"
#include "sys/file.h"

#define DAY_MS ((int64_t)86400000)
/* A bundle of the system has 140 anchors, which are not the operator's to watch: of one that is larger than this only
 * the file is named. */
#define ANCHORS_SHOWN 16
/* More than a directory of every council, force and health organisation has. */
#define ITEMS_MAX 20000

const char *wg_cert_level_name(enum wg_cert_level level)
{
	static const char *const names[] = { "ok", "warning", "broken" };
	return level <= WG_CERT_LEVEL_BROKEN ? names[level] : "";
}

/* ---- items */

struct wg_cert_item *wg_certs_add(struct wg_certs_list *l, const char *what, const char *whose, const char *file)
{
	if (l->code == WG_OK && l->count >= ITEMS_MAX)
		l->code = wg_err_set(l->err, WG_LIMIT, "more than %d certificates", ITEMS_MAX);
	if (l->code == WG_OK && l->count == l->cap) {
		unsigned cap = l->cap > 0 ? 2 * l->cap : 64;
		struct wg_cert_item *more = reallocarray(l->items, cap, sizeof *more);
		if (more == NULL)
			l->code = wg_err_set(l->err, WG_SYSTEM, "no memory for a list of certificates");
		else {
			l->items = more;
			l->cap = cap;
		}
	}
	if (l->code != WG_OK)
		return NULL;
	struct wg_cert_item *item = &l->items[l->count++];
	*item = (struct wg_cert_item){ .what = what, .stage = -1 };
	(void)snprintf(item->whose, sizeof item->whose, "%s", whose); /* names: fit */
	(void)snprintf(item->file, sizeof item->file, "%s", file);    /* the size of paths */
	return item;
}

void wg_certs_say(struct wg_cert_item *item, enum wg_cert_level level, const char *fmt, ...)
{
	va_list args;
	size_t used = strlen(item->words);
	item->level = level > item->level ? level : item->level;
	if (used > 0 && used + 2 < sizeof item->words) {
		memcpy(item->words + used, "; ", 3);
		used += 2;
	}
	va_start(args, fmt);
	(void)vsnprintf(item->words + used, sizeof item->words - used, fmt, args); /* cut: words */
	va_end(args);
}

static int stage_of(int days, bool over)
{
	static const int steps[] = { 1, 7, 14, 30, 60 };
	if (over)
		return 0;
	for (size_t i = 0; i < WG_COUNT(steps); i++)
		if (days < steps[i])
			return steps[i];
	return -1;
}

void wg_certs_fill(const struct wg_certs_list *l, struct wg_cert_item *item, const struct wg_cert_facts *facts)
{
	memcpy(item->subject, facts->subject, sizeof item->subject);
	memcpy(item->key_type, facts->key_type, sizeof item->key_type);
	memcpy(item->fingerprint, facts->fingerprint, sizeof item->fingerprint);
	item->not_before = facts->not_before;
	item->not_after = facts->not_after;
	int64_t left = facts->not_after - l->now;
	item->days = (int)((left >= 0 ? left : left - DAY_MS + 1) / DAY_MS);
	item->stage = stage_of(item->days, left < 0);
}

/* How long it lasts; nothing where another has taken its place. lost: what stops when it is over. */
static void say_dates(const struct wg_certs_list *l, struct wg_cert_item *item, const char *lost)
{
	char when[WG_CLOCK_TEXT];
	if (item->stage == 0)
		wg_certs_say(item, WG_CERT_LEVEL_BROKEN, "it expired at %s: %s", wg_clock_format(item->not_after, when), lost);
	else if (item->not_before > l->now)
		wg_certs_say(item, WG_CERT_LEVEL_WARNING, "it is not valid before %s", wg_clock_format(item->not_before, when));
	else if (item->stage > 0)
		wg_certs_say(item, WG_CERT_LEVEL_WARNING, "it expires in %d %s: renew it; then %s", item->days,
		             item->days == 1 ? "day" : "days", lost);
}

static void say_common(const struct wg_certs_list *l, struct wg_cert_item *item, const struct wg_cert_facts *facts)
{
	if (facts->weak)
		wg_certs_say(item, WG_CERT_LEVEL_WARNING, "its key (%s) or the signature under it is too weak: replace it",
		             facts->key_type);
	if (facts->sample)
		wg_certs_say(item, l->config->samples ? WG_CERT_LEVEL_OK : WG_CERT_LEVEL_BROKEN,
		             "it is a sample made by certs-example/make: anybody can have its key");
}

/* ---- our own pairs */

/* Of a key in an HSM: what it opens of what others seal to its certificate. */
static void say_hsm(struct wg_cert_item *item, struct wg_key *key, const struct wg_cert_facts *facts)
{
	if (!wg_key_stays(key))
		return;
	const char *opens = wg_key_opens(key);
	if (opens[0] != '\0')
		wg_certs_say(item, WG_CERT_LEVEL_OK, "its key is in the HSM, which opens %s", opens);
	else if (facts->can_encrypt)
		wg_certs_say(
			item, WG_CERT_LEVEL_WARNING,
			"its key is in the HSM, which signs with it, and opens nothing (CKA_DECRYPT, of an EC key CKA_DERIVE): "
			"what "
			"is sealed to it stays closed");
	else
		wg_certs_say(item, WG_CERT_LEVEL_OK, "its key is in the HSM, which signs with it, and opens nothing");
}

/* The pair's certificate, after all that concerns every pair; NULL when it is not there. */
static struct wg_cert *own(struct wg_certs_list *l, struct wg_cert_item *item, const struct wg_pair *pair,
                           struct wg_cert_facts *facts, bool opens)
{
	struct wg_err err = { 0 };
	WG_CLEANUP(wg_key_freep) struct wg_key *key = NULL;
	WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL;
	enum wg_code code = wg_cert_load(pair->certificate, &cert, &err);
	if (code == WG_OK)
		code = wg_cert_facts(cert, facts, &err);
	if (code == WG_OK) {
		wg_certs_fill(l, item, facts);
		say_common(l, item, facts);
		if (l->keys)
			code = wg_key_load(pair->key, &key, &err);
		if (l->keys && code == WG_OK)
			code = wg_key_matches(key, cert, &err);
		if (code != WG_OK)
			(void)wg_err_add(&err, "%s", pair->key); /* said below */
		else if (key != NULL && opens)
			say_hsm(item, key, facts);
	}
	if (code != WG_OK)
		wg_certs_say(item, WG_CERT_LEVEL_BROKEN, "%s", err.text);
	return item->not_after != 0 ? wg_steal(&cert) : NULL;
}

/* host: what the certificate has to name; NULL for any. */
static void add_tls(struct wg_certs_list *l, const char *what, const struct wg_pair *pair, bool server,
                    const char *host)
{
	struct wg_cert_facts facts = { 0 };
	struct wg_cert_item *item = pair->certificate[0] != '\0' ? wg_certs_add(l, what, "", pair->certificate) : NULL;
	if (item == NULL)
		return;
	WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = own(l, item, pair, &facts, false);
	if (cert == NULL)
		return;
	item->used = true;
	if (!(server ? facts.server_auth : facts.client_auth))
		wg_certs_say(item, WG_CERT_LEVEL_BROKEN, "it is not made for a TLS %s (extended key usage)",
		             server ? "server" : "client");
	if (host != NULL && !wg_cert_names_host(cert, host))
		wg_certs_say(item, WG_CERT_LEVEL_BROKEN, "it does not name %s, under which others reach it", host);
	say_dates(l, item, server ? "nobody can connect" : "nobody lets us in");
}

static void add_storage(struct wg_certs_list *l)
{
	struct wg_cert_facts facts = { 0 };
	struct wg_cert_item *item = wg_certs_add(l, "storage", "", l->config->storage.certificate);
	if (item == NULL)
		return;
	WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = own(l, item, &l->config->storage, &facts, true);
	item->used = cert != NULL;
	if (cert != NULL && !facts.can_encrypt)
		wg_certs_say(item, WG_CERT_LEVEL_BROKEN, "its key usage does not allow encryption");
	/* nobody else looks at it: what was stored is still opened, and what comes is stored */
	if (item->stage >= 0)
		wg_certs_say(item, WG_CERT_LEVEL_WARNING, "it %s: renew it, and keep the key for what is stored",
		             item->stage == 0 ? "has expired" : "expires soon");
}

/* Our S/MIME pairs together: one has to sign, one has to be there to be written to. */
static void add_smime(struct wg_certs_list *l)
{
	unsigned first = l->count;
	size_t newest = SIZE_MAX;
	int64_t since = INT64_MIN, last_sign = 0, last_open = 0;
	bool can_sign[WG_CONFIG_SMIMES] = { false };
	for (unsigned i = 0; i < l->config->smime_count; i++) {
		struct wg_cert_facts facts = { 0 };
		struct wg_cert_item *item = wg_certs_add(l, "smime", "", l->config->smimes[i].certificate);
		if (item == NULL)
			return;
		WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = own(l, item, &l->config->smimes[i], &facts, true);
		if (cert == NULL || item->level == WG_CERT_LEVEL_BROKEN)
			continue;
		struct wg_revocation_verdict verdict;
		const struct wg_trust *trust = wg_trust_set_of(l->held.anchors, l->config->organisation);
		item->asked =
			trust != NULL && wg_revocation_judge(l->held.revocations, trust, cert, l->now, &verdict, NULL) == WG_OK;
		if (item->asked)
			item->revocation = verdict.state;
		if (item->asked && verdict.state == WG_REVOCATION_REVOKED) {
			wg_certs_say(item, WG_CERT_LEVEL_BROKEN, "%s: partners will not believe it; replace it", verdict.words);
			continue;
		}
		can_sign[i] = facts.can_sign && facts.not_before <= l->now && facts.not_after >= l->now;
		if (can_sign[i] && facts.not_before > since) {
			since = facts.not_before;
			newest = i;
		}
		if (facts.can_sign && facts.not_after > last_sign)
			last_sign = facts.not_after;
		if (facts.can_encrypt && facts.not_after > last_open)
			last_open = facts.not_after;
	}
	for (unsigned i = first; i < l->count; i++) {
		struct wg_cert_item *item = &l->items[i];
		bool last = item->not_after != 0 && (item->not_after == last_sign || item->not_after == last_open);
		item->used = i - first == newest || last;
		if (last)
			say_dates(l, item,
			          item->not_after == last_sign ? "nothing can be signed" : "partners cannot write to us sealed");
		else if (item->stage >= 0 && item->level != WG_CERT_LEVEL_BROKEN)
			item->stage = -1; /* the next one is there */
	}
	if (newest == SIZE_MAX && l->count > first)
		wg_certs_say(&l->items[first], WG_CERT_LEVEL_BROKEN, "none of our certificates can sign now: nothing is sent");
}

/* ---- the partners' */

/* One of several certificates of the same desk or organisation: some of them have to be good for long enough. */
struct group {
	unsigned first, good;
	int64_t last; /* until when one of the good is valid */
};

static void add_partner(struct wg_certs_list *l, struct group *g, const char *what, const char *whose, const char *file,
                        const struct wg_cert *cert, const char *fault, const struct wg_cert_judgement *j)
{
	struct wg_cert_facts facts = { 0 };
	struct wg_err err = { 0 };
	struct wg_cert_item *item = wg_certs_add(l, what, whose, file);
	if (item == NULL)
		return;
	if (cert == NULL || wg_cert_facts(cert, &facts, &err) != WG_OK) {
		wg_certs_say(item, WG_CERT_LEVEL_WARNING, "%s", fault != NULL ? fault : err.text);
		return;
	}
	wg_certs_fill(l, item, &facts);
	if (facts.sample && !l->config->samples)
		say_common(l, item, &facts);
	item->used = j->fault == WG_CERT_FINE;
	item->asked = j->asked;
	item->revocation = j->revocation;
	/* one that is over or not valid yet is what a change-over leaves and prepares */
	if (j->fault != WG_CERT_FINE && j->fault != WG_CERT_EXPIRED && j->fault != WG_CERT_EARLY)
		wg_certs_say(item, WG_CERT_LEVEL_WARNING, "%s", j->words);
	else if (j->fault == WG_CERT_FINE && j->doubt) /* of one that names nobody to ask: said, but nobody can mend it */
		wg_certs_say(item, j->revocation == WG_REVOCATION_NOWHERE ? WG_CERT_LEVEL_OK : WG_CERT_LEVEL_WARNING, "%s",
		             j->words);
	g->good += item->used;
	if ((item->used || j->fault == WG_CERT_EARLY) && facts.not_after > g->last)
		g->last = facts.not_after;
}

static void close_group(struct wg_certs_list *l, const struct group *g, const char *lost)
{
	for (unsigned i = g->first; l->code == WG_OK && i < l->count; i++) {
		struct wg_cert_item *item = &l->items[i];
		bool last = item->not_after == g->last;
		if (g->good == 0)
			wg_certs_say(item, WG_CERT_LEVEL_BROKEN, "%s%s",
			             item->stage == 0 ? "it has expired, and none is good: " : "none is good: ", lost);
		else if (last && item->stage > 0)
			wg_certs_say(item, WG_CERT_LEVEL_WARNING, "it expires in %d %s: ask for the next one; then %s", item->days,
			             item->days == 1 ? "day" : "days", lost);
		else if (!last)
			item->stage = -1;
	}
}

static void add_desks(struct wg_certs_list *l, const struct wg_desk_cert *certs, unsigned count)
{
	for (unsigned i = 0; i < count && l->code == WG_OK; i++) {
		const struct wg_desk_cert *c = &certs[i];
		char whose[2 * WG_LIMIT_NAME + 2];
		struct group g = { .first = l->count };
		(void)snprintf(whose, sizeof whose, "%s/%s", c->organisation->id, c->desk->name); /* fits */
		for (unsigned k = 0; k < c->count; k++) {
			struct wg_cert_judgement j;
			wg_desk_cert_judge(&l->held, c, k, l->now, &j);
			add_partner(l, &g, "desk", whose, c->desk->certificates[k], c->certs[k], c->faults[k], &j);
		}
		close_group(l, &g, "nothing can be sealed for this desk");
	}
}

static void add_signers(struct wg_certs_list *l, const struct wg_organisation *o)
{
	struct group g = { .first = l->count };
	const struct wg_judge judge = { .trust = wg_trust_set_of(l->held.anchors, o->id),
		                            .revocations = l->held.revocations,
		                            .need = wg_trust_need(o),
		                            .now = l->now,
		                            .purpose = WG_PURPOSE_SMIME_SIGN };
	for (unsigned k = 0; k < o->signer_count && l->code == WG_OK; k++) {
		WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL;
		struct wg_err err = { 0 };
		struct wg_cert_judgement j = { .fault = WG_CERT_CHAIN };
		if (wg_cert_load(o->signers[k], &cert, &err) == WG_OK)
			wg_cert_judge(&judge, cert, &j);
		add_partner(l, &g, "signer", o->id, o->signers[k], cert, err.text, &j);
	}
	close_group(l, &g, "what it signs is not believed");
}

/* ---- anchors and lists */

static bool listed(const struct wg_certs_list *l, const char *what, const char *file)
{
	for (unsigned i = 0; i < l->count; i++)
		if (l->items[i].what == what && strcmp(l->items[i].file, file) == 0)
			return true;
	return false;
}

static void add_anchor(struct wg_certs_list *l, const char *what, const char *whose, const char *file,
                       const struct wg_cert *cert)
{
	struct wg_cert_facts facts = { 0 };
	struct wg_err err = { 0 };
	struct wg_cert_item *item = wg_certs_add(l, what, whose, file);
	if (item == NULL)
		return;
	if (wg_cert_facts(cert, &facts, &err) != WG_OK) {
		wg_certs_say(item, WG_CERT_LEVEL_WARNING, "%s", err.text);
		return;
	}
	wg_certs_fill(l, item, &facts);
	item->used = true;
	if (item->stage == 0)
		wg_certs_say(item, WG_CERT_LEVEL_WARNING, "this anchor has expired: whom it vouches for is not believed");
	else
		say_dates(l, item, "whom this anchor vouches for is not believed");
}

static void add_anchors(struct wg_certs_list *l, const char *whose, const char *file)
{
	static const char what[] = "anchor";
	WG_AUTO_BUF struct wg_buf pem = WG_BUF(WG_LIMIT_CONFIG_FILE);
	struct wg_cert *certs[ANCHORS_SHOWN + 1];
	struct wg_err err = { 0 };
	unsigned count = 0;
	if (file[0] == '\0' || listed(l, what, file))
		return;
	enum wg_code code = wg_file_read(file, &pem, &err);
	if (code == WG_OK)
		code = wg_cert_parse_all(pem.data, pem.len, certs, ANCHORS_SHOWN + 1, &count, &err);
	struct wg_cert_item *item = code != WG_OK || count > ANCHORS_SHOWN ? wg_certs_add(l, what, whose, file) : NULL;
	if (item != NULL && code != WG_OK)
		wg_certs_say(item, WG_CERT_LEVEL_BROKEN, "%s", err.text);
	else if (item != NULL)
		(void)snprintf(item->subject, sizeof item->subject, "more than %d anchors", ANCHORS_SHOWN); /* fits */
	for (unsigned i = 0; i < count; i++) {
		if (count <= ANCHORS_SHOWN)
			add_anchor(l, what, whose, file, certs[i]);
		wg_cert_freep(&certs[i]);
	}
}

/* The lists that a person put there; what is fetched is told with the certificates that it is about. */
static void add_list(struct wg_certs_list *l, const char *whose, const char *file)
{
	static const char what[] = "list";
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(WG_REVOCATION_FILE_MAX);
	struct wg_revocation_times times;
	struct wg_err err = { 0 };
	char when[WG_CLOCK_TEXT];
	struct wg_cert_item *item = file[0] != '\0' && !listed(l, what, file) ? wg_certs_add(l, what, whose, file) : NULL;
	if (item == NULL)
		return;
	enum wg_code code = wg_file_read(file, &bytes, &err);
	if (code == WG_OK)
		code = wg_revocation_file_times(bytes.data, bytes.len, &times, &err);
	if (code != WG_OK) {
		wg_certs_say(item, WG_CERT_LEVEL_WARNING, "%s", err.text);
		return;
	}
	item->used = true;
	item->not_before = times.made;
	item->not_after = times.next;
	int64_t left = times.next - l->now;
	item->days = (int)((left >= 0 ? left : left - DAY_MS + 1) / DAY_MS);
	if (times.next < l->now)
		wg_certs_say(item, WG_CERT_LEVEL_WARNING, "this list ran out at %s: get the next one",
		             wg_clock_format(times.next, when));
}

/* ---- all */

/* The host that stands in a URL of ours (https://HOST[:PORT]/...). */
static void host_of(const char *url, char out[256])
{
	const char *p = strncmp(url, "https://", 8) == 0 ? url + 8 : url;
	bool bracket = *p == '[';
	p += bracket;
	(void)snprintf(out, 256, "%.*s", (int)strcspn(p, bracket ? "]" : ":/"), p); /* cut: no host name is longer */
}

static void add_own(struct wg_certs_list *l)
{
	const struct wg_config *c = l->config;
	char host[256];
	add_storage(l);
	add_smime(l);
	add_tls(l, "intake https", &c->https_in.tls, true, NULL);
	host_of(c->acknowledge.url, host);
	add_tls(l, "confirm page", &c->acknowledge.tls, true, host);
	add_tls(l, "mail out", &c->mail_out.tls, false, NULL);
	add_tls(l, "https out", &c->https_out.tls, false, NULL);
	add_tls(l, "mesh", &c->mesh.tls, false, NULL);
}

static void add_all_anchors(struct wg_certs_list *l)
{
	const struct wg_config *c = l->config;
	add_anchors(l, "", c->smime_ca);
	add_anchors(l, "", c->https_in.client_ca);
	add_anchors(l, "", c->mail_out.ca);
	add_anchors(l, "", c->https_out.ca);
	add_anchors(l, "", c->mesh.ca);
	for (unsigned i = 0; i < c->imap_count; i++)
		add_anchors(l, "", c->imaps[i].ca);
	add_list(l, "", c->smime_crl);
	add_list(l, "", c->https_in.crl);
	add_list(l, "", c->mail_out.crl);
	for (unsigned i = 0; i < wg_directory_count(l->directory); i++) {
		const struct wg_organisation *o = wg_directory_at(l->directory, i);
		add_anchors(l, o->id, o->trust_ca);
		add_list(l, o->id, o->trust_crl);
	}
}

enum wg_code wg_certs_list(const struct wg_config *config, const struct wg_directory *directory, int64_t now, bool keys,
                           struct wg_cert_item **out, unsigned *count, struct wg_err *err)
{
	struct wg_certs_list l = { .config = config, .directory = directory, .now = now, .keys = keys, .err = err };
	WG_CLEANUP(wg_trust_set_freep) struct wg_trust_set *anchors = NULL;
	WG_CLEANUP(wg_revocations_freep) struct wg_revocations *revocations = NULL;
	struct wg_desk_cert *certs = NULL;
	unsigned cert_count = 0;
	l.code = wg_anchors_load(directory, config->smime_ca, &anchors, err);
	if (l.code == WG_OK)
		l.code = wg_trust_revocations(config, directory, &revocations, NULL, err);
	if (l.code == WG_OK && config->https_in.crl[0] != '\0')
		l.code = wg_trust_add(revocations, config->https_in.crl, NULL, err);
	if (l.code == WG_OK)
		l.code = wg_desk_certs_load(directory, &certs, &cert_count, err);
	if (l.code == WG_OK) {
		l.held = (struct wg_held){ .anchors = anchors, .revocations = revocations };
		add_own(&l);
		add_desks(&l, certs, cert_count);
		for (unsigned i = 0; i < wg_directory_count(directory); i++)
			add_signers(&l, wg_directory_at(directory, i));
		wg_certs_add_peers(&l);
		add_all_anchors(&l);
	}
	wg_desk_certs_free(certs, cert_count);
	if (l.code != WG_OK) {
		free(l.items);
		return l.code;
	}
	*out = l.items;
	*count = l.count;
	return WG_OK;
}

enum wg_cert_level wg_certs_worst(const struct wg_cert_item *items, unsigned count)
{
	enum wg_cert_level worst = WG_CERT_LEVEL_OK;
	for (unsigned i = 0; i < count; i++)
		worst = items[i].level > worst ? items[i].level : worst;
	return worst;
}
