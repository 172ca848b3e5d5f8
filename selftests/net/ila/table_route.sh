#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Routes that ask the mapping table: what happens to a packet whose address has
# a mapping, and to one that has none; and that the module can tell beforehand.
#
#   a --- r --- b
#         |
#         c          gateway of r's table routes, for what has no mapping

# shellcheck disable=SC2317 # functions are called by ok
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need iperf3 curl taskset
need_ila_do
start

GONE_ID=2000:0:0:dead
GONE=$SIR:$GONE_ID
LOC_C=2001:db8:c:1

topology()
{
	line
	hosts c
	link r c
	ip6 r addr add 2001:db8:3::1/64 dev to-c nodad
	ip6 c addr add 2001:db8:3::c/64 dev to-r nodad
	watch b to-r locator ip6 daddr $LOC_B::/64
	watch b to-r sir ip6 daddr $SIR::/64
	watch c to-r plain ip6 daddr $SIR::/64 udp dport 9
	watch a to-r quotes icmpv6 type destination-unreachable \
		icmpv6 code 3 @th,256,128 0x20010db800050001200000000000dead
	# neighbours are known before packets are counted
	pings r 2001:db8:3::c >/dev/null
	pings r 2001:db8:2::b >/dev/null
	pings r 2001:db8:1::a >/dev/null
	collector b $SIR_B
	background b "$TRAFFIC" udp-echo :: 7001
	background b "$TRAFFIC" tcp-serve :: 7002
	until_true 10 listens b u 7001
	until_true 10 listens b t 7002
}

# Forget every mapping and table route
forget_tables()
{
	local host

	for host in a r b; do
		unmap_all $host
		try_batch $host <<<"route flush root $SIR::/64 table main"
	done
}

# And every rule
over()
{
	forget_tables
	ila_nowhere
}

# --- Programs, in every mode ---------------------------------------------------

all_programs()
{
	forget b
	together "$1: ping a to b" pings a $SIR_B
	together "$1: TCP both ways" iperf a $SIR_B -n 500K --bidir
	together "$1: UDP both ways" iperf_udp a $SIR_B -p 5202 -n 50K --bidir
	together "$1: curl" fetches a
	all_together
	if [ "$(seen b sir)" = 0 ] && [ "$(seen b locator)" -gt 10 ]; then
		pass "$1: only locators on the wire to b"
	else
		fail "$1: only locators on the wire to b" \
			"$(seen b locator) locators, $(seen b sir) SIR addresses"
	fi
}

tables_at_router()
{
	table_route r $SIR::/64 "$1" via 2001:db8:3::c dev to-c
	map r $SIR_A $LOC_A
	map r $SIR_B $LOC_B
}

tables_at_hosts()
{
	table_route a $SIR::/64 "$1" dev to-r src $SIR_A
	table_route b $SIR::/64 "$1" dev to-r src $SIR_B
	map a $SIR_B $LOC_B
	map b $SIR_A $LOC_A
}

programs()
{
	local mode

	iperf_server b
	iperf_server b 5202
	serve_file b
	for mode in $ALL_MODES; do
		rule a $LOC_A $SIR "$mode"
		rule b $LOC_B $SIR "$mode"
		tables_at_router "$mode"
		all_programs "router, $mode"
		forget_tables
		tables_at_hosts "$mode"
		all_programs "hosts, $mode"
		over
	done
}

# --- Changes under traffic -----------------------------------------------------

# Every kind of change to SIR_B's mapping at a host.  Without a mapping packets
# reach b too, as they are.
change_all()
{
	ila "$1" map change $SIR_B $LOC_B csum-mode no-action
	ila "$1" map change $SIR_B $LOC_C
	ila "$1" map replace $SIR_B $LOC_B timeout 100
	ila "$1" map replace $SIR_B $LOC_C $LOC_B csum-mode neutral-map
	ila "$1" map del $SIR_B
	ila "$1" map replace $SIR_B $LOC_B csum-mode no-action
	ila "$1" map del $SIR_B
	ila "$1" map new $SIR_B $LOC_B
}

