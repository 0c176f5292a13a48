/* Changing certificates, in every direction: before, while old and new stand side by side, and after. In each cell what
 * both sides may send then is delivered and opened; the matrix is printed. Old is of one authority, new of another of
 * the same name, so that every change of a certificate is one of the authority too. */
#include "gate.h"

#include <openssl/ssl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "channel/mime.h"
#include "crypto/tls.h"
#include "role/signer.h"
#include "sys/file.h"

#define MAKE WG_SOURCE_DIR "/certs-example/make"
#define PHASES 3

/* Which of the two stand there in a phase. */
struct phase {
	const char *name;
	bool old, new;
};
static const struct phase phases[PHASES] = { { "before", true, false },
	                                         { "both", true, true },
	                                         { "after", false, true } };
static const char *const pki_of[] = { "", "b/" };

static int setup(void **state)
{
	static char pem[131072];
	if (gate_setup(state) != 0)
		return -1;
	const char *const argv[] = { MAKE, pki("b"), NULL };
	if (pki_run("make-b.log", argv) != 0)
		return -1;
	size_t len = pki_read("ca.pem", pem, sizeof pem);
	len += pki_read("b/ca.pem", pem + len, sizeof pem - len);
	pki_write("both-ca.pem", pem, len);
	return 0;
}

/* ---- a gateway of that phase */

struct world {
	struct wg_config *config;
	struct wg_process process;
};

static char *replaced(char *text, const char *from, const char *to)
{
	char *out = gate_replaced(text, from, to);
	free(text);
	return out;
}

/* `first` and `second` of the two that stand there; second NULL for none. */
static void pick(const struct phase *p, const char **first, const char **second)
{
	*first = p->old ? pki_of[0] : pki_of[1];
	*second = p->old && p->new ? pki_of[1] : NULL;
}

/* What differs from a gateway that knows the old alone: NULL for what is as it was. */
struct change {
	const struct phase *partner_encryption, *partner_signing, *own, *authority;
};

