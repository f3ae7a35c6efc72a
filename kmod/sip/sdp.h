/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Session descriptions (RFC 8866) as spans into the message.
 */
#ifndef SIPALG_SIP_SDP_H
#define SIPALG_SIP_SDP_H

#include "sip.h"

#define SDP_MAX_MEDIA		32
#define SDP_MAX_CANDIDATES	512

enum sdp_kind {
	SDP_KIND_OTHER, SDP_KIND_AUDIO, SDP_KIND_VIDEO, SDP_KIND_IMAGE,
	SDP_KIND_TEXT, SDP_KIND_MESSAGE, SDP_KIND_APPLICATION
};

enum sdp_proto {
	SDP_PROTO_OTHER,	/* unknown: most of what is new runs over UDP */
	SDP_PROTO_RTP,		/* RTP/AVP, RTP/SAVP, UDP/TLS/RTP/SAVPF, ... : UDP with RTCP */
	SDP_PROTO_UDP,		/* udptl, UDP, UDP/BFCP, UDP/DTLS/SCTP: no RTCP */
	SDP_PROTO_TCP,		/* TCP/BFCP, TCP/MSRP, TCP/RTP/AVP, ...: a TCP connection */
	SDP_PROTO_NEITHER,	/* SCTP, DCCP: leave it alone */
};

enum sdp_direction { SDP_SENDRECV, SDP_SENDONLY, SDP_RECVONLY, SDP_INACTIVE };

/**
 * struct sdp_conn - a connection line, or the address of o=, a=rtcp
 * @text: the address as written, without "/ttl"; empty if there is none
 * @addr: as an address; family 0 for a name
 * @twin: the same address in a second, equal c= of the section: whoever
 *	replaces @text has to replace it alike; empty if there is none
 */
struct sdp_conn {
	struct sip_span text;
	struct sip_host addr;
	struct sip_span twin;
};

/**
 * struct sdp_media - one media line with what follows it
 * @kind: enum sdp_kind
 * @proto: enum sdp_proto
 * @direction: enum sdp_direction, the session's where it has none
 * @rtcp_mux: a=rtcp-mux is there
 * @bundle_only: a=bundle-only is there
 * @setup_active: a=setup:active or actpass (TCP media)
 * @port: m='s port; @port_text its digits alone
 * @count: after "port/", else 1
 * @has_conn: c= stands in this media section; else the session's counts
 * @conn: its c=
 * @rtcp_port: a=rtcp's port, 0 where there is no a=rtcp; @rtcp_text its digits
 * @rtcp: the address in a=rtcp; text is empty if there is none
 * @fmts: the m= line's formats as one span ("0 8 101")
 * @attrs: first byte after the m= line to the end of the section
 */
struct sdp_media {
	u8 kind;
	u8 proto;
	u8 direction;
	bool rtcp_mux;
	bool bundle_only;
	bool setup_active;
	bool has_conn;
	u16 port;
	u16 count;
	u16 rtcp_port;
	struct sip_span port_text;
	struct sdp_conn conn;
	struct sip_span rtcp_text;
	struct sdp_conn rtcp;
	struct sip_span fmts;
	struct sip_span attrs;
};

/**
 * struct sdp_candidate - an a=candidate line, or an address within an
 *	a=remote-candidates line (RFC 8839)
 * @media: index of its media section
 * @component: 1 RTP, 2 RTCP
 * @udp: transport is UDP
 * @remote: of a=remote-candidates: it is the receiver's, not the sender's
 * @addr: connection address; raddr and rport are for people only
 * @port: its port
 * @addr_text: the address as written
 * @port_text: the port's digits
 */
struct sdp_candidate {
	u8 media;
	bool udp;
	bool remote;
	u16 component;
	u16 port;
	struct sip_host addr;
	struct sip_span addr_text;
	struct sip_span port_text;
};

/**
 * struct sdp - one session description
 * @origin: the address in o=
 * @conn: the session's c=
 * @bundle: a=group:BUNDLE is there
 * @ice: a=ice-ufrag is there, in the session or in any section
 * @nmedia/@media: media sections in their order
 * @ncands/@cands: candidates in their order
 */
struct sdp {
	struct sdp_conn origin;
	struct sdp_conn conn;
	bool bundle;
	bool ice;
	u16 nmedia;
	u16 ncands;
	struct sdp_media media[SDP_MAX_MEDIA];
	struct sdp_candidate cands[SDP_MAX_CANDIDATES];
};

/**
 * sdp_parse() - take a session description apart, in one pass
 * @data: the message
 * @s: the session description within it
 * @sdp: written when SIPALG_R_OK is returned
 *
 * CRLF or LF ends a line; unknown lines are passed over. The first line has
 * to be "v=". A port of 0 is kept (a refused line). More than one c= in a
 * section: SIPALG_R_BAD_SDP unless they are equal.
 * Return: SIPALG_R_OK, _BAD_SDP or _TOO_MANY_MEDIA.
 */
enum sipalg_reason sdp_parse(const char *data, struct sip_span s,
			     struct sdp *sdp);

/* The connection that counts for a section: its own c= or the session's. */
static inline const struct sdp_conn *sdp_media_conn(const struct sdp *sdp,
						    const struct sdp_media *m)
{
	return m->has_conn ? &m->conn : &sdp->conn;
}

/* Is this the hold address 0.0.0.0 or ::? */
bool sdp_host_is_any(const struct sip_host *h);

const char *sdp_kind_name(enum sdp_kind kind);			/* "audio" */
const char *sdp_direction_name(enum sdp_direction direction);	/* "sendrecv" */

#endif
