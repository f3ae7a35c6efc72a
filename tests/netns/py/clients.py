# SPDX-License-Identifier: GPL-2.0
"""Real clients that talk to each other, far from any gateway, and what they said.

    alice 198.51.100.11  baresip, sipp ──┐
    bob   198.51.100.12  baresip, sipp ──┼── street (a bridge)
    home  198.51.100.10  Kamailio ───────┘

What is captured are the UDP payloads of port 5060 and of sipp's ports, as the
two phones' interfaces have them.
"""

import json
import os
import select
import socket
import struct
import subprocess
import sys
import time

import net

DEMO = os.path.join(net.HERE, '..', '..', 'demo.d')
sys.path.insert(0, DEMO)
import tone  # pylint: disable=wrong-import-position

ALICE, BOB, HOME = '198.51.100.11', '198.51.100.12', '198.51.100.10'
ADDRESS = {'alice': ALICE, 'bob': BOB, 'home': HOME}
PORTS = (5060, 5061, 5070)
_ETH_P_IP, _SO_RCVBUFFORCE = 0x0800, 33

CONFIG = '''poll_method epoll
sip_listen {address}:5060
net_interface eth0
rtp_ports 10000-10100
audio_source aufile,{folder}/tone.wav
audio_player aubridge,none
audio_alert aubridge,none
ausrc_srate 8000
auplay_srate 8000
module_path /usr/lib/baresip/modules
module g711.so
module g722.so
module g726.so
module gsm.so
module l16.so
module opus.so
module aufile.so
module aubridge.so
module stun.so
module ice.so
module srtp.so
module_tmp uuid.so
module_tmp account.so
module_app contact.so
module_app menu.so
module_app mwi.so
module_app presence.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:4444
snd_path {folder}
ringback_disabled yes
'''

# The second line of a phone offers all that it has.
ACCOUNTS = '''<sip:{name}@{home}>;auth_user={name};auth_pass={name}-secret;answermode=manual;regint=600;mwi=yes
<sip:{name}2@{home};transport=udp>;auth_user={name}2;auth_pass={name}2-secret;answermode=auto;regint=300\
;outbound="sip:{home}";sipnat=outbound;regq=0.5;mediaenc=srtp;medianat=ice;mwi=no
'''


class Capture:
    """Every UDP payload of the SIP ports on a host's interface, once."""

    def __init__(self, names):
        self.sockets, self.messages, self.mark = [], {}, 0
        for name in names:
            with net.inside(name):
                s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_IP))
            s.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 8 << 20)
            s.bind(('eth0', 0x0003))  # ETH_P_ALL: what is sent, too
            self.sockets.append(s)

    def read(self):
        """Take what has come."""
        while True:
            ready = select.select(self.sockets, [], [], 0)[0]
            if not ready:
                return self.messages
            for s in ready:
                self._packet(s.recv(65536))

    def _packet(self, data):
        size = (data[0] & 15) * 4 if data[:1] and data[0] >> 4 == 4 else 0
        if not size or data[9] != socket.IPPROTO_UDP:
            return
        source, target, length = struct.unpack('!HHH', data[size:size + 6])
        payload = data[size + 8:size + length]
        # RTP and keep-alives are no messages.
        if (source in PORTS or target in PORTS) and b'SIP/2.0' in payload:
            self.messages.setdefault(payload)

    def begin(self):
        """What is read from now on is new."""
        self.mark = len(self.read())

    def news(self):
        """The first lines of what is new."""
        return [m.partition(b'\r\n')[0].decode() for m in list(self.read())[self.mark:]]

    def until(self, *words, wait=30):
        """Read on until a new message has all these words; True if one does."""
        end = time.monotonic() + wait
        while not any(all(w.encode() in m for w in words) for m in list(self.read())[self.mark:]):
            if time.monotonic() > end:
                return False
            select.select(self.sockets, [], [], 0.5)
        return True

    def close(self):
        for s in self.sockets:
            s.close()


class Phone:
    """A baresip with its control socket: JSON in netstrings."""

    def __init__(self, name, folder):
        self.name, self.folder, self.unread = name, os.path.join(folder, name), b''
        os.mkdir(self.folder)
        tone.make(440, os.path.join(self.folder, 'tone.wav'))
        other = 'bob' if name == 'alice' else 'alice'
        for file, text in (('config', CONFIG), ('accounts', ACCOUNTS),
                           ('contacts', '"Other One" <sip:{other}@{where}>;presence=p2p\n')):
            with open(os.path.join(self.folder, file), 'w', encoding='ascii') as out:
                out.write(text.format(name=name, address=ADDRESS[name], home=HOME, folder=self.folder,
                                      other=other, where=ADDRESS[other]))
        self.process = start(name, folder, 'baresip', '-f', self.folder)
        self.socket = None

    def connect(self):
        """Wait until it listens."""
        end = time.monotonic() + 30
        while not self.socket:
            try:
                with net.inside(self.name):
                    self.socket = socket.create_connection(('127.0.0.1', 4444))
            except ConnectionRefusedError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise
                time.sleep(0.1)

    def say(self, command, params=''):
        """A command; what came of it shows in the capture."""
        data = json.dumps({'command': command, 'params': params}).encode()
        self.socket.sendall(b'%d:%s,' % (len(data), data))


def start(ns, folder, *command):
    """A program in a namespace, its output in a file."""
    with open(os.path.join(folder, f'{ns}-{command[0]}.log'), 'ab') as log:
        return subprocess.Popen(  # pylint: disable=consider-using-with
            ['ip', 'netns', 'exec', ns, *command], cwd=folder, stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, env={**os.environ, 'TERM': 'dumb', 'HOME': folder})


