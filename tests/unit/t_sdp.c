// SPDX-License-Identifier: GPL-2.0
/* Session descriptions, and finding them in a body. */
#include "tap.h"

static struct sdp sdp;

#define V	"v=0\r\n"
#define M	"m=audio 4000 RTP/AVP 0\r\n"

static const char *data;

static enum sipalg_reason parse(const char *text)
{
	data = put(text, strlen(text));
	memset(&sdp, 0xa5, sizeof(sdp));
	return sdp_parse(data, all(text), &sdp);
}

static void whole(void)
{
	is_num(parse(V "o=- 1 2 IN IP4 10.0.0.2\r\ns=-\r\n"
		     "c=IN IP4 10.0.0.3/127\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"
		     "a=recvonly\r\na=setup:actpass\r\nfoo\r\n\r\nz\r\n"
		     "m=audio 49170/2 RTP/AVP 0 8  101 \r\n"
		     "a=rtpmap:0 PCMU/8000\r\n"
		     "a=rtcp:53020 IN IP6 2001:db8::5\r\na=rtcp-mux\r\n"
		     "m=video 0 UDP/TLS/RTP/SAVPF 96\r\n"
		     "c=IN IP6 2001:db8::9\r\na=sendonly\r\na=bundle-only\r\n"
		     "a=setup:passive\r\na=rtcp:9\r\na=ice-ufrag:x\r\n"
		     "m=image 5 udptl t38\r\nc=IN IP4 fax.example.com\r\n"
		     "a=inactive"), SIPALG_R_OK, "a whole description");
	is_span(data, sdp.origin.text, "10.0.0.2", "origin");
	is_num(sdp.origin.addr.addr[3], 2, "origin's address");
	is_span(data, sdp.conn.text, "10.0.0.3", "session's c= without ttl");
	is_num(sdp.conn.addr.family, 4, "its family");
	ok(sdp.bundle, "bundle");
	ok(sdp.ice, "ice");
	is_num(sdp.nmedia, 3, "media lines");
	is_num(sdp.ncands, 0, "no candidates");

	is_num(sdp.media[0].kind, SDP_KIND_AUDIO, "audio");
	is_num(sdp.media[0].proto, SDP_PROTO_RTP, "RTP/AVP");
	is_num(sdp.media[0].port, 49170, "port");
	is_span(data, sdp.media[0].port_text, "49170", "port's digits");
	is_num(sdp.media[0].count, 2, "count");
	is_span(data, sdp.media[0].fmts, "0 8  101", "formats");
	is_num(sdp.media[0].direction, SDP_RECVONLY, "session's direction");
	ok(sdp.media[0].setup_active, "session's setup");
	ok(sdp.media[0].rtcp_mux, "rtcp-mux");
	ok(!sdp.media[0].bundle_only, "not bundle-only");
	ok(!sdp.media[0].has_conn, "no c= of its own");
	ok(sdp_media_conn(&sdp, &sdp.media[0]) == &sdp.conn, "session's c=");
	is_num(sdp.media[0].rtcp_port, 53020, "a=rtcp's port");
	is_span(data, sdp.media[0].rtcp_text, "53020", "its digits");
	is_span(data, sdp.media[0].rtcp.text, "2001:db8::5", "its address");
	is_num(sdp.media[0].rtcp.addr.family, 6, "and that's family");
	is_span(data, sdp.media[0].attrs, "a=rtpmap:0 PCMU/8000\r\n"
		"a=rtcp:53020 IN IP6 2001:db8::5\r\na=rtcp-mux\r\n", "section");

	is_num(sdp.media[1].port, 0, "refused");
	is_num(sdp.media[1].count, 1, "one port");
	is_num(sdp.media[1].proto, SDP_PROTO_RTP, "UDP/TLS/RTP/SAVPF");
	ok(sdp.media[1].has_conn, "own c=");
	is_span(data, sdp_media_conn(&sdp, &sdp.media[1])->text, "2001:db8::9",
		"which counts");
	is_num(sdp.media[1].direction, SDP_SENDONLY, "own direction");
	ok(!sdp.media[1].setup_active, "own setup");
	ok(sdp.media[1].bundle_only, "bundle-only");
	ok(!sdp.media[1].rtcp_mux, "no rtcp-mux");
	is_num(sdp.media[1].rtcp_port, 9, "a=rtcp without an address");
	is_num(sdp.media[1].rtcp.text.len, 0, "has none");

	is_num(sdp.media[2].kind, SDP_KIND_IMAGE, "image");
	is_num(sdp.media[2].proto, SDP_PROTO_UDP, "udptl");
	is_num(sdp.media[2].conn.addr.family, 0, "a name");
	is_span(data, sdp.media[2].conn.text, "fax.example.com", "as written");
	is_num(sdp.media[2].direction, SDP_INACTIVE, "last line without an end");
	is_num(sdp.media[2].rtcp_port, 0, "no a=rtcp");
}

