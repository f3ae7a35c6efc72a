#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What very many dialogs cost who lists them, and the calls that go on meanwhile; a nanosecond is an instruction.

DIALOGS: how many. The time of a dump is that of a processor that does 10^9 instructions in a second.
"""

import os
import socket
import struct
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)
# pylint: disable=wrong-import-position
from measure import SERVER, URI, Gateway, crowd, pair, row
from tap import check, run_all
from functions import Functions
from ua import Call
import genl

DIALOGS = int(os.environ.get('DIALOGS') or 5000)
DIALOG_GET = 'SIPALG_CMD_DIALOG_GET'
MANY = 100000  # what the target is about


class Dump:
    """The dialogs as the kernel tells them, a buffer at a time."""

    def __init__(self):
        self.genl, self.nanoseconds, self.found, self.done = genl.Genl(), 0, 0, False
        command = genl.enums()[DIALOG_GET]
        begin = time.perf_counter_ns()
        self.genl.socket.send(struct.pack('=IHHIIBBH', 20, self.genl.family, genl.REQUEST | genl.ROOT_MATCH,
                                          77, 0, command, 1, 0))
        self.nanoseconds += time.perf_counter_ns() - begin
        self.buffer = bytearray(65536)

    def part(self):
        """One more of them; what the kernel takes for it."""
        begin = time.perf_counter_ns()
        size = self.genl.socket.recv_into(self.buffer, 0, socket.MSG_DONTWAIT)
        self.nanoseconds += time.perf_counter_ns() - begin
        at = 0
        while at < size:
            length, kind = struct.unpack_from('=IH', self.buffer, at)
            self.done = self.done or kind == genl.DONE
            self.found += kind == self.genl.family
            at += (length + 3) & ~3


def one_call(phone, server):
    """The longest of its messages."""
    phone.times.clear()
    server.times.clear()
    Call(phone, server, URI, SERVER).start().hang_up()
    return {kind: max(times) for agent in (phone, server) for kind, times in agent.times.items()}


def dump_during_calls(phone, server):
    """A dump with a call after each so many of its parts: (dump, what the messages took at most)."""
    dump, worst, parts = Dump(), {}, 0
    while not dump.done:
        dump.part()
        parts += 1
        if parts % 8 == 1 and not dump.done:
            for kind, taken in one_call(phone, server).items():
                worst[kind] = max(worst.get(kind, 0), taken)
    return dump, worst


def test_dump():
    """all dialogs are told within a second for 100,000, and no message of a call waits for a millisecond"""
    with Gateway('sipalg') as network:
        crowd(network, DIALOGS)
        phone, server = pair(network)
        alone = {}
        for _ in range(6):
            alone = one_call(phone, server)
        dump, during = dump_during_calls(phone, server)
        check(dump.found >= DIALOGS, f'{dump.found} of {DIALOGS} dialogs were told')
        # Whoever holds a call's lock, and keeps softirqs off, does so in this function.
        with Functions('put_call') as trace:
            again = Dump()
            while not again.done:
                again.part()
            held = max(trace.calls())
    each = dump.nanoseconds / dump.found
    later = max(taken - alone.get(kind, taken) for kind, taken in during.items())
    row(f'dump of {MANY} dialogs, counted on {dump.found}, at most 1.00', f'{each * MANY / 1e9:.2f}',
        's at 1 instruction/ns', f'{each:.0f} instructions a dialog')
    row('a dump keeps a call waiting, at most 1000000', f'{held}', 'instructions of 1 ms', 'with a lock, softirqs off')
    row('a message during a dump, at most 1000000 more', f'{max(later, 0)}', 'instructions of 1 ms',
        f'of {len(during)} kinds of messages, the worst')
    check(each * MANY <= 1.5e9, f'{each:.0f} instructions for each dialog')
    check(max(held, later) <= 1000000, f'a lock was held for {held} instructions, a message took {later} more')


run_all(globals())
