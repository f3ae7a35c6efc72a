/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The generic netlink family "sipalg", version 1: what user space may rely on.
 *
 * Everything is per network namespace: that of the socket. Every command
 * needs CAP_NET_ADMIN in the user namespace that owns it, reads included,
 * because they show who calls whom. Each refusal carries a sentence
 * (NLMSGERR_ATTR_MSG). All integers are in host order, ports included;
 * addresses are in network order, 4 bytes for IPv4 and 16 for IPv6; strings
 * end with NUL. Times are milliseconds since the epoch (wall clock).
 *
 * SIPALG_CMD_STATUS_GET (do)
 *	Answers SIPALG_CMD_STATUS_GET with a SIPALG_A_STATUS nest.
 *
 * SIPALG_CMD_ENABLE, SIPALG_CMD_DISABLE (do, ack)
 *	Turn sipalg on and off in this namespace. Off forgets all state:
 *	pinholes close, running media flows go on. EALREADY: it was so.
 *
 * SIPALG_CMD_DIALOG_GET (do with SIPALG_A_ID; dump)
 *	One message per dialog, each with a SIPALG_A_DIALOG nest. ENOENT: no
 *	dialog has this id. A dump may carry SIPALG_A_CALL_ID and SIPALG_A_KIND
 *	as filters. In a dump, a dialog with so many media lines that it does
 *	not fit into one message is shown with the first of them; the answer
 *	to a do has them all.
 *
 * SIPALG_CMD_REGISTRATION_GET (do with SIPALG_A_ID; dump)
 *	One message per registered contact: SIPALG_A_REGISTRATION. ENOENT: as
 *	above.
 *
 * SIPALG_CMD_BINDING_GET (do with SIPALG_A_ID; dump)
 *	One message per binding: SIPALG_A_BINDING. ENOENT: as above.
 *
 * SIPALG_CMD_STREAM_GET (do with SIPALG_A_ID; dump)
 *	One message per TCP connection that is followed: SIPALG_A_STREAM.
 *	ENOENT: none has this id. A dump shows each one that is there all the
 *	time once.
 *
 * SIPALG_CMD_STATS_GET (do)
 *	SIPALG_A_STATS: an array of u64 in the order of sipalg_reasons.h.
 *
 * SIPALG_CMD_POLICY_GET (dump)
 *	One message per rule, in their order: SIPALG_A_RULE.
 *
 * SIPALG_CMD_POLICY_SET (do, ack)
 *	Replaces the whole policy, or nothing: SIPALG_A_RULE once per rule, in
 *	their order; none at all: nothing is SIP any more. Calls, registrations
 *	and flows go on; what a flow's rule is, its next packet finds out.
 *	ERANGE, EINVAL: a rule is wrong; the sentence says what, and the bad
 *	attribute is pointed at. E2BIG: too many rules. ENOMEM.
 *
 * SIPALG_CMD_DIALOG_KILL (do with SIPALG_A_ID or SIPALG_A_CALL_ID, ack)
 *	Closes the media of one dialog, or of all with this Call-ID: it is over,
 *	for the reason SIPALG_END_KILLED. Its messages still pass and are still
 *	translated. ENOENT: there is none, or it is over already. EINVAL:
 *	neither was given, or both.
 *
 * SIPALG_CMD_REGISTRATION_KILL (do with SIPALG_A_ID, ack)
 *	Ends a registration here: nobody gets in by it until the phone registers
 *	again. ENOENT: there is none.
 *
 * SIPALG_CMD_STREAM_KILL (do with SIPALG_A_ID, ack)
 *	A TCP connection is left alone from now on: what is held goes out, and
 *	its bytes pass as they come, with their sequence numbers still adjusted.
 *	ENOENT: there is none, or it is left alone already.
 *
 * SIPALG_CMD_BINDING_KILL (do with SIPALG_A_ID, ack)
 *	Closes one media binding and the flows that it let through, for as long
 *	as its dialog lives; the dialog goes on. ENOENT: there is none.
 *	EOPNOTSUPP: it is for signalling, which only goes with what it is for.
 *
 * SIPALG_CMD_STATE_GET (dump)
 *	Live state, to be given back after the module was loaded again or to
 *	another gateway: one message per call with all of its dialogs, then one
 *	per registration that was granted, each a SIPALG_A_STATE nest with a
 *	SIPALG_STATE_CALL or SIPALG_STATE_REGISTRATION in it. A call that does
 *	not fit into a message is a SIPALG_STATE_LOST with its id instead.
 *
 * SIPALG_CMD_STATE_SET (do, ack)
 *	One such nest: the call or registration is there from now on as it was,
 *	with its bindings and ids, or nothing has changed. EEXIST: it is there
 *	already. EADDRINUSE: an outer port is somebody else's. ENOSPC: a limit.
 *	ENETDOWN: sipalg is not on here. EINVAL, ERANGE: the sentence says which
 *	value cannot be.
 *
 * SIPALG_CMD_EVENT (multicast group "events")
 *	SIPALG_A_EVENT (enum sipalg_event), SIPALG_A_TIME, and one of
 *	SIPALG_A_DIALOG, SIPALG_A_REGISTRATION, SIPALG_A_STREAM,
 *	SIPALG_A_BINDING, SIPALG_A_MESSAGE for messages that were left alone or
 *	dropped, or SIPALG_A_LIMIT: each limit is told once in ten seconds, no
 *	matter how often it is reached.
 *
 * SIPALG_CMD_EVENT (multicast group "messages")
 *	The same, of the messages that were understood: translated, or with
 *	nothing to translate. Who listens to both groups gets each one once.
 *
 * A command refuses attributes that it does not know (EINVAL). What was not
 * seen, or does not apply, is absent, unless the attribute's comment names the
 * value for it.
 *
 * A dump in which NLM_F_DUMP_INTR is set saw a table that was resized
 * meanwhile and may have shown an entry twice or not at all: ask again.
 */
