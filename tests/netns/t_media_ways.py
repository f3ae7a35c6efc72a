#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Where media really go: RTCP and mux, BUNDLE, hold, several descriptions, TCP, names."""

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


def media_bindings():
    """Of the phone."""
    return [b for b in gateway.bindings() if b['type'] != 'signalling' and b['inner_addr'] == net.P1]


def start(network, near_attrs='', far_attrs=''):
    """A call with these attributes; (call, what the far side read, what the near one read)."""
    phone, server = pair(network)
    phone.offer = lambda: sip.sdp(*phone.media, near_attrs)
    server.offer = lambda: sip.sdp(*server.media, far_attrs)
    call = Call(phone, server, URI, SERVER).start()
    return call, media.read(call.invite.body)[0], media.read(call.ok.body)[0]


def reinvite(call, who, offer, answer):
    """Another offer and its answer as texts; what each of the two got."""
    other = call.callee if who is call.caller else call.caller
    call.in_dialog(who, 'INVITE', body=offer)
    seen, source = other.expect('INVITE')
    call.respond(seen, source, 200, 'OK', who=other, body=answer)
    got, _ = who.expect(200)
    call.in_dialog(who, 'ACK', cseq=int(seen['CSeq'].split()[0]))
    other.expect('ACK')
    return seen, got


def check_end(network, call):
    call.hang_up()
    check(network.closes(call.callee.rtp, call.to_caller, call.caller.rtp, 'p1', 's1'), 'audio is still open')
    equal(media_bindings(), [], 'media bindings that are left')


def test_rtcp_elsewhere():
    """RTCP goes where a=rtcp says, on both sides, and not to the port above RTP"""
    with net.Net() as network:
        call, down, up = start(network, f'a=rtcp:47000 IN IP4 {net.P1}\r\n', 'a=rtcp:37001\r\n')
        here, there = network.udp('p1', 47000), network.udp('s1', 37001)
        equal((down.rtcp, up.rtcp), ((net.WAN, 47000), (net.S1, 37001)), 'where RTCP goes')
        media.check_pair(call.caller.rtp, call.callee.rtp, down.rtp, up.rtp, 'RTP')
        media.check_pair(here, there, down.rtcp, up.rtcp, 'RTCP')
        check(network.absent(call.callee.rtcp, (net.WAN, down.port + 1), call.caller.rtcp, 'p1', 's1'),
              'the port above RTP is open')
        call.hang_up()
        check(network.closes(there, down.rtcp, here, 'p1', 's1'), 'RTCP is still open')


def test_rtcp_of_another_host():
    """RTCP of the far side on a host of its own gets in, and RTP of that host does not"""
    with net.Net() as network:
        call, down, _ = start(network, '', f'a=rtcp:37001 IN IP4 {net.S2}\r\n')
        there = network.udp('s2', 37001)
        check(network.arrives(there, down.rtcp, call.caller.rtcp), 'RTCP does not get in')
        check(network.absent(there, down.rtp, call.caller.rtp, 'p1', 's2'), 'RTP of the RTCP host gets in')
        check(network.arrives(call.caller.rtcp, (net.S2, 37001), there), 'RTCP does not get out')


def test_mux_accepted():
    """a=rtcp-mux accepted: RTP and RTCP on one port, the other one closes"""
    with net.Net() as network:
        call, down, up = start(network, 'a=rtcp-mux\r\n', 'a=rtcp-mux\r\n')
        media.check_pair(call.caller.rtp, call.callee.rtp, down.rtp, up.rtp, 'RTP and RTCP')
        check(network.absent(call.callee.rtcp, (net.WAN, down.port + 1), call.caller.rtcp, 'p1', 's1'),
              'the port of RTCP is open')
        equal(len(media_bindings()), 1, 'media bindings')
        # Off again, and the port of RTCP comes back where it was.
        seen, _ = reinvite(call, call.caller, sip.sdp(*call.caller.media), sip.sdp(*call.callee.media))
        equal(seen.media, call.invite.media, 'where RTP goes')
        call.check_audio()
        check_end(network, call)


