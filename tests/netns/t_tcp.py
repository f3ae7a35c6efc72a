#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""SIP over TCP: cut anywhere, both ways, for as long as the connection lives."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import contextlib
import random
import socket
import subprocess
import threading
import time

import gateway
import net
import sip
import tcp
from tap import Skip, check, equal, run_all

PUBLIC = (net.WAN, 5060)
STUN = b'\x00\x01\x00\x08\x21\x12\xa4\x42' + bytes(range(12)) + b'\x80\x22\x00\x04test'
OPTIONS = ('tcp_timestamps', 'tcp_sack', 'tcp_window_scaling')


def pieces(data, sizes):
    """Cut into pieces of these sizes, again and again."""
    found, at, n = [], 0, 0
    while at < len(data):
        found.append(data[at:at + sizes[n % len(sizes)]])
        at += len(found[-1])
        n += 1
    return found


def at_random(seed, most=2000):
    chance = random.Random(seed)

    def cut(data):
        return pieces(data, [chance.randint(1, most) for _ in range(1 + len(data) * 2 // most)])
    return cut


def test_whole():
    """a request in one segment is translated, its answer comes back in the phone's own words"""
    with tcp.Net() as network:
        near, far = tcp.pair(network)
        tcp.introduce(near, far)
        equal(tcp.invalid(), 0, 'packets that conntrack found invalid')


def test_cut():
    """a message cut in two at every place, one after the other on one connection"""
    with tcp.Net() as network:
        near, far = tcp.pair(network)
        length = len(tcp.request('alice', near, 'MESSAGE', b'x' * 100))
        for place in range(1, length):
            sent = tcp.request('alice', near, 'MESSAGE', b'x' * 100)
            near.send_cut(sent, place)
            equal(far.message().data, tcp.outside(sent), f'the message cut at {place}')
        equal(tcp.invalid(), 0, 'packets that conntrack found invalid')


def test_bytes():
    """a segment for each byte, both ways at once"""
    with tcp.Net() as network:
        near, far = tcp.pair(network)
        tcp.introduce(near, far)
        tcp.exchange(*tcp.conversation(near, far, 1, lambda d: pieces(d, [1]), lambda n: 10))


def test_header_and_body():
    """header and body apart, and the body in pieces"""
    with tcp.Net() as network:
        near, far = tcp.pair(network)
        offer = sip.sdp(net.P1, 40000)
        sent = tcp.request('alice', near, 'INVITE', offer)
        place = sent.index(b'v=0')
        near.send_cut(sent, place, place + 1, len(sent) - 1)
        equal(far.message().data, tcp.outside(sent), 'the INVITE')


def test_several():
    """several messages in a segment, and one and a half, with CRLF and STUN keep-alives between"""
    with tcp.Net() as network:
        near, far = tcp.pair(network)
        tcp.introduce(near, far)
        for gap in (b'', b'\r\n\r\n', b'\r\n', STUN, STUN + b'\r\n\r\n' + STUN):
            sent = [tcp.request('alice', near) for _ in range(7)]
            data = gap + gap.join(sent) + gap
            wanted = gap + gap.join(map(tcp.outside, sent)) + gap
            for cut in ([len(data)], [len(data) * 5 // 18, len(data) * 8 // 18], [11, 1]):
                tcp.exchange(tcp.Flow(near, far, pieces(data, cut), wanted, f'with {gap} between'),
                             tcp.Flow(far, near, [gap] if gap else [], gap, 'keep-alives back'))


def test_nagle():
    """a sender that waits for the acknowledgement of the first part gets it, in two round trips"""
    with tcp.Net() as network:
        for device in ('s1', 'gw'):
            net.run('net', 'tc', 'qdisc', 'add', 'dev', device, 'root', 'netem', 'delay', '100ms')
        near, far = tcp.pair(network, nodelay=False)
        tcp.introduce(near, far)
        times = []
        for number in range(10):
            sent = tcp.request('alice', near, 'MESSAGE', b'y' * 300)
            begin = time.monotonic()
            for part in ((sent,) if not number else (sent[:150], sent[150:400], sent[400:])):
                near.socket.send(part)
            equal(far.message().data, tcp.outside(sent), 'the message')
            times.append(time.monotonic() - begin)
        typical = sorted(times)[5]
        print(f'# {typical * 5:.1f} round trips of 200 ms')
        check(typical < 0.5, f'a message took {typical:.2f} s')


def test_nagle_behind():
    """and one whose first part follows a message that was not acknowledged yet; and from outside"""
    with tcp.Net() as network:
        near, far = tcp.pair(network, nodelay=False)
        far.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
        tcp.introduce(near, far)
        tcp.exchange(*tcp.conversation(near, far, 60, lambda d: pieces(d, [300, 20, 700])))


def test_many():
    """two thousand messages each way at once on one connection, cut at random"""
    with tcp.Net() as network:
        near, far = tcp.pair(network)
        tcp.introduce(near, far)
        tcp.exchange(*tcp.conversation(near, far, 2000, at_random(1)))
        equal(tcp.invalid(), 0, 'packets that conntrack found invalid')


def test_large():
    """bodies up to 64 KiB"""
    with tcp.Net() as network:
        near, far = tcp.pair(network)
        tcp.introduce(near, far)
        size = (1400, 1500, 3000, 9000, 30000, 60000, 64800)
        tcp.exchange(*tcp.conversation(near, far, len(size), None, lambda n: size[n % len(size)]))


def test_growth():
    """a thousand session descriptions in a row, each of which grows"""
    with tcp.Net() as network:
        near, far = tcp.pair(network)
        sent = [tcp.request('alice', near, 'INVITE', sip.sdp(net.P1, 40000 + 2 * n),
                            extra=[('X', 'y' * (n % 900))])
                for n in range(1000)]
        tcp.exchange(tcp.Flow(near, far, at_random(2, 4000)(b''.join(sent)),
                              b''.join(map(tcp.outside, sent)), 'the INVITEs'))


@contextlib.contextmanager
def offload(hosts, gateways, device):
    """A topology with these offloads, and a look at what passes a device of the gateway."""
    with tcp.Net(offload=True) as network:
        for ns in ('p1', 's1'):
            net.run(ns, 'ethtool', '-K', 'eth0', *hosts)
        for name in ('p1', 'wan'):
            net.run('gw', 'ethtool', '-K', name, *gateways)
            # One NAPI poll shall see several: so they wait for each other.
            net.run('gw', 'sh', '-c', f'echo 20000000 >/sys/class/net/{name}/gro_flush_timeout; '
                    f'echo 100 >/sys/class/net/{name}/napi_defer_hard_irqs')
        with net.inside('gw'):
            sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
            sniffer.bind((device, 0x0800))
        network.sockets.append(sniffer)
        yield network, sniffer


def longest(sniffer):
    return max(len(packet) for packet in net.drain(sniffer))


def converse(network, seed=3, count=120):
    near, far = tcp.pair(network)
    tcp.introduce(near, far)
    tcp.exchange(*tcp.conversation(near, far, count, at_random(seed, 9000),
                                   lambda n: (n * 997) % 9000))
    equal(tcp.invalid(), 0, 'packets that conntrack found invalid')


def test_tso():
    """segments that the sender leaves to the device to be cut (TSO)"""
    on = ('tso', 'on', 'gso', 'on', 'tx', 'on', 'sg', 'on')
    with offload(on, on, 'wan') as (network, sniffer):
        converse(network)
        check(longest(sniffer) > 3000, 'no segment was longer than a packet')


def test_no_offload():
    """and none of that"""
    off = ('tso', 'off', 'gso', 'off', 'gro', 'off')
    with offload(off, off, 'wan') as (network, sniffer):
        converse(network)
        check(longest(sniffer) <= 1500, 'a segment was longer than a packet')


def gro(*words):
    """Return: the longest packet that the gateway got."""
    with offload(('tso', 'off', 'gso', 'off'), ('gro', 'on', *words), 'lan') as (network, sniffer):
        converse(network)
        return longest(sniffer)


def test_gro():
    """segments that the gateway's device merged (GRO)"""
    check(gro() > 2000, 'nothing was merged')


def test_gro_list():
    """segments that it merged as a list (rx-gro-list)"""
    if gro('rx-gro-list', 'on') <= 2000:
        raise Skip('this kernel merges no TCP as a list')


def test_options():
    """without timestamps, SACK or window scaling, on one side or both"""
    with tcp.Net() as network:
        for name in OPTIONS:
            for ns in ('p1', 's1'):
                gateway.set_sysctl(f'net/ipv4/{name}', 0, ns)
                converse(network, count=40)
            for ns in ('p1', 's1'):
                gateway.set_sysctl(f'net/ipv4/{name}', 1, ns)


def test_sack_and_growth():
    """a full segment that names what its sender lacks (SACK) leaves no room for what it grows by"""
    with tcp.Net() as network:
        near, far = tcp.pair(network)
        tcp.introduce(near, far)
        back = [tcp.back_request(n, sip.serial(), net.WAN, b'b' * size) for n, size in enumerate((900, 10))]
        net.run('p1', 'nft', 'table ip hole { chain in { type filter hook prerouting priority raw;'
                ' tcp sport 5060 ip length > 900 drop; }; }')
        for data in back:
            far.send(data)
        tcp.wait_for(lambda: 'rcv_ooopack:' in net.run('p1', 'ss', '-Htin'), 'the phone got nothing behind the hole')
        # 1,448 bytes without a block of SACK, 1,436 with it.
        number = sip.serial()
        sent = tcp.request('alice', near, 'MESSAGE', b'g' * 1000, number)
        sent = tcp.request('alice', near, 'MESSAGE', b'g' * (2436 - len(sent)), number)
        check(len(sent) == 1436 < len(tcp.outside(sent)), f'the message has {len(sent)} bytes')
        near.send(sent)
        equal(far.message().data, tcp.outside(sent), 'the message')
        net.run('p1', 'nft', 'delete', 'table', 'ip', 'hole')
        for data in back:
            equal(near.message().data, tcp.inside(data), 'what was missing')


def test_small_mtu():
    """links whose packets are smaller than a message, of either host, and behind the gateway"""
    for ns, device in (('s1', 'eth0'), ('p1', 'eth0'), ('gw', 'lan')):
        with tcp.Net() as network:
            net.run(ns, 'ip', 'link', 'set', device, 'mtu', '576')
            converse(network, count=40)


def test_path_mtu():
    """a router behind the gateway that has a smaller MTU is heard by the sender"""
    with tcp.Net() as network, contextlib.ExitStack() as stack:
        stack.callback(subprocess.run, ['ip', 'netns', 'del', 'x1'], check=False)
        subprocess.run(['ip', 'netns', 'add', 'x1'], check=True)
        gateway.ip('link add x type veth peer name eth0 netns x1\nlink set x up mtu 1000\n'
                   'addr add 198.51.100.1/24 dev x', 's2')
        gateway.ip('link set lo up\nlink set eth0 up\naddr add 198.51.100.9/24 dev eth0\n'
                   'route add default via 198.51.100.1', 'x1')
        gateway.set_sysctl('net/ipv4/ip_forward', 1, 's2')
        gateway.ip('route add 198.51.100.0/24 via 203.0.113.20')
        listener = tcp.listen(network, 'x1', address='198.51.100.9')
        near = tcp.Stream.connect(network, 'p1', ('198.51.100.9', 5060))
        far = tcp.Stream.accept(network, listener)
        tcp.introduce(near, far)
        out, _ = tcp.conversation(near, far, 100, at_random(4, 6000), lambda n: n * 97 % 5000)
        tcp.exchange(out)
        check('mtu 1000' in net.run('p1', 'ip', 'route', 'get', '198.51.100.9'),
              'the sender knows nothing of the MTU')


def test_zero_window():
    """a receiver that does not read, then reads: nothing is lost, on either side"""
    with tcp.Net() as network:
        near, far = tcp.pair(network, rcvbuf=8192)
        tcp.introduce(near, far)
        out, _ = tcp.conversation(near, far, 100, at_random(5, 4000), lambda n: n * 97 % 4000)
        sender = threading.Thread(target=lambda: [near.send(piece) for piece in out.pieces])
        sender.start()
        # The window is shut when it is probed.
        tcp.wait_for(lambda: near.insists() > 1, 'the sender does not probe')
        equal(far.read(len(out.wanted)), out.wanted, 'what came')
        sender.join()


def test_zero_window_with_a_part():
    """a message that is longer than the receiver's window"""
    with tcp.Net() as network:
        near, far = tcp.pair(network, rcvbuf=4096)
        sent = [tcp.request('alice', near, 'MESSAGE', b'w' * 30000) for _ in range(3)]
        sender = threading.Thread(target=lambda: near.send_cut(b''.join(sent), 10000, 20000, 45000))
        sender.start()
        wanted = b''.join(map(tcp.outside, sent))
        got = b''
        while len(got) < len(wanted):
            got += far.read(min(500, len(wanted) - len(got)))
        equal(got, wanted, 'what came')
        sender.join()


def keepalive_count(sniffer, port):
    """Empty segments to a port that lie in a packet socket."""
    return sum(1 for p in net.drain(sniffer) if p[9] == 6 and
               int.from_bytes(p[22:24], 'big') == port and
               int.from_bytes(p[2:4], 'big') <= 20 + (p[32] >> 4) * 4)


def test_keepalive():
    """keep-alive probes of both ends are answered, also with translated messages behind them"""
    with tcp.Net() as network:
        near, far = tcp.pair(network)
        tcp.introduce(near, far)
        tcp.exchange(*tcp.conversation(near, far, 5))
        with net.inside('s1'):
            sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
            sniffer.bind(('eth0', 0x0800))
        network.sockets.append(sniffer)
        for end in (near, far):
            for option, value in ((socket.TCP_KEEPIDLE, 1), (socket.TCP_KEEPINTVL, 1),
                                  (socket.TCP_KEEPCNT, 2)):
                end.socket.setsockopt(socket.IPPROTO_TCP, option, value)
            end.socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        probes = 0

        def probed():
            nonlocal probes
            probes += keepalive_count(sniffer, 5060)
            return probes >= 8
        tcp.wait_for(probed, 'there are no keep-alive probes', 20)
        tcp.exchange(*tcp.conversation(near, far, 5))


def test_connections():
    """fifty connections of one phone at once, twenty messages each way on each"""
    with tcp.Net() as network:
        listener = tcp.listen(network, 's1')
        flows = []
        for n in range(50):
            near = tcp.Stream.connect(network, 'p1', (net.S1, 5060))
            far = tcp.Stream.accept(network, listener)
            tcp.introduce(near, far)
            flows += tcp.conversation(near, far, 20, at_random(n), lambda n: n * 31 % 800)
        tcp.exchange(*flows)
        equal(tcp.invalid(), 0, 'packets that conntrack found invalid')


run_all(globals())
