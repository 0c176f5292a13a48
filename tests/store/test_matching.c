/* Messages find their child and their episode in the store: stories of invented children, told by keys. What the rules
 * are is tested in test_match.c; here is what is learned, kept, undone, and what waits for a person. */
#include "store/match.h"

#include "scene.h"

#define OPENS WG_RELATION_OPENS
#define CLOSES WG_RELATION_CLOSES
#define WITHIN WG_RELATION_WITHIN
#define AFTER WG_RELATION_AFTER
#define KEYS_MAX 12

/* One message: its keys as words ("ref:77 nhs:1 name:tess born:0103"), and what has to become of it. */
struct step {
	enum wg_relation relation;
	const char *keys;
	int child, episode; /* numbers of our own: the same number, the same child or episode; 0: none */
	const char *words;  /* in the reason: doubt about the child when child is 0, else about the episode; NULL: none */
};

/* As the process role makes them: from number and name and birth, the hints too. */
static unsigned keys_of(const char *words, struct wg_match_key keys[KEYS_MAX])
{
	char name[64] = "", born[64] = "", text[160], word[64];
	unsigned n = 0;
	for (size_t len; *words != '\0'; words += len + (words[len] == ' ')) {
		len = strcspn(words, " ");
		(void)snprintf(word, sizeof word, "%.*s", (int)len, words); /* short */
		if (strncmp(word, "ref:", 4) == 0)
			keys[n++] = rig_key(WG_KEY_REFERENCE, word);
		else if (strncmp(word, "nhs:", 4) == 0)
			keys[n++] = rig_key(WG_KEY_NHS, word);
		else if (strncmp(word, "id:", 3) == 0)
			keys[n++] = rig_key(WG_KEY_LOCAL_ID, word + 3);
		else if (strncmp(word, "name:", 5) == 0)
			(void)snprintf(name, sizeof name, "%s", word + 5); /* short */
		else if (strncmp(word, "born:", 5) == 0)
			(void)snprintf(born, sizeof born, "%s", word + 5); /* short */
		else
			fail_msg("what is %s?", word);
	}
	if (*name != '\0')
		keys[n++] = rig_key(WG_KEY_NAME, name);
	if (*born != '\0')
		keys[n++] = rig_key(WG_KEY_BIRTH, born);
	if (*name == '\0' || *born == '\0')
		return n;
	const char *surname = strchr(name, '-');
	assert_non_null(surname);
	(void)snprintf(text, sizeof text, "%s|%s", name, born); /* short */
	keys[n++] = rig_key(WG_KEY_NAME_BIRTH, text);
	(void)snprintf(text, sizeof text, "%s|%.2s%.2s", name, born + 2, born); /* short */
	keys[n++] = rig_key(WG_KEY_SWAPPED, text);
	(void)snprintf(text, sizeof text, "%s|%s", surname, born); /* short */
	keys[n++] = rig_key(WG_KEY_SURNAME_BIRTH, text);
	(void)snprintf(text, sizeof text, "%.*s|%s", (int)(surname - name), name, born); /* short */
	keys[n++] = rig_key(WG_KEY_FORENAME_BIRTH, text);
	return n;
}

/* What a person said, on top of the keys. */
struct said {
	enum wg_child_choice choice;
	const char *as;
	bool episode_new;
};

static struct wg_msg_done_result complete(struct scene *s, const char *id, enum wg_relation relation, const char *words,
                                          const struct said *said)
{
	struct wg_err err = { 0 };
	struct wg_match_key keys[KEYS_MAX];
	struct wg_dlv_new d = rig_delivery("meadowton", "front-door");
	struct wg_msg_done_result result;
	struct wg_msg_job job = take_message(s);
	assert_string_equal(job.id, id);
	struct wg_msg_done done = rig_done(job.id, job.token, &d, 1);
	done.relation = relation;
	done.keys = keys;
	done.key_count = keys_of(words, keys);
	if (said != NULL) {
		done.child_choice = said->choice;
		done.episode_new = said->episode_new;
		if (said->as != NULL)
			memcpy(done.child_as, said->as, WG_ID_TEXT);
	}
	OK(wg_store_done(s->store, s->now, &done, &result, &err));
	return result;
}

