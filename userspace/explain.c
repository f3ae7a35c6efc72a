// SPDX-License-Identifier: GPL-2.0
/* Start line and header fields: which hosts stand there, and what each becomes. */
#include <stdlib.h>

#include "error.h"
#include "explain.h"

#define LOW_PORT	1024	/* below it nothing is opened */

static const char *const uses[] = {
	[SIP_PLACE_RURI] = "whom the request is for",
	[SIP_PLACE_VIA] = "where responses go",
	[SIP_PLACE_CONTACT] = "where later requests go",
	[SIP_PLACE_ROUTE] = "a hop of the route",
	[SIP_PLACE_REFER] = "where somebody may go",
	[SIP_PLACE_IDENTITY] = "names somebody",
};

struct explain_place *explain_add(struct explain *e, struct sip_span text, const char *field,
				  const char *use)
{
	struct explain_place *p = reallocarray(e->places, e->nplaces + 1, sizeof(*p));

	if (!p)
		return NULL;
	e->places = p;
	p += e->nplaces++;
	*p = (struct explain_place){ .text = text, .field = field, .use = use };
	return p;
}

bool explain_has_nat(const struct explain *e)
{
	return e->to.host.family && !sip_endpoint_equal(&e->from, &e->to);
}

bool explain_is_known(const struct explain *e)
{
	return e->is_in ? e->from.host.family : e->to.host.family;
}

/* Which identities are the sender's, going by the module's resolver. */
static bool names_sender(const struct sip_msg *m, enum sip_hdr_id hdr)
{
	switch (hdr) {
	case SIP_HDR_FROM:
		return !m->status;
	case SIP_HDR_TO:
		return m->status || m->method == SIP_REGISTER || m->method == SIP_PUBLISH ||
		       m->method == SIP_SUBSCRIBE;
	default:
		return true;
	}
}

/* Others come to these although nothing is known of them yet. */
static bool is_reachable(const struct sip_ask *ask)
{
	return ask->place == SIP_PLACE_VIA || ask->place == SIP_PLACE_CONTACT ||
	       ask->hdr == SIP_HDR_RECORD_ROUTE || ask->hdr == SIP_HDR_PATH;
}

/* Why it is left as it is; NULL: it is the sender's own, and translated. */
static const char *why_not(const struct explain *e, const struct sip_ask *ask)
{
	bool is_response = e->msg.status != 0;

	if (ask->place == SIP_PLACE_RURI)
		return "it is the receiver's";
	if (ask->place == SIP_PLACE_VIA && is_response)
		return "it is of who asked";
	if (ask->place == SIP_PLACE_IDENTITY && !names_sender(&e->msg, ask->hdr))
		return "it is of the other side";
	if (!e->from.host.family)
		return "the sender is not known: see --from";
	if (!sip_host_equal(&ask->at.host, &e->from.host)) {
		if (e->to.host.family && sip_host_equal(&ask->at.host, &e->to.host))
			return "it is the outside address already";
		return "it is of another host";
	}
	if (e->to.host.family && !explain_has_nat(e))
		return "it is the same outside";
	if (ask->place == SIP_PLACE_IDENTITY && !ask->port_written)
		return NULL;
	if (ask->at.port == e->from.port)
		return NULL;
	if (!is_reachable(ask))
		return "nothing is known of its port";
	return ask->at.port < LOW_PORT ? "its port is under 1024" : NULL;
}

static struct sip_span text_of(const struct explain *e, const struct sip_ask *ask)
{
	struct sip_span maddr;

	if (ask->via)
		return ask->via->hostport;
	if (!sip_host_equal(&ask->uri->addr, &ask->at.host) &&
	    sip_param(e->data, ask->uri->params, "maddr", &maddr))
		return maddr;
	return ask->uri->hostport;
}

static void get_answer(const struct explain *e, const struct sip_ask *ask,
		       struct sip_answer *answer)
{
	bool names = ask->place == SIP_PLACE_IDENTITY;

