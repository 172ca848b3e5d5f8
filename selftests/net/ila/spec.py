#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""The module, its header and its description in YAML tell the same: each
number of <linux/ila.h>, the struct, the operations that the running kernel has,
who may use them, what each takes, and the multicast groups."""

import errno
import os
import re
import sys

import ilatap
from ilatap import check, equal, skip_all
import ila_nl as nl

try:
    import yaml
except ImportError:
    skip_all("there is no python3-yaml")

UNPRIVILEGED = 65534
NETLINK_ADD_MEMBERSHIP = 1

# Of the controller, beside those of ila_nl
CTRL_CMD_GETPOLICY = 10
CTRL_ATTR_VERSION, CTRL_ATTR_HDRSIZE, CTRL_ATTR_OPS = 3, 4, 6
CTRL_ATTR_MCAST_GROUPS, CTRL_ATTR_POLICY, CTRL_ATTR_OP_POLICY = 7, 8, 9
CTRL_ATTR_OP_ID, CTRL_ATTR_OP_FLAGS = 1, 2
CTRL_ATTR_MCAST_GRP_NAME, CTRL_ATTR_MCAST_GRP_ID = 1, 2
CTRL_ATTR_POLICY_DO, CTRL_ATTR_POLICY_DUMP = 1, 2
OP_FLAGS = {"admin-perm": 0x01, "do": 0x02, "dump": 0x04, "policy": 0x08,
            "uns-admin-perm": 0x10}

# NL_ATTR_TYPE_ and NL_POLICY_TYPE_ATTR_
POLICY_TYPES = {2: "u8", 4: "u32", 5: "u64", 8: "s32", 10: "binary",
                13: "nest"}
POLICY_TYPE = 1
POLICY_LIMITS = {2: ("min", True), 3: ("max", True), 4: ("min", False),
                 5: ("max", False), 6: ("min", False), 7: ("max", False)}

SIZES = {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "s32": 4}
C_TYPES = {"__u8": "u8", "__u16": "u16", "__u32": "u32", "__be64": "u64"}

# An attribute that no operation knows
UNKNOWN = 1000
UNKNOWN_SAID = "Unknown attribute type"

# What the header says of itself, and commands that there are not
ONLY_HEADER = {"ILA_CMD_UNSPEC": 0}

CASES = []
spec = None
header = None
ila = None


def case(name):
    def add(function):
        CASES.append((name, function))
        return function
    return add


# The header

def without_comments(text):
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def c_number(text):
    """The value of "7", "(1 << 3)" or a string; None for anything else."""
    found = re.fullmatch(r'\(?(\d+)(?:\s*<<\s*(\d+))?\)?|"(.*)"', text.strip())
    if not found:
        return None
    if found[3] is not None:
        return found[3]
    return int(found[1]) << int(found[2] or 0)


def enum_values(body):
    body = re.sub(r"^\s*#.*$", "", body, flags=re.M)
    value = -1
    for item in filter(None, (item.strip() for item in body.split(","))):
        name, _, given = item.partition("=")
        value = c_number(given) if given else value + 1
        yield name.strip(), value


def header_values():
    """{name: value} of what it defines, without the ends of enums."""
    text = without_comments(header)
    found = {}
    for body in re.findall(r"\benum\s*\w*\s*\{(.*?)\}", text, re.S):
        found.update(enum_values(body))
    for name, value in re.findall(r"^#define[ \t]+(ILA_\w+)[ \t]+(.+)$", text,
                                  re.M):
        found.setdefault(name, c_number(value))
    return {name: value for name, value in found.items()
            if not name.startswith("__") and not name.endswith("_MAX")}


def header_struct(name):
    """(field, type, length) of each of its fields."""
    text = re.search(r"struct %s \{(.*?)\};" % name, without_comments(header),
                     re.S)[1]
    for kind, field, length in re.findall(r"(\w+)\s+(\w+)(?:\[(\d+)\])?;",
                                          text):
        yield field, kind, int(length or 0)


# The description

def c_name(prefix, name):
    return (prefix + name).upper().replace("-", "_")


def entries(definition):
    """(name, value) of an enum, or of flags."""
    value = definition.get("value-start", 0)
    for entry in definition["entries"]:
        if isinstance(entry, str):
            entry = {"name": entry}
        value = entry.get("value", value)
        yield (entry["name"],
               1 << value if definition["type"] == "flags" else value)
        value += 1


def attributes(name):
    """{name: attribute} of a set, each with its value."""
    found, value = {}, 1
    for attribute in next(one for one in spec["attribute-sets"]
                          if one["name"] == name)["attributes"]:
        value = attribute.get("value", value)
        found[attribute["name"]] = dict(attribute, value=value)
        value += 1
    return found


def operations():
    """What can be requested, not what is only told."""
    return [op for op in spec["operations"]["list"] if "do" in op]


def op_number(op):
    return op["do"]["request"]["value"] if "do" in op else op["value"]


def op_prefix(op):
    return re.sub("-ntf$", "", op["name"])


def is_loose(op):
    return "strict" in op.get("dont-validate", ())


def taken(op, mode):
    """Names of the attributes that a request may have."""
    return op.get(mode, {}).get("request", {}).get("attributes", [])


def all_taken(op):
    return list(dict.fromkeys(taken(op, "do") + taken(op, "dump")))


def spec_pairs():
    """(name, value) of all that it describes, as C has it."""
    for one in spec["definitions"]:
        if one["type"] == "const":
            yield c_name("ila-", one["name"]), one["value"]
        if one["type"] in ("enum", "flags"):
            prefix = one.get("name-prefix", "ila-%s-" % one["name"])
            for name, value in entries(one):
                yield c_name(prefix, name), value
    for one in spec["attribute-sets"]:
        for name, attribute in attributes(one["name"]).items():
            yield c_name(one["name-prefix"], name), attribute["value"]
    for op in spec["operations"]["list"]:
        yield (c_name(spec["operations"]["name-prefix"], op_prefix(op)),
               op_number(op))
    for group in spec["mcast-groups"]["list"]:
        yield c_name(group["c-define-name"], ""), group["name"]
    yield c_name(spec["c-family-name"], ""), spec["name"]
    yield c_name(spec["c-version-name"], ""), spec["version"]


def spec_values():
    found = {}
    for name, value in spec_pairs():
        equal(found.setdefault(name, value), value, name)
    return found


@case("each number of the header is described, and the other way round")
def numbers():
    want, got = header_values(), dict(spec_values(), **ONLY_HEADER)
    check(len(want) > 100, "only %d names in the header" % len(want))
    differ = ["%s: %s in the header, %s described" %
              (name, want.get(name), got.get(name))
              for name in sorted(want.keys() | got.keys())
              if want.get(name) != got.get(name)]
    check(not differ, "; ".join(differ))


@case("struct ila_mapping: fields, sizes, byte orders, no holes")
def mapping_struct():
    members = next(one for one in spec["definitions"]
                   if one["type"] == "struct")["members"]
    fields = list(header_struct("ila_mapping"))
    equal([one["name"].replace("-", "_") for one in members],
          [name for name, _, _ in fields], "fields")
    offset = 0
    for member, (name, kind, length) in zip(members, fields):
        size = SIZES[C_TYPES[kind]]
        equal(offset % size, 0, "misalignment of " + name)
        if length:
            equal((member["type"], member["len"]), ("binary", length), name)
        else:
            equal((member["type"], member.get("byte-order")),
                  (C_TYPES[kind], "big-endian" if "be" in kind else None), name)
        offset += size * (length or 1)
    equal(offset, attributes("ila")["mapping"]["checks"]["exact-len"], "size")
    equal(offset, nl.RECORD.size, "size")


@case("enumerations cover the limits of their attributes")
def enum_limits():
    enums = {one["name"]: one for one in spec["definitions"]}
    for name, attribute in attributes("ila").items():
        most = attribute.get("checks", {}).get("max")
        if most is not None and "enum" in attribute:
            values = entries(enums[attribute["enum"]])
            equal(sorted(value for _, value in values), list(range(most + 1)),
                  name)


# The running kernel

def controller(cmd, flags):
    """The attributes of each of its answers."""
    request = nl.GENLHDR.pack(cmd, 1, 0)
    request += nl.attr(nl.CTRL_ATTR_FAMILY_NAME, spec["name"].encode() + b"\0")
    return [list(nl.walk(message.payload[nl.GENLHDR.size:])) for message in
            ila.netlink.request(nl.GENL_ID_CTRL, request, flags)]


def family():
    return {kind: payload for kind, payload, _ in
            controller(nl.CTRL_CMD_GETFAMILY, 0)[0]}


def kernel_operations():
    """{number: flags}"""
    found = {}
    for _, payload, _ in nl.walk(family()[CTRL_ATTR_OPS]):
        op = nl.attrs(payload)
        found[nl.number(op[CTRL_ATTR_OP_ID])] = \
            nl.number(op[CTRL_ATTR_OP_FLAGS])
    return found


def policy_of(payload):
    """{"type": name, "min": number, "max": number}"""
    found = {}
    for kind, value, _ in nl.walk(payload):
        if kind == POLICY_TYPE:
            found["type"] = POLICY_TYPES.get(nl.number(value))
        elif kind in POLICY_LIMITS:
            limit, signed = POLICY_LIMITS[kind]
            found[limit] = int.from_bytes(value, sys.byteorder,
                                          signed=signed)
    return found


def kernel_policies():
    """{operation: {CTRL_ATTR_POLICY_: {attribute: policy}}}"""
    policies, operations_ = {}, {}
    for answer in controller(CTRL_CMD_GETPOLICY, nl.NLM_F_DUMP):
        for kind, payload, _ in answer:
            for outer, inner, _ in nl.walk(payload):
                if kind == CTRL_ATTR_OP_POLICY:
                    operations_[outer] = {mode: nl.number(index) for
                                          mode, index, _ in nl.walk(inner)}
                elif kind == CTRL_ATTR_POLICY:
                    policies.setdefault(outer, {}).update(
                        (attribute, policy_of(policy))
                        for attribute, policy, _ in nl.walk(inner))
    return {op: {mode: policies.get(index, {})
                 for mode, index in modes.items()}
            for op, modes in operations_.items()}


@case("family: name, version, no header of its own")
def family_header():
    found = family()
    equal(nl.number(found[CTRL_ATTR_VERSION]), spec["version"], "version")
    equal(nl.number(found[CTRL_ATTR_HDRSIZE]), 0, "header size")


@case("the kernel has these operations, and these may use them")
def operation_flags():
    got = kernel_operations()
    equal(sorted(got), sorted(op_number(op) for op in operations()), "commands")
    for op in operations():
        want = {"do", "policy"} | set(op.get("flags", ()))
        want |= {"dump"} & op.keys()
        flags = got[op_number(op)]
        equal({name for name, flag in OP_FLAGS.items() if flags & flag}, want,
              op["name"])


def described(attribute):
    """What the policy of an attribute should be. Numbers in network byte order
    are so many bytes to the kernel."""
    kind, checks = attribute["type"], attribute.get("checks", {})
    if kind == "binary" or "byte-order" in attribute:
        length = checks.get("exact-len", SIZES.get(kind))
        return {"type": "binary", "min": length, "max": length}
    bits = 8 * SIZES[kind]
    low, high = 0, (1 << bits) - 1
    if kind[0] == "s":
        low, high = -1 << bits - 1, (1 << bits - 1) - 1
    return {"type": kind, "min": checks.get("min", low),
            "max": checks.get("max", high)}


def check_policy(op):
    """The kernel has one policy for what an operation takes, do or dump."""
    known = attributes(op["attribute-set"])
    want = {known[name]["value"]: described(known[name])
            for name in all_taken(op)}
    got = kernel_policies()[op_number(op)]
    equal(got.get(CTRL_ATTR_POLICY_DO), want, "policy to do")
    equal(got.get(CTRL_ATTR_POLICY_DUMP), want if "dump" in op else None,
          "policy to dump")


def check_loose_policy(op):
    """The old commands share one, which only asks for the size."""
    known = attributes(op["attribute-set"])
    names = {name for other in operations() if is_loose(other)
             for name in all_taken(other)}
    want = {known[name]["value"]: SIZES[known[name]["type"]] for name in names}
    got = kernel_policies()[op_number(op)]
    equal({number: SIZES.get(policy["type"]) for number, policy
           in got[CTRL_ATTR_POLICY_DO].items()}, want, "sizes")
    check(CTRL_ATTR_POLICY_DUMP not in got, "dumps are validated")


def said(number, data, flags=nl.NLM_F_ACK):
    """(errno, text) of a refusal, or (0, "")."""
    try:
        ila.command(number, data, flags)
    except nl.NetlinkError as error:
        return error.errno, error.msg or ""
    return 0, ""


def check_strict(op):
    """Unknown attributes are refused as such, or ignored."""
    error, text = said(op_number(op), nl.u32(UNKNOWN, 0))
    if is_loose(op):
        check(UNKNOWN_SAID not in text, "an unknown attribute is refused")
    else:
        equal((error, text), (errno.EINVAL, UNKNOWN_SAID), "answered")


def zeroes(attribute):
    length = attribute.get("checks", {}).get("exact-len") or \
        SIZES[attribute["type"]]
    return nl.attr(attribute["value"], bytes(length))


def check_apart(op, mode, flags):
    """What only the other mode takes is refused. Older kernels do not hand on
    the text when that happens at the start of a dump."""
    known = attributes(op["attribute-set"])
    listed = b"".join(zeroes(known[name]) for name in taken(op, mode))
    for name in set(all_taken(op)) - set(taken(op, mode)):
        error, text = said(op_number(op), listed + zeroes(known[name]), flags)
        equal(error, errno.EINVAL, "%s, %s: errno" % (mode, name))
        check(text or mode == "dump", "no extack")


def check_operation(op):
    if is_loose(op):
        check_loose_policy(op)
    else:
        check_policy(op)
        check_apart(op, "do", nl.NLM_F_ACK)
        if "dump" in op:
            check_apart(op, "dump", nl.NLM_F_DUMP)
    check_strict(op)


def operation_cases():
    for op in operations():
        case("%s takes what is described" % op["name"])(
            lambda op=op: check_operation(op))


# Multicast groups

def kernel_groups():
    """{name: id}"""
    found = {}
    for _, payload, _ in nl.walk(family()[CTRL_ATTR_MCAST_GROUPS]):
        group = nl.attrs(payload)
        name = group[CTRL_ATTR_MCAST_GRP_NAME].rstrip(b"\0").decode()
        found[name] = nl.number(group[CTRL_ATTR_MCAST_GRP_ID])
    return found


def join(group):
    """The name of the errno, or ok."""
    netlink = nl.Netlink(nl.NETLINK_GENERIC)
    try:
        netlink.sock.setsockopt(nl.SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group)
    except OSError as error:
        return errno.errorcode[error.errno]
    finally:
        netlink.close()
    return "ok"


def join_unprivileged(group):
    os.setgroups([])
    os.setgid(UNPRIVILEGED)
    os.setuid(UNPRIVILEGED)
    return join(group)


@case("the kernel has these multicast groups, and these may join them")
def groups():
    got = kernel_groups()
    equal(sorted(got), sorted(one["name"] for one
                              in spec["mcast-groups"]["list"]), "groups")
    for one in spec["mcast-groups"]["list"]:
        group = got[one["name"]]
        equal(join(group), "ok", one["name"])
        equal(ilatap.in_child(lambda: join_unprivileged(group)),
              "EPERM" if one.get("flags") else "ok", one["name"] + ", others")


@case("each event is told to a group that there is")
def event_groups():
    names = {one["name"] for one in spec["mcast-groups"]["list"]}
    for op in spec["operations"]["list"]:
        if "do" not in op:
            check(op.get("mcgrp") in names, op["name"] + " has no group")


def read(variable, path):
    place = ilatap.find_source(variable, path)
    if not place or not os.path.exists(place):
        skip_all("there is no %s: set %s" % (path, variable))
    with open(place, encoding="utf-8") as stream:
        return stream.read()


def main():
    global spec, header, ila
    spec = yaml.safe_load(read("ILA_SPEC",
                               "Documentation/netlink/specs/ila.yaml"))
    header = read("ILA_UAPI", "include/uapi/linux/ila.h")
    operation_cases()
    ilatap.start()
    ila = nl.Ila()
    ilatap.run(CASES)


if __name__ == "__main__":
    main()
