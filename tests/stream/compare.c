// SPDX-License-Identifier: GPL-2.0
/*
 * How long a connection takes, by the model's clock: with nothing in the
 * middle, with the stream, and with the stream but no queue. The same seeds, on
 * a network as given; what the applications do takes its time too.
 */
#include "sim.h"

static u32 loss, reorder, queue;
static bool nagle;

static void tune(struct sim *s)
{
	u32 i, j;

	for (i = 0; i < 2; i++) {
		for (j = 0; j < 2; j++) {
			s->link[i][j].delay = 10;
			s->link[i][j].jitter = 30;
			s->link[i][j].loss = (u8)loss;
			s->link[i][j].dup = 0;
			s->link[i][j].reorder = (u8)reorder;
		}
		s->tcp[i].mss = 1400;
		s->emit_mss[i] = 1400;
		s->tcp[i].cuts = false;
		s->tcp[i].rcvbuf = 65535;
		s->tcp[i].max_flight = 40 * 1400;
		s->tcp[i].cwnd = 10 * 1400;
		s->tcp[i].nagle = nagle;
		s->tcp[i].sack = true;
		s->tcp[i].reset_at = 0;
	}
	s->limits.queue = queue;
	s->limits.kept = 1000;
	s->fail_percent = 0;
	s->mem_limit = ~0U;
	s->leave_at = 0;
	s->expire_limit = ~0U;
}

static double mean(bool direct, u32 with_queue)
{
	static struct sim s;
	u64 sum = 0, i, n = 20000;
	const char *why;

	queue = with_queue;
	s.direct = direct;
	for (i = 0; i < n; i++) {
		why = sim_run(&s, i, NULL, 0);
		if (why) {
			fprintf(stderr, "seed %llu: %s\n",
				(unsigned long long)i, why);
			exit(1);
		}
		sum += s.now;
	}
	return (double)sum / (double)n;
}

int main(void)
{
	static const struct { u32 loss, reorder; } net[] = {
		{ 0, 0 }, { 0, 20 }, { 5, 0 }, { 3, 10 }, { 5, 20 }
	};
	u32 i, n;

	sim_tuner = tune;
	printf("milliseconds per connection, mean\n");
	printf("loss reorder nagle   direct   stream  no queue\n");
	for (i = 0; i < sizeof(net) / sizeof(*net); i++)
		for (n = 0; n < 2; n++) {
			loss = net[i].loss;
			reorder = net[i].reorder;
			nagle = n;
			printf("%3u%% %6u%% %5s %8.0f %8.0f %9.0f\n", loss,
			       reorder, n ? "on" : "off", mean(true, 0),
			       mean(false, 32), mean(false, 0));
		}
	return 0;
}
