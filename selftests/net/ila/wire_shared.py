#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""Packets that are not one private, linear buffer: somebody else reads them too
(a capture, a mirror), or their headers lie in page fragments.
"""
import contextlib
import os
from itertools import count, product

from ilawire import (
    ADJ, COMPAT, MODES, ETH_P_IPV6, AT_SIR, AT_VIA, SENDER, End, Expectation, KernelLog,
    Router, case, expect, flow_of, hopped, ip, pair, prefix, run, seq, sh, start, tell, text,
    to_ila, word)
from wire.tap import IFF_NAPI, IFF_NAPI_FRAGS, Tap, came_in_pieces

IDENTIFIER = bytes.fromhex('2000000000010087')
LABELS = count(1)


class Site:
    """A rule on router b and a /64 route on router a, in one mode."""

    def __init__(self, routers, mode_name, number):
        self.a, self.b = routers
        self.mode, self.name = MODES[mode_name], mode_name
        self.sir64 = prefix('2001:db8:%x:6' % number)
        self.loc = prefix('2001:db8:aaaa:%x' % (0x600 + number))
        self.b.plain_route(text(self.sir64) + '/64', AT_SIR)
        self.b.rule(self.loc, self.sir64, self.mode)
        self.a.route(text(self.sir64) + '/64', self.loc, self.mode)
        self.sir = self.sir64 + IDENTIFIER
        self.ila = to_ila(self.sir, self.loc, self.mode)

    def router(self, send):
        return self.a if send else self.b

    def expectation(self, what, send, name=''):
        forms = pair(what, SENDER, self.sir, self.ila, self.mode, flow=next(LABELS))
        sent, want = forms if send else forms[::-1]
        return Expectation('%s %s' % (what, name), sent, hopped(want),
                           via=AT_VIA if send else AT_SIR)


PACKETS = [case(t, s) for t, s in product(('tcp', 'udp', 'icmpv6', 'sctp'), ('plain', 'AH'))]


# --- other readers ------------------------------------------------------------------

def captured(site, send):
    """A capture on the router that reads late: in as received, out as sent."""
    router = site.router(send)
    with router:
        first, last = End.open('in0'), End.open('out0')
    expectations = [site.expectation(what, send) for what in PACKETS]
    with first, last:
        expect(router, expectations)
        for sock, name, frames in ((first, 'in0', [one.sent for one in expectations]),
                                   (last, 'out0', [one.wants[0] for one in expectations])):
            got = {flow_of(raw): raw for raw in read_all(sock)}
            tell(['%s: a reader saw %s instead of %s' % (
                name, got.get(flow_of(raw), b'')[:56].hex(), raw[:56].hex())
                for raw in frames if got.get(flow_of(raw)) != raw], len(frames))


def read_all(sock):
    """IPv6 packets in a capture's queue."""
    while True:
        try:
            data = sock.recv(1 << 16)
        except BlockingIOError:
            return
        if data[12:14] == word(ETH_P_IPV6) and not data[0] & 1:
            yield data[14:]


def mirrored(site, send):
    """tc copies what in0 receives; the copy shares its data and is read late."""
    router = site.router(send)
    with mirror(router) as sock:
        expectations = [site.expectation(what, send) for what in PACKETS]
        expect(router, expectations)
        got = {flow_of(raw): raw for raw in read_all(sock)}
    tell(['the mirror shows %s instead of %s' % (
        got.get(flow_of(one.sent), b'')[:56].hex(), one.sent[:56].hex())
        for one in expectations if got.get(flow_of(one.sent)) != one.sent], len(expectations))


@contextlib.contextmanager
def mirror(router):
    name = router.name + 'mir'
    ip('link add %s type veth peer name mir0 netns /proc/%d/fd/%d\nlink set %s up\n' %
       (name, os.getpid(), router.namespace, name))
    try:
        with router:
            ip('link set mir0 up\n')
            sh('tc qdisc add dev in0 clsact')
            sh('tc filter add dev in0 ingress matchall action mirred egress mirror dev mir0')
        with End.open(name) as sock:
            yield sock
    finally:
        with router:
            sh('tc qdisc del dev in0 clsact 2>&1 || true')
        ip('link del %s\n' % name)


# --- page fragments ------------------------------------------------------------------

def jumbo(site, send):
    """Above a page AF_PACKET leaves only the Ethernet header in the linear part."""
    cases = [case(t, s, seq(5001)) for t, s in product(
        ('tcp', 'udp', 'udp-zero', 'dccp', 'icmpv6', 'sctp'),
        ('plain', 'AH', 'chain', 'routing 4 pending', 'atomic fragment'))]
    expect(site.router(send), [site.expectation(what, send) for what in cases])


def pieces(site, send):
    """Every cut around the headers; GRO off, so that nobody pulls them together."""
    router = site.router(send)
    expectations, cuts = [], []
    for what in [case(t, s) for t, s in product(('tcp', 'udp', 'dccp'), ('plain', 'AH'))]:
        for cut in ([], [8], [39], [40], [44], [47], [50], [57], [58], [64], [70], [76], [81],
                    [10, 30, 45, 60], [40, 41, 42, 43, 57, 58]):
            expectations.append(site.expectation(what, send, 'cut at %s' % cut))
            cuts.append(cut)
    with Tap(router, 'tap0', IFF_NAPI | IFF_NAPI_FRAGS, False) as tap:
        came_in_pieces(router, tap, expectations, cuts)


def verified(site, send):
    """GRO has verified the sum (CHECKSUM_UNNECESSARY) before anybody translates."""
    router = site.router(send)
    expectations = [site.expectation(case(t, payload=seq(n)), send)
                    for t, n in product(('tcp', 'udp', 'icmpv6'), (40, 301, 1200))]
    with Tap(router, 'tap1', IFF_NAPI, True) as tap:
        came_in_pieces(router, tap, expectations, [[]] * len(expectations))


def tests_of(routers, jumbos):
    number = count(1)
    for mode_name in MODES:
        site = Site(routers, mode_name, next(number))
        big = Site(jumbos, mode_name, next(number))
        adj = 'U1 ' if site.mode == ADJ else ''
        for send in (True, False):
            title = '%s %s: ' % ('route' if send else 'rule', mode_name)
            shared = adj if send else 'U4 '
            yield shared + title + 'capture', lambda s=site, d=send: captured(s, d)
            yield shared + title + 'mirror', lambda s=site, d=send: mirrored(s, d)
            deep = 'U2 ' if site.mode == COMPAT else adj
            yield deep + title + 'headers in pages', lambda s=big, d=send: jumbo(s, d)
            yield adj + title + 'headers in pieces', lambda s=site, d=send: pieces(s, d)
            yield adj + title + 'verified by GRO', lambda s=site, d=send: verified(s, d)


def main():
    start()
    kernel = KernelLog()
    routers, jumbos = (Router('a'), Router('b')), (Router('c', 9000), Router('d', 9000))
    tests = list(tests_of(routers, jumbos))
    tests.append(('kernel log is clean', kernel.clean))
    run(tests)


if __name__ == '__main__':
    main()
