/* Single values: names, numbers, grades, answers, and words that speak of passwords. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "notice/value.h"

/* Every row that is wrong is named before the test fails. */
static int faults;
#define complain(...) (faults++, print_error(__VA_ARGS__))

struct pair {
	const char *said, *want; /* want NULL: not read */
};

static void same(const char *said, const char *got, const char *want)
{
	if ((got == NULL) != (want == NULL) || (got != NULL && strcmp(got, want) != 0))
		complain("\"%s\": got \"%s\", want \"%s\"\n", said, got != NULL ? got : "(none)",
		         want != NULL ? want : "(none)");
}

static void folds(void **state)
{
	(void)state;
	faults = 0;
	static const struct pair rows[] = {
		{ "Full name", "full name" },
		{ "  FULL   NAME : ", "full name" },
		{ "Child's name", "childs name" },
		{ "Child\xe2\x80\x99s name", "childs name" },
		{ "D.O.B.", "d o b" },
		{ "When / where", "when where" },
		{ "Self\xe2\x80\x93harm", "self harm" },
		{ "a\xc2\xa0"
		  "b",
		  "a b" },
		{ "\xe2\x80\xa2 Height", "height" },
		{ "Zo\xc3\xab", "zo\xc3\xab" },
		{ "", "" },
		{ "?!", "" },
		{ "\xe2\x80", "\xe2\x80" }, /* cut short: kept, never read beyond */
	};
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		char out[64];
		assert_true(wg_value_fold(rows[i].said, out, sizeof out));
		same(rows[i].said, out, rows[i].want);
	}
	char small[4];
	assert_true(wg_value_fold("abc", small, sizeof small));
	assert_false(wg_value_fold("abcd", small, sizeof small));
	assert_false(wg_value_fold("ab c", small, sizeof small));
	assert_int_equal(faults, 0);
}

static void cleans(void **state)
{
	(void)state;
	faults = 0;
	static const struct pair rows[] = {
		{ "a", "a" },
		{ "  a  ", "a" },
		{ "a \r\n b\r\n", "a\n b" },
		{ "a\rb", "a\nb" },
		{ "\n\na\n\n", "a" },
		{ "a\x01\x02"
		  "b\x7f",
		  "ab" },
		{ "a\xc2\x85"
		  "b",
		  "ab" }, /* C1 control */
		{ "a\xe2\x80\xa8"
		  "b",
		  "a\nb" }, /* line separator */
		{ "a\xef\xbb\xbf"
		  "b",
		  "ab" }, /* byte order mark */
		{ "a\xe2\x80\x8e"
		  "b",
		  "ab" }, /* direction mark */
		{ "\xc2\xa0"
		  "a\xc2\xa0"
		  "b",
		  "a b" }, /* no-break space */
		{ "caf\xc3\xa9", "caf\xc3\xa9" },
		{ "bad\xff", "bad?" },
		{ "", "" },
		{ " \t\n", "" },
	};
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		char text[64];
		(void)snprintf(text, sizeof text, "%s", rows[i].said);
		wg_value_clean(text);
		same(rows[i].said, text, rows[i].want);
	}
	assert_int_equal(faults, 0);
}

static void sees_blanks(void **state)
{
	(void)state;
	faults = 0;
	static const char *const blank[] = { "",     " ",       "-",  "---",          "____",
		                                 "....", " - ",     "\n", "\xe2\x80\x93", "\xe2\x80\xa6",
		                                 ":",    "\xc2\xa0" };
	static const char *const not_blank[] = { "a", "0", "n/a", "No", "?", "\xe2\x9c\x93", "\xc3\xa9", "- a" };
	for (size_t i = 0; i < WG_COUNT(blank); i++)
		if (!wg_value_blank(blank[i]))
			complain("\"%s\" is blank\n", blank[i]);
	for (size_t i = 0; i < WG_COUNT(not_blank); i++)
		if (wg_value_blank(not_blank[i]))
			complain("\"%s\" is not blank\n", not_blank[i]);
	assert_int_equal(faults, 0);
}

