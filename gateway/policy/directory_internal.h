/* The directory's own form. */
#ifndef WG_POLICY_DIRECTORY_INTERNAL_H
#define WG_POLICY_DIRECTORY_INTERNAL_H

#include "notice/xml.h"
#include "policy/directory.h"
#include "policy/names_internal.h"

/* Invariants once loaded: (1) organisation ids are unique, and so are codes that are not ""; (2) an authority code
 * stands in the areas of one police force at most; (3) a client name or key stands with one organisation only; (4)
 * within an organisation desk names are unique; (5) every mail desk and every sealed desk has a certificate, every mail
 * desk an address, every https desk a url; (6) every char * of an organisation or desk is non-NULL. */
struct wg_directory {
	struct wg_organisation *organisations;
	unsigned count;
	char hash[WG_NAMES_HASH];
};

/* The same as wg_directory_load from bytes; path stands in messages and relative certificate paths are resolved against
 * it. */
enum wg_code wg_directory_parse(const void *bytes, size_t len, const char *path, const struct wg_xml_xsd *xsd,
                                struct wg_directory **out, struct wg_err *err) WG_MUST;

#endif
