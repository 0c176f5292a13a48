/* dns_record.c owns the reading of records in their wire form. SECURITY: every byte is a stranger's; a signature says
 * who wrote it, not that it is well formed. */
#include <arpa/inet.h>
#include <string.h>

#include "channel/dns.h"

#define LABEL_MAX 63

static bool host_character(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool wg_dns_read_name(const uint8_t *p, size_t len, char out[WG_HOST_TEXT], size_t *used)
{
	char text[WG_HOST_TEXT];
	size_t at = 0, n = 0;
	for (;;) {
		if (at >= len)
			return false;
		size_t label = p[at++];
		if (label == 0)
			break;
		if (label > LABEL_MAX || label > len - at || label + 1 >= sizeof text - n)
			return false;
		if (n > 0)
			text[n++] = '.';
		for (size_t i = 0; i < label; i++, at++) {
			if (!host_character(p[at]))
				return false;
			text[n++] = (char)(p[at] >= 'A' && p[at] <= 'Z' ? p[at] + ('a' - 'A') : p[at]);
		}
	}
	text[n] = '\0';
	memcpy(out, text, n + 1);
	*used = at;
	return true;
}

bool wg_dns_read_mx(const uint8_t *p, size_t len, unsigned *preference, char host[WG_HOST_TEXT])
{
	size_t used = 0;
	char name[WG_HOST_TEXT];
	if (len < 3 || !wg_dns_read_name(p + 2, len - 2, name, &used) || used != len - 2)
		return false;
	*preference = (unsigned)p[0] << 8 | p[1];
	memcpy(host, name, strlen(name) + 1);
	return true;
}

bool wg_dns_read_address(enum wg_dns_type type, const uint8_t *p, size_t len, char out[WG_ADDRESS_TEXT])
{
	if ((type != WG_DNS_A || len != 4) && (type != WG_DNS_AAAA || len != 16))
		return false;
	return inet_ntop(type == WG_DNS_A ? AF_INET : AF_INET6, p, out, WG_ADDRESS_TEXT) != NULL;
}

bool wg_dns_read_txt(const uint8_t *p, size_t len, char *out, size_t size)
{
	size_t at = 0, n = 0;
	while (at < len) {
		size_t part = p[at++];
		if (part > len - at || part > size - 1 - n)
			return false;
		for (size_t i = 0; i < part; i++, at++) {
			if (p[at] < 0x20 || p[at] > 0x7e)
				return false;
			out[n++] = (char)p[at];
		}
	}
	out[n] = '\0';
	return true;
}

bool wg_dns_read_association(const uint8_t *p, size_t len, struct wg_dns_association *out)
{
	if (len < 4) /* no data: nothing is associated */
		return false;
	*out =
		(struct wg_dns_association){ .usage = p[0], .selector = p[1], .matching = p[2], .data = p + 3, .len = len - 3 };
	return true;
}
