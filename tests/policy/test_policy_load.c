/* Loading a policy: what is refused, where, and with which words; layers, confirmation, hash. */
#include <stdlib.h>
#include <unistd.h>

#include "policy_test.h"

#define HEAD "<policy xmlns=\"urn:wardgate:policy:1\" id=\"test\" version=\"1\">\n"
#define ROLES                                                                                                       \
	"<role name=\"front-door\" at=\"council\"/><role name=\"police-missing\" at=\"police\"/><role name=\"parent\" " \
	"at=\"family\"/>\n"
#define TAIL "</policy>\n"
#define SOURCE "<source>S-01</source>"
#define BASIS "<basis gdpr=\"6(1)(e)\"/>"
/* On line 3. */
#define RULE(attributes, inside) HEAD ROLES "<rule " attributes ">" inside "</rule>\n" TAIL
#define SHARE(attributes) RULE("id=\"r\" effect=\"share\" kind=\"missing\" " attributes, BASIS SOURCE)
#define WHEN(condition)                                                                  \
	RULE("id=\"r\" effect=\"share\" kind=\"missing\" to=\"parent\" categories=\"risk\"", \
	     "\n<when>" condition "</when>" BASIS SOURCE)
#define GRADES(attributes) HEAD "<grades " attributes ">" SOURCE "</grades>\n" TAIL
#define WITHHOLD(attributes) \
	RULE("id=\"r\" effect=\"withhold\" kind=\"*\" to=\"*\" categories=\"risk\" " attributes, SOURCE)
#define REVIEW(attributes) RULE("id=\"r\" effect=\"review\" kind=\"*\" to=\"*\" " attributes, SOURCE)
#define GIVE(attributes) SHARE("to=\"parent\" categories=\"risk\" " attributes)
/* One element on line 2, or behind the roles on line 3. */
#define ELEMENT(element) HEAD element "\n" TAIL
#define HOURS(attributes) ELEMENT("<hours name=\"h\" " attributes ">" SOURCE "</hours>")
#define RETAIN(attributes) ELEMENT("<retention " attributes ">" SOURCE "</retention>")
#define READING(attributes) "<text-review " attributes ">" SOURCE "</text-review>\n"
#define NAMED_ROLES                                                                                                   \
	"<role name=\"home\" at=\"home\" named=\"child/placement/provider\"/><role name=\"school\" at=\"school\"/><role " \
	"name=\"un\" at=\"national\"/>\n"
#define LEAD(role, of) \
	HEAD NAMED_ROLES "<route kind=\"missing\"><to role=\"" role "\" of=\"" of "\"/>" SOURCE "</route>\n" TAIL
#define ROUTE(attributes, inside) HEAD ROLES "<route " attributes ">" inside SOURCE "</route>\n" TAIL

