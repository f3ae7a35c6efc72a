#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Whole dialogs, bent in every way, through the real module: nothing breaks, and all of it is counted.

MUTATIONS says how many dialogs (150), SEED which ones; the seed of a failure is printed.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../py"))
# pylint: disable=wrong-import-position
import random
import time

import counts
import gateway
import net
import sip
import tcp
from pair import SERVER, Pair
from tap import check, equal, run_all

DIALOGS = int(os.environ.get('MUTATIONS') or 150)
SEED = int(os.environ.get('SEED') or 1)
FAR = net.S1
NUMBERS = (b'0', b'1', b'-1', b'65535', b'65536', b'4294967295', b'4294967296', b'18446744073709551616', b'', b'1e9', b'007')
WORDS = (b'sip:', b'<', b'>', b'"', b';', b',', b'@', b'%00', b'\0', b'\\', b'10.0.0.11', b'203.0.113.1', b'[::1]',
         b'[', b'0.0.0.0', b'255.255.255.255', b':', b';tag=', b';rport', b';received=10.0.0.11', b'*', b'\r\n ',
         b'\r\n\r\n', b' ', b'\t', b'\xff\xfe', b'a' * 300)
LINES = (b'Contact: <sip:a@10.0.0.11:5060>', b'Contact: *', b'Route: <sip:203.0.113.1;lr>', b'Expires: 0',
         b'Record-Route: <sip:10.0.0.11;lr>, <sip:203.0.113.10;lr>', b'Require: 100rel', b'RSeq: 1', b'RAck: 1 1 INVITE',
         b'Refer-To: <sip:x@10.0.0.11?Replaces=y>', b'Replaces: a;to-tag=b;from-tag=c', b'Session-Expires: 90',
         b'Content-Length: 0', b'l: 99999', b'v: SIP/2.0/UDP 10.0.0.11', b'Subscription-State: terminated',
         b'Identity: "x"', b'Content-Type: multipart/mixed;boundary=x', b'Event: refer', b'P-Asserted-Identity: <sip:10.0.0.11>',
         b'm=audio 40000/3 RTP/AVP 0', b'm=image 40010 udptl t38', b'm=audio 0 RTP/AVP 0', b'c=IN IP4 10.0.0.11',
         b'c=IN IP6 ::', b'a=rtcp:40001 IN IP4 10.0.0.11', b'a=candidate:1 1 UDP 1 10.0.0.11 40000 typ host', b'a=sendonly',
         b'a=group:BUNDLE 0 1', b'a=rtcp-mux', b'm=message 9 TCP/MSRP *', b'a=setup:active')


