#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""ILA rules and routes over raw netlink: what stock ip cannot say, and what it
must not be able to say.  Importable; as a program see ila_nl.py --help."""

import argparse
import errno
import ipaddress
import json
import os
import socket
import struct
import sys

NETLINK_ROUTE, NETLINK_GENERIC = 0, 16
SOL_NETLINK = 270
NETLINK_ADD_MEMBERSHIP, NETLINK_EXT_ACK = 1, 11

NLMSG_ERROR = 2
NLMSG_DONE = 3
NLM_F_REQUEST = 0x1
NLM_F_MULTI = 0x2
NLM_F_ACK = 0x4
NLM_F_DUMP_INTR = 0x10
NLM_F_CAPPED = 0x100
NLM_F_ACK_TLVS = 0x200
NLM_F_DUMP = 0x300
NLM_F_REPLACE = 0x100
NLM_F_EXCL = 0x200
NLM_F_CREATE = 0x400
NLM_F_APPEND = 0x800

NLMSGERR_ATTR_MSG = 1
NLMSGERR_ATTR_OFFS = 2
NLMSGERR_ATTR_MISS_TYPE = 5

NLA_TYPE_MASK = 0x3FFF
NLA_F_NESTED = 0x8000

GENL_ID_CTRL = 0x10
CTRL_CMD_GETFAMILY = 3
CTRL_ATTR_FAMILY_ID = 1
CTRL_ATTR_FAMILY_NAME = 2
CTRL_ATTR_MCAST_GROUPS = 7
CTRL_ATTR_MCAST_GRP_NAME, CTRL_ATTR_MCAST_GRP_ID = 1, 2

RTM_NEWROUTE, RTM_DELROUTE, RTM_GETROUTE = 24, 25, 26
RTA_DST, RTA_SRC, RTA_OIF, RTA_GATEWAY, RTA_PRIORITY = 1, 2, 4, 5, 6
RTA_PREFSRC, RTA_MULTIPATH, RTA_TABLE, RTA_ENCAP_TYPE, RTA_ENCAP = 7, 9, 15, 21, 22
RTN_UNICAST, RTN_LOCAL = 1, 2
LWTUNNEL_ENCAP_ILA = 3
RTNH = struct.Struct("=HBBi")
RTM_NEWNEXTHOP, RTM_DELNEXTHOP, RTM_GETNEXTHOP = 104, 105, 106
NHMSG = struct.Struct("=BBBBI")
NHA_ID, NHA_GROUP, NHA_OIF, NHA_GATEWAY, NHA_ENCAP_TYPE, NHA_ENCAP = 1, 2, 5, 6, 7, 8

# struct nlmsghdr, genlmsghdr, rtmsg
NLMSGHDR = struct.Struct("=IHHII")
GENLHDR = struct.Struct("=BBH")
RTMSG = struct.Struct("=BBBBBBBBI")

ADD, DEL, GET, FLUSH = 1, 2, 3, 4
RULE_ADD, RULE_GET, RULE_DEL = 32, 33, 34
MAPPING_NEW, MAPPING_CHANGE, MAPPING_REPLACE, MAPPING_DEL = 35, 36, 37, 38
MAPPING_GET, MAPPING_FLUSH = 39, 40
LOCATOR_GET, LOCATOR_MOVE, LOCATOR_DOWN, LOCATOR_UP = 41, 42, 43, 44
CONFIG_GET, CONFIG_SET, STATS_GET, EXPLAIN, MISS_EVENT = 45, 46, 47, 48, 49

LOCATOR, IDENTIFIER, LOCATOR_MATCH, IFINDEX, DIR = 1, 2, 3, 4, 5
CSUM_MODE, IDENT_TYPE, HOOK_TYPE = 7, 8, 9
DOMAIN, STRAY, MISS, MAPPING, ADDRESS, PREFIX_LEN = 64, 65, 66, 67, 68, 69
ORIGIN, IDLE, GENERATION, SWEEP, LOCATOR_TO = 70, 71, 72, 73, 74
SIR_PREFIX, COUNT, STATE, PACKETS, BYTES = 75, 76, 77, 78, 79
LIMIT, MISS_RATE, COUNTING, LOST, REASON, STATS = 80, 81, 82, 83, 84, 85
EXPLAIN_BY, WHY, TRANSLATED, GATEWAY, FASTPATH = 86, 87, 88, 89, 90

ATTR_NAMES = {
    LOCATOR: "locator", LOCATOR_MATCH: "locator_match", IFINDEX: "ifindex",
    CSUM_MODE: "csum_mode", IDENT_TYPE: "ident_type", HOOK_TYPE: "hook_type",
    DOMAIN: "domain", STRAY: "stray", MISS: "miss", MAPPING: "mapping",
    ADDRESS: "address", PREFIX_LEN: "prefix_len", ORIGIN: "origin",
    IDLE: "idle", GENERATION: "generation", SWEEP: "sweep",
    LOCATOR_TO: "locator_to", SIR_PREFIX: "sir_prefix", COUNT: "count",
    STATE: "state", PACKETS: "packets", BYTES: "bytes", LIMIT: "limit",
    MISS_RATE: "miss_rate", COUNTING: "counting", LOST: "lost",
    REASON: "reason", STATS: "stats", EXPLAIN_BY: "explain", WHY: "why",
    TRANSLATED: "translated", GATEWAY: "gateway", FASTPATH: "fastpath",
}
CSUM_MODES = {
    "adj-transport": 0, "neutral-map": 1, "no-action": 2,
    "neutral-map-auto": 3, "adj-transport-compat": 64,
}
IDENT_TYPES = {
    "iid": 0, "luid": 1, "virt-v4": 2, "virt-uni-v6": 3, "virt-multi-v6": 4,
    "nonlocal-addr": 5, "use-format": 32,
}
HOOK_TYPES = {"output": 0, "input": 1}
STRAYS = {"forward": 0, "unreachable": 1, "drop": 2}
MISSES = {"auto": 0, "forward": 1, "unreachable": 2, "drop": 3}

# struct ila_mapping: address, locator, identifier, timeout, idle, generation,
# domain, csum_mode, ident_type, origin, flags, priority, weight, reserved
RECORD = struct.Struct("=16s8s8sIIIIBBBBBBH")
RECORD_FIELDS = ("address", "locator", "identifier", "timeout", "idle",
                 "generation", "domain", "csum_mode", "ident_type", "origin",
                 "flags", "priority", "weight", "reserved")
MORE, LOCAL = 1, 2
ROUTE_SAYS = 255


class NetlinkError(OSError):
    """A refusal: errno, the extack text, and the attribute it points at."""

    def __init__(self, error, request, msg=None, offset=None, missing=None):
        super().__init__(error, os.strerror(error))
        self.msg = msg
        self.offset = offset
        self.missing = missing
        self.attr = attr_at(request, offset)

    def __str__(self):
        return "%s%s" % (errno.errorcode.get(self.errno, self.errno),
                         ": " + self.msg if self.msg else "")

    def names(self, attr):
        """Does the refusal say that this attribute is what is wrong?"""
        text = (self.msg or "").lower().replace("_", " ").replace("-", " ")
        return (self.attr == attr or self.missing == attr or
                ATTR_NAMES[attr].replace("_", " ") in text)


def attr(kind, payload=b""):
    """One attribute, padded."""
    head = struct.pack("=HH", 4 + len(payload), kind)
    return head + payload + b"\0" * (-len(payload) % 4)


def u8(kind, value):
    return attr(kind, struct.pack("=B", value))


def u32(kind, value):
    return attr(kind, struct.pack("=I", value & 0xFFFFFFFF))


def walk(data, base=0):
    """(type, payload, offset of the attribute) of each attribute in data."""
    pos = 0
    while pos + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, pos)
        if length < 4 or pos + length > len(data):
            return
        yield kind & NLA_TYPE_MASK, data[pos + 4:pos + length], base + pos
        pos += (length + 3) & ~3


def attrs(data):
    return {kind: payload for kind, payload, _ in walk(data)}


def header_len(request):
    """Where the attributes of a request start."""
    kind = struct.unpack_from("=H", request, 4)[0]
    is_route = RTM_NEWROUTE <= kind <= RTM_GETROUTE
    return NLMSGHDR.size + (RTMSG.size if is_route else GENLHDR.size)


def attr_at(request, offset):
    """The type of the attribute at this offset of the request; routes carry
    theirs inside RTA_ENCAP."""
    if offset is None:
        return None
    start = header_len(request)
    for kind, payload, pos in walk(request[start:], start):
        if pos == offset:
            return kind
        if start != NLMSGHDR.size + RTMSG.size or kind != RTA_ENCAP:
            continue
        for inner, _, inner_pos in walk(payload, pos + 4):
            if inner_pos == offset:
                return inner
    return None


class Message:
    """One answer: type, flags, sequence, payload behind the netlink header,
    and every byte of it."""

    def __init__(self, data):
        self.raw = data
        _, self.type, self.flags, self.seq, self.portid = \
            NLMSGHDR.unpack_from(data)
        self.payload = data[NLMSGHDR.size:]


def messages(data):
    pos = 0
    while pos + NLMSGHDR.size <= len(data):
        length = struct.unpack_from("=I", data, pos)[0]
        if length < NLMSGHDR.size:
            raise ValueError("netlink message of %d bytes" % length)
        yield Message(data[pos:pos + length])
        pos += (length + 3) & ~3


def refusal(message, request):
    """The NetlinkError in an NLMSG_ERROR message, or None for an ACK."""
    error = -struct.unpack_from("=i", message.payload)[0]
    if not error:
        return None
    tlvs = b""
    if message.flags & NLM_F_ACK_TLVS:
        echoed = struct.unpack_from("=I", message.payload, 4)[0]
        skip = NLMSGHDR.size if message.flags & NLM_F_CAPPED else echoed
        tlvs = message.payload[4 + ((skip + 3) & ~3):]
    found = attrs(tlvs)
    text = found.get(NLMSGERR_ATTR_MSG)
    return NetlinkError(error, request,
                        text and text.rstrip(b"\0").decode(),
                        number(found.get(NLMSGERR_ATTR_OFFS)),
                        number(found.get(NLMSGERR_ATTR_MISS_TYPE)))


def number(payload):
    if payload is None:
        return None
    return int.from_bytes(payload, sys.byteorder)


class Netlink:
    """A netlink socket.  It belongs to the namespace it was opened in."""

    def __init__(self, protocol):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)
        self.sock.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        self.sock.bind((0, 0))
        self.sock.settimeout(60)
        self.portid = self.sock.getsockname()[0]
        self.seq = 0

    def close(self):
        self.sock.close()

    def join(self, group):
        """Hear what is told to a multicast group of the family."""
        self.sock.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, groups()[group])

    def pack(self, kind, flags, payload):
        self.seq += 1
        return NLMSGHDR.pack(NLMSGHDR.size + len(payload), kind,
                             flags | NLM_F_REQUEST, self.seq, 0) + payload

    def request(self, kind, payload, flags=NLM_F_ACK):
        """Send one request; the messages of its answer, or NetlinkError."""
        request = self.pack(kind, flags, payload)
        self.sock.send(request)
        if flags & NLM_F_DUMP == NLM_F_DUMP:
            return list(self.dump_answer(request))
        return self.answer(request, bool(flags & NLM_F_ACK))

    def answer(self, request, wants_ack):
        seq = struct.unpack_from("=I", request, 8)[0]
        found = []
        while True:
            for message in messages(self.sock.recv(1 << 16)):
                if message.seq != seq:
                    continue
                if message.type != NLMSG_ERROR:
                    found.append(message)
                    if not wants_ack:
                        return found
                    continue
                error = refusal(message, request)
                if error:
                    raise error
                return found

    def dump_answer(self, request, size=1 << 16):
        """The messages of a dump as they come, size bytes a read at most."""
        seq = struct.unpack_from("=I", request, 8)[0]
        while True:
            for message in messages(self.sock.recv(size)):
                if message.seq != seq:
                    continue
                if message.type == NLMSG_ERROR:
                    error = refusal(message, request)
                    if error:
                        raise error
                    return
                if message.type == NLMSG_DONE:
                    self.done = message
                    error = -struct.unpack_from("=i", message.payload)[0]
                    if error:
                        raise NetlinkError(error, request)
                    return
                yield message

    def send_many(self, kind, payloads, flags=0):
        """Many requests in few sends; errors are left unread by the caller's
        choice of flags (no ACK)."""
        batch = b""
        for payload in payloads:
            batch += self.pack(kind, flags, payload)
            if len(batch) > 32000:
                self.sock.send(batch)
                batch = b""
        if batch:
            self.sock.send(batch)


def locator_bytes(value):
    """Eight bytes of a locator in any spelling: 1:2:3:4, 1:2:3:4::, bytes."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, int):
        return value.to_bytes(8, "big")
    text = value.split("/")[0]
    if "::" not in text:
        if text.count(":") != 3:
            raise ValueError("locator %r has not four groups" % value)
        text += "::"
    return ipaddress.IPv6Address(text).packed[:8]


