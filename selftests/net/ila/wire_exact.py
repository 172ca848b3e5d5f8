#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""Identifiers that stand for an address of another shape, types 3 to 5: all 128
bits are replaced by a mapping and restored by a local identifier, byte for byte.
The packets are those of the tests of SIR addresses. Where nothing stands for an
identifier, it is restored as any other.
"""
import contextlib
import errno
import socket
import time
from itertools import count, product

import wire_gso
import wire_icmp
import wire_shared
import wire_vectors
from ila_nl import (
    MAPPING_DEL, NLM_F_CREATE, NLM_F_REPLACE, NetlinkError, ila_attrs, record)
from ilawire import (
    ADJ, AUTO, IDENT_USE_FORMAT, MODES, NEUTRAL, NONE, SENDER, SLOW, TRANSPORTS,
    AT_LOC, AT_SIR, AT_VIA, Expectation, KernelLog, Router, add, addr, case, check, dst_of, equal,
    exact_to_ila, expect, hopped, inv, low16, own_address, packet, pair, prefix, put, run, seq,
    skip_all, start, sysctl, text, to_sir, wire_sum, with_dst)
from wire.offload import features
from wire_matrix import GROUPS, Kind, Way, expires, translates

LABELS = count(1)
LOCAL = 2
SIR = prefix('2001:db8:0:1')
TENANT, VNID = '2001:db8:177:%x:99aa:bbcc::', 0x123456
RTN_MULTICAST, RT_TABLE_LOCAL = 5, 255
IPV6_PKTINFO, IPV6_RECVPKTINFO = 50, 49


def number_of(kind, high28, low32):
    """An identifier: type, the 28 bits behind the C-bit, 32 bits."""
    return (kind << 61 | high28 << 32 | low32).to_bytes(8, 'big')


class Exact:
    """An address, its identifier, and where it is in a mode."""

    def __init__(self, kind, address, identifier, locator, mode):
        self.kind, self.address, self.identifier = kind, address, identifier
        self.locator, self.mode = locator, mode
        self.wire = exact_to_ila(address, locator, identifier, mode)

        # left to the route it could be a neutral mode, to which ffff is nothing to send
        self.says = {'csum_mode': mode} if address[14:] == b'\xff\xff' else {}

    def mapping(self, **more):
        return record(self.address, self.locator, self.identifier, **dict(self.says, **more))

    def local(self, **more):
        return record(self.address, identifier=self.identifier, flags=LOCAL,
                      **dict(self.says, **more))

    def send_by(self, router, via=AT_VIA):
        """A table route for the addresses around, and the mapping."""
        router.plain_route(text(self.locator) + '/64', AT_LOC)
        router.table_route(text(self.address[:8]) + '/64', self.mode, via)
        router.map(self.mapping())

    def receive_by(self, router):
        """A rule that obeys types, and the local identifier."""
        router.plain_route(text(SIR) + '/64', AT_VIA)
        router.plain_route(text(self.address[:8]) + '/64', AT_SIR)
        router.rule(self.locator, SIR, self.mode, ident_type=IDENT_USE_FORMAT)
        router.map(self.local())


def tenant(number, mode, low=0x0c0d):
    """Type 3: an address of a tenant's /96; each number is another tenant."""
    low32 = 0x0a0b0000 | low
    address = addr(TENANT % number)[:12] + low32.to_bytes(4, 'big')
    return Exact(3, address, number_of(3, VNID + number, low32),
                 prefix('2001:db8:aaaa:%x' % (0x900 + number)), mode)


def group(number, mode, scope=5, low28=None):
    """Type 4: a multicast group."""
    low28 = 0xabc0000 | number if low28 is None else low28
    address = bytes([0xff, scope]) + bytes(10) + low28.to_bytes(4, 'big')
    return Exact(4, address, number_of(4, VNID + number, scope << 28 | low28),
                 prefix('2001:db8:aaaa:%x' % (0x900 + number)), mode)


