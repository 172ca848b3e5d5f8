// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: files of commands, line by line
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ilactl.h"

#define SOURCE_LEN	65536
#define LINE_MAX_LEN	4096

/**
 * struct source - a file that is read
 * @name: for errors
 * @fd: the file
 * @start: where in it reading began
 * @line: number of the last line
 * @from: start of what is in the buffer and not read yet
 * @to: its end
 * @ended: there is no more than that
 * @read: octets read, all of them
 * @word: the words of the last line
 * @buf: the buffer
 */
struct source {
	const char *name;
	int fd;
	off_t start;
	unsigned long line;
	size_t from;
	size_t to;
	bool ended;
	uint64_t read;
	char *word[WORDS_MAX];
	char buf[SOURCE_LEN + 1];
};

/* Somebody reads standard input already */
static bool source_stdin;

static uint64_t source_size(const struct source *source)
{
	struct stat st;

	if (fstat(source->fd, &st) || !S_ISREG(st.st_mode))
		return 0;
	return st.st_size;
}

/**
 * source_open() - start to read a file
 * @words: who asks
 * @name: of the file, "-": standard input
 *
 * Return: the file, or NULL, and has said why.
 */
struct source *source_open(const struct words *words, const char *name)
{
	bool in = !strcmp(name, "-");
	struct source *source;

	if (in && source_stdin) {
		refuse(words, "name a file: standard input is the batch");
		return NULL;
	}
	source = calloc(1, sizeof(*source));
	if (source) {
		source->name = in ? "<stdin>" : name;
		source->fd = in ? STDIN_FILENO :
				  open(name, O_RDONLY | O_CLOEXEC);
	}
	if (!source || source->fd < 0) {
		refuse(words, "%s: %s", name, strerror(errno));
		free(source);
		return NULL;
	}
	source_stdin |= in;
	source->start = lseek(source->fd, 0, SEEK_CUR);
	return source;
}

/* Have a whole line in the buffer. Return: its end, or NULL. */
static char *source_fill(struct source *source)
{
	char *end;
	ssize_t n;

	for (;;) {
		end = memchr(source->buf + source->from, '\n',
			     source->to - source->from);
		if (end || source->ended || source->to - source->from > LINE_MAX_LEN)
			return end;
		memmove(source->buf, source->buf + source->from,
			source->to - source->from);
		source->to -= source->from;
		source->from = 0;
		n = read(source->fd, source->buf + source->to,
			 SOURCE_LEN - source->to);
		if (n < 0 && errno == EINTR && !interrupted())
			continue;
		if (n < 0)
			return NULL;
		source->ended = !n;
		source->to += n;
	}
}

/* Nothing but a line with its end is one */
static int source_refuse(const struct source *source, const struct words *words,
			 const char *end)
{
	size_t len = (end ?: source->buf + source->to) -
		     (source->buf + source->from);

	if (interrupted())
		return refuse(words, "stopped by a signal");
	if (len > LINE_MAX_LEN)
		return refuse(words, "the line is longer than %d characters",
			      LINE_MAX_LEN);
	if (end)
		return 0;
	if (!source->ended)
		return refuse(words, "%s", strerror(errno));
	return len ? refuse(words, "the line does not end: is the file cut off?") : -1;
}

/**
 * source_line() - the next line
 * @source: file
 * @words: gets its words, until the next one; maybe none
 *
 * Return: 0; -1: there is none; FAIL_USAGE.
 */
int source_line(struct source *source, struct words *words)
{
	char *text, *end = source_fill(source);
	int err;

	text = source->buf + source->from;
	memset(words, 0, sizeof(*words));
	words->file = source->name;
	words->line = source->line + 1;
	words->word = source->word;
	err = source_refuse(source, words, end);
	if (err)
		return err;
	source->line++;
	source->read += end - text + 1;
	source->from += end - text + 1;
	*end = '\0';
	progress_step(source->read);
	if (strlen(text) != (size_t)(end - text))
		return refuse(words, "this is not text");
	words->n = words_split(text, source->word);
	return words->n > WORDS_MAX ?
	       refuse(words, "more than %d words", WORDS_MAX) : 0;
}

/**
 * source_progress() - tell who watches how far reading is
 * @source: file
 * @what: is done with it
 * @shows: as of progress_start()
 */
void source_progress(const struct source *source, const char *what, bool shows)
{
	progress_start(what, source_size(source), shows);
}

/**
 * source_rewind() - read it once more, if that is possible
 * @source: file, nothing of which was read, or all
 *
 * Return: true if so.
 */
bool source_rewind(struct source *source)
{
	if (!source_size(source) || lseek(source->fd, source->start, SEEK_SET) < 0)
		return false;
	source->line = 0;
	source->from = 0;
	source->to = 0;
	source->read = 0;
	source->ended = false;
	return true;
}

/**
 * source_close() - no more is read
 * @source: file
 */
void source_close(struct source *source)
{
	progress_stop();
	if (source->fd == STDIN_FILENO)
		source_stdin = false;
	else
		close(source->fd);
	free(source);
}
