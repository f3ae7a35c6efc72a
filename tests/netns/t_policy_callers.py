#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Hosts besides the registrar that a rule lets call registered phones."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import gateway
import net
import sip
from tap import check, equal, run_all
from ua import Call, Ua

SERVER = (net.S1, 5060)


def agents(network, v6=False):
    """A phone, its registrar, and a host that would call the phone."""
    return [Ua(network, *who, v6=v6) for who in (('p1', 'alice'), ('s1', 'registrar'), ('s2', 'trunk'))]


def register(phone, server, expires=600, status=200):
    """REGISTER and its answer; the Contact as the registrar saw it."""
    uri = f'sip:{sip.bracket(server.address)}'
    phone.send(phone.request('REGISTER', uri, to=f'<sip:alice@{sip.bracket(server.address)}>',
                             headers=[('Expires', str(expires))]), (server.address, 5060))
    seen, source = server.expect('REGISTER')
    if status == 200:
        server.answer(seen, source, contact=False, headers=[('Contact', f'{seen["Contact"]};expires={expires}')])
    else:
        server.answer(seen, source, status, 'Unauthorized', contact=False)
    phone.expect(status)
    return seen['Contact'].strip('<>')


def gets_in(phone, caller, contact):
    """Does a request of this host get to the phone? Its own flow, if there is one, is forgotten."""
    gateway.forget()
    caller.send(caller.request('OPTIONS', contact), sip.hostport(contact))
    return not phone.quiet(phone.ns, caller.ns)


def whole_call(network, phone, caller, contact):
    """The caller calls the phone, both are heard, and the phone hangs up."""
    gateway.forget()
    call = Call(caller, phone, contact, sip.hostport(contact)).start()
    equal(call.invite.uri, phone.uri, 'the Request-URI inside')
    call.check_audio()
    call.hang_up(phone)
    check(network.closes(caller.rtp, call.to_callee, phone.rtp, 'p1', 's2'), 'media pass after the end')


def test_callers():
    """a host that the rule names calls the phone from its grant to its end, and nobody else does"""
    for v6 in False, True:
        with net.Net() as network:
            phone, server, trunk = agents(network, v6)
            rule = 'alg callers ' + ('2001:db8:b::20' if v6 else '192.0.2.0/24,203.0.113.16/29')
            gateway.policy(rule)
            contact = register(phone, server, status=401)
            check(not gets_in(phone, trunk, contact), f'{rule}: it gets in before the grant')
            contact = register(phone, server)
            for _ in range(2):
                whole_call(network, phone, trunk, contact)
                register(phone, server)
            net.run('s2', 'ip', 'addr', 'add', '2001:db8:b::21/64' if v6 else '203.0.113.99/24', 'dev', 'eth0',
                    *(['nodad'] if v6 else []))
            stranger = Ua(network, 's2', 'eve', address='2001:db8:b::21' if v6 else '203.0.113.99')
            check(not gets_in(phone, stranger, contact), f'{rule}: another host gets in')
            check(gets_in(phone, server, contact), f'{rule}: the registrar does not get in')
            register(phone, server, expires=0)
            check(not gets_in(phone, trunk, contact), f'{rule}: it gets in after the end')


def test_call_goes_on():
    """a registration that ends during a call shuts callers out, although the call keeps the Contact open for itself"""
    with net.Net() as network:
        phone, server, trunk = agents(network)
        gateway.policy('alg callers 203.0.113.20')
        contact = register(phone, server)
        call = Call(server, phone, contact, sip.hostport(contact)).start()
        register(phone, server, expires=0)
        check(not gets_in(phone, trunk, contact), 'it gets in after the end')
        call.hang_up()


def test_none():
    """without the option, or with other hosts in it, only the registrar may call"""
    for rule in 'alg', 'alg callers 203.0.113.0/28,2001:db8:b::20', 'alg callers 0.0.0.0/0 registration-pinholes off':
        with net.Net() as network:
            phone, server, trunk = agents(network)
            gateway.policy(rule)
            contact = register(phone, server)
            check(not gets_in(phone, trunk, contact), f'{rule}: it gets in')
            equal(gateway.counter('strangers'), 1, f'{rule}: strangers')


def test_two():
    """two registrations of one Contact: callers get in until the last of them ends"""
    with net.Net() as network:
        phone, server, trunk = agents(network)
        gateway.policy('alg callers 203.0.113.20')
        contact = register(phone, server)
        phone.name = 'second'
        sent = phone.request('REGISTER', f'sip:{net.S1}', to=f'<sip:second@{net.S1}>')
        phone.send(sent, SERVER)
        seen, source = server.expect('REGISTER')
        server.answer(seen, source, contact=False, headers=[('Contact', f'{seen["Contact"]};expires=600')])
        phone.expect(200)
        phone.name = 'alice'
        equal(len(gateway.ctl('registration', 'list')), 2, 'registrations')
        register(phone, server, expires=0)
        check(gets_in(phone, trunk, contact), 'it does not get in any more')
        # A new policy is none of their business; a new registration has the new rule.
        gateway.policy('alg')
        check(gets_in(phone, trunk, contact), 'another policy shut it out')
        net.run('gw', net.CTL, 'disable')
        net.run('gw', net.CTL, 'enable')
        contact = register(phone, server)
        check(not gets_in(phone, trunk, contact), 'it gets in by a rule that is gone')


run_all(globals())
