/* The directory's own form. */
#ifndef WG_POLICY_DIRECTORY_INTERNAL_H
#define WG_POLICY_DIRECTORY_INTERNAL_H

#include "notice/xml.h"
#include "policy/directory.h"
#include "policy/names_internal.h"

/* Invariants once loaded: (1) organisation ids are unique, and so are codes that are not ""; (2) an authority code
 * stands in the areas of one police force at most, and in
 * those of any number of health organisations and providers; (3) a client name or key stands with one organisation
 * only; (4) within an organisation desk names are unique; (5) every mail desk and every sealed desk has a certificate,
 * every mail desk an address, every https desk a url, every
 * mesh desk a mailbox and a workflow, every webhook a secret; (6) every char * of an organisation or desk is non-NULL;
 * (7) no alias is a name of another organisation of its kind. */
struct wg_directory {
	struct wg_organisation *organisations;
	unsigned count;
	char hash[WG_NAMES_HASH];
};

/* A name in the schema has 200 letters, of up to four bytes. */
#define WG_DIRECTORY_NAME 1024
#define WG_DIRECTORY_BLANKS " \t\r\n"
/* Small letters and single blanks, none around: as names are compared. False when nothing is left or it does not fit.
 */
bool wg_directory_fold(const char *text, char *out, size_t size);

/* The same as wg_directory_load from bytes; path stands in messages and relative certificate paths are resolved against
 * it. */
enum wg_code wg_directory_parse(const void *bytes, size_t len, const char *path, const struct wg_xml_xsd *xsd,
                                struct wg_directory **out, struct wg_err *err) WG_MUST;

/* Parts of a load. path: the directory file, which paths in it are relative to. An attribute as a string of its own, ""
 * when it is not there. */
enum wg_code wg_directory_own(const struct wg_xml *doc, const struct _xmlNode *node, const char *name, char **out,
                              struct wg_err *err) WG_MUST;
enum wg_code wg_directory_read_desk(const struct wg_xml *doc, const char *path, const struct wg_organisation *o,
                                    const struct _xmlNode *node, struct wg_desk *desk, struct wg_err *err) WG_MUST;
enum wg_code wg_directory_read_keys(const struct wg_xml *doc, const char *path, const struct _xmlNode *node,
                                    struct wg_organisation *o, struct wg_err *err) WG_MUST;

#endif
