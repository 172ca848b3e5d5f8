#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The commands for mappings, locators and the configuration: what they refuse
and how they say so, that a refused message leaves no trace, filters, dumps
under change, events, and who may do what."""

import collections
import contextlib
import errno
import ipaddress
import os
import random
import signal
import socket
import time

import ilatap
from ilatap import check, equal, sh
import ila_nl as nl
from ila_nl import (RULE_ADD, RULE_DEL, MAPPING_NEW, MAPPING_CHANGE,
                    MAPPING_REPLACE, MAPPING_DEL, MAPPING_GET, MAPPING_FLUSH,
                    LOCATOR_GET, LOCATOR_MOVE, LOCATOR_DOWN, LOCATOR_UP,
                    CONFIG_GET, CONFIG_SET, STATS_GET, EXPLAIN, MISS_EVENT,
                    LOCATOR, LOCATOR_MATCH, IFINDEX, DOMAIN, MISS, MAPPING,
                    ADDRESS, PREFIX_LEN, ORIGIN, IDLE, GENERATION, SWEEP,
                    LOCATOR_TO, LIMIT, MISS_RATE, COUNTING, FASTPATH, MORE,
                    LOCAL,
                    record, u8, u32, attr)

SIR = "2001:db8:5:1"
SIR2 = "2001:db8:5:2"
LOC = "2001:db8:a:1"
LOC2 = "2001:db8:a:2"
LOC3 = "2001:db8:a:3"
ALONE = SIR + ":2000::a1"       # what every case starts with, at LOC
PAIR = SIR + ":2000::a2"        # the same, at LOC and LOC2

NETLINK_CAP_ACK = 10
SO_RCVBUFFORCE = 33
NOBODY = 65534
REQUEST, EXPIRED, DEVICE = 0, 1, 2
DOWN, OWN = 1, 2

WRITES = {MAPPING_NEW: "MAPPING_NEW", MAPPING_CHANGE: "MAPPING_CHANGE",
          MAPPING_REPLACE: "MAPPING_REPLACE", MAPPING_DEL: "MAPPING_DEL"}

CASES = []
ila = None


def pair():
    """The records of PAIR."""
    return (record(PAIR, LOC, priority=2, weight=1, flags=MORE),
            record(PAIR, LOC2, priority=1, weight=3))


def start_over():
    """The table that every case starts with."""
    ila.command(nl.FLUSH)
    ila.map_flush()
    for locator in ila.locators():
        ila.locator(locator["locator"], LOCATOR_UP, domain=locator["domain"])
    ila.map(record(ALONE, LOC), *pair())


def case(name):
    def add(function):
        def prepared():
            start_over()
            function()
        CASES.append((name, prepared))
        return function
    return add


# What there is, but for what changes by itself

Row = collections.namedtuple("Row", nl.RECORD_FIELDS)


def rows_of(data=b""):
    """A dump with little done to it, for large tables."""
    return [Row._make(nl.RECORD.unpack(payload)) for message in
            ila.command(MAPPING_GET, data, nl.NLM_F_DUMP)
            for kind, payload, _ in nl.walk(message.payload[nl.GENLHDR.size:])
            if kind == MAPPING]


def mappings():
    return sorted(row._replace(idle=0, timeout=0) for row in rows_of())


def addresses(data=b""):
    return sorted({found["address"] for found in ila.map_dump(data)})


class Tracked(nl.Ila):
    """Remembers what there is while nobody but refused requests comes."""

    def __init__(self):
        super().__init__()
        self.known = None

    def command(self, cmd, *args, **kw):
        found = super().command(cmd, *args, **kw)
        if cmd not in (MAPPING_GET, LOCATOR_GET, CONFIG_GET):
            self.known = None
        return found


def snapshot():
    places = [(one["locator"], one["domain"], one["count"], one["state"],
               one.get("sir_prefix")) for one in ila.locators()]
    return mappings(), sorted(places), ila.values(CONFIG_GET)


def offset_of(data, index):
    """Where the index-th attribute of a request is."""
    start = nl.NLMSGHDR.size + nl.GENLHDR.size
    return [pos for _, _, pos in nl.walk(data, start)][index]


def refuses(error, cmd, data=b"", names=None, text=None, at=None,
            flags=nl.NLM_F_ACK, **kw):
    """The request fails with this errno; the extack names an attribute, has
    this text, points at the at-th attribute; and nothing has changed."""
    before = ila.known or snapshot()
    wanted = error if isinstance(error, tuple) else (error,)
    try:
        ila.command(cmd, data, flags, **kw)
    except nl.NetlinkError as got:
        what = "command %d answered %s" % (cmd, got)
        check(got.errno in wanted, what + ", want %s" %
              [errno.errorcode[one] for one in wanted])
        check(text is None or text in (got.msg or ""),
              what + ", which does not say %r" % text)
        check(names is None or got.names(names) or got.attr == names,
              what + ", which does not name attribute %s" % names)
        check(at is None or got.offset == offset_of(data, at),
              what + " and points at %s, not at attribute %s" %
              (got.offset, at))
        ila.known = snapshot()
        check(ila.known == before, what + ", but something has changed")
        return got
    raise AssertionError("command %d: accepted" % cmd)


# What each command takes: attributes and their lengths; those it must have; and a
# request that it accepts

FILTER = {LOCATOR: 8, DOMAIN: 4, ADDRESS: 16, PREFIX_LEN: 1, ORIGIN: 1,
          IDLE: 4, SWEEP: 4}
PLACE = {LOCATOR: 8, DOMAIN: 4}
WRITE = {MAPPING: nl.RECORD.size, GENERATION: 4}


def address_attr(address):
    return attr(ADDRESS, ipaddress.IPv6Address(address).packed)


def locator_attr(locator, kind=LOCATOR):
    return attr(kind, nl.locator_bytes(locator))


def new_address():
    return SIR + ":2000:0:1:%x" % random.getrandbits(16)


COMMANDS = {
    RULE_DEL: ("RULE_DEL", {LOCATOR_MATCH: 8, IFINDEX: 4}, [LOCATOR_MATCH],
               lambda: locator_attr(LOC3, LOCATOR_MATCH)),
    MAPPING_NEW: ("MAPPING_NEW", WRITE, [MAPPING],
                  lambda: record(new_address(), LOC)),
    MAPPING_CHANGE: ("MAPPING_CHANGE", WRITE, [MAPPING],
                     lambda: record(ALONE, LOC2)),
    MAPPING_REPLACE: ("MAPPING_REPLACE", WRITE, [MAPPING],
                      lambda: record(ALONE, LOC2)),
    MAPPING_DEL: ("MAPPING_DEL", WRITE, [MAPPING], lambda: record(ALONE)),
    MAPPING_GET: ("MAPPING_GET", FILTER, [ADDRESS],
                  lambda: address_attr(ALONE)),
    MAPPING_FLUSH: ("MAPPING_FLUSH", FILTER, [], lambda: u8(ORIGIN, 2)),
    LOCATOR_GET: ("LOCATOR_GET", PLACE, [LOCATOR], lambda: locator_attr(LOC)),
    LOCATOR_DOWN: ("LOCATOR_DOWN", PLACE, [LOCATOR],
                   lambda: locator_attr(LOC)),
    LOCATOR_UP: ("LOCATOR_UP", PLACE, [LOCATOR], lambda: locator_attr(LOC)),
    LOCATOR_MOVE: ("LOCATOR_MOVE", {**PLACE, LOCATOR_TO: 8},
                   [LOCATOR, LOCATOR_TO],
                   lambda: locator_attr(LOC) + locator_attr(LOC3, LOCATOR_TO)),
    CONFIG_GET: ("CONFIG_GET", {}, [], lambda: b""),
    CONFIG_SET: ("CONFIG_SET",
                 {MISS: 1, MISS_RATE: 4, COUNTING: 1, FASTPATH: 1, LIMIT: 4},
                 [],
                 lambda: u8(COUNTING, 1)),
    STATS_GET: ("STATS_GET", {}, [], lambda: b""),
    EXPLAIN: ("EXPLAIN", {ADDRESS: 16}, [ADDRESS],
              lambda: address_attr(ALONE)),
}
DUMPS = (MAPPING_GET, LOCATOR_GET)


def without(data, kind):
    return b"".join(attr(other, payload) for other, payload, _
                    in nl.walk(data) if other != kind)


def each_command(name):
    """A case for each command: function(cmd, takes, must, good)."""
    def add(function):
        for cmd, (word, takes, must, good) in COMMANDS.items():
            case("%s: %s" % (word, name))(
                lambda cmd=cmd, rest=(takes, must, good):
                function(cmd, *rest))
        return function
    return add


@each_command("what it must have")
def required(cmd, takes, must, good):
    for kind in must:
        refuses(errno.EINVAL, cmd, without(good(), kind), kind)


@each_command("attributes that are short, long, nested, by number")
def lengths(cmd, takes, must, good):
    wrong = (errno.EINVAL, errno.ERANGE)
    for kind, length in takes.items():
        rest = without(good(), kind)
        at = len(list(nl.walk(rest)))
        for data in (attr(kind, bytes(length - 1)), attr(kind),
                     attr(kind, b"\x01" * (length + 1)),
                     attr(kind, b"\x01" * (length + 8)),
                     attr(kind | nl.NLA_F_NESTED, b"\x01" * length)):
            got = refuses(wrong, cmd, rest + data, at=at)
            check(got.msg, "no words for attribute %d" % kind)


@each_command("attributes that are of other commands, or of none")
def unknown(cmd, takes, must, good):
    for kind in list(range(1, 12)) + list(range(63, 92)) + [200, 0x3FFF]:
        if kind not in takes:
            got = refuses(errno.EINVAL, cmd, good() + attr(kind, bytes(4)))
            check(got.msg, "no words for attribute %d" % kind)


@each_command("header and flags")
def headers(cmd, takes, must, good):
    refuses(errno.EINVAL, cmd, good(), reserved=1)
    for flag in (nl.NLM_F_REPLACE, nl.NLM_F_EXCL, nl.NLM_F_CREATE,
                 nl.NLM_F_APPEND, 0x80):
        refuses(errno.EINVAL, cmd, good(), flags=nl.NLM_F_ACK | flag)
    refuses(errno.EINVAL, cmd, good() + b"\x01\x02")
    if cmd not in DUMPS:
        refuses(errno.EOPNOTSUPP, cmd, good(),
                flags=nl.NLM_F_ACK | nl.NLM_F_DUMP)


@each_command("accepts what it shall")
def accepts(cmd, takes, must, good):
    if cmd == RULE_DEL:
        ila.rule_add(LOC3, SIR)
    ila.command(cmd, good())


@case("of a repeated attribute the last one counts")
def repeated():
    ila.command(MAPPING_FLUSH, address_attr(PAIR) + address_attr(ALONE))
    equal(addresses(), [str(ipaddress.IPv6Address(PAIR))])
    ila.command(LOCATOR_DOWN, locator_attr(LOC3) + locator_attr(LOC))
    equal(ila.locator(LOC)["state"], DOWN)


@case("values of attributes that are out of range")
def ranges():
    wrong = (errno.EINVAL, errno.ERANGE)
    for data, kind in ((address_attr(ALONE) + u8(PREFIX_LEN, 129), PREFIX_LEN),
                       (u8(PREFIX_LEN, 64), PREFIX_LEN),
                       (u8(ORIGIN, 3), ORIGIN)):
        refuses(wrong, MAPPING_FLUSH, data)
        refuses(wrong, MAPPING_GET, data, flags=nl.NLM_F_DUMP)
    for data, kind in ((u8(MISS, 4), MISS), (u8(COUNTING, 2), COUNTING),
                       (u8(FASTPATH, 2), FASTPATH)):
        refuses(wrong, CONFIG_SET, u32(LIMIT, 5) + data, at=1)
    refuses(errno.EPERM, CONFIG_SET, u8(MISS, 2) + u32(LIMIT, 0xFFFFFFFF),
            LIMIT)
    for bad in ("0:0:0:0", "fe80:0:0:0", "febf:ffff:0:1", "ff02:0:0:0", SIR):
        refuses(errno.EINVAL, LOCATOR_MOVE, locator_attr(LOC) +
                locator_attr(bad, LOCATOR_TO))
    refuses(errno.EINVAL, LOCATOR_MOVE, locator_attr(LOC) +
            locator_attr(LOC, LOCATOR_TO))
    for kind in (LOCATOR, ORIGIN, IDLE, SWEEP, PREFIX_LEN):
        refuses(errno.EINVAL, MAPPING_GET,
                address_attr(ALONE) + attr(kind, bytes(FILTER[kind])))
    refuses(errno.EINVAL, LOCATOR_GET, locator_attr(LOC),
            flags=nl.NLM_F_DUMP)


@case("what is not there: ENOENT")
def absent():
    refuses(errno.ENOENT, MAPPING_GET, address_attr(new_address()), ADDRESS)
    refuses(errno.ENOENT, MAPPING_GET, address_attr(ALONE) + u32(DOMAIN, 1),
            ADDRESS)
    refuses(errno.ENOENT, RULE_DEL, locator_attr(LOC3, LOCATOR_MATCH))
    for cmd in (LOCATOR_GET, LOCATOR_DOWN, LOCATOR_UP):
        refuses(errno.ENOENT, cmd, locator_attr(LOC3), LOCATOR)
        refuses(errno.ENOENT, cmd, locator_attr(LOC) + u32(DOMAIN, 1), LOCATOR)
    refuses(errno.ENOENT, LOCATOR_MOVE, locator_attr(LOC3) +
            locator_attr(LOC, LOCATOR_TO), LOCATOR)


# Records

def luid(low=1, sir=SIR):
    return sir + ":2000:0:2:%x" % low


TENANT = "2001:db8:e:1:0:0:0:77"    # type 3, VNID 5
TENANT_ID = "6000:5:0:77"
GROUP = "ff05::77"                  # type 4
GROUP_ID = "8000:5:5000:77"
OTHER = "2001:db8:f::1"             # type 5
OTHER_ID = "a000:0:1:0"
FFFF = SIR + ":2000:0:2:ffff"

# What is wrong with a record, and words that say so
BAD_RECORDS = [
    (dict(flags=4), "flags"), (dict(flags=0x80), "flags"),
    (dict(flags=MORE | LOCAL, address=OTHER, identifier=OTHER_ID, locator=0),
     "no more of them"),
    (dict(flags=LOCAL, locator=0), "identifier"),
    (dict(idle=1), "idle"), (dict(generation=1), "generation"),
    (dict(reserved=1), "reserved"), (dict(reserved=0xFF00), "reserved"),
    (dict(origin=3), "origin"), (dict(origin=255), "origin"),
    (dict(timeout=0x40000000), "timeout"),
    (dict(timeout=0xFFFFFFFF), "timeout"),
    (dict(address="::", locator=LOC), "address"),
    (dict(address="::1"), "address"),
    (dict(address="fe80::1"), "address"),
    (dict(address="febf:ffff::1"), "address"),
    (dict(address="ff05::77"), "address"),
    (dict(locator=SIR), "locator"),
    (dict(ident_type=2), "ident type"), (dict(ident_type=5), "ident type"),
    (dict(address=SIR + ":6000::1", ident_type=2), "ident type"),
    (dict(address=SIR + "::1", ident_type=32), "ident type"),
    (dict(address=SIR + ":3000::1", ident_type=32), "C-bit"),
    (dict(address=SIR + ":3000::1", csum_mode=1), "C-bit"),
    (dict(address=FFFF, csum_mode=1), "ffff"),
    (dict(address=FFFF, csum_mode=3), "ffff"),
    (dict(flags=LOCAL, address=OTHER, identifier=OTHER_ID), "locator"),
    (dict(flags=LOCAL, address=OTHER, identifier=OTHER_ID, locator=0,
          priority=1), "locator"),
    (dict(flags=LOCAL, address=OTHER, identifier=OTHER_ID, locator=0,
          weight=1), "locator"),
    # an identifier that does not go with the address
    (dict(identifier="2000:0:0:1"), "IDENT_TYPE"),
    (dict(identifier="4000:0:0:1"), "IDENT_TYPE"),
    (dict(address=TENANT, identifier=TENANT_ID, ident_type=5), "IDENT_TYPE"),
    (dict(address=TENANT, identifier="7000:5:0:77"), "C-bit"),
    (dict(address=TENANT, identifier="6000:5:0:78"), "32 bits"),
    (dict(address="2001:db8:e:1::ffff", identifier="6000:5:0:ffff"), "ffff"),
    (dict(address="2001:db8:e:1::ffff", identifier="6000:5:0:ffff",
          csum_mode=1), "ffff"),
    (dict(address="ff05::77", identifier=TENANT_ID), "multicast"),
    (dict(address="fe80::77", identifier=TENANT_ID), "link-local"),
    (dict(address="::77", identifier=TENANT_ID), "::/64"),
    (dict(address=TENANT, identifier=GROUP_ID), "group"),
    (dict(address="ff15::77", identifier=GROUP_ID), "flags"),
    (dict(address="ff02::77", identifier="8000:5:2000:77"), "scope"),
    (dict(address="ff0f::77", identifier="8000:5:f000:77"), "scope"),
    (dict(address="ff05::1:0:0:77", identifier=GROUP_ID), "28 bits"),
    (dict(address="ff05::f000:77", identifier=GROUP_ID), "28 bits"),
    (dict(address="ff08::77", identifier=GROUP_ID), "scope"),
    (dict(address="ff05::78", identifier=GROUP_ID), "28 bits"),
    (dict(address=OTHER, identifier="a000:0:1:1"), "16"),
    (dict(address="ff05::77", identifier=OTHER_ID), "multicast"),
    (dict(address="fe80::77", identifier=OTHER_ID), "link-local"),
    (dict(address="::77", identifier=OTHER_ID), "::/64"),
]
BAD_RECORDS += [(dict(csum_mode=mode), "csum mode")
                for mode in (4, 5, 63, 65, 128, 254)]
BAD_RECORDS += [(dict(ident_type=kind), "type")
                for kind in (0, 6, 7, 8, 31, 33, 254)]
BAD_RECORDS += [(dict(locator=bad), "locator") for bad in
                ("0:0:0:0", "fe80:0:0:0", "febf:ffff:ffff:ffff", "ff00:0:0:0",
                 "ffff:ffff:ffff:ffff")]


def bad_record(fields):
    return record(**{"address": luid(0x77), "locator": LOC, **fields})


for cmd_, word_ in WRITES.items():
    if cmd_ == MAPPING_DEL:
        continue

    @case("%s: every field of a record out of range" % word_)
    def bad_fields(cmd=cmd_):
        for fields, text in BAD_RECORDS:
            # of commands with a condition, the record is looked at first
            refuses(errno.EINVAL, cmd, bad_record(fields), text=text, at=0)


@case("a bad record is pointed at wherever it is")
def bad_field_middle():
    for fields, text in BAD_RECORDS:
        refuses(errno.EINVAL, MAPPING_REPLACE, u32(GENERATION, 9) +
                record(luid(1), LOC) + bad_record(fields) +
                record(luid(2), LOC3), text=text, at=2)


@case("MAPPING_DEL looks at the key and at nothing else")
def del_fields():
    for flags in (4, 0x80, MORE | LOCAL):
        refuses(errno.EINVAL, MAPPING_DEL, record(ALONE, flags=flags), at=0)
    refuses(errno.EINVAL, MAPPING_DEL, record(OTHER, 0, OTHER_ID,
                                              flags=MORE | LOCAL),
            text="no more of them", at=0)
    refuses(errno.EINVAL, MAPPING_DEL, record(ALONE, flags=LOCAL), at=0)
    ila.map(record(ALONE, "ff02:0:0:0", timeout=0xFFFFFFFF, origin=9,
                   csum_mode=77), cmd=MAPPING_DEL)
    equal(addresses(), [str(ipaddress.IPv6Address(PAIR))])


@case("MAPPING_DEL of a local identifier wants its address, too")
def del_local():
    mine = record(OTHER, 0, OTHER_ID, flags=LOCAL)
    ila.map(mine)
    refuses(errno.ENOENT, MAPPING_DEL, record(TENANT, 0, OTHER_ID, flags=LOCAL), at=0)
    check(str(ipaddress.IPv6Address(OTHER)) in addresses(), "it is gone")
    ila.map(mine, cmd=MAPPING_DEL)
    refuses(errno.ENOENT, MAPPING_DEL, mine, at=0)


GOOD_RECORDS = (
    [dict(csum_mode=mode) for mode in (0, 1, 2, 3, 64, 255)] +
    [dict(ident_type=kind) for kind in (1, 32, 255)] +
    [dict(origin=origin) for origin in (0, 1, 2)] +
    [dict(priority=0xFF, weight=0xFF), dict(priority=1), dict(weight=1),
     dict(domain=0xFFFFFFFF, locator=LOC3),
     dict(address=FFFF), dict(address=FFFF, csum_mode=0),
     dict(address=SIR + ":3000::1"), dict(address=SIR + "::1"),
     dict(address=SIR + ":f000::1"),
     dict(address=SIR + ":4000::1", ident_type=2),
     dict(address=SIR + ":6000::1", ident_type=3),
     dict(address=SIR + ":8000::1", ident_type=4),
     dict(address=SIR + ":a000::1", ident_type=5),
     dict(address="fec0::1", locator="fec0:0:0:1"),
     dict(address="fe7f::1", locator="feff:0:0:1"),
     dict(address=TENANT, identifier=TENANT_ID),
     dict(address=TENANT, identifier=TENANT_ID, ident_type=3, csum_mode=3),
     dict(address=TENANT, identifier=TENANT_ID, ident_type=32),
     dict(address=GROUP, identifier=GROUP_ID, ident_type=4),
     dict(address=OTHER, identifier=OTHER_ID, ident_type=5),
     dict(address="2001:db8:e:1::ffff", identifier="6000:5:0:ffff",
          csum_mode=2),
     dict(address=OTHER, identifier=OTHER_ID, flags=LOCAL, locator=0),
     dict(address=GROUP, identifier=GROUP_ID, flags=LOCAL, locator=0),
     dict(address=TENANT, identifier=TENANT_ID, flags=LOCAL, locator=0,
          origin=2)])


@case("what records may have is kept")
def good_fields():
    for fields in GOOD_RECORDS:
        data = bad_record(fields)
        want = nl.mapping_of(data[4:])
        ila.map(data)
        found = [one for one in ila.map_dump()
                 if one["address"] == want["address"]]
        for one in found:
            one["idle"] = 0
        equal(found, [want])
        if not want["flags"] & LOCAL:
            one = ila.map_get(want["address"], want["domain"])[0]
            equal(dict(one, idle=0), want)
        ila.map(data, cmd=MAPPING_DEL)


@case("timeouts and idle times")
def times():
    for timeout in (1000, 0x3FFFFFFF):
        ila.map(record(luid(), LOC, timeout=timeout), cmd=MAPPING_REPLACE)
        found = ila.map_get(luid())[0]
        check(timeout - 2 <= found["timeout"] <= timeout,
              "timeout %d, made with %d" % (found["timeout"], timeout))
        check(found["idle"] <= 2, "idle for %d s" % found["idle"])
    ila.map(record(luid(), LOC), cmd=MAPPING_REPLACE)
    equal(ila.map_get(luid())[0]["timeout"], 0, "timeout")


# Messages: all or none

def many(n, start=0, locator=LOC, sir=SIR):
    """n records, as a list."""
    return [record("%s:2000:1:%x:%x" % (sir, i >> 16, i & 0xFFFF), locator)
            for i in range(start, start + n)]


def with_bad(records, index, bad):
    changed = list(records)
    changed[index] = bad
    return b"".join(changed)


for n_ in (1, 2, 1000, 3000):
    @case("a message of %d with one bad one is not applied at all" % n_)
    def one_bad(n=n_):
        records = many(n)
        old = record(ALONE, LOC)
        for index in sorted({0, n // 2, n - 1}):
            refuses(errno.EINVAL, MAPPING_NEW,
                    with_bad(records, index, bad_record(dict(origin=9))),
                    text="origin", at=index)
            refuses(errno.EEXIST, MAPPING_NEW, with_bad(records, index, old),
                    at=index)
            refuses(errno.EINVAL, MAPPING_REPLACE,
                    with_bad(records, index, record(luid(1, SIR2), LOC)),
                    text="SIR prefix", at=index)
            refuses(errno.EEXIST, MAPPING_REPLACE,
                    with_bad(records, index, record(luid(), LOC, domain=1)),
                    text="DOMAIN", at=index)
        ila.map(*records)
        for index in sorted({0, n // 2, n - 1}):
            for cmd in (MAPPING_CHANGE, MAPPING_DEL):
                refuses(errno.ENOENT, cmd,
                        with_bad(records, index, record(luid(), LOC)),
                        at=index)
        ila.map(*many(n, locator=LOC2), cmd=MAPPING_CHANGE)
        equal(ila.locator(LOC2)["count"], n + 1, "moved by the message")
        ila.map(*records, cmd=MAPPING_DEL)
        equal(len(addresses()), 2, "addresses at the end")


@case("a refused message leaves no locator and no SIR prefix behind")
def no_trace():
    ila.map(record(OTHER, LOC3, OTHER_ID))
    refuses(errno.EINVAL, MAPPING_NEW, record(luid(), LOC3) +
            bad_record(dict(origin=9)), at=1)
    refuses(errno.EEXIST, MAPPING_NEW, record(luid(), LOC3) +
            record(ALONE, LOC), at=1)
    refuses(errno.EEXIST, MAPPING_NEW, record(luid(), "2001:db8:a:9") +
            record(ALONE, LOC), at=1)
    ila.map(record(luid(1, SIR2), LOC3))
    ila.map(record(luid(2, SIR2), "2001:db8:a:9"))


@case("a locator without mappings goes with any SIR prefix and domain")
def locator_free():
    ila.map(record(luid(), LOC3))
    ila.map(record(luid()), cmd=MAPPING_DEL)
    ila.map(record(luid(1, SIR2), LOC3))
    ila.map(record(luid(1, SIR2)), cmd=MAPPING_DEL)
    ila.map(record(luid(), LOC3, domain=7))
    ila.map(record(luid(), domain=7), cmd=MAPPING_DEL)
    ila.map(record(OTHER, LOC3, OTHER_ID))
    ila.map(record(luid(2, SIR2), LOC3))


@case("a locator is in the domain that a rule or a mapping says")
def locator_domain():
    ila.rule_add(LOC3, SIR, domain=4)
    refuses(errno.EEXIST, MAPPING_NEW, record(luid(), LOC3), text="DOMAIN",
            at=0)
    ila.map(record(luid(), LOC3, domain=4))
    equal(ila.locator(LOC3, domain=4)["state"], OWN, "state")
    refuses(errno.EEXIST, RULE_ADD, nl.ila_attrs(LOC, SIR, domain=4), DOMAIN)
    ila.rule_del(LOC3)
    equal(ila.locator(LOC3, domain=4)["state"], 0, "state")


@case("the same mapping twice in a message")
def twice():
    one, other = record(luid(), LOC), record(luid(), LOC2)
    refuses(errno.EEXIST, MAPPING_NEW, one + other, at=1)
    ila.map(one, other, record(luid(), LOC3), cmd=MAPPING_REPLACE)
    equal([found["locator"] for found in ila.map_get(luid())], [LOC3])
    ila.map(one, other, cmd=MAPPING_CHANGE)
    equal([found["locator"] for found in ila.map_get(luid())], [LOC2])
    ila.map(other, one, record(luid(), LOC, csum_mode=1), other,
            cmd=MAPPING_REPLACE)
    equal([found["csum_mode"] for found in ila.map_get(luid())], [255])
    equal([ila.locator(loc)["count"] for loc in (LOC, LOC2)], [2, 2], "counts")
    refuses(errno.ENOENT, MAPPING_DEL, one + one, at=1)
    ila.map(record(luid(), LOC), record(luid(), LOC3, domain=1),
            cmd=MAPPING_REPLACE)


@case("sets that are malformed")
def sets():
    more = dict(flags=MORE)
    first = record(luid(), LOC, **more)
    refuses(errno.EINVAL, MAPPING_NEW, first, text="announced", at=0)
    refuses(errno.EINVAL, MAPPING_NEW, first + u32(GENERATION, 1) +
            record(luid(), LOC2), text="announced", at=0)
    refuses(errno.EINVAL, MAPPING_NEW, record(luid(7), LOC) + first * 8 +
            record(luid(), LOC2), text="8 locators", at=8)
    for fields in (dict(address=luid(2)), dict(timeout=5), dict(domain=1),
                   dict(csum_mode=1), dict(ident_type=1), dict(origin=1)):
        refuses(errno.EINVAL, MAPPING_NEW, first + record(
            **{"address": luid(), "locator": LOC2, **fields}),
            text="differ", at=1)
    refuses(errno.EINVAL, MAPPING_NEW, first + record(luid(), "ff02:0:0:0"),
            text="locator", at=1)
    ila.map(*([first] * 7), record(luid(), LOC2, priority=255))
    equal(len(ila.map_get(luid())), 8, "records")
    equal(ila.locator(LOC)["count"], 9, "mappings of a locator, seven times")
    ila.map(record(luid(), LOC2), cmd=MAPPING_CHANGE)
    equal(ila.locator(LOC)["count"], 2, "mappings of the locator")
    ila.map(record(PAIR), cmd=MAPPING_DEL)
    equal(ila.locator(LOC)["count"], 1, "mappings of the locator")


@case("a network of type 3 has one prefix, and a prefix one network")
def tenants():
    ila.map(record(TENANT, LOC, TENANT_ID))
    refuses(errno.EEXIST, MAPPING_NEW,
            record("2001:db8:e:2::78", LOC, "6000:5:0:78"), at=0)
    refuses(errno.EEXIST, MAPPING_NEW,
            record("2001:db8:e:1::78", LOC, "6000:6:0:78"), at=0)
    ila.map(record("2001:db8:e:1::78", LOC, "6000:5:0:78"))
    ila.map(record("2001:db8:e:2::78", LOC3, "6000:5:0:78", domain=1))
    ila.map_flush()
    ila.map(record("2001:db8:e:2::78", LOC, "6000:5:0:78"))


# Limits

def limited(limit):
    ila.command(CONFIG_SET, u32(LIMIT, limit))


def unlimited(function):
    """The function, and afterwards the limit as it was."""
    def run():
        most = ila.values(CONFIG_GET)["limit"]
        try:
            function()
        finally:
            limited(most)
    return run


@case("LIMIT: what is too many is refused and named")
@unlimited
def limit():
    limited(5)
    ila.map(*many(2))
    refuses(errno.ENOSPC, MAPPING_NEW, b"".join(many(2, 10)), text="LIMIT",
            at=1)
    refuses(errno.ENOSPC, MAPPING_REPLACE, record(ALONE, LOC2) +
            b"".join(many(3, 10)), text="LIMIT", at=2)
    refuses(errno.ENOSPC, MAPPING_NEW, b"".join(many(1, 10)) +
            record(OTHER, 0, OTHER_ID, flags=LOCAL), text="LIMIT", at=1)
    ila.map(record(OTHER, 0, OTHER_ID, flags=LOCAL))
    refuses(errno.ENOSPC, MAPPING_NEW, b"".join(many(1, 10)), at=0)
    # one mapping, said twice
    ila.map(record(ALONE), cmd=MAPPING_DEL)
    ila.map(record(luid(), LOC), record(luid(), LOC2), cmd=MAPPING_REPLACE)
    equal(ila.values(CONFIG_GET)["count"], 5)


@case("LIMIT below what there is: only new ones are refused")
@unlimited
def limit_below():
    limited(0)
    refuses(errno.ENOSPC, MAPPING_REPLACE, record(luid(), LOC), at=0)
    ila.map(record(ALONE, LOC2), cmd=MAPPING_REPLACE)
    ila.map(record(ALONE, LOC2, csum_mode=1), cmd=MAPPING_CHANGE)
    ila.map(record(ALONE), cmd=MAPPING_DEL)
    refuses(errno.ENOSPC, MAPPING_NEW, record(ALONE, LOC), at=0)


# Filters

def some_record(rnd):
    """A record that can be added whatever else there is, but for its key."""
    domain = rnd.choice((0, 3))
    sir = rnd.choice((0, 1))
    return dict(address="2001:db8:5:%x:2000:0:%x:%x" % (
                    sir + 1, rnd.randrange(3), rnd.getrandbits(16) & 0x8F0F),
                locator="2001:db8:b:%x%x%x" % (domain, sir, rnd.randrange(4)),
                domain=domain, origin=rnd.randrange(3))


def some_local(rnd):
    low = rnd.getrandbits(12)
    return dict(address="2001:db8:5:1:a000::%x" % low, locator=0,
                identifier="a000:0:%x:0" % low, flags=LOCAL,
                domain=rnd.choice((0, 3)), origin=rnd.randrange(3))


def key_of(row):
    """What tells mappings apart."""
    return row.address, row.domain, row.identifier


def fill_random(rnd):
    ila.map_flush()
    for generation in range(4):
        rows = [some_record(rnd) for _ in range(80)]
        rows += [some_local(rnd) for _ in range(20)]
        ila.map(*(record(**row) for row in rows), cmd=MAPPING_REPLACE,
                generation=generation)
        for _ in range(10):
            first = some_record(rnd)
            second = dict(first, locator=first["locator"][:-1] + "9")
            ila.map(record(**first, flags=MORE), record(**second, weight=7),
                    cmd=MAPPING_REPLACE, generation=generation)


def begins(bits, one, other):
    """Are so many bits of two addresses the same?"""
    differ = int.from_bytes(one, "big") ^ int.from_bytes(other, "big")
    return not differ >> (128 - bits)


def some_filter(rnd, rows, kinds):
    """The attributes, and functions that say whether a row is meant."""
    row = rnd.choice(rows)
    tests, data = [], b""
    if ADDRESS in kinds:
        bits = rnd.choice((0, 1, 47, 48, 63, 64, 96, 112, 120, 127, 128))
        data += attr(ADDRESS, row.address)
        if bits < 128 or rnd.random() < 0.5:
            data += u8(PREFIX_LEN, bits)
        tests.append(lambda one: begins(bits, one.address, row.address))
    if LOCATOR in kinds:
        data += attr(LOCATOR, row.locator)
        tests.append(lambda one: not one.flags & LOCAL and
                     one.locator == row.locator)
    if DOMAIN in kinds:
        data += u32(DOMAIN, row.domain)
        tests.append(lambda one: one.domain == row.domain)
    if ORIGIN in kinds:
        data += u8(ORIGIN, row.origin)
        tests.append(lambda one: one.origin == row.origin)
    if SWEEP in kinds:
        generation = rnd.randrange(5)
        data += u32(SWEEP, generation)
        tests.append(lambda one: one.generation != generation)
    if IDLE in kinds:
        idle = rnd.choice((0, 100000))
        data += u32(IDLE, idle)
        tests.append(lambda one: not idle)
    return data, tests


def meant(rows, tests):
    """Keys of the mappings that all tests hold for; a set counts if they hold
    for one of its records."""
    return {key_of(one) for one in rows if all(test(one) for test in tests)}


KINDS = (ADDRESS, LOCATOR, DOMAIN, ORIGIN, SWEEP, IDLE)


@case("dump: filters alone and together, against every row of a random table")
def filtered_dump():
    rnd = random.Random(SEED)
    fill_random(rnd)
    rows = rows_of()
    equal(len({key_of(one) for one in rows}),
          ila.values(CONFIG_GET)["count"], "mappings")
    for turn in range(60):
        kinds = ([KINDS[turn % len(KINDS)]] if turn < 24 else
                 rnd.sample(KINDS, rnd.randrange(1, len(KINDS) + 1)))
        data, tests = some_filter(rnd, rows, kinds)
        found = {key_of(one) for one in rows_of(data)}
        check(found == meant(rows, tests),
              "seed %d turn %d by %s: %d found, want %d" %
              (SEED, turn, kinds, len(found), len(meant(rows, tests))))


@case("flush: filters alone and together, against every row of a random table")
def filtered_flush():
    rnd = random.Random(SEED + 1)
    for turn in range(14):
        fill_random(rnd)
        rows = rows_of()
        kinds = ([KINDS[turn % len(KINDS)]] if turn < 6 else
                 rnd.sample(KINDS, rnd.randrange(1, len(KINDS) + 1)))
        data, tests = some_filter(rnd, rows, kinds)
        gone = meant(rows, tests)
        equal(ila.map_flush(data), len(gone), "turn %d: flushed" % turn)
        left = {key_of(one) for one in rows_of()}
        equal(left, {key_of(one) for one in rows} - gone, "left")
    ila.map_flush()
    equal(ila.locators(), [], "locators of an empty table")


@case("generations: CONFIG tells the newest, SWEEP takes the others")
def generations():
    newest = ila.values(CONFIG_GET)["generation"]
    ila.map(*many(10), generation=newest + 5)
    equal(ila.values(CONFIG_GET)["generation"], newest + 5, "newest")
    ila.map(*many(5), cmd=MAPPING_REPLACE, generation=newest + 6)
    refuses(errno.EINVAL, MAPPING_REPLACE, u32(GENERATION, newest + 9) +
            bad_record(dict(origin=9)))
    equal(ila.map_flush(u32(SWEEP, newest + 6) + u32(DOMAIN, 0)), 7, "swept")
    equal({one["generation"] for one in ila.map_dump()}, {newest + 6})
    ila.map(*many(5), cmd=MAPPING_REPLACE)
    equal({one["generation"] for one in ila.map_dump()}, {0})
    equal(ila.values(CONFIG_GET)["generation"], newest + 6, "newest")
    # half way around, and on
    for newest in ((newest + (1 << 31)) % (1 << 32), 0xFFFFFFFF, 1):
        ila.map(*many(5), cmd=MAPPING_REPLACE, generation=newest)
        ila.map(record(ALONE, LOC), cmd=MAPPING_REPLACE)
        equal(ila.values(CONFIG_GET)["generation"], newest, "newest")


# Dumps under change

def dump_slowly(between, after=100):
    """Dump with small reads; when so many are read, call between. The mappings,
    and whether the dump said that it was interrupted."""
    reader = nl.Netlink(nl.NETLINK_GENERIC)
    request = reader.pack(ila.family, nl.NLM_F_DUMP,
                          nl.GENLHDR.pack(MAPPING_GET, 1, 0))
    reader.sock.send(request)
    found, interrupted, called = [], False, False
    for message in reader.dump_answer(request, 4096):
        found += nl.mappings_of(message)
        interrupted |= bool(message.flags & nl.NLM_F_DUMP_INTR)
        if not called and len(found) >= after:
            between(found)
            called = True
    interrupted |= bool(reader.done.flags & nl.NLM_F_DUMP_INTR)
    reader.close()
    check(called, "the dump was over before anything could change")
    return [one["address"] for one in found], interrupted


def address_of(data):
    return str(ipaddress.IPv6Address(data[4:20]))


def check_lived(found, lived):
    counts = {}
    for address in found:
        counts[address] = counts.get(address, 0) + 1
    lost = [one for one in lived if one not in counts]
    again = [one for one in lived if counts.get(one, 0) > 1]
    check(not lost, "%d that lived through it are missing" % len(lost))
    check(not again, "%d are there twice" % len(again))


def dumped_while(between, stays=1000):
    """Dump while something happens; the lasting ones are there once."""
    ila.map_flush()
    lasting = many(stays)
    ila.map(*lasting)
    found, interrupted = dump_slowly(between)
    check_lived(found, [address_of(one) for one in lasting])
    check(interrupted, "no NLM_F_DUMP_INTR")


@case("dump while the table grows: none lost, none twice, and it says so")
def dump_growing():
    dumped_while(lambda found: [ila.map(*many(2000, start))
                                for start in range(10000, 18000, 2000)])


@case("dump while the table shrinks: none lost, none twice, and it says so")
def dump_shrinking():
    def setup_then_flush(found):
        ila.map_flush(locator_attr(LOC2))
    ila.map_flush()
    lasting = many(300)
    ila.map(*lasting)
    for start in range(10000, 14000, 2000):
        ila.map(*many(2000, start, LOC2))
    found, interrupted = dump_slowly(setup_then_flush)
    check_lived(found, [address_of(one) for one in lasting])
    check(interrupted, "no NLM_F_DUMP_INTR")


@case("dump while one mapping is replaced by another of the same address")
def dump_replacing():
    dumped_while(lambda found: ila.map(
        *(record(address_of(one), LOC, csum_mode=1) for one in many(500)),
        cmd=MAPPING_REPLACE))


@case("dump of which all that is left goes says so")
def dump_emptied():
    ila.map_flush()
    ila.map(*many(1000))
    found, interrupted = dump_slowly(lambda found: ila.map_flush())
    check(len(found) < 1000, "nothing was missed")
    check(interrupted, "no NLM_F_DUMP_INTR, with %d of 1000" % len(found))


@case("dump while a locator moves says so")
def dump_moving():
    dumped_while(lambda found: ila.locator(LOC, LOCATOR_MOVE, to=LOC3))


@case("dump while a locator of single mappings changes says so")
def dump_changing():
    dumped_while(lambda found: ila.map(*many(500, 0, LOC2),
                                       cmd=MAPPING_CHANGE))


@case("dump of a quiet table is not interrupted")
def dump_quiet():
    ila.map(*many(1000))
    found, interrupted = dump_slowly(lambda found: None)
    equal(len(found), 1003, "records")
    check(not interrupted, "NLM_F_DUMP_INTR without a change")


# Locators

def place(locator, domain=None):
    found = ila.locator(locator, domain=domain)
    return found["count"], found["state"]


@case("a locator that lost its mappings is in a domain that a rule said since")
def locator_domain_since():
    ila.map(record(luid(), LOC3))
    ila.map(record(luid()), cmd=MAPPING_DEL)
    ila.rule_add(LOC3, SIR, domain=4)
    refuses(errno.EEXIST, MAPPING_NEW, record(luid(), LOC3), text="DOMAIN",
            at=0)


@case("locators: counts, states, SIR prefixes, moves")
def locators():
    equal([place(LOC), place(LOC2)], [(2, 0), (1, 0)])
    equal(ila.locator(LOC)["sir_prefix"], SIR)
    ila.locator(LOC, LOCATOR_DOWN)
    ila.locator(LOC, LOCATOR_DOWN)
    equal(place(LOC), (2, DOWN))
    ila.locator(LOC, LOCATOR_MOVE, to=LOC3)
    refuses(errno.ENOENT, LOCATOR_GET, locator_attr(LOC), LOCATOR)
    equal(place(LOC3), (2, 0), "after a move")
    ila.locator(LOC3, LOCATOR_MOVE, to=LOC2)
    equal(place(LOC2), (3, 0), "after a second move")
    equal([one["locator"] for one in ila.map_get(PAIR)], [LOC2, LOC2])
    ila.locator(LOC2, LOCATOR_MOVE, to=LOC)
    equal(place(LOC), (3, 0), "after moving back")
    ila.map(record(luid(), LOC2))
    ila.locator(LOC2, LOCATOR_DOWN)
    ila.locator(LOC, LOCATOR_MOVE, to=LOC2)
    equal(place(LOC2), (4, DOWN), "moved to what is down")
    ila.locator(LOC2, LOCATOR_UP)
    equal(place(LOC2), (4, 0))


@case("locators: one that is down stays so without mappings, others go")
def locator_stays():
    ila.map(record(luid(), LOC3))
    ila.locator(LOC3, LOCATOR_DOWN)
    ila.map_flush()
    equal([one["locator"] for one in ila.locators()], [LOC3])
    equal(place(LOC3), (0, DOWN))
    ila.map(record(luid(), LOC3))
    equal(place(LOC3), (1, DOWN))
    ila.map_flush()
    ila.locator(LOC3, LOCATOR_UP)
    equal(ila.locators(), [])


@case("locators: one that is down and has no mappings goes with any SIR prefix")
def locator_down_free():
    ila.map(record(luid(), LOC3))
    ila.locator(LOC3, LOCATOR_DOWN)
    ila.map(record(luid()), cmd=MAPPING_DEL)
    ila.map(record(luid(1, SIR2), LOC3))
    equal(place(LOC3), (1, DOWN))
    refuses(errno.EINVAL, MAPPING_NEW, record(luid(), LOC3), text="another SIR prefix")
    ila.map_flush()
    for first, second in ((luid(), luid(1, SIR2)), (luid(1, SIR2), luid())):
        refuses(errno.EINVAL, MAPPING_NEW, record(first, LOC3) + record(second, LOC3),
                text="another SIR prefix")
    ila.locator(LOC3, LOCATOR_UP)
    # idle, it has the last one's prefix
    for first, second in ((luid(), luid(1, SIR2)), (luid(1, SIR2), luid())):
        ila.map(record(luid(), LOC3))
        ila.map(record(luid()), cmd=MAPPING_DEL)
        refuses(errno.EINVAL, MAPPING_NEW, record(first, LOC3) + record(second, LOC3),
                text="another SIR prefix")


@case("locators: one message may want one that is down for several SIR prefixes")
def locator_changes_prefix():
    ila.map(record(luid(), LOC3))
    ila.locator(LOC3, LOCATOR_DOWN)
    ila.map(record(luid()), cmd=MAPPING_DEL)
    # the last word about an address counts, the locator has been wanted before
    records = [record(luid(1, SIR2), LOC3), record(luid(1, SIR2), "2001:db8:a:4"),
               record(luid(1, "2001:db8:5:3"), LOC3)]
    refuses(errno.EINVAL, MAPPING_REPLACE, b"".join(records) + record(luid(2, SIR2), LOC3),
            text="another SIR prefix")
    ila.map(*records, cmd=MAPPING_REPLACE)
    equal([place(LOC3), place("2001:db8:a:4")], [(1, DOWN), (1, 0)])
    equal(ila.locator(LOC3)["sir_prefix"], "2001:db8:5:3")
    ila.map_flush()
    ila.locator(LOC3, LOCATOR_UP)
    equal(ila.locators(), [])


@case("locators: what mappings have moved to goes with them")
def locator_moved_goes():
    ila.locator(LOC, LOCATOR_MOVE, to=LOC3)
    ila.map_flush()
    equal(ila.locators(), [])
    refuses(errno.ENOENT, LOCATOR_DOWN, locator_attr(LOC3), LOCATOR)
    refuses(errno.ENOENT, LOCATOR_MOVE, locator_attr(LOC3) +
            locator_attr(LOC, LOCATOR_TO), LOCATOR)


@case("locators: a move to one of which all that moved there is forgotten")
def move_forgets():
    def elsewhere():
        # where nothing else has moved a minute ago
        ilatap.unshare(ilatap.CLONE_NEWNET)
        mine = nl.Ila()
        mine.map(record(ALONE, LOC))
        mine.locator(LOC, LOCATOR_MOVE, to=LOC2)
        mine.map(record(ALONE), cmd=MAPPING_DEL)
        # nobody uses LOC2: it may go with another SIR prefix
        mine.map(record(luid(1, SIR2), LOC3))
        mine.locator(LOC3, LOCATOR_MOVE, to=LOC2)
        equal(mine.map_get(luid(1, SIR2))[0]["locator"], LOC2)
        equal(mine.locator(LOC2)["sir_prefix"], SIR2)
    ilatap.in_child(elsewhere)


@case("locators: moves that are refused")
def moves_refused():
    ila.map(record(luid(1, SIR2), LOC3))
    refuses(errno.EINVAL, LOCATOR_MOVE, locator_attr(LOC) +
            locator_attr(LOC3, LOCATOR_TO), text="SIR prefix")
    ila.map(record(luid(), "2001:db8:a:7", domain=7))
    refuses(errno.EEXIST, LOCATOR_MOVE, locator_attr(LOC) +
            locator_attr("2001:db8:a:7", LOCATOR_TO), text="DOMAIN")


@case("locators: a dump of thousands has each once")
def locator_dump():
    ila.map_flush()
    ila.map(*(record("%s:2000:2:0:%x" % (SIR, i), "2001:db8:c:%x" % i)
              for i in range(2000)))
    found = [one["locator"] for one in ila.locators()]
    equal(len(found), 2000, "locators")
    equal(len(set(found)), 2000, "different locators")


# Events

class Listener:
    """A member of a multicast group."""

    def __init__(self, group, buffer=None):
        self.netlink = nl.Netlink(nl.NETLINK_GENERIC)
        if buffer:
            self.netlink.sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE,
                                         buffer)
        self.netlink.join(group)

    def close(self):
        self.netlink.close()

    def read(self, timeout=5):
        """The next event: its command and its values; None if none comes."""
        self.netlink.sock.settimeout(timeout * ilatap.SLOW)
        try:
            message = next(nl.messages(self.netlink.sock.recv(1 << 16)))
        except socket.timeout:
            return None, None
        return message.payload[0], nl.values_of(message)

    def expect(self, cmd, **want):
        """The next event is this, with these values among others."""
        got, values = self.read()
        check(got == cmd, "event %s, want %d" % (got, cmd))
        for name, value in want.items():
            equal(values.get(name), value, "event %d: %s" % (cmd, name))
        return values

    def expect_nothing(self):
        """Events come before the request returns that they are about."""
        cmd, values = self.read(0.01)
        check(cmd is None, "event %s: %s" % (cmd, values))


def listening(group="config", **kw):
    """The case gets a listener."""
    def around(function):
        def run():
            listener = Listener(group, **kw)
            try:
                function(listener)
            finally:
                listener.close()
        return run
    return around


def told(values):
    return [(one["address"], one["locator"]) for one in values["mapping"]]


@case("events: mappings")
@listening()
def mapping_events(listener):
    address = str(ipaddress.IPv6Address(luid()))
    ila.map(record(luid(), LOC))
    equal(told(listener.expect(MAPPING_NEW)), [(address, LOC)])
    ila.map(record(luid(), LOC2), cmd=MAPPING_CHANGE)
    equal(told(listener.expect(MAPPING_CHANGE)), [(address, LOC2)])
    ila.map(record(luid(), LOC, flags=MORE), record(luid(), LOC2, weight=1),
            cmd=MAPPING_REPLACE)
    equal(told(listener.expect(MAPPING_REPLACE)),
          [(address, LOC), (address, LOC2)])
    ila.map(record(luid()), record(ALONE), cmd=MAPPING_DEL)
    values = listener.expect(MAPPING_DEL, reason=REQUEST)
    equal(len(values["mapping"]), 3, "records of both mappings")
    listener.expect_nothing()


@case("events: none of what is refused, or is said again")
@listening()
def no_events(listener):
    refuses(errno.EEXIST, MAPPING_NEW, record(luid(), LOC) +
            record(ALONE, LOC))
    refuses(errno.ENOENT, LOCATOR_DOWN, locator_attr(LOC3))
    ila.map(record(ALONE, LOC), cmd=MAPPING_REPLACE)
    equal(ila.map_flush(u8(ORIGIN, 2)), 0, "flushed")
    listener.expect_nothing()


@case("several locators: written again as they are, nothing has changed")
@listening()
def same_set(listener):
    before = snapshot()
    for cmd in (MAPPING_REPLACE, MAPPING_CHANGE):
        ila.map(*pair(), cmd=cmd)
        equal(snapshot(), before)
    listener.expect_nothing()
    ila.map(*pair(), cmd=MAPPING_REPLACE, generation=77)
    equal([one["generation"] for one in ila.map_get(PAIR)], [77, 77])
    ila.map(record(PAIR), cmd=MAPPING_DEL)
    equal(place(LOC), (1, 0))
    refuses(errno.ENOENT, LOCATOR_GET, locator_attr(LOC2), LOCATOR)


@case("events: locators and the configuration")
@listening()
def other_events(listener):
    ila.locator(LOC, LOCATOR_DOWN)
    listener.expect(LOCATOR_DOWN, locator=LOC, domain=0)
    ila.locator(LOC, LOCATOR_UP)
    listener.expect(LOCATOR_UP, locator=LOC, domain=0)
    ila.locator(LOC, LOCATOR_MOVE, to=LOC3)
    listener.expect(LOCATOR_MOVE, locator=LOC, locator_to=LOC3, domain=0)
    ila.command(CONFIG_SET, u8(MISS, 2))
    listener.expect(CONFIG_SET, miss=2, count=2)
    ila.command(CONFIG_SET, u8(MISS, 0))
    listener.expect(CONFIG_SET, miss=0)
    listener.expect_nothing()


@case("events: rules, by old commands and new, and with their device")
@listening()
def rule_events(listener):
    ila.rule_add(LOC3, SIR)
    listener.expect(RULE_ADD, locator_match=LOC3, locator=SIR)
    ila.rule_del(LOC3)
    listener.expect(RULE_DEL, locator_match=LOC3, reason=REQUEST)
    ila.rule_add(LOC3, SIR, new_cmd=True, domain=3)
    listener.expect(RULE_ADD, locator_match=LOC3, domain=3)
    ila.command(RULE_DEL, locator_attr(LOC3, LOCATOR_MATCH))
    listener.expect(RULE_DEL, locator_match=LOC3, reason=REQUEST)
    ila.rule_add(LOC3, SIR)
    ila.rule_add(LOC2, SIR)
    listener.expect(RULE_ADD)
    listener.expect(RULE_ADD)
    ila.command(nl.FLUSH)
    gone = {listener.expect(RULE_DEL, reason=REQUEST)["locator_match"]
            for _ in range(2)}
    equal(gone, {LOC2, LOC3})
    sh("ip link add gone type dummy")
    index = socket.if_nametoindex("gone")
    ila.rule_add(LOC3, SIR, ifindex=index)
    listener.expect(RULE_ADD, ifindex=index)
    sh("ip link del gone")
    listener.expect(RULE_DEL, ifindex=index, reason=DEVICE)
    listener.expect_nothing()


@case("events: a flush tells of everything, in the end")
@listening(buffer=8 << 20)
def flush_events(listener):
    ila.map(*many(2500))
    start = addresses()
    seen = []
    while len(seen) < 2500:
        seen += told(listener.expect(MAPPING_NEW))
    equal(ila.map_flush(), 2502, "flushed")
    gone = []
    while len(gone) < 2503:
        gone += told(listener.expect(MAPPING_DEL, reason=REQUEST))
    equal(sorted({address for address, _ in gone}), start)
    listener.expect_nothing()


@case("events: who does not read is told ENOBUFS")
@listening(buffer=4096)
def overrun(listener):
    ila.map(*many(3000))
    ila.map_flush()
    try:
        while listener.read(0.01)[0] is not None:
            pass
    except OSError as error:
        equal(errno.errorcode[error.errno], "ENOBUFS")
        return
    raise AssertionError("no ENOBUFS")


@case("expiry: a mapping ends by itself, and that is told")
@listening()
def expiry(listener):
    ila.map(record(luid(), LOC3, timeout=1),
            record(OTHER, 0, OTHER_ID, flags=LOCAL, timeout=1))
    listener.expect(MAPPING_NEW)
    gone = []
    while len(gone) < 2:
        values = listener.expect(MAPPING_DEL, reason=EXPIRED)
        gone += [one["address"] for one in values["mapping"]]
    equal(set(gone), {str(ipaddress.IPv6Address(one))
                      for one in (luid(), OTHER)})
    refuses(errno.ENOENT, MAPPING_GET, address_attr(luid()))
    refuses(errno.ENOENT, LOCATOR_GET, locator_attr(LOC3))
    equal(len(addresses()), 2, "addresses left")
    check(ila.values(STATS_GET)["stats"][23] >= 2, "not counted")


@case("expiry: a flush of others removes it, and yet it is expired")
@listening(buffer=32 << 20)
def expiry_flushed(listener):
    count = 30000
    before = ila.values(STATS_GET)["stats"][23]
    for start in range(0, count, 1000):
        ila.map(*(record(luid(n), LOC, timeout=1) for n in range(start, start + 1000)))
    reasons = {}
    while sum(reasons.values()) < count:
        equal(ila.map_flush(nl.u8(nl.ORIGIN, 1)), 0, "flushed")
        cmd, values = listener.read(0.05)
        while cmd is not None:
            if cmd == MAPPING_DEL:
                reasons.setdefault(values["reason"], 0)
                reasons[values["reason"]] += len(values["mapping"])
            cmd, values = listener.read(0.05)
    equal(reasons, {EXPIRED: count}, "reasons")
    equal(ila.values(STATS_GET)["stats"][23] - before, count, "counted")


# Misses

def send(*to):
    """A packet to each address; without a mapping it is refused."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        for address in to:
            try:
                sock.sendto(b"x", (address, 9))
            except OSError as error:
                equal(errno.errorcode[error.errno], "EHOSTUNREACH", "send")


