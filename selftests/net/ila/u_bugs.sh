#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Single packets that must be refused, left alone or summed right, and must
# never make the kernel complain.

# shellcheck disable=SC2317 # functions are called by ok
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
start

reports()
{
	dmesg | grep -cE 'WARNING:|hw csum failure|BUG:'
}

# quiet NAME BEFORE: the kernel log has no new report
quiet()
{
	same "$1: the kernel does not complain" "$(reports)" "$2"
}

# U5: a destination that already has the C-bit, on the way out
c_bit()
{
	local bad=$SIR:3000:0:0:b1 before

	before=$(reports)
	route r $SIR::/64 $LOC_B neutral-map via 2001:db8:2::b dev to-b
	route a $SIR::/64 $LOC_B neutral-map via 2001:db8:1::1 dev to-r
	watch b to-r any udp dport 9
	on a "$TRAFFIC" udp-spray $bad 9 --count 3 >/dev/null
	ip6 a route del $SIR::/64
	local cbit
	cbit=$(counter a IlaOutCBit)
	same "U5 C-bit from a local socket is counted" "$cbit" 3
	on a "$TRAFFIC" udp-spray $bad 9 --count 3 >/dev/null
	same "U5 C-bit forwarded is counted" "$(counter r IlaOutCBit)" 3
	same "U5 a packet with the C-bit is not sent" "$(seen b any)" 0
	quiet "U5" "$before"
	ila_nowhere
}

# U6: the difference is taken from the packet, not from the route's prefix
short_prefix()
{
	local mode prefix

	rule a $LOC_A $SIR neutral-map
	route r $SIR_A/128 $LOC_A neutral-map via 2001:db8:1::a dev to-a
	for mode in neutral-map neutral-map-auto adj-transport; do
		rule b $LOC_B $SIR $mode
		for prefix in 2001:d00::/24 2001:db8:5::/48 ::/0; do
			route r $prefix $LOC_B $mode via 2001:db8:2::b dev to-b
			ok "U6 $mode, route to $prefix" \
				pings a $SIR_B -c 1
			ip6 r route del $prefix
		done
		unrule b
	done
	# the receiver has no ILA: the checksum on the wire stands alone
	software_sums a to-r
	ip6 b addr add $LOC_B:$ID_B/128 dev lo nodad
	route r 2001:d00::/24 $LOC_B adj-transport via 2001:db8:2::b dev to-b
	on b "$TRAFFIC" udp-receive $LOC_B:$ID_B 7000 --timeout 15 >"$TMP/size" 2>&1 &
	until_true 10 listens b u 7000
	on a "$TRAFFIC" udp-spray $SIR_B 7000 --count 3
	wait $!
	same "U6 adj-transport, short prefix, a receiver without ILA" \
		"$(cat "$TMP/size")" 100
	ip6 b addr del $LOC_B:$ID_B/128 dev lo
	ip6 r route del 2001:d00::/24
	ila_nowhere
}

# U7: ffff cannot be told from 0000 in a neutral mode
low16()
{
	local bad=$SIR:2000:0:b1:ffff

	watch b to-r low udp dport 9
	forget b
	for mode in neutral-map neutral-map-auto; do
		route r $SIR::/64 $LOC_B $mode via 2001:db8:2::b dev to-b
		before=$(counter r IlaOutLow16)
		on a "$TRAFFIC" udp-spray $bad 9 --count 2 >/dev/null
		grew "U7 $mode: an identifier that ends in ffff is counted" \
			r IlaOutLow16 "$before"
		same "U7 $mode: an identifier that ends in ffff is not sent" \
			"$(seen b low)" 0
		forget b
		ip6 r route del $SIR::/64
	done
	ip6 b addr add $bad/128 dev lo nodad
	for mode in no-action adj-transport; do
		rule a $LOC_A $SIR $mode
		rule b $LOC_B $SIR $mode
		route r $SIR_A/128 $LOC_A $mode via 2001:db8:1::a dev to-a
		route r $SIR::/64 $LOC_B $mode via 2001:db8:2::b dev to-b
		ok "U7 $mode: an identifier that ends in ffff is reached" \
			pings a $bad
		ila_nowhere
	done
	ip6 b addr del $bad/128 dev lo
}

