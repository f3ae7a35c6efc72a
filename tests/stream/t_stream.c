// SPDX-License-Identifier: GPL-2.0
/*
 * The stream, step by step: cases where more is promised than that the bytes
 * arrive. A small script drives both ends by hand.
 */
#include "../unit/tap.h"
#include "../../kmod/sip/stream.h"

#define A	1000u		/* the first byte of each end */
#define B	5000u

static struct sip_stream s;
static struct sip_stream_limits limits;
static struct sip_stream_seg out[64], hand;
static char out_data[64][70000];
static u32 nout, blocks, memory, memory_limit, messages;
static bool observed;	/* what begin() begins */
static enum sip_stream_verdict verdict;

static void *op_alloc(struct sip_stream *st, u32 size)
{
	void *p = memory + size > memory_limit ? NULL : malloc(size);

	(void)st;
	if (p) {
		blocks++;
		memory += size;
	}
	return p;
}

static void op_free(struct sip_stream *st, void *p, u32 size)
{
	(void)st;
	blocks--;
	memory -= size;
	free(p);
}

/* "INVITE..." gets ten bytes more, "BYE..." four less, others stay. */
static bool op_message(struct sip_stream *st, u8 dir, const char *data, u32 len)
{
	u32 n = *data == 'I' ? len + 10 : *data == 'B' ? len - 4 : 0;
	char *to;

	(void)dir;
	messages++;
	to = n ? sip_stream_reserve(st, n) : NULL;
	if (!to)
		return false;
	memset(to, '+', n);
	memcpy(to + n - (len - 4), data + 4, len - 4);
	return true;
}

static void op_emit(struct sip_stream *st, const struct sip_stream_seg *seg)
{
	(void)st;
	if (nout == 64)
		abort();
	memcpy(out_data[nout], seg->len ? seg->data : "", seg->len);
	out[nout] = *seg;
	out[nout].data = out_data[nout];
	nout++;
}

static const struct sip_stream_ops ops = {
	op_alloc, op_free, op_message, op_emit
};

static void give(u8 dir, u32 seq, u32 ack, u8 flags, const char *data, u32 len)
{
	nout = 0;
	hand.dir = dir;
	hand.seq = seq;
	hand.ack = ack;
	hand.flags = flags;
	hand.data = data;
	hand.len = len;
	verdict = sip_stream_segment(&s, &hand);
	hand.nsack = verdict == SIP_STREAM_DROP ? 0 : hand.nsack;
}

static void give_text(u8 dir, u32 seq, u32 ack, const char *text)
{
	hand.nsack = 0;
	give(dir, seq, ack, SIP_TCP_ACK | SIP_TCP_PSH, text, (u32)strlen(text));
}

static void give_ack(u8 dir, u32 seq, u32 ack)
{
	hand.nsack = 0;
	give(dir, seq, ack, SIP_TCP_ACK, NULL, 0);
}

static void begin(void)
{
	sip_stream_free(&s);
	limits = (struct sip_stream_limits){ 70000, 100, 100, 10, 100000 };
	memory_limit = ~0U;
	messages = 0;
	sip_stream_init(&s, &ops, &limits);
	s.observed = observed;
	memset(&hand, 0, sizeof(hand));
	hand.win = 60000;
	hand.wscale = 0;
	hand.sack_ok = true;
	hand.has_ts = true;
	hand.tsval = 7;
	give(0, A - 1, 0, SIP_TCP_SYN, NULL, 0);
	hand.tsval = 70;
	give(1, B - 1, A, SIP_TCP_SYN | SIP_TCP_ACK, NULL, 0);
	hand.wscale = SIP_STREAM_NO_SCALE;
	hand.sack_ok = false;
	hand.tsval = 8;
	give_ack(0, A, B);
}

static void end(void)
{
	sip_stream_free(&s);
	is_num(blocks, 0, "all memory was given back");
	is_num(memory, 0, "to the byte");
}

static const char stun_text[] = "\0\1\0\0!\022\244B123456789012";

