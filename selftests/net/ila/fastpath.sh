#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Table routes are kept, for the fast path and for the long one. What has to turn that
# off does so for the next packet, and on again when it is gone; and what is kept holds
# up neither routes nor devices nor namespaces nor the module.
#
#   a --- r --- m --- b      r has the table route

# shellcheck disable=SC2317 # functions are called by ok
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need iperf3 taskset
need_ila_do
start
TRACING=/sys/kernel/tracing/instances/ila.$$
mkdir $TRACING 2>/dev/null || skip_all "needs tracefs"
trap 'cleanup; rmdir $TRACING' EXIT
echo 1 >$TRACING/events/fib6/fib6_table_lookup/enable ||
	skip_all "no tracepoint of routes"
# what is learned, a CPU learns for itself
taskset -cp 0 $$ >/dev/null

LOC_C=2001:db8:c:1

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
	X
	batch m <<-X
		addr add 2001:db8:2::2/64 dev to-r nodad
		addr add 2001:db8:3::1/64 dev to-b nodad
		route add $LOC_B::/64 via 2001:db8:3::b
		route add $LOC_C::/64 via 2001:db8:3::b
		route add default via 2001:db8:2::1
	X
	ila_host a 2001:db8:1::a 2001:db8:1::1 to-r $SIR_A $LOC_A
	ila_host b 2001:db8:3::b 2001:db8:3::1 to-m $SIR_B $LOC_B
	watch b to-m came udp dport 9
	watch b to-m moved ip6 daddr $LOC_C::/64 udp dport 9
	# or errors make a sender pause
	on b nft -f - <<-X
		table ip6 quiet {
			chain quiet {
				type filter hook input priority 0;
				udp dport 9 drop
			}
		}
	X
	pings r 2001:db8:1::a >/dev/null
	pings r 2001:db8:2::2 >/dev/null
	pings m 2001:db8:3::b >/dev/null
	collector b $SIR_B
	background b "$TRAFFIC" udp-echo :: 7001
	iperf_server b
}

# What has no mapping disappears in ila0
table_route_on_r()
{
	table_route r $SIR::/64 neutral-map dev ila0
}

ila_setup()
{
	rule a $LOC_A $SIR neutral-map
	rule b $LOC_B $SIR neutral-map
	rule b $LOC_C $SIR neutral-map
	try_batch r <<-X
		link add ila0 up type dummy
		route replace $LOC_B::/64 via 2001:db8:2::2
		route replace $LOC_C::/64 via 2001:db8:2::2
	X
	table_route_on_r
	map r $SIR_A $LOC_A
	map r $SIR_B $LOC_B
	ila r config set fastpath 1
}

# --- Which way -----------------------------------------------------------------

WAY=fast

# Lookups of the table route for datagrams, since this was last asked
lookups()
{
	grep -c "proto 17 .*> $SIR:.* dev \(ila0\|to-a\) " "$TRACING/trace"
	: >"$TRACING/trace"
}

# went NAME WANT: three datagrams to SIR_B. WANT is how many went the fast way, or how
# many routes of them were looked up, and how many came to b.
went()
{
	local how

	take b came >/dev/null
	case $WAY in
	fast) how=$(counter r IlaOutFastpath) ;;
	long) lookups >/dev/null ;;
	esac
	datagrams a $SIR_B
	case $WAY in
	fast) how="$(($(counter r IlaOutFastpath) - how)) fast" ;;
	long) how="$(lookups) looked up" ;;
	esac
	same "$1" "$how, $(take b came) came" "$2"
}

slow()
{
	case $WAY in
	fast) went "$1" "0 fast, 3 came" ;;
	long) went "$1" "3 looked up, 3 came" ;;
	esac
}

nowhere()
{
	case $WAY in
	fast) went "$1" "0 fast, 0 came" ;;
	# what else the packets would go by is looked up, or is not
	long) comes "$1" 0 ;;
	esac
}

# By whatever way
comes()
{
	take b came >/dev/null
	datagrams a $SIR_B
	same "$1" "$(take b came) came" "$2 came"
}

