# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Ours and in-tree, case by case, from the last whole run of each.

# table_join IN-TREE OURS: lines TEST, CASE, in-tree, ours; tabs between.
# Cases of one name are told apart by their order.
table_join()
{
	awk -F'\t' '
		{ key = $1 FS $3; key = key FS ++seen[FILENAME, key] }
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

cmd_table()
{
	local tree=$CACHE/last-$KERNEL-in-tree ours=$CACHE/last-$KERNEL-ours
	[ -f "$tree" ] || die "run first: lab test --module in-tree"
	[ -f "$ours" ] || die "run first: lab test"
	cat <<'END'
.. list-table::
   :header-rows: 1

   * - test
     - case
     - in-tree
     - ours
END
	# literals, since a case may say anything
	table_join "$tree" "$ours" |
		awk -F'\t' '$1 !~ /^(kunit|unit|interop|unload)$/ {
			printf "   * - %s\n     - ``%s``\n", $1, $2
			printf "     - %s\n     - %s\n", $3, $4 }'
}
