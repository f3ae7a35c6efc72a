#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What the operator ends with `dialog`, `registration`, `stream` and `binding kill`, and what goes on."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import net
import tcp
from events import Watcher
from gateway import bindings, check_closed, ctl
from tap import check, equal, run_all
from ua import Call, Ua

SERVER = (net.S1, 5060)


def pair(network):
    return Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)


def running(network):
    """A call with audio, and its dialog's id."""
    call = Call(*pair(network), f'sip:carol@{net.S1}', SERVER).start()
    call.check_audio()
    (dialog,) = ctl('dialog', 'list', '--call-id', call.call_id)
    return call, str(dialog['id'])


def kill(*words):
    net.run('gw', net.CTL, *words)


def refused(words, sentence, code=1):
    """The exit code and the sentence of a command that does not work."""
    done = subprocess.run(['ip', 'netns', 'exec', 'gw', net.CTL, *words], check=False,
                          stderr=subprocess.PIPE, text=True)
    equal(done.returncode, code, ' '.join(words))
    check(sentence in done.stderr, f'{" ".join(words)} says {done.stderr!r}, not "{sentence}"')


def ended(call):
    """How the call's only dialog ended."""
    (dialog,) = ctl('dialog', 'list', '--call-id', call.call_id)
    return dialog['state'], dialog.get('end_reason')


def signalling():
    return {b['outer_port'] for b in bindings('signalling')}


def test_dialog_by_id():
    """a dialog that is killed by its id loses its media, and the callee's BYE still gets in"""
    with net.Net() as network:
        call, number = running(network)
        before = signalling()
        kill('dialog', 'kill', number)
        check_closed(network, call, 'p1', 's1')
        equal(ended(call), ('terminated', 'killed'), 'the dialog')
        equal([b['type'] for b in bindings() if b['type'] != 'signalling'], [], 'media bindings')
        equal(signalling(), before, 'what leads to the phone')
        refused(('dialog', 'kill', number), 'it is over already')
        bye, source = call.bye(call.callee)
        equal(bye.uri.partition('@')[2], f'{net.P1}:5060', 'whom the BYE is for')
        call.respond(bye, source, 200, 'OK', who=call.caller, contact=False)
        call.callee.expect(200)
        equal(ended(call), ('terminated', 'killed'), 'the dialog after BYE')
        equal(signalling(), set(), 'what leads to the phone after BYE')


def test_dialog_by_call_id():
    """one that is killed by its Call-ID too, and the caller's BYE is translated"""
    with net.Net() as network:
        call, _ = running(network)
        other = Call(Ua(network, 'p2', 'bob'), Ua(network, 's2', 'dave', rtp=32000),
                     f'sip:dave@{net.S2}', (net.S2, 5060)).start()
        kill('dialog', 'kill', call.call_id)
        check_closed(network, call, 'p1', 's1')
        other.check_audio()
        bye, source = call.bye()
        check(net.P1 not in bye['Via'], f'the Via of the BYE is {bye["Via"]}')
        call.respond(bye, source, 200, 'OK', contact=False)
        call.caller.expect(200)


def test_reinvite():
    """a re-INVITE of a call that was killed passes, and opens nothing"""
    with net.Net() as network:
        call, number = running(network)
        kill('dialog', 'kill', number)
        call.in_dialog(call.caller, 'INVITE', body=call.caller.offer())
        seen, source = call.callee.expect('INVITE')
        call.respond(seen, source, 200, 'OK', body=call.callee.offer())
        call.caller.expect(200)
        equal([b['type'] for b in bindings() if b['type'] != 'signalling'], [], 'media bindings')
        check_closed(network, call, 'p1', 's1')