def foreign(number, mode, low=0x1234):
    """Type 5: any address at all."""
    address = addr('3fff:%x:ffff:1:1234:5678:9abc:%x' % (number, low))
    return Exact(5, address, number_of(5, 0x0120000 + low, number << 16),
                 prefix('2001:db8:aaaa:%x' % (0x900 + number)), mode)


# --- every packet --------------------------------------------------------------------

class ExactWay(Way):
    """An address to and fro, for the packets of the tests of SIR addresses."""

    def __init__(self, kind, mode_name, number, routers, make):
        super().__init__(kind, mode_name, number, routers)
        self.exact = make(number, self.mode)
        self.loc, self.sir = self.exact.locator, self.exact.address[:8]

    def addresses(self, _=None):
        return self.exact.address, self.exact.wire


SEND = Kind('mapping', True, AT_LOC, lambda way: way.exact.send_by(way.router))
RECEIVE = Kind('local identifier', False, AT_SIR, lambda way: way.exact.receive_by(way.router))
FEW = ('tcp, udp, icmpv6', 'udp sum that becomes zero', 'udplite, dccp, mobility', 'chains',
       'first and atomic fragments', 'pending routing header')


def matrix(routers, numbers):
    for make, kind, mode_name in product((tenant, foreign), (SEND, RECEIVE), MODES):
        way = ExactWay(kind, mode_name, next(numbers), routers, make)
        title = 'type %d by %s %s: ' % (way.exact.kind, kind.name, mode_name)
        for name, _, _, packets in GROUPS:
            if make is foreign or name in FEW:
                yield title + name, translates(way, packets)
        yield title + 'hop limit 1', expires(way)


# --- worked examples: nothing computes these ----------------------------------------------

LOC = '2001:db8:aaaa:2'
T3, I3 = '2001:db8:77:88:99aa:bbcc:a0b:c0d', '6012:3456:a0b:c0d'
T4, I4 = 'ff05::abc:def1', '8012:3456:5abc:def1'
T5, I5 = '2001:db8:ffff:1::1234', 'a012:3456:789a:0'
# type, mode, address, identifier, lower half on the wire, checksum of the vectors' UDP
# datagram before and after
EXAMPLES = (
    (3, NEUTRAL, T3, I3, '7012:3456:a0b:136e', 0x3665, 0x3665),
    (3, AUTO, T3, I3, '6012:3456:a0b:236e', 0x3665, 0x3665),
    (3, NONE, T3, I3, '6012:3456:a0b:c0d', 0x3665, 0x3665),
    (3, ADJ, T3, I3, '6012:3456:a0b:c0d', 0x3665, 0x4dc6),
    (4, NEUTRAL, T4, I4, '9012:3456:5abc:f128', 0xe7f8, 0xe7f8),
    (4, AUTO, T4, I4, '8012:3456:5abc:129', 0xe7f8, 0xe7f8),
    (4, NONE, T4, I4, '8012:3456:5abc:def1', 0xe7f8, 0xe7f8),
    (4, ADJ, T4, I4, '8012:3456:5abc:def1', 0xe7f8, 0x0a30),
    (5, NEUTRAL, T5, I5, 'b012:3456:789a:a85', 0x90be, 0x90be),
    (5, AUTO, T5, I5, 'a012:3456:789a:1a85', 0x90be, 0x90be),
    (5, NONE, T5, I5, 'a012:3456:789a:0', 0x90be, 0x90be),
    (5, ADJ, T5, I5, 'a012:3456:789a:0', 0x90be, 0xab43),
)
# type 2 is in SIR form, and adjusted relative to that
V4 = '2001:db8:0:1:40ab:cdef:a01:203'
V4_EXAMPLES = (
    (NEUTRAL, '50ab:cdef:a01:4757', 0x8853, 0x8853),
    (AUTO, '40ab:cdef:a01:5757', 0x8853, 0x8853),
    (NONE, '40ab:cdef:a01:203', 0x8853, 0x8853),
    (ADJ, '40ab:cdef:a01:203', 0x8853, 0xdda7),
)


