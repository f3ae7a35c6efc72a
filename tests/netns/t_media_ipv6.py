#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Media over IPv6, which is let in and out but never translated."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import gateway
import media
import net
import sip
from media import Line, Side
from tap import check, equal, run_all
from ua import Call, Ua


def lines(base):
    return [Line('audio', base), Line('video', base + 2, 'RTP/AVPF', '96'),
            Line('image', base + 4, 'udptl', 't38'), Line('text', base + 6, formats='98'),
            Line('message', base + 8, 'TCP/MSRP', '*'), Line('application', base + 9, 'TCP/BFCP', '*')]


def sides(network, v6=True):
    phone = Ua(network, 'p1', 'alice', v6=v6)
    server = Ua(network, 's1', 'carol', rtp=30000, v6=v6)
    near, far = Side(network, phone, lines(40000)).use(), Side(network, server, lines(30000)).use()
    return near, far, f'sip:carol@{sip.bracket(server.address)}', (server.address, 5060)


def test_six():
    """six lines over IPv6: the text is the same, media both ways in each, closed after BYE"""
    with net.Net() as network:
        near, far, uri, to = sides(network)
        call = Call(near.agent, far.agent, uri, to).start()
        equal(call.invite.data, call.sent.data, 'the INVITE')
        to_near = media.read(call.invite.body)
        media.check_media(near, far, to_near, media.read(call.ok.body))
        call.hang_up()
        media.check_closed(network, near, far, to_near)
        equal([b for b in gateway.bindings() if b['type'] != 'signalling'], [], 'bindings that are left')


def test_hold():
    """hold by c=IN IP6 ::, and resume from the other side, on the same ports"""
    with net.Net() as network:
        phone, server = Ua(network, 'p1', 'alice', v6=True), Ua(network, 's1', 'carol', rtp=30000, v6=True)
        call = Call(phone, server, f'sip:carol@[{server.address}]', (server.address, 5060)).start()
        call.check_audio()
        for who, text in ((phone, sip.sdp('::', 40000)), (server, server.offer())):
            other = server if who is phone else phone
            call.in_dialog(who, 'INVITE', body=text)
            seen, source = other.expect('INVITE')
            equal(seen.body, text, 'the offer')
            call.respond(seen, source, 200, 'OK', who=other, body=other.offer())
            who.expect(200)
            call.in_dialog(who, 'ACK', cseq=int(seen['CSeq'].split()[0]))
            other.expect('ACK')
            gateway.forget()
        call.check_audio()
        call.hang_up()
        check(network.closes(server.rtp, call.to_caller, phone.rtp, 'p1', 's1'), 'audio is still open')


def test_other_family():
    """IPv4 media in a call over IPv6 are left as they are, and open nothing; the line beside them works"""
    with net.Net() as network:
        phone, server = Ua(network, 'p1', 'alice', v6=True), Ua(network, 's1', 'carol', rtp=30000, v6=True)
        beside = f'm=video 41000 RTP/AVP 96\r\nc=IN IP4 {net.P1}\r\n'
        phone.offer = lambda: sip.sdp(*phone.media, beside)
        server.offer = lambda: sip.sdp(*server.media, f'm=video 31000 RTP/AVP 96\r\nc=IN IP4 {net.S1}\r\n')
        call = Call(phone, server, f'sip:carol@[{server.address}]', (server.address, 5060)).start()
        equal(call.invite.data, call.sent.data, 'the INVITE')
        call.check_audio()
        there = network.udp('s1', 31000)
        check(network.absent(there, (net.WAN, 41000), network.udp('p1', 41000), 'p1', 's1'), 'the other line is open')
        call.hang_up()


run_all(globals())
