// SPDX-License-Identifier: GPL-2.0
/*
 * The walk over all places of a message that can name a host.
 */
#include "translate.h"

/* What each header field means; all others are never looked at. */
static const struct {
	u8 hdr;
	u8 place;
} places[] = {
	{ SIP_HDR_CONTACT, SIP_PLACE_CONTACT },
	{ SIP_HDR_ROUTE, SIP_PLACE_ROUTE },
	{ SIP_HDR_RECORD_ROUTE, SIP_PLACE_ROUTE },
	{ SIP_HDR_PATH, SIP_PLACE_ROUTE },
	{ SIP_HDR_SERVICE_ROUTE, SIP_PLACE_ROUTE },
	{ SIP_HDR_REFER_TO, SIP_PLACE_REFER },
	{ SIP_HDR_ALERT_INFO, SIP_PLACE_REFER },
	{ SIP_HDR_CALL_INFO, SIP_PLACE_REFER },
	{ SIP_HDR_FROM, SIP_PLACE_IDENTITY },
	{ SIP_HDR_TO, SIP_PLACE_IDENTITY },
	{ SIP_HDR_REFERRED_BY, SIP_PLACE_IDENTITY },
	{ SIP_HDR_P_ASSERTED_IDENTITY, SIP_PLACE_IDENTITY },
	{ SIP_HDR_P_PREFERRED_IDENTITY, SIP_PLACE_IDENTITY },
	{ SIP_HDR_P_ASSOCIATED_URI, SIP_PLACE_IDENTITY },
	{ SIP_HDR_REMOTE_PARTY_ID, SIP_PLACE_IDENTITY },
	{ SIP_HDR_DIVERSION, SIP_PLACE_IDENTITY },
	{ SIP_HDR_HISTORY_INFO, SIP_PLACE_IDENTITY },
	{ SIP_HDR_REPLY_TO, SIP_PLACE_IDENTITY },
};

bool sip_endpoint_equal(const struct sip_endpoint *a,
			const struct sip_endpoint *b)
{
	return a->port == b->port && sip_host_equal(&a->host, &b->host);
}

static bool put_endpoint(struct sip_edits *edits, const char *data,
			 struct sip_span s, const struct sip_answer *answer)
{
	char text[SIP_HOSTPORT_MAX];
	u32 n = sip_host_print(text, &answer->at.host,
			       answer->write_port ? answer->at.port : 0, true);

	return sip_edits_add(edits, data, s, text, n);
}

static enum sipalg_reason ask_uri(const struct sip_msg *m,
				  const struct sip_resolver *r,
				  struct sip_edits *edits, struct sip_ask *ask,
				  struct sip_span uri)
{
	struct sip_answer answer = {};
	enum sipalg_reason ret;
	struct sip_uri u;

	if (sip_uri_parse(m->data, uri, &u) ||
	    (u.scheme != SIP_SCHEME_SIP && u.scheme != SIP_SCHEME_SIPS) ||
	    !u.addr.family)
		return SIPALG_R_UNCHANGED;
	ask->uri = &u;
	ask->at.host = u.addr;
	ask->at.port = u.port ? u.port : SIP_PORT_DEFAULT;
	ask->port_written = u.port != 0;
	ret = r->resolve(r->priv, ask, &answer);
	ask->uri = NULL;
	if (ret == SIPALG_R_TRANSLATED &&
	    !put_endpoint(edits, m->data, u.hostport, &answer))
		return SIPALG_R_TOO_MANY_EDITS;
	return ret;
}

static bool is_failure(enum sipalg_reason r)
{
	return r != SIPALG_R_TRANSLATED && r != SIPALG_R_UNCHANGED &&
	       r != SIPALG_R_OK;
}

static enum sipalg_reason translate_list(const struct sip_msg *m,
					 const struct sip_resolver *r,
					 struct sip_edits *edits,
					 enum sip_hdr_id id,
					 enum sip_place place)
{
	const struct sip_hdr *h;
	struct sip_nameaddr na;

	for (h = sip_hdr_first(m, id); h; h = sip_hdr_next(m, h)) {
		struct sip_span rest = h->value;

		while (sip_nameaddr_next(m->data, &rest, &na) == 1) {
			struct sip_ask ask = {
				.place = place,
				.hdr = id,
				.element = &na,
			};
			enum sipalg_reason ret;

			if (na.star)
				continue;
			ret = ask_uri(m, r, edits, &ask, na.uri);
			if (is_failure(ret))
				return ret;
		}
	}
	return SIPALG_R_OK;
}

static bool put_via(const struct sip_msg *m, struct sip_edits *edits,
		    const struct sip_via *v, const struct sip_answer *answer)
{
	char text[SIP_HOSTPORT_MAX];
	bool ok;
	u32 n;

	ok = put_endpoint(edits, m->data, v->hostport, answer);
	if (v->received.len && answer->received.family) {
		n = sip_host_print(text, &answer->received, 0,
				   m->data[v->received.off] == '[');
		ok = sip_edits_add(edits, m->data, v->received, text, n) && ok;
	}
	if (v->rport.len && answer->rport)
		ok = sip_edits_add_number(edits, m->data, v->rport,
					  answer->rport) && ok;
	return ok;
}

static enum sipalg_reason translate_vias(const struct sip_msg *m,
					 const struct sip_resolver *r,
					 struct sip_edits *edits)
{
	const struct sip_hdr *h;
	struct sip_via v;

	for (h = sip_hdr_first(m, SIP_HDR_VIA); h; h = sip_hdr_next(m, h)) {
		struct sip_span rest = h->value;

		while (sip_via_next(m->data, &rest, &v) == 1) {
			struct sip_ask ask = {
				.place = SIP_PLACE_VIA,
				.hdr = SIP_HDR_VIA,
				.at.host = v.addr,
				.at.port = v.port ? v.port : SIP_PORT_DEFAULT,
				.port_written = v.port != 0,
				.via = &v,
			};
			struct sip_answer answer = {};
			enum sipalg_reason ret;

			/* "host : port" in two pieces cannot be replaced as one. */
			if (!v.addr.family || v.port_apart)
				continue;
			ret = r->resolve(r->priv, &ask, &answer);
			if (is_failure(ret))
				return ret;
			if (ret == SIPALG_R_TRANSLATED &&
			    !put_via(m, edits, &v, &answer))
				return SIPALG_R_TOO_MANY_EDITS;
		}
	}
	return SIPALG_R_OK;
}

enum sipalg_reason sip_translate(const struct sip_msg *m,
				 const struct sip_resolver *r,
				 struct sip_edits *edits)
{
	enum sipalg_reason ret;
	u32 i;

	if (m->ruri.len) {
		struct sip_ask ask = { .place = SIP_PLACE_RURI };

		ret = ask_uri(m, r, edits, &ask, m->ruri);
		if (is_failure(ret))
			return ret;
	}
	ret = translate_vias(m, r, edits);
	for (i = 0; !is_failure(ret) && i < sizeof(places) / sizeof(*places); i++)
		ret = translate_list(m, r, edits, places[i].hdr,
				     places[i].place);
	if (is_failure(ret))
		return ret;
	return edits->failed ? SIPALG_R_TOO_MANY_EDITS : SIPALG_R_OK;
}