static struct wg_msg_rec rec_of(struct scene *s, const char *id)
{
	struct wg_err err = { 0 };
	struct wg_msg_rec rec;
	OK(wg_message_by_id(s->store, id, &rec, &err));
	return rec;
}

/* Our number of a store's number: the first one seen under ours is it. */
static void same_number(int64_t got, int ours, int64_t map[16], const char *what, size_t step)
{
	if (ours == 0) {
		if (got != 0)
			fail_msg("step %zu: has a %s", step, what);
		return;
	}
	if (got == 0)
		fail_msg("step %zu: has no %s", step, what);
	for (int i = 1; i < 16; i++)
		if (i != ours && map[i] == got)
			fail_msg("step %zu: %s is that of number %d, not %d", step, what, i, ours);
	if (map[ours] == 0)
		map[ours] = got;
	if (map[ours] != got)
		fail_msg("step %zu: not the %s of number %d", step, what, ours);
}

static void tell(struct scene *s, const struct step *steps, size_t count)
{
	int64_t children[16] = { 0 }, episodes[16] = { 0 };
	static unsigned content;
	for (size_t i = 0; i < count; i++) {
		struct wg_err err = { 0 };
		struct wg_msg_status status;
		char id[WG_ID_TEXT];
		add(s, ++content, id);
		struct wg_msg_done_result r = complete(s, id, steps[i].relation, steps[i].keys, NULL);
		struct wg_msg_rec rec = rec_of(s, id);
		bool doubt = steps[i].words != NULL && steps[i].child == 0;
		if (r.doubt != doubt || r.state != (steps[i].words != NULL ? WG_MSG_ATTENTION : WG_MSG_ROUTED))
			fail_msg("step %zu: %s: %s", i, wg_message_state_name(r.state), r.reason);
		if (steps[i].words != NULL && strstr(r.reason, steps[i].words) == NULL)
			fail_msg("step %zu: %s", i, r.reason);
		assert_string_equal(rec.reason, r.reason);
		same_number(rec.child, steps[i].child, children, "child", i);
		same_number(rec.episode, steps[i].episode, episodes, "episode", i);
		OK(wg_store_status(s->store, id, "oatshire-police", &status, &err));
		assert_string_equal(status.deliveries, doubt ? "" : "meadowton/front-door sealed\n");
		free(status.deliveries);
		free(status.parts);
	}
}

#define STORY(name, ...)                                    \
	static void name(void **state)                          \
	{                                                       \
		static const struct step steps[] = { __VA_ARGS__ }; \
		tell(*state, steps, WG_COUNT(steps));               \
	}

/* Two episodes of one child, with and without references. */
STORY(two_episodes, { OPENS, "ref:1 name:tess-example born:0103", 1, 1, NULL }, { WITHIN, "ref:1", 1, 1, NULL },
      { CLOSES, "ref:1 name:tess-example", 1, 1, NULL }, { AFTER, "name:tess-example born:0103", 1, 1, NULL },
      { OPENS, "ref:2 name:tess-example born:0103", 1, 2, NULL }, { AFTER, "name:tess-example born:0103", 1, 1, NULL },
      { WITHIN, "name:tess-example born:0103", 1, 2, NULL }, { CLOSES, "name:tess-example born:0103", 1, 2, NULL },
      { OPENS, "name:tess-example born:0103", 1, 3, NULL }, { OPENS, "ref:3 name:tess-example born:0103", 1, 3, NULL },
      { CLOSES, "ref:3", 1, 3, NULL }, { WG_RELATION_NONE, "name:tess-example born:0103", 1, 0, NULL })

