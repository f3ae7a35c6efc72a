// SPDX-License-Identifier: GPL-2.0
/*
 * Ports that were offered and not answered yet. The offerer has to be ready for
 * media from then on (RFC 3264 5.1), but nobody has said where these come from:
 * who is let in is for the rule to say.
 */
#include "ctx.h"

static bool session_offers(const struct sipalg_session *s, const struct sipalg_binding *b)
{
	unsigned int i;

	if (!s || s->answered)
		return false;
	for (i = 0; i < s->n; i++) {
		const struct sipalg_media_end *end = &s->line[i].end[s->offerer];

		if (end->rtp_binding == b || end->rtcp_binding == b)
			return true;
	}
	return false;
}

/* Once a fork is answered, the others have only what they have said themselves. */
bool sipalg_media_is_offered(const struct sipalg_binding *b)
{
	const struct sipalg_dialog *d;
	bool offered = false;

	list_for_each_entry(d, &b->call->dialogs, list) {
		if (d->state == SIPALG_DIALOG_CONFIRMED)
			return false;
		if (d->state < SIPALG_DIALOG_CONFIRMED)
			offered = offered || session_offers(d->offer[0], b) ||
				  session_offers(d->offer[1], b);
	}
	return offered;
}
