#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Options of rules: each changes what happens to calls."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import time

import gateway
import net
import tcp
from tap import check, equal, run_all
from ua import Call, Ua

SERVER = (net.S1, 5060)


def pair(network, **more):
    return Ua(network, 'p1', 'alice', **more), Ua(network, 's1', 'carol', rtp=30000, **more)


def call_of(phone, server):
    return Call(phone, server, f'sip:carol@{net.S1}', SERVER)


def test_media_ports():
    """media-port-min and -max: a phone whose port is taken gets one of these"""
    with net.Net() as network:
        phone, server = pair(network)
        other = Ua(network, 'p2', 'bob')
        gateway.policy('alg media-port-min 50010 media-port-max 50013')
        first, second = call_of(phone, server).start(), call_of(other, server).start()
        equal(first.to_caller[1], 40000, 'the port that is free')
        check(second.to_caller[1] in (50010, 50012), f'port {second.to_caller[1]} for the one that is taken')
        second.check_audio()
        first.hang_up()
        second.hang_up()


def test_max_media():
    """max-media: a session description with more lines is left alone"""
    with net.Net() as network:
        phone, server = pair(network)
        body = phone.offer() + b'm=video 40010 RTP/AVP 31\r\n'
        for lines, good in (2, True), (1, False):
            gateway.policy(f'alg max-media {lines}')
            sent = phone.request('INVITE', f'sip:carol@{net.S1}', body=body)
            phone.send(sent, SERVER)
            equal(server.expect('INVITE')[0].data != sent, good, f'max-media {lines}: is it translated?')
            equal(gateway.counter('too_many_media'), int(not good), 'too_many_media')


def dialogs():
    return gateway.ctl('dialog', 'list')


def test_early_seconds():
    """early-seconds: a call that is not answered in time ends, by the rule that it began under"""
    with net.Net() as network:
        phone, server = pair(network)
        gateway.policy('alg early-seconds 10')
        call = call_of(phone, server).begin()
        gateway.policy('alg early-seconds 1000')
        call.respond(call.invite, call.source, 180, 'Ringing')
        phone.expect(180)
        (dialog,) = dialogs()
        check(0 < dialog['expires_in'] <= 10, f'it is given up in {dialog["expires_in"]} s')
        late = call_of(phone.another_line(40100), server.another_line(30100)).ring()
        check(900 < max(d['expires_in'] for d in dialogs()) <= 1000, 'the second call has the rule of the first')
        begin = time.monotonic()
        while [d['state'] for d in dialogs() if d['call_id'] == call.call_id] != ['terminated']:
            check(time.monotonic() < begin + 10 + net.WAIT, 'the call does not end')
            time.sleep(0.5)  # until the next look at a table that tells nobody
        check(time.monotonic() > begin + 5, 'it ended too early')
        late.pick_up().hang_up()


def test_confirmed_seconds():
    """confirmed-seconds: how long an answered call lasts without Session-Expires"""
    with net.Net() as network:
        phone, server = pair(network)
        gateway.policy('alg confirmed-seconds 60')
        call = call_of(phone, server).start()
        (dialog,) = dialogs()
        # The BYE of those who know better may still come for 32 s.
        check(50 < dialog['expires_in'] <= 60 + 32, f'it is given up in {dialog["expires_in"]} s')
        call.hang_up()


def marks(port):
    """Of flows with this port."""
    found = [re.search(r' mark=(\d+)', f) for f in gateway.flows(f'={port} ')]
    return {int(m.group(1)) for m in found if m}


def test_marks():
    """mark-signalling and mark-media: bits of the ct mark of flows; others stay"""
    with net.Net() as network:
        phone, server = pair(network)
        gateway.nft('''table inet marks {
            chain pre {
                type filter hook prerouting priority mangle;
                iifname lan udp dport 5060 ct state new ct mark set 0x102
            }
        }''')
        gateway.policy('alg mark-signalling 0x10 mark-signalling-mask 0xf0 mark-media 5 mark-media-mask 0xf')
        call = call_of(phone, server).start()
        call.check_audio()
        equal(marks(5060), {0x102 & ~0xf0 | 0x10}, 'marks of the signalling')
        for port in 40000, 40001:
            found = marks(port)
            check(found and all(m & 0xf == 5 for m in found), f'the marks of port {port} are {found}')
        call.hang_up()
        gateway.forget()
        gateway.policy('alg')
        call = call_of(phone, server).start()
        equal(marks(5060), {0x102}, 'marks of the signalling without the option')
        call.hang_up()