# changes NAME HOST: while they happen there
changes()
{
	local sent=1500 rounds=0 numbers transfer

	discard b
	map "$2" $SIR_B $LOC_B
	on a "$TRAFFIC" tcp-send $SIR_B 7002 --size 4000000 --block 8000 \
		--pause 0.001 --timeout 10 >"$TMP/transfer" 2>&1 &
	transfer=$!
	numbers a $SIR_B --count $sent --pause 0.001 >"$TMP/numbers" 2>&1 &
	numbers=$!
	while kill -0 $transfer $numbers 2>/dev/null; do
		change_all "$2" || break
		rounds=$((rounds + 1))
	done
	ok "$1: none of $rounds rounds of changes refused" \
		[ -n "$(ila "$2" map get $SIR_B)" ]
	if wait $transfer; then
		pass "$1: a TCP transfer"
	else
		fail "$1: a TCP transfer" "$(cat "$TMP/transfer")"
	fi
	wait $numbers
	same "$1: no datagram is refused" "$(cat "$TMP/numbers")" ""
	each_once "$1: every datagram comes once" $sent b
}

under_traffic()
{
	rule b $LOC_B $SIR neutral-map
	rule b $LOC_C $SIR neutral-map
	ip6 r route add $LOC_C::/64 via 2001:db8:2::b
	ip6 r route add $SIR_A/128 via 2001:db8:1::a

	table_route r $SIR::/64 neutral-map via 2001:db8:2::b dev to-b
	changes "changes at the router" r
	unmap_all r
	ip6 r route del $SIR::/64
	ip6 r route add $SIR_B/128 via 2001:db8:2::b
	table_route a $SIR::/64 neutral-map via 2001:db8:1::1 dev to-r src $SIR_A
	changes "changes at the host" a
	on b "$ILA_NL" rule del loc_match $LOC_C
	ip6 r route del $LOC_C::/64
	over
}

# --- Without a mapping ---------------------------------------------------------

# goes NAME ADDRESS WHERE: three datagrams of a to "b", translated, to "c", not
# translated, or "nowhere"
goes()
{
	local at_b at_c

	datagrams a "$2"
	at_b=$(take b locator) at_c=$(take c plain)
	case $at_b:$at_c in
	3:0) same "$1" b "$3" ;;
	0:3) same "$1" c "$3" ;;
	0:0) same "$1" nowhere "$3" ;;
	*) fail "$1" "$at_b translated to b, $at_c untranslated to c" ;;
	esac
}

# told NAME HOST-THAT-DROPS ERROR: what a's connected socket gets from GONE, and
# what is counted
told()
{
	local before

	before=$(counter "$2" IlaMissDropped)
	same "$1" "$(on a "$TRAFFIC" udp-error $GONE 9 --timeout 0.2)" "$3"
	grew "$1: IlaMissDropped" "$2" IlaMissDropped "$before"
}

neighbours()
{
	ip6 r neigh show dev to-b | grep -c "^$SIR:"
}

# missed HOW POLICY: packets of a through r, by a route with a gateway
missed()
{
	local name="forwarded, $2 by $1" before

	before=$(counter r IlaMissForwarded)
	case $2 in
	forward|auto)
		explains "$name" r $GONE "by miss" "why no-mapping" \
			"miss forward" "via 2001:db8:3::c" "dev to-c"
		goes "$name" $GONE c
		grew "$name: IlaMissForwarded" r IlaMissForwarded "$before"
		;;
	unreachable)
		explains "$name" r $GONE "by miss" "miss unreachable"
		goes "$name" $GONE nowhere
		forget a
		told "$name" r EHOSTUNREACH
		same "$name: the error quotes the SIR address" \
			"$(seen a quotes)" 1
		;;
	drop)
		explains "$name" r $GONE "by miss" "miss drop"
		goes "$name" $GONE nowhere
		told "$name" r none
		;;
	esac
}

by_attribute()
{
	local policy

	for policy in auto forward unreachable drop; do
		table_route r $SIR::/64 neutral-map miss $policy \
			via 2001:db8:3::c dev to-c
		missed attribute $policy
		ip6 r route del $SIR::/64
	done
}

by_config()
{
	local policy

	table_route r $SIR::/64 neutral-map via 2001:db8:3::c dev to-c
	for policy in forward unreachable drop auto; do
		ila r config set miss $policy
		missed config $policy
	done
	ip6 r route del $SIR::/64
	ila r config set miss drop
	table_route r $SIR::/64 neutral-map miss forward \
		via 2001:db8:3::c dev to-c
	missed "attribute against config" forward
	ila r config set miss auto
	ip6 r route del $SIR::/64
}

