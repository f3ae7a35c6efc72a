#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What an administrator may do while a call runs."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import gateway
import net
from tap import check, run_all
from ua import Call, Ua

SERVER = (net.S1, 5060)


def running_call(network):
    call = Call(Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000),
                f'sip:carol@{net.S1}', SERVER).start()
    call.check_audio()
    return call


def test_looking():
    """conntrack -L and nft list ruleset during a call"""
    with net.Net() as network:
        call = running_call(network)
        check('udp' in net.run('gw', 'conntrack', '-L'), 'conntrack lists no flow')
        check('masquerade' in net.run('gw', 'nft', 'list', 'ruleset'), 'nft lists no rules')
        call.check_audio()
        call.hang_up()


def test_flushing():
    """conntrack -F during a call: its audio comes back by itself, both ways"""
    with net.Net() as network:
        call = running_call(network)
        net.run('gw', 'conntrack', '-F')
        check(call.audio_to_caller(), 'the phone does not hear the server any more')
        check(call.audio_to_callee() == call.to_caller, 'the audio of the phone has another source')
        call.hang_up()


def test_reloading_rules():
    """nft flush ruleset and the same rules again during a call"""
    with net.Net() as network:
        call = running_call(network)
        rules = net.run('gw', 'nft', 'list', 'ruleset')
        net.run('gw', 'nft', '-f', '-', text_in='flush ruleset\n' + rules)
        call.check_audio()
        call.hang_up()


def test_deleting_the_namespace():
    """the gateway's namespace goes away with a call in it"""
    with net.Net() as network:
        running_call(network)
        net.spoil()
    # Its clean-up runs after its name is gone; a new one waits for it.
    with net.Net() as network:
        running_call(network).hang_up()


def test_rmmod():
    """rmmod during a call: its audio goes on, and a new insmod finds everything clean"""
    with net.Net() as network:
        call = running_call(network)
        gateway.unload()
        check(call.audio_to_caller(), 'the phone does not hear the server any more')
        check(call.audio_to_callee(), 'the server does not hear the phone any more')
        net.run('gw', 'conntrack', '-L')
    with net.Net() as network:
        running_call(network).hang_up()


run_all(globals())
