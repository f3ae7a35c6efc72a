// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <linux/genetlink.h>

#include "message.h"
#include "sipalg.h"
#include "sipalg_options.h"

/* 2025-01-02T03:04:05.678Z */
#define START	1735787045678ull

struct nlmsghdr *message_start(void *buf, uint8_t cmd, uint16_t flags, uint32_t seq)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = FAKE_FAMILY;
	nlh->nlmsg_flags = flags;
	nlh->nlmsg_seq = seq;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = SIPALG_GENL_VERSION;
	return nlh;
}

void message_put_addr(struct nlmsghdr *nlh, uint16_t attr, const char *text)
{
	unsigned char addr[16];

	if (inet_pton(AF_INET, text, addr) == 1)
		mnl_attr_put(nlh, attr, 4, addr);
	else if (inet_pton(AF_INET6, text, addr) == 1)
		mnl_attr_put(nlh, attr, 16, addr);
}

void message_put_bytes(struct nlmsghdr *nlh, uint16_t attr, const char *data, size_t len)
{
	char copy[4096] = { 0 };

	memcpy(copy, data, len);
	mnl_attr_put(nlh, attr, len + 1, copy);
}

static void put_media(struct nlmsghdr *nlh, uint8_t side, uint8_t line)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, SIPALG_DIALOG_MEDIA);

	mnl_attr_put_u8(nlh, SIPALG_MEDIA_SIDE, side);
	mnl_attr_put_u8(nlh, SIPALG_MEDIA_INDEX, line);
	mnl_attr_put_u8(nlh, SIPALG_MEDIA_KIND, line ? SIPALG_MEDIA_VIDEO : SIPALG_MEDIA_AUDIO);
	mnl_attr_put_u8(nlh, SIPALG_MEDIA_DIRECTION, SIPALG_SENDRECV);
	message_put_addr(nlh, SIPALG_MEDIA_INNER_ADDR, side ? "198.51.100.7" : "192.168.1.10");
	mnl_attr_put_u16(nlh, SIPALG_MEDIA_INNER_PORT, 4000 + 2 * line);
	message_put_addr(nlh, SIPALG_MEDIA_OUTER_ADDR, side ? "198.51.100.7" : "203.0.113.1");
	mnl_attr_put_u16(nlh, SIPALG_MEDIA_OUTER_PORT, 4000 + 2 * line);
	mnl_attr_put_u16(nlh, SIPALG_MEDIA_RTCP_PORT, 4001 + 2 * line);
	mnl_attr_put_u8(nlh, SIPALG_MEDIA_BOUND, !side);
	mnl_attr_put_strz(nlh, SIPALG_MEDIA_CODECS, "PCMU PCMA telephone-event");
	mnl_attr_put_u64(nlh, SIPALG_MEDIA_PACKETS, 500);
	mnl_attr_put_u64(nlh, SIPALG_MEDIA_BYTES, 86000);
	mnl_attr_put_u8(nlh, SIPALG_MEDIA_MUX, 0);
	mnl_attr_nest_end(nlh, nest);
}

