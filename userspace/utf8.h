/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SIPALGCTL_UTF8_H
#define SIPALGCTL_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Decodes the character at the begin of @s, which has @len > 0 bytes. Returns
 * how many bytes it takes, 0 if the first byte begins no valid one (overlong
 * forms, surrogates and what is above U+10FFFF are not valid).
 */
size_t utf8_decode(const char *s, size_t len, uint32_t *codepoint);

/*
 * Whether a terminal shows the character and does nothing else: no control
 * character, and nothing that changes the direction of writing.
 */
bool utf8_printable(uint32_t codepoint);

#endif
