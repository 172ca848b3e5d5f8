#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ilactl as its users meet it. The files of ilactl/ are sessions, as session.sh
# writes them.
#
#   ilactl.sh --update DIR      write the sessions there as they are now

# shellcheck disable=SC2317 # functions are called by ok
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need ilactl setpriv
need_ila_do

SESSIONS="map locator rule config stats explain codec errors refusals save"
# As it is shown
ADDRESS=$SIR:2000::b1
: "${ILACTL_SCHEMA:=/usr/local/share/ilactl/schema.json}"

# --- Sessions ------------------------------------------------------------------

# What is counted in one session does not show in another
session_host()
{
	hosts s
	on s ip link add ila0 type dummy
	ip6 s link set ila0 up
}

# session_run NAME: the session as it is now, its files in $TMP
session_run()
{
	(cd "$TMP" && on s "$HERE/session.sh" "$HERE/ilactl/$1" "$TMP/json")
}

session()
{
	session_host
	session_run "$1" >"$TMP/$1.now"
	drop_host s
	ok "session: $1" diff -u "$HERE/ilactl/$1" "$TMP/$1.now"
}

session_update()
{
	local name

	for name in $SESSIONS; do
		session_host
		session_run "$name" >"$1/$name"
		drop_host s
	done
	exit
}

follows_schema()
{
	python3 - "$ILACTL_SCHEMA" "$TMP/json" <<-'X'
		import json, sys
		import jsonschema

		schema = json.load(open(sys.argv[1]))
		bad = 0
		for text in open(sys.argv[2]).read().split("\n\f\n")[:-1]:
		    verb, document = text.split("\n", 1)
		    try:
		        jsonschema.Draft202012Validator({
		            "$defs": schema["$defs"],
		            "$ref": "#/$defs/" + verb.strip().replace(" ", "-")
		        }).validate(json.loads(document))
		    except (ValueError, jsonschema.ValidationError) as error:
		        print(verb, document, error)
		        bad += 1
		sys.exit(bad > 0)
	X
}

# --- Many mappings -------------------------------------------------------------

# mappings COUNT: a file, each line with what a mapping can have
mappings()
{
	awk -v count="$1" 'BEGIN {
		for (i = 0; i < count; i++) {
			printf "map add 2001:db8:5:1:2000:%x:%x:1 2001:db8:b:%x",
				i / 65536, i % 65536, i % 7 + 1
			if (i % 5 == 0)
				printf ",%d,%d 2001:db8:c:1", i % 3 + 1, i % 11
			if (i % 3 == 0)
				printf " csum-mode neutral-map"
			if (i % 4 == 0)
				printf " ident-type luid"
			if (i % 2 == 0)
				printf " origin agent"
			print ""
		}
		print "end"
	}'
}

saved()
{
	on s ilactl save | sort
}

# What changes behind a dump is told, too: nobody reads the mappings, and meanwhile
# there is another rule
disturbed()
{
	mkfifo "$TMP/slow"
	on s ilactl save >"$TMP/slow" 2>"$TMP/said" &
	exec 9<"$TMP/slow"
	# what comes first has the rules
	IFS= read -r _ <&9
	on s ilactl rule add loc_match 2001:db8:c:9 loc $SIR csum-mode no-action
	cat <&9 >/dev/null
	exec 9<&-
	wait $!
	same "save: a rule came when the rules had been saved" "$?" 2
	has "save: says so" "$(cat "$TMP/said")" "changed meanwhile"
	on s ilactl rule delete loc_match 2001:db8:c:9
}

identity()
{
	local before

	session_host
	mappings 3000 | on s ilactl restore >/dev/null
	on s ilactl -b - <<-X
		rule add loc_match $LOC_A loc $SIR csum-mode neutral-map dev ila0
		map add fd00::9 local identifier a000:0:1:0
		map add ff05::5 2001:db8:d:1 identifier 8000:1:5000:5 csum-mode neutral-map-auto
		locator down 2001:db8:b:3
	X
	before=$(saved)
	on s ilactl save >"$TMP/saved"
	disturbed
	on s ilactl map flush all >/dev/null
	on s ilactl rule flush >/dev/null
	same "save, flush: nothing is left" "$(saved | wc -l)" 3
	ok "restore of what was saved" on s ilactl restore "$TMP/saved"
	same "save, flush, restore: identity" "$(saved | diff - <(echo "$before"))" ""
	same "3000 mappings were saved" "$(grep -c '^map' <<<"$before")" 3002
	same "list shows as many rows and a title" "$(on s ilactl -o map list | wc -l)" 3002
	same "a dump of JSON is one document" \
		"$(on s ilactl -j map list | python3 -c \
			'import json, sys; print(len(json.load(sys.stdin)))')" 3002
	on s ilactl map list | head -n 1 >/dev/null
	same "a reader who leaves ends the list" "${PIPESTATUS[0]}" 141
	drop_host s
}

