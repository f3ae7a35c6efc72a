// SPDX-License-Identifier: GPL-2.0
/*
 * Loading and unloading.
 */
#include <linux/init.h>
#include <linux/module.h>

#include "sipalg_version.h"

static int __init sipalg_init(void)
{
	return 0;
}

static void __exit sipalg_exit(void)
{
}

module_init(sipalg_init);
module_exit(sipalg_exit);

MODULE_DESCRIPTION("SIP application layer gateway");
MODULE_VERSION(SIPALG_VERSION);
MODULE_LICENSE("GPL");