def send_to(low):
    """A packet to an address without a mapping."""
    send("%s:2000:9::%x" % (SIR, low))


def miss_case(name, rate):
    """A listener for misses, and a table route that drops what has none."""
    def add(function):
        @case(name)
        @listening("miss")
        def run(listener):
            ila.command(CONFIG_SET, u32(MISS_RATE, rate))
            try:
                function(listener)
            finally:
                ila.command(CONFIG_SET, u32(MISS_RATE, 0))
        return function
    return add


def table_route():
    sh("ip link add sink up type dummy")
    sh("ip -6 addr add 2001:db8:1::1/64 dev sink nodad")
    sh("ip -6 route add 2001:db8:a::/48 dev sink")
    nl.Routes().add(SIR + "::/64", nl.ila_attrs(
        loc="0:0:0:0", ident_type=1, csum_mode=0, miss=3), dev="sink")


@miss_case("misses: none are told by default", 0)
def misses_off(listener):
    send_to(1)
    check(listener.read(0.3)[0] is None, "an event")


def misses_told(listener):
    """Addresses told, and how many were lost, until no more come."""
    told_of, lost = [], 0
    cmd, values = listener.read()
    while cmd is not None:
        equal(cmd, MISS_EVENT, "event")
        told_of += values.get("addresses", [])
        lost += values.get("lost", 0)
        cmd, values = listener.read(1.5)
    return told_of, lost


