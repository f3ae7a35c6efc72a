#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Registrations: what the registrar learns, and that it can call back for as long as it granted."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import gateway
import net
import sip
from tap import check, equal, run_all
from ua import Call, Ua

SERVER = (net.S1, 5060)
kept = net.Kept()
CHALLENGE = 'Digest realm="example.com", nonce="4cea1", algorithm=MD5'
CREDENTIALS = (f'Digest username="alice", realm="example.com", nonce="4cea1", '
               f'uri="sip:{net.S1}", response="0123456789abcdef0123456789abcdef"')


class Registration:
    """An account of a phone, with a registration that it renews."""

    def __init__(self, phone, server, user='alice', domain=net.S1):
        self.phone, self.server, self.user, self.domain = phone, server, user, domain
        self.call_id, self.cseq, self.from_tag = f'{sip.serial()}@{phone.address}', 0, 'reg'

    @property
    def uri(self):
        return f'sip:{self.user}@{self.phone.address}:{self.phone.port}'

    def request(self, expires=None, headers=(), contacts=None):
        """Send one; how it arrived. `contacts` are values of Contact."""
        self.cseq += 1
        if contacts is None:
            contacts = [f'<{self.uri}>']
        fields = [('Contact', value) for value in contacts]
        if expires is not None:
            fields.append(('Expires', str(expires)))
        self.phone.send(self.phone.request(
            'REGISTER', f'sip:{self.domain}', to=f'<sip:{self.user}@{self.domain}>',
            call_id=self.call_id, cseq=self.cseq, from_tag=self.from_tag, contact=False,
            headers=[*fields, *headers]), (self.server.address, self.server.port))
        return self.server.expect('REGISTER')

    def answer(self, seen, source, contacts=(), status=200, reason='OK', headers=()):
        """Let the registrar answer with a list; the answer as the phone saw it."""
        self.server.answer(seen, source, status, reason, contact=False,
                           headers=[*(('Contact', c) for c in contacts), *headers])
        return self.phone.expect(status)[0]

    def challenge(self, expires):
        """REGISTER, 401."""
        seen, source = self.request(expires)
        got = self.answer(seen, source, (), 401, 'Unauthorized', [('WWW-Authenticate', CHALLENGE)])
        equal(got['WWW-Authenticate'], CHALLENGE, 'WWW-Authenticate')

    def grant(self, expires):
        """REGISTER with credentials, 200; both as the other side saw them."""
        seen, source = self.request(expires, [('Authorization', CREDENTIALS)])
        equal(seen['Authorization'], CREDENTIALS, 'Authorization')
        contacts = [f'{seen["Contact"]};expires={expires}'] if expires else []
        return seen, self.answer(seen, source, contacts), source

    def register(self, expires=600):
        self.challenge(expires)
        return self.grant(expires)


def pair(network):
    return Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)


def of(message):
    """The URI in its Contact."""
    return message['Contact'].partition('>')[0].strip('<')


def forget(network):
    """What a long silence does: no flow is left."""
    gateway.forget()
    network.barrier('p1', 's1')


def calls(network, server, phone, uri):
    """The Request-URI of what a server sends to a contact, as the phone sees it; '' if it does not."""
    server.send(server.request('OPTIONS', uri), sip.hostport(uri))
    network.barrier(phone.ns, server.ns)
    return ''.join(sip.Message(data).uri for data in net.drain(phone.socket))


def check_calls(network, server, phone, uri, wanted, when):
    """No flow helps: only what was registered does."""
    forget(network)
    equal(calls(network, server, phone, uri), wanted, f'the call in {when}')


def check_closed(network, server, phone, seen):
    """Within two seconds, be the flow still there."""
    check(network.closes(server.socket, seen.contact, phone.socket, phone.ns, server.ns),
          'two seconds later the server still gets through to the phone')
    check_calls(network, server, phone, of(seen), '', 'after two seconds')


def test_contact():
    """the registrar learns the public contact, the phone gets its own back"""
    with kept as network:
        phone, server = pair(network)
        seen, got, source = Registration(phone, server).register()
        equal(seen.contact, source, 'the Contact at the registrar')
        equal(got['Contact'], f'<{phone.uri}>;expires=600', 'the Contact at the phone')


