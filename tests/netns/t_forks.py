#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""One INVITE, several phones that answer: each has a dialog and media of its own."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import net
from gateway import counter, ctl
from pair import FAR_HOSTS, Pair
from tap import check, equal, run_all

pair = Pair()
alice, carol = pair.alice, pair.carol
HOSTS = dict(zip('bcd', FAR_HOSTS))
RELIABLE = [('Require', '100rel'), ('RSeq', '1')]


def at(leg, tag):
    """What the fork with this tag answers."""
    return leg.offer(carol, address=HOSTS[tag])


def ring(tags, status=183):
    """INVITE, and an answer of each of these; the Leg, the INVITE, and where alice is reached."""
    leg = pair.leg()
    invite = leg.ask(alice, 'INVITE', leg.offer(alice))
    for tag in tags:
        leg.say(invite, status, at(leg, tag) if status == 183 else b'', tag=tag)
    return leg, invite, invite.seen.media


def states(leg):
    """{tag: state} of the call's dialogs."""
    return {d.get('b_tag', ''): d['state'] for d in ctl('dialog', 'list') if d['call_id'] == leg.call_id}


def check_open(outer, tags):
    for tag in tags:
        pair.check_both(outer, host=HOSTS[tag])


def check_shut(outer, tags):
    for tag in tags:
        pair.check_shut(outer, host=HOSTS[tag])


def over(leg, outer, tag, ringing=''):
    """Hang up the one that was answered, and end those that ring."""
    leg.down(tag=tag)
    pair.check_shut(outer, host=HOSTS[tag])
    for other in ringing:
        leg.say(leg.steps[0], 199, tag=other)
    check_shut(outer, 'bcd')
    pair.check_quiet()


def test_early_media():
    """three forks, each with early media, all heard at once; nobody else"""
    leg, _, outer = ring('bcd')
    check_open(outer, 'bcdbcd')
    pair.check_never(outer, host=FAR_HOSTS[3])
    equal(states(leg), dict.fromkeys('bcd', 'early'), 'the dialogs')
    leg.tags[carol] = 'b'
    leg.refuse(leg.steps[0], 486, tag='b')
    check_shut(outer, 'bcd')
    pair.check_quiet()


def test_one_answers():
    """one fork is answered: the others go on until they are closed"""
    leg, invite, outer = ring('bcd')
    check_open(outer, 'bcd')
    leg.say(invite, 200, at(leg, 'c'), tag='c')
    leg.ask(alice, 'ACK', tag='c')
    check_open(outer, 'cbd')
    for tag in 'bd':
        leg.say(invite, 199, tag=tag)
        pair.check_shut(outer, host=HOSTS[tag])
        check_open(outer, 'c')
    over(leg, outer, 'c')


def test_two_answers():
    """two forks are answered: the BYE to the unwanted one closes its audio alone, though it runs"""
    leg, invite, outer = ring('bcd')
    for tag in 'bd':
        leg.say(invite, 200, at(leg, tag), tag=tag).again()
        leg.ask(alice, 'ACK', tag=tag).again()
    check_open(outer, 'bd')
    leg.down(tag='b')
    pair.check_shut(outer, host=HOSTS['b'])
    check_open(outer, 'd')
    over(leg, outer, 'd', ringing='c')


def test_answer_without_ringing():
    """a fork that nobody heard of before answers"""
    leg, invite, outer = ring('b')
    leg.say(invite, 200, at(leg, 'c'), tag='c')
    leg.ask(alice, 'ACK', tag='c')
    check_open(outer, 'bc')
    over(leg, outer, 'c', ringing='b')


def test_bye_of_the_unwanted():
    """a fork that was answered second hangs up by itself"""
    leg, invite, outer = ring('bc')
    for tag in 'bc':
        leg.say(invite, 200, at(leg, tag), tag=tag)
        leg.ask(alice, 'ACK', tag=tag)
    check_open(outer, 'bc')
    leg.down(carol, tag='c')
    pair.check_shut(outer, host=HOSTS['c'])
    check_open(outer, 'b')
    over(leg, outer, 'b')


def test_199():
    """199 ends the fork that it names, running audio included"""
    leg, invite, outer = ring('bcd')
    check_open(outer, 'bcd')
    leg.say(invite, 199, tag='c')
    pair.check_shut(outer, host=HOSTS['c'])
    check_open(outer, 'bd')
    leg.say(invite, 200, at(leg, 'b'), tag='b')
    leg.ask(alice, 'ACK', tag='b')
    over(leg, outer, 'b', ringing='d')


def test_one_after_the_other():
    """a proxy tries one phone after the other: 199 of the only fork leaves the INVITE waiting"""
    leg, invite, outer = ring('b')
    check_open(outer, 'b')
    leg.say(invite, 199, tag='b').again()
    pair.check_shut(outer, host=HOSTS['b'])
    leg.say(invite, 183, at(leg, 'c'), tag='c')
    check_open(outer, 'c')
    leg.say(invite, 199, tag='c')
    pair.check_shut(outer, host=HOSTS['c'])
    leg.say(invite, 200, at(leg, 'd'), tag='d')
    leg.ask(alice, 'ACK', tag='d')
    check_open(outer, 'd')
    pair.check_never(outer, host=HOSTS['b'])
    over(leg, outer, 'd')


def test_early_bye():
    """the caller hangs up on one fork before any is answered"""
    leg, invite, outer = ring('bc')
    leg.down(tag='b')
    pair.check_shut(outer, host=HOSTS['b'])
    check_open(outer, 'c')
    leg.say(invite, 200, at(leg, 'c'), tag='c')
    leg.ask(alice, 'ACK', tag='c')
    over(leg, outer, 'c')


