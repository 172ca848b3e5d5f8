// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: fuzzing of lines of a saved file; what is written is read as the same
 */
#include "fuzz.h"

static int read_statement(struct words *words, struct statement *statement)
{
	memset(statement, 0, sizeof(*statement));
	return statement_parse(words, statement);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct statement statement, again;
	static struct fuzz_line line;
	size_t written_len;
	char *written;
	FILE *file;

	if (!fuzz_line(&line, data, len) ||
	    read_statement(&line.words, &statement) ||
	    statement.kind == STATEMENT_NOTHING)
		return 0;
	file = open_memstream(&written, &written_len);
	statement_write(&statement, file);
	fclose(file);
	/* less the end of the line */
	if (!fuzz_line(&line, written, written_len - 1) ||
	    read_statement(&line.words, &again) ||
	    memcmp(&statement, &again, sizeof(statement)))
		abort();
	free(written);
	return 0;
}
