/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sentences with values in them, for refusals.
 *
 * Before NL_SET_ERR_MSG_FMT() a message had to last for ever. There, a few
 * buffers take turns: a message is read soon after it was written, and the
 * worst that a race can do is to show somebody another refusal's words.
 */
#ifndef SIPALG_EXTACK_H
#define SIPALG_EXTACK_H

#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/netlink.h>

#ifdef NL_SET_ERR_MSG_FMT
#define compat_set_msg(extack, fmt, args...) NL_SET_ERR_MSG_FMT(extack, fmt, ##args)
#else
#define compat_set_msg(extack, fmt, args...) do {				\
	static char __text[8][120];						\
	static atomic_t __next;							\
	char *__at = __text[(u32)atomic_inc_return(&__next) % 8];		\
										\
	snprintf(__at, sizeof(__text[0]), fmt, ##args);				\
	if (extack)								\
		(extack)->_msg = __at;						\
} while (0)
#endif

#endif
