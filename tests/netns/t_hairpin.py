#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Inside phones that speak to each other without a proxy between them."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import gateway
import net
import sip
from tap import check, equal, run_all
from ua import Call, Proxy, Ua

SERVER = (net.S1, 5060)


def phones(network, registrar=None):
    """Both registered: alice, bob, the registrar, and where the world finds each of them."""
    alice, bob = Ua(network, 'p1', 'alice'), Ua(network, 'p2', 'bob')
    registrar = registrar or Proxy(network, 's1')
    for phone in (alice, bob):
        registrar.register(phone)
    return alice, bob, registrar, {u: sip.hostport(c) for u, c in registrar.contacts.items()}


def no_private(call, *messages):
    for message in messages:
        check(b'10.0.0.' not in message.data.replace(call.call_id.encode(), b''),
              f'a private address of the other: {message.data!r}')


def closed(network, call):
    """Both directions, by a marker between the phones' network and the outside."""
    for sender, to, receiver in ((call.callee, call.to_caller, call.caller),
                                 (call.caller, call.to_callee, call.callee)):
        check(network.closes(sender.rtp, to, receiver.rtp, 'p1', 's1'),
              f'two seconds after the call audio of {sender.name} still passes')


def check_direct(network, call, contacts):
    """Each reads the other's public addresses, and itself as it wrote itself."""
    caller, callee = call.caller, call.callee
    equal(call.source, contacts[caller.name], 'where the INVITE comes from')
    equal(call.invite.uri, callee.uri, 'the Request-URI at the callee')
    gateway.check_outside(call.invite, contacts[caller.name], network.public)
    equal(call.ok.contact, contacts[callee.name], 'the Contact in the 200')
    equal(call.ok.media[0], network.public, 'c= in the answer')
    equal(sip.sent_by(call.ok['Via']), caller.socket.getsockname(), 'Via in the 200')
    call.check_audio()


def call_direct(network, ends):
    """INVITE to the public contact, media both ways; closed by BYE of this end."""
    alice, bob, _, contacts = phones(network)
    to = contacts['bob']
    call = Call(alice, bob, f'sip:bob@{to[0]}:{to[1]}', to).start()
    check_direct(network, call, contacts)
    call.hang_up(getattr(call, ends))
    closed(network, call)
    check(all(d['state'] == 'terminated' for d in gateway.ctl('dialog', 'list')),
          f'a dialog is left: {gateway.ctl("dialog", "list")}')


def test_direct():
    """a phone calls another's public contact, the caller ends it"""
    with net.Net() as network:
        call_direct(network, 'caller')


def test_direct_callee_ends():
    """the same, behind SNAT, and the callee ends it"""
    with net.Net('snat') as network:
        call_direct(network, 'callee')


def test_redirected():
    """the proxy redirects the call to the other phone's public contact (302)"""
    with net.Net() as network:
        alice, bob, proxy, contacts = phones(network)
        server = Ua.__new__(Ua)
        server.network, server.ns, server.name, server.socket = network, 's1', 'proxy', proxy.socket
        server.address, server.port = SERVER
        first = Call(alice, server, f'sip:bob@{net.S1}', SERVER).begin()
        to = contacts['bob']
        target = f'sip:bob@{to[0]}:{to[1]}'
        first.respond(first.invite, first.source, 302, 'Moved Temporarily', contact=False,
                      headers=[('Contact', f'<{target}>')])
        moved, _ = alice.expect(302)
        equal(moved['Contact'], f'<{target}>', 'the Contact of the 302')
        branch = first.sent['Via'].partition('branch=z9hG4bK')[2].partition(';')[0]
        alice.send(alice.request('ACK', first.uri, to=moved['To'], call_id=first.call_id,
                                 from_tag=first.from_tag, branch=branch, contact=False), SERVER)
        server.expect('ACK')
        call = Call(alice, bob, target, to, cseq=2)
        # The same call, with a higher number (RFC 3261 8.1.3.4).
        call.call_id, call.from_tag = first.call_id, first.from_tag
        call.start()
        check_direct(network, call, contacts)
        call.hang_up(bob)
        closed(network, call)


