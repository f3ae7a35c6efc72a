# SPDX-License-Identifier: GPL-2.0
"""A call message by message: each one is sent, has to arrive, and can be sent again.

    leg = Leg(alice, carol, SERVER)
    invite = leg.ask(alice, 'INVITE', leg.offer(alice))
    leg.say(invite, 200, leg.offer(carol))
    leg.ask(alice, 'ACK')

All responses of the callee's side come from one host, as those of forks do that
a proxy passes on: each fork is a tag of its own.
"""

import net
import sip
from tap import check, equal

REASONS = {100: 'Trying', 180: 'Ringing', 183: 'Session Progress', 200: 'OK'}


class Step:
    """A message that was sent and has arrived."""

    def __init__(self, who, other, data, to):
        self.who, self.other, self.data, self.to = who, other, data, to
        self.seen, self.source = None, None
        self.send()

    def send(self):
        self.who.send(self.data, self.to)
        data, self.source = net.receive(self.other.socket)
        check(data is not None, f'{self.other.name} waited in vain for {self.data.split(b" sip:")[0][:40]}')
        self.seen = sip.Message(data)

    def again(self):
        """A retransmission: it becomes the same bytes."""
        before = self.seen.data
        self.send()
        equal(self.seen.data, before, f'{before.splitlines()[0].decode()}, sent again')


class Request(Step):
    """A request; `sent` is what its sender wrote."""

    def __init__(self, who, other, data, to):
        super().__init__(who, other, data, to)
        self.sent = sip.Message(data)
        self.cseq = int(self.sent['CSeq'].split()[0])
        self.branch = self.sent['Via'].partition('branch=z9hG4bK')[2].partition(';')[0]


class Leg:
    """A call of one agent to another; `to` is where the caller sends to."""

    def __init__(self, caller, callee, to, uri=None):
        self.caller, self.callee = caller, callee
        self.call_id = f'leg{sip.serial()}@{caller.address}'
        self.tags = {caller: f'a{sip.serial()}', callee: ''}
        self.names = {who: f'<sip:{who.name}@{who.address}>' for who in (caller, callee)}
        self.cseq = {caller: 0, callee: 0}
        self.invite_cseq = 1
        uri = uri or f'sip:{callee.name}@{to[0]}:{to[1]}'
        self.names[callee] = f'<{uri}>'
        self.target = {caller: (uri, to)}
        self.steps = []

    def other(self, who):
        return self.callee if who is self.caller else self.caller

    def offer(self, who, port=0, extra='', address=None):
        """A description of this agent, at its own RTP port or another."""
        return sip.sdp(address or who.media[0], port or who.media[1], extra)

    def _note(self, step, receiver):
        if step.seen['Contact'] and (step.seen.status or 200) < 300:
            uri = step.seen['Contact'].strip('<>')
            self.target[receiver] = (uri, sip.hostport(uri))
        self.steps.append(step)
        return step

    def _name(self, who, tag):
        if who is self.callee and tag is None:
            tag = self.tags[who]
        elif who is self.caller:
            tag = self.tags[who]
        return self.names[who] + (f';tag={tag}' if tag else '')

    def build(self, who, method, body=b'', cseq=None, tag=None, headers=(), branch=None, uri=None):
        """Bytes of a request; `tag` is that of a fork, '' none."""
        if cseq is None:
            if method not in ('ACK', 'CANCEL'):
                self.cseq[who] += 1
            cseq = self.invite_cseq if method in ('ACK', 'CANCEL') else self.cseq[who]
        if method == 'INVITE':
            self.invite_cseq = cseq
        fields = [('Via', who.via(branch)), ('Max-Forwards', '70'),
                  ('From', self._name(who, tag)), ('To', self._name(self.other(who), tag)),
                  ('Call-ID', self.call_id), ('CSeq', f'{cseq} {method}')]
        if method not in ('BYE', 'ACK', 'CANCEL', 'PRACK'):
            fields.append(('Contact', f'<{who.uri}>'))
        return sip.build(f'{method} {uri or self.target[who][0]} SIP/2.0', fields + list(headers), body)

    def ask(self, who, method, body=b'', to=None, **more):
        """Send a request, which has to arrive at the other; a Request."""
        data = self.build(who, method, body, **more)
        return self._note(Request(who, self.other(who), data, to or self.target[who][1]), self.other(who))

    def say(self, request, status, body=b'', tag=None, headers=(), contact=True):
        """Let the other respond; what arrived, as a Step."""
        who, asked = request.other, request.who
        if who is self.callee and status > 100 and not sip.tag(request.seen['To']):
            if tag is None:
                tag = self.tags[who] or f'b{sip.serial()}'
            if status < 300 and not self.tags[who]:
                self.tags[who] = tag
        data = who.response(request.seen, request.source, status, REASONS.get(status, 'Whatever'),
                            to_tag=tag, headers=headers, body=body, contact=contact and status < 400)
        step = Step(who, asked, data, request.source)
        equal(step.seen.status, status, f'what {asked.name} got')
        return self._note(step, asked)

    def ack_failure(self, invite, tag=None):
        """ACK of a final response that is none."""
        return self.ask(invite.who, 'ACK', cseq=invite.cseq, branch=invite.branch, tag=tag,
                        uri=invite.sent.uri, to=invite.to)

    def refuse(self, invite, status, tag=None, headers=()):
        """A final response that is none, and its ACK."""
        self.say(invite, status, tag=tag, headers=headers)
        self.ack_failure(invite, tag)

    def cancel(self, invite):
        """CANCEL alone."""
        return self.ask(invite.who, 'CANCEL', cseq=invite.cseq, branch=invite.branch, tag='',
                        uri=invite.sent.uri, to=invite.to)

    def up(self):
        """INVITE, 180, 200, ACK; the INVITE."""
        invite = self.ask(self.caller, 'INVITE', self.offer(self.caller))
        self.say(invite, 180)
        self.say(invite, 200, self.offer(self.callee))
        self.ask(self.caller, 'ACK')
        return invite

    def down(self, who=None, tag=None):
        """BYE and 200."""
        self.say(self.ask(who or self.caller, 'BYE', tag=tag), 200)

    def repeat(self, last=0):
        """Every message so far once more, or the last of them: the same bytes."""
        for step in self.steps[-last:]:
            step.again()
