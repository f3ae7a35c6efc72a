#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Registrations and calls over TCP, with media, through every kind of gateway."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import gateway
import net
import tcp
import tcpua
import ua
from tap import Skip, check, equal, run_all
from ua import Call

SERVER = (net.S1, 5060)
VRF = '''
    link add red type vrf table 10
    link set red up
    link set lan master red
    link set wan master red
    addr add 2001:db8:a::1/64 dev lan nodad
    addr add 2001:db8:b::1/64 dev wan nodad'''


def registered(network, server=None):
    """A phone that registered over TCP from any port; and the server; and its Contact outside."""
    phone = tcpua.Ua(network, 'p1', 'alice')
    server = server or tcpua.Ua(network, 's1', 'carol', rtp=30000)
    tcpua.joined(phone, server)
    phone.send(phone.request('REGISTER', f'sip:{net.S1}', to=f'<sip:alice@{net.S1}>'))
    seen, source = server.expect('REGISTER')
    check(source[1] != 5060, f'the connection came from port {source[1]}')
    server.send(server.response(seen, source, 200, 'OK', contact=False,
                                headers=[('Contact', f'{seen["Contact"]};expires=600')]))
    granted, _ = phone.expect(200)
    equal(granted['Contact'], f'<{phone.uri}>;expires=600', 'the Contact in the answer')
    return phone, server, seen


def whole_call(network, caller, callee, uri, inner='p1', outer='s1'):
    """Set up, heard both ways, a stranger not, ended, and closed."""
    call = Call(caller, callee, uri, SERVER).start()
    call.check_audio()
    caller_inside = caller.ns == inner
    near, to_near = (caller, call.to_caller) if caller_inside else (callee, call.to_callee)
    stranger = network.udp('s2', v6=':' in near.address)
    check(network.absent(stranger, to_near, near.rtp, inner, 's2'), 'a stranger gets through')
    call.hang_up()
    gateway.check_closed(network, call, inner, outer)
    return call


def test_out():
    """a call out: translated, media both ways, closed within two seconds after BYE"""
    with tcp.Net() as network:
        phone, server = tcpua.joined(tcpua.Ua(network, 'p1', 'alice'), tcpua.Ua(network, 's1', 'carol', rtp=30000))
        call = whole_call(network, phone, server, f'sip:carol@{net.S1};transport=tcp')
        gateway.check_outside(call.invite, (net.WAN, 5060), net.WAN)
        equal(gateway.counter('messages'), 6, 'messages')
        equal(tcp.invalid(), 0, 'packets that conntrack found invalid')


def test_port_5060():
    """and from source port 5060"""
    with tcp.Net() as network:
        phone, server = tcpua.Ua(network, 'p1', 'alice'), tcpua.Ua(network, 's1', 'carol', rtp=30000).listen()
        phone.connect(SERVER, 5060)
        server.accept()
        call = whole_call(network, phone, server, f'sip:carol@{net.S1};transport=tcp')
        gateway.check_outside(call.invite, (net.WAN, 5060), net.WAN)


def test_extensions():
    """with all that conntrack can keep beside a connection: it moves while we begin to follow"""
    with tcp.Net() as network:
        for name in ('acct', 'timestamp'):
            gateway.set_sysctl(f'net/netfilter/nf_conntrack_{name}', 1)
        phone, server = tcpua.joined(tcpua.Ua(network, 'p1', 'alice'), tcpua.Ua(network, 's1', 'carol', rtp=30000))
        call = whole_call(network, phone, server, f'sip:carol@{net.S1};transport=tcp')
        gateway.check_outside(call.invite, (net.WAN, 5060), net.WAN)
        equal(gateway.counter('messages'), 6, 'messages')


def test_in_same_connection():
    """a registered phone gets its calls over the connection that it opened"""
    with tcp.Net() as network:
        phone, server, seen = registered(network)
        equal(seen.contact, (net.WAN, 5060), 'the Contact outside')
        for _ in range(2):
            call = whole_call(network, server, phone, seen['Contact'].strip('<>'))
            equal(call.invite.uri, phone.uri, 'the Request-URI')


