#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Listings show what their filters say, and count it; a bad filter gets its sentence."""

import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../schema"))
# pylint: disable=wrong-import-position
import net
import schema
import tcpua
from gateway import ctl
from tap import check, equal, run_all
from ua import Call, Ua

SERVER = (net.S1, 5060)
SEEN_AS_TEXT = set()


def refused(words, *sentences):
    """A filter that makes no sense: exit code 2, its value and what is allowed."""
    done = subprocess.run(['ip', 'netns', 'exec', 'gw', net.CTL, *words], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    equal((done.returncode, done.stdout), (2, ''), ' '.join(words))
    for sentence in sentences:
        check(sentence in done.stderr, f'{" ".join(words)} says {done.stderr!r}')


def picked(kind, key, expected, *words):
    """The list has these, and --count says how many; once a kind as text, too."""
    found = ctl(kind, 'list', *words)
    equal(sorted(e[key] for e in found), sorted(expected), f'{kind} list {" ".join(words)}')
    count = ctl(kind, 'list', *words, '--count')
    equal(schema.errors([kind, 'list', '--count'], count), [], 'the count')
    equal(count['count'], len(expected), f'{kind} list {" ".join(words)} --count')
    if kind in SEEN_AS_TEXT:
        return
    SEEN_AS_TEXT.add(kind)
    equal(net.run('gw', net.CTL, kind, 'list', *words, '--count'), f'{len(expected)}\n', 'as text')
    lines = net.run('gw', net.CTL, kind, 'list', *words).splitlines()
    equal(len(lines), len(expected) + 1, f'lines of {kind} list {" ".join(words)}')


def test_dialogs():
    """dialog list by user, address, state, method, age and Call-ID, and several of them"""
    with net.Net() as network:
        alice, bob = Ua(network, 'p1', 'alice'), Ua(network, 'p2', 'bob')
        carol, dave = Ua(network, 's1', 'carol', rtp=30000), Ua(network, 's2', 'dave', rtp=32000)
        one = Call(alice, carol, f'sip:carol@{net.S1}', SERVER).start().call_id
        two = Call(bob, dave, f'sip:dave@{net.S2}', (net.S2, 5060)).ring().call_id
        sub = 'watch@p1'
        alice.send(alice.request('SUBSCRIBE', f'sip:carol@{net.S1}', call_id=sub,
                                 headers=[('Event', 'presence'), ('Expires', '600')]), SERVER)
        carol.expect('SUBSCRIBE')
        for expected, *words in (
                ((one, two, sub),),
                ((one, sub), '--user', 'alice'),
                ((two,), '--user', f'dave@{net.S2}'),
                ((), '--user', 'ali'),
                ((one, sub), '--address', f'{net.P1}/32'),
                ((two,), '--address', net.S2),
                ((one, two, sub), '--address', '10.0.0.0/8'),
                ((), '--address', '2001:db8::/32'),
                ((one,), '--state', 'confirmed'),
                ((two,), '--state', 'early'),
                ((sub,), '--method', 'subscribe'),
                ((one, two), '--method', 'INVITE'),
                ((one, two, sub), '--younger', '1h'),
                ((), '--older', '1h'),
                ((one, two, sub), '--older', '0s'),
                ((two,), '--call-id', two),
                ((), '--call-id', two, '--state', 'confirmed'),
                ((one,), '--user', 'alice', '--method', 'INVITE')):
            picked('dialog', 'call_id', expected, *words)
        end = time.monotonic() + net.WAIT
        while not ctl('dialog', 'list', '--call-id', one, '--older', '1s'):
            check(time.monotonic() < end, 'it never gets older than a second')
            time.sleep(0.05)
        equal(ctl('dialog', 'list', '--call-id', one, '--younger', '1'), [], 'that is younger')
        picked('subscription', 'call_id', (sub,), '--state', 'asked')
        picked('subscription', 'call_id', (), '--state', 'active')
        inner = [b['id'] for b in ctl('binding', 'list') if b.get('owner') == one]
        check(inner, 'the call has no bindings')
        picked('binding', 'id', inner, '--call-id', one)


def test_others():
    """registration list, binding list and stream list too"""
    with net.Net() as network:
        phone, server = tcpua.joined(tcpua.Ua(network, 'p1', 'alice'),
                                     tcpua.Ua(network, 's1', 'carol', rtp=30000))
        phone.send(phone.request('REGISTER', f'sip:{net.S1}', to=f'<sip:alice@{net.S1}>'))
        seen, source = server.expect('REGISTER')
        server.send(server.response(seen, source, 200, 'OK', contact=False,
                                    headers=[('Contact', f'{seen["Contact"]};expires=600')]))
        phone.expect(200)
        for kind, state in ('registration', 'granted'), ('stream', 'sip'):
            (number,) = (e['id'] for e in ctl(kind, 'list'))
            picked(kind, 'id', (number,), '--address', net.P1, '--state', state, '--younger', '1h')
            picked(kind, 'id', (), '--address', net.P2)
            picked(kind, 'id', (), '--older', '1d')
        picked('registration', 'aor', (f'sip:alice@{net.S1}',), '--user', 'alice')
        picked('registration', 'aor', (), '--state', 'asked')
        picked('stream', 'id', (), '--state', 'left_alone')
        numbers = [b['id'] for b in ctl('binding', 'list')]
        picked('binding', 'id', numbers, '--address', net.S1)
        picked('binding', 'id', (), '--user', 'bob')


def test_bad():
    """a value that makes no sense is named, with those that do"""
    with net.Net():
        refused(('dialog', 'list', '--state', 'answered'), '"answered" is no state',
                'trying, early, confirmed or terminated')
        refused(('registration', 'list', '--state', 'early'), '"early" is no state', 'asked or granted')
        refused(('dialog', 'list', '--method', 'BYE'), '"BYE"', 'INVITE, SUBSCRIBE or REFER')
        for bad in '10.0.0.0/33', '10.0.0', '2001:db8::/129', 'alice', '10.0.0.1/', '':
            refused(('binding', 'list', '--address', bad), f'"{bad}" is no address or prefix', '10.0.0.0/8')
        for bad in 'old', '5w', '-1', '', '99999999999':
            refused(('stream', 'list', '--older', bad), f'"{bad}" is no age', 's, m, h or d')
        refused(('binding', 'list', '--method', 'INVITE'), 'no option --method')


run_all(globals())
