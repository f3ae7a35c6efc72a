# SPDX-License-Identifier: GPL-2.0
"""What sipalgctl -j prints, compared with sipalgctl.json."""

import json
import os

import jsonschema

with open(os.path.join(os.path.dirname(os.path.realpath(__file__)), 'sipalgctl.json'), encoding='utf-8') as _f:
    _SCHEMA = json.load(_f)


def names():
    """The commands that have a schema."""
    return set(_SCHEMA['$defs'])


def name_of(words):
    """dialog show 7 is "dialog show"; options but --explain, --count and --cdr do not."""
    kept = [word for i, word in enumerate(words)
            if word in ('--explain', '--count', '--cdr') or not (word.isdigit() or word.startswith('-') or
                                           i and words[i - 1].startswith('--'))]
    return ' '.join(kept) or 'overview'


def errors(words, value):
    """What is wrong with the output of a command, as sentences; [] if nothing is."""
    schema = dict(_SCHEMA, **{'$ref': f'#/$defs/{name_of(words)}'})
    return [f'{"/".join(map(str, e.absolute_path))}: {e.message[:300]}'
            for e in jsonschema.Draft202012Validator(schema).iter_errors(value)]
