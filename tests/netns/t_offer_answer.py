#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Offers and answers, wherever they travel: what they open, keep, move and close."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import net
import sip
from gateway import bindings, counter, flows, forget
from pair import Pair
from tap import check, equal, run_all

pair = Pair()
alice, carol = pair.alice, pair.carol
RELIABLE = [('Require', '100rel'), ('RSeq', '1')]
RACK = [('RAck', '1 1 INVITE')]
HELD = sip.sdp('0.0.0.0', 30000, 'a=sendonly\r\n')


def up():
    """A call with audio both ways; the Leg, and where alice is reached."""
    leg = pair.leg()
    outer = leg.up().seen.media
    pair.check_both(outer)
    return leg, outer


def over(leg, outer, who=None, port=40000):
    """Hang up: all is closed."""
    leg.down(who)
    pair.check_shut(outer, port)
    pair.check_quiet()


def test_early_media():
    """audio that comes before an answer stays out, and comes in with the answer in a 183"""
    leg = pair.leg()
    invite = leg.ask(alice, 'INVITE', leg.offer(alice))
    outer = invite.seen.media
    pair.check_never(outer)
    leg.say(invite, 180)
    pair.check_never(outer)
    leg.say(invite, 183, leg.offer(carol))
    pair.check_both(outer)
    leg.say(invite, 200, leg.offer(carol))
    leg.ask(alice, 'ACK')
    pair.check_both(outer)
    over(leg, outer)


def test_other_answer():
    """a 200 with another answer than the 183 had moves the audio to the host that it names"""
    leg = pair.leg()
    invite = leg.ask(alice, 'INVITE', leg.offer(alice))
    outer = invite.seen.media
    leg.say(invite, 183, leg.offer(carol, address=net.S2))
    pair.check_both(outer, host=net.S2)
    leg.say(invite, 200, leg.offer(carol))
    leg.ask(alice, 'ACK')
    pair.check_both(outer)
    pair.check_shut(outer, host=net.S2)
    over(leg, outer)


def test_late_offer():
    """INVITE without offer: the 200 has it, the ACK the answer"""
    leg = pair.leg()
    invite = leg.ask(alice, 'INVITE')
    ok = leg.say(invite, 200, leg.offer(carol))
    equal(ok.seen.body, leg.offer(carol), "the offer, which is carol's")
    ack = leg.ask(alice, 'ACK', leg.offer(alice))
    outer = ack.seen.media
    equal(outer[0], net.WAN, 'the host in the answer')
    pair.check_both(outer)
    ok.again()
    ack.again()
    pair.check_both(outer)
    over(leg, outer)


def test_late_offer_of_the_phone():
    """the same from outside: what the phone offers in its 200 is open after the ACK, not before"""
    leg = pair.leg_in()
    ok = leg.say(leg.ask(carol, 'INVITE'), 200, leg.offer(alice))
    outer = ok.seen.media
    equal(outer[0], net.WAN, 'the host in the offer')
    pair.check_never(outer)
    ok.again()
    ack = leg.ask(carol, 'ACK', leg.offer(carol))
    pair.check_both(outer)
    for step in (ok, ack):
        step.again()
    pair.check_both(outer)
    over(leg, outer, alice)


def test_lost_ack():
    """the ACK is lost, so the 200 comes again, and after the ACK once more: one call, the same bytes"""
    leg = pair.leg()
    invite = leg.ask(alice, 'INVITE', leg.offer(alice))
    ok = leg.say(invite, 200, leg.offer(carol))
    outer = invite.seen.media
    for _ in range(3):
        ok.again()
        pair.check_both(outer)
    leg.ask(alice, 'ACK').again()
    ok.again()
    pair.check_both(outer)
    over(leg, outer)


def test_late_ok():
    """a 200 that comes again when the next INVITE is on its way is the same bytes, and changes nothing"""
    leg = pair.leg_in()
    ok = leg.say(leg.ask(carol, 'INVITE', leg.offer(carol)), 200, leg.offer(alice))
    outer = ok.seen.media
    leg.ask(carol, 'ACK')
    pair.check_both(outer)
    invite = leg.ask(carol, 'INVITE', leg.offer(carol, address=net.S2))
    ok.again()
    pair.check_both(outer)
    pair.check_never(outer, host=net.S2)
    leg.refuse(invite, 488)
    pair.check_both(outer)
    over(leg, outer, alice)


