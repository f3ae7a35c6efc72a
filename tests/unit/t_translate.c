// SPDX-License-Identifier: GPL-2.0
/*
 * The walk over the places of a message, with a resolver that knows one host:
 * 10.0.0.1 is 192.0.2.1 outside, and a port there is 1000 higher.
 */
#include "tap.h"
#include "../../kmod/sip/translate.h"

static struct sip_edits e;
static struct sip_msg m;
static int asked, fail_at;

static enum sipalg_reason resolve(void *priv, const struct sip_ask *ask,
				  struct sip_answer *answer)
{
	static const struct sip_host inner = { 4, { 10, 0, 0, 1 } };
	static const struct sip_host outer = { 4, { 192, 0, 2, 1 } };

	(void)priv;
	if (++asked == fail_at)
		return SIPALG_R_NO_PORT;
	if (ask->via && ask->via->received_addr.family) {
		answer->received = outer;
		answer->rport = 9;
		return SIPALG_R_TRANSLATED;
	}
	if (!sip_host_equal(&ask->at.host, &inner))
		return SIPALG_R_UNCHANGED;
	answer->at.host = outer;
	answer->at.port = (u16)(ask->at.port + 1000);
	if (ask->at.port == 4060 || ask->at.port == 4061)
		answer->write_port = answer->at.port != ask->port_default;
	else
		answer->write_port = ask->port_written ||
				     answer->at.port != ask->port_default;
	return SIPALG_R_TRANSLATED;
}

static enum sipalg_reason run(const char *field, char *out)
{
	static const struct sip_resolver r = { .resolve = resolve };
	enum sipalg_reason ret;
	const char *data;
	char text[2048];
	u32 n;

	n = (u32)sprintf(text, "OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/UDP x\r\n"
			 "From: <sip:x>\r\nTo: <sip:x>\r\nCall-ID: 1\r\n"
			 "CSeq: 1 OPTIONS\r\n%s\r\n\r\n", field);
	data = put(text, n);
	sip_edits_init(&e);
	is_num(sip_parse(&m, data, n), SIPALG_R_OK, "parsed");
	ret = sip_translate(&m, &r, &e);
	if (ret != SIPALG_R_OK)
		return ret;
	n = sip_edits_apply(&e, data, n, out);
	out[n - 4] = 0;
	memmove(out, strstr(out, "CSeq") + 17, strlen(strstr(out, "CSeq") + 17) + 1);
	return ret;
}

