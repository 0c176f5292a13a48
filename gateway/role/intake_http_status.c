/* intake_http_status.c owns GET /v1/notices/{id}: how far a submitter's own notice has come, and no more of its
 * recipients than a submitter may know. */
#include <stdio.h>
#include <string.h>

#include "role/intake_http.h"

/* The states of as many parts as a document may have, some 70 bytes each. */
#define STATUS_MAX ((size_t)256 * 1024)

/* "WHAT STATE" lines to a JSON array of objects, WHAT under `what`. */
static void put_states(const char *name, const char *what, const char *lines, struct wg_buf *out)
{
	wg_buf_printf(out, ",\"%s\":[", name);
	const char *between = "";
	for (const char *line = lines; *line != '\0';) {
		size_t n = strcspn(line, "\n"), to = strcspn(line, " \n");
		if (to < n) {
			wg_buf_printf(out, "%s{\"%s\":\"%.*s\",\"state\":\"%.*s\"}", between, what, (int)to, line,
			              (int)(n - to - 1), line + to + 1);
			between = ",";
		}
		line += n + (line[n] == '\n');
	}
	wg_buf_puts(out, "]");
}

/* That a health service, say, is told of a child is itself information: of those whom the sender may not know only how
 * many are how far. */
static void put_others(const unsigned *others, struct wg_buf *out)
{
	const char *between = "";
	wg_buf_puts(out, ",\"others\":[");
	for (unsigned i = 0; i < WG_DLV_STATES; i++) {
		if (others[i] == 0)
			continue;
		wg_buf_printf(out, "%s{\"state\":\"%s\",\"count\":%u}", between,
		              wg_delivery_state_name((enum wg_delivery_state)i), others[i]);
		between = ",";
	}
	wg_buf_puts(out, "]");
}

/* What keeps it, in words for the sender. Those of "attention" are for a person here, and may name a recipient. */
static const char *reason_of(const struct wg_msg_status *found)
{
	return found->receipt.state == WG_MSG_ATTENTION && found->reason[0] != '\0'
	           ? "a person at this gateway is looking at it"
	           : found->reason;
}

void wg_intake_status(struct wg_intake *intake, struct wg_http_request *r, const struct wg_organisation *organisation,
                      const char *id)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(STATUS_MAX);
	struct wg_msg_status found = { 0 };
	struct wg_err err = { 0 };
	enum wg_code code =
		wg_id_valid(id) ? wg_client_status(intake->asks, id, organisation->id, &found, &err) : WG_NOT_FOUND;
	if (code == WG_NOT_FOUND) {
		wg_http_problem(r, 404, "no-such-notice", "No such notice",
		                "No notice with this id was submitted by your organisation.");
		return;
	}
	if (code != WG_OK) {
		wg_intake_no_store(intake, r, &err);
		return;
	}
	wg_intake_receipt(&found.receipt, &body);
	body.len -= strlen("}\n"); /* goes on */
	const char *reason = reason_of(&found);
	if (reason[0] != '\0') {
		wg_buf_puts(&body, ",\"reason\":");
		wg_buf_put_json(&body, reason);
	}
	put_states("deliveries", "to", found.deliveries != NULL ? found.deliveries : "", &body);
	put_others(found.others, &body);
	if (found.parts != NULL && found.parts[0] != '\0')
		put_states("parts", "id", found.parts, &body);
	wg_buf_puts(&body, "}\n");
	free(found.deliveries);
	free(found.parts);
	if (body.failed)
		wg_intake_refuse(r, &(struct wg_err){ .code = WG_AGAIN });
	else
		wg_http_answer(r, 200, "application/json", body.data, body.len, NULL);
}
