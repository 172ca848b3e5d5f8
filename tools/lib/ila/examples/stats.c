// SPDX-License-Identifier: GPL-2.0
/* Count by locator from now on; show the counters of the namespace.  stats */
#include <err.h>
#include <libila.h>
#include <stdio.h>

int main(void)
{
	struct ila_config config = {
		.set = ILA_CONFIG_COUNTING,
		.counting = 1,
	};
	uint64_t stats[ILA_STAT_MAX + 1];
	struct ila *ila = ila_open();
	unsigned int i;

	if (!ila)
		err(1, "ila");
	if (ila_config_set(ila, &config) || ila_config_get(ila, &config) ||
	    ila_stats(ila, stats, ILA_STAT_MAX + 1))
		errx(1, "%s", ila_error(ila));

	printf("%u of %u mappings\n", config.mappings, config.limit);
	for (i = 1; i <= ILA_STAT_MAX; i++)
		printf("%s %llu\n", ila_name(ILA_NAMES_STAT, i),
		       (unsigned long long)stats[i]);
	ila_close(ila);
	return 0;
}
