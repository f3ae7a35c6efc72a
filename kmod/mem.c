// SPDX-License-Identifier: GPL-2.0
/*
 * Caches for objects of sizes that kmalloc() does not have.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/math.h>
#include <linux/slab.h>

#include "mem.h"

#define STEP	8
#define LARGEST	512	/* from here on kmalloc()'s own sizes are as good */

/*
 * What is asked for most: a binding of IPv6, a session of one line, a signalling
 * binding, and calls, which their texts make of any size.
 */
static const struct {
	unsigned int size;
	const char *name;
} sizes[] = {
	{ 144, "sipalg_144" }, { 168, "sipalg_168" }, { 216, "sipalg_216" },
	{ 240, "sipalg_240" }, { 272, "sipalg_272" }, { 288, "sipalg_288" },
	{ 304, "sipalg_304" }, { 320, "sipalg_320" }, { 336, "sipalg_336" },
	{ 352, "sipalg_352" }, { 384, "sipalg_384" }, { 416, "sipalg_416" },
	{ 448, "sipalg_448" }, { 480, "sipalg_480" },
};

static struct kmem_cache *caches[ARRAY_SIZE(sizes)];

/* By the size in steps: the cache of the next size, NULL where kmalloc() has one. */
static struct kmem_cache *best[LARGEST / STEP + 1];

int sipalg_mem_init(void)
{
	static const u16 kmallocs[] = { 96, 128, 192, 256, 512 };
	unsigned int i, j, k, step;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		caches[i] = kmem_cache_create(sizes[i].name, sizes[i].size, 0, 0, NULL);
		if (!caches[i]) {
			sipalg_mem_exit();
			return -ENOMEM;
		}
	}
	for (step = 0; step < ARRAY_SIZE(best); step++) {
		for (i = 0; i < ARRAY_SIZE(sizes) && sizes[i].size < step * STEP; i++)
			;
		for (j = 0, k = 0; j < ARRAY_SIZE(kmallocs) && !k; j++)
			k = kmallocs[j] >= step * STEP ? kmallocs[j] : 0;
		best[step] = i < ARRAY_SIZE(sizes) && sizes[i].size < k ? caches[i] : NULL;
	}
	return 0;
}

void sipalg_mem_exit(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		kmem_cache_destroy(caches[i]);
		caches[i] = NULL;
	}
}

static struct kmem_cache *cache_of(size_t size)
{
	return size <= LARGEST ? best[DIV_ROUND_UP(size, STEP)] : NULL;
}

void *sipalg_mem_get(size_t size, gfp_t gfp)
{
	struct kmem_cache *cache = cache_of(size);

	return cache ? kmem_cache_zalloc(cache, gfp) : kzalloc(size, gfp);
}

void sipalg_mem_put(void *object, size_t size)
{
	struct kmem_cache *cache = cache_of(size);

	if (!object)
		return;
	if (cache)
		kmem_cache_free(cache, object);
	else
		kfree(object);
}
