#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Rules that only observe: all is seen and counted, and nothing is changed or opened."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import gateway
import net
import sip
import tcp
import tcpua
import ua
from tap import check, equal, run_all
from ua import Call

SERVER = (net.S1, 5060)


class Ua(ua.Ua):
    """An agent that keeps what it sent and got."""

    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        self.sent, self.got = [], []

    def send(self, data, to):
        self.sent.append(data)
        super().send(data, to)

    def receive(self, wait=net.WAIT):
        message, source = super().receive(wait)
        self.got.append(message.data)
        return message, source


def pair(network):
    return Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)


def check_same(phone, server):
    """What the one sent is what the other got, and the gateway counted each message."""
    equal(server.got, phone.sent, 'what the server got')
    equal(phone.got, server.sent, 'what the phone got')
    stats = gateway.ctl('stats')
    equal(stats['observed'], len(phone.sent) + len(server.sent), 'observed')
    equal(stats['messages'], stats['observed'], 'messages')
    equal((stats['translated'], stats['unchanged'], stats['stale']), (0, 0, 0), 'translated, unchanged, stale')
    equal((stats['bindings_created'], gateway.bindings()), (0, []), 'bindings')


def register(phone, server, expires=600):
    sent = phone.request('REGISTER', f'sip:{net.S1}', to=f'<sip:alice@{net.S1}>',
                         headers=[('Expires', str(expires))])
    phone.send(sent, SERVER)
    seen, source = server.expect('REGISTER')
    server.answer(seen, source, contact=False, headers=[('Contact', f'{seen["Contact"]};expires={expires}')])
    phone.expect(200)


def one(kind):
    (found,) = gateway.ctl(kind, 'list')
    return found


def seconds(port):
    """The time that conntrack gives flows to this port."""
    return [int(re.search(r'udp +17 (\d+)', f).group(1)) for f in gateway.flows(f'dport={port} ')]


def test_call():
    """a call is followed from ringing over hold to its end; its packets are the same, its media find no way in"""
    with net.Net() as network:
        phone, server = pair(network)
        gateway.policy('observe')
        call = Call(phone, server, f'sip:carol@{net.S1}', SERVER).ring()
        dialog = one('dialog')
        equal((dialog['state'], dialog['call_id'], dialog['a_addr'], dialog['b_addr']),
              ('early', call.call_id, net.P1, net.S1), 'the dialog')
        call.pick_up()
        dialog = one('dialog')
        equal(dialog['state'], 'confirmed', 'the state')
        equal([(m['side'], m['outer_addr'], m['outer_port'], m['bound']) for m in dialog['media']],
              [('a', net.P1, 40000, False), ('b', net.S1, 30000, False)], 'the media')
        for port in 40000, 40001, 30000:
            check(network.absent(server.rtp, (net.WAN, port), phone.rtp, 'p1', 's1'), f'port {port} is open')
        check(max(seconds(5060)) <= 180, f'flows are kept for {seconds(5060)} s')
        hold = call.caller.offer() + b'a=sendonly\r\n'
        call.in_dialog(phone, 'INVITE', body=hold)
        again, source = server.expect('INVITE')
        server.answer(again, source, body=server.offer() + b'a=recvonly\r\n')
        phone.expect(200)
        call.in_dialog(phone, 'ACK', cseq=call.cseq)
        server.expect('ACK')
        equal((one('dialog')['held_by'], gateway.ctl('status')['calls_held']), ('a', 1), 'who holds')
        call.hang_up()
        dialog = one('dialog')
        equal((dialog['state'], dialog['end_reason']), ('terminated', 'bye'), 'the end')
        check_same(phone, server)


def test_registration():
    """a registration is seen as it is granted and ended, and the registrar gets no way in"""
    with net.Net() as network:
        phone, server = pair(network)
        gateway.policy('observe')
        register(phone, server)
        found = one('registration')
        equal((found['state'], found['contact'], found['inner_addr'], found['outer_addr'], found['expires']),
              ('granted', phone.uri, net.P1, net.P1, 600), 'the registration')
        register(phone, server)
        equal(gateway.counter('registrations_created'), 1, 'registrations_created')
        check(max(seconds(5060)) <= 180, f'flows are kept for {seconds(5060)} s')
        gateway.forget()
        server.socket.sendto(server.request('OPTIONS', phone.uri), (net.WAN, 5060))
        check(phone.quiet('p1', 's1'), 'the registrar gets in')
        register(phone, server, expires=0)
        equal(gateway.ctl('registration', 'list'), [], 'registrations')
        check_same(phone, server)


def test_subscription():
    """a subscription and what it is told are seen"""
    with net.Net() as network:
        phone, server = pair(network)
        gateway.policy('observe')
        phone.send(phone.request('SUBSCRIBE', f'sip:bob@{net.S1}',
                                 headers=[('Event', 'presence'), ('Expires', '600')]), SERVER)
        seen, source = server.expect('SUBSCRIBE')
        server.answer(seen, source, to_tag='n1', headers=[('Expires', '600')])
        phone.expect(200)
        server.send(sip.build(f'NOTIFY {phone.uri} SIP/2.0', [
            ('Via', server.via()), ('Max-Forwards', '70'), ('From', f'{seen["To"]};tag=n1'), ('To', seen['From']),
            ('Call-ID', seen['Call-ID']), ('CSeq', '1 NOTIFY'), ('Event', 'presence'),
            ('Contact', f'<{server.uri}>'), ('Subscription-State', 'active;expires=600')], b''), source)
        note, source = phone.expect('NOTIFY')
        phone.answer(note, source)
        server.expect(200)
        found = one('subscription')
        equal((found['event'], found['subscription_state'], found['notifies']), ('presence', 'active', 1),
              'the subscription')
        check_same(phone, server)


