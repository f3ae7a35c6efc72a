// SPDX-License-Identifier: GPL-2.0
/*
 * Bodies: the input's first line is the Content-Type, the rest is the body.
 * Session descriptions come in their order, each behind a delimiter and an
 * empty line, and their number has an end.
 */
#include "fuzz.h"

#define HEAD	"MESSAGE sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n"		\
		"From: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: 1\r\n"	\
		"CSeq: 1 MESSAGE\r\nContent-Type:"

static char *build(const char *data, size_t size, u32 *len)
{
	const char *lf = memchr(data, '\n', size);
	size_t line = lf ? (size_t)(lf - data) : size;
	size_t rest = lf ? size - line - 1 : 0;
	char *p = malloc(sizeof(HEAD) + size + 4), *to = p;

	if (!p)
		abort();
	memcpy(to, HEAD, sizeof(HEAD) - 1);
	to += sizeof(HEAD) - 1;
	memcpy(to, data, line);
	to += line;
	memcpy(to, "\r\n\r\n", 4);
	to += 4;
	memcpy(to, data + line + 1, rest);
	*len = (u32)(to - p) + (u32)rest;
	to = exact(p, *len);
	free(p);
	return to;
}

/* In a multipart body: "\n--" is somewhere before, an empty line just before. */
static void need_begin(const struct sip_msg *m, struct sip_span part, u32 from)
{
	const char *d = m->data;
	u32 i = part.off;

	need(i > m->body.off && d[i - 1] == '\n');
	i--;
	if (i > m->body.off && d[i - 1] == '\r')
		i--;
	need(i == m->body.off || d[i - 1] == '\n');
	for (i = from; i + 1 < part.off; i++)
		if (d[i] == '-' && d[i + 1] == '-')
			return;
	need(!"a delimiter in front of the part");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	u32 len, pos = 0, from, parts = 0;
	static struct sip_msg m;
	static struct sdp sdp;
	struct sip_span part;
	char *data;

	if (size > INPUT_MAX)
		return -1;
	data = build((const char *)bytes, size, &len);
	if (sip_parse(&m, data, len) != SIPALG_R_OK)
		goto out;
	from = m.body.off;
	walk_bad = 0;
	while (sip_body_next(&m, &pos, &part)) {
		need(++parts <= 16);
		need(part.len && part.off >= from);
		need(part.off + part.len <= m.len);
		need(pos == part.off + part.len);
		if (!same_span(part, m.body))
			need_begin(&m, part, from);
		from = pos;
		walk_sdp(data, part, &sdp);
	}
	need(!walk_bad);
	need(!sip_body_next(&m, &pos, &part));
out:
	free(data);
	return 0;
}
