#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What becomes of the text of a session description, byte for byte.

In a text, {h} is the phone's own address, {p} the port of its media and {q} the
one above. They are what the phone writes, and have to become what the gateway
calls them; all other bytes have to stay. Each text is sent twice: the second
time another phone has the phone's ports, so that the outer ones are others.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import re

import gateway
import media
import net
import sip
from tap import check, equal, run_all
from ua import Call, Ua

SERVER = (net.S1, 5060)
URI = f'sip:carol@{net.S1}'
PORT = 40000
HEAD = 'v=0\r\no=- 1 1 IN IP4 {h}\r\ns=-\r\nc=IN IP4 {h}\r\nt=0 0\r\n'
AUDIO = 'm=audio {p} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n'


def fill(text, host, port):
    for key, value in {'{h}': host, '{p}': str(port), '{q}': str(port + 1)}.items():
        text = text.replace(key, value)
    return text.encode()


class Texts:
    """The topology, a phone, a server, and another phone that takes the phone's ports."""

    def __init__(self, network):
        self.network = network
        self.phone = Ua(network, 'p1', 'alice', rtp=45000)
        self.server = Ua(network, 's1', 'carol', rtp=30000)
        self.bob = None

    def occupy(self):
        self.bob = Ua(self.network, 'p2', 'bob')
        Call(self.bob, self.server, URI, SERVER).begin()

    def out(self, text, content='application/sdp', fields=(), trailing=b'', end='\r\n', length=True):
        """Send a text in an INVITE, and compare what comes of it; then end the call."""
        phone, number = self.phone, sip.serial()
        body = fill(text, net.P1, PORT)
        head = [f'INVITE {URI} SIP/2.0', f'Via: {phone.via(number)}', 'Max-Forwards: 70',
                f'From: <sip:alice@example.com>;tag=f{number}', f'To: <{URI}>', f'Call-ID: {number}',
                'CSeq: 1 INVITE', f'Contact: <{phone.uri}>', *fields]
        if content:
            head.append(f'Content-Type: {content}')
        if length:
            head.append(f'Content-Length: {len(body)}')
        phone.send((end.join([*head, '', ''])).encode() + body + trailing, SERVER)
        data, source = net.receive(self.server.socket)
        check(data is not None, 'the INVITE did not arrive')
        seen, got = sip.Message(data.replace(b'\r\n', b'\n').replace(b'\n', b'\r\n')), data
        got = data.partition((end * 2).encode())[2]
        port = re.search(rb'm=audio (\d+) RTP', got)
        port = int(port[1]) if port and b'{p}' in text.encode() else PORT
        if '{p}' in text:
            check((port != PORT) == bool(self.bob), f'the outer port is {port}')
        equal(got, fill(text, net.WAN, port) + trailing, 'the body')
        if length:
            equal(int(seen['Content-Length']), len(got) - len(trailing), 'Content-Length')
        self.server.answer(seen, source, 486, 'Busy Here')
        phone.expect(486)
        return got


def both(*texts, **more):
    """These texts, with the phone's ports free and taken."""
    with net.Net() as network:
        there = Texts(network)
        for _ in range(2):
            for text in texts:
                there.out(text, **more)
            if not there.bob:
                there.occupy()


def test_connections():
    """c= of the session and of lines: own ones change, foreign relays, names and IPv6 stay, line by line"""
    relay = 'm=audio 50000 RTP/AVP 0\r\nc=IN IP4 198.51.100.7\r\n'
    name = 'm=video 50002 RTP/AVP 96\r\nc=IN IP4 media.example.com\r\n'
    six = 'm=text 50004 RTP/AVP 98\r\nc=IN IP6 2001:db8:a::11\r\n'
    other = 'm=image 50006 udptl t38\r\nc=IN IP4 10.0.0.12\r\n'
    own = AUDIO + 'c=IN IP4 {h}\r\n'
    foreign = HEAD.replace('c=IN IP4 {h}', 'c=IN IP4 198.51.100.7/127')
    both(HEAD + AUDIO + relay + name + six + other,
         foreign + own + relay,
         HEAD.replace('c=IN IP4 {h}', 'c=IN IP4 relay.example.com') + own + name + six,
         HEAD.replace('c=IN IP4 {h}', 'c=IN IP6 2001:db8:a::11') + own + six,
         HEAD.replace('c=IN IP4 {h}\r\n', '') + own + other + name,
         HEAD.replace('c=IN IP4 {h}\r\n', '') + own + 'c=IN IP4 {h}\r\n')


