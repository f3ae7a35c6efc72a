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
WRITES = ('ENABLE', 'DISABLE', 'DIALOG_KILL', 'REGISTRATION_KILL')
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
        for name in (*READS, *WRITES):
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


def numbers(answer):
    """The id of each dialog."""
    return [struct.unpack('=I', dict(genl.attrs(dict(a)[E['SIPALG_A_DIALOG']]))
                          [E['SIPALG_DIALOG_ID']])[0] for a in answer]


def media_of(answer):
    """How many media nests the only dialog has."""
    (dialog,) = answer
    return [n for n, _ in genl.attrs(dict(dialog)[E['SIPALG_A_DIALOG']])].count(
        E['SIPALG_DIALOG_MEDIA'])


def test_small_buffers():
    """who reads a dump with a small buffer gets a dialog with some of its 32 lines, and asks for all"""
    with net.Net() as network:
        phone, server = Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)
        lines = ''.join(f'm=audio {42000 + 2 * n} RTP/AVP 96 97 98 99 100 101 102 103\r\n'
                        for n in range(31))
        call_id = 'many@10.0.0.11'
        phone.send(phone.request('INVITE', f'sip:carol@{net.S1}', call_id=call_id,
                                 body=phone.offer() + lines.encode()), (net.S1, 5060))
        server.expect('INVITE')
        talk = Genl(size=4096)
        found = talk.ask(command('DIALOG'), dump=True)
        check(8 <= media_of(found) < 32, f'{media_of(found)} lines in a small buffer')
        talk.size = 65536
        which = attr(E['SIPALG_A_ID'], number(numbers(found)[0]))
        equal(media_of(talk.ask(command('DIALOG'), which)), 32, 'lines when it is asked for')
        talk.close()


def subscribe(phone, server, count):
    for _ in range(count):
        phone.send(phone.request('SUBSCRIBE', f'sip:bob@{net.S1}', headers=[
            ('Event', 'presence'), ('Expires', '600')]), (net.S1, 5060))
        server.expect('SUBSCRIBE')


def test_dump_under_change():
    """a dump during which the table grows has each dialog once, or says that it was interrupted"""
    with net.Net() as network:
        phone, server = Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)
        subscribe(phone, server, 60)
        talk = Genl(size=4096)
        before = set(numbers(talk.ask(command('DIALOG'), dump=True)))
        equal((len(before), talk.interrupted), (60, False), 'a dump of what does not change')
        walk = talk.walk(command('DIALOG'), dump=True)
        seen = [next(walk)]
        subscribe(phone, server, 400)
        seen = numbers(seen + list(walk))
        check(talk.interrupted or (len(seen) == len(set(seen)) and before <= set(seen)),
              f'{len(seen)} dialogs, {len(set(seen))} of them different, and no word of it')
        talk.close()


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
        asked = [(command(n), False) for n in (*READS, *WRITES)]
        asked += [(command(n), True) for n in DUMPS]
        here = os.path.join(os.path.dirname(os.path.realpath(__file__)), 'py')
        done = subprocess.run([sys.executable, '-c', NOBODY, here, repr(asked)], check=True, text=True,
                              stdout=subprocess.PIPE)
        equal(done.stdout.split('\n')[:-1], [f'refused {errno.EPERM}'] * len(asked), 'for nobody')


run_all(globals())
