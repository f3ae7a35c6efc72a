/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Live state that outlasts the module: state.c shows it, restore.c takes it
 * back. What an attribute holds stands in include/sipalg.h.
 */
#ifndef SIPALG_STATE_H
#define SIPALG_STATE_H

#include <linux/bits.h>
#include <net/netlink.h>

#include "../include/sipalg.h"

struct genl_info;
struct netlink_callback;
struct sk_buff;

#define STATE_BARE(side)	BIT(side)	/* of a call */

#define STATE_KNOWN(side)	BIT(side)	/* of a dialog */
#define STATE_CANCELLED		BIT(2)
#define STATE_HURRIED		BIT(3)
#define STATE_LOST		BIT(4)
#define STATE_REFER		BIT(5)
#define STATE_HELD_BY		BIT(6)		/* times enum sipalg_party: two bits */

#define STATE_ACTIVE		BIT(0)		/* of a transaction */
#define STATE_INITIAL		BIT(1)
#define STATE_OFFERED		BIT(2)

#define STATE_ANSWERED		BIT(0)		/* of a session */
#define STATE_LATE		BIT(1)
#define STATE_OFFERER_B		BIT(2)

#define STATE_MUX		BIT(0)		/* of a media end */
#define STATE_HELD		BIT(1)
#define STATE_EARLY		BIT(2)

#define STATE_VERBATIM		BIT(0)		/* of a signalling binding */
#define STATE_BINDING_BARE	BIT(1)

#define STATE_PATH		BIT(0)		/* of a registration */

/* The kinds of transactions and sessions, and how many. */
enum { STATE_INVITE, STATE_UPDATE, STATE_PRACK, STATE_BYE, STATE_TRANSACTIONS };
enum {
	STATE_AGREED, STATE_KEPT, STATE_OFFER_A, STATE_OFFER_B, STATE_EARLY_MEDIA,
	STATE_SESSIONS
};

struct sipalg_dialog;
struct sipalg_session;
struct sipalg_transaction;

struct sipalg_transaction *sipalg_state_transaction(struct sipalg_dialog *d, u8 kind, u8 side);
struct sipalg_session **sipalg_state_session(struct sipalg_dialog *d, u8 kind);

/* SIPALG_CMD_STATE_GET */
int sipalg_state_start(struct netlink_callback *cb);
int sipalg_state_dump(struct sk_buff *skb, struct netlink_callback *cb);
int sipalg_state_done(struct netlink_callback *cb);
/* SIPALG_CMD_STATE_SET */
int sipalg_state_set(struct sk_buff *skb, struct genl_info *info);

#endif
