#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Identifiers of each type, by programs on both sides that know the addresses that
# the identifiers stand for and nothing else.
#
#   a --- r --- b
#         |     |
#         c --- e          e is attached to b and, later, to c
#
# Multicast is sent by what makes the packets, since no router forwards it by
# unicast routes: by a multicast route of the table "local", where the groups of
# each device are; its prefix has to be longer than theirs, which is ff00::/8.
# Receivers join the group on the device that the locator's packets come by.

# shellcheck disable=SC2317 # functions are called by ok
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need iperf3 socat
need_ila_do
start

LOC_C=2001:db8:c:1
HOSTS="a r b"
MODES="adj-transport neutral-map no-action neutral-map-auto"

# Type 3: two tenants whose addresses end alike
VNET1=2001:db8:77:88:99aa:bbcc VNI1=012:3456
VNET2=2001:db8:77:99:99aa:bbcc VNI2=012:3457
LOW_A=a00:a LOW_B=a00:b
# Type 4
GROUP=ff05::abc:def1 GROUP_ID=8012:3456:5abc:def1
# Type 5
FAR_A=3fff:a:b:c:d:e:f:a FAR_A_ID=a012:3456:a:0
FAR_B=3fff:1:2:3:4:5:6:7 FAR_B_ID=a012:3456:b:0
# Types 3 and 5 at e
VA_E=$VNET1:a00:e VA_E_ID=6$VNI1:a00:e
FAR_E=3fff:e:e:e::e FAR_E_ID=a012:3456:e:0

addresses()
{
	batch a <<-X
		addr add $VNET1:$LOW_A/128 dev lo nodad
		addr add $FAR_A/128 dev lo nodad
	X
	batch b <<-X
		addr add $VNET1:$LOW_B/128 dev lo nodad
		addr add $VNET2:$LOW_B/128 dev lo nodad
		addr add $FAR_B/128 dev lo nodad
		addr add $LOC_B::1/128 dev lo nodad
	X
}