def test_in_new_connection():
    """the registrar connects to the registered contact: led to the phone, related, translated"""
    with tcp.Net() as network:
        phone, server, seen = registered(network)
        phone.listen()
        before = gateway.counter('streams')
        server.connect(seen.contact)
        phone.accept()
        equal(phone.stream.peer[0], net.S1, 'where it comes from')
        call = whole_call(network, server, phone, seen['Contact'].strip('<>'))
        equal(call.invite.uri, phone.uri, 'the Request-URI')
        equal(gateway.counter('streams'), before + 1, 'connections followed')
        equal(tcp.invalid(), 0, 'packets that conntrack found invalid')


def test_in_without_flows():
    """and when the phone's own connection is gone"""
    with tcp.Net() as network:
        phone, server, seen = registered(network)
        phone.listen()
        phone.stream.close()
        server.stream.close()
        gateway.forget()
        network.barrier('p1', 's1')
        server.connect(seen.contact)
        phone.accept()
        whole_call(network, server, phone, seen['Contact'].strip('<>'))


def test_strangers():
    """a stranger cannot connect to the registered contact, the registrar not to another port"""
    with tcp.Net() as network:
        phone, server, seen = registered(network)
        phone.listen()
        stranger = tcpua.Ua(network, 's2', 'mallory')
        for who, where in ((stranger, seen.contact), (server, (net.WAN, seen.contact[1] + 2))):
            try:
                who.connect(where, wait=1.5)
                check(False, f'{who.name} got through to {where}')
            except OSError:
                pass
        check(gateway.counter('strangers') > 0, 'strangers counted')
        server.connect(seen.contact)
        phone.accept()


def test_unregistered():
    """after it has unregistered, and its last message has aged, nobody can"""
    with tcp.Net() as network:
        phone, server, seen = registered(network)
        phone.listen()
        phone.send(phone.request('REGISTER', f'sip:{net.S1}', to=f'<sip:alice@{net.S1}>', cseq=2,
                                 call_id=seen['Call-ID'], headers=[('Expires', '0')]))
        again, source = server.expect('REGISTER')
        server.send(server.response(again, source, 200, 'OK', contact=False))
        phone.expect(200)

        def closed():
            try:
                tcp.Stream.connect(network, 's1', seen.contact, wait=1).close()
                return False
            except OSError:
                return True
        tcp.wait_for(closed, 'the registrar still gets through', 45)


def test_proxy_hairpin():
    """two phones call each other over TCP through a proxy outside"""
    with tcp.Net() as network:
        proxy = tcpua.Proxy(network, 's1')
        one, two = (tcpua.Ua(network, ns, name, rtp=rtp) for ns, name, rtp in
                    (('p1', 'alice', 40000), ('p2', 'bob', 42000)))
        for phone in (one, two):
            phone.connect(SERVER)
            proxy.register(phone)
        call = Call(one, two, f'sip:bob@{net.S1}', SERVER, proxy).start()
        for message in proxy.seen:
            check(b'10.0.0.' not in message.data.replace(b'@10.0.0.', b''), f'inside addresses in {message.data}')
        call.check_audio()
        call.hang_up()
        check(network.closes(two.rtp, call.to_caller, one.rtp, 'p1', 's1'), 'audio still passes')


def mixed(first, second):
    with tcp.Net() as network:
        proxy = tcpua.Proxy(network, 's1')
        phones = []
        for ns, name, rtp, kind in (('p1', 'alice', 40000, first), ('p2', 'bob', 42000, second)):
            phone = (tcpua.Ua if kind == 'TCP' else ua.Ua)(network, ns, name, rtp=rtp)
            if kind == 'TCP':
                phone.connect(SERVER)
            proxy.register(phone)
            phones.append(phone)
        call = Call(*phones, f'sip:bob@{net.S1}', SERVER, proxy).start()
        call.check_audio()
        call.hang_up(phones[1])
        check(network.closes(phones[1].rtp, call.to_caller, phones[0].rtp, 'p1', 's1'), 'audio still passes')


def test_tcp_to_udp():
    """a phone over TCP calls one over UDP, through a proxy outside"""
    mixed('TCP', 'UDP')


