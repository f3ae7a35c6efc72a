/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is kept of a dialog only for being shown. It decides nothing, and where
 * there is no memory for it, it is not there.
 */
#ifndef SIPALG_SIGHT_H
#define SIPALG_SIGHT_H

#include <linux/types.h>

struct sipalg_ctx;
struct sipalg_dialog;

/* What a dialog counts as; the number of each is in the namespace. */
enum sipalg_class {
	SIPALG_CLASS_NONE,	/* not yet, or no more */
	SIPALG_CLASS_TRYING,
	SIPALG_CLASS_RINGING,
	SIPALG_CLASS_ANSWERED,
	SIPALG_CLASS_HELD,
	SIPALG_CLASS_SUBSCRIPTION,
	SIPALG_CLASSES
};

/**
 * struct sipalg_referral - a subscription, or a transfer
 * @until: jiffies, when a subscription ends
 * @expires: seconds, as told last
 * @notifies: how many NOTIFYs came
 * @status: of a REFER, then of what it led to
 * @state: enum sipalg_subscription_state
 * @by: the side that sent the REFER
 * @target: where Refer-To begins in @text; before it the event package; both
 *	end with NUL
 * @text: see there
 */
struct sipalg_referral {
	unsigned long until;
	u32 expires;
	u32 notifies;
	u16 status;
	u8 state;
	u8 by;
	u8 target;
	char text[];
};

/**
 * struct sipalg_sight - within a dialog, and under its call's lock
 * @referral: of a subscription, and of a call with a transfer; or NULL
 * @rang: ms from the first request to the first 18x, 0: none came
 * @provisional: the latest 1xx, 0: none came
 * @reinvites: INVITEs within the dialog
 * @updates: UPDATEs
 * @direction: by side, of its media as agreed: enum sdp_direction + 1, 0: none
 * @held: by whom, enum sipalg_party
 * @refresher: of the session timer, enum sipalg_party
 * @bye: who sent a BYE that was not challenged, enum sipalg_party
 * @class: enum sipalg_class, as counted
 */
struct sipalg_sight {
	struct sipalg_referral *referral;
	u32 rang;
	u16 provisional;
	u16 reinvites;
	u16 updates;
	u8 direction[2];
	u8 held;
	u8 refresher;
	u8 bye;
	u8 class;
};

/*
 * A message has left that belongs to ctx->dialog. sipalg_sight_message() comes
 * before the dialog's step, which forgets what was new about it, and returns a
 * bit for each event (enum sipalg_event); sipalg_sight_settle() comes after it,
 * and tells them. @media: they may have changed.
 */
u32 sipalg_sight_message(struct sipalg_ctx *ctx);
void sipalg_sight_settle(struct sipalg_dialog *d, u32 events, bool media);

/* The dialog's state has changed: count it as what it is now. */
void sipalg_sight_count(struct sipalg_dialog *d);

#endif