@contextlib.contextmanager
def mapped(router, one):
    router.map(one)
    try:
        yield
    finally:
        # of a local identifier, both parts name it
        router.map(one, cmd=MAPPING_DEL)


def forms(address, wire, before, after):
    return wire_vectors.udp(address, 0x1234, before), wire_vectors.udp(wire, 0x1234, after)


def sends_example(router, mode, address, identifier, lower, before, after):
    plain, translated = forms(address, LOC + ':' + lower, before, after)
    router.plain_route(LOC + '::/64', AT_LOC)
    router.table_route(text(addr(address)[:8]) + '/64', mode)
    with mapped(router, record(address, LOC, identifier)):
        expect(router, [Expectation(address, plain, hopped(translated), via=AT_LOC)])


def receives_example(router, mode, address, identifier, lower, before, after):
    plain, translated = forms(address, LOC + ':' + lower, before, after)
    router.plain_route(text(addr(address)[:8]) + '/64', AT_SIR)
    with mapped(router, record(address, identifier=identifier, flags=LOCAL)), \
            a_rule(router, LOC, mode):
        expect(router, [Expectation(lower, translated, hopped(plain), via=AT_SIR)])


@contextlib.contextmanager
def a_rule(router, locator, mode, ident=IDENT_USE_FORMAT, **more):
    router.rule(locator, SIR, mode, ident_type=ident, **more)
    try:
        yield
    finally:
        router.unrule(locator)


def receives_v4(router, mode, lower, before, after):
    plain, translated = forms(V4, LOC + ':' + lower, before, after)
    router.plain_route(text(SIR) + '/64', AT_VIA)
    with a_rule(router, LOC, mode):
        expect(router, [Expectation(lower, translated, hopped(plain), via=AT_VIA)])


def sends_v4(router, mode, lower, before, after):
    plain, translated = forms(V4, LOC + ':' + lower, before, after)
    router.plain_route(LOC + '::/64', AT_LOC)
    router.table_route(text(SIR) + '/64', mode, ident=IDENT_USE_FORMAT)
    try:
        with mapped(router, record(V4, LOC)):
            expect(router, [Expectation(V4, plain, hopped(translated), via=AT_LOC)])
    finally:
        router.unroute(text(SIR) + '/64')


# --- multicast -----------------------------------------------------------------------------

def multicast_route(router, mode):
    """Groups are sent to by what makes the packets; no router forwards them."""
    nest = ila_attrs(loc=bytes(8), csum_mode=mode, ident_type=1)
    with router:
        router.routes.add('ff00::/12', nest, flags=NLM_F_CREATE | NLM_F_REPLACE, dev='out0',
                          table=RT_TABLE_LOCAL, kind=RTN_MULTICAST, src=wire_vectors.SOURCE)
        features('out0', False, ('tx',))


def own_source(router):
    with router:
        own_address(wire_vectors.SOURCE)


def send_group(router, address, port=0x1234, payload=b'hello ILA!'):
    with router, socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.bind((wire_vectors.SOURCE, port))
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 64)
        sock.sendto(payload, (address, 53))


def frames_to(router, locator, act):
    """[(side, MAC, packet)] that leave for a locator while something is done."""
    router.drain()
    act()
    limit = time.monotonic() + 2 * SLOW
    while time.monotonic() < limit:
        got = [item for item in router.wait(0.5) if dst_of(item[2])[:8] == locator]
        if got:
            return got
    return []


def sends_group(router, mode, address, identifier, lower, before, after):
    del before
    want = wire_vectors.udp(LOC + ':' + lower, 0x1234, after)
    own_source(router)
    multicast_route(router, mode)
    router.plain_route(LOC + '::/64', AT_LOC)
    with mapped(router, record(address, LOC, identifier)):
        got = frames_to(router, prefix(LOC), lambda: send_group(router, address))
    wrong = Expectation(address, b'', want, via=AT_LOC).judge(got)
    check(not wrong, wrong)


