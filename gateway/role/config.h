/* The configuration of one gateway (xsd/config.xsd): paths resolved, numbers read. Immutable once loaded. */
#ifndef WG_ROLE_CONFIG_H
#define WG_ROLE_CONFIG_H

#include <stdbool.h>

#include "base/err.h"
#include "base/limits.h"
#include "crypto/crypto.h"
#include "crypto/tls.h"
#include "policy/directory.h"
#include "role/paths.h"

#define WG_CONFIG_DROPS 16
#define WG_CONFIG_IMAPS 4
#define WG_CONFIG_SMIMES 4 /* the last, the present one, the next, and one that only signs or only opens */

struct wg_pair {
	char certificate[WG_PATH_TEXT], key[WG_PATH_TEXT]; /* PEM paths, the key also pkcs11:...; "" when not configured */
};

struct wg_drop {
	char folder[WG_PATH_TEXT], organisation[WG_LIMIT_NAME + 1];
};

enum wg_config_tls { WG_CONFIG_STARTTLS, WG_CONFIG_IMPLICIT };
enum wg_config_auth { WG_AUTH_NONE, WG_AUTH_PLAIN, WG_AUTH_SCRAM_SHA_256, WG_AUTH_XOAUTH2 };

/* A mailbox that is polled. */
struct wg_imap {
	char host[256], ca[WG_PATH_TEXT], user[256], secret[WG_PATH_TEXT], folder[136];
	unsigned short port;
	enum wg_config_tls tls;
	enum wg_config_auth auth;
	enum wg_revocation revocation; /* of its server's certificate */
	unsigned poll_s;
};

struct wg_config {
	char file[WG_PATH_TEXT]; /* as given */
	char organisation[WG_LIMIT_NAME + 1];
	char state[WG_PATH_TEXT]; /* folder of the store, absolute */
	struct {
		char database[1024], keys[1024]; /* connection strings of PostgreSQL; "": SQLite in state */
	} store;
	char policy[WG_PATH_TEXT], directory[WG_PATH_TEXT], lookup_key[WG_PATH_TEXT];
	struct wg_pair storage, smimes[WG_CONFIG_SMIMES]; /* the first of smimes is that of <smime> itself */
	unsigned smime_count;                             /* at least 1 */
	char smime_ca[WG_PATH_TEXT], smime_crl[WG_PATH_TEXT];
	struct {
		struct wg_pair tls; /* certificate "" when HTTPS is off */
		char address[64], client_ca[WG_PATH_TEXT], crl[WG_PATH_TEXT];
		unsigned short port;
	} https_in;
	struct {
		struct wg_pair tls; /* certificate "" when there is no such page */
		char address[64], url[512];
		unsigned short port;
	} acknowledge;
	struct wg_imap imaps[WG_CONFIG_IMAPS];
	unsigned imap_count;
	char lmtp[WG_PATH_TEXT]; /* the socket; "" when there is none */
	struct wg_drop drops[WG_CONFIG_DROPS];
	unsigned drop_count;
	struct {
		char host[256], ca[WG_PATH_TEXT], crl[WG_PATH_TEXT], from[WG_LIMIT_ADDRESS + 1]; /* host "": direct */
		struct wg_pair tls;  /* "" without a client certificate */
		unsigned short port; /* 0 when mail is off */
		enum wg_config_tls how;
		enum wg_config_auth auth;
		char user[256], secret[WG_PATH_TEXT];
		bool direct, require_tls, reports, libesmtp;
		enum wg_revocation revocation; /* of mail servers that no partner's own setting is for */
	} mail_out;
	struct {
		char trust_anchor[WG_PATH_TEXT], resolver[64], sts_ca[WG_PATH_TEXT]; /* trust_anchor "": not configured */
		char sts_cache[WG_PATH_TEXT];                                        /* folder below state */
		char unproven[4096];                                                 /* 16 domains of 253 letters */
	} dns;
	struct {
		struct wg_pair tls; /* certificate "" when MESH is off */
		char url[512], ca[WG_PATH_TEXT], mailbox[65], password[WG_PATH_TEXT], shared_key[WG_PATH_TEXT];
		unsigned poll_s, chunk;
		enum wg_revocation revocation;
	} mesh;
	struct {
		char address[64], socket[WG_PATH_TEXT]; /* both "": no metrics */
		unsigned short port;
		unsigned revocation_s, oldest_s, fault_s;
		bool private_addresses; /* who is asked about revoked certificates may be in a private network */
	} monitor;
	struct {
		char certificates[WG_CMS_RECIPIENTS][WG_PATH_TEXT];
		unsigned count;  /* 0: no backup can be taken */
		unsigned warn_s; /* 0: nobody is told that none was */
	} backup;
	struct {
		char module[WG_PATH_TEXT], pin[WG_PATH_TEXT]; /* "": no HSM */
		char folder[WG_PATH_TEXT];                    /* that the module reads and writes while it works; "" */
		char configuration[WG_PATH_TEXT];             /* of the module, that it reads; "" */
		bool network;                                 /* the module needs sockets */
	} hsm;
	struct {
		struct wg_pair tls; /* certificate "" when HTTPS is off */
		char ca[WG_PATH_TEXT];
	} https_out;
	unsigned retry_first_s, retry_most_s, give_up_s;
	unsigned process_workers; /* at least 1 */
	bool samples;             /* certificates marked as samples may be used (demo, tests) */
	struct wg_paths paths;
};

/* WG_CONFIG with file:line otherwise. The caller frees *out with free(). Call wg_xml_init before. */
enum wg_code wg_config_load(const char *file, struct wg_config **out, struct wg_err *err) WG_MUST;

/* Where the store is, by this configuration, which has to outlive *out. */
struct wg_store_place;
void wg_config_place(const struct wg_config *config, struct wg_store_place *out);

/* For people: name = value lines. Holds no secrets, only their paths. */
struct wg_buf;
void wg_config_print(const struct wg_config *config, struct wg_buf *out);

#endif
