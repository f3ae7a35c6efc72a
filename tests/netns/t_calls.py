#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Several calls at once: each ends for itself, is held and is transferred."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import net
import sip
from leg import Leg
from pair import Pair
from tap import check, equal, run_all
from ua import Call, Proxy, Ua

PROXY = (net.S1, 5060)


def with_pair(function):
    """A Pair for the test, closed after it."""
    pair = Pair()
    try:
        function(pair, pair.alice, pair.carol)
    finally:
        pair.close()


def calls(pair, count):
    """So many calls of alice to carol on one flow, answered in another order than begun."""
    legs = []
    for number in range(count):
        leg = Leg(pair.alice, pair.carol, PROXY)
        invite = leg.ask(pair.alice, 'INVITE', leg.offer(pair.alice, 40000 + 10 * number))
        leg.say(invite, 183, leg.offer(pair.carol, 30000 + 10 * number))
        legs.append((leg, invite, 40000 + 10 * number, 30000 + 10 * number))
    return legs


def check_all(pair, legs):
    for _, invite, near, far in legs:
        pair.check_both(invite.seen.media, near, far=far)


def test_several_on_a_flow():
    """of seven calls on one flow each end closes its own: BYE of either, CANCEL, failure, 481, UPDATE refused"""
    def body(pair, alice, carol):
        legs = calls(pair, 7)
        check_all(pair, legs)
        for leg, invite, _, far in reversed(legs[2:]):
            leg.say(invite, 200, leg.offer(carol, far))
            leg.ask(alice, 'ACK')
        check_all(pair, legs)
        ends = (lambda leg, invite: leg.refuse(invite, 486),
                lambda leg, invite: (leg.say(leg.cancel(invite), 200), leg.refuse(invite, 487)),
                lambda leg, invite: leg.down(alice), lambda leg, invite: leg.down(carol),
                lambda leg, invite: leg.refuse(leg.ask(carol, 'INVITE', leg.offer(carol)), 481),
                lambda leg, invite: leg.say(leg.ask(alice, 'BYE'), 481))
        for end in ends:
            leg, invite, near, far = legs.pop(0)
            end(leg, invite)
            pair.check_shut(invite.seen.media, near, far=far)
            check_all(pair, legs)
        leg, invite, near, far = legs[0]
        leg.say(leg.ask(alice, 'UPDATE', leg.offer(alice, 45000)), 488)
        check_all(pair, legs)
        leg.down()
        pair.check_shut(invite.seen.media, near, far=far)
        pair.check_quiet()
    with_pair(body)


def test_same_ports():
    """two phones with equal SIP and RTP ports: hold, refusal and BYE of the one leave the other alone"""
    def body(pair, alice, carol):
        bob = Ua(pair.network, 'p2', 'bob')
        first = pair.leg()
        mine = first.up().seen.media
        second = Leg(bob, carol, PROXY)
        theirs = second.up().seen.media
        check(mine != theirs, 'both are reached at one port')

        def check_bob():
            check(pair.network.arrives(carol.rtp, theirs, bob.rtp), 'carol is not heard by bob')
            equal(pair.network.arrives(bob.rtp, carol.media, carol.rtp), theirs, "where bob's audio comes from")

        pair.check_both(mine)
        check_bob()
        for leg, who in ((first, alice), (second, bob)):
            hold = leg.ask(who, 'INVITE', leg.offer(who, extra='a=sendonly\r\n'))
            leg.say(hold, 200, leg.offer(carol, extra='a=recvonly\r\n'))
            leg.ask(who, 'ACK')
            equal(hold.seen.media, mine if who is alice else theirs, 'where the audio is wanted')
            leg.refuse(leg.ask(who, 'INVITE', leg.offer(who, 40010)), 491)
            pair.check_both(mine)
            check_bob()
        first.down(carol)
        pair.check_shut(mine)
        check_bob()
        second.down()
        check(pair.network.closes(carol.rtp, theirs, bob.rtp, 'p2', 's1'), 'carol is still heard by bob')
        pair.check_quiet()
    with_pair(body)


def replaces(leg):
    """A Replaces header field for this call."""
    return f'{leg.call_id};to-tag={leg.tags[leg.callee]};from-tag={leg.tags[leg.caller]}'