static const struct {
	const char *text, *line, *words[3];
} refused[] = {
	/* form */
	{ "", ":1:", { "not well-formed" } },
	{ "<policy", ":1:", { "not well-formed" } },
	{ "<!DOCTYPE policy [<!ENTITY a \"b\">]>\n" HEAD TAIL, "test.xml", { "DOCTYPE" } },
	{ "<policy id=\"test\" version=\"1\"/>", ":1:", { "policy" } },
	{ "<policy xmlns=\"urn:wardgate:policy:1\" id=\"test\"/>", ":1:", { "version" } },
	{ "<policy xmlns=\"urn:wardgate:policy:1\" id=\"Test it\" version=\"1\"/>", ":1:", { "id" } },
	{ "<policy xmlns=\"urn:wardgate:policy:1\" id=\"test\" version=\"1\" extend=\"x\"/>",
	  ":1:",
	  { "extend", "did you mean \"extends\"" } },
	{ "<policy xmlns=\"urn:wardgate:policy:1\" id=\"test\" version=\"1\" extends=\"england\"/>",
	  ":1:",
	  { "england", "no folder" } },
	{ HEAD "<rules/>\n" TAIL, ":2:", { "<rules>", "did you mean \"rule\"" } },
	{ HEAD ROLES "<rul/>\n" TAIL, ":3:", { "<rul>", "did you mean \"rule\"" } },
	/* attributes and their words */
	{ RULE("id=\"r\" efect=\"share\" kind=\"missing\" to=\"parent\" categories=\"risk\"", BASIS SOURCE),
	  ":3:",
	  { "efect", "did you mean \"effect\"" } },
	{ SHARE("to=\"parent\" categories=\"risk\" exept=\"parent\""), ":3:", { "exept", "did you mean \"except\"" } },
	{ SHARE("to=\"parent\" categories=\"risk\" obligation=\"encrypt\""), ":3:", { "no attribute obligation" } },
	{ RULE("id=\"r\" effect=\"shar\" kind=\"missing\" to=\"parent\" categories=\"risk\"", BASIS SOURCE),
	  ":3:",
	  { "effect=\"shar\"", "\"share\"" } },
	{ RULE("id=\"r\" effect=\"permit\" kind=\"missing\" to=\"parent\" categories=\"risk\"", BASIS SOURCE),
	  ":3:",
	  { "effect=\"permit\" is not known" } },
	{ RULE("id=\"r\" effect=\"withhold\" kind=\"*\" to=\"*\" categories=\"risk\" marker=\"sey\"", SOURCE),
	  ":3:",
	  { "marker=\"sey\"", "\"say\"" } },
	{ SHARE("to=\"parent\""), ":3:", { "test/r", "categories= is missing" } },
	{ SHARE("categories=\"risk\""), ":3:", { "to" } },
	{ RULE("id=\"r\" effect=\"share\" to=\"parent\" categories=\"risk\"", BASIS SOURCE), ":3:", { "kind" } },
	{ RULE("id=\"r\" effect=\"\" kind=\"missing\" to=\"parent\" categories=\"risk\"", BASIS SOURCE),
	  ":3:",
	  { "effect=\"\" is not known" } },
	{ HEAD "<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/>" TAIL,
	  ":2:",
	  { "is not known" } },
	/* names */
	{ SHARE("to=\"parent\" categories=\"helth\""), ":3:", { "helth", "did you mean \"health\"" } },
	{ SHARE("to=\"front-dor\" categories=\"risk\""), ":3:", { "role \"front-dor\"", "did you mean \"front-door\"" } },
	{ SHARE("to=\"parent\" except=\"polise-missing\" categories=\"risk\""),
	  ":3:",
	  { "polise-missing", "\"police-missing\"" } },
	{ SHARE("to=\"parent\" of=\"plasing\" categories=\"risk\""), ":3:", { "of" } },
	{ RULE("id=\"r\" effect=\"deny\" kind=\"mising\" to=\"parent\"", SOURCE),
	  ":3:",
	  { "kind of notice \"mising\"", "\"missing\"" } },
	{ RULE("id=\"r\" effect=\"deny\" kind=\"missing return-intervew\" to=\"parent\"", SOURCE),
	  ":3:",
	  { "return-intervew", "\"return-interview\"" } },
	{ GRADES("of=\"860\" allow=\"MEDIUM HUGE\""), ":2:", { "allow" } },
	{ GRADES("of=\"86\" allow=\"MEDIUM\""), ":2:", { "of" } },
	{ GRADES("of=\"860\" allowed=\"MEDIUM\""), ":2:", { "allowed", "\"allow\"" } },
	{ GRADES("allow=\"MEDIUM\""), ":2:", { "of" } },
	{ HEAD "<role name=\"a\" at=\"concil\"/>\n" TAIL, ":2:", { "at=\"concil\"", "\"council\"" } },
	{ HEAD "<role name=\"a\" at=\"council\"/>\n<role name=\"a\" at=\"council\"/>\n" TAIL,
	  ":3:",
	  { "role a stands twice" } },
	{ ROUTE("kind=\"missing\"", "<to role=\"front-door\" of=\"hosts\"/>"), ":3:", { "of=\"hosts\"", "\"host\"" } },
	{ ROUTE("kind=\"missing\"", "<to role=\"frontdoor\" of=\"host\"/>"), ":3:", { "frontdoor", "\"front-door\"" } },
	{ ROUTE("kind=\"missing\"", ""), ":3:", { "to" } },
	{ ROUTE("kind=\"lost\"", "<to role=\"front-door\" of=\"host\"/>"), ":3:", { "\"lost\"" } },
	/* conditions */
	{ WHEN("child/@looked-aftr = 'true'"), ":4:", { "looked-aftr", "looked-after" } },
	{ WHEN("child/nickname = 'x'"), ":4:", { "nickname" } },
	{ WHEN("consnet('parent') = 'given'"), ":4:", { "consnet", "consent" } },
	{ WHEN("consent('parnet') = 'given'"), ":4:", { "role \"parnet\"", "\"parent\"" } },
	{ WHEN("true() or consent ( \"parnet\" ) = 'given'"), ":4:", { "role \"parnet\"" } },
	{ WHEN("consent() = 'given'"), ":4:", { "wants one role" } },
	{ WHEN("consent('parent', 'parent') = 'given'"), ":4:", { "unknown category \"parent\"" } },
	{ WHEN("consent('parent', 'health risk') = 'given'"), ":4:", { "one category alone" } },
	{ WHEN("consent('parent', '*') = 'given'"), ":4:", { "one category alone" } },
	{ WHEN("consent('nobody', 'health') = 'given'"), ":4:", { "role \"nobody\"" } },
	{ WHEN("consent(child/name) = 'given'"), ":4:", { "wants one role" } },
	{ WHEN("age(child/name) = 3"), ":4:", { "age() takes nothing" } },
	{ WHEN("age('parent') = 3"), ":4:", { "age() takes nothing" } },
	{ WHEN("document('x')"), ":4:", { "document" } },
	{ WHEN("$critical"), ":4:", { "critical" } },
	{ WHEN("child["), ":4:", { "" } },
	{ WHEN("$submiter = 'a'"), ":4:", { "submiter", "submitter" } },
	{ HEAD "<define name=\"a\"><when>$b</when><source>S-01</source></define>\n<define "
	       "name=\"b\"><when>true()</when><source>S-01</source></define>" TAIL,
	  ":2:",
	  { "b" } },
	{ HEAD "<define name=\"a\"><when>$a</when><source>S-01</source></define>\n" TAIL, ":2:", { "a" } },
	{ HEAD "<define name=\"self\"><when>true()</when><source>S-01</source></define>\n" TAIL,
	  ":2:",
	  { "$self", "already" } },
	/* what grants must say by what right */
	{ RULE("id=\"r\" effect=\"share\" kind=\"missing\" to=\"parent\" categories=\"risk\"", SOURCE),
	  ":3:",
	  { "test/r", "lawful basis" } },
	{ RULE("id=\"r\" effect=\"share\" kind=\"missing\" to=\"parent\" categories=\"risk\"", "<basis/>" SOURCE),
	  ":3:",
	  { "lawful basis" } },
	{ RULE("id=\"r\" effect=\"share\" kind=\"missing\" to=\"parent\" categories=\"risk\"",
	       "<basis act=\"Some Act\"/>" SOURCE),
	  ":3:",
	  { "lawful basis" } },
	{ RULE("id=\"r\" effect=\"share\" kind=\"missing\" to=\"parent\" categories=\"risk\"",
	       "<basis gdpr=\"because\"/>" SOURCE),
	  ":3:",
	  { "gdpr" } },
	{ RULE("id=\"r\" effect=\"share\" kind=\"missing\" to=\"parent\" categories=\"risk\"", BASIS),
	  ":3:",
	  { "source" } },
	{ RULE("id=\"r\" effect=\"withhold\" kind=\"missing\" to=\"parent\" categories=\"risk\"", ""),
	  ":3:",
	  { "source" } },
	{ SHARE("to=\"parent\" categories=\"risk health\""), ":3:", { "special category", "9(2)" } },
	{ SHARE("to=\"parent\" categories=\"*\""), ":3:", { "names its categories" } },
	{ SHARE("to=\"*\" categories=\"risk\""), ":3:", { "names its roles" } },
	/* where an attribute of a rule means something */
	{ GIVE("unless=\"consent\""), ":3:", { "test/r", "unless=", "withhold" } },
	{ GIVE("second-person=\"true\""), ":3:", { "second-person=", "review" } },
	{ GIVE("escalate=\"front-door\""), ":3:", { "escalate=", "review" } },
	{ WITHHOLD("overrides=\"consent\""), ":3:", { "overrides=", "share" } },
	{ WITHHOLD("text=\"unreviewed\""), ":3:", { "text=", "share" } },
	{ WITHHOLD("delay=\"PT1H\""), ":3:", { "delay=", "share" } },
	{ WITHHOLD("keep=\"P1Y\""), ":3:", { "keep=", "share" } },
	{ WITHHOLD("due=\"PT1H\""), ":3:", { "due=", "review" } },
	{ REVIEW("marker=\"none\""), ":3:", { "marker=", "withhold" } },
	{ REVIEW("unless=\"consent\""), ":3:", { "unless=", "say it in <when>" } },
	{ REVIEW("escalate=\"front-door\""), ":3:", { "escalate= needs due=" } },
	{ REVIEW("due=\"PT4H\" escalate=\"front-dor\""), ":3:", { "role \"front-dor\"", "\"front-door\"" } },
	{ WITHHOLD("unless=\"agreement\""), ":3:", { "unless=\"agreement\"" } },
	{ GIVE("overrides=\"all\""), ":3:", { "overrides=\"all\"" } },
	{ GIVE("text=\"unreviewd\""), ":3:", { "text=\"unreviewd\"", "\"unreviewed\"" } },
	{ GIVE("delay=\"1 hour\""), ":3:", { "delay" } },
	{ GIVE("keep=\"for ever\""), ":3:", { "keep" } },
	{ GIVE("keep=\"PT4H\""), ":3:", { "keep" } },
	{ GIVE("tell=\"front-dor\""), ":3:", { "role \"front-dor\"", "\"front-door\"" } },
	{ GIVE("tell=\"police-missing\""), ":3:", { "tell= wants a role at a council", "<route>" } },
	{ GIVE("of=\"told\""), ":3:", { "of" } },
	/* sides of roles */
	{ LEAD("home", "host"), ":3:", { "role home", "\"home\"", "of=\"named\"" } },
	{ LEAD("school", "placing"), ":3:", { "role school", "of=\"sender\"" } },
	{ LEAD("school", "named"), ":3:", { "role school", "needs named=" } },
	{ LEAD("un", "placing"), ":3:", { "role un", "of=\"national\"" } },
	{ LEAD("un", "host"), ":3:", { "role un", "of=\"national\"" } },
	{ LEAD("home", "national"), ":3:", { "role home", "at=\"national\"" } },
	{ LEAD("*", "host"), ":3:", { "role=\"*\"", "of=\"told\"" } },
	{ ELEMENT("<role name=\"a\" at=\"national\" named=\"child/placement/provider\"/>"), ":2:", { "role a", "named=" } },
	{ ELEMENT("<role name=\"a\" at=\"family\" named=\"child/placement/provider\"/>"), ":2:", { "role a", "named=" } },
	{ ELEMENT("<role name=\"a\" at=\"home\" named=\"child/placement/provder\"/>"), ":2:", { "provder", "provider" } },
	{ ELEMENT("<role name=\"a\" at=\"home\" named=\"child/placement\"/>"),
	  ":2:",
	  { "child/placement", "not a place" } },
	{ ELEMENT("<role name=\"a\" at=\"home\" named=\"child//provider\"/>"), ":2:", { "role a" } },
	{ ELEMENT("<role name=\"a\" at=\"home\" named=\"3\"/>"), ":2:", { "role a" } },
	{ ELEMENT("<role name=\"a\" at=\"home\" named=\"child/placement/provider |\"/>"), ":2:", { "named" } },
	/* conditions on functions */
	{ WHEN("consent('parent', 'helth') = 'given'"), ":4:", { "helth", "\"health\"" } },
	{ WHEN("consent('parent', 'health', 'risk') = 'given'"), ":4:", { "wants one role" } },
	{ WHEN("consent('parent', ) = 'given'"), ":4:", { "" } },
	{ WHEN("consent('') = 'given'"), ":4:", { "wants one role" } },
	{ WHEN("consent('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa') = 'given'"),
	  ":4:",
	  { "wants one role" } },
	{ WHEN("live-episode('x') = 'yes'"), ":4:", { "live-episode() takes nothing" } },
	{ WHEN("live-episod() = 'yes'"), ":4:", { "live-episod", "live-episode" } },
	{ WHEN("working-hours() = 'yes'"), ":4:", { "working-hours('name')", "<hours>" } },
	{ WHEN("working-hours(child/name) = 'yes'"), ":4:", { "working-hours('name')" } },
	{ WHEN("working-hours('office') = 'yes'"), ":4:", { "no <hours name=\"office\">" } },
	{ WHEN("relation('sender') = 'own'"), ":4:", { "relation()", "'submitter'" } },
	{ WHEN("relation('submitter', 'submitter') = 'own'"), ":4:", { "relation()" } },
	{ WHEN("relation(child/name) = 'own'"), ":4:", { "relation()" } },
	{ HEAD "<define name=\"d\"><when>working-hours('ofice') = 'yes'</when>" SOURCE "</define>\n<hours name=\"office\" "
	       "days=\"mon\" opens=\"09:00\" closes=\"17:00\">" SOURCE "</hours>" TAIL,
	  ":2:",
	  { "\"ofice\"", "did you mean \"office\"" } },
	/* hours, closed days, reading of free text, retention */
	{ HOURS("days=\"mon\" opens=\"17:00\" closes=\"09:00\""), ":2:", { "hours h", "two lines" } },
	{ HOURS("days=\"mon\" opens=\"17:00\" closes=\"17:00\""), ":2:", { "two lines" } },
	{ HOURS("days=\"mon\" opens=\"9\" closes=\"17:00\""), ":2:", { "opens" } },
	{ HOURS("days=\"monday\" opens=\"09:00\" closes=\"17:00\""), ":2:", { "days" } },
	{ HOURS("days=\"mon\" opens=\"09:00\""), ":2:", { "closes" } },
	{ ELEMENT("<closed days=\"2026-12-25 2026-02-30\">" SOURCE "</closed>"), ":2:", { "2026-02-30", "not a day" } },
	{ ELEMENT("<closed days=\"Christmas\">" SOURCE "</closed>"), ":2:", { "days" } },
	{ ELEMENT("<closed days=\"2026-12-25\"/>"), ":2:", { "source" } },
	{ HEAD ROLES READING("due=\"PT4H\"") READING("due=\"PT5H\"") TAIL, ":4:", { "<text-review> stands twice" } },
	{ HEAD ROLES READING("due=\"4\"") TAIL, ":3:", { "due" } },
	{ HEAD ROLES READING("due=\"PT4H\" escalate=\"parnet\"") TAIL, ":3:", { "role \"parnet\"", "\"parent\"" } },
	{ RETAIN("kind=\"mising\" at=\"*\" keep=\"P1Y\""), ":2:", { "kind of notice \"mising\"", "\"missing\"" } },
	{ RETAIN("kind=\"*\" at=\"concil\" keep=\"P1Y\""), ":2:", { "kind of organisation \"concil\"", "\"council\"" } },
	{ RETAIN("kind=\"*\" at=\"*\" keep=\"1 year\""), ":2:", { "keep" } },
	{ RETAIN("kind=\"*\" at=\"*\""), ":2:", { "keep" } },
	/* layers */
	{ "<policy xmlns=\"urn:wardgate:policy:1\" id=\"test\" version=\"1\" areas=\"86\"/>", ":1:", { "areas" } },
	{ "<policy xmlns=\"urn:wardgate:policy:1\" id=\"test\" version=\"1\" extends=\"../england\"/>",
	  ":1:",
	  { "extends" } },
	/* what stands where it means nothing */
	{ SHARE("to=\"parent\" categories=\"risk\" marker=\"say\""), ":3:", { "marker=", "withhold" } },
	{ SHARE("to=\"parent\" categories=\"risk\" due=\"PT4H\""), ":3:", { "due=", "review" } },
	{ RULE("id=\"r\" effect=\"review\" kind=\"*\" to=\"*\" due=\"4 hours\"", SOURCE), ":3:", { "due" } },
	{ RULE("id=\"r\" effect=\"withhold\" kind=\"*\" to=\"*\" categories=\"administrative\"", SOURCE),
	  ":3:",
	  { "administrative", "deny" } },
	{ RULE("id=\"r\" effect=\"withhold\" kind=\"*\" to=\"*\" categories=\"risk\" confirmation=\"required\"", SOURCE),
	  ":3:",
	  { "confirmation=" } },
	{ RULE("id=\"r\" effect=\"withhold\" kind=\"*\" to=\"*\" categories=\"risk\" except=\"*\"", SOURCE),
	  ":3:",
	  { "leaves nobody" } },
	{ SHARE("to=\"parent\" categories=\"risk\" from=\"2026-02-30\""), ":3:", { "from" } },
	{ SHARE("to=\"parent\" categories=\"risk\" until=\"tomorrow\""), ":3:", { "until" } },
	{ SHARE("to=\"parent\" categories=\"risk\" from=\"2026-12-01\" until=\"2026-11-30\""),
	  ":3:",
	  { "never be in force" } },
	{ HEAD ROLES "<rule id=\"r\" effect=\"deny\" kind=\"*\" to=\"*\">" SOURCE
	             "</rule>\n<rule id=\"r\" effect=\"deny\" kind=\"*\" to=\"*\">" SOURCE "</rule>" TAIL,
	  ":4:",
	  { "test/r stands twice" } },
	{ HEAD "<confirm rule=\"test/r\" by=\"A lead\" on=\"2026-10-01\"/>\n" TAIL, ":2:", { "no rule test/r" } },
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(refused); i++) {
		struct wg_policy *policy = NULL;
		struct wg_err err = { 0 };
		enum wg_code code = wg_policy_parse(refused[i].text, strlen(refused[i].text), "test.xml", NULL, policy_xsd,
		                                    schema, &policy, &err);
		if (code != WG_CONFIG || err.code != WG_CONFIG || policy != NULL)
			fail_msg("row %zu was not refused as configuration: %s %s\n%s", i, wg_code_name(code), err.text,
			         refused[i].text);
		if (strncmp(err.text, "test.xml", 8) != 0 || strstr(err.text, refused[i].line) == NULL)
			fail_msg("row %zu: no test.xml%s in: %s", i, refused[i].line, err.text);
		for (size_t k = 0; k < WG_COUNT(refused[i].words) && refused[i].words[k] != NULL; k++)
			if (strstr(err.text, refused[i].words[k]) == NULL)
				fail_msg("row %zu: no %s in: %s", i, refused[i].words[k], err.text);
	}
}

