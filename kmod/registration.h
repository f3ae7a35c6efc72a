/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Registrations: where a user is, as an inside phone told a registrar.
 *
 * Protected by the lock that its hash picks.
 */
#ifndef SIPALG_REGISTRATION_H
#define SIPALG_REGISTRATION_H

#include <linux/rhashtable.h>
#include <linux/timer.h>

#include "sip/translate.h"

struct sipalg_binding;
struct sipalg_rule;
struct sipalg_source;
struct sipalg_ctx;
struct sipalg_net;

#define SIPALG_EXPIRES_DEFAULT	3600	/* RFC 3261 10.2: the registrar decides; its usual choice */
#define SIPALG_PENDING_SECONDS	64	/* 401, and the request again with credentials */
#define SIPALG_REGISTER_CONTACTS 16	/* of one REGISTER; more are not followed */

/**
 * struct sipalg_registration - a contact of an address of record
 * @node: in the namespace's table
 * @hash: siphash of the user and the phone's inner address, the table's key
 * @sn: the namespace
 * @rcu: freed a grace period after it left the table
 * @timer: ends it
 * @id: for people
 * @granted: the registrar has accepted it
 * @dead: it has left the table
 * @path: the contact is a proxy's, as of its Path, and leads to whatever phones
 *	register through it
 * @expires: seconds as granted last
 * @until: jiffies
 * @since: wall clock, ms, when it was granted first; 0 before
 * @refreshed: the same, last
 * @asked: seconds that the latest REGISTER asked for; 0 ends it
 * @binding: leads to the contact; lasts as long as our lease
 * @call_id_hash: of the latest REGISTER that named it
 * @cseq: likewise
 * @inner: the contact's endpoint
 * @outer: what it is called outside
 * @registrar: who may call
 * @rule: that it began under, a reference
 * @source: where it counts as one of those that a host has, or NULL
 * @proto: IPPROTO_UDP, ...
 * @zone: conntrack zone
 * @user: user part of the address of record, within @text
 * @domain: its domain, "" for an address, which is translated on the way
 * @aor: address of record, "sip:user@domain", within @text
 * @contact: the contact's URI as the phone wrote it, within @text
 */
struct sipalg_registration {
	struct rhlist_head node;
	u64 hash;
	struct sipalg_net *sn;
	struct rcu_head rcu;
	struct timer_list timer;
	u32 id;
	bool granted;
	bool dead;
	bool path;
	u32 expires;
	unsigned long until;
	u64 since;
	u64 refreshed;
	u32 asked;
	struct sipalg_binding *binding;
	bool open;
	u64 call_id_hash;
	u32 cseq;
	struct sip_endpoint inner;
	struct sip_endpoint outer;
	struct sip_host registrar;
	struct sipalg_rule *rule;
	struct sipalg_source *source;
	u8 proto;
	u16 zone;
	const char *user;
	const char *domain;
	const char *aor;
	const char *contact;
	char text[];
};

/* The hash that picks a REGISTER's lock. */
u64 sipalg_registration_hash(const struct sipalg_ctx *ctx);

/*
 * The registrations' part of the pipeline, with the lock of that hash held.
 *
 * sipalg_registration_prepare: with a REGISTER from inside, find or make the
 *	registrations of ctx->contacts. Return: SIPALG_R_OK or why not.
 * sipalg_registration_abort: undo that.
 * sipalg_registration_commit: the message has left; a request is remembered,
 *	a 2xx grants or ends, any other response changes nothing.
 */
enum sipalg_reason sipalg_registration_prepare(struct sipalg_ctx *ctx);
void sipalg_registration_abort(struct sipalg_ctx *ctx);
void sipalg_registration_commit(struct sipalg_ctx *ctx);

/* The operator's end: nobody gets in by it until the phone registers anew. */
void sipalg_registration_kill(struct sipalg_registration *r);

/*
 * A registration that comes back (restore.c), in process context; @new is out of
 * everybody's sight until it was added. Return of _add: 0, -EEXIST, -ENOSPC,
 * -ENOMEM; after an error it is undone.
 */
struct sipalg_registration *sipalg_registration_new(struct sipalg_net *sn, const char *user,
						    const char *domain, const char *aor,
						    const char *contact);
int sipalg_registration_add(struct sipalg_registration *r);
void sipalg_registration_undo(struct sipalg_registration *r);

int sipalg_registrations_init(struct sipalg_net *sn);
/* End all; hooks are off; may sleep. */
void sipalg_registrations_flush(struct sipalg_net *sn);
void sipalg_registrations_clean(struct sipalg_net *sn);

#endif
