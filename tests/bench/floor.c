/* floor.c: the library calls that one notice cannot do without, and nothing else: no processes, no sockets, no policy.
 * What the gateway reaches is given as a ratio to this.
 *
 * usage: floor NOTICE.xml NOTICE.xsd SIGNER KEY RECIPIENT STORAGE STORAGE-KEY DATABASE SECONDS RECIPIENTS
 * SIGNER, RECIPIENT and STORAGE are certificates; KEY and STORAGE-KEY belong to the first and the last.
 * accept:  hash, encrypt to STORAGE, one row; a durable commit for every GROUP rows.
 * deliver: open the original, parse, validate, then for each recipient copy and prune, validate, serialise, sign,
 * encrypt; rows as above.
 * Prints `floor-accept` and `floor-deliver` in notices/s, and `floor-cpu`, the processor milliseconds (user and system)
 * of one notice accepted and delivered. */
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlschemas.h>
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/text.h"

#define GROUP 16
#define RECIPIENTS_MAX 8

struct pair {
	X509 *cert;
	EVP_PKEY *key; /* NULL: encrypted to only */
};

struct floor {
	char *notice;
	size_t notice_len;
	xmlSchema *schema;
	struct pair signer, recipient, storage;
	int recipients;
	sqlite3 *db;
	sqlite3_stmt *insert;
};

static void must(int ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "floor: %s failed\n", what);
	exit(1);
}

