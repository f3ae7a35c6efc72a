// SPDX-License-Identifier: GPL-2.0
#include <linux/delay.h>
#include <linux/inet.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_zones.h>

#include "../../kmod/flow.h"
#include "../../kmod/inspect.h"
#include "../../kmod/stream.h"
#include "gateway.h"

/* Of tables that nobody resizes meanwhile */
#define for_each_in(table, iter, e)					\
	for (rhltable_walk_enter(table, iter), rhashtable_walk_start(iter), \
	     (e) = rhashtable_walk_next(iter);				\
	     (e) || (rhashtable_walk_stop(iter),			\
		     rhashtable_walk_exit(iter), false);		\
	     (e) = rhashtable_walk_next(iter))

struct sip_host host(const char *text)
{
	struct sip_span s = { .len = strlen(text) };
	struct sip_host h;

	sip_host_parse(text, s, &h);
	return h;
}

struct sip_endpoint endpoint(const char *text)
{
	const char *colon = strrchr(text, ':');
	struct sip_span s = { .len = colon - text };
	struct sip_endpoint at = {};

	sip_host_parse(text, s, &at.host);
	if (kstrtou16(colon + 1, 10, &at.port))
		at.port = 0;
	return at;
}

static void gateway_exit(void *g)
{
	gateway_free(g);
}

struct gateway *gateway_new(struct kunit *test)
{
	static const struct sipalg_limits limits = {
		.dialogs = 100,
		.registrations = 100,
		.bindings = 1000,
		.message = 65535,
		.forks = 8,
		.peers = 8,
		.streams = 100,
		.stream_bytes = 100000,
		.streams_bytes = 1000000,
		.stall = 5,
		.stream = {
			.message = 65535,
			.growth = 8192,
			.kept = 16,
			.queue = 16,
			.ahead = 100000,
		},
	};
	struct gateway *g = kvzalloc(sizeof(*g), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, g);
	g->test = test;
	wire_init(test, &g->wire);
	g->sn.net = &init_net;
	g->sn.limits = limits;
	g->sn.media_min = 16384;
	g->sn.media_max = 32767;
	g->rule = sipalg_rule_new(GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, g->rule);
	get_random_bytes(&g->sn.secret, sizeof(g->sn.secret));
	sipalg_streams_init(&g->sn);
	KUNIT_ASSERT_EQ(test, sipalg_tables_init(&g->sn), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, gateway_exit, g), 0);
	return g;
}

void gateway_free(struct gateway *g)
{
	unsigned int i;

	kunit_remove_action(g->test, gateway_exit, g);
	sipalg_tables_flush(&g->sn);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
	rcu_barrier();
	sipalg_tables_clean(&g->sn);
	sipalg_rule_put(g->rule);
	for (i = 0; i < g->nflows; i++) {
		if (nf_ct_is_confirmed(g->flows[i]))
			nf_ct_delete(g->flows[i], 0, 0);
		/* Nothing else holds it */
		KUNIT_EXPECT_EQ(g->test, refcount_read(&g->flows[i]->ct_general.use), 1);
		nf_ct_put(g->flows[i]);
	}
	kunit_kfree(g->test, g->wire.data);
	kvfree(g);
}

static void tuple_set(struct nf_conntrack_tuple *t, const char *src,
		      const char *dst)
{
	struct sip_endpoint s = endpoint(src), d = endpoint(dst);

	memset(t, 0, sizeof(*t));
	t->src.l3num = s.host.family == 4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
	t->dst.protonum = IPPROTO_UDP;
	sip_host_to_inet(&t->src.u3, &s.host);
	sip_host_to_inet(&t->dst.u3, &d.host);
	t->src.u.udp.port = htons(s.port);
	t->dst.u.udp.port = htons(d.port);
}