@miss_case("misses: an address that comes again and again is told once", 1000)
def misses_once(listener):
    begin = time.monotonic()
    for _ in range(20):
        send_to(2)
    took = time.monotonic() - begin
    # all of it: the next case is about its own addresses
    told_of, lost = misses_told(listener)
    equal(set(told_of), {str(ipaddress.IPv6Address(SIR + ":2000:9::2"))})
    equal(lost, 0, "lost")
    # once each time that is told, ten times a second
    check(len(told_of) <= 1 + took / 0.09,
          "told %d times in %.2f s" % (len(told_of), took))


@miss_case("misses: those above the rate are counted as lost", 5)
def misses_rate(listener):
    begin = time.monotonic()
    for low in range(100, 160):
        send_to(low)
    most = 10 + 5 * (time.monotonic() - begin)
    told_of, lost = misses_told(listener)
    check(len(told_of) == len(set(told_of)), "an address was told twice")
    check(1 <= len(told_of) <= most,
          "%d told, of 5 a second and %d at most" % (len(told_of), most))
    # a packet does not wait for the lock, not even to be counted
    check(58 <= len(told_of) + lost <= 60,
          "%d told and %d lost, of 60" % (len(told_of), lost))


# Use

@case("idle times: what a packet uses is not idle, what is explained is")
def idle_use():
    time.sleep(5)
    ila.explain(ALONE)
    idle = ila.map_get(ALONE)[0]["idle"]
    check(idle >= 4, "idle for %d s after 5, explained" % idle)
    send(ALONE)
    idle = ila.map_get(ALONE)[0]["idle"]
    check(idle < 4, "idle for %d s, just used" % idle)


