// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: map
 */
#include <errno.h>
#include <string.h>

#include "ilactl.h"

static const char *map_hint(int err)
{
	return err == -EEXIST ? "'map replace' writes over it" :
	       err == -ENOENT ? "'map add' makes one" : NULL;
}

static int map_write(struct words *words, const char *what,
		     int (*write)(struct ila *ila,
				  const struct ila_mapping *records,
				  unsigned int n))
{
	struct mapping mapping;
	struct ila *ila;
	int err = parse_mapping(words, &mapping) ?: kernel_open(words, &ila);

	if (err)
		return err;
	err = write(ila, mapping.record, mapping.n);
	return err ? fail(words, what, err, map_hint(err)) : 0;
}

static int map_add(struct words *words)
{
	return map_write(words, "map add", ila_mapping_new);
}

static int map_change(struct words *words)
{
	return map_write(words, "map change", ila_mapping_change);
}

static int map_replace(struct words *words)
{
	return map_write(words, "map replace", ila_mapping_replace);
}

static int map_parse_key(struct words *words, struct mapping *key)
{
	memset(key, 0, sizeof(*key));
	return parse(words, &form_mapping_key, key);
}

/* What is received is told apart by identifier, what is sent is not */
static int map_check_key(const struct words *words, const struct mapping *key)
{
	const struct ila_mapping *record = key->record;

	if (record->flags & ILA_MAPPING_LOCAL)
		return record->identifier ? 0 :
		       refuse(words, "local wants the identifier beside it");
	if (key->n)
		return refuse(words, "a mapping goes as a whole: leave the locator out");
	return record->identifier ?
	       refuse(words, "identifier is only of what is local: leave it out") : 0;
}

static int map_delete(struct words *words)
{
	struct mapping key;
	struct ila *ila;
	int err = map_parse_key(words, &key) ?: map_check_key(words, &key) ?:
		  kernel_open(words, &ila);

	if (err)
		return err;
	err = ila_mapping_del(ila, key.record);
	return err ? fail(words, "map delete", err, "'map list' shows those that there are") : 0;
}

static int map_get(struct words *words)
{
	struct mapping mapping;
	struct in6_addr address;
	struct ila *ila;
	int err = map_parse_key(words, &mapping), n;

	if (err)
		return err;
	if (mapping.n || mapping.record->identifier)
		return refuse(words, "an address is enough; 'map list' shows local ones");
	err = kernel_open(words, &ila);
	if (err)
		return err;
	memcpy(&address, mapping.record->address, sizeof(address));
	n = ila_mapping_get(ila, mapping.record->domain, &address,
			    mapping.record);
	if (n < 0)
		return fail(words, "map get", n,
			    "'explain' tells what becomes of its packets");
	mapping.n = n;
	show_start();
	show(&form_mapping, &mapping);
	return show_stop(words, 0);
}

static int map_show(const struct ila_mapping *records, unsigned int n,
		    void *data)
{
	struct mapping mapping;

	(void)data;
	mapping_of(&mapping, records, n);
	show(&form_mapping, &mapping);
	/* who reads it may have gone */
	return ferror(stdout) ? -EPIPE : 0;
}

static int map_list(struct words *words)
{
	struct ila_filter filter = { 0 };
	struct ila_config config;
	struct ila *ila;
	int err = parse(words, &form_filter, &filter) ?: kernel_open(words, &ila);

	if (err)
		return err;
	if (!filter.set && !ila_config_get(ila, &config))
		progress_start("map list", config.mappings, true);
	show_start();
	return show_stop(words, ila_mapping_dump(ila, &filter, map_show, NULL));
}

/* Nobody deletes everything by leaving something out */
static int map_parse_flush(struct words *words, struct ila_filter *filter)
{
	int err;

	if (words_next_is(words, "all"))
		return words_end(words);
	err = parse(words, &form_filter, filter);
	if (err || filter->set)
		return err;
	refuse(words, "flush which? 'map flush all' deletes all");
	return refuse_arguments(words);
}

static int map_flush(struct words *words)
{
	struct ila_filter filter = { 0 };
	uint32_t deleted;
	struct ila *ila;
	int err = map_parse_flush(words, &filter) ?: kernel_open(words, &ila);

	if (err)
		return err;
	err = ila_mapping_flush(ila, &filter, &deleted);
	return err ? fail(words, "map flush", err, NULL) :
		     show_deleted(words, deleted);
}

#define FILTER_USAGE \
	"[prefix PREFIX] [locator LOCATOR] [domain NUMBER]\n" \
	"    [origin ORIGIN] [idle TIME]"

static const char filter_usage[] = FILTER_USAGE;
static const char mapping_usage[] =
	"ADDRESS LOCATOR[,PRIORITY[,WEIGHT]]... | ADDRESS local\n"
	"    [identifier ID] [csum-mode MODE] [ident-type TYPE] [timeout TIME]\n"
	"    [origin ORIGIN] [domain NUMBER]";

const struct verb verbs_map[] = {
	{ "list", .run = map_list, .form = &form_filter, .usage = filter_usage },
	{ "show", .run = map_list, .form = &form_filter, .usage = filter_usage },
	{ "add", .run = map_add, .form = &form_mapping, .usage = mapping_usage },
	{ "change", .run = map_change, .form = &form_mapping, .usage = mapping_usage },
	{ "replace", .run = map_replace, .form = &form_mapping, .usage = mapping_usage },
	{ "delete", .run = map_delete, .form = &form_mapping_key,
	  .usage = "ADDRESS [local identifier ID] [domain NUMBER]" },
	{ "get", .run = map_get, .form = &form_mapping_key,
	  .usage = "ADDRESS [domain NUMBER]" },
	{ "flush", .run = map_flush, .form = &form_filter, .extra = "all",
	  .usage = "all | " FILTER_USAGE },
	{ 0 }
};