struct nf_conn *gateway_flow(struct gateway *g, const char *src,
			     const char *src_out, const char *dst,
			     const char *dst_out)
{
	struct nf_conntrack_tuple orig, reply;
	struct nf_conn *ct;

	KUNIT_ASSERT_LT(g->test, g->nflows, GATEWAY_FLOWS);
	tuple_set(&orig, src, dst);
	tuple_set(&reply, dst_out, src_out);
	reply.dst.dir = IP_CT_DIR_REPLY;
	ct = nf_conntrack_alloc(&init_net, &nf_ct_zone_dflt, &orig, &reply,
				GFP_KERNEL);
	KUNIT_ASSERT_FALSE(g->test, IS_ERR(ct));
	refcount_set(&ct->ct_general.use, 1);
	g->flows[g->nflows++] = ct;
	KUNIT_ASSERT_NOT_NULL(g->test, sipalg_flow_mark(&g->sn, ct));
	return ct;
}

void flow_confirm(struct gateway *g, struct nf_conn *ct)
{
	ct->timeout = nfct_time_stamp + 3600 * HZ;
	set_bit(IPS_CONFIRMED_BIT, &ct->status);
	KUNIT_ASSERT_EQ(g->test, nf_conntrack_hash_check_insert(ct), 0);
}

u64 gateway_count(const struct gateway *g, enum sipalg_reason r)
{
	return sipalg_stats_read(&g->sn, r);
}

/* Every message has exactly one of these. */
static enum sipalg_reason what_became(struct gateway *g, const u64 *before)
{
	enum sipalg_reason r, found = SIPALG_R_COUNT;

	for (r = SIPALG_R_TRANSLATED; r <= SIPALG_R_EDIT_FAILED; r++) {
		if (gateway_count(g, r) == before[r])
			continue;
		KUNIT_EXPECT_EQ(g->test, gateway_count(g, r), before[r] + 1);
		KUNIT_EXPECT_EQ(g->test, found, SIPALG_R_COUNT);
		found = r;
	}
	return found;
}

struct counts gateway_counts(const struct gateway *g)
{
	return (struct counts){
		.calls = atomic_read(&g->sn.ncalls),
		.dialogs = atomic_read(&g->sn.ndialogs),
		.registrations = atomic_read(&g->sn.nregistrations),
		.bindings = atomic_read(&g->sn.nbindings),
	};
}

static enum sipalg_reason send_once(struct gateway *g, struct nf_conn *ct,
				    enum ip_conntrack_dir dir, unsigned int nth)
{
	static const struct layout tight = { .name = "tight", .tight = true };
	enum ip_conntrack_info info = dir == IP_CT_DIR_ORIGINAL ?
				      IP_CT_ESTABLISHED : IP_CT_ESTABLISHED_REPLY;
	const struct nf_hook_state state = {
		.hook = NF_INET_LOCAL_IN,
		.pf = NFPROTO_IPV4,
		.net = &init_net,
	};
	u64 before[SIPALG_R_COUNT];
	struct sk_buff *skb;
	unsigned int r;

	for (r = 0; r < SIPALG_R_COUNT; r++)
		before[r] = gateway_count(g, r);
	wire_build(&g->wire, &form_udp4, g->in, g->in_len);
	skb = skb_build(g->test, &g->wire, &form_udp4, g->roomy ? &layout_linear : &tight);
	current->fail_nth = nth;
	sipalg_inspect(&g->sn, skb, &state, ct, info, sipalg_flow(ct),
		       g->rule);
	g->failed = g->failed || (nth && !current->fail_nth);
	current->fail_nth = 0;
	g->out_len = skb->len - g->wire.payload_off;
	KUNIT_ASSERT_LT(g->test, g->out_len, MESSAGE_MAX);
	KUNIT_ASSERT_EQ(g->test, skb_copy_bits(skb, g->wire.payload_off, g->out,
					       g->out_len), 0);
	g->out[g->out_len] = '\0';
	kfree_skb(skb);
	return what_became(g, before);
}

static bool is_left_alone(enum sipalg_reason r)
{
	return r != SIPALG_R_TRANSLATED && r != SIPALG_R_UNCHANGED;
}