static void reads_answers(void **state)
{
	(void)state;
	faults = 0;
	static const struct pair rows[] = {
		{ "Yes", "yes" },
		{ "YES", "yes" },
		{ "y", "yes" },
		{ "Yes.", "yes" },
		{ "Yes, he has his phone", "yes" },
		{ "Yes - he has", "yes" },
		{ "Yes \xe2\x80\x93 he has", "yes" },
		{ "Yes (see notes)", "yes" },
		{ "No", "no" },
		{ "no.", "no" },
		{ "No, never", "no" },
		{ "None", "no" },
		{ "None known", "no" },
		{ "N/A", "no" },
		{ "n/a", "no" },
		{ "Not known", "not-known" },
		{ "not known.", "not-known" },
		{ "Unknown", "not-known" },
		{ "N/K", "not-known" },
		{ "Don't know", "not-known" },
		{ "Not sure", "not-known" },
		{ "UNK", "not-known" },
		{ "tbc", "not-known" },
		{ "To be confirmed", "not-known" },
		{ "Not known at this time", "not-known" },
		{ "not stated", "not-known" },
		{ "Not disclosed", "not-known" },
		{ "None reported", NULL }, /* nobody asked, perhaps */
		{ "Nil", "no" },
		{ "Nil - see notes", "no" },
		{ "TBC by the school", NULL },
		{ "Unkempt", NULL },
		{ "Not usually", NULL },
		{ "Nobody knows", NULL },
		{ "Yesterday", NULL },
		{ "Yes/No", NULL }, /* nobody crossed one out */
		{ "Y/N", NULL },
		{ "Yes and no", NULL },
		{ "Possibly", NULL },
		{ "North", NULL },
		{ "", NULL },
		{ "This is a long sentence without any answer in it at all", NULL },
	};
	for (size_t i = 0; i < WG_COUNT(rows); i++)
		same(rows[i].said, wg_value_answer(rows[i].said), rows[i].want);
	assert_int_equal(faults, 0);
}

static void reads_consent(void **state)
{
	(void)state;
	faults = 0;
	static const struct pair rows[] = {
		{ "Yes", "given" },
		{ "Agreed", "given" },
		{ "Consent given", "given" },
		{ "Yes, given verbally at the interview", "given" },
		{ "Verbal consent given", "given" },
		{ "Given (in writing)", "given" },
		{ "No", "refused" },
		{ "REFUSED", "refused" },
		{ "Does not agree", "refused" },
		{ "Didn't agree.", "refused" },
		{ "No consent", "refused" },
		{ "No - was clear about it", "refused" },
		{ "Not given", "refused" },
		{ "Not sought", "not-sought" },
		{ "Was not asked", "not-sought" },
		{ "Not discussed", "not-sought" },
		{ "Withdrawn", "withdrawn" },
		{ "Consent withdrawn", "withdrawn" },
		{ "Not known", "not-known" },
		{ "N/K", "not-known" },
		{ "TBC", "not-known" },
		/* conditions and second thoughts are for a person */
		{ "Yes, but not to the police", NULL },
		{ "Yes - except school", NULL },
		{ "Yes; withdrawn on 21/11/2026", NULL },
		{ "Yes, only the social worker", NULL },
		{ "No, later agreed", NULL },
		{ "Yes (if mum is not told)", NULL },
		{ "Yes/No", NULL },
		{ "Yes; No", NULL },
		{ "Agreed to some", NULL },
		{ "N/A", NULL },
		{ "None", NULL },
		{ "Maybe", NULL },
		{ "", NULL },
	};
	for (size_t i = 0; i < WG_COUNT(rows); i++)
		same(rows[i].said, wg_value_consent(rows[i].said), rows[i].want);
	assert_int_equal(faults, 0);
}

