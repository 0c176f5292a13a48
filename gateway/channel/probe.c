/* probe.c owns the trying of a connection.
 * SECURITY: meets other sites' greetings; libcurl reads no more of them than the handshake needs, within its time. */
#include "channel/probe.h"

#include <curl/curl.h>
#include <string.h>

#include "base/text.h"
#include "crypto/peer.h"

#define CONNECT_MS 10000L
#define TOTAL_MS 15000L

struct probe {
	const struct wg_tls *tls;
	char host[256];
	struct wg_err setup;
};

static void curl_freep(CURL **curl)
{
	curl_easy_cleanup(*curl);
	*curl = NULL;
}

static CURLcode set_tls(CURL *curl, void *ctx, void *arg)
{
	struct probe *p = arg;
	(void)curl; /* the signature is libcurl's */
	return wg_tls_client_setup(p->tls, p->host, ctx, &p->setup) == WG_OK ? CURLE_OK : CURLE_SSL_CERTPROBLEM;
}

static bool host_of(const char *url, char out[256])
{
	CURLU *parts = curl_url();
	char *name = NULL;
	bool ok = parts != NULL && curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
	          curl_url_get(parts, CURLUPART_HOST, &name, 0) == CURLUE_OK && strlen(name) > 2 && strlen(name) < 256;
	if (ok) {
		size_t len = strlen(name);
		bool bracketed = name[0] == '[' && name[len - 1] == ']'; /* an IPv6 address */
		memcpy(out, name + bracketed, len - (bracketed ? 2u : 0u));
		out[len - (bracketed ? 2u : 0u)] = '\0';
	}
	curl_free(name);
	curl_url_cleanup(parts);
	return ok;
}

static bool set_up(CURL *curl, struct probe *p, const char *url, char *words)
{
	return curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,smtp,smtps") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
	       /* ours alone decide: those of the system are not even read */
	       curl_easy_setopt(curl, CURLOPT_CAINFO, NULL) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, set_tls) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, p) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, TOTAL_MS) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words) == CURLE_OK;
}

enum wg_code wg_probe(const char *url, const struct wg_tls *tls, struct wg_err *err)
{
	struct probe p = { .tls = tls };
	char words[CURL_ERROR_SIZE] = "", safe[256];
	WG_CLEANUP(curl_freep) CURL *curl = curl_easy_init();
	if (curl == NULL || !host_of(url, p.host))
		return wg_err_set(err, WG_CONFIG, "this is no address that can be tried");
	if (!set_up(curl, &p, url, words))
		return wg_err_set(err, WG_SYSTEM, "libcurl cannot be set up");
	CURLcode rc = curl_easy_perform(curl);
	if (rc == CURLE_OK)
		return WG_OK;
	if (p.setup.text[0] != '\0')
		return wg_err_set(err, WG_CONFIG, "%s", p.setup.text);
	if (tls->peer != NULL && tls->peer->words[0] != '\0')
		return wg_err_set(err, WG_CRYPTO, "%s", tls->peer->words);
	bool tls_fault = rc == CURLE_PEER_FAILED_VERIFICATION || rc == CURLE_SSL_CONNECT_ERROR ||
	                 rc == CURLE_USE_SSL_FAILED || rc == CURLE_SSL_CERTPROBLEM || rc == CURLE_SSL_ISSUER_ERROR;
	return wg_err_set(err, tls_fault ? WG_CRYPTO : WG_AGAIN, "%s",
	                  wg_defang(words[0] != '\0' ? words : curl_easy_strerror(rc), safe, sizeof safe));
}
