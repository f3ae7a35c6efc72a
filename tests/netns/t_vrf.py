#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A gateway whose devices are in a VRF, where packets pass some hooks twice."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import socket

import gateway
import net
from tap import check, equal, run_all
from ua import Call, Ua

SERVER = (net.S1, 5060)
VRF = '''
    link add red type vrf table 10
    link set red up
    link set lan master red
    link set wan master red
    addr add 2001:db8:a::1/64 dev lan nodad
    addr add 2001:db8:b::1/64 dev wan nodad'''


class Local(Ua):
    """An agent on the gateway itself, in the VRF."""

    def __init__(self, network, address, port=5060, rtp=40000):  # pylint: disable=super-init-not-called
        self.network, self.ns, self.name = network, 'gw', 'pbx'
        self.socket, self.rtp, self.rtcp = (self.bound(address, p) for p in (port, rtp, rtp + 1))
        self.address, self.port, self.media = address, port, (address, rtp)

    def bound(self, address, port):
        with net.inside('gw'):
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b'red')
            s.bind((address, port))
        self.network.sockets.append(s)
        return s


def vrf():
    gateway.need('vrf')
    gateway.ip(VRF)
    # What was routed came in by the VRF.
    gateway.nft('insert rule inet filter forward iifname red oifname wan accept')


def test_masquerade():
    """a call out: translated, each message counted once, media let in and closed"""
    with net.Net() as network:
        vrf()
        phone, server = Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)
        call = Call(phone, server, f'sip:carol@{net.S1}', SERVER).start()
        gateway.check_outside(call.invite, (net.WAN, 5060), net.WAN)
        call.check_audio()
        equal(call.audio_to_callee(), call.to_caller, 'where the audio comes from')
        check(network.absent(network.udp('s2', 30000), call.to_caller, phone.rtp, 'p1', 's2'),
              'a stranger gets through to the phone')
        call.hang_up()
        gateway.check_closed(network, call, 'p1', 's1')
        equal(gateway.counter('messages'), 6, 'messages counted: INVITE, 180, 200, ACK, BYE, 200')
        equal(gateway.counter('media_flows'), 2, 'media flows counted: RTP and RTCP')
        equal(gateway.counter('strangers'), 1, 'strangers counted')


def test_ipv6():
    """a call out over IPv6, without NAT"""
    with net.Net() as network:
        vrf()
        phone = Ua(network, 'p1', 'alice', v6=True)
        server = Ua(network, 's1', 'carol', rtp=30000, v6=True)
        call = Call(phone, server, f'sip:carol@[{server.address}]', (server.address, 5060)).start()
        equal(call.invite.data, call.sent.data, 'the INVITE')
        call.check_audio()
        call.hang_up()
        gateway.check_closed(network, call, 'p1', 's1')


def test_registered():
    """a call in to a registered phone when no flow is left"""
    with net.Net() as network:
        vrf()
        phone, server = Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)
        phone.send(phone.request('REGISTER', f'sip:{net.S1}', to=f'<sip:alice@{net.S1}>'), SERVER)
        seen, source = server.expect('REGISTER')
        server.answer(seen, source, contact=False,
                      headers=[('Contact', f'{seen["Contact"]};expires=600')])
        phone.expect(200)
        gateway.forget()
        network.barrier('p1', 's1')
        call = Call(server, phone, seen['Contact'].strip('<>'), seen.contact).start()
        equal(call.invite.uri, phone.uri, 'the Request-URI')
        call.check_audio()
        call.hang_up()
        gateway.check_closed(network, call, 'p1', 's1')


def test_local_pbx():
    """a PBX on the gateway in the VRF: its trunk has media, and its ports are not given to a phone"""
    with net.Net() as network:
        vrf()
        pbx, peer = Local(network, net.WAN), Ua(network, 's1', 'carol', rtp=30000)
        call = Call(pbx, peer, f'sip:carol@{net.S1}', SERVER).start()
        equal(call.invite.data, call.sent.data, 'the INVITE')
        call.check_audio()
        server = Ua(network, 's2', 'dave', rtp=30000)
        pbx.bound(net.WAN, 40020)  # nothing has been sent from there
        phone = Ua(network, 'p1', 'alice', rtp=40020)
        other = Call(phone, server, f'sip:dave@{net.S2}', (net.S2, 5060)).start()
        check(other.to_caller[1] != 40020, "the phone was given the PBX's port")
        other.check_audio()
        call.check_audio()
        other.hang_up()
        call.hang_up(peer)
        check(network.closes(peer.rtp, call.to_caller, pbx.rtp, 'p1', 's1'),
              'two seconds after the call its audio still passes')


run_all(globals())
