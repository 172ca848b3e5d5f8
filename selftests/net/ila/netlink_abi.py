#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The generic netlink family: what the old commands answer, byte for byte,
what the new ones refuse, dumps and flushes under change, who may do what."""

import errno
import os
import time
import traceback

import ilatap
from ilatap import check, equal, sh
import ila_nl as nl
from ila_nl import (ADD, DEL, FLUSH, GET, RULE_ADD, RULE_GET, LOCATOR,
                    LOCATOR_MATCH, IFINDEX, CSUM_MODE, IDENT_TYPE, HOOK_TYPE,
                    IDENTIFIER, DOMAIN, STRAY)

LOC = "2001:db8:a:1"
OTHER = "2001:db8:a:2"
SIR = "2001:db8:5:1"
ABSENT_IFINDEX = 99999
CHAIN = 200         # rules of one locator, each for its own device
NOBODY = 65534

CASES = []
ila = None


def case(name):
    def add(function):
        def flushed():
            ila.command(FLUSH)
            function()
        CASES.append((name, flushed))
        return function
    return add


def refused(error, attribute, function, *args, **kw):
    """The call fails with this errno and the extack names the attribute."""
    wanted = error if isinstance(error, tuple) else (error,)
    try:
        function(*args, **kw)
    except nl.NetlinkError as got:
        names = [errno.errorcode[e] for e in wanted]
        check(got.errno in wanted, "answered %s, want %s" % (got, names))
        if attribute is not None:
            check(got.msg or got.missing is not None, "no extack with %s" % got)
            check(got.names(attribute),
                  "extack names %s, not %s" % (got.msg, attribute))
        return got
    raise AssertionError("accepted, want %s" % errno.errorcode[wanted[0]])


def add(cmd=ADD, **kw):
    ila.command(cmd, nl.ila_attrs(**kw))


def locators():
    return sorted(rule["locator_match"] for rule in ila.rule_dump())


def same_both(name, error, attribute, **kw):
    """One refusal of ADD, and of RULE_ADD with the same attributes."""
    case("ADD " + name)(lambda: refused(error, attribute, add, **kw))
    case("RULE_ADD " + name)(
        lambda: refused(error, attribute, add, RULE_ADD, **kw))


# What ADD, DEL, GET and FLUSH answer

@case("family: version 1, no header, netns aware")
def family_header():
    answer = ila.netlink.request(
        nl.GENL_ID_CTRL, nl.GENLHDR.pack(nl.CTRL_CMD_GETFAMILY, 1, 0) +
        nl.attr(nl.CTRL_ATTR_FAMILY_NAME, b"ila\0"), 0)
    found = nl.attrs(answer[0].payload[nl.GENLHDR.size:])
    equal(nl.number(found[3]), 1, "version")
    equal(nl.number(found[4]), 0, "header size")


def expect_bytes(message, flags, cmd, body):
    want = nl.NLMSGHDR.pack(nl.NLMSGHDR.size + nl.GENLHDR.size + len(body),
                            ila.family, flags, ila.netlink.seq,
                            ila.netlink.portid)
    want += nl.GENLHDR.pack(cmd, 1, 0) + body
    equal(message.raw.hex(), want.hex(), "message")


def full_body(ifindex=1, csum=3, ident=1):
    return (nl.attr(LOCATOR, nl.locator_bytes(SIR)) +
            nl.attr(LOCATOR_MATCH, nl.locator_bytes(LOC)) +
            nl.u32(IFINDEX, ifindex) + nl.u8(CSUM_MODE, csum) +
            nl.u8(IDENT_TYPE, ident))


@case("GET reply: every byte, attributes in the old order")
def get_bytes():
    add(loc_match=LOC, loc=SIR, ifindex=1, csum_mode=3, ident_type=1)
    found = ila.command(GET, nl.ila_attrs(LOC, ifindex=1), 0)
    equal(len(found), 1, "messages")
    expect_bytes(found[0], 0, GET, full_body())


@case("dump: every byte, NLM_F_MULTI")
def dump_bytes():
    add(loc_match=LOC, loc=SIR, ifindex=1, csum_mode=3, ident_type=1)
    found = ila.command(GET, flags=nl.NLM_F_DUMP)
    equal(len(found), 1, "messages")
    expect_bytes(found[0], nl.NLM_F_MULTI, GET, full_body())


@case("ADD defaults: no-action, use-format, any device")
def defaults():
    add(loc_match=LOC, loc=SIR)
    found = ila.command(GET, nl.ila_attrs(LOC), 0)
    expect_bytes(found[0], 0, GET, full_body(0, 2, 32))


@case("ADD of every csum mode and ident type is kept")
def kept_values():
    for mode in (0, 1, 2, 3):
        for ident in (0, 1, 2, 3, 4, 5, 6, 7, 32):
            add(loc_match=LOC, loc=SIR, csum_mode=mode, ident_type=ident)
            rule = ila.rule_get(LOC)
            equal((rule["csum_mode"], rule["ident_type"]), (mode, ident))
            ila.rule_del(LOC)


@case("ADD of csum mode 64, adj-transport-compat, is kept")
def compat_kept():
    add(loc_match=LOC, loc=SIR, csum_mode=64)
    equal(ila.rule_get(LOC)["csum_mode"], 64)
    for mode in (4, 63, 65):
        refused((errno.EINVAL, errno.ERANGE), CSUM_MODE,
                add, loc_match=OTHER, loc=SIR, csum_mode=mode)


@case("ADD of the same key: EEXIST, whatever else differs")
def add_twice():
    add(loc_match=LOC, loc=SIR)
    refused(errno.EEXIST, None, add, loc_match=LOC, loc=SIR)
    refused(errno.EEXIST, None, add, loc_match=LOC, loc=OTHER, csum_mode=1,
            ident_type=1)
    equal(ila.rule_get(LOC)["locator"], SIR, "locator after EEXIST")


@case("ADD of one locator for another device, and both are found")
def add_other_device():
    add(loc_match=LOC, loc=SIR)
    add(loc_match=LOC, loc=SIR, ifindex=1, csum_mode=3)
    equal(ila.rule_get(LOC)["csum_mode"], 2, "wildcard")
    equal(ila.rule_get(LOC, 1)["csum_mode"], 3, "device")
    equal(len(ila.rule_dump()), 2, "dumped")


@case("ADD with locator equal to locator_match is accepted")
def add_identity():
    add(loc_match=LOC, loc=LOC)
    equal(ila.rule_get(LOC)["locator"], LOC)


@case("ADD ignores IDENTIFIER, DIR, HOOK_TYPE and unknown attribute 50")
def add_ignored():
    ila.command(ADD, nl.ila_attrs(LOC, SIR, hook_type=9) +
                nl.attr(IDENTIFIER, bytes(8)) + nl.u32(5, 1) +
                nl.attr(50, b"abcd"))
    equal(locators(), [LOC])


@case("ADD takes the first eight of sixteen bytes")
def add_long():
    ila.command(ADD, nl.attr(LOCATOR, nl.locator_bytes(SIR) + b"\xff" * 8) +
                nl.attr(LOCATOR_MATCH, nl.locator_bytes(LOC) + b"\xff" * 8))
    equal(ila.rule_get(LOC)["locator"], SIR)


@case("ADD ignores the reserved header field")
def add_reserved():
    ila.command(ADD, nl.ila_attrs(LOC, SIR), reserved=7)
    equal(locators(), [LOC])


@case("short attributes: ERANGE with extack")
def short_attributes():
    whole = {LOCATOR: 8, LOCATOR_MATCH: 8, IFINDEX: 4, CSUM_MODE: 1,
             IDENT_TYPE: 1}
    for kind, length in whole.items():
        got = refused(errno.ERANGE, None, ila.command, ADD,
                      nl.attr(kind, bytes(length - 1)))
        equal(got.attr, kind, "extack points at")
        check(got.msg, "no extack text")
    equal(locators(), [])


@case("ADD with NLM_F_DUMP and unknown command 5: EOPNOTSUPP")
def not_supported():
    refused(errno.EOPNOTSUPP, None, ila.command, ADD,
            nl.ila_attrs(LOC, SIR), nl.NLM_F_ACK | nl.NLM_F_DUMP)
    refused(errno.EOPNOTSUPP, None, ila.command, 5, nl.ila_attrs(LOC, SIR))


@case("GET of nothing: ESRCH")
def get_miss():
    refused(errno.ESRCH, None, ila.rule_get, LOC)
    add(loc_match=LOC, loc=SIR)
    refused(errno.ESRCH, None, ila.rule_get, LOC, 1)


@case("GET dump ignores attributes of the request")
def dump_filterless():
    add(loc_match=LOC, loc=SIR)
    found = ila.command(GET, nl.ila_attrs(OTHER) + nl.attr(50, b"x"),
                        nl.NLM_F_DUMP)
    equal(len(found), 1, "messages")


@case("DEL: only the key matters")
def del_key():
    add(loc_match=LOC, loc=SIR, csum_mode=3)
    ila.command(DEL, nl.ila_attrs(LOC, OTHER, csum_mode=1, ident_type=4))
    equal(locators(), [])


@case("DEL of one device leaves the others")
def del_one():
    add(loc_match=LOC, loc=SIR)
    add(loc_match=LOC, loc=SIR, ifindex=1)
    ila.rule_del(LOC)
    equal(ila.rule_get(LOC, 1)["ifindex"], 1)
    ila.rule_del(LOC, 1)
    equal(locators(), [])


@case("U11 DEL of nothing: ENOENT")
def del_nothing():
    refused(errno.ENOENT, None, ila.rule_del, LOC)
    add(loc_match=LOC, loc=SIR)
    refused(errno.ENOENT, None, ila.rule_del, LOC, 1)
    equal(locators(), [LOC])


@case("FLUSH empties the table, and an empty table")
def flush_all():
    for index in range(20):
        add(loc_match="2001:db8:a:%x" % index, loc=SIR)
    ila.flush()
    equal(locators(), [])
    ila.flush()


# What is refused

same_both("U12 without any attribute", errno.EINVAL, LOCATOR_MATCH)
same_both("U12 without LOCATOR", errno.EINVAL, LOCATOR, loc_match=LOC)
same_both("U12 without LOCATOR_MATCH", errno.EINVAL, LOCATOR_MATCH, loc=SIR)
same_both("U12 of csum mode 77", (errno.EINVAL, errno.ERANGE), CSUM_MODE,
          loc_match=LOC, loc=SIR, csum_mode=77)
for number in (8, 31, 33, 200):
    same_both("U12 of ident type %d" % number, (errno.EINVAL, errno.ERANGE),
              IDENT_TYPE, loc_match=LOC, loc=SIR, ident_type=number)
same_both("U12 of an absent ifindex", errno.ENODEV, IFINDEX,
          loc_match=LOC, loc=SIR, ifindex=ABSENT_IFINDEX)
same_both("U12 of a negative ifindex", (errno.EINVAL, errno.ENODEV,
                                        errno.ERANGE),
          IFINDEX, loc_match=LOC, loc=SIR, ifindex=-5)
for word, prefix in (("link-local", "fe80:0:0:0"),
                     ("link-local end", "febf:ffff:ffff:ffff"),
                     ("multicast", "ff02:0:0:0"),
                     ("multicast end", "ffff:ffff:ffff:ffff"),
                     ("unspecified and loopback", "0:0:0:0")):
    same_both("U12 that matches " + word, errno.EINVAL, LOCATOR_MATCH,
              loc_match=prefix, loc=SIR)
    same_both("U12 that writes " + word, errno.EINVAL, LOCATOR,
              loc_match=LOC, loc=prefix)


@case("ADD beside link-local and multicast is accepted")
def neighbours_of_refused():
    for prefix in ("fe7f:ffff:ffff:ffff", "fec0:0:0:0", "feff:ffff:ffff:ffff",
                   "0:0:0:1", "fc00:0:0:1"):
        add(loc_match=prefix, loc=SIR)
        add(loc_match=OTHER, loc=prefix)
        ila.flush()


@case("U12 GET without LOCATOR_MATCH: EINVAL")
def get_without():
    refused(errno.EINVAL, LOCATOR_MATCH, ila.command, GET, b"")


@case("U12 DEL without LOCATOR_MATCH: EINVAL")
def del_without():
    refused(errno.EINVAL, LOCATOR_MATCH, ila.command, DEL,
            nl.ila_attrs(loc=SIR))


@case("EEXIST carries an extack")
def exists_extack():
    add(loc_match=LOC, loc=SIR)
    check(refused(errno.EEXIST, None, add, loc_match=LOC, loc=SIR).msg,
          "no extack text")


# The new commands

def rule_get_types(loc_match=LOC):
    found = ila.command(RULE_GET, nl.ila_attrs(loc_match), 0)[0]
    return [kind for kind, _, _ in nl.walk(found.payload[nl.GENLHDR.size:])]


@case("RULE_ADD and RULE_GET: domain and stray behind the old attributes")
def rule_get_order():
    add(RULE_ADD, loc_match=LOC, loc=SIR, ident_type=32, domain=7, stray=2)
    equal(rule_get_types(), [LOCATOR, LOCATOR_MATCH, IFINDEX, CSUM_MODE,
                             IDENT_TYPE, DOMAIN, STRAY], "attributes")
    rule = ila.rule_get(LOC, cmd=RULE_GET)
    equal((rule["domain"], rule["stray"]), (7, 2))


@case("RULE_GET tells the type of a rule only where it was said")
def rule_get_opaque():
    add(RULE_ADD, loc_match=LOC, loc=SIR)
    check(IDENT_TYPE not in rule_get_types(), "IDENT_TYPE is there")


@case("RULE_ADD defaults: as ADD, domain 0 not dumped, stray forward")
def rule_add_defaults():
    add(RULE_ADD, loc_match=LOC, loc=SIR)
    rule = ila.rule_get(LOC, cmd=RULE_GET)
    equal((rule["csum_mode"], rule["ident_type"], rule["ifindex"]), (2, 32, 0))
    check("domain" not in rule, "domain 0 is dumped")
    equal(rule.get("stray", 0), 0, "stray")


@case("GET of a rule with domain and stray shows the old attributes only")
def old_get_of_new():
    add(RULE_ADD, loc_match=LOC, loc=SIR, ifindex=1, csum_mode=3, ident_type=1,
        domain=7, stray=1)
    found = ila.command(GET, nl.ila_attrs(LOC, ifindex=1), 0)
    expect_bytes(found[0], 0, GET, full_body())


@case("RULE_GET dump is the GET dump plus the new attributes")
def rule_dump_both():
    for index in range(5):
        add(RULE_ADD, loc_match="2001:db8:a:%x" % index, loc=SIR, stray=2)
    old = sorted(rule["locator_match"] for rule in ila.rule_dump())
    new = ila.rule_dump(RULE_GET)
    equal(sorted(rule["locator_match"] for rule in new), old)
    equal({rule["stray"] for rule in new}, {2}, "strays")


@case("RULE_ADD: one locator in two domains is refused, DOMAIN named")
def two_domains():
    add(RULE_ADD, loc_match=LOC, loc=SIR, domain=1)
    refused(errno.EEXIST, DOMAIN, add, RULE_ADD, loc_match=LOC, loc=SIR,
            ifindex=1, domain=2)
    refused(errno.EEXIST, DOMAIN, add, ADD, loc_match=LOC, loc=SIR, ifindex=1)
    add(RULE_ADD, loc_match=OTHER, loc=SIR, domain=2)
    ila.rule_del(LOC)
    add(RULE_ADD, loc_match=LOC, loc=SIR, domain=2)


@case("RULE_ADD: the largest domain is kept")
def largest_domain():
    add(RULE_ADD, loc_match=LOC, loc=SIR, domain=0xFFFFFFFF)
    equal(ila.rule_get(LOC, cmd=RULE_GET)["domain"], 0xFFFFFFFF)


@case("RULE_ADD: stray 3 and 255 are refused")
def stray_range():
    for value in (3, 255):
        refused((errno.EINVAL, errno.ERANGE), STRAY, add, RULE_ADD,
                loc_match=LOC, loc=SIR, stray=value)
    equal(locators(), [])


def strict(name, data, attribute=None, cmd=RULE_ADD, flags=nl.NLM_F_ACK, **kw):
    def refuses():
        got = refused((errno.EINVAL, errno.ERANGE), None, ila.command, cmd,
                      data, flags, **kw)
        if attribute is not None:
            check(got.attr == attribute or got.names(attribute),
                  "extack %r does not point at it" % got.msg)
            check(got.msg, "no extack text")
        equal(locators(), [])
    case("strict: " + name)(refuses)


KEY = nl.ila_attrs(LOC, SIR)
strict("unknown attribute 50", KEY + nl.attr(50, b"abcd"))
strict("unknown attribute 66", KEY + nl.attr(66, b"abcd"))
strict("IDENTIFIER", KEY + nl.attr(IDENTIFIER, bytes(8)))
strict("HOOK_TYPE", KEY + nl.u8(HOOK_TYPE, 0))
for kind, length in ((LOCATOR, 8), (LOCATOR_MATCH, 8), (IFINDEX, 4),
                     (CSUM_MODE, 1), (IDENT_TYPE, 1), (DOMAIN, 4), (STRAY, 1)):
    rest = b"".join(nl.attr(other, payload) for other, payload, _ in
                    nl.walk(KEY) if other != kind)
    word = nl.ATTR_NAMES[kind]
    strict(word + " short", rest + nl.attr(kind, bytes(length - 1)), kind)
    strict(word + " long", rest + nl.attr(kind, b"\x01" * (length + 3)), kind)
strict("reserved header field", KEY, reserved=1)
strict("NLM_F_CREATE", KEY, flags=nl.NLM_F_ACK | nl.NLM_F_CREATE)
strict("RULE_GET without LOCATOR_MATCH", b"", LOCATOR_MATCH, RULE_GET)
strict("RULE_GET with an unknown attribute", nl.ila_attrs(LOC) +
       nl.attr(50, b"abcd"), None, RULE_GET)


@case("strict: bytes behind the last attribute")
def trailing():
    refused(errno.EINVAL, None, ila.command, RULE_ADD, KEY + b"\x01\x02")


@case("strict: of a repeated attribute the last counts, or it is refused")
def repeated():
    try:
        ila.command(RULE_ADD, KEY + nl.ila_attrs(loc_match=OTHER))
    except nl.NetlinkError as error:
        equal(error.errno, errno.EINVAL)
    else:
        equal(locators(), [OTHER])


# Changes under a dump

def dump_slowly(between, is_time):
    """Dump with small reads; when is_time says so of what was read so far, call
    between once.  The rules, and whether the dump said it was interrupted."""
    # a fresh socket: the kernel fills as much as the largest read so far
    reader = nl.Netlink(nl.NETLINK_GENERIC)
    request = reader.pack(ila.family, nl.NLM_F_DUMP, nl.GENLHDR.pack(GET, 1, 0))
    reader.sock.send(request)
    found, interrupted, called = [], False, False
    for message in reader.dump_answer(request, 4096):
        found.append(nl.rule_of(message))
        interrupted |= bool(message.flags & nl.NLM_F_DUMP_INTR)
        if not called and is_time(found):
            between()
            called = True
    interrupted |= bool(reader.done.flags & nl.NLM_F_DUMP_INTR)
    reader.close()
    check(called, "the dump was over before anything could change")
    return found, interrupted


def dummies(count):
    """ifindexes of this many devices, made once."""
    batch = "".join("link add d%d type dummy\n" % n for n in range(count))
    sh("ip -batch - <<'X'\n%sX" % batch)
    with open("/proc/net/dev") as lines:
        names = [line.split(":")[0].strip() for line in lines][2:]
    return [nl.socket.if_nametoindex(name) for name in names
            if name.startswith("d")]


def keys_of(rules):
    return [(rule["locator_match"], rule["ifindex"]) for rule in rules]


def check_lived(found, lived):
    """Each rule that lived through the dump is in it once."""
    keys = keys_of(found)
    lost = lived - set(keys)
    check(not lost, "%d of %d that lived through it are missing" %
          (len(lost), len(lived)))
    again = [key for key in lived if keys.count(key) > 1]
    check(not again, "%d are there twice" % len(again))


@case("U13 dump while rules of one locator go: none lost, none twice")
def dump_chain():
    indexes = dummies(CHAIN)
    ila.netlink.send_many(ila.family, (
        nl.GENLHDR.pack(ADD, 1, 0) + nl.ila_attrs(LOC, SIR, index)
        for index in indexes))
    others = ["2001:db8:b:%x" % n for n in range(300)]
    ila.netlink.send_many(ila.family, (
        nl.GENLHDR.pack(ADD, 1, 0) + nl.ila_attrs(other, SIR)
        for other in others))
    gone = set()

    def first_of_chain(found):
        return sum(key[0] == LOC for key in keys_of(found)) >= 20

    def delete_seen():
        for index in indexes[:CHAIN // 2] + indexes[-CHAIN // 4:]:
            ila.rule_del(LOC, index)
            gone.add((LOC, index))

    found, interrupted = dump_slowly(delete_seen, first_of_chain)
    lived = {(other, 0) for other in others}
    lived |= {(LOC, index) for index in indexes} - gone
    check_lived(found, lived)
    check(interrupted, "no NLM_F_DUMP_INTR")
    sh("ip -batch - <<'X'\n%sX" %
       "".join("link del d%d\n" % n for n in range(CHAIN)))


@case("U13 dump while thousands are added: none lost, none twice")
def dump_growing():
    old = ["2001:db8:b:%x" % n for n in range(1000)]
    ila.netlink.send_many(ila.family, (
        nl.GENLHDR.pack(ADD, 1, 0) + nl.ila_attrs(one, SIR) for one in old))
    equal(len(ila.rule_dump()), len(old), "rules before")

    def grow():
        ila.netlink.send_many(ila.family, (
            nl.GENLHDR.pack(ADD, 1, 0) +
            nl.ila_attrs("2001:db8:c:%x" % n, SIR) for n in range(7000)))

    found, interrupted = dump_slowly(grow, lambda found: len(found) > 100)
    check_lived(found, {(one, 0) for one in old})
    check(interrupted, "no NLM_F_DUMP_INTR")
    keys = keys_of(ila.rule_dump())
    equal(len(keys), len(old) + 7000, "rules after")
    equal(len(set(keys)), len(keys), "distinct rules after")


@case("dump of a quiet table is not interrupted")
def dump_quiet():
    ila.netlink.send_many(ila.family, (
        nl.GENLHDR.pack(ADD, 1, 0) + nl.ila_attrs("2001:db8:b:%x" % n, SIR)
        for n in range(500)))
    found, interrupted = dump_slowly(lambda: None, lambda found: True)
    equal(len(found), 500, "rules")
    check(not interrupted, "NLM_F_DUMP_INTR without a change")


# Races

def for_seconds(seconds, function):
    """Call it in a loop in a child; the child's pid."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        mine = nl.Ila()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            function(mine)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def quietly(mine, cmd, data):
    """An answer that a race may make an error of the ordinary kind."""
    try:
        mine.command(cmd, data)
    except nl.NetlinkError as error:
        if error.errno not in (errno.EEXIST, errno.ENOENT, errno.ESRCH):
            raise


