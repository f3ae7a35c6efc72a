#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""500 calls over TCP where packets are lost, overtake each other and come twice, on both sides."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import lossy
from tap import run_all


def test_calls():
    """500 calls in 20 connections: each message arrives, translated, exactly"""
    lossy.calls(False)


run_all(globals())
