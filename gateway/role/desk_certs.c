/* desk_certs.c owns the partners' certificates as they are used: loaded once, chosen for each copy. */
#include "role/desk_certs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "role/trust.h"
#include "sys/file.h"

enum wg_code wg_desk_certs_load(const struct wg_directory *directory, struct wg_desk_cert **out, unsigned *count,
                                struct wg_err *err)
{
	unsigned desks = 0, n = 0;
	for (unsigned i = 0; i < wg_directory_count(directory); i++)
		desks += wg_directory_at(directory, i)->desk_count;
	struct wg_desk_cert *certs = calloc((size_t)desks + 1, sizeof *certs);
	if (certs == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the certificates of %u desks", desks);
	for (unsigned i = 0; i < wg_directory_count(directory); i++) {
		const struct wg_organisation *o = wg_directory_at(directory, i);
		for (unsigned d = 0; d < o->desk_count; d++, n++) {
			struct wg_desk_cert *c = &certs[n];
			*c = (struct wg_desk_cert){ .organisation = o,
				                        .desk = &o->desks[d],
				                        .count = o->desks[d].certificate_count };
			for (unsigned k = 0; k < c->count; k++) {
				struct wg_err fault = { 0 };
				if (wg_cert_load(c->desk->certificates[k], &c->certs[k], &fault) != WG_OK)
					(void)snprintf(c->faults[k], sizeof c->faults[k], "%.250s", fault.text);
			}
		}
	}
	*out = certs;
	*count = n;
	return WG_OK;
}

void wg_desk_certs_free(struct wg_desk_cert *certs, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		for (unsigned k = 0; k < WG_DESK_CERTIFICATES; k++)
			wg_cert_freep(&certs[i].certs[k]);
	free(certs);
}

enum wg_code wg_anchors_load(const struct wg_directory *directory, const char *ca, struct wg_trust_set **out,
                             struct wg_err *err)
{
	WG_CLEANUP(wg_trust_set_freep) struct wg_trust_set *set = NULL;
	WG_AUTO_BUF struct wg_buf common = WG_BUF(WG_LIMIT_CONFIG_FILE);
	enum wg_code code = wg_trust_set_new(&set, err);
	for (unsigned i = 0; code == WG_OK && i < wg_directory_count(directory); i++) {
		const struct wg_organisation *o = wg_directory_at(directory, i);
		WG_AUTO_BUF struct wg_buf pem = WG_BUF(WG_LIMIT_CONFIG_FILE);
		if (o->trust_ca[0] == '\0') {
			wg_buf_printf(&common, "%s ", o->id);
			continue;
		}
		code = wg_file_read(o->trust_ca, &pem, err);
		if (code == WG_OK && (code = wg_trust_set_add(set, o->id, pem.data, pem.len, err)) != WG_OK)
			(void)wg_err_add(err, "%s", o->trust_ca); /* code is that already */
	}
	WG_AUTO_BUF struct wg_buf pem = WG_BUF(WG_LIMIT_CONFIG_FILE);
	if (code == WG_OK)
		code = wg_file_read(ca, &pem, err);
	if (code == WG_OK && (code = wg_trust_set_add(set, wg_buf_text(&common), pem.data, pem.len, err)) != WG_OK)
		(void)wg_err_add(err, "%s", ca); /* code is that already */
	if (code == WG_OK)
		*out = wg_steal(&set);
	return code;
}

void wg_desk_cert_judge(const struct wg_held *held, const struct wg_desk_cert *certs, unsigned which, int64_t now,
                        struct wg_cert_judgement *out)
{
	const struct wg_judge judge = {
		.trust = wg_trust_set_of(held->anchors, certs->organisation->id),
		.revocations = held->revocations,
		.need = wg_trust_need(certs->organisation),
		.now = now,
		.purpose = WG_PURPOSE_SMIME_ENCRYPT,
		.address = certs->desk->address[0] != '\0' ? certs->desk->address : NULL,
		.domains = certs->organisation->domains,
	};
	if (certs->certs[which] != NULL) {
		wg_cert_judge(&judge, certs->certs[which], out);
		return;
	}
	*out = (struct wg_cert_judgement){ .fault = WG_CERT_CHAIN };
	memcpy(out->words, certs->faults[which], sizeof out->words);
}

static const struct wg_cert_judgement *judged(const struct wg_held *held, struct wg_desk_cert *certs, unsigned which,
                                              int64_t now)
{
	struct wg_judged *j = &certs->judged[which];
	int64_t second = now / 1000;
	if (j->second != second || j->anchors != held->anchors || j->revocations != held->revocations) {
		wg_desk_cert_judge(held, certs, which, second * 1000, &j->judgement);
		j->second = second;
		j->anchors = held->anchors;
		j->revocations = held->revocations;
	}
	return &j->judgement;
}

static void add_words(char *to, size_t size, const char *file, const char *words)
{
	const char *slash = strrchr(file, '/');
	size_t used = strlen(to);
	(void)snprintf(to + used, size - used, "%s%s: %s", used > 0 ? "; " : "", slash != NULL ? slash + 1 : file,
	               words); /* cut: words */
}

enum wg_code wg_desk_certs_choose(const struct wg_held *held, struct wg_desk_cert *certs, unsigned count,
                                  const struct wg_desk *desk, int64_t now,
                                  const struct wg_cert *out[WG_DESK_CERTIFICATES], unsigned *chosen, char *doubt,
                                  size_t size, struct wg_err *err)
{
	struct wg_desk_cert *found = NULL;
	char why[700] = "";
	for (unsigned i = 0; i < count; i++)
		if (certs[i].desk == desk)
			found = &certs[i];
	if (found == NULL)
		return wg_err_set(err, WG_CONFIG, "no usable certificate: unknown desk");
	*chosen = 0;
	doubt[0] = '\0';
	for (unsigned i = 0; i < found->count; i++) {
		const struct wg_cert_judgement *judgement = judged(held, found, i, now);
		if (judgement->fault != WG_CERT_FINE) {
			add_words(why, sizeof why, desk->certificates[i], judgement->words);
			continue;
		}
		out[(*chosen)++] = found->certs[i];
		if (judgement->doubt &&
		    judgement->revocation != WG_REVOCATION_NOWHERE) /* nobody could do anything about that */
			add_words(doubt, size, desk->certificates[i], judgement->words);
	}
	if (*chosen == 0)
		return wg_err_set(err, WG_CONFIG, "no usable certificate: %s", why[0] != '\0' ? why : "none is recorded");
	return WG_OK;
}