# locals HOST ADDRESS IDENTIFIER [ADDRESS IDENTIFIER]...: what they stand for here
locals()
{
	local host=$1

	shift
	while [ $# -gt 0 ]; do
		ila "$host" local new "$1" "$2"
		shift 2
	done
}

# Both hosts restore all that there is
receivers()
{
	local mode=$1

	formatted_rule a $LOC_A "$mode"
	formatted_rule b $LOC_B "$mode"
	locals a $VNET1:$LOW_A 6$VNI1:$LOW_A $FAR_A $FAR_A_ID
	locals b $VNET1:$LOW_B 6$VNI1:$LOW_B $VNET2:$LOW_B 6$VNI2:$LOW_B \
		$FAR_B $FAR_B_ID $GROUP $GROUP_ID
}

# A rule that says use-format asks for local identifiers
formatted_rule()
{
	on "$1" ip ila add loc_match "$2" loc $SIR csum-mode "$3" \
		ident-type use-format
}

# formatted_route HOST MODE [via G] dev D: a table route that says use-format
formatted_route()
{
	local host=$1 mode=$2

	shift 2
	ip6 "$host" route add $SIR::/64 encap ila 0:0:0:0 csum-mode "$mode" \
		ident-type use-format "$@"
}

# Forget all of it
over()
{
	local host

	for host in $HOSTS; do
		unmap_all "$host"
		unrule "$host"
		try_batch "$host" <<-X
			route flush root $SIR::/64 table main
			route flush root 2001:db8:77::/48 table main
			route flush root 3fff::/16 table main
			route flush root ff05::/16 table local
		X
	done
}

only_locators()
{
	if [ "$(seen b plain)" = 0 ] && [ "$(seen b locators)" -gt 3 ]; then
		pass "$1: only locators on the wire"
	else
		fail "$1: only locators on the wire" \
			"$(seen b locators) locators, $(seen b plain) others"
	fi
	forget b
}

# talks NAME SOURCE DESTINATION: from a to b
talks()
{
	together "$1: ping" pings a "$3" -I "$2"
	together "$1: TCP both ways" iperf a "$3" -B "$2" -n 200K --bidir
	together "$1: UDP" iperf_udp a "$3" -B "$2" -p 5202 -n 30K
	together "$1: datagrams of 4000 bytes" on a "$TRAFFIC" udp-ask "$3" 7001 \
		--source "$2" --size 4000
	all_together
	only_locators "$1"
}

# --- In SIR form ---------------------------------------------------------------

# Identifiers of any type can be those of SIR addresses: nobody says what they
# stand for, so they are restored as they are
sir_form()
{
	local mode type

	for type in 2 4 6 8 a; do
		ip6 a addr add $SIR:${type}012:3456:0:a1/128 dev lo nodad
		ip6 b addr add $SIR:${type}012:3456:0:b1/128 dev lo nodad
	done
	for mode in $MODES; do
		formatted_rule a $LOC_A "$mode"
		formatted_rule b $LOC_B "$mode"
		formatted_route r "$mode" dev to-b
		for type in 2 4 6 8 a; do
			map r $SIR:${type}012:3456:0:a1 $LOC_A
			map r $SIR:${type}012:3456:0:b1 $LOC_B
			ok "SIR address, type nibble $type, $mode" \
				pings a $SIR:${type}012:3456:0:b1 -c 1 \
				-I $SIR:${type}012:3456:0:a1
		done
		same "SIR addresses, $mode: on the wire" "$(seen b locators)" 5
		forget b
		over
	done
}

# --- Type 3 --------------------------------------------------------------------

tenants_at_router()
{
	receivers "$1"
	table_route r $VNET1::/96 "$1" dev to-b
	table_route r 2001:db8:77:99::/64 "$1" dev to-b
	map r $VNET1:$LOW_A $LOC_A identifier 6$VNI1:$LOW_A
	map r $VNET1:$LOW_B $LOC_B identifier 6$VNI1:$LOW_B
	map r $VNET2:$LOW_B $LOC_B identifier 6$VNI2:$LOW_B
}

tenants_at_hosts()
{
	receivers "$1"
	table_route a $VNET1::/96 "$1" dev to-r src $VNET1:$LOW_A
	table_route b $VNET1::/96 "$1" dev to-r src $VNET1:$LOW_B
	map a $VNET1:$LOW_B $LOC_B identifier 6$VNI1:$LOW_B
	map b $VNET1:$LOW_A $LOC_A identifier 6$VNI1:$LOW_A
}

# The low 32 bits are the same: the VNID tells them apart
two_tenants()
{
	background b "$TRAFFIC" udp-echo $VNET1:$LOW_B 7003
	background b "$TRAFFIC" udp-echo $VNET2:$LOW_B 7004
	until_true 10 listens b u 7003
	until_true 10 listens b u 7004
	ok "two tenants, $1: the first one's" \
		on a "$TRAFFIC" udp-ask $VNET1:$LOW_B 7003 --source $VNET1:$LOW_A
	ok "two tenants, $1: the second one's" \
		on a "$TRAFFIC" udp-ask $VNET2:$LOW_B 7004 --source $VNET1:$LOW_A
	refused "two tenants, $1: the first one's, asked of the second" \
		on a "$TRAFFIC" udp-ask $VNET2:$LOW_B 7003 --source $VNET1:$LOW_A
	refused "two tenants, $1: the second one's, asked of the first" \
		on a "$TRAFFIC" udp-ask $VNET1:$LOW_B 7004 --source $VNET1:$LOW_A
}

tenants()
{
	local mode

	for mode in $MODES; do
		tenants_at_router "$mode"
		talks "tenant, router, $mode" $VNET1:$LOW_A $VNET1:$LOW_B
		[ "$mode" != neutral-map ] || two_tenants "$mode"
		over
	done
	tenants_at_hosts neutral-map
	talks "tenant, hosts" $VNET1:$LOW_A $VNET1:$LOW_B
	over
}

# --- Type 4 --------------------------------------------------------------------

# group_route MODE: what a sends to groups of site scope asks the mappings
group_route()
{
	ip6 a route add multicast ff05::/16 dev to-r table local src $SIR_A \
		encap ila 0:0:0:0 csum-mode "$1" ident-type luid
}

listens_to_group()
{
	background b socat -u \
		"UDP6-RECV:7005,ipv6-join-group=[$GROUP]:to-r" \
		"CREATE:$TMP/group"
	until_true 10 listens b u 7005
}

# Like any multicast that passes a router it needs more than one hop, which is
# the default: IPV6_MULTICAST_HOPS
says()
{
	on a socat -u - "UDP6-SENDTO:[$GROUP]:7005,setsockopt-int=41:18:16" \
		<<<"$1"
}

heard()
{
	grep -q -x "$1" "$TMP/group"
}

groups()
{
	local mode

	listens_to_group
	for mode in $MODES; do
		receivers "$mode"
		group_route "$mode"
		map a $GROUP $LOC_B identifier $GROUP_ID
		says "in $mode"
		ok "group, $mode: heard" until_true 5 heard "in $mode"
		same "group, $mode: on the wire" "$(seen b locators)" 1
		forget b
		over
	done
}

# What was restored to a group did not lose its way
groups_and_strays()
{
	receivers neutral-map
	unrule b
	on b "$ILA_NL" rule add loc_match $LOC_B loc $SIR csum-mode neutral-map \
		ident-type use-format stray drop
	group_route neutral-map
	map a $GROUP $LOC_B identifier $GROUP_ID
	says "no stray"
	ok "group, a rule that drops strays: heard" until_true 5 heard "no stray"
	forget b
	over
}

# Without a mapping it is multicast on the link, as ever
groups_without_mapping()
{
	receivers neutral-map
	group_route neutral-map
	watch r to-a multicast ip6 daddr $GROUP
	background a socat -u \
		"UDP6-RECV:7005,ipv6-join-group=[$GROUP]:to-r" "CREATE:$TMP/own"
	until_true 10 listens a u 7005
	says "to the link"
	same "group without a mapping: sent to the link" "$(seen r multicast)" 1
	ok "group without a mapping: heard by the sender's own host" \
		until_true 5 grep -q -x "to the link" "$TMP/own"
	over
}

# What a group's own identifier would be, if it had one
group_identifier()
{
	echo "8012:3456:${1:3:1}000:1"
}

not_encoded()
{
	local group said

	for group in ff00::1 ff01::1 ff02::1 ff0f::1 ff15::1 ff35::1 ff75::1 \
		ff05::1:0:1 ff05:1::1 ff05::f000:1; do
		said=$(map a $group $LOC_B identifier "$(group_identifier $group)" \
			2>&1)
		has "group $group is not taken" "$said" "ADDRESS is a group that"
		said=$(ila b local new $group "$(group_identifier $group)" 2>&1)
		has "group $group is not taken, local" "$said" \
			"ADDRESS is a group that"
	done
	# what is wrong with them is not that
	for group in ff03::1 ff05::1 ff08::1 ff0e::1; do
		ok "group $group is taken" map a $group $LOC_B \
			identifier "$(group_identifier $group)"
	done
	refused "a group without an identifier is not taken" \
		map a $GROUP $LOC_B
	over
}

# --- Type 5 --------------------------------------------------------------------

foreign()
{
	local mode

	for mode in $MODES; do
		receivers "$mode"
		table_route r 3fff::/16 "$mode" dev to-b
		map r $FAR_A $LOC_A identifier $FAR_A_ID
		map r $FAR_B $LOC_B identifier $FAR_B_ID
		talks "foreign, router, $mode" $FAR_A $FAR_B
		over
	done
	receivers neutral-map-auto
	table_route a 3fff::/16 neutral-map-auto dev to-r src $FAR_A
	table_route b 3fff::/16 neutral-map-auto dev to-r src $FAR_B
	map a $FAR_B $LOC_B identifier $FAR_B_ID
	map b $FAR_A $LOC_A identifier $FAR_A_ID
	talks "foreign, hosts" $FAR_A $FAR_B
	ok "foreign, hosts: TCP from the other side" \
		on b "$TRAFFIC" tcp-send $FAR_A 7002 --source $FAR_B --size 200000
	over
}

# --- Migration -----------------------------------------------------------------

two_places()
{
	hosts c e
	HOSTS="a r b c"
	link r c
	link b e
	link c e
	router b
	router c
	batch r <<-X
		addr add 2001:db8:3::1/64 dev to-c nodad
		route add $LOC_C::/64 via 2001:db8:3::c
	X
	batch c <<-X
		addr add 2001:db8:3::c/64 dev to-r nodad
		addr add 2001:db8:c:e::1/64 dev to-e nodad
		route add default via 2001:db8:3::1
	X
	ip6 b addr add 2001:db8:b:e::1/64 dev to-e nodad
	batch e <<-X
		addr add 2001:db8:b:e::e/64 dev to-b nodad
		addr add 2001:db8:c:e::e/64 dev to-c nodad
		addr add $VA_E/128 dev lo nodad
		addr add $FAR_E/128 dev lo nodad
		route add default via 2001:db8:b:e::1
	X
	background e "$TRAFFIC" tcp-serve :: 7002
	until_true 10 listens e t 7002
	watch b to-r before ip6 daddr $LOC_B::/64 meta l4proto tcp
	watch c to-r after ip6 daddr $LOC_C::/64 meta l4proto tcp
}

# e can be reached at b and at c; where it is, says the mapping
at_both()
{
	receivers "$1"
	formatted_rule c $LOC_C "$1"
	locals b $VA_E $VA_E_ID $FAR_E $FAR_E_ID
	locals c $VA_E $VA_E_ID $FAR_E $FAR_E_ID
	table_route r $VNET1::/96 "$1" dev to-b
	table_route r 3fff::/16 "$1" dev to-b
	ip6 b route add "$2/128" via 2001:db8:b:e::e
	ip6 c route add "$2/128" via 2001:db8:c:e::e
	map r $VNET1:$LOW_A $LOC_A identifier 6$VNI1:$LOW_A
	map r $FAR_A $LOC_A identifier $FAR_A_ID
	map r "$2" $LOC_B identifier "$3"
	ip6 e route replace default via 2001:db8:b:e::1
	ip6 e link set to-b up
	forget b
	forget c
}

came()
{
	has_seen "$1" "$2" 21
}

# moves NAME MODE SOURCE DESTINATION IDENTIFIER
moves()
{
	local transfer

	at_both "$2" "$4" "$5"
	on a "$TRAFFIC" tcp-send "$4" 7002 --source "$3" --size 1000000 \
		--block 4000 --pause 0.01 --timeout 20 >"$TMP/transfer" 2>&1 &
	transfer=$!
	ok "$1: is at b" until_true 10 came b before
	# e goes over to c, and then its peers are told
	ip6 e route replace default via 2001:db8:c:e::1
	ip6 e link set to-b down
	ok "$1: one change" ila r map change "$4" $LOC_C identifier "$5"
	if wait $transfer; then
		pass "$1: every byte has come"
	else
		fail "$1: every byte has come" "$(cat "$TMP/transfer")"
	fi
	ok "$1: is at c" came c after
	over
	batch e <<-X
		link set to-b up
		addr replace 2001:db8:b:e::e/64 dev to-b nodad
	X
}

migration()
{
	two_places
	moves "tenant moves" neutral-map $VNET1:$LOW_A $VA_E $VA_E_ID
	moves "foreign moves" adj-transport $FAR_A $FAR_E $FAR_E_ID
}

# --- Type 0 --------------------------------------------------------------------

# Plain addresses: neither what is sent nor what is received is touched
plain()
{
	local mode plain=$SIR:0:0:0:b1 before

	ip6 b addr add $plain/128 dev lo nodad
	ip6 r route add $plain/128 via 2001:db8:2::b
	forget b
	for mode in $MODES; do
		formatted_rule a $LOC_A "$mode"
		formatted_rule b $LOC_B "$mode"
		formatted_route a "$mode" via 2001:db8:1::1 dev to-r
		map a $plain $LOC_B
		before=$(counter a IlaOutType)
		ok "type 0, $mode: sent as it is" \
			pings a $plain -I 2001:db8:1::a
		grew "type 0, $mode: IlaOutType counts" a IlaOutType "$before"
		same "type 0, $mode: not on the wire with a locator" \
			"$(seen b locators)" 0
		before=$(counter b IlaInType)
		ok "type 0, $mode: the locator's own address is reached" \
			pings a $LOC_B::1 -I 2001:db8:1::a
		grew "type 0, $mode: IlaInType counts" b IlaInType "$before"
		forget b
		over
		ip6 r route add $plain/128 via 2001:db8:2::b
	done
	refused "a mapping of type 0 is not taken" \
		map a $plain $LOC_B ident-type iid
	refused "an identifier of type 0 stands for nothing" \
		ila b local new $FAR_B 0012:3456:b:0
	ip6 r route del $plain/128
	ip6 b addr del $plain/128 dev lo
}

# servers ADDRESS: at b. Datagrams are answered from where they were sent to.
servers()
{
	background b iperf3 -s -B "$1" -p 5201
	background b iperf3 -s -B "$1" -p 5202
	background b "$TRAFFIC" udp-echo "$1" 7001
	until_true 20 served "$1"
}

served()
{
	[ "$(on b ss -Htuln src "[$1]" | wc -l)" = 3 ]
}

line
addresses
servers $VNET1:$LOW_B
servers $FAR_B
background a "$TRAFFIC" tcp-serve :: 7002
until_true 10 listens a t 7002
watch b to-r locators ip6 daddr $LOC_B::/64
watch b to-r plain "ip6 daddr { 2001:db8:77::/48, 3fff::/16 }"

sir_form
tenants
groups
groups_and_strays
groups_without_mapping
not_encoded
foreign
plain
migration
finish
