#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Calls that are not answered, or nearly not: CANCEL, failures, redirections, and what crosses them."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import net
import sip
from gateway import counter, ctl
from leg import Leg
from pair import SERVER, Pair
from tap import check, equal, run_all
from ua import Ua

pair = Pair()
alice, carol = pair.alice, pair.carol
dave = Ua(pair.network, 's2', 'dave', rtp=30000)
pair.far[net.S2, 30000] = dave.rtp


def ring():
    """INVITE, and 183 with audio; the Leg, the INVITE, and where alice is reached."""
    leg = pair.leg()
    invite = leg.ask(alice, 'INVITE', leg.offer(alice))
    leg.say(invite, 183, leg.offer(carol))
    pair.check_both(invite.seen.media)
    return leg, invite, invite.seen.media


def answer(leg, invite):
    leg.say(invite, 200, leg.offer(carol))
    leg.ask(alice, 'ACK')
    pair.check_both(invite.seen.media)


def over(leg, outer):
    leg.down()
    pair.check_shut(outer)
    pair.check_quiet()


def reason(leg):
    """Why the call's dialog ended."""
    return [d['end_reason'] for d in ctl('dialog', 'list') if d['call_id'] == leg.call_id]


def test_cancel():
    """CANCEL, its 200, 487 and ACK, each of them twice"""
    leg, invite, outer = ring()
    cancel = leg.cancel(invite)
    cancel.again()
    ok = leg.say(cancel, 200)
    pair.check_both(outer)
    failure = leg.say(invite, 487)
    failure.again()
    leg.ack_failure(invite).again()
    for step in (ok, failure):
        step.again()
    pair.check_shut(outer)
    equal(reason(leg), ['cancel'], 'why it ended')
    pair.check_quiet()


def test_cancel_without_its_answer():
    """487 ends the call although the 200 of CANCEL was lost"""
    leg, invite, outer = ring()
    leg.cancel(invite)
    leg.refuse(invite, 487)
    pair.check_shut(outer)
    equal(reason(leg), ['cancel'], 'why it ended')
    pair.check_quiet()


def test_lost_487():
    """the 487 is lost and comes again: until then the call is not over, after that it is"""
    leg, invite, outer = ring()
    leg.say(leg.cancel(invite), 200)
    pair.check_both(outer)
    # What rings on does not get the time of a new call.
    leg.say(invite, 180)
    left = [d['expires_in'] for d in ctl('dialog', 'list') if d['call_id'] == leg.call_id]
    check(0 < left[0] <= 32, f'it is given up in {left} seconds')
    leg.refuse(invite, 487)
    pair.check_shut(outer)
    pair.check_quiet()


def test_cancel_too_late():
    """CANCEL crosses the 200, which wins: the call goes on"""
    leg, invite, outer = ring()
    cancel = leg.cancel(invite)
    leg.say(invite, 200, leg.offer(carol))
    leg.say(cancel, 481)
    leg.ask(alice, 'ACK')
    pair.check_both(outer)
    over(leg, outer)
    # And the other order, where CANCEL was good.
    leg, invite, outer = ring()
    leg.say(leg.cancel(invite), 200)
    answer(leg, invite)
    left = [d['expires_in'] for d in ctl('dialog', 'list') if d['call_id'] == leg.call_id]
    check(left[0] > 3600, f'it is given up in {left} seconds')
    over(leg, outer)


def test_refused_cancel():
    """a CANCEL that is refused cancels nothing"""
    leg, invite, outer = ring()
    leg.say(leg.cancel(invite), 500)
    left = [d['expires_in'] for d in ctl('dialog', 'list') if d['call_id'] == leg.call_id]
    check(left[0] > 200, f'it is given up in {left} seconds')
    answer(leg, invite)
    over(leg, outer)


def test_wrong_cancels():
    """a CANCEL with another CSeq, tag or Call-ID, or of the callee, changes nothing"""
    leg, invite, outer = ring()
    good = leg.build(alice, 'CANCEL', cseq=1, branch=invite.branch, tag='', uri=invite.sent.uri)
    before = counter('stale')
    for old, new in ((b'CSeq: 1 ', b'CSeq: 2 '), (leg.tags[alice].encode(), b'nobody'),
                     (leg.call_id.encode(), b'no-call@10.0.0.11')):
        alice.send(good.replace(old, new), SERVER)
        check(net.receive(carol.socket)[0], 'it did not arrive')
    theirs = leg.build(carol, 'CANCEL', cseq=1, tag=leg.tags[carol])
    carol.send(theirs, invite.source)
    check(net.receive(alice.socket)[0], 'it did not arrive')
    check(counter('stale') - before >= 3, 'they were not counted')
    left = [d['expires_in'] for d in ctl('dialog', 'list') if d['call_id'] == leg.call_id]
    check(left[0] > 200, f'it is given up in {left} seconds')
    answer(leg, invite)
    over(leg, outer)


def test_failures_again():
    """a failure and its ACK come again: the same bytes, and the call that follows lives"""
    leg, invite, outer = ring()
    failure = leg.say(invite, 486)
    failure.again()
    # The INVITE crosses it: that begins no other call.
    before = counter('dialogs_created')
    invite.send()
    equal(counter('dialogs_created'), before, 'dialogs')
    ack = leg.ack_failure(invite)
    ack.again()
    pair.check_shut(outer)
    pair.check_quiet()
    second = pair.leg()
    outer = second.up().seen.media
    pair.check_both(outer)
    for step in (failure, ack, failure):
        step.again()
    pair.check_both(outer)
    over(second, outer)


