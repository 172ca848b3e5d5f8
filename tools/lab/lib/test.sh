# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# `lab test`: the selftests in guests, then what runs elsewhere. Every test
# leaves WORK/tap/NAME (its TAP), NAME.status, NAME.seconds and perhaps
# NAME.reports.

ELSEWHERE=(kunit unit interop)
TEST_ARGS=''
: "${LAB_GUESTS:=1}"

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
	kernel_get
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

# test_in_guests PROGRAM...: LAB_GUESTS at once; each takes the next program that
# none has taken. A guest mostly keeps one processor busy.
test_in_guests()
{
	local n
	mkdir -p "$WORK/claims"
	for n in $(seq "$LAB_GUESTS"); do
		test_guest_stage "$n" "$@"
	done
	for n in $(seq "$LAB_GUESTS"); do
		test_guest_run "$n" &
	done
	wait
	for n in $(seq "$LAB_GUESTS"); do
		test_guest_end "$n"
	done
	test_missing "$@"
}

# test_guest_stage N PROGRAM...
test_guest_stage()
{
	local n=$1 guest=$WORK/guest$1
	shift
	guest_stage "$guest"
	mkdir -p "$guest/out/tap"
	guest_command "$guest" env LAB_MODULE="$MODULE" LAB_GUEST="$n" \
		LAB_SLOW="$KERNEL_SLOW" LAB_ARGS="$TEST_ARGS" \
		/lab/stage/guest/tests "$@"
}

# With several, what they say is told apart by their numbers.
test_guest_run()
{
	local guest=$WORK/guest$1 shares form='s/^//'
	mapfile -t shares < <(guest_share claims "$WORK/claims" '')
	[ "$LAB_GUESTS" = 1 ] || form="s/^/$1| /"
	{
		guest_qemu "$guest" "${shares[@]}" </dev/null ||
			say "QEMU ended with status $?"
	} | sed -u "$form"
}

# What a guest left. One that did not come to its end has not looked for what is lost;
# a report that came in no test's time counts too.
test_guest_end()
{
	local guest=$WORK/guest$1
	cp "$guest/out/tap/"* "$WORK/tap/" 2>/dev/null || true
	guest_ended "$guest" || test_guest_fails "$1-ends" "the guest comes to its end"
	guest_quiet "$guest" || compgen -G "$guest/out/tap/*.reports" >/dev/null ||
		test_guest_fails "$1" "the kernel has nothing to report"
}

# test_guest_fails NAME CASE
test_guest_fails()
{
	echo "not ok 1 $2" > "$WORK/tap/guest$1"
	echo 1 > "$WORK/tap/guest$1.status"
}

# A guest that died owes the test that did not come to its end.
test_missing()
{
	local name
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
	local name=$1 begin=$SECONDS printer
	echo "# $name"
	exec 3> >(exec tee "$WORK/tap/$name")
	printer=$!
	attempt "${name}_tap" >&3 3>&-
	exec 3>&-
	wait "$printer"
	echo "$STATUS" > "$WORK/tap/$name.status"
	echo $((SECONDS - begin)) > "$WORK/tap/$name.seconds"
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

# What took its time, the longest first
test_seconds()
{
	local file
	for file in "$WORK/tap/"*.seconds; do
		[ ! -s "$file" ] || echo "$(<"$file") $(basename "$file" .seconds)"
	done | sort -rn | awk '$1 >= 5 { line = line ", " $2 " " $1 }
		END { if (line) print "# seconds: " substr(line, 3) }'
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
	test_seconds
	echo "$(test_count "$1" pass) passed, $failed failed," \
		"$(test_count "$1" skip) skipped"
	[ "$failed" = 0 ]
}

cmd_test()
{
	local name
	if [ ${#KERNELS[@]} -gt 1 ]; then
		test_kernels "$@"
		return
	fi
	work_dir
	test_choose "$@"
	echo "# $KERNEL: $RELEASE"
	mkdir -p "$WORK/tap"
	if [ ${#PROGRAMS[@]} -gt 0 ]; then
		test_in_guests "${PROGRAMS[@]}"
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
