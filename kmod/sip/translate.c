// SPDX-License-Identifier: GPL-2.0
/*
 * The walk over all places of a message that can name a host.
 */
#include "translate.h"
#include "scan.h"

#define BIT_OF(name)	SIP_HDR_BIT(SIP_HDR_##name)

/* What each header field means; those that are none of LISTS are not looked at. */
static const u8 places[SIP_HDR_COUNT] = {
	[SIP_HDR_CONTACT] = SIP_PLACE_CONTACT,
	[SIP_HDR_ROUTE] = SIP_PLACE_ROUTE,
	[SIP_HDR_RECORD_ROUTE] = SIP_PLACE_ROUTE,
	[SIP_HDR_PATH] = SIP_PLACE_ROUTE,
	[SIP_HDR_SERVICE_ROUTE] = SIP_PLACE_ROUTE,
	[SIP_HDR_REFER_TO] = SIP_PLACE_REFER,
	[SIP_HDR_ALERT_INFO] = SIP_PLACE_REFER,
	[SIP_HDR_CALL_INFO] = SIP_PLACE_REFER,
	[SIP_HDR_FROM] = SIP_PLACE_IDENTITY,
	[SIP_HDR_TO] = SIP_PLACE_IDENTITY,
	[SIP_HDR_REFERRED_BY] = SIP_PLACE_IDENTITY,
	[SIP_HDR_P_ASSERTED_IDENTITY] = SIP_PLACE_IDENTITY,
	[SIP_HDR_P_PREFERRED_IDENTITY] = SIP_PLACE_IDENTITY,
	[SIP_HDR_P_ASSOCIATED_URI] = SIP_PLACE_IDENTITY,
	[SIP_HDR_REMOTE_PARTY_ID] = SIP_PLACE_IDENTITY,
	[SIP_HDR_DIVERSION] = SIP_PLACE_IDENTITY,
	[SIP_HDR_HISTORY_INFO] = SIP_PLACE_IDENTITY,
	[SIP_HDR_REPLY_TO] = SIP_PLACE_IDENTITY,
};

#define LISTS	(BIT_OF(CONTACT) | BIT_OF(ROUTE) | BIT_OF(RECORD_ROUTE) |	\
		 BIT_OF(PATH) | BIT_OF(SERVICE_ROUTE) | BIT_OF(REFER_TO) |	\
		 BIT_OF(ALERT_INFO) | BIT_OF(CALL_INFO) | BIT_OF(FROM) |	\
		 BIT_OF(TO) | BIT_OF(REFERRED_BY) |				\
		 BIT_OF(P_ASSERTED_IDENTITY) | BIT_OF(P_PREFERRED_IDENTITY) |	\
		 BIT_OF(P_ASSOCIATED_URI) | BIT_OF(REMOTE_PARTY_ID) |		\
		 BIT_OF(DIVERSION) | BIT_OF(HISTORY_INFO) | BIT_OF(REPLY_TO))

/* Where nothing changes, not even another way to write an address does. */
static bool put_endpoint(struct sip_edits *edits, const char *data,
			 struct sip_span s, const struct sip_ask *ask,
			 const struct sip_answer *answer)
{
	u32 n;

	if (sip_host_equal(&ask->at.host, &answer->at.host) &&
	    answer->write_port == ask->port_written &&
	    (!ask->port_written || ask->at.port == answer->at.port))
		return true;
	n = sip_host_print(sip_edits_room(edits), &answer->at.host,
			   answer->write_port ? answer->at.port : 0, true);
	return sip_edits_take(edits, data, s, n);
}

static bool put_host(struct sip_edits *edits, const char *data,
		     struct sip_span s, const struct sip_host *host)
{
	u32 n = sip_host_print(sip_edits_room(edits), host, 0, data[s.off] == '[');

	return sip_edits_take(edits, data, s, n);
}

/* The port behind a host that stays: @port is ":5060", or where it would be. */
static bool put_port(struct sip_edits *edits, const char *data,
		     struct sip_span port, const struct sip_answer *answer)
{
	struct sip_span digits = { port.off + 1, port.len - 1 };

	if (!answer->write_port)
		return sip_edits_add(edits, data, port, "", 0);
	if (port.len)
		return sip_edits_add_number(edits, data, digits,
					    answer->at.port);
	return sip_edits_add(edits, data, port, ":", 1) &&
	       sip_edits_add_number(edits, data, port, answer->at.port);
}

