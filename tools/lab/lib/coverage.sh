# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# `lab coverage`: which lines and branches of the module run while all tests do.

# What each guest has counted lies in its out/gcov; lists of it, one a guest, go to
# DIR/*.json.
coverage_collect()
{
	local dir=$1 counted guests n=0
	mapfile -t guests < <(find "$WORK" -type d -path '*/out/gcov')
	[ ${#guests[@]} -gt 0 ] || die "no guest has counted anything"
	for counted in "${guests[@]}"; do
		n=$((n + 1))
		in_root "$BUILD/src:/lab/src:ro" "$counted:/lab/out" \
			-- bash -euc '
			cd /lab/out/net/ipv6/ila
			cp /lab/src/net/ipv6/ila/*.gcno .
			gcov --branch-probabilities --json-format --stdout ./*.gcda
			' > "$dir/$n.json"
	done
}

cmd_coverage()
{
	local dir
	work_dir
	dir=$WORK/coverage
	grep -q gcov <<<"${CONFIGS[*]}" || die "$KERNEL does not count"
	attempt cmd_test "$@" >&2
	[ "$STATUS" = 0 ] || WORK_KEEP=1
	mkdir -p "$dir"
	build_get
	coverage_collect "$dir"
	in_root "$dir:/lab/out:ro" "$LAB/lib:/lab/stage:ro" -- \
		python3 -B /lab/stage/coverage.py /lab/src/ /lab/out/*.json
	return "$STATUS"
}
