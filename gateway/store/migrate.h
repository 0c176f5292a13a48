/* Which version of the schema a store has, and what it takes to bring it to this program's. */
#ifndef WG_STORE_MIGRATE_H
#define WG_STORE_MIGRATE_H

#include "store/store.h"

struct wg_schema_view {
	int64_t version; /* of what is there; 0: nothing */
	int64_t current; /* this program's */
	uint64_t size;   /* bytes that the database takes, keys apart */
	uint64_t needed; /* bytes that a migration takes beside it while it runs; 0: there is none to do */
	uint64_t room;   /* bytes that are free there */
	bool room_known; /* a database server tells only its administrator */
};

/* Looks, and changes nothing, not a byte of a file. WG_AGAIN: a gateway works on it. WG_CONFIG: it is newer than this
 * program, no store of a gateway, or what a copy that was cut off has left. */
enum wg_code wg_store_schema(const struct wg_store_place *place, struct wg_schema_view *out, struct wg_err *err)
	WG_MUST;

/* What the migration from that version to the next does, for a person; "" for none. */
const char *wg_store_schema_step(const struct wg_store_place *place, int64_t version);

/* For the drivers: a database of a newer program, in words; WG_CONFIG. */
enum wg_code wg_schema_newer(int64_t version, int64_t current, struct wg_err *err) WG_MUST;
/* For the drivers: WG_AGAIN when what is needed is not free. */
enum wg_code wg_schema_room(const struct wg_schema_view *view, struct wg_err *err) WG_MUST;

#endif
