// SPDX-License-Identifier: GPL-2.0
#include "utf8.h"

size_t utf8_decode(const char *s, size_t len, uint32_t *codepoint)
{
	static const uint32_t lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first = s[0];
	uint32_t c;
	size_t n;

	if (first < 0x80) {
		*codepoint = first;
		return 1;
	} else if (first >= 0xc0 && first < 0xe0) {
		n = 2;
	} else if (first >= 0xe0 && first < 0xf0) {
		n = 3;
	} else if (first >= 0xf0 && first < 0xf8) {
		n = 4;
	} else {
		return 0;
	}
	if (n > len)
		return 0;

	c = first & (0x7f >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < lowest[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*codepoint = c;
	return n;
}

bool utf8_printable(uint32_t c)
{
	if (c < 0x20 || (c >= 0x7f && c < 0xa0))
		return false;
	/* Direction marks, embeddings, isolates; line and paragraph ends. */
	if (c == 0x061c || (c >= 0x200e && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2066 && c <= 0x2069))
		return false;
	return c != 0xfeff;
}