#ifndef SIPALG_H
#define SIPALG_H

#define SIPALG_GENL_NAME	"sipalg"
#define SIPALG_GENL_VERSION	1
#define SIPALG_GENL_GROUP	"events"
#define SIPALG_GENL_GROUP_MESSAGES "messages"

enum sipalg_cmd {
	SIPALG_CMD_UNSPEC,
	SIPALG_CMD_STATUS_GET,
	SIPALG_CMD_ENABLE,
	SIPALG_CMD_DISABLE,
	SIPALG_CMD_DIALOG_GET,
	SIPALG_CMD_REGISTRATION_GET,
	SIPALG_CMD_BINDING_GET,
	SIPALG_CMD_STATS_GET,
	SIPALG_CMD_EVENT,
	SIPALG_CMD_STREAM_GET,
	SIPALG_CMD_POLICY_GET,
	SIPALG_CMD_POLICY_SET,
	SIPALG_CMD_DIALOG_KILL,
	SIPALG_CMD_REGISTRATION_KILL,
	SIPALG_CMD_STATE_GET,
	SIPALG_CMD_STATE_SET,
	SIPALG_CMD_STREAM_KILL,
	SIPALG_CMD_BINDING_KILL,
	__SIPALG_CMD_MAX,
	SIPALG_CMD_MAX = __SIPALG_CMD_MAX - 1
};

/* Top level attributes. */
enum sipalg_attr {
	SIPALG_A_UNSPEC,
	SIPALG_A_PAD,
	SIPALG_A_ID,		/* u32 */
	SIPALG_A_CALL_ID,	/* string */
	SIPALG_A_STATUS,	/* nest, enum sipalg_status_attr */
	SIPALG_A_DIALOG,	/* nest, enum sipalg_dialog_attr */
	SIPALG_A_REGISTRATION,	/* nest, enum sipalg_registration_attr */
	SIPALG_A_BINDING,	/* nest, enum sipalg_binding_attr */
	SIPALG_A_STATS,		/* binary, u64[] */
	SIPALG_A_EVENT,		/* u32, enum sipalg_event */
	SIPALG_A_TIME,		/* u64, ms since the epoch */
	SIPALG_A_MESSAGE,	/* nest, enum sipalg_message_attr */
	SIPALG_A_KIND,		/* u8, enum sipalg_dialog_kind */
	SIPALG_A_STREAM,	/* nest, enum sipalg_stream_attr */
	SIPALG_A_RULE,		/* nest, enum sipalg_rule_attr */
	SIPALG_A_STATE,		/* nest, enum sipalg_state_attr */
	SIPALG_A_LIMIT,		/* nest, enum sipalg_reached_attr */
	__SIPALG_A_MAX,
	SIPALG_A_MAX = __SIPALG_A_MAX - 1
};

/*
 * State, at all of its levels: which attributes a nest may have stands behind
 * it. Of flags, the lowest bit is named first.
 */