HEARD = '''
table inet heard {
    counter fast { }
    counter other { }
    chain in {
        type filter hook input priority filter;
        meta l4proto { udp, tcp } th dport 5060 ip dscp 46 counter name fast accept
        meta l4proto { udp, tcp } th dport 5060 ip6 dscp 46 counter name fast accept
        meta l4proto { udp, tcp } th dport 5060 counter name other
    }
}'''


def heard(ns):
    """(packets to port 5060 with this DSCP, packets with another)"""
    text = net.run(ns, 'nft', 'reset', 'counters', 'table', 'inet', 'heard')
    return tuple(int(re.search(r'counter %s \{\s*packets (\d+)' % name, text).group(1)) for name in ('fast', 'other'))


def test_dscp():
    """dscp-signalling: of UDP and TCP, IPv4 and IPv6, both ways; media have their own"""
    with net.Net() as network:
        for ns in 's1', 'p1':
            net.run(ns, 'nft', '-f', '-', text_in=HEARD)
        gateway.policy('alg dscp-signalling 46')
        phone, server = pair(network)
        call = call_of(phone, server).start()
        call.hang_up()
        equal(heard('s1'), (3, 0), 'of INVITE, ACK and BYE')
        equal(heard('p1'), (3, 0), 'of the responses')
        six = Ua(network, 'p1', 'alice', v6=True), Ua(network, 's1', 'carol', rtp=30000, v6=True)
        six[0].send(six[0].request('OPTIONS', 'sip:carol@example.com'), (six[1].address, 5060))
        six[1].expect('OPTIONS')
        equal(heard('s1'), (1, 0), 'over IPv6')
        near, far = tcp.pair(network)
        near.send(tcp.request('alice', near))
        far.message()
        fast, other = heard('s1')
        check(fast >= 2 and not other, f'{fast} segments with it, {other} without')
        gateway.policy('alg')
        phone.send(phone.request('OPTIONS', f'sip:{net.S1}'), SERVER)
        server.expect('OPTIONS')
        equal(heard('s1')[0], 0, 'without the option')


def is_served(phone, server):
    """Does a new call get translated? And the call."""
    call = call_of(phone, server).begin()
    return call.invite.data != call.sent.data, call


def test_max_dialogs():
    """max-dialogs: more calls of the rule are left alone, until one has ended"""
    with net.Net() as network:
        phone, server = pair(network)
        other = Ua(network, 'p2', 'bob')
        gateway.policy('alg max-dialogs 1')
        call = call_of(phone, server).start()
        check(not is_served(other, server)[0], 'the second call is served')
        equal(gateway.counter('limit_dialogs'), 1, 'limit_dialogs')
        call.check_audio()
        call.hang_up()
        check(is_served(other, server)[0], 'there is no place after the end')


def test_max_dialogs_source():
    """max-dialogs-source: more calls of one host are left alone, those of others are served"""
    with net.Net() as network:
        phone, server = pair(network)
        other = Ua(network, 'p2', 'bob')
        gateway.policy('alg max-dialogs-source 1')
        call = call_of(phone, server).start()
        check(not is_served(phone, server)[0], 'the second call of the host is served')
        good, another = is_served(other, server)
        check(good, 'the other host is not served')
        another.respond(another.invite, another.source, 486, 'Busy Here')
        other.expect(486)
        call.hang_up()
        check(is_served(phone, server)[0], 'there is no place after the end')


def private(message):
    """Groups of places in which the phone's own address stands."""
    found = set()
    for name, value in message.headers:
        if net.P1 in value and name not in ('Call-ID', 'Content-Length'):
            found.add({'Via': 'via', 'Contact': 'contact', 'Path': 'route', 'From': 'identity',
                       'Refer-To': 'refer'}[name])
    if net.P1.encode() in message.body:
        found.add('sdp')
    return found


def test_headers():
    """headers: only these groups of places are translated"""
    groups = {'via', 'contact', 'route', 'identity', 'refer', 'sdp'}
    more = [('Path', f'<sip:{net.P1}:5060;lr>'), ('Refer-To', f'<sip:alice@{net.P1}:5060>')]
    with net.Net() as network:
        phone, server = pair(network)
        for chosen in [groups, set()] + [groups - {g} for g in sorted(groups)] + [{'via', 'sdp'}]:
            gateway.policy('alg headers ' + (','.join(sorted(chosen)) or 'none'))
            sent = phone.request('INVITE', f'sip:carol@{net.S1}', headers=more, body=phone.offer())
            phone.send(sent, SERVER)
            seen, _ = server.expect('INVITE')
            equal(private(seen), groups - chosen, f'with {sorted(chosen)}: where the own address is left')
            if not chosen:
                equal(seen.data, sent, 'without any group')


