# SPDX-License-Identifier: GPL-2.0
"""How long a function of the kernel takes, call by call, by ftrace."""

import os
import re
import subprocess

TRACING = '/sys/kernel/tracing/'


def put(name, text):
    with open(TRACING + name, 'w', encoding='ascii') as file:
        file.write(text)


class Functions:
    """All calls of one function while this goes on."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        if not os.path.exists(TRACING + 'current_tracer'):
            subprocess.run(['mount', '-t', 'tracefs', 'tracefs', TRACING], check=True)
        put('set_ftrace_filter', self.name)
        put('current_tracer', 'function_graph')
        put('trace', '')
        return self

    def __exit__(self, *_):
        put('current_tracer', 'nop')

    @staticmethod
    def calls():
        """Nanoseconds of each."""
        with open(TRACING + 'trace', encoding='ascii') as file:
            return [round(float(us) * 1000) for us in re.findall(r'([\d.]+) us', file.read())]
