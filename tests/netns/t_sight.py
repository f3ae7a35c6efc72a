#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What the operator sees: where users are, what the ends can do, who is there, who rings, who holds."""

import json
import os
import select
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import gateway
import net
import sip
from gateway import ctl
from tap import check, equal, run_all
from ua import Call, Ua

SERVER = (net.S1, 5060)
URI = f'sip:carol@{net.S1}'


def pair(network):
    return Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)


def text(*words):
    """What sipalgctl prints for people."""
    return net.run('gw', net.CTL, *words)


def row(listing, number):
    """The line of a table whose first column is this number."""
    return [line for line in listing.splitlines() if line.split()[:1] == [str(number)]][0]


def lines_of(shown):
    """The lines "label value" that `show` prints, as a dictionary."""
    return {line[:18].strip(): line[18:] for line in shown.splitlines() if line[18:]}


def dialogs(call):
    return ctl('dialog', 'list', '--call-id', call.call_id)


def dialog(call):
    """The only dialog of a call."""
    found = dialogs(call)
    equal(len(found), 1, 'dialogs of the call')
    equal(ctl('dialog', 'show', str(found[0]['id']))['id'], found[0]['id'], 'dialog show')
    return found[0]


def status():
    return ctl('status')


def near(milliseconds, what):
    """A time of the wall clock, in ms, that is about now."""
    check(abs(time.time() * 1000 - milliseconds) < 60000, f'{what} is not about now: {milliseconds}')


class Monitor:
    """sipalgctl monitor, from when it listens."""

    def __init__(self, server):
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            ['ip', 'netns', 'exec', 'gw', net.CTL, '-j', 'monitor', '--messages'],
            stdout=subprocess.PIPE)
        self.pipe, self.rest, self.seen = self.process.stdout.fileno(), b'', []
        # It listens as soon as it tells of a message that is sent until then.
        end = time.monotonic() + net.WAIT
        while time.monotonic() < end and not self._line(0.05):
            server.send(server.request('MESSAGE', f'sip:nobody@{net.WAN}'), (net.WAN, 5060))

    def _line(self, wait):
        """The next line, or nothing if none comes in time."""
        while b'\n' not in self.rest:
            if not select.select([self.pipe], [], [], wait)[0]:
                return b''
            data = os.read(self.pipe, 65536)
            check(data, 'the monitor ended')
            self.rest += data
        line, _, self.rest = self.rest.partition(b'\n')
        return line

    def wait(self, name, **wanted):
        """The next event of this name whose dialog or registration has these values."""
        end = time.monotonic() + net.WAIT
        while time.monotonic() < end:
            got = json.loads(self._line(net.WAIT) or 'null')
            check(got, f'no event {name} with {wanted}; there were {self.seen}')
            if got['event'] == 'message':
                continue
            self.seen.append(got['event'])
            thing = got.get('dialog') or got.get('registration') or {}
            if got['event'] == name and all(thing.get(k) == v for k, v in wanted.items()):
                return thing
        raise AssertionError(f'no event {name} with {wanted}; there were {self.seen}')

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


# 1. User location


def register(phone, server, expires, granted, cseq=1, call_id='reg1'):
    """REGISTER and its 200; the REGISTER as it arrived, and from where."""
    phone.send(phone.request('REGISTER', f'sip:{net.S1}', to=f'<sip:{phone.name}@{net.S1}>',
                             call_id=f'{call_id}@{phone.address}', cseq=cseq, from_tag='reg',
                             headers=[('Expires', str(expires))]), SERVER)
    seen, source = server.expect('REGISTER')
    server.answer(seen, source, contact=False,
                  headers=[('Contact', f'{seen["Contact"]};expires={granted}')])
    phone.expect(200)
    return seen, source


