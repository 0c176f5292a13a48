/* One message that waits for a person, as the command `attention` works on it. */
#ifndef WG_CLI_ATTENTION_H
#define WG_CLI_ATTENTION_H

#include "cli/cli.h"
#include "notice/resolution.h"
#include "role/admin.h"
#include "role/process.h"

struct wg_case {
	const struct wg_config *config;
	struct wg_admin *admin;
	struct wg_process process;
	struct wg_row row;
	struct wg_read read;
	bool answer;                   /* it answers a copy that was sent: a reply, a bounce */
	struct wg_resolution *earlier; /* what a person said before, or NULL */
	char received[WG_CLOCK_TEXT];
	struct wg_envelope_facts facts;
};

/* Opens message id, which has to be in attention: reads its original anew, as the gateway did. WG_NOT_FOUND,
 * WG_REJECT (another state), or why it cannot be opened. wg_case_close also after a failure. */
enum wg_code wg_case_open(struct wg_case *c, const char *id, struct wg_err *err) WG_MUST;
void wg_case_close(struct wg_case *c);
#define WG_AUTO_CASE __attribute__((cleanup(wg_case_close)))

/* Whether that is an answer to a table whose rows wait because of what stands beside them: that it was read, and
 * nothing else. WG_REJECT with what to do. */
enum wg_code wg_case_table(const struct wg_resolution *resolution, struct wg_err *err) WG_MUST;

struct wg_resolving wg_case_resolving(const struct wg_case *c);

/* Document and notice side by side, what is missing, and what can be done. values: the answers too. */
void wg_case_print(const struct wg_case *c, bool values, struct wg_buf *out);

#endif
