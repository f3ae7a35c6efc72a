/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Policy as netlink attributes.
 */
#ifndef SIPALG_POLICY_GENL_H
#define SIPALG_POLICY_GENL_H

struct genl_info;
struct netlink_callback;
struct sk_buff;

/* SIPALG_CMD_POLICY_SET and SIPALG_CMD_POLICY_GET; under the genl mutex. */
int sipalg_policy_set_doit(struct sk_buff *skb, struct genl_info *info);
int sipalg_policy_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);

#endif
