#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A PBX on the gateway itself, next to phones behind it."""

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


class Local(Ua):
    """An agent on one of the gateway's own addresses."""

    def __init__(self, network, address, name='pbx', port=5060, rtp=40000):  # pylint: disable=super-init-not-called
        self.network, self.ns, self.name = network, 'gw', name
        self.socket = network.udp('gw', port, address)
        self.rtp = network.udp('gw', rtp, address)
        self.rtcp = network.udp('gw', rtp + 1, address)
        self.address, self.port = address, port
        self.media = (address, rtp)

    def closed(self, sender, to):
        """True if datagrams of this sender stop to arrive within two seconds."""
        return self.network.closes(sender, to, self.rtp, 'p1', 's1')


def allow_trunk():
    """Only SIP may come in by itself."""
    gateway.nft('insert rule inet filter input udp dport 5060 accept')


def check_same(got, sent, what):
    equal(got.data if isinstance(got, sip.Message) else got, sent, what)


def test_from_phone():
    """a phone calls the PBX: nothing is translated, audio both ways"""
    with net.Net() as network:
        phone, pbx = Ua(network, 'p1', 'alice'), Local(network, net.LAN)
        call = Call(phone, pbx, f'sip:pbx@{net.LAN}', (net.LAN, 5060)).start()
        check_same(call.invite, call.sent.data, 'the INVITE')
        equal(call.ok.body, pbx.offer(), 'the answer')
        call.check_audio()
        call.hang_up()


def test_trunk_in():
    """the provider calls the PBX: its media gets in, a stranger's does not, until BYE"""
    with net.Net() as network:
        allow_trunk()
        pbx, peer = Local(network, net.WAN), Ua(network, 's1', 'carol', rtp=30000)
        call = Call(peer, pbx, f'sip:pbx@{net.WAN}', (net.WAN, 5060)).start()
        check_same(call.invite, call.sent.data, 'the INVITE')
        equal(call.ok.body, pbx.offer(), 'the answer')
        check(call.audio_to_callee(), 'the PBX does not hear the provider')
        check(call.audio_to_caller(), 'the provider does not hear the PBX')
        check(network.absent(network.udp('s2', 30000), call.to_callee, pbx.rtp, 'p1', 's2'),
              'a stranger gets through to the PBX')
        call.hang_up()
        check(pbx.closed(peer.rtp, call.to_callee), 'after two seconds audio still passes')


def test_trunk_out():
    """the PBX calls the provider: the provider's media gets in first, and no more after BYE"""
    with net.Net() as network:
        pbx, peer = Local(network, net.WAN), Ua(network, 's1', 'carol', rtp=30000)
        call = Call(pbx, peer, f'sip:carol@{net.S1}', SERVER).start()
        check_same(call.invite, call.sent.data, 'the INVITE')
        call.check_audio()
        call.hang_up(peer)
        check(pbx.closed(peer.rtp, call.to_caller), 'after two seconds audio still passes')


def test_translated():
    """a PBX on the LAN's address of the gateway is translated on its way out"""
    with net.Net() as network:
        pbx, peer = Local(network, net.LAN), Ua(network, 's1', 'carol', rtp=30000)
        call = Call(pbx, peer, f'sip:carol@{net.S1}', SERVER).start()
        gateway.check_outside(call.invite, call.source, net.WAN)
        call.check_audio()
        equal(call.audio_to_callee(), call.to_caller, 'where the audio comes from')
        call.hang_up()
        check(pbx.closed(peer.rtp, call.to_caller), 'after two seconds audio still passes')


def kept_apart(network, address):
    """A phone with the PBX's own ports calls through the gateway, and both have their media."""
    pbx = Local(network, address, port=5062)
    phone, peer = Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)
    call = Call(phone, peer, f'sip:carol@{net.S1}', SERVER).start()
    check(call.to_caller[1] not in (39999, 40000, 40001),
          f'the phone was given port {call.to_caller[1]} of the PBX')
    call.check_audio()
    equal(call.audio_to_callee(), call.to_caller, 'where the audio of the phone comes from')
    check(not net.drain(pbx.rtp) and not net.drain(pbx.rtcp), "the PBX got the phone's media")
    call.hang_up()


def test_media_port():
    """a media port of the PBX is not given to a phone that has the same"""
    with net.Net() as network:
        kept_apart(network, net.WAN)


def test_any_address():
    """nor is one that the PBX has on all addresses"""
    with net.Net() as network:
        kept_apart(network, '0.0.0.0')


def test_rtcp_port():
    """a phone whose RTCP would have a port of the PBX gets another pair"""
    with net.Net() as network:
        taken = network.udp('gw', 40001, net.WAN)
        phone, peer = Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)
        call = Call(phone, peer, f'sip:carol@{net.S1}', SERVER).start()
        check(call.to_caller[1] != 40000, 'the pair of 40000 was used')
        call.check_audio()
        check(not net.drain(taken), 'the socket of the gateway got something')
        call.hang_up()


def test_signalling_port():
    """the PBX has 5060: a phone's Contact does not, and the registrar reaches each of them"""
    with net.Net() as network:
        allow_trunk()
        pbx = Local(network, net.WAN, rtp=42000)
        phone, server = Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)
        contacts = []
        for _ in range(2):
            phone.send(phone.request('REGISTER', f'sip:{net.S1}', call_id='same',
                                     to=f'<sip:alice@{net.S1}>', cseq=len(contacts) + 1), SERVER)
            seen, source = server.expect('REGISTER')
            contacts.append(seen.contact)
            server.answer(seen, source, contact=False,
                          headers=[('Contact', f'{seen["Contact"]};expires=600')])
            equal(phone.expect(200)[0].contact, (net.P1, 5060), 'the contact in the answer')
        check(contacts[0][1] != 5060, "the phone's Contact has the port of the PBX")
        equal(contacts[1], contacts[0], 'the Contact of the renewal')
        gateway.forget()
        network.barrier('p1', 's1')
        server.send(server.request('OPTIONS', f'sip:pbx@{net.WAN}'), (net.WAN, 5060))
        got, source = pbx.expect('OPTIONS')
        pbx.answer(got, source)
        server.expect(200)
        call = Call(server, phone, f'sip:alice@{contacts[0][0]}:{contacts[0][1]}', contacts[0]).start()
        equal(call.invite.uri, f'sip:alice@{net.P1}:5060', 'the Request-URI')
        call.check_audio()
        call.hang_up()


def test_back_to_back():
    """a call from the provider through the PBX to a phone: both legs, all audio"""
    with net.Net() as network:
        allow_trunk()
        pbx, peer = Local(network, net.WAN), Ua(network, 's1', 'carol', rtp=30000)
        inner = Local(network, net.LAN, rtp=41000)
        phone = Ua(network, 'p1', 'alice')
        first = Call(peer, pbx, f'sip:pbx@{net.WAN}', (net.WAN, 5060)).ring()
        second = Call(inner, phone, f'sip:alice@{net.P1}', (net.P1, 5060)).start()
        check_same(second.invite, second.sent.data, 'the second INVITE')
        first.pick_up()
        first.check_audio()
        second.check_audio()
        second.hang_up(phone)
        first.check_audio()
        first.hang_up(pbx)
        check(pbx.closed(peer.rtp, first.to_callee), 'after two seconds audio still passes')


run_all(globals())
