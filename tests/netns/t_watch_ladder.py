#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""`ladder` draws the messages of a call between its hosts, as they come or from a file."""

import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import net
from events import Watcher
from tap import check, equal, run_all
from ua import Call, Ua

SERVER = (net.S1, 5060)
CALL = [('INVITE', '>'), ('180 INVITE', '<'), ('200 INVITE', '<'), ('ACK', '>'), ('BYE', '<'),
        ('200 BYE', '>')]


def call_of(network):
    return Call(Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000),
                f'sip:carol@{net.S1}', SERVER)


def arrows(lines):
    """(label, head) of each line below the names of the hosts, which have to be these."""
    equal(lines[0].split(), [net.P1, net.S1], 'the hosts')
    found = []
    for line in lines[1:]:
        row = re.fullmatch(r'\d\d:\d\d:\d\d\.\d\d\d +\|(<?)-+ (.*?) -+(>?)\|', line)
        check(row, f'the line "{line}"')
        found.append((row[2], row[1] + row[3]))
    return found


def test_live():
    """it draws each message of the call, none of others, and ends with the call"""
    with net.Net() as network:
        call = call_of(network)
        watcher = Watcher('ladder', call.call_id)
        Call(Ua(network, 'p2', 'bob'), Ua(network, 's2', 'dave', rtp=32000), f'sip:dave@{net.S2}',
             (net.S2, 5060)).start().hang_up()
        call.start().hang_up(call.callee)
        code, lines = watcher.ended()
        equal((code, arrows(lines)), (0, CALL), 'the ladder')


def test_file():
    """it draws the same from what monitor said before, and says so if there is none"""
    with net.Net() as network:
        call = call_of(network)
        watcher = Watcher('-j', 'monitor', '--messages')
        call.start().hang_up(call.callee)
        with tempfile.NamedTemporaryFile('w', suffix='.json') as f:
            lines = [watcher.line()]
            while not ('"BYE"' in lines[-1] and '"status":200' in lines[-1]):
                lines.append(watcher.line())
            watcher.close()
            f.write('\n'.join(lines) + '\n')
            f.flush()
            equal(arrows(net.run('gw', net.CTL, 'ladder', call.call_id, '--file', f.name).splitlines()),
                  CALL, 'the ladder')
            done = subprocess.run([net.CTL, 'ladder', 'nobody@nowhere', '--file', f.name], check=False,
                                  stderr=subprocess.PIPE, text=True)
            equal(done.returncode, 1, 'the exit code')
            check('has no message of the call "nobody@nowhere"' in done.stderr, done.stderr)


run_all(globals())
