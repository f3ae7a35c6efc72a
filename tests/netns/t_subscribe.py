#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Subscriptions, transfers and single messages: who may notify, for how long, and what is left as it is."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import gateway
import net
import sip
from tap import check, equal, run_all
from ua import Call, Ua

kept = net.Kept()
SERVER = (net.S1, 5060)
# Of a body that is no session description, nothing is ours.
PIDF = (b'<?xml version="1.0"?>\r\n<presence entity="sip:alice@10.0.0.11:5060">\r\n'
        b'<contact>sip:alice@10.0.0.11:5060</contact><x>sip:alice@203.0.113.1:5060</x></presence>\r\n')
LOOKS = (b'Contact: <sip:alice@10.0.0.11:5060>\r\nVia: SIP/2.0/UDP 203.0.113.1:5060\r\n\r\n'
         b'c=IN IP4 10.0.0.11\r\nm=audio 40000 RTP/AVP 0\r\n')


def trio(network):
    return (Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000),
            Ua(network, 's2', 'presence', rtp=30000))


def of(message):
    """The URI in its Contact."""
    return message['Contact'].strip('<>')


def typed(data, kind):
    """A message whose body is of another type."""
    return data.replace(b'application/sdp', kind.encode())


def states():
    return sorted(d['state'] for d in gateway.ctl('dialog', 'list'))


def forget(network, outer='s1'):
    """What a long silence does: no flow is left."""
    gateway.forget()
    network.barrier('p1', outer)


class Subscription:
    """A phone's SUBSCRIBE or REFER, and what its other end tells."""

    def __init__(self, phone, server, method='SUBSCRIBE', headers=(('Event', 'presence'),)):
        self.phone, self.server, self.method, self.headers = phone, server, method, list(headers)
        self.call_id, self.from_tag = f'{sip.serial()}@{phone.address}', f's{sip.serial()}'
        self.to_tag, self.to, self.cseq, self.notify_cseq = f'n{sip.serial()}', None, 0, 0
        self.seen = self.source = None

    def request(self, expires=600, uri=f'sip:bob@{net.S1}', to=SERVER, at=None):
        """Send it, for the first time or again; how it arrived is in `seen`."""
        self.cseq += 1
        headers = self.headers if expires is None else [*self.headers, ('Expires', str(expires))]
        self.phone.send(self.phone.request(
            self.method, uri, to=self.to, call_id=self.call_id, cseq=self.cseq,
            from_tag=self.from_tag, headers=headers), to)
        self.seen, self.source = (at or self.server).expect(self.method)
        return self

    def answer(self, status=200, reason='OK', expires=600, contact=None, headers=(), who=None):
        """Let it be answered; the answer as the phone saw it."""
        fields = [('Expires', str(expires))] if expires is not None else []
        if contact:
            fields.append(('Contact', contact))
        (who or self.server).answer(self.seen, self.source, status, reason, to_tag=self.to_tag,
                                    contact=not contact, headers=[*fields, *headers])
        got = self.phone.expect(status)[0]
        self.to = got['To']
        return got

    def notification(self, who, state, tag=None, body=PIDF, kind='application/pidf+xml'):
        """Bytes of a NOTIFY."""
        self.notify_cseq += 1
        return typed(who.request('NOTIFY', of(self.seen), to=self.seen['From'], call_id=self.call_id,
                                 cseq=self.notify_cseq, from_tag=tag or self.to_tag, body=body,
                                 headers=[('Event', 'presence'), ('Subscription-State', state)]), kind)

    def notify(self, who, state='active;expires=600', tag=None, **body):
        """NOTIFY and its 200; what the phone saw."""
        who.send(self.notification(who, state, tag, **body), self.seen.contact)
        got, source = self.phone.expect('NOTIFY')
        equal(got.uri, self.phone.uri, 'the Request-URI of NOTIFY')
        equal(got.body, body.get('body', PIDF), 'the body of NOTIFY')
        self.phone.answer(got, source)
        equal(who.expect(200)[0]['CSeq'], got['CSeq'], 'the answer to NOTIFY')
        return got

    def check_out(self, network, who, when):
        """A NOTIFY does not get in."""
        forget(network, who.ns)
        who.send(self.notification(who, 'active'), self.seen.contact)
        check(self.phone.quiet('p1', who.ns), f'{who.name} gets through to the phone {when}')


