# SPDX-License-Identifier: GPL-2.0
"""IPv6 packets, built whole: every checksum is summed from nothing.

A packet is (transport, shape, payload, addresses) and one number: the sum of
the destination its transport checksum is to be valid for. So what ILA makes of
a packet is built again from nothing, never by updating a checksum.
"""
from dataclasses import dataclass
from typing import Callable

from wire.model import (ADJ, COMPAT, add, inv, osum, word)

TCP, UDP, DCCP, IPV6, GRE, ESP, AH, ICMP6, NONXT = 6, 17, 33, 41, 47, 50, 51, 58, 59
SCTP, MH, UDPLITE, UNKNOWN = 132, 135, 136, 253
# fragment header, AH and ICMPv6 are these less 64
IPCOMP, L2TP, SM = 108, 115, 122
HOPOPT, ROUTING, FRAGMENT, DSTOPT = 0, 43, 44, 60


def seq(count, start=1):
    """Bytes that tell where they came from."""
    return bytes((start + i * 7) & 0xff for i in range(count))


def w32(value):
    return value.to_bytes(4, 'big')


# --- transports -----------------------------------------------------------

@dataclass(frozen=True)
class Transport:
    """head(length of the payload) has zeros at `at`, the checksum's place."""
    name: str
    proto: int
    head: Callable
    at: int = None
    cover: int = None           # bytes under the checksum, None: all
    zero_is_none: bool = False  # a sum of 0 is written ffff (UDP)
    becomes_zero: bool = False  # the checksum on the wire is to be ffff


def tcp_head(_):
    return word(4242) + word(80) + w32(7) + w32(9) + b'\x50\x18\x20\x00' + bytes(4)


def udp_head(length):
    return word(0x1234) + word(53) + word(8 + length) + bytes(2)


def udplite_head(coverage):
    return lambda length: word(0x1234) + word(53) + word(coverage) + bytes(2)


def dccp_head(coverage):
    return lambda length: (word(5001) + word(5002) + bytes([4, coverage]) +
                           bytes(2) + b'\x05\0' + word(1) + w32(2))


def echo_head(_):
    return b'\x80\0' + bytes(2) + word(77) + word(1)


def mh_head(length):
    # Binding Update needs whole eights; the length field does not matter here
    return bytes([NONXT, 1, 5, 0]) + bytes(2) + word(1) + bytes(8)


def sctp_head(_):
    return word(5001) + word(5002) + w32(99) + b'\xde\xad\xbe\xef'


def gre_head(_):
    return b'\0\0' + word(0x86dd)


def esp_head(_):
    return w32(0x1001) + w32(1)


TRANSPORTS = {t.name: t for t in (
    Transport('tcp', TCP, tcp_head, 16),
    Transport('udp', UDP, udp_head, 6, zero_is_none=True),
    Transport('udp-zero', UDP, udp_head),
    Transport('udp-becoming-zero', UDP, udp_head, 6, zero_is_none=True, becomes_zero=True),
    Transport('udplite', UDPLITE, udplite_head(0), 6, zero_is_none=True),
    Transport('udplite-head', UDPLITE, udplite_head(8), 6, cover=8, zero_is_none=True),
    Transport('dccp', DCCP, dccp_head(0), 6),
    Transport('dccp-head', DCCP, dccp_head(1), 6, cover=16),
    Transport('icmpv6', ICMP6, echo_head, 2),
    Transport('mobility', MH, mh_head, 4),
    Transport('sctp', SCTP, sctp_head),
    Transport('gre', GRE, gre_head),
    Transport('esp', ESP, esp_head),
    Transport('unknown', UNKNOWN, lambda length: b''),
    *(Transport(name, proto, lambda length: b'')
      for name, proto in (('ipcomp', IPCOMP), ('l2tp', L2TP), ('sm', SM))),
    Transport('no-next-header', NONXT, lambda length: b''),
)}


def put(data, at, value):
    return data[:at] + value + data[at + len(value):]


