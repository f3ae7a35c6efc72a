#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""IPv6: a firewall without NAT, and NAT66."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import gateway
import net
import sip
from tap import check, equal, run_all
from ua import Call, Ua

P1, S1 = net.ADDRESS6['p1'], net.ADDRESS6['s1']
WAN, LONG = '2001:db8:b::1', '2001:db8:bbbb:bbbb:bbbb:bbbb:bbbb:b1b1'
SERVER = (S1, 5060)


def nat66(rules):
    gateway.nft(f'table ip6 nat {{\n{rules}\n}}')


def masquerade():
    nat66('chain post { type nat hook postrouting priority srcnat; oifname wan masquerade; }')


def pair(network, **more):
    return (Ua(network, 'p1', 'alice', v6=True, **more),
            Ua(network, 's1', 'carol', rtp=30000, v6=True))


def closed(network, call, outer='s1'):
    gateway.check_closed(network, call, 'p1', outer)


def stranger_stays_out(network, call, phone, to):
    check(network.absent(network.udp('s2', 30000, v6=True), to, phone.rtp, 'p1', 's2'),
          'a stranger gets through to the phone')
    return call


def test_firewall_in():
    """a call in that the ruleset allows: byte-identical, its media let in until BYE"""
    with net.Net() as network:
        gateway.nft('insert rule inet filter forward udp dport 5060 accept')
        phone, peer = pair(network)
        call = Call(peer, phone, f'sip:alice@[{P1}]', (P1, 5060)).start()
        equal(call.invite.data, call.sent.data, 'the INVITE')
        equal(call.ok.body, phone.offer(), 'the answer')
        check(call.audio_to_callee(), 'the phone does not hear the caller')
        check(call.audio_to_caller(), 'the caller does not hear the phone')
        stranger_stays_out(network, call, phone, call.to_callee)
        call.hang_up(phone)
        closed(network, call)


def test_firewall_registration():
    """a registration is passed byte-identical, and the registrar can call when no flow is left"""
    with net.Net() as network:
        phone, server = pair(network)
        data = phone.request('REGISTER', f'sip:[{S1}]', to=f'<sip:alice@[{S1}]>')
        phone.send(data, SERVER)
        seen, source = server.expect('REGISTER')
        equal(seen.data, data, 'the REGISTER')
        server.answer(seen, source, contact=False,
                      headers=[('Contact', f'{seen["Contact"]};expires=600')])
        phone.expect(200)
        gateway.forget()
        network.barrier('p1', 's1')
        call = Call(server, phone, phone.uri, (P1, 5060)).start()
        call.check_audio()
        call.hang_up()
        closed(network, call)


def test_nat66_out():
    """NAT66: a call out is translated in all places, and closed after BYE"""
    with net.Net() as network:
        masquerade()
        phone, server = pair(network)
        call = Call(phone, server, f'sip:carol@[{S1}]', SERVER).start()
        equal(call.source, (WAN, 5060), 'where the INVITE comes from')
        gateway.check_outside(call.invite, call.source, WAN)
        check(b'db8:a:' not in call.invite.data.replace(call.call_id.encode(), b''),
              f'a private address is left: {call.invite.data!r}')
        equal(call.ok.body, server.offer(), 'the answer, which names the server')
        call.check_audio()
        equal(call.audio_to_callee(), call.to_caller, 'where the audio comes from')
        stranger_stays_out(network, call, phone, call.to_caller)
        call.hang_up()
        closed(network, call)


def test_nat66_in():
    """NAT66: a call in by a forwarded port"""
    with net.Net() as network:
        nat66(f'''chain post {{ type nat hook postrouting priority srcnat; oifname wan masquerade; }}
                  chain pre {{ type nat hook prerouting priority dstnat;
                      iifname wan udp dport 5060 dnat to [{P1}]:5060; }}''')
        gateway.nft('insert rule inet filter forward ct status dnat accept')
        phone, peer = pair(network)
        call = Call(peer, phone, f'sip:alice@[{WAN}]', (WAN, 5060)).start()
        equal(sip.hostport(call.invite.uri), (P1, 5060), 'the host in the Request-URI')
        gateway.check_outside(call.ok, (WAN, 5060), WAN)
        check(call.audio_to_callee(), 'the phone does not hear the caller')
        check(call.audio_to_caller(), 'the caller does not hear the phone')
        call.hang_up()
        closed(network, call)


def test_nat66_prefix():
    """NAT66 of a prefix: the host part stays, in the text as in the packets"""
    with net.Net() as network:
        outside = '2001:db8:c::11'
        nat66('''chain post { type nat hook postrouting priority srcnat;
            oifname wan snat ip6 prefix to 2001:db8:c::/64; }''')
        for ns in ('s1', 's2'):
            gateway.ip('route add 2001:db8:c::/64 via 2001:db8:b::1', ns)
        phone, server = pair(network)
        call = Call(phone, server, f'sip:carol@[{S1}]', SERVER).start()
        equal(call.source[0], outside, 'where the INVITE comes from')
        gateway.check_outside(call.invite, call.source, outside)
        call.check_audio()
        equal(call.audio_to_callee(), call.to_caller, 'where the audio comes from')
        stranger_stays_out(network, call, phone, call.to_caller)
        call.hang_up(server)
        closed(network, call)