# A route that names a device only
by_device()
{
	local before

	table_route r $SIR::/64 neutral-map dev to-b
	explains "auto, device only" r $GONE "by miss" "miss unreachable"
	told "auto, device only, neighbours on the link" r EHOSTUNREACH
	same "auto, device only: no neighbour is looked for" "$(neighbours)" 0
	ip6 r route del $SIR::/64
	table_route r $SIR::/64 neutral-map miss forward dev to-b
	goes "forward, device only" $GONE nowhere
	same "forward, device only: the neighbour is looked for" \
		"$(neighbours)" 1
	ip6 r route del $SIR::/64
	ip6 r neigh flush dev to-b

	ip6 r link add dummy0 up type dummy
	table_route r $SIR::/64 neutral-map dev dummy0
	explains "auto, a device without neighbours" r $GONE "by miss" \
		"miss forward" "dev dummy0"
	before=$(counter r IlaMissForwarded)
	on r nft -f - <<-X
		table netdev sent {
			counter sent { }
			chain sent {
				type filter hook egress device dummy0 priority 0;
				ip6 daddr $GONE counter name sent
			}
		}
	X
	datagrams a $GONE
	has "auto, a device without neighbours: forwarded" \
		"$(on r nft list counter netdev sent sent)" "packets 3"
	same "auto, a device without neighbours: IlaMissForwarded" \
		"$(counter r IlaMissForwarded)" $((before + 3))
	ip6 r link del dummy0
}

# connects DESTINATION: what comes of it.  The first error arrives while the
# socket is still busy and does not end it; that of the second SYN does.
connects()
{
	on a "$TRAFFIC" tcp-send "$1" 7002 --size 1 --timeout 2.5 2>&1
}

# Those who send by a table route of their own
local_senders()
{
	table_route a $SIR::/64 neutral-map miss unreachable dev to-r src $SIR_A
	told "local, unreachable: UDP" a EHOSTUNREACH
	has "local, unreachable: TCP" "$(connects $GONE)" "No route to host"
	ip6 a route del $SIR::/64
	table_route a $SIR::/64 neutral-map dev to-r src $SIR_A
	explains "local, auto" a $GONE "by miss" "miss unreachable"
	told "local, auto, device only: UDP" a EHOSTUNREACH
	has "local, auto, device only: TCP" "$(connects $GONE)" \
		"No route to host"
	ip6 a route del $SIR::/64
	table_route a $SIR::/64 neutral-map miss drop dev to-r src $SIR_A
	has "local, drop: TCP is told nothing" "$(connects $GONE)" "timed out"
	ip6 a route del $SIR::/64
	table_route a $SIR::/64 neutral-map via 2001:db8:1::1 dev to-r src $SIR_A
	table_route r $SIR::/64 neutral-map via 2001:db8:3::c dev to-c
	goes "local, auto, gateway" $GONE c
}

# entries HOST...: how many mappings there are
entries()
{
	local host

	for host; do
		value "$(ila "$host" config get)" mappings
	done
}

misses()
{
	ip6 r route add $SIR_A/128 via 2001:db8:1::a
	forget b
	by_attribute
	by_config
	by_device
	local_senders
	same "no miss makes an entry" "$(entries r a)" $'0\n0'
	over
	try_batch r <<<"route del $SIR_A/128"
}

# --- Hits beside misses --------------------------------------------------------

hit_and_miss()
{
	explains "$1: hit" r $SIR_B "by mapping" "why nothing" \
		"locator $LOC_B" "csum-mode neutral-map" \
		"translated $(ila_address $SIR_B $LOC_B neutral-map)" \
		"via 2001:db8:2::b" "dev to-b"
	goes "$1: a hit goes by the locator's route" $SIR_B b
	goes "$1: a miss goes by the gateway" $GONE c
}

# The table route leads to c, the locator to b
gateways()
{
	map r $SIR_B $LOC_B
	table_route r $SIR::/64 neutral-map via 2001:db8:3::c dev to-c
	hit_and_miss "gateway"
	ip6 r route del $SIR::/64
	ip6 r nexthop add id 7 encap ila 0:0:0:0 csum-mode neutral-map \
		ident-type luid via 2001:db8:3::c dev to-c
	ip6 r route add $SIR::/64 nhid 7
	hit_and_miss "nexthop object"
	ip6 r nexthop flush >/dev/null
	table_route r $SIR_B/128 neutral-map via 2001:db8:3::c dev to-c
	goes "a /128: a hit goes by the locator's route" $SIR_B b
	ila r map replace $SIR_B $LOC_B csum-mode no-action
	explains "the mapping's own mode" r $SIR_B "by mapping" \
		"csum-mode no-action" "translated $LOC_B:2000::b1"
	goes "the mapping's own mode" $SIR_B b
	ip6 r route del $SIR_B/128
	unmap_all r
}

