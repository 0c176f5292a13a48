/* Where the gateway's own files are: beside the program that runs, so that a build tree and an installation both work.
 */
#ifndef WG_ROLE_PATHS_H
#define WG_ROLE_PATHS_H

#include <stdbool.h>

#include "base/err.h"

#define WG_PATH_TEXT 1024

struct wg_nests;

struct wg_paths {
	char program[WG_PATH_TEXT];                 /* this program, absolute */
	char xsd[WG_PATH_TEXT], maps[WG_PATH_TEXT]; /* folders */
	char readers[WG_PATH_TEXT];                 /* folder of the wardgate-reader-* programs */
	char openapi[WG_PATH_TEXT];                 /* ops/openapi.yaml */
	struct wg_nests *nests; /* NULL, or where readers are ready before their document comes; borrowed */
};

/* data: the folder that holds xsd/ and adapters/, or NULL to look: $WARDGATE_DATA, where it was installed
 * (PROGRAM/../share/wardgate), PROGRAM/../../.. (a build tree). readers: their folder, or NULL: PROGRAM's own folder,
 * then where they were installed (PROGRAM/../libexec/wardgate). */
enum wg_code wg_paths_find(const char *data, const char *readers, struct wg_paths *out, struct wg_err *err) WG_MUST;

/* base/../name when name is relative: name as seen from the folder of the file base. WG_LIMIT when too long. */
enum wg_code wg_path_beside(const char *base, const char *name, char out[WG_PATH_TEXT], struct wg_err *err) WG_MUST;
/* folder/name */
enum wg_code wg_path_join(const char *folder, const char *name, char out[WG_PATH_TEXT], struct wg_err *err) WG_MUST;

#endif