/* Found first, or without a missing report at all; the late report is of that episode. */
STORY(found_first, { CLOSES, "ref:1 name:kit-placeholder born:0204", 1, 1, NULL },
      { CLOSES, "ref:1 name:kit-placeholder born:0204", 1, 1, NULL },
      { CLOSES, "name:kit-placeholder born:0204", 1, 1, NULL },
      { CLOSES, "ref:9 name:kit-placeholder born:0204", 1, 2, NULL })

/* Doubt about the episode alone: it goes on, and calls a person. */
STORY(episode_doubt, { OPENS, "ref:1 name:tess-example born:0103", 1, 1, NULL },
      { OPENS, "ref:2 name:tess-example born:0103", 1, 1, "another than that of the child's open episode" },
      { CLOSES, "ref:2", 1, 1, NULL },
      { OPENS, "ref:1 name:tess-example born:0103", 1, 1, "of an episode that has ended" })

/* Numbers and names lead to one child, and are learned on the way. */
STORY(learning, { OPENS, "nhs:1 name:tess-example born:0103", 1, 1, NULL },
      { WITHIN, "name:tess-example born:0103 id:home:7", 1, 1, NULL }, { WITHIN, "id:home:7", 1, 1, NULL },
      { WITHIN, "nhs:1", 1, 1, NULL }, { WITHIN, "id:other:7", 2, 0, NULL },
      { WITHIN, "id:home:7 name:tess-sample born:0103", 1, 1, NULL },
      { WITHIN, "name:tess-sample born:0103", 1, 1, NULL })

/* What is not certain about the child waits, with the messages and the evidence; nothing is learned from it. */
STORY(child_doubt, { OPENS, "ref:1 nhs:1 name:tess-example born:0103", 1, 1, NULL },
      { OPENS, "nhs:1 name:tess-example born:0203", 0, 0, "the same NHS number, name, but another date of birth" },
      { OPENS, "nhs:2 name:tess-example born:0103", 0, 0, "the same name and date of birth, but another NHS number" },
      { OPENS, "name:tess-example", 0, 0, "(the same name)" },
      { OPENS, "name:tess-example born:0301", 0, 0, "with day and month exchanged" },
      { OPENS, "name:tess-example born:2209", 0, 0, "the same name, but another date of birth" },
      { OPENS, "nhs:5 name:tess-example born:2209", 2, 2, NULL }, /* two facts differ: another child */
      { OPENS, "name:robin-example born:0103", 0, 0, "the same surname and date of birth, but another name" },
      { OPENS, "nhs:6 name:robin-example born:0103", 3, 3, NULL },
      { OPENS, "name:tess-sample born:0103", 4, 4, NULL }, /* a first name and a birthday are shared by chance */
      { WITHIN, "ref:1 nhs:6", 0, 0, ", or message " }, { WITHIN, "ref:1 name:alex-sample", 0, 0, "police reference" },
      { WITHIN, "nhs:1", 1, 1, NULL }, { WITHIN, "nhs:2 name:quinn-other born:0505", 5, 0, NULL })

/* A message without any key has neither child nor episode. */
STORY(nobody, { WITHIN, "", 0, 0, NULL }, { OPENS, "", 0, 0, NULL })

/* ---- a person says which */

static void resolve(struct scene *s, const char *id)
{
	struct wg_err err = { 0 };
	OK(wg_store_resolve(s->store, s->now, id, "robin", "seen the papers", "ciphertext", 10, &err));
}