/* The address in "maddr"; family 0 where there is none. */
static struct sip_span maddr_of(const char *data, const struct sip_uri *u,
				struct sip_host *h)
{
	struct sip_span s = {};

	h->family = 0;
	if (u->params.len && sip_param(data, u->params, "maddr", &s) && s.len)
		sip_host_parse(data, s, h);
	return s;
}

/*
 * In "host:5060;x=a@b" the port alone says that this is no user part, see
 * sip_uri_parse(): such a port stays.
 */
static bool port_decides(const char *data, const struct sip_uri *u)
{
	return u->port && !u->user.len &&
	       (memchr(data + u->params.off, '@', u->params.len) ||
		memchr(data + u->headers.off, '@', u->headers.len));
}

static bool put_uri(const struct sip_msg *m, struct sip_edits *edits,
		    const struct sip_ask *ask, const struct sip_answer *as)
{
	const struct sip_uri *u = ask->uri;
	struct sip_answer answer = *as;
	struct sip_span s, port;
	struct sip_host maddr;
	bool ok;

	s = maddr_of(m->data, u, &maddr);
	answer.write_port |= port_decides(m->data, u);
	if (sip_host_equal(&u->addr, &ask->at.host)) {
		ok = put_endpoint(edits, m->data, u->hostport, ask, &answer);
	} else {
		port = sip_span(sip_span_end(u->host), sip_span_end(u->hostport));
		ok = put_port(edits, m->data, port, &answer);
	}
	if (maddr.family && sip_host_equal(&maddr, &ask->at.host))
		ok = put_host(edits, m->data, s, &answer.at.host) && ok;
	return ok;
}

static enum sipalg_reason ask_uri(const struct sip_msg *m,
				  const struct sip_resolver *r,
				  struct sip_edits *edits, struct sip_ask *ask,
				  struct sip_span uri)
{
	enum sipalg_reason ret = SIPALG_R_UNCHANGED;
	struct sip_answer answer = {};
	struct sip_host maddr;
	struct sip_uri u;

	if (sip_uri_parse(m->data, uri, &u) ||
	    (u.scheme != SIP_SCHEME_SIP && u.scheme != SIP_SCHEME_SIPS))
		return SIPALG_R_UNCHANGED;
	maddr_of(m->data, &u, &maddr);
	ask->uri = &u;
	ask->port_default = u.scheme == SIP_SCHEME_SIPS ? SIP_PORT_SECURE :
							  SIP_PORT_DEFAULT;
	ask->port_written = u.port != 0;
	ask->at.host = u.addr;
	ask->at.port = u.port ? u.port : ask->port_default;
	if (u.addr.family)
		ret = r->resolve(r->priv, ask, &answer);
	if (ret == SIPALG_R_UNCHANGED && maddr.family &&
	    !sip_host_equal(&maddr, &u.addr)) {
		ask->at.host = maddr;
		ret = r->resolve(r->priv, ask, &answer);
	}
	if (ret == SIPALG_R_TRANSLATED && !put_uri(m, edits, ask, &answer))
		ret = SIPALG_R_TOO_MANY_EDITS;
	ask->uri = NULL;
	return ret;
}

static bool is_failure(enum sipalg_reason r)
{
	return r != SIPALG_R_TRANSLATED && r != SIPALG_R_UNCHANGED &&
	       r != SIPALG_R_OK;
}

static enum sipalg_reason translate_element(const struct sip_msg *m,
					    const struct sip_resolver *r,
					    struct sip_edits *edits,
					    enum sip_hdr_id id,
					    enum sip_place place,
					    const struct sip_nameaddr *na)
{
	struct sip_ask ask = {
		.place = place,
		.hdr = id,
		.element = na,
	};

	return na->star ? SIPALG_R_UNCHANGED : ask_uri(m, r, edits, &ask, na->uri);
}

static enum sipalg_reason translate_list(const struct sip_msg *m,
					 const struct sip_resolver *r,
					 struct sip_edits *edits,
					 enum sip_hdr_id id,
					 enum sip_place place)
{
	const struct sip_hdr *h;
	struct sip_nameaddr na;

