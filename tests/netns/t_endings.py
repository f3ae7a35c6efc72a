#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""How calls end, and what does not end them."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import net
from tap import check, run_all
from ua import Call, Ua

SERVER = (net.S1, 5060)


def pair(network):
    return Ua(network, 'p1', 'alice'), Ua(network, 's1', 'carol', rtp=30000)


def check_closed(network, call):
    phone, server = call.caller, call.callee
    check(network.closes(server.rtp, call.to_caller, phone.rtp, 'p1', 's1'),
          'after two seconds audio still passes')


def test_by_callee():
    """BYE of the callee closes"""
    with net.Net() as network:
        call = Call(*pair(network), f'sip:carol@{net.S1}', SERVER).start()
        call.check_audio()
        call.hang_up(call.callee)
        check_closed(network, call)


def test_busy():
    """486 closes"""
    with net.Net() as network:
        call = Call(*pair(network), f'sip:carol@{net.S1}', SERVER).ring()
        call.fail(486, 'Busy Here')
        check_closed(network, call)


def test_cancel():
    """CANCEL and 487 close, early media included"""
    with net.Net() as network:
        call = Call(*pair(network), f'sip:carol@{net.S1}', SERVER).begin()
        call.respond(call.invite, call.source, 183, 'Session Progress', body=call.callee.offer())
        call.caller.expect(183)
        check(call.audio_to_caller(), 'early media does not get in')
        call.cancel()
        check_closed(network, call)


def test_challenged_bye():
    """a BYE that is answered with 407 ends nothing"""
    with net.Net() as network:
        call = Call(*pair(network), f'sip:carol@{net.S1}', SERVER).start()
        call.check_audio()
        bye, source = call.bye()
        call.respond(bye, source, 407, 'Proxy Authentication Required', contact=False,
                     headers=[('Proxy-Authenticate', 'Digest realm="r", nonce="n"')])
        call.caller.expect(407)
        call.check_audio()
        call.hang_up()
        check_closed(network, call)


def challenged(network, cseq):
    """An INVITE that is challenged, and sent again with this CSeq."""
    phone, server = pair(network)
    call = Call(phone, server, f'sip:carol@{net.S1}', SERVER).begin()
    call.fail(407, 'Proxy Authentication Required')
    again = Call(phone, server, f'sip:carol@{net.S1}', SERVER, cseq=cseq)
    again.call_id, again.from_tag = call.call_id, call.from_tag
    return again.start()


def test_challenged_invite():
    """an INVITE that is challenged and sent again makes a call"""
    with net.Net() as network:
        call = challenged(network, 2)
        call.check_audio()
        call.hang_up()
        check_closed(network, call)


def test_same_cseq():
    """an INVITE sent again without a new CSeq, as some phones do, leaves nothing open"""
    with net.Net() as network:
        call = challenged(network, 1)
        call.audio_to_callee()
        call.hang_up()
        check_closed(network, call)


def test_refused_reinvite():
    """a re-INVITE that is refused changes nothing"""
    with net.Net() as network:
        phone, server = pair(network)
        call = Call(phone, server, f'sip:carol@{net.S1}', SERVER).start()
        call.check_audio()
        call.in_dialog(phone, 'INVITE', body=phone.offer())
        again, source = server.expect('INVITE')
        call.respond(again, source, 491, 'Request Pending', contact=False)
        phone.expect(491)
        call.check_audio()
        call.hang_up()
        check_closed(network, call)


run_all(globals())