/* Field by field: what becomes of it; NULL: nothing. */
static void fields(void)
{
	static const struct {
		const char *in, *want;
	} v[] = {
		{ "Contact: <sip:a@10.0.0.1:5>", "Contact: <sip:a@192.0.2.1:1005>" },
		{ "Contact: <sip:a@10.0.0.1>", "Contact: <sip:a@192.0.2.1:6060>" },
		{ "Contact: <sips:a@10.0.0.1>", "Contact: <sips:a@192.0.2.1:6061>" },
		{ "Contact: <sip:a@10.0.0.1:4060>", "Contact: <sip:a@192.0.2.1>" },
		{ "Contact: <sips:a@10.0.0.1:4061>", "Contact: <sips:a@192.0.2.1>" },
		{ "Contact: <sip:a@10.0.0.1:5;maddr=10.0.0.1>",
		  "Contact: <sip:a@192.0.2.1:1005;maddr=192.0.2.1>" },
		{ "Contact: <sip:a@10.0.0.1:5;maddr=10.0.0.2>",
		  "Contact: <sip:a@192.0.2.1:1005;maddr=10.0.0.2>" },
		{ "Contact: <sip:a@b.c;maddr=10.0.0.1;x>",
		  "Contact: <sip:a@b.c:6060;maddr=192.0.2.1;x>" },
		{ "Contact: <sip:a@b.c:5;MADDR=10.0.0.1>",
		  "Contact: <sip:a@b.c:1005;MADDR=192.0.2.1>" },
		{ "Contact: <sip:b.c:4060;maddr=10.0.0.1>",
		  "Contact: <sip:b.c;maddr=192.0.2.1>" },
		{ "Contact: <sip:10.0.0.2:5;maddr=10.0.0.1>",
		  "Contact: <sip:10.0.0.2:1005;maddr=192.0.2.1>" },
		/* Without the port, all up to the '@' would be a user. */
		{ "Contact: <sip:10.0.0.1:4060;x=a@b>",
		  "Contact: <sip:192.0.2.1:5060;x=a@b>" },
		{ "Contact: <sip:10.0.0.1:4060?x=a@b>",
		  "Contact: <sip:192.0.2.1:5060?x=a@b>" },
		{ "Contact: <sip:a@b.c;maddr=x.y>", NULL },
		{ "Contact: <sip:a@b.c;maddr=>", NULL },
		{ "Contact: <sip:a@b.c;maddr>", NULL },
		{ "Contact: <sip:a@b.c?maddr=10.0.0.1>", NULL },
		{ "Contact: <tel:1;maddr=10.0.0.1>", NULL },
		{ "Via: SIP/2.0/UDP 10.0.0.1", "Via: SIP/2.0/UDP 192.0.2.1:6060" },
		{ "Via: SIP/2.0/TLS 10.0.0.1", "Via: SIP/2.0/TLS 192.0.2.1:6061" },
		{ "Via: SIP/2.0/UDP 10.0.0.1 : 5;x",
		  "Via: SIP/2.0/UDP 192.0.2.1 : 1005;x" },
		{ "Via: SIP/2.0/UDP 10.0.0.1\r\n :\r\n\t05 ;x",
		  "Via: SIP/2.0/UDP 192.0.2.1\r\n :\r\n\t1005 ;x" },
		{ "Via: SIP/2.0/UDP 10.0.0.1:5;maddr=10.0.0.1;ttl=1",
		  "Via: SIP/2.0/UDP 192.0.2.1:1005;maddr=192.0.2.1;ttl=1" },
		{ "Via: SIP/2.0/UDP b.c:5;maddr=10.0.0.1", NULL },
		{ "Via: SIP/2.0/UDP b.c:5;received=1.2.3.4;rport=1",
		  "Via: SIP/2.0/UDP b.c:5;received=192.0.2.1;rport=9" },
		{ "Via: SIP/2.0/UDP 1.1.1.1;rport=1;received=1.2.3.4",
		  "Via: SIP/2.0/UDP 1.1.1.1;rport=9;received=192.0.2.1" },
		{ "Via: SIP/2.0/UDP 1.1.1.1;rport;received=1.2.3.4",
		  "Via: SIP/2.0/UDP 1.1.1.1;rport;received=192.0.2.1" },
		{ "Via: SIP/2.0/UDP b.c;received=b.c;rport=1", NULL },
	};
	char out[4096];
	size_t i;

	fail_at = 0;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		const char *want = v[i].want ? v[i].want : v[i].in;

		is_num(run(v[i].in, out), SIPALG_R_OK, v[i].in);
		if (!ok(!strcmp(out, want), want))
			printf("# got '%s'\n", out);
		is_num(e.n != 0, !!v[i].want, "edits, or none");
	}
}

/* Every field of the list, and some that look like it: by name alone. */
static void names(void)
{
	static const char * const yes[] = {
		"Contact", "m", "Route", "Record-Route", "Path", "Service-Route",
		"Refer-To", "r", "Referred-By", "b", "P-Asserted-Identity",
		"P-Preferred-Identity", "P-Associated-URI", "Remote-Party-ID",
		"Diversion", "History-Info", "Reply-To", "Alert-Info",
		"Call-Info", "cOnTaCt", "RECORD-ROUTE",
	};
	static const char * const no[] = {
		"Replaces", "Target-Dialog", "Join", "In-Reply-To", "Warning",
		"Authorization", "Proxy-Authorization", "WWW-Authenticate",
		"Proxy-Authenticate", "Authentication-Info", "User-Agent",
		"Server", "Subject", "Organization", "Error-Info", "Identity",
		"Identity-Info", "Event", "o", "x", "k", "X-Contact", "Contacts",
		"Route-", "P-Asserted-Identit", "Pathe", "Refer-Sub", "q",
	};
	char in[128], want[128], out[4096];
	size_t i;

	fail_at = 0;
	for (i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		sprintf(in, "%s: \"10.0.0.1\" <sip:a@10.0.0.1:5;x>;y", yes[i]);
		sprintf(want, "%s: \"10.0.0.1\" <sip:a@192.0.2.1:1005;x>;y", yes[i]);
		is_num(run(in, out), SIPALG_R_OK, in);
		ok(!strcmp(out, want), want);
	}
	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		sprintf(in, "%s: <sip:a@10.0.0.1:5>", no[i]);
		is_num(run(in, out), SIPALG_R_OK, in);
		is_num(e.n, 0, "left as it is");
	}
}

/* An address that stays the same keeps its way of writing. */
static enum sipalg_reason same(void *priv, const struct sip_ask *ask,
			       struct sip_answer *answer)
{
	(void)priv;
	answer->at = ask->at;
	answer->write_port = ask->port_written;
	return SIPALG_R_TRANSLATED;
}

