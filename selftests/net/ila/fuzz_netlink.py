#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Requests by a grammar that is now and then broken: to the family, and for
routes and nexthops with an encapsulation. Each is answered; one that is refused
changes nothing; what can be dumped agrees with itself. A seed makes the same
requests again."""

import argparse
import itertools
import random
import socket
import struct
import sys
import time
from collections import Counter

import ilatap
from ilatap import check, equal
import ila_nl as nl
from ila_nl import attr, u32

SECONDS = 20
# A namespace sees so many requests; then it ends as it is
ROUND = 1000

SIRS = [bytes.fromhex("20010db80005%04x" % n) for n in range(3)]
LOCATORS = [bytes.fromhex("20010db8000a%04x" % n) for n in range(5)]
BAD_PREFIXES = [bytes(8), b"\xff" * 8, b"\xfe\x80" + bytes(6), SIRS[0],
                b"\xff\x02" + bytes(6)]
IDENTS = [bytes.fromhex("200000000000%04x" % n) for n in (0, 1, 2, 0xffff)] + [
    bytes.fromhex(text) for text in (
        "6000007700000001", "6000007800000001", "a000000000000001",
        "4000007700000001", "8000007700000001", "3000000000000001",
        "0000000000000001", "e000000000000001", "7000007700000002")]
ADDRESSES = [sir + ident for sir in SIRS for ident in IDENTS[:6]] + [
    bytes.fromhex(text) for text in (
        "fd000077000000000000000000000001", "fd000077000000000000000000000002",
        "ff050000000000000000000000000001", "0" * 32, "f" * 32,
        "fe800000000000000000000000000001")]
# mostly those that there are
CHOICES = {nl.CSUM_MODE: (0, 1, 2, 3, 64), nl.IDENT_TYPE: (1, 1, 1, 32, 0, 3),
           nl.HOOK_TYPE: (0, 0, 1), nl.STRAY: (0, 1, 2), nl.MISS: (0, 1, 2, 3),
           nl.ORIGIN: (0, 1, 2), nl.COUNTING: (0, 1), nl.FASTPATH: (0, 1)}
U8S = (0, 1, 2, 3, 4, 5, 32, 64, 127, 128, 254, 255)
U32S = (0, 1, 2, 7, 100, 0x7fffffff, 0x80000000, 0xffffffff)
DOMAINS = (0, 0, 0, 0, 7, 0xffffffff)
LIMITS = (0, 20) + (60, 1000, 1 << 26) * 4 + ((1 << 26) + 1,)
# nothing that ends while the test looks: what changes, a request changed
TIMEOUTS = (0,) * 20 + (100000, 0x3fffffff, 0x40000000, 0xffffffff)
PREFIX_LENS = (0, 1, 63, 64, 65, 67, 68, 127, 128, 129, 255)

COMMANDS = list(range(1, 5)) + list(range(32, 50))
WRITES = (nl.MAPPING_NEW, nl.MAPPING_CHANGE, nl.MAPPING_REPLACE,
          nl.MAPPING_REPLACE, nl.MAPPING_REPLACE, nl.MAPPING_DEL)
RTA_NH_ID = 30
GATEWAY = bytes.fromhex("fe800000000000000000000000000001")
NLA_F_NET_BYTEORDER = 0x4000


class Grammar:
    """What is said. Nothing but the seed decides, not the answers either."""

    def __init__(self, seed, lo, dummy):
        self.random, self.lo, self.dummy = random.Random(seed), lo, dummy
        self.values = {
            nl.LOCATOR: self.prefix, nl.LOCATOR_MATCH: self.prefix,
            nl.LOCATOR_TO: self.prefix, nl.SIR_PREFIX: self.prefix,
            nl.IDENTIFIER: lambda: self.pick(IDENTS),
            nl.IFINDEX: lambda: self.number((0, 0, 1, 99, 0x80000000)),
            nl.MAPPING: self.record, nl.ADDRESS: lambda: self.pick(ADDRESSES),
            nl.PREFIX_LEN: lambda: self.byte(PREFIX_LENS),
            nl.TRANSLATED: lambda: self.pick(ADDRESSES),
            nl.GATEWAY: lambda: self.pick(ADDRESSES),
            nl.STATS: lambda: self.attributes(range(8), 3),
        }
        for kind in (nl.DIR, nl.IDLE, nl.GENERATION, nl.SWEEP, nl.COUNT,
                     nl.STATE, nl.MISS_RATE, nl.LOST):
            self.values[kind] = self.number
        for kind, of in CHOICES.items():
            self.values[kind] = lambda of=of: self.byte(
                of if self.chance(93) else U8S)
        self.values[nl.DOMAIN] = lambda: self.number(DOMAINS)
        self.values[nl.LIMIT] = lambda: self.number(LIMITS)

    def chance(self, percent):
        return self.random.random() * 100 < percent

    def pick(self, what):
        return self.random.choice(what)

    def byte(self, of=U8S):
        return struct.pack("=B", self.pick(of))

    def number(self, of=U32S):
        return struct.pack("=I", self.pick(of))

    def junk(self, most):
        return self.random.randbytes(self.random.randrange(most + 1))

    def prefix(self):
        return self.pick(BAD_PREFIXES if self.chance(5) else LOCATORS)

    def record(self):
        """One that may be right, with a field or two that may not."""
        fields = dict(
            address=self.pick(ADDRESSES), identifier=bytes(8),
            timeout=self.pick(TIMEOUTS), idle=0, generation=0,
            domain=self.pick((0, 0, 0, 7)), csum_mode=255, ident_type=255,
            origin=self.pick((0, 1, 2)), flags=0, priority=0, weight=0,
            reserved=0)
        # a locator goes with a prefix
        sir = fields["address"][:8]
        fields["locator"] = LOCATORS[SIRS.index(sir)] if sir in SIRS and \
            self.chance(70) else self.pick(LOCATORS)
        if self.chance(60) and sir not in SIRS or self.chance(10):
            fields["identifier"] = self.pick(IDENTS[5:8])
        if self.chance(15):
            fields["flags"] = nl.LOCAL
            fields["locator"] = bytes(8)
            fields["identifier"] = self.pick(IDENTS)
        elif self.chance(20):
            fields["weight"] = self.pick((1, 2, 255))
        for name in self.random.sample(sorted(fields), self.pick((0, 0, 0, 0, 0, 1, 2))):
            if name in ("address", "locator", "identifier"):
                fields[name] = self.pick(ADDRESSES)[:len(fields[name])]
            elif name == "timeout":
                fields[name] = self.pick(TIMEOUTS)
            elif name in ("idle", "generation", "domain"):
                fields[name] = self.pick(U32S)
            else:
                fields[name] = self.pick(U8S)
        return nl.RECORD.pack(*(fields[name] for name in nl.RECORD_FIELDS))

    def set_of(self):
        """Records of one mapping, in general."""
        first = bytearray(self.record())
        flags = nl.RECORD.size - 5
        data = b""
        for left in reversed(range(self.pick((1, 2, 2, 3, 3, 8, 9)))):
            first[flags] = nl.MORE if left or self.chance(5) else 0
            first[flags + 1:flags + 3] = self.byte() + self.byte()
            if self.chance(30):
                first[16:24] = self.prefix()
            data += self.attribute(nl.MAPPING, bytes(first))
        return data

    def attribute(self, kind, value=None):
        """One attribute, in one of fifty broken."""
        if value is None:
            value = self.values.get(kind, self.byte)()
        if self.chance(98):
            return attr(kind, value)
        broken = self.random.randrange(6)
        if broken == 0:
            return attr(kind, value[:self.random.randrange(len(value) + 1)])
        if broken == 1:
            return attr(kind, value + self.junk(64))
        if broken == 2:
            return attr(kind | self.pick((nl.NLA_F_NESTED, NLA_F_NET_BYTEORDER)),
                        value)
        if broken == 3:     # a length that lies
            return struct.pack("=HH", self.pick((0, 1, 3, 4, 5, 200, 65535)),
                               kind) + value
        if broken == 4:
            return attr(self.random.randrange(200), value)
        return attr(kind, attr(kind, value) + self.junk(8))

    def attributes(self, kinds, most):
        kinds = list(kinds)
        count = self.random.randrange(most + 1)
        return b"".join(self.attribute(self.pick(kinds)) for _ in range(count))

    def shaken(self, parts):
        """Attributes in any order, now and then one twice or none."""
        parts = list(parts)
        if self.chance(20):
            self.random.shuffle(parts)
        if self.chance(5):
            parts.append(self.pick(parts))
        if self.chance(5):
            parts.pop(self.random.randrange(len(parts)))
        return b"".join(parts)

    # --- requests: (kind or None for the family, flags, payload)

    def request(self):
        kind, flags, payload = self.pick((
            self.rule, self.mapping, self.mapping, self.mapping, self.filtered,
            self.locator, self.config, self.anything, self.anything, self.route,
            self.route, self.route, self.nexthop))()
        if self.chance(2):
            payload = payload[:self.random.randrange(len(payload) + 1)]
        if self.chance(1):
            payload += self.junk(40)
        return kind, flags, payload

    def command(self, cmd, data, dump=False):
        flags = nl.NLM_F_DUMP if dump else 0
        version, reserved = (1, 0) if self.chance(97) else (
            self.random.randrange(256), self.random.randrange(65536))
        return None, flags, nl.GENLHDR.pack(cmd, version, reserved) + data

    def rule(self):
        cmd = self.pick((nl.ADD, nl.ADD, nl.DEL, nl.GET, nl.FLUSH, nl.RULE_ADD,
                         nl.RULE_ADD, nl.RULE_GET, nl.RULE_DEL))
        kinds = [nl.LOCATOR_MATCH]
        if cmd in (nl.ADD, nl.RULE_ADD) or self.chance(5):
            kinds += [nl.LOCATOR, nl.CSUM_MODE]
            for kind in (nl.IDENT_TYPE, nl.DOMAIN, nl.STRAY):
                if self.chance(30):
                    kinds.append(kind)
        if self.chance(10):
            kinds.append(nl.IFINDEX)
        return self.command(cmd, self.shaken(map(self.attribute, kinds)),
                            self.chance(10))

    def mapping(self):
        parts = [self.set_of() if self.chance(25) else self.attribute(nl.MAPPING)
                 for _ in range(self.pick((1, 1, 1, 1, 2, 3, 20)))]
        if self.chance(20):
            parts.append(self.attribute(nl.GENERATION))
        return self.command(self.pick(WRITES), self.shaken(parts))

    def filtered(self):
        kinds = (nl.LOCATOR, nl.DOMAIN, nl.ADDRESS, nl.PREFIX_LEN, nl.ORIGIN,
                 nl.IDLE, nl.SWEEP)
        if self.chance(30):
            return self.command(nl.MAPPING_FLUSH, self.attributes(kinds, 3))
        return self.command(nl.MAPPING_GET, self.attributes(kinds, 3),
                            self.chance(80))

    def locator(self):
        cmd = self.pick((nl.LOCATOR_GET, nl.LOCATOR_MOVE, nl.LOCATOR_MOVE,
                         nl.LOCATOR_DOWN, nl.LOCATOR_UP))
        kinds = [nl.LOCATOR]
        if (cmd == nl.LOCATOR_MOVE) != self.chance(3):
            kinds.append(nl.LOCATOR_TO)
        if self.chance(20):
            kinds.append(nl.DOMAIN)
        return self.command(cmd, self.shaken(map(self.attribute, kinds)),
                            self.chance(5))

    def config(self):
        cmd = self.pick((nl.CONFIG_GET, nl.CONFIG_SET, nl.CONFIG_SET,
                         nl.STATS_GET, nl.EXPLAIN))
        kinds = {nl.CONFIG_SET: (nl.MISS, nl.MISS_RATE, nl.COUNTING, nl.LIMIT,
                                 nl.FASTPATH),
                 nl.EXPLAIN: (nl.ADDRESS,)}.get(cmd, (nl.ADDRESS, nl.DOMAIN))
        most = 1 if self.chance(70) else 3
        return self.command(cmd, self.attributes(kinds, most))

    def anything(self):
        cmd = self.pick(COMMANDS) if self.chance(90) else \
            self.random.randrange(256)
        return self.command(cmd, self.attributes(range(1, 95), 6),
                            self.chance(30))

    def encap(self):
        table = self.chance(30)
        parts = [self.attribute(nl.LOCATOR, bytes(8) if table else None)]
        for kind, often in ((nl.CSUM_MODE, 60), (nl.IDENT_TYPE, 85),
                            (nl.HOOK_TYPE, 30), (nl.DOMAIN, 30),
                            (nl.MISS, 60 if table else 5)):
            if self.chance(often):
                parts.append(self.attribute(kind))
        nest = self.shaken(parts)
        kind = 3 if self.chance(95) else self.random.randrange(12)
        return nest, struct.pack("=H", kind)

    def nexthops(self):
        data = b""
        for _ in range(self.pick((1, 2, 3))):
            nest, kind = self.encap()
            inner = attr(nl.RTA_ENCAP, nest) + attr(nl.RTA_ENCAP_TYPE, kind)
            if self.chance(90):
                inner += attr(nl.RTA_GATEWAY, GATEWAY)
            data += nl.RTNH.pack(nl.RTNH.size + len(inner), 0, self.pick(U8S),
                                 self.dummy) + inner
        return attr(nl.RTA_MULTIPATH, data)

    def route(self):
        length = self.pick((64, 64, 128, 128, 68, 67, 48, 0, 127))
        target = self.pick(ADDRESSES[:-4])
        keep = (1 << 128) - (1 << (128 - length))
        target = (int.from_bytes(target, "big") & keep).to_bytes(16, "big")
        nest, kind = self.encap()
        flags = self.pick((nl.NLM_F_CREATE, nl.NLM_F_CREATE | nl.NLM_F_EXCL))
        verb = nl.RTM_NEWROUTE if self.chance(70) else nl.RTM_DELROUTE
        parts = [self.attribute(nl.RTA_DST, target)]
        # of many legs the core deletes those that it can
        if verb == nl.RTM_NEWROUTE and self.chance(15):
            parts.append(self.nexthops())
        elif self.chance(10):
            parts.append(u32(RTA_NH_ID, self.pick((1, 2, 3))))
        else:
            if self.chance(15):
                parts.append(self.attribute(nl.RTA_GATEWAY, self.pick(ADDRESSES)))
            parts += [u32(nl.RTA_OIF, self.lo),
                      self.attribute(nl.RTA_ENCAP | nl.NLA_F_NESTED, nest),
                      self.attribute(nl.RTA_ENCAP_TYPE, kind)]
            if self.chance(20):
                flags |= self.pick((nl.NLM_F_REPLACE, nl.NLM_F_APPEND))
        head = nl.RTMSG.pack(socket.AF_INET6 if self.chance(98) else
                             socket.AF_INET, length, 0, 0, 254, 4, 0, 1, 0)
        return (verb, flags if verb == nl.RTM_NEWROUTE else 0,
                head + self.shaken(parts))

    def nexthop(self):
        nest, kind = self.encap()
        parts = [u32(nl.NHA_ID, self.pick((1, 2, 3)))]
        if self.chance(70):
            parts += [u32(nl.NHA_OIF, self.lo),
                      attr(nl.NHA_ENCAP | nl.NLA_F_NESTED, nest),
                      self.attribute(nl.NHA_ENCAP_TYPE, kind)]
            return (nl.RTM_NEWNEXTHOP, nl.NLM_F_CREATE | nl.NLM_F_REPLACE,
                    nl.NHMSG.pack(socket.AF_INET6, 0, 4, 0, 0) + self.shaken(parts))
        return nl.RTM_DELNEXTHOP, 0, nl.NHMSG.pack(0, 0, 0, 0, 0) + self.shaken(parts)


# --- What there is ------------------------------------------------------------

class Namespace:
    """What is fuzzed, and what is seen of it by requests that are right."""

    def __init__(self):
        ilatap.new_namespace()
        ilatap.sh("ip link add d0 up type dummy")
        self.ila, self.routes = nl.Ila(), nl.Routes()
        self.netlinks = (self.ila.netlink, self.routes.netlink)
        for netlink in self.netlinks:
            netlink.sock.settimeout(10 * ilatap.SLOW)
        self.listener = nl.Netlink(nl.NETLINK_GENERIC)
        self.listener.join("config")
        self.listener.sock.setblocking(False)

    def close(self):
        self.listener.close()
        self.ila.close()
        self.routes.close()

    def heard(self):
        """How many messages everybody was told."""
        for count in itertools.count():
            try:
                self.listener.sock.recv(1 << 16)
            except BlockingIOError:
                return count

    def mappings(self):
        """All but what changes by itself."""
        return [tuple(value for name, value in found.items()
                      if name not in ("timeout", "idle"))
                for found in self.ila.map_dump()]

    def state(self):
        locators = [(found["domain"], found["locator"], found["state"],
                     found["count"], found.get("sir_prefix"))
                    for found in self.ila.locators()]
        config = self.ila.values(nl.CONFIG_GET)
        return (sorted(map(repr, self.ila.rule_dump(nl.RULE_GET))),
                sorted(self.mappings()), sorted(locators, key=repr),
                sorted(config.items()), sorted(self.routes.dump()))

    def agrees(self, state):
        """Dumps of one state agree with each other."""
        rules, records, locators, config, _ = state
        flags = nl.RECORD_FIELDS.index("flags") - 2
        more = [one for one in records if one[flags] & nl.MORE]
        equal(len(records) - len(more), dict(config)["count"],
              "mappings in the dump and in all")
        lists = Counter(one[1] for one in records)
        for _, locator, _, count, _ in locators:
            equal(count, lists[locator], "records of " + locator)
        known = {locator for _, locator, *_ in locators}
        check(known >= {one[1] for one in records if not one[flags] & nl.LOCAL},
              "a mapping's locator is not in the dump of them")
        equal(len(rules), len(self.ila.rule_dump()), "rules in both dumps")

    def send(self, kind, flags, payload):
        """The errno of a request, 0 if it was done."""
        netlink = self.netlinks[kind is not None]
        try:
            netlink.request(self.ila.family if kind is None else kind, payload,
                            flags | nl.NLM_F_ACK)
        except TimeoutError:
            raise AssertionError("no answer")
        except OSError as error:
            return error.errno
        return 0


def worth_telling(state):
    """Rules, and mappings without their generations."""
    rules, records, *_ = state
    generation = nl.RECORD_FIELDS.index("generation") - 2
    return rules, [one[:generation] + one[generation + 1:] for one in records]


def told(number, request):
    kind, flags, payload = request
    return "request %d (kind %s flags %#x %s)" % (number, kind, flags,
                                                  payload.hex())


def fuzz(seed, seconds):
    end = time.monotonic() + seconds
    number = done = told_all = 0
    space = grammar = None
    while time.monotonic() < end:
        if number % ROUND == 0:
            if space:
                space.close()
            space = Namespace()
            state = space.state()
            grammar = grammar or Grammar(seed, *(socket.if_nametoindex(dev)
                                                 for dev in ("lo", "d0")))
        request = grammar.request()
        try:
            error = space.send(*request)
            now, heard = space.state(), space.heard()
            if error:
                equal(now, state, "refused (%d), and yet there is" % error)
                equal(heard, 0, "refused (%d), messages to everybody" % error)
            check(heard or worth_telling(now) == worth_telling(state),
                  "nobody was told")
            space.agrees(now)
        except (AssertionError, OSError) as why:
            raise AssertionError("%s: %s" % (told(number, request), why))
        state = now
        number += 1
        done += not error
        told_all += bool(heard)
    space.close()
    print("# %d requests, %d of them done, %d told to everybody" %
          (number, done, told_all), flush=True)
    check(done > number // 10 and done < number, "nothing to learn from these")


def still_works():
    space = Namespace()
    space.ila.rule_add(LOCATORS[0], SIRS[0])
    space.ila.map(nl.record(ADDRESSES[0], LOCATORS[1]))
    equal(len(space.mappings()), 1, "mappings")
    space.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--minutes", type=float, default=SECONDS / 60)
    args = parser.parse_args()
    ilatap.start_ours()
    print("# seed %d, %g minutes" % (args.seed, args.minutes), flush=True)
    ilatap.run([
        ("requests by grammar", lambda: fuzz(args.seed, args.minutes * 60)),
        ("a new namespace works", still_works),
    ])


if __name__ == "__main__":
    sys.exit(main())
