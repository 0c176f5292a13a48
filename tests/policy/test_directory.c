/* The directory: what loads, what is refused and with which words, and who a client certificate may speak for. */
#include "policy_test.h"

#define HEAD "<directory xmlns=\"urn:wardgate:directory:1\" version=\"1\">\n"
#define TAIL "</directory>\n"
#define MAIL "channel=\"mail\" address=\"a@a.example\" certificate=\"a.pem\""
#define ALPHA "<organisation id=\"alpha\" kind=\"council\" code=\"800\">\n<name>Alpha</name>\n"
#define END "</organisation>\n"

static void test_example(void **state)
{
	(void)state;
	struct wg_directory *d = NULL;
	struct wg_err err = { 0 };
	must(wg_directory_load(POLICY_DIR "/directory-example.xml", XSD_DIR, &d, &err), &err);
	assert_int_equal(wg_directory_count(d), 5);
	assert_int_equal(strlen(wg_directory_hash(d)), 64);
	const struct wg_organisation *derbyshire = wg_directory_by_code(d, "830");
	assert_non_null(derbyshire);
	assert_ptr_equal(derbyshire, wg_directory_find(d, "derbyshire"));
	assert_ptr_equal(wg_directory_police(d, "830"), wg_directory_find(d, "derbyshire-police"));
	assert_ptr_equal(wg_directory_police(d, "831"), wg_directory_find(d, "derbyshire-police"));
	assert_ptr_equal(wg_directory_police(d, "861"), wg_directory_by_code(d, "E23000015"));
	assert_null(wg_directory_police(d, "856"));
	assert_null(wg_directory_police(d, "*"));
	assert_null(wg_directory_police(d, ""));
	assert_null(wg_directory_by_code(d, ""));
	assert_null(wg_directory_find(d, "leicester"));
	assert_null(wg_directory_at(d, 5));
	const struct wg_desk *desk = wg_organisation_role(derbyshire, "front-door");
	assert_ptr_equal(desk, wg_organisation_desk(derbyshire, "front-door"));
	assert_null(wg_organisation_role(derbyshire, "police-missing"));
	assert_string_equal(desk->address, "front-door@derbyshire.example");
	assert_string_equal(desk->certificate, POLICY_DIR "/certs/derbyshire/smime.pem");
	assert_string_equal(derbyshire->signer, POLICY_DIR "/certs/derbyshire/smime.pem");
	assert_int_equal(desk->channel, WG_CHANNEL_MAIL);
	assert_int_equal(desk->format, WG_FORMAT_SEALED);
	assert_false(desk->gcm);
	for (unsigned i = 0; i < wg_directory_count(d); i++)
		for (unsigned k = 0; k < wg_directory_at(d, i)->desk_count; k++)
			assert_non_null(strstr(wg_directory_at(d, i)->desks[k].address, ".example"));
	wg_directory_freep(&d);
	assert_null(d);
	wg_directory_freep(&d);
}

static void test_desks(void **state)
{
	(void)state;
	struct wg_directory *d = directory_of(
		HEAD ALPHA
		"<desk name=\"old\" roles=\"front-door\" suspended=\"true\" " MAIL "/>\n"
		"<desk name=\"new\" roles=\"night front-door\" channel=\"https\" url=\"https://a.example:8443/v1/notices?x=1\" "
		"cipher=\"gcm\" certificate=\"/etc/a.pem\" telephone=\"01632 960000\"/>\n"
		"<desk name=\"plain\" roles=\"inbox\" channel=\"https\" url=\"https://a.example/\" format=\"xml\"/>\n"
		"<desk name=\"gone\" roles=\"last\" suspended=\"1\" " MAIL "/>\n" END TAIL);
	const struct wg_organisation *o = wg_directory_at(d, 0);
	assert_int_equal(o->desk_count, 4);
	const struct wg_desk *desk = wg_organisation_role(o, "front-door");
	assert_string_equal(desk->name, "new"); /* not the suspended one before it */
	assert_true(desk->gcm);
	assert_int_equal(desk->channel, WG_CHANNEL_HTTPS);
	assert_string_equal(desk->certificate, "/etc/a.pem");
	assert_string_equal(desk->telephone, "01632 960000");
	assert_string_equal(wg_organisation_role(o, "last")->name, "gone");
	assert_true(wg_organisation_role(o, "last")->suspended);
	assert_int_equal(wg_organisation_role(o, "inbox")->format, WG_FORMAT_XML);
	assert_null(wg_organisation_role(o, "front"));
	assert_null(wg_organisation_role(o, "*"));
	assert_string_equal(o->domains, "");
	assert_string_equal(o->areas, "");
	wg_directory_freep(&d);
}

