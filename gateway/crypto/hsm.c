/* hsm.c owns the way to keys in an HSM: of a module in this process, or of another process that has it. OpenSSL 3 calls
 * its engines deprecated; the PKCS#11 provider that takes their place is not in Debian 12, so that the engine is used
 * here and nowhere else. SECURITY: the PIN passes through here and is wiped; the module is code of its maker in our
 * process. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/hsm.h"

#include <openssl/engine.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/hsm_internal.h"

#define PATH_TEXT 1024
/* PKCS#11 modules take 4 to 255 bytes. */
#define PIN_MAX 256

static struct {
	char module[PATH_TEXT], pin_file[PATH_TEXT];
	ENGINE *engine;                 /* NULL until the first key */
	const struct wg_hsm_line *line; /* to whoever has the keys; NULL: this process has them itself */
	bool lost;
	struct served {
		EVP_PKEY *pkey;
		unsigned does;
	} served[WG_HSM_KEYS]; /* the keys that another process asks for */
	unsigned served_count;
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
	/* what it has to say to a terminal is no line of a log; reasons come with its errors */
	if (code == WG_OK && ENGINE_ctrl_cmd_string(engine, "QUIET", NULL, 0) != 1)
		wg_ossl_forget();
	if (code == WG_OK && ENGINE_init(engine) != 1)
		code = wg_ossl_err(err, WG_CONFIG, "%s does not start", hsm.module);
	if (code == WG_OK)
		hsm.engine = engine; /* until the process ends: keys hold on to it */
	else
		(void)ENGINE_free(engine); /* gives back what by_id took */
	return code;
}

static enum wg_code load(const char *uri, EVP_PKEY **out, struct wg_err *err)
{
	enum wg_code code = hsm.engine != NULL ? WG_OK : open_engine(err);
	if (code != WG_OK)
		return code;
	*out = ENGINE_load_private_key(hsm.engine, uri, NULL, NULL);
	if (*out == NULL)
		return wg_ossl_err(err, WG_CONFIG, "the HSM has no such private key, or does not let us in");
	return WG_OK;
}

/* ---- asking another process */

void wg_hsm_ask_over(const struct wg_hsm_line *line)
{
	hsm.line = line;
}

bool wg_hsm_lost(void)
{
	return hsm.lost;
}

bool wg_hsm_ask_key(struct wg_hsm_asking *asking, const struct wg_hsm_request *request, struct wg_buf *answer)
{
	enum wg_hsm_status status;
	const uint8_t *p;
	size_t n;
	struct wg_hsm_request own = *request;
	if (asking->asked && asking->line->once)
		return false;
	own.key = asking->key;
	asking->asked = true;
	bool said = !hsm.lost && wg_hsm_ask(asking->line, &own, answer) && wg_hsm_told(answer, &status, &p, &n);
	hsm.lost = hsm.lost || !said || status == WG_HSM_GONE;
	return said;
}

bool wg_hsm_fault(const struct wg_key *key, struct wg_err *err)
{
	if (key->asking == NULL || !hsm.lost)
		return false;
	wg_ossl_forget();
	return wg_err_set(err, WG_SYSTEM, WG_HSM_SILENT) == WG_SYSTEM;
}

