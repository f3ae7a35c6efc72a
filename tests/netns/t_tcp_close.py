#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""How TCP connections end, stall, and go on without us."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import random
import select
import socket
import threading
import time

import gateway
import net
import tcp
from tap import Skip, check, equal, run_all


def conversed(network, **more):
    """A connection in which messages grew, both ways."""
    near, far = tcp.pair(network, **more)
    tcp.introduce(near, far)
    tcp.exchange(*tcp.conversation(near, far, 10))
    return near, far


def noise(seed, size=200000):
    return random.Random(seed).randbytes(size)


def check_plain(near, far, what='what came'):
    """Bytes of any kind get through as they are, both ways at once."""
    out, back = noise(1), noise(2)
    tcp.exchange(tcp.Flow(near, far, [out], out, f'{what} outwards'),
                 tcp.Flow(far, near, [back], back, f'{what} inwards'))


def test_fin_with_data():
    """FIN in the packet of a message, and behind it"""
    with tcp.Net() as network:
        for end in (0, 1):
            near, far = conversed(network)
            first, second = (near, far) if not end else (far, near)
            flow = tcp.conversation(near, far, 30)[end]
            first.send(b''.join(flow.pieces))
            first.shut()
            equal(second.rest(), flow.wanted, 'what came before the end')
            flow = tcp.conversation(near, far, 30)[1 - end]
            second.send(b''.join(flow.pieces))
            second.shut()
            equal(first.rest(), flow.wanted, 'what the other half still brought')
            tcp.wait_for(lambda: not gateway.flows('5060', 'ESTABLISHED'), 'the entry is still established')
        equal(tcp.invalid(), 0, 'packets that conntrack found invalid')


def test_half_close():
    """FIN with half a message held: what was sent arrives, at once"""
    with tcp.Net() as network:
        near, far = conversed(network)
        begin = time.monotonic()
        near.send(tcp.request('alice', near)[:100])
        near.shut()
        check(far.rest().startswith(b'OPTIONS'), 'what came before the end')
        check(time.monotonic() - begin < 3, 'it took as long as a stall')
        tcp.exchange(tcp.conversation(near, far, 50)[1])


def test_simultaneous_close():
    """both ends close at once, each with a message on its way"""
    with tcp.Net() as network:
        for _ in range(5):
            near, far = conversed(network)
            out, back = tcp.conversation(near, far, 5)
            for flow in (out, back):
                flow.sender.send(b''.join(flow.pieces))
                flow.sender.shut()
            equal(far.rest(), out.wanted, 'outwards')
            equal(near.rest(), back.wanted, 'inwards')
            near.close()
            far.close()
        tcp.wait_for(lambda: not gateway.flows('5060', 'ESTABLISHED'), 'an entry is still established')
        equal(tcp.invalid(), 0, 'packets that conntrack found invalid')


def reset_by(network, end, part):
    ends = conversed(network)
    first, second = ends[end], ends[1 - end]
    if part:
        first.send(tcp.request('alice', ends[0])[:part])
        tcp.wait_for(lambda: gateway.counter('messages') >= 22, 'messages counted')
        network.barrier('p1', 's1')
    first.reset()
    begin = time.monotonic()
    got = b''
    try:
        got = second.rest()
        check(False, f'the connection ended without a reset, after {got}')
    except ConnectionResetError:
        pass
    check(time.monotonic() - begin < 2, 'the reset came late')
    tcp.wait_for(lambda: not gateway.flows('5060', 'ESTABLISHED'), 'the entry is still established')


def test_reset():
    """RST of either end gets to the other, also with half a message held"""
    with tcp.Net() as network:
        for part in (0, 100):
            for end in (0, 1):
                reset_by(network, end, part)
        equal(tcp.invalid(), 0, 'packets that conntrack found invalid')


def test_port_again():
    """a new connection from the same port, after FIN and after RST, is followed anew"""
    with tcp.Net() as network:
        for end in ('reset', 'reset', 'close'):
            near, far = conversed(network, from_port=5060)
            getattr(near, end)()
            far.close()
            network.barrier('p1', 's1')
        equal(gateway.counter('streams'), 3, 'connections followed')


def test_stalled():
    """half a message goes out after five seconds; from then on, all passes as it is"""
    with tcp.Net() as network:
        near, far = conversed(network)
        sent = tcp.request('alice', near)
        begin = time.monotonic()
        near.send(sent[:100])
        far.socket.settimeout(12)
        equal(far.read(100), sent[:100], 'the first half')
        took = time.monotonic() - begin
        check(4 < took < 9, f'it took {took:.1f} s')
        equal(gateway.counter('stream_stalled'), 1, 'stalled halves counted')
        near.send(sent[100:])
        equal(far.read(len(sent) - 100), sent[100:], 'the second half')
        check_plain_out(near, far)
        # The other half is still followed.
        tcp.exchange(tcp.conversation(near, far, 10)[1])


def check_plain_out(near, far):
    out = noise(3)
    tcp.exchange(tcp.Flow(near, far, [out], out, 'what follows'))


def test_stalled_unheard():
    """half a message that nobody takes is still there when somebody does"""
    with tcp.Net() as network:
        near, far = conversed(network)
        sent = tcp.request('alice', near)
        net.run('s1', 'tc', 'qdisc', 'add', 'dev', 'eth0', 'root', 'netem', 'loss', '100%')
        near.send(sent[:100])
        tcp.wait_for(lambda: gateway.counter('stream_stalled'), 'it does not stall', 12)
        near.send(sent[100:])
        network.barrier('p1', 's2')
        net.run('s1', 'tc', 'qdisc', 'del', 'dev', 'eth0', 'root')
        equal(far.read(len(sent)), sent, 'the message')
        check_plain_out(near, far)


