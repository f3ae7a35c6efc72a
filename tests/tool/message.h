/* SPDX-License-Identifier: GPL-2.0 */
/* Netlink messages as the module would send them. */
#ifndef TESTS_TOOL_MESSAGE_H
#define TESTS_TOOL_MESSAGE_H

#include <stdint.h>
#include <libmnl/libmnl.h>

#define FAKE_FAMILY	42

/* Starts a message of the family in @buf. */
struct nlmsghdr *message_start(void *buf, uint8_t cmd, uint16_t flags, uint32_t seq);

/* An IPv4 or IPv6 address. */
void message_put_addr(struct nlmsghdr *nlh, uint16_t attr, const char *text);

/* A string of any bytes; the NUL at its end is added. */
void message_put_bytes(struct nlmsghdr *nlh, uint16_t attr, const char *data, size_t len);

/* An answered call with two media lines; @nth makes it differ from others. */
void message_put_dialog(struct nlmsghdr *nlh, uint32_t nth);
void message_put_subscription(struct nlmsghdr *nlh, uint32_t nth);
void message_put_registration(struct nlmsghdr *nlh, uint32_t nth);
void message_put_stream(struct nlmsghdr *nlh, uint32_t nth);
void message_put_rule(struct nlmsghdr *nlh, uint32_t nth);
void message_put_binding(struct nlmsghdr *nlh, uint32_t nth);
void message_put_status(struct nlmsghdr *nlh);

/* @count counters; the nth has the value n * 10. */
void message_put_stats(struct nlmsghdr *nlh, unsigned int count);

/* A refusal; @words may be NULL. */
struct nlmsghdr *message_error(void *buf, uint32_t seq, int error, const char *words);

/* Behind an error: what the attribute's length has to be. */
void message_put_policy(struct nlmsghdr *nlh, uint32_t min, uint32_t max);

/* The end of a dump. */
struct nlmsghdr *message_done(void *buf, uint32_t seq, int error, uint16_t flags);

#endif
