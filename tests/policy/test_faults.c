/* Memory that runs out at every single request, one after the other: loading and deciding then fail whole, with words,
 * and leave nothing behind (the address sanitizer looks for what was forgotten). */
#include <errno.h>
#include <unistd.h>

#include "policy/reasons.h"
#include "policy_test.h"

/* The linker puts these before every call of our own rooms. */
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_reallocarray(void *p, size_t n, size_t size);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
int __real_vasprintf(char **out, const char *fmt, va_list ap);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);
int __wrap_asprintf(char **out, const char *fmt, ...) WG_PRINTF(2, 3);
int __wrap___asprintf_chk(char **out, int flag, const char *fmt, ...) WG_PRINTF(3, 4);
/* And these before what needs memory of libxml2's. */
char *__real_wg_xml_attr(const struct _xmlNode *node, const char *name);
char *__real_wg_xml_text(const struct _xmlNode *node);
struct _xmlDoc *__real_wg_notice_facts(struct wg_notice *notice, struct wg_err *err);
enum wg_code __real_wg_condition_test(const struct wg_condition *condition, struct _xmlDoc *facts,
                                      const struct wg_answers *answers, bool *out, struct wg_err *err);
char *__wrap_wg_xml_attr(const struct _xmlNode *node, const char *name);
char *__wrap_wg_xml_text(const struct _xmlNode *node);
struct _xmlDoc *__wrap_wg_notice_facts(struct wg_notice *notice, struct wg_err *err);
enum wg_code __wrap_wg_condition_test(const struct wg_condition *condition, struct _xmlDoc *facts,
                                      const struct wg_answers *answers, bool *out, struct wg_err *err);

/* Number of the request that fails, counted from 0; below 0: none. */
static long fail_at = -1, requests;

static bool refuse(void)
{
	if (fail_at < 0 || requests++ != fail_at)
		return false;
	errno = ENOMEM;
	return true;
}

void *__wrap_malloc(size_t n)
{
	return refuse() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return refuse() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return refuse() ? NULL : __real_realloc(p, n);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
	return refuse() ? NULL : __real_reallocarray(p, n, size);
}

char *__wrap_strdup(const char *s)
{
	return refuse() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n)
{
	return refuse() ? NULL : __real_strndup(s, n);
}

int __wrap_asprintf(char **out, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int n = refuse() ? -1 : vasprintf(out, fmt, ap);
	va_end(ap);
	return n;
}

int __wrap___asprintf_chk(char **out, int flag, const char *fmt, ...)
{
	va_list ap;
	(void)flag;
	va_start(ap, fmt);
	int n = refuse() ? -1 : vasprintf(out, fmt, ap);
	va_end(ap);
	return n;
}

char *__wrap_wg_xml_attr(const struct _xmlNode *node, const char *name)
{
	return refuse() ? NULL : __real_wg_xml_attr(node, name);
}

char *__wrap_wg_xml_text(const struct _xmlNode *node)
{
	return refuse() ? NULL : __real_wg_xml_text(node);
}

struct _xmlDoc *__wrap_wg_notice_facts(struct wg_notice *notice, struct wg_err *err)
{
	if (!refuse())
		return __real_wg_notice_facts(notice, err);
	(void)wg_err_set(err, WG_SYSTEM, "no memory for facts");
	return NULL;
}

enum wg_code __wrap_wg_condition_test(const struct wg_condition *condition, struct _xmlDoc *facts,
                                      const struct wg_answers *answers, bool *out, struct wg_err *err)
{
	return refuse() ? wg_err_set(err, WG_SYSTEM, "no memory for a condition")
	                : __real_wg_condition_test(condition, facts, answers, out, err);
}

/* Runs act with the first request refused, then the second, until it asks for less than that. It must not succeed while
 * one was refused. */
static void torture(const char *what, enum wg_code (*act)(struct wg_err *err))
{
	long n = 0;
	for (;; n++) {
		struct wg_err err = { 0 };
		fail_at = n;
		requests = 0;
		enum wg_code code = act(&err);
		fail_at = -1;
		if (requests <= n) {
			must(code, &err);
			break;
		}
		if (code == WG_OK || err.text[0] == '\0')
			fail_msg("%s: request %ld was refused: %s %s", what, n, wg_code_name(code), err.text);
	}
	assert_true(n > 0);
	print_message("%s: %ld requests\n", what, n);
}

