#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Routes with encap ila: what is accepted, what is refused and why, what a
dump and stock ip show, which routes are the same route."""

import errno
import json
import socket
import subprocess

import ilatap
from ilatap import check, equal, sh
import ila_nl as nl
from ila_nl import (CSUM_MODE, DOMAIN, HOOK_TYPE, IDENT_TYPE, LOCATOR,
                    NLM_F_APPEND, NLM_F_CREATE, NLM_F_REPLACE)

LOC = "2001:db8:a:1"
OTHER = "2001:db8:a:2"
SIR = "2001:db8:5:1"
EXACT = SIR + ":2000::1/128"
CBIT = LOC + ":3000::1/128"
LOW_FFFF = SIR + ":2000::ffff/128"
VIA = "2001:db8:9::2"
VIA_NET = "2001:db8:9::/64"

CASES = []
routes = None


def case(name):
    def add(function):
        def emptied():
            routes.flush()
            routes.add(VIA_NET, None, dev="d0")
            function()
        CASES.append((name, emptied))
        return function
    return add


def encap(loc=LOC, **kw):
    kw.setdefault("ident_type", 1)
    return nl.ila_attrs(loc=loc, **kw)


def refused(error, attribute, prefix, nest, **kw):
    """The route is refused with this errno, and the extack says why."""
    wanted = error if isinstance(error, tuple) else (error,)
    try:
        routes.add(prefix, nest, **dict({"dev": "d0"}, **kw))
    except nl.NetlinkError as got:
        check(got.errno in wanted, "answered %s" % got)
        check(got.msg or got.missing is not None,
              "no extack text with %s" % got)
        if attribute is not None:
            check(got.names(attribute), "%r does not name %s" %
                  (got.msg, nl.ATTR_NAMES[attribute]))
        return
    raise AssertionError("accepted")


def accepted(prefix, nest, **kw):
    """The route is accepted and its dump is the nest with every default."""
    routes.add(prefix, nest, **dict({"dev": "d0"}, **kw))
    found = dict(routes.dump())
    prefix = nl.ipaddress.ip_network(prefix)
    got = nl.attrs(found[str(prefix)])
    want = {CSUM_MODE: b"\x02", IDENT_TYPE: b"\x20", HOOK_TYPE: b"\0"}
    want.update(nl.attrs(nest))
    equal(got, want, "dumped")


def refuse_case(name, *args, **kw):
    case(name + " is refused")(lambda: refused(*args, **kw))


def accept_case(name, *args, **kw):
    case(name + " is accepted")(lambda: accepted(*args, **kw))


# What is needed and what is in range

refuse_case("a route without LOCATOR", errno.EINVAL, LOCATOR, EXACT,
            nl.ila_attrs(csum_mode=3, ident_type=1))
refuse_case("an empty encap", errno.EINVAL, LOCATOR, EXACT, b"")
refuse_case("LOCATOR of 4 bytes", (errno.ERANGE, errno.EINVAL), LOCATOR, EXACT,
            nl.attr(LOCATOR, bytes(4)))
for mode in (4, 63, 65, 77, 255):
    refuse_case("csum mode %d" % mode, (errno.EINVAL, errno.ERANGE), CSUM_MODE,
                EXACT, encap(csum_mode=mode))
for mode in (0, 1, 2, 3, 64):
    accept_case("csum mode %d" % mode, EXACT, encap(csum_mode=mode))
for ident in (0, 2, 3, 4, 5, 6, 7, 8, 31, 33, 200):
    refuse_case("ident type %d" % ident, (errno.EINVAL, errno.ERANGE),
                IDENT_TYPE, EXACT, encap(ident_type=ident))
for hook in (2, 255):
    refuse_case("hook type %d" % hook, (errno.EINVAL, errno.ERANGE), HOOK_TYPE,
                EXACT, encap(hook_type=hook))
accept_case("hook type input", LOC + "::/64",
            encap(SIR, hook_type=1, csum_mode=3))
accept_case("defaults: no-action, use-format, output", EXACT,
            nl.ila_attrs(loc=LOC))


@case("unknown attributes in the encap are ignored")
def unknown_ignored():
    routes.add(EXACT, encap() + nl.attr(50, b"abcd"), dev="d0")
    check(50 not in nl.attrs(dict(routes.dump())[EXACT]), "kept")


# Prefix lengths and types

USE_FORMAT = nl.ila_attrs(loc=LOC)
refuse_case("use-format with /66", errno.EINVAL, None, SIR + "::/66",
            USE_FORMAT)
accept_case("use-format with /67", SIR + ":2000::/67", USE_FORMAT)
for top in (0, 4, 6, 8, 0xA, 0xC, 0xE):
    refuse_case("use-format with type %d" % (top >> 1), errno.EINVAL, None,
                "%s:%x000::1/128" % (SIR, top), USE_FORMAT)
for length in ("3333::/16", "2001:db8::/32", "::/0", SIR + "::/64",
               SIR + ":4000::/66"):
    accept_case("luid with " + length, length, encap())


# Table routes

TABLE = "0:0:0:0"
for length in ("::/0", "2001:db8::/32", SIR + "::/64", EXACT):
    for ident in (1, 32):
        accept_case("table route %s, ident type %d" % (length, ident), length,
                    nl.ila_attrs(loc=TABLE, csum_mode=3, ident_type=ident))
for mode in (0, 1, 2, 3, 64):
    accept_case("table route in mode %d" % mode, SIR + "::/64",
                encap(TABLE, csum_mode=mode))
for miss in (1, 2, 3):
    accept_case("table route with miss policy %d" % miss, SIR + "::/64",
                encap(TABLE, miss=miss))
accept_case("table route to identifiers with the C-bit", CBIT,
            encap(TABLE, csum_mode=1))
refuse_case("table route with miss policy 4", errno.EINVAL, nl.MISS,
            SIR + "::/64", encap(TABLE, miss=4))
refuse_case("miss policy of a route with a locator", errno.EINVAL, nl.MISS,
            EXACT, encap(miss=1))
refuse_case("table route with hook type input", errno.EINVAL, LOCATOR,
            SIR + "::/64", encap(TABLE, hook_type=1))
for ident in (0, 2, 3, 4, 5, 6, 7):
    refuse_case("table route with ident type %d" % ident, errno.EINVAL,
                IDENT_TYPE, SIR + "::/64", encap(TABLE, ident_type=ident))


@case("table routes that differ in their miss policy are different routes")
def miss_differs():
    routes.add(SIR + "::/64", encap(TABLE, miss=1), dev="d0")
    routes.add(SIR + "::/64", encap(TABLE, miss=2), dev="d0",
               flags=nl.NLM_F_CREATE | nl.NLM_F_APPEND)
    equal(len(list(routes.dump())), 2, "routes")


# C-bit and low 16 bits ffff

accept_case("U18 neutral-map output to a /128 with the C-bit", CBIT,
            encap(SIR, csum_mode=1))
accept_case("U18 neutral-map input to a /128 with the C-bit", CBIT,
            encap(SIR, csum_mode=1, hook_type=1))
refuse_case("neutral-map output to a /68 with the C-bit", errno.EINVAL, None,
            SIR + ":3000::/68", encap(csum_mode=1))
accept_case("neutral-map-auto with the C-bit", CBIT, encap(csum_mode=3))
accept_case("no-action with the C-bit", CBIT, encap(csum_mode=2))
for mode in (1, 3):
    refuse_case("U7 exact route to ffff in mode %d" % mode, errno.EINVAL, None,
                LOW_FFFF, encap(csum_mode=mode))
for mode in (0, 2, 64):
    accept_case("exact route to ffff in mode %d" % mode, LOW_FFFF,
                encap(csum_mode=mode))
accept_case("exact input route from ffff in mode 3", LOC + ":2000::ffff/128",
            encap(SIR, csum_mode=3, hook_type=1))


# What an input route must not write

for word, prefix in (("link-local", "fe80:0:0:0"), ("multicast", "ff02:0:0:0"),
                     ("site multicast", "ff05:1:2:3")):
    refuse_case("U12 an input route that writes " + word, errno.EINVAL,
                LOCATOR, LOC + "::/64", encap(prefix, hook_type=1))


# Other families and shapes

@case("an IPv4 route is refused")
def ipv4():
    sh("ip -4 addr add 192.0.2.1/24 dev d0 2>/dev/null || true")
    refused(errno.EINVAL, None, "198.51.100.0/24", encap(),
            family=socket.AF_INET)


def ip(words):
    """Stock ip; what it says is the error."""
    try:
        return sh("ip " + words)
    except subprocess.CalledProcessError as error:
        raise OSError(0, "ip %s: %s" % (words, error.output.strip()))


def ip_refused(words):
    try:
        sh("ip " + words)
    except subprocess.CalledProcessError as error:
        return error.output
    raise AssertionError("accepted: ip " + words)


@case("nexthop object with luid is accepted and shown")
def nexthop_object():
    ip("-6 nexthop add id 7 encap ila %s csum-mode neutral-map-auto "
       "ident-type luid dev d0" % LOC)
    try:
        ip("-6 route add %s nhid 7" % EXACT)
        text = ip("-6 nexthop show id 7")
        for word in ("encap ila", LOC, "neutral-map-auto", "luid", "output"):
            check(word in text, "%r not in %r" % (word, text))
    finally:
        ip("nexthop flush")


@case("nexthop object with use-format is refused with a reason")
def nexthop_use_format():
    text = ip_refused("-6 nexthop add id 8 encap ila %s "
                      "ident-type use-format dev d0" % LOC)
    check("Invalid argument" not in text, "no extack: " + text.strip())


@case("IPv4 nexthop object is refused with a reason")
def nexthop_ipv4():
    text = ip_refused("nexthop add id 9 encap ila %s ident-type luid dev d0" %
                      LOC)
    check("Invalid argument" not in text, "no extack: " + text.strip())


@case("multipath: each nexthop has its own encap")
def multipath():
    ip("-6 route add %s nexthop encap ila %s ident-type luid via %s dev d0 "
       "nexthop encap ila %s ident-type luid via 2001:db8:9::3 dev d0" %
       (EXACT, LOC, VIA, OTHER))
    text = ip("-6 route show " + EXACT)
    check(LOC in text and OTHER in text, text)


# Dump

@case("dump: LOCATOR, CSUM_MODE, IDENT_TYPE, HOOK_TYPE, in this order")
def dump_order():
    nest = nl.ila_attrs(loc=LOC, csum_mode=3, ident_type=1, hook_type=0)
    routes.add(EXACT, nest, dev="d0")
    equal(dict(routes.dump())[EXACT].hex(), nest.hex(), "nest")


@case("stock ip shows a route in text")
def ip_text():
    ip("-6 route add %s encap ila %s csum-mode neutral-map ident-type luid "
       "dev d0" % (EXACT, LOC))
    text = " ".join(ip("-6 route show " + EXACT).split())
    want = ("encap ila %s csum-mode neutral-map ident-type luid "
            "hook-type output" % LOC)
    check(want in text, text)


@case("stock ip shows a route in JSON")
def ip_json():
    ip("-6 route add %s::/64 encap ila %s csum-mode adj-transport "
       "ident-type luid hook-type input via %s dev d0" % (LOC, SIR, VIA))
    shown = json.loads(ip("-6 -j route show %s::/64" % LOC))[0]
    # newer ones have an object of its own for it
    if isinstance(shown["encap"], dict):
        shown |= shown["encap"]
        shown["encap"] = shown["encap_type"]
    want = {"encap": "ila", "locator": SIR, "csum_mode": "adj-transport",
            "ident_type": "luid", "hook_type": "input", "gateway": VIA}
    equal({key: shown.get(key) for key in want}, want)


@case("ip route get shows the encap")
def route_get():
    ip("-6 route add %s encap ila %s ident-type luid dev d0" % (EXACT, LOC))
    check("encap ila" in ip("-6 route get " + EXACT.split("/")[0]), "no encap")


# Which routes are the same

def count(prefix=EXACT):
    return [p for p, _ in routes.dump()].count(prefix)


@case("add of the same route twice: EEXIST")
def add_twice():
    routes.add(EXACT, encap(), dev="d0")
    for flags in (NLM_F_CREATE | nl.NLM_F_EXCL, NLM_F_CREATE | NLM_F_APPEND):
        try:
            routes.add(EXACT, encap(), flags, dev="d0")
        except nl.NetlinkError as error:
            equal(error.errno, errno.EEXIST)
        else:
            raise AssertionError("accepted")
    equal(count(), 1, "routes")


def differ(name, **kw):
    @case("U17 routes that differ only in %s are different routes" % name)
    def appended():
        for via in (None, VIA):
            where = {"dev": "d0", "via": via, "metric": 50 if via else 60}
            routes.add(EXACT, encap(), **where)
            routes.add(EXACT, encap(**kw), NLM_F_CREATE | NLM_F_APPEND,
                       **where)
    return appended


differ("checksum mode", csum_mode=3)
differ("identifier type", ident_type=32)
differ("hook type", hook_type=1)
differ("locator", loc=OTHER)


@case("U17 two nexthops of one route that differ only in mode")
def differ_multipath():
    hop = "nexthop encap ila %s csum-mode %s ident-type luid via %s dev d0"
    ip("-6 route add %s %s %s" % (EXACT, hop % (LOC, "no-action", VIA),
                                  hop % (LOC, "neutral-map-auto", VIA)))


@case("change of mode and of locator")
def change():
    routes.add(EXACT, encap(csum_mode=2), dev="d0")
    routes.change(EXACT, encap(csum_mode=3), dev="d0")
    equal(nl.attrs(dict(routes.dump())[EXACT])[CSUM_MODE], b"\x03", "mode")
    routes.change(EXACT, encap(OTHER, csum_mode=3), dev="d0")
    found = list(routes.dump())
    equal(len(found), 1, "routes")
    equal(nl.attrs(found[0][1])[LOCATOR], nl.locator_bytes(OTHER), "locator")


@case("change that is refused leaves the route as it was")
def change_refused():
    routes.add(EXACT, encap(csum_mode=3), dev="d0")
    before = dict(routes.dump())
    try:
        routes.change(EXACT, encap(OTHER, hook_type=9), dev="d0")
    except nl.NetlinkError:
        equal(dict(routes.dump()), before)
    else:
        raise AssertionError("accepted")


@case("replace creates and replaces")
def replace():
    for loc in (LOC, OTHER):
        routes.add(EXACT, encap(loc), NLM_F_CREATE | NLM_F_REPLACE, dev="d0")
    equal(count(), 1, "routes")


@case("replace turns an ordinary route into an ILA route and back")
def replace_ordinary():
    routes.add(EXACT, None, dev="d0")
    routes.change(EXACT, encap(), dev="d0")
    equal(count(), 1, "ILA routes")
    routes.change(EXACT, None, dev="d0")
    equal(count(), 0, "ILA routes")


@case("delete, and delete again: ESRCH")
def delete():
    routes.add(EXACT, encap(), dev="d0")
    routes.delete(EXACT, dev="d0")
    equal(count(), 0, "routes")
    try:
        routes.delete(EXACT, dev="d0")
    except nl.NetlinkError as error:
        equal(error.errno, errno.ESRCH)
    else:
        raise AssertionError("deleted twice")


@case("a hundred routes of two SIR prefixes to one locator, and none left behind")
def many():
    for index in range(1, 101):
        prefix = SIR if index % 2 else "2001:db8:6:1"
        routes.add("%s:2000::%x/128" % (prefix, index), encap(), dev="d0")
    equal(len(list(routes.dump())), 100, "routes")
    sh("ip -6 route flush dev d0")
    equal(len(list(routes.dump())), 0, "routes")


# Domains

@case("a route's domain is kept and dumped behind the old attributes")
def domain_dumped():
    nest = nl.ila_attrs(loc="2001:db8:d:4", csum_mode=3, ident_type=1,
                        hook_type=0, domain=7)
    routes.add(EXACT, nest, dev="d0")
    equal(dict(routes.dump())[EXACT].hex(), nest.hex(), "nest")


@case("a route that puts a locator into a second domain is refused")
def second_domain():
    first, second = "2001:db8:d:1", "2001:db8:d:2"
    routes.add(EXACT, encap(first, domain=7), dev="d0")
    for attributes in ({"domain": 8}, {}):
        refused(errno.EEXIST, DOMAIN, SIR + ":2000::2/128",
                encap(first, **attributes))
    accepted(SIR + ":2000::3/128", encap(second, domain=8, csum_mode=2))


@case("a rule that puts a route's locator into a second domain is refused")
def rule_second_domain():
    locator = "2001:db8:d:3"
    routes.add(EXACT, encap(locator, domain=7), dev="d0")
    ila = nl.Ila()
    try:
        ila.rule_add(locator, SIR, domain=8)
    except nl.NetlinkError as error:
        equal(error.errno, errno.EEXIST)
        check(error.names(DOMAIN), "extack does not name the domain")
    else:
        ila.flush()
        raise AssertionError("accepted")
    finally:
        ila.close()


# Who may do what

@case("root of a user namespace adds routes in its own namespace")
def own_namespace():
    def call():
        ilatap.own_user_namespace()
        sh("ip link set lo up")
        nl.Routes().add(EXACT, encap(csum_mode=3), dev="lo")
        return "ok"
    equal(ilatap.in_child(call), "ok")


def main():
    global routes
    ilatap.start()
    sh("ip link add d0 type dummy && ip link set d0 up")
    routes = nl.Routes()
    ilatap.run(CASES)


if __name__ == "__main__":
    main()
