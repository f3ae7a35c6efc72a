#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Options of rules that say who may come in."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import gateway
import net
from tap import check, equal, run_all
from ua import Call, Ua


def pair(network):
    return Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)


def call_of(phone, server):
    return Call(phone, server, f'sip:carol@{net.S1}', (net.S1, 5060))


def test_dialog_pinholes():
    """dialog-pinholes off: the other side's BYE comes by the call's own flow, and not once that is gone"""
    with net.Net() as network:
        phone, server = pair(network)
        gateway.policy('alg dialog-pinholes off')
        call = call_of(phone, server).start()
        equal(call.invite.contact, (net.WAN, 5060), 'the Contact outside')
        call.check_audio()
        equal([b['peer'] for b in gateway.bindings('signalling')], [[]], 'who may come in by the Contact')
        call.hang_up(server)
        call = call_of(phone, server).start()
        # A call keeps the rule that it began under.
        gateway.policy('alg')
        gateway.forget()
        bye, to = call.within(server, 'BYE')
        server.send(bye, to)
        check(phone.quiet('p1', 's1'), 'the BYE gets in')
        call = call_of(phone, server).start()
        gateway.policy('alg dialog-pinholes off')
        gateway.forget()
        network.barrier('p1', 's1')
        call.hang_up(server)


run_all(globals())
