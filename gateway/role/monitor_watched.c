/* monitor_watched.c owns what the monitor says of certificates: the list of certs.h, as names, days and faults. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "role/certs.h"
#include "role/monitor.h"

#define CERTIFICATE_NAME 192

/* What an item is called: the same as long as it is the same certificate of the same place, or the same file where it
 * has none. */
static void name_of(const struct wg_cert_item *item, char out[static CERTIFICATE_NAME])
{
	char text[CERTIFICATE_NAME];
	const char *slash = strrchr(item->file, '/'), *file = slash != NULL ? slash + 1 : item->file;
	(void)snprintf(text, sizeof text, "%s%s%s %.*s", item->what, item->whose[0] != '\0' ? " " : "", item->whose,
	               item->fingerprint[0] != '\0' ? 8 : 40,
	               item->fingerprint[0] != '\0' ? item->fingerprint : file); /* fits */
	(void)wg_defang(text, out, CERTIFICATE_NAME);
}

/* What is wrong with one beside its age, which the alerts of the days say. */
static const char *fault_of(const struct wg_cert_item *item, char out[static WG_CERT_ITEM_WORDS])
{
	return wg_defang(item->level != WG_CERT_LEVEL_OK && item->stage < 0 ? item->words : "", out, WG_CERT_ITEM_WORDS);
}

static bool is_stale(const struct wg_cert_item *item)
{
	return item->asked && (item->revocation == WG_REVOCATION_STALE || item->revocation == WG_REVOCATION_MISSING);
}

static json_t *watch_one(const struct wg_cert_item *item, const char *name)
{
	char words[WG_CERT_ITEM_WORDS];
	bool unheard = item->asked && item->revocation == WG_REVOCATION_MISSING;
	json_t *one =
		json_pack("{s:s, s:s, s:s, s:b, s:b, s:b}", "name", name, "use", item->what, "words", fault_of(item, words),
	              "stale", is_stale(item), "unheard", unheard, "warn", item->stage >= 0);
	if (one != NULL && item->not_after != 0)
		(void)json_object_set_new(one, "days", json_integer(item->days)); /* without memory it lacks its days */
	return one;
}

/* Each name once: one authority may stand in several files. */
static enum wg_code watch_all(const struct wg_cert_item *items, unsigned count, json_t **out, struct wg_err *err)
{
	json_t *all = json_array(), *names = json_object();
	bool good = all != NULL && names != NULL;
	for (unsigned i = 0; good && i < count; i++) {
		char name[CERTIFICATE_NAME];
		name_of(&items[i], name);
		if (json_object_get(names, name) != NULL)
			continue;
		good = json_object_set_new(names, name, json_true()) == 0 &&
		       json_array_append_new(all, watch_one(&items[i], name)) == 0;
	}
	json_decref(names);
	if (!good) {
		json_decref(all);
		return wg_err_set(err, WG_SYSTEM, "no memory for a list of certificates");
	}
	*out = all;
	return WG_OK;
}

enum wg_code wg_monitor_watched(const struct wg_config *config, const struct wg_directory *directory, int64_t now,
                                json_t **out, struct wg_err *err)
{
	WG_AUTO_FREE struct wg_cert_item *items = NULL;
	unsigned count = 0;
	enum wg_code code = wg_certs_list(config, directory, now, false, &items, &count, err);
	return code == WG_OK ? watch_all(items, count, out, err) : code;
}
