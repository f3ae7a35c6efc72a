#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Mixed traffic for a long time: all calls work, all messages are counted, and memory stays as it is.

SOAK says for how many seconds (20): 3,600 of them take a few minutes with the kernel's time travel
(APPEND=time-travel=inf-cpu TEST_TIMEOUT=100000 tests/umlcheck hard/t_soak.py). SEED: another mixture.
In real time sipp calls, too.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../py"))
# pylint: disable=wrong-import-position
import contextlib
import random
import re
import shutil
import subprocess
import tempfile
import time

import counts
import faults
import gateway
import net
import tcpua
import ua
from leg import Leg
from pair import SERVER, Pair
from tap import check, equal, run_all

SECONDS = int(os.environ.get('SOAK') or 20)
RANDOM = random.Random(int(os.environ.get('SEED') or 1))
LOST = {'sent': 0, 'lost': 0}
TABLES = 'DIALOGS', 'REGISTRATIONS', 'BINDINGS', 'STREAMS'


def time_travels():
    with open('/proc/cmdline', encoding='ascii') as f:
        return 'time-travel=inf-cpu' in f.read()


def wait(longest):
    """What people do in a call, or between calls."""
    time.sleep(RANDOM.uniform(0, longest / 10 if time_travels() else min(longest, 0.2)))


def audio(pair, outer, packets=20):
    """Both ways for a while; what is lost is counted."""
    for _ in range(packets):
        for sender, to, receiver in ((pair.carol.rtp, outer, pair.alice.rtp),
                                     (pair.alice.rtp, pair.carol.media, pair.carol.rtp)):
            LOST['sent'] += 1
            LOST['lost'] += net.Net.arrives(sender, to, receiver) is None


def up(pair, make=None):
    leg = (make or pair.leg)()
    caller, callee = leg.caller, leg.callee
    invite = leg.ask(caller, 'INVITE', leg.offer(caller))
    leg.say(invite, 180)
    wait(20)
    leg.say(invite, 200, leg.offer(callee))
    leg.ask(caller, 'ACK')
    return leg, invite


def out(pair):
    leg, invite = up(pair)
    audio(pair, invite.seen.media)
    wait(60)
    leg.down(RANDOM.choice((pair.alice, pair.carol)))


def coming_in(pair):
    leg, _ = up(pair, pair.leg_in)
    audio(pair, leg.steps[1].seen.media if leg.steps[1].seen.body else leg.steps[2].seen.media)
    wait(60)
    leg.down(RANDOM.choice((pair.alice, pair.carol)))


def hold(pair):
    leg, invite = up(pair)
    for way in 'a=sendonly\r\n', 'a=sendrecv\r\n':
        again = leg.ask(pair.alice, 'INVITE', leg.offer(pair.alice, extra=way))
        leg.say(again, 200, leg.offer(pair.carol))
        leg.ask(pair.alice, 'ACK')
        wait(90)
    audio(pair, invite.seen.media)
    leg.down()


def transfer(pair):
    leg, invite = up(pair)
    leg.say(leg.ask(pair.carol, 'REFER', headers=[('Refer-To', '<sip:dave@203.0.113.20>')]), 202)
    leg.say(leg.ask(pair.alice, 'NOTIFY', headers=[('Event', 'refer'), ('Subscription-State', 'terminated')]), 200)
    audio(pair, invite.seen.media)
    leg.down(pair.carol)


def refused(pair):
    leg = pair.leg()
    invite = leg.ask(pair.alice, 'INVITE', leg.offer(pair.alice))
    wait(10)
    leg.refuse(invite, RANDOM.choice((486, 404, 503, 603, 302)))


def cancelled(pair):
    leg = pair.leg()
    invite = leg.ask(pair.alice, 'INVITE', leg.offer(pair.alice))
    leg.say(invite, 183, leg.offer(pair.carol))
    wait(30)
    leg.say(leg.cancel(invite), 200)
    leg.refuse(invite, 487)


def registered(pair):
    for expires in 300, 0:
        pair.alice.send(pair.alice.request('REGISTER', f'sip:{net.S1}', to=f'<sip:alice@{net.S1}>', call_id='reg',
                                           cseq=RANDOM.randrange(1, 1 << 30), headers=[('Expires', str(expires))]), SERVER)
        seen, source = pair.carol.expect('REGISTER')
        pair.carol.send(pair.carol.response(
            seen, source, 200, 'OK', contact=False,
            headers=[('Contact', f'{seen["Contact"]};expires={expires}')] if expires else []), source)
        pair.alice.expect(200)
        wait(30)


def subscribed(pair):
    leg = Leg(pair.alice, pair.carol, SERVER)
    for expires in 300, 0:
        headers = [('Event', 'presence'), ('Expires', str(expires))]
        leg.say(leg.ask(pair.alice, 'SUBSCRIBE', headers=headers), 200, headers=headers[1:])
        leg.say(leg.ask(pair.carol, 'NOTIFY', headers=[
            ('Event', 'presence'), ('Subscription-State', 'active' if expires else 'terminated')]), 200)
        wait(30)


def abandoned(pair):
    """Nobody ever answers, or hangs up."""
    leg = Leg(pair.alice, pair.carol, SERVER)
    invite = leg.ask(pair.alice, 'INVITE', leg.offer(pair.alice, 43000))
    if RANDOM.randrange(2):
        leg.say(invite, 180)


def noise(pair):
    for data in b'\r\n\r\n', b'\0\1\0\0\x21\x12\xa4\x42' + bytes(12), b'INVITE', b'INVITE sip:x SIP/2.0\r\n\r\n':
        pair.alice.send(data, SERVER)
        got, _ = net.receive(pair.carol.socket)
        equal(got, data, 'what is no message')


