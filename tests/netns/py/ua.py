# SPDX-License-Identifier: GPL-2.0
"""User agents of a few lines: one SIP socket, RTP and RTCP next to it.

They do what is told, in order, in one thread: send, then receive at the other.
An agent believes in its own address, as a phone behind NAT does.
"""

import copy

import net
import sip
from tap import check, equal


class Ua:
    """A phone or a server in a namespace."""

    def __init__(self, network, ns, name, port=5060, rtp=40000, v6=False, address=None):
        self.network, self.ns, self.name = network, ns, name
        self.socket = network.udp(ns, port, address, v6)
        self.rtp = network.udp(ns, rtp, address, v6)
        self.rtcp = network.udp(ns, rtp + 1, address, v6)
        self.address, self.port = self.socket.getsockname()[:2]
        self.media = (self.address, rtp)

    def another_line(self, rtp):
        """The same phone for a second call: the same SIP socket, other ports for media."""
        line = copy.copy(self)
        line.rtp = self.network.udp(self.ns, rtp)
        line.rtcp = self.network.udp(self.ns, rtp + 1)
        line.media = (self.address, rtp)
        return line

    @property
    def uri(self):
        return f'sip:{self.name}@{sip.bracket(self.address)}:{self.port}'

    def via(self, branch=None, params=';rport'):
        return (f'SIP/2.0/UDP {sip.bracket(self.address)}:{self.port}'
                f';branch=z9hG4bK{branch or sip.serial()}{params}')

    def send(self, data, to):
        self.socket.sendto(data, to)

    def receive(self, wait=net.WAIT):
        """(Message, where it came from); fails the test if nothing comes."""
        data, source = net.receive(self.socket, wait)
        check(data is not None, f'{self.name} in {self.ns} waited in vain for a message')
        return sip.Message(data), source

    def expect(self, what):
        """receive() a request of this method or a response of this status."""
        message, source = self.receive()
        equal(message.status or message.method, what, f'what {self.name} got')
        return message, source

    def quiet(self, inner, outer):
        """True if nothing has come, by a marker that has."""
        self.network.barrier(inner, outer)
        return not net.drain(self.socket)

    def request(self, method, uri, *, to=None, call_id=None, cseq=1, from_tag=None, headers=(),
                body=b'', contact=True, via_params=';rport', branch=None):
        """Bytes of a request outside a dialog, or within one if `to` has a tag."""
        from_ = f'<sip:{self.name}@{sip.bracket(self.address)}>;tag={from_tag or sip.serial()}'
        fields = [('Via', self.via(branch, via_params)), ('Max-Forwards', '70'), ('From', from_),
                  ('To', to or f'<{uri}>'), ('Call-ID', call_id or f'{sip.serial()}@{self.address}'),
                  ('CSeq', f'{cseq} {method}')]
        if contact:
            fields.append(('Contact', f'<{self.uri}>'))
        return sip.build(f'{method} {uri} SIP/2.0', fields + list(headers), body)

    def response(self, request, source, status, reason, *, to_tag=None, headers=(), body=b'',
                 contact=True):
        """Bytes of a response, with Via filled in as RFC 3581 says."""
        vias = request.all('Via')
        if vias[0].endswith(';rport'):
            vias[0] += f'={source[1]};received={source[0]}'
        to = request['To']
        if status > 100 and not sip.tag(to):
            to += f';tag={to_tag or sip.serial()}'
        fields = [('Via', v) for v in vias]
        fields += [('Record-Route', r) for r in request.all('Record-Route')]
        fields += [('From', request['From']), ('To', to), ('Call-ID', request['Call-ID']),
                   ('CSeq', request['CSeq'])]
        if contact:
            fields.append(('Contact', f'<{self.uri}>'))
        return sip.build(f'SIP/2.0 {status} {reason}', fields + list(headers), body)

    def answer(self, request, source, status=200, reason='OK', **more):
        self.send(self.response(request, source, status, reason, **more), source)

    def offer(self):
        return sip.sdp(*self.media)


