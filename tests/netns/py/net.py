# SPDX-License-Identifier: GPL-2.0
"""The topology of lib.sh, and sockets in its namespaces.

One process holds sockets in many namespaces: a socket stays where it was
created. All sending is done on one CPU, so that packets that take the same way
stay in order; that is what makes absent() a decision rather than a guess.
"""

import atexit
import contextlib
import ctypes
import fcntl
import json
import os
import select
import socket
import struct
import subprocess
import time

HERE = os.path.dirname(os.path.realpath(__file__))
LIB = os.path.join(HERE, '..', 'lib.sh')
CTL = os.environ.get('SIPALGCTL') or os.path.join(HERE, '..', '..', '..', 'userspace', 'sipalgctl')
WAIT = 10.0  # longest wait for something that has to come; a failure, never a pace

LAN, WAN, SNAT = '10.0.0.1', '203.0.113.1', '203.0.113.2'
P1, P2, S1, S2 = '10.0.0.11', '10.0.0.12', '203.0.113.10', '203.0.113.20'
ADDRESS = {'p1': P1, 'p2': P2, 's1': S1, 's2': S2}
ADDRESS6 = {'p1': '2001:db8:a::11', 'p2': '2001:db8:a::12',
            's1': '2001:db8:b::10', 's2': '2001:db8:b::20'}

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def _setns(fd):
    if _libc.setns(fd, _CLONE_NEWNET):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def unshare_net():
    """A new network for this process; not 0 if there is none."""
    return _libc.unshare(_CLONE_NEWNET)


@contextlib.contextmanager
def inside(ns):
    """Be in a namespace while sockets are created."""
    home = os.open('/proc/thread-self/ns/net', os.O_RDONLY)
    there = os.open(f'/run/netns/{ns}', os.O_RDONLY)
    try:
        _setns(there)
        yield
    finally:
        _setns(home)
        os.close(there)
        os.close(home)


def udp(ns, address, port=0):
    """A UDP socket of this namespace, bound."""
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    with inside(ns):
        s = socket.socket(family, socket.SOCK_DGRAM)
        s.bind((address, port))
    return s


def receive(sock, wait=WAIT):
    """(datagram, (address, port)), or (None, None) if none came in time."""
    ready = select.poll()  # select() knows the first 1,024 files only
    ready.register(sock, select.POLLIN)
    if not ready.poll(wait * 1000):
        return None, None
    data, source = sock.recvfrom(65536)
    return data, source[:2]


def drain(sock):
    """What lies in a socket's queue, without waiting."""
    found = []
    while True:
        data, _ = receive(sock, 0)
        if data is None:
            return found
        found.append(data)


# What may be run in a namespace, and the next test still finds it as new.
HARMLESS = (CTL, 'conntrack', 'ss', 'cat')


def run(ns, *command, check=True, text_in=None):
    """Run a command in a namespace; its output.

    Without ip(8) it takes half the time; only a shell may need the /sys that it mounts.
    """
    if command[0] not in HARMLESS and command[:2] not in (('nft', 'list'), ('nft', 'reset')):
        spoil()
    words = ['ip', 'netns', 'exec', ns, *command] if command[0] == 'sh' else command
    with inside(ns):
        done = subprocess.run(words, input=text_in, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
    if check and done.returncode:
        raise RuntimeError(f'{" ".join(command)} in {ns}: {done.stdout.strip()}')
    return done.stdout


def checksums(ns, device):
    """Let the kernel compute what it would leave to this device (ethtool -K tx off)."""
    stxcsum, siocethtool = 0x17, 0x8946
    value = ctypes.create_string_buffer(struct.pack('II', stxcsum, 0))
    with inside(ns), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, siocethtool,
                    struct.pack('16sP8x', device.encode(), ctypes.addressof(value)))


class Standing:  # pylint: disable=too-few-public-methods
    """The topology that stands from one test to the next: to build one takes a second under TCG."""

    kind = None  # what it was built as
    new = False  # no test did anything to it but with SIP and media
    before = {}  # its counters when the running test began

    @classmethod
    def forget(cls, rules=True):
        """No flow and no call is left, and with @rules, none but the rule of the beginning; counters begin here."""
        reset = f'{CTL} policy reset;' if rules else ''
        with inside('gw'):
            # Without the module, there is nothing to forget.
            told = subprocess.run(['sh', '-c', f'exec 2>/dev/null; {CTL} disable; {reset} {CTL} enable; '
                                   f'conntrack -F; {CTL} -j stats'], stdout=subprocess.PIPE, check=False).stdout
        cls.before = json.loads(told or '{}')


def spoil():
    """What a test does to the topology from here on, the next one shall not find."""
    Standing.new = False