def over_tcp(pair):
    network = pair.network
    before = list(network.sockets)
    caller = tcpua.Ua(network, 'p2', 'dave', rtp=41000)
    callee = tcpua.Ua(network, 's2', 'erin', rtp=31000)
    tcpua.joined(caller, callee)
    call = ua.Call(caller, callee, f'sip:erin@{net.S2};transport=tcp', (net.S2, 5060)).start()
    call.check_audio()
    wait(30)
    call.hang_up()
    for sock in [s for s in network.sockets if s not in before]:
        network.sockets.remove(sock)
        sock.close()


SCENARIOS = out, coming_in, hold, transfer, refused, cancelled, registered, subscribed, abandoned, noise, over_tcp


def slab():
    """KiB of memory that the kernel's objects have."""
    with open('/proc/meminfo', encoding='ascii') as f:
        return int(re.search(r'^SUnreclaim:\s+(\d+)', f.read(), re.M).group(1))


class Sipp:
    """Somebody else's calls, where time is real.

    Where that is short, INVITEs are sent again. To the server of sipp's own scenario one that comes after its 200 is
    no retransmission any more, and it would give up the call; and both would give up all if they are late too often.
    """

    PATIENT = ['-default_behaviors', 'all,-abortunexp', '-watchdog_minor_threshold', '60000',
               '-watchdog_major_threshold', '60000']

    def __init__(self):
        self.path = tempfile.mkdtemp()
        self.server = self._start('s2', 'uas', '-i', net.S2)
        end = time.monotonic() + 6 * net.WAIT
        while not net.run('s2', 'ss', '-Hlnu', 'sport = :5062').strip():
            check(time.monotonic() < end, 'sipp does not listen')
            time.sleep(0.1)
        self.client = self._start('p2', 'uac', '-i', net.P2, '-r', '2', '-d', '1000', '-m', str(2 * SECONDS),
                                  '-trace_stat', '-stf', f'{self.path}/stat', '-fd', '1', f'{net.S2}:5062')

    def _start(self, ns, role, *more):
        with open(f'{self.path}/{role}', 'wb') as log:
            return subprocess.Popen(
                ['ip', 'netns', 'exec', ns, 'sipp', '-sn', role, '-p', '5062', '-nostdin', '-timeout', str(SECONDS + 600),
                 *self.PATIENT, '-trace_err', '-error_file', f'{self.path}/{role}.err', *more],
                stdout=log, stderr=subprocess.STDOUT, cwd=self.path, env={**os.environ, 'TERM': 'dumb'})

    def said(self):
        """What went wrong, and the ends of what both wrote."""
        words = []
        for name in 'uac.err', 'uas.err', 'uac', 'uas':
            with contextlib.suppress(FileNotFoundError), open(f'{self.path}/{name}', encoding='utf-8', errors='replace') as f:
                lines = [line.rstrip() for line in f if line.strip(' -|+\n')]
                words += [f'{name}: {line}' for line in lines[:10] + lines[10:][-40:]]
        return '\n'.join(words)

    def go_on(self):
        """Both are still there, or the client has made all its calls."""
        check(self.server.poll() is None and self.client.poll() in (None, 0),
              f'sipp ended with {self.client.poll()}, {self.server.poll()}:\n{self.said()}')

    def result(self):
        """(calls, those of them that failed)"""
        equal(self.client.wait(SECONDS + 600), 0, f'how sipp ended, which said:\n{self.said()}\nstatus')
        with open(f'{self.path}/stat', encoding='ascii') as f:
            rows = [line.split(';') for line in f]
        last = dict(zip(rows[0], rows[-1]))
        return int(last['SuccessfulCall(C)']), int(last['FailedCall(C)'])

    def close(self):
        for process in self.client, self.server:
            process.kill()
            process.wait()
        shutil.rmtree(self.path)


def test_soak():
    """calls, failures, holds, transfers, registrations and noise, over UDP and TCP, in and out"""
    pair = Pair()
    gateway.policy('alg port 5060-5062')
    state = counts.Counts()
    begin, done, memory = time.monotonic(), 0, None
    sipp = None if time_travels() else Sipp()
    try:
        while time.monotonic() - begin < SECONDS:
            scenario = RANDOM.choice(SCENARIOS)
            try:
                scenario(pair)
            except (AssertionError, OSError) as why:
                raise AssertionError(f'{scenario.__name__}, number {done}: {why}') from why
            done += 1
            pair.dirty = False
            if sipp:
                sipp.go_on()
            wait(5)
            if memory is None and time.monotonic() - begin > SECONDS / 4:
                memory = slab()
        if sipp:
            told = sipp.result()
            print(f'# sipp: {told[0]} calls, {told[1]} failed', flush=True)
            equal(told[1], 0, 'calls of sipp that failed')
        grown = slab() - (memory or slab())
        seen, _ = counts.sums(state.read())
        print(f'# soak: {SECONDS} s, {done} scenarios, {seen} messages, {LOST["sent"]} datagrams of audio, '
              f'{LOST["lost"]} lost, {grown} KiB more memory', flush=True)
        equal(LOST['lost'], 0, 'datagrams of audio that were lost')
        # KASAN keeps what was freed for a while.
        check(grown < 24 * 1024, f'the kernel has {grown} KiB more')
        counts.check_sums()
        if time_travels():
            time.sleep(600)
            for name in TABLES:
                equal(state.size(name), 0, f'{name.lower()} that are left')
    finally:
        if sipp:
            sipp.close()
        pair.close()


def test_leaks():
    """kmemleak finds nothing of ours after all that"""
    faults.check_leaks()


run_all(globals())
