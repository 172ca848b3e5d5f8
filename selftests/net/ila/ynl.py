#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""The whole family through the kernel's own client for families described in
YAML, with our description: every operation, attribute and event there is, and
nothing else."""

import errno
import importlib
import importlib.util
import ipaddress
import os
import select
import socket
import sys
import time

import ilatap
from ilatap import check, equal, sh, skip_all, Skip
import ila_nl as nl

SIR = "2001:db8:5:1"
OTHER_SIR = "2001:db8:5:2"
LOC, LOC2, LOC3 = "2001:db8:a:1", "2001:db8:a:2", "2001:db8:a:3"
# Where mappings move; for a while after that it stays in their domain
MOVED = "2001:db8:a:4"
HERE = "2001:db8:1::1"
ROUTER = "2001:db8:1::2"
DEVICE = "d0"
MANY = 1000

CASES = []
lib = None
spec_path = None
ynl = None
listeners = {}
defaults = None
# (operation, mode, "request" or "reply"): attributes that were there
seen = {}


def case(name):
    def add(function):
        def cleaned():
            clean()
            function()
        CASES.append((name, cleaned))
        return function
    return add


def clean():
    do("flush")
    do("mapping-flush")
    for locator in dump("locator-get"):
        do("locator-up", locator=int(locator["locator"], 16),
           domain=locator["domain"])
    do("config-set", **defaults)
    sh("ip -6 route flush root 2001:db8:5::/48")
    for name in listeners:
        told(name, 0)


# Values as the client wants them, and as it gives them

def number_of(locator):
    return int.from_bytes(nl.locator_bytes(locator), "big")


def hexed(locator):
    return hex(number_of(locator))


def packed(address):
    return ipaddress.IPv6Address(address).packed


def value_of(name, value):
    """A locator or an address may be given as text."""
    attr = ynl.attr_sets["ila"][name]
    if not isinstance(value, str):
        return value
    if attr.type == "u64":
        return number_of(value)
    return packed(value) if attr.type == "binary" else value


def record(address, locator=0, **fields):
    """A mapping. The client encodes members of structs from numbers only."""
    values = {"address": packed(address).hex(), "csum-mode": "route",
              "ident-type": "route",
              "locator": number_of(locator) if locator else 0}
    values.update((name.replace("_", "-"), value)
                  for name, value in fields.items())
    for member in ynl.consts["mapping"]:
        value = values.get(member.name)
        if member.enum and isinstance(value, str):
            entry = ynl.consts[member.enum].entries[value]
            values[member.name] = entry.user_value()
    return values


def listed(op, mode, what):
    """The attributes that a request or an answer may have, says the YAML."""
    op = ynl.msgs[op]
    if "notify" in op:
        return listed(op["notify"], "do", "reply")
    found = op["event"] if "event" in op else op[mode].get(what, {})
    return found.get("attributes", [])


def note(op, mode, what, names):
    """Only what is described may be there."""
    extra = set(names) - set(listed(op, mode, what))
    check(not extra, "%s, %s: %s is not described" % (op, what, extra))
    seen.setdefault((op, mode, what), set()).update(names)


def request(op, mode, attrs):
    values = {name.replace("_", "-"): value_of(name.replace("_", "-"), value)
              for name, value in attrs.items()}
    note(op, mode, "request", values)
    return values


def do(op, **attrs):
    answer = ynl.do(op, request(op, "do", attrs))
    note(op, "do", "reply", answer or ())
    return answer


def dump(op, **attrs):
    answers = ynl.dump(op, request(op, "dump", attrs))
    for answer in answers:
        note(op, "dump", "reply", answer)
    return answers


def mappings(**filters):
    """Those of a dump."""
    return [mapping for answer in dump("mapping-get", **filters)
            for mapping in answer["mapping"]]


def addresses(**filters):
    return sorted(mapping["address"] for mapping in mappings(**filters))


def refused(error, function, *args, said=None, attr=None, missing=None, **kw):
    """The call fails with this errno; the client tells what the kernel said,
    and which attribute is wrong or missing."""
    try:
        function(*args, **kw)
    except lib.NlError as got:
        extack = got.nl_msg.extack or {}
        equal(errno.errorcode[got.error], errno.errorcode[error], "errno")
        if said is not None:
            check(said in extack.get("msg", ""), "extack %r" % extack)
        if attr is not None:
            equal(extack.get("bad-attr"), "." + attr, "bad attribute")
        if missing is not None:
            equal(extack.get("miss-type"), missing, "missing attribute")
        return extack
    raise AssertionError("accepted, want %s" % errno.errorcode[error])


# Events

def listen(group):
    listener = lib.YnlFamily(spec_path, "")
    listener.ntf_subscribe(group)
    listeners[group] = listener


def drained(listener):
    """What it has read; a list, or a queue of newer clients."""
    queue = listener.async_msg_queue
    if isinstance(queue, list):
        found = list(queue)
        queue.clear()
        return found
    return [queue.get_nowait() for _ in range(queue.qsize())]


def told(group, wanted=1, seconds=10):
    """(name, attributes) of so many events, or more."""
    listener, found = listeners[group], []
    end = time.monotonic() + seconds * ilatap.SLOW
    while True:
        listener.check_ntf()
        for event in drained(listener):
            note(event["name"], "event", "attributes", event["msg"])
            found.append((event["name"], event["msg"]))
        if len(found) >= wanted or time.monotonic() > end:
            return found
        select.select([listener.sock], [], [], end - time.monotonic())


def told_one(name):
    """The attributes of the one event that there is, of this name."""
    found = told("config")
    equal([event for event, _ in found], [name], "events")
    return found[0][1]


# The description

@case("the description is one by the kernel's schema")
def schema():
    if not importlib.util.find_spec("jsonschema"):
        raise Skip("there is no python3-jsonschema")
    place = os.path.join(os.path.dirname(os.path.dirname(spec_path)),
                         ynl.proto + ".yaml")
    if not os.path.exists(place):
        raise Skip("there is no " + place)
    lib.SpecFamily(spec_path, place)


# Rules

RULE = {"locator": hexed(SIR), "locator-match": hexed(LOC), "ifindex": 1,
        "csum-mode": "neutral-map-auto", "ident-type": "luid"}
PRIVATE = dict(RULE, domain=7, stray="unreachable")


def rule(op="add", **more):
    do(op, locator=SIR, locator_match=LOC, **more)


@case("add, get, dump, del, flush of rules")
def old_rules():
    rule(ifindex=1, csum_mode="neutral-map-auto", ident_type="luid")
    equal(do("get", locator_match=LOC, ifindex=1), RULE)
    equal(dump("get"), [RULE])
    do("del", locator_match=LOC, ifindex=1)
    rule()
    do("flush")
    equal(dump("get"), [])


@case("add defaults by their names")
def old_defaults():
    rule()
    found = do("get", locator_match=LOC)
    equal((found["csum-mode"], found["ident-type"]),
          ("no-action", "use-format"))


@case("rule-add, -get, dump, -del with domain and stray")
def rules():
    rule("rule-add", ifindex=1, csum_mode="neutral-map-auto",
         ident_type="luid", domain=7, stray="unreachable")
    equal(do("rule-get", locator_match=LOC, ifindex=1), PRIVATE)
    equal(dump("rule-get"), [PRIVATE])
    do("rule-del", locator_match=LOC, ifindex=1)
    equal(dump("rule-get"), [])


@case("rules that there are, that there are not: what the kernel says")
def rule_refusals():
    rule()
    refused(errno.EEXIST, rule, "rule-add", said="")
    refused(errno.ESRCH, do, "rule-get", locator_match=LOC2, said="no rule")
    refused(errno.ENOENT, do, "rule-del", locator_match=LOC2, said="no rule")
    refused(errno.ENOENT, do, "del", locator_match=LOC2, said="no rule")


@case("what is missing, out of range, wrong: the attribute by its name")
def named_attributes():
    refused(errno.EINVAL, do, "rule-add", locator=SIR, missing="locator-match")
    refused(errno.EINVAL, do, "mapping-new", generation=1, missing="mapping")
    refused(errno.EINVAL, do, "mapping-get", domain=0, missing="address")
    refused(errno.EINVAL, do, "locator-move", locator=LOC,
            missing="locator-to")
    refused(errno.EINVAL, do, "rule-add", locator=SIR, locator_match="fe80::",
            attr="locator-match", said="link-local")
    refused(errno.ERANGE, do, "explain", address=b"short", attr="address")


@case("what is out of range: the policy, too")
def named_policies():
    for op, name, most in (("rule-add", "stray", 2), ("config-set", "miss", 3),
                           ("config-set", "counting", 1),
                           ("config-set", "fastpath", 1),
                           ("mapping-flush", "prefix-len", 128),
                           ("mapping-flush", "origin", 2)):
        extack = refused(errno.ERANGE, ynl.do, op, {name: most + 1}, attr=name)
        equal(extack["policy"], {"type": "u8", "min-value": 0,
                                 "max-value": most}, name)


@case("a dump of rules or locators takes no attributes")
def bare_dumps():
    refused(errno.EINVAL, ynl.dump, "rule-get", {"ifindex": 1})
    refused(errno.EINVAL, ynl.dump, "locator-get", {"domain": 1})


# Mappings

def some(count, locator=LOC, sir=SIR, start=1, **fields):
    """Records of so many addresses."""
    return [record("%s:2000::%x" % (sir, n), locator, **fields)
            for n in range(start, start + count)]


def address(n, sir=SIR):
    return str(ipaddress.IPv6Address("%s:2000::%x" % (sir, n)))


@case("%d mappings in one message, each found, dumped, counted, flushed" % MANY)
def bulk():
    do("mapping-new", mapping=some(MANY))
    for n in (1, MANY // 2, MANY):
        found = do("mapping-get", address=address(n))["mapping"]
        equal([(one["address"], one["locator"]) for one in found],
              [(address(n), hexed(LOC))])
    equal(addresses(), sorted(address(n) for n in range(1, MANY + 1)))
    equal(do("config-get")["count"], MANY, "count")
    equal(do("mapping-flush")["count"], MANY, "flushed")
    equal(mappings(), [])


@case("a mapping: each member as it was given")
def members():
    do("mapping-new", generation=5, mapping=record(
        address(1), LOC, timeout=100, domain=7, csum_mode="neutral-map-auto",
        ident_type="luid", origin="agent"))
    found, = do("mapping-get", address=address(1), domain=7)["mapping"]
    check(90 < found.pop("timeout") <= 100, "timeout")
    check(found.pop("idle") < 10, "idle")
    equal(found, {
        "address": address(1), "locator": hexed(LOC), "identifier": "0x0",
        "generation": 5, "domain": 7, "csum-mode": "neutral-map-auto",
        "ident-type": "luid", "origin": "agent", "flags": set(),
        "priority": 0, "weight": 0, "reserved": 0})


@case("a message is applied whole or not at all; the wrong mapping is told")
def atomic():
    wrong = some(20)
    wrong[13]["locator"] = number_of("ff02::")
    refused(errno.EINVAL, do, "mapping-new", mapping=wrong, attr="mapping",
            said="multicast")
    equal(mappings(), [])


@case("mapping-new, -change, -replace, -del: what must be there")
def verbs():
    refused(errno.ENOENT, do, "mapping-change", mapping=some(1), attr="mapping",
            said="no such mapping")
    refused(errno.ENOENT, do, "mapping-del", mapping=some(1), attr="mapping")
    refused(errno.ENOENT, do, "mapping-get", address=address(1), attr="address",
            said="no mapping")
    do("mapping-replace", mapping=some(1), generation=1)
    refused(errno.EEXIST, do, "mapping-new", mapping=some(1), attr="mapping",
            said="already")
    do("mapping-change", mapping=some(1, LOC2), generation=2)
    found, = mappings()
    equal((found["locator"], found["generation"]), (hexed(LOC2), 2))
    do("mapping-del", mapping=some(1, 0), generation=3)
    equal(mappings(), [])


@case("a mapping with several locators")
def several_locators():
    do("mapping-new", mapping=[
        record(address(1), LOC, priority=9, weight=3, flags="more"),
        record(address(1), LOC2, priority=9, weight=1, flags="more"),
        record(address(1), LOC3, priority=1)])
    found = do("mapping-get", address=address(1))["mapping"]
    equal([(one["locator"], one["priority"], one["weight"], one["flags"])
           for one in found],
          [(hexed(LOC), 9, 3, {"more"}), (hexed(LOC2), 9, 1, {"more"}),
           (hexed(LOC3), 1, 0, set())])
    equal(len(mappings()), 3, "dumped")
    equal(do("mapping-flush", locator=LOC3)["count"], 1, "flushed")


@case("the mapping's identifier; a local identifier")
def identifiers():
    # VNID 7, and what the address ends in
    unicast, ident = "2001:db8:9::a00:1", 0x600000070A000001
    do("mapping-new", mapping=[
        record(unicast, LOC, identifier=ident),
        record(unicast, identifier=ident, flags="local")])
    found = mappings()
    equal([(one["address"], one["locator"], one["identifier"], one["flags"])
           for one in found],
          [(unicast, hexed(LOC), hex(ident), set()),
           (unicast, "0x0", hex(ident), {"local"})])


def filtered():
    """{filter: addresses that it leaves}, of mappings that it makes."""
    do("mapping-new", mapping=some(2), generation=1)
    do("mapping-new", mapping=some(2, LOC2, start=3, origin="redirect"),
       generation=2)
    do("mapping-new", mapping=some(2, LOC3, OTHER_SIR, domain=3), generation=2)
    old = [address(1), address(2)]
    new = [address(3), address(4)]
    others = [address(1, OTHER_SIR), address(2, OTHER_SIR)]
    return [({"locator": LOC}, old),
            ({"domain": 3}, others),
            ({"address": address(3)}, new[:1]),
            ({"address": OTHER_SIR + "::", "prefix_len": 64}, others),
            ({"origin": "redirect"}, new),
            ({"sweep": 2}, old),
            ({"idle": 1000}, []),
            ({"idle": 0}, old + new + others),
            ({"origin": "static", "domain": 0}, old)]


@case("filters of dumps")
def filters():
    for attrs, left in filtered():
        equal(addresses(**attrs), sorted(left), attrs)


@case("filters of flushes, and what they count")
def flushes():
    for index in range(len(filtered())):
        do("mapping-flush")
        attrs, left = filtered()[index]
        everything = addresses()
        equal(do("mapping-flush", **attrs)["count"], len(left), attrs)
        equal(addresses(), sorted(set(everything) - set(left)), attrs)


@case("prefix-len without address is refused")
def bare_prefix_len():
    refused(errno.EINVAL, do, "mapping-flush", prefix_len=64,
            attr="prefix-len", said="ADDRESS")


# Locators

def locator_of(locator=LOC, **more):
    return do("locator-get", locator=locator, **more)


@case("locators: get, dump, their mappings and SIR prefix")
def locators():
    do("mapping-new", mapping=some(3, domain=7))
    want = {"locator": hexed(LOC), "domain": 7, "sir-prefix": hexed(SIR),
            "count": 3, "state": set(), "packets": 0, "bytes": 0}
    equal(locator_of(domain=7), want)
    equal(dump("locator-get"), [want])
    refused(errno.ENOENT, locator_of, attr="locator", said="no mapping")


@case("locators: down, up, own")
def locator_states():
    do("mapping-new", mapping=some(1, domain=7))
    do("locator-down", locator=LOC, domain=7)
    equal(locator_of(domain=7)["state"], {"down"})
    rule("rule-add", domain=7)
    equal(locator_of(domain=7)["state"], {"down", "own"})
    do("locator-up", locator=LOC, domain=7)
    equal(locator_of(domain=7)["state"], {"own"})
    refused(errno.ENOENT, do, "locator-down", locator=LOC2)
    refused(errno.ENOENT, do, "locator-up", locator=LOC2)


@case("locators: all mappings of one move to another")
def locator_moves():
    do("mapping-new", mapping=some(3, domain=7))
    do("locator-move", locator=LOC, locator_to=MOVED, domain=7)
    equal({one["locator"] for one in mappings()}, {hexed(MOVED)})
    equal(locator_of(MOVED, domain=7)["count"], 3, "mappings")
    refused(errno.ENOENT, do, "locator-move", locator=LOC, locator_to=LOC2)
    refused(errno.EINVAL, do, "locator-move", locator=MOVED,
            locator_to="ff02::", attr="locator-to")


# Configuration

@case("configuration: what is set, and what is left")
def configuration():
    given = {"miss": "drop", "miss-rate": 17, "counting": 0, "fastpath": 1,
             "limit": 3}
    before = do("config-get")
    for name, value in given.items():
        do("config-set", **{name: value})
        before[name] = value
        equal(do("config-get"), before)
    do("mapping-new", mapping=some(3), generation=before["generation"] + 1)
    equal(do("config-get"), dict(before, count=3,
                                 generation=before["generation"] + 1))
    refused(errno.ENOSPC, do, "mapping-new", mapping=some(1, start=4),
            said="LIMIT")
    refused(errno.EPERM, do, "config-set", limit=0xFFFFFFFF, attr="limit")


# What becomes of packets

def table_route(sir=SIR, **encap):
    nl.Routes().add(sir + "::/64", nl.ila_attrs(
        loc=bytes(8), ident_type="luid", **encap), dev=DEVICE)


def send(*destinations):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        for destination in destinations:
            try:
                sock.sendto(b"x", (destination, 9))
            except OSError as error:
                if error.errno != errno.EHOSTUNREACH:
                    raise


def device_index():
    return socket.if_nametoindex(DEVICE)


@case("counters, each by its name; those of locators")
def counters():
    before = do("stats-get")["stats"]
    equal(set(before), {name for name, attr in ynl.attr_sets["stats"].items()
                        if attr.type != "pad"}, "counters")
    table_route(miss="drop")
    do("mapping-new", mapping=some(1))
    send(address(1), address(2), address(2))
    after = do("stats-get")["stats"]
    equal({name: after[name] - before[name] for name in after
           if after[name] != before[name]},
          {"out-translated": 1, "miss-dropped": 2}, "counted")
    found = locator_of()
    equal(found["packets"], 1, "packets")
    check(found["bytes"] > 40, "bytes %d" % found["bytes"])


def explained(destination, by, why="nothing", **more):
    found = do("explain", address=destination)
    want = dict({"address": str(ipaddress.IPv6Address(destination)),
                 "explain": by, "why": why},
                **{name.replace("_", "-"): value
                   for name, value in more.items()})
    equal({name: found.get(name) for name in want}, want)
    return found


@case("explain: nothing of ILA")
def explain_none():
    explained(LOC + "::1", "none", ifindex=device_index(), gateway=ROUTER)
    check("ifindex" not in explained("2001:db8:77::1", "none"), "a device")


@case("explain: a rule")
def explain_rule():
    rule("rule-add", ifindex=1, csum_mode="neutral-map-auto",
         ident_type="luid", domain=7, stray="unreachable")
    found = explained(LOC + ":2000::1", "rule", **PRIVATE)
    equal(found["translated"][:len(SIR)], SIR, "translated")


@case("explain: a route with a locator")
def explain_route():
    nl.Routes().add(address(1) + "/128", nl.ila_attrs(
        loc=LOC, csum_mode="no-action"), dev=DEVICE)
    explained(address(1), "route", locator=hexed(LOC), csum_mode="no-action",
              ident_type="use-format", domain=0, gateway=ROUTER,
              ifindex=device_index(), translated=LOC + ":2000::1")


@case("explain: a mapping")
def explain_mapping():
    table_route()
    do("mapping-new", mapping=some(1))
    found = explained(address(1), "mapping", locator=hexed(LOC),
                      csum_mode="no-action", domain=0, gateway=ROUTER,
                      ifindex=device_index(), translated=LOC + ":2000::1")
    equal([one["locator"] for one in found["mapping"]], [hexed(LOC)])


@case("explain: misses, and why")
def explain_misses():
    table_route(miss="unreachable")
    miss = {"miss": "unreachable", "ifindex": device_index()}
    explained(address(1), "miss", "no-mapping", **miss)
    do("mapping-new", mapping=some(1) + some(1, "2001:db8:77:1", start=2))
    explained(address(2), "miss", "no-route", **miss)
    do("locator-down", locator=LOC)
    explained(address(1), "miss", "down", locator=hexed(LOC), **miss)
    do("locator-up", locator=LOC)
    rule()
    explained(address(1), "miss", "own", **miss)


# Events

@case("events: rules")
def rule_events():
    rule("rule-add", ifindex=1, csum_mode="neutral-map-auto",
         ident_type="luid", domain=7, stray="unreachable")
    equal(told_one("rule-add-ntf"), PRIVATE)
    do("rule-del", locator_match=LOC, ifindex=1)
    equal(told_one("rule-del-ntf"), dict(PRIVATE, reason="request"))


@case("events: a rule goes with its device")
def device_event():
    sh("ip link add gone type dummy")
    rule(ifindex=socket.if_nametoindex("gone"))
    told_one("rule-add-ntf")
    sh("ip link del gone")
    equal(told_one("rule-del-ntf")["reason"], "device")


def same_mappings(event, count, locator=LOC):
    equal(sorted(one["address"] for one in event["mapping"]),
          sorted(address(n) for n in range(1, count + 1)), "addresses")
    equal({one["locator"] for one in event["mapping"]}, {hexed(locator)},
          "locators")


@case("events: mappings")
def mapping_events():
    do("mapping-new", mapping=some(3))
    same_mappings(told_one("mapping-new-ntf"), 3)
    do("mapping-change", mapping=some(3, LOC2))
    same_mappings(told_one("mapping-change-ntf"), 3, LOC2)
    do("mapping-replace", mapping=some(4, LOC3))
    same_mappings(told_one("mapping-replace-ntf"), 4, LOC3)
    do("mapping-del", mapping=some(1, 0))
    event = told_one("mapping-del-ntf")
    same_mappings(event, 1, LOC3)
    equal(event["reason"], "request")
    do("mapping-flush")
    equal(len(told_one("mapping-del-ntf")["mapping"]), 3, "flushed")


@case("events: many mappings come in several, none is lost")
def many_events():
    do("mapping-new", mapping=some(MANY))
    found = []
    while len(found) < MANY:
        events = told("config")
        check(events, "%d of %d mappings told" % (len(found), MANY))
        for name, event in events:
            equal(name, "mapping-new-ntf")
            found += [one["address"] for one in event["mapping"]]
    equal(sorted(found), addresses())


@case("events: a mapping expires")
def expiry_event():
    do("mapping-new", mapping=some(1, timeout=1))
    told_one("mapping-new-ntf")
    found = told("config", seconds=60)
    equal([(name, event["reason"]) for name, event in found],
          [("mapping-del-ntf", "expired")], "events")


@case("events: locators")
def locator_events():
    do("mapping-new", mapping=some(1, domain=7))
    told_one("mapping-new-ntf")
    about = {"locator": hexed(LOC), "domain": 7}
    do("locator-down", locator=LOC, domain=7)
    equal(told_one("locator-down-ntf"), about)
    do("locator-up", locator=LOC, domain=7)
    equal(told_one("locator-up-ntf"), about)
    do("locator-move", locator=LOC, locator_to=MOVED, domain=7)
    equal(told_one("locator-move-ntf"), dict(about, **{
        "locator-to": hexed(MOVED)}))


@case("events: the configuration")
def config_event():
    do("config-set", miss="drop")
    equal(told_one("config-set-ntf"), do("config-get"))


def missed(events):
    """{address: domain}"""
    return {one: event.get("domain", 0) for _, event in events
            for one in event.get("address", [])}


@case("events: addresses without a mapping, of each domain")
def miss_events():
    table_route()
    table_route(OTHER_SIR, domain=9)
    do("config-set", miss_rate=1000)
    time.sleep(1)
    send(address(1), address(2), address(2), address(3, OTHER_SIR))
    found = []
    while len(missed(found)) < 3:
        events = told("miss")
        check(events, "told %s" % missed(found))
        found += events
    equal({name for name, _ in found}, {"miss"})
    equal(missed(found), {address(1): 0, address(2): 0,
                          address(3, OTHER_SIR): 9})


@case("events: a few addresses at once, none is lost for want of room")
def few_misses():
    table_route()
    do("config-set", miss_rate=1000)
    time.sleep(1)
    for first in range(1, 161, 8):
        wanted = {address(n): 0 for n in range(first, first + 8)}
        send(*wanted)
        found = []
        while len(missed(found)) < 8:
            events = told("miss")
            check(events, "told %s" % missed(found))
            found += events
        equal(missed(found), wanted)


@case("events: how many addresses came too fast")
def lost_misses():
    table_route()
    do("config-set", miss_rate=4)
    time.sleep(1)
    send(*(address(n) for n in range(1, 31)))
    found, lost = [], 0
    while lost <= 10:
        events = told("miss")
        check(events, "told %s" % found)
        found += events
        lost += sum(event.get("lost", 0) for _, event in events)


# Last: was that all?

def described():
    """(operation, mode, what) of each list of attributes that there is."""
    for op in ynl.msgs.values():
        if op.is_async:
            yield op.name, "event", "attributes"
            continue
        for mode in op.modes:
            yield op.name, mode, "request"
            if "reply" in op[mode]:
                yield op.name, mode, "reply"


def coverage():
    """Every operation was used, every event told, and each attribute that the
    description lists was there."""
    lacking = ["%s %s %s: %s" % (*key, ", ".join(sorted(left)) or "never")
               for key in described()
               for left in [set(listed(*key)) - seen.get(key, set())]
               if left or key not in seen]
    check(not lacking, "; ".join(lacking))


def client(place):
    """The library of a kernel tree's tools/net/ynl, old or new."""
    for inner in ("pyynl", ""):
        path = os.path.join(place, inner)
        if os.path.exists(os.path.join(path, "lib", "ynl.py")):
            sys.path.insert(0, path)
            return importlib.import_module("lib")
    return skip_all("there is no ynl in " + place)


