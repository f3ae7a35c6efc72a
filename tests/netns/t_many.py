#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Very many dialogs: they are listed as they are found, in memory that does not grow with them.

They come from a saved state. MANY says how many (20,000); with 100,000 it takes two minutes under
User Mode Linux: MANY=100000 TEST_TIMEOUT=900 tests/umlcheck t_many.py
"""

import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import net
from tap import check, equal, run_all
from ua import Ua

FEW, MANY = 2000, int(os.environ.get('MANY', '20000'))
SERVER = (net.S1, 5060)


def state_of_one(network):
    """The two lines that `save --state` writes of a single subscription."""
    phone, server = Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)
    hour = [('Expires', '3600')]
    phone.send(phone.request('SUBSCRIBE', f'sip:carol@{net.S1}', headers=[('Event', 'presence'), *hour]), SERVER)
    seen, source = server.expect('SUBSCRIBE')
    server.send(server.response(seen, source, 200, 'OK', to_tag='reg', headers=hour), source)
    phone.expect(200)
    head, line, *_ = net.run('gw', net.CTL, 'save', '--state', '-').split('\n')
    return head, line


def restore(head, line, numbers):
    """Dialogs as that one, with ids and Call-IDs of their own."""
    lines = [head]
    for n in numbers:
        one = line.replace('call { id=1 ', f'call {{ id={1000000 + 2 * n} ', 1)
        one = one.replace('dialog { id=1 ', f'dialog {{ id={1000001 + 2 * n} ', 1)
        lines.append(re.sub(r'call-id=[^ ]*', f'call-id={n}@many', one, count=1))
    net.run('gw', net.CTL, 'restore', '--state', '-', text_in='\n'.join(lines) + '\n')


class Listing:
    """A `dialog list`: how many lines, seconds to the first byte and to the end, the tool's memory."""

    def __init__(self, *words):
        begin = time.monotonic()
        with net.inside('gw'):
            tool = subprocess.Popen(  # pylint: disable=consider-using-with
                [net.CTL, *words, 'dialog', 'list'], stdout=subprocess.PIPE)
        self.memory, self.lines, self.first = 0, 0, None
        while True:
            # The tool waits for the pipe, so this is what it has in the middle of its work.
            self.memory = max(self.memory, self.kilobytes(tool.pid))
            data = os.read(tool.stdout.fileno(), 65536)
            if not data:
                break
            self.first = self.first or time.monotonic() - begin
            self.lines += data.count(b'\n')
        self.took = time.monotonic() - begin
        tool.stdout.close()
        equal(tool.wait(), 0, 'the exit code of dialog list')

    @staticmethod
    def kilobytes(pid):
        """The most that it ever had; nothing before its own program runs, or when it has ended."""
        with open(f'/proc/{pid}/comm', encoding='ascii') as f:
            if f.read() != 'sipalgctl\n':
                return 0
        with open(f'/proc/{pid}/status', encoding='ascii') as f:
            found = re.search(r'VmHWM:\s*(\d+)', f.read())
        return int(found.group(1)) if found else 0


def test_list():
    """a listing of very many dialogs begins at once, and the tool's memory stays as it is for few"""
    with net.Net() as network:
        head, line = state_of_one(network)
        restore(head, line, range(1, FEW))
        few = Listing()
        begin = time.monotonic()
        restore(head, line, range(FEW, MANY))
        print(f'# {MANY - FEW} dialogs came back in {time.monotonic() - begin:.1f} s')
        many, as_json = Listing(), Listing('-j')
        print(f'# {MANY} dialogs: the first after {many.first:.3f} s, the last after {many.took:.2f} s, '
              f'{many.memory} KiB; of {FEW}: {few.memory} KiB; as JSON: {as_json.took:.2f} s, {as_json.memory} KiB')
        equal(many.lines - few.lines, MANY - FEW, 'lines more')
        check(as_json.lines, 'there is no JSON')
        check(few.memory and many.memory and as_json.memory, 'the memory could not be seen')
        for listing in (many, as_json):
            check(listing.memory <= few.memory + 1024, f'the tool had {listing.memory} KiB')
            check(listing.first < listing.took / 2, f'nothing came for {listing.first} of {listing.took} seconds')


run_all(globals())
