/* SPDX-License-Identifier: GPL-2.0 */
/*
 * OPTIONS between a phone and a host that may call it: is the phone there?
 * Registrars ask so, and phones ask registrars. Only kept to be shown.
 */
#ifndef SIPALG_PROBE_H
#define SIPALG_PROBE_H

#include <linux/types.h>

struct sip_host;
struct sipalg_binding;
struct sipalg_ctx;

/**
 * struct sipalg_asked - OPTIONS in one direction
 * @time: wall clock, ms, of the latest one; 0: none was seen
 * @sent: jiffies, the same
 * @call_id: hash of its Call-ID
 * @cseq: its number
 * @rtt: ms that the latest answer took
 * @status: of the latest answer, 0: none was seen
 * @unanswered: in a row, before this one
 * @pending: this one has no answer yet
 */
struct sipalg_asked {
	u64 time;
	unsigned long sent;
	u64 call_id;
	u32 cseq;
	u32 rtt;
	u16 status;
	u16 unanswered;
	bool pending;
};

/**
 * struct sipalg_probe - of a lease, under its binding's lock
 * @by: by enum sipalg_options_by
 */
struct sipalg_probe {
	struct sipalg_asked by[2];
};

/* An OPTIONS request or a response to one has left. */
void sipalg_probe_message(struct sipalg_ctx *ctx);

/* What is known of @host and the phone that @b leads to; zeros for nothing. */
void sipalg_probe_read(struct sipalg_binding *b, const struct sip_host *host,
		       struct sipalg_probe *probe);

/* How many in a row got no answer; the pending one counts after 64 * T1. */
u16 sipalg_probe_unanswered(const struct sipalg_asked *asked);

#endif
