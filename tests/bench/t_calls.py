#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What we add to a gateway, in instructions: to each message of a call, and to what is none of ours.

Prints a ROW for each target of the table. CALLS: how many of each are measured; DIALOGS: very many
live dialogs; TRUNK: calls at the same time.
"""

import os
import resource
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)
# pylint: disable=wrong-import-position
from measure import (IN_DIALOG, SERVER, URI, Gateway, Timed, TimedCall, crowd, datagrams, mean, medians, pair, row,
                     whole_calls)
import gateway
from tap import check, run_all

CALLS = int(os.environ.get('CALLS') or 20)
DIALOGS = int(os.environ.get('DIALOGS') or 5000)
TRUNK = int(os.environ.get('TRUNK') or 200)
FEW, FLOWS = 100, 6
SLAB = '/sys/kernel/slab'
BASE = {}  # what a message of each kind costs with nothing


def base():
    """The same calls without any ALG; measured once."""
    if not BASE:
        with Gateway('nothing') as network:
            BASE.update(whole_calls(*pair(network), CALLS))
    return BASE


def test_added():
    """a message of a whole call costs less than with the kernel's own helper"""
    costs = {}
    for what in ('intree', 'sipalg'):
        with Gateway(what) as network:
            costs[what] = whole_calls(*pair(network), CALLS)
    for kind in costs['sipalg']:
        print(f'# {kind}: {costs["sipalg"][kind] - base()[kind]:.0f} added, '
              f'{costs["intree"][kind] - base()[kind]:.0f} by nf_conntrack_sip, on {base()[kind]:.0f}')
    ours, theirs = mean(costs['sipalg'], base()), mean(costs['intree'], base())
    row('added per message, at most 1/10 of nf_conntrack_sip', f'{ours:.0f}', 'instructions',
        f'nf_conntrack_sip {theirs:.0f}, ratio {ours / theirs:.3f}')
    check(ours <= 0.22 * theirs, f'{ours:.0f} instructions are added, {theirs:.0f} by nf_conntrack_sip')


def test_unchanged():
    """a message within a dialog that needs no change costs less than one that is translated"""
    with Gateway('sipalg') as network:
        phone, server = pair(network)
        translated = mean(whole_calls(phone, server, CALLS), base(), IN_DIALOG)
        # It knows its public address, and NAT leaves it the port.
        phone.address, phone.media = network.public, (network.public, phone.media[1])
        unchanged = mean(whole_calls(phone, server, CALLS), base(), IN_DIALOG)
    row('unchanged message, at most half of a translated one', f'{unchanged / translated:.2f}', 'ratio',
        f'translated {translated:.0f}, unchanged {unchanged:.0f} instructions')
    check(unchanged <= 0.9 * translated, f'{unchanged:.0f} instructions unchanged, {translated:.0f} translated')


def plain_flow(network, phone, n):
    """What a datagram of a flow costs that goes both ways and is none of ours."""
    a, b = network.udp('p1', 7000 + n), network.udp('s1', 8000 + n)
    assert network.arrives(a, b.getsockname(), b)
    assert network.arrives(b, (network.public, 7000 + n), a)
    return datagrams(phone, a, b.getsockname())


def media_flow(network, phone, server, n):
    """The same of a call's RTP."""
    phone, server = phone.another_line(20000 + 2 * n), server.another_line(31000 + 2 * n)
    call = TimedCall(phone, server, URI, SERVER).start()
    assert call.audio_to_callee()
    # Without an ALG, the caller's address is not a public one.
    back = call.to_caller if network.what == 'sipalg' else (network.public, phone.media[1])
    assert network.arrives(server.rtp, back, phone.rtp)
    return datagrams(phone, phone.rtp, call.to_callee)


FAST = '''
table inet fast {
    flowtable ft { hook ingress priority filter; devices = { lan, wan }; }
    chain forward {
        type filter hook forward priority filter - 1;
        meta l4proto udp flow add @ft
    }
}'''


def offloaded(what):
    """Instructions of an RTP packet of a call that goes by a flowtable."""
    with Gateway(what) as network:
        gateway.need('nft_flow_offload')
        gateway.nft(FAST)
        phone, server = pair(network)
        return min(media_flow(network, phone, server, n) for n in range(FLOWS))


def test_flowtable():
    """a call's media that a flowtable carries cost what they cost without us"""
    nothing, ours = offloaded('nothing'), offloaded('sipalg')
    row('an RTP packet in a flowtable, at most 0 more', f'{ours - nothing:.0f}', 'instructions',
        f'without us {nothing:.0f}')
    check(ours - nothing <= 60, f'it costs {ours - nothing:.0f} instructions more in a flowtable')


