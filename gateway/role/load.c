/* load.c owns what the process role holds: schemas, maps, policy, directory, keys. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "notice/xml.h"
#include "role/process.h"
#include "role/trust.h"
#include "sys/file.h"

/* HMAC-SHA-256 gains nothing from a longer key (RFC 2104), and a shorter one could be guessed. */
#define LOOKUP_KEY_MIN 32
#define LOOKUP_KEY_MAX 4096

/* What the configuration names and is not there to be read: the file alone does not say where it is named. */
static enum wg_code named(const struct wg_config *config, const char *element, const char *path, enum wg_code code,
                          struct wg_err *err)
{
	return code != WG_OK && access(path, R_OK) != 0 ? wg_err_add(err, "%s: <%s>", config->file, element) : code;
}

static enum wg_code load_rules(struct wg_process *p, struct wg_err *err)
{
	const struct wg_paths *paths = &p->config->paths;
	enum wg_code code = wg_schema_load(paths->xsd, &p->schema, err);
	if (code == WG_OK)
		code = wg_maps_load(paths->maps, paths->xsd, p->schema, &p->maps, err);
	if (code == WG_OK)
		code = named(p->config, "directory", p->config->directory,
		             wg_directory_load(p->config->directory, paths->xsd, &p->directory, err), err);
	if (code == WG_OK)
		code = named(p->config, "policy", p->config->policy,
		             wg_policy_load(p->config->policy, paths->xsd, p->schema, &p->policy, err), err);
	if (code == WG_OK && wg_directory_find(p->directory, p->config->organisation) == NULL)
		code = wg_err_set(err, WG_CONFIG, "%s: this gateway's organisation \"%s\" is not in the directory %s",
		                  p->config->file, p->config->organisation, p->config->directory);
	return code;
}

static enum wg_code load_pair(const struct wg_pair *pair, bool samples, struct wg_key **key, struct wg_cert **cert,
                              struct wg_err *err)
{
	struct wg_cert_facts facts;
	enum wg_code code = wg_key_load(pair->key, key, err);
	if (code == WG_OK)
		code = wg_cert_load(pair->certificate, cert, err);
	if (code == WG_OK)
		code = wg_key_matches(*key, *cert, err);
	if (code != WG_OK)
		return wg_err_add(err, "%s with %s", pair->key, pair->certificate);
	code = wg_cert_facts(*cert, &facts, err);
	if (code == WG_OK && facts.sample && !samples)
		code = wg_err_set(
			err, WG_CONFIG,
			"%s is a sample made by certs-example/make: anybody can have its key. Use a certificate of your own, "
			"or, for a trial, add <samples allowed=\"true\"/>",
			pair->certificate);
	return code;
}

static enum wg_code load_lookup_key(struct wg_process *p, struct wg_err *err)
{
	const char *path = p->config->lookup_key;
	struct stat st;
	enum wg_code code = wg_file_read(path, &p->lookup_key, err);
	if (code != WG_OK)
		return code;
	if (stat(path, &st) != 0)
		return wg_err_errno(err, "%s", path);
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return wg_err_set(err, WG_CONFIG, "%s: the lookup key can be read by others than its owner: chmod 600 it",
		                  path);
	if (p->lookup_key.len < LOOKUP_KEY_MIN)
		return wg_err_set(err, WG_CONFIG,
		                  "%s: the lookup key has %zu bytes, at least %d are needed: head -c 32 /dev/urandom > FILE",
		                  path, p->lookup_key.len, LOOKUP_KEY_MIN);
	return WG_OK;
}

static enum wg_code load_smime(struct wg_process *p, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (unsigned i = 0; code == WG_OK && i < p->config->smime_count; i++) {
		WG_CLEANUP(wg_key_freep) struct wg_key *key = NULL;
		WG_CLEANUP(wg_cert_freep) struct wg_cert *cert = NULL;
		code = load_pair(&p->config->smimes[i], p->config->samples, &key, &cert, err);
		if (code == WG_OK)
			code = wg_keyring_add(&p->smime, &key, &cert, err);
	}
	return code == WG_OK ? wg_keyring_write(&p->smime, &p->smime_keys, err) : code;
}