static void lines(void)
{
	is_num(parse("v=0\no=x\nc=IN IP4 1.2.3.4\nm=audio 1 RTP/AVP 0\na=rtcp:2\n"),
	       SIPALG_R_OK, "LF ends a line");
	is_span(data, sdp.conn.text, "1.2.3.4", "c=");
	is_num(sdp.media[0].rtcp_port, 2, "a=rtcp");
	is_num(sdp.origin.text.len, 0, "an odd o= is passed over");
	is_num(parse(V "o=A phone 1 2 IN IP4 1.2.3.4  \r\n"), SIPALG_R_OK,
	       "spaces in the user's name");
	is_span(data, sdp.origin.text, "1.2.3.4", "origin");
	is_num(parse(V), SIPALG_R_OK, "no media, no address");
	is_num(sdp.nmedia, 0, "none");
	is_num(sdp.conn.text.len, 0, "none");
	ok(!sdp.bundle && !sdp.ice, "no bundle, no ice");
	is_num(parse(V "a=rtcp:1\r\na=candidate:1 1 UDP 1 1.1.1.1 1 typ host\r\n"
		     "a=bundle-only\r\na=rtcp-mux\r\n" M), SIPALG_R_OK,
	       "media's attributes in the session");
	ok(!sdp.media[0].rtcp_mux && !sdp.media[0].bundle_only &&
	   !sdp.media[0].rtcp_port && !sdp.ncands, "count for nothing");
	is_num(sdp.media[0].direction, SDP_SENDRECV, "direction by default");
	is_num(parse(V M "a=group:BUNDLE 1\r\na=group:LS 1\r\n"), SIPALG_R_OK,
	       "group in media");
	ok(!sdp.bundle, "is none");
	is_num(parse(V "a=group:LS 1\r\na=ice-ufrag:u\r\n"), SIPALG_R_OK, "LS");
	ok(!sdp.bundle, "no bundle");
	ok(sdp.ice, "session's ufrag");
	is_num(parse(V "m=audio  1\t RTP/AVP\r\n"), SIPALG_R_OK,
	       "odd spaces, no formats");
	is_num(sdp.media[0].fmts.len, 0, "none");
	is_num(parse(V "c=ATM NSAP 47.0091\r\n"), SIPALG_R_OK, "another network");
	is_num(sdp.conn.text.len, 0, "has no address for us");
	is_num(parse(V "c=IN IP4 0.0.0.0\r\n"), SIPALG_R_OK, "hold");
	ok(sdp_host_is_any(&sdp.conn.addr), "is any");
	is_num(parse(V "c=IN IP6 ::\r\n"), SIPALG_R_OK, "hold of IPv6");
	ok(sdp_host_is_any(&sdp.conn.addr), "is any");
	is_num(parse(V "c=IN IP6 ::1\r\n"), SIPALG_R_OK, "an address");
	ok(!sdp_host_is_any(&sdp.conn.addr), "is not any");
	is_num(parse(V "c=IN IP4 0.x\r\n"), SIPALG_R_OK, "a name");
	ok(!sdp_host_is_any(&sdp.conn.addr), "is not any");
}