/* How a desk that confirms is described, and what is meant where nothing is said. */
static void test_confirming(void **state)
{
	(void)state;
	struct wg_directory *d = directory_of(
		HEAD ALPHA
		"<signer certificate=\"s1.pem\"/><signer certificate=\"s2.pem\"/>"
		"<trust ca=\"ca.pem\" revocation=\"required\"/><discover ldap=\"ldaps://l.example/\" smimea=\"true\"/>"
		"<desk name=\"a\" roles=\"a\" " MAIL " alternate=\"b\" out-of-hours=\"alpha/c\" hours=\"office\""
		" in-flight=\"3\" parts=\"text\"><certificate file=\"/etc/next.pem\"/></desk>\n"
		"<desk name=\"b\" roles=\"b\" channel=\"pull\" certificate=\"/etc/b.pem\" webhook=\"https://b.example/w\""
		" webhook-secret=\"w.txt\"/>\n"
		"<desk name=\"c\" roles=\"c\" channel=\"mesh\" certificate=\"c.pem\" mailbox=\"X26OT001\" "
	    "workflow=\"WG\"/>\n" END TAIL);
	const struct wg_organisation *o = wg_directory_at(d, 0), *found = NULL;
	const struct wg_desk *desk = wg_organisation_desk(o, "a"), *other = NULL;
	assert_int_equal(o->signer_count, 2);
	assert_string_equal(o->signer, "s1.pem");
	assert_string_equal(o->signers[1], "s2.pem");
	assert_string_equal(o->trust_ca, "ca.pem");
	assert_int_equal(o->revocation, WG_REVOCATION_REQUIRED);
	assert_string_equal(o->ldap, "ldaps://l.example/");
	assert_true(o->smimea);
	assert_string_equal(desk->alternate, "alpha/b");
	assert_string_equal(desk->out_of_hours, "alpha/c");
	assert_string_equal(desk->hours, "office");
	assert_int_equal(desk->in_flight, 3);
	assert_true(desk->wants_text && !desk->wants_html && !desk->wants_xml);
	assert_int_equal(desk->certificate_count, 2);
	assert_string_equal(desk->certificates[0], desk->certificate);
	assert_string_equal(desk->certificates[1], "/etc/next.pem");
	assert_true(wg_directory_desk(d, desk->alternate, &found, &other));
	assert_ptr_equal(found, o);
	assert_string_equal(other->name, "b");
	assert_false(wg_directory_desk(d, "alpha", &found, &other));
	assert_false(wg_directory_desk(d, "alpha/", &found, &other));
	assert_false(wg_directory_desk(d, "beta/a", &found, &other));
	assert_int_equal(other->channel, WG_CHANNEL_PULL);
	assert_int_equal(other->in_flight, 16);
	assert_true(other->wants_text && other->wants_html && other->wants_xml);
	assert_string_equal(other->webhook_secret, "w.txt");
	assert_string_equal(wg_organisation_desk(o, "c")->mailbox, "X26OT001");
	assert_string_equal(wg_channel_name(wg_organisation_desk(o, "c")->channel), "mesh");
	wg_directory_freep(&d);
}