def test_location():
    """registration list tells where a user is, since when and for how long"""
    with net.Net() as network:
        phone, server = pair(network)
        seen, source = register(phone, server, 3600, 600)
        (found,) = ctl('registration', 'list')
        equal({k: found[k] for k in ('aor', 'contact', 'state', 'asked', 'expires', 'registrar',
                                     'inner_addr', 'inner_port', 'outer_addr', 'outer_port',
                                     'protocol')},
              {'aor': f'sip:alice@{net.S1}', 'contact': phone.uri, 'state': 'granted',
               'asked': 3600, 'expires': 600, 'registrar': net.S1, 'inner_addr': net.P1,
               'inner_port': 5060, 'outer_addr': source[0], 'outer_port': seen.contact[1],
               'protocol': 'udp'}, 'the registration')
        check(590 <= found['expires_in'] <= 600, f'expires_in is {found["expires_in"]}')
        near(found['since'], 'since')
        equal(found['refreshed'], found['since'], 'refreshed, at first')
        register(phone, server, 1200, 900, cseq=2)
        (again,) = ctl('registration', 'list')
        equal((again['id'], again['since']), (found['id'], found['since']), 'the same one')
        check(again['refreshed'] > found['refreshed'], 'the refresh is not seen')
        equal((again['asked'], again['expires']), (1200, 900), 'asked and granted')


def test_location_for_people():
    """registration list and show print where a user is"""
    with net.Net() as network:
        phone, server = pair(network)
        register(phone, server, 3600, 600)
        (found,) = ctl('registration', 'list')
        line = row(text('registration', 'list'), found['id'])
        check(all(word in line for word in (f'sip:alice@{net.S1}', 'granted', 'unknown', phone.uri,
                                            f'{net.P1}:5060')), f'the row is {line}')
        shown = lines_of(text('registration', 'show', str(found['id'])))
        equal(shown['aor'], f'sip:alice@{net.S1}', 'aor')
        equal(shown['asked'], '3600', 'asked')
        check(shown['expires'].startswith('600, left '), f'expires is {shown["expires"]}')
        check(shown['since'] == shown['refreshed'], 'since and refreshed')
        equal(ctl('registration', 'show', str(found['id']))['since'], found['since'], 'as JSON')
        said = net.run('gw', net.CTL, 'registration', 'show', '4000000000', check=False)
        check('there is none with this id' in said, f'an id that is none: {said}')


# 2. Capabilities


SDP = ('v=0\r\no=- 1 1 IN IP4 {a}\r\ns=-\r\nc=IN IP4 {a}\r\nt=0 0\r\n'
       'm=audio {p} RTP/AVP {fmts}\r\na=rtpmap:101 telephone-event/8000\r\n'
       'a=rtpmap:111 opus/48000/2\r\na=rtpmap:112 X-own/8000\r\n{more}')


def sdp(ua, fmts='0', more=''):
    return SDP.format(a=ua.address, p=ua.media[1], fmts=fmts, more=more).encode()


def invite(caller, callee, body, headers=()):
    """An INVITE of our own making as a Call, at the callee."""
    call = Call(caller, callee, URI, SERVER)
    call.sent = sip.Message(caller.request('INVITE', URI, call_id=call.call_id,
                                           from_tag=call.from_tag, cseq=1, body=body,
                                           headers=headers))
    caller.send(call.sent.data, SERVER)
    call.invite, call.source = callee.expect('INVITE')
    return call


def answer(call, body, headers=()):
    call.respond(call.invite, call.source, 200, 'OK', body=body, headers=headers)
    call.ok, _ = call.caller.expect(200)
    call.in_dialog(call.caller, 'ACK', cseq=call.invite_cseq)
    call.callee.expect('ACK')
    return call


def end_of(found, side, index=0):
    return [m for m in found['media'] if (m['side'], m['index']) == (side, index)][0]


def test_codecs():
    """dialog show names kind, direction, codecs and addresses of each side"""
    with net.Net() as network:
        phone, server = pair(network)
        call = invite(phone, server, sdp(phone, '111 8 0 18 101 112', 'a=sendrecv\r\n'))
        offered = dialog(call)
        equal([m['side'] for m in offered['media']], ['a'], 'sides before the answer')
        answer(call, sdp(server, '8 101'))
        found = dialog(call)
        a, b = end_of(found, 'a'), end_of(found, 'b')
        equal((a['kind'], a['direction'], a['codecs']),
              ('audio', 'sendrecv', 'opus PCMA PCMU G729 telephone-event 112'), "side a's")
        equal(b['codecs'], 'PCMA telephone-event', "side b's codecs")
        equal((a['inner_addr'], a['inner_port'], a['outer_addr'], a['outer_port']),
              (*phone.media, *call.to_caller), "side a's addresses")
        equal((b['inner_addr'], b['inner_port'], b['outer_addr'], b['outer_port']),
              (*server.media, *server.media), "side b's addresses")
        equal((a['rtcp_port'], b['rtcp_port'], a['rtcp_mux'], b['rtcp_mux']),
              (call.to_caller[1] + 1, server.media[1] + 1, False, False), 'RTCP')
        equal((a['bound'], b['bound']), (True, False), 'whose port is ours')
        shown = text('dialog', 'show', str(found['id']))
        check('PCMA telephone-event' in shown and 'sendrecv' in shown, f'for people: {shown}')
        call.hang_up()


