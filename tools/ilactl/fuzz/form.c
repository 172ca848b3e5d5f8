// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: fuzzing of what is read by FORM; what it writes is read as the same
 */
#include "fuzz.h"

/* As large as the largest of them */
struct object {
	struct mapping room;
};

static int read_object(struct words *words, struct object *object)
{
	memset(object, 0, sizeof(*object));
	return parse(words, &FORM, object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct fuzz_line line;
	struct object object, again;
	size_t written_len;
	char *written;
	FILE *file;

	if (!fuzz_line(&line, data, len) || read_object(&line.words, &object))
		return 0;
	file = open_memstream(&written, &written_len);
	show_words(&FORM, &object, file);
	fclose(file);
	if (!fuzz_line(&line, written, written_len) ||
	    read_object(&line.words, &again) ||
	    memcmp(&object, &again, sizeof(object)))
		abort();
	free(written);
	return 0;
}
