#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What bash would complete, without a kernel to ask.

# shellcheck source=ilactl.bash-completion
. "$(dirname "$0")/ilactl.bash-completion"

FAILED=0

# completes LINE WANT
completes()
{
	COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDBREAKS=$' \t\n:='
	_ilactl
	[ "${COMPREPLY[*]}" = "$2" ] && return
	echo "'$1' completes to '${COMPREPLY[*]}', want '$2'"
	FAILED=1
}

# told NAME LINE WANT: with a system that has a device or locator of this name
told()
{
	local name=$1

	# shellcheck disable=SC2317 # called by completes
	ilactl()
	{
		printf '%s\n' "$name"
	}

	completes "$2" "$3"
	unset -f ilactl
}

completes "ilactl ma" "map"
completes "ilactl he" "help"
completes "ilactl map he" "help"
completes "ilactl -j -N /proc/self/ns/nothing lo" "locator"
completes "ilactl -N /proc/self/ns/nothing rule add dev " ""
completes "ilactl -j lo" "locator"
completes "ilactl m re" "replace"
completes "ilactl map list or" "origin"
completes "ilactl map list origin a" "agent"
completes "ilactl rule add loc_match 2001:db8:a:1 loc 2001:db8:5:1 dev l" "lo"
completes "ilactl rule add ident-type a" "any"
completes "ilactl config set counting o" "on off"
completes "ilactl map add 2001:db8:5:1:2000::b 2001:db8:b:1 csum-mode neutral-map" \
	"neutral-map neutral-map-auto"
completes "ilactl nothing at all" ""

# options, in front and of verbs; only where one was begun
completes "ilactl -ne" "-netns"
completes "ilactl -j -p" "-pretty"
completes "ilactl stats -" "--reset-view --openmetrics"
completes "ilactl stats " ""
completes "ilactl restore --d" "--diff"
completes "ilactl restore --a" "--add"
completes "ilactl route 2001:db8:5:1::/64 dev lo --a" "--apply"
completes "ilactl monitor m" "miss"

# names of files are bash's to complete
completes "ilactl restore " ""
completes "ilactl -b " ""
completes "ilactl -b file " ""

# what anybody may call a device is a word, and nothing but that
# shellcheck disable=SC2016 # that is what it is called
told '$(touch pwned)' 'ilactl rule add dev ' '\$\(touch\ pwned\)'
told '*' 'ilactl rule add dev ' '\*'
told 'a"b' 'ilactl rule add dev a' 'a\"b'
told 2001:db8:b:1 'ilactl locator up 2001:db8:' 'b:1'
[ ! -e pwned ] || FAILED=1

exit $FAILED
