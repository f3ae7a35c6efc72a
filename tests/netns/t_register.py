#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Registrations: what the registrar learns, and that it can call back for as long as it granted."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import net
import sip
from tap import check, equal, run_all
from ua import Call, Ua

SERVER = (net.S1, 5060)
CHALLENGE = 'Digest realm="example.com", nonce="4cea1", algorithm=MD5'
CREDENTIALS = (f'Digest username="alice", realm="example.com", nonce="4cea1", '
               f'uri="sip:{net.S1}", response="0123456789abcdef0123456789abcdef"')


class Registration:
    """A phone with a registration that it renews."""

    def __init__(self, phone, server):
        self.phone, self.server = phone, server
        self.call_id, self.cseq, self.from_tag = f'{sip.serial()}@{phone.address}', 0, 'reg'

    def request(self, expires, headers=()):
        """Send one; how it arrived."""
        self.cseq += 1
        phone = self.phone
        phone.send(phone.request(
            'REGISTER', f'sip:{net.S1}', to=f'<sip:alice@{net.S1}>', call_id=self.call_id,
            cseq=self.cseq, from_tag=self.from_tag,
            headers=[('Expires', str(expires)), *headers]), SERVER)
        return self.server.expect('REGISTER')

    def challenge(self, expires):
        """REGISTER, 401."""
        seen, source = self.request(expires)
        self.server.answer(seen, source, 401, 'Unauthorized', contact=False,
                           headers=[('WWW-Authenticate', CHALLENGE)])
        equal(self.phone.expect(401)[0]['WWW-Authenticate'], CHALLENGE, 'WWW-Authenticate')

    def grant(self, expires):
        """REGISTER with credentials, 200; both as the other side saw them."""
        seen, source = self.request(expires, [('Authorization', CREDENTIALS)])
        equal(seen['Authorization'], CREDENTIALS, 'Authorization')
        contact = [('Contact', f'{seen["Contact"]};expires={expires}')] if expires else []
        self.server.answer(seen, source, contact=False, headers=contact)
        return seen, self.phone.expect(200)[0], source

    def register(self, expires=600):
        self.challenge(expires)
        return self.grant(expires)


def pair(network):
    return Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)


def forget(network):
    """What a long silence does: no flow is left."""
    net.run('gw', 'conntrack', '-F')
    network.barrier('p1', 's1')


def test_contact():
    """the registrar learns the public contact, the phone gets its own back"""
    with net.Net() as network:
        phone, server = pair(network)
        seen, got, source = Registration(phone, server).register()
        equal(seen.contact, source, 'the Contact at the registrar')
        equal(got['Contact'], f'<{phone.uri}>;expires=600', 'the Contact at the phone')


def test_call_in():
    """a call from the registrar gets through when no flow is left, audio both ways"""
    with net.Net() as network:
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
    with net.Net() as network:
        phone, server = pair(network)
        registration = Registration(phone, server)
        first, _, _ = registration.register()
        second, _, _ = registration.grant(600)
        equal(second['Contact'], first['Contact'], 'the Contact after a renewal')
        forget(network)
        third, _, _ = registration.grant(600)
        equal(third['Contact'], first['Contact'], 'the Contact after a renewal without a flow')


def test_no_gap():
    """while a renewal is challenged, a call still gets in"""
    with net.Net() as network:
        phone, server = pair(network)
        registration = Registration(phone, server)
        seen, _, _ = registration.register()
        registration.challenge(600)
        forget(network)
        server.send(server.request('OPTIONS', seen['Contact'].strip('<>')), seen.contact)
        phone.expect('OPTIONS')


def test_not_granted():
    """a registration that was refused opens nothing"""
    with net.Net() as network:
        phone, server = pair(network)
        registration = Registration(phone, server)
        seen, source = registration.request(600)
        server.answer(seen, source, 403, 'Forbidden', contact=False)
        phone.expect(403)
        net.run('gw', 'conntrack', '-F')
        server.send(server.request('OPTIONS', seen['Contact'].strip('<>')), seen.contact)
        check(phone.quiet('p1', 's1'), 'the server gets through to a phone that it refused')


def test_unregister():
    """after un-registration no call gets in"""
    with net.Net() as network:
        phone, server = pair(network)
        registration = Registration(phone, server)
        seen, _, _ = registration.register()
        registration.grant(0)
        net.run('gw', 'conntrack', '-F')
        check(network.closes(server.socket, seen.contact, phone.socket, 'p1', 's1'),
              'the server still gets through to the phone')


def test_only_registrar():
    """a stranger does not get in by a registration's contact"""
    with net.Net() as network:
        phone, server = pair(network)
        seen, _, _ = Registration(phone, server).register()
        stranger = Ua(network, 's2', 'mallory', rtp=30000)
        stranger.send(stranger.request('INVITE', seen['Contact'].strip('<>'),
                                       body=stranger.offer()), seen.contact)
        check(phone.quiet('p1', 's2'), 'a stranger gets through to the phone')


run_all(globals())