	answer->at.host = e->to.host;
	answer->at.port = ask->at.port == e->from.port ? e->to.port : ask->at.port;
	answer->write_port = ask->port_written ||
			     (!names && answer->at.port != ask->port_default);
}

static enum sipalg_reason resolve(void *priv, const struct sip_ask *ask, struct sip_answer *answer)
{
	struct explain *e = priv;
	struct explain_place *p;
	u32 len;

	/* A Via with a name is asked for because of what else it has. */
	if (!ask->at.host.family)
		return SIPALG_R_UNCHANGED;
	p = explain_add(e, text_of(e, ask),
			ask->place == SIP_PLACE_RURI ? "Request-URI" : sip_hdr_name(ask->hdr),
			uses[ask->place]);
	if (!p)
		return SIPALG_R_NO_MEMORY;
	p->why = e->is_in ? explain_in_why(e, ask) : why_not(e, ask);
	if (p->why || !explain_is_known(e))
		return SIPALG_R_UNCHANGED;
	if (e->is_in)
		explain_in_answer(e, ask, answer);
	else
		get_answer(e, ask, answer);
	len = sip_host_print(p->becomes, &answer->at.host,
			     answer->write_port ? answer->at.port : 0, true);
	p->becomes[len] = '\0';
	return SIPALG_R_TRANSLATED;
}

/* What the walk of the module does not ask for, because it is no address. */
static bool add_name(struct explain *e, struct sip_span text, const char *field,
		     enum sip_place use, const char *why)
{
	struct explain_place *p = explain_add(e, text, field, uses[use]);

	if (p)
		p->why = why;
	return p;
}

static bool add_uri_name(struct explain *e, struct sip_span uri, const char *field,
			 enum sip_place use)
{
	struct sip_uri u;

	if (sip_uri_parse(e->data, uri, &u))
		return add_name(e, uri, field, use, "it breaks the grammar");
	if (u.scheme != SIP_SCHEME_SIP && u.scheme != SIP_SCHEME_SIPS)
		return add_name(e, uri, field, use, "it is no SIP URI");
	return u.addr.family || add_name(e, u.hostport, field, use, "it is a name");
}

static int place_of(enum sip_hdr_id id)
{
	switch (id) {
	case SIP_HDR_CONTACT:
		return SIP_PLACE_CONTACT;
	case SIP_HDR_ROUTE:
	case SIP_HDR_RECORD_ROUTE:
	case SIP_HDR_PATH:
	case SIP_HDR_SERVICE_ROUTE:
		return SIP_PLACE_ROUTE;
	case SIP_HDR_REFER_TO:
	case SIP_HDR_ALERT_INFO:
	case SIP_HDR_CALL_INFO:
		return SIP_PLACE_REFER;
	case SIP_HDR_FROM:
	case SIP_HDR_TO:
	case SIP_HDR_REFERRED_BY ... SIP_HDR_REPLY_TO:
		return SIP_PLACE_IDENTITY;
	default:
		return -1;
	}
}

static bool add_names(struct explain *e, const struct sip_hdr *h)
{
	const char *field = sip_hdr_name(h->id);
	struct sip_span rest = h->value;
	int use = place_of(h->id), found = 0;
	struct sip_nameaddr na;
	struct sip_via v;
	bool good = true;

	if (h->id == SIP_HDR_VIA) {
		while (good && (found = sip_via_next(e->data, &rest, &v)) == 1)
			good = v.addr.family || add_name(e, v.hostport, field, SIP_PLACE_VIA,
							 "it is a name");
	} else if (use >= 0) {
		while (good && (found = sip_nameaddr_next(e->data, &rest, &na)) == 1)
			good = na.star || add_uri_name(e, na.uri, field, use);
	}
	if (good && found < 0)
		good = add_name(e, rest, field, SIP_PLACE_IDENTITY, "it breaks the grammar");
	return good;
}

static int by_place(const void *a, const void *b)
{
	const struct explain_place *x = a, *y = b;

	return x->text.off < y->text.off ? -1 : x->text.off > y->text.off;
}

