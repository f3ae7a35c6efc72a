# SPDX-License-Identifier: GPL-2.0
"""Objects in the kernel's slabs: those of the module's own caches, and those of kmalloc(), whoever has them."""

import glob
import os

SLAB = '/sys/kernel/slab'


def count(module='sipalg'):
    """{cache: objects} that are in use, and not only waiting to be given back."""
    counted = {}
    for path in glob.glob(f'{SLAB}/{module}_*') + glob.glob(f'{SLAB}/kmalloc-*'):
        # What KASAN keeps in quarantine goes with it.
        with open(f'{path}/shrink', 'w', encoding='ascii') as f:
            f.write('1\n')
        with open(f'{path}/objects', encoding='ascii') as f:
            # "NUMBER N0=NUMBER"
            counted[os.path.basename(path)] = int(f.read().split()[0])
    return counted


def grown(before):
    """{cache: how many more} than before."""
    return {cache: number - before.get(cache, 0) for cache, number in count().items() if number > before.get(cache, 0)}
