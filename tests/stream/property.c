// SPDX-License-Identifier: GPL-2.0
/*
 * property [-n SCHEDULES] [-s FIRST_SEED] [-v] [-d]: many schedules; -s 4711
 * -n 1 -v shows one packet by packet; -d takes the stream out of the middle, to
 * see that the model itself is right.
 */
#include <time.h>
#include <unistd.h>
#include "sim.h"

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void report(const struct sim *s, const char *why)
{
	u32 i;

	fprintf(stderr, "seed %llu: %s (time %u, step %u)\n",
		(unsigned long long)s->seed, why, s->now, s->steps);
	for (i = 0; i < 2; i++)
		fprintf(stderr,
			"  %c: %u units, %u bytes; left %u reason %u at %d; %u handed out\n",
			i ? '<' : '>', s->traffic[i].n, s->traffic[i].len,
			s->final[i].phase, s->final[i].reason,
			(int)(s->final[i].left_at - s->tcp[i].iss - 1),
			s->handed[i]);
}

int main(int argc, char **argv)
{
	u64 n = 100000, seed = 1, i, failed = 0, packets = 0, emitted = 0;
	u64 lost = 0, reasons[SIP_STREAM_R_COUNT] = { 0 }, messages = 0;
	static struct sim s;
	double begin = seconds();
	int c;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((c = getopt(argc, argv, "n:s:vd")) != -1) {
		if (c == 'n')
			n = strtoull(optarg, NULL, 0);
		else if (c == 's')
			seed = strtoull(optarg, NULL, 0);
		else if (c == 'v')
			s.verbose = true;
		else if (c == 'd')
			s.direct = true;
		else
			return 2;
	}
	for (i = 0; i < n; i++) {
		const char *why = sim_run(&s, seed + i, NULL, 0);

		packets += s.count.packets;
		emitted += s.count.emitted;
		lost += s.count.lost;
		messages += s.handed[0] + s.handed[1];
		reasons[s.final[0].reason]++;
		if (why) {
			report(&s, why);
			if (++failed == 10)
				break;
		}
		if ((i + 1) % 100000 == 0)
			printf("# %llu schedules, %.0f s\n",
			       (unsigned long long)i + 1, seconds() - begin);
	}
	printf("# %llu schedules in %.1f s: %llu packets, %llu lost,\n",
	       (unsigned long long)i, seconds() - begin,
	       (unsigned long long)packets, (unsigned long long)lost);
	printf("# %llu made by the stream, %llu messages; left alone by reason:",
	       (unsigned long long)emitted, (unsigned long long)messages);
	for (c = 0; c < SIP_STREAM_R_COUNT; c++)
		printf(" %llu", (unsigned long long)reasons[c]);
	printf("\n1..1\n%s 1 - %llu schedules, each stream exact\n",
	       failed ? "not ok" : "ok", (unsigned long long)i);
	for (c = 0; c < 2; c++) {
		traffic_free(&s.traffic[c]);
		free(s.tcp[c].in);
	}
	free(s.heap);
	return failed != 0;
}
