#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Options of rules for media: latching, their DSCP, and calls that fall silent."""

import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import gateway
import net
import sip
from tap import check, equal, run_all
from ua import Call, Ua

SERVER = (net.S1, 5060)
BEHIND = ('203.0.113.99', 7000)  # where a peer behind a NAT believes to be


def call_of(network, rule, place=None):
    """A call of a phone whose other side names this place for its media."""
    phone, server = Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)
    gateway.policy(rule)
    server.media = place or server.media
    return Call(phone, server, f'sip:carol@{net.S1}', SERVER)


def hears(network, call, sender, ns):
    return not network.absent(sender, call.to_caller, call.caller.rtp, 'p1', ns)


def reinvite(call, who, body):
    """Offered, answered and acknowledged."""
    other = call.callee if who is call.caller else call.caller
    call.in_dialog(who, 'INVITE', body=body)
    seen, source = other.expect('INVITE')
    call.respond(seen, source, 200, 'OK', who=other, body=other.offer())
    who.expect(200)
    call.in_dialog(who, 'ACK', cseq=call.cseq)
    other.expect('ACK')


def test_latch():
    """media-source latch: the first to send is heard, from that port alone, until the peer names another place"""
    with net.Net() as network:
        call = call_of(network, 'alg media-source latch', BEHIND).ring()
        first, port, other = network.udp('s2', 31000), network.udp('s2', 31010), call.callee.rtp
        check(not hears(network, call, first, 's2'), 'it is heard before the answer')
        call.pick_up()
        check(hears(network, call, first, 's2'), 'the first one is not heard')
        check(not hears(network, call, port, 's2'), 'another port of it is heard')
        check(not hears(network, call, other, 's1'), 'another host is heard')
        check(hears(network, call, first, 's2'), 'the first one is not heard any more')
        gateway.forget()
        check(not hears(network, call, other, 's1'), 'another host is heard after a long silence')
        check(hears(network, call, first, 's2'), 'the first one is not heard after a long silence')
        reinvite(call, call.caller, call.caller.offer())
        check(not hears(network, call, other, 's1'), 'another host is heard after a re-INVITE that moves nobody')
        check(hears(network, call, first, 's2'), 'the first one is not heard after a re-INVITE')
        call.callee.media = (BEHIND[0], 7002)
        reinvite(call, call.callee, call.callee.offer())
        check(hears(network, call, other, 's1'), 'the first one after a re-INVITE is not heard')
        check(not hears(network, call, first, 's2'), 'the one from before is still heard')
        call.hang_up()
        check(network.closes(other, call.to_caller, call.caller.rtp, 'p1', 's1'), 'media pass after the end')


def test_latch_answered():
    """and who answers what the phone itself sent is chosen by that"""
    with net.Net() as network:
        call = call_of(network, 'alg media-source latch').start()
        check(call.audio_to_callee() and call.audio_to_caller(), 'no audio')
        for sender in network.udp('s2', 31000), network.udp('s2', 31010):
            check(not hears(network, call, sender, 's2'), 'a stranger is heard')
        call.check_audio()
        call.hang_up()


def test_latch_not():
    """without it, a peer that is elsewhere than it believes is not heard"""
    with net.Net() as network:
        call = call_of(network, 'alg', BEHIND).start()
        check(not hears(network, call, network.udp('s2', 31000), 's2'), 'it is heard')


def test_early_media():
    """early-media: announcements before any answer get in from these hosts, until an answer names another"""
    for rule, wanted in (('alg', ''), ('alg early-media on', 'server'), ('alg early-media on media-source any', 'server other'),
                         ('alg early-media on media-source exact', '')):
        with net.Net() as network:
            call = call_of(network, rule, (net.S2, 32000)).begin()
            senders = {'server': (call.callee.rtp, 's1'), 'other': (network.udp('s2', 31000), 's2')}

            def heard():
                return ' '.join(n for n, (s, ns) in senders.items() if hears(network, call, s, ns))
            equal(heard(), wanted, f'{rule}: who is heard after the INVITE')
            call.respond(call.invite, call.source, 180, 'Ringing')
            call.caller.expect(180)
            equal(heard(), wanted, f'{rule}: who is heard when it rings')
            rtcp = (call.to_caller[0], call.to_caller[1] + 1)
            equal(not network.absent(call.callee.rtcp, rtcp, call.caller.rtcp, 'p1', 's1'), 'server' in wanted,
                  f'{rule}: is RTCP heard')
            call.pick_up()
            # The host of the answer alone; of "any" anybody.
            equal(heard(), {'alg early-media on media-source any': 'server other', 'alg early-media on media-source exact': ''}
                  .get(rule, 'other'), f'{rule}: who is heard after the answer')
            call.hang_up()
            check(network.closes(senders['other'][0], call.to_caller, call.caller.rtp, 'p1', 's2'), f'{rule}: it is not closed')
            equal(heard(), '', f'{rule}: who is heard after the end')


