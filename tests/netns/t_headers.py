#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Header fields in all forms of RFC 3261: what names the phone is translated, all else is not."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
from line import BASIC, Line, message, request, response
from tap import run_all

line = Line()


def each(texts, method='OPTIONS'):
    """Send requests with one more header field each; all have to arrive as they read outside."""
    for text in texts:
        line.new()
        line.out(request(text, method=method), text)


def replaced(texts, field):
    """The same, with a form of a header field that is there anyhow."""
    for text in texts:
        line.new()
        line.out(request(text, without=(field,)), text)


def test_via_forms():
    """Via: compact, folded, spaced, in any case, with parameters of all kinds"""
    replaced((
        'Via: SIP/2.0/UDP {a}',
        'v: SIP/2.0/UDP {a};branch=z9hG4bK{n}',
        'V:SIP/2.0/UDP {a};branch=z9hG4bK{n}',
        'VIA: SIP/2.0/UDP {a};branch=z9hG4bK{n}',
        'via: sip/2.0/udp {a};BRANCH=z9hG4bK{n};RPORT',
        'Via  : SIP/2.0/UDP {a};branch=z9hG4bK{n}',
        'Via\t:\tSIP/2.0/UDP\t{a}\t;branch=z9hG4bK{n}',
        'Via:  SIP/2.0/UDP  {a} ; branch=z9hG4bK{n}',
        'Via: SIP / 2.0 / UDP {a};branch = z9hG4bK{n}',
        'Via:\r\n SIP/2.0/UDP {a};branch=z9hG4bK{n}',
        'Via: SIP/2.0/UDP\r\n\t{a}\r\n ;branch=z9hG4bK{n}',
        'Via: SIP/2.0/UDP {h} : {p};branch=z9hG4bK{n}',
        'Via: SIP/2.0/UDP {h}: {p} ;branch=z9hG4bK{n}',
        'Via: SIP/2.0/UDP {h} :\r\n {p};branch=z9hG4bK{n};rport',
        'Via: SIP/2.0/UDP {b};branch=z9hG4bK{n};rport',
        'Via: SIP/2.0/UDP {b}',
        'Via: SIP/2.0/UDP {a};branch=z9hG4bK{n};x="a, SIP/2.0/UDP 10.0.0.11:5060"',
        'Via: SIP/2.0/UDP {a};maddr={h};branch=z9hG4bK{n};ttl=1',
        'Via: SIP/2.0/UDP {a};maddr=239.1.1.1;branch=z9hG4bK{n}',
        'Via: SIP/2.0/UDP {a};branch=z9hG4bK10.0.0.11;i=1;alias;keep;comp=sigcomp',
    ), 'Via')


def test_via_lists():
    """Via: several elements and lines; those of other hosts and by name stay"""
    replaced((
        'Via: SIP/2.0/UDP {a};branch=z9hG4bK{n},SIP/2.0/UDP 10.0.0.77:5060;branch=z9hG4bK1',
        'Via: SIP/2.0/UDP {a};branch=z9hG4bK{n}\r\nVia: SIP/2.0/UDP phone.example.com;branch=z9hG4bK2',
        'v: SIP/2.0/UDP {a}\r\nVia: SIP/2.0/TCP 192.0.2.9:5060;received=10.0.0.99;rport=5060,\r\n'
        ' SIP/2.0/TLS [2001:db8::9]:5061 , SIP/2.0/WSS x7.invalid',
        'Via: SIP/2.0/UDP phone.example.com:5060;branch=z9hG4bK{n}',
        'Via: SIP/2.0/UDP 10.0.0.111:5060;branch=z9hG4bK{n}',
        'Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK{n}',
    ), 'Via')


