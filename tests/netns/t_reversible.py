#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What the inside sent comes back to it as it sent it; what is public already passes as it is."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import net
from line import SERVER, Line, message, request
from tap import equal, run_all

line = Line()

VIAS = (
    'Via: SIP/2.0/UDP {a};branch=z9hG4bK{n}', 'v:SIP/2.0/UDP {b};branch=z9hG4bK{n}',
    'Via  :  SIP / 2.0 / UDP  {h} : {p} ; branch = z9hG4bK{n}',
    'Via: SIP/2.0/UDP {h}\r\n :\r\n {p}\r\n ;branch=z9hG4bK{n};x="10.0.0.11"',
    'Via: SIP/2.0/UDP {a};maddr={h};branch=z9hG4bK{n}',
    'Via: SIP/2.0/UDP {a};branch=z9hG4bK{n}, SIP/2.0/UDP 10.0.0.12:5060;received=10.0.0.12;rport=5060',
    'Via: SIP/2.0/UDP {b}\r\nVia: SIP/2.0/TCP [2001:db8::1];branch=z9hG4bK1',
)
FROMS = ('From: <sip:alice@{h}>;tag=f{n}', 'f:"A, <sip:b@10.0.0.11>" <sip:alice@{h}>;tag=f{n}',
         'From: sip:alice@{a};tag=f{n}',
         'From : <sip:alice@{h};user=phone>\r\n ;tag=f{n}')


def transaction(method, via, from_, status='200 OK', *extra, received=''):
    """A request with these, and a response that repeats them."""
    line.new()
    common = (from_, 'To: <sip:carol@{s}>', 'Call-ID: {n}@10.0.0.11', f'CSeq: 1 {method}', *extra)
    line.out(message(f'{method} sip:carol@{{s}} SIP/2.0', via, 'Max-Forwards: 70', *common),
             f'{method}: {via}')
    line.back(message(f'SIP/2.0 {status}', via + received, *common), f'{status}: {via}, {from_}')


def test_responses():
    """Via, From and Call-ID in responses are the phone's own, in every form"""
    for via in VIAS:
        for from_ in FROMS:
            transaction('OPTIONS', via, from_)
    transaction('INVITE', VIAS[1], FROMS[0], '100 Trying')
    transaction('SUBSCRIBE', VIAS[1], FROMS[2], '489 Bad Event')


def test_received():
    """received and rport in responses tell the phone the address that it has"""
    for via in ('Via: SIP/2.0/UDP {a};branch=z9hG4bK{n};rport', 'Via: SIP/2.0/UDP {b};rport',
                'Via: SIP/2.0/UDP {h}: {p};branch=z9hG4bK{n};rport'):
        transaction('OPTIONS', via, FROMS[0], received='={p};received={h}')
    transaction('OPTIONS', VIAS[0], FROMS[0], received=';received={h}')
    # What is not ours stays, be it as wrong as it may.
    transaction('OPTIONS', VIAS[0], FROMS[0], received=';received=192.0.2.1;rport=1;x=203.0.113.1')


def test_repeated():
    """other fields of a request that a response repeats"""
    transaction('INVITE', VIAS[0], FROMS[0], '180 Ringing', 'Record-Route: <sip:{a};lr>, <sip:{a};lr;r2=on>',
                'Record-Route:\r\n <sip:{h}:{p};lr;ftag=1>', 'History-Info: <sip:bob@{h}>;index=1')
    transaction('INVITE', VIAS[0], FROMS[0], '180 Ringing', 'Record-Route: <sip:{b};lr>')
    transaction('REGISTER', VIAS[0], FROMS[0], '200 OK', 'Path: <sip:{a};lr>, <sip:edge.example.com;lr>')


def test_register():
    """a registrar's list shows the phone its own contacts in its own words, others' as they are"""
    contacts = ('Contact: <sip:alice@{a}>;expires=60', 'm: sip:alice@{b};expires=60',
                'Contact: "A" <sip:alice@{a};line=1;transport=udp?x=10.0.0.11>;q=1.0;expires=60',
                'Contact: <sip:alice@10.9.9.9:5060>;expires=60, <sip:alice@{a}>;expires=60',
                'Contact: <sip:alice@{h}:5055>;expires=60')
    for contact in contacts:
        line.new()
        where = {'{h}:5055': '{h}:{o}'} if '5055' in contact else {}
        port = {'o': '5055'}
        for old, new in where.items():
            contact = contact.replace(old, new)
        common = ('Via: SIP/2.0/UDP {a};branch=z9hG4bK{n}', 'From: <sip:alice@{h}>;tag=1',
                  'To: <sip:alice@{h}>', 'Call-ID: {n}', 'CSeq: 1 REGISTER', contact)
        line.out(message('REGISTER sip:{s} SIP/2.0', *common), contact, **port)
        line.back(message('SIP/2.0 200 OK', *common[:5], contact + ',<sip:alice@192.0.2.5>;expires=9'),
                  'the list with ' + contact, **port)