def locator_text(data):
    return ":".join("%x" % group for group in struct.unpack(">4H", data))


def choice(names, value):
    """A number, given as itself or by its name."""
    if isinstance(value, int):
        return value
    if value in names:
        return names[value]
    return int(value, 0)


def name_of(names, value):
    for name, number_ in names.items():
        if number_ == value:
            return name
    return value


def ila_attrs(loc_match=None, loc=None, ifindex=None, csum_mode=None,
              ident_type=None, hook_type=None, domain=None, stray=None,
              miss=None):
    """The attributes that are not None, in number order."""
    data = b""
    if loc is not None:
        data += attr(LOCATOR, locator_bytes(loc))
    if loc_match is not None:
        data += attr(LOCATOR_MATCH, locator_bytes(loc_match))
    if ifindex is not None:
        data += u32(IFINDEX, ifindex)
    if csum_mode is not None:
        data += u8(CSUM_MODE, choice(CSUM_MODES, csum_mode))
    if ident_type is not None:
        data += u8(IDENT_TYPE, choice(IDENT_TYPES, ident_type))
    if hook_type is not None:
        data += u8(HOOK_TYPE, choice(HOOK_TYPES, hook_type))
    if domain is not None:
        data += u32(DOMAIN, domain)
    if stray is not None:
        data += u8(STRAY, choice(STRAYS, stray))
    if miss is not None:
        data += u8(MISS, choice(MISSES, miss))
    return data


