// SPDX-License-Identifier: GPL-2.0
/* Hosts, URIs, name-addrs, Via, parameters, numbers. */
#include "tap.h"

static void hosts(void)
{
	/* What is written, and what it is printed as: NULL for a name. */
	static const struct {
		const char *text;
		int family;
		const char *print;
	} v[] = {
		{ "192.0.2.1", 4, "192.0.2.1" },
		{ "0.0.0.0", 4, "0.0.0.0" },
		{ "255.255.255.255", 4, "255.255.255.255" },
		{ "256.0.0.1", 0, NULL }, { "1.2.3", 0, NULL },
		{ "1.2.3.4.5", 0, NULL }, { "1.2.3.4.", 0, NULL },
		{ "01.2.3.4", 0, NULL }, { "1..2.3", 0, NULL },
		{ "1.2.3.0004", 0, NULL }, { "1.2.3.4a", 0, NULL },
		{ "1.2.3.4 ", 0, NULL }, { ".1.2.3", 0, NULL },
		{ "[1.2.3.4]", 0, NULL }, { "example.com", 0, NULL },
		{ "", 0, NULL }, { "1", 0, NULL }, { "-", 0, NULL },
		{ "2001:db8::1", 6, "2001:db8::1" },
		{ "[2001:DB8::1]", 6, "2001:db8::1" },
		{ "2001:0db8:0000:0000:0000:0000:0000:0001", 6, "2001:db8::1" },
		{ "::", 6, "::" }, { "::1", 6, "::1" }, { "1::", 6, "1::" },
		{ "1:2:3:4:5:6:7:8", 6, "1:2:3:4:5:6:7:8" },
		{ "1:2:3:4:5:6:7::", 6, "1:2:3:4:5:6:7:0" },
		{ "::2:3:4:5:6:7:8", 6, "0:2:3:4:5:6:7:8" },
		{ "1:0:0:2:0:0:0:3", 6, "1:0:0:2::3" },
		{ "1:0:0:2:3:0:0:4", 6, "1::2:3:0:0:4" },
		{ "1:0:2:0:3:0:4:0", 6, "1:0:2:0:3:0:4:0" },
		{ "::ffff:192.0.2.1", 6, "::ffff:192.0.2.1" },
		{ "::FFFF:c000:0201", 6, "::ffff:192.0.2.1" },
		{ "64:ff9b::192.0.2.33", 6, "64:ff9b::c000:221" },
		{ "1:2:3:4:5:6:1.2.3.4", 6, "1:2:3:4:5:6:102:304" },
		{ "fedc:ba98:7654:3210:fedc:ba98:7654:3210", 6,
		  "fedc:ba98:7654:3210:fedc:ba98:7654:3210" },
		{ "1:2:3:4:5:6:7:8:9", 0, NULL },
		{ "1:2:3:4:5:6:7", 0, NULL }, { "1::2::3", 0, NULL },
		{ ":::", 0, NULL }, { ":1", 0, NULL }, { "1:", 0, NULL },
		{ ":", 0, NULL }, { "[]", 0, NULL }, { "[", 0, NULL },
		{ "1:2:3:4:5:6:7::8", 0, NULL }, { "12345::", 0, NULL },
		{ "1:2:3:4:5:6:7:1.2.3.4", 0, NULL }, { "g::", 0, NULL },
		{ "fe80::1%eth0", 0, NULL }, { "::1.2.3", 0, NULL },
		{ "2001:db8:::192.0.2.1", 0, NULL },
		{ "1:2:3:4:5:6:7:8::", 0, NULL }, { "[::1", 0, NULL },
	};
	char buf[SIP_HOSTPORT_MAX];
	struct sip_host h;
	size_t i;
	u32 n;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		PUT(d, s, v[i].text);
		memset(&h, 0xa5, sizeof(h));
		sip_host_parse(d, s, &h);
		is_num(h.family, v[i].family, v[i].text);
		memset(buf, 0x5a, sizeof(buf));
		n = sip_host_print(buf, &h, 0, false);
		is_span(buf, ((struct sip_span){ 0, n }),
			v[i].print ? v[i].print : "", "printed");
		while (n < sizeof(buf) && buf[n] == 0x5a)
			n++;
		is_num(n, sizeof(buf), "and nothing behind it");
	}
}

