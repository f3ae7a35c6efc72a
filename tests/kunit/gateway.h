/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A gateway of its own for a test: tables and limits, but no hooks. Messages
 * are built, put into a packet of a conntrack entry that nobody else knows,
 * and shown to the module as a hook would.
 *
 *	     inside                        |	    outside
 *	PHONE 192.168.1.10 ---+            |
 *			      +--- PUBLIC 203.0.113.1 --- PROXY 198.51.100.5
 *	OTHER 192.168.1.20 ---+            |		  FAR   198.51.100.9
 */
#ifndef SIPALG_KUNIT_GATEWAY_H
#define SIPALG_KUNIT_GATEWAY_H

#include <kunit/test.h>
#include <net/netfilter/nf_conntrack.h>

#include "../../kmod/binding.h"
#include "../../kmod/call.h"
#include "../../kmod/net.h"
#include "../../kmod/policy.h"
#include "../../kmod/registration.h"
#include "wire.h"

#define PHONE	"192.168.1.10"
#define OTHER	"192.168.1.20"
#define PUBLIC	"203.0.113.1"
#define PROXY	"198.51.100.5"
#define FAR	"198.51.100.9"

#define MESSAGE_MAX	4096
#define GATEWAY_FLOWS	16

/**
 * struct gateway - see above
 * @sn: what the module thinks is a namespace
 * @flows: all that were made, a reference each
 * @nflows: how many
 * @rule: that all flows have
 * @wire: the packet
 * @in: the last message as it was sent
 * @in_len: its length
 * @out: the last message as it left, with a NUL
 * @out_len: its length
 * @body: session descriptions, one after the other
 * @body_next: where the next one goes
 * @nsent: messages that were sent
 * @fail_message: the number of a message during which memory is short, from 1
 * @fail_nth: which of its allocations fails
 * @failed: it did
 * @refused: and so the message was left alone
 * @roomy: packets have room to grow
 */
struct gateway {
	struct kunit *test;
	struct sipalg_net sn;
	struct nf_conn *flows[GATEWAY_FLOWS];
	unsigned int nflows;
	struct sipalg_rule *rule;
	struct wire wire;
	char in[MESSAGE_MAX];
	u32 in_len;
	char out[MESSAGE_MAX];
	u32 out_len;
	char body[4][1024];
	unsigned int body_next;
	unsigned int nsent;
	unsigned int fail_message;
	unsigned int fail_nth;
	bool failed;
	bool refused;
	bool roomy;
};

/* Gone with the test: kmemleak and the counters are asked for what is left. */
struct gateway *gateway_new(struct kunit *test);
/* Before that, where a test needs several, or looks at what is left. */
void gateway_free(struct gateway *g);

/* "192.0.2.1:5060", "[2001:db8::1]:5060" */
struct sip_endpoint endpoint(const char *text);
struct sip_host host(const char *text);

/**
 * gateway_flow() - a conntrack entry, not confirmed
 * @g: the gateway keeps the reference
 * @src: who begins
 * @src_out: what it is called behind us
 * @dst: to whom
 * @dst_out: who that is
 */
struct nf_conn *gateway_flow(struct gateway *g, const char *src,
			     const char *src_out, const char *dst,
			     const char *dst_out);

/* Put it into conntrack's table. */
void flow_confirm(struct gateway *g, struct nf_conn *ct);

/* A message through the pipeline; what became of it is in @g->out. */
enum sipalg_reason gateway_send(struct gateway *g, struct nf_conn *ct,
				enum ip_conntrack_dir dir, const char *text);

bool gateway_sent(const struct gateway *g, const char *text);
u64 gateway_count(const struct gateway *g, enum sipalg_reason r);

/* A session description of one line, audio unless @attrs begin with "m=". */
const char *sdp(struct gateway *g, const char *at, unsigned int port,
		const char *attrs);

/* A multipart body of two of them; the disposition of the second */
const char *two_parts(struct gateway *g, const char *disposition,
		      const char *one, const char *two);

struct counts {
	int calls;
	int dialogs;
	int registrations;
	int bindings;
};

struct counts gateway_counts(const struct gateway *g);

#define EXPECT_COUNTS(g, ncalls, ndialogs, nregistrations, nbindings) do {	\
	struct counts now__ = gateway_counts(g);				\
										\
	KUNIT_EXPECT_EQ((g)->test, now__.calls, ncalls);			\
	KUNIT_EXPECT_EQ((g)->test, now__.dialogs, ndialogs);			\
	KUNIT_EXPECT_EQ((g)->test, now__.registrations, nregistrations);	\
	KUNIT_EXPECT_EQ((g)->test, now__.bindings, nbindings);			\
} while (0)