def test_answer_told_again():
    """the 200 tells an answer once more that an UPDATE has replaced: it opens nothing again"""
    leg = pair.leg_in()
    invite = leg.ask(carol, 'INVITE', leg.offer(carol))
    outer = leg.say(invite, 183, leg.offer(alice), headers=RELIABLE).seen.media
    leg.say(leg.ask(carol, 'PRACK', headers=RACK), 200)
    update = leg.ask(alice, 'UPDATE', leg.offer(alice, 40010))
    moved = update.seen.media
    leg.say(update, 200, leg.offer(carol))
    leg.say(invite, 200, leg.offer(alice))
    leg.ask(carol, 'ACK')
    pair.check_both(moved, 40010)
    pair.check_shut(outer)
    equal([b['inner_port'] for b in bindings('media')], [40010], 'ports that are kept for media')
    over(leg, moved, alice, 40010)


def test_prack_answer():
    """a reliable 183 offers, PRACK answers"""
    leg = pair.leg()
    invite = leg.ask(alice, 'INVITE')
    leg.say(invite, 183, leg.offer(carol), headers=RELIABLE)
    prack = leg.ask(alice, 'PRACK', leg.offer(alice), headers=RACK)
    outer = prack.seen.media
    equal(outer[0], net.WAN, 'the host in the answer')
    pair.check_both(outer)
    prack.again()
    acked = leg.say(prack, 200)
    prack.again()
    acked.again()
    pair.check_both(outer)
    leg.say(invite, 200, leg.offer(carol))
    leg.ask(alice, 'ACK')
    pair.check_both(outer)
    leg.repeat()
    pair.check_both(outer)
    over(leg, outer)


def test_prack_offer():
    """a second offer in PRACK is answered by its 200: the port that it leaves is closed"""
    leg = pair.leg()
    invite = leg.ask(alice, 'INVITE', leg.offer(alice))
    outer = invite.seen.media
    leg.say(invite, 183, leg.offer(carol), headers=RELIABLE)
    pair.check_both(outer)
    prack = leg.ask(alice, 'PRACK', leg.offer(alice, 40010), headers=RACK)
    moved = prack.seen.media
    check(moved != outer, 'two ports of the phone have one outside')
    pair.check_both(outer)
    pair.check_never(moved, 40010)
    prack.again()
    acked = leg.say(prack, 200, leg.offer(carol, 30010))
    acked.again()
    pair.check_both(moved, 40010, far=30010)
    pair.check_shut(outer)
    # What the INVITE's own answer was counts no more (RFC 3261 13.2.1).
    leg.say(invite, 200, leg.offer(carol))
    leg.ask(alice, 'ACK')
    pair.check_both(moved, 40010, far=30010)
    pair.check_never(outer)
    over(leg, moved, port=40010)


def test_reliable_answer_of_the_phone():
    """a call from outside: the phone answers in a reliable 183, and again in its 200"""
    leg = pair.leg_in()
    invite = leg.ask(carol, 'INVITE', leg.offer(carol))
    early = leg.say(invite, 183, leg.offer(alice), headers=RELIABLE)
    outer = early.seen.media
    pair.check_both(outer)
    leg.say(leg.ask(carol, 'PRACK', headers=RACK), 200)
    ok = leg.say(invite, 200, leg.offer(alice))
    equal(ok.seen.media, outer, 'where the 200 says that the phone is')
    leg.ask(carol, 'ACK')
    pair.check_both(outer)
    leg.repeat()
    over(leg, outer, carol)


def test_early_update():
    """UPDATE before the call is answered, of either side"""
    leg = pair.leg()
    invite = leg.ask(alice, 'INVITE', leg.offer(alice))
    outer = invite.seen.media
    leg.say(invite, 183, leg.offer(carol), headers=RELIABLE)
    leg.say(leg.ask(alice, 'PRACK', headers=RACK), 200)
    update = leg.ask(alice, 'UPDATE', leg.offer(alice, 40010))
    moved = update.seen.media
    leg.say(update, 200, leg.offer(carol))
    pair.check_both(moved, 40010)
    pair.check_shut(outer)
    update = leg.ask(carol, 'UPDATE', leg.offer(carol, address=net.S2))
    answer = leg.say(update, 200, leg.offer(alice, 40010))
    equal(answer.seen.media, moved, 'where the phone is still')
    pair.check_both(moved, 40010, net.S2)
    pair.check_shut(moved, 40010)
    leg.say(invite, 200)
    leg.ask(alice, 'ACK')
    pair.check_both(moved, 40010, net.S2)
    leg.down()
    pair.check_shut(moved, 40010, net.S2)
    pair.check_quiet()


