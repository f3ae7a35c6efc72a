#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Every allocation of a call, a registration, a subscription, a connection or a command fails once.

The message goes on unchanged or translated, nothing in between; nothing is left
open, nothing leaks, and the next call is as any other. FAULTS: faults of each
kind at most, 0 for all.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../py"))
# pylint: disable=wrong-import-position
import contextlib
import subprocess
import time

import counts
import faults
import gateway
import genl
import net
import tcp
import tcpua
from leg import Leg
from pair import SERVER, Pair
from tap import check, equal, run_all

MOST = int(os.environ.get('FAULTS') or 0)
WHERE = dict(to=SERVER)
MISSED = 32  # seconds that an answer comes again


class Ground:
    """A topology, and a gateway that is new each time."""

    def __init__(self):
        self.pair = Pair()
        self.alice, self.carol = self.pair.alice, self.pair.carol
        self.counts = counts.Counts()
        self.number = self.counts.names
        self.faults = faults.Faults(lambda: self.command('STATS_GET'))
        self.pages = faults.PageFaults()
        self.total = 0

    def command(self, name, data=b'', dump=False):
        """Ask; what was refused for want of memory is None."""
        try:
            return self.counts.socket.ask(self.number[f'SIPALG_CMD_{name}'], data, dump)
        except genl.Refused as why:
            # What could not be turned on is off.
            check(why.error == 12 or (name, why.error) == ('DISABLE', 114), str(why))
            return None

    def reset(self):
        """Nothing is known, and the first packet of each flow is a new one."""
        self.command('DISABLE')
        self.command('ENABLE')
        gateway.forget()
        for who in self.alice, self.carol:
            net.drain(who.socket)

    def sweep(self, what, scenario, unanswered=False, pages=False):
        """The scenario with its first, second, ... object (or page) missing, and at last with none.

        `unanswered`: a call whose answer was left alone may be open for as long as that may come again.
        """
        source = self.pages if pages else self.faults
        begin = source.injected
        number = 1
        while number <= (MOST or number):
            self.reset()
            hit = source.nth(number, scenario)
            self.after(f'{what}, allocation {number}', unanswered)
            if not hit:
                break
            number += 1
        self.reset()
        scenario()
        self.after(f'{what} without a fault')
        found = source.injected - begin
        self.total += found
        print(f'# faults injected into {what}: {found}', flush=True)
        check(found or pages, 'no fault was injected')

    def after(self, what, unanswered=False):
        self.pair.network.barrier('p1', 's1')
        left = [b['outer_port'] for b in gateway.bindings() if b['type'] != 'signalling']
        waiting = [d['expires_in'] for d in gateway.ctl('dialog', 'list') if d['state'] in ('trying', 'early')]
        check(not left or unanswered and waiting and max(waiting) <= MISSED,
              f'{what}: media bindings {left} are left, of calls that may ring for {waiting} seconds')
        counts.check_sums()
        self.command('DISABLE')
        for name in 'DIALOGS', 'REGISTRATIONS', 'BINDINGS', 'STREAMS':
            equal(self.counts.size(name), 0, f'{what}: {name.lower()} that are left')
        self.command('ENABLE')


    def sweep_pages(self, what, scenario, unanswered=False):
        """The same, of pages; how many are needed is up to what the kernel has left of others."""
        self.sweep(f'pages of {what}', scenario, unanswered, True)


@contextlib.contextmanager
def ground(made=[]):  # pylint: disable=dangerous-default-value
    """The same one for all tests."""
    faults.need()
    faults.need(faults.FAIL_PAGE_ALLOC)
    if not made:
        made.append(Ground())
    yield made[0]


def private(part):
    return [line for line in part.split(b'\r\n') if b'10.0.0.11' in line and not line.startswith(b'Call-ID')]