/* Who sends it, if nobody says so: by the first Via of a request, or Contact. */
static void guess_sender(struct explain *e)
{
	const struct sip_hdr *h;
	struct sip_nameaddr na;
	struct sip_span rest;
	struct sip_uri u;
	struct sip_via v;

	h = sip_hdr_first(&e->msg, e->msg.status ? SIP_HDR_CONTACT : SIP_HDR_VIA);
	if (!h)
		return;
	rest = h->value;
	if (!e->msg.status && sip_via_next(e->data, &rest, &v) == 1)
		e->from = (struct sip_endpoint){ v.addr, v.port ?: SIP_PORT_DEFAULT };
	else if (e->msg.status && sip_nameaddr_next(e->data, &rest, &na) == 1 &&
		 !sip_uri_parse(e->data, na.uri, &u))
		e->from = (struct sip_endpoint){ u.addr, u.port ?: SIP_PORT_DEFAULT };
}

/* Likewise the receiver; inside it has the port that it has outside. */
static void complete_in(struct explain *e)
{
	struct sip_endpoint given = e->to;

	explain_in_guess(e);
	e->is_guess = !given.host.family;
	if (!e->is_guess) {
		if (!given.port)
			given.port = sip_host_equal(&given.host, &e->to.host) ? e->to.port :
										SIP_PORT_DEFAULT;
		e->to = given;
	}
	if (!e->from.port)
		e->from.port = e->to.port;
}

/* A sender or its outside without a port has that of the text. */
static void complete(struct explain *e)
{
	struct sip_endpoint given = e->from;

	guess_sender(e);
	e->is_guess = !given.host.family;
	if (!e->is_guess) {
		if (!given.port)
			given.port = sip_host_equal(&given.host, &e->from.host) ? e->from.port :
										  SIP_PORT_DEFAULT;
		e->from = given;
	}
	if (!e->to.port)
		e->to.port = e->from.port;
}

static enum sipalg_reason translate(struct explain *e)
{
	const struct sip_resolver resolver = { .resolve = resolve, .priv = e };
	enum sipalg_reason r = explain_bodies(e);

	if (r == SIPALG_R_OK)
		r = sip_translate(&e->msg, &resolver, &e->edits);
	for (unsigned int i = 0; r == SIPALG_R_OK && i < e->msg.nhdrs; i++) {
		if (!add_names(e, &e->msg.hdrs[i]))
			r = SIPALG_R_NO_MEMORY;
	}
	if (r == SIPALG_R_OK && e->msg.ruri.len &&
	    !add_uri_name(e, e->msg.ruri, "Request-URI", SIP_PLACE_RURI))
		r = SIPALG_R_NO_MEMORY;
	if (r == SIPALG_R_OK && !sip_edits_body_length(&e->edits, &e->msg))
		r = SIPALG_R_TOO_MANY_EDITS;
	return r;
}

/* Ports are opened also where nothing of the text has to change. */
static bool is_translated(const struct explain *e)
{
	if (explain_is_known(e))
		return e->edits.n;
	for (size_t i = 0; i < e->nplaces; i++) {
		if (!e->places[i].why)
			return true;
	}
	return false;
}

int explain_run(struct explain *e)
{
	sip_edits_init(&e->edits);
	e->reason = sip_parse(&e->msg, e->data, e->len);
	if (e->reason != SIPALG_R_OK) {
		explain_find_bad(e);
		return 0;
	}
	e->is_parsed = true;
	if (e->is_in)
		complete_in(e);
	else
		complete(e);
	e->reason = sip_is_signed(&e->msg) ? SIPALG_R_SIGNED : translate(e);
	if (e->reason == SIPALG_R_NO_MEMORY) {
		error_say("there is no memory to explain the message");
		return -1;
	}
	if (e->nplaces)
		qsort(e->places, e->nplaces, sizeof(*e->places), by_place);
	if (e->reason == SIPALG_R_OK)
		e->reason = is_translated(e) ? SIPALG_R_TRANSLATED : SIPALG_R_UNCHANGED;
	return 0;
}

void explain_free(struct explain *e)
{
	free(e->places);
	free(e->media);
}