def dialog(contact, route='', from_=FROMS[0]):
    """INVITE, 200 and ACK of the phone, then requests of the server; all byte for byte."""
    line.new()
    common = (from_, 'To: <sip:carol@{s}>;tag=t{n}', 'Call-ID: {n}@10.0.0.11')
    via = 'Via: SIP/2.0/UDP {b};branch=z9hG4bK{n}'
    record = [f'Record-Route: {route}'] if route else []
    invite = message('INVITE sip:carol@{s} SIP/2.0', via, from_, 'To: <sip:carol@{s}>',
                     common[2], 'CSeq: 1 INVITE', *record, f'Contact: <{contact}>')
    line.out(invite, f'INVITE with Contact {contact}')
    line.back(message('SIP/2.0 200 OK', via, *common, 'CSeq: 1 INVITE', *record,
                      'Contact: <sip:carol@{s}>'), 'its 200')
    line.out(message('ACK sip:carol@{s} SIP/2.0', via + 'a', *common, 'CSeq: 1 ACK'), 'ACK')
    own = ('To: ' + from_.partition(':')[2].strip(), 'From: <sip:carol@{s}>;tag=t{n}', common[2])
    for number, method in enumerate(('OPTIONS', 'UPDATE', 'INFO', 'BYE'), 1):
        top = (f'Via: SIP/2.0/UDP {{s}};branch=z9hG4bK{{n}}{number}',
               *([f'Route: {route}'] if route else ()), *own, f'CSeq: {number} {method}')
        line.back(message(f'{method} {contact} SIP/2.0', *top), f'{method} to {contact}')
        line.out(message('SIP/2.0 200 OK', *(f for f in top if not f.startswith('Route'))),
                 f'the 200 to {method}')


def test_within_calls():
    """Request-URI, Route and To of requests within a call are what the phone once wrote"""
    for contact in ('sip:alice@{a}', 'sip:alice@{b}', 'sip:{a};ob', 'sip:alice@{a};transport=udp;x=10.0.0.11',
                    'sip:alice@{b};maddr={h}', 'sips:alice@{a}'):
        dialog(contact)
    dialog('sip:alice@{a}', '<sip:{a};lr>', FROMS[2])
    dialog('sip:alice@10.0.0.12:5060', '<sip:{b};lr;x=1>', FROMS[3])
    dialog('sip:alice@phone.example.com', '<sip:{a};lr>,<sip:{h}:{p};lr>')


def test_mixed_styles():
    """a phone that writes its port here and not there gets each back as it was"""
    line.new()
    common = ('Via: SIP/2.0/UDP {a};branch=z9hG4bK{n}', 'From: <sip:alice@{a}>;tag=1',
              'To: <sip:alice@{h}>', 'Call-ID: {n}', 'CSeq: 1 REGISTER', 'Contact: <sip:alice@{a}>')
    line.out(message('REGISTER sip:{s} SIP/2.0', *common), 'REGISTER')
    line.back(message('SIP/2.0 200 OK', *common), 'its 200')
    dialog('sip:alice@{b}', from_='From: <sip:alice@{a}>;tag=f{n}')
    transaction('OPTIONS', 'Via: SIP/2.0/UDP {a}', 'From: <sip:alice@{a}>;tag=f{n}', '200 OK',
                received=';received={h}')
    transaction('OPTIONS', 'Via: SIP/2.0/UDP {b}', 'From: <sip:alice@{h}>;tag=f{n}', '200 OK',
                received=';received={h}')


def test_server_side():
    """what the server sent comes back to it as it sent it, in the phone's responses"""
    line.new()
    line.out(request('Contact: <sip:alice@{a}>'), 'a keep-alive')
    for number, to in enumerate(('To: <sip:alice@{h}>', 't: sip:alice@{a}', 'To: "10.0.0.11" <sip:alice@{h}>')):
        top = ('Via: SIP/2.0/UDP {s};branch=z9hG4bK{n}x;rport=5060;received={s}',
               'Via: SIP/2.0/UDP 192.0.2.1:5060', 'Record-Route: <sip:{s};lr>, <sip:192.0.2.1;lr>',
               'From: <sip:carol@{s}>;tag=c{n}', to, f'Call-ID: {{n}}in{number}', 'CSeq: 7 OPTIONS')
        line.back(message('OPTIONS sip:alice@{a};x=10.0.0.11 SIP/2.0', *top), f'OPTIONS, {to}')
        line.out(message('SIP/2.0 200 OK', *top, 'Contact: <sip:alice@{a}>'), f'its 200, {to}')


def public(text):
    """The text as a phone sends it that knows its public address."""
    return line.outside(text)


