/* Reading a document: its reader, run confined, then the map. Used by the process role and by `wardgate convert`. */
#ifndef WG_ROLE_READ_H
#define WG_ROLE_READ_H

#include "crypto/keyring.h"
#include "notice/map.h"
#include "role/kind.h"
#include "role/paths.h"

/* What reading needs; all borrowed. */
struct wg_reading {
	const struct wg_paths *paths;
	const struct wg_schema *schema;
	const struct wg_maps *maps;
	bool sealed; /* the mail came out of a seal that another gateway made: its words are the notice's own, rendered */
};

/* What became of one document.
 *
 * divided: the document is a table (or a mail that carries one) whose rows are messages of their own: notice and report
 * are NULL, and parts holds one document a row, a table (WG_DOCUMENT_CSV, text/csv) of the heading row and that row; at
 * says where it stood ("sheet Episodes, row 7", "attachment episodes.csv: row 7"). Each is to become a message: read it
 * with wg_read_document(..., WG_DOCUMENT_CSV, part->bytes, part->len, ...). With attention the rows are messages all
 * the same, and what came around them waits for a person with its reason. */
struct wg_read {
	struct wg_fields *fields;
	bool divided;
	const struct wg_part *parts; /* when divided; borrowed from fields or attached */
	size_t n_parts;
	struct wg_fields *attached; /* the table's, when a mail carried it; else NULL */
	struct wg_notice *notice;   /* NULL when no map recognised the fields */
	struct wg_report *report;   /* NULL when the document was a notice already */
	bool attention;             /* a person must look; reason says why */
	char reason[1024];          /* no values */
};

/* Any kind but WG_DOCUMENT_SEALED; the documents in a mail are read too, each by the reader of its type. WG_REJECT or
 * WG_LIMIT with the reason for the sender when the document cannot be read at all; WG_OK otherwise, attention or not.
 */
enum wg_code wg_read_document(const struct wg_reading *reading, enum wg_document kind, const void *bytes, size_t len,
                              const struct wg_envelope_facts *facts, struct wg_read *out, struct wg_err *err) WG_MUST;
void wg_read_free(struct wg_read *read);
#define WG_AUTO_READ __attribute__((cleanup(wg_read_free)))

/* What the readers that open sealed mail are given; all borrowed. */
struct wg_opener {
	const struct wg_buf *keys, *anchors; /* wg_keyring_write, wg_trust_set_write */
	const struct wg_keyring *ring;       /* answers for those of its keys that are in an HSM */
};

/* Opens a sealed object in the reader that holds the decryption keys: the inner entity into out, the signer's
 * certificate fingerprint into signer, and into organisations for whom its chain may speak (wg_cms_verify_set).
 * Failures of the object are one single WG_REJECT "could not be opened"; wg_keyring_answer says what else there is. */
enum wg_code wg_read_sealed(const struct wg_paths *paths, const struct wg_opener *opener, const void *bytes, size_t len,
                            struct wg_buf *out, char signer[WG_FINGERPRINT_TEXT], struct wg_buf *organisations,
                            struct wg_err *err) WG_MUST;

/* What a mail says of copies of ours, as notice/answer.h writes it, from the confined reader. */
enum wg_code wg_read_answer(const struct wg_paths *paths, const void *bytes, size_t len, struct wg_buf *out,
                            struct wg_err *err) WG_MUST;

/* What a mail's signature is worth and what is inside, as readers/smime_mail.h writes it, from the confined reader. */
enum wg_code wg_read_signed_mail(const struct wg_paths *paths, const struct wg_opener *opener, const void *bytes,
                                 size_t len, struct wg_buf *out, struct wg_err *err) WG_MUST;

#endif
