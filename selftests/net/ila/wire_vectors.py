#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: GPL-2.0
"""Worked examples as frames, with the numbers written out: addresses and
checksums stand here as constants and nothing computes them.
"""
from ilawire import (
    ADJ, AUTO, NEUTRAL, NONE, AT_SIR, AT_VIA, TIMEX, UDP, Expectation, KernelLog, Router,
    addr, equal, expect, hopped, icmp6, ip6, prefix, run, start, text, word)

SIR, LOC = '2001:db8:0:1', '2001:db8:aaaa:2'
SOURCE = '2001:db8:0:1:2000:0:2:99'
A_SIR, A_ILA = '2001:db8:0:1:2000:0:1:87', '2001:db8:aaaa:2:3000:0:1:45db'
B_ILA, C_ILA = '2001:db8:aaaa:2:2000:0:1:55db', '2001:db8:aaaa:2:2000:0:1:87'
K1_SIR, K1_ILA = '3333:0:0:1:2000:0:1:87', '2001:0:87:0:3000:0:1:333'
K2_SIR, K2_ILA = '3333:0:0:1:2000:0:2:87', '2001:0:87:1:2000:0:2:1332'

# name, mode, SIR, ILA, UDP source port, checksum in SIR form, in ILA form
VECTORS = (
    ('A', NEUTRAL, A_SIR, A_ILA, 0x1234, 0x826a, 0x826a),
    ('B', AUTO, A_SIR, B_ILA, 0x1234, 0x826a, 0x826a),
    ('C', NONE, A_SIR, C_ILA, 0x1234, 0x826a, 0x826a),
    ('U1 D', ADJ, A_SIR, C_ILA, 0x1234, 0x826a, 0xd7be),
    ('U1 E, zero is ffff', ADJ, A_SIR, C_ILA, 0xe9f2, 0xaaab, 0xffff),
    ('E, no checksum', ADJ, A_SIR, C_ILA, 0xe9f2, 0, 0),
    ('K1', NEUTRAL, K1_SIR, K1_ILA, 0x1234, 0x7cf0, 0x7cf0),
    ('K2', AUTO, K2_SIR, K2_ILA, 0x1234, 0x7cef, 0x7cef),
    ('A low 0001', NEUTRAL, A_SIR[:-2] + '1', A_ILA[:-4] + '4555', 0x1234, 0x82f0, 0x82f0),
    ('A low baab', NEUTRAL, A_SIR[:-2] + 'baab', A_ILA[:-4] + 'ffff', 0x1234, 0xc845, 0xc845),
    ('A low baac', NEUTRAL, A_SIR[:-2] + 'baac', A_ILA[:-4] + '1', 0x1234, 0xc844, 0xc844),
    ('U7 A low 0000', NEUTRAL, A_SIR[:-2] + '0', A_ILA[:-4] + '4554', 0x1234, 0x82f1, 0x82f1),
    ('U7 B low 0000', AUTO, A_SIR[:-2] + '0', B_ILA[:-4] + '5554', 0x1234, 0x82f1, 0x82f1),
)


def udp(destination, port, checksum):
    data = word(port) + word(53) + word(18) + word(checksum) + b'hello ILA!'
    return ip6(UDP, data, addr(SOURCE), addr(destination))


def upper(address):
    return addr(address)[:8]


def sends(router, mode, sir, ila, port, before, after):
    router.route(sir + '/128', upper(ila), mode)
    try:
        expect(router, [Expectation(sir, udp(sir, port, before),
                                    hopped(udp(ila, port, after)), via=AT_VIA)])
    finally:
        router.unroute(sir + '/128')


def receives(router, mode, sir, ila, port, before, after):
    router.plain_route(text(upper(sir)) + '/64', AT_SIR)
    router.rule(upper(ila), upper(sir), mode)
    try:
        expect(router, [Expectation(ila, udp(ila, port, after),
                                    hopped(udp(sir, port, before)), via=AT_SIR)])
    finally:
        router.unrule(upper(ila))


def refuses_ffff(router, mode):
    """The other half of the zero class cannot come back, so it does not leave."""
    router.route(SIR + '::/64', upper(LOC + '::'), mode)
    before = router.stats()
    try:
        expect(router, [Expectation('ffff', udp(A_SIR[:-2] + 'ffff', 0x1234, 0x82f1), None)])
    finally:
        router.unroute(SIR + '::/64')
    if router.ours:
        equal(router.stats()['IlaOutLow16'] - before['IlaOutLow16'], 1, 'IlaOutLow16')


def restores_quote(router, mode, ila, before):
    """Vector F: the sum of the error is 64d9 once the quote names the SIR address."""
    router.rule(prefix(LOC), prefix(SIR), mode)
    router.plain_route(text(upper(SIR + '::')) + '/64', AT_SIR)
    router.host_route(SOURCE)
    sent, want = [icmp6(TIMEX, 0, 0, hop_one(udp(address, 0x1234, 0x826a)),
                        addr('2001:db8:aaaa::1'), addr(SOURCE)) for address in (ila, A_SIR)]
    try:
        equal((sent[42:44].hex(), want[42:44].hex()), (before, '64d9'), 'sums of the vector')
        expect(router, [Expectation('F', sent, hopped(want), side='in')], side='out')
    finally:
        router.unrule(prefix(LOC))


def hop_one(raw):
    return hopped(raw, raw[7] - 1)


def main():
    start()
    kernel = KernelLog()
    router = Router('r')
    tests = []
    for name, *vector in VECTORS:
        tests.append((name.removeprefix('U7 ') + ' sent', lambda v=vector: sends(router, *v)))
        tests.append((name + ' received', lambda v=vector: receives(router, *v)))
    for name, mode in (('neutral-map', NEUTRAL), ('neutral-map-auto', AUTO)):
        tests.append(('U7 A low ffff is not sent, ' + name, lambda m=mode: refuses_ffff(router, m)))
    tests += [
        ('U9 F quote restored, neutral-map',
         lambda: restores_quote(router, NEUTRAL, A_ILA, '64d9')),
        ('U9 F quote restored, neutral-map-auto',
         lambda: restores_quote(router, AUTO, B_ILA, '64d9')),
        ('U9 F quote restored, no-action',
         lambda: restores_quote(router, NONE, C_ILA, 'ba2d')),
        ('kernel log is clean', kernel.clean),
    ]
    run(tests)


if __name__ == '__main__':
    main()