def test_call_in():
    """a call from the registrar gets through when no flow is left, audio both ways"""
    with kept as network:
        phone, server = pair(network)
        seen, _, _ = Registration(phone, server).register()
        forget(network)
        call = Call(server, phone, seen['Contact'].strip('<>'), seen.contact).start()
        equal(call.invite.uri, phone.uri, 'the Request-URI')
        equal(call.invite.body, server.offer(), 'the offer, which names the server')
        equal(call.ok.contact, seen.contact, 'Contact in the answer')
        equal(call.to_callee[0], network.public, 'c= in the answer')
        check(call.audio_to_callee(), 'the phone does not hear the caller')
        check(call.audio_to_caller(), 'the caller does not hear the phone')
        call.hang_up()
        check(network.closes(server.rtp, call.to_callee, phone.rtp, 'p1', 's1'),
              'two seconds after the call its audio still passes')


def test_same_contact():
    """a renewed registration keeps its public contact, also when no flow is left"""
    with kept as network:
        phone, server = pair(network)
        registration = Registration(phone, server)
        first, _, _ = registration.register()
        second, _, _ = registration.grant(600)
        equal(second['Contact'], first['Contact'], 'the Contact after a renewal')
        forget(network)
        third, _, _ = registration.grant(600)
        equal(third['Contact'], first['Contact'], 'the Contact after a renewal without a flow')


def test_no_gap():
    """while a renewal is challenged or refused, a call still gets in"""
    with kept as network:
        phone, server = pair(network)
        registration = Registration(phone, server)
        seen, _, _ = registration.register()
        uri = of(seen)
        for status, reason in ((401, 'Unauthorized'), (407, 'Proxy Authentication Required'),
                               (423, 'Interval Too Brief'), (403, 'Forbidden'), (503, 'Busy')):
            request, source = registration.request(600)
            check_calls(network, server, phone, uri, phone.uri, f'before the {status}')
            registration.answer(request, source, (), status, reason, [('Min-Expires', '900')])
            check_calls(network, server, phone, uri, phone.uri, f'after the {status}')
        equal(registration.grant(900)[0]['Contact'], seen['Contact'], 'the Contact after all that')
        check_calls(network, server, phone, uri, phone.uri, 'after the renewal')


def test_times():
    """a contact is granted for its own time, else for that of Expires, else for an hour"""
    with kept as network:
        phone, server = pair(network)
        registration = Registration(phone, server)
        for parameter, expires, wanted in ((';expires=70', '900', 70), ('', '900', 900),
                                           (';q=0.5;EXPIRES=100;x="expires=5"', None, 100), ('', None, 3600)):
            seen, source = registration.request(1800)
            registration.answer(seen, source, [f'<sip:x@192.0.2.9>;expires=9, <{of(seen)}>{parameter}'],
                                headers=[('Expires', expires)] if expires else [])
            shown = gateway.ctl('registration', 'list')
            equal([r['expires'] for r in shown], [wanted], f'the time by {parameter!r} and {expires}')
            check(wanted - 30 < shown[0]['expires_in'] <= wanted, f'{shown[0]["expires_in"]} s are left')


def test_no_list():
    """a registrar that answers without any Contact grants what was asked for"""
    with kept as network:
        phone, server = pair(network)
        registration = Registration(phone, server)
        seen, source = registration.request(500)
        registration.answer(seen, source)
        equal([r['expires'] for r in gateway.ctl('registration', 'list')], [500], 'the time')
        check_calls(network, server, phone, of(seen), phone.uri, 'after a 200 without Contact')
        seen, source = registration.request(0)
        registration.answer(seen, source)
        check_closed(network, server, phone, seen)


def test_not_granted():
    """a registration that was refused opens nothing"""
    with kept as network:
        phone, server = pair(network)
        registration = Registration(phone, server)
        seen, source = registration.request(600)
        registration.answer(seen, source, (), 403, 'Forbidden')
        check_calls(network, server, phone, of(seen), '', 'after a 403')


