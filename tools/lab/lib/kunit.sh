# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The KUnit tests, in User Mode Linux or in a guest whose kernel has KUnit; and the
# same source in user space.

# kunit_modules SOURCE STAGE: the test modules that were built there; each has a suite,
# sets SUITES
kunit_modules()
{
	local modules
	mapfile -t modules < <(find "$1" -name '*_test.ko')
	SUITES=${#modules[@]}
	[ "$SUITES" -gt 0 ] || die "no KUnit test module was built"
	mkdir -p "$2"
	cp "${modules[@]}" "$2/"
}

# kunit_uml DIR: what they tell goes to DIR/log
kunit_uml()
{
	local dir=$1
	uml_get
	uml_modules "$dir/src"
	kunit_modules "$dir/src" "$dir/stage"
	cp "$dir/src/net/ipv6/ila/ila.ko" "$dir/stage/"
	LAB_TIMEOUT=300 uml_boot "$dir" 256 /lab/src/init kunit.enable=1 \
		kunit.autorun=1 \
		> "$dir/log" || true
}

# kunit_guest DIR: the same
kunit_guest()
{
	local dir=$1
	guest_stage "$dir"
	kunit_modules "$BUILD/src" "$dir/stage/kunit"
	guest_command "$dir" /lab/stage/guest/kunit
	guest_qemu "$dir" </dev/null >&2 || say "QEMU ended with status $?"
	cp "$dir/out/kunit" "$dir/log"
}

# Flat TAP out of the kernel's nested one, a line for each case of a suite. It plans what
# the suites did, and fails if some case or one of the SUITES did not come to its end.
kunit_flatten()
{
	awk -v suites="$SUITES" '
		/^ +# Subtest: / { suite = $NF }
		/^    1\.\./ { planned += substr($1, 4) }
		/^ok [0-9]+/ { passed++ }
		/^    (not )?ok [0-9]+/ {
			verdict = $1 == "ok" ? "ok" : "not ok"
			name = $0
			sub(/^ *(not )?ok [0-9]+ *(- *)?/, "", name)
			lines[++n] = verdict " " n " " suite " " name
			if (verdict == "not ok")
				failed = 1
		}
		END {
			print "TAP version 13"
			print "1.." planned + 0
			for (i = 1; i <= n; i++)
				print lines[i]
			if (passed != suites)
				print "# " passed + 0 " of " suites " suites passed"
			exit failed || !n || n != planned || passed != suites
		}'
}

kunit_tap()
{
	local dir=$WORK/kunit verdict
	root_get
	if kernel_is_own; then
		kunit_guest "$dir"
		verdict=(guest_verdict "$dir")
	else
		kunit_uml "$dir"
		verdict=(uml_quiet "$dir/log")
	fi
	grep -E '^ *# ' "$dir/log" | grep -v 'Subtest:' || true
	kunit_flatten < "$dir/log" || {
		tail -n 40 "$dir/log" >&2
		return 1
	}
	"${verdict[@]}"
}

cmd_kunit()
{
	test_only kunit
}

# `make unit` prints TAP; the sanitizers make it fail on what they find
unit_tap()
{
	local dir=$WORK/unit
	root_get
	build_sync "$dir/src"
	in_root "$dir/src:/lab/src" -- \
		make -s -C /lab/src/net/ipv6/ila -f test.mk unit
}

cmd_unit()
{
	test_only unit
}
