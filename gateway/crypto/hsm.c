/* hsm.c owns the way to keys in an HSM. OpenSSL 3 calls its engines deprecated; the PKCS#11 provider that takes their
 * place is not in Debian 12, so that the engine is used here and nowhere else.
 * SECURITY: the PIN passes through here and is wiped; the module is code of its maker in our process. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/hsm.h"

#include <openssl/engine.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/crypto_internal.h"

#define PATH_TEXT 1024
/* PKCS#11 modules take 4 to 255 bytes. */
#define PIN_MAX 256

static struct {
	char module[PATH_TEXT], pin_file[PATH_TEXT];
	ENGINE *engine; /* NULL until the first key */
} hsm;

bool wg_hsm_named(const char *key)
{
	return strncmp(key, "pkcs11:", 7) == 0;
}

enum wg_code wg_hsm_use(const char *module, const char *pin_file, struct wg_err *err)
{
	if (strlen(module) >= sizeof hsm.module || strlen(pin_file) >= sizeof hsm.pin_file)
		return wg_err_set(err, WG_LIMIT, "the path of the PKCS#11 module or of its PIN is too long");
	memcpy(hsm.module, module, strlen(module) + 1);
	memcpy(hsm.pin_file, pin_file, strlen(pin_file) + 1);
	return WG_OK;
}

/* The PIN without the line end that editors leave. */
static enum wg_code log_in(ENGINE *engine, struct wg_err *err)
{
	WG_CLEANUP(wg_buf_wipe) struct wg_buf pin = WG_BUF(PIN_MAX);
	char text[PIN_MAX + 1] = "";
	enum wg_code code = wg_pem_read(hsm.pin_file, true, &pin, err);
	if (code != WG_OK)
		return code;
	size_t len = strcspn(wg_buf_text(&pin), "\r\n");
	memcpy(text, wg_buf_text(&pin), len < PIN_MAX ? len : PIN_MAX);
	int set = ENGINE_ctrl_cmd_string(engine, "PIN", text, 0);
	wg_wipe(text, sizeof text);
	return set == 1 ? WG_OK : wg_ossl_err(err, WG_CONFIG, "the PIN of %s is not taken", hsm.module);
}

static enum wg_code open_engine(struct wg_err *err)
{
	if (hsm.module[0] == '\0')
		return wg_err_set(
			err, WG_CONFIG,
			"a key is named pkcs11:..., and the configuration names no <hsm module=\"FILE\" pin=\"FILE\"/>");
	ENGINE *engine = ENGINE_by_id("pkcs11");
	if (engine == NULL)
		return wg_ossl_err(err, WG_CONFIG,
		                   "OpenSSL has no engine for PKCS#11: apt-get install libengine-pkcs11-openssl");
	enum wg_code code = WG_OK;
	if (ENGINE_ctrl_cmd_string(engine, "MODULE_PATH", hsm.module, 0) != 1)
		code = wg_ossl_err(err, WG_CONFIG, "%s cannot be used as a PKCS#11 module", hsm.module);
	if (code == WG_OK)
		code = log_in(engine, err);
	if (code == WG_OK && ENGINE_init(engine) != 1)
		code = wg_ossl_err(err, WG_CONFIG, "%s does not start", hsm.module);
	if (code == WG_OK)
		hsm.engine = engine; /* until the process ends: keys hold on to it */
	else
		(void)ENGINE_free(engine); /* gives back what by_id took */
	return code;
}

enum wg_code wg_hsm_key(const char *uri, EVP_PKEY **out, struct wg_err *err)
{
	enum wg_code code = hsm.engine != NULL ? WG_OK : open_engine(err);
	if (code != WG_OK)
		return code;
	*out = ENGINE_load_private_key(hsm.engine, uri, NULL, NULL);
	if (*out == NULL)
		return wg_ossl_err(err, WG_CONFIG, "the HSM has no such private key, or does not let us in");
	return WG_OK;
}