def sends_groups(router, mode, number):
    """Every scope that routers know, group numbers at the edges."""
    own_source(router)
    multicast_route(router, mode)
    router.plain_route(text(group(number, mode).locator) + '/64', AT_LOC)
    for scope, low28 in product((3, 5, 8, 14), (0, 1, 0xfffe, 0x10000, 0xfffffff)):
        if low28 & 0xffff == 0xffff and mode in (NEUTRAL, AUTO):
            continue
        one = group(number, mode, scope, low28)
        with mapped(router, one.mapping(csum_mode=mode)):
            got = frames_to(router, one.locator, lambda o=one: send_group(router, text(o.address)))
        what = case('udp', payload=b'hello ILA!')
        want = packet(what, addr(wire_vectors.SOURCE), one.wire,
                      wire_sum(what, one.address, one.wire, mode))
        wrong = Expectation(text(one.address), b'', want, via=AT_LOC).judge(got)
        check(not wrong, '%s: %s' % (text(one.address), wrong))


@contextlib.contextmanager
def listener(router, address):
    """A socket in a group on the link in, which tells the destinations it sees."""
    with router:
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        index = socket.if_nametoindex('in0').to_bytes(4, 'little')
    with sock:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, address + index)
        sock.bind(('::', 53))
        sock.settimeout(1 * SLOW)
        yield sock


def hears(sock):
    """(payload, destination) of the next datagram."""
    data, ancillary, _, _ = sock.recvmsg(2000, 100)
    found = [value for _, kind, value in ancillary if kind == IPV6_PKTINFO]
    return data, text(found[0][:16])


def receives_group(router, mode, address, identifier, lower, before, after):
    """The sum is verified for the group: a datagram that is wrong is not heard."""
    del before
    good = wire_vectors.udp(LOC + ':' + lower, 0x1234, after)
    bad = put(good, len(good) - 1, b'?')
    with mapped(router, record(address, identifier=identifier, flags=LOCAL)), \
            a_rule(router, LOC, mode), listener(router, addr(address)) as sock:
        for raw in bad, good:
            router.ends['in'].send(raw)
        equal(hears(sock), (b'hello ILA!', address), 'payload and destination')


def receives_groups(router, mode, number):
    for scope, low28 in product((3, 5, 8, 14), (0, 1, 0xfffe, 0x10000, 0xffff)):
        if low28 == 0xffff and mode in (NEUTRAL, AUTO):
            continue
        one = group(number, mode, scope, low28)
        what = case('udp', payload=b'a group')
        good = packet(what, SENDER, one.wire, wire_sum(what, one.address, one.wire, mode))
        with mapped(router, one.local()), a_rule(router, one.locator, mode), \
                listener(router, one.address) as sock:
            router.ends['in'].send(good)
            equal(hears(sock), (b'a group', text(one.address)), text(one.wire))


def multicast(router, numbers):
    for kind, mode, *example in EXAMPLES:
        if kind == 4:
            yield ('type 4 example %s sent' % example[2],
                   lambda m=mode, e=example: sends_group(router, m, *e))
            yield ('type 4 example %s received' % example[2],
                   lambda m=mode, e=example: receives_group(router, m, *e))
    for name, mode in MODES.items():
        number = next(numbers)
        yield ('type 4 %s: scopes and groups sent' % name,
               lambda m=mode, n=number: sends_groups(router, m, n))
        yield ('type 4 %s: scopes and groups received' % name,
               lambda m=mode, n=number: receives_groups(router, m, n))


# --- low 16 bits, and what stands for nothing ------------------------------------------------

def edges(make, number, mode):
    """Addresses that end in all that is special, also once they are adjusted."""
    lows = [0, 1, 0x8000, 0xfffe, 0xffff]
    if mode in (NEUTRAL, AUTO):
        # what becomes 0001 and ffff on the wire
        adjusted = low16(make(number, mode, 0).wire)
        lows += [add(1, inv(adjusted)), add(0xffff, inv(adjusted))]
        if make is tenant:
            lows.remove(0xffff)
    return [make(number, mode, low) for low in dict.fromkeys(lows)]