def test_notify():
    """NOTIFY reaches the phone, on the flow and when none is left; nobody else's does"""
    with kept as network:
        phone, server, other = trio(network)
        subscription = Subscription(phone, server).request()
        equal(subscription.seen.contact, subscription.source, 'the Contact at the server')
        subscription.answer()
        subscription.notify(server)
        equal([(d['method'], d['state']) for d in gateway.ctl('dialog', 'list')],
              [('SUBSCRIBE', 'confirmed')], 'what is shown')
        forget(network)
        subscription.notify(server)
        subscription.check_out(network, other, 'although nobody named it')


def test_notify_first():
    """NOTIFY that is faster than the 200 to SUBSCRIBE"""
    with kept as network:
        phone, server, _ = trio(network)
        subscription = Subscription(phone, server).request()
        forget(network)
        subscription.notify(server, 'pending')
        subscription.answer()
        subscription.notify(server)
        equal(states(), ['confirmed'], 'the dialogs')


def test_other_host():
    """the presence server that the 200 names notifies directly, and is asked directly"""
    with kept as network:
        phone, server, presence = trio(network)
        subscription = Subscription(phone, server).request()
        subscription.check_out(network, presence, 'before the 200 names it')
        got = subscription.answer(contact=f'<{presence.uri}>')
        equal(got['Contact'], f'<{presence.uri}>', 'the Contact in the 200')
        forget(network, 's2')
        subscription.notify(presence)
        subscription.request(uri=presence.uri, to=(net.S2, 5060), at=presence)
        subscription.answer(who=presence)
        forget(network, 's2')
        subscription.notify(presence)
        equal(states(), ['confirmed'], 'the dialogs')
        subscription.notify(presence, 'terminated;reason=noresource')
        subscription.check_out(network, presence, 'after it has ended the subscription')


def test_other_proxy():
    """so does the host that the 200's Record-Route names"""
    with kept as network:
        phone, server, proxy = trio(network)
        subscription = Subscription(phone, server).request()
        subscription.answer(contact='<sip:bob@client.example.com>',
                            headers=[('Record-Route', f'<sip:{net.S2};lr>')])
        forget(network, 's2')
        subscription.notify(proxy)
        subscription.notify(server)


def test_too_early():
    """a NOTIFY of an unknown host before the 200 is kept out, and counted as a stranger's"""
    with kept as network:
        phone, server, presence = trio(network)
        subscription = Subscription(phone, server).request()
        before = gateway.counter('strangers')
        subscription.check_out(network, presence, 'before the 200 names it')
        equal(gateway.counter('strangers') - before, 1, 'how many strangers were counted')
        subscription.answer(contact=f'<{presence.uri}>')
        subscription.notify(presence)


def test_times():
    """a subscription lasts as long as its 200 and its NOTIFY say, and is renewed"""
    with kept as network:
        phone, server, _ = trio(network)

        def left(low, high, what):
            shown = [d['expires_in'] for d in gateway.ctl('dialog', 'list')]
            check(len(shown) == 1 and low <= shown[0] <= high, f'{shown} s are left after {what}')

        subscription = Subscription(phone, server).request(900)
        subscription.answer(expires=900)
        left(870, 940, 'a 200 with 900')
        subscription.notify(server, 'active ;reason=x;expires=300')
        left(270, 340, 'NOTIFY with 300')
        subscription.request(7200)
        subscription.answer(expires=7200)
        left(7170, 7240, 'a renewal')
        subscription.notify(server, 'active')
        left(7160, 7240, 'NOTIFY without a time')
        # Asked again with credentials: it lives on as it was.
        subscription.request(60)
        subscription.answer(401, 'Unauthorized', None)
        left(7150, 7240, 'a 401')
        forget(network)
        subscription.notify(server)


def test_unsubscribe():
    """Expires: 0, its last NOTIFY, and it is closed"""
    with kept as network:
        phone, server, _ = trio(network)
        subscription = Subscription(phone, server).request()
        subscription.answer()
        subscription.notify(server)
        subscription.request(0)
        subscription.answer(expires=0)
        forget(network)
        subscription.notify(server, 'Terminated ;reason=timeout')
        equal(states(), ['terminated'], 'the dialogs')
        subscription.check_out(network, server, 'after the last NOTIFY')