def record(address, locator=0, identifier=0, timeout=0, idle=0, generation=0,
           domain=0, csum_mode=ROUTE_SAYS, ident_type=ROUTE_SAYS, origin=0,
           flags=0, priority=0, weight=0, reserved=0):
    """One ILA_ATTR_MAPPING attribute."""
    if isinstance(address, str):
        address = ipaddress.IPv6Address(address).packed
    if isinstance(identifier, str):
        identifier = locator_bytes(identifier)
    elif isinstance(identifier, int):
        identifier = identifier.to_bytes(8, "big")
    return attr(MAPPING, RECORD.pack(
        address, locator_bytes(locator), identifier, timeout, idle, generation,
        domain, choice(CSUM_MODES, csum_mode), choice(IDENT_TYPES, ident_type),
        origin, flags, priority, weight, reserved))


def mapping_of(payload):
    """An ILA_ATTR_MAPPING as a dict of plain values."""
    found = dict(zip(RECORD_FIELDS, RECORD.unpack(payload)))
    found["address"] = str(ipaddress.IPv6Address(found["address"]))
    found["locator"] = locator_text(found["locator"])
    found["identifier"] = int.from_bytes(found["identifier"], "big")
    return found


def mappings_of(message):
    return [mapping_of(payload) for kind, payload, _
            in walk(message.payload[GENLHDR.size:]) if kind == MAPPING]


