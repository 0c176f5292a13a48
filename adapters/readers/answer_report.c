/* answer_report.c owns the fields of delivery reports (RFC 3464) and read receipts (RFC 8098).
 * SECURITY: fields are a stranger's words: known names with known values are taken, the rest is let be. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "readers/answer_internal.h"

#define FIELD_MAX 2048

/* One field, unfolded. */
struct field {
	char name[64], value[FIELD_MAX];
};

/* The next field from *at on; false at the end of a group (a blank line) or of the text. */
static bool next_field(const char *text, size_t len, size_t *at, struct field *out)
{
	size_t n = 0;
	for (bool first = true; *at < len; first = false) {
		const char *line = text + *at, *end = memchr(line, '\n', len - *at);
		size_t size = end != NULL ? (size_t)(end - line) : len - *at, shown = size;
		while (shown > 0 && (line[shown - 1] == '\r' || line[shown - 1] == ' '))
			shown--;
		bool folded = shown > 0 && (line[0] == ' ' || line[0] == '\t');
		if (first ? shown == 0 : !folded)
			break;
		for (size_t i = 0; i < shown && n + 1 < sizeof out->value; i++)
			out->value[n++] = line[i] == '\t' || line[i] == '\0' ? ' ' : line[i];
		*at += size + (end != NULL);
	}
	out->value[n] = '\0';
	char *colon = strchr(out->value, ':');
	if (n == 0)
		return false;
	out->name[0] = '\0';
	if (colon == NULL || (size_t)(colon - out->value) >= sizeof out->name)
		return true; /* no field: let be */
	memcpy(out->name, out->value, (size_t)(colon - out->value));
	out->name[colon - out->value] = '\0';
	colon++;
	colon += strspn(colon, " ");
	memmove(out->value, colon, strlen(colon) + 1);
	return true;
}

static void skip_blank(const char *text, size_t len, size_t *at)
{
	while (*at < len && strchr("\r\n \t", text[*at]) != NULL)
		++*at;
}

/* "rfc822; a@b", "smtp; 550 no": what stands behind the type. */
static const char *behind_type(const char *value)
{
	const char *semicolon = strchr(value, ';');
	return semicolon != NULL ? semicolon + 1 + strspn(semicolon + 1, " ") : value;
}

/* xtext (RFC 3461 4): "+3D" is "=". */
static void from_xtext(char *s)
{
	static const char hex[] = "0123456789ABCDEF";
	char *out = s;
	for (; *s != '\0'; s++) {
		const char *a = s[0] == '+' && s[1] != '\0' ? strchr(hex, s[1]) : NULL;
		const char *b = a != NULL && s[2] != '\0' ? strchr(hex, s[2]) : NULL;
		if (b != NULL) {
			*out++ = (char)((a - hex) * 16 + (b - hex));
			s += 2;
		} else {
			*out++ = *s;
		}
	}
	*out = '\0';
}

static enum wg_answer_action action_of(const char *value)
{
	static const struct {
		const char *name;
		enum wg_answer_action action;
	} known[] = { { "failed", WG_ACTION_FAILED },
		          { "delayed", WG_ACTION_DELAYED },
		          { "delivered", WG_ACTION_DELIVERED },
		          { "relayed", WG_ACTION_RELAYED },
		          { "expanded", WG_ACTION_EXPANDED } };
	size_t n = strcspn(value, " (;");
	for (size_t i = 0; i < WG_COUNT(known); i++)
		if (strlen(known[i].name) == n && strncasecmp(value, known[i].name, n) == 0)
			return known[i].action;
	return WG_ACTION_OTHER;
}

/* The fields of one recipient. */
static void take_recipient(struct wg_answer *a, const char *text, size_t len, size_t *at)
{
	struct field f;
	char status[32] = "", diagnostic[200] = "", safe[WG_ANSWER_WORDS], words[WG_ANSWER_WORDS];
	enum wg_answer_action action = WG_ACTION_OTHER;
	bool any = false;
	while (next_field(text, len, at, &f)) {
		if (strcasecmp(f.name, "action") == 0) {
			action = action_of(f.value);
			any = true;
		} else if (strcasecmp(f.name, "status") == 0) {
			(void)snprintf(status, sizeof status, "%.*s", (int)strspn(f.value, "0123456789."), f.value); /* cut */
		} else if (strcasecmp(f.name, "diagnostic-code") == 0) {
			(void)snprintf(diagnostic, sizeof diagnostic, "%.199s", behind_type(f.value)); /* cut: words */
		}
	}
	if (!any || a->recipient_count == WG_ANSWER_RECIPIENTS)
		return;
	(void)snprintf(words, sizeof words, "%s%s%s", status, status[0] != '\0' && diagnostic[0] != '\0' ? ": " : "",
	               diagnostic); /* fits */
	(void)wg_defang(words, safe, sizeof safe);
	a->recipients[a->recipient_count].action = action;
	memcpy(a->recipients[a->recipient_count++].words, safe, sizeof safe);
}

void wg_answer_delivery(struct wg_answer *a, const char *text, size_t len)
{
	struct field f;
	size_t at = 0;
	a->kind = WG_ANSWER_REPORT;
	skip_blank(text, len, &at);
	while (next_field(text, len, &at, &f))
		if (strcasecmp(f.name, "original-envelope-id") == 0) {
			from_xtext(f.value);
			wg_answer_references(a, f.value, strlen(f.value), true);
		}
	for (skip_blank(text, len, &at); at < len; skip_blank(text, len, &at))
		take_recipient(a, text, len, &at);
}

void wg_answer_disposition(struct wg_answer *a, const char *text, size_t len)
{
	static const struct {
		const char *name;
		enum wg_answer_disposition disposition;
	} known[] = { { "displayed", WG_DISPOSITION_DISPLAYED },   { "deleted", WG_DISPOSITION_DELETED },
		          { "dispatched", WG_DISPOSITION_DISPATCHED }, { "processed", WG_DISPOSITION_PROCESSED },
		          { "denied", WG_DISPOSITION_DENIED },         { "failed", WG_DISPOSITION_FAILED } };
	struct field f;
	size_t at = 0;
	a->kind = WG_ANSWER_READ;
	for (skip_blank(text, len, &at); at < len; skip_blank(text, len, &at))
		while (next_field(text, len, &at, &f)) {
			if (strcasecmp(f.name, "original-message-id") == 0)
				wg_answer_references(a, f.value, strlen(f.value), true);
			if (strcasecmp(f.name, "disposition") != 0)
				continue;
			a->automatic = strncasecmp(f.value, "automatic-action", 16) == 0;
			const char *type = behind_type(f.value);
			size_t n = strcspn(type, " /;,");
			for (size_t i = 0; i < WG_COUNT(known); i++)
				if (strlen(known[i].name) == n && strncasecmp(type, known[i].name, n) == 0)
					a->disposition = known[i].disposition;
		}
}
