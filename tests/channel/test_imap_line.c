/* Lines of an IMAP server: what is understood, what is something else, what is refused; and no byte behind the line is
 * looked at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "channel/imap_line.h"

/* The line in a block of its own exact size, so that a sanitizer sees a look behind its end. */
static char *block(const char *text, size_t *len)
{
	*len = strlen(text);
	char *p = malloc(*len > 0 ? *len : 1);
	assert_non_null(p);
	memcpy(p, text, *len);
	return p;
}

struct row {
	const char *line;
	enum wg_imap_line found;
	const char *said; /* what came of it, as text */
};

/* What each function makes of a line, as text: its name is the first letter of `which`. */
static enum wg_imap_line run(char which, const char *line, size_t len, char *out, size_t size)
{
	uint32_t number = 0, uids[3] = { 0 };
	uint64_t octets = 0;
	size_t count = 0, at = 0;
	bool flag = false;
	char c = 0;
	enum wg_imap_line found = WG_IMAP_OTHER;
	out[0] = '\0';
	switch (which) {
	case 'e':
		found = wg_imap_exists(line, len, &number);
		(void)snprintf(out, size, "%u", number);
		break;
	case 'v':
		found = wg_imap_validity(line, len, &number);
		(void)snprintf(out, size, "%u", number);
		break;
	case 'f':
		found = wg_imap_may_flag(line, len, "$Wardgate", &flag);
		(void)snprintf(out, size, "%d", flag);
		break;
	case 'c':
		found = wg_imap_capability(line, len, "MOVE", &flag);
		(void)snprintf(out, size, "%d", flag);
		break;
	case 'l':
		found = wg_imap_list(line, len, &c, &at);
		(void)snprintf(out, size, "%c %zu", c != 0 ? c : '-', at);
		break;
	case 's':
		found = wg_imap_search(line, len, uids, WG_COUNT(uids), &count);
		(void)snprintf(out, size, "%zu: %u %u %u", count, uids[0], uids[1], uids[2]);
		break;
	case 'z':
		found = wg_imap_size(line, len, &number, &octets);
		(void)snprintf(out, size, "%u %llu", number, (unsigned long long)octets);
		break;
	default:
		found = wg_imap_literal(line, len, &number, &octets);
		(void)snprintf(out, size, "%u %llu", number, (unsigned long long)octets);
		break;
	}
	return found;
}

static void check(char which, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char said[128];
		size_t len;
		char *line = block(rows[i].line, &len);
		enum wg_imap_line found = run(which, line, len, said, sizeof said);
		if (found != rows[i].found || (found == WG_IMAP_READ && strcmp(said, rows[i].said) != 0))
			fail_msg("%c \"%s\": %d, %s", which, rows[i].line, (int)found, said);
		for (size_t cut = 0; cut < len; cut++) { /* no part of a line may crash */
			char *part = malloc(cut > 0 ? cut : 1);
			assert_non_null(part);
			memcpy(part, line, cut);
			(void)run(which, part, cut, said, sizeof said);
			free(part);
		}
		free(line);
	}
}

#define CHECK(which, ...)                                  \
	do {                                                   \
		static const struct row rows_[] = { __VA_ARGS__ }; \
		check(which, rows_, WG_COUNT(rows_));              \
	} while (0)

static void test_box(void **state)
{
	(void)state;
	CHECK('e', { "* 23 EXISTS\r\n", WG_IMAP_READ, "23" }, { "* 0 EXISTS", WG_IMAP_READ, "0" },
	      { "* 4294967295 exists\r\n", WG_IMAP_READ, "4294967295" }, { "* 4294967296 EXISTS\r\n", WG_IMAP_OTHER, "" },
	      { "* -1 EXISTS\r\n", WG_IMAP_OTHER, "" }, { "* 23 EXISTS now\r\n", WG_IMAP_OTHER, "" },
	      { "* 23 RECENT\r\n", WG_IMAP_OTHER, "" }, { "", WG_IMAP_OTHER, "" });
	CHECK('v', { "* OK [UIDVALIDITY 3857529045] UIDs valid\r\n", WG_IMAP_READ, "3857529045" },
	      { "* OK [UIDVALIDITY 1]", WG_IMAP_READ, "1" }, { "* OK [UIDVALIDITY 0]\r\n", WG_IMAP_BAD, "" },
	      { "* OK [UIDVALIDITY -1]\r\n", WG_IMAP_BAD, "" }, { "* OK [UIDVALIDITY 99999999999]\r\n", WG_IMAP_BAD, "" },
	      { "* OK [UIDVALIDITY 12", WG_IMAP_BAD, "" }, { "* OK [UIDNEXT 1]\r\n", WG_IMAP_OTHER, "" });
	CHECK('f', { "* OK [PERMANENTFLAGS (\\Deleted \\Seen \\*)] Limited\r\n", WG_IMAP_READ, "1" },
	      { "* OK [PERMANENTFLAGS (\\Seen $wardgate)]\r\n", WG_IMAP_READ, "1" },
	      { "* OK [PERMANENTFLAGS (\\Seen $WardgateX)]\r\n", WG_IMAP_READ, "0" },
	      { "* OK [PERMANENTFLAGS ()] read-only\r\n", WG_IMAP_READ, "0" },
	      { "* OK [PERMANENTFLAGS (\\Seen (\\*))]\r\n", WG_IMAP_BAD, "" },
	      { "* OK [PERMANENTFLAGS (\\*", WG_IMAP_BAD, "" }, { "* FLAGS (\\Seen)\r\n", WG_IMAP_OTHER, "" });
	CHECK('c', { "* CAPABILITY IMAP4rev1 MOVE IDLE\r\n", WG_IMAP_READ, "1" },
	      { "* CAPABILITY IMAP4rev1 REMOVE MOVED\r\n", WG_IMAP_READ, "0" }, { "* CAPABILITY\r\n", WG_IMAP_READ, "0" },
	      { "* CAPABILITY MOVE ) X\r\n", WG_IMAP_BAD, "" }, { "* OK MOVE\r\n", WG_IMAP_OTHER, "" });
	CHECK('l', { "* LIST (\\Noselect) \"/\" \"\"\r\n", WG_IMAP_READ, "/ 23" },
	      { "* LIST () \".\" INBOX.x\r\n", WG_IMAP_READ, ". 14" }, { "* LIST () NIL INBOX\r\n", WG_IMAP_READ, "- 14" },
	      { "* LIST () \"\\\\\" x\r\n", WG_IMAP_READ, "\\ 15" }, { "* LIST (\r\n", WG_IMAP_BAD, "" },
	      { "* LIST () \"\" x\r\n", WG_IMAP_BAD, "" }, { "* LIST () \"/\"\r\n", WG_IMAP_BAD, "" },
	      { "* LIST () \"//\" x\r\n", WG_IMAP_BAD, "" }, { "* LIST () \"\x01\" x\r\n", WG_IMAP_BAD, "" },
	      { "* LSUB () \"/\" x\r\n", WG_IMAP_OTHER, "" });
}