still()
{
	case $WAY in
	fast) went "$1" "3 fast, 3 came" ;;
	long) went "$1" "0 looked up, 3 came" ;;
	esac
}

# Some datagrams first, of which it is learned
fast()
{
	datagrams a $SIR_B
	still "$1"
}

# by_way WAY: from now on
by_way()
{
	WAY=$1
	[ "$WAY" = fast ]
	ila r config set fastpath $((! $?))
}

# turns_off NAME ON-COMMAND OFF-COMMAND: as long as that is so
turns_off()
{
	fast "before $1"
	eval "$2" || fail "$1" "$2"
	slow "$1: at once the long way"
	eval "$3" || fail "$1" "$3"
	fast "$1: over"
}

# --- Who would see it ------------------------------------------------------------

chain()
{
	on r nft -f - <<-X
		table ip6 seen {
			counter seen { }
			chain seen {
				type filter hook $1 priority $2;
				ip6 daddr $3::/64 udp dport 9 counter name seen
			}
		}
	X
}

unchain()
{
	on r nft delete table ip6 seen
}

chain_saw()
{
	has "$1" "$(on r nft list counter ip6 seen seen)" "packets ${2:-3} "
}

hooks()
{
	chain forward 0 $SIR
	slow "a FORWARD hook: at once the long way"
	chain_saw "a FORWARD hook sees the SIR address"
	unchain
	fast "no FORWARD hook any more"
	chain prerouting 0 $SIR
	slow "another PRE_ROUTING hook: at once the long way"
	chain_saw "another PRE_ROUTING hook sees the SIR address"
	unchain
	fast "no other PRE_ROUTING hook any more"
	chain postrouting 0 $LOC_B
	went "a POST_ROUTING hook has nothing to do with it" "3 fast, 3 came"
	chain_saw "a POST_ROUTING hook sees the locator"
	unchain
}

set_on_r()
{
	on r sysctl -qw "net.ipv6.conf.all.$1"
}

settings()
{
	local dir

	for dir in fwd out; do
		turns_off "an IPsec policy, $dir" "on r ip xfrm policy add \
			src 2001:db8:77::/64 dst 2001:db8:78::/64 dir $dir" \
			"on r ip xfrm policy flush"
	done
	turns_off proxy_ndp "set_on_r proxy_ndp=1" "set_on_r proxy_ndp=0"
	set_on_r forwarding=0
	nowhere "forwarding=0"
	set_on_r forwarding=1
	fast "forwarding=1"
	ila r config set fastpath 0
	slow "fastpath 0"
	ila r config set fastpath 1
	fast "fastpath 1"
}

# Only what decides on a route has a say here
long_way()
{
	chain forward 0 $SIR
	fast "a FORWARD hook leaves the route alone"
	chain_saw "it sees the SIR address" 6
	unchain
	turns_off "another PRE_ROUTING hook" "chain prerouting 0 $SIR" unchain
	ip6 r route replace $LOC_B::/64 via 2001:db8:2::2 mtu lock 1280
	ok "a path MTU is learned for one address" learns_pmtu r
	ip6 r route replace $LOC_B::/64 via 2001:db8:2::2
	map r $SIR:2000::c1 $LOC_B
	datagrams a $SIR:2000::c1
	slow "it is looked for"
	unmap r $SIR_B
	ok "and obeyed without a mapping" learns_pmtu a
	ip6 a route flush cache
	map r $SIR_B $LOC_B
	unmap r $SIR:2000::c1
	ip6 r route del $SIR::/64
	table_route_on_r
	fast "it goes with the route"
	ip6 r route append $SIR::/64 dev ila0 metric 2000
	fast "a route that is worse"
	ip6 r route del $SIR::/64 metric 2000
}

# learns_pmtu HOST: of what it sends
learns_pmtu()
{
	on "$1" "$TRAFFIC" udp-pmtu "$SIR_B" 7001 --size 1400
	ip6 "$1" route get "$SIR_B" | grep "mtu 1280"
}

# --- What is told to senders -----------------------------------------------------