class Proxy:
    """A stateless, record-routing proxy that repairs nothing: it is pumped by hand."""

    def __init__(self, network, ns, port=5060):
        self.socket = network.udp(ns, port)
        self.address, self.port = self.socket.getsockname()[:2]
        self.contacts = {}  # user: contact URI, as a registrar learned it
        self.seen = []  # every message as it came

    @property
    def route(self):
        return f'<sip:{self.address}:{self.port};lr>'

    def register(self, ua):
        """Take a REGISTER of this agent and grant it."""
        ua.send(ua.request('REGISTER', f'sip:{self.address}', to=f'<sip:{ua.name}@{self.address}>'),
                (self.address, self.port))
        data, source = net.receive(self.socket)
        check(data is not None, f'the REGISTER of {ua.name} did not arrive')
        request = sip.Message(data)
        self.contacts[ua.name] = request['Contact'].strip('<>')
        fields = [(n, v) for n, v in request.headers if n in ('Via', 'From', 'Call-ID', 'CSeq')]
        fields += [('To', request['To'] + ';tag=registrar'),
                   ('Contact', request['Contact'] + ';expires=600')]
        self.socket.sendto(sip.build('SIP/2.0 200 OK', fields), source)
        ua.expect(200)

    def pump(self):
        """Pass one message on."""
        data, source = net.receive(self.socket)
        check(data is not None, 'the proxy waited in vain for a message')
        message = sip.Message(data)
        self.seen.append(message)
        if message.status:
            self._response(message)
        else:
            self._request(message, source)

    def _request(self, message, source):
        user = message.uri.partition('@')[0].partition(':')[2]
        at_home = sip.hostport(message.uri)[0] == self.address
        uri = self.contacts[user] if at_home else message.uri
        fields = [('Via', f'SIP/2.0/UDP {self.address}:{self.port};branch=z9hG4bK{sip.serial()}')]
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
        self.socket.sendto(sip.build(f'{message.method} {uri} SIP/2.0', fields, message.body),
                           sip.hostport(uri))

    def _response(self, message):
        vias = message.all('Via')
        to = sip.sent_by(vias[1])
        where = dict(p.partition('=')[::2] for p in vias[1].split(';')[1:])
        if where.get('rport'):
            to = (where.get('received', to[0]), int(where['rport']))
        first = True
        fields = []
        for name, value in message.headers:
            if name == 'Via' and first:
                first = False
            elif name not in ('Content-Type', 'Content-Length'):
                fields.append((name, value))
        self.socket.sendto(sip.build(message.start, fields, message.body), to)


