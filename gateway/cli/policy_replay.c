/* policy_replay.c owns `wardgate policy replay`: what past messages would have come to under another policy. It reads,
 * and changes nothing; every message it opens is logged with who asked.
 * SECURITY: opens notices: they stay in this process and are wiped; what is printed names kinds, recipients, categories
 * and message ids only. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/operator.h"
#include "cli/policy.h"
#include "cli/policy_gain.h"
#include "cli/policy_past.h"
#include "crypto/crypto.h"
#include "role/match.h"

#define REPLAY_OUTPUT ((size_t)64 << 20)
/* How often it says on stderr how far it is. */
#define REPLAY_STEP 200

struct replay {
	const struct wg_cli *cli;
	const char *new_file, *since_text, *until_text;
	int64_t since, until;
	struct wg_config *config;
	struct wg_policy_room room;
	const struct wg_policy *policy;
	const struct wg_directory *directory;
	struct wg_admin admin;
	struct wg_key *key;
	struct wg_cert *cert;
	char who[WG_OPERATOR_TEXT];
	struct wg_pasts pasts;
	struct wg_policy_gains gains;
	struct wg_buf unreplayed;
	unsigned messages, replayed, differing, left;
};

/* What is known beside one message; too large for a stack frame of its own. */
struct known {
	struct wg_consents *consents;
	struct wg_told told[WG_STORE_TOLD_MAX];
	unsigned told_count;
	char episode[WG_STORE_RELATED_MAX][WG_ID_TEXT];
	const char *live;
	char now[WG_CLOCK_TEXT];
};

/* ---- opening */

static enum wg_code open_sealed(struct replay *r, const void *sealed, size_t len, struct wg_buf *out,
                                struct wg_err *err)
{
	return wg_cms_decrypt(r->key, r->cert, sealed, len, out, err);
}

static enum wg_code open_notice(struct replay *r, const char *message, struct wg_notice **out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf sealed = WG_BUF(WG_LIMIT_ENVELOPE), bytes = WG_BUF(WG_LIMIT_NOTICE);
	enum wg_code code = wg_client_blob(r->admin.client, message, "notice", r->who, &sealed, err);
	if (code == WG_NOT_FOUND)
		return wg_err_set(err, WG_NOT_FOUND, "its content is not kept any more");
	if (code == WG_OK)
		code = open_sealed(r, sealed.data, sealed.len, &bytes, err);
	if (code == WG_OK)
		code = wg_notice_parse(r->room.schema, bytes.data, bytes.len, "the kept notice", out, err);
	wg_buf_wipe(&bytes);
	return code;
}

static enum wg_code add_record(struct replay *r, const struct wg_record *record, struct wg_consents *consents,
                               struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf xml = WG_BUF(WG_STORE_RECORD_MAX);
	struct wg_consent *consent = NULL;
	enum wg_code code = open_sealed(r, record->blob, record->blob_len, &xml, err);
	if (code == WG_OK)
		code = wg_consent_parse(xml.data, xml.len, r->room.paths.xsd, &consent, err);
	wg_buf_wipe(&xml);
	for (size_t i = 0; code == WG_OK && i < wg_consents_count(consents); i++)
		if (strcmp(wg_consents_at(consents, i)->id, consent->id) == 0) { /* it came in with this notice */
			wg_consent_freep(&consent);
			return WG_OK;
		}
	return code == WG_OK ? wg_consents_add(consents, consent, err) : code;
}

/* ---- the facts of then */

/* What the child had answered: the notice's own, and all that the store keeps; later ones do not count by their time.
 */
static enum wg_code read_consents(struct replay *r, const struct wg_past *past, struct wg_notice *notice,
                                  struct known *known, struct wg_err *err)
{
	struct wg_record *records = NULL;
	unsigned count = 0;
	uint64_t child = 0;
	enum wg_code code = wg_consents_new(&known->consents, err);
	if (code == WG_OK)
		code = wg_consents_from_notice(known->consents, notice, past->message, past->decided, err);
	if (code != WG_OK)
		return code;
	code = wg_client_child(r->admin.client, past->message, NULL, 0, &child, err);
	if (code == WG_NOT_FOUND || code == WG_REJECT) /* nobody knows which child it is about: then it has no records */
		return WG_OK;
	if (code != WG_OK)
		return code;
	code = wg_client_records(r->admin.client, child, r->who, &records, &count, err);
	for (unsigned i = 0; code == WG_OK && i < count; i++)
		code = add_record(r, &records[i], known->consents, err);
	wg_records_free(records, count);
	return code;
}