def checksum(transport, data, src_sum, dst_sum):
    """What belongs into the checksum field of `data`, whose field is zero."""
    value = inv(add(src_sum, dst_sum, add(len(data)), transport.proto,
                    osum(data[:transport.cover])))
    if not value and transport.zero_is_none:
        return 0xffff
    return value


def seal(transport, data, src, dst_sum):
    if transport.at is None:
        return data
    return put(data, transport.at, word(checksum(transport, data, osum(src), dst_sum)))


# --- shapes: what stands between the IPv6 header and the transport ----------

@dataclass(frozen=True)
class Shape:
    """wrap(next header, data) -> (first next header, bytes)."""
    name: str
    wrap: Callable
    adjust: bool = True     # the checksum is in here and covers the destination
    direct: bool = False    # where an in-tree peer would find it


def options(number, length=8):
    """Hop-by-hop or destination options: one PadN of the right size."""
    def wrap(following, data):
        body = b'\x01' + bytes([length - 4]) + bytes(length - 4)
        return number, bytes([following, length // 8 - 1]) + body + data
    return wrap


def routing(kind, left, addresses=1):
    def wrap(following, data):
        body = bytes(4) + (b'\xfd' + bytes(14) + b'\x01') * addresses
        if kind == 4:   # segment routing: last entry, flags, tag
            body = bytes([addresses - 1]) + body[1:]
        return ROUTING, bytes([following, 2 * addresses, kind, left]) + body + data
    return wrap


def ah(following, data):
    return AH, bytes([following, 4, 0, 0]) + w32(0x200) + w32(1) + seq(12) + data


def fragment(start, end, more):
    """Bytes start..end of the datagram; more fragments follow or not."""
    def wrap(following, data):
        head = bytes([following, 0]) + word(start | more) + w32(0xabcd)
        return FRAGMENT, head + data[start:end]
    return wrap


def chain(*wraps):
    """The first named is the outermost."""
    def wrap(following, data):
        for one in reversed(wraps):
            following, data = one(following, data)
        return following, data
    return wrap


HBH, DST = options(HOPOPT), options(DSTOPT)
SHAPES = {s.name: s for s in (
    Shape('plain', lambda following, data: (following, data), direct=True),
    Shape('hop-by-hop', HBH),
    Shape('destination options', DST),
    Shape('long destination options', options(DSTOPT, 256)),
    Shape('AH', ah),
    Shape('routing 0 done', routing(0, 0)),
    Shape('routing 4 done', routing(4, 0, 2)),
    Shape('routing 0 pending', routing(0, 1), adjust=False),
    Shape('routing 2 pending', routing(2, 1), adjust=False),
    Shape('routing 4 pending', routing(4, 1, 2), adjust=False),
    Shape('chain', chain(HBH, DST, routing(0, 0), ah, DST)),
    Shape('chain with pending routing', chain(HBH, DST, routing(0, 1), DST), adjust=False),
    Shape('first fragment', fragment(0, 48, 1), direct=True),
    Shape('later fragment', fragment(48, None, 1), adjust=False),
    Shape('last fragment', fragment(48, None, 0), adjust=False),
    Shape('atomic fragment', fragment(0, None, 0), direct=True),
    Shape('chain with first fragment', chain(HBH, routing(0, 0), fragment(0, 72, 1), DST)),
    Shape('chain with later fragment', chain(HBH, DST, fragment(64, None, 1)), adjust=False),
)}


# --- packets --------------------------------------------------------------

@dataclass(frozen=True)
class Case:
    transport: Transport
    shape: Shape
    payload: bytes

    def __str__(self):
        return '%s, %s, %d bytes' % (self.transport.name, self.shape.name, len(self.payload))


def case(transport, shape='plain', payload=seq(96)):
    return Case(TRANSPORTS[transport], SHAPES[shape], payload)


def header(length, following, hop, src, dst, flow=0, tclass=0):
    first = 6 << 28 | tclass << 20 | flow
    return w32(first) + word(length) + bytes([following, hop]) + src + dst


def ip6(following, data, src, dst, hop=64, flow=0):
    return header(len(data), following, hop, src, dst, flow) + data


def packet(what, src, dst, dst_sum=None, hop=64, flow=0):
    """The packet of a case; dst_sum defaults to the destination's own."""
    if dst_sum is None:
        dst_sum = osum(dst)
    data = what.transport.head(len(what.payload)) + what.payload
    data = seal(what.transport, data, src, dst_sum)
    following, data = what.shape.wrap(what.transport.proto, data)
    return ip6(following, data, src, dst, hop, flow)


def wire_sum(what, sir, ila, mode):
    """The destination sum that the transport checksum has on the wire."""
    if mode == ADJ and what.shape.adjust:
        return osum(ila)
    if (mode == COMPAT and what.shape.direct and
            what.transport.proto in (TCP, UDP, ICMP6)):
        # the in-tree sign: off by the difference, the other way
        return add(osum(sir), osum(sir), inv(osum(ila)))
    return osum(sir)


def zeroing(what, src, dst_sum):
    """Payload that makes the checksum zero, so that UDP has to write ffff."""
    if not what.transport.becomes_zero:
        return what
    blank = Case(what.transport, what.shape, what.payload[:-2] + bytes(2))
    data = blank.transport.head(len(blank.payload)) + blank.payload
    value = checksum(blank.transport, data, osum(src), dst_sum)
    return Case(what.transport, what.shape, blank.payload[:-2] + word(value))


def pair(what, src, sir, ila, mode, hop=64, flow=0):
    """(SIR form, ILA form) of one packet, hop limit alike."""
    dst_sum = wire_sum(what, sir, ila, mode)
    what = zeroing(what, src, dst_sum)
    return (packet(what, src, sir, osum(sir), hop, flow),
            packet(what, src, ila, dst_sum, hop, flow))


def hopped(raw, by=1):
    return put(raw, 7, bytes([raw[7] - by]))


def with_dst(raw, dst):
    return put(raw, 24, dst)


def flow_of(raw):
    return int.from_bytes(raw[:4], 'big') & 0xfffff


def src_of(raw):
    return raw[8:24]


def dst_of(raw):
    return raw[24:40]


# --- ICMPv6 ----------------------------------------------------------------

UNREACH, TOOBIG, TIMEX, PARAM = 1, 2, 3, 4


def icmp6(kind, code, word4, body, src, dst, hop=64, flow=0, dst_sum=None):
    if dst_sum is None:
        dst_sum = osum(dst)
    data = bytes([kind, code]) + bytes(2) + w32(word4) + body
    data = put(data, 2, word(inv(add(osum(src), dst_sum, add(len(data)), ICMP6, osum(data)))))
    return ip6(ICMP6, data, src, dst, hop, flow)


# --- the verifier: reads what others wrote ------------------------------------

AT = {TCP: 16, UDP: 6, UDPLITE: 6, DCCP: 6, ICMP6: 2, MH: 4}


def transport_of(raw):
    """(protocol, offset) of the transport header, (None, n) in a later fragment."""
    following, at = raw[6], 40
    while following in (HOPOPT, DSTOPT, ROUTING, FRAGMENT, AH) and at + 8 <= len(raw):
        if following == FRAGMENT and int.from_bytes(raw[at + 2:at + 4], 'big') & 0xfff8:
            return None, at
        size = 8 if following == FRAGMENT else (
            4 * (raw[at + 1] + 2) if following == AH else 8 * (raw[at + 1] + 1))
        following, at = raw[at], at + size
    return following, at


def valid(raw, dst=None):
    """Whether the transport checksum of a whole packet is right for dst."""
    proto, at = transport_of(raw)
    data = raw[at:]
    if proto == UDP and data[6:8] == bytes(2):
        return True
    total = add(osum(src_of(raw)), osum(dst or dst_of(raw)), add(len(data)), proto, osum(data))
    return total in (0, 0xffff)
