# SPDX-License-Identifier: GPL-2.0
"""Whole calls through a gateway, and what each of their messages costs it.

A datagram goes all the way into the receiver's socket within the sendto() that sends it. Where time is
the number of executed instructions (QEMU's icount), the time of that call is what the whole way costs,
and the difference between a gateway with and one without us is what we add.
"""

import gc
import os
import re
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', 'netns', 'py'))
# pylint: disable=wrong-import-position
import net
import sip
from ua import Call, Ua

SERVER = (net.S1, 5060)
URI = f'sip:carol@{net.S1}'
IN_DIALOG = ('ACK', 'BYE')
# The messages are those of usual phones: an INVITE of 800 bytes, names as long as theirs, and what they
# say of themselves in each message and where a dialog begins (RFC 3261 13.2.1, 13.3.1.4).
AGENT = [('User-Agent', 'Bench/1.0 (whole calls)')]
USUAL = [('Allow', 'INVITE, ACK, BYE, CANCEL, OPTIONS, PRACK, MESSAGE, SUBSCRIBE, NOTIFY, REFER, UPDATE, INFO'),
         ('Supported', '100rel, timer, replaces, norefersub')]


def row(target, value, unit, peers=''):
    """One line of the table that tests/bench/run makes."""
    print(f'ROW\t{target}\t{value}\t{unit}\t{peers}', flush=True)


class Gateway(net.Net):
    """The topology, with us, with the kernel's helper or with nothing."""

    def __init__(self, what):
        super().__init__('snat')
        self.what = what

    def __enter__(self):
        for name, value in (('NOALG', '1' if self.what == 'nothing' else ''),
                            ('HELPER', 'intree' if self.what == 'intree' else '')):
            os.environ[name] = value
        gc.disable()
        network = super().__enter__()
        net.spoil()  # none is like the next
        return network

    def __exit__(self, *args):
        super().__exit__(*args)
        gc.enable()


class Timed(Ua):
    """An agent that notes how long each of its messages takes, by what it is."""

    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        self.times = {}

    def via(self, branch=None, params=';rport'):
        return super().via(branch or f'Pj{sip.serial():032x}', params)

    def offer(self):
        address, port = self.media
        return (f'v=0\r\no=- 3724394400 3724394400 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n'
                f'm=audio {port} RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n'
                'a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\n').encode()

    def request(self, method, uri, **more):  # pylint: disable=arguments-differ
        usual = USUAL if method == 'INVITE' else []
        more['headers'] = [*more.get('headers', ()), *usual, *AGENT]
        return super().request(method, uri, **more)

    def response(self, request, source, status, reason, **more):  # pylint: disable=arguments-differ
        usual = USUAL if status == 200 and request.method == 'INVITE' else []
        more['headers'] = [*more.get('headers', ()), *usual, *AGENT]
        return super().response(request, source, status, reason, **more)

    def timed(self, kind, sock, data, to):
        begin = time.perf_counter_ns()
        sock.sendto(data, to)
        self.times.setdefault(kind, []).append(time.perf_counter_ns() - begin)

    def send(self, data, to):
        first, second, _ = data.split(b' ', 2)
        kind = first.decode()
        if kind == 'SIP/2.0':
            kind = f'{second.decode()} {data.partition(b"CSeq: ")[2].split()[1].decode()}'
        self.timed(kind, self.socket, data, to)


class TimedCall(Call):
    """One between two of them."""

    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        self.call_id, self.from_tag, self.to_tag = (f'{sip.serial():032x}' for _ in range(3))

    def within(self, who, method, **more):  # pylint: disable=arguments-differ
        return super().within(who, method, headers=AGENT, **more)


def pair(network):
    return Timed(network, 'p1', 'alice'), Timed(network, 's1', 'carol', rtp=30000)


def crowd(network, number):
    """Live dialogs, as a saved state brings them back."""
    phone, server = Timed(network, 'p2', 'bob'), Timed(network, 's2', 'dave', rtp=30000)
    hour = [('Expires', '3600')]
    phone.send(phone.request('SUBSCRIBE', f'sip:dave@{net.S2}', headers=[('Event', 'presence'), *hour]),
               (net.S2, 5060))
    seen, source = server.expect('SUBSCRIBE')
    server.send(server.response(seen, source, 200, 'OK', to_tag='reg', headers=hour), source)
    phone.expect(200)
    head, line, *_ = net.run('gw', net.CTL, 'save', '--state', '-').split('\n')
    known = re.search(r'call \{ id=(\d+) .*dialog \{ id=(\d+) ', line)
    lines = [head]
    for n in range(number - 1):
        one = line.replace(f'call {{ id={known[1]} ', f'call {{ id={1000000 + 2 * n} ', 1)
        one = one.replace(f'dialog {{ id={known[2]} ', f'dialog {{ id={1000001 + 2 * n} ', 1)
        lines.append(re.sub(r'call-id=[^ ]*', f'call-id={n}@many', one, count=1))
    net.run('gw', net.CTL, 'restore', '--state', '-', text_in='\n'.join(lines) + '\n')


def medians(*agents):
    """What a message of each kind took, of all that these agents have sent."""
    found = {}
    for agent in agents:
        for kind, times in agent.times.items():
            found.setdefault(kind, []).extend(times)
    return {kind: statistics.median(times) for kind, times in found.items()}


def whole_calls(phone, server, number):
    """Calls one after the other; the first ones, which find nothing prepared, do not count."""
    for n in range(number + 3):
        if n == 3:
            phone.times.clear()
            server.times.clear()
        TimedCall(phone, server, URI, SERVER).start().hang_up()
    return medians(phone, server)


def mean(costs, base=None, kinds=None):
    """Of all kinds of messages, or of these; above what they cost with nothing."""
    kinds = kinds or costs.keys()
    return statistics.mean(costs[kind] - (base[kind] if base else 0) for kind in kinds)


def datagrams(agent, sock, to, number=15):
    """What a small datagram of a flow takes that goes both ways."""
    agent.times.clear()
    for _ in range(number):
        agent.timed('datagram', sock, net.rtp(), to)
    return statistics.median(agent.times['datagram'])
