#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# session.sh FILE [JSON]: do what is done in a session, and write it as it is now:
# commands behind a $, what each of them prints, and its exit status if that is
# not 0; remarks behind ##. What "ilactl -j" prints goes to the file JSON, too: a line with the verb,
# the document, a form feed.

set -o pipefail

# run COMMAND
run()
{
	local status

	bash -o pipefail -c "$1" </dev/null 2>&1
	status=$?
	[ $status = 0 ] || echo "[$status]"
}

# keep COMMAND SAID
keep()
{
	case $1 in
	"ilactl -j"*[\|\>]*) ;;
	"ilactl -j"*)
		sed -E 's/^ilactl -j (-p )?//; s/^([a-z]+ ?[a-z]*).*/\1/' <<<"$1"
		printf '%s\n\f\n' "$2"
		;;
	esac
}

# What depends on how fast this machine is
aged()
{
	sed -E 's/("idle": ?)[0-9]+/\10/'
}

while IFS= read -r line; do
	case $line in
	'$ '*)
		echo "$line"
		said=$(run "${line#??}")
		[ -z "$said" ] || aged <<<"$said"
		keep "${line#??}" "$said" >>"${2:-/dev/null}"
		;;
	'## '*) echo "$line" ;;
	esac
done <"$1"
