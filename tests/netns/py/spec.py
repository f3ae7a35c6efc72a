# SPDX-License-Identifier: GPL-2.0
"""include/sipalg.yaml, and a client of the family that knows nothing else of it."""

import ipaddress
import os
import struct

import genl
import yaml

NESTED = 0x8000
FILE = os.path.join(os.path.dirname(genl.HEADER), 'sipalg.yaml')
NUMBERS = {'u8': '=B', 'u16': '=H', 'u32': '=I', 'u64': '=Q', 's32': '=i'}


class Spec:
    """The file's tables, by name."""

    def __init__(self):
        with open(FILE, encoding='utf-8') as f:
            self.file = yaml.safe_load(f)
        self.enums = {e['name']: e for e in self.file['definitions']}
        self.sets = {s['name']: s for s in self.file['attribute-sets']}
        self.commands = {c['name']: c for c in self.file['operations']['list']}

    def attributes(self, name):
        """The attributes of a set with their numbers."""
        return dict(enumerate(self.sets[name]['attributes'], 1))

    def encode(self, name, values):
        """The bytes of a dictionary as a set says; lists for what comes more than once."""
        data = b''
        for number, a in self.attributes(name).items():
            found = values.get(a['name'], [])
            for value in found if isinstance(found, list) else [found]:
                flag = NESTED if a['type'] == 'nest' else 0
                data += genl.attr(number | flag, self._one(a, value))
        return data

    def _one(self, a, value):
        if a['type'] == 'nest':
            return self.encode(a['nested-attributes'], value)
        if a['type'] in NUMBERS:
            if isinstance(value, str):
                value = self.enums[a['enum']]['entries'].index(value)
            return struct.pack(NUMBERS[a['type']], value)
        return ipaddress.ip_address(value).packed if a['type'] == 'binary' else value

    def decode(self, name, found):
        """The other way round."""
        values, known = {}, self.attributes(name)
        for number, data in found:
            a = known[number]
            if a['type'] == 'pad':
                continue
            value = self._value(a, data)
            if a.get('multi-attr'):
                values.setdefault(a['name'], []).append(value)
            else:
                values[a['name']] = value
        return values

    def _value(self, a, data):
        if a['type'] == 'nest':
            return self.decode(a['nested-attributes'], genl.attrs(data))
        if a['type'] in NUMBERS:
            (value,) = struct.unpack(NUMBERS[a['type']], data)
            return self.enums[a['enum']]['entries'][value] if 'enum' in a else value
        if a['type'] == 'string':
            return data.rstrip(b'\0').decode(errors='surrogateescape')
        return str(ipaddress.ip_address(data)) if len(data) in (4, 16) else data


class Client:
    """Asks by names."""

    def __init__(self):
        self.spec, self.talk = Spec(), genl.Genl()

    def __call__(self, name, how='do', **values):
        command = self.spec.commands[name]
        assert how in command, f'{name} is nothing to {how}'
        data = self.spec.encode('top', values)
        return [self.spec.decode('top', m)
                for m in self.talk.ask(command['value'], data, dump=how == 'dump')]
