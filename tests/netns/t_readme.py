#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What the README tells people to type does what it says there."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import json
import re
import tempfile

import gateway
import net
from tap import check, equal, run_all
from ua import Call, Ua

HERE = os.path.dirname(os.path.realpath(__file__))
README = os.path.join(os.path.dirname(os.path.realpath(__file__)), '../../README.md')


def commands():
    """The lines of sipalgctl in its blocks, without their comments."""
    with open(README, encoding='utf-8') as f:
        lines = [line.split('#')[0].strip() for line in f if line.startswith('    sipalgctl')]
    return [line.split()[1:] for line in lines]


def alternatives(words):
    """disable | enable: one after the other."""
    return [word for word in words if word != '|'] if '|' in words else [words]


def shown_ids(words):
    """ID is the first one that the list has, FILE is one with a message."""
    if 'FILE' in words:
        message = os.path.join(HERE, '../unit/vectors/OK-invite-exact.sip')
        return [message if word == 'FILE' else word for word in words]
    if 'ID' not in words:
        return words
    listed = gateway.ctl(words[0], 'list')
    return [str(listed[0]['id']) if word == 'ID' else word for word in words] if listed else None


def test_commands():
    """each command of the README, during a call"""
    done, saved = 0, []
    with net.Net() as network, tempfile.NamedTemporaryFile() as config:
        call = Call(Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000),
                    f'sip:carol@{net.S1}', (net.S1, 5060)).start()
        call.check_audio()
        for line in commands():
            for words in alternatives(line):
                words = shown_ids([words] if isinstance(words, str) else words)
                if words is None or words[:1] in (['monitor'], ['ladder']):
                    continue
                if words == ['save']:
                    words.append(config.name)
                net.run('gw', net.CTL, *words)
                done += 1
                if words[:1] == ['save'] and '--state' not in words:
                    saved.append(gateway.ctl('policy', 'list'))
        check(done >= 15, f'only {done} commands were found')
        rules = saved[0]
        equal([r['action'] for r in rules], ['drop', 'bypass', 'alg', 'alg'], 'rules')
        equal(rules[3]['options']['mark_media'], 0x10, 'the mark of the last rule')
        net.run('gw', net.CTL, 'policy', 'reset')
        net.run('gw', net.CTL, 'restore', config.name)
        rules = gateway.ctl('policy', 'list')
        equal([(r['name'], r['action']) for r in rules], [('vendor', 'bypass'), ('phones', 'bypass'),
                                                          ('phones', 'bypass'), ('default', 'alg')],
              'the policy of the last example, saved and restored')


def test_metrics():
    """metrics are the numbers of status and stats, during a call"""
    with net.Net() as network:
        call = Call(Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000),
                    f'sip:carol@{net.S1}', (net.S1, 5060)).start()
        call.check_audio()
        text = net.run('gw', net.CTL, 'metrics')
        samples = {m[1] + m[2]: int(m[3])
                   for m in re.finditer(r'^([a-z_]+)((?:\{.*\})?) (\d+)$', text, re.M)}
        status = json.loads(net.run('gw', net.CTL, '-j', 'status'))
        for name in ('dialogs', 'dialogs_max', 'bindings', 'registrations', 'streams'):
            equal(samples[f'sipalg_{name}'], status[name], name)
        equal(samples['sipalg_calls{state="answered"}'], 1, 'answered calls')
        stats = json.loads(net.run('gw', net.CTL, '-j', 'stats'))
        counted = {re.search('"(.*)"', k)[1]: v for k, v in samples.items() if '_total{' in k}
        equal(counted, stats, 'counters')
        check(text.endswith('# EOF\n'), 'the text has no end')
        call.hang_up()


run_all(globals())