def test_redirect():
    """302: the call ends, and the phone calls the other host by the same Call-ID"""
    leg, invite, outer = ring()
    leg.refuse(invite, 302, headers=[('Contact', f'<sip:dave@{net.S2}>')])
    pair.check_shut(outer)
    pair.check_quiet()
    again = Leg(alice, dave, (net.S2, 5060))
    again.call_id, again.tags[alice], again.cseq[alice] = leg.call_id, leg.tags[alice], 1
    invite = again.up()
    outer = invite.seen.media
    pair.check_both(outer, host=net.S2)
    pair.check_never(outer)
    again.down()
    pair.check_shut(outer, host=net.S2)
    pair.check_quiet()


def test_challenge():
    """407, and the INVITE again with credentials: the same ports outside, and a call"""
    leg = pair.leg()
    invite = leg.ask(alice, 'INVITE', leg.offer(alice))
    outer = invite.seen.media
    leg.refuse(invite, 407, tag='challenge')
    leg.tags[carol] = ''
    again = leg.ask(alice, 'INVITE', leg.offer(alice), tag='',
                    headers=[('Proxy-Authorization', 'Digest username="alice", response="0"')])
    equal(again.seen.media, outer, 'where alice is reached')
    # The challenge comes once more, late.
    leg.steps[1].again()
    leg.say(again, 200, leg.offer(carol), tag='called')
    leg.tags[carol] = 'called'
    leg.ask(alice, 'ACK')
    pair.check_both(outer)
    over(leg, outer)


def test_same_number():
    """a re-INVITE that comes with credentials, but with the same CSeq, moves the audio"""
    leg = pair.leg()
    outer = leg.up().seen.media
    first = leg.ask(alice, 'INVITE', leg.offer(alice, 40010))
    leg.refuse(first, 407)
    first.send()
    pair.check_both(outer)
    again = leg.ask(alice, 'INVITE', leg.offer(alice, 40010), cseq=first.cseq,
                    headers=[('Proxy-Authorization', 'Digest username="alice", response="0"')])
    leg.say(again, 200, leg.offer(carol))
    leg.ask(alice, 'ACK')
    pair.check_both(again.seen.media, 40010)
    pair.check_shut(outer)
    leg.down()
    pair.check_shut(again.seen.media, 40010)
    pair.check_quiet()


def test_refused_by_the_phone():
    """the phone refuses a call from outside, or is not fast enough"""
    for status in (486, 487):
        leg = pair.leg_in()
        invite = leg.ask(carol, 'INVITE', leg.offer(carol))
        outer = leg.say(invite, 183, leg.offer(alice)).seen.media
        pair.check_both(outer)
        if status == 487:
            leg.say(leg.cancel(invite), 200)
        leg.refuse(invite, status)
        pair.check_shut(outer)
        pair.check_quiet()


def test_cancelled_reinvite():
    """CANCEL of a re-INVITE leaves the call as it was"""
    leg = pair.leg()
    outer = leg.up().seen.media
    pair.check_both(outer)
    for who in (alice, carol):
        again = leg.ask(who, 'INVITE', leg.offer(alice, 40010) if who is alice else leg.offer(carol, 30010))
        leg.say(leg.ask(who, 'CANCEL', cseq=again.cseq, branch=again.branch), 200)
        leg.refuse(again, 487)
        pair.check_both(outer)
        if who is alice:
            pair.check_never(again.seen.media, 40010)
    over(leg, outer)


def test_crossing_byes():
    """both hang up at once"""
    for lost in (0, 1):
        leg = pair.leg()
        outer = leg.up().seen.media
        pair.check_both(outer)
        byes = [leg.ask(who, 'BYE') for who in (alice, carol)]
        # One answer is enough, whichever gets through.
        leg.say(byes[lost], 481)
        pair.check_shut(outer)
        leg.say(byes[1 - lost], 200)
        pair.check_quiet()


def test_responses_to_nothing():
    """answers to requests that nobody sent open nothing"""
    leg, outer = pair.leg(), None
    invite = leg.ask(alice, 'INVITE', leg.offer(alice))
    outer = invite.seen.media
    before = counter('stale')
    right = carol.response(invite.seen, invite.source, 200, 'OK', body=leg.offer(carol), to_tag='x')
    for old, new in ((leg.call_id.encode(), b'no-call'), (b'CSeq: 1 INVITE', b'CSeq: 2 INVITE'),
                     (b'CSeq: 1 INVITE', b'CSeq: 1 UPDATE'), (leg.tags[alice].encode(), b'nobody')):
        carol.send(right.replace(old, new), invite.source)
        check(net.receive(alice.socket)[0], 'it did not arrive')
        pair.check_never(outer)
    equal(counter('stale') - before, 4, 'answers that did not fit')
    # Nor does an answer of another host than was asked.
    dave.send(right, invite.source)
    pair.network.barrier('p1', 's2')
    pair.check_never(outer)
    net.drain(alice.socket)
    equal(sip.Message(right).status, 200, 'what was sent')
    leg.refuse(invite, 486)
    pair.check_quiet()


try:
    run_all(globals())
finally:
    pair.close()
