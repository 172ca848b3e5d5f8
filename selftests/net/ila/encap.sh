#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What else puts packets into others, or hands them on in a way of its own, over and
# under routes that translate: segment routing, IPsec, a VRF, packet sockets, nexthop
# objects that IPv4 uses as well.

# shellcheck disable=SC2086 # addresses are single words
# shellcheck disable=SC2317 # functions are called by ok
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
start
need_ours

FAR=2001:db8:78::1

# FAR, by segment routing to SIR_B. [DEVICE]
steer()
{
	ip6 a route add $FAR encap seg6 mode encap segs $SIR_B dev "${1:-to-r}"
}

# A train of a socket in another header, translated, then cut by IPsec; nobody has said
# the device until that is done
ipsec()
{
	local mode

	on a ip xfrm state add src 2001:db8:1::a dst 2001:db8:1::1 proto esp spi 1 \
		mode tunnel aead 'rfc4106(gcm(aes))' \
		0x0123456789012345678901234567890123456789 128 ||
		{ skip "IPsec" "no ESP"; return; }
	on a ip xfrm policy add dir out dst $LOC_B::/64 tmpl src 2001:db8:1::a \
		dst 2001:db8:1::1 proto esp mode tunnel
	steer
	watch r to-a secret meta l4proto esp
	for mode in $ALL_MODES; do
		route a $SIR_B/128 $LOC_B "$mode" dev to-r src $SIR_A
		forget r
		numbers a $FAR --size 1000 --segments 4
		ok "a train in segment routing in IPsec, $mode" \
			until_true 5 has_seen r secret 4
		ip6 a route del $SIR_B/128
	done
	on a ip xfrm policy flush
	on a ip xfrm state flush
	ip6 a route del $FAR
}

# The socket of what is inside is bound to a device that does not lead to the locator
bound()
{
	ip6 a link add d0 up type dummy
	steer d0
	route a $SIR_B/128 $LOC_B neutral-map-auto dev to-r src $SIR_A
	watch r to-a translated ip6 daddr $LOC_B::/64
	pings a $FAR -I d0 -c 1 -W 1 >/dev/null 2>&1
	ok "a socket that is bound has no say in the outer header's way" \
		until_true 5 has_seen r translated
	ip6 a route del $SIR_B/128
	ip6 a link del d0
}

# packet HOST DEVICE DESTINATION: of a packet socket, without a source
packet()
{
	on "$1" python3 - "$2" "$3" <<-'X'
		import socket, struct, sys

		head = struct.pack('!IHBB16x', 6 << 28, 8, 17, 64)
		data = head + socket.inet_pton(socket.AF_INET6, sys.argv[2]) + bytes(8)
		with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM) as sock:
		    sock.sendto(data, (sys.argv[1], 0x86dd, 0, 0, bytes(6)))
	X
}

# By a VRF, what a packet socket sends is routed, and brings its socket along
packet_socket()
{
	local mode

	hosts s
	link s r
	ip6 s link add vrf0 up type vrf table 10
	ip6 s link set to-r master vrf0
	batch s <<-X
		addr add 2001:db8:6::a/64 dev to-r nodad
		route add table 10 $LOC_B::/64 via 2001:db8:6::1 dev to-r
	X
	ip6 r addr add 2001:db8:6::1/64 dev to-s nodad
	watch r to-s translated ip6 daddr $LOC_B::/64
	for mode in $ALL_MODES; do
		route s $SIR_B/128 $LOC_B "$mode" dev to-r table 10
		forget r
		packet s vrf0 $SIR_B
		ok "a packet socket on a VRF, $mode" until_true 5 has_seen r translated
		ip6 s route del $SIR_B/128 table 10
	done
}

