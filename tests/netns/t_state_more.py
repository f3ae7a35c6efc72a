#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Calls of every kind and stage go on by their saved state, under another module or on another gateway."""

import contextlib
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import gateway
import net
import sip
import state
import tcp
import tcpua
from leg import Leg
from pair import Pair
from tap import check, equal, run_all
from ua import Call, Proxy, Ua

SERVER = (net.S1, 5060)


def whole_pair():
    return contextlib.closing(Pair())


def test_ipv6():
    """a call over IPv6: media both ways, a stranger kept out, BYE closes"""
    with net.Net() as network:
        there = net.ADDRESS6['s1']
        call = Call(Ua(network, 'p1', 'alice', v6=True), Ua(network, 's1', 'carol', rtp=30000, v6=True),
                    f'sip:carol@[{there}]', (there, 5060)).start()
        state.carry()
        call.check_audio()
        check(network.absent(network.udp('s2', 30000, v6=True), call.to_caller, call.caller.rtp, 'p1', 's2'),
              'a stranger gets through to the phone')
        call.hang_up(call.callee)
        gateway.check_closed(network, call, 'p1', 's1')


def test_proxy():
    """calls out and in through a proxy that records its route, both ended from inside and outside, no flow left"""
    with net.Net() as network:
        phone, proxy = Ua(network, 'p1', 'alice'), Proxy(network, 's1')
        peer = Ua(network, 's2', 'carol', rtp=30000)
        proxy.register(phone)
        proxy.contacts['carol'] = peer.uri
        out = Call(phone, peer, f'sip:carol@{net.S1}', SERVER, proxy).start()
        to_phone = Call(peer.another_line(32000), phone.another_line(42000), f'sip:alice@{net.S1}', SERVER, proxy).start()
        state.carry()
        gateway.forget()
        out.check_audio()
        to_phone.check_audio()
        # Requests of both sides, both ends of each call.
        out.hang_up(peer)
        gateway.check_closed(network, out, 'p1', 's2')
        to_phone.check_audio()
        to_phone.hang_up(to_phone.callee)
        gateway.check_closed(network, to_phone, 'p1', 's2')


def test_early():
    """a call that rings: it is answered after, the INVITE sent again is the same; another is cancelled"""
    with whole_pair() as pair:
        legs = []
        for body in (b'', pair.carol.offer()):
            leg = pair.leg()
            pair.dirty = False
            invite = leg.ask(pair.alice, 'INVITE', leg.offer(pair.alice))
            ringing = leg.say(invite, 183 if body else 180, body)
            legs.append((leg, invite, ringing))
        state.carry()
        (leg, invite, ringing), (other, cancelled, _) = legs
        invite.again()
        ringing.again()
        leg.say(invite, 200, leg.offer(pair.carol))
        leg.ask(pair.alice, 'ACK')
        outer = invite.seen.media
        pair.check_both(outer)
        leg.down()
        early = cancelled.seen.media
        pair.check_in(early)
        other.say(other.cancel(cancelled), 200)
        other.refuse(cancelled, 487)
        pair.check_shut(early)
        pair.check_quiet()


def test_forks():
    """two phones ring with media of their own: the one that answers keeps them, 199 closes the other's"""
    with whole_pair() as pair:
        hosts, leg = {'b': net.S1, 'c': net.S2}, pair.leg()
        for host in hosts.values():
            pair.server(host)
        invite = leg.ask(pair.alice, 'INVITE', leg.offer(pair.alice))
        outer = invite.seen.media
        for tag, host in hosts.items():
            leg.say(invite, 183, leg.offer(pair.carol, address=host), tag=tag)
        pair.check_both(outer, host=net.S2)
        state.carry()
        for host in hosts.values():
            pair.check_both(outer, host=host)
        leg.say(invite, 200, leg.offer(pair.carol, address=net.S2), tag='c')
        leg.ask(pair.alice, 'ACK', tag='c')
        leg.say(invite, 199, tag='b')
        pair.check_shut(outer)
        pair.check_both(outer, host=net.S2)
        leg.down(tag='c')
        pair.check_shut(outer, host=net.S2)
        pair.check_quiet()