static void twins(void)
{
	is_num(parse(V "c=IN IP4 1.1.1.1\r\nc=IN IP4 1.1.1.1/9\r\n" M),
	       SIPALG_R_OK, "two equal c=");
	is_span(data, sdp.conn.twin, "1.1.1.1", "the second one");
	ok(sdp.conn.twin.off > sdp.conn.text.off, "is not the first");
	is_num(parse(V "c=IN IP4 1.1.1.1\r\n" M "c=IN IP4 2.2.2.2\r\n"),
	       SIPALG_R_OK, "one each");
	is_num(sdp.conn.twin.len + sdp.media[0].conn.twin.len, 0, "no twins");
	is_num(parse(V M "c=IN IP4 1.1.1.1\r\nc=IN IP4 1.1.1.2\r\n"),
	       SIPALG_R_BAD_SDP, "two c= that differ");
	is_num(parse(V M "c=IN IP4 1.1.1.1\r\nc=IN IP4 1.1.1.1\r\n"
		     "c=IN IP4 1.1.1.1\r\n"), SIPALG_R_BAD_SDP, "three");
}

static void broken(void)
{
	static const char *const v[] = {
		"", "v", "o=- 1 2 IN IP4 1.1.1.1\r\n", "\r\n" V, "V=0\r\n",
		V "c=\r\n", V "c=IN\r\n", V "c=IN IP4\r\n", V "c=IN IP4 /1\r\n",
		V "m=audio\r\n", V "m=audio 1\r\n", V "m=audio x RTP/AVP 0\r\n",
		V "m=audio 65536 RTP/AVP 0\r\n", V "m=audio -1 RTP/AVP 0\r\n",
		V "m=audio 4294967297 RTP/AVP 0\r\n", V "m=audio 1/ RTP/AVP 0\r\n",
		V "m=audio 1/0 RTP/AVP 0\r\n", V "m=audio 1/2/3 RTP/AVP 0\r\n",
		V "m=audio /1 RTP/AVP 0\r\n", V "m=\r\n",
		V M "a=rtcp:\r\n", V M "a=rtcp:x\r\n", V M "a=rtcp:65536\r\n",
		V M "a=rtcp:1 IN IP4\r\n", V M "a=rtcp:1\r\na=rtcp:1\r\n",
	};
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		is_num(parse(v[i]), SIPALG_R_BAD_SDP, v[i]);
}

static void kinds(void)
{
	static const struct {
		const char *line;
		int kind, proto;
	} v[] = {
		{ "audio 1 RTP/AVP 0", SDP_KIND_AUDIO, SDP_PROTO_RTP },
		{ "video 1 RTP/SAVP 0", SDP_KIND_VIDEO, SDP_PROTO_RTP },
		{ "audio 1 RTP/AVPF 0", SDP_KIND_AUDIO, SDP_PROTO_RTP },
		{ "AUDIO 1 rtp/savpf 0", SDP_KIND_AUDIO, SDP_PROTO_RTP },
		{ "text 1 UDP/TLS/RTP/SAVP 0", SDP_KIND_TEXT, SDP_PROTO_RTP },
		{ "image 1 UDPTL t38", SDP_KIND_IMAGE, SDP_PROTO_UDP },
		{ "application 1 UDP/BFCP *", SDP_KIND_APPLICATION, SDP_PROTO_UDP },
		{ "application 1 UDP/DTLS/SCTP x", SDP_KIND_APPLICATION,
		  SDP_PROTO_UDP },
		{ "application 1 DTLS/SCTP 5000", SDP_KIND_APPLICATION,
		  SDP_PROTO_UDP },
		{ "x-data 1 udp 0", SDP_KIND_OTHER, SDP_PROTO_UDP },
		{ "message 1 TCP/MSRP *", SDP_KIND_MESSAGE, SDP_PROTO_TCP },
		{ "audio 1 TCP/RTP/AVP 0", SDP_KIND_AUDIO, SDP_PROTO_TCP },
		{ "application 1 TCP/TLS/BFCP *", SDP_KIND_APPLICATION,
		  SDP_PROTO_TCP },
		{ "application 1 tcp *", SDP_KIND_APPLICATION, SDP_PROTO_TCP },
		{ "other 1 SCTP *", SDP_KIND_OTHER, SDP_PROTO_NEITHER },
		{ "other 1 sctp/DTLS *", SDP_KIND_OTHER, SDP_PROTO_NEITHER },
		{ "audio 1 DCCP/RTP/AVP 0", SDP_KIND_AUDIO, SDP_PROTO_NEITHER },
		{ "other 1 dccpx *", SDP_KIND_OTHER, SDP_PROTO_OTHER },
		{ "audios 1 RTP *", SDP_KIND_OTHER, SDP_PROTO_OTHER },
		{ "audio 1 TCPX/x *", SDP_KIND_AUDIO, SDP_PROTO_OTHER },
		{ "audio 1 XRTP/AVP *", SDP_KIND_AUDIO, SDP_PROTO_OTHER },
	};
	char text[256];
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		snprintf(text, sizeof(text), V "m=%s\r\n", v[i].line);
		is_num(parse(text), SIPALG_R_OK, v[i].line);
		is_num(sdp.media[0].kind, v[i].kind, "kind");
		is_num(sdp.media[0].proto, v[i].proto, "proto");
	}
	ok(!strcmp(sdp_kind_name(SDP_KIND_MESSAGE), "message"), "kind's name");
	ok(!strcmp(sdp_kind_name(99), "other"), "no kind's name");
	ok(!strcmp(sdp_direction_name(SDP_SENDONLY), "sendonly"), "direction's");
	ok(!strcmp(sdp_direction_name(SDP_INACTIVE), "inactive"), "inactive's");
}