def test_refused():
    """what the other phone refuses or the caller cancels is closed as well"""
    with net.Net() as network:
        alice, bob, _, contacts = phones(network)
        to = contacts['bob']
        uri = f'sip:bob@{to[0]}:{to[1]}'
        Call(alice, bob, uri, to).ring().fail(486, 'Busy Here')
        Call(alice, bob, uri, to).ring().cancel()
        check(not gateway.bindings('media'), f'left open: {gateway.bindings("media")}')


def test_flow_ends():
    """after a long silence the callee can still send BYE to the caller's public contact"""
    with net.Net() as network:
        alice, bob, _, contacts = phones(network)
        to = contacts['bob']
        call = Call(alice, bob, f'sip:bob@{to[0]}:{to[1]}', to).start()
        call.check_audio()
        gateway.forget()
        network.barrier('p1', 's1')
        call.hang_up(bob)
        closed(network, call)


class Leaving(Proxy):
    """A proxy that does not record-route: only the first transaction passes it."""

    def _request(self, message, source):
        kept, self.socket = self.socket, Unrouted(self.socket)
        try:
            super()._request(message, source)
        finally:
            self.socket = kept


class Unrouted:
    """A socket that leaves Record-Route out."""

    def __init__(self, socket):
        self.socket = socket

    def sendto(self, data, to):
        lines = data.split(b'\r\n')
        self.socket.sendto(b'\r\n'.join(l for l in lines if not l.startswith(b'Record-Route')), to)


def proxied(network):
    """A call by a proxy that is then left out: its ACK goes directly."""
    alice, bob, proxy, contacts = phones(network, Leaving(network, 's1'))
    call = Call(alice, bob, f'sip:bob@{net.S1}', SERVER, proxy).ring()
    call.respond(call.invite, call.source, 200, 'OK', body=bob.offer())
    call.ok, _ = alice.expect(200)
    equal(call.ok.contact, contacts['bob'], 'the Contact in the 200')
    call.proxy = None
    call.in_dialog(alice, 'ACK', cseq=1)
    ack, source = bob.expect('ACK')
    equal(source, contacts['alice'], 'where the ACK comes from')
    equal(ack.uri, bob.uri, 'the Request-URI of the ACK')
    call.check_audio()
    return call


def test_proxy_leaves():
    """a proxy without Record-Route: ACK and BYE go directly between the phones"""
    with net.Net() as network:
        call = proxied(network)
        call.hang_up()
        closed(network, call)
        check(not gateway.bindings('media'), f'left open: {gateway.bindings("media")}')


def test_proxy_leaves_callee_ends():
    """and the BYE of the callee likewise"""
    with net.Net() as network:
        call = proxied(network)
        call.hang_up(call.callee)
        closed(network, call)
        check(not gateway.bindings('media'), f'left open: {gateway.bindings("media")}')


def test_proxy_leaves_hold():
    """a re-INVITE goes directly, and the call has its media afterwards"""
    with net.Net() as network:
        call = proxied(network)
        call.in_dialog(call.callee, 'INVITE', body=call.callee.offer())
        again, source = call.caller.expect('INVITE')
        call.respond(again, source, 200, 'OK', who=call.caller, body=call.caller.offer())
        answer, _ = call.callee.expect(200)
        call.in_dialog(call.callee, 'ACK', cseq=call.cseq)
        call.caller.expect('ACK')
        # Who offered reads the answer, who answered the offer.
        call.ok.body, call.invite.body = again.body, answer.body
        call.check_audio()
        call.hang_up()
        closed(network, call)
        check(not gateway.bindings('media'), f'left open: {gateway.bindings("media")}')


def test_proxy_leaves_late_offer():
    """an INVITE without an offer: the answer is in the ACK, which goes directly"""
    with net.Net() as network:
        alice, bob, proxy, _ = phones(network, Leaving(network, 's1'))
        offer, alice.offer = alice.offer, lambda: b''
        call = Call(alice, bob, f'sip:bob@{net.S1}', SERVER, proxy).ring()
        call.respond(call.invite, call.source, 200, 'OK', body=bob.offer())
        call.ok, _ = alice.expect(200)
        call.proxy = None
        call.in_dialog(alice, 'ACK', cseq=1, body=offer())
        ack, _ = bob.expect('ACK')
        call.invite.body = ack.body
        call.check_audio()
        call.hang_up(bob)
        closed(network, call)
        check(not gateway.bindings('media'), f'left open: {gateway.bindings("media")}')


