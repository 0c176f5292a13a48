/* share.c owns the small policy that the tests of sharing are about, the notices they hand in, and the way back to what
 * a recipient gets. */
#include "share.h"

#include "base/limits.h"
#include "sys/file.h"

#define FOLDER WG_SOURCE_DIR "/tests/role/share/"

static char *text_of(const char *path)
{
	struct wg_buf text = WG_BUF(WG_LIMIT_CONFIG_FILE);
	if (wg_file_read(path, &text, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	return wg_buf_steal(&text);
}

char *share_directory(const char *from, const char *to)
{
	char *text = text_of(FOLDER "directory.xml"), *changed = gate_replaced(text, from, to);
	free(text);
	return changed;
}

int share_setup(struct gate *gate)
{
	void *state = NULL;
	if (gate_setup(&state) != 0)
		return -1;
	char *config = gate_config(WG_SOURCE_DIR "/policy/staffordshire-stoke.xml", "share.xml");
	char *policy = text_of(FOLDER "share.xml"), *directory = text_of(FOLDER "directory.xml");
	(void)gate_write("gateway.xml", config);
	(void)gate_write("share.xml", policy);
	(void)gate_write("directory.xml", directory);
	free(config);
	free(policy);
	free(directory);
	return gate_open(gate);
}

/* ---- notices */

static void put(struct wg_buf *out, const char *before, const char *value, const char *after)
{
	if (value != NULL)
		wg_buf_printf(out, "%s%s%s", before, value, after);
}

/* What a kind says in running text, around which places it stands. */
static const struct {
	const char *kind, *before, *after;
} bodies[] = {
	{ "missing",
	  "<missing><last-seen><when value=\"2026-11-21T19:30:00Z\">half past seven</when></last-seen><circumstances>",
	  "</circumstances></missing>" },
	{ "found", "<found><when value=\"2026-11-21T23:30:00Z\">at night</when><how>", "</how></found>" },
	{ "correction", "<answer><reason>INACCURATE</reason><explanation>", "</explanation></answer>" },
	{ "recall", "<answer><reason>WRONG_CHILD</reason><explanation>", "</explanation></answer>" },
	{ "profile", "<profile><prepared><when>2026-10-05</when></prepared><vulnerability>", "</vulnerability></profile>" },
};

static void put_body(struct wg_buf *out, const char *kind, const char *text)
{
	for (size_t i = 0; i < WG_COUNT(bodies); i++)
		if (strcmp(bodies[i].kind, kind) == 0) {
			put(out, bodies[i].before, text != NULL ? text : "Nothing more is known", bodies[i].after);
			return;
		}
	fail_msg("no body for %s", kind);
}

static void write_notice(const struct said *s, struct wg_buf *out)
{
	const char *kind = s->kind != NULL ? s->kind : "missing";
	wg_buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<notice xmlns=\"urn:wardgate:notice:1\" id=\"");
	if (s->id != NULL)
		wg_buf_puts(out, s->id);
	else
		wg_buf_printf(out, "share-%s-%u", kind, s->number);
	wg_buf_printf(out,
	              "\" kind=\"%s\" version=\"1\"><header><sender organisation=\"staffordshire-police\"/>"
	              "<received>2026-11-21T20:00:00Z</received>%s</header><episode><police-reference "
	              "force=\"Staffordshire Police\">SP-77-%u</police-reference>",
	              kind, s->head != NULL ? s->head : "", s->number);
	put(out, "<risk>", s->risk, "</risk>");
	wg_buf_printf(out, "</episode><child looked-after=\"%s\">", s->answer != NULL ? s->answer : "true");
	put(out, "<name><full>", s->name, "</full></name>");
	put(out, "<date-of-birth>", s->born, "</date-of-birth>");
	put(out, "<nhs-number>", s->nhs, "</nhs-number>");
	put(out, "<confidential-address postcode=\"", s->hidden, "\">4 Canaryhidden Mews</confidential-address>");
	put(out, "", s->child, "");
	put(out, "<school>", s->school, "</school>");
	wg_buf_puts(out, "</child><authorities><placing>830</placing><host>860</host></authorities>");
	put_body(out, kind, s->text);
	put(out, "<sharing>", s->sharing, "</sharing>");
	wg_buf_puts(out, "</notice>\n");
	assert_false(out->failed);
}

void share_submit(struct gate *gate, const struct said *said, char id[WG_ID_TEXT])
{
	struct wg_buf bytes = WG_BUF(WG_LIMIT_NOTICE);
	write_notice(said, &bytes);
	memcpy(id, gate_submit(gate, bytes.data, bytes.len, "staffordshire-police", "application/xml"), WG_ID_TEXT);
	wg_buf_free(&bytes);
}

void share_notice(struct gate *gate, const struct said *said, char id[WG_ID_TEXT])
{
	share_submit(gate, said, id);
	gate_handle_until_not(gate, "accepted", id);
}

/* ---- what became of it */

static void list(struct gate *gate, const char *message, struct wg_row **rows, unsigned *count)
{
	if (wg_client_list(gate->store.admin, "deliveries", "*", message, 200, rows, count, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
}

struct wg_row share_row(struct gate *gate, const char *message, const char *recipient, bool alarm)
{
	struct wg_row *rows = NULL, found = { 0 };
	unsigned count = 0;
	list(gate, message, &rows, &count);
	for (unsigned i = 0; i < count; i++) {
		char name[2 * WG_LIMIT_NAME + 2];
		(void)snprintf(name, sizeof name, "%s/%s", rows[i].organisation, rows[i].desk); /* fits */
		if (strcmp(name, recipient) == 0 && rows[i].alarm == alarm && strcmp(rows[i].state, "superseded") != 0)
			found = rows[i];
	}
	free(rows);
	return found;
}

void share_is(struct gate *gate, const char *message, const char *recipient, const char *state, const char *words)
{
	struct wg_row row = share_row(gate, message, recipient, false);
	if (strcmp(row.state, state) != 0 || strstr(row.reason, words) == NULL || strstr(row.reason, "anary") != NULL)
		fail_msg("%s: %s is not %s with \"%s\": %s", recipient, row.state, state, words, row.reason);
}

unsigned share_count(struct gate *gate, const char *message, const char *state)
{
	struct wg_row *rows = NULL;
	unsigned count = 0, n = 0;
	list(gate, message, &rows, &count);
	for (unsigned i = 0; i < count; i++)
		n += strcmp(rows[i].state, state) == 0;
	free(rows);
	return n;
}

json_t *share_record(struct gate *gate, const char *message, const char *delivery)
{
	struct wg_buf text = WG_BUF(WG_LIMIT_MESSAGE);
	json_t *found = NULL, *entry;
	size_t i;
	if (wg_client_explain(gate->store.admin, message, &text, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	assert_null(strstr(wg_buf_text(&text), "anary")); /* no record says what stood in a notice */
	json_t *all = json_loadb((const char *)text.data, text.len, 0, NULL);
	json_array_foreach(all, i, entry) if (strcmp(share_text(entry, "delivery"), delivery) == 0) found =
		json_incref(json_object_get(entry, "record"));
	json_decref(all);
	wg_buf_free(&text);
	if (!json_is_object(found))
		fail_msg("delivery %s has no record", delivery);
	return found;
}

const char *share_text(const json_t *record, const char *name)
{
	const char *text = json_string_value(json_object_get(record, name));
	return text != NULL ? text : "";
}

bool share_lists(const json_t *record, const char *name, const char *word)
{
	size_t i;
	const json_t *entry, *all = json_object_get(record, name);
	assert_true(json_is_array(all));
	json_array_foreach(all, i, entry) if (strcmp(json_string_value(entry), word) == 0) return true;
	return false;
}

void share_found(struct gate *gate, const char *message, const char *recipient, const char *what)
{
	struct wg_row row = share_row(gate, message, recipient, false);
	json_t *record = share_record(gate, message, row.id), *entry;
	size_t i, expected = 0;
	const json_t *found = json_object_get(record, "found");
	assert_true(json_is_array(found));
	for (const char *p = what; *p != '\0'; p += strspn(p, "; ")) {
		expected++;
		p += strcspn(p, ";");
	}
	json_array_foreach(found, i, entry)
	{
		char words[512];
		(void)snprintf(words, sizeof words, "%s in %s", share_text(entry, "what"), share_text(entry, "place"));
		if (strstr(what, words) == NULL)
			fail_msg("%s: found %s, not %s", recipient, words, what);
	}
	if (json_array_size(found) != expected)
		fail_msg("%s: %zu found, not %s", recipient, json_array_size(found), what);
	json_decref(record);
}

/* ---- the copy */

void share_copy(struct gate *gate, const char *delivery, const char *who, struct wg_buf *out)
{
	static char inner[WG_LIMIT_NOTICE];
	struct wg_buf envelope = WG_BUF(WG_LIMIT_ENVELOPE);
	if (wg_client_blob(gate->store.admin, delivery, "envelope", "test", &envelope, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	assert_null(memmem(envelope.data, envelope.len, "Canary", 6)); /* fewer letters stand in much base64 by chance */
	assert_null(memmem(envelope.data, envelope.len, "canary", 6));
	pki_write("mail.eml", envelope.data, envelope.len);
	wg_buf_free(&envelope);
	assert_int_equal(gate_opened("mail.eml", "SMIME", who, inner, sizeof inner), 0);
	const char *part = strstr(inner, "Content-Type: application/xml"), *end;
	assert_non_null(part);
	part = strstr(part, "\r\n\r\n");
	assert_non_null(part);
	part += 4;
	end = strstr(part, "\r\n--=_");
	assert_non_null(end);
	gate_unquoted(part, (size_t)(end - part), out);
}

void share_act(struct gate *gate, const char *action, const char *id, const char *who)
{
	unsigned changed = 0;
	if (wg_client_act(gate->store.admin, action, id, who, "test", &changed, &pki_err) != WG_OK)
		fail_msg("%s %s: %s", action, id, pki_err.text);
}
