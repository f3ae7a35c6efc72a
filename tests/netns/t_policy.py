#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Rules of the policy: which flows are SIP, and what happens to their messages."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import json
import re
import struct
import time

import gateway
import genl
import net
import sip
import tcp
from tap import check, equal, run_all
from ua import Call, Ua

SERVER = (net.S1, 5060)
FLOWTABLE = '''
table inet fast {
    flowtable ft { hook ingress priority filter; devices = { lan, wan }; }
    chain forward {
        type filter hook forward priority filter - 1;
        meta l4proto udp flow add @ft
    }
}'''
MARKS = '''
table inet marks {
    chain zones {
        type filter hook prerouting priority raw;
        iifname lan ct original zone set 5
    }
    chain marks {
        type filter hook prerouting priority mangle;
        iifname lan ct mark set 0x12
    }
}'''


def pair(network, **more):
    return Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000, **more)


def start(phone, server):
    return Call(phone, server, f'sip:carol@{net.S1}:{server.port}', (net.S1, server.port)).start()


def options(phone, server, **more):
    """An OPTIONS as it was sent and as it arrived; None if it did not."""
    to = (net.S1, server.port)
    sent = phone.request('OPTIONS', f'sip:{to[0]}:{to[1]}', **more)
    phone.send(sent, to)
    phone.network.barrier(phone.ns, server.ns)
    got = net.drain(server.socket)
    return sent, got[0] if got else None


def is_sip(phone, server):
    """Is a new flow from the phone to the server translated?"""
    gateway.forget()
    sent, got = options(phone, server)
    check(got, 'the OPTIONS did not arrive')
    if sent == got:
        return False
    equal(sip.sent_by(sip.Message(got)['Via'])[0], net.WAN, 'the host in Via')
    return True


def check_matches(phone, server, good, bad):
    for words in good:
        gateway.policy(f'alg {words}')
        check(is_sip(phone, server), f'"{words}" does not match')
    for words in bad:
        gateway.policy(f'alg {words}')
        check(not is_sip(phone, server), f'"{words}" matches')


def test_matching():
    """a rule matches by interfaces, prefixes, protocol and ports"""
    with net.Net() as network:
        phone, server = pair(network)
        check_matches(
            phone, server,
            ['iif lan', 'oif wan', 'src 10.0.0.0/24', 'src 10.0.0.11', 'src 0.0.0.0/0', 'src 10.0.0.8/29',
             'dst 203.0.113.10', 'dst 203.0.113.0/28', 'proto udp', 'port 5060', 'port 5000-5060',
             'port 5060-6000', 'iif lan oif wan src 10.0.0.0/8 dst 203.0.113.10/32 proto udp port 1-65535'],
            ['iif wan', 'oif lan', 'iif lan0', 'src 10.0.1.0/24', 'src 10.0.0.12', 'src 10.0.0.16/28',
             'dst 203.0.113.20', 'dst 203.0.113.16/28', 'src 2001:db8::/32', 'proto tcp', 'port 5061',
             'port 5000-5059', 'port 5061-6000', 'iif lan oif wan proto tcp'])


def test_marks_and_zones():
    """by ct mark with a mask, and by zone"""
    with net.Net() as network:
        phone, server = pair(network)
        gateway.nft(MARKS)
        check_matches(phone, server, ['mark 0x12', 'mark 0x10/0xf0', 'mark 0x2/0x3', 'zone 5', 'mark 18 zone 5'],
                      ['mark 0x13', 'mark 0/0xf0', 'mark 0x1/0x3', 'zone 0', 'zone 6', 'mark 0x12 zone 6'])


def test_forwarded_port():
    """by the port before and after NAT, and by the host"""
    with net.Net('dnat') as network:
        inner, peer = Ua(network, 'p1', 'pbx', port=5080), Ua(network, 's1', 'carol', rtp=30000)
        gateway.nft(f'insert rule ip nat pre iifname wan udp dport 5090 dnat to {net.P1}:5080')
        for words, good in (('port 5090', True), ('port 5080', True), ('port 5060', False),
                            (f'port 5090 dst {net.WAN}', True), (f'port 5090 dst {net.P1}', True),
                            (f'port 5090 dst {net.S2}', False)):
            gateway.policy(f'alg {words}')
            gateway.forget()
            network.barrier('p1', 's1')
            peer.send(peer.request('OPTIONS', f'sip:pbx@{net.WAN}:5090'), (net.WAN, 5090))
            seen, _ = inner.expect('OPTIONS')
            equal(sip.hostport(seen.uri), (net.P1, 5080) if good else (net.WAN, 5090), f'{words}: the Request-URI')