def switch(word):
    net.run('gw', net.CTL, word)


def test_disable():
    """sipalg is turned off and on: the connection goes on as it is, a new one is followed"""
    with tcp.Net() as network:
        near, far = conversed(network)
        switch('disable')
        check_plain(near, far)
        switch('enable')
        check_plain(near, far, 'after enabling')
        tcp.introduce(*tcp.pair(network, from_port=5070))
        check_plain(near, far, 'at last')
        near.shut()
        equal(far.rest(), b'', 'the rest')
        equal(tcp.invalid(), 0, 'packets that conntrack found invalid')


def test_disable_with_a_part():
    """turned off with half a message held, of either end: it goes out at once"""
    with tcp.Net() as network:
        near, far = conversed(network)
        near.send(b'INVITE sip:a')
        far.send(b'SIP/2.0 ')
        tcp.wait_for(lambda: gateway.flows('5060', 'ESTABLISHED'), 'no entry')
        network.barrier('p1', 's1')
        switch('disable')
        equal(far.read(12), b'INVITE sip:a', 'the part')
        equal(near.read(8), b'SIP/2.0 ', 'the other part')
        check_plain(near, far)


class Talker(threading.Thread):
    """Sends messages until it is told to stop, and says what they were."""

    def __init__(self, near):
        super().__init__()
        self.near, self.sent, self.stop = near, [], False

    def run(self):
        while not self.stop:
            data = tcp.request('alice', self.near, 'MESSAGE', b'm' * 500)
            self.near.send(data)
            self.sent.append(data)


def test_disable_while_talking():
    """turned off amid messages: each arrives, translated before and as it is after"""
    with tcp.Net() as network:
        near, far = conversed(network)
        talker = Talker(near)
        talker.start()
        seen = [far.message().data for _ in range(50)]
        thread = threading.Thread(target=switch, args=('disable',))
        thread.start()
        while thread.is_alive():
            seen.append(far.message().data)
        seen += [far.message().data for _ in range(50)]
        talker.stop = True
        # It may stop before or after another one.
        while len(seen) < len(talker.sent) or talker.is_alive():
            if far.data or select.select([far.socket], [], [], 0.1)[0]:
                seen.append(far.message().data)
        talker.join()
        translated = sum(1 for data in seen if b'10.0.0.11' not in data)
        print(f'# {translated} messages translated, {len(seen) - translated} not')
        for n, data in enumerate(talker.sent):
            equal(seen[n], tcp.outside(data) if n < translated else data, f'message {n}')
        check_plain(near, far)


def test_disable_unread():
    """turned off while a receiver takes nothing: both ends are told, none waits for ever"""
    with tcp.Net() as network:
        near, far = conversed(network, rcvbuf=4096)
        near.send(tcp.request('alice', near, 'MESSAGE', b'm' * 30000))
        tcp.wait_for(lambda: near.insists() > 1, 'the window is not shut')
        switch('disable')
        for end in (near, far):
            try:
                while end.socket.recv(65536):
                    pass
                check(False, 'the connection ended without a reset')
            except ConnectionResetError:
                pass


def test_rmmod():
    """rmmod with a connection whose messages grew, and half of one held"""
    with tcp.Net() as network:
        near, far = conversed(network)
        near.send(b'INVITE sip:a')
        network.barrier('p1', 's1')
        gateway.unload()
        equal(far.read(12), b'INVITE sip:a', 'the part')
        check_plain(near, far)
        near.shut()
        equal(far.rest(), b'', 'the rest')
        equal(tcp.invalid(), 0, 'packets that conntrack found invalid')


def test_older():
    """a connection that is older than the module is left alone"""
    with tcp.Net() as network:
        switch('disable')
        near, far = tcp.pair(network)
        sent = tcp.request('alice', near)
        near.send(sent[:50])
        equal(far.read(50), sent[:50], 'before')
        switch('enable')
        near.send(sent[50:])
        equal(far.read(len(sent) - 50), sent[50:], 'after')
        near.send(sent)
        equal(far.read(len(sent)), sent, 'a whole message')
        equal(gateway.counter('streams'), 0, 'connections followed')


def test_mptcp():
    """Multipath TCP counts the bytes on its own: such a connection is left alone"""
    with tcp.Net() as network:
        listener = tcp.listen(network, 's1')
        try:
            with net.inside('p1'):
                gateway.set_sysctl('net/mptcp/enabled', 1, 'p1')
                sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_MPTCP)
        except (OSError, RuntimeError) as error:
            raise Skip('this kernel has no MPTCP') from error
        network.sockets.append(sock)
        sock.bind((net.P1, 0))
        sock.connect((net.S1, 5060))
        near, far = tcp.Stream(sock), tcp.Stream.accept(network, listener)
        sent = tcp.request('alice', near)
        near.send(sent)
        equal(far.read(len(sent)), sent, 'the request')
        equal(gateway.counter('stream_options'), 1, 'stream_options')


def test_namespace():
    """the namespace goes with connections in it, and what is held, without a wait"""
    with tcp.Net() as network:
        near, _ = conversed(network)
        near.send(b'INVITE sip:a')
        network.barrier('p1', 's1')
    with tcp.Net() as network:
        conversed(network)


run_all(globals())
