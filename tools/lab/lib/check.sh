# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# `lab check`: what needs no guest. Each check is a TAP case; what a checker
# says comes before its verdict. One that has nothing to look at skips.

# What depends on the kernel, and what does not
CHECKS_KERNEL=(sparse compat clang s390x powerpc)
CHECKS=("${CHECKS_KERNEL[@]}" checkpatch shellcheck rst man yaml tools valgrind fuzz)
CHECK_SKIP=4

# What checkpatch cannot like here: there is no MAINTAINERS in this tree.
CHECKPATCH_IGNORE=FILE_PATH_CHANGES
# ila_addr_test_user.h imitates KUnit's macros for user space; trace events
# have a form of their own.
CHECKPATCH_EXCLUDE='/ila_addr_test_user\.h$|/trace/events/'

# What C11 has a word for, and that offsetof and sizeof evaluate nothing
CHECKPATCH_USER=PREFER_KERNEL_TYPES,CAMELCASE,PREFER_DEFINED_ATTRIBUTE_MACRO
CHECKPATCH_USER+=,MACRO_ARG_REUSE
CHECKPATCH_PROGRAMS='^(selftests|tools/ilactl)/'

check_sources()
{
	(cd "$TOP" && find net include tools selftests -name '*.[ch]' | sort)
}

check_scripts()
{
	(cd "$TOP" && grep -rlIE '^#!/bin/(ba)?sh|^# shellcheck shell=' \
		--exclude-dir=.git . | sort)
}

check_documents()
{
	(cd "$TOP" && find . -name '*.rst' -not -path './.git/*' | sort)
}

# check_here CMD...: in the root tree, in the project's directory
check_here()
{
	in_root "$TOP:/lab/src:ro" "$SOURCE:/lab/tree:ro" -- \
		bash -euo pipefail -c 'cd /lab/src; exec "$@"' check "$@"
}

# checkpatch IGNORE FILE...
checkpatch()
{
	local ignore=$1
	shift
	check_here perl /lab/tree/scripts/checkpatch.pl --strict --no-tree \
		--no-summary --terse --show-types --max-line-length=100 \
		--ignore "$ignore" -f "$@"
}