# no_miss NAME: the way to SIR_B's locator is forbidden, so nothing else is tried
no_miss()
{
	local refused missed

	refused=$(counter r IlaOutNoRoute)
	missed=$(counter r IlaMissForwarded)
	goes "$1: dropped" $SIR_B nowhere
	same "$1: counted" "$(counter r IlaOutNoRoute)" $((refused + 3))
	same "$1: no miss" "$(counter r IlaMissForwarded)" "$missed"
}

# sprays NAME WANT [OPTION...]: datagrams of a socket of r's own
sprays()
{
	local name=$1 want=$2

	shift 2
	on r "$TRAFFIC" udp-spray $SIR_B 9 --count 3 "$@" >/dev/null
	same "$name" "$(take b locator)" "$want"
}

# While keys are negotiated packets get lost, as those to any other address
negotiates()
{
	local refused

	background r ip xfrm monitor acquire
	on r ip xfrm policy add src ::/0 dst $LOC_B::/64 dir out tmpl \
		src 2001:db8:2::1 dst 2001:db8:2::b proto esp mode tunnel
	refused=$(counter r IlaOutNoRoute)
	until_true 5 listens_for_keys
	goes "IPsec negotiates: nothing is sent" $SIR_B nowhere
	same "IPsec negotiates: a socket is not told" \
		"$(on r "$TRAFFIC" udp-spray $SIR_B 9 --count 3)" ""
	same "IPsec negotiates: there is a route" "$(counter r IlaOutNoRoute)" \
		"$refused"
	on r ip xfrm policy flush
	on r ip xfrm state flush
	goes "IPsec negotiates no more: a hit" $SIR_B b
}

listens_for_keys()
{
	on r grep -q "^[^ ]* *6 .* 00000001 " /proc/net/netlink
}

# Policies that come when a route is kept already, by the one CPU that sends
policies()
{
	local refused

	taskset -pc 0 $$ >/dev/null
	goes "before IPsec: a hit" $SIR_B b
	ok "an IPsec policy" on r ip xfrm policy add src ::/0 dst $LOC_B::/64 \
		dir out action block
	no_miss "a locator that IPsec blocks"
	on r ip xfrm policy flush
	goes "a locator that IPsec blocks no more: a hit" $SIR_B b
	# the packet has to come as far as the route
	on r ip xfrm policy add src ::/0 dst $SIR::/64 dir out action allow
	ok "IPsec blocks what it does not allow" \
		on r ip xfrm policy setdefault out block
	no_miss "a locator that IPsec does not allow"
	on r ip xfrm policy setdefault out accept
	on r ip xfrm policy flush
	goes "a locator that IPsec need not allow: a hit" $SIR_B b

	sprays "a socket: a hit" 3
	refused=$(counter r IlaOutNoRoute)
	sprays "a socket whose own policy blocks the locator" 0 --deny $LOC_B::
	same "a socket whose own policy blocks the locator: counted" \
		"$(counter r IlaOutNoRoute)" $((refused + 3))
	sprays "another socket: a hit" 3

	negotiates
	route r $SIR_B/128 $LOC_B neutral-map dev to-b
	goes "a fixed locator, before IPsec" $SIR_B b
	on r ip xfrm policy add src ::/0 dst $LOC_B::/64 dir out action block
	no_miss "a fixed locator that IPsec blocks"
	on r ip xfrm policy flush
	goes "a fixed locator that IPsec blocks no more" $SIR_B b
	ip6 r route del $SIR_B/128
	taskset -pc "0-$(($(nproc --all) - 1))" $$ >/dev/null
}