#define PIN_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define PIN_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* The call has no place for a common name, so one cannot matter; what it has is here in every mixture. */
static void test_client(void **state)
{
	(void)state;
	struct wg_directory *d = directory_of(
		HEAD ALPHA "<client dns=\"alpha.example\"/><client uri=\"urn:agency:alpha\"/><client key=\"" PIN_A "\"/>" END
				   "<organisation id=\"beta\" kind=\"police\" code=\"E23000001\"><name>alpha.example</name>"
				   "<client dns=\"beta.example\"/><client dns=\"gate.beta.example\"/></organisation>" TAIL);
	static const struct {
		const char *dns[3], *uris[2], *key, *want;
	} rows[] = {
		{ { "alpha.example" }, { NULL }, NULL, "alpha" },
		{ { "ALPHA.Example" }, { NULL }, NULL, "alpha" },
		{ { "", "", "gate.beta.example" }, { "" }, "", "beta" },
		{ { NULL }, { "urn:agency:alpha" }, NULL, "alpha" },
		{ { NULL }, { NULL }, PIN_A, "alpha" },
		{ { "alpha.example" }, { "urn:agency:alpha" }, PIN_A, "alpha" },
		{ { "alpha.example", "beta.example" }, { NULL }, NULL, NULL }, /* two agencies: neither */
		{ { "beta.example" }, { NULL }, PIN_A, NULL },
		{ { "alpha" }, { NULL }, NULL, NULL },
		{ { "unheard-of.example", "beta.example" }, { NULL }, PIN_B, "beta" },
		{ { "*.beta.example" }, { NULL }, NULL, NULL },
		{ { "*" }, { "*" }, "*", NULL },
		{ { "urn:agency:alpha" }, { NULL }, NULL, NULL }, /* a URI in a DNS entry */
		{ { NULL }, { "alpha.example" }, NULL, NULL },    /* and the other way round */
		{ { PIN_A }, { PIN_A }, NULL, NULL },
		{ { "alpha.example beta.example" }, { "urn:agency:alpha x" }, NULL, NULL },
		{ { NULL }, { NULL }, "alpha.example", NULL },
		{ { NULL }, { NULL }, PIN_B, NULL },
		{ { NULL }, { NULL }, NULL, NULL },
	};
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		char dns[3][256] = { "", "", "" }, uris[2][256] = { "", "" };
		for (size_t k = 0; k < 3; k++)
			(void)snprintf(dns[k], 256, "%s", rows[i].dns[k] != NULL ? rows[i].dns[k] : "");
		for (size_t k = 0; k < 2; k++)
			(void)snprintf(uris[k], 256, "%s", rows[i].uris[k] != NULL ? rows[i].uris[k] : "");
		const struct wg_organisation *o =
			wg_directory_client(d, (const char(*)[256])dns, 3, (const char(*)[256])uris, 2, rows[i].key);
		const char *got = o != NULL ? o->id : NULL;
		if ((got == NULL) != (rows[i].want == NULL) || (got != NULL && strcmp(got, rows[i].want) != 0))
			fail_msg("row %zu: %s", i, got != NULL ? got : "nobody");
	}
	wg_directory_freep(&d);
}

#define ONE(desk) HEAD ALPHA desk "\n" END TAIL

