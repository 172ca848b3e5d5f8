// SPDX-License-Identifier: GPL-2.0
/*
 * ilactl: colours, those of ip
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ilactl.h"

static bool colored, dark;

/* A terminal may say which colours it has, the background last */
static bool color_dark(void)
{
	const char *said = getenv("COLORFGBG");
	const char *last = said ? strrchr(said, ';') : NULL;

	return last && ((last[1] >= '0' && last[1] <= '6') || last[1] == '8') &&
	       !last[2];
}

/**
 * color_set() - when are there colours?
 * @when: "always", "never"; "auto": on a terminal, unless NO_COLOR is set
 *
 * Return: 0, -1: neither.
 */
int color_set(const char *when)
{
	const char *no = getenv("NO_COLOR");

	dark = color_dark();
	if (!strcmp(when, "always"))
		colored = true;
	else if (!strcmp(when, "never"))
		colored = false;
	else if (!strcmp(when, "auto"))
		colored = isatty(STDOUT_FILENO) && !(no && *no);
	else
		return -1;
	return 0;
}

/**
 * color_of() - the colour of a value
 * @field: the member
 * @object: of this
 *
 * Return: the colour.
 */
enum color color_of(const struct field *field, const void *object)
{
	switch (field->kind) {
	case KIND_ADDRESS:
	case KIND_PREFIX:
	case KIND_HALF:
	case KIND_PLACES:
		return COLOR_ADDRESS;
	case KIND_DEVICE:
		return COLOR_DEVICE;
	case KIND_STATE:
		return value_number(field, object) & ILA_LOCATOR_DOWN ?
		       COLOR_BAD : COLOR_GOOD;
	default:
		return COLOR_NONE;
	}
}

/**
 * color_start() - what begins a colour
 * @color: the colour
 *
 * Return: what to write, nothing if there are no colours.
 */
const char *color_start(enum color color)
{
	static const char * const light[] = {
		"", "\033[36m", "\033[34m", "\033[32m", "\033[31m",
	};
	static const char * const bright[] = {
		"", "\033[1;36m", "\033[1;34m", "\033[1;32m", "\033[1;31m",
	};

	return !colored ? "" : dark ? bright[color] : light[color];
}

/**
 * color_stop() - what ends a colour
 * @color: the colour
 *
 * Return: what to write, nothing if there are no colours.
 */
const char *color_stop(enum color color)
{
	return colored && color ? "\033[0m" : "";
}
