#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Everything at once: rules, mappings, routes, devices, namespaces and settings come
# and go on every processor, while packets flow and the module is loaded and unloaded
# again and again. Whoever asks for the module loads it, too.
#
#   races.sh [--cycles N] [--seed S]
#
#   a --- r --- b      all of it in r, the packets from a and b

# shellcheck disable=SC2317 # functions are called by ok
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

CYCLES=3
SEED=$(date +%s)
while [ $# -gt 0 ]; do
	case $1 in
	--cycles) CYCLES=$2 ;;
	--seed) SEED=$2 ;;
	esac
	shift 2
done
start
need_ours

LINES=15
RANDOM=$SEED
need_ila_storm
need taskset

# --- What storms do, as lines for ip -batch ---------------------------------------

# lines KIND CPU: a file of them, by the seed
lines()
{
	awk -v kind="$1" -v seed="$((SEED + $2))" -v lines=$LINES -v sir=$SIR \
		-f "$HERE/storm.awk" >"$TMP/$1.$2"
}

# --- Storms: each goes on until the test ends, but not while it is held ---------------

STORMS="rule link mapping settings route namespace"

# storm KIND CPU COMMAND...
storm()
{
	local kind=$1 times=$TMP/times.$1.$2 n=0

	RANDOM=$((SEED + $2))
	shift 2
	echo 0 >"$times"
	while [ -d "$TMP" ]; do
		if [ -e "$TMP/hold.$kind" ]; then
			sleep 0.1
			continue
		fi
		"$@" >/dev/null 2>&1 </dev/null
		echo $((n += 1)) >"$times"
	done 2>/dev/null
}

# batches KIND CPU: all of the lines, whatever becomes of each
batches()
{
	on r taskset -c "$2" ip -6 -force -batch "$TMP/$1.$2"
}

# Mappings for a second
churn()
{
	on r taskset -c "$1" timeout 1 "$STORM" churn
	[ $? = 124 ]
}

settings()
{
	on r sysctl -qw net.ipv6.conf.to-b.forwarding=$((RANDOM % 2)) \
		net.ipv6.conf.all.disable_policy=$((RANDOM % 2)) \
		net.ipv6.conf.d0.disable_ipv6=$((RANDOM % 2))
	on r sysctl -qw net.ipv6.conf.all.forwarding=1
	on r "$ILA_DO" config set fastpath $((RANDOM % 2))
}

# A namespace that is filled and flooded, and ends so
namespaces()
{
	"$STORM" end 1
}

storms()
{
	local cpu kind

	for cpu in $(seq 0 $(($(nproc) - 1))); do
		for kind in rule route link; do
			lines $kind "$cpu"
		done
		storm rule "$cpu" batches rule "$cpu" &
		storm link "$cpu" batches link "$cpu" &
		storm mapping "$cpu" churn "$cpu" &
		storm route "$cpu" batches route "$cpu" &
		storm namespace "$cpu" namespaces &
	done
	storm settings 0 settings &
	disown -a
}

# hold KIND...: these, and no others
hold()
{
	local kind

	rm -f "$TMP"/hold.*
	for kind; do
		: >"$TMP/hold.$kind"
	done
}

# Each cycle has its own weather: sets HELD. Not in a subshell, whose RANDOM is
# another one.
some_storms()
{
	local kind

	HELD=()
	for kind in $STORMS; do
		[ $((RANDOM % 2)) = 0 ] || HELD+=("$kind")
	done
}

# --- The module ----------------------------------------------------------------------

# Without routes nothing keeps it
unload()
{
	try_batch r <<-X
		route flush root $SIR::/64 table main
		route flush root 2001:db8:a::/48 table all type local
	X
	rmmod ila
}

cycle()
{
	modprobe ila || return
	some_storms
	hold "${HELD[@]}"
	sleep 0.$((RANDOM % 10))
	# all that has no routes goes on, and has the module loaded again
	hold "${HELD[@]}" route namespace
	until_true 30 unload
}

cycles()
{
	local i

	for ((i = 1; i <= CYCLES; i++)); do
		if ! cycle; then
			fail "the module comes and goes $CYCLES times" \
				"cycle $i: $(rmmod ila 2>&1)"
			return
		fi
		[ $((i % 50)) != 0 ] || echo "# $i cycles"
	done
	pass "the module comes and goes $CYCLES times"
}

all_came()
{
	! grep -qx 0 "$TMP"/times.*
}

# Each of the storms came around
progress()
{
	local file stuck=''

	hold
	until_true 60 all_came
	for file in "$TMP"/times.*; do
		[ "$(cat "$file")" -gt 0 ] || stuck+=" ${file##*/times.}"
		echo "# ${file##*/times.} $(cat "$file")"
	done
	same "no storm stood still" "$stuck" ""
}

# Nothing goes on any more, and nothing keeps the module
calm()
{
	# shellcheck disable=SC2086 # one word a kind
	hold $STORMS
	# what was begun comes to its end
	sleep $((5 * SLOW))
	until_true 60 unload && ! grep '^ila ' /proc/modules
}

works_again()
{
	on r sysctl -qw net.ipv6.conf.all.forwarding=1 \
		net.ipv6.conf.to-b.forwarding=1
	try_batch r <<-X
		route add $LOC_A::/64 via 2001:db8:1::a
		route add $LOC_B::/64 via 2001:db8:2::b
	X
	ila_at_router neutral-map
	pings a "$SIR_B"
}

echo "# seed $SEED, $CYCLES cycles"
line
background a "$TRAFFIC" flood $SIR:2000::1 9 --pause 0.02
background a "$TRAFFIC" flood $LOC_A:2000::1 9 --pause 0.02 --size 1400
background b "$TRAFFIC" flood $LOC_B:2000::1 9 --pause 0.02
storms
cycles
progress
ok "it is quiet, and the module unloads" calm
modprobe -q ila
ok "and translates when it comes again" works_again
finish
