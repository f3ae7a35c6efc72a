#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Packets as they really come: in fragments, merged, in pieces, without a checksum, too long."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import socket
import struct

import gateway
import net
import sip
from tap import check, equal, run_all
from ua import Call, Ua

SERVER = (net.S1, 5060)
UDP_SEGMENT, SO_NO_CHECK, IP_MTU_DISCOVER, IP_PMTUDISC_DO = 103, 11, 10, 2
ETH_P_IP, PACKET_VNET_HDR, SOL_PACKET = 0x0800, 15, 263
HEADERS = 28  # of IPv4 and UDP


def pair(network):
    return Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)


def padded(phone, size, call_id='padded'):
    """An INVITE of this many bytes."""
    def invite(n):
        return phone.request('INVITE', f'sip:carol@{net.S1}', call_id=call_id, branch=call_id,
                             from_tag=call_id, body=sip.sdp(*phone.media, f'a=x:{"x" * n}\r\n'))
    data = invite(1000)
    data = invite(1000 + size - len(data))
    return data + b'\n' * (size - len(data))


def check_invite(seen, size=None):
    equal(seen.contact, (net.WAN, 5060), 'the Contact')
    equal(seen.media[0], net.WAN, 'c= in the offer')
    equal(len(seen.body.rstrip()) + 2, int(seen['Content-Length']), 'its length')
    if size:
        check(len(seen.data) > size, f'{size} bytes became {len(seen.data)}')


def raw(ns, device='eth0'):
    """A packet socket for all of a device's IPv4."""
    with net.inside(ns):
        s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
        s.bind((device, ETH_P_IP))
    return s


def checksum(data):
    data += b'\0' * (len(data) % 2)
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def datagram(source, destination, payload):
    """UDP header and payload with a checksum."""
    head = struct.pack('!HHHH', source[1], destination[1], 8 + len(payload), 0)
    pseudo = (socket.inet_aton(source[0]) + socket.inet_aton(destination[0]) +
              struct.pack('!HH', 17, len(head) + len(payload)))
    return head[:6] + struct.pack('!H', checksum(pseudo + head + payload) or 0xffff) + payload


def ipv4(source, destination, data, ident=1, offset=0, more=False, df=False):
    """An IP packet or fragment of UDP."""
    flags = offset // 8 | (0x2000 if more else 0) | (0x4000 if df else 0)
    head = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(data), ident, flags, 64, 17, 0)
    head += socket.inet_aton(source[0]) + socket.inet_aton(destination[0])
    return head[:10] + struct.pack('!H', checksum(head)) + head[12:] + data


def mac(ns, device):
    """A device's Ethernet address."""
    words = net.run(ns, 'ip', '-o', 'link', 'show', device).split()
    return bytes.fromhex(words[words.index('link/ether') + 1].replace(':', ''))


def inject(network, packets):
    """Put IP packets on p1's cable as they are."""
    s = raw('p1')
    network.sockets.append(s)
    where = ('eth0', ETH_P_IP, 0, 0, mac('gw', 'lan'))
    for packet in packets:
        s.sendto(packet, where)


def fragments(phone, data, size, ident=7):
    """The datagram in fragments of this many bytes."""
    source = (phone.address, phone.port)
    whole = datagram(source, SERVER, data)
    return [ipv4(source, SERVER, whole[at:at + size], ident, at, at + size < len(whole))
            for at in range(0, len(whole), size)]


def test_fragments():
    """a message of 6,000 bytes in fragments is translated, both ways"""
    with net.Net() as network:
        phone, server = pair(network)
        data = padded(phone, 6000)
        phone.send(data, SERVER)
        seen, source = server.expect('INVITE')
        check_invite(seen, 6000)
        answer = server.response(seen, source, 200, 'OK', body=sip.sdp(*server.media, 'a=y:' + 'y' * 5000))
        server.send(answer, source)
        got, _ = phone.expect(200)
        equal(got.body, sip.Message(answer).body, 'the answer, which names the server')
        equal(got['Via'].partition(';rport')[0], sip.Message(data)['Via'].partition(';rport')[0],
              'Via in the answer')