def test_port_of_gateway():
    """NAT66: a port that the gateway itself uses is not given to a phone"""
    with net.Net() as network:
        masquerade()
        own = network.udp('gw', 40000, '::')
        phone, server = pair(network)
        call = Call(phone, server, f'sip:carol@[{S1}]', SERVER).start()
        check(call.to_caller[1] != 40000, 'it is')
        call.check_audio()
        check(not net.drain(own), 'the socket of the gateway got something')
        call.hang_up()


def grown(network, size):
    """An INVITE of so many bytes of IPv6 packet, and how it came out; outside, addresses are longer."""
    gateway.ip(f'''addr add {LONG}/128 dev wan nodad''')
    nat66(f'''chain post {{ type nat hook postrouting priority srcnat;
        oifname wan snat to {LONG}; }}''')
    gateway.ip(f'route add {LONG}/128 via {WAN}', 's1')
    phone, server = pair(network)
    data = phone.request('INVITE', f'sip:carol@[{S1}]', body=phone.offer(), call_id='grown')
    missing = size - 48 - len(data)
    body = sip.sdp(*phone.media, 'a=x-pad:' + 'x' * (missing - 10) + '\r\n')
    data = phone.request('INVITE', f'sip:carol@[{S1}]', body=body, call_id='grown')
    phone.send(data, SERVER)
    seen, _ = server.expect('INVITE')
    return data, seen


def test_growth():
    """NAT66: a message that outgrows the MTU is delivered"""
    with net.Net() as network:
        data, seen = grown(network, 1490)
        check(len(seen.data) + 48 > 1500, f'it has only grown from {len(data)} to {len(seen.data)}')
        equal(seen.media, (LONG, 40000), 'the media in it')
        equal(len(seen.body), int(seen['Content-Length']), 'its length')


def test_growth_further_on():
    """NAT66: one that outgrows the MTU of a link further on is delivered when it is sent again"""
    with net.Net() as network:
        far = '2001:db8:f::2'
        gateway.ip(f'''addr add {LONG}/128 dev wan nodad
                       route add 2001:db8:f::/64 via {net.ADDRESS6["s2"]}''')
        nat66(f'''chain post {{ type nat hook postrouting priority srcnat;
            oifname wan snat to {LONG}; }}''')
        gateway.ip('''link add near type veth peer name far netns s1
                      link set near mtu 1400 up
                      addr add 2001:db8:f::1/64 dev near nodad''', 's2')
        gateway.ip(f'''link set far mtu 1400 up
                       addr add {far}/64 dev far nodad''', 's1')
        gateway.set_sysctl('net/ipv6/conf/all/forwarding', 1, 's2')
        for ns in ('s1', 's2'):
            gateway.ip(f'route add {LONG}/128 via {WAN}', ns)
        phone = Ua(network, 'p1', 'alice', v6=True)
        server = Ua(network, 's1', 'carol', rtp=30000, v6=True, address=far)
        probe = network.udp('p1', v6=True), network.udp('s1', 9999, far)
        check(network.arrives(probe[0], (far, 9999), probe[1]), 'not even a plain datagram gets through')
        data = phone.request('INVITE', server.uri, body=phone.offer(), call_id='grown')
        body = sip.sdp(*phone.media, 'a=x-pad:' + 'x' * (1390 - 48 - len(data) - 10) + '\r\n')
        data = phone.request('INVITE', server.uri, body=body, call_id='grown')
        for _ in range(10):
            phone.send(data, (far, 5060))
            got, _ = net.receive(server.socket, 0.5)  # T1, as a phone has it
            if got:
                break
        check(got, 'it is never delivered')
        check(len(data) + 48 <= 1400 < len(got) + 48, f'{len(data)} bytes became {len(got)}')
        equal(sip.Message(got).media, (LONG, 40000), 'the media in it')


def test_fragments():
    """NAT66: a message in fragments is translated"""
    with net.Net() as network:
        data, seen = grown(network, 4000)
        check(len(seen.data) > len(data) > 3000, f'{len(data)} bytes became {len(seen.data)}')
        equal(seen.media, (LONG, 40000), 'the media in it')


def test_other_family():
    """an offer of IPv4 media over IPv6 is left alone"""
    with net.Net() as network:
        masquerade()
        phone, server = pair(network)
        body = sip.sdp(net.P1, 40000)
        phone.send(phone.request('INVITE', f'sip:carol@[{S1}]', body=body), SERVER)
        seen, _ = server.expect('INVITE')
        equal(seen.body, body, 'the offer')
        equal(seen.contact, (WAN, 5060), 'the Contact')


run_all(globals())
