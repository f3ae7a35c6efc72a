/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Every option of a policy rule that is a number, once: its name for people,
 * what kind it is, its range and its default. The kernel's checks, sipalgctl's
 * words (with '-' for '_'), its manual page and the tests are made from this list.
 *
 * X(ENUM, name, kind, min, max, default, sentence)
 *   kind NUMBER:  a number, in the unit that the sentence says
 *        FATE:    enum sipalg_fate
 *        METHODS: a bit for each method, 1 << enum sipalg_method
 *
 * An option's place in this list is its number on the wire: append only.
 */
#ifndef SIPALG_OPTIONS_H
#define SIPALG_OPTIONS_H

/* The methods that can be told apart; the first stands for all others. */
#define SIPALG_METHODS(X)                                                      \
	X(OTHER) X(INVITE) X(ACK) X(BYE) X(CANCEL) X(REGISTER) X(OPTIONS)      \
	X(INFO) X(MESSAGE) X(SUBSCRIBE) X(NOTIFY) X(PRACK) X(UPDATE) X(REFER)  \
	X(PUBLISH)

enum sipalg_method {
#define X(name) SIPALG_METHOD_##name,
	SIPALG_METHODS(X)
#undef X
	SIPALG_METHOD_COUNT
};

#define SIPALG_ALL_METHODS	((1u << SIPALG_METHOD_COUNT) - 1)

enum sipalg_fate {
	SIPALG_FATE_PASS,
	SIPALG_FATE_DROP,
	SIPALG_FATE_COUNT
};

#define SIPALG_OPTIONS(X)                                                      \
	X(METHODS, methods, METHODS, 1, SIPALG_ALL_METHODS, SIPALG_ALL_METHODS, \
	  "requests with other methods are dropped")                           \
	X(MALFORMED, malformed, FATE, 0, 1, SIPALG_FATE_PASS,                  \
	  "what happens to messages that break the grammar")                   \
	X(MAX_MESSAGE, max_message, NUMBER, 256, 65535, 65535,                 \
	  "bytes of a message; longer ones are left alone")                    \
	X(RATE, rate, NUMBER, 0, 1000000, 0,                                   \
	  "messages per second from one host, 0: any number; more are dropped")

enum sipalg_option {
#define X(e, name, kind, min, max, def, text) SIPALG_O_##e,
	SIPALG_OPTIONS(X)
#undef X
	SIPALG_O_COUNT
};

#endif