/* A key in an HSM that only signs, or does not open what is stored, would be found out with the first message. */
static enum wg_code try_storage(const struct wg_process *p, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf sealed = WG_BUF(65536), opened = WG_BUF(65536);
	enum wg_code code = wg_rest_seal(p->rest, "trial", 5, &sealed, err);
	if (code == WG_OK)
		code = wg_cms_decrypt(p->storage_key, p->storage_cert, sealed.data, sealed.len, &opened, err);
	if (code == WG_CRYPTO)
		code = wg_err_set(err, WG_CONFIG, "%s: the storage key does not open what is sealed to its certificate%s",
		                  p->config->storage.key,
		                  wg_key_stays(p->storage_key)
		                      ? ": the HSM has to unwrap with it (RSA-OAEP with SHA-256: CKA_DECRYPT; "
		                        "ECDH of an EC key: CKA_DERIVE)"
		                      : "");
	return code;
}

/* A list that cannot be read is no fault that stops the role: what it would have said is missing, and the judge knows
 * what follows from that. */
static enum wg_code load_revocations(const struct wg_process *p, struct wg_revocations **out, uint64_t *stamp,
                                     struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf faults = WG_BUF(WG_LIMIT_CONFIG_FILE);
	*stamp = wg_trust_stamp(p->config); /* before: a file that comes meanwhile is taken in the next time */
	enum wg_code code = wg_trust_revocations(p->config, p->directory, out, &faults, err);
	if (code == WG_OK && faults.len > 0)
		wg_log(WG_LOG_WARNING, "revocation-unreadable", "why", wg_buf_text(&faults), "alarm", "trust", NULL);
	return code;
}

static enum wg_code load_keys(struct wg_process *p, struct wg_err *err)
{
	const struct wg_config *c = p->config;
	enum wg_code code = load_pair(&c->storage, c->samples, &p->storage_key, &p->storage_cert, err);
	if (code == WG_OK && wg_cms_head_check(p->storage_cert, WG_STORE_HEAD, err) != WG_OK)
		code = wg_err_add(err, "%s", c->storage.certificate);
	if (code == WG_OK)
		code = wg_rest_new(p->storage_cert, &p->rest, err);
	if (code == WG_OK)
		code = try_storage(p, err);
	if (code == WG_OK)
		code = load_smime(p, err);
	if (code == WG_OK)
		code = wg_anchors_load(p->directory, c->smime_ca, &p->anchors, err);
	if (code == WG_OK)
		code = load_revocations(p, &p->revocations, &p->trust_stamp, err);
	if (code == WG_OK) {
		wg_trust_set_write(p->anchors, &p->smime_anchors);
		code = wg_buf_check(&p->smime_anchors, "anchors", err);
	}
	if (code == WG_OK)
		code = load_lookup_key(p, err);
	if (code == WG_OK)
		code = wg_desk_certs_load(p->directory, &p->certs, &p->cert_count, err);
	return code == WG_OK ? WG_OK : wg_err_add(err, "keys");
}

/* Nothing for one that could not be loaded. */
static enum wg_code put_print(const struct wg_cert *cert, struct wg_buf *out, struct wg_err *err)
{
	struct wg_cert_facts facts = { 0 };
	enum wg_code code = cert != NULL ? wg_cert_facts(cert, &facts, err) : WG_OK;
	if (code == WG_OK)
		wg_buf_str(out, facts.fingerprint);
	return code;
}

/* Which certificates may not be used for what is known of revocation: envelopes that are sealed to them already are
 * made anew. That one expires changes nothing: it was good when it was sealed to. */
static void put_revoked(const struct wg_process *p, struct wg_buf *out)
{
	const struct wg_held held = { .anchors = p->anchors, .revocations = p->revocations };
	for (unsigned i = 0; i < p->cert_count; i++)
		for (unsigned k = 0; k < p->certs[i].count; k++) {
			struct wg_cert_judgement judgement;
			wg_desk_cert_judge(&held, &p->certs[i], k, wg_clock_now(), &judgement);
			wg_buf_u8(out, judgement.fault == WG_CERT_REVOKED || judgement.fault == WG_CERT_UNKNOWN);
		}
}