/* A correction or recall follows the copies of what it names, everything else those of its episode. */
static enum wg_code read_told(struct replay *r, const struct wg_past *past, struct wg_notice *notice,
                              struct known *known, unsigned episode, struct wg_err *err)
{
	bool named = strcmp(past->kind, "correction") == 0 || strcmp(past->kind, "recall") == 0;
	enum wg_relation relation = WG_RELATION_NONE;
	bool follows =
		wg_match_relation(past->kind, &relation) && (relation == WG_RELATION_CLOSES || relation == WG_RELATION_WITHIN);
	enum wg_code code = WG_OK;
	for (unsigned i = 0; code == WG_OK && !named && follows && i < episode; i++)
		code = wg_past_told(r->admin.client, known->episode[i], past->decided, known->told, &known->told_count,
		                    WG_STORE_TOLD_MAX, err);
	for (unsigned i = 1; code == WG_OK && named && i <= 9; i++) { /* places are read up to the ninth */
		char path[32], id[WG_LIMIT_NAME + 1];
		(void)snprintf(path, sizeof path, "header/concerns[%u]/@id", i);
		if (!wg_notice_get_into(notice, path, id, sizeof id))
			break;
		code =
			wg_past_told(r->admin.client, id, past->decided, known->told, &known->told_count, WG_STORE_TOLD_MAX, err);
		code = code == WG_NOT_FOUND || code == WG_REJECT ? WG_OK : code; /* a name that its sender gave it */
	}
	return code;
}

static enum wg_code know(struct replay *r, const struct wg_past *past, struct wg_notice *notice, struct known *known,
                         struct wg_err *err)
{
	unsigned episode = 0;
	(void)wg_clock_format(past->decided + 1000, known->now); /* the register has whole seconds, cut; so it counts what
	                                                            was said in the same one, as the gateway does */
	enum wg_code code = read_consents(r, past, notice, known, err);
	if (code == WG_OK)
		code = wg_past_episode(r->admin.client, past->message, known->episode, &episode, &known->live, err);
	return code == WG_OK ? read_told(r, past, notice, known, episode, err) : code;
}

/* ---- comparing */

static const struct wg_decision *find_decision(const struct wg_decisions *all, const struct wg_past *past)
{
	for (unsigned i = 0; i < all->count; i++)
		if (strcmp(all->list[i].organisation->id, past->organisation) == 0 &&
		    strcmp(all->list[i].desk->name, past->desk) == 0)
			return &all->list[i];
	return NULL;
}

/* The last decision about that recipient that still stands; NULL when there is none. */
static const struct wg_past *find_past(const struct wg_past *pasts, size_t count, const char *organisation,
                                       const char *desk)
{
	const struct wg_past *last = NULL;
	for (size_t i = 0; i < count; i++)
		if (!pasts[i].superseded && strcmp(pasts[i].organisation, organisation) == 0 &&
		    strcmp(pasts[i].desk, desk) == 0)
			last = &pasts[i];
	return last;
}

/* Those who were decided about at that time; of the newest time also those who would be recipients now. */
static bool compare(struct replay *r, const struct wg_past *pasts, size_t count, int64_t at, bool newest,
                    const struct wg_decisions *is)
{
	char who[WG_POLICY_WHO_TEXT];
	bool differs = false;
	for (size_t i = 0; i < count; i++) {
		const struct wg_past *p = &pasts[i];
		if (p->decided != at || find_past(pasts, count, p->organisation, p->desk) != p)
			continue;
		struct wg_policy_stand was = { true, p->verdict, p->given }, now = wg_policy_stand(find_decision(is, p));
		(void)snprintf(who, sizeof who, "%s of %s (%s/%s)", p->role, p->of, p->organisation, p->desk);
		differs = wg_policy_gains_add(&r->gains, p->kind, who, p->message, &was, &now) || differs;
	}
	for (unsigned i = 0; newest && i < is->count; i++) {
		const struct wg_decision *d = &is->list[i];
		struct wg_policy_stand was = { 0 }, now = wg_policy_stand(d);
		if (find_past(pasts, count, d->organisation->id, d->desk->name) == NULL)
			differs = wg_policy_gains_add(&r->gains, pasts->kind, wg_policy_who(d, who), pasts->message, &was, &now) ||
			          differs;
	}
	return differs;
}

/* The last decision that stands and was taken before that time; NULL when there is none. Who had a copy already was
 * left alone when the message was decided again, so the decisions of one message may be of several times. */
