/* What the tests of this room share: a folder with the throwaway authority, a directory and a configuration that uses
 * both. Cases and people are invented. */
#ifndef WG_TESTS_ROLE_GATE_H
#define WG_TESTS_ROLE_GATE_H

#include "../crypto/pki.h"

#include "base/mem.h"
#include "notice/xml.h"
#include "role/process.h"

/* pki_dir with gateway.xml (organisation "staffordshire"), directory.xml and lookup.key in it. */
int gate_setup(void **state);

/* Writes text as pki_dir/name, readable by the owner only; returns the path. */
const char *gate_write(const char *name, const char *text);

/* The text of gateway.xml with the first `from` replaced by `to`; the caller frees. Fails when `from` is not there. */
char *gate_config(const char *from, const char *to);
/* The same of directory.xml. */
char *gate_directory(const char *from, const char *to);

/* Loads gateway.xml as it is now. */
struct wg_config *gate_load(void);

/* A missing report as a police force mails it. reference tells the episodes apart; extra is put at the end. */
void gate_report(struct wg_buf *out, const char *reference, const char *placing, const char *extra);

#endif
