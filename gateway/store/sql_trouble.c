/* sql_trouble.c owns what is in the way of the ways in, a mailbox that cannot be read above all: kept over a
 * restart, so that an alert about it neither ends nor starts with one. */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/purge_internal.h"

static bool is_line_of(const char *all, const char *name)
{
	size_t len = strlen(name), n;
	const char *line = all;
	while ((n = strcspn(line, "\n")) != len || memcmp(line, name, len) != 0) {
		if (line[n] == '\0')
			return false;
		line += n + 1;
	}
	return true;
}

enum wg_code wg_store_trouble(struct wg_store *store, struct wg_now now, const char *all, const char *name,
                              const char *words, unsigned age_s, struct wg_err *err)
{
	char clean[WG_STORE_DETAIL], own[WG_STORE_WAY];
	bool good = name[0] != '\0' && strcmp(wg_defang(name, own, sizeof own), name) == 0 && is_line_of(all, name);
	if (!good)
		return wg_err_set(err, WG_REJECT, "a way in has a name, one line of text, among those of all");
	/* between two line ends each name stands for itself */
	enum wg_code code =
		wg_query_run(store,
	                 "DELETE FROM trouble WHERE instr(?4 || ?1 || ?4, ?4 || name || ?4) = 0 OR (name = ?2"
	                 " AND ?3 = '')",
	                 WG_ARGS(wg_db_text(all), wg_db_text(name), wg_db_text(words), wg_db_text("\n")), err);
	if (code != WG_OK || words[0] == '\0')
		return code;
	return wg_query_run(store,
	                    "INSERT INTO trouble(name, words, since) VALUES(?1, ?2, ?3) ON CONFLICT(name) DO UPDATE SET"
	                    " words = excluded.words",
	                    WG_ARGS(wg_db_text(name), wg_db_text(wg_defang(words, clean, sizeof clean)),
	                            wg_db_int(now.wall - (int64_t)age_s * 1000)),
	                    err);
}
