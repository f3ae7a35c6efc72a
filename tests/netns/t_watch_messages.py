#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""`monitor` tells of messages that were left alone, and with --messages of each one."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import net
from events import Watcher
from gateway import counter
from tap import check, equal, run_all
from ua import Call, Ua

SERVER = (net.S1, 5060)
PASSED = ('translated', 'unchanged')


def pair(network):
    return Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)


def of_call(events, call_id):
    return [e['message'] for e in events
            if e['event'] == 'message' and e['message'].get('call_id') == call_id]


def until_end(watcher, call):
    """All events of a call; the message that ended it comes behind the end."""
    seen = watcher.events(lambda e: e['event'] == 'dialog_ended' and
                          e['dialog']['call_id'] == call.call_id)
    return seen


def test_messages():
    """each message of a call is told with its four endpoints, its way and what became of it"""
    with net.Net() as network:
        watcher = Watcher('-j', 'monitor', '--messages')
        call = Call(*pair(network), f'sip:carol@{net.S1}', SERVER).start()
        call.hang_up()
        seen = of_call(until_end(watcher, call) + [watcher.events(lambda e: True)[-1]], call.call_id)
        watcher.close()
        equal([(m['method'], m['status'], m['way']) for m in seen],
              [('INVITE', 0, 'out'), ('INVITE', 180, 'in'), ('INVITE', 200, 'in'), ('ACK', 0, 'out'),
               ('BYE', 0, 'out'), ('BYE', 200, 'in')], 'the messages')
        invite, ringing = seen[0], seen[1]
        equal((invite['src_addr'], invite['src_port'], invite['dst_addr'], invite['dst_port']),
              (net.P1, 5060, net.S1, 5060), 'from whom to whom')
        equal((invite['src_out_addr'], invite['src_out_port']), call.source, 'as whom it left')
        equal((invite['dst_in_addr'], invite['dst_in_port']), SERVER, 'where it was sent to')
        equal((ringing['dst_in_addr'], ringing['dst_in_port']), call.source, 'where 180 was sent to')
        equal((ringing['dst_addr'], ringing['dst_port']), (net.P1, 5060), 'where 180 got to')
        equal((invite['reason'], invite['protocol'], invite['cseq']), ('translated', 'udp', 1), 'INVITE')


def test_left_alone():
    """without --messages there are only those that were left alone, with the reason and whose they are"""
    with net.Net() as network:
        phone, server = pair(network)
        watcher = Watcher('-j', 'monitor')
        Call(phone, server, f'sip:carol@{net.S1}', SERVER).start().hang_up()
        phone.send(phone.request('MESSAGE', f'sip:carol@{net.S1}', call_id='signed@p1',
                                 headers=[('Identity', '"c2lnbmF0dXJl"')]), SERVER)
        server.expect('MESSAGE')
        seen = watcher.events(lambda e: e['event'] == 'message')
        watcher.close()
        check('dialog_ended' in [e['event'] for e in seen], 'the call is not told')
        message = seen[-1]['message']
        equal((message['reason'], message['method'], message['call_id']),
              ('signed_body', 'MESSAGE', 'signed@p1'), 'the message that was left alone')


def test_long():
    """a Call-ID that is too long for an event is cut, and no event is lost"""
    with net.Net() as network:
        phone, server = pair(network)
        watcher = Watcher('-j', 'monitor', '--messages')
        phone.send(phone.request('MESSAGE', f'sip:carol@{net.S1}', call_id='x' * 6000), SERVER)
        server.expect('MESSAGE')
        (seen,) = watcher.events(lambda e: True)
        watcher.close()
        equal(seen['message']['call_id'], 'x' * 255, 'the Call-ID')
        equal(counter('events_lost'), 0, 'events lost')


run_all(globals())