class Net:
    """A topology, for as long as the `with` lasts.

    Unless offload is wanted, every checksum is computed by the sender and
    verified by the receiver, so that a wrong one is a lost packet.
    """

    RULES = ''  # of nft, in addition

    def __init__(self, variant='masquerade', offload=False):
        self.variant, self.offload = variant, offload
        self.kind = (variant, offload, self.RULES)
        self.public = SNAT if variant == 'snat' else WAN
        self.sockets = []
        self.markers = {}
        self.count = 0

    def __enter__(self):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        if Standing.new and Standing.kind == self.kind:
            Standing.forget()
            return self
        done = subprocess.run([LIB, 'up', self.variant], text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            raise RuntimeError(f'the topology could not be built: {done.stdout.strip()}')
        if not self.offload:
            for ns in ADDRESS:
                checksums(ns, 'eth0')
            for device in ('wan', 'p1', 'p2'):
                checksums('gw', device)
        if self.RULES:
            run('gw', 'nft', '-f', '-', text_in=self.RULES)
        Standing.kind, Standing.new, Standing.before = self.kind, True, {}
        return self

    def __exit__(self, *error):
        for s in self.sockets:
            if s.type == socket.SOCK_STREAM and s.fileno() >= 0:
                # At once, so that the next test may have the same ports.
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            s.close()
        failed = any(error)
        try:
            # Of a test that failed, its own words are wanted.
            if not failed:
                failed = True
                self.check_sums()
                failed = False
        finally:
            if failed or not Standing.new:
                down()

    @staticmethod
    def check_sums():
        """What the gateway counted adds up, after each test."""
        import counts  # pylint: disable=import-outside-toplevel,cyclic-import
        if os.path.exists('/run/netns/gw'):
            counts.check_sums()

    def udp(self, ns, port=0, address=None, v6=False):
        """A UDP socket on a host's address, closed with the topology."""
        s = udp(ns, address or (ADDRESS6 if v6 else ADDRESS)[ns], port)
        self.sockets.append(s)
        return s

    def _marker(self, inner, outer):
        """Two sockets with a flow between an inside and an outside host that nothing closes."""
        if (inner, outer) not in self.markers:
            there = [pair[1] for (_, host), pair in self.markers.items() if host == outer]
            a, b = self.udp(inner), there[0] if there else self.udp(outer, 9)
            self.markers[inner, outer] = [a, b, None]
        pair = self.markers[inner, outer]
        a, b, _ = pair
        # Renewed each time: a test may have deleted all of conntrack's flows.
        a.sendto(b'open', b.getsockname()[:2])
        data, source = receive(b)
        if data is None:
            raise AssertionError(f'not even a plain datagram gets from {inner} to {outer}')
        pair[2] = source
        return pair

    def barrier(self, inner, outer):
        """Return when all that was sent before between these two hosts has arrived or never will.

        A marker goes the same way in both directions after it.
        """
        a, b, source = self._marker(inner, outer)
        self.count += 1
        mark = b'marker %d' % self.count
        b.sendto(mark, source)
        while True:
            data, _ = receive(a)
            if data is None:
                raise AssertionError(f'the marker from {outer} did not get to {inner}')
            if data == mark:
                return

    @staticmethod
    def arrives(sender, destination, receiver, data=None):
        """Send a datagram; where it came from as the receiver sees it, or None if it never came.

        Others that lie in the receiver's queue are passed over.
        """
        data = data or rtp()
        sender.sendto(data, destination)
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            got, source = receive(receiver, max(0, end - time.monotonic()))
            if got == data:
                return source
        return None

    def absent(self, sender, destination, receiver, inner, outer, data=None):
        """Send a datagram; True if it does not arrive although a later marker does."""
        data = data or rtp()
        sender.sendto(data, destination)
        self.barrier(inner, outer)
        return data not in drain(receiver)

    def closes(self, sender, destination, receiver, inner, outer, within=2.0):
        """True if datagrams that are sent after so many seconds do not arrive.

        It is the time of sending that counts: the machine may be slow.
        """
        end = time.monotonic() + within
        while True:
            begin = time.monotonic()
            if self.absent(sender, destination, receiver, inner, outer):
                return True
            if begin > end:
                return False
            time.sleep(0.05)  # until the next try, so as not to load the gateway


class Kept(Net):
    """A topology for many tests: each `with` begins with nothing known, but rules stay. close() ends it."""

    def __enter__(self):
        return self if Standing.kind == self.kind else super().__enter__()

    def __exit__(self, *_):
        for s in self.sockets:
            s.close()
        self.sockets.clear()
        self.markers.clear()
        self.check_sums()
        Standing.forget(rules=False)

    @staticmethod
    def close():
        down()


@atexit.register
def down():
    """No topology is there."""
    if Standing.kind:
        subprocess.run([LIB, 'down'], check=True)
    Standing.kind, Standing.new = None, False


_rtp_count = 0


def rtp():
    """An RTP packet (PCMU, silence) that no other is equal to."""
    global _rtp_count  # pylint: disable=global-statement
    _rtp_count += 1
    return (b'\x80\x00' + (_rtp_count & 0xffff).to_bytes(2, 'big') +
            (160 * _rtp_count & 0xffffffff).to_bytes(4, 'big') + b'test' + b'\xff' * 160)
