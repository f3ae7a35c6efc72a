// SPDX-License-Identifier: GPL-2.0
/*
 * hostile [-n SCHEDULES] [-s FIRST_SEED]: segments of no TCP that there is:
 * any sequence numbers near what is going on, any flags, any bytes, in either
 * direction, and calls from outside in between. Nothing arrives anywhere; what
 * counts is that memory and work stay within bounds, that acknowledgments to a
 * sender that are our own never exceed what it sent, and that all memory comes
 * back. Also a libFuzzer target, with -DFUZZ.
 */
#include <unistd.h>
#include "sim.h"

static struct sip_stream s;
static struct sip_stream_limits limits;
static struct rng rng;
static u32 blocks, memory, calls, emitted, base[2], seen[2];
static const char *failure;
char sink;	/* what was read is used */

void fail(struct sim *sim, const char *why)
{
	(void)sim;
	if (!failure)
		failure = why;
}

static void *op_alloc(struct sip_stream *st, u32 size)
{
	void *p;

	(void)st;
	if (chance(&rng, 2))
		return NULL;
	p = malloc(size);
	if (!p)
		abort();
	blocks++;
	memory += size;
	return p;
}

static void op_free(struct sip_stream *st, void *p, u32 size)
{
	(void)st;
	blocks--;
	memory -= size;
	free(p);
}

static bool op_message(struct sip_stream *st, u8 dir, const char *data, u32 len)
{
	u32 n = 1 + rnd(&rng, len + limits.growth + 2);
	char *to, sum = 0;
	u32 i;

	(void)dir;
	for (i = 0; i < len; i++)
		sum = (char)(sum + data[i]);
	to = chance(&rng, 60) ? sip_stream_reserve(st, n) : NULL;
	if (to)
		memset(to, sum, n);
	return to && chance(&rng, 90);
}

/* All bytes are read, so that a sanitizer sees them. */
static void op_emit(struct sip_stream *st, const struct sip_stream_seg *seg)
{
	char sum = 0;
	u32 i;

	(void)st;
	calls++;
	emitted += seg->len;
	for (i = 0; i < seg->len; i++)
		sum = (char)(sum + seg->data[i]);
	sink ^= sum;
	if (seg->len > SIP_STREAM_EMIT_MAX && seg->len > 3000)
		fail(NULL, "more at once than promised");
	for (i = 0; i < seg->nsack; i++)
		if ((s32)(seg->sack[i].right - seg->sack[i].left) <= 0)
			fail(NULL, "an empty SACK block");
}

static const struct sip_stream_ops ops = {
	op_alloc, op_free, op_message, op_emit
};

static const char text[] =
	"INVITE sip:a SIP/2.0\r\nl: 10\r\n\r\n0123456789\r\n\r\n"
	"SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"
	"\0\1\0\4!\022\244B123456789012abcd\r\n"
	"BYE sip:a SIP/2.0\r\nSubject: a\r\n b\r\n\r\n"
	"x sip:a SIP/2.0\r\nl: 1500\r\n\r\n";

/* A stream that goes round, mostly; with what does not belong there. */
static void bytes(char *to, u32 off, u32 len)
{
	u32 i;

	for (i = 0; i < len; i++)
		to[i] = text[(off + i) % (sizeof(text) - 1)];
	if (len && chance(&rng, 3))
		to[rnd(&rng, len)] = (char)rnd(&rng, 256);
}

static u32 near(u32 seq)
{
	switch (rnd(&rng, 8)) {
	case 0:
		return seq - rnd(&rng, 3000);
	case 1:
		return seq + rnd(&rng, 3000);
	case 2:
		return rnd(&rng, ~0U);
	default:
		return seq + rnd(&rng, 3) - 1;
	}
}