def test_fragments_disordered():
    """fragments that come in the wrong order, the last first"""
    with net.Net() as network:
        phone, server = pair(network)
        network.barrier('p1', 's1')
        inject(network, reversed(fragments(phone, padded(phone, 3000), 640)))
        check_invite(server.expect('INVITE')[0], 3000)


def test_fragment_like_a_message():
    """a fragment that begins as a message is none (NAT slipstreaming)"""
    with net.Net() as network:
        phone, server = pair(network)
        network.barrier('p1', 's1')
        inner = phone.request('REGISTER', f'sip:{net.S1}')
        data = b'x' * (640 - 8) + inner
        inject(network, fragments(phone, data, 640))
        got, _ = net.receive(server.socket)
        equal(got, data, 'the datagram')
        equal(gateway.bindings(), [], 'what it opened')


def ipv6(source, destination, data, ident, offset, more):
    """A fragment of UDP over IPv6."""
    head = struct.pack('!IHBB', 6 << 28, 8 + len(data), 44, 64)
    head += b''.join(socket.inet_pton(socket.AF_INET6, a[0]) for a in (source, destination))
    return head + struct.pack('!BBHI', 17, 0, offset | more, ident) + data


def datagram6(source, destination, payload):
    head = struct.pack('!HHHH', source[1], destination[1], 8 + len(payload), 0)
    pseudo = b''.join(socket.inet_pton(socket.AF_INET6, a[0]) for a in (source, destination))
    pseudo += struct.pack('!II', len(head) + len(payload), 17)
    return head[:6] + struct.pack('!H', checksum(pseudo + head + payload) or 0xffff) + payload


class Pieces:
    """A UDP socket that sends each datagram in fragments, the last one first if so wanted."""

    serial = 0

    def __init__(self, network, sock, ns, gateway_device, backwards):
        self.sock, self.backwards = sock, backwards
        self.v6 = sock.family == socket.AF_INET6
        proto = 0x86dd if self.v6 else ETH_P_IP
        with net.inside(ns):
            self.raw = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        network.sockets.append(self.raw)
        self.where = ('eth0', proto, 0, 0, mac('gw', gateway_device))

    def __getattr__(self, name):
        return getattr(self.sock, name)

    def sendto(self, data, to):
        Pieces.serial += 1
        source = self.sock.getsockname()[:2]
        whole = (datagram6 if self.v6 else datagram)(source, to, data)
        size = max(64, len(whole) // 3 // 8 * 8)
        build = ipv6 if self.v6 else ipv4
        packets = [build(source, to, whole[at:at + size], Pieces.serial, at, at + size < len(whole))
                   for at in range(0, len(whole), size)]
        check(len(packets) > 2, f'{len(data)} bytes are {len(packets)} packets')
        for packet in reversed(packets) if self.backwards else packets:
            self.raw.sendto(packet, self.where)


def in_pieces(network, backwards, v6=False):
    """A call of which each message, RTP and RTCP packet is sent in fragments."""
    phone = Ua(network, 'p1', 'alice', v6=v6)
    server = Ua(network, 's1', 'carol', rtp=30000, v6=v6)
    public = '2001:db8:b::1' if v6 else net.WAN
    where = network.udp('p1', v6=v6), network.udp('s1', 9999, v6=v6)
    # The devices' addresses have to be known to the neighbours.
    where[0].sendto(b'open', where[1].getsockname()[:2])
    data, source = net.receive(where[1])
    check(data, 'not even a plain datagram gets through')
    where[1].sendto(b'back', source)
    check(net.receive(where[0])[0], 'nothing comes back')
    network.barrier('p1', 's1')
    for agent, device in ((phone, 'lan'), (server, 'wan')):
        for name in ('socket', 'rtp', 'rtcp'):
            setattr(agent, name, Pieces(network, getattr(agent, name), agent.ns, device, backwards))
    call = Call(phone, server, server.uri, (server.address, 5060)).start()
    gateway.check_outside(call.invite, (public, 5060), public)
    equal(call.ok.body, server.offer(), 'the answer, which names the server')
    call.check_audio()
    equal(call.audio_to_callee(), call.to_caller, 'where the audio comes from')
    call.hang_up(server)
    gateway.check_closed(network, call, 'p1', 's1')
    equal(gateway.counter('messages'), 6, 'messages inspected')


def test_all_in_fragments():
    """a call of which every message and RTP packet comes in fragments"""
    with net.Net() as network:
        in_pieces(network, False)


def test_all_in_fragments_disordered():
    """likewise, with the last fragment first"""
    with net.Net() as network:
        in_pieces(network, True)


NAT66 = '''table ip6 nat {
    chain post { type nat hook postrouting priority srcnat; oifname wan masquerade; }
}'''


def test_all_in_fragments_ipv6():
    """likewise over IPv6 with NAT66"""
    with net.Net() as network:
        gateway.nft(NAT66)
        in_pieces(network, False, v6=True)


def test_all_in_fragments_ipv6_disordered():
    """and with the last fragment first"""
    with net.Net() as network:
        gateway.nft(NAT66)
        in_pieces(network, True, v6=True)


def test_merged():
    """datagrams that the sender merged (UDP_SEGMENT) are translated one by one"""
    with net.Net(offload=True) as network:
        phone, server = pair(network)
        size = 1200
        texts = [padded(phone, size, f'merged-{n}') for n in range(4)]
        # The last one may be shorter.
        texts.append(padded(phone, size - 100, 'merged-4'))
        equal({len(t) for t in texts[:4]}, {size}, 'the lengths')
        before = gateway.counter('aggregated')
        phone.socket.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, size)
        phone.send(b''.join(texts), SERVER)
        phone.socket.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 0)
        for n, _ in enumerate(texts):
            seen, source = server.expect('INVITE')
            check_invite(seen, size - 100)
            equal(seen['Call-ID'], f'merged-{n}', 'its Call-ID')
        equal(gateway.counter('aggregated'), before, 'messages that could not be taken apart')
        server.answer(seen, source, body=server.offer())
        phone.expect(200)
        check(network.arrives(server.rtp, seen.media, phone.rtp), 'the phone does not hear the server')