#define INVITE	"INVITE sip:a SIP/2.0\r\nl: 3\r\n\r\nabc"	/* 33 */
#define BYE	"BYE sip:a SIP/2.0\r\n\r\n"			/* 21 */
#define OPTIONS	"OPTIONS sip:a SIP/2.0\r\n\r\n"		/* 25 */

static void whole_and_unchanged(void)
{
	begin();
	give_text(0, A, B, OPTIONS);
	ok(verdict == SIP_STREAM_PASS && !nout, "an unchanged message passes");
	is_num(messages, 1, "it was looked at");
	is_num(memory, 0, "it costs no memory");
	give_text(0, A, B, OPTIONS);
	ok(verdict == SIP_STREAM_PASS && !nout, "and so it does again");
	is_num(messages, 1, "it is not looked at twice");
	give_ack(1, B, A + 25);
	ok(verdict == SIP_STREAM_PASS, "and its acknowledgment");
	end();
}

static void whole_and_translated(void)
{
	begin();
	give_text(0, A, B, INVITE);
	ok(verdict == SIP_STREAM_REWRITE && !nout,
	   "a translated message rides on its packet");
	is_num(hand.len, 43, "it has grown");
	give_ack(1, B, A + 42);
	ok(verdict == SIP_STREAM_DROP, "no acknowledgment before all of it");
	is_num(sip_stream_memory(&s, 0) > 43, 1, "it is kept");
	give_text(0, A, B, INVITE);
	ok(verdict == SIP_STREAM_REWRITE && hand.len == 1 && hand.seq == A + 42,
	   "a retransmission brings what is missing");
	give_ack(1, B, A + 43);
	ok(verdict == SIP_STREAM_HEADER && hand.ack == A + 33,
	   "then all is acknowledged");
	is_num(memory, 0, "and forgotten");
	give_text(0, A + 33, B, BYE);
	is_num(hand.seq, A + 43, "the next one follows");
	give_text(0, A + 54, B, OPTIONS);
	ok(verdict == SIP_STREAM_HEADER && hand.seq == A + 60,
	   "one that is unchanged only moves");
	give_text(0, A + 33, B, BYE OPTIONS);
	ok(nout == 1 && out[0].seq == A + 43 && out[0].len == 17 &&
	   hand.seq == A + 60 && hand.len == 25,
	   "a retransmission of both is taken apart");
	give_ack(1, B, A + 43);
	ok(verdict == SIP_STREAM_HEADER && hand.ack == A + 33,
	   "a duplicate remains a duplicate");
	end();
}

static void nagle(void)
{
	begin();
	hand.tsval = 9;
	give_text(0, A, B, "INVITE sip:a SIP/2.0\r\n");
	ok(nout == 1 && out[0].dir == 1 && out[0].ack == A + 22 &&
	   out[0].seq == B && !out[0].len, "the first part is acknowledged");
	ok(out[0].win == 60000 && out[0].has_ts && out[0].tsval == 70 &&
	   out[0].tsecr == 9, "with the receiver's window and timestamps");
	ok(verdict == SIP_STREAM_REWRITE && !hand.len && hand.seq == A,
	   "it goes on as a bare acknowledgment");
	give_text(0, A, B, "INVITE sip:a SIP/2.0\r\n");
	ok(nout == 1 && out[0].ack == A + 22, "again if it comes again");
	give_ack(0, A + 21, B);
	ok(verdict == SIP_STREAM_HEADER && hand.seq == A - 1,
	   "a keep-alive is for the receiver to answer");
	give_ack(1, B, A);
	is_num(hand.ack, A + 22, "the answer acknowledges what is held");
	give_text(0, A + 22, B, "l: 3\r\n\r\nabc");
	ok(!nout && verdict == SIP_STREAM_REWRITE && hand.len == 43,
	   "the last part is not acknowledged, but sent");
	give_text(0, A + 33, B, "INVITE sip:a SIP/2.0\r\n");
	ok(!nout, "nor anything while that is under way");
	give_text(0, A + 22, B, "l: 3\r\n\r\nabcINVITE sip:a SIP/2.0\r\n");
	ok(!nout && hand.seq == A && hand.len == 43,
	   "the last part again, with more, brings all of the message");
	give_ack(1, B, A + 43);
	is_num(hand.ack, A + 55, "its acknowledgment is good for both");
	end();
}

