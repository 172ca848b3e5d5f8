#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Rules and routes with VRFs.  A packet passes PRE_ROUTING a second time on the
# VRF device; only a rule that names the VRF matches there.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need iperf3
start

# b lives in a VRF, with its address on the VRF device
vrf_host()
{
	line
	on b sysctl -qw net.ipv4.tcp_l3mdev_accept=1 net.ipv4.udp_l3mdev_accept=1
	ip6 b link add vrf0 type vrf table 10 ||
		{ echo "# no VRF here"; exit $SKIP; }
	ip6 b link set vrf0 up
	ip6 b addr del $SIR_B/128 dev lo
	ip6 b link set to-r master vrf0
	ip6 b addr add 2001:db8:2::b/64 dev to-r 2>/dev/null
	ip6 b addr add $SIR_B/128 dev vrf0 nodad
	ip6 b route add default via 2001:db8:2::1 dev to-r table 10
	ip6 b route add unreachable $LOC_B::/64 metric 4096 table 10
	ip6 b route del unreachable $LOC_B::/64 2>/dev/null
	rule a $LOC_A $SIR neutral-map
	route r $SIR_A/128 $LOC_A neutral-map via 2001:db8:1::a dev to-a
	route r $SIR_B/128 $LOC_B neutral-map via 2001:db8:2::b dev to-b
	iperf_server b
}

in_mode()
{
	ok "$1: ping" pings a $SIR_B
	ok "$1: TCP" iperf a $SIR_B -n 200K
}

device_rules()
{
	local before

	rule b $LOC_B $SIR neutral-map
	in_mode "a rule for any device"
	before=$(counter b IlaInTranslated)
	pings a $SIR_B >/dev/null
	same "each packet is translated once" \
		"$(($(counter b IlaInTranslated) - before))" 2
	unrule b

	rule b $LOC_B $SIR neutral-map dev to-r
	in_mode "a rule for the enslaved device"
	unrule b

	rule b $LOC_B $SIR neutral-map dev vrf0
	in_mode "a rule for the VRF device"
	unrule b

	rule b $LOC_B $SIR neutral-map dev lo
	refused "a rule for another device is not applied" pings a $SIR_B -c 1 -W $((2 * SLOW))
	unrule b
}

# The restored address has a rule of its own; the second pass must not use it
second_pass()
{
	rule b $LOC_B $SIR neutral-map
	rule b $SIR 2001:db8:dead:1 no-action
	in_mode "rules for any device are not applied again in the second pass"
	unrule b
	rule b $LOC_B $SIR neutral-map
	rule b $SIR 2001:db8:dead:1 no-action dev vrf0
	refused "a rule that names the VRF is applied in the second pass" \
		pings a $SIR_B -c 1 -W $((2 * SLOW))
	unrule b
}

# The router's two links and its ILA routes are inside a VRF
vrf_router()
{
	rule b $LOC_B $SIR neutral-map
	ip6 r link add vrf1 type vrf table 11
	ip6 r link set vrf1 up
	ip6 r route flush root 2001:db8::/32 table main
	ip6 r link set to-a master vrf1
	ip6 r link set to-b master vrf1
	ip6 r addr add 2001:db8:1::1/64 dev to-a 2>/dev/null
	ip6 r addr add 2001:db8:2::1/64 dev to-b 2>/dev/null
	ip6 r route add $LOC_A::/64 via 2001:db8:1::a table 11
	ip6 r route add $LOC_B::/64 via 2001:db8:2::b table 11
	route r $SIR_A/128 $LOC_A neutral-map via 2001:db8:1::a dev to-a table 11
	route r $SIR_B/128 $LOC_B neutral-map dev to-b table 11
	in_mode "router inside a VRF, gateway one way, device the other"
	unrule b
}

vrf_host
device_rules
second_pass
vrf_router
finish