enum wg_code wg_hsm_asked(const struct wg_hsm_line *line, uint8_t number, EVP_PKEY *public, struct wg_key *key,
                          struct wg_err *err)
{
	key->hsm = true;
	key->asking = calloc(1, sizeof *key->asking);
	if (key->asking == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a key");
	*key->asking = (struct wg_hsm_asking){ .line = line, .key = number };
	key->pkey = wg_hsm_asking_key(public, key->asking);
	return key->pkey != NULL ? WG_OK : wg_ossl_err(err, WG_CONFIG, "the key is neither RSA nor EC");
}

static enum wg_code ask_for(const char *uri, struct wg_key *key, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf answer = WG_BUF(WG_HSM_TOLD_MAX);
	const struct wg_hsm_request r = { .op = WG_HSM_OPEN, .data = (const uint8_t *)uri, .data_len = strlen(uri) };
	enum wg_hsm_status status;
	const uint8_t *p;
	size_t n;
	if (!wg_hsm_ask(hsm.line, &r, &answer) || !wg_hsm_told(&answer, &status, &p, &n))
		return wg_err_set(err, WG_SYSTEM, "the process that holds the HSM ended, or does not answer");
	if (status != WG_HSM_DONE)
		return wg_err_set(err, WG_CONFIG, "%.*s", (int)n, n > 0 ? (const char *)p : "");
	struct wg_cur cur = WG_CUR(p, n);
	uint8_t number = wg_cur_u8(&cur);
	key->does = wg_cur_u32(&cur);
	p = wg_cur_bytes(&cur, &n);
	EVP_PKEY *public = !cur.failed ? d2i_PUBKEY(NULL, &p, (long)n) : NULL;
	if (public == NULL)
		return wg_ossl_err(err, WG_SYSTEM, "what the process that holds the HSM says of a key is no key");
	enum wg_code code = wg_hsm_asked(hsm.line, number, public, key, err);
	EVP_PKEY_free(public);
	return code;
}

enum wg_code wg_hsm_open(const char *uri, struct wg_key *key, struct wg_err *err)
{
	if (hsm.line != NULL)
		return ask_for(uri, key, err);
	key->hsm = true;
	return load(uri, &key->pkey, err);
}

/* ---- being asked */

static void open_key(const struct wg_hsm_request *r, const char *hint, struct wg_buf *out)
{
	char uri[WG_HSM_DATA_MAX + 1];
	struct wg_err err = { 0 };
	struct served *k = hsm.served_count < WG_HSM_KEYS ? &hsm.served[hsm.served_count] : NULL;
	uint8_t *der = NULL;
	memcpy(uri, r->data, r->data_len);
	uri[r->data_len] = '\0';
	enum wg_code code = k != NULL ? load(uri, &k->pkey, &err) : wg_err_set(&err, WG_LIMIT, "too many keys in the HSM");
	int n = code == WG_OK ? i2d_PUBKEY(k->pkey, &der) : -1;
	if (code == WG_OK && n <= 0)
		(void)wg_ossl_err(&err, WG_CONFIG, "the HSM has the private key, and no public one beside it");
	if (n > 0) {
		WG_AUTO_BUF struct wg_buf told = WG_BUF(WG_HSM_TOLD_MAX);
		k->does = wg_hsm_does(k->pkey);
		wg_buf_u8(&told, (uint8_t)hsm.served_count++);
		wg_buf_u32(&told, k->does);
		wg_buf_bytes(&told, der, (size_t)n);
		wg_hsm_tell(told.failed ? WG_HSM_REFUSED : WG_HSM_DONE, told.data, told.len, out);
	} else {
		WG_AUTO_BUF struct wg_buf words = WG_BUF(WG_ERR_TEXT_MAX);
		wg_buf_printf(&words, "%.700s%s", err.text, hint);
		wg_hsm_tell(WG_HSM_REFUSED, words.data, words.len, out);
	}
	OPENSSL_free(der);
}

static bool serve_one(const struct wg_hsm_line *line, const char *hint)
{
	WG_AUTO_BUF struct wg_buf question = WG_BUF(WG_HSM_ASK_MAX);
	WG_CLEANUP(wg_buf_wipe) struct wg_buf answer = WG_BUF(WG_HSM_TOLD_MAX);
	struct wg_hsm_request r;
	enum wg_hsm_status status;
	const uint8_t *p;
	size_t n;
	if (!wg_hsm_frame_read(line->from, -1, &question))
		return false;
	if (!wg_hsm_get(question.data, question.len, &r))
		wg_hsm_tell(WG_HSM_REFUSED, NULL, 0, &answer);
	else if (r.op == WG_HSM_OPEN)
		open_key(&r, hint, &answer);
	else if (r.key >= hsm.served_count)
		wg_hsm_tell(WG_HSM_REFUSED, NULL, 0, &answer);
	else
		wg_hsm_do(hsm.served[r.key].pkey, hsm.served[r.key].does, &r, &answer);
	return wg_hsm_frame_write(line->to, &answer) && wg_hsm_told(&answer, &status, &p, &n) && status != WG_HSM_GONE;
}

void wg_hsm_serve(const struct wg_hsm_line *line, const char *hint)
{
	while (serve_one(line, hint))
		;
}
