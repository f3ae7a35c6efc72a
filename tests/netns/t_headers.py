#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Header fields in all forms of RFC 3261: what names the phone is translated, all else is not."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import gateway
import net
import sip
from line import BASIC, SERVER, Line, message, request, response
from tap import check, equal, run_all

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
                 'Record-Route: <sip:{h}:5097;lr>', 'Path: <sip:{h}:5096;lr>',
                 # sips: means 5061, which is not where this phone sends from.
                 'Contact: <sips:alice@{h}>', 'Via: SIP/2.0/TLS {h};branch=z9hG4bK{n}'):
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


def as_usual():
    """The phone says its port everywhere, from now on."""
    line.new()
    line.out(request('Contact: <sip:alice@{a}>', 'Route: <sip:{a};lr>'), 'a request with ports')


def asked(*fields, uri='sip:alice@{a}', to='To: <sip:alice@{h}>'):
    """A request of the server with these fields; all have to arrive as they read inside."""
    line.new()
    top = ('Via: SIP/2.0/UDP {s}:5060;branch=z9hG4bKs{n}', 'From: <sip:carol@{s}>;tag=c{n}', to,
           'Call-ID: in{n}@{s}', 'CSeq: 1 OPTIONS')
    line.back(message(f'OPTIONS {uri} SIP/2.0', *top, 'Max-Forwards: 70', *fields), f'in: {uri}, {fields}')
    return top


def answered(*fields):
    """The phone's response to one with these fields; they have to arrive as they read outside."""
    line.out(message('SIP/2.0 200 OK', *asked(), *fields), f'response out: {fields}')


def told(*fields):
    """The server's response with these fields; they have to arrive as they read inside."""
    line.new()
    line.out(request(), 'the request')
    line.back(response(*fields), f'response in: {fields}')


LEADS = (*ROUTES, 'Refer-To', 'Alert-Info', 'Call-Info')


def test_leads_both_ways():
    """what somebody may go to, in responses out and in, and in requests in, as in requests out"""
    as_usual()
    for name in LEADS:
        texts = (f'{name}: <sip:{{a}};lr>', f'{name}:\r\n "<sip:{{s}}>"\r\n <sip:x@{{a}};y=1?z=10.0.0.11>;q',
                 f'{name} : <sip:{{s}};lr>, <sip:x@{{a}}>,<sip:y.example.com;lr>', f'{name}: <tel:+1>')
        for text in texts:
            answered(text)
            told(text)
            asked(text)
        told(*texts)
        asked(*texts)
        # Ports of others at our address are not the phone's.
        for text in (f'{name}: <sip:203.0.113.1:9;lr>', f'{name}: <sip:10.0.0.12:5060>', f'{name}: <sip:10.0.0.11>'):
            told(text)
            asked(text)


def test_contacts_both_ways():
    """Contact: the phone's in its responses, its own repeated in others' responses, not others' in requests"""
    as_usual()
    for text in ('Contact: <sip:alice@{a}>', 'm : "A" <sip:{a};ob>;q=1', 'Contact: <sip:a@{a}>,<sip:b@{a}>'):
        answered(text)
        told(text)
    answered('Contact: <sip:carol@{s}>')
    asked('Contact: <sip:carol@{s}>', 'Contact: <sip:carol@203.0.113.1:9>')


def test_identities_both_ways():
    """who is named with our port is the phone, in responses out and in, and in requests in"""
    as_usual()
    for name in IDENTITIES:
        for text in (f'{name}: <sip:alice@{{a}}>', f'{name}:"203.0.113.1" <sips:{{a}};x=203.0.113.1>;y="{{s}}"',
                     f'{name}: <sip:carol@{{s}}>', f'{name}: <sip:carol@203.0.113.1:9>'):
            answered(text)
            told(text)
            asked(text)
        answered(f'{name}: <sip:alice@{{h}}>')


def test_hosts_alone_inside():
    """by the host alone, what comes in names the phone only where it cannot be another's name"""
    as_usual()
    for to in ('To: <sip:alice@{h}>', 't: "203.0.113.1" <sip:alice@{h};user=phone>', 'to:sip:alice@{h}',
               'To: <sip:alice@example.com>', 'To: <tel:+12015550123>'):
        asked(to=to)
    told('P-Associated-URI: <sip:alice@{h}>, <tel:+1>', 'History-Info: <sip:alice@{h}>;index=1')
    # The others may be another phone behind the same address.
    for name in ('P-Asserted-Identity', 'Remote-Party-ID', 'Diversion', 'Reply-To', 'Referred-By'):
        asked(f'{name}: <sip:bob@203.0.113.1>')
        told(f'{name}: <sip:bob@203.0.113.1>')


def test_request_uris():
    """Request-URI: in all forms, what is the phone's becomes its own, all else stays"""
    as_usual()
    for uri in ('sip:alice@{a}', 'sip:{a}', 'SIP:alice@{a};transport=udp;x=203.0.113.1?y=203.0.113.1:5060',
                'sips:alice@{a}', 'sip:a%40b:pw;x=y@{a};ob', 'sip:203.0.113.1@{a}', 'sip:alice@{a};maddr={h}',
                'sip:*97@{a}', 'sip:alice@example.com', 'tel:+12015550123', 'sip:bob@203.0.113.1:9',
                'sip:bob@10.0.0.11:9', 'sip:alice@[2001:db8::1]:5060', 'urn:service:sos', 'sip:alice@{s}'):
        asked(uri=uri)


