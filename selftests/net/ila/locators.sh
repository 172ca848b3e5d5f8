#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Locators under traffic: moved, taken down, shared by weight and priority,
# counted; and their routes, which are kept and must not be kept too long.
#
#            b
#   a --- r -- c      SIR_B is at all three
#            d

# shellcheck disable=SC2317 # functions are called by ok
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need_ila_do
start

LOC_C=2001:db8:c:1
LOC_D=2001:db8:d:1
SIR_2=$SIR:2000::b2
SIR_3=$SIR:2000::b3
SIR_OTHER=2001:db8:5:2

# place HOST NET LOCATOR
place()
{
	hosts "$1"
	link r "$1"
	ip6 r addr add "$2::1/64" dev "to-$1" nodad
	ip6 r route add "$3::/64" via "$2::2"
	ila_host "$1" "$2::2" "$2::1" to-r $SIR_B "$3"
	rule "$1" "$3" $SIR neutral-map
	watch "$1" to-r came udp dport 9
	watch "$1" to-r other udp dport 10
	collector "$1" ::
	pings r "$2::2" >/dev/null
}

topology()
{
	hosts a r
	router r
	link a r
	ip6 r addr add 2001:db8:1::1/64 dev to-a nodad
	ip6 r route add $SIR_A/128 via 2001:db8:1::a
	ila_host a 2001:db8:1::a 2001:db8:1::1 to-r $SIR_A $LOC_A
	# what has no mapping disappears there
	ip6 r link add ila0 up type dummy
	table_route r $SIR::/64 neutral-map dev ila0
	place b 2001:db8:2 $LOC_B
	place c 2001:db8:3 $LOC_C
	place d 2001:db8:4 $LOC_D
}

# Adds to where_came and where_other how the last three datagrams of each kind
# have reached a host
look()
{
	local all kind

	all=$(on "$1" nft reset counters)
	for kind in came other; do
		[[ $all =~ counter\ $kind\ \{[[:space:]]+packets\ ([0-9]+) ]]
		case ${BASH_REMATCH[1]} in
		0) ;;
		3) declare -g "where_$kind+= $1" ;;
		*) declare -g "where_$kind+= part-to-$1" ;;
		esac
	done
}

