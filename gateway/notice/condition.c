/* condition.c owns compiling and testing conditions: XPath 1.0 by libxml2, with the caller's functions and variables.
 * SECURITY: the expression is the operator's, the facts come from outside; no expression can open a document, and steps
 * are bounded. */
#include "notice/condition.h"

#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "notice/condition_check.h"

/* Characters of one condition: the longest of the protocols' rules is some 400. */
#define TEXT_MAX 8192
/* Steps of one test: a notice has some 200 nodes, and a search through all of them for each stays far below. */
#define OPERATIONS_MAX 1000000
/* Arguments of one of our functions. */
#define ARGUMENTS_MAX 8

struct wg_condition {
	xmlXPathCompExpr *expression;
	char **functions; /* NULL-terminated: what the caller answers */
};

static void silent(void *ctx, xmlError *error)
{
	(void)ctx, (void)error;
}

static void free_names(char **names)
{
	for (size_t i = 0; names != NULL && names[i] != NULL; i++)
		free(names[i]);
	free(names);
}

/* A copy of a list of names; NULL when memory ran out. */
static char **copy_names(const char *const *names)
{
	size_t n = 0;
	while (names != NULL && names[n] != NULL)
		n++;
	char **copy = calloc(n + 1, sizeof *copy);
	if (copy == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		copy[i] = strdup(names[i]);
		if (copy[i] == NULL) {
			free_names(copy);
			return NULL;
		}
	}
	return copy;
}

void wg_condition_freep(struct wg_condition **condition)
{
	if (*condition == NULL)
		return;
	xmlXPathFreeCompExpr((*condition)->expression);
	free_names((*condition)->functions);
	free(*condition);
	*condition = NULL;
}

enum wg_code wg_condition_compile(const char *text, const struct wg_vocabulary *vocabulary,
                                  const struct wg_schema *schema, struct wg_condition **out, struct wg_err *err)
{
	__attribute__((cleanup(wg_condition_freep))) struct wg_condition *condition = NULL;
	if (strlen(text) > TEXT_MAX)
		return wg_err_set(err, WG_CONFIG, "a condition is longer than %d characters", TEXT_MAX);
	enum wg_code code = wg_condition_check(text, vocabulary, schema, err);
	if (code != WG_OK)
		return code;
	xmlXPathContext *ctxt = xmlXPathNewContext(NULL);
	condition = calloc(1, sizeof *condition);
	if (ctxt != NULL && condition != NULL) {
		ctxt->error = silent;
		condition->functions = copy_names(vocabulary->functions);
		condition->expression = xmlXPathCtxtCompile(ctxt, (const xmlChar *)text);
	}
	bool compiled = condition != NULL && condition->expression != NULL;
	bool memory = ctxt != NULL && condition != NULL && condition->functions != NULL;
	xmlXPathFreeContext(ctxt);
	if (!memory)
		return wg_err_set(err, WG_SYSTEM, "no memory for a condition");
	if (!compiled)
		return wg_err_set(err, WG_CONFIG, "not an XPath 1.0 expression");
	*out = wg_steal(&condition);
	return WG_OK;
}

/* What a test carries through libxml2, as the context's userData. */
struct test {
	const struct wg_condition *condition;
	const struct wg_answers *answers;
};

/* Calls the caller's function with all arguments as strings. */
static void call(xmlXPathParserContext *ctxt, int n)
{
	const struct test *test = ctxt->context->userData;
	xmlChar *args[ARGUMENTS_MAX] = { NULL };
	const char *view[ARGUMENTS_MAX] = { NULL };
	if (n > ARGUMENTS_MAX) {
		xmlXPathErr(ctxt, XPATH_INVALID_ARITY);
		return;
	}
	for (int i = n - 1; i >= 0; i--) {
		args[i] = xmlXPathPopString(ctxt);
		view[i] = args[i] != NULL ? (const char *)args[i] : "";
	}
	if (ctxt->error == XPATH_EXPRESSION_OK) {
		const char *answer =
			test->answers->function(test->answers->arg, (const char *)ctxt->context->function, view, n);
		valuePush(ctxt, xmlXPathNewCString(answer != NULL ? answer : ""));
	}
	for (int i = 0; i < n; i++)
		xmlFree(args[i]);
}

static xmlXPathFunction find_function(void *arg, const xmlChar *name, const xmlChar *ns)
{
	const struct test *test = arg;
	for (size_t i = 0; ns == NULL && test->condition->functions[i] != NULL; i++)
		if (strcmp(test->condition->functions[i], (const char *)name) == 0)
			return call;
	return NULL;
}

static xmlXPathObject *find_variable(void *arg, const xmlChar *name, const xmlChar *ns)
{
	const struct test *test = arg;
	const char *answer = ns == NULL ? test->answers->variable(test->answers->arg, (const char *)name) : NULL;
	return xmlXPathNewCString(answer != NULL ? answer : "");
}

void wg_condition_spare_free(struct wg_condition_spare *spare)
{
	while (spare->count > 0)
		xmlXPathFreeContext(spare->context[--spare->count]);
}

/* A context as if it were new: making one fills a table of all functions of XPath. NULL when memory ran out. */
static xmlXPathContext *take_context(struct wg_condition_spare *spare, xmlDoc *facts)
{
	xmlXPathContext *ctxt =
		spare != NULL && spare->count > 0 ? spare->context[--spare->count] : xmlXPathNewContext(facts);
	if (ctxt == NULL)
		return NULL;
	ctxt->doc = facts;
	ctxt->node = xmlDocGetRootElement(facts);
	ctxt->contextSize = ctxt->proximityPosition = -1;
	ctxt->opLimit = OPERATIONS_MAX;
	ctxt->opCount = 0;
	ctxt->error = silent;
	return ctxt;
}

/* One that failed is not used again. */
static void give_context(struct wg_condition_spare *spare, xmlXPathContext *ctxt, bool good)
{
	if (good && spare != NULL && spare->count < WG_CONDITION_SPARE)
		spare->context[spare->count++] = ctxt;
	else
		xmlXPathFreeContext(ctxt);
}

enum wg_code wg_condition_test(const struct wg_condition *condition, struct _xmlDoc *facts,
                               const struct wg_answers *answers, bool *out, struct wg_err *err)
{
	struct test test = { .condition = condition, .answers = answers };
	xmlXPathContext *ctxt = take_context(answers->spare, facts);
	if (ctxt == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory to test a condition");
	ctxt->userData = &test;
	xmlXPathRegisterFuncLookup(ctxt, find_function, &test);
	xmlXPathRegisterVariableLookup(ctxt, find_variable, &test);
	int answer = xmlXPathCompiledEvalToBoolean(condition->expression, ctxt);
	int fault = ctxt->lastError.code;
	bool limit = ctxt->opCount >= ctxt->opLimit;
	give_context(answers->spare, ctxt, answer >= 0);
	if (answer < 0)
		return wg_err_set(err, limit ? WG_LIMIT : WG_CONFIG, "a condition could not be tested%s (XPath error %d)",
		                  limit ? ": it takes too many steps" : "", fault);
	*out = answer > 0;
	return WG_OK;
}