def carries_edges(routers, make, mode, number):
    sent, received = [], []
    for one in edges(make, number, mode):
        if not sent:
            one.send_by(routers[0])
            one.receive_by(routers[1])
        else:
            routers[0].map(one.mapping())
            routers[1].map(one.local())
        plain, wire = pair(case('udp'), SENDER, one.address, one.wire, mode, flow=next(LABELS))
        sent.append(Expectation(text(one.address), plain, hopped(wire), via=AT_LOC))
        received.append(Expectation(text(one.wire), wire, hopped(plain), via=AT_SIR))
    expect(routers[0], sent)
    expect(routers[1], received)


def not_adjusted(router, number):
    """Without the C-bit nothing was adjusted, and nothing is taken back."""
    ones, found = [make(number, NEUTRAL) for make in (tenant, foreign)], []
    ones[0].receive_by(router)
    router.plain_route(text(ones[1].address[:8]) + '/64', AT_SIR)
    router.map(ones[1].local())
    for one, name in product(ones, TRANSPORTS):
        want = packet(case(name), SENDER, one.address, flow=next(LABELS))
        sent = with_dst(want, one.locator + one.identifier)
        found.append(Expectation('%s, type %d' % (name, one.kind), sent, hopped(want),
                                 via=AT_SIR))
    expect(router, found)


def plainly(one, wire=None, flow=0):
    """An identifier that stands for nothing here is one of the SIR prefix."""
    wire = wire or one.wire
    sir = to_sir(wire, SIR, one.mode)
    sent, want = pair(case('udp'), SENDER, sir, wire, one.mode, flow=flow)[::-1]
    return Expectation(text(wire), sent, hopped(want), via=AT_VIA)


def unknown(router, mode, numbers):
    """Nothing stands for the identifier; later something does, but for another number,
    type or virtual network."""
    ones = [make(next(numbers), mode) for make in (tenant, foreign, group)]
    router.plain_route(text(SIR) + '/64', AT_VIA)
    for one in ones:
        router.rule(one.locator, SIR, mode, ident_type=IDENT_USE_FORMAT)
    expect(router, [plainly(one, flow=next(LABELS)) for one in ones])
    others = []
    for one in ones:
        router.map(one.local())
        others += [(one, put(one.wire, 9, bytes([one.wire[9] ^ 1]))),
                   (one, put(one.wire, 8, bytes([one.wire[8] ^ 0x20])))]
        if one.kind != 5:
            others.append((one, put(one.wire, 14, bytes([one.wire[14] ^ 1]))))
    expect(router, [plainly(one, wire, next(LABELS)) for one, wire in others])


def opaque(router, mode, number):
    """Rules that do not speak of types do not ask."""
    one = foreign(number, mode)
    router.plain_route(text(SIR) + '/64', AT_VIA)
    with mapped(router, one.local()):
        for ident in (1, None):
            with a_rule(router, one.locator, mode, ident):
                expect(router, [plainly(one)])


def domains(router, number):
    """One identifier, two domains, two addresses."""
    found = []
    for domain, one in enumerate((foreign(number, AUTO, 0x1111), foreign(number, AUTO, 0x2222))):
        locator = prefix('2001:db8:dddd:%x' % domain)
        one = Exact(5, one.address, number_of(5, 1, number << 16), locator, AUTO)
        router.plain_route(text(one.address[:8]) + '/64', AT_SIR)
        router.rule(locator, SIR, AUTO, ident_type=IDENT_USE_FORMAT, domain=domain)
        router.map(one.local(domain=domain))
        plain, wire = pair(case('udp'), SENDER, one.address, one.wire, AUTO, flow=next(LABELS))
        found.append(Expectation('domain %d' % domain, wire, hopped(plain), via=AT_SIR))
    expect(router, found)


