#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# symbols.sh LIBRARY HEADER MAP PAGE: all four have the same functions, or say
# what they do not.
set -eu

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

grep -oE '\bila_[a-z0-9_]+\(' "$2" | tr -d '(' | sort -u > "$tmp/header"
nm -D --defined-only "$1" | awk '$2 == "T" { sub(/@.*/, "", $3); print $3 }' |
	sort -u > "$tmp/library"
sed -n 's/^\t\(ila_[a-z0-9_]*\);$/\1/p' "$3" | sort -u > "$tmp/map"
sed -n 's/^\.Fn \(ila_[a-z0-9_]*\).*/\1/p' "$4" | sort -u > "$tmp/page"

for other in library map page; do
	diff -u "$tmp/header" "$tmp/$other"
done