#define SOURCE "<source>S-01</source>"
#define NOTE "<note>why</note>"
static const char policy_text[] =
	"<policy xmlns=\"urn:wardgate:policy:1\" id=\"test\" version=\"1\" areas=\"860 830\">" NOTE
	"<role name=\"front-door\" at=\"council\">The front door.</role><role name=\"police-missing\" at=\"police\"/>"
	"<role name=\"home\" at=\"home\" named=\"child/placement/provider | child/placement/ofsted-urn\"/>"
	"<role name=\"bureau\" at=\"national\"/><role name=\"health\" at=\"health\"/><role name=\"leader\" at=\"council\"/>"
	"<define name=\"high\"><when>episode/risk = 'HIGH' and working-hours('office') = 'yes'</when>" SOURCE "</define>"
	"<route kind=\"missing found\" from=\"2026-01-01\"><when>$high or age() &lt; 18</when><to role=\"front-door\" "
	"of=\"host\"/>"
	"<to role=\"police-missing\" of=\"placing\"/><to role=\"home\" of=\"named\"/><to role=\"bureau\" of=\"national\"/>"
	"<to role=\"health\" of=\"host\"/><to role=\"front-door\" of=\"sender\"/><to role=\"*\" of=\"told\"/>" SOURCE NOTE
	"</route>"
	"<rule id=\"frame\" effect=\"share\" kind=\"*\" to=\"front-door police-missing home bureau health\" "
	"categories=\"administrative\"><basis gdpr=\"6(1)(e)\" dpa=\"part 3\" act=\"an act\"/>" SOURCE NOTE "</rule>"
	"<rule id=\"give\" effect=\"share\" kind=\"*\" to=\"front-door police-missing\" categories=\"identity risk "
	"circumstances\" "
	"tell=\"front-door\" delay=\"PT1H\" keep=\"P1Y\" overrides=\"consent\"><when>consent('front-door', 'risk') != "
	"'given' and "
	"$high and relation('submitter') = 'placing' or live-episode() = 'no' or true()</when><basis "
	"gdpr=\"6(1)(e)\"/>" SOURCE "</rule>"
	"<rule id=\"gate\" effect=\"withhold\" kind=\"*\" to=\"*\" except=\"home\" of=\"host\" categories=\"risk\" "
	"unless=\"consent\" "
	"marker=\"say\">" SOURCE "</rule>"
	"<rule id=\"look\" effect=\"review\" kind=\"missing\" to=\"*\" due=\"PT1H\" escalate=\"front-door\"><when>age() "
	"&lt; 18</when>" SOURCE "</rule>"
	"<rule id=\"lead\" effect=\"share\" kind=\"missing\" to=\"front-door\" categories=\"risk\" tell=\"leader\"><basis "
	"gdpr=\"6(1)(e)\"/>" SOURCE "</rule>"
	"<rule id=\"wait\" effect=\"share\" kind=\"missing\" to=\"home\" categories=\"risk\" "
	"confirmation=\"required\"><basis "
	"gdpr=\"6(1)(e)\"/>" SOURCE "</rule><grades of=\"860\" allow=\"HIGH\" first=\"HIGH\">" SOURCE NOTE "</grades>"
	"<hours name=\"office\" days=\"mon sun\" opens=\"09:00\" closes=\"17:00\">" SOURCE NOTE
	"</hours><closed days=\"2026-12-25\">" SOURCE
	"</closed><text-review due=\"PT4H\" escalate=\"front-door\">" SOURCE NOTE "</text-review>"
	"<retention kind=\"missing\" at=\"council\" keep=\"P1Y\">" SOURCE NOTE "</retention></policy>";

#define ORGANISATION(id, more, inside) \
	"<organisation id=\"" id "\" " more "><name>" id "</name>" inside "</organisation>"
#define MAIL(name, roles)                    \
	"<desk name=\"" name "\" roles=\"" roles \
	"\" channel=\"mail\" address=\"a@a.example\" certificate=\"a.pem\" telephone=\"01632 960001\"/>"
#define HTTPS                                                                                                 \
	"<desk name=\"desk\" roles=\"bureau\" channel=\"https\" url=\"https://a.example:8443/x\" format=\"xml\" " \
	"cipher=\"gcm\" "                                                                                         \
	"suspended=\"false\"/>"
#define CALLED                                                                                                      \
	"<alias>The host</alias><domain>a.example</domain><client dns=\"a.example\"/><client uri=\"urn:a:b\"/><signer " \
	"certificate=\"a.pem\"/>"