def family(netlink, name="ila"):
    payload = GENLHDR.pack(CTRL_CMD_GETFAMILY, 1, 0)
    payload += attr(CTRL_ATTR_FAMILY_NAME, name.encode() + b"\0")
    answer = netlink.request(GENL_ID_CTRL, payload, 0)
    return attrs(answer[0].payload[GENLHDR.size:])


def family_id(netlink, name="ila"):
    return number(family(netlink, name)[CTRL_ATTR_FAMILY_ID])


def groups(name="ila"):
    """{name: number} of the family's multicast groups."""
    control = Netlink(NETLINK_GENERIC)
    found = family(control, name)[CTRL_ATTR_MCAST_GROUPS]
    control.close()
    each = [attrs(nest) for _, nest, _ in walk(found)]
    return {one[CTRL_ATTR_MCAST_GRP_NAME].rstrip(b"\0").decode():
            number(one[CTRL_ATTR_MCAST_GRP_ID]) for one in each}


class Ila:
    """The generic netlink family of one namespace."""

    def __init__(self):
        self.netlink = Netlink(NETLINK_GENERIC)
        self.family = family_id(self.netlink)

    def close(self):
        self.netlink.close()

    def command(self, cmd, data=b"", flags=NLM_F_ACK, version=1, reserved=0):
        payload = GENLHDR.pack(cmd, version, reserved) + data
        return self.netlink.request(self.family, payload, flags)

    def rule_add(self, loc_match, loc, new_cmd=False, dev=None, **kw):
        if dev:
            kw["ifindex"] = socket.if_nametoindex(dev)
        private = kw.get("domain") is not None or kw.get("stray") is not None
        cmd = RULE_ADD if new_cmd or private else ADD
        self.command(cmd, ila_attrs(loc_match, loc, **kw))

    def rule_del(self, loc_match, ifindex=None, dev=None):
        if dev:
            ifindex = socket.if_nametoindex(dev)
        self.command(DEL, ila_attrs(loc_match, ifindex=ifindex))

    def rule_get(self, loc_match, ifindex=None, cmd=GET):
        found = self.command(cmd, ila_attrs(loc_match, ifindex=ifindex), 0)
        return rule_of(found[0])

    def rule_dump(self, cmd=GET):
        return [rule_of(message)
                for message in self.command(cmd, flags=NLM_F_DUMP)]

    def flush(self):
        self.command(FLUSH)

    def map(self, *records, cmd=MAPPING_NEW, generation=None):
        data = b"".join(records)
        if generation is not None:
            data += u32(GENERATION, generation)
        self.command(cmd, data)

    def map_get(self, address, domain=None):
        data = attr(ADDRESS, ipaddress.IPv6Address(address).packed)
        if domain is not None:
            data += u32(DOMAIN, domain)
        return mappings_of(self.command(MAPPING_GET, data, 0)[0])

    def map_dump(self, data=b""):
        return [found for message in
                self.command(MAPPING_GET, data, NLM_F_DUMP)
                for found in mappings_of(message)]

    def map_flush(self, data=b""):
        answer = self.command(MAPPING_FLUSH, data, 0)
        return number(attrs(answer[0].payload[GENLHDR.size:])[COUNT])

    def values(self, cmd, data=b""):
        """The attributes of a single answer, numbers as numbers."""
        answer = self.command(cmd, data, 0)
        return values_of(answer[0])

    def locator(self, locator, cmd=LOCATOR_GET, to=None, domain=None):
        data = attr(LOCATOR, locator_bytes(locator))
        if to is not None:
            data += attr(LOCATOR_TO, locator_bytes(to))
        if domain is not None:
            data += u32(DOMAIN, domain)
        if cmd == LOCATOR_GET:
            return self.values(cmd, data)
        return self.command(cmd, data)

    def locators(self):
        return [values_of(message) for message in
                self.command(LOCATOR_GET, b"", NLM_F_DUMP)]

    def explain(self, address):
        return self.values(EXPLAIN, attr(
            ADDRESS, ipaddress.IPv6Address(address).packed))