/* Each is the nearest good neighbour of something refused above, so that a refusal is not for another reason. */
static void test_accepted(void **state)
{
	(void)state;
	static const char *const good[] = {
		HEAD TAIL,
		SHARE("to=\"parent\" categories=\"risk\""),
		SHARE("to=\"parent front-door\" except=\"parent\" of=\"placing host\" categories=\"risk\" from=\"2026-02-28\" "
		      "until=\"2026-02-28\""),
		RULE("id=\"r\" effect=\"share\" kind=\"*\" to=\"parent\" categories=\"health\"",
		     "<basis gdpr=\"6(1)(e) 9(2)(h)\"/>" SOURCE),
		RULE("id=\"r\" effect=\"share\" kind=\"*\" to=\"parent\" categories=\"health\"",
		     "<basis dpa=\"part 3, schedule 8 paragraph 4\"/>" SOURCE),
		RULE("id=\"r\" effect=\"withhold\" kind=\"*\" to=\"*\" categories=\"*\" marker=\"say\"", SOURCE),
		RULE("id=\"r\" effect=\"review\" kind=\"*\" to=\"*\" due=\"PT30M\"", SOURCE),
		WHEN("child/@looked-after = 'true' and consent('parent') = 'given' or age() &lt; 16"),
		WHEN("$submitter = $self"),
		WHEN("sharing/consent/@state = 'given' or consent( \"parent\" ) = 'given' or age( ) = 3 or consent('*') = "
		     "'given'"),
		ROUTE("kind=\"found\" even-to-sender=\"true\"",
		      "<to role=\"front-door\" of=\"host\"/><to role=\"police-missing\" of=\"placing\"/>"),
		GIVE("overrides=\"consent\" text=\"unreviewed\" delay=\"PT1H\" keep=\"P6Y\" tell=\"front-door\" "
		     "confirmation=\"required\" of=\"placing host sender named national\""),
		WITHHOLD("unless=\"consent\" marker=\"none\" tell=\"front-door\""),
		REVIEW("due=\"P2D\" second-person=\"true\" escalate=\"front-door\""),
		REVIEW("second-person=\"false\""),
		RULE("id=\"r\" effect=\"review\" kind=\"*\" to=\"*\"", "<basis act=\"Some Act\"/>" SOURCE),
		LEAD("home", "named"),
		LEAD("home", "sender"),
		LEAD("school", "told"),
		LEAD("*", "told"),
		LEAD("un", "national"),
		LEAD("un", "sender"),
		ROUTE("kind=\"missing\"", "<to role=\"parent\" of=\"host\"/>"),
		ELEMENT("<role name=\"a\" at=\"home\" named=\"child/placement/provider | child/placement/ofsted-urn\"/>"),
		WHEN("consent('parent','health') = 'given' and consent( \"*\" , 'risk' ) = 'given'"),
		WHEN("live-episode() = 'yes' or relation() = 'own' or relation( 'submitter' ) = 'police-of-host'"),
		WHEN("child/name/full = \"consent('nobody')\" or child/name/full = 'age(1) \"'"),
		HEAD "<define name=\"d\"><when>working-hours('h') = 'no'</when>" SOURCE "</define>"
			 "<hours name=\"h\" days=\"mon tue\" opens=\"00:00\" closes=\"24:00\" closed-days=\"false\">" SOURCE
			 "</hours><hours name=\"h\" days=\"sat\" opens=\"10:00\" closes=\"12:30\">" SOURCE "</hours>"
			 "<closed days=\"2026-12-25 2026-12-28\">" SOURCE "</closed>" TAIL,
		HEAD ROLES READING("due=\"PT4H\" escalate=\"front-door\"") TAIL,
		RETAIN("kind=\"missing found\" at=\"council national\" keep=\"P18M\""),
		RETAIN("kind=\"*\" at=\"*\" keep=\"P90D\""),
		HEAD "<define name=\"b\"><when>true()</when><source>S-01</source></define><define "
			 "name=\"a\"><when>$b</when><source>S-01</source></define>" TAIL,
	};
	for (size_t i = 0; i < WG_COUNT(good); i++) {
		struct wg_policy *policy = policy_of(good[i]);
		assert_string_equal(wg_policy_version(policy), "test 1");
		assert_int_equal(strlen(wg_policy_hash(policy)), 64);
		wg_policy_freep(&policy);
	}
}