/* clang-format off */
static const char directory_text[] =
	"<directory xmlns=\"urn:wardgate:directory:1\" version=\"1\">"
	ORGANISATION("host", "kind=\"council\" code=\"860\"", CALLED MAIL("door", "front-door"))
	ORGANISATION("placer", "kind=\"council\" code=\"830\"", MAIL("door", "front-door") MAIL("lead", "leader"))
	ORGANISATION("force", "kind=\"police\" areas=\"830 860\"", MAIL("missing", "police-missing"))
	ORGANISATION("lane", "kind=\"home\"", MAIL("office", "home"))
	ORGANISATION("bureau", "kind=\"national\"", HTTPS)
	"</directory>";
/* clang-format on */

#define NOTICE(copy_for)                                                                                           \
	"<notice xmlns=\"urn:wardgate:notice:1\" id=\"01k9tess00examp1e0m1ss1ng1\" kind=\"missing\" version=\"1\">"    \
	"<header><sender organisation=\"force\" desk=\"missing\"/><received>2026-11-20T22:41:07Z</received>" copy_for  \
	"</header>"                                                                                                    \
	"<episode><risk>HIGH</risk></episode><child><name><full>Robin Specimen</full></name><date-of-birth>2012-03-14" \
	"</date-of-birth><placement><provider>lane</provider></placement></child>"                                     \
	"<authorities><placing>830</placing><host>860</host></authorities><missing><circumstances>went "               \
	"out</circumstances>"                                                                                          \
	"</missing></notice>"
static const char notice_text[] = NOTICE("");
static const char copy_text[] = NOTICE("<copy-for organisation=\"placer\" desk=\"door\"/>");

/* Each act ends with what it made freed, so that only what a failure forgets is left. */
static enum wg_code load_policy(struct wg_err *err)
{
	WG_CLEANUP(wg_policy_freep) struct wg_policy *policy = NULL;
	enum wg_code code =
		wg_policy_parse(policy_text, sizeof policy_text - 1, "test.xml", NULL, policy_xsd, schema, &policy, err);
	assert_int_equal(code == WG_OK, policy != NULL);
	return code;
}

static enum wg_code load_directory(struct wg_err *err)
{
	WG_CLEANUP(wg_directory_freep) struct wg_directory *d = NULL;
	enum wg_code code =
		wg_directory_parse(directory_text, sizeof directory_text - 1, "test.xml", directory_xsd, &d, err);
	assert_int_equal(code == WG_OK, d != NULL);
	return code;
}

static char folder[] = "/tmp/wg-faults-XXXXXX";

static enum wg_code load_files(struct wg_err *err)
{
	char path[128];
	WG_CLEANUP(wg_policy_freep) struct wg_policy *policy = NULL;
	WG_CLEANUP(wg_directory_freep) struct wg_directory *d = NULL;
	(void)snprintf(path, sizeof path, "%s/top.xml", folder);
	enum wg_code code = wg_policy_load(path, XSD_DIR, schema, &policy, err);
	(void)snprintf(path, sizeof path, "%s/directory.xml", folder);
	return code == WG_OK ? wg_directory_load(path, XSD_DIR, &d, err) : code;
}

static struct wg_policy *policy;
static struct wg_directory *directory;
static const struct wg_told told[] = { { "lane", "office", "home", "named" }, { "gone", "door", "front-door", "" } };

static enum wg_code decide_on(const char *text, unsigned count, struct wg_err *err)
{
	WG_AUTO_NOTICE struct wg_notice *notice = NULL;
	WG_CLEANUP(wg_decisions_freep) struct wg_decisions *d = NULL;
	struct wg_facts facts = { .submitter = "force", .now = NOW, .told = told, .told_count = WG_COUNT(told) };
	long at = fail_at;
	fail_at = -1; /* reading the notice is another room's */
	notice = notice_of(text);
	fail_at = at;
	enum wg_code code = wg_decide(policy, directory, notice, &facts, &d, err);
	assert_int_equal(code == WG_OK, d != NULL);
	if (code == WG_OK)
		assert_int_equal(d->count, count);
	return code;
}

static enum wg_code decide_fresh(struct wg_err *err)
{
	return decide_on(notice_text, 5, err);
}

static enum wg_code decide_copy(struct wg_err *err)
{
	return decide_on(copy_text, 2, err);
}

static enum wg_code look_for_conflicts(struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(65536);
	unsigned count;
	return wg_policy_conflicts(policy, directory, schema, NOW, &out, &count, err);
}

static struct wg_decisions *decided;
static struct wg_notice *decided_notice;

