# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Ours and in-tree, case by case, from the last whole run of each.

# table_join IN-TREE OURS: lines TEST, CASE, in-tree, ours; tabs between.
# Cases of one name are told apart by their order.
table_join()
{
	awk -F'\t' '
		{
			key = $1 FS $3
			n = ++seen[FILENAME, key]
			key = key FS n
		}
		FILENAME == ARGV[1] { tree[key] = $2; next }
		{ print $1 FS $3 FS (key in tree ? tree[key] : "-") FS $2 }
	' "$1" "$2"
}

table_text()
{
	if [ ! -f "$2" ]; then
		say "no table: ours was not run yet (lab test)"
		return 0
	fi
	table_join "$1" "$2" |
		awk -F'\t' '
			BEGIN { form = "%-20s %-64s %-8s %s\n"
				printf form, "test", "case", "in-tree", "ours" }
			{ printf form, $1, $2, $3, $4 }'
}

# table_rst WHAT AWK-CODE: of the joined lines, how many cases of each group pass;
# the code sets g to a line's group, or to nothing
table_rst()
{
	cat <<END

.. list-table::
   :header-rows: 1

   * - $1
     - cases
     - kernel tree passes
     - this module passes
END
	awk -F'\t' '{ g = ""
			'"$2"' }
		g == "" { next }
		!(g in n) { order[++groups] = g }
		{ n[g]++; tree[g] += $3 == "pass"; ours[g] += $4 == "pass" }
		END {
			for (i = 1; i <= groups; i++) {
				g = order[i]
				printf "   * - %s\n     - %d\n     - %d\n     - %d\n",
					g, n[g], tree[g], ours[g]
			}
		}'
}

# What both modules make of the same cases, by fault and by program, as RST.
cmd_table()
{
	local tree=$CACHE/last-$KERNEL-in-tree ours=$CACHE/last-$KERNEL-ours
	local joined
	[ -f "$tree" ] || die "run first: lab test --module in-tree"
	[ -f "$ours" ] || die "run first: lab test"
	work_dir
	joined=$WORK/joined
	table_join "$tree" "$ours" | awk -F'\t' '$3 != "-"' > "$joined"
	table_rst fault 'if (match($2, /^U[0-9]+/))
			g = substr($2, 1, RLENGTH)' < <(sort -V -t $'\t' -k 2 "$joined")
	table_rst program 'g = $1' < "$joined"
}
