#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Live state that is saved, and restored after the module was unloaded and loaded again."""

import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import gateway
import net
from state import ctl, dialogs, endpoints, reload
from tap import check, equal, run_all
from ua import Call, Ua

SERVER = (net.S1, 5060)


def refused(words, text):
    """A state is refused so, and nothing is changed by it."""
    before = ctl('-j', 'status')
    done = subprocess.run(['ip', 'netns', 'exec', 'gw', net.CTL, 'restore', '--state', '-'], input=text,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    equal(done.returncode, 1, f'the exit code of a state that is refused: {done.stdout}')
    check(words in done.stdout, f'"{done.stdout.strip()}" says nothing of "{words}"')
    equal(ctl('-j', 'status'), before, f'the status after "{words}"')


def test_fifty_calls():
    """50 calls go on over a reload with save and restore: old and new media, both sides' BYE, re-INVITE"""
    with net.Net() as network:
        phone, server = Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)
        calls = []
        for n in range(50):
            call = Call(phone.another_line(41000 + 2 * n), server.another_line(31000 + 2 * n),
                        f'sip:carol@{net.S1}', SERVER).start()
            if n % 2:
                call.check_audio()
            calls.append(call)
        before, open_before = dialogs(), endpoints('flows')
        equal(len(before), 50, 'dialogs')
        with tempfile.TemporaryDirectory() as d:
            saved = os.path.join(d, 'state')
            ctl('save', '--state', saved)
            equal(os.stat(saved).st_mode & 0o777, 0o600, 'who may read the file')
            reload()
            equal(dialogs(), [], 'what a new module knows')
            ctl('restore', '--state', saved)
            equal(dialogs(), before, 'the dialogs')
            equal(endpoints('flows'), open_before, 'the bindings, and how many flows each has')
            with open(saved, encoding='utf-8') as f:
                head, line, *_ = f.read().split('\n')
        refused('there already', f'{head}\n{line}\n')
        # Flows that ran, and flows that begin now; the callee's packet comes first.
        for call in calls:
            call.check_audio()
        # A new offer of the phone keeps its port; a stranger is still kept out.
        again = calls[0]
        again.in_dialog(again.caller, 'INVITE', body=again.caller.offer())
        invite, source = again.callee.expect('INVITE')
        equal(invite.media, again.to_caller, 'the port in a re-INVITE')
        again.respond(invite, source, 200, 'OK', body=again.callee.offer())
        again.caller.expect(200)
        again.in_dialog(again.caller, 'ACK', cseq=again.cseq)
        again.callee.expect('ACK')
        again.check_audio()
        check(network.absent(network.udp('s2'), again.to_caller, again.caller.rtp, 'p1', 's2'),
              'a stranger gets through to the phone')
        for n, call in enumerate(calls):
            call.hang_up(call.callee if n % 3 == 0 else call.caller)
        for call in (calls[0], calls[1], calls[49]):
            check(network.closes(call.callee.rtp, call.to_caller, call.caller.rtp, 'p1', 's1'),
                  'two seconds after the call its audio still passes')
        equal([b for b in gateway.ctl('binding', 'list') if b['type'] != 'signalling'], [],
              'media bindings after the last BYE')


def test_media_with_dscp():
    """media that had a DSCP from a rule are not taken for messages by the next module"""
    with net.Net() as network:
        gateway.policy('alg dscp-media 46')
        Call(Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000), f'sip:carol@{net.S1}',
             SERVER).start().check_audio()
        reload()
        equal(gateway.counter('adopted'), 1, 'flows taken over, of which one is signalling')


def register(phone, server):
    phone.send(phone.request('REGISTER', f'sip:{net.S1}', headers=[('Expires', '600')]), SERVER)
    seen, source = server.expect('REGISTER')
    contact = seen['Contact']
    answer = server.response(seen, source, 200, 'OK', to_tag='reg', contact=False,
                             headers=[('Contact', f'{contact};expires=600')])
    server.send(answer, source)
    phone.expect(200)
    return seen.contact


