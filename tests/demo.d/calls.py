#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""calls.py FOLDER: three calls between the phones of the demo, watched and counted."""

import json
import os
import sys
import time

from phone import Phone, sipalgctl

SECONDS = int(os.environ.get('DEMO_SECONDS') or 10)
NEEDED = 45 * SECONDS  # of 50 packets a second, each way
TRANSPORT = os.environ.get('TRANSPORT') or 'udp'
TONES = {'alice': 440, 'bob': 554, 'carol': 659}
START = int(os.environ.get('SAY_T0') or time.time())
WITH_SIPALG = not os.environ.get('NOALG') and not os.environ.get('HELPER')


def say(text):
    print(f'[{int(time.time()) - START:4d} s] {text}', flush=True)


def show(*arguments):
    """A look through the tool, as an administrator takes it."""
    output, _ = sipalgctl(*arguments)
    print(f'  gw:       sipalgctl {" ".join(arguments)}')
    for line in output.rstrip().splitlines():
        print('    ' + line)
    sys.stdout.flush()


def media_bindings():
    """How many media bindings the gateway has."""
    def count(item):
        if isinstance(item, dict):
            own = any(value in ('media', 'rtp', 'rtcp') for value in item.values()
                      if isinstance(value, str))
            return own or sum(count(value) for value in item.values())
        return sum(count(value) for value in item) if isinstance(item, list) else 0
    output, status = sipalgctl('-j', 'binding', 'list')
    if status:
        raise RuntimeError(f'sipalgctl -j binding list failed: {output.strip()}')
    return int(count(json.loads(output or '[]')))


class Call:
    """One call and what became of it."""

    def __init__(self, number, text, caller, callee, ends):
        self.text, self.caller, self.callee, self.ends = text, caller, callee, ends
        self.number, self.id = number, ''
        self.heard = {caller.name: 0, callee.name: 0}
        self.pitch = {caller.name: 0, callee.name: 0}
        self.answered = self.ended = self.closed = False
        self.lasted = self.opened = 0

    def both(self):
        return self.caller, self.callee

    def run(self):
        """Dial, listen, hang up, look what is left."""
        say(f'Call {self.number}: {self.text}')
        for phone in self.both():
            phone.forget()
        self.caller.command('dial', f'sip:{self.callee.name}@203.0.113.10;transport={TRANSPORT}')
        self.answered = self._established()
        if self.answered:
            self._talk()
        self._end()
        if WITH_SIPALG:
            self._watch_closing()
        else:
            self.closed = self.ended
        for phone in self.both():
            self.pitch[phone.name] = phone.pitch()
            say(f'  {phone.name} heard {self.heard[phone.name]} packets, '
                f'{self._tone(phone) or "no tone"}.')

    def _established(self):
        for phone in self.both():
            event = phone.event('CALL_ESTABLISHED', 'CALL_CLOSED')
            if not event or event['type'] == 'CALL_CLOSED':
                why = event['param'] if event else 'nothing happened for 15 seconds'
                say(f'  There is no call at {phone.name}: {why}.')
                return False
            self.id = self.id or event.get('id', '')
        say(f'  {self.callee.name} has answered.')
        return True

    def _talk(self):
        """Wait until SECONDS are over, with a look at the gateway and the counters meanwhile."""
        begin = time.monotonic()
        for part in (0.3, 0.6):
            time.sleep(max(0, begin + part * SECONDS - time.monotonic()))
            counts = ', '.join(f'{phone.name} has heard {phone.heard()}' for phone in self.both())
            say(f'  After {time.monotonic() - begin:.1f} s: {counts} packets.')
            if part == 0.3 and WITH_SIPALG:
                self.opened = media_bindings()
                show('dialog', 'list')
                if TRANSPORT == 'tcp':
                    show('stream', 'list')
                show('binding', 'list')
        time.sleep(max(0, begin + SECONDS - time.monotonic()))
        self.ends.command('hangup')
        self.lasted = time.monotonic() - begin

    def _end(self):
        """One has hung up; the other has to notice."""
        other = self.callee if self.ends is self.caller else self.caller
        if self.answered:
            self.ended = bool(other.event('CALL_CLOSED', wait=5))
            say(f'  After {self.lasted:.1f} s {self.ends.name} hangs up; {other.name} '
                f'{"has noticed" if self.ended else "notices nothing"}.')
        if not self.ended:
            for phone in self.both():
                phone.command('hangup')
        self.heard = {phone.name: phone.heard() for phone in self.both()}

    def _watch_closing(self):
        """The bindings have to go within two seconds, and a look takes some time too.

        That none is left says something only if there were some.
        """
        begin = time.monotonic()
        left = media_bindings()
        while left and time.monotonic() < begin + 3:
            time.sleep(0.2)
            left = media_bindings()
        self.closed = self.ended and self.opened > 0 and not left
        say(f'  Of {self.opened} media bindings {left} are left {time.monotonic() - begin:.1f} s '
            'after the call.')
        show('binding', 'list')

    def _tone(self, phone):
        """Whose tone it was that a phone heard."""
        pitch = self.pitch[phone.name]
        return next((f'the tone of {name} ({hertz} Hz)' for name, hertz in TONES.items()
                     if abs(pitch - hertz) <= 5), f'{pitch} Hz' if pitch else '')

    def good(self):
        """Enough packets and the other's tone at both, and nothing left over."""
        def hears(phone, other):
            return (self.heard[phone.name] >= NEEDED and
                    abs(self.pitch[phone.name] - TONES[other.name]) <= 5)
        return self.closed and hears(self.caller, self.callee) and hears(self.callee, self.caller)

    def row(self):
        cells = [f'{phone.name} {self.heard[phone.name]:4d} packets, {self.pitch[phone.name]:3d} Hz'
                 for phone in self.both()]
        return [f'{self.number}. {self.text.rstrip(".")}', *cells, 'yes' if self.closed else 'NO',
                'passed' if self.good() else 'FAILED']


def table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print('  ' + '  '.join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def main():
    folder = sys.argv[1]
    alice, bob, carol = phones = [Phone(name, folder) for name in TONES]
    for phone in phones:
        if not phone.registered():
            say(f'{phone.name} could not register.')
    say('The phones are registered.')
    if WITH_SIPALG:
        show('status')
        show('registration', 'list')
    calls = [Call(1, 'alice calls carol, who is outside.', alice, carol, alice),
             Call(2, 'carol calls alice, who is behind the gateway.', carol, alice, alice),
             Call(3, 'alice calls bob, both behind the gateway.', alice, bob, bob)]
    for call in calls:
        call.run()
    with open(os.path.join(folder, 'call-id'), 'w', encoding='ascii') as file:
        file.write(calls[0].id)
    print()
    say(f'Heard in {SECONDS} seconds (at least {NEEDED} packets each are needed):')
    table([['call', 'caller heard', 'callee heard', 'closed', '']] + [call.row() for call in calls])
    return 0 if all(call.good() for call in calls) else 1


if __name__ == '__main__':
    sys.exit(main())