def gro(network, feature):
    """Messages that the gateway's device merges, of one length, one after the other."""
    net.run('gw', 'ethtool', '-K', 'p1', 'gro', 'on', feature, 'on')
    # One NAPI poll must see them together: so they wait for each other.
    net.run('gw', 'sh', '-c', 'echo 200000000 >/sys/class/net/p1/gro_flush_timeout; '
            'echo 100 >/sys/class/net/p1/napi_defer_hard_irqs')
    phone, server = pair(network)
    network.barrier('p1', 's1')
    texts = [padded(phone, 1200, f'merged-{n}') for n in range(4)]
    sniffer = raw('gw', 'lan')
    network.sockets.append(sniffer)
    for text in texts:
        phone.send(text, SERVER)
    for n, _ in enumerate(texts):
        seen, _ = server.expect('INVITE')
        check_invite(seen, 1200)
        equal(seen['Call-ID'], f'merged-{n}', 'its Call-ID')
    longest = max(len(p) for p in net.drain(sniffer))
    check(longest > 2 * 1200, f'nothing was merged: the longest packet had {longest} bytes')


def test_gro_forwarding():
    """messages that the gateway's device merged (rx-udp-gro-forwarding) likewise"""
    with net.Net() as network:
        gro(network, 'rx-udp-gro-forwarding')


def test_gro_list():
    """messages that it merged as a list (rx-gro-list) likewise"""
    with net.Net() as network:
        gro(network, 'rx-gro-list')


def test_pieces():
    """a message in several pieces of memory"""
    with net.Net(offload=True) as network:
        phone, server = pair(network)
        data = padded(phone, 1300)
        for at in range(0, 1300, 100):
            phone.socket.sendto(data[at:at + 100], socket.MSG_MORE if at < 1200 else 0, SERVER)
        check_invite(server.expect('INVITE')[0], 1300)


def test_no_checksum():
    """a datagram without a checksum gets none"""
    with net.Net() as network:
        phone, server = pair(network)
        phone.socket.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)
        sniffer = raw('s1')
        network.sockets.append(sniffer)
        phone.send(padded(phone, 1000), SERVER)
        check_invite(server.expect('INVITE')[0], 1000)
        sums = [p[26:28] for p in net.drain(sniffer) if p[9] == 17 and p[22:24] == b'\x13\xc4']
        equal(sums, [b'\0\0'], 'the checksum of what arrived')


