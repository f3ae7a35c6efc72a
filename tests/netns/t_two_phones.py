#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Two phones behind the gateway, with the same ports: kept apart, and connected."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import net
from tap import check, equal, run_all
from ua import Call, Proxy, Ua


def test_same_ports():
    """both call the same server from the same ports, and each hears its own call"""
    with net.Net() as network:
        alice, bob = Ua(network, 'p1', 'alice'), Ua(network, 'p2', 'bob')
        server = Ua(network, 's1', 'carol', rtp=30000)
        calls = [Call(phone, server, f'sip:carol@{net.S1}', (net.S1, 5060)).ring()
                 for phone in (alice, bob)]
        for call in calls:
            call.pick_up()
        check(calls[0].invite.contact != calls[1].invite.contact, 'both have the same Contact')
        check(calls[0].to_caller != calls[1].to_caller, 'both were given the same RTP port')
        for call in calls:
            call.check_audio()
            equal(call.audio_to_callee(), call.to_caller, 'where the audio comes from')
        calls[0].hang_up()
        check(network.closes(server.rtp, calls[0].to_caller, alice.rtp, 'p1', 's1'),
              'two seconds after the first call its audio still passes')
        calls[1].check_audio()
        calls[1].hang_up(server)


def test_second_call():
    """a second call on the phone's flow leaves the first one alone, its end too"""
    with net.Net() as network:
        phone, server = Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)
        first = Call(phone, server, f'sip:carol@{net.S1}', (net.S1, 5060)).start()
        first.check_audio()
        second = Call(phone.another_line(40010), server, f'sip:dave@{net.S1}',
                      (net.S1, 5060)).start()
        second.check_audio()
        second.hang_up()
        first.check_audio()


def hairpin(network):
    """Both registered at a proxy outside."""
    alice, bob = Ua(network, 'p1', 'alice'), Ua(network, 'p2', 'bob')
    proxy = Proxy(network, 's1')
    proxy.register(alice)
    proxy.register(bob)
    return alice, bob, proxy


def test_hairpin():
    """one calls the other through a proxy outside, audio both ways, closed after BYE"""
    with net.Net() as network:
        alice, bob, proxy = hairpin(network)
        call = Call(alice, bob, f'sip:bob@{net.S1}', (net.S1, 5060), proxy).start()
        equal(call.invite.uri, bob.uri, 'the Request-URI at the callee')
        for message in proxy.seen:
            check(b'10.0.0.' not in message.data.replace(call.call_id.encode(), b''),
                  f'the proxy saw a private address in {message.start!r}: {message.data!r}')
        call.check_audio()
        call.hang_up(bob)
        # Directly told public ports have to be closed again, also from inside.
        if call.to_caller[0] == network.public:
            check(network.closes(bob.rtp, call.to_caller, alice.rtp, 'p1', 's1'),
                  'two seconds after the call its audio still passes')


def test_hairpin_early():
    """audio that the callee sends while its answer is still on the way does no harm"""
    with net.Net() as network:
        alice, bob, proxy = hairpin(network)
        call = Call(alice, bob, f'sip:bob@{net.S1}', (net.S1, 5060), proxy).ring()
        ok = bob.response(call.invite, call.source, 200, 'OK', to_tag=call.to_tag,
                          body=bob.offer())
        bob.send(ok, call.source)
        # The answer is with the proxy now; the first leg has not heard of it.
        network.barrier('p1', 's1')
        for _ in range(8):
            network.absent(bob.rtp, call.invite.media, alice.rtp, 'p1', 's1')
        proxy.pump()
        call.ok, _ = alice.expect(200)
        call.in_dialog(alice, 'ACK', cseq=call.invite_cseq)
        bob.expect('ACK')
        call.check_audio()
        call.hang_up(bob)


def test_hairpin_back():
    """and the other way round, the callee's side ends it"""
    with net.Net('snat') as network:
        alice, bob, proxy = hairpin(network)
        call = Call(bob, alice, f'sip:alice@{net.S1}', (net.S1, 5060), proxy).start()
        call.check_audio()
        call.hang_up(alice)


run_all(globals())
