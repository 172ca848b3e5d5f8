# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# `lab test` with several kernels: a lab for each, as many at once as there are
# processors, then one table.

# Debian's, not those of our own
kernels_all()
{
	(cd "$LAB/kernels" && grep -L '^BASE=' -- *)
}

# test_kernel KERNEL NAME...: its lines are told apart by its name
test_kernel()
{
	local kernel=$1 begin=$SECONDS
	shift
	LAB_GUESTS=1 "$LAB/lab" test --kernel "$kernel" --module "$MODULE" "$@" \
		2>&1 </dev/null | tee "$WORK/$kernel.log" |
		sed -u "s/^/$kernel| /" || true
	echo $((SECONDS - begin)) > "$WORK/$kernel.seconds"
}

# kernel_said KERNEL: passed, failed, skipped; a lab that did not say is a failure
kernel_said()
{
	local line
	# where something failed, where its logs are comes last
	line=$(tail -n 2 "$WORK/$1.log" |
		grep -xE '[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped') ||
		line='0 passed, 1 failed, 0 skipped'
	awk '{ print $1, $3, $5 }' <<<"$line"
}

kernels_table()
{
	local kernel release form='%-22s %-24s %7s %7s %7s %8s\n' all=(0 0 0) n
	# shellcheck disable=SC2059 # one form for all lines
	printf "$form" kernel release passed failed skipped seconds
	for kernel in "${KERNELS[@]}"; do
		release=$(sed -n "s/^# $kernel: //p" "$WORK/$kernel.log")
		read -ra n < <(kernel_said "$kernel")
		# shellcheck disable=SC2059
		printf "$form" "$kernel" "${release:--}" "${n[@]}" \
			"$(<"$WORK/$kernel.seconds")"
		all=($((all[0] + n[0])) $((all[1] + n[1])) $((all[2] + n[2])))
	done
	echo "${all[0]} passed, ${all[1]} failed, ${all[2]} skipped"
	[ "${all[1]}" = 0 ]
}

# test_kernels NAME...
test_kernels()
{
	local kernel running=0
	work_dir
	for kernel in "${KERNELS[@]}"; do
		if [ $((running += 1)) -gt "$(nproc)" ]; then
			wait -n || true
		fi
		test_kernel "$kernel" "$@" &
	done
	wait
	for kernel in "${KERNELS[@]}"; do
		sed -n "s/^#   /# $kernel: /p" "$WORK/$kernel.log"
	done
	kernels_table
}