def test_mux_answered():
    """the phone accepts a=rtcp-mux: its answer needs one port outside, and none for RTCP beside it"""
    with net.Net('dnat') as network:
        phone, server = pair(network)
        # Where RTCP would be, another phone has its audio.
        Call(Ua(network, 'p2', 'bob', port=5070, rtp=40001), server, URI, SERVER).begin()
        for agent in (phone, server):
            agent.offer = lambda a=agent: sip.sdp(*a.media, 'a=rtcp-mux\r\n')
        call = Call(server, phone, f'sip:alice@{net.WAN}', (net.WAN, 5060)).start()
        equal(call.ok.media, (net.WAN, 40000), 'where the phone is')
        media.check_pair(phone.rtp, server.rtp, call.to_callee, call.to_caller, 'RTP and RTCP')
        equal(len(media_bindings()), 1, 'media bindings')
        call.hang_up()
        equal(media_bindings(), [], 'media bindings that are left')


def test_mux_refused():
    """a=rtcp-mux refused: RTP and RTCP on two ports"""
    with net.Net() as network:
        call, _, _ = start(network, 'a=rtcp-mux\r\na=rtcp:40001\r\n')
        call.check_audio()
        check_end(network, call)


def bundle(address, ports, only=(), more=''):
    family = f'IN IP4 {address}'
    head = f'v=0\r\no=- 1 1 {family}\r\ns=-\r\nc={family}\r\nt=0 0\r\na=group:BUNDLE 0 1 2\r\n{more}'
    kinds = ('audio', 'video', 'application')
    return (head + ''.join(
        f'm={kind} {port} {"UDP/DTLS/SCTP" if kind == "application" else "UDP/TLS/RTP/SAVPF"} 0\r\n'
        f'a=mid:{n}\r\na=rtcp-mux\r\n{"a=bundle-only" + chr(13) + chr(10) if n in only else ""}'
        for n, (kind, port) in enumerate(zip(kinds, ports)))).encode()


def test_bundle():
    """BUNDLE: three lines share a port after the answer, one of them bundle-only with port 0 in the offer"""
    with net.Net() as network:
        phone, server = pair(network)
        phone.offer = lambda: bundle(net.P1, (40000, 40002, 0), only=(2,))
        server.offer = lambda: bundle(net.S1, (30000, 30000, 30000))
        call = Call(phone, server, URI, SERVER).start()
        equal(call.invite.body, phone.offer().replace(net.P1.encode(), net.WAN.encode()), 'the offer')
        equal(call.ok.body, server.offer(), 'the answer')
        media.check_pair(phone.rtp, server.rtp, call.to_caller, call.to_callee, 'the bundle')
        # The next offer has the one port in all of them.
        text = bundle(net.P1, (40000, 40000, 40000))
        seen, _ = reinvite(call, phone, text, server.offer())
        equal(seen.body, text.replace(net.P1.encode(), net.WAN.encode()), 'the second offer')
        media.check_pair(phone.rtp, server.rtp, call.to_caller, call.to_callee, 'the bundle')
        equal(len(media_bindings()), 1, 'media bindings')
        check_end(network, call)


def test_bundle_in():
    """BUNDLE in a call from outside: the answer has one port in all lines, which is one outer port"""
    with net.Net('dnat') as network:
        phone, server = pair(network)
        other = Ua(network, 'p2', 'bob', port=5070)
        Call(other, server, URI, SERVER).begin()
        server.offer = lambda: bundle(net.S1, (30000, 30002, 0), only=(2,))
        phone.offer = lambda: bundle(net.P1, (40000, 40000, 40000))
        call = Call(server, phone, f'sip:alice@{net.WAN}', (net.WAN, 5060)).start()
        equal(call.invite.body, server.offer(), 'the offer')
        lines = media.read(call.ok.body)
        equal({line.rtp for line in lines}, {lines[0].rtp}, 'where the lines go')
        check(lines[0].port != 40000, 'the outer port is the one that another phone has')
        media.check_pair(phone.rtp, server.rtp, call.to_callee, call.to_caller, 'the bundle')


