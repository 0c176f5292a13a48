/* only_xml.c owns what a reader of XML alone does before it reads, and does without when it does. */
#include "readers/only_xml.h"

#include <stddef.h>

#include "notice/xml.h"
#include "readers/charset.h"

const char *const wg_only_xml_zipped_leave[] = { WG_ONLY_XML_LEAVE, "libbz2.so", "libcrypto.so", NULL };

enum wg_code wg_only_xml_prepare(struct wg_err *err)
{
	(void)err;
	wg_charset_none();
	wg_xml_init();
	return WG_OK;
}