def values_of(message):
    """{name: value}: locators and addresses as text, numbers as numbers."""
    found = {}
    for kind, payload, _ in walk(message.payload[GENLHDR.size:]):
        if kind not in ATTR_NAMES:
            continue
        name = ATTR_NAMES[kind]
        if kind in (LOCATOR, LOCATOR_MATCH, LOCATOR_TO, SIR_PREFIX):
            found[name] = locator_text(payload)
        elif kind in (ADDRESS, TRANSLATED, GATEWAY):
            found.setdefault(name + "es", []).append(
                str(ipaddress.IPv6Address(payload)))
            found[name] = found[name + "es"][-1]
        elif kind == MAPPING:
            found.setdefault(name, []).append(mapping_of(payload))
        elif kind == STATS:
            found[name] = {inner: number(value) for inner, value, _
                           in walk(payload) if inner}
        else:
            found[name] = number(payload)
    return found


def rule_of(message):
    """A GET or RULE_GET answer as a dict of plain values."""
    found = attrs(message.payload[GENLHDR.size:])
    rule = {
        "locator_match": locator_text(found[LOCATOR_MATCH]),
        "locator": locator_text(found[LOCATOR]),
        "ifindex": struct.unpack("=i", found[IFINDEX])[0],
        "csum_mode": found[CSUM_MODE][0],
        "ident_type": found[IDENT_TYPE][0] if IDENT_TYPE in found else 32,
    }
    if DOMAIN in found:
        rule["domain"] = number(found[DOMAIN])
    if STRAY in found:
        rule["stray"] = found[STRAY][0]
    return rule


def rule_add(loc_match, loc, **kw):
    Ila().rule_add(loc_match, loc, **kw)


def rule_del(loc_match, **kw):
    Ila().rule_del(loc_match, **kw)


def rule_dump(cmd=GET):
    return Ila().rule_dump(cmd)


