/* mail_decide.c owns the decision which mail servers may be given a message, and on what proof: facts in, route out; no
 * network, no clock. SECURITY: whoever can forge DNS answers or stop them may delay mail by what is decided here, and
 * must never turn it to a server of his own. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "channel/mail_route.h"

const char *wg_hop_how_name(enum wg_hop_how how)
{
	static const char *const names[] = { [WG_HOP_DANE] = "DANE", [WG_HOP_STS] = "MTA-STS", [WG_HOP_NAME] = "name" };
	return (size_t)how < WG_COUNT(names) ? names[how] : "unknown";
}

/* Why a server is passed over. The later ones outweigh the earlier ones when none is left. */
enum skip { SKIP_NOT, SKIP_NO_ADDRESS, SKIP_UNPROVEN, SKIP_STS_UNKNOWN, SKIP_STS_OTHER, SKIP_FAILED, SKIP_BOGUS };

struct verdict {
	enum skip skip;
	enum wg_hop_how how;
};

static bool is_lost(struct wg_dns_fact fact)
{
	return fact.what == WG_DNS_FAILED || fact.what == WG_DNS_BOGUS;
}

static bool has_dane(const struct wg_host_facts *host)
{
	return host->tlsa.what == WG_DNS_FOUND && host->tlsa.secure && host->record_count > 0;
}

/* The name of the server is certain: a signed MX record says it, or it is the domain that the mail is for. */
static bool is_named(const struct wg_mail_facts *facts, const struct wg_host_facts *host)
{
	return facts->mx.secure || strcmp(host->host, facts->domain) == 0;
}

static struct verdict judge(const struct wg_mail_facts *facts, const struct wg_host_facts *host)
{
	if (host->address_count == 0)
		return (struct verdict){ .skip = host->address.what == WG_DNS_BOGUS    ? SKIP_BOGUS
			                             : host->address.what == WG_DNS_FAILED ? SKIP_FAILED
			                                                                   : SKIP_NO_ADDRESS };
	if (is_lost(host->tlsa)) /* there may be records, and they may say that this is not the server */
		return (struct verdict){ .skip = host->tlsa.what == WG_DNS_BOGUS ? SKIP_BOGUS : SKIP_FAILED };
	struct verdict good = { .how = has_dane(host) ? WG_HOP_DANE : WG_HOP_NAME };
	bool named = is_named(facts, host);
	if (named && has_dane(host))
		return good;
	switch (facts->sts) {
	case WG_STS_ENFORCE:
		if (!host->sts_match)
			return (struct verdict){ .skip = SKIP_STS_OTHER };
		good.how = has_dane(host) ? WG_HOP_DANE : WG_HOP_STS;
		return good;
	case WG_STS_UNKNOWN:
		return (struct verdict){ .skip = SKIP_STS_UNKNOWN };
	case WG_STS_NONE:
	case WG_STS_TESTING:
	case WG_STS_OFF:
	case WG_STS_UNFETCHED:
		break;
	}
	return named || facts->name_allowed ? good : (struct verdict){ .skip = SKIP_UNPROVEN };
}

/* One server has DANE, or may have it and could not be asked: then MTA-STS is not even looked at. */
static bool is_settled(const struct wg_mail_facts *facts)
{
	for (unsigned i = 0; i < facts->host_count; i++) {
		const struct wg_host_facts *host = &facts->hosts[i];
		if (host->address_count > 0 && (is_lost(host->tlsa) || (has_dane(host) && is_named(facts, host))))
			return true;
	}
	return false;
}

/* DANE decides first: where it has a say, servers without it do not count, so that nobody gets the mail by making DANE
 * fail. */
static bool is_second_best(const struct wg_mail_facts *facts, const struct wg_host_facts *host)
{
	if (is_settled(facts))
		return !has_dane(host) || !is_named(facts, host);
	if (has_dane(host))
		return false;
	for (unsigned i = 0; i < facts->host_count; i++)
		if (has_dane(&facts->hosts[i]) && judge(facts, &facts->hosts[i]).skip == SKIP_NOT)
			return true;
	return false;
}

bool wg_mail_route_asks_sts(const struct wg_mail_facts *facts)
{
	if (facts->mx.what != WG_DNS_NO_DATA && (facts->mx.what != WG_DNS_FOUND || facts->null_mx))
		return false;
	for (unsigned i = 0; i < facts->host_count; i++)
		if (facts->hosts[i].address_count > 0)
			return !is_settled(facts);
	return false;
}

/* ---- a route */

static void add_name(struct wg_mail_hop *hop, const char *name)
{
	for (unsigned i = 0; i < hop->name_count; i++)
		if (strcmp(hop->names[i], name) == 0)
			return;
	if (hop->name_count < WG_HOP_NAMES)
		(void)snprintf(hop->names[hop->name_count++], WG_HOST_TEXT, "%s", name); /* of the same size */
}

static void fill(const struct wg_mail_facts *facts, const struct wg_host_facts *host, enum wg_hop_how how,
                 struct wg_mail_hop *hop)
{
	memcpy(hop->host, host->host, sizeof hop->host);
	hop->preference = host->preference;
	hop->port = facts->port;
	memcpy(hop->addresses, host->addresses, sizeof hop->addresses);
	hop->address_count = host->address_count;
	hop->how = how;
	hop->name_count = hop->tlsa_count = 0;
	if (how != WG_HOP_DANE) {
		add_name(hop, host->host);
		return;
	}
	add_name(hop, host->base);
	if (facts->mx.secure) { /* RFC 7672 3.2.2: only then is it certain that this server is the domain's */
		add_name(hop, facts->domain);
		add_name(hop, facts->expanded);
	}
	for (; hop->tlsa_count < host->record_count; hop->tlsa_count++)
		hop->tlsa[hop->tlsa_count] = host->records[hop->tlsa_count];
}

