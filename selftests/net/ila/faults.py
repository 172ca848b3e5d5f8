#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Every allocation of every command and route operation fails once: the answer
is an error of memory or success, there is all of it or nothing, and afterwards
the same can be done. What was lost on the way, kmemleak knows."""

import errno
import os
import sys

import ilatap
from ilatap import check, equal, unshare
import ila_nl as nl
from ila_nl import (ADD, DEL, GET, FLUSH, RULE_ADD, RULE_GET, RULE_DEL, MAPPING_NEW,
                    MAPPING_CHANGE, MAPPING_REPLACE, MAPPING_DEL, MAPPING_GET,
                    MAPPING_FLUSH, LOCAL, MORE, LOCATOR_GET, LOCATOR_MOVE,
                    LOCATOR_DOWN, LOCATOR_UP, CONFIG_GET, CONFIG_SET,
                    STATS_GET, EXPLAIN, NLM_F_ACK, NLM_F_DUMP, RTM_NEWROUTE,
                    RTM_DELROUTE, RTM_GETROUTE, ila_attrs, record, u8, u32)

SIR, SIR2 = "2001:db8:5:1", "2001:db8:5:2"
LOC, LOC2, LOC3 = "2001:db8:a:1", "2001:db8:a:2", "2001:db8:a:3"
ALONE, PAIR, NEW = (SIR + ":2000::a%d" % n for n in (1, 2, 3))
# of virtual networks: elsewhere, here, and new ones
TENANT, TENANT_HERE, TENANT_NEW, TENANT_NEW_HERE = (
    ("fd00:%x::1" % vnid, 0x6000000000000001 | vnid << 32)
    for vnid in (0x77, 0x78, 0x79, 0x7a))
FIXED, FIXED2 = SIR + ":2000::f1/128", SIR + ":2000::f2/128"

FAIL_NTH = "/proc/thread-self/fail-nth"
DEBUGFS = "/sys/kernel/debug/"
# longer chains of allocations there are not
MOST = 2000
# of a new namespace, whose allocations are those of all the network, so many fail
SAMPLES = 60
# no memory for it; no memory for the question or for the answer
REFUSED, UNKNOWN = (errno.ENOMEM,), (errno.ENOBUFS, errno.ETIMEDOUT)
# what of a route does not change by itself
ROUTE = (nl.RTA_DST, nl.RTA_OIF, nl.RTA_PRIORITY, nl.RTA_MULTIPATH,
         nl.RTA_ENCAP_TYPE, nl.RTA_ENCAP)
# what changes by itself
MOVING = ("idle", "timeout", "packets", "bytes", "generation")

ila = routes = listener = None


def prepare_faults():
    """What may sleep fails too, and quietly."""
    for name, value in (("failslab/ignore-gfp-wait", "N"),
                        ("failslab/verbose", "0"),
                        ("fail_page_alloc/ignore-gfp-wait", "N"),
                        ("fail_page_alloc/min-order", "0"),
                        ("fail_page_alloc/verbose", "0")):
        with open(DEBUGFS + name, "w") as setting:
            setting.write(value)


class Fault:
    """The nth allocation of this thread fails while this is entered."""

    def __init__(self, nth):
        self.nth, self.left = nth, nth
        self.file = os.open(FAIL_NTH, os.O_RDWR)

    def __enter__(self):
        os.write(self.file, b"%d" % self.nth)
        return self

    def __exit__(self, *_):
        self.left = int(os.pread(self.file, 16, 0))
        os.write(self.file, b"0")
        os.close(self.file)

    def injected(self):
        return self.left == 0


# --- What there is ------------------------------------------------------------

def sockets():
    """New ones: an answer that was lost leaves an error behind. Somebody
    listens, so that events need memory, too."""
    global ila, routes, listener
    for old in (ila, routes, listener):
        if old:
            old.close()
    ila, routes = nl.Ila(), nl.Routes()
    listener = nl.Netlink(nl.NETLINK_GENERIC)
    listener.join("config")
    listener.sock.setblocking(False)
    for netlink in (ila.netlink, routes.netlink):
        netlink.sock.settimeout(3 * ilatap.SLOW)


def still(found):
    return {name: value for name, value in found.items() if name not in MOVING}


def state():
    return (sorted(map(repr, ila.rule_dump(RULE_GET))),
            sorted(repr(still(found)) for found in ila.map_dump()),
            sorted(repr(still(found)) for found in ila.locators()),
            repr(still(ila.values(CONFIG_GET))),
            sorted(repr([found.get(kind) for kind in ROUTE])
                   for _, found in routes.dump_all()),
            [message.payload for message in routes.netlink.request(
                nl.RTM_GETNEXTHOP, nl.NHMSG.pack(0, 0, 0, 0, 0), NLM_F_DUMP)])


def encap(loc=LOC, **kw):
    return ila_attrs(loc=loc, ident_type=1, **kw)


def tenant(who, loc=0, **kw):
    return record(who[0], loc, identifier=who[1], **kw)


def furnish():
    """The same every time: some of everything."""
    if not os.path.exists("/proc/sys/net/ipv6/conf/d0"):
        ilatap.sh("ip link add d0 up type dummy")
    sockets()
    ila.flush()
    ila.map_flush()
    routes.flush()
    for found in ila.locators():
        ila.locator(found["locator"], LOCATOR_UP, domain=found["domain"])
    ila.command(CONFIG_SET, u8(nl.FASTPATH, 0) + u32(nl.MISS_RATE, 0) +
                u8(nl.MISS, 0))
    ila.rule_add(LOC, SIR, csum_mode=3)
    ila.map(record(ALONE, LOC),
            record(PAIR, LOC, priority=2, weight=1, flags=MORE),
            record(PAIR, LOC2, priority=1, weight=3),
            tenant(TENANT, LOC), tenant(TENANT_HERE, flags=LOCAL))
    routes.add(SIR + "::/64", encap(0), dev="lo")
    routes.add(FIXED, encap(), dev="lo")
    ila.locator(LOC2, LOCATOR_DOWN)
    nexthop_new(LOC)()()


def furnished_namespace():
    new_namespace()
    furnish()


def new_namespace():
    """One that never heard of ILA; the one before comes to its end."""
    ilatap.new_namespace()
    sockets()


# --- Requests, made ready beforehand ---------------------------------------------

def command(cmd, data=b"", flags=NLM_F_ACK):
    return lambda: lambda: ila.command(cmd, data, flags)


def dump(cmd):
    return command(cmd, flags=NLM_F_DUMP)


def mapping(cmd, *records):
    return command(cmd, b"".join(records))


def locator(cmd, to=None, of=LOC):
    data = nl.attr(nl.LOCATOR, nl.locator_bytes(of))
    if to:
        data += nl.attr(nl.LOCATOR_TO, nl.locator_bytes(to))
    return command(cmd, data)


def address(cmd, text):
    return command(cmd, nl.attr(nl.ADDRESS, nl.ipaddress.ip_address(text).packed),
                   0)


def route(kind, prefix, nest=None, flags=0):
    def ready():
        data = routes.message(prefix, nest, dev="lo")
        return lambda: routes.netlink.request(kind, data, NLM_F_ACK | flags)
    return ready


def route_dump():
    request = nl.RTMSG.pack(nl.socket.AF_INET6, *[0] * 8)
    return lambda: routes.netlink.request(RTM_GETROUTE, request, NLM_F_DUMP)


def route_get():
    target = nl.ipaddress.ip_interface(FIXED).ip.packed
    request = nl.RTMSG.pack(nl.socket.AF_INET6, 128, *[0] * 7) + nl.attr(nl.RTA_DST,
                                                                         target)
    return lambda: routes.netlink.request(RTM_GETROUTE, request, 0)


def multipath():
    """Two legs, each with an encapsulation."""
    legs = [nl.leg(encap(loc), "d0", "fe80::1") for loc in (LOC, LOC2)]
    data = routes.message(FIXED2, None) + nl.attr(nl.RTA_MULTIPATH, b"".join(legs))
    return lambda: routes.netlink.request(RTM_NEWROUTE, data, NLM_F_ACK |
                                          nl.NLM_F_CREATE | nl.NLM_F_EXCL)


def nexthop_new(loc):
    def ready():
        data = nl.nexthop(1, encap(loc), "lo")
        return lambda: routes.netlink.request(nl.RTM_NEWNEXTHOP, data, NLM_F_ACK |
                                              nl.NLM_F_CREATE | nl.NLM_F_REPLACE)
    return ready


def nexthop_del():
    data = nl.NHMSG.pack(0, 0, 0, 0, 0) + u32(nl.NHA_ID, 1)
    return lambda: routes.netlink.request(nl.RTM_DELNEXTHOP, data, NLM_F_ACK)


# --- Failing --------------------------------------------------------------------

def length(answer):
    """However many messages it takes"""
    return sum(len(message.payload) - nl.GENLHDR.size for message in answer)


def heard():
    """Whether the listener has been told something, or that it has missed something."""
    told = False
    while True:
        try:
            listener.sock.recv(1 << 16)
        except BlockingIOError:
            return told
        except OSError as error:
            equal(error.errno, errno.ENOBUFS, "a listener's error")
        told = True


def attempt(operation, nth):
    """(whether a fault came, the errno or 0, the answer, whether it was told)"""
    error, run, answer = 0, operation(), []
    heard()
    with Fault(nth) as fault:
        try:
            answer = run()
        except TimeoutError:
            error = errno.ETIMEDOUT
        except OSError as got:
            error = got.errno
    told = heard()
    sockets()
    return fault.injected(), error, answer, told


def judge(error, before, after, told, again):
    """Return: what there is in the end."""
    check(error in (0,) + REFUSED + UNKNOWN, "wrong errno")
    now = state()
    check(told or now == before, "changed, and nobody was told")
    if error == 0:
        equal(now, after, "there is")
    elif error in UNKNOWN:
        check(now in (before, after), "half done: %r" % (now,))
    else:
        equal(now, before, "there is")
        again()
        now = state()
        equal(now, after, "when it is done again, there is")
    return now


def fail_each(operation, start_over):
    start_over()
    before = state()
    heard()
    whole = length(operation()())
    tells = heard()
    now = after = state()
    errors = {}
    for nth in range(1, MOST):
        if start_over is not furnish or now != before:
            start_over()
        injected, error, answer, told = attempt(operation, nth)
        if not injected:
            break
        if not error:
            equal(length(answer), whole, "allocation %d: bytes of the answer" % nth)
        said = errno.errorcode.get(error, "done")
        errors[said] = errors.get(said, 0) + 1
        try:
            now = judge(error, before, after, told or not tells, operation())
        except AssertionError as why:
            raise AssertionError("allocation %d, %s: %s" % (nth, said, why))
    check(not injected and not error, "not without a fault: %d" % error)
    equal(state(), after, "without a fault there is")
    check(errors, "not one allocation failed")
    print("# " + ", ".join("%s %d" % one for one in sorted(errors.items())),
          flush=True)


def create(nth):
    """Whether there is a new namespace, and what was left of nth. Other parts of
    the network have their own words for no memory."""
    with Fault(nth) as fault:
        try:
            unshare(ilatap.CLONE_NEWNET)
            made = True
        except OSError:
            made = False
    return made, fault.left


def namespaces():
    """A new namespace comes whole or not at all, and goes."""
    made, left = create(1 << 20)
    check(made, "no namespace without a fault")
    total, failed = (1 << 20) - left, 0
    for nth in range(1, total + 1, max(1, total // SAMPLES)):
        made, _ = create(nth)
        failed += not made
        if made:
            sockets()
            ila.rule_add(LOC, SIR)
            check(os.path.exists("/proc/thread-self/net/ila_stat"),
                  "allocation %d: no counters" % nth)
    check(failed, "none of %d allocations failed one" % total)
    print("# %d of %d allocations failed it" % (failed, total), flush=True)


OPERATIONS = [
    ("rule add", command(ADD, ila_attrs(LOC2, SIR, csum_mode=3))),
    ("rule add in another domain", command(RULE_ADD, ila_attrs(
        LOC3, SIR, csum_mode=1, domain=7, stray=1))),
    ("rule del", command(DEL, ila_attrs(LOC))),
    ("strict rule del", command(RULE_DEL, ila_attrs(LOC))),
    ("rule flush", command(FLUSH)),
    ("rule get", command(RULE_GET, ila_attrs(LOC), 0)),
    ("rule dump", dump(RULE_GET)),
    ("old rule get", command(GET, ila_attrs(LOC), 0)),
    ("old rule dump", dump(GET)),
    ("mapping new", mapping(MAPPING_NEW, record(NEW, LOC2))),
    ("mapping new, locator and set", mapping(
        MAPPING_NEW, record(NEW, LOC3, priority=1, weight=1, flags=MORE),
        record(NEW, LOC, priority=1, weight=1))),
    ("mapping new, virtual network", mapping(
        MAPPING_NEW, tenant(TENANT_NEW, LOC))),
    ("mapping new, local", mapping(
        MAPPING_NEW, tenant(TENANT_NEW_HERE, flags=LOCAL))),
    ("mapping new, many", mapping(
        MAPPING_NEW, *(record("%s:2000::1:%x" % (SIR, n), LOC)
                       for n in range(300)))),
    ("mapping change", mapping(MAPPING_CHANGE, record(ALONE, LOC2, timeout=900))),
    ("mapping change to a set", mapping(
        MAPPING_CHANGE, record(ALONE, LOC2, weight=1, flags=MORE),
        record(ALONE, LOC3, weight=2))),
    ("mapping replace", mapping(MAPPING_REPLACE, record(PAIR, LOC3),
                                record(NEW, LOC2))),
    ("mapping del", mapping(MAPPING_DEL, record(ALONE), record(PAIR))),
    ("mapping flush", command(MAPPING_FLUSH, flags=0)),
    ("mapping get", address(MAPPING_GET, PAIR)),
    ("mapping dump", dump(MAPPING_GET)),
    ("locator move", locator(LOCATOR_MOVE, LOC3)),
    ("locator move to one that is there", locator(LOCATOR_MOVE, LOC2)),
    ("locator down", locator(LOCATOR_DOWN)),
    ("locator up", locator(LOCATOR_UP, of=LOC2)),
    ("locator get", command(LOCATOR_GET, ila_attrs(loc=LOC), 0)),
    ("locator dump", dump(LOCATOR_GET)),
    ("config get", command(CONFIG_GET, flags=0)),
    ("config set, fast path and misses", command(
        CONFIG_SET, u8(nl.FASTPATH, 1) + u32(nl.MISS_RATE, 7) + u8(nl.MISS, 2))),
    ("stats get", command(STATS_GET, flags=0)),
    ("explain", address(EXPLAIN, ALONE)),
    ("fixed route add", route(RTM_NEWROUTE, FIXED2, encap(LOC2),
                              nl.NLM_F_CREATE | nl.NLM_F_EXCL)),
    ("fixed route replace", route(RTM_NEWROUTE, FIXED, encap(LOC2),
                                  nl.NLM_F_REPLACE)),
    ("fixed route del", route(RTM_DELROUTE, FIXED)),
    ("table route add", route(RTM_NEWROUTE, SIR2 + "::/64", encap(0, miss=3),
                              nl.NLM_F_CREATE | nl.NLM_F_EXCL)),
    ("table route del", route(RTM_DELROUTE, SIR + "::/64")),
    ("route dump", route_dump),
    ("route get", route_get),
    ("route of two legs add", multipath),
    ("input route add", route(RTM_NEWROUTE, LOC3 + "::/64", encap(SIR, hook_type=1),
                              nl.NLM_F_CREATE | nl.NLM_F_EXCL)),
    ("nexthop object add", nexthop_new(LOC2)),
    ("nexthop object del", nexthop_del),
]
# the first thing that is done in a namespace
FIRST = ("rule add", "mapping new", "mapping new, locator and set",
         "mapping new, virtual network", "mapping new, local",
         "config set, fast path and misses", "fixed route add",
         "table route add")


def cases():
    for name, operation in OPERATIONS:
        yield name, lambda o=operation: fail_each(o, furnish)
    for name, operation in OPERATIONS:
        if name in FIRST:
            yield (name + ", the namespace's first",
                   lambda o=operation: fail_each(o, new_namespace))
    yield ("locator move, the namespace's first",
           lambda: fail_each(locator(LOCATOR_MOVE, LOC3), furnished_namespace))
    yield "namespaces", namespaces


def main():
    ilatap.start_ours()
    if not os.path.exists(FAIL_NTH):
        ilatap.skip_all("this kernel fails no allocation")
    if not os.path.exists(DEBUGFS + "failslab"):
        ilatap.skip_all("needs failslab in debugfs")
    prepare_faults()
    ilatap.run([one for one in cases()
                if len(sys.argv) < 2 or sys.argv[1] in one[0]])


if __name__ == "__main__":
    sys.exit(main())
