# SPDX-License-Identifier: GPL-2.0
"""SIP over real TCP connections between the hosts of the topology."""

import re
import selectors
import socket
import struct
import time

import net
import sip
from tap import check, equal

# A ruleset that drops what conntrack finds invalid, as many have it.
STRICT = '''
table inet strict {
    counter invalid { }
    chain prerouting {
        type filter hook prerouting priority mangle;
        ct state invalid counter name invalid drop
    }
    chain forward {
        type filter hook forward priority -10;
        ct state invalid counter name invalid drop
    }
}'''


class Net(net.Net):
    """The topology, with the strict rules."""

    RULES = STRICT

    def __enter__(self):
        super().__enter__()
        net.run('gw', 'nft', 'reset', 'counters', 'table', 'inet', 'strict')
        return self


def invalid():
    """How many packets conntrack found invalid."""
    text = net.run('gw', 'nft', 'list', 'counter', 'inet', 'strict', 'invalid')
    return int(re.search(r'packets (\d+)', text).group(1))


def listen(network, ns, port=5060, v6=False, address=None, rcvbuf=0):
    """A listening socket, closed with the topology."""
    address = address or (net.ADDRESS6 if v6 else net.ADDRESS)[ns]
    with net.inside(ns):
        s = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET, socket.SOCK_STREAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if rcvbuf:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
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
        self.peer = None
        sock.settimeout(net.WAIT)

    @classmethod
    def connect(cls, network, ns, to, port=0, nodelay=True, v6=False, address=None, wait=net.WAIT):  # pylint: disable=too-many-arguments
        """Begin a connection, from a port or from any."""
        address = address or (net.ADDRESS6 if v6 else net.ADDRESS)[ns]
        with net.inside(ns):
            s = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET, socket.SOCK_STREAM)
        network.sockets.append(s)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((address, port))
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, int(nodelay))
        s.settimeout(wait)
        s.connect(to)
        return cls(s)

    @classmethod
    def accept(cls, network, listener):
        s, peer = listener.accept()
        network.sockets.append(s)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        end = cls(s)
        end.peer = peer[:2]
        return end

    @property
    def name(self):
        return self.socket.getsockname()[:2]

    def insists(self):
        """How often it has sent something again, or probed, without an answer that helps."""
        info = self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
        return sum(info[2:5])  # retransmits, probes, backoff

    def total_retrans(self):
        """Segments that were sent again."""
        info = self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
        return struct.unpack_from('I', info, 100)[0]

    def send(self, data):
        self.socket.sendall(data)

    def send_cut(self, data, *places):
        """In pieces that begin at these places, each in a segment of its own."""
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        last = 0
        for place in [*places, len(data)]:
            if place > last:
                self.socket.sendall(data[last:place])
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

    def reset(self):
        """End it with a RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.socket.close()

    def shut(self):
        self.socket.shutdown(socket.SHUT_WR)

    def close(self):
        self.socket.close()


def pair(network, inner='p1', outer='s1', port=5060, nodelay=True, from_port=0, v6=False, rcvbuf=0):  # pylint: disable=too-many-arguments
    """(inside end, outside end) of a new connection that the inside host began."""
    listener = listen(network, outer, port, v6, rcvbuf=rcvbuf)
    address = (net.ADDRESS6 if v6 else net.ADDRESS)[outer]
    near = Stream.connect(network, inner, (address, port), from_port, nodelay, v6)
    far = Stream.accept(network, listener)
    listener.close()
    return near, far


def request(name, near, method='OPTIONS', body=b'', number=None, contact_port=5060, extra=()):  # pylint: disable=too-many-arguments
    """Bytes of a request whose Via and Contact have the port that the host listens at."""
    address = sip.bracket(near.name[0])
    number = number or sip.serial()
    return sip.build(f'{method} sip:carol@{net.S1};transport=tcp SIP/2.0', [
        ('Via', f'SIP/2.0/TCP {address}:{contact_port};branch=z9hG4bK{number};rport'),
        ('Max-Forwards', '70'), ('From', f'<sip:{name}@{address}>;tag=f{number}'),
        ('To', f'<sip:carol@{net.S1}>'), ('Call-ID', f'{number}@{name}'),
        ('CSeq', f'{number} {method}'),
        ('Contact', f'<sip:{name}@{address}:{contact_port};transport=tcp>'), *extra], body,
        content_type='application/sdp' if body.startswith(b'v=0') else 'text/plain')


def response(message, status=200, reason='OK', body=b'', contact=None):
    """Bytes of a response to a message that was received."""
    fields = [(n, v) for n, v in message.headers if n in ('Via', 'From', 'Call-ID', 'CSeq')]
    fields.append(('To', message['To'] + ('' if sip.tag(message['To']) else ';tag=t1')))
    if contact:
        fields.append(('Contact', contact))
    return sip.build(f'SIP/2.0 {status} {reason}', fields, body,
                     content_type='application/sdp' if body.startswith(b'v=0') else 'text/plain')


def outside(data, inner=net.P1, outer=net.WAN):
    """A message of an inside host, byte for byte as it has to arrive outside.

    Its ports are free outside too. Only what is in headers and SDP is an address.
    """
    head, gap, body = data.partition(b'\r\n\r\n')
    if body.startswith(b'v=0'):
        new = body.replace(inner.encode(), outer.encode())
        length = b'\r\nContent-Length: %d'
        head = head.replace(length % len(body), length % len(new))
        body = new
    return head.replace(inner.encode(), outer.encode()) + gap + body


def inside(data, inner=net.P1, outer=net.WAN):
    """What names the inside by its public address, as it has to arrive inside."""
    head, gap, body = data.partition(b'\r\n\r\n')
    return re.sub(re.escape(outer.encode()) + rb'(?!\d)', inner.encode(), head) + gap + body


class Flow:
    """Bytes that one end sends and the other has to get, exactly."""

    def __init__(self, sender, receiver, pieces, wanted, what):
        self.sender, self.receiver, self.pieces, self.what = sender, receiver, list(pieces), what
        self.wanted = wanted
        self.got = bytearray(receiver.data)
        receiver.data = b''

    def done(self):
        return not self.pieces and len(self.got) >= len(self.wanted)

    def send(self):
        piece = self.pieces[0]
        n = self.sender.socket.send(piece)
        self.pieces[:1] = [piece[n:]] if n < len(piece) else []

    def receive(self):
        got = self.receiver.socket.recv(65536)
        check(got, f'{self.what}: the connection ended')
        self.got += got

    def finish(self):
        equal(bytes(self.got), self.wanted, self.what)


def exchange(*flows, wait=net.WAIT):
    """Send all of them at once, and receive, until all is there or nothing moves any more."""
    ends = {}
    for flow in flows:
        ends.setdefault(flow.sender.socket, [None, None])[0] = flow
        ends.setdefault(flow.receiver.socket, [None, None])[1] = flow
    with selectors.DefaultSelector() as selector:
        for sock in ends:
            sock.setblocking(False)
            selector.register(sock, selectors.EVENT_READ | selectors.EVENT_WRITE)
        while not all(flow.done() for flow in flows):
            events = selector.select(wait)
            for key, ready in events:
                sends, receives = ends[key.fileobj]
                if ready & selectors.EVENT_READ and receives:
                    receives.receive()
                if ready & selectors.EVENT_WRITE and sends and sends.pieces:
                    sends.send()
                writes = selectors.EVENT_WRITE if sends and sends.pieces else 0
                selector.modify(key.fileobj, selectors.EVENT_READ | writes)
            if not events:
                break
    for sock in ends:
        sock.settimeout(net.WAIT)
    for flow in flows:
        flow.finish()


def conversation(near, far, count, cut=None, size=lambda n: n * 37 % 1900):
    """(outward Flow, inward Flow): so many requests each way, in pieces that cut() makes of them."""
    number = [sip.serial() for _ in range(count)]
    out = [request('alice', near, 'MESSAGE', b'o' * size(n), number[n]) for n in range(count)]
    public = net.WAN
    back = [back_request(n, number[n], public, b'b' * size(n + 7)) for n in range(count)]
    cut = cut or (lambda data: [data])
    return (Flow(near, far, cut(b''.join(out)), b''.join(map(outside, out)), 'outwards'),
            Flow(far, near, cut(b''.join(back)), b''.join(map(inside, back)), 'inwards'))


def back_request(n, number, public, body):
    """A request of the server to the phone's public contact."""
    return sip.build(f'MESSAGE sip:alice@{public}:5060;transport=tcp SIP/2.0', [
        ('Via', f'SIP/2.0/TCP {net.S1}:5060;branch=z9hG4bKs{number}'), ('Max-Forwards', '70'),
        ('From', f'<sip:carol@{net.S1}>;tag=s{number}'), ('To', f'<sip:alice@{public}>'),
        ('Call-ID', f'back{number}@carol'), ('CSeq', f'{n + 1} MESSAGE')], body,
        content_type='text/plain')


def introduce(near, far):
    """A first request and its answer: the phone's contact has its public address from now on."""
    sent = request('alice', near)
    near.send(sent)
    seen = far.message()
    equal(seen.data, outside(sent), 'the first request')
    answer = response(seen)
    far.send(answer)
    equal(near.message().data, inside(answer), 'the answer to it')


def wait_for(condition, what, wait=net.WAIT):
    """Until a condition of the gateway holds that nothing announces."""
    end = time.monotonic() + wait
    while not condition():
        check(time.monotonic() < end, what)
        time.sleep(0.02)  # between two looks at it


def check_translated(seen, sent, where, public):
    """A request as the outside got it."""
    equal(seen['Call-ID'], sent['Call-ID'], 'Call-ID')
    check('10.0.0.' not in seen['Via'] and public in seen['Via'], f'Via is {seen["Via"]}')
    equal(seen.contact, where, 'Contact')
