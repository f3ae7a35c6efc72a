# SPDX-License-Identifier: GPL-2.0
"""sipalgctl monitor and its like, read line by line."""

import atexit
import json
import os
import select
import signal
import subprocess
import time

import net
from tap import check


class Watcher:
    """A running sipalgctl with these words; it listens once group members are counted."""

    def __init__(self, *words):
        before = self.listeners()
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            ['ip', 'netns', 'exec', 'gw', net.CTL, *words], stdout=subprocess.PIPE)
        # A test that fails leaves it running; nothing may outlive the tests.
        atexit.register(self.close)
        self.pipe, self.rest = self.process.stdout.fileno(), b''
        end = time.monotonic() + net.WAIT
        while self.listeners() == before:
            check(time.monotonic() < end, f'{" ".join(words)} does not listen')
            time.sleep(0.01)

    @staticmethod
    def listeners():
        """The generic netlink sockets of the gateway that are in groups, and in which."""
        return sorted(' '.join((line.split()[2], line.split()[3]))
                      for line in net.run('gw', 'cat', '/proc/net/netlink').splitlines()
                      if line.split()[1] == '16' and int(line.split()[3], 16))

    def line(self, wait=net.WAIT):
        """The next line, or None if none comes in time or it has ended."""
        while b'\n' not in self.rest:
            if not select.select([self.pipe], [], [], wait)[0]:
                return None
            data = os.read(self.pipe, 65536)
            if not data:
                return None
            self.rest += data
        line, _, self.rest = self.rest.partition(b'\n')
        return line.decode()

    def events(self, wanted):
        """All JSON lines up to the first one that is wanted."""
        seen = []
        while not seen or not wanted(seen[-1]):
            line = self.line()
            check(line, f'what was waited for did not come after {seen}')
            seen.append(json.loads(line))
        return seen

    def ended(self):
        """The exit code and the rest of the lines of one that ends by itself."""
        lines = []
        while (line := self.line()) is not None:
            lines.append(line)
        return self.process.wait(net.WAIT), lines

    def close(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()
