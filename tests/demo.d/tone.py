#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""tone.py HERTZ FILE ...: files with a minute of a sine each, at 8 kHz; and how to hear it again."""

import array
import math
import sys
import wave

RATE = 8000


def make(hertz, path):
    """One second of samples, over and over: a whole number of waves fits it."""
    second = array.array('h', (int(9000 * math.sin(2 * math.pi * hertz * n / RATE))
                               for n in range(RATE)))
    with wave.open(path, 'wb') as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(second.tobytes() * 60)


def pitch(path):
    """The frequency of a clean tone, by its zero crossings; 0 for silence."""
    with wave.open(path, 'rb') as heard:
        samples = array.array('h', heard.readframes(heard.getnframes()))
    # The middle second: what begins and ends a call is not the tone.
    middle = samples[len(samples) // 2:][:RATE]
    if len(middle) < RATE or max(middle) < 1000:
        return 0
    return sum(1 for a, b in zip(middle, middle[1:]) if a < 0 <= b)


if __name__ == '__main__':
    for number, name in zip(sys.argv[1::2], sys.argv[2::2]):
        make(int(number), name)