# goes NAME ADDRESS WHERE [OTHER-ADDRESS WHERE]: three datagrams come to "b", "c",
# "d" or "nowhere"
goes()
{
	local host

	where_came="" where_other=""
	datagrams a "$2"
	[ $# = 3 ] || datagrams a "$4" 10
	for host in b c d; do
		look $host
	done
	same "$1" "${where_came:- nowhere}${4:+, other${where_other:- nowhere}}" \
		" $3${4:+, other $5}"
}

# misses NAME ADDRESS: three datagrams find no way, and are counted
misses()
{
	local before

	before=$(counter r IlaMissForwarded)
	goes "$1" "$2" nowhere
	same "$1: a miss" "$(counter r IlaMissForwarded)" $((before + 3))
}

# locator NAME: what a locator's line says
locator()
{
	value "$(ila r locator get "$1")" "$2"
}

# --- Moves ---------------------------------------------------------------------

move_under_traffic()
{
	local at=$LOC_B to sender rounds=0 sent=1500

	map r $SIR_B $LOC_B
	numbers a $SIR_B --count $sent --pause 0.001 >"$TMP/refused" 2>&1 &
	sender=$!
	while kill -0 $sender 2>/dev/null; do
		for to in $LOC_C $LOC_D $LOC_C $LOC_B; do
			ila r locator move "$at" "$to" || break 2
			at=$to
			rounds=$((rounds + 1))
		done
	done
	wait $sender
	same "moved under traffic: none is refused" "$(cat "$TMP/refused")" ""
	each_once "moved under traffic: each comes once, old place or new" \
		$sent b c d
	if [ "$(got b)" -gt 0 ] && [ "$(got c)" -gt 0 ] && [ "$(got d)" -gt 0 ]
	then
		pass "moved under traffic: every place gets some"
	else
		fail "moved under traffic: every place gets some" \
			"b $(got b), c $(got c), d $(got d), $rounds moves"
	fi
	has "moved under traffic: the mapping tells where it is" \
		"$(ila r map get $SIR_B)" "at $LOC_B,"
	goes "moved under traffic: and that is so" $SIR_B b
	same "moved under traffic: one locator is in use" \
		"$(ila r locator list | wc -l)" 1
}

move_several()
{
	map r $SIR_2 $LOC_B
	map r $SIR_3 $LOC_C
	same "three mappings: two here" "$(locator $LOC_B mappings)" 2
	ok "move to a locator that has mappings" \
		ila r locator move $LOC_B $LOC_C
	same "three mappings: all there" "$(locator $LOC_C mappings)" 3
	refused "the old locator has none" ila r locator get $LOC_B
	goes "two go to the new place" $SIR_B c $SIR_2 c
	goes "the third stays there" $SIR_3 c
	same "found by the new locator" \
		"$(ila r map list locator $LOC_C | wc -l)" 3
	same "not found by the old one" "$(ila r map list locator $LOC_B)" ""

	ok "the old locator for a mapping made later" \
		ila r map change $SIR_3 $LOC_B
	goes "that goes to the old place, those that moved do not" \
		$SIR_3 b $SIR_2 c
	ila r locator move $LOC_C $LOC_B
	goes "and back" $SIR_2 b
	same "and back: all" "$(locator $LOC_B mappings)" 3
	ila r locator move $LOC_B $LOC_D
	goes "and on" $SIR_3 d
}

everything()
{
	ila r map list | sort | sed 's/ idle .*//'
	ila r locator list | sort
}

# refused_whole NAME COMMAND...: and nothing has changed
refused_whole()
{
	local before

	before=$(everything)
	refused "$@"
	same "$1: as before" "$(everything)" "$before"
}

moves_refused()
{
	map r $SIR_OTHER:2000::b4 2001:db8:77:1
	refused_whole "move to a locator of another SIR prefix" \
		ila r locator move $LOC_D 2001:db8:77:1
	refused_whole "move to the SIR prefix itself" \
		ila r locator move $LOC_D $SIR
	refused_whole "move to itself" ila r locator move $LOC_D $LOC_D
	refused_whole "move of a locator without mappings" \
		ila r locator move 2001:db8:99:1 $LOC_B
	refused_whole "move in another domain" \
		ila r locator move $LOC_D $LOC_B domain 5
	unmap r $SIR_OTHER:2000::b4
	goes "as before" $SIR_B d
	unmap_all r
}

# --- Down, up, without a route -------------------------------------------------

down_up()
{
	map r $SIR_B $LOC_B
	map r $SIR_2 $LOC_C
	ok "down" ila r locator down $LOC_B
	has "down: listed so" "$(ila r locator get $LOC_B)" down
	explains "down" r $SIR_B "by miss" "why down"
	misses "down" $SIR_B
	goes "down: others are not" $SIR_2 c
	ok "down again" ila r locator down $LOC_B
	ok "up" ila r locator up $LOC_B
	explains "up" r $SIR_B "by mapping" "locator $LOC_B"
	goes "up" $SIR_B b
	ila r locator down $LOC_B
	ila r locator move $LOC_B $LOC_D
	goes "moved from what is down to what is up" $SIR_B d
	ila r map replace $SIR_B $LOC_B
	goes "what was down before it was moved is not any more" $SIR_B b

	ip6 r route del $LOC_B::/64
	explains "no route to the locator" r $SIR_B "by miss" "why no-route"
	misses "no route to the locator" $SIR_B
	ip6 r route add $LOC_B::/64 via 2001:db8:2::2
	explains "the route is back" r $SIR_B "by mapping"
	goes "the route is back" $SIR_B b
	unmap_all r
}

# --- Several locators ----------------------------------------------------------

FLOW_COUNT=400

start_flows()
{
	coproc SENDER {
		numbers a $SIR_B --flows $FLOW_COUNT --on-line
	}
}

# One datagram in each flow; leaves in $TMP/now "FLOW HOST", sorted
round()
{
	local host

	cp "$TMP/now" "$TMP/last" 2>/dev/null
	discard b c d
	echo >&"${SENDER[1]}"
	read -r -t 20 -u "${SENDER[0]}"
	until_true 5 got_all "${1:-$FLOW_COUNT}" b c d
	for host in b c d; do
		sed "s/ .*/ $host/" "$TMP/$host.got"
	done | sort >"$TMP/now"
}

# share NAME HOST LEAST MOST: so many flows came to a host
share()
{
	local flows

	flows=$(grep -c " $2$" "$TMP/now")
	if [ "$flows" -ge "$3" ] && [ "$flows" -le "$4" ]; then
		pass "$1"
	else
		fail "$1" "$flows flows to $2, want $3 to $4"
	fi
}

# moved_from NAME HOST: compared with the last round, all flows of a host went
# elsewhere, to each of the others, and no other flow moved
moved_from()
{
	local stayed moved

	stayed=$(grep -v " $2$" "$TMP/last" | comm -23 - "$TMP/now" | wc -l)
	moved=$(grep " $2$" "$TMP/last" | join - "$TMP/now" |
		cut -d ' ' -f 3 | sort -u | tr '\n' ' ')
	same "$1: other flows stay" "$stayed" 0
	same "$1: its flows spread over the others" "$moved" "$3 "
}

same_flows()
{
	if cmp -s "$TMP/$2" "$TMP/now" && [ -s "$TMP/now" ]; then
		pass "$1"
	else
		fail "$1" "$(comm -3 "$TMP/$2" "$TMP/now" | wc -l) lines differ"
	fi
}

# Bounds are five standard deviations wide
by_weight()
{
	local before

	map r $SIR_B $LOC_B,1,1 $LOC_C,1,2 $LOC_D,1,1
	explains "three locators" r $SIR_B "by mapping" "at $LOC_B,1,1" \
		"at $LOC_C,1,2" "at $LOC_D,1,1"
	start_flows
	round
	cp "$TMP/now" "$TMP/first"
	share "weight 1 of 4" b 57 143
	share "weight 2 of 4" c 150 250
	share "weight 1 of 4, the other" d 57 143
	round
	same_flows "a flow stays at its locator" first

	ila r locator down $LOC_C
	round
	moved_from "one of three down" c "b d"
	ila r locator up $LOC_C
	round
	same_flows "up again: as at first" first

	before=$(counter r IlaOutFailedOver)
	ip6 r route del $LOC_C::/64
	round
	moved_from "no route to one of three" c "b d"
	same "no route to one of three: counted" \
		$(($(counter r IlaOutFailedOver) - before)) \
		"$(grep -c ' c$' "$TMP/first")"
	ip6 r route add $LOC_C::/64 via 2001:db8:3::2
	round
	same_flows "the route is back: as at first" first

	ila r locator move $LOC_C $LOC_B
	round
	share "a member is moved to another: b has both shares" b 250 350
	share "a member is moved to another: none stays" c 0 0
}

by_priority()
{
	ila r map replace $SIR_B $LOC_B,2,1 $LOC_C,1,1 $LOC_D,1,1
	round
	share "the highest priority alone is used" b $FLOW_COUNT $FLOW_COUNT
	ila r locator down $LOC_B
	round
	share "down: the next priority" c 150 250
	share "down: the next priority, the other" d 150 250
	ila r locator down $LOC_D
	round
	share "and one of these down" c $FLOW_COUNT $FLOW_COUNT
	ila r locator down $LOC_C
	round 0
	share "all down: b" b 0 0
	share "all down: c" c 0 0
	share "all down: d" d 0 0
	explains "all down" r $SIR_B "by miss" "why down"
	for loc in $LOC_B $LOC_C $LOC_D; do
		ila r locator up "$loc"
	done

	ila r map replace $SIR_B $LOC_B,1,0 $LOC_C,1,1
	round
	share "weight 0 beside another is not used" c $FLOW_COUNT $FLOW_COUNT
	ila r map replace $SIR_B $LOC_B,1,0 $LOC_C,1,0
	round
	share "weight 0 everywhere is like any other" b 150 250
	ila r map replace $SIR_B $LOC_B,2,0 $LOC_C,2,1 $LOC_D,1,1
	ila r locator down $LOC_C
	round
	share "weight 0 does not stand in for one that is down" d \
		$FLOW_COUNT $FLOW_COUNT
	ila r locator up $LOC_C
	unmap_all r
}

# A firewall's reset is of no socket and comes from no device
resets()
{
	ila r map replace $SIR_B $LOC_B,2,1 $LOC_C,1,1
	on r nft -f - <<-X
		table ip6 resets {
			chain in {
				type filter hook input priority 0
				tcp dport 9 reject with tcp reset
			}
		}
	X
	same "a firewall's reset to one of several locators" \
		"$(on b "$TRAFFIC" tcp-send 2001:db8:2::1 9 --source $SIR_B 2>&1)" \
		"tcp-send: [Errno 111] Connection refused"
	on r nft delete table ip6 resets
	unmap_all r
}

# --- Counters ------------------------------------------------------------------

# counted NAME PACKETS BYTES COMMAND...: so much is added to LOC_B's counters
counted()
{
	local packets bytes name=$1 want="$2 packets, $3 bytes"

	packets=$(locator $LOC_B packets)
	bytes=$(locator $LOC_B bytes)
	shift 3
	"$@"
	packets=$(($(locator $LOC_B packets) - packets))
	bytes=$(($(locator $LOC_B bytes) - bytes))
	same "$name" "$packets packets, $bytes bytes" "$want"
}

counters()
{
	map r $SIR_B $LOC_B
	map r $SIR_2 $LOC_C
	same "uses" "$(locator $LOC_B mappings)" 1
	counted "counted exactly" 50 $((50 * (100 + 48))) \
		numbers a $SIR_B --count 50 --size 100
	counted "of this locator only" 0 0 numbers a $SIR_2 --count 3
	counted "GSO: by what is on the wire" 10 $((10 * (100 + 48))) \
		numbers a $SIR_B --size 100 --segments 10
	ila r config set counting 0
	counted "counting off" 0 0 numbers a $SIR_B --count 3
	ila r config set counting 1
	counted "counting on" 3 $((3 * (100 + 48))) \
		numbers a $SIR_B --count 3 --size 100
	unmap_all r
}

# --- Routes that are kept ------------------------------------------------------

# both NAME WHERE WHERE: where SIR_B and SIR_2 go, both at LOC_B
both()
{
	goes "$KEPT_BY, $1" $SIR_B "$2" $SIR_2 "$3"
}

# follows_routes WHO: what is kept of LOC_B, by which both addresses go, is the answer.
# Without the C-bit, the address on the wire is LOC_B and the identifier.
follows_routes()
{
	KEPT_BY=$1
	both "a route for both" b b
	ip6 r route add $LOC_B:2000::b2/128 via 2001:db8:3::2
	both "a /128 inside the locator" b c
	ip6 r route del $LOC_B:2000::b2/128
	both "it is gone" b b
	ip6 r route add $LOC_B:2000::b0/124 via 2001:db8:4::2
	both "a /124 inside the locator" d d
	ip6 r route del $LOC_B:2000::b0/124
	both "it is gone, too" b b
	ip6 r route add unreachable $LOC_B:2000::b2/128
	both "an unreachable /128 inside the locator" b nowhere
	ip6 r route del unreachable $LOC_B:2000::b2/128

	own_address r $LOC_B:2000::b2
	both "a local address inside the locator" b nowhere
	ip6 r addr del $LOC_B:2000::b2/128 dev lo
	both "it is gone, as well" b b

	ip6 r route replace $LOC_B::/64 via 2001:db8:3::2
	both "the route is replaced" c c
	ip6 r route replace $LOC_B::/64 via 2001:db8:2::2
	both "and again" b b
	ip6 r route add $LOC_B::/64 via 2001:db8:4::2 metric 5
	both "a better metric" d d
	ip6 r route del $LOC_B::/64 metric 5
	both "it is gone once more" b b
	ip6 r route del $LOC_B::/64
	ip6 r route add default via 2001:db8:3::2
	both "the default route" c c
	ip6 r route add 2001:db8:b::/48 via 2001:db8:2::2
	both "a longer prefix" b b
	ip6 r route del 2001:db8:b::/48
	both "the default route again" c c
	ip6 r route del default
}

kept_routes()
{
	map r $SIR_B $LOC_B csum-mode no-action
	map r $SIR_2 $LOC_B csum-mode no-action
	follows_routes "mappings"
	misses "no route" $SIR_B
	ip6 r route add $LOC_B::/64 via 2001:db8:2::2
}

# What the table route of one address is told is not kept for others
kept_for_one()
{
	ip6 r route add $LOC_B:2000::b2/128 via 2001:db8:3::2
	table_route r $SIR_2/128 neutral-map dev ila0
	goes "a table route for one address goes first" $SIR_2 c $SIR_B b
	ip6 r route del $SIR_2/128
	ip6 r route del $LOC_B:2000::b2/128
	unmap_all r
}

# A route for a prefix that says the locator keeps its route as a mapping does
kept_by_prefix()
{
	ip6 r route del $SIR::/64
	route r $SIR::/64 $LOC_B no-action dev ila0
	follows_routes "prefix"
	ip6 r route del $SIR::/64
	table_route r $SIR::/64 neutral-map dev ila0
}

# A device that a route leads to
kept_device()
{
	local flood

	map r $SIR_B $LOC_B csum-mode no-action
	map r $SIR_2 $LOC_B csum-mode no-action
	cable r tmp0 c tmp0
	ip6 r addr add 2001:db8:9::1/64 dev tmp0 nodad
	ip6 c addr add 2001:db8:9::2/64 dev tmp0 nodad
	watch c tmp0 second udp dport 9
	pings r 2001:db8:9::2 >/dev/null
	ip6 r route add $LOC_B::/64 via 2001:db8:9::2 dev tmp0
	on_tmp0 "a second link"
	ip6 r link set tmp0 down
	misses "its device is down" $SIR_B
	ip6 r link set tmp0 name tmp1
	ip6 r link set tmp1 up
	ip6 r addr add 2001:db8:9::1/64 dev tmp1 nodad
	ip6 r route add $LOC_B::/64 via 2001:db8:9::2 dev tmp1
	pings r 2001:db8:9::2 >/dev/null
	on_tmp0 "renamed and up"
	# without a function, whose process it is not that is to be killed
	nsenter --net="/run/netns/$(ns a)" "$TRAFFIC" flood $SIR_B 9 \
		--pause 0.001 >/dev/null 2>&1 &
	flood=$!
	until_true 10 flows_on
	ok "the device goes under traffic, at once" \
		timeout $((8 * SLOW)) \
		nsenter --net="/run/netns/$(ns r)" ip link del tmp1
	kill $flood
	wait $flood
	forget c
	misses "its device is gone" $SIR_B
	ip6 r route add $LOC_B::/64 via 2001:db8:2::2
}

on_tmp0()
{
	datagrams a $SIR_B
	same "$1" "$(take c second)" 3
}

flows_on()
{
	has_seen c second 21
}

# By rule, where nothing can be kept
policy_rules()
{
	ip6 r route add $LOC_B::/64 via 2001:db8:4::2 table 70
	goes "before there are rules" $SIR_2 b
	ip6 r rule add iif to-a lookup 70
	goes "a rule by input device" $SIR_2 d
	ip6 r rule del iif to-a lookup 70
	goes "without it" $SIR_2 b
}

# gone NAME HOST-IN-WHICH-A-PEER-DISAPPEARS DEVICE
gone()
{
	ok "$1" until_true 8 lacks "$2" "$3"
}

# While packets flow through r, and by a table route of a's own, too
namespaces()
{
	rule b 2001:db8:b:2 $SIR neutral-map
	ip6 r route add 2001:db8:b:2::/64 via 2001:db8:2::2
	table_route a $SIR::/64 neutral-map dev to-r src $SIR_A
	map a $SIR_B 2001:db8:b:2
	map a $SIR_2 $LOC_C,1,1 2001:db8:b:2,1,1
	goes "a table route at the sender" $SIR_B b
	background a "$TRAFFIC" flood $SIR_B 9 --pause 0.001
	background a "$TRAFFIC" flood $SIR_2 9 --pause 0.001
	background d "$TRAFFIC" flood $SIR_B 9 --pause 0.001
	until_true 10 floods
	drop_host a
	gone "a sending namespace is deleted under traffic" r to-a
	drop_host r
	gone "a forwarding namespace is deleted under traffic" d to-r
}

floods()
{
	has_seen b came 21
}

topology
move_under_traffic
move_several
moves_refused
down_up
by_weight
by_priority
resets
counters
kept_routes
kept_for_one
kept_by_prefix
kept_device
policy_rules
namespaces
finish