static void reads_counts_and_addresses(void **state)
{
	(void)state;
	faults = 0;
	static const struct pair numbers[] = {
		{ "3", "3" },
		{ "003", "3" },
		{ "0", "0" },
		{ "00", "0" },
		{ "three", "3" },
		{ "Twenty", "20" },
		{ "3 times", "3" },
		{ "1 episode", "1" },
		{ "12 days", "12" },
		{ " 4 ", "4" },
		{ "999999999", "999999999" },
		{ "3 or 4", NULL },
		{ "3-4", NULL },
		{ "about 3", NULL },
		{ "3+", NULL },
		{ "1.5", NULL },
		{ "None", NULL },
		{ "several", NULL },
		{ "", NULL },
		{ "3 cats", NULL },
		{ "1,000", NULL },
		{ "1234567890", NULL },
		{ "-1", NULL },
	};
	static const struct pair mails[] = {
		{ "robin@county.example", "y" },
		{ "robin.specimen+case@mail.county.example", "y" },
		{ "r@a.example", "y" },
		{ "robin", NULL },
		{ "robin@county", NULL },
		{ "@county.example", NULL },
		{ "robin@", NULL },
		{ "robin@.example", NULL },
		{ "robin@county..example", NULL },
		{ "robin@county.example.", NULL },
		{ "robin@@county.example", NULL },
		{ "Robin robin@county.example", NULL },
		{ "robin@county.example; kit@county.example", NULL },
		{ "", NULL },
	};
	for (size_t i = 0; i < WG_COUNT(numbers); i++) {
		char out[WG_VALUE_NUMBER] = "";
		same(numbers[i].said, wg_value_number(numbers[i].said, out) ? out : NULL, numbers[i].want);
	}
	static const struct pair pupils[] = { { "A123456789012", "A123456789012" },
		                                  { "a12345678901x", "A12345678901X" },
		                                  { "A 1234 5678 9012", "A123456789012" },
		                                  { "A12345678901", NULL },
		                                  { "A1234567890123", NULL },
		                                  { "1234567890123", NULL },
		                                  { "A12345678901-", NULL },
		                                  { "", NULL } };
	for (size_t i = 0; i < WG_COUNT(pupils); i++) {
		char out[WG_VALUE_PUPIL] = "";
		same(pupils[i].said, wg_value_pupil(pupils[i].said, out) ? out : NULL, pupils[i].want);
	}
	for (size_t i = 0; i < WG_COUNT(mails); i++)
		same(mails[i].said, wg_value_email(mails[i].said) ? "y" : NULL, mails[i].want);
	assert_int_equal(faults, 0);
}

static void smells_secrets(void **state)
{
	(void)state;
	faults = 0;
	static const char *const secret[] = {
		"password",
		"Password: hunter2",
		"PASSWORDS",
		"her pass word is hunter2",
		"pass-word",
		"passcode 1234",
		"Pass code: 1",
		"pwd hunter2",
		"PWD=hunter2",
		"pass: hunter2",
		"Pass : hunter2",
		"pass=hunter2",
		"pass - hunter2",
		"pin 1234",
		"PIN: 1234",
		"pin code",
		"PIN number 1234",
		"pin is 1234",
		"snapchat tess99 pw hunter2",
		"p/w hunter2",
		"p.w. hunter2",
		"passphrase",
		"unlock code 1234",
		"mypassword",
		"p a s s w o r d",
		"(password)",
		"Username/Password",
	};
	static const char *const plain[] = {
		"",
		"passport",
		"Passed the park",
		"bus pass",
		"passenger",
		"compass",
		"pinned",
		"pink coat",
		"spin",
		"He passes by",
		"pinafore",
		"left by the underpass",
		"tess99",
		"powder",
		"pawned",
		"she passed: B in maths",
		"Pine Road 12",
	};
	for (size_t i = 0; i < WG_COUNT(secret); i++)
		if (!wg_value_secret(secret[i]))
			complain("\"%s\" speaks of a password\n", secret[i]);
	for (size_t i = 0; i < WG_COUNT(plain); i++)
		if (wg_value_secret(plain[i]))
			complain("\"%s\" does not speak of a password\n", plain[i]);
	assert_int_equal(faults, 0);
}

