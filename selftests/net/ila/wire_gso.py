#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""Checksums that somebody still has to finish, trains that somebody still has to
cut: CHECKSUM_PARTIAL, TSO and UDP GSO through a router in each mode, out of a
device that takes them and of one that does not; tunnels whose full outer sum
stands over an unfinished inner one; CHECKSUM_COMPLETE from a tunnel's end.

Stock devices give CHECKSUM_COMPLETE only so: the sum of an outer UDP header over
IPv6 is verified in software, and what is left of it belongs to the inner packet.
"""
import errno
import re
import socket
import time
from dataclasses import replace
from itertools import count, product

from ilawire import (
    ADJ, COMPAT, MODES, NONE, TCP, UDP, AT_SIR, ROUTER_OUT, SENDER, SLOW, GSO_TCPV6, NEEDS_CSUM,
    NO_VNET, KernelLog, Router, add, addr, case, check, dst_of, equal, ip, mac, mac_text, osum,
    own_address, packet, prefix, put, run, seq, sh, src_of, start, tell, text, to_ila, transport_of,
    w32, wire_sum, word)
from wire.offload import (
    ETH, HELD, SEGMENTATION, Reader, features, finished, gso_send, hold_interrupts, resolved, seed,
    sums_to_zero, vnet_header)

IDENTIFIER = bytes.fromhex('2000000000010087')
VNI, PORT = 7, 4789
INSIDE = addr('2001:db8:77::1')     # behind the tunnel
LABELS = count(1)
TRAINS = 20


class Link:
    """A router in one mode: rule and route, and a reader on either link."""

    def __init__(self, mode_name, number):
        self.mode, self.name = MODES[mode_name], mode_name
        self.router = Router('g%d' % number)
        self.loc, self.sir64 = prefix('2001:db8:aaaa:4'), prefix('2001:db8:4:1')
        self.sir = self.sir64 + IDENTIFIER
        self.ila = to_ila(self.sir, self.loc, self.mode)
        self.loc_in, self.sir64_in = prefix('2001:db8:aaaa:5'), prefix('2001:db8:5:1')
        self.sir_in = self.sir64_in + IDENTIFIER
        self.ila_in = to_ila(self.sir_in, self.loc_in, self.mode)
        self.router.route(text(self.sir64) + '/64', self.loc, self.mode)
        self.router.plain_route(text(self.sir64_in) + '/64', AT_SIR)
        self.router.rule(self.loc_in, self.sir64_in, self.mode)
        self.near, self.far = Reader(self.router.ends['in']), Reader(self.router.ends['out'])

    def forms(self, what, send):
        """(destination sent to, its sum; destination wanted, its sum)"""
        if send:
            return self.sir, osum(self.sir), self.ila, wire_sum(what, self.sir, self.ila, self.mode)
        return (self.ila_in, wire_sum(what, self.sir_in, self.ila_in, self.mode),
                self.sir_in, osum(self.sir_in))

    def offload(self, on):
        with self.router:
            features('out0', on, SEGMENTATION + ('tx',))

    def gather(self, enough, patience=1.0 * SLOW):
        """Frames at the far end until `enough(frames)` or none came for a while."""
        got, limit = [], time.monotonic() + patience
        while time.monotonic() < limit:
            more = list(self.far.received())
            if more:
                got, limit = got + more, time.monotonic() + patience
                if enough(got):
                    break
            else:
                self.far.wait(patience)
        return got + list(self.far.received())


def payload_of(raw):
    proto, at = transport_of(raw)
    return raw[at + (20 if proto == TCP else 8):]


def position(raw):
    """TCP sequence number: where the payload of a segment belongs."""
    _, at = transport_of(raw)
    return int.from_bytes(raw[at + 4:at + 8], 'big')


def judge(link, got, want_dst, want_sum, send, offload):
    """What is wrong with the frames one packet became, sums first."""
    for one in got:
        if dst_of(one[4]) != want_dst:
            return 'destination %s' % text(dst_of(one[4]))
        wrong = finished(one, want_sum)
        if wrong:
            return wrong
        if one[0] & NEEDS_CSUM and not offload:
            return 'unfinished checksum from a device without offload'
        if one[0] & NEEDS_CSUM and send and link.mode == NONE:
            return 'no-action left the checksum to the device'
    return None


def partial(link, send, offload):
    """One packet whose sum a device would have finished."""
    link.offload(offload)
    findings = []
    cases = [case(t, s) for t, s in product(
        ('tcp', 'udp', 'icmpv6'), ('plain', 'hop-by-hop', 'destination options'))]
    if link.mode == COMPAT:     # in-tree looks no further
        cases = [what for what in cases if what.shape.direct]
    for what in cases:
        list(link.far.received())
        dst, dst_sum, want_dst, want_sum = link.forms(what, send)
        raw = seed(packet(what, SENDER, dst, dst_sum, flow=next(LABELS)), dst_sum)
        link.near.send(vnet_header(raw), raw)
        got = link.gather(lambda frames: len(frames) == 1)
        wrong = 'came out %d times' % len(got) if len(got) != 1 else \
            judge(link, got, want_dst, want_sum, send, offload)
        if not wrong and payload_of(got[0][4])[-90:] != payload_of(raw)[-90:]:
            wrong = 'payload changed'
        if wrong:
            findings.append('%s: %s; sent %s' % (what, wrong, raw[:96].hex()))
    tell(findings, len(cases))


def send_train(link, what, send):
    """Destination and sum that are wanted."""
    dst, dst_sum, want_dst, want_sum = link.forms(what, send)
    raw = seed(packet(what, SENDER, dst, dst_sum, flow=next(LABELS)), dst_sum)
    link.near.send(vnet_header(raw, GSO_TCPV6, 1000, ETH + 60), raw)
    return want_dst, want_sum


def train(link, send, offload):
    """A TCP train of seven segments, the last one short."""
    link.offload(offload)
    list(link.far.received())
    what = case('tcp', payload=seq(6 * 1000 + 500))
    want_dst, want_sum = send_train(link, what, send)

    def whole(frames):
        return sum(len(payload_of(one[4])) for one in frames) >= len(what.payload)
    got = link.gather(whole)
    check(got, 'nothing came out')
    wrong = judge(link, got, want_dst, want_sum, send, offload)
    check(not wrong, wrong)
    got.sort(key=lambda one: position(one[4]))
    equal(b''.join(payload_of(one[4]) for one in got), what.payload, 'payload')
    if not offload:
        equal(len(got), 7, 'segments')


def dropped(link):
    """A queue drops what a train becomes, piece by piece, and says so to the sender. After
    that nobody uses the train; the next one passes."""
    link.offload(True)
    what = case('tcp', payload=seq(6 * 1000 + 500))
    with link.router:
        sh('tc qdisc replace dev out0 root bfifo limit 1')
        for _ in range(TRAINS):
            send_train(link, what, True)
        limit = time.monotonic() + 10 * SLOW
        while drops() < TRAINS:
            check(time.monotonic() < limit, 'only %d of %d were dropped' % (drops(), TRAINS))
        sh('tc qdisc del dev out0 root')
    train(link, True, True)


def drops():
    return int(sh('tc -s qdisc show dev out0').split('dropped ')[1].split(',')[0])


def udp_train(link, offload):
    """UDP GSO from a socket on the router, cut before the device."""
    with link.router:
        features('out0', True, ('tx',))
        features('out0', False, SEGMENTATION[1:])
    list(link.far.received())
    payload = seq(4 * 1000 + 300)
    what = case('udp')
    gso_send(link.router, text(link.sir), payload, 1000)
    got = link.gather(lambda frames: len(frames) == 5)
    equal(len(got), 5, 'datagrams')
    want_sum = wire_sum(what, link.sir, link.ila, link.mode)
    wrong = judge(link, got, link.ila, want_sum, True, offload)
    check(not wrong, wrong)
    equal(b''.join(payload_of(one[4]) for one in got), payload, 'payload')


# what is asked of the device beside GRO; lists of TCP came with 6.10
GATHERING = {'gathered': 'rx-udp-gro-forwarding', 'listed': 'rx-gro-list'}
COUNT_LONG = 'nft add table ip6 long && ' \
    'nft add chain ip6 long pre "{ type filter hook prerouting priority raw; }" && ' \
    'nft add rule ip6 long pre meta length gt 900 tcp dport 0-65535 counter && ' \
    'nft add rule ip6 long pre meta length gt 900 udp dport 0-65535 counter'


def piece(transport, number):
    """One of several that belong together."""
    what = case(transport, payload=seq(500, number))
    if transport == 'udp':
        return what

    def head(length):
        acknowledges = put(what.transport.head(length), 13, b'\x10')
        return put(acknowledges, 4, w32(1 + 500 * number))
    return replace(what, transport=replace(what.transport, head=head))


def gathered(link, send, switch):
    """GRO makes one packet of several, or a list, before they are translated; the other
    device wants them one by one."""
    flows = [[piece(transport, number) for number in range(6)] for transport in ('tcp', 'udp')]
    with link.router:
        features('in0', True, (switch,))
        features('out0', False, SEGMENTATION + ('tx', 'tx-gso-list'))
        sh(COUNT_LONG)
    hold_interrupts(link.router, True)
    try:
        list(link.far.received())
        for pieces in flows:
            label = next(LABELS)
            for what in pieces:
                dst, dst_sum, *_ = link.forms(what, send)
                link.near.send(NO_VNET, packet(what, SENDER, dst, dst_sum, flow=label))
        got = link.gather(lambda frames: len(frames) == sum(map(len, flows)), 4 * HELD)
    finally:
        hold_interrupts(link.router, False)
        with link.router:
            features('in0', False, (switch,))
            long = sh('nft list table ip6 long; nft delete table ip6 long')
    long = [int(number) for number in re.findall(r'packets (\d+)', long)]
    for pieces, together in zip(flows, long):
        name = pieces[0].transport.name
        dst, dst_sum, want_dst, want_sum = link.forms(pieces[0], send)
        ours = [one for one in got if transport_of(one[4])[0] == pieces[0].transport.proto]
        equal(len(ours), len(pieces), '%s packets' % name)
        wrong = judge(link, ours, want_dst, want_sum, send, False)
        check(not wrong, '%s: %s' % (name, wrong))
        equal([payload_of(one[4]) for one in ours], [what.payload for what in pieces],
              '%s payloads' % name)
        # what has a wrong sum on the wire is left alone
        if dst_sum % 0xffff == osum(dst) % 0xffff:
            check(together, 'GRO put nothing of %s together' % name)


HOOK = 'nft add table ip6 told && nft add chain ip6 told post "{ type filter hook postrouting ' \
    'priority 0; }" && nft add rule ip6 told post udp dport 53 %s drop'
# what drops; what the socket is told; how many datagrams come
DROPPERS = {
    'a queue drops all': ('tc qdisc replace dev out0 root bfifo limit 1', errno.ENOBUFS, 0),
    'a queue drops a part': ('tc qdisc replace dev out0 root bfifo limit 600', None, 1),
    'a rule drops all': (HOOK % '', errno.EPERM, 0),
    'a rule drops a part': (HOOK % 'meta length gt 600', None, 1),
    'a rule drops what has come from the device': (HOOK % 'iifname out0', None, 5),
}


def told(link, dropper):
    """A socket hears of a drop if all of its train was dropped: what goes on is not to be
    sent again."""
    command, want, come = dropper
    list(link.far.received())
    with link.router:
        features('out0', True, ('tx',))
        features('out0', False, SEGMENTATION[1:])
        sh(command)
    try:
        gso_send(link.router, text(link.sir), seq(4 * 1000 + 300), 1000)
        error = None
    except OSError as refusal:
        error = refusal.errno
    with link.router:
        sh('tc qdisc del dev out0 root; nft delete table ip6 told; true')
    equal(error, want, 'error')
    equal(len(link.gather(lambda frames: len(frames) == come, (1 if come else 0.2) * SLOW)), come,
          'datagrams')


# --- tunnels ---------------------------------------------------------------------

def steered(link, family):
    """UDP GSO from a socket on the router whose route puts it into another header, by
    segment routing, to the SIR address. The header's route has the device, the packet
    has not yet."""
    host, version = (('2001:db8:78::1', 6), ('192.0.2.1', 4))[family == socket.AF_INET]
    with link.router:
        features('out0', True, ('tx',))
        features('out0', False, SEGMENTATION[1:])
        sh('ip addr replace 192.0.2.2/32 dev lo')
        sh('ip route replace %s encap seg6 mode encap segs %s dev out0' % (host, text(link.sir)))
    list(link.far.received())
    payload = seq(4 * 1000 + 300)
    gso_send(link.router, host, payload, 1000, family)
    got = link.gather(lambda frames: len(frames) == 5)
    equal(len(got), 5, 'datagrams')
    parts = []
    for outer in (resolved(one, version) for one in got):
        equal(text(dst_of(outer)), text(link.ila), 'outer destination')
        inside = outer[40 + 8 * (1 + outer[41]):]
        equal(inside[0] >> 4, version, 'inner version')
        head = 40 if version == 6 else 20
        parts.append(inside[head + 8:])
        pseudo = osum(inside[8:40] if version == 6 else inside[12:20])
        equal(add(pseudo, len(inside) - head, UDP, osum(inside[head:])), 0xffff, 'inner checksum')
    equal(b''.join(parts), payload, 'payload')


def tunnel(link):
    """VXLAN to the SIR address, sums in the outer UDP header."""
    with link.router:
        ip('link del vx0\n') if has_device('vx0') else None
        ip('link add vx0 address %s type vxlan id %d local %s remote %s dstport %d '
           'noudp6zerocsumtx noudp6zerocsumrx\n'
           'link set vx0 up mtu 1300\n'
           'route replace %s/128 dev vx0\n'
           'neigh replace %s lladdr %s dev vx0 nud permanent\n' %
           (mac_text(mac(0x77)), VNI, text(ROUTER_OUT), text(link.sir), PORT, text(INSIDE),
            text(INSIDE), mac_text(mac(0x78))))


def has_device(name):
    try:
        return bool(socket.if_nametoindex(name))
    except OSError:
        return False


def inner(raw):
    """The inner IPv6 packet of a VXLAN frame."""
    return raw[40 + 8 + 8 + ETH:]


def lco(link, size):
    """The inner sum is unfinished (and the train uncut), the outer one is not."""
    tunnel(link)
    with link.router:
        features('out0', False, SEGMENTATION + ('tx',) if size else SEGMENTATION)
        features('out0', not size, ('tx',))
    list(link.far.received())
    what = case('tcp', payload=seq(3500 if size else 700))
    raw = seed(packet(what, SENDER, INSIDE, flow=next(LABELS)), osum(INSIDE))
    header = vnet_header(raw, GSO_TCPV6, size, ETH + 60) if size else vnet_header(raw)
    link.near.send(header, raw)

    def ours(frames):   # the tunnel device has multicast reports of its own
        return [one for one in frames if dst_of(inner(one[4])) == INSIDE]

    def whole(frames):
        return sum(len(inner(one[4])) - 60 for one in ours(frames)) >= len(what.payload)
    got = ours(link.gather(whole))
    check(got, 'nothing came out')
    want_sum = wire_sum(case('udp'), link.sir, link.ila, link.mode)
    for one in got:
        outer = resolved(one)
        equal(text(dst_of(outer)), text(link.ila), 'outer destination')
        check(sums_to_zero(outer, want_sum), 'outer checksum wrong')
        check(sums_to_zero(inner(outer), osum(INSIDE)), 'inner checksum wrong')
    got.sort(key=lambda one: position(inner(one[4])))
    equal(b''.join(payload_of(inner(one[4])) for one in got), what.payload, 'payload')


def tunneled(raw):
    """A packet for the router's end of the tunnel, its outer sum right."""
    frame = mac(0x77) + mac(0x78) + word(0x86dd) + raw
    what = case('udp', payload=b'\x08' + bytes(3) + VNI.to_bytes(3, 'big') + b'\0' + frame)
    out = packet(what, SENDER, ROUTER_OUT)
    out = put(out, 42, word(PORT))
    return put(out, 46, word(outer_sum(out)))