static void host_print(void)
{
	struct sip_host h = { 4, { 10, 0, 0, 255 } }, g;
	char buf[SIP_HOSTPORT_MAX];
	u32 n;

	n = sip_host_print(buf, &h, 65535, true);
	is_span(buf, ((struct sip_span){ 0, n }), "10.0.0.255:65535", "v4:port");
	g = h;
	g.addr[7] = 1;
	ok(sip_host_equal(&h, &g), "only four bytes count");
	g.addr[3] = 1;
	ok(!sip_host_equal(&h, &g), "and they do");
	memset(&g, 0xff, sizeof(g));
	g.family = 6;
	ok(!sip_host_equal(&h, &g), "other families");
	n = sip_host_print(buf, &g, 65535, true);
	is_span(buf, ((struct sip_span){ 0, n }),
		"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", "[v6]:port");
	h = g;
	h.addr[15] = 0;
	ok(!sip_host_equal(&h, &g), "sixteen bytes count");
	n = sip_host_print(buf, &g, 5, false);
	is_span(buf, ((struct sip_span){ 0, n }),
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:5", "as asked");
	h.family = 0;
	is_num(sip_host_print(buf, &h, 5, true), 0, "a name is not printed");
}

static void uris(void)
{
	static const struct {
		const char *text;
		int scheme;
		const char *user, *hostport, *host;
		int port;
		const char *params, *headers;
	} v[] = {
		{ "sip:h", 1, "", "h", "h", 0, "", "" },
		{ "SIP:a@h", 1, "a", "h", "h", 0, "", "" },
		{ "sips:a@h:5061", 2, "a", "h:5061", "h", 5061, "", "" },
		{ "sip:a:pw&=+$,@10.0.0.1:65535;lr;x=y?H=v&G=w", 1,
		  "a:pw&=+$,", "10.0.0.1:65535", "10.0.0.1", 65535, "lr;x=y",
		  "H=v&G=w" },
		{ "sip:a;b?c/d&e=f@h;p", 1, "a;b?c/d&e=f", "h", "h", 0, "p",
		  "" },
		{ "sip:a%40b%3b@h", 1, "a%40b%3b", "h", "h", 0, "", "" },
		{ "sip:+1;phone-context=+44:x@h", 1, "+1;phone-context=+44:x",
		  "h", "h", 0, "", "" },
		{ "sip:*72#@h", 1, "*72#", "h", "h", 0, "", "" },
		{ "sip:a:b;c@h", 1, "a:b;c", "h", "h", 0, "", "" },
		{ "sip:10.0.0.1:5060;x=a@b", 1, "", "10.0.0.1:5060", "10.0.0.1",
		  5060, "x=a@b", "" },
		{ "sip:u@10.0.0.1;x=a@b", 1, "u", "10.0.0.1", "10.0.0.1", 0,
		  "x=a@b", "" },
		{ "sip:u@10.0.0.1?x=a@b", 1, "u", "10.0.0.1", "10.0.0.1", 0,
		  "", "x=a@b" },
		{ "sip:[2001:db8::1]", 1, "", "[2001:db8::1]", "[2001:db8::1]",
		  0, "", "" },
		{ "sip:u@[2001:db8::1]:5070;x=a@b", 1, "u",
		  "[2001:db8::1]:5070", "[2001:db8::1]", 5070, "x=a@b", "" },
		{ "sip:[::1];x=a@b", 1, "", "[::1]", "[::1]", 0, "x=a@b", "" },
		{ "sip:h?a=b;c", 1, "", "h", "h", 0, "", "a=b;c" },
		{ "sip:h;", 1, "", "h", "h", 0, "", "" },
		{ " \r\n sip:h ", 1, "", "h", "h", 0, "", "" },
		{ "sip:a_b.example.com.", 1, "", "a_b.example.com.",
		  "a_b.example.com.", 0, "", "" },
		{ "tel:+1;x=y", 3, "", "", "", 0, "", "" },
		{ "urn:service:sos", 0, "", "", "", 0, "", "" },
		{ "h+t.t-p:", 0, "", "", "", 0, "", "" },
		{ "", -1, 0, 0, 0, 0, 0, 0 }, { "sip:", -1, 0, 0, 0, 0, 0, 0 },
		{ "sip", -1, 0, 0, 0, 0, 0, 0 }, { ":h", -1, 0, 0, 0, 0, 0, 0 },
		{ "sip:@h", -1, 0, 0, 0, 0, 0, 0 },
		{ "sip:a@", -1, 0, 0, 0, 0, 0, 0 },
		{ "sip:a@b@h", -1, 0, 0, 0, 0, 0, 0 },
		{ "sip:h:", -1, 0, 0, 0, 0, 0, 0 },
		{ "sip:h:0", -1, 0, 0, 0, 0, 0, 0 },
		{ "sip:h:65536", -1, 0, 0, 0, 0, 0, 0 },
		{ "sip:h:4294972356", -1, 0, 0, 0, 0, 0, 0 },
		{ "sip:h:5060x", -1, 0, 0, 0, 0, 0, 0 },
		{ "sip:h:-1", -1, 0, 0, 0, 0, 0, 0 },
		{ "sip:h h", -1, 0, 0, 0, 0, 0, 0 },
		{ "sip:[::1", -1, 0, 0, 0, 0, 0, 0 },
		{ "sip:[]", -1, 0, 0, 0, 0, 0, 0 },
		{ "sip:2001:db8::1", -1, 0, 0, 0, 0, 0, 0 },
		{ "sip:a b@h", -1, 0, 0, 0, 0, 0, 0 },
		{ "<sip:h>", -1, 0, 0, 0, 0, 0, 0 },
	};
	struct sip_uri u;
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		PUT(d, s, v[i].text);
		memset(&u, 0xa5, sizeof(u));
		is_num(sip_uri_parse(d, s, &u), v[i].scheme < 0 ? -EINVAL : 0,
		       v[i].text);
		if (v[i].scheme < 0)
			continue;
		is_num(u.scheme, v[i].scheme, "scheme");
		is_span(d, u.user, v[i].user, "user");
		is_span(d, u.hostport, v[i].hostport, "hostport");
		is_span(d, u.host, v[i].host, "host");
		is_num(u.port, v[i].port, "port");
		is_span(d, u.params, v[i].params, "parameters");
		is_span(d, u.headers, v[i].headers, "headers");
	}
	{
		PUT(d, s, "sip:u@[2001:db8::1]");
		sip_uri_parse(d, s, &u);
		is_num(u.addr.family, 6, "an address of IPv6");
		is_num(u.addr.addr[15], 1, "and its last byte");
	}
}

