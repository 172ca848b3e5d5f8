# SPDX-License-Identifier: GPL-2.0
"""A router in a namespace of its own, and both ends of its links.

         in (AF_PACKET) === in0  router  out0 === out (AF_PACKET)

The ends live in the namespace the test was started in and speak no IPv6, so
that every frame on both links is either the test's own or the router's answer
to it. All neighbours of the router are permanent; a neighbour's last address
byte is the last byte of its MAC, which tells what route a frame left by.
"""
import os
import select
import socket
import struct
import subprocess
import time

import ila_nl
from ilatap import check, libc, unshare, CLONE_NEWNET, SLOW
from wire.model import IDENT_LUID, MODES, addr, text
from wire.packet import ICMP6, flow_of, src_of

ETH_P_IPV6, ETH_P_ALL, PACKET_OUTGOING = 0x86dd, 3, 4
SOL_PACKET, PACKET_VNET_HDR, SO_RCVBUFFORCE = 263, 15, 33
VNET = struct.Struct('=BBHHHH')     # flags, gso, header, gso size, start, offset
NO_VNET = bytes(VNET.size)
NEEDS_CSUM, DATA_VALID = 1, 2
GSO_NONE, GSO_TCPV6, GSO_UDP_L4 = 0, 4, 5

RTA_METRICS, RTAX_LOCK, RTAX_MTU = 8, 1, 2

SENDER = addr('2001:db8:5::1')      # a host before the router
BEYOND = addr('2001:db8:6::1')      # a router behind it
ROUTER_IN, ROUTER_OUT = addr('2001:db8:5::ff'), addr('2001:db8:6::ff')
# neighbours: of SIR prefixes, of locators, and what routes name as gateway
AT_SIR, AT_LOC, AT_VIA = 'fe80::a1', 'fe80::a2', 'fe80::a3'
BUFFER = bytearray(1 << 17)     # one for all: a new one each time costs page faults
QUIET = 0.4 * SLOW  # seconds after which a missing frame is taken as dropped


def mac(last):
    return bytes([2, 0, 0, 0, 0, last])


def mac_of(neighbour):
    return mac(addr(neighbour)[15])


def mac_text(data):
    return ':'.join('%02x' % byte for byte in data)


