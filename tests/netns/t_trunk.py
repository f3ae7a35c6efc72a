#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A trunk: a PBX inside and a provider outside, a thousand calls on one UDP flow.

Messages are filled into texts that were made before, and taken apart no
further than their use asks: under QEMU's emulation every line counts.
"""

import os
import re
import resource
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import net
from gateway import bindings, counter, ctl
from tap import check, equal, run_all

COUNT = 1000
PROVIDER = (net.S1, 5060)
NEAR, FAR = 20000, 30000  # the first RTP port of each side; a call has the next even one

SDP = b'v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %05d RTP/AVP 0 8 18\r\n'
REQUEST = (b'%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s:5060;branch=z9hG4bK%s-%s;rport\r\nMax-Forwards: 70\r\n'
           b'From: <sip:%s>;tag=f%s\r\nTo: <sip:%s>%s\r\nCall-ID: %s\r\nCSeq: %s %s\r\n'
           b'Contact: <sip:trunk@%s:5060>\r\n')
TAIL = b'Content-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s'
EMPTY = b'Content-Length: 0\r\n\r\n'
COPIED = re.compile(rb'^(?:Via|From|To|Call-ID|CSeq): .*\r\n', re.M)
CONTACT = re.compile(rb'^Contact: <(sip:[^>]+)>', re.M)
PORT = re.compile(rb'^m=audio (\d+) ', re.M)


class Side:
    """The PBX or the provider."""

    def __init__(self, network, ns, address, rtp):
        self.socket = network.udp(ns, 5060)
        self.socket.settimeout(net.WAIT)
        self.address, self.rtp = address.encode(), rtp
        self.media = []

    def sdp(self, number):
        return SDP % (self.address, self.address, self.rtp + 2 * number)

    def receive(self, start):
        data, source = self.socket.recvfrom(4096)
        check(data.startswith(start), f'{start} was awaited, and {data[:60]} came')
        return data, source

    def listen(self, network, ns, count):
        """The RTP sockets of all calls."""
        with net.inside(ns):
            for number in range(count):
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                s.settimeout(net.WAIT)
                s.bind((self.address.decode(), self.rtp + 2 * number))
                self.media.append(s)
        network.sockets += self.media


class TrunkCall:
    """One call, of either side; each step is one message that has to arrive."""

    def __init__(self, number, caller, callee, uri, to):
        self.number, self.caller, self.callee, self.to = number, caller, callee, to
        self.id = b'%05d' % number
        self.uri = uri
        self.invite = self.source = None
        self.target = uri, to
        self.told = {}  # by side: where the other was told to send audio to

    def request(self, method, cseq, tag, uri, body=b''):
        head = REQUEST % (method, uri, self.caller.address, method, self.id, self.caller.address, self.id,
                          self.callee.address, tag, b'call%s@%s' % (self.id, self.caller.address), cseq, method,
                          self.caller.address)
        return head + (TAIL % (len(body), body) if body else EMPTY)

    def respond(self, seen, source, start, body=b''):
        copied = b''.join(COPIED.findall(seen))
        if b';tag=t' not in copied:
            copied = copied.replace(b'\r\nCall-ID', b';tag=t%s\r\nCall-ID' % self.id)
        head = b'SIP/2.0 %s\r\n%sContact: <sip:trunk@%s:5060>\r\n' % (start, copied, self.callee.address)
        self.callee.socket.sendto(head + (TAIL % (len(body), body) if body else EMPTY), source)
        return self.caller.receive(b'SIP/2.0 ' + start)[0]

    def ask(self, method, cseq, tag=b'', body=b''):
        uri, to = self.target
        self.caller.socket.sendto(self.request(method, cseq, tag, uri, body), to)
        return self.callee.receive(method)

    def ring(self):
        self.invite, self.source = self.ask(b'INVITE', b'1', body=self.caller.sdp(self.number))
        self.told[self.caller] = int(PORT.search(self.invite).group(1))
        self.respond(self.invite, self.source, b'180 Ringing')

    def pick_up(self):
        ok = self.respond(self.invite, self.source, b'200 OK', self.callee.sdp(self.number))
        self.told[self.callee] = int(PORT.search(ok).group(1))
        self.ask(b'ACK', b'1', b';tag=t' + self.id)

    def hang_up(self):
        bye, source = self.ask(b'BYE', b'2', b';tag=t' + self.id)
        self.respond(bye, source, b'200 OK')

    def cancel(self):
        cancel, source = self.ask(b'CANCEL', b'1')
        self.respond(cancel, source, b'200 OK')
        self.respond(self.invite, self.source, b'487 Request Terminated')
        self.ask(b'ACK', b'1', b';tag=t' + self.id)


class Trunk:
    """The topology, both sides, and the way to the PBX; every other call comes from outside."""

    def __init__(self, network, count):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 2 * count + 200
        if soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted)))
        self.network = network
        self.pbx = Side(network, 'p1', net.P1, NEAR)
        self.provider = Side(network, 's1', net.S1, FAR)
        for ns, side in (('p1', self.pbx), ('s1', self.provider)):
            side.listen(network, ns, count)
        way = TrunkCall(99999, self.pbx, self.provider, b'sip:%s:5060' % net.S1.encode(), PROVIDER)
        seen, source = way.ask(b'OPTIONS', b'1')
        way.respond(seen, source, b'200 OK')
        self.contact = CONTACT.search(seen).group(1)
        self.outer = source
        self.calls = [self.call(number) for number in range(count)]

    def call(self, number):
        if number % 2:
            return TrunkCall(number, self.provider, self.pbx, self.contact, self.outer)
        return TrunkCall(number, self.pbx, self.provider, b'sip:%s:5060' % net.S1.encode(), PROVIDER)

    def hears(self, call):
        """Audio of this call both ways, each side from where it was told the other is."""
        number = call.number
        near, far = self.pbx.media[number], self.provider.media[number]
        outer = (net.WAN, call.told[self.pbx])
        down, up = net.rtp(), net.rtp()
        far.sendto(down, outer)
        near.sendto(up, (net.S1, call.told[self.provider]))
        try:
            return near.recvfrom(2048)[0] == down and far.recvfrom(2048) == (up, outer)
        except TimeoutError:
            return False


def timed(what, count, function):
    """Run it; a comment that tells how long it took."""
    begin = time.monotonic()
    result = function()
    took = time.monotonic() - begin
    print(f'# {what}: {took:.2f} s, {took / count * 1e6:.0f} us each', flush=True)
    return result


def each(calls, step):
    for call in calls:
        step(call)


def check_empty():
    """Nothing of the calls is left but what retransmissions may still ask for."""
    equal([b['outer_port'] for b in bindings() if b['type'] != 'signalling'], [], 'media bindings that are left')
    equal([d['call_id'] for d in ctl('dialog', 'list') if d['state'] != 'terminated'], [], 'calls that are left')
    equal([m['call_id'] for m in ctl('dialog', 'list') if m.get('media')], [], 'calls that have media still')


def test_thousand():
    """1,000 calls pending at once, then all answered, all with audio both ways, all closed"""
    with net.Net() as network:
        trunk = timed('2,000 sockets', COUNT, lambda: Trunk(network, COUNT))
        calls = trunk.calls
        flows = counter('flows')
        timed('INVITE and 180', COUNT, lambda: each(calls, TrunkCall.ring))
        status = ctl('status')
        equal(status['dialogs'], COUNT, 'dialogs that are pending')
        timed('200 and ACK', COUNT, lambda: each(calls, TrunkCall.pick_up))
        equal(counter('flows') - flows, 0, 'new signalling flows')
        equal(len({c.told[trunk.pbx] for c in calls}), COUNT, 'ports outside')
        heard = timed('audio both ways', COUNT, lambda: sum(trunk.hears(c) for c in calls))
        equal(heard, COUNT, 'calls with audio both ways')
        running = counter('media_flows')
        print(f'# {len(bindings())} bindings, {running} media flows', flush=True)

        ended = []

        def end(call):
            call.hang_up()
            ended.append(time.monotonic())
            trunk.provider.media[call.number].sendto(net.rtp(), (net.WAN, call.told[trunk.pbx]))

        begin = time.monotonic()
        timed('BYE and 200, and a packet more', COUNT, lambda: each(calls, end))
        network.barrier('p1', 's1')
        late = sum(bool(net.drain(s)) for s in trunk.pbx.media)
        equal(late, 0, 'calls whose audio still passed')
        # Two seconds after each BYE, which is now or later.
        for number, call in enumerate(calls):
            time.sleep(max(0, ended[number] + 2 - time.monotonic()))
            trunk.provider.media[number].sendto(net.rtp(), (net.WAN, call.told[trunk.pbx]))
        network.barrier('p1', 's1')
        equal(sum(bool(net.drain(s)) for s in trunk.pbx.media), 0, 'calls whose audio passes after two seconds')
        print(f'# all closed {time.monotonic() - begin:.2f} s after the first BYE', flush=True)
        timed('looking for what is left', 1, check_empty)
        # The ports are free again: the next calls get what these had.
        before = {c.number: c.told[trunk.pbx] for c in calls}
        again = [trunk.call(number) for number in range(0, COUNT, 50)]
        for call in again:
            call.id = b'again' + call.id
            call.ring()
            call.pick_up()
            equal(call.told[trunk.pbx], before[call.number], 'where the PBX is reached')
            check(trunk.hears(call), 'a call after all that has no audio')
            call.hang_up()
        check_empty()


def test_taken_ports():
    """a trunk whose ports another phone has already, every call ends in its own way"""
    count = 60
    with net.Net() as network:
        trunk = Trunk(network, count)
        other = Side(network, 'p2', net.P2, NEAR)
        first = [TrunkCall(number + 5000, other, trunk.provider, b'sip:%s:5060' % net.S1.encode(), PROVIDER)
                 for number in range(count)]
        for call in first:
            call.number -= 5000
            call.ring()
            call.pick_up()
        each(trunk.calls, TrunkCall.ring)
        timed('200 and ACK with other ports', count, lambda: each(trunk.calls, TrunkCall.pick_up))
        ports = {c.told[trunk.pbx] for c in trunk.calls} | {c.told[other] for c in first}
        equal(len(ports), 2 * count, 'ports outside')
        equal(sum(trunk.hears(c) for c in trunk.calls), count, 'calls with audio both ways')
        each(first, TrunkCall.hang_up)
        equal(sum(trunk.hears(c) for c in trunk.calls), count, 'calls with audio after the others ended')
        each(trunk.calls, TrunkCall.hang_up)
        check_empty()


def test_strangers():
    """during 100 calls, what others send to their ports is kept out, RTP and RTCP (RTP bleed), and nobody is muted"""
    count = 100
    with net.Net() as network:
        trunk = Trunk(network, count)
        stranger, same = network.udp('s2'), network.udp('s2', FAR)
        each(trunk.calls, TrunkCall.ring)
        each(trunk.calls[::4], TrunkCall.pick_up)

        def bleed(calls):
            before = counter('strangers')
            for call in calls:
                for sender, off in ((stranger, 0), (stranger, 1), (same, 0), (same, 1)):
                    sender.sendto(net.rtp(), (net.WAN, call.told[trunk.pbx] + off))
            network.barrier('p1', 's2')
            equal(sum(bool(net.drain(s)) for s in trunk.pbx.media), 0, 'calls that heard a stranger')
            equal(counter('strangers') - before, 4 * len(calls), 'packets of strangers')

        # Some ring and some are answered; where the PBX was called it has told no port yet.
        bleed([c for c in trunk.calls if trunk.pbx in c.told])
        each([c for c in trunk.calls if trunk.provider not in c.told or trunk.pbx not in c.told], TrunkCall.pick_up)
        bleed(trunk.calls)
        equal(sum(trunk.hears(c) for c in trunk.calls), count, 'calls with audio both ways')
        bleed(trunk.calls)
        each(trunk.calls, TrunkCall.hang_up)
        check_empty()


def test_cancelled():
    """calls that are cancelled in between leave the answered ones alone"""
    count = 60
    with net.Net() as network:
        trunk = Trunk(network, count)
        each(trunk.calls, TrunkCall.ring)
        given_up, kept = trunk.calls[::3], [c for c in trunk.calls if c.number % 3]
        for one, call in zip(given_up, kept):
            call.pick_up()
            one.cancel()
        each(kept[len(given_up):], TrunkCall.pick_up)
        equal(sum(trunk.hears(c) for c in kept), len(kept), 'calls with audio both ways')
        each(kept, TrunkCall.hang_up)
        check_empty()


run_all(globals())
