/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The transport: a generic netlink socket, requests and their answers, dumps
 * and events. Nothing here knows what is inside of a message.
 */
#ifndef SIPALGCTL_NL_H
#define SIPALGCTL_NL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <libmnl/libmnl.h>

/**
 * struct nl - a socket, and what came of the last request
 * @sock: the socket
 * @family: the family's number
 * @group: the number of its group of events
 * @messages: and of that of messages, 0: the module has none
 * @all: nl_listen() is to hear messages too
 * @request: the last one, while it is talked about
 * @seq: of the last request, 0 for events
 * @drops: events that the socket had lost when it was last asked
 * @interrupted: the table changed while it was dumped
 * @error: errno of the last request, 0 if it went well
 * @extack: the kernel's words about it, empty if there are none
 */
struct nl {
	struct mnl_socket *sock;
	uint16_t family;
	uint32_t group;
	uint32_t messages;
	bool all;
	const struct nlmsghdr *request;
	uint32_t seq;
	uint32_t drops;
	bool interrupted;
	int error;
	char extack[256];
};

/* Gets each message of the family; anything but 0 ends the request. */
typedef int (*nl_cb)(const struct nlmsghdr *nlh, void *data);

/*
 * A request is built in one of these, where an attribute may be 4 KiB; or in
 * memory that begins with one, for requests that are larger.
 */
union nl_request {
	struct nlmsghdr nlh;
	char buf[8192];
};

/* Returns 0 or -1 after an error message. */
int nl_open(struct nl *nl);
void nl_close(struct nl *nl);

/*
 * Starts a request; attributes are appended to req->nlh with
 * mnl_attr_put_*_check(..., sizeof(*req), ...).
 */
void nl_request(struct nl *nl, union nl_request *req, uint8_t cmd, uint16_t flags);

/*
 * Sends a request, with NLM_F_DUMP or NLM_F_ACK, and reads all of its answer.
 * Returns 0, or -1 with @error set; 0 if the callback failed it.
 */
int nl_talk(struct nl *nl, union nl_request *req, nl_cb cb, void *data);

/*
 * Reads events until the callback ends it, the socket fails or the module is
 * unloaded. @lost is told how many were lost, after those that came before.
 */
int nl_listen(struct nl *nl, nl_cb cb, void (*lost)(uint32_t count, void *data), void *data);

/* Says why @what failed, and what to do about it. */
void nl_error_say(const struct nl *nl, const char *what);

/* For nl_talk() and nl_listen(), and the tests: one read from the socket. */
enum nl_state { NL_MORE, NL_DONE, NL_FAILED };
enum nl_state nl_walk(struct nl *nl, const void *buf, size_t len, nl_cb cb, void *data);

#endif
