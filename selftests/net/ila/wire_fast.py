#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""The fast path: what comes out, and what is counted, must be what it is on the
long way. So the packets and what is expected of them are those of the tests of
table routes; and how many went the fast way is checked with each.
"""
import os
import time
from itertools import count

import wire_gso
import wire_hostile
import wire_shared
import wire_table
from ila_nl import CONFIG_SET, FASTPATH, ila_attrs, record, u8
from ilatap import SLOW, sh
from ilawire import (
    AH, COMPAT, DSTOPT, FRAGMENT, HOPOPT, ICMP6, IDENT_LUID, MODES, NONE, QUIET, ROUTING, AT_LOC,
    GSO_TCPV6, SENDER, KernelLog, Router, addr, case, check, dst_of, equal, flow_of, ip, label_of,
    osum, packet, prefix, run, seq, skip_all, src_of, start, text)
from wire.offload import ETH, HELD, Reader, hold_interrupts, seed, vnet_header
from wire_hostile import counted
from wire_matrix import IDENTIFIER

LABELS = count(0x80000)
LOOKED_INTO = (HOPOPT, ROUTING, FRAGMENT, DSTOPT, AH, ICMP6)
# modes in which a checksum that a device would finish is finished before
FINISHED_FIRST = (NONE, COMPAT)


def is_plain(raw):
    """May it go the fast way, as far as that is up to the packet?"""
    scope = raw[8] & 0xe0 == 0x20 or raw[8] & 0xfe == 0xfc
    return scope and raw[6] not in LOOKED_INTO and raw[7] > 1


def fast_among(sent, got):
    """How many packets must have gone it: the plain ones that came out translated."""
    sent = {flow_of(raw): raw for raw in sent}
    before = [(sent.get(label_of(raw)), raw) for side, _, raw in got if side == 'out']
    return sum(1 for raw, after in before
               if raw and is_plain(raw) and dst_of(raw) != dst_of(after))


class FastRouter(Router):
    """A router that counts which packets went the fast way.

    It does so from the second one to a prefix on; so some are sent ahead of those of
    the test. Prefixes may want one place, which is given away once a second.
    """

    def __init__(self, *args):
        super().__init__(*args)
        self.turn(True)

    def learn(self, dst):
        deadline = time.monotonic() + 3 * SLOW
        before = self.went()
        while True:
            first = packet(case('udp', payload=b''), SENDER, dst, flow=next(LABELS))
            super().exchange([first], 1, patience=0.1)
            if self.known == dst[:8] or not self.on or self.went() > before:
                break
            check(time.monotonic() < deadline, 'no packet goes the fast way')
        self.known = dst[:8]

    def turn(self, on):
        with self:
            self.ila.command(CONFIG_SET, u8(FASTPATH, on))
        self.on, self.known = on, None

    def went(self):
        return self.stats()['IlaOutFastpath']

    def exchange(self, packets, expected=None, side='in', patience=QUIET):
        self.learn(dst_of(packets[0]))
        before = self.went()
        got = super().exchange(packets, expected, side, patience)
        want = fast_among(packets, got) if self.on else 0
        equal(self.went() - before, want, 'packets that went the fast way')
        return got


class Link(wire_table.Link):
    """The same for packets that are not sent by exchange()."""

    def __init__(self, mode_name, number):
        super().__init__(mode_name, number)
        self.before = 0

    def offload(self, on):
        super().offload(on)
        self.router.learn(self.sir)
        self.before = self.router.went()

    def gather(self, enough, patience=1.0):
        got = super().gather(enough, patience)
        raw = got[0][4] if got else bytes(40)
        want = is_plain(raw) and src_of(raw) == SENDER and self.mode not in FINISHED_FIRST
        now = self.router.went()
        equal(now - self.before, int(want), 'packets that went the fast way')
        self.before = now
        return got


def table_tests(routers, number):
    yield from wire_table.matrix(routers[0], number)
    yield from wire_table.vectors(routers[0])
    yield from wire_table.offloaded(number, Link)
    yield from wire_table.hostile(routers, number)


# Not sent by exchange() and, the new device changing the routes, seen by the first
AT_LEAST = {wire_shared.captured: 3, wire_shared.mirrored: 3, wire_shared.pieces: 44,
          wire_shared.verified: 5}


def shared(routers, number):
    for mode_name in MODES:
        site = wire_table.SharedSite(routers, mode_name, next(number))
        for name, function in wire_table.SHARED:
            yield ('table route %s: %s' % (mode_name, name),
                   lambda s=site, f=function: counted(
                       s.a, 'IlaOutFastpath', lambda: f(s, True), AT_LEAST[f]))


# --- both ways -------------------------------------------------------------------------

def counters(router, locator):
    """What this namespace counts of packets, by device and by locator."""
    found = {'ila ' + name: value for name, value in router.stats().items()
             if name != 'IlaOutFastpath'}
    with router:
        for name in ('snmp6', 'dev_snmp6/in0', 'dev_snmp6/out0', 'dev_snmp6/way0'):
            with open('/proc/net/' + name) as lines:
                pairs = [line.split() for line in lines]
            found.update({name + ' ' + key: int(value) for key, value in pairs
                          if key != 'ifIndex'})
        found.update({'locator ' + key: value for key, value in router.ila.locator(locator).items()
                      if key in ('packets', 'bytes')})
    return found


def grown(router, locator, function):
    before = counters(router, locator)
    function()
    after = counters(router, locator)
    return {name: after[name] - before[name] for name in before if after[name] != before[name]}


def device(router):
    """One that only table routes lead to, and nothing goes out of."""
    with router:
        if not os.path.exists('/proc/net/dev_snmp6/way0'):
            ip('link add way0 type dummy\nlink set way0 multicast off\nlink set way0 up\n')


class Ways:
    """A table route whose device is not the locator's, and packets for it."""

    def __init__(self, routers, mode_name, number):
        self.router, self.mode = routers[0], MODES[mode_name]
        self.sir64, self.loc = (prefix('2001:db8:%s:%x' % (name, number))
                                for name in ('1d00', 'dddd'))
        self.sir = self.sir64 + IDENTIFIER

    def prepare(self):
        device(self.router)
        self.router.plain_route(text(self.loc) + '/64', AT_LOC)
        with self.router:
            self.router.routes.add(text(self.sir64) + '/64', table_of(self.mode), dev='way0')
        self.router.map(record(self.sir, self.loc))

    def packets(self, source=SENDER):
        sent = [case(name, payload=seq(size)) for name, size in (
            ('tcp', 0), ('tcp', 1440), ('udp', 1), ('udp', 1300), ('sctp', 96), ('esp', 1000),
            ('ipcomp', 96), ('l2tp', 1000), ('sm', 96))]
        return [packet(what, source, self.sir, flow=next(LABELS)) for what in sent]

    def both(self, function):
        """What it returns on the long way, and on the fast one; and how many packets
        went that one.
        """
        found = []
        for on in False, True:
            self.router.turn(on)
            self.router.learn(self.sir)
            before = self.router.went()
            found.append(function())
            went = self.router.went() - before
            check(on or not went, 'a packet went the fast way though it is off')
        return *found, went


