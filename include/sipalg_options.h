/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Every option of a policy rule that is a number, once: its name for people,
 * what kind it is, its range and its default. The kernel's checks, sipalgctl's
 * words (with '-' for '_'), its manual page and the tests are made from this list.
 *
 * X(ENUM, name, kind, min, max, default, sentence)
 *   kind NUMBER:  a number, in the unit that the sentence says
 *        FATE:    enum sipalg_fate
 *        MARK:    likewise, written in hexadecimal
 *        DSCP:    0 to 63, or 64: as it is
 *        HEADERS: a bit for each group, enum sipalg_headers
 *        SOURCE:  enum sipalg_media_source
 *        SWITCH:  off (0) or on (1)
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

#define SIPALG_DSCP_KEEP 64

/* Groups of places that are translated. */
enum sipalg_headers {
	SIPALG_HEADERS_VIA = 0x01,	/* Via */
	SIPALG_HEADERS_CONTACT = 0x02,	/* Contact and the Request-URI */
	SIPALG_HEADERS_ROUTE = 0x04,	/* Route, Record-Route, Path, Service-Route */
	SIPALG_HEADERS_IDENTITY = 0x08,	/* From, To and others that only name */
	SIPALG_HEADERS_REFER = 0x10,	/* Refer-To, Alert-Info, Call-Info */
	SIPALG_HEADERS_SDP = 0x20,	/* session descriptions; without: nothing is opened */
	SIPALG_HEADERS_ALL = 0x3f,
};

/* Who may begin to send to a media binding, once an answer was seen; see EARLY_MEDIA. */
enum sipalg_media_source {
	SIPALG_SOURCE_ANSWERED,		/* the host that the other side named */
	SIPALG_SOURCE_EXACT,		/* that host, from the port that it named */
	SIPALG_SOURCE_SIGNALLING,	/* and the hosts that the signalling comes from */
	SIPALG_SOURCE_ANY,		/* anybody */
	SIPALG_SOURCE_LATCH,		/* who sends first, and then nobody else (RFC 7362) */
	SIPALG_SOURCE_COUNT
};

#define SIPALG_OPTIONS(X)                                                      \
	X(METHODS, methods, METHODS, 1, SIPALG_ALL_METHODS, SIPALG_ALL_METHODS, \
	  "requests with other methods are dropped")                           \
	X(MALFORMED, malformed, FATE, 0, 1, SIPALG_FATE_PASS,                  \
	  "what happens to messages that break the grammar")                   \
	X(MAX_MESSAGE, max_message, NUMBER, 256, 65535, 65535,                 \
	  "bytes of a message; longer ones are left alone")                    \
	X(RATE, rate, NUMBER, 0, 1000000, 0,                                   \
	  "messages per second from one host, 0: any number; more are dropped") \
	X(MEDIA_PORT_MIN, media_port_min, NUMBER, 1024, 65534, 16384,          \
	  "lowest outer port for media whose own port is taken")               \
	X(MEDIA_PORT_MAX, media_port_max, NUMBER, 1025, 65535, 32767,          \
	  "highest outer port for media whose own port is taken")              \
	X(MAX_MEDIA, max_media, NUMBER, 1, 32, 32,                             \
	  "media lines of a session description; with more it is left alone")  \
	X(EARLY_SECONDS, early_seconds, NUMBER, 10, 3600, 240,                 \
	  "seconds that a call may go without a final answer")                 \
	X(CONFIRMED_SECONDS, confirmed_seconds, NUMBER, 60, 604800, 43200,     \
	  "seconds that an answered call without Session-Expires may go without a message") \
	X(MARK_SIGNALLING, mark_signalling, MARK, 0, 0xffffffffu, 0,           \
	  "ct mark of signalling flows")                                       \
	X(MARK_SIGNALLING_MASK, mark_signalling_mask, MARK, 0, 0xffffffffu, 0, \
	  "bits of the ct mark that mark-signalling sets, 0: none")            \
	X(MARK_MEDIA, mark_media, MARK, 0, 0xffffffffu, 0,                     \
	  "ct mark of media flows")                                            \
	X(MARK_MEDIA_MASK, mark_media_mask, MARK, 0, 0xffffffffu, 0,           \
	  "bits of the ct mark that mark-media sets, 0: none")                 \
	X(DSCP_SIGNALLING, dscp_signalling, DSCP, 0, 64, SIPALG_DSCP_KEEP,     \
	  "DSCP of signalling packets")                                        \
	X(MAX_DIALOGS, max_dialogs, NUMBER, 0, 1048576, 1048576,               \
	  "dialogs of the rule that live at a time; those beyond are left alone") \
	X(MAX_DIALOGS_SOURCE, max_dialogs_source, NUMBER, 0, 1048576, 1048576, \
	  "the same of those that one host began")                             \
	X(HEADERS, headers, HEADERS, 0, SIPALG_HEADERS_ALL, SIPALG_HEADERS_ALL, \
	  "groups of places that are translated")                              \
	X(MEDIA_SOURCE, media_source, SOURCE, 0, 4, SIPALG_SOURCE_ANSWERED,    \
	  "who may send media to an inside host")                              \
	X(STALL_SECONDS, stall_seconds, NUMBER, 1, 60, 5,                      \
	  "seconds that a message over TCP may take to come to its end")       \
	X(MAX_HELD, max_held, NUMBER, 1024, 524288, 524288,                    \
	  "bytes of memory that one TCP connection may have")                  \
	X(MAX_REGISTRATIONS, max_registrations, NUMBER, 0, 1048576, 1048576,   \
	  "registered contacts of the rule at a time; those beyond are left alone") \
	X(MAX_REGISTRATIONS_SOURCE, max_registrations_source, NUMBER, 0, 1048576, 1048576, \
	  "the same of those that one host has")                               \
	X(REGISTRATION_PINHOLES, registration_pinholes, SWITCH, 0, 1, 1,       \
	  "registered phones can be called by their registrar")                \
	X(DIALOG_PINHOLES, dialog_pinholes, SWITCH, 0, 1, 1,                   \
	  "requests of a dialog get in when its own flow is gone")             \
	X(MEDIA_IDLE, media_idle, NUMBER, 0, 86400, 0,                         \
	  "seconds that an answered call may have no media, unless it is held; 0: any number") \
	X(DSCP_MEDIA, dscp_media, DSCP, 0, 64, SIPALG_DSCP_KEEP,               \
	  "DSCP of media packets")                                             \
	X(EARLY_MEDIA, early_media, SWITCH, 0, 1, 0,                           \
	  "media get in from when they are offered, before an answer says from where") \
	X(MAX_HELD_SOURCE, max_held_source, NUMBER, 1024, 67108864, 67108864,  \
	  "bytes of memory that all TCP connections of the host that began them may have")

enum sipalg_option {
#define X(e, name, kind, min, max, def, text) SIPALG_O_##e,
	SIPALG_OPTIONS(X)
#undef X
	SIPALG_O_COUNT
};

#endif