def test_order():
    """the first rule that matches counts, and its flows are counted"""
    with net.Net() as network:
        phone, server = pair(network)
        gateway.policy('bypass src 10.0.0.11', 'alg')
        check(not is_sip(phone, server), 'the second rule came first')
        gateway.policy('alg', 'bypass src 10.0.0.11')
        check(is_sip(phone, server), 'the second rule came first')
        net.run('gw', net.CTL, 'policy', 'insert', '1', 'bypass', 'name', 'first', 'iif', 'lan')
        check(not is_sip(phone, server), 'the inserted rule does not count')
        equal([(r['id'], r['action'], r['flows']) for r in gateway.ctl('policy', 'list')],
              [(1, 'bypass', 1), (2, 'alg', 0), (3, 'bypass', 0)], 'the rules')
        net.run('gw', net.CTL, 'policy', 'add', 'drop', 'name', 'last')
        equal([r['action'] for r in gateway.ctl('policy', 'list')], ['bypass', 'alg', 'bypass', 'drop'],
              'the rules')
        net.run('gw', net.CTL, 'policy', 'delete', '1')
        check(is_sip(phone, server), 'the deleted rule counts')
        net.run('gw', net.CTL, 'policy', 'reset')
        equal([(r['name'], r['port_min'], r['port_max']) for r in gateway.ctl('policy', 'list')],
              [('default', 5060, 5060)], 'the rule of the beginning')


def test_bypass():
    """bypass: what passes is byte-identical, and such a flow may go by a flowtable"""
    gateway.need('nft_flow_offload')
    with net.Net() as network:
        phone, server = pair(network)
        gateway.nft(FLOWTABLE)
        for rule, offloaded in ('alg', False), ('bypass', True):
            gateway.policy(rule)
            gateway.forget()
            for _ in range(3):
                sent, got = options(phone, server)
                equal(got == sent, offloaded, f'{rule}: is the OPTIONS the same?')
                # Both directions are seen, so that it is an established flow.
                server.send(b'\r\n\r\n', (net.WAN, 5060))
                check(net.receive(phone.socket)[0], 'nothing comes back')
            equal(bool([f for f in gateway.flows('OFFLOAD') if '=5060 ' in f]), offloaded,
                  f'{rule}: is the flow in the flowtable?')


def test_bypass_later():
    """a rule that becomes bypass lets running flows pass as they are, and back"""
    with net.Net() as network:
        phone, server = pair(network)
        for rule in 'alg', 'bypass', 'alg':
            gateway.policy(rule)
            sent, got = options(phone, server)
            equal(sent == got, rule == 'bypass', f'{rule}: is the OPTIONS the same?')


def test_drop():
    """drop: nothing passes, and it is counted; other hosts are unharmed"""
    with net.Net() as network:
        phone, server = pair(network)
        other = Ua(network, 'p2', 'bob')
        gateway.policy('drop src 10.0.0.11', 'alg')
        for n in range(1, 4):
            check(not options(phone, server)[1], 'the OPTIONS passes')
            equal(gateway.counter('policy_drop'), n, 'policy_drop')
        check(is_sip(other, server), 'the other phone is not served')
        gateway.policy('alg')
        check(options(phone, server)[1], 'the phone is still shut out')
        gateway.policy('drop')
        check(not options(phone, server)[1], 'a running flow passes')


def test_other_ports():
    """ports 5070 to 5072 are SIP, 5060 is not any more"""
    with net.Net() as network:
        phone, server = pair(network, port=5071)
        gateway.policy('alg port 5070-5072')
        call = start(phone, server)
        gateway.check_outside(call.invite, call.source, net.WAN)
        call.check_audio()
        call.hang_up()
        gateway.check_closed(network, call, 'p1', 's1')
        usual = Ua(network, 's1', 'dave', rtp=31000)
        check(not is_sip(phone, usual), 'port 5060 is SIP')


def test_no_rule():
    """without any rule nothing is SIP"""
    with net.Net() as network:
        phone, server = pair(network)
        gateway.policy('# none')
        equal(gateway.ctl('policy', 'list'), [], 'the rules')
        check(not is_sip(phone, server), 'it is translated')
        equal(gateway.counter('messages'), 0, 'messages')


