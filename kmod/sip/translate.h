/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which places of a message name a host, and the edits that translate them.
 *
 * This file knows the grammar's places and leaves the question "is this one of
 * ours, and what is it called on the other side?" to a resolver: the module
 * asks its bindings, `sipalgctl explain` its command line.
 */
#ifndef SIPALG_SIP_TRANSLATE_H
#define SIPALG_SIP_TRANSLATE_H

#include "edit.h"
#include "sip.h"

#define SIP_PORT_DEFAULT	5060
#define SIP_PORT_SECURE		5061	/* of sips: and TLS (RFC 3261 19.1.2) */

/* Where a host stands decides what it means. */
enum sip_place {
	SIP_PLACE_RURI,		/* routes: Request-URI */
	SIP_PLACE_VIA,		/* routes responses */
	SIP_PLACE_CONTACT,	/* routes later requests */
	SIP_PLACE_ROUTE,	/* Route, Record-Route, Path, Service-Route */
	SIP_PLACE_REFER,	/* Refer-To, Alert-Info, Call-Info: somebody may go there */
	SIP_PLACE_IDENTITY,	/* From, To, P-Asserted-Identity, ...: names only */
};

/* A host and port. */
struct sip_endpoint {
	struct sip_host host;
	u16 port;
};

/**
 * struct sip_ask - a host that stands in the message
 * @place: what it means there
 * @hdr: enum sip_hdr_id, SIP_HDR_OTHER for the Request-URI
 * @at: the endpoint, with the default port where none is written; host family
 *	0: a name, asked for only where it is in a Via with received
 * @port_default: which that is
 * @port_written: the text has a port
 * @uri: the URI around it, NULL for Via
 * @via: the Via element around it, else NULL
 */
struct sip_ask {
	enum sip_place place;
	enum sip_hdr_id hdr;
	struct sip_endpoint at;
	u16 port_default;
	bool port_written;
	const struct sip_uri *uri;
	const struct sip_nameaddr *element;
	const struct sip_via *via;
};

/**
 * struct sip_answer - what to write instead
 * @at: the new endpoint; host family 0, for Via: leave sent-by
 * @write_port: write its port
 * @received: for Via: "received" becomes this (family 0: leave it)
 * @rport: for Via: "rport" with a value becomes this (0: leave it)
 */
struct sip_answer {
	struct sip_endpoint at;
	bool write_port;
	struct sip_host received;
	u16 rport;
};

/**
 * struct sip_resolver - knows which endpoints are ours
 * @skip: a bit for each enum sip_hdr_id (SIP_HDR_OTHER: the Request-URI) that
 *	need not be asked for, because the answer would be SIPALG_R_UNCHANGED
 *	and nothing be learnt
 * @resolve: SIPALG_R_TRANSLATED with *answer filled in: replace;
 *	SIPALG_R_UNCHANGED: leave it as it is; any other reason: leave the
 *	whole message as it is
 * @priv: for @resolve
 */
struct sip_resolver {
	enum sipalg_reason (*resolve)(void *priv, const struct sip_ask *ask,
				      struct sip_answer *answer);
	void *priv;
	u64 skip;
};

/**
 * sip_translate() - collect the edits for the start line and the header fields
 * @m: the message
 * @r: asked once for each host that is an address; names are not asked for
 * @edits: gets the replacements
 *
 * Where "maddr" stands beside a host, it is what routes: one that equals the
 * host changes with it, one beside a host that is not ours is asked for.
 *
 * An element that breaks the grammar ends its header field's walk: what cannot
 * be understood is not changed.
 * Return: SIPALG_R_OK, or the reason for which the message has to be left
 * alone (the resolver's, or SIPALG_R_TOO_MANY_EDITS).
 */
enum sipalg_reason sip_translate(const struct sip_msg *m,
				 const struct sip_resolver *r,
				 struct sip_edits *edits);

static inline bool sip_endpoint_equal(const struct sip_endpoint *a,
				      const struct sip_endpoint *b)
{
	return a->port == b->port && sip_host_equal(&a->host, &b->host);
}

#endif