def test_ended():
    """a notifier that ends it, refuses it or does not know it any more closes it"""
    with kept as network:
        phone, server, _ = trio(network)
        subscription = Subscription(phone, server).request()
        subscription.answer()
        subscription.notify(server, 'terminated;reason=deactivated;retry-after=5')
        subscription.check_out(network, server, 'after the last NOTIFY')
        subscription = Subscription(phone, server).request()
        subscription.answer(489, 'Bad Event', None)
        subscription.check_out(network, server, 'although it refused')
        for status, reason in ((481, 'Subscription Does Not Exist'), (489, 'Bad Event'), (404, 'Not Found')):
            subscription = Subscription(phone, server).request()
            subscription.answer()
            subscription.request()
            subscription.answer(status, reason, None)
            subscription.check_out(network, server, f'although a refresh was answered with {status}')


def test_fork():
    """a SUBSCRIBE that two take: each notifies with its tag, and ends its own"""
    with kept as network:
        phone, server, _ = trio(network)
        subscription = Subscription(phone, server).request()
        subscription.answer()
        subscription.notify(server)
        subscription.notify(server, tag='another')
        equal(states(), ['confirmed', 'confirmed'], 'the dialogs')
        subscription.notify(server, 'terminated', tag='another')
        equal(states(), ['confirmed', 'terminated'], 'the dialogs')
        forget(network)
        subscription.notify(server)
        subscription.notify(server, 'terminated')
        subscription.check_out(network, server, 'after both have ended')


def test_subscribed():
    """a registered phone is subscribed to from outside: its NOTIFY names what leads to it"""
    with kept as network:
        phone, server, _ = trio(network)
        phone.send(phone.request('REGISTER', f'sip:{net.S1}'), SERVER)
        seen, source = server.expect('REGISTER')
        server.answer(seen, source, contact=False, headers=[('Contact', f'{seen["Contact"]};expires=600')])
        phone.expect(200)
        forget(network)
        common = {'call_id': 'watched', 'from_tag': 'w'}
        server.send(server.request('SUBSCRIBE', of(seen), headers=[('Event', 'dialog'), ('Expires', '60')],
                                   **common), seen.contact)
        subscribe, source = phone.expect('SUBSCRIBE')
        equal(subscribe.uri, phone.uri, 'the Request-URI')
        phone.answer(subscribe, source, to_tag='p', headers=[('Expires', '60')])
        got, _ = server.expect(200)
        equal(got.contact, seen.contact, 'the Contact in the 200')
        phone.send(typed(phone.request(
            'NOTIFY', subscribe['Contact'].strip('<>'), to=subscribe['From'], call_id='watched', from_tag='p',
            headers=[('Event', 'dialog'), ('Subscription-State', 'active;expires=60')], body=PIDF),
            'application/dialog-info+xml'), SERVER)
        notify, source = server.expect('NOTIFY')
        equal(notify.contact, seen.contact, 'the Contact in NOTIFY')
        equal(notify.body, PIDF, 'the body')
        server.answer(notify, source)
        phone.expect(200)
        forget(network)
        server.send(server.request('SUBSCRIBE', of(got), to=got['To'], cseq=2, headers=[
            ('Event', 'dialog'), ('Expires', '0')], **common), got.contact)
        equal(phone.expect('SUBSCRIBE')[0].uri, phone.uri, 'the Request-URI of the renewal')


def test_unsolicited():
    """a registrar's NOTIFY of waiting messages, without a subscription"""
    with kept as network:
        phone, server, _ = trio(network)
        phone.send(phone.request('REGISTER', f'sip:{net.S1}'), SERVER)
        seen, source = server.expect('REGISTER')
        server.answer(seen, source, contact=False, headers=[('Contact', f'{seen["Contact"]};expires=600')])
        phone.expect(200)
        forget(network)
        body = b'Messages-Waiting: yes\r\nMessage-Account: sip:alice@203.0.113.1\r\n'
        server.send(typed(server.request(
            'NOTIFY', of(seen), headers=[('Event', 'message-summary'), ('Subscription-State', 'active')],
            body=body), 'application/simple-message-summary'), seen.contact)
        got, source = phone.expect('NOTIFY')
        equal(got.body, body, 'the body')
        phone.answer(got, source)
        server.expect(200)