def hold(network, held, who, resume=None):
    """A call, held by one side with these texts (offer, answer), and resumed by the other or the same."""
    call, down, _ = start(network)
    call.check_audio()
    side = call.caller if who == 'near' else call.callee
    seen, _ = reinvite(call, side, *held)
    if side is call.caller:
        inner, wan = net.P1.encode(), net.WAN.encode()
        equal(seen.body, held[0].replace(b'IP4 ' + inner, b'IP4 ' + wan), 'the offer')
    else:
        equal(seen.body, held[0], 'the offer')
    # All flows end, as they do while a call is on hold for hours.
    gateway.forget()
    side = call.caller if (resume or who) == 'near' else call.callee
    other = call.callee if side is call.caller else call.caller
    seen, got = reinvite(call, side, sip.sdp(*side.media), sip.sdp(*other.media))
    told = seen if side is call.caller else got
    equal(told.media, down.rtp, 'where the near side is after the hold')
    call.check_audio()
    check_end(network, call)


def test_hold_zero():
    """hold by c=0.0.0.0 of the phone, resumed by the phone: the same ports"""
    with net.Net() as network:
        hold(network, (sip.sdp('0.0.0.0', 40000).replace(b'IN IP4 0.0.0.0\r\ns', b'IN IP4 10.0.0.11\r\ns'),
                       sip.sdp(net.S1, 30000)), 'near')


def test_hold_zero_far():
    """hold by c=0.0.0.0 of the far side, which also resumes it"""
    with net.Net() as network:
        hold(network, (sip.sdp('0.0.0.0', 30000), sip.sdp(net.P1, 40000)), 'far')


def test_hold_zero_both():
    """hold by c=0.0.0.0 on both sides, resumed by the other one"""
    with net.Net() as network:
        hold(network, (sip.sdp('0.0.0.0', 40000).replace(b'IN IP4 0.0.0.0\r\ns', b'IN IP4 10.0.0.11\r\ns'),
                       sip.sdp('0.0.0.0', 30000)), 'near', 'far')


def test_hold_inactive():
    """hold by a=inactive, resumed by the far side"""
    with net.Net() as network:
        hold(network, (sip.sdp(net.P1, 40000, 'a=inactive\r\n'), sip.sdp(net.S1, 30000, 'a=inactive\r\n')),
             'near', 'far')


def test_hold_sendonly():
    """hold by a=sendonly of the far side, resumed by the phone; music on hold is heard meanwhile"""
    with net.Net() as network:
        hold(network, (sip.sdp(net.S1, 30000, 'a=sendonly\r\n'), sip.sdp(net.P1, 40000, 'a=recvonly\r\n')),
             'far', 'near')


def test_hold_other_port():
    """hold of a phone whose outer port is another one: c=0.0.0.0 stays, the port is the known one"""
    with net.Net() as network:
        phone, server = Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)
        Call(Ua(network, 'p2', 'bob'), server, URI, SERVER).begin()
        call = Call(phone, server, URI, SERVER).start()
        check(call.to_caller[1] != 40000, 'the outer port is the one of the other phone')
        held = sip.sdp('0.0.0.0', 40000)
        seen, _ = reinvite(call, phone, held, server.offer())
        equal(seen.media, ('0.0.0.0', call.to_caller[1]), 'c= and m= of the hold')
        seen, _ = reinvite(call, phone, phone.offer(), server.offer())
        equal(seen.media, call.to_caller, 'where the phone is after the hold')
        call.check_audio()
        call.hang_up()


def test_hold_at_first():
    """a call that begins on hold (c=0.0.0.0 in the first offer) has audio once it is taken off"""
    with net.Net() as network:
        phone, server = pair(network)
        phone.offer = lambda: sip.sdp('0.0.0.0', 40000)
        call = Call(phone, server, URI, SERVER).start()
        equal(call.invite.body, phone.offer(), 'the offer')
        equal(media_bindings(), [], 'media bindings while it is on hold')
        seen, _ = reinvite(call, phone, sip.sdp(*phone.media), server.offer())
        media.check_pair(phone.rtp, server.rtp, seen.media, server.media, 'audio')
        call.hang_up()