def test_bound():
    """a call in to a registered phone is SIP, although neither port nor who begins it is in a rule"""
    with net.Net() as network:
        phone, server = pair(network, port=5071)
        gateway.policy('alg iif lan src 10.0.0.0/24 port 5071')
        phone.send(phone.request('REGISTER', f'sip:{net.S1}:5071', to=f'<sip:alice@{net.S1}>'), (net.S1, 5071))
        seen, source = server.expect('REGISTER')
        server.answer(seen, source, contact=False, headers=[('Contact', f'{seen["Contact"]};expires=600')])
        phone.expect(200)
        for again in False, True:
            gateway.forget()
            network.barrier('p1', 's1')
            call = Call(server, phone, seen['Contact'].strip('<>'), seen.contact).ring()
            equal(call.invite.uri, phone.uri, 'the Request-URI')
            if again:
                gateway.policy('drop port 1', 'alg iif lan src 10.0.0.0/24 port 5071')
            call.pick_up()
            call.check_audio()
            call.hang_up(phone)
        gateway.policy('alg iif lan src 10.0.0.12 port 5071')
        sent = server.request('OPTIONS', seen['Contact'].strip('<>'))
        server.send(sent, seen.contact)
        equal(phone.expect('OPTIONS')[0].data, sent, 'a message of the running flow that no rule matches')


def test_methods():
    """a list of methods drops others, and calls pass"""
    with net.Net() as network:
        phone, server = pair(network)
        gateway.policy('alg methods INVITE,ACK,BYE')
        check(not options(phone, server)[1], 'OPTIONS passes')
        phone.send(phone.request('DANCE', f'sip:{net.S1}'), SERVER)
        check(server.quiet('p1', 's1'), 'an unknown method passes')
        equal(gateway.counter('drop_method'), 2, 'drop_method')
        call = start(phone, server)
        call.check_audio()
        call.hang_up()
        equal(gateway.counter('drop_method'), 2, 'drop_method')
        gateway.policy('alg methods OTHER')
        phone.send(phone.request('DANCE', f'sip:{net.S1}'), SERVER)
        server.expect('DANCE')


def test_methods_tcp():
    """over TCP an empty line takes the place of a message that is dropped, and the next ones pass"""
    with tcp.Net() as network:
        gateway.policy('alg methods OPTIONS')
        near, far = tcp.pair(network)
        drop, keep = tcp.request('alice', near, 'MESSAGE', b'hello'), tcp.request('alice', near)
        near.send(drop + keep + drop)
        equal(far.read(2), b'\r\n', 'in the place of the message')
        equal(far.message().data, tcp.outside(keep), 'the next message')
        equal(far.read(2), b'\r\n', 'in the place of the last message')
        near.send(keep)
        equal(far.message().data, tcp.outside(keep), 'a message after all that')
        near.close()
        equal(far.rest(), b'', 'what else came')
        equal(gateway.counter('drop_method'), 2, 'drop_method')
        equal(tcp.invalid(), 0, 'packets that conntrack found invalid')


def test_malformed():
    """messages that break the grammar pass as they are, unless a rule drops them"""
    with net.Net() as network:
        phone, server = pair(network)
        good = phone.request('OPTIONS', f'sip:{net.S1}')
        bad = b'\r\n'.join(line for line in good.split(b'\r\n') if not line.startswith(b'Call-ID'))
        phone.send(bad, SERVER)
        equal(net.receive(server.socket)[0], bad, 'a message without Call-ID')
        gateway.policy('alg malformed drop')
        phone.send(bad, SERVER)
        check(server.quiet('p1', 's1'), 'a message without Call-ID passes')
        equal(gateway.counter('drop_malformed'), 1, 'drop_malformed')
        phone.send(b'\r\n\r\n', SERVER)
        equal(net.receive(server.socket)[0], b'\r\n\r\n', 'a keep-alive')
        check(options(phone, server)[1], 'a good message does not pass')


def test_max_message():
    """a message that is longer than a rule allows is left alone"""
    with net.Net() as network:
        phone, server = pair(network)
        size = len(phone.request('OPTIONS', f'sip:{net.S1}:5060', branch='b' * 10, from_tag='t', call_id='c'))
        more = {'branch': 'b' * 10, 'from_tag': 't', 'call_id': 'c'}
        gateway.policy(f'alg max-message {size}')
        sent, got = options(phone, server, **more)
        check(got and got != sent, 'a message of this size is not translated')
        gateway.policy(f'alg max-message {size - 1}')
        sent, got = options(phone, server, **more)
        equal(got, sent, 'a message that is longer by one')
        equal(gateway.counter('too_long'), 1, 'too_long')


def flood(phone, server, count, method='OPTIONS'):
    """How many of so many messages arrived, and how many seconds that took."""
    begin = time.monotonic()
    for _ in range(count):
        phone.send(phone.request(method, f'sip:{net.S1}'), SERVER)
    phone.network.barrier(phone.ns, server.ns)
    return len(net.drain(server.socket)), time.monotonic() - begin


