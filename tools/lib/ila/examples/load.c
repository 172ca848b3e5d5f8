// SPDX-License-Identifier: GPL-2.0
/* Load "ADDRESS LOCATOR" lines; what was loaded before and is not among them
 * goes.  load < mappings
 */
#include <arpa/inet.h>
#include <err.h>
#include <libila.h>
#include <stdio.h>

static int refused(const struct ila_refusal *refusal, void *data)
{
	(void)data;
	warnx("line %llu: %s", (unsigned long long)refusal->index + 1,
	      refusal->text);
	return 0;
}

static int add(struct ila_batch *batch, const char *address_text,
	       const char *locator_text)
{
	struct ila_mapping record;
	struct in6_addr address;
	__be64 locator;

	if (inet_pton(AF_INET6, address_text, &address) != 1 ||
	    ila_locator_parse(locator_text, &locator))
		errx(1, "what is %s %s?", address_text, locator_text);
	ila_mapping_init(&record, &address, locator);
	record.origin = ILA_ORIGIN_AGENT;
	return ila_batch_add(batch, &record, 1);
}

int main(void)
{
	const struct ila_filter scope = {
		.set = ILA_FILTER_ORIGIN,
		.origin = ILA_ORIGIN_AGENT,
	};
	char address[64], locator[64];
	struct ila *ila = ila_open();
	struct ila_batch *batch;
	uint32_t swept;
	int result = 0;

	if (!ila)
		err(1, "ila");
	batch = ila_generation_begin(ila, &scope);
	if (!batch)
		errx(1, "%s", ila_error(ila));
	ila_batch_on_refusal(batch, refused, NULL);

	while (!result && scanf("%63s %63s", address, locator) == 2)
		result = add(batch, address, locator);
	if (result || ila_generation_finish(batch, &swept))
		errx(1, "%s", ila_error(ila));
	printf("%llu loaded, %u gone\n",
	       (unsigned long long)ila_batch_applied(batch), swept);
	ila_batch_free(batch);
	ila_close(ila);
	return 0;
}
