#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Streams that never pause, in calls of all kinds at once: none outlives its call by two seconds."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import time

import media
import net
import sip
from leg import Leg
from media import Line
from tap import check, equal, run_all
from ua import Ua

SERVER = (net.S1, 5060)
FORKS = {'b': net.S1, 'c': net.S2, 'd': '203.0.113.21'}
ICE = 'a=ice-ufrag:F7gI\r\na=ice-pwd:x9cml/YzichV2+XlhiMu8g\r\n'


class Talk:
    """A call, and the streams of its far side that arrive at the near one."""

    def __init__(self, name, leg, end=None):
        self.name, self.leg, self.end = name, leg, end or leg.down
        self.ways, self.receivers, self.ended = [], [], 0

    def stream(self, sender, to, receiver):
        self.ways.append((sender, to))
        self.receivers.append(receiver)
        return self


class Stage:
    """alice, bob and a PBX inside, carol and others outside; a socket for each port."""

    def __init__(self, network):
        self.network, self.open = network, {}
        net.run('s2', 'ip', 'addr', 'add', f'{FORKS["d"]}/24', 'dev', 'eth0')
        self.alice, self.bob = Ua(network, 'p1', 'alice'), Ua(network, 'p2', 'bob')
        self.carol = Ua(network, 's1', 'carol', rtp=30000)
        self.talks = []

    def socket(self, ns, port, address=None, v6=False):
        key = (ns, port, address, v6)
        for agent in (self.alice, self.bob, self.carol):
            if (ns, port, address or net.ADDRESS[ns]) == (agent.ns, agent.media[1], agent.address) and not v6:
                return agent.rtp
        if key not in self.open:
            self.open[key] = self.network.udp(ns, port, address, v6)
        return self.open[key]

    def call(self, name, offer, answer, caller=None, lines=None, text=None):
        """A call with these descriptions; a stream for each UDP line of the near side."""
        caller = caller or self.alice
        leg = Leg(caller, self.carol, SERVER)
        invite = leg.ask(caller, 'INVITE', offer)
        leg.say(invite, 200, answer)
        leg.ask(caller, 'ACK')
        talk = Talk(name, leg)
        for near, far, told in lines or self.lines(offer, answer, text or invite.seen.body):
            talk.stream(self.socket('s1', far), told, self.socket(caller.ns, near))
        self.talks.append(talk)
        return talk

    @staticmethod
    def lines(offer, answer, seen):
        """(near port, far port, where the far side was told to send to) of each UDP line."""
        return [(a.port, b.port, told.rtp) for a, b, told in zip(*(media.read(t) for t in (offer, answer, seen)))
                if not a.proto.startswith('TCP')]


def kinds(base):
    return [Line('audio', base), Line('video', base + 2, 'RTP/AVPF', '96'), Line('image', base + 4, 'udptl', 't38'),
            Line('text', base + 6, formats='98'), Line('message', base + 8, 'TCP/MSRP', '*'),
            Line('application', base + 9, 'TCP/BFCP', '*')]


def multipart(*texts):
    return b''.join(b'--b\r\nContent-Type: application/sdp\r\n\r\n' + t + b'\r\n' for t in texts) + b'--b--\r\n'


def same_ports(stage):
    """Two phones with the same ports call the same server."""
    for phone in (stage.alice, stage.bob):
        stage.call(f'same ports, {phone.name}', sip.sdp(*phone.media), sip.sdp(*stage.carol.media), phone)


def three_forks(stage):
    """Three phones ring with early media, one of them answers."""
    leg = Leg(stage.alice, stage.carol, SERVER)
    invite = leg.ask(stage.alice, 'INVITE', leg.offer(stage.alice, 41000))
    talk = Talk('three forks', leg, lambda: leg.down(tag='c'))
    for tag, host in FORKS.items():
        leg.say(invite, 183, leg.offer(stage.carol, 31000, address=host), tag=tag)
        talk.stream(stage.socket('s1' if tag == 'b' else 's2', 31000, host), invite.seen.media, stage.socket('p1', 41000))
    leg.say(invite, 200, leg.offer(stage.carol, 31000, address=FORKS['c']), tag='c')
    leg.ask(stage.alice, 'ACK', tag='c')
    stage.talks.append(talk)


def fax(stage):
    """A call that has switched over to T.38."""
    talk = stage.call('T.38', sip.sdp(net.P1, 42000), sip.sdp(net.S1, 32000))
    offer, answer = (media.describe(a, [Line('image', p, 'udptl', 't38')]) for a, p in ((net.P1, 42002), (net.S1, 32002)))
    again = talk.leg.ask(stage.carol, 'INVITE', answer)
    got = talk.leg.say(again, 200, offer)
    talk.leg.ask(stage.carol, 'ACK')
    talk.ways.clear()
    talk.receivers.clear()
    talk.stream(stage.socket('s1', 32002), got.seen.media, stage.socket('p1', 42002))