def test_nothing_dropped():
    """no option of such a rule drops or changes a packet, and what is malformed is counted as ever"""
    with net.Net() as network:
        phone, server = pair(network)
        gateway.policy('observe methods INVITE malformed drop rate 1 rates OPTIONS=1 dscp-signalling 46 '
                       'mark-signalling 1 mark-signalling-mask 1')
        for _ in range(5):
            phone.send(phone.request('OPTIONS', f'sip:{net.S1}'), SERVER)
            server.expect('OPTIONS')
        check_same(phone, server)
        equal([f for f in gateway.flows('dport=5060 ') if ' mark=0 ' not in f and ' mark=' in f], [], 'marked flows')
        bad = phone.sent[0].replace(b'Call-ID', b'Call-XX')
        phone.socket.sendto(bad, SERVER)
        equal(net.receive(server.socket)[0], bad, 'a message without Call-ID')
        equal((gateway.counter('missing_header'), gateway.counter('observed')), (1, 5), 'missing_header, observed')


def test_change():
    """a running flow: from alg to observe a registration's way in is closed, and back it is there again"""
    with net.Net() as network:
        phone, server = pair(network)
        register(phone, server)
        check(server.got[-1] != phone.sent[-1], 'alg: it is not translated')
        equal(len(gateway.bindings()), 1, 'bindings')
        gateway.policy('observe')
        register(phone, server)
        equal(server.got[-1], phone.sent[-1], 'the REGISTER that is observed')
        equal((gateway.bindings(), one('registration')['outer_addr']), ([], net.P1), 'bindings, outer address')
        gateway.policy('alg')
        register(phone, server)
        equal(sip.Message(server.got[-1]).contact, (net.WAN, 5060), 'the Contact with alg')
        equal((len(gateway.bindings()), one('registration')['outer_addr']), (1, net.WAN), 'bindings, outer address')


def test_tcp():
    """over TCP the parts of a message pass at once, and messages are found whole, cut and several in a segment"""
    with tcp.Net() as network:
        gateway.policy('observe')
        near, far = tcp.pair(network)
        long = tcp.request('alice', near, 'MESSAGE', b'x' * 5000)
        for begin, end in (0, 1), (1, 300), (300, 4000), (4000, len(long)):
            near.send(long[begin:end])
            equal(far.read(end - begin), long[begin:end], f'bytes {begin} to {end}, before the others are sent')
        many = [tcp.request('alice', near, 'MESSAGE', b'y' * n) for n in range(20)]
        near.send(b''.join(many[:10]) + many[10][:50])
        near.send(many[10][50:] + b'\r\n\r\n' + b''.join(many[11:]))
        wanted = b''.join(many[:11]) + b'\r\n\r\n' + b''.join(many[11:])
        equal(far.read(len(wanted)), wanted, '20 messages and an empty line')
        answer = tcp.response(sip.Message(long))
        far.send(answer)
        equal(near.read(len(answer)), answer, 'the answer')
        stats = gateway.ctl('stats')
        equal((stats['observed'], stats['translated'], stats['bindings_created']), (22, 0, 0),
              'observed, translated, bindings')
        stream = one('stream')
        equal((stream['a_messages'], stream['b_messages'], stream['a_held'], stream['a_offset'], stream['a_memory']),
              (21, 1, 0, 0, 0), 'the stream')
        net.run('gw', net.CTL, 'disable')
        near.send(long)
        equal(far.read(len(long)), long, 'a message once sipalg is off')
        near.close()
        equal((far.rest(), tcp.invalid()), (b'', 0), 'what else came, and invalid packets')


def test_tcp_policy():
    """a TCP connection that is only observed stays so under another policy; the next one is translated"""
    with tcp.Net() as network:
        gateway.policy('observe')
        near, far = tcp.pair(network)
        first = tcp.request('alice', near)
        near.send(first)
        equal(far.read(len(first)), first, 'the first message')
        gateway.policy('alg')
        for _ in range(2):
            near.send(first)
            equal(far.read(len(first)), first, 'a message with another policy')
        equal((gateway.counter('observed'), gateway.bindings()), (3, []), 'observed, bindings')
        near, far = tcp.pair(network)
        other = tcp.request('alice', near)
        near.send(other)
        equal(far.message().data, tcp.outside(other), 'a message of another connection')
        gateway.policy('observe')
        near.send(first + other)
        equal(far.read(len(first + other)), first + other, 'messages of that one that are only observed')
        equal(tcp.invalid(), 0, 'packets that conntrack found invalid')


def test_tcp_call():
    """a call over TCP is followed to its end, and nothing is opened"""
    with tcp.Net() as network:
        gateway.policy('observe')
        phone, server = tcpua.joined(tcpua.Ua(network, 'p1', 'alice'), tcpua.Ua(network, 's1', 'carol', rtp=30000))
        call = Call(phone, server, f'sip:carol@{net.S1};transport=tcp', SERVER).start()
        equal(call.invite.data, call.sent.data, 'the INVITE')
        equal(one('dialog')['state'], 'confirmed', 'the state')
        check(network.absent(server.rtp, (net.WAN, 40000), phone.rtp, 'p1', 's1'), 'media get in')
        call.hang_up()
        equal(one('dialog')['end_reason'], 'bye', 'the end')
        equal((gateway.counter('observed'), gateway.counter('translated'), gateway.bindings()), (6, 0, []),
              'observed, translated, bindings')


def test_explain():
    """stats --explain says why such messages were left as they are"""
    with net.Net():
        text = net.run('gw', net.CTL, 'stats', '--explain')
        check('followed and left as they are, because a rule only observes' in text, 'there is no sentence for it')


run_all(globals())