# What stops a hit from being one
no_hits()
{
	local before kind

	table_route r $SIR::/64 neutral-map via 2001:db8:3::c dev to-c
	# errors that r sends are no misses
	ip6 r route add $SIR_A/128 via 2001:db8:1::a
	map r $SIR_B $LOC_B
	rule r $LOC_B $SIR neutral-map
	explains "own locator" r $SIR_B "by miss" "why own" "miss forward"
	goes "own locator: a miss" $SIR_B c
	unrule r
	explains "own locator no more" r $SIR_B "by mapping"
	goes "own locator no more: a hit" $SIR_B b
	unmap_all r
	rule r $LOC_B $SIR neutral-map
	map r $SIR_B $LOC_B
	goes "own locator, the rule was first: a miss" $SIR_B c
	unrule r
	unmap_all r
	rule r $LOC_B $SIR neutral-map
	map r $SIR_B $LOC_B,0,1
	explains "own locator, with a weight" r $SIR_B "by miss" "why own"
	rule r $LOC_C $SIR neutral-map
	ila r map replace $SIR_B $LOC_B,1,1 $LOC_C,2,1
	explains "own locators" r $SIR_B "by miss" "why own"
	ila r locator down $LOC_C
	explains "own locators, one is down" r $SIR_B "by miss" "why down"
	ila r locator up $LOC_C
	unrule r
	unmap_all r

	map r $SIR_B 2001:db8:66:1
	table_route r 2001:db8:66::/48 neutral-map via 2001:db8:3::c dev to-c
	explains "a locator behind a table route" r $SIR_B "by miss" "why loop"
	before=$(counter r IlaOutLoop)
	goes "a locator behind a table route: dropped" $SIR_B nowhere
	same "a locator behind a table route: counted" \
		"$(counter r IlaOutLoop)" $((before + 3))
	ip6 r route del 2001:db8:66::/48
	for kind in prohibit blackhole; do
		ip6 r route add $kind 2001:db8:66::/48
		explains "a locator whose route is $kind" r $SIR_B "by miss" \
			"why no-route" "miss drop"
		no_miss "a locator whose route is $kind"
		ip6 r route del $kind 2001:db8:66::/48
	done
	explains "a locator without a route" r $SIR_B "by miss" "why no-route"
	goes "a locator without a route: a miss" $SIR_B c
	ila r map change $SIR_B $LOC_B
	goes "a locator with a route: a hit" $SIR_B b
	policies
	over
}

# --- Types ---------------------------------------------------------------------

# left TYPE ADDRESS: goes on as it is, mapping or not
left_alone()
{
	local before

	before=$(counter r IlaOutType)
	explains "use-format, type $1" r "$2" "why type"
	goes "use-format, type $1: left alone" "$2" c
	same "use-format, type $1: IlaOutType" "$(counter r IlaOutType)" \
		$((before + 3))
}

types()
{
	local c_bit=$SIR:3000:0:0:b1 before

	ip6 r route add $SIR::/64 encap ila 0:0:0:0 csum-mode neutral-map-auto \
		ident-type use-format via 2001:db8:3::c dev to-c
	left_alone 0 $SIR::dead
	left_alone 6 $SIR:c000::dead
	left_alone 7 $SIR:e000::dead
	map r $SIR_B $LOC_B
	explains "use-format, type 1" r $SIR_B "by mapping"
	goes "use-format, type 1: translated" $SIR_B b
	map r $SIR:4000:1:c000:2b1 $LOC_B
	goes "use-format, type 2: translated" $SIR:4000:1:c000:2b1 b
	goes "use-format, type 1 without a mapping: a miss" $GONE c

	before=$(counter r IlaOutCBit)
	map r $c_bit $LOC_B
	explains "use-format, C-bit" r $c_bit "why c-bit"
	goes "use-format, C-bit: refused" $c_bit nowhere
	same "use-format, C-bit: IlaOutCBit" "$(counter r IlaOutCBit)" \
		$((before + 3))
	over
}

# --- Domains -------------------------------------------------------------------

# One of two networks that use the same addresses, behind one router
#   tenant NAME DOMAIN TABLE LOCATOR
tenant()
{
	local a=$1a b=$1b

	hosts "$a" "$b"
	link "$a" v
	link v "$b"
	ip6 v link add "vrf-$1" up type vrf table "$3"
	ip6 v link set "to-$a" master "vrf-$1"
	ip6 v link set "to-$b" master "vrf-$1"
	batch v <<-X
		addr add 2001:db8:1::1/64 dev to-$a nodad
		addr add 2001:db8:2::1/64 dev to-$b nodad
		route add $SIR_A/128 via 2001:db8:1::a dev to-$a table $3
		route add $4::/64 via 2001:db8:2::b dev to-$b table $3
	X
	ila_host "$a" 2001:db8:1::a 2001:db8:1::1 to-v $SIR_A $LOC_A
	ila_host "$b" 2001:db8:2::b 2001:db8:2::1 to-v $SIR_B "$4"
	rule "$b" "$4" $SIR neutral-map
	table_route v $SIR::/64 neutral-map domain "$2" table "$3" dev "to-$b"
	map v $SIR_B "$4" domain "$2"
	watch "$b" to-v locator ip6 daddr "$4::/64"
}

