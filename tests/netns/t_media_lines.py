#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Media lines of any number and kind in a call: all of them heard, all of them closed."""

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

SERVER = (net.S1, 5060)
URI = f'sip:carol@{net.S1}'


def pair(network):
    return Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)


def six(base, setup='passive'):
    """Audio, video, fax, real-time text, MSRP and BFCP over TCP."""
    return [Line('audio', base), Line('video', base + 2, 'RTP/AVPF', '96'),
            Line('image', base + 4, 'udptl', 't38'), Line('text', base + 6, formats='98'),
            Line('message', base + 8, 'TCP/MSRP', '*', [f'a=setup:{setup}']),
            Line('application', base + 9, 'TCP/BFCP', '*', [f'a=setup:{setup}'])]


def sides(network, phone, server, near, far):
    return Side(network, phone, near).use(), Side(network, server, far).use()


def check_call(network, near, far, caller=None, to=SERVER):
    """A whole call; what each side was told."""
    caller = caller or near
    callee = far if caller is near else near
    call = Call(caller.agent, callee.agent, URI, to).start()
    told = media.read(call.invite.body), media.read(call.ok.body)
    to_near, to_far = told if caller is near else told[::-1]
    media.check_media(near, far, to_near, to_far)
    return call, to_near, to_far


def check_ports(network, near, to_near, same=True):
    """The outer side of each line: our address; the same ports, or others that are as they have to be."""
    for line, told in zip(near.lines, to_near):
        equal(told.address, network.public, f'c= of {line.kind}')
        if same:
            equal(told.port, line.port, f'the port of {line.kind}')


def test_six():
    """six lines in one call: media both ways in each, TCP from both sides; closed after BYE"""
    with net.Net() as network:
        near, far = sides(network, *pair(network), six(40000), six(30000))
        call, to_near, _ = check_call(network, near, far)
        check_ports(network, near, to_near)
        call.hang_up()
        media.check_closed(network, near, far, to_near)
        equal([b for b in gateway.bindings() if b['type'] != 'signalling'], [], 'bindings that are left')


def test_six_in():
    """six lines in a call from outside, to a PBX behind a forwarded port"""
    with net.Net('dnat') as network:
        near, far = sides(network, *pair(network), six(40000), six(30000))
        call, to_near, _ = check_call(network, near, far, far, (net.WAN, 5060))
        check_ports(network, near, to_near)
        call.hang_up(far.agent)
        media.check_closed(network, near, far, to_near)


def test_six_twice():
    """two phones with the same six ports: other outer ports, nobody hears the other's"""
    with net.Net('snat') as network:
        bob = Side(network, Ua(network, 'p2', 'bob'), six(40000)).use()
        near, far = sides(network, *pair(network), six(40000), six(30000))
        first, to_bob, _ = check_call(network, bob, far)
        call, to_near, _ = check_call(network, near, far)
        check_ports(network, near, to_near, same=False)
        for a, b in zip(to_bob, to_near):
            check(a.port != b.port, f'both have {a.port}')
        first.hang_up()
        media.check_media(near, far, to_near, media.read(call.ok.body))
        call.hang_up()
        media.check_closed(network, near, far, to_near)


def test_no_nat():
    """six lines without NAT: the text is the same, each line is let in and closed"""
    with net.Net('none') as network:
        near, far = sides(network, *pair(network), six(40000), six(30000))
        call, to_near, _ = check_call(network, near, far)
        equal(call.invite.body, near.text(), 'the offer')
        call.hang_up()
        media.check_closed(network, near, far, to_near)


def every(base):
    """32 lines, all kinds and transports."""
    kinds = [('audio', 'RTP/AVP', '0'), ('video', 'RTP/SAVP', '96'), ('image', 'udptl', 't38'),
             ('text', 'RTP/AVP', '98'), ('message', 'TCP/MSRP', '*'), ('application', 'TCP/BFCP', '*'),
             ('application', 'UDP/BFCP', '*'), ('application', 'UDP/DTLS/SCTP', 'webrtc-datachannel'),
             ('x-data', 'RTP/AVP', '99'), ('x-data', 'x-proto', '1'), ('video', 'UDP/TLS/RTP/SAVPF', '96'),
             ('audio', 'TCP/RTP/AVP', '0'), ('image', 'TCP', 't38'), ('model', 'UDP', 'x'),
             ('application', 'TCP/TLS/BFCP', '*'), ('message', 'TCP/TLS/MSRP', '*')]
    return [Line(kind, base + 4 * n, proto, formats)
            for n, (kind, proto, formats) in enumerate(kinds + kinds)]


def test_all_kinds():
    """32 lines of all kinds in one call: media both ways in each"""
    with net.Net() as network:
        near, far = sides(network, *pair(network), every(41000), every(31000))
        call, to_near, _ = check_call(network, near, far)
        check_ports(network, near, to_near)
        call.hang_up()
        media.check_closed(network, near, far, to_near[:10])
        equal([b for b in gateway.bindings() if b['type'] != 'signalling'], [], 'bindings that are left')


