# SPDX-License-Identifier: GPL-2.0
# One TAP file in; lines "VERDICT<tab>CASE" out, VERDICT pass, fail or skip.
# Given: name, status (the program's exit status), reports (number of lines).

function say(verdict, what)
{
	print verdict "\t" what
	n[verdict]++
	cases++
}

/^1\.\.[0-9]+/ {
	plan = substr($1, 4) + 0
	planned = 1
}

/^(not )?ok / {
	verdict = /^ok / ? "pass" : "fail"
	if (/# *[Ss][Kk][Ii][Pp]/)
		verdict = "skip"
	what = $0
	sub(/^(not )?ok +[0-9]* *(- +)?/, "", what)
	sub(/ *# .*$/, "", what)
	say(verdict, what)
}

END {
	ran = cases
	if (status == 4 && !ran)
		say("skip", "(whole test)")
	else if (status == 124 || status == 137)
		say("fail", "(timeout)")
	else if (planned && ran != plan)
		say("fail", "(" ran " of " plan " planned cases ran)")
	else if (!ran)
		say("fail", "(no case ran, exit status " status ")")
	else if (status != 0 && status != 4 && !n["fail"])
		say("fail", "(exit status " status ")")
	if (reports > 0)
		say("fail", "(kernel report)")
}
