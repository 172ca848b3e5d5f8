// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: what is wrong: "file:line: what, why, what to do"
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "ilactl.h"

#define SAY_LEN	8192	/* a line of a file, and what is said of it */

/* What a terminal would take for something else than text is shown as octets:
 * files are anybody's
 */
static void say(const char *text)
{
	for (; *text; text++) {
		if (isprint((unsigned char)*text))
			fputc(*text, stderr);
		else
			fprintf(stderr, "\\x%02x", (unsigned char)*text);
	}
}

static void say_where(const struct words *words)
{
	fflush(stdout);
	progress_hide();
	if (words && words->file) {
		say(words->file);
		fprintf(stderr, ":%lu: ", words->line);
	} else {
		say("ilactl: ");
	}
}

/**
 * refuse() - what was asked for makes no sense
 * @words: where
 * @format: why, and what to do
 *
 * Return: FAIL_USAGE.
 */
int refuse(const struct words *words, const char *format, ...)
{
	char text[SAY_LEN];
	va_list arguments;

	say_where(words);
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	say(text);
	fputc('\n', stderr);
	return FAIL_USAGE;
}

/**
 * refuse_word() - a word is none of those that can be here
 * @words: where
 * @what: it should be
 * @word: it is
 * @meant: what it may have meant, or NULL
 *
 * Return: FAIL_USAGE.
 */
int refuse_word(const struct words *words, const char *what, const char *word,
		const char *meant)
{
	const char *group = words->group;

	if (!meant)
		return refuse(words, "'%s' is no %s; see 'ilactl %s%shelp'",
			      word, what, group ?: "", group ? " " : "");
	return refuse(words, "'%s' is no %s; did you mean '%s'?", word, what,
		      meant);
}

/**
 * fail_text() - it makes sense, but does not go
 * @words: where
 * @what: does not go
 * @why: why not
 * @hint: what to do, or NULL
 *
 * Return: FAIL_KERNEL.
 */
int fail_text(const struct words *words, const char *what, const char *why,
	      const char *hint)
{
	say_where(words);
	say(what);
	say(": ");
	say(why);
	say(hint ? "; " : "");
	say(hint ?: "");
	fputc('\n', stderr);
	return FAIL_KERNEL;
}

/**
 * fail() - the kernel does not do what was asked for
 * @words: where
 * @what: that was
 * @err: negative errno value
 * @hint: what to do where the reason is that there is, or is not, such a thing;
 *	NULL: nothing comes to mind
 *
 * Return: FAIL_KERNEL.
 */
int fail(const struct words *words, const char *what, int err, const char *hint)
{
	if (err == -EPERM && !strcmp(ila_error(kernel(words)), strerror(EPERM)))
		hint = "it takes CAP_NET_ADMIN, of root for example";
	else if (err == -ENOSPC)
		hint = "'config set limit' allows more";
	else if (err == -EOPNOTSUPP)
		hint = "load the module of this version";
	else if (err != -EEXIST && err != -ENOENT && err != -ESRCH)
		hint = NULL;
	return fail_text(words, what, ila_error(kernel(words)), hint);
}
