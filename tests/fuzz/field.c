// SPDX-License-Identifier: GPL-2.0
/*
 * The small decoders, each on the whole input, against what the C library or
 * a plain loop says.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <strings.h>
#include "fuzz.h"
#include "../../kmod/sip/scan.h"

static const char *text;	/* the input, with a NUL behind it */

/* An address is what inet_pton() takes for one, with or without brackets. */
static void host(const char *data, struct sip_span s)
{
	struct sip_host h, again;
	char buf[SIP_HOSTPORT_MAX];
	u8 want[16] = { 0 };
	int family = 0;
	char *copy;
	u32 n;

	memset(&h, 0xff, sizeof(h));
	sip_host_parse(data, s, &h);
	if (s.len && strlen(text) == s.len) {
		if (s.len > 2 && text[0] == '[' && text[s.len - 1] == ']') {
			copy = strndup(text + 1, s.len - 2);
			family = inet_pton(AF_INET6, copy, want) == 1 ? 6 : 0;
			free(copy);
		} else if (inet_pton(AF_INET, text, want) == 1) {
			family = 4;
		} else if (inet_pton(AF_INET6, text, want) == 1) {
			family = 6;
		}
		need(h.family == family);
		need(!family || !memcmp(h.addr, want, 16));
	}
	if (!h.family) {
		need(!sip_host_print(buf, &h, 1, true));
		return;
	}
	for (n = 0; n < 2; n++) {
		s.off = 0;
		s.len = sip_host_print(buf, &h, 0, n);
		need(s.len + 6 <= sizeof(buf));
		sip_host_parse(buf, s, &again);
		need(sip_host_equal(&h, &again));
	}
}

static void port(const char *data, u32 size)
{
	u32 at, want = 0, n = 0;
	u16 v = 0;

	at = sip_scan_port(data, 0, size, &v);
	for (; n < size && data[n] >= '0' && data[n] <= '9'; n++)
		if (want < 65536)
			want = want * 10 + (u32)(data[n] - '0');
	if (!n || !want || want > 65535)
		need(!at);
	else
		need(at == n && v == want);
}

/* Every name is found in any case, and nothing else is. */
static void names(const char *data, struct sip_span s)
{
	u32 i, hdr = SIP_HDR_OTHER, method = SIP_METHOD_OTHER;

	if (!s.len)
		return;
	for (i = 1; i < SIP_HDR_COUNT; i++)
		if (strlen(sip_hdr_name(i)) == s.len &&
		    !strncasecmp(sip_hdr_name(i), data, s.len))
			hdr = i;
	for (i = 1; i < SIP_METHOD_COUNT; i++)
		if (strlen(sip_method_name(i)) == s.len &&
		    !memcmp(sip_method_name(i), data, s.len))
			method = i;
	need(sip_method_lookup(data, s) == method);
	if (s.len == 1)
		need(sip_hdr_lookup(data, s) == SIP_HDR_OTHER ||
		     strchr("bcefilmortvxy", data[0] | 0x20));
	else
		need(sip_hdr_lookup(data, s) == hdr);
}

/* The quote that is open at @i decides; 0 where one never closes. */
static u32 plain_list_end(const char *data, u32 size)
{
	bool quoted = false;
	u32 i;

	for (i = 0; i < size; i++) {
		if (quoted && data[i] == '\\')
			i++;
		else if (data[i] == '"')
			quoted = !quoted;
		else if (data[i] == ',' && !quoted)
			return i;
	}
	return quoted ? 0 : size;
}

static void search(const char *data, u32 size)
{
	u32 i;

	for (i = 0; i < size && i < 16; i++) {
		const char *p = memchr(data + i, data[size - 1 - i], size - i);
		u32 want = p ? (u32)(p - data) : size;

		need(sip_find(data, i, size, data[size - 1 - i]) == want);
	}
	need(sip_list_end(data, 0, size) == plain_list_end(data, size));
}

/* @text_ against itself: every way to write it is the same. */
static void compare(const char *data, struct sip_span s)
{
	bool plain = true;
	char *other;
	u32 i;

	for (i = 0; i < s.len; i++)
		plain = plain && (isalnum((u8)data[i]) ||
				  memchr("-./", data[i], 3));
	if (!plain || strlen(text) != s.len)
		return;
	other = strdup(text);
	for (i = 0; i < s.len; i++)
		other[i] = (char)(i & 1 ? toupper(other[i]) : tolower(other[i]));
	need(sip_same(data, other, s.len));
	need(sip_span_is_nocase(data, s, other));
	need(sip_span_is(data, s, other) == !strcmp(text, other));
	for (i = 0; i < s.len; i++) {
		char was = other[i];

		other[i] = was == 'k' || was == 'K' ? 'x' : 'k';
		need(!sip_same(other, text, s.len));
		other[i] = was;
	}
	free(other);
}

static void fields(const char *data, u32 size)
{
	struct sip_span name, value, whole = { 0, size };
	enum sip_hdr_id id;
	u32 pos = 0, was;
	int r;

	do {
		was = pos;
		r = sip_field_next(data, &pos, size, &id, &name, &value);
		if (r < 0)
			return;
		need(pos > was && pos <= size);
		if (r) {
			walk_in(name, whole);
			walk_in(value, whole);
			need(name.len && id < SIP_HDR_COUNT);
		}
	} while (r);
}

static void params(const char *data, struct sip_span s)
{
	struct sip_span rest = s, name, value, found;
	u32 left = s.len + 1;

	while (sip_param_next(data, &rest, &name, &value)) {
		walk_in(name, s);
		walk_in(value, s);
		need(rest.len < left);
		left = rest.len;
	}
	if (sip_param(data, s, "transport", &found))
		walk_in(found, s);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct sip_span s = { 0, (u32)size };
	const char *data = (const char *)bytes;
	char *copy;

	if (size > INPUT_MAX)
		return -1;
	copy = malloc(size + 1);
	if (!copy)
		abort();
	memcpy(copy, data, size);
	copy[size] = '\0';
	text = copy;
	walk_bad = 0;
	walk_uri(data, s);
	walk_nameaddrs(data, s);
	walk_vias(data, s);
	params(data, s);
	fields(data, s.len);
	sip_digest_covers_body(data, s);
	host(data, s);
	port(data, s.len);
	names(data, s);
	search(data, s.len);
	compare(data, s);
	need(!walk_bad);
	free(copy);
	return 0;
}
