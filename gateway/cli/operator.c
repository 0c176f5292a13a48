/* operator.c owns what the commands of an operator share. */
#include "cli/operator.h"

#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "base/limits.h"
#include "crypto/crypto.h"

const char *wg_operator(char *out)
{
	const struct passwd *pw = getpwuid(getuid());
	if (pw != NULL)
		(void)snprintf(out, WG_OPERATOR_TEXT, "%s", pw->pw_name); /* a longer name is cut */
	else
		(void)snprintf(out, WG_OPERATOR_TEXT, "uid %u", (unsigned)getuid());
	return out;
}

enum wg_code wg_operator_open(const struct wg_config *config, struct wg_admin *admin, const char *id, const char *which,
                              struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf sealed = WG_BUF(WG_LIMIT_ENVELOPE);
	struct wg_key *key = NULL;
	struct wg_cert *cert = NULL;
	char name[WG_OPERATOR_TEXT];
	enum wg_code code = wg_client_blob(admin->client, id, which, wg_operator(name), &sealed, err);
	if (code == WG_OK)
		code = wg_key_load(config->storage.key, &key, err);
	if (code == WG_OK)
		code = wg_cert_load(config->storage.certificate, &cert, err);
	if (code == WG_OK)
		code = wg_cms_decrypt(key, cert, sealed.data, sealed.len, out, err);
	wg_cert_freep(&cert);
	wg_key_freep(&key);
	return code;
}
