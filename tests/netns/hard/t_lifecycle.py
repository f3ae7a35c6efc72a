#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The module is unloaded, or the gateway deleted, in every phase of a call and under traffic; cables are pulled.

ROUNDS says how often (4; 200 as it should be).
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../py"))
# pylint: disable=wrong-import-position
import contextlib
import signal
import subprocess
import time

import faults
import gateway
import net
import sip
import tcp
from leg import Leg
from pair import SERVER
from tap import Skip, check, equal, run_all
from ua import Ua

ROUNDS = int(os.environ.get('ROUNDS') or 4)
PHASES = ('invite', 'early', 'answered', 'offered', 'ended', 'cancelled', 'registered', 'subscribed', 'half')


def pour(phone, media, far, outer):
    number = 0
    while os.getppid() != 1:
        number += 1
        for method in 'INVITE', 'BYE', 'REGISTER', 'NONSENSE':
            data = sip.build(f'{method} sip:x@{net.S1} SIP/2.0', [
                ('Via', f'SIP/2.0/UDP 10.0.0.11:5090;branch=z9hG4bKt{number}'),
                ('From', f'<sip:t@10.0.0.11>;tag=t{number}'), ('To', f'<sip:x@{net.S1}>'),
                ('Call-ID', f'traffic{number % 50}'), ('CSeq', f'{number} {method}'),
                ('Contact', '<sip:t@10.0.0.11:5090>')],
                sip.sdp('10.0.0.11', 42000 + 2 * (number % 500)) if method == 'INVITE' else b'')
            # There may be no way out at the moment.
            with contextlib.suppress(OSError):
                phone.sendto(data, SERVER)
        with contextlib.suppress(OSError):
            media.sendto(net.rtp(), (net.S1, 32000))
        with contextlib.suppress(OSError):
            if outer:
                far.rtp.sendto(net.rtp(), outer)
        # Quiet at times: the parent has to get on where there is one processor.
        time.sleep(0.001)


@contextlib.contextmanager
def traffic(network, far, outer):
    """A process that sends calls, keep-alives and audio all the time, and cares for no answer."""
    phone, media = network.udp('p1', 5090), network.udp('p1', 42000)
    child = os.fork()
    if not child:
        try:
            pour(phone, media, far, outer)
        finally:
            os._exit(0)  # nothing of the parent's is this process's to end
    try:
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        for sock in phone, media:
            network.sockets.remove(sock)
            sock.close()