# Segment routing that takes its header off asks for the packet's route once rules have
# seen what was inside
end_dx6()
{
	local far=$SIR:2000::c

	modprobe -q nf_conntrack
	on b sysctl -qw net.netfilter.nf_hooks_lwtunnel=1 2>/dev/null ||
		{ skip "End.DX6" "no hooks in it"; return; }
	hosts c
	link b c
	router b
	ip6 b addr add 2001:db8:3::1/64 dev to-c nodad
	batch c <<-X
		addr add 2001:db8:3::c/64 dev to-b nodad
		addr add $far/128 dev lo nodad
		route add default via 2001:db8:3::1
	X
	batch b <<-X
		route add $far via 2001:db8:3::c
		route add 2001:db8:e::6 encap seg6local action End.DX6 nh6 :: dev to-r
	X
	rule b $LOC_B $SIR neutral-map-auto
	route a $far/128 $LOC_B neutral-map-auto dev to-r src $SIR_A
	batch r <<-X
		route add 2001:db8:e::6/128 via 2001:db8:2::b
		route replace $LOC_B::/64 encap seg6 mode encap segs 2001:db8:e::6 dev to-b
	X
	ok "a rule for what End.DX6 has unpacked" pings a $far
	ip6 r route replace $LOC_B::/64 via 2001:db8:2::b
	ip6 a route del $far/128
	unrule b
}

# A nexthop object can be that of IPv4 routes, too
shared_nexthop()
{
	local said

	rule b $LOC_B $SIR neutral-map-auto
	on a ip addr add 10.1.0.1/32 dev lo
	on a ip nexthop add id 1 encap ila $LOC_B csum-mode neutral-map-auto \
		ident-type luid via 2001:db8:1::1 dev to-r
	ip6 a route add $SIR::/64 nhid 1 src $SIR_A
	watch r to-a strange ether type ip
	ok "a nexthop object" pings a $SIR_B
	if on a ip route add 10.9.0.0/16 nhid 1; then
		on a ping -q -c 1 -W 1 10.9.0.1 >/dev/null
		ok "a nexthop object that IPv4 has used" pings a $SIR_B
		same "none of it leaves as IPv4" "$(seen r strange)" 0
	else
		skip "a nexthop object that IPv4 has used" "not with this ip"
	fi
	on a ip nexthop flush >/dev/null
	said=$(on a ip nexthop add id 2 encap ila $SIR csum-mode neutral-map-auto \
		ident-type luid hook-type input via 2001:db8:1::1 dev to-r 2>&1)
	has "a nexthop object with hook-type input is refused" "$said" \
		"not for nexthop objects"
	unrule b
}

# No error either for an address of which the table knows nothing
other_header_by_table()
{
	local refused

	table_route a $SIR::/64 neutral-map-auto miss unreachable dev to-r src $SIR_A
	refused=$(counter a IlaMissDropped)
	forget r
	on a "$TRAFFIC" raw-udp $SIR_B 9 --to 2001:db8:9::9 --source $SIR_A
	ok "a header with another address goes as it is, by a table route" \
		until_true 5 has_seen r other
	same "and is no miss" "$(counter a IlaMissDropped)" "$refused"
	ip6 a route del $SIR::/64
}

# The header is another one's than what was asked for the way
other_header()
{
	local how mac

	mac=$(mac_of r to-a)
	# on a link, the way that was asked for says who has it
	ip6 a neigh replace $SIR_B lladdr "$mac" dev to-r
	ip6 a neigh replace 2001:db8:9::9 lladdr "$mac" dev to-r
	watch r to-a other ip6 daddr 2001:db8:9::9
	watch r to-a translated ip6 daddr $LOC_B::/64
	for how in "via 2001:db8:1::1 dev to-r" "dev to-r"; do
		route a $SIR_B/128 $LOC_B neutral-map-auto $how src $SIR_A
		forget r
		on a "$TRAFFIC" raw-udp $SIR_B 9 --to 2001:db8:9::9 --source $SIR_A
		ok "a header with another address goes as it is, $how" \
			until_true 5 has_seen r other
		same "and not to the locator, $how" "$(seen r translated)" 0
		ip6 a route del $SIR_B/128
	done
	other_header_by_table
}

line
ip6 r route add $SIR_A/128 via 2001:db8:1::a
ipsec
bound
packet_socket
shared_nexthop
other_header
end_dx6
finish
