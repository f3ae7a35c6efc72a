# SPDX-License-Identifier: GPL-2.0
"""A generic netlink socket in the gateway's namespace, as raw as the kernel allows."""

import re
import socket
import struct

import net

GENERIC, ERROR, DONE = 16, 2, 3
REQUEST, ACK, ROOT_MATCH, DUMP_INTR = 1, 4, 0x300, 0x10
SOL_NETLINK, CAP_ACK, EXT_ACK = 270, 10, 11
CONTROL = 16
HEADER = net.os.path.join(net.HERE, '..', '..', '..', 'include', 'sipalg.h')


def enums():
    """The names of the uapi header's enumerations with their values."""
    values = {}
    with open(HEADER, encoding='utf-8') as f:
        text = re.sub(r'/\*.*?\*/', '', f.read(), flags=re.S)
    for body in re.findall(r'enum \w+ \{(.*?)\}', text, re.S):
        number = 0
        for name in (n.strip() for n in body.split(',')):
            if name and '=' not in name:
                values[name] = number
                number += 1
    return values


def attr(number, data):
    if isinstance(data, str):
        data = data.encode() + b'\0'
    return struct.pack('=HH', len(data) + 4, number) + data + b'\0' * (-len(data) % 4)


def attrs(data):
    """(number, bytes) of each attribute."""
    found = []
    while len(data) >= 4:
        size, number = struct.unpack_from('=HH', data)
        found.append((number & 0x3fff, data[4:size]))
        data = data[(size + 3) & ~3:]
    return found


class Refused(Exception):
    """An errno, the kernel's sentence and the attribute's offset, if it said so."""

    def __init__(self, error, sentence, offset):
        super().__init__(f'{error}: {sentence}')
        self.error, self.sentence, self.offset = error, sentence, offset


class Genl:
    """@size: of the buffer that answers are read with."""

    def __init__(self, ns='gw', size=65536):
        with net.inside(ns):
            self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, GENERIC)
        self.socket.bind((0, 0))
        for option in CAP_ACK, EXT_ACK:
            self.socket.setsockopt(SOL_NETLINK, option, 1)
        self.size, self.sequence, self.interrupted = size, 0, False
        (self.family,) = [struct.unpack('=H', v)[0] for a in self.ask(
            3, attr(2, 'sipalg'), family=CONTROL)[:1] for n, v in a if n == 1]

    def close(self):
        self.socket.close()

    def ask(self, command, data=b'', dump=False, family=None):
        """The attributes of each message of the answer; raises Refused."""
        return list(self.walk(command, data, dump, family))

    def walk(self, command, data=b'', dump=False, family=None):
        """The same, read as they are taken; `interrupted` is set with NLM_F_DUMP_INTR."""
        self.interrupted = False
        self.sequence += 1
        flags = REQUEST | (ROOT_MATCH if dump else ACK)
        self.socket.send(struct.pack('=IHHIIBBH', 20 + len(data), family or self.family, flags,
                                     self.sequence, 0, command, 1, 0) + data)
        while True:
            part, _, how, _ = self.socket.recvmsg(self.size)
            if how & socket.MSG_TRUNC:
                raise AssertionError('a message was longer than the buffer')
            while part:
                length, kind, flags, number = struct.unpack_from('=IHHI', part)
                message, part = part[:length], part[(length + 3) & ~3:]
                if number != self.sequence:
                    continue
                if flags & DUMP_INTR and kind != ERROR:
                    self.interrupted = True
                if kind in (ERROR, DONE):
                    self._end(message, kind)
                    return
                yield attrs(message[20:])

    @staticmethod
    def _end(message, kind):
        (error,) = struct.unpack_from('=i', message, 16)
        if not error:
            return
        told = dict(attrs(message[36 if kind == ERROR else 20:]))
        offset = struct.unpack('=I', told[2])[0] if 2 in told else None
        raise Refused(-error, told.get(1, b'').rstrip(b'\0').decode(), offset)