/* Layers are files, so these are files. */
static char folder[] = "/tmp/wg-policy-XXXXXX";

static void write_layer(const char *name, const char *text)
{
	char path[128];
	struct wg_err err = { 0 };
	(void)snprintf(path, sizeof path, "%s/%s.xml", folder, name);
	must(wg_file_write(path, text, strlen(text), 0600, &err), &err);
}

static enum wg_code load(const char *name, struct wg_policy **out, struct wg_err *err)
{
	char path[128];
	(void)snprintf(path, sizeof path, "%s/%s.xml", folder, name);
	return wg_policy_load(path, XSD_DIR, schema, out, err);
}

#define LAYER(id, extends, inside) \
	"<policy xmlns=\"urn:wardgate:policy:1\" id=\"" id "\" " extends " version=\"" id "-1\">" inside "</policy>"
#define DUTY                                                                               \
	"<rule id=\"duty\" effect=\"share\" kind=\"*\" to=\"front-door\" categories=\"risk\" " \
	"confirmation=\"required\">" BASIS SOURCE "</rule>"

static void test_layers(void **state)
{
	(void)state;
	struct wg_policy *policy = NULL;
	struct wg_err err = { 0 };
	write_layer("low", LAYER("low", "",
	                         "<role name=\"front-door\" at=\"council\"/><define name=\"d\"><when>true()</when>" SOURCE
	                         "</define>" DUTY));
	write_layer("mid",
	            LAYER("mid", "extends=\"low\"",
	                  "<rule id=\"duty\" effect=\"deny\" kind=\"*\" to=\"front-door\"><when>$d</when>" SOURCE "</rule>"
	                  "<rule id=\"two\" effect=\"deny\" kind=\"*\" to=\"front-door\">" SOURCE "</rule>"));
	write_layer("top", LAYER("top", "extends=\"mid\"",
	                         "<confirm rule=\"low/duty\" by=\"A lead\" on=\"2026-10-01\"/>"
	                         "<rule id=\"three\" effect=\"deny\" kind=\"*\" to=\"front-door\">" SOURCE "</rule>"));
	must(load("top", &policy, &err), &err);
	assert_string_equal(wg_policy_version(policy), "top top-1");
	static const char *const order[] = { "top/three", "mid/duty", "mid/two", "low/duty" };
	assert_int_equal(policy->rule_count, WG_COUNT(order));
	for (unsigned i = 0; i < WG_COUNT(order); i++)
		assert_string_equal(policy->rules[i].id, order[i]);
	assert_false(policy->rules[3].unconfirmed);
	char before[WG_NAMES_HASH];
	(void)snprintf(before, sizeof before, "%s", wg_policy_hash(policy));
	wg_policy_freep(&policy);

	must(load("mid", &policy, &err), &err); /* nobody confirmed here */
	assert_true(policy->rules[2].unconfirmed);
	wg_policy_freep(&policy);

	/* The hash is over every layer: a blank in the lowest changes it. */
	write_layer("low", LAYER("low", "",
	                         " <role name=\"front-door\" at=\"council\"/><define name=\"d\"><when>true()</when>" SOURCE
	                         "</define>" DUTY));
	must(load("top", &policy, &err), &err);
	assert_string_not_equal(wg_policy_hash(policy), before);
	wg_policy_freep(&policy);
}