static const struct {
	const char *text, *line, *words[3];
} refused[] = {
	{ "", ":1:", { "not well-formed" } },
	{ "<directory>", ":", { "not well-formed" } },
	{ "<!DOCTYPE directory []>\n" HEAD TAIL, "test.xml", { "DOCTYPE" } },
	{ "<directory version=\"1\"/>\n", ":1:", { "directory" } },
	{ HEAD TAIL, ":1:", { "organisation" } },
	{ HEAD "<organization/>\n" TAIL, ":2:", { "<organization>", "did you mean \"organisation\"" } },
	{ ONE("<desks/>"), ":4:", { "<desks>", "did you mean \"desk\"" } },
	{ ONE("<desk name=\"a\" roles=\"a\" " MAIL " cypher=\"gcm\"/>"), ":4:", { "cypher", "did you mean \"cipher\"" } },
	{ ONE("<desk name=\"a\" roles=\"a\" " MAIL " cipher=\"gmc\"/>"), ":4:", { "cipher=\"gmc\"", "did you mean" } },
	{ ONE("<desk name=\"a\" roles=\"a\" channel=\"email\" address=\"a@a.example\"/>"),
	  ":4:",
	  { "channel=\"email\"", "\"mail\"" } },
	{ HEAD "<organisation id=\"a\" kind=\"polise\"><name>A</name></organisation>" TAIL,
	  ":2:",
	  { "kind=\"polise\"", "\"police\"" } },
	{ ONE("<desk name=\"A desk\" roles=\"a\" " MAIL "/>"), ":4:", { "name" } },
	{ ONE("<desk name=\"a\" roles=\"*\" " MAIL "/>"), ":4:", { "roles" } },
	{ ONE("<desk name=\"a\" roles=\"a\" channel=\"mail\" address=\"a@b@c\" certificate=\"c\"/>"),
	  ":4:",
	  { "address" } },
	{ ONE("<desk name=\"a\" roles=\"a\" channel=\"mail\" address=\"a@stoke,gov.example\" certificate=\"c\"/>"),
	  ":4:",
	  { "address" } },
	{ ONE("<desk name=\"a\" roles=\"a\" channel=\"mail\" address=\"a@example\" certificate=\"c\"/>"),
	  ":4:",
	  { "desk a", "address=" } },
	{ ONE("<desk name=\"a\" roles=\"a\" channel=\"mail\" certificate=\"c\"/>"), ":4:", { "desk a", "needs address=" } },
	{ ONE("<desk name=\"a\" roles=\"a\" channel=\"mail\" address=\"a@a.example\"/>"), ":4:", { "needs certificate=" } },
	{ ONE("<desk name=\"a\" roles=\"a\" " MAIL " alternate=\"b\"/>"), "desk a", { "alternate=", "not another desk" } },
	{ ONE("<desk name=\"a\" roles=\"a\" " MAIL " out-of-hours=\"alpha/a\"/>"),
	  "desk a",
	  { "out-of-hours=", "not another desk" } },
	{ ONE("<desk name=\"a\" roles=\"a\" " MAIL " in-flight=\"65\"/>"), ":4:", { "in-flight" } },
	{ ONE("<desk name=\"a\" roles=\"a\" " MAIL " webhook=\"https://a.example/\"/>"), ":4:", { "pull" } },
	{ ONE("<desk name=\"a\" roles=\"a\" channel=\"pull\" certificate=\"c\" webhook=\"https://a.example/\"/>"),
	  ":4:",
	  { "needs webhook-secret=" } },
	{ ONE("<desk name=\"a\" roles=\"a\" channel=\"mesh\" certificate=\"c\" mailbox=\"X\"/>"),
	  ":4:",
	  { "needs mailbox= and workflow=" } },
	{ ONE("<desk name=\"a\" roles=\"a\" channel=\"pull\"/>"), ":4:", { "needs certificate=" } },
	{ ONE("<desk name=\"a\" roles=\"a\" " MAIL " format=\"xml\"/>"), ":4:", { "mail is always sealed" } },
	{ ONE("<desk name=\"a\" roles=\"a\" " MAIL " url=\"https://a.example/\"/>"), ":4:", { "no url=" } },
	{ ONE("<desk name=\"a\" roles=\"a\" channel=\"https\" certificate=\"c\"/>"), ":4:", { "needs url=" } },
	{ ONE("<desk name=\"a\" roles=\"a\" channel=\"https\" certificate=\"c\" url=\"http://a.example/\"/>"),
	  ":4:",
	  { "url" } },
	{ ONE("<desk name=\"a\" roles=\"a\" channel=\"https\" certificate=\"c\" url=\"https://u:p@a.example/\"/>"),
	  ":4:",
	  { "needs url=", "without user" } },
	{ ONE("<desk name=\"a\" roles=\"a\" channel=\"https\" certificate=\"c\" url=\"https://a.example:0/\"/>"),
	  ":4:",
	  { "needs url=" } },
	{ ONE("<desk name=\"a\" roles=\"a\" channel=\"https\" certificate=\"c\" url=\"https:///x\"/>"),
	  ":4:",
	  { "needs url=" } },
	{ ONE("<desk name=\"a\" roles=\"a\" channel=\"https\" url=\"https://a.example/\"/>"),
	  ":4:",
	  { "needs certificate=" } },
	{ ONE("<desk name=\"a\" roles=\"a\" channel=\"https\" certificate=\"c\" url=\"https://a.example/\" "
	      "address=\"a@a.example\"/>"),
	  ":4:",
	  { "no address=" } },
	{ ONE("<desk name=\"a\" roles=\"a\" " MAIL "/>\n<desk name=\"a\" roles=\"b\" " MAIL "/>"),
	  ":5:",
	  { "desk a stands twice" } },
	{ HEAD ALPHA END ALPHA END TAIL, ":5:", { "organisation alpha stands twice" } },
	{ HEAD ALPHA END "<organisation id=\"b\" kind=\"council\" code=\"800\"><name>B</name></organisation>" TAIL,
	  ":5:",
	  { "code 800", "alpha" } },
	{ HEAD "<organisation id=\"a\" kind=\"council\" areas=\"800\"><name>A</name></organisation>" TAIL,
	  ":2:",
	  { "areas=", "police" } },
	{ HEAD "<organisation id=\"a\" kind=\"police\" areas=\"800 801\"><name>A</name></organisation>\n"
	       "<organisation id=\"b\" kind=\"police\" areas=\"802 801\"><name>B</name></organisation>" TAIL,
	  ":3:",
	  { "area 801", "covered by a" } },
	{ HEAD "<organisation id=\"a\" kind=\"school\" areas=\"800\"><name>A</name></organisation>" TAIL,
	  ":2:",
	  { "areas=", "health", "take it out" } },
	{ HEAD "<organisation id=\"a\" kind=\"home\"><name>Lane  House</name></organisation>\n<organisation id=\"b\" "
	       "kind=\"home\"><name>B</name>\n<alias>LANE house</alias></organisation>" TAIL,
	  ":4:",
	  { "alias of b", "a is called that already" } },
	{ HEAD "<organisation id=\"a\" kind=\"home\" code=\"SC123\"><name>A</name></organisation>\n<organisation id=\"b\" "
	       "kind=\"home\"><name>B</name><alias>B House</alias><alias> sc123 </alias></organisation>" TAIL,
	  ":3:",
	  { "alias of b", "a is called that already" } },
	{ HEAD "<organisation id=\"a\" kind=\"home\"><name>A</name></organisation>\n<organisation id=\"b\" "
	       "kind=\"home\"><name>B</name><alias>A</alias><alias>B House</alias></organisation>" TAIL,
	  ":3:",
	  { "alias of b", "a is called that already" } },
	{ ONE("<desk name=\"a\" roles=\"a\" channel=\"https\" certificate=\"c\" url=\"https://-a.example/\"/>"),
	  ":4:",
	  { "needs url=" } },
	{ ONE("<desk name=\"a\" roles=\"a\" channel=\"https\" certificate=\"c\" url=\"https://a.example:123456789/\"/>"),
	  ":4:",
	  { "needs url=" } },
	{ HEAD "<organisation id=\"a\" kind=\"home\"><name>A</name><alias></alias></organisation>" TAIL,
	  ":2:",
	  { "alias" } },
	{ HEAD ALPHA "<client dns=\"x.example\"/>" END
	             "<organisation id=\"b\" kind=\"police\"><name>B</name><client dns=\"x.example\"/></organisation>" TAIL,
	  ":5:",
	  { "client x.example", "belongs to alpha" } },
	{ HEAD ALPHA "<client key=\"" PIN_A "\"/>" END
	             "<organisation id=\"b\" kind=\"police\"><name>B</name><client key=\"" PIN_A "\"/></organisation>" TAIL,
	  ":5:",
	  { PIN_A, "belongs to alpha" } },
	{ HEAD ALPHA "<client uri=\"urn:x:y\"/>" END
	             "<organisation id=\"b\" kind=\"police\"><name>B</name><client uri=\"urn:x:y\"/></organisation>" TAIL,
	  ":5:",
	  { "urn:x:y", "belongs to alpha" } },
	{ HEAD ALPHA "<client/>\n" END TAIL, ":4:", { "exactly one of" } },
	{ HEAD ALPHA "<client dns=\"a.example\" uri=\"urn:x:y\"/>\n" END TAIL, ":4:", { "exactly one of" } },
	{ HEAD ALPHA "<client cn=\"Chief\"/>\n" END TAIL, ":4:", { "no attribute cn" } },
	{ HEAD ALPHA "<client dns=\"*.example\"/>\n" END TAIL, ":4:", { "dns" } },
	{ HEAD ALPHA "<client dns=\"-a.example\"/>\n" END TAIL, ":4:", { "not a host name" } },
	{ HEAD ALPHA "<client key=\"abc\"/>\n" END TAIL, ":4:", { "key" } },
};