static void not_sip(void)
{
	static const char post[] =
		"POST / HTTP/1.1\r\n\r\n" INVITE "REGISTER sip:a SIP/2.0\r\n\r\n";
	static const char tls[] = "\x16\x03\x01\x02";
	u32 cut, len = sizeof(post) - 1;
	bool untouched = true;

	for (cut = 1; cut < len; cut++) {
		begin();
		give(0, A, B, SIP_TCP_ACK, post, cut);
		if (cut >= 6)
			untouched &= verdict == SIP_STREAM_PASS;
		give(0, A + cut, B, SIP_TCP_ACK, post + cut, len - cut);
		if (cut >= 6)
			untouched &= verdict == SIP_STREAM_PASS;
		give_text(0, A + len, B, INVITE);
		untouched &= verdict == SIP_STREAM_PASS && !messages;
		give_text(1, B, A + len + 33, INVITE);
		untouched &= verdict == SIP_STREAM_PASS && !messages;
	}
	ok(untouched, "POST with SIP in it, cut anywhere, is not SIP for good");
	begin();
	give(1, B, A, SIP_TCP_ACK, tls, 4);
	ok(verdict == SIP_STREAM_PASS, "nor is TLS");
	give_text(0, A, B, INVITE);
	ok(verdict == SIP_STREAM_PASS && !messages, "in either direction");
	begin();
	give(0, A, B, SIP_TCP_ACK, stun_text, 20);
	give_text(0, A + 20, B, INVITE);
	ok(verdict == SIP_STREAM_PASS && !messages, "nor what begins as STUN");
	begin();
	give_text(0, A, B, OPTIONS);
	give(0, A + 25, B, SIP_TCP_ACK, stun_text, 20);
	ok(verdict == SIP_STREAM_PASS, "STUN may follow SIP");
	give_text(0, A + 45, B, INVITE);
	is_num(messages, 2, "and SIP may follow STUN");
	end();
}

static void late(void)
{
	sip_stream_free(&s);
	sip_stream_init(&s, &ops, &limits);
	messages = 0;
	give_text(0, A, B, INVITE);
	ok(verdict == SIP_STREAM_PASS && !messages,
	   "a connection that was there before is left alone");
	is_num(s.half[0].reason, SIP_STREAM_R_LATE, "and it is said why");
	sip_stream_free(&s);
	sip_stream_init(&s, &ops, &limits);
	give(0, A - 1, 0, SIP_TCP_SYN, "x", 1);
	give(1, B - 1, A, SIP_TCP_SYN | SIP_TCP_ACK, NULL, 0);
	give_text(0, A, B, INVITE);
	ok(verdict == SIP_STREAM_PASS && !messages, "so is one with data in a SYN");
	sip_stream_free(&s);
	sip_stream_init(&s, &ops, &limits);
	give(0, A - 1, 0, SIP_TCP_SYN, NULL, 0);
	give(1, B - 1, 0, SIP_TCP_SYN, NULL, 0);
	give_text(0, A, B, INVITE);
	ok(verdict == SIP_STREAM_PASS && !messages, "and a simultaneous open");
	sip_stream_free(&s);
	sip_stream_init(&s, &ops, &limits);
	give(0, A - 1, 0, SIP_TCP_SYN, NULL, 0);
	give_ack(1, 77, 99);
	give(0, 99, 0, SIP_TCP_RST, NULL, 0);
	give(0, A - 1, 0, SIP_TCP_SYN, NULL, 0);
	give(1, B - 1, A, SIP_TCP_SYN | SIP_TCP_ACK, NULL, 0);
	give_text(0, A, B, INVITE);
	is_num(messages, 1, "but not one whose server knew an older one");
	end();
}

