// SPDX-License-Identifier: GPL-2.0
/*
 * Translation of whole messages: parse, ask, collect, apply, parse again.
 *
 * "swap" is its own inverse: it exchanges 10/8 with 198/8, fd00::/8 with
 * 2600::/8, and ports with ports of another length, or with none. Twice gives
 * the message back, byte for byte, where its addresses were written as we
 * write them; else three times gives what once gave.
 * "out" leads from the one to the other only: twice is the same as once.
 */
#include "fuzz.h"
#include "../../kmod/sip/scan.h"
#include "../../kmod/sip/translate.h"

struct rule {
	const char *data;
	bool out;		/* "out", else "swap" */
	bool odd;		/* an address or number was written in another way */
};

struct result {
	enum sipalg_reason reason;
	char *bytes;
	u32 len;
	bool odd;
	u32 nedits;
};

/* No port is 0: what a URI without one is exchanged with. */
static u16 swap_port(u16 port, bool optional)
{
	if (optional && (!port || port == 7777))
		return port ? 0 : 7777;
	if (port == 7777 || port == 27777 || !port || port == 20000)
		return port;
	if (port < 20000)
		return (u16)(port + 20000);
	return port < 40000 ? (u16)(port - 20000) : port;
}

static bool new_host(const struct rule *r, struct sip_host *h)
{
	if (h->family == 4 && h->addr[0] == 10)
		h->addr[0] = 198;
	else if (h->family == 6 && h->addr[0] == 0xfd)
		h->addr[0] = 0x26;
	else if (h->family == 4 && h->addr[0] == 198 && !r->out)
		h->addr[0] = 10;
	else if (h->family == 6 && h->addr[0] == 0x26 && !r->out)
		h->addr[0] = 0xfd;
	else
		return false;
	return true;
}

static u16 new_port(const struct rule *r, u16 port, bool optional)
{
	return r->out ? port : swap_port(port, optional);
}

/* Is it written as we would write it? */
static void look_host(struct rule *r, struct sip_span s, bool brackets)
{
	char text[SIP_HOSTPORT_MAX];
	struct sip_host h;
	u32 n;

	sip_host_parse(r->data, s, &h);
	n = sip_host_print(text, &h, 0, brackets);
	if (s.len != n || memcmp(r->data + s.off, text, n))
		r->odd = true;
}

static void look_number(struct rule *r, struct sip_span s)
{
	if (s.len > 1 && r->data[s.off] == '0')
		r->odd = true;
}

/*
 * Both the host and another address beside it would change: which of them was
 * meant would not be known on the way back.
 */
static bool is_unclear(const struct rule *r, const struct sip_host *host,
		       struct sip_span maddr)
{
	struct sip_host h = *host, m;

	sip_host_parse(r->data, maddr, &m);
	return !sip_host_equal(host, &m) && new_host(r, &h) && new_host(r, &m);
}

static bool has_at(const char *data, struct sip_span s)
{
	return memchr(data + s.off, '@', s.len);
}

static enum sipalg_reason uri(struct rule *r, const struct sip_ask *ask,
			      struct sip_answer *answer)
{
	const struct sip_uri *u = ask->uri;
	struct sip_span maddr = { 0, 0 }, port = { 0, 0 };
	u16 was = ask->port_written ? ask->at.port : 0;
	struct sip_host h = ask->at.host;

	if (!sip_param(r->data, u->params, "maddr", &maddr))
		maddr.len = 0;
	if (is_unclear(r, &u->addr, maddr) || !new_host(r, &h))
		return SIPALG_R_UNCHANGED;
	if (u->hostport.len > u->host.len)
		port = (struct sip_span){ u->host.off + u->host.len + 1,
					  u->hostport.len - u->host.len - 1 };
	look_number(r, port);
	if (u->addr.family && sip_host_equal(&u->addr, &ask->at.host))
		look_host(r, u->host, true);
	if (maddr.len)
		look_host(r, maddr, r->data[maddr.off] == '[');
	answer->at.host = h;
	/* With an '@' behind it, a host without its port would be a user part. */
	answer->at.port = new_port(r, was, u->user.len ||
				   (!has_at(r->data, u->params) &&
				    !has_at(r->data, u->headers)));
	answer->write_port = answer->at.port != 0;
	return SIPALG_R_TRANSLATED;
}

