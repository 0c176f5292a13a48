/* files.c owns which files hold certificates and keys. */
#include "role/files.h"

#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"

static void tell(const char *path, bool secret, wg_files_each *each, void *arg)
{
	if (path[0] != '\0' && strncmp(path, "pkcs11:", 7) != 0)
		each(arg, path, secret);
}

static void tell_pair(const struct wg_pair *pair, wg_files_each *each, void *arg)
{
	tell(pair->certificate, false, each, arg);
	tell(pair->key, true, each, arg);
}

static void own(const struct wg_config *c, wg_files_each *each, void *arg)
{
	const struct wg_pair *pairs[] = { &c->storage,      &c->https_in.tls,  &c->acknowledge.tls,
		                              &c->mail_out.tls, &c->https_out.tls, &c->mesh.tls };
	const char *open[] = { c->smime_ca,     c->smime_crl,  c->https_in.client_ca, c->https_in.crl, c->mail_out.ca,
		                   c->mail_out.crl, c->dns.sts_ca, c->https_out.ca,       c->mesh.ca };
	const char *secret[] = { c->mail_out.secret, c->mesh.password, c->mesh.shared_key, c->hsm.pin };
	for (size_t i = 0; i < WG_COUNT(pairs); i++)
		tell_pair(pairs[i], each, arg);
	for (unsigned i = 0; i < c->smime_count; i++)
		tell_pair(&c->smimes[i], each, arg);
	for (size_t i = 0; i < WG_COUNT(open); i++)
		tell(open[i], false, each, arg);
	for (size_t i = 0; i < WG_COUNT(secret); i++)
		tell(secret[i], true, each, arg);
	for (unsigned i = 0; i < c->imap_count; i++)
		tell(c->imaps[i].ca, false, each, arg);
}

static void partner(const struct wg_organisation *o, wg_files_each *each, void *arg)
{
	tell(o->trust_ca, false, each, arg);
	tell(o->trust_crl, false, each, arg);
	for (unsigned i = 0; i < o->signer_count; i++)
		tell(o->signers[i], false, each, arg);
	for (unsigned i = 0; i < o->desk_count; i++) {
		for (unsigned k = 0; k < o->desks[i].certificate_count; k++)
			tell(o->desks[i].certificates[k], false, each, arg);
		tell(o->desks[i].webhook_secret, true, each, arg);
	}
}

void wg_files(const struct wg_config *config, const struct wg_directory *directory, wg_files_each *each, void *arg)
{
	own(config, each, arg);
	for (unsigned i = 0; directory != NULL && i < wg_directory_count(directory); i++)
		partner(wg_directory_at(directory, i), each, arg);
}

/* FNV-1a, 64 bits: it has to notice a change, not to withstand anybody. */
static void mix(uint64_t *stamp, const void *p, size_t len)
{
	const uint8_t *bytes = p;
	for (size_t i = 0; i < len; i++)
		*stamp = (*stamp ^ bytes[i]) * 0x100000001b3u;
}

static void stamp_file(void *arg, const char *path, bool secret)
{
	struct stat st;
	(void)secret; /* a key that changes is a change like any other */
	mix(arg, path, strlen(path));
	if (stat(path, &st) != 0)
		return; /* not there: its name alone */
	mix(arg, &st.st_ino, sizeof st.st_ino);
	mix(arg, &st.st_size, sizeof st.st_size);
	mix(arg, &st.st_mtim.tv_sec, sizeof st.st_mtim.tv_sec);
	mix(arg, &st.st_mtim.tv_nsec, sizeof st.st_mtim.tv_nsec);
}

uint64_t wg_files_stamp(const struct wg_config *config, const struct wg_directory *directory)
{
	uint64_t stamp = 0xcbf29ce484222325u;
	wg_files(config, directory, stamp_file, &stamp);
	return stamp;
}
