/* client_deliver.c owns what deliver asks. */
#include "store/client_internal.h"

enum wg_code wg_client_lease_deliveries(struct wg_client *client, const char *busy, unsigned max,
                                        unsigned per_recipient, unsigned wait_ms, struct wg_dlv_job **out,
                                        unsigned *count, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_cur answer;
	wg_buf_u32(&body, wait_ms);
	wg_buf_u32(&body, max);
	wg_buf_u32(&body, per_recipient);
	wg_buf_str(&body, busy);
	enum wg_code code = wg_client_check_text(busy, WG_STORE_BUSY_MAX, err);
	if (code == WG_OK)
		code = wg_client_call(client, WG_OP_LEASE_DELIVERIES, &body, &answer, err);
	if (code == WG_OK && !wg_codec_get_dlv_jobs(&answer, out, count))
		code = wg_client_garbled(err);
	return code;
}

enum wg_code wg_client_report(struct wg_client *client, const struct wg_dlv_report *reports, unsigned count,
                              unsigned *stale, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_cur answer;
	if (count > WG_STORE_REPORTS_MAX)
		return wg_err_set(err, WG_LIMIT, "more than %d reports at once", WG_STORE_REPORTS_MAX);
	wg_codec_put_reports(&body, reports, count);
	enum wg_code code = wg_client_call(client, WG_OP_REPORT, &body, &answer, err);
	if (code != WG_OK)
		return code;
	unsigned n = wg_cur_u32(&answer);
	if (!wg_cur_end(&answer))
		return wg_client_garbled(err);
	*stale = n;
	return WG_OK;
}
