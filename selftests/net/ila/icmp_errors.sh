#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Errors raised where only the locator is known reach the socket that sent to
# the SIR address.
#
#   a --- r --- m --- b

# shellcheck disable=SC2317 # functions are called by ok
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
start

topology()
{
	hosts a r m b
	router r
	router m
	link a r
	link r m
	link m b
	batch r <<-X
		addr add 2001:db8:1::1/64 dev to-a nodad
		addr add 2001:db8:2::1/64 dev to-m nodad
		route add $LOC_A::/64 via 2001:db8:1::a
		route add $LOC_B::/64 via 2001:db8:2::2
	X
	batch m <<-X
		addr add 2001:db8:2::2/64 dev to-r nodad
		addr add 2001:db8:3::1/64 dev to-b nodad
		route add $LOC_B::/64 via 2001:db8:3::b
		route add default via 2001:db8:2::1
	X
	ila_host a 2001:db8:1::a 2001:db8:1::1 to-r $SIR_A $LOC_A
	ila_host b 2001:db8:3::b 2001:db8:3::1 to-m $SIR_B $LOC_B
}

udp_error()
{
	local error

	error=$(on a "$TRAFFIC" udp-error "$2" 9 --timeout 2 2>&1)
	case $3 in
	*"$error"*) pass "$1" ;;
	*) fail "$1" "the socket saw $error, want one of $3" ;;
	esac
}

# An error of ping: which node says that the hop limit is over
expired_at()
{
	local out

	out=$(on a ping -6 -n -c 1 -W 2 -t "$2" $SIR_B 2>&1)
	has "$1" "$out" "From $3"
}

errors()
{
	local how=$1

	udp_error "$how: closed port" $SIR_B ECONNREFUSED
	expired_at "$how: hop limit ends at r" 1 2001:db8:1::1
	expired_at "U9 $how: hop limit ends at m" 2 2001:db8:2::2
	ok "$how: three hops reach b" pings a $SIR_B -c 1 -t 3
	ip6 m route change unreachable $LOC_B::/64
	udp_error "U9 $how: m has no way to the locator" $SIR_B \
		"EHOSTUNREACH ENETUNREACH"
	ip6 m route change prohibit $LOC_B::/64
	udp_error "U9 $how: m refuses" $SIR_B EACCES
	ip6 m route del prohibit $LOC_B::/64
	ip6 m route add $LOC_B::/64 via 2001:db8:3::b
}

both_ways()
{
	rule a $LOC_A $SIR "$1"
	rule b $LOC_B $SIR "$1"
	route r $SIR_A/128 $LOC_A "$1" via 2001:db8:1::a dev to-a
}

at_router()
{
	both_ways "$1"
	route r $SIR_B/128 $LOC_B "$1" via 2001:db8:2::2 dev to-m
	errors "router, $1"
	ila_nowhere
}

at_host()
{
	both_ways "$1"
	route a $SIR_B/128 $LOC_B "$1" via 2001:db8:1::1 dev to-r src $SIR_A
	errors "host, $1"
	ila_nowhere
}

counted()
{
	local before

	both_ways neutral-map
	route r $SIR_B/128 $LOC_B neutral-map via 2001:db8:2::2 dev to-m
	before=$(counter r IlaInErrorsRestored)
	expired_at "U9 counted: hop limit ends at m" 2 2001:db8:2::2
	grew "U9 IlaInErrorsRestored grows at r" r IlaInErrorsRestored "$before"
	ila_nowhere
}

# The node that translates is the one that finds no neighbour: its own error
# was made from a packet that already has a locator
own_neighbour_error()
{
	both_ways neutral-map-auto
	on r sysctl -qw net.ipv6.neigh.to-m.mcast_solicit=1 \
		net.ipv6.neigh.to-m.retrans_time_ms=100
	ip6 r route change $LOC_B::/64 via 2001:db8:2::99
	route r $SIR_B/128 $LOC_B neutral-map-auto dev to-m
	udp_error "U9 router's own error: next hop of the locator is dead" \
		$SIR_B EHOSTUNREACH
	ip6 r route del $SIR_B/128
	ip6 r route change unreachable $LOC_B::/64
	route r $SIR_B/128 $LOC_B neutral-map-auto dev to-m
	udp_error "router's own error: no route to the locator" \
		$SIR_B "EHOSTUNREACH ENETUNREACH"
	ip6 r route change $LOC_B::/64 via 2001:db8:2::2
	ila_nowhere

	both_ways neutral-map-auto
	on a sysctl -qw net.ipv6.neigh.to-r.mcast_solicit=1 \
		net.ipv6.neigh.to-r.retrans_time_ms=100
	ip6 a route add $LOC_B::/64 via 2001:db8:1::99 dev to-r
	route a $SIR_B/128 $LOC_B neutral-map-auto dev to-r src $SIR_A
	udp_error "U9 host's own error: next hop of the locator is dead" \
		$SIR_B EHOSTUNREACH
	ip6 a route del $LOC_B::/64 via 2001:db8:1::99
	ip6 a route add unreachable $LOC_B::/64
	ip6 a route flush cache
	udp_error "host's own error: no route to the locator" \
		$SIR_B "EHOSTUNREACH ENETUNREACH"
	ip6 a route del unreachable $LOC_B::/64
	ila_nowhere
}

# An error about a locator that nobody here knows stays as it is
unknown_locator()
{
	ip6 m route add unreachable 2001:db8:77:7::/64
	ip6 r route add 2001:db8:77:7::/64 via 2001:db8:2::2
	route r $SIR_B/128 $LOC_B neutral-map via 2001:db8:2::2 dev to-m
	udp_error "an error about a foreign address is left alone" \
		2001:db8:77:7::1 "EHOSTUNREACH ENETUNREACH"
	ip6 r route del $SIR_B/128
}

topology
for mode in neutral-map no-action adj-transport; do
	at_router "$mode"
	at_host "$mode"
done
counted
own_neighbour_error
# SIR_A has to be found without ILA here
ip6 r route add $SIR_A/128 via 2001:db8:1::a dev to-a
unknown_locator
finish
