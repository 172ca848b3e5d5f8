#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""Every checksum mode, transport, extension header and way of configuring,
both directions. Two routers: `a` sends (SIR to ILA), `b` receives. What `b`
gets is what `a` must make, and what `b` must make of it is what `a` got, so
equality on both is the way there and back, byte for byte.
"""
from itertools import count, product

from ilawire import (
    ADJ, AUTO, COMPAT, NEUTRAL, NONE, MODES, SHAPES, TRANSPORTS, HOOK_INPUT, TIMEX,
    AT_LOC, AT_SIR, AT_VIA, ROUTER_IN, SENDER, Case, Expectation, KernelLog, Router,
    add, case, expect, hopped, icmp6, inv, low16, pair, prefix, run, seq, start,
    text, to_ila, word)

IDENTIFIER = bytes.fromhex('2000000000010087')
NEUTRALS = (NEUTRAL, AUTO)
LABELS = count(1)


class Kind:
    """A way to configure a translation, on router a or b."""

    def __init__(self, name, send, via, configure, short=False, exact=False, only=MODES.values(),
                 bug=None):
        self.name, self.send, self.via, self.configure = name, send, via, configure
        self.short, self.exact, self.only, self.bug = short, exact, only, bug


class Way:
    """A kind in a mode: its own prefixes, set up when first needed."""

    def __init__(self, kind, mode_name, number, routers):
        self.kind, self.mode, self.mode_name = kind, MODES[mode_name], mode_name
        self.router = routers[not kind.send]
        form = '3%x33:7:8:%x' if kind.short else '2001:db8:%x:%x'
        self.sir = prefix(form % (number % 16, number // 16 + 1))
        self.loc = prefix('2001:db8:aaaa:%x' % (0x100 + number))
        self.ready = False

    def prepare(self):
        if self.ready:
            return
        self.router.plain_route(text(self.loc) + '/64', AT_LOC)
        if not self.kind.send:
            self.router.plain_route(text(self.sir) + '/64', AT_SIR)
        self.kind.configure(self)
        self.ready = True

    def addresses(self, identifier=IDENTIFIER):
        sir = self.sir + identifier
        return sir, to_ila(sir, self.loc, self.mode)

    def forms(self, what, identifier=IDENTIFIER, hop=64):
        """(what is sent, what must come out but for the hop limit)."""
        sir, ila = self.addresses(identifier)
        both = pair(what, SENDER, sir, ila, self.mode, hop, next(LABELS))
        return both if self.kind.send else both[::-1]

    def translated(self, what, identifier=IDENTIFIER):
        sent, want = self.forms(what, identifier)
        return Expectation('%s to %s' % (what, text(sent[24:40])), sent, hopped(want),
                           via=self.kind.via)

    def expired(self, what):
        """Hop limit 1: an error, which quotes the SIR form on either router."""
        forms = self.forms(what, hop=1)
        quote = forms[0] if self.kind.send else forms[1]
        error = icmp6(TIMEX, 0, 0, quote, ROUTER_IN, SENDER)
        return Expectation('%s, hop limit 1' % what, forms[0], error, side='in')


def add_rule(way):
    way.router.rule(way.loc, way.sir, way.mode)


def add_route(length, via=AT_VIA):
    def configure(way):
        destination = text(way.addresses()[0] if length == 128 else way.sir)
        if length == 16:
            destination = text(way.sir[:2])
        if not length:
            destination = '::'
        way.router.route('%s/%d' % (destination, length), way.loc, way.mode, via)
    return configure


def add_nexthop(way):
    way.router.nexthop_route(text(way.sir) + '/64', 1 + way.mode, way.loc, way.mode)


def add_input(length):
    def configure(way):
        destination = text(way.addresses()[1] if length == 128 else way.loc)
        way.router.route('%s/%d' % (destination, length), way.sir, way.mode, hook=HOOK_INPUT)
    return configure


def add_egress(way):
    way.router.route(text(way.addresses()[1]) + '/128', way.sir, way.mode)


KINDS = (
    Kind('route /128 via', True, AT_VIA, add_route(128), exact=True),
    Kind('route /128 device', True, AT_LOC, add_route(128, None), exact=True),
    Kind('route /64', True, AT_VIA, add_route(64)),
    Kind('route /64 device', True, AT_LOC, add_route(64, None)),
    Kind('route /16', True, AT_VIA, add_route(16), short=True, bug='U6'),
    Kind('route ::/0', True, AT_VIA, add_route(0), short=True),
    Kind('nexthop object', True, AT_VIA, add_nexthop),
    Kind('rule', False, AT_SIR, add_rule),
    Kind('input route /64', False, AT_VIA, add_input(64)),
    Kind('input route /128', False, AT_VIA, add_input(128), exact=True, bug='U18'),
    Kind('egress route /128', False, AT_VIA, add_egress, exact=True, only=(NEUTRAL,), bug='U18'),
)

PLAIN = ('tcp', 'udp', 'icmpv6')
OTHERS = ('udplite', 'udplite-head', 'dccp', 'dccp-head', 'mobility')
BARE = ('sctp', 'gre', 'esp', 'ipcomp', 'l2tp', 'sm', 'unknown', 'no-next-header')


def cases(transports, shapes=('plain',), payloads=(seq(96),)):
    return [Case(TRANSPORTS[t], SHAPES[s], p) for t, s, p in product(transports, shapes, payloads)]


def sized(total):
    """Payload that makes a TCP packet of so many bytes."""
    return seq(total - 60)


GROUPS = (
    # name, in-tree bug in adj-transport, in compat, packets
    ('tcp, udp, icmpv6', 'U1', None, cases(PLAIN)),
    ('udp without checksum', None, None, cases(['udp-zero'], ['plain', 'hop-by-hop', 'AH'])),
    ('udp sum that becomes zero', 'U1', None, cases(['udp-becoming-zero'])),
    ('udplite, dccp, mobility', 'U3', None, cases(OTHERS)),
    ('sctp, gre, esp, unknown', None, None, cases(BARE)),
    ('extension headers', 'U3', None, cases(
        TRANSPORTS, ['hop-by-hop', 'destination options', 'long destination options', 'AH'])),
    ('finished routing header', 'U3', None, cases(
        TRANSPORTS, ['routing 0 done', 'routing 4 done'])),
    ('pending routing header', None, None, cases(
        TRANSPORTS, ['routing 0 pending', 'routing 2 pending', 'routing 4 pending',
                     'chain with pending routing'])),
    ('chains', 'U3', None, cases(TRANSPORTS, ['chain'])),
    ('first and atomic fragments', 'U2', 'U2', cases(
        TRANSPORTS, ['first fragment', 'atomic fragment', 'chain with first fragment'])),
    ('later fragments', None, None, cases(
        TRANSPORTS, ['later fragment', 'last fragment', 'chain with later fragment'])),
    ('lengths', 'U1', None, cases(
        PLAIN, payloads=[seq(n) for n in (0, 1, 2, 3, 5, 7)] +
        [sized(n) for n in (1279, 1280, 1281, 1499, 1500)])),
)


def identifiers(way):
    """Low words at the edges, and every first nibble the mode can carry."""
    adjust = add(low16(way.addresses(bytes(8))[1]))
    lows = [0, 1, 0xfffe, 0x1000, inv(adjust), add(inv(adjust), 1), add(inv(adjust), 0xfffe)]
    if way.mode not in NEUTRALS:
        lows.append(0xffff)
    else:
        lows = [low for low in lows if low != 0xffff]
    found = [IDENTIFIER[:6] + word(low) for low in lows]
    for nibble in range(16):
        if way.mode == NEUTRAL and nibble & 1:
            continue
        found.append(bytes([nibble << 4 | 5]) + IDENTIFIER[1:])
    return found


def translates(way, packets):
    def test():
        way.prepare()
        expect(way.router, [way.translated(what) for what in packets])
    return test


def carries_identifiers(way):
    def test():
        way.prepare()
        expect(way.router, [way.translated(case('udp'), one) for one in identifiers(way)])
    return test


def expires(way):
    def test():
        way.prepare()
        expect(way.router, [way.expired(case(name)) for name in TRANSPORTS])
    return test


def titled(way, group, adj_bug=None, compat_bug=None, neutral_bug=None):
    bug = {ADJ: adj_bug, COMPAT: compat_bug, NEUTRAL: neutral_bug, AUTO: neutral_bug}.get(way.mode)
    if way.kind.bug == 'U6' and (adj_bug == 'U1' or way.mode in NEUTRALS) and way.mode != NONE:
        bug = bug or 'U6'
    if way.kind.bug == 'U18' and way.mode == NEUTRAL:
        bug = 'U18'
    return '%s%s %s: %s' % (bug + ' ' if bug else '', way.kind.name, way.mode_name, group)


def matrix(routers):
    number = count()
    for kind, mode_name in product(KINDS, MODES):
        if MODES[mode_name] not in kind.only:
            continue
        way = Way(kind, mode_name, next(number), routers)
        for group, adj_bug, compat_bug, packets in GROUPS:
            yield titled(way, group, adj_bug, compat_bug), translates(way, packets)
        if not kind.exact:
            lost = None if kind.send else 'U7'
            yield titled(way, 'identifiers', 'U1', None, lost), carries_identifiers(way)
        if kind.send:   # expires before it is translated
            yield '%s %s: hop limit 1' % (kind.name, mode_name), expires(way)
        else:
            yield titled(way, 'hop limit 1', 'U1'), expires(way)


def still_forwards(routers):
    for router in routers:
        router.plain_route('2001:db8:7::/64')
        what = pair(case('tcp'), SENDER, *[prefix('2001:db8:7:0') + IDENTIFIER] * 2, 0)[0]
        expect(router, [Expectation('plain packet', what, hopped(what), via=AT_SIR)])


def main():
    start()
    kernel = KernelLog()
    routers = Router('a'), Router('b')
    tests = list(matrix(routers))
    tests.append(('routers still forward', lambda: still_forwards(routers)))
    tests.append(('kernel log is clean', kernel.clean))
    run(tests)


if __name__ == '__main__':
    main()