def test_udp_to_tcp():
    """and the other way"""
    mixed('UDP', 'TCP')


def test_ipv6():
    """IPv6 without NAT: byte-identical, media let in and closed"""
    with tcp.Net() as network:
        phone = tcpua.Ua(network, 'p1', 'alice', v6=True)
        server = tcpua.Ua(network, 's1', 'carol', rtp=30000, v6=True)
        tcpua.joined(phone, server)
        call = whole_call(network, phone, server, f'sip:carol@[{server.address}];transport=tcp')
        equal(call.invite.data, call.sent.data, 'the INVITE')
        equal(gateway.counter('translated'), 0, 'messages translated')


def test_ipv6_in():
    """IPv6: the registrar connects to the registered contact, a stranger cannot"""
    with tcp.Net() as network:
        phone = tcpua.Ua(network, 'p1', 'alice', v6=True)
        server = tcpua.Ua(network, 's1', 'carol', rtp=30000, v6=True)
        tcpua.joined(phone, server)
        phone.send(phone.request('REGISTER', f'sip:[{server.address}]'))
        seen, source = server.expect('REGISTER')
        server.send(server.response(seen, source, 200, 'OK', contact=False,
                                    headers=[('Contact', f'{seen["Contact"]};expires=600')]))
        phone.expect(200)
        phone.listen()
        try:
            tcpua.Ua(network, 's2', 'mallory', v6=True).connect((phone.address, 5060), wait=1.5)
            check(False, 'a stranger got through')
        except OSError:
            pass
        server.connect((phone.address, 5060))
        phone.accept()
        whole_call(network, server, phone, phone.uri)


def test_firewall():
    """a firewall without NAT: byte-identical, cut or not, media let in and closed"""
    with tcp.Net('none') as network:
        phone, server = tcpua.joined(tcpua.Ua(network, 'p1', 'alice'), tcpua.Ua(network, 's1', 'carol', rtp=30000))
        call = whole_call(network, phone, server, f'sip:carol@{net.S1};transport=tcp')
        equal(call.invite.data, call.sent.data, 'the INVITE')
        sent = phone.request('OPTIONS', f'sip:carol@{net.S1}')
        for place in range(1, len(sent), 7):
            phone.stream.send_cut(sent, place)
            equal(server.receive()[0].data, sent, 'a message that was cut')


def test_snat():
    """SNAT to another address than the interface's first"""
    with tcp.Net('snat') as network:
        phone, server = tcpua.joined(tcpua.Ua(network, 'p1', 'alice'), tcpua.Ua(network, 's1', 'carol', rtp=30000))
        call = whole_call(network, phone, server, f'sip:carol@{net.S1};transport=tcp')
        gateway.check_outside(call.invite, (net.SNAT, 5060), net.SNAT)


def test_dnat():
    """a PBX behind a forwarded port is called from outside"""
    with tcp.Net('dnat') as network:
        pbx = tcpua.Ua(network, 'p1', 'pbx').listen()
        peer = tcpua.Ua(network, 's1', 'carol', rtp=30000).connect((net.WAN, 5060))
        pbx.accept()
        call = whole_call(network, peer, pbx, f'sip:pbx@{net.WAN};transport=tcp')
        equal(call.invite.uri, f'sip:pbx@{net.P1};transport=tcp', 'the Request-URI')
        gateway.check_outside(call.ok, (net.WAN, 5060), net.WAN)


def test_local_connects():
    """a PBX on the gateway connects to its provider: nothing is changed, media let in"""
    with tcp.Net() as network:
        pbx = tcpua.Ua(network, 'gw', 'pbx', address=net.WAN)
        peer = tcpua.Ua(network, 's1', 'carol', rtp=30000)
        tcpua.joined(pbx, peer)
        call = Call(pbx, peer, f'sip:carol@{net.S1};transport=tcp', SERVER).start()
        equal(call.invite.data, call.sent.data, 'the INVITE')
        call.check_audio()
        sent = pbx.request('OPTIONS', f'sip:carol@{net.S1}')
        back = peer.request('OPTIONS', f'sip:pbx@{net.WAN}')
        for place in range(1, min(len(sent), len(back)), 9):
            for end, other, data in ((pbx, peer, sent), (peer, pbx, back)):
                end.stream.send_cut(data, place)
                equal(other.receive()[0].data, data, 'a message that was cut')
        call.hang_up(peer)
        check(network.closes(peer.rtp, call.to_caller, pbx.rtp, 'p1', 's1'), 'audio still passes')


