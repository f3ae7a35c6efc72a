// SPDX-License-Identifier: GPL-2.0
/*
 * sipalgctl with a fake kernel: these functions take the place of libmnl's
 * socket. The environment variable FAKE chooses how the kernel behaves.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/genetlink.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include "message.h"
#include "sipalg.h"
#include "sipalg_reasons.h"

#define MANY	100000

/* What the socket will give, in order: messages, errors, or many dialogs. */
static struct answer {
	struct nlmsghdr *nlh;
	int error;
	unsigned int left;
} queue[32];
static unsigned int queued, taken;
static unsigned int dumps;
static int sockets[2];

static bool is(const char *name)
{
	const char *fake = getenv("FAKE");

	return fake && strcmp(fake, name) == 0;
}

static void push(const struct nlmsghdr *nlh)
{
	struct nlmsghdr *copy = malloc(nlh->nlmsg_len);

	memcpy(copy, nlh, nlh->nlmsg_len);
	queue[queued++].nlh = copy;
}

static char buf[65536] __attribute__((aligned(8)));

static void answer_family(uint32_t seq)
{
	struct nlattr *groups, *group;
	struct nlmsghdr *nlh;

	if (is("absent")) {
		push(message_error(buf, seq, ENOENT, NULL));
		return;
	}
	nlh = message_start(buf, CTRL_CMD_NEWFAMILY, 0, seq);
	nlh->nlmsg_type = GENL_ID_CTRL;
	mnl_attr_put_u16(nlh, CTRL_ATTR_FAMILY_ID, FAKE_FAMILY);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, "sipalg");
	groups = mnl_attr_nest_start(nlh, CTRL_ATTR_MCAST_GROUPS);
	group = mnl_attr_nest_start(nlh, 1);
	mnl_attr_put_u32(nlh, CTRL_ATTR_MCAST_GRP_ID, 7);
	mnl_attr_put_strz(nlh, CTRL_ATTR_MCAST_GRP_NAME, "events");
	mnl_attr_nest_end(nlh, group);
	mnl_attr_nest_end(nlh, groups);
	push(nlh);
	push(message_error(buf, seq, 0, NULL));
}

/* Bytes that a SIP message may well have in these places. */
static void put_nasty(struct nlmsghdr *nlh)
{
	static const char call_id[] = "\x1b]0;owned\x07\"\\\xff\xc0\xaf\xc3\xa9\xe2\x80\xae\0z\n";
	struct nlattr *nest = mnl_attr_nest_start(nlh, SIPALG_A_DIALOG);

	mnl_attr_put_u32(nlh, SIPALG_DIALOG_ID, 1);
	message_put_bytes(nlh, SIPALG_DIALOG_CALL_ID, call_id, sizeof(call_id) - 1);
	message_put_bytes(nlh, SIPALG_DIALOG_METHOD, "", 0);
	message_put_bytes(nlh, SIPALG_DIALOG_A_URI, "sip:\xf0\x9f\x93\x9e@x\xe2", 11);
	mnl_attr_nest_end(nlh, nest);
}

/* Attributes and values that this sipalgctl does not know. */
static void put_newer(struct nlmsghdr *nlh)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, SIPALG_A_DIALOG);

	mnl_attr_put_u32(nlh, SIPALG_DIALOG_ID, 1);
	mnl_attr_put_u8(nlh, SIPALG_DIALOG_STATE, 77);
	mnl_attr_put_u32(nlh, 200, 12345);
	mnl_attr_put_strz(nlh, 201, "what");
	mnl_attr_put_u64(nlh, 202, UINT64_MAX);
	mnl_attr_put_u32(nlh, 200, 6);
	mnl_attr_nest_end(nlh, nest);
	mnl_attr_put_u32(nlh, 300, 1);
}

static void put_broken(struct nlmsghdr *nlh)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, SIPALG_A_DIALOG);

	mnl_attr_put_u16(nlh, SIPALG_DIALOG_ID, 1);
	mnl_attr_nest_end(nlh, nest);
}

static void answer_dump(uint8_t cmd, uint32_t seq, unsigned int count,
			void (*put)(struct nlmsghdr *nlh, uint32_t nth))
{
	uint16_t intr = 0;

	dumps++;
	if (is("late-intr") || (is("early-intr") && dumps < 3))
		intr = NLM_F_DUMP_INTR;
	if (is("empty") || (is("early-intr") && dumps < 3) || is("always-intr"))
		count = 0;
	if (is("always-intr"))
		intr = NLM_F_DUMP_INTR;
	if (is("many")) {
		queue[queued].error = seq;
		queue[queued++].left = MANY;
		count = 0;
	}
	for (unsigned int i = 1; i <= count; i++) {
		struct nlmsghdr *nlh = message_start(buf, cmd, NLM_F_MULTI | intr, seq);

		if (is("nasty"))
			put_nasty(nlh);
		else if (is("newer"))
			put_newer(nlh);
		else if (is("broken") && i == 2)
			put_broken(nlh);
		else
			put(nlh, i);
		if (is("cut") && i == 2)
			nlh->nlmsg_len -= 300;
		push(nlh);
	}
	push(message_done(buf, seq, is("late-error") ? EIO : 0, intr));
}