void message_put_dialog(struct nlmsghdr *nlh, uint32_t nth)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, SIPALG_A_DIALOG);
	char text[64];

	mnl_attr_put_u32(nlh, SIPALG_DIALOG_ID, nth);
	snprintf(text, sizeof(text), "call-%u@192.168.1.10", nth);
	mnl_attr_put_strz(nlh, SIPALG_DIALOG_CALL_ID, text);
	mnl_attr_put_u8(nlh, SIPALG_DIALOG_STATE, SIPALG_DIALOG_CONFIRMED);
	mnl_attr_put_u8(nlh, SIPALG_DIALOG_END_REASON, SIPALG_END_NONE);
	mnl_attr_put_u16(nlh, SIPALG_DIALOG_STATUS, 200);
	mnl_attr_put_strz(nlh, SIPALG_DIALOG_METHOD, "INVITE");
	mnl_attr_put_strz(nlh, SIPALG_DIALOG_A_URI, "sip:alice@example.com");
	mnl_attr_put_strz(nlh, SIPALG_DIALOG_B_URI, "sip:bob@example.com");
	mnl_attr_put_strz(nlh, SIPALG_DIALOG_A_TAG, "a-tag");
	mnl_attr_put_strz(nlh, SIPALG_DIALOG_B_TAG, "b-tag");
	message_put_addr(nlh, SIPALG_DIALOG_A_ADDR, "192.168.1.10");
	message_put_addr(nlh, SIPALG_DIALOG_B_ADDR, "198.51.100.7");
	mnl_attr_put_u64(nlh, SIPALG_DIALOG_START, START);
	mnl_attr_put_u64(nlh, SIPALG_DIALOG_ANSWER, START + 2000);
	mnl_attr_put_u32(nlh, SIPALG_DIALOG_SESSION_EXPIRES, 1800);
	mnl_attr_put_u32(nlh, SIPALG_DIALOG_EXPIRES_IN, 1700);
	put_media(nlh, 0, 0);
	put_media(nlh, 1, 0);
	mnl_attr_put_u32(nlh, SIPALG_DIALOG_CALL, nth);
	mnl_attr_put_u16(nlh, SIPALG_DIALOG_FORKS, 1);
	mnl_attr_put_u16(nlh, SIPALG_DIALOG_PROVISIONAL, 180);
	mnl_attr_put_u64(nlh, SIPALG_DIALOG_RINGING, START + 100);
	mnl_attr_put_u32(nlh, SIPALG_DIALOG_SETUP, 2000);
	mnl_attr_put_u8(nlh, SIPALG_DIALOG_HELD_BY, SIPALG_PARTY_B);
	mnl_attr_put_u16(nlh, SIPALG_DIALOG_REINVITES, 1);
	mnl_attr_put_u16(nlh, SIPALG_DIALOG_UPDATES, 2);
	mnl_attr_put_u32(nlh, SIPALG_DIALOG_SESSION_LEFT, 1668);
	mnl_attr_put_u8(nlh, SIPALG_DIALOG_REFRESHER, SIPALG_PARTY_A);
	mnl_attr_put_u8(nlh, SIPALG_DIALOG_BYE_BY, SIPALG_PARTY_NONE);
	mnl_attr_put_u8(nlh, SIPALG_DIALOG_REFER_BY, SIPALG_PARTY_A);
	mnl_attr_put_strz(nlh, SIPALG_DIALOG_REFER_TO, "sip:dave@example.com");
	mnl_attr_put_u16(nlh, SIPALG_DIALOG_REFER_STATUS, 202);
	mnl_attr_nest_end(nlh, nest);
}

void message_put_subscription(struct nlmsghdr *nlh, uint32_t nth)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, SIPALG_A_DIALOG);

	mnl_attr_put_u32(nlh, SIPALG_DIALOG_ID, nth);
	mnl_attr_put_strz(nlh, SIPALG_DIALOG_CALL_ID, "watch@192.168.1.10");
	mnl_attr_put_u8(nlh, SIPALG_DIALOG_STATE, SIPALG_DIALOG_CONFIRMED);
	mnl_attr_put_strz(nlh, SIPALG_DIALOG_METHOD, "SUBSCRIBE");
	mnl_attr_put_strz(nlh, SIPALG_DIALOG_A_URI, "sip:alice@example.com");
	mnl_attr_put_strz(nlh, SIPALG_DIALOG_B_URI, "sip:bob@example.com");
	mnl_attr_put_strz(nlh, SIPALG_DIALOG_EVENT, "presence");
	mnl_attr_put_u8(nlh, SIPALG_DIALOG_SUB_STATE, SIPALG_SUBSCRIPTION_PENDING);
	mnl_attr_put_u32(nlh, SIPALG_DIALOG_SUB_EXPIRES, 600);
	mnl_attr_put_u32(nlh, SIPALG_DIALOG_SUB_EXPIRES_IN, 599);
	mnl_attr_put_u32(nlh, SIPALG_DIALOG_NOTIFIES, 3);
	mnl_attr_nest_end(nlh, nest);
}

