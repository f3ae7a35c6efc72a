#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What is not SIP on the SIP port: untouched, uninspected, and it opens nothing."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import random

import gateway
import net
import sip
import tcp
from tap import check, equal, run_all
from ua import Ua

MSS = 1460
HTTP = b'POST /x HTTP/1.1\r\nHost: 203.0.113.10:5060\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n'


def hidden(near, method):
    """What an attacker's page wants the gateway to see: it names a port of the browser's host."""
    extra = [('Expires', '3600')]
    body = sip.sdp(net.P1, 3306) if method == 'INVITE' else b''
    return tcp.request('alice', near, method, body, contact_port=3306, extra=extra)


class Watch:
    """What an attack must not change."""

    def __init__(self):
        self.bindings = gateway.bindings()
        self.not_sip, self.messages = self.count()

    @staticmethod
    def count():
        stats = gateway.ctl('stats')
        return stats['stream_not_sip'], stats['messages']

    def check(self, connections):
        equal(gateway.bindings(), self.bindings, 'bindings')
        equal(gateway.ctl('dialog', 'list'), [], 'dialogs')
        equal(gateway.ctl('registration', 'list'), [], 'registrations')
        not_sip, messages = self.count()
        equal(messages, self.messages, 'messages inspected')
        equal(not_sip - self.not_sip, connections, 'connections that are not SIP')


def post(network, listener, body, *places, answer=b''):
    """One connection that begins as HTTP; what comes is what was sent."""
    near = tcp.Stream.connect(network, 'p1', (net.S1, 5060))
    far = tcp.Stream.accept(network, listener)
    data = HTTP % len(body) + body
    near.send_cut(data, *places)
    equal(far.read(len(data)), data, 'what came')
    if answer:
        far.send(answer)
        equal(near.read(len(answer)), answer, 'the answer')
    near.close()
    far.close()


class Name:
    name = (net.P1, 3306)


def test_every_place():
    """a REGISTER and an INVITE behind each number of bytes, starting a segment each time"""
    with tcp.Net() as network:
        watch, listener, count = Watch(), tcp.listen(network, 's1'), 0
        head = len(HTTP % 1000)
        for method in ('REGISTER', 'INVITE'):
            text = hidden(Name, method)
            for at in [*range(0, 64), *range(64, 3000, 97)]:
                post(network, listener, b'x' * at + text, head + at, head + at + len(text))
                count += 1
        watch.check(count)


def test_full_segments():
    """padding that fills segments, so that the attack begins one by itself"""
    with tcp.Net() as network:
        watch, listener, count = Watch(), tcp.listen(network, 's1'), 0
        for room in (MSS, MSS - 12):
            for number in (1, 2, 5):
                for shift in range(-3, 4):
                    text = hidden(Name, 'REGISTER')
                    fill = number * room - len(HTTP % 1000) + shift
                    post(network, listener, b'x' * fill + text + b'y' * (1000 - len(text)))
                    count += 1
        watch.check(count)


def test_first_segment_alone():
    """the HTTP head, then SIP in many segments and for long: nothing is looked at again"""
    with tcp.Net() as network:
        watch, listener = Watch(), tcp.listen(network, 's1')
        head = len(HTTP % 100000)
        text = b''.join(hidden(Name, m) for m in ('REGISTER', 'INVITE', 'OPTIONS') * 40)
        post(network, listener, text, head, *range(head, head + len(text), 400),
             answer=b'HTTP/1.1 200 OK\r\n\r\nSIP/2.0 200 OK\r\nVia: SIP/2.0/TCP 203.0.113.1:5060\r\n\r\n')
        watch.check(1)


def test_multipart():
    """a form whose part is a whole message, with CRLF before it"""
    with tcp.Net() as network:
        watch, listener = Watch(), tcp.listen(network, 's1')
        for method in ('REGISTER', 'INVITE'):
            part = (b'------b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n\r\n' +
                    hidden(Name, method) + b'\r\n------b--\r\n')
            at = len(HTTP % len(part)) + part.index(method.encode())
            post(network, listener, part, at)
        watch.check(2)


def test_first_bytes():
    """protocols that begin almost as SIP, byte by byte and in one piece"""
    with tcp.Net() as network:
        watch, listener, count = Watch(), tcp.listen(network, 's1'), 0
        text = hidden(Name, 'REGISTER')
        for first in (b'REGISTER sip:x HTTP/1.1\r\n', b'GET sip:x HTTP/1.1\r\n\r\n', b'SIP/1.0 200 OK\r\n\r\n',
                      b'OPTIONS / RTSP/1.0\r\n\r\n', b'SSH-2.0-OpenSSH_9.2\r\n', b'SIP\r\n', b'\r\n\r\nGET / HTTP/1.0\r\n',
                      b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' + bytes(range(200)), b'EHLO x\r\n',
                      b'INVITE\r\n', b' REGISTER sip:a SIP/2.0\r\n', b'\x00\x01\x00\x00\x21\x12\xa4\x43' + bytes(12)):
            for step in (1, 1000):
                near = tcp.Stream.connect(network, 'p1', (net.S1, 5060))
                far = tcp.Stream.accept(network, listener)
                near.send_cut(first, *range(step, len(first), step))
                near.send(text)
                equal(far.read(len(first) + len(text)), first + text, f'what came after {first[:20]}')
                near.close()
                far.close()
                count += 1
        watch.check(count)


