# SPDX-License-Identifier: GPL-2.0
"""Tests as functions, results as TAP."""

import os
import sys
import time
import traceback


class Skip(Exception):
    """Raised by a test that cannot be made here; the text says why."""


def check(condition, text):
    """Fail the running test unless the condition holds."""
    if not condition:
        raise AssertionError(text)


def _around(data, place):
    return data[max(0, place - 30):place + 50]


def equal(got, wanted, what):
    """Fail the running test unless both are equal; of long texts only the difference is shown."""
    if isinstance(got, bytes) and isinstance(wanted, bytes) and got != wanted:
        place = len(os.path.commonprefix([got, wanted]))
        raise AssertionError(f'{what}, byte {place} of {len(got)} ({len(wanted)} wanted): '
                             f'wanted {_around(wanted, place)!r}, got {_around(got, place)!r}')
    if got != wanted:
        raise AssertionError(f'{what}: wanted {wanted!r}, got {got!r}')


def _comment(text):
    for line in text.rstrip().splitlines():
        print('# ' + line, flush=True)


def run(tests):
    """Run (name, function) pairs in their order; exit 1 if one failed.

    With names as arguments of the script, only those run; up to the colon is enough.
    """
    chosen = [t for t in tests if not sys.argv[1:] or t[0] in sys.argv[1:] or
              t[0].partition(':')[0] in sys.argv[1:]]
    print(f'1..{len(chosen)}', flush=True)
    failed = 0
    for number, (name, function) in enumerate(chosen, 1):
        begin = time.monotonic()
        try:
            function()
            print(f'ok {number} - {name}', flush=True)
        except Skip as why:
            print(f'ok {number} - {name} # SKIP {why}', flush=True)
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            print(f'not ok {number} - {name}', flush=True)
            _comment(f'{type(error).__name__}: {error}')
            if not isinstance(error, (AssertionError, RuntimeError)) or os.environ.get('VERBOSE'):
                _comment(traceback.format_exc())
        if os.environ.get('VERBOSE'):
            _comment(f'{time.monotonic() - begin:.1f} s')
    sys.exit(1 if failed else 0)


def run_all(module):
    """run() for every function called test_*, named by its first doc line."""
    tests = [(key[5:] + ': ' + (f.__doc__ or '').strip().splitlines()[0] if f.__doc__ else key[5:], f)
             for key, f in module.items() if key.startswith('test_')]
    run(tests)
