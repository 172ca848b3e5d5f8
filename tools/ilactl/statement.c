// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: lines of a saved file, which are commands
 */
#include <string.h>

#include "ilactl.h"

static const struct {
	const char *what;
	const char *how;
	enum statement_kind kind;
} statement_words[] = {
	{ "map",	"add",		STATEMENT_MAPPING },
	{ "map",	"replace",	STATEMENT_MAPPING },
	{ "rule",	"add",		STATEMENT_RULE },
	{ "locator",	"down",		STATEMENT_DOWN },
	{ "config",	"set",		STATEMENT_CONFIG },
	{ "end",	"",		STATEMENT_END },
};

static enum statement_kind statement_kind(const char *what, const char *how)
{
	size_t i;

	for (i = 0; i < LENGTH(statement_words); i++) {
		if (!strcmp(what, statement_words[i].what) &&
		    !strcmp(how, statement_words[i].how))
			return statement_words[i].kind;
	}
	return STATEMENT_NOTHING;
}

/**
 * statement_parse() - read a line of a saved file
 * @words: the line
 * @statement: gets what it says
 *
 * Return: 0 or FAIL_USAGE.
 */
int statement_parse(struct words *words, struct statement *statement)
{
	const char *what = words_next(words), *how = words_next(words);

	statement->kind = STATEMENT_NOTHING;
	if (!what)
		return 0;
	statement->kind = statement_kind(what, how ?: "");
	switch (statement->kind) {
	case STATEMENT_MAPPING:
		return parse_mapping(words, &statement->mapping);
	case STATEMENT_RULE:
		return parse_rule(words, &statement->rule);
	case STATEMENT_DOWN:
		memset(&statement->locator, 0, sizeof(statement->locator));
		return parse(words, &form_locator_key, &statement->locator);
	case STATEMENT_CONFIG:
		return parse_config(words, &statement->config);
	case STATEMENT_END:
		return words_end(words);
	default:
		return refuse(words, "'%s %s' is not of a saved file; 'ilactl -b' does commands",
			      what, how ?: "");
	}
}

/**
 * statement_write() - write a line of a saved file
 * @statement: what it shall say
 * @to: where to write
 */
void statement_write(const struct statement *statement, FILE *to)
{
	switch (statement->kind) {
	case STATEMENT_NOTHING:
		return;
	case STATEMENT_MAPPING:
		fputs("map add ", to);
		show_words(&form_mapping, &statement->mapping, to);
		break;
	case STATEMENT_RULE:
		fputs("rule add ", to);
		show_words(&form_rule, &statement->rule, to);
		break;
	case STATEMENT_DOWN:
		fputs("locator down ", to);
		show_words(&form_locator_key, &statement->locator, to);
		break;
	case STATEMENT_CONFIG:
		fputs("config set ", to);
		show_words(&form_config, &statement->config, to);
		break;
	case STATEMENT_END:
		fputs("end", to);
		break;
	}
	fputc('\n', to);
}
