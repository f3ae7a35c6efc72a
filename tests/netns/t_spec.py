#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""include/sipalg.yaml says what the header says and what the kernel takes."""

import errno
import os
import re
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import genl
import net
from genl import Refused, attr, attrs
from spec import Client, Spec
from tap import check, equal, run_all
from ua import Call, Ua

# Of the kernel's nlctrl, and its names of types (enum netlink_attribute_type).
GET_POLICY, FAMILY_ID, POLICY, OP_POLICY, POLICY_DO, POLICY_DUMP = 10, 1, 8, 9, 1, 2
TYPES = {2: 'u8', 3: 'u16', 4: 'u32', 5: 'u64', 10: 'binary', 11: 'string', 12: 'string',
         13: 'nest'}


def upper(*words):
    return ''.join(words).replace('-', '_').upper()


def enums():
    """name: {entry: number} of each of the header's enumerations."""
    with open(genl.HEADER, encoding='utf-8') as f:
        text = re.sub(r'/\*.*?\*/', '', f.read(), flags=re.S)
    found = {}
    for name, body in re.findall(r'enum (\w+) \{(.*?)\}', text, re.S):
        entries = [e.strip() for e in body.split(',') if e.strip() and '=' not in e]
        found[name] = {e: n for n, e in enumerate(entries)
                       if not e.startswith('__') and not e.endswith(('_COUNT', 'UNSPEC'))}
    return found


def listed(name, word):
    """The names of one of the option header's X macro lists."""
    header = os.path.join(os.path.dirname(genl.HEADER), 'sipalg_options.h')
    with open(header, encoding='utf-8') as f:
        body = re.search(rf'#define {name}\(X\)(.*?[^\\])\n', f.read(), re.S).group(1)
    return [n.lower().replace('_', '-') for n in re.findall(word, body)]


def test_header():
    """the specification has the header's enumerations, attributes and commands, no other ones"""
    spec, header = Spec(), enums()
    ours = {e['enum-name']: {upper(e['name-prefix'], n): i for i, n in enumerate(e['entries'])}
            for e in spec.enums.values()}
    for s in spec.sets.values():
        if 'enum-name' in s:
            ours[s['enum-name']] = {upper(s['name-prefix'], a['name']): n
                                    for n, a in spec.attributes(s['name']).items()}
    table = spec.file['operations']
    ours[table['enum-name']] = {upper(table['name-prefix'], c['name']): c['value']
                                for c in table['list']}
    equal(sorted(ours), sorted(header), 'the enumerations')
    for name, entries in header.items():
        equal(ours[name], entries, name)
    equal([a['name'] for a in spec.sets['rule-options']['attributes']],
          listed('SIPALG_OPTIONS', r'\tX\(\w+, (\w+),'), 'the options of a rule')
    equal([a['name'] for a in spec.sets['rule-rates']['attributes']],
          listed('SIPALG_METHODS', r'X\((\w+)\)'), 'the methods that have a rate')


def kernel_policies(talk):
    """(command, do or dump): {attribute: type} as the kernel itself tells."""
    tables, uses = {}, {}
    for message in talk.ask(GET_POLICY, attr(FAMILY_ID, struct.pack('=H', talk.family)), dump=True,
                            family=genl.CONTROL):
        for number, data in message:
            for key, value in attrs(data) if number in (POLICY, OP_POLICY) else ():
                for inner, what in attrs(value):
                    if number == OP_POLICY:
                        how = {POLICY_DO: 'do', POLICY_DUMP: 'dump'}[inner]
                        uses[key, how] = struct.unpack('=I', what)[0]
                    else:
                        kind = struct.unpack('=I', dict(attrs(what))[1])[0]
                        tables.setdefault(key, {})[inner] = TYPES[kind]
    return {use: tables.get(index, {}) for use, index in uses.items()}


def test_kernel():
    """the kernel has these commands, and takes attributes of these types with them"""
    with net.Net():
        client = Client()
        spec, kernel = client.spec, kernel_policies(client.talk)
        ways = {(c['value'], how): c for c in spec.commands.values() for how in ('do', 'dump')
                if how in c}
        equal(sorted(ways), sorted(kernel), 'commands and how they are asked')
        top = spec.attributes('top')
        taken = {}
        for (number, how), c in ways.items():
            said = ((c[how] or {}).get('request') or {}).get('attributes', [])
            taken.setdefault(number, set()).update(said)
            for a in kernel[number, how]:
                equal(kernel[number, how][a], top[a]['type'], f'{c["name"]}: {top[a]["name"]}')
        for (number, how), policy in kernel.items():
            equal({top[a]['name'] for a in policy}, taken[number], f'{ways[number, how]["name"]} {how}')


def test_client():
    """a program that knows the specification alone reads the state and sets the policy"""
    with net.Net() as network:
        Call(Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000),
             f'sip:carol@{net.S1}', (net.S1, 5060)).start()
        ask = Client()
        equal(ask('status-get')[0]['status']['dialogs'], 1, 'dialogs in the status')
        (dialog,) = [m['dialog'] for m in ask('dialog-get', 'dump', kind='call')]
        equal((dialog['state'], dialog['method']), ('confirmed', 'INVITE'), 'the call')
        equal(sorted(m['side'] for m in dialog['media']), [0, 1], 'media of both sides')
        equal(ask('dialog-get', id=dialog['id'])[0]['dialog']['call-id'], dialog['call-id'], 'by id')
        equal(ask('dialog-get', 'dump', kind='subscription'), [], 'no subscription')
        check(ask('binding-get', 'dump'), 'it has bindings')
        rules = [{'name': 'office', 'action': 'alg', 'src': {'addr': '10.0.0.0', 'len': 8},
                  'protocol': 17, 'port-min': 5060, 'port-max': 5061,
                  'options': {'max-media': 4}, 'rates': {'invite': 50}},
                 {'name': 'others', 'action': 'bypass'}]
        equal(ask('policy-set', rule=rules), [], 'set without a word')
        (office,), (others,) = (m['rule'] for m in ask('policy-get', 'dump'))
        for name, value in rules[0].items():
            if name in ('options', 'rates'):  # it shows those that were not set as well
                equal(office[name] | value, office[name], name)
            else:
                equal(office[name], value, name)
        equal((others['name'], others['action']), ('others', 'bypass'), 'the other rule')
        for wrong in ({'src': {'addr': '10.0.0.0', 'len': 33}}, {'protocol': 1},
                      {'options': {'max-media': 99}}, {'port-min': 9, 'port-max': 8}):
            try:
                ask('policy-set', rule=[wrong])
            except Refused as no:
                check(no.error in (errno.EINVAL, errno.ERANGE) and no.sentence, f'{wrong}: {no}')
            else:
                raise AssertionError(f'{wrong} was taken')
        equal(len(ask('policy-get', 'dump')), 2, 'what was refused changed nothing')


run_all(globals())
