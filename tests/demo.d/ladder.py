#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""ladder.py FOLDER: a call as a ladder of messages.

FOLDER has call-id, lan.pcapng (the gateway's inside) and proxy.pcapng (the
proxy's interface), which together saw each message of the call on each leg.
"""

import os
import subprocess
import sys

COLUMNS = {'192.168.1.11': 0, '203.0.113.1': 1, '192.168.1.1': 1, '203.0.113.10': 2,
           '203.0.113.20': 3}
NAMES = ['alice 192.168.1.11', 'gw 203.0.113.1', 'proxy 203.0.113.10', 'carol 203.0.113.20']
WIDTH = 37
FIELDS = ['frame.time_epoch', 'ip.src', 'ip.dst', 'sip.Method', 'sip.Status-Line',
          'sdp.connection_info.address', 'sdp.media.port']


def messages(path, call_id):
    """Rows of FIELDS of this call's messages."""
    command = ['tshark', '-r', path, '-Y', f'sip.Call-ID == "{call_id}"', '-T', 'fields',
               '-E', 'occurrence=f', '-E', 'separator=/t']
    for field in FIELDS:
        command += ['-e', field]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, check=False)
    for line in done.stdout.splitlines():
        yield dict(zip(FIELDS, line.split('\t')))


def label(row):
    """What a message is, and where it wants the audio."""
    words = row['sip.Status-Line'].split()[1:]
    text = row['sip.Method'] or ' '.join(words[:2])
    if row['sdp.media.port']:
        text = (row['sip.Method'] or words[0]) + f' {row["sdp.connection_info.address"]}:{row["sdp.media.port"]}'
    return text


def rung(start, end, text):
    """One line: an arrow from column to column, others as poles."""
    line = [' '] * (WIDTH * (len(NAMES) - 1) + 1)
    for column in range(len(NAMES)):
        line[column * WIDTH] = '│'
    left, right = sorted((start, end))
    for place in range(left * WIDTH + 1, right * WIDTH):
        line[place] = '─'
    text = f' {text} '[:(right - left) * WIDTH - 5]
    middle = (left + right) * WIDTH // 2 - len(text) // 2
    line[middle:middle + len(text)] = text
    line[right * WIDTH - 1 if start < end else left * WIDTH + 1] = '▶' if start < end else '◀'
    return ''.join(line)


def main():
    folder = sys.argv[1]
    with open(os.path.join(folder, 'call-id'), encoding='ascii') as file:
        call_id = file.read().strip()
    inside = list(messages(os.path.join(folder, 'lan.pcapng'), call_id))
    outside = list(messages(os.path.join(folder, 'proxy.pcapng'), call_id))
    rows = []
    # On the gateway's inside one end of each message is alice, and the other
    # the gateway, whatever address it carries.
    for row in inside:
        start, end = (COLUMNS.get(row[f'ip.{way}'], 1) for way in ('src', 'dst'))
        rows.append((float(row['frame.time_epoch']), min(start, 1), min(end, 1), label(row)))
    for row in outside:
        start, end = (COLUMNS.get(row[f'ip.{way}'], 1) for way in ('src', 'dst'))
        rows.append((float(row['frame.time_epoch']), start, end, label(row)))
    if not rows:
        print('  (no message of this call was captured)')
        return
    rows.sort()
    print('  (address:port is where a message asks for the audio)')
    print(' ' * 11 + ''.join(name.ljust(WIDTH) for name in NAMES).rstrip())
    for time, start, end, text in rows:
        print(f'  {time - rows[0][0]:6.2f} s  {rung(start, end, text)}')


if __name__ == '__main__':
    main()