static void test_mails(void **state)
{
	(void)state;
	CHECK('s', { "* SEARCH 2 84 882\r\n", WG_IMAP_READ, "3: 2 84 882" }, { "* SEARCH\r\n", WG_IMAP_READ, "0: 0 0 0" },
	      { "* SEARCH 5 \r\n", WG_IMAP_READ, "1: 5 0 0" },
	      { "* SEARCH 4294967295\r\n", WG_IMAP_READ, "1: 4294967295 0 0" }, { "* SEARCH 1 2 3 4\r\n", WG_IMAP_BAD, "" },
	      { "* SEARCH 0\r\n", WG_IMAP_BAD, "" }, { "* SEARCH -5\r\n", WG_IMAP_BAD, "" },
	      { "* SEARCH 4294967296\r\n", WG_IMAP_BAD, "" }, { "* SEARCH 1x\r\n", WG_IMAP_BAD, "" },
	      { "* SEARCHED 1\r\n", WG_IMAP_BAD, "" }, { "* SEARCH 1 (MODSEQ 9)\r\n", WG_IMAP_BAD, "" },
	      { "* ESEARCH 1\r\n", WG_IMAP_OTHER, "" });
	CHECK('z', { "* 12 FETCH (UID 34 RFC822.SIZE 567)\r\n", WG_IMAP_READ, "34 567" },
	      { "* 12 FETCH (FLAGS (\\Seen x) RFC822.SIZE 0 MODSEQ (5) UID 34)\r\n", WG_IMAP_READ, "34 0" },
	      { "* 12 FETCH (FLAGS (\\Seen))\r\n", WG_IMAP_OTHER, "" }, { "* 12 FETCH (UID 34)\r\n", WG_IMAP_OTHER, "" },
	      { "* 12 FETCH (UID 34 RFC822.SIZE -1)\r\n", WG_IMAP_BAD, "" },
	      { "* 12 FETCH (UID 0 RFC822.SIZE 1)\r\n", WG_IMAP_BAD, "" },
	      { "* 12 FETCH (UID 3 UID 4 RFC822.SIZE 1)\r\n", WG_IMAP_BAD, "" },
	      { "* 12 FETCH (UID 3 RFC822.SIZE 1 RFC822.SIZE 2)\r\n", WG_IMAP_BAD, "" },
	      { "* 12 FETCH (UID 3 RFC822.SIZE 99999999999999999999999)\r\n", WG_IMAP_BAD, "" },
	      { "* 12 FETCH (UID 3 RFC822.SIZE 1\r\n", WG_IMAP_BAD, "" }, { "* 12 EXPUNGE\r\n", WG_IMAP_OTHER, "" });
	CHECK('t', { "* 12 FETCH (UID 34 BODY[] {567}\r\n", WG_IMAP_READ, "34 567" },
	      { "* 12 FETCH (FLAGS (\\Seen) UID 34 BODY[HEADER.FIELDS (MESSAGE-ID)] {0}\r\n", WG_IMAP_READ, "34 0" },
	      { "* 12 FETCH (BODY[] {567}\r\n", WG_IMAP_READ, "0 567" },
	      { "* 12 FETCH (UID 34 BODY[] {567+}\r\n", WG_IMAP_BAD, "" },
	      { "* 12 FETCH (UID 34 BODY[] {}\r\n", WG_IMAP_BAD, "" },
	      { "* 12 FETCH (UID 34 BODY[] {-1}\r\n", WG_IMAP_BAD, "" },
	      { "* 12 FETCH (UID 34 BODY[] {99999999999999999999999}\r\n", WG_IMAP_BAD, "" },
	      { "* 12 FETCH (UID x BODY[] {5}\r\n", WG_IMAP_BAD, "" }, { "* 12 FETCH (}\r\n", WG_IMAP_BAD, "" },
	      { "* 12 FETCH (UID 34 BODY[] NIL)\r\n", WG_IMAP_OTHER, "" }, { "* 12 FETCH (\r\n", WG_IMAP_OTHER, "" });
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_box), cmocka_unit_test(test_mails) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