enum sipalg_state_attr {
	SIPALG_STATE_UNSPEC,
	SIPALG_STATE_PAD,
	SIPALG_STATE_CALL,		/* nest: id to b-route, binding, reach, flow, dialog */
	SIPALG_STATE_REGISTRATION,	/* nest: id to flags, user to asked, binding */
	SIPALG_STATE_LOST,		/* u32: id of a call that does not fit */
	SIPALG_STATE_DIALOG,		/* nest: state to b-tag, transaction, session */
	SIPALG_STATE_TRANSACTION,	/* nest: kind (INVITE, UPDATE, PRACK, BYE), side, flags */
	SIPALG_STATE_SESSION,		/* nest: kind (agreed, kept, offered by A, by B, early) */
	SIPALG_STATE_LINE,		/* nest: end, of A and of B */
	SIPALG_STATE_END,		/* nest: addr, port, rtcp-addr to codecs */
	SIPALG_STATE_BINDING,		/* nest: id, type, addr to outer-port, flow */
	SIPALG_STATE_REACH,		/* nest: side, kind, binding, host */
	SIPALG_STATE_FLOW,		/* nest: a conntrack entry's first direction */
	SIPALG_STATE_ID,		/* u32 */
	SIPALG_STATE_KIND,		/* u8 */
	SIPALG_STATE_TYPE,		/* u8, enum sipalg_binding_type */
	SIPALG_STATE_SIDE,		/* u8: 0 A, 1 B */
	SIPALG_STATE_FLAGS,		/* u32 */
	SIPALG_STATE_ZONE,		/* u16: conntrack zone of the inside */
	SIPALG_STATE_OUTER_ZONE,	/* u16 */
	SIPALG_STATE_PROTOCOL,		/* u8, IPPROTO_ */
	SIPALG_STATE_METHOD,		/* string: INVITE, SUBSCRIBE, REFER */
	SIPALG_STATE_RULE,		/* u32: its number in the policy */
	SIPALG_STATE_CALL_ID,		/* string */
	SIPALG_STATE_A_TAG,		/* string */
	SIPALG_STATE_A_URI,		/* string */
	SIPALG_STATE_B_URI,		/* string */
	SIPALG_STATE_A_HOST,		/* binary: address */
	SIPALG_STATE_B_HOST,		/* binary: address */
	SIPALG_STATE_A_TARGET,		/* binary: address in its Contact */
	SIPALG_STATE_B_TARGET,		/* binary: address in its Contact */
	SIPALG_STATE_A_ROUTE,		/* binary: address of its next proxy */
	SIPALG_STATE_B_ROUTE,		/* binary: address of its next proxy */
	SIPALG_STATE_STATE,		/* u8, enum sipalg_dialog_state */
	SIPALG_STATE_STATUS,		/* u16 */
	SIPALG_STATE_A_CSEQ,		/* u32 */
	SIPALG_STATE_B_CSEQ,		/* u32 */
	SIPALG_STATE_START,		/* u64, ms since the epoch */
	SIPALG_STATE_ANSWER,		/* u64, the same */
	SIPALG_STATE_LEFT,		/* u32: seconds until it is given up */
	SIPALG_STATE_EXPIRES,		/* u32: seconds */
	SIPALG_STATE_B_TAG,		/* string */
	SIPALG_STATE_USER,		/* string */
	SIPALG_STATE_DOMAIN,		/* string */
	SIPALG_STATE_AOR,		/* string */
	SIPALG_STATE_CONTACT,		/* string */
	SIPALG_STATE_REGISTRAR,		/* binary: address */
	SIPALG_STATE_REFRESHED,		/* u64, ms since the epoch */
	SIPALG_STATE_ASKED,		/* u32: seconds */
	SIPALG_STATE_ADDR,		/* binary: inner address, or a flow's source */
	SIPALG_STATE_PORT,		/* u16 */
	SIPALG_STATE_OUTER_ADDR,	/* binary: outer address, or a flow's destination */
	SIPALG_STATE_OUTER_PORT,	/* u16 */
	SIPALG_STATE_HOST,		/* binary: address that may come by there; several */
	SIPALG_STATE_RTCP_ADDR,		/* binary: address; absent where it is that of RTP */
	SIPALG_STATE_RTCP_PORT,		/* u16 */
	SIPALG_STATE_RTP_BINDING,	/* u32: id of one of the call's bindings */
	SIPALG_STATE_RTCP_BINDING,	/* u32: likewise */
	SIPALG_STATE_DIRECTION,		/* u8 */
	SIPALG_STATE_PART,		/* u8 */
	SIPALG_STATE_INDEX,		/* u8 */
	SIPALG_STATE_PAIR,		/* u8 */
	SIPALG_STATE_CODECS,		/* binary */
	SIPALG_STATE_CSEQ,		/* u32 */
	__SIPALG_STATE_MAX,
	SIPALG_STATE_MAX = __SIPALG_STATE_MAX - 1
};

/* What a dump of dialogs shows. */
enum sipalg_dialog_kind {
	SIPALG_KIND_ALL,
	SIPALG_KIND_CALL,		/* begun by INVITE */
	SIPALG_KIND_SUBSCRIPTION,	/* begun by SUBSCRIBE or REFER */
	__SIPALG_KIND_MAX,
	SIPALG_KIND_MAX = __SIPALG_KIND_MAX - 1
};

