// SPDX-License-Identifier: GPL-2.0
/*
 * Session descriptions. The result depends on the description alone: not on
 * what the structure held before (stale bytes would be written into a packet),
 * not on what lies around it, not on where it begins.
 */
#include "fuzz.h"

#define BEFORE	"m=audio 1 RTP/AVP 0\r\nc="
#define BEHIND	"9 IN IP4 10.0.0.1\r\nm=video 2 RTP/AVP 0\r\n"

static void move(struct sip_span *s, u32 by)
{
	if (s->len || s->off)
		s->off -= by;
}

static void move_conn(struct sdp_conn *c, u32 by)
{
	move(&c->text, by);
	move(&c->twin, by);
}

/* As if the description had begun at 0. */
static void move_all(struct sdp *sdp, u32 by)
{
	u32 i;

	move_conn(&sdp->origin, by);
	move_conn(&sdp->conn, by);
	for (i = 0; i < sdp->nmedia; i++) {
		move(&sdp->media[i].port_text, by);
		move(&sdp->media[i].rtcp_text, by);
		move(&sdp->media[i].fmts, by);
		move(&sdp->media[i].attrs, by);
		move_conn(&sdp->media[i].conn, by);
		move_conn(&sdp->media[i].rtcp, by);
	}
	for (i = 0; i < sdp->ncands; i++) {
		move(&sdp->cands[i].addr_text, by);
		move(&sdp->cands[i].port_text, by);
		move(&sdp->cands[i].rport_text, by);
		move_conn(&sdp->cands[i].raddr, by);
	}
}

static void need_same(const struct sdp *a, const struct sdp *b)
{
	need(!memcmp(a, b, offsetof(struct sdp, media)));
	need(!memcmp(a->media, b->media, a->nmedia * sizeof(a->media[0])));
	need(!memcmp(a->cands, b->cands, a->ncands * sizeof(a->cands[0])));
}

/* What any reader would count. */
static u32 lines_m(const char *data, u32 len)
{
	u32 i, n = 0;

	for (i = 0; i + 1 < len; i++)
		if (data[i] == 'm' && data[i + 1] == '=' &&
		    (!i || data[i - 1] == '\n'))
			n++;
	return n;
}

static void need_digits(const char *data, struct sip_span s, u16 port)
{
	u32 n;

	if (!s.len)
		return;
	need(!sip_number(data, s, &n));
	need(n == port);
}

static void need_sound(const char *data, u32 size, const struct sdp *sdp)
{
	u32 i, at = 0;

	need(sdp->nmedia == lines_m(data, size));
	for (i = 0; i < sdp->nmedia; i++) {
		const struct sdp_media *m = &sdp->media[i];

		need(m->port_text.len && m->count);
		need_digits(data, m->port_text, m->port);
		need_digits(data, m->rtcp_text, m->rtcp_port);
		need(m->attrs.off >= at && m->port_text.off < m->attrs.off);
		at = m->attrs.off + m->attrs.len;
		need(m->has_conn || !m->conn.text.len);
		need(m->has_conn || !m->conn.addr.family);
		need(sdp_media_conn(sdp, m) == &m->conn || !m->has_conn);
		need(sdp_kind_name(m->kind) && sdp_direction_name(m->direction));
	}
	need(!sdp->nmedia || at == size);
	for (i = 0; i < sdp->ncands; i++)
		need_digits(data, sdp->cands[i].port_text, sdp->cands[i].port);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const u32 by = sizeof(BEFORE) - 1;
	struct sip_span s = { 0, (u32)size };
	const char *data = (const char *)bytes;
	static struct sdp a, b;
	enum sipalg_reason r;
	char *around;

	if (size > INPUT_MAX)
		return -1;
	memset(&a, 0, sizeof(a));
	memset(&b, 0xff, sizeof(b));
	walk_bad = 0;
	walk_sdp(data, s, &a);
	need(!walk_bad);
	r = sdp_parse(data, s, &b);
	around = malloc(size + sizeof(BEFORE) + sizeof(BEHIND));
	if (!around)
		abort();
	memcpy(around, BEFORE, by);
	memcpy(around + by, data, size);
	memcpy(around + by + size, BEHIND, sizeof(BEHIND));
	if (r == SIPALG_R_OK) {
		need_same(&a, &b);
		need_sound(data, s.len, &a);
	}
	memset(&b, 0x5a, sizeof(b));
	s.off = by;
	need(sdp_parse(around, s, &b) == r);
	free(around);
	if (r == SIPALG_R_OK) {
		move_all(&b, by);
		need_same(&a, &b);
	}
	return 0;
}