@contextlib.contextmanager
def meanwhile(function):
    """In a child the function is called again and again."""
    pid = os.fork()
    if not pid:
        try:
            while True:
                function()
        finally:
            os._exit(1)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGKILL)
        status = os.waitpid(pid, 0)[1]
    check(os.WIFSIGNALED(status), "what was to go on has ended")


@case("idle times: a flush leaves what is used while it works")
def flush_used():
    used = ["%s:2000:1:0:%x" % (SIR, low) for low in range(60000)]
    # around the low 16 bits of a record's address
    before, behind = record(used[0], LOC)[:18], record(used[0], LOC)[20:]
    for first in range(0, len(used), 2000):
        ila.map(*(before + low.to_bytes(2, "big") + behind
                  for low in range(first, first + 2000)))
    with meanwhile(lambda: send(*used)):
        # A flush takes its time when it begins, and works into the next second;
        # a use is written if the last one is four seconds old.
        end = time.monotonic() + 9
        while time.monotonic() < end:
            equal(ila.map_flush(u32(IDLE, 1000)), 0, "flushed")


# Explain

@case("explain: by what, and why not")
def explain():
    equal(ila.explain("2001:db8:99::1")["explain"], 0, "of no route")
    ila.rule_add(LOC3, SIR, csum_mode=2)
    found = ila.explain(LOC3 + ":2000::1")
    equal((found["explain"], found["translated"]),
          (1, SIR + ":2000::1"), "of a rule")
    found = ila.explain(ALONE)
    equal((found["explain"], found["why"], found["translated"]),
          (3, 0, LOC + ":2000::a1"), "of a mapping")
    equal(found["mapping"][0]["locator"], LOC)
    ila.locator(LOC, LOCATOR_DOWN)
    found = ila.explain(ALONE)
    equal((found["explain"], found["why"], found["miss"]), (4, 3, 3),
          "of a mapping whose locator is down")
    found = ila.explain(new_address())
    equal((found["explain"], found["why"]), (4, 1), "of no mapping")
    nl.Routes().add(LOC2 + "::/64", nl.ila_attrs(
        loc=SIR, ident_type=1, csum_mode=2, hook_type=1), dev="sink")
    found = ila.explain(LOC2 + ":2000::1")
    equal((found["explain"], found["why"], found["translated"]),
          (5, 0, SIR + ":2000::1"), "of an input route")
    nl.Routes().add(SIR2 + "::/64", nl.ila_attrs(
        loc="2001:db8:ffff:1", ident_type=1, csum_mode=2), dev="sink")
    found = ila.explain(SIR2 + ":2000::1")
    equal((found["explain"], found["why"]), (2, 5), "of a locator without a route")
    nl.Routes().change(SIR2 + "::/64", nl.ila_attrs(
        loc="2001:db8:ffff:1", ident_type=1, csum_mode=2), dev="sink", via="2001:db8:1::2")
    found = ila.explain(SIR2 + ":2000::1")
    equal((found["explain"], found["why"], found["gateway"]),
          (2, 0, "2001:db8:1::2"), "of a locator by a gateway")
    ila.rule_add("2001:db8:f:1", SIR2, csum_mode=2, ident_type=32)
    ila.map(record(OTHER, 0, OTHER_ID, flags=LOCAL))
    found = ila.explain("2001:db8:f:1:" + OTHER_ID)
    equal((found["explain"], found["translated"]),
          (1, str(ipaddress.IPv6Address(OTHER))), "of a rule that obeys types")


