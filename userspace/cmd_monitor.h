/* SPDX-License-Identifier: GPL-2.0 */
/* For the tests: what reads events. */
#ifndef SIPALGCTL_CMD_MONITOR_H
#define SIPALGCTL_CMD_MONITOR_H

#include "cmd.h"

int monitor_message(const struct nlmsghdr *nlh, void *ctx);
void monitor_lost(uint32_t count, void *ctx);

/* monitor --cdr. Returns the exit code. */
int monitor_cdr(struct ctx *ctx);

#endif