hop_limit_1()
{
	on a python3 - "$SIR_B" <<-'X'
		import socket, sys, time
		sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
		sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 1)
		sock.setsockopt(socket.IPPROTO_IPV6, 25, 1)     # IPV6_RECVERR
		sock.connect((sys.argv[1], 9))
		sock.send(b"x")
		sock.settimeout(2)
		try:
		    sock.recv(1)
		except OSError as error:
		    sys.exit(error.errno != 113)
	X
}

told()
{
	fast "before hop limit 1"
	ok "hop limit 1: Time Exceeded comes" hop_limit_1
	ip6 r route replace $LOC_B::/64 via 2001:db8:2::2 mtu lock 1280
	fast "small packets on a path of 1280"
	same "large ones: Packet Too Big comes" \
		"$(on a "$TRAFFIC" udp-pmtu $SIR_B 7001 --size 1400 2>&1)" 1280
	ip6 a route flush cache
	ok "TCP gets used to it" iperf a $SIR_B -n 2M
	ip6 r route replace $LOC_B::/64 via 2001:db8:2::2
	ip6 a route flush cache
}

locator()
{
	value "$(ila r locator get "$1")" "$2"
}

# A packet that stands for many is one
trains()
{
	local fast packets

	fast "before trains"
	fast=$(counter r IlaOutFastpath)
	packets=$(locator $LOC_B packets)
	numbers a $SIR_B --size 100 --segments 10
	fast=$(($(counter r IlaOutFastpath) - fast))
	packets=$(($(locator $LOC_B packets) - packets))
	same "a train goes the fast way as one" "$fast of $packets" "1 of 10"
	ok "TCP" iperf a $SIR_B -n 10M
	ok "UDP" iperf_udp a $SIR_B -n 100K
}

# --- Routes ----------------------------------------------------------------------

routes()
{
	fast "before there are other routes"
	ip6 r route add blackhole $SIR_B/128
	nowhere "a /128 below the prefix"
	ip6 r route del blackhole $SIR_B/128
	fast "it is gone"
	own_address r $SIR:2000::99
	slow "an address below the prefix"
	ok "that address answers" pings a $SIR:2000::99
	ip6 r addr del $SIR:2000::99/128 dev lo
	fast "it is gone, too"
	ip6 r route add $SIR::/64 dev ila0 metric 5
	nowhere "a better route"
	ip6 r route del $SIR::/64 metric 5
	fast "it is gone, as well"
	ip6 r route replace $SIR::/64 dev ila0
	nowhere "the table route is replaced"
	ip6 r route del $SIR::/64
	table_route_on_r
	fast "a table route again"
	carrier ila0 off
	fast "its device has no carrier"
	on r sysctl -qw net.ipv6.conf.ila0.ignore_routes_with_linkdown=1
	nowhere "and that is to be obeyed"
	carrier ila0 on
	on r sysctl -qw net.ipv6.conf.ila0.ignore_routes_with_linkdown=0
	fast "with carrier again"
	better_but_dead
	locator_without_carrier
	ip6 r route del $SIR::/64
	nowhere "the table route is deleted"
	table_route r $SIR::/64 neutral-map dev to-a
	datagrams a $SIR_B
	case $WAY in
	fast) slow "back out of the device it came by: redirected" ;;
	long) still "back out of the device it came by" ;;
	esac
	ip6 r route del $SIR::/64
	ip6 a route flush cache
	table_route_on_r
	fast "and out of another"
}

# carrier DEVICE on|off
carrier()
{
	local state="state (UP|UNKNOWN)"

	[ "$2" = on ] || state="state DOWN"
	ip6 r link set "$1" carrier "$2"
	until_true 5 in_state "$1" "$state"
	# and the routing tables know
	sleep 0.3
}

in_state()
{
	ip6 r link show "$1" | grep -Eq "$2"
}

# It may live again, and nothing tells of that
better_but_dead()
{
	batch r <<-X
		link add d0 up type dummy
		route del $SIR::/64
	X
	on r sysctl -qw net.ipv6.conf.d0.ignore_routes_with_linkdown=1
	table_route r 2001:db8:5::/48 neutral-map dev ila0
	fast "a table route that is shorter"
	ip6 r route add 2001:db8:5::/56 dev d0
	nowhere "a route between it and the prefix"
	carrier d0 off
	slow "which does not live"
	ip6 r link del d0
	fast "and goes"
	ip6 r route del 2001:db8:5::/48
	table_route_on_r
	fast "the prefix's own again"
}

