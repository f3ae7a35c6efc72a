# SPDX-License-Identifier: GPL-2.0
"""One topology for many calls between a phone inside and a server outside."""

import net
from gateway import CTL, bindings, forget
from leg import Leg
from tap import check, equal
from ua import Ua

SERVER = (net.S1, 5060)
FAR_HOSTS = [net.S1, net.S2, '203.0.113.21', '203.0.113.22']  # who else may send media


class Pair:
    """alice in p1, carol in s1; sockets for more media of both, by port and by host."""

    def __init__(self, variant='masquerade'):
        self.network = net.Net(variant).__enter__()  # pylint: disable=unnecessary-dunder-call
        self.alice = Ua(self.network, 'p1', 'alice')
        self.carol = Ua(self.network, 's1', 'carol', rtp=30000)
        self.near = {40000: self.alice.rtp}
        self.far = {(net.S1, 30000): self.carol.rtp}
        self.dirty = False

    def close(self):
        self.network.__exit__()

    def phone(self, port):
        """alice's socket at another port."""
        if port not in self.near:
            self.near[port] = self.network.udp('p1', port)
        return self.near[port]

    def server(self, host=net.S1, port=30000):
        """A socket at an outside host; hosts other than S1 are on s2."""
        if (host, port) not in self.far:
            ns = 's1' if host == net.S1 else 's2'
            if host not in (net.S1, net.S2):
                net.run('s2', 'ip', 'addr', 'replace', f'{host}/24', 'dev', 'eth0')
            self.far[host, port] = self.network.udp(ns, port, address=host)
        return self.far[host, port]

    def leg(self, **more):
        """A call to be; one that a failed test left is forgotten."""
        if self.dirty:
            net.run('gw', CTL, 'disable')
            net.run('gw', CTL, 'enable')
            forget()
            net.drain(self.alice.socket)
            net.drain(self.carol.socket)
        self.dirty = True
        return Leg(self.alice, self.carol, SERVER, **more)

    def leg_in(self):
        """A call of carol's to alice, who is known by an OPTIONS of hers."""
        leg = self.leg()
        self.dirty = False
        seen = leg.ask(self.alice, 'OPTIONS')
        leg.say(seen, 200)
        uri = seen.seen['Contact'].strip('<>')
        self.dirty = True
        return Leg(self.carol, self.alice, seen.seen.contact, uri)

    def check_in(self, outer, port=40000, host=net.S1, far=30000):
        """A packet from there gets to the phone's port."""
        source = self.network.arrives(self.server(host, far), outer, self.phone(port))
        check(source, f'{host}:{far} is not heard at {port}, by {outer}')

    def check_out(self, outer, port=40000, host=net.S1, far=30000):
        """A packet of the phone's port gets there, and comes from `outer`."""
        source = self.network.arrives(self.phone(port), (host, far), self.server(host, far))
        equal(source, outer, f'where the packet of port {port} to {host}:{far} comes from')

    def check_both(self, outer, port=40000, host=net.S1, far=30000):
        self.check_in(outer, port, host, far)
        self.check_out(outer, port, host, far)

    def check_shut(self, outer, port=40000, host=net.S1, far=30000):
        """At the latest in two seconds, nothing from there gets to the phone's port."""
        check(self.network.closes(self.server(host, far), outer, self.phone(port), 'p1',
                                  's1' if host == net.S1 else 's2'),
              f'{host}:{far} is still heard at {port}, by {outer}')

    def check_never(self, outer, port=40000, host=net.S1, far=30000):
        """Nothing from there gets to the phone's port, now."""
        check(self.network.absent(self.server(host, far), outer, self.phone(port), 'p1',
                                  's1' if host == net.S1 else 's2'),
              f'{host}:{far} is heard at {port}, by {outer}')

    def check_quiet(self):
        """No message is left that nobody waited for; no media binding either."""
        equal([m.split(b'\r\n')[0] for m in net.drain(self.alice.socket) + net.drain(self.carol.socket)],
              [], 'what else came')
        equal([b['outer_port'] for b in bindings() if b['type'] != 'signalling'], [],
              'media bindings that are left')
        self.dirty = False
