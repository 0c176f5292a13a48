/* gate.c owns the configuration that the tests of this room change and load. */
#include "gate.h"

#include <ctype.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "role/role.h"
#include "sys/file.h"

static const char config_text[] =
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	"<gateway xmlns=\"urn:wardgate:config:1\" organisation=\"staffordshire\" state=\"state\">\n"
	"  <policy file=\"" WG_SOURCE_DIR "/policy/staffordshire-stoke.xml\"/>\n"
	"  <directory file=\"directory.xml\"/>\n"
	"  <storage certificate=\"staffordshire/storage.pem\" key=\"staffordshire/storage.key\"/>\n"
	"  <smime certificate=\"staffordshire/smime.pem\" key=\"staffordshire/smime.key\" ca=\"ca.pem\"/>\n"
	"  <lookup key=\"lookup.key\"/>\n"
	"  <intake>\n"
	"    <https address=\"127.0.0.1\" port=\"8443\" certificate=\"staffordshire/server.pem\" "
	"key=\"staffordshire/server.key\" "
	"client-ca=\"ca.pem\"/>\n"
	"    <drop folder=\"drop\" organisation=\"staffordshire-police\"/>\n"
	"  </intake>\n"
	"  <deliver>\n"
	"    <mail host=\"localhost\" port=\"2525\" ca=\"ca.pem\" from=\"gateway@staffordshire.example\"/>\n"
	"    <https certificate=\"staffordshire/client.pem\" key=\"staffordshire/client.key\" ca=\"ca.pem\"/>\n"
	"    <retry first=\"1\" most=\"4\" give-up=\"3600\"/>\n"
	"  </deliver>\n"
	"  <samples allowed=\"true\"/>\n"
	"</gateway>\n";

/* kind, id, attributes, desk, role, channel */
#define DIRECTORY_ENTRY(kind, id, attributes, desk, role, how)                                           \
	"  <organisation id=\"" id "\" kind=\"" kind "\" " attributes ">\n"                                  \
	"    <name>" id " (example)</name><domain>" id ".example</domain><client dns=\"" id ".example\"/>\n" \
	"    <signer certificate=\"" id "/smime.pem\"/>\n"                                                   \
	"    <desk name=\"" desk "\" roles=\"" role "\" " how " certificate=\"" id "/smime.pem\"/>\n"        \
	"  </organisation>\n"

static const char directory_text[] =
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	"<directory xmlns=\"urn:wardgate:directory:1\" version=\"test\">\n" DIRECTORY_ENTRY(
		"council", "derbyshire", "code=\"830\"", "front-door", "front-door",
		"channel=\"https\" url=\"https://localhost:9/v1/notices\"")
		DIRECTORY_ENTRY("council", "staffordshire", "code=\"860\"", "front-door", "front-door",
                        "channel=\"mail\" address=\"front-door@staffordshire.example\"")
			DIRECTORY_ENTRY("police", "derbyshire-police", "code=\"E23000018\" areas=\"830 831\"", "missing",
                            "police-missing", "channel=\"mail\" address=\"missing@derbyshire-police.example\"")
				DIRECTORY_ENTRY("police", "staffordshire-police", "code=\"E23000015\" areas=\"860 861\"", "missing",
                                "police-missing",
                                "channel=\"mail\" address=\"missing@staffordshire-police.example\"") "</directory>\n";

const char *gate_write(const char *name, const char *text)
{
	pki_write(name, text, strlen(text));
	const char *path = pki(name);
	assert_int_equal(chmod(path, 0600), 0);
	return path;
}

char *gate_replaced(const char *text, const char *from, const char *to)
{
	struct wg_buf out = WG_BUF(WG_LIMIT_CONFIG_FILE);
	const char *at = strstr(text, from);
	if (at == NULL)
		fail_msg("there is no %s to replace", from);
	wg_buf_put(&out, text, (size_t)(at - text));
	wg_buf_puts(&out, to);
	wg_buf_puts(&out, at + strlen(from));
	char *s = wg_buf_steal(&out);
	assert_non_null(s);
	return s;
}

