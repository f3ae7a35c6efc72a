# SPDX-License-Identifier: GPL-2.0
"""Messages as texts with places for our own addresses, and one topology for many of them.

In a text, the phone's own address is written

    {a}  with its port                 10.0.0.11:5060    203.0.113.1:31234
    {b}  with its port, where it is    10.0.0.11         203.0.113.1:31234
         not 5060
    {h}  its host alone                10.0.0.11         203.0.113.1
    {p}  its port alone                5060              31234

as it stands inside and outside. So a text is what is sent, what has to arrive,
and, the other way round, what has to come back. Another phone has taken the
gateway's port 5060, so that each of them differs. {n} is a new number for
each message, {s} the server's address.
"""

import gateway
import net
import sip
from tap import check, equal

SERVER = (net.S1, 5060)


class Line:
    """The topology, a phone in p1 and a server in s1, for as long as the tests run."""

    def __init__(self, variant='masquerade', port=5060, v6=False):
        self.network = net.Net(variant).__enter__()  # pylint: disable=unnecessary-dunder-call
        if v6:
            gateway.nft('table ip6 nat {\nchain post { type nat hook postrouting priority srcnat;'
                        ' oifname wan masquerade; }\n}')
        self.other = self.network.udp('p2', port, v6=v6)
        self.phone = self.network.udp('p1', port, v6=v6)
        self.server = self.network.udp('s1', 5060, v6=v6)
        self.to = self.server.getsockname()[:2]
        for sock in (self.other, self.phone):
            sock.sendto(b'\r\n\r\n', self.to)
            data, self.outer = net.receive(self.server)
            check(data is not None, 'not even a keep-alive gets through')
        check(variant == 'none' or self.outer[1] != port, 'the phone has no port of its own')
        self.inner = self.phone.getsockname()[:2]
        self.number = 0

    def close(self):
        self.network.__exit__()

    def new(self):
        self.number += 1
        return self.number

    def _fill(self, text, where, extra):
        host, port = sip.bracket(where[0]), where[1]
        bare = host if port == 5060 else f'{host}:{port}'
        fields = {'a': f'{host}:{port}', 'b': bare, 'h': host, 'p': str(port),
                  'n': str(self.number), 's': sip.bracket(self.to[0]), **extra}
        for key, value in fields.items():
            text = text.replace('{' + key + '}', value)
        return text.encode('utf-8', 'surrogateescape')

    def inside(self, text, **extra):
        return self._fill(text, self.inner, extra)

    def outside(self, text, **extra):
        return self._fill(text, self.outer, extra)

    def got(self, sock, wanted, what):
        data, source = net.receive(sock)
        check(data is not None, f'{what}: nothing came')
        equal(data, wanted, what)
        return source

    def out(self, text, what, **extra):
        """The phone sends a text; the server has to read what it means outside."""
        self.phone.sendto(self.inside(text, **extra), self.to)
        return self.got(self.server, self.outside(text, **extra), what)

    def back(self, text, what, **extra):
        """The server sends it; the phone has to read what it means inside."""
        self.server.sendto(self.outside(text, **extra), self.outer)
        return self.got(self.phone, self.inside(text, **extra), what)

    def same_out(self, data, what):
        self.phone.sendto(data, self.to)
        self.got(self.server, data, what)

    def same_back(self, data, what):
        self.server.sendto(data, self.outer)
        self.got(self.phone, data, what)


def message(start, *fields, body=b'', end='\r\n'):
    """A text of a message from lines; the body has to be there already, with its fields."""
    text = body.decode('utf-8', 'surrogateescape') if isinstance(body, bytes) else body
    return end.join([start, *fields, '', '']) + text


BASIC = ('Via: SIP/2.0/UDP {a};branch=z9hG4bK{n};rport', 'Max-Forwards: 70',
         'From: <sip:alice@{h}>;tag=f{n}', 'To: <sip:carol@example.com>',
         'Call-ID: {n}@10.0.0.11', 'CSeq: 1 OPTIONS')


def request(*fields, method='OPTIONS', uri='sip:carol@{s}', without=(), body=''):
    """A request of the phone with these header fields, and what it has to have anyhow."""
    basic = [f.replace('OPTIONS', method) for f in BASIC
             if f.partition(':')[0] not in without]
    return message(f'{method} {uri} SIP/2.0', *basic, *fields, body=body)


def response(*fields, method='OPTIONS', status='200 OK', without=(), body=''):
    """The server's response to request(), with these fields in addition."""
    basic = [f.replace('OPTIONS', method) for f in BASIC
             if f.partition(':')[0] not in (*without, 'Max-Forwards')]
    basic = [f + ';tag=t{n}' if f.startswith('To:') else f for f in basic]
    return message(f'SIP/2.0 {status}', *basic, *fields, body=body)