def whole(step):
    """All of a message that goes out was translated, or none; True if it was.

    An answer to an offer that was left alone is left alone, too: nothing leads to it.
    """
    if step.data == step.seen.data:
        return False
    head, _, body = step.seen.data.partition(b'\r\n\r\n')
    equal(private(head), [], 'what was not translated of a message that was')
    check(private(body) in ([], private(step.sent.body)), f'half of a body was translated: {body!r}')
    return True


def closed():
    return [b for b in gateway.bindings() if b['type'] != 'signalling'] == []


def begin(g, body=True):
    """INVITE: an offer that went on as it was has opened nothing."""
    leg = Leg(g.alice, g.carol, SERVER)
    invite = leg.ask(g.alice, 'INVITE', leg.offer(g.alice) if body else b'')
    if not whole(invite):
        check(closed(), 'an offer that was left alone has opened something')
    return leg, invite


def end(g, leg):
    bye = leg.ask(g.alice, 'BYE', **WHERE)
    whole(bye)
    leg.say(bye, 200)


def test_call():
    """a call out: INVITE, 183, 200, ACK, a re-INVITE with another port, BYE"""
    def scenario():
        leg, invite = begin(g)
        leg.say(invite, 183, leg.offer(g.carol))
        leg.say(invite, 200, leg.offer(g.carol))
        whole(leg.ask(g.alice, 'ACK', **WHERE))
        g.alice.rtp.sendto(net.rtp(), (net.S1, 30000))
        if whole(invite):
            g.carol.rtp.sendto(net.rtp(), invite.seen.media)
        again = leg.ask(g.alice, 'INVITE', leg.offer(g.alice, 40002), **WHERE)
        whole(again)
        leg.say(again, 200, leg.offer(g.carol))
        whole(leg.ask(g.alice, 'ACK', **WHERE))
        end(g, leg)
    with ground() as g:
        g.sweep('a call', scenario)


def test_short_call():
    """a call that is answered at once, and one that is refused at once"""
    def scenario():
        leg, invite = begin(g)
        leg.say(invite, 200, leg.offer(g.carol))
        whole(leg.ask(g.alice, 'ACK', **WHERE))
        end(g, leg)
        leg, invite = begin(g)
        leg.refuse(invite, 486)
    with ground() as g:
        g.sweep('a short call', scenario, unanswered=True)


def test_answer_again():
    """a call whose answer comes again until it is acknowledged: it is taken in then, and BYE closes it"""
    def scenario():
        leg, invite = begin(g)
        answer = leg.say(invite, 200, leg.offer(g.carol))
        if answer.seen.data == answer.data and whole(invite):
            answer.send()
            check(answer.seen.data != answer.data, 'an answer that came again was left alone')
        whole(leg.ask(g.alice, 'ACK', **WHERE))
        end(g, leg)
    with ground() as g:
        g.sweep('an answer', scenario)


def test_forks():
    """a call with three forks, two of which fail, and an offer in the 200"""
    def scenario():
        leg, invite = begin(g)
        for tag in 'x', 'y', 'z':
            leg.say(invite, 183, leg.offer(g.carol), tag=tag)
        for tag in 'x', 'z':
            leg.say(invite, 199, tag=tag)
        leg.say(invite, 200, leg.offer(g.carol), tag='y')
        whole(leg.ask(g.alice, 'ACK', tag='y', **WHERE))
        leg.say(leg.ask(g.alice, 'BYE', tag='y', **WHERE), 200)
        late, invite = begin(g, body=False)
        late.say(invite, 200, late.offer(g.carol))
        whole(late.ask(g.alice, 'ACK', late.offer(g.alice), **WHERE))
        end(g, late)
    with ground() as g:
        g.sweep('forks', scenario)


def test_cancel():
    """a call that is cancelled, and one that is refused"""
    def scenario():
        leg, invite = begin(g)
        leg.say(invite, 183, leg.offer(g.carol))
        leg.say(leg.cancel(invite), 200)
        leg.refuse(invite, 487)
        leg, invite = begin(g)
        leg.refuse(invite, 486)
    with ground() as g:
        g.sweep('a cancelled call', scenario)