enum sipalg_status_attr {
	SIPALG_STATUS_UNSPEC,
	SIPALG_STATUS_PAD,
	SIPALG_STATUS_VERSION,		/* string: the module's version */
	SIPALG_STATUS_ENABLED,		/* u8: 1 where this namespace uses it */
	SIPALG_STATUS_DIALOGS,		/* u32 */
	SIPALG_STATUS_REGISTRATIONS,	/* u32 */
	SIPALG_STATUS_BINDINGS,		/* u32 */
	SIPALG_STATUS_DIALOGS_MAX,	/* u32 */
	SIPALG_STATUS_REGISTRATIONS_MAX,/* u32 */
	SIPALG_STATUS_BINDINGS_MAX,	/* u32 */
	SIPALG_STATUS_PORT,		/* u16: the SIP port */
	SIPALG_STATUS_MEDIA_PORT_MIN,	/* u16 */
	SIPALG_STATUS_MEDIA_PORT_MAX,	/* u16 */
	/* Dialogs that live, each fork counts: */
	SIPALG_STATUS_CALLS_TRYING,	/* u32: nobody rings yet */
	SIPALG_STATUS_CALLS_RINGING,	/* u32 */
	SIPALG_STATUS_CALLS_ANSWERED,	/* u32, those on hold included */
	SIPALG_STATUS_CALLS_HELD,	/* u32 */
	SIPALG_STATUS_SUBSCRIPTIONS,	/* u32 */
	SIPALG_STATUS_STREAMS,		/* u32: TCP connections followed */
	SIPALG_STATUS_STREAMS_MAX,	/* u32 */
	SIPALG_STATUS_STREAM_BYTES,	/* u64: memory that their messages have */
	SIPALG_STATUS_STREAM_BYTES_MAX,	/* u64 */
	__SIPALG_STATUS_MAX,
	SIPALG_STATUS_MAX = __SIPALG_STATUS_MAX - 1
};

enum sipalg_dialog_state {
	SIPALG_DIALOG_TRYING,		/* a request was seen */
	SIPALG_DIALOG_EARLY,		/* a provisional response with a tag */
	SIPALG_DIALOG_CONFIRMED,	/* answered with a 2xx */
	SIPALG_DIALOG_TERMINATED,	/* over; shown until it is forgotten */
};

enum sipalg_end_reason {
	SIPALG_END_NONE,
	SIPALG_END_BYE,			/* BYE was answered */
	SIPALG_END_BYE_TIMEOUT,		/* BYE went unanswered for 32 s */
	SIPALG_END_CANCEL,		/* CANCEL, then 487 */
	SIPALG_END_FAILURE,		/* 3xx to 6xx */
	SIPALG_END_TIMEOUT,		/* nothing was heard for too long */
	SIPALG_END_REPLACED,		/* another fork was answered */
	SIPALG_END_KILLED,		/* by the operator */
	SIPALG_END_DISABLED,		/* sipalg was turned off */
	SIPALG_END_EVICTED,		/* unanswered, at a limit: made room for others */
	SIPALG_END_LOST,		/* 481, or 408 and no BYE, to a request within it */
	SIPALG_END_SILENT,		/* no media for as long as its rule says */
};

/* One of a dialog's sides, or both. */
enum sipalg_party {
	SIPALG_PARTY_NONE, SIPALG_PARTY_A, SIPALG_PARTY_B, SIPALG_PARTY_BOTH
};

/* RFC 6665 4.1.3; what the latest NOTIFY said. */
enum sipalg_subscription_state {
	SIPALG_SUBSCRIPTION_ASKED,	/* none came yet */
	SIPALG_SUBSCRIPTION_PENDING,
	SIPALG_SUBSCRIPTION_ACTIVE,
	SIPALG_SUBSCRIPTION_TERMINATED,
	SIPALG_SUBSCRIPTION_OTHER,	/* a state of its own (an extension) */
};

/*
 * Side A is who sent the dialog's first request, side B who got it. Inner and
 * outer of a host behind this gateway's NAT differ; without NAT they are equal.
 */