def churn(mine):
    for ifindex in (0, 1):
        quietly(mine, ADD, nl.ila_attrs(LOC, SIR, ifindex))
    for ifindex in (0, 1):
        quietly(mine, DEL, nl.ila_attrs(LOC, ifindex=ifindex))


def all_well(pids):
    for pid in pids:
        check(os.waitpid(pid, 0)[1] == 0, "a request failed in the race")


@case("U15 FLUSH against ADD and DEL of one locator never fails half way")
def flush_race():
    all_well([for_seconds(3, churn),
              for_seconds(3, lambda mine: mine.command(FLUSH))])
    for index in range(50):
        add(loc_match="2001:db8:b:%x" % index, loc=SIR)
    ila.flush()
    equal(locators(), [])


@case("U16 DEL, GET and dump against ADD and DEL of one locator")
def del_race():
    add(loc_match=OTHER, loc=SIR)

    def read(mine):
        quietly(mine, GET, nl.ila_attrs(LOC))
        check(OTHER in [r["locator_match"] for r in mine.rule_dump()],
              "a rule that nobody touched is gone")

    all_well([for_seconds(2, churn), for_seconds(2, churn),
              for_seconds(2, read)])
    equal(locators(), [OTHER])


# Devices

@case("a rule goes with its device, the others stay")
def device_gone():
    sh("ip link add gone type dummy")
    add(loc_match=LOC, loc=SIR, ifindex=nl.socket.if_nametoindex("gone"))
    add(loc_match=LOC, loc=SIR)
    sh("ip link del gone")
    equal(keys_of(ila.rule_dump()), [(LOC, 0)], "rules")


