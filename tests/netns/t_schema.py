#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What sipalgctl -j prints of real calls has the keys and values of tests/schema."""

import os
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [os.path.join(HERE, "py"), os.path.join(HERE, "../schema")]
# pylint: disable=wrong-import-position
import json
import select
import subprocess
import time

import gateway
import net
import schema
import tcpua
from tap import check, equal, run_all
from ua import Call, Ua

SHOWN = ('dialog', 'registration', 'binding', 'stream')


def validate(words, value):
    equal(schema.errors(words, value), [], ' '.join(words))
    return value


def validate_all():
    """Every listing, and the first of each; how many there were by kind."""
    found = {}
    for words in ([], ['status'], ['stats'], ['stats', '--explain'], ['policy', 'list'], ['version'],
                  ['subscription', 'list']):
        found[' '.join(words)] = len(validate(words, gateway.ctl(*words)))
    for kind in SHOWN:
        listed = validate([kind, 'list'], gateway.ctl(kind, 'list'))
        found[kind] = len(listed)
        for one in listed[:1]:
            words = [kind, 'show', str(one['id'])]
            validate(words, gateway.ctl(*words))
    return found


def registered(phone, server):
    phone.send(phone.request('REGISTER', f'sip:{net.S1}', to=f'<sip:alice@{net.S1}>'))
    seen, source = server.expect('REGISTER')
    server.send(server.response(seen, source, 200, 'OK', contact=False,
                                headers=[('Contact', f'{seen["Contact"]};expires=600')]))
    phone.expect(200)


class Monitor:
    """The lines of sipalgctl -j monitor."""

    def __init__(self, network):
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            ['ip', 'netns', 'exec', 'gw', net.CTL, '-j', 'monitor', '--messages'],
            stdout=subprocess.PIPE)
        # It listens as soon as it tells of a call; there are calls until then.
        bob, dave = Ua(network, 'p2', 'bob'), Ua(network, 's2', 'dave', rtp=32000)
        end = time.monotonic() + net.WAIT
        while not select.select([self.process.stdout], [], [], 0.05)[0]:
            check(time.monotonic() < end, 'the monitor says nothing')
            Call(bob, dave, f'sip:dave@{net.S2}', (net.S2, 5060)).start().hang_up()

    def until(self, name, call_id):
        """The names of all events until this one of this call; each is validated."""
        seen = []
        while True:
            line = self.process.stdout.readline()
            check(line, f'the monitor ended after {seen}')
            event = validate(['monitor'], json.loads(line))
            seen.append(event['event'])
            if event['event'] == name and event['dialog']['call_id'] == call_id:
                return seen

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def test_listings():
    """every listing and every event of a registration and a call over TCP, with rules and media"""
    with net.Net() as network:
        gateway.set_sysctl('net/netfilter/nf_conntrack_acct', 1)
        gateway.policy('alg name most src 10.0.0.0/8 dst 2001:db8::/32 iif lan oif wan mark 1/3 zone 0 proto tcp '
                       'port 1-2 rate 9 rates INVITE=4', 'alg')
        monitor = Monitor(network)
        try:
            phone, server = tcpua.joined(tcpua.Ua(network, 'p1', 'alice'),
                                         tcpua.Ua(network, 's1', 'carol', rtp=30000))
            registered(phone, server)
            call = Call(phone, server, f'sip:carol@{net.S1};transport=tcp', (net.S1, 5060)).start()
            call.check_audio()
            found = validate_all()
            for kind in (*SHOWN, 'policy list'):
                check(found[kind], f'there is no {kind}')
            call.hang_up()
            seen = monitor.until('dialog_ended', call.call_id)
        finally:
            monitor.close()
        for name in ('registered', 'dialog_new', 'dialog_answered'):
            check(name in seen, f'there is no {name} in {seen}')


def test_off():
    """and where sipalg is off, or has nothing"""
    with net.Net() as network:
        equal(Ua(network, 'p1', 'alice').name, 'alice', 'the phone')
        equal(validate_all()['dialog'], 0, 'dialogs')
        net.run('gw', net.CTL, 'disable')
        validate_all()


def test_strict():
    """a key too many, one too few or a value that is none is found"""
    with net.Net():
        status = gateway.ctl('status')
        check(schema.errors(['status'], dict(status, colour=1)), 'another key is fine')
        check(schema.errors(['status'], dict(status, dialogs=-1)), 'a negative count is fine')
        del status['dialogs']
        check(schema.errors(['status'], status), 'a missing key is fine')


run_all(globals())