domains()
{
	hosts v
	router v
	tenant red 1 10 $LOC_B
	tenant blue 2 20 $LOC_C
	ok "two domains, one SIR prefix: red" pings reda $SIR_B
	ok "two domains, one SIR prefix: blue" pings bluea $SIR_B
	same "two domains: red's locator" "$(seen redb locator)" 2
	same "two domains: blue's locator" "$(seen blueb locator)" 2
	ila v map del $SIR_B domain 1
	refused "two domains: red's mapping is gone" pings reda $SIR_B -c 1 -W 1
	ok "two domains: blue's is not" pings bluea $SIR_B
	refused "two domains: a locator is of one only" \
		map v $SIR:2000::77 $LOC_C domain 1
}

# --- Prefix lengths ------------------------------------------------------------

# A table route of each length from 0 to 128 translates; prints what goes wrong
each_length()
{
	on a env PYTHONPATH="$HERE" python3 - $SIR_B <<-'X'
		import ipaddress
		import socket
		import sys

		from ila_nl import Ila, Routes, ila_attrs

		sir = sys.argv[1]
		ila, routes = Ila(), Routes()
		nest = ila_attrs(loc="0:0:0:0", csum_mode="neutral-map",
		                 ident_type="luid")
		for length in range(129):
		    prefix = str(ipaddress.ip_network("%s/%d" % (sir, length), False))
		    routes.add(prefix, nest, dev="to-r", metric=10)
		    by = ila.explain(sir)["explain"]
		    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
		        sock.settimeout(2)
		        sock.connect((sir, 7001))
		        sock.send(b"%d" % length)
		        answer = sock.recv(100)
		    if by != 3 or answer != b"%d" % length:
		        print("/%d: by %d, %r" % (length, by, answer))
		    routes.delete(prefix, nest, dev="to-r", metric=10)
	X
}

lengths()
{
	rule b $LOC_B $SIR neutral-map
	ip6 r route add $SIR_A/128 via 2001:db8:1::a
	# routes of less than 64 bits must not take the locator's
	ip6 a route add $LOC_B::/64 via 2001:db8:1::1 dev to-r src $SIR_A
	map a $SIR_B $LOC_B
	forget b
	same "prefix lengths 0 to 128" "$(each_length 2>&1)" ""
	same "prefix lengths 0 to 128: all translated" "$(take b locator)" 129
	ip6 a route del $LOC_B::/64 via 2001:db8:1::1
	over
}

# --- Expiry --------------------------------------------------------------------

expired()
{
	[[ $(ila r explain "$SIR_B") != *"by mapping"* ]]
}

# uptime: in hundredths of a second, as the kernel counts its seconds
uptime()
{
	local up
	read -r up _ </proc/uptime
	echo "${up/./}"
}

late_in_a_second()
{
	[ $(($(uptime) % 100)) -ge 60 ]
}

expiry()
{
	local since lived

	table_route r $SIR::/64 neutral-map via 2001:db8:3::c dev to-c
	map r $SIR:2000::79 $LOC_B timeout 1
	same "one second is left" \
		"$(value "$(ila r map get $SIR:2000::79)" timeout)" 1
	until_true 2 late_in_a_second
	since=$(uptime)
	map r $SIR_B $LOC_B timeout 1
	map r $SIR:2000::77 $LOC_B timeout 1
	ila r map replace $SIR:2000::77 $LOC_B timeout 100
	map r $SIR:2000::78 $LOC_B timeout 10
	ila r map change $SIR:2000::78 $LOC_B
	ok "a mapping expires" until_true 5 expired
	lived=$(($(uptime) - since))
	if [ "$lived" -ge 100 ]; then
		pass "not before its time"
	else
		fail "not before its time" "after $lived hundredths of a second"
	fi
	goes "expired: a miss at once" $SIR_B c
	explains "expired" r $SIR_B "by miss" "miss forward"
	goes "replaced with a longer time: a hit" $SIR:2000::77 b
	same "changed to one without end: it has none" \
		"$(value "$(ila r map get $SIR:2000::78)" timeout)" 0
	map r $SIR_B $LOC_B
	goes "made again: a hit" $SIR_B b
	over
}

topology
programs
under_traffic
misses
gateways
no_hits
types
lengths
expiry
domains
finish
