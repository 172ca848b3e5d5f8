#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""Packets nobody should send. What comes out is the whole translation, or
nothing and a counter says why; where ILA has no business, it is the packet that
came in. Nothing is ever half-changed, and the router lives on.
"""
import os
import random
import time
from itertools import count, product

from ilawire import (
    ADJ, AH, AUTO, COMPAT, DSTOPT, FRAGMENT, HOPOPT, ICMP6, IDENT_USE_FORMAT, MODES, NEUTRAL,
    ROUTER_IN, ROUTER_OUT, ROUTING, TCP, UDP, UNREACH, AT_LOC, AT_SIR, AT_VIA, BEYOND,
    SENDER, SLOW, Case, Expectation, KernelLog, Router, SHAPES, TRANSPORTS, add, case, chain,
    check, difference, dst_of, expect, hopped, icmp6, inv, ip6, label_of, mac_of,
    options, osum, packet, pair, prefix, put, run, seq, src_of, start, tell, text, to_ila,
    transport_of, with_c, with_dst, word)

IDENTIFIER = bytes.fromhex('2000000000010087')
LABELS = count(1)
FUZZ = int(os.environ.get('ILA_FUZZ', 600))    # packets a mode and direction
SEED = int(os.environ.get('ILA_SEED', 6))


class Site:
    """One locator in one mode: rule on router b, /64 route on router a."""

    def __init__(self, routers, mode_name, number):
        self.a, self.b = routers
        self.mode, self.name = MODES[mode_name], mode_name
        self.prefix = prefix('2001:db8:%x:5' % number)
        self.loc = prefix('2001:db8:aaaa:%x' % (0x300 + number))
        for router in routers:
            router.plain_route(text(self.loc) + '/64', AT_LOC)
        self.b.plain_route(text(self.prefix) + '/64', AT_SIR)
        self.b.rule(self.loc, self.prefix, self.mode)
        self.a.route(text(self.prefix) + '/64', self.loc, self.mode)
        self.sir, self.ila = self.addresses(IDENTIFIER)

    def addresses(self, identifier):
        sir = self.prefix + identifier
        return sir, to_ila(sir, self.loc, self.mode)

    def router(self, send):
        return self.a if send else self.b

    def forms(self, what, send, identifier=IDENTIFIER):
        """(packet sent, packet translated)"""
        sir, ila = self.addresses(identifier)
        both = pair(what, SENDER, sir, ila, self.mode, flow=next(LABELS))
        return both if send else both[::-1]

    def via(self, send):
        return AT_VIA if send else AT_SIR


def counted(router, name, function, at_least=1):
    """Run, and see one counter move on the router, if it has counters."""
    before = router.stats()
    function()
    if before:
        # where nothing comes out nobody has waited yet
        moved, limit = 0, time.monotonic() + 5 * SLOW
        while moved < at_least and time.monotonic() < limit:
            moved = router.stats()[name] - before[name]
        check(moved >= at_least, '%s moved by %d, not %d' % (name, moved, at_least))


def cut(raw, size, honest=True):
    """The first bytes of a packet, its length field adjusted to them or not."""
    raw = raw[:size]
    return put(raw, 4, word(size - 40)) if honest else raw


# --- truncation -----------------------------------------------------------------

def wants(site, sent, whole, size):
    """What a packet cut to `size` bytes may become."""
    translated = hopped(cut(whole, size))
    proto, at = transport_of(whole)
    field = {TCP: 18, UDP: 8, ICMP6: 4}[proto]
    minimum = {TCP: 20, UDP: 8, ICMP6: 8}[proto]
    if site.mode not in (ADJ, COMPAT) or size >= at + minimum:
        return [translated]
    if site.mode == COMPAT:     # in-tree translates the address alone
        return [translated, hopped(cut(with_dst(sent, dst_of(whole)), size)), None]
    if size >= at + field:      # enough to adjust, too little to be valid
        return [translated, None]
    return [None]


def truncated(site, send, transport, shape, lowest=40):
    what = case(transport, shape, seq(16))
    found, dropped = [], 0
    for length in range(lowest, len(site.forms(what, send)[0])):
        sent, whole = site.forms(what, send)
        allowed = wants(site, sent, whole, length)
        dropped += allowed == [None]
        found.append(Expectation('%s cut to %d' % (what, length), cut(sent, length), *allowed))
    counter = 'IlaOutTruncated' if send else 'IlaInTruncated'
    counted(site.router(send), counter, lambda: expect(site.router(send), found), dropped)


TRUNCATED = (('tcp', 'plain'), ('udp', 'plain'), ('icmpv6', 'plain'),
             ('tcp', 'destination options'), ('udp', 'AH'), ('tcp', 'first fragment'),
             ('udp', 'routing 0 done'))


def all_truncated(site, send):
    for transport, shape in TRUNCATED:
        # an ICMPv6 packet without a type might be neighbour discovery
        lowest = 41 if transport == 'icmpv6' else 40
        truncated(site, send, transport, shape, lowest)


def lying_length(site, send):
    """A length field that is too short trims, one too long drops."""
    found = []
    for transport in ('tcp', 'udp'):
        for shorter in (1, 2, 3, 40):
            sent, whole = site.forms(case(transport), send)
            length = word(len(sent) - 40 - shorter)
            found.append(Expectation('%d short' % shorter, put(sent, 4, length),
                                     hopped(put(whole, 4, length)[:-shorter])))
        for longer in (1, 8, 1000):
            sent, whole = site.forms(case(transport), send)
            found.append(Expectation('%d long' % longer,
                                     put(sent, 4, word(len(sent) - 40 + longer)), None))
    expect(site.router(send), found)


# --- hostile chains ------------------------------------------------------------

DST = options(DSTOPT)


def hostile(site, send):
    """(name, next header, bytes behind the IPv6 header): no transport in reach."""
    tail = TRANSPORTS['tcp'].head(0)
    yield 'options beyond the end', DSTOPT, bytes([TCP, 255]) + bytes(14)
    yield 'options without length', DSTOPT, bytes([TCP])
    yield 'routing beyond the end', ROUTING, bytes([TCP, 200, 0, 0]) + bytes(20)
    yield 'AH beyond the end', AH, bytes([TCP, 255]) + bytes(22)
    yield 'AH cut', AH, bytes([TCP])
    yield 'half a fragment header', FRAGMENT, bytes([TCP, 0, 0, 1])
    yield 'nothing behind the fragment header', FRAGMENT, bytes([TCP, 0, 0, 1]) + bytes(4)
    yield 'tiny first fragment', FRAGMENT, bytes([TCP, 0, 0, 1]) + bytes(4) + tail[:8]
    yield 'options to the very end', *chain(*[DST] * 12)(DSTOPT, b'')
    yield 'one byte of the last header', *chain(*[DST] * 12)(DSTOPT, bytes([TCP]))


def hostile_chains(site, send):
    """Translated whole by the modes that look at addresses, else dropped."""
    found = []
    for name, following, data in hostile(site, send):
        source, target = (site.sir, site.ila) if send else (site.ila, site.sir)
        sent = ip6(following, data, SENDER, source, flow=next(LABELS))
        translated = hopped(with_dst(sent, target))
        allowed = [translated]
        if site.mode == ADJ:
            allowed = [None]
        elif site.mode == COMPAT:
            allowed = [translated, None]
        found.append(Expectation(name, sent, *allowed))
    expect(site.router(send), found)


def long_chains(site, send):
    """Deep chains are translated whole or dropped, never without the sum."""
    found = []
    for depth in (1, 2, 4, 7, 8, 9, 16, 33, 60):
        shape = SHAPES['plain'].__class__('%d options' % depth, chain(*[DST] * depth))
        sent, whole = site.forms(Case(TRANSPORTS['tcp'], shape, seq(8)), send)
        drop = [None] if depth > 7 and site.mode == ADJ else []
        found.append(Expectation(shape.name, sent, hopped(whole), *drop))
    expect(site.router(send), found)


# --- what is refused, what is left alone -------------------------------------------

def c_bit_on_send(site):
    """A SIR address never has the C-bit: dropped, counted, no warning."""
    found = []
    for nibble in (1, 3, 5, 0xb, 0xf):
        sir = site.prefix + bytes([nibble << 4]) + IDENTIFIER[1:]
        found.append(Expectation('C-bit in %s' % text(sir),
                                 packet(case('tcp'), SENDER, sir, flow=next(LABELS)), None))
    counted(site.a, 'IlaOutCBit', lambda: expect(site.a, found), len(found))


def ffff_on_send(site):
    """Would come back as 0000."""
    sir = site.prefix + IDENTIFIER[:6] + b'\xff\xff'
    found = [Expectation('ends in ffff', packet(case(name), SENDER, sir, flow=next(LABELS)), None)
             for name in ('tcp', 'udp', 'esp')]
    counted(site.a, 'IlaOutLow16', lambda: expect(site.a, found), len(found))


def typed(routers, mode_name, number):
    """A rule that says use-format: types 1 to 5 are ours, the rest is not."""
    site = Site(routers, mode_name, number)
    site.b.unrule(site.loc)
    site.b.rule(site.loc, site.prefix, site.mode, ident_type=IDENT_USE_FORMAT)

    def test(kinds, translate):
        found = []
        for kind, c in product(kinds, (0, 1)):
            if c and site.mode != NEUTRAL:
                continue
            identifier = bytes([kind << 5 | 3]) + IDENTIFIER[1:]
            sent, whole = site.forms(case('udp'), False, identifier)
            if site.mode == NEUTRAL and not c:      # not adjusted: the address alone
                plain = with_c(dst_of(sent), False)
                sent, whole = with_dst(sent, plain), with_dst(sent, site.prefix + plain[8:])
            want, via = (whole, AT_SIR) if translate else (sent, AT_LOC)
            found.append(Expectation('type %d C %d' % (kind, c), sent, hopped(want), via=via))
        expect(site.b, found)
        return len(found)

    yield ('%suse-format rule %s: types 1-5 translated' %
           ('U1 ' if site.mode == ADJ else '', mode_name),
           lambda: test(range(1, 6), True))
    yield ('U22 use-format rule %s: types 0, 6, 7 left alone' % mode_name,
           lambda: counted(site.b, 'IlaInType', lambda: test((0, 6, 7), False), 3))


def discovery(site, send):
    """Neighbour discovery speaks of a link: never translated, headers before it or not."""
    found = []
    target = site.sir if send else site.ila
    for kind in range(133, 138):
        body = target + bytes([1, 1]) + bytes(6)
        data = icmp6(kind, 0, 0, body, SENDER, target)[40:]
        for name in ('plain', 'hop-by-hop', 'destination options', 'chain', 'atomic fragment'):
            following, wrapped = SHAPES[name].wrap(ICMP6, data)
            sent = ip6(following, wrapped, SENDER, target, 255, next(LABELS))
            found.append(Expectation('type %d %s' % (kind, name), sent, hopped(sent)))
    counter = 'IlaOutNd' if send else 'IlaInNd'
    counted(site.router(send), counter, lambda: expect(site.router(send), found), len(found))


def short_quotes(site):
    """An error whose quote is cut at every length: restored from 40 bytes on."""
    found = []
    _, wire = pair(case('tcp'), SENDER, site.sir, site.ila, site.mode)
    for size in range(0, 80):
        quote = wire[:size]
        told = with_dst(quote, site.sir) if size >= 40 else quote
        sent, want = (icmp6(UNREACH, 1, 0, one, BEYOND, SENDER, flow=flow)
                      for flow in [next(LABELS)] for one in (quote, told))
        found.append(Expectation('quote of %d' % size, sent, hopped(want), side='in'))
    for size in range(1, 8):    # an error that is cut itself
        data = icmp6(UNREACH, 1, 0, b'', BEYOND, SENDER)[40:40 + size]
        sent = ip6(ICMP6, data, BEYOND, SENDER, flow=next(LABELS))
        found.append(Expectation('error of %d' % size, sent, hopped(sent), side='in'))
    expect(site.b, found, side='out')


# --- random mutation --------------------------------------------------------------

def mutate(rng, raw):
    """Break something behind the addresses, the next header or the length."""
    raw = bytearray(raw)
    for _ in range(rng.choice((1, 1, 2, 3, 8))):
        at = rng.randrange(len(raw))
        if 8 <= at < 40 or at in (0, 1, 2, 3, 7):
            at = rng.choice([4, 5, 6, 6, 40, 41, 42, 43])
        raw[at] = rng.choice((0, 255, HOPOPT, ROUTING, FRAGMENT, DSTOPT, AH, TCP, UDP,
                              rng.randrange(256)))
    if rng.random() < 0.3:
        raw = raw[:rng.randrange(40, len(raw) + 1)]
    if rng.random() < 0.7:
        raw[4:6] = word(len(raw) - 40)
    if raw[6] == 0:     # hop-by-hop options the router has its own opinion of
        raw[6] = DSTOPT
    return bytes(raw)


def trimmed(raw):
    """What the stack keeps of a packet, None if it drops it."""
    length = 40 + int.from_bytes(raw[4:6], 'big')
    return raw[:length] if length <= len(raw) else None


def adjusted(before, after, old, new, mode):
    """Whether after is before with one checksum moved by the difference."""
    at = [i for i in range(40, len(before)) if before[i] != after[i]]
    if not at:
        return True
    if at[-1] - at[0] > 1:
        return False
    if mode == COMPAT:
        old, new = new, old
    starts = {at[0], at[0] - 1} if at[0] == at[-1] else {at[0]}
    for first in starts:
        was, now = (int.from_bytes(raw[first:first + 2], 'big') for raw in (before, after))
        want = inv(add(inv(was), inv(osum(old)), osum(new)))
        if now % 0xffff == want % 0xffff:
            return True
    return False


def is_discovery(raw):
    proto, at = transport_of(raw)
    return proto == ICMP6 and raw[at:at + 1] and 133 <= raw[at] <= 137


def lawful(site, send, sent, item):
    """None, or what is wrong with one frame that came out for a mutated one."""
    _, where, raw = item
    if src_of(raw) in (ROUTER_IN, ROUTER_OUT):      # the router's own error
        return None
    kept = trimmed(sent)
    if kept is None or len(raw) != len(kept):
        return 'wrong length %d' % len(raw)
    kept = hopped(kept)
    if raw == kept:
        return None if is_discovery(kept) else 'came out untranslated'
    old, new = dst_of(kept), (site.ila if send else site.sir)
    if dst_of(raw) != new or where != mac_of(site.via(send)):
        return 'destination %s' % text(dst_of(raw))
    if raw[:24] != kept[:24]:
        return 'header: ' + difference(raw[:40], kept[:40])
    if site.mode in (ADJ, COMPAT):
        if not adjusted(kept, raw, old, new, site.mode):
            return 'payload: ' + difference(raw, with_dst(kept, new))
    elif raw[40:] != kept[40:]:
        return 'payload: ' + difference(raw, with_dst(kept, new))
    return None


def fuzz(site, send):
    """Seeded, so that a finding can be had again."""
    rng = random.Random(SEED * 1000 + site.mode * 2 + send)
    seeds = [site.forms(case(t, s), send)[0]
             for t in ('tcp', 'udp', 'dccp', 'icmpv6', 'mobility') for s in SHAPES]
    sent = {}
    for _ in range(FUZZ):
        raw = mutate(rng, rng.choice(seeds))
        label = next(LABELS)
        sent[label] = put(raw, 1, bytes([label >> 16 & 15]) + word(label & 0xffff))
    got = site.router(send).exchange(list(sent.values()))
    findings, seen = [], set()
    for item in got:
        label = label_of(item[2])
        wrong = 'twice' if label in seen else label not in sent and 'unasked' or \
            lawful(site, send, sent[label], item)
        seen.add(label)
        if wrong:
            findings.append('%s; sent %s got %s' % (wrong, sent.get(label, b'')[:120].hex(),
                                                    item[2][:120].hex()))
    check(len(seen) > FUZZ // 4, 'only %d of %d came out' % (len(seen), FUZZ))
    tell(findings, FUZZ)


def still_forwards(routers):
    for router in routers:
        router.plain_route('2001:db8:7::/64')
        sent = packet(case('tcp'), SENDER, prefix('2001:db8:7:0') + IDENTIFIER,
                      flow=next(LABELS))
        expect(router, [Expectation('plain packet', sent, hopped(sent), via=AT_SIR)])


BOTH_WAYS = (
    ('truncated at every length', all_truncated), ('lying length field', lying_length),
    ('hostile headers', hostile_chains), ('long chains', long_chains), ('fuzz', fuzz),
)


def tests_of(routers):
    number = count(1)
    for mode_name in MODES:
        site = Site(routers, mode_name, next(number))
        for (name, function), send in product(BOTH_WAYS, (True, False)):
            title = '%s %s: %s' % ('route' if send else 'rule', mode_name, name)
            bug = 'U1 ' if site.mode == ADJ else ''
            if site.mode == COMPAT and function is all_truncated:
                bug = 'U2 '
            yield bug + title, lambda f=function, s=site, d=send: f(s, d)
        for send in (True, False):
            yield ('U12 %s %s: neighbour discovery left alone' %
                   ('route' if send else 'rule', mode_name),
                   lambda s=site, d=send: discovery(s, d))
        yield ('U9 rule %s: short quotes' % mode_name, lambda s=site: short_quotes(s))
        if site.mode == NEUTRAL:
            yield 'U5 route %s: C-bit' % mode_name, lambda s=site: c_bit_on_send(s)
        if site.mode in (NEUTRAL, AUTO):
            yield 'U7 route %s: ends in ffff' % mode_name, lambda s=site: ffff_on_send(s)
        yield from typed(routers, mode_name, next(number))


def main():
    start()
    kernel = KernelLog()
    routers = Router('a'), Router('b')
    tests = list(tests_of(routers))
    tests.append(('routers still forward', lambda: still_forwards(routers)))
    tests.append(('U5 kernel log is clean', kernel.clean))
    run(tests)


if __name__ == '__main__':
    main()
