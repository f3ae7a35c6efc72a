#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A firewall without NAT: of two hosts that know each other's addresses, what is negotiated is open."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import net
from pair import Pair
from tap import equal, run_all

pair = Pair('none')
alice, carol = pair.alice, pair.carol


def at(port):
    return net.P1, port


def test_other_ports():
    """who sends media to the phone reaches its media port and no other"""
    leg = pair.leg()
    equal(leg.up().seen.media, at(40000), 'where the phone is')
    pair.check_both(at(40000))
    for port in (40002, 40010, 22222):
        pair.check_never(at(port), port)
    pair.check_both(at(40000))
    leg.down()
    pair.check_shut(at(40000))
    pair.check_quiet()


def test_moves():
    """a re-INVITE to another port opens that with the answer, and closes the old one"""
    for who in (alice, carol):
        leg = pair.leg()
        leg.up()
        pair.check_both(at(40000))
        here, there = leg.offer(alice, 40010), leg.offer(carol)
        invite = leg.ask(who, 'INVITE', here if who is alice else there)
        pair.check_both(at(40000))
        pair.check_never(at(40010), 40010)
        leg.say(invite, 200, there if who is alice else here)
        leg.ask(who, 'ACK')
        pair.check_both(at(40010), 40010)
        pair.check_shut(at(40000))
        leg.down(who)
        pair.check_shut(at(40010), 40010)
        pair.check_quiet()


def test_refused():
    """a re-INVITE that is refused opens nothing, and the old host goes on"""
    leg = pair.leg()
    leg.up()
    for who in (alice, carol):
        body = leg.offer(alice, 40010) if who is alice else leg.offer(carol, address=net.S2)
        leg.refuse(leg.ask(who, 'INVITE', body), 488)
        pair.check_both(at(40000))
        pair.check_never(at(40010), 40010)
        pair.check_never(at(40000), host=net.S2)
    leg.down()
    pair.check_shut(at(40000))
    pair.check_quiet()


def test_peer_moves():
    """the other side moves to another host: its old host is not heard any more"""
    leg = pair.leg()
    leg.up()
    pair.check_both(at(40000))
    leg.say(leg.ask(carol, 'INVITE', leg.offer(carol, address=net.S2)), 200, leg.offer(alice))
    leg.ask(carol, 'ACK')
    pair.check_both(at(40000), host=net.S2)
    pair.check_shut(at(40000))
    leg.down()
    pair.check_shut(at(40000), host=net.S2)
    pair.check_quiet()


try:
    run_all(globals())
finally:
    pair.close()