def test_lines_and_mux():
    """several media lines, a refused one and rtcp-mux are told apart"""
    with net.Net() as network:
        phone, server = pair(network)
        video = 'a=rtcp-mux\r\nm=video {p} RTP/AVP 96 97\r\na=rtpmap:96 VP8/90000\r\n' \
                'a=rtpmap:97 H264/90000\r\na=sendonly\r\n' \
                'm=image {q} udptl t38\r\nm=application {q} UDP/BFCP *\r\n'
        call = invite(phone, server, sdp(phone, '0', video.format(p=40010, q=40020)))
        answer(call, sdp(server, '0', 'a=rtcp-mux\r\nm=video 30010 RTP/AVP 96\r\na=recvonly\r\n'
                         'a=rtpmap:96 VP8/90000\r\nm=image 0 udptl t38\r\n'
                         'm=application 30030 UDP/BFCP *\r\n'))
        found = dialog(call)
        equal([(m['index'], m['side'], m['kind'], m['direction'], m['codecs'])
               for m in found['media']],
              [(0, 'a', 'audio', 'sendrecv', 'PCMU'), (0, 'b', 'audio', 'sendrecv', 'PCMU'),
               (1, 'a', 'video', 'sendonly', 'VP8 H264'), (1, 'b', 'video', 'recvonly', 'VP8'),
               (2, 'a', 'image', 'sendrecv', 't38'), (2, 'b', 'image', 'sendrecv', 't38'),
               (3, 'a', 'application', 'sendrecv', '*'), (3, 'b', 'application', 'sendrecv', '*')],
              'the lines')
        equal(end_of(found, 'b', 2)['outer_port'], 0, 'the port of a refused line')
        equal((end_of(found, 'a')['rtcp_mux'], end_of(found, 'a')['rtcp_port']), (True, 0),
              'RTCP on the port of RTP')
        equal(end_of(found, 'a', 3)['rtcp_port'], 0, 'RTCP of a line that has none')
        call.hang_up()


def test_counters():
    """packets and bytes of each side, where conntrack accounts"""
    with net.Net() as network:
        call = Call(*pair(network), URI, SERVER).start()
        check(call.audio_to_callee(), 'no audio')
        check('packets' not in end_of(dialog(call), 'a'), 'packets are told that nobody counted')
        call.hang_up()
        gateway.set_sysctl('net/netfilter/nf_conntrack_acct', 1)
        phone = call.caller.another_line(41000)
        call = Call(phone, call.callee, URI, SERVER).start()
        equal(end_of(dialog(call), 'a')['packets'], 0, 'packets before the first')
        for _ in range(3):
            check(call.audio_to_callee(), 'no audio')
        check(call.audio_to_caller(), 'no audio')
        found = dialog(call)
        size = 20 + 8 + len(net.rtp())
        equal([(m['side'], m['packets'], m['bytes']) for m in found['media']],
              [('a', 3, 3 * size), ('b', 1, size)], 'what each side sent')
        call.hang_up()


def test_many_lines():
    """a dialog with 32 media lines is listed and shown with all of them"""
    with net.Net() as network:
        phone, server = pair(network)
        fmts = ' '.join(str(n) for n in range(96, 112))
        more = ''.join(f'm=audio {{p{n}}} RTP/AVP {fmts}\r\n' for n in range(1, 32))

        def body(ua, first):
            lines = more
            for n in range(1, 32):
                lines = lines.replace(f'{{p{n}}}', str(first + 2 * n))
            return sdp(ua, fmts, lines)
        call = answer(invite(phone, server, body(phone, 42000)), body(server, 32000))
        found = dialogs(call)[0]
        equal(len(ctl('dialog', 'show', str(found['id']))['media']), 64, 'lines shown')
        equal(len(found['media']), 64, 'lines listed')
        call.hang_up()