def test_growth():
    """a message that outgrows the MTU with DF set is delivered, in fragments with an id"""
    with net.Net() as network:
        phone, server = pair(network)
        phone.socket.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO)
        sniffer = raw('s1')
        network.sockets.append(sniffer)
        for n in range(2):
            phone.send(padded(phone, 1500 - HEADERS, f'grown-{n}'), SERVER)
            check_invite(server.expect('INVITE')[0], 1500 - HEADERS)
        packets = [p for p in net.drain(sniffer) if p[9] == 17]
        equal([p[6] & 0x60 for p in packets], [0x20, 0, 0x20, 0], 'the flags of the fragments')
        idents = [p[4:6] for p in packets]
        check(idents[0] == idents[1] != idents[2] == idents[3], f'the ids of the fragments: {idents}')


def far_server(network):
    """A server behind s2, a router whose next link has an MTU of 1400."""
    gateway.ip('''link add near type veth peer name far netns s1
                  link set near mtu 1400 up
                  addr add 198.51.100.1/24 dev near''', 's2')
    gateway.ip('''link set far mtu 1400 up
                  addr add 198.51.100.2/24 dev far''', 's1')
    gateway.set_sysctl('net/ipv4/ip_forward', 1, 's2')
    gateway.ip(f'route add 198.51.100.0/24 via {net.S2}')
    return Ua(network, 's1', 'carol', rtp=30000, address='198.51.100.2')


def test_growth_further_on():
    """one that outgrows the MTU of a link behind the next router is delivered at once"""
    with net.Net() as network:
        server = far_server(network)
        phone = Ua(network, 'p1', 'alice')
        phone.socket.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO)
        for size in (1400, 1450):
            phone.send(padded(phone, size - HEADERS, f'far-{size}'), (server.address, 5060))
            check_invite(server.expect('INVITE')[0], size - HEADERS)


def test_not_grown():
    """one that does not grow keeps DF"""
    with net.Net('none') as network:
        phone, server = pair(network)
        phone.socket.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO)
        sniffer = raw('s1')
        network.sockets.append(sniffer)
        data = padded(phone, 1400)
        phone.send(data, SERVER)
        equal(server.expect('INVITE')[0].data, data, 'the INVITE')
        equal([p[6] & 0x60 for p in net.drain(sniffer) if p[9] == 17], [0x40], 'the flags')


def test_left_to_the_device():
    """a datagram longer than the MTU that a guest left to be cut (UFO) is translated"""
    with net.Net(offload=True) as network:
        phone, server = pair(network)
        network.barrier('p1', 's1')
        data = padded(phone, 4000)
        source = (phone.address, phone.port)
        whole = datagram(source, SERVER, data)
        # The checksum is left to the device too: only the pseudo header's is there.
        pseudo = (socket.inet_aton(source[0]) + socket.inet_aton(SERVER[0]) +
                  struct.pack('!HH', 17, len(whole)))
        whole = whole[:6] + struct.pack('!H', ~checksum(pseudo) & 0xffff) + whole[8:]
        with net.inside('p1'):
            s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        network.sockets.append(s)
        s.bind(('eth0', 0))
        s.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        # virtio_net_hdr: needs a checksum, UDP; header, size, checksum's start and place
        head = struct.pack('=BBHHHH', 1, 3, 42, 1480, 34, 6)
        s.send(head + mac('gw', 'lan') + s.getsockname()[4] + b'\x08\0' + ipv4(source, SERVER, whole))
        check_invite(server.expect('INVITE')[0], 4000)


def test_padding():
    """bytes behind the datagram inside the IP packet stay behind it"""
    with net.Net() as network:
        phone, server = pair(network)
        network.barrier('p1', 's1')
        source = (phone.address, phone.port)
        # conntrack sums the trailer too, so there is no checksum here.
        packet = datagram(source, SERVER, padded(phone, 1000))
        packet = packet[:6] + b'\0\0' + packet[8:] + b'trailer'
        inject(network, [ipv4(source, SERVER, packet)])
        check_invite(server.expect('INVITE')[0], 1000)


run_all(globals())
