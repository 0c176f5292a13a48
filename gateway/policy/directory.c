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

const struct wg_desk *wg_organisation_desk(const struct wg_organisation *organisation, const char *desk)
{
	for (unsigned i = 0; desk != NULL && i < organisation->desk_count; i++)
		if (strcmp(organisation->desks[i].name, desk) == 0)
			return &organisation->desks[i];
	return NULL;
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
