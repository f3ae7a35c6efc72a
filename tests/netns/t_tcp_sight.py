#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What sipalgctl shows of TCP connections."""

import contextlib
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import gateway
import genl
import net
import tcp
from tap import check, equal, run_all


def streams():
    return gateway.ctl('stream', 'list')


def one(**wanted):
    """Wait until the only stream has these values."""
    def fits():
        found = streams()
        return len(found) == 1 and all(found[0][k] == v for k, v in wanted.items())
    try:
        tcp.wait_for(fits, '')
    except AssertionError as why:
        raise AssertionError(f'wanted {wanted}, got {streams()}') from why
    return streams()[0]


def test_ends():
    """both ends by their own names and by the other's, messages and offsets of each"""
    with tcp.Net() as network:
        near, far = tcp.pair(network)
        sent = tcp.request('alice', near)
        near.send(sent)
        seen = far.message()
        answer = tcp.response(seen)
        far.send(answer)
        got = near.message()
        inner, outer = near.name, far.peer
        stream = one(a_messages=1, b_messages=1)
        for key, value in {
                'a_inner_addr': inner[0], 'a_inner_port': inner[1], 'a_outer_addr': outer[0],
                'a_outer_port': outer[1], 'b_inner_addr': net.S1, 'b_inner_port': 5060,
                'b_outer_addr': net.S1, 'b_outer_port': 5060, 'a_state': 'sip', 'b_state': 'sip',
                'a_reason': 'none', 'a_held': 0, 'b_held': 0,
                'a_offset': len(seen.data) - len(sent), 'b_offset': len(got.data) - len(answer)}.items():
            equal(stream[key], value, key)
        equal(gateway.ctl('stream', 'show', str(stream['id'])), stream, 'stream show')
        near.close()
        far.close()


def test_dnat():
    """a forwarded port: the inside end is the one that was connected to"""
    with tcp.Net('dnat') as network:
        listener = tcp.listen(network, 'p1')
        far = tcp.Stream.connect(network, 's1', (net.WAN, 5060))
        near = tcp.Stream.accept(network, listener)
        equal(near.peer, far.name, 'the peer')
        one(a_inner_addr=net.S1, a_outer_addr=net.S1, b_inner_addr=net.P1, b_inner_port=5060,
            b_outer_addr=net.WAN, b_outer_port=5060)


def test_states():
    """deciding, held, sip, left alone and why; and what the status says of the memory"""
    with tcp.Net() as network:
        near, far = tcp.pair(network)
        one(a_state='deciding', b_state='deciding', a_messages=0)
        sent = tcp.request('alice', near)
        near.send(sent[:3])
        network.barrier('p1', 's1')
        one(a_state='deciding', a_held=3)
        check(gateway.ctl('status')['stream_bytes'] > 3, 'no memory is counted')
        near.send(sent[3:90])
        network.barrier('p1', 's1')
        one(a_state='sip', a_held=90, b_state='deciding')
        near.send(sent[90:])
        far.message()
        one(a_state='sip', a_held=0, a_memory=0, a_messages=1)
        equal(gateway.ctl('status')['stream_bytes'], 0, 'memory')
        near.send(b'nonsense\r\n')
        one(a_state='left_alone', a_reason='framing')
        far.shut()
        one(b_state='left_alone', b_reason='closed')
        equal(gateway.ctl('status')['streams'], 1, 'streams')


def test_not_sip():
    """HTTP is shown as what it is not"""
    with tcp.Net() as network:
        near, far = tcp.pair(network)
        near.send(b'GET / HTTP/1.1\r\n\r\n')
        far.read(18)
        one(a_state='left_alone', a_reason='not_sip', b_state='left_alone', b_reason='not_sip')


def test_many():
    """two hundred of them, each once, in the order of their beginning"""
    with tcp.Net() as network:
        listener = tcp.listen(network, 's1')
        for _ in range(200):
            tcp.Stream.connect(network, 'p1', (net.S1, 5060))
            tcp.Stream.accept(network, listener)
        ids = [stream['id'] for stream in streams()]
        equal(len(set(ids)), 200, 'streams')
        equal(ids, sorted(ids), 'their order')
        equal(len(net.run('gw', net.CTL, 'stream', 'list').splitlines()), 201, 'lines of the table')
        gateway.forget()
        tcp.wait_for(lambda: not streams(), 'streams are left without their entries', 15)
        equal(gateway.ctl('status')['streams'], 0, 'streams')


def test_unknown():
    """an id that nobody has is refused, in words"""
    with tcp.Net():
        said = net.run('gw', net.CTL, 'stream', 'show', '77', check=False)
        check('there is no stream with this id' in said, f'it said {said}')


def walk(raw, names, meanwhile=None):
    """The ids of a dump; after the first one, something happens."""
    seen = []
    for answer in raw.walk(names['SIPALG_CMD_STREAM_GET'], dump=True):
        nest = dict(genl.attrs(dict(answer)[names['SIPALG_A_STREAM']]))
        seen.append(int.from_bytes(nest[names['SIPALG_STREAM_ID']], sys.byteorder))
        if meanwhile and len(seen) == 1:
            meanwhile()
    return seen


def test_parts():
    """a list in many parts shows each connection once, in order, also when those shown last end meanwhile"""
    with net.Net() as network:
        listener = tcp.listen(network, 's1')
        for n in range(90):
            tcp.Stream.connect(network, 'p1' if 10 <= n < 70 else 'p2', (net.S1, 5060))
            tcp.Stream.accept(network, listener)
        there = [s['id'] for s in gateway.ctl('stream', 'list')]
        equal((len(there), there), (90, sorted(there)), 'connections')

        def end():
            net.run('gw', 'conntrack', '-D', '-s', net.P1)
            tcp.wait_for(lambda: gateway.ctl('status')['streams'] == 30, 'connections that are over', 30)

        names = genl.enums()
        with contextlib.closing(genl.Genl(size=4096)) as raw:
            equal(walk(raw, names), there, 'a dump')
            seen = walk(raw, names, end)
            check(30 < len(seen) < 90, f'{len(seen)} were shown while they ended')
            equal(seen, there[:len(seen) - 20] + there[70:], 'what was shown')
            try:
                raw.ask(names['SIPALG_CMD_STREAM_GET'], genl.attr(names['SIPALG_A_ID'], b'\1\0\0\0'), dump=True)
                check(False, 'an id in a dump was taken')
            except genl.Refused as refused:
                check('leave out either' in refused.sentence, f'the sentence is {refused.sentence!r}')


run_all(globals())
