# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The KUnit tests, in User Mode Linux; and the same source in user space.

# kunit_build DIR: the test modules, into DIR/stage
kunit_build()
{
	local dir=$1
	mkdir -p "$dir/stage"
	uml_modules "$dir/src"
	find "$dir/src" -name '*_test.ko' -exec cp {} "$dir/stage/" \;
	ls "$dir/stage/"*.ko >/dev/null 2>&1 ||
		die "no KUnit test module was built"
}

# Flat TAP out of the kernel's nested one: a line for each case of a suite.
kunit_flatten()
{
	awk '
		/^ +# Subtest: / { suite = $NF }
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
			print "1.." n + 0
			for (i = 1; i <= n; i++)
				print lines[i]
			exit failed || !n
		}'
}

kunit_tap()
{
	local dir=$WORK/kunit log
	root_get
	uml_get
	kunit_build "$dir"
	log=$dir/console
	LAB_TIMEOUT=300 uml_boot "$dir" 256 /lab/src/init kunit.enable=1 \
		> "$log" || true
	grep -E '^ *# ' "$log" | grep -v 'Subtest:' || true
	kunit_flatten < "$log" || {
		tail -n 40 "$log" >&2
		return 1
	}
	uml_quiet "$log"
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