static void push_event(uint32_t event, void (*put)(struct nlmsghdr *nlh, uint32_t nth))
{
	struct nlmsghdr *nlh = message_start(buf, SIPALG_CMD_EVENT, 0, 0);

	mnl_attr_put_u32(nlh, SIPALG_A_EVENT, event);
	mnl_attr_put_u64(nlh, SIPALG_A_TIME, 1735787045678ull);
	if (put)
		put(nlh, 1);
	push(nlh);
}

static void put_message(struct nlmsghdr *nlh, uint32_t nth)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, SIPALG_A_MESSAGE);

	mnl_attr_put_strz(nlh, SIPALG_MSG_CALL_ID, "call-1@192.168.1.10");
	mnl_attr_put_strz(nlh, SIPALG_MSG_METHOD, "INVITE");
	mnl_attr_put_u16(nlh, SIPALG_MSG_STATUS, 180);
	mnl_attr_put_u32(nlh, SIPALG_MSG_REASON, nth ? SIPALG_R_TRANSLATED : SIPALG_R_COUNT);
	message_put_addr(nlh, SIPALG_MSG_SRC_ADDR, "2001:db8::7");
	mnl_attr_put_u16(nlh, SIPALG_MSG_SRC_PORT, 5060);
	message_put_addr(nlh, SIPALG_MSG_DST_ADDR, "192.168.1.10");
	mnl_attr_put_u16(nlh, SIPALG_MSG_DST_PORT, 5060);
	mnl_attr_nest_end(nlh, nest);
}

/* Another family goes, and then sipalg's. */
static void push_gone(uint16_t family)
{
	struct nlmsghdr *nlh = message_start(buf, CTRL_CMD_DELFAMILY, 0, 0);

	nlh->nlmsg_type = GENL_ID_CTRL;
	mnl_attr_put_u16(nlh, CTRL_ATTR_FAMILY_ID, family);
	push(nlh);
}

static void push_events(void)
{
	push_event(SIPALG_EVENT_DIALOG_NEW, message_put_dialog);
	push_event(SIPALG_EVENT_REGISTERED, message_put_registration);
	queue[queued++].error = ENOBUFS;
	push_event(SIPALG_EVENT_MESSAGE, put_message);
	push_event(99, NULL);
	push_gone(FAKE_FAMILY - 1);
	if (is("unload"))
		push_gone(FAKE_FAMILY);
}

static const struct nlattr *find(const struct nlmsghdr *nlh, uint16_t type)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) == type)
			return attr;
	}
	return NULL;
}

static uint32_t id_of(const struct nlmsghdr *nlh)
{
	const struct nlattr *attr = find(nlh, SIPALG_A_ID);

	return attr ? mnl_attr_get_u32(attr) : 0;
}

/* As many calls as there are, or subscriptions where only those are asked for. */
static void answer_dialogs(const struct nlmsghdr *nlh)
{
	const struct nlattr *kind = find(nlh, SIPALG_A_KIND);

	if (kind && mnl_attr_get_u8(kind) == SIPALG_KIND_SUBSCRIPTION)
		answer_dump(SIPALG_CMD_DIALOG_GET, nlh->nlmsg_seq, 1, message_put_subscription);
	else
		answer_dump(SIPALG_CMD_DIALOG_GET, nlh->nlmsg_seq,
			    is("nasty") || kind ? 1 : is("busy") ? 20 : 2, message_put_dialog);
}

/* How many rules there are to be, and the last port of each of the first ones. */
static void show_policy(const struct nlmsghdr *nlh)
{
	const struct nlattr *attr, *part;
	unsigned int n = 0;

	mnl_attr_for_each(attr, nlh, GENL_HDRLEN) {
		if (n++ >= 4)
			continue;
		mnl_attr_for_each_nested(part, attr) {
			if (mnl_attr_get_type(part) == SIPALG_RULE_PORT_MAX)
				printf("%u ", mnl_attr_get_u16(part));
		}
	}
	printf("%u rules\n", n);
}