static void unchanged(void)
{
	static const struct sip_resolver r = { .resolve = same };
	static const char text[] =
		"OPTIONS sip:[2001:DB8::0]:05060 SIP/2.0\r\n"
		"Via: SIP/2.0/UDP [2001:0db8::A]:05060\r\nCall-ID: 1\r\n"
		"From: <sip:[::ABCD]>\r\nTo: <sip:a@[0::1]:050>\r\n"
		"CSeq: 1 OPTIONS\r\nContact: <sip:[1:0:0:0:0:0:0:1];maddr=::1>\r\n\r\n";
	const char *data = put(text, sizeof(text) - 1);

	sip_edits_init(&e);
	is_num(sip_parse(&m, data, sizeof(text) - 1), SIPALG_R_OK, "parsed");
	is_num(sip_translate(&m, &r, &e), SIPALG_R_OK, "translated");
	is_num(e.n, 0, "and nothing to do");
}

/* The resolver's refusal is the message's, wherever it comes. */
static void refused(void)
{
	static const char all_places[] =
		"Via: SIP/2.0/UDP 10.0.0.1\r\nContact: <sip:b.c;maddr=10.0.0.1>\r\n"
		"Route: <sip:10.0.0.1>\r\nReply-To: sip:10.0.0.1";
	char out[4096];
	int i, n;

	asked = 0;
	fail_at = 0;
	is_num(run(all_places, out), SIPALG_R_OK, "asked for all");
	n = asked;
	is_num(n, 4, "four");
	for (i = 1; i <= n; i++) {
		asked = 0;
		fail_at = i;
		is_num(run(all_places, out), SIPALG_R_NO_PORT, "refused");
		is_num(asked, i, "and asked no further");
	}
	fail_at = 0;
}

/* More than the list holds: the message stays as it is. */
static void too_many(void)
{
	static const char *const elements[] = {
		"Contact: <sip:10.0.0.1>", "Via: SIP/2.0/UDP 10.0.0.1",
		"Via: SIP/2.0/UDP 10.0.0.1 : 5",
	};
	static const struct sip_resolver r = { .resolve = resolve };
	static char text[16384];
	size_t i;
	u32 k, n;

	fail_at = 0;
	for (i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
		const char *element = strchr(elements[i], ' ') + 1;

		n = (u32)sprintf(text, "OPTIONS sip:x SIP/2.0\r\nv:SIP/2.0/UDP x\r\n"
				 "f:<sip:x>\r\nt:<sip:x>\r\ni:1\r\n"
				 "CSeq:1 OPTIONS\r\n%s", elements[i]);
		for (k = 1; k <= SIP_MAX_EDITS; k++)
			n += (u32)sprintf(text + n, ",%s", element);
		n += (u32)sprintf(text + n, "\r\n\r\n");
		sip_edits_init(&e);
		is_num(sip_parse(&m, put(text, n), n), SIPALG_R_OK, "parsed");
		is_num(sip_translate(&m, &r, &e), SIPALG_R_TOO_MANY_EDITS,
		       elements[i]);
		ok(e.failed, "and nothing can be applied");
	}
}

/* The Request-URI comes first, and its refusal is the message's too. */
static void request_uri(void)
{
	static const struct sip_resolver r = { .resolve = resolve };
	static const char text[] =
		"OPTIONS sip:10.0.0.1:5;x SIP/2.0\r\nVia: SIP/2.0/UDP x\r\n"
		"Call-ID: 1\r\nFrom: <sip:x>\r\nTo: <sip:x>\r\n"
		"CSeq: 1 OPTIONS\r\nContact: *\r\n\r\n";
	const char *data = put(text, sizeof(text) - 1);
	static char out[1024];
	u32 n;

	for (fail_at = 1; fail_at >= 0; fail_at--) {
		asked = 0;
		sip_edits_init(&e);
		is_num(sip_parse(&m, data, sizeof(text) - 1), SIPALG_R_OK, "parsed");
		is_num(sip_translate(&m, &r, &e),
		       fail_at ? SIPALG_R_NO_PORT : SIPALG_R_OK, "asked");
		is_num(asked, 1, "once");
	}
	fail_at = 0;
	n = sip_edits_apply(&e, data, sizeof(text) - 1, out);
	ok(n > 30 && !strncmp(out, "OPTIONS sip:192.0.2.1:1005;x ", 29),
	   "and translated alone: a star is nobody");
}

static void endpoints(void)
{
	struct sip_endpoint a = { { 4, { 10, 0, 0, 1 } }, 5060 }, b = a;

	ok(sip_endpoint_equal(&a, &b), "the same");
	b.port++;
	ok(!sip_endpoint_equal(&a, &b), "another port");
	b = a;
	b.host.addr[3]++;
	ok(!sip_endpoint_equal(&a, &b), "another host");
	b = a;
	b.host.family = 6;
	ok(!sip_endpoint_equal(&a, &b), "another family");
	b = a;
	b.host.addr[4]++;
	ok(sip_endpoint_equal(&a, &b), "IPv4 has four bytes");
}

TAP_MAIN(fields, names, unchanged, refused, too_many, request_uri, endpoints)
