// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: an object from words
 */
#include <endian.h>
#include <string.h>

#include "ilactl.h"

/* What a word may be, for a person */
static const char * const kind_words[] = {
	[KIND_ADDRESS]		= "an address, like 2001:db8:5:1:2000::b",
	[KIND_PREFIX]		= "a prefix, like 2001:db8:5:1::/64",
	[KIND_HALF]		= "a prefix of 64 bits, like 2001:db8:b:1",
	[KIND_IDENTIFIER]	= "an identifier, like 2000:0:0:b, and not 0",
	[KIND_NUMBER]		= "a number that fits",
	[KIND_IPV4]		= "an IPv4 address",
	[KIND_SECONDS]		= "a time, like 90, 90s, 5m, 2h or 1d",
	[KIND_SWITCH]		= "on or off",
	[KIND_DEVICE]		= "a device of this network namespace",
	[KIND_PLACES]		= "LOCATOR[,PRIORITY[,WEIGHT]], 8 at most, or local alone",
};

/* The names of a form's fields, for nearest() */
static const char *field_name(const void *from, unsigned int i)
{
	const struct field *fields = from;

	for (; fields->name; fields++) {
		if (!(fields->flags & (FIELD_BARE | FIELD_ANSWER)) && !i--)
			return fields->name;
	}
	return NULL;
}

/**
 * field_value_name() - the names that a field's values have
 * @from: field
 * @i: which of them
 *
 * Return: the name, or NULL if there are no more.
 */
const char *field_value_name(const void *from, unsigned int i)
{
	const struct field *field = from;
	unsigned int value, max = 256;
	const char *name;

	for (value = 0; value < max; value++) {
		name = ila_name(field->names, value);
		if (field->none && value == field->usual)
			name = field->none;
		if (name && !i--)
			return name;
	}
	return NULL;
}

#define WANTED_LEN	160

/* What a field wants, for a person */
static const char *wanted(const struct field *field, char text[WANTED_LEN])
{
	const char *name;
	unsigned int i;
	size_t n = 0;

	if (field->kind != KIND_NAME)
		return kind_words[field->kind];
	for (i = 0; (name = field_value_name(field, i)) && n < WANTED_LEN; i++)
		n += snprintf(text + n, WANTED_LEN - n, "%s%s",
			      i ? ", " : "one of ", name);
	return text;
}

static int refuse_value(const struct words *words, const struct field *field,
			const char *word)
{
	char text[WANTED_LEN];
	const char *meant = NULL;

	if (field->kind == KIND_NAME)
		meant = nearest(word, field_value_name, field);
	if (meant)
		return refuse_word(words, field->name, word, meant);
	return refuse(words, "%s '%s' should be %s", field->name, word,
		      wanted(field, text));
}

static int refuse_missing(const struct words *words, const struct form *form,
			  const struct field *field)
{
	char text[WANTED_LEN];

	return refuse(words, "%s of the %s is missing: %s", field->name,
		      form->name, wanted(field, text));
}

static const struct field *field_by_word(const struct form *form,
					 const char *word)
{
	const struct field *field, *found = NULL;

	for (field = form->fields; field->name; field++) {
		if (field->flags & (FIELD_BARE | FIELD_ANSWER))
			continue;
		if (!strcmp(word, field->name))
			return field;
		if (!found && abbreviates(word, field->name))
			found = field;
	}
	return found;
}

static int parse_value(struct words *words, const struct form *form,
		       const struct field *field, void *object)
{
	const char *word = words_next(words);
	char text[WANTED_LEN];
	uint32_t set;

	if (!word)
		return refuse(words, "%s wants a value: %s", field->name,
			      wanted(field, text));
	if (value_parse(field, word, object))
		return refuse_value(words, field, word);
	if (form->has_set) {
		memcpy(&set, object, sizeof(set));
		set |= field->set;
		memcpy(object, &set, sizeof(set));
	}
	return 0;
}

/* Those that have no name stand in front, in their order. Of several values all
 * have a colon, which no name has.
 */
