/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SIP, URIs and name-addrs as spans into the message that was received.
 *
 * Nothing here allocates, recurses, locks or looks outside the bytes it was
 * given; the work is bounded by their number. Spans are offsets, not pointers,
 * so that they stay true when the packet behind them moves.
 */
#ifndef SIPALG_SIP_SIP_H
#define SIPALG_SIP_SIP_H

#include "types.h"
#include "../../include/sipalg_reasons.h"

/* Bytes [off, off + len) of the message; len 0 means "not there". */
struct sip_span {
	u32 off;
	u32 len;
};

enum sip_method {
	SIP_METHOD_OTHER,	/* a token that we do not know */
	SIP_INVITE,
	SIP_ACK,
	SIP_BYE,
	SIP_CANCEL,
	SIP_REGISTER,
	SIP_OPTIONS,
	SIP_INFO,
	SIP_MESSAGE,
	SIP_SUBSCRIBE,
	SIP_NOTIFY,
	SIP_PRACK,
	SIP_UPDATE,
	SIP_REFER,
	SIP_PUBLISH,
	SIP_METHOD_COUNT
};

/* Header fields that somebody asks for; all others are SIP_HDR_OTHER. */
enum sip_hdr_id {
	SIP_HDR_OTHER,
	SIP_HDR_VIA,
	SIP_HDR_FROM,
	SIP_HDR_TO,
	SIP_HDR_CALL_ID,
	SIP_HDR_CSEQ,
	SIP_HDR_CONTACT,
	SIP_HDR_ROUTE,
	SIP_HDR_RECORD_ROUTE,
	SIP_HDR_PATH,
	SIP_HDR_SERVICE_ROUTE,
	SIP_HDR_REFER_TO,
	SIP_HDR_REFERRED_BY,
	SIP_HDR_P_ASSERTED_IDENTITY,
	SIP_HDR_P_PREFERRED_IDENTITY,
	SIP_HDR_P_ASSOCIATED_URI,
	SIP_HDR_REMOTE_PARTY_ID,
	SIP_HDR_DIVERSION,
	SIP_HDR_HISTORY_INFO,
	SIP_HDR_REPLY_TO,
	SIP_HDR_ALERT_INFO,
	SIP_HDR_CALL_INFO,
	SIP_HDR_CONTENT_LENGTH,
	SIP_HDR_CONTENT_TYPE,
	SIP_HDR_CONTENT_ENCODING,
	SIP_HDR_CONTENT_DISPOSITION,
	SIP_HDR_EXPIRES,
	SIP_HDR_MIN_EXPIRES,
	SIP_HDR_SESSION_EXPIRES,
	SIP_HDR_REQUIRE,
	SIP_HDR_RSEQ,
	SIP_HDR_RACK,
	SIP_HDR_EVENT,
	SIP_HDR_SUBSCRIPTION_STATE,
	SIP_HDR_IDENTITY,
	SIP_HDR_AUTHORIZATION,
	SIP_HDR_PROXY_AUTHORIZATION,
	SIP_HDR_REASON,
	SIP_HDR_COUNT
};

#define SIP_HDR_BIT(id)	(1ULL << (id))	/* in a set of them */

#define SIP_MAX_HDRS	160	/* header fields in a message */

/**
 * struct sip_hdr - one header field
 * @id: enum sip_hdr_id; compact names are already resolved
 * @next: index + 1 of the next field with the same @id, 0 for none
 * @value: its value, without the white space around it; folded lines are
 *	within it as they came (CRLF and white space)
 */
struct sip_hdr {
	u16 id;
	u16 next;
	struct sip_span value;
};

/**
 * struct sip_nameaddr - one element of Contact, Route, From, ...
 * @uri: the URI alone (without '<' and '>')
 * @params: the header field's parameters: after '>' (or, without brackets,
 *	after the first ';': RFC 3261 20), without the leading ';'
 * @star: "*" (Contact only); @uri is empty then
 */
struct sip_nameaddr {
	struct sip_span uri;
	struct sip_span params;
	bool star;
};

/**
 * struct sip_msg - one message, as spans
 * @data: first byte of the message; never kept over a change of the packet
 * @present: a bit for each enum sip_hdr_id that has a field
 * @len: bytes from @data to the end of the message: start line, header
 *	fields and body. Trailing bytes of a datagram beyond Content-Length
 *	are not counted.
 * @status: 100 to 699 for a response, 0 for a request
 * @method: a request's method; for a response that of its CSeq
 * @method_name: the method as written (in the start line or in CSeq)
 * @ruri: the Request-URI; empty in a response
 * @reason: the reason phrase; may be empty
 * @body: what follows the empty line, as long as Content-Length says, or to
 *	the end of the datagram where there is none
 * @has_length: a Content-Length header field is there
 * @cseq: CSeq's number
 * @call_id: the Call-ID, one word
 * @from_tag: From's tag; may be empty (RFC 2543)
 * @to_tag: To's tag; may be empty
 * @from: From's one element
 * @to: To's
 * @nhdrs: how many of @hdrs are used
 * @first: index + 1 of the first field of each id, 0 for none
 * @hdrs: the fields in the order of the message
 * @last: index + 1 of the last one of each id that is present; here, and not
 *	on the stack, because kernels zero what is there
 */