def test_subscription():
    """NOTIFY gets in where no flow is left, until one says that it was the last"""
    with whole_pair() as pair:
        leg, event = pair.leg(), ('Event', 'presence')
        leg.say(leg.ask(pair.alice, 'SUBSCRIBE', headers=[event, ('Expires', '600')]), 200,
                headers=[('Expires', '600')])

        def notify(said):
            got = leg.ask(pair.carol, 'NOTIFY', headers=[event, ('Subscription-State', said)])
            equal(got.seen.uri, pair.alice.uri, 'the Request-URI of NOTIFY')
            leg.say(got, 200)

        notify('active;expires=600')
        state.carry()
        gateway.forget()
        notify('active;expires=500')
        leg.say(leg.ask(pair.alice, 'SUBSCRIBE', headers=[event, ('Expires', '600')]), 200,
                headers=[('Expires', '600')])
        notify('terminated')
        equal([d['state'] for d in gateway.ctl('dialog', 'list') if d['state'] != 'terminated'], [],
              'subscriptions after the last NOTIFY')


def test_hold():
    """a call on hold, shown as that, is resumed by the far side, whose words find the phone"""
    with whole_pair() as pair:
        leg = pair.leg()
        outer = leg.up().seen.media
        hold = leg.ask(pair.carol, 'INVITE', leg.offer(pair.carol, extra='a=sendonly\r\n'))
        leg.say(hold, 200, leg.offer(pair.alice, extra='a=recvonly\r\n'))
        leg.ask(pair.carol, 'ACK')
        equal([d.get('held_by') for d in gateway.ctl('dialog', 'list')], ['b'], 'who holds it')
        state.carry()
        equal([d.get('held_by') for d in gateway.ctl('dialog', 'list')], ['b'], 'who holds it after')
        gateway.forget()
        resumed = leg.ask(pair.carol, 'INVITE', leg.offer(pair.carol))
        answer = leg.say(resumed, 200, leg.offer(pair.alice))
        leg.ask(pair.carol, 'ACK')
        equal(answer.seen.media, outer, 'the port')
        equal([d.get('held_by', 'none') for d in gateway.ctl('dialog', 'list')], ['none'], 'who holds it now')
        pair.check_both(outer)
        leg.down(pair.carol)
        pair.check_shut(outer)
        pair.check_quiet()


def test_offer_under_way():
    """a re-INVITE to another port that is answered after moves the media; one that is refused moves nothing"""
    with whole_pair() as pair:
        leg = pair.leg()
        first = leg.up().seen.media
        pair.check_both(first)
        pair.phone(42000)
        moved = leg.ask(pair.alice, 'INVITE', leg.offer(pair.alice, 42000))
        state.carry()
        pair.check_both(first)
        moved.again()
        leg.say(moved, 200, leg.offer(pair.carol))
        leg.ask(pair.alice, 'ACK')
        second = moved.seen.media
        pair.check_both(second, 42000)
        pair.check_shut(first)
        # And back, in vain.
        back = leg.ask(pair.alice, 'INVITE', leg.offer(pair.alice, 44000))
        pair.phone(44000)
        state.carry()
        leg.refuse(back, 488)
        pair.check_both(second, 42000)
        pair.check_never(back.seen.media, 44000)
        leg.down(pair.carol)
        pair.check_shut(second, 42000)
        pair.check_quiet()


def test_tcp():
    """a call over TCP: its connection goes on, unread; BYE over a new one closes the media"""
    with tcp.Net() as network:
        phone, server = tcpua.joined(tcpua.Ua(network, 'p1', 'alice'), tcpua.Ua(network, 's1', 'carol', rtp=30000))
        call = Call(phone, server, f'sip:carol@{net.S1};transport=tcp', SERVER).start()
        call.check_audio()
        state.carry()
        call.check_audio()
        translated = gateway.counter('translated')
        call.in_dialog(phone, 'INFO')
        info, source = server.expect('INFO')
        call.respond(info, source, 200, 'OK')
        phone.expect(200)
        equal(gateway.counter('translated'), translated, 'messages translated in a connection older than the module')
        call.check_audio()
        phone.connect(SERVER)
        server.accept()
        call.hang_up()
        gateway.check_closed(network, call, 'p1', 's1')
        equal(tcp.invalid(), 0, 'packets that conntrack found invalid')