enum sipalg_dialog_attr {
	SIPALG_DIALOG_UNSPEC,
	SIPALG_DIALOG_PAD,
	SIPALG_DIALOG_ID,		/* u32, unique in the namespace */
	SIPALG_DIALOG_CALL_ID,		/* string */
	SIPALG_DIALOG_STATE,		/* u8, enum sipalg_dialog_state */
	SIPALG_DIALOG_END_REASON,	/* u8, enum sipalg_end_reason */
	SIPALG_DIALOG_STATUS,		/* u16: the last final status, 0 none */
	SIPALG_DIALOG_METHOD,		/* string: INVITE or SUBSCRIBE ... */
	SIPALG_DIALOG_A_URI,		/* string: From of the first request */
	SIPALG_DIALOG_B_URI,		/* string: To of the first request */
	SIPALG_DIALOG_A_TAG,		/* string */
	SIPALG_DIALOG_B_TAG,		/* string */
	SIPALG_DIALOG_A_ADDR,		/* bytes: host of side A as it sends */
	SIPALG_DIALOG_B_ADDR,		/* bytes: host of side B as it receives */
	SIPALG_DIALOG_START,		/* u64 ms */
	SIPALG_DIALOG_ANSWER,		/* u64 ms, absent if not answered */
	SIPALG_DIALOG_END,		/* u64 ms, absent while it lives */
	SIPALG_DIALOG_SESSION_EXPIRES,	/* u32 s, 0 none */
	SIPALG_DIALOG_EXPIRES_IN,	/* u32 s until it is given up */
	SIPALG_DIALOG_MEDIA,		/* nest per media line and side */
	SIPALG_DIALOG_CALL,		/* u32: the same for all forks of a request */
	SIPALG_DIALOG_FORKS,		/* u16: dialogs of that request, this one included */
	/* Calls only, from here on: */
	SIPALG_DIALOG_PROVISIONAL,	/* u16: the last 1xx, 0 none */
	SIPALG_DIALOG_RINGING,		/* u64 ms: the first 18x, absent if none */
	SIPALG_DIALOG_SETUP,		/* u32 ms from the request to the answer */
	SIPALG_DIALOG_HELD_BY,		/* u8, enum sipalg_party */
	SIPALG_DIALOG_REINVITES,	/* u16: of both sides */
	SIPALG_DIALOG_UPDATES,		/* u16: of both sides */
	SIPALG_DIALOG_SESSION_LEFT,	/* u32 s, where there is a session timer */
	SIPALG_DIALOG_REFRESHER,	/* u8, enum sipalg_party, likewise */
	SIPALG_DIALOG_BYE_BY,		/* u8, enum sipalg_party: who hung up, or tries to */
	/* Transfers, and subscriptions begun by REFER: the latest one */
	SIPALG_DIALOG_REFER_BY,		/* u8, enum sipalg_party */
	SIPALG_DIALOG_REFER_TO,		/* string: as it was sent */
	SIPALG_DIALOG_REFER_STATUS,	/* u16: of the REFER, then as NOTIFYs tell; 0 none */
	/* Subscriptions only: */
	SIPALG_DIALOG_EVENT,		/* string: presence, dialog, refer ... */
	SIPALG_DIALOG_SUB_STATE,	/* u8, enum sipalg_subscription_state */
	SIPALG_DIALOG_SUB_EXPIRES,	/* u32 s, as told last */
	SIPALG_DIALOG_SUB_EXPIRES_IN,	/* u32 s */
	SIPALG_DIALOG_NOTIFIES,		/* u32: NOTIFYs seen */
	__SIPALG_DIALOG_MAX,
	SIPALG_DIALOG_MAX = __SIPALG_DIALOG_MAX - 1
};

enum sipalg_direction {
	SIPALG_SENDRECV, SIPALG_SENDONLY, SIPALG_RECVONLY, SIPALG_INACTIVE
};

enum sipalg_media_kind {
	SIPALG_MEDIA_OTHER, SIPALG_MEDIA_AUDIO, SIPALG_MEDIA_VIDEO,
	SIPALG_MEDIA_IMAGE, SIPALG_MEDIA_TEXT, SIPALG_MEDIA_MESSAGE,
	SIPALG_MEDIA_APPLICATION
};

/* Where one side of a dialog wants one media line to be sent to. */
enum sipalg_media_attr {
	SIPALG_MEDIA_UNSPEC,
	SIPALG_MEDIA_PAD,
	SIPALG_MEDIA_SIDE,		/* u8: 0 is A, 1 is B */
	SIPALG_MEDIA_INDEX,		/* u8: which m= line, from 0 */
	SIPALG_MEDIA_KIND,		/* u8, enum sipalg_media_kind */
	SIPALG_MEDIA_DIRECTION,		/* u8, enum sipalg_direction */
	SIPALG_MEDIA_INNER_ADDR,	/* bytes: as the side itself wrote it */
	SIPALG_MEDIA_INNER_PORT,	/* u16 */
	SIPALG_MEDIA_OUTER_ADDR,	/* bytes: as the other side reads it */
	SIPALG_MEDIA_OUTER_PORT,	/* u16, 0: the line is refused */
	SIPALG_MEDIA_RTCP_PORT,		/* u16: outer, 0: none or muxed */
	SIPALG_MEDIA_BOUND,		/* u8: 1 where a binding of ours leads there */
	SIPALG_MEDIA_CODECS,		/* string: names of formats in their order, or numbers */
	SIPALG_MEDIA_PACKETS,		/* u64 sent by this side, where conntrack accounts */
	SIPALG_MEDIA_BYTES,		/* u64, likewise */
	SIPALG_MEDIA_MUX,		/* u8: 1 if the side wants RTCP on RTP's port */
	__SIPALG_MEDIA_MAX,
	SIPALG_MEDIA_MAX = __SIPALG_MEDIA_MAX - 1
};