def test_contact_forms():
    """Contact: compact, folded, quoted, without brackets, with parameters and headers"""
    each((
        'Contact: <sip:alice@{a}>',
        'm:<sip:alice@{a}>',
        'M : <sip:alice@{a}>',
        'CONTACT:   <SIP:alice@{a}>',
        'Contact: sip:alice@{a}',
        'Contact: sip:{a}',
        'Contact: sip:alice@{a};q=0.5;expires=60',
        'Contact: <sip:alice@{b}>',
        'Contact: sip:alice@{b};q=0.5',
        'Contact: <sip:{b};ob>',
        'Contact: < sip:alice@{a} >',
        'Contact:\r\n <sip:alice@{a}>\r\n ;q=0.5',
        'Contact: "Alice" <sip:alice@{a}>',
        'Contact: Alice Ann <sip:alice@{a}>;q=1',
        'Contact: "<sip:x@10.0.0.11:5060>" <sip:alice@{a}>',
        'Contact: "a \\"b\\" \\\\, <sip:x@10.0.0.11>" <sip:alice@{a}>',
        'Contact: "10.0.0.11:5060" <sip:alice@{a}>;x="10.0.0.11:5060"',
        'Contact: "\u00c4lice \u260e" <sip:alice@{a}>',
        'Contact: <sip:alice@{a};transport=udp;lr;ob?Subject=10.0.0.11:5060>',
        'Contact: <sip:alice@{a};line=a%40b;x=10.0.0.11>;+sip.instance="<urn:uuid:0-1>";reg-id=1',
        'Contact: <sip:alice@{a};gr=10.0.0.11>;methods="INVITE, ACK"',
        'Contact: <sip:alice@{a};maddr={h}>',
        'Contact: <sip:alice@{b};maddr={h}>',
        'Contact: <sip:alice@gw.example.com:{p};maddr={h}>',
        'Contact: <sips:alice@{a}>',
        'Contact: <sip:alice@{a}>, "Mobile" <tel:+1-201-555-0123>, <mailto:a@10.0.0.11>',
        'Contact: <sip:alice@{a}>,<sip:bob@192.0.2.7>,<sip:carol@10.0.0.12:5060>,<sip:dave@{a}>;q=0.1',
        'Contact: <sip:alice@{a}>\r\nContact: <sip:a@example.com>\r\nm: <sip:b@{a}>',
    ))


def test_user_parts():
    """user parts with all that may stand in them, and some that may not"""
    each(f'Contact: <sip:{user}@{{a}}>' for user in (
        '+1-201-555-0123;phone-context=10.0.0.11', 'alice;day=tuesday', 'alice:secret',
        'alice:10.0.0.11:5060', 'a%40b%3A5060', '10.0.0.11', '10.0.0.11:5060', 'a/b?c', '%22x%22',
        "!-_.~*'()&=+$,;?/", '*97', '#31#', 'alice;10.0.0.11:5060', 'a' * 300))


def test_star_and_names():
    """*, names, other hosts and other schemes stay as they are"""
    each((
        'Contact: *', 'm: *', 'Contact: * ;q=1',
        'Contact: <sip:alice@phone.example.com:5060>', 'Contact: <sip:alice@10.0.0.12:5060>',
        'Contact: <sip:alice@110.0.0.11:5060>', 'Contact: <sip:alice@10.0.0.11.example.com>',
        'Contact: <sip:alice@[2001:db8::7]:5060>', 'Contact: <sip:alice@[::ffff:10.0.0.11]:5060>',
        'Contact: <sip:alice@010.000.000.011:5060>', 'Contact: <sip:10.0.0.11@example.com>',
        'Contact: <tel:+1-201-555-0123;phone-context=10.0.0.11>', 'Contact: <http://10.0.0.11:5060/>',
        'Contact: <urn:service:sos>', 'Contact: <sip:alice@10.0.0.11:5060', 'Contact: alice@10.0.0.11',
        'Contact: "open <sip:alice@10.0.0.11:5060>', 'Contact: <sip:alice@10.0.0.11:99999>',
    ))


ROUTES = ('Route', 'Record-Route', 'Path', 'Service-Route')


def test_routes():
    """Route, Record-Route, Path, Service-Route: own entries only, with and without a port"""
    for name in ROUTES:
        each((
            f'{name}: <sip:{{a}};lr>', f'{name}: <sip:{{b}};lr>',
            f'{name.lower()} : <sip:pbx@{{a}};lr;ftag=10.0.0.11>',
            f'{name}: <sip:192.0.2.1;lr>,<sip:{{a}};lr>, <sip:p.example.com;lr>',
            f'{name}: <sip:192.0.2.1;lr>\r\n{name}:\r\n <sip:{{a}};lr;did=1.2>;x="<sip:10.0.0.11>"',
        ))