/* What decisions and envelopes depend on: policy, directory, the desks' certificates and the anchors and revocations
 * they are held against, our own signature, and whether and as whom we write mail. */
static enum wg_code make_epoch(const struct wg_process *p, char epoch[WG_HASH_TEXT], struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf all = WG_BUF(2 * WG_LIMIT_MESSAGE);
	wg_buf_str(&all, wg_policy_hash(p->policy));
	wg_buf_str(&all, wg_directory_hash(p->directory));
	wg_buf_str(&all, p->config->mail_out.port != 0 ? p->config->mail_out.from : "");
	wg_buf_bytes(&all, p->smime_anchors.data, p->smime_anchors.len);
	enum wg_code code = WG_OK;
	for (size_t i = 0; code == WG_OK && i < p->smime.count; i++)
		code = put_print(p->smime.certs[i], &all, err);
	for (unsigned i = 0; i < p->cert_count; i++)
		for (unsigned k = 0; code == WG_OK && k < p->certs[i].count; k++)
			code = put_print(p->certs[i].certs[k], &all, err);
	put_revoked(p, &all);
	if (code != WG_OK)
		return code;
	wg_sha256_hex(all.data, all.len, epoch);
	return wg_buf_check(&all, "epoch", err);
}

enum wg_code wg_process_load(const struct wg_config *config, struct wg_process *out, struct wg_err *err)
{
	*out = (struct wg_process){
		.config = config,
		.smime_keys = WG_BUF(WG_LIMIT_CONFIG_FILE),
		.smime_anchors = WG_BUF(WG_LIMIT_MESSAGE),
		.lookup_key = WG_BUF(LOOKUP_KEY_MAX),
	};
	enum wg_code code = load_rules(out, err);
	if (code == WG_OK)
		code = wg_consent_ready(config->paths.xsd, err); /* the role cannot open files when it meets a record */
	if (code == WG_OK)
		code = load_keys(out, err);
	if (code == WG_OK)
		code = make_epoch(out, out->epoch, err);
	return code;
}

enum wg_code wg_process_refresh(struct wg_process *p, struct wg_err *err)
{
	WG_CLEANUP(wg_revocations_freep) struct wg_revocations *fresh = NULL;
	char epoch[WG_HASH_TEXT];
	uint64_t stamp = 0;
	if (wg_trust_stamp(p->config) == p->trust_stamp)
		return WG_OK;
	enum wg_code code = load_revocations(p, &fresh, &stamp, err);
	if (code != WG_OK)
		return code;
	wg_revocations_freep(&p->revocations);
	p->revocations = wg_steal(&fresh);
	p->trust_stamp = stamp;
	code = make_epoch(p, epoch, err);
	if (code == WG_OK && strcmp(epoch, p->epoch) != 0)
		code = wg_err_set(err, WG_AGAIN,
		                  "which certificates may be used has changed: what is not sent yet is decided anew");
	return code;
}

struct wg_opener wg_process_opener(const struct wg_process *p)
{
	return (struct wg_opener){ .keys = &p->smime_keys, .anchors = &p->smime_anchors, .ring = &p->smime };
}

struct wg_sealing wg_process_sealing(const struct wg_process *p)
{
	return (struct wg_sealing){
		.ring = &p->smime,
		.held = { .anchors = p->anchors, .revocations = p->revocations },
		.certs = p->certs,
		.cert_count = p->cert_count,
		.from = p->config->mail_out.port != 0 ? p->config->mail_out.from : NULL,
	};
}

void wg_process_free(struct wg_process *p)
{
	wg_desk_certs_free(p->certs, p->cert_count);
	wg_buf_wipe(&p->smime_keys);
	wg_buf_free(&p->smime_anchors);
	wg_buf_wipe(&p->lookup_key);
	wg_trust_set_freep(&p->anchors);
	wg_revocations_freep(&p->revocations);
	wg_keyring_free(&p->smime);
	wg_rest_freep(&p->rest);
	wg_cert_freep(&p->storage_cert);
	wg_key_freep(&p->storage_key);
	wg_policy_freep(&p->policy);
	wg_directory_freep(&p->directory);
	wg_maps_freep(&p->maps);
	wg_schema_freep(&p->schema);
}
