# SPDX-License-Identifier: GPL-2.0
"""The agents of ua.py over TCP, and a proxy between TCP and UDP."""

import select
import socket

import net
import sip
import tcp
import ua
from tap import check


class Ua(ua.Ua):
    """A phone or a server that has one connection; its Contact names the port it listens at."""

    def __init__(self, network, ns, name, port=5060, rtp=40000, v6=False, address=None):  # pylint: disable=too-many-arguments,super-init-not-called
        self.network, self.ns, self.name = network, ns, name
        self.address = address or (net.ADDRESS6 if v6 else net.ADDRESS)[ns]
        self.rtp = network.udp(ns, rtp, self.address)
        self.rtcp = network.udp(ns, rtp + 1, self.address)
        self.port, self.media = port, (self.address, rtp)
        self.listener = self.stream = None

    def listen(self):
        self.listener = tcp.listen(self.network, self.ns, self.port, address=self.address)
        return self

    def accept(self):
        self.stream = tcp.Stream.accept(self.network, self.listener)
        return self

    def connect(self, to, port=0, wait=net.WAIT):
        """From any port, as phones do."""
        self.stream = tcp.Stream.connect(self.network, self.ns, to, port, address=self.address, wait=wait)
        return self

    @property
    def uri(self):
        return f'sip:{self.name}@{sip.bracket(self.address)}:{self.port};transport=tcp'

    def via(self, branch=None, params=';rport'):
        return (f'SIP/2.0/TCP {sip.bracket(self.address)}:{self.port}'
                f';branch=z9hG4bK{branch or sip.serial()}{params}')

    def send(self, data, to=None):
        self.stream.send(data)

    def receive(self, wait=net.WAIT):
        self.stream.socket.settimeout(wait)
        try:
            return self.stream.message(), self.stream.socket.getpeername()[:2]
        except socket.timeout as why:
            raise AssertionError(f'{self.name} in {self.ns} waited in vain for a message') from why

    def quiet(self, inner, outer):
        self.network.barrier(inner, outer)
        ready, _, _ = select.select([self.stream.socket], [], [], 0)
        return not ready and not self.stream.data


def joined(caller, callee):
    """Two agents with a connection from one to the other."""
    callee.listen()
    caller.connect((callee.address, callee.port))
    callee.accept()
    return caller, callee


class Proxy(ua.Proxy):
    """Takes messages over UDP and connections, and passes them on by what is registered."""

    def __init__(self, network, ns, port=5060):
        super().__init__(network, ns, port)
        self.network = network
        self.listener = tcp.listen(network, ns, port)
        self.streams = {}  # where it comes from: Stream
        self.flows = {}  # user: (transport, where it is)

    def _next(self):
        """(message, transport, source) of whatever comes first."""
        while True:
            ready = [s for s in self.streams.values() if s.data]
            if not ready:
                found, _, _ = select.select(
                    [self.socket, self.listener, *(s.socket for s in self.streams.values())], [], [], net.WAIT)
                check(found, 'the proxy waited in vain for a message')
                if self.listener in found:
                    stream = tcp.Stream.accept(self.network, self.listener)
                    self.streams[stream.peer] = stream
                    continue
                if self.socket in found:
                    data, source = net.receive(self.socket)
                    return sip.Message(data), 'UDP', source
                ready = [s for s in self.streams.values() if s.socket in found]
            return ready[0].message(), 'TCP', ready[0].peer

    def _out(self, data, transport, where):
        if transport == 'UDP':
            self.socket.sendto(data, where)
        else:
            self.streams[where].send(data)

    def pump(self):
        message, transport, source = self._next()
        self.seen.append(message)
        if message.status:
            self._response(message)
        else:
            self._request(message, source, transport)

    def register(self, agent):
        agent.send(agent.request('REGISTER', f'sip:{self.address}', to=f'<sip:{agent.name}@{self.address}>'),
                   (self.address, self.port))
        request, transport, source = self._next()
        self.contacts[agent.name] = request['Contact'].strip('<>')
        self.flows[agent.name] = transport, source
        fields = [(n, v) for n, v in request.headers if n in ('Via', 'From', 'Call-ID', 'CSeq')]
        fields += [('To', request['To'] + ';tag=registrar'),
                   ('Contact', request['Contact'] + ';expires=600')]
        self._out(sip.build('SIP/2.0 200 OK', fields), transport, source)
        agent.expect(200)

    def _request(self, message, source, transport='UDP'):
        user = message.uri.partition('@')[0].partition(':')[2]
        at_home = sip.hostport(message.uri)[0] == self.address
        uri = self.contacts[user] if at_home else message.uri
        by, where = self.flows[user]
        fields = [('Via', f'SIP/2.0/{by} {self.address}:{self.port};branch=z9hG4bK{sip.serial()}')]
        if message.method == 'INVITE':
            fields.append(('Record-Route', self.route))
        first = True
        for name, value in message.headers:
            if name == 'Via' and first:
                first = False
                if value.endswith(';rport'):
                    value += f'={source[1]};received={source[0]}'
            if name not in ('Route', 'Content-Type', 'Content-Length'):
                fields.append((name, value))
        check(transport in ('TCP', 'UDP'), 'a transport')
        self._out(sip.build(f'{message.method} {uri} SIP/2.0', fields, message.body), by, where)

    def _response(self, message):
        via = message.all('Via')[1]
        where = dict(p.partition('=')[::2] for p in via.split(';')[1:])
        to = (where.get('received', sip.sent_by(via)[0]), int(where.get('rport') or sip.sent_by(via)[1]))
        fields, first = [], True
        for name, value in message.headers:
            if name == 'Via' and first:
                first = False
            elif name not in ('Content-Type', 'Content-Length'):
                fields.append((name, value))
        self._out(sip.build(message.start, fields, message.body),
                  'TCP' if via.upper().startswith('SIP/2.0/TCP') else 'UDP', to)
