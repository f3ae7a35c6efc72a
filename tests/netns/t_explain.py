#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What sipalgctl explain foretells of a message is what the module makes of it, byte for byte."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "py"))
# pylint: disable=wrong-import-position
import json
import subprocess

import gateway
import net
from line import Line, request, response
from tap import check, equal, run_all

line = Line()


def foretell(data, *more):
    said = json.loads(subprocess.run(
        [net.CTL, '-j', 'explain', *more, '--from', '{}:{}'.format(*line.inner),
         '--to', '{}:{}'.format(*line.outer)], input=data, stdout=subprocess.PIPE, check=True).stdout)
    return said, said['message'].encode() if 'message' in said else data


def compare(text, result, what):
    """Send it; what arrives is what was foretold, and it was counted as that."""
    data = line.inside(text)
    said, expect = foretell(data)
    before = gateway.counter(said['result'])
    line.phone.sendto(data, line.to)
    line.got(line.server, expect, what)
    equal(said['result'], result, what)
    check(gateway.counter(said['result']) > before, f'{what}: not counted as {result}')
    return said


def sdp(*lines):
    body = '\r\n'.join(('v=0', 'o=- 1 1 IN IP4 {h}', 's=-', *lines, ''))
    length = len(line.inside(body))
    return {'body': body}, ('Content-Type: application/sdp', f'Content-Length: {length}')


def test_header_fields():
    """hosts in all header fields: the sender's own, others, names"""
    for fields in (
            ('Contact: <sip:alice@{a}>',),
            ('Contact: "x" <sip:alice@{b};ob>;q=1, <sip:alice@10.0.0.12>, <tel:1>',),
            ('Record-Route: <sip:{a};lr>', 'Route: <sip:10.0.0.12;lr>, <sip:proxy.example.com>'),
            ('P-Asserted-Identity: <sip:alice@{h}>', 'Diversion: <sip:x@{h}>;reason=unknown'),
            ('Refer-To: <sip:x@{a}>', 'Referred-By: <sip:alice@{h}>'),
            ('Refer-To: <sip:x@{h}:7000>', 'Call-Info: <http://{h}/x>'),
            ('Alert-Info: <sip:{a}>', 'User-Agent: {h}', 'X-Contact: <sip:{a}>'),
    ):
        line.new()
        compare(request(*fields), 'translated', fields)


def test_kinds_of_requests():
    """REGISTER, SUBSCRIBE, MESSAGE, and one with nothing of the sender"""
    for method in ('REGISTER', 'SUBSCRIBE', 'MESSAGE'):
        line.new()
        compare(request('Contact: <sip:alice@{a}>;expires=60', method=method), 'translated', method)
    line.new()
    compare(request('Via: SIP/2.0/UDP phone.example.com', 'From: <sip:a@example.com>;tag=1',
                    without=('Via', 'From')), 'unchanged', 'only names')


def test_media():
    """media lines: own, foreign, refused, on hold, under port 1024"""
    for i, lines in enumerate((
            ('c=IN IP4 {h}', 't=0 0', 'm=audio 20000 RTP/AVP 0'),
            ('t=0 0', 'm=audio 20100 RTP/AVP 0', 'c=IN IP4 {h}', 'a=rtcp:20105 IN IP4 {h}',
             'm=video 20200/2 RTP/AVP 31', 'c=IN IP4 198.51.100.1'),
            ('c=IN IP4 {h}', 't=0 0', 'm=audio 0 RTP/AVP 0', 'm=image 800 udptl t38'),
            ('c=IN IP4 {h}', 't=0 0', 'm=audio 20300 RTP/AVP 0', 'a=rtcp-mux',
             'a=candidate:1 1 UDP 1 {h} 20300 typ host', 'a=candidate:1 2 UDP 1 {h} 20301 typ host',
             'a=candidate:2 1 UDP 1 {h} 20302 typ host'),
            ('c=IN IP4 0.0.0.0', 't=0 0', 'm=audio 20400 RTP/AVP 0'),
    )):
        line.new()
        body, fields = sdp(*lines)
        said = compare(request('Contact: <sip:alice@{a}>', *fields, method='INVITE', **body),
                       'translated', f'description {i}')
        opened = sorted(m['port'] for m in said['media'] if m['translated'])
        bound = sorted(b['inner_port'] for b in gateway.bindings('media')
                       if b['inner_port'] // 100 == 200 + i)
        equal(bound, opened, f'the ports of description {i}')


def test_left_alone():
    """signed, malformed and broken messages, each for the reason that was foretold"""
    body, fields = sdp('c=IN IP4 {h}', 't=0 0', 'm=audio x RTP/AVP 0')
    for text, result in (
            (request('Contact: <sip:alice@{a}>', *fields, method='INVITE', **body), 'bad_sdp'),
            (request('Identity: "abc"'), 'signed_body'),
            (request('no field'), 'malformed'),
            (request('Content-Length: 77'), 'bad_content_length'),
            (request(without=('CSeq',)), 'missing_header'),
            (request(*['X: y'] * 160), 'too_many_headers'),
            ('GET / HTTP/1.1\r\n\r\n', 'not_sip'),
    ):
        line.new()
        compare(text, result, result)


def compare_in(text, result, what):
    """The server sends it; what the phone gets is what was foretold."""
    data = line.outside(text)
    said, expect = foretell(data, '--in')
    before = gateway.counter(said['result'])
    line.server.sendto(data, line.outer)
    line.got(line.phone, expect, what)
    equal(said['result'], result, what)
    check(gateway.counter(said['result']) > before, f'{what}: not counted as {result}')


def test_way_in():
    """--in: responses and requests from outside, with the phone's own address and without"""
    for fields in (
            ('Contact: <sip:carol@{s}>', 'Record-Route: <sip:{s};lr>'),
            ('Contact: <sip:alice@{a}>;expires=60, <sip:alice@{s}>',),
            ('P-Asserted-Identity: <sip:carol@{h}>', 'Refer-To: <sip:x@{h}:7000>', 'User-Agent: {h}'),
    ):
        line.new()
        compare(request('Contact: <sip:alice@{a}>'), 'translated', 'the request')
        compare_in(response(*fields), 'translated', fields)
    line.new()
    via = 'Via: SIP/2.0/UDP {s};branch=z9hG4bK{n}'
    compare_in(request(via, 'From: <sip:carol@{h}>;tag=1', 'To: <sip:alice@{h}>', 'Contact: <sip:carol@{a}>',
                       'Route: <sip:{a};lr>, <sip:{s};lr>', uri='sip:alice@{a}', method='MESSAGE',
                       without=('Via', 'From', 'To')), 'translated', 'a request from outside')
    line.new()
    compare_in(request(via, 'From: <sip:carol@{s}>;tag=1', uri='sip:alice@example.com', method='MESSAGE',
                       without=('Via', 'From')), 'unchanged', 'one with nothing of the receiver')
    line.new()
    compare_in(request(via, 'no field', uri='sip:alice@{a}', without=('Via',)), 'malformed', 'one that is malformed')


run_all(globals())