static enum wg_code explain(struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (unsigned i = 0; i < decided->count && code == WG_OK; i++) {
		WG_AUTO_BUF struct wg_buf json = WG_BUF(65536), text = WG_BUF(65536);
		wg_decision_json(policy, &decided->list[i], decided_notice, &json);
		wg_decision_text(policy, &decided->list[i], &text);
		code = wg_buf_check(&json, "the record", err);
		if (code == WG_OK)
			code = wg_buf_check(&text, "the words", err);
	}
	return code;
}

static void test_loading(void **state)
{
	(void)state;
	torture("a policy", load_policy);
	torture("a directory", load_directory);
	torture("files", load_files);
}

static void test_deciding(void **state)
{
	(void)state;
	torture("a decision", decide_fresh);
	torture("a decision on a copy", decide_copy);
	torture("conflicts", look_for_conflicts);
}

static void test_explaining(void **state)
{
	(void)state;
	struct wg_err err = { 0 };
	struct wg_facts facts = { .submitter = "force", .now = NOW };
	decided_notice = notice_of(notice_text);
	must(wg_decide(policy, directory, decided_notice, &facts, &decided, &err), &err);
	torture("words", explain);
	wg_decisions_freep(&decided);
	wg_notice_freep(&decided_notice);
}

/* What a refusal says needs memory too: without it the refusal stays one. */
static const char *const wrong[] = {
	"<policy xmlns=\"urn:wardgate:policy:1\" id=\"test\" version=\"1\"><rul/></policy>",
	"<policy xmlns=\"urn:wardgate:policy:1\" id=\"test\" version=\"1\" extend=\"x\"/>",
	"<policy xmlns=\"urn:wardgate:policy:1\" id=\"test\" version=\"1\"><role name=\"a\" at=\"council\"/>"
	"<route kind=\"missing\"><to role=\"b\" of=\"host\"/>" SOURCE "</route></policy>",
	"<policy xmlns=\"urn:wardgate:policy:1\" id=\"test\" version=\"1\"><define name=\"a\"><when>working-hours('x') = "
	"'yes'</when>" SOURCE "</define></policy>",
	"<policy xmlns=\"urn:wardgate:policy:1\" id=\"test\" version=\"1\"><role name=\"a\" at=\"council\"/><rule id=\"r\" "
	"effect=\"deny\" kind=\"*\" to=\"a\" categories=\"helth\">" SOURCE "</rule></policy>",
};

static void test_refusing(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(wrong); i++) {
		for (long n = 0;; n++) {
			struct wg_policy *made = NULL;
			struct wg_err err = { 0 };
			fail_at = n;
			requests = 0;
			enum wg_code code =
				wg_policy_parse(wrong[i], strlen(wrong[i]), "test.xml", NULL, policy_xsd, schema, &made, &err);
			fail_at = -1;
			assert_int_not_equal(code, WG_OK);
			assert_null(made);
			assert_true(err.text[0] != '\0');
			if (requests <= n)
				break;
		}
	}
}

static void write_file(const char *name, const char *text)
{
	char path[128];
	struct wg_err err = { 0 };
	(void)snprintf(path, sizeof path, "%s/%s.xml", folder, name);
	must(wg_file_write(path, text, strlen(text), 0600, &err), &err);
}

static int open_all(void **state)
{
	if (mkdtemp(folder) == NULL || open_schemas(state) != 0)
		return -1;
	policy = policy_of(policy_text);
	directory = directory_of(directory_text);
	write_file("test", policy_text);
	write_file("directory", directory_text);
	write_file(
		"top",
		"<policy xmlns=\"urn:wardgate:policy:1\" id=\"top\" extends=\"test\" version=\"1\"><confirm rule=\"test/wait\" "
		"by=\"A lead\" on=\"2026-10-01\"/></policy>");
	return 0;
}

static int close_all(void **state)
{
	static const char *const files[] = { "test", "directory", "top" };
	char path[128];
	for (size_t i = 0; i < WG_COUNT(files); i++) {
		(void)snprintf(path, sizeof path, "%s/%s.xml", folder, files[i]);
		(void)unlink(path); /* a folder left behind harms nobody */
	}
	(void)rmdir(folder); /* the same */
	wg_policy_freep(&policy);
	wg_directory_freep(&directory);
	return close_schemas(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loading),
		cmocka_unit_test(test_deciding),
		cmocka_unit_test(test_explaining),
		cmocka_unit_test(test_refusing),
	};
	return cmocka_run_group_tests_name("faults", tests, open_all, close_all);
}
