#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Two LANs with equal addresses behind one gateway, told apart by conntrack zones."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import gateway
import net
from tap import check, equal, run_all
from ua import Call, Ua

SERVER = (net.S1, 5060)
PUBLIC = {'p1': net.WAN, 'p2': net.SNAT}

# p2 leaves the common LAN, and is 10.0.0.11 as well in a LAN of its own. What
# a LAN sends is in its zone and has its mark; the mark brings the answers back.
SECOND_LAN = '''
    link set p2 nomaster
    addr add 10.0.0.1/24 dev p2
    route add 10.0.0.0/24 dev p2 table 2
    route add 203.0.113.0/24 dev wan table 2
    route del 10.0.0.0/24 dev p2
    rule add fwmark 2 lookup 2 pref 100
    rule add iif p2 lookup 2 pref 101'''
P2_HOST = f'''
    addr del {net.P2}/24 dev eth0
    addr add {net.P1}/24 dev eth0
    route add default via 10.0.0.1'''
RULES = '''
insert rule inet filter gate iifname p2 ct state new accept
table inet lans {
    chain zones {
        type filter hook prerouting priority raw;
        %s
    }
    chain marks {
        type filter hook prerouting priority mangle;
        iifname lan ct mark set 1
        iifname p2 ct mark set 2
        meta mark set ct mark
    }
}'''
# Answers are told apart by the port that NAT chose, in the common zone outside.
DIRECTIONS = '''
        iifname lan ct original zone set 1
        iifname p2 ct original zone set 2'''
# Or each LAN has a public address, and all that belongs to it is in its zone.
BOTH = f'''
        iifname lan ct zone set 1
        iifname p2 ct zone set 2
        iifname wan ip daddr {net.WAN} ct zone set 1
        iifname wan ip daddr {net.SNAT} ct zone set 2'''
TWO_ADDRESSES = f'''
flush table ip nat
table ip nat {{
    chain post {{
        type nat hook postrouting priority srcnat;
        oifname wan meta mark 1 snat to {net.WAN}
        oifname wan meta mark 2 snat to {net.SNAT}
    }}
}}'''


def two_lans(network, zones, more=''):
    gateway.ip(SECOND_LAN)
    gateway.ip(P2_HOST, 'p2')
    for device in ('all', 'p2', 'lan', 'wan'):
        gateway.set_sysctl(f'net/ipv4/conf/{device}/rp_filter', 0)
    gateway.nft(RULES % zones + more)
    alice = Ua(network, 'p1', 'alice')
    bob = Ua(network, 'p2', 'bob', address=net.P1)
    return alice, bob, Ua(network, 's1', 'carol', rtp=30000)


def calls(alice, bob, server):
    return [Call(phone, server, f'sip:carol@{net.S1}', SERVER).start() for phone in (alice, bob)]


def check_both(pair):
    for call in pair:
        call.check_audio()
        equal(call.audio_to_callee(), call.to_caller, 'where the audio comes from')
        check(not net.drain(pair[0].caller.rtp) and not net.drain(pair[1].caller.rtp),
              'somebody got audio of the other')


def closed(network, call):
    """p1 has the marker flow for both."""
    check(network.closes(call.callee.rtp, call.to_caller, call.caller.rtp, 'p1', 's1'),
          f'two seconds after the call audio to {call.caller.ns} still passes')


def test_both_directions():
    """zones for both directions, a public address each: the same ports, and each hears its own"""
    with net.Net() as network:
        agents = two_lans(network, BOTH, TWO_ADDRESSES)
        pair = calls(*agents)
        for call in pair:
            gateway.check_outside(call.invite, (PUBLIC[call.caller.ns], 5060), PUBLIC[call.caller.ns])
            equal(call.to_caller[1], 40000, 'the RTP port')
        check_both(pair)
        pair[1].hang_up()
        closed(network, pair[1])
        pair[0].check_audio()
        pair[0].hang_up()
        closed(network, pair[0])


def test_one_direction():
    """zones for one direction, a common public address: the same ports, and each hears its own"""
    with net.Net() as network:
        agents = two_lans(network, DIRECTIONS)
        pair = calls(*agents)
        for call in pair:
            gateway.check_outside(call.invite, call.source, net.WAN)
        check(pair[0].source != pair[1].source, 'both come from the same port')
        check(pair[0].to_caller != pair[1].to_caller, 'both were given the same RTP port')
        check_both(pair)
        pair[1].hang_up()
        closed(network, pair[1])
        pair[0].check_audio()
        pair[0].hang_up(agents[2])
        closed(network, pair[0])


def test_one_direction_in():
    """zones for one direction: the registrar calls both at once, and each hears its own"""
    with net.Net() as network:
        agents = two_lans(network, DIRECTIONS)
        seen = [register(agents[2], phone) for phone in agents[:2]]
        gateway.forget()
        network.barrier('p1', 's1')
        # Two INVITEs of one server to equal addresses in two LANs
        pair = [Call(agents[2], phone, s['Contact'].strip('<>'), s.contact).ring()
                for phone, s in zip(agents, seen)]
        for call in pair:
            equal(call.source, SERVER, 'where the INVITE comes from')
            call.pick_up()
        for call in pair:
            call.check_audio()
            equal(call.audio_to_caller(), call.to_callee, 'where the audio comes from')
            check(not net.drain(agents[0].rtp) and not net.drain(agents[1].rtp),
                  'somebody got audio of the other')
        for call in pair:
            call.hang_up(call.callee)
            check(network.closes(agents[2].rtp, call.to_callee, call.callee.rtp, 'p1', 's1'),
                  f'two seconds after the call audio to {call.callee.ns} still passes')


def register(server, phone):
    """REGISTER and its 200; what the registrar saw."""
    phone.send(phone.request('REGISTER', f'sip:{net.S1}', to=f'<sip:{phone.name}@{net.S1}>'), SERVER)
    seen, source = server.expect('REGISTER')
    server.answer(seen, source, contact=False,
                  headers=[('Contact', f'{seen["Contact"]};expires=600')])
    phone.expect(200)
    return seen


def call_in(network, agents):
    """Both register, all flows end, and the registrar calls each of them."""
    server = agents[2]
    contacts = [register(server, phone) for phone in agents[:2]]
    gateway.forget()
    network.barrier('p1', 's1')
    for phone, seen in zip(agents, contacts):
        call = Call(server, phone, seen['Contact'].strip('<>'), seen.contact).start()
        call.check_audio()
        call.hang_up(phone)
        check(network.closes(server.rtp, call.to_callee, phone.rtp, 'p1', 's1'),
              f'two seconds after the call audio to {phone.ns} still passes')


def test_registered_directions():
    """zones for one direction: a call in finds the LAN of the phone that registered"""
    with net.Net() as network:
        call_in(network, two_lans(network, DIRECTIONS))


def test_registered_both():
    """zones for both directions likewise"""
    with net.Net() as network:
        call_in(network, two_lans(network, BOTH, TWO_ADDRESSES))


def test_same_call_id():
    """equal Call-IDs and tags in two zones are two calls"""
    with net.Net() as network:
        alice, bob, server = two_lans(network, DIRECTIONS)
        first = Call(alice, server, f'sip:carol@{net.S1}', SERVER).start()
        second = Call(bob, server, f'sip:carol@{net.S1}', SERVER)
        second.call_id, second.from_tag, second.to_tag = first.call_id, first.from_tag, first.to_tag
        second.start()
        second.check_audio()
        second.hang_up()
        closed(network, second)
        first.check_audio()
        first.hang_up()


run_all(globals())