static double now(void)
{
	struct timespec t;
	must(clock_gettime(CLOCK_MONOTONIC, &t) == 0, "clock");
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu(void)
{
	struct rusage use;
	must(getrusage(RUSAGE_SELF, &use) == 0, "getrusage");
	return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
	       (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

static char *slurp(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	must(f != NULL, path);
	char *bytes = malloc((size_t)1 << 20);
	must(bytes != NULL, "memory");
	*len = fread(bytes, 1, (size_t)1 << 20, f);
	(void)fclose(f); /* read only */
	return bytes;
}

static BIO *encrypt(X509 *cert, const void *p, size_t len, const EVP_CIPHER *cipher)
{
	BIO *in = BIO_new_mem_buf(p, (int)len), *out = BIO_new(BIO_s_mem());
	STACK_OF(X509) *to = sk_X509_new_null();
	must(in != NULL && out != NULL && to != NULL && sk_X509_push(to, cert) > 0, "memory");
	CMS_ContentInfo *cms = CMS_encrypt(to, in, cipher, CMS_BINARY);
	must(cms != NULL && i2d_CMS_bio(out, cms) == 1, "encrypt");
	CMS_ContentInfo_free(cms);
	sk_X509_free(to);
	(void)BIO_free(in); /* a memory BIO */
	return out;
}

static BIO *sign(const struct floor *f, const void *p, size_t len)
{
	BIO *in = BIO_new_mem_buf(p, (int)len), *out = BIO_new(BIO_s_mem());
	must(in != NULL && out != NULL, "memory");
	CMS_ContentInfo *cms = CMS_sign(f->signer.cert, f->signer.key, NULL, in, CMS_BINARY | CMS_NOSMIMECAP);
	must(cms != NULL && i2d_CMS_bio(out, cms) == 1, "sign");
	CMS_ContentInfo_free(cms);
	(void)BIO_free(in); /* a memory BIO */
	return out;
}

/* One row; every GROUP rows the commit that makes them durable. */
static void keep(const struct floor *f, BIO *sealed, long n)
{
	char *p;
	long len = BIO_get_mem_data(sealed, &p);
	if (n % GROUP == 0)
		must(sqlite3_exec(f->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK, "begin");
	must(sqlite3_bind_blob(f->insert, 1, p, (int)len, SQLITE_STATIC) == SQLITE_OK &&
	         sqlite3_step(f->insert) == SQLITE_DONE && sqlite3_reset(f->insert) == SQLITE_OK,
	     "insert");
	if (n % GROUP == GROUP - 1)
		must(sqlite3_exec(f->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK, "commit");
	(void)BIO_free(sealed); /* a memory BIO */
}

static void accept_one(const struct floor *f, long n)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned len;
	must(EVP_Digest(f->notice, f->notice_len, hash, &len, EVP_sha256(), NULL) == 1, "hash");
	keep(f, encrypt(f->storage.cert, f->notice, f->notice_len, EVP_aes_256_gcm()), n);
}

/* Takes off the last children of <child>, more of them for each recipient. */
static void prune(xmlDoc *copy, int recipient)
{
	xmlNode *child = xmlDocGetRootElement(copy)->children;
	while (child != NULL && xmlStrcmp(child->name, BAD_CAST "child") != 0)
		child = child->next;
	for (int i = 0; child != NULL && child->last != NULL && i < 4 * (recipient + 1); i++) {
		xmlNode *last = child->last;
		xmlUnlinkNode(last);
		xmlFreeNode(last);
	}
}

static void open_original(const struct floor *f, const void *der, long len)
{
	BIO *in = BIO_new_mem_buf(der, (int)len), *out = BIO_new(BIO_s_mem());
	CMS_ContentInfo *cms = d2i_CMS_bio(in, NULL);
	must(cms != NULL && CMS_decrypt(cms, f->storage.key, f->storage.cert, NULL, out, 0) == 1, "decrypt");
	CMS_ContentInfo_free(cms);
	(void)BIO_free(in); /* memory BIOs */
	(void)BIO_free(out);
}

static void deliver_one(const struct floor *f, BIO *original, long n)
{
	char *der;
	long der_len = BIO_get_mem_data(original, &der);
	open_original(f, der, der_len);
	xmlDoc *doc = xmlReadMemory(f->notice, (int)f->notice_len, "notice", NULL, XML_PARSE_NONET);
	xmlSchemaValidCtxt *valid = xmlSchemaNewValidCtxt(f->schema);
	must(doc != NULL && valid != NULL && xmlSchemaValidateDoc(valid, doc) == 0, "validate");
	for (int r = 0; r < f->recipients; r++) {
		xmlChar *text = NULL;
		int len = 0;
		xmlDoc *copy = xmlCopyDoc(doc, 1);
		must(copy != NULL, "copy");
		prune(copy, r);
		must(xmlSchemaValidateDoc(valid, copy) == 0, "validate copy");
		xmlDocDumpFormatMemoryEnc(copy, &text, &len, "UTF-8", 1);
		must(text != NULL, "serialise");
		BIO *signed_copy = sign(f, text, (size_t)len);
		char *p;
		long p_len = BIO_get_mem_data(signed_copy, &p);
		keep(f, encrypt(f->recipient.cert, p, (size_t)p_len, EVP_aes_256_cbc()), n * f->recipients + r);
		(void)BIO_free(signed_copy); /* a memory BIO */
		xmlFree(text);
		xmlFreeDoc(copy);
	}
	xmlSchemaFreeValidCtxt(valid);
	xmlFreeDoc(doc);
}

static void load_pair(struct pair *pair, const char *cert_path, const char *key_path)
{
	BIO *cert = BIO_new_file(cert_path, "r");
	pair->cert = cert != NULL ? PEM_read_bio_X509(cert, NULL, NULL, NULL) : NULL;
	(void)BIO_free(cert); /* read only */
	must(pair->cert != NULL, cert_path);
	if (key_path == NULL)
		return;
	BIO *key = BIO_new_file(key_path, "r");
	pair->key = key != NULL ? PEM_read_bio_PrivateKey(key, NULL, NULL, NULL) : NULL;
	(void)BIO_free(key); /* read only */
	must(pair->key != NULL, key_path);
}

static void free_pair(struct pair *pair)
{
	X509_free(pair->cert);
	EVP_PKEY_free(pair->key);
}

static void load(struct floor *f, char **argv)
{
	f->notice = slurp(argv[1], &f->notice_len);
	xmlSchemaParserCtxt *ctxt = xmlSchemaNewParserCtxt(argv[2]);
	f->schema = ctxt != NULL ? xmlSchemaParse(ctxt) : NULL;
	xmlSchemaFreeParserCtxt(ctxt);
	must(f->schema != NULL, "schema");
	load_pair(&f->signer, argv[3], argv[4]);
	load_pair(&f->recipient, argv[5], NULL);
	load_pair(&f->storage, argv[6], argv[7]);
	must(sqlite3_open(argv[8], &f->db) == SQLITE_OK &&
	         sqlite3_exec(
				 f->db,
				 "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t(id INTEGER PRIMARY KEY, b BLOB)",
				 NULL, NULL, NULL) == SQLITE_OK &&
	         sqlite3_prepare_v2(f->db, "INSERT INTO t(b) VALUES(?)", -1, &f->insert, NULL) == SQLITE_OK,
	     "database");
}

int main(int argc, char **argv)
{
	struct floor f = { 0 };
	uint64_t recipients = 0;
	must(argc == 11 && wg_num_parse(argv[10], 1, RECIPIENTS_MAX, &recipients),
	     "usage: floor NOTICE.xml NOTICE.xsd SIGNER KEY RECIPIENT STORAGE STORAGE-KEY DATABASE SECONDS RECIPIENTS:");
	double seconds = strtod(argv[9], NULL);
	f.recipients = (int)recipients;
	load(&f, argv);
	double start = now(), end, used = cpu();
	long n = 0;
	for (; (end = now()) - start < seconds || n % GROUP != 0; n++)
		accept_one(&f, n);
	double one = (cpu() - used) / (double)n;
	(void)printf("floor-accept %.1f notices/s\n", (double)n / (end - start));
	BIO *original = encrypt(f.storage.cert, f.notice, f.notice_len, EVP_aes_256_gcm());
	used = cpu();
	start = now();
	for (n = 0; (end = now()) - start < seconds || n % GROUP != 0; n++)
		deliver_one(&f, original, n);
	one += (cpu() - used) / (double)n;
	(void)printf("floor-deliver %.1f notices/s\nfloor-cpu %.4f ms/notice\n", (double)n / (end - start), one * 1000);
	(void)BIO_free(original);         /* a memory BIO */
	(void)sqlite3_finalize(f.insert); /* measured already */
	(void)sqlite3_close(f.db);
	xmlSchemaFree(f.schema);
	free_pair(&f.signer);
	free_pair(&f.recipient);
	free_pair(&f.storage);
	free(f.notice);
	return 0;
}
