/* The parts of a Word document and how they hang together: content types and relationships (ECMA-376 part 2). */
#ifndef WG_READERS_DOCX_PACKAGE_H
#define WG_READERS_DOCX_PACKAGE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "notice/xml.h"
#include "readers/zip.h"

struct wg_docx_relation {
	char *type;   /* the last word of its URI: "header", "oleObject" */
	char *target; /* a part's name; of an external one what stood there */
	bool external;
};

struct wg_docx_relations {
	struct wg_docx_relation *list;
	size_t n;
};

struct wg_docx_package {
	struct wg_zip *zip;
	char *main; /* name of the main part */
	bool macros;
	struct wg_docx_relations relations; /* of the main part */
};

/* in is borrowed until the package is freed. WG_REJECT: no sound ZIP, no Word document, a part with a DOCTYPE; the
 * words say what to do. */
enum wg_code wg_docx_package_open(const struct wg_buf *in, struct wg_docx_package *package, struct wg_err *err) WG_MUST;
void wg_docx_package_free(struct wg_docx_package *package);

/* Relationships of a part: empty when it has none. Adds to relations; freed by the caller. */
enum wg_code wg_docx_package_relations(struct wg_docx_package *package, const char *part,
                                       struct wg_docx_relations *relations, struct wg_err *err) WG_MUST;
void wg_docx_relations_free(struct wg_docx_relations *relations);
/* The first target of that type within the package, or NULL. */
const char *wg_docx_relation_target(const struct wg_docx_relations *relations, const char *type);

#endif