struct sip_msg {
	const char *data;
	u64 present;
	u32 len;
	u16 status;
	u8 method;
	bool has_length;
	struct sip_span method_name;
	struct sip_span ruri;
	struct sip_span reason;
	struct sip_span body;
	u32 cseq;
	struct sip_span call_id;
	struct sip_span from_tag;
	struct sip_span to_tag;
	struct sip_nameaddr from;
	struct sip_nameaddr to;
	u16 nhdrs;
	u16 first[SIP_HDR_COUNT];
	struct sip_hdr hdrs[SIP_MAX_HDRS];
	u16 last[SIP_HDR_COUNT];
};

/**
 * sip_looks_like() - does this begin as a SIP request or status line?
 * @data: the first bytes of a datagram
 * @len: how many there are
 *
 * Cheap: reads to the end of the first line at the most (and at most 4 KiB).
 * "METHOD SP URI SP SIP/2.0 CRLF" or "SIP/2.0 SP 3DIGIT SP".
 */
bool sip_looks_like(const char *data, u32 len);

/**
 * sip_parse() - index a whole message in one pass
 * @m: written completely when SIPALG_R_OK is returned
 * @data: a datagram, or exactly one message of a stream
 * @len: its bytes
 *
 * Return: SIPALG_R_OK, or why the message has to be left alone:
 * SIPALG_R_NOT_SIP, _MALFORMED, _BAD_LENGTH, _TOO_MANY_HEADERS,
 * _NO_MANDATORY.
 *
 * LF alone ends a line as CRLF does. Exactly one Call-ID, CSeq, From and To
 * and at least one Via have to be there; their methods have to agree.
 */
enum sipalg_reason sip_parse(struct sip_msg *m, const char *data, u32 len);

/* The first (or next) field with this id, or NULL. */
static inline const struct sip_hdr *sip_hdr_first(const struct sip_msg *m,
						  enum sip_hdr_id id)
{
	return m->first[id] ? &m->hdrs[m->first[id] - 1] : NULL;
}

static inline const struct sip_hdr *sip_hdr_next(const struct sip_msg *m,
						 const struct sip_hdr *h)
{
	return h->next ? &m->hdrs[h->next - 1] : NULL;
}

const char *sip_hdr_name(enum sip_hdr_id id);		/* "Record-Route" */
const char *sip_method_name(enum sip_method method);	/* "INVITE", "?" */

/* A host as it was written: an address, or a name (family 0). */
struct sip_host {
	u8 family;	/* 0, 4 or 6 */
	u8 addr[16];	/* network order; the first 4 bytes for IPv4 */
};

/* Two calls with a length that is known, so that each is an instruction or two. */
static inline bool sip_host_equal(const struct sip_host *a, const struct sip_host *b)
{
	if (a->family != b->family || memcmp(a->addr, b->addr, 4))
		return false;
	return a->family == 4 || !memcmp(a->addr + 4, b->addr + 4, 12);
}

enum sip_scheme { SIP_SCHEME_OTHER, SIP_SCHEME_SIP, SIP_SCHEME_SIPS, SIP_SCHEME_TEL };

/**
 * struct sip_uri - a sip: or sips: URI taken apart; others only have @scheme
 * @user: user part, with password, without '@'
 * @hostport: host and, if there is one, ':' and port: what a translation
 *	replaces. IPv6 references keep their brackets.
 * @host: the host alone, with brackets
 * @addr: @host as an address
 * @port: 0 where none is written
 * @params: after the first ';' behind hostport, to before '?'
 * @headers: after '?'
 */
struct sip_uri {
	u8 scheme;
	u16 port;
	struct sip_host addr;
	struct sip_span user;
	struct sip_span hostport;
	struct sip_span host;
	struct sip_span params;
	struct sip_span headers;
};

/* Return: 0, or -EINVAL where it breaks the grammar; other schemes are 0. */
int sip_uri_parse(const char *data, struct sip_span s, struct sip_uri *u);

/* Parse an address: "192.0.2.1", "[2001:db8::1]" or, for SDP, without brackets. */
void sip_host_parse(const char *data, struct sip_span s, struct sip_host *h);

/* The longest text that sip_host_print() writes, with port and brackets. */
#define SIP_HOSTPORT_MAX 56

/* A number in decimal. No NUL; @buf has 16 bytes. Return: as sip_host_print(). */
u32 sip_number_print(char *buf, u32 v);

