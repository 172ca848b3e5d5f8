#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""ICMPv6 errors: what they quote is restored to the SIR address where the
locator is known, and left alone byte for byte where it is not. The router's own
errors never name a locator.
"""
from itertools import count, product

from ilawire import (
    ADJ, COMPAT, MODES, AT_LOC, AT_SIR, BEYOND, DSTOPT, HOOK_INPUT, ICMP6, PARAM, QUIET,
    ROUTER_IN, SENDER, TIMEX, TOOBIG, UNREACH, Expectation, KernelLog, Router, Skip, add, case,
    check, equal, expect, hopped, icmp6, inv, ip, osum, packet, pair, prefix, put, run, seq,
    start, sysctl, text, to_ila, valid, with_dst, word)

IDENTIFIER, OTHER = bytes.fromhex('2000000000010087'), bytes.fromhex('2000000000020099')
LABELS = count(1)
ERRORS = (
    (UNREACH, 0, 0), (UNREACH, 1, 0), (UNREACH, 3, 0), (UNREACH, 4, 0), (UNREACH, 6, 0),
    (TOOBIG, 0, 1280), (TIMEX, 0, 0), (TIMEX, 1, 0), (PARAM, 0, 4), (PARAM, 1, 6),
)


class Known:
    """A locator the router knows in one of the ways, in one mode."""

    def __init__(self, router, how, mode_name, number):
        self.router, self.how, self.number = router, how, number
        self.mode = MODES[mode_name]
        self.sir = prefix('2001:db8:%x:9' % number) + IDENTIFIER
        self.loc = prefix('2001:db8:aaaa:%x' % (0x200 + number))
        self.ila = to_ila(self.sir, self.loc, self.mode)
        self.ready = False

    def prepare(self):
        if not self.ready:
            self.configure(text(self.sir[:8]), text(self.sir), text(self.ila))
            self.ready = True

    def configure(self, sir64, sir, ila):
        router, mode = self.router, self.mode
        router.plain_route(text(self.loc) + '/64', AT_LOC)
        if self.how == 'rule':
            router.plain_route(sir64 + '/64')
            router.rule(self.loc, self.sir[:8], mode)
        elif self.how == 'route /128':
            router.route(sir + '/128', self.loc, mode)
        elif self.how == 'route /64':
            router.route(sir64 + '/64', self.loc, mode)
        elif self.how == 'nexthop object':
            router.nexthop_route(sir64 + '/64', self.number, self.loc, mode)
            self.use()
        elif self.how == 'nexthop group':
            router.nexthop_group_route(sir64 + '/64', 1000 + 10 * self.number,
                                       (self.other_leg(), self.loc), mode)
            self.use()
        elif self.how == 'legs':
            router.legs_route(sir64 + '/64', (self.other_leg(), self.loc), mode)
        elif self.how == 'input route':
            router.plain_route(sir64 + '/64')
            router.route(text(self.loc) + '/64', self.sir[:8], mode, hook=HOOK_INPUT)

    def other_leg(self):
        """Of flows that a quote may be taken for"""
        loc = prefix('2001:db8:aaab:%x' % (0x200 + self.number))
        self.router.plain_route(text(loc) + '/64', AT_LOC)
        return loc

    def use(self):
        """Packets: a nexthop object can learn its prefix from what it carries."""
        flows = [packet(case('udp'), SENDER, self.sir, flow=next(LABELS)) for _ in range(32)]
        equal(len(self.router.exchange(flows)), 32, 'first packets')

    def quotes(self, transport='udp', size=None, payload=seq(96), ila=None):
        """(what a node behind the router quotes, what the sender must be told)."""
        ila = ila or self.ila
        _, wire = pair(case(transport, payload=payload), SENDER, self.sir, ila, self.mode, 60)
        return wire[:size], with_dst(wire, self.sir)[:size]

    def error(self, kind, code, word4, quotes, name='', change=lambda raw: raw, **more):
        flow = next(LABELS)
        sent, want = (change(icmp6(kind, code, word4, quote, BEYOND, SENDER, flow=flow))
                      for quote in quotes)
        return Expectation('%d/%d %s' % (kind, code, name), sent, hopped(want), side='in', **more)


def restored(known):
    """Every error, every transport, quoted whole and by the bare header."""
    known.prepare()
    found = [known.error(*error, known.quotes(size=size), 'quoting %s bytes' % size)
             for error in ERRORS for size in (None, 40, 41, 47, 48, 49)]
    for transport in ('tcp', 'icmpv6', 'udp-zero', 'udplite', 'dccp', 'mobility', 'sctp', 'esp'):
        found.append(known.error(UNREACH, 3, 0, known.quotes(transport), transport))
    long = known.quotes(payload=seq(1440))
    found.append(known.error(TOOBIG, 0, 1280, [quote[:1232] for quote in long], 'longest quote'))
    for one in found:
        check(valid(one.wants[0]), 'the expectation itself is wrong')
    expect(known.router, found, side='out')


def behind_options(known):
    """The error itself may have a header before it."""
    known.prepare()

    def wrap(raw):
        return put(raw[:40], 4, word(len(raw) - 32) + bytes([DSTOPT])) + \
            bytes([ICMP6, 0, 1, 4, 0, 0, 0, 0]) + raw[40:]
    expect(known.router, [known.error(TOOBIG, 0, 1280, known.quotes(), 'behind options', wrap)],
           side='out')


def left_alone(known):
    """Short, corrupt or foreign quotes, and what is no error."""
    known.prepare()
    wire, _ = known.quotes()
    stranger = to_ila(known.sir, prefix('2001:db8:bbbb:1'), known.mode)
    quotes = [('%d bytes' % size, wire[:size]) for size in (0, 1, 8, 24, 32, 39)]
    quotes += [
        ('version 4', b'\x45' + wire[1:]),
        ('version 0', b'\x00' + wire[1:]),
        ('unknown locator', with_dst(wire, stranger)),
        ('SIR already', with_dst(wire, known.sir)),
        ('locator as source only', put(with_dst(wire, BEYOND), 8, known.ila)),
    ]
    found = [known.error(UNREACH, 3, 0, (quote, quote), name) for name, quote in quotes]
    for kind, name in ((129, 'echo reply'), (128, 'echo request'), (144, 'no error')):
        found.append(known.error(kind, 0, 0, (wire, wire), name))
    expect(known.router, found, side='out')


def unrouted_identifier(known):
    """The locator is ours, the identifier is not one that we send there."""
    known.prepare()
    sir = known.sir[:8] + OTHER
    wire, _ = known.quotes(ila=to_ila(sir, known.loc, known.mode))
    before = known.router.stats()
    expect(known.router, [known.error(UNREACH, 3, 0, (wire, wire), 'other identifier')],
           side='out')
    if before:
        equal(known.router.stats()['IlaInErrorsIgnored'] - before['IlaInErrorsIgnored'], 1,
              'IlaInErrorsIgnored')


def bad_sum(known):
    """A wrong sum must not become right on the way."""
    known.prepare()
    wire, _ = known.quotes()
    raw = icmp6(UNREACH, 3, 0, wire, BEYOND, SENDER, flow=next(LABELS))
    raw = put(raw, 42, bytes([raw[42] ^ 0x55]))
    got = known.router.exchange([raw], side='out')
    check(len(got) == 1, 'came out %d times' % len(got))
    check(not valid(got[0][2]), 'bad checksum became good')


def both(known, reply):
    """The error is sent to an ILA address itself: destination and quote restored."""
    known.prepare()
    reply.prepare()
    flow = next(LABELS)
    wire, quote = known.quotes()
    dst_sum = osum(reply.sir)
    if known.mode == ADJ:
        dst_sum = osum(reply.ila)
    elif known.mode == COMPAT:
        dst_sum = add(dst_sum, dst_sum, inv(osum(reply.ila)))
    sent = icmp6(TOOBIG, 0, 1280, wire, BEYOND, reply.ila, flow=flow, dst_sum=dst_sum)
    want = icmp6(TOOBIG, 0, 1280, quote, BEYOND, reply.sir, flow=flow)
    expect(known.router, [Expectation('both', sent, hopped(want), via=AT_SIR)])


def counted(known):
    """Each restored error is counted, and only it."""
    if not known.router.ours:
        raise Skip('no counters')
    known.prepare()
    before = known.router.stats()
    expect(known.router, [known.error(TOOBIG, 0, 1280, known.quotes())], side='out')
    after = known.router.stats()
    changed = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    equal(changed, {'IlaInErrorsRestored': 1}, 'counters')


# --- the router's own errors ---------------------------------------------------

class Own:
    """The router cannot forward a packet and says so, in SIR addresses."""

    def __init__(self, router, mode_name, number):
        self.router, self.mode, self.number = router, MODES[mode_name], number
        self.name = mode_name
        self.known = Known(router, 'own', mode_name, number)

    def expectation(self, kind, code, word4, payload, receive=False, optional=False):
        known = self.known
        sir, ila = pair(case('udp', payload=payload), SENDER, known.sir, known.ila, self.mode,
                        flow=next(LABELS))
        # before or after the hop limit was counted, before or after the sum was adjusted
        wants = [icmp6(kind, code, word4, quote[:1232], ROUTER_IN, SENDER)
                 for quote in (sir, hopped(sir), with_dst(ila, known.sir),
                               hopped(with_dst(ila, known.sir)))]
        return Expectation('own error', ila if receive else sir, *wants,
                           *([None] if optional else []), side='in')

    def too_big(self):
        return self.expectation(TOOBIG, 0, 1280, seq(1352))

    def small_route(self, lock=False):
        known = self.known
        known.router.route(text(known.sir) + '/128', known.loc, self.mode, mtu=1280, lock=lock)
        expect(self.router, [self.too_big()])

    def locked_route(self):
        """The only kind that ip6_forward() itself looks at."""
        self.small_route(lock=True)

    def small_locator(self):
        known = self.known
        self.router.plain_route(text(known.loc) + '/64', AT_LOC, 'mtu 1280')
        known.router.route(text(known.sir) + '/128', known.loc, self.mode, via=None)
        expect(self.router, [self.too_big()])

    def small_sir(self):
        known = self.known
        self.router.plain_route(text(known.sir[:8]) + '/64', AT_SIR, 'mtu 1280')
        self.router.rule(known.loc, known.sir[:8], self.mode)
        expect(self.router, [self.expectation(TOOBIG, 0, 1280, seq(1352), receive=True)])
        self.router.unrule(known.loc)

    def no_neighbour(self):
        known = self.known
        gateway = 'fe80::%x' % (0xb00 + self.number)
        with self.router:
            sysctl('ipv6/neigh/out0/mcast_solicit', '1')
            sysctl('ipv6/neigh/out0/retrans_time_ms', '50')
        known.router.route(text(known.sir) + '/128', known.loc, self.mode, via=gateway)
        expect(self.router, [self.expectation(UNREACH, 3, 0, seq(96))], patience=5 * QUIET)

    def no_route(self):
        known = self.known
        with self.router:
            ip('route replace unreachable %s/64\n' % text(known.loc))
        known.router.route(text(known.sir) + '/128', known.loc, self.mode, via=None)
        expect(self.router, [self.expectation(UNREACH, 0, 0, seq(96), optional=True)])


OWN = (
    ('U10', 'mtu of the route', Own.small_route),
    (None, 'locked mtu of the route', Own.locked_route),
    ('U10', 'mtu of the locator', Own.small_locator),
    (None, 'mtu after a rule', Own.small_sir),
    ('U9', 'no neighbour', Own.no_neighbour),
    (None, 'no route to the locator', Own.no_route),
)

HOWS = ('rule', 'route /128', 'route /64', 'nexthop object', 'nexthop group', 'legs',
        'input route')


def tests_of(router):
    number = count(1)
    for how, mode_name in product(HOWS, MODES):
        known = Known(router, how, mode_name, next(number))
        name = '%s %s: ' % (how, mode_name)
        yield 'U9 ' + name + 'quote restored', lambda k=known: restored(k)
        yield 'U9 ' + name + 'restored behind options', lambda k=known: behind_options(k)
        yield name + 'left alone', lambda k=known: left_alone(k)
        yield name + 'bad sum stays bad', lambda k=known: bad_sum(k)
        yield 'U9 ' + name + 'counted', lambda k=known: counted(k)
        if how == 'route /128':
            yield name + 'unrouted identifier', lambda k=known: unrouted_identifier(k)
        if how == 'rule':
            first = Known(router, 'route /128', mode_name, next(number))
            yield ('U9 ' + name + 'destination and quote',
                   lambda k=first, r=known: both(k, r))
    for (bug, what, method), mode_name in product(OWN, MODES):
        own = Own(router, mode_name, next(number))
        adj = 'U1' if what == 'mtu after a rule' and MODES[mode_name] == ADJ else None
        tag = bug or adj
        yield ('%sown error %s: %s' % (tag + ' ' if tag else '', mode_name, what),
               lambda o=own, m=method: m(o))


def main():
    start()
    kernel = KernelLog()
    router = Router('r')
    tests = list(tests_of(router))
    tests.append(('kernel log is clean', kernel.clean))
    run(tests)


if __name__ == '__main__':
    main()