static void behind_a_hole(void)
{
	begin();
	hand.nsack = 0;
	give_text(0, A + 25, B, INVITE);
	ok(nout == 1 && out[0].ack == A && out[0].nsack == 1 &&
	   out[0].sack[0].left == A + 25 && out[0].sack[0].right == A + 58,
	   "a hole is told to the sender, with what there is behind it");
	is_num(messages, 0, "and nothing is looked at yet");
	give_text(0, A, B, OPTIONS);
	is_num(messages, 2, "when it is filled, both are");
	ok(nout == 2 && out[0].seq == A && out[1].seq == A + 25 &&
	   out[1].len == 43, "and go out in their order");
	hand.nsack = 2;
	hand.sack[0].left = A + 30;
	hand.sack[0].right = A + 68;
	hand.sack[1].left = A + 25;
	hand.sack[1].right = A + 68;
	give(1, B, A, SIP_TCP_ACK, NULL, 0);
	ok(verdict == SIP_STREAM_HEADER && hand.nsack == 1 &&
	   hand.sack[0].left == A + 25 && hand.sack[0].right == A + 58,
	   "SACK of a whole message is translated, of a part of one removed");
	end();
}

static void gives_up(void)
{
	begin();
	s.now = 100;
	give_text(0, A, B, "INVITE sip:a SIP/2.0\r\n");
	s.now = 104;
	nout = 0;
	ok(sip_stream_expire(&s, 5) && !nout, "a message may take its time");
	s.now = 105;
	ok(sip_stream_expire(&s, 5) && nout == 1 && out[0].seq == A &&
	   out[0].len == 22 && out[0].ack == B && out[0].tsval == 8,
	   "then it goes out");
	nout = 0;
	ok(sip_stream_expire(&s, 5) && nout == 1, "until it has arrived");
	give_text(0, A + 22, B, "l: 3\r\n\r\nabc");
	ok(nout == 1 && out[0].len == 22 && verdict == SIP_STREAM_PASS,
	   "in front of what the sender sends");
	give_ack(1, B, A + 33);
	ok(!sip_stream_waits(&s) && sip_stream_drained(&s) && !messages,
	   "and nothing remains");
	begin();
	give_text(0, A, B, "INVITE sip:a SIP/2.0\r\n");
	give(0, A + 22, B, SIP_TCP_ACK | SIP_TCP_FIN, NULL, 0);
	ok(!nout && hand.seq == A && hand.len == 22 &&
	   hand.flags & SIP_TCP_FIN, "FIN takes it along");
	begin();
	give_text(0, A, B, "INVITE sip:a SIP/2.0\r\n");
	give(0, A + 22, B, SIP_TCP_RST, NULL, 0);
	ok(nout == 1 && out[0].len == 22 && hand.seq == A + 22,
	   "RST sends it ahead");
	begin();
	give_text(0, A, B, INVITE);
	give_text(0, A + 33, B, "INVITE sip:a SIP/2.0\r\n");
	nout = 0;
	sip_stream_leave(&s, SIP_STREAM_R_ASKED);
	ok(nout == 1 && out[0].seq == A + 43 && out[0].len == 22 &&
	   sip_stream_offset(&s, 0) == 10 && !sip_stream_offset(&s, 1),
	   "so does leaving it alone, and the offset remains");
	end();
}

static void bounds(void)
{
	begin();
	memory_limit = 1000;
	give_text(0, A, B, INVITE);
	give_text(0, A + 33, B, "OPTIONS sip:a SIP/2.0\r\n");
	ok(hand.len == 23 && verdict == SIP_STREAM_HEADER &&
	   s.half[0].reason == SIP_STREAM_R_MEMORY,
	   "without memory the rest passes");
	begin();
	memory_limit = 50;
	give_text(0, A, B, INVITE);
	ok(verdict == SIP_STREAM_PASS && s.half[0].phase == SIP_STREAM_LEFT,
	   "without memory a message is not translated");
	begin();
	limits.kept = 1;
	give_text(0, A, B, INVITE);
	give_text(0, A + 33, B, INVITE);
	ok(verdict == SIP_STREAM_HEADER && messages == 1 &&
	   s.half[0].reason == SIP_STREAM_R_LIMIT, "there is a limit of messages");
	begin();
	give(0, A, B, SIP_TCP_ACK | SIP_TCP_URG, INVITE, 33);
	ok(verdict == SIP_STREAM_PASS && !messages, "urgent data passes");
	end();
}

