#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# page.sh PAGE EXAMPLE...: each example is in the page as it is in its file, but
# for the licence. --print EXAMPLE: the example as a page has it.
set -eu

# Lines of the page that stand for the example: from its name to the next .Ed
of_page()
{
	awk -v name="$2" '
		$1 == ".\\\"" && $2 == "example" { on = $3 == name; next }
		on && /^\.Ed/ { exit }
		on && /^\.Bd/ { next }
		on' "$1"
}

as_page()
{
	sed -e 1d -e 's/\\/\\e/g' -e "s/^[.']/\\\\\\&&/" "$1"
}

if [ "$1" = --print ]; then
	as_page "$2"
	exit
fi

page=$1
shift
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
for example; do
	of_page "$page" "$(basename "$example")" > "$tmp/page"
	as_page "$example" > "$tmp/file"
	diff -u "$tmp/file" "$tmp/page"
done
