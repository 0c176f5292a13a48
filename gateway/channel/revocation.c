/* revocation.c owns the fetching of lists of revoked certificates and OCSP answers.
 * SECURITY: the URL was written by an authority, perhaps a partner's own: it may not make us talk to what only we can
 * reach. The answer is anybody's bytes: capped here, believed nowhere before its signature was checked. */
#include "channel/revocation.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "base/text.h"

#define CONNECT_MS 10000
#define TOTAL_MS 30000
#define REDIRECTS 3L
#define HEADER_MAX ((size_t)64 * 1024)

/* ---- addresses */

/* IPv4 in host order: network and length of its prefix. */
static bool private_v4(uint32_t a)
{
	static const struct {
		uint32_t network;
		unsigned bits;
	} table[] = {
		{ 0x00000000, 8 },  /* this network */
		{ 0x0a000000, 8 },  /* RFC 1918 */
		{ 0x64400000, 10 }, /* RFC 6598, shared by carriers */
		{ 0x7f000000, 8 },  /* this machine */
		{ 0xa9fe0000, 16 }, /* link-local, and the metadata services of hosters */
		{ 0xac100000, 12 }, { 0xc0a80000, 16 }, { 0xc0000000, 24 }, /* RFC 6890, protocol assignments */
		{ 0xc6120000, 15 },                                         /* RFC 2544, benchmarks */
		{ 0xe0000000, 3 },                                          /* multicast and reserved */
	};
	for (size_t i = 0; i < WG_COUNT(table); i++)
		if ((a ^ table[i].network) >> (32 - table[i].bits) == 0)
			return true;
	return false;
}

static bool private_v6(const uint8_t a[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff }, nat64[12] = { 0x00, 0x64, 0xff, 0x9b };
	uint32_t last = (uint32_t)a[12] << 24 | (uint32_t)a[13] << 16 | (uint32_t)a[14] << 8 | a[15];
	static const uint8_t zero[12];
	if (memcmp(a, mapped, 12) == 0 || memcmp(a, nat64, 12) == 0 || memcmp(a, zero, 12) == 0)
		return private_v4(last);      /* ::1 and :: are among them: 0/8 */
	if (a[0] == 0x20 && a[1] == 0x02) /* 6to4 */
		return private_v4((uint32_t)a[2] << 24 | (uint32_t)a[3] << 16 | (uint32_t)a[4] << 8 | a[5]);
	return (a[0] & 0xfe) == 0xfc || (a[0] == 0xfe && a[1] >= 0x80) || a[0] == 0xff;
}

bool wg_address_private(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, address, sizeof in);
		return private_v4(ntohl(in.sin_addr.s_addr));
	}
	if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 in;
		memcpy(&in, address, sizeof in);
		return private_v6(in.sin6_addr.s6_addr);
	}
	return true;
}

/* ---- the fetch */

struct fetch {
	struct wg_buf *out;
	size_t start, headers;
	bool too_large, refused;
	bool private_addresses;
	char words[CURL_ERROR_SIZE];
};

static void curl_freep(CURL **curl)
{
	curl_easy_cleanup(*curl);
	*curl = NULL;
}

static void list_freep(struct curl_slist **list)
{
	curl_slist_free_all(*list);
	*list = NULL;
}

static size_t take_body(char *p, size_t size, size_t count, void *arg)
{
	struct fetch *f = arg;
	size_t len = size * count;
	if (len > f->out->max - f->out->len) {
		f->too_large = true;
		return 0; /* ends the transfer */
	}
	wg_buf_put(f->out, p, len);
	return f->out->failed ? 0 : len;
}

static size_t take_header(char *p, size_t size, size_t count, void *arg)
{
	struct fetch *f = arg;
	(void)p; /* only their amount matters */
	f->headers += size * count;
	f->too_large = f->too_large || f->headers > HEADER_MAX;
	return f->too_large ? 0 : size * count;
}

/* The address is what the name was resolved to, at this connection: a name cannot change its mind in between. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct fetch *f = arg;
	if (purpose != CURLSOCKTYPE_IPCXN || (!f->private_addresses && wg_address_private(&address->addr))) {
		f->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static bool set_up(CURL *curl, struct fetch *f, const struct wg_revocation_fetch *what, const char *scheme,
                   struct curl_slist *headers)
{
	bool ok = curl_easy_setopt(curl, CURLOPT_URL, what->url) == CURLE_OK &&
	          curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, scheme) == CURLE_OK &&
	          curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, scheme) == CURLE_OK &&
	          curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, what->request == NULL ? 1L : 0L) == CURLE_OK &&
	          curl_easy_setopt(curl, CURLOPT_MAXREDIRS, REDIRECTS) == CURLE_OK &&
	          curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
	          curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	          curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
	          curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
	          curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L) == CURLE_OK &&
	          curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
	                           (long)(what->connect_ms > 0 ? what->connect_ms : CONNECT_MS)) == CURLE_OK &&
	          curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(what->total_ms > 0 ? what->total_ms : TOTAL_MS)) ==
	              CURLE_OK &&
	          curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, f->words) == CURLE_OK &&
	          curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
	          curl_easy_setopt(curl, CURLOPT_WRITEDATA, f) == CURLE_OK &&
	          curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
	          curl_easy_setopt(curl, CURLOPT_HEADERDATA, f) == CURLE_OK &&
	          curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
	          curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, f) == CURLE_OK;
	if (ok && what->request != NULL)
		ok = curl_easy_setopt(curl, CURLOPT_POST, 1L) == CURLE_OK &&
		     curl_easy_setopt(curl, CURLOPT_POSTFIELDS, what->request) == CURLE_OK &&
		     curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)what->request_len) == CURLE_OK &&
		     curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK;
	return ok;
}

static enum wg_code tell(const struct fetch *f, CURLcode rc, struct wg_err *err)
{
	char words[256];
	if (f->too_large)
		return wg_err_set(err, WG_LIMIT, "the answer has more than %zu bytes", f->out->max - f->start);
	if (f->refused)
		return wg_err_set(err, WG_REJECT,
		                  "its address is in a private network or on this machine (private-addresses=\"true\" in "
		                  "<monitor> allows that)");
	return wg_err_set(err, WG_AGAIN, "%s",
	                  wg_defang(f->words[0] != '\0' ? f->words : curl_easy_strerror(rc), words, sizeof words));
}

enum wg_code wg_revocation_fetch(const struct wg_revocation_fetch *what, struct wg_buf *out, struct wg_err *err)
{
	const char *scheme = strncmp(what->url, "http://", 7) == 0 ? "http" : "https";
	struct fetch f = { .out = out, .start = out->len, .private_addresses = what->private_addresses };
	if (strcmp(scheme, "https") == 0 && strncmp(what->url, "https://", 8) != 0)
		return wg_err_set(err, WG_REJECT, "it is neither http nor https");
	WG_CLEANUP(curl_freep) CURL *curl = curl_easy_init();
	WG_CLEANUP(list_freep)
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/ocsp-request");
	if (curl == NULL || headers == NULL || !set_up(curl, &f, what, scheme, headers))
		return wg_err_set(err, WG_SYSTEM, "libcurl cannot be set up");
	CURLcode rc = curl_easy_perform(curl);
	if (rc == CURLE_OK && !out->failed)
		return WG_OK;
	if (out->failed)
		return wg_buf_check(out, "the answer", err);
	out->len = f.start;
	return tell(&f, rc, err);
}
