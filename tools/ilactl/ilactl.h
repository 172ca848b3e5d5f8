/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ilactl: what its files share
 *
 * Functions that return an int return 0, FAIL_USAGE or FAIL_KERNEL, which is
 * what the program exits with; whoever returns one of the latter has said why.
 */
#ifndef _ILACTL_H
#define _ILACTL_H

#include <libila.h>
#include <stdbool.h>
#include <stdio.h>

#define FAIL_USAGE	1
#define FAIL_KERNEL	2

#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))

/**
 * struct options - what was asked for in front of the command
 * @json: JSON
 * @pretty: indented
 * @stats: more about everything
 * @stamp: events with their time
 * @oneline: an object is a line of words
 * @netns: network namespace, NULL: where it was started
 * @batch: file of commands
 */
struct options {
	bool json;
	bool pretty;
	bool stats;
	bool stamp;
	bool oneline;
	const char *netns;
	const char *batch;
};

extern struct options options;

struct verb;

/**
 * struct words - a command, word by word
 * @word: the words
 * @n: how many
 * @at: the next one
 * @file: where they are from, NULL: the command line
 * @line: there
 * @group: name of the verb in front of @verb, NULL: none
 * @verb: whose arguments the rest is, NULL: no verb's
 */
struct words {
	char **word;
	unsigned int n;
	unsigned int at;
	const char *file;
	unsigned long line;
	const char *group;
	const struct verb *verb;
};

#define WORDS_MAX	128		/* on a line of a file */
#define WORDS_BLANK	" \t\r\n"	/* between them */

/* words.c */
unsigned int words_split(char *text, char *word[WORDS_MAX]);
const char *words_peek(const struct words *words);
const char *words_next(struct words *words);
bool words_next_is(struct words *words, const char *name);
int words_end(const struct words *words);
bool abbreviates(const char *word, const char *name);
const char *nearest(const char *word, const char *(*name)(const void *from, unsigned int i),
		    const void *from);

/* option.c */
const char *option_peek(const struct words *words);
bool option_is(const char *word, const char *name);
int option_take(struct words *words);
void option_names(void);