static void reads_people(void **state)
{
	(void)state;
	faults = 0;
	static const struct {
		const char *said, *full, *known;
	} rows[] = {
		{ "Tess Example", "Tess Example", "" },
		{ " Tess Example ", "Tess Example", "" },
		{ "EXAMPLE, Tess", "Tess EXAMPLE", "" },
		{ "EXAMPLE,Tess Amelia", "Tess Amelia EXAMPLE", "" },
		{ "Tess Example (known as Tessie)", "Tess Example", "Tessie" },
		{ "Tess Example, known as Tessie", "Tess Example", "Tessie" },
		{ "Tess Example known as \"Tessie\"", "Tess Example", "Tessie" },
		{ "Tess Example (also known as Tess Specimen)", "Tess Example", "Tess Specimen" },
		{ "Tess Example aka Tessie", "Tess Example", "Tessie" },
		{ "Tess Example (AKA: Tessie)", "Tess Example", "Tessie" },
		{ "Tess Example a.k.a. Tessie", "Tess Example", "Tessie" },
		{ "Tess Example alias Tessie", "Tess Example", "Tessie" },
		{ "EXAMPLE, Tess (known as Tessie)", "Tess EXAMPLE", "Tessie" },
		{ "Akako Example", "Akako Example", "" },
		{ "Tess Example (Tessie)", "Tess Example (Tessie)", "" }, /* a nickname, or a remark */
		{ "Example, Tess, Ms", "Example, Tess, Ms", "" },
		{ "Tess O\xe2\x80\x99"
		  "Example",
		  "Tess O\xe2\x80\x99"
		  "Example",
		  "" },
		{ "known as Tessie", "known as Tessie", "" },
		{ "Tess Example (known as Tessie) of Derby", "Tess Example (known as Tessie) of Derby", "" },
		{ "Example,", "Example", "" },
		{ "Tess", "Tess", "" },
		{ "", NULL, NULL },
		{ " , ", NULL, NULL },
		{ "Tess\nExample", NULL, NULL },
	};
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		struct wg_value_person p = { .full = "" };
		bool read = wg_value_person(rows[i].said, &p);
		same(rows[i].said, read ? p.full : NULL, rows[i].full);
		if (read)
			same(rows[i].said, p.known_as, rows[i].known);
	}
	assert_int_equal(faults, 0);
}

static void reads_postcodes(void **state)
{
	(void)state;
	faults = 0;
	static const struct pair rows[] = {
		{ "DE1 3AA", "DE1 3AA" },
		{ "de1 3aa", "DE1 3AA" },
		{ "DE13AA", "DE1 3AA" },
		{ "DE133AA", "DE13 3AA" },
		{ "1 Example Road, Derby, DE1 3AA", "DE1 3AA" },
		{ "1 Example Road, Derby DE1 3AA.", "DE1 3AA" },
		{ "M1 1AE", "M1 1AE" },
		{ "B33 8TH", "B33 8TH" },
		{ "B338TH", "B33 8TH" },
		{ "CR2 6XH", "CR2 6XH" },
		{ "DN55 1PT", "DN55 1PT" },
		{ "W1A 0AX", "W1A 0AX" },
		{ "w1a0ax", "W1A 0AX" },
		{ "EC1A 1BB", "EC1A 1BB" },
		{ "EC1A1BB", "EC1A 1BB" },
		{ "Flat 2B, 1 Example Road, LE1 1AA, home", "LE1 1AA" },
		{ "LE1 1AA or le11aa", "LE1 1AA" },
		{ "LE1 1AA or LE2 2BB", NULL },
		{ "LE1", NULL },
		{ "LE1 1A", NULL },
		{ "LE1 1AAA", NULL },
		{ "XLE11 1AA", NULL },
		{ "1 Example Road, Derby", NULL },
		{ "", NULL },
		{ "A52", NULL },
		{ "room 12 3rd floor", NULL },
	};
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		char out[WG_VALUE_POSTCODE];
		same(rows[i].said, wg_value_postcode(rows[i].said, out) ? out : NULL, rows[i].want);
	}
	assert_int_equal(faults, 0);
}

static void reads_telephones(void **state)
{
	(void)state;
	faults = 0;
	static const struct {
		const char *said, *number, *network;
		bool exact;
	} rows[] = {
		{ "07700 900123", "07700 900123", "", true },
		{ "07700900123", "07700900123", "", true },
		{ "+44 7700 900123", "+44 7700 900123", "", true },
		{ "+44 (0)7700 900123", "+44 (0)7700 900123", "", true },
		{ "01632 960123", "01632 960123", "", true },
		{ "(01632) 960123", "(01632) 960123", "", true },
		{ "07700 900123 (EE)", "07700 900123", "EE", true },
		{ "EE 07700 900123", "07700 900123", "EE", true },
		{ "Yes, Vodafone 07700 900123", "07700 900123", "Vodafone", true },
		{ "O2 - 07700 900123", "07700 900123", "O2", true },
		{ "Yes - mobile no. 07700 900123, network: giffgaff", "07700 900123", "Giffgaff", true },
		{ "07700 900123 left at home with mum", "07700 900123", "", false },
		{ "01632 960123 (24 hours)", "01632 960123", "", false },
		{ "07700 900123 or 07700 900124", NULL, NULL, false },
		{ "01632 960123 (07700 900124)", NULL, NULL, false },
		{ "No phone", NULL, NULL, false },
		{ "12345", NULL, NULL, false },
		{ "0770090012345", NULL, NULL, false },
		{ "7700 900123", NULL, NULL, false },
		{ "+1 202 555 0123", NULL, NULL, false },
		{ "", NULL, NULL, false },
	};
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		struct wg_value_telephone t = { .number = "" };
		bool read = wg_value_telephone(rows[i].said, &t);
		same(rows[i].said, read ? t.number : NULL, rows[i].number);
		if (!read)
			continue;
		same(rows[i].said, t.network, rows[i].network);
		assert_int_equal(t.exact, rows[i].exact);
	}
	assert_int_equal(faults, 0);
}