def test_takeover():
    """on a gateway that has no flow: two phones' calls go on, whoever speaks first, each by its port"""
    with net.Net() as network:
        server, calls = Ua(network, 's1', 'carol', rtp=30000), []
        for n, ns in enumerate(('p1', 'p2', 'p1', 'p2')):
            phone = Ua(network, ns, f'phone{n}') if n < 2 else calls[n - 2].caller.another_line(42000)
            calls.append(Call(phone, server.another_line(31000 + 2 * n), f'sip:carol@{net.S1}', SERVER).start())
        contacts = [call.invite.contact for call in calls]
        check(contacts[0] != contacts[1], 'the phones have one port')
        state.carry(takeover=True)
        for call in reversed(calls):
            up, down = call.to_callee, call.to_caller
            check(network.absent(call.callee.rtp, down, call.caller.rtp, call.caller.ns, 's1'),
                  'media come in before anything of the call was heard')
            equal(network.arrives(call.caller.rtp, up, call.callee.rtp), down, 'where media come from')
            equal(network.arrives(call.caller.rtcp, (up[0], up[1] + 1), call.callee.rtcp), (down[0], down[1] + 1),
                  'where RTCP comes from')
            call.check_audio()
        # p2 first, whom masquerade alone would now give the port that was p1's.
        for n in (3, 1, 0, 2):
            call = calls[n]
            call.hang_up(call.callee if n < 2 else call.caller)
            gateway.check_closed(network, call, call.caller.ns, 's1')
        equal([b for b in gateway.ctl('binding', 'list') if b['type'] != 'signalling'], [], 'media bindings at the end')


def test_takeover_offer():
    """on a gateway that has no flow: a phone's re-INVITE keeps its ports, and a stranger stays outside"""
    with net.Net() as network:
        server = Ua(network, 's1', 'carol', rtp=30000)
        first, second = (Leg(Ua(network, ns, ns), server, SERVER) for ns in ('p1', 'p2'))
        ports = [leg.up().seen for leg in (first, second)]
        state.carry(takeover=True)
        again = second.ask(second.caller, 'INVITE', second.offer(second.caller))
        equal((again.seen.contact, again.seen.media), (ports[1].contact, ports[1].media), 'Contact and port of p2')
        equal(again.source, ports[1].contact, 'where the re-INVITE comes from')
        second.say(again, 200, second.offer(server))
        second.ask(second.caller, 'ACK')
        check(network.absent(network.udp('s2'), ports[0].media, first.caller.rtp, 'p1', 's2'),
              'a stranger gets through to p1')
        for leg, invite in zip((first, second), ports):
            # The far side's media come first where a message has been.
            if leg is second:
                check(network.arrives(server.rtp, invite.media, leg.caller.rtp), 'p2 hears nothing')
            equal(network.arrives(leg.caller.rtp, server.media, server.rtp), invite.media, 'where its media come from')
            check(network.arrives(server.rtp, invite.media, leg.caller.rtp), f'{leg.caller.ns} hears nothing')
            leg.down(server)
            check(network.closes(server.rtp, invite.media, leg.caller.rtp, leg.caller.ns, 's1'),
                  'two seconds after the call its audio still passes')


def test_takeover_registration():
    """on a gateway that has no flow: the registrar finds the phone, a stranger does not"""
    with net.Net() as network:
        phone, proxy = Ua(network, 'p1', 'alice'), Proxy(network, 's1')
        proxy.register(phone)
        contact = sip.hostport(proxy.contacts['alice'])
        state.carry(takeover=True)
        stranger = Ua(network, 's2', 'mallory')
        stranger.send(stranger.request('OPTIONS', f'sip:alice@{contact[0]}:{contact[1]}'), contact)
        check(phone.quiet('p1', 's2'), 'a stranger gets through to the phone')
        peer = Ua(network, 's2', 'carol', port=5070, rtp=32000)
        call = Call(peer, phone, f'sip:alice@{net.S1}', SERVER, proxy).start()
        call.check_audio()
        call.hang_up(phone)
        gateway.check_closed(network, call, 'p1', 's2')


def test_twice():
    """restored once more, all is refused, and what lives goes on as it was"""
    with net.Net() as network:
        call = Call(Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000), f'sip:carol@{net.S1}',
                    SERVER).start()
        call.check_audio()
        saved = state.carry()
        call.check_audio()
        for _ in range(2):
            before = state.dialogs(), state.endpoints('flows')
            told = net.run('gw', net.CTL, 'restore', '--state', '-', check=False, text_in=saved)
            check('there already' in told, f'"{told.strip()}"')
            equal((state.dialogs(), state.endpoints('flows')), before, 'what was there')
            call.check_audio()
        call.hang_up()
        gateway.check_closed(network, call, 'p1', 's1')
        equal([b for b in gateway.ctl('binding', 'list') if b['type'] != 'signalling'], [], 'media bindings at the end')


run_all(globals())
