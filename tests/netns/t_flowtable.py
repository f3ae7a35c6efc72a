#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""An nft flowtable on the gateway: media goes by it, signalling does not, and it ends with the call."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import gateway
import net
from tap import check, run_all
from ua import Call, Ua

SERVER = (net.S1, 5060)
RULES = '''
table inet fast {
    flowtable ft { hook ingress priority filter; devices = { lan, wan }; }
    chain forward {
        type filter hook forward priority filter - 1;
        meta l4proto udp flow add @ft
    }
}'''


def start(network, **more):
    gateway.need('nft_flow_offload')
    gateway.nft(RULES)
    phone = Ua(network, 'p1', 'alice', **more)
    server = Ua(network, 's1', 'carol', rtp=30000, **more)
    host = f'[{server.address}]' if ':' in server.address else server.address
    return Call(phone, server, f'sip:carol@{host}', (server.address, 5060)).start()


def offloaded(port, family=''):
    return [line for line in gateway.flows('OFFLOAD', *family) if f'={port} ' in line]


def check_offloaded(call, family=''):
    call.check_audio()
    call.check_audio()
    rtp = call.caller.media[1]
    check(offloaded(rtp, family), f'the media is not in the flowtable: {gateway.flows(*family)}')
    check(not offloaded(5060, family), 'the signalling is in the flowtable')
    # Now no packet of it comes by the rules any more, and still all arrive.
    call.check_audio()


def test_masquerade():
    """running media goes by the flowtable, signalling stays out, and BYE closes"""
    with net.Net() as network:
        call = start(network)
        check_offloaded(call)
        call.hang_up()
        gateway.check_closed(network, call, 'p1', 's1')
        check(not offloaded(40000), 'its entry is left')


def test_ipv6():
    """IPv6 without NAT likewise, closed by the other side"""
    with net.Net() as network:
        call = start(network, v6=True)
        check_offloaded(call, ':')
        call.hang_up(call.callee)
        gateway.check_closed(network, call, 'p1', 's1')


def test_hold():
    """a re-INVITE during offloaded media is seen, and its new port works"""
    with net.Net() as network:
        call = start(network)
        check_offloaded(call)
        phone, server = call.caller, call.callee
        line = phone.another_line(40020)
        call.in_dialog(phone, 'INVITE', body=line.offer())
        again, source = server.expect('INVITE')
        gateway.check_outside(again, (net.WAN, 5060), net.WAN)
        old = call.to_caller
        call.respond(again, source, 200, 'OK', body=server.offer())
        phone.expect(200)
        call.in_dialog(phone, 'ACK', cseq=call.cseq)
        server.expect('ACK')
        call.invite, call.caller = again, line
        check_offloaded(call)
        check(network.closes(server.rtp, old, phone.rtp, 'p1', 's1'), 'the old port is open')
        call.hang_up(server)
        gateway.check_closed(network, call, 'p1', 's1')


run_all(globals())
