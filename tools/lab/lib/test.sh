# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# `lab test`: the selftests in one guest, then what runs elsewhere. Every test
# leaves WORK/tap/NAME (its TAP), NAME.status and perhaps NAME.reports.

ELSEWHERE=(kunit unit interop)

# The programs of selftests/net/ila, as its Makefile names them.
test_programs()
{
	in_root "$TOP:/lab/src:ro" -- \
		make -s -C /lab/src/selftests/net/ila list-tests
}

# test_choose NAME...: sets PROGRAMS and OTHERS; no NAME chooses what the kernel is
# for, which is everything if it does not say
test_choose()
{
	local known name found
	root_get
	known=$(test_programs)
	mapfile -t PROGRAMS <<<"$known"
	OTHERS=()
	[ "$MODULE" = in-tree ] || OTHERS=("${ELSEWHERE[@]}")
	[ $# -gt 0 ] || set -- "${KERNEL_TESTS[@]}"
	[ $# -gt 0 ] || return 0
	PROGRAMS=()
	OTHERS=()
	for name; do
		if [[ " ${ELSEWHERE[*]} " == *" $name "* ]]; then
			OTHERS+=("$name")
			continue
		fi
		found=$(grep -x -e "$name" -e "$name\.[a-z]*" <<<"$known") ||
			wrong_usage "no test '$name'; there is:" \
				"${known//$'\n'/ }" "${ELSEWHERE[@]}"
		PROGRAMS+=("$found")
	done
}

# test_in_guest PROGRAM...
test_in_guest()
{
	local guest=$WORK/guest
	guest_stage "$guest"
	mkdir -p "$guest/out/tap"
	guest_command "$guest" env LAB_MODULE="$MODULE" LAB_SLOW="$KERNEL_SLOW" \
		/lab/stage/guest/tests "$@"
	guest_qemu "$guest" </dev/null || say "QEMU ended with status $?"
	cp "$guest/out/tap/"* "$WORK/tap/" 2>/dev/null || true
	test_guest_died "$guest" "$@"
	test_unattributed "$guest"
}

# A report that came in no test's time counts too.
test_unattributed()
{
	! guest_quiet "$1" || return 0
	! compgen -G "$WORK/tap/*.reports" >/dev/null || return 0
	echo "not ok 1 the kernel has nothing to report" > "$WORK/tap/guest"
	echo 1 > "$WORK/tap/guest.status"
}

# A guest that crashed owes the tests that did not come to their end.
test_guest_died()
{
	local guest=$1 name
	shift
	! guest_ended "$guest" || return 0
	for name; do
		[ ! -f "$WORK/tap/$name.status" ] || continue
		touch "$WORK/tap/$name"
		echo 1 > "$WORK/tap/$name.status"
	done
}

# attempt CMD...: sets STATUS; CMD stops at its first failure, the lab does not
attempt()
{
	set +e
	(set -e; "$@")
	STATUS=$?
	set -e
}

# test_elsewhere NAME: `NAME_tap` prints TAP and fails as its tests do
test_elsewhere()
{
	local name=$1
	echo "# $name"
	attempt "${name}_tap" > >(tee "$WORK/tap/$name")
	echo "$STATUS" > "$WORK/tap/$name.status"
}

# test_only NAME: one of those that run elsewhere, by itself
test_only()
{
	work_dir
	mkdir -p "$WORK/tap"
	test_elsewhere "$1"
	test_cases > "$WORK/cases"
	test_summary "$WORK/cases"
}

# One line a case: NAME, verdict, case; tabs between.
test_cases()
{
	local file name reports
	for file in "$WORK/tap/"*.status; do
		name=$(basename "$file" .status)
		reports=0
		[ ! -s "$WORK/tap/$name.reports" ] || reports=1
		awk -f "$LAB/lib/tally.awk" -v status="$(<"$file")" \
			-v reports=$reports "$WORK/tap/$name" |
			sed "s/^/$name\t/"
	done
}

test_count()
{
	awk -F'\t' -v verdict="$2" '$2 == verdict { n++ } END { print n + 0 }' "$1"
}

# test_summary CASES: what failed, then the one line that says it all
test_summary()
{
	local failed
	failed=$(test_count "$1" fail)
	if [ "$failed" != 0 ]; then
		WORK_KEEP=1
		echo "# failed:"
		awk -F'\t' '$2 == "fail" { print "#   " $1 ": " $3 }' "$1"
	fi
	echo "$(test_count "$1" pass) passed, $failed failed," \
		"$(test_count "$1" skip) skipped"
	[ "$failed" = 0 ]
}

cmd_test()
{
	local name
	work_dir
	test_choose "$@"
	mkdir -p "$WORK/tap"
	if [ ${#PROGRAMS[@]} -gt 0 ]; then
		test_in_guest "${PROGRAMS[@]}"
	fi
	for name in "${OTHERS[@]}"; do
		test_elsewhere "$name"
	done
	test_cases > "$WORK/cases"
	if [ $# = 0 ]; then
		mkdir -p "$CACHE"
		cp "$WORK/cases" "$CACHE/last-$KERNEL-$MODULE"
	fi
	if [ "$MODULE" = in-tree ]; then
		table_text "$WORK/cases" "$CACHE/last-$KERNEL-ours"
		test_summary "$WORK/cases" || true
	else
		test_summary "$WORK/cases"
	fi
}
