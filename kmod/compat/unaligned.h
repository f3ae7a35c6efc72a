/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers at odd places. Their own header moved, and sparse does not know
 * __has_include; but this one has always brought it along.
 */
#ifndef SIPALG_UNALIGNED_H
#define SIPALG_UNALIGNED_H

#include <linux/etherdevice.h>

#endif