# Who may do what

def answer(mine, cmd, data, flags=nl.NLM_F_ACK):
    try:
        mine.command(cmd, data, flags)
    except nl.NetlinkError as error:
        return errno.errorcode[error.errno]
    return "ok"


def answers(prepare):
    """What each command, its dump and each group is answered, in a child that
    was prepared."""
    requests = [(word, cmd, good()) for cmd, (word, _, _, good)
                in COMMANDS.items()]

    def call():
        mine = prepare()
        got = {word: answer(mine, cmd, data) for word, cmd, data in requests}
        for cmd in DUMPS:
            got["dump %d" % cmd] = answer(mine, cmd, b"", nl.NLM_F_DUMP)
        for group in ("config", "miss"):
            try:
                Listener(group).close()
                got[group] = "ok"
            except OSError as error:
                got[group] = errno.errorcode[error.errno]
        return got
    return eval(ilatap.in_child(call), {"__builtins__": {}})


def all_refused(got):
    wrong = {word for word, said in got.items() if said != "EPERM"}
    check(not wrong, "not EPERM: %s" % wrong)


def be_nobody():
    mine = nl.Ila()
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    return mine


@case("an ordinary user may do nothing of this")
def nobody():
    before = snapshot()
    all_refused(answers(be_nobody))
    check(snapshot() == before, "but something has changed")


