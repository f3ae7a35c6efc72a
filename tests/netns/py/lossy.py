# SPDX-License-Identifier: GPL-2.0
"""Calls over TCP where packets are lost, overtake each other and come twice, on both sides."""

import random
import re
import socket
import threading
import time

import gateway
import net
import sip
import tcp
from tap import check, equal

CONNECTIONS, CALLS = 20, 25
NETEM = 'delay 2ms 1ms loss 5% reorder 20% duplicate 3%'
PATIENCE = 60.0  # a connection that is unlucky several times in a row


def lossy(network):
    """Both links, both directions. Retransmission sooner than the Internet's, or it takes all day.

    Not before there are connections: where a handshake loses packets, the ends take its seconds for
    the round-trip time, and two losses in a row later on last longer than a message may stall.
    """
    for ns, device in (('p1', 'eth0'), ('gw', 'p1'), ('gw', 'wan'), ('net', 'gw')):
        net.run(ns, 'tc', 'qdisc', 'add', 'dev', device, 'root', 'netem', *NETEM.split(), 'limit', '10000')
        # ARP gives up after three losses in a row, and a connection with it: it is not what is tested here.
        for name, value in (('mcast_solicit', 100), ('ucast_solicit', 100), ('retrans_time_ms', 100)):
            gateway.set_sysctl(f'net/ipv4/neigh/{device}/{name}', value, ns)
    # On a busy machine a doubled time-out soon lasts as long as a stalled message may.
    for ns in ('p1', 's1'):
        gateway.set_sysctl('net/ipv4/tcp_thin_linear_timeouts', 1, ns)
    net.run('p1', 'ip', 'route', 'replace', 'default', 'via', net.LAN, 'rto_min', '20ms')
    net.run('s1', 'ip', 'route', 'replace', '203.0.113.0/24', 'dev', 'eth0', 'rto_min', '20ms')
    check(network, 'there is no network')


def left_alone():
    """Counters of streams that are not followed any more."""
    return {k: v for k, v in gateway.ctl('stats').items() if k.startswith('stream_') and v}


class Calls(threading.Thread):
    """The calls of one connection; what goes wrong is in `error`."""

    def __init__(self, near, far, number, nagle):  # pylint: disable=too-many-arguments
        super().__init__()
        self.near, self.far, self.number = near, far, number
        self.chance = random.Random(number)
        self.error, self.done, self.messages = None, 0, 0
        for end in (near, far):
            end.socket.settimeout(PATIENCE)
            end.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, int(not nagle))

    def run(self):
        try:
            for n in range(CALLS):
                self.call(40000 + 2 * (self.number * CALLS + n) % 20000)
                self.done += 1
        except Exception as error:  # pylint: disable=broad-except
            self.error = error

    def send(self, end, data):
        """In one, two or three pieces."""
        places = sorted(self.chance.sample(range(1, len(data)), self.chance.randint(0, 2)))
        last = 0
        for place in [*places, len(data)]:
            end.socket.sendall(data[last:place])
            last = place
        self.messages += 1

    def out(self, data, what):
        """The phone sends it; byte for byte, that has to arrive."""
        self.send(self.near, data)
        seen = self.far.message()
        equal(seen.data, tcp.outside(data), what)
        return seen

    def back(self, data, what):
        self.send(self.far, data)
        seen = self.near.message()
        equal(seen.data, tcp.inside(data), what)
        return seen

    def request(self, invite, method):
        """A request within the call of an INVITE, as the phone sends it."""
        data = tcp.request('alice', self.near, method)
        keep = re.search(rb'Call-ID: [^\r]*', invite).group()
        return re.sub(rb'Call-ID: [^\r]*', lambda _: keep, data)

    def call(self, port):
        invite = tcp.request('alice', self.near, 'INVITE', sip.sdp(net.P1, port))
        seen = self.out(invite, 'INVITE')
        contact = f'<sip:carol@{net.S1};transport=tcp>'
        self.back(tcp.response(seen, 180, 'Ringing', contact=contact), '180')
        self.back(tcp.response(seen, body=sip.sdp(net.S1, 30000), contact=contact), '200')
        tag = re.search(rb'tag=(f\d+)', invite).group(1)
        for method in ('ACK', 'BYE'):
            data = self.request(invite, method)
            data = re.sub(rb'tag=f\d+', b'tag=' + tag, data)
            data = data.replace(b'To: <sip:carol@203.0.113.10>', b'To: <sip:carol@203.0.113.10>;tag=t1')
            if method == 'ACK':
                number = re.search(rb'CSeq: (\d+)', invite).group(1)
                data = re.sub(rb'CSeq: \d+', b'CSeq: ' + number, data)
            seen = self.out(data, method)
        self.back(tcp.response(seen), '200 to BYE')


def calls(nagle):
    with tcp.Net() as network:
        listener = tcp.listen(network, 's1')
        threads = []
        for number in range(CONNECTIONS):
            near = tcp.Stream.connect(network, 'p1', (net.S1, 5060), wait=PATIENCE)
            threads.append(Calls(near, tcp.Stream.accept(network, listener), number, nagle))
        lossy(network)
        begin = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.monotonic() - begin
        done, messages = sum(t.done for t in threads), sum(t.messages for t in threads)
        again = sum(t.near.total_retrans() + t.far.total_retrans() for t in threads)
        stats = gateway.ctl('stats')
        print(f'# {done} calls, {messages} messages in {took:.1f} s; {again} segments sent again; '
              f'{tcp.invalid()} invalid; {stats["dialogs_created"]} dialogs')
        print(f'# connections left alone: {left_alone() or "none"}')
        for thread in threads:
            if thread.error:
                raise thread.error
        equal(done, CONNECTIONS * CALLS, 'calls')
        check(again > 100, 'hardly anything was lost')
        equal(stats['messages'], messages, 'messages inspected')
        equal(stats['dialogs_created'], done, 'dialogs')
        equal(stats['dialogs_ended'], done, 'dialogs ended')
        for name in ('stream_framing', 'stream_stalled', 'stream_memory', 'stream_limit', 'stream_late'):
            equal(stats[name], 0, name)
