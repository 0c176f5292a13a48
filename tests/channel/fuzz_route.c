/* Fuzz target: what DNS servers and web servers of strangers say about mail: records in their wire form, TXT texts,
 * MTA-STS policies. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "channel/discover.h"
#include "channel/sts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void records(const uint8_t *p, size_t len)
{
	char host[WG_HOST_TEXT], address[WG_ADDRESS_TEXT], text[300];
	unsigned preference = 0;
	size_t used = 0;
	struct wg_dns_association a;
	if (wg_dns_read_name(p, len, host, &used))
		assert(used <= len && strlen(host) < sizeof host);
	if (wg_dns_read_mx(p, len, &preference, host))
		assert(preference <= 65535 && strlen(host) < sizeof host);
	if (wg_dns_read_txt(p, len, text, sizeof text)) {
		char id[WG_STS_ID];
		assert(strlen(text) < sizeof text && strlen(text) <= len);
		if (wg_sts_read_txt(text, id))
			assert(id[0] != '\0' && strlen(id) < sizeof id);
	}
	(void)wg_dns_read_address(WG_DNS_A, p, len, address); /* only has to end well */
	(void)wg_dns_read_address(WG_DNS_AAAA, p, len, address);
	if (wg_dns_read_association(p, len, &a)) {
		static struct wg_tlsa record;
		assert(a.data + a.len == p + len);
		if (a.len <= sizeof record.data) {
			record.usage = a.usage;
			record.selector = a.selector;
			record.matching = a.matching;
			record.len = a.len;
			memcpy(record.data, a.data, a.len);
			(void)wg_tlsa_usable(&record); /* the same */
		}
	}
}

static void certificates(const uint8_t *p, size_t len)
{
	static struct wg_findings found;
	found.count = found.others = 0;
	wg_ldap_read((const char *)p, len, "LDAP", &found);
	assert(found.count <= WG_FOUND_MAX);
	for (unsigned i = 0; i < found.count; i++)
		assert(found.found[i].len > 0 && found.found[i].len <= WG_FOUND_DER_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	certificates(data, size);
	static struct wg_sts_policy policy;
	records(data, size);
	if (wg_sts_read(data, size, &policy, NULL) == WG_OK) {
		assert(policy.max_age <= WG_STS_AGE_MAX && policy.mx_count <= WG_STS_MX);
		assert(policy.mode == WG_STS_MODE_NONE || policy.mx_count > 0);
		for (unsigned i = 0; i < policy.mx_count; i++)
			assert(policy.mx[i][0] == '*' || wg_sts_match(&policy, policy.mx[i]));
	}
	return 0;
}