static void a_person_says_which_child(void **state)
{
	struct scene *s = *state;
	char first[WG_ID_TEXT], second[WG_ID_TEXT], third[WG_ID_TEXT], nobody[WG_ID_TEXT] = "00000000000000000000000000";
	add(s, 1, first);
	(void)complete(s, first, OPENS, "name:tess-example born:0103", NULL);
	add(s, 2, second);
	struct wg_msg_done_result r = complete(s, second, OPENS, "name:tess-example born:0301", NULL);
	assert_true(r.doubt);
	assert_non_null(strstr(r.reason, first));

	/* as of a message that is not there, or that waits itself: it waits again */
	const struct said wrong[] = { { WG_CHILD_SAME, nobody, false }, { WG_CHILD_SAME, second, false } };
	for (size_t i = 0; i < WG_COUNT(wrong); i++) {
		resolve(s, second);
		r = complete(s, second, OPENS, "name:tess-example born:0301", &wrong[i]);
		assert_true(r.doubt);
		assert_int_equal(rec_of(s, second).child, 0);
	}
	resolve(s, second);
	const struct said same = { WG_CHILD_SAME, first, false };
	r = complete(s, second, OPENS, "name:tess-example born:0301", &same);
	assert_int_equal(r.state, WG_MSG_ROUTED);
	assert_int_equal(rec_of(s, second).child, rec_of(s, first).child);
	assert_int_equal(rec_of(s, second).episode, rec_of(s, first).episode);

	/* its keys are learned: the next one finds the child by itself */
	add(s, 3, third);
	r = complete(s, third, CLOSES, "name:tess-example born:0301", NULL);
	assert_int_equal(r.state, WG_MSG_ROUTED);
	assert_int_equal(rec_of(s, third).child, rec_of(s, first).child);
}

static void a_person_says_new(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char first[WG_ID_TEXT], twin[WG_ID_TEXT], next[WG_ID_TEXT];
	const struct said said = { WG_CHILD_NEW, NULL, false };
	add(s, 1, first);
	(void)complete(s, first, OPENS, "name:tess-example born:0103", NULL);
	add(s, 2, twin);
	assert_true(complete(s, twin, OPENS, "name:robin-example born:0103", NULL).doubt);
	resolve(s, twin);
	assert_int_equal(complete(s, twin, OPENS, "name:robin-example born:0103", &said).state, WG_MSG_ROUTED);
	int64_t child = rec_of(s, twin).child;
	assert_int_not_equal(child, rec_of(s, first).child);

	/* decided again under another policy: the same child and episode, not one more */
	int64_t episode = rec_of(s, twin).episode;
	OK(wg_store_epoch(s->store, s->now, "e2", &err));
	OK(wg_db_exec(s->store, "UPDATE message SET state = 'routed' WHERE seq = 1", &err)); /* the other stays out of it */
	struct wg_msg_job job = take_message(s);
	assert_string_equal(job.id, twin);
	assert_int_equal(job.resolution_len, 10);
	struct wg_match_key keys[KEYS_MAX];
	struct wg_msg_done_result r;
	struct wg_msg_done done = rig_done(job.id, job.token, NULL, 0);
	memcpy(done.epoch, "e2", 3);
	done.child_choice = WG_CHILD_NEW;
	done.relation = OPENS;
	done.keys = keys;
	done.key_count = keys_of("name:robin-example born:0103", keys);
	OK(wg_store_done(s->store, s->now, &done, &r, &err));
	assert_int_equal(rec_of(s, twin).child, child);
	assert_int_equal(rec_of(s, twin).episode, episode);
	OK(wg_db_exec(s->store, "UPDATE message SET state = 'normalised' WHERE seq = 1", &err)); /* as the log has it */
	OK(wg_db_exec(s->store, "UPDATE message SET lease_owner = 3 WHERE seq = 1", &err));

	add(s, 3, next);
	struct wg_msg_job last = take_message(s);
	done = rig_done(last.id, last.token, NULL, 0);
	memcpy(done.epoch, "e2", 3);
	done.relation = CLOSES;
	done.keys = keys;
	done.key_count = keys_of("name:robin-example born:0103", keys);
	OK(wg_store_done(s->store, s->now, &done, &r, &err));
	assert_int_equal(rec_of(s, next).child, child);
}

/* Two children of one name and date of birth: a person has told them apart once; the key decides nothing any more, a
 * number does. */