def multipart(*parts):
    """Parts are texts, or pairs of a disposition and a text."""
    body = b''
    for p in parts:
        disposition, text = p if isinstance(p, tuple) else ('session', p)
        body += (b'--b\r\nContent-Type: application/sdp\r\nContent-Disposition: ' + disposition.encode() +
                 b'\r\n\r\n' + text + b'\r\n')
    return body + b'--b--\r\n'


def as_multipart(data):
    return data.replace(b'Content-Type: application/sdp', b'Content-Type: multipart/mixed;boundary=b', 1)


def test_alternatives():
    """two descriptions in an offer, one in the answer: the ports of both are open, and close"""
    with net.Net() as network:
        phone, server = pair(network)
        offer = multipart(sip.sdp(net.P1, 40000), sip.sdp(net.P1, 42000))
        second = network.udp('p1', 42000)
        call = Call(phone, server, URI, SERVER)
        call.sent = sip.Message(as_multipart(phone.request(
            'INVITE', URI, call_id=call.call_id, from_tag=call.from_tag, body=offer)))
        phone.send(call.sent.data, SERVER)
        call.invite, call.source = server.expect('INVITE')
        equal(call.invite.body, offer.replace(net.P1.encode(), net.WAN.encode()), 'the offer')
        call.pick_up()
        call.check_audio()
        check(network.arrives(server.rtp, (net.WAN, 42000), second), 'the second description is not open')
        stranger = network.udp('s2', 30000)
        check(network.absent(stranger, (net.WAN, 42000), second, 'p1', 's2'), 'it is open to strangers')
        check_end(network, call)
        check(network.closes(server.rtp, (net.WAN, 42000), second, 'p1', 's1'), 'the second one is still open')


def test_early_session():
    """early media with a description of their own (RFC 3959): open until the call is answered"""
    with net.Net() as network:
        phone, server = pair(network)
        near, far = network.udp('p1', 42000), network.udp('s1', 32000)
        call = Call(phone, server, URI, SERVER).begin()
        data = server.response(call.invite, call.source, 183, 'Session Progress', to_tag=call.to_tag,
                               headers=[('Require', '100rel'), ('RSeq', '1'), ('Content-Disposition', 'early-session')],
                               body=sip.sdp(net.S1, 32000))
        server.send(data, call.source)
        call.ok, _ = phone.expect(183)
        call.in_dialog(phone, 'PRACK', headers=[('RAck', '1 1 INVITE'), ('Content-Disposition', 'early-session')],
                       body=sip.sdp(net.P1, 42000))
        seen, source = server.expect('PRACK')
        equal(seen.body, sip.sdp(net.WAN, 42000), 'the early answer')
        call.respond(seen, source, 200, 'OK', contact=False)
        phone.expect(200)
        media.check_pair(near, far, (net.WAN, 42000), (net.S1, 32000), 'early media')
        check(network.absent(server.rtp, call.invite.media, phone.rtp, 'p1', 's1'),
              "the call's own audio is open although it was not answered")
        call.pick_up()
        check(network.closes(far, (net.WAN, 42000), near, 'p1', 's1'), 'early media are still open')
        call.check_audio()
        check_end(network, call)


def test_early_session_offered():
    """an offer with an early description beside its own; both are answered in one 183"""
    with net.Net() as network:
        phone, server = pair(network)
        near, far = network.udp('p1', 42000), network.udp('s1', 32000)
        offer = multipart(sip.sdp(net.P1, 40000), ('early-session', sip.sdp(net.P1, 42000)))
        answer = multipart(('early-session', sip.sdp(net.S1, 32000)), sip.sdp(net.S1, 30000))
        call = Call(phone, server, URI, SERVER)
        call.sent = sip.Message(as_multipart(phone.request(
            'INVITE', URI, call_id=call.call_id, from_tag=call.from_tag, body=offer)))
        phone.send(call.sent.data, SERVER)
        call.invite, call.source = server.expect('INVITE')
        server.send(as_multipart(server.response(call.invite, call.source, 183, 'Session Progress',
                                                 to_tag=call.to_tag, body=answer)), call.source)
        phone.expect(183)
        media.check_pair(near, far, (net.WAN, 42000), (net.S1, 32000), 'early media')
        check(network.arrives(server.rtp, (net.WAN, 40000), phone.rtp), "the call's own audio is closed")
        call.pick_up()
        check(network.closes(far, (net.WAN, 42000), near, 'p1', 's1'), 'early media are still open')
        call.check_audio()
        check_end(network, call)


