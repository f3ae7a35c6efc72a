#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Who may ask and listen: nobody without CAP_NET_ADMIN, not even for the policy or the events."""

import errno
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import net
from tap import equal, run_all
from ua import Call, Ua

PY = os.path.join(os.path.dirname(os.path.realpath(__file__)), 'py')
COMMANDS = [(name, False) for name in ('STATUS_GET', 'STATS_GET', 'ENABLE', 'DISABLE', 'POLICY_SET', 'STATE_SET')]
COMMANDS += [(name, dump) for name in ('DIALOG_GET', 'REGISTRATION_GET', 'BINDING_GET', 'STREAM_GET')
             for dump in (False, True)]
COMMANDS += [('POLICY_GET', True), ('STATE_GET', True)]

# Asks for everything and joins the group of events, in the namespace that it is in.
ASK = """
import os, struct, sys
sys.path.insert(0, sys.argv[1])
import genl, net
import contextlib
net.inside = lambda ns: contextlib.nullcontext()
talk = genl.Genl()
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
for name, dump in eval(sys.argv[2]):
    try:
        talk.ask(genl.enums()['SIPALG_CMD_' + name], dump=dump)
        print(name, 'allowed')
    except genl.Refused as no:
        print(name, no.error)
(family,) = talk.ask(3, genl.attr(2, 'sipalg'), family=genl.CONTROL)
groups = [struct.unpack('=I', v)[0] for n, g in family if n == 7
          for _, one in genl.attrs(g) for k, v in genl.attrs(one) if k == 2]
for name, group in zip(('events', 'messages'), groups):
    try:
        talk.socket.setsockopt(genl.SOL_NETLINK, 1, group)
        print(name, 'allowed')
    except OSError as no:
        print(name, no.errno)
"""


def ask():
    """What each command and the group of events says to nobody in the gateway's namespace."""
    done = subprocess.run(['ip', 'netns', 'exec', 'gw', sys.executable, '-c', ASK, PY, repr(COMMANDS)],
                          text=True, check=True, stdout=subprocess.PIPE)
    return [tuple(line.split()) for line in done.stdout.splitlines()]


def refused_all():
    names = [name for name, _ in COMMANDS] + ['events', 'messages']
    return [(name, str(errno.EPERM)) for name in names]


def call(network):
    Call(Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000), f'sip:carol@{net.S1}',
         (net.S1, 5060)).start()


def test_nobody():
    """a user without rights gets nothing: no list, no policy, no state, no events"""
    with net.Net() as network:
        call(network)
        equal(ask(), refused_all(), 'for nobody')


run_all(globals())
