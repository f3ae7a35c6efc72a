#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Floods: an answered call and other traffic live through them, limits hold, and nothing is left.

FLOOD says how many packets each has (1,000; 10,000 as it should be). With the kernel's time
travel (APPEND=time-travel=inf-cpu tests/umlcheck hard/t_floods.py) what they leave is waited for;
otherwise sipalg is turned off to see it go. (The time of a test is virtual, too: TEST_TIMEOUT=100000.)
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../py"))
# pylint: disable=wrong-import-position
import contextlib
import resource
import socket
import struct
import time

import counts
import faults
import gateway
import net
import sip
import slabs
import tcp
from tap import check, equal, run_all
from ua import Call, Ua

SIZE = int(os.environ.get('FLOOD') or 1000)
CONNECTIONS = max(50, SIZE // 10)
SERVER = (net.S1, 5060)
# How many others may have more: each device keeps its last 128 trackers of references.
SPARE = {'kmalloc-32': 800}
TABLES = 'DIALOGS', 'REGISTRATIONS', 'BINDINGS', 'STREAMS'


def time_travels():
    with open('/proc/cmdline', encoding='ascii') as f:
        return 'time-travel=inf-cpu' in f.read()


def raw(ns):
    """A socket whose packets have any source."""
    with net.inside(ns):
        return socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)


def datagram(source, to, data, port=5060):
    """An IPv4 packet; the kernel fills in what is 0."""
    head = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 28 + len(data), 0, 0, 64, 17, 0,
                       socket.inet_aton(source), socket.inet_aton(to[0]))
    return head + struct.pack('!HHHH', port, to[1], 8 + len(data), 0) + data


def invite(number, host, uri=f'sip:bob@{net.S1}', call_id=None, media=30000, method='INVITE', extra=()):
    fields = [('Via', f'SIP/2.0/UDP {host}:5060;branch=z9hG4bKf{number};rport'),
              ('From', f'<sip:u{number}@{host}>;tag=f{number}'), ('To', f'<{uri}>'),
              ('Call-ID', call_id or f'flood{number:06}@{host}'), ('CSeq', f'1 {method}'),
              ('Contact', f'<sip:u{number}@{host}:5060>'), *extra]
    return sip.build(f'{method} {uri} SIP/2.0', fields, sip.sdp(host, media) if method == 'INVITE' else b'')


class Others:
    """Traffic that is none of ours: a datagram there and back now and then."""

    def __init__(self, network):
        self.near, self.far = network.udp('p2', 7000), network.udp('s2', 7000)
        self.sent = self.lost = 0

    def one(self):
        self.sent += 1
        data = b'other %d' % self.sent
        self.near.sendto(data, (net.S2, 7000))
        got, source = net.receive(self.far, 1)
        if got == data:
            self.far.sendto(data, source)
            got, _ = net.receive(self.near, 1)
        self.lost += got != data


@contextlib.contextmanager
def flooded(variant='masquerade'):
    """A topology with an answered call and other traffic; afterwards both are well, and nothing is left."""
    with open('/proc/sys/net/netfilter/nf_conntrack_max', 'w', encoding='ascii') as f:
        f.write('262144')
    with net.Net(variant) as network:
        objects = slabs.count()
        call = Call(Ua(network, 'p2', 'dave', rtp=41000), Ua(network, 's1', 'carol', port=5064, rtp=31000),
                    f'sip:carol@{net.S1}', (net.S1, 5064))
        gateway.policy('alg port 5060-5064')
        call.start()
        call.check_audio()
        others = Others(network)
        state = counts.Counts()
        start = state.read()
        begin = time.monotonic()
        yield network, others, state
        seen = state.read()['seen'] - start['seen']
        took = time.monotonic() - begin
        network.barrier('p2', 's1')
        check(others.sent >= 10, 'no other traffic was sent')
        check(others.lost * 100 < others.sent, f'{others.lost} of {others.sent} other datagrams were lost')
        call.check_audio()
        call.hang_up()
        gateway.check_closed(network, call, 'p2', 's1')
        print(f'# messages {seen}, {took:.1f} s, other datagrams {others.sent}, lost {others.lost}', flush=True)
        counts.check_sums()
        # What lies in their queues are objects, too.
        for sock in network.sockets:
            sock.close()
        nothing_left(state, objects)