def unchanged(network, body, counted):
    """An INVITE whose description is none: it passes as it is, opens nothing, and is counted."""
    phone, server = pair(network)
    before = gateway.counter(counted)
    data = phone.request('INVITE', URI, body=body)
    phone.send(data, SERVER)
    equal(server.expect('INVITE')[0].data, data, 'the INVITE')
    equal(gateway.counter(counted), before + 1, f'the counter {counted}')
    equal(gateway.bindings(), [], 'what it opened')


def test_too_many():
    """33 lines: the message passes as it is, opens nothing, and is counted"""
    with net.Net() as network:
        lines = every(41000) + [Line('audio', 42000)]
        unchanged(network, media.describe(net.P1, lines), 'too_many_media')


def test_too_many_ports():
    """a port count beyond all measure likewise"""
    with net.Net() as network:
        unchanged(network, media.describe(net.P1, [Line('audio', '40000/65')]), 'too_many_media')


def test_broken():
    """a description that breaks off in the middle of a line likewise"""
    with net.Net() as network:
        good = media.describe(net.P1, [Line('audio', 40000)])
        unchanged(network, good + b'm=video 40002', 'bad_sdp')


def test_no_media():
    """no media line at all, or only ports 0: translated, no 0.0.0.0, no bytes of an earlier message"""
    with net.Net() as network:
        phone, server = pair(network)
        for lines in ([], [Line('audio', 0)], [Line('x-data', 0, 'x/y'), Line('image', 0, 'udptl', 't38')]):
            text = media.describe(net.P1, lines)
            phone.send(phone.request('INVITE', URI, body=text), SERVER)
            seen, _ = server.expect('INVITE')
            equal(seen.body, text.replace(net.P1.encode(), net.WAN.encode()), 'the description')
        equal([b for b in gateway.bindings() if b['type'] != 'signalling'], [], 'what they opened')


def test_low_ports():
    """ports under 1024, and the discard port of ICE and BFCP, are left, and the lines beside them work"""
    with net.Net() as network:
        phone, server = pair(network)
        near, far = sides(network, phone, server, [Line('audio', 40000)], [Line('audio', 30000)])
        lines = [Line('audio', 40000), Line('application', 9, 'TCP/BFCP', '*', ['a=setup:active']),
                 Line('video', 500)]
        phone.offer = lambda: media.describe(net.P1, lines)
        far.agent.offer = lambda: media.describe(net.S1, [Line('audio', 30000), Line('application', 31000, 'TCP/BFCP', '*'),
                                                          Line('video', 30002)])
        before = gateway.counter('low_port')
        call = Call(phone, server, URI, SERVER).start()
        told = media.read(call.invite.body)
        equal([t.port for t in told], [40000, 9, 500], 'the ports')
        # INVITE alone carries it.
        equal(gateway.counter('low_port'), before + 2, 'the counter low_port')
        media.check_media(near, far, told[:1], media.read(call.ok.body)[:1])
        equal(len([b for b in gateway.bindings() if b['type'] != 'signalling']), 2, 'media bindings')
        call.hang_up()


def reinvite(call, who, near_lines, far_lines, status=200):
    """Another offer of one side, and its answer; (what the callee's side read, what the offerer read)."""
    other = call.callee if who is call.caller else call.caller
    offer, answer = (near_lines, far_lines) if who is call.caller else (far_lines, near_lines)
    call.in_dialog(who, 'INVITE', body=media.describe(who.address, offer, version=2))
    seen, source = other.expect('INVITE')
    body = media.describe(other.address, answer, version=2) if status == 200 else b''
    call.respond(seen, source, status, 'OK' if status == 200 else 'Not Acceptable Here', who=other, body=body)
    got, _ = who.expect(status)
    call.in_dialog(who, 'ACK', cseq=int(seen['CSeq'].split()[0]))
    other.expect('ACK')
    return media.read(seen.body), media.read(got.body) if body else None


def test_refused_line():
    """a line that the answer refuses is closed, and works when a later offer revives it"""
    with net.Net() as network:
        phone, server = pair(network)
        lines = [Line('audio', 40000), Line('video', 40002, formats='96')]
        far_lines = [Line('audio', 30000), Line('video', 30002, formats='96')]
        near, far = Side(network, phone, lines).use(), Side(network, server, far_lines)
        server.offer = lambda: media.describe(net.S1, [far_lines[0], Line('video', 0, formats='96')])
        call = Call(phone, server, URI, SERVER).start()
        told = media.read(call.invite.body)
        media.check_media(near, far, told, media.read(call.ok.body))
        check(network.closes(far.sockets[1][0], told[1].rtp, near.sockets[1][0], 'p1', 's1'),
              'the refused line is open')
        equal([b['inner_port'] for b in gateway.bindings('media')], [40000], 'ports that are kept for media')
        seen, got = reinvite(call, server, lines, far_lines)
        media.check_media(near, far, got, seen)
        # And off again, by port 0 in the offer.
        reinvite(call, phone, [lines[0], Line('video', 0, formats='96')],
                 [far_lines[0], Line('video', 0, formats='96')])
        check(network.closes(far.sockets[1][0], got[1].rtp, near.sockets[1][0], 'p1', 's1'),
              'the line that was taken back is open')
        call.check_audio()
        call.hang_up()


