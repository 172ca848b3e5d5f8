# SPDX-License-Identifier: GPL-2.0
# The lines of uml/scale in; a table or one JSON object out.
# Given: format, and the settings: module, kernel, bits, spread, packets,
# slices.

# sort_numbers A N: in place; there are few
function sort_numbers(a, n,	i, j, t)
{
	for (i = 2; i <= n; i++) {
		t = a[i]
		for (j = i - 1; j > 0 && a[j] > t; j--)
			a[j + 1] = a[j]
		a[j + 1] = t
	}
}

# median WHAT: of the values remembered for it; sets least, most
function median(what,	a, i, n)
{
	n = number[what]
	for (i = 1; i <= n; i++)
		a[i] = value[what, i]
	sort_numbers(a, n)
	least = a[1]
	most = a[n]
	return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2
}

function remember(what, x)
{
	value[what, ++number[what]] = x
}

function less(a, b)
{
	return a == "" || b < a ? b : a
}

# Of a round the shortest slice counts. Round 0 fills caches.
$1 == "rate" && $3 > 0 {
	if (!($2 in rounds))
		order[++cases] = $2
	rounds[$2] = $3
	this[$2, $3] = less(this[$2, $3], $5 * 1000 / $4)
	plain[$2, $3] = less(plain[$2, $3], $6 * 1000 / $4)
}

function remember_rounds(	i, r, name)
{
	for (i = 1; i <= cases; i++) {
		name = order[i]
		for (r = 1; r <= rounds[name]; r++) {
			remember("plain", plain[name, r])
			remember(name, this[name, r])
			remember("ratio " name, this[name, r] / plain[name, r])
		}
	}
}

$1 == "load" {
	loads[++n_loads] = $2
	done[$2] = $3
	refused[$2] = $4
	seconds[$2] = $5 / 1000000
}

$1 == "memory" {
	memories[++n_memories] = $2
	each[$2] = $4 / $3
}

function title(name)
{
	if (name == "plain")
		return "plain forwarding, no ILA in the namespace"
	if (name == "idle")
		return "plain forwarding beside ILA routes"
	if (name == "fixed")
		return "one identifier, a route with a locator"
	if (name == "one")
		return "one identifier, table route"
	if (name == "fast-one")
		return "one identifier, fast path"
	if (name == "fast-many")
		return "2^" bits " identifiers, fast path"
	if (name == "many")
		return "2^" bits " identifiers, table route"
	if (name == "routes")
		return "2^" bits " identifiers, a route for each"
	return name
}

function print_table(	i, name, ns, ratio)
{
	printf "%-44s %10s %8s   %s\n", module ", " kernel ", User Mode Linux",
		"packets/s", "ns", "time, plain = 1 (least, most)"
	ns = median("plain")
	printf "%-44s %10d %8.0f   1.00\n", title("plain"), 1e9 / ns, ns
	for (i = 1; i <= cases; i++) {
		name = order[i]
		ns = median(name)
		ratio = median("ratio " name)
		printf "%-44s %10d %8.0f   %.2f (%.2f, %.2f)\n", title(name),
			1e9 / ns, ns, ratio, least, most
	}
	if (n_loads)
		printf "\n%-24s %10s %10s %10s %10s\n", spread " locators",
			"number", "refused", "seconds", "per second"
	for (i = 1; i <= n_loads; i++) {
		name = loads[i]
		printf "%-24s %10d %10d %10.3f %10d\n", name, done[name],
			refused[name], seconds[name], done[name] / seconds[name]
	}
	if (n_memories)
		printf "\n%-24s %10s\n", "memory", "bytes each"
	for (i = 1; i <= n_memories; i++)
		printf "%-24s %10.1f\n", memories[i], each[memories[i]]
}

function print_json(	i, name, ns, ratio)
{
	printf "{\"kernel\": \"%s\", \"module\": \"%s\", ", kernel, module
	printf "\"bits\": %d, \"locators\": %d, \"packets\": %d, \"slices\": %d,\n",
		bits, spread, packets, slices
	printf " \"rates\": {\n  \"plain\": {\"ns\": %.1f}", median("plain")
	for (i = 1; i <= cases; i++) {
		name = order[i]
		ns = median(name)
		ratio = median("ratio " name)
		printf ",\n  \"%s\": {\"ns\": %.1f, \"ratio\": %.4f, ", name, ns,
			ratio
		printf "\"least\": %.4f, \"most\": %.4f, \"rounds\": %d}", least,
			most, rounds[name]
	}
	printf "},\n \"loads\": {"
	for (i = 1; i <= n_loads; i++) {
		name = loads[i]
		printf "%s\n  \"%s\": {\"done\": %d, \"refused\": %d, ",
			(i > 1 ? "," : ""), name, done[name], refused[name]
		printf "\"seconds\": %.6f}", seconds[name]
	}
	printf "},\n \"memory\": {"
	for (i = 1; i <= n_memories; i++)
		printf "%s\n  \"%s\": %.2f", (i > 1 ? "," : ""), memories[i],
			each[memories[i]]
	printf "}}\n"
}

END {
	remember_rounds()
	if (format == "json")
		print_json()
	else
		print_table()
}