static void candidates(void)
{
	struct sdp_candidate *c = sdp.cands;

	is_num(parse(V M M
		     "a=candidate:1 1 UDP 2130706431 10.0.0.2 8998 typ host\r\n"
		     "a=candidate:2 2 udp 1 192.0.2.3 45664 typ srflx "
		     "raddr 10.0.0.2 rport 8998 generation 0\r\n"
		     "a=candidate:3 1 TCP 1 2001:db8::1 9 typ host tcptype active\r\n"
		     "a=candidate:4 1 UDP 1 x-y.local 9 typ host\r\n"
		     "a=candidate:5 1 UDP 1 10.0.0.2 x typ host\r\n"
		     "a=candidate:6 1 UDP 1 10.0.0.2 1 host\r\n"
		     "a=candidate:7\r\n"
		     "a=remote-candidates:1 10.0.0.2 8998 2 ::1 9 3 x\r\n"),
	       SIPALG_R_OK, "candidates");
	is_num(sdp.ncands, 6, "the odd ones are passed over");
	is_num(c[0].media, 1, "section");
	is_num(c[0].component, 1, "component");
	ok(c[0].udp && !c[0].remote, "udp, and the sender's");
	is_span(data, c[0].addr_text, "10.0.0.2", "address");
	is_num(c[0].addr.addr[0], 10, "in bytes");
	is_span(data, c[0].port_text, "8998", "port");
	is_num(c[0].port, 8998, "as a number");
	is_num(c[1].component, 2, "RTCP");
	ok(c[1].udp, "srflx");
	is_num(c[1].addr.addr[0], 192, "not its related address");
	ok(!c[2].udp, "tcp");
	is_num(c[2].addr.family, 6, "of IPv6");
	is_num(c[3].addr.family, 0, "a name");
	ok(c[4].remote && c[5].remote, "the receiver's");
	is_num(c[4].component, 1, "component");
	is_span(data, c[4].addr_text, "10.0.0.2", "address");
	is_num(c[4].port, 8998, "port");
	is_num(c[5].component, 2, "component of the second");
	is_num(c[5].addr.family, 6, "family of the second");
	is_span(data, c[5].port_text, "9", "port of the second");
	is_num(parse(V "a=remote-candidates:1 1.1.1.1 1\r\n" M
		     "a=remote-candidates:\r\na=remote-candidates:1 1.1.1.1\r\n"
		     "a=remote-candidates:x 1.1.1.1 1\r\n"), SIPALG_R_OK,
	       "remote candidates that say nothing");
	is_num(sdp.ncands, 0, "none");
}