# --- Names ---------------------------------------------------------------------

# Whoever may make a device gives it any name
names()
{
	session_host
	# shellcheck disable=SC2016 # that is its name
	on s ip link add '$(id>pw)' type dummy
	# shellcheck disable=SC2016
	has "completion: devices of the namespace that -N names" \
		"$(ilactl --complete -N "$(ns s)" rule add dev)" '$(id>pw)'
	has "completion: namespaces behind -N" "$(ilactl --complete -N)" "$(ns s)"
	same "route: a command for the namespace that -N names" \
		"$(ilactl -N "$(ns s)" route $SIR::/64 dev ila0)" \
		"ip -n $(ns s) -6 route add $SIR::/64 encap ila 0:0:0:0 csum-mode neutral-map-auto ident-type luid dev ila0"
	has "route: likewise if it is named by a path" \
		"$(ilactl -N "/run/netns/$(ns s)" route $SIR::/64 dev ila0)" \
		"nsenter --net=/run/netns/$(ns s) ip -6 route add "
	on s ip link add name '#lan' index 700 type dummy
	on s ip link add name $'lan\xff' index 701 type dummy
	on s ilactl rule add loc_match $LOC_A loc $SIR dev '#lan'
	on s ilactl rule add loc_match $LOC_A loc $SIR dev $'lan\xff'
	same "save: a name that no line can have" \
		"$(on s ilactl save | grep -c 'dev if700')" 1
	on s ilactl save >"$TMP/saved"
	on s ilactl restore "$TMP/saved" >/dev/null
	same "save and restore: odd names of devices" \
		"$(on s ilactl save | diff - "$TMP/saved")" ""
	same "JSON: names of devices" \
		"$(on s ilactl -j rule list | python3 -c \
			'import json, sys; print(*sorted(r["dev"] for r in json.load(sys.stdin)))')" \
		'#lan if701'
	drop_host s
}

# --- Stopped half way ----------------------------------------------------------

# signalled SIGNAL COMMAND...: what it says, and its status, if that comes while it
# waits for more of a file
signalled()
{
	local signal=$1 writer

	shift
	mkfifo "$TMP/fifo"
	{
		mappings 10000 | grep -v end
		exec sleep 30
	} >"$TMP/fifo" &
	writer=$!
	# jobs in the background begin deaf to SIGINT
	nsenter --net="/run/netns/$(ns s)" env --default-signal=INT "$@" \
		<"$TMP/fifo" >"$TMP/said" 2>&1 &
	until_true 10 has_written
	kill -"$signal" $!
	wait $!
	echo "status $?" >>"$TMP/said"
	kill $writer
	wait $writer 2>/dev/null
	rm "$TMP/fifo"
}

has_written()
{
	on s ilactl -o config show | grep -q 'mappings [1-9][0-9][0-9]'
}

# said NAME REGEX
said()
{
	ok "$1" grep -qE -e "$2" "$TMP/said"
}

stopped()
{
	local written="restore stopped: mappings: [1-9][0-9]* written, 0 deleted"

	session_host
	on s ilactl map add fd00::1 $LOC_A
	signalled TERM ilactl restore -
	said "a signal stops restore" "stopped by a signal"
	said "which says how much it has written" "$written"
	said "and ends by the signal" "status 143"
	ok "nothing was deleted" on s ilactl map get fd00::1
	on s ilactl map flush all >/dev/null
	signalled INT ilactl -b -
	said "a signal stops a batch" "the lines before it were done"
	said "which ends by it" "status 130"
	{
		mappings 5000 | grep -v end
		echo "map add fd00::1 fe80:0:0:0"
	} | on s ilactl restore >"$TMP/said" 2>&1
	said "restore says how far it went" "$written"
	drop_host s
}