def test_register():
    """REGISTER, its 200, and the end of it"""
    def scenario():
        for expires in 600, 0:
            g.alice.send(g.alice.request('REGISTER', f'sip:{net.S1}', to=f'<sip:alice@{net.S1}>', call_id='reg',
                                         cseq=600 - expires + 1, headers=[('Expires', str(expires))]), SERVER)
            seen, source = g.carol.expect('REGISTER')
            g.carol.send(g.carol.response(
                seen, source, 200, 'OK', contact=False,
                headers=[('Contact', f'{seen["Contact"]};expires={expires}')] if expires else []), source)
            g.alice.expect(200)
    with ground() as g:
        g.sweep('a registration', scenario)


def test_call_in():
    """a registration, and a call in by it"""
    def scenario():
        leg = Leg(g.alice, g.carol, SERVER)
        seen = leg.ask(g.alice, 'OPTIONS')
        leg.say(seen, 200)
        # Without a translated Contact nobody can call; the flow itself leads back.
        inward = Leg(g.carol, g.alice, seen.source, f'sip:alice@{seen.source[0]}:{seen.source[1]}')
        invite = inward.ask(g.carol, 'INVITE', inward.offer(g.carol))
        inward.say(invite, 180)
        inward.say(invite, 200, inward.offer(g.alice))
        inward.ask(g.carol, 'ACK', to=seen.source)
        inward.say(inward.ask(g.carol, 'BYE', to=seen.source), 200)
    with ground() as g:
        g.sweep('a call in', scenario)


def test_subscription():
    """SUBSCRIBE, NOTIFY and its end; REFER and MESSAGE"""
    def scenario():
        leg = Leg(g.alice, g.carol, SERVER)
        for expires in 600, 0:
            step = leg.ask(g.alice, 'SUBSCRIBE', headers=[('Event', 'presence'), ('Expires', str(expires))], **WHERE)
            whole(step)
            leg.say(step, 200, headers=[('Expires', str(expires))])
            told = leg.ask(g.carol, 'NOTIFY', to=step.source, headers=[
                ('Event', 'presence'), ('Subscription-State', 'active;expires=600' if expires else 'terminated')])
            leg.say(told, 200)
        for method, headers in (('REFER', [('Refer-To', '<sip:bob@example.com>')]), ('MESSAGE', [])):
            leg = Leg(g.alice, g.carol, SERVER)
            step = leg.ask(g.alice, method, headers=headers)
            whole(step)
            leg.say(step, 202)
    with ground() as g:
        g.sweep('subscriptions', scenario)


def test_tcp():
    """a call over TCP, its messages in halves"""
    def scenario():
        near, far = tcp.pair(g.pair.network, port=5070)
        try:
            exchange(near, far)
        finally:
            for stream in near, far:
                stream.reset()
                g.pair.network.sockets.remove(stream.socket)
        # Its entry goes with the connection, and what follows it with that.
        gateway.forget()
    with ground() as g:
        gateway.policy('alg proto tcp port 5070', 'alg port 5060')
        g.sweep('TCP', scenario)
        gateway.policy('alg port 5060')