def test_registration():
    """a phone that was registered is called after a reload, and its next REGISTER finds the same port"""
    with net.Net() as network:
        phone, server = Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)
        where = register(phone, server)
        saved = ctl('save', '--state', '-')
        reload()
        ctl('restore', '--state', '-', text_in=saved)
        (r,) = gateway.ctl('registration', 'list')
        equal(r['state'], 'granted', 'the registration')
        check(500 < r['expires_in'] <= 600, f'{r["expires_in"]} seconds are left')
        refused('there already', saved)
        # From another port of the registrar, so that it is the binding that leads there.
        other = Ua(network, 's1', 'dora', port=5080, rtp=32000)
        other.send(other.request('OPTIONS', f'sip:alice@{where[0]}:{where[1]}'), where)
        got, back = phone.expect('OPTIONS')
        equal(got.uri, phone.uri, 'the Request-URI')
        phone.answer(got, back)
        other.expect(200)
        equal(register(phone, server), where, 'the Contact of the next REGISTER')


def test_refused():
    """what could not have come about by messages is refused in a sentence, and changes nothing"""
    with net.Net() as network:
        phone, server = Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)
        call = Call(phone, server, f'sip:carol@{net.S1}', SERVER).start()
        call.check_audio()
        good = ctl('save', '--state', '-')
        ctl('disable')
        refused('not enabled', good)
        ctl('enable')
        for old, new, words in (
                (r'sipalg-state 1', 'sipalg-state 2', 'version 2 is not known'),
                (r'sipalg-state 1\n', '', 'no state'),
                (r' a-tag=\S+', '', 'tag of who began'),
                (r'method=INVITE', 'method=BYE', 'begins with INVITE'),
                (r' rule=\d+', ' rule=9', 'restore the policy first'),
                (r' rule=\d+', '', 'restore the policy first'),
                (r' a-host=\S+', ' a-host=127.0.0.1', 'that of any host'),
                (r' a-host=\S+', ' a-host=224.0.0.1', 'that of any host'),
                (r' a-host=\S+', ' a-host=10.0.0.99', 'not its owner'),
                (r' b-host=\S+', '', 'between two hosts'),
                (r'(type=1 .*?outer-port)=\d+', r'\1=80', 'below 1024'),
                (r'(type=1 .*? port)=\d+', r'\1=1023', 'below 1024'),
                (r'(type=1 .*?outer-addr)=\S+', r'\1=2001:db8::1', 'one family'),
                (r'(type=1 .*? addr)=\S+', r'\1=10.0.0.77', 'host of its line'),
                (r'(type=1 .*?protocol)=17', r'\1=1', 'udp or tcp'),
                (r'rtp-binding=\d+', 'rtp-binding=4000000', 'the call has not'),
                (r' state=2', ' state=3', 'range'),
                (r' b-tag=\S+', '', 'tag of its callee'),
                (r'session {', 'session { kind=9', 'no such session'),
                (r'transaction {', 'transaction { kind=9', 'no such kind'),
                (r'line { end {.*? }', 'line {', 'two ends'),
                (r'host=\S+', '', 'may come by it'),
                (r' left=\d+', ' left=never', 'cannot be "never"'),
                (r'dialog {', 'fork {', 'nothing that a state has'),
                (r'}$', '', 'no "}"'),
        ):
            bad = re.sub(old, new, good, count=1, flags=re.M)
            if words == 'may come by it':  # all hosts of a reach, but not those of the call
                bad = re.sub(r' host=\S+', '', good)
            check(bad != good, f'the state has no {old}')
            refused(words, bad)
        check(call.audio_to_callee(), 'a flow that ran ended because its state was refused')
        ctl('restore', '--state', '-', text_in=good)
        call.check_audio()
        call.hang_up()


run_all(globals())