static void via_params(struct rule *r, const struct sip_via *v,
		       struct sip_answer *answer)
{
	struct sip_host h = v->received_addr;
	u32 n;

	if (v->received.len && new_host(r, &h)) {
		answer->received = h;
		look_host(r, v->received, r->data[v->received.off] == '[');
	}
	if (!sip_number(r->data, v->rport, &n) && n && n < 65536) {
		answer->rport = new_port(r, (u16)n, false);
		look_number(r, v->rport);
	}
}

static enum sipalg_reason via(struct rule *r, const struct sip_ask *ask,
			      struct sip_answer *answer)
{
	const struct sip_via *v = ask->via;
	struct sip_host h = ask->at.host;

	via_params(r, v, answer);
	if (!is_unclear(r, &h, v->maddr) && new_host(r, &h)) {
		answer->at.host = h;
		answer->at.port = new_port(r, v->port, !v->port_apart);
		answer->write_port = answer->at.port != 0;
		look_host(r, v->host, true);
		look_number(r, v->port_text);
		if (v->maddr.len)
			look_host(r, v->maddr, r->data[v->maddr.off] == '[');
	}
	return SIPALG_R_TRANSLATED;
}

static enum sipalg_reason resolve(void *priv, const struct sip_ask *ask,
				  struct sip_answer *answer)
{
	struct rule *r = priv;

	need(!ask->uri != !ask->via);
	need(ask->at.port);
	if (ask->via)
		return via(r, ask, answer);
	need(ask->at.host.family);
	return uri(r, ask, answer);
}

static void edit_host(struct rule *r, struct sip_edits *e, struct sip_span s,
		      struct sip_host h)
{
	char text[SIP_HOSTPORT_MAX];

	if (!s.len || !new_host(r, &h))
		return;
	look_host(r, s, false);
	sip_edits_add(e, r->data, s, text, sip_host_print(text, &h, 0, false));
}

static void edit_conn(struct rule *r, struct sip_edits *e,
		      const struct sdp_conn *c)
{
	edit_host(r, e, c->text, c->addr);
	edit_host(r, e, c->twin, c->addr);
}

static void edit_port(struct rule *r, struct sip_edits *e, struct sip_span s)
{
	u32 n;

	if (sip_number(r->data, s, &n) || n > 65535)
		return;
	look_number(r, s);
	sip_edits_add_number(e, r->data, s, new_port(r, (u16)n, false));
}

static void edit_sdp(struct rule *r, struct sip_edits *e, const struct sdp *sdp)
{
	u32 i;

	edit_conn(r, e, &sdp->origin);
	edit_conn(r, e, &sdp->conn);
	for (i = 0; i < sdp->nmedia; i++) {
		edit_conn(r, e, &sdp->media[i].conn);
		edit_port(r, e, sdp->media[i].port_text);
		edit_port(r, e, sdp->media[i].rtcp_text);
		edit_conn(r, e, &sdp->media[i].rtcp);
	}
	for (i = 0; i < sdp->ncands; i++) {
		edit_host(r, e, sdp->cands[i].addr_text, sdp->cands[i].addr);
		edit_port(r, e, sdp->cands[i].port_text);
	}
}

/* What goes and what comes is the text of addresses and ports, and no other. */
static void need_addresses(const struct sip_msg *m, const struct sip_edits *e)
{
	static const char chars[] = "0123456789abcdefABCDEF.:[]";
	u32 i, k;

	for (i = 0; i < e->n; i++) {
		const struct sip_edit *at = &e->edit[i];

		for (k = 0; k < at->len; k++)
			need(memchr(chars, m->data[at->off + k], sizeof(chars) - 1));
		for (k = 0; k < at->text_len; k++)
			need(memchr(chars, e->text[at->text + k], sizeof(chars) - 1));
	}
}