# 3. Availability


def options(asker, asked, uri, to, answered=True, status=(200, 'OK')):
    asker.send(asker.request('OPTIONS', uri), to)
    seen, source = asked.expect('OPTIONS')
    if answered:
        asked.answer(seen, source, *status)
        asker.expect(status[0])


def test_qualify():
    """registration show tells whether the phone answers the OPTIONS of its registrar"""
    with net.Net() as network:
        phone, server = pair(network)
        seen, _ = register(phone, server, 3600, 600)
        uri = seen['Contact'].strip('<>')

        def look():
            (found,) = ctl('registration', 'list')
            return found['reachable'], {o.pop('by'): o for o in found['options']}
        equal(look(), ('unknown', {}), 'at first')
        options(server, phone, uri, seen.contact, answered=False)
        reachable, asked = look()
        equal((reachable, list(asked)), ('unknown', ['registrar']), 'while one is on its way')
        equal((asked['registrar']['status'], asked['registrar']['unanswered']), (0, 0), 'no answer yet')
        options(server, phone, uri, seen.contact)
        reachable, asked = look()
        equal((reachable, asked['registrar']['status'], asked['registrar']['unanswered']),
              ('yes', 200, 0), 'after an answer')
        near(asked['registrar']['time'], 'its time')
        check(asked['registrar']['rtt_ms'] < 10000, 'the round trip')
        for _ in range(3):
            options(server, phone, uri, seen.contact, answered=False)
        reachable, asked = look()
        equal((reachable, asked['registrar']['status'], asked['registrar']['unanswered']),
              ('no', 200, 2), 'two without an answer, and one on its way')
        options(server, phone, uri, seen.contact, status=(486, 'Busy Here'))
        reachable, asked = look()
        equal((reachable, asked['registrar']['status'], asked['registrar']['unanswered']),
              ('yes', 486, 0), 'after an answer that is no 200')
        options(phone, server, f'sip:{net.S1}', SERVER)
        reachable, asked = look()
        equal((asked['phone']['status'], asked['phone']['unanswered']), (200, 0), 'of the phone')
        number = str(ctl('registration', 'list')[0]['id'])
        shown = text('registration', 'show', number)
        check('registrar' in shown and ' 486 ' in shown and 'phone' in shown, f'for people: {shown}')
        equal(row(text('registration', 'list'), number).split()[3], 'yes', 'REACHABLE')


def test_stray_options():
    """OPTIONS of strangers, repeated ones and answers that fit none change nothing"""
    with net.Net() as network:
        phone, server = pair(network)
        seen, _ = register(phone, server, 3600, 600)
        uri = seen['Contact'].strip('<>')
        data = server.request('OPTIONS', uri)
        for _ in range(3):
            server.send(data, seen.contact)
            got, source = phone.expect('OPTIONS')
        equal(ctl('registration', 'list')[0]['options'][0]['unanswered'], 0, 'one that came again')
        stranger = sip.Message(data.replace(b'Call-ID: ', b'Call-ID: x'))
        phone.answer(stranger, source)
        network.barrier('p1', 's1')
        equal(ctl('registration', 'list')[0]['options'][0]['status'], 0, "another one's answer")
        phone.answer(got, source)
        network.barrier('p1', 's1')
        equal(ctl('registration', 'list')[0]['options'][0]['status'], 200, 'the answer')


