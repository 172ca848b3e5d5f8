// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: fuzzing of what is read by a form, which the first octet chooses; what it
 * writes is read as the same
 */
#include "fuzz.h"

/* As large as the largest of them */
struct object {
	struct mapping room;
};

static const struct form * const forms[] = {
	&form_mapping_key, &form_filter, &form_rule_key, &form_locator_key,
	&form_move, &form_config, &form_question, &form_route, &form_encode,
	&form_decode,
};

static int read_object(struct words *words, const struct form *form,
		       struct object *object)
{
	memset(object, 0, sizeof(*object));
	return parse(words, form, object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct fuzz_line line;
	struct object object, again;
	const struct form *form;
	size_t written_len;
	char *written;
	FILE *file;

	if (!len)
		return 0;
	form = forms[*data++ % LENGTH(forms)];
	if (!fuzz_line(&line, data, len - 1) ||
	    read_object(&line.words, form, &object))
		return 0;
	file = open_memstream(&written, &written_len);
	show_words(form, &object, file);
	fclose(file);
	if (!fuzz_line(&line, written, written_len) ||
	    read_object(&line.words, form, &again) ||
	    memcmp(&object, &again, sizeof(object)))
		abort();
	free(written);
	return 0;
}
