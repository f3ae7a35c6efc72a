# SPDX-License-Identifier: GPL-2.0
"""A baresip phone, by its ctrl_tcp module: JSON in netstrings, commands and events."""

import json
import os
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                '..', 'netns', 'py'))
import net  # pylint: disable=wrong-import-position
import tone  # pylint: disable=wrong-import-position


class Phone:
    """One phone in the namespace of its name."""

    def __init__(self, name, folder):
        self.name, self.folder = name, os.path.join(folder, name)
        self.unread, self.events, self.responses, self.token = b'', [], {}, 0
        with net.inside(name):
            self.socket = socket.create_connection(('127.0.0.1', 4444))

    def _take(self):
        """Sort whole netstrings into events and responses."""
        while b':' in self.unread:
            length, _, rest = self.unread.partition(b':')
            if len(rest) <= int(length):
                return
            item = json.loads(rest[:int(length)])
            self.unread = rest[int(length) + 1:]
            if item.get('event'):
                self.events.append(item)
            else:
                self.responses[item.get('token')] = item

    def _until(self, look, wait):
        """What look() finds, reading on until it finds something or the time is over."""
        end = time.monotonic() + wait
        while True:
            self._take()
            found = look()
            left = end - time.monotonic()
            if found is not None or left <= 0:
                return found
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(65536)
            except TimeoutError:
                continue
            if not data:
                raise RuntimeError(f"the phone of {self.name} is gone")
            self.unread += data

    def command(self, command, params=''):
        self.token += 1
        token = str(self.token)
        data = json.dumps({'command': command, 'params': params, 'token': token}).encode()
        self.socket.sendall(b'%d:%s,' % (len(data), data))
        response = self._until(lambda: self.responses.pop(token, None), 10)
        return (response or {}).get('data', '')

    def event(self, *types, wait=15):
        """The next event of one of these types, or None; those before it are forgotten."""
        def look():
            while self.events:
                event = self.events.pop(0)
                if event['type'] in types:
                    return event
            return None
        return self._until(look, wait)

    def registered(self, wait=20):
        """True as soon as the registrar has granted."""
        end = time.monotonic() + wait
        while 'OK' not in self.command('reginfo'):
            if time.monotonic() > end:
                return False
            time.sleep(0.3)
        return True

    def forget(self):
        """What was before does not count for the next call."""
        self.event('none', wait=0)
        net.run(self.name, 'nft', 'reset', 'counters', 'table', 'ip', 'phone')
        for path in self._dumps():
            os.unlink(path)

    def heard(self):
        """RTP packets that came in since forget()."""
        listing = json.loads(net.run(self.name, 'nft', '-j', 'list', 'counters'))
        return next(item['counter']['packets'] for item in listing['nftables']
                    if item.get('counter', {}).get('name') == 'heard')

    def _dumps(self):
        return [os.path.join(self.folder, n) for n in os.listdir(self.folder)
                if n.startswith('dump') and n.endswith('.wav')]

    def pitch(self):
        """The tone that was decoded from what came in, in Hz; 0 for none."""
        files = [p for p in self._dumps() if p.endswith('dec.wav')]
        try:
            return tone.pitch(files[0]) if files else 0
        except (EOFError, OSError, tone.wave.Error):
            return 0


def sipalgctl(*arguments):
    """Output of the tool in the gateway's namespace, and its status."""
    done = subprocess.run(['ip', 'netns', 'exec', 'gw', os.environ['SIPALGCTL'], *arguments],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.stdout, done.returncode
