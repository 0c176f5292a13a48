/* policy_layers.c owns which files make up a policy and in which order: every layer once, above all that it extends.
 * Files are touched here and in policy_load.c only; afterwards a policy is data. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "policy/policy_internal.h"

/* One layer on the way from the top to those without a layer below. */
struct step {
	const struct step *above;
	const struct wg_xml *doc;
	char id[WG_LIMIT_NAME + 1];
	struct wg_layers *layers;
};

void wg_layers_close(struct wg_layers *layers)
{
	for (unsigned i = 0; i < layers->count; i++)
		wg_xml_freep(&layers->docs[i]);
	layers->count = 0;
}

static enum wg_code take_layer(struct wg_layers *layers, const void *bytes, size_t len, const char *name,
                               const char *expected, const struct step *above, struct wg_err *err);

static bool taken(const struct wg_layers *layers, const char *id)
{
	for (unsigned i = 0; i < layers->count; i++)
		if (strcmp(layers->ids[i], id) == 0)
			return true;
	return false;
}

/* Reads the layer called name, which the step extends, unless another one brought it already. */
static enum wg_code take_below(void *arg, const char *name, struct wg_err *err)
{
	const struct step *step = arg;
	struct wg_layers *layers = step->layers;
	const struct _xmlNode *root = wg_xml_root(step->doc);
	char path[512];
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(WG_LIMIT_CONFIG_FILE);
	struct wg_err inner = { 0 };
	unsigned depth = 0;
	for (const struct step *above = step; above != NULL; above = above->above, depth++)
		if (strcmp(above->id, name) == 0)
			return wg_xml_complain(step->doc, root, err, "the layers go round in a circle: %s extends itself", name);
	if (taken(layers, name))
		return WG_OK;
	if (depth == WG_POLICY_LAYERS)
		return wg_xml_complain(step->doc, root, err, "there are more than %d layers", WG_POLICY_LAYERS);
	if (layers->folder == NULL)
		return wg_xml_complain(step->doc, root, err, "extends=\"%s\": there is no folder to look in", name);
	if (snprintf(path, sizeof path, "%s%s.xml", layers->folder, name) >= (int)sizeof path)
		return wg_err_set(err, WG_LIMIT, "the path of policy %s is too long", name);
	enum wg_code code = wg_names_read(path, &bytes, &inner);
	if (code == WG_CONFIG)
		return wg_xml_complain(step->doc, root, err, "extends=\"%s\": %s", name, inner.text);
	if (code != WG_OK)
		return wg_err_set(err, code, "%s", inner.text);
	return take_layer(layers, bytes.data, bytes.len, path, name, step, err);
}

/* Parses and validates one layer, and keeps it after all that it extends. expected: what the layer must be called, NULL
 * for the top. */
static enum wg_code take_layer(struct wg_layers *layers, const void *bytes, size_t len, const char *name,
                               const char *expected, const struct step *above, struct wg_err *err)
{
	WG_AUTO_XML struct wg_xml *doc = NULL;
	WG_AUTO_FREE char *below = NULL;
	enum wg_code code = wg_names_parse(bytes, len, name, &doc, err);
	if (code == WG_OK)
		code = wg_names_validate(doc, layers->xsd, layers->language, err);
	if (code != WG_OK)
		return code;
	const struct _xmlNode *root = wg_xml_root(doc);
	struct step step = { .above = above, .doc = doc, .layers = layers };
	struct wg_layer here = { .doc = doc };
	code = wg_names_attr(doc, root, "id", step.id, sizeof step.id, err);
	if (code == WG_OK && expected != NULL && strcmp(step.id, expected) != 0)
		code = wg_xml_complain(doc, root, err, "id=\"%s\" and the file's name differ", step.id);
	if (code == WG_OK)
		code = wg_policy_words_list(&here, root, "extends", &below, err);
	if (code == WG_OK)
		code = wg_names_each(below, take_below, &step, err);
	if (code == WG_OK && layers->count == WG_POLICY_LAYERS)
		code = wg_xml_complain(doc, root, err, "there are more than %d layers", WG_POLICY_LAYERS);
	if (code != WG_OK)
		return code;
	memcpy(layers->ids[layers->count], step.id, sizeof step.id);
	wg_names_hash(bytes, len, layers->digests[layers->count]);
	layers->docs[layers->count++] = wg_steal(&doc);
	return WG_OK;
}

enum wg_code wg_layers_read(struct wg_layers *layers, const void *bytes, size_t len, const char *name,
                            struct wg_err *err)
{
	return take_layer(layers, bytes, len, name, NULL, NULL, err);
}