class Bender:
    """A random number generator, and what can be done to messages with it."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def line(self, data):
        """A line goes, comes twice, comes from elsewhere, or changes places."""
        lines = data.split(b'\r\n')
        at = self.random.randrange(len(lines))
        what = self.random.randrange(4)
        if what == 0:
            del lines[at]
        elif what == 1:
            lines.insert(at, lines[self.random.randrange(len(lines))])
        elif what == 2:
            lines.insert(at, self.random.choice(LINES))
        else:
            lines.insert(self.random.randrange(len(lines)), lines.pop(at))
        return b'\r\n'.join(lines)

    def word(self, data):
        """A word comes in between, or instead of some bytes."""
        at = self.random.randrange(len(data) + 1)
        return data[:at] + self.random.choice(WORDS) + data[at + self.random.randrange(8):]

    def number(self, data):
        """One of the numbers is another one."""
        digits = [i for i, c in enumerate(data) if 48 <= c < 58]
        if not digits:
            return data
        at = self.random.choice(digits)
        end = at
        while end < len(data) and 48 <= data[end] < 58:
            end += 1
        return data[:at] + self.random.choice(NUMBERS) + data[end:]

    def bytes(self, data):
        """A few bytes are others."""
        out = bytearray(data)
        for _ in range(self.random.randrange(1, 4)):
            if out:
                out[self.random.randrange(len(out))] = self.random.randrange(256)
        return bytes(out)

    def cut(self, data):
        """The end, or a piece, is missing."""
        at = self.random.randrange(len(data) + 1)
        return data[:at] if self.random.randrange(2) else data[:at] + data[at + self.random.randrange(200):]

    def length(self, data):
        """Content-Length is right again."""
        head, end, body = data.partition(b'\r\n\r\n')
        if not end:
            return data
        lines = [n for n in head.split(b'\r\n') if not n.lower().startswith(b'content-length')]
        return b'\r\n'.join([*lines, b'Content-Length: %d' % len(body)]) + end + body

    def bend(self, data):
        """Now and then left as it is, so that a dialog goes on."""
        for _ in range(self.random.choice((0, 0, 1, 1, 2, 4))):
            data = self.random.choice((self.line, self.word, self.number, self.bytes, self.cut))(data)
        return self.length(data) if self.random.randrange(3) else data


def dialog(number, transport='UDP'):
    """(from inside?, bytes) of each message of a call, or of a subscription."""
    call_id, to = f'mutated{number}', ';tag=far'

    def message(inside, start, method, cseq, tag='', body=b'', extra=()):
        host = '10.0.0.11' if inside else FAR
        vias = [('Via', f'SIP/2.0/{transport} 10.0.0.11:5060;branch=z9hG4bK{number}-{cseq};rport')]
        return inside, sip.build(start, [
            *vias, ('Max-Forwards', '70'), ('From', f'<sip:alice@10.0.0.11>;tag=near{number}'),
            ('To', f'<sip:carol@{FAR}>{tag}'), ('Call-ID', call_id), ('CSeq', f'{cseq} {method}'),
            ('Contact', f'<sip:x@{host}:5060>'), *extra], body)

    uri = f'sip:carol@{FAR}'
    here, there = sip.sdp('10.0.0.11', 40000), sip.sdp(FAR, 30000)
    kind = number % 3
    if kind == 0:
        expires = [('Expires', '600'), ('Event', 'presence')]
        return [message(True, f'SUBSCRIBE {uri} SIP/2.0', 'SUBSCRIBE', 1, extra=expires),
                message(False, 'SIP/2.0 200 OK', 'SUBSCRIBE', 1, to, extra=expires),
                message(True, f'REGISTER {uri} SIP/2.0', 'REGISTER', 2, extra=expires[:1]),
                message(False, 'SIP/2.0 200 OK', 'REGISTER', 2, to, extra=expires[:1])]
    end = [message(True, f'BYE {uri} SIP/2.0', 'BYE', 3, to), message(False, 'SIP/2.0 200 OK', 'BYE', 3, to)]
    if kind == 1:
        end = [message(True, f'CANCEL {uri} SIP/2.0', 'CANCEL', 1),
               message(False, 'SIP/2.0 487 Request Terminated', 'INVITE', 1, to)]
    return [message(True, f'INVITE {uri} SIP/2.0', 'INVITE', 1, body=here),
            message(False, 'SIP/2.0 183 Session Progress', 'INVITE', 1, to, there),
            message(False, 'SIP/2.0 200 OK', 'INVITE', 1, to, there),
            message(True, f'ACK {uri} SIP/2.0', 'ACK', 1, to),
            message(True, f'INVITE {uri} SIP/2.0', 'INVITE', 2, to, here),
            message(False, 'SIP/2.0 200 OK', 'INVITE', 2, to, there), *end]


def seed_of(number):
    return SEED * 1000003 + number


def shuffled(bender, messages):
    """Now and then one is missing, comes twice, or too early."""
    out = list(messages)
    if not bender.random.randrange(3):
        at = bender.random.randrange(len(out))
        out.insert(bender.random.randrange(len(out)), out[at])
    if not bender.random.randrange(4):
        del out[bender.random.randrange(len(out))]
    return out


def nothing_left(state, seed):
    gateway.net.run('gw', net.CTL, 'disable')
    for name in 'DIALOGS', 'REGISTRATIONS', 'BINDINGS', 'STREAMS':
        equal(state.size(name), 0, f'SEED={seed}: {name.lower()} that are left')
    gateway.net.run('gw', net.CTL, 'enable')


def check_low(seed):
    """Whatever was said: nothing below 1024 and nobody but the sender is bound."""
    for one in gateway.bindings():
        check(one['inner_port'] >= 1024 and one['outer_port'] >= 1024, f'SEED={seed}: {one}')
        check(one['inner_addr'] in (net.P1, net.S1), f'SEED={seed}: {one}')


def test_udp():
    """dialogs over UDP, their messages bent, repeated and lost: each one arrives, and is counted once"""
    pair = Pair()
    state = counts.Counts()
    near, far = pair.alice.socket, pair.carol.socket
    near.sendto(b'\r\n\r\n', SERVER)
    _, outer = net.receive(far)
    sent = 0
    for number in range(DIALOGS):
        bender = Bender(seed_of(number))
        before = state.read()['seen']
        expected = 0
        for inside, data in shuffled(bender, dialog(number)):
            data = bender.bend(data)[:1400]
            (near if inside else far).sendto(data, SERVER if inside else outer)
            got, _ = net.receive(far if inside else near)
            check(got is not None, f'SEED={seed_of(number)}: a message did not arrive: {data!r}')
            expected += 1
        equal(state.read()['seen'] - before, expected, f'SEED={seed_of(number)}: messages seen')
        sent += expected
        if number % 50 == 49 or number == DIALOGS - 1:
            counts.check_sums()
            check_low(seed_of(number))
            nothing_left(state, seed_of(number))
            near.sendto(b'\r\n\r\n', SERVER)
            _, outer = net.receive(far)
    became = {k: v for k, v in state.read().items() if v}
    print(f'# messages {sent} of {DIALOGS} dialogs: {became}', flush=True)
    pair.close()


def test_tcp():
    """dialogs over TCP, bent, and cut into segments anywhere: every byte or message comes out, nothing is left"""
    with net.Net() as network:
        state = counts.Counts()
        sent = 0
        for number in range(max(1, DIALOGS // 5)):
            bender = Bender(seed_of(number) + 1)
            near, far = tcp.pair(network)
            for inside, data in shuffled(bender, dialog(number, 'TCP')):
                data = bender.bend(data)
                if data:
                    cuts = sorted(bender.random.randrange(len(data)) for _ in range(bender.random.randrange(3)))
                    (near if inside else far).send_cut(data, *cuts)
                sent += 1
            # The end of the stream frees what waits for the rest of a message.
            for one, other in (near, far), (far, near):
                one.shut()
                try:
                    other.rest()
                except TimeoutError as why:
                    raise AssertionError(f'SEED={seed_of(number)}: the end does not come') from why
            for stream in near, far:
                network.sockets.remove(stream.socket)
                stream.close()
        check_low(SEED)
        counts.check_sums()
        nothing_left(state, SEED)
        print(f'# messages {sent} over TCP', flush=True)


def test_nul():
    """calls whose URIs have a NUL in them, anywhere, begin and end as others do"""
    pair = Pair()
    state = counts.Counts()
    near, far = pair.alice.socket, pair.carol.socket
    for at in range(0, 120, 8):
        name = b'x' * at + b'\0' + b'y' * (120 - at)
        invite = dialog(1)[0][1].replace(b'mutated1', b'nul%d' % at)
        near.sendto(invite.replace(b'To: <sip:carol', b'To: <sip:' + name).replace(b'From: <sip:alice', b'From: <sip:' + name),
                    SERVER)
        got, _ = net.receive(far)
        check(got and got.count(name) == 2, f'with a NUL at {at}, the INVITE became {got!r}')
    check(state.size('DIALOGS') == 15, f'{state.size("DIALOGS")} calls of 15')
    nothing_left(state, SEED)
    pair.close()


def test_call_after():
    """and a call is a call after all that"""
    pair = Pair()
    leg = pair.leg()
    begin = time.monotonic()
    invite = leg.up()
    pair.check_both(invite.seen.media)
    leg.down()
    pair.check_shut(invite.seen.media)
    pair.check_quiet()
    check(time.monotonic() - begin < net.WAIT, 'it took too long')
    pair.close()


run_all(globals())