def test_rate():
    """more messages in a second than a rule allows are dropped and counted; other hosts are unharmed"""
    with net.Net() as network:
        phone, server = pair(network)
        other = Ua(network, 'p2', 'bob')
        gateway.policy('alg rate 5')
        got, took = flood(phone, server, 40)
        check(5 <= got <= 6 + 5 * took, f'{got} of 40 messages arrived in {took:.3f} s')
        equal(gateway.counter('drop_rate'), 40 - got, 'drop_rate')
        equal(flood(other, server, 4)[0], 4, 'messages of the other phone')
        end = time.monotonic() + net.WAIT
        while not options(phone, server)[1]:
            check(time.monotonic() < end, 'the phone is shut out for good')
            time.sleep(0.05)  # a bucket fills with time, and nothing else tells
        gateway.policy('alg')
        equal(flood(phone, server, 40)[0], 40, 'messages without a limit')


def test_rates():
    """and likewise for one method"""
    with net.Net() as network:
        phone, server = pair(network)
        gateway.policy('alg rates MESSAGE=3,SUBSCRIBE=4')
        got, took = flood(phone, server, 20, 'MESSAGE')
        check(3 <= got <= 4 + 3 * took, f'{got} of 20 MESSAGEs arrived in {took:.3f} s')
        got, took = flood(phone, server, 20, 'SUBSCRIBE')
        check(4 <= got <= 5 + 4 * took, f'{got} of 20 SUBSCRIBEs arrived in {took:.3f} s')
        equal(flood(phone, server, 20)[0], 20, 'messages with another method')


MANY = [f'drop src 192.0.2.{n % 250} port {1 + n} name rule{n}' for n in range(999)]


def test_reload():
    """1,000 rules are put in the place of others at each step of running calls, and none is lost"""
    with net.Net() as network:
        first = pair(network)
        lines = [first] + [tuple(agent.another_line(agent.media[1] + 10 * n) for agent in first)
                           for n in range(1, 5)]
        calls = [Call(*line, f'sip:carol@{net.S1}', SERVER) for line in lines]
        for step in (Call.ring, Call.pick_up, Call.check_audio, Call.check_audio, Call.hang_up):
            for call in calls:
                step(call)
            gateway.policy(*MANY, 'alg')
            equal(len(gateway.ctl('policy', 'list')), 1000, 'rules')
        for call in calls:
            gateway.check_closed(network, call, 'p1', 's1')
        equal(gateway.counter('stale'), 0, 'stale')


def test_save():
    """a policy that was saved and restored is the same"""
    with net.Net():
        gateway.policy('alg name a iif lan src 10.0.0.0/8 port 5060-5070 mark 1/3 zone 0 rate 9',
                       'drop dst 2001:db8::/33 proto tcp', 'alg methods INVITE,ACK rates INVITE=7',
                       'bypass port 1-65535 malformed drop max-message 300',
                       'observe inner 10.1.0.0/16,10.0.0.12,2001:db8::/32 callers 0.0.0.0/0')
        before = gateway.ctl('policy', 'list')
        equal(len(before), 5, 'rules')
        equal([p['len'] for p in before[4]['inner']], [16, 32, 32], 'the prefixes of inner')
        saved = net.run('gw', net.CTL, 'save', '-')
        net.run('gw', net.CTL, 'policy', 'reset')
        net.run('gw', net.CTL, 'restore', '-', text_in=saved)
        equal(gateway.ctl('policy', 'list'), before, 'the policy')
        equal(net.run('gw', net.CTL, 'save', '-'), saved, 'what is saved then')


def test_off():
    """where sipalg is off the policy can be seen and changed, and counts when it is on"""
    with net.Net() as network:
        net.run('gw', net.CTL, 'disable')
        net.run('p2', net.CTL, 'policy', 'add', 'alg', 'name', 'more', 'port', '5080')
        listed = json.loads(net.run('p2', net.CTL, '-j', 'policy', 'list'))
        equal([r['name'] for r in listed], ['default', 'more'], 'rules of a namespace that never was on')
        net.run('gw', net.CTL, 'policy', 'add', 'alg', 'name', 'more', 'port', '5080')
        net.run('gw', net.CTL, 'enable')
        equal([r['name'] for r in gateway.ctl('policy', 'list')], ['default', 'more'], 'rules')
        check(is_sip(*pair(network)), 'port 5060 is not SIP any more')


NESTED = 0x8000
NESTS = {'OPTIONS': NESTED, 'RATES': NESTED, 'SRC': NESTED, 'DST': NESTED, 'INNER': NESTED, 'CALLERS': NESTED}