/* 64 KiB to a receiver whose window is small: in its portions, to the end. */
static void large(void)
{
	static char text[66000];
	u32 n, at = 0, sent = 0, i;

	n = (u32)sprintf(text, "INVITE sip:a SIP/2.0\r\nl: 65536\r\n\r\n");
	memset(text + n, 'x', 65536);
	n += 65536;
	begin();
	hand.win = 3000;
	give_ack(1, B, A);
	for (at = 0; at < n; at += 1400)
		give(0, A + at, B, SIP_TCP_ACK, text + at,
		     n - at < 1400 ? n - at : 1400);
	ok(hand.len == 3000 && hand.seq == A, "the window's worth of it goes");
	for (sent = 3000; sent < n + 10; ) {
		give_ack(1, B, A + sent);
		if (!nout)
			break;
		for (i = 0; i < nout; i++)
			sent += out[i].len;
	}
	is_num(sent, n + 10, "then the rest, as it is acknowledged");
	give_ack(1, B, A + sent);
	is_num(hand.ack, A + n, "and all of it is, to the sender");
	end();
}

/* What a sender that was misled by its window sends, must be taken. */
static void sequence_numbers(void)
{
	begin();
	give_text(0, A, B, INVITE);
	give_ack(0, A + 33, B);
	is_num(hand.seq, A + 43, "a packet without data is behind what was sent");
	give_ack(0, A + 90, B);
	is_num(hand.seq, A + 43, "and not further");
	give_ack(1, B, A + 20);
	give_ack(0, A, B);
	is_num(hand.seq, A + 20, "nor before what is known to have arrived");
	give_ack(1, B, A + 43);
	give_ack(0, A + 10, B);
	is_num(hand.seq, A + 43, "be it ever so old");
	give_ack(0, A + 32, B);
	is_num(hand.seq, A + 42, "but a probe is one byte before that");
	sip_stream_leave(&s, SIP_STREAM_R_ASKED);
	give_ack(0, A + 10, B);
	is_num(hand.seq, A + 43, "the same when it is left alone");
	give_ack(0, A + 32, B);
	is_num(hand.seq, A + 42, "with the probe");
	give_ack(1, B, A + 43);
	is_num(hand.ack, A + 33, "and what comes back");
	end();
}

static void windows(void)
{
	begin();
	hand.win = 10;
	give_ack(1, B, A);
	give_text(0, A, B, INVITE);
	is_num(hand.len, 10, "only so much as the window takes");
	hand.win = 0;
	give_ack(1, B, A + 10);
	ok(!nout, "none against a shut one");
	give_text(0, A, B, INVITE);
	ok(hand.seq == A + 10 && hand.len == 33, "but as a probe");
	hand.win = 20;
	give_ack(1, B, A + 10);
	ok(nout == 1 && out[0].seq == A + 10 && out[0].len == 20,
	   "what the receiver dropped follows when it opens");
	ok(verdict == SIP_STREAM_HEADER && hand.ack == A,
	   "and the sender hears of the window");
	end();
	begin();
	hand.win = 10;
	give_ack(1, B, A);
	give_text(0, A, B, INVITE);
	hand.win = 20;
	give_ack(1, B, A);
	ok(nout == 1 && out[0].seq == A + 10 && out[0].len == 10,
	   "an update of the window alone sends more");
	sip_stream_leave(&s, SIP_STREAM_R_ASKED);
	give_ack(0, A + 33, B);
	is_num(hand.seq, A + 20, "a packet without data is within it");
	end();
}