def test_not_ours():
    """a description whose lines all lead elsewhere keeps its c=, whatever stands there"""
    with net.Net() as network:
        there = Texts(network)
        for conn in ('IP4 198.51.100.7', 'IP4 relay.example.com', 'IP6 2001:db8:a::11', 'IP4 10.0.0.12',
                     'IP4 0.0.0.0', 'IP6 ::', 'IP4 224.2.36.42/127'):
            there.out(HEAD.replace('c=IN IP4 {h}', f'c=IN {conn}') + 'm=audio 40000 RTP/AVP 0\r\n')
            equal([b for b in gateway.bindings() if b['type'] != 'signalling'], [], 'what it opened')
        # The own address, but for ports that nobody opens: it stays as well.
        there.out(HEAD.replace('c=IN IP4 {h}', 'c=IN IP4 10.0.0.11') + 'm=audio 700 RTP/AVP 0\r\nm=video 0 RTP/AVP 96\r\n')


def test_origin():
    """o= with an own address changes; with a name, a foreign address or another family it stays"""
    own = HEAD + AUDIO
    both(own, own.replace('o=- 1 1 IN IP4 {h}', 'o=alice 123 456 IN IP4 pbx.example.com'),
         own.replace('o=- 1 1 IN IP4 {h}', 'o=- 1 1 IN IP4 198.51.100.7'),
         own.replace('o=- 1 1 IN IP4 {h}', 'o=- 1 1 IN IP6 2001:db8:a::11'),
         own.replace('o=- 1 1 IN IP4 {h}', 'o=an old phone 1 1 IN IP4 {h}'),
         own.replace('o=- 1 1 IN IP4 {h}\r\n', ''))


def test_rtcp():
    """a=rtcp with a port alone, with an address, elsewhere, at RTP's own port, below 1024"""
    both(HEAD + AUDIO + 'a=rtcp:{q}\r\n',
         HEAD + AUDIO + 'a=rtcp:{q} IN IP4 {h}\r\n',
         HEAD + AUDIO + 'a=rtcp:{p}\r\na=rtcp-mux\r\n',
         HEAD + AUDIO + 'a=rtcp:50001 IN IP4 198.51.100.7\r\n',
         HEAD + AUDIO + 'a=rtcp:50001 IN IP4 relay.example.com\r\n',
         HEAD + AUDIO + 'a=rtcp:53 IN IP4 10.0.0.11\r\n',
         HEAD + AUDIO + 'a=rtcp:47000 IN IP4 {h}\r\na=rtcp-mux\r\na=rtcp-rsize\r\na=rtcp-fb:* nack\r\n'
                        'a=rtcp-xr:rcvr-rtt=all\r\na=rtcp-mux-only\r\n')


def test_untouched():
    """attributes and lines that happen to hold our address or port stay: keys, identity, paths, names"""
    both(HEAD.replace('s=-', 's=10.0.0.11') +
         'i=at 10.0.0.11\r\nu=http://10.0.0.11/x\r\ne=a@10.0.0.11\r\nb=AS:40000\r\n'
         'a=fingerprint:sha-256 10:00:00:11\r\na=identity:eyIxMC4wLjAuMTEi\r\na=key-mgmt:mikey 10.0.0.11\r\n'
         'a=group:LS 40000\r\na=msid-semantic: WMS 10.0.0.11\r\n' + AUDIO +
         'k=clear:10.0.0.11\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20|1:32\r\n'
         'a=ice-ufrag:10.0.0.11\r\na=ice-pwd:40000400014000040001aa\r\na=ssrc:40000 cname:10.0.0.11\r\n'
         'a=altc:1 IP4 10.0.0.11 40000\r\na=fmtp:0 x=10.0.0.11:40000\r\na=x-mine:10.0.0.11\r\na=mid:40000\r\n'
         'm=message 46000 TCP/MSRP *\r\na=path:msrp://10.0.0.11:46000/jshA7weztas;tcp\r\na=msrp-cema\r\n')


HOSTS = ('a=candidate:1 1 UDP 2130706431 {h} {p} typ host\r\n'
         'a=candidate:1 2 UDP 2130706430 {h} {q} typ host\r\n')