def exchange(near, far):
    for number in range(3):
        data = tcp.request(f'x{number}', near, contact_port=near.name[1])
        near.send_cut(data, 20, len(data) // 2)
        seen = far.message()
        check(seen.data == data or b'10.0.0.11:' not in seen.data.replace(b'@10.0.0.11', b''),
              f'half translated: {seen.data!r}')
        far.send(b'SIP/2.0 200 OK\r\n' + b'\r\n'.join(
            f'{n}: {v}'.encode() for n, v in seen.headers if n in ('Via', 'From', 'To', 'Call-ID', 'CSeq')) +
            b'\r\nContent-Length: 0\r\n\r\n')
        near.message()


RULES = 'alg proto udp port 5060 name first\nalg port 5060'


def test_commands():
    """policies, listings and state by netlink"""
    def scenario():
        leg, invite = begin(g)
        for kind in 'STATUS', 'STATS':
            g.command(f'{kind}_GET')
        for kind in 'DIALOG', 'BINDING', 'REGISTRATION', 'STREAM', 'POLICY', 'STATE':
            g.command(f'{kind}_GET', dump=True)
        net.run('gw', net.CTL, 'policy', 'load', '-', text_in=RULES, check=False)
        g.command('DISABLE')
        check(g.command('POLICY_GET', dump=True) != [], 'no rule is left')
        g.command('ENABLE')
        leg.say(invite, 486)
        leg.ack_failure(invite)
    with ground() as g:
        g.sweep('commands', scenario)


def namespace():
    """A process with a network of its own, in which sipalg goes on; 0 if it could."""
    child = os.fork()
    if not child:
        try:
            os._exit(1 if net.unshare_net() else subprocess.call(
                [net.CTL, 'enable'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        finally:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_namespaces():
    """a namespace that comes, in which it is turned on, and that goes"""
    with ground() as g:
        g.sweep('a namespace', namespace)
        equal(namespace(), 0, 'what it says without a fault')


CROWD = 60  # calls: enough that the kernel needs pages for the objects of each kind


def test_pages():
    """no page can be had: of many calls at a time, each is whole or left alone, and all of them end"""
    def scenario():
        calls = []
        for number in range(CROWD):
            leg = Leg(g.alice, g.carol, SERVER)
            invite = leg.ask(g.alice, 'INVITE', leg.offer(g.alice, 41000 + 4 * number))
            whole(invite)
            calls.append((leg, invite))
        for leg, invite in calls:
            leg.say(invite, 200, leg.offer(g.carol))
            whole(leg.ask(g.alice, 'ACK', **WHERE))
        for leg, _ in calls:
            end(g, leg)
    with ground() as g:
        g.sweep_pages('many calls', scenario, unanswered=True)


def test_pages_registrations():
    """no page can be had: of many registrations at a time, each is whole or left alone"""
    def scenario():
        for number in range(3 * CROWD):
            step = Leg(g.alice, g.carol, SERVER, f'sip:u{number}@{net.S1}')
            register = step.ask(g.alice, 'REGISTER', headers=[('Expires', '600')])
            whole(register)
            step.say(register, 200, contact=False, headers=[('Contact', f'{register.seen["Contact"]};expires=600')])
    with ground() as g:
        g.sweep_pages('many registrations', scenario)


def test_pages_streams():
    """no page can be had: many connections at a time, each with half a message"""
    def scenario():
        streams = [tcp.pair(g.pair.network, port=5070) for _ in range(CROWD // 2)]
        try:
            for near, far in streams:
                exchange(near, far)
        finally:
            for near, far in streams:
                for stream in near, far:
                    stream.reset()
                    g.pair.network.sockets.remove(stream.socket)
        gateway.forget()
    with ground() as g:
        gateway.policy('alg proto tcp port 5070', 'alg port 5060')
        g.sweep_pages('many connections', scenario)
        gateway.policy('alg port 5060')


def test_pages_namespaces():
    """no page can be had: a namespace that comes, in which it is turned on, and that goes"""
    with ground() as g:
        g.sweep_pages('a namespace', namespace)
        equal(namespace(), 0, 'what it says without a fault')


def test_leaks():
    """kmemleak finds nothing of ours after all that"""
    with ground() as g:
        g.faults.close()
        g.pages.close()
        faults.check_leaks()
        print(f'# faults injected: {g.total}', flush=True)
        check(g.faults.injected and g.pages.injected, 'no object was missing, or no page')
        g.pair.close()


run_all(globals())