enum sipalg_registration_attr {
	SIPALG_REG_UNSPEC,
	SIPALG_REG_PAD,
	SIPALG_REG_ID,			/* u32 */
	SIPALG_REG_AOR,			/* string: the address of record */
	SIPALG_REG_CONTACT,		/* string: as the phone wrote it */
	SIPALG_REG_STATE,		/* u8: 0 asked for, 1 granted */
	SIPALG_REG_EXPIRES,		/* u32 s, as granted */
	SIPALG_REG_EXPIRES_IN,		/* u32 s */
	SIPALG_REG_REGISTRAR,		/* bytes: its address */
	SIPALG_REG_INNER_ADDR,		/* bytes */
	SIPALG_REG_INNER_PORT,		/* u16 */
	SIPALG_REG_OUTER_ADDR,		/* bytes */
	SIPALG_REG_OUTER_PORT,		/* u16 */
	SIPALG_REG_PROTOCOL,		/* u8: IPPROTO_UDP, ... */
	SIPALG_REG_ASKED,		/* u32 s, in the latest REGISTER; 0: to end it */
	SIPALG_REG_SINCE,		/* u64 ms: granted first */
	SIPALG_REG_REFRESHED,		/* u64 ms: granted last */
	SIPALG_REG_REACHABLE,		/* u8, enum sipalg_reachable */
	SIPALG_REG_OPTIONS,		/* nest, enum sipalg_options_attr, per side that asked */
	__SIPALG_REG_MAX,
	SIPALG_REG_MAX = __SIPALG_REG_MAX - 1
};

/* Does the phone answer the OPTIONS of its registrar? */
enum sipalg_reachable {
	SIPALG_REACHABLE_UNKNOWN,	/* it was not asked */
	SIPALG_REACHABLE_YES,		/* the latest one was answered */
	SIPALG_REACHABLE_NO,		/* it was not, for 32 s or until the next */
};

enum sipalg_options_by { SIPALG_BY_REGISTRAR, SIPALG_BY_PHONE };

/* OPTIONS between a registered phone and its registrar. */
enum sipalg_options_attr {
	SIPALG_OPTIONS_UNSPEC,
	SIPALG_OPTIONS_PAD,
	SIPALG_OPTIONS_BY,		/* u8, enum sipalg_options_by: who asks */
	SIPALG_OPTIONS_TIME,		/* u64 ms: asked last */
	SIPALG_OPTIONS_STATUS,		/* u16: of the latest answer, 0 none yet */
	SIPALG_OPTIONS_UNANSWERED,	/* u16: in a row; one of these 32 s does not count */
	SIPALG_OPTIONS_RTT,		/* u32 ms that the latest answer took */
	__SIPALG_OPTIONS_MAX,
	SIPALG_OPTIONS_MAX = __SIPALG_OPTIONS_MAX - 1
};

enum sipalg_binding_type {
	SIPALG_BINDING_SIGNALLING, SIPALG_BINDING_MEDIA, SIPALG_BINDING_RTCP
};

enum sipalg_binding_attr {
	SIPALG_BINDING_UNSPEC,
	SIPALG_BINDING_PAD,
	SIPALG_BINDING_ID,		/* u32 */
	SIPALG_BINDING_TYPE,		/* u8, enum sipalg_binding_type */
	SIPALG_BINDING_PROTOCOL,	/* u8 */
	SIPALG_BINDING_ZONE,		/* u16 */
	SIPALG_BINDING_INNER_ADDR,	/* bytes */
	SIPALG_BINDING_INNER_PORT,	/* u16 */
	SIPALG_BINDING_OUTER_ADDR,	/* bytes */
	SIPALG_BINDING_OUTER_PORT,	/* u16 */
	SIPALG_BINDING_PEER,		/* bytes, once per host that may send to it */
	SIPALG_BINDING_FLOWS,		/* u8: conntrack entries it let through */
	SIPALG_BINDING_OWNER,		/* string: Call-ID or address of record */
	__SIPALG_BINDING_MAX,
	SIPALG_BINDING_MAX = __SIPALG_BINDING_MAX - 1
};

/* What is done with what one end of a TCP connection sends. */
enum sipalg_stream_state {
	SIPALG_STREAM_DECIDING,		/* no whole start line came yet */
	SIPALG_STREAM_SIP,		/* cut into messages */
	SIPALG_STREAM_LEFT_ALONE,	/* passed on as it is, for good */
};

/* Why it is left alone. */
enum sipalg_stream_reason {
	SIPALG_LEFT_NONE,		/* it is not, or it has ended */
	SIPALG_LEFT_NOT_SIP,		/* the connection does not begin as SIP */
	SIPALG_LEFT_FRAMING,		/* nonsense where a message must begin */
	SIPALG_LEFT_LENGTH,		/* a message whose end cannot be known */
	SIPALG_LEFT_TOO_LONG,		/* a message longer than the limit */
	SIPALG_LEFT_STALLED,		/* a message did not come to its end in time */
	SIPALG_LEFT_MEMORY,		/* no memory, or its limit was reached */
	SIPALG_LEFT_LIMIT,		/* too many messages not acknowledged */
	SIPALG_LEFT_CLOSED,		/* FIN or RST */
	SIPALG_LEFT_URGENT,		/* urgent data */
	SIPALG_LEFT_LATE,		/* it did not begin with a plain SYN */
	SIPALG_LEFT_ASKED,		/* sipalg is turned off, or a rule says so */
	SIPALG_LEFT_HELD_SOURCE,	/* its host had as much memory as a rule allows */
	SIPALG_LEFT_KILLED,		/* by the operator */
};

/*
 * Side A is who began the connection, and what it sends. Inner is an end as it
 * names itself, outer as the other one does.
 */