def test_update():
    """UPDATE of a running call, of either side, answered, refused, and sent again"""
    leg, outer = up()
    for who in (alice, carol):
        update = leg.ask(who, 'UPDATE', leg.offer(alice, 40010) if who is alice else
                         leg.offer(carol, address=net.S2))
        update.again()
        pair.check_both(outer)
        leg.say(update, 488).again()
        pair.check_both(outer)
        pair.check_never(outer, host=net.S2)
        if who is alice:
            pair.check_never(update.seen.media, 40010)
    update = leg.ask(alice, 'UPDATE', leg.offer(alice, 40010))
    moved = update.seen.media
    leg.say(update, 200, leg.offer(carol)).again()
    pair.check_both(moved, 40010)
    pair.check_shut(outer)
    update = leg.ask(carol, 'UPDATE', leg.offer(carol, address=net.S2))
    answer = leg.say(update, 200, leg.offer(alice))
    for step in (update, answer):
        step.again()
    equal(answer.seen.media, outer, 'where the phone is')
    pair.check_both(outer, host=net.S2)
    pair.check_shut(moved, 40010)
    leg.down()
    pair.check_shut(outer, host=net.S2)
    pair.check_quiet()


def test_same_port():
    """a re-INVITE of either side with the same ports keeps the port outside, and audio runs on"""
    leg, outer = up()
    for who in (alice, carol, alice):
        invite = leg.ask(who, 'INVITE', leg.offer(who))
        pair.check_both(outer)
        answer = leg.say(invite, 200, leg.offer(leg.other(who)))
        told = invite if who is alice else answer
        equal(told.seen.media, outer, 'where the phone is')
        leg.ask(who, 'ACK')
        pair.check_both(outer)
    over(leg, outer)


def test_moves():
    """a re-INVITE to another port: the old one goes on until the answer, then it is closed"""
    leg, outer = up()
    invite = leg.ask(alice, 'INVITE', leg.offer(alice, 40010))
    moved = invite.seen.media
    check(moved != outer, 'two ports of the phone have one outside')
    leg.say(invite, 100)
    pair.check_both(outer)
    pair.check_never(moved, 40010)
    answer = leg.say(invite, 200, leg.offer(carol))
    pair.check_both(moved, 40010)
    pair.check_shut(outer)
    leg.ask(alice, 'ACK')
    for step in (answer, leg.steps[-1]):
        step.again()
    pair.check_both(moved, 40010)
    pair.check_never(outer)
    over(leg, moved, port=40010)


def test_phone_moves_in_its_answer():
    """the phone answers a re-INVITE from another port: that one is open, the old one closed"""
    leg, outer = up()
    answer = leg.say(leg.ask(carol, 'INVITE', leg.offer(carol)), 200, leg.offer(alice, 40010))
    leg.ask(carol, 'ACK')
    moved = answer.seen.media
    pair.check_both(moved, 40010)
    pair.check_shut(outer)
    over(leg, moved, port=40010)


def test_peer_moves():
    """the other side moves to another host: its old host is not heard any more, though it goes on"""
    leg, outer = up()
    invite = leg.ask(carol, 'INVITE', leg.offer(carol, address=net.S2))
    pair.check_both(outer)
    pair.check_never(outer, host=net.S2)
    leg.say(invite, 200, leg.offer(alice))
    leg.ask(carol, 'ACK')
    pair.check_both(outer, host=net.S2)
    pair.check_shut(outer)
    # And back again.
    leg.say(leg.ask(carol, 'INVITE', leg.offer(carol)), 200, leg.offer(alice))
    leg.ask(carol, 'ACK')
    pair.check_both(outer)
    pair.check_shut(outer, host=net.S2)
    over(leg, outer)


