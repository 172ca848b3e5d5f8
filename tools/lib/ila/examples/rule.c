// SPDX-License-Identifier: GPL-2.0
/* Add a rule and show all.  rule 2001:db8:b:1 2001:db8:5:1 neutral-map-auto */
#include <err.h>
#include <libila.h>
#include <stdio.h>

static int show(const struct ila_rule *rule, void *data)
{
	char match[ILA_TEXT_LEN], locator[ILA_TEXT_LEN];

	(void)data;
	printf("%s to %s, %s\n", ila_locator_text(rule->match, match),
	       ila_locator_text(rule->locator, locator),
	       ila_name(ILA_NAMES_CSUM_MODE, rule->csum_mode));
	return 0;
}

int main(int argc, char **argv)
{
	struct ila *ila = ila_open();
	__be64 match, locator;
	struct ila_rule rule;
	int mode;

	if (!ila)
		err(1, "ila");
	if (argc != 4 || ila_locator_parse(argv[1], &match) ||
	    ila_locator_parse(argv[2], &locator))
		errx(1, "usage: rule MATCH LOCATOR CSUM-MODE");
	mode = ila_value(ILA_NAMES_CSUM_MODE, argv[3]);
	if (mode < 0)
		errx(1, "what is %s?", argv[3]);

	ila_rule_init(&rule, match, locator);
	rule.csum_mode = mode;
	if (ila_rule_add(ila, &rule) || ila_rule_dump(ila, show, NULL) < 0)
		errx(1, "%s", ila_error(ila));
	ila_close(ila);
	return 0;
}
