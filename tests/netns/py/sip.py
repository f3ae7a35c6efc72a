# SPDX-License-Identifier: GPL-2.0
"""SIP messages: built from templates, taken apart just as far as tests ask."""

import itertools
import re

_serial = itertools.count(1)


def serial():
    return next(_serial)


def bracket(address):
    return f'[{address}]' if ':' in address else address


def sdp(address, port, extra=''):
    """An audio offer or answer; extra is appended as it is."""
    kind = 'IP6' if ':' in address else 'IP4'
    return (f'v=0\r\no=- 1 1 IN {kind} {address}\r\ns=-\r\nc=IN {kind} {address}\r\nt=0 0\r\n'
            f'm=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n{extra}').encode()


def build(start, headers, body=b'', content_type='application/sdp'):
    """Bytes of a message; headers are (name, value) pairs."""
    lines = [start] + [f'{name}: {value}' for name, value in headers]
    if body:
        lines.append(f'Content-Type: {content_type}')
    lines.append(f'Content-Length: {len(body)}')
    return ('\r\n'.join(lines) + '\r\n\r\n').encode() + body


_COMPACT = {'v': 'via', 'f': 'from', 't': 'to', 'm': 'contact', 'i': 'call-id', 'l': 'content-length',
            'c': 'content-type'}


class Message:
    """A received message."""

    def __init__(self, data):
        self.data = data
        head, _, self.body = data.partition(b'\r\n\r\n')
        lines = head.decode(errors='surrogateescape').split('\r\n')
        self.start = lines[0]
        self.headers = []
        for line in lines[1:]:
            name, _, value = line.partition(':')
            self.headers.append((name.strip(), value.strip()))

    def all(self, name):
        name = name.lower()
        return [v for n, v in self.headers if _COMPACT.get(n.lower(), n.lower()) == name]

    def __getitem__(self, name):
        """The first header field of this name; '' where there is none."""
        return (self.all(name) or [''])[0]

    @property
    def status(self):
        return int(self.start.split()[1]) if self.start.startswith('SIP/2.0') else 0

    @property
    def method(self):
        return self['CSeq'].split()[1] if self.status else self.start.split()[0]

    @property
    def uri(self):
        return self.start.split()[1]

    @property
    def contact(self):
        """(address, port) of the first Contact."""
        return hostport(self['Contact'])

    @property
    def media(self):
        """(address, port) of the first media line: its c= or the session's."""
        text = self.body.decode()
        return (re.search(r'^c=IN IP[46] ([^\s/]+)', text, re.M).group(1),
                int(re.search(r'^m=\w+ (\d+)', text, re.M).group(1)))

    @property
    def origin(self):
        return re.search(r'^o=.* IN IP[46] (\S+)', self.body.decode(), re.M).group(1)


def hostport(text):
    """(address, port) of the first URI in a text; the port is 5060 where none is written."""
    found = re.search(r'sips?:(?:[^@>\s]*@)?(\[[^\]]+\]|[^:;>\s?]+)(?::(\d+))?', text)
    return found.group(1).strip('[]'), int(found.group(2) or 5060)


def sent_by(via):
    """(address, port) of a Via."""
    found = re.match(r'SIP/2.0/\w+\s+(\[[^\]]+\]|[^:;\s]+)(?::(\d+))?', via)
    return found.group(1).strip('[]'), int(found.group(2) or 5060)


def tag(value):
    found = re.search(r';tag=([^;\s]+)', value)
    return found.group(1) if found else ''
