// SPDX-License-Identifier: GPL-2.0
/*
 * The work is bounded by the bytes: four times as many take about four times
 * as long, of whatever a stranger fills a message with. All that is looked up
 * in a softirq is looked up here.
 */
#include <time.h>
#include "walk.h"
#include "../../kmod/sip/translate.h"

#define SMALL	12000
#define ROUNDS	5

static const struct shape {
	const char *what;
	const char *field;	/* in front of the filling: the header's end */
	const char *unit;	/* repeated to fill the message */
	const char *tail;
	bool body;		/* the filling is the body */
} shapes[] = {
	{ "Vias", "Via: ", "a/b/c d,", "a/b/c d", false },
	{ "Vias, then a quote", "Via: ", "a/b/c d,", "a/b/c d;x=\"\"", false },
	{ "Contacts", "Contact: ", "<a:>;,", "<a:>", false },
	{ "Contacts with quotes", "Contact: ", "\"a,\"<a:>;a=\",\",", "<a:>", false },
	{ "quotes in a parameter", "Contact: <sip:a>;tag=", "\"\"", "", false },
	{ "quotes in a Via", "Via: SIP/2.0/UDP a;x=", "\"\"", "", false },
	{ "quoted commas", "Contact: <sip:a>;x=", "\",\"", "", false },
	{ "quoted semicolons", "Contact: <sip:a>;x=", "\";\"", "", false },
	{ "parameters", "Contact: <sip:a", ";a=b", ">", false },
	{ "empty parameters", "Contact: <sip:a>", ";", "", false },
	{ "parameters without end", "Contact: <sip:a>;x=", "\"\\", "", false },
	{ "a user part", "Contact: <sip:a", ":;?", "@10.0.0.1>", false },
	{ "a display name", "Contact: ", "\"\" ", "<sip:10.0.0.1>", false },
	{ "angle brackets", "Contact: ", "<", "", false },
	{ "commas", "Contact: ", ",", "", false },
	{ "folds", "Subject: a", "\r\n a", "", false },
	{ "credentials", "Authorization: Digest a", ",qop=", "", false },
	{ "digits", "Contact: <sip:10.0.0.1:", "0", ">", false },
	{ "a host", "Contact: <sip:", "a.", ">", false },
	{ "parts without a field", "", "--b\r\nx\r\n", "", true },
	{ "parts of one line", "", "--b\r\n", "", true },
	{ "ends of parts", "", "--b--\r\n", "", true },
	{ "session descriptions", "", "--b\r\nc:application/sdp\r\n\r\nv=0\r\n", "",
	  true },
	{ "parts in parts", "",
	  "--b\r\nc:multipart/x;boundary=b\r\n\r\n--b\r\n\r\n", "", true },
	{ "half delimiters", "", "--\r\n", "", true },
	{ "fields without end", "--b\r\n", "x: y\r\n", "", true },
	{ "one colon at the end", "", "--b\r\nx\r\n", "x:", true },
};

static enum sipalg_reason resolve(void *priv, const struct sip_ask *ask,
				  struct sip_answer *answer)
{
	(void)priv;
	(void)ask;
	(void)answer;
	return SIPALG_R_UNCHANGED;
}

static u32 build(char *to, const struct shape *s, u32 size)
{
	u32 n, unit = (u32)strlen(s->unit);

	n = (u32)sprintf(to, "OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/UDP x\r\n"
			 "From: <sip:x>\r\nTo: <sip:x>\r\nCall-ID: 1\r\n"
			 "CSeq: 1 OPTIONS\r\nc: multipart/x;boundary=b\r\n%s%s",
			 s->body ? "\r\n" : "", s->field);
	for (; n + unit < size; n += unit)
		memcpy(to + n, s->unit, unit);
	return n + (u32)sprintf(to + n, "%s%s", s->tail,
				s->body ? "" : "\r\n\r\n");
}

static void look(const char *data, u32 len)
{
	static const struct sip_resolver r = { .resolve = resolve };
	static struct sip_edits e;
	static struct sip_msg m;
	const struct sip_hdr *h;
	struct sip_nameaddr na;
	struct sip_parts walk;
	struct sip_part part;
	struct sip_span value;
	u32 i;

	if (sip_parse(&m, data, len) != SIPALG_R_OK)
		return;
	sip_edits_init(&e);
	sip_translate(&m, &r, &e);
	for (h = sip_hdr_first(&m, SIP_HDR_CONTACT); h; h = sip_hdr_next(&m, h)) {
		struct sip_span rest = h->value;

		while (sip_nameaddr_next(data, &rest, &na) == 1)
			sip_param(data, na.params, "expires", &value);
	}
	sip_parts_init(&walk, &m);
	while (sip_parts_next(&walk, &part))
		;
	for (i = 0; i < m.nhdrs; i++)
		sip_digest_covers_body(data, m.hdrs[i].value);
}

/* The shortest of some, of the processor's time and not of the clock's. */
static double nanoseconds(const struct shape *s, u32 size)
{
	static char text[ARENA];
	double best = 1e18;
	const char *data;
	u32 i, len;

	len = build(text, s, size);
	data = put(text, len);
	for (i = 0; i < ROUNDS; i++) {
		struct timespec from, to;
		double took;

		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
		look(data, len);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
		took = (double)(to.tv_sec - from.tv_sec) * 1e9 +
		       (double)(to.tv_nsec - from.tv_nsec);
		best = took < best ? took : best;
	}
	return best;
}

static void linear(void)
{
	size_t i;

	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		double small = nanoseconds(&shapes[i], SMALL);
		double large = nanoseconds(&shapes[i], 4 * SMALL);

		/* Squared it would be 16; what is as short as this is not. */
		if (!ok(large < 9 * small || large < 100000, shapes[i].what))
			printf("# %.0f us became %.0f us\n", small / 1000,
			       large / 1000);
		printf("# %-24s %7.0f %7.0f us\n", shapes[i].what, small / 1000,
		       large / 1000);
	}
}

TAP_MAIN(linear)