def flush():
    Ila().flush()


def leg(nest, dev, via):
    """One of RTA_MULTIPATH, around raw ILA attributes."""
    data = attr(RTA_GATEWAY, ipaddress.ip_address(via).packed) + encap_attrs(nest)
    return RTNH.pack(RTNH.size + len(data), 0, 0, socket.if_nametoindex(dev)) + data


def nexthop(number, nest, dev, via=None):
    """The bytes of a request for a nexthop object."""
    data = NHMSG.pack(socket.AF_INET6, 0, 0, 0, 0) + u32(NHA_ID, number)
    data += u32(NHA_OIF, socket.if_nametoindex(dev))
    if via:
        data += attr(NHA_GATEWAY, ipaddress.ip_address(via).packed)
    return (data + attr(NHA_ENCAP | NLA_F_NESTED, nest) +
            attr(NHA_ENCAP_TYPE, struct.pack("=H", LWTUNNEL_ENCAP_ILA)))


def encap_attrs(nest):
    """RTA_ENCAP and RTA_ENCAP_TYPE around raw ILA attributes."""
    return (attr(RTA_ENCAP | NLA_F_NESTED, nest) +
            attr(RTA_ENCAP_TYPE, struct.pack("=H", LWTUNNEL_ENCAP_ILA)))


class Routes:
    """Routes with an ILA encapsulation in the current namespace."""

    def __init__(self):
        self.netlink = Netlink(NETLINK_ROUTE)

    def close(self):
        self.netlink.close()

    def message(self, prefix, nest, dev=None, via=None, table=None,
                kind=RTN_UNICAST, source=None, metric=None, src=None,
                family=socket.AF_INET6):
        """The bytes of a route request; nest is raw, or None for none."""
        net = ipaddress.ip_network(prefix)
        src_len = ipaddress.ip_network(source).prefixlen if source else 0
        data = RTMSG.pack(family, net.prefixlen, src_len, 0, 254, 4, 0, kind, 0)
        if net.prefixlen:
            data += attr(RTA_DST, net.network_address.packed)
        if source:
            packed = ipaddress.ip_network(source).network_address.packed
            data += attr(RTA_SRC, packed)
        if via:
            data += attr(RTA_GATEWAY, ipaddress.ip_address(via).packed)
        if src:
            data += attr(RTA_PREFSRC, ipaddress.ip_address(src).packed)
        if dev:
            data += u32(RTA_OIF, socket.if_nametoindex(dev))
        if table:
            data += u32(RTA_TABLE, table)
        if metric:
            data += u32(RTA_PRIORITY, metric)
        if nest is not None:
            data += encap_attrs(nest)
        return data

    def add(self, prefix, nest, flags=NLM_F_CREATE | NLM_F_EXCL, **kw):
        self.netlink.request(RTM_NEWROUTE, self.message(prefix, nest, **kw),
                             NLM_F_ACK | flags)

    def change(self, prefix, nest, **kw):
        self.add(prefix, nest, NLM_F_REPLACE, **kw)

    def delete(self, prefix, nest=None, **kw):
        self.netlink.request(RTM_DELROUTE, self.message(prefix, nest, **kw))

    def dump_all(self, table=254):
        """(rtmsg, attributes) of each IPv6 route of a table."""
        request = RTMSG.pack(socket.AF_INET6, 0, 0, 0, 0, 0, 0, 0, 0)
        for message in self.netlink.request(RTM_GETROUTE, request, NLM_F_DUMP):
            found = attrs(message.payload[RTMSG.size:])
            if number(found.get(RTA_TABLE)) == table:
                yield message.payload[:RTMSG.size], found

    def dump(self, table=254):
        """(prefix, raw ILA attributes) of each ILA route of a table."""
        for header, found in self.dump_all(table):
            if number(found.get(RTA_ENCAP_TYPE)) != LWTUNNEL_ENCAP_ILA:
                continue
            address = found.get(RTA_DST, bytes(16))
            yield ("%s/%d" % (ipaddress.IPv6Address(address), header[1]),
                   found[RTA_ENCAP])

    def flush(self, table=254):
        """Delete every IPv6 route of a table."""
        for header, found in list(self.dump_all(table)):
            data = RTMSG.pack(header[0], header[1], header[2], 0, table,
                              0, 255, 0, 0)
            for kind in (RTA_DST, RTA_SRC, RTA_PRIORITY):
                if kind in found:
                    data += attr(kind, found[kind])
            self.netlink.request(RTM_DELROUTE, data)


