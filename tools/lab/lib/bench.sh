# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# `lab bench`: what ILA costs, ours beside the distribution's and beside what else
# there is. Programs are in bench/; results are kept for each part, and the report
# is of the last of each.
#
# Settings, from the environment: SIDES, "ours in-tree"; TABLES, the sizes of tables,
# as powers of two; ROUTES, the same for in-tree, a route for each; BOOTS of User Mode
# Linux, with ROUNDS each, with SLICES each of PACKETS; INSTRUCTION_PACKETS; BITS,
# 2^BITS identifiers are weighed, and SPREAD, locators they are at; PAUSE_BITS, how
# many more there are while a pause is looked for; CASES, only these (then nothing
# else of their part is remembered).

: "${SIDES:=ours in-tree}" "${CASES:=}" "${TABLES:=10 16 20 22 24}" "${ROUTES:=0 10 16 20}"
: "${BOOTS:=3}" "${ROUNDS:=5}" "${SLICES:=2}" "${PACKETS:=256000}"
: "${INSTRUCTION_PACKETS:=10000}" "${BITS:=20}" "${SPREAD:=1000}" "${PAUSE_BITS:=18}"

BENCH_PARTS=(instructions rates scale others)
BENCH_SETTINGS=(CASES TABLES ROUTES ROUNDS SLICES PACKETS BITS SPREAD PAUSE_BITS)

bench_check()
{
	local name n
	for name in BOOTS ROUNDS SLICES PACKETS INSTRUCTION_PACKETS BITS SPREAD \
		PAUSE_BITS; do
		[[ ${!name} =~ ^[1-9][0-9]*$ ]] || wrong_usage "$name=${!name}?"
	done
	for n in $TABLES $ROUTES $BITS $PAUSE_BITS; do
		[[ $n =~ ^[0-9]+$ && $n -le 24 ]] ||
			wrong_usage "a size is 24 at most, of the power of two: $n?"
	done
	# one 16-bit word of the address numbers them
	[ "$SPREAD" -le 65535 ] || wrong_usage "SPREAD is 65535 at most"
	for name in $SIDES; do
		case $name in
		ours|in-tree) ;;
		*) wrong_usage "SIDES are ours and in-tree, not '$name'" ;;
		esac
	done
}

# bench_memory BYTES SIZE...: MB for User Mode Linux, of which only what is used is
# taken
bench_memory()
{
	local bytes=$1 bits total=1024
	shift
	for bits; do
		total=$((total + (bytes << bits >> 20)))
	done
	echo $total
}

# bench_fits NAME BYTES: that the machine has the memory for tables of these sizes
bench_fits()
{
	local need have
	# shellcheck disable=SC2086 # numbers
	need=$(bench_memory "$2" ${!1})
	have=$(awk '$1 == "MemAvailable:" { print int($2 / 1024) }' /proc/meminfo)
	[ "$need" -le "$have" ] ||
		wrong_usage "$1=\"${!1}\" needs $need MB, there are $have"
}

# --- building ----------------------------------------------------------------

# bench_programs STAGE
bench_programs()
{
	local stage=$1
	tools_get
	with_lock "$(basename "$TOOLS")" tools_build
	mkdir -p "$stage/bench"
	cp "$LAB/bench/"* "$TOOLS/src/tools/ilactl/build/ilactl" "$stage/bench/"
	in_root "$TOOLS/src:/lab/build:ro" "$stage/bench:/lab/stage" -- bash -euc '
		lib=/lab/build/tools/lib/ila
		compile="gcc -std=gnu11 -O2 -Wall -Wextra -Werror"
		cd /lab/stage
		$compile -I$lib -I/lab/build/include/uapi -o load \
			load.c $lib/build/libila.a -lmnl
		$compile -o gso gso.c
		' >&2
}

# bench_modules STAGE [MOUNT...] -- DIRECTORY [ARGUMENT...]: for the kernel there
bench_modules()
{
	local stage=$1 mounts=()
	shift
	while [ "$1" != -- ]; do
		mounts+=("$1")
		shift
	done
	shift
	# no BTF: it takes a vmlinux, which headers do not have
	in_root "$stage/bench:/lab/stage" "${mounts[@]}" -- \
		make -s M=/lab/stage CONFIG_DEBUG_INFO_BTF_MODULES= -C "$@" \
		modules >&2
}

bench_settings()
{
	local name
	for name in "${BENCH_SETTINGS[@]}"; do
		printf '%s=%q\n' "$name" "${!name}"
	done
	printf '%s\n' "$@"
}

# --- running -----------------------------------------------------------------

# bench_guest PART SIDE PROGRAM [CPU]: on the stock kernel, one CPU, the clock
# counts instructions
bench_guest()
{
	local part=$1 side=$2 dir=$WORK/$1-$2 MODULE=$2
	local LAB_CPUS=1 LAB_ACCEL=tcg,thread=single LAB_CPU=${4:-max}
	local PACKETS=$INSTRUCTION_PACKETS
	[ "$side" != others ] || MODULE=in-tree
	rm -rf "$dir"
	guest_stage "$dir"
	bench_programs "$dir/stage"
	bench_modules "$dir/stage" -- "/lib/modules/$RELEASE/build"
	bench_settings WORLD=guest "SIDE=$side" > "$dir/stage/settings"
	guest_command "$dir" "/lab/stage/bench/$3"
	guest_run "$dir" -icount shift=0,sleep=off </dev/null >&2 ||
		die "$part: $side was not measured"
	bench_keep "$part" "$side" "$dir"
}

