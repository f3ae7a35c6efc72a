// SPDX-License-Identifier: GPL-2.0
/*
 * Who may call a registered phone besides its registrar: those whom the rule of
 * its registration names.
 */
#include "binding.h"
#include "policy.h"

void sipalg_binding_open(struct sipalg_binding *b, struct sipalg_rule *r)
{
	struct sipalg_signalling *own = sipalg_binding_own(b);
	struct sipalg_rule *old;

	sipalg_rule_get(r);
	spin_lock_bh(&b->lock);
	own->openers++;
	old = own->callers;
	own->callers = r;
	spin_unlock_bh(&b->lock);
	sipalg_rule_put(old);
}

void sipalg_binding_shut(struct sipalg_binding *b)
{
	struct sipalg_signalling *own = sipalg_binding_own(b);
	struct sipalg_rule *old = NULL;

	spin_lock_bh(&b->lock);
	if (!--own->openers)
		swap(old, own->callers);
	spin_unlock_bh(&b->lock);
	sipalg_rule_put(old);
}

bool sipalg_binding_has_caller(struct sipalg_binding *b, const struct sip_host *host)
{
	struct sipalg_signalling *own = sipalg_binding_own(b);
	bool ok;

	if (!READ_ONCE(own->openers))
		return false;
	spin_lock_bh(&b->lock);
	ok = own->callers && !b->dead && sipalg_prefixes_have(&own->callers->callers, host);
	spin_unlock_bh(&b->lock);
	return ok;
}
