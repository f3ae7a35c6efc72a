// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer: its bytes are the schedule's chance. Those that follow when they
 * have run out are the same each time.
 */
#include "sim.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct sim s;
	const char *why = sim_run(&s, 1, data, size);

	if (why) {
		fprintf(stderr, "%s\n", why);
		abort();
	}
	return 0;
}