def third_phone(network):
    """A phone that is registered elsewhere, and its public contact."""
    gateway.ip('addr add 10.0.0.13/24 dev eth0', 'p1')
    phone = Ua(network, 'p1', 'carol', address='10.0.0.13')
    registrar = Proxy(network, 's2')
    registrar.register(phone)
    return phone, sip.hostport(registrar.contacts['carol'])


def test_stranger_bye():
    """another phone that knows the tags of such a call does not end it"""
    with net.Net() as network:
        call = proxied(network)
        # It is a phone, which may call the others, but this is no call of its own.
        third, _ = third_phone(network)
        bye = sip.Message(call.within(call.caller, 'BYE')[0])
        data = bye.data.replace(bye['Via'].encode(), third.via().encode())
        third.send(data, call.ok.contact)
        call.callee.answer(*call.callee.expect('BYE'), contact=False)
        third.expect(200)
        call.check_audio()
        check(gateway.bindings('media'), 'the media are closed')


def test_shared_port():
    """a phone whose public port another has at another registrar: both can call, and the right one is called"""
    with net.Net() as network:
        alice, bob, _, contacts = phones(network)
        carol, outer = third_phone(network)
        equal(outer, contacts['alice'], 'the public port of both')
        to = contacts['bob']
        for caller in (alice, carol):
            call = Call(caller, bob, f'sip:bob@{to[0]}:{to[1]}', to).start()
            gateway.check_outside(call.invite, call.source, network.public)
            call.check_audio()
            call.hang_up(bob)
            closed(network, call)
        call = Call(bob, alice, f'sip:alice@{outer[0]}:{outer[1]}', outer).start()
        call.check_audio()
        check(not net.drain(carol.socket), 'the other phone got something')
        call.hang_up()
        closed(network, call)


def test_others_stay_out():
    """strangers outside, and inside hosts that are no phones, do not reach a phone's contact"""
    with net.Net() as network:
        alice, bob, _, contacts = phones(network)
        before = gateway.counter('strangers')
        for ns, outer in (('s2', 's2'), ('p1', 's1')):
            host = network.udp(ns, 5062)
            data = alice.request('OPTIONS', 'sip:bob@example.com')
            check(network.absent(host, contacts['bob'], bob.socket, 'p1', outer, data),
                  f'a host in {ns} reaches the phone')
        equal(gateway.counter('strangers') - before, 2, 'strangers counted')


def private(network, callee, address):
    """A call by private addresses, byte-identical."""
    alice = Ua(network, 'p1', 'alice')
    before = gateway.ctl('stats')
    call = Call(alice, callee, f'sip:bob@{address}', (address, 5060)).start()
    equal(call.invite.data, call.sent.data, 'the INVITE')
    equal(call.ok.body, callee.offer(), 'the answer')
    call.check_audio()
    call.hang_up(callee)
    return before


def test_private_switched():
    """phones of one LAN that call each other by their private addresses do not pass us"""
    with net.Net() as network:
        before = private(network, Ua(network, 'p2', 'bob'), net.P2)
        equal(gateway.counter('messages'), before['messages'], 'messages inspected')


def test_private_routed():
    """phones of two LANs without NAT between them: byte-identical, with media"""
    with net.Net() as network:
        gateway.ip('''link set p2 nomaster
                      addr add 10.0.1.1/24 dev p2''')
        gateway.ip(f'''addr del {net.P2}/24 dev eth0
                       addr add 10.0.1.12/24 dev eth0
                       route add default via 10.0.1.1''', 'p2')
        gateway.nft('insert rule inet filter gate iifname p2 ct state new accept')
        before = private(network, Ua(network, 'p2', 'bob', address='10.0.1.12'), '10.0.1.12')
        equal(gateway.counter('messages') - before['messages'], 6, 'messages inspected')
        equal(gateway.counter('translated'), before['translated'], 'messages translated')


run_all(globals())
