/* SPDX-License-Identifier: GPL-2.0 */
/* How rules become text, for the tests. */
#ifndef SIPALGCTL_CMD_POLICY_H
#define SIPALGCTL_CMD_POLICY_H

#include "cmd.h"

struct policy_walk {
	struct ctx *ctx;
	bool failed;	/* after an error message */
};

/* nl_cb for a message of a dump. */
int policy_message(const struct nlmsghdr *nlh, void *walk);

#endif