OTHERS = ('a=candidate:2 1 UDP 1694498815 198.51.100.9 45664 typ srflx raddr 10.0.0.11 rport 40000\r\n'
          'a=candidate:3 1 UDP 16777215 198.51.100.8 50000 typ relay raddr 10.0.0.11 rport 40000\r\n'
          'a=candidate:4 1 TCP 1015021823 10.0.0.11 9 typ host tcptype active\r\n'
          'a=candidate:5 1 tcp 1015021823 10.0.0.11 40000 typ host tcptype passive\r\n'
          'a=candidate:6 1 UDP 2130706431 2001:db8:a::11 40000 typ host\r\n'
          'a=candidate:7 1 UDP 2130706431 192.168.7.7 40000 typ host\r\n'
          'a=candidate:8 1 UDP 2130706431 10.0.0.11 40100 typ host generation 0\r\n'
          'a=candidate:9 1 UDP 2130706431 3f2a7c1e-10.local 40000 typ host\r\n'
          'a=candidate:odd 10.0.0.11 40000\r\n'
          'a=remote-candidates:1 10.0.0.11 40000 2 10.0.0.11 40001\r\n'
          'a=end-of-candidates\r\n')


def test_ice():
    """ICE: the candidates that are the default destination move with it, all others and raddr stay"""
    both('{0}a=ice-ufrag:F7gI\r\na=ice-pwd:x9cml/YzichV2+XlhiMu8g\r\na=ice-options:trickle ice2\r\n'.format(HEAD) +
         AUDIO + HOSTS + OTHERS,
         HEAD + AUDIO + 'a=rtcp:{q} IN IP4 {h}\r\n' + HOSTS + OTHERS,
         HEAD + AUDIO + 'a=rtcp-mux\r\n' + HOSTS.splitlines(True)[0] + OTHERS,
         HEAD.replace('c=IN IP4 {h}', 'c=IN IP4 198.51.100.9') + 'm=audio 45664 RTP/AVP 0\r\n' +
         (HOSTS + OTHERS).replace('{h}', '10.0.0.11').replace('{p}', '40000').replace('{q}', '40001'))


def test_ice_always_a_candidate():
    """the default destination is one of the candidates, if it was one, also of lines that get no binding"""
    with net.Net() as network:
        there = Texts(network)
        there.occupy()
        text = (HEAD + AUDIO + HOSTS +
                'm=video 700 RTP/AVP 96\r\na=candidate:1 1 UDP 1 {h} 700 typ host\r\n'
                'a=candidate:1 2 UDP 1 {h} 701 typ host\r\n'
                'm=application 46000 TCP/BFCP *\r\na=candidate:1 1 TCP 1 {h} 46000 typ host tcptype passive\r\n'
                'a=candidate:1 1 UDP 1 10.0.0.11 46000 typ host\r\n')
        got = there.out(text)
        for line in media.read(got):
            check(line.rtp in line.candidates, f'{line.rtp} is none of {line.candidates}')
            if 'RTP' in line.proto:
                check(line.rtcp in line.candidates, f'RTCP at {line.rtcp} is none of {line.candidates}')


def test_ice_many():
    """six lines with 40 candidates each"""
    line = AUDIO.replace('{p}', '4{n}000') + ''.join(
        f'a=candidate:{n} 1 UDP {n} 192.168.{n}.1 {5000 + n} typ host\r\n' for n in range(39)) + \
        'a=candidate:40 1 UDP 1 {h} 4{n}000 typ host\r\n'
    with net.Net() as network:
        there = Texts(network)
        there.out(HEAD + ''.join(line.replace('{n}', str(n)) for n in range(6)))


def test_remote_candidates():
    """a=remote-candidates from outside name the phone's candidates as the phone wrote them"""
    with net.Net() as network:
        there = Texts(network)
        there.occupy()
        phone, server = Ua(network, 'p1', 'dave', port=5070), there.server
        ice = 'a=candidate:1 1 UDP 1 10.0.0.11 40000 typ host\r\na=candidate:1 2 UDP 1 10.0.0.11 40001 typ host\r\n'
        phone.offer = lambda: sip.sdp(net.P1, PORT, ice)
        call = Call(phone, server, URI, SERVER).start()
        (told,) = media.read(call.invite.body)
        check(told.port != PORT, 'the port is the same')
        body = sip.sdp(*server.media, f'a=remote-candidates:1 {told.address} {told.port} 2 {told.address} '
                                      f'{told.port + 1}\r\na=candidate:1 1 UDP 1 {net.S1} 30000 typ host\r\n')
        call.in_dialog(server, 'INVITE', body=body)
        seen, source = phone.expect('INVITE')
        equal(seen.body, body.replace(f'{told.address} {told.port}'.encode(), b'10.0.0.11 40000')
              .replace(f'{told.address} {told.port + 1}'.encode(), b'10.0.0.11 40001'), 'the offer')
        equal(int(seen['Content-Length']), len(seen.body), 'Content-Length')
        call.respond(seen, source, 200, 'OK', who=phone, body=phone.offer())
        got, _ = server.expect(200)
        equal(got.body, call.invite.body, 'the answer, as the offer before')