SIPFRAG = {'body': b'SIP/2.0 200 OK\r\nContact: <sip:alice@203.0.113.1:5060>\r\n', 'kind': 'message/sipfrag'}


def test_refer():
    """a REFER outside of a call subscribes too; Refer-To is translated if it is the phone's own"""
    with kept as network:
        phone, server, _ = trio(network)
        refer_to = '<{}?Replaces=1%4010.0.0.11%3Bto-tag%3D1&Contact=10.0.0.11:5060>'
        referrer = Subscription(phone, server, 'REFER', [
            ('Refer-To', refer_to.format(phone.uri)), ('Referred-By', f'<sip:alice@{net.P1}>'),
            ('Target-Dialog', '9@10.0.0.11:5060;local-tag=10.0.0.11;remote-tag=2')]).request(None)
        seen = referrer.seen
        equal(seen['Refer-To'], refer_to.format(of(seen)), 'Refer-To')
        equal(seen['Referred-By'], f'<sip:alice@{net.WAN}>', 'Referred-By')
        equal(seen['Target-Dialog'], '9@10.0.0.11:5060;local-tag=10.0.0.11;remote-tag=2', 'Target-Dialog')
        referrer.answer(202, 'Accepted', None)
        referrer.notify(server, 'active;expires=60', body=b'SIP/2.0 100 Trying\r\n', kind='message/sipfrag')
        forget(network)
        referrer.notify(server, 'terminated;reason=noresource', **SIPFRAG)
        referrer.check_out(network, server, 'after the last NOTIFY')


def test_transfer():
    """a REFER within a call: the call goes on, and the last NOTIFY comes even after the BYE"""
    with kept as network:
        phone, server, _ = trio(network)
        call = Call(phone, server, f'sip:carol@{net.S1}', SERVER).start()
        call.in_dialog(phone, 'REFER', headers=[
            ('Refer-To', f'<sip:bob@192.0.2.4?Replaces={call.call_id}%3Bto-tag%3D1>'), ('Referred-By', f'<{phone.uri}>')])
        refer, source = server.expect('REFER')
        equal(refer['Refer-To'], f'<sip:bob@192.0.2.4?Replaces={call.call_id}%3Bto-tag%3D1>', 'Refer-To')
        equal(sip.hostport(refer['Referred-By']), call.invite.contact, 'Referred-By')
        server.answer(refer, source, 202, 'Accepted')
        phone.expect(202)

        def notify(cseq, state):
            data, to = call.within(server, 'NOTIFY', cseq, [('Event', 'refer'), ('Subscription-State', state)],
                                   SIPFRAG['body'])
            server.send(typed(data, 'message/sipfrag'), to)
            got, where = phone.expect('NOTIFY')
            equal(got.body, SIPFRAG['body'], 'the body of NOTIFY')
            equal(got.uri, phone.uri, 'the Request-URI of NOTIFY')
            phone.answer(got, where)
            server.expect(200)

        notify(10, 'active;expires=60')
        call.check_audio()
        call.hang_up()
        gateway.check_closed(network, call, 'p1', 's1')
        forget(network)
        notify(11, 'terminated;reason=noresource')


def test_transferred():
    """a REFER from outside that names the phone: Refer-To is its own address, others' stay"""
    with kept as network:
        phone, server, _ = trio(network)
        call = Call(phone, server, f'sip:carol@{net.S1}', SERVER).start()
        outer = of(call.invite)
        for number, (sent, wanted) in enumerate((
                (f'<{outer}>', f'<{phone.uri}>'), (f'"203.0.113.1" <{outer};x=203.0.113.1?Replaces=1%40203.0.113.1>',
                                                   f'"203.0.113.1" <{phone.uri};x=203.0.113.1?Replaces=1%40203.0.113.1>'),
                (f'<sip:bob@{net.WAN}:9>', f'<sip:bob@{net.WAN}:9>'), ('<sip:bob@example.com>', '<sip:bob@example.com>'),
                (f'<sip:dave@{net.S2}?Replaces=1@{net.WAN}>', f'<sip:dave@{net.S2}?Replaces=1@{net.WAN}>')), 20):
            call.in_dialog(server, 'REFER', cseq=number, headers=[
                ('Refer-To', sent), ('Referred-By', f'<sip:carol@{net.S1}>'),
                ('Target-Dialog', f'1@{net.WAN}:5060;local-tag=1;remote-tag=2')])
            refer, source = phone.expect('REFER')
            equal(refer['Refer-To'], wanted, 'Refer-To')
            equal(refer['Referred-By'], f'<sip:carol@{net.S1}>', 'Referred-By')
            equal(refer['Target-Dialog'], f'1@{net.WAN}:5060;local-tag=1;remote-tag=2', 'Target-Dialog')
            phone.answer(refer, source, 603, 'Decline', contact=False)
            server.expect(603)
        call.check_audio()


