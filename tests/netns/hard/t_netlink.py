#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Netlink messages that are nearly right, and some that are not: each is answered, and what is refused changes nothing.

They are made from include/sipalg.yaml and from what the kernel itself shows, then bent. MUTATIONS
says how many (150 times 4), SEED which ones; the seed of a failure is printed.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../py"))
# pylint: disable=wrong-import-position
import random
import socket
import struct

import counts
import gateway
import genl
import net
import spec
from pair import Pair
from tap import check, equal, run_all

MESSAGES = 4 * int(os.environ.get('MUTATIONS') or 150)
SEED = int(os.environ.get('SEED') or 1)
DUMPS = 'dialog-get', 'registration-get', 'binding-get', 'policy-get', 'state-get', 'stream-get'
LENGTHS = 0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 64, 255, 256, 300, 4000


class Maker:
    """Messages of one seed."""

    def __init__(self, seed, file, shown):
        self.random, self.spec, self.shown = random.Random(seed), file, shown

    def value(self, a, depth):
        """Bytes for an attribute of the specification, of its type or not."""
        kind, dice = a['type'], self.random.randrange(12)
        if dice == 0:
            return self.random.randbytes(self.random.choice(LENGTHS))
        if kind == 'nest':
            return self.some(a['nested-attributes'], depth + 1) if depth < 12 else b''
        if kind in spec.NUMBERS:
            size = struct.calcsize(spec.NUMBERS[kind])
            return self.random.choice((0, 1, 2, 3, 1023, 5060, 2 ** (8 * size) - 1, self.random.getrandbits(8 * size))
                                      ).to_bytes(8, 'little')[:size]
        if kind == 'string':
            return self.random.choice((b'', b'x', b'INVITE', b'a' * 300, b'10.0.0.11', b'\xff', b'lan')) + b'\0'
        return self.random.choice((socket.inet_aton('10.0.0.11'), socket.inet_aton('203.0.113.10'), bytes(16), bytes(4)))

    def some(self, name, depth=0):
        """A few attributes of a set."""
        data, known = b'', self.spec.attributes(name)
        for _ in range(self.random.randrange(1, 8)):
            number = self.random.choice(list(known))
            nested = spec.NESTED if known[number]['type'] == 'nest' and self.random.randrange(10) else 0
            data += genl.attr(number | nested, self.value(known[number], depth)[:60000])
            if len(data) > 20000:
                break
        return data

    def bend(self, data):
        """Lengths, numbers and bytes that are others; a piece that is missing."""
        out = bytearray(data)
        for _ in range(self.random.randrange(4)):
            if len(out) < 8:
                break
            at = self.random.randrange(len(out) // 4) * 4
            what = self.random.randrange(5)
            if what == 0:
                out[at:at + 2] = struct.pack('=H', self.random.choice((*LENGTHS, 65535)))
            elif what == 1:
                out[at + 2:at + 4] = struct.pack('=H', self.random.choice((0, 1, 5, 40, 99, 0x8001, 0xffff)))
            elif what == 2:
                out[self.random.randrange(len(out))] = self.random.randrange(256)
            elif what == 3:
                del out[at:at + 4 * self.random.randrange(1, 5)]
            else:
                out[at:at] = out[:self.random.randrange(len(out) + 1)][:2000]
        return bytes(out)

    def message(self):
        """(name, number, bytes, dump?)"""
        command = self.random.choice([c for c in self.spec.commands.values() if 'do' in c or 'dump' in c])
        # What the kernel showed is what the writers take.
        if command['name'].endswith('-set') and self.shown and self.random.randrange(4):
            data = b''.join(self.random.choice(self.shown) for _ in range(self.random.randrange(1, 4)))
        elif self.random.randrange(3):
            wanted = command.get('do', {}).get('request', {}).get('attributes', [])
            data = b''.join(genl.attr(n | (spec.NESTED if a['type'] == 'nest' else 0), self.value(a, 0))
                            for n, a in self.spec.attributes('top').items() if a['name'] in wanted)
        else:
            data = self.some('top')
        if self.random.randrange(4):
            data = self.bend(data)
        # One kind of read after another: what is not a dump is a command.
        return command['name'], command['value'], data[:30000], 'dump' in command and self.random.randrange(2)


def state_of(client):
    """What nobody may change who is refused."""
    return client('policy-get', 'dump')


def shown(client):
    """The attributes of rules and states, as bytes."""
    found = []
    for name in 'policy-get', 'state-get':
        for answer in client.talk.ask(client.spec.commands[name]['value'], dump=True):
            found += [genl.attr(n | spec.NESTED, data) for n, data in answer]
    return found


def a_call(pair):
    """A call that goes on, and a registration."""
    leg = pair.leg()
    leg.up()
    pair.dirty = True
    pair.alice.send(pair.alice.request('REGISTER', f'sip:{net.S1}', to=f'<sip:alice@{net.S1}>'), (net.S1, 5060))
    seen, source = pair.carol.expect('REGISTER')
    pair.carol.send(pair.carol.response(seen, source, 200, 'OK', contact=False,
                                        headers=[('Contact', f'{seen["Contact"]};expires=600')]), source)
    pair.alice.expect(200)


def test_messages():
    """messages of every command, with attributes that fit and that do not"""
    pair = Pair()
    a_call(pair)
    client = spec.Client()
    client.talk.socket.settimeout(net.WAIT)
    material = shown(client)
    check(len(material) >= 3, 'there is nothing to make messages from')
    done = {'taken': 0, 'refused': 0}
    for number in range(MESSAGES):
        seed = SEED * 1000003 + number
        name, value, data, dump = Maker(seed, client.spec, material).message()
        before = state_of(client) if name.endswith('-set') else None
        try:
            client.talk.ask(value, data, dump)
            done['taken'] += 1
        except genl.Refused as why:
            done['refused'] += 1
            if before:
                equal(state_of(client), before, f'SEED={seed}: the policy after "{why}"')
        except TimeoutError as why:
            raise AssertionError(f'SEED={seed}: {name} is not answered') from why
        # What was turned off or ended is there again.
        if name == 'disable' or number % 100 == 99:
            gateway.net.run('gw', net.CTL, 'enable', check=False)
            gateway.policy('alg port 5060')
            a_call(pair)
            material = shown(client)
    check(done['taken'] > MESSAGES // 20 and done['refused'] > MESSAGES // 20, f'they are all alike: {done}')
    print(f'# netlink messages: {done}', flush=True)
    gateway.policy('alg port 5060')
    counts.check_sums()
    pair.close()


def test_call_after():
    """and a call is a call after all that"""
    pair = Pair()
    leg = pair.leg()
    invite = leg.up()
    pair.check_both(invite.seen.media)
    leg.down()
    pair.check_shut(invite.seen.media)
    pair.check_quiet()
    pair.close()


run_all(globals())
