#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Media of other inside hosts than the sender: left alone, unless a rule names them."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import gateway
import net
import sip
from tap import check, equal, run_all
from ua import Call, Ua

SERVER = (net.S1, 5060)


class Speaker:
    """A host inside whose media the PBX speaks of."""

    def __init__(self, network, ns='p2', port=41000, v6=False):
        self.network, self.ns = network, ns
        self.rtp, self.rtcp = network.udp(ns, port, v6=v6), network.udp(ns, port + 1, v6=v6)
        self.media = self.rtp.getsockname()[:2]


def call_of(network, rule, speaker, **more):
    """A call of the PBX at p1 whose media are the speaker's."""
    pbx, server = Ua(network, 'p1', 'pbx', **more), Ua(network, 's1', 'carol', rtp=30000, **more)
    pbx.media = speaker.media
    gateway.policy(rule)
    return Call(pbx, server, f'sip:carol@{sip.bracket(server.address)}', (server.address, 5060)), server


def check_audio(call, speaker, server):
    """RTP and RTCP both ways between the speaker and the server."""
    place, rtcp = call.to_caller, (call.to_caller[0], call.to_caller[1] + 1)
    equal(net.Net.arrives(server.rtp, place, speaker.rtp), server.media, 'where the speaker hears RTP from')
    equal(net.Net.arrives(speaker.rtp, call.to_callee, server.rtp), place, 'where the server hears RTP from')
    equal(net.Net.arrives(server.rtcp, rtcp, speaker.rtcp), (server.media[0], server.media[1] + 1), 'RTCP in')
    equal(net.Net.arrives(speaker.rtcp, (call.to_callee[0], call.to_callee[1] + 1), server.rtcp), rtcp, 'RTCP out')


def test_named():
    """the media of a host that the rule names are translated, let in from the answered host alone, and closed"""
    for inner in net.P2, '192.0.2.0/24,10.0.0.0/29,10.0.0.8/29':
        with net.Net() as network:
            speaker = Speaker(network)
            call, server = call_of(network, f'alg inner {inner}', speaker)
            call.start()
            gateway.check_outside(call.invite, (net.WAN, 5060), net.WAN)
            equal(call.invite.media, (net.WAN, 41000), 'the media outside')
            check_audio(call, speaker, server)
            check(network.absent(network.udp('s2'), call.to_caller, speaker.rtp, 'p2', 's2'), 'a stranger is heard')
            check(network.absent(server.rtp, (net.WAN, 40000), call.caller.rtp, 'p1', 's1'), 'the PBX is open as well')
            equal(sorted((b['inner_addr'], b['inner_port']) for b in gateway.bindings() if b['type'] != 'signalling'),
                  [(net.P2, 41000), (net.P2, 41001)], 'the bindings of media')
            call.hang_up()
            check(network.closes(server.rtp, call.to_caller, speaker.rtp, 'p2', 's1'), 'media pass after the end')
            equal(gateway.counter('foreign_media'), 0, 'foreign_media')


def test_not_named():
    """the media of other hosts are left as they are, and nothing leads to them"""
    for rule in 'alg', 'alg inner 10.0.0.13,10.0.0.128/25,2001:db8:a::12':
        with net.Net() as network:
            speaker = Speaker(network)
            call, server = call_of(network, rule, speaker)
            call.start()
            equal(call.invite.media, speaker.media, f'{rule}: the media outside')
            equal(gateway.counter('foreign_media'), 1, f'{rule}: foreign_media')
            check(network.absent(server.rtp, (net.WAN, 41000), speaker.rtp, 'p2', 's1'), f'{rule}: it is let in')


def test_beside():
    """lines of the sender, of a host that is named and of one that is not, in one description, each on its terms"""
    with net.Net() as network:
        speaker = Speaker(network)
        call, server = call_of(network, f'alg inner {net.P2}', speaker)
        lines = ''.join(f'm=video {port} RTP/AVP 96\r\nc=IN IP4 {host}\r\n'
                        for host, port in ((net.P1, 41000), (net.P1, 40002), ('10.0.0.99', 42000)))
        call.caller.offer = lambda: sip.sdp(*speaker.media, lines)
        server.offer = lambda: sip.sdp(*server.media, ''.join(f'm=video {30002 + 2 * n} RTP/AVP 96\r\n'
                                                              for n in range(3)))
        call.start()
        text = call.invite.body.decode().split('\r\n')
        ports = [int(line.split()[1]) for line in text if line.startswith('m=')]
        hosts = [line.split()[2] for line in text if line.startswith('c=')]
        equal(hosts, [net.WAN, net.WAN, net.WAN, '10.0.0.99'], 'the hosts outside')
        equal((ports[0], ports[2], ports[3]), (41000, 40002, 42000), 'the ports that are free')
        check(ports[1] != 41000, 'two hosts have one port')
        check_audio(call, speaker, server)
        far, near = network.udp('s1', 30002), network.udp('p1', 41000)
        check(net.Net.arrives(far, (net.WAN, ports[1]), near), 'the other host with that port is not reached')


def test_six():
    """over IPv6, where nothing is translated, the host that is named is let in; IPv4 prefixes name nobody there"""
    for inner, good in ('2001:db8:a::12', True), ('2001:db8:a::/64', True), ('0.0.0.0/0', False):
        with net.Net() as network:
            speaker = Speaker(network, v6=True)
            call, server = call_of(network, f'alg inner {inner}', speaker, v6=True)
            call.start()
            equal(call.invite.data, call.sent.data, 'the INVITE')
            # Where nothing is translated the server's own port has a binding, which may lead to where it was told.
            other = network.udp('s1', 30010, v6=True)
            equal(network.absent(other, call.to_caller, speaker.rtp, 'p2', 's1'), not good, f'{inner}: is it shut?')
            equal(len([b for b in gateway.bindings() if b['inner_addr'] == speaker.media[0]]), 2 * good,
                  f'{inner}: the bindings of the speaker')
            if good:
                check_audio(call, speaker, server)
            call.hang_up()
            check(network.closes(server.rtp, call.to_caller, speaker.rtp, 'p2', 's1'), 'media pass after the end')


def test_other_family():
    """an IPv4 host that is named has no place in a call over IPv6"""
    with net.Net() as network:
        speaker = Speaker(network)
        call, _ = call_of(network, 'alg inner 0.0.0.0/0', speaker, v6=True)
        call.start()
        equal(call.invite.data, call.sent.data, 'the INVITE')
        equal([b for b in gateway.bindings() if b['inner_addr'] == net.P2], [], 'bindings of that host')


run_all(globals())