def table_of(mode):
    return ila_attrs(loc=bytes(8), csum_mode=mode, ident_type=IDENT_LUID)


def counts_alike(site):
    """Every counter of the namespace, of its devices and of the locator."""
    site.prepare()
    sent = site.packets() + [packet(case('icmpv6'), SENDER, site.sir, flow=next(LABELS)),
                             packet(case('udp', 'AH'), SENDER, site.sir, flow=next(LABELS))]

    def send():
        got = []
        # as exchange() does, but without a packet ahead, which would be counted too
        change = grown(site.router, site.loc, lambda: got.extend(
            Router.exchange(site.router, sent)))
        return change, sorted(got)
    long, fast, went = site.both(send)
    equal(went, sum(map(is_plain, sent)), 'packets by the fast way')
    equal(len(long[1]), len(sent), 'packets')
    check(fast[1] == long[1], 'other packets come out')
    equal(fast[0], long[0], 'what is counted')
    for name in 'snmp6 Ip6InReceives', 'snmp6 Ip6OutForwDatagrams', 'locator packets':
        equal(long[0][name], len(sent), name)


def trains_count_alike(site):
    """The same of a packet that stands for seven."""
    site.prepare()
    raw = packet(case('tcp', payload=seq(6500)), SENDER, site.sir, flow=next(LABELS))
    raw = seed(raw, osum(site.sir))

    def send():
        far = Reader(site.router.ends['out'])
        with far.sock:
            change = grown(site.router, site.loc, lambda: (
                Reader(site.router.ends['in']).send(
                    vnet_header(raw, GSO_TCPV6, 1000, ETH + 60), raw),
                far.wait(1)))
            return change, list(far.received())
    long, fast, went = site.both(send)
    equal(went, int(site.mode not in FINISHED_FIRST), 'trains')
    check(long[1] and fast[1] == long[1], 'other packets come out')
    equal(fast[0], long[0], 'what is counted')
    equal(long[0]['locator packets'], 7, 'packets')