@case("root of a user namespace may do nothing in another's network namespace")
def other_namespace():
    def prepare():
        ilatap.unshare(ilatap.CLONE_NEWUSER)
        return nl.Ila()
    before = snapshot()
    all_refused(answers(prepare))
    check(snapshot() == before, "but something has changed")


def own_namespace():
    ilatap.own_user_namespace()
    return nl.Ila()


@case("root of a user namespace may do all of it in its own")
def own():
    def prepare():
        mine = own_namespace()
        mine.map(record(ALONE, LOC))
        mine.rule_add(LOC3, SIR)
        return mine
    got = answers(prepare)
    # one of them deletes what another one asks for
    wrong = {word: said for word, said in got.items()
             if said not in ("ok", "ENOENT")}
    check(not wrong, "refused: %s" % wrong)
    for word in ("MAPPING_NEW", "MAPPING_REPLACE", "LOCATOR_GET", "config",
                 "miss", "CONFIG_SET"):
        equal(got[word], "ok", word)


@case("LIMIT in a user namespace: 65536, and no more than that")
def own_limit():
    def call():
        mine = own_namespace()
        equal(mine.values(CONFIG_GET)["limit"], 65536, "default")
        equal(answer(mine, CONFIG_SET, u32(LIMIT, 65537)), "EPERM", "raised")
        equal(answer(mine, CONFIG_SET, u32(LIMIT, 10)), "ok", "lowered")
        equal(answer(mine, CONFIG_SET, u32(LIMIT, 65536)), "ok", "as it was")
        equal(mine.values(CONFIG_GET)["limit"], 65536)
    ilatap.in_child(call)