static void limits(void)
{
	static char text[32768];
	int i, n;

	for (n = SDP_MAX_MEDIA; n <= SDP_MAX_MEDIA + 1; n++) {
		strcpy(text, V);
		for (i = 0; i < n; i++)
			strcat(text, M);
		is_num(parse(text), n == SDP_MAX_MEDIA ? SIPALG_R_OK :
		       SIPALG_R_TOO_MANY_MEDIA, "as many media as fit");
	}
	for (n = SDP_MAX_CANDIDATES; n <= SDP_MAX_CANDIDATES + 1; n++) {
		strcpy(text, V M);
		for (i = 0; i < n; i++)
			strcat(text,
			       "a=candidate:1 1 UDP 1 1.1.1.1 1 typ host\r\n");
		is_num(parse(text), n == SDP_MAX_CANDIDATES ? SIPALG_R_OK :
		       SIPALG_R_TOO_MANY_MEDIA, "as many candidates as fit");
	}
}

/* The session descriptions of a message, with '|' behind each, early ones '!'. */
static void bodies(const char *fields, const char *body, const char *want)
{
	static struct sip_msg m;
	static char text[65536], out[65536];
	struct sip_parts parts;
	struct sip_part part;
	u32 n;

	n = (u32)snprintf(text, sizeof(text), "SIP/2.0 200 OK\r\nVia: x\r\n"
		     "From: <sip:a@h>\r\nTo: <sip:a@h>\r\nCall-ID: 1\r\n"
		     "CSeq: 1 INVITE\r\n%s\r\n%s", fields, body);
	is_num(sip_parse(&m, put(text, n), n), SIPALG_R_OK, fields);
	out[0] = 0;
	sip_parts_init(&parts, &m);
	while (sip_parts_next(&parts, &part)) {
		strncat(out, m.data + part.body.off, part.body.len);
		strcat(out, part.early ? "!" : "|");
	}
	if (!ok(!strcmp(out, want), "session descriptions"))
		printf("# got '%s', not '%s'\n", out, want);
}

#define CT	"Content-Type: "
#define CTS	CT "application/sdp\r\n\r\n"

static void single_bodies(void)
{
	bodies(CT "application/sdp\r\n", "v=0", "v=0|");
	bodies("c:\r\n APPLICATION / SDP ; x=y\r\n", "v=0", "v=0|");
	bodies(CT "application/sdp\r\n", "", "");
	bodies("", "v=0", "");
	bodies(CT "text/plain\r\n", "v=0", "");
	bodies(CT "application/sdpx\r\n", "v=0", "");
	bodies(CT "application\r\n", "v=0", "");
	bodies(CT "application/sdp\r\nc: text/plain\r\n", "v=0", "");
	bodies(CT "application/sdp\r\nContent-Encoding: gzip\r\n", "v=0", "");
	bodies(CT "application/sdp\r\ne: identity\r\n", "v=0", "v=0|");
	bodies(CT "application/sdp\r\ne:\r\n", "v=0", "v=0|");
}

static void multipart_bodies(void)
{
	bodies(CT "multipart/mixed;boundary=b\r\n",
	       "preamble\r\n--b\r\n" CTS "v=1\r\n\r\n--b\r\n"
	       CT "text/plain\r\n\r\nv=2\r\n--b \r\nC:application/SDP\r\n"
	       "Content-Transfer-Encoding: 8bit\r\n\r\nv=3\r\n--bx\r\n"
	       "--b--\r\n--b\r\n" CTS "v=4\r\n--b--\r\n",
	       "v=1\r\n|v=3\r\n--bx|");
	bodies(CT "multipart/mixed;\r\n boundary=\"b c\"\r\n",
	       "--b c\n" CT "application/sdp\n\nv=1\n--b c--", "v=1|");
	bodies(CT "multipart/mixed;boundary=b\r\n",
	       "--b\r\n" CTS "v=1\r\n", "v=1\r\n|");
	bodies(CT "multipart/mixed;boundary=b\r\n",
	       "--b\r\n" CTS "--b\r\n\r\nv=1\r\n--b\r\n" CTS "v=2\r\n--b--",
	       "v=2|");
	bodies(CT "multipart/mixed;boundary=b\r\n",
	       "--b\r\nContent-Transfer-Encoding: base64\r\n" CTS "v=1\r\n--b--",
	       "");
	bodies(CT "multipart/mixed;boundary=b\r\n",
	       "--b\r\nContent-Encoding: gzip\r\n" CTS "v=1\r\n--b--", "");
	bodies(CT "multipart/mixed;boundary=b\r\n",
	       "--b\r\nno field\r\n" CTS "v=1\r\n--b\r\n" CTS "v=2\r\n--b--",
	       "v=2|");
	bodies(CT "multipart/mixed;boundary=b\r\n",
	       "--b\r\n" CT "application/sdp\r\n--b\r\n" CTS "v=2\r\n--b--",
	       "v=2|");
	bodies(CT "multipart/signed;boundary=b\r\n",
	       "--b\r\n" CTS "v=1\r\n--b--", "");
	bodies(CT "multipart/mixed\r\n", "--b\r\n" CTS "v=1\r\n--b--", "");
	bodies(CT "multipart/mixed;boundary=\r\n", "--\r\n" CTS "v=1\r\n----",
	       "");
	bodies(CT "multipart/mixed;boundary=\"a\\b\"\r\n",
	       "--a\\b\r\n" CTS "v=1\r\n--a\\b--", "");
}