enum sipalg_stream_attr {
	SIPALG_STREAM_UNSPEC,
	SIPALG_STREAM_PAD,
	SIPALG_STREAM_ID,		/* u32 */
	SIPALG_STREAM_START,		/* u64 ms */
	SIPALG_STREAM_A_INNER_ADDR,	/* bytes */
	SIPALG_STREAM_A_INNER_PORT,	/* u16 */
	SIPALG_STREAM_A_OUTER_ADDR,	/* bytes */
	SIPALG_STREAM_A_OUTER_PORT,	/* u16 */
	SIPALG_STREAM_A_STATE,		/* u8, enum sipalg_stream_state */
	SIPALG_STREAM_A_REASON,		/* u8, enum sipalg_stream_reason */
	SIPALG_STREAM_A_MESSAGES,	/* u32 */
	SIPALG_STREAM_A_HELD,		/* u32: bytes of one that is not complete */
	SIPALG_STREAM_A_MEMORY,		/* u32: bytes, what is not acknowledged included */
	SIPALG_STREAM_A_OFFSET,		/* s32: bytes that its messages grew */
	SIPALG_STREAM_B_INNER_ADDR,	/* as above */
	SIPALG_STREAM_B_INNER_PORT,
	SIPALG_STREAM_B_OUTER_ADDR,
	SIPALG_STREAM_B_OUTER_PORT,
	SIPALG_STREAM_B_STATE,
	SIPALG_STREAM_B_REASON,
	SIPALG_STREAM_B_MESSAGES,
	SIPALG_STREAM_B_HELD,
	SIPALG_STREAM_B_MEMORY,
	SIPALG_STREAM_B_OFFSET,
	__SIPALG_STREAM_MAX,
	SIPALG_STREAM_MAX = __SIPALG_STREAM_MAX - 1
};

enum sipalg_event {
	SIPALG_EVENT_DIALOG_NEW,
	SIPALG_EVENT_DIALOG_EARLY,
	SIPALG_EVENT_DIALOG_ANSWERED,
	SIPALG_EVENT_DIALOG_CHANGED,	/* another offer was agreed: hold, ... */
	SIPALG_EVENT_DIALOG_ENDED,
	SIPALG_EVENT_REGISTERED,
	SIPALG_EVENT_UNREGISTERED,
	SIPALG_EVENT_MESSAGE,		/* a message went through, or was left alone */
	SIPALG_EVENT_DIALOG_RINGING,	/* the first 18x */
	SIPALG_EVENT_DIALOG_HELD,	/* by one side, or by the other one too */
	SIPALG_EVENT_DIALOG_RESUMED,	/* by one side, or by both */
	SIPALG_EVENT_DIALOG_TRANSFER,	/* REFER was sent, or has another status */
	SIPALG_EVENT_SUBSCRIPTION,	/* it has another state */
	SIPALG_EVENT_STREAM_KILLED,	/* by the operator */
	SIPALG_EVENT_BINDING_KILLED,	/* likewise */
	SIPALG_EVENT_LIMIT,		/* a limit was reached */
};

/* What there is as much of as there may be. */
enum sipalg_limit {
	SIPALG_LIMIT_DIALOGS,		/* all of them */
	SIPALG_LIMIT_DIALOGS_RULE,	/* of a rule of the policy */
	SIPALG_LIMIT_DIALOGS_SOURCE,	/* that one host began */
	SIPALG_LIMIT_DIALOGS_CALL,	/* of one Call-ID, forks among them */
	SIPALG_LIMIT_REGISTRATIONS,	/* all contacts */
	SIPALG_LIMIT_REGISTRATIONS_RULE, /* of a rule */
	SIPALG_LIMIT_REGISTRATIONS_SOURCE, /* of one host */
	SIPALG_LIMIT_REGISTRATIONS_AOR,	/* of one address of record */
	SIPALG_LIMIT_BINDINGS,		/* all, of a message, of an address, or who may use one */
	SIPALG_LIMIT_STREAMS,		/* TCP connections */
	SIPALG_LIMIT_STREAM_MESSAGES,	/* of one, that are not acknowledged */
	SIPALG_LIMIT_HELD,		/* memory of all TCP connections */
	SIPALG_LIMIT_HELD_STREAM,	/* of one */
	SIPALG_LIMIT_HELD_SOURCE,	/* of those that one host began */
	SIPALG_LIMIT_FLOWS,		/* media flows of a binding */
	SIPALG_LIMIT_RATE,		/* messages of one host in a second */
	SIPALG_LIMIT_SOURCES,		/* hosts that rules count */
	SIPALG_LIMIT_COUNT
};

enum sipalg_reached_attr {
	SIPALG_REACHED_UNSPEC,
	SIPALG_REACHED_PAD,
	SIPALG_REACHED_LIMIT,		/* u8, enum sipalg_limit */
	SIPALG_REACHED_ADDR,		/* bytes: who was the one too many, if known */
	__SIPALG_REACHED_MAX,
	SIPALG_REACHED_MAX = __SIPALG_REACHED_MAX - 1
};