#define DENY(id) "<rule id=\"" id "\" effect=\"deny\" kind=\"*\" to=\"front-door\">" SOURCE "</rule>"

/* A layer that two others extend counts once, and every layer stands above all that it extends. */
static void test_diamond(void **state)
{
	(void)state;
	struct wg_policy *policy = NULL;
	struct wg_err err = { 0 };
	write_layer("low", LAYER("low", "", "<role name=\"front-door\" at=\"council\"/>" DENY("one")));
	write_layer("mid", LAYER("mid", "extends=\"low\" areas=\"860 861\"", DENY("one")));
	write_layer("side", LAYER("side", "extends=\" low  mid \"", DENY("one")));
	write_layer("other", LAYER("other", "extends=\"low\"", DENY("one")));
	write_layer("top", LAYER("top", "extends=\"other side mid other\"", DENY("one") DENY("two")));
	must(load("top", &policy, &err), &err);
	static const char *const order[] = { "top/one", "top/two", "side/one", "mid/one", "other/one", "low/one" };
	static const char *const layers[] = { "low", "other", "mid", "side", "top" };
	assert_int_equal(policy->rule_count, WG_COUNT(order));
	for (unsigned i = 0; i < WG_COUNT(order); i++)
		assert_string_equal(policy->rules[i].id, order[i]);
	assert_int_equal(policy->layer_count, WG_COUNT(layers));
	for (unsigned i = 0; i < WG_COUNT(layers); i++) {
		assert_string_equal(policy->layers[i].id, layers[i]);
		assert_int_equal(policy->layers[i].everywhere, strcmp(layers[i], "mid") != 0);
	}
	wg_policy_freep(&policy);
}

