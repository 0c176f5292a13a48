/* Any bytes as a value, through every parser of values: what is read is well-formed, and reads the same again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "notice/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DAY 20779 /* 22 November 2026 */

static void must(int good)
{
	if (!good)
		abort();
}

static void times(const char *s)
{
	char date[WG_VALUE_DATE], again[WG_VALUE_DATE];
	struct wg_value_when when, once_more;
	struct wg_value_sighting sighting;
	int64_t ms;
	if (wg_value_date(s, DAY, date))
		must(wg_value_date(date, DAY, again) && strcmp(date, again) == 0);
	if (wg_value_when(s, DAY, &when))
		must(wg_clock_parse(when.value, &ms) && wg_value_when(when.value, DAY, &once_more) &&
		     strcmp(when.value, once_more.value) == 0);
	for (int asks = 0; asks < 2; asks++)
		if (wg_value_sighting(s, asks == 1, DAY, &sighting))
			must(strlen(sighting.where) + strlen(sighting.by) < 2 * WG_VALUE_MAX && sighting.when.value[0] != '\0' &&
			     (asks == 0 || sighting.by[0] != '\0'));
}

static void numbers(const char *s)
{
	char postcode[WG_VALUE_POSTCODE], again[WG_VALUE_POSTCODE], nhs[WG_VALUE_NHS];
	struct wg_value_telephone telephone;
	if (wg_value_postcode(s, postcode))
		must(wg_value_postcode(postcode, again) && strcmp(postcode, again) == 0);
	if (wg_value_telephone(s, &telephone))
		must(strstr(s, telephone.number) != NULL);
	if (wg_value_nhs(s, nhs))
		must(strlen(nhs) == 10);
	char count[WG_VALUE_NUMBER], same[WG_VALUE_NUMBER];
	if (wg_value_number(s, count))
		must(wg_value_number(count, same) && strcmp(count, same) == 0);
	if (wg_value_email(s))
		must(strchr(s, '@') != NULL && strpbrk(s, " \t\n,;<>\"") == NULL);
	const char *state = wg_value_consent(s);
	must(state == NULL || wg_value_consent(state) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char folded[WG_VALUE_MAX], twice[WG_VALUE_MAX];
	struct wg_value_person person;
	char *s = malloc(size + 1);
	if (s == NULL)
		return 0;
	memcpy(s, data, size);
	s[size] = '\0';
	times(s);
	numbers(s);
	if (wg_value_person(s, &person))
		must(person.full[0] != '\0');
	(void)wg_value_answer(s), (void)wg_value_risk(s), (void)wg_value_sex(s); /* only that they end */
	bool secret = wg_value_secret(s), blank = wg_value_blank(s);
	must(!(secret && blank));
	wg_value_clean(s);
	size_t n = strlen(s);
	wg_value_clean(s);
	must(strlen(s) == n);
	if (wg_value_fold(s, folded,
	                  sizeof folded)) /* folding holds for what was cleaned: broken UTF-8 may join into a sign */
		must(wg_value_fold(folded, twice, sizeof twice) && strcmp(folded, twice) == 0);
	free(s);
	return 0;
}