# What others change while restore --diff reads is theirs
meanwhile()
{
	session_host
	on s ilactl map add fd00::1 $LOC_A
	on s ilactl map add fd00::2 $LOC_A
	mkfifo "$TMP/fifo"
	on s ilactl restore --diff - <"$TMP/fifo" >"$TMP/said" 2>&1 &
	exec {FIFO}>"$TMP/fifo"
	mappings 10000 | grep -v end >&"$FIFO"
	until_true 10 has_written
	on s ilactl map change fd00::1 2001:db8:e:1
	echo end >&"$FIFO"
	exec {FIFO}>&-
	wait $!
	said "restore --diff deletes what nobody wants" "deleted +1$"
	has "but not what was changed meanwhile" "$(on s ilactl -o map list)" \
		"fd00::1 2001:db8:e:1"
	rm "$TMP/fifo"
	drop_host s
}

# --- Under traffic -------------------------------------------------------------

# What changes are other mappings; SIR_B's own is in every file
difference_rounds()
{
	local round=0

	{ echo "map add $SIR_B $LOC_B"; mappings 500; } >"$TMP/one"
	{ echo "map add $SIR_B $LOC_B"; mappings 400 | sed 's/:b:/:e:/'; } >"$TMP/two"
	while kill -0 "$1" 2>/dev/null; do
		on r ilactl restore --diff "$TMP/one" || return
		on r ilactl restore --diff "$TMP/two" || return
		on r ilactl restore "$TMP/one" || return
		round=$((round + 1))
	done >/dev/null
	echo "$round" >"$TMP/rounds"
}

under_traffic()
{
	local sender sent=1500

	line
	collector b $SIR_B
	rule b $LOC_B $SIR neutral-map
	ip6 r route add $SIR_A/128 via 2001:db8:1::a
	# what has no mapping is lost
	on r ilactl config set miss drop
	on r ilactl route $SIR::/64 csum-mode neutral-map dev to-b --apply
	on r ilactl map add $SIR_B $LOC_B
	pings r 2001:db8:2::b >/dev/null
	discard b
	numbers a $SIR_B --count $sent --pause 0.002 >"$TMP/numbers" 2>&1 &
	sender=$!
	ok "under traffic: restores succeed" difference_rounds $sender
	wait $sender
	each_once "under traffic: restore loses nothing" $sent b
	ok "under traffic: several rounds" [ "$(<"$TMP/rounds")" -ge 1 ]
}

# --- Monitor -------------------------------------------------------------------

# monitored [OPTION]...: a monitor of configuration that is listening
monitored()
{
	monitor_start "$TMP/events" "$@" monitor config
	until_true 10 listening
}

# monitor_start FILE ARGUMENT...: as a process that can be stopped
monitor_start()
{
	local file=$1

	shift
	nsenter --net="/run/netns/$(ns s)" ilactl "$@" >"$file" 2>&1 &
	MONITOR=$!
}

monitor_stop()
{
	kill $MONITOR
	wait $MONITOR 2>/dev/null
}

# It hears of a change that is taken back
listening()
{
	on s ilactl rule add loc_match 2001:db8:ffff:1 loc "$SIR"
	on s ilactl rule del loc_match 2001:db8:ffff:1
	grep -q 2001:db8:ffff:1 "$TMP/events"
}

told_all()
{
	[ "$(grep -c '^map' "$TMP/events")" -ge "$1" ]
}

heard_last()
{
	grep -q 2001:db8:fffe:1 "$TMP/events"
}

monitor()
{
	session_host
	monitored
	on s ilactl -b - <<-X
		map add $SIR_B $LOC_B
		map change $SIR_B 2001:db8:c:1
		locator move 2001:db8:c:1 $LOC_B
		locator down $LOC_B
		locator up $LOC_B
		map delete $SIR_B
		config set miss-rate 100
	X
	until_true 10 grep -q 'config set' "$TMP/events"
	same "monitor tells each change as the command for it" \
		"$(grep -v ffff:1 "$TMP/events" | sed 's/ limit.*//')" \
		"$(cat <<-X
			map add $ADDRESS $LOC_B
			map change $ADDRESS 2001:db8:c:1
			locator move 2001:db8:c:1 $LOC_B
			locator down $LOC_B
			locator up $LOC_B
			map delete $ADDRESS $LOC_B reason request
			config set miss auto miss-rate 100 counting on fastpath off
		X
		)"
	monitor_stop
	monitored -j -t
	on s ilactl map add $SIR_B $LOC_B
	until_true 10 grep -q 'map add' "$TMP/events"
	monitor_stop
	{ printf 'monitor\n['; paste -sd, "$TMP/events"; printf ']\n\f\n'; } >>"$TMP/json"
	storm
	drop_host s
}

