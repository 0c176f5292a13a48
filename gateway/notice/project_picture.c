/* project_picture.c owns the photographs of a copy: cleaned of what a camera wrote into them, hashed and named anew.
 * SECURITY: meets outside bytes, which an address can leave in; what cannot be cleaned is not in the copy. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/sha256.h"
#include "base/text.h"
#include "notice/notice_internal.h"
#include "notice/picture.h"
#include "notice/xml_make.h"

#define HASH_TEXT (2 * WG_SHA256_LEN + 1)

/* The bytes of the photograph as it may leave, for project_check.c too. WG_REJECT: it may not. */
static enum wg_code clean(const xmlNode *attachment, struct wg_buf *out, bool *changed, struct wg_err *err)
{
	char type[WG_LIMIT_NAME + 1];
	uint8_t *bytes = NULL;
	size_t len = 0;
	WG_AUTO_FREE char *text = wg_xml_text(attachment);
	if (text == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a photograph");
	if (!wg_xml_attr_into(attachment, "type", type, sizeof type))
		return wg_err_set(err, WG_REJECT, "the photograph is of no known type");
	enum wg_code code = wg_base64_decode(text, strlen(text), &bytes, &len, err);
	if (code != WG_OK)
		return code;
	out->max = len;
	code = wg_picture_clean(type, bytes, len, out, err);
	*changed = code != WG_OK || out->len != len || memcmp(out->data, bytes, len) != 0;
	wg_wipe(bytes, len);
	free(bytes);
	return code;
}

static void hash_text(const struct wg_buf *picture, char out[HASH_TEXT])
{
	uint8_t hash[WG_SHA256_LEN];
	wg_sha256(picture->data, picture->len, hash);
	wg_hex(hash, sizeof hash, out);
}

/* "photograph-1.jpg": the name that a file had may say who is in it, where, or who sent it. */
static enum wg_code write_picture(xmlNode *attachment, const struct wg_buf *picture, unsigned number,
                                  struct wg_err *err)
{
	char hash[HASH_TEXT], name[32];
	WG_AUTO_FREE char *text = wg_base64_encode(picture->data, picture->len);
	hash_text(picture, hash);
	(void)snprintf(name, sizeof name, "photograph-%u.%s", number, picture->data[0] == 0xFF ? "jpg" : "png"); /* fits */
	xmlFreeNodeList(attachment->children);
	attachment->children = attachment->last = NULL;
	if (text == NULL || !wg_xml_make_text(attachment, text) || !wg_xml_make_attribute(attachment, "name", name) ||
	    !wg_xml_make_attribute(attachment, "sha256", hash))
		return wg_err_set(err, WG_SYSTEM, "no memory for a copy");
	return WG_OK;
}

enum wg_code wg_project_pictures(xmlNode *root, bool *left_out, struct wg_err *err)
{
	unsigned number = 0;
	xmlNode *next, *c = wg_xml_first(root, "attachment");
	for (*left_out = false; c != NULL; c = next) {
		WG_AUTO_BUF struct wg_buf picture = WG_BUF(0);
		bool changed = false;
		next = wg_xml_next(c, "attachment");
		enum wg_code code = clean(c, &picture, &changed, err);
		if (code == WG_OK)
			code = write_picture(c, &picture, ++number, err);
		wg_buf_wipe(&picture);
		if (code == WG_REJECT) {
			*left_out = true;
			xmlUnlinkNode(c);
			xmlFreeNode(c);
		} else if (code != WG_OK) {
			return code;
		}
	}
	return WG_OK;
}

enum wg_code wg_project_check_pictures(const xmlNode *root, struct wg_err *err)
{
	for (const xmlNode *c = wg_xml_first(root, "attachment"); c != NULL; c = wg_xml_next(c, "attachment")) {
		WG_AUTO_BUF struct wg_buf picture = WG_BUF(0);
		char hash[HASH_TEXT], its[HASH_TEXT];
		bool changed = false;
		enum wg_code code = clean(c, &picture, &changed, err);
		if (code == WG_SYSTEM)
			return code;
		if (code == WG_OK)
			hash_text(&picture, hash);
		wg_buf_wipe(&picture);
		if (code != WG_OK || changed || !wg_xml_attr_into(c, "sha256", its, sizeof its) || strcmp(its, hash) != 0)
			return wg_err_set(err, WG_CORRUPT, "a copy holds a photograph that was not cleaned: it was not made");
	}
	return WG_OK;
}

unsigned wg_notice_pictures(const struct wg_notice *notice)
{
	unsigned n = 0;
	for (xmlNode *c = wg_xml_first(wg_xml_root(notice->xml), "attachment"); c != NULL; c = wg_xml_next(c, "attachment"))
		n++;
	return n;
}