class Call:
    """A call between two agents, step by step, directly or through a Proxy.

    `sent` is the INVITE as the caller sent it, `invite` as the callee saw it,
    `ok` the 200 as the caller saw it.
    """

    def __init__(self, caller, callee, uri, to, proxy=None, cseq=1):
        self.caller, self.callee, self.proxy = caller, callee, proxy
        self.uri, self.to = uri, to
        self.call_id = f'{sip.serial()}@{caller.address}'
        self.from_tag = f'from{sip.serial()}'
        self.to_tag = f'to{sip.serial()}'
        self.cseq = self.invite_cseq = cseq
        self.invite = self.ok = self.sent = None
        self.source = None

    def _send(self, who, data, to):
        who.send(data, to)
        if self.proxy:
            self.proxy.pump()

    def respond(self, request, source, status, reason, **more):
        """Let the callee (or whoever got it) answer."""
        who = more.pop('who', self.callee)
        self._send(who, who.response(request, source, status, reason, to_tag=self.to_tag, **more),
                   source)

    def begin(self):
        """INVITE alone."""
        self.sent = sip.Message(self.caller.request(
            'INVITE', self.uri, call_id=self.call_id, from_tag=self.from_tag, cseq=self.cseq,
            body=self.caller.offer()))
        self._send(self.caller, self.sent.data, self.to)
        self.invite, self.source = self.callee.expect('INVITE')
        return self

    def ring(self):
        """INVITE and 180."""
        self.begin()
        self.respond(self.invite, self.source, 180, 'Ringing')
        self.caller.expect(180)
        return self

    def pick_up(self):
        """200 and ACK."""
        self.respond(self.invite, self.source, 200, 'OK', body=self.callee.offer())
        self.ok, _ = self.caller.expect(200)
        self.in_dialog(self.caller, 'ACK', cseq=self.invite_cseq)
        self.callee.expect('ACK')
        return self

    def start(self):
        return self.ring().pick_up()

    def fail(self, status, reason):
        """A final answer that is none, and its ACK."""
        self.respond(self.invite, self.source, status, reason, contact=False)
        answer, _ = self.caller.expect(status)
        branch = self.sent['Via'].partition('branch=z9hG4bK')[2].partition(';')[0]
        self._send(self.caller, self.caller.request(
            'ACK', self.uri, to=answer['To'], call_id=self.call_id, from_tag=self.from_tag,
            cseq=self.invite_cseq, branch=branch, contact=False), self.to)
        self.callee.expect('ACK')

    def cancel(self):
        """CANCEL, its 200, 487 and ACK."""
        branch = self.sent['Via'].partition('branch=z9hG4bK')[2].partition(';')[0]
        self._send(self.caller, self.caller.request(
            'CANCEL', self.uri, call_id=self.call_id, from_tag=self.from_tag, cseq=self.invite_cseq,
            branch=branch, contact=False), self.to)
        cancel, source = self.callee.expect('CANCEL')
        self.respond(cancel, source, 200, 'OK', contact=False)
        self.caller.expect(200)
        self.fail(487, 'Request Terminated')

    def within(self, who, method, cseq=None, headers=(), body=b''):
        """(bytes, next hop) of a request of either side within the call."""
        if cseq is None:
            self.cseq += 1
            cseq = self.cseq
        ours = who is self.caller
        learned = self.ok if ours else self.invite
        target = learned['Contact'].strip('<>')
        routes = learned.all('Record-Route')
        fields = [('Via', who.via()), ('Max-Forwards', '70')]
        fields += [('Route', r) for r in routes]
        if ours:
            fields += [('From', self.sent['From']), ('To', self.ok['To'])]
        else:
            fields += [('From', f'{self.invite["To"]};tag={self.to_tag}'),
                       ('To', self.invite['From'])]
        fields += [('Call-ID', self.invite['Call-ID']), ('CSeq', f'{cseq} {method}')]
        if method not in ('BYE', 'ACK'):
            fields.append(('Contact', f'<{who.uri}>'))
        data = sip.build(f'{method} {target} SIP/2.0', fields + list(headers), body)
        return data, sip.hostport(routes[0] if routes else target)

    def in_dialog(self, who, method, **more):
        """Send within()."""
        self._send(who, *self.within(who, method, **more))

    def bye(self, who=None):
        """BYE by one of them (the caller), not yet answered; the BYE as the other saw it."""
        who = who or self.caller
        other = self.callee if who is self.caller else self.caller
        self.in_dialog(who, 'BYE')
        return other.expect('BYE')

    def hang_up(self, who=None):
        """BYE, answered by the other."""
        who = who or self.caller
        other = self.callee if who is self.caller else self.caller
        bye, source = self.bye(who)
        self.respond(bye, source, 200, 'OK', who=other, contact=False)
        who.expect(200)

    @property
    def to_callee(self):
        """Where the caller was told to send its audio."""
        return self.ok.media

    @property
    def to_caller(self):
        """Where the callee was told to send its audio."""
        return self.invite.media

    def audio_to_callee(self):
        """Where an RTP packet of the caller came from, at the callee; None if it did not."""
        return net.Net.arrives(self.caller.rtp, self.to_callee, self.callee.rtp)

    def audio_to_caller(self):
        return net.Net.arrives(self.callee.rtp, self.to_caller, self.caller.rtp)

    def check_audio(self):
        """RTP and RTCP both ways; the callee's first, which comes before the caller sent any."""
        check(self.audio_to_caller(), 'the caller does not hear the callee')
        check(self.audio_to_callee(), 'the callee does not hear the caller')
        up = (self.to_callee[0], self.to_callee[1] + 1)
        down = (self.to_caller[0], self.to_caller[1] + 1)
        check(net.Net.arrives(self.callee.rtcp, down, self.caller.rtcp),
              'RTCP does not get to the caller')
        check(net.Net.arrives(self.caller.rtcp, up, self.callee.rtcp),
              'RTCP does not get to the callee')
