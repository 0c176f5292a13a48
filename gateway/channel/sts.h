/* MTA-STS (RFC 8461): what a domain says, over HTTPS, of its mail servers. */
#ifndef WG_CHANNEL_STS_H
#define WG_CHANNEL_STS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "channel/mail_route.h"

/* RFC 8461 section 3.2: 31557600 seconds, a year, is the longest that a policy may be kept. */
#define WG_STS_AGE_MAX 31557600
/* Section 3.3: a reader may stop at 64 KB; real policies have some 200 bytes. */
#define WG_STS_BODY_MAX ((size_t)64 * 1024)
/* Patterns of one policy; large providers have four. */
#define WG_STS_MX 32
#define WG_STS_ID 33

enum wg_sts_mode { WG_STS_MODE_ENFORCE, WG_STS_MODE_TESTING, WG_STS_MODE_NONE };

struct wg_sts_policy {
	enum wg_sts_mode mode;
	uint32_t max_age; /* seconds */
	char mx[WG_STS_MX][WG_HOST_TEXT];
	unsigned mx_count;
};

/* The id of a TXT record of _mta-sts (section 3.1). False when it is not such a record. */
bool wg_sts_read_txt(const char *txt, char id[WG_STS_ID]);
/* The text of a policy (section 3.2). WG_REJECT, saying why, when it is none; *out is untouched then. */
enum wg_code wg_sts_read(const void *p, size_t len, struct wg_sts_policy *out, struct wg_err *err) WG_MUST;
/* Whether the policy names the host (section 4.1): the same name, or "*." and one more label. */
bool wg_sts_match(const struct wg_sts_policy *policy, const char *host);

/* ---- fetching (section 3.3) */

struct wg_sts_source {
	char addresses[WG_HOP_ADDRESSES][WG_ADDRESS_TEXT]; /* of mta-sts.DOMAIN */
	unsigned address_count;
	const char *ca; /* anchors */
	unsigned port;  /* 443, but in tests */
};
/* The body of https://mta-sts.DOMAIN/.well-known/mta-sts.txt into body. WG_CRYPTO: the server did not prove its name.
 * WG_REJECT: what came is not a text, too long, or a redirect. WG_AGAIN otherwise. Ten seconds at most. */
enum wg_code wg_sts_fetch(const struct wg_sts_source *from, const char *domain, struct wg_buf *body, struct wg_err *err)
	WG_MUST;

/* ---- remembering: a file per domain, named by the hash of the domain, so that max_age outlives a restart */

struct wg_sts_kept {
	char id[WG_STS_ID];
	int64_t fetched; /* wall ms */
	struct wg_sts_policy policy;
};
/* False when there is none, it has expired at now (wall ms), or the file is not what was written. */
bool wg_sts_recall(const char *folder, const char *domain, int64_t now, struct wg_sts_kept *out);
enum wg_code wg_sts_remember(const char *folder, const char *domain, const char *id, int64_t fetched, const void *body,
                             size_t len, struct wg_err *err) WG_MUST;

/* ---- all of it */

struct wg_dns;
/* Asks, recalls, fetches and remembers as sections 3 and 5.1 say: what is remembered and has not expired holds when
 * nothing newer can be had. *policy is filled in for ENFORCE, TESTING and OFF. why: words for what went wrong, ""
 * otherwise. until: monotonic ms. */
enum wg_sts_state wg_sts_find(struct wg_dns *dns, const struct wg_send_target *target, const char *domain,
                              int64_t until, struct wg_sts_policy *policy, char *why, size_t why_size);

#endif