def test_attended_transfer():
    """REFER with Replaces within a call, and the INVITE that takes another call's place"""
    def body(pair, alice, carol):
        dave = Ua(pair.network, 's2', 'dave', rtp=30000)
        pair.far[net.S2, 30000] = dave.rtp
        first = pair.leg()
        outer = first.up().seen.media
        pair.check_both(outer)
        # carol talks to dave, and refers alice to him.
        other = f'dialog9@203.0.113.10;to-tag=d;from-tag=c;x={net.P1}'
        escaped = other.replace('@', '%40').replace(';', '%3B').replace('=', '%3D')
        refer = first.ask(carol, 'REFER', headers=[('Refer-To', f'<sip:dave@{net.S2}?Replaces={escaped}>')])
        equal(refer.seen['Refer-To'], refer.sent['Refer-To'], 'Refer-To')
        first.say(refer, 202)
        notify = first.ask(alice, 'NOTIFY', b'SIP/2.0 100 Trying\r\n',
                           headers=[('Event', 'refer'), ('Subscription-State', 'active')])
        first.say(notify, 200)
        pair.check_both(outer)
        second = Leg(alice, dave, (net.S2, 5060))
        invite = second.ask(alice, 'INVITE', second.offer(alice, 40010), headers=[('Replaces', other)])
        equal(invite.seen['Replaces'], other, 'Replaces')
        second.say(invite, 200, second.offer(dave))
        second.ask(alice, 'ACK')
        pair.check_both(invite.seen.media, 40010, net.S2)
        notify = first.ask(alice, 'NOTIFY', b'SIP/2.0 200 OK\r\n',
                           headers=[('Event', 'refer'), ('Subscription-State', 'terminated')])
        first.say(notify, 200)
        pair.check_both(outer)
        first.down(carol)
        pair.check_shut(outer)
        pair.check_both(invite.seen.media, 40010, net.S2)
        second.down(dave)
        pair.check_shut(invite.seen.media, 40010, net.S2)
        pair.check_quiet()
    with_pair(body)


def test_replaced():
    """the phone is transferred to: an INVITE with Replaces comes in, the phone hangs up the old call"""
    def body(pair, alice, carol):
        first = pair.leg()
        outer = first.up().seen.media
        pair.check_both(outer)
        known = first.steps[0].seen['Contact'].strip('<>')
        second = Leg(carol, alice, first.steps[0].seen.contact, known)
        value = replaces(first)
        check(net.P1 in value, 'the Call-ID has no private address')
        invite = second.ask(carol, 'INVITE', second.offer(carol, address=net.S2), headers=[('Replaces', value)])
        equal(invite.seen['Replaces'], value, 'Replaces')
        moved = second.say(invite, 200, second.offer(alice, 40010)).seen.media
        second.ask(carol, 'ACK')
        pair.check_both(outer)
        pair.check_both(moved, 40010, net.S2)
        first.down(alice)
        pair.check_shut(outer)
        pair.check_both(moved, 40010, net.S2)
        second.down()
        pair.check_shut(moved, 40010, net.S2)
        pair.check_quiet()
    with_pair(body)


def test_refer_out():
    """the phone refers the other side: Refer-To with Replaces is not touched, and ends nothing"""
    def body(pair, alice, carol):
        first = pair.leg()
        outer = first.up().seen.media
        second = Leg(alice, carol, PROXY)
        invite = second.ask(alice, 'INVITE', second.offer(alice, 40010))
        second.say(invite, 200, second.offer(carol, 30010))
        second.ask(alice, 'ACK')
        moved = invite.seen.media
        value = replaces(second).replace('@', '%40').replace(';', '%3B').replace('=', '%3D')
        refer = first.ask(alice, 'REFER', headers=[('Refer-To', f'<sip:dave@{net.S2}?Replaces={value}>')])
        equal(refer.seen['Refer-To'], refer.sent['Refer-To'], 'Refer-To')
        first.say(refer, 202)
        first.say(first.ask(carol, 'NOTIFY', b'SIP/2.0 200 OK\r\n',
                            headers=[('Event', 'refer'), ('Subscription-State', 'terminated')]), 200)
        pair.check_both(outer)
        pair.check_both(moved, 40010, far=30010)
        second.down(carol)
        pair.check_shut(moved, 40010, far=30010)
        pair.check_both(outer)
        first.down()
        pair.check_shut(outer)
        pair.check_quiet()
    with_pair(body)


def reinvite(call, who, extra):
    """A re-INVITE of either side through the proxy, answered; (offer, answer) as the others saw them."""
    other = call.callee if who is call.caller else call.caller
    call.in_dialog(who, 'INVITE', body=sip.sdp(*who.media, extra))
    seen, source = other.expect('INVITE')
    call.respond(seen, source, 200, 'OK', who=other, body=other.offer())
    answer, _ = who.expect(200)
    call.in_dialog(who, 'ACK', cseq=call.cseq)
    other.expect('ACK')
    return seen, answer


def test_behind_one_gateway():
    """two phones here, a proxy outside: hold by either, BYE by either, audio both ways until then"""
    with net.Net() as network:
        alice, bob, proxy = Ua(network, 'p1', 'alice'), Ua(network, 'p2', 'bob'), Proxy(network, 's1')
        proxy.register(alice)
        proxy.register(bob)
        for ender in (alice, bob):
            call = Call(alice, bob, f'sip:bob@{net.S1}', PROXY, proxy).start()
            call.check_audio()
            for who, told in ((alice, call.to_caller), (bob, call.to_callee)):
                for extra in ('a=sendonly\r\n', ''):
                    offer, _ = reinvite(call, who, extra)
                    equal(offer.media, told, 'where the audio is wanted')
                    call.check_audio()
            call.hang_up(ender)
            # Between inside hosts nothing passes the marker's way but the gateway's one CPU.
            for sender, to, receiver, ns in ((bob, call.to_caller, alice, 'p1'), (alice, call.to_callee, bob, 'p2')):
                check(network.closes(sender.rtp, to, receiver.rtp, ns, 's1'),
                      'two seconds after the call its audio still passes')


run_all(globals())