# bench_uml PART SIDE PROGRAM MB [SETTING...]
bench_uml()
{
	local part=$1 side=$2 dir=$WORK/uml-$2 program=$3 memory=$4
	shift 4
	uml_get
	rm -rf "$dir/out"
	mkdir -p "$dir/stage" "$dir/out"
	case $side in
	ours)
		uml_modules "$dir/src"
		cp "$dir/src/net/ipv6/ila/ila.ko" "$dir/stage/"
		;;
	in-tree)
		cp "$UML/net/ipv6/ila/ila.ko" "$dir/stage/"
		;;
	esac
	bench_programs "$dir/stage"
	bench_modules "$dir/stage" "$SOURCE:/lab/tree:ro" "$UML:/lab/build:ro" -- \
		/lab/build ARCH=um
	bench_settings WORLD=uml "SIDE=$side" "$@" > "$dir/stage/settings"
	uml_measure "$dir" "$memory" "/lab/stage/bench/$program" ||
		die "$part: $side was not measured"
	bench_keep "$part" "$side" "$dir"
}

# bench_keep PART SIDE DIR: what one program found is added to the part's
bench_keep()
{
	sed "s/^/$2\t/" "$3/out/results" >> "$WORK/results-$1"
}

bench_instructions()
{
	local side
	for side in $SIDES; do
		bench_guest instructions "$side" forward
	done
}

# The sides take turns, so that both have the same times.
bench_rates()
{
	local side boot sizes memory
	for ((boot = 0; boot < BOOTS; boot++)); do
		for side in $SIDES; do
			sizes="256 $TABLES"
			[ "$side" = ours ] || sizes="1700 $ROUTES"
			# shellcheck disable=SC2086 # numbers
			memory=$(bench_memory $sizes)
			bench_uml rates "$side" forward "$memory" \
				"FIRST=$((1 + boot * ROUNDS))"
		done
	done
}

bench_scale()
{
	local side
	for side in $SIDES; do
		bench_uml scale "$side" scale "$(bench_memory 2048 "$BITS")"
		# erms clears memory with one instruction a byte, as this clock counts,
		# and the kernel clears up to 4 MB at once
		bench_guest scale "$side" pause max,-erms
	done
}

bench_others()
{
	local ROUNDS=$((BOOTS * ROUNDS))
	bench_guest others others forward
	bench_uml others others forward 1024 FIRST=1
}

# --- report ------------------------------------------------------------------

# bench_kernel PART: what it runs on
bench_kernel()
{
	local uml
	uml_get
	uml="$(<"$UML/include/config/kernel.release") in User Mode Linux"
	case $1 in
	instructions) echo "$RELEASE" ;;
	rates) echo "$uml" ;;
	*) echo "$RELEASE and $uml" ;;
	esac
}

# bench_about PART: what its figures are of
bench_about()
{
	local commit cpu ran_on
	ran_on=$(bench_kernel "$1")
	commit=$(git -C "$TOP" rev-parse --short HEAD 2>/dev/null) || commit=unknown
	git -C "$TOP" diff --quiet HEAD -- . ':!Documentation/performance.*' \
		2>/dev/null || commit+=+
	cpu=$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)
	printf 'about\t%s\t%s\n' kernel "$ran_on" commit "$commit" \
		cpu "${cpu:-unknown}" date "$(date -u +%Y-%m-%d)" \
		packets "$PACKETS" slices "$SLICES" locators "$SPREAD" \
		bits "$BITS" pause "$PAUSE_BITS"
}

# bench_report [OPTION...]
bench_report()
{
	in_root "$LAB/bench:/lab/src:ro" "$RESULTS:/lab/out" \
		"$TOP/Documentation:/lab/build" -- \
		python3 -B /lab/src/report "$@" /lab/out /lab/build
}

cmd_bench()
{
	local part parts=("$@")
	[ $# -gt 0 ] || parts=("${BENCH_PARTS[@]}")
	for part in "${parts[@]}"; do
		[[ " ${BENCH_PARTS[*]} report " == *" $part "* ]] ||
			wrong_usage "no part '$part'; there is: ${BENCH_PARTS[*]} report"
	done
	bench_check
	if [[ " ${parts[*]} " == *" rates "* ]]; then
		# bytes of a mapping, twice, since there are two tables while one
		# grows; and of a route
		[[ $SIDES != *ours* ]] || bench_fits TABLES 128
		[[ $SIDES != *in-tree* ]] || bench_fits ROUTES 1200
	fi
	work_dir
	kernel_get
	RESULTS=$CACHE/bench-$KERNEL
	mkdir -p "$RESULTS"
	for part in "${parts[@]}"; do
		[ "$part" != report ] || continue
		say "bench: $part"
		bench_about "$part" > "$WORK/results-$part"
		"bench_$part"
		mv "$WORK/results-$part" "$RESULTS/$part"
	done
	say "bench: JSON is in $RESULTS/bench.json"
	bench_report ${CHECK:+--check}
}
