#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Who was not named gets nothing: strangers, other inside hosts, forged messages."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import net
import sip
from gateway import counter, ctl
from tap import check, run_all
from ua import Call, Ua

SERVER = (net.S1, 5060)


def trio(network):
    return (Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000),
            Ua(network, 's2', 'mallory', rtp=30000))


def test_rtp_during_a_call():
    """a stranger's packets reach neither the RTP nor the RTCP port of a call"""
    with net.Net() as network:
        phone, server, stranger = trio(network)
        call = Call(phone, server, f'sip:carol@{net.S1}', SERVER).start()
        call.check_audio()
        rtp, rtcp = call.to_caller, (call.to_caller[0], call.to_caller[1] + 1)
        check(network.absent(stranger.rtp, rtp, phone.rtp, 'p1', 's2'), 'RTP of a stranger passes')
        check(network.absent(stranger.rtcp, rtcp, phone.rtcp, 'p1', 's2'),
              'RTCP of a stranger passes')
        call.check_audio()


def test_rtp_before_the_answer():
    """a stranger's packets do not reach a port that was only offered"""
    with net.Net() as network:
        phone, server, stranger = trio(network)
        call = Call(phone, server, f'sip:carol@{net.S1}', SERVER).ring()
        check(network.absent(stranger.rtp, call.to_caller, phone.rtp, 'p1', 's2'),
              'RTP of a stranger passes')


def test_neighbouring_ports():
    """the peer itself does not reach ports that nobody offered"""
    with net.Net() as network:
        phone, server, _ = trio(network)
        listen = {port: network.udp('p1', port) for port in (39998, 39999, 40002, 40003)}
        call = Call(phone, server, f'sip:carol@{net.S1}', SERVER).start()
        for port, sock in listen.items():
            outer = (call.to_caller[0], call.to_caller[1] + port - 40000)
            check(network.absent(server.rtp, outer, sock, 'p1', 's1'), f'port {port} is open')


def test_invite_of_a_stranger():
    """a stranger's INVITE to the phone's public port does not arrive"""
    with net.Net() as network:
        phone, server, stranger = trio(network)
        call = Call(phone, server, f'sip:carol@{net.S1}', SERVER).start()
        stranger.send(stranger.request('INVITE', call.invite['Contact'].strip('<>'),
                                       body=stranger.offer()), call.invite.contact)
        check(phone.quiet('p1', 's2'), 'it arrived')


def test_offer_for_another_host():
    """an offer that names another inside host opens nothing to it"""
    with net.Net() as network:
        phone, server, _ = trio(network)
        victim = network.udp('p2', 40000)
        phone.media = (net.P2, 40000)
        call = Call(phone, server, f'sip:carol@{net.S1}', SERVER).start()
        for port in {call.to_caller[1], 40000}:
            check(network.absent(server.rtp, (net.WAN, port), victim, 'p2', 's1'),
                  'the server gets through to a host that offered nothing')


def test_contact_of_another_host():
    """a REGISTER with another inside host's Contact opens nothing to it"""
    with net.Net() as network:
        phone, server, _ = trio(network)
        victim = network.udp('p2', 5060)
        own = phone.address
        phone.address = net.P2
        phone.send(phone.request('REGISTER', f'sip:{net.S1}', headers=[('Expires', '600')]), SERVER)
        phone.address = own
        seen, source = server.expect('REGISTER')
        server.answer(seen, source, contact=False,
                      headers=[('Contact', f'{seen["Contact"]};expires=600')])
        phone.expect(200)
        for port in {seen.contact[1], 5060}:
            check(network.absent(server.socket, (net.WAN, port), victim, 'p2', 's1',
                                 server.request('OPTIONS', f'sip:alice@{net.WAN}:{port}')),
                  'the server gets through to a host that did not register')


def test_forged_answer():
    """an answer from another host than was asked opens nothing to it"""
    with net.Net('dnat') as network:
        phone, server, stranger = trio(network)
        call = Call(phone, server, f'sip:carol@{net.S1}', SERVER).begin()
        forged = stranger.response(call.invite, call.source, 200, 'OK', to_tag='forged',
                                   body=stranger.offer())
        stranger.send(forged, (net.WAN, 5060))
        network.barrier('p1', 's2')
        check(network.absent(stranger.rtp, call.to_caller, phone.rtp, 'p1', 's2'),
              'the forger gets through to the phone')
        net.drain(phone.socket)
        call.pick_up()
        call.check_audio()


def test_forged_bye():
    """a BYE from elsewhere, or with a wrong tag or an old CSeq, does not mute the call"""
    with net.Net('dnat') as network:
        phone, server, stranger = trio(network)
        call = Call(phone, server, f'sip:carol@{net.S1}', SERVER).start()
        call.check_audio()
        # Only after a request of the server can its CSeq be an old one.
        call.in_dialog(server, 'INFO', cseq=10)
        info, source = phone.expect('INFO')
        phone.answer(info, source)
        server.expect(200)
        bye, _ = call.within(server, 'BYE', cseq=11)
        wrong_tag = bye.replace(b';tag=' + call.to_tag.encode(), b';tag=wrong')
        stale = call.within(server, 'BYE', cseq=5)[0]
        for who, data, text in ((stranger, bye, 'from a stranger'), (server, wrong_tag, 'of no dialog'),
                                (server, stale, 'with an old CSeq')):
            who.send(data, call.invite.contact)
            phone.expect('BYE')
            # The answer of the phone is what would end the dialog.
            message = sip.Message(data)
            phone.answer(message, (who.address, who.port), contact=False)
            who.receive()
            check(call.audio_to_caller(), f'the call is mute after a BYE {text}')


def test_forged_cancel():
    """a CANCEL of a stranger, who knows all that stands in it, does not shorten the ringing"""
    with net.Net('dnat') as network:
        phone, server, stranger = trio(network)
        call = Call(server, phone, f'sip:alice@{net.WAN}', (net.WAN, 5060)).begin()
        call.respond(call.invite, call.source, 183, 'Session Progress', body=phone.offer())
        early, _ = server.expect(183)
        to_phone = early.media
        branch = call.sent['Via'].partition('branch=z9hG4bK')[2].partition(';')[0]
        forged = server.request('CANCEL', call.uri, call_id=call.call_id, from_tag=call.from_tag,
                                branch=branch, contact=False)
        before = counter('stale')
        stranger.send(forged, (net.WAN, 5060))
        phone.expect('CANCEL')
        check(counter('stale') > before, 'it was not counted')
        left = [d['expires_in'] for d in ctl('dialog', 'list')]
        check(left[0] > 200, f'the call is given up in {left} seconds')
        check(network.arrives(server.rtp, to_phone, phone.rtp), 'the call is mute')
        # The server's own is heard.
        server.send(forged, (net.WAN, 5060))
        phone.expect('CANCEL')
        left = [d['expires_in'] for d in ctl('dialog', 'list')]
        check(left[0] <= 32, f'the call is given up in {left} seconds')


def test_closed_host():
    """after the call a stranger does not inherit its ports"""
    with net.Net() as network:
        phone, server, stranger = trio(network)
        call = Call(phone, server, f'sip:carol@{net.S1}', SERVER).start()
        call.check_audio()
        call.hang_up()
        check(network.closes(server.rtp, call.to_caller, phone.rtp, 'p1', 's1'),
              'two seconds after the call its audio still passes')
        check(network.absent(stranger.rtp, call.to_caller, phone.rtp, 'p1', 's2'),
              'a stranger gets through to the phone')


run_all(globals())
