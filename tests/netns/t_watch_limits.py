#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""`monitor` tells that a limit was reached, which one and by whom, and not each time."""

import os
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [os.path.join(HERE, "py"), os.path.join(HERE, "../schema")]
# pylint: disable=wrong-import-position
import time

import gateway
import net
import schema
import tcp
from events import Watcher
from tap import check, equal, run_all
from ua import Call, Ua

SERVER = (net.S1, 5060)
PAUSE = 10  # seconds in which a limit is told once


def pair(network):
    return Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)


def left_alone(phone, server):
    """The Call-ID of one more call, which gets through as it is."""
    call = Call(phone, server, f'sip:carol@{net.S1}', SERVER).begin()
    equal(call.invite.data, call.sent.data, 'the INVITE beyond the limit')
    return call.call_id


def reached(events):
    for event in events:
        equal(schema.errors(['monitor'], event), [], 'what the schema says of an event')
    return [e['limit'] for e in events if e['event'] == 'limit_reached']


def is_message(call_id):
    """A message's event comes behind that of the limit it met."""
    return lambda e: e['event'] == 'message' and e['message'].get('call_id') == call_id


def test_once():
    """a limit of a host is told with its name and the host; again after ten seconds, and another limit at once"""
    with net.Net() as network:
        phone, server = pair(network)
        gateway.policy('alg max-dialogs-source 1')
        watcher, text = Watcher('-j', 'monitor'), Watcher('monitor')
        call = Call(phone, server, f'sip:carol@{net.S1}', SERVER).start()
        begin = time.monotonic()
        seen = watcher.events(is_message(left_alone(phone, server)))
        equal(reached(seen), [{'name': 'dialogs_source', 'addr': net.P1}], 'what the second call of the host met')
        first = [e['time'] for e in seen if e['event'] == 'limit_reached'][0]
        seen = watcher.events(is_message(left_alone(phone, server)))
        check(time.monotonic() < begin + PAUSE, 'this machine is too slow for the test')
        equal(reached(seen), [], 'what is told of the third call')
        gateway.policy('alg max-dialogs 0')
        seen = watcher.events(is_message(left_alone(phone, server)))
        equal(reached(seen), [{'name': 'dialogs_rule', 'addr': net.P1}], 'what a call met under another rule')
        gateway.policy('alg max-dialogs-source 0')
        while not reached(seen := watcher.events(is_message(left_alone(phone, server)))):
            check(time.monotonic() < begin + PAUSE + net.WAIT, 'the limit is not told again')
            time.sleep(0.5)  # nothing happens when the time is over
        later = [e['time'] for e in seen if e['event'] == 'limit_reached'][0] - first
        check(later >= PAUSE * 1000 - 100, f'it is told again after {later} ms')
        lines = []
        while len(lines) < 3:
            line = text.line()
            check(line, f'the text ends after {lines}')
            lines += [line] if 'limit_reached' in line else []
        equal([line.split('limit_reached', 1)[1].split() for line in lines],
              [[n, 'by', net.P1] for n in ('dialogs_source', 'dialogs_rule', 'dialogs_source')], 'the text')
        for w in watcher, text:
            w.close()
        call.hang_up()


def test_listener():
    """what nobody heard does not count: who begins to listen hears of the next time"""
    with net.Net() as network:
        phone, server = pair(network)
        gateway.policy('alg max-dialogs 0')
        left_alone(phone, server)
        watcher = Watcher('-j', 'monitor')
        seen = watcher.events(is_message(left_alone(phone, server)))
        watcher.close()
        equal([e['name'] for e in reached(seen)], ['dialogs_rule'], 'the limits')


def test_registrations():
    """registrations of a host and of a rule have limits with names of their own"""
    with net.Net() as network:
        phone, server = pair(network)
        watcher = Watcher('-j', 'monitor')
        for option, name in (('max-registrations-source', 'registrations_source'),
                             ('max-registrations', 'registrations_rule')):
            gateway.policy(f'alg {option} 0')
            phone.send(phone.request('REGISTER', f'sip:{net.S1}', call_id=name), SERVER)
            server.expect('REGISTER')
            equal(reached(watcher.events(is_message(name))), [{'name': name, 'addr': net.P1}], option)
        watcher.close()


