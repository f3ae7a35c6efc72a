#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What nobody may change, or only looks like a message: it passes as it is, and opens nothing."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import re

import gateway
import net
import sip
from leg import Leg
from tap import check, equal, run_all
from ua import Call, Ua

SERVER = (net.S1, 5060)
URI = f'sip:carol@{net.S1}'
kept = net.Kept()


def pair(network):
    return Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)


def media_bindings():
    return [b for b in gateway.bindings() if b['type'] != 'signalling']


def passes(phone, server, data, counted=None, what=''):
    """It arrives byte for byte, and is counted for this reason."""
    before = gateway.counter(counted) if counted else 0
    phone.send(data, SERVER)
    got, source = net.receive(server.socket)
    equal(got, data, f'{what}, as it arrived')
    if counted:
        equal(gateway.counter(counted) - before, 1, f'{what}: how often {counted} was counted')
    equal(media_bindings(), [], f'{what}: what it opened')
    return source


DIGEST = 'Digest username="alice", realm="r", nonce="n", uri="sip:x", response="0", '


def test_signed():
    """a signature over Contact and body (RFC 4474), or over the body (auth-int): not a byte is changed"""
    with kept as network:
        phone, server = pair(network)
        for field in (('Identity', '"c2lnbmF0dXJl"'), ('y', '"c2lnbmF0dXJl"'), ('Authorization', DIGEST + 'qop=auth-int'),
                      ('Proxy-Authorization', DIGEST + 'QOP = "auth-int" , nc=00000001')):
            data = phone.request('INVITE', URI, headers=[field], body=phone.offer())
            passes(phone, server, data, 'signed_body', field[0])


def test_not_signed():
    """what covers neither Contact nor body (RFC 8224, auth-int without a body) is translated as ever"""
    with kept as network:
        phone, server = pair(network)
        other = network.udp('p2', 5060)
        other.sendto(b'\r\n\r\n', SERVER)
        net.receive(server.socket)
        for method, field in (('INVITE', ('Identity', 'eyJhbGciOiJFUzI1NiJ9.eyJhdHQiOiJBIn0.c2ln;info=<https://x/c.cer>')),
                              ('INVITE', ('Authorization', DIGEST + 'qop=auth, opaque="qop=auth-int"')),
                              ('REGISTER', ('Authorization', DIGEST + 'qop=auth-int'))):
            phone.send(phone.request(method, URI, headers=[field], body=phone.offer() if method == 'INVITE' else b''), SERVER)
            seen, source = server.expect(method)
            equal(seen[field[0]], field[1], field[0])
            equal(seen.contact, source, f'{method} with {field[1]}: Contact')


def test_smime():
    """S/MIME: a body that is signed or encrypted stays, even if it holds a session description"""
    with kept as network:
        phone, server = pair(network)
        part = b'--s\r\nContent-Type: application/sdp\r\n\r\n' + phone.offer() + b'\r\n'
        for kind, body in (('application/pkcs7-mime; smime-type=enveloped-data', b'\x30\x82' + phone.offer()),
                           ('multipart/signed;protocol="application/pkcs7-signature";boundary=s',
                            part + b'--s\r\nContent-Type: application/pkcs7-signature\r\n\r\n\x30\x80\r\n--s--\r\n')):
            phone.send(phone.request('INVITE', URI, body=body).replace(b'application/sdp\r\nContent-L',
                                                                       kind.encode() + b'\r\nContent-L', 1), SERVER)
            seen, _ = server.expect('INVITE')
            equal(seen.body, body, f'the body of {kind}')
            equal(seen.contact[0], net.WAN, 'Contact, which is not covered')
            equal(media_bindings(), [], 'what it opened')


def test_lengths():
    """a Content-Length that is none, is there twice, or says more than came (CVE-2026-23457)"""
    with kept as network:
        phone, server = pair(network)
        body = phone.offer()
        good = phone.request('INVITE', URI, body=body)
        right = b'Content-Length: %d' % len(body)
        for wrong in (b'%d' % (2 ** 32 + len(body)), b'%d' % (2 ** 32 + 32), b'-1', b'+%d' % len(body), b'%d' % (len(body) + 1),
                      b'65536', b'9' * 40, b'0x%x' % len(body), b'', b'%d\r\nl: %d' % (len(body), len(body) - 1)):
            passes(phone, server, good.replace(right, b'Content-Length: ' + wrong), 'bad_content_length', f'Content-Length: {wrong}')


def test_low_contacts():
    """a Contact or Path with a port below 1024 stays, and nothing leads to that port, though it was granted"""
    with kept as network:
        phone, server = pair(network)
        for port in (22, 445, 1023):
            listener = network.udp('p1', port)
            for name in ('Contact', 'Path'):
                uri = f'<sip:alice@{net.P1}:{port}>'
                before = gateway.counter('low_port')
                phone.send(phone.request('REGISTER', f'sip:{net.S1}', contact=False, headers=[
                    ('Expires', '600'), (name, uri), *([('Contact', '<sip:a@192.0.2.1>')] if name == 'Path' else [])]), SERVER)
                seen, source = server.expect('REGISTER')
                equal(seen[name], uri, name)
                check(gateway.counter('low_port') > before, f'{name}: it was not counted')
                server.answer(seen, source, contact=False, headers=[('Contact', f'{seen["Contact"]};expires=600')])
                phone.expect(200)
                check(network.absent(server.socket, (net.WAN, port), listener, 'p1', 's1'), f'port {port} is open')
            equal([b for b in gateway.bindings() if b['inner_port'] < 1024], [], 'what leads there')