IDENTITIES = ('P-Asserted-Identity', 'P-Preferred-Identity', 'P-Associated-URI', 'Remote-Party-ID',
              'Diversion', 'History-Info', 'Reply-To', 'Referred-By')


def test_identities():
    """headers that only name somebody: by the host alone, or with our port"""
    for name in IDENTITIES:
        each((
            f'{name}: <sip:alice@{{h}}>', f'{name}: <sip:alice@{{a}}>', f'{name}: <sips:{{h}}>',
            f'{name.upper()}:"A, <sip:a@10.0.0.11>" <sip:alice@{{h}};user=phone>;x=y;z="10.0.0.11"',
            f'{name}: <sip:alice@example.com>', f'{name}: <tel:+12015550123>',
            f'{name}: <sip:carol@10.0.0.12>', f'{name}: <sip:carol@10.0.0.11:7777>',
        ))
    each(('Referred-By: <sip:alice@{h}>;cid="20398823.2UWQFN309shb3@10.0.0.11"',
          'b: sip:alice@{h}',
          'P-Asserted-Identity: "Alice" <sip:alice@{h}>, <tel:+12015550123>',
          'History-Info: <sip:alice@{h}?Reason=SIP%3Bcause%3D302>;index=1,\r\n <sip:b@192.0.2.2>;index=1.1',
          'Diversion: <sip:alice@{h}>;reason=user-busy;counter=1,<sip:x@192.0.2.2>;reason=unknown'))


def test_from_and_to():
    """From and To: compact, without brackets, quoted, with port, with names that look like ours"""
    replaced((
        'From: sip:alice@{h};tag=f{n}', 'f:sip:alice@{h};tag=f{n}', 'From:"A"<sip:alice@{h}>;tag=f{n}',
        'From: "sip:alice@10.0.0.11" <sip:alice@{h}:{p}>;tag=10.0.0.11',
        'From: Alice\r\n <sip:alice@{h}>\r\n ;tag=f{n}', 'From: <sip:{h}>;tag=f{n}',
        'From: <sips:alice@{h};transport=tls?a=10.0.0.11>;tag=f{n}',
        'From: <tel:+12015550123;phone-context=10.0.0.11>;tag=f{n}',
        'From: "Anonymous" <sip:anonymous@anonymous.invalid>;tag=f{n}',
    ), 'From')
    replaced(('t: "10.0.0.11" <sip:carol@{s}>', 'To: <sip:alice@10.0.0.12>', 'to:sip:carol@{s}'), 'To')


def test_refer():
    """Refer-To, Alert-Info, Call-Info: our own address, never what follows it"""
    each((
        'Refer-To: <sip:alice@{a}>', 'r: sip:alice@{a}', 'Refer-To: <sip:alice@{b};method=INVITE>',
        'Refer-To: <sip:bob@{a}?Replaces=12345%4010.0.0.11%3Bto-tag%3D1%3Bfrom-tag%3D2>',
        'Refer-To: <sip:bob@192.0.2.4?Replaces=1%4010.0.0.11&Contact=10.0.0.11:5060>',
        'Refer-To: "10.0.0.11:5060" <sip:conf@{a};gr=10.0.0.11>;x=10.0.0.11',
    ), 'REFER')
    each(('Alert-Info: <http://10.0.0.11/ring.wav>;info=alert-internal', 'Alert-Info: <sip:tone@{a}>',
          'Call-Info: <sip:alice@{a}>;purpose=icon, <http://10.0.0.11:5060/a.jpg>;purpose=card',
          'Call-Info: <sip:{b}>;answer-after=0'))


