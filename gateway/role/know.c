/* know.c owns what a decision rests on beside the notice: the store's knowledge of the child, and the records of what
 * was answered about sharing. SECURITY: a record that cannot be opened could be a refusal: then nothing is decided. */
#include "role/know.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "role/seek.h"

void wg_known_free(struct wg_known *known)
{
	wg_context_free(&known->context);
	wg_consents_freep(&known->consents);
	free(known->strangers);
	*known = (struct wg_known){ 0 };
}

/* Notices of these kinds follow the copies of those that they name; all others those of their episode. */
static bool follows_names(const struct wg_outcome *o)
{
	return strcmp(o->done.kind, "correction") == 0 || strcmp(o->done.kind, "recall") == 0;
}

/* Those beyond WG_OUTCOME_CONCERNS are not read: who got them is not told by the gateway, so a person has to. */
static enum wg_code count_concerns(const struct wg_notice *notice, struct wg_outcome *o, struct wg_err *err)
{
	WG_AUTO_FREE struct wg_notice_element *list = NULL;
	unsigned count = 0;
	enum wg_code code = follows_names(o) ? wg_notice_elements(notice, &list, &count, err) : WG_OK;
	for (unsigned i = 0; i < count && code == WG_OK; i++)
		if (strcmp(list[i].path, "header/concerns/@id") == 0 && list[i].count > WG_OUTCOME_CONCERNS)
			wg_outcome_need_person(o, "it names more than %d notices: only those who got the first %d of them are told",
			                       WG_OUTCOME_CONCERNS, WG_OUTCOME_CONCERNS);
	return code;
}

/* The ids of the notices that this one names, and its own where its sender gave it one. */
static void read_ids(const struct wg_notice *notice, const struct wg_msg_job *job, struct wg_outcome *o)
{
	char id[WG_LIMIT_NAME + 1], path[64];
	size_t used = 0;
	for (unsigned i = 1; i <= WG_OUTCOME_CONCERNS; i++) {
		(void)snprintf(path, sizeof path, "header/concerns[%u]/@id", i); /* it fits */
		if (!wg_notice_get_into(notice, path, id, sizeof id) || id[0] == '\0')
			continue;
		(void)snprintf(o->concerns + used, sizeof o->concerns - used, "%s%s", used > 0 ? " " : "", id); /* all fit */
		used = strlen(o->concerns);
	}
	o->done.concerns = o->concerns;
	o->done.recalls = strcmp(o->done.kind, "recall") == 0;
	if (wg_notice_get_into(notice, "@id", id, sizeof id) && strcmp(id, job->id) != 0)
		memcpy(o->done.notice_id, id, sizeof o->done.notice_id);
}

/* What came with the notice goes to the store with it: encrypted, as everything that the store keeps. */
static enum wg_code keep_record(struct wg_process *p, const struct wg_consent *record, struct wg_outcome *o,
                                struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf xml = WG_BUF(WG_STORE_RECORD_MAX), sealed = WG_BUF(WG_STORE_RECORD_MAX);
	struct wg_record_new *list = realloc(o->consents, (o->done.consent_count + 1) * sizeof *list);
	if (list == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a record");
	o->consents = list;
	o->done.consents = list;
	enum wg_code code = wg_consent_write(record, &xml, err);
	if (code == WG_OK)
		code = wg_rest_seal(p->rest, xml.data, xml.len, &sealed, err);
	wg_buf_wipe(&xml);
	if (code != WG_OK)
		return code;
	struct wg_record_new *kept = &list[o->done.consent_count++];
	*kept = (struct wg_record_new){ .blob_len = sealed.len };
	memcpy(kept->id, record->id, sizeof kept->id);
	kept->blob = wg_buf_steal(&sealed);
	return WG_OK;
}

static enum wg_code take_notice(struct wg_process *p, const struct wg_msg_job *job, struct wg_notice *notice,
                                struct wg_outcome *o, struct wg_consents *consents, struct wg_err *err)
{
	enum wg_code code = wg_consents_from_notice(consents, notice, job->id, job->accepted_at, err);
	for (size_t i = 0; i < wg_consents_count(consents) && code == WG_OK; i++)
		code = keep_record(p, wg_consents_at(consents, i), o, err);
	return code;
}

static bool is_there(const struct wg_consents *consents, const char *id)
{
	for (size_t i = 0; i < wg_consents_count(consents); i++)
		if (strcmp(wg_consents_at(consents, i)->id, id) == 0)
			return true;
	return false;
}

/* Those that the store has of the child; the ones that came with this very notice are there already. */
static enum wg_code open_record(struct wg_process *p, const struct wg_record *sealed, struct wg_consents *consents,
                                struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf xml = WG_BUF(WG_STORE_RECORD_MAX);
	struct wg_consent *record = NULL;
	struct wg_err inner = { 0 };
	if (is_there(consents, sealed->id))
		return WG_OK;
	enum wg_code code = wg_cms_decrypt(p->storage_key, p->storage_cert, sealed->blob, sealed->blob_len, &xml, &inner);
	if (code == WG_OK)
		code = wg_consent_parse(xml.data, xml.len, p->config->paths.xsd, &record, &inner);
	wg_buf_wipe(&xml);
	if (code == WG_OK)
		return wg_consents_add(consents, record, err);
	if (code == WG_SYSTEM) {
		*err = inner;
		return code;
	}
	return wg_err_set(err, WG_CORRUPT, "an answer about sharing (record %s) cannot be read: %.200s", sealed->id,
	                  inner.text);
}

enum wg_code wg_know(struct wg_process *p, struct wg_client *client, const struct wg_msg_job *job,
                     struct wg_notice *notice, struct wg_outcome *o, struct wg_known *out, struct wg_err *err)
{
	read_ids(notice, job, o);
	enum wg_code code = count_concerns(notice, o, err);
	if (code == WG_OK)
		code = wg_consents_new(&out->consents, err);
	if (code == WG_OK)
		code = take_notice(p, job, notice, o, out->consents, err);
	if (code == WG_OK)
		code = wg_client_context(client, job->id, o->done.relation, o->keys, o->done.key_count, o->done.child_choice,
		                         o->done.child_as, follows_names(o) ? o->concerns : "", &out->context, err);
	for (unsigned i = 0; i < out->context.record_count && code == WG_OK; i++)
		code = open_record(p, &out->context.records[i], out->consents, err);
	if (code == WG_OK)
		code = wg_seek(p, client, notice, o, out, err);
	return code;
}
