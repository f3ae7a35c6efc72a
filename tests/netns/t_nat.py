#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Kinds of IPv4 NAT: a pool of addresses, one to one, forwarded ports, an address that changes."""

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
POOL = [f'203.0.113.{n}' for n in range(64, 72)]
OWN = {'p1': '203.0.113.81', 'p2': '203.0.113.82'}


def nat(network, rules, addresses=()):
    """A gateway with these rules instead, and addresses in addition."""
    gateway.ip('\n'.join(f'addr add {a}/24 dev wan' for a in addresses))
    gateway.nft(f'flush table ip nat\ntable ip nat {{\n{rules}\n}}')
    network.barrier('p1', 's1')


def one_to_one(network):
    nat(network, f'''
        chain post {{ type nat hook postrouting priority srcnat;
            oifname wan snat to ip saddr map {{ {net.P1} : {OWN["p1"]}, {net.P2} : {OWN["p2"]} }};
        }}
        chain pre {{ type nat hook prerouting priority dstnat;
            iifname wan dnat to ip daddr map {{ {OWN["p1"]} : {net.P1}, {OWN["p2"]} : {net.P2} }};
        }}''',
        OWN.values())
    gateway.nft('insert rule inet filter forward ct status dnat udp dport 5060 accept')


def forward(port):
    gateway.nft(f'insert rule ip nat pre iifname wan udp dport {port} dnat to {net.P1}:5060')


def test_pool():
    """from a pool of public addresses, each phone's messages and media name the one of its flow"""
    with net.Net() as network:
        nat(network, f'''chain post {{ type nat hook postrouting priority srcnat;
            oifname wan snat to {POOL[0]}-{POOL[-1]};
        }}''', POOL)
        server = Ua(network, 's1', 'carol', rtp=30000)
        calls = [Call(Ua(network, ns, ns), server, f'sip:carol@{net.S1}', SERVER).start()
                 for ns in ('p1', 'p2')]
        for call in calls:
            check(call.source[0] in POOL, f'it comes from {call.source}')
            gateway.check_outside(call.invite, call.source, call.source[0])
            call.check_audio()
            equal(call.audio_to_callee(), call.to_caller, 'where the audio comes from')
            call.hang_up()
            gateway.check_closed(network, call, call.caller.ns, 's1')


def test_one_to_one_out():
    """1:1 NAT, calls out: each host has its own public address in all places"""
    with net.Net() as network:
        one_to_one(network)
        server = Ua(network, 's1', 'carol', rtp=30000)
        stranger = network.udp('s2', 30000)
        for ns in ('p1', 'p2'):
            phone = Ua(network, ns, ns)
            call = Call(phone, server, f'sip:carol@{net.S1}', SERVER).start()
            gateway.check_outside(call.invite, (OWN[ns], 5060), OWN[ns])
            equal(call.to_caller, (OWN[ns], 40000), 'where it wants its audio')
            call.check_audio()
            check(network.absent(stranger, call.to_caller, phone.rtp, ns, 's2'),
                  'a stranger gets through to the phone')
            call.hang_up(server)
            gateway.check_closed(network, call, ns, 's1')


def test_one_to_one_in():
    """1:1 NAT, a call in"""
    with net.Net() as network:
        one_to_one(network)
        inner, peer = Ua(network, 'p2', 'pbx'), Ua(network, 's1', 'carol', rtp=30000)
        call = Call(peer, inner, f'sip:pbx@{OWN["p2"]}', (OWN['p2'], 5060)).start()
        equal(sip.hostport(call.invite.uri), (net.P2, 5060), 'the host in the Request-URI')
        gateway.check_outside(call.ok, (OWN['p2'], 5060), OWN['p2'])
        call.check_audio()
        call.hang_up()
        gateway.check_closed(network, call, 'p2', 's1')


def forwarded_call(network, port):
    inner, peer = Ua(network, 'p1', 'pbx'), Ua(network, 's1', 'carol', rtp=30000)
    call = Call(peer, inner, f'sip:pbx@{net.WAN}:{port}', (net.WAN, port)).start()
    equal(call.invite.uri, inner.uri, 'the Request-URI')
    gateway.check_outside(call.ok, (net.WAN, port), net.WAN)
    call.check_audio()
    equal(call.audio_to_caller(), call.to_callee, 'where the audio of the PBX comes from')
    return call


def test_forwarded_port():
    """a PBX behind another port than its own: called, hung up by either side, closed"""
    with net.Net('dnat') as network:
        forward(5070)
        call = forwarded_call(network, 5070)
        call.hang_up()
        gateway.check_closed(network, call, 'p1', 's1')
        for s in network.sockets:
            s.close()
        network.markers.clear()
        call = forwarded_call(network, 5070)
        call.hang_up(call.callee)
        gateway.check_closed(network, call, 'p1', 's1')


