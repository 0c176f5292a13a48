/* policy_basis.c owns the lawful basis of a rule, and refusing one that grants without saying by what right. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "policy/policy_internal.h"

/* Data that Article 9 of the UK GDPR protects whoever holds it: a rule that shares it names a condition of Article
 * 9(2), or of schedule 8 where Part 3 of the DPA 2018 applies instead. */
static const char special_categories[] = "health disability equality sexual-activity";

struct basis {
	char gdpr[256], dpa[256], act[256]; /* "" when not there */
};

/* "UK GDPR 6(1)(e), 9(2)(g); DPA 2018 schedule 1 paragraph 18; Children Act 2004 section 10" */
static char *basis_words(const struct basis *basis)
{
	WG_AUTO_BUF struct wg_buf b = WG_BUF(1024); /* three attributes of 160 at most, by the schema */
	if (basis->gdpr[0] != '\0')
		wg_buf_puts(&b, "UK GDPR ");
	for (const char *p = basis->gdpr; *p != '\0'; p++)
		wg_buf_puts(&b, *p == ' ' ? ", " : (char[2]){ *p, '\0' });
	if (basis->dpa[0] != '\0')
		wg_buf_printf(&b, "%sDPA 2018 %s", b.len > 0 ? "; " : "", basis->dpa);
	if (basis->act[0] != '\0')
		wg_buf_printf(&b, "%s%s", b.len > 0 ? "; " : "", basis->act);
	return wg_buf_steal(&b);
}

static enum wg_code read_words(const struct wg_layer *layer, const struct _xmlNode *node, struct basis *out,
                               struct wg_err *err)
{
	enum wg_code code = wg_names_attr(layer->doc, node, "gdpr", out->gdpr, sizeof out->gdpr, err);
	if (code == WG_OK)
		code = wg_names_attr(layer->doc, node, "dpa", out->dpa, sizeof out->dpa, err);
	if (code == WG_OK)
		code = wg_names_attr(layer->doc, node, "act", out->act, sizeof out->act, err);
	return code;
}

/* What a rule that shares must name; NULL when it does. */
static const char *fault_of(const struct wg_rule *rule, const struct basis *basis, wg_categories special)
{
	if (basis->gdpr[0] == '\0' && basis->dpa[0] == '\0')
		return "a rule that shares needs its lawful basis: <basis gdpr=\"...\"/> or dpa=";
	if ((rule->categories & special) != 0 && strstr(basis->gdpr, "9(2)") == NULL &&
	    strstr(basis->dpa, "schedule 8") == NULL)
		return "it shares special category data: the basis needs a condition of Article 9(2), or of DPA 2018 schedule "
			   "8";
	return NULL;
}

enum wg_code wg_policy_read_basis(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_rule *rule,
                                  struct wg_err *err)
{
	struct basis basis = { 0 };
	wg_categories special = WG_CATEGORIES_NONE;
	const struct _xmlNode *child = wg_xml_first(node, "basis");
	enum wg_code code = child != NULL ? read_words(layer, child, &basis, err) : WG_OK;
	if (code == WG_OK)
		code = wg_categories_parse(special_categories, &special, err);
	if (code != WG_OK)
		return code;
	const char *fault = rule->effect == WG_SHARE ? fault_of(rule, &basis, special) : NULL;
	if (fault != NULL)
		return wg_policy_rule_complain(layer, child != NULL ? child : node, rule, fault, err);
	if (basis.gdpr[0] == '\0' && basis.dpa[0] == '\0' && basis.act[0] == '\0')
		return WG_OK;
	rule->basis = basis_words(&basis);
	return rule->basis != NULL ? WG_OK : wg_err_set(err, WG_SYSTEM, "no memory for the policy");
}
