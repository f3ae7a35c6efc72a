/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What kernels call differently. Names and macros decide, not versions: the
 * stable trees carry changes backwards.
 */
#ifndef SIPALG_COMPAT_H
#define SIPALG_COMPAT_H

#include <linux/random.h>
#include <linux/timer.h>

/* from_timer() became timer_container_of(). */
#ifdef timer_container_of
#define compat_timer_of(var, timer, field) timer_container_of(var, timer, field)
#else
#define compat_timer_of(var, timer, field) from_timer(var, timer, field)
#endif

/* get_random_u32_below() is younger than 6.1, and was carried back to some. */
static inline u32 compat_random_below(u32 ceil)
{
	return ((u64)get_random_u32() * ceil) >> 32;
}

#endif