def nothing_left(state, objects):
    if time_travels():
        time.sleep(600)
    else:
        net.run('gw', net.CTL, 'disable')
    for name in TABLES:
        equal(state.size(name), 0, f'{name.lower()} that are left')
    gateway.forget()
    left = len([f for f in gateway.flows() if '[ASSURED]' in f])
    equal(left, 0, 'flows that are left')
    more = slabs.grown(objects)
    print(f'# slabs {more}', flush=True)
    equal({cache: n for cache, n in more.items() if cache.startswith('sipalg_')}, {},
          'objects that our caches have more')
    equal({cache: n for cache, n in more.items() if n > SPARE.get(cache, SIZE // 10 + 50)}, {},
          'objects that the slabs have more')


def pour(send, packets, others, every=20):
    for number, packet in enumerate(packets):
        send(packet)
        if number % every == 0:
            others.one()


def test_spoofed_sources():
    """INVITEs from very many outside hosts to a PBX behind a forwarded port"""
    with flooded('dnat') as (network, others, state), raw('s1') as sock:
        network.udp('p1', 5060)
        hosts = [f'198.18.{n >> 8}.{n & 255}' for n in range(SIZE)]
        pour(lambda packet: sock.sendto(packet, (net.WAN, 0)),
             (datagram(host, (net.WAN, 5060), invite(n, host, f'sip:bob@{net.WAN}'))
              for n, host in enumerate(hosts)), others)
        check(state.size('DIALOGS') > SIZE // 2, 'they did not arrive')


def test_one_source():
    """INVITEs of one inside host, each a call with media of its own"""
    with flooded() as (network, others, state):
        phone = network.udp('p1', 5060)
        network.udp('s1', 5060)
        pour(lambda data: phone.sendto(data, SERVER),
             (invite(n, net.P1, media=20000 + 2 * (n % 20000)) for n in range(SIZE)), others)
        check(state.size('DIALOGS') > SIZE // 2, 'they did not arrive')
        check(state.size('BINDINGS') > SIZE // 2, 'nothing was opened for them')


def test_registers():
    """REGISTERs of one host, each for another address of record, none of them granted"""
    with flooded() as (network, others, state):
        phone = network.udp('p1', 5060)
        network.udp('s1', 5060)
        before = state.read()['messages']
        pour(lambda data: phone.sendto(data, SERVER),
             (invite(n, net.P1, f'sip:aor{n}@{net.S1}', method='REGISTER') for n in range(SIZE)), others)
        check(state.read()['messages'] - before > SIZE // 2, 'they did not arrive')
        check(state.size('REGISTRATIONS') <= SIZE, 'there are more registrations than were asked for')


def test_forks():
    """one INVITE, and very many answers with tags of their own: as many dialogs as a call may have"""
    with flooded() as (network, others, state):
        phone, server = Ua(network, 'p1', 'alice'), Ua(network, 's1', 'proxy', rtp=30000)
        phone.send(invite('fork', net.P1), SERVER)
        seen, source = server.expect('INVITE')
        before = state.size('DIALOGS')
        pour(lambda data: server.send(data, source),
             (server.response(seen, source, 183, 'Session Progress', to_tag=f't{n}', body=server.offer())
              for n in range(SIZE)), others)
        check(state.size('DIALOGS') <= before + 16, f'{state.size("DIALOGS") - before} forks have dialogs')


def test_collisions():
    """the same Call-ID from very many callers, and the same media port: the chains stay short"""
    with flooded() as (network, others, state):
        phone = network.udp('p1', 5060)
        network.udp('s1', 5060)
        before = state.size('DIALOGS')
        times = []
        for number in range(SIZE):
            begin = time.monotonic()
            phone.sendto(invite(number, net.P1, call_id='the-same@10.0.0.11'), SERVER)
            times.append(time.monotonic() - begin)
            if number % 20 == 0:
                others.one()
        check(state.size('DIALOGS') <= before + 64 * 16, f'{state.size("DIALOGS")} dialogs share a Call-ID')
        # The middle one: others use this machine, too.
        tenth = SIZE // 10
        first, last = sorted(times[:tenth])[tenth // 2], sorted(times[-tenth:])[tenth // 2]
        check(last < 10 * first + 0.001, f'a message took {first * 1e6:.0f} us at first, {last * 1e6:.0f} us at last')


def test_half_messages():
    """half a message on each of very many TCP connections: memory is bounded, the rest goes on in the end"""
    with flooded() as (network, others, state):
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4 * CONNECTIONS + 1024), hard))
        listener = tcp.listen(network, 's1', 5060)
        streams = []
        for number in range(CONNECTIONS):
            near = tcp.Stream.connect(network, 'p1', SERVER)
            far = tcp.Stream.accept(network, listener)
            data = tcp.request(f'h{number}', near)
            near.send(data[:len(data) - 100])
            streams.append((near, far, data))
            if number % 5 == 0:
                others.one()
        check(state.size('STREAMS') >= CONNECTIONS * 9 // 10, 'they are not followed')
        status = gateway.ctl('status')
        check(status['stream_bytes'] <= status['stream_bytes_max'], 'more memory than the limit')
        # They stall, and what was held goes on as it was.
        for near, far, data in streams:
            equal(far.read(len(data) - 100), data[:-100], 'what was held')
            near.send(data[-100:])
            equal(far.read(100), data[-100:], 'the rest')
        for near, far, _ in streams:
            near.reset()
            far.reset()


def test_leaks():
    """kmemleak finds nothing of ours after all that"""
    faults.check_leaks()


run_all(globals())
