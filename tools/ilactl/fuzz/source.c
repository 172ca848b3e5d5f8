// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: fuzzing of files: what is not a line is refused, and lines are counted
 */
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static int fd = -1;
	struct words words = { 0 };
	struct source *source;
	unsigned long lines = 0;
	char name[32];

	if (fd < 0)
		fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (ftruncate(fd, 0) || pwrite(fd, data, len, 0) != (ssize_t)len)
		abort();
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	source = source_open(&words, name);
	if (!source)
		abort();
	while (!source_line(source, &words)) {
		if (words.line != ++lines || words.n > WORDS_MAX)
			abort();
	}
	source_close(source);
	return 0;
}
