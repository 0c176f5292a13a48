/* directory.c owns the questions that are asked of a loaded directory; directory_load.c makes one. */
#include "policy/directory.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "policy/directory_internal.h"

void wg_directory_freep(struct wg_directory **directory)
{
	struct wg_directory *d = *directory;
	for (unsigned i = 0; d != NULL && i < d->count; i++) {
		struct wg_organisation *o = &d->organisations[i];
		for (unsigned k = 0; k < o->desk_count; k++)
			free(o->desks[k].roles);
		free(o->desks);
		free(o->name);
		free(o->areas);
		free(o->called);
		free(o->domains);
		free(o->client_names);
		free(o->client_keys);
	}
	if (d != NULL)
		free(d->organisations);
	free(d);
	*directory = NULL;
}

const char *wg_directory_hash(const struct wg_directory *directory)
{
	return directory->hash;
}

unsigned wg_directory_count(const struct wg_directory *directory)
{
	return directory->count;
}

const struct wg_organisation *wg_directory_at(const struct wg_directory *directory, unsigned i)
{
	return i < directory->count ? &directory->organisations[i] : NULL;
}

const struct wg_organisation *wg_directory_find(const struct wg_directory *directory, const char *id)
{
	for (unsigned i = 0; id != NULL && i < directory->count; i++)
		if (strcmp(directory->organisations[i].id, id) == 0)
			return &directory->organisations[i];
	return NULL;
}

const struct wg_organisation *wg_directory_by_code(const struct wg_directory *directory, const char *code)
{
	for (unsigned i = 0; code != NULL && code[0] != '\0' && i < directory->count; i++)
		if (strcmp(directory->organisations[i].code, code) == 0)
			return &directory->organisations[i];
	return NULL;
}

const struct wg_organisation *wg_directory_police(const struct wg_directory *directory, const char *authority_code)
{
	for (unsigned i = 0; authority_code != NULL && i < directory->count; i++)
		if (strcmp(directory->organisations[i].kind, "police") == 0 &&
		    wg_list_has(directory->organisations[i].areas, authority_code))
			return &directory->organisations[i];
	return NULL;
}

bool wg_organisation_covers(const struct wg_organisation *organisation, const char *authority_code)
{
	if (authority_code[0] == '\0')
		return false;
	if (strcmp(organisation->kind, "council") == 0)
		return strcmp(organisation->code, authority_code) == 0;
	return wg_list_has(organisation->areas, authority_code);
}

const struct wg_organisation *wg_directory_covering(const struct wg_directory *directory, const char *kind,
                                                    const char *authority_code, const struct wg_organisation *after)
{
	for (unsigned i = after != NULL ? (unsigned)(after - directory->organisations) + 1 : 0; i < directory->count; i++) {
		const struct wg_organisation *o = &directory->organisations[i];
		if (strcmp(o->kind, kind) == 0 && wg_organisation_covers(o, authority_code))
			return o;
	}
	return NULL;
}

bool wg_directory_fold(const char *text, char *out, size_t size)
{
	size_t used = 0;
	for (const char *p = text + strspn(text, WG_DIRECTORY_BLANKS); *p != '\0';) {
		size_t n = strcspn(p, WG_DIRECTORY_BLANKS);
		if (n + 1 >= size - used)
			return false;
		if (used > 0)
			out[used++] = ' ';
		for (size_t i = 0; i < n; i++)
			out[used++] = (char)tolower((unsigned char)p[i]);
		p += n + strspn(p + n, WG_DIRECTORY_BLANKS);
	}
	out[used] = '\0';
	return used > 0;
}

/* called ends every name with a line end, so that one is found with both its ends. */
static bool is_called(const struct wg_organisation *o, const char *folded)
{
	size_t n = strlen(folded);
	for (const char *name = o->called; *name != '\0'; name += strcspn(name, "\n") + 1)
		if (strncmp(name, folded, n) == 0 && name[n] == '\n')
			return true;
	return false;
}