/*
 * Write an address as text: IPv6 as RFC 5952 does, in brackets if asked;
 * ":port" is added unless port is 0. No NUL; @buf has SIP_HOSTPORT_MAX bytes,
 * of which some behind the text may be written over. Return: the bytes that count.
 */
u32 sip_host_print(char *buf, const struct sip_host *h, u16 port, bool brackets);

/**
 * sip_nameaddr_next() - take the next element off a comma list
 * @data: the message
 * @rest: the header field's value at first; what is left on return
 * @na: the element
 *
 * Knows display names, quoted strings with escapes and commas, '<' in quotes.
 * Return: 1 for an element, 0 at the end, -EINVAL if it breaks the grammar.
 */
int sip_nameaddr_next(const char *data, struct sip_span *rest,
		      struct sip_nameaddr *na);

enum sip_transport {
	SIP_TRANSPORT_OTHER, SIP_TRANSPORT_UDP, SIP_TRANSPORT_TCP,
	SIP_TRANSPORT_TLS, SIP_TRANSPORT_SCTP, SIP_TRANSPORT_WS, SIP_TRANSPORT_WSS
};

/**
 * struct sip_via - one Via element
 * @hostport: sent-by as one piece where host and port are not separated by
 *	white space, else the host only and @port_apart is set
 * @port_text: the port's digits, empty where none is written
 * @branch: value of branch
 * @maddr: value of maddr
 * @received: value of received (with brackets where they were written)
 * @rport: value of rport; @has_rport is set for ";rport" without a value too
 */
struct sip_via {
	u8 transport;
	bool has_rport;
	bool port_apart;
	u16 port;
	struct sip_host addr;
	struct sip_span hostport;
	struct sip_span host;
	struct sip_span port_text;
	struct sip_span params;
	struct sip_span branch;
	struct sip_span maddr;
	struct sip_span received;
	struct sip_host received_addr;
	struct sip_span rport;
};

/* As sip_nameaddr_next(). "SIP / 2.0 / UDP first.example.com : 4000 ;ttl=16" */
int sip_via_next(const char *data, struct sip_span *rest, struct sip_via *v);

/* sip_param() with the length of @name at hand. */
bool sip_param_of(const char *data, struct sip_span params, const char *name,
		  u32 len, struct sip_span *value);

/**
 * sip_param() - find a parameter
 * @data: the message
 * @params: spans of ";"-separated parameters, without the first ';'
 * @name: in lower case
 * @value: its value without white space around it, quotes kept; empty if it
 *	has none
 * Return: true if it is there (in any case of letters).
 */
static inline bool sip_param(const char *data, struct sip_span params,
			     const char *name, struct sip_span *value)
{
	return params.len &&
	       sip_param_of(data, params, name, (u32)__builtin_strlen(name), value);
}

/* A whole span as a decimal number below 2^32. Return: 0, or -EINVAL. */
int sip_number(const char *data, struct sip_span s, u32 *n);

/**
 * sip_digest_covers_body() - do these credentials sign the message's body?
 * @data: the message
 * @s: value of Authorization or Proxy-Authorization
 * True for "qop=auth-int" (RFC 7616 3.4.3) outside quoted strings.
 */
bool sip_digest_covers_body(const char *data, struct sip_span s);

/* Does a signature cover what a translation would change? It is left alone then. */
bool sip_is_signed(const struct sip_msg *m);

bool sip_span_is(const char *data, struct sip_span s, const char *text);
bool sip_span_is_nocase(const char *data, struct sip_span s, const char *text);

#define SIP_PARTS_DEPTH	4

/**
 * struct sip_part - a session description of a message
 * @body: its bytes
 * @early: it is of Content-Disposition early-session (RFC 3959)
 */
struct sip_part {
	struct sip_span body;
	bool early;
};

/**
 * struct sip_parts - the way through a message's body; see sip_parts_next()
 * @m: the message
 * @pos: where the walk is
 * @sdp: start of the session description that it is in, 0 for none
 * @early: of this one
 * @depth: how many of @boundary are open
 * @boundary: of the multipart bodies that it is in
 */
struct sip_parts {
	const struct sip_msg *m;
	u32 pos;
	u32 sdp;
	bool early;
	u32 depth;
	struct sip_span boundary[SIP_PARTS_DEPTH];
};

void sip_parts_init(struct sip_parts *w, const struct sip_msg *m);

/**
 * sip_parts_next() - the next session description of a message
 * @w: the walk, from sip_parts_init()
 * @part: the body, or a part of a multipart body, of type application/sdp
 *
 * A body without a Content-Type is none of ours. An encoded body
 * (Content-Encoding) or a part with a Content-Transfer-Encoding other than
 * 7bit, 8bit or binary is passed over. Nested multiparts are entered
 * without recursion, up to a depth of 4. multipart/signed is passed over.
 * Return: true for a part, false at the end.
 */
bool sip_parts_next(struct sip_parts *w, struct sip_part *part);

#endif
