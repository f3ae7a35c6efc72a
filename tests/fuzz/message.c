// SPDX-License-Identifier: GPL-2.0
/*
 * Messages: the parser, and every decoder over every header field. What was
 * understood depends on the message alone: not on what the structure held
 * before, nor on what lies behind the message.
 */
#include "fuzz.h"

/* Of everything that sip_parse() writes, each byte, padding included. */
static void need_same(const struct sip_msg *a, const struct sip_msg *b)
{
	const size_t from = offsetof(struct sip_msg, present);

	need(!memcmp((const char *)a + from, (const char *)b + from,
		     offsetof(struct sip_msg, hdrs) - from));
	need(!memcmp(a->hdrs, b->hdrs, a->nhdrs * sizeof(a->hdrs[0])));
}

/* The fields lie one behind the other, and only white space is around them. */
static void need_order(const struct sip_msg *m)
{
	u32 i, at = 0;

	for (i = 0; i < m->nhdrs; i++) {
		const struct sip_span v = m->hdrs[i].value;

		need(v.off >= at && v.off + v.len <= m->body.off);
		need(m->hdrs[i].next == 0 || m->hdrs[i].next > i + 1);
		at = v.off + v.len;
		need(!v.len || !memchr(" \t\r\n", m->data[v.off], 4));
		need(!v.len || !memchr(" \t\r\n", m->data[v.off + v.len - 1], 4));
	}
}

static void numbers(const struct sip_msg *m)
{
	u32 i, n;

	for (i = 0; i < m->nhdrs; i++) {
		struct sip_span v = m->hdrs[i].value;

		if (!sip_number(m->data, v, &n)) {
			u64 want = 0;
			u32 k;

			for (k = 0; k < v.len; k++)
				want = want * 10 + (u64)(m->data[v.off + k] - '0');
			need(want == n);
		}
		sip_digest_covers_body(m->data, v);
	}
	sip_is_signed(m);
}

static void again(const struct sip_msg *m, const char *data, u32 size)
{
	static struct sip_msg other;
	char *copy;

	memset(&other, 0xff, sizeof(other));
	need(sip_parse(&other, data, size) == SIPALG_R_OK);
	need_same(m, &other);
	if (!m->has_length)
		return;
	/* Without the bytes behind it, and with others there. */
	copy = exact(data, m->len);
	memset(&other, 0x5a, sizeof(other));
	need(sip_parse(&other, copy, m->len) == SIPALG_R_OK);
	need_same(m, &other);
	free(copy);
	copy = malloc(m->len + 8);
	if (!copy)
		abort();
	memcpy(copy, data, m->len);
	memcpy(copy + m->len, "9:\r\n\r\n\"<", 8);
	need(sip_parse(&other, copy, m->len + 8) == SIPALG_R_OK);
	need_same(m, &other);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const char *data = (const char *)bytes;
	static struct sip_msg m;

	if (size > INPUT_MAX)
		return -1;
	walk_bad = 0;
	walk(data, (u32)size);
	need(!walk_bad);
	memset(&m, 0, sizeof(m));
	if (sip_parse(&m, data, (u32)size) != SIPALG_R_OK)
		return 0;
	need_order(&m);
	numbers(&m);
	again(&m, data, (u32)size);
	return 0;
}
