/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files that bring live state back share; see restore.c.
 */
#ifndef SIPALG_RESTORE_H
#define SIPALG_RESTORE_H

#include <net/netlink.h>

#include "../include/sipalg.h"
#include "sip/translate.h"

struct netlink_ext_ack;
struct sipalg_binding;
struct sipalg_call;
struct sipalg_dialog;
struct sipalg_net;

#define SIPALG_RESTORE_BINDINGS	256	/* of a call */

#define A(name)		SIPALG_STATE_##name

/**
 * struct nest - the attributes of one level; of several of a kind, the last
 * @attr: by number
 * @nla: the nest itself
 */
struct nest {
	struct nlattr *attr[SIPALG_STATE_MAX + 1];
	const struct nlattr *nla;
};

/**
 * struct restore - what is on its way
 * @sn: the namespace
 * @extack: where a refusal is said
 * @call: not in the table yet
 * @bindings: media bindings of the call
 * @n: how many
 * @made: the last binding of signalling was not there before
 */
struct restore {
	struct sipalg_net *sn;
	struct netlink_ext_ack *extack;
	struct sipalg_call *call;
	struct sipalg_binding *bindings[SIPALG_RESTORE_BINDINGS];
	unsigned int n;
	bool made;
};

#define REFUSE(r, error, words) ({			\
	NL_SET_ERR_MSG((r)->extack, words);		\
	-(error);					\
})

/* The attributes in @nla, to be given to kfree(); NULL, and why, if they are wrong. */
struct nest *nest_open(struct restore *r, const struct nlattr *nla, int *err);

/* A number of any size, a time, a text; 0 or "" where there is none. */
u32 nest_number(const struct nest *n, int attr);
u64 nest_stamp(const struct nest *n, int attr);
const char *nest_text(const struct nest *n, int attr);

/*
 * An address that packets may have, family 0 where there is none; and one with
 * the port that has the next number. Return: 0, -EINVAL.
 */
int nest_address(struct restore *r, const struct nlattr *nla, struct sip_host *h);
int nest_host(struct restore *r, const struct nest *n, int attr, struct sip_host *h);
int nest_at(struct restore *r, const struct nest *n, int attr, struct sip_endpoint *at);

/*
 * A session or a transaction of a dialog that stands in no table yet. Its lines
 * name bindings of r->bindings. After an error the dialog has what it got so far.
 */
int restore_session(struct restore *r, const struct nlattr *nla, struct sipalg_dialog *d);
int restore_transaction(struct restore *r, const struct nlattr *nla, struct sipalg_dialog *d);

#endif
