// SPDX-License-Identifier: GPL-2.0
/*
 * peers FILE N: a SIP library takes the message in FILE apart N times, its
 * session description included, in the way of its own manual. Compiled once
 * for each: PEER_OSIP, PEER_SOFIA, PEER_RE. The work is in bench_parse() alone,
 * giving the memory back included.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(PEER_OSIP)
#include <sys/time.h>
#include <osipparser2/osip_parser.h>
#include <osipparser2/sdp_message.h>

static bool take_apart(const char *data, size_t len)
{
	osip_message_t *msg = NULL;
	osip_body_t *body = NULL;
	sdp_message_t *sdp = NULL;
	bool ok = false;

	if (osip_message_init(&msg))
		return false;
	if (!osip_message_parse(msg, data, len) &&
	    osip_message_get_body(msg, 0, &body) >= 0 && !sdp_message_init(&sdp))
		ok = !sdp_message_parse(sdp, body->body);
	sdp_message_free(sdp);
	osip_message_free(msg);
	return ok;
}

static bool begin(void)
{
	return !parser_init();
}
#elif defined(PEER_SOFIA)
#include <sofia-sip/msg.h>
#include <sofia-sip/sdp.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>

static bool take_apart(const char *data, size_t len)
{
	msg_t *msg = msg_make(sip_default_mclass(), 0, data, (ssize_t)len);
	sip_t *sip = msg ? sip_object(msg) : NULL;
	bool ok = false;

	if (sip && !sip->sip_error && sip->sip_payload) {
		sdp_parser_t *p = sdp_parse(msg_home(msg),
					    sip->sip_payload->pl_data,
					    (issize_t)sip->sip_payload->pl_len, 0);

		ok = !!sdp_session(p);
		sdp_parser_free(p);
	}
	msg_destroy(msg);
	return ok;
}

static bool begin(void)
{
	return true;
}
#elif defined(PEER_RE)
#include <stdint.h>
#include <re.h>

static bool take_apart(const char *data, size_t len)
{
	struct mbuf *mb = mbuf_alloc(len);
	struct sip_msg *msg = NULL;
	struct sdp_session *sdp = NULL;
	struct sdp_media *audio = NULL;
	struct sa local;
	bool ok = false;

	if (!mb || mbuf_write_mem(mb, (const uint8_t *)data, len))
		return false;
	mbuf_set_pos(mb, 0);
	sa_set_str(&local, "203.0.113.10", 0);
	if (!sip_msg_decode(&msg, mb) && !sdp_session_alloc(&sdp, &local) &&
	    !sdp_media_add(&audio, sdp, "audio", 40000, "RTP/AVP"))
		ok = !sdp_decode(sdp, msg->mb, true);
	mem_deref(sdp);
	mem_deref(msg);
	mem_deref(mb);
	return ok;
}

static bool begin(void)
{
	return true;
}
#endif

__attribute__((noinline)) bool bench_parse(const char *data, size_t len)
{
	return take_apart(data, len);
}

int main(int argc, char **argv)
{
	static char data[4096];
	FILE *file = argc == 3 ? fopen(argv[1], "r") : NULL;
	size_t len;
	long n;

	if (!file || !begin())
		return 2;
	len = fread(data, 1, sizeof(data) - 1, file);
	fclose(file);
	/* What a library sets up once is not the message's. */
	if (!take_apart(data, len))
		return 1;
	for (n = atol(argv[2]); n > 0; n--)
		if (!bench_parse(data, len))
			return 1;
	return 0;
}
