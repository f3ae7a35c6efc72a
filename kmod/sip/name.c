// SPDX-License-Identifier: GPL-2.0
/*
 * Names of header fields and methods. Both are found by a perfect hash: two
 * names in one slot are an initializer given twice, which -Wextra reports.
 */
#include "scan.h"

#define NAME(s)	{ sizeof(s) - 1, s }

const struct sip_name sip_hdr_names[SIP_HDR_COUNT] = {
	[SIP_HDR_OTHER] = NAME("?"),
	[SIP_HDR_VIA] = NAME("Via"),
	[SIP_HDR_FROM] = NAME("From"),
	[SIP_HDR_TO] = NAME("To"),
	[SIP_HDR_CALL_ID] = NAME("Call-ID"),
	[SIP_HDR_CSEQ] = NAME("CSeq"),
	[SIP_HDR_CONTACT] = NAME("Contact"),
	[SIP_HDR_ROUTE] = NAME("Route"),
	[SIP_HDR_RECORD_ROUTE] = NAME("Record-Route"),
	[SIP_HDR_PATH] = NAME("Path"),
	[SIP_HDR_SERVICE_ROUTE] = NAME("Service-Route"),
	[SIP_HDR_REFER_TO] = NAME("Refer-To"),
	[SIP_HDR_REFERRED_BY] = NAME("Referred-By"),
	[SIP_HDR_P_ASSERTED_IDENTITY] = NAME("P-Asserted-Identity"),
	[SIP_HDR_P_PREFERRED_IDENTITY] = NAME("P-Preferred-Identity"),
	[SIP_HDR_P_ASSOCIATED_URI] = NAME("P-Associated-URI"),
	[SIP_HDR_REMOTE_PARTY_ID] = NAME("Remote-Party-ID"),
	[SIP_HDR_DIVERSION] = NAME("Diversion"),
	[SIP_HDR_HISTORY_INFO] = NAME("History-Info"),
	[SIP_HDR_REPLY_TO] = NAME("Reply-To"),
	[SIP_HDR_ALERT_INFO] = NAME("Alert-Info"),
	[SIP_HDR_CALL_INFO] = NAME("Call-Info"),
	[SIP_HDR_CONTENT_LENGTH] = NAME("Content-Length"),
	[SIP_HDR_CONTENT_TYPE] = NAME("Content-Type"),
	[SIP_HDR_CONTENT_ENCODING] = NAME("Content-Encoding"),
	[SIP_HDR_CONTENT_DISPOSITION] = NAME("Content-Disposition"),
	[SIP_HDR_EXPIRES] = NAME("Expires"),
	[SIP_HDR_MIN_EXPIRES] = NAME("Min-Expires"),
	[SIP_HDR_SESSION_EXPIRES] = NAME("Session-Expires"),
	[SIP_HDR_REQUIRE] = NAME("Require"),
	[SIP_HDR_RSEQ] = NAME("RSeq"),
	[SIP_HDR_RACK] = NAME("RAck"),
	[SIP_HDR_EVENT] = NAME("Event"),
	[SIP_HDR_SUBSCRIPTION_STATE] = NAME("Subscription-State"),
	[SIP_HDR_IDENTITY] = NAME("Identity"),
	[SIP_HDR_AUTHORIZATION] = NAME("Authorization"),
	[SIP_HDR_PROXY_AUTHORIZATION] = NAME("Proxy-Authorization"),
	[SIP_HDR_REASON] = NAME("Reason"),
};

#define SLOT(first, mid, len)	SIP_HDR_SLOT(first, mid, len)

const u8 sip_hdr_slots[256] = {
	[SLOT('v', 'i', 3)] = SIP_HDR_VIA,
	[SLOT('f', 'o', 4)] = SIP_HDR_FROM,
	[SLOT('t', 'o', 2)] = SIP_HDR_TO,
	[SLOT('c', 'l', 7)] = SIP_HDR_CALL_ID,
	[SLOT('c', 'e', 4)] = SIP_HDR_CSEQ,
	[SLOT('c', 't', 7)] = SIP_HDR_CONTACT,
	[SLOT('r', 'u', 5)] = SIP_HDR_ROUTE,
	[SLOT('r', '-', 12)] = SIP_HDR_RECORD_ROUTE,
	[SLOT('p', 't', 4)] = SIP_HDR_PATH,
	[SLOT('s', 'e', 13)] = SIP_HDR_SERVICE_ROUTE,
	[SLOT('r', 'r', 8)] = SIP_HDR_REFER_TO,
	[SLOT('r', 'r', 11)] = SIP_HDR_REFERRED_BY,
	[SLOT('p', 'd', 19)] = SIP_HDR_P_ASSERTED_IDENTITY,
	[SLOT('p', 'd', 20)] = SIP_HDR_P_PREFERRED_IDENTITY,
	[SLOT('p', 'a', 16)] = SIP_HDR_P_ASSOCIATED_URI,
	[SLOT('r', 'p', 15)] = SIP_HDR_REMOTE_PARTY_ID,
	[SLOT('d', 'r', 9)] = SIP_HDR_DIVERSION,
	[SLOT('h', 'y', 12)] = SIP_HDR_HISTORY_INFO,
	[SLOT('r', 'y', 8)] = SIP_HDR_REPLY_TO,
	[SLOT('a', '-', 10)] = SIP_HDR_ALERT_INFO,
	[SLOT('c', '-', 9)] = SIP_HDR_CALL_INFO,
	[SLOT('c', '-', 14)] = SIP_HDR_CONTENT_LENGTH,
	[SLOT('c', 't', 12)] = SIP_HDR_CONTENT_TYPE,
	[SLOT('c', 'e', 16)] = SIP_HDR_CONTENT_ENCODING,
	[SLOT('c', 'i', 19)] = SIP_HDR_CONTENT_DISPOSITION,
	[SLOT('e', 'i', 7)] = SIP_HDR_EXPIRES,
	[SLOT('m', 'x', 11)] = SIP_HDR_MIN_EXPIRES,
	[SLOT('s', '-', 15)] = SIP_HDR_SESSION_EXPIRES,
	[SLOT('r', 'u', 7)] = SIP_HDR_REQUIRE,
	[SLOT('r', 'e', 4)] = SIP_HDR_RSEQ,
	[SLOT('r', 'c', 4)] = SIP_HDR_RACK,
	[SLOT('e', 'e', 5)] = SIP_HDR_EVENT,
	[SLOT('s', 'i', 18)] = SIP_HDR_SUBSCRIPTION_STATE,
	[SLOT('i', 't', 8)] = SIP_HDR_IDENTITY,
	[SLOT('a', 'i', 13)] = SIP_HDR_AUTHORIZATION,
	[SLOT('p', 'h', 19)] = SIP_HDR_PROXY_AUTHORIZATION,
	[SLOT('r', 's', 6)] = SIP_HDR_REASON,
};

