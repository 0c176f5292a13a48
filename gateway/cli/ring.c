/* ring.c owns whom to ring about a copy that is stuck or was not confirmed. */
#include "cli/ring.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

struct wg_directory *wg_ring_load(const char *command, const struct wg_config *config)
{
	struct wg_directory *directory = NULL;
	struct wg_err err = { 0 };
	if (wg_directory_load(config->directory, config->paths.xsd, &directory, &err) == WG_OK)
		return directory;
	(void)fprintf(stderr, "wardgate %s: no telephone numbers: %s\n", command, err.text);
	return NULL;
}

static const struct wg_desk *desk_of(const struct wg_directory *directory, const char *organisation, const char *desk)
{
	const struct wg_organisation *o = directory != NULL ? wg_directory_find(directory, organisation) : NULL;
	if (o == NULL || desk[0] != '\0')
		return o != NULL ? wg_organisation_desk(o, desk) : NULL;
	for (unsigned i = 0; i < o->desk_count; i++)
		if (o->desks[i].telephone[0] != '\0' && !o->desks[i].suspended)
			return &o->desks[i];
	return NULL;
}

/* Those that stand in for a desk and can be rung: *which is "organisation/desk". */
static unsigned instead_of(const struct wg_directory *directory, const struct wg_desk *desk, const char *which[2],
                           const struct wg_desk *out[2])
{
	const char *const names[] = { desk->alternate, desk->out_of_hours };
	unsigned n = 0;
	for (size_t i = 0; i < WG_COUNT(names); i++) {
		const struct wg_organisation *o;
		const struct wg_desk *other;
		if (names[i][0] == '\0' || (n > 0 && strcmp(names[i], which[0]) == 0) ||
		    !wg_directory_desk(directory, names[i], &o, &other) || other->telephone[0] == '\0')
			continue;
		which[n] = names[i];
		out[n++] = other;
	}
	return n;
}

void wg_ring_text(const struct wg_directory *directory, const char *organisation, const char *desk, struct wg_buf *out)
{
	const struct wg_desk *d = desk_of(directory, organisation, desk), *others[2];
	const char *names[2];
	char safe[sizeof d->telephone];
	unsigned n = d != NULL ? instead_of(directory, d, names, others) : 0;
	if (d != NULL && d->telephone[0] != '\0')
		wg_buf_puts(out, wg_defang(d->telephone, safe, sizeof safe));
	else
		wg_buf_puts(out, "(the directory has no telephone of theirs)");
	for (unsigned i = 0; i < n; i++)
		wg_buf_printf(out, "; otherwise %s %s", names[i], wg_defang(others[i]->telephone, safe, sizeof safe));
}

void wg_ring_json(const struct wg_directory *directory, const char *organisation, const char *desk, struct wg_buf *out)
{
	const struct wg_desk *d = desk_of(directory, organisation, desk), *others[2];
	const char *names[2];
	unsigned n = d != NULL ? instead_of(directory, d, names, others) : 0;
	wg_buf_puts(out, ",\"telephone\":");
	wg_buf_put_json(out, d != NULL ? d->telephone : "");
	wg_buf_puts(out, ",\"otherwise\":[");
	for (unsigned i = 0; i < n; i++) {
		wg_buf_printf(out, "%s{\"desk\":\"%s\",\"telephone\":", i > 0 ? "," : "", names[i]);
		wg_buf_put_json(out, others[i]->telephone);
		wg_buf_putc(out, '}');
	}
	wg_buf_putc(out, ']');
}