static void a_shared_key_decides_nothing(void **state)
{
	struct scene *s = *state;
	char a[WG_ID_TEXT], b[WG_ID_TEXT], c[WG_ID_TEXT], d[WG_ID_TEXT];
	const struct said said = { WG_CHILD_NEW, NULL, false };
	add(s, 1, a);
	(void)complete(s, a, OPENS, "nhs:1 name:alex-sample born:0607", NULL);
	add(s, 2, b);
	assert_true(complete(s, b, OPENS, "nhs:2 name:alex-sample born:0607", NULL).doubt);
	resolve(s, b);
	(void)complete(s, b, OPENS, "nhs:2 name:alex-sample born:0607", &said);
	add(s, 3, c);
	struct wg_msg_done_result r = complete(s, c, CLOSES, "name:alex-sample born:0607", NULL);
	assert_true(r.doubt);
	assert_non_null(strstr(r.reason, a));
	assert_non_null(strstr(r.reason, b));
	add(s, 4, d);
	assert_int_equal(complete(s, d, CLOSES, "nhs:2 name:alex-sample born:0607", NULL).state, WG_MSG_ROUTED);
	assert_int_equal(rec_of(s, d).child, rec_of(s, b).child);
}

/* A person takes a message away from a child that it was given to: what was learned from it goes, what it closed is
 * open again. */
static void taken_away_again(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char a[WG_ID_TEXT], b[WG_ID_TEXT], c[WG_ID_TEXT];
	const struct said said = { WG_CHILD_NEW, NULL, false };
	add(s, 1, a);
	(void)complete(s, a, OPENS, "ref:1 nhs:1 name:tess-example born:0103", NULL);
	add(s, 2, b);
	(void)complete(s, b, CLOSES, "ref:1 id:home:9", NULL);
	assert_int_equal(rec_of(s, b).child, rec_of(s, a).child);
	assert_int_equal(rec_of(s, b).episode, rec_of(s, a).episode);
	struct wg_msg_rec rec = rec_of(s, b); /* it has come to a person for another reason */
	OK(wg_message_again(s->store, s->now, rec.seq, "a test", &err));
	struct wg_msg_job job = take_message(s);
	struct wg_msg_done done = rig_done(job.id, job.token, NULL, 0);
	struct wg_msg_done_result r;
	done.state = WG_MSG_ATTENTION;
	OK(wg_store_done(s->store, s->now, &done, &r, &err));
	resolve(s, b);
	(void)complete(s, b, CLOSES, "ref:1 id:home:9", &said);
	assert_int_not_equal(rec_of(s, b).child, rec_of(s, a).child);
	assert_int_not_equal(rec_of(s, b).episode, rec_of(s, a).episode);
	add(s, 3, c);
	(void)complete(s, c, WITHIN, "id:home:9", NULL); /* the number is that of the other child now */
	assert_int_equal(rec_of(s, c).child, rec_of(s, b).child);
	add(s, 4, c);
	(void)complete(s, c, WITHIN, "nhs:1", NULL);
	assert_int_equal(rec_of(s, c).episode, rec_of(s, a).episode); /* open again */
}

/* A doubt about the episode stays until a person has looked: "retry" lets it be, "new episode" makes one. */
static void a_person_says_new_episode(void **state)
{
	struct scene *s = *state;
	char a[WG_ID_TEXT], b[WG_ID_TEXT], c[WG_ID_TEXT];
	const struct said said = { WG_CHILD_BY_KEYS, NULL, true };
	add(s, 1, a);
	(void)complete(s, a, OPENS, "ref:1 name:tess-example born:0103", NULL);
	add(s, 2, b);
	assert_int_equal(complete(s, b, OPENS, "ref:2 name:tess-example born:0103", NULL).state, WG_MSG_ATTENTION);
	act(s, "retry", b, 1);
	assert_int_equal(complete(s, b, OPENS, "ref:2 name:tess-example born:0103", NULL).state, WG_MSG_ROUTED);
	assert_int_equal(rec_of(s, b).episode, rec_of(s, a).episode);
	add(s, 3, c);
	assert_int_equal(complete(s, c, OPENS, "ref:3 name:tess-example born:0103", NULL).state, WG_MSG_ATTENTION);
	resolve(s, c);
	assert_int_equal(complete(s, c, OPENS, "ref:3 name:tess-example born:0103", &said).state, WG_MSG_ROUTED);
	assert_int_not_equal(rec_of(s, c).episode, rec_of(s, a).episode);
	assert_int_equal(rec_of(s, c).child, rec_of(s, a).child);
	add(s, 4, b);
	(void)complete(s, b, CLOSES, "ref:3", NULL);
	assert_int_equal(rec_of(s, b).episode, rec_of(s, c).episode);
}