def outcome(router, raw):
    got = router.exchange([raw])
    check(len(got) == 1, 'came out %d times' % len(got))
    return got[0][2]


def expired(router, number):
    """At its time an address is no longer restored, whether removed yet or not."""
    one = foreign(number, NEUTRAL)
    one.receive_by(router)
    router.map(one.local(), cmd=MAPPING_DEL)
    router.map(one.local(timeout=2))
    plain, wire = pair(case('udp'), SENDER, one.address, one.wire, NEUTRAL)
    equal(outcome(router, wire), hopped(plain), 'while it lives')
    want = plainly(one).wants[0]
    limit = time.monotonic() + 6 * SLOW
    while outcome(router, wire) != want:
        check(time.monotonic() < limit, 'still restored')


def refused(router, code, *records):
    try:
        router.map(*records)
    except NetlinkError as error:
        equal(error.errno, code, 'errno')
        check(error.msg, 'says nothing')
        return
    check(False, 'was taken')


def one_prefix_each(router, number, local):
    """A virtual network has one /96 and a /96 one virtual network."""
    def of(vnid, prefix_number, low32, **more):
        address = addr(TENANT % (number + prefix_number))[:12] + low32.to_bytes(4, 'big')
        identifier = number_of(3, 0x700000 + number + vnid, low32)
        if local:
            return record(address, identifier=identifier, flags=LOCAL, **more)
        return record(address, LOC if not more else '2001:db8:dddd:f', identifier, **more)
    router.map(of(0, 0, 1))
    refused(router, errno.EEXIST, of(0, 1, 2))
    refused(router, errno.EEXIST, of(1, 0, 2))
    refused(router, errno.EEXIST, of(2, 2, 2), of(2, 3, 3))
    # nothing of the last one has stayed
    router.map(of(2, 3, 3))
    router.map(of(0, 0, 2))
    router.map(of(1, 0, 2, domain=1))
    router.map(of(0, 0, 1), of(0, 0, 2), cmd=MAPPING_DEL)
    # nobody uses it any more
    router.map(of(0, 1, 1))
    refused(router, errno.EEXIST, of(0, 0, 1))
    router.map(of(0, 1, 1), of(2, 3, 3), of(1, 0, 2, domain=1), cmd=MAPPING_DEL)


def one_prefix_both_ways(router, number):
    """Mappings and local identifiers are of the same virtual networks."""
    one, other = tenant(number, AUTO), tenant(number + 1, AUTO)
    with mapped(router, one.mapping()):
        refused(router, errno.EEXIST,
                record(other.address, identifier=one.identifier, flags=LOCAL))
        refused(router, errno.EEXIST,
                record(one.address, identifier=other.identifier, flags=LOCAL))
        router.map(one.local())
    refused(router, errno.EEXIST, record(other.address, LOC, one.identifier))
    router.map(one.local(), cmd=MAPPING_DEL)
    with mapped(router, record(other.address, LOC, one.identifier)):
        pass


# --- shared, to be finished, verified ------------------------------------------------------------

class SharedSite(wire_shared.Site):
    """A mapping on router a, a local identifier on router b."""

    def __init__(self, routers, mode_name, number, make):
        self.a, self.b = routers
        self.mode, self.name = MODES[mode_name], mode_name
        one = make(number, self.mode)
        one.send_by(self.a)
        one.receive_by(self.b)
        self.sir, self.ila = one.address, one.wire

    def expectation(self, what, send, name=''):
        one = super().expectation(what, send, name)
        one.via = AT_LOC if send else AT_SIR
        return one


class Link(wire_gso.Link):
    """Both on one router: it sends one address and receives another."""

    def __init__(self, mode_name, number):
        super().__init__(mode_name, number)
        out, into = foreign(1, self.mode), tenant(2, self.mode)
        out.send_by(self.router)
        into.receive_by(self.router)
        self.sir, self.ila = out.address, out.wire
        self.sir_in, self.ila_in = into.address, into.wire


