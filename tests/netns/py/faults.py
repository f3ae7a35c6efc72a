# SPDX-License-Identifier: GPL-2.0
"""Allocations that fail, one after the other, of what one module calls alone.

CONFIG_FAILSLAB: of objects; CONFIG_FAIL_PAGE_ALLOC: of pages, also those of which the kernel makes objects.
"""

import glob
import os
import re
import time

from tap import Skip, check, equal

FAILSLAB = '/sys/kernel/debug/failslab'
FAIL_PAGE_ALLOC = '/sys/kernel/debug/fail_page_alloc'
DEPTH = 32  # frames that are looked at, the most that the kernel takes
SYNC = 100


def need(root=FAILSLAB):
    """Skip the running test where memory does not fail on demand."""
    if not os.path.exists(f'{root}/require-start'):
        raise Skip('this kernel has no fault injection that looks at the stack')


def _code(module):
    """Where a module's code begins and ends, or a little later."""
    with open('/proc/modules', encoding='ascii') as f:
        for line in f:
            name, size, _, _, _, start = line.split()[:6]
            if name == module:
                return int(start, 16), int(start, 16) + int(size)
    raise Skip(f'{module} is not loaded')


class _Injector:
    """What both kinds have in common."""

    root = None

    def __init__(self, module, **more):
        need(self.root)
        self.injected = 0
        start, end = _code(module)
        self._write(times=0, probability=100, verbose=0, space=0, interval=1, task_filter='N', ignore_gfp_wait='N',
                    stacktrace_depth=DEPTH, require_start=hex(start), require_end=hex(end), **more)

    def _write(self, **values):
        for name, value in values.items():
            with open(f'{self.root}/{name.replace("_", "-")}', 'w', encoding='ascii') as f:
                f.write(f'{value}\n')

    def _left(self):
        with open(f'{self.root}/times', encoding='ascii') as f:
            return int(f.read())

    def _run(self, function):
        try:
            function()
        finally:
            hit = not self._left()
            self._write(times=0)
            self.injected += hit
        return hit

    def close(self):
        self._write(times=0, probability=0, require_start='0x0', require_end='0xffffffffffffffff', interval=1, space=0)


class Faults(_Injector):
    """The n-th object from now on cannot be had, for a `with`; in tasks and softirqs alike.

    The kernel fails each allocation whose number can be divided by an interval.
    It never tells the number, but we know it, because nobody else counts: after
    a fault it is the interval's.
    """

    root = FAILSLAB

    def __init__(self, cheap, module='sipalg'):
        """cheap: a function that makes the module allocate something."""
        super().__init__(module, cache_filter='N')
        self.cheap, self.count = cheap, 0
        self._sync()

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
        self._write(times=0)
        self._write(interval=interval)
        self._write(times=1)

    def nth(self, number, function):
        """Call a function in which the number-th allocation fails; False if there were fewer."""
        self._arm(self.count + number)
        self.count += number  # or fewer, if it was not hit
        hit = False
        try:
            hit = self._run(function)
        finally:
            if not hit:
                self._sync()
        return hit


class PageFaults(_Injector):
    """The n-th page from now on cannot be had. The kernel gives a space of pages before one fails."""

    root = FAIL_PAGE_ALLOC

    def __init__(self, module='sipalg'):
        super().__init__(module, min_order=0, ignore_gfp_highmem='N')

    def nth(self, number, function):
        """Call a function in which the allocation of the number-th page fails; False if there were fewer."""
        # No page is kept for the next object, of any kind.
        for path in glob.glob('/sys/kernel/slab/*/shrink'):
            with open(path, 'w', encoding='ascii') as f:
                f.write('1\n')
        self._write(space=number, times=1)
        return self._run(function)


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