def test_never():
    """what is never touched: Call-ID, Replaces, credentials, unknown headers and their like"""
    each((
        'Replaces: 12345@10.0.0.11:5060;to-tag=7743;from-tag=10.0.0.11',
        'Target-Dialog: 1@10.0.0.11;local-tag=10.0.0.11:5060;remote-tag=<sip:10.0.0.11>',
        'Join: 1@10.0.0.11:5060;to-tag=1;from-tag=2', 'In-Reply-To: 1@10.0.0.11, 2@10.0.0.11',
        'Warning: 399 10.0.0.11:5060 "sip:alice@10.0.0.11:5060"',
        'Authorization: Digest username="a@10.0.0.11", realm="10.0.0.11", nonce="10.0.0.11:5060",\r\n'
        ' uri="sip:10.0.0.11:5060", response="1", opaque="<sip:a@10.0.0.11:5060>"',
        'Proxy-Authorization: Digest username="a", realm="r", nonce="n", uri="sip:10.0.0.11", response="2"',
        'User-Agent: phone (10.0.0.11:5060)', 'Server: <sip:10.0.0.11:5060>', 'Subject: sip:a@10.0.0.11',
        'X-Via: SIP/2.0/UDP 10.0.0.11:5060', 'X-Contact: <sip:alice@10.0.0.11:5060>',
        'Contact-X: <sip:alice@10.0.0.11:5060>', 'P-Access-Network-Info: 10.0.0.11',
        'Organization: 10.0.0.11', 'Event: dialog;call-id=1@10.0.0.11', 'Identity-Info: <http://10.0.0.11/>',
        'Supported: path, outbound, gruu', 'Session-ID: 10.0.0.11', 'X-Empty:', 'X-Fold: a\r\n\tb\r\n  c',
    ))
    replaced(('Call-ID: 7@10.0.0.11:5060', 'i: sip:alice@10.0.0.11:5060{n}'), 'Call-ID')


def test_bodies():
    """what is no session description passes as it is, whatever it looks like"""
    text = ('Contact: <sip:alice@10.0.0.11:5060>\r\nVia: SIP/2.0/UDP 10.0.0.11:5060\r\n\r\n'
            'v=0\r\nc=IN IP4 10.0.0.11\r\nm=audio 40000 RTP/AVP 0\r\n')
    for kind in ('text/plain', 'message/sipfrag', 'application/pidf+xml', 'application/sdp2', ''):
        for method in ('MESSAGE', 'INFO', 'PUBLISH', 'OPTIONS'):
            line.new()
            fields = [f'Content-Type: {kind}'] if kind else []
            line.out(request(*fields, f'Content-Length: {len(text)}', method=method, body=text),
                     f'{method} with a body of type {kind or "?"}')
    line.new()
    line.out(request('c: text/plain', body=text), 'a body without Content-Length')


def test_line_ends():
    """LF alone ends a line; spaces at its end, empty lines and odd order are kept"""
    fields = (*BASIC, 'Contact: <sip:alice@{a}>   ', 'Content-Length:   0')
    for end in ('\n', '\r\n'):
        for order in (fields, fields[::-1], fields[3:] + fields[:3]):
            line.new()
            line.out(message('OPTIONS sip:carol@{s} SIP/2.0', *order, end=end), f'{end!r}, {order[0]}')
    line.new()
    line.out(request('l : 0', 'k: path', 'Contact: <sip:a@{a}>') + 'trailing 10.0.0.11', 'trailing bytes')


def test_other_ports():
    """Via and Contact with another port than the source port get one each, and it is theirs"""
    for text in ('Via: SIP/2.0/UDP {h}:5099;branch=z9hG4bK{n}', 'Contact: <sip:alice@{h}:5098>',
                 'Record-Route: <sip:{h}:5097;lr>', 'Path: <sip:{h}:5096;lr>'):
        line.new()
        # No one else has these ports, so that they are the same outside.
        line.out(request(text, without=('Via',) if text[0] == 'V' else ()), text)


def test_responses():
    """what a server tells in its responses about itself and others stays as it is"""
    line.new()
    line.out(request(), 'the request')
    line.back(response(
        'Contact: <sip:carol@{s}>, <sip:{s}:5060>', 'Record-Route: <sip:{s};lr>,<sip:203.0.113.1:9;lr>',
        'Server: 203.0.113.1', 'Warning: 399 203.0.113.1 "203.0.113.1:5060"',
        'P-Asserted-Identity: <sip:carol@{s}>', 'X-Seen: <sip:203.0.113.1:5060>',
        'Contact: <sip:bob@203.0.113.1:5060>'), 'the response')


try:
    run_all(globals())
finally:
    line.close()
