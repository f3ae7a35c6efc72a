# SPDX-License-Identifier: GPL-2.0
"""Allocations that fail, one after the other: CONFIG_FAILSLAB, of what one module calls alone."""

import os
import re
import time

from tap import Skip, check, equal

FAILSLAB = '/sys/kernel/debug/failslab'
DEPTH = 32  # frames that are looked at, the most that the kernel takes
SYNC = 100


def need():
    """Skip the running test where memory does not fail on demand."""
    if not os.path.exists(f'{FAILSLAB}/require-start'):
        raise Skip('this kernel has no fault injection that looks at the stack')


def _code(module):
    """Where a module's code begins and ends, or a little later."""
    with open('/proc/modules', encoding='ascii') as f:
        for line in f:
            name, size, _, _, _, start = line.split()[:6]
            if name == module:
                return int(start, 16), int(start, 16) + int(size)
    raise Skip(f'{module} is not loaded')


class Faults:
    """The n-th allocation from now on fails, for a `with`; in tasks and softirqs alike.

    The kernel fails each allocation whose number can be divided by an interval.
    It never tells the number, but we know it, because nobody else counts: after
    a fault it is the interval's.
    """

    def __init__(self, cheap, module='sipalg'):
        """cheap: a function that makes the module allocate something."""
        need()
        self.cheap, self.count, self.injected = cheap, 0, 0
        start, end = _code(module)
        for name, value in (('times', 0), ('probability', 100), ('verbose', 0), ('space', 0),
                            ('task-filter', 'N'), ('ignore-gfp-wait', 'N'), ('cache-filter', 'N'),
                            ('stacktrace-depth', DEPTH), ('require-start', hex(start)),
                            ('require-end', hex(end))):
            self._set(name, value)
        self._sync()

    @staticmethod
    def _set(name, value):
        with open(f'{FAILSLAB}/{name}', 'w', encoding='ascii') as f:
            f.write(f'{value}\n')

    @staticmethod
    def _left():
        with open(f'{FAILSLAB}/times', encoding='ascii') as f:
            return int(f.read())

    def _sync(self):
        """Count on until a fault tells the number; it has grown by less than this."""
        self.count += SYNC
        self._arm(self.count)
        for _ in range(100 * SYNC):
            if not self._left():
                return
            self.cheap()
        check(False, 'no allocation fails')

    def _arm(self, interval):
        self._set('times', 0)
        self._set('interval', interval)
        self._set('times', 1)

    def nth(self, number, function):
        """Call a function in which the number-th allocation fails; False if there were fewer."""
        self._arm(self.count + number)
        self.count += number  # or fewer, if it was not hit
        try:
            function()
        finally:
            hit = not self._left()
            self._set('times', 0)
            if hit:
                self.injected += 1
            else:
                self._sync()
        return hit

    def close(self):
        self._set('times', 0)
        self._set('probability', 0)
        for name, value in (('require-start', '0x0'), ('require-end', '0xffffffffffffffff'), ('interval', 1)):
            self._set(name, value)


def leaks(keep=re.compile('sipalg')):
    """What kmemleak says of memory that this module allocated and nobody knows of any more."""
    path = '/sys/kernel/debug/kmemleak'
    if not os.path.exists(path):
        return ''
    # An object's first scan only notes its checksum: it could be in use.
    for _ in range(2):
        with open(path, 'w', encoding='ascii') as f:
            f.write('scan\n')
    with open(path, encoding='ascii', errors='replace') as f:
        found = f.read()
    return '\n'.join(part for part in found.split('unreferenced object') if keep.search(part))


def check_leaks():
    """Fail if kmemleak finds anything of ours."""
    if not os.path.exists('/sys/kernel/debug/kmemleak'):
        raise Skip('this kernel has no kmemleak')
    time.sleep(5.5)  # what is younger is not reported
    equal(leaks()[:2000], '', 'leaks')