def complete(link):
    """CHECKSUM_COMPLETE from a tunnel's end: a local socket believes what is right,
    and what is wrong does not get past it."""
    wire_gso.tunnel(link)
    with link.router:
        own_address(text(link.sir_in))
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    with sock:
        sock.bind((text(link.sir_in), 53))
        sock.settimeout(1 * SLOW)
        for size in (10, 11, 500):
            bad, good = case('udp', payload=seq(size)), case('udp', payload=seq(size, 2))
            dst_sum = wire_sum(good, link.sir_in, link.ila_in, link.mode)
            for what, sum_of in ((bad, add(dst_sum, 1)), (bad, add(dst_sum, 0x5554)),
                                 (good, dst_sum)):
                raw = packet(what, wire_gso.INSIDE, link.ila_in, sum_of)
                link.near.send(wire_gso.NO_VNET, wire_gso.tunneled(raw))
            equal(sock.recv(2000), good.payload, '%d bytes' % size)


STATES = (
    (tenant, 'capture', wire_shared.captured), (foreign, 'mirror', wire_shared.mirrored),
    (tenant, 'headers in pieces', wire_shared.pieces),
    (foreign, 'verified by GRO', wire_shared.verified),
)


def states(routers, numbers):
    for mode_name in MODES:
        for make, name, function in STATES:
            site = SharedSite(routers, mode_name, next(numbers), make)
            for send in True, False:
                yield ('%s %s %s: %s' % (make.__name__, 'sent' if send else 'received',
                                         mode_name, name),
                       lambda s=site, d=send, f=function: f(s, d))
        link = Link(mode_name, next(numbers))
        for (name, function), send, offload in product(
                (('partial', wire_gso.partial), ('TCP train', wire_gso.train)),
                (True, False), (True, False)):
            yield ('%s %s: %s, device %s' % (
                'foreign sent' if send else 'tenant received', mode_name, name,
                'with offload' if offload else 'without'),
                lambda l=link, f=function, s=send, o=offload: f(l, s, o))
        yield ('foreign sent %s: TCP trains, dropped by a queue' % mode_name,
               lambda l=link: wire_gso.dropped(l))
        yield 'foreign sent %s: UDP train' % mode_name, lambda l=link: wire_gso.udp_train(l, True)
        yield ('tenant received %s: CHECKSUM_COMPLETE' % mode_name, lambda l=link: complete(l))


# --- ICMPv6 errors -----------------------------------------------------------------------------

class Known(wire_icmp.Known):
    """A locator that the router knows from a mapping, its quotes from the local one."""

    def __init__(self, router, mode_name, number, make, both_ways=True):
        super().__init__(router, 'mapping', mode_name, number)
        self.exact = make(number, self.mode)
        self.sir, self.ila, self.loc = self.exact.address, self.exact.wire, self.exact.locator
        self.both_ways = both_ways

    def configure(self, sir64, sir, ila):
        if self.exact.kind == 4:
            own_source(self.router)
            multicast_route(self.router, self.mode)
            self.router.map(self.exact.mapping())
        else:
            self.exact.send_by(self.router, None)
        if self.both_ways:
            self.router.map(self.exact.local())


class Own(wire_icmp.Own):
    def __init__(self, router, mode_name, number, make):
        super().__init__(router, mode_name, number)
        self.known = Known(router, mode_name, number, make)

    def small_locator(self):
        self.known.prepare()
        self.router.plain_route(text(self.known.loc) + '/64', AT_LOC, 'mtu 1280')
        expect(self.router, [self.too_big()])

    def no_neighbour(self):
        """Raised when the packet has its locator already."""
        self.known.prepare()
        with self.router:
            sysctl('ipv6/neigh/out0/mcast_solicit', '1')
            sysctl('ipv6/neigh/out0/retrans_time_ms', '50')
        self.router.plain_route(text(self.known.loc) + '/64', 'fe80::%x' % (0xb00 + self.number))
        expect(self.router, [self.expectation(wire_icmp.UNREACH, 3, 0, seq(96))],
               patience=5 * wire_icmp.QUIET)