static int parse_bare(struct words *words, const struct form *form,
		      const struct field *field, void *object)
{
	const char *word = words_peek(words);
	int err;

	if (!(field->flags & FIELD_WANTED) &&
	    (!word || (!strchr(word, ':') && strcmp(word, "local"))))
		return 0;
	if (!word)
		return refuse_missing(words, form, field);
	do {
		err = parse_value(words, form, field, object);
		word = words_peek(words);
	} while (!err && field->kind == KIND_PLACES && word && strchr(word, ':'));
	return err;
}

static int parse_named(struct words *words, const struct form *form,
		       void *object, uint32_t *seen)
{
	const char *word = words_next(words);
	const struct field *field = field_by_word(form, word);
	char what[VALUE_LEN];
	uint32_t bit;

	if (!field) {
		snprintf(what, sizeof(what), "part of a %s", form->name);
		return refuse_word(words, what, word,
				   nearest(word, field_name, form->fields));
	}
	bit = 1U << (field - form->fields);
	if (*seen & bit)
		return refuse(words, "%s is there twice", field->name);
	*seen |= bit;
	return parse_value(words, form, field, object);
}

static int parse_wanted(const struct words *words, const struct form *form,
			uint32_t seen)
{
	const struct field *field;

	for (field = form->fields; field->name; field++) {
		if (field->flags & FIELD_WANTED &&
		    !(seen & 1U << (field - form->fields)))
			return refuse_missing(words, form, field);
	}
	return 0;
}

static int parse_all(struct words *words, const struct form *form,
		     void *object)
{
	const struct field *field;
	uint32_t seen = 0;
	int err = 0;

	for (field = form->fields; !err && field->name; field++) {
		if (field->flags & FIELD_BARE) {
			err = parse_bare(words, form, field, object);
			seen |= 1U << (field - form->fields);
		}
	}
	while (!err && words_peek(words))
		err = parse_named(words, form, object, &seen);
	return err ?: parse_wanted(words, form, seen);
}

/**
 * parse() - an object from all the words that are left
 * @words: words
 * @form: kind of @object
 * @object: has the defaults, gets what is said
 *
 * Return: 0 or FAIL_USAGE.
 */
int parse(struct words *words, const struct form *form, void *object)
{
	return parse_all(words, form, object) ? refuse_arguments(words) : 0;
}

/* What is said of one record is said of all */
static void mapping_agree(struct mapping *mapping)
{
	unsigned int i;

	for (i = 1; i < mapping->n; i++) {
		struct ila_mapping place = mapping->record[i];
		struct ila_mapping *record = &mapping->record[i];

		*record = mapping->record[0];
		record->locator = place.locator;
		record->priority = place.priority;
		record->weight = place.weight;
	}
}

/**
 * parse_mapping() - a mapping from all the words that are left
 * @words: words
 * @mapping: gets it
 *
 * Of an identifier that is not the address's own the type is known by itself.
 *
 * Return: 0 or FAIL_USAGE.
 */
int parse_mapping(struct words *words, struct mapping *mapping)
{
	struct ila_mapping *first = &mapping->record[0];
	const struct in6_addr unspecified = { 0 };
	const char *why;
	int err;

	memset(mapping, 0, sizeof(*mapping));
	ila_mapping_init(first, &unspecified, 0);
	err = parse(words, &form_mapping, mapping);
	if (err)
		return err;
	if (first->flags & ILA_MAPPING_LOCAL)
		return first->identifier ? 0 :
		       refuse(words, "a local address needs an identifier");
	if (first->identifier && first->ident_type == ILA_ATYPE_ROUTE)
		first->ident_type = be64toh(first->identifier) >> 61;
	mapping_agree(mapping);
	why = ila_mapping_check(first);
	return why ? refuse(words, "%s", why) : 0;
}

/**
 * parse_rule() - a rule from all the words that are left
 * @words: words
 * @rule: gets it
 *
 * Return: 0 or FAIL_USAGE.
 */
int parse_rule(struct words *words, struct ila_rule *rule)
{
	ila_rule_init(rule, 0, 0);
	return parse(words, &form_rule, rule);
}

/**
 * parse_config() - settings from all the words that are left
 * @words: words
 * @config: gets them
 *
 * Return: 0 or FAIL_USAGE.
 */
int parse_config(struct words *words, struct ila_config *config)
{
	int err;

	memset(config, 0, sizeof(*config));
	err = parse(words, &form_config, config);
	return err || config->set ? err :
	       refuse(words, "set what? 'config show' has the names");
}
