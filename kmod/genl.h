/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The generic netlink family, and what it shows of things.
 */
#ifndef SIPALG_GENL_H
#define SIPALG_GENL_H

#include <linux/types.h>

struct genl_family;
struct genl_info;
struct netlink_callback;
struct nla_policy;
struct sip_host;
struct sipalg_binding;
struct sipalg_dialog;
struct sipalg_registration;
struct sipalg_stream;
struct sk_buff;

extern struct genl_family sipalg_genl_family;

/* Multicast groups, by their number within the family. */
enum sipalg_group { SIPALG_GROUP_EVENTS, SIPALG_GROUP_MESSAGES };

int sipalg_genl_init(void);
void sipalg_genl_exit(void);

/*
 * Put one thing into a message, as a nest. The lock that protects it is held.
 * Return: 0, or -EMSGSIZE with the message as it was.
 * @cut: show a dialog without the media lines that do not fit, rather than not
 *	at all
 */
int sipalg_fill_dialog(struct sk_buff *skb, const struct sipalg_dialog *d, bool cut);
int sipalg_fill_registration(struct sk_buff *skb,
			     const struct sipalg_registration *r);
int sipalg_fill_binding(struct sk_buff *skb, struct sipalg_binding *b);
/* More than any of them takes: 32 media lines, two sides of each, and strings. */
#define SIPALG_FILL_MAX	(48 * 1024)

/* The room that a message needs for all of a dialog. */
size_t sipalg_fill_dialog_size(const struct sipalg_dialog *d);
int sipalg_fill_stream(struct sk_buff *skb, struct sipalg_stream *st);
int sipalg_fill_host(struct sk_buff *skb, int attr, const struct sip_host *h);

/* What listings and the commands about one thing take. */
extern const struct nla_policy sipalg_id_policy[];	/* to SIPALG_A_ID */
extern const struct nla_policy sipalg_dialog_policy[];	/* to SIPALG_A_KIND */

/* genl_dump.c: the listings; sipalg_dump_done() ends each of them. */
int sipalg_dialog_start(struct netlink_callback *cb);
int sipalg_dialog_dump(struct sk_buff *skb, struct netlink_callback *cb);
int sipalg_registration_start(struct netlink_callback *cb);
int sipalg_registration_dump(struct sk_buff *skb, struct netlink_callback *cb);
int sipalg_binding_start(struct netlink_callback *cb);
int sipalg_binding_dump(struct sk_buff *skb, struct netlink_callback *cb);
int sipalg_dump_done(struct netlink_callback *cb);

/* genl_kill.c: SIPALG_CMD_DIALOG_KILL, _REGISTRATION_KILL, _BINDING_KILL */
extern const struct nla_policy sipalg_kill_policy[];	/* to SIPALG_A_CALL_ID */
int sipalg_dialog_kill_doit(struct sk_buff *skb, struct genl_info *info);
int sipalg_registration_kill_doit(struct sk_buff *skb, struct genl_info *info);
int sipalg_binding_kill_doit(struct sk_buff *skb, struct genl_info *info);

/* stream_genl.c: SIPALG_CMD_STREAM_GET, SIPALG_CMD_STREAM_KILL */
int sipalg_stream_get(struct sk_buff *skb, struct genl_info *info);
int sipalg_stream_start(struct netlink_callback *cb);
int sipalg_stream_dump(struct sk_buff *skb, struct netlink_callback *cb);
int sipalg_stream_done(struct netlink_callback *cb);
int sipalg_stream_kill_doit(struct sk_buff *skb, struct genl_info *info);

#endif
