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

completes "ilactl ma" "map"
completes "ilactl -j -N blue lo" "locator"
completes "ilactl m re" "replace"
completes "ilactl map list or" "origin"
completes "ilactl map list origin a" "agent"
completes "ilactl rule add loc_match 2001:db8:a:1 loc 2001:db8:5:1 dev l" "lo"
completes "ilactl config set counting o" "on off"
completes "ilactl map add 2001:db8:5:1:2000::b 2001:db8:b:1 csum-mode neutral-map" \
	"neutral-map neutral-map-auto"
completes "ilactl nothing at all" ""
exit $FAILED
