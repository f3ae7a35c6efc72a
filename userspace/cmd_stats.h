/* SPDX-License-Identifier: GPL-2.0 */
/* For the tests: what reads the answer. */
#ifndef SIPALGCTL_CMD_STATS_H
#define SIPALGCTL_CMD_STATS_H

#include "cmd.h"

struct stats_walk {
	struct ctx *ctx;
	bool found;
};

/*
 * Prints the reasons for which most messages were left alone or dropped, with
 * their sentences, as a part of a group. Returns the exit code.
 */
int stats_left_alone(struct ctx *ctx, const char *key);

int stats_message(const struct nlmsghdr *nlh, void *walk);

#endif
