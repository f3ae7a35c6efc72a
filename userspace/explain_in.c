// SPDX-License-Identifier: GPL-2.0
/* The way in: which hosts of a message from outside are the receiver's, and given back to it. */
#include "explain.h"

/* To names who sends it, too. */
static bool asks_for_itself(const struct sip_msg *m)
{
	return m->method == SIP_REGISTER || m->method == SIP_PUBLISH ||
	       m->method == SIP_SUBSCRIBE;
}

/* Which identities are the receiver's, going by the module's resolver. */
static bool names_receiver(const struct sip_msg *m, enum sip_hdr_id hdr)
{
	switch (hdr) {
	case SIP_HDR_FROM:
	case SIP_HDR_HISTORY_INFO:
		return m->status;
	case SIP_HDR_TO:
		return !m->status || asks_for_itself(m);
	default:
		return hdr == SIP_HDR_P_ASSOCIATED_URI;
	}
}

const char *explain_in_why(const struct explain *e, const struct sip_ask *ask)
{
	bool is_bare_name = ask->place == SIP_PLACE_IDENTITY && !ask->port_written;

	if (!e->msg.status && (ask->place == SIP_PLACE_VIA || ask->place == SIP_PLACE_CONTACT))
		return "it is the sender's";
	if (!e->to.host.family)
		return "the receiver is not known: see --to";
	if (!sip_host_equal(&ask->at.host, &e->to.host))
		return e->from.host.family && sip_host_equal(&ask->at.host, &e->from.host) ?
		       "it is the inside address already" : "it is of another host";
	if (e->from.host.family && !explain_has_nat(e))
		return "it is the same inside";
	if (is_bare_name)
		return names_receiver(&e->msg, ask->hdr) ? NULL : "it is of the other side";
	return ask->at.port == e->to.port ? NULL : "nothing is known of its port";
}

/* What "received" and "rport" of the receiver's Via say of it. */
static void fill_via(const struct explain *e, const struct sip_via *v, struct sip_answer *answer)
{
	uint32_t rport;

	if (v->received.len && sip_host_equal(&v->received_addr, &e->to.host))
		answer->received = e->from.host;
	if (v->rport.len && !sip_number(e->data, v->rport, &rport) && rport == e->to.port)
		answer->rport = e->from.port;
}

void explain_in_answer(const struct explain *e, const struct sip_ask *ask,
		       struct sip_answer *answer)
{
	bool names = ask->place == SIP_PLACE_IDENTITY;

	answer->at = e->from;
	answer->write_port = ask->port_written ||
			     (!names && answer->at.port != ask->port_default);
	if (ask->via)
		fill_via(e, ask->via, answer);
}

/* Whom it is sent to: of a request the Request-URI says it, of a response the first Via. */
void explain_in_guess(struct explain *e)
{
	const struct sip_hdr *h = sip_hdr_first(&e->msg, SIP_HDR_VIA);
	struct sip_span rest;
	struct sip_uri u;
	struct sip_via v;

	if (!e->msg.status) {
		if (!sip_uri_parse(e->data, e->msg.ruri, &u))
			e->to = (struct sip_endpoint){ u.addr, u.port ?: SIP_PORT_DEFAULT };
		return;
	}
	if (!h)
		return;
	rest = h->value;
	if (sip_via_next(e->data, &rest, &v) == 1)
		e->to = (struct sip_endpoint){ v.addr, v.port ?: SIP_PORT_DEFAULT };
}
