/* SPDX-License-Identifier: GPL-2.0 */
/* For the tests: what reads the answer. */
#ifndef SIPALGCTL_CMD_STATS_H
#define SIPALGCTL_CMD_STATS_H

#include "cmd.h"

struct stats_walk {
	struct ctx *ctx;
	bool found;
};

int stats_message(const struct nlmsghdr *nlh, void *walk);

#endif