def unregister(network, expires, contacts):
    phone, server = pair(network)
    registration = Registration(phone, server)
    seen, _, _ = registration.register()
    request, source = registration.request(expires, contacts=contacts)
    registration.answer(request, source, (), 401, 'Unauthorized')
    check_calls(network, server, phone, of(seen), phone.uri, 'while un-registration is challenged')
    request, source = registration.request(expires, contacts=contacts)
    registration.answer(request, source)
    check_closed(network, server, phone, seen)
    equal(gateway.ctl('registration', 'list'), [], 'the registrations')


def test_unregister():
    """Expires: 0 ends it within two seconds, be the flow still there; the challenge before does not"""
    with kept as network:
        unregister(network, 0, None)


def test_unregister_contact():
    """expires=0 at the contact ends it"""
    with kept as network:
        unregister(network, 600, [f'<sip:alice@{net.P1}:5060>;expires=0'])


def test_unregister_all():
    """Contact: * ends it"""
    with kept as network:
        unregister(network, 0, ['*'])


def test_register_again():
    """a phone that removes all and registers anew, as after a start, is called from then on"""
    with kept as network:
        phone, server = pair(network)
        registration = Registration(phone, server)
        registration.register()
        request, source = registration.request(0, contacts=['*'])
        registration.answer(request, source)
        seen, _, _ = registration.register()
        end = time.monotonic() + net.WAIT
        while gateway.flows('dport=5060', f'src={net.P1}'):
            check(time.monotonic() < end, 'the flow of the old registration does not end')
            time.sleep(0.1)  # until conntrack has no time left for it
        equal(calls(network, server, phone, of(seen)), phone.uri, 'the call in')
        again, _, _ = registration.grant(600)
        equal(again['Contact'], seen['Contact'], 'the Contact later')


def test_unregister_keeps_calls():
    """un-registration does not cut the call that is going on"""
    with kept as network:
        phone, server = pair(network)
        registration = Registration(phone, server)
        seen, _, _ = registration.register()
        call = Call(server, phone, of(seen), seen.contact).start()
        registration.grant(0)
        call.check_audio()
        forget(network)
        call.in_dialog(server, 'INFO')
        phone.expect('INFO')
        call.hang_up()


def test_foreign_contacts():
    """contacts of other hosts pass as they are, both ways, and open nothing"""
    foreign = ['<sip:alice@198.51.100.7:5070;line=1>;q=0.1', f'"P2" <sip:alice@{net.P2}:5060>;expires=60',
               '<sip:alice@phone.example.com>', '<tel:+12015550123>', '<sip:alice@[2001:db8::7]:5060>']
    with kept as network:
        phone, server = pair(network)
        other = network.udp('p2', 5060)
        registration = Registration(phone, server)
        own = f'<{registration.uri}>'
        seen, source = registration.request(600, contacts=[foreign[0], own, ', '.join(foreign[1:])])
        equal(seen.all('Contact'), [foreign[0], f'<sip:alice@{net.WAN}:5060>', ', '.join(foreign[1:])],
              'the contacts at the registrar')
        got = registration.answer(seen, source, [*foreign[:2], f'<{of_own(seen)}>;expires=60', *foreign[2:]])
        equal(got.all('Contact'), [*foreign[:2], f'{own};expires=60', *foreign[2:]], 'the list at the phone')
        equal([r['contact'] for r in gateway.ctl('registration', 'list')], [registration.uri],
              'what is followed')
        forget(network)
        check(network.absent(server.socket, (net.WAN, 5070), other, 'p2', 's1'), 'P2 is reached')


def of_own(message):
    """Our own of several contacts."""
    return next(c for c in message.all('Contact') if f'@{net.WAN}' in c).strip('<>')


def test_accounts():
    """two accounts of a phone share its port; one un-registers, the other is still called"""
    with kept as network:
        phone, server = pair(network)
        one, two = Registration(phone, server), Registration(phone, server, 'office')
        seen = [r.register()[0] for r in (one, two)]
        equal(len(gateway.bindings('signalling')), 1, 'how many bindings there are')
        one.grant(0)
        check_calls(network, server, phone, of(seen[1]), two.uri, 'to the other account')
        two.grant(0)
        check_closed(network, server, phone, seen[1])


