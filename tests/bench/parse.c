// SPDX-License-Identifier: GPL-2.0
/*
 * parse NAME N: parse a message N times, its session descriptions included, as
 * the module does with what comes in. Prints how many bytes it has; with N 0,
 * the message itself. The work is in bench_parse() alone, which is what the
 * script `parse` counts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../kmod/sip/sip.h"
#include "../../kmod/sip/sdp.h"

static const char sdp_text[] =
	"v=0\r\n"
	"o=alice 2890844526 2890844526 IN IP4 10.0.0.11\r\n"
	"s=-\r\n"
	"c=IN IP4 10.0.0.11\r\n"
	"t=0 0\r\n"
	"m=audio 40000 RTP/AVP 0 8 101\r\n"
	"a=rtpmap:0 PCMU/8000\r\n"
	"a=rtpmap:8 PCMA/8000\r\n"
	"a=rtpmap:101 telephone-event/8000\r\n"
	"a=fmtp:101 0-15\r\n"
	"a=ptime:20\r\n"
	"a=sendrecv\r\n";

/* @head: to before Content-Type */
static const struct message {
	const char *name;
	const char *head;
	bool sdp;
} messages[] = {
	{ "INVITE",
	  "INVITE sip:bob@203.0.113.10 SIP/2.0\r\n"
	  "Via: SIP/2.0/UDP 10.0.0.11:5060;branch=z9hG4bK776asdhds;rport\r\n"
	  "Max-Forwards: 70\r\n"
	  "From: \"Alice\" <sip:alice@203.0.113.10>;tag=1928301774\r\n"
	  "To: <sip:bob@203.0.113.10>\r\n"
	  "Call-ID: a84b4c76e66710e2b2f1@10.0.0.11\r\n"
	  "CSeq: 314159 INVITE\r\n"
	  "Contact: <sip:alice@10.0.0.11:5060>\r\n"
	  "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, INFO, UPDATE, PRACK\r\n"
	  "Accept: application/sdp\r\n"
	  "Supported: replaces, timer, 100rel, norefersub\r\n"
	  "Session-Expires: 1800\r\n"
	  "User-Agent: Telephone 1.0.2.3456\r\n", true },
	{ "200",
	  "SIP/2.0 200 OK\r\n"
	  "Via: SIP/2.0/UDP 10.0.0.11:5060;branch=z9hG4bK776asdhds;rport=5060\r\n"
	  "From: \"Alice\" <sip:alice@203.0.113.10>;tag=1928301774\r\n"
	  "To: <sip:bob@203.0.113.10>;tag=a6c85cf\r\n"
	  "Call-ID: a84b4c76e66710e2b2f1@10.0.0.11\r\n"
	  "CSeq: 314159 INVITE\r\n"
	  "Contact: <sip:bob@203.0.113.10:5060>\r\n"
	  "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY\r\n"
	  "Server: Exchange 4.2\r\n", true },
	{ "180",
	  "SIP/2.0 180 Ringing\r\n"
	  "Via: SIP/2.0/UDP 10.0.0.11:5060;branch=z9hG4bK776asdhds;rport=5060\r\n"
	  "From: \"Alice\" <sip:alice@203.0.113.10>;tag=1928301774\r\n"
	  "To: <sip:bob@203.0.113.10>;tag=a6c85cf\r\n"
	  "Call-ID: a84b4c76e66710e2b2f1@10.0.0.11\r\n"
	  "CSeq: 314159 INVITE\r\n"
	  "Contact: <sip:bob@203.0.113.10:5060>\r\n"
	  "Server: Exchange 4.2\r\n", false },
	{ "ACK",
	  "ACK sip:bob@203.0.113.10:5060 SIP/2.0\r\n"
	  "Via: SIP/2.0/UDP 10.0.0.11:5060;branch=z9hG4bK776asdhdt;rport\r\n"
	  "Max-Forwards: 70\r\n"
	  "From: \"Alice\" <sip:alice@203.0.113.10>;tag=1928301774\r\n"
	  "To: <sip:bob@203.0.113.10>;tag=a6c85cf\r\n"
	  "Call-ID: a84b4c76e66710e2b2f1@10.0.0.11\r\n"
	  "CSeq: 314159 ACK\r\n", false },
	{ "BYE",
	  "BYE sip:bob@203.0.113.10:5060 SIP/2.0\r\n"
	  "Via: SIP/2.0/UDP 10.0.0.11:5060;branch=z9hG4bK776asdhe0;rport\r\n"
	  "Max-Forwards: 70\r\n"
	  "From: \"Alice\" <sip:alice@203.0.113.10>;tag=1928301774\r\n"
	  "To: <sip:bob@203.0.113.10>;tag=a6c85cf\r\n"
	  "Call-ID: a84b4c76e66710e2b2f1@10.0.0.11\r\n"
	  "CSeq: 314160 BYE\r\n", false },
	{ "200-BYE",
	  "SIP/2.0 200 OK\r\n"
	  "Via: SIP/2.0/UDP 10.0.0.11:5060;branch=z9hG4bK776asdhe0;rport=5060\r\n"
	  "From: \"Alice\" <sip:alice@203.0.113.10>;tag=1928301774\r\n"
	  "To: <sip:bob@203.0.113.10>;tag=a6c85cf\r\n"
	  "Call-ID: a84b4c76e66710e2b2f1@10.0.0.11\r\n"
	  "CSeq: 314160 BYE\r\n", false },
	{ "REGISTER",
	  "REGISTER sip:203.0.113.10 SIP/2.0\r\n"
	  "Via: SIP/2.0/UDP 10.0.0.11:5060;branch=z9hG4bKnashds7;rport\r\n"
	  "Max-Forwards: 70\r\n"
	  "From: <sip:alice@203.0.113.10>;tag=456248\r\n"
	  "To: <sip:alice@203.0.113.10>\r\n"
	  "Call-ID: 843817637684230@10.0.0.11\r\n"
	  "CSeq: 1826 REGISTER\r\n"
	  "Contact: <sip:alice@10.0.0.11:5060>;expires=3600\r\n"
	  "User-Agent: Telephone 1.0.2.3456\r\n", false },
};