class Watch:
    """A subscription of the phone at the server."""

    def __init__(self, phone, server, event='presence', expires=600):
        self.phone, self.server, self.event = phone, server, event
        self.call_id, self.cseq = f'{sip.serial()}@{phone.address}', 1
        phone.send(phone.request('SUBSCRIBE', f'sip:bob@{net.S1}', call_id=self.call_id,
                                 from_tag='watch', headers=[('Event', event),
                                                            ('Expires', str(expires))]), SERVER)
        seen, source = server.expect('SUBSCRIBE')
        self.seen = seen
        server.answer(seen, source, to_tag='watched', headers=[('Expires', str(expires - 100))])
        phone.expect(200)

    def notify(self, state):
        self.cseq += 1
        server = self.server
        fields = [('Via', server.via()), ('Max-Forwards', '70'),
                  ('From', self.seen['To'] + ';tag=watched'), ('To', self.seen['From']),
                  ('Call-ID', self.call_id), ('CSeq', f'{self.cseq} NOTIFY'),
                  ('Contact', f'<{server.uri}>'), ('Event', self.event),
                  ('Subscription-State', state)]
        target = self.seen['Contact'].strip('<>')
        server.send(sip.build(f'NOTIFY {target} SIP/2.0', fields), sip.hostport(target))
        seen, source = self.phone.expect('NOTIFY')
        self.phone.answer(seen, source)
        server.expect(200)

    def look(self):
        (found,) = ctl('subscription', 'list', '--call-id', self.call_id)
        return found


def test_subscription():
    """subscription list tells who watches whom, the event, its state and its end"""
    with net.Net() as network:
        phone, server = pair(network)
        watch = Watch(phone, server, 'dialog;sla;id=7')
        found = watch.look()
        equal((found['a_uri'], found['b_uri'], found['event'], found['subscription_state'],
               found['subscription_expires'], found['notifies']),
              (f'sip:alice@{net.P1}', f'sip:bob@{net.S1}', 'dialog', 'asked', 500, 0), 'asked for')
        watch.notify('pending;expires=400')
        found = watch.look()
        equal((found['subscription_state'], found['subscription_expires'], found['notifies']),
              ('pending', 400, 1), 'pending')
        watch.notify('active;expires=300')
        found = watch.look()
        equal((found['subscription_state'], found['subscription_expires'], found['notifies']),
              ('active', 300, 2), 'active')
        check(290 <= found['subscription_expires_in'] <= 300, 'the time that is left')
        line = row(text('subscription', 'list'), found['id']).split()
        equal(line[1:3], ['active', 'dialog'], 'the row')
        shown = lines_of(text('subscription', 'show', str(found['id'])))
        equal((shown['event'], shown['subscription'], shown['notifies']), ('dialog', 'active', '2'),
              'for people')
        equal(status()['subscriptions'], 1, 'how many there are')
        watch.notify('terminated;reason=noresource')
        equal(watch.look()['subscription_state'], 'terminated', 'its end')
        equal(status()['subscriptions'], 0, 'how many there are then')


def test_kinds():
    """calls and subscriptions are listed apart and together"""
    with net.Net() as network:
        phone, server = pair(network)
        packages = ('presence', 'message-summary')
        watches = [Watch(phone, server, event) for event in packages]
        call = Call(phone, server, URI, SERVER).start()
        ids = {w.look()['id'] for w in watches}
        number = dialog(call)['id']
        equal({d['id'] for d in ctl('subscription', 'list')}, ids, 'subscription list')
        equal({d['event'] for d in ctl('subscription', 'list')}, set(packages), 'event packages')
        equal({d['id'] for d in ctl('dialog', 'list')}, ids | {number}, 'dialog list')
        equal({d['id'] for d in ctl('dialog', 'list', '--kind', 'call')}, {number}, '--kind call')
        equal({d['id'] for d in ctl('dialog', 'list', '--kind', 'subscription')}, ids,
              '--kind subscription')
        check('event' not in dialog(call) and 'held_by' not in watches[0].look(),
              'a call has an event, or a subscription is on hold')
        call.hang_up()


# 4. Call set-up


def test_ringing():
    """who rings, since when, and how long it took to answer"""
    with net.Net() as network:
        call = Call(*pair(network), URI, SERVER).begin()
        found = dialog(call)
        equal((found['state'], found['provisional']), ('trying', 0), 'after the INVITE')
        check('ringing' not in found and 'setup_ms' not in found, 'it rings at once')
        equal(status()['calls_trying'], 1, 'calls that try')
        call.callee.answer(call.invite, call.source, 100, 'Trying', contact=False)
        call.caller.expect(100)
        equal(dialog(call)['provisional'], 100, 'after 100')
        call.respond(call.invite, call.source, 180, 'Ringing')
        call.caller.expect(180)
        found = dialog(call)
        equal((found['state'], found['provisional'], found['held_by']), ('early', 180, 'none'),
              'after 180')
        near(found['ringing'], 'the time of ringing')
        check(found['ringing'] >= found['start'], 'it rang before it was called')
        equal((status()['calls_trying'], status()['calls_ringing']), (0, 1), 'calls that ring')
        line = row(text('dialog', 'list'), found['id']).split()
        equal(line[:4], [str(found['id']), str(found['call']), 'early', '180'], 'the row')
        call.respond(call.invite, call.source, 183, 'Session Progress')
        call.caller.expect(183)
        again = dialog(call)
        equal((again['provisional'], again['ringing']), (183, found['ringing']), 'after 183')
        call.pick_up()
        found = dialog(call)
        equal(found['setup_ms'], found['answer'] - found['start'], 'the time to the answer')
        equal((status()['calls_ringing'], status()['calls_answered']), (0, 1), 'calls answered')
        call.hang_up()
        equal((status()['calls_answered'], dialog(call)['end_reason']), (0, 'bye'), 'calls then')


