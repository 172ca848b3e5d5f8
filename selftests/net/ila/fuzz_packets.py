#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""Packets that nobody should send, to everything that looks at packets: rules,
routes with a locator, table routes, the fast path; from both sides, whole or in
page fragments. The kernel reports nothing, the counters tell of what came out,
and no memory stays behind. A seed makes the same packets again.
"""
import argparse
import os
import random
import sys
import time
from collections import Counter

import ila_nl as nl
import ilamem
from ila_nl import LOCAL, MORE, record
from ilawire import (
    AH, BEYOND, DSTOPT, FRAGMENT, HOOK_INPUT, HOPOPT, ICMP6, IDENT_USE_FORMAT, MODES, NONXT,
    PARAM, ROUTER_IN, ROUTER_OUT, ROUTING, SENDER, SHAPES, TCP, TIMEX, TOOBIG, TRANSPORTS, UDP,
    UNREACH, AT_LOC, AT_SIR, AT_VIA, Case, KernelLog, Router, addr, check, dst_of, equal, flow_of,
    icmp6, ip, packet, prefix, put, run, src_of, start_ours, text, to_ila, with_c, word)
from wire.tap import IFF_NAPI, IFF_NAPI_FRAGS, Tap

SECONDS = 20
BATCH = 64
FRAMES = 8000       # and not fewer, however slow the machine is
LUID = bytes.fromhex('2000000000010087')
TENANT = bytes.fromhex('6000007700000001')
HERE = bytes.fromhex('6000007800000001')
TENANT_ADDRESS, HERE_ADDRESS = addr('fd00:77::1'), addr('fd00:78::1')
IDENTS = (LUID, TENANT, HERE) + tuple(bytes.fromhex(one) for one in (
    '2000000000020000', '200000000002ffff', '3000000000010087', '0000000000000001',
    '4000000000000001', 'c000000000000001', 'ffffffffffffffff', '200000000003beef'))
SOURCES = (SENDER,) * 12 + (BEYOND, ROUTER_IN, ROUTER_OUT) + tuple(map(addr, (
    '::', '::1', 'ff02::1', '::ffff:1.2.3.4', 'fe80::1', '2001:db8:f:f::1')))
HEADERS = (HOPOPT, ROUTING, FRAGMENT, DSTOPT, AH, ICMP6, TCP, UDP, NONXT, 33, 41, 50, 135, 136)
# What a packet ends in; the rest is told of it besides
BESIDES = ('IlaInErrorsRestored', 'IlaInErrorsIgnored', 'IlaOutFailedOver',
           'IlaMappingsExpired', 'IlaOutFastpath')
# What has to have happened, or these packets are too tame
REACHED = ('IlaInTranslated', 'IlaOutTranslated', 'IlaInTruncated', 'IlaOutTruncated',
           'IlaInErrorsRestored', 'IlaInErrorsIgnored', 'IlaInNd', 'IlaOutNd', 'IlaInType',
           'IlaOutCBit', 'IlaOutLow16', 'IlaMissForwarded', 'IlaMissDropped', 'IlaOutNoRoute',
           'IlaInStray')


class Target:
    """A router with everything in every mode."""

    def __init__(self, name, fastpath):
        self.router = Router(name)
        self.prefixes, self.addresses = [], [TENANT_ADDRESS, HERE_ADDRESS]
        for number, mode_name in enumerate(MODES, 1):
            self.mode(number, MODES[mode_name])
        with self.router:
            self.router.ila.command(nl.CONFIG_SET, nl.u8(nl.FASTPATH, fastpath) +
                                    nl.u32(nl.MISS_RATE, 1000))
            ip('route add fd00:77::/64 via %s dev out0 encap ila 0:0:0:0 csum-mode '
               'neutral-map-auto ident-type luid\n' % AT_VIA)
        self.taps = [Tap(self.router, 'tap%d' % n, flags, n) for n, flags in
                     enumerate((IFF_NAPI | IFF_NAPI_FRAGS, IFF_NAPI))]

    def mode(self, number, mode):
        """Rule, /64 and /128 routes, table route, input route."""
        router = self.router
        fixed, table, plain, lost = (prefix('2001:db8:%x:%x' % (number, kind))
                                     for kind in (1, 2, 3, 4))
        nowhere = prefix('2001:db8:bbbb:%x' % number)
        locs = [prefix('2001:db8:aaaa:%x%x' % (number, n)) for n in range(7)]
        router.plain_route(text(plain) + '/64', AT_SIR)
        for loc in locs[:4]:
            router.plain_route(text(loc) + '/64', AT_LOC)
        router.route(text(fixed) + '/64', locs[0], mode)
        router.route(text(fixed + LUID) + '/128', locs[1], mode)
        router.route(text(lost) + '/64', nowhere, mode, via=None)
        self.table(table, mode, number % 4)
        router.map(record(table + LUID, locs[2]),
                   record(table + IDENTS[3], locs[2], flags=MORE, weight=1),
                   record(table + IDENTS[3], locs[3], weight=1),
                   record(table + IDENTS[10], prefix('2001:db8:cccc:%x' % number)))
        if number == 1:
            router.map(record(TENANT_ADDRESS, locs[3], identifier=TENANT),
                       record(HERE_ADDRESS, identifier=HERE, flags=LOCAL))
        router.rule(locs[4], plain, mode, ident_type=IDENT_USE_FORMAT if number % 2 else None)
        router.route(text(locs[5]) + '/64', plain, mode, hook=HOOK_INPUT)
        # what is restored to a place elsewhere
        self.stray(locs[6], fixed, mode, 1 + number % 2)
        self.prefixes += [fixed, table, plain, lost] + locs
        self.addresses += [to_ila(plain + LUID, locs[4], mode),
                           to_ila(fixed + LUID, locs[6], mode), with_c(fixed + LUID, True),
                           to_ila(fixed + LUID, locs[0], mode), fixed + LUID, table + LUID,
                           table + IDENTS[3], table + IDENTS[4], table + IDENTS[10],
                           lost + LUID]

    def stray(self, loc, sir, mode, policy):
        with self.router:
            ila = nl.Ila()
            ila.rule_add(loc, sir, csum_mode=mode, stray=policy)
            ila.close()

    def table(self, sir, mode, miss):
        nest = nl.ila_attrs(loc=bytes(8), csum_mode=mode, ident_type=1, miss=miss)
        with self.router:
            self.router.routes.add(text(sir) + '/64', nest, dev='out0', via=AT_VIA)

    def close(self):
        for tap in self.taps:
            os.close(tap.fd)
        self.router.close()


class Grammar:
    """What is sent. Nothing but the seed decides."""

    def __init__(self, seed, target):
        self.random, self.target, self.label = random.Random(seed), target, 0

    def chance(self, percent):
        return self.random.random() * 100 < percent

    def pick(self, what):
        return self.random.choice(what)

    def destination(self):
        if self.chance(60):
            return self.pick(self.target.addresses)
        ident = self.pick(IDENTS) if self.chance(80) else self.random.randbytes(8)
        return self.pick(self.target.prefixes) + ident

    def whole(self):
        """A packet as it should be, of any transport in any shape."""
        what = Case(self.pick(list(TRANSPORTS.values())), self.pick(list(SHAPES.values())),
                    self.random.randbytes(self.pick((0, 1, 8, 40, 200, 1200))))
        return packet(what, self.pick(SOURCES), self.destination())

    def error(self, quote):
        """An ICMPv6 error about it, which may be about an error itself."""
        kind = self.pick((UNREACH, TOOBIG, TIMEX, PARAM, 0, 5, 127, 128))
        quote = quote[:self.pick((0, 8, 39, 40, 48, 60, 1232))]
        return icmp6(kind, self.pick((0, 1, 3, 4, 255)), self.pick((0, 40, 1280, 1 << 31)),
                     quote, self.pick(SOURCES), self.pick((SENDER, self.destination())))

    def discovery(self):
        target = self.destination()
        return icmp6(self.pick((133, 134, 135, 136, 137, 143)), 0, 0,
                     target + self.random.randbytes(self.pick((0, 8, 24))), self.pick(SOURCES),
                     target, hop=self.pick((64, 255)))

    def headed(self, raw):
        """More extension headers, some of which end nowhere."""
        following, data = raw[6], raw[40:]
        for _ in range(self.pick((1, 1, 2, 8, 30))):
            kind = self.pick((HOPOPT, DSTOPT, DSTOPT, ROUTING, FRAGMENT, AH))
            length = self.pick((0, 0, 0, 1, 3, 255))
            body = self.random.randbytes(6) if self.chance(50) else b'\1\4\0\0\0\0'
            if kind in (HOPOPT, DSTOPT) and self.chance(20):    # a jumbo payload
                body = b'\xc2\4' + self.pick((b'\0\0\0\0', b'\0\1\0\0', b'\xff\xff\xff\xff'))
            if kind == FRAGMENT:
                length, body = 0, self.pick((0, 1, 8, 9, 0xfff9)).to_bytes(2, 'big') + body[2:]
            data = bytes([following, length]) + body + bytes(8 * min(length, 3)) + data
            following = kind
        data = data[:1400]
        return put(raw[:40], 4, word(len(data)) + bytes([following])) + data

    def broken(self, raw):
        raw = bytearray(raw)
        for _ in range(self.pick((0, 1, 1, 2, 3, 8))):
            at = self.random.randrange(len(raw))
            if self.chance(50):     # rather something that tells what follows
                at = self.pick((0, 4, 5, 6, 7, 40, 41, 42, 43, 46, 47, 48))
            if at < len(raw) and not 24 <= at < 40:
                raw[at] = self.pick(HEADERS + (0, 1, 255, self.random.randrange(256)))
        if self.chance(25):
            raw = raw[:self.random.randrange(len(raw) + 1)]
        if self.chance(60) and len(raw) >= 40:
            raw[4:6] = word(len(raw) - 40)
        return bytes(raw)

    def frame(self):
        raw = self.discovery() if self.chance(4) else self.whole()
        for _ in range(self.pick((0, 0, 0, 0, 1, 1, 2))):
            raw = self.error(raw)
        if self.chance(15):
            raw = self.headed(raw)
        if self.chance(60):
            raw = self.broken(raw)
        if len(raw) >= 4 and self.chance(97):
            self.label = self.label + 1 & 0xfffff
            raw = put(raw, 0, (6 << 28 | self.label).to_bytes(4, 'big'))
        return raw

    def cuts(self, raw):
        return sorted(self.random.sample(range(len(raw)), min(len(raw), self.pick((0, 1, 3, 9)))))


class Fuzz:
    def __init__(self, seed):
        self.targets = [Target('a', 0), Target('b', 1)]
        self.grammars = [Grammar(seed * 2 + n, t) for n, t in enumerate(self.targets)]
        self.sent = self.came = 0

    def close(self):
        for target in self.targets:
            target.close()

    def batch(self, target, grammar):
        """Send some, by one of the ways in; what came out of it must be counted."""
        router, way = target.router, grammar.pick(('in', 'in', 'in', 'out', 'tap', 'tap'))
        frames = [grammar.frame() for _ in range(BATCH)]
        before = router.stats()
        router.drain()
        if way == 'tap':
            tap = grammar.pick(target.taps)
            for raw in frames:
                if raw:
                    self.quietly(tap.send, raw, grammar.cuts(raw))
        else:
            for raw in frames:
                self.quietly(router.ends[way].send, raw)
        self.judge(router, frames, before)

    @staticmethod
    def quietly(send, *args):
        """A device may refuse a frame before it is one."""
        try:
            send(*args)
        except OSError:
            pass

    def judge(self, router, frames, before):
        got = router.collect()
        after = router.stats()
        own = [raw for _, _, raw in got if src_of(raw) in (ROUTER_IN, ROUTER_OUT)]
        # of those without a label of their own nobody knows
        labels = Counter(flow_of(raw.ljust(4)) for raw in frames)
        sent = {flow_of(raw): dst_of(raw) for raw in frames
                if len(raw) >= 40 and labels[flow_of(raw)] == 1}
        changed = sum(1 for _, _, raw in got if flow_of(raw) in sent and raw not in own and
                      dst_of(raw) != sent[flow_of(raw)])
        moved = {name: after[name] - before[name] for name in after}
        counted = moved['IlaInTranslated'] + moved['IlaOutTranslated']
        check(changed <= counted, '%d came out translated, %d were counted' % (changed, counted))
        ends = sum(value for name, value in moved.items() if name not in BESIDES)
        # received, and sent again; and the errors that came of it, alike
        most = 2 * (len(frames) + len(own))
        check(ends <= 2 * most, '%d of %d packets were counted' % (ends, len(frames)))
        check(all(value >= 0 for value in moved.values()), 'a counter went back')
        self.sent += len(frames)
        self.came += len(got)

    def go(self, seconds, frames=0):
        end = time.monotonic() + seconds
        while time.monotonic() < end or self.sent < frames:
            for target, grammar in zip(self.targets, self.grammars):
                self.batch(target, grammar)

    def both_counts(self):
        """The two ways to read the counters agree when nothing comes."""
        time.sleep(0.5)
        for target in self.targets:
            with target.router:
                told = target.router.ila.values(nl.STATS_GET)['stats']
            equal(list(told.values()), list(target.router.stats().values()), 'counters')

    def reached(self):
        total = [target.router.stats() for target in self.targets]
        missing = [name for name in REACHED if not sum(stats[name] for stats in total)]
        check(not missing, 'never: ' + ' '.join(missing))
        check(total[1]['IlaOutFastpath'], 'nothing went by the fast path')
        print('# %d frames, %d came out, %d translated' % (self.sent, self.came, sum(
            stats['IlaInTranslated'] + stats['IlaOutTranslated'] for stats in total)))


def memory(fuzz, before):
    fuzz.close()
    found = ilamem.grown_since(before)
    check(not found, '; '.join(found))


def tests(args):
    """What everything costs the first time is no leak."""
    first = Fuzz(args.seed + 1000000)
    first.go(2)
    first.close()
    before = ilamem.settled()
    kernel, fuzz = KernelLog(), Fuzz(args.seed)
    return [('packets, each counted', lambda: fuzz.go(args.minutes * 60, FRAMES)),
            ('counters by netlink and by proc', fuzz.both_counts),
            ('all of the module was reached', fuzz.reached),
            ('memory is as before', lambda: memory(fuzz, before)),
            ('kernel log is clean', kernel.clean)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seed', type=int, default=int(time.time()))
    parser.add_argument('--minutes', type=float, default=SECONDS / 60)
    args = parser.parse_args()
    start_ours()
    print('# seed %d, %g minutes' % (args.seed, args.minutes), flush=True)
    run(tests(args))


if __name__ == '__main__':
    sys.exit(main())
