#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Tracepoints: messages with their verdicts, and bindings, where somebody wants to see them."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import net
from tap import Skip, check, equal, run_all
from ua import Call, Ua

TRACEFS = '/sys/kernel/tracing'
INSTANCE = f'{TRACEFS}/instances/sipalg'


class Trace:
    """A buffer of its own, with sipalg's events in it."""

    def __enter__(self):
        if not os.path.exists(f'{TRACEFS}/instances'):
            subprocess.run(['mount', '-t', 'tracefs', 'tracefs', TRACEFS], stderr=subprocess.DEVNULL, check=False)
        if not os.path.exists(f'{TRACEFS}/instances'):
            raise Skip('this kernel has no tracefs')
        os.mkdir(INSTANCE)
        self.enable(True)
        return self

    def __exit__(self, *_):
        self.enable(False)
        os.rmdir(INSTANCE)

    @staticmethod
    def enable(on):
        with open(f'{INSTANCE}/events/sipalg/enable', 'w', encoding='ascii') as f:
            f.write('1' if on else '0')

    @staticmethod
    def take(event):
        """What was seen of an event so far, without process and time."""
        with open(f'{INSTANCE}/trace', encoding='ascii') as f:
            return [line.partition(f': {event}: ')[2].strip() for line in f if f': {event}: ' in line]


def test_call():
    """a call's messages are traced with where they come from and what became of them, its bindings come and go"""
    with net.Net() as network, Trace() as trace:
        phone, server = Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)
        call = Call(phone, server, f'sip:carol@{net.S1}', (net.S1, 5060)).start()
        call.check_audio()
        call.hang_up()
        equal(trace.take('message_in')[0], f'udp {net.P1}:5060 > {net.S1}:5060', 'the first message')
        verdicts = trace.take('verdict')
        check(verdicts[0].startswith('translated: INVITE '), f'the first verdict is {verdicts[0]}')
        check(verdicts[0].endswith(f' > {net.S1}:5060') and f'{net.WAN}:' in verdicts[0], f'its way is {verdicts[0]}')
        check(any('status 200' in v and v.startswith('translated: BYE ') for v in verdicts), f'no 200 to BYE: {verdicts}')
        made, gone = trace.take('binding_made'), trace.take('binding_gone')
        media = [b for b in made if f': media, udp, {net.P1}:{phone.rtp.getsockname()[1]} = {net.WAN}:' in b]
        equal(len(media), 1, f'bindings of the phone\'s audio in {made}')
        check(media[0] in gone, f'{media[0]} is not among {gone}')
        equal(len(trace.take('message_in')), len(verdicts), 'verdicts')


def test_off():
    """turned off, they say nothing"""
    with net.Net() as network, Trace() as trace:
        trace.enable(False)
        phone, server = Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)
        Call(phone, server, f'sip:carol@{net.S1}', (net.S1, 5060)).start().hang_up()
        equal(trace.take('message_in') + trace.take('verdict') + trace.take('binding_made'), [], 'what was traced')


run_all(globals())
