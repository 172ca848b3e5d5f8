#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# How fast ilactl restores, and with how much memory. By name only: it means
# something where the kernel runs natively, in User Mode Linux for example.
#
#   ilactl_rate.sh [LINES [LEAST-A-SECOND]]

# shellcheck disable=SC2317 # functions are called by ok
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need ilactl
start
LINES_WANTED=${1:-1000000} LEAST=${2:-500000}

lines()
{
	awk -v count="$LINES_WANTED" 'BEGIN {
		for (i = 0; i < count; i++)
			printf "map add 2001:db8:5:1:2000:%x:%x:1 2001:db8:b:%x\n",
				i / 65536, i % 65536, i % 1000 + 1
		print "end"
	}'
}

# timed COMMAND...: microseconds
timed()
{
	local begin=${EPOCHREALTIME/./}

	"$@" >/dev/null || return
	echo $((${EPOCHREALTIME/./} - begin))
}

# rate NAME COMMAND...
rate()
{
	local name=$1 us

	shift
	us=$(timed "$@")
	echo "# $name: $us us, $((LINES_WANTED * 1000000 / ${us:-1000000000})) lines/s"
	ok "$name: $LEAST lines a second" \
		[ $((LINES_WANTED * 1000000 / ${us:-1000000000})) -ge "$LEAST" ]
}

# With 16 MB of address space for all that it keeps
bounded()
{
	(ulimit -d 16384 && on s ilactl restore "$TMP/lines")
}

hosts s
lines >"$TMP/lines"
rate "restore" on s ilactl restore "$TMP/lines"
rate "restore of what is there" on s ilactl restore "$TMP/lines"
ok "restore with 16 MB" bounded
same "all are there" "$(on s ilactl -o config show | grep -o 'mappings [0-9]*')" \
	"mappings $LINES_WANTED"
finish