def stop(processes, wait=5):
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(wait)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def build():
    """The street with three hosts."""
    remove()
    hosts = ''.join(f'netns add {name}\n' for name in ADDRESS)
    cables = ''.join(f'link add eth0 netns {name} mtu 9000 type veth peer name {name} netns street mtu 9000\n'
                     for name in ADDRESS)
    _ip(f'netns add street\n{hosts}{cables}')
    _ip('link add sw type bridge mcast_snooping 0\nlink set sw up\n' +
        ''.join(f'link set {name} master sw up\n' for name in ADDRESS), 'street')
    for name, address in ADDRESS.items():
        _ip(f'link set lo up\nlink set eth0 up\naddr add {address}/24 dev eth0\n'
            f'route add default via {HOME}\n', name)


def _ip(lines, ns=None):
    subprocess.run(['ip', *(['-n', ns] if ns else []), '-batch', '-'], input=lines, text=True, check=True)


def remove():
    _ip(''.join(f'netns del {name}\n' for name in (*ADDRESS, 'street')
                if os.path.exists(f'/run/netns/{name}')))


def listens(ns, port):
    return net.run(ns, 'ss', '-Hlnu', f'sport = :{port}').strip()


def wait_for(look, what):
    end = time.monotonic() + 30
    while not look():
        if time.monotonic() > end:
            raise RuntimeError(f'waited in vain for {what}')
        time.sleep(0.1)


def talk_sipp(capture, folder):
    """The scenarios that sipp has built in, one call each."""
    common = ('-m', '1', '-nostdin', '-timeout', '30', '-d', '50', '-nd')
    for client, server, port in (('uac', 'uas', 5061), ('branchc', 'branchs', 5061), ('regexp', 'uas', 5070)):
        callee = start('bob', folder, 'sipp', '-sn', server, '-i', BOB, '-p', str(port), *common)
        wait_for(lambda port=port: listens('bob', port), f'sipp -sn {server}')
        caller = start('alice', folder, 'sipp', '-sn', client, '-i', ALICE, '-p', str(port),
                       '-s', 'service', *common, f'{BOB}:{port}')
        caller.wait(30)
        stop([callee])
        capture.read()


def steps(alice, bob):
    """(who, command, parameter, words of the message that ends the step)"""
    yield alice, 'uafind', f'sip:alice@{HOME}', ()
    yield bob, 'uafind', f'sip:bob@{HOME}', ()
    yield alice, 'options', f'sip:bob@{HOME}', ('SIP/2.0 200', ' OPTIONS')
    yield alice, 'message', f'hello\r\nContact: <sip:alice@{ALICE}>', ('SIP/2.0 2', ' MESSAGE')
    # Given up by the caller, refused by the callee, answered.
    for who, command, words in ((alice, 'hangup', ('SIP/2.0 487', ' INVITE')),
                                (bob, 'hangup', ('SIP/2.0 486', ' INVITE')), (bob, 'accept', ('ACK sip', 'Route: '))):
        yield alice, 'dial', f'sip:bob@{HOME}', ('SIP/2.0 180', ' INVITE')
        yield who, command, '', words
    for who in (alice, bob):
        yield who, 'hold', '', ('SIP/2.0 200', ' INVITE')
        yield who, 'resume', '', ('SIP/2.0 200', ' INVITE')
    yield bob, 'hangup', '', ('SIP/2.0 200', ' BYE')
    # The second lines, with all that they have.
    yield alice, 'uafind', f'sip:alice2@{HOME}', ()
    yield alice, 'dial', f'sip:bob2@{HOME}', ('ACK sip', 'Route: ')
    yield alice, 'hangup', '', ('SIP/2.0 ', ' BYE')
    # How this one ends is left to the phones.
    yield alice, 'uafind', f'sip:alice@{HOME}', ()
    yield alice, 'dial', f'sip:bob@{HOME}', ('SIP/2.0 180', ' INVITE')
    yield bob, 'accept', '', ('ACK sip', 'Route: ')
    yield alice, 'transfer', f'sip:alice2@{HOME}', ('NOTIFY sip', 'Event: refer', 'terminated')


def talk_baresip(capture, folder):
    """Registrations, calls of all ends, hold, transfer, OPTIONS, MESSAGE, presence; what failed."""
    with open(os.path.join(DEMO, 'kamailio.cfg'), encoding='ascii') as file:
        config = file.read().replace('203.0.113.10', HOME)
    with open(os.path.join(folder, 'kamailio.cfg'), 'w', encoding='ascii') as file:
        file.write(config)
    kamailio = start('home', folder, 'kamailio', '-DD', '-E', '-f', 'kamailio.cfg', '-w', folder, '-Y', folder,
                     '-P', os.path.join(folder, 'kamailio.pid'))
    phones, failed = [], []
    try:
        wait_for(lambda: listens('home', 5060), 'Kamailio')
        phones = [Phone(name, folder) for name in ('alice', 'bob')]
        for phone in phones:
            phone.connect()
        for user in ('alice', 'alice2', 'bob', 'bob2'):
            capture.until('SIP/2.0 200', f'<sip:{user}@{HOME}', ' REGISTER', 'expires=')
        capture.until('NOTIFY sip', 'Event: presence')
        for who, command, parameter, words in steps(*phones):
            capture.begin()
            who.say(command, parameter)
            if words and not capture.until(*words):
                failed.append(f'{who.name}: {command} {parameter}, then {words}; but {capture.news()}')
        # They take their leave of the registrar, and may wait long for a lost BYE.
        capture.begin()
        stop([phone.process for phone in phones], 1)
        capture.until('SIP/2.0 200', ' REGISTER')
    finally:
        stop([phone.process for phone in phones] + [kamailio])
    capture.read()
    return failed