static struct sip_msg msg;
static struct sdp sdp;

/* Return: how many session descriptions there are, -1 if it cannot be read. */
__attribute__((noinline)) int bench_parse(const char *data, u32 len)
{
	struct sip_parts walk;
	struct sip_part part;
	int n = 0;

	if (sip_parse(&msg, data, len) != SIPALG_R_OK)
		return -1;
	sip_parts_init(&walk, &msg);
	for (; sip_parts_next(&walk, &part); n++)
		if (sdp_parse(data, part.body, &sdp) != SIPALG_R_OK)
			return -1;
	return n;
}

static int run(const struct message *m, long times)
{
	char data[2048];
	int len;

	len = snprintf(data, sizeof(data), "%s%sContent-Length: %zu\r\n\r\n%s",
		       m->head, m->sdp ? "Content-Type: application/sdp\r\n" : "",
		       m->sdp ? sizeof(sdp_text) - 1 : 0, m->sdp ? sdp_text : "");
	if (len < 0 || (size_t)len >= sizeof(data))
		return 1;
	if (!times)
		return fwrite(data, (size_t)len, 1, stdout) != 1;
	while (times-- > 0)
		if (bench_parse(data, (u32)len) != m->sdp)
			return 1;
	printf("%d\n", len);
	return 0;
}

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc == 3 && i < sizeof(messages) / sizeof(*messages); i++)
		if (!strcmp(argv[1], messages[i].name))
			return run(&messages[i], atol(argv[2]));
	fprintf(stderr, "usage: parse INVITE|180|200|ACK|BYE|200-BYE|REGISTER TIMES\n");
	return 2;
}
