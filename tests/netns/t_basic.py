#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""One phone and one server: what the server sees, what comes back, who is heard."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import net
import sip
from tap import check, equal, run_all
from ua import Call, Ua

SERVER = (net.S1, 5060)


def pair(network, **more):
    return Ua(network, 'p1', 'alice', **more), Ua(network, 's1', 'carol', rtp=30000)


def outer(network, phone):
    """Where the phone's signalling is seen to come from."""
    return network.arrives(phone.socket, (net.S1, 5059), network.udp('s1', 5059), b'\r\n\r\n')


def check_outside(message, where, public):
    """No private address in a message as the server saw it."""
    via = sip.sent_by(message['Via'])
    equal(via, where, 'the address in Via')
    if message['Contact']:
        equal(message.contact, where, 'the address in Contact')
    equal(sip.hostport(message['From'])[0], public, 'the host in From')
    if message.body:
        equal(message.origin, public, 'the address in o=')
        equal(message.media[0], public, 'the address in c=')


def test_options_out():
    """OPTIONS of the phone is translated, its answer comes back in the phone's own words"""
    with net.Net() as network:
        phone, server = pair(network)
        sent = sip.Message(phone.request('OPTIONS', f'sip:{net.S1}', via_params=''))
        phone.send(sent.data, SERVER)
        seen, source = server.expect('OPTIONS')
        check_outside(seen, source, network.public)
        equal(seen['Call-ID'], sent['Call-ID'], 'Call-ID, which looks like an address')
        equal(seen['To'], sent['To'], 'To, which names the server')
        server.answer(seen, source)
        got, _ = phone.expect(200)
        for name in ('Via', 'From', 'Call-ID', 'CSeq'):
            equal(got[name], sent[name], f'{name} in the answer')
        equal(got.contact, SERVER, "the server's Contact")


def test_options_in():
    """OPTIONS of the server finds the phone by what the phone's Contact became"""
    with net.Net() as network:
        phone, server = pair(network)
        phone.send(phone.request('OPTIONS', f'sip:{net.S1}'), SERVER)
        seen, source = server.expect('OPTIONS')
        server.answer(seen, source)
        phone.expect(200)
        sent = sip.Message(server.request('OPTIONS', seen['Contact'].strip('<>')))
        server.send(sent.data, seen.contact)
        got, back = phone.expect('OPTIONS')
        equal(got.uri, phone.uri, 'the Request-URI')
        equal(got['Via'], sent['Via'], "the server's Via")
        equal(got['From'], sent['From'], "the server's From")
        phone.answer(got, back)
        answer, _ = server.expect(200)
        equal(answer.contact, seen.contact, 'the address in Contact of the answer')
        equal(answer['Via'].partition(';')[0], sent['Via'].partition(';')[0], "the server's Via")


def call_through(variant, **more):
    """A whole call from inside, on one kind of NAT."""
    with net.Net(variant, **more) as network:
        phone, server = pair(network)
        where = outer(network, phone)
        call = Call(phone, server, f'sip:carol@{net.S1}', SERVER).start()
        check_outside(call.invite, where, network.public)
        equal(call.source, where, 'where the INVITE came from')
        equal(call.ok.body, server.offer(), 'the answer, which names the server')
        call.check_audio()
        equal(call.audio_to_callee(), call.to_caller, 'where the audio of the phone comes from')
        equal(call.audio_to_caller(), server.media, 'where the audio of the server comes from')
        call.hang_up()


def test_masquerade():
    """a call out through masquerade"""
    call_through('masquerade')


def test_snat():
    """a call out through snat to an address that is not the first of the interface"""
    call_through('snat')


def test_offload():
    """a call out with checksums left to the devices"""
    call_through('masquerade', offload=True)


def call_unchanged(network, phone, server, to):
    """A call where nothing is to be translated, but media has to be let in."""
    call = Call(phone, server, f'sip:carol@{sip.bracket(to[0])}', to).start()
    equal(call.invite.data, call.sent.data, 'the INVITE')
    equal(call.ok.body, server.offer(), 'the answer')
    call.check_audio()
    stranger = network.udp('s2', server.media[1], v6=':' in to[0])
    check(network.absent(stranger, call.to_caller, phone.rtp, 'p1', 's2'),
          'a stranger gets through to the phone')
    call.hang_up()
    check(network.closes(server.rtp, call.to_caller, phone.rtp, 'p1', 's1'),
          'two seconds after the call its audio still passes')


def test_no_nat():
    """without NAT the call passes byte-identical, and its media is let in"""
    with net.Net('none') as network:
        phone, server = pair(network)
        call_unchanged(network, phone, server, SERVER)


def test_ipv6():
    """over IPv6 the call passes byte-identical, and its media is let in"""
    with net.Net() as network:
        phone, server = Ua(network, 'p1', 'alice', v6=True), Ua(network, 's1', 'carol', v6=True)
        call_unchanged(network, phone, server, (server.address, 5060))


def test_port_forward():
    """a call in to a server behind a forwarded port"""
    with net.Net('dnat') as network:
        inner, peer = Ua(network, 'p1', 'pbx'), Ua(network, 's1', 'carol', rtp=30000)
        call = Call(peer, inner, f'sip:pbx@{net.WAN}', (net.WAN, 5060)).start()
        equal(sip.hostport(call.invite.uri), (net.P1, 5060), 'the host in the Request-URI')
        equal(call.invite.body, peer.offer(), 'the offer, which names the peer')
        equal(call.ok.contact, (net.WAN, 5060), 'Contact in the answer')
        equal(call.to_callee[0], net.WAN, 'c= in the answer')
        check(call.audio_to_callee(), 'the inside does not hear the peer')
        check(call.audio_to_caller(), 'the peer does not hear the inside')
        call.hang_up()


def test_other_port():
    """a phone whose port is not 5060 and whose Via has none of the default either"""
    with net.Net() as network:
        phone, server = pair(network, port=5070)
        where = outer(network, phone)
        call = Call(phone, server, f'sip:carol@{net.S1}', SERVER).start()
        check_outside(call.invite, where, network.public)
        call.check_audio()
        call.hang_up(server)


def test_retransmission():
    """a retransmitted INVITE becomes the same bytes"""
    with net.Net() as network:
        phone, server = pair(network)
        data = phone.request('INVITE', f'sip:carol@{net.S1}', body=phone.offer())
        seen = []
        for _ in range(3):
            phone.send(data, SERVER)
            seen.append(server.expect('INVITE')[0].data)
        equal(seen[1], seen[0], 'the first retransmission')
        equal(seen[2], seen[0], 'the second retransmission')


def test_public_already():
    """a phone that knows its public address (STUN) is left alone, byte for byte"""
    with net.Net() as network:
        phone, server = pair(network)
        where = outer(network, phone)
        phone.address, phone.port = where
        data = phone.request('INVITE', f'sip:carol@{net.S1}', body=sip.sdp(where[0], 40000))
        phone.send(data, SERVER)
        equal(server.expect('INVITE')[0].data, data, 'the INVITE')


def test_closing():
    """two seconds after BYE and its 200 no audio gets in, although it ran"""
    with net.Net() as network:
        phone, server = pair(network)
        call = Call(phone, server, f'sip:carol@{net.S1}', SERVER).start()
        call.check_audio()
        call.hang_up()
        check(network.closes(server.rtp, call.to_caller, phone.rtp, 'p1', 's1'),
              'two seconds after the call its audio still passes')
        check(network.absent(server.rtp, call.to_caller, phone.rtp, 'p1', 's1'),
              'audio that was closed out passes again')


run_all(globals())