static void selective(void)
{
	begin();
	give_text(0, A, B, INVITE);
	give_ack(1, B, A + 43);
	give_text(0, A + 33, B, INVITE);
	give_text(0, A + 66, B, OPTIONS);
	hand.nsack = 3;
	hand.sack[0].left = A;
	hand.sack[0].right = A + 43;
	hand.sack[1].left = A + 50;
	hand.sack[1].right = A + 111;
	hand.sack[2].left = A + 43;
	hand.sack[2].right = A + 80;
	give(1, B, A + 43, SIP_TCP_ACK, NULL, 0);
	ok(hand.nsack == 1 && hand.sack[0].left == A + 66 &&
	   hand.sack[0].right == A + 91,
	   "no D-SACK, and of a message that is there in part only what follows");
	hand.nsack = 1;
	hand.sack[0].left = A + 100;
	hand.sack[0].right = A + 500;
	give(1, B, A + 43, SIP_TCP_ACK, NULL, 0);
	is_num(hand.nsack, 0, "nor what was never sent");
	give_ack(1, B, A + 500);
	is_num(hand.ack, A + 33, "which is not acknowledged either");
	end();
}

static void old_is_not_ours(void)
{
	begin();
	give_text(0, A, B, OPTIONS);
	give_ack(1, B, A + 25);
	give_text(0, A + 25, B, "BYE sip:a");
	is_num(nout, 1, "what is held is acknowledged");
	give_text(0, A, B, OPTIONS);
	ok(!nout && verdict == SIP_STREAM_PASS,
	   "what is old is for the receiver to acknowledge");
	end();
}

/* Nothing is said or changed. */
static bool passes(u8 dir, u32 seq, u32 ack, const char *text)
{
	give_text(dir, seq, ack, text);
	return verdict == SIP_STREAM_PASS && !nout && hand.seq == seq && hand.ack == ack;
}

static void only_observed(void)
{
	u32 i;

	observed = true;
	begin();
	ok(passes(0, A, B, "OPTIONS sip:a"), "the first part of a message passes at once");
	ok(passes(0, A + 25, B, OPTIONS), "so does what comes behind a hole");
	ok(!messages && memory, "copies are kept until they can be read");
	ok(passes(0, A + 13, B, " SIP/2.0\r\n\r\n"), "and so does the rest of the message");
	ok(messages == 2 && !memory, "then both were looked at, and nothing is kept");
	ok(passes(0, A, B, OPTIONS OPTIONS) && messages == 2,
	   "what is sent again is not looked at again");
	ok(passes(1, B, A + 50, OPTIONS) && messages == 3,
	   "the other direction is followed as well");
	for (i = 0; i < 500; i++)
		passes(0, A + 50 + 25 * i, B + 25, OPTIONS);
	ok(messages == 503 && !memory,
	   "however many come before the receiver says that it has them");
	passes(0, A + 12550, B + 25, "OPTIONS");
	ok(memory && passes(1, B + 25, A + 12600, OPTIONS) && !memory,
	   "where the receiver has what we have not, the sender is left alone");
	is_num(s.half[0].phase, SIP_STREAM_LEFT, "for good");
	ok(s.half[1].phase == SIP_STREAM_SIP && messages == 504, "the receiver is not");
	is_num(sip_stream_offset(&s, 0), 0, "no number has moved");
	ok(passes(0, A + 12600, B + 50, OPTIONS) && messages == 504,
	   "what comes then passes unread");
	end();
	begin();
	passes(0, A, B, "OPTIONS");
	hand.nsack = 0;
	give(0, A + 7, B, SIP_TCP_ACK | SIP_TCP_FIN, NULL, 0);
	ok(verdict == SIP_STREAM_PASS && !nout && !memory, "FIN in a message passes, and ends it");
	begin();
	passes(0, A, B, "GET / HTTP/1.1\r\n");
	ok(passes(1, B, A + 16, OPTIONS) && !messages,
	   "what begins as HTTP is not SIP in either direction");
	begin();
	passes(0, A, B, "OPTIONS");
	s.now += 1000;
	sip_stream_expire(&s, 10);
	ok(!nout && !memory && s.half[0].reason == SIP_STREAM_R_STALLED,
	   "a message that does not come to its end is given up in silence");
	end();
	observed = false;
}

TAP_MAIN(only_observed, whole_and_unchanged, whole_and_translated, nagle, not_sip, late,
	 behind_a_hole, gives_up, bounds, large, sequence_numbers, windows,
	 selective, old_is_not_ours)