def test_forwarded_calls_out():
    """the PBX behind a forwarded port calls out, and its peer can reach what it named"""
    with net.Net('dnat') as network:
        inner, peer = Ua(network, 'p1', 'pbx'), Ua(network, 's1', 'carol', rtp=30000)
        call = Call(inner, peer, f'sip:carol@{net.S1}', SERVER).start()
        gateway.check_outside(call.invite, call.source, net.WAN)
        call.check_audio()
        gateway.forget()
        network.barrier('p1', 's1')
        call.hang_up(peer)
        gateway.check_closed(network, call, 'p1', 's1')


def move(network, old, new):
    """The provider gives the gateway another address."""
    gateway.ip(f'''addr del {old}/24 dev wan
                   addr add {new}/24 dev wan''')
    gateway.ip(f'route replace 10.0.0.0/24 via {new}', 's1')
    network.barrier('p1', 's1')


def test_new_address_call():
    """the public address changes during a call: nothing leaves by the old one, the next offer maps anew"""
    with net.Net() as network:
        phone, server = Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)
        call = Call(phone, server, f'sip:carol@{net.S1}', SERVER).start()
        call.check_audio()
        new = POOL[0]
        move(network, net.WAN, new)
        source = call.audio_to_callee()
        equal(source and source[0], new, 'where audio that runs on comes from')
        call.in_dialog(phone, 'INVITE', body=phone.offer())
        again, source = server.expect('INVITE')
        equal(source[0], new, 'where the next INVITE comes from')
        gateway.check_outside(again, source, new)
        call.respond(again, source, 200, 'OK', body=server.offer())
        phone.expect(200)
        call.in_dialog(phone, 'ACK', cseq=call.cseq)
        server.expect('ACK')
        call.invite = again
        call.check_audio()
        equal(call.audio_to_callee(), call.to_caller, 'where the audio comes from')
        outer = {b['outer_addr'] for b in gateway.bindings('media')}
        equal(outer, {new}, 'the addresses that media is mapped to')
        call.hang_up()
        gateway.check_closed(network, call, 'p1', 's1')


def register(phone, server):
    """REGISTER and its 200; the contact that the registrar learned."""
    phone.send(phone.request('REGISTER', f'sip:{net.S1}', to=f'<sip:alice@{net.S1}>'), SERVER)
    seen, source = server.expect('REGISTER')
    server.answer(seen, source, contact=False,
                  headers=[('Contact', f'{seen["Contact"]};expires=600')])
    phone.expect(200)
    return seen


def test_new_address_registration():
    """the public address changes: the next REGISTER has the new one, and only that one is left"""
    with net.Net() as network:
        phone, server = Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)
        equal(register(phone, server).contact[0], net.WAN, 'the first contact')
        new = POOL[0]
        move(network, net.WAN, new)
        seen = register(phone, server)
        equal(seen.contact[0], new, 'the contact of the next REGISTER')
        equal([b['outer_addr'] for b in gateway.bindings()], [new], 'the addresses that are mapped')
        gateway.forget()
        network.barrier('p1', 's1')
        call = Call(server, phone, seen['Contact'].strip('<>'), seen.contact).start()
        call.check_audio()
        call.hang_up()


def test_address_returns():
    """the public address goes and comes back: the call has its ports again"""
    with net.Net() as network:
        phone, server = Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)
        call = Call(phone, server, f'sip:carol@{net.S1}', SERVER).start()
        move(network, net.WAN, POOL[0])
        gateway.ip(f'''addr del {POOL[0]}/24 dev wan
                       addr add {net.WAN}/24 dev wan''')
        network.barrier('p1', 's1')
        call.check_audio()
        equal(call.audio_to_callee(), call.to_caller, 'where the audio comes from')
        call.hang_up()


def test_table_full():
    """with conntrack's table full calls go on, and when there is room a call has its media again"""
    with net.Net() as network:
        phone, server = Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)
        call = Call(phone, server, f'sip:carol@{net.S1}', SERVER).start()
        call.check_audio()
        network.barrier('p1', 's1')
        path = '/proc/sys/net/netfilter/nf_conntrack_max'
        with open(path, encoding='ascii') as f:
            before = f.read()
        second = Call(phone.another_line(40010), server, f'sip:dave@{net.S1}', SERVER)
        try:
            with open(path, 'w', encoding='ascii') as f:
                f.write('1')
            check(call.audio_to_caller() and call.audio_to_callee(), 'running audio ends')
            second.start()
            check(network.absent(server.rtp, second.to_caller, second.caller.rtp, 'p1', 's1'),
                  'a new flow gets into a full table')
        finally:
            with open(path, 'w', encoding='ascii') as f:
                f.write(before)
        second.check_audio()
        second.hang_up()
        call.check_audio()
        call.hang_up()


run_all(globals())