static void segment(void)
{
	static char data[3000];
	struct sip_stream_seg seg;
	u32 dir = rnd(&rng, 2), i;
	const struct sip_stream_half *h = &s.half[dir], *o = &s.half[!dir];

	memset(&seg, 0, sizeof(seg));
	seg.dir = (u8)dir;
	seg.flags = SIP_TCP_ACK;
	if (chance(&rng, 5))
		seg.flags = (u8)rnd(&rng, 64);
	if (chance(&rng, 3))
		seg.flags |= SIP_TCP_FIN;
	seg.seq = chance(&rng, 70) ? h->in_nxt : near(h->acked);
	seg.ack = chance(&rng, 70) ? o->sent : near(o->una);
	seg.win = (u16)(chance(&rng, 50) ? 65535 : rnd(&rng, 3000));
	seg.len = chance(&rng, 30) ? 0 : rnd(&rng, chance(&rng, 20) ? 3000 : 90);
	bytes(data, seg.seq - base[dir], seg.len);
	seg.data = data;
	seg.wscale = (u8)rnd(&rng, 256);
	seg.sack_ok = chance(&rng, 50);
	seg.nsack = (u8)rnd(&rng, 5);
	for (i = 0; i < seg.nsack; i++) {
		seg.sack[i].left = near(o->una);
		seg.sack[i].right = near(o->sent);
	}
	sip_stream_segment(&s, &seg);
	seen[dir] += seg.len;
}

static void bounds(void)
{
	u32 i;

	for (i = 0; i < 2; i++) {
		const struct sip_stream_half *h = &s.half[i];
		u32 most = 2 * (limits.message + 4000) +
			(limits.kept + 1) * (limits.message + limits.growth + 100) +
			limits.queue * 3100;

		if (sip_stream_memory(&s, (u8)i) > most)
			fail(NULL, "more memory than the limits allow");
		if (h->nkept > limits.kept + 1 || h->nqueue > limits.queue)
			fail(NULL, "more pieces than the limits allow");
		if (h->phase == SIP_STREAM_LEFT && (h->held || h->queue))
			fail(NULL, "something waits although left alone");
	}
}

static void open(void)
{
	struct sip_stream_seg syn;

	memset(&syn, 0, sizeof(syn));
	base[0] = rnd(&rng, ~0U);
	base[1] = rnd(&rng, ~0U);
	syn.win = 60000;
	syn.wscale = (u8)rnd(&rng, 16);
	syn.sack_ok = true;
	syn.flags = SIP_TCP_SYN;
	syn.seq = base[0] - 1;
	sip_stream_segment(&s, &syn);
	syn.dir = 1;
	syn.flags |= SIP_TCP_ACK;
	syn.ack = base[0];
	syn.seq = base[1] - 1;
	sip_stream_segment(&s, &syn);
}

static const char *run(u64 seed, const u8 *data, size_t len)
{
	u32 n, i;

	rng.state = seed * 0xd1342543de82ef95ULL ^ seed << 32;
	rng.bytes = data;
	rng.left = len;
	failure = NULL;
	limits.message = 100 + rnd(&rng, 3000);
	limits.growth = rnd(&rng, 300);
	limits.kept = rnd(&rng, 20);
	limits.queue = rnd(&rng, 20);
	limits.ahead = 1 + rnd(&rng, 10000);
	sip_stream_init(&s, &ops, &limits);
	open();
	n = 1 + rnd(&rng, 80);
	for (i = 0; i < n && !failure; i++) {
		s.now = i;
		calls = 0;
		emitted = 0;
		if (chance(&rng, 3))
			sip_stream_expire(&s, rnd(&rng, 20));
		else if (chance(&rng, 1))
			sip_stream_leave(&s, SIP_STREAM_R_ASKED);
		else
			segment();
		if (calls > 2 * (limits.kept + limits.queue + 3) + 40 + 3000)
			fail(NULL, "too many packets at once");
		bounds();
	}
	sip_stream_free(&s);
	if (blocks || memory)
		fail(NULL, "memory was not given back");
	return failure;
}

#ifdef FUZZ
int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	const char *why = run(1, data, size);

	if (why) {
		fprintf(stderr, "%s\n", why);
		abort();
	}
	return 0;
}
#else
int main(int argc, char **argv)
{
	u64 n = 100000, seed = 1, i;
	const char *why = NULL;
	int c;

	while ((c = getopt(argc, argv, "n:s:")) != -1)
		if (c == 'n')
			n = strtoull(optarg, NULL, 0);
		else
			seed = strtoull(optarg, NULL, 0);
	for (i = 0; i < n && !why; i++)
		why = run(seed + i, NULL, 0);
	if (why)
		fprintf(stderr, "seed %llu: %s\n",
			(unsigned long long)(seed + i - 1), why);
	printf("1..1\n%s 1 - %llu schedules of nonsense\n",
	       why ? "not ok" : "ok", (unsigned long long)i);
	return why ? 1 : 0;
}
#endif