def test_early_peer_moves():
    """an early answer names another host than the one before: the old host is not heard any more, though it goes on"""
    leg = pair.leg()
    invite = leg.ask(alice, 'INVITE', leg.offer(alice))
    outer = invite.seen.media
    leg.say(invite, 183, leg.offer(carol, address=net.S2))
    pair.check_both(outer, host=net.S2)
    leg.say(invite, 183, leg.offer(carol))
    pair.check_both(outer)
    pair.check_shut(outer, host=net.S2)
    leg.say(invite, 200, leg.offer(carol))
    leg.ask(alice, 'ACK')
    over(leg, outer)


def test_late_reinvite():
    """a re-INVITE without offer: what is agreed holds until the ACK answers"""
    leg, outer = up()
    invite = leg.ask(carol, 'INVITE')
    ok = leg.say(invite, 200, leg.offer(alice, 40010))
    moved = ok.seen.media
    pair.check_both(outer)
    pair.check_never(moved, 40010)
    leg.ask(carol, 'ACK', leg.offer(carol)).again()
    pair.check_both(moved, 40010)
    pair.check_shut(outer)
    ok.again()
    pair.check_both(moved, 40010)
    over(leg, moved, port=40010)


def test_refused():
    """a re-INVITE that is refused, whatever the reason, leaves what was agreed"""
    leg, outer = up()
    for status in (488, 491, 500, 603):
        for who in (alice, carol):
            body = leg.offer(alice, 40010) if who is alice else leg.offer(carol, address=net.S2)
            invite = leg.ask(who, 'INVITE', body)
            invite.again()
            leg.refuse(invite, status)
            pair.check_both(outer)
            equal([b['inner_port'] for b in bindings('media')], [40000], 'ports that are kept for media')
            if who is alice:
                pair.check_never(invite.seen.media, 40010)
            else:
                pair.check_never(outer, host=net.S2)
            # Once more, as if it had crossed the refusal.
            invite.again()
            leg.repeat(last=2)
            pair.check_both(outer)
    pair.check_never(outer, host=net.S2)
    over(leg, outer)


def test_challenged():
    """a re-INVITE that is challenged moves the audio when it comes with credentials"""
    leg, outer = up()
    for status in (401, 407):
        leg.refuse(leg.ask(alice, 'INVITE', leg.offer(alice, 40010)), status)
        pair.check_both(outer)
    invite = leg.ask(alice, 'INVITE', leg.offer(alice, 40010),
                     headers=[('Proxy-Authorization', 'Digest username="alice", response="0"')])
    leg.say(invite, 200, leg.offer(carol))
    leg.ask(alice, 'ACK')
    pair.check_both(invite.seen.media, 40010)
    pair.check_shut(outer)
    over(leg, invite.seen.media, port=40010)


def test_glare():
    """both sides re-INVITE at once and refuse each other; then one of them gets its way"""
    leg, outer = up()
    # The same number on both sides, to make it harder.
    leg.cseq[carol] = leg.cseq[alice]
    ours = leg.ask(alice, 'INVITE', leg.offer(alice, 40010))
    theirs = leg.ask(carol, 'INVITE', leg.offer(carol, address=net.S2))
    equal(ours.cseq, theirs.cseq, 'the numbers')
    leg.refuse(ours, 491)
    leg.refuse(theirs, 491)
    pair.check_both(outer)
    pair.check_never(outer, host=net.S2)
    pair.check_never(ours.seen.media, 40010)
    leg.say(leg.ask(carol, 'INVITE', leg.offer(carol, address=net.S2)), 200, leg.offer(alice))
    leg.ask(carol, 'ACK')
    pair.check_both(outer, host=net.S2)
    pair.check_shut(outer)
    leg.down()
    pair.check_shut(outer, host=net.S2)
    pair.check_quiet()


def test_late_numbers():
    """a late offer and a re-INVITE of the other side with one and the same CSeq are two things"""
    leg = pair.leg()
    invite = leg.ask(alice, 'INVITE')
    leg.say(invite, 200, leg.offer(carol))
    outer = leg.ask(alice, 'ACK', leg.offer(alice)).seen.media
    pair.check_both(outer)
    again = leg.ask(carol, 'INVITE', leg.offer(carol, address=net.S2))
    equal(again.cseq, invite.cseq, 'the numbers')
    pair.check_never(outer, host=net.S2)
    leg.refuse(again, 488)
    pair.check_never(outer, host=net.S2)
    pair.check_both(outer)
    over(leg, outer)