def test_failure_of_another_fork():
    """the failure that a proxy chose has a tag that no response had before: it ends the call"""
    for status in (486, 603, 302):
        leg, invite, outer = ring('bc')
        check_open(outer, 'bc')
        stale = counter('stale')
        leg.refuse(invite, status, tag='never-heard-of')
        check_shut(outer, 'bc')
        equal(counter('stale'), stale, 'messages that did not fit')
        pair.check_quiet()


def test_failure_after_an_answer():
    """487 of a fork after another one was answered ends nothing of that"""
    leg, invite, outer = ring('bc')
    leg.say(invite, 200, at(leg, 'b'), tag='b')
    leg.ask(alice, 'ACK', tag='b')
    check_open(outer, 'bc')
    for tag in ('c', 'b', 'z'):
        leg.refuse(invite, 487, tag=tag)
        check_open(outer, 'b')
    pair.check_shut(outer, host=HOSTS['c'])
    over(leg, outer, 'b')


def test_cancel():
    """CANCEL and one 487 end all forks"""
    leg, invite, outer = ring('bcd')
    check_open(outer, 'bcd')
    leg.say(leg.cancel(invite), 200, tag='proxy')
    check_open(outer, 'bcd')
    leg.refuse(invite, 487, tag='proxy')
    check_shut(outer, 'bcd')
    equal(states(leg), dict.fromkeys('bcd', 'terminated'), 'the dialogs')
    pair.check_quiet()


def test_numbers():
    """each fork counts for itself: PRACK and UPDATE of all have the same CSeq"""
    leg = pair.leg()
    invite = leg.ask(alice, 'INVITE', leg.offer(alice))
    outer = invite.seen.media
    ports = dict(zip('bcd', (40010, 40020, 40030)))
    stale = counter('stale')
    moved = {}
    for tag, port in ports.items():
        leg.cseq[alice] = 1
        leg.say(invite, 183, at(leg, tag), tag=tag, headers=RELIABLE)
        leg.say(leg.ask(alice, 'PRACK', headers=[('RAck', '1 1 INVITE')], tag=tag), 200)
        pair.check_both(outer, host=HOSTS[tag])
        update = leg.ask(alice, 'UPDATE', leg.offer(alice, port), tag=tag)
        equal(update.cseq, 3, 'the number')
        leg.say(update, 200, at(leg, tag))
        moved[tag] = update.seen.media
        pair.check_both(moved[tag], port, HOSTS[tag])
        pair.check_shut(outer, host=HOSTS[tag])
    equal(counter('stale'), stale, 'messages that did not fit')
    for tag, port in ports.items():
        pair.check_both(moved[tag], port, HOSTS[tag])
    leg.say(invite, 200, tag='c')
    leg.ask(alice, 'ACK', tag='c')
    pair.check_both(moved['c'], ports['c'], HOSTS['c'])
    leg.down(tag='c')
    pair.check_shut(moved['c'], ports['c'], HOSTS['c'])
    leg.say(invite, 199, tag='b')
    leg.say(invite, 199, tag='d')
    pair.check_quiet()


def test_hung_up_early():
    """the answered fork is hung up while others still have early media: all of these end with it"""
    for who in (alice, carol):
        leg, invite, outer = ring('bcd')
        leg.say(invite, 200, at(leg, 'c'), tag='c')
        leg.ask(alice, 'ACK', tag='c')
        check_open(outer, 'bcd')
        leg.down(who, tag='c')
        check_shut(outer, 'bcd')
        equal(states(leg), dict.fromkeys('bcd', 'terminated'), 'the dialogs')
        # One that answers all the same changes nothing any more.
        leg.say(invite, 200, at(leg, 'b'), tag='b')
        check_shut(outer, 'b')
        pair.check_quiet()


def test_limit():
    """the seventeenth fork passes unchanged and is counted; the others are not harmed"""
    leg = pair.leg()
    invite = leg.ask(alice, 'INVITE', leg.offer(alice))
    outer = invite.seen.media
    for number in range(16):
        leg.say(invite, 183, leg.offer(carol), tag=f'f{number}')
    before = counter('limit_dialogs')
    data = carol.response(invite.seen, invite.source, 183, 'Session Progress', to_tag='f16',
                          body=leg.offer(carol, address=net.S2))
    carol.send(data, invite.source)
    equal(net.receive(alice.socket)[0], data, 'the response of one fork too many')
    equal(counter('limit_dialogs') - before, 1, 'responses that were over the limit')
    pair.check_both(outer)
    pair.check_never(outer, host=net.S2)
    leg.say(invite, 200, leg.offer(carol), tag='f15')
    leg.ask(alice, 'ACK', tag='f15')
    pair.check_both(outer)
    for number in range(15):
        leg.say(invite, 199, tag=f'f{number}')
    pair.check_both(outer)
    leg.down(tag='f15')
    pair.check_shut(outer)
    pair.check_quiet()


def test_call_from_outside():
    """a PBX inside answers a call from outside with two forks: each is heard at its own port"""
    leg = pair.leg_in()
    invite = leg.ask(carol, 'INVITE', leg.offer(carol))
    told = {tag: leg.say(invite, 183, leg.offer(alice, port), tag=tag).seen.media
            for tag, port in (('b', 40000), ('c', 40010))}
    check(told['b'] != told['c'], 'both have one port outside')
    pair.check_both(told['b'])
    pair.check_both(told['c'], 40010)
    leg.say(invite, 200, leg.offer(alice, 40010), tag='c')
    leg.ask(carol, 'ACK', tag='c')
    leg.say(invite, 199, tag='b')
    pair.check_shut(told['b'])
    pair.check_both(told['c'], 40010)
    leg.down(carol, tag='c')
    pair.check_shut(told['c'], 40010)
    pair.check_quiet()


try:
    run_all(globals())
finally:
    pair.close()