static void expect_no_trace(struct gateway *g, const struct counts *before)
{
	struct counts now = gateway_counts(g);

	KUNIT_EXPECT_EQ(g->test, g->out_len, g->in_len);
	KUNIT_EXPECT_EQ(g->test, memcmp(g->in, g->out, g->in_len), 0);
	KUNIT_EXPECT_EQ(g->test, memcmp(&now, before, sizeof(now)), 0);
}

enum sipalg_reason gateway_send(struct gateway *g, struct nf_conn *ct,
				enum ip_conntrack_dir dir, const char *text)
{
	struct counts before = gateway_counts(g);
	enum sipalg_reason r;
	unsigned int nth = 0;

	g->in_len = strlen(text);
	KUNIT_ASSERT_LT(g->test, g->in_len, MESSAGE_MAX);
	if (text != g->in)
		memcpy(g->in, text, g->in_len + 1);
	if (++g->nsent == g->fail_message)
		nth = g->fail_nth;
	r = send_once(g, ct, dir, nth);
	if (is_left_alone(r))
		expect_no_trace(g, &before);
	if (nth && g->failed && is_left_alone(r)) {
		g->refused = true;
		r = send_once(g, ct, dir, 0);
	}
	return r;
}

bool gateway_sent(const struct gateway *g, const char *text)
{
	return strstr(g->out, text);
}

const char *sdp(struct gateway *g, const char *at, unsigned int port,
		const char *attrs)
{
	char *to = g->body[g->body_next++ % ARRAY_SIZE(g->body)];

	snprintf(to, sizeof(g->body[0]),
		 "v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n"
		 "m=audio %u RTP/AVP 0 8\r\n%s", at, at, port, attrs);
	return to;
}

const char *two_parts(struct gateway *g, const char *disposition,
		      const char *one, const char *two)
{
	char *to = g->body[g->body_next++ % ARRAY_SIZE(g->body)];

	snprintf(to, sizeof(g->body[0]),
		 "--b\r\nContent-Type: application/sdp\r\n\r\n%s\r\n"
		 "--b\r\nContent-Type: application/sdp\r\n"
		 "Content-Disposition: %s\r\n\r\n%s\r\n--b--\r\n",
		 one, disposition, two);
	return to;
}

struct sipalg_binding *gateway_binding(struct gateway *g, enum sipalg_side side,
				       const char *at)
{
	struct sip_endpoint end = endpoint(at);
	struct sipalg_binding *b = NULL;
	struct rhlist_head *list;

	rcu_read_lock();
	list = sipalg_binding_lookup(&g->sn, side, &end, IPPROTO_UDP, 0);
	if (list)
		b = sipalg_binding_of(container_of(list, struct sipalg_end, node));
	rcu_read_unlock();
	return b;
}

static bool admits(struct gateway *g, struct sipalg_binding *b,
		   const struct sip_host *h)
{
	spinlock_t *lock;
	bool ok;

	if (b->type == SIPALG_BINDING_SIGNALLING)
		return sipalg_binding_leased(b, h);
	lock = sipalg_lock(&g->sn, b->call->hash);
	spin_lock_bh(lock);
	ok = !b->dead && sipalg_media_admits(b, h, false);
	spin_unlock_bh(lock);
	return ok;
}

bool gateway_admits(struct gateway *g, const char *outer, const char *from)
{
	struct sip_endpoint at = endpoint(outer);
	struct rhlist_head *list, *pos;
	struct sip_host h = host(from);
	struct sipalg_end *end;
	bool ok = false;

	rcu_read_lock();
	list = sipalg_binding_lookup(&g->sn, SIPALG_OUTER, &at, IPPROTO_UDP, 0);
	rhl_for_each_entry_rcu(end, pos, list, node)
		ok = ok || admits(g, sipalg_binding_of(end), &h);
	rcu_read_unlock();
	return ok;
}

struct leg leg_out(struct gateway *g, const char *call_id)
{
	return (struct leg){
		.g = g,
		.ct = gateway_flow(g, PHONE ":5060", PUBLIC ":5060",
				   PROXY ":5060", PROXY ":5060"),
		.a_dir = IP_CT_DIR_ORIGINAL,
		.call_id = call_id,
		.a_tag = "a",
	};
}