# unspecified, this node's, of a link, of a site, a group, not assigned; and global ones
SOURCES = ('::', '::1', 'fe80::1', 'fec0::1', 'ff02::1', 'ff0e::1', '::ffff:1.2.3.4', '64:ff9b::1',
           '4000::1', 'fd00::1', '2001:db8:5::77')


def sources(site):
    """No source gets through which does not on the long way."""
    site.prepare()
    sent = [packet(case('udp'), addr(source), site.sir, flow=next(LABELS)) for source in SOURCES]
    long, fast, _ = site.both(lambda: sorted(
        item for item in site.router.exchange(sent) if item[0] == 'out'))
    check(2 <= len(long) < len(sent), '%d of %d forwarded' % (len(long), len(sent)))
    equal(fast, long, 'what is forwarded')


def received_together(router, packets):
    """Per side, in order, what comes out; or None if this was not quick enough."""
    router.drain()
    router.ends['in'].send(packets[0])
    check(router.wait(SLOW), 'the first packet')   # and from here on it holds back
    for raw in packets[1:]:
        router.ends['in'].send(raw)
    early, got = router.collect(), []
    while len(early + got) < len(packets) - 1:
        more = router.wait(4 * HELD)
        if not more:
            break
        got += more
    time.sleep(2 * HELD)
    if early:
        return None
    return {side: [item[1:] for item in got if item[0] == side] for side in ('in', 'out')}


def several_tries(router, packets):
    try:
        hold_interrupts(router, True)
        for _ in range(5):
            before, got = router.went(), received_together(router, packets)
            if got:
                return got, router.went() - before
    finally:
        hold_interrupts(router, False)
    raise AssertionError('no packet was held back')


def comes_together(site):
    """Others are between those that go the fast way, to the same address and to others."""
    site.prepare()
    elsewhere = addr('2001:db8:1e00::1')
    site.router.plain_route(text(elsewhere) + '/128')
    others = [case('icmpv6'), case('udp', 'AH'), case('tcp', 'atomic fragment')]
    sent = []
    for what in site.packets():
        sent += [what, packet(others[len(sent) // 3 % 3], SENDER, site.sir, flow=next(LABELS)),
                 packet(case('udp'), SENDER, elsewhere, flow=next(LABELS))]
    expires = bytearray(site.packets()[2])
    expires[7] = 1
    sent += [bytes(expires), *site.packets()]
    (long, _), (fast, went), _ = site.both(lambda: several_tries(site.router, sent))
    equal(len(long['out']) + len(long['in']), len(sent) - 1, 'packets')
    check(fast == long, 'other packets come out, or in another order')
    equal(went, sum(is_plain(raw) and dst_of(raw) == site.sir for raw in sent),
          'packets by the fast way')


def alike(routers, number):
    for mode_name in MODES:
        for what, function in (('counters', counts_alike), ('counters, TCP train',
                                                            trains_count_alike)):
            site = Ways(routers, mode_name, next(number))
            yield '%s: %s' % (mode_name, what), lambda s=site, f=function: f(s)
        site = Ways(routers, mode_name, next(number))
        yield mode_name + ': many at a time', lambda s=site: comes_together(s)
    site = Ways(routers, 'neutral-map-auto', next(number))
    yield 'sources', lambda: sources(site)


def main():
    start()
    # what is learned, a CPU learns for itself
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    kernel = KernelLog()
    wire_gso.Router = FastRouter
    routers = FastRouter('a'), Router('b')
    if not routers[0].ours:
        skip_all('this module has no mappings')
    wire_hostile.FUZZ = min(wire_hostile.FUZZ, 200)
    number = count()
    tests = list(table_tests(routers, number))
    tests += shared(routers, number)
    tests += alike(routers, number)
    tests.append(('kernel log is clean', kernel.clean))
    run(tests)


if __name__ == '__main__':
    main()
