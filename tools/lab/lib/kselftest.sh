# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The tests as a part of a kernel tree: installed by its lib.mk, listed and
# run by its run_kselftest.sh.

# kselftest_install DIR: the installed tests
kselftest_install()
{
	local dir=$1
	tools_get
	with_lock "$(basename "$TOOLS")" tools_build
	mkdir -p "$dir/tree" "$dir/installed"
	in_root "$SOURCE:/lab/tree:ro" "$TOP/selftests/net/ila:/lab/src:ro" \
		"$TOOLS/src:/lab/stage:ro" \
		"$dir/tree:/lab/build" "$dir/installed:/lab/out" -- bash -euc '
		# the makefiles want a whole tree around them; only what they
		# touch is copied
		mkdir -p /lab/build/tools/testing
		cp -a /lab/tree/tools/testing/selftests /lab/build/tools/testing/
		cp -a /lab/tree/tools/scripts /lab/tree/tools/build /lab/build/tools/
		cp -a /lab/tree/scripts /lab/tree/Makefile /lab/build/
		cd /lab/build/tools/testing/selftests
		cp -r /lab/src net/ila
		make -s TARGETS=net/ila install INSTALL_PATH=/lab/out \
			KHDR_INCLUDES=-I/usr/include \
			LIBILA_DIR=/lab/stage/tools/lib/ila
		' >&2
}

# Every program of the Makefile must be in the list, and run.
kselftest_tap()
{
	local dir=$WORK/kselftest listed name missing=''
	source_get
	kselftest_install "$dir"
	echo "TAP version 13"
	echo "1..2"
	listed=$("$dir/installed/run_kselftest.sh" -l)
	while read -r name; do
		grep -qx "net/ila:$name" <<<"$listed" || missing+=" $name"
	done < <(test_programs)
	if [ -z "$missing" ]; then
		echo "ok 1 run_kselftest.sh lists $(wc -l <<<"$listed") tests"
	else
		echo "not ok 1 run_kselftest.sh lists all # but not$missing"
	fi
	kselftest_run "$dir" vrf.sh
	[ -z "$missing" ]
}

# kselftest_run DIR NAME
kselftest_run()
{
	local dir=$1 name=$2 quiet=1
	guest_stage "$dir/guest"
	cp -a "$dir/installed" "$dir/guest/stage/kselftest"
	guest_command "$dir/guest" sh -c \
		"cp -a /lab/stage/kselftest /tmp/ && cd /tmp/kselftest &&
		 ./run_kselftest.sh -t net/ila:$name"
	guest_run "$dir/guest" </dev/null > "$dir/log" || quiet=''
	sed 's/^/# /' "$dir/log"
	if [ -n "$quiet" ] && grep -q "^ok 1 selftests: net/ila: $name *\$" "$dir/log"; then
		echo "ok 2 run_kselftest.sh runs $name"
	else
		echo "not ok 2 run_kselftest.sh runs $name"
		return 1
	fi
}

cmd_kselftest()
{
	root_get
	test_only kselftest
}