/* Longer than anything that is meant. */
static void test_too_long(void **state)
{
	(void)state;
	static char text[4096], longer[600];
	struct wg_directory *d = NULL;
	struct wg_err err = { 0 };
	memset(longer, 'a', sizeof longer - 1);
	longer[300] = '\0';
	(void)snprintf(
		text, sizeof text,
		ONE("<desk name=\"a\" roles=\"a\" channel=\"https\" certificate=\"c\" url=\"https://%s.example/\"/>"), longer);
	assert_int_equal(wg_directory_parse(text, strlen(text), "test.xml", directory_xsd, &d, &err), WG_CONFIG);
	assert_non_null(strstr(err.text, "needs url="));
	longer[300] = 'a';
	longer[400] = '/';
	longer[401] = '\0';
	(void)snprintf(
		text, sizeof text,
		ONE("<desk name=\"a\" roles=\"a\" channel=\"mail\" address=\"a@a.example\" certificate=\"%.300s\"/>"), longer);
	assert_int_equal(wg_directory_parse(text, strlen(text), longer, directory_xsd, &d, &err), WG_CONFIG);
	assert_non_null(strstr(err.text, "certificate: the path is too long"));
	longer[400] = 'a';
	longer[401] = 'a';
	assert_int_equal(wg_directory_load(POLICY_DIR "/directory-example.xml", longer, &d, &err), WG_LIMIT);
	assert_non_null(strstr(err.text, "the path of directory.xsd is too long"));
	assert_null(d);
}

