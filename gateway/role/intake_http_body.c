/* intake_http_body.c owns JSON bodies: read strictly, and answered with all that is wrong with them at once (RFC 9457,
 * errors[] with JSON pointers). SECURITY: meets the bodies of admitted agencies; size, depth and strings are bounded.
 */
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "role/intake_http.h"

/* A receipt has some 600 bytes; jansson bounds the depth, and so do these. */
#define BODY_MAX ((size_t)16 * 1024)
/* A handful of members, each with one fault. */
#define ERRORS_MAX ((size_t)8 * 1024)

static bool is_json(const struct wg_http_request *r)
{
	const char *type = wg_http_header(r, "Content-Type");
	size_t n = type != NULL ? strcspn(type, "; \t") : 0;
	return n == strlen("application/json") && strncasecmp(type, "application/json", n) == 0;
}

void wg_body_read(struct wg_http_request *r, struct wg_body *out)
{
	*out = (struct wg_body){ .errors = WG_BUF(ERRORS_MAX) };
	size_t len;
	const uint8_t *bytes = wg_http_body(r, &len);
	if (!is_json(r)) {
		wg_http_problem(r, 415, "not-json", "Content-Type is not application/json", "Send one JSON object.");
		return;
	}
	if (len > BODY_MAX) {
		wg_http_problem(r, 413, "too-large", "The body is too large", "A receipt has at most 16 KB.");
		return;
	}
	json_error_t fault;
	json_t *root = json_loadb((const char *)bytes, len, JSON_REJECT_DUPLICATES, &fault);
	if (json_is_object(root)) {
		out->root = root;
		return;
	}
	json_decref(root);
	/* the library's own words may quote what it read */
	wg_http_problem(r, 400, "not-json", "The body is not one JSON object",
	                "No member may come twice; nothing may stand behind the object.");
}

void wg_body_free(struct wg_body *body)
{
	json_decref(body->root);
	body->root = NULL;
	wg_buf_free(&body->errors);
}

void wg_body_fault(struct wg_body *body, const char *name, const char *detail)
{
	wg_buf_printf(&body->errors, "%s{\"pointer\":\"/%s\",\"detail\":", body->errors.len > 0 ? "," : "", name);
	wg_buf_put_json(&body->errors, detail);
	wg_buf_putc(&body->errors, '}');
}

static bool one_line(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return false;
	return true;
}

void wg_body_text(struct wg_body *body, const char *name, bool required, char *out, size_t size)
{
	const json_t *member = json_object_get(body->root, name);
	out[0] = '\0';
	if (member == NULL || json_is_null(member)) {
		if (required)
			wg_body_fault(body, name, "This member is needed.");
		return;
	}
	const char *text = json_string_value(member);
	size_t len = json_string_length(member);
	if (text == NULL)
		wg_body_fault(body, name, "This member is a string.");
	else if (len >= size)
		wg_body_fault(body, name, "This is too long.");
	else if (!one_line(text, len))
		wg_body_fault(body, name, "This is one line of text, without control characters.");
	else if (required && len == 0)
		wg_body_fault(body, name, "This may not be empty.");
	else
		memcpy(out, text, len + 1);
}

bool wg_body_refused(struct wg_body *body, struct wg_http_request *r)
{
	if (body->errors.len == 0 && !body->errors.failed)
		return false;
	WG_AUTO_BUF struct wg_buf more = WG_BUF(ERRORS_MAX + 64);
	wg_buf_printf(&more, ",\"errors\":[%s]", wg_buf_text(&body->errors));
	wg_http_problem_more(r, 422, "invalid-body", "The body does not say what is needed", "errors says what and where.",
	                     more.failed || body->errors.failed ? "" : wg_buf_text(&more), NULL);
	return true;
}