/* Of what several layers say the same way the highest counts. */
static void test_highest(void **state)
{
	(void)state;
	struct wg_policy *policy = NULL;
	struct wg_err err = { 0 };
	write_layer("low", LAYER("low", "",
	                         "<retention kind=\"*\" at=\"*\" keep=\"P1Y\">" SOURCE "</retention>"
	                         "<retention kind=\"found\" at=\"*\" keep=\"P3Y\">" SOURCE "</retention>"));
	write_layer("top",
	            LAYER("top", "extends=\"low\"", "<retention kind=\"*\" at=\"*\" keep=\"P2Y\">" SOURCE "</retention>"));
	must(load("top", &policy, &err), &err);
	assert_string_equal(wg_policy_retention(policy, "missing", "council", NULL), "P2Y");
	assert_string_equal(wg_policy_retention(policy, "found", "council", NULL), "P3Y"); /* but the kind says more */
	wg_policy_freep(&policy);
}

/* More of anything than a policy may have. */
static void test_too_much(void **state)
{
	(void)state;
	static char text[128 * 1024];
	struct wg_policy *policy = NULL;
	struct wg_err err = { 0 };
	size_t n = (size_t)snprintf(text, sizeof text, HEAD);
	for (unsigned i = 0; i <= WG_POLICY_ITEMS / 64; i++) {
		n += (size_t)snprintf(text + n, sizeof text - n, "<closed days=\"2026-12-25");
		for (unsigned k = 1; k < 64; k++)
			n += (size_t)snprintf(text + n, sizeof text - n, " 2026-12-25");
		n += (size_t)snprintf(text + n, sizeof text - n, "\">" SOURCE "</closed>");
	}
	(void)snprintf(text + n, sizeof text - n, TAIL);
	assert_int_equal(wg_policy_parse(text, strlen(text), "test.xml", NULL, policy_xsd, schema, &policy, &err),
	                 WG_LIMIT);
	assert_non_null(strstr(err.text, "no room for more than 4096 closed days"));
	for (unsigned layer = 0; layer < 2; layer++) { /* as many roles as a file may have, twice */
		const char *names[] = { "low", "top" };
		n = (size_t)snprintf(text, sizeof text, LAYER("%s", "%s", ""), names[layer],
		                     layer == 1 ? "extends=\"low\"" : "", names[layer]);
		n -= strlen("</policy>");
		for (unsigned i = 0; i < 128; i++)
			n += (size_t)snprintf(text + n, sizeof text - n, "<role name=\"%s-%u\" at=\"council\"/>", names[layer], i);
		(void)snprintf(text + n, sizeof text - n, "</policy>");
		write_layer(names[layer], text);
	}
	assert_int_equal(load("top", &policy, &err), WG_CONFIG);
	assert_non_null(strstr(err.text, "there are more than 255 roles"));
	assert_null(policy);
}

