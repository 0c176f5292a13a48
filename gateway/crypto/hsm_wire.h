/* What one who has no key asks of one who holds it in an HSM, and what it is told: the wire form and its limits. */
#ifndef WG_CRYPTO_HSM_WIRE_H
#define WG_CRYPTO_HSM_WIRE_H

#include "base/buf.h"
#include "base/err.h"

enum wg_hsm_op {
	WG_HSM_OPEN = 1, /* data: the pkcs11: URI of a key; told: u8 its number, u32 what it does (WG_HSM_DOES_*), bytes its
	                    SubjectPublicKeyInfo. Refused: the words of why */
	WG_HSM_SIGN,     /* data: RSA: a DigestInfo, for PKCS#1 v1.5 (RFC 8017 9.2); EC: a digest. Told: the signature */
	WG_HSM_UNWRAP,   /* data: the encrypted key of a KeyTransRecipientInfo (RFC 5652 6.2.1); told: wanted bytes */
	WG_HSM_DERIVE    /* data: a point on the key's curve, uncompressed (SEC 1 2.3.3); told: the x of the product, as
	                    ECDH of RFC 5753 wants it */
};

enum wg_hsm_padding { WG_HSM_PKCS1 = 1, WG_HSM_OAEP };
enum wg_hsm_digest { WG_HSM_SHA1 = 1, WG_HSM_SHA224, WG_HSM_SHA256, WG_HSM_SHA384, WG_HSM_SHA512 };

/* What a key was seen to do when it was opened. */
#define WG_HSM_DOES_PKCS1 (1U << 0)
#define WG_HSM_DOES_OAEP_SHA1 (1U << 1)
#define WG_HSM_DOES_OAEP_SHA256 (1U << 2)
#define WG_HSM_DOES_ECDH (1U << 3)

/* An RSA key of 16,384 bits; nothing in use comes near it, nor does the name of a key. */
#define WG_HSM_DATA_MAX 2048
/* RFC 8017 leaves labels without a limit; mail programs leave them empty. */
#define WG_HSM_LABEL_MAX 128
#define WG_HSM_ASK_MAX (6 + 4 + WG_HSM_LABEL_MAX + 4 + WG_HSM_DATA_MAX)
#define WG_HSM_TOLD_MAX (1 + 4 + 4096)

struct wg_hsm_request {
	enum wg_hsm_op op;
	uint8_t key;                     /* its number; 0 for OPEN */
	enum wg_hsm_padding padding;     /* of UNWRAP; the others 0 */
	enum wg_hsm_digest digest, mask; /* of OAEP, and of its MGF1 */
	uint8_t wanted;                  /* of UNWRAP: the length of the content key, 16, 24 or 32 bytes */
	const uint8_t *label, *data;     /* borrowed */
	size_t label_len, data_len;
};

/* Sticks in out when it does not fit. */
void wg_hsm_put(const struct wg_hsm_request *request, struct wg_buf *out);
/* False for whatever wg_hsm_put would not have written. Borrows from p. */
bool wg_hsm_get(const void *p, size_t len, struct wg_hsm_request *out);

enum wg_hsm_status {
	WG_HSM_DONE,    /* and what was asked for. Of UNWRAP: always so many bytes as were wanted; when the encrypted key is
	                   not well made, others, which are the same whenever the same is asked (RFC 3218 2.3.2) */
	WG_HSM_REFUSED, /* no such key, or it is none for this */
	WG_HSM_UNABLE,  /* the HSM does not do this with this key */
	WG_HSM_GONE     /* the HSM does not answer */
};

/* An answer: its status, and bytes. */
void wg_hsm_tell(enum wg_hsm_status status, const void *p, size_t len, struct wg_buf *out);
bool wg_hsm_told(const struct wg_buf *answer, enum wg_hsm_status *status, const uint8_t **p, size_t *len);

/* The two ends of a line to whoever holds keys; both may be the same socket. On it go frames: their length in 32 bits,
 * big endian, and so many bytes. */
struct wg_hsm_line {
	int to, from; /* -1: there is none */
	bool once;    /* each key is answered once: the second question is not sent */
};

/* Asks and waits. False when the line broke, or nobody answered in time: then it is of no more use. */
bool wg_hsm_ask(const struct wg_hsm_line *line, const struct wg_hsm_request *request, struct wg_buf *answer);
/* One frame, of at most max bytes; false at the end of the line, or when it breaks. wait_ms: at most so long for each
 * part, -1 for ever. */
bool wg_hsm_frame_read(int fd, int wait_ms, struct wg_buf *out);
bool wg_hsm_frame_write(int fd, const struct wg_buf *frame);

#endif