static void open_world(struct world *w, const struct change *c)
{
	const char *first, *second;
	char to[512];
	char *config = gate_config("ca=\"ca.pem\"/>\n  <lookup", "ca=\"both-ca.pem\"/>\n  <lookup");
	char *directory = gate_directory("version=\"test\"", "version=\"change\"");
	if (c->authority != NULL)
		config = replaced(config, "both-ca.pem",
		                  !c->authority->new   ? "ca.pem"
		                  : !c->authority->old ? "b/ca.pem"
		                                       : "both-ca.pem");
	if (c->partner_encryption != NULL) {
		pick(c->partner_encryption, &first, &second);
		(void)snprintf(to, sizeof to, "notices\" certificate=\"%sderbyshire/smime.pem\">%s%s%s</desk>", first,
		               second != NULL ? "<certificate file=\"" : "", second != NULL ? second : "",
		               second != NULL ? "derbyshire/smime.pem\"/>" : "");
		directory = replaced(directory, "notices\" certificate=\"derbyshire/smime.pem\"/>", to);
	}
	if (c->partner_signing != NULL) {
		pick(c->partner_signing, &first, &second);
		(void)snprintf(to, sizeof to, "<signer certificate=\"%sderbyshire/smime.pem\"/>%s%s%s", first,
		               second != NULL ? "<signer certificate=\"" : "", second != NULL ? second : "",
		               second != NULL ? "derbyshire/smime.pem\"/>" : "");
		directory = replaced(directory, "<signer certificate=\"derbyshire/smime.pem\"/>", to);
	}
	if (c->own != NULL) {
		char pair[256] = "";
		pick(c->own, &first, &second);
		if (second != NULL)
			(void)snprintf(pair, sizeof pair,
			               "<pair certificate=\"%sstaffordshire/smime.pem\" key=\"%sstaffordshire/smime.key\"/>",
			               second, second);
		(void)snprintf(to, sizeof to, "certificate=\"%sstaffordshire/smime.pem\" key=\"%sstaffordshire/smime.key\"",
		               first, first);
		config = replaced(config, "certificate=\"staffordshire/smime.pem\" key=\"staffordshire/smime.key\"", to);
		(void)snprintf(to, sizeof to, "ca.pem\">%s</smime>\n  <lookup", pair);
		config = replaced(config, "ca.pem\"/>\n  <lookup", to);
	}
	(void)gate_write("gateway.xml", config);
	(void)gate_write("directory.xml", directory);
	free(config);
	free(directory);
	w->config = gate_load();
	if (wg_process_load(w->config, &w->process, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
}

static void close_world(struct world *w)
{
	wg_process_free(&w->process);
	free(w->config);
}

static void load_pair(const char *pki_prefix, const char *who, struct wg_key **key, struct wg_cert **cert)
{
	char name[128];
	(void)snprintf(name, sizeof name, "%s%s/smime", pki_prefix, who);
	pki_pair(name, key, cert);
}

/* ---- what is delivered */

/* A copy for derbyshire that we seal; *by: the fingerprint of who signed it. The partner holds the key of `prefix`
 * only.
 */
static bool partner_opens(const struct world *w, const char *prefix, char by[WG_FINGERPRINT_TEXT])
{
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(WG_LIMIT_NOTICE), der = WG_BUF(WG_LIMIT_ENVELOPE),
							  entity = WG_BUF(WG_LIMIT_ENVELOPE), content = WG_BUF(WG_LIMIT_ENVELOPE);
	WG_CLEANUP(wg_key_freep) struct wg_key *key = NULL;
	WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL, *signer = NULL;
	WG_CLEANUP(wg_trust_freep) struct wg_trust *trust = pki_trust("both-ca.pem", NULL);
	struct wg_notice *notice = NULL, *copy = NULL;
	struct wg_cert_facts facts;
	const struct wg_organisation *o = wg_directory_find(w->process.directory, "derbyshire");
	struct wg_copy want = { .organisation = o->id,
		                    .desk = o->desks[0].name,
		                    .granted = wg_category_find("identity") | wg_category_find("episode"),
		                    .reason = "not shared with this recipient" };
	const struct wg_sending sending = { .reference = "01k9tess00examp1e0m1ss1ng1.derbyshire.front-door",
		                                .date_ms = 1795300000000,
		                                .organisation = o,
		                                .desk = &o->desks[0] };
	struct wg_sealing sealing = wg_process_sealing(&w->process);
	if (wg_file_read(WG_SOURCE_DIR "/tests/corpora/notice/missing-example.xml", &bytes, &pki_err) != WG_OK ||
	    wg_notice_parse(w->process.schema, bytes.data, bytes.len, "notice", &notice, &pki_err) != WG_OK ||
	    wg_notice_project(notice, &want, &copy, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	load_pair(prefix, "derbyshire", &key, &cert);
	uint8_t *inner = NULL;
	size_t inner_len = 0;
	bool opened = wg_seal(&sealing, copy, &sending, &der, &pki_err) == WG_OK &&
	              wg_cms_decrypt(key, cert, der.data, der.len, &entity, &pki_err) == WG_OK;
	const char *base64 = opened ? strstr(wg_buf_text(&entity), "\r\n\r\n") : NULL;
	opened = base64 != NULL && wg_base64_decode(base64, strlen(base64), &inner, &inner_len, &pki_err) == WG_OK &&
	         wg_cms_verify(trust, inner, inner_len, &content, &signer, &pki_err) == WG_OK &&
	         wg_cert_facts(signer, &facts, &pki_err) == WG_OK && strstr(wg_buf_text(&content), "notice.xml") != NULL;
	if (opened)
		memcpy(by, facts.fingerprint, WG_FINGERPRINT_TEXT);
	else
		print_message("%s: %s\n", prefix[0] != '\0' ? "new" : "old", pki_err.text);
	free(inner);
	wg_notice_freep(&notice);
	wg_notice_freep(&copy);
	return opened;
}

/* A message that derbyshire signs with one and encrypts to our other: through the confined reader, to the binding. */
static bool we_open(const struct world *w, const char *signs_with, const char *encrypts_to)
{
	static const char entity[] = "Content-Type: text/plain\r\n\r\nFull name: Tess Example\r\n";
	WG_AUTO_BUF struct wg_buf der = WG_BUF(WG_LIMIT_ENVELOPE), inner = WG_BUF(WG_LIMIT_ENVELOPE),
							  sealed = WG_BUF(WG_LIMIT_ENVELOPE), out = WG_BUF(WG_LIMIT_MESSAGE),
							  names = WG_BUF(WG_LIMIT_CONFIG_FILE);
	WG_CLEANUP(wg_key_freep) struct wg_key *key = NULL;
	WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL, *to = NULL;
	char signer[WG_FINGERPRINT_TEXT];
	const struct wg_opener opener = wg_process_opener(&w->process);
	load_pair(signs_with, "derbyshire", &key, &cert);
	load_pair(encrypts_to, "staffordshire", NULL, &to);
	if (wg_cms_sign(key, cert, entity, sizeof entity - 1, &der, &pki_err) != WG_OK ||
	    wg_mime_pkcs7(der.data, der.len, "signed-data", &inner, &pki_err) != WG_OK ||
	    wg_cms_encrypt(to, WG_CIPHER_CBC, inner.data, inner.len, &sealed, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	bool opened =
		wg_read_sealed(&w->config->paths, &opener, sealed.data, sealed.len, &out, signer, &names, &pki_err) == WG_OK &&
		wg_signer_check(&w->process, "derbyshire", signer, wg_buf_text(&names), &pki_err) == WG_OK &&
		strstr(wg_buf_text(&out), "Tess Example") != NULL;
	if (!opened)
		print_message("signed with %s, encrypted to %s: %s\n", signs_with[0] != '\0' ? "new" : "old",
		              encrypts_to[0] != '\0' ? "new" : "old", pki_err.text);
	return opened;
}

/* ---- TLS, over memory: the handshake is the whole question */

static bool admit(void *arg, const struct wg_cert_facts *client)
{
	(void)arg;
	return strcmp(client->dns[0], "staffordshire.example") == 0; /* as the directory has it: old and new carry it */
}

static bool shake(SSL *client, SSL *server)
{
	int c = 0, s = 0;
	for (int i = 0; i < 20 && (c != 1 || s != 1); i++) {
		c = SSL_do_handshake(client);
		s = SSL_do_handshake(server);
	}
	char byte = 'x';
	return c == 1 && s == 1 && SSL_write(client, &byte, 1) == 1 && SSL_read(server, &byte, 1) == 1;
}

static bool connects(const char *client_of, const char *server_of, const char *client_ca, const char *server_ca)
{
	char client_pem[PATH_MAX], client_key[PATH_MAX], server_pem[PATH_MAX], server_key[PATH_MAX];
	(void)snprintf(client_pem, sizeof client_pem, "%s/%sstaffordshire/client.pem", pki_dir, client_of);
	(void)snprintf(client_key, sizeof client_key, "%s/%sstaffordshire/client.key", pki_dir, client_of);
	(void)snprintf(server_pem, sizeof server_pem, "%s/%sderbyshire/server.pem", pki_dir, server_of);
	(void)snprintf(server_key, sizeof server_key, "%s/%sderbyshire/server.key", pki_dir, server_of);
	const struct wg_tls ours = { .certificate = client_pem, .key = client_key, .ca = pki(client_ca) };
	const struct wg_tls theirs = { .certificate = server_pem, .key = server_key, .ca = pki(server_ca) };
	WG_CLEANUP(wg_tls_freep) SSL_CTX *client_ctx = NULL, *server_ctx = NULL;
	if (wg_tls_client(&ours, &client_ctx, &pki_err) != WG_OK ||
	    wg_tls_server(&theirs, admit, NULL, &server_ctx, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	SSL *client = SSL_new(client_ctx), *server = SSL_new(server_ctx);
	BIO *a = NULL, *b = NULL;
	assert_true(client != NULL && server != NULL && BIO_new_bio_pair(&a, 0, &b, 0) == 1);
	SSL_set_bio(client, a, a);
	SSL_set_bio(server, b, b);
	SSL_set_connect_state(client);
	SSL_set_accept_state(server);
	assert_int_equal(wg_tls_expect(client, "derbyshire.example", &pki_err), WG_OK);
	bool met = shake(client, server);
	SSL_free(client);
	SSL_free(server);
	return met;
}

/* ---- the rows; each tries all that either side may do in that phase */

static bool partner_encryption(const struct phase *p)
{
	struct world w;
	char by[WG_FINGERPRINT_TEXT];
	open_world(&w, &(struct change){ .partner_encryption = p });
	bool good = (!p->old || partner_opens(&w, pki_of[0], by)) && (!p->new || partner_opens(&w, pki_of[1], by));
	close_world(&w);
	return good;
}

static bool partner_signing(const struct phase *p)
{
	struct world w;
	open_world(&w, &(struct change){ .partner_signing = p });
	bool good = (!p->old || we_open(&w, pki_of[0], pki_of[0])) && (!p->new || we_open(&w, pki_of[1], pki_of[0]));
	close_world(&w);
	return good;
}

static bool own_encryption(const struct phase *p)
{
	struct world w;
	open_world(&w, &(struct change){ .own = p });
	bool good = (!p->old || we_open(&w, pki_of[0], pki_of[0])) && (!p->new || we_open(&w, pki_of[0], pki_of[1]));
	close_world(&w);
	return good;
}

/* One signs: the newest as soon as it is there. */
static bool own_signing(const struct phase *p)
{
	struct world w;
	struct wg_cert_facts facts;
	WG_CLEANUP(wg_cert_freep) struct wg_cert *expected = NULL;
	char by[WG_FINGERPRINT_TEXT] = "";
	load_pair(pki_of[p->new], "staffordshire", NULL, &expected);
	assert_int_equal(wg_cert_facts(expected, &facts, &pki_err), WG_OK);
	open_world(&w, &(struct change){ .own = p });
	bool good = partner_opens(&w, pki_of[0], by) && strcmp(by, facts.fingerprint) == 0;
	close_world(&w);
	return good;
}

static bool tls_client(const struct phase *p)
{
	return (!p->old || connects(pki_of[0], pki_of[0], "both-ca.pem", "both-ca.pem")) &&
	       (!p->new || connects(pki_of[1], pki_of[0], "both-ca.pem", "both-ca.pem"));
}

static bool tls_server(const struct phase *p)
{
	return (!p->old || connects(pki_of[0], pki_of[0], "both-ca.pem", "both-ca.pem")) &&
	       (!p->new || connects(pki_of[0], pki_of[1], "both-ca.pem", "both-ca.pem"));
}

/* The anchors themselves: mail and TLS under the old alone, under both, under the new alone. */
static bool authority(const struct phase *p)
{
	const char *ca = !p->new ? "ca.pem" : !p->old ? "b/ca.pem" : "both-ca.pem";
	bool good = true;
	for (size_t i = 0; i < 2; i++) {
		struct world w;
		struct phase only = { .name = "", .old = i == 0, .new = i == 1 };
		char by[WG_FINGERPRINT_TEXT];
		open_world(&w, &(struct change){
						   .partner_encryption = &only, .partner_signing = &only, .own = &only, .authority = p });
		bool may = i == 0 ? p->old : p->new;
		bool sealed = partner_opens(&w, pki_of[i], by), read = we_open(&w, pki_of[i], pki_of[i]);
		bool met = connects(pki_of[i], pki_of[i], ca, ca);
		good = good && sealed == may && read == may && met == may; /* and what may not be is not */
		close_world(&w);
	}
	return good;
}

static void test_matrix(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		bool (*cell)(const struct phase *p);
	} rows[] = {
		{ "partner's encryption certificate", partner_encryption },
		{ "partner's signing certificate", partner_signing },
		{ "our encryption certificate", own_encryption },
		{ "our signing certificate", own_signing },
		{ "our TLS client certificate", tls_client },
		{ "their TLS server certificate", tls_server },
		{ "the authority of all of them", authority },
	};
	bool good = true;
	char table[2048];
	int used = snprintf(table, sizeof table, "%-36s %-8s %-8s %-8s\n", "delivered and opened", phases[0].name,
	                    phases[1].name, phases[2].name);
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		used += snprintf(table + used, sizeof table - (size_t)used, "%-36s", rows[i].name);
		for (size_t k = 0; k < PHASES; k++) {
			bool cell = rows[i].cell(&phases[k]);
			used += snprintf(table + used, sizeof table - (size_t)used, " %-8s", cell ? "yes" : "NO");
			good = good && cell;
		}
		used += snprintf(table + used, sizeof table - (size_t)used, "\n");
	}
	print_message("%s", table);
	assert_true(good);
}

/* After the change the old is nothing any more: the matrix is no row of yes by chance. */
static void test_old_is_over(void **state)
{
	(void)state;
	struct world w;
	char by[WG_FINGERPRINT_TEXT];
	open_world(&w,
	           &(struct change){ .partner_encryption = &phases[2], .partner_signing = &phases[2], .own = &phases[2] });
	assert_false(partner_opens(&w, pki_of[0], by));
	assert_false(we_open(&w, pki_of[0], pki_of[1]));
	assert_false(we_open(&w, pki_of[1], pki_of[0]));
	assert_true(we_open(&w, pki_of[1], pki_of[1]));
	close_world(&w);
	assert_false(connects(pki_of[0], pki_of[1], "b/ca.pem", "b/ca.pem"));
	assert_false(connects(pki_of[1], pki_of[0], "b/ca.pem", "b/ca.pem"));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_matrix), cmocka_unit_test(test_old_is_over) };
	return cmocka_run_group_tests(tests, setup, pki_teardown);
}