def test_stun():
    """a phone that writes its public address passes byte-identical, and its responses too"""
    via = 'Via: SIP/2.0/UDP {a};branch=z9hG4bK{n};rport'
    for method in ('REGISTER', 'OPTIONS', 'INVITE', 'SUBSCRIBE'):
        line.new()
        rest = ('From: <sip:alice@{h}>;tag=1', 'To: <sip:alice@{h}>', 'Call-ID: {n}', f'CSeq: 1 {method}',
                'Record-Route: <sip:{a};lr>', 'Contact: "A" <sip:alice@{a}>;q=0.5')
        line.same_out(public(message(f'{method} sip:{{s}} SIP/2.0', via, *rest)), f'{method} with public addresses')
        line.same_back(public(message('SIP/2.0 200 OK', via + '={p};received={h}', *rest)), f'the 200 to {method}')
        if method == 'INVITE':
            line.same_out(public(message('ACK sip:{s} SIP/2.0', via, *rest[:3], 'CSeq: 1 ACK')), 'ACK')
    line.new()
    request_in = ('Via: SIP/2.0/UDP {s};branch=z9hG4bKs{n}', 'From: <sip:c@{s}>;tag=c', 'To: <sip:alice@{h}>',
                  'Call-ID: in{n}', 'CSeq: 1 OPTIONS')
    line.same_back(public(message('OPTIONS sip:alice@{a} SIP/2.0', *request_in)), 'OPTIONS to the public address')
    line.same_out(public(message('SIP/2.0 200 OK', *request_in, 'Contact: <sip:alice@{a}>')), 'its 200')


def test_back_to_private():
    """the phone forgets its public address: it is translated again, both ways"""
    dialog('sip:alice@{a}')
    line.new()
    common = ('Via: SIP/2.0/UDP {a};branch=z9hG4bK{n};rport', 'From: <sip:alice@{h}>;tag=1',
              'To: <sip:alice@{h}>', 'Call-ID: {n}', 'CSeq: 1 REGISTER', 'Contact: <sip:alice@{a}>')
    line.out(message('REGISTER sip:{s} SIP/2.0', *common), 'REGISTER')
    line.back(message('SIP/2.0 200 OK', *common), 'its 200')


def test_retransmissions():
    """every message of a call, sent again, becomes the same bytes again"""
    line.new()
    sdp = ('v=0\r\no=- 1 1 IN IP4 {h}\r\ns=-\r\nc=IN IP4 {h}\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n')
    body = ('Contact: <sip:alice@{a}>', 'Content-Type: application/sdp')
    common = ('Via: SIP/2.0/UDP {b};branch=z9hG4bK{n};rport', 'From: <sip:alice@{h}>;tag=1',
              'To: <sip:carol@{s}>', 'Call-ID: {n}')
    told = (*common[:2], 'To: <sip:carol@{s}>;tag=2', 'Call-ID: {n}')
    steps = (
        (line.out, message('INVITE sip:carol@{s} SIP/2.0', *common, 'CSeq: 1 INVITE', *body, body=sdp)),
        (line.back, message('SIP/2.0 180 Ringing', *told, 'CSeq: 1 INVITE', 'Contact: <sip:carol@{s}>')),
        (line.back, message('SIP/2.0 200 OK', *told, 'CSeq: 1 INVITE', 'Contact: <sip:carol@{s}>')),
        (line.out, message('ACK sip:carol@{s} SIP/2.0', *told, 'CSeq: 1 ACK')),
        (line.out, message('INVITE sip:carol@{s} SIP/2.0', *told, 'CSeq: 2 INVITE', *body, body=sdp)),
        (line.back, message('SIP/2.0 491 Request Pending', *told, 'CSeq: 2 INVITE')),
        (line.out, message('ACK sip:carol@{s} SIP/2.0', *told, 'CSeq: 2 ACK')),
        (line.out, message('BYE sip:carol@{s} SIP/2.0', *told, 'CSeq: 3 BYE')),
        (line.back, message('SIP/2.0 200 OK', *told, 'CSeq: 3 BYE')),
    )
    for done in range(len(steps)):
        for step, text in (steps[done], steps[done], steps[max(0, done - 1)], steps[done]):
            step(text, f'message {done}: {text.splitlines()[0]}')
    equal(net.drain(line.server) + net.drain(line.phone), [], 'what else came')


def test_without_a_flow():
    """a response that comes when the flow is forgotten finds its way, and is the phone's own"""
    line.new()
    contact = 'Contact: <sip:alice@{a}>'
    line.out(request(contact, method='INVITE'), 'INVITE')
    net.run('gw', 'conntrack', '-F')
    fields = [f.replace('OPTIONS', 'INVITE') for f in (
        'Via: SIP/2.0/UDP {a};branch=z9hG4bK{n};rport={p};received={h}', 'From: <sip:alice@{h}>;tag=f{n}',
        'To: <sip:carol@example.com>;tag=t', 'Call-ID: {n}@10.0.0.11', 'CSeq: 1 OPTIONS')]
    equal(SERVER, line.back(message('SIP/2.0 180 Ringing', *fields), '180 without a flow'), 'its source')


try:
    run_all(globals())
finally:
    line.close()
