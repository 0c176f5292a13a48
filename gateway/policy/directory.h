/* The directory: organisations, their desks, how each is reached and what it may read. xsd/directory.xsd. Immutable
 * once loaded. */
#ifndef WG_POLICY_DIRECTORY_H
#define WG_POLICY_DIRECTORY_H

#include <stdbool.h>

#include "base/err.h"
#include "base/limits.h"
#include "notice/notice.h"

enum wg_channel_kind { WG_CHANNEL_MAIL, WG_CHANNEL_HTTPS, WG_CHANNEL_PULL, WG_CHANNEL_MESH };
/* "mail", "https", "pull", "mesh": as the directory and the store write it. */
const char *wg_channel_name(enum wg_channel_kind channel);
enum wg_copy_format { WG_FORMAT_SEALED, WG_FORMAT_XML }; /* HTTPS: sealed CMS, or plain XML inside mutual TLS */

/* Certificates of one desk, and signers of one organisation: the last, the present one, the next. */
#define WG_DESK_CERTIFICATES 4

/* One desk of an organisation: where a role is done. */
struct wg_desk {
	char name[WG_LIMIT_NAME + 1];
	char *roles; /* names separated by blanks: "front-door", "police-missing", ... */
	enum wg_channel_kind channel;
	char address[WG_LIMIT_ADDRESS + 1]; /* mail: the mailbox */
	char url[512];                      /* https: where to POST */
	enum wg_copy_format format;
	bool gcm; /* recorded capability: AES-256-GCM; otherwise CBC */
	/* PEM paths of its S/MIME certificates, the one of certificate= first; relative paths resolved against the
	 * directory file. certificate is the first, "" when there is none. */
	char certificate[512];
	char certificates[WG_DESK_CERTIFICATES][512];
	unsigned certificate_count;
	char telephone[64]; /* whom to ring when it is stuck; "" when unknown */
	bool suspended;
	char mailbox[65], workflow[65];         /* mesh */
	char webhook[512], webhook_secret[512]; /* pull: where to tell, and the file of the secret; "" for none */
	/* "organisation/desk" of who is told in its place; "" for nobody */
	char alternate[2 * WG_LIMIT_NAME + 2], out_of_hours[2 * WG_LIMIT_NAME + 2];
	char hours[WG_LIMIT_NAME + 1]; /* name of hours in the policy; "": always open */
	unsigned in_flight;            /* copies on their way to it at once: 1 to 64 */
	bool wants_text, wants_html, wants_xml;
};

enum wg_revocation { WG_REVOCATION_OFFERED, WG_REVOCATION_REQUIRED, WG_REVOCATION_NONE };

struct wg_organisation {
	char id[WG_LIMIT_NAME + 1]; /* "staffordshire" */
	char *name;                 /* "Staffordshire County Council" */
	char *called; /* its code, its name and other names that notices call it by, as wg_directory_named compares them */
	char kind[WG_LIMIT_NAME + 1]; /* "council", "police", "health", "home", "provider", "school", "national" */
	char code[16];                /* DfE LA code, GSS police force area, or the code of its field */
	char *areas;   /* police, health, provider: the codes of the authorities it covers, separated by blanks */
	char *domains; /* mail domains it writes from */
	/* Who may submit as it: a SAN DNS name or URI, or the SHA-256 of the public key; separated by blanks. Never the CN.
	 */
	char *client_names, *client_keys;
	char signer[512]; /* PEM path of its first signing certificate, or "" */
	char signers[WG_DESK_CERTIFICATES][512];
	unsigned signer_count;
	char trust_ca[512], trust_crl[512]; /* its own anchors; "": those of the gateway */
	enum wg_revocation revocation;
	char ldap[512]; /* where its certificates may be looked for; "" */
	bool smimea;
	struct wg_desk *desks;
	unsigned desk_count;
};

struct wg_directory;

enum wg_code wg_directory_load(const char *path, const char *xsd_dir, struct wg_directory **out, struct wg_err *err)
	WG_MUST;
void wg_directory_freep(struct wg_directory **directory);
/* SHA-256 of the file, hex: part of the epoch. */
const char *wg_directory_hash(const struct wg_directory *directory);
const struct wg_organisation *wg_directory_find(const struct wg_directory *directory, const char *id);
const struct wg_organisation *wg_directory_by_code(const struct wg_directory *directory, const char *code);
unsigned wg_directory_count(const struct wg_directory *directory);
const struct wg_organisation *wg_directory_at(const struct wg_directory *directory, unsigned i);
/* The police force that covers the authority with that code; NULL when none. */
const struct wg_organisation *wg_directory_police(const struct wg_directory *directory, const char *authority_code);
/* Whether it has to do with the authority with that code: a council of that code, or one that covers it. False for "".
 */
bool wg_organisation_covers(const struct wg_organisation *organisation, const char *authority_code);
/* The next organisation of a kind that covers the authority, after one that this gave before; NULL: the first. NULL
 * when there is no more. */
const struct wg_organisation *wg_directory_covering(const struct wg_directory *directory, const char *kind,
                                                    const char *authority_code, const struct wg_organisation *after);
/* The organisation of a kind that a text of a notice names: by its code, its name or an alias, compared without case
 * and without repeated blanks. NULL when it names none, or more than one. */
const struct wg_organisation *wg_directory_named(const struct wg_directory *directory, const char *kind,
                                                 const char *text);
const struct wg_desk *wg_organisation_desk(const struct wg_organisation *organisation, const char *desk);
/* "organisation/desk" to both; false when the directory does not know it. */
bool wg_directory_desk(const struct wg_directory *directory, const char *name,
                       const struct wg_organisation **organisation, const struct wg_desk **desk);
/* The first desk with it that is not suspended; a suspended one when there is no other. */
const struct wg_desk *wg_organisation_role(const struct wg_organisation *organisation, const char *role);
/* Whom to ring there when no desk is meant: the first telephone of its desks; "" for none, or when it is NULL. */
const char *wg_organisation_telephone(const struct wg_organisation *organisation);
/* The organisation that a client certificate may submit as: a SAN or public key recorded for exactly one organisation;
 * NULL otherwise. */
const struct wg_organisation *wg_directory_client(const struct wg_directory *directory, const char (*dns)[256],
                                                  unsigned n_dns, const char (*uris)[256], unsigned n_uris,
                                                  const char *key_pin);

#endif
