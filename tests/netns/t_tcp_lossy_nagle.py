#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The same by senders with Nagle's algorithm, and many messages in flight at once."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import random
import time

import lossy
import tcp
from tap import run_all


def test_calls():
    """500 calls in 20 connections: each message arrives, translated, exactly"""
    lossy.calls(True)


def test_bulk():
    """many messages in flight at once, both ways, growing and not"""
    with tcp.Net() as network:
        near, far = tcp.pair(network)
        tcp.introduce(near, far)
        lossy.lossy(network)
        chance = random.Random(9)

        def cut(data):
            found, at = [], 0
            while at < len(data):
                found.append(data[at:at + chance.randint(1, 3000)])
                at += len(found[-1])
            return found
        begin = time.monotonic()
        try:
            tcp.exchange(*tcp.conversation(near, far, 100, cut), wait=lossy.PATIENCE)
        finally:
            print(f'# {time.monotonic() - begin:.1f} s; connections left alone: {lossy.left_alone() or "none"}')


run_all(globals())
