#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""Table routes: the locator by a mapping instead of by the route. What comes out
must be, byte for byte, what a route with that locator makes, and leave by the
locator's own route; so the packets are those of the tests of such routes. What
has no mapping must come out as it came in.
"""
from itertools import count, product

import wire_gso
import wire_hostile
import wire_matrix
import wire_shared
import wire_vectors
from ila_nl import MAPPING_DEL, MAPPING_REPLACE, record
from ilawire import (
    ADJ, AUTO, IDENT_USE_FORMAT, MODES, NEUTRAL, NONE, ROUTER_IN, SENDER, TRANSPORTS, UNREACH,
    AT_LOC, AT_SIR, AT_VIA, Expectation, KernelLog, Router, addr, case, equal, expect, hopped,
    icmp6, packet, pair, prefix, run, seq, skip_all, start, text, to_ila, word)
from wire_hostile import counted
from wire_matrix import GROUPS, IDENTIFIER, Kind, Way, carries_identifiers, expires, translates

LABELS = count(1)
FEW = ('tcp, udp, icmpv6', 'first and atomic fragments')


def another(mode):
    """A mode that does something else."""
    return AUTO if mode in (ADJ, NEUTRAL, NONE) else NONE


def to_table(router, sir64, locator, mode, identifiers=(IDENTIFIER,), via=AT_VIA, **more):
    """A table route of one prefix, and where its identifiers are."""
    router.plain_route(text(locator) + '/64', AT_LOC)
    router.table_route(text(sir64) + '/64', mode, via)
    if identifiers:
        router.map(*[record(sir64 + one, locator, **more) for one in identifiers])


# --- every packet of a fixed locator's route --------------------------------------

def used(way):
    return dict.fromkeys([IDENTIFIER] + wire_matrix.identifiers(way))


def by_route(via):
    def configure(way):
        to_table(way.router, way.sir, way.loc, way.mode, used(way), via)
    return configure


def by_mapping(way):
    to_table(way.router, way.sir, way.loc, another(way.mode), used(way), csum_mode=way.mode)


def by_set(way):
    """One of several locators: the others are of a lower priority."""
    to_table(way.router, way.sir, way.loc, way.mode, ())
    spare = prefix('2001:db8:bbbb:0')[:6] + way.loc[6:]
    way.router.map(record(way.sir + IDENTIFIER, spare, flags=1, priority=1, weight=1),
                   record(way.sir + IDENTIFIER, way.loc, priority=2, weight=1))


TABLE = Kind('table route', True, AT_LOC, by_route(AT_VIA))
KINDS = (
    Kind('table route of a device', True, AT_LOC, by_route(None)),
    Kind('mode by mapping', True, AT_LOC, by_mapping),
    Kind('several locators', True, AT_LOC, by_set),
)


def matrix(router, number):
    for kind, mode_name in product((TABLE,) + KINDS, MODES):
        way = Way(kind, mode_name, next(number), (router,))
        title = '%s %s: ' % (kind.name, mode_name)
        for group, _, _, packets in GROUPS:
            if kind is TABLE or group in FEW:
                yield title + group, translates(way, packets)
        if kind is TABLE or kind.configure is by_mapping:
            yield title + 'identifiers', carries_identifiers(way)
        if kind is TABLE:
            yield title + 'hop limit 1', expires(way)


def sends_vector(router, by, mode, sir, ila, port, before, after):
    """A worked example; `by` says the mode: the route, or the mapping."""
    route_mode, more = (mode, {}) if by == 'route' else (another(mode), {'csum_mode': mode})
    router.plain_route(text(addr(ila)[:8]) + '/64', AT_LOC)
    router.table_route(text(addr(sir)[:8]) + '/64', route_mode, ident=IDENT_USE_FORMAT)
    router.map(record(sir, addr(ila)[:8], **more), cmd=MAPPING_REPLACE)
    try:
        expect(router, [Expectation(sir, wire_vectors.udp(sir, port, before),
                                    hopped(wire_vectors.udp(ila, port, after)), via=AT_LOC)])
    finally:
        router.map(record(sir), cmd=MAPPING_DEL)


def vectors(router):
    for name, *vector in wire_vectors.VECTORS:
        name = name.removeprefix('U7 ').removeprefix('U1 ')
        for by in 'route', 'mapping':
            yield ('vector %s, mode by %s' % (name, by),
                   lambda b=by, v=vector: sends_vector(router, b, *v))


# --- packets that are shared, to be finished, or hostile -----------------------------

class SharedSite(wire_shared.Site):
    """The same with a table route on router a."""

    def __init__(self, routers, mode_name, number):
        super().__init__(routers, mode_name, number)
        to_table(self.a, self.sir64, self.loc, self.mode)

    def expectation(self, what, send, name=''):
        one = super().expectation(what, send, name)
        one.via = AT_LOC
        return one


class Link(wire_gso.Link):
    def __init__(self, mode_name, number):
        super().__init__(mode_name, number)
        to_table(self.router, self.sir64, self.loc, self.mode)


class HostileSite(wire_hostile.Site):
    def __init__(self, routers, mode_name, number):
        super().__init__(routers, mode_name, number)
        c_bits = [bytes([nibble << 4]) + IDENTIFIER[1:] for nibble in (1, 3, 5, 0xb, 0xf)]
        to_table(self.a, self.prefix, self.loc, self.mode,
                 [IDENTIFIER, IDENTIFIER[:6] + b'\xff\xff'] + c_bits)

    def via(self, send):
        return AT_LOC


SHARED = (('capture', wire_shared.captured), ('mirror', wire_shared.mirrored),
          ('headers in pieces', wire_shared.pieces), ('verified by GRO', wire_shared.verified))
HOSTILE = (
    ('truncated at every length', wire_hostile.all_truncated),
    ('lying length field', wire_hostile.lying_length),
    ('hostile headers', wire_hostile.hostile_chains),
    ('long chains', wire_hostile.long_chains),
    ('fuzz', wire_hostile.fuzz),
    ('neighbour discovery left alone', wire_hostile.discovery),
)


def shared(routers, number):
    for mode_name in MODES:
        site = SharedSite(routers, mode_name, next(number))
        for name, function in SHARED:
            yield ('table route %s: %s' % (mode_name, name),
                   lambda s=site, f=function: f(s, True))


def offloaded(number, link_of=Link):
    for mode_name in MODES:
        link = link_of(mode_name, next(number))
        for (what, function), offload in product(
                (('partial', wire_gso.partial), ('TCP train', wire_gso.train)), (True, False)):
            yield ('table route %s: %s, device %s' % (
                mode_name, what, 'with offload' if offload else 'without'),
                lambda l=link, f=function, o=offload: f(l, True, o))
        yield ('table route %s: UDP train' % mode_name,
               lambda l=link: wire_gso.udp_train(l, True))


def hostile(routers, number):
    for mode_name in MODES:
        site = HostileSite(routers, mode_name, next(number))
        for name, function in HOSTILE:
            yield ('table route %s: %s' % (mode_name, name),
                   lambda s=site, f=function: f(s, True))
        if site.mode == NEUTRAL:
            yield ('table route %s: C-bit' % mode_name,
                   lambda s=site: wire_hostile.c_bit_on_send(s))
        if site.mode in (NEUTRAL, AUTO):
            yield ('table route %s: ends in ffff' % mode_name,
                   lambda s=site: wire_hostile.ffff_on_send(s))


# --- types, and no mapping -----------------------------------------------------------

def formats(router, number):
    """A route that says use-format translates types 1 to 5, and what a mapping says."""
    sir64, locator = prefix('2001:db8:1f00:%x' % number), prefix('2001:db8:aaaa:%x' % number)
    kinds = [bytes([kind << 5 | 3]) + IDENTIFIER[1:] for kind in range(8)]
    to_table(router, sir64, locator, AUTO, kinds)
    router.table_route(text(sir64) + '/64', AUTO, ident=IDENT_USE_FORMAT)
    found = []
    for kind, identifier in enumerate(kinds):
        sir = sir64 + identifier
        whole = to_ila(sir, locator, AUTO)
        sent, want = pair(case('udp'), SENDER, sir, whole, AUTO, flow=next(LABELS))
        typed = kind in range(1, 6)
        found.append(Expectation('type %d' % kind, sent, hopped(want if typed else sent),
                                 via=AT_LOC if typed else AT_VIA))
    counted(router, 'IlaOutType', lambda: expect(router, found), 3)
    # the C-bit is no part of a formatted address
    sir = sir64 + b'\x33' + IDENTIFIER[1:]
    router.map(record(sir, locator))
    counted(router, 'IlaOutCBit', lambda: expect(
        router, [Expectation('C-bit', packet(case('udp'), SENDER, sir), None)]))
    # ... unless the mapping knows better than the route
    router.map(record(sir, locator, ident_type=1), cmd=MAPPING_REPLACE)
    sent, want = pair(case('udp'), SENDER, sir, to_ila(sir, locator, AUTO), AUTO)
    expect(router, [Expectation('luid by mapping', sent, hopped(want), via=AT_LOC)])


def misses(router, mode):
    """Without a mapping nothing of a packet changes."""
    router.table_route('2001:db8:1e00:1::/64', mode)
    sir = prefix('2001:db8:1e00:1') + IDENTIFIER
    sent = [packet(case(name, shape), SENDER, sir, flow=next(LABELS))
            for name, shape in product(TRANSPORTS, ('plain', 'AH', 'later fragment'))]
    found = [Expectation('no mapping', raw, hopped(raw), via=AT_VIA) for raw in sent]
    counted(router, 'IlaMissForwarded', lambda: expect(router, found), len(found))


def unreachable(router, mode):
    """A device is no next hop for what may not be there: the sender is told."""
    router.table_route('2001:db8:1e00:2::/64', mode, via=None)
    sir = prefix('2001:db8:1e00:2') + IDENTIFIER
    found = []
    for name in 'tcp', 'udp', 'sctp':
        sent = packet(case(name), SENDER, sir, flow=next(LABELS))
        wants = [icmp6(UNREACH, 3, 0, quote, ROUTER_IN, SENDER) for quote in (hopped(sent), sent)]
        found.append(Expectation(name, sent, *wants, side='in'))
    counted(router, 'IlaMissDropped', lambda: expect(router, found), len(found))


def from_one_to_another(router, number):
    """Each packet goes by the mapping as it is at that moment."""
    sir64 = prefix('2001:db8:1e00:%x' % number)
    locators = [prefix('2001:db8:cccc:%x' % (number + i)) for i in range(3)]
    to_table(router, sir64, locators[0], NEUTRAL)
    sir = sir64 + IDENTIFIER
    for locator, via in zip(locators, (AT_LOC, AT_SIR, AT_VIA)):
        router.plain_route(text(locator) + '/64', via)
        router.map(record(sir, locator), cmd=MAPPING_REPLACE)
        sent, want = pair(case('tcp'), SENDER, sir, to_ila(sir, locator, NEUTRAL), NEUTRAL)
        expect(router, [Expectation(text(locator), sent, hopped(want), via=via)])
    router.map(record(sir), cmd=MAPPING_DEL)
    sent = packet(case('tcp'), SENDER, sir)
    expect(router, [Expectation('deleted', sent, hopped(sent), via=AT_VIA)])


def of_its_own(router, number):
    """A locator that ends here is none to send to."""
    sir64, locator = prefix('2001:db8:1e00:%x' % number), prefix('2001:db8:cccc:%x' % number)
    to_table(router, sir64, locator, NEUTRAL)
    sir = sir64 + IDENTIFIER
    router.rule(locator, sir64, NEUTRAL)
    sent = packet(case('tcp'), SENDER, sir)
    expect(router, [Expectation('own', sent, hopped(sent), via=AT_VIA)])
    router.unrule(locator)
    sent, want = pair(case('tcp'), SENDER, sir, to_ila(sir, locator, NEUTRAL), NEUTRAL)
    expect(router, [Expectation('no longer', sent, hopped(want), via=AT_LOC)])


def counts(router, number):
    """Packets and bytes by locator, as they came."""
    sir64, locator = prefix('2001:db8:1e00:%x' % number), prefix('2001:db8:cccc:%x' % number)
    to_table(router, sir64, locator, ADJ)
    sent = [packet(case('udp', payload=seq(size)), SENDER, sir64 + IDENTIFIER, flow=next(LABELS))
            for size in (0, 1, 1200)]
    equal(len(router.exchange(sent)), 3, 'packets')
    with router:
        found = router.ila.locator(locator)
    equal((found['packets'], found['bytes'], found['count']), (3, sum(map(len, sent)), 1),
          'packets, bytes, mappings')


def rest(router, number):
    yield 'use-format: types, C-bit', lambda: formats(router, next(number))
    for mode_name, mode in MODES.items():
        yield 'no mapping, %s: forwarded as it is' % mode_name, lambda m=mode: misses(router, m)
        yield ('no mapping, %s: unreachable on a link' % mode_name,
               lambda m=mode: unreachable(router, m))
    number = count(0x10, 0x10)
    yield ('a mapping changes from packet to packet',
           lambda: from_one_to_another(router, next(number)))
    yield "a locator of one's own", lambda: of_its_own(router, next(number))
    yield 'packets and bytes are counted', lambda: counts(router, next(number))


def main():
    start()
    kernel = KernelLog()
    routers = Router('a'), Router('b')
    if not routers[0].ours:
        skip_all('this module has no mappings')
    wire_hostile.FUZZ = min(wire_hostile.FUZZ, 200)
    number = count()
    tests = list(matrix(routers[0], number))
    tests += vectors(routers[0])
    tests += shared(routers, number)
    tests += offloaded(number)
    tests += hostile(routers, number)
    tests += rest(routers[0], number)
    tests.append(('kernel log is clean', kernel.clean))
    run(tests)


if __name__ == '__main__':
    main()