# U8: GRE with checksums gives the packet inside a complete hardware sum.  The
# addresses change under it.
complete_sum()
{
	local before mode

	ip6 r link add gre1 up mtu 1400 type ip6gre local 2001:db8:2::1 \
		remote 2001:db8:2::b csum 2>/dev/null ||
		{ skip "U8 a received complete checksum" "no ip6gre"; return; }
	ip6 b link add gre1 up mtu 1400 type ip6gre local 2001:db8:2::b \
		remote 2001:db8:2::1 csum
	software_sums a to-r
	software_sums r to-b
	software_sums r gre1
	background b "$TRAFFIC" udp-echo :: 7001
	until_true 10 listens b u 7001
	for mode in no-action neutral-map adj-transport; do
		before=$(reports)
		rule a $LOC_A $SIR $mode
		rule b $LOC_B $SIR $mode
		route r $SIR_A/128 $LOC_A $mode via 2001:db8:1::a dev to-a
		route r $SIR_B/128 $LOC_B $mode dev gre1
		ip6 r route change $LOC_B::/64 dev gre1
		ok "U8 $mode: UDP with a complete checksum" \
			on a "$TRAFFIC" udp-ask $SIR_B 7001 --size 1200
		ok "U8 $mode: ping with a complete checksum" \
			pings a $SIR_B -s 1200
		quiet "U8 $mode" "$before"
		ila_nowhere
	done
	ip6 r route change $LOC_B::/64 via 2001:db8:2::b dev to-b
	ip6 r link del gre1
	ip6 b link del gre1
}

# U22: a rule that says use-format reads the type of each packet; one that
# does not say is opaque
use_format()
{
	local before

	ip6 b addr add $SIR:c000::b1/128 dev lo nodad
	ip6 b addr add $SIR:4000::b1/128 dev lo nodad
	rule a $LOC_A $SIR no-action
	route r $SIR_A/128 $LOC_A no-action via 2001:db8:1::a dev to-a
	route r $SIR::/64 $LOC_B no-action via 2001:db8:2::b dev to-b
	on b ip ila add loc_match $LOC_B loc $SIR
	ok "U22 opaque rule: identifier of type 6 is translated" \
		pings a $SIR:c000::b1
	on b ip ila del loc_match $LOC_B
	on b ip ila add loc_match $LOC_B loc $SIR csum-mode no-action \
		ident-type use-format
	ok "U22 use-format rule: type 1 is translated" pings a $SIR_B
	ok "U22 use-format rule: type 2 is translated" pings a $SIR:4000::b1
	before=$(counter b IlaInType)
	refused "U22 use-format rule: type 6 is left alone" \
		pings a $SIR:c000::b1 -c 1 -W 1
	grew "U22 use-format rule: IlaInType counts" b IlaInType "$before"
	ip6 b addr del $SIR:c000::b1/128 dev lo
	ip6 b addr del $SIR:4000::b1/128 dev lo
	ila_nowhere
}

# Neighbour discovery is never translated, even on a prefix with a rule
neighbour_discovery()
{
	local before

	ip6 b addr add $LOC_B::b/64 dev to-r nodad
	ip6 r addr add $LOC_B::1/64 dev to-b nodad
	rule b $LOC_B $SIR no-action
	rule r $LOC_B $SIR no-action
	before=$(counter b IlaInNd)
	ip6 r neigh flush dev to-b
	ip6 r neigh replace $LOC_B::b lladdr "$(mac b to-r)" nud probe dev to-b
	sleep 3
	grew "unicast neighbour solicitation to the locator is left alone" \
		b IlaInNd "$before"
	has "and is answered" "$(ip6 r neigh show $LOC_B::b dev to-b)" REACHABLE
	ip6 b addr del $LOC_B::b/64 dev to-r
	ip6 r addr del $LOC_B::1/64 dev to-b
	unrule r
	unrule b
}

mac()
{
	[[ $(ip6 "$1" link show dev "$2") =~ link/ether\ ([0-9a-f:]+) ]]
	echo "${BASH_REMATCH[1]}"
}

line
c_bit
short_prefix
low16
complete_sum
use_format
neighbour_discovery
finish