/* say.c */
int refuse(const struct words *words, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int refuse_word(const struct words *words, const char *what, const char *word,
		const char *meant);
int fail(const struct words *words, const char *what, int err,
	 const char *hint);
int fail_text(const struct words *words, const char *what, const char *why,
	      const char *hint);

/* kernel.c */
#define NETNS_DIR	"/run/netns/"

struct ila *kernel(const struct words *words);
int kernel_open(const struct words *words, struct ila **to);
void kernel_close(void);
int kernel_enter(const char *netns);

/* Fields: one description of an object's members for all that reads or writes
 * them: arguments, columns, JSON, lines of a saved file, completion
 */

enum kind {
	KIND_ADDRESS,
	KIND_PREFIX,		/* address and, in the octet at @extra, length */
	KIND_HALF,		/* locator or SIR prefix */
	KIND_IDENTIFIER,
	KIND_NUMBER,
	KIND_HEX,		/* 16 bits */
	KIND_IPV4,		/* in host byte order */
	KIND_SECONDS,
	KIND_SWITCH,		/* on or off */
	KIND_NAME,
	KIND_STATE,
	KIND_DEVICE,
	KIND_PLACES,		/* of struct mapping: where it is */
	KIND_TEXT,		/* never an argument */
};

enum {
	FIELD_BARE = 1 << 0,	/* words: the value alone */
	FIELD_WANTED = 1 << 1,	/* words: there is no default */
	FIELD_ANSWER = 1 << 2,	/* words: only answers have it */
	FIELD_MORE = 1 << 3,	/* columns: only with -s */
	FIELD_SPARE = 1 << 4,	/* JSON: not if it is 0 */
	FIELD_LEFT = 1 << 5,	/* columns: a number, but on the left */
};

/**
 * struct field - a member of an object
 * @name: word before the value, and title; JSON has _ for -
 * @kind: of the value
 * @size: of the member, where @kind leaves it open
 * @flags: FIELD_
 * @names: vocabulary of KIND_NAME
 * @offset: of the member
 * @extra: KIND_PREFIX: offset of the length
 * @set: the bit in the object's set that says it is there; 0: it always is
 * @usual: what words leave out
 * @none: what @usual is shown as; NULL: as itself
 */
struct field {
	const char *name;
	uint8_t kind;
	uint8_t size;
	uint8_t flags;
	uint8_t names;
	uint16_t offset;
	uint16_t extra;
	uint32_t set;
	uint64_t usual;
	const char *none;
};

#define FIELD(name_, kind_, type, member, ...)				\
	{ .name = name_, .kind = kind_, .offset = offsetof(type, member),	\
	  .size = sizeof(((type *)0)->member), __VA_ARGS__ }

/**
 * struct form - a kind of object
 * @name: of one
 * @fields: its members; one without a name ends them
 * @has_set: it begins with an uint32_t that says which members are there
 * @upright: shown as a line a member, not as a row
 */
struct form {
	const char *name;
	const struct field *fields;
	bool has_set;
	bool upright;
};

#define FIELDS_MAX	24

/**
 * struct mapping - a mapping
 * @record: its records, which agree in all but locator, priority and weight
 * @n: how many
 */
struct mapping {
	struct ila_mapping record[ILA_MAPPING_LOCATORS];
	unsigned int n;
};

/* forms.c */
extern const struct form form_mapping, form_mapping_key, form_filter, form_rule,
			 form_rule_key, form_locator, form_locator_key, form_move,
			 form_config;
extern const struct form form_question, form_route, form_encode, form_decode;

/**
 * struct move - of a locator
 * @locator: from
 * @to: to
 * @domain: identifier namespace
 */
struct move {
	__be64 locator;
	__be64 to;
	uint32_t domain;
};

/* value.c */
#define VALUE_LEN	64

const void *value_at(const struct field *field, const void *object);
uint64_t value_number(const struct field *field, const void *object);
bool value_there(const struct form *form, const struct field *field,
		 const void *object);
const char *value_next_state(uint32_t *state);
bool value_usual(const struct field *field, const void *object);
unsigned int value_lines(const struct field *field, const void *object);
const char *value_text(const struct field *field, const void *object,
		       unsigned int line, bool people, char text[VALUE_LEN]);

/* value_parse.c */
int value_parse(const struct field *field, const char *word, void *object);

/* parse.c */
const char *field_value_name(const void *from, unsigned int i);
int parse(struct words *words, const struct form *form, void *object);
int parse_mapping(struct words *words, struct mapping *mapping);
int parse_rule(struct words *words, struct ila_rule *rule);
int parse_config(struct words *words, struct ila_config *config);

/* json.c */
void json_show(const struct form *form, const void *object, const char *event,
	       FILE *to);

/* color.c */
enum color { COLOR_NONE, COLOR_DEVICE, COLOR_ADDRESS, COLOR_GOOD, COLOR_BAD };

int color_set(const char *when);
enum color color_of(const struct field *field, const void *object);
const char *color_start(enum color color);
const char *color_stop(enum color color);

/* show.c */
void show_start(void);
void show(const struct form *form, const void *object);
void show_words(const struct form *form, const void *object, FILE *to);
int show_stop(const struct words *words, int result);
int show_deleted(const struct words *words, uint32_t count);
void mapping_of(struct mapping *mapping, const struct ila_mapping *records,
		unsigned int n);

/* array.c */
void *array_room(void *array, size_t n, size_t size);

/* interrupt.c */
void interrupt_watch(void);
bool interrupted(void);
void interrupt_end(void);

/* source.c */
struct source;

struct source *source_open(const struct words *words, const char *name);
int source_line(struct source *source, struct words *words);
void source_progress(const struct source *source, const char *what, bool shows);
bool source_rewind(struct source *source);
void source_close(struct source *source);

/* progress.c */
void progress_command(bool begins);
void progress_start(const char *what, uint64_t total, bool shows);
void progress_step(uint64_t done);
void progress_count(void);
void progress_hide(void);
void progress_stop(void);

/* statement.c */
enum statement_kind {
	STATEMENT_NOTHING,
	STATEMENT_MAPPING,
	STATEMENT_RULE,
	STATEMENT_DOWN,
	STATEMENT_CONFIG,
	STATEMENT_END,
};

/**
 * struct statement - a line of a saved file
 * @kind: what it says there is, and which member is meant
 */
struct statement {
	enum statement_kind kind;
	union {
		struct mapping mapping;
		struct ila_rule rule;
		struct ila_locator locator;
		struct ila_config config;
	};
};

int statement_parse(struct words *words, struct statement *statement);
void statement_write(const struct statement *statement, FILE *to);

/**
 * struct restored - what restore has done
 * @mappings: in the file
 * @written: mappings
 * @deleted: mappings
 * @rules_written: rules that are new, or others than before
 * @rules_deleted: rules
 * @locators: that were taken down or up
 * @settings: times that some were set
 */
struct restored {
	uint64_t mappings;
	uint64_t written;
	uint32_t deleted;
	uint32_t rules_written;
	uint32_t rules_deleted;
	uint32_t locators;
	uint32_t settings;
};

/* difference.c */
struct difference;

struct difference *difference_open(const struct words *words);
bool difference_is_there(struct difference *difference,
			 const struct mapping *mapping);
int difference_sweep(struct difference *difference, const struct words *words,
		     struct restored *done);
void difference_close(struct difference *difference);

/* ruleset.c */
struct ruleset;

struct ruleset *ruleset_new(void);
int ruleset_want(struct ruleset *set, const struct words *words,
		 const struct ila_rule *rule);
int ruleset_check(struct ruleset *set);
int ruleset_add(struct ruleset *set, const struct words *words,
		struct restored *done);
int ruleset_sweep(struct ruleset *set, const struct words *words,
		  struct restored *done);
void ruleset_free(struct ruleset *set);

/* Verbs
 */

/**
 * struct verb - a word that is a command, or begins some
 * @name: the word, and what it abbreviates
 * @run: does it; what is left are arguments
 * @sub: words that can follow, the first one also if none does
 * @form: of its arguments, for completion
 * @extra: words that can be arguments, too, a line each
 * @usage: all arguments, in words
 */
struct verb {
	const char *name;
	int (*run)(struct words *words);
	const struct verb *sub;
	const struct form *form;
	const char *extra;
	const char *usage;
};

/* one file each */
extern const struct verb verbs[], verbs_map[], verbs_locator[], verbs_rule[],
			 verbs_config[];
int run_stats(struct words *words);
int run_monitor(struct words *words);
int run_explain(struct words *words);
int run_route(struct words *words);
int run_encode(struct words *words);
int run_decode(struct words *words);
int run_save(struct words *words);
int run_restore(struct words *words);
int run_batch(const char *name);

/* config.c */
void config_merge(struct ila_config *config, const struct ila_config *over);

/* openmetrics.c */
#define COUNTERS	(ILA_STAT_MAX + 1)

int openmetrics(const struct words *words, struct ila *ila,
		const uint64_t stats[COUNTERS]);

/* verb.c */
const struct verb *verb_find(const struct verb *among, const char *word);
int verb_run(const struct verb *among, struct words *words);
void verb_usage(FILE *to);
int refuse_arguments(const struct words *words);

/* complete.c */
int complete(struct words *words);

#endif /* _ILACTL_H */