# The routing tables say nothing of that
locator_without_carrier()
{
	ip6 r link add d0 up type dummy
	ip6 r route add $LOC_B::/64 dev d0 metric 10
	comes "a better route of the locator leads elsewhere" 0
	carrier d0 off
	comes "its device has no carrier" 0
	on r sysctl -qw net.ipv6.conf.d0.ignore_routes_with_linkdown=1
	comes "and that is to be obeyed by it, too" 3
	ip6 r link del d0
	fast "the locator has one route again"
}

moved()
{
	same "$1" "$(take b moved)" "$2"
}

locators()
{
	fast "before the locator moves"
	ip6 r route del $LOC_B::/64
	nowhere "no route to the locator"
	ip6 r route add blackhole $LOC_B::/64
	nowhere "none again"
	ip6 r route del blackhole $LOC_B::/64
	ip6 r route add $LOC_B::/64 via 2001:db8:2::2
	fast "a route to the locator"
	ila r locator down $LOC_B
	nowhere "down"
	ila r locator up $LOC_B
	still "up"
	take b moved >/dev/null
	ila r locator move $LOC_B $LOC_C
	datagrams a $SIR_B
	moved "moved: at once" 3
	fast "moved"
	moved "all of them" 6
	ila r locator move $LOC_C $LOC_B
	fast "and back"
	moved "none stays" 0
	ila r map replace $SIR_B $LOC_B timeout 1
	sleep 2
	nowhere "expired"
	ila r map replace $SIR_B $LOC_B
	fast "a mapping again"
	ip6 r route del $SIR::/64
	unmap r $SIR_B
	ok "the locator in another domain" map r $SIR_B $LOC_B domain 7
	ila r map del $SIR_B domain 7
	ok "and back in its own" map r $SIR_B $LOC_B
	table_route_on_r
	fast "all is as it was"
}

# --- Under traffic ---------------------------------------------------------------

# Of both CPUs
floods()
{
	local cpu

	for cpu in 0 1; do
		nsenter --net="/run/netns/$(ns a)" taskset -c $cpu "$TRAFFIC" \
			flood $SIR_B 9 --pause 0.001 >/dev/null 2>&1 &
		FLOODS+=($!)
	done
	until_true 10 flows
}
FLOODS=()

calm()
{
	kill "${FLOODS[@]}"
	wait "${FLOODS[@]}" 2>/dev/null
	FLOODS=()
}

# Of what is sent most goes the fast way, however fast this machine is
flows()
{
	local fast sent

	sent=$(counter r IlaOutTranslated)
	fast=$(counter r IlaOutFastpath)
	until_true 5 has_sent $((sent + 50)) || return
	fast=$(($(counter r IlaOutFastpath) - fast))
	sent=$(($(counter r IlaOutTranslated) - sent))
	echo "$fast of $sent went the fast way"
	[ $((2 * fast)) -gt "$sent" ]
}

has_sent()
{
	[ "$(counter r IlaOutTranslated)" -ge "$1" ]
}

# switches COMMAND...: again and again while numbered datagrams are sent
switches()
{
	local name=$1 sender rounds=0

	shift
	discard b
	numbers a $SIR_B --count 500 --pause 0.001 >"$TMP/refused" 2>&1 &
	sender=$!
	while kill -0 $sender 2>/dev/null; do
		"$@" || break
		rounds=$((rounds + 1))
	done
	wait $sender
	same "$name: none is refused" "$(cat "$TMP/refused")" ""
	each_once "$name: each comes once" 500 b
	[ $rounds -gt 2 ] || fail "$name" "$rounds rounds"
}

off_and_on()
{
	ila r config set fastpath 0 && ila r config set fastpath 1
}

