# SPDX-License-Identifier: GPL-2.0
"""SIP over real TCP connections between the hosts of the topology."""

import socket
import time

import net
import sip
from tap import check, equal


def listen(network, ns, port=5060, v6=False):
    """A listening socket, closed with the topology."""
    address = (net.ADDRESS6 if v6 else net.ADDRESS)[ns]
    with net.inside(ns):
        s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_STREAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((address, port))
        s.listen(256)
    s.settimeout(net.WAIT)
    network.sockets.append(s)
    return s


class Stream:
    """One end of a connection: bytes out, messages in."""

    def __init__(self, sock):
        self.socket = sock
        self.data = b''
        sock.settimeout(net.WAIT)

    @classmethod
    def connect(cls, network, ns, to, port=0, nodelay=True, v6=False):
        """Begin a connection, from a port or from any."""
        with net.inside(ns):
            s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_STREAM)
        network.sockets.append(s)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(((net.ADDRESS6 if v6 else net.ADDRESS)[ns], port))
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, int(nodelay))
        s.settimeout(net.WAIT)
        s.connect(to)
        return cls(s)

    @classmethod
    def accept(cls, network, listener):
        s, peer = listener.accept()
        network.sockets.append(s)
        end = cls(s)
        end.peer = peer[:2]
        return end

    @property
    def name(self):
        return self.socket.getsockname()[:2]

    def send(self, data):
        self.socket.sendall(data)

    def send_cut(self, data, *places):
        """In pieces that begin at these places, each in a segment of its own."""
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        last = 0
        for place in [*places, len(data)]:
            if place > last:
                self.socket.send(data[last:place])
            last = place

    def _more(self):
        got = self.socket.recv(65536)
        if not got:
            raise EOFError('the connection ended')
        self.data += got

    def read(self, count):
        """Exactly so many bytes."""
        while len(self.data) < count:
            self._more()
        data, self.data = self.data[:count], self.data[count:]
        return data

    def message(self):
        """The next message; CRLF in front of it is passed over."""
        while True:
            self.data = self.data.lstrip(b'\r\n')
            end = self.data.find(b'\r\n\r\n')
            if end >= 0:
                length = int(sip.Message(self.data[:end + 4])['Content-Length'] or 0)
                return sip.Message(self.read(end + 4 + length))
            self._more()

    def rest(self):
        """All bytes until the end of the connection."""
        data = self.data
        self.data = b''
        while True:
            got = self.socket.recv(65536)
            if not got:
                return data
            data += got

    def close(self):
        self.socket.close()


def pair(network, inner='p1', outer='s1', port=5060, nodelay=True, from_port=0, v6=False):
    """(inside end, outside end) of a new connection that the inside host began."""
    listener = listen(network, outer, port, v6)
    address = (net.ADDRESS6 if v6 else net.ADDRESS)[outer]
    near = Stream.connect(network, inner, (address, port), from_port, nodelay, v6)
    far = Stream.accept(network, listener)
    listener.close()
    return near, far


def request(name, near, method='OPTIONS', body=b'', number=None, contact_port=5060, extra=()):
    """Bytes of a request whose Via and Contact have the port that the host listens at."""
    address = sip.bracket(near.name[0])
    number = number or sip.serial()
    return sip.build(f'{method} sip:carol@{net.S1};transport=tcp SIP/2.0', [
        ('Via', f'SIP/2.0/TCP {address}:{contact_port};branch=z9hG4bK{number};rport'),
        ('Max-Forwards', '70'), ('From', f'<sip:{name}@{address}>;tag=f{number}'),
        ('To', f'<sip:carol@{net.S1}>'), ('Call-ID', f'{number}@{near.name[0]}'),
        ('CSeq', f'{number} {method}'),
        ('Contact', f'<sip:{name}@{address}:{contact_port};transport=tcp>'), *extra], body)


def response(message, status=200, reason='OK', body=b'', contact=None):
    """Bytes of a response to a message that was received."""
    fields = [(n, v) for n, v in message.headers if n in ('Via', 'From', 'Call-ID', 'CSeq')]
    fields.append(('To', message['To'] + ('' if sip.tag(message['To']) else ';tag=t1')))
    if contact:
        fields.append(('Contact', contact))
    return sip.build(f'SIP/2.0 {status} {reason}', fields, body)


def wait_for(condition, what):
    """Until a condition of the gateway holds that nothing announces."""
    end = time.monotonic() + net.WAIT
    while not condition():
        check(time.monotonic() < end, what)
        time.sleep(0.02)  # between two looks at it


def check_translated(seen, sent, where, public):
    """A request as the outside got it."""
    equal(seen['Call-ID'], sent['Call-ID'], 'Call-ID')
    check('10.0.0.' not in seen['Via'] and public in seen['Via'], f'Via is {seen["Via"]}')
    equal(seen.contact, where, 'Contact')