/* The missing report waited for a person; found came and went meanwhile: one episode, and it has ended. */
static void a_late_report_is_of_the_ended_episode(void **state)
{
	struct scene *s = *state;
	char late[WG_ID_TEXT], found[WG_ID_TEXT], next[WG_ID_TEXT];
	struct wg_err err = { 0 };
	add(s, 1, late);
	struct wg_msg_job job = take_message(s);
	struct wg_msg_done done = rig_done(job.id, job.token, NULL, 0);
	struct wg_msg_done_result r;
	done.state = WG_MSG_ATTENTION;
	OK(wg_store_done(s->store, s->now, &done, &r, &err));
	add(s, 2, found);
	(void)complete(s, found, CLOSES, "name:tess-example born:0103", NULL);
	resolve(s, late);
	(void)complete(s, late, OPENS, "ref:4 name:tess-example born:0103", NULL);
	assert_int_equal(rec_of(s, late).episode, rec_of(s, found).episode);
	add(s, 3, next);
	(void)complete(s, next, OPENS, "name:tess-example born:0103", NULL);
	assert_int_not_equal(rec_of(s, next).episode, rec_of(s, found).episode);
}

/* What is told of it: by ids of messages, in the log and beside the message. */
static void told_by_ids(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char a[WG_ID_TEXT], b[WG_ID_TEXT], want[256];
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1 << 16), log = WG_BUF(1 << 16);
	add(s, 1, a);
	(void)complete(s, a, OPENS, "ref:1 name:tess-example born:0103", NULL);
	add(s, 2, b);
	(void)complete(s, b, CLOSES, "ref:1", NULL);
	OK(wg_store_related(s->store, b, &out, &err));
	(void)snprintf(want, sizeof want,
	               "{\"child\":\"keys\",\"same-child\":[\"%s\"],\"same-episode\":[\"%s\"],\"part-of\":[],\"parts\":[],"
	               "\"same-copy\":[]}\n",
	               a, a); /* it fits */
	assert_string_equal(wg_buf_text(&out), want);
	OK(wg_store_history(s->store, b, 100, &log, &err));
	(void)snprintf(want, sizeof want,
	               "the same child as message %s (the same police reference); the same episode as message %s", a,
	               a); /* it fits */
	assert_non_null(strstr(wg_buf_text(&log), want));
	wg_buf_reset(&out);
	FAILS(WG_NOT_FOUND, wg_store_related(s->store, "00000000000000000000000000", &out, &err));
}

/* ---- who looks after it, and what was said */