def test_local_listens():
    """a PBX on the gateway is called by its provider, Nagle and all"""
    with tcp.Net() as network:
        gateway.nft('insert rule inet filter input tcp dport 5060 accept')
        pbx = tcpua.Ua(network, 'gw', 'pbx', address=net.WAN)
        peer = tcpua.Ua(network, 's1', 'carol', rtp=30000)
        tcpua.joined(peer, pbx)
        call = Call(peer, pbx, f'sip:pbx@{net.WAN};transport=tcp', (net.WAN, 5060)).start()
        equal(call.invite.data, call.sent.data, 'the INVITE')
        check(call.audio_to_callee(), 'the PBX does not hear the provider')
        for end, other in ((pbx, peer), (peer, pbx)):
            sent = end.request('OPTIONS', 'sip:x@203.0.113.9')
            end.stream.socket.setsockopt(6, 1, 0)
            for part in (sent[:50], sent[50:120], sent[120:]):
                end.stream.socket.send(part)
            equal(other.receive()[0].data, sent, 'a message that was cut')
        call.hang_up()
        check(network.closes(peer.rtp, call.to_callee, pbx.rtp, 'p1', 's1'), 'audio still passes')


def test_local_translated():
    """a PBX on the LAN's address of the gateway is translated on its way out, cut or not"""
    with tcp.Net() as network:
        pbx = tcpua.Ua(network, 'gw', 'pbx', address=net.LAN)
        peer = tcpua.Ua(network, 's1', 'carol', rtp=30000)
        tcpua.joined(pbx, peer)
        call = Call(pbx, peer, f'sip:carol@{net.S1};transport=tcp', SERVER).start()
        equal(call.invite.contact[0], net.WAN, 'the Contact')
        call.check_audio()
        for place in (1, 30, 100, 200):
            sent = pbx.request('OPTIONS', f'sip:carol@{net.S1}')
            pbx.stream.send_cut(sent, place)
            seen, _ = peer.receive()
            check(net.LAN.encode() not in seen.data.replace(b'@' + net.LAN.encode() + b'\r', b''),
                  f'the inside address in {seen.data}')
        call.hang_up()
        check(network.closes(peer.rtp, call.to_caller, pbx.rtp, 'p1', 's1'), 'audio still passes')


def test_vrf():
    """a gateway whose devices are in a VRF, with messages that are cut"""
    with tcp.Net() as network:
        gateway.need('vrf')
        gateway.ip(VRF)
        gateway.nft('insert rule inet filter forward iifname red oifname wan accept')
        near, far = tcp.pair(network)
        tcp.introduce(near, far)
        tcp.exchange(*tcp.conversation(near, far, 40, lambda d: [d[i:i + 333] for i in range(0, len(d), 333)]))
        equal(tcp.invalid(), 0, 'packets that conntrack found invalid')


def test_policy_routing():
    """a way that only the inside address chooses is also that of packets of our own"""
    with tcp.Net() as network:
        if 'not supported' in net.run('gw', 'ip', 'rule', 'add', 'from', '10.9.9.9', 'table', '79', check=False):
            raise Skip('this kernel has no policy routing')
        gateway.ip('''rule add from 10.0.0.0/24 iif lan table 77
            route add default dev wan table 77
            route add 10.0.0.0/24 dev lan table 77
            route del 203.0.113.0/24 dev wan
            rule add to 10.0.0.0/24 table 78
            route add 10.0.0.0/24 dev lan table 78''')
        near, far = tcp.pair(network, nodelay=False)
        far.socket.setsockopt(6, 1, 0)
        tcp.introduce(near, far)
        tcp.exchange(*tcp.conversation(near, far, 20, lambda d: [d[i:i + 333] for i in range(0, len(d), 333)]))


run_all(globals())
