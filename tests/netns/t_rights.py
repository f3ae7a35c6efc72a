#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Who may ask and listen: nobody without CAP_NET_ADMIN, not even for the policy or the events."""

import errno
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import gateway
import net
from tap import Skip, check, equal, run_all
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


def unshared(flags, *words):
    """A command in a user namespace of its own, where it is root, started in the gateway's network."""
    done = subprocess.run(['ip', 'netns', 'exec', 'gw', 'unshare', flags, *words], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if 'unshare failed' in done.stdout:
        raise Skip('no user namespaces here')
    return done.returncode, done.stdout


def test_user_namespace():
    """root of a user namespace has no rights in a network that is not its own"""
    with net.Net() as network:
        call(network)
        for words in (['dialog', 'list'], ['status'], ['policy', 'list'], ['save', '--state', '-'], ['disable'],
                      ['policy', 'reset']):
            code, said = unshared('-Ur', net.CTL, *words)
            check(code and 'CAP_NET_ADMIN' in said, f'{words}: {code}, {said}')
        equal(len(gateway.ctl('dialog', 'list')), 1, 'dialogs of the gateway')


def test_own_network():
    """and has all of them in its own, where it sees nothing of others"""
    with net.Net() as network:
        call(network)
        script = ' && '.join(f'{net.CTL} {words}' for words in (
            'enable', 'policy add bypass port 5070', '-j status', '-j dialog list', '-j policy list', 'disable'))
        code, said = unshared('-Urn', 'sh', '-c', script)
        equal(code, 0, f'the exit code of the commands, which said {said}')
        check('5070' in said and net.P1 not in said and net.S1 not in said, f'they said {said}')
        equal(len(gateway.ctl('dialog', 'list')), 1, 'dialogs of the gateway')
        equal(len(gateway.ctl('policy', 'list')), 1, 'rules of the gateway')


run_all(globals())
