/* What the readers of XML alone have in common, whether it comes as it is or zipped (docx, odt, xlsx). */
#ifndef WG_READERS_ONLY_XML_H
#define WG_READERS_ONLY_XML_H

#include "base/err.h"

/* Loads nothing that opens files at its first use, for there is no need: wg_xml_parse takes the encodings only that
 * libxml2 knows by itself (notice/xml_scan.h), and asks for no converter. */
enum wg_code wg_only_xml_prepare(struct wg_err *err) WG_MUST;

/* Libraries that come with libxml2 and have nothing to do then: its converters of character sets, its unpacker of
 * compressed files, and what XPath counts with. For struct wg_reader. */
#define WG_ONLY_XML_LEAVE "libicuuc.so", "libicudata.so", "libstdc++.so", "libgcc_s.so", "liblzma.so", "libm.so"

/* The same, and what libzip brings for methods and ciphers that zip_directory.c refuses; NULL at the end. */
extern const char *const wg_only_xml_zipped_leave[];

#endif
