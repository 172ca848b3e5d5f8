#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Links that repeat, reorder and damage what they carry, and queues that are too short
# for it: TCP in trains, in every checksum mode at once, brings each byte
# over. The router asks its mapping table, the long way and the fast one, or the hosts
# have routes with locators.

# shellcheck disable=SC2086 # addresses are single words
# shellcheck disable=SC2317 # functions are called by ok
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need tc
need_ila_do
modprobe -q sch_netem || skip_all "needs sch_netem"
start

PORT=7002
DESIGNS="tables_at_router all_routes_at_hosts"
# host and device, of everything that sends
ENDS=("a to-r" "r to-a" "r to-b" "b to-r")
# who sends is told that there was no room; a slow machine fills it slowly
QUEUE=(netem limit 10 delay "$((2 * SLOW))ms" "${SLOW}ms" duplicate 0.5% corrupt 0.1%)

# places N: the N-th prefix and its locators
places()
{
	SIR=2001:db8:5:$1
	LOC_A=2001:db8:a:$1
	LOC_B=2001:db8:b:$1
	SIR_A=$SIR:$ID_A
	SIR_B=$SIR:$ID_B
}

# Hosts send SIR addresses
tables_at_router()
{
	rules_at_hosts "$1"
	table_route r $SIR::/64 "$1" via 2001:db8:2::b dev to-b
	map r $SIR_A $LOC_A csum-mode "$1"
	map r $SIR_B $LOC_B csum-mode "$1"
}

# The router sees locators only
all_routes_at_hosts()
{
	input_routes_at_hosts "$1"
	routes_at_hosts "$1"
}

# transfer HOST FROM TO: the other side gets what was sent
transfer()
{
	on "$1" "$TRAFFIC" tcp-send "$3" $PORT --source "$2" --size 200000 \
		--timeout 60
}

# Neighbours do not have to be heard of any more
crowd()
{
	local end host dev

	for end in "${ENDS[@]}"; do
		read -r host dev <<<"$end"
		keep_neighbours "$host"
		on "$host" tc qdisc replace dev "$dev" root "${QUEUE[@]}" || exit 1
	done
	sysctl -qw net.core.netdev_max_backlog=20
}

keep_neighbours()
{
	ip6 "$1" neigh show | sed -n 's/^\(2001:[^ ]* .* lladdr [^ ]*\) .*/\1/p' |
		while read -r neighbour; do
			ip6 "$1" neigh replace $neighbour nud permanent
		done
}

# thrown_away HOST: how many packets its queues have
thrown_away()
{
	on "$1" tc -s qdisc show | grep -o 'dropped [0-9]*' |
		awk '{ sum += $2 } END { print sum + 0 }'
}

# each COMMAND: with a design and a mode, for each prefix
each()
{
	local n=0 design mode

	for design in $DESIGNS; do
		for mode in $ALL_MODES; do
			n=$((n + 1))
			places $n
			"$1" $design "$mode"
		done
	done
}

# Addresses, ways and ILA of a prefix; line has made the first one's
set_up()
{
	if [ "$SIR" != 2001:db8:5:1 ]; then
		batch r <<-X
			route add $LOC_A::/64 via 2001:db8:1::a
			route add $LOC_B::/64 via 2001:db8:2::b
		X
		ip6 a addr add $SIR_A/128 dev lo nodad
		ip6 b addr add $SIR_B/128 dev lo nodad
	fi
	"$1" "$2"
}

both_ways()
{
	together "$WAY way, $1, $2: a to b" transfer a $SIR_A $SIR_B
	together "$WAY way, $1, $2: b to a" transfer b $SIR_B $SIR_A
}

topology()
{
	local host

	line
	each set_up
	for host in a b; do
		background $host "$TRAFFIC" tcp-serve :: $PORT
		until_true 10 listens $host t $PORT
	done
}

# transfers COUNTER: at once, and r counts them there
transfers()
{
	local before dropped

	before=$(counter r "$1")
	dropped=$(thrown_away r)
	each both_ways
	all_together
	ok "$WAY way: queues of r have thrown packets away" \
		[ "$(thrown_away r)" -gt "$dropped" ]
	grew "$WAY way: packets were translated" r "$1" "$before"
}

topology
pings r 2001:db8:1::a >/dev/null
pings r 2001:db8:2::b >/dev/null
crowd
WAY=long
transfers IlaOutTranslated
ok "queues of a have thrown packets away" [ "$(thrown_away a)" -gt 0 ]
ila r config set fastpath 1
WAY=fast
DESIGNS=tables_at_router
transfers IlaOutFastpath
finish
