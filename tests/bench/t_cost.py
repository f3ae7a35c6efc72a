#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Instructions that a message takes in our hook, by ftrace; a nanosecond is one of them here."""

import os
import statistics
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'netns', 'py')]
# pylint: disable=wrong-import-position
import net
import sip
import tcp
from functions import Functions
from tap import check, run_all
from ua import Ua

MESSAGES = 60
BARE = 4000  # a packet that takes fewer instructions carried no message


def invite(transport, address, number):
    """An INVITE with SDP; as long over both transports."""
    return sip.build(f'INVITE sip:carol@{net.S1};transport={transport} SIP/2.0', [
        ('Via', f'SIP/2.0/{transport.upper()} {address}:5060;branch=z9hG4bK{number};rport'),
        ('Max-Forwards', '70'), ('From', f'"Alice" <sip:alice@{address}>;tag=f{number}'),
        ('To', f'<sip:carol@{net.S1}>'), ('Call-ID', f'{number}-{transport}@{address}'),
        ('CSeq', '1 INVITE'), ('Contact', f'<sip:alice@{address}:5060;transport={transport}>'),
        ('Allow', 'INVITE, ACK, BYE, CANCEL, OPTIONS, PRACK, MESSAGE, SUBSCRIBE, NOTIFY, REFER, UPDATE, INFO'),
        ('Supported', '100rel, timer, replaces, norefersub'), ('User-Agent', 'cost 1.0')],
        sip.sdp(address, 40000))


def measure(send, receive, transport):
    """Median of instructions of a message, and how many other packets went by."""
    # Which hook_inspect() calls for a packet of ours.
    with Functions('inspect_flow') as trace:
        for number in range(1000, 1000 + MESSAGES):
            send(invite(transport, net.P1, number))
            receive()
        calls = trace.calls()
    messages = [n for n in calls if n > BARE]
    check(len(messages) == MESSAGES, f'{len(messages)} of {MESSAGES} messages were traced: {calls}')
    bare = [n for n in calls if n <= BARE]
    print(f'# {transport}: {min(messages)} {statistics.median(messages):.0f} {max(messages)} '
          f'instructions a message; {len(bare)} packets without: '
          f'{statistics.median(bare) if bare else 0:.0f} each', flush=True)
    return statistics.median(messages)


def test_transports():
    """a message in one segment over TCP costs at most 1.25 times what it costs over UDP"""
    with net.Net() as network:
        phone, server = Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)
        near, far = tcp.pair(network)
        for _ in range(3):  # what is only done once
            near.send(invite('tcp', net.P1, 999))
            far.message()
            phone.send(invite('udp', net.P1, 999), (net.S1, 5060))
            server.receive()
        udp = measure(lambda data: phone.send(data, (net.S1, 5060)), server.receive, 'udp')
        over_tcp = measure(near.send, far.message, 'tcp')
        print(f'ROW\tTCP, one message a segment, against UDP, at most 1.25\t{over_tcp / udp:.2f}\tratio\t'
              f'{over_tcp:.0f} and {udp:.0f} instructions of the hook', flush=True)
        check(over_tcp <= 1.25 * udp, f'{over_tcp:.0f} instructions over TCP, {udp:.0f} over UDP')


run_all(globals())