def ip(commands):
    """ip -batch: one process for many commands."""
    done = subprocess.run(['ip', '-6', '-batch', '-'], input=commands, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    check(not done.returncode, done.stdout)


def own_address(address):
    """One more address of this namespace. The route to it is a work's of the kernel
    and comes later than the address."""
    ip('addr replace %s/128 dev lo nodad\n' % address)
    until = time.monotonic() + 10 * SLOW
    while not subprocess.run(['ip', '-6', 'route', 'show', address, 'table', 'local'],
                             stdout=subprocess.PIPE, check=True).stdout:
        check(time.monotonic() < until, 'no route to %s' % address)


def sysctl(name, value):
    with open('/proc/sys/net/' + name, 'w') as knob:
        knob.write(value)


def here():
    return os.open('/proc/self/ns/net', os.O_RDONLY)


def enter(namespace):
    check(not libc.setns(namespace, CLONE_NEWNET), 'setns')


class End:
    """The test's end of a link."""

    def __init__(self, name, router_mac):
        self.name, self.router_mac = name, router_mac
        self.sock = self.open(name)

    @staticmethod
    def open(name, vnet=False):
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
        if vnet:
            sock.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        sock.bind((name, ETH_P_ALL))
        sock.setblocking(False)
        return sock

    def send(self, raw):
        self.sock.send(self.frame(raw))

    def exists(self):
        return any(name == self.name for _, name in socket.if_nameindex())

    def frame(self, raw):
        return self.router_mac + mac(0x11) + struct.pack('!H', ETH_P_IPV6) + raw

    def received(self):
        """(MAC it was sent to, IPv6 packet) of each frame the router sent."""
        while True:
            try:
                size, source = self.sock.recvfrom_into(BUFFER)
            except BlockingIOError:
                return
            data = bytes(memoryview(BUFFER)[:size])
            if source[2] == PACKET_OUTGOING or data[12:14] != b'\x86\xdd' or data[0] & 1:
                continue
            yield data[:6], data[14:]


class Router:
    """in0 and out0 in a namespace; `up` is "in", where packets are sent."""

    MACS = {'in': mac(0x01), 'out': mac(0x02)}

    def __init__(self, name, mtu=1500):
        self.name, self.home = name, here()
        unshare(CLONE_NEWNET)
        self.namespace = here()
        self.setup_router()
        enter(self.home)
        self.link('in', mtu)
        self.link('out', mtu)
        with self:
            self.addresses()
            self.ila, self.routes = ila_nl.Ila(), ila_nl.Routes()
            self.ours = ila_nl.stats() is not None
        self.ends = {side: End(name + side, self.MACS[side]) for side in self.MACS}

    def __enter__(self):
        enter(self.namespace)
        return self

    def __exit__(self, *_):
        enter(self.home)

    def close(self):
        """The namespace ends, and with it the links; not before they have gone."""
        self.ila.close()
        self.routes.close()
        for end in self.ends.values():
            end.sock.close()
        os.close(self.namespace)
        os.close(self.home)
        limit = time.monotonic() + 20 * SLOW
        while any(end.exists() for end in self.ends.values()):
            check(time.monotonic() < limit, 'the namespace does not end')
            time.sleep(0.05)

    @staticmethod
    def setup_router():
        sysctl('ipv6/conf/default/accept_dad', '0')
        sysctl('ipv6/conf/default/accept_ra', '0')
        sysctl('ipv6/conf/all/forwarding', '1')
        sysctl('ipv6/auto_flowlabels', '0')
        sysctl('ipv6/conf/default/addr_gen_mode', '1')
        sysctl('ipv6/icmp/ratelimit', '0')
        sysctl('ipv6/icmp/ratemask', '200')     # a type nobody sends: no limit at all
        ip('link set lo up\n')

    def link(self, side, mtu):
        end = self.name + side
        ip('link add %s mtu %d type veth peer name %s0 mtu %d address %s netns /proc/%d/fd/%d\n' %
           (end, mtu, side, mtu, mac_text(self.MACS[side]), os.getpid(), self.namespace))
        sysctl('ipv6/conf/%s/disable_ipv6' % end, '1')
        ip('link set %s up\n' % end)

    @staticmethod
    def addresses():
        ip('link set in0 up\nlink set out0 up\n'
           'addr add %s/64 dev in0 nodad\naddr add %s/64 dev out0 nodad\n' %
           (text(ROUTER_IN), text(ROUTER_OUT)))
        for address, dev, last in ((text(SENDER), 'in0', 0x11), (text(BEYOND), 'out0', 0x12)):
            ip('neigh add %s lladdr %s dev %s nud permanent\n' %
               (address, mac_text(mac(last)), dev))
        for gateway in (AT_SIR, AT_LOC, AT_VIA):
            ip('neigh add %s lladdr %s dev out0 nud permanent\n' %
               (gateway, mac_text(mac_of(gateway))))

    # --- configuration

    def plain_route(self, destination, via=AT_SIR, more=''):
        with self:
            if more:
                ip('route replace %s via %s dev out0 %s\n' % (destination, via, more))
                return
            # without a process for each
            self.routes.add(destination, None, ila_nl.NLM_F_CREATE | ila_nl.NLM_F_REPLACE,
                            dev='out0', via=via)

    def host_route(self, address):
        """A sender with an address that belongs elsewhere by its prefix."""
        with self:
            ip('route replace %s/128 via %s dev in0\n' % (address, text(SENDER)))

    def rule(self, locator, sir, mode, **more):
        with self:
            self.ila.rule_add(locator, sir, csum_mode=self.mode(mode), **more)

    def route(self, destination, locator, mode, via=AT_VIA, ident=1, hook=None, mtu=None,
              lock=False):
        nest = ila_nl.ila_attrs(loc=locator, csum_mode=self.mode(mode), ident_type=ident,
                                hook_type=hook)
        with self:
            data = self.routes.message(destination, nest, dev='out0', via=via)
            if mtu:
                metrics = ila_nl.u32(RTAX_LOCK, lock << RTAX_MTU) + ila_nl.u32(RTAX_MTU, mtu)
                data += ila_nl.attr(RTA_METRICS, metrics)
            self.routes.netlink.request(
                ila_nl.RTM_NEWROUTE, data,
                ila_nl.NLM_F_ACK | ila_nl.NLM_F_CREATE | ila_nl.NLM_F_REPLACE)

    def nexthop(self, number, locator, mode):
        nest = ila_nl.ila_attrs(loc=locator, csum_mode=self.mode(mode), ident_type=1)
        with self:
            self.routes.netlink.request(ila_nl.RTM_NEWNEXTHOP,
                                        ila_nl.nexthop(number, nest, 'out0', AT_VIA),
                                        ila_nl.NLM_F_ACK | ila_nl.NLM_F_CREATE)

    def nexthop_route(self, destination, number, locator, mode):
        """The same by a nexthop object, which does not know the destination."""
        self.nexthop(number, locator, mode)
        with self:
            ip('route replace %s nhid %d\n' % (destination, number))

    def nexthop_group_route(self, destination, number, locators, mode):
        """By a group of nexthop objects, which are numbered from there."""
        group = b''
        for member, locator in enumerate(locators, number + 1):
            self.nexthop(member, locator, mode)
            group += struct.pack('=IBBH', member, 0, 0, 0)
        with self:
            data = ila_nl.NHMSG.pack(0, 0, 0, 0, 0) + ila_nl.u32(ila_nl.NHA_ID, number)
            self.routes.netlink.request(ila_nl.RTM_NEWNEXTHOP,
                                        data + ila_nl.attr(ila_nl.NHA_GROUP, group),
                                        ila_nl.NLM_F_ACK | ila_nl.NLM_F_CREATE)
            ip('route replace %s nhid %d\n' % (destination, number))

    def legs_route(self, destination, locators, mode):
        """One of several legs."""
        legs = b''
        with self:
            for locator in locators:
                nest = ila_nl.ila_attrs(loc=locator, csum_mode=self.mode(mode), ident_type=1)
                legs += ila_nl.leg(nest, 'out0', AT_VIA)
            data = self.routes.message(destination, None)
            self.routes.netlink.request(
                ila_nl.RTM_NEWROUTE, data + ila_nl.attr(ila_nl.RTA_MULTIPATH, legs),
                ila_nl.NLM_F_ACK | ila_nl.NLM_F_CREATE)

    def table_route(self, destination, mode, via=AT_VIA, ident=IDENT_LUID):
        """A route that asks the mappings."""
        self.route(destination, bytes(8), mode, via, ident)

    def map(self, *records, **more):
        with self:
            self.ila.map(*records, **more)

    def unrule(self, locator):
        with self:
            self.ila.rule_del(locator)

    def unroute(self, destination):
        with self:
            self.routes.delete(destination)

    def mode(self, mode):
        """The in-tree module calls its own sign adj-transport."""
        return 0 if mode == MODES['compat'] and not self.ours else mode

    def stats(self):
        with self:
            return ila_nl.stats()

    # --- packets

    def exchange(self, packets, expected=None, side='in', patience=QUIET):
        """Send packets from one side; [(side, MAC, packet)] of what came out.

        Waits until `expected` frames came (by default one for each), or until
        nothing came for a while.
        """
        self.drain()
        got, wanted = [], len(packets) if expected is None else expected
        for at in range(0, len(packets), 32):
            for raw in packets[at:at + 32]:
                self.ends[side].send(raw)
            got += self.collect()
        while len(got) < wanted:
            more = self.wait(patience)
            if not more:
                break
            got += more
        return got + self.collect()

    def collect(self):
        return [(side, where, raw) for side, end in self.ends.items()
                for where, raw in end.received()]

    def wait(self, patience):
        socks = [end.sock for end in self.ends.values()]
        limit = time.monotonic() + patience
        while time.monotonic() < limit:
            select.select(socks, [], [], max(0, limit - time.monotonic()))
            got = self.collect()
            if got:
                return got
        return []

    def drain(self):
        for _ in self.collect():
            pass


# --- comparing -----------------------------------------------------------------

def difference(got, want):
    """Where two packets differ, in words and bytes."""
    if want is None:
        return '%s, want nothing' % got[:80].hex()
    if len(got) != len(want):
        return '%d bytes, want %d' % (len(got), len(want))
    at = [i for i, (a, b) in enumerate(zip(got, want)) if a != b]
    if not at:
        return 'same'
    first, last = at[0], at[-1] + 1
    return 'bytes %d..%d are %s, want %s' % (
        first, last - 1, got[first:last].hex()[:48], want[first:last].hex()[:48])


class Expectation:
    """What one packet must become: a frame out of a side by a neighbour, or nothing.

    Several wants are alternatives; None among them allows that nothing comes.
    """

    def __init__(self, name, sent, *wants, via=None, side='out'):
        self.name, self.sent, self.wants = name, sent, wants
        self.via, self.side = via, side

    def judge(self, got):
        """None, or what is wrong with [(side, MAC, packet)] that came for it."""
        if not got and None in self.wants:
            return None
        if len(got) != 1:
            return 'came out %d times' % len(got)
        side, where, raw = got[0]
        if raw not in self.wants:
            return 'came out by %s: %s' % (side, difference(raw, self.wants[0]))
        if side != self.side or self.via and where != mac_of(self.via):
            return 'left by %s to %s' % (side, mac_text(where))
        return None


def tell(findings, out_of):
    """Fail with the findings; the first ones whole, as diagnostic lines."""
    for line in findings[:6]:
        print('# ' + line)
    if findings:
        first = findings[0].split('; sent')[0]
        raise AssertionError('%d of %d wrong: %s' % (len(findings), out_of, first))


def label_of(raw):
    """The flow label, which no router changes; of the router's errors the quoted one."""
    own = src_of(raw) in (ROUTER_IN, ROUTER_OUT) and raw[6] == ICMP6 and raw[40] < 128
    return flow_of(raw[48:] if own else raw)


def labelled(got):
    found = {}
    for item in got:
        found.setdefault(label_of(item[2]), []).append(item)
    return found


def expect(router, expectations, side='in', patience=QUIET):
    """Send every expectation's packet and judge what comes of each."""
    # what may come is waited for as well: it must not stand in for what has to
    wanted = sum(1 for one in expectations if one.wants != (None,))
    sent = [one.sent for one in expectations]
    found = labelled(router.exchange(sent, wanted, side, patience))
    findings = []
    for one in expectations:
        wrong = one.judge(found.pop(flow_of(one.sent), []))
        if wrong:
            findings.append('%s: %s; sent %s' % (one.name, wrong, one.sent[:96].hex()))
    findings += ['unasked: %s %s' % (item[0], item[2][:64].hex())
                 for items in found.values() for item in items]
    tell(findings, len(expectations))