static void test_too_long(void **state)
{
	(void)state;
	char longer[600];
	struct wg_policy *policy = NULL;
	struct wg_err err = { 0 };
	memset(longer, 'a', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	static const char above[] = LAYER("above", "extends=\"low\"", "");
	assert_int_equal(wg_policy_parse(above, strlen(above), "above.xml", longer, policy_xsd, schema, &policy, &err),
	                 WG_LIMIT);
	assert_non_null(strstr(err.text, "the path of policy low is too long"));
	assert_int_equal(wg_policy_load(POLICY_DIR "/england.xml", longer, schema, &policy, &err), WG_LIMIT);
	assert_non_null(strstr(err.text, "the path of policy.xsd is too long"));
	longer[sizeof longer - 2] = '/';
	assert_int_equal(wg_policy_load(longer, XSD_DIR, schema, &policy, &err), WG_LIMIT);
	assert_null(policy);
}

static void test_layers_refused(void **state)
{
	(void)state;
	static const struct {
		const char *name, *text, *words[2];
	} rows[] = {
		{ "circle-a", LAYER("circle-a", "extends=\"circle-b\"", ""), { "circle-b.xml:1", "circle" } },
		{ "self", LAYER("self", "extends=\"self\"", ""), { "self.xml:1", "circle" } },
		{ "orphan", LAYER("orphan", "extends=\"nowhere\"", ""), { "orphan.xml:1", "nowhere" } },
		{ "misnamed-above", LAYER("misnamed-above", "extends=\"misnamed\"", ""), { "misnamed.xml:1", "differ" } },
		{ "redefines",
		  LAYER("redefines", "extends=\"base\"", "<define name=\"d\"><when>true()</when>" SOURCE "</define>"),
		  { "redefines.xml:1", "$d is already defined" } },
		{ "twice",
		  LAYER("twice", "extends=\"base\"", "<role name=\"front-door\" at=\"council\"/>"),
		  { "twice.xml:1", "front-door stands twice" } },
		{ "confirms",
		  LAYER("confirms", "extends=\"base\"", "<confirm rule=\"base/plain\" by=\"A lead\" on=\"2026-10-01\"/>"),
		  { "confirms.xml:1", "waits for no confirmation" } },
		{ "broken-below", LAYER("broken-below", "extends=\"broken\"", ""), { "broken.xml:1", "<rul>" } },
	};
	write_layer("circle-b", LAYER("circle-b", "extends=\"circle-a\"", ""));
	write_layer("misnamed", LAYER("another", "", ""));
	write_layer("broken", LAYER("broken", "", "<rul/>"));
	write_layer("base", LAYER("base", "",
	                          "<role name=\"front-door\" at=\"council\"/><define name=\"d\"><when>true()</when>" SOURCE
	                          "</define>"
	                          "<rule id=\"plain\" effect=\"deny\" kind=\"*\" to=\"front-door\">" SOURCE "</rule>"));
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		struct wg_policy *policy = NULL;
		struct wg_err err = { 0 };
		write_layer(rows[i].name, rows[i].text);
		if (load(rows[i].name, &policy, &err) != WG_CONFIG || policy != NULL)
			fail_msg("%s was not refused: %s", rows[i].name, err.text);
		for (size_t k = 0; k < WG_COUNT(rows[i].words); k++)
			if (strstr(err.text, rows[i].words[k]) == NULL)
				fail_msg("%s: no %s in: %s", rows[i].name, rows[i].words[k], err.text);
	}
}