def test_nowhere():
    """messages that come from 0.0.0.0 by what they say (CVE-2018-15454) go on once, and harm nobody"""
    with kept as network:
        phone, server = pair(network)
        before = gateway.counter('messages')
        for n in range(10):
            data = phone.request('INVITE', URI, call_id=f'nowhere{n}', body=sip.sdp('0.0.0.0', 40000)).replace(
                f'UDP {net.P1}:5060'.encode(), b'UDP 0.0.0.0').replace(f'@{net.P1}:5060>'.encode(), b'@0.0.0.0:5060>').replace(
                    net.P1.encode(), b'0.0.0.0')
            source = passes(phone, server, data, what='an INVITE of nowhere')
            # Where its Via says, no answer can go to; by its flow it comes back as it is.
            answer = server.response(sip.Message(data), source, 100, 'Trying', contact=False).replace(b';received=203.0.113.1', b'')
            server.send(answer, source)
            equal(phone.receive()[0].data, answer, 'the answer')
        equal(gateway.counter('messages') - before, 20, 'messages inspected')
        call = Call(phone, server, URI, SERVER).start()
        call.check_audio()
        call.hang_up()


def seconds(*match):
    """What conntrack still gives the flows that match."""
    return [int(re.match(r'udp +17 (\d+)', line).group(1)) for line in gateway.flows(*match)]


STUN = b'\x00\x01\x00\x00\x21\x12\xa4\x42' + bytes(range(12))


def test_junk():
    """keep-alives, STUN and junk on the SIP port pass both ways, and give their flow no more time than any other"""
    with kept as network:
        phone, server = pair(network)
        for number, data in enumerate((b'\r\n\r\n', b'\r\n', b'\0', b'jaK', STUN, STUN + b'INVITE sip:x SIP/2.0\r\n', b'x' * 20,
                                       b'OPTIONS sip:x HTTP/1.1\r\n\r\n', b'GET / HTTP/1.1\r\nContact: <sip:10.0.0.11:5060>\r\n\r\n')):
            port = 6000 + number
            sock = network.udp('p1', port)
            before = gateway.counter('not_sip')
            for _ in range(2):
                sock.sendto(data, SERVER)
                got, source = net.receive(server.socket)
                equal(got, data, 'what the server got')
                server.socket.sendto(data, source)
                equal(net.receive(sock)[0], data, 'what the phone got')
            equal(gateway.counter('not_sip') - before, 4, f'{data}: how often not_sip was counted')
            (left,) = seconds(f'sport={port} ')
            check(left <= 120, f'{data}: the flow has {left} s')
        equal(gateway.bindings(), [], 'bindings')


def test_flow_time():
    """a flow lasts as long as what its messages were granted: a registration, a call's Session-Expires; not longer"""
    def left():
        return max(seconds(f'src={net.P1} ', 'sport=5060 dport=5060'))
    with kept as network:
        phone, server = pair(network)
        phone.send(phone.request('OPTIONS', URI), SERVER)
        seen, source = server.expect('OPTIONS')
        server.answer(seen, source)
        phone.expect(200)
        check(left() <= 120, f'after OPTIONS the flow has {left()} s')
        register = dict(to=f'<sip:alice@{net.S1}>', call_id='time', from_tag='time')
        for cseq, (expires, low, high) in enumerate(((700, 600, 700), (400, 300, 700)), 1):
            phone.send(phone.request('REGISTER', f'sip:{net.S1}', cseq=cseq, **register), SERVER)
            seen, source = server.expect('REGISTER')
            check(cseq > 1 or left() <= 120, f'before the answer the flow has {left()} s')
            server.answer(seen, source, contact=False, headers=[('Contact', f'{seen["Contact"]};expires={expires}')])
            phone.expect(200)
            check(low < left() <= high, f'registered for {expires} s, the flow has {left()} s')
        leg = Leg(phone, server, SERVER)
        invite = leg.ask(phone, 'INVITE', leg.offer(phone))
        leg.say(invite, 200, leg.offer(server), headers=[('Session-Expires', '1800;refresher=uac')])
        leg.ask(phone, 'ACK')
        check(1700 < left() <= 1800, f'in a call with a session timer the flow has {left()} s')
        leg.down()


