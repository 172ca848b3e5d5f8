# SPDX-License-Identifier: GPL-2.0
# Lines for ip -6 -batch: what comes and goes. Many of them fail, by the state of
# things. kind is rule, route or link, lines how many; one seed, the same lines.
# In namespace r of races.sh and soak.sh; sir is the prefix of the addresses.

function pick(n) { return int(rand() * n) }
function locator() { return "2001:db8:a:" first + pick(6) }
function device() { return "d" pick(3) }
function mode() { return "csum-mode " modes[1 + pick(4)] }
function rule(key) {
	key = "loc_match " locator() (pick(3) ? "" : " dev " device())
	if (pick(8) == 0)
		return "ila list"
	if (pick(3) == 0)
		return "ila del " key
	return "ila add " key " loc " sir " " mode()
}
function route(to, out, what) {
	to = pick(3) ? sir ":2000::" pick(6) "/128" : sir "::/64"
	out = " ident-type luid " \
		(pick(3) ? "via 2001:db8:2::b dev to-b" : "dev " device())
	what = pick(10)
	if (what == 0)
		return "route get " sir ":2000::" pick(6)
	if (what == 1)
		return "route show root " sir "::/64"
	if (what < 4)
		return "route del " to
	if (what == 4)
		return "route replace local " locator() "::/64 dev lo encap ila " \
			sir " csum-mode no-action ident-type luid hook-type input"
	return "route replace " to " encap ila " \
		(what == 5 ? "0:0:0:0" : locator()) " " mode() out
}
function link(dev, what) {
	dev = device()
	what = pick(6)
	if (what == 0)
		return "link del " dev
	if (what == 1)
		return "link set " dev " down name " device()
	if (what == 2)
		return "link set " dev " mtu " 1280 + pick(2000)
	if (what == 3)
		return "link set " dev " down"
	return "link add " dev " up type dummy"
}
BEGIN {
	first = first ? first : 1
	srand(seed)
	split("adj-transport neutral-map no-action neutral-map-auto", modes)
	for (i = 0; i < lines; i++)
		print kind == "rule" ? rule() : kind == "route" ? route() : link()
}
