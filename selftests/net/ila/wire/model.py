# SPDX-License-Identifier: GPL-2.0
"""Addresses, and what each checksum mode makes of them.

Addresses are 16 bytes, locators and SIR prefixes 8 bytes, sums 16-bit ones'
complement numbers in which 0 and 0xffff are one value.
"""
import socket

ADJ, NEUTRAL, NONE, AUTO, COMPAT = 0, 1, 2, 3, 64
MODES = {
    'adj-transport': ADJ,
    'neutral-map': NEUTRAL,
    'no-action': NONE,
    'neutral-map-auto': AUTO,
    'compat': COMPAT,
}
IDENT_LUID, IDENT_USE_FORMAT = 1, 32
HOOK_OUTPUT, HOOK_INPUT = 0, 1

C_BIT = 0x10        # in the first byte of the identifier
C_WORD = 0x1000     # the same bit in the 16-bit word a checksum sees


def addr(text):
    return socket.inet_pton(socket.AF_INET6, text)


def text(address):
    return socket.inet_ntop(socket.AF_INET6, address.ljust(16, b'\0'))


def prefix(text64):
    """'2001:db8:0:1' as 8 bytes."""
    groups = text64.split(':')
    return addr('::'.join([text64, '']) if len(groups) < 8 else text64)[:8]


def osum(data):
    """Ones' complement sum of big-endian 16-bit words."""
    number = int.from_bytes(data + b'\0' * (len(data) & 1), 'big')
    return number % 0xffff or (0xffff if number else 0)


def add(*sums):
    total = sum(sums)
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return total


def inv(value):
    return value ^ 0xffff


def word(value):
    return value.to_bytes(2, 'big')


def low16(address):
    return int.from_bytes(address[14:], 'big')


def has_c(address):
    return bool(address[8] & C_BIT)


def with_c(address, on):
    first = address[8] | C_BIT if on else address[8] & ~C_BIT
    return address[:8] + bytes([first]) + address[9:]


def to_ila(sir, locator, mode):
    """The address on the wire for a SIR address."""
    plain = locator + sir[8:]
    if mode not in (NEUTRAL, AUTO):
        return plain
    adjust = add(osum(sir[:8]), inv(osum(locator)))
    if mode == NEUTRAL:
        adjust = add(adjust, inv(C_WORD))
        plain = with_c(plain, True)
    return plain[:14] + word(add(low16(sir), adjust))


def to_sir(ila, sir_prefix, mode):
    """Undo to_ila(); the class of zero is always written 0000."""
    plain = sir_prefix + ila[8:]
    if mode not in (NEUTRAL, AUTO) or (mode == NEUTRAL and not has_c(ila)):
        return plain
    adjust = add(osum(ila[:8]), inv(osum(sir_prefix)))
    if mode == NEUTRAL:
        adjust = add(adjust, C_WORD)
        plain = with_c(plain, False)
    low = add(low16(ila), adjust)
    return plain[:14] + word(0 if low == 0xffff else low)


def exact_to_ila(address, locator, identifier, mode):
    """The address on the wire for one that is not in SIR form: all of it changes."""
    plain = locator + identifier
    if mode not in (NEUTRAL, AUTO):
        return plain
    plain = with_c(plain[:14] + bytes(2), mode == NEUTRAL)
    return plain[:14] + word(add(osum(address), inv(osum(plain))))