def test_early_media_ends():
    """and they end with the call that is refused or cancelled, and with a fork's 200 that names another host"""
    for end in ('refused', 'cancelled', 'answered'):
        with net.Net() as network:
            call = call_of(network, 'alg early-media on').ring()
            check(call.audio_to_caller(), f'{end}: the announcement is not heard')
            if end == 'refused':
                call.fail(486, 'Busy Here')
            elif end == 'cancelled':
                call.cancel()
            else:
                call.to_tag = 'another'
                call.callee.media = (net.S2, 32000)
                call.pick_up()
            check(network.closes(call.callee.rtp, call.to_caller, call.caller.rtp, 'p1', 's1'),
                  f'{end}: the announcement goes on')


HEARD = '''
table inet heard {
    counter fast { }
    counter other { }
    chain in {
        type filter hook input priority filter;
        udp dport 30000-49999 ip dscp 46 counter name fast accept
        udp dport 30000-49999 ip6 dscp 46 counter name fast accept
        udp dport 30000-49999 counter name other
    }
}'''


def heard(ns):
    """(media packets with this DSCP, with another)"""
    text = net.run(ns, 'nft', 'reset', 'counters', 'table', 'inet', 'heard')
    return tuple(int(re.search(r'counter %s \{\s*packets (\d+)' % name, text).group(1)) for name in ('fast', 'other'))


def test_dscp():
    """dscp-media: of RTP and RTCP both ways, over IPv4 and IPv6, and not of the signalling"""
    for v6 in False, True:
        with net.Net() as network:
            for ns in 's1', 'p1':
                net.run(ns, 'nft', '-f', '-', text_in=HEARD)
            phone, server = Ua(network, 'p1', 'alice', v6=v6), Ua(network, 's1', 'carol', rtp=30000, v6=v6)
            for rule, wanted in ('alg dscp-media 46', (4, 0)), ('alg', (0, 4)):
                gateway.policy(rule)
                call = Call(phone, server, f'sip:carol@{sip.bracket(server.address)}', (server.address, 5060)).start()
                for _ in range(2):
                    call.check_audio()
                equal((heard('s1'), heard('p1')), (wanted, wanted), f'{rule}: packets with it, and without')
                call.hang_up()
                check(network.closes(server.rtp, call.to_caller, phone.rtp, 'p1', 's1'), 'media pass after the end')
                heard('s1'), heard('p1')  # pylint: disable=expression-not-assigned


def ends():
    """(state, reason) of each dialog."""
    return [(d['state'], d['end_reason']) for d in gateway.ctl('dialog', 'list')]


ALIVE, SILENT = ('confirmed', 'none'), ('terminated', 'silent')


def until_silent(call, limit, speaks):
    """How many seconds it takes until the call is over, with somebody who speaks a while."""
    begin = time.monotonic()
    while ends() != [SILENT]:
        check(time.monotonic() < begin + limit, f'the call does not end: {ends()}')
        if time.monotonic() < begin + speaks:
            check(call.audio_to_callee(), 'no audio')
        time.sleep(0.2)  # the time between two packets; and nothing else tells when silence is over
    return time.monotonic() - begin


def test_idle():
    """media-idle: a call whose media are silent for so long is over and closed; one that speaks is not"""
    with net.Net() as network:
        call = call_of(network, 'alg media-idle 2').start()
        call.check_audio()
        took = until_silent(call, 20, 5)
        check(took > 6, f'it ended after {took:.1f} s, of which it spoke 5')
        check(network.absent(call.callee.rtp, call.to_caller, call.caller.rtp, 'p1', 's1'), 'its media pass')
        call.bye()  # what comes now is translated as ever


def test_idle_nobody():
    """and one that never said anything; not where it is held, nor without the option"""
    with net.Net() as network:
        call = call_of(network, 'alg media-idle 2').start()
        took = until_silent(call, 15, 0)
        check(took > 1, f'it ended after {took:.1f} s')
    with net.Net() as network:
        held = call_of(network, 'alg media-idle 1').start()
        reinvite(held, held.caller, held.caller.offer() + b'a=sendonly\r\n')
        gateway.policy('alg')
        other = Call(held.caller.another_line(40100), held.callee.another_line(30100), held.uri, SERVER).start()
        time.sleep(4)  # four times as long as silence may be
        equal(ends(), [ALIVE, ALIVE], 'the dialogs')
        reinvite(held, held.caller, held.caller.offer())
        begin = time.monotonic()
        while sorted(ends()) != [ALIVE, SILENT]:
            check(time.monotonic() < begin + net.WAIT, f'the call that goes on does not end: {ends()}')
            time.sleep(0.2)  # nothing tells when silence is over
        other.hang_up()


run_all(globals())