def test_forks():
    """forks of one call are recognised as such"""
    with net.Net() as network:
        call = Call(*pair(network), URI, SERVER).begin()
        for tag, code in ('one', 180), ('two', 183), ('three', 182):
            call.to_tag = tag
            call.respond(call.invite, call.source, code, 'Progress')
            call.caller.expect(code)
        found = {d['b_tag']: d for d in dialogs(call)}
        equal({tag: d['provisional'] for tag, d in found.items()},
              {'one': 180, 'two': 183, 'three': 182}, 'what each of them said last')
        equal({d['call'] for d in found.values()}, {found['one']['id']}, 'the call of all')
        equal({d['forks'] for d in found.values()}, {3}, 'how many they are')
        equal(status()['calls_ringing'], 3, 'how many ring')
        call.to_tag = 'two'
        call.pick_up()
        equal((status()['calls_answered'], status()['calls_ringing']), (1, 2), 'one was answered')
        call.hang_up()


# 5. Call control


def reoffer(call, who, direction=None, reply=None, address=None):
    """A re-INVITE by one side and its 200; directions as attributes of the offer and answer."""
    other = call.callee if who is call.caller else call.caller

    def body(ua, value):
        data = sdp(ua, '0', f'a={value}\r\n' if value else '')
        if ua is who and address:
            data = data.replace(f'c=IN IP4 {ua.address}'.encode(), f'c=IN IP4 {address}'.encode())
        return data
    call.in_dialog(who, 'INVITE', body=body(who, direction))
    seen, source = other.expect('INVITE')
    call.respond(seen, source, 200, 'OK', who=other, body=body(other, reply))
    who.expect(200)
    call.in_dialog(who, 'ACK', cseq=call.cseq)
    other.expect('ACK')


def test_hold():
    """which side holds the call, with all ways of saying so"""
    with net.Net() as network:
        phone, server = pair(network)
        call = answer(invite(phone, server, sdp(phone)), sdp(server))
        steps = [
            (phone, 'sendonly', 'recvonly', None, 'a'),
            (phone, 'sendrecv', 'sendrecv', None, 'none'),
            (server, 'inactive', 'inactive', None, 'b'),
            (server, None, None, None, 'none'),
            (server, 'sendonly', 'recvonly', None, 'b'),
            (phone, 'inactive', 'inactive', None, 'both'),
            (phone, 'recvonly', 'sendonly', None, 'b'),
            (server, 'sendrecv', 'sendrecv', None, 'none'),
            (phone, None, None, '0.0.0.0', 'a'),
            (phone, None, None, None, 'none'),
        ]
        for count, (who, direction, reply, address, held) in enumerate(steps, 1):
            reoffer(call, who, direction, reply, address)
            found = dialog(call)
            equal((found['held_by'], found['reinvites']), (held, count), f'step {count}')
            equal(status()['calls_held'], int(held != 'none'), f'calls on hold in step {count}')
            equal(status()['calls_answered'], 1, 'calls answered, those on hold included')
        call.hang_up()