@case("a device of another name and the same namespace keeps its rule")
def device_renamed():
    sh("ip link add old type dummy")
    index = nl.socket.if_nametoindex("old")
    add(loc_match=LOC, loc=SIR, ifindex=index)
    sh("ip link set old name new")
    equal(ila.rule_get(LOC, index)["ifindex"], index)
    sh("ip link del new")


# Who may do what

def errno_of(function, *args):
    """The name of the errno a call fails with, or ok."""
    try:
        function(*args)
    except nl.NetlinkError as error:
        return errno.errorcode[error.errno]
    return "ok"


def as_nobody(function, *args):
    def drop_and_call():
        mine = nl.Ila()
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        return errno_of(function, mine, *args)
    return ilatap.in_child(drop_and_call)


@case("ADD, DEL and FLUSH by an ordinary user: EPERM")
def nobody_changes():
    for cmd in (ADD, DEL, FLUSH):
        equal(as_nobody(nl.Ila.command, cmd, KEY), "EPERM")


@case("GET and its dump are open to an ordinary user")
def nobody_reads():
    add(loc_match=LOC, loc=SIR)
    equal(as_nobody(nl.Ila.rule_get, LOC), "ok")
    equal(as_nobody(nl.Ila.rule_dump), "ok")


@case("RULE_ADD, RULE_GET and its dump by an ordinary user: EPERM")
def nobody_new():
    add(loc_match=LOC, loc=SIR)
    equal(as_nobody(nl.Ila.command, RULE_ADD, KEY), "EPERM")
    equal(as_nobody(nl.Ila.rule_get, LOC, None, RULE_GET), "EPERM")
    equal(as_nobody(nl.Ila.rule_dump, RULE_GET), "EPERM")


