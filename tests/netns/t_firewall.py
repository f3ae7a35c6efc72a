#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Without NAT: firewalls that route, firewalls that bridge; and other helpers on the gateway."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import socket

import gateway
import net
from tap import check, equal, run_all
from ua import Call, Ua

SERVER = (net.S1, 5060)


def check_unchanged(call):
    equal(call.invite.data, call.sent.data, 'the INVITE')
    equal(call.ok.body, call.callee.offer(), 'the answer')


def test_in():
    """a call in that the ruleset allows: byte-identical, its media let in until BYE"""
    with net.Net('none') as network:
        gateway.nft('insert rule inet filter forward udp dport 5060 accept')
        phone, peer = Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)
        call = Call(peer, phone, f'sip:alice@{net.P1}', (net.P1, 5060)).start()
        check_unchanged(call)
        call.check_audio()
        check(network.absent(network.udp('s2', 30000), call.to_callee, phone.rtp, 'p1', 's2'),
              'a stranger gets through to the phone')
        call.hang_up(phone)
        gateway.check_closed(network, call, 'p1', 's1')


def test_other_contact():
    """the server reaches a Contact that is not the port that the phone sends from"""
    with net.Net('none') as network:
        phone, server = Ua(network, 'p1', 'alice', port=5070), Ua(network, 's1', 'carol', rtp=30000)
        sender = network.udp('p1', 6000)
        data = phone.request('REGISTER', f'sip:{net.S1}', to=f'<sip:alice@{net.S1}>')
        sender.sendto(data, SERVER)
        seen, source = server.expect('REGISTER')
        equal(seen.data, data, 'the REGISTER')
        server.answer(seen, source, contact=False,
                      headers=[('Contact', f'{seen["Contact"]};expires=600')])
        check(net.receive(sender)[0], 'no answer came')
        gateway.forget()
        network.barrier('p1', 's1')
        call = Call(server, phone, phone.uri, (net.P1, 5070)).start()
        call.check_audio()
        call.hang_up()
        gateway.check_closed(network, call, 'p1', 's1')


def bridge_rules():
    """The bridge shows its packets to the rules of IP, where the phones may only talk SIP."""
    gateway.need('br_netfilter')
    gateway.set_sysctl('net/bridge/bridge-nf-call-iptables', 1)
    gateway.set_sysctl('net/bridge/bridge-nf-call-ip6tables', 1)
    gateway.nft('''flush chain inet filter gate
                   table inet filter {
                       chain gate {
                           ct state established,related accept
                           udp dport { 5060, 9 } accept
                       }
                   }''')


def test_bridge():
    """two phones on one bridge (br_netfilter): byte-identical, media let through until BYE"""
    with net.Net() as network:
        bridge_rules()
        alice, bob = Ua(network, 'p1', 'alice'), Ua(network, 'p2', 'bob')
        before = gateway.counter('messages')
        call = Call(alice, bob, f'sip:bob@{net.P2}', (net.P2, 5060)).start()
        check_unchanged(call)
        call.check_audio()
        call.hang_up(bob)
        equal(gateway.counter('messages') - before, 6, 'messages counted: INVITE, 180, 200, ACK, BYE, 200')
        check(network.closes(bob.rtp, call.to_caller, alice.rtp, 'p1', 's1'),
              'two seconds after the call its audio still passes')


def test_bridged_and_routed():
    """behind such a bridge, a call out through masquerade"""
    with net.Net() as network:
        bridge_rules()
        phone, server = Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)
        before = gateway.counter('messages')
        call = Call(phone, server, f'sip:carol@{net.S1}', SERVER).start()
        gateway.check_outside(call.invite, (net.WAN, 5060), net.WAN)
        call.check_audio()
        call.hang_up()
        equal(gateway.counter('messages') - before, 6, 'messages counted: INVITE, 180, 200, ACK, BYE, 200')
        gateway.check_closed(network, call, 'p1', 's1')


INSIDE, INSIDE6 = '203.0.113.31', '2001:db8:b::31'


def transparent(network, rules):
    """The gateway is a bridge between p1 and the outside, without an address."""
    gateway.ip('''link set wan master lan
                  addr flush dev lan
                  addr flush dev wan''')
    gateway.ip(f'''addr add {INSIDE}/24 dev eth0
                   addr add {INSIDE6}/64 dev eth0 nodad''', 'p1')
    for family in ('ipv4/ip_forward', 'ipv6/conf/all/forwarding'):
        gateway.set_sysctl(f'net/{family}', 0)
    gateway.nft(f'''flush ruleset
                   {rules}''')
    outside = {ns: network.udp(ns, 9) for ns in ('s1', 's2')}
    for ns, s in outside.items():
        network.markers['p1', ns] = [network.udp('p1', 0, INSIDE), s, None]
    network.barrier('p1', 's1')


GATE = f'''chain forward {{
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
        ip saddr {INSIDE} ct state new accept
        ip6 saddr {INSIDE6} ct state new accept
        icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert }} accept
        ether type arp accept
    }}'''


def by_ip(network):
    """Its rules are those of IP (br_netfilter)."""
    gateway.need('br_netfilter')
    for family in ('iptables', 'ip6tables'):
        gateway.set_sysctl(f'net/bridge/bridge-nf-call-{family}', 1)
    transparent(network, f'table inet filter {{\n{GATE}\n}}'.replace('ether type arp accept', ''))


