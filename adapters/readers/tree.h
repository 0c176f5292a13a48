/* Any XML document into labelled fields, or one of our own notices as it is. */
#ifndef WG_READERS_TREE_H
#define WG_READERS_TREE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/* Loads what opens files at its first use; call before confinement. */
enum wg_code wg_tree_prepare(struct wg_err *err) WG_MUST;

/* in: one XML document. out: nothing at all when it is a notice of ours, which says everything itself (who asked has
 * it: wg_fields_of_notice); of anything else <fields reader="xml">: the leaf elements and the attributes as fields,
 * their names cut into words. */
enum wg_code wg_tree_read(const struct wg_buf *in, struct wg_buf *out, struct wg_err *err) WG_MUST;

/* Is this well-formed XML whose root is a notice of ours? */
bool wg_tree_is_notice(const void *xml, size_t len);

#endif