const struct wg_organisation *wg_directory_named(const struct wg_directory *directory, const char *kind,
                                                 const char *text)
{
	const struct wg_organisation *found = NULL;
	char folded[WG_DIRECTORY_NAME];
	if (!wg_directory_fold(text, folded, sizeof folded))
		return NULL;
	for (unsigned i = 0; i < directory->count; i++) {
		const struct wg_organisation *o = &directory->organisations[i];
		if (strcmp(o->kind, kind) != 0 || !is_called(o, folded))
			continue;
		if (found != NULL)
			return NULL;
		found = o;
	}
	return found;
}

const struct wg_desk *wg_organisation_desk(const struct wg_organisation *organisation, const char *desk)
{
	for (unsigned i = 0; desk != NULL && i < organisation->desk_count; i++)
		if (strcmp(organisation->desks[i].name, desk) == 0)
			return &organisation->desks[i];
	return NULL;
}

bool wg_directory_desk(const struct wg_directory *directory, const char *name,
                       const struct wg_organisation **organisation, const struct wg_desk **desk)
{
	char id[WG_LIMIT_NAME + 1];
	size_t n = strcspn(name, "/");
	if (name[n] == '\0' || n >= sizeof id)
		return false;
	memcpy(id, name, n);
	id[n] = '\0';
	const struct wg_organisation *o = wg_directory_find(directory, id);
	const struct wg_desk *d = o != NULL ? wg_organisation_desk(o, name + n + 1) : NULL;
	if (d == NULL)
		return false;
	*organisation = o;
	*desk = d;
	return true;
}

const char *wg_channel_name(enum wg_channel_kind channel)
{
	static const char *const names[] = { "mail", "https", "pull", "mesh" };
	return names[channel];
}

const char *wg_organisation_telephone(const struct wg_organisation *organisation)
{
	for (unsigned i = 0; organisation != NULL && i < organisation->desk_count; i++)
		if (organisation->desks[i].telephone[0] != '\0')
			return organisation->desks[i].telephone;
	return "";
}

const struct wg_desk *wg_organisation_role(const struct wg_organisation *organisation, const char *role)
{
	const struct wg_desk *suspended = NULL;
	for (unsigned i = 0; role != NULL && i < organisation->desk_count; i++) {
		const struct wg_desk *desk = &organisation->desks[i];
		if (!wg_list_has(desk->roles, role))
			continue;
		if (!desk->suspended)
			return desk;
		if (suspended == NULL)
			suspended = desk;
	}
	return suspended;
}

/* The organisations that names or keys lead to so far: none, one, or more than one. */
struct search {
	const struct wg_organisation *found;
	bool ambiguous;
};

static void meet(struct search *search, const struct wg_organisation *organisation)
{
	if (search->found != NULL && search->found != organisation)
		search->ambiguous = true;
	search->found = organisation;
}

/* value comes from a certificate: blanks in it could not match one name of a list, and "" never does. */
static void look_up(const struct wg_directory *directory, bool keys, const char *value, struct search *search)
{
	for (unsigned i = 0; i < directory->count; i++) {
		const struct wg_organisation *o = &directory->organisations[i];
		if (wg_list_has(keys ? o->client_keys : o->client_names, value))
			meet(search, o);
	}
}

/* Host names are the same in capitals; the directory keeps small letters. */
static void look_up_dns(const struct wg_directory *directory, const char *name, struct search *search)
{
	char small[256];
	size_t n = strnlen(name, sizeof small);
	if (n == sizeof small)
		return;
	for (size_t i = 0; i < n; i++)
		small[i] = (char)tolower((unsigned char)name[i]);
	small[n] = '\0';
	if (wg_hostname_valid(small)) /* so that a DNS entry never stands for a recorded URI, nor a wildcard for anything */
		look_up(directory, false, small, search);
}

const struct wg_organisation *wg_directory_client(const struct wg_directory *directory, const char (*dns)[256],
                                                  unsigned n_dns, const char (*uris)[256], unsigned n_uris,
                                                  const char *key_pin)
{
	struct search search = { 0 };
	for (unsigned i = 0; i < n_dns; i++)
		look_up_dns(directory, dns[i], &search);
	for (unsigned i = 0; i < n_uris; i++)
		if (strnlen(uris[i], sizeof uris[i]) < sizeof uris[i] && strchr(uris[i], ':') != NULL)
			look_up(directory, false, uris[i], &search);
	if (key_pin != NULL)
		look_up(directory, true, key_pin, &search);
	return search.ambiguous ? NULL : search.found;
}
