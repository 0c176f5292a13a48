/* client_deliver.c owns what deliver asks. */
#include "store/client_internal.h"

static enum wg_code put_lease(struct wg_buf *body, const char *busy, unsigned max, unsigned per_recipient,
                              unsigned wait_ms, struct wg_err *err)
{
	wg_buf_u32(body, wait_ms);
	wg_buf_u32(body, max);
	wg_buf_u32(body, per_recipient);
	wg_buf_str(body, busy);
	return wg_client_check_text(busy, WG_STORE_BUSY_MAX, err);
}

static enum wg_code put_reports(struct wg_buf *body, const struct wg_dlv_report *reports, unsigned count,
                                struct wg_err *err)
{
	if (count > WG_STORE_REPORTS_MAX)
		return wg_err_set(err, WG_LIMIT, "more than %d reports at once", WG_STORE_REPORTS_MAX);
	wg_codec_put_reports(body, reports, count);
	return wg_client_check(body, "reports to the store", err);
}

static enum wg_code get_stale(struct wg_cur *answer, unsigned *stale, struct wg_err *err)
{
	unsigned n = wg_cur_u32(answer);
	if (!wg_cur_end(answer))
		return wg_client_garbled(err);
	*stale = n;
	return WG_OK;
}

enum wg_code wg_client_lease_deliveries(struct wg_client *client, const char *busy, unsigned max,
                                        unsigned per_recipient, unsigned wait_ms, struct wg_dlv_job **out,
                                        unsigned *count, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_cur answer;
	enum wg_code code = put_lease(&body, busy, max, per_recipient, wait_ms, err);
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
	enum wg_code code = put_reports(&body, reports, count, err);
	if (code == WG_OK)
		code = wg_client_call(client, WG_OP_REPORT, &body, &answer, err);
	return code == WG_OK ? get_stale(&answer, stale, err) : code;
}

/* Two frames in one piece. */
static enum wg_code send_both(struct wg_client *client, uint32_t tag, const struct wg_buf *reports,
                              const struct wg_buf *lease, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf both = WG_BUF(WG_LIMIT_FRAME);
	uint8_t head[WG_WIRE_HEAD];
	wg_wire_head(head, tag, WG_OP_REPORT, 0, reports->len);
	wg_buf_put(&both, head, sizeof head);
	wg_buf_put(&both, reports->data, reports->len);
	wg_wire_head(head, tag + 1, WG_OP_LEASE_DELIVERIES, 0, lease->len);
	wg_buf_put(&both, head, sizeof head);
	enum wg_code code = wg_client_check(&both, "reports to the store", err);
	return code == WG_OK ? wg_wire_send(client->fd, both.data, both.len, lease->data, lease->len, err) : code;
}

enum wg_code wg_client_report_lease(struct wg_client *client, const struct wg_dlv_report *reports,
                                    unsigned report_count, unsigned *stale, const char *busy, unsigned max,
                                    unsigned per_recipient, struct wg_dlv_job **out, unsigned *count,
                                    struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf report = WG_BUF(WG_LIMIT_FRAME / 2), lease = WG_BUF(2 * WG_STORE_BUSY_MAX);
	struct wg_cur answer;
	uint32_t tag = client->tag + 1;
	enum wg_code code = put_reports(&report, reports, report_count, err);
	if (code == WG_OK)
		code = put_lease(&lease, busy, max, per_recipient, 0, err);
	if (code == WG_OK)
		code = wg_client_check(&lease, "a request to the store", err);
	if (code != WG_OK)
		return code;
	client->tag += 2;
	code = send_both(client, tag, &report, &lease, err);
	if (code != WG_OK)
		return code;
	code = wg_client_answer(client, tag, WG_OP_REPORT, &answer, err);
	if (code == WG_OK)
		code = get_stale(&answer, stale, err);
	if (code != WG_OK && !wg_client_gone(err)) { /* what was leased goes back when the lease or the connection ends */
		struct wg_err other;
		if (wg_client_answer(client, tag + 1, WG_OP_LEASE_DELIVERIES, &answer, &other) == WG_SYSTEM)
			*err = other; /* otherwise the first one counts */
		code = err->code;
	}
	if (code == WG_OK)
		code = wg_client_answer(client, tag + 1, WG_OP_LEASE_DELIVERIES, &answer, err);
	if (code == WG_OK && !wg_codec_get_dlv_jobs(&answer, out, count))
		code = wg_client_garbled(err);
	return code;
}
