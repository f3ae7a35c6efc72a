#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The netlink family as any program may talk to it: what it refuses, and with which words."""

import errno
import os
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import genl
import net
from genl import Genl, Refused, attr
from tap import check, equal, run_all
from ua import Call, Ua

E = genl.enums()
READS = ('STATUS', 'DIALOG', 'REGISTRATION', 'BINDING', 'STATS')
BAD = (errno.EINVAL, errno.ERANGE)
DUMPS = ('DIALOG', 'REGISTRATION', 'BINDING')


def command(name):
    return E[f'SIPALG_CMD_{name}_GET'] if name in READS else E[f'SIPALG_CMD_{name}']


def number(n):
    return struct.pack('=I', n)


def refused(talk, name, data, error, words, dump=False):
    """Asking so is refused with this errno and a sentence that has these words."""
    try:
        talk.ask(command(name), data, dump=dump)
    except Refused as no:
        check(no.error in (error if isinstance(error, tuple) else (error,)), f'{name} says {no}')
        check(no.sentence, f'{name} says {no.error} without a sentence')
        check(words.lower() in no.sentence.lower(),
              f'{name} says "{no.sentence}", and nothing of "{words}"')
        return
    raise AssertionError(f'{name} {"dump " if dump else ""}takes {data!r}')


class Talk:
    """The topology with a call, and a socket of the family."""

    def __enter__(self):
        self.network = net.Net().__enter__()  # pylint: disable=unnecessary-dunder-call
        self.call = Call(Ua(self.network, 'p1', 'alice'), Ua(self.network, 's1', 'carol', rtp=30000),
                         f'sip:carol@{net.S1}', (net.S1, 5060)).start()
        self.talk = Genl()
        return self.talk

    def __exit__(self, *_):
        self.talk.close()
        self.network.__exit__()


def test_unknown_attributes():
    """attributes that a command does not know are refused, by each command"""
    with Talk() as talk:
        for name in (*READS, 'ENABLE', 'DISABLE'):
            for which in (E['SIPALG_A_PAD'], E['SIPALG_A_STATS'], E['SIPALG_A_KIND'] + 1, 99):
                refused(talk, name, attr(which, number(1)), errno.EINVAL, '')
        refused(talk, 'STATUS', attr(E['SIPALG_A_ID'], number(1)), errno.EINVAL, 'attribute')
        refused(talk, 'DISABLE', attr(E['SIPALG_A_ID'], number(1)), errno.EINVAL, 'attribute')
        refused(talk, 'BINDING', attr(E['SIPALG_A_KIND'], b'\1'), errno.EINVAL, 'attribute')
        for name in DUMPS:
            refused(talk, name, attr(99, number(1)), errno.EINVAL, 'attribute', dump=True)
        equal(len(talk.ask(command('STATUS'))), 1, 'the status is still there')


def test_bad_attributes():
    """attributes of a wrong length or value are refused"""
    with Talk() as talk:
        for data in b'', b'\1', b'\1\0\0', b'\1\0\0\0\0':
            for name in DUMPS:
                refused(talk, name, attr(E['SIPALG_A_ID'], data), BAD, '')
        for kind in 3, 255:
            refused(talk, 'DIALOG', attr(E['SIPALG_A_KIND'], bytes([kind])), errno.ERANGE, 'range',
                    dump=True)
        for data in b'x' * 300 + b'\0', b'without an end':
            refused(talk, 'DIALOG', attr(E['SIPALG_A_CALL_ID'], data), BAD, '', dump=True)


def test_one():
    """one thing is asked for by its id, and by nothing else"""
    with Talk() as talk:
        for name in DUMPS:
            refused(talk, name, b'', errno.EINVAL, 'id is missing')
            refused(talk, name, attr(E['SIPALG_A_ID'], number(4000000000)), errno.ENOENT,
                    'none with this id')
            refused(talk, name, attr(E['SIPALG_A_ID'], number(1)), errno.EINVAL, 'a dump for all',
                    dump=True)
        refused(talk, 'DIALOG', attr(E['SIPALG_A_ID'], number(1)) +
                attr(E['SIPALG_A_CALL_ID'], 'x'), errno.EINVAL, 'filters a dump')
        refused(talk, 'DIALOG', attr(E['SIPALG_A_KIND'], b'\1'), errno.EINVAL, 'filters a dump')


def test_no_state():
    """a namespace that never used it has nothing to show, and says so in words"""
    with Talk():
        talk = Genl('p1')
        for name in DUMPS:
            equal(talk.ask(command(name), dump=True), [], f'{name} where it was never on')
            refused(talk, name, attr(E['SIPALG_A_ID'], number(1)), errno.ENOENT, 'none with this id')
            refused(talk, name, attr(E['SIPALG_A_ID'], number(1)), errno.EINVAL, 'a dump for all',
                    dump=True)
        refused(talk, 'DISABLE', b'', errno.EALREADY, 'not enabled')
        talk.close()


def test_states():
    """what is on cannot be turned on, and the sentence says so"""
    with Talk() as talk:
        refused(talk, 'ENABLE', b'', errno.EALREADY, 'enabled in this network namespace already')


def test_small_buffers():
    """who reads a dump with a small buffer still gets each dialog"""
    with Talk() as talk:
        (dialog,) = talk.ask(command('DIALOG'), dump=True, size=8192)
        equal([n for n, _ in dialog], [E['SIPALG_A_DIALOG']], 'what is in it')


NOBODY = """
import sys
sys.path.insert(0, sys.argv[1])
import genl, net, os
talk = genl.Genl()
os.setgid(65534)
os.setuid(65534)
for name, dump in eval(sys.argv[2]):
    try:
        talk.ask(name, dump=dump)
        print('allowed', name)
    except genl.Refused as no:
        print('refused', no.error)
"""


def test_rights():
    """each command needs CAP_NET_ADMIN, reading included"""
    with Talk():
        asked = [(command(n), False) for n in (*READS, 'ENABLE', 'DISABLE')]
        asked += [(command(n), True) for n in DUMPS]
        here = os.path.join(os.path.dirname(os.path.realpath(__file__)), 'py')
        done = subprocess.run([sys.executable, '-c', NOBODY, here, repr(asked)], check=True, text=True,
                              stdout=subprocess.PIPE)
        equal(done.stdout.split('\n')[:-1], [f'refused {errno.EPERM}'] * len(asked), 'for nobody')


run_all(globals())