static struct result translate(const char *data, u32 len, bool out)
{
	struct rule rule = { data, out, false };
	const struct sip_resolver resolver = { .resolve = resolve, .priv = &rule };
	struct result res = { 0 };
	static struct sip_edits e;
	static struct sip_msg m;
	static struct sdp sdp;
	struct sip_parts walk;
	struct sip_part part;

	res.reason = sip_parse(&m, data, len);
	if (res.reason != SIPALG_R_OK)
		return res;
	memset(&e, 0xa5, sizeof(e));
	sip_edits_init(&e);
	sip_parts_init(&walk, &m);
	while (sip_parts_next(&walk, &part))
		if (sdp_parse(data, part.body, &sdp) == SIPALG_R_OK)
			edit_sdp(&rule, &e, &sdp);
	res.reason = sip_translate(&m, &resolver, &e);
	if (res.reason != SIPALG_R_OK)
		return res;
	if (!sip_edits_body_length(&e, &m)) {
		res.reason = SIPALG_R_TOO_MANY_EDITS;
		return res;
	}
	need_addresses(&m, &e);
	res.odd = rule.odd;
	if (m.has_length)
		look_number(&rule, sip_hdr_first(&m, SIP_HDR_CONTENT_LENGTH)->value);
	res.odd |= rule.odd;
	res.nedits = e.n;
	res.len = len + (u32)e.growth;
	res.bytes = malloc(res.len);
	if (!res.bytes)
		abort();
	need(sip_edits_apply(&e, data, len, res.bytes) == res.len);
	return res;
}

/* Fields that may change; Content-Length is looked at apart. */
static bool may_change(u32 id)
{
	return id == SIP_HDR_VIA || id == SIP_HDR_CONTENT_LENGTH ||
	       (id >= SIP_HDR_CONTACT && id <= SIP_HDR_CALL_INFO) ||
	       id == SIP_HDR_FROM || id == SIP_HDR_TO;
}

static u32 second_line(const struct sip_msg *m)
{
	return (u32)((char *)memchr(m->data, '\n', m->len) - m->data) + 1;
}

/* From the first field on, names and all that stays. */
static void need_fields(const struct sip_msg *a, const struct sip_msg *b)
{
	u32 pa = second_line(a), pb = second_line(b);
	struct sip_span na, nb, va, vb;
	enum sip_hdr_id ia, ib;
	u32 i;

	need(a->nhdrs == b->nhdrs);
	for (i = 0; i < a->nhdrs; i++) {
		need(a->hdrs[i].id == b->hdrs[i].id);
		if (!may_change(a->hdrs[i].id))
			need(same_bytes(a->data, a->hdrs[i].value, b->data,
					b->hdrs[i].value));
	}
	while (sip_field_next(a->data, &pa, a->body.off, &ia, &na, &va) == 1) {
		need(sip_field_next(b->data, &pb, b->body.off, &ib, &nb, &vb) == 1);
		need(ia == ib && same_bytes(a->data, na, b->data, nb));
	}
}

static void need_vias(const struct sip_msg *a, const struct sip_msg *b)
{
	const struct sip_hdr *ha = sip_hdr_first(a, SIP_HDR_VIA);
	const struct sip_hdr *hb = sip_hdr_first(b, SIP_HDR_VIA);

	for (; ha; ha = sip_hdr_next(a, ha), hb = sip_hdr_next(b, hb)) {
		struct sip_span ra = ha->value, rb = hb->value;
		struct sip_via va, vb;

		while (sip_via_next(a->data, &ra, &va) == 1) {
			need(sip_via_next(b->data, &rb, &vb) == 1);
			need(same_bytes(a->data, va.branch, b->data, vb.branch));
			need(va.transport == vb.transport);
			need(va.has_rport == vb.has_rport);
		}
	}
}

