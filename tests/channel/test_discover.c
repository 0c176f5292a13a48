/* Names, URLs and answers of the search for certificates. The search itself is tried in test_discover.py, with real
 * servers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "channel/discover.h"

static void test_names(void **state)
{
	(void)state;
	static const struct {
		const char *address, *name;
	} table[] = {
		/* the example of RFC 8162 section 3, in another domain */
		{ "hugh@council.example",
		  "c93f1e400f26708f98cb19d936620da35eec8f72e57f9eec01c1afd6._smimecert.council.example" },
		{ "no address", NULL },
		{ "two@at@council.example", NULL },
		{ "@council.example", NULL },
	};
	char name[256], other[256];
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		assert_int_equal(wg_smimea_name(table[i].address, name, sizeof name), table[i].name != NULL);
		if (i == 0)
			assert_string_equal(name, table[i].name);
	}
	/* the local part is hashed as it is written */
	assert_true(wg_smimea_name("hugh@council.example", name, sizeof name));
	assert_true(wg_smimea_name("Hugh@council.example", other, sizeof other));
	assert_string_not_equal(name, other);
	assert_false(wg_smimea_name("hugh@council.example", name, 40)); /* does not fit */
}

static void test_urls(void **state)
{
	(void)state;
	static const struct {
		const char *url, *address, *out;
		enum wg_code code;
	} table[] = {
		{ "ldaps://ldap.example/dc=council", "desk@council.example",
		  "ldaps://ldap.example/dc=council?userCertificate;binary?sub?(mail=desk%40council%2eexample)", WG_OK },
		{ "ldaps://ldap.example:1636/dc=a,dc=b", "a-b@c.example",
		  "ldaps://ldap.example:1636/dc=a,dc=b?userCertificate;binary?sub?(mail=a%2db%40c%2eexample)", WG_OK },
		{ "ldaps://ldap.example/dc=c", "*@c.example",
		  "ldaps://ldap.example/dc=c?userCertificate;binary?sub?(mail=%5c2a%40c%2eexample)", WG_OK },
		{ "ldaps://ldap.example/dc=c", "a?b&c=d|e%f#g@c.example",
		  "ldaps://ldap.example/"
		  "dc=c?userCertificate;binary?sub?(mail=a%3fb%26c%3dd%7ce%25f%23g%40c%2eexample)",
		  WG_OK },
		{ "ldaps://ldap.example/dc=c", "a)(mail=*@c.example", NULL, WG_REJECT },
		{ "ldap://ldap.example/dc=c", "a@c.example", NULL, WG_CONFIG },
		{ "ldaps://ldap.example", "a@c.example", NULL, WG_CONFIG },
		{ "ldaps://ldap.example/", "a@c.example", NULL, WG_CONFIG },
		{ "ldaps:///dc=c", "a@c.example", NULL, WG_CONFIG },
		{ "ldaps://user@ldap.example/dc=c", "a@c.example", NULL, WG_CONFIG },
		{ "ldaps://ldap.example/dc=c?mail", "a@c.example", NULL, WG_CONFIG },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		WG_AUTO_BUF struct wg_buf out = WG_BUF((size_t)2048);
		struct wg_err err = { 0 };
		assert_int_equal(wg_ldap_url(table[i].url, table[i].address, &out, &err), table[i].code);
		if (table[i].code == WG_OK)
			assert_string_equal(wg_buf_text(&out), table[i].out);
	}
	WG_AUTO_BUF struct wg_buf small = WG_BUF((size_t)20);
	struct wg_err err = { 0 };
	assert_int_equal(wg_ldap_url(table[0].url, table[0].address, &small, &err), WG_LIMIT);
}

static void test_answers(void **state)
{
	(void)state;
	static struct wg_findings found;
	static const char answer[] =
		"DN: cn=a\n\tuserCertificate;binary:: MIIB\n\tuserCertificate;binary:: MIIC\n\n"
		"DN: cn=b\n\tUSERCERTIFICATE;BINARY:: MIIB\n\tmail: a@c.example\n"
		"\tuserCertificate;binary: text\n\tuserCertificate;binary:: !!\nuserCertificate;binary:: MIID\n";
	wg_ldap_read(answer, strlen(answer), "LDAP ldap.example\n", &found);
	assert_int_equal(found.count, 2); /* the same twice is one */
	assert_int_equal(found.others, 1);
	assert_int_equal(found.found[0].len, 3);
	assert_memory_equal(found.found[0].der, "\x30\x82\x01", 3);
	assert_memory_equal(found.found[1].der, "\x30\x82\x02", 3);
	assert_string_equal(found.found[0].source, "LDAP ldap.example?");
	WG_AUTO_BUF struct wg_buf many = WG_BUF((size_t)1 << 20);
	for (unsigned i = 0; i < 2 * WG_FOUND_MAX; i++)
		wg_buf_printf(&many, "\tuserCertificate;binary:: MII%c\n", 'a' + (int)i);
	found.count = found.others = 0;
	wg_ldap_read(wg_buf_text(&many), many.len, "LDAP", &found);
	assert_int_equal(found.count, WG_FOUND_MAX);
	assert_int_equal(found.others, WG_FOUND_MAX);
	wg_buf_reset(&many);
	wg_buf_puts(&many, "\tuserCertificate;binary:: ");
	for (int i = 0; i < WG_FOUND_DER_MAX / 3 + 1; i++)
		wg_buf_puts(&many, "AAAA");
	found.count = found.others = 0;
	wg_ldap_read(wg_buf_text(&many), many.len, "LDAP", &found);
	assert_int_equal(found.count, 0);
	assert_int_equal(found.others, 1);
}

static void test_pem(void **state)
{
	(void)state;
	static struct wg_found found = { .len = 50 };
	WG_AUTO_BUF struct wg_buf out = WG_BUF((size_t)4096);
	wg_found_pem(&found, &out);
	assert_string_equal(wg_buf_text(&out), "-----BEGIN CERTIFICATE-----\n"
	                                       "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nAAA=\n"
	                                       "-----END CERTIFICATE-----\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_pem),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