static const struct wg_past *latest(const struct wg_past *pasts, size_t count, int64_t before)
{
	const struct wg_past *last = NULL;
	for (size_t i = 0; i < count; i++)
		if (!pasts[i].superseded && pasts[i].decided < before && (last == NULL || pasts[i].decided >= last->decided))
			last = &pasts[i];
	return last;
}

static enum wg_code decide_at(struct replay *r, const struct wg_past *at, struct wg_notice *notice, struct known *known,
                              struct wg_decisions **out, struct wg_err *err)
{
	enum wg_code code = know(r, at, notice, known, err);
	struct wg_facts facts = { .self = r->config->organisation,
		                      .submitter = at->sender,
		                      .own = strcmp(at->sender, r->config->organisation) == 0,
		                      .now = known->now,
		                      .live_episode = known->live,
		                      .consents = known->consents,
		                      .told = known->told,
		                      .told_count = known->told_count };
	return code == WG_OK ? wg_decide(r->policy, r->directory, notice, &facts, out, err) : code;
}

static enum wg_code decide_one(struct replay *r, const struct wg_past *pasts, size_t count, const struct wg_past *at,
                               bool newest, struct wg_notice *notice, bool *differs, struct wg_err *err)
{
	struct wg_decisions *decisions = NULL;
	struct known *known = calloc(1, sizeof *known);
	if (known == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a message");
	enum wg_code code = decide_at(r, at, notice, known, &decisions, err);
	if (code == WG_OK)
		*differs = compare(r, pasts, count, at->decided, newest, decisions) || *differs;
	wg_decisions_freep(&decisions);
	wg_consents_freep(&known->consents);
	free(known);
	return code;
}

static enum wg_code decide(struct replay *r, const struct wg_past *pasts, size_t count, struct wg_err *err)
{
	WG_AUTO_NOTICE struct wg_notice *notice = NULL;
	bool differs = false;
	const struct wg_past *last = latest(pasts, count, INT64_MAX);
	for (size_t i = 0; i < count; i++)
		if (pasts[i].unreadable && !pasts[i].superseded)
			return wg_err_set(err, WG_REJECT, "the record of a decision cannot be read");
	if (last == NULL)
		return wg_err_set(err, WG_REJECT, "everything that was decided about it has been superseded");
	enum wg_code code = open_notice(r, last->message, &notice, err);
	for (const struct wg_past *at = last; code == WG_OK && at != NULL; at = latest(pasts, count, at->decided))
		code = decide_one(r, pasts, count, at, at == last, notice, &differs, err);
	if (code == WG_OK)
		r->differing += differs;
	return code;
}

/* ---- all messages */

static void leave(struct replay *r, const char *message, const struct wg_err *why)
{
	if (r->cli->json) {
		wg_buf_printf(&r->unreplayed, "%s{\"message\":\"%s\",\"reason\":", r->left > 0 ? "," : "", message);
		wg_buf_put_json(&r->unreplayed, why->text);
		wg_buf_putc(&r->unreplayed, '}');
	} else {
		wg_buf_printf(&r->unreplayed, "  %s  %s\n", message, why->text);
	}
	r->left++;
}

static enum wg_code replay_message(struct replay *r, const struct wg_past *pasts, size_t count, struct wg_err *err)
{
	struct wg_err why = { 0 };
	enum wg_code code = decide(r, pasts, count, &why);
	r->messages++;
	r->replayed += code == WG_OK;
	if (code == WG_AGAIN || code == WG_SYSTEM) { /* the store is gone: nothing more can be said */
		*err = why;
		return code;
	}
	if (code != WG_OK)
		leave(r, pasts->message, &why);
	if (r->messages % REPLAY_STEP == 0)
		(void)fprintf(stderr, "wardgate policy replay: %u messages\n", r->messages);
	return WG_OK;
}

static enum wg_code replay_all(struct replay *r, struct wg_err *err)
{
	enum wg_code code = wg_pasts_read(r->admin.client, r->who, r->since, r->until, &r->pasts, err);
	for (size_t i = 0, n; code == WG_OK && i < r->pasts.count; i += n) {
		const struct wg_past *first = &r->pasts.list[i];
		for (n = 1; i + n < r->pasts.count && strcmp(first[n].message, first->message) == 0; n++)
			;
		code = replay_message(r, first, n, err);
	}
	return code;
}

static enum wg_code open_all(struct replay *r, struct wg_err *err)
{
	(void)wg_operator(r->who);
	enum wg_code code = wg_cli_config(r->cli, &r->config, err);
	if (code == WG_OK)
		code = wg_policy_room_open(&r->room, err);
	if (code == WG_OK)
		code = wg_policy_room_policy(&r->room, r->new_file, &r->policy, err);
	if (code == WG_OK)
		code = wg_policy_room_directory(&r->room, r->config->directory, &r->directory, err);
	if (code == WG_OK)
		code = wg_key_load(r->config->storage.key, &r->key, err);
	if (code == WG_OK)
		code = wg_cert_load(r->config->storage.certificate, &r->cert, err);
	return code == WG_OK ? wg_admin_open(r->config, &r->admin, err) : code;
}

static void close_all(struct replay *r)
{
	wg_pasts_free(&r->pasts);
	wg_policy_gains_free(&r->gains);
	wg_buf_free(&r->unreplayed);
	if (r->admin.client != NULL)
		wg_admin_close(&r->admin);
	wg_cert_freep(&r->cert);
	wg_key_freep(&r->key);
	wg_policy_room_close(&r->room);
	free(r->config);
}

static enum wg_code say(struct replay *r, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(REPLAY_OUTPUT);
	bool json = r->cli->json;
	char from[WG_CLOCK_TEXT], to[WG_CLOCK_TEXT];
	(void)wg_clock_format(r->since, from);
	(void)wg_clock_format(r->until, to);
	wg_buf_printf(&out,
	              json ? "{\"policy\":\"%s\",\"since\":\"%s\",\"until\":\"%s\",\"gains\":"
	                   : "What was decided by other rules, under %s, from %s to %s:\n",
	              wg_policy_version(r->policy), from, to);
	enum wg_code code = wg_policy_gains_print(&r->gains, json, &out, err);
	if (code != WG_OK)
		return code;
	if (json)
		wg_buf_printf(&out,
		              ",\"messages\":%u,\"replayed\":%u,\"differing\":%u,\"gained\":%u,\"lost\":%u,"
		              "\"not-replayed\":[%s]}\n",
		              r->messages, r->replayed, r->differing, r->gains.gained, r->gains.lost,
		              wg_buf_text(&r->unreplayed));
	else
		wg_buf_printf(&out,
		              "%s%s%u of %u messages replayed, %u come to something else: %u categories gained, %u lost\n",
		              r->left > 0 ? "Could not be replayed:\n" : "", wg_buf_text(&r->unreplayed), r->replayed,
		              r->messages, r->differing, r->gains.gained, r->gains.lost);
	code = wg_buf_check(&out, "what the replay found", err);
	if (code == WG_OK && !wg_print(&out))
		code = wg_err_set(err, WG_SYSTEM, "what the replay found could not be written");
	return code;
}

/* A day is its first instant in London. */
static bool read_time(const char *text, int64_t *out)
{
	char whole[WG_CLOCK_TEXT];
	if (wg_clock_parse(text, out))
		return true;
	int n = snprintf(whole, sizeof whole, "%sT00:00:00Z", text);
	if (n < 0 || (size_t)n >= sizeof whole || !wg_clock_parse(whole, out))
		return false;
	*out -= (int64_t)wg_clock_london_offset(*out) * 60 * 1000;
	return true;
}

int wg_policy_replay(const struct wg_cli *cli, int argc, char **argv)
{
	struct replay r = { .cli = cli, .unreplayed = WG_BUF(REPLAY_OUTPUT), .until = INT64_MAX };
	struct wg_err err = { 0 };
	int operands;
	const struct wg_option options[] = { { "since", &r.since_text, NULL },
		                                 { "until", &r.until_text, NULL },
		                                 { NULL, NULL, NULL } };
	if (!wg_options(options, argc, argv, &operands))
		return EX_USAGE;
	if (operands != 1 || r.since_text == NULL)
		return wg_misuse(&wg_command_policy, "replay names one NEW policy, and --since DATE");
	if (!read_time(r.since_text, &r.since) || (r.until_text != NULL && !read_time(r.until_text, &r.until)))
		return wg_misuse(&wg_command_policy, "--since and --until want a day like 2026-11-01, or a time");
	if (r.until_text == NULL)
		r.until = wg_clock_now() + 1;
	r.new_file = argv[1];
	enum wg_code code = open_all(&r, &err);
	if (code == WG_OK)
		code = replay_all(&r, &err);
	if (code == WG_OK)
		code = say(&r, &err);
	int status = code != WG_OK ? wg_fail("policy replay", &err) : EX_OK;
	close_all(&r);
	return status;
}