def test_rate():
    """a host that sends too much is named once, no matter how many of its messages are dropped"""
    with net.Net() as network:
        phone = pair(network)[0]
        gateway.policy('alg rates MESSAGE=1')
        watcher = Watcher('-j', 'monitor')
        for n in range(20):
            phone.send(phone.request('MESSAGE', f'sip:carol@{net.S1}', call_id=f'n{n}'), SERVER)
        phone.send(phone.request('INVITE', f'sip:carol@{net.S1}', call_id='last', body=phone.offer()), SERVER)
        seen = watcher.events(lambda e: e['event'] == 'dialog_new')
        watcher.close()
        equal(reached(seen), [{'name': 'rate', 'addr': net.P1}], 'the limits')
        dropped = [e for e in seen if e['event'] == 'message' and e['message']['reason'] == 'drop_rate']
        check(len(dropped) > 10, f'only {len(dropped)} messages were dropped')


def is_reached(event):
    return event['event'] == 'limit_reached'


def test_call():
    """the forks of one call: the host that answers once more is named"""
    with net.Net() as network:
        phone, server = pair(network)
        watcher = Watcher('-j', 'monitor')
        call = Call(phone, server, f'sip:carol@{net.S1}', SERVER).begin()
        for number in range(17):
            server.send(server.response(call.invite, call.source, 180, 'Ringing', to_tag=f'fork{number}'), call.source)
            phone.expect(180)
        seen = watcher.events(is_reached)
        equal(reached(seen), [{'name': 'dialogs_call', 'addr': net.S1}], 'the limits')
        equal(len([e for e in seen if e['event'] == 'dialog_early']), 16, 'forks before that')
        watcher.close()


def test_address_of_record():
    """contacts of one address of record: the host that registers one more is named"""
    with net.Net() as network:
        phone, server = pair(network)
        watcher = Watcher('-j', 'monitor')
        for number in range(65):
            phone.send(phone.request('REGISTER', f'sip:{net.S1}', to=f'<sip:alice@{net.S1}>', contact=False,
                                     headers=[('Contact', f'<sip:alice@{net.P1}:{7000 + number}>')]), SERVER)
            seen, _ = server.expect('REGISTER')
            equal(seen.contact[0], net.P1 if number == 64 else net.WAN, f'the host in Contact number {number}')
        equal(reached(watcher.events(is_reached)), [{'name': 'registrations_aor', 'addr': net.P1}], 'the limits')
        watcher.close()


def test_bindings():
    """calls with the same media port: the host whose media have no binding more is named"""
    with net.Net() as network:
        phone, server = pair(network)
        watcher = Watcher('-j', 'monitor')
        for number in range(64):
            equal(Call(phone, server, f'sip:carol@{net.S1}', SERVER).begin().invite.media[0], net.WAN,
                  f'the host in call number {number}')
        left_alone(phone, server)
        equal(reached(watcher.events(is_reached)), [{'name': 'bindings', 'addr': net.P1}], 'the limits')
        watcher.close()


def test_flows():
    """media from ever more ports of the other side: it is named"""
    with net.Net() as network:
        phone, server = pair(network)
        watcher = Watcher('-j', 'monitor')
        call = Call(phone, server, f'sip:carol@{net.S1}', SERVER).start()
        others = [network.udp('s1', 32000 + 2 * number) for number in range(5)]
        for sender in others[:4]:
            check(network.arrives(sender, call.to_caller, phone.rtp), 'media do not arrive')
        check(network.absent(others[4], call.to_caller, phone.rtp, 'p1', 's1'), 'media of a fifth port arrive')
        equal(reached(watcher.events(is_reached)), [{'name': 'flows', 'addr': net.S1}], 'the limits')
        watcher.close()
        call.hang_up()


def test_held_source():
    """memory for the TCP connections of one host: it is named, and the other connection goes on"""
    with tcp.Net() as network:
        gateway.policy('alg stall-seconds 60 max-held-source 6000')
        watcher = Watcher('-j', 'monitor')
        streams = [tcp.pair(network) for _ in range(2)]
        for near, far in streams:
            data = tcp.request('alice', near, 'MESSAGE', b'x' * 5000)
            near.send(data[:4000])
        streams[1][1].read(4000)
        equal(reached(watcher.events(is_reached)), [{'name': 'held_source', 'addr': net.P1}], 'the limits')
        watcher.close()


def test_held():
    """memory for a TCP connection: who began it is named"""
    with tcp.Net() as network:
        gateway.policy('alg stall-seconds 60 max-held 2048')
        watcher = Watcher('-j', 'monitor')
        near, far = tcp.pair(network)
        data = tcp.request('alice', near, 'MESSAGE', b'x' * 4000)
        near.send(data[:3000])
        far.read(3000)
        seen = watcher.events(lambda e: e['event'] == 'limit_reached')
        watcher.close()
        equal(reached(seen), [{'name': 'held_stream', 'addr': net.P1}], 'the limits')


run_all(globals())