static void test_too_many_layers(void **state)
{
	(void)state;
	struct wg_policy *policy = NULL;
	struct wg_err err = { 0 };
	for (int i = 0; i <= WG_POLICY_LAYERS; i++) {
		char name[16], text[256];
		(void)snprintf(name, sizeof name, "l%d", i);
		if (i == 0)
			(void)snprintf(text, sizeof text, LAYER("%s", "", ""), name, name);
		else
			(void)snprintf(text, sizeof text, LAYER("%s", "extends=\"l%d\"", ""), name, i - 1, name);
		write_layer(name, text);
	}
	char name[16];
	(void)snprintf(name, sizeof name, "l%d", WG_POLICY_LAYERS - 1);
	must(load(name, &policy, &err), &err);
	wg_policy_freep(&policy);
	(void)snprintf(name, sizeof name, "l%d", WG_POLICY_LAYERS);
	assert_int_equal(load(name, &policy, &err), WG_CONFIG);
	assert_non_null(strstr(err.text, "layers"));

	/* The same beside each other. */
	char wide[1024];
	size_t n = (size_t)snprintf(wide, sizeof wide,
	                            "<policy xmlns=\"urn:wardgate:policy:1\" id=\"top\" version=\"1\" extends=\"");
	for (int i = 0; i < WG_POLICY_LAYERS; i++) {
		char text[256];
		(void)snprintf(name, sizeof name, "l%d", i);
		(void)snprintf(text, sizeof text, LAYER("%s", "", ""), name, name);
		write_layer(name, text);
		n += (size_t)snprintf(wide + n, sizeof wide - n, "%s%s", i > 0 ? " " : "", name);
	}
	(void)snprintf(wide + n, sizeof wide - n, "\"/>");
	write_layer("top", wide);
	assert_int_equal(load("top", &policy, &err), WG_CONFIG);
	assert_non_null(strstr(err.text, "top.xml:1: there are more than 16 layers"));
}

static void test_shipped(void **state)
{
	(void)state;
	static const char *const shipped[] = {
		"england",          "staffordshire-stoke", "leicester-leicestershire-rutland",
		"northamptonshire", "derby-derbyshire",    "midlands"
	};
	for (size_t i = 0; i < WG_COUNT(shipped); i++) {
		char path[256];
		struct wg_policy *policy = NULL;
		struct wg_err err = { 0 };
		(void)snprintf(path, sizeof path, POLICY_DIR "/%s.xml", shipped[i]);
		must(wg_policy_load(path, XSD_DIR, schema, &policy, &err), &err);
		assert_memory_equal(wg_policy_version(policy), shipped[i], strlen(shipped[i]));
		for (unsigned k = 0; k < policy->rule_count; k++) {
			assert_true(policy->rules[k].source[0] != '\0');
			if (policy->rules[k].effect == WG_SHARE)
				assert_non_null(policy->rules[k].basis);
		}
		wg_policy_freep(&policy);
	}
	struct wg_policy *policy = NULL;
	struct wg_err err = { 0 };
	assert_int_equal(wg_policy_load(POLICY_DIR "/no-such-policy.xml", XSD_DIR, schema, &policy, &err), WG_CONFIG);
	assert_non_null(strstr(err.text, "no-such-policy.xml"));
}

static int open_all(void **state)
{
	return mkdtemp(folder) != NULL ? open_schemas(state) : -1;
}

static int close_all(void **state)
{
	static const char *const made[] = { "low",   "mid",      "top",          "circle-a",       "circle-b",
		                                "self",  "orphan",   "misnamed",     "misnamed-above", "redefines",
		                                "twice", "confirms", "broken-below", "broken",         "base",
		                                "side",  "other" };
	char path[128];
	for (size_t i = 0; i < WG_COUNT(made); i++) {
		(void)snprintf(path, sizeof path, "%s/%s.xml", folder, made[i]);
		(void)unlink(path); /* a test that failed early made fewer */
	}
	for (int i = 0; i <= WG_POLICY_LAYERS; i++) {
		(void)snprintf(path, sizeof path, "%s/l%d.xml", folder, i);
		(void)unlink(path); /* the same */
	}
	(void)rmdir(folder); /* a folder left behind harms nobody */
	return close_schemas(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),  cmocka_unit_test(test_accepted),       cmocka_unit_test(test_layers),
		cmocka_unit_test(test_diamond),  cmocka_unit_test(test_highest),        cmocka_unit_test(test_too_much),
		cmocka_unit_test(test_too_long), cmocka_unit_test(test_layers_refused), cmocka_unit_test(test_too_many_layers),
		cmocka_unit_test(test_shipped),
	};
	return cmocka_run_group_tests_name("policy_load", tests, open_all, close_all);
}