static void reads_nhs_numbers(void **state)
{
	(void)state;
	faults = 0;
	static const struct pair rows[] = {
		{ "9990000018", "9990000018" }, { "999 000 0018", "9990000018" }, { "999-000-0018", "9990000018" },
		{ "9990000026", "9990000026" }, { "9990000017", NULL },           { "999000001", NULL },
		{ "99900000180", NULL },        { "NHS 9990000018", NULL },       { "", NULL },
		{ "not known", NULL },
	};
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		char out[WG_VALUE_NHS];
		same(rows[i].said, wg_value_nhs(rows[i].said, out) ? out : NULL, rows[i].want);
	}
	/* of ten numbers that differ in the last digit, at most one is right, and one is unless the check would be ten */
	for (int stem = 0; stem < 500; stem++) {
		int right = 0, sum = 0;
		char nine[16], number[32], out[WG_VALUE_NHS];
		(void)snprintf(nine, sizeof nine, "999%06d", stem);
		for (int k = 0; k < 9; k++)
			sum += (nine[k] - '0') * (10 - k);
		for (int d = 0; d < 10; d++) {
			(void)snprintf(number, sizeof number, "%s%d", nine, d);
			right += wg_value_nhs(number, out);
		}
		assert_int_equal(right, sum % 11 == 1 ? 0 : 1);
	}
	assert_int_equal(faults, 0);
}

static void reads_words(void **state)
{
	(void)state;
	faults = 0;
	static const struct pair risks[] = {
		{ "High", "HIGH" },
		{ "HIGH RISK", "HIGH" },
		{ "medium", "MEDIUM" },
		{ "Low.", "LOW" },
		{ "Very low risk", "VLOW" },
		{ "NAR", "NAR" },
		{ "No apparent risk (absent)", "NAR" },
		{ "Absent", "NAR" },
		{ "Standard", NULL },
		{ "high/medium", NULL },
		{ "Highest", NULL },
		{ "", NULL },
		{ "not high", NULL },
	};
	static const struct pair sexes[] = {
		{ "M", "M" },      { "male", "M" },        { "Boy", "M" },     { "F", "F" },
		{ "FEMALE", "F" }, { "girl", "F" },        { "Unknown", "U" }, { "not known", "U" },
		{ "M/F", NULL },   { "non-binary", NULL }, { "", NULL },
	};
	static const struct pair references[] = {
		{ "26*0123456", "" }, { "Incident 123 of 21/11/2026", "" },
		{ "tbc", NULL },      { "not yet given", NULL },
		{ "1\n2", NULL },     { "", NULL },
	};
	for (size_t i = 0; i < WG_COUNT(risks); i++)
		same(risks[i].said, wg_value_risk(risks[i].said), risks[i].want);
	for (size_t i = 0; i < WG_COUNT(sexes); i++)
		same(sexes[i].said, wg_value_sex(sexes[i].said), sexes[i].want);
	for (size_t i = 0; i < WG_COUNT(references); i++)
		assert_int_equal(wg_value_reference(references[i].said), references[i].want != NULL);
	assert_int_equal(faults, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folds),
		cmocka_unit_test(cleans),
		cmocka_unit_test(sees_blanks),
		cmocka_unit_test(reads_answers),
		cmocka_unit_test(reads_consent),
		cmocka_unit_test(reads_counts_and_addresses),
		cmocka_unit_test(smells_secrets),
		cmocka_unit_test(reads_people),
		cmocka_unit_test(reads_postcodes),
		cmocka_unit_test(reads_telephones),
		cmocka_unit_test(reads_nhs_numbers),
		cmocka_unit_test(reads_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