/* OPTIONS of the registrar; @answered: or one that was not. */
static void put_options(struct nlmsghdr *nlh, uint8_t by, bool answered)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, SIPALG_REG_OPTIONS);

	mnl_attr_put_u8(nlh, SIPALG_OPTIONS_BY, by);
	mnl_attr_put_u64(nlh, SIPALG_OPTIONS_TIME, START);
	mnl_attr_put_u16(nlh, SIPALG_OPTIONS_STATUS, answered ? 200 : 0);
	mnl_attr_put_u16(nlh, SIPALG_OPTIONS_UNANSWERED, answered ? 0 : 4);
	if (answered)
		mnl_attr_put_u32(nlh, SIPALG_OPTIONS_RTT, 12);
	mnl_attr_nest_end(nlh, nest);
}

void message_put_registration(struct nlmsghdr *nlh, uint32_t nth)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, SIPALG_A_REGISTRATION);

	mnl_attr_put_u32(nlh, SIPALG_REG_ID, nth);
	mnl_attr_put_strz(nlh, SIPALG_REG_AOR, "sip:1001@pbx.example.com");
	mnl_attr_put_strz(nlh, SIPALG_REG_CONTACT, "sip:1001@192.168.1.10:5060");
	mnl_attr_put_u8(nlh, SIPALG_REG_STATE, 1);
	mnl_attr_put_u32(nlh, SIPALG_REG_EXPIRES, 3600);
	mnl_attr_put_u32(nlh, SIPALG_REG_EXPIRES_IN, 3599);
	message_put_addr(nlh, SIPALG_REG_REGISTRAR, "198.51.100.7");
	message_put_addr(nlh, SIPALG_REG_INNER_ADDR, "192.168.1.10");
	mnl_attr_put_u16(nlh, SIPALG_REG_INNER_PORT, 5060);
	message_put_addr(nlh, SIPALG_REG_OUTER_ADDR, "203.0.113.1");
	mnl_attr_put_u16(nlh, SIPALG_REG_OUTER_PORT, 5060);
	mnl_attr_put_u8(nlh, SIPALG_REG_PROTOCOL, 17);
	mnl_attr_put_u32(nlh, SIPALG_REG_ASKED, 7200);
	mnl_attr_put_u64(nlh, SIPALG_REG_SINCE, START);
	mnl_attr_put_u64(nlh, SIPALG_REG_REFRESHED, START + 1000);
	mnl_attr_put_u8(nlh, SIPALG_REG_REACHABLE, SIPALG_REACHABLE_YES);
	put_options(nlh, SIPALG_BY_REGISTRAR, true);
	put_options(nlh, SIPALG_BY_PHONE, false);
	mnl_attr_nest_end(nlh, nest);
}

/* Odd ones are IPv6 and have two peers. */
void message_put_binding(struct nlmsghdr *nlh, uint32_t nth)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, SIPALG_A_BINDING);

	mnl_attr_put_u32(nlh, SIPALG_BINDING_ID, nth);
	mnl_attr_put_u8(nlh, SIPALG_BINDING_TYPE, SIPALG_BINDING_MEDIA);
	mnl_attr_put_u8(nlh, SIPALG_BINDING_PROTOCOL, 17);
	mnl_attr_put_u16(nlh, SIPALG_BINDING_ZONE, 0);
	message_put_addr(nlh, SIPALG_BINDING_INNER_ADDR, nth & 1 ? "2001:db8::10" : "192.168.1.10");
	mnl_attr_put_u16(nlh, SIPALG_BINDING_INNER_PORT, 4000);
	message_put_addr(nlh, SIPALG_BINDING_OUTER_ADDR, nth & 1 ? "2001:db8::1" : "203.0.113.1");
	mnl_attr_put_u16(nlh, SIPALG_BINDING_OUTER_PORT, 4000);
	message_put_addr(nlh, SIPALG_BINDING_PEER, nth & 1 ? "2001:db8::7" : "198.51.100.7");
	if (nth & 1)
		message_put_addr(nlh, SIPALG_BINDING_PEER, "2001:db8::8");
	mnl_attr_put_u8(nlh, SIPALG_BINDING_FLOWS, 1);
	mnl_attr_put_strz(nlh, SIPALG_BINDING_OWNER, "call-1@192.168.1.10");
	mnl_attr_nest_end(nlh, nest);
}