/* Which ends of a message's flow are behind NAT of ours. */
enum sipalg_way {
	SIPALG_WAY_PLAIN,		/* none */
	SIPALG_WAY_OUT,			/* the sender */
	SIPALG_WAY_IN,			/* the receiver */
	SIPALG_WAY_BOTH,		/* both: a hairpin */
};

enum sipalg_message_attr {
	SIPALG_MSG_UNSPEC,
	SIPALG_MSG_PAD,
	SIPALG_MSG_CALL_ID,		/* string, absent if it was not understood */
	SIPALG_MSG_METHOD,		/* string: of a response, its CSeq's */
	SIPALG_MSG_STATUS,		/* u16, 0 for a request */
	SIPALG_MSG_REASON,		/* u32, enum sipalg_reason: TRANSLATED, UNCHANGED, ... */
	SIPALG_MSG_SRC_ADDR,		/* bytes: as it arrived */
	SIPALG_MSG_SRC_PORT,		/* u16 */
	SIPALG_MSG_DST_ADDR,		/* bytes: as it left */
	SIPALG_MSG_DST_PORT,		/* u16 */
	SIPALG_MSG_SRC_OUT_ADDR,	/* bytes: its source as it left */
	SIPALG_MSG_SRC_OUT_PORT,	/* u16 */
	SIPALG_MSG_DST_IN_ADDR,		/* bytes: its destination as it arrived */
	SIPALG_MSG_DST_IN_PORT,		/* u16 */
	SIPALG_MSG_WAY,			/* u8, enum sipalg_way */
	SIPALG_MSG_PROTOCOL,		/* u8: IPPROTO_UDP or IPPROTO_TCP */
	SIPALG_MSG_CSEQ,		/* u32, absent if it was not understood */
	__SIPALG_MSG_MAX,
	SIPALG_MSG_MAX = __SIPALG_MSG_MAX - 1
};

#define SIPALG_RULE_NAME_MAX	31
#define SIPALG_RULE_PREFIXES	8	/* in a list of a rule, at most */

enum sipalg_action {
	SIPALG_ACTION_ALG,	/* translate, and open what was agreed */
	SIPALG_ACTION_BYPASS,	/* as if it were not SIP */
	SIPALG_ACTION_DROP,
	SIPALG_ACTION_OBSERVE,	/* follow and count; change and open nothing */
	SIPALG_ACTION_COUNT
};

/*
 * A rule of the policy. What is absent matches everything, or is the default.
 * The first rule that matches a flow's first packet counts.
 */
enum sipalg_rule_attr {
	SIPALG_RULE_UNSPEC,
	SIPALG_RULE_PAD,
	SIPALG_RULE_ID,			/* u32: from 1; ignored when set */
	SIPALG_RULE_NAME,		/* string, at most SIPALG_RULE_NAME_MAX */
	SIPALG_RULE_ACTION,		/* u8, enum sipalg_action */
	SIPALG_RULE_IIF,		/* string: interface by which it came */
	SIPALG_RULE_OIF,		/* string: interface by which it leaves */
	SIPALG_RULE_SRC,		/* nest, enum sipalg_prefix_attr: who begins */
	SIPALG_RULE_DST,		/* nest: whom it is sent to, before or after NAT */
	SIPALG_RULE_PROTOCOL,		/* u8: IPPROTO_UDP or IPPROTO_TCP */
	SIPALG_RULE_PORT_MIN,		/* u16: the port it is sent to */
	SIPALG_RULE_PORT_MAX,		/* u16 */
	SIPALG_RULE_MARK,		/* u32: ct mark */
	SIPALG_RULE_MASK,		/* u32: the bits of it that count */
	SIPALG_RULE_ZONE,		/* u16: conntrack zone */
	SIPALG_RULE_OPTIONS,		/* nest: u32 each, type: enum sipalg_option + 1 */
	/* nest: u32 each, type: enum sipalg_method + 1; messages per second from one host */
	SIPALG_RULE_RATES,
	SIPALG_RULE_FLOWS,		/* u64: flows that it was found for */
	/*
	 * nest, enum sipalg_prefix_attr, up to SIPALG_RULE_PREFIXES times: inside
	 * hosts besides the sender whose media are translated and let in
	 */
	SIPALG_RULE_INNER,
	/* likewise: hosts besides their registrar that may call registered phones */
	SIPALG_RULE_CALLERS,
	__SIPALG_RULE_MAX,
	SIPALG_RULE_MAX = __SIPALG_RULE_MAX - 1
};

enum sipalg_prefix_attr {
	SIPALG_PREFIX_UNSPEC,
	SIPALG_PREFIX_ADDR,		/* bytes, 4 or 16 */
	SIPALG_PREFIX_LEN,		/* u8: bits, 0 to 32 or 128 */
	__SIPALG_PREFIX_MAX,
	SIPALG_PREFIX_MAX = __SIPALG_PREFIX_MAX - 1
};

#endif