def small_packets(what):
    """Instructions of (a packet that is no SIP, an RTP packet of a call): of flows that share no bucket of a table."""
    with Gateway(what) as network:
        phone, server = pair(network)
        return (min(plain_flow(network, phone, n) for n in range(FLOWS)),
                min(media_flow(network, phone, server, n) for n in range(FLOWS)))


def test_small_packets():
    """a packet that is none of ours, and one of a call's media, cost some instructions for the hooks and no more"""
    nothing, ours = small_packets('nothing'), small_packets('sipalg')
    for name, n, base_cost in zip(('a packet that is not SIP', 'an RTP packet of a call'), ours, nothing):
        row(f'{name}, at most 60 more', f'{n - base_cost:.0f}', 'instructions', f'without us {base_cost:.0f}')
        # 55 to 64 by count. The rest is the length of chains in tables of the kernel, which hash by chance.
        check(n - base_cost <= 120, f'{name} costs {n - base_cost:.0f} instructions more')


def test_growth():
    """with very many live dialogs, a message costs at most a tenth more than with a hundred"""
    added = []
    for number in (FEW, DIALOGS):
        with Gateway('sipalg') as network:
            crowd(network, number)
            added.append(mean(whole_calls(*pair(network), CALLS), base()))
    row(f'growth at {DIALOGS} dialogs against {FEW}, at most 1.10', f'{added[1] / added[0]:.2f}', 'ratio',
        f'{added[0]:.0f} and {added[1]:.0f} instructions')
    check(added[1] <= 1.1 * added[0], f'{added[0]:.0f} instructions with few, {added[1]:.0f} with many')


def slab_bytes():
    """Of all objects in use, from kmalloc() and from caches of ours (which may be merged with others of their size)."""
    found = 0
    with open('/proc/slabinfo', encoding='ascii') as file:
        for line in file.readlines()[2:]:
            name, used, _, size, *_ = line.split()
            if name.startswith('kmalloc-') and int(size) <= 4096:
                found += int(used) * int(size)
    for name in os.listdir(SLAB):
        if name.startswith('sipalg'):
            with open(f'{SLAB}/{name}/objects', encoding='ascii') as used, \
                 open(f'{SLAB}/{name}/slab_size', encoding='ascii') as size:
                found += int(used.read().split()[0]) * int(size.read())
    return found


def trunk(network, phones):
    """TRUNK calls that go on, on one flow or on one each; (costs of their later messages, memory of each)."""
    # Each has three sockets.
    resource.setrlimit(resource.RLIMIT_NOFILE, (4 * TRUNK + 1024, 4 * TRUNK + 1024))
    server = Timed(network, 's1', 'carol', rtp=30000)
    agents = [Timed(network, 'p1', 'alice', rtp=20000)]
    for n in range(1, TRUNK):
        if phones:
            agents.append(Timed(network, 'p1', 'alice', 10000 + n, rtp=20000 + 2 * n))
        else:
            line = agents[0].another_line(20000 + 2 * n)
            agents.append(line)
    before = 0
    for n, agent in enumerate(agents):
        if n == TRUNK // 4:
            before = slab_bytes()
            server.times.clear()
            for other in agents:
                other.times.clear()
        TimedCall(agent, server, URI, SERVER).start()
    memory = (slab_bytes() - before) / (TRUNK - TRUNK // 4)
    return medians(server, *(agents if phones else agents[:1])), memory


def test_trunk():
    """a message of a trunk with many calls costs at most a tenth more than one of as many phones"""
    with Gateway('sipalg') as network:
        one_flow, memory = trunk(network, False)
    with Gateway('sipalg') as network:
        phones, _ = trunk(network, True)
    with Gateway('nothing') as network:
        bare, _ = trunk(network, True)
    kinds = one_flow.keys()
    # New flows are the phones' own cost, with us or without.
    ours, theirs = mean(one_flow, base(), kinds), mean(phones, bare, kinds)
    row(f'a trunk of {TRUNK} calls against as many phones, at most 1.10', f'{ours / theirs:.2f}', 'ratio',
        f'{ours:.0f} and {theirs:.0f} instructions')
    row('memory of an answered call with one audio line, at most 1024', f'{memory:.0f}', 'bytes')
    check(ours <= 1.1 * theirs, f'{ours:.0f} instructions on a trunk, {theirs:.0f} of phones')
    # What others get from kmalloc() meanwhile counts as ours: with few calls, up to 200 bytes each.
    check(memory <= 1400, f'a call has {memory:.0f} bytes')


subprocess.run(['modprobe', '-a', 'nf_conntrack_sip', 'nf_nat_sip'], check=False)
run_all(globals())