@case("mappings of one namespace are not seen in another")
def namespaces_apart():
    def elsewhere():
        ilatap.unshare(ilatap.CLONE_NEWNET)
        mine = nl.Ila()
        found = len(mine.map_dump()) + len(mine.locators())
        config = mine.values(CONFIG_GET)
        equal((found, config["count"], config["miss"], config["counting"],
               config["miss_rate"]), (0, 0, 0, 1, 0))
        for cmd in (LOCATOR_DOWN, LOCATOR_UP):
            try:
                mine.locator(LOC, cmd)
            except nl.NetlinkError as error:
                equal(errno.errorcode[error.errno], "ENOENT")
                check(error.names(LOCATOR), str(error))
            else:
                raise AssertionError("nothing refused it")
        mine.map(record(ALONE, LOC3, domain=9))
        mine.map_flush()
    before = snapshot()
    ilatap.in_child(elsewhere)
    check(snapshot() == before, "something has changed")


@case("rules by the old commands do not care about mappings")
def old_commands():
    before = mappings()
    ila.rule_add(LOC3, SIR, csum_mode=3, ident_type=1)
    rule = ila.rule_get(LOC3)
    equal((rule["locator"], rule["csum_mode"], rule["ident_type"]),
          (SIR, 3, 1))
    check("domain" not in rule and "stray" not in rule, "GET tells more")
    ila.flush()
    equal(ila.rule_dump(), [])
    equal(mappings(), before, "mappings after FLUSH")


SEED = int(os.environ.get("SEED", time.time()))


def main():
    global ila
    ilatap.start()
    ila = Tracked()
    # a refusal of a long message otherwise comes with all of it
    ila.netlink.sock.setsockopt(nl.SOL_NETLINK, NETLINK_CAP_ACK, 1)
    table_route()
    print("# SEED=%d" % SEED)
    ilatap.run(CASES)


if __name__ == "__main__":
    main()