def test_domains():
    """nor is an account lost with another of the same name at another domain"""
    with kept as network:
        phone, server = pair(network)
        one = Registration(phone, server, domain='a.example.com')
        two = Registration(phone, server, domain='b.example.com')
        seen = [r.register()[0] for r in (one, two)]
        equal(len(gateway.ctl('registration', 'list')), 2, 'how many registrations there are')
        one.grant(0)
        check_calls(network, server, phone, of(seen[1]), two.uri, 'to the other account')
        two.grant(0)
        check_closed(network, server, phone, seen[1])


def test_several_contacts():
    """several contacts of one REGISTER are called each at its port, and end each on its own"""
    with kept as network:
        phone, server = pair(network)
        second = network.udp('p1', 5064)
        registration = Registration(phone, server)
        own = [f'<sip:alice@{net.P1}:5060>', f'<sip:alice@{net.P1}:5064>']
        seen, source = registration.request(600, contacts=[', '.join(own)])
        uris = [c.strip(' <>') for c in seen['Contact'].split(',')]
        check(f'@{net.P1}' not in seen['Contact'], f'the registrar sees {seen["Contact"]}')
        got = registration.answer(seen, source, [f'<{u}>;expires=600' for u in uris])
        equal(got.all('Contact'), [f'{c};expires=600' for c in own], 'the list at the phone')
        check_calls(network, server, phone, uris[0], own[0].strip('<>'), 'to the first')
        server.send(server.request('OPTIONS', uris[1]), sip.hostport(uris[1]))
        data, _ = net.receive(second)
        check(data, 'the call to the second contact does not arrive')
        equal(sip.Message(data).uri, own[1].strip('<>'), 'the call to the second')
        seen, source = registration.request(600, contacts=[own[0], own[1] + ';expires=0'])
        registration.answer(seen, source, [f'<{uris[0]}>;expires=600'])
        forget(network)
        check(network.absent(server.socket, sip.hostport(uris[1]), second, 'p1', 's1'),
              'the contact that was removed is still called')
        check_calls(network, server, phone, uris[0], own[0].strip('<>'), 'to the first one still')


def test_two_phones():
    """two phones of one user, with equal ports: each is called, and sees the other as it is outside"""
    with kept as network:
        phones, server = [Ua(network, ns, 'alice') for ns in ('p1', 'p2')], Ua(network, 's1', 'carol', rtp=30000)
        one, two = [Registration(phone, server) for phone in phones]
        first, source = one.request(600)
        one.answer(first, source, [f'<{of(first)}>;expires=600'])
        second, source = two.request(600)
        check(first.contact != second.contact, f'both have the Contact {first["Contact"]}')
        both = [f'<{of(m)}>;expires=600' for m in (first, second)]
        got = two.answer(second, source, both)
        equal(got.all('Contact'), [both[0], f'<{two.uri}>;expires=600'], 'the list at the second phone')
        for seen, phone in ((first, phones[0]), (second, phones[1])):
            check_calls(network, server, phone, of(seen), phone.uri, f'to {phone.ns}')
        seen, source = one.request(0)
        got = one.answer(seen, source, both[1:])
        equal(got.all('Contact'), both[1:], 'the list at the phone that has left')
        check_closed(network, server, phones[0], first)
        check_calls(network, server, phones[1], of(second), phones[1].uri, 'to the phone that stays')


def test_other_port():
    """a registrar that answers from another of its ports has granted"""
    with kept as network:
        phone, server = pair(network)
        registration = Registration(phone, server)
        seen, source = registration.request(600)
        own, server.socket = server.socket, network.udp('s1', 5080)
        registration.answer(seen, source, [f'<{of(seen)}>;expires=600'])
        server.socket = own
        equal([r['state'] for r in gateway.ctl('registration', 'list')], ['granted'], 'the registration')
        check_calls(network, server, phone, of(seen), phone.uri, 'later')


