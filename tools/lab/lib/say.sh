# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the lab tells its user. All of it goes to stderr, results to stdout.

say()
{
	echo "lab: $*" >&2
}

die()
{
	say "error: $*"
	exit 1
}

wrong_usage()
{
	say "$*"
	usage >&2
	exit 2
}
