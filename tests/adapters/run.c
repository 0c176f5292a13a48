/* run.c owns how tests run a reader. */
#include "run.h"

#include "base/asan.h"
#include "base/limits.h"
#include "notice/xml.h"
#include "sys/child.h"
#include "sys/nest.h"

#define CPU_S (WG_ASAN ? 20 : 2)
#define WALL_MS 60000
#define MEMORY ((uint64_t)256 * 1024 * 1024)

enum wg_code run_reader(const char *name, const void *in, size_t len, struct wg_buf *out, struct wg_err *err)
{
	char program[512];
	(void)snprintf(program, sizeof program, "%s/bin/%s", WG_BINARY_DIR, name); /* a cut path does not start */
	const char *const argv[] = { name, NULL };
	/* by turns as commands run it, started anew, and as the process role does */
	static struct wg_nests *nests;
	static unsigned turn;
	if (nests == NULL && wg_nests_new(&nests, err) != WG_OK)
		return err->code;
	const struct wg_child child = { .nests = turn++ % 2 == 0 ? nests : NULL,
		                            .program = program,
		                            .argv = argv,
		                            .in = in,
		                            .in_len = len,
		                            .wall_ms = WALL_MS,
		                            .cpu_s = CPU_S,
		                            .memory = MEMORY };
	*err = (struct wg_err){ 0 };
	return wg_child_run(&child, out, err);
}

void run_fields(const char *name, const void *in, size_t len, struct wg_buf *out)
{
	static struct wg_xml_xsd *xsd;
	struct wg_err err = { 0 };
	WG_AUTO_XML struct wg_xml *doc = NULL;
	if (xsd == NULL) {
		wg_xml_init();
		if (wg_xml_xsd_load(WG_SOURCE_DIR "/xsd/fields.xsd", &xsd, &err) != WG_OK)
			fail_msg("%s", err.text);
	}
	if (run_reader(name, in, len, out, &err) != WG_OK)
		fail_msg("%s: %s: %s", name, wg_code_name(err.code), err.text);
	if (wg_xml_parse(out->data, out->len, "answer", &doc, &err) != WG_OK || wg_xml_validate(doc, xsd, &err) != WG_OK)
		fail_msg("%s: %s", name, err.text);
}

void mail_of(struct wg_buf *out, const char *rest)
{
	wg_buf_puts(out,
	            "From: Desk <desk@police.example>\r\nTo: door@council.example\r\nSubject: Missing\r\n"
	            "Date: Sun, 22 Nov 2026 08:15:00 +0000\r\nMessage-ID: <t@police.example>\r\nMIME-Version: 1.0\r\n");
	wg_buf_puts(out, rest);
}