/* Each list as "uri|params" of its elements, "*" for a star, "!" for broken. */
static void nameaddrs(void)
{
	static const struct {
		const char *text, *out;
	} v[] = {
		{ "<sip:a@h>", "sip:a@h|" },
		{ "sip:a@h;tag=1", "sip:a@h|tag=1" },
		{ "sip:a@h ; tag=1 , sip:b@h", "sip:a@h|tag=1 sip:b@h|" },
		{ "\"A, \\\" <sip:x@y>;z\" <sip:a@h;lr>;p=q",
		  "sip:a@h;lr|p=q" },
		{ "Bob  B. (x) <sip:a@h> \r\n ;p", "sip:a@h|p" },
		{ "sip:evil@x <sip:a@h>", "sip:a@h|" },
		{ "< sip:a@h\r\n >", "sip:a@h|" },
		{ "<sip:a,b;c@h?x=y>;p=\"1,2;<>\";q=<x>,<sip:b@h>",
		  "sip:a,b;c@h?x=y|p=\"1,2;<>\";q=<x> sip:b@h|" },
		{ ", <sip:a@h>,, <sip:b@h> ,", "sip:a@h| sip:b@h|" },
		{ "*", "*|" }, { " * ", "*|" }, { "*;expires=0", "*|expires=0" },
		{ "*72 <sip:a@h>", "sip:a@h|" }, { "*x", "!" },
		{ "<tel:+1>", "tel:+1|" }, { "tel:+1;x=y", "tel:+1|x=y" },
		{ "A \"B\" C <sip:a@h>", "sip:a@h|" },
		{ "", "" }, { " ,\r\n , ", "" },
		{ "<>", "!" }, { "< >", "!" }, { "<sip:a@h", "!" },
		{ "\"a <sip:a@h>", "!" }, { "\"a\\\" <sip:a@h>", "!" },
		{ "\"a\\", "!" }, { "\"a\"", "!" },
		{ "a b", "!" }, { "bob", "!" }, { "<sip:a@h> x", "!" },
		{ "<sip:a@h>x=1", "!" }, { "sip:a@h x", "!" },
		{ "<sip:a@h>;p=\"x", "!" }, { "Bell, A <sip:a@h>", "!" },
		{ ":x", "!" }, { ";tag=1", "!" },
		{ "<sip:a@h>,<sip:b@h", "sip:a@h| !" },
	};
	struct sip_nameaddr na;
	char out[512];
	size_t i;
	int ret;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		PUT(d, s, v[i].text);
		out[0] = 0;
		memset(&na, 0xa5, sizeof(na));
		while ((ret = sip_nameaddr_next(d, &s, &na)) == 1)
			sprintf(out + strlen(out), "%s%.*s%s|%.*s",
				*out ? " " : "", (int)na.uri.len,
				d + na.uri.off, na.star ? "*" : "",
				(int)na.params.len, d + na.params.off);
		if (ret < 0)
			strcat(out, *out ? " !" : "!");
		ok(!strcmp(out, v[i].out), v[i].text);
		if (strcmp(out, v[i].out))
			printf("# got '%s', not '%s'\n", out, v[i].out);
		is_num(s.len, 0, "nothing is left");
		is_num(sip_nameaddr_next(d, &s, &na), 0, "and the end is the end");
	}
}

