/* What the gateway holds about revoked certificates: files under STATE/trust, fetched in the background by the monitor
 * role, read by whoever judges a certificate. */
#ifndef WG_ROLE_TRUST_H
#define WG_ROLE_TRUST_H

#include "crypto/judge.h"
#include "crypto/trust_set.h"
#include "policy/directory.h"
#include "role/config.h"

/* STATE/trust */
enum wg_code wg_trust_folder(const struct wg_config *config, char out[WG_PATH_TEXT], struct wg_err *err) WG_MUST;

/* All lists and answers: those in the folder, and the lists that configuration and directory name. A file that cannot
 * be read is left out and told, one line each "FILE: why" to faults (may be NULL): what it would have answered is then
 * missing, which is for the judge to say. */
enum wg_code wg_trust_revocations(const struct wg_config *config, const struct wg_directory *directory,
                                  struct wg_revocations **out, struct wg_buf *faults, struct wg_err *err) WG_MUST;

/* One file more, with lists or an answer; its faults are told, and cost only what it would have said. */
enum wg_code wg_trust_add(struct wg_revocations *revocations, const char *path, struct wg_buf *faults,
                          struct wg_err *err) WG_MUST;

/* How strictly an organisation, or whoever has that setting, is asked about. */
enum wg_revocation_need wg_trust_need(const struct wg_organisation *organisation);
enum wg_revocation_need wg_trust_need_of(enum wg_revocation revocation);

/* Changes whenever a file in the folder does: for whoever holds what wg_trust_revocations gave. 0 when there is none.
 */
uint64_t wg_trust_stamp(const struct wg_config *config);

/* What became of one source: code WG_OK when an answer was kept or is still good. words: why not; "" otherwise. */
typedef void wg_revocation_told(void *arg, const char *url, const char *certificate, enum wg_code code,
                                const char *words);

/* One round: asks everybody whom the certificates of the directory, our own and those that were seen on TLS connections
 * (role/peers.h) name, where what is held is older than config->monitor.revocation_s or runs out before the next round
 * (force: always), keeps what may be kept, and removes what no certificate names any more, and what was seen and is
 * over. now: trusted wall time, ms. Reaches the network; blocks up to 30 s for each
 * source. A source that does not answer is told, not an error; the last answer stays. *kept: new answers. */
enum wg_code wg_revocation_round(const struct wg_config *config, const struct wg_directory *directory, int64_t now,
                                 bool force, wg_revocation_told *told, void *arg, unsigned *kept, struct wg_err *err)
	WG_MUST;

#endif
