/* For the tests of the readers: runs the real programs with the limits that the gateway gives them. */
#ifndef WG_TESTS_ADAPTERS_RUN_H
#define WG_TESTS_ADAPTERS_RUN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"

/* name: "wardgate-reader-mail" or another program of the build's bin folder. What faults.md allows: 2 s of CPU, 256 MiB
 * (more time under a sanitizer, which costs a multiple). */
enum wg_code run_reader(const char *name, const void *in, size_t len, struct wg_buf *out, struct wg_err *err);

/* The same, and the answer must be valid against xsd/fields.xsd; fails the test with the words otherwise. */
void run_fields(const char *name, const void *in, size_t len, struct wg_buf *out);

/* A mail with the usual header in front of this (further header lines, a blank line, the body). */
void mail_of(struct wg_buf *out, const char *rest);

#endif