def outer_sum(raw):
    blank = put(raw, 46, bytes(2))
    value = add(osum(src_of(raw)), osum(dst_of(raw)), len(raw) - 40, UDP, osum(blank[40:]))
    return (value ^ 0xffff) or 0xffff


def complete(link):
    """CHECKSUM_COMPLETE at the rule, then a local socket that has to believe it."""
    tunnel(link)
    local = link.sir64_in + bytes.fromhex('2000000000050055')
    wire = to_ila(local, link.loc_in, link.mode)
    with link.router:
        own_address(text(local))
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    findings = []
    with sock:
        sock.bind((text(local), 53))
        for size in (10, 11, 500):
            what = case('udp', payload=seq(size))
            good = wire_sum(what, local, wire, link.mode)
            # sums that fit something else: the address on the wire, the restored one, nothing
            others = [osum(wire), osum(local), add(good, 1)]
            for dst_sum in [good] + [one for one in others if one % 0xffff != good % 0xffff]:
                raw = packet(what, INSIDE, wire, dst_sum)
                link.near.send(NO_VNET, tunneled(raw))
                sock.settimeout((5 if dst_sum == good else 0.3) * SLOW)
                try:
                    came = sock.recv(2000) == what.payload
                except socket.timeout:
                    came = False
                if came != (dst_sum == good):
                    findings.append('%d bytes, sum %s %s' % (
                        size, 'right' if dst_sum == good else 'wrong for %04x' % dst_sum,
                        'accepted' if came else 'refused'))
    tell(findings, 3)


