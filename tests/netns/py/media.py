# SPDX-License-Identifier: GPL-2.0
"""Media of all kinds: descriptions with many lines, their sockets, and who hears whom.

A Side has a socket for each line of its description, and a second one for
RTCP where the line has it; for TCP it listens. links() pairs the lines of two
sides after an offer and an answer were exchanged, by what each side was told.
"""

import re
import select
import socket
import threading
import time

import net
from tap import check, equal

UDP, TCP = socket.IPPROTO_UDP, socket.IPPROTO_TCP


class Line:
    """A media line as a text: what stands behind "m=", and lines below it."""

    def __init__(self, kind, port, proto='RTP/AVP', formats='0', attrs=(), rtcp=None):
        self.kind, self.port, self.proto, self.formats = kind, port, proto, formats
        self.attrs = list(attrs)
        self.has_rtcp = 'RTP/' in proto and not proto.startswith('TCP') if rtcp is None else rtcp

    @property
    def is_tcp(self):
        return self.proto.startswith('TCP')

    def text(self):
        return '\r\n'.join([f'm={self.kind} {self.port} {self.proto} {self.formats}', *self.attrs, ''])


def describe(address, lines, session=(), version=1):
    """A session description; lines are Line or text."""
    family = 'IP6' if ':' in address else 'IP4'
    head = ['v=0', f'o=- 1 {version} IN {family} {address}', 's=-', f'c=IN {family} {address}', 't=0 0',
            *session, '']
    return ('\r\n'.join(head) + ''.join(line if isinstance(line, str) else line.text()
                                        for line in lines)).encode()


class Read:
    """A media line as it was received: where RTP and RTCP go."""

    def __init__(self, text, conn):
        first = re.match(r'm=(\S+) (\d+)(?:/(\d+))? (\S+)', text)
        self.kind, self.port, self.proto = first[1], int(first[2]), first[4]
        self.count = int(first[3] or 1)
        own = re.search(r'^c=IN IP[46] ([^\s/]+)', text, re.M)
        self.address = own[1] if own else conn
        self.rtp = (self.address, self.port)
        rtcp = re.search(r'^a=rtcp:(\d+)(?: IN IP[46] (\S+))?', text, re.M)
        self.rtcp = ((rtcp[2] or self.address, int(rtcp[1])) if rtcp else (self.address, self.port + 1))
        self.candidates = [(c[2], int(c[3])) for c in re.finditer(
            r'^a=candidate:\S+ (\d+) (?i:udp|tcp) \d+ (\S+) (\d+)', text, re.M)]
        self.text = text


def read(body):
    """The media lines of a description."""
    text = body.decode()
    head, *sections = re.split(r'^(?=m=)', text, flags=re.M)
    conn = re.search(r'^c=IN IP[46] ([^\s/]+)', head, re.M)
    return [Read(s, conn[1] if conn else None) for s in sections]


def listen(network, ns, port, v6=False):
    """A TCP socket that waits for connections."""
    with net.inside(ns):
        s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(((net.ADDRESS6 if v6 else net.ADDRESS)[ns], port))
    s.listen(4)
    network.sockets.append(s)
    return s


def begin_connect(network, ns, to, port=0):
    """A connection on its way."""
    with net.inside(ns):
        s = socket.socket(socket.AF_INET6 if ':' in to[0] else socket.AF_INET, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setblocking(False)
    s.bind(((net.ADDRESS6 if ':' in to[0] else net.ADDRESS)[ns], port))
    s.connect_ex(to)
    network.sockets.append(s)
    return s


def accept(network, listener, wait=net.WAIT):
    """(connection, who) or (None, None)."""
    if not select.select([listener], [], [], wait)[0]:
        return None, None
    s, who = listener.accept()
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    network.sockets.append(s)
    return s, who[:2]


def connect(network, ns, to, listener):
    """(our end, their end, who they see); fails the test if it is not made."""
    ours = begin_connect(network, ns, to)
    theirs, who = accept(network, listener)
    check(theirs is not None, f'no connection from {ns} to {to}')
    check(select.select([], [ours], [], net.WAIT)[1] and
          not ours.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), f'the connection to {to} failed')
    ours.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return ours, theirs, who


def says(sender, receiver, text, wait=net.WAIT):
    """True if a text gets through a connection."""
    try:
        sender.send(text)
    except OSError:
        return False
    got = b''
    end = time.monotonic() + wait
    while text not in got:
        if not select.select([receiver], [], [], max(0, end - time.monotonic()))[0]:
            return False
        try:
            more = receiver.recv(65536)
        except OSError:
            return False
        if not more:
            return False
        got += more
    return True