static void vias(void)
{
	static const struct {
		const char *text;
		int transport;
		const char *hostport, *host;
		int port;
		const char *branch, *received, *rport;
		bool has_rport, apart;
	} v[] = {
		{ "SIP/2.0/UDP h", 1, "h", "h", 0, "", "", "", 0, 0 },
		{ "sip / 2.0 / tcp  first.example.com : 4000 ;ttl=16\r\n "
		  ";maddr=1.2.3.4 ; branch = z9hG4bKa7c6", 2,
		  "first.example.com", "first.example.com", 4000,
		  "z9hG4bKa7c6", "", "", 0, 1 },
		{ "SIP/2.0/TLS [2001:db8::1]:5061;rport;received=[::1]", 3,
		  "[2001:db8::1]:5061", "[2001:db8::1]", 5061, "", "[::1]", "",
		  1, 0 },
		{ "SIP/2.0/SCTP 1.2.3.4:5;RPORT=99;Received=::2;BRANCH=x;"
		  "branch=y;rport=1", 4, "1.2.3.4:5", "1.2.3.4", 5, "x", "::2",
		  "99", 1, 0 },
		{ "SIP/2.0/WS a;x=\";branch=n,\";branch=\"q\"", 5, "a", "a", 0,
		  "\"q\"", "", "", 0, 0 },
		{ "SIP/2.0/WSS a :7", 6, "a", "a", 7, "", "", "", 0, 1 },
		{ "SIP/2.0/WSS a: 7", 6, "a", "a", 7, "", "", "", 0, 1 },
		{ "SIP/2.0/FOO-1 a ;", 0, "a", "a", 0, "", "", "", 0, 0 },
		{ "SIP/3.0/UDP a", 0, "a", "a", 0, "", "", "", 0, 0 },
		{ "SIP\r\n /2.0/\r\n UDP\r\n a", 1, "a", "a", 0, "", "", "", 0,
		  0 },
		{ "SIP/2.0/UDPh", -1, 0, 0, 0, 0, 0, 0, 0, 0 },
		{ "SIP/2.0/UDP", -1, 0, 0, 0, 0, 0, 0, 0, 0 },
		{ "SIP/2.0 UDP h", -1, 0, 0, 0, 0, 0, 0, 0, 0 },
		{ "SIP/2.0/", -1, 0, 0, 0, 0, 0, 0, 0, 0 },
		{ "//UDP h", -1, 0, 0, 0, 0, 0, 0, 0, 0 },
		{ "SIP/2.0/UDP h:", -1, 0, 0, 0, 0, 0, 0, 0, 0 },
		{ "SIP/2.0/UDP h:99999", -1, 0, 0, 0, 0, 0, 0, 0, 0 },
		{ "SIP/2.0/UDP h x", -1, 0, 0, 0, 0, 0, 0, 0, 0 },
		{ "SIP/2.0/UDP ;branch=x", -1, 0, 0, 0, 0, 0, 0, 0, 0 },
		{ "SIP/2.0/UDP h;x=\"", -1, 0, 0, 0, 0, 0, 0, 0, 0 },
		{ "SIP/2.0/UDP 2001:db8::1", -1, 0, 0, 0, 0, 0, 0, 0, 0 },
	};
	struct sip_via a;
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		PUT(d, s, v[i].text);
		memset(&a, 0xa5, sizeof(a));
		is_num(sip_via_next(d, &s, &a), v[i].transport < 0 ? -EINVAL : 1,
		       v[i].text);
		is_num(s.len, 0, "nothing is left");
		if (v[i].transport < 0)
			continue;
		is_num(a.transport, v[i].transport, "transport");
		is_span(d, a.hostport, v[i].hostport, "hostport");
		is_span(d, a.host, v[i].host, "host");
		is_num(a.port, v[i].port, "port");
		is_num(a.port_apart, v[i].apart, "port apart");
		is_span(d, a.branch, v[i].branch, "branch");
		is_span(d, a.received, v[i].received, "received");
		is_num(a.has_rport, v[i].has_rport, "has rport");
		is_span(d, a.rport, v[i].rport, "rport");
	}
	{
		PUT(d, s, ", SIP/2.0/UDP 10.0.0.1;received=192.0.2.9;x=\",\" , "
		    "SIP/2.0/TCP b:1,");
		is_num(sip_via_next(d, &s, &a), 1, "first of a list");
		is_num(a.addr.addr[0], 10, "its address");
		is_num(a.received_addr.addr[3], 9, "its received");
		is_num(sip_via_next(d, &s, &a), 1, "second of a list");
		is_span(d, a.hostport, "b:1", "its sent-by");
		is_num(a.received_addr.family, 0, "it has no received");
		is_num(sip_via_next(d, &s, &a), 0, "end of the list");
	}
}

