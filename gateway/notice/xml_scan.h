/* What is looked at before the parser sees a byte. */
#ifndef WG_NOTICE_XML_SCAN_H
#define WG_NOTICE_XML_SCAN_H

#include <stddef.h>

/* NULL when the bytes may go to the parser, else the reason in words: a DOCTYPE, an encoding that would need a
 * converter, or an element with more attributes than anything here has (the parser compares each with each: 195,000 of
 * them kept it busy for 400 s). Whether the rest is well-formed is for the parser to say. */
const char *wg_xml_scan(const char *bytes, size_t len);

#endif
