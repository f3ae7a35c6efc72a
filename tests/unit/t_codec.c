// SPDX-License-Identifier: GPL-2.0
/* Formats of media lines by name. */
#include "tap.h"

#define ROOM 16

static const char *text;
static struct sdp sdp;
static u8 codes[ROOM];
static char buf[ROOM * SDP_CODEC_TEXT + 1];

static const char *codecs(const char *lines, u32 max)
{
	const char *data;
	u32 n;

	text = lines;
	data = put(text, strlen(text));
	is_num(sdp_parse(data, all(text), &sdp), SIPALG_R_OK, "it is a description");
	memset(codes, 0, sizeof(codes));
	n = sdp_codecs(data, &sdp.media[0], codes, max);
	buf[sdp_codecs_print(buf, codes, n)] = '\0';
	return buf;
}

static void check(const char *lines, const char *expect)
{
	const char *got = codecs(lines, ROOM);

	ok(strcmp(got, expect) == 0, *expect ? expect : "nothing");
	if (strcmp(got, expect))
		printf("# got \"%s\"\n", got);
}

#define AUDIO(fmts)	"v=0\r\nm=audio 4000 RTP/AVP " fmts "\r\n"

static void names(void)
{
	check(AUDIO("0 8 18 9 3 13"), "PCMU PCMA G729 G722 GSM CN");
	check(AUDIO("0 101") "a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
	      "a=fmtp:101 0-15\r\n", "PCMU telephone-event");
	check(AUDIO("0 101") "a=sendrecv\na=rtpmap:101 TELEPHONE-event/8000",
	      "PCMU telephone-event");
	/* Of another line. */
	check(AUDIO("0 101") "m=audio 4002 RTP/AVP 101\r\na=rtpmap:101 opus/48000/2\r\n",
	      "PCMU 101");
	/* What has no name keeps its number; a static one does not change its name. */
	check(AUDIO("97 8 1 99 127") "a=rtpmap:97 X-NONE/1\r\na=rtpmap:8 opus/48000/2\r\n"
	      "a=rtpmap:99 iLBC/8000\r\n", "97 PCMA 1 iLBC 127");
	check(AUDIO("96 97 98 99 100") "a=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\n"
	      "a=rtpmap:98 H264/90000\r\na=rtpmap:99 rtx/90000\r\na=rtpmap:100 H264/90000\r\n",
	      "VP8 rtx H264");
	check("v=0\r\nm=image 4000 udptl t38\r\n", "t38");
	check("v=0\r\nm=application 9 UDP/BFCP *\r\n", "*");
	check("v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n", "webrtc-datachannel");
	check("v=0\r\nm=application 9 DTLS/SCTP 5000\r\n", "");
	check("v=0\r\nm=audio 4000 RTP/AVP\r\n", "");
	check(AUDIO("128 4294967296 -1 x 0x1 96") "a=rtpmap:96\r\na=rtpmap:\r\na=rtpmap:96 \r\n"
	      "a=rtpmap:96 /8000\r\na=rtpmap:300 opus/1\r\n", "96");
	ok(strcmp(codecs(AUDIO("0 8 9 18"), 2), "PCMU PCMA") == 0, "as many as there is room for");
	/* More than are looked at, and more than have room: no byte is written behind. */
	check(AUDIO("35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 "
		    "61 62 63 64 65 66 67 68 69 70 71 72 73 74 75 76 77 78 79 80 81 82 83 84 85 "
		    "86 87 88 89 90 91 92 93 94 95 96 97 98 99 100 101 102 103 104 105 106 107"),
	      "35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50");
	codes[0] = 0x7f;
	is_num(sdp_codecs_print(buf, codes, 1), 1, "a code that is none is \"?\"");
}

TAP_MAIN(names)