def test_other_host():
    """an answer of another host is kept out, counted as a stranger's, and grants nothing"""
    with kept as network:
        phone, server = pair(network)
        stranger = Ua(network, 's2', 'mallory', rtp=30000)
        registration = Registration(phone, server)
        seen, source = registration.request(600)
        before = gateway.counter('strangers')
        stranger.answer(seen, source, contact=False, headers=[('Contact', f'<{of(seen)}>;expires=600')])
        check(phone.quiet('p1', 's2'), 'it gets through')
        equal(gateway.counter('strangers') - before, 1, 'how many strangers were counted')
        equal([r['state'] for r in gateway.ctl('registration', 'list')], ['asked'], 'the registration')
        registration.answer(seen, source, [f'<{of(seen)}>;expires=600'])
        check_calls(network, server, phone, of(seen), phone.uri, 'after the answer of the registrar')


def test_only_registrar():
    """a stranger does not get in by a registration's contact, and is counted"""
    with kept as network:
        phone, server = pair(network)
        seen, _, _ = Registration(phone, server).register()
        stranger = Ua(network, 's2', 'mallory', rtp=30000)
        before = gateway.counter('strangers')
        for method in ('INVITE', 'OPTIONS', 'REGISTER', 'NOTIFY'):
            stranger.send(stranger.request(method, of(seen), body=stranger.offer()), seen.contact)
        check(phone.quiet('p1', 's2'), 'a stranger gets through to the phone')
        # None of the datagrams has made a flow, so each of them counts.
        equal(gateway.counter('strangers') - before, 4, 'how many strangers were counted')


def test_related():
    """a call from the registrar without a flow is related to the registration, for any ruleset"""
    with kept as network:
        phone, server = pair(network)
        seen, _, _ = Registration(phone, server).register()
        forget(network)
        gateway.nft('insert rule inet filter forward iifname wan udp dport 5060 ct state related counter accept')
        server.send(server.request('OPTIONS', of(seen)), seen.contact)
        phone.expect('OPTIONS')
        check('packets 1 ' in net.run('gw', 'nft', 'list', 'chain', 'inet', 'filter', 'forward'),
              'it came, but was not related')


def test_kept():
    """GRUU, outbound, instance, Path, Service-Route, P-Associated-URI: kept as the two ends wrote them"""
    instance = '+sip.instance="<urn:uuid:00000000-0000-1000-8000-000A95A0E128>"'
    with kept as network:
        phone, server = pair(network)
        registration = Registration(phone, server)
        own = f'<{registration.uri};transport=udp;ob>;reg-id=1;{instance};audio;methods="INVITE,BYE"'
        more = [('Supported', 'path, outbound, gruu'), ('Require', 'gruu'),
                ('Path', '<sip:edge.example.com;lr;ob>, <sip:VskztcQ/S8p4WPbOnHbuyh5iJvJIW3ib@198.51.100.3;lr>')]
        seen, source = registration.request(600, more, [own])
        equal(seen['Contact'], own.replace(f'{net.P1}:5060', f'{source[0]}:{source[1]}'), 'Contact')
        for name, value in more:
            equal(seen[name], value, name)
        gruu = (f';pub-gruu="sip:alice@example.com;gr=urn:uuid:f81d4fae@{net.WAN}"'
                f';temp-gruu="sip:tgruu.7hs==jd7vnzga5w7fajsc7-ajd6fabz0f8g5@{net.WAN}:5060;gr"')
        told = [('Require', 'outbound'), ('Service-Route', f'<sip:{net.S1};lr>, <sip:home.example.com;lr>'),
                ('P-Associated-URI', '<sip:alice@example.com>, <tel:+12015550123>'), more[2],
                ('Flow-Timer', '120')]
        listed = seen['Contact'].replace(';reg-id=1', ';reg-id=1;expires=600') + gruu
        got = registration.answer(seen, source, [listed], headers=told)
        equal(got['Contact'], own.replace(';reg-id=1', ';reg-id=1;expires=600') + gruu, 'the list')
        for name, value in told:
            equal(got[name], value, name)
        check_calls(network, server, phone, of(seen), f'{registration.uri};transport=udp;ob', 'to the contact')


