// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

#include "error.h"
#include "extack.h"
#include "family.h"
#include "nl.h"
#include "sipalg.h"

#ifndef SO_MEMINFO
#define SO_MEMINFO	55
#endif

/* The kernel fills up to 32 KiB per read of a dump. */
#define RECV_SIZE	65536

/* Events of a busy second, so that a slow terminal loses none. */
#define EVENT_BUFFER	(4 << 20)

static enum nl_state read_error(struct nl *nl, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	size_t fixed = sizeof(*err);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*err)) {
		nl->error = EBADMSG;
		return NL_FAILED;
	}
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED) && err->msg.nlmsg_len > sizeof(err->msg))
		fixed += err->msg.nlmsg_len - sizeof(err->msg);
	nl->error = -err->error;
	extack_read(nl->extack, sizeof(nl->extack), nlh, fixed, nl->request);
	return err->error ? NL_FAILED : NL_DONE;
}

/* A dump ends with an int: 0, or why it broke off. */
static enum nl_state read_done(struct nl *nl, const struct nlmsghdr *nlh)
{
	int result;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(result))
		return NL_DONE;
	memcpy(&result, mnl_nlmsg_get_payload(nlh), sizeof(result));
	if (result >= 0)
		return NL_DONE;
	nl->error = -result;
	extack_read(nl->extack, sizeof(nl->extack), nlh, sizeof(result), nl->request);
	return NL_FAILED;
}

enum nl_state nl_walk(struct nl *nl, const void *buf, size_t size, nl_cb cb, void *data)
{
	const struct nlmsghdr *nlh = buf;
	int len = size;

	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		if (nl->seq && nlh->nlmsg_seq != nl->seq)
			continue;
		if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
			nl->interrupted = true;
		if (nlh->nlmsg_type == NLMSG_ERROR)
			return read_error(nl, nlh);
		if (nlh->nlmsg_type == NLMSG_DONE)
			return read_done(nl, nlh);
		if (!nl->seq && family_is_gone(nlh, nl->family)) {
			nl->error = ENODEV;
			strcpy(nl->extack, "the module was unloaded");
			return NL_FAILED;
		}
		if (nlh->nlmsg_type != nl->family)
			continue;
		if (cb(nlh, data))
			return NL_FAILED;
	}
	return NL_MORE;
}

void nl_request(struct nl *nl, union nl_request *req, uint8_t cmd, uint16_t flags)
{
	struct genlmsghdr *genl;

	mnl_nlmsg_put_header(req);
	req->nlh.nlmsg_type = nl->family;
	req->nlh.nlmsg_flags = NLM_F_REQUEST | flags;
	req->nlh.nlmsg_seq = ++nl->seq;
	genl = mnl_nlmsg_put_extra_header(&req->nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = nl->family == GENL_ID_CTRL ? 1 : SIPALG_GENL_VERSION;
}

/* A request has to fit into the socket's buffer, a large one too. */
static void make_room(struct nl *nl, size_t len)
{
	int fd = mnl_socket_get_fd(nl->sock), size = len + 4096;

	if (len <= sizeof(union nl_request))
		return;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

int nl_talk(struct nl *nl, union nl_request *req, nl_cb cb, void *data)
{
	static char buf[RECV_SIZE] __attribute__((aligned(8)));
	enum nl_state state;
	ssize_t n;

	nl->error = 0;
	nl->interrupted = false;
	nl->extack[0] = '\0';
	nl->request = &req->nlh;
	make_room(nl, req->nlh.nlmsg_len);
	if (mnl_socket_sendto(nl->sock, req, req->nlh.nlmsg_len) < 0) {
		nl->error = errno;
		return -1;
	}
	do {
		n = mnl_socket_recvfrom(nl->sock, buf, sizeof(buf));
		if (n < 0 && errno == EINTR) {
			state = NL_MORE;
			continue;
		}
		if (n < 0) {
			nl->error = errno;
			return -1;
		}
		state = nl_walk(nl, buf, n, cb, data);
	} while (state == NL_MORE);
	return nl->error ? -1 : 0;
}

/* How many events the socket has lost since it was last asked. */
static uint32_t new_drops(struct nl *nl)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(info);
	uint32_t before = nl->drops;

	if (getsockopt(mnl_socket_get_fd(nl->sock), SOL_SOCKET, SO_MEMINFO, info, &len) < 0)
		return 0;
	nl->drops = info[SK_MEMINFO_DROPS];
	return nl->drops - before;
}

/*
 * After ENOBUFS the kernel drops until all that waits has been read. So only
 * then is it known how many, and that is where they are missing.
 */
static bool drained(struct nl *nl)
{
	struct pollfd fd = { .fd = mnl_socket_get_fd(nl->sock), .events = POLLIN };

	return poll(&fd, 1, 0) == 0;
}

int nl_listen(struct nl *nl, nl_cb cb, void (*lost)(uint32_t count, void *data), void *data)
{
	static char buf[RECV_SIZE] __attribute__((aligned(8)));
	int size = EVENT_BUFFER, fd = mnl_socket_get_fd(nl->sock);
	int families = GENL_ID_CTRL;	/* so is the group that tells of families */
	bool losing = false;
	ssize_t n;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	mnl_socket_setsockopt(nl->sock, NETLINK_ADD_MEMBERSHIP, &families, sizeof(families));
	if (mnl_socket_setsockopt(nl->sock, NETLINK_ADD_MEMBERSHIP, &nl->group,
				  sizeof(nl->group)) < 0) {
		nl->error = errno;
		return -1;
	}
	if (nl->all && mnl_socket_setsockopt(nl->sock, NETLINK_ADD_MEMBERSHIP, &nl->messages,
					     sizeof(nl->messages)) < 0) {
		nl->error = errno;
		return -1;
	}
	nl->seq = 0;
	for (;;) {
		if (losing && drained(nl)) {
			lost(new_drops(nl), data);
			losing = false;
		}
		n = mnl_socket_recvfrom(nl->sock, buf, sizeof(buf));
		if (n < 0 && errno == ENOBUFS) {
			losing = true;
		} else if (n < 0 && errno != EINTR) {
			nl->error = errno;
			return -1;
		} else if (n > 0 && nl_walk(nl, buf, n, cb, data) == NL_FAILED) {
			return nl->error ? -1 : 0;
		}
	}
}

int nl_open(struct nl *nl)
{
	int on = 1;

	*nl = (struct nl){ .seq = time(NULL) };
	nl->sock = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!nl->sock || mnl_socket_bind(nl->sock, 0, MNL_SOCKET_AUTOPID) < 0) {
		error_say("cannot open a netlink socket: %s", strerror(errno));
		return -1;
	}
	/* Without these the answer is only less helpful. */
	mnl_socket_setsockopt(nl->sock, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(nl->sock, NETLINK_CAP_ACK, &on, sizeof(on));
	return family_find(nl);
}

void nl_close(struct nl *nl)
{
	if (nl->sock)
		mnl_socket_close(nl->sock);
	nl->sock = NULL;
}

static const char *hint(int error)
{
	switch (error) {
	case EPERM:
	case EACCES:
		return "; CAP_NET_ADMIN is needed in this network namespace: run it as root";
	case EOPNOTSUPP:
		return "; the module that is loaded does not know this command: "
		       "is it older than sipalgctl?";
	case ENOMEM:
	case ENOBUFS:
		return "; try again when there is more memory";
	}
	return "";
}

void nl_error_say(const struct nl *nl, const char *what)
{
	error_say("%s: %s%s", what, nl->extack[0] ? nl->extack : strerror(nl->error),
		  hint(nl->error));
}