def test_unknown():
    """what is not there is said not to be, in words and by the exit code"""
    with net.Net():
        refused(('dialog', 'kill', '4000000000'), 'there is none with this id')
        refused(('dialog', 'kill', 'nobody@nowhere'), 'no dialog has this Call-ID')
        refused(('dialog', 'kill', '--call-id', '7'), 'no dialog has this Call-ID')
        refused(('dialog', 'kill'), 'needs an id or a Call-ID', 2)
        refused(('registration', 'kill', '1'), 'there is none with this id')
        refused(('registration', 'kill', 'alice'), 'is not an id', 2)
        refused(('stream', 'kill', '1'), 'there is no stream with this id')
        refused(('stream', 'kill'), 'needs an', 2)
        refused(('binding', 'kill', '1'), 'there is none with this id')
        refused(('binding', 'kill', '203.0.113.1'), 'is not an id', 2)


def test_registration():
    """a registration that is killed lets nobody in until the phone registers again"""
    with net.Net() as network:
        phone, server = pair(network)

        def register(cseq):
            phone.send(phone.request('REGISTER', f'sip:{net.S1}', to=f'<sip:alice@{net.S1}>',
                                     call_id='r@p1', cseq=cseq, from_tag='r'), SERVER)
            seen, source = server.expect('REGISTER')
            server.answer(seen, source, contact=False,
                          headers=[('Contact', f'{seen["Contact"]};expires=600')])
            phone.expect(200)
            return ctl('registration', 'list')

        (there,) = register(1)
        kill('registration', 'kill', str(there['id']))
        equal(ctl('registration', 'list'), [], 'registrations')
        equal(signalling(), set(), 'what leads to the phone')
        equal(len(register(2)), 1, 'registrations, once it registered again')


def test_stream():
    """a connection that is killed lets go what is held, and passes untranslated with its offsets kept"""
    with tcp.Net() as network:
        near, far = tcp.pair(network)
        tcp.introduce(near, far)
        sent = tcp.request('alice', near, 'MESSAGE', b'x' * 300)
        near.send(sent[:200])
        tcp.wait_for(lambda: ctl('stream', 'list')[0]['a_held'] == 200, 'what is held')
        number = ctl('stream', 'list')[0]['id']
        watcher = Watcher('-j', 'monitor')
        kill('stream', 'kill', str(number))
        equal(watcher.events(lambda e: e['event'] == 'stream_killed')[-1]['stream']['id'], number, 'the event')
        watcher.close()
        equal(far.read(200), sent[:200], 'what was held')
        near.send(sent[200:])
        equal(far.read(len(sent) - 200), sent[200:], 'the rest of it')
        near.send(sent)
        equal(far.read(len(sent)), sent, 'a message after that')
        far.send(sent)
        equal(near.read(len(sent)), sent, 'one the other way')
        stream = ctl('stream', 'show', str(number))
        equal([stream[k] for k in ('a_state', 'a_reason', 'b_state', 'b_reason')],
              ['left_alone', 'killed'] * 2, 'how it is shown')
        check(stream['a_offset'], 'its messages had not grown')
        refused(('stream', 'kill', str(number)), 'it is left alone already')
        near.shut()
        equal(far.rest(), b'', 'the rest')
        equal(tcp.invalid(), 0, 'packets that conntrack found invalid')


def test_binding():
    """a media binding that is killed is closed with what runs through it; the dialog and its other binding go on"""
    with net.Net() as network:
        call, _ = running(network)
        (rtp,) = bindings('media')
        rtcp = bindings('rtcp')
        watcher = Watcher('-j', 'monitor')
        kill('binding', 'kill', str(rtp['id']))
        event = watcher.events(lambda e: e['event'] == 'binding_killed')[-1]
        equal(event['binding']['outer_port'], rtp['outer_port'], 'the event')
        watcher.close()
        check_closed(network, call, 'p1', 's1')
        equal((bindings('media'), bindings('rtcp')), ([], rtcp), 'what is listed')
        refused(('binding', 'kill', str(rtp['id'])), 'there is none with this id')
        refused(('binding', 'show', str(rtp['id'])), 'there is none with this id')
        equal(ended(call), ('confirmed', 'none'), 'the dialog')
        (way, *_) = bindings('signalling')
        refused(('binding', 'kill', str(way['id'])), 'it is for signalling')
        call.hang_up()
        equal(bindings('rtcp'), [], 'bindings at the end')


run_all(globals())