def test_hijack():
    """*, Expires 0 and a foreign address of record from another inside host end nothing of the phone's"""
    with kept as network:
        phone, server = pair(network)
        thief = Registration(Ua(network, 'p2', 'mallory'), server)
        seen, _, _ = Registration(phone, server).register()
        for expires, contacts in ((0, ['*']), (0, None), (600, [f'<sip:alice@{net.P1}:5060>;expires=0']),
                                  (0, [f'<{of(seen)}>']), (0, [f'<sip:alice@{net.P1}:5060>']),
                                  (600, [f'<sip:alice@{net.P1}:5060>', f'<{of(seen)}>'])):
            request, source = thief.request(expires, contacts=contacts)
            # A registrar that believes it: the worst case.
            thief.answer(request, source)
            check_calls(network, server, phone, of(seen), phone.uri, f'after {contacts} from another host')
        equal([r['inner_addr'] for r in gateway.ctl('registration', 'list') if r['state'] == 'granted'],
              [net.P1], 'who is registered')


def test_forged_removal():
    """answers that say that the phone is gone, from elsewhere or to no request, end nothing"""
    with net.Net('dnat') as network:
        phone, server = pair(network)
        stranger = Ua(network, 's2', 'mallory', rtp=30000)
        registration = Registration(phone, server)
        seen, _, source = registration.register()
        registration.cseq += 1
        request, source = registration.request(600)
        for who, forged in ((stranger, request.data), (server, seen.data),
                            (server, request.data.replace(b'CSeq: 4 ', b'CSeq: 9 ')),
                            (server, request.data.replace(b'Call-ID: ', b'Call-ID: x'))):
            check(forged != request.data or who is stranger, 'this is not forged at all')
            who.answer(sip.Message(forged), source, contact=False)
            phone.expect(200)
            equal([r['state'] for r in gateway.ctl('registration', 'list')], ['granted'], 'the registration')
        registration.answer(request, source, [f'<{of(seen)}>;expires=600'])


def test_path():
    """a proxy of the inside that stands in Path is called for its phones as long as one is registered"""
    with kept as network:
        proxy, server = pair(network)
        registration = Registration(proxy, server)
        phone, path = f'sip:alice@{net.P2}:5064', f'<sip:edge@{net.P1}:5060;lr;x=1>'

        def register(expires, listed):
            seen, source = registration.request(expires, [('Supported', 'path'), ('Path', path)], [f'<{phone}>'])
            got = registration.answer(seen, source, listed, headers=[('Path', seen['Path'])])
            equal(got['Path'], path, 'Path in the answer')
            return seen

        seen = register(600, [f'<{phone}>;expires=600'])
        equal(seen['Contact'], f'<{phone}>', 'the Contact, which is not the proxy')
        outer = sip.hostport(seen['Path'])
        equal(outer, (net.WAN, 5060), 'Path')
        forget(network)
        server.send(server.request('OPTIONS', phone, headers=[('Route', seen['Path'])]), outer)
        got, _ = proxy.expect('OPTIONS')
        equal(got['Route'], path, 'Route in the call')
        equal(got.uri, phone, 'the Request-URI of the call')
        # Another of its phones has the same user, and stays.
        register(0, [f'<sip:alice@{net.P2}:5066>;expires=300'])
        forget(network)
        server.send(server.request('OPTIONS', phone), outer)
        proxy.expect('OPTIONS')
        register(0, [])
        check(network.closes(server.socket, outer, proxy.socket, 'p1', 's1'), 'it is still called when none is left')


def test_new_port():
    """a phone that moves to another port has a new contact; the old one stays until it is removed"""
    with kept as network:
        phone, server = pair(network)
        old = Registration(phone, server)
        before, _, _ = old.register()
        moved = Ua(network, 'p1', 'alice', port=5066, rtp=40010)
        new = Registration(moved, server)
        after, _, _ = new.register()
        check(after.contact != before.contact, 'the new contact is the old one')
        check_calls(network, server, moved, of(after), moved.uri, 'to the new port')
        check_calls(network, server, phone, of(before), phone.uri, 'to the old port')
        request, source = new.request(600, contacts=[f'<{new.uri}>', f'<{old.uri}>;expires=0'])
        equal(request.all('Contact'), [after['Contact'], f'{before["Contact"]};expires=0'],
              'the contacts at the registrar')
        new.answer(request, source, [f'{after["Contact"]};expires=600'])
        check_calls(network, server, moved, of(after), moved.uri, 'to the new port')
        check_calls(network, server, phone, of(before), '', 'to the old port, which was removed')


try:
    run_all(globals())
finally:
    kept.close()
