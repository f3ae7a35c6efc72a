// SPDX-License-Identifier: GPL-2.0
/*
 * Hosts: where they end, what address they are, and how to write one.
 */
#include "scan.h"

u32 sip_scan_host(const char *data, u32 pos, u32 end, struct sip_span *host)
{
	u32 from = pos;

	if (pos < end && data[pos] == '[') {
		pos = sip_skip(data, pos + 1, end, SIP_C_REF);
		if (pos == from + 1 || pos == end || data[pos] != ']')
			return 0;
		pos++;
	} else {
		pos = sip_skip(data, pos, end, SIP_C_HOST);
		if (pos == from)
			return 0;
	}
	*host = sip_span(from, pos);
	return pos;
}

u32 sip_scan_port(const char *data, u32 pos, u32 end, u16 *port)
{
	u32 v = 0, from = pos;

	for (; pos < end && sip_is_digit(data[pos]); pos++) {
		v = v * 10 + (u32)(data[pos] - '0');
		if (v > 65535)
			return 0;
	}
	/* Port 0 cannot be sent to, and would read as "none written". */
	if (pos == from || !v)
		return 0;
	*port = (u16)v;
	return pos;
}

/*
 * A number of one to three digits without leading zeros, below 256. Another
 * byte is looked at only where the one in front of it is a digit.
 * Return: the byte behind it, NULL if there is none.
 */
static __always_inline const char *octet(const char *p, u8 *to)
{
	u32 v = (u32)(u8)p[0] - '0', digit;

	if (v > 9)
		return NULL;
	digit = (u32)(u8)p[1] - '0';
	if (digit > 9) {
		*to = (u8)v;
		return p + 1;
	}
	if (!v)
		return NULL;
	v = v * 10 + digit;
	digit = (u32)(u8)p[2] - '0';
	if (digit > 9) {
		*to = (u8)v;
		return p + 2;
	}
	v = v * 10 + digit;
	if (v > 255)
		return NULL;
	*to = (u8)v;
	return p + 3;
}

/* The last one, which may end at @stop. */
static __always_inline const char *last_octet(const char *p, const char *stop, u8 *to)
{
	u32 v, digit;

	if (stop - p >= 3)
		return octet(p, to);
	if (p == stop)
		return NULL;
	v = (u32)(u8)p[0] - '0';
	if (v > 9)
		return NULL;
	*to = (u8)v;
	if (++p == stop)
		return p;
	digit = (u32)(u8)*p - '0';
	if (digit > 9)
		return p;
	*to = (u8)(v * 10 + digit);
	return v ? p + 1 : NULL;
}

/*
 * Strict: four numbers without leading zeros, which some read as octal. What
 * is not certainly an address is a name, and names are left alone. "1.2.3.4" is
 * the shortest one: while the rest of it is to come, a number can be looked at.
 */
const char *sip_v4(const char *p, const char *stop, u8 *addr)
{
	if (stop - p < 7)
		return NULL;
	p = octet(p, addr);
	if (!p || *p++ != '.' || stop - p < 5)
		return NULL;
	p = octet(p, addr + 1);
	if (!p || *p++ != '.' || stop - p < 3)
		return NULL;
	p = octet(p, addr + 2);
	if (!p || p == stop || *p++ != '.')
		return NULL;
	return last_octet(p, stop, addr + 3);
}

static bool parse_v4(const char *p, u32 len, u8 *addr)
{
	return sip_v4(p, p + len, addr) == p + len;
}

static int hex(char c)
{
	if (sip_is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Up to four hexadecimal digits. Return: how many. */
static u32 group(const char *p, u32 len, u16 *v)
{
	u32 i;

	*v = 0;
	for (i = 0; i < len && i < 4 && hex(p[i]) >= 0; i++)
		*v = (u16)(*v << 4 | hex(p[i]));
	return i;
}

/* Move what follows "::" to the end. */
static bool spread(u8 *addr, u32 n, u32 gap)
{
	if (gap > 16)
		return n == 16;
	if (n > 14)
		return false;
	memmove(addr + 16 - (n - gap), addr + gap, n - gap);
	memset(addr + gap, 0, 16 - n);
	return true;
}

static bool parse_v6(const char *p, u32 len, u8 *addr)
{
	u32 i = 0, n = 0, gap = 17, digits;
	u16 v;

	if (len < 2)
		return false;
	if (p[0] == ':') {
		if (p[1] != ':')
			return false;
		gap = 0;
		i = 2;
	}
	while (i < len) {
		digits = group(p + i, len - i, &v);
		if (!digits)
			return false;
		if (i + digits < len && p[i + digits] == '.') {
			if (n > 12 || !parse_v4(p + i, len - i, addr + n))
				return false;
			return spread(addr, n + 4, gap);
		}
		if (n == 16)
			return false;
		addr[n++] = (u8)(v >> 8);
		addr[n++] = (u8)v;
		i += digits;
		if (i == len)
			break;
		if (p[i++] != ':' || i == len)
			return false;
		if (p[i] == ':') {
			if (gap <= 16)
				return false;
			gap = n;
			i++;
		}
	}
	return spread(addr, n, gap);
}

void sip_host_parse(const char *data, struct sip_span s, struct sip_host *h)
{
	const char *p = data + s.off;
	u32 len = s.len;

	memset(h, 0, sizeof(*h));
	if (len > 2 && p[0] == '[' && p[len - 1] == ']') {
		if (parse_v6(p + 1, len - 2, h->addr))
			h->family = 6;
	} else if (len && sip_is_digit(p[0]) && parse_v4(p, len, h->addr)) {
		h->family = 4;
	} else if (parse_v6(p, len, h->addr)) {
		h->family = 6;
	}
	if (!h->family)
		memset(h->addr, 0, sizeof(h->addr));
}

/* The digits of a byte, and how many: three loads less than to divide for each. */
static const struct {
	char text[3];
	u8 len;
} bytes[256] = {
#define D(v)	('0' + (v) % 10)
#define B(v)	{ { (v) > 99 ? D((v) / 100) : (v) > 9 ? D((v) / 10) : D(v), \
		    (v) > 99 ? D((v) / 10) : D(v), D(v) },	\
		  (v) > 99 ? 3 : (v) > 9 ? 2 : 1 }
#define B4(v)	B(v), B((v) + 1), B((v) + 2), B((v) + 3)
#define B16(v)	B4(v), B4((v) + 4), B4((v) + 8), B4((v) + 12)
#define B64(v)	B16(v), B16((v) + 16), B16((v) + 32), B16((v) + 48)
	B64(0), B64(64), B64(128), B64(192),
};