def exchange(sender, receiver, uri, to, method, body, kind, headers=()):
    """A request and its 200; both as the other side saw them."""
    sender.send(typed(sender.request(method, uri, body=body, headers=headers), kind), to)
    seen, source = receiver.expect(method)
    equal(seen.body, body, f'the body of {method} ({kind})')
    equal(seen['Content-Length'], str(len(body)), f'Content-Length of {method}')
    for name, value in headers:
        equal(seen[name], value, name)
    receiver.answer(seen, source, headers=[('SIP-ETag', 'dx200xyz'), ('Expires', '60')])
    got, _ = sender.expect(200)
    equal(got['SIP-ETag'], 'dx200xyz', 'SIP-ETag')
    return seen, got


def test_publish():
    """PUBLISH: entity tags and documents are left, Contact and Via are translated"""
    with kept as network:
        phone, server, _ = trio(network)
        for headers in ([('Event', 'presence'), ('Expires', '60')],
                        [('Event', 'presence'), ('SIP-If-Match', 'dx@10.0.0.11:5060')]):
            seen, _ = exchange(phone, server, f'sip:alice@{net.S1}', SERVER, 'PUBLISH', PIDF,
                               'application/pidf+xml', headers)
            equal(seen.contact, (net.WAN, 5060), 'Contact')
            equal(gateway.net_via(seen), (net.WAN, 5060), 'Via')


def test_messages():
    """bodies of MESSAGE and INFO that look like header fields or a session description, both ways"""
    with kept as network:
        phone, server, _ = trio(network)
        call = Call(phone, server, f'sip:carol@{net.S1}', SERVER).start()
        before = len(gateway.bindings())
        for kind in ('text/plain', 'application/dtmf-relay', 'message/cpim', 'application/sdp',
                     'multipart/mixed;boundary=x'):
            for method in ('MESSAGE', 'INFO'):
                exchange(phone, server, f'sip:carol@{net.S1}', SERVER, method, LOOKS, kind)
                exchange(server, phone, of(call.invite), call.invite.contact, method, LOOKS, kind)
        body = b'Signal=5\r\nDuration=160\r\n'
        for who, other, cseq in ((phone, server, None), (server, phone, 30)):
            data, to = call.within(who, 'INFO', cseq, body=body)
            who.send(typed(data, 'application/dtmf-relay'), to)
            info, source = other.expect('INFO')
            equal(info.body, body, 'the body of INFO')
            other.answer(info, source, contact=False)
            who.expect(200)
        equal(len(gateway.bindings()), before, 'how many bindings there are')
        call.check_audio()


def test_options():
    """what OPTIONS tells of the phone's abilities opens nothing"""
    with kept as network:
        phone, server, _ = trio(network)
        call = Call(phone, server, f'sip:carol@{net.S1}', SERVER).start()
        before = len(gateway.bindings())
        server.send(server.request('OPTIONS', of(call.invite)), call.invite.contact)
        request, source = phone.expect('OPTIONS')
        body = sip.sdp(net.P1, 40020)
        phone.answer(request, source, headers=[('Accept', 'application/sdp')], body=body)
        got, _ = server.expect(200)
        equal(got.body, body, 'the abilities')
        equal(got.contact, call.invite.contact, 'Contact')
        equal(len(gateway.bindings()), before, 'how many bindings there are')
        listener = network.udp('p1', 40020)
        check(network.absent(server.rtp, (net.WAN, 40020), listener, 'p1', 's1'), 'a port is open')


try:
    run_all(globals())
finally:
    kept.close()
