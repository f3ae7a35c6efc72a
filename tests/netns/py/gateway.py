# SPDX-License-Identifier: GPL-2.0
"""The gateway as its administrator sees it: rules, counters, bindings, flows."""

import json
import os

import net
from tap import Skip, check, equal


def nft(text):
    """Rules in addition to those of the topology."""
    net.run('gw', 'nft', '-f', '-', text_in=text)


def ip(lines, ns='gw'):
    """A batch of ip(8) in a namespace."""
    net.run(ns, 'ip', '-batch', '-', text_in='\n'.join(line.strip() for line in lines.splitlines()))


def set_sysctl(path, value, ns='gw'):
    net.run(ns, 'sh', '-c', f'echo {value} >/proc/sys/{path}')


def ctl(*words):
    """What sipalgctl says, as JSON; counters are those of the running test."""
    told = json.loads(net.run('gw', net.CTL, '-j', *words))
    if words == ('stats',):
        told = {name: count - net.Standing.before.get(name, 0) for name, count in told.items()}
    return told


def counter(name):
    return ctl('stats')[name]


def bindings(kind=None):
    return [b for b in ctl('binding', 'list') if kind in (None, b['type'])]


def flows(*match):
    """Lines of conntrack -L that contain all these words."""
    lines = net.run('gw', 'conntrack', '-L', *(['-f', 'ipv6'] if any(':' in m for m in match) else []))
    return [line for line in lines.splitlines() if all(m in line for m in match)]


def forget():
    """What a long silence does: no flow is left."""
    net.run('gw', 'conntrack', '-F')


def need(module):
    """Skip the running test where the kernel was built without something."""
    try:
        with open(os.path.join(os.environ.get('UML_KERNEL', ''), 'modules.builtin'), encoding='ascii') as f:
            if f'/{module}.ko' in f.read():
                return
    except FileNotFoundError:
        pass
    if 'not found' in net.run('gw', 'modprobe', module, check=False):
        raise Skip(f'this kernel has no {module}')


def unload():
    """Take the module away, whatever goes on."""
    if not os.path.isdir('/sys/module/sipalg'):
        raise Skip('the module is not loaded')
    net.run('gw', 'rmmod', 'sipalg')
    net.Standing.before = {}


def check_outside(message, where, public):
    """No private address in a message as the outside saw it."""
    if not message.status:
        equal(net_via(message), where, 'the address in Via')
    equal(message.contact, where, 'the address in Contact')
    if message.body:
        equal(message.origin, public, 'the address in o=')
        equal(message.media[0], public, 'the address in c=')


def net_via(message):
    """(address, port) of the topmost Via."""
    import sip  # pylint: disable=import-outside-toplevel
    return sip.sent_by(message['Via'])


def check_closed(network, call, inner, outer):
    """Both directions of a call's audio end within two seconds of its end."""
    caller_inside = call.caller.ns == inner
    near, far = (call.caller, call.callee) if caller_inside else (call.callee, call.caller)
    to_near = call.to_caller if caller_inside else call.to_callee
    check(network.closes(far.rtp, to_near, near.rtp, inner, outer),
          'two seconds after the call its audio still passes')


def policy(*rules):
    """These are the rules from now on."""
    net.run('gw', net.CTL, 'policy', 'load', '-', text_in='\n'.join(rules) + '\n')