	/* These have one element each, which is known already. */
	if (id == SIP_HDR_FROM)
		return translate_element(m, r, edits, id, place, &m->from);
	if (id == SIP_HDR_TO)
		return translate_element(m, r, edits, id, place, &m->to);
	for (h = sip_hdr_first(m, id); h; h = sip_hdr_next(m, h)) {
		struct sip_span rest = h->value;

		while (rest.len && sip_nameaddr_next(m->data, &rest, &na) == 1) {
			enum sipalg_reason ret;

			ret = translate_element(m, r, edits, id, place, &na);
			if (is_failure(ret))
				return ret;
		}
	}
	return SIPALG_R_OK;
}

static bool put_via(const struct sip_msg *m, struct sip_edits *edits,
		    const struct sip_ask *ask, const struct sip_answer *answer)
{
	const struct sip_via *v = ask->via;
	struct sip_host maddr;
	bool ok = true;

	if (answer->at.host.family && v->port_apart) {
		/* "host : port" keeps its white space. */
		ok = put_host(edits, m->data, v->host, &answer->at.host) &&
		     sip_edits_add_number(edits, m->data, v->port_text,
					  answer->at.port);
	} else if (answer->at.host.family) {
		ok = put_endpoint(edits, m->data, v->hostport, ask, answer);
	}
	sip_host_parse(m->data, v->maddr, &maddr);
	if (answer->at.host.family && maddr.family &&
	    sip_host_equal(&maddr, &ask->at.host))
		ok = put_host(edits, m->data, v->maddr, &answer->at.host) && ok;
	if (v->received.len && answer->received.family)
		ok = put_host(edits, m->data, v->received,
			      &answer->received) && ok;
	if (v->rport.len && answer->rport)
		ok = sip_edits_add_number(edits, m->data, v->rport,
					  answer->rport) && ok;
	return ok;
}

static enum sipalg_reason ask_via(const struct sip_msg *m,
				  const struct sip_resolver *r,
				  struct sip_edits *edits,
				  const struct sip_via *v)
{
	struct sip_ask ask = {
		.place = SIP_PLACE_VIA,
		.hdr = SIP_HDR_VIA,
		.at.host = v->addr,
		.port_default = v->transport == SIP_TRANSPORT_TLS ?
				SIP_PORT_SECURE : SIP_PORT_DEFAULT,
		.port_written = v->port != 0,
		.via = v,
	};
	struct sip_answer answer = {};
	enum sipalg_reason ret;

	ask.at.port = v->port ? v->port : ask.port_default;
	if (!v->addr.family && !v->received_addr.family)
		return SIPALG_R_UNCHANGED;
	ret = r->resolve(r->priv, &ask, &answer);
	if (ret == SIPALG_R_TRANSLATED && !put_via(m, edits, &ask, &answer))
		return SIPALG_R_TOO_MANY_EDITS;
	return ret;
}

static enum sipalg_reason translate_vias(const struct sip_msg *m,
					 const struct sip_resolver *r,
					 struct sip_edits *edits)
{
	const struct sip_hdr *h;
	struct sip_via v;

	for (h = sip_hdr_first(m, SIP_HDR_VIA); h; h = sip_hdr_next(m, h)) {
		struct sip_span rest = h->value;

		while (rest.len && sip_via_next(m->data, &rest, &v) == 1) {
			enum sipalg_reason ret = ask_via(m, r, edits, &v);

			if (is_failure(ret))
				return ret;
		}
	}
	return SIPALG_R_OK;
}

enum sipalg_reason sip_translate(const struct sip_msg *m,
				 const struct sip_resolver *r,
				 struct sip_edits *edits)
{
	u64 left = m->present & ~r->skip;
	enum sipalg_reason ret;

	if (m->ruri.len && !(r->skip & BIT_OF(OTHER))) {
		struct sip_ask ask = { .place = SIP_PLACE_RURI };

		ret = ask_uri(m, r, edits, &ask, m->ruri);
		if (is_failure(ret))
			return ret;
	}
	ret = left & BIT_OF(VIA) ? translate_vias(m, r, edits) : SIPALG_R_OK;
	for (left &= LISTS; left && !is_failure(ret); left &= left - 1) {
		enum sip_hdr_id id = (enum sip_hdr_id)__builtin_ctzll(left);

		ret = translate_list(m, r, edits, id, places[id]);
	}
	if (is_failure(ret))
		return ret;
	return edits->failed ? SIPALG_R_TOO_MANY_EDITS : SIPALG_R_OK;
}