void message_put_stream(struct nlmsghdr *nlh, uint32_t nth)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, SIPALG_A_STREAM);

	mnl_attr_put_u32(nlh, SIPALG_STREAM_ID, nth);
	mnl_attr_put_u64(nlh, SIPALG_STREAM_START, START);
	message_put_addr(nlh, SIPALG_STREAM_A_INNER_ADDR, "192.168.1.10");
	mnl_attr_put_u16(nlh, SIPALG_STREAM_A_INNER_PORT, 41000);
	message_put_addr(nlh, SIPALG_STREAM_A_OUTER_ADDR, "203.0.113.1");
	mnl_attr_put_u16(nlh, SIPALG_STREAM_A_OUTER_PORT, 41001);
	mnl_attr_put_u8(nlh, SIPALG_STREAM_A_STATE, SIPALG_STREAM_SIP);
	mnl_attr_put_u8(nlh, SIPALG_STREAM_A_REASON, SIPALG_LEFT_NONE);
	mnl_attr_put_u32(nlh, SIPALG_STREAM_A_MESSAGES, 12);
	mnl_attr_put_u32(nlh, SIPALG_STREAM_A_HELD, 300);
	mnl_attr_put_u32(nlh, SIPALG_STREAM_A_MEMORY, 4096);
	mnl_attr_put_u32(nlh, SIPALG_STREAM_A_OFFSET, 57);
	message_put_addr(nlh, SIPALG_STREAM_B_INNER_ADDR, "198.51.100.7");
	mnl_attr_put_u16(nlh, SIPALG_STREAM_B_INNER_PORT, 5060);
	message_put_addr(nlh, SIPALG_STREAM_B_OUTER_ADDR, "198.51.100.7");
	mnl_attr_put_u16(nlh, SIPALG_STREAM_B_OUTER_PORT, 5060);
	mnl_attr_put_u8(nlh, SIPALG_STREAM_B_STATE, SIPALG_STREAM_LEFT_ALONE);
	mnl_attr_put_u8(nlh, SIPALG_STREAM_B_REASON, SIPALG_LEFT_STALLED);
	mnl_attr_put_u32(nlh, SIPALG_STREAM_B_MESSAGES, 11);
	mnl_attr_put_u32(nlh, SIPALG_STREAM_B_HELD, 0);
	mnl_attr_put_u32(nlh, SIPALG_STREAM_B_MEMORY, 0);
	mnl_attr_put_u32(nlh, SIPALG_STREAM_B_OFFSET, (uint32_t)-44);
	mnl_attr_nest_end(nlh, nest);
}

void message_put_status(struct nlmsghdr *nlh)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, SIPALG_A_STATUS);

	mnl_attr_put_strz(nlh, SIPALG_STATUS_VERSION, "0.1.0");
	mnl_attr_put_u8(nlh, SIPALG_STATUS_ENABLED, 1);
	mnl_attr_put_u32(nlh, SIPALG_STATUS_DIALOGS, 2);
	mnl_attr_put_u32(nlh, SIPALG_STATUS_REGISTRATIONS, 1);
	mnl_attr_put_u32(nlh, SIPALG_STATUS_BINDINGS, 4);
	mnl_attr_put_u32(nlh, SIPALG_STATUS_DIALOGS_MAX, 65536);
	mnl_attr_put_u32(nlh, SIPALG_STATUS_REGISTRATIONS_MAX, 65536);
	mnl_attr_put_u32(nlh, SIPALG_STATUS_BINDINGS_MAX, 262144);
	mnl_attr_put_u16(nlh, SIPALG_STATUS_PORT, 5060);
	mnl_attr_put_u16(nlh, SIPALG_STATUS_MEDIA_PORT_MIN, 10000);
	mnl_attr_put_u16(nlh, SIPALG_STATUS_MEDIA_PORT_MAX, 65535);
	mnl_attr_put_u32(nlh, SIPALG_STATUS_CALLS_TRYING, 1);
	mnl_attr_put_u32(nlh, SIPALG_STATUS_CALLS_RINGING, 2);
	mnl_attr_put_u32(nlh, SIPALG_STATUS_CALLS_ANSWERED, 3);
	mnl_attr_put_u32(nlh, SIPALG_STATUS_CALLS_HELD, 1);
	mnl_attr_put_u32(nlh, SIPALG_STATUS_SUBSCRIPTIONS, 5);
	mnl_attr_put_u32(nlh, SIPALG_STATUS_STREAMS, 3);
	mnl_attr_put_u32(nlh, SIPALG_STATUS_STREAMS_MAX, 65536);
	mnl_attr_put_u64(nlh, SIPALG_STATUS_STREAM_BYTES, 4396);
	mnl_attr_put_u64(nlh, SIPALG_STATUS_STREAM_BYTES_MAX, 67108864);
	mnl_attr_nest_end(nlh, nest);
}