/* Early media have descriptions of their own (RFC 3959). */
static void early_bodies(void)
{
	bodies(CT "application/sdp\r\nContent-Disposition: Early-Session ;"
	       "handling=optional\r\n", "v=0", "v=0!");
	bodies(CT "application/sdp\r\nContent-Disposition: session\r\n",
	       "v=0", "v=0|");
	bodies(CT "application/sdp\r\nContent-Disposition: early\r\n",
	       "v=0", "v=0|");
	bodies(CT "multipart/mixed;boundary=b\r\n"
	       "Content-Disposition: early-session\r\n",
	       "--b\r\nContent-Disposition: early-session\r\n" CTS "v=1\r\n"
	       "--b\r\n" CTS "v=2\r\n--b--", "v=1!v=2|");
}

static void nested_bodies(void)
{
	static char text[16384];
	int i;

	bodies(CT "multipart/mixed;boundary=b\r\n",
	       "--b\r\n" CT "multipart/alternative;\r\n boundary=i\r\n\r\n"
	       "--i\r\n" CTS "v=1\r\n--i\r\n" CTS "v=2\r\n--i--\r\n--b\r\n"
	       CTS "v=3\r\n--i\r\n--b--", "v=1|v=2|v=3\r\n--i|");
	/* The outer delimiter ends an inner body that was left open. */
	bodies(CT "multipart/mixed;boundary=b\r\n",
	       "--b\r\n" CT "multipart/mixed;boundary=i\r\n\r\n--i\r\n"
	       CTS "v=1\r\n--b\r\n" CTS "v=2\r\n--i\r\n--b--",
	       "v=1|v=2\r\n--i|");
	bodies(CT "multipart/mixed;boundary=b\r\n",
	       "--b\r\n" CT "multipart/signed;boundary=i\r\n\r\n--i\r\n"
	       CTS "v=1\r\n--i--\r\n--b\r\n" CTS "v=2\r\n--b--", "v=2|");
	for (i = 4; i <= 5; i++) {
		int d;

		text[0] = 0;
		for (d = 1; d < i; d++)
			sprintf(text + strlen(text), "--b%d\r\n" CT
				"multipart/mixed;boundary=b%d\r\n\r\n", d, d + 1);
		sprintf(text + strlen(text), "--b%d\r\n" CTS "v=1\r\n--b%d--\r\n",
			i, i);
		bodies(CT "multipart/mixed;boundary=b1\r\n", text,
		       i == 4 ? "v=1|" : "");
	}
	text[0] = 0;
	for (i = 0; i < 20; i++)
		strcat(text, "--b\r\n" CTS "v\r\n");
	strcat(text, "--b--");
	bodies(CT "multipart/mixed;boundary=b\r\n", text,
	       "v|v|v|v|v|v|v|v|v|v|v|v|v|v|v|v|v|v|v|v|");
}

TAP_MAIN(whole, lines, twins, broken, kinds, candidates, limits, single_bodies,
	 multipart_bodies, early_bodies, nested_bodies)