def find():
    """The client and the description."""
    global lib, spec_path
    place = ilatap.find_source("ILA_YNL", "tools/net/ynl")
    spec_path = ilatap.find_source("ILA_SPEC",
                                   "Documentation/netlink/specs/ila.yaml")
    if not place:
        skip_all("there is no ynl: set ILA_YNL")
    if not spec_path:
        skip_all("there is no ila.yaml: set ILA_SPEC")
    if not importlib.util.find_spec("yaml"):
        skip_all("there is no python3-yaml")
    lib = client(place)


def configuration_found():
    """Whether this module has what is described; spec.py fails if not."""
    try:
        return do("config-get")
    except lib.NlError as error:
        if error.error != errno.EOPNOTSUPP:
            raise
        return skip_all("the module has the old commands only")


def prepare():
    global ynl, defaults
    sh("ip link add %s type dummy && ip link set %s up && "
       "ip addr add %s/64 dev %s nodad" % (DEVICE, DEVICE, HERE, DEVICE))
    sh("ip -6 route add 2001:db8:a::/48 via %s dev %s" % (ROUTER, DEVICE))
    ynl = lib.YnlFamily(spec_path, "")
    found = configuration_found()
    defaults = {name: found[name] for name in ("miss", "miss-rate", "counting",
                                               "fastpath", "limit")}
    for group in ynl.mcast_groups:
        listen(group)


def main():
    find()
    ilatap.start()
    prepare()
    CASES.append(("all that is described was used and seen", coverage))
    ilatap.run(CASES)


if __name__ == "__main__":
    main()