def by_bridge(network):
    """Its rules are the bridge's own (nf_conntrack_bridge)."""
    gateway.need('nf_conntrack_bridge')
    transparent(network, f'table bridge filter {{\n{GATE}\n}}')


def bridged_calls(network, v6=False):
    """A call out and, when no flow is left, one in to the registered phone."""
    phone = Ua(network, 'p1', 'alice', address=INSIDE6 if v6 else INSIDE)
    server = Ua(network, 's1', 'carol', rtp=30000, v6=v6)
    to = (server.address, 5060)
    stranger = network.udp('s2', 30000, v6=v6)
    call = Call(phone, server, server.uri, to).start()
    check_unchanged(call)
    call.check_audio()
    check(network.absent(stranger, call.to_caller, phone.rtp, 'p1', 's2'), 'a stranger gets through')
    call.hang_up()
    gateway.check_closed(network, call, 'p1', 's1')
    data = phone.request('REGISTER', f'sip:{to[0]}', to=f'<{phone.uri}>')
    phone.send(data, to)
    seen, source = server.expect('REGISTER')
    equal(seen.data, data, 'the REGISTER')
    server.answer(seen, source, contact=False,
                  headers=[('Contact', f'{seen["Contact"]};expires=600')])
    phone.expect(200)
    gateway.forget()
    network.barrier('p1', 's1')
    call = Call(server, phone, phone.uri, (phone.address, 5060)).start()
    check_unchanged(call)
    call.check_audio()
    call.hang_up(phone)
    gateway.check_closed(network, call, 'p1', 's1')
    equal(gateway.counter('messages'), 14, 'messages inspected: two calls of 6, REGISTER and 200')


def test_transparent():
    """a firewall that is a bridge without addresses (br_netfilter): calls out and in"""
    with net.Net() as network:
        by_ip(network)
        bridged_calls(network)


def test_transparent_ipv6():
    """the same over IPv6"""
    with net.Net() as network:
        by_ip(network)
        bridged_calls(network, v6=True)


def test_bridge_family():
    """such a firewall with rules of nftables' family bridge: calls out and in"""
    with net.Net() as network:
        by_bridge(network)
        bridged_calls(network)


def test_bridge_family_ipv6():
    """the same over IPv6"""
    with net.Net() as network:
        by_bridge(network)
        bridged_calls(network, v6=True)


def bridged_packets(network):
    """Long messages in fragments, and merged ones."""
    phone = Ua(network, 'p1', 'alice', address=INSIDE)
    server = Ua(network, 's1', 'carol', rtp=30000)
    body = phone.offer() + b'a=x:' + b'x' * 3000 + b'\r\n'
    data = phone.request('INVITE', server.uri, body=body)
    phone.send(data, SERVER)
    seen, source = server.expect('INVITE')
    equal(seen.data, data, 'the message in fragments')
    answer = server.response(seen, source, 200, 'OK', body=body)
    server.send(answer, source)
    equal(phone.expect(200)[0].data, answer, 'the answer in fragments')
    texts = [phone.request('OPTIONS', server.uri, call_id=f'merged-{n}', cseq=1, from_tag=str(n),
                           branch=f'{n}') for n in range(4)]
    size = len(texts[0])
    equal({len(t) for t in texts}, {size}, 'the lengths')
    phone.socket.setsockopt(socket.IPPROTO_UDP, 103, size)  # UDP_SEGMENT
    phone.send(b''.join(texts), SERVER)
    for text in texts:
        equal(server.expect('OPTIONS')[0].data, text, 'a message of several')
    equal(gateway.counter('messages'), 6, 'messages inspected')


def test_transparent_packets():
    """a bridge (br_netfilter): messages in fragments and merged ones pass as they are"""
    with net.Net(offload=True) as network:
        by_ip(network)
        bridged_packets(network)


def test_bridge_family_packets():
    """with rules of the family bridge likewise"""
    with net.Net(offload=True) as network:
        by_bridge(network)
        bridged_packets(network)


def with_helper(network, rules):
    """A call on whose flow the kernel's own helper is."""
    gateway.need('nf_nat_sip')
    gateway.nft(f'''table ip helper {{
        ct helper sip-udp {{ type "sip" protocol udp; l3proto ip; }}
        {rules}
    }}''')
    phone, server = Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)
    equal(gateway.counter('foreign_helper'), 0, 'flows with another helper')
    call = Call(phone, server, f'sip:carol@{net.S1}', SERVER).start()
    equal(gateway.counter('foreign_helper'), 1, 'flows with another helper')
    equal(gateway.counter('messages'), 0, 'messages inspected')
    equal(gateway.bindings(), [], 'what was opened')
    check(call.audio_to_caller(), "the kernel's helper was disturbed")
    call.hang_up()
    return phone, server


def test_helper():
    """a flow with the kernel's sip helper (ct helper set) is left to it, and counted"""
    with net.Net() as network:
        with_helper(network, '''chain pre {
            type filter hook prerouting priority filter;
            ip saddr 10.0.0.11 udp dport 5060 ct helper set "sip-udp"; }''')
        # Another phone's flow is none of the helper's.
        other = Ua(network, 'p2', 'bob')
        server = network.sockets[3]
        other.send(other.request('OPTIONS', f'sip:{net.S1}'), SERVER)
        data, _ = net.receive(server)
        check(net.P2.encode() not in data.partition(b'Call-ID')[0], f'not translated: {data!r}')


run_all(globals())