def ice(stage):
    """A call with candidates; RTCP goes by one of its own."""
    def text(address, port):
        return sip.sdp(address, port, ICE + ''.join(
            f'a=candidate:1 {n + 1} UDP {2130706431 - n} {address} {port + n} typ host\r\n' for n in (0, 1)) +
            'a=candidate:2 1 UDP 1694498815 198.51.100.9 45664 typ srflx raddr 10.0.0.11 rport 43000\r\n')
    offer, answer = text(net.P1, 43000), text(net.S1, 33000)
    talk = stage.call('ICE', offer, answer)
    (told,) = media.read(talk.leg.steps[0].seen.body)
    equal(told.candidates[0], told.rtp, 'the first candidate, which is the default destination')
    check(('198.51.100.9', 45664) in told.candidates, f'the candidate of another host is not among {told.candidates}')
    talk.stream(stage.socket('s1', 33001), told.candidates[1], stage.socket('p1', 43001))


def parts(stage):
    """Two descriptions in a multipart body, both answered."""
    texts = [[sip.sdp(a, p + n) for n in (0, 10)] for a, p in ((net.P1, 44000), (net.S1, 34000))]
    leg = Leg(stage.alice, stage.carol, SERVER)

    def mixed(data):
        return data.replace(b'Content-Type: application/sdp\r\nContent-Length', b'Content-Type: multipart/mixed;boundary=b\r\n'
                            b'Content-Length', 1)
    stage.alice.send(mixed(leg.build(stage.alice, 'INVITE', multipart(*texts[0]))), SERVER)
    seen, source = stage.carol.expect('INVITE')
    leg.tags[stage.carol] = 'parts'
    stage.carol.send(mixed(stage.carol.response(seen, source, 200, 'OK', to_tag='parts', body=multipart(*texts[1]))), source)
    got, _ = stage.alice.expect(200)
    leg.target[stage.alice] = (got['Contact'].strip('<>'), got.contact)
    leg.target[stage.carol] = (seen['Contact'].strip('<>'), seen.contact)
    leg.ask(stage.alice, 'ACK')
    talk = Talk('multipart', leg)
    for n, told in enumerate(media.read(seen.body.partition(b'\r\n\r\n')[2])[:2]):
        talk.stream(stage.socket('s1', 34000 + 10 * n), (net.WAN, told.port), stage.socket('p1', 44000 + 10 * n))
    equal(len(talk.ways), 2, 'descriptions')
    stage.talks.append(talk)


def six_lines(stage):
    """Six media lines of all kinds."""
    stage.call('six lines', media.describe(net.P1, kinds(45000)), media.describe(net.S1, kinds(35000)))


def forwarded(stage):
    """A call in to the PBX behind the forwarded port, which the PBX ends."""
    leg = Leg(stage.carol, stage.alice, (net.WAN, 5060))
    invite = leg.ask(stage.carol, 'INVITE', leg.offer(stage.carol, 36000))
    got = leg.say(invite, 200, leg.offer(stage.alice, 46000))
    leg.ask(stage.carol, 'ACK')
    stage.talks.append(Talk('forwarded port', leg, lambda: leg.down(stage.alice)).stream(
        stage.socket('s1', 36000), got.seen.media, stage.socket('p1', 46000)))


def ipv6(stage):
    """A call over IPv6, without NAT."""
    phone = Ua(stage.network, 'p1', 'alice6', v6=True)
    server = Ua(stage.network, 's1', 'carol6', rtp=30000, v6=True)
    leg = Leg(phone, server, (server.address, 5060), f'sip:carol6@[{server.address}]')
    leg.names = {who: f'<sip:{who.name}@example.com>' for who in (phone, server)}
    invite = leg.up()
    stage.talks.append(Talk('IPv6', leg).stream(server.rtp, invite.seen.media, phone.rtp))


def test_all():
    """equal ports, forks, T.38, ICE, multipart, six lines, a forwarded port, IPv6: heard, and then not any more"""
    with net.Net('dnat') as network:
        stage = Stage(network)
        for make in (same_ports, three_forks, fax, ice, parts, six_lines, forwarded, ipv6):
            make(stage)
        ways = [way for talk in stage.talks for way in talk.ways]
        with media.Streams(ways, 0.1):
            for talk in stage.talks:
                for receiver in set(talk.receivers):
                    media.check_running(receiver, [ways.index(w) for w, r in zip(talk.ways, talk.receivers)
                                                   if r is receiver], talk.name)
            time.sleep(0.2)  # so that each has sent something more
            for talk in stage.talks:
                talk.end()
                talk.ended = time.monotonic()
            time.sleep(2.5)  # the streams run on
        for talk in stage.talks:
            late = max(media.last_sent(r) for r in set(talk.receivers)) - talk.ended
            check(late > -10, f'{talk.name}: nothing came after the first datagram')
            print(f'# {talk.name}: {len(talk.ways)} streams, the last datagram {late * 1000:.0f} ms after the end', flush=True)
            check(late < 2, f'{talk.name}: what was sent {late:.1f} s after the end arrived')


run_all(globals())
