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

# coverage_tables DIR: of all lists in DIR; fails if the document does not say why a
# line of them did not run
coverage_tables()
{
	in_root "$BUILD/src:/lab/src:ro" "$1:/lab/out:ro" "$LAB/lib:/lab/stage:ro" \
		"$TOP/Documentation:/lab/tree:ro" -- \
		python3 -B /lab/stage/coverage.py /lab/src/ /lab/out /lab/tree/coverage.rst
}

# coverage_document TABLES: they take the place of those between the marks
coverage_document()
{
	local document=$TOP/Documentation/coverage.rst
	awk -v tables="$1" '
		/^\.\. coverage: end/ { inside = 0 }
		!inside { print }
		/^\.\. coverage: begin/ {
			inside = 1
			print "\n::\n"
			while ((getline line < tables) > 0)
				print line == "" ? "" : "\t" line
			print ""
		}
	' "$document" > "$document.new"
	mv "$document.new" "$document"
}

cmd_coverage()
{
	local dir explained=1
	work_dir
	dir=$WORK/coverage
	grep -q gcov <<<"${CONFIGS[*]}" || die "$KERNEL does not count"
	attempt cmd_test "$@" >&2
	[ "$STATUS" = 0 ] || WORK_KEEP=1
	mkdir -p "$dir"
	build_get
	coverage_collect "$dir"
	coverage_tables "$dir" > "$WORK/tables" || explained=''
	cat "$WORK/tables"
	# the document is about all tests
	[ $# = 0 ] || return "$STATUS"
	coverage_document "$WORK/tables"
	[ -n "$explained" ] || return 1
	return "$STATUS"
}