class Side:
    """The media of an agent: a socket for each line."""

    def __init__(self, network, agent, lines):
        self.network, self.agent, self.lines = network, agent, lines
        self.v6 = ':' in agent.address
        self.sockets = []
        self.open = {}
        for line in lines:
            self.sockets.append(self._open(line))

    def _open(self, line):
        if not line.port:
            return None, None
        if line.is_tcp:
            return listen(self.network, self.agent.ns, line.port, self.v6), None
        return self.udp(line.port), self.udp(line.port + 1) if line.has_rtcp else None

    def udp(self, port):
        """The agent's socket on this port, opened once."""
        if port not in self.open:
            mine = {s.getsockname()[1]: s for s in (self.agent.rtp, self.agent.rtcp)}
            self.open[port] = mine.get(port) or self.network.udp(self.agent.ns, port, v6=self.v6)
        return self.open[port]

    def text(self, **more):
        return describe(self.agent.address, self.lines, **more)

    def use(self, **more):
        """Let the agent offer and answer this."""
        text = self.text(**more)
        self.agent.offer = lambda: text
        return self


def check_pair(a, b, to_a, to_b, what):
    """A datagram each way, the one to `a` first."""
    check(net.Net.arrives(b, to_a, a), f'{what}: nothing gets to {to_a}')
    check(net.Net.arrives(a, to_b, b), f'{what}: nothing gets to {to_b}')


def check_media(near, far, to_near, to_far):
    """Both ways in each line: the far side first, before the near one sent any."""
    equal(len(to_near), len(near.lines), 'lines that the far side read')
    equal(len(to_far), len(far.lines), 'lines that the near side read')
    for n, (line, down, up) in enumerate(zip(near.lines, to_near, to_far)):
        what = f'line {n} ({line.kind})'
        if not down.port or not up.port:
            continue
        (rtp, rtcp), (far_rtp, far_rtcp) = near.sockets[n], far.sockets[n]
        if line.is_tcp:
            inward = connect(near.network, far.agent.ns, down.rtp, rtp)
            outward = connect(near.network, near.agent.ns, up.rtp, far_rtp)
            for ours, theirs, _ in (inward, outward):
                check(says(ours, theirs, b'ping'), f'{what}: no data')
                check(says(theirs, ours, b'pong'), f'{what}: no data back')
            near.connections = getattr(near, 'connections', []) + [inward]
            continue
        check_pair(rtp, far_rtp, down.rtp, up.rtp, what)
        if rtcp and far_rtcp:
            check_pair(rtcp, far_rtcp, down.rtcp, up.rtcp, what + ' RTCP')


def check_closed(network, near, far, to_near, within=2.0):
    """After so many seconds nothing of the far side gets in, in no line."""
    end = time.monotonic() + within
    for n, down in enumerate(to_near):
        (rtp, rtcp), (far_rtp, far_rtcp) = near.sockets[n], far.sockets[n]
        if not down.port or near.lines[n].is_tcp:
            continue
        for here, there, to in ((rtp, far_rtp, down.rtp), (rtcp, far_rtcp, down.rtcp)):
            if here and there:
                check(network.closes(there, to, here, near.agent.ns, far.agent.ns,
                                     max(0, end - time.monotonic())),
                      f'line {n}: {to} is still open')
    for ours, theirs, _ in getattr(near, 'connections', []):
        check(not says(ours, theirs, b'late', max(0.5, end - time.monotonic())),
              'a connection still carries data')


class Streams:
    """Datagrams without a pause by these ways, (socket, where to), each with its way's number and its time."""

    def __init__(self, ways, pause):
        self.ways, self.pause, self.stop = list(ways), pause, False
        self.thread = threading.Thread(target=self._send)

    def _send(self):
        while not self.stop:
            for number, (sender, to) in enumerate(self.ways):
                sender.sendto(b'way %d %d' % (number, time.monotonic_ns()), to)
            time.sleep(self.pause)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop = True
        self.thread.join()


def last_sent(sock):
    """When the last of these that lie in a socket's queue was sent; 0 if there is none."""
    return max((int(d.split()[2]) for d in net.drain(sock) if d.startswith(b'way ')), default=0) / 1e9


def check_running(sock, numbers, what):
    """The streams of these numbers arrive."""
    missing = set(numbers)
    while missing:
        data, _ = net.receive(sock)
        check(data, f'{what}: stream {missing} does not arrive')
        if data.startswith(b'way '):
            missing.discard(int(data.split()[1]))
