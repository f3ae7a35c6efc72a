/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers at odd places: the header moved. */
#ifndef SIPALG_UNALIGNED_H
#define SIPALG_UNALIGNED_H

#if __has_include(<linux/unaligned.h>)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

#endif
