// SPDX-License-Identifier: GPL-2.0
/*
 * The edit list, against the most naive way to do it: every byte of the
 * message asks every edit, in the order in which they came.
 *
 * The input is the message's length, then five bytes for each edit.
 */
#include "fuzz.h"

#define MAX_OPS		(SIP_MAX_EDITS + 1)

struct op {
	struct sip_span s;
	const char *text;
	u32 len;
};

struct naive {
	u32 n;
	u32 used;
	bool failed;
	struct op op[MAX_OPS];
};

/* Do two edits want the same byte, or the inside of one another? */
static bool collide(struct sip_span a, struct sip_span b)
{
	u32 a_end = a.off + a.len, b_end = b.off + b.len;

	if (!a.len && !b.len)
		return false;
	return a.off < b_end && b.off < a_end &&
	       !(a.len == 0 && a.off == b.off) &&
	       !(b.len == 0 && a.off == b.off);
}

static void naive_add(struct naive *v, const char *data, struct sip_span s,
		      const char *text, u32 len)
{
	u32 i;

	if (v->failed || (s.len == len && !memcmp(data + s.off, text, len)))
		return;
	for (i = 0; i < v->n; i++)
		v->failed |= collide(v->op[i].s, s);
	v->failed |= v->n == SIP_MAX_EDITS || v->used + len > SIP_EDIT_TEXT;
	if (v->failed)
		return;
	v->op[v->n++] = (struct op){ s, text, len };
	v->used += len;
}

static u32 naive_apply(const struct naive *v, const char *data, u32 size,
		       char *to)
{
	u32 at, i, n = 0;

	for (at = 0; at <= size; at++) {
		bool gone = at == size;

		for (i = 0; i < v->n; i++)
			if (v->op[i].s.off == at && !v->op[i].s.len) {
				memcpy(to + n, v->op[i].text, v->op[i].len);
				n += v->op[i].len;
			}
		for (i = 0; i < v->n; i++) {
			const struct op *op = &v->op[i];

			if (op->s.off == at && op->s.len) {
				memcpy(to + n, op->text, op->len);
				n += op->len;
			}
			gone |= at >= op->s.off && at - op->s.off < op->s.len;
		}
		if (!gone)
			to[n++] = data[at];
	}
	return n;
}

static void run(const char *data, u32 size, const uint8_t *ops, size_t nops)
{
	static const char letters[] =
		"192.0.2.1:5060 [2001:db8::1] fedcba9876543210 lorem ipsum dolor"
		" sit amet consetetur sadipscing elitr sed diam nonumy eirmod ";
	static char want[INPUT_MAX + SIP_EDIT_TEXT + 16];
	static char numbers[MAX_OPS][12], many[300];
	static struct sip_edits e;
	static struct naive v;
	char *got;
	u32 i, n;

	for (i = 0; i < sizeof(many); i++)
		many[i] = letters[i % (sizeof(letters) - 1)];
	memset(&e, 0xa5, sizeof(e));
	sip_edits_init(&e);
	v.n = 0;
	v.used = 0;
	v.failed = false;
	for (; nops >= 5 && !v.failed; ops += 5, nops -= 5) {
		struct sip_span s;
		char *number;

		s.off = (ops[0] | (u32)ops[1] << 8) % (size + 1);
		s.len = ops[2] % (size - s.off + 1);
		if (ops[4] & 1) {
			number = numbers[v.n];
			n = (u32)snprintf(number, 12, "%u", ops[3] * 16843009u);
			naive_add(&v, data, s, number, n);
			need(sip_edits_add_number(&e, data, s, ops[3] * 16843009u) ==
			     !v.failed);
			continue;
		}
		n = ops[3];
		naive_add(&v, data, s, many + (ops[4] >> 4), n);
		need(sip_edits_add(&e, data, s, many + (ops[4] >> 4), n) ==
		     !v.failed);
	}
	need(e.failed == v.failed);
	if (e.failed)
		return;
	need(e.n == v.n && e.used == v.used);
	n = naive_apply(&v, data, size, want);
	need(n == size + (u32)e.growth);
	got = malloc(n ? n : 1);
	if (!got)
		abort();
	need(sip_edits_apply(&e, data, size, got) == n);
	need(!memcmp(got, want, n));
	free(got);
	/* The same in place. */
	got = malloc(n > size ? n : size + 1);
	if (!got)
		abort();
	memcpy(got, data, size);
	sip_edits_apply_here(&e, got, size);
	need(!memcmp(got, want, n));
	free(got);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char data[1024];
	u32 i, len;
	char *message;

	if (size < 2 || size > INPUT_MAX)
		return -1;
	len = (bytes[0] | (u32)bytes[1] << 8) % sizeof(data);
	for (i = 0; i < len; i++)
		data[i] = (char)("0123456789.:[]abcdef \r\n"[i % 23]);
	message = exact(data, len);
	run(message, len, bytes + 2, size - 2);
	free(message);
	return 0;
}