def in_user_namespace(flags, cmd):
    """What root of a new user namespace is answered."""
    def call():
        ilatap.unshare(flags)
        return errno_of(nl.Ila().command, cmd, KEY)
    return ilatap.in_child(call)


@case("U21 root of a user namespace manages its own network namespace")
def own_namespace():
    both = ilatap.CLONE_NEWUSER | ilatap.CLONE_NEWNET
    equal(in_user_namespace(both, ADD), "ok", "ADD")
    equal(in_user_namespace(both, FLUSH), "ok", "FLUSH")


@case("U21 RULE_ADD by root of a user namespace in its own")
def own_namespace_new():
    both = ilatap.CLONE_NEWUSER | ilatap.CLONE_NEWNET
    equal(in_user_namespace(both, RULE_ADD), "ok")


@case("root of a user namespace in a namespace it does not own: EPERM")
def other_namespace():
    for cmd in (ADD, DEL, FLUSH):
        equal(in_user_namespace(ilatap.CLONE_NEWUSER, cmd), "EPERM")
    equal(locators(), [])


@case("RULE_ADD in a namespace one does not own: EPERM")
def other_namespace_new():
    equal(in_user_namespace(ilatap.CLONE_NEWUSER, RULE_ADD), "EPERM")


@case("rules of one namespace are not seen in another")
def namespaces_apart():
    add(loc_match=LOC, loc=SIR)

    def elsewhere():
        ilatap.unshare(ilatap.CLONE_NEWNET)
        mine = nl.Ila()
        found = mine.rule_dump()
        mine.rule_add(LOC, OTHER)
        mine.flush()
        return len(found)
    equal(ilatap.in_child(elsewhere), "0", "rules in the other namespace")
    equal(locators(), [LOC])


# Autoload; last, because the module goes and comes

def unload():
    global ila
    ila.close()
    try:
        for attempt in range(20):
            try:
                sh("rmmod ila")
                return
            except ilatap.subprocess.CalledProcessError as error:
                busy = error.output.strip()
                time.sleep(0.2)
        raise ilatap.Skip("cannot unload: " + busy)
    finally:
        if os.path.exists("/sys/module/ila"):
            ila = nl.Ila()


def reload():
    global ila
    sh("modprobe ila")
    ila = nl.Ila()


@case("U21 the family name loads the module")
def autoload_family():
    unload()
    try:
        netlink = nl.Netlink(nl.NETLINK_GENERIC)
        check(nl.family_id(netlink) > nl.GENL_ID_CTRL, "no family")
    finally:
        reload()


@case("U21 a route with encap ila loads the module")
def autoload_route():
    unload()
    try:
        nl.Routes().add("2001:db8:5:1:2000::1/128",
                        nl.ila_attrs(loc=LOC, ident_type=1), dev="lo")
        sh("ip -6 route flush 2001:db8:5:1:2000::1")
    finally:
        reload()


def main():
    global ila
    ilatap.start()
    ila = nl.Ila()
    ilatap.run(CASES)


if __name__ == "__main__":
    main()