/* Between the session descriptions. */
static void need_body(const struct sip_msg *a, const struct sip_msg *b)
{
	u32 fa = a->body.off, fb = b->body.off;
	struct sip_parts wa, wb;
	struct sip_part pa, pb;

	sip_parts_init(&wa, a);
	sip_parts_init(&wb, b);
	while (sip_parts_next(&wa, &pa)) {
		need(sip_parts_next(&wb, &pb));
		need(pa.early == pb.early);
		need(same_bytes(a->data, (struct sip_span){ fa, pa.body.off - fa },
				b->data, (struct sip_span){ fb, pb.body.off - fb }));
		fa = pa.body.off + pa.body.len;
		fb = pb.body.off + pb.body.len;
	}
	need(!sip_parts_next(&wb, &pb));
	need(same_bytes(a->data, (struct sip_span){ fa, a->len - fa },
			b->data, (struct sip_span){ fb, b->len - fb }));
}

/* The new message is one, and what was not to change did not. */
static void need_kept(const char *data, u32 len, const struct result *new)
{
	static struct sip_msg a, b;

	need(sip_parse(&a, data, len) == SIPALG_R_OK);
	need(sip_parse(&b, new->bytes, new->len) == SIPALG_R_OK);
	need(a.status == b.status && a.cseq == b.cseq && a.method == b.method);
	need(a.has_length == b.has_length);
	need(same_bytes(data, a.method_name, b.data, b.method_name));
	need(same_bytes(data, a.reason, b.data, b.reason));
	need(same_bytes(data, a.call_id, b.data, b.call_id));
	need(same_bytes(data, a.from_tag, b.data, b.from_tag));
	need(same_bytes(data, a.to_tag, b.data, b.to_tag));
	need_fields(&a, &b);
	need_vias(&a, &b);
	need_body(&a, &b);
	/* What a datagram has behind the message follows it still. */
	need(same_bytes(data, (struct sip_span){ a.len, len - a.len },
			b.data, (struct sip_span){ b.len, new->len - b.len }));
	if (!new->nedits)
		need(len == new->len && !memcmp(data, new->bytes, len));
}

/* Shows both where they differ. */
static bool same_result(const struct result *r, const char *data, u32 len)
{
	if (r->reason == SIPALG_R_OK && r->len == len &&
	    !memcmp(r->bytes, data, len))
		return true;
	fprintf(stderr, "reason %d, was:\n%.*s\n-- became:\n%.*s\n--\n",
		r->reason, (int)len, data, r->bytes ? (int)r->len : 0,
		r->bytes ? r->bytes : "");
	return false;
}

static void swapped(const char *data, u32 len)
{
	struct result once = translate(data, len, false), twice, thrice;

	if (once.reason != SIPALG_R_OK)
		return;
	need_kept(data, len, &once);
	twice = translate(once.bytes, once.len, false);
	if (twice.reason == SIPALG_R_OK) {
		if (!once.odd)
			need(same_result(&twice, data, len));
		thrice = translate(twice.bytes, twice.len, false);
		need(same_result(&thrice, once.bytes, once.len));
		free(thrice.bytes);
	}
	/* The way back needs no edit more, but for what was the same by chance. */
	need(twice.reason == SIPALG_R_OK ||
	     twice.reason == SIPALG_R_TOO_MANY_EDITS);
	free(twice.bytes);
	free(once.bytes);
}

static void outward(const char *data, u32 len)
{
	struct result once = translate(data, len, true), twice;

	if (once.reason != SIPALG_R_OK)
		return;
	need_kept(data, len, &once);
	twice = translate(once.bytes, once.len, true);
	need(same_result(&twice, once.bytes, once.len));
	free(twice.bytes);
	free(once.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const char *data = (const char *)bytes;

	if (size > INPUT_MAX)
		return -1;
	swapped(data, (u32)size);
	outward(data, (u32)size);
	return 0;
}