static void params(void)
{
	static const struct {
		const char *params, *name, *value;
	} v[] = {
		{ "tag=1", "tag", "1" }, { "a=b; TaG\r\n = 1 2 ;c", "tag", "1 2" },
		{ "lr", "lr", "" }, { "lr;x", "lr", "" }, { "x;lr=", "lr", "" },
		{ "x=\";lr;\";y", "lr", NULL }, { "x=\"a\\\";lr\";lr=2", "lr", "2" },
		{ "lrx;xlr", "lr", NULL }, { "", "lr", NULL }, { ";;;", "lr", NULL },
		{ ";;lr;;", "lr", "" }, { "t=\"a;b\"", "t", "\"a;b\"" },
		{ "t=\"open;lr", "lr", NULL }, { "t=\"open;lr", "t", "\"open;lr" },
		{ "t=a=b", "t", "a=b" }, { "t=1;t=2", "t", "1" },
		{ "=x;lr", "lr", "" }, { "a,b;lr", "lr", "" },
		{ "t=a\";lr\"b;u=3", "u", "3" }, { "t=a\";lr\"b;u=3", "lr", NULL },
	};
	struct sip_span value;
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		PUT(d, s, v[i].params);
		is_num(sip_param(d, s, v[i].name, &value), !!v[i].value,
		       v[i].params);
		if (v[i].value)
			is_span(d, value, v[i].value, "value");
	}
}

static void numbers(void)
{
	static const struct {
		const char *text;
		long long n;
	} v[] = {
		{ "0", 0 }, { "007", 7 }, { "4294967295", 4294967295LL },
		{ "4294967296", -1 }, { "4294967328", -1 }, { "", -1 },
		{ "00000000000000000000000000000000001", 1 }, { " 1", -1 },
		{ "1 ", -1 }, { "-1", -1 }, { "+1", -1 }, { "1a", -1 },
		{ "18446744073709551616", -1 }, { "/", -1 }, { ":", -1 },
	};
	size_t i;
	u32 n;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		PUT(d, s, v[i].text);
		n = 77;
		is_num(sip_number(d, s, &n), v[i].n < 0 ? -EINVAL : 0,
		       v[i].text);
		if (v[i].n >= 0)
			is_num(n, v[i].n, "number");
	}
}

static void compares(void)
{
	PUT(d, s, "Ab@1");
	struct sip_span none = { 0, 0 };

	ok(sip_span_is(d, s, "Ab@1"), "equal");
	ok(!sip_span_is(d, s, "ab@1"), "not equal by case");
	ok(!sip_span_is(d, s, "Ab@"), "longer than the text");
	ok(!sip_span_is(d, s, "Ab@12"), "shorter than the text");
	ok(sip_span_is_nocase(d, s, "aB@1"), "equal but for case");
	ok(!sip_span_is_nocase(d, s, "aB`1"), "'@' is no upper case");
	ok(!sip_span_is_nocase(d, s, "aB@"), "longer");
	ok(!sip_span_is_nocase(d, s, "aB@12"), "shorter");
	ok(sip_span_is(d, none, "") && sip_span_is_nocase(d, none, ""),
	   "nothing is nothing");
	ok(!sip_span_is(put("a\0b", 3), (struct sip_span){ 0, 3 }, "a"),
	   "NUL does not end it");
}

TAP_MAIN(hosts, host_print, uris, nameaddrs, vias, params, numbers, compares)
