/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the table of calls share.
 */
#ifndef SIPALG_CALL_PRIV_H
#define SIPALG_CALL_PRIV_H

#include <linux/rhashtable.h>

#include "call.h"

/* The key is a secret hash already. */
static inline u32 call_hash(const void *data, u32 len, u32 seed)
{
	return (u32)*(const u64 *)data ^ seed;
}

static inline int call_differs(struct rhashtable_compare_arg *arg, const void *obj)
{
	return *(const u64 *)arg->key != ((const struct sipalg_call *)obj)->hash;
}

static const struct rhashtable_params call_params = {
	.head_offset = offsetof(struct sipalg_call, node),
	.key_offset = offsetof(struct sipalg_call, hash),
	.key_len = sizeof_field(struct sipalg_call, hash),
	.hashfn = call_hash,
	.obj_cmpfn = call_differs,
	.min_size = 256,	/* buckets; so that a few calls do not resize it */
	.automatic_shrinking = true,
};

/* Does this message begin the call, be it once more? */
bool call_is_initial(const struct sipalg_ctx *ctx, const struct sipalg_call *call);

/*
 * The dialog that A's request with this number began; @trying: that B has not
 * answered yet. One that is pending before one that was answered, and that before one
 * that is over: a challenged INVITE may come with credentials but with the same
 * number, and begins another dialog then.
 */
struct sipalg_dialog *call_dialog_by_cseq(const struct sipalg_ctx *ctx,
					  struct sipalg_call *call, bool trying);

#endif
