#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Policies take each other's place while many calls run."""

import os
import sys
from collections import Counter

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import gateway
import net
from tap import check, equal, run_all
from ua import Call, Ua

CALLS = 200
# None of these has to do with the calls; the rule that has comes after them.
OTHERS = [f'drop src 10.99.{n // 250}.{n % 250}' for n in range(999)]


def states():
    return Counter(d['state'] for d in gateway.ctl('dialog', 'list'))


def test_reload():
    """a reload of 1,000 rules during 200 running calls loses none: audio goes on, and each BYE closes its call"""
    with net.Net() as network:
        phone, server = Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)
        lines = [(phone, server)] + [(phone.another_line(40000 + 2 * n), server.another_line(30000 + 2 * n))
                                     for n in range(1, CALLS)]
        calls = [Call(*line, f'sip:carol@{net.S1}', (net.S1, 5060)).start() for line in lines]
        equal(states(), {'confirmed': CALLS}, 'calls before')
        gateway.policy(*OTHERS, 'alg')
        equal(len(gateway.ctl('policy', 'list')), 1000, 'rules')
        equal(states(), {'confirmed': CALLS}, 'calls after')
        # Their first media: what the reload left of their bindings lets them in.
        for call in calls:
            call.check_audio()
        gateway.policy(*reversed(OTHERS), 'alg')
        for call in calls:
            check(call.audio_to_caller() and call.audio_to_callee(), 'audio stops with the second reload')
        for n, call in enumerate(calls):
            call.hang_up(call.callee if n % 2 else call.caller)
        equal(gateway.counter('stale'), 0, 'stale')
        check('confirmed' not in states(), 'a call does not end with its BYE')
        for call in (calls[0], calls[1], calls[-1]):
            gateway.check_closed(network, call, 'p1', 's1')


run_all(globals())