def not_restored(known):
    """Nobody knows what the identifier stands for: left as it is, and counted."""
    known.prepare()
    wire, _ = known.quotes()
    before = known.router.stats()
    expect(known.router, [known.error(wire_icmp.UNREACH, 3, 0, (wire, wire), 'one way only')],
           side='out')
    equal(known.router.stats()['IlaInErrorsIgnored'] - before['IlaInErrorsIgnored'], 1,
          'IlaInErrorsIgnored')


def errors(router, numbers):
    for make, mode_name in product((tenant, group, foreign), MODES):
        known = Known(router, mode_name, next(numbers), make)
        title = 'errors for type %d %s: ' % (known.exact.kind, mode_name)
        yield title + 'quote restored', lambda k=known: wire_icmp.restored(k)
        yield title + 'restored behind options', lambda k=known: wire_icmp.behind_options(k)
        yield title + 'left alone', lambda k=known: wire_icmp.left_alone(k)
        yield title + 'counted', lambda k=known: wire_icmp.counted(k)
        one_way = Known(router, mode_name, next(numbers), make, False)
        yield title + 'one way only', lambda k=one_way: not_restored(k)
        if make is group:
            continue
        own = Own(router, mode_name, next(numbers), make)
        yield title + 'own, mtu of the locator', own.small_locator
        if MODES[mode_name] in (ADJ, NEUTRAL):
            own = Own(router, mode_name, next(numbers), make)
            yield title + 'own, no neighbour', own.no_neighbour


def rest(routers, numbers):
    router = routers[1]
    for kind, mode, *example in EXAMPLES:
        if kind != 4:
            yield ('type %d example %s sent' % (kind, example[2]),
                   lambda m=mode, e=example: sends_example(routers[0], m, *e))
            yield ('type %d example %s received' % (kind, example[2]),
                   lambda m=mode, e=example: receives_example(router, m, *e))
    for mode, *example in V4_EXAMPLES:
        yield ('type 2 example %s sent' % example[0],
               lambda m=mode, e=example: sends_v4(routers[0], m, *e))
        yield ('type 2 example %s received' % example[0],
               lambda m=mode, e=example: receives_v4(router, m, *e))
    for make, (name, mode) in product((tenant, foreign), MODES.items()):
        yield ('%s %s: low 16 bits at the edges' % (make.__name__, name),
               lambda k=make, m=mode: carries_edges(routers, k, m, next(numbers)))
    for name, mode in MODES.items():
        yield ('unknown identifiers %s' % name,
               lambda m=mode: unknown(router, m, numbers))
        yield ('rules without types do not ask, %s' % name,
               lambda m=mode: opaque(router, m, next(numbers)))
    yield 'without the C-bit nothing is taken back', lambda: not_adjusted(router, next(numbers))
    yield 'domains', lambda: domains(router, next(numbers))
    yield 'expired local identifier', lambda: expired(router, next(numbers))
    for local in False, True:
        yield ('VNID and /96, %s' % ('local identifiers' if local else 'mappings'),
               lambda x=local: one_prefix_each(routers[0], 0xe00, x))
    yield 'VNID and /96, both ways', lambda: one_prefix_both_ways(routers[0], 0xe10)


def main():
    start()
    kernel = KernelLog()
    routers = Router('a'), Router('b')
    if not routers[0].ours:
        skip_all('this module has no mappings')
    numbers = count(0x10)
    tests = list(matrix(routers, numbers))
    tests += rest(routers, numbers)
    tests += multicast(routers[0], numbers)
    tests += states(routers, numbers)
    tests += errors(Router('e'), numbers)
    tests.append(('kernel log is clean', kernel.clean))
    run(tests)


if __name__ == '__main__':
    main()