def heard_from(network, call, sender, ns):
    """Does the phone hear this socket?"""
    return not network.absent(sender, call.to_caller, call.caller.rtp, 'p1', ns)


def test_media_source():
    """media-source: answered, exact, signalling and any let in these hosts, and nobody before the answer"""
    for word, wanted in (('answered', 'named other'), ('exact', 'named'), ('signalling', 'named other server'),
                         ('any', 'named other server stranger')):
        with net.Net() as network:
            phone, server = pair(network)
            gateway.policy(f'alg media-source {word}')
            net.run('s2', 'ip', 'addr', 'add', '203.0.113.21/24', 'dev', 'eth0')
            server.media = (net.S2, 31000)  # as a proxy whose media are elsewhere
            senders = {'named': (network.udp('s2', 31000), 's2'), 'other': (network.udp('s2', 31010), 's2'),
                       'server': (server.rtp, 's1'), 'stranger': (network.udp('s2', 31000, '203.0.113.21'), 's2')}
            call = call_of(phone, server).ring()
            for name, (sender, ns) in senders.items():
                check(not heard_from(network, call, sender, ns), f'{word}: {name} is heard before the answer')
            call.pick_up()
            heard_now = [name for name, (sender, ns) in senders.items() if heard_from(network, call, sender, ns)]
            equal(heard_now, wanted.split(), f'{word}: who is heard')
            call.hang_up()
            check(network.closes(senders['named'][0], call.to_caller, phone.rtp, 'p1', 's2'),
                  f'{word}: media still pass after the end')
            check(network.absent(senders['stranger'][0], call.to_caller, phone.rtp, 'p1', 's2'),
                  f'{word}: a stranger is heard after the end')



def partly(network):
    """How many seconds it takes until the first part of a message arrives whose end does not come."""
    near, far = tcp.pair(network)
    data = tcp.request('alice', near, 'MESSAGE', b'x' * 4000)
    begin = time.monotonic()
    near.send(data[:3000])
    far.read(3000)
    took = time.monotonic() - begin
    near.send(data[3000:])
    far.read(len(data) - 3000)
    return took


def test_stall_seconds():
    """stall-seconds: a message over TCP that does not end in time passes as it is"""
    with tcp.Net() as network:
        gateway.policy('alg stall-seconds 1')
        took = partly(network)
        check(0.8 < took < 3.5, f'the first half came after {took:.1f} s')
        gateway.policy('alg stall-seconds 4')
        took = partly(network)
        check(3.5 < took < 8, f'the first half came after {took:.1f} s')
        equal(gateway.counter('stream_stalled'), 2, 'stream_stalled')


def test_max_held():
    """max-held: a connection that would need more memory is left alone at once"""
    with tcp.Net() as network:
        gateway.policy('alg stall-seconds 60 max-held 2048')
        took = partly(network)
        check(took < 5, f'the first half came after {took:.1f} s')
        equal(gateway.counter('stream_memory'), 1, 'stream_memory')
        gateway.policy('alg max-held 40000')
        near, far = tcp.pair(network)
        data = tcp.request('alice', near, 'MESSAGE', b'x' * 4000)
        near.send_cut(data, 3000)
        equal(far.message().data, tcp.outside(data), 'a message that is held')


def begin(network, ns):
    """A connection of a host with the first part of a message; its ends, and what was not sent yet."""
    near, far = tcp.pair(network, ns)
    data = tcp.request('alice', near, 'MESSAGE', b'x' * 9000)
    near.send(data[:6000])
    tcp.wait_for(lambda: stream_of(near)['a_held'] == 6000 or stream_of(near)['a_state'] == 'left_alone',
                 f'what becomes of the 6000 bytes of {near.name}')
    return near, far, data


def stream_of(near):
    (found,) = [s for s in gateway.ctl('stream', 'list')
                if (s['a_inner_addr'], s['a_inner_port']) == near.name]
    return found