/* What a certificate says may be anything, and what is not known is asked for all the same. */
static void test_odd_questions(void **state)
{
	(void)state;
	struct wg_directory *d = directory_of(
		HEAD "<organisation id=\"a\" kind=\"council\" code=\"860\"><name>A</name><client uri=\"urn:x:y\"/>"
			 "<desk name=\"one\" roles=\"r\" " MAIL " suspended=\"1\"/><desk name=\"two\" roles=\"r\" " MAIL
			 " suspended=\"true\"/></organisation>" TAIL);
	char uris[3][256], dns[1][256];
	memset(uris[0], 'u', sizeof uris[0]); /* no end */
	memset(dns[0], 'd', sizeof dns[0]);
	(void)snprintf(uris[1], sizeof uris[1], "nothing-with-a-colon");
	(void)snprintf(uris[2], sizeof uris[2], "urn:x:y");
	const struct wg_organisation *o =
		wg_directory_client(d, (const char(*)[256])dns, 1, (const char(*)[256])uris, 3, NULL);
	assert_non_null(o);
	assert_string_equal(wg_organisation_role(o, "r")->name, "one"); /* of two that are suspended the first */
	assert_null(wg_organisation_role(o, NULL));
	assert_null(wg_organisation_desk(o, NULL));
	assert_null(wg_directory_find(d, NULL));
	assert_null(wg_directory_by_code(d, NULL));
	assert_null(wg_directory_by_code(d, ""));
	assert_null(wg_directory_police(d, NULL));
	assert_null(wg_directory_at(d, 1));
	wg_directory_freep(&d);
}

/* Who covers an authority: its council, its force, and however many of the others. */
static void test_covering(void **state)
{
	(void)state;
	struct wg_directory *d =
		directory_of(HEAD "<organisation id=\"council\" kind=\"council\" code=\"860\"><name>C</name></organisation>"
	                      "<organisation id=\"force\" kind=\"police\" areas=\"860 861\"><name>F</name></organisation>"
	                      "<organisation id=\"trust\" kind=\"health\" areas=\"860\"><name>T</name></organisation>"
	                      "<organisation id=\"board\" kind=\"health\" areas=\"861 860\"><name>B</name></organisation>"
	                      "<organisation id=\"far\" kind=\"health\" areas=\"861\"><name>X</name></organisation>"
	                      "<organisation id=\"visits\" kind=\"provider\" areas=\"860\"><name>V</name></organisation>"
	                      "<organisation id=\"bureau\" kind=\"national\"><name>N</name></organisation>" TAIL);
	static const struct {
		const char *kind, *code, *want;
	} cases[] = {
		{ "council", "860", "council" },
		{ "council", "861", "" },
		{ "police", "861", "force" },
		{ "health", "860", "trust board" },
		{ "health", "861", "board far" },
		{ "provider", "860", "visits" },
		{ "provider", "861", "" },
		{ "national", "860", "" },
		{ "council", "", "" },
		{ "health", "", "" },
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		char got[128] = "";
		size_t used = 0;
		const struct wg_organisation *o = NULL;
		while ((o = wg_directory_covering(d, cases[i].kind, cases[i].code, o)) != NULL)
			used += (size_t)snprintf(got + used, sizeof got - used, "%s%s", used > 0 ? " " : "", o->id);
		assert_string_equal(got, cases[i].want);
	}
	wg_directory_freep(&d);
}