void message_put_stats(struct nlmsghdr *nlh, unsigned int count)
{
	uint64_t values[128];

	for (unsigned int i = 0; i < count; i++)
		values[i] = i * 10;
	mnl_attr_put(nlh, SIPALG_A_STATS, count * sizeof(values[0]), values);
}

struct nlmsghdr *message_error(void *buf, uint32_t seq, int error, const char *words)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nlmsgerr *err;

	nlh->nlmsg_type = NLMSG_ERROR;
	nlh->nlmsg_flags = NLM_F_CAPPED;
	nlh->nlmsg_seq = seq;
	err = mnl_nlmsg_put_extra_header(nlh, sizeof(*err));
	err->error = -error;
	if (words) {
		nlh->nlmsg_flags |= NLM_F_ACK_TLVS;
		mnl_attr_put_u32(nlh, NLMSGERR_ATTR_OFFS, 20);
		mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, words);
	}
	return nlh;
}

void message_put_policy(struct nlmsghdr *nlh, uint32_t min, uint32_t max)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, NLMSGERR_ATTR_POLICY);

	mnl_attr_put_u32(nlh, NL_POLICY_TYPE_ATTR_MIN_LENGTH, min);
	mnl_attr_put_u32(nlh, NL_POLICY_TYPE_ATTR_MAX_LENGTH, max);
	mnl_attr_nest_end(nlh, nest);
}

struct nlmsghdr *message_done(void *buf, uint32_t seq, int error, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	int *result;

	nlh->nlmsg_type = NLMSG_DONE;
	nlh->nlmsg_flags = NLM_F_MULTI | flags;
	nlh->nlmsg_seq = seq;
	result = mnl_nlmsg_put_extra_header(nlh, sizeof(*result));
	*result = -error;
	return nlh;
}

void message_put_rule(struct nlmsghdr *nlh, uint32_t nth)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, SIPALG_A_RULE), *part;

	mnl_attr_put_u32(nlh, SIPALG_RULE_ID, nth);
	mnl_attr_put_strz(nlh, SIPALG_RULE_NAME, "trunk");
	mnl_attr_put_u8(nlh, SIPALG_RULE_ACTION, SIPALG_ACTION_ALG);
	mnl_attr_put_strz(nlh, SIPALG_RULE_IIF, "lan");
	part = mnl_attr_nest_start(nlh, SIPALG_RULE_SRC);
	message_put_addr(nlh, SIPALG_PREFIX_ADDR, "192.168.1.0");
	mnl_attr_put_u8(nlh, SIPALG_PREFIX_LEN, 24);
	mnl_attr_nest_end(nlh, part);
	mnl_attr_put_u8(nlh, SIPALG_RULE_PROTOCOL, 17);
	mnl_attr_put_u16(nlh, SIPALG_RULE_PORT_MIN, 5060);
	mnl_attr_put_u16(nlh, SIPALG_RULE_PORT_MAX, 5059 + nth);
	mnl_attr_put_u32(nlh, SIPALG_RULE_MARK, 0x10);
	mnl_attr_put_u32(nlh, SIPALG_RULE_MASK, 0xff);
	part = mnl_attr_nest_start(nlh, SIPALG_RULE_OPTIONS);
	mnl_attr_put_u32(nlh, SIPALG_O_MALFORMED + 1, SIPALG_FATE_DROP);
	mnl_attr_put_u32(nlh, SIPALG_O_RATE + 1, 50);
	mnl_attr_nest_end(nlh, part);
	part = mnl_attr_nest_start(nlh, SIPALG_RULE_RATES);
	mnl_attr_put_u32(nlh, SIPALG_METHOD_INVITE + 1, 5);
	mnl_attr_nest_end(nlh, part);
	mnl_attr_put_u64(nlh, SIPALG_RULE_FLOWS, 12);
	mnl_attr_nest_end(nlh, nest);
}