def stats():
    """The counters of this namespace, or None where there are none."""
    try:
        with open("/proc/net/ila_stat") as lines:
            return {name: int(value) for name, value in
                    (line.split() for line in lines)}
    except FileNotFoundError:
        return None


# The command line: keywords and values in pairs, as ip takes them.

RULE_KEYS = {
    "loc_match": "loc_match", "loc": "loc", "dev": "dev",
    "csum-mode": "csum_mode", "ident-type": "ident_type",
    "stray": "stray", "domain": "domain",
}
ROUTE_KEYS = {
    "loc": "loc", "csum-mode": "csum_mode", "ident-type": "ident_type",
    "hook-type": "hook_type", "domain": "domain", "miss": "miss",
    "via": "via", "dev": "dev", "table": "table", "metric": "metric",
    "src": "src",
    "type": "kind",
}
ROUTE_TYPES = {"unicast": RTN_UNICAST, "local": RTN_LOCAL}


def keyed(words, keys):
    """{key: value} of "name value name value …"."""
    if len(words) % 2:
        raise SystemExit("ila_nl.py: %s has no value" % words[-1])
    found = {}
    for name, value in zip(words[::2], words[1::2]):
        if name not in keys:
            raise SystemExit("ila_nl.py: what is %r?" % name)
        found[keys[name]] = value
    for name in ("domain", "table", "metric"):
        if name in found:
            found[name] = int(found[name], 0)
    if "kind" in found:
        found["kind"] = choice(ROUTE_TYPES, found["kind"])
    return found


def rule_command(verb, words, as_json):
    ila = Ila()
    if verb == "add":
        ila.rule_add(**keyed(words, RULE_KEYS))
    elif verb == "del":
        kw = keyed(words, RULE_KEYS)
        ila.rule_del(kw["loc_match"], dev=kw.get("dev"))
    elif verb == "flush":
        ila.flush()
    else:
        print_rules(ila, as_json)


def print_rules(ila, as_json):
    """The new dump knows more; the old one is there on every module."""
    try:
        rules = ila.rule_dump(RULE_GET)
    except OSError:
        rules = ila.rule_dump()
    for rule in rules:
        rule["csum_mode"] = name_of(CSUM_MODES, rule["csum_mode"])
        rule["ident_type"] = name_of(IDENT_TYPES, rule["ident_type"])
        if "stray" in rule:
            rule["stray"] = name_of(STRAYS, rule["stray"])
    if as_json:
        print(json.dumps(rules))
        return
    for rule in rules:
        print(" ".join("%s %s" % pair for pair in rule.items()))


def route_command(verb, words):
    if not words:
        raise SystemExit("ila_nl.py: which prefix?")
    kw = keyed(words[1:], ROUTE_KEYS)
    encap = {name: kw.pop(name) for name in
             ("loc", "csum_mode", "ident_type", "hook_type", "domain",
              "miss") if name in kw}
    nest = ila_attrs(**encap) if encap else None
    verbs = {"add": Routes.add, "change": Routes.change, "del": Routes.delete}
    verbs[verb](Routes(), words[0], nest, **kw)


def main():
    parser = argparse.ArgumentParser(
        description="ILA rules and routes over raw netlink",
        epilog="rule: loc_match L loc L [csum-mode NAME|N] [ident-type NAME|N] "
               "[dev D] [stray NAME|N] [domain N]; "
               "route: PREFIX loc L [csum-mode ..] [ident-type ..] "
               "[hook-type ..] [domain N] [miss NAME|N] [via G] dev D [table T] "
               "[metric N] [src A] [type unicast|local]")
    parser.add_argument("-j", action="store_true", help="list as JSON")
    parser.add_argument("object", choices=["rule", "route"])
    parser.add_argument("verb",
                        choices=["add", "change", "del", "list", "flush"])
    parser.add_argument("words", nargs="*")
    args = parser.parse_args()
    try:
        if args.object == "rule" and args.verb != "change":
            rule_command(args.verb, args.words, args.j)
        elif args.object == "route" and args.verb in ("add", "change", "del"):
            route_command(args.verb, args.words)
        else:
            parser.error("no such verb for a %s" % args.object)
    except OSError as error:
        sys.exit("ila_nl.py: %s" % error)


if __name__ == "__main__":
    main()
