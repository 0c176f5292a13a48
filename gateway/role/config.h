/* The configuration of one gateway (xsd/config.xsd): paths resolved, numbers read. Immutable once loaded. */
#ifndef WG_ROLE_CONFIG_H
#define WG_ROLE_CONFIG_H

#include <stdbool.h>

#include "base/err.h"
#include "base/limits.h"
#include "crypto/tls.h"
#include "role/paths.h"

#define WG_CONFIG_DROPS 16

struct wg_pair {
	char certificate[WG_PATH_TEXT], key[WG_PATH_TEXT]; /* PEM paths; "" when not configured */
};

struct wg_drop {
	char folder[WG_PATH_TEXT], organisation[WG_LIMIT_NAME + 1];
};

struct wg_config {
	char file[WG_PATH_TEXT]; /* as given */
	char organisation[WG_LIMIT_NAME + 1];
	char state[WG_PATH_TEXT]; /* folder of the store, absolute */
	char policy[WG_PATH_TEXT], directory[WG_PATH_TEXT], lookup_key[WG_PATH_TEXT];
	struct wg_pair storage, smime;
	char smime_ca[WG_PATH_TEXT], smime_crl[WG_PATH_TEXT];
	struct {
		struct wg_pair tls; /* certificate "" when HTTPS is off */
		char address[64], client_ca[WG_PATH_TEXT], crl[WG_PATH_TEXT];
		unsigned short port;
	} https_in;
	struct wg_drop drops[WG_CONFIG_DROPS];
	unsigned drop_count;
	struct {
		char host[256], ca[WG_PATH_TEXT], from[WG_LIMIT_ADDRESS + 1];
		struct wg_pair tls;  /* "" without a client certificate */
		unsigned short port; /* 0 when mail is off */
	} mail_out;
	struct {
		struct wg_pair tls; /* certificate "" when HTTPS is off */
		char ca[WG_PATH_TEXT];
	} https_out;
	unsigned retry_first_s, retry_most_s, give_up_s;
	bool samples; /* certificates marked as samples may be used (demo, tests) */
	struct wg_paths paths;
};

/* WG_CONFIG with file:line otherwise. The caller frees *out with free(). Call wg_xml_init before. */
enum wg_code wg_config_load(const char *file, struct wg_config **out, struct wg_err *err) WG_MUST;

/* For people: name = value lines. Holds no secrets, only their paths. */
struct wg_buf;
void wg_config_print(const struct wg_config *config, struct wg_buf *out);

#endif
