/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A dry run of the module's pure layer (kmod/sip, compiled as it is): what would
 * become of a message that a host inside sends to the outside, or gets from there.
 */
#ifndef SIPALGCTL_EXPLAIN_H
#define SIPALGCTL_EXPLAIN_H

#include "../kmod/sip/sdp.h"
#include "../kmod/sip/translate.h"

/* What fits into a datagram. */
#define EXPLAIN_MAX_MESSAGE	65535

/**
 * struct explain_place - a host or an address in the message
 * @text: as it was written
 * @field: the header field, or the line of the session description
 * @use: what it is there for
 * @why: it is left as it is, and why; NULL: it is translated
 * @becomes: what it is translated to; empty if that is not known
 */
struct explain_place {
	struct sip_span text;
	const char *field;
	const char *use;
	const char *why;
	char becomes[SIP_HOSTPORT_MAX + 1];
};

/**
 * struct explain_media - a media line
 * @text: the port in its m= line
 * @addr: the address that counts for it, as written
 * @why: no port is opened for it, and why; NULL: ports are mapped
 * @rtcp_port: 0: none of its own
 */
struct explain_media {
	struct sip_span text;
	struct sip_span addr;
	const char *kind;
	const char *why;
	uint16_t port;
	uint16_t count;
	uint16_t rtcp_port;
};

/**
 * struct explain - a message, and what is found out about it
 * @data: its bytes
 * @len: how many
 * @is_in: it comes from outside
 * @from: the host inside as it knows itself; family 0: what Via or Contact say,
 *	or with @is_in: not known
 * @to: the same outside; family 0: not known, or with @is_in: what Request-URI
 *	or Via say
 * @is_guess: @from, with @is_in @to, was not given
 * @reason: SIPALG_R_TRANSLATED, SIPALG_R_UNCHANGED, or why it is left alone
 * @bad: the place for which it is left alone; len 0: none in particular
 * @missing: what should be there and is not, or NULL
 * @is_parsed: @msg is whole
 */
struct explain {
	const char *data;
	uint32_t len;
	bool is_in;
	struct sip_endpoint from;
	struct sip_endpoint to;
	bool is_guess;
	enum sipalg_reason reason;
	struct sip_span bad;
	const char *missing;
	bool is_parsed;
	struct sip_msg msg;
	struct sip_edits edits;
	struct explain_place *places;
	size_t nplaces;
	struct explain_media *media;
	size_t nmedia;
};

/* Return: 0, or -1 after an error message. What was found out is freed by the other. */
int explain_run(struct explain *e);
void explain_free(struct explain *e);

/* Fills in @bad and @missing of a message that does not parse. */
void explain_find_bad(struct explain *e);

/* Where a session description does not parse. */
struct sip_span explain_bad_sdp(const char *data, struct sip_span part);

/* For explain_sdp.c: the session descriptions; SIPALG_R_OK if all are understood. */
enum sipalg_reason explain_bodies(struct explain *e);

/* A new place, or NULL without memory: then all is given up. */
struct explain_place *explain_add(struct explain *e, struct sip_span text, const char *field,
				  const char *use);

bool explain_has_nat(const struct explain *e);

/* The address that is written instead is known. */
bool explain_is_known(const struct explain *e);

/*
 * The way in, for explain.c. Why a host is left as it is, NULL: it is the
 * receiver's; what is written instead; and who the receiver is, outside.
 */
const char *explain_in_why(const struct explain *e, const struct sip_ask *ask);
void explain_in_answer(const struct explain *e, const struct sip_ask *ask,
		       struct sip_answer *answer);
void explain_in_guess(struct explain *e);

#endif