def tests_of(links):
    for link in links:
        bug = 'U1 ' if link.mode == ADJ else ''
        for (what, function), send, offload in product(
                (('partial', partial), ('TCP train', train)), (True, False), (True, False)):
            design = 'U8 ' if link.mode == NONE and send and offload else bug
            yield ('%s%s %s: %s, device %s' % (
                design, 'route' if send else 'rule', link.name, what,
                'with offload' if offload else 'without'),
                lambda l=link, f=function, s=send, o=offload: f(l, s, o))
        for send, (name, switch) in product((True, False), GATHERING.items()):
            yield ('%s%s %s: %s by GRO' % (bug, 'route' if send else 'rule', link.name, name),
                   lambda l=link, w=send, s=switch: gathered(l, w, s))
        yield ('%sroute %s: UDP train' % ('U8 ' if link.mode == NONE else bug, link.name),
               lambda l=link: udp_train(l, True))
        yield ('route %s: TCP trains, dropped by a queue' % link.name,
               lambda l=link: dropped(l))
        if link.mode in (NONE, COMPAT):     # cut before there is a queue
            for name, dropper in DROPPERS.items():
                yield ('route %s: UDP train, %s' % (link.name, name),
                       lambda l=link, d=dropper: told(l, d))
        for name, family in (('IPv6', socket.AF_INET6), ('IPv4', socket.AF_INET)):
            yield ('route %s: %s train in segment routing' % (link.name, name),
                   lambda l=link, f=family: steered(l, f))
        # two wrongs make it right in-tree: the sign, and taking the full sum for a partial one
        yield ('%sroute %s: outer sum over a partial' %
               ('U1 ' if link.mode == COMPAT else '', link.name), lambda l=link: lco(l, 0))
        yield ('%sroute %s: outer sum over a train' % (bug, link.name),
               lambda l=link: lco(l, 1000))
        yield ('%srule %s: CHECKSUM_COMPLETE' %
               ('U8 ' if link.mode in (NONE, COMPAT) else '', link.name),
               lambda l=link: complete(l))


def main():
    start()
    kernel = KernelLog()
    links = [Link(name, number) for number, name in enumerate(MODES)]
    tests = list(tests_of(links))
    tests.append(('kernel log is clean', kernel.clean))
    run(tests)


if __name__ == '__main__':
    main()
