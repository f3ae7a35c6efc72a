/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only place where the pure layer meets its surroundings: fixed-width
 * types and the few mem*() functions it needs, from the kernel or from libc.
 */
#ifndef SIPALG_SIP_TYPES_H
#define SIPALG_SIP_TYPES_H

#ifdef __KERNEL__
#include <linux/compiler.h>
#include <linux/types.h>
#include <linux/string.h>
#include <linux/errno.h>
/* For what few messages need: out of the way of what all need. */
#define sip_rare	noinline __cold
#else
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
#ifndef __always_inline
#define __always_inline	inline __attribute__((__always_inline__))
#endif
#define sip_rare	__attribute__((__noinline__, __cold__))
#ifndef likely
#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#endif
#endif

#endif
