# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# `lab scale`: what forwarding costs with many identifiers, and what they cost,
# measured in User Mode Linux by uml/scale.
#
# Settings, from the environment: BITS, 2^BITS identifiers; SPREAD, locators they
# are at; ROUNDS, SLICES of each, and PACKETS of these; WHAT, "table", "routes" (a
# route for each identifier) or both; SCALE_MEMORY, of User Mode Linux, MB.

: "${BITS:=20}" "${SPREAD:=1000}" "${ROUNDS:=5}" "${SLICES:=5}"
: "${PACKETS:=50000}"

scale_check()
{
	local name
	for name in BITS SPREAD ROUNDS SLICES PACKETS; do
		[[ ${!name} =~ ^[1-9][0-9]*$ ]] || wrong_usage "$name=${!name}?"
	done
	[ "$BITS" -le 27 ] || wrong_usage "BITS is 27 at most"
	# one 16-bit word of the address numbers them
	[ "$SPREAD" -le 65536 ] || wrong_usage "SPREAD is 65536 at most"
	if [ -z "${WHAT:-}" ]; then
		[ "$MODULE" = ours ] && WHAT=table || WHAT=routes
	fi
	for name in $WHAT; do
		case $MODULE,$name in
		ours,table|*,routes) ;;
		*) wrong_usage "$MODULE has no '$name'" ;;
		esac
	done
	# what is not used is not taken
	: "${SCALE_MEMORY:=$((1024 + (1536 * (1 << BITS) >> 20)))}"
}

# scale_module STAGE: ila.ko for User Mode Linux
scale_module()
{
	if [ "$MODULE" = in-tree ]; then
		cp "$UML/net/ipv6/ila/ila.ko" "$1/"
	else
		uml_modules "$WORK/scale/src"
		cp "$WORK/scale/src/net/ipv6/ila/ila.ko" "$1/"
	fi
}

# scale_load STAGE: the programs that fill tables
scale_load()
{
	tools_get
	with_lock "$(basename "$TOOLS")" tools_build
	cp "$TOOLS/src/tools/ilactl/build/ilactl" "$1/"
	in_root "$TOOLS/src:/lab/build:ro" "$LAB/uml:/lab/src:ro" "$1:/lab/stage" \
		-- bash -euc '
		lib=/lab/build/tools/lib/ila
		gcc -std=gnu11 -O2 -Wall -Wextra -Werror -I$lib \
			-I/lab/build/include/uapi -o /lab/stage/load \
			/lab/src/load.c $lib/build/libila.a -lmnl
		' >&2
}

scale_stage()
{
	local dir=$1 name
	mkdir -p "$dir/stage" "$dir/out"
	scale_module "$dir/stage"
	scale_load "$dir/stage"
	for name in BITS SPREAD ROUNDS SLICES PACKETS WHAT; do
		printf '%s=%q\n' "$name" "${!name}"
	done > "$dir/stage/settings"
}

# scale_result DIR FORMAT: table or json
scale_result()
{
	awk -f "$LAB/lib/scale.awk" -v format="$2" -v module="$MODULE" \
		-v kernel="$KERNEL" -v bits="$BITS" -v spread="$SPREAD" \
		-v packets="$PACKETS" -v slices="$SLICES" "$1/out/results"
}

cmd_scale()
{
	local dir json
	scale_check
	work_dir
	dir=$WORK/scale
	root_get
	uml_get
	scale_stage "$dir"
	say "measuring: 2^$BITS identifiers, $ROUNDS rounds"
	uml_measure "$dir" "$SCALE_MEMORY" /lab/src/scale ||
		die "nothing was measured"
	json=$CACHE/scale-$KERNEL-$MODULE.json
	scale_result "$dir" json > "$json"
	scale_result "$dir" table
	echo
	cat "$json"
}