def test_never_both_ways():
    """what is never touched, in responses out and in, and in requests in"""
    as_usual()
    for where in ('10.0.0.11:5060', '{outer}'):
        where = where.replace('{outer}', f'203.0.113.1:{line.outer[1]}')
        texts = (f'Replaces: 1@{where};to-tag={where};from-tag=2', f'Target-Dialog: 1@{where};local-tag=1',
                 f'Join: 1@{where};to-tag=1;from-tag=2', f'Warning: 399 {where} "sip:alice@{where}"',
                 f'Authorization: Digest username="a@{where}", uri="sip:{where}", response="1"',
                 f'WWW-Authenticate: Digest realm="{where}", domain="sip:{where}", nonce="1"',
                 f'Proxy-Authenticate: Digest realm="sip:{where}", nonce="{where}"',
                 f'Authentication-Info: nextnonce="{where}"', f'User-Agent: {where}', f'Server: {where}',
                 f'X-Contact: <sip:alice@{where}>', f'Error-Info: <sip:{where}>', f'Subject: sip:{where}')
        answered(*texts)
        told(*texts)
        asked(*texts)


def test_bodies_in():
    """a body of the server that is no session description passes as it is"""
    as_usual()
    text = ('Contact: <sip:alice@203.0.113.1:{p}>\r\nVia: SIP/2.0/UDP 203.0.113.1:{p}\r\n\r\n'
            'c=IN IP4 203.0.113.1\r\n').replace('{p}', str(line.outer[1]))
    for kind in ('text/plain', 'message/sipfrag', 'application/sdp2'):
        for method in ('MESSAGE', 'INFO', 'NOTIFY'):
            line.new()
            line.back(message(f'{method} sip:alice@{{a}} SIP/2.0', 'Via: SIP/2.0/UDP {s};branch=z9hG4bKb{n}',
                              'f: <sip:carol@{s}>;tag=1', 't: <sip:alice@{h}>', 'i: b{n}', f'CSeq: 1 {method}',
                              f'c: {kind}', f'l: {len(text)}', body=text), f'{method} with {kind}')


def test_default_port():
    """a phone that sends from another port than 5060 and writes none means 5060, and is reached there"""
    sock = line.network.udp('p1', 5070)
    line.new()
    sock.sendto(line.inside(request('Contact: <sip:alice@10.0.0.11>', without=('Via',)).replace(
        'Max-Forwards', 'Via: SIP/2.0/UDP 10.0.0.11;branch=z9hG4bK5070\r\nMax-Forwards', 1)), SERVER)
    data, source = net.receive(line.server)
    check(data is not None, 'it does not arrive')
    seen = sip.Message(data)
    check(seen.contact[0] == net.WAN and seen.contact != source, f'Contact is {seen.contact}')
    equal(gateway.net_via(seen), seen.contact, 'Via')
    # Another phone has the gateway's port 5060, and what comes to it.
    for what in (b'OPTIONS sip:x SIP/2.0 no more', b'SIP/2.0 200 no more'):
        line.server.sendto(what, seen.contact)
        equal(net.receive(line.phone)[0], what, 'what comes to port 5060')
    equal(net.drain(sock) + net.drain(line.other), [], 'what came elsewhere')


def test_ipv6():
    """IPv6 references, with NAT66: own ones change, in requests and back again in responses"""
    global line  # pylint: disable=global-statement
    line.close()
    line = Line(v6=True)
    own = line.inner[0]
    replaced(('Via: SIP/2.0/UDP {a};branch=z9hG4bK{n}', 'v:SIP/2.0/UDP {b};rport', 'Via: SIP/2.0/UDP {h} : {p};ttl=1',
              'Via: SIP/2.0/UDP {a};maddr={h};branch=z9hG4bK{n}', f'Via: SIP/2.0/UDP {{a}};branch=[{own}]',
              'Via: SIP/2.0/UDP [2001:db8:a::12]:5060;branch=z9hG4bK{n}'), 'Via')
    each(('Contact: <sip:alice@{a}>', 'm: sip:{a};q=1', 'Contact: <sip:alice@{b};maddr={h}>', 'Contact: <sips:alice@{a}>',
          f'Contact: "[{own}]:5060" <sip:[{own}]@example.com>', 'Contact: <sip:alice@[2001:db8:a::12]:5060>',
          'Contact: <sip:alice@[::ffff:10.0.0.11]:5060>', 'Contact: <sip:alice@[fe80::1%25eth0]>',
          f'Contact: <sip:alice@{own}>', 'Record-Route: <sip:{a};lr>,<sip:[2001:db8::9];lr>', 'Path: <sip:{b};lr>',
          'P-Asserted-Identity: <sip:alice@{h}>', f'Call-Info: <http://[{own}]/x>, <sip:{{a}}>',
          f'Warning: 399 [{own}]:5060 "x"'))
    # The same address, written in another way.
    line.new()
    text = request('Contact: <sip:alice@{a}>')
    line.phone.sendto(line.inside(text).replace(f'<sip:alice@[{own}]'.encode(), b'<sip:alice@[2001:DB8:000A:0::0:0011]'),
                      line.to)
    line.got(line.server, line.outside(text), 'an address with capitals and zeros')
    as_usual()
    for text in (f'{name}: <sip:x@{{a}};lr>' for name in LEADS):
        answered(text)
        told(text)
        asked(text)
    for uri in ('sip:alice@{a}', 'sip:{a};ob', 'sip:alice@[2001:db8::1]'):
        asked(uri=uri)
    told('P-Associated-URI: <sip:alice@{h}>')


try:
    run_all(globals())
finally:
    line.close()