flap()
{
	ip6 r -batch - <<-X
		route add $SIR:2000::/96 dev ila0
		route del $SIR:2000::/96 dev ila0
		route add $SIR:8000::/66 dev ila0
		route del $SIR:8000::/66 dev ila0
		addr add $SIR:9000::1/128 dev lo nodad
		addr del $SIR:9000::1/128 dev lo
	X
}

route_comes_and_goes()
{
	local i

	for i in 1 2 3 4 5 6 7 8 9 10; do
		ip6 r route del "$SIR::/64" && table_route_on_r || return
	done
}

under_traffic()
{
	switches "off and on" off_and_on
	fast "after that"
	switches "other routes" route_below
	floods
	ok "routes flap" flap
	ok "the table route comes and goes" route_comes_and_goes
	ok "it flows" until_true 5 flows
	calm
	fast "after all that"
}

route_below()
{
	ip6 r route add "$SIR:2000::99/128" dev ila0 &&
		ip6 r route del "$SIR:2000::99/128" dev ila0
}

# --- Nothing is held -------------------------------------------------------------

# unloads MILLISECONDS: tried for so long
unloads()
{
	local end=$((${EPOCHREALTIME/./} + $1 * 1000))

	while ! modprobe -r ila; do
		[ "${EPOCHREALTIME/./}" -lt "$end" ] || return
		sleep 0.05
	done
}

module_goes()
{
	fast "before the module goes"
	ip6 r route del $SIR::/64
	# which the collector gives up
	ok "without its route the module goes before long" unloads 20000
	modprobe ila
	ila_setup
	fast "with it again"
	floods
	ip6 r route del $SIR::/64
	ok "under traffic, too" unloads 20000
	calm
	modprobe ila
	ila_setup
	fast "and again"
}

# goes NAME COMMAND...: without waiting for a reference
goes()
{
	local name=$1

	shift
	ok "$name" timeout $((8 * SLOW)) \
		nsenter --net="/run/netns/$(ns r)" "$@"
}

devices()
{
	floods
	goes "the table route's device goes under traffic" ip link del ila0
	calm
	nowhere "without it"
	ip6 r link add ila0 up type dummy
	table_route_on_r
	fast "with it again"
	floods
	goes "the locator's device goes under traffic" ip link del to-m
	calm
	nowhere "without that"
	link r m
	ip6 r addr add 2001:db8:2::1/64 dev to-m nodad
	ip6 m addr add 2001:db8:2::2/64 dev to-r nodad
	ip6 m route add default via 2001:db8:2::1
	ip6 r route add $LOC_B::/64 via 2001:db8:2::2
	pings r 2001:db8:2::2 >/dev/null
	fast "with that again"
}

# The kernel never forgets that there were rules
policy_rules()
{
	fast "before there are rules"
	ip6 r rule add from 2001:db8:77::/64 lookup 70
	slow "a rule for other packets"
	by_way long
	slow "nor is its route kept"
	by_way fast
	ip6 r link add vrf0 up type vrf table 71
	ip6 r link set to-a master vrf0
	slow "the device of a VRF, which has no routes and so uses these"
	ip6 r link set to-a nomaster
}

namespace_goes()
{
	drop_host r
	ok "its devices are gone" until_true 60 gone_from a m
	hosts r
	router r
	link a r
	link r m
	batch r <<-X
		addr add 2001:db8:1::1/64 dev to-a nodad
		addr add 2001:db8:2::1/64 dev to-m nodad
	X
	ip6 a addr add 2001:db8:1::a/64 dev to-r nodad
	ip6 a route add default via 2001:db8:1::1 dev to-r src $SIR_A
	ip6 m addr add 2001:db8:2::2/64 dev to-r nodad
	unrule a
	unrule b
	ip6 r route add $LOC_A::/64 via 2001:db8:1::a
	ila_setup
	pings r 2001:db8:2::2 >/dev/null
	fast "a new namespace"
	floods
	drop_host r
	ok "it is deleted under traffic" until_true 8 gone
	calm
}

gone()
{
	! ip6 a link show to-r
}

topology
ila_setup
hooks
settings
told
trains
routes
locators
by_way long
long_way
routes
locators
by_way fast
under_traffic
module_goes
devices
policy_rules
namespace_goes
finish