struct leg leg_in(struct gateway *g, const char *call_id)
{
	struct leg l = leg_out(g, call_id);

	l.a_dir = IP_CT_DIR_REPLY;
	return l;
}

static const char *print(char *buf, const struct sip_endpoint *at)
{
	buf[sip_host_print(buf, &at->host, at->port, true)] = '\0';
	return buf;
}

static const char *content_type(const char *body)
{
	if (!body)
		return "";
	return strstarts(body, "--b\r\n") ?
	       "Content-Type: multipart/mixed;boundary=b\r\n" :
	       "Content-Type: application/sdp\r\n";
}

/* The side that sends, and whether side A is who asks. */
static enum sipalg_reason say(struct leg *l, u8 side, bool a_asked,
			      const char *start, const char *method, u32 cseq,
			      const char *b_tag, const char *body)
{
	char from[SIP_HOSTPORT_MAX + 1], to[SIP_HOSTPORT_MAX + 1];
	enum ip_conntrack_dir dir = side ? !l->a_dir : l->a_dir;
	const char *contact = l->contact[side];
	bool asks = side != a_asked;
	struct gateway *g = l->g;
	struct sipalg_path path;
	char line[128] = "";
	int n;

	sipalg_path_of(&path, l->ct, dir);
	print(from, &path.src_in);
	print(to, &path.dst_in);
	if (!contact || *contact)
		snprintf(line, sizeof(line), "Contact: <sip:%c@%s>\r\n",
			 'a' + side, contact ?: from);
	n = snprintf(g->in, sizeof(g->in), start, method, to);
	n += snprintf(g->in + n, sizeof(g->in) - n,
		      "Via: SIP/2.0/UDP %s;branch=z9hG4bK%u\r\n"
		      "From: <sip:%c@example.com>;tag=%s\r\n"
		      "To: <sip:%c@example.com>%s%s\r\n"
		      "Call-ID: %s\r\nCSeq: %u %s\r\n"
		      "Content-Length: %zu\r\n%s%s%s\r\n%s",
		      asks ? from : to, cseq,
		      a_asked ? 'a' : 'b', a_asked ? l->a_tag : b_tag,
		      a_asked ? 'b' : 'a',
		      a_asked && !*b_tag ? "" : ";tag=", a_asked ? b_tag : l->a_tag,
		      l->call_id, cseq, method, body ? strlen(body) : 0, line,
		      l->headers ?: "",
		      content_type(body), body ?: "");
	KUNIT_ASSERT_LT(g->test, n, MESSAGE_MAX);
	l->headers = NULL;
	return gateway_send(g, l->ct, dir, g->in);
}

static enum sipalg_reason ask(struct leg *l, u8 side, const char *method,
			      u32 cseq, const char *b_tag, const char *body)
{
	return say(l, side, !side, "%s sip:x@%s SIP/2.0\r\n", method, cseq,
		   b_tag, body);
}

static enum sipalg_reason answer(struct leg *l, u8 side, u16 status,
				 const char *method, u32 cseq,
				 const char *b_tag, const char *body)
{
	char start[32];

	snprintf(start, sizeof(start), "SIP/2.0 %u As It Is\r\n", status);
	return say(l, side, side, start, method, cseq, b_tag, body);
}

enum sipalg_reason a_asks(struct leg *l, const char *method, u32 cseq,
			  const char *b_tag, const char *body)
{
	return ask(l, 0, method, cseq, b_tag, body);
}

enum sipalg_reason b_asks(struct leg *l, const char *method, u32 cseq,
			  const char *b_tag, const char *body)
{
	return ask(l, 1, method, cseq, b_tag, body);
}

enum sipalg_reason a_says(struct leg *l, u16 status, const char *method,
			  u32 cseq, const char *b_tag, const char *body)
{
	return answer(l, 0, status, method, cseq, b_tag, body);
}

enum sipalg_reason b_says(struct leg *l, u16 status, const char *method,
			  u32 cseq, const char *b_tag, const char *body)
{
	return answer(l, 1, status, method, cseq, b_tag, body);
}

