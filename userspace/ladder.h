/* SPDX-License-Identifier: GPL-2.0 */
/* Messages drawn as arrows between the hosts of a call, a line each. */
#ifndef SIPALGCTL_LADDER_H
#define SIPALGCTL_LADDER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define LADDER_HOSTS	6
#define LADDER_TEXT	64

/**
 * struct ladder - what is drawn so far
 * @out: where to
 * @host: addresses, from the left
 * @hosts: how many
 */
struct ladder {
	FILE *out;
	char host[LADDER_HOSTS][LADDER_TEXT];
	unsigned int hosts;
};

/**
 * struct rung - a message
 * @time: ms since the epoch
 * @src: the sender's address
 * @dst: the receiver's
 * @method: of a response, its request's
 * @status: 0: a request
 * @reason: what became of it
 */
struct rung {
	uint64_t time;
	char src[LADDER_TEXT];
	char dst[LADDER_TEXT];
	char method[LADDER_TEXT];
	unsigned int status;
	char reason[LADDER_TEXT];
};

/* Draws it, below the names of the hosts where it has a new one. */
void ladder_draw(struct ladder *ladder, const struct rung *rung);

/* Reads a line of "monitor -j". Whether it is a message with this Call-ID. */
bool ladder_read(struct rung *rung, const char *line, const char *call_id);

#endif