def test_answer_first():
    """a server that speaks first decides for both (a banner, then SIP from the inside)"""
    with tcp.Net() as network:
        watch, listener = Watch(), tcp.listen(network, 's1')
        near = tcp.Stream.connect(network, 'p1', (net.S1, 5060))
        far = tcp.Stream.accept(network, listener)
        far.send(b'220 mail ready\r\n')
        equal(near.read(16), b'220 mail ready\r\n', 'the banner')
        text = hidden(Name, 'REGISTER')
        near.send(text)
        equal(far.read(len(text)), text, 'what came')
        watch.check(1)


def test_random():
    """random bytes both ways"""
    with tcp.Net() as network:
        watch, listener, chance = Watch(), tcp.listen(network, 's1'), random.Random(7)
        for _ in range(20):
            near = tcp.Stream.connect(network, 'p1', (net.S1, 5060))
            far = tcp.Stream.accept(network, listener)
            out, back = b'\x80' + chance.randbytes(30000), b'\x80' + chance.randbytes(30000)
            tcp.exchange(tcp.Flow(near, far, [out], out, 'outwards'),
                         tcp.Flow(far, near, [back], back, 'inwards'))
            near.close()
            far.close()
        watch.check(20)


def test_database():
    """after all that, the outside cannot reach the port that was named"""
    with tcp.Net() as network:
        listener = tcp.listen(network, 's1')
        tcp.listen(network, 'p1', 3306)
        for method in ('REGISTER', 'INVITE'):
            text = hidden(Name, method)
            post(network, listener, b'x' * (MSS - 12 - len(HTTP % 3000)) + text)
        for port in (3306, 5060):
            try:
                tcp.Stream.connect(network, 's1', (net.WAN, port), wait=1)
                check(False, f'port {port} of the gateway can be reached')
            except (TimeoutError, ConnectionRefusedError):
                pass


def lose(network, what, broken, counter):
    """Framing is lost after a call was set up: all is passed on, and the call goes on."""
    near, far = tcp.pair(network)
    rtp, peer = network.udp('p1', 40000), network.udp('s1', 30000)
    offer = sip.sdp(net.P1, 40000)
    sent = tcp.request('alice', near, 'INVITE', offer)
    near.send(sent)
    seen = far.message()
    far.send(tcp.response(seen, body=sip.sdp(net.S1, 30000)))
    near.message()
    check(network.arrives(peer, seen.media, rtp), 'the phone does not hear the server')
    before = gateway.counter(counter)
    rest = tcp.request('alice', near) * 3
    near.send(broken)
    near.send(rest)
    equal(far.read(len(broken) + len(rest)), broken + rest, f'what came after {what}')
    equal(gateway.counter(counter), before + 1, counter)
    check(network.arrives(peer, seen.media, rtp), f'the audio ended with {what}')
    tcp.exchange(tcp.conversation(near, far, 5)[1])
    near.close()
    far.close()
    rtp.close()
    peer.close()


def test_framing():
    """nonsense, a body without a length, a length twice, too long a message: passed on whole"""
    with tcp.Net() as network:
        request = tcp.request('alice', Name)
        for what, broken, counter in (
                ('nonsense', b'nonsense\r\n\r\n', 'stream_framing'),
                ('bytes', bytes(range(128, 256)), 'stream_framing'),
                ('no length', request.replace(b'Content-Length: 0', b'Content-Type: text/plain') + b'body', 'stream_length'),
                ('two lengths', request.replace(b'\r\n\r\n', b'\r\nl: 7\r\n\r\n') + b'1234567', 'stream_length'),
                ('a negative length', request.replace(b'Length: 0', b'Length: -1'), 'stream_length'),
                ('2^32 + 32', request.replace(b'Length: 0', b'Length: 4294967328') + b'x' * 32, 'stream_length'),
                ('too long', request.replace(b'Length: 0', b'Length: 65536') + b'x' * 65536, 'stream_too_long'),
                ('endless fields', request[:-4] + b'\r\n' + b'X: y\r\n' * 12000, 'stream_too_long')):
            lose(network, what, broken, counter)


def test_outside():
    """and the attack the other way: a server's answer opens nothing either"""
    with tcp.Net() as network:
        phone = Ua(network, 'p1', 'alice')
        phone.send(b'\r\n\r\n', (net.S1, 5060))
        watch, listener = Watch(), tcp.listen(network, 's1')
        near = tcp.Stream.connect(network, 'p1', (net.S1, 5060))
        far = tcp.Stream.accept(network, listener)
        near.send(HTTP % 0)
        far.read(len(HTTP % 0))
        text = b''.join(hidden(Name, m) for m in ('INVITE', 'REGISTER'))
        far.send(text)
        equal(near.read(len(text)), text, 'what came')
        watch.check(1)


run_all(globals())