/* RFC 3261 7.3.3 and those registered later; not here: nobody asks for it. */
const u8 sip_hdr_compact[26] = {
	['b' - 'a'] = SIP_HDR_REFERRED_BY,
	['c' - 'a'] = SIP_HDR_CONTENT_TYPE,
	['e' - 'a'] = SIP_HDR_CONTENT_ENCODING,
	['f' - 'a'] = SIP_HDR_FROM,
	['i' - 'a'] = SIP_HDR_CALL_ID,
	['l' - 'a'] = SIP_HDR_CONTENT_LENGTH,
	['m' - 'a'] = SIP_HDR_CONTACT,
	['o' - 'a'] = SIP_HDR_EVENT,
	['r' - 'a'] = SIP_HDR_REFER_TO,
	['t' - 'a'] = SIP_HDR_TO,
	['v' - 'a'] = SIP_HDR_VIA,
	['x' - 'a'] = SIP_HDR_SESSION_EXPIRES,
	['y' - 'a'] = SIP_HDR_IDENTITY,
};

const struct sip_name sip_methods[SIP_METHOD_COUNT] = {
	[SIP_METHOD_OTHER] = NAME("?"),
	[SIP_INVITE] = NAME("INVITE"),
	[SIP_ACK] = NAME("ACK"),
	[SIP_BYE] = NAME("BYE"),
	[SIP_CANCEL] = NAME("CANCEL"),
	[SIP_REGISTER] = NAME("REGISTER"),
	[SIP_OPTIONS] = NAME("OPTIONS"),
	[SIP_INFO] = NAME("INFO"),
	[SIP_MESSAGE] = NAME("MESSAGE"),
	[SIP_SUBSCRIBE] = NAME("SUBSCRIBE"),
	[SIP_NOTIFY] = NAME("NOTIFY"),
	[SIP_PRACK] = NAME("PRACK"),
	[SIP_UPDATE] = NAME("UPDATE"),
	[SIP_REFER] = NAME("REFER"),
	[SIP_PUBLISH] = NAME("PUBLISH"),
};

const u8 sip_method_slots[32] = {
	[SIP_METHOD_SLOT('I', 'E', 6)] = SIP_INVITE,
	[SIP_METHOD_SLOT('A', 'K', 3)] = SIP_ACK,
	[SIP_METHOD_SLOT('B', 'E', 3)] = SIP_BYE,
	[SIP_METHOD_SLOT('C', 'L', 6)] = SIP_CANCEL,
	[SIP_METHOD_SLOT('R', 'R', 8)] = SIP_REGISTER,
	[SIP_METHOD_SLOT('O', 'S', 7)] = SIP_OPTIONS,
	[SIP_METHOD_SLOT('I', 'O', 4)] = SIP_INFO,
	[SIP_METHOD_SLOT('M', 'E', 7)] = SIP_MESSAGE,
	[SIP_METHOD_SLOT('S', 'E', 9)] = SIP_SUBSCRIBE,
	[SIP_METHOD_SLOT('N', 'Y', 6)] = SIP_NOTIFY,
	[SIP_METHOD_SLOT('P', 'K', 5)] = SIP_PRACK,
	[SIP_METHOD_SLOT('U', 'E', 6)] = SIP_UPDATE,
	[SIP_METHOD_SLOT('R', 'R', 5)] = SIP_REFER,
	[SIP_METHOD_SLOT('P', 'H', 7)] = SIP_PUBLISH,
};

enum sip_hdr_id sip_hdr_lookup(const char *data, struct sip_span s)
{
	return sip_hdr_id_of(data + s.off, s.len);
}

enum sip_method sip_method_lookup(const char *data, struct sip_span s)
{
	return sip_method_id(data + s.off, s.len);
}

const char *sip_hdr_name(enum sip_hdr_id id)
{
	return sip_hdr_names[(u32)id < SIP_HDR_COUNT ? id : SIP_HDR_OTHER].text;
}

const char *sip_method_name(enum sip_method method)
{
	u32 id = (u32)method < SIP_METHOD_COUNT ? method : SIP_METHOD_OTHER;

	return sip_methods[id].text;
}
