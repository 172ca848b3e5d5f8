# SPDX-License-Identifier: GPL-2.0
"""A device on a router that its packets reach in pieces."""
import fcntl
import os
import struct

from ilatap import SLOW, Skip, sh
from wire.model import word
from wire.net import ETH_P_IPV6, ip, labelled, mac, mac_text, tell
from wire.offload import features
from wire.packet import flow_of

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454ca, 0x0002, 0x1000
IFF_NAPI, IFF_NAPI_FRAGS = 0x0010, 0x0020


class Tap:
    """A device on the router whose packets come in pieces of our choice."""

    def __init__(self, router, name, flags, gro):
        if not os.path.exists('/dev/net/tun'):
            sh('modprobe -q tun || true')
        if not os.path.exists('/dev/net/tun'):
            raise Skip('no /dev/net/tun')
        with router:
            self.fd = os.open('/dev/net/tun', os.O_RDWR)
            fcntl.ioctl(self.fd, TUNSETIFF,
                        struct.pack('16sH22x', name.encode(), IFF_TAP | IFF_NO_PI | flags))
            ip('link set %s address %s up\n' % (name, mac_text(mac(0x31))))
            features(name, gro, ('gro',))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.fd)

    def send(self, raw, cuts):
        """The Ethernet header alone, then the packet cut at the given places."""
        ends = list(cuts) + [len(raw)]
        pieces = [raw[a:b] for a, b in zip([0] + ends, ends) if b > a]
        os.writev(self.fd, [mac(0x31) + mac(0x11) + word(ETH_P_IPV6)] + pieces)


def came_in_pieces(router, tap, expectations, cuts):
    """Each packet, cut at its places, comes out as it is expected."""
    router.drain()
    got = []
    for one, cut in zip(expectations, cuts):
        tap.send(one.sent, cut)
        got += router.collect()
    while len(got) < len(expectations):
        more = router.wait(5 * SLOW)
        if not more:
            break
        got += more
    found = labelled(got)
    findings = []
    for one in expectations:
        wrong = one.judge(found.get(flow_of(one.sent), []))
        if wrong:
            findings.append('%s: %s; sent %s' % (one.name, wrong, one.sent[:96].hex()))
    tell(findings, len(expectations))
