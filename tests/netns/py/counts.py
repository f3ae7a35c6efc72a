# SPDX-License-Identifier: GPL-2.0
"""Counters that have to add up: what was seen was translated, unchanged, left alone or dropped."""

import os
import re
import struct

import genl
import net
from tap import check, equal

HEADER = os.path.join(net.HERE, '..', '..', '..', 'include', 'sipalg_reasons.h')


def classes():
    """(name, class) of each counter, in their order."""
    with open(HEADER, encoding='utf-8') as f:
        return re.findall(r'X\([A-Z_]+, (\w+), ([A-Z]+),', f.read())


NAMES = classes()
# Of packets, not of messages
OTHERS = ('policy_drop',)


class Counts:
    """What a namespace counts, read without a program's start."""

    def __init__(self, ns='gw'):
        self.names, self.socket = genl.enums(), genl.Genl(ns)

    def close(self):
        self.socket.close()

    def read(self):
        """name: count"""
        (answer,) = self.socket.ask(self.names['SIPALG_CMD_STATS_GET'])
        data = dict(answer)[self.names['SIPALG_A_STATS']]
        return dict(zip((name for name, _ in NAMES), struct.unpack(f'={len(data) // 8}Q', data)))

    def status(self):
        """number of attribute: bytes"""
        (answer,) = self.socket.ask(self.names['SIPALG_CMD_STATUS_GET'])
        return dict(genl.attrs(dict(answer)[self.names['SIPALG_A_STATUS']]))

    def size(self, name):
        """How many DIALOGS, REGISTRATIONS, BINDINGS or STREAMS there are."""
        return struct.unpack('=I', self.status()[self.names[f'SIPALG_STATUS_{name}']])[0]


def sums(counts):
    """(seen, what became of it)"""
    became = counts['translated'] + counts['unchanged']
    became += sum(counts[name] for name, kind in NAMES
                  if kind in ('PASSED', 'DROPPED') and name not in OTHERS)
    return counts['seen'], became


def check_sums(ns='gw'):
    """Fail unless everything that this gateway saw has one reason, and the tables know their sizes."""
    try:
        gateway = Counts(ns)
    except genl.Refused as why:
        check(why.error == 2, str(why))  # without the module there is nothing to count
        return
    try:
        # A packet may be between its two counters on another processor.
        for _ in range(100):
            counts = gateway.read()
            seen, became = sums(counts)
            bindings = counts['bindings_created'] - counts['bindings_gone'], gateway.size('BINDINGS')
            if seen == became and bindings[0] == bindings[1]:
                break
        equal(became, seen, 'what became of the messages that were seen')
        check(counts['messages'] >= counts['translated'] + counts['unchanged'], 'more were translated than inspected')
        equal(bindings[0], bindings[1], 'bindings made and not yet removed')
        check(counts['dialogs_created'] >= counts['dialogs_ended'], 'more dialogs ended than began')
    finally:
        gateway.close()