/* Writes four bytes, of which three or fewer count. */
static __always_inline char *print_u8(char *to, u32 v)
{
	memcpy(to, &bytes[v], 4);
	return to + bytes[v].len;
}

static char *print_pair(char *to, u32 v)
{
	to[0] = (char)('0' + v / 10);
	to[1] = (char)('0' + v % 10);
	return to + 2;
}

u32 sip_number_print(char *buf, u32 v)
{
	char *to = buf;
	u32 scale;

	if (v > 65535) {
		for (scale = 1000000000; scale > v; scale /= 10)
			;
		for (; scale; scale /= 10)
			*to++ = (char)('0' + v / scale % 10);
		return (u32)(to - buf);
	}
	if (v > 9999) {
		to = print_pair(print_u8(to, v / 10000), v / 100 % 100);
		return (u32)(print_pair(to, v % 100) - buf);
	}
	if (v < 256)
		return (u32)(print_u8(to, v) - buf);
	return (u32)(print_pair(print_u8(to, v / 100), v % 100) - buf);
}

static u32 print_v4(char *buf, const u8 *addr)
{
	char *to = print_u8(buf, addr[0]);

	*to = '.';
	to = print_u8(to + 1, addr[1]);
	*to = '.';
	to = print_u8(to + 1, addr[2]);
	*to = '.';
	return (u32)(print_u8(to + 1, addr[3]) - buf);
}

static u32 print_group(char *buf, const u8 *addr)
{
	static const char digits[] = "0123456789abcdef";
	u32 v = (u32)addr[0] << 8 | addr[1], n = 0;

	if (v > 0xfff)
		buf[n++] = digits[v >> 12];
	if (v > 0xff)
		buf[n++] = digits[v >> 8 & 15];
	if (v > 0xf)
		buf[n++] = digits[v >> 4 & 15];
	buf[n++] = digits[v & 15];
	return n;
}

/* The first of the longest runs of zero groups, if it is two at least. */
static u32 longest_run(const u8 *addr, u32 *len)
{
	u32 i, from = 0, run = 0, best = 8;

	*len = 1;
	for (i = 0; i < 8; i++) {
		if (addr[2 * i] || addr[2 * i + 1]) {
			run = 0;
			continue;
		}
		if (!run++)
			from = i;
		if (run > *len) {
			*len = run;
			best = from;
		}
	}
	return best;
}

static u32 print_v6(char *buf, const u8 *addr)
{
	static const u8 mapped[12] = { [10] = 0xff, [11] = 0xff };
	u32 len, gap = longest_run(addr, &len), n = 0, i;

	if (!memcmp(addr, mapped, sizeof(mapped))) {
		memcpy(buf, "::ffff:", 7);
		return 7 + print_v4(buf + 7, addr + 12);
	}
	for (i = 0; i < 8; i++) {
		if (i == gap) {
			buf[n++] = ':';
			buf[n++] = ':';
			i += len - 1;
			continue;
		}
		if (n && buf[n - 1] != ':')
			buf[n++] = ':';
		n += print_group(buf + n, addr + 2 * i);
	}
	return n;
}

u32 sip_host_print(char *buf, const struct sip_host *h, u16 port, bool brackets)
{
	u32 n = 0;

	if (h->family == 4) {
		n = print_v4(buf, h->addr);
	} else if (h->family == 6) {
		if (brackets)
			buf[n++] = '[';
		n += print_v6(buf + n, h->addr);
		if (brackets)
			buf[n++] = ']';
	} else {
		return 0;
	}
	if (port) {
		buf[n++] = ':';
		n += sip_number_print(buf + n, port);
	}
	return n;
}