def test_undone():
    """what a reliable 183 and UPDATE agreed during a re-INVITE is undone when that fails"""
    leg, outer = up()
    invite = leg.ask(alice, 'INVITE', leg.offer(alice, 40010))
    moved = invite.seen.media
    leg.say(invite, 183, leg.offer(carol), headers=RELIABLE)
    leg.say(leg.ask(alice, 'PRACK', headers=[('RAck', f'1 {invite.cseq} INVITE')]), 200)
    pair.check_both(moved, 40010)
    update = leg.ask(alice, 'UPDATE', leg.offer(alice, 40020))
    third = update.seen.media
    leg.say(update, 200, leg.offer(carol))
    pair.check_both(third, 40020)
    pair.check_shut(moved, 40010)
    leg.refuse(invite, 500)
    pair.check_both(outer)
    pair.check_shut(third, 40020)
    over(leg, outer)


def test_update_refused_within():
    """an UPDATE that is refused during a re-INVITE leaves what its reliable 183 agreed"""
    leg, outer = up()
    invite = leg.ask(alice, 'INVITE', leg.offer(alice, 40010))
    moved = invite.seen.media
    leg.say(invite, 183, leg.offer(carol), headers=RELIABLE)
    leg.say(leg.ask(alice, 'PRACK', headers=[('RAck', f'1 {invite.cseq} INVITE')]), 200)
    leg.say(leg.ask(alice, 'UPDATE', leg.offer(alice, 40020)), 488)
    pair.check_both(moved, 40010)
    leg.say(invite, 200)
    leg.ask(alice, 'ACK', cseq=invite.cseq)
    pair.check_both(moved, 40010)
    pair.check_shut(outer)
    over(leg, moved, port=40010)


def test_gone():
    """481 to a re-INVITE ends the call: the other side has none"""
    for who in (alice, carol):
        leg, outer = up()
        leg.refuse(leg.ask(who, 'INVITE', leg.offer(who)), 481)
        pair.check_shut(outer)
        pair.check_quiet()


def test_timed_out():
    """408 to a re-INVITE leaves time for a BYE, or for the next refresh"""
    leg, outer = up()
    leg.refuse(leg.ask(alice, 'INVITE', leg.offer(alice)), 408)
    pair.check_both(outer)
    leg.say(leg.ask(alice, 'INVITE', leg.offer(alice)), 200, leg.offer(carol))
    leg.ask(alice, 'ACK')
    leg.refuse(leg.ask(alice, 'INVITE', leg.offer(alice)), 408)
    over(leg, outer)


def test_refreshes():
    """session refreshes keep every byte of body and Contact, and the flow, and are no new offers"""
    leg, outer = up()
    timer = [('Session-Expires', '90;refresher=uac')]
    bodies = set()
    for _ in range(3):
        for method in ('INVITE', 'UPDATE'):
            refresh = leg.ask(alice, method, leg.offer(alice), headers=timer)
            bodies.add((refresh.seen.body, refresh.seen['Contact']))
            answer = leg.say(refresh, 200, leg.offer(carol), headers=timer)
            equal(answer.seen.body, leg.offer(carol), 'the answer')
            if method == 'INVITE':
                leg.ask(alice, 'ACK')
        leg.say(leg.ask(alice, 'UPDATE', headers=timer), 200, headers=timer)
    equal(len(bodies), 1, 'bodies that the refreshes had')
    pair.check_both(outer)
    over(leg, outer)


def test_hold():
    """the far side holds the call, by address or by direction; its silence outlasts the flows; it resumes"""
    for body in (HELD, sip.sdp(net.S1, 30000, 'a=inactive\r\n')):
        leg, outer = up()
        hold = leg.ask(carol, 'INVITE', body)
        equal(hold.seen.body, body, 'the offer')
        answer = leg.say(hold, 200, leg.offer(alice, extra='a=recvonly\r\n'))
        leg.ask(carol, 'ACK')
        equal(answer.seen.media, outer, 'where the phone is')
        forget()
        # No flow is left: the far side's re-INVITE has to find the phone by itself.
        resume = leg.ask(carol, 'INVITE', leg.offer(carol))
        answer = leg.say(resume, 200, leg.offer(alice))
        leg.ask(carol, 'ACK')
        equal(answer.seen.media, outer, 'where the phone is after all')
        pair.check_both(outer)
        over(leg, outer)