/* Best preference first, the others in the order in which they came. */
static unsigned sort(const struct wg_mail_facts *facts, unsigned order[WG_MAIL_HOPS])
{
	for (unsigned i = 0; i < facts->host_count; i++) {
		unsigned at = i;
		for (; at > 0 && facts->hosts[order[at - 1]].preference > facts->hosts[i].preference; at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
	return facts->host_count;
}

static const char *skip_words(enum skip skip)
{
	static const char *const words[] = {
		[SKIP_NOT] = "without DANE",
		[SKIP_NO_ADDRESS] = "no address",
		[SKIP_UNPROVEN] = "nothing proves it",
		[SKIP_STS_UNKNOWN] = "whether it has an MTA-STS policy could not be asked",
		[SKIP_STS_OTHER] = "not named by the MTA-STS policy",
		[SKIP_FAILED] = "DNS did not answer",
		[SKIP_BOGUS] = "bogus DNSSEC",
	};
	return words[skip];
}

struct said {
	char text[256];
	size_t len;
	unsigned passed;
};

static void pass_over(struct said *said, const char *host, enum skip skip)
{
	int n = snprintf(said->text + said->len, sizeof said->text - said->len, "%s%s (%s)",
	                 said->passed++ == 0 ? "; passed over: " : ", ", host, skip_words(skip));
	said->len += n > 0 && (size_t)n < sizeof said->text - said->len ? (size_t)n : 0; /* the rest is left out */
}

/* The domain's servers are known; which of them may be used? */
static unsigned choose(const struct wg_mail_facts *facts, struct wg_mail_route *out, struct said *said,
                       enum skip *worst)
{
	unsigned order[WG_MAIL_HOPS], count = sort(facts, order), taken = 0;
	for (unsigned i = 0; i < count; i++) {
		const struct wg_host_facts *host = &facts->hosts[order[i]];
		struct verdict verdict = judge(facts, host);
		if (verdict.skip > *worst)
			*worst = verdict.skip;
		if (verdict.skip != SKIP_NOT || is_second_best(facts, host))
			pass_over(said, host->host, verdict.skip);
		else
			fill(facts, host, verdict.how, &out->hops[taken++]);
	}
	return taken;
}

static enum wg_code refuse_all(const struct wg_mail_facts *facts, enum skip worst, const struct said *said,
                               struct wg_err *err)
{
	const char *d = facts->domain, *more = said->text;
	switch (worst) {
	case SKIP_BOGUS:
		return wg_err_set(err, WG_CRYPTO, "the DNS answers about the mail servers of %s do not fit their signatures%s",
		                  d, more);
	case SKIP_FAILED:
		return wg_err_set(err, WG_AGAIN, "DNS did not answer about the mail servers of %s%s", d, more);
	case SKIP_STS_OTHER:
		return wg_err_set(err, WG_CRYPTO, "no mail server of %s is one that its MTA-STS policy names%s", d, more);
	case SKIP_STS_UNKNOWN:
		return wg_err_set(err, WG_AGAIN, "DNS did not answer whether %s has an MTA-STS policy", d);
	case SKIP_UNPROVEN:
		if (facts->sts == WG_STS_UNFETCHED)
			return wg_err_set(err, WG_AGAIN, "%s announces an MTA-STS policy that could not be fetched", d);
		return wg_err_set(err, WG_CONFIG,
		                  "%s publishes neither DANE nor an enforced MTA-STS policy, so nothing proves which servers "
		                  "are its own: use a smarthost, or ask them for one of the two",
		                  d);
	case SKIP_NO_ADDRESS:
	case SKIP_NOT:
		break;
	}
	if (facts->mx.what == WG_DNS_NO_DATA && facts->mx.secure)
		return wg_err_set(err, WG_REJECT, "%s has no mail server: neither an MX record nor an address", d);
	return wg_err_set(err, WG_AGAIN, "no mail server of %s has an address", d);
}

static void say(const struct wg_mail_route *out, unsigned hosts, const struct said *said, char words[256])
{
	(void)snprintf(words, 256, "by %s: %u of %u servers%.180s", wg_hop_how_name(out->hops[0].how), out->count, hosts,
	               said->text); /* truncation is acceptable in words */
}

enum wg_code wg_mail_route_decide(const struct wg_mail_facts *facts, struct wg_mail_route *out, struct wg_err *err)
{
	const char *d = facts->domain;
	switch (facts->mx.what) {
	case WG_DNS_BOGUS:
		return wg_err_set(err, WG_CRYPTO, "the MX records of %s do not fit their signatures", d);
	case WG_DNS_FAILED:
		return wg_err_set(err, WG_AGAIN, "DNS did not answer for the MX records of %s", d);
	case WG_DNS_NO_NAME:
		if (facts->mx.secure)
			return wg_err_set(err, WG_REJECT, "there is no domain %s", d);
		return wg_err_set(err, WG_AGAIN, "DNS says, without a signature, that there is no domain %s", d);
	case WG_DNS_FOUND:
		if (facts->null_mx)
			return wg_err_set(err, WG_REJECT, "%s takes no mail (null MX, RFC 7505)", d);
		break;
	case WG_DNS_NO_DATA:
		break;
	}
	enum skip worst = SKIP_NOT;
	struct said said = { .text = "" };
	unsigned taken = choose(facts, out, &said, &worst);
	if (taken == 0)
		return refuse_all(facts, worst, &said, err);
	out->count = taken;
	say(out, facts->host_count, &said, out->words);
	return WG_OK;
}
