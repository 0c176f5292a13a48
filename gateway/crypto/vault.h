/* A vault: a file of any length, encrypted in pieces while it is written to certificates whose keys need not be here,
 * and opened in pieces. Layout:
 *	"WGVAULT1", u32 length (big endian), that many bytes: CMS AuthEnvelopedData (RFC 5083) whose content is the file's
 *	own key, 32 random bytes; then pieces of WG_VAULT_PIECE bytes, the last one shorter or as long, each AES-256-GCM
 *	under that key with its tag of 16 bytes behind it. The nonce is the number of the piece (u64) and 1 for the last,
 *	0 otherwise (u32): the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizar, CRYPTO 2015). So a piece that is
 *	changed, missing, moved, or of another file, or a file that was cut, does not open.
 * It says nothing of who made it: whoever has the certificate can make one. Compare its hash with the log's. */
#ifndef WG_CRYPTO_VAULT_H
#define WG_CRYPTO_VAULT_H

#include "crypto/crypto.h"

#define WG_VAULT_PIECE ((size_t)256 * 1024)
#define WG_VAULT_KEY 32

/* Writes, or reads, exactly as asked: a source gives less than len bytes at the end only. */
typedef enum wg_code wg_vault_sink(void *arg, const void *p, size_t len, struct wg_err *err);
typedef enum wg_code wg_vault_source(void *arg, void *p, size_t len, size_t *got, struct wg_err *err);

struct wg_vault_out;
/* certs: at most WG_CMS_RECIPIENTS; each must be able to encrypt. The head goes to the sink at once. */
enum wg_code wg_vault_seal(const struct wg_cert *const *certs, size_t count, wg_vault_sink *sink, void *arg,
                           struct wg_vault_out **out, struct wg_err *err) WG_MUST;
enum wg_code wg_vault_put(struct wg_vault_out *out, const void *p, size_t len, struct wg_err *err) WG_MUST;
/* The last piece. Without it nothing that was written counts. */
enum wg_code wg_vault_end(struct wg_vault_out *out, struct wg_err *err) WG_MUST;
/* The file's own key, for who has just written it to read it again; the caller wipes it. */
void wg_vault_own_key(const struct wg_vault_out *out, uint8_t key[WG_VAULT_KEY]);
void wg_vault_out_freep(struct wg_vault_out **out);

struct wg_vault_in;
/* By private key and certificate; or, both NULL, by own_key. WG_CRYPTO: it is not for this key; WG_REJECT: it is no
 * vault. */
enum wg_code wg_vault_open(const struct wg_key *key, const struct wg_cert *cert, const uint8_t *own_key,
                           wg_vault_source *source, void *arg, struct wg_vault_in **out, struct wg_err *err) WG_MUST;
/* Up to len bytes; *got 0 (with len > 0) at the end, which is then known to be the end that was written. WG_CRYPTO for
 * what does not open: what came before was as written, and is not all. */
enum wg_code wg_vault_get(struct wg_vault_in *in, void *p, size_t len, size_t *got, struct wg_err *err) WG_MUST;
void wg_vault_in_freep(struct wg_vault_in **in);

#endif