def reach(network, alice, carol, phase):
    """A call, or what else, that has got so far: (Leg, the INVITE)."""
    leg = Leg(alice, carol, SERVER)
    if phase == 'registered':
        alice.send(alice.request('REGISTER', f'sip:{net.S1}', to=f'<sip:alice@{net.S1}>'), SERVER)
        seen, source = carol.expect('REGISTER')
        carol.send(carol.response(seen, source, 200, 'OK', contact=False,
                                  headers=[('Contact', f'{seen["Contact"]};expires=600')]), source)
        alice.expect(200)
        return leg, None
    if phase == 'subscribed':
        leg.say(leg.ask(alice, 'SUBSCRIBE', headers=[('Event', 'presence'), ('Expires', '600')]), 200)
        return leg, None
    if phase == 'half':
        near, _ = tcp.pair(network)
        data = tcp.request('half', near)
        near.send(data[:len(data) // 2])
        return leg, None
    invite = leg.ask(alice, 'INVITE', leg.offer(alice))
    if phase == 'cancelled':
        leg.say(leg.cancel(invite), 200)
    if phase in ('invite', 'cancelled'):
        return leg, invite
    leg.say(invite, 183, leg.offer(carol))
    if phase == 'early':
        return leg, invite
    leg.say(invite, 200, leg.offer(carol))
    leg.ask(alice, 'ACK')
    if phase == 'offered':
        leg.ask(alice, 'INVITE', leg.offer(alice, 40002))
    if phase == 'ended':
        leg.ask(alice, 'BYE')
    return leg, invite


def whole_call(alice, carol):
    leg = Leg(alice, carol, SERVER)
    invite = leg.up()
    check(net.Net.arrives(carol.rtp, invite.seen.media, alice.rtp), 'no audio in a new call')
    leg.down()
    gateway_is_closed(invite)


def gateway_is_closed(invite):
    equal([b for b in gateway.bindings() if b['type'] != 'signalling' and b['outer_port'] == invite.seen.media[1]
           and b['inner_addr'] == net.P1 and b['inner_port'] == 40000], [], 'what is still open')


def agents(network):
    return Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)


def drained(*agents_):
    for who in agents_:
        net.drain(who.socket)
        net.drain(who.rtp)


def load():
    subprocess.run(['insmod', os.environ['SIPALG_KO']], check=True)


def test_unload():
    """unloaded and loaded in each phase of a call, under traffic: the next call is as any other"""
    if not os.path.isdir('/sys/module/sipalg') or 'SIPALG_KO' not in os.environ:
        raise Skip('the module is not loaded by this test')
    for number in range(ROUNDS):
        phase = PHASES[number % len(PHASES)]
        with net.Net() as network:
            alice, carol = agents(network)
            _, invite = reach(network, alice, carol, phase)
            with traffic(network, carol, invite and invite.seen.media):
                for _ in range(4):
                    subprocess.run(['rmmod', 'sipalg'], check=True)
                    load()
                    net.run('gw', net.CTL, 'enable')
            network.barrier('p1', 's1')
            net.run('gw', 'conntrack', '-F')
            drained(alice, carol)
            whole_call(alice, carol)
    print(f'# loads and unloads {4 * ROUNDS}', flush=True)


def test_delete():
    """the gateway's namespace is deleted in each phase of a call, under traffic"""
    for number in range(ROUNDS):
        with net.Net() as network:
            alice, carol = agents(network)
            _, invite = reach(network, alice, carol, PHASES[number % len(PHASES)])
            with traffic(network, carol, invite and invite.seen.media):
                subprocess.run(['ip', 'netns', 'del', 'gw'], check=True)
                net.spoil()
    print(f'# namespaces deleted {ROUNDS}', flush=True)
    with net.Net() as network:
        whole_call(*agents(network))


def test_enable():
    """turned off and on in each phase of a call, under traffic"""
    with net.Net() as network:
        alice, carol = agents(network)
        for number in range(ROUNDS):
            _, invite = reach(network, alice, carol, PHASES[number % len(PHASES)])
            with traffic(network, carol, invite and invite.seen.media):
                for _ in range(5):
                    net.run('gw', net.CTL, 'disable')
                    net.run('gw', net.CTL, 'enable')
            network.barrier('p1', 's1')
            net.run('gw', 'conntrack', '-F')
            drained(alice, carol)
            whole_call(alice, carol)


def test_cable():
    """the outside link is pulled and put back during a call: its audio comes back, and BYE closes it"""
    with net.Net() as network:
        alice, carol = agents(network)
        for _ in range(ROUNDS):
            leg = Leg(alice, carol, SERVER)
            invite = leg.up()
            outer = invite.seen.media
            check(net.Net.arrives(carol.rtp, outer, alice.rtp), 'no audio')
            gateway.ip('link set wan down')
            carol.rtp.sendto(net.rtp(), outer)
            gateway.ip('link set wan up')
            check(net.Net.arrives(alice.rtp, (net.S1, 30000), carol.rtp) == outer,
                  'the audio of the phone has another source')
            check(net.Net.arrives(carol.rtp, outer, alice.rtp), 'no audio after the link came back')
            leg.down()
            gateway_is_closed(invite)


def test_leaks():
    """kmemleak finds nothing of ours after all that"""
    faults.check_leaks()


run_all(globals())