def test_port_count():
    """m=audio PORT/3: three pairs of ports in a row, the count kept, RTP and RTCP in each"""
    with net.Net() as network:
        # Another phone has one of the ports, so the row moves.
        bob = Side(network, Ua(network, 'p2', 'bob', rtp=40002), [Line('audio', 40002)]).use()
        phone, server = pair(network)
        first = Call(bob.agent, server, URI, SERVER).start()
        near = Side(network, phone, [Line('audio', 40000 + 2 * n) for n in range(3)])
        far = Side(network, server, [Line('audio', 30000 + 2 * n) for n in range(3)])
        phone.offer = lambda: media.describe(net.P1, [Line('audio', '40000/3')])
        server.offer = lambda: media.describe(net.S1, [Line('audio', '30000/3')])
        call = Call(phone, server, URI, SERVER).start()
        told = media.read(call.invite.body)
        equal((told[0].count, told[0].address), (3, net.WAN), 'count and address')
        check(told[0].port % 2 == 0 and not 39998 <= told[0].port <= 40004, f'the port is {told[0].port}')
        def spread(to):
            return [media.Read(f'm=audio {to.port + 2 * n} RTP/AVP 0\n', to.address) for n in range(3)]
        to_near = spread(told[0])
        media.check_media(near, far, to_near, spread(media.read(call.ok.body)[0]))
        # The same again is the same ports, more of them are not the same.
        seen, _ = reinvite(call, phone, [Line('audio', '40000/3')], [Line('audio', '30000/3')])
        equal((seen[0].port, seen[0].count), (told[0].port, 3), 'the ports of a re-INVITE')
        call.hang_up()
        media.check_closed(network, near, far, to_near)
        first.check_audio()
        first.hang_up()


def test_fax():
    """audio to T.38 and back by re-INVITE, on the same port and on a new one"""
    with net.Net() as network:
        phone, server = pair(network)
        audio, far_audio = [Line('audio', 40000)], [Line('audio', 30000)]
        near, far = sides(network, phone, server, audio, far_audio)
        call, to_near, _ = check_call(network, near, far)
        for port, far_port in ((40000, 30000), (40010, 30010)):
            fax, far_fax = ([Line('image', p, 'udptl', 't38')] for p in (port, far_port))
            near, far = Side(network, phone, fax), Side(network, server, far_fax)
            # The gateway of a fax machine asks for it, or the one that was called.
            seen, got = reinvite(call, server, fax, far_fax)
            media.check_media(near, far, got, seen)
            equal(got[0].rtp, (net.WAN, port), 'where T.38 goes')
            seen, got = reinvite(call, phone, audio, far_audio)
            equal(seen[0].rtp, (net.WAN, 40000), 'where audio goes')
            call.check_audio()
        check(network.closes(far.sockets[0][0], (net.WAN, 40010), near.sockets[0][0], 'p1', 's1'),
              'the port of the fax is still open')
        call.hang_up()
        check(network.closes(server.rtp, to_near[0].rtp, phone.rtp, 'p1', 's1'), 'audio is still open')


def test_fax_beside():
    """T.38 offered beside audio: accepted, and refused by 488, which changes nothing"""
    with net.Net() as network:
        phone, server = pair(network)
        audio, far_audio = Line('audio', 40000), Line('audio', 30000)
        fax, far_fax = Line('image', 40010, 'udptl', 't38'), Line('image', 30010, 'udptl', 't38')
        near, far = sides(network, phone, server, [audio], [far_audio])
        call, _, _ = check_call(network, near, far)
        seen, _ = reinvite(call, phone, [audio, fax], [], status=488)
        fax_side, far_fax_side = Side(network, phone, [fax]), Side(network, server, [far_fax])
        check(network.closes(far_fax_side.sockets[0][0], seen[1].rtp, fax_side.sockets[0][0], 'p1', 's1'),
              'what was refused is open')
        call.check_audio()
        seen, got = reinvite(call, phone, [audio, fax], [Line('audio', 0), far_fax])
        media.check_media(fax_side, far_fax_side, seen[1:], got[1:])
        check(network.closes(server.rtp, seen[0].rtp, phone.rtp, 'p1', 's1'), 'the refused audio is open')
        call.hang_up()
        media.check_closed(network, fax_side, far_fax_side, seen[1:])


def test_message_sizes():
    """the sizes are right where each line changes its length"""
    with net.Net('snat') as network:
        phone, server = pair(network)
        text = media.describe(net.P1, [''.join(f'm=audio {41000 + 2 * n} RTP/AVP 0\r\nc=IN IP4 {net.P1}\r\n'
                                               for n in range(20))])
        phone.send(phone.request('INVITE', URI, body=text), SERVER)
        seen, _ = server.expect('INVITE')
        equal(seen.body, text.replace(net.P1.encode(), net.SNAT.encode()), 'the description')
        equal(int(seen['Content-Length']), len(seen.body), 'Content-Length')
        check(sip.Message(seen.data).body == seen.body, 'the body')


run_all(globals())
