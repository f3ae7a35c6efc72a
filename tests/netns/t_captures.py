#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What real clients say to each other elsewhere passes the gateway byte-identical, both ways.

baresip, sipp and Kamailio talk in namespaces of their own (py/clients.py); each
message that they sent is then a datagram from a phone to a server, and back.
"""

import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import clients
import gateway
import net
import sip
from line import Line
from tap import check, equal, run_all

# The least that has to be among them: (method, status or 0)
KINDS = [(method, 0) for method in (
    'REGISTER', 'INVITE', 'ACK', 'BYE', 'CANCEL', 'OPTIONS', 'MESSAGE', 'SUBSCRIBE', 'NOTIFY', 'REFER')]
KINDS += [('REGISTER', 401), ('REGISTER', 200), ('INVITE', 100), ('INVITE', 180), ('INVITE', 200),
          ('INVITE', 407), ('INVITE', 486), ('INVITE', 487), ('BYE', 200), ('REFER', 202)]
# And words that some of them have to have.
WORDS = (b'Digest username=', b'+sip.instance=', b'a=candidate:', b'a=crypto:', b'a=sendonly', b'a=rtpmap:',
         b'Record-Route: ', b'Route: ', b';reg-id=', b'pub-gruu', b'message/sipfrag', b'application/pidf+xml')

TALKS = 3  # at most

messages = []


def test_clients():
    """the clients have registered, called, held, transferred, subscribed; what they said was captured"""
    folder = tempfile.mkdtemp()
    clients.build()
    capture = clients.Capture(('alice', 'bob'))
    try:
        clients.talk_sipp(capture, folder)
        # They are not what is tested, and on a busy machine one of them may come too late.
        for attempt in range(TALKS):
            failed = clients.talk_baresip(capture, tempfile.mkdtemp(dir=folder))
            if not failed:
                break
            print(f'# in talk {attempt + 1} this did not work: {failed}', flush=True)
        equal(failed, [], 'what did not work')
    finally:
        messages.extend(capture.read())
        capture.close()
        clients.remove()
        shutil.rmtree(folder)
    there = {(m.method, m.status) for m in map(sip.Message, messages)}
    equal([kind for kind in KINDS if kind not in there], [], 'the kinds of messages that are missing')
    equal([word for word in WORDS if not any(word in m for m in messages)], [], 'the words that are missing')
    check(len(messages) > 100, f'there are only {len(messages)} messages')
    print(f'# {len(messages)} different messages', flush=True)


def passes(send):
    """All of them; none of ours is in them."""
    check(messages, 'nothing was captured')
    for number, data in enumerate(messages, 1):
        check(not any(a.encode() in data for a in (net.P1, net.WAN)), 'a message carries an address of ours')
        send(data, f'message {number}, {data.partition(bytes((13, 10)))[0]}')


def through(variant):
    """Both ways through this kind of gateway."""
    line = Line(variant)
    try:
        before = len(gateway.bindings())
        passes(line.same_out)
        passes(line.same_back)
        equal(gateway.counter('translated'), 0, 'how many messages were translated')
        check(gateway.counter('messages') > len(messages), 'the messages were not looked at')
        equal(len(gateway.bindings()), before, 'how many bindings there are')
    finally:
        line.close()


def test_masquerade():
    """each of them passes from the phone to the server and back as it is, and opens nothing"""
    through('masquerade')


def test_snat():
    """and so with another public address than the interface's first"""
    through('snat')


run_all(globals())
