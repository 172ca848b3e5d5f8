# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# `lab fuzz`, `lab race`, `lab soak`: tests that `lab test` runs for seconds only, as
# long as is asked. What looks for lost memory and unloads comes after them, too.

declare -A LONG_OPTIONS=(
	[fuzz]="--minutes --seed"
	[race]="--cycles --seed"
	[soak]="--minutes"
)
# What the options said
LONG_ARGS=()

# long_run USUAL NAME...: of an option that is there twice, the last one counts
long_run()
{
	TEST_ARGS="$1 ${LONG_ARGS[*]}"
	: "${LAB_TIMEOUT:=0}"
	shift
	say "${COMMAND}, $KERNEL: $TEST_ARGS"
	cmd_test "$@"
}

cmd_fuzz()
{
	long_run "--minutes 10" fuzz_netlink fuzz_packets
}

cmd_race()
{
	long_run "--cycles 1000" races
}

cmd_soak()
{
	long_run "--minutes 30" soak
}
