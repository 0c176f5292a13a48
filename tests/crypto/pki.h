/* For tests that need certificates: makes the throwaway authority in a temporary folder and takes it away again. Also
 * runs foreign programs (openssl, gpgsm) without a shell. */
#ifndef WG_TESTS_CRYPTO_PKI_H
#define WG_TESTS_CRYPTO_PKI_H

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/crypto.h"

extern char pki_dir[];
extern struct wg_err pki_err; /* for all calls whose words the test may want to print */

/* Runs a program; its input is the file "stdin" inside pki_dir (empty unless written), its output (both streams) goes
 * to the file named log there. Returns its exit status, -1 when it did not run to its end. */
int pki_run(const char *log, const char *const argv[]);
/* PATH inside the temporary folder; a ring of buffers, so that several fit into one call. */
const char *pki(const char *name);
int pki_setup(void **state);
int pki_teardown(void **state);
/* name is "derbyshire/smime": loads that .key and .pem. */
void pki_pair(const char *name, struct wg_key **key, struct wg_cert **cert);
struct wg_trust *pki_trust(const char *ca, const char *crl);
void pki_write(const char *name, const void *p, size_t len);
size_t pki_read(const char *name, void *p, size_t max);

#endif