char *gate_config(const char *from, const char *to)
{
	return gate_replaced(config_text, from, to);
}

char *gate_directory(const char *from, const char *to)
{
	return gate_replaced(directory_text, from, to);
}

int gate_setup(void **state)
{
	wg_xml_init();
	if (pki_setup(state) != 0)
		return -1;
	(void)gate_write("gateway.xml", config_text);
	(void)gate_write("directory.xml", directory_text);
	(void)gate_write("lookup.key", "thirty-two bytes, and not random");
	return 0;
}

struct wg_config *gate_load(void)
{
	struct wg_config *config = NULL;
	if (wg_config_load(pki("gateway.xml"), &config, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	return config;
}

/* In the child. */
static void serve(const char *folder)
{
	struct wg_server *server = NULL;
	struct wg_err err = { 0 };
	wg_role_signals();
	enum wg_code code = wg_server_open(folder, &server, &err);
	if (code == WG_OK)
		code = wg_server_run(server, &wg_role_stop, &err);
	if (code != WG_OK)
		(void)fprintf(stderr, "%s\n", err.text);
	wg_server_freep(&server);
	_exit(code == WG_OK ? 0 : 1);
}

static struct wg_client *connect_as(const char *name, enum wg_store_role role)
{
	struct wg_client *client = NULL;
	struct wg_config config = { 0 };
	(void)snprintf(config.state, sizeof config.state, "%s/%s", pki_dir, name); /* fits */
	if (wg_role_connect(&config, role, &client, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	return client;
}

void gate_store_open(struct gate_store *store, const char *name)
{
	char folder[PATH_MAX];
	(void)snprintf(folder, sizeof folder, "%s/%s", pki_dir, name); /* fits */
	assert_int_equal(wg_file_mkdir(folder, &pki_err), WG_OK);
	store->pid = fork();
	assert_true(store->pid >= 0);
	if (store->pid == 0)
		serve(folder);
	store->intake = connect_as(name, WG_ROLE_INTAKE);
	store->process = connect_as(name, WG_ROLE_PROCESS);
	store->admin = connect_as(name, WG_ROLE_ADMIN);
}

void gate_store_lose(struct gate_store *store, const char *name)
{
	wg_client_freep(&store->process);
	store->process = connect_as(name, WG_ROLE_PROCESS);
}

void gate_store_close(struct gate_store *store)
{
	int status = -1;
	wg_client_freep(&store->intake);
	wg_client_freep(&store->process);
	wg_client_freep(&store->admin);
	assert_int_equal(kill(store->pid, SIGTERM), 0);
	assert_int_equal(waitpid(store->pid, &status, 0), store->pid);
	assert_int_equal(status, 0);
}

struct wg_row gate_row(struct gate_store *store, const char *what, const char *id, const char *organisation)
{
	struct wg_row *rows = NULL, found = { 0 };
	unsigned count = 0;
	if (wg_client_list(store->admin, what, "*", id, 100, &rows, &count, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	for (unsigned i = 0; i < count && found.id[0] == '\0'; i++)
		if (organisation == NULL || strcmp(rows[i].organisation, organisation) == 0)
			found = rows[i];
	free(rows);
	return found;
}

/* ---- the process role */

static void load(struct gate *gate)
{
	gate->config = gate_load();
	if (wg_process_load(gate->config, &gate->process, &pki_err) != WG_OK ||
	    wg_client_epoch(gate->store.process, gate->process.epoch, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
}

static void unload(struct gate *gate)
{
	wg_process_free(&gate->process);
	free(gate->config);
}

int gate_open(struct gate *gate)
{
	gate_store_open(&gate->store, GATE_STORE);
	load(gate);
	gate->log = open(pki("log"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	gate->real_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	return gate->log >= 0 && gate->real_stderr >= 0 ? 0 : -1;
}

void gate_close(struct gate *gate)
{
	wg_closep(&gate->real_stderr);
	wg_closep(&gate->log);
	unload(gate);
	gate_store_close(&gate->store);
}

void gate_reload(struct gate *gate, const char *directory)
{
	if (directory != NULL)
		(void)gate_write("directory.xml", directory);
	unload(gate);
	load(gate);
}

static const char *submit(struct gate *gate, const void *bytes, size_t len, const char *organisation, const char *type,
                          const char *way)
{
	static char id[WG_ID_TEXT];
	struct wg_buf blob = WG_BUF(WG_LIMIT_ENVELOPE);
	struct wg_msg_new msg = { 0 };
	(void)snprintf(msg.way, sizeof msg.way, "%s", way); /* short */
	struct wg_msg_receipt receipt = { 0 };
	(void)snprintf(msg.organisation, sizeof msg.organisation, "%s", organisation); /* short */
	(void)snprintf(msg.content_type, sizeof msg.content_type, "%s", type);         /* short */
	wg_sha256_hex(bytes, len, msg.content_hash);
	if (wg_id_make(wg_clock_wall(), msg.id, &pki_err) != WG_OK ||
	    wg_cms_encrypt(gate->process.storage_cert, WG_CIPHER_GCM, bytes, len, &blob, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	msg.blob = blob.data;
	msg.blob_len = blob.len;
	if (wg_client_add(gate->store.intake, &msg, &receipt, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	assert_false(receipt.duplicate);
	wg_buf_free(&blob);
	memcpy(id, receipt.id, sizeof id);
	return id;
}

const char *gate_submit(struct gate *gate, const void *bytes, size_t len, const char *organisation, const char *type)
{
	return submit(gate, bytes, len, organisation, type, "drop");
}

const char *gate_submit_mail(struct gate *gate, const void *bytes, size_t len)
{
	return submit(gate, bytes, len, "", "message/rfc822", "imap");
}

enum wg_code gate_logged(struct gate *gate, const struct wg_msg_job *job)
{
	assert_true(dup2(gate->log, STDERR_FILENO) >= 0);
	enum wg_code code = wg_process_handle(&gate->process, gate->store.process, job, &pki_err);
	assert_true(dup2(gate->real_stderr, STDERR_FILENO) >= 0);
	return code;
}

void gate_handle(struct gate *gate, bool first_try)
{
	struct wg_msg_job *jobs = NULL;
	unsigned count = 0;
	if (wg_client_lease_messages(gate->store.process, 1, 30000, &jobs, &count, &pki_err) != WG_OK || count != 1)
		fail_msg("%u jobs: %s", count, pki_err.text);
	if (first_try)
		jobs[0].tries = 0;
	enum wg_code code = gate_logged(gate, &jobs[0]);
	if (code != WG_OK)
		fail_msg("%s", pki_err.text);
	wg_msg_jobs_free(jobs, count);
}

void gate_handle_until_not(struct gate *gate, const char *state, const char *id)
{
	while (strcmp(gate_row(&gate->store, "messages", id, NULL).state, state) == 0)
		gate_handle(gate, false);
}

static void is_row(const struct wg_row *row, const char *state, const char *words)
{
	if (strcmp(row->state, state) != 0 || strstr(row->reason, words) == NULL || strstr(row->reason, "Canary") != NULL)
		fail_msg("%s: %s is not %s with \"%s\": %s", row->organisation, row->state, state, words, row->reason);
}

void gate_is_message(struct gate *gate, const char *id, const char *state, const char *words)
{
	struct wg_row row = gate_row(&gate->store, "messages", id, NULL);
	is_row(&row, state, words);
}

void gate_is_delivery(struct gate *gate, const char *id, const char *organisation, const char *state, const char *words)
{
	struct wg_row row = gate_row(&gate->store, "deliveries", id, organisation);
	is_row(&row, state, words);
}

/* Ids and hashes become #: among so many random letters, half a postcode or a year stands by chance too. */
static void blank_random(struct wg_buf *log)
{
	size_t run = 0;
	for (size_t i = 0; i <= log->len; i++) {
		if (i < log->len && (islower(log->data[i]) || isdigit(log->data[i]))) {
			run++;
			continue;
		}
		if (run >= WG_ID_LEN)
			memset(log->data + i - run, '#', run);
		run = 0;
	}
}

void gate_never_logged(const char *const *never, size_t count, struct wg_buf *log)
{
	assert_int_equal(wg_file_read(pki("log"), log, &pki_err), WG_OK);
	assert_true(log->len > 0);
	blank_random(log);
	for (size_t i = 0; i < count; i++)
		if (strstr(wg_buf_text(log), never[i]) != NULL)
			fail_msg("%s is in the log", never[i]);
}

int gate_opened(const char *file, const char *form, const char *who, char *out, size_t max)
{
	char cert[64], key[64];
	(void)snprintf(cert, sizeof cert, "%s/smime.pem", who); /* fits */
	(void)snprintf(key, sizeof key, "%s/smime.key", who);   /* fits */
	const char *const decrypt[] = { "openssl", "cms",     "-decrypt", "-in",    pki(file), "-inform",    form,
		                            "-recip",  pki(cert), "-inkey",   pki(key), "-out",    pki("inner"), NULL };
	const char *const verify[] = { "openssl",     "cms",      "-verify",   "-in",  pki("inner"), "-CAfile",
		                           pki("ca.pem"), "-purpose", "smimesign", "-out", pki("plain"), NULL };
	if (pki_run("decrypt.log", decrypt) != 0 || pki_run("verify.log", verify) != 0)
		return -1;
	out[pki_read("plain", out, max - 1)] = '\0';
	return 0;
}

void gate_unquoted(const char *inner, size_t len, struct wg_buf *out)
{
	static const char digits[] = "0123456789ABCDEF";
	for (size_t i = 0; i < len; i++) {
		const char *high = inner[i] == '=' && len - i > 2 ? strchr(digits, inner[i + 1]) : NULL;
		const char *low = high != NULL ? strchr(digits, inner[i + 2]) : NULL;
		if (low != NULL)
			wg_buf_u8(out, (uint8_t)((high - digits) << 4 | (low - digits)));
		else if (inner[i] != '=' || len - i <= 2 || inner[i + 1] != '\r')
			wg_buf_putc(out, inner[i]);
		else
			low = inner; /* a line that goes on */
		i += low != NULL ? 2 : 0;
	}
}

/* The reference in letters: another child for another reference, in both words of the name. */
static void name_of(const char *reference, char *out, size_t size)
{
	size_t n = 0;
	for (const char *p = reference; *p != '\0' && n + 1 < size; p++) {
		char c = *p >= '0' && *p <= '9' ? (char)('q' + (*p - '0') % 8) : *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
		if (c >= 'a' && c <= 'z')
			out[n++] = c;
	}
	out[n] = '\0';
}

void gate_report(struct wg_buf *out, const char *reference, const char *placing, const char *extra)
{
	char child[32];
	name_of(reference, child, sizeof child);
	wg_buf_printf(
		out,
		"From: missing@staffordshire-police.example\nTo: front-door@staffordshire.example\n"
		"Subject: MISSING PERSON REPORT\nMessage-ID: <%s@staffordshire-police.example>\n"
		"Content-Type: text/plain; charset=utf-8\n\nPolice incident number: SP-26-%s\nForce: Staffordshire Police\n"
		"Risk level: High\nFull name: Tess%s Canaryname%s\nDate of birth: 07/08/2012\nLooked after child: Yes\n"
		"Placing authority: %s\nHost authority: Staffordshire\nWhen last seen: 21/11/2026 at 19:30\n"
		"Where last seen: Canarystreet bus stop\nCircumstances of going missing: Left after tea\n%s",
		reference, reference, child, child, placing, extra);
	assert_false(out->failed);
}