static void test_named(void **state)
{
	(void)state;
	struct wg_directory *d = directory_of(
		HEAD "<organisation id=\"lane\" kind=\"home\" code=\"SC123\"><name>Example Lane</name><alias>The Lane</alias>"
			 "<alias>Lane  Children\n Home</alias></organisation>"
			 "<organisation id=\"hill\" kind=\"home\"><name>Sample Hill</name></organisation>"
			 "<organisation id=\"twin-a\" kind=\"home\"><name>Twin</name></organisation>"
			 "<organisation id=\"twin-b\" kind=\"home\"><name>twin</name></organisation>"
			 "<organisation id=\"school\" kind=\"school\"><name>Sample Hill</name><alias>The "
			 "Lane</alias></organisation>" TAIL);
	static const struct {
		const char *kind, *text, *want;
	} cases[] = {
		{ "home", "Example Lane", "lane" },
		{ "home", "  EXAMPLE \t\n lane ", "lane" },
		{ "home", "sc123", "lane" },
		{ "home", "the lane", "lane" },
		{ "home", "lane children home", "lane" },
		{ "home", "Lane Children", NULL },
		{ "home", "Lane Children Home 2", NULL },
		{ "home", "ExampleLane", NULL },
		{ "home", "", NULL },
		{ "home", " \n", NULL },
		{ "home", "sample hill", "hill" },
		{ "school", "sample hill", "school" },
		{ "school", "the lane", "school" },
		{ "school", "example lane", NULL },
		{ "home", "Twin", NULL }, /* two of them: nobody */
		{ "council", "the lane", NULL },
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		const struct wg_organisation *o = wg_directory_named(d, cases[i].kind, cases[i].text);
		if (cases[i].want == NULL ? o != NULL : o == NULL || strcmp(o->id, cases[i].want) != 0)
			fail_msg("%s %s: %s", cases[i].kind, cases[i].text, o != NULL ? o->id : "none");
	}
	char longer[4096];
	memset(longer, 'a', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	assert_null(wg_directory_named(d, "home", longer));
	wg_directory_freep(&d);
}

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(refused); i++) {
		struct wg_directory *d = NULL;
		struct wg_err err = { 0 };
		enum wg_code code =
			wg_directory_parse(refused[i].text, strlen(refused[i].text), "test.xml", directory_xsd, &d, &err);
		if (code != WG_CONFIG || err.code != WG_CONFIG || d != NULL)
			fail_msg("row %zu was not refused as configuration: %s %s", i, wg_code_name(code), err.text);
		if (strstr(err.text, refused[i].line) == NULL)
			fail_msg("row %zu: no %s in: %s", i, refused[i].line, err.text);
		for (size_t k = 0; k < WG_COUNT(refused[i].words) && refused[i].words[k] != NULL; k++)
			if (strstr(err.text, refused[i].words[k]) == NULL)
				fail_msg("row %zu: no %s in: %s", i, refused[i].words[k], err.text);
	}
}

static void test_no_file(void **state)
{
	(void)state;
	struct wg_directory *d = NULL;
	struct wg_err err = { 0 };
	assert_int_equal(wg_directory_load(WG_BINARY_DIR "/there-is-no-such-directory.xml", XSD_DIR, &d, &err), WG_CONFIG);
	assert_non_null(strstr(err.text, "there-is-no-such-directory.xml"));
	assert_int_equal(wg_directory_load(POLICY_DIR "/directory-example.xml", WG_BINARY_DIR "/nowhere", &d, &err),
	                 WG_CONFIG);
	assert_null(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example),       cmocka_unit_test(test_desks),   cmocka_unit_test(test_confirming),
		cmocka_unit_test(test_client),        cmocka_unit_test(test_refused), cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_covering),      cmocka_unit_test(test_named),   cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_odd_questions),
	};
	return cmocka_run_group_tests_name("directory", tests, open_schemas, close_schemas);
}