class Kernel:
    """Rules as attributes, as no sipalgctl would write them."""

    def __init__(self):
        self.names = genl.enums()
        self.genl = genl.Genl()

    def rule(self, *more, **attrs):
        data = b''.join(genl.attr(self.names[f'SIPALG_RULE_{key}'] | NESTS.get(key, 0), value)
                        for key, value in [*attrs.items(), *more])
        return genl.attr(self.names['SIPALG_A_RULE'] | NESTED, data)

    def refuses(self, says, *rules):
        try:
            self.genl.ask(self.names['SIPALG_CMD_POLICY_SET'], b''.join(rules))
        except genl.Refused as why:
            check(says in why.sentence, f'wanted "{says}", got "{why}"')
            return
        raise AssertionError(f'it was not refused: "{says}"')


def number(n):
    return struct.pack('=I', n)


def options_of_rules():
    """(name, least, most) of each, from the header."""
    with open(os.path.join(os.path.dirname(genl.HEADER), 'sipalg_options.h'), encoding='utf-8') as f:
        found = re.findall(r'X\([A-Z_]+, (\w+), [A-Z]+, (\w+), (\w+),', f.read())
    constants = {'SIPALG_ALL_METHODS': 0x7fff, 'SIPALG_HEADERS_ALL': 0x3f}
    return [(name, int(low), constants[high] if high in constants else int(high.rstrip('u'), 0))
            for name, low, high in found]


def options_by_name(**values):
    names = [name for name, _, _ in options_of_rules()]
    return b''.join(genl.attr(names.index(name) + 1, number(n)) for name, n in values.items())


def prefix(address, bits):
    return genl.attr(1, bytes(address)) + genl.attr(2, bytes([bits]))


def test_refused():
    """the kernel refuses bad rules with a sentence, and nothing changes"""
    with net.Net():
        kernel = Kernel()
        before = gateway.ctl('policy', 'list')
        for option, (name, low, high) in enumerate(options_of_rules(), 1):
            for bad in low - 1, high + 1, 0xffffffff:
                if 0 <= bad <= 0xffffffff and not low <= bad <= high:
                    kernel.refuses(f'{name} cannot be {bad}: it is {low} to {high}', kernel.rule(),
                                   kernel.rule(OPTIONS=genl.attr(option, number(bad))))
        count = len(options_of_rules())
        kernel.refuses(f'there is no option {count}', kernel.rule(OPTIONS=genl.attr(count + 1, number(1))))
        kernel.refuses('media_port_min 20000 has to be less than media_port_max 20000',
                       kernel.rule(OPTIONS=options_by_name(media_port_min=20000, media_port_max=20000)))
        kernel.refuses('mark_media 0x3 has bits that mark_media_mask 0x1 has not',
                       kernel.rule(OPTIONS=options_by_name(mark_media=3, mark_media_mask=1)))
        kernel.refuses('there is no method 15', kernel.rule(RATES=genl.attr(16, number(1))))
        kernel.refuses('a rate cannot be 1000001: it is 0 to 1000000',
                       kernel.rule(RATES=genl.attr(1, number(1000001))))
        kernel.refuses('a prefix cannot have 33 bits: it is 0 to 32', kernel.rule(SRC=prefix([10, 0, 0, 0], 33)))
        kernel.refuses('a prefix cannot have 129 bits: it is 0 to 128', kernel.rule(INNER=prefix([0] * 16, 128 + 1)))
        for name in 'inner', 'callers':
            kernel.refuses(f'{name} cannot have more prefixes: it is 0 to 8',
                           kernel.rule(*[(name.upper(), prefix([10, 0, 0, n], 32)) for n in range(9)]))
        kernel.refuses('a prefix needs an address of 4 or 16 bytes', kernel.rule(DST=prefix([10] * 5, 3)))
        kernel.refuses('the protocol cannot be 132', kernel.rule(PROTOCOL=b'\x84'))
        kernel.refuses('the ports 5062 to 5060 are none: the first is the higher one',
                       kernel.rule(PORT_MIN=struct.pack('=H', 5062), PORT_MAX=struct.pack('=H', 5060)))
        kernel.refuses('the mark 0x3 has bits that the mask 0x1 has not',
                       kernel.rule(MARK=number(3), MASK=number(1)))
        kernel.refuses('out of range', kernel.rule(ACTION=b'\x04'))
        kernel.refuses('', kernel.rule(FLOWS=struct.pack('=Q', 1)))
        kernel.refuses('a policy cannot have 4097 rules: it is at most 4096', *[kernel.rule()] * 4097)
        equal(gateway.ctl('policy', 'list'), before, 'the rules')
        kernel.genl.close()


run_all(globals())