def test_refused_hold():
    """a re-INVITE that is refused holds nothing, a session that begins one-way neither"""
    with net.Net() as network:
        phone, server = pair(network)
        call = answer(invite(phone, server, sdp(phone, '0', 'a=sendonly\r\n')),
                      sdp(server, '0', 'a=recvonly\r\n'))
        equal(dialog(call)['held_by'], 'none', 'a call that begins so')
        reoffer(call, phone)
        call.in_dialog(phone, 'INVITE', body=sdp(phone, '0', 'a=inactive\r\n'))
        seen, source = server.expect('INVITE')
        call.respond(seen, source, 491, 'Request Pending', contact=False)
        phone.expect(491)
        equal(dialog(call)['held_by'], 'none', 'a hold that was refused')
        call.hang_up()


def test_session_timer():
    """the session timer, who refreshes it, and UPDATEs"""
    with net.Net() as network:
        phone, server = pair(network)
        call = answer(invite(phone, server, sdp(phone)), sdp(server),
                      [('Session-Expires', '1800;refresher=uas')])
        found = dialog(call)
        equal((found['session_expires'], found['refresher'], found['updates']), (1800, 'b', 0),
              'as agreed')
        check(1790 <= found['session_left'] <= 1800, f'{found["session_left"]} s are left')
        call.in_dialog(server, 'UPDATE', headers=[('Session-Expires', '900;refresher=uac')])
        seen, source = phone.expect('UPDATE')
        call.respond(seen, source, 200, 'OK', who=phone,
                     headers=[('Session-Expires', '900;refresher=uac')])
        server.expect(200)
        found = dialog(call)
        equal((found['session_expires'], found['refresher'], found['updates']), (900, 'b', 1),
              'after an UPDATE of side b')
        shown = lines_of(text('dialog', 'show', str(found['id'])))
        check(shown['session-expires'].startswith('900, left '), 'for people')
        call.hang_up()
        call = Call(phone.another_line(41000), server, URI, SERVER).start()
        check('session_left' not in dialog(call) and 'refresher' not in dialog(call),
              'a session timer where none is')
        call.hang_up()


def test_pending_bye():
    """who hangs up, from the BYE on"""
    with net.Net() as network:
        phone, server = pair(network)
        call = Call(phone, server, URI, SERVER).start()
        equal(dialog(call)['bye_by'], 'none', 'before')
        bye, source = call.bye(server)
        call.respond(bye, source, 407, 'Proxy Authentication Required', who=phone, contact=False)
        server.expect(407)
        equal(dialog(call)['bye_by'], 'none', 'challenged')
        bye, source = call.bye(server)
        found = dialog(call)
        equal((found['bye_by'], found['state']), ('b', 'confirmed'), 'not answered yet')
        call.respond(bye, source, 200, 'OK', who=phone, contact=False)
        server.expect(200)
        equal((dialog(call)['bye_by'], dialog(call)['state']), ('b', 'terminated'), 'answered')


def fragment(call, who, status_line):
    """NOTIFY of a REFER's progress by one side."""
    other = call.callee if who is call.caller else call.caller
    data, to = call.within(who, 'NOTIFY', headers=[
        ('Event', 'refer'), ('Subscription-State', 'active;expires=60')])
    head, _, _ = data.partition(b'Content-Length')
    body = status_line.encode() + b'\r\n'
    who.send(head + b'Content-Type: message/sipfrag;version=2.0\r\n' +
             b'Content-Length: %d\r\n\r\n' % len(body) + body, to)
    seen, source = other.expect('NOTIFY')
    call.respond(seen, source, 200, 'OK', who=other)
    who.expect(200)


def test_transfer():
    """a transfer: who asked for it, where to, and what became of it"""
    with net.Net() as network:
        phone, server = pair(network)
        call = Call(phone, server, URI, SERVER).start()
        check('refer_to' not in dialog(call), 'a transfer before there is one')
        target = 'sip:dave@example.com?Replaces=abc%40example.com%3Bto-tag%3D1%3Bfrom-tag%3D2'
        call.in_dialog(phone, 'REFER', headers=[('Refer-To', f'"D" <{target}>;x=y')])
        seen, source = server.expect('REFER')
        equal(seen['Refer-To'], f'"D" <{target}>;x=y', 'Refer-To')

        def look():
            found = dialog(call)
            return found['refer_by'], found['refer_to'], found['refer_status']
        equal(look(), ('a', target, 0), 'asked for')
        call.respond(seen, source, 202, 'Accepted')
        phone.expect(202)
        equal(look(), ('a', target, 202), 'accepted')
        fragment(call, server, 'SIP/2.0 180 Ringing')
        equal(look(), ('a', target, 180), 'it rings there')
        fragment(call, server, 'SIP/2.0 200 OK')
        equal(look(), ('a', target, 200), 'done')
        shown = lines_of(text('dialog', 'show', str(dialog(call)['id'])))
        equal((shown['refer-to'], shown['refer-status']), (target, '200'), 'for people')
        long = 'sip:' + 'x' * 300 + '@example.com'
        call.in_dialog(server, 'REFER', headers=[('Refer-To', f'<{long}>')])
        seen, source = phone.expect('REFER')
        call.respond(seen, source, 603, 'Decline', who=phone, contact=False)
        server.expect(603)
        equal(look(), ('b', long[:127], 603), 'another one, refused, of a very long name')
        call.hang_up()