def test_max_held_source():
    """max-held-source: a host's connections share their memory, until it is given back; other hosts have as much"""
    with tcp.Net() as network:
        gateway.policy('alg stall-seconds 60 max-held-source 40000')
        held = []
        while len(held) < 8:
            near, far, data = begin(network, 'p1')
            if stream_of(near)['a_state'] == 'left_alone':
                break
            held.append((near, far, data))
        check(2 <= len(held) < 7, f'{len(held)} connections hold 6000 bytes each')
        equal(far.read(6000), data[:6000], 'what came by the one that is left alone')
        equal((gateway.counter('stream_held_source'), gateway.counter('stream_memory')), (1, 0), 'counters')
        equal(stream_of(near)['a_reason'], 'held_source', 'why it is left alone')
        used = sum(s['a_memory'] for s in gateway.ctl('stream', 'list'))
        check(used <= 40000, f'the host has {used} bytes')
        other, far, data = begin(network, 'p2')
        equal(stream_of(other)['a_held'], 6000, 'held for another host')
        # To be translated, a message needs some more; the next packet finds the new rule.
        gateway.policy('alg stall-seconds 60 max-held-source 200000')
        for near, far, data in held:
            near.send(data[6000:])
            equal(far.message().data, tcp.outside(data), 'a message that was held')
        tcp.wait_for(lambda: sum(s['a_memory'] for s in gateway.ctl('stream', 'list', '--address', net.P1)) == 0,
                     'memory that the host has no more')
        gateway.policy('alg stall-seconds 60 max-held-source 40000')
        near, _, _ = begin(network, 'p1')
        equal(stream_of(near)['a_held'], 6000, 'held once others have ended')
        gateway.policy('alg stall-seconds 60')
        for _ in range(len(held) + 2):
            near, _, _ = begin(network, 'p1')
            equal(stream_of(near)['a_held'], 6000, 'held without the option')


def register(phone, server):
    """REGISTER and its 200; what the registrar saw, and whether it was translated."""
    sent = phone.request('REGISTER', f'sip:{net.S1}', to=f'<sip:{phone.name}@{net.S1}>')
    phone.send(sent, SERVER)
    seen, source = server.expect('REGISTER')
    server.answer(seen, source, contact=False, headers=[('Contact', f'{seen["Contact"]};expires=600')])
    phone.expect(200)
    return seen, seen.data != sent


def test_max_registrations():
    """max-registrations and max-registrations-source: more contacts are left alone"""
    with net.Net() as network:
        phone, server = pair(network)
        second = Ua(network, 'p1', 'dave', port=5070, rtp=41000)
        other = Ua(network, 'p2', 'bob')
        gateway.policy('alg max-registrations-source 1')
        equal([register(a, server)[1] for a in (phone, second, other, phone)], [True, False, True, True],
              'which REGISTERs are translated')
        equal(gateway.counter('limit_registrations'), 1, 'limit_registrations')
        net.run('gw', net.CTL, 'disable')
        net.run('gw', net.CTL, 'enable')
        gateway.forget()
        gateway.policy('alg max-registrations 1')
        equal([register(a, server)[1] for a in (phone, other, phone)], [True, False, True],
              'which REGISTERs are translated')


def test_registration_pinholes():
    """registration-pinholes off: the registrar cannot call once the phone's own flow is gone"""
    with net.Net() as network:
        phone, server = pair(network)
        gateway.policy('alg registration-pinholes off')
        seen, good = register(phone, server)
        check(good, 'the REGISTER is not translated')
        equal(seen.contact, (net.WAN, 5060), 'the Contact outside')
        end = time.monotonic() + 32 + net.WAIT
        while gateway.bindings():
            check(time.monotonic() < end, 'the binding stays')
            time.sleep(0.5)  # until the next look at a table that tells nobody
        equal(len(gateway.ctl('registration', 'list')), 1, 'registrations')
        gateway.forget()
        server.send(server.request('OPTIONS', seen['Contact'].strip('<>')), seen.contact)
        check(phone.quiet('p1', 's1'), 'the registrar gets in')
        gateway.policy('alg')
        # The rule of a registration is that under which it began.
        net.run('gw', net.CTL, 'disable')
        net.run('gw', net.CTL, 'enable')
        seen, _ = register(phone, server)
        gateway.forget()
        network.barrier('p1', 's1')
        server.send(server.request('OPTIONS', seen['Contact'].strip('<>')), seen.contact)
        phone.expect('OPTIONS')


run_all(globals())
