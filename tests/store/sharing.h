/* What the tests of sharing are made of: messages of invented children with what their notices say and what was decided
 * about them. */
#ifndef TESTS_STORE_SHARING_H
#define TESTS_STORE_SHARING_H

#include <time.h>

#include "scene.h"
#include "store/client.h"

/* One message as process hands it in. What is not named is nothing. */
struct notice {
	const char *organisation; /* NULL: oatshire-police */
	enum wg_relation relation;
	const char *nhs; /* the child's number; NULL: nobody */
	const char *reference;
	const char *confidential; /* a postcode that must not become known */
	const struct wg_dlv_new *deliveries;
	unsigned delivery_count;
	const char *notice_id, *concerns;
	bool recalls;
	const struct wg_record_new *consents;
	unsigned consent_count;
	enum wg_child_choice choice;
	const char *child_as;
	const char *content_key; /* "" or NULL: none */
	bool watches, live;      /* decided as of a child that is missing, or is not */
};

static inline unsigned notice_keys(const struct notice *n, struct wg_match_key keys[4])
{
	unsigned count = 0;
	if (n->nhs != NULL)
		keys[count++] = rig_key(WG_KEY_NHS, n->nhs);
	if (n->reference != NULL)
		keys[count++] = rig_key(WG_KEY_REFERENCE, n->reference);
	if (n->confidential != NULL)
		keys[count++] = rig_key(WG_KEY_CONFIDENTIAL, n->confidential);
	return count;
}

/* A message number n that waits. */
static inline void accept_notice(struct scene *s, unsigned n, const struct notice *notice, char id[WG_ID_TEXT])
{
	struct wg_err err = { 0 };
	struct wg_msg_receipt r;
	struct wg_msg_new m = rig_message(n);
	if (notice->organisation != NULL)
		(void)snprintf(m.organisation, sizeof m.organisation, "%s", notice->organisation); /* short */
	OK(wg_store_add(s->store, s->now, &m, &r, &err));
	assert_false(r.duplicate);
	memcpy(id, r.id, WG_ID_TEXT);
}

/* Completes a leased one. */
static inline struct wg_msg_done_result complete_notice(struct scene *s, const struct wg_msg_job *job,
                                                        const struct notice *n)
{
	struct wg_err err = { 0 };
	struct wg_match_key keys[4];
	struct wg_msg_done_result result;
	struct wg_msg_done done = rig_done(job->id, job->token, n->deliveries, n->delivery_count);
	done.relation = n->relation;
	done.keys = keys;
	done.key_count = notice_keys(n, keys);
	done.concerns = n->concerns;
	done.recalls = n->recalls;
	done.consents = n->consents;
	done.consent_count = n->consent_count;
	done.child_choice = n->choice;
	done.watches_live = n->watches;
	done.live = n->live;
	if (n->notice_id != NULL)
		(void)snprintf(done.notice_id, sizeof done.notice_id, "%s", n->notice_id); /* short */
	if (n->content_key != NULL)
		(void)snprintf(done.content_key, sizeof done.content_key, "%s", n->content_key); /* short */
	if (n->child_as != NULL)
		memcpy(done.child_as, n->child_as, WG_ID_TEXT);
	OK(wg_store_done(s->store, s->now, &done, &result, &err));
	return result;
}

/* The next message that waits, completed; it must be this one. */
static inline struct wg_msg_done_result decide_notice(struct scene *s, const char *id, const struct notice *n)
{
	struct wg_msg_job job = take_message(s);
	assert_string_equal(job.id, id);
	return complete_notice(s, &job, n);
}

static inline void send_notice(struct scene *s, unsigned n, const struct notice *notice, char id[WG_ID_TEXT])
{
	accept_notice(s, n, notice, id);
	(void)decide_notice(s, id, notice);
}

/* What the store knows of a message that waits, or waited. */
static inline struct wg_context context_of(struct scene *s, const char *id, const struct notice *n)
{
	struct wg_err err = { 0 };
	struct wg_match_key keys[4];
	struct wg_context c = { 0 };
	unsigned count = notice_keys(n, keys);
	OK(wg_store_context(s->store, id, n->relation, keys, count, n->choice, n->child_as != NULL ? n->child_as : "",
	                    n->concerns, &c, &err));
	return c;
}

/* "desk/side" of those told, in order, separated by blanks. */
static inline const char *told_words(const struct wg_context *c)
{
	static char words[1024];
	words[0] = '\0';
	for (unsigned i = 0; i < c->told_count; i++) {
		size_t used = strlen(words);
		(void)snprintf(words + used, sizeof words - used, "%s%s/%s", used > 0 ? " " : "", c->told[i].desk,
		               c->told[i].of); /* short */
	}
	return words;
}

/* The context of a notice said in one line: child known, live, doubt, unknown; then who was told. */
static inline void expect_context(struct scene *s, const char *id, const struct notice *n, const char *want)
{
	char got[1200];
	struct wg_context c = context_of(s, id, n);
	(void)snprintf(got, sizeof got, "%s%s%s%stold: %s", c.child != 0 ? "child " : "", c.live ? "live " : "",
	               c.doubt ? "doubt " : "", c.concerns_unknown ? "unknown " : "", told_words(&c)); /* short */
	wg_context_free(&c);
	if (strcmp(got, want) != 0)
		fail_msg("\"%s\" instead of \"%s\"", got, want);
}

/* The last delivery of a message to a desk. */
static inline struct wg_dlv_rec delivery_to(struct scene *s, const char *message, const char *desk)
{
	char sql[256];
	struct wg_err err = { 0 };
	struct wg_dlv_rec d;
	(void)snprintf(
		sql, sizeof sql,
		"SELECT max(d.seq) FROM delivery d JOIN message m ON m.seq = d.message WHERE m.id = '%s' AND d.desk = "
		"'%s'",
		message, desk); /* short */
	OK(wg_delivery_by_seq(s->store, number(s, sql), &d, &err));
	return d;
}

static inline void expect_delivery(struct scene *s, const char *message, const char *desk, enum wg_delivery_state want)
{
	struct wg_dlv_rec d = delivery_to(s, message, desk);
	if (d.state != want)
		fail_msg("to %s: %s instead of %s", desk, wg_delivery_state_name(d.state), wg_delivery_state_name(want));
}

/* A delivery of meadowton to desk, under the side `of`. */
static inline struct wg_dlv_new to_desk(const char *desk, const char *of, enum wg_delivery_state state)
{
	struct wg_dlv_new d = rig_delivery("meadowton", desk);
	(void)snprintf(d.of, sizeof d.of, "%s", of); /* short */
	d.state = state;
	if (state == WG_DLV_WITHHELD) {
		d.envelope = NULL;
		d.envelope_len = 0;
	}
	return d;
}

/* A record with a new id. */
static inline struct wg_record_new new_record(const char *words)
{
	struct wg_err err = { 0 };
	struct wg_record_new r = { .blob = words, .blob_len = strlen(words) };
	OK(wg_id_make(1700000000000, r.id, &err));
	return r;
}

/* For figures, not for judgements. */
static inline int64_t micros(void)
{
	struct timespec t;
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &t), 0);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

#endif