static void assigned_and_resolved(void **state)
{
	static const struct {
		const char *to, *who, *why;
		enum wg_code code;
	} rows[] = {
		{ "robin", "alex", "on duty", WG_OK },    { "", "alex", "off duty", WG_OK },
		{ "kit", "", "on duty", WG_REJECT },      { "kit", "alex", "", WG_REJECT },
		{ "a\nb", "alex", "on duty", WG_REJECT }, { "a\xff", "alex", "on duty", WG_REJECT },
		{ "kit", "alex", "on duty", WG_OK },
	};
	struct scene *s = *state;
	struct wg_err err = { 0 };
	struct wg_row *list = NULL;
	unsigned count = 0;
	char id[WG_ID_TEXT];
	add(s, 1, id);
	FAILS(WG_REJECT, wg_store_assign(s->store, s->now, id, "robin", "alex", "early", &err)); /* nobody has to look */
	FAILS(WG_REJECT, wg_store_resolve(s->store, s->now, id, "alex", "early", "x", 1, &err));
	struct wg_msg_job job = take_message(s);
	struct wg_msg_done done = rig_done(job.id, job.token, NULL, 0);
	struct wg_msg_done_result r;
	done.state = WG_MSG_ATTENTION;
	OK(wg_store_done(s->store, s->now, &done, &r, &err));
	for (size_t i = 0; i < WG_COUNT(rows); i++)
		FAILS(rows[i].code, wg_store_assign(s->store, s->now, id, rows[i].to, rows[i].who, rows[i].why, &err));
	OK(wg_store_list(s->store, "messages", "attention", "", 10, &list, &count, &err));
	assert_int_equal(count, 1);
	assert_string_equal(list[0].assigned, "kit");
	free(list);
	FAILS(WG_REJECT, wg_store_resolve(s->store, s->now, id, "alex", "", "x", 1, &err));
	FAILS(WG_REJECT, wg_store_resolve(s->store, s->now, id, "alex", "empty", "", 0, &err));
	FAILS(WG_LIMIT, wg_store_resolve(s->store, s->now, id, "alex", "long", "x", WG_STORE_RESOLUTION_MAX + 1, &err));
	FAILS(WG_NOT_FOUND,
	      wg_store_resolve(s->store, s->now, "00000000000000000000000000", "alex", "nobody's", "x", 1, &err));
	for (unsigned round = 1; round <= 2; round++) { /* the later takes the place of the earlier */
		char text[16];
		uint8_t *kept = NULL;
		size_t len = 0;
		(void)snprintf(text, sizeof text, "said %u", round); /* it fits */
		OK(wg_store_resolve(s->store, s->now, id, "alex", "seen", text, strlen(text), &err));
		assert_int_equal(state_of(s, id), WG_MSG_ACCEPTED);
		struct wg_msg_job *jobs = NULL;
		OK(wg_store_lease_messages(s->store, s->now, ME, 1, &jobs, &count, &err));
		assert_int_equal(count, 1);
		assert_int_equal(jobs[0].resolution_len, strlen(text));
		assert_memory_equal(jobs[0].resolution, text, strlen(text));
		done.token = jobs[0].token;
		wg_msg_jobs_free(jobs, count);
		OK(wg_store_done(s->store, s->now, &done, &r, &err));
		OK(wg_store_blob(s->store, s->now, id, "resolution", "alex", &kept, &len, &err));
		assert_int_equal(len, strlen(text));
		free(kept);
	}
	/* damaged: a person is asked again, the original is not to blame */
	OK(wg_store_resolve(s->store, s->now, id, "alex", "seen", RIG_HEAD "said 3", WG_STORE_HEAD + 6, &err));
	OK(wg_db_exec(s->store, "UPDATE blob SET size = size - 1 WHERE substr(bytes, 2049) = CAST('said 3' AS BLOB)",
	              &err));
	assert_int_equal(messages_waiting(s), 0);
	struct wg_msg_job *jobs = NULL;
	OK(wg_store_lease_messages(s->store, s->now, ME, 1, &jobs, &count, &err));
	wg_msg_jobs_free(jobs, count);
	assert_int_equal(state_of(s, id), WG_MSG_ATTENTION);
	assert_non_null(strstr(rec_of(s, id).reason, "resolve it again"));
	OK(wg_db_exec(s->store, "UPDATE blob SET size = size + 1 WHERE substr(bytes, 2049) = CAST('said 3' AS BLOB)",
	              &err));
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(two_episodes),
		T(found_first),
		T(episode_doubt),
		T(learning),
		T(child_doubt),
		T(nobody),
		T(a_person_says_which_child),
		T(a_person_says_new),
		T(a_shared_key_decides_nothing),
		T(taken_away_again),
		T(a_person_says_new_episode),
		T(a_late_report_is_of_the_ended_episode),
		T(told_by_ids),
		T(assigned_and_resolved),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