#define EXPECT_SENT(g, text) \
	KUNIT_EXPECT_TRUE_MSG((g)->test, gateway_sent(g, text), \
			      "No '%s' in\n%s", text, (g)->out)
#define EXPECT_NOT_SENT(g, text) \
	KUNIT_EXPECT_FALSE_MSG((g)->test, gateway_sent(g, text), \
			       "'%s' in\n%s", text, (g)->out)

#define EXPECT_TRANSLATED(test, call) \
	KUNIT_EXPECT_EQ(test, call, SIPALG_R_TRANSLATED)
#define EXPECT_UNCHANGED(test, call) \
	KUNIT_EXPECT_EQ(test, call, SIPALG_R_UNCHANGED)

/* The binding at this outer or inner end (the first of them), or NULL. */
struct sipalg_binding *gateway_binding(struct gateway *g, enum sipalg_side side,
				       const char *at);
/* Does one of the bindings with this outer end let the host through? */
bool gateway_admits(struct gateway *g, const char *outer, const char *host);

#define EXPECT_OPEN(g, outer, host) \
	KUNIT_EXPECT_TRUE_MSG((g)->test, gateway_admits(g, outer, host), \
			      "%s is closed for %s", outer, host)
#define EXPECT_CLOSED(g, outer, host) \
	KUNIT_EXPECT_FALSE_MSG((g)->test, gateway_admits(g, outer, host), \
			       "%s is open for %s", outer, host)

/**
 * struct leg - one leg of a call, or the registrations of a phone
 * @g: the gateway
 * @ct: the signalling flow
 * @a_dir: the direction in which side A sends
 * @call_id: of all messages
 * @a_tag: side A's
 * @contact: what a side writes into Contact if it is not where it sends from;
 *	"" for no Contact at all
 * @headers: more header fields for the next message
 */
struct leg {
	struct gateway *g;
	struct nf_conn *ct;
	enum ip_conntrack_dir a_dir;
	const char *call_id;
	const char *a_tag;
	const char *contact[2];
	const char *headers;
};

/* Of PHONE, through PUBLIC, to PROXY; the call begins inside. */
struct leg leg_out(struct gateway *g, const char *call_id);
/* From PROXY, through PUBLIC, to PHONE. */
struct leg leg_in(struct gateway *g, const char *call_id);

/*
 * A message of a side: requests, and responses to requests of the other side.
 * @b_tag: side B's tag, "" while there is none. @body: NULL for none.
 */
enum sipalg_reason a_asks(struct leg *l, const char *method, u32 cseq,
			  const char *b_tag, const char *body);
enum sipalg_reason b_asks(struct leg *l, const char *method, u32 cseq,
			  const char *b_tag, const char *body);
enum sipalg_reason a_says(struct leg *l, u16 status, const char *method,
			  u32 cseq, const char *b_tag, const char *body);
enum sipalg_reason b_says(struct leg *l, u16 status, const char *method,
			  u32 cseq, const char *b_tag, const char *body);

/* The dialog with this tag of B, "": without one yet; or NULL. */
struct sipalg_dialog *leg_dialog(struct leg *l, const char *b_tag);

#define EXPECT_STATE(l, b_tag, want) do {					\
	struct sipalg_dialog *d__ = leg_dialog(l, b_tag);			\
										\
	KUNIT_ASSERT_NOT_NULL_MSG((l)->g->test, d__, "No dialog '%s'", b_tag);	\
	KUNIT_EXPECT_EQ((l)->g->test, d__->state, want);			\
} while (0)

#define EXPECT_ENDED(l, b_tag, why) do {					\
	struct sipalg_dialog *d__ = leg_dialog(l, b_tag);			\
										\
	KUNIT_ASSERT_NOT_NULL_MSG((l)->g->test, d__, "No dialog '%s'", b_tag);	\
	KUNIT_EXPECT_EQ((l)->g->test, d__->state, SIPALG_DIALOG_TERMINATED);	\
	KUNIT_EXPECT_EQ((l)->g->test, d__->reason, why);			\
} while (0)

/* Waiting takes no time, but timers run; a test may last 300 s of that. */
void wait_seconds(unsigned int seconds);
/* So where it is more, everything gets older instead. */
void age_seconds(struct gateway *g, unsigned int seconds);

/*
 * Run @script with a gateway of its own again and again, while one allocation
 * after the other fails during one message after the other. A message that was
 * left alone for it leaves no trace, and goes through when it is repeated.
 * After the script nothing must be left. Return: how many allocations failed.
 */
unsigned int without_memory(struct kunit *test,
			    void (*script)(struct gateway *g));

#endif