# Whoever reads hears all; whoever sleeps is told that some was lost
storm()
{
	on s ilactl map flush all >/dev/null
	monitored
	mappings 20000 | on s ilactl restore >/dev/null
	until_true 30 told_all 20000
	same "monitor in a storm misses nothing, or says so" \
		"$(grep -c '^map' "$TMP/events") $(grep -c lost "$TMP/events")" "20000 0"
	kill -STOP $MONITOR
	mappings 150000 | on s ilactl restore >/dev/null
	on s ilactl map flush all >/dev/null
	kill -CONT $MONITOR
	until_true 30 grep -q lost "$TMP/events"
	same "a monitor that sleeps says that it lost some" \
		"$(grep -c lost "$TMP/events")" 1
	on s ilactl rule add loc_match 2001:db8:fffe:1 loc "$SIR"
	ok "and goes on" until_true 30 heard_last
	monitor_stop
}

misses()
{
	session_host
	on s ilactl config set miss-rate 1000 miss drop
	on s ilactl route $SIR::/64 dev ila0 --apply
	monitor_start "$TMP/misses" monitor miss
	until_true 10 missed
	has "monitor miss tells the address" "$(head -n 1 "$TMP/misses")" \
		"miss $ADDRESS"
	monitor_stop
	drop_host s
}

missed()
{
	datagrams s "$SIR_B"
	grep -q "$ADDRESS" "$TMP/misses"
}

# --- A terminal ----------------------------------------------------------------

keys()
{
	tmux -L "ila-$$" send-keys -t ila "$@"
}

screen()
{
	tmux -L "ila-$$" capture-pane -p -J -t ila "$@"
}

screen_has()
{
	screen -e | grep -qE -e "$1"
}

# sees NAME REGEX: it comes on the screen, with the escapes that make colours
sees()
{
	if until_true 30 screen_has "$2"; then
		pass "$1"
	else
		fail "$1" "$(screen -e | grep -v '^$' | tail -n 5)"
	fi
}

terminal()
{
	local completion=/usr/local/share/bash-completion/completions/ilactl

	if ! command -v tmux >/dev/null; then
		skip "a terminal: progress, colours, completion" "needs tmux"
		return
	fi
	session_host
	on s ilactl map add $SIR_B $LOC_B
	mappings 200000 >"$TMP/many"
	on s tmux -L "ila-$$" -f /dev/null new-session -d -s ila -x 200 -y 40 \
		"env TERM=xterm PS1='ready> ' bash --norc --noprofile"
	keys ". $completion" Enter
	keys "clear; ilactl map list" Enter
	sees "a terminal: addresses have ip's colour" "$(printf '\033\\[34m')$ADDRESS"
	keys "clear; ilactl map list | cat" Enter
	sees "a terminal: no colours in a pipe" "^$ADDRESS"
	keys "clear; ilactl -c=never map list" Enter
	sees "a terminal: no colours if none are wanted" "^$ADDRESS"
	keys "clear; ilactl locator do" Tab
	sees "completion: a verb" "ilactl locator down"
	keys "2001:db8:b" Tab
	sees "completion: a locator that there is" "down $LOC_B"
	keys C-u "ilactl rule add dev ila" Tab
	sees "completion: a device" "dev ila0"
	keys C-u "ilactl map add csum-mode no" Tab
	sees "completion: a value" "csum-mode no-action"
	keys C-u "clear; ilactl restore" Enter
	sees "a terminal is not restored from" "name a file: .* is a terminal"
	keys "clear; ilactl restore $TMP/many" Enter
	sees "progress: rate and time left" \
		"restore: [0-9]+, [0-9]+/s, [0-9]+%, [0-9]+ s left"
	sees "progress: goes away" "mappings +200000"
	{ echo "map list"; sed 's/add/replace/' "$TMP/many"; } >"$TMP/batch"
	keys "clear; ilactl -b $TMP/batch >/dev/null" Enter
	sees "progress: commands of a batch do not end its line" \
		"batch: [0-9]+, [0-9]+/s, [0-9]+%, [0-9]+ s left"
	tmux -L "ila-$$" kill-server
	drop_host s
}

if [ "${1:-}" = --update ]; then
	session_update "$2"
fi
start
for name in $SESSIONS; do
	session "$name"
done
identity
names
stopped
meanwhile
misses
monitor
if [ -e "$ILACTL_SCHEMA" ]; then
	ok "every JSON follows the schema" follows_schema
else
	skip "every JSON follows the schema" "no schema"
fi
under_traffic
terminal
finish