def tcp_call(network, near_setup, far_setup, phone=None):
    phone, server = phone or Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)
    near = Side(network, phone, [Line('application', 41000, 'TCP/BFCP', '*', [f'a=setup:{near_setup}'])]).use()
    far = Side(network, server, [Line('application', 31000, 'TCP/BFCP', '*', [f'a=setup:{far_setup}'])]).use()
    call = Call(phone, server, URI, SERVER).start()
    return call, near, far


def test_tcp_passive():
    """media over TCP: the far side connects in, data both ways, closed after BYE; a stranger cannot"""
    with net.Net() as network:
        call, near, _ = tcp_call(network, 'passive', 'active')
        listener = near.sockets[0][0]
        to = call.to_caller
        media.begin_connect(network, 's2', to)
        network.barrier('p1', 's2')
        check(media.accept(network, listener, 0) == (None, None), 'a stranger can connect')
        ours, theirs, who = media.connect(network, 's1', to, listener)
        equal(who[0], net.S1, 'who connected')
        for n in range(20):
            check(media.says(ours, theirs, b'x' * 3000 + b'%d' % n), 'no data in')
            check(media.says(theirs, ours, b'y' * 3000 + b'%d' % n), 'no data out')
        flow = gateway.flows('tcp', 'dport=41000')
        equal(len(flow), 1, 'flows')
        call.hang_up()
        check(not media.says(ours, theirs, b'late', 2), 'data gets in after the call')
        media.begin_connect(network, 's1', to)
        network.barrier('p1', 's1')
        check(media.accept(network, listener, 0) == (None, None), 'the far side can connect after the call')
        equal(gateway.flows('tcp', 'dport=41000', 'ESTABLISHED'), [], 'flows that are left')


def test_tcp_active():
    """media over TCP: the phone connects out, and its connection ends with the call"""
    with net.Net() as network:
        call, _, far = tcp_call(network, 'active', 'passive')
        ours, theirs, who = media.connect(network, 'p1', call.to_callee, far.sockets[0][0])
        equal(who[0], net.WAN, 'who connected')
        check(media.says(ours, theirs, b'hello') and media.says(theirs, ours, b'hello'), 'no data')
        call.hang_up()


def test_tcp_taken():
    """media over TCP at a port that the gateway itself listens on: another outer port"""
    with net.Net() as network:
        with net.inside('gw'):
            import socket  # pylint: disable=import-outside-toplevel
            own = socket.create_server(('0.0.0.0', 41000))
            network.sockets.append(own)
        call, near, _ = tcp_call(network, 'passive', 'active')
        check(call.to_caller[1] != 41000, "the gateway's own port was given away")
        ours, theirs, _ = media.connect(network, 's1', call.to_caller, near.sockets[0][0])
        check(media.says(ours, theirs, b'hello'), 'no data')
        call.hang_up()


def test_name():
    """the far side's c= is a name: what the phone sends leaves by the port that was announced"""
    with net.Net() as network:
        phone, server = pair(network)
        Call(Ua(network, 'p2', 'bob'), server, URI, SERVER).begin()
        server.offer = lambda: sip.sdp('media.example.com', 30000)
        call = Call(phone, server, URI, SERVER).start()
        check(call.to_caller[1] != 40000, 'the outer port is the one of the other phone')
        source = network.arrives(phone.rtp, server.media, server.rtp)
        equal(source, call.to_caller, 'where the audio of the phone comes from')
        check(network.arrives(server.rtp, call.to_caller, phone.rtp), 'the phone does not hear the server')
        stranger = network.udp('s2', 30000)
        check(network.absent(stranger, call.to_caller, phone.rtp, 'p1', 's2'), 'it is open to strangers')
        check_end(network, call)


run_all(globals())
