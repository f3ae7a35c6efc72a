#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""SIP over TCP: cut anywhere, both ways, for as long as the connection lives."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import gateway
import net
import sip
import tcp
from tap import check, equal, run_all

PUBLIC = (net.WAN, 5060)


def test_whole():
    """a request in one segment is translated, its answer comes back in the phone's own words"""
    with net.Net() as network:
        near, far = tcp.pair(network)
        sent = sip.Message(tcp.request('alice', near))
        near.send(sent.data)
        seen = far.message()
        tcp.check_translated(seen, sent, PUBLIC, net.WAN)
        far.send(tcp.response(seen))
        got = near.message()
        for name in ('Via', 'From', 'Call-ID', 'CSeq'):
            equal(got[name], sent[name], f'{name} in the answer')


def test_cut():
    """a message cut in two, at every tenth byte, one after the other on one connection"""
    with net.Net() as network:
        near, far = tcp.pair(network)
        for place in range(1, 400, 10):
            sent = sip.Message(tcp.request('alice', near, 'MESSAGE', b'x' * 100))
            near.send_cut(sent.data, place)
            seen = far.message()
            tcp.check_translated(seen, sent, PUBLIC, net.WAN)
            equal(seen.body, sent.body, 'the body')


def test_bytes():
    """a segment for each byte"""
    with net.Net() as network:
        near, far = tcp.pair(network)
        sent = sip.Message(tcp.request('alice', near))
        near.send_cut(sent.data, *range(1, len(sent.data)))
        tcp.check_translated(far.message(), sent, PUBLIC, net.WAN)


def test_several():
    """several messages in a segment, and one and a half, with keep-alives between"""
    with net.Net() as network:
        near, far = tcp.pair(network)
        sent = [sip.Message(tcp.request('alice', near)) for _ in range(9)]
        data = b'\r\n\r\n'.join(m.data for m in sent)
        near.send_cut(data, len(data) * 5 // 18, len(data) * 13 // 18)
        for message in sent:
            tcp.check_translated(far.message(), message, PUBLIC, net.WAN)
        check(not far.data, f'more came: {far.data}')


def test_nagle():
    """a sender that waits for the acknowledgement of the first part gets it"""
    with net.Net() as network:
        near, far = tcp.pair(network, nodelay=False)
        for _ in range(20):
            sent = sip.Message(tcp.request('alice', near, 'MESSAGE', b'y' * 300))
            near.socket.send(sent.data[:150])
            near.socket.send(sent.data[150:400])
            near.socket.send(sent.data[400:])
            tcp.check_translated(far.message(), sent, PUBLIC, net.WAN)


def test_many():
    """a thousand messages each way on one connection, with bodies of all sizes"""
    with net.Net() as network:
        near, far = tcp.pair(network)
        for number in range(1, 1001):
            body = b'z' * (number * 37 % 1900)
            sent = sip.Message(tcp.request('alice', near, 'MESSAGE', body, number))
            near.send(sent.data)
            seen = far.message()
            tcp.check_translated(seen, sent, PUBLIC, net.WAN)
            equal(seen.body, body, 'the body')
            far.send(tcp.response(seen, body=body))
            got = near.message()
            equal(got['Via'], sent['Via'], 'Via in the answer')
            equal(got.body, body, 'the body of the answer')


def test_large():
    """bodies up to 60 KiB"""
    with net.Net() as network:
        near, far = tcp.pair(network)
        for size in (1400, 1500, 3000, 9000, 30000, 60000):
            body = bytes(i % 251 for i in range(size))
            sent = sip.Message(tcp.request('alice', near, 'MESSAGE', body))
            near.send(sent.data)
            seen = far.message()
            tcp.check_translated(seen, sent, PUBLIC, net.WAN)
            equal(seen.body, body, 'the body')


def test_http():
    """HTTP on the port passes untouched, REGISTER in its body too"""
    with net.Net() as network:
        before = gateway.bindings()
        near, far = tcp.pair(network)
        hidden = tcp.request('alice', near, 'REGISTER')
        data = (b'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n' % (len(hidden) + 7) +
                b'1234\r\n\r\n' + hidden)
        place = data.find(b'REGISTER')
        near.send_cut(data, place)
        near.send(hidden)
        equal(far.read(len(data) + len(hidden)), data + hidden, 'what came')
        equal(gateway.bindings(), before, 'bindings')


def test_half_close():
    """FIN with half a message held: what was sent arrives"""
    with net.Net() as network:
        near, far = tcp.pair(network)
        sent = tcp.request('alice', near)
        near.send(sent)
        far.message()
        near.send(sent[:100])
        near.socket.shutdown(1)
        equal(far.rest(), sent[:100], 'what came before the end')
        far.send(b'\r\n\r\n')
        equal(near.read(4), b'\r\n\r\n', 'what the other half still brings')


run_all(globals())