# In user space the C standard's words are right; by its path checkpatch knows
# that of tools, and would of the tests in a kernel tree.
check_checkpatch()
{
	local kernel user
	mapfile -t kernel < <(check_sources | grep -vE "$CHECKPATCH_EXCLUDE" |
		grep -vE "$CHECKPATCH_PROGRAMS")
	mapfile -t user < <(check_sources | grep -E "$CHECKPATCH_PROGRAMS")
	checkpatch "$CHECKPATCH_IGNORE" "${kernel[@]}"
	[ ${#user[@]} = 0 ] ||
		checkpatch "$CHECKPATCH_IGNORE,$CHECKPATCH_USER" "${user[@]}"
}

# check_words LOG: fails if a compiler said something of our files; some kernels have
# the compiler run in their directory, some in ours. What divides 64 bits is missing
# where there are 32.
check_words()
{
	! grep -E '(/lab/src/|^(\./)?(net|include)/)[^ ]*:[0-9]+:.*(warning|error)' "$1" &&
		! grep -E 'modpost: "__(bad|u?(div|mod)(di|ti))' "$1"
}

# A whole rebuild with W=1 and sparse; any warning that names one of our files
check_sparse()
{
	local dir=$WORK/sparse log=$WORK/sparse.log
	build_sync "$dir"
	in_root "${PLACES[@]}" "$dir:/lab/src" -- make -s -C /lab/src \
		KDIR="$KDIR" C=2 W=1 \
		CF=-D__CHECK_ENDIAN__ modules > "$log" 2>&1 || {
		cat "$log"
		return 1
	}
	check_words "$log" && ! grep -E 'modpost|WARNING' "$log"
}

# Each file of include/compat taken away: if this kernel needs it, the compile
# must say that it does.
check_compat()
{
	local dir=$WORK/compat log=$WORK/compat.log header needed=0
	for header in $(cd "$TOP/include/compat" && find . -name '*.h' | sort); do
		header=${header#./}
		# what was compiled with it would stay
		rm -rf "$dir"
		build_sync "$dir"
		rm "$dir/include/compat/$header"
		! in_root "${PLACES[@]}" "$dir:/lab/src" -- \
			make -s -j "$(nproc)" -C /lab/src KDIR="$KDIR" modules \
			> "$log" 2>&1 || continue
		grep "^ila: .*: write include/compat/$header\$" "$log" || {
			cat "$log"
			return 1
		}
		needed=1
	done
	[ $needed = 1 ] || return $CHECK_SKIP
}

# check_cross WHAT: any warning of the module's sources
check_cross()
{
	local log=$WORK/$1.log
	cross_module "$1" "$WORK/$1" > "$log" 2>&1 || {
		cat "$log"
		return 1
	}
	check_words "$log"
}

check_clang()
{
	check_cross clang
}

check_s390x()
{
	check_cross s390x
	cross_unit s390x
	cross_library
}

check_powerpc()
{
	check_cross powerpc
	cross_unit powerpc
}

check_shellcheck()
{
	local files
	mapfile -t files < <(check_scripts)
	[ ${#files[@]} -gt 0 ] || return 1
	check_here shellcheck -x -P SCRIPTDIR "${files[@]}"
}

check_rst()
{
	local files
	mapfile -t files < <(check_documents)
	[ ${#files[@]} -gt 0 ] || return 1
	check_here bash -euc '
		for rst; do
			rst2html --halt=warning --report=info "$rst" > /tmp/html
		done' check_rst "${files[@]}"
}

check_man()
{
	local files
	mapfile -t files < <(cd "$TOP" &&
		find Documentation/man -name '*.[1-9]' | sort)
	[ ${#files[@]} -gt 0 ] || return $CHECK_SKIP
	check_here mandoc -T lint -W warning "${files[@]}"
}

# As the kernel reads them: by the schema that they name, then by its client.
check_yaml()
{
	local files
	mapfile -t files < <(cd "$TOP" &&
		find Documentation -path '*/netlink/specs/*.yaml' | sort)
	[ ${#files[@]} -gt 0 ] || return $CHECK_SKIP
	ynl_get
	in_root "$TOP:/lab/src:ro" "$YNL:/lab/tree:ro" "$LAB/lib:/lab/stage:ro" \
		-- bash -euc 'cd /lab/src
		python3 -B /lab/stage/check-yaml /lab/tree "$@"' check "${files[@]}"
}

# Warnings are errors there; its own tests run with the sanitizers.
check_tools()
{
	tools_get
	with_lock "$(basename "$TOOLS")" tools_make check
}

check_valgrind()
{
	tools_get
	with_lock "$(basename "$TOOLS")" tools_make check-valgrind
}

# Each parser, for seconds
check_fuzz()
{
	tools_get
	with_lock "$(basename "$TOOLS")" tools_fuzz
}

# check_lane NAME...: one after the other; of each its words, status and seconds
check_lane()
{
	local name begin
	for name; do
		begin=$SECONDS
		attempt "check_$name" > "$WORK/check-$name.log" 2>&1
		echo "$STATUS $((SECONDS - begin))" > "$WORK/check-$name.status"
	done
}

# check_verdict NUMBER NAME
check_verdict()
{
	local verdict='' seconds=''
	[ ! -s "$WORK/check-$2.status" ] ||
		read -r verdict seconds < "$WORK/check-$2.status"
	echo "# $2: $seconds s"
	case $verdict in
	0) echo "ok $1 $2" ;;
	"$CHECK_SKIP") echo "ok $1 $2 # SKIP there is nothing to check" ;;
	*)
		sed 's/^/# /' "$WORK/check-$2.log"
		echo "not ok $1 $2"
		return 1
		;;
	esac
}

# Two lanes: many a check keeps one processor busy only. Verdicts are in the order of
# the names, each when all before it have one.
check_tap()
{
	local name n=0 failed=0 lanes=() kernel=() others=()
	for name in "${CHECKS[@]}"; do
		if [[ " ${CHECKS_KERNEL[*]} " == *" $name "* ]]; then
			kernel+=("$name")
		else
			others+=("$name")
		fi
	done
	source_get
	echo "TAP version 13"
	echo "1..${#CHECKS[@]}"
	check_lane "${kernel[@]}" &
	lanes+=($!)
	check_lane "${others[@]}" &
	lanes+=($!)
	for name in "${CHECKS[@]}"; do
		n=$((n + 1))
		while [ ! -s "$WORK/check-$name.status" ] &&
			kill -0 "${lanes[@]}" 2>/dev/null; do
			sleep 1
		done
		check_verdict "$n" "$name" || failed=1
	done
	wait
	return $failed
}

# cmd_check [NAME...]: "kernel" are those that depend on it
cmd_check()
{
	local name chosen=()
	for name; do
		if [ "$name" = kernel ]; then
			chosen+=("${CHECKS_KERNEL[@]}")
		elif [[ " ${CHECKS[*]} " == *" $name "* ]]; then
			chosen+=("$name")
		else
			wrong_usage "no check '$name'; there is: kernel ${CHECKS[*]}"
		fi
	done
	[ $# = 0 ] || mapfile -t CHECKS < <(printf '%s\n' "${chosen[@]}" |
		awk '!seen[$0]++')
	kernel_get
	test_only check
}
