#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""`monitor --cdr` prints one record for each call that has ended."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../schema"))
# pylint: disable=wrong-import-position
import net
import schema
from events import Watcher
from gateway import set_sysctl
from leg import Leg
from tap import check, equal, run_all
from ua import Call, Ua

SERVER = (net.S1, 5060)


def pair(network):
    return Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)


def record(watcher):
    line = watcher.line()
    check(line, 'there is no record')
    found = json.loads(line)
    equal(schema.errors(['monitor', '--cdr'], found), [], 'the record')
    return found


def test_answered():
    """a call that was answered: its parties, times, codecs, packets and bytes"""
    with net.Net() as network:
        set_sysctl('net/netfilter/nf_conntrack_acct', 1)
        watcher = Watcher('-j', 'monitor', '--cdr')
        call = Call(*pair(network), f'sip:carol@{net.S1}', SERVER).start()
        call.check_audio()
        call.hang_up()
        found = record(watcher)
        watcher.close()
        equal((found['call_id'], found['a_addr'], found['b_addr'], found['end_reason'], found['status']),
              (call.call_id, net.P1, net.S1, 'bye', 200), 'the record')
        check('alice@' in found['a_uri'] and 'carol@' in found['b_uri'], f'the parties of {found}')
        check(found['start'] <= found['answer'] <= found['end'], f'the times of {found}')
        equal(found['duration_ms'], found['end'] - found['answer'], 'the duration')
        check(found['codecs'], 'no codecs')
        for side in 'ab':
            check(found[f'{side}_packets'] >= 1 and found[f'{side}_bytes'] > found[f'{side}_packets'],
                  f'what side {side} sent: {found}')


def test_not_answered():
    """calls that were not: refused and cancelled ones"""
    with net.Net() as network:
        watcher = Watcher('-j', 'monitor', '--cdr')
        phone, server = pair(network)
        call = Call(phone, server, f'sip:carol@{net.S1}', SERVER).ring()
        call.fail(486, 'Busy Here')
        found = record(watcher)
        equal((found['call_id'], found['end_reason'], found['status'], found['duration_ms']),
              (call.call_id, 'failure', 486, 0), 'a refused call')
        check('answer' not in found, 'it was answered')
        call = Call(phone, server, f'sip:carol@{net.S1}', SERVER).ring()
        call.cancel()
        found = record(watcher)
        watcher.close()
        equal((found['call_id'], found['end_reason']), (call.call_id, 'cancel'), 'a cancelled call')


def test_forks():
    """a call that forked has one record, that of the fork that was answered"""
    with net.Net() as network:
        watcher = Watcher('-j', 'monitor', '--cdr')
        phone, server = pair(network)
        leg = Leg(phone, server, SERVER)
        invite = leg.ask(phone, 'INVITE', leg.offer(phone))
        leg.say(invite, 180, tag='one')
        leg.say(invite, 180, tag='two')
        leg.say(invite, 199, tag='one')
        leg.tags[server] = 'two'
        leg.say(invite, 200, leg.offer(server), tag='two')
        leg.ask(phone, 'ACK')
        leg.down()
        found = record(watcher)
        equal((found['call_id'], found['end_reason'], 'answer' in found), (leg.call_id, 'bye', True),
              'the record')
        other = Call(phone, server, f'sip:carol@{net.S1}', SERVER).start()
        other.hang_up()
        equal(record(watcher)['call_id'], other.call_id, 'the record behind it')
        watcher.close()


def test_challenged():
    """an INVITE that was challenged and came again with credentials is one call; as text a line too"""
    with net.Net() as network:
        watcher = Watcher('monitor', '--cdr')
        phone, server = pair(network)
        leg = Leg(phone, server, SERVER)
        leg.refuse(leg.ask(phone, 'INVITE', leg.offer(phone)), 407)
        leg.tags[server] = ''
        invite = leg.ask(phone, 'INVITE', leg.offer(phone))
        leg.say(invite, 200, leg.offer(server))
        leg.ask(phone, 'ACK')
        leg.down()
        line = watcher.line()
        check(line and f'call_id {leg.call_id} ' in line and 'end_reason bye' in line, f'the line {line}')
        watcher.close()


run_all(globals())