static void answer(const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	uint32_t seq = nlh->nlmsg_seq;
	struct nlmsghdr *reply;

	if (nlh->nlmsg_type == GENL_ID_CTRL) {
		answer_family(seq);
		return;
	}
	if (is("eperm")) {
		push(message_error(buf, seq, EPERM, NULL));
		return;
	}
	if (is("policy")) {
		reply = message_error(buf, seq, EINVAL, "Attribute failed policy validation");
		message_put_policy(reply, 1, 255);
		push(reply);
		return;
	}
	if (is("refused")) {
		push(message_error(buf, seq, ENOENT, "no dialog has this id"));
		return;
	}
	reply = message_start(buf, genl->cmd, 0, seq);
	if (is("quiet") && genl->cmd == SIPALG_CMD_STATS_GET) {
		message_put_stats(reply, 2);
		push(reply);
		push(message_error(buf, seq, 0, NULL));
		return;
	}
	switch (genl->cmd) {
	case SIPALG_CMD_STATUS_GET:
		message_put_status(reply);
		break;
	case SIPALG_CMD_STATS_GET:
		message_put_stats(reply, is("newer") ? SIPALG_R_COUNT + 2 : SIPALG_R_COUNT);
		break;
	case SIPALG_CMD_DIALOG_GET:
		if (nlh->nlmsg_flags & NLM_F_DUMP) {
			answer_dialogs(nlh);
			return;
		}
		if (is("nasty"))
			put_nasty(reply);
		else if (is("newer"))
			put_newer(reply);
		else
			message_put_dialog(reply, 7);
		break;
	case SIPALG_CMD_REGISTRATION_GET:
		if (nlh->nlmsg_flags & NLM_F_DUMP) {
			answer_dump(genl->cmd, seq, 1, message_put_registration);
			return;
		}
		message_put_registration(reply, id_of(nlh));
		break;
	case SIPALG_CMD_BINDING_GET:
		if (nlh->nlmsg_flags & NLM_F_DUMP) {
			answer_dump(genl->cmd, seq, 2, message_put_binding);
			return;
		}
		message_put_binding(reply, id_of(nlh));
		break;
	case SIPALG_CMD_STREAM_GET:
		if (nlh->nlmsg_flags & NLM_F_DUMP) {
			answer_dump(genl->cmd, seq, 2, message_put_stream);
			return;
		}
		message_put_stream(reply, 7);
		break;
	case SIPALG_CMD_POLICY_GET:
		answer_dump(genl->cmd, seq, 2, message_put_rule);
		return;
	case SIPALG_CMD_POLICY_SET:
		show_policy(nlh);
		push(message_error(buf, seq, 0, NULL));
		return;
	case SIPALG_CMD_ENABLE:
	case SIPALG_CMD_DISABLE:
		push(message_error(buf, seq, is("already") ? EALREADY : 0,
				   is("already") ? "it is so already" : NULL));
		return;
	}
	push(reply);
	push(message_error(buf, seq, 0, NULL));
}

struct mnl_socket *mnl_socket_open2(int bus, int flags)
{
	(void)bus;
	if (socketpair(AF_UNIX, SOCK_DGRAM | flags, 0, sockets) < 0)
		return NULL;
	return (struct mnl_socket *)sockets;
}

int mnl_socket_bind(struct mnl_socket *nl, unsigned int groups, pid_t pid)
{
	(void)nl;
	(void)groups;
	(void)pid;
	return 0;
}

int mnl_socket_close(struct mnl_socket *nl)
{
	(void)nl;
	for (; taken < queued; taken++)
		free(queue[taken].nlh);
	close(sockets[1]);
	return close(sockets[0]);
}

int mnl_socket_get_fd(const struct mnl_socket *nl)
{
	return *(const int *)nl;
}

int mnl_socket_setsockopt(const struct mnl_socket *nl, int type, void *value, socklen_t len)
{
	(void)nl;
	(void)len;
	if (type != NETLINK_ADD_MEMBERSHIP || *(uint32_t *)value == GENL_ID_CTRL)
		return 0;
	if (*(uint32_t *)value != 7) {
		errno = EINVAL;
		return -1;
	}
	push_events();
	return 0;
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	(void)fd;
	(void)level;
	(void)name;
	memset(value, 0, *len);
	((uint32_t *)value)[SK_MEMINFO_DROPS] = 12;
	return 0;
}

ssize_t mnl_socket_sendto(const struct mnl_socket *nl, const void *request, size_t len)
{
	(void)nl;
	answer(request);
	return len;
}

/* Made when they are read, so that it can be seen what memory the tool takes. */
static size_t read_many(char *to)
{
	struct nlmsghdr *nlh;
	size_t len = 0;

	for (; len < 16384 && queue[taken].left; len += MNL_ALIGN(nlh->nlmsg_len)) {
		nlh = message_start(to + len, SIPALG_CMD_DIALOG_GET, NLM_F_MULTI,
				    queue[taken].error);
		message_put_dialog(nlh, MANY + 1 - queue[taken].left--);
	}
	if (!queue[taken].left)
		taken++;
	return len;
}

/* What waits comes together, as far as it fits. */
ssize_t mnl_socket_recvfrom(const struct mnl_socket *nl, void *to, size_t size)
{
	size_t len = 0;

	(void)nl;
	if (taken < queued && queue[taken].left)
		return read_many(to);
	while (taken < queued && queue[taken].nlh &&
	       len + queue[taken].nlh->nlmsg_len <= size && len < size / 4) {
		memcpy((char *)to + len, queue[taken].nlh, queue[taken].nlh->nlmsg_len);
		len += MNL_ALIGN(queue[taken].nlh->nlmsg_len);
		free(queue[taken++].nlh);
	}
	if (len)
		return len;
	errno = taken < queued ? queue[taken++].error : ENETDOWN;
	return -1;
}