def test_websocket():
    """SIP over WebSocket, which begins as HTTP on the SIP port: passed on as it is, and no pinholes (RFC 7118)"""
    import tcp  # pylint: disable=import-outside-toplevel
    with kept as network:
        near, far = tcp.pair(network)
        upgrade = (b'GET / HTTP/1.1\r\nHost: sip.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
                   b'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: sip\r\nSec-WebSocket-Version: 13\r\n\r\n')
        phone = Ua(network, 'p1', 'alice')
        message = phone.request('INVITE', URI, body=phone.offer()).replace(b'SIP/2.0/UDP', b'SIP/2.0/WS')
        before = gateway.counter('messages')
        for data in (upgrade, b'\x81\x7e' + len(message).to_bytes(2, 'big') + message, message):
            near.send(data)
            equal(far.read(len(data)), data, 'what came')
        equal(gateway.counter('messages'), before, 'messages inspected')
        equal(gateway.bindings(), [], 'bindings')
        near.close()
        far.close()


# What the suite of PROTOS c07-sip sends in the place of a value, and more of that kind.
INTEGERS = ('0', '-1', '00', '1.0', '4294967295', '4294967296', '2147483648', '-2147483649', '65536', '18446744073709551616',
            '9' * 128, '0x10', '1e9', '+5')
STRINGS = ('', ' ', '\t', 'a', '%s%s%s%n', '%.1024d', '\0', '\x7f', '\xff\xfe', '\u00e4\u263a', '\x1b[2J', '"', '\\', '"\\', '<', '>',
           '<>', '><', '(', ')', '[', ']', '[::', ',', ',,,,', ';', ';;;', '=', ';=;', '?', '&', '@', '@@', ':', '::', '/', '//', '../',
           "'", '`', '{}', '*', '**', '\r', '\n', '\r\n', '\r\n ', '\r\n\r\n', ' \r\n\t', 'sip:', 'sips:', 'tel:', 'SIP/2.0', 'http://',
           '1.2.3', '256.1.1.1', '0.0.0.0', '255.255.255.255', '[::]', '[1:2', '1.2.3.4:', '1.2.3.4:0', '1.2.3.4:99999', 'a.' * 60,
           *(c * n for c in ('a', '/', '<', ';', ',', ' ', '"', '%s', '\0') for n in (17, 255, 1024, 4000)))
TEXT = ('{0}INVITE{1} {2}sip:carol@{3}192.0.2.20{4} SIP/{5}2.0{6}\r\nVia{7}: SIP/{8}2.0/{9}UDP {10}192.0.2.9{11}:{12}5060;branch={13}z9hG4bK1{14}\r\n'
        'From: {15}0 <sip:{16}alice@{17}192.0.2.9{18}>;tag={19}1{20}\r\nTo:{21} Receiver <sip:carol@{22}192.0.2.20>{23}\r\n'
        'Call-ID: {24}1@{25}192.0.2.9{26}\r\nCSeq: {27}1{28} {29}INVITE{30}\r\nContact: {31}0 <sip:{32}alice@{33}192.0.2.9{34}:{35}5060>{36}\r\n'
        'Expires: {37}1200\r\nMax-Forwards: {38}70\r\nContent-Type: {39}application/{40}sdp{41}\r\nContent-Length: {42}129\r\n\r\n'
        'v={43}0{44}\r\no={45}0 {46}0 0 IN {47}IP4 {48}192.0.2.9{49}\r\ns={50}Session SDP\r\nc=IN {51}IP4 {52}192.0.2.9{53}\r\nt={54}0 0\r\n'
        'm={55}audio {56}9876 RTP/{57}AVP {58}0\r\na={59}rtpmap:0 PCMU/8000{60}\r\n')


def malformed():
    """INVITEs, each with one element of the grammar put in one place; the addresses are other people's."""
    pieces = re.split(r'\{\d+\}', TEXT)
    for place in range(1, len(pieces)):
        for number, bad in enumerate((*STRINGS, *INTEGERS)):
            head, tail = ''.join(pieces[:place]), ''.join(pieces[place:])
            # In front of what is there, or instead of its first word.
            if number % 2:
                tail = re.sub(r'^[^\s:;<>@/\r]*', '', tail)
            yield (head + bad + tail).encode('latin-1', 'replace')


def test_malformed():
    """malformed INVITEs as of PROTOS c07-sip: byte for byte both ways, nothing opened, and a call works after them"""
    step = 1 if os.environ.get('MANY') else 41
    with kept as network:
        phone, server = pair(network)
        phone.send(b'\r\n\r\n', SERVER)
        _, outer = net.receive(server.socket)
        before = gateway.counter('translated')
        texts = [t for n, t in enumerate(malformed()) if n % step == 0]
        print(f'# {len(texts)} different messages', flush=True)
        for at in range(0, len(texts), 8):
            for sender, to, receiver in ((phone.socket, SERVER, server.socket), (server.socket, outer, phone.socket)):
                for text in texts[at:at + 8]:
                    sender.sendto(text, to)
                for number, text in enumerate(texts[at:at + 8]):
                    equal(net.receive(receiver)[0], text, f'message {at + number}')
        equal(gateway.bindings(), [], 'what they opened')
        equal(gateway.counter('translated') - before, 0, 'messages translated')
        call = Call(phone, server, URI, SERVER).start()
        call.check_audio()
        call.hang_up()
        gateway.check_closed(network, call, 'p1', 's1')
        equal(media_bindings(), [], 'media bindings that are left')


try:
    run_all(globals())
finally:
    kept.close()