static struct sipalg_dialog *call_dialog(struct sipalg_call *call,
					 const char *b_tag)
{
	struct sipalg_dialog *d;

	list_for_each_entry(d, &call->dialogs, list) {
		if (d->b_tag_len == strlen(b_tag) &&
		    (!d->b_tag || !memcmp(d->b_tag, b_tag, d->b_tag_len)))
			return d;
	}
	return NULL;
}

/* Of two legs with one Call-ID, the one whose hosts are the flow's. */
static bool is_call_of(const struct leg *l, const struct sipalg_call *call)
{
	struct sipalg_path path;

	sipalg_path_of(&path, l->ct, l->a_dir);
	return !strcmp(sipalg_call_id(call), l->call_id) &&
	       sip_host_equal(&call->host[0], &path.src_in.host) &&
	       sip_host_equal(&call->host[1], &path.dst_out.host);
}

struct sipalg_dialog *leg_dialog(struct leg *l, const char *b_tag)
{
	struct sipalg_dialog *found = NULL;
	struct rhashtable_iter iter;
	struct sipalg_call *call;

	for_each_in(&l->g->sn.calls, &iter, call) {
		if (!found && is_call_of(l, call))
			found = call_dialog(call, b_tag);
	}
	return found;
}

void wait_seconds(unsigned int seconds)
{
	msleep(seconds * 1000);
}

static void timer_age(struct timer_list *timer, unsigned long by)
{
	unsigned long when = timer->expires - by;

	if (timer_pending(timer))
		mod_timer(timer, time_before(when, jiffies) ? jiffies : when);
}

static void call_age(struct sipalg_call *call, unsigned long by)
{
	struct sipalg_dialog *d;

	list_for_each_entry(d, &call->dialogs, list)
		d->deadline -= by;
	timer_age(&call->timer, by);
}

static void registration_age(struct sipalg_registration *r, unsigned long by)
{
	r->until -= by;
	timer_age(&r->timer, by);
}

static void binding_age(struct sipalg_binding *b, unsigned long by)
{
	struct sipalg_lease *l;

	if (b->type != SIPALG_BINDING_SIGNALLING)
		return;
	list_for_each_entry(l, &sipalg_binding_own(b)->leases, list)
		l->until -= by;
	timer_age(&sipalg_binding_own(b)->timer, by);
}

void age_seconds(struct gateway *g, unsigned int seconds)
{
	unsigned long by = (unsigned long)seconds * HZ;
	struct sipalg_registration *r;
	struct rhashtable_iter iter;
	struct sipalg_call *call;
	struct sipalg_end *end;

	local_bh_disable();
	for_each_in(&g->sn.calls, &iter, call)
		call_age(call, by);
	for_each_in(&g->sn.registrations, &iter, r)
		registration_age(r, by);
	for_each_in(&g->sn.ends, &iter, end) {
		if (end->key.side == SIPALG_INNER)
			binding_age(sipalg_binding_of(end), by);
	}
	local_bh_enable();
	/* What is due now */
	msleep(50);
}

/* One run. False: all that could have failed has failed before. */
static bool run_short(struct kunit *test, void (*script)(struct gateway *g),
		      unsigned int message, unsigned int nth,
		      unsigned int *nsent)
{
	struct gateway *g = gateway_new(test);
	bool failed;

	g->fail_message = message;
	g->fail_nth = nth;
	script(g);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
	*nsent = g->nsent;
	failed = g->failed;
	gateway_free(g);
	if (test->status == KUNIT_FAILURE)
		kunit_err(test, "Allocation %u of message %u", nth, message);
	return failed && test->status != KUNIT_FAILURE;
}

unsigned int without_memory(struct kunit *test,
			    void (*script)(struct gateway *g))
{
	unsigned int message = 0, nth, nsent, n = 0;

	do {
		message++;
		for (nth = 1; run_short(test, script, message, nth, &nsent); nth++)
			n++;
	} while (message < nsent && test->status != KUNIT_FAILURE);
	return n;
}
