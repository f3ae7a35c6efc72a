/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory for what there is one of for each call, in its own size.
 *
 * kmalloc() rounds up to the next of its sizes, which is half as much again in
 * the worst case. Between those there are caches of ours.
 */
#ifndef SIPALG_MEM_H
#define SIPALG_MEM_H

#include <linux/gfp.h>
#include <linux/types.h>

/* Once per module; nothing is left when it ends, what waits for RCU included. */
int sipalg_mem_init(void);
void sipalg_mem_exit(void);

/* Zeroed, or NULL; goes back with the size that it was asked for. */
void *sipalg_mem_get(size_t size, gfp_t gfp);
void sipalg_mem_put(void *object, size_t size);

#endif