def test_events():
    """the monitor tells of ringing, hold, transfer and subscriptions as they happen"""
    with net.Net() as network:
        phone, server = pair(network)
        monitor = Monitor(server)
        try:
            call = invite(phone, server, sdp(phone, '0 101'))
            call.respond(call.invite, call.source, 180, 'Ringing')
            phone.expect(180)
            rings = monitor.wait('dialog_ringing', call_id=call.call_id)
            equal((rings['state'], rings['provisional']), ('early', 180), 'ringing')
            answer(call, sdp(server, '0 101'))
            equal(end_of(monitor.wait('dialog_answered', call_id=call.call_id), 'b')['codecs'],
                  'PCMU telephone-event', 'codecs of the answer')
            reoffer(call, phone, 'sendonly', 'recvonly')
            monitor.wait('dialog_held', held_by='a')
            reoffer(call, phone)
            monitor.wait('dialog_resumed', held_by='none')
            call.in_dialog(phone, 'REFER', headers=[('Refer-To', '<sip:dave@example.com>')])
            seen, source = server.expect('REFER')
            monitor.wait('dialog_transfer', refer_to='sip:dave@example.com', refer_status=0)
            call.respond(seen, source, 202, 'Accepted')
            phone.expect(202)
            monitor.wait('dialog_transfer', refer_status=202)
            call.hang_up()
            ended = monitor.wait('dialog_ended', end_reason='bye')
            equal((ended['bye_by'], ended['refer_status'], ended['reinvites']), ('a', 202, 2),
                  'what the end tells')
            watch = Watch(phone, server)
            watch.notify('active;expires=60')
            monitor.wait('subscription', subscription_state='active', event='presence')
            watch.notify('terminated')
            monitor.wait('dialog_ended', subscription_state='terminated')
        finally:
            monitor.close()


def test_bare():
    """sipalgctl without a command shows the state on one screen"""
    with net.Net() as network:
        phone, server = pair(network)
        register(phone, server, 3600, 600)
        phone.socket.sendto(b'\r\n\r\n', SERVER)
        net.receive(server.socket)
        watches = [Watch(phone, server) for _ in range(20)]
        call = Call(phone, server, URI, SERVER).start()
        shown = text()
        lines = shown.splitlines()
        check(len(lines) <= 45, f'{len(lines)} lines: {shown}')
        values = lines_of(shown)
        equal([values[k].split()[0] for k in ('calls-answered', 'calls-held', 'calls-ringing',
                                              'subscriptions', 'registrations', 'dialogs')],
              ['1', '0', '0', '20', '1', '21'], 'the counts')
        check('keep-alives' in shown, f'no reason for what was left alone: {shown}')
        check(f'... and {len(watches) + 1 - 16} more' in shown, f'the rest is not told: {shown}')
        whole = ctl()
        equal(len(whole['dialogs']), 21, 'dialogs as JSON')
        equal([reason['name'] for reason in whole['left_alone']], ['not_sip'], 'reasons as JSON')
        call.hang_up()


def test_binding_show():
    """binding show tells of one binding"""
    with net.Net() as network:
        call = Call(*pair(network), URI, SERVER).start()
        for found in gateway.bindings():
            equal(ctl('binding', 'show', str(found['id'])), found, 'binding show')
            shown = lines_of(text('binding', 'show', str(found['id'])))
            equal(shown['inner'], f'{found["inner_addr"]}:{found["inner_port"]}', 'for people')
        call.hang_up()


run_all(globals())
