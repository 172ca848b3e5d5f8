#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ICMPv6 errors about packets that a mapping has translated quote what their
# sender sent: the path MTU is learned, traceroute shows the way.  That holds
# for a while after a mapping has moved, too.
#
#   a --- r --- m === b      the last link carries 1280 bytes; b has two locators

# shellcheck disable=SC2317 # functions are called by ok
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need traceroute tc
need_ila_do
start

LOC_B2=2001:db8:b:2

topology()
{
	hosts a r m b
	router r
	router m
	link a r
	link r m
	link m b
	ip6 m link set to-b mtu 1280
	ip6 b link set to-m mtu 1280
	batch r <<-X
		addr add 2001:db8:1::1/64 dev to-a nodad
		addr add 2001:db8:2::1/64 dev to-m nodad
		route add $LOC_A::/64 via 2001:db8:1::a
		route add $LOC_B::/64 via 2001:db8:2::2
		route add $LOC_B2::/64 via 2001:db8:2::2
	X
	batch m <<-X
		addr add 2001:db8:2::2/64 dev to-r nodad
		addr add 2001:db8:3::1/64 dev to-b nodad
		route add $LOC_B::/64 via 2001:db8:3::b
		route add $LOC_B2::/64 via 2001:db8:3::b
		route add default via 2001:db8:2::1
	X
	ila_host a 2001:db8:1::a 2001:db8:1::1 to-r $SIR_A $LOC_A
	ila_host b 2001:db8:3::b 2001:db8:3::1 to-m $SIR_B $LOC_B
	# b does not say how narrow its link is: a has to find out
	ip6 b route change default via 2001:db8:3::1 dev to-m src $SIR_B \
		advmss 1440
	background b "$TRAFFIC" tcp-serve :: 7002
	until_true 20 listens b t 7002
	watch a to-r errors icmpv6 type '{ 1, 2, 3 }' @th,256,64 \
		0x20010db800050001
	watch a to-r foreign icmpv6 type '{ 1, 2, 3 }' @th,256,64 \
		!= 0x20010db800050001
	watch m to-r sent ip6 daddr "{ $LOC_B::/64, $LOC_B2::/64 }" \
		icmpv6 type echo-request
}

rules_for()
{
	rule a $LOC_A $SIR "$1"
	rule b $LOC_B $SIR "$1"
	rule b $LOC_B2 $SIR "$1"
}

# at_router MODE [csum-mode MODE]: of the route, and of the mapping
at_router()
{
	table_route r $SIR::/64 "$1" via 2001:db8:2::2 dev to-m
	map r $SIR_A $LOC_A
	map r $SIR_B $LOC_B "${@:2}"
}

# The sender translates, r only what comes back
at_host()
{
	table_route a $SIR::/64 "$1" dev to-r src $SIR_A
	map a $SIR_B $LOC_B "${@:2}"
	ip6 r route add $SIR_A/128 via 2001:db8:1::a
}

forget_paths()
{
	ip6 a route flush cache
}

forget_tables()
{
	local host

	forget_paths
	for host in a r; do
		unmap_all $host
		try_batch $host <<<"route flush root $SIR::/64 table main"
	done
}

over()
{
	forget_tables
	ila_nowhere
	try_batch b <<<"ila del loc_match $LOC_B2"
}

# told NAME PART PING-OPTIONS...: what ping says of an error
told()
{
	local out

	out=$(on a ping -6 -n -c 1 -W 2 "${@:3}" $SIR_B 2>&1)
	has "$1" "$out" "$2"
}

# What r lets through to a
quotes_sir()
{
	same "$1: all errors quote SIR" "$(seen a errors):$(seen a foreign)" 3:0
}

# A path MTU is kept with the SIR address
learned()
{
	has "$1" "$(ip6 a route get $SIR_B 2>&1)" "mtu 1280"
}

errors()
{
	told "$1: time exceeded" "From 2001:db8:2::2 icmp_seq=1 Time exceeded" \
		-t 2
	ip6 m route change unreachable $LOC_B::/64
	told "$1: unreachable" "From 2001:db8:2::2 icmp_seq=1 Destination" -t 9
	ip6 m route del unreachable $LOC_B::/64
	ip6 m route add $LOC_B::/64 via 2001:db8:3::b
	told "$1: too big" "Packet too big: mtu=1280" -s 1400 -M "do"
	learned "$1: the path MTU is learned"
	[ "$2" = host ] || quotes_sir "$1"
	forget_paths
	ok "$1: TCP, every byte" on a "$TRAFFIC" tcp-send $SIR_B 7002 \
		--size 100000 --timeout 20
	learned "$1: the path MTU is learned by TCP"
	forget_paths
}

traces()
{
	has "$1: traceroute" \
		"$(on a traceroute -6 -n -q 1 -w 2 $SIR_B 2>&1 |
			awk 'NR > 1 { printf "%s ", $2 }')" \
		"2001:db8:1::1 2001:db8:2::2 2001:db8:5:1:2000::b1 "
}

all_modes()
{
	local mode other

	for mode in $ALL_MODES; do
		rules_for "$mode"
		at_router "$mode"
		forget a
		errors "router, $mode by route" router
		traces "router, $mode by route"
		forget_tables
		other=no-action
		[ "$mode" != no-action ] || other=neutral-map
		at_router "$other" csum-mode "$mode"
		ila r map change $SIR_A $LOC_A csum-mode "$mode"
		forget a
		errors "router, $mode by mapping" router
		forget_tables
		at_host "$mode"
		errors "host, $mode" host
		over
	done
}

# --- Late errors ---------------------------------------------------------------

hold_back()
{
	on m tc qdisc change dev to-r root plug "$1"
}

# While an error waits at m for its way to r, and a, that is done
#   late NAME WHAT-PING-SAYS COMMAND...
late()
{
	local pid

	forget m
	hold_back block
	on a ping -6 -n -c 1 -W $((15 * SLOW)) -t 2 $SIR_B >"$TMP/late" 2>&1 &
	pid=$!
	until_true 10 has_seen m sent
	"${@:3}"
	hold_back release_indefinite
	wait $pid
	has "$1" "$(cat "$TMP/late")" "$2"
}

late_errors()
{
	local mode host ignored from="From 2001:db8:2::2"

	on m tc qdisc add dev to-r root plug
	hold_back release_indefinite
	for mode in neutral-map no-action neutral-map-auto; do
		rules_for $mode
		for host in r a; do
			case $host in
			r) at_router $mode ;;
			a) at_host $mode ;;
			esac
			late "$mode, at $host: moved meanwhile" "$from" \
				ila $host locator move $LOC_B $LOC_B2
			late "$mode, at $host: changed meanwhile" "$from" \
				ila $host map change $SIR_B $LOC_B
			late "$mode, at $host: gets several meanwhile" "$from" \
				ila $host map replace $SIR_B $LOC_B2 $LOC_B,0,1
			forget_tables
		done
		over
	done

	rules_for neutral-map
	at_router neutral-map
	ignored=$(counter r IlaInErrorsIgnored)
	late "deleted meanwhile: left alone" "0 received, 100% packet loss" unmap r $SIR_B
	same "deleted meanwhile: counted" "$(counter r IlaInErrorsIgnored)" \
		$((ignored + 1))
	on m tc qdisc del dev to-r root
	over
}

topology
all_modes
late_errors
finish
