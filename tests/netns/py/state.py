# SPDX-License-Identifier: GPL-2.0
"""Live state over the end of a module: saved, forgotten, restored."""

import os
import subprocess

import gateway
import net
from tap import equal


def ctl(*words, text_in=None):
    return net.run('gw', net.CTL, *words, text_in=text_in)


def save():
    return ctl('save', '--state', '-')


def restore(saved):
    ctl('restore', '--state', '-', text_in=saved)


def reload():
    """Another module, which knows nothing, with sipalg on in the gateway."""
    gateway.unload()
    lib = os.path.join(os.path.dirname(net.LIB), '..', 'lib', 'module.sh')
    subprocess.run(['bash', '-c', f'set -e; SIPALGCTL={net.CTL}; . {lib}; sipalg_enable gw'], check=True)


def dialogs():
    """What a listing says of all dialogs, but for times that run."""
    found = gateway.ctl('dialog', 'list')
    keep = ('id', 'call_id', 'state', 'method', 'a_tag', 'b_tag', 'a_addr', 'b_addr', 'start', 'answer',
            'call', 'forks', 'session_expires')
    return sorted((tuple((k, d.get(k)) for k in keep) for d in found), key=str)


def endpoints(*more):
    keys = ('id', 'type', 'protocol', 'inner_addr', 'inner_port', 'outer_addr', 'outer_port', *more)
    return sorted(tuple(b[k] for k in keys) for b in gateway.ctl('binding', 'list'))


def carry(takeover=False):
    """Save, another module (or a gateway that has seen no flow), restore; all is listed as before. What was saved."""
    saved, before = save(), (dialogs(), endpoints())
    if takeover:
        # No flow and no binding of before is there, as on a gateway that stood by.
        ctl('disable')
        gateway.forget()
        ctl('enable')
    else:
        reload()
    equal(dialogs(), [], 'what is known before')
    restore(saved)
    equal((dialogs(), endpoints()), before, 'the dialogs and bindings')
    return saved