def test_line_ends():
    """lines that end with LF alone, or in both ways, or not at all"""
    text = HEAD + AUDIO + 'a=rtcp:{q}\r\n'
    both(text.replace('\r\n', '\n'), text.replace('\r\na', '\na'), text.rstrip('\r\n'),
         text.replace('m=audio {p} RTP/AVP 0', 'm=audio {p} RTP/AVP 0 '), text + '\r\n\r\n')


def test_content():
    """Content-Type in any case, with parameters, compact; Content-Disposition of either sort"""
    text = HEAD + AUDIO
    with net.Net() as network:
        there = Texts(network)
        for content in ('application/sdp', 'APPLICATION/SDP', 'Application/Sdp ; charset=utf-8', 'application / sdp'):
            there.out(text, content)
        for fields in (['c: application/sdp'], ['content-type:application/sdp'], ['C : application/SDP'],
                       ['Content-Type:', '  application/sdp']):
            there.out(text, None, ['\r\n'.join(fields)])
        for disposition in ('session', 'early-session', 'session;handling=optional', 'Early-Session ; handling=required'):
            there.out(text, fields=[f'Content-Disposition: {disposition}'])


def test_length():
    """no Content-Length, bytes behind the body, a message whose lines end with LF"""
    with net.Net() as network:
        there = Texts(network)
        there.out(HEAD + AUDIO, length=False)
        there.out(HEAD + AUDIO, trailing=b'c=IN IP4 10.0.0.11\r\n\0\xff')
        there.out(HEAD + AUDIO, trailing=b'\r\n\r\n')
        there.out(HEAD + AUDIO, end='\n')


def part(text, *fields, content='application/sdp'):
    return '\r\n'.join([f'Content-Type: {content}', *fields, '', '']) + text + '\r\n'


def multipart(*parts, boundary='b1'):
    return ''.join(f'--{boundary}\r\n{p}' for p in parts) + f'--{boundary}--\r\n'


ISUP = part('10.0.0.11 m=audio 40000 c=IN IP4 10.0.0.11', 'Content-Length: 999',
            'Content-Disposition: signal;handling=optional', content='application/ISUP;version=x')
SECOND = 'm=video 46000 RTP/AVP 96\r\n'


def test_multipart():
    """multipart bodies: all session descriptions change, other parts and the parts' fields stay"""
    first = part(HEAD + AUDIO, 'Content-Length: 100', 'Content-ID: <a@10.0.0.11>')
    second = part(HEAD + SECOND, 'Content-Disposition: session')
    inner = multipart(first, second, boundary='i')
    with net.Net() as network:
        there = Texts(network)
        for _ in range(2):
            for kind in ('mixed', 'alternative', 'related'):
                there.out('preamble 10.0.0.11\r\n' + multipart(ISUP, first, ISUP, second) + 'epilogue 10.0.0.11',
                          f'multipart/{kind};boundary=b1')
                there.out(multipart(first, ISUP), f'Multipart/{kind.upper()} ; boundary="b1" ; x=y')
            there.out(multipart(ISUP, part(inner, content='multipart/alternative; boundary=i'), ISUP),
                      'multipart/mixed;boundary=b1')
            there.out(multipart(*[first] + [part(HEAD + f'm=text {46000 + 2 * n} RTP/AVP 98\r\n')
                                            for n in range(11)]), 'multipart/mixed;boundary=b1')
            if not there.bob:
                there.occupy()


def test_multipart_broken():
    """one broken description in a multipart body: all of it stays, and it is counted"""
    with net.Net() as network:
        phone, server = Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol')
        before = gateway.counter('bad_sdp')
        body = fill(multipart(part(HEAD + AUDIO), part('v=0\r\nm=audio\r\n')), net.P1, PORT)
        data = phone.request('INVITE', URI, body=body).replace(
            b'application/sdp\r\nContent-Length', b'multipart/mixed;boundary=b1\r\nContent-Length')
        phone.send(data, SERVER)
        equal(server.expect('INVITE')[0].data, data, 'the INVITE')
        equal(gateway.counter('bad_sdp'), before + 1, 'the counter bad_sdp')
        equal(gateway.bindings(), [], 'what it opened')


run_all(globals())