def test_hold_by_the_phone():
    """the phone holds with 0.0.0.0, and with its address; that is left, and its port kept"""
    leg, outer = up()
    for body in (sip.sdp('0.0.0.0', 40000), leg.offer(alice, extra='a=sendonly\r\n')):
        hold = leg.ask(alice, 'INVITE', body)
        leg.say(hold, 200, leg.offer(carol, extra='a=recvonly\r\n'))
        leg.ask(alice, 'ACK')
        # Music on hold goes out by the same port.
        pair.check_both(outer)
        forget()
        resume = leg.ask(alice, 'INVITE', leg.offer(alice))
        leg.say(resume, 200, leg.offer(carol))
        leg.ask(alice, 'ACK')
        equal(resume.seen.media, outer, 'where the phone is after all')
        pair.check_both(outer)
    over(leg, outer)


def test_silence():
    """audio that was silent for longer than its flow lived comes back, whoever speaks first"""
    leg, outer = up()
    for speak in (pair.check_in, pair.check_out):
        net.run('gw', 'conntrack', '-D', '-p', 'udp', '--orig-port-dst', '40000', check=False)
        net.run('gw', 'conntrack', '-D', '-p', 'udp', '--orig-port-dst', '30000', check=False)
        equal(flows('dport=30000'), [], 'flows that are left')
        speak(outer)
        pair.check_both(outer)
    over(leg, outer)


def test_wrong_answers():
    """answers to no offer, with another number, or of the side that offered, move nothing"""
    leg, outer = up()
    invite = leg.ask(alice, 'INVITE', leg.offer(alice, 40010))
    stale = counter('stale')
    wrong = leg.offer(carol, address=net.S2)
    right = carol.response(invite.seen, invite.source, 200, 'OK', body=wrong)
    number = f'CSeq: {invite.cseq} INVITE'.encode()
    for data in (right.replace(number, b'CSeq: 99 INVITE'),
                 right.replace(number, f'CSeq: {invite.cseq} UPDATE'.encode()),
                 right.replace(f'tag={leg.tags[carol]}'.encode(), b'tag=nobody'),
                 right.replace(f'tag={leg.tags[alice]}'.encode(), b'tag=nobody')):
        carol.send(data, invite.source)
        check(net.receive(alice.socket)[0], 'it did not arrive')
    # A response of the side that asked.
    alice.send(alice.response(invite.seen, invite.source, 200, 'OK', body=leg.offer(alice, 40010)),
               leg.target[alice][1])
    check(net.receive(carol.socket)[0], 'it did not arrive')
    check(counter('stale') >= stale + 5, 'they were not counted')
    pair.check_both(outer)
    for port in (40000, 40010):
        pair.check_never(invite.seen.media if port == 40010 else outer, port, net.S2)
    leg.refuse(invite, 488)
    over(leg, outer)


def test_everything_again():
    """each message of a call with all of it comes three times: the same bytes, the same ports"""
    leg = pair.leg()
    before = counter('dialogs_created')
    invite = leg.ask(alice, 'INVITE', leg.offer(alice))
    outer = invite.seen.media
    steps = [lambda: leg.say(invite, 180), lambda: leg.say(invite, 183, leg.offer(carol), headers=RELIABLE),
             lambda: leg.say(leg.ask(alice, 'PRACK', headers=RACK), 200),
             lambda: leg.say(invite, 200, leg.offer(carol)), lambda: leg.ask(alice, 'ACK'),
             lambda: leg.say(leg.ask(carol, 'INVITE', leg.offer(carol)), 200, leg.offer(alice)),
             lambda: leg.ask(carol, 'ACK'),
             lambda: leg.say(leg.ask(alice, 'UPDATE', leg.offer(alice)), 200, leg.offer(carol)),
             lambda: leg.refuse(leg.ask(alice, 'INVITE', leg.offer(alice)), 491)]
    for step in steps:
        step()
        leg.steps[-1].again()
        leg.steps[-2].again()
        # Those of the first INVITE only until the next one.
        leg.repeat(last=3 if step is steps[-1] else 0)
    pair.check_both(outer)
    equal(counter('dialogs_created') - before, 1, 'dialogs')
    leg.down()
    for step in leg.steps[-2:]:
        step.again()
    pair.check_shut(outer)
    pair.check_quiet()


try:
    run_all(globals())
finally:
    pair.close()
