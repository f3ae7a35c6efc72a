#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Messages that others made, many of them broken: none is for us to change.

Every file of a folder of SIP messages is sent as one datagram from a phone
behind NAT to a server, and back on the same flow; and then on a TCP connection
of its own, both ways. SIPALG_CORPORA names the
folder; it is shared/corpora beside the clone where nothing is said.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import net
import tcp
from tap import Skip, check, equal, run

REPO = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', '..'))
FOLDER = os.environ.get('SIPALG_CORPORA') or os.path.join(REPO, '..', 'shared', 'corpora')


DATAGRAM = 65507  # bytes that UDP over IPv4 carries at most
OURS = [a.encode() for a in (net.P1, net.WAN)]


def files():
    """All, whatever their names: what is no SIP is not for us to change either."""
    return sorted(os.path.join(folder, n) for folder, _, names in os.walk(FOLDER) for n in names)


class Line:
    """One topology and one flow for all files; built when the first is sent."""

    def __init__(self):
        self.network = self.phone = self.server = self.listener = None

    def open(self):
        if self.network:
            return
        self.network = net.Net().__enter__()  # pylint: disable=unnecessary-dunder-call
        self.phone = self.network.udp('p1', 5060)
        self.server = self.network.udp('s1', 5060)

    def passes(self, path):
        """Send one file out and back."""
        with open(path, 'rb') as file:
            data = file.read()
        if len(data) > DATAGRAM:
            raise Skip(f'{len(data)} bytes are more than a datagram has')
        check(not any(a in data for a in OURS), 'it carries an address of this topology')
        self.open()
        self.phone.sendto(data, (net.S1, 5060))
        source = self.arrived(self.server, data, 'the server')
        self.server.sendto(data, source)
        self.arrived(self.phone, data, 'the phone')

    def arrived(self, receiver, data, who):
        """Where it came from; a marker says soon when nothing came."""
        self.network.barrier('p1', 's1')
        got, source = net.receive(receiver, 0)
        check(got is not None, f'{who} got nothing')
        equal(got, data, f'what {who} got')
        return source

    def passes_tcp(self, path):
        """Send one file out and back on a connection of its own, both of whose ends say that no more comes."""
        with open(path, 'rb') as file:
            data = file.read()
        self.open()
        self.listener = self.listener or tcp.listen(self.network, 's1')
        near = tcp.Stream.connect(self.network, 'p1', (net.S1, 5060))
        far = tcp.Stream.accept(self.network, self.listener)
        for sender, receiver, who in ((near, far, 'the server'), (far, near, 'the phone')):
            sender.send(data)
            sender.shut()
            equal(receiver.rest(), data, f'what {who} got')
        near.close()
        far.close()

    def close(self):
        if self.network:
            self.network.__exit__()


def no_files():
    raise Skip(f'no messages in {os.path.normpath(FOLDER)}; SIPALG_CORPORA names another folder')


line = Line()
paths = files()
try:
    run([(os.path.relpath(p, FOLDER), lambda p=p: line.passes(p)) for p in paths] +
        [(os.path.relpath(p, FOLDER) + ' over TCP', lambda p=p: line.passes_tcp(p)) for p in paths]
        or [('corpora', no_files)])
finally:
    line.close()
